"""Pic-Operations: what is to be made of a picture that is stored, and where it goes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError
from cosmat_nb.options import MattingOptions, parse_rule
from cosmat_nb.wire.address import check_key

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MAX_HEADER", "MAX_RULES", "PicOperations", "Rule"]

MAX_RULES = 5
"""Most rules of one call in the cloud; while uploading there is one (vendor's page)."""

MAX_HEADER = 4096
"""Longest header sent, bytes: this package's own limit; the vendor names none."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One result to make.

    Parameters
    ----------
    fileid : str
        Where it goes: from the bucket's root with a leading ``/``, else from the source
        object's folder.
    text : str
        The rule itself, as ``ci-process=AIPicMatting&center-layout=1``.
    bucket : str, default ""
        ``name-appid`` of another bucket; empty for the source's own.
    ignore_error : bool, default False
        Whether ``"ignore-error": 1`` stands in it: a sibling's page shows that and does
        not explain it. Never sent, and no part of what is asked for.

    Examples
    --------
    >>> rule = Rule("cut/mug.png", "ci-process=AIPicMatting")
    >>> rule.target("p1/mug.jpg")
    'p1/cut/mug.png'
    >>> rule.options == MattingOptions()
    True
    """

    fileid: str
    text: str
    bucket: str = ""
    ignore_error: bool = field(default=False, compare=False)

    @classmethod
    def of(cls, save_as: str, options: MattingOptions, bucket: str = "") -> Rule:
        """Build a rule from a whole object key, always sent from the bucket's root.

        Raises
        ------
        OptionsError
            When `save_as` breaks a naming rule or ends in ``/``.
        """
        if check_key(save_as).endswith("/"):
            raise OptionsError(
                f"save_as must name an object, not a folder; {save_as!r} ends in /"
            )
        return cls(f"/{save_as}", options.rule, bucket)

    @property
    def parameters(self) -> dict[str, str]:
        """The rule's parameters by name, unread.

        Raises
        ------
        OptionsError
            When a part is not ``name=value``.
        """
        return parse_rule(self.text)

    @property
    def options(self) -> MattingOptions:
        """The rule's text, read.

        Raises
        ------
        OptionsError
            When it is malformed.
        """
        return MattingOptions.from_parameters(self.parameters)

    def target(self, source: str) -> str:
        """Object key of the result for a source key.

        Raises
        ------
        OptionsError
            When the result would have no legal name.
        """
        if self.fileid.startswith("/"):
            key = self.fileid[1:]
        else:
            # Keys are not paths: a folder may end in several slashes.
            key = source[: source.rfind("/") + 1] + self.fileid
        if not key or key.endswith("/"):
            raise OptionsError(f"fileid {self.fileid!r} ends in an empty file name")
        return check_key(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class PicOperations:
    """The ``Pic-Operations`` header: results to make while a picture is stored.

    Parameters
    ----------
    rules : tuple of Rule
        One while uploading, up to five in the cloud.
    picture_info : bool, default False
        Whether the answer tells about the source picture as well.

    Examples
    --------
    >>> rule = Rule.of("cut/a.png", MattingOptions(center=True))
    >>> operations = PicOperations(rules=(rule,))
    >>> PicOperations.from_header(operations.header) == operations
    True
    """

    rules: tuple[Rule, ...]
    picture_info: bool = False

    @property
    def header(self) -> str:
        """The header's value: JSON in ASCII, because headers carry nothing else safely.

        Raises
        ------
        OptionsError
            When it is longer than `MAX_HEADER`.
        """
        rules = [
            {
                **({"bucket": rule.bucket} if rule.bucket else {}),
                "fileid": rule.fileid,
                "rule": rule.text,
            }
            for rule in self.rules
        ]
        document = {"is_pic_info": int(self.picture_info), "rules": rules}
        text = json.dumps(document, ensure_ascii=True, separators=(",", ":"))
        if len(text) > MAX_HEADER:
            raise OptionsError(
                f"Pic-Operations of {len(text)} bytes: at most {MAX_HEADER} are sent; "
                "use shorter names or fewer results a call"
            )
        return text

    @classmethod
    def from_header(cls, header: str) -> PicOperations:
        """Read the header; keys it does not know are ignored.

        Raises
        ------
        OptionsError
            When it is not such a JSON text, or a rule lacks ``fileid`` or ``rule``.
        """
        try:
            document = json.loads(header)
        except (ValueError, RecursionError):
            raise OptionsError("Pic-Operations must be JSON") from None
        if not isinstance(document, dict):
            raise OptionsError("Pic-Operations must be a JSON object")
        rules = document.get("rules") or []
        if not isinstance(rules, list):
            raise OptionsError("rules of Pic-Operations must be a list")
        flag = document.get("is_pic_info", 0)
        if flag not in (0, 1, "0", "1"):
            raise OptionsError("is_pic_info of Pic-Operations must be 0 or 1")
        return cls(rules=tuple(_rules(rules)), picture_info=flag in (1, "1"))


def _rules(rows: list[object]) -> Iterable[Rule]:
    for row in rows:
        if not isinstance(row, dict):
            raise OptionsError("each rule of Pic-Operations must be a JSON object")
        fileid, text, bucket = (
            row.get(name, "") for name in ("fileid", "rule", "bucket")
        )
        if not all(isinstance(value, str) for value in (fileid, text, bucket)):
            raise OptionsError("fileid, rule and bucket of a rule must be text")
        if not (fileid and text):
            raise OptionsError("each rule of Pic-Operations needs a fileid and a rule")
        ignore_error = row.get("ignore-error") in (1, "1")
        yield Rule(fileid, text, bucket, ignore_error)
