"""What calls cost: figures that a user sets, with their source and date."""

from __future__ import annotations

import html
import math
import numbers
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple, cast

from cosmat_nb.errors import OptionsError
from cosmat_nb.options import Operation

__all__ = ["UNVERIFIED", "Price", "Step"]


class Step(NamedTuple):
    """The price of a call, from one call on.

    Attributes
    ----------
    operation : Operation
        Of which operation.
    first : int
        From which charged call on, counted from 1; free calls are not charged.
    price : float
        Of each call, in the currency's unit.
    """

    operation: Operation
    first: int
    price: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Price:
    """A price list: frozen, hashable, checked on construction.

    Parameters
    ----------
    steps : mapping, or tuple of Step
        By operation the price of one call, or a mapping of prices by the charged call
        from which they hold: ``{"AIPicMatting": {1: 0.02, 10_001: 0.015}}``. Kept as a
        tuple of `Step`. The price of an operation that is not there is unknown.
    source : str
        Where the figures are from: a page, a contract, a bill.
    as_of : date or str
        When they were read, as ``"2026-09-01"``.
    currency : str, default "CNY"
        Three letters.
    free_calls : int, default 0
        Calls of each operation that are free before the first is charged.
    verified : bool, default False
        Whether you hold the figures against a bill or your own contract.

    Raises
    ------
    OptionsError
        For a price that is no finite number from 0 on, steps that do not begin with 1,
        an operation that does not exist, a date or currency of another form.

    Notes
    -----
    That steps count charged calls of one operation is assumed, and so is that every
    operation has a free quota of its own.

    Examples
    --------
    >>> steps = {"AIPicMatting": {1: 0.02, 3: 0.01}}
    >>> price = Price(steps=steps, source="my bill", as_of="2026-10-01", free_calls=1)
    >>> price.cost("AIPicMatting", 4)
    0.05
    >>> price.show(price.cost("GoodsMatting", 4))
    'unknown'
    """

    steps: tuple[Step, ...] | Mapping[str, float | Mapping[int, float]]
    source: str
    as_of: date | str
    currency: str = "CNY"
    free_calls: int = 0
    verified: bool = False

    def __post_init__(self) -> None:
        _check_words(self.source, self.currency)
        if not isinstance(self.verified, bool):
            raise OptionsError(f"verified must be True or False; not {self.verified!r}")
        free = _whole("free_calls", self.free_calls)
        object.__setattr__(self, "steps", _read_steps(self.steps))
        object.__setattr__(self, "as_of", _read_date(self.as_of))
        object.__setattr__(self, "free_calls", free)

    def cost(self, operation: str, calls: int, before: int = 0) -> float:
        """Return what calls of one operation cost.

        Parameters
        ----------
        operation : Operation or str
            Which one.
        calls : int
            How many.
        before : int, default 0
            Calls of it that were made earlier: they have used up the free ones, and
            steps go on from them.

        Returns
        -------
        float
            In the currency's unit, reckoned in decimals; NaN when the price of the
            operation is unknown, which is never taken for 0. No calls cost 0.

        Raises
        ------
        OptionsError
            For an operation that does not exist, and for counts below 0.
        """
        name = _operation(operation)
        calls, before = _whole("calls", calls), _whole("before", before)
        steps = self._steps_of(name)
        if not calls:
            return 0.0
        if not steps:
            return math.nan
        start = max(before - self.free_calls, 0)
        stop = max(before + calls - self.free_calls, 0)
        ends = [step.first - 1 for step in steps[1:]] + [stop]
        total = Decimal(0)
        for step, end in zip(steps, ends, strict=True):
            charged = min(stop, end) - max(start, step.first - 1)
            total += max(charged, 0) * Decimal(str(step.price))
        return float(total)

    def knows(self, operation: str) -> bool:
        """Whether it has a price for an operation."""
        return bool(self._steps_of(_operation(operation)))

    def show(self, cost: float) -> str:
        """Write an amount with its currency; ``unknown`` for NaN.

        Examples
        --------
        >>> UNVERIFIED.show(1234.5), UNVERIFIED.show(0.002)
        ('1,234.50 CNY', '0.002 CNY')
        """
        if math.isnan(cost):
            return "unknown"
        whole, _, rest = f"{cost:,.6f}".partition(".")
        return f"{whole}.{rest.rstrip('0').ljust(2, '0')} {self.currency}"

    def __str__(self) -> str:
        known = "verified" if self.verified else "unverified"
        free = f"{self.free_calls} free calls; " if self.free_calls else ""
        figures = "; ".join(f"{name} {words}" for name, words in self._figures())
        return f"{known} as of {self.as_of}: {free}{figures} (source: {self.source})"

    def __repr__(self) -> str:
        return f"Price({self})"

    def _repr_html_(self) -> str:
        known = "Price, verified" if self.verified else "Price, <b>unverified</b>"
        rows = self._figures()
        if self.free_calls:
            rows.append(("free", f"{self.free_calls} calls of each operation"))
        rows += [("as of", str(self.as_of)), ("source", self.source)]
        cells = "".join(
            f"<tr><th>{name}</th>"
            f"<td style='text-align:left'>{html.escape(words)}</td></tr>"
            for name, words in rows
        )
        return f"<table><caption>{known}</caption>{cells}</table>"

    def _steps_of(self, operation: str) -> list[Step]:
        steps = cast("tuple[Step, ...]", self.steps)
        return [step for step in steps if step.operation == operation]

    def _figures(self) -> list[tuple[str, str]]:
        return [(name, self._words(self._steps_of(name))) for name in Operation]

    def _words(self, steps: list[Step]) -> str:
        prices = [
            f"{self.show(step.price)} a call"
            + (f" from charged call {step.first:,} on" if step.first > 1 else "")
            for step in steps
        ]
        return ", ".join(prices) or "unknown"


