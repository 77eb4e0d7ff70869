"""A plan: what a batch would do and cost, shown before anything is paid."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from cosmat_nb.store.price import Price

__all__ = ["Plan"]

_UNITS = ("B", "kB", "MB", "GB", "TB")
_THOUSAND = 1000
_MINUTE = 60
_TIMES = ((1, "s"), (_MINUTE, "min"), (3600, "h"), (86_400, "d"))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Plan:
    """What `plan_frame` found out; shows itself as text and as a table.

    ``rows == stored + to_call + sum(refused.values()) + duplicates``.

    Attributes
    ----------
    service : str
        Who would answer.
    rows : int
        Of the frame.
    pictures : int
        Distinct ones that the rows name.
    duplicates : int
        Rows that name a picture which an earlier row names; they cost nothing.
    stored : int
        Pictures whose cutout is in the store; they cost nothing.
    to_call : int
        Pictures to ask for.
    calls : int
        Paid calls for them, without attempts that a failure makes necessary. More than
        `to_call` where several results are kept in the bucket.
    refused : dict of str to int
        Rows that would not be sent, by reason; without rows of duplicates.
    cost : float
        Of `calls`, in the price's currency; NaN where a price is unknown.
    price : Price
        Which it is reckoned with, most often unverified.
    nbytes : int or None
        Of all answers, from the mean of earlier ones; None where there are none.
    seconds : float or None
        Until all are there, likewise, with as many in flight as the client allows.
    notes : tuple of str
        What should be known besides.
    table : DataFrame
        As `to_frame` returns it.
    """

    service: str
    rows: int
    pictures: int
    duplicates: int
    stored: int
    to_call: int
    calls: int
    refused: Mapping[str, int]
    cost: float
    price: Price
    nbytes: int | None
    seconds: float | None
    notes: tuple[str, ...]
    table: pd.DataFrame = field(compare=False)

    def __str__(self) -> str:
        lines = self._lines()
        wide = max(len(name) for name, _, _ in lines)
        high = max(len(value) for _, value, _ in lines)
        shown = [
            f"{name:<{wide}}  {value:>{high}}  {words}".rstrip()
            for name, value, words in lines
        ]
        notes = [f"note: {note}" for note in self.notes]
        return "\n".join([f"plan for {self.service}", *shown, *notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        left = "style='text-align:left'"
        rows = "".join(
            f"<tr><th>{name}</th><td>{html.escape(value)}</td>"
            f"<td {left}>{html.escape(words)}</td></tr>"
            for name, value, words in self._lines()
        )
        notes = "".join(f"<div>{html.escape(note)}</div>" for note in self.notes)
        caption = f"<caption>plan for {html.escape(self.service)}</caption>"
        return f"<table>{caption}{rows}</table>{notes}"

    def to_frame(self) -> pd.DataFrame:
        """Return what is planned for each row.

        Returns
        -------
        DataFrame
            With the frame's index: its column of keys, ``plan`` (``stored``, ``call``,
            ``refused``, ``duplicate``) and ``reason`` (str, missing unless refused).
        """
        return self.table.copy()

    def _lines(self) -> list[tuple[str, str, str]]:
        reasons = "; ".join(f"{why} ({n:,})" for why, n in self.refused.items())
        known = "verified" if self.price.verified else "UNVERIFIED price"
        several = "" if self.calls == self.to_call else f"{self.calls:,} paid calls"
        return [
            ("rows", f"{self.rows:,}", ""),
            ("pictures", f"{self.pictures:,}", ""),
            ("duplicates", f"{self.duplicates:,}", ""),
            ("stored", f"{self.stored:,}", ""),
            ("refused", f"{sum(self.refused.values()):,}", reasons),
            ("to call", f"{self.to_call:,}", several),
            ("cost", self.price.show(self.cost), f"{known}, {self.price.as_of}"),
            ("bytes", show_bytes(self.nbytes), ""),
            ("time", show_seconds(self.seconds), ""),
        ]


def show_bytes(nbytes: float | None) -> str:
    """Write a number of bytes with a decimal unit.

    Examples
    --------
    >>> show_bytes(1_234_000), show_bytes(0), show_bytes(None)
    ('1.2 MB', '0 B', 'unknown')
    """
    if nbytes is None or math.isnan(nbytes):
        return "unknown"
    power, size = 0, float(nbytes)
    while round(size) >= _THOUSAND and power < len(_UNITS) - 1:
        power, size = power + 1, size / _THOUSAND
    return f"{size:.{1 if power else 0}f} {_UNITS[power]}"


def show_seconds(seconds: float | None) -> str:
    """Write a time in its two largest units.

    Examples
    --------
    >>> show_seconds(0.4), show_seconds(75), show_seconds(7322), show_seconds(None)
    ('0.4 s', '1 min 15 s', '2 h 2 min', 'unknown')
    """
    if seconds is None or math.isnan(seconds):
        return "unknown"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    large = sum(seconds >= length for length, _ in _TIMES) - 1
    (length, name), (rest_length, rest_name) = _TIMES[large], _TIMES[large - 1]
    whole, rest = divmod(int(seconds), length)
    return f"{whole} {name} {rest // rest_length} {rest_name}"
