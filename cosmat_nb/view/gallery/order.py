"""Which rows of a gallery are shown, and in which order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
from traitlets import TraitError

from cosmat_nb.view.gallery.rows import as_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cosmat_nb.view.gallery.rows import Rows

__all__ = ["ANY", "NONE", "Bounds", "Wanted", "arrange", "check_bounds", "check_name"]

Bounds: TypeAlias = Sequence[float | None]

ANY, NONE = "any", "none"
"""Instead of a finding's name: rows with one, rows without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for.

    Attributes
    ----------
    sort : str
        Column to sort by; empty for the frame's order.
    descending : bool
        Whether the largest come first. What is missing comes last in both directions.
    text : str
        Part of the key, in any case.
    status : str
        Status; empty for all.
    finding : str
        Name of a finding, `ANY` or `NONE`; empty for all.
    ranges : mapping of str to pair
        Least and largest value of columns, both included; None where there is no bound.
        What is missing lies within no range.
    """

    sort: str = ""
    descending: bool = False
    text: str = ""
    status: str = ""
    finding: str = ""
    ranges: Mapping[str, Bounds] = field(default_factory=dict)


def arrange(rows: Rows, wanted: Wanted) -> NDArray[np.intp]:
    """Return positions of the rows to show, in their order.

    Equal values keep the frame's order, in both directions.
    """
    kept = np.ones(len(rows), bool)
    if text := wanted.text.strip().casefold():
        kept &= np.fromiter((text in key for key in rows.folded), bool, len(rows))
    if wanted.status:
        kept &= np.array([each == wanted.status for each in rows.statuses], bool)
    if wanted.finding:
        kept &= _with_finding(rows, wanted.finding)
    for name, bounds in wanted.ranges.items():
        kept &= _within(as_numbers(rows.column(name)), bounds)
    order = np.flatnonzero(kept)
    if not wanted.sort:
        return order[::-1] if wanted.descending else order
    values = rows.column(wanted.sort).iloc[order].reset_index(drop=True)
    kind = rows.metrics[wanted.sort].kind
    return order[_rank(_comparable(values, kind), wanted.descending)]


def check_name(trait: str, name: str, known: Iterable[str]) -> str:
    """Return a name that a trait may have.

    Raises
    ------
    TraitError
        When it is none of those known.
    """
    names = list(dict.fromkeys(known))
    if name not in names:
        raise TraitError(
            f"{trait} must name one of {', '.join(filter(None, names)) or 'none'}; "
            f"not {name!r:.60}"
        )
    return name


def check_bounds(name: str, bounds: Any) -> list[float | None]:
    """Return the least and the largest value that a filter lets pass.

    Raises
    ------
    TraitError
        When they are not two numbers or None.
    """
    try:
        low, high = (None if bound is None else float(bound) for bound in bounds)
    except (TypeError, ValueError):
        low = high = math.nan
    if any(bound is not None and not math.isfinite(bound) for bound in (low, high)):
        raise TraitError(
            f"the range of {name!r} must be (least, largest), finite numbers or None; "
            f"not {bounds!r:.60}"
        )
    return [low, high]


def _with_finding(rows: Rows, finding: str) -> NDArray[np.bool_]:
    kept = np.zeros(len(rows), bool)
    kept[
        [
            position
            for position, badges in rows.badges.complete().items()
            if finding in (ANY, NONE) or any(finding == each[0] for each in badges)
        ]
    ] = True
    return ~kept if finding == NONE else kept


def _within(values: NDArray[np.float64], bounds: Bounds) -> NDArray[np.bool_]:
    low, high = bounds
    kept = np.ones(len(values), bool)
    if low is not None:
        kept &= values >= low
    if high is not None:
        kept &= values <= high
    return kept


def _comparable(values: pd.Series, kind: str) -> pd.Series:
    if kind == "number":
        return pd.Series(as_numbers(values))
    if isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered:
        return values.cat.codes.where(values.notna())
    if kind == "text":
        words = values.astype("object").where(values.notna(), None)
        return words.map(lambda word: str(word).casefold(), na_action="ignore")
    return values


def _rank(values: pd.Series, descending: bool) -> NDArray[np.intp]:
    try:
        ranked = _sort(values, descending)
    except TypeError:
        # Dates and times, with a zone and without: those without are taken as UTC.
        times = pd.to_datetime(values, utc=True, errors="coerce")
        ranked = _sort(times, descending)
    return ranked.index.to_numpy(np.intp)


def _sort(values: pd.Series, descending: bool) -> pd.Series:
    return values.sort_values(
        ascending=not descending, kind="stable", na_position="last"
    )
