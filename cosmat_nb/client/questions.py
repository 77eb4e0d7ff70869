"""Every verb of the client as a question: what is sent, how the answer is read."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from cosmat_nb.client.protocol import Question, Reply
from cosmat_nb.errors import OptionsError, ProtocolError
from cosmat_nb.wire.address import check_key
from cosmat_nb.wire.codes import service_error
from cosmat_nb.wire.documents import ErrorDocument, Listing, ObjectInfo
from cosmat_nb.wire.png import PngInfo, inspect_png

if TYPE_CHECKING:
    from cosmat_nb.wire.operations import MattingQuery

__all__ = ["Png", "delete", "fetch", "head", "list_page", "matte", "put"]

PAGE = 1000
"""Most entries of a listing page (vendor's page "GET Bucket")."""


class Png(NamedTuple):
    """A whole PNG and what its outside tells."""

    data: bytes
    info: PngInfo


def matte(query: MattingQuery) -> Question[Png]:
    """Ask for the cutout of a picture while downloading."""
    return Question(
        about=f"matte {query.label!r}",
        read=_png,
        key=query.key,
        params=query.parameters,
    )


def fetch(key: str) -> Question[bytes]:
    """Ask for an object's bytes."""
    return Question(about=f"fetch {key!r}", read=_body, key=check_key(key))


def head(key: str) -> Question[ObjectInfo]:
    """Ask for an object's size, ETag and date."""

    def read(reply: Reply) -> ObjectInfo:
        return _info(key, reply)

    return Question(about=f"head {key!r}", read=read, method="HEAD", key=check_key(key))


def put(key: str, data: bytes, content_type: str) -> Question[str]:
    """Store an object; the answer is its ETag."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise OptionsError(f"data must be bytes; not {type(data).__name__}")
    return Question(
        about=f"put {key!r}",
        read=_etag,
        method="PUT",
        key=check_key(key),
        headers={"Content-Type": content_type},
        body=bytes(data),
    )


def delete(key: str) -> Question[None]:
    """Remove an object; one that is not there is no error."""
    return Question(
        about=f"delete {key!r}", read=_nothing, method="DELETE", key=check_key(key)
    )


def list_page(prefix: str, marker: str) -> Question[Listing]:
    """Ask for one page of the bucket's listing."""
    try:
        prefix.encode()
    except (AttributeError, UnicodeEncodeError):
        raise OptionsError(f"prefix must be text; not {prefix!r}") from None
    params = {"prefix": prefix, "marker": marker, "max-keys": str(PAGE)}
    asked = {name: value for name, value in params.items() if value}

    def read(reply: Reply) -> Listing:
        page = _listing(reply)
        if marker and page.next_marker == marker:
            raise ProtocolError(f"a listing goes round in circles at {marker!r}")
        return page

    return Question(
        about=f"list {prefix!r}",
        read=read,
        params={**asked, "encoding-type": "url"},
    )


def _png(reply: Reply) -> Png:
    _refuse_document(reply)
    info = inspect_png(reply.body)
    if not info.has_alpha:
        # A whole picture of the wrong kind: asking again would pay for another one.
        message = "expected a PNG with an alpha channel; it has none"
        raise ProtocolError(message, heals=False)
    return Png(reply.body, info)


def _refuse_document(reply: Reply) -> None:
    # An error document under status 200 is still an error, and says more than "no PNG".
    if reply.body[:1] == b"<":
        try:
            document = ErrorDocument.from_xml(reply.body)
        except ProtocolError:
            return
        raise service_error(document.code, document.message, status=reply.status)


def _body(reply: Reply) -> bytes:
    return reply.body


def _etag(reply: Reply) -> str:
    return reply.headers.get("etag", "").strip('"')


def _nothing(_: Reply) -> None:
    return None


def _listing(reply: Reply) -> Listing:
    try:
        return Listing.from_xml(reply.body)
    except ProtocolError:
        _refuse_document(reply)
        raise


def _info(key: str, reply: Reply) -> ObjectInfo:
    try:
        return ObjectInfo(
            key=key,
            size=int(reply.headers["content-length"]),
            etag=_etag(reply),
            last_modified=parsedate_to_datetime(reply.headers["last-modified"]),
        )
    except (KeyError, ValueError, OverflowError) as error:
        raise ProtocolError(f"expected size and date of an object: {error}") from None
