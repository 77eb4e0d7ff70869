"""Where a number becomes a finding: one frozen value."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any

from cosmat_nb.errors import OptionsError

__all__ = ["Thresholds", "check_thresholds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Bounds of `find_in_row`; a number strictly beyond its bound is a finding.

    ``max_`` bounds are exceeded, ``min_`` bounds and ``empty_coverage`` undercut; a
    number that equals its bound is fine. `fill_sides` is a count that is reached, and
    an edge is wide beyond both `min_edge_px` and `max_edge_share`. Columns are those of
    `MatteMetrics`, which defines them.

    Parameters
    ----------
    empty_coverage : float, default 0.0005
        Share of the picture, 0 to 1, under which ``coverage`` is nothing at all: of
        1 megapixel 500 px, about 22 × 22.
    min_hard_area : int, default 1
        Least ``hard_area``, px, 0 and up. The default asks for one pixel that is at
        least half opaque: without one, no part, hole or margin means anything.
    max_coverage : float, default 0.98
        Share of the picture, 0 to 1. A matte that keeps more has removed nothing.
    max_border : float, default 0.5
        Share of the picture's border, 0 to 1, that hard pixels hold: a subject that
        fills the frame leaves more than half of it free, a background that was kept
        does not.
    max_touch : float, default 0.005
        Share of a side, 0 to 1, that a subject may touch without being called cut
        off. A tip of a leaf that ends there passes; what the frame cuts through
        touches more, even where the cut took a few pixels.
    fill_sides : int, default 3
        Sides, 1 to 5, touched over more than `max_touch`, from which on the subject
        fills the frame instead of being cut off by it: a close-up. 5 calls nothing so.
    max_dust : int, default 10
        Specks, 0 and up, over ``dust``. Fur and grass shed some on true mattes.
    max_dust_share : float, default 0.001
        Share of the subject, 0 and up, over ``dust_area / soft_area``: a few specks
        that are seen. A speck alone has at most about this share.
    max_holes : int, default 3
        Holes, 0 and up, over ``holes``. Handles, eyes of scissors and the gap under
        an arm are few; an eaten subject has many.
    max_hole_share : float, default 0.05
        Share of the hard pixels, 0 and up, over ``hole_area / hard_area``: one hole of
        this size is worth a look, though it may be the handle of a mug.
    min_largest_share : float, default 0.98
        Share of the hard pixels, 0 to 1, under ``largest_part_share``: what the other
        parts hold is then no crumb.
    max_halo : float, default 0.5
        Share of the old background's contribution, any number from 0 up, left in the
        edge's colours: 0 is clean, 1 the source copied unchanged. The default is half
        way; estimated colours often leave some of it.
    min_evidence : float, default 0.8
        Probability, 0 to 1, under ``edge_evidence``; 0.5 is chance. True mattes are
        higher, those that lie beside the subject mostly lower.
    min_edge_px : float, default 4
        Width, px, 0 and up, that no edge is called wide under, however small the
        subject: a lens and a resampling blur as much.
    max_edge_share : float, default 0.04
        Share of the subject's size, 0 and up, over ``edge_width / sqrt(soft_area)``:
        more than fur has, less than a blur of 2 % of that size. The mean width: that
        of glass is over it too, but the 95th percentile leaves fur and blur no room.
    max_offset : float, default 0.45
        Share of half the diagonal, 0 to 1, over ``centroid_offset``: more than
        photographers leave on purpose.
    min_coverage : float, default 0.02
        Share of the picture, 0 to 1, under which a subject is too small: a square
        of 14 % of a square picture's side.
    min_agreement : float, default 0.9
        Intersection over union, 0 to 1, under ``agreement_iou`` of two results.
    max_residue : float, default 0.01
        Share of the pixels with alpha 0, 0 to 1, over ``color_residue``.

    Raises
    ------
    OptionsError
        When a bound is no number or out of its range, or ``empty_coverage <=
        min_coverage <= max_coverage`` does not hold.

    Notes
    -----
    ``benchmarks/findings.py`` prints what the defaults rest on: how often each finding
    is made on true mattes, drawn scenes with exact alpha and photographs, on harmless
    changes of them, and on mattes damaged on purpose; and the quantiles of each number
    on all of them. Each default lies where true mattes end and damaged ones begin.
    Where the two overlap (dust, halo, holes), a property that a true matte can have is
    called by the same name, and severity and advice say so.

    Examples
    --------
    >>> Thresholds(max_holes=0).max_holes
    0
    """

    empty_coverage: float = 0.0005
    min_hard_area: int = 1
    max_coverage: float = 0.98
    max_border: float = 0.5
    max_touch: float = 0.005
    fill_sides: int = 3
    max_dust: int = 10
    max_dust_share: float = 0.001
    max_holes: int = 3
    max_hole_share: float = 0.05
    min_largest_share: float = 0.98
    max_halo: float = 0.5
    min_evidence: float = 0.8
    min_edge_px: float = 4.0
    max_edge_share: float = 0.04
    max_offset: float = 0.45
    min_coverage: float = 0.02
    min_agreement: float = 0.9
    max_residue: float = 0.01

    def __post_init__(self) -> None:
        for each in fields(self):
            value = _check(each.name, getattr(self, each.name), str(each.type))
            object.__setattr__(self, each.name, value)
        if not self.empty_coverage <= self.min_coverage <= self.max_coverage:
            raise OptionsError(
                "expected empty_coverage <= min_coverage <= max_coverage; got "
                f"{self.empty_coverage}, {self.min_coverage}, {self.max_coverage}"
            )


def check_thresholds(thresholds: Thresholds) -> None:
    """Make sure that bounds are `Thresholds`, which are checked themselves.

    Raises
    ------
    OptionsError
        When they are something else.
    """
    if not isinstance(thresholds, Thresholds):
        raise OptionsError(
            "thresholds must be Thresholds, as Thresholds(max_holes=0); not "
            f"{type(thresholds).__name__}"
        )


_OPEN = (
    "max_hole_share",
    "max_dust_share",
    "max_halo",
    "min_edge_px",
    "max_edge_share",
)
_MOST_SIDES = 5


def _check(name: str, value: Any, kind: str) -> float:
    whole = kind == "int"
    low, high = 0.0, math.inf if whole or name in _OPEN else 1.0
    if name == "fill_sides":
        low, high = 1.0, _MOST_SIDES
    number = _read(value, Integral if whole else Real)
    # Written so that NaN, which compares false with everything, is refused too.
    if not low <= number <= high:
        a_number = "a whole number" if whole else "a number"
        until = "and up" if math.isinf(high) else f"to {high:g}"
        raise OptionsError(
            f"{name} must be {a_number}, {low:g} {until}; not {value!r:.60}"
        )
    return int(value) if whole else number


def _read(value: Any, kind: type) -> float:
    is_number = isinstance(value, kind) and not isinstance(value, bool)
    try:
        return float(value) if is_number else math.nan
    except OverflowError:
        return math.nan
