"""Findings of a frame by the positions of its rows."""

from __future__ import annotations

import threading
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column
from cosmat_nb.frame.problems import find_problems
from cosmat_nb.metrics.findings import find_in_row
from cosmat_nb.metrics.judging import COLUMNS
from cosmat_nb.places import whole_text
from cosmat_nb.view.gallery.choice import find_positions
from cosmat_nb.view.gallery.rows import is_single

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Badge", "Badges", "find_badges"]

_WORDS = ("finding", "severity", "message", "advice")
_RANKS = MappingProxyType({"high": 0, "medium": 1, "low": 2})


class Badge(NamedTuple):
    """One finding of one row."""

    finding: str
    severity: str
    message: str
    advice: str


class Badges:
    """Findings by the positions of a frame's rows.

    Parameters
    ----------
    frame : DataFrame
        Measured, its index 0, 1, 2 …; an empty one has no findings.
    known : mapping of int to tuple of Badge, optional
        Findings by position. By default they are found here: those of a row that is
        looked at at once, all of them, some 50 µs a row, when they are asked for.
    """

    def __init__(
        self, frame: pd.DataFrame, known: dict[int, tuple[Badge, ...]] | None = None
    ) -> None:
        self._frame = frame
        self._known = known
        self._lock = threading.Lock()
        names = [name for name in COLUMNS if is_single(frame, name)]
        self._numbers = {name: frame[name] for name in names}

    @property
    def are_complete(self) -> bool:
        """Whether all are at hand."""
        return self._known is not None

    def of(self, position: int) -> tuple[Badge, ...]:
        """Return the findings of one row, the severe first."""
        if self._known is not None:
            return self._known.get(position, ())
        row = {name: values.iloc[position] for name, values in self._numbers.items()}
        return tuple(
            Badge(each.finding, each.severity.value, each.message, each.advice)
            for each in find_in_row(row)
        )

    def complete(self) -> dict[int, tuple[Badge, ...]]:
        """Return the findings of all rows that have some.

        Raises
        ------
        OptionsError
            As `find_problems` raises it.
        """
        with self._lock:
            if self._known is None:
                problems = find_problems(self._frame, on=None)
                self._known = _group(problems, problems.index.to_numpy())
            return self._known

    def count(self) -> list[tuple[str, str, int]]:
        """Return findings, their severity and on how many rows they are."""
        counts = Counter(
            kind
            for each in self.complete().values()
            for kind in {(badge.finding, badge.severity) for badge in each}
        )
        kinds = [(name, severity, count) for (name, severity), count in counts.items()]
        rank = _RANKS.get
        return sorted(kinds, key=lambda kind: (rank(kind[1], 3), -kind[2], kind[0]))


def find_badges(frame: pd.DataFrame, findings: pd.DataFrame | bool | None) -> Badges:
    """Return the findings of a frame's rows by position.

    Parameters
    ----------
    frame : DataFrame
        Index labels may repeat unless findings are given by them.
    findings : DataFrame or bool, optional
        From `find_problems`. By default, or True, they are found here where the frame
        was measured. False: none.

    Raises
    ------
    OptionsError
        When they are not of this frame, or a label of theirs is there twice.
    """
    if isinstance(findings, bool) or findings is None:
        if findings is False or not is_single(frame, "coverage"):
            return Badges(frame, {})
        return Badges(frame.set_axis(range(len(frame)), axis=0))
    for name in _WORDS:
        check_column(findings, name, "make it with find_problems")
    return Badges(frame, _group(findings, _positions_once(frame.index, findings.index)))


def _group(
    findings: pd.DataFrame, positions: NDArray[np.intp]
) -> dict[int, tuple[Badge, ...]]:
    words = findings[list(_WORDS)].astype("str")
    found: dict[int, list[Badge]] = {}
    rows = words.itertuples(index=False, name=None)
    for position, row in zip(positions.tolist(), rows, strict=True):
        found.setdefault(position, []).append(Badge(*map(whole_text, row)))
    return {position: tuple(each) for position, each in found.items()}


def _positions_once(index: pd.Index, labels: pd.Index) -> NDArray[np.intp]:
    find_positions(index, labels)
    if index[index.isin(labels)].has_duplicates:
        raise OptionsError(
            "the frame's index has labels twice, so findings cannot be told apart: "
            "leave findings= out, or use frame.reset_index(drop=True) for both"
        )
    first = ~index.duplicated()
    return np.flatnonzero(first)[index[first].get_indexer(labels)]
