"""A frame's rows as a gallery tells them: names, numbers, findings."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column
from cosmat_nb.places import shown_place, shown_text, whole_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from cosmat_nb.view.gallery.badges import Badges

__all__ = [
    "Metric",
    "Rows",
    "as_numbers",
    "check_captions",
    "is_single",
]

CAPTIONS = ("coverage", "soft_fraction", "edge_width")
"""Columns that tiles quote unless others are named."""

MOST_CAPTIONS = 6
"""More lines would leave no room for pictures."""

_NUMBERS = {"boolean", "decimal", "floating", "integer", "mixed-integer-float"}
_OTHERS = {
    "string": "text",
    "categorical": "text",
    "date": "time",
    "datetime": "time",
    "datetime64": "time",
    "timedelta": "time",
    "timedelta64": "time",
}
_REQUEST = re.compile(r", request [^,\]]+(?=[,\]])")
_TINY = 0.0005
_LONGEST = 300


class Metric(NamedTuple):
    """A column that rows can be sorted by.

    Attributes
    ----------
    name : str
        Of the column, as text.
    kind : str
        ``number``, ``text`` or ``time``; numbers can be filtered by their range.
    low, high : float or None
        Least and largest finite number; None for other kinds.
    """

    name: str
    kind: str
    low: float | None = None
    high: float | None = None


class Rows:
    """What is known of each row, by its position in the frame.

    Parameters
    ----------
    frame : DataFrame
        A result frame. What its owner does to it later does not matter here.
    captions : tuple of str
        Columns that tiles quote.
    badges : Badges
        Findings by position.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        captions: tuple[str, ...],
        badges: Badges,
    ) -> None:
        self.frame = frame.copy(deep=False)
        self.captions = tuple(map(_shown_name, captions))
        self.badges = badges
        self._cutouts = list(frame["cutout"])
        self._keys = list(frame["key"]) if is_single(frame, "key") else []
        self._errors = list(frame["error"]) if is_single(frame, "error") else []

    def __len__(self) -> int:
        return len(self._cutouts)

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """Columns to sort by, in the frame's order, by their name as text."""
        found = [_read_metric(name, values) for name, values in self._columns.items()]
        return {metric.name: metric for metric in found if metric is not None}

    @cached_property
    def statuses(self) -> list[str]:
        """Status of each row; ``ok`` where the frame says nothing."""
        if not is_single(self.frame, "status"):
            return ["ok"] * len(self)
        values = list(self.frame["status"])
        words = {value: _written(value) for value in dict.fromkeys(values)}
        return [words[value] for value in values]

    @cached_property
    def folded(self) -> list[str]:
        """Shown name of each row without case, to be searched."""
        return [self.name(position).casefold() for position in range(len(self))]

    def column(self, name: str) -> pd.Series:
        """Return the column of a metric, over positions."""
        return self._columns[name]

    def cutout(self, position: int) -> Cutout | None:
        """Return the cutout of a row, if there is one."""
        found = self._cutouts[position]
        return found if isinstance(found, Cutout) else None

    def name(self, position: int) -> str:
        """Return the key of a row as it may be shown."""
        key = self._keys[position] if self._keys else None
        if not isinstance(key, str):
            cutout = self.cutout(position)
            key = cutout.place if cutout else "–"
        # A key column may hold addresses, and their queries signatures.
        return whole_text(shown_place(key))

    def note(self, position: int) -> str:
        """Say why a row has no picture; empty when it has one."""
        if self.cutout(position) is not None:
            return ""
        error = self._errors[position] if self._errors else None
        if isinstance(error, str) and error:
            return whole_text(shown_text(error))
        return "no cutout"

    def brief_note(self, position: int) -> str:
        """Say the same without the request's id, which is longer than a tile."""
        return _REQUEST.sub("", self.note(position))

    def quote(self, position: int, names: Iterable[str]) -> list[tuple[str, str]]:
        """Return values of a row as text, with their columns' names."""
        return [(name, self._text(name, position)) for name in names]

    @cached_property
    def _columns(self) -> dict[str, pd.Series]:
        names = [_shown_name(name) for name in self.frame.columns]
        counts = Counter(names)
        plain = self.frame.set_axis(range(len(self.frame)), axis=0)
        return {
            name: plain.iloc[:, place]
            for place, name in enumerate(names)
            if counts[name] == 1 and name != "cutout"
        }

    def _text(self, name: str, position: int) -> str:
        text = _written(self._columns[name].iloc[position])
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def check_captions(
    frame: pd.DataFrame, captions: Sequence[str] | None
) -> tuple[str, ...]:
    """Return the columns that tiles quote.

    Raises
    ------
    OptionsError
        When the frame lacks one that was named, or more than `MOST_CAPTIONS` are.
    """
    if captions is None:
        return tuple(name for name in CAPTIONS if is_single(frame, name))
    if isinstance(captions, str) or not all(isinstance(each, str) for each in captions):
        raise OptionsError(
            f"captions must be names of columns, as ('coverage',); got {captions!r:.60}"
        )
    names = tuple(dict.fromkeys(captions))
    counts = Counter(map(_shown_name, frame.columns))
    for name in names:
        check_column(frame, name, "captions name columns of the frame")
        if name == "cutout" or counts[_shown_name(name)] > 1:
            raise OptionsError(
                f"a tile quotes columns of values, each with a name of its own; "
                f"not {name!r:.60}"
            )
    if len(names) > MOST_CAPTIONS:
        raise OptionsError(f"a tile has {MOST_CAPTIONS} captions; got {len(names)}")
    return names


def is_single(frame: pd.DataFrame, name: str) -> bool:
    """Whether a frame has a column once."""
    return list(frame.columns).count(name) == 1


def _read_metric(name: str, values: pd.Series) -> Metric | None:
    found = pd.api.types.infer_dtype(values, skipna=True)
    if found not in _NUMBERS:
        kind = _OTHERS.get(found)
        return Metric(name, kind) if kind else None
    numbers = as_numbers(values)
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return Metric(name, "number")
    return Metric(name, "number", float(finite.min()), float(finite.max()))


def as_numbers(values: pd.Series) -> NDArray[np.float64]:
    """Return a column of numbers as float64; what is missing is NaN."""
    found = pd.to_numeric(values, errors="coerce").astype("Float64")
    return np.asarray(found.to_numpy("float64", na_value=math.nan), np.float64)


def _written(value: Any) -> str:
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return "–"
    if isinstance(value, (float, np.floating)):
        tiny = 0 < abs(float(value)) < _TINY
        return f"{value:.1e}" if tiny else f"{value:.3f}"
    return whole_text(shown_text(str(value)))


def _shown_name(name: object) -> str:
    return whole_text(shown_text(str(name)))
