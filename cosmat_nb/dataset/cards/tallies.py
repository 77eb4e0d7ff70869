"""What a data set's records come to, as tables of its card."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.dataset.cards.markdown import show_code, show_table, show_words
from cosmat_nb.dataset.formats.row import list_categories
from cosmat_nb.dataset.manifest import split_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cosmat_nb.dataset.manifest import Record

__all__ = ["show_count", "show_counts", "show_findings", "show_numbers"]

_MOST_CATEGORIES = 12
_QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)
_MEASURED = (
    "coverage",
    "soft_fraction",
    "extent",
    "parts",
    "holes",
    "dust",
    "touched_sides",
    "edge_width",
    "color_residue",
    "halo",
)


def show_counts(records: Sequence[Record]) -> list[str]:
    """Return the card's table of examples by split and category.

    A scene of several categories counts in each of them.

    Examples
    --------
    >>> show_counts([{"split": "train", "category": "mug"}])[-1]
    '| train | 1 | 1 |'
    """
    splits: dict[str, list[Record]] = {}
    for record in records:
        splits.setdefault(str(record.get("split", "")), []).append(record)
    by_category = _count_categories(records)
    shown = [name for name, _ in by_category.most_common(_MOST_CATEGORIES)]
    rest = ["others"] if len(by_category) > len(shown) else []
    rows = [
        _count_row(show_words(split_folder(split)), some, shown, rest)
        for split, some in splits.items()
    ]
    if len(splits) > 1:
        rows.append(_count_row("all", records, shown, rest))
    names = ["split", "examples", *map(show_words, shown), *rest]
    lines = show_table(names, rows)
    if by_category.total() > len(records):
        lines += ["", "A scene counts in each category that it holds."]
    return lines


def show_numbers(records: Sequence[Record]) -> list[str]:
    """Return a table of the quantiles of what `measure_frame` found, where it is known.

    Columns count by the names that `MatteMetrics` gives them. Quantiles are
    interpolated linearly (NumPy's default).
    """
    rows = []
    for name in _MEASURED:
        found = [_number((record.get("columns") or {}).get(name)) for record in records]
        values = np.array([value for value in found if value is not None])
        if values.size:
            quantiles = (f"{q:.4g}" for q in np.quantile(values, _QUANTILES))
            rows.append((show_code(name), values.size, *quantiles))
    names = ("least", "5 %", "median", "95 %", "greatest")
    return show_table(["column", "examples", *names], rows) if rows else []


def show_findings(records: Sequence[Record]) -> list[str]:
    """Return how often each finding stands in the records, the most frequent first."""
    found = Counter(name for record in records for name in record.get("findings", ()))
    if not found:
        return []
    touched = sum(bool(record.get("findings")) for record in records)
    ranked = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = [(show_code(name), count) for name, count in ranked]
    line = f"{show_count(touched, 'example')} of {len(records):,} with a finding."
    return [line, "", *show_table(["finding", "examples"], rows)]


def show_count(count: int, noun: str) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> show_count(1, "example"), show_count(1200, "example")
    ('1 example', '1,200 examples')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _count_categories(records: Sequence[Record]) -> Counter[str]:
    return Counter(
        name for record in records for name in dict.fromkeys(list_categories(record))
    )


def _count_row(
    title: str, records: Sequence[Record], shown: Sequence[str], rest: Sequence[str]
) -> list[object]:
    counts = _count_categories(records)
    cells = [counts[name] for name in shown]
    others = [counts.total() - sum(cells)] if rest else []
    return [title, len(records), *cells, *others]


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # A column may hold whole numbers that no float can.
    return float(value) if abs(value) <= sys.float_info.max else None
