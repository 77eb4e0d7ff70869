"""The emulator's web application: bytes in, gate, handler, bytes out."""

from __future__ import annotations

import base64
import logging
import secrets
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from cosmat_nb.emulator.gate import Incoming, check_bucket, check_signature
from cosmat_nb.emulator.handlers import Handlers, Outgoing
from cosmat_nb.emulator.refusal import Refusal
from cosmat_nb.wire.address import parse_target
from cosmat_nb.wire.documents import ErrorDocument

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from cosmat_nb.wire.credentials import Credentials

__all__ = ["EmulatorApp"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorApp:
    """An ASGI application that answers like the service.

    Attributes
    ----------
    handlers : Handlers
        What is behind the gate.
    credentials : Credentials
        The key pair that may pass.
    now : callable
        Unix seconds.
    """

    handlers: Handlers
    credentials: Credentials
    now: Callable[[], float]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        incoming = _incoming(request, body)
        outgoing = await run_in_threadpool(self._answer, incoming)
        await _response(incoming, outgoing)(scope, receive, send)

    def _answer(self, incoming: Incoming) -> Outgoing:
        name = base64.b64encode(secrets.token_hex(15).encode()).decode()
        identity = {"x-cos-request-id": name, "x-cos-trace-id": name[::-1]}
        try:
            check_bucket(incoming, self.handlers.address)
            check_signature(incoming, self.credentials, self.now())
            outgoing = self.handlers.answer(incoming)
        except Refusal as refusal:
            outgoing = _refuse(incoming, refusal, name)
        except Exception:
            logger.exception(
                "the emulator failed on %s %r", incoming.method, incoming.key
            )
            message = "The emulator failed; its log says why."
            outgoing = _refuse(incoming, Refusal("InternalError", message), name)
        headers = {
            "Server": "tencent-cos",
            "Date": formatdate(self.now(), usegmt=True),
            **identity,
            **outgoing.headers,
        }
        return Outgoing(status=outgoing.status, headers=headers, body=outgoing.body)


def _incoming(request: Request, body: bytes) -> Incoming:
    path = request.scope["raw_path"].decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    key, params = parse_target(f"{path}?{query}")
    return Incoming(
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
        headers={"Content-Type": "application/xml"},
        body=document.to_xml(),
    )


def _response(incoming: Incoming, outgoing: Outgoing) -> Response:
    silent = incoming.method == "HEAD" or outgoing.status == 204  # noqa: PLR2004 - No Content
    response = Response(b"" if silent else outgoing.body, outgoing.status)
    headers = dict(outgoing.headers)
    if outgoing.status != 204:  # noqa: PLR2004 - No Content
        headers["Content-Length"] = str(len(outgoing.body))
    # Starlette would write names in lower case; the service does not.
    response.raw_headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in headers.items()
    ]
    return response
