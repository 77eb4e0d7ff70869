"""Errors of every cutout of a frame against a reference."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.before import NOT_FOUND, Sources
from cosmat_nb.frame.columns import check_column, check_free
from cosmat_nb.frame.numbers import add_rows, told
from cosmat_nb.frame.truth import Reference, find_references
from cosmat_nb.frame.working import (
    Task,
    attempt,
    once,
    picture_of,
    work_through,
)
from cosmat_nb.metrics.alignment import locate, place_back
from cosmat_nb.metrics.composite import ColorErrors, compare_colors
from cosmat_nb.metrics.errors import MatteErrors, compare_alpha

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from cosmat_nb.frame.progress import Watcher
    from cosmat_nb.frame.truth import Truth
    from cosmat_nb.frame.working import Once

    Row: TypeAlias = tuple[Mapping[str, str | float], str | None]

__all__ = ["score_frame"]

ERROR = "score_error"
"""Column that says why there are no numbers."""


def score_frame(
    frame: pd.DataFrame,
    truth: Truth,
    *,
    column: str = "cutout",
    on: str = "key",
    trimap: Truth | None = None,
    before: bool | Callable[[str], bytes] = False,
    workers: int | None = None,
    progress: bool | Watcher = True,
) -> pd.DataFrame:
    """Score every cutout against its reference, in threads.

    A cutout that was neither centred nor padded lies on its source pixel for pixel, and
    so must its reference. One that was moved is brought back first: with `before`, by
    finding it in its source; without, padding alone is cut off again, as the service
    documents it (dx on the left and on the right, dy at the top and at the bottom).
    Nothing is paid for but the requests that fetch sources.

    Parameters
    ----------
    frame : DataFrame
        With cutouts, as `matte_frame` returns it. Left as it is.
    truth : str, Path or callable
        References on the canvas of the source pictures: the column that holds them, a
        folder of files named like the keys, or a function from key to reference, called
        from several threads. A reference is an array (H, W), uint8 from 0 to 255, float
        from 0 to 1 or bool; an array (H, W, 4) uint8; a picture file's bytes or path; a
        `Cutout`. With an alpha channel alpha is the reference, and colours are
        compared too.
    column : str, default "cutout"
        Holds `Cutout` values; anything else has no numbers. An empty matte is scored
        like any other.
    on : str, default "key"
        Column of keys, for a folder and a function.
    trimap : str, Path or callable, optional
        Trimaps, as `truth`, for the columns ``unknown_...``; see `compare_alpha`.
    before : bool or callable, default False
        Whether the sources of moved cutouts are fetched: True asks the client that
        each cutout came from; a callable takes ``cutout.place`` and returns a file's
        bytes, as ``client.fetch`` does.
    workers : int, optional
        Threads; by default one for each core, 8 at most.
    progress : bool or Watcher, default True
        Show how far it is, as `matte_frame` does; it counts distinct pairs of cutout
        and reference.

    Returns
    -------
    DataFrame
        Same index, order and columns, and in addition the columns of `MatteErrors`,
        those of `ColorErrors`, missing where the reference has no colours, and
        ``score_error``: why a cutout could not be scored.

    Raises
    ------
    OptionsError
        No such column or folder, a clash of column names, or an argument of another
        kind.

    See Also
    --------
    cosmat_nb.frame.truth.find_references : How a folder is searched.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> table = cm.score_frame(result, Path("masks"))  # doctest: +SKIP
    >>> table[["key", "sad_k", "iou", "score_error"]]  # doctest: +SKIP
    """
    values = check_column(frame, column, "make it with matte_frame").tolist()
    dtypes = {**MatteErrors.column_dtypes(), **ColorErrors.column_dtypes()}
    check_free(frame, [*dtypes, ERROR])
    sources = Sources(before)
    truths = find_references(frame, truth, on=on)
    trimaps: Sequence[Reference | None] = [None] * len(values)
    if trimap is not None:
        trimaps = find_references(frame, trimap, on=on, name="trimap")
    pairs = zip(values, truths, trimaps, strict=True)
    rows = work_through(
        [_task(_Pair(*pair), sources) for pair in pairs],
        partial(_score_group, sources),
        workers=workers,
        show=progress,
    )
    return add_rows(frame, told(values, rows), dtypes, ERROR)


@dataclass(frozen=True, slots=True)
class _Pair:
    """What one row compares."""

    cutout: Any
    truth: Reference
    trimap: Reference | None


class _Shared(NamedTuple):
    """What the rows of one group share, read when the first of them needs it."""

    truth: Once[NDArray[Any]]
    trimap: Once[NDArray[Any]] | None
    source: Once[NDArray[np.uint8]] | None


def _task(pair: _Pair, sources: Sources) -> Task[_Pair] | None:
    cutout = pair.cutout
    if not isinstance(cutout, Cutout):
        return None
    trimap = pair.trimap and pair.trimap.identity
    group = (sources.identity(cutout), pair.truth.identity, trimap)
    # Equal pictures that were asked for otherwise may have been moved otherwise.
    return Task(group, (picture_of(cutout), cutout.options), pair)


def _score_group(sources: Sources, pairs: Sequence[_Pair]) -> Iterator[Row]:
    first = pairs[0]
    shared = _Shared(
        truth=once(first.truth.read),
        trimap=once(first.trimap.read) if first.trimap else None,
        source=once(partial(sources.read, first.cutout)) if sources.wanted else None,
    )
    for pair in pairs:
        row, reason = attempt(partial(_score, pair.cutout, shared))
        yield row or ({}, reason)


def _score(cutout: Cutout, shared: _Shared) -> Row:
    truth, reason = shared.truth()
    if truth is None:
        return {}, f"truth: {reason}"
    trimap, reason = shared.trimap() if shared.trimap else (None, None)
    if reason is not None:
        return {}, f"trimap: {reason}"
    rgba = _bring_back(cutout, truth.shape[:2], shared.source)
    if truth.ndim == 2:  # noqa: PLR2004 - rows and columns, no colours
        return compare_alpha(rgba[..., 3], truth, trimap=trimap).as_row(), None
    errors = compare_alpha(rgba[..., 3], truth[..., 3], trimap=trimap)
    return {**errors.as_row(), **compare_colors(rgba, truth).as_row()}, None


def _bring_back(
    cutout: Cutout, shape: tuple[int, ...], source: Once[NDArray[np.uint8]] | None
) -> NDArray[np.uint8]:
    """Return the cutout on the canvas of its reference."""
    rgba, options = cutout.rgba, cutout.options
    if not (options.center or any(options.padding)):
        _check_fit(rgba.shape, shape, "score it against one of the same picture")
        return rgba
    # An empty matte lies nowhere, and is as empty at any place.
    if not rgba[..., 3].any():
        return np.zeros((*shape, 4), np.uint8)
    if source is not None:
        return _find_back(rgba, shape, source)
    if options.center:
        raise OptionsError(
            "the subject was centred: pass before=True, so that it is found in its "
            "source"
        )
    dx, dy = options.padding
    inner = rgba[dy : rgba.shape[0] - dy, dx : rgba.shape[1] - dx]
    _check_fit(
        inner.shape,
        shape,
        f"its padding of ({dx}, {dy}) px is cut off already; draw the reference on the "
        "source's canvas, or pass before=True",
    )
    return inner


def _find_back(
    rgba: NDArray[np.uint8], shape: tuple[int, ...], source: Once[NDArray[np.uint8]]
) -> NDArray[np.uint8]:
    before, reason = source()
    if before is None:
        raise OptionsError(f"source: {reason}")
    _check_fit(before.shape, shape, "draw it on the source's canvas", what="source")
    offset = locate(before, rgba)
    if offset is None:
        raise OptionsError(f"source: {NOT_FOUND}")
    return place_back(rgba, offset, before.shape[:2])


def _check_fit(
    shape: tuple[int, ...], wanted: tuple[int, ...], remedy: str, what: str = "cutout"
) -> None:
    if shape[:2] != wanted:
        raise OptionsError(
            f"the {what} has {shape[0]} × {shape[1]} px (rows, columns), its reference "
            f"{' × '.join(map(str, wanted))}: {remedy}"
        )
