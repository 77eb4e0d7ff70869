"""The emulator's web application: bytes in, gate, handler, bytes out."""

from __future__ import annotations

import base64
import logging
import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import TYPE_CHECKING

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from cosmat_nb import images
from cosmat_nb.emulator.faults import Fault, Faults, is_matting
from cosmat_nb.emulator.latency import Latency
from cosmat_nb.emulator.messages import Incoming, Outgoing
from cosmat_nb.emulator.rate import Rate, Turnstile
from cosmat_nb.emulator.refusal import Redirect, Refusal
from cosmat_nb.emulator.replay import Replay
from cosmat_nb.emulator.wiring import Wire
from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.address import parse_target, write_target
from cosmat_nb.wire.documents import ErrorDocument
from cosmat_nb.wire.markup import Tree, parse_xml, write_xml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from starlette.types import Receive, Scope, Send

    from cosmat_nb.emulator.handlers import Handlers

__all__ = ["EmulatorApp", "Tally"]

logger = logging.getLogger(__name__)

_BODILESS = frozenset({204, 304})
"""Statuses whose answers have neither a body nor a length."""


class Tally:
    """Counts by name, kept by several threads.

    Examples
    --------
    >>> tally = Tally()
    >>> tally.add("billed"), tally.add("billed", 2), tally["billed"]
    (0, 1, 3)
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def __getitem__(self, name: str) -> int:
        return self._counts[name]

    def add(self, name: str, number: int = 1) -> int:
        """Add to a count and return what it was before."""
        with self._lock:
            before = self._counts[name]
            self._counts[name] += number
            return before


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorApp:
    """An ASGI application that answers like the service.

    Attributes
    ----------
    handlers : Handlers
        What is behind the gate.
    prefix : str
        Path in front of targets that is taken off before anything else.
    faults : Faults
        What goes wrong.
    latency : Latency, optional
        How long a matte takes at least.
    rate : Rate, optional
        How much matting is taken on.
    replay : Replay, optional
        A recording that answers in the handlers' place, at any rate.
    tally : Tally
        Counts ``"faults"`` and ``"latency"``, requests that a plan was asked about,
        ``"throttled"``, requests beyond the rate, and ``"billed"``, calls that the
        vendor would charge.
    """

    handlers: Handlers
    prefix: str = ""
    faults: Faults = field(default_factory=Faults)
    latency: Latency | None = None
    rate: Rate | None = None
    replay: Replay | None = None
    tally: Tally = field(default_factory=Tally, repr=False)
    turnstile: Turnstile = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, kind in (
            ("faults", Faults),
            ("latency", Latency),
            ("rate", Rate),
            ("replay", Replay),
        ):
            value = getattr(self, name)
            if not isinstance(value, kind | None):
                raise OptionsError(
                    f"{name} must be {kind.__name__}(...); not {type(value).__name__}"
                )
        rate = Rate() if self.rate is None or self.replay is not None else self.rate
        object.__setattr__(self, "turnstile", Turnstile(rate))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or fail to as planned."""
        start = time.monotonic()
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        incoming = _incoming(request, body, self.prefix)
        wire = Wire.of(scope, receive, send)
        matting = is_matting(incoming)
        passes = not matting or self.turnstile.enter(time.monotonic())
        fault = self._fault(incoming) if passes else self._throttle()
        ready = start + (self._least(incoming) if passes else 0.0)
        try:
            outgoing = await self._take_time(wire, incoming, fault, ready)
        finally:
            if matting and passes:
                self.turnstile.leave()
        if outgoing is not None:
            await _deliver(wire, outgoing, fault, silent=incoming.method == "HEAD")

    async def _take_time(
        self, wire: Wire, incoming: Incoming, fault: Fault, ready: float
    ) -> Outgoing | None:
        """Process a request, if it is billed until `ready`; None for a broken wire."""
        if fault.end == "reset at once":
            await wire.reset()
            return None
        outgoing = await run_in_threadpool(self._answer, incoming, fault)
        # The loop waits, not the thread: threads and cutting places stay free.
        left = ready - time.monotonic() if outgoing.billed else 0.0
        is_there = await wire.wait(max(left, 0.0) + fault.delay)
        return outgoing if is_there else None

    def _throttle(self) -> Fault:
        self.tally.add("throttled")
        return Fault.throttle(self.rate.retry_after if self.rate else None)

    def _fault(self, incoming: Incoming) -> Fault:
        if not self.faults.concerns(incoming):
            return Fault()
        return self.faults.pick(self.tally.add("faults")) or Fault()

    def _least(self, incoming: Incoming) -> float:
        if self.latency is None or not is_matting(incoming):
            return 0.0
        return self.latency.pick(self.tally.add("latency"))

    def _answer(self, incoming: Incoming, fault: Fault) -> Outgoing:
        if self.replay is not None:
            outgoing = self.replay.answer(incoming)
            date = formatdate(self.handlers.now() + fault.skew, usegmt=True)
            return replace(outgoing, headers={"Date": date, **outgoing.headers})
        name = base64.b64encode(secrets.token_hex(15).encode()).decode()
        identity = {"x-cos-request-id": name, "x-cos-trace-id": name[::-1]}
        try:
            outgoing = self._process(incoming, fault)
        except Refusal as refusal:
            outgoing = _refuse(incoming, refusal, name)
        except Redirect as redirect:
            outgoing = _redirect(incoming, redirect)
        except Exception:
            logger.exception(
                "the emulator failed on %s %r", incoming.method, incoming.key
            )
            message = "The emulator failed; its log says why."
            outgoing = _refuse(incoming, Refusal("InternalError", message), name)
        headers = {
            "Server": "tencent-cos",
            "Date": formatdate(self.handlers.now() + fault.skew, usegmt=True),
            **identity,
            **outgoing.headers,
        }
        if fault.code and fault.retry_after is not None:
            headers["Retry-After"] = str(fault.retry_after)
        return replace(outgoing, headers=headers)

    def _process(self, incoming: Incoming, fault: Fault) -> Outgoing:
        if fault.code:
            raise Refusal(fault.code, fault.message)
        outgoing = self.handlers.answer(incoming)
        self.tally.add("billed", outgoing.billed)
        return replace(outgoing, body=_spoil(outgoing, fault))


