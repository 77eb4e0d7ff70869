"""True mattes changed by our own code: without harm, and damaged on purpose."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
from color_engine import ColorEngine
from PIL import Image
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Subject:
    """A picture with its matte: uint8, (H, W, 3) and (H, W), colours of the cutout."""

    group: str
    name: str
    picture: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    colors: NDArray[np.uint8]

    @property
    def size(self) -> float:
        """Side of a square of the same area, px."""
        return float(np.sqrt(self.alpha.sum() / 255))

    def with_alpha(self, alpha: NDArray[np.uint8]) -> Subject:
        """Change alpha alone: what becomes seen has the picture's colour."""
        colors = np.where(self.alpha[..., None], self.colors, self.picture)
        colors = np.where(alpha[..., None], colors, np.uint8(0))
        return replace(self, alpha=alpha, colors=colors)

    @property
    def rng(self) -> np.random.Generator:
        """Return the same numbers for the same picture."""
        return np.random.default_rng(crc32(self.name.encode()))


def erode_slightly(s: Subject) -> Subject:
    """Make the matte one pixel tighter."""
    return s.with_alpha(ndimage.grey_erosion(s.alpha, (3, 3)))


def round_levels(s: Subject) -> Subject:
    """Keep 32 of the 256 levels."""
    coarse = np.rint(s.alpha / 255 * 31) / 31 * 255
    return s.with_alpha(np.rint(coarse).astype(np.uint8))


def mirror(s: Subject) -> Subject:
    """Mirror everything."""
    return replace(
        s, picture=s.picture[:, ::-1], alpha=s.alpha[:, ::-1], colors=s.colors[:, ::-1]
    )


def _part(s: Subject, rows: slice, cols: slice) -> Subject:
    return replace(
        s,
        picture=s.picture[rows, cols],
        alpha=s.alpha[rows, cols],
        colors=s.colors[rows, cols],
    )


def _cut(s: Subject, side: int, depth: Callable[[int], int]) -> Subject:
    """Cut a side of the picture off, so many pixels into the visible subject."""
    turned = [np.rot90(each, side) for each in (s.picture, s.alpha, s.colors)]
    filled = np.flatnonzero((turned[1] >= 128).any(axis=1))
    start = int(filled[0]) + depth(filled[-1] + 1 - filled[0])
    picture, alpha, colors = (np.rot90(each[start:], -side) for each in turned)
    return replace(s, picture=picture, alpha=alpha, colors=colors)


