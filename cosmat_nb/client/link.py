"""A link: an address that carries a right for a while."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Link"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A presigned address: whoever holds it may use it until it ends.

    A link with matting options spends money each time it is opened. Its `url` is a
    secret and is not shown.

    Attributes
    ----------
    place : str
        Object key that it opens.
    url : str
        The address with its signature.
    expires_at : float
        When it ends, Unix seconds.
    """

    place: str
    url: str = field(repr=False)
    expires_at: float
    now: Callable[[], float] = field(repr=False, compare=False)

    @property
    def remaining(self) -> float:
        """Seconds that it still opens; 0 when it is over."""
        return max(0.0, self.expires_at - self.now())

    def __repr__(self) -> str:
        life = f"{self.remaining:.0f} s left" if self.remaining else "over"
        return f"Link({self.place!r} at {urlsplit(self.url).netloc}, {life})"

    def _repr_html_(self) -> str:
        return f"<code>{html.escape(repr(self))}</code>"
