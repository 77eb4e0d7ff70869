"""A budget: what a batch, or several of them, may spend."""

from __future__ import annotations

import math
import numbers
import operator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import uuid4

from cosmat_nb.errors import OptionsError
from cosmat_nb.options import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cosmat_nb.store.price import Price

__all__ = ["Budget"]

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A purse: limits that are looked at before each attempt; frozen.

    Parameters
    ----------
    calls : int, optional
        Most attempts that may have been billed. A call that makes several cutouts in
        the bucket counts once for each.
    amount : float, optional
        Most money for them, in the unit of the price that goes with the batch: every
        operation asked for must have a price there. Currencies are not told apart:
        use another `name` for another one.
    per_day : int, optional
        Most attempts a day, of everybody who uses the same store. The day is that of
        UTC+8, assumed to be the provider's.
    name : str, optional
        Of the purse; by default one that nobody else has.

    Raises
    ------
    OptionsError
        For no limit at all, a limit that is negative or no number, an unusable name.

    Notes
    -----
    Counted are attempts, retries included, unless they surely cost nothing: one whose
    answer was lost counts, since it may have been billed. What is counted is the
    store's ledger, by name: a `Budget` that is passed to several batches, threads or
    processes on one store is one purse, also after it was pickled, and so are two with
    the same name. It is never filled again; a new `Budget` is a new purse, and
    ``dataclasses.replace(budget, calls=200)`` is the same one with another limit.

    Examples
    --------
    >>> budget = Budget(calls=100, amount=2.0, name="spring catalogue")
    >>> budget.per_day is None
    True
    """

    calls: int | None = None
    amount: float | None = None
    per_day: int | None = None
    name: str = field(default_factory=lambda: uuid4().hex)

    def __post_init__(self) -> None:
        limits = {"calls": self.calls, "per_day": self.per_day}
        for limit, value in limits.items():
            object.__setattr__(self, limit, _count(limit, value))
        object.__setattr__(self, "amount", _amount(self.amount))
        if (self.calls, self.amount, self.per_day) == (None, None, None):
            raise OptionsError(
                "a budget needs a limit: pass calls=, amount= or per_day=, "
                "as Budget(calls=100)"
            )
        name = self.name
        if not isinstance(name, str) or not 0 < len(name.strip()) <= _LONGEST_NAME:
            raise OptionsError(
                f"name must have 1 to {_LONGEST_NAME} characters; not {name!r:.60}"
            )

    def check_price(self, price: Price | None, operations: Iterable[str]) -> None:
        """Refuse to count an amount where a price is unknown: it would count as 0.

        Parameters
        ----------
        price : Price or None
            That goes with the batch.
        operations : iterable of Operation or str
            What the batch asks for.

        Raises
        ------
        OptionsError
            When there is an `amount`, and no price for one of them.

        Examples
        --------
        >>> from cosmat_nb.store.price import UNVERIFIED
        >>> Budget(amount=1.0).check_price(UNVERIFIED, ["AIPicMatting"])
        """
        if self.amount is None:
            return
        unknown = [
            str(operation)
            for operation in map(Operation, operations)
            if price is None or not price.knows(operation)
        ]
        if unknown:
            raise OptionsError(
                f"a budget with amount={self.amount:g} needs the price of "
                f"{', '.join(unknown)}, which is unknown: pass price=Price(...) with "
                "it, or a budget of calls= instead"
            )


def _count(name: str, value: object) -> int | None:
    if value is None:
        return None
    try:
        count = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        count = -1
    if isinstance(value, bool) or count < 0:
        raise OptionsError(
            f"{name} must be a whole number from 0 on; not {value!r:.60}"
        )
    return count


def _amount(value: object) -> float | None:
    if value is None:
        return None
    number = isinstance(value, (numbers.Real, Decimal)) and not isinstance(value, bool)
    if not number or not 0 <= float(value) < math.inf:  # type: ignore[arg-type]
        raise OptionsError(
            f"amount must be a finite number from 0 on; not {value!r:.60}"
        )
    return float(value)  # type: ignore[arg-type]
