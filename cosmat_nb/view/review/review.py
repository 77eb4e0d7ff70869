"""review: look at one cutout after the other, and decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.before import Sources
from cosmat_nb.frame.columns import check_free
from cosmat_nb.frame.decisions import Decisions, check_path
from cosmat_nb.frame.verdicts import VERDICT_COLUMNS, subjects_of
from cosmat_nb.places import shown_text
from cosmat_nb.view.panels import NUMBERS
from cosmat_nb.view.review.slides import SlideMaker
from cosmat_nb.view.review.widget import Review

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

__all__ = ["Review", "review"]


def review(
    frame: pd.DataFrame,
    path: str | Path,
    *,
    reviewer: str | None = None,
    before: bool | Callable[[str], bytes] | None = None,
    captions: tuple[str, ...] = NUMBERS,
    column: str = "key",
) -> Review:
    """Look at one cutout after the other and decide: keep, reject or redo.

    Every decision is a line of a file, on disk before the page calls it saved. The
    same call goes on where the last one stopped, in another kernel too. Keys: k, x and
    r decide, n is the note, u takes back, arrows go to and fro, j jumps to the next
    row without a verdict.

    Parameters
    ----------
    frame : DataFrame
        From `matte_frame` or `measure_frame`; with its numbers, findings are shown.
        Rows that show the same cutout of the same key are looked at once, and a cutout
        that was made again with other pixels asks for a new verdict. Rows without a
        cutout come last; there is nothing to keep of them.
    path : str or Path
        The file of verdicts; made with the first one. Several processes may write it.
    reviewer : str, optional
        Who decides. Each reviewer has verdicts of their own and sees no other's.
    before : bool or callable, optional
        Fetches the source picture of a key, as ``client.fetch``; by default, or True,
        the way that each cutout remembers, while its client is open. False fetches
        nothing.
    captions : tuple of str
        Columns to quote beside the pictures; those that the frame lacks are left out.
    column : str, default "key"
        Names rows without a cutout.

    Returns
    -------
    Review
        Shows itself in a notebook; its ``table`` is the frame with the verdicts.

    Raises
    ------
    OptionsError
        When the frame has no column ``cutout``, no row to look at, or columns of an
        earlier review; when `path` is in no folder or is another kind of file.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> look = cm.review(table, "review.jsonl", reviewer="ann")  # doctest: +SKIP
    >>> look.table.query("verdict == 'keep'")  # doctest: +SKIP
    """
    check_free(frame, VERDICT_COLUMNS)
    subjects = subjects_of(frame, column)
    if not any(subjects):
        raise OptionsError("the frame names no picture: there is nothing to look at")
    if not (reviewer is None or isinstance(reviewer, str)):
        raise OptionsError(f"reviewer must be a name; not {type(reviewer).__name__}")
    frame = frame.copy(deep=False)
    sources = Sources(True if before is None else before)
    slides = SlideMaker(frame, sources, captions, column)
    decisions = Decisions(check_path(path), shown_text(reviewer or ""), subjects)
    return Review(frame, slides, decisions, column)
