"""What a check-up looks at, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["TOPICS", "Finding"]

TOPICS = ("reach", "clock", "credentials", "bucket", "region", "listing", "matting")
"""What is looked at, in this order."""

_MARKS = MappingProxyType({True: "ok", False: "FAIL", None: "?"})


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found on one topic.

    Attributes
    ----------
    topic : str
        One of `TOPICS`.
    ok : bool or None
        None when it cannot be told, or is missing and not needed for matting.
    words : str
        What was found.
    cure : str
        What to do; may be empty.
    """

    topic: str
    ok: bool | None
    words: str
    cure: str = ""

    @property
    def mark(self) -> str:
        """``ok``, ``FAIL`` or ``?``."""
        return _MARKS[self.ok]

    def __str__(self) -> str:
        line = f"{self.mark:<4}  {self.topic:<11}  {self.words}"
        return f"{line}\n{'':19}to do: {self.cure}" if self.cure else line