def _check_words(source: object, currency: object) -> None:
    if not isinstance(source, str) or not source.strip():
        raise OptionsError(
            f"source must say where the figures are from; not {source!r:.40}"
        )
    if not isinstance(currency, str) or not re.fullmatch("[A-Z]{3}", currency):
        raise OptionsError(
            f"currency must be three capital letters, as CNY; not {currency!r:.40}"
        )


def _read_steps(steps: object) -> tuple[Step, ...]:
    if isinstance(steps, Mapping):
        found = [
            (operation, first, price)
            for operation, prices in steps.items()
            for first, price in _prices(prices)
        ]
    elif isinstance(steps, tuple) and all(isinstance(step, Step) for step in steps):
        found = list(steps)
    else:
        raise OptionsError(
            "steps must be a mapping of operations to the price of a call, as "
            f"{{'AIPicMatting': 0.02}}; not {steps!r:.80}"
        )
    read = sorted(
        Step(_operation(operation), _whole("a step", first), _price(price))
        for operation, first, price in found
    )
    _check_order(read)
    return tuple(read)


def _prices(prices: object) -> list[tuple[object, object]]:
    return list(prices.items()) if isinstance(prices, Mapping) else [(1, prices)]


def _check_order(steps: list[Step]) -> None:
    firsts: dict[str, list[int]] = {}
    for step in steps:
        firsts.setdefault(step.operation, []).append(step.first)
    for operation, found in firsts.items():
        if found[0] != 1 or len(set(found)) < len(found):
            raise OptionsError(
                f"the steps of {operation} must begin with 1 and differ, as "
                f"{{1: 0.02, 10_001: 0.015}}; got {found}"
            )


def _operation(name: object) -> Operation:
    try:
        return Operation(name)  # type: ignore[arg-type]
    except ValueError:
        known = ", ".join(Operation)
        raise OptionsError(
            f"operation must be one of {known}; not {name!r:.60}"
        ) from None


def _price(value: object) -> float:
    number = isinstance(value, (numbers.Real, Decimal)) and not isinstance(value, bool)
    if not number or not 0 <= float(value) < math.inf:  # type: ignore[arg-type]
        raise OptionsError(
            f"a price must be a finite number from 0 on; not {value!r:.60}: leave an "
            "operation out when its price is unknown"
        )
    return float(value)  # type: ignore[arg-type]


def _whole(name: str, value: object) -> int:
    try:
        count = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        count = -1
    if isinstance(value, bool) or count < 0:
        raise OptionsError(
            f"{name} must be a whole number from 0 on; not {value!r:.60}"
        )
    return count


def _read_date(value: object) -> date:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise OptionsError(
            f"as_of must be a date, as '2026-09-01'; not {value!r:.40}"
        ) from None


UNVERIFIED = Price(
    steps={"AIPicMatting": 0.02, "GoodsMatting": 0.01},
    source=(
        "two independent projects that use the service, seen 2026-09; an older one "
        "says 0.15 for AIPicMatting; not from the vendor's price page"
    ),
    as_of="2026-09-01",
)
"""The price that verbs take when none is passed: never held against a bill.

It has no free calls. One project saw 1000, once, valid for two months; whether your
account has any left is not known here, and an estimate had better be too high. Pass
``dataclasses.replace(UNVERIFIED, free_calls=1000)`` if you know it.
"""
