"""Where in a picture a subject comes from: try the likely places, else search all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.metrics.correlation import STARTS, find_starts
from cosmat_nb.metrics.probes import is_clearly_worse, sample_cutout

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from cosmat_nb.metrics.probes import Probes

    Place = tuple[int, int]

__all__ = ["find_subject"]

_NEARBY = 16  # how far away a likely place is looked around, px
_FAINT = 12.0  # mean squared residual, three channels: 2 levels each, as by JPEG
_FAST = 512  # probes that find the best place near a start
_NARROWED = 8  # starts near which it is searched for: the first, and the best


def find_subject(
    before: NDArray[np.uint8],
    subject: NDArray[np.uint8],
    likely: Sequence[tuple[int, int]],
) -> tuple[int, int] | None:
    """Find the one place of a picture that a subject was cut from.

    Parameters
    ----------
    before : ndarray of uint8, shape (H, W, 3)
        The picture.
    subject : ndarray of uint8, shape (h, w, 4), h <= H and w <= W
        The visible part of its cutout.
    likely : sequence of tuple of int
        Places to try first, in this order, each inside the picture.

    Returns
    -------
    tuple of int or None
        Row and column of the picture under the subject's pixel (0, 0); None when no
        place fits, or several do.
    """
    field = _Field(before, subject)
    copied, cleaned = sample_cutout(subject)
    for probes in (copied, cleaned):
        if probes is cleaned and not probes.prove:
            continue  # mixtures with anything fit nearly everywhere
        for place in likely:
            if field.settles(probes, place):
                return place
    starts, reach = find_starts(before, subject)
    if not starts:
        return None
    for probes in (copied, cleaned):
        found = field.decide(probes, starts, reach, likely)
        if found is not None:
            return found
    return None


class _Field:
    """The places of a picture at which a subject can lie."""

    def __init__(self, before: NDArray[np.uint8], subject: NDArray[np.uint8]) -> None:
        self._before = np.ascontiguousarray(before)  # read from many times
        self._rows = before.shape[0] - subject.shape[0]
        self._cols = before.shape[1] - subject.shape[1]

    def settles(self, probes: Probes, place: Place) -> bool:
        """Whether no place can be clearly better, and nearby ones are clearly worse."""
        if not self._fit(probes, place):
            return False
        if not self._exact(probes.take(probes.known), place):
            return False
        close = self._equals(probes.thin(_FAST), place, self._window(place, _NEARBY))
        return not self._equals(probes, place, close)

    def decide(
        self,
        probes: Probes,
        starts: Sequence[Place],
        reach: int,
        likely: Iterable[Place],
    ) -> Place | None:
        """Take the best place, if every other one is clearly worse."""
        few = probes.thin(_FAST)
        nearest = sorted(starts, key=lambda place: self._sum(few, place))[:_NARROWED]
        chosen = dict.fromkeys([*starts[:_NARROWED], *nearest])
        refined = [self._lowest(few, self._window(start, reach)) for start in chosen]
        found = dict.fromkeys([*likely, *refined])
        best = self._descend(probes, self._lowest(probes, found))
        if not self._fit(probes, best) or self._crowded(probes, best, starts):
            return None
        rivals = dict.fromkeys([*found, *self._around(best, (1, 2)), *starts])
        close = self._equals(few, best, rivals)
        return None if self._equals(probes, best, close) else best

    def _crowded(self, probes: Probes, best: Place, starts: Sequence[Place]) -> bool:
        """Whether more places than were looked at may fit an inexact subject."""
        if len(starts) < STARTS or self._exact(probes, best):
            return False
        apart = self._sum(probes, starts[-1]) - self._sum(probes, best)
        return apart < _FAINT * probes.rows.size

    def _exact(self, probes: Probes, place: Place) -> bool:
        """Whether no place can be clearly better, because hardly anything is off."""
        misfits = self._misfits(probes, place)
        return not is_clearly_worse(misfits, np.zeros_like(misfits))

    def _equals(
        self, probes: Probes, best: Place, rivals: Iterable[Place]
    ) -> list[Place]:
        """Return the rivals that fit as well as the best place does, but for chance."""
        misfits = self._misfits(probes, best)
        return [
            rival
            for rival in rivals
            if rival != best
            and not is_clearly_worse(self._misfits(probes, rival), misfits)
        ]

    def _descend(self, probes: Probes, place: Place) -> Place:
        while True:
            lower = self._lowest(probes, [place, *self._around(place, (1,))])
            if lower == place:
                return place
            place = lower

    def _lowest(self, probes: Probes, places: Iterable[Place]) -> Place:
        # The first of equals, so that a descent on a plateau comes to an end.
        return min(places, key=lambda place: self._sum(probes, place))

    def _sum(self, probes: Probes, place: Place) -> float:
        return float(self._misfits(probes, place).sum())

    def _fit(self, probes: Probes, place: Place) -> bool:
        return probes.fit(self._before, (-place[0], -place[1]))

    def _misfits(self, probes: Probes, place: Place) -> NDArray[np.float32]:
        return probes.misfits(self._before, (-place[0], -place[1]))

    def _around(self, place: Place, far: Iterable[int]) -> list[Place]:
        """Return the eight places at each distance that lie in the picture."""
        signs = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
        return self._inside(
            (place[0] + i * step, place[1] + j * step) for step in far for i, j in signs
        )

    def _window(self, place: Place, reach: int) -> list[Place]:
        sides = range(-reach, reach + 1)
        return self._inside((place[0] + i, place[1] + j) for i in sides for j in sides)

    def _inside(self, places: Iterable[Place]) -> list[Place]:
        return [
            (row, col)
            for row, col in places
            if 0 <= row <= self._rows and 0 <= col <= self._cols
        ]