def _incoming(request: Request, body: bytes, prefix: str) -> Incoming:
    path = request.scope["raw_path"].decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    if f"{path}/".startswith(f"{prefix}/"):
        path = path.removeprefix(prefix)
    key, params = parse_target(f"{path}?{query}")
    host, port = request.scope.get("server") or ("", None)
    return Incoming(
        server=host if port is None else f"{host}:{port}",
        method=request.method,
        key=key,
        params=params,
        headers=dict(request.headers),
        body=body,
    )


def _refuse(incoming: Incoming, refusal: Refusal, request_id: str) -> Outgoing:
    document = ErrorDocument(
        code=refusal.code,
        message=refusal.message,
        resource=f"{incoming.host}/{incoming.key}",
        request_id=request_id,
        trace_id=request_id[::-1],
        details=refusal.details,
    )
    return Outgoing(
        status=refusal.status,
        headers={"Content-Type": "application/xml", **refusal.headers},
        body=document.to_xml(),
    )


def _redirect(incoming: Incoming, redirect: Redirect) -> Outgoing:
    target = write_target(incoming.key, incoming.params)
    return Outgoing(status=301, headers={"Location": f"http://{redirect.host}{target}"})


def _spoil(outgoing: Outgoing, fault: Fault) -> bytes:
    kind = outgoing.headers.get("Content-Type")
    if fault.spoil == "no results" and kind == "application/xml":
        return _without_results(outgoing.body)
    if fault.spoil == "truncate" and kind == "image/png":
        return _shorten(outgoing.body, fault.missing)
    if fault.spoil == "empty matte" and kind == "image/png":
        size = images.read_header(outgoing.body)
        return images.encode_png(np.zeros((size.height, size.width, 4), np.uint8))
    return outgoing.body


def _without_results(body: bytes) -> bytes:
    root = parse_xml(body)
    for results in root.findall("ProcessResults"):
        results.clear()
    return write_xml(_tree(root))


def _tree(element: Element) -> Tree:
    children = [_tree(child) for child in element]
    return element.tag, children or element.text or ""


def _shorten(body: bytes, missing: int) -> bytes:
    return body[: max(len(body) - missing, 0)]


async def _deliver(
    wire: Wire, outgoing: Outgoing, fault: Fault, *, silent: bool
) -> None:
    headers, body = dict(outgoing.headers), outgoing.body
    if outgoing.status in _BODILESS:
        body = b""
    elif not (silent and "Content-Length" in headers):
        headers["Content-Length"] = str(len(body))
    await wire.send_head(outgoing.status, headers)
    sent = b"" if silent else body
    if fault.end:
        sent = _shorten(sent, fault.missing)
    for piece, is_last in _pieces(sent, fault.piece):
        await wire.send_body(piece, more=bool(fault.end) or not is_last)
        if not is_last and not await wire.wait(fault.pause):
            return
    if fault.end == "reset":
        await wire.reset()
    elif fault.end == "close":
        await wire.close()


def _pieces(body: bytes, size: int) -> Iterator[tuple[bytes, bool]]:
    size = size or max(len(body), 1)
    last = max(len(body) - 1, 0) // size * size
    for at in range(0, last + 1, size):
        yield body[at : at + size], at == last
