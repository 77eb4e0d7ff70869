"""The three ways of matting as questions: what is sent, how the answer is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from cosmat_nb.client.questions import refuse_document
from cosmat_nb.client.steps import Question, Reply
from cosmat_nb.errors import OptionsError, ProtocolError, ResultMissingError
from cosmat_nb.options import MattingOptions
from cosmat_nb.wire.address import check_bucket, check_key
from cosmat_nb.wire.markup import survives_xml
from cosmat_nb.wire.png import PngInfo, inspect_png
from cosmat_nb.wire.results import UploadResult
from cosmat_nb.wire.rules import MAX_RULES, PicOperations, Rule

if TYPE_CHECKING:
    from cosmat_nb.wire.operations import MattingQuery

__all__ = ["Png", "check_results", "download", "plan_results", "process", "upload"]


MAX_PNG = 512 << 20
"""Longest cutout that is read, bytes: 7680 × 4320 px with the widest padding, 16-bit
and not packed, has 489 million.
"""


class Png(NamedTuple):
    """A whole PNG and what its outside tells."""

    data: bytes
    info: PngInfo


def download(query: MattingQuery) -> Question[Png]:
    """Ask for the cutout of a picture while downloading."""
    return Question(
        about=f"matte {query.label!r}",
        read=_png,
        key=query.key,
        params=query.parameters,
        max_bytes=MAX_PNG,
    )


def upload(
    key: str, image: bytes, content_type: str, operations: PicOperations
) -> Question[UploadResult]:
    """Store a picture and one result made from it."""
    return Question(
        about=f"matte {key!r} while uploading, which may have stored it,",
        read=_result,
        method="PUT",
        key=check_key(key),
        headers={"Content-Type": content_type, "Pic-Operations": operations.header},
        body=image,
    )


def process(key: str, operations: PicOperations) -> Question[UploadResult]:
    """Make results from a stored picture, in the bucket."""
    return Question(
        about=f"matte {key!r} in the bucket",
        read=_result,
        method="POST",
        key=check_key(key),
        params={"image_process": ""},
        headers={"Pic-Operations": operations.header},
    )


def plan_results(
    key: str,
    results: Mapping[str, MattingOptions],
    *,
    own: str,
    bucket: str | None,
    picture_info: bool,
    overwrite: bool,
) -> PicOperations:
    """Turn the results that a caller wants into rules.

    Parameters
    ----------
    key : str
        The source.
    results : mapping of str to MattingOptions
        Options by the object key that the result is saved as.
    own : str
        The source's bucket.
    bucket : str, optional
        Another bucket for the results.
    picture_info : bool
        Whether the answer is to tell about the source.
    overwrite : bool
        Whether a result may take the source's place.

    Raises
    ------
    OptionsError
        For no mapping, no result or over five, illegal names, and a result in the
        source's place.
    """
    if not isinstance(results, Mapping):
        raise OptionsError(
            "results must be a mapping of object keys to MattingOptions; "
            f"not {type(results).__name__}"
        )
    if not 1 <= len(results) <= MAX_RULES:
        raise OptionsError(
            f"one call makes 1 to {MAX_RULES} results; not {len(results)}"
        )
    other = "" if bucket in (None, own) else check_bucket(bucket)
    for save_as, options in results.items():
        _check_result(save_as, options)
        if save_as == key and not other and not overwrite:
            raise OptionsError(
                f"{save_as!r} is the source itself: save under another key, or pass "
                "overwrite=True to lose the source"
            )
    rules = tuple(Rule.of(name, options, other) for name, options in results.items())
    return PicOperations(rules=rules, picture_info=picture_info)


def _check_result(save_as: str, options: MattingOptions) -> None:
    if not isinstance(options, MattingOptions):
        raise OptionsError(
            "results map object keys to MattingOptions; "
            f"not {type(save_as).__name__} to {type(options).__name__}"
        )
    if not survives_xml(str(save_as)):
        raise OptionsError(
            f"save_as {save_as!r} holds a character that XML cannot carry: the "
            "answer could not name it"
        )


def check_results(result: UploadResult, operations: PicOperations, about: str) -> None:
    """Compare what came with what was asked for.

    Raises
    ------
    ResultMissingError
        When a result is not named in the answer.
    """
    # The vendor's own example tells another key than its location.
    told = [f"/{picture.key}" for picture in result.objects]
    places = [picture.location.partition("/")[2] for picture in result.objects]
    told += [f"/{place}" for path in places for place in (path, unquote(path))]
    missing = tuple(
        rule.fileid.removeprefix("/")
        for rule in operations.rules
        if rule.fileid not in told
    )
    if not missing:
        return
    why = ""
    if not result.objects:
        why = "; no result came at all: the bucket may not be bound to Cloud Infinite"
    raise ResultMissingError(
        f"{about}: the answer does not name {', '.join(map(repr, missing))}{why}",
        missing=missing,
        result=result,
        status=200,
        request_id=result.request_id,
        attempts=result.attempts,
    )


def _png(reply: Reply) -> Png:
    refuse_document(reply)
    info = inspect_png(reply.body)
    if not info.has_alpha:
        # A whole picture of the wrong kind: asking again would pay for another one.
        message = "expected a PNG with an alpha channel; it has none"
        raise ProtocolError(message, heals=False)
    return Png(reply.body, info)


def _result(reply: Reply) -> UploadResult:
    try:
        return UploadResult.from_xml(reply.body)
    except ProtocolError as error:
        refuse_document(reply)
        # The results may be in the bucket already: asking again would pay again.
        raise ProtocolError(error.message, heals=False) from None
