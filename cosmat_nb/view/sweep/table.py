"""A sweep as keys by option sets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column
from cosmat_nb.frame.stored import OPTIONS, SWEEP_ATTRIBUTE

__all__ = ["SweepTable", "read_sweep"]

_MOST_SETS = 12
_REMEDY = "pass the frame that sweep_options returned"


class SweepTable(NamedTuple):
    """A sweep's distinct keys and sets, and the rows they stand for.

    Attributes
    ----------
    frame : DataFrame
        The sweep.
    keys, sets : list of str
        In the order in which they come first.
    rows : dict of (str, str) to int
        Position in the frame by key and set.
    """

    frame: pd.DataFrame
    keys: list[str]
    sets: list[str]
    rows: dict[tuple[str, str], int]

    def of(self, name: str) -> pd.DataFrame:
        """Return a column as keys by sets."""
        cells = self.frame[name].to_numpy("float64", na_value=np.nan)
        lines = [
            [cells[self.rows[key, each]] if (key, each) in self.rows else np.nan
             for each in self.sets]
            for key in self.keys
        ]  # fmt: skip
        return pd.DataFrame(lines, columns=self.sets, dtype="float64")


def read_sweep(sweep: pd.DataFrame, column: str) -> SweepTable:
    """Return the keys and sets of a sweep, ready to be drawn.

    Parameters
    ----------
    sweep : DataFrame
        From `sweep_options`; of rows with an equal key and set the first counts.
    column : str
        What is to be drawn: ``cutout``, or a column of numbers or flags.

    Raises
    ------
    OptionsError
        When it is no sweep, has no rows or too many sets, or `column` holds no numbers.
    """
    for name in (OPTIONS, "cutout"):
        check_column(sweep, name, _REMEDY)
    values = check_column(sweep, column, "measure the sweep first: measure_frame")
    if column != "cutout" and getattr(values.dtype, "kind", "O") not in "iufb":
        raise OptionsError(
            f"metric {column!r} must be a column of numbers or flags; it holds "
            f"{values.dtype}"
        )
    told = sweep.attrs.get(SWEEP_ATTRIBUTE, {})
    names = check_column(sweep, told.get("column", "key"), _REMEDY)
    found: dict[tuple[str, str], int] = {}
    for row, (key, name) in enumerate(zip(names, sweep[OPTIONS], strict=True)):
        if isinstance(key, str) and isinstance(name, str):
            found.setdefault((key, name), row)
    keys, sets = (list(dict.fromkeys(pair[at] for pair in found)) for at in (0, 1))
    if not keys:
        raise OptionsError("the sweep has no rows to draw")
    if len(sets) > _MOST_SETS:
        raise OptionsError(
            f"at most {_MOST_SETS} option sets can be drawn; this sweep has "
            f"{len(sets)}: choose some, as sweep[sweep['options'].isin([...])]"
        )
    return SweepTable(sweep, keys, sets, found)
