"""Hashes of every picture of a frame, for near-duplicates to be found by."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.dataset.splits.likeness import hash_cutout, hash_picture
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.before import Sources
from cosmat_nb.frame.columns import add_columns, check_column, check_free
from cosmat_nb.frame.numbers import told
from cosmat_nb.frame.working import Task, attempt, picture_of, work_through

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cosmat_nb.frame.progress import Watcher

    Row: TypeAlias = tuple[dict[str, str], str | None]

__all__ = ["PHASH", "PIXELS", "hash_frame"]

PHASH = "phash"
"""Column of perceptual hashes."""

PIXELS = "pixels_sha256"
"""Column that is equal for pictures that are equal pixel by pixel."""

ERROR = "hash_error"
"""Column that says why a hash is missing."""

_PLAIN = "too little detail to know the picture again by"


def hash_frame(
    frame: pd.DataFrame,
    *,
    column: str = "cutout",
    before: bool | Callable[[str], bytes] = False,
    workers: int | None = None,
    progress: bool | Watcher = True,
) -> pd.DataFrame:
    """Hash every picture, in threads, for `split_frame` and `find_leaks`.

    Parameters
    ----------
    frame : DataFrame
        With cutouts, as `matte_frame` returns it. Left as it is.
    column : str, default "cutout"
        Holds `Cutout` values; with a callable `before`, object keys do as well, so that
        pictures can be split before any is paid for.
    before : bool or callable, default False
        What is hashed. False: the subject of each cutout, over grey, so that padding
        and centring do not count. Otherwise the whole source picture, fetched once for
        all rows of one place: True asks the client that each cutout came from; a
        callable takes the place and returns a file's bytes, as ``client.fetch`` does.
    workers : int, optional
        Threads; by default one for each core, 8 at most.
    progress : bool or Watcher, default True
        Show how far it is, as `matte_frame` does.

    Returns
    -------
    DataFrame
        Same index, order and columns, and in addition ``phash``, see `hash_picture`;
        ``pixels_sha256``, of size and pixels, equal for files of equal bytes; and
        ``hash_error``: why either is missing. A plain picture has no ``phash``, and
        an empty matte neither, since nothing tells it from others.

    Raises
    ------
    OptionsError
        No such column, a clash of column names, or an argument of another kind.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> hashed = cm.hash_frame(result, before=True)  # doctest: +SKIP
    >>> parts = {"train": 0.9, "test": 0.1}  # doctest: +SKIP
    >>> cm.split_frame(hashed, parts, duplicates="phash")  # doctest: +SKIP
    """
    cells = check_column(frame, column, "make it with matte_frame").tolist()
    check_free(frame, [PHASH, PIXELS, ERROR])
    sources = Sources(before)
    rows = work_through(
        [_task(cell, sources) for cell in cells],
        partial(_hash_group, sources),
        workers=workers,
        show=progress,
    )
    found = told(cells, rows)
    hashes = {name: [row.get(name) for row, _ in found] for name in (PHASH, PIXELS)}
    columns = {**hashes, ERROR: [reason for _, reason in found]}
    added = {n: pd.Series(c, frame.index, dtype="str") for n, c in columns.items()}
    return add_columns(frame, pd.DataFrame(added, index=frame.index))


def _task(cell: Any, sources: Sources) -> Task[Cutout | str] | None:
    if isinstance(cell, Cutout):
        picture = sources.identity(cell) if sources.wanted else picture_of(cell)
        return Task(picture, None, cell)
    if isinstance(cell, str) and cell and callable(sources.before):
        return Task(cell, None, cell)
    return None


def _hash_group(sources: Sources, cells: Sequence[Cutout | str]) -> Iterator[Row]:
    for cell in cells:
        row, reason = attempt(partial(_hash, sources, cell))
        yield row or ({}, reason)


def _hash(sources: Sources, cell: Cutout | str) -> Row:
    if sources.wanted:
        pixels = _read(sources, cell)
        look = hash_picture(pixels)
    else:
        assert isinstance(cell, Cutout), "keys are tasks only where sources are wanted"
        pixels = cell.rgba
        if cell.is_empty:  # all empty mattes of one size are equal: it tells nothing
            return {}, _PLAIN
        look = hash_cutout(pixels)
    row = {PIXELS: _digest(pixels)}
    return (row, _PLAIN) if look is None else ({PHASH: look, **row}, None)


def _read(sources: Sources, cell: Cutout | str) -> NDArray[np.uint8]:
    if isinstance(cell, Cutout):
        return sources.read(cell)
    assert callable(sources.before), "as above"
    data = sources.before(cell)
    if not isinstance(data, bytes):
        raise OptionsError(
            f"before must return a file's bytes; got {type(data).__name__}"
        )
    return images.decode_rgb(data)


def _digest(pixels: NDArray[np.uint8]) -> str:
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(pixels.tobytes())
    return digest.hexdigest()
