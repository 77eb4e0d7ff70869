"""Matting while uploading and in the cloud: results that stay in a bucket."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cosmat_nb import images
from cosmat_nb.emulator.messages import Incoming, Outgoing, read_utf8
from cosmat_nb.emulator.objects import XML
from cosmat_nb.emulator.refusal import Refusal
from cosmat_nb.errors import ImageError, OptionsError
from cosmat_nb.wire.results import StoredPicture, UploadResult
from cosmat_nb.wire.rules import MAX_RULES, PicOperations, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosmat_nb.emulator.assumptions import Assumptions
    from cosmat_nb.emulator.bucket import StoredObject
    from cosmat_nb.emulator.cutting import Cutter, Cutting
    from cosmat_nb.emulator.objects import Objects
    from cosmat_nb.wire.address import Address
    from cosmat_nb.wire.documents import ObjectInfo

__all__ = ["Storing"]

_TOO_MANY = "-60997"


@dataclass(frozen=True, slots=True)
class _Made:
    """One result, made and not yet kept."""

    place: Objects
    key: str
    png: bytes
    billed: int

    def find_previous(self) -> StoredObject | None:
        with suppress(KeyError):
            return self.place.bucket.get(self.key)
        return None

    def undo(self, previous: StoredObject | None) -> None:
        with suppress(Refusal, OSError):
            if previous is None:
                self.place.bucket.remove(self.key)
            else:
                kind, headers = previous.content_type, dict(previous.headers)
                self.place.put(self.key, previous.data, kind, headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storing:
    """``PUT`` with ``Pic-Operations`` and ``POST ?image_process``.

    Attributes
    ----------
    shelves : mapping of str to Objects
        The objects of each bucket by its name.
    cutter : Cutter
        The picture work.
    assumptions : Assumptions
        How open points are played.
    """

    shelves: Mapping[str, Objects]
    cutter: Cutter
    assumptions: Assumptions

    def upload(self, incoming: Incoming, source: Objects) -> Outgoing:
        """Keep a picture and one result made from it."""
        operations = self._operations(incoming, most=1)
        if self.assumptions.failed_upload == "keep":
            info = source.keep(incoming)
            made = self._make(incoming.body, incoming.key, source, operations)
        else:  # a refusal must not cost what was there before
            made = self._make(incoming.body, incoming.key, source, operations)
            info = source.keep(incoming)
        return self._answer(operations, source.address, info, incoming.body, made)

    def process(self, incoming: Incoming, source: Objects) -> Outgoing:
        """Make up to five results from a picture that is stored."""
        operations = self._operations(incoming, most=MAX_RULES)
        stored = source.find(incoming.key)
        made = self._make(stored.data, incoming.key, source, operations)
        return self._answer(operations, source.address, stored.info, stored.data, made)

    def _operations(self, incoming: Incoming, most: int) -> PicOperations:
        header = read_utf8(incoming.headers.get("pic-operations", ""))
        if self.assumptions.encoded_operations == "decode":
            header = _decoded(header)
        try:
            operations = PicOperations.from_header(header)
        except OptionsError as error:
            raise Refusal("InvalidPicOperations", f"{error}.") from None
        if len(operations.rules) > most:
            raise Refusal(
                self.assumptions.many_rules,
                f"Pic-Operations holds {len(operations.rules)} rules, at most {most}.",
                headers={"X-ErrNo": _TOO_MANY},
            )
        return operations

    def _make(
        self, data: bytes, key: str, source: Objects, operations: PicOperations
    ) -> list[_Made]:
        if not operations.rules:
            return []
        # All are made before any is kept, so that a refusal leaves nothing behind.
        cutting = self.cutter.cut(data)
        made = []
        for rule in operations.rules:
            try:
                made.append(self._make_one(cutting, rule, key, source))
            except Refusal:
                if not self._may_fail(rule, operations):
                    raise
        return made

    def _may_fail(self, rule: Rule, operations: PicOperations) -> bool:
        if rule.ignore_error and self.assumptions.ignore_error == "obey":
            return True
        several = len(operations.rules) > 1
        return several and self.assumptions.failed_rule == "omit"

    def _make_one(
        self, cutting: Cutting, rule: Rule, key: str, source: Objects
    ) -> _Made:
        place = self.shelves.get(rule.bucket) if rule.bucket else source
        if place is None:
            raise Refusal("NoSuchBucket", "The specified bucket does not exist.")
        try:
            target, params = rule.target(key), rule.parameters
        except OptionsError as error:
            raise Refusal("InvalidPicOperations", f"{error}.") from None
        options = self.cutter.read_options(params)
        png = self.cutter.encode(cutting, options)
        return _Made(place, target, png, cutting.billed)

    def _answer(
        self,
        operations: PicOperations,
        address: Address,
        info: ObjectInfo,
        data: bytes,
        made: list[_Made],
    ) -> Outgoing:
        original = _stored(address, info)
        if operations.picture_info:
            original = _described(original, data)
        result = UploadResult(original=original, objects=self._keep_all(made))
        return Outgoing(
            headers={"Content-Type": XML, "Server": "tencent-ci", "Status": "200 OK"},
            body=result.to_xml(),
            billed=sum(row.billed for row in made),
        )

    def _keep_all(self, made: list[_Made]) -> tuple[StoredPicture, ...]:
        before = [row.find_previous() for row in made]
        try:
            return tuple(map(self._keep, made))
        except Refusal:
            for row, stored in zip(made, before, strict=True):
                row.undo(stored)
            raise

    def _keep(self, row: _Made) -> StoredPicture:
        info = row.place.put(row.key, row.png, "image/png")
        stored = replace(_stored(row.place.address, info), size=info.size)
        if self.assumptions.results == "sparse":
            return stored
        header = images.read_header(row.png)
        return replace(
            stored,
            format="png",
            height=header.height,
            width=header.width,
            quality=header.quality,
        )


def _stored(address: Address, info: ObjectInfo) -> StoredPicture:
    return StoredPicture(
        key=info.key, location=f"{address.host}/{info.key}", etag=info.etag
    )


def _described(original: StoredPicture, data: bytes) -> StoredPicture:
    try:
        header = images.read_header(data)
        mean = images.decode_rgb(data).reshape(-1, 3).mean(axis=0)
    except ImageError:
        return original  # without rules nobody asked whether it is a picture
    return replace(
        original,
        format=header.format,
        height=header.height,
        width=header.width,
        quality=header.quality,
        color="0x" + "".join(f"{round(value):02x}" for value in mean.tolist()),
        orientation=header.orientation,
    )


def _decoded(header: str) -> str:
    try:
        return base64.b64decode(header, validate=True).decode()
    except (binascii.Error, ValueError):
        return header
