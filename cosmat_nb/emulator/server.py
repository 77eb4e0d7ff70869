"""The emulator as a server: a thread of its own, on loopback."""

from __future__ import annotations

import socket
import sys
import threading
import time
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self

import uvicorn

from cosmat_nb import images
from cosmat_nb.emulator.app import EmulatorApp
from cosmat_nb.emulator.assumptions import Assumptions
from cosmat_nb.emulator.bucket import Bucket, MemoryBucket
from cosmat_nb.emulator.handlers import Handlers
from cosmat_nb.emulator.samples import draw_scenes, photograph
from cosmat_nb.errors import OptionsError
from cosmat_nb.matting.engine import Engine, get_engine
from cosmat_nb.wire.address import Address
from cosmat_nb.wire.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Emulator"]

ADDRESS = Address("examplebucket-1250000000", "ap-guangzhou")
"""The bucket it stands for unless told otherwise: the vendor's own example."""

CREDENTIALS = Credentials("emulator-id", "emulator-key")
"""The key pair that passes unless told otherwise; it opens nothing else."""

_START_SECONDS = 10.0
_STOP_SECONDS = 10

_BACKLOG = 2048


class Emulator:
    """A service on loopback that speaks the wire protocol and really cuts pictures.

    Parameters
    ----------
    bucket : Bucket, optional
        Its objects; by default an empty `MemoryBucket`.
    address : Address
        Bucket and region it stands for.
    credentials : Credentials
        The key pair that may pass.
    engine : Engine or str
        What cuts, or its name.
    assumptions : Assumptions
        How the points that the vendor leaves open are played.
    truths : mapping of str to ndarray
        Exact alpha mattes by object key, for `truth`.
    host : str, default "127.0.0.1"
        Interface to listen on.
    port : int, default 0
        Port to listen on; 0 lets the system choose.
    now : callable, default ``time.time``
        Unix seconds; for tests.

    Raises
    ------
    OptionsError
        When the engine is unknown.

    Examples
    --------
    >>> with Emulator() as emulator:
    ...     emulator.endpoint.startswith("http://127.0.0.1:")
    True
    """

    def __init__(
        self,
        bucket: Bucket | None = None,
        *,
        address: Address = ADDRESS,
        credentials: Credentials = CREDENTIALS,
        engine: Engine | str = "color",
        assumptions: Assumptions = Assumptions(),
        truths: Mapping[str, NDArray[np.float32]] = MappingProxyType({}),
        host: str = "127.0.0.1",
        port: int = 0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.bucket: Bucket = MemoryBucket() if bucket is None else bucket
        self.address = address
        self.credentials = credentials
        self._truths = truths
        self._place = (host, port)
        self._app = EmulatorApp(
            handlers=Handlers(
                address=address,
                bucket=self.bucket,
                engine=get_engine(engine) if isinstance(engine, str) else engine,
                assumptions=assumptions,
            ),
            credentials=credentials,
            now=now,
        )
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @classmethod
    def with_samples(
        cls,
        count: int = 12,
        seed: int = 0,
        *,
        engine: Engine | str = "color",
        assumptions: Assumptions = Assumptions(),
    ) -> Emulator:
        """Make an emulator whose bucket holds drawn scenes and one photograph.

        Parameters
        ----------
        count : int, default 12
            Scenes below ``samples/``; each has an exact alpha matte, see `truth`.
        seed : int, default 0
            Draws other scenes.
        engine, assumptions
            As in `Emulator`.
        """
        bucket = MemoryBucket()
        truths = {}
        for scene in draw_scenes(count, seed):
            key = f"samples/{scene.name}.jpg"
            bucket.put(key, images.encode_jpeg(scene.picture), "image/jpeg")
            truths[key] = scene.alpha
        bucket.put("samples/portrait.jpg", photograph(), "image/jpeg")
        return cls(bucket, engine=engine, assumptions=assumptions, truths=truths)

    def __repr__(self) -> str:
        state = self.endpoint if self._server else "not started"
        return f"Emulator({self.address.bucket} in {self.address.region}, {state})"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    @property
    def endpoint(self) -> str:
        """Where it listens, as ``http://127.0.0.1:49152``.

        Raises
        ------
        OptionsError
            When it is not started.
        """
        if self._server is None:
            raise OptionsError("the emulator is not started: use it in a with block")
        host, port = self._place
        return f"http://{host}:{port}"

    def truth(self, key: str) -> NDArray[np.float32]:
        """Return the exact alpha matte of a drawn scene, (H, W) float32 in [0, 1].

        Raises
        ------
        OptionsError
            When `key` is not a drawn scene.
        """
        try:
            return self._truths[key]
        except KeyError:
            known = ", ".join(sorted(self._truths)) or "none"
            raise OptionsError(
                f"only drawn scenes have an exact matte; {key!r} is not one of {known}"
            ) from None

    def start(self) -> None:
        """Listen; does nothing when it already does.

        Raises
        ------
        OptionsError
            When the port is in use or the interface is not this machine's.
        """
        if self._server is not None:
            return
        listener = _listen(*self._place)
        self._place = (self._place[0], listener.getsockname()[1])
        config = uvicorn.Config(
            self._app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [listener]},
            name="cosmat-emulator",
            daemon=True,
        )
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self._server = self._thread = None
                raise OptionsError("the emulator's server did not start")
            time.sleep(0.002)

    def stop(self) -> None:
        """Stop listening; requests in flight are answered first, for 10 s at most."""
        server, thread = self._server, self._thread
        if server is None or thread is None:
            return
        server.should_exit = True
        thread.join()
        self._server = self._thread = None


def _listen(host: str, port: int) -> socket.socket:
    # With the protocol named, asyncio sets TCP_NODELAY; without it, every small answer
    # waits some 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":  # there it would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Two sockets can be bound to one port; only one of them can listen.
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise OptionsError(
            f"cannot listen on {host} port {port}: {reason}; "
            "leave the port out to let the system choose"
        ) from None
    return listener
