"""JSON lines: one object a line, in ASCII, for other programs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cosmat_nb.frame.rows import RESULT_COLUMNS
from cosmat_nb.places import shown_place

if TYPE_CHECKING:
    from cosmat_nb.frame.plan import Plan

__all__ = ["plan_facts", "row_facts", "write_line"]


def write_line(facts: Mapping[str, object]) -> str:
    r"""Write one object.

    Parameters
    ----------
    facts : mapping of str to object
        Plain values, also nested; what is missing, NaN or infinite becomes null, and
        what JSON does not know its text.

    Examples
    --------
    >>> write_line({"key": "图.jpg", "seconds": float("nan"), "path": None})
    '{"key": "\\u56fe.jpg", "seconds": null, "path": null}'
    """
    return json.dumps(_plain(facts), allow_nan=False)


def row_facts(table: pd.DataFrame, column: str) -> Iterator[dict[str, object]]:
    """Return the facts of each row.

    Parameters
    ----------
    table : DataFrame
        As `plain_table` made it.
    column : str
        Its column of keys.

    Yields
    ------
    dict
        ``row`` (counted from 0), ``place`` (the key; an address without its query,
        which may hold a signature) and the result columns.
    """
    columns = [table[name].tolist() for name in RESULT_COLUMNS]
    rows = zip(table[column].tolist(), *columns, strict=True)
    for number, (place, *values) in enumerate(rows):
        shown = shown_place(place) if isinstance(place, str) else None
        facts = dict(zip(RESULT_COLUMNS, values, strict=True))
        yield {"row": number, "place": shown, **facts}


def plan_facts(plan: Plan) -> dict[str, object]:
    """Return what a plan says, without its rows."""
    names = "service rows pictures duplicates stored to_call calls refused cost nbytes"
    facts = {name: getattr(plan, name) for name in names.split()}
    price = plan.price
    return {
        **facts,
        "seconds": plan.seconds,
        "currency": price.currency,
        "verified": price.verified,
        "price_as_of": price.as_of,
        "price_source": price.source,
        "notes": plan.notes,
    }


def _plain(value: Any) -> object:
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or isinstance(value, (bool, int)):
        return None if value is pd.NA else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)
