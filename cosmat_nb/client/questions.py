"""The bucket's verbs as questions: what is sent, how the answer is read."""

from __future__ import annotations

import base64
import hashlib
import math
import operator
import re
from typing import NamedTuple, TypeGuard

from cosmat_nb.client.steps import Question, Reply
from cosmat_nb.errors import OptionsError, ProtocolError
from cosmat_nb.wire.address import check_key
from cosmat_nb.wire.codes import service_error
from cosmat_nb.wire.dates import parse_date
from cosmat_nb.wire.deletion import DeleteRequest, DeleteResult
from cosmat_nb.wire.documents import ErrorDocument, Listing, ObjectInfo
from cosmat_nb.wire.markup import whole_of

__all__ = [
    "PAGE",
    "Part",
    "delete",
    "delete_many",
    "fetch",
    "fetch_changed",
    "fetch_part",
    "head",
    "list_page",
    "put",
    "refuse_document",
]

PAGE = 1000
"""Most entries of a listing page (vendor's page "GET Bucket")."""

_PARTIAL = 206
_NOT_MODIFIED = 304
_CONTENT_RANGE = re.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")


class Part(NamedTuple):
    """A piece of an object.

    Attributes
    ----------
    data : bytes
        What came.
    size : int
        Of the whole object, bytes.
    """

    data: bytes
    size: int


def fetch(key: str) -> Question[bytes]:
    """Ask for an object's bytes."""
    return Question(
        about=f"fetch {key!r}", read=_body, key=check_key(key), max_bytes=None
    )


def fetch_part(key: str, start: int, stop: int | None) -> Question[Part]:
    """Ask for some bytes of an object; `stop` is the one after the last."""
    try:
        # Numbers of a DataFrame are numpy's own.
        start = operator.index(start)
        stop = None if stop is None else operator.index(stop)
    except TypeError:
        start = -1
    if not 0 <= start < (math.inf if stop is None else stop):
        raise OptionsError("a range must be 0 <= start < stop, whole bytes")
    last = "" if stop is None else stop - 1

    def read(reply: Reply) -> Part:
        return _part(reply, start, stop)

    return Question(
        about=f"fetch bytes {start}-{last} of {key!r}",
        read=read,
        key=check_key(key),
        headers={"Range": f"bytes={start}-{last}"},
        max_bytes=None,
    )


def fetch_changed(key: str, etag: str) -> Question[bytes | None]:
    """Ask for an object's bytes unless it still has this ETag."""
    if not isinstance(etag, str) or not etag:
        raise OptionsError(f"etag must be text, and not empty; not {etag!r}")

    def read(reply: Reply) -> bytes | None:
        return None if reply.status == _NOT_MODIFIED else reply.body

    return Question(
        about=f"fetch {key!r} if changed",
        read=read,
        key=check_key(key),
        headers={"If-None-Match": f'"{etag.strip(chr(34))}"'},
        accepts=(_NOT_MODIFIED,),
        max_bytes=None,
    )


def head(key: str) -> Question[ObjectInfo]:
    """Ask for an object's size, ETag and date."""

    def read(reply: Reply) -> ObjectInfo:
        return _info(key, reply)

    return Question(about=f"head {key!r}", read=read, method="HEAD", key=check_key(key))


