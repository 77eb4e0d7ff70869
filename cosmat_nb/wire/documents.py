"""The service's documents, both directions: errors and listings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from cosmat_nb.errors import ProtocolError
from cosmat_nb.wire.markup import (
    Tree,
    read_document,
    text_of,
    whole_of,
    write_xml,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

__all__ = ["ErrorDocument", "Listing", "ObjectInfo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDocument:
    """The document that comes with every refusal.

    Attributes
    ----------
    code, message : str
        What was refused and why.
    resource : str
        Host and key, without scheme.
    request_id, trace_id : str
        For the vendor's support.
    details : mapping of str to str
        Further elements, such as ``StringToSign`` on a signature mismatch.
    """

    code: str
    message: str
    resource: str = ""
    request_id: str = ""
    trace_id: str = ""
    details: Mapping[str, str] = field(default_factory=dict, hash=False)

    def to_xml(self) -> bytes:
        """Write the document."""
        return write_xml(
            (
                "Error",
                [
                    ("Code", self.code),
                    ("Message", self.message),
                    *self.details.items(),
                    ("Resource", self.resource),
                    ("RequestId", self.request_id),
                    ("TraceId", self.trace_id),
                ],
            )
        )

    @classmethod
    def from_xml(cls, body: bytes) -> ErrorDocument:
        """Read a document; missing elements are empty.

        Raises
        ------
        ProtocolError
            When `body` is not an ``Error`` document.
        """
        root = read_document(body, "Error")
        texts = {child.tag: child.text or "" for child in root}
        return cls(
            code=texts.pop("Code", ""),
            message=texts.pop("Message", ""),
            resource=texts.pop("Resource", ""),
            request_id=texts.pop("RequestId", ""),
            trace_id=texts.pop("TraceId", ""),
            details=texts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    """What a bucket tells about one object.

    Attributes
    ----------
    key : str
        Object key.
    size : int
        Bytes.
    etag : str
        Without its quotes; opaque.
    last_modified : datetime
        UTC; listings tell it to the millisecond, headers to the second.
    """

    key: str
    size: int
    etag: str
    last_modified: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of a bucket's listing (``ListBucketResult``), keys decoded.

    Attributes
    ----------
    bucket, prefix, marker, delimiter : str
        As asked.
    max_keys : int
        Most entries a page, 1 to 1000.
    contents : tuple of ObjectInfo
        In UTF-8 byte order of their keys.
    common_prefixes : tuple of str
        "Folders", when a delimiter was given.
    next_marker : str
        Where the next page starts; empty on the last page.
    url_encoded : bool
        Whether keys travel percent-encoded (``encoding-type=url``).
    owner : str
        The account's number, told with every object when written; not read.
    """

    bucket: str
    prefix: str = ""
    marker: str = ""
    delimiter: str = ""
    max_keys: int = 1000
    contents: tuple[ObjectInfo, ...] = ()
    common_prefixes: tuple[str, ...] = ()
    next_marker: str = ""
    url_encoded: bool = True
    owner: str = ""

    def to_xml(self) -> bytes:
        """Write the document."""
        head: list[Tree] = [("Name", self.bucket)]
        if self.url_encoded:
            head.append(("EncodingType", "url"))
        head += [
            ("Prefix", self._write(self.prefix)),
            ("Marker", self._write(self.marker)),
            ("MaxKeys", str(self.max_keys)),
            ("IsTruncated", "true" if self.next_marker else "false"),
        ]
        if self.delimiter:
            head.append(("Delimiter", self._write(self.delimiter)))
        if self.next_marker:
            head.append(("NextMarker", self._write(self.next_marker)))
        prefixes: list[Tree] = [
            ("CommonPrefixes", [("Prefix", self._write(prefix))])
            for prefix in self.common_prefixes
        ]
        return write_xml(
            ("ListBucketResult", [*head, *prefixes, *map(self._row, self.contents)])
        )

    @classmethod
    def from_xml(cls, body: bytes) -> Listing:
        """Read a document; keys are decoded when it says that they are encoded.

        Raises
        ------
        ProtocolError
            When `body` is not a ``ListBucketResult`` document, or an entry of it
            has no key, size or date.
        """
        root = read_document(body, "ListBucketResult")
        encoded = text_of(root, "EncodingType") == "url"
        read = unquote if encoded else str
        try:
            page = cls(
                bucket=text_of(root, "Name"),
                prefix=read(text_of(root, "Prefix")),
                marker=read(text_of(root, "Marker")),
                delimiter=read(text_of(root, "Delimiter")),
                max_keys=whole_of(text_of(root, "MaxKeys") or "1000"),
                contents=tuple(
                    _info(row, read(text_of(row, "Key")))
                    for row in root.iter("Contents")
                ),
                common_prefixes=tuple(
                    read(text_of(row, "Prefix")) for row in root.iter("CommonPrefixes")
                ),
                next_marker=read(text_of(root, "NextMarker")),
                url_encoded=encoded,
            )
        except (ValueError, OverflowError) as error:
            raise ProtocolError(
                f"a listing holds an unreadable entry: {error}"
            ) from None
        return page._with_marker(truncated=text_of(root, "IsTruncated") == "true")

    def _with_marker(self, *, truncated: bool) -> Listing:
        if not truncated:
            return replace(self, next_marker="")
        # A page that is cut off and not told where to go on ends at its last entry.
        entries = [info.key for info in self.contents] + list(self.common_prefixes)
        last = self.next_marker or max(entries, key=str.encode, default="")
        if not last:
            raise ProtocolError("a listing goes on, and does not say where")
        return replace(self, next_marker=last)

    def _write(self, text: str) -> str:
        # Slashes stay as they are in encoded listings (vendor's page "GET Bucket").
        return quote(text, safe="/") if self.url_encoded else text

    def _row(self, info: ObjectInfo) -> Tree:
        stamp = info.last_modified.astimezone(UTC).replace(tzinfo=None)
        owner: list[Tree] = [("ID", self.owner), ("DisplayName", self.owner)]
        return (
            "Contents",
            [
                ("Key", self._write(info.key)),
                ("LastModified", f"{stamp.isoformat(timespec='milliseconds')}Z"),
                ("ETag", f'"{info.etag}"'),
                ("Size", str(info.size)),
                *([("Owner", owner)] if self.owner else []),
                ("StorageClass", "STANDARD"),
            ],
        )


def _info(row: Element, key: str) -> ObjectInfo:
    if not key:
        raise ValueError("no Key")
    return ObjectInfo(
        key=key,
        size=whole_of(text_of(row, "Size")),
        etag=text_of(row, "ETag").strip('"'),
        last_modified=_moment(text_of(row, "LastModified")),
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return moment.astimezone(UTC)
