"""Several reviewers of the same cutouts: where they agree, and by how much."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column
from cosmat_nb.frame.verdict_log import Subject
from cosmat_nb.frame.verdicts import VERDICT_COLUMNS, VERDICT_TYPE, read_verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    _Rows = dict[Subject, dict[str, dict[str, Any]]]

__all__ = ["cohen_kappa", "merge_reviews"]

_RANKS = (False, None, True)
_COLUMNS = (*Subject._fields, *VERDICT_COLUMNS)


def merge_reviews(*reviews: str | Path | pd.DataFrame) -> pd.DataFrame:
    """Bring the verdicts of several reviewers together, disagreements first.

    Parameters
    ----------
    *reviews : path or DataFrame
        Files of verdicts, or what `read_verdicts` made of them. A name that is in
        several of them is one person, whose last decision counts. Reviewers without a
        name are called after their file, those of a frame ``review 1`` and so on.

    Returns
    -------
    DataFrame
        One row a cutout: ``key``, ``rule``, ``content``; ``verdict``, on which all who
        decided agree, missing where they do not; ``note`` and ``reviewer``, of all who
        said something; ``decided_at``, the last; ``agreement``, missing where fewer
        than two decided; then ``verdict_<name>`` and ``note_<name>`` of each.
        Disagreements first, then what fewer than two decided, then agreements; in each
        the order of the decisions. ``attrs["kappa"]`` has `cohen_kappa` of each pair
        of reviewers, as ``{"ann × bob": 0.4}``. `apply_verdicts` takes this frame.

    Raises
    ------
    OptionsError
        When there is nothing to merge, or something is no review.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> merged = cm.merge_reviews("ann.jsonl", "bob.jsonl")  # doctest: +SKIP
    >>> merged[merged.agreement == False]  # doctest: +SKIP
    """
    if not reviews:
        raise OptionsError("expected files of verdicts, or frames of read_verdicts")
    tables = [_named(review, number) for number, review in enumerate(reviews, 1)]
    rows, names = _gather(_apart(tables))
    merged = _tabulate(rows, names)
    kappa = {
        f"{a} × {b}": cohen_kappa(
            merged[f"verdict_{a}"].tolist(), merged[f"verdict_{b}"].tolist()
        )
        for a, b in combinations(names, 2)
    }
    ranks = [_RANKS.index(None if pd.isna(a) else a) for a in merged["agreement"]]
    order = sorted(range(len(ranks)), key=ranks.__getitem__)
    merged = merged.iloc[order].reset_index(drop=True)
    merged.attrs["kappa"] = kappa
    return merged


def cohen_kappa(a: Sequence[object], b: Sequence[object]) -> float:
    """Measure how far two reviewers agree beyond what chance would bring.

    Parameters
    ----------
    a, b : sequence
        Verdicts of both, as many; pairs of which one is missing are left out.

    Returns
    -------
    float
        1: they always agree; 0: as often as chance would have it; below: less often.
        NaN when no pair is left, or both said one and the same all the time.

    Raises
    ------
    OptionsError
        When there are not as many of both.

    Notes
    -----
    ``(p_o - p_e) / (1 - p_e)``, with ``p_o`` the share of pairs that agree and ``p_e``
    the share expected of two who judge apart, each with the frequencies seen: J. Cohen,
    "A coefficient of agreement for nominal scales", Educational and Psychological
    Measurement 20 (1960), 37–46.

    Examples
    --------
    >>> cohen_kappa(["keep", "keep", "redo", "redo"], ["keep", "redo", "redo", "redo"])
    0.5
    """
    if len(a) != len(b):
        raise OptionsError(f"expected as many of both; got {len(a)} and {len(b)}")
    missing = pd.isna(pd.Series(list(a))) | pd.isna(pd.Series(list(b)))
    pairs = [
        pair
        for pair, gone in zip(zip(a, b, strict=True), missing, strict=True)
        if not gone
    ]
    count = len(pairs)
    mine, theirs = (Counter(pair[side] for pair in pairs) for side in (0, 1))
    same = sum(first == second for first, second in pairs)
    # In whole numbers, times count squared.
    chance = sum(mine[verdict] * theirs[verdict] for verdict in mine)
    if chance == count * count:
        return nan
    return (count * same - chance) / (count * count - chance)


def _named(review: str | Path | pd.DataFrame, number: int) -> tuple[str, pd.DataFrame]:
    if isinstance(review, (str, Path)):
        return Path(review).stem, read_verdicts(review)
    for name in _COLUMNS:
        check_column(review, name, "make it with read_verdicts")
    return f"review {number}", review


def _apart(tables: Sequence[tuple[str, pd.DataFrame]]) -> list[pd.DataFrame]:
    """Give a name of their own to reviewers who have none."""
    taken = {name for _, table in tables for name in table["reviewer"]}
    named = []
    for number, (name, table) in enumerate(tables, 1):
        own = name if name not in taken else f"{name} {number}"
        taken.add(own)
        named.append(table.assign(reviewer=table["reviewer"].replace("", own)))
    return named


def _gather(tables: Iterable[pd.DataFrame]) -> tuple[_Rows, list[str]]:
    rows: _Rows = {}
    names: dict[str, None] = {}
    for table in tables:
        records: list[dict[Any, Any]] = table[list(_COLUMNS)].to_dict("records")
        for row in records:
            subject = Subject(*(row[name] for name in Subject._fields))
            said, name = rows.setdefault(subject, {}), row["reviewer"]
            names.setdefault(name)
            if name not in said or said[name]["decided_at"] <= row["decided_at"]:
                said[name] = row
    return rows, list(names)


def _tabulate(rows: _Rows, names: Sequence[str]) -> pd.DataFrame:
    subjects = pd.DataFrame(list(rows), columns=list(Subject._fields)).astype("str")
    kinds: dict[str, Any] = {"verdict": VERDICT_TYPE, "note": "str", "reviewer": "str"}
    kinds |= {"decided_at": "datetime64[us, UTC]", "agreement": "boolean"}
    for name in names:
        kinds |= {f"verdict_{name}": VERDICT_TYPE, f"note_{name}": "str"}
    found = [_merge(said, names) for said in rows.values()]
    columns = {
        name: pd.Series([row[name] for row in found], dtype=kind)
        for name, kind in kinds.items()
    }
    return pd.concat([subjects, pd.DataFrame(columns)], axis=1)


def _merge(said: dict[str, dict[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    decided = [row["verdict"] for row in said.values() if not pd.isna(row["verdict"])]
    notes = [f"{name}: {row['note']}" for name, row in said.items() if row["note"]]
    merged = {
        "verdict": decided[0] if len(set(decided)) == 1 else None,
        "note": "; ".join(notes),
        "reviewer": ", ".join(said),
        "decided_at": max(row["decided_at"] for row in said.values()),
        "agreement": len(set(decided)) == 1 if len(decided) > 1 else None,
    }
    for name in names:
        row = said.get(name, {})
        merged[f"verdict_{name}"] = row.get("verdict")
        merged[f"note_{name}"] = row.get("note")
    return merged
