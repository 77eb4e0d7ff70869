"""Verdicts of reviewers: what stands in their files, beside the rows it is about."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import add_columns, check_column, check_free
from cosmat_nb.frame.verdict_log import (
    VERDICTS,
    Decision,
    Subject,
    Undo,
    VerdictLog,
)
from cosmat_nb.places import is_address, shown_place

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from cosmat_nb.frame.verdict_log import Entry

__all__ = [
    "VERDICT_COLUMNS",
    "VERDICT_TYPE",
    "apply_verdicts",
    "read_verdicts",
    "standing_decisions",
    "subjects_of",
    "tabulate_decisions",
]

VERDICT_COLUMNS = ("verdict", "note", "reviewer", "decided_at")
"""Columns that a review adds to a frame, in this order."""

VERDICT_TYPE = pd.CategoricalDtype(list(VERDICTS))
"""Of the column ``verdict``; missing where nobody decided."""

_SUBJECT = list(Subject._fields)


def read_verdicts(path: str | Path) -> pd.DataFrame:
    """Read what stands in a file of verdicts.

    Parameters
    ----------
    path : str or Path
        As `review` was given it.

    Returns
    -------
    DataFrame
        One row for each cutout and reviewer, in the order of the decisions: ``key``
        (an address without its query), ``rule`` and ``content`` (SHA-256) of the
        cutout, ``verdict`` (category ``keep``, ``reject``, ``redo``; missing where
        only a note was left), ``note``, ``reviewer`` (empty for one without a name),
        ``decided_at`` (UTC). ``attrs["unreadable"]``: lines that are no entry, as a
        killed process may leave one.

    Raises
    ------
    OptionsError
        When there is no such file, or it is something else.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> verdicts = cm.read_verdicts("review.jsonl")  # doctest: +SKIP
    >>> verdicts.verdict.value_counts()  # doctest: +SKIP
    """
    path = Path(path)
    if not path.exists():
        raise OptionsError(f"there is no file {path}: review makes it when one decides")
    entries, unreadable = VerdictLog(path).read()
    table = tabulate_decisions(standing_decisions(entries))
    table.attrs["unreadable"] = unreadable
    return table


def apply_verdicts(
    frame: pd.DataFrame,
    verdicts: str | Path | pd.DataFrame,
    *,
    column: str = "key",
    reviewer: str | None = None,
) -> pd.DataFrame:
    """Put verdicts beside the rows that they are about.

    Parameters
    ----------
    frame : DataFrame
        With ``cutout``: a verdict counts for the very cutout that was looked at.
        Without: it counts for its key, and of several the last one.
    verdicts : path or DataFrame
        A file of verdicts, or what `read_verdicts` or `merge_reviews` made of it.
    column : str, default "key"
        Holds object keys and addresses, for rows without a cutout.
    reviewer : str, optional
        Whose verdicts, where there are several reviewers in it.

    Returns
    -------
    DataFrame
        The frame with ``verdict``, ``note``, ``reviewer`` and ``decided_at``, missing
        where nobody decided.

    Raises
    ------
    OptionsError
        When the frame has such columns already or no column `column`, or when there
        are several reviewers and none is chosen.

    Examples
    --------
    >>> decided = pd.DataFrame(
    ...     {"key": ["b.jpg"], "rule": "", "content": "", "verdict": ["redo"]}
    ... ).assign(note="hair", reviewer="ann", decided_at=pd.Timestamp(0, tz="UTC"))
    >>> frame = pd.DataFrame({"key": ["a.jpg", "b.jpg"]})
    >>> apply_verdicts(frame, decided).verdict.tolist()
    [nan, 'redo']
    """
    check_free(frame, VERDICT_COLUMNS)
    table = verdicts if isinstance(verdicts, pd.DataFrame) else read_verdicts(verdicts)
    for name in (*_SUBJECT, *VERDICT_COLUMNS):
        check_column(table, name, "make it with read_verdicts or merge_reviews")
    table = _of_one(table, reviewer)
    wanted: Sequence[Hashable]
    if "cutout" in frame.columns:
        wanted = subjects_of(frame, column)
        known = list(zip(*(table[name] for name in _SUBJECT), strict=True))
    else:
        table = table.sort_values("decided_at", kind="stable")
        keys = check_column(frame, column, "pass column=")
        wanted = [shown_place(key) if isinstance(key, str) else None for key in keys]
        known = table["key"].tolist()
    rows: dict[Hashable, int] = {name: row for row, name in enumerate(known)}
    # A position that no row has becomes a row of missing values.
    found = [rows.get(name, -1) for name in wanted]
    beside = table[list(VERDICT_COLUMNS)].reset_index(drop=True).reindex(found)
    return add_columns(frame, beside.set_axis(frame.index, axis=0))


def subjects_of(frame: pd.DataFrame, column: str = "key") -> list[Subject | None]:
    """Return what each row of a frame shows; None where it names no picture.

    Parameters
    ----------
    frame : DataFrame
        With ``cutout``; `column` names rows without one.
    column : str, default "key"
        Holds object keys and addresses; a frame without it is no error.

    Raises
    ------
    OptionsError
        When the frame has no column ``cutout``, or one of the two twice.
    """
    cells = check_column(frame, "cutout", "make it with matte_frame")
    keys: Iterable[Any] = [None] * len(frame)
    if column in frame.columns:
        keys = check_column(frame, column, "name it once")
    return [_subject(cell, key) for cell, key in zip(cells, keys, strict=True)]


def standing_decisions(
    entries: Iterable[Entry],
) -> dict[tuple[Subject, str], Decision]:
    """Return the last decision of each reviewer on each subject that was not undone.

    Parameters
    ----------
    entries : iterable of Decision or Undo
        In the order of the file.

    Returns
    -------
    dict
        By subject and reviewer, the earliest decision first.
    """
    entries = list(entries)
    undone = {entry.undoes for entry in entries if isinstance(entry, Undo)}
    standing: dict[tuple[Subject, str], Decision] = {}
    for entry in entries:
        if isinstance(entry, Decision) and entry.name not in undone:
            name = entry.subject, entry.reviewer
            standing.pop(name, None)
            standing[name] = entry
    return standing


def tabulate_decisions(
    standing: dict[tuple[Subject, str], Decision],
) -> pd.DataFrame:
    """Write standing decisions as a frame, with its types also for none."""
    found = list(standing.values())
    columns: dict[str, pd.Series] = {
        name: pd.Series([getattr(each.subject, name) for each in found], dtype="str")
        for name in _SUBJECT
    }
    columns["verdict"] = pd.Series(
        pd.Categorical([each.verdict for each in found], dtype=VERDICT_TYPE)
    )
    for name in ("note", "reviewer"):
        columns[name] = pd.Series([getattr(each, name) for each in found], dtype="str")
    columns["decided_at"] = pd.Series(
        [each.at for each in found], dtype="datetime64[us, UTC]"
    )
    return pd.DataFrame(columns)


def _of_one(table: pd.DataFrame, reviewer: str | None) -> pd.DataFrame:
    if reviewer is not None:
        return table[table["reviewer"] == reviewer]
    if table.duplicated(_SUBJECT).any():
        names = ", ".join(repr(name) for name in sorted(set(table["reviewer"])))
        raise OptionsError(
            f"there are verdicts of several reviewers, {names}: choose one with "
            "reviewer=, or merge them with merge_reviews"
        )
    return table


def _subject(cell: object, key: object) -> Subject | None:
    if isinstance(cell, Cutout):
        content = cell.sha256 or hashlib.sha256(cell.png).hexdigest()
        return Subject(shown_place(cell.place), cell.options.rule, content)
    if not isinstance(key, str):
        return None
    # Two queries may name two pictures.
    whole = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return Subject(shown_place(key), "", whole if is_address(key) else "")
