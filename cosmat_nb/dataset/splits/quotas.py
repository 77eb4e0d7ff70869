"""Quotas: every stratum divided into parts as exactly as whole rows allow."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cosmat_nb.dataset.splits.parts import Parts

    Rows: TypeAlias = Mapping[int, int]

__all__ = ["Unit", "fill_quotas"]


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows that stay together.

    Attributes
    ----------
    draw : int
        Puts units of one size in order.
    rows : mapping of int to int
        How many rows of each stratum it has, every one above 0.
    part : str or None
        The part that it has already.
    """

    draw: int
    rows: Rows
    part: str | None = None

    @property
    def size(self) -> int:
        """Rows of all strata."""
        return sum(self.rows.values())


def fill_quotas(units: Sequence[Unit], parts: Parts) -> list[str]:
    """Give each unit a part, so that every stratum has its shares.

    Units that have a part keep it and count. Of the others, those with rows of several
    strata come first, then stratum by stratum, the largest unit before smaller ones.
    Each goes where it fits whole and most is missing; where it fits nowhere, to a part
    that still lacks rows, and among those the one that earlier strata left short too.

    Where all units of a stratum are one row, and none is kept, each part has less than
    one row more or less than its share. In general no part exceeds its share by as much
    as the largest unit that was put there.

    Parameters
    ----------
    units : sequence of Unit
        In any order: the result does not depend on it.
    parts : Parts
        Names and shares.

    Returns
    -------
    list of str
        A part for each unit.

    Examples
    --------
    >>> from cosmat_nb.dataset.splits.parts import Parts
    >>> units = [Unit(draw, {0: 1}) for draw in range(10)]
    >>> fill_quotas(units, Parts.read({"a": 0.7, "b": 0.2, "c": 0.1}))
    ['a', 'a', 'a', 'a', 'a', 'a', 'b', 'a', 'b', 'c']
    """
    lacking = _Lacking(units, parts)
    filled = [unit.part or "" for unit in units]
    for stratum, members in _in_turn(units):
        for index in members:
            filled[index] = parts.names[lacking.place(units[index].rows)]
        if stratum is not None:
            lacking.close(stratum)
    return filled


def _in_turn(units: Sequence[Unit]) -> list[tuple[int | None, list[int]]]:
    free = [index for index, unit in enumerate(units) if unit.part is None]
    free.sort(key=lambda index: (-units[index].size, units[index].draw))
    alone: dict[int, list[int]] = defaultdict(list)
    mixed: list[int] = []
    for index in free:
        stratum, *more = units[index].rows
        (mixed if more else alone[stratum]).append(index)
    return [(None, mixed), *sorted(alone.items())]


class _Lacking:
    """How much each part lacks of each stratum, in rows times the sum of weights."""

    def __init__(self, units: Iterable[Unit], parts: Parts) -> None:
        self._total = parts.total
        self._carried = [0] * len(parts.names)
        count: Counter[int] = Counter()
        kept: Counter[tuple[int, str]] = Counter()
        for unit in units:
            count.update(unit.rows)
            if unit.part is not None:
                kept.update({(s, unit.part): n for s, n in unit.rows.items()})
        self._left = {
            stratum: [
                rows * weight - self._total * kept[stratum, name]
                for name, weight in zip(parts.names, parts.weights, strict=True)
            ]
            for stratum, rows in count.items()
        }

    def place(self, rows: Rows) -> int:
        """Choose a part for a unit, count it, and return which it is."""
        choices = range(len(self._carried))
        fitting = [part for part in choices if self._fits(rows, part)]
        if fitting:
            best = max(fitting, key=lambda part: self._need(rows, part))
        else:
            # What a stratum needs of every part sums up to its rows, so one needs some.
            short = [part for part in choices if self._need(rows, part) > 0]
            size = sum(rows.values())
            best = max(
                short, key=lambda p: self._need(rows, p) + size * self._carried[p]
            )
        for stratum, number in rows.items():
            self._left[stratum][best] -= self._total * number
        return best

    def close(self, stratum: int) -> None:
        """Carry what a stratum's parts still lack over to the next strata."""
        for part, left in enumerate(self._left[stratum]):
            self._carried[part] += left

    def _fits(self, rows: Rows, part: int) -> bool:
        return all(self._total * n <= self._left[s][part] for s, n in rows.items())

    def _need(self, rows: Rows, part: int) -> int:
        return sum(n * self._left[s][part] for s, n in rows.items())
