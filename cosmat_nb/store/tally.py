"""Running sums of the ledger: what budgets and free calls are checked against."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING

from cosmat_nb.options import MattingOptions, Operation

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from cosmat_nb.store.answer_key import AnswerKey
    from cosmat_nb.store.budget import Budget
    from cosmat_nb.store.price import Price

__all__ = ["Charge", "Tally", "day_of", "recount"]

PROVIDER_OFFSET = timedelta(hours=8)
"""The provider's day is taken to be that of UTC+8 (assumed)."""

_PROVIDER = timezone(PROVIDER_OFFSET)
_SLACK = 1e-9
_PLACES = 9


@dataclass(frozen=True, slots=True)
class Charge:
    """What one intent adds to the sums.

    Attributes
    ----------
    operations : tuple of Operation
        One for each billed call.
    sandbox : bool
        Whether an emulator answers.
    at : float
        When, seconds since 1970.
    amount : float or None
        Price of all of it; None when no price is known.
    budget : str
        The budget's name; empty without one.
    """

    operations: tuple[Operation, ...]
    sandbox: bool
    at: float
    amount: float | None
    budget: str

    @property
    def scopes(self) -> tuple[tuple[str, int], ...]:
        """Every sum that it adds to, with the number of calls."""
        day, kind = day_of(self.at), self.sandbox
        return _scopes(self.operations, kind, day, self.budget)


class Tally:
    """The sums as one transaction sees and changes them.

    Parameters
    ----------
    connection : sqlite3.Connection
        Inside a transaction that writes.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._sums: dict[str, tuple[int, float]] = {}
        self._added: dict[str, tuple[int, float]] = {}

    def add(self, charge: Charge, sign: int = 1) -> None:
        """Count a charge; with ``sign=-1`` give it back."""
        amount = sign * (charge.amount or 0.0)
        for scope, count in charge.scopes:
            calls = sign * count
            old = self._added.get(scope, (0, 0.0))
            self._added[scope] = (old[0] + calls, old[1] + amount)
            if scope in self._sums:
                old = self._sums[scope]
                self._sums[scope] = (old[0] + calls, old[1] + amount)

    def write(self) -> None:
        """Put what was added into the transaction."""
        # Rounding keeps what is given back from leaving crumbs.
        self._connection.executemany(
            "INSERT INTO tally VALUES(?, ?, ?) ON CONFLICT(scope) DO UPDATE SET "
            "calls = calls + excluded.calls, "
            f"amount = round(amount + excluded.amount, {_PLACES})",
            [(scope, *added) for scope, added in self._added.items()],
        )
        self._added.clear()

    def charge(
        self,
        keys: Iterable[AnswerKey],
        at: float,
        budget: Budget | None,
        price: Price | None,
    ) -> Charge:
        """Price the call that would answer these keys."""
        keys = tuple(keys)
        sandbox = keys[0].sandbox
        operations = tuple(key.options.operation for key in keys)
        amount = math.nan if price is None else 0.0
        for operation, count in _counts(operations):
            if price is not None:
                before, _ = self._sum(f"operation {int(sandbox)} {operation}")
                amount += price.cost(operation, count, before)
        known = None if math.isnan(amount) else amount
        name = "" if budget is None else budget.name
        return Charge(operations, sandbox, at, known, name)

    def refusal(self, charge: Charge, budget: Budget | None) -> str:
        """Say why a charge would pass its budget; empty when it does not."""
        if budget is None:
            return ""
        new = len(charge.operations)
        calls, spent = self._sum(_budget_scope(charge.sandbox, budget.name))
        today, _ = self._sum(_day_scope(charge.sandbox, charge.at))
        if budget.calls is not None and calls + new > budget.calls:
            return (
                f"the budget allows {budget.calls} calls, {calls} are used and the "
                f"next needs {new}"
            )
        if budget.per_day is not None and today + new > budget.per_day:
            return (
                f"the budget allows {budget.per_day} calls a day, {today} are used "
                f"on {day_of(charge.at)} (UTC+8) and the next needs {new}"
            )
        return _over(spent, charge.amount, budget.amount)

    def _sum(self, scope: str) -> tuple[int, float]:
        if scope not in self._sums:
            row = self._connection.execute(
                "SELECT calls, amount FROM tally WHERE scope = ?", (scope,)
            ).fetchone()
            calls, amount = row or (0, 0.0)
            more = self._added.get(scope, (0, 0.0))
            self._sums[scope] = (calls + more[0], amount + more[1])
        return self._sums[scope]


def recount(connection: sqlite3.Connection) -> None:
    """Make the sums anew from the ledger, as after two ledgers became one.

    Parameters
    ----------
    connection : sqlite3.Connection
        Inside a transaction that writes.
    """
    connection.execute("DELETE FROM tally")
    tally = Tally(connection)
    rows = connection.execute(
        "SELECT rule, sandbox, intent.at, price, budget FROM intent LEFT JOIN outcome "
        "ON outcome.intent = intent.id WHERE outcome.billed IS NOT 'no'"
    )
    for rule, sandbox, at, amount, budget in rows:
        options = [MattingOptions.from_rule(text) for text in rule.split("\n")]
        operations = tuple(one.operation for one in options)
        tally.add(Charge(operations, bool(sandbox), at, amount, budget))
    tally.write()


@lru_cache(maxsize=64)
def day_of(at: float) -> str:
    """Return the provider's day of a time, as ``2026-03-01``.

    Examples
    --------
    >>> day_of(57599), day_of(57600)
    ('1970-01-01', '1970-01-02')
    """
    return datetime.fromtimestamp(at, UTC).astimezone(_PROVIDER).date().isoformat()


def _over(spent: float, new: float | None, limit: float | None) -> str:
    if limit is None:
        return ""
    if new is None:
        return "the budget limits the amount, and the price of this call is unknown"
    if spent + new > limit * (1 + _SLACK) + _SLACK:
        return (
            f"the budget allows an amount of {limit:g}, {spent:g} is used and the next "
            f"call needs {new:g}"
        )
    return ""


# A group of calls adds to the same few sums: they are named once.
@lru_cache(maxsize=64)
def _scopes(
    operations: tuple[Operation, ...], sandbox: bool, day: str, budget: str
) -> tuple[tuple[str, int], ...]:
    calls, kind = len(operations), int(sandbox)
    scopes = [(f"day {kind} {day}", calls)]
    if budget:
        scopes.append((_budget_scope(sandbox, budget), calls))
    scopes += [(f"operation {kind} {each}", n) for each, n in _counts(operations)]
    return tuple(scopes)


@lru_cache(maxsize=64)
def _counts(operations: tuple[Operation, ...]) -> tuple[tuple[Operation, int], ...]:
    return tuple(Counter(operations).items())


def _day_scope(sandbox: bool, at: float) -> str:
    return f"day {int(sandbox)} {day_of(at)}"


def _budget_scope(sandbox: bool, name: str) -> str:
    return f"budget {int(sandbox)} {name}"
