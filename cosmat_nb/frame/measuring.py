"""Numbers for every cutout of a frame."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pandas as pd
from tqdm.auto import tqdm

from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import CosmatError
from cosmat_nb.frame.columns import add_columns, check_column, check_free
from cosmat_nb.metrics.matte import MatteMetrics, measure_alpha

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["measure_frame"]

_THREADS = 4


def measure_frame(
    frame: pd.DataFrame, *, column: str = "cutout", progress: bool = True
) -> pd.DataFrame:
    """Measure the alpha matte of every cutout; each is decoded once.

    Parameters
    ----------
    frame : DataFrame
        With cutouts, as `matte_frame` returns it. Left as it is.
    column : str, default "cutout"
        Holds `Cutout` values; anything else has no numbers.
    progress : bool, default True
        Show a bar.

    Returns
    -------
    DataFrame
        Same index, order and columns, and in addition the columns of `MatteMetrics`
        and ``measure_error``: why a cutout could not be measured.

    Raises
    ------
    OptionsError
        No such column, or a clash of column names.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> table = cm.measure_frame(result)  # doctest: +SKIP
    >>> table[["key", "coverage", "parts", "holes"]]  # doctest: +SKIP
    """
    values = check_column(frame, column, "make it with matte_frame")
    dtypes = MatteMetrics.column_dtypes()
    check_free(frame, [*dtypes, "measure_error"])
    cutouts = {value: None for value in values if isinstance(value, Cutout)}
    with (
        ThreadPoolExecutor(_THREADS, "cosmat-measure") as pool,
        tqdm(total=len(cutouts), unit="matte", disable=not progress) as bar,
    ):
        measured = {}
        for cutout, row in zip(cutouts, pool.map(_measure, cutouts), strict=True):
            measured[cutout] = row
            bar.update()
    rows = [
        measured[value] if isinstance(value, Cutout) else ({}, None) for value in values
    ]
    numbers = pd.DataFrame(
        [row for row, _ in rows], index=frame.index, columns=list(dtypes)
    ).astype(dtypes)
    errors = pd.Series([error for _, error in rows], index=frame.index, dtype="str")
    return add_columns(frame, numbers.assign(measure_error=errors))


def _measure(
    cutout: Cutout,
) -> tuple[Mapping[str, bool | int | float], str | None]:
    try:
        return measure_alpha(cutout.rgba[..., 3]).as_row(), None
    except (CosmatError, MemoryError) as error:
        return {}, f"{type(error).__name__}: {error}"
