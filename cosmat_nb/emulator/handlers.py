"""What the emulator does for each request, once it has passed the gate."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from email.utils import format_datetime
from threading import BoundedSemaphore
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

from cosmat_nb import images
from cosmat_nb.emulator.bucket import Bucket, StoredObject, list_bucket
from cosmat_nb.emulator.refusal import Refusal
from cosmat_nb.errors import ImageError, OptionsError
from cosmat_nb.matting.engine import Engine, cut_out
from cosmat_nb.matting.layout import center_subject, crop_to_subject, pad_canvas
from cosmat_nb.options import MattingOptions, Operation
from cosmat_nb.wire.address import Address, check_url, parse_target
from cosmat_nb.wire.operations import MattingQuery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cosmat_nb.emulator.assumptions import Assumptions
    from cosmat_nb.emulator.gate import Incoming
    from cosmat_nb.wire.documents import ObjectInfo

__all__ = ["MIN_SIDE", "Handlers", "Outgoing"]

MIN_SIDE = 32
"""Smallest side of a picture, px (limits page, as observed)."""

MAX_LONG_SIDE, MAX_SHORT_SIDE = 7680, 4320
"""Largest sides of a picture, px; that a portrait may be 4320 × 7680 is assumed."""

MAX_BYTES = 32 << 20
"""Largest picture, bytes: that of generic image processing; assumed for matting."""

MAX_LIST = 1000

_MANY_DIGITS = 10

_LAYOUTS = frozenset({"center-layout", "padding-layout"})
_NOT_YET = frozenset({"pic-operations", "x-cos-copy-source"})
_SUBRESOURCES = frozenset(
    "acl cors delete domain encryption image_process inventory lifecycle logging "  # noqa: SIM905 - as a list it would fill a screen
    "origin partNumber policy referer replication restore select symlink tagging "
    "uploadId uploads versioning versions website".split()
)
"""Parameters that ask for something else than the object, as its rights or a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One answer, without the headers that every answer has."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """The service behind the gate: a bucket, an engine and the open points.

    Attributes
    ----------
    address : Address
        Bucket and region it stands for.
    bucket : Bucket
        Its objects.
    engine : Engine
        What cuts.
    assumptions : Assumptions
        How open points are played.
    places : BoundedSemaphore
        One place for each processor: more cuts at once would only cost memory.
    """

    address: Address
    bucket: Bucket
    engine: Engine
    assumptions: Assumptions
    places: BoundedSemaphore = field(
        default_factory=lambda: BoundedSemaphore(os.cpu_count() or 1), repr=False
    )

    def answer(self, incoming: Incoming) -> Outgoing:
        """Find the handler of a request and run it.

        Raises
        ------
        Refusal
            With one of the service's codes.
        """
        unsupported = _NOT_YET & incoming.headers.keys()
        if unsupported or _SUBRESOURCES & incoming.params.keys():
            raise Refusal("NotImplemented", "This emulator does not do that yet.")
        if incoming.method == "GET" and "ci-process" in incoming.params:
            return self._matte(incoming)
        if not incoming.key:
            if incoming.method in ("GET", "HEAD"):
                return self._list(incoming)
        elif incoming.method in ("GET", "HEAD"):
            return self._read(incoming)
        elif incoming.method == "PUT":
            return self._write(incoming)
        elif incoming.method == "DELETE":
            return self._remove(incoming)
        raise Refusal(
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        )

    def _list(self, incoming: Incoming) -> Outgoing:
        encoding = incoming.params.get("encoding-type", "")
        if encoding not in ("", "url"):
            raise Refusal("InvalidArgument", "encoding-type must be url.")
        page = list_bucket(
            self.bucket.infos(),
            self.address.bucket,
            prefix=incoming.params.get("prefix", ""),
            marker=incoming.params.get("marker", ""),
            delimiter=incoming.params.get("delimiter", ""),
            max_keys=_max_keys(incoming.params.get("max-keys", "")),
            url_encoded=encoding == "url",
        )
        headers = {
            "Content-Type": "application/xml",
            "x-cos-bucket-region": self.address.region,
        }
        return Outgoing(headers=headers, body=page.to_xml())

    def _read(self, incoming: Incoming) -> Outgoing:
        stored = self._find(incoming.key)
        return Outgoing(
            headers={"Content-Type": stored.content_type, **_about(stored.info)},
            body=stored.data,
        )

    def _write(self, incoming: Incoming) -> Outgoing:
        kind = incoming.headers.get("content-type", "application/octet-stream")
        try:
            info = self.bucket.put(incoming.key, incoming.body, kind)
        except OptionsError as error:
            raise Refusal("InvalidObjectName", f"{error}.") from None
        except OSError as error:
            raise _read_only(error) from None
        return Outgoing(headers={"ETag": f'"{info.etag}"'})

    def _remove(self, incoming: Incoming) -> Outgoing:
        try:
            self.bucket.remove(incoming.key)
        except OSError as error:
            raise _read_only(error) from None
        return Outgoing(status=204)

    def _find(self, key: str) -> StoredObject:
        try:
            return self.bucket.get(key)
        except KeyError:
            message = "The specified key does not exist."
            raise Refusal("NoSuchKey", message) from None

    def _matte(self, incoming: Incoming) -> Outgoing:
        query = self._query(incoming)
        stored = self._find(self._own_key(query.url) if query.url else query.key)
        self._check_picture(stored.data)
        with self.places:
            rgba = self._cut(self._decode(stored.data))
            png = images.encode_png(self._lay_out(rgba, query.options))
        return Outgoing(
            headers={"Content-Type": "image/png", "Server": "tencent-ci"}, body=png
        )

    def _query(self, incoming: Incoming) -> MattingQuery:
        params = incoming.params
        if self.assumptions.bad_layout == "ignore":
            params = {n: v for n, v in params.items() if _is_fit(n, v)}
        try:
            return MattingQuery.from_parameters(incoming.key, params)
        except OptionsError as error:
            raise Refusal("InvalidArgument", f"{error}.") from None

    def _own_key(self, url: str) -> str:
        # Fetching any address that a request names would open this machine's network.
        try:
            parts = urlsplit(check_url(url))
        except OptionsError as error:
            raise Refusal("InvalidArgument", f"{error}.") from None
        if Address.from_host(parts.netloc) != self.address:
            raise Refusal(
                self.assumptions.foreign_url,
                "The emulator fetches detect-url from its own bucket alone.",
            )
        return parse_target(parts.path)[0]

    def _check_picture(self, data: bytes) -> None:
        try:
            header = images.read_header(data)
        except ImageError as error:
            code = "ImageTooLarge" if error.too_large else "InvalidImageFormat"
            raise Refusal(code, f"{error}.") from None
        if header.format not in self.assumptions.formats:
            raise Refusal(
                "InvalidImageFormat", f"{header.format} pictures are not supported."
            )
        short, long = sorted((header.height, header.width))
        if short < MIN_SIDE or short > MAX_SHORT_SIDE or long > MAX_LONG_SIDE:
            raise Refusal(
                "ImageTooLarge",
                f"The picture is {header.width} x {header.height} px; each side must "
                f"have {MIN_SIDE}, at most {MAX_LONG_SIDE} x {MAX_SHORT_SIDE}.",
            )
        if len(data) > MAX_BYTES:
            raise Refusal("ImageTooLarge", f"The picture has over {MAX_BYTES} bytes.")

    def _decode(self, data: bytes) -> NDArray[np.uint8]:
        try:
            upright = self.assumptions.orientation == "apply"
            return images.decode_rgb(data, upright=upright)
        except ImageError as error:
            raise Refusal(self.assumptions.damaged, f"{error}.") from None

    def _cut(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        rgba = cut_out(picture, self.engine)
        if self.assumptions.no_subject == "opaque" and not rgba[..., 3].any():
            opaque = np.full((*picture.shape[:2], 1), 255, np.uint8)
            return np.concatenate([picture, opaque], axis=2)
        return rgba

    def _lay_out(
        self, rgba: NDArray[np.uint8], options: MattingOptions
    ) -> NDArray[np.uint8]:
        assumed = self.assumptions
        if assumed.canvas == "subject" or (
            options.center and assumed.centering == "crop"
        ):
            rgba = crop_to_subject(rgba)
        elif options.center:
            rgba = center_subject(rgba)
        fill = (255, 255, 255, 255) if assumed.padding == "white" else (0, 0, 0, 0)
        return pad_canvas(rgba, options.padding, fill)


def _is_fit(name: str, value: str) -> bool:
    if name not in _LAYOUTS:
        return True
    try:
        MattingOptions.from_parameters({"ci-process": Operation.GENERAL, name: value})
    except OptionsError:
        return False
    return True


def _read_only(error: OSError) -> Refusal:
    return Refusal("AccessDenied", f"The emulator cannot write here: {error.strerror}.")


def _about(info: ObjectInfo) -> dict[str, str]:
    return {
        "ETag": f'"{info.etag}"',
        "Last-Modified": format_datetime(info.last_modified, usegmt=True),
    }


def _max_keys(text: str) -> int:
    if not text:
        return MAX_LIST
    if not (text.isascii() and text.isdigit() and len(text) < _MANY_DIGITS):
        raise Refusal("InvalidArgument", "max-keys must be a whole number.")
    return min(int(text), MAX_LIST)
