"""Two cutouts of one picture, laid over each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from cosmat_nb.cutout import Cutout
from cosmat_nb.frame.working import Task, attempt, picture_of, work_through
from cosmat_nb.metrics.overlap import compare_mattes, meet_mattes
from cosmat_nb.metrics.window import marked_window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cosmat_nb.frame.progress import Watcher

    Pair: TypeAlias = tuple[Cutout, Cutout]

__all__ = ["Agreement", "agree_all"]


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
    mine: Sequence[Any],
    theirs: Sequence[Any],
    *,
    workers: int | None = None,
    progress: bool | Watcher,
) -> list[Agreement]:
    """Compare the cutouts of each distinct pair once, in threads.

    Parameters
    ----------
    mine, theirs : sequence
        Cells of a and of b, as many; what is no `Cutout` is an agreement with a reason.
    workers : int, optional
        Threads, as for `work_through`.
    progress : bool or Watcher
        Whether progress is shown.

    Returns
    -------
    list of Agreement
        One for each pair, in order.
    """
    pairs = list(zip(mine, theirs, strict=True))
    tasks = [_task(*pair) for pair in pairs]
    found = work_through(tasks, _agree_group, workers=workers, show=progress)
    return [
        agreement or _missing(*pair)
        for agreement, pair in zip(found, pairs, strict=True)
    ]


def _task(mine: Any, theirs: Any) -> Task[Pair] | None:
    if not (isinstance(mine, Cutout) and isinstance(theirs, Cutout)):
        return None
    pair = mine, theirs
    identity = tuple((picture_of(each), each.options) for each in pair)
    return Task(identity, None, pair)


def _missing(mine: Any, theirs: Any) -> Agreement:
    cells = {"a": mine, "b": theirs}
    names = [name for name, cell in cells.items() if not isinstance(cell, Cutout)]
    return Agreement(error=f"no cutout in {' and '.join(names)}")


def _agree_group(pairs: Sequence[Pair]) -> Iterator[Agreement]:
    for pair in pairs:
        agreement, reason = attempt(partial(_agree, *pair))
        yield agreement or Agreement(error=reason)


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
        return marked_window(self.alpha) == (
            slice(self.dy, self.dy + height),
            slice(self.dx, self.dx + width),
        )


def _agree(mine: Cutout, theirs: Cutout) -> Agreement:
    mattes = []
    for name, cutout in (("a", mine), ("b", theirs)):
        matte, reason = attempt(partial(_Matte.of, cutout))
        if matte is None:
            return Agreement(error=f"{name}: {reason}")
        mattes.append(matte)
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
