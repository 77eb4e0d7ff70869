"""The emulator as a server: a thread of its own, on loopback."""

from __future__ import annotations

import re
import time
from dataclasses import fields
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self

from cosmat_nb import images
from cosmat_nb.emulator.app import EmulatorApp
from cosmat_nb.emulator.assumptions import Assumptions
from cosmat_nb.emulator.bucket import Bucket, MemoryBucket
from cosmat_nb.emulator.faults import Faults
from cosmat_nb.emulator.handlers import Handlers
from cosmat_nb.emulator.samples import draw_scenes, photograph
from cosmat_nb.emulator.serving import Serving
from cosmat_nb.errors import OptionsError
from cosmat_nb.matting.engine import Engine, get_engine
from cosmat_nb.wire.address import Address
from cosmat_nb.wire.credentials import Credentials
from cosmat_nb.wire.url import origin_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from cosmat_nb.emulator.latency import Latency
    from cosmat_nb.emulator.rate import Rate
    from cosmat_nb.emulator.replay import Replay

__all__ = ["Emulator"]

ADDRESS = Address("examplebucket-1250000000", "ap-guangzhou")
"""The bucket it stands for unless told otherwise: the vendor's own example."""

CREDENTIALS = Credentials("emulator-id", "emulator-key")
"""The key pair that passes unless told otherwise; it opens nothing else."""

