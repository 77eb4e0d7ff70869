"""A link: an address that carries a right for a while."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Link"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A presigned address: whoever holds it may use it until it ends.

    A link with matting options spends money each time it is opened; and so can any
    link, because a signature holds for parameters that are added to it. Its `url` is
    a secret and is not shown.

    Attributes
    ----------
    place : str
        Object key that it opens.
    url : str
        The address with its signature.
    expires_at : float
        When it ends, Unix seconds.
    now : callable
        Unix seconds by the clock that it was signed by.
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
        life = f"{math.ceil(self.remaining)} s left" if self.remaining else "over"
        return f"Link({self.place!r} at {urlsplit(self.url).netloc}, {life})"

    def _repr_html_(self) -> str:
        return f"<code>{html.escape(repr(self))}</code>"
