"""The blocking client: one pool of connections, safe to share between threads."""

from __future__ import annotations

import html
from functools import partial
from typing import TYPE_CHECKING, NoReturn, Self, TypeVar

from cosmat_nb import errors
from cosmat_nb.client import questions
from cosmat_nb.client.channel import Channel, check_endpoint
from cosmat_nb.client.pace import Clock, Retry
from cosmat_nb.client.protocol import Answer, Question, Speaker, Wait
from cosmat_nb.cutout import Cutout
from cosmat_nb.options import MattingOptions
from cosmat_nb.wire.address import check_key, check_url
from cosmat_nb.wire.operations import MattingQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    import httpx

    from cosmat_nb.wire.address import Address
    from cosmat_nb.wire.credentials import Credentials
    from cosmat_nb.wire.documents import ObjectInfo

__all__ = ["MattingClient"]

T = TypeVar("T")

MAX_CONCURRENCY = 256
"""Most calls in flight of one client; more threads would only wait."""


class MattingClient:
    """Calls the matting service of one bucket.

    Made by `connect`, `connect_cloud` or `connect_emulator`. Share one between threads
    and close it, or use it in a ``with`` block.

    Parameters
    ----------
    address : Address
        Bucket and region; their host is sent and signed.
    credentials : Credentials or callable
        The key pair, or a function that returns it before each attempt; what it raises
        ends the call and is passed on.
    endpoint : str, optional
        Where requests really go, as ``http://127.0.0.1:8791``; by default the bucket's
        host over HTTPS. The ``Host`` header does not change.
    concurrency : int, default 8
        Calls in flight that a batch keeps up.
    retry : Retry
        Attempts and deadlines of a call.
    clock : Clock
        By which time; for tests.
    emulated : bool, default False
        Whether the embedded emulator answers: shown, and noted on results.
    on_close : callable, optional
        Called after the connections are closed.
    transport : httpx.BaseTransport, optional
        Replaces the network; for tests.

    Raises
    ------
    OptionsError
        When concurrency is not 1 to 256 or the endpoint is not an http(s) address.

    Notes
    -----
    Every method raises a `CallError` when its call fails for good: `TransportError`,
    `ProtocolError` or the `ServiceError` that fits the service's error code; and before
    anything is sent an `OptionsError` for a key, address or other argument that the
    service would not take, and for a closed client. A function that returns credentials
    may be called from several threads at once.
    """

    def __init__(
        self,
        address: Address,
        credentials: Credentials | Callable[[], Credentials],
        *,
        endpoint: str | None = None,
        concurrency: int = 8,
        retry: Retry = Retry(),
        clock: Clock = Clock(),
        emulated: bool = False,
        on_close: Callable[[], None] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        if concurrency not in range(1, MAX_CONCURRENCY + 1):
            raise errors.OptionsError(
                f"concurrency must be a whole number, 1 to {MAX_CONCURRENCY}; "
                f"not {concurrency!r}"
            )
        self.address = address
        self.endpoint = check_endpoint(endpoint or f"https://{address.host}")
        self.concurrency = concurrency
        self.emulated = emulated
        self._on_close = on_close
        self._clock = clock
        self._speaker = Speaker(
            host=address.host,
            credentials=credentials if callable(credentials) else lambda: credentials,
            retry=retry,
            clock=clock,
        )
        self._channel = Channel(
            self.endpoint,
            idle=concurrency,
            direct=emulated,
            elapsed=clock.elapsed,
            transport=transport,
        )

    def __repr__(self) -> str:
        kind = "emulator" if self.emulated else "cloud"
        where = f" via {self.endpoint}" if self._is_diverted else ""
        return (
            f"MattingClient({kind}: {self.address.bucket} in "
            f"{self.address.region}{where})"
        )

    def _repr_html_(self) -> str:
        kind = "the embedded emulator; nothing is paid"
        if not self.emulated:
            kind = "the cloud service; <b>calls are paid</b>"
        rows = {"answers": kind, "bucket": html.escape(self.address.bucket)}
        rows["region"] = html.escape(self.address.region)
        rows["endpoint"] = html.escape(self.endpoint)
        cells = "".join(
            f"<tr><th>{name}</th><td>{text}</td></tr>" for name, text in rows.items()
        )
        return f"<table><caption>MattingClient</caption>{cells}</table>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a MattingClient stays in its process: connect again in the other one"
        )

    @property
    def _is_diverted(self) -> bool:
        return self.endpoint != f"https://{self.address.host}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, and the emulator that `connect` started.

        Calls in flight are answered first: they may have been paid for.
        """
        try:
            self._channel.close()
        finally:
            if self._on_close:
                self._on_close()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._channel.is_closed

    def check_place(self, place: str) -> None:
        """Refuse a key or an address that the service would not take; sends nothing.

        Raises
        ------
        OptionsError
            Saying which rule is broken.
        """
        (check_url if errors.is_address(place) else check_key)(place)

    def matte(self, key: str, options: MattingOptions = MattingOptions()) -> Cutout:
        """Cut out the subject of a stored picture. A paid call.

        Parameters
        ----------
        key : str
            Object key of a JPEG or PNG.
        options : MattingOptions
            Operation, centring, padding.

        Returns
        -------
        Cutout
            Held in memory; `Cutout.save` writes it.
        """
        return self._cut(MattingQuery.of_key(key, options))

    def matte_url(self, url: str, options: MattingOptions = MattingOptions()) -> Cutout:
        """Cut out the subject of any public picture (``detect-url``). A paid call.

        Parameters
        ----------
        url : str
            ``http://`` or ``https://``, not percent-encoded a second time.
        options : MattingOptions
            Operation, centring, padding.
        """
        return self._cut(MattingQuery.of_url(url, options))

    def fetch(self, key: str) -> bytes:
        """Download an object."""
        return self._ask(questions.fetch(key)).value

    def head(self, key: str) -> ObjectInfo:
        """Size, ETag and date of an object."""
        return self._ask(questions.head(key)).value

    def put(
        self, key: str, data: bytes, *, content_type: str = "application/octet-stream"
    ) -> str:
        """Upload an object and return its ETag."""
        return self._ask(questions.put(key, data, content_type)).value

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        self._ask(questions.delete(key))

    def list_objects(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """List objects in UTF-8 byte order of their keys, page by page as read."""
        marker = ""
        while True:
            page = self._ask(questions.list_page(prefix, marker)).value
            yield from page.contents
            marker = page.next_marker
            if not marker:
                return

    def _cut(self, query: MattingQuery) -> Cutout:
        answer = self._ask(questions.matte(query))
        data, info = answer.value
        return Cutout(
            place=query.label,
            options=query.options,
            content=data,
            height=info.height,
            width=info.width,
            is_empty=info.is_empty,
            nbytes=len(data),
            request_id=answer.request_id,
            attempts=answer.attempts,
            source=partial(self.fetch, query.key) if query.key else None,
        )

    def _ask(self, question: Question[T]) -> Answer[T]:
        steps = self._speaker.ask(question)
        step = next(steps)
        try:
            while True:
                if isinstance(step, Wait):
                    self._clock.sleep(step.seconds)
                    step = next(steps)
                    continue
                try:
                    reply = self._channel.send(step)
                except errors.TransportError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(reply)
        except StopIteration as stop:
            answer: Answer[T] = stop.value
            return answer