_PREFIX = re.compile("(?:/[A-Za-z0-9._~-]+)*")


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
    others : mapping of str to Bucket
        Further buckets of the same region by name, to which results may go.
    origins : collection of str
        Places other than its own buckets that ``detect-url`` may name, as
        ``http://127.0.0.1:8000``; by default none.
    engine : Engine, str or Path
        What cuts, as `get_engine` takes it.
    assumptions : Assumptions
        How the points that the vendor leaves open are played.
    truths : mapping of str to ndarray
        Exact alpha mattes by object key, for `truth`.
    faults : Faults, optional
        What goes wrong with which requests; by default all go well.
    latency : Latency, optional
        How long a matte takes at least; by default no longer than it takes.
    rate : Rate, optional
        How much matting it takes on before it throttles; by default any amount.
    replay : Replay, optional
        A recording that answers, and nothing else does; signatures are not checked.
    prefix : str, default ""
        Path in front of targets, as ``/base``, that is not signed: vendor's clients
        with a path in their domain send one. Other targets are taken as they are.
    host : str, default "127.0.0.1"
        Interface to listen on.
    port : int, default 0
        Port to listen on; 0 lets the system choose.
    now : callable, default ``time.time``
        Unix seconds; for tests.

    Raises
    ------
    OptionsError
        When the engine is unknown or its file is missing or damaged, or the prefix is
        no path of plain characters.

    Examples
    --------
    >>> with Emulator() as emulator:
    ...     emulator.endpoint.startswith("http://127.0.0.1:")
    True

    One matte in ten meets a reset connection, by a seed and so repeatably:

    >>> from cosmat_nb.emulator.faults import Fault, Faults
    >>> Emulator(faults=Faults(odds={Fault.reset_midway(): 0.1}, seed=3)).billed
    0
    """

    def __init__(
        self,
        bucket: Bucket | None = None,
        *,
        address: Address = ADDRESS,
        credentials: Credentials = CREDENTIALS,
        others: Mapping[str, Bucket] = MappingProxyType({}),
        origins: Collection[str] = (),
        engine: Engine | str | Path = "cosmat",
        assumptions: Assumptions = Assumptions(),
        truths: Mapping[str, NDArray[np.float32]] = MappingProxyType({}),
        faults: Faults | None = None,
        latency: Latency | None = None,
        rate: Rate | None = None,
        replay: Replay | None = None,
        prefix: str = "",
        host: str = "127.0.0.1",
        port: int = 0,
        now: Callable[[], float] = time.time,
    ) -> None:
        if not _PREFIX.fullmatch(prefix):
            raise OptionsError(f"prefix must look like /base; not {prefix!r}")
        self.bucket: Bucket = MemoryBucket() if bucket is None else bucket
        self.address = address
        self.credentials = credentials
        engine = get_engine(engine)
        self._parts = (engine, assumptions, replay)
        self._truths = truths
        self._place = (host, port)
        self._app = EmulatorApp(
            handlers=Handlers(
                address=address,
                buckets={**others, address.bucket: self.bucket},
                credentials=credentials,
                engine=engine,
                assumptions=assumptions,
                now=now,
                origins=frozenset(map(origin_of, origins)),
            ),
            prefix=prefix,
            faults=Faults() if faults is None else faults,
            latency=latency,
            rate=rate,
            replay=replay,
        )
        self._serving: Serving | None = None

    @classmethod
    def with_samples(
        cls,
        count: int = 12,
        seed: int = 0,
        *,
        engine: Engine | str | Path = "cosmat",
        assumptions: Assumptions = Assumptions(),
        faults: Faults | None = None,
        latency: Latency | None = None,
        rate: Rate | None = None,
    ) -> Emulator:
        """Make an emulator whose bucket holds drawn scenes and one photograph.

        Parameters
        ----------
        count : int, default 12
            Scenes below ``samples/``; each has an exact alpha matte, see `truth`.
        seed : int, default 0
            Draws other scenes.
        engine, assumptions, faults, latency, rate
            As in `Emulator`.
        """
        engine = get_engine(engine)
        bucket = MemoryBucket()
        truths = {}
        for scene in draw_scenes(count, seed):
            key = f"samples/{scene.name}.jpg"
            bucket.put(key, images.encode_jpeg(scene.picture), "image/jpeg")
            truths[key] = scene.alpha
        bucket.put("samples/portrait.jpg", photograph(), "image/jpeg")
        return cls(
            bucket,
            engine=engine,
            assumptions=assumptions,
            truths=truths,
            faults=faults,
            latency=latency,
            rate=rate,
        )

    def __repr__(self) -> str:
        state = self.endpoint if self._serving else "not started"
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
        return self._serving is not None

    @property
    def endpoint(self) -> str:
        """Where it listens, as ``http://127.0.0.1:49152``.

        Raises
        ------
        OptionsError
            When it is not started.
        """
        if self._serving is None:
            raise OptionsError("the emulator is not started: use it in a with block")
        host, port = self._place
        return f"http://{host}:{port}"

    @property
    def version(self) -> str:
        """What cutouts depend on beside the picture: engine, unusual assumptions.

        Examples
        --------
        >>> emulator = Emulator(assumptions=Assumptions(canvas="subject"))
        >>> emulator.version.startswith("cosmat 1-")
        True
        >>> emulator.version.endswith(", canvas=subject")
        True
        """
        engine, assumptions, replay = self._parts
        if replay is not None:
            return "replay"
        played = [
            f"{each.name}={getattr(assumptions, each.name)}"
            for each in fields(assumptions)
            if getattr(assumptions, each.name) != each.default
        ]
        return ", ".join([f"{engine.name} {engine.version}", *played])

    @property
    def billed(self) -> int:
        """Matting calls that the vendor would have charged since this was made.

        Every call that was processed counts, whether or not its answer arrived; what
        was refused or reset before that does not. That failures are free is documented
        for a sibling operation; that empty mattes are charged is assumed.
        """
        return self._app.tally["billed"]

    @property
    def throttled(self) -> int:
        """Matting requests that were refused for the `rate` since this was made."""
        return self._app.tally["throttled"]

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
        if self._serving is not None:
            return
        host, port = self._place
        self._serving = Serving(self._app, host, port)
        self._place = (host, self._serving.port)

    def stop(self) -> None:
        """Stop listening; requests in flight are answered first, for 10 s at most."""
        if self._serving is not None:
            self._serving.stop()
            self._serving = None