def put(key: str, data: bytes, content_type: str) -> Question[str]:
    """Store an object; the answer is its ETag."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise OptionsError(f"data must be bytes; not {type(data).__name__}")
    if not isinstance(content_type, str):
        raise OptionsError(f"content_type must be text; not {content_type!r}")
    return Question(
        about=f"put {key!r}",
        read=_stored,
        method="PUT",
        key=check_key(key),
        headers={"Content-Type": content_type},
        body=bytes(data),
    )


def delete(key: str) -> Question[None]:
    """Remove an object; one that is not there is no error."""
    return Question(
        about=f"delete {key!r}",
        read=refuse_document,
        method="DELETE",
        key=check_key(key),
    )


def delete_many(keys: tuple[str, ...]) -> Question[DeleteResult]:
    """Remove up to 1000 objects."""
    body = DeleteRequest.of(keys).to_xml()
    digest = hashlib.md5(body, usedforsecurity=False).digest()

    def read(reply: Reply) -> DeleteResult:
        try:
            return DeleteResult.from_xml(reply.body)
        except ProtocolError:
            refuse_document(reply)
            raise

    return Question(
        about=f"delete {len(keys)} objects",
        read=read,
        method="POST",
        params={"delete": ""},
        headers={
            "Content-Type": "application/xml",
            "Content-MD5": base64.b64encode(digest).decode(),
        },
        body=body,
    )


def list_page(
    prefix: str, marker: str, delimiter: str = "", page_size: int = PAGE
) -> Question[Listing]:
    """Ask for one page of the bucket's listing."""
    for name, text in (("prefix", prefix), ("delimiter", delimiter)):
        try:
            text.encode()
        except (AttributeError, UnicodeEncodeError):
            raise OptionsError(f"{name} must be text; not {text!r}") from None
    if not (_is_count(page_size) and 1 <= page_size <= PAGE):
        raise OptionsError(f"page_size must be 1 to {PAGE}; not {page_size!r}")
    params = {
        "prefix": prefix,
        "marker": marker,
        "delimiter": delimiter,
        "max-keys": str(page_size),
    }
    asked = {name: value for name, value in params.items() if value}

    def read(reply: Reply) -> Listing:
        page = _listing(reply)
        if page.next_marker and page.next_marker.encode() <= marker.encode():
            raise ProtocolError(f"a listing does not go on from {marker!r}")
        return page

    return Question(
        about=f"list {prefix!r}",
        read=read,
        params={**asked, "encoding-type": "url"},
    )


def refuse_document(reply: Reply) -> None:
    """Raise what an error document under status 200 says."""
    # An error document under status 200 is still an error, and says more than "no PNG".
    if reply.body[:1] == b"<":
        try:
            document = ErrorDocument.from_xml(reply.body)
        except ProtocolError:
            return
        number = reply.headers.get("x-errno", "")
        raise service_error(
            document.code, document.message, number=number, status=reply.status
        )


def _part(reply: Reply, start: int, stop: int | None) -> Part:
    if reply.status != _PARTIAL:
        # A service that knows no ranges answers the whole object.
        return Part(reply.body[start:stop], len(reply.body))
    found = _CONTENT_RANGE.fullmatch(reply.headers.get("content-range", "").strip())
    if found is None:
        raise ProtocolError("expected the Content-Range of a part of an object")
    first, last, size = map(int, found.groups())
    wanted = size if stop is None else min(stop, size)
    if (first, last + 1, len(reply.body)) != (start, wanted, wanted - start):
        raise ProtocolError(
            f"expected bytes {start} to {wanted - 1}; got {len(reply.body)} of "
            f"{first} to {last}"
        )
    return Part(reply.body, size)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _body(reply: Reply) -> bytes:
    if reply.status == _PARTIAL:
        raise ProtocolError("expected a whole object; got a part of it")
    return reply.body


def _etag(reply: Reply) -> str:
    return reply.headers.get("etag", "").strip('"')


def _stored(reply: Reply) -> str:
    refuse_document(reply)
    etag = _etag(reply)
    if not etag:
        raise ProtocolError("expected the ETag of the stored object")
    return etag


def _listing(reply: Reply) -> Listing:
    try:
        return Listing.from_xml(reply.body)
    except ProtocolError:
        refuse_document(reply)
        raise


def _info(key: str, reply: Reply) -> ObjectInfo:
    modified = parse_date(reply.headers.get("last-modified"))
    try:
        size = whole_of(reply.headers.get("content-length", ""))
    except ValueError as error:
        raise ProtocolError(f"expected the size of an object: {error}") from None
    if modified is None:
        raise ProtocolError("expected the date of an object")
    return ObjectInfo(key=key, size=size, etag=_etag(reply), last_modified=modified)