def crop_quarter(s: Subject) -> Subject:
    """Cut a quarter of the subject off at one side."""
    return _cut(s, int(s.rng.integers(4)), lambda length: length // 4)


def crop_pixels(s: Subject) -> Subject:
    """Cut 3 to 6 px of the subject off at one side."""
    depth = int(s.rng.integers(3, 7))
    return _cut(s, int(s.rng.integers(4)), lambda _: depth)


def _disc(s: Subject, row: float, col: float, radius: float) -> NDArray[np.bool_]:
    rows, cols = np.ogrid[: s.alpha.shape[0], : s.alpha.shape[1]]
    inside: NDArray[np.bool_] = np.hypot(rows - row, cols - col) <= radius
    return inside


def sprinkle(s: Subject) -> Subject:
    """Put 20 specks of 1 to 3 px radius where alpha is 0, away from the subject."""
    alpha, rng = s.alpha.copy(), s.rng
    free = np.argwhere(ndimage.distance_transform_edt(s.alpha == 0) > 8)
    for row, col in free[rng.integers(len(free), size=20)]:
        alpha[_disc(s, row, col, rng.uniform(0.8, 3))] = rng.integers(100, 256)
    return s.with_alpha(alpha)


def sprinkle_few(s: Subject) -> Subject:
    """Put 4 specks there, each of 0.04 % of the subject."""
    alpha, radius = s.alpha.copy(), s.size * np.sqrt(0.0004 / np.pi)
    free = np.argwhere(ndimage.distance_transform_edt(s.alpha == 0) > 8 + 2 * radius)
    for row, col in free[s.rng.integers(len(free), size=4)]:
        alpha[_disc(s, row, col, radius)] = 255
    return s.with_alpha(alpha)


def _punch(s: Subject, count: int, share: float) -> Subject:
    radius, rng, alpha = share * s.size, s.rng, s.alpha.copy()
    room = ndimage.distance_transform_edt(np.pad(s.alpha >= 250, 1))[1:-1, 1:-1]
    for _ in range(count):
        places = np.argwhere(room > radius + 3)
        if len(places):
            row, col = places[rng.integers(len(places))]
            alpha[_disc(s, row, col, radius)] = 0
            room[_disc(s, row, col, 2 * radius + 3)] = 0
    return s.with_alpha(alpha)


def punch_many(s: Subject) -> Subject:
    """Punch 8 holes of 0.2 % of the subject each."""
    return _punch(s, 8, 0.025)


def punch_large(s: Subject) -> Subject:
    """Punch one hole of 8 % of the subject."""
    return _punch(s, 1, np.sqrt(0.08 / np.pi))


def blur(s: Subject, share: float) -> Subject:
    """Blur the matte by a Gaussian of this share of the subject's size."""
    soft = ndimage.gaussian_filter(s.alpha.astype(np.float32), share * s.size)
    return s.with_alpha(np.rint(soft).astype(np.uint8))


def shift(s: Subject, share: float) -> Subject:
    """Move the matte against the picture by this share of the subject's size."""
    distance = max(2, round(share * s.size))
    angle = s.rng.uniform(0, 2 * np.pi)
    by = (round(distance * np.sin(angle)), round(distance * np.cos(angle)))
    moved = ndimage.shift(s.alpha, by, order=0, mode="nearest")
    return s.with_alpha(moved)


def keep_colors(s: Subject) -> Subject:
    """Copy the source's colours."""
    return replace(s, colors=s.picture)


def half_colors(s: Subject) -> Subject:
    """Take the mean of the source's colours and the clean ones."""
    mean = s.picture.astype(np.uint16) + s.colors
    return replace(s, colors=(mean // 2).astype(np.uint8))


def paste_second(s: Subject) -> Subject | None:
    """Paste the subject once more at 0.45 of its size, where there is room."""
    small = np.asarray(Image.fromarray(s.alpha).resize(_scaled(s.alpha, 0.45)))
    filled = ndimage.find_objects((small >= 13).astype(np.uint8))[0]
    small, alpha = small[filled], s.alpha.copy()
    height, width = small.shape
    for row in (2, alpha.shape[0] - height - 2):
        for col in (2, alpha.shape[1] - width - 2):
            place = (slice(row, row + height), slice(col, col + width))
            if row >= 2 and col >= 2 and not alpha[place].any():
                alpha[place] = small
                return s.with_alpha(alpha)
    return None


def _scaled(alpha: NDArray[np.uint8], factor: float) -> tuple[int, int]:
    return round(alpha.shape[1] * factor), round(alpha.shape[0] * factor)


def nearly_empty(s: Subject) -> Subject:
    """Keep one scrap of 10 px radius of the subject."""
    row, col = s.rng.permutation(np.argwhere(s.alpha >= 250))[0]
    return s.with_alpha(np.where(_disc(s, row, col, 10), s.alpha, np.uint8(0)))


def faint(s: Subject) -> Subject:
    """Multiply alpha by 0.3."""
    return s.with_alpha((s.alpha * 0.3).astype(np.uint8))


def keep_all(s: Subject) -> Subject:
    """Set alpha to 1."""
    return s.with_alpha(np.full_like(s.alpha, 255))


def invert(s: Subject) -> Subject:
    """Keep the background instead."""
    return s.with_alpha(255 - s.alpha)


def shrink(s: Subject) -> Subject:
    """Scale the subject to 0.12 of its size in a picture of the same size."""
    small = np.asarray(Image.fromarray(s.alpha).resize(_scaled(s.alpha, 0.12)))
    alpha = np.zeros_like(s.alpha)
    row, col = (np.array(alpha.shape) - small.shape) // 2
    alpha[row : row + small.shape[0], col : col + small.shape[1]] = small
    return s.with_alpha(alpha)


def push_aside(s: Subject) -> Subject:
    """Add 1.2 times the picture's sides above and on the left."""
    by = [(round(1.2 * side), 0) for side in s.alpha.shape]
    return replace(
        s,
        picture=np.pad(s.picture, [*by, (0, 0)], mode="edge"),
        alpha=np.pad(s.alpha, by),
        colors=np.pad(s.colors, [*by, (0, 0)]),
    )


def other_engine(s: Subject) -> Subject:
    """Take the matte of an engine that knows colours alone."""
    alpha = np.rint(ColorEngine().estimate_alpha(s.picture) * 255)
    return s.with_alpha(alpha.astype(np.uint8))


@dataclass(frozen=True)
class Change:
    """Something done to a true matte, and the findings of which one should show it."""

    name: str
    make: Callable[[Subject], Subject | None]
    expected: tuple[str, ...] = ()
    comparable: bool = True


HARMLESS = (
    Change("1 px tighter", erode_slightly),
    Change("32 levels", round_levels),
    Change("mirrored", mirror, comparable=False),
)
CUT = ("cut-off", "fills-frame")
DAMAGES = (
    Change("a quarter cropped at a side", crop_quarter, CUT),
    Change("3-6 px cropped at a side", crop_pixels, CUT),
    Change("20 specks", sprinkle, ("dust",)),
    Change("4 specks of 0.04 %", sprinkle_few, ("dust",)),
    Change("8 holes of 0.2 %", punch_many, ("holes",)),
    Change("1 hole of 8 %", punch_large, ("holes",)),
    Change("blurred by 2 %", partial(blur, share=0.02), ("wide-edge",)),
    Change("blurred by 5 %", partial(blur, share=0.05), ("wide-edge",)),
    Change("shifted by 2 %", partial(shift, share=0.02), ("weak-edge",)),
    Change("shifted by 5 %", partial(shift, share=0.05), ("weak-edge",)),
    Change("source colours", keep_colors, ("halo",)),
    Change("half source colours", half_colors, ("halo",)),
    Change("colours under alpha 0", keep_colors, ("color-residue",)),
    Change("second subject", paste_second, ("several-subjects",)),
    Change("a scrap of it", nearly_empty, ("empty", "too-small")),
    Change("alpha x 0.3", faint, ("faint",)),
    Change("all kept", keep_all, ("whole-frame",)),
    Change("background kept", invert, ("whole-frame",)),
    Change("subject at 0.12", shrink, ("too-small", "empty")),
    Change("in a corner", push_aside, ("off-centre",)),
    Change("the colour engine's", other_engine, ("disagreement",)),
)
TRUE = Change("true mattes", replace)
