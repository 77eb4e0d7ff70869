"""The distinct keys of a frame, as a picker searches and shows them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column
from cosmat_nb.places import shown_place, whole_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KeyList", "Matches"]

MOST_MATCHES = 50
"""Keys sent to the page at once: more than a list on a screen shows."""


class Matches(NamedTuple):
    """What a search found.

    Attributes
    ----------
    total : int
        How many keys match.
    first : list of tuple
        ``(position, text)`` of the first `MOST_MATCHES` of them, in the frame's order,
        but for a key that is the very text: it comes first.
    """

    total: int
    first: list[tuple[int, str]]


class KeyList:
    """Keys by position; safe to read from several threads.

    Parameters
    ----------
    frame : DataFrame
        One picture a row. Cells that are no string are left out, and of rows with the
        same key the first counts.
    column : str
        Holds the keys.

    Raises
    ------
    OptionsError
        When there is no such column, or no key in it.

    Examples
    --------
    >>> import pandas as pd
    >>> keys = KeyList(pd.DataFrame({"key": ["b/Mug.jpg", None, "a.png"]}), "key")
    >>> len(keys), keys.search("mug b").first
    (2, [(0, 'b/Mug.jpg')])
    """

    def __init__(self, frame: pd.DataFrame, column: str) -> None:
        values = check_column(frame, column, "pass column=").tolist()
        rows: dict[str, int] = {}
        for row, value in enumerate(values):
            if isinstance(value, str):
                rows.setdefault(value, row)
        if not rows:
            raise OptionsError(f"column {column!r} has no key: there is nothing to see")
        names = [column, *(["etag"] if "etag" in frame.columns else [])]
        self._frame = frame[list(dict.fromkeys(names))].copy()
        self._rows = list(rows.values())
        self._keys = list(rows)
        self._positions = {key: place for place, key in enumerate(self._keys)}
        self._shown = [whole_text(shown_place(key)) for key in self._keys]
        self._folded = [text.casefold() for text in self._shown]

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, position: int) -> str:
        return self._keys[position]

    def shown(self, position: int) -> str:
        """Return a key as it may be shown: an address without its query."""
        return self._shown[position]

    def position(self, key: str) -> int:
        """Return where a key is.

        Raises
        ------
        OptionsError
            When it is not in the list.
        """
        try:
            return self._positions[key]
        except (KeyError, TypeError):
            shown = shown_place(key) if isinstance(key, str) else repr(key)
            raise OptionsError(
                f"the frame has no key {shown[:80]!r}; it has {len(self):,} others"
            ) from None

    def row(self, position: int) -> pd.DataFrame:
        """Return a frame of one row: the key's, and its ETag where there is one."""
        row = self._rows[position]
        return self._frame.iloc[row : row + 1]

    def head(self, count: int) -> pd.DataFrame:
        """Return a frame of the first `count` keys, as `row` does of one."""
        return self._frame.iloc[self._rows[:count]]

    def search(self, text: str) -> Matches:
        """Find the keys that hold every word of a text, in any case and order.

        Parameters
        ----------
        text : str
            Words between blanks; without any, all keys match.
        """
        words = text.casefold().split()
        found = [
            place
            for place, folded in enumerate(self._folded)
            if all(word in folded for word in words)
        ]
        whole = text.strip()
        found.sort(key=lambda place: self._shown[place].strip() != whole)
        first = [(place, self._shown[place]) for place in islice(found, MOST_MATCHES)]
        return Matches(len(found), first)
