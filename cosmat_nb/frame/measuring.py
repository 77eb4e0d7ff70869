"""Numbers for every cutout of a frame."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.before import NOT_FOUND, Sources
from cosmat_nb.frame.columns import check_column, check_free
from cosmat_nb.frame.numbers import add_rows, told
from cosmat_nb.frame.working import (
    Task,
    attempt,
    once,
    picture_of,
    work_through,
)
from cosmat_nb.metrics.alignment import lies_on, locate, place_back
from cosmat_nb.metrics.matte import MatteMetrics
from cosmat_nb.metrics.measure import measure_cutout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from cosmat_nb.frame.progress import Watcher
    from cosmat_nb.frame.working import Once
    from cosmat_nb.options import MattingOptions

    Row: TypeAlias = tuple[Mapping[str, bool | int | float], str | None]

__all__ = ["measure_frame"]

ERROR = "measure_error"
"""Column that says why numbers are missing."""


def measure_frame(
    frame: pd.DataFrame,
    *,
    column: str = "cutout",
    before: bool | Callable[[str], bytes] = False,
    workers: int | None = None,
    progress: bool | Watcher = True,
) -> pd.DataFrame:
    """Measure every cutout, in threads.

    Each distinct PNG is read and decoded once; with `before`, once for each source
    picture that it is held against. A thread holds one decoded cutout and, with
    `before`, one decoded source and a copy of a cutout that was moved, however many
    rows there are. Nothing is paid for but
    the requests that fetch sources.

    Parameters
    ----------
    frame : DataFrame
        With cutouts, as `matte_frame` returns it. Left as it is.
    column : str, default "cutout"
        Holds `Cutout` values; anything else has no numbers. The pixels of other
        pictures are measured by `measure_cutout`.
    before : bool or callable, default False
        Whether the source pictures are fetched, once for all cutouts of one place that
        holds them: ``edge_evidence`` and ``halo`` need them. True asks the client that
        each cutout came from; a callable takes ``cutout.place`` and returns a file's
        bytes, as ``client.fetch`` does, for cutouts that forgot their client. A cutout
        that was moved is found in its source and held against it where it lay.
    workers : int, optional
        Threads; by default one for each core, 8 at most. More help where sources
        come from far.
    progress : bool or Watcher, default True
        Show how far it is, as `matte_frame` does; it counts distinct PNGs, with
        `before` distinct pairs of PNG and source.

    Returns
    -------
    DataFrame
        Same index, order and columns, and in addition the columns of `MatteMetrics`
        and ``measure_error``: why a cutout could not be measured. One that starts with
        "source:" tells why ``edge_evidence`` and ``halo`` alone are missing.

    Raises
    ------
    OptionsError
        No such column, a clash of column names, or an argument of another kind.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> table = cm.measure_frame(result, before=True)  # doctest: +SKIP
    >>> table[["key", "coverage", "parts", "halo"]]  # doctest: +SKIP
    """
    values = check_column(frame, column, "make it with matte_frame").tolist()
    dtypes = MatteMetrics.column_dtypes()
    check_free(frame, [*dtypes, ERROR])
    sources = Sources(before)
    rows = work_through(
        [_task(value, sources) for value in values],
        partial(_measure_group, sources),
        workers=workers,
        show=progress,
    )
    return add_rows(frame, told(values, rows), dtypes, ERROR)


def _task(value: object, sources: Sources) -> Task[Cutout] | None:
    if not isinstance(value, Cutout):
        return None
    picture = picture_of(value)
    group = sources.identity(value) if sources.wanted else picture
    return Task(group, picture, value)


def _measure_group(sources: Sources, cutouts: Sequence[Cutout]) -> Iterator[Row]:
    source = once(partial(sources.read, cutouts[0])) if sources.wanted else None
    for cutout in cutouts:
        row, reason = attempt(partial(_measure, cutout, source))
        yield row or ({}, reason)


def _measure(cutout: Cutout, source: Once[NDArray[np.uint8]] | None) -> Row:
    rgba = cutout.rgba
    # Without a subject there is no edge to compare: nothing needs to be fetched.
    if source is None or not rgba[..., 3].any():
        return measure_cutout(rgba).as_row(), None
    before, reason = source()
    if before is not None:
        row, reason = attempt(partial(_measure_with, before, rgba, cutout.options))
        if row is not None:
            return row, None
    return measure_cutout(rgba).as_row(), f"source: {reason}"


def _measure_with(
    before: NDArray[np.uint8], rgba: NDArray[np.uint8], options: MattingOptions
) -> Mapping[str, bool | int | float]:
    asked_to_move = options.center or any(options.padding)
    if not asked_to_move and lies_on(before, rgba):
        return measure_cutout(rgba, before).as_row()
    offset = locate(before, rgba)
    if offset is None:
        raise OptionsError(NOT_FOUND)
    # Where the picture's frame cut the subject, a moved cutout seems to have an edge.
    there = measure_cutout(place_back(rgba, offset, before.shape[:2]), before)
    moved = measure_cutout(rgba)
    return replace(moved, edge_evidence=there.edge_evidence, halo=there.halo).as_row()
