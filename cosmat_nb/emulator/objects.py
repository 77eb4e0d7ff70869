"""What the emulator does with objects: list, read, write and remove them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING

import fastcrc

from cosmat_nb.emulator.listing import list_bucket
from cosmat_nb.emulator.messages import Incoming, Outgoing
from cosmat_nb.emulator.refusal import Refusal
from cosmat_nb.emulator.selection import is_unchanged, select_range
from cosmat_nb.errors import OptionsError, ProtocolError
from cosmat_nb.wire.address import MAX_KEY_BYTES
from cosmat_nb.wire.deletion import (
    MAX_DELETE,
    DeleteFailure,
    DeleteRequest,
    DeleteResult,
)

if TYPE_CHECKING:
    from cosmat_nb.emulator.bucket import Bucket, StoredObject
    from cosmat_nb.wire.address import Address
    from cosmat_nb.wire.documents import ObjectInfo

__all__ = ["XML", "Objects"]

XML = "application/xml"

_MAX_LIST = 1000
_MANY_DIGITS = 10
_MD5_BYTES = 16
_KEPT = re.compile(
    "cache-control|content-disposition|content-encoding|content-language|expires|"
    "x-cos-meta-.*"
)
_ANSWERED = re.compile(
    "response-(cache-control|content-disposition|content-encoding|content-language|"
    "content-type|expires)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """The objects of one bucket, over the wire.

    Attributes
    ----------
    address : Address
        Bucket and region.
    bucket : Bucket
        Where the objects are.
    """

    address: Address
    bucket: Bucket

    def list(self, incoming: Incoming) -> Outgoing:
        """Answer one page of the listing."""
        params = incoming.params
        encoding = params.get("encoding-type", "")
        if encoding not in ("", "url"):
            raise Refusal("InvalidArgument", "encoding-type must be url.")
        page = list_bucket(
            self.bucket.infos(),
            self.address.bucket,
            prefix=params.get("prefix", ""),
            marker=params.get("marker", ""),
            delimiter=params.get("delimiter", ""),
            max_keys=_max_keys(params.get("max-keys", "")),
            url_encoded=encoding == "url",
            owner=self.address.bucket.rpartition("-")[2],
        )
        headers = {"Content-Type": XML, "x-cos-bucket-region": self.address.region}
        return Outgoing(headers=headers, body=page.to_xml())

    def read(self, incoming: Incoming) -> Outgoing:
        """Answer an object, or the part of it that was asked for."""
        stored = self.find(incoming.key)
        headers = {
            "Content-Type": stored.content_type,
            "Accept-Ranges": "bytes",
            **_about(stored.info),
            **stored.headers,
            "x-cos-hash-crc64ecma": str(fastcrc.crc64.xz(stored.data)),
        }
        if is_unchanged(incoming.headers, stored.info):
            # Allowed by RFC 9110, section 8.6; the vendor's Python client needs it.
            headers["Content-Length"] = str(stored.info.size)
            return Outgoing(status=304, headers=headers)
        headers |= _responses(incoming)
        span = select_range(incoming.headers, stored.info.size)
        if span is None:
            return Outgoing(headers=headers, body=stored.data)
        first, stop = span
        headers["Content-Range"] = f"bytes {first}-{stop - 1}/{stored.info.size}"
        return Outgoing(status=206, headers=headers, body=stored.data[first:stop])

    def write(self, incoming: Incoming) -> Outgoing:
        """Keep an object."""
        info = self.keep(incoming)
        crc = str(fastcrc.crc64.xz(incoming.body))
        return Outgoing(headers={"ETag": f'"{info.etag}"', "x-cos-hash-crc64ecma": crc})

    def remove(self, incoming: Incoming) -> Outgoing:
        """Forget an object."""
        self._forget(incoming.key)
        return Outgoing(status=204)

    def remove_many(self, incoming: Incoming) -> Outgoing:
        """Forget the objects that the body names."""
        if "content-md5" not in incoming.headers:
            raise Refusal("InvalidRequest", "Content-MD5 is required.")
        _check_digest(incoming)
        try:
            request = DeleteRequest.from_xml(incoming.body)
        except ProtocolError:
            message = "The XML you provided was not well-formed, or not as documented."
            raise Refusal("MalformedXML", message) from None
        if not 0 < len(request.keys) <= MAX_DELETE or not all(request.keys):
            raise Refusal("MalformedXML", f"Name 1 to {MAX_DELETE} keys.")
        deleted, failed = [], []
        for key in request.keys:
            try:
                self._forget(key)
            except Refusal as refusal:
                row = DeleteFailure(key=key, code=refusal.code, message=refusal.message)
                failed.append(row)
            else:
                deleted.append(key)
        result = DeleteResult(
            deleted=() if request.quiet else tuple(deleted), failed=tuple(failed)
        )
        return Outgoing(headers={"Content-Type": XML}, body=result.to_xml())

    def find(self, key: str) -> StoredObject:
        """Return an object.

        Raises
        ------
        Refusal
            ``NoSuchKey``.
        """
        try:
            return self.bucket.get(key)
        except KeyError:
            message = "The specified key does not exist."
            raise Refusal("NoSuchKey", message) from None

    def keep(self, incoming: Incoming) -> ObjectInfo:
        """Keep the body of a request under its key."""
        _check_digest(incoming)
        kind = incoming.headers.get("content-type", "application/octet-stream")
        headers = {
            _spelled(name): value
            for name, value in incoming.headers.items()
            # The vendor's Node client sends an empty Cache-Control with every PUT.
            if value and _KEPT.fullmatch(name)
        }
        return self.put(incoming.key, incoming.body, kind, headers)

    def put(
        self, key: str, data: bytes, kind: str, headers: dict[str, str] | None = None
    ) -> ObjectInfo:
        """Keep an object.

        Raises
        ------
        Refusal
            ``KeyTooLong``, ``InvalidObjectName``, or ``AccessDenied`` when nothing can
            be written.
        """
        if len(key.encode(errors="surrogateescape")) > MAX_KEY_BYTES:
            raise Refusal("KeyTooLong", "Your key is too long.")
        try:
            return self.bucket.put(key, data, kind, headers or {})
        except OptionsError as error:
            raise Refusal("InvalidObjectName", f"{error}.") from None
        except OSError as error:
            raise _read_only(error) from None

    def _forget(self, key: str) -> None:
        try:
            self.bucket.remove(key)
        except OSError as error:
            raise _read_only(error) from None


def _check_digest(incoming: Incoming) -> None:
    claimed = incoming.headers.get("content-md5")
    if claimed is None:
        return
    try:
        digest = base64.b64decode(claimed, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != _MD5_BYTES:
        raise Refusal("InvalidDigest", "The Content-MD5 you specified is invalid.")
    if digest != hashlib.md5(incoming.body, usedforsecurity=False).digest():
        raise Refusal(
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
        )


def _responses(incoming: Incoming) -> dict[str, str]:
    asked = {
        found[1]: value
        for name, value in incoming.params.items()
        if value and (found := _ANSWERED.fullmatch(name))
    }
    if not all(value.isprintable() and value.isascii() for value in asked.values()):
        raise Refusal("InvalidArgument", "response-* must be printable ASCII.")
    return {_spelled(name): value for name, value in asked.items()}


def _spelled(name: str) -> str:
    return name if name.startswith("x-cos-") else name.title()


def _read_only(error: OSError) -> Refusal:
    return Refusal("AccessDenied", f"The emulator cannot write here: {error.strerror}.")


def _about(info: ObjectInfo) -> dict[str, str]:
    return {
        "ETag": f'"{info.etag}"',
        "Last-Modified": format_datetime(info.last_modified, usegmt=True),
    }


def _max_keys(text: str) -> int:
    if not text:
        return _MAX_LIST
    if not (text.isascii() and text.isdigit() and len(text) < _MANY_DIGITS):
        raise Refusal("InvalidArgument", "max-keys must be a whole number.")
    return min(int(text), _MAX_LIST)
