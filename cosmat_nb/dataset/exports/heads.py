"""The head of a data set, summed up from its records."""

from __future__ import annotations

import math
from collections import Counter
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.exports.cells import clean_text, find_kind
from cosmat_nb.dataset.formats.row import list_categories
from cosmat_nb.dataset.manifest import Head
from cosmat_nb.options import MattingOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.dataset.compose.scene import Scene
    from cosmat_nb.dataset.manifest import Record
    from cosmat_nb.store.price import Price

__all__ = ["find_services", "make_head", "name_toolkit"]

_TOLD = ("service", "emulated")


def name_toolkit() -> str:
    """Return the name and version of what writes here."""
    # The face is a room above this one, so it is found by name.
    return f"cosmat-nb {import_module('cosmat_nb').__version__}"


def make_head(
    records: Sequence[Record],
    identity: Mapping[str, Any],
    about: Mapping[str, Any],
    services: Mapping[str, bool | None],
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
    services : mapping of str to bool or None
        Who answered, and whether it is an emulator; see `find_services`.
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
        categories=tuple(
            sorted({name for r in records for name in list_categories(r)})
        ),
        columns=_kinds(records),
        calls=_count_calls(records, services, price),
        about=about,
    )


def find_services(
    values: Iterable[Cutout | Scene], run: Mapping[str, Any]
) -> dict[str, bool | None]:
    """Return who made cutouts, and of each whether it is an emulator.

    Parameters
    ----------
    values : iterable of Cutout or Scene
        A cutout asks the client that it came from, while it still has a way to it.
    run : mapping
        What the frame knows of the run that it came from, for all others; may be empty.

    Returns
    -------
    dict of str to bool or None
        By name; the name is empty, and the flag None, where nobody knows.
    """
    found: dict[str, bool | None] = {}
    for value in values:
        client = getattr(getattr(value, "source", None), "__self__", None)
        service, sandbox = (getattr(client, name, None) for name in _TOLD)
        if not isinstance(service, str) or not isinstance(sandbox, bool):
            service, sandbox = run.get("service") or "", run.get("sandbox")
        found[service] = sandbox
    return found


def _kinds(records: Sequence[Record]) -> dict[str, str]:
    rows = [record.get("columns") or {} for record in records]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: find_kind(row.get(name) for row in rows) for name in names}


def _count_calls(
    records: Sequence[Record],
    services: Mapping[str, bool | None],
    price: Price | None,
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
    kinds = {*services.values()}
    return {
        "service": ", ".join(filter(None, sorted(services))) or None,
        "sandbox": kinds.pop() if len(kinds) == 1 else None,
        "pictures": len(answers),
        "requests": requests.total(),
        "cost": _find_cost(requests, {*services.values()}, price),
        "currency": None if price is None else price.currency,
        "verified": None if price is None else price.verified,
        "price": None if price is None else clean_text(str(price)),
    }


def _find_cost(
    requests: Mapping[str, int], sandboxes: set[bool | None], price: Price | None
) -> float | None:
    if sandboxes == {True}:
        return 0.0
    # Which requests an emulator answered, and which were paid, is not told apart.
    if price is None or True in sandboxes:
        return None
    cost = math.fsum(price.cost(name, calls) for name, calls in requests.items())
    return None if math.isnan(cost) else cost
