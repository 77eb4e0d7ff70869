"""What was used last, within a bound."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["Recent"]

T = TypeVar("T")


class Recent(Generic[T]):
    """Values by name, in any thread; those not asked for longest go first.

    Parameters
    ----------
    most : int
        How many are kept.

    Examples
    --------
    >>> recent = Recent(2)
    >>> [recent.keep(name, name.upper()) for name in "abc"]
    ['A', 'B', 'C']
    >>> recent.get("a"), recent.get("b")
    (None, 'B')
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: Hashable) -> T | None:
        """Return what is kept under a name, if it is still there."""
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
            return self._kept.get(name)

    def keep(self, name: Hashable, value: T) -> T:
        """Keep a value, and return it."""
        with self._lock:
            self._kept[name] = value
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return value
