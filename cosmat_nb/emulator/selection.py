"""Which part of an object a request wants, and whether it wants it at all."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from cosmat_nb.emulator.refusal import Refusal
from cosmat_nb.wire.dates import parse_date

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosmat_nb.emulator.messages import Outgoing
    from cosmat_nb.wire.documents import ObjectInfo

__all__ = ["is_unchanged", "select_cutout", "select_range"]

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def is_unchanged(headers: Mapping[str, str], info: ObjectInfo) -> bool:
    """Weigh the conditions of a ``GET`` or ``HEAD`` (RFC 9110, section 13.2.2).

    Parameters
    ----------
    headers : mapping of str to str
        Of the request, names in lower case.
    info : ObjectInfo
        What is in the bucket.

    Returns
    -------
    bool
        Whether the answer is 304.

    Raises
    ------
    Refusal
        ``PreconditionFailed``.
    """
    changed_at = info.last_modified.replace(microsecond=0)
    match, none_match = headers.get("if-match"), headers.get("if-none-match")
    before = parse_date(headers.get("if-unmodified-since"))
    since = parse_date(headers.get("if-modified-since"))
    gone = before is not None and changed_at > before
    if gone if match is None else not _names(match, info.etag):
        raise Refusal(
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold.",
        )
    if none_match is not None:
        return _names(none_match, info.etag)
    return since is not None and changed_at <= since


def select_range(headers: Mapping[str, str], size: int) -> tuple[int, int] | None:
    """Find the bytes that a ``Range`` header asks for.

    Parameters
    ----------
    headers : mapping of str to str
        Of the request, names in lower case.
    size : int
        Of the object, bytes.

    Returns
    -------
    tuple of int or None
        First byte and the one after the last; None without a range, and for one that
        is malformed or has several parts, which is ignored.

    Raises
    ------
    Refusal
        ``InvalidRange`` when no byte of the object is in it.

    Examples
    --------
    >>> select_range({"range": "bytes=-3"}, 10)
    (7, 10)
    """
    found = _RANGE.fullmatch(headers.get("range", "").strip())
    if found is None or not (found[1] or found[2]):
        return None
    if found[1] and found[2] and int(found[1]) > int(found[2]):
        return None
    if found[1]:
        first = int(found[1])
        stop = min(int(found[2]) + 1, size) if found[2] else size
    else:
        first, stop = max(size - int(found[2]), 0), size
    if first >= stop:
        raise Refusal(
            "InvalidRange",
            "The requested range cannot be satisfied.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return first, stop


def select_cutout(headers: Mapping[str, str], whole: Outgoing) -> Outgoing:
    """Answer a cutout as an object would be: with an ``ETag``, in part, or not at all.

    Parameters
    ----------
    headers : mapping of str to str
        Of the request, names in lower case. Dates are no condition: a cutout has none.
    whole : Outgoing
        The cutout; it stays billed, because it was made.

    Raises
    ------
    Refusal
        ``PreconditionFailed`` or ``InvalidRange``.
    """
    body = whole.body
    etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
    told = {**whole.headers, "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
    if not _names(headers.get("if-match", "*"), etag):
        raise Refusal("PreconditionFailed", "The cutout has another ETag.")
    if _names(headers.get("if-none-match", ""), etag):
        return replace(whole, status=304, headers=told, body=b"")
    span = select_range(headers, len(body))
    if span is None:
        return replace(whole, headers=told)
    first, stop = span
    told["Content-Range"] = f"bytes {first}-{stop - 1}/{len(body)}"
    return replace(whole, status=206, headers=told, body=body[first:stop])


def _names(header: str, etag: str) -> bool:
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")}
    return "*" in tags or etag in tags
