"""One page of a bucket's listing."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from cosmat_nb.wire.documents import Listing, ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["list_bucket"]


def list_bucket(
    infos: Iterable[ObjectInfo],
    bucket: str,
    *,
    prefix: str = "",
    marker: str = "",
    delimiter: str = "",
    max_keys: int = 1000,
    url_encoded: bool = False,
    owner: str = "",
) -> Listing:
    """Make one page of a listing.

    Parameters
    ----------
    infos : iterable of ObjectInfo
        All objects, in any order.
    bucket : str
        Its name.
    prefix, marker, delimiter : str
        As in the vendor's page "GET Bucket": keys start with `prefix` and come after
        `marker`; what shares the part up to the next `delimiter` becomes one common
        prefix, which counts as an entry.
    max_keys : int
        Most entries of the page, 0 to 1000.
    url_encoded : bool
        Whether keys travel percent-encoded.
    owner : str
        The account's number, told with every object.

    Returns
    -------
    Listing
        Entries in UTF-8 byte order; ``next_marker`` is the last one when more follow.
    """
    entries = _entries(infos, prefix, delimiter)
    names = sorted(entries, key=str.encode)
    first = bisect_right(names, marker.encode(), key=str.encode) if marker else 0
    page = names[first : first + max_keys]
    more = first + len(page) < len(names) and bool(page)
    found = [(name, entries[name]) for name in page]
    return Listing(
        bucket=bucket,
        prefix=prefix,
        marker=marker,
        delimiter=delimiter,
        max_keys=max_keys,
        contents=tuple(info for _, info in found if info),
        common_prefixes=tuple(name for name, info in found if not info),
        next_marker=page[-1] if more else "",
        url_encoded=url_encoded,
        owner=owner,
    )


def _entries(
    infos: Iterable[ObjectInfo], prefix: str, delimiter: str
) -> dict[str, ObjectInfo | None]:
    entries: dict[str, ObjectInfo | None] = {}
    for info in infos:
        if not info.key.startswith(prefix):
            continue
        head, found, _ = info.key[len(prefix) :].partition(delimiter or "\0")
        if delimiter and found:
            entries[prefix + head + delimiter] = None
        else:
            entries[info.key] = info
    return entries
