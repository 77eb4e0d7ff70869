"""The head of a data set, summed up from its records."""

from __future__ import annotations

import math
from collections import Counter
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.exports.cells import find_kind
from cosmat_nb.dataset.manifest import Head
from cosmat_nb.options import MattingOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cosmat_nb.dataset.manifest import Record
    from cosmat_nb.store.price import Price

__all__ = ["make_head", "name_toolkit"]


def name_toolkit() -> str:
    """Return the name and version of what writes here."""
    # The face is a room above this one, so it is found by name.
    return f"cosmat-nb {import_module('cosmat_nb').__version__}"


def make_head(
    records: Sequence[Record],
    identity: Mapping[str, Any],
    about: Mapping[str, Any],
    run: Mapping[str, Any],
    price: Price | None,
) -> Head:
    """Sum up a data set.

    Parameters
    ----------
    records : sequence of mapping
        A record for each example.
    identity : mapping
        Its ``format``, ``settings`` and ``rendering``.
    about : mapping
        What its maker says of it.
    run : mapping
        What the frame knows of the run that it came from; may be empty.
    price : Price or None
        What calls cost.
    """
    splits = Counter(record["split"] for record in records)
    return Head(
        toolkit=name_toolkit(),
        format=identity["format"],
        settings=identity["settings"],
        rendering=identity["rendering"],
        examples=len(records),
        splits=dict(splits),
        categories=tuple(sorted({name for r in records for name in _categories(r)})),
        columns=_kinds(records),
        calls=_count_calls(records, run, price),
        about=about,
    )


def _categories(record: Record) -> Iterable[str]:
    if "scene" not in record:
        return [record["category"]]
    return [subject["category"] for subject in record["scene"]["subjects"]]


def _kinds(records: Sequence[Record]) -> dict[str, str]:
    rows = [record.get("columns") or {} for record in records]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: find_kind(row.get(name) for row in rows) for name in names}


def _count_calls(
    records: Sequence[Record], run: Mapping[str, Any], price: Price | None
) -> dict[str, Any]:
    # The same answer in several examples was asked for once.
    answers = {
        (record["key"], told["rule"], told["sha256"]): told
        for record in records
        if (told := record.get("cutout"))
    }
    requests: Counter[str] = Counter()
    for told in answers.values():
        operation = MattingOptions.from_rule(told["rule"]).operation
        requests[str(operation)] += told["attempts"]
    return {
        "service": run.get("service"),
        "sandbox": run.get("sandbox"),
        "pictures": len(answers),
        "requests": requests.total(),
        "cost": _find_cost(requests, run, price),
        "currency": None if price is None else price.currency,
        "verified": None if price is None else price.verified,
    }


def _find_cost(
    requests: Mapping[str, int], run: Mapping[str, Any], price: Price | None
) -> float | None:
    if run.get("sandbox"):
        return 0.0
    if price is None:
        return None
    cost = math.fsum(price.cost(name, calls) for name, calls in requests.items())
    return None if math.isnan(cost) else cost
