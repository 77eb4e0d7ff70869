"""Two cutouts of one picture, laid over each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import CosmatError
from cosmat_nb.frame.progress import Progress
from cosmat_nb.metrics.overlap import compare_mattes, meet_mattes, subject_window

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Agreement", "agree_all"]

_THREADS = 4


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the mattes of two cutouts have in common; the fields are columns.

    Attributes
    ----------
    iou, mad : float or None
        As `compare_mattes` defines them. None with an error.
    basis : str or None
        By what they were laid over each other. ``canvas``: neither was centred and the
        canvases are of one size without their padding, so pixels stand where they
        stood. ``alpha``: one was centred, or cut to its subject, so they were moved to
        where the mattes differ least, which is exact for like mattes and the best
        case for others.
    error : str or None
        Why they were not compared.
    """

    iou: float | None = None
    mad: float | None = None
    basis: str | None = None
    error: str | None = None


def agree_all(
    mine: Sequence[Any], theirs: Sequence[Any], *, progress: bool
) -> list[Agreement]:
    """Compare the cutouts of each pair, in threads; every PNG is decoded once.

    Parameters
    ----------
    mine, theirs : sequence
        Cells of a and of b, as many; what is no `Cutout` is an agreement with a reason.
    progress : bool
        Show a bar.

    Returns
    -------
    list of Agreement
        One for each pair, in order.
    """
    pairs = list(zip(mine, theirs, strict=True))
    found = [_missing(*pair) for pair in pairs]
    rows = [row for row, missing in enumerate(found) if missing is None]
    with (
        ThreadPoolExecutor(_THREADS, "cosmat-agree") as pool,
        Progress(len(rows), show=progress) as bar,
    ):
        todo = pool.map(lambda row: _agree(*pairs[row]), rows)
        for row, agreement in zip(rows, todo, strict=True):
            found[row] = agreement
            bar.advance(1)
    return [agreement for agreement in found if agreement is not None]


def _missing(mine: Any, theirs: Any) -> Agreement | None:
    names = [
        name
        for name, cell in (("a", mine), ("b", theirs))
        if not isinstance(cell, Cutout)
    ]
    return Agreement(error=f"no cutout in {' and '.join(names)}") if names else None


@dataclass(frozen=True, slots=True)
class _Matte:
    alpha: NDArray[np.uint8]
    dx: int
    dy: int
    center: bool

    @classmethod
    def of(cls, cutout: Cutout) -> _Matte:
        # A copy, so that the colours can go.
        alpha = cutout.rgba[..., 3].copy()
        return cls(alpha, *cutout.options.padding, cutout.options.center)

    @property
    def inner(self) -> tuple[int, int]:
        height, width = self.alpha.shape
        return height - 2 * self.dy, width - 2 * self.dx

    @property
    def cut_to_subject(self) -> bool:
        height, width = self.inner
        return subject_window(self.alpha) == (
            slice(self.dy, self.dy + height),
            slice(self.dx, self.dx + width),
        )


def _agree(mine: Cutout, theirs: Cutout) -> Agreement:
    mattes = []
    for name, cutout in (("a", mine), ("b", theirs)):
        try:
            mattes.append(_Matte.of(cutout))
        except (CosmatError, MemoryError) as error:
            return Agreement(error=f"{name}: {type(error).__name__}: {error}")
    a, b = mattes
    # An empty matte has no subject that centring could move.
    moved = (a.center or b.center) and a.alpha.any() and b.alpha.any()
    if a.inner == b.inner and not moved:
        shift, basis = (b.dy - a.dy, b.dx - a.dx), "canvas"
    elif moved or a.cut_to_subject or b.cut_to_subject:
        shift, basis = meet_mattes(a.alpha, b.alpha), "alpha"
    else:
        return Agreement(error=_unlike(a, b))
    overlap = compare_mattes(a.alpha, b.alpha, shift)
    return Agreement(overlap.iou, overlap.mad, basis)


def _unlike(a: _Matte, b: _Matte) -> str:
    sizes = " and ".join("{} × {} px".format(*matte.inner) for matte in (a, b))
    return (
        f"the canvases are of different size without their padding, {sizes}, and no "
        "centring explains it: no translation is known"
    )
