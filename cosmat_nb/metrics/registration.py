"""Where in a picture a subject comes from: try the likely places, else search all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.metrics.correlation import find_starts
from cosmat_nb.metrics.probes import is_clearly_worse, sample_cutout

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from cosmat_nb.metrics.probes import Probes

    Place = tuple[int, int]

__all__ = ["find_subject"]

_RINGS = (1, 2, 4, 8, 16)  # how far the neighbours of a likely place are, px
_EXACT = 3.0  # mean squared residual, three channels: a level each, as by rounding
_ENOUGH = 64  # opaque pixels that settle a likely place without a search
_FAST = 512  # probes that find the best place near a start


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
        place fits, or several do and no likely one is among them.
    """
    field = _Field(before, subject)
    copied, cleaned = sample_cutout(subject)
    for probes in (copied, cleaned):
        if probes is cleaned and np.count_nonzero(~probes.soft) < _ENOUGH:
            continue  # mixtures with anything fit nearly everywhere
        for place in likely:
            if field.settles(probes, place):
                return place
    starts, reach = find_starts(before, subject)
    for probes in (copied, cleaned):
        found = field.decide(probes, starts, reach, likely)
        if found is not None:
            return found
    return None


class _Field:
    """The places of a picture at which a subject can lie."""

    def __init__(self, before: NDArray[np.uint8], subject: NDArray[np.uint8]) -> None:
        self._before = before
        self._rows = before.shape[0] - subject.shape[0]
        self._cols = before.shape[1] - subject.shape[1]

    def settles(self, probes: Probes, place: Place) -> bool:
        """Whether a likely place can be taken without looking at all others."""
        if not self._fit(probes, place):
            return False
        rings = [(probes, _RINGS[:1]), (probes.thin(_FAST * 2), _RINGS[1:])]
        return all(self._leads(some, place, far) for some, far in rings)

    def _leads(self, probes: Probes, place: Place, far: Sequence[int]) -> bool:
        best = self._misfits(probes, place)
        exact = best.mean() <= _EXACT
        for other in self._around(place, far):
            misfits = self._misfits(probes, other)
            if is_clearly_worse(best, misfits):
                return False
            if not exact and not is_clearly_worse(misfits, best):
                return False
        return True

    def decide(
        self,
        probes: Probes,
        starts: Sequence[Place],
        reach: int,
        likely: Sequence[Place],
    ) -> Place | None:
        """Take the best place, or the likely one among those that fit alike."""
        few = probes.thin(_FAST)
        refined = [self._lowest(few, self._window(start, reach)) for start in starts]
        places = list(dict.fromkeys([*likely, *refined]))
        if not places:
            return None
        best = self._descend(probes, self._lowest(probes, places))
        if not self._fit(probes, best):
            return None
        misfits = self._misfits(probes, best)
        rivals = dict.fromkeys([*places, *self._around(best, (1, 2))])
        alike = [
            place
            for place in rivals
            if place != best
            and not is_clearly_worse(self._misfits(probes, place), misfits)
        ]
        if not alike:
            return best
        return next((place for place in likely if place in {best, *alike}), None)

    def _descend(self, probes: Probes, place: Place) -> Place:
        while True:
            lower = self._lowest(probes, [place, *self._around(place, (1,))])
            if lower == place:
                return place
            place = lower

    def _lowest(self, probes: Probes, places: Iterable[Place]) -> Place:
        # The first of equals, so that a descent on a plateau comes to an end.
        return min(places, key=lambda place: float(self._misfits(probes, place).sum()))

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
