"""Every call of a client as steps for a driver: no input or output, no waiting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cosmat_nb import errors
from cosmat_nb.client import matting, questions
from cosmat_nb.client.checkup import Checkup, examine
from cosmat_nb.client.link import Link
from cosmat_nb.client.protocol import SKEW_SECONDS, Speaker
from cosmat_nb.cutout import Cutout
from cosmat_nb.places import is_address
from cosmat_nb.wire.address import check_key
from cosmat_nb.wire.deletion import MAX_DELETE, DeleteFailure, DeleteResult
from cosmat_nb.wire.operations import MattingQuery
from cosmat_nb.wire.picture import PictureInfo, read_picture
from cosmat_nb.wire.presign import presigned_target
from cosmat_nb.wire.url import check_public, check_url, origin_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cosmat_nb.client.questions import Part
    from cosmat_nb.client.steps import Answer, Question, Steps
    from cosmat_nb.options import MattingOptions, Operation
    from cosmat_nb.wire.address import Address
    from cosmat_nb.wire.limits import Limits
    from cosmat_nb.wire.results import UploadResult
    from cosmat_nb.wire.rules import PicOperations

__all__ = ["Verbs"]

T = TypeVar("T")

HEAD_BYTES = 65_536
"""How much of a picture `Verbs.probe` asks for first."""

MAX_HEAD = 4 << 20
"""Where `Verbs.probe` gives up: no camera writes metadata of this length."""

MAX_LIFE = 366 * 86_400
"""Longest life of a link, seconds: this package's own limit."""

_KINDS = {"JPEG": "image/jpeg", "PNG": "image/png"}
_UNKNOWN_KIND = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbs:
    """What a client can do, as generators that a driver runs.

    Attributes
    ----------
    speaker : Speaker
        Signs, judges and tries again.
    address : Address
        Bucket and region.
    endpoint : str
        Where requests go; links lead there, and addresses there are never private.
    limits : Limits or None
        Checked before a picture is uploaded; None checks nothing.
    private_urls : bool
        Whether ``detect-url`` may name private hosts.
    service : str
        Who answers, noted on cutouts.
    """

    speaker: Speaker
    address: Address
    endpoint: str
    limits: Limits | None
    private_urls: bool
    service: str

    def check_place(self, place: str) -> str:
        """Refuse a key or an address that the service would not take."""
        if not is_address(place):
            return check_key(place)
        url = check_url(place)
        own = origin_of(url) == origin_of(self.endpoint)
        return url if own or self.private_urls else check_public(url)

    def check(self, who: str, prefix: str, operation: Operation) -> Steps[Checkup]:
        """Find out what keeps a client from matting."""
        return examine(
            self.speaker, self.address, who, prefix=prefix, operation=operation
        )

    def matte(
        self,
        key: str,
        options: MattingOptions,
        source: Callable[[str], bytes] | None = None,
    ) -> Steps[Cutout]:
        """Cut out a stored picture; `source` is the cutout's way back to it."""
        return self._cut(MattingQuery.of_key(key, options), source)

    def matte_url(self, url: str, options: MattingOptions) -> Steps[Cutout]:
        """Cut out a picture by its address."""
        query = MattingQuery.of_url(url, options)
        self.check_place(query.url)
        return self._cut(query)

    def matte_upload(
        self,
        key: str,
        image: bytes | Path,
        results: Mapping[str, MattingOptions],
        *,
        bucket: str | None,
        picture_info: bool,
        overwrite: bool,
    ) -> Steps[UploadResult]:
        """Store a picture and one cutout of it."""
        operations = self._plan(key, results, bucket, picture_info, overwrite)
        data = _read_image(image)
        question = matting.upload(key, data, self._inspect(data, key), operations)
        return self._store(question, operations)

    def matte_stored(
        self,
        key: str,
        results: Mapping[str, MattingOptions],
        *,
        bucket: str | None,
        picture_info: bool,
        overwrite: bool,
    ) -> Steps[UploadResult]:
        """Make cutouts of a stored picture, in the bucket."""
        operations = self._plan(key, results, bucket, picture_info, overwrite)
        return self._store(matting.process(key, operations), operations)

    def probe(self, key: str) -> Steps[PictureInfo]:
        """Read a picture's format and size from its first bytes."""
        head, wanted = b"", HEAD_BYTES
        while True:
            try:
                part: Part = yield from self.ask(
                    questions.fetch_part(key, len(head), wanted)
                )
            except errors.InvalidRequestError as error:
                # Of an object without bytes there is no range.
                if head or error.code != "InvalidRange":
                    raise
                part = questions.Part(b"", 0)
            head += part.data
            info = read_picture(head, part.size)
            if isinstance(info, PictureInfo):
                return info
            wanted = max(info.at_least, 2 * len(head))
            if info.at_least > MAX_HEAD:
                raise errors.ImageError(
                    f"the header of {key!r} did not end within {MAX_HEAD} bytes"
                )

    def fetch(self, key: str, start: int, stop: int | None) -> Steps[bytes]:
        """Download an object or a part of it."""
        if start == 0 and stop is None:
            return self.ask(questions.fetch(key))
        return self._fetch_part(key, start, stop)

    def delete_objects(self, keys: Iterable[str]) -> Steps[DeleteResult]:
        """Remove many objects, 1000 a request."""
        try:
            asked = tuple(dict.fromkeys([keys] if isinstance(keys, str) else keys))
        except TypeError:
            raise errors.OptionsError(
                f"keys must be object keys; not {type(keys).__name__}"
            ) from None
        pages = [
            questions.delete_many(asked[first : first + MAX_DELETE])
            for first in range(0, len(asked), MAX_DELETE)
        ]
        deleted: list[str] = []
        failed: list[DeleteFailure] = []
        for page in pages:
            result: DeleteResult = yield from self.ask(page)
            deleted += result.deleted
            failed += result.failed
        return DeleteResult(deleted=tuple(deleted), failed=tuple(failed))

    def presign(self, key: str, options: MattingOptions | None, expires: float) -> Link:
        """Make a link; sends nothing."""
        if isinstance(expires, bool) or not (
            isinstance(expires, (int, float)) and 1 <= expires <= MAX_LIFE
        ):
            raise errors.OptionsError(
                f"expires must be 1 to {MAX_LIFE} seconds; not {expires!r:.20}"
            )
        key, params = check_key(key), {}
        if options is not None:
            params = MattingQuery.of_key(key, options).parameters
        credentials, now = self.speaker.keys.current(), self.speaker.time.now()
        # A link cannot outlive the temporary keys that signed it.
        end = credentials.expires
        ends = now + expires if end is None else min(now + expires, end)
        target = presigned_target(
            credentials,
            key,
            params,
            host=self.endpoint.partition("//")[2],
            period=(int(now) - SKEW_SECONDS, int(ends)),
        )
        return Link(
            place=key,
            url=self.endpoint + target,
            expires_at=float(int(ends)),
            now=self.speaker.time.now,
        )

    def ask(self, question: Question[T]) -> Steps[T]:
        """Ask, and return the value alone."""
        answer: Answer[T] = yield from self.speaker.ask(question)
        return answer.value

    def _cut(
        self, query: MattingQuery, source: Callable[[str], bytes] | None = None
    ) -> Steps[Cutout]:
        answer = yield from self.speaker.ask(matting.download(query))
        data, info = answer.value
        return Cutout(
            place=query.label,
            options=query.options,
            data=data,
            height=info.height,
            width=info.width,
            is_empty=info.is_empty,
            nbytes=len(data),
            request_id=answer.request_id,
            service=self.service,
            attempts=answer.attempts,
            source=source,
        )

    def _plan(
        self,
        key: str,
        results: Mapping[str, MattingOptions],
        bucket: str | None,
        picture_info: bool,
        overwrite: bool,
    ) -> PicOperations:
        return matting.plan_results(
            check_key(key),
            results,
            own=self.address.bucket,
            bucket=bucket,
            picture_info=picture_info,
            overwrite=overwrite,
        )

    def _inspect(self, data: bytes, key: str) -> str:
        """Hold a picture to the limits and tell its content type."""
        try:
            info = read_picture(data, len(data))
        except errors.ImageError:
            if self.limits is None:
                return _UNKNOWN_KIND
            raise
        assert isinstance(info, PictureInfo), "a whole file needs no more bytes"
        if self.limits is not None:
            self.limits.check(info, key)
        return _KINDS.get(info.format or "", _UNKNOWN_KIND)

    def _store(
        self, question: Question[UploadResult], operations: PicOperations
    ) -> Steps[UploadResult]:
        answer = yield from self.speaker.ask(question)
        result = replace(
            answer.value, request_id=answer.request_id, attempts=answer.attempts
        )
        matting.check_results(result, operations, question.about)
        return result

    def _fetch_part(self, key: str, start: int, stop: int | None) -> Steps[bytes]:
        part = yield from self.ask(questions.fetch_part(key, start, stop))
        return part.data


def _read_image(image: bytes | Path) -> bytes:
    if isinstance(image, (bytes, bytearray, memoryview)):
        return bytes(image)
    if not isinstance(image, (str, Path)):
        raise errors.OptionsError(
            f"image must be bytes or a path; not {type(image).__name__}"
        )
    try:
        return Path(image).expanduser().read_bytes()
    except (OSError, RuntimeError, ValueError) as error:
        # The last: a path with a null byte in it.
        reason = getattr(error, "strerror", None) or error
        raise errors.OptionsError(f"cannot read {image}: {reason}") from None
