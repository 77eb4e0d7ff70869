"""Pixels of a cutout that are looked up in its source to see what fits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.metrics.sampling import even, look_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Probes", "is_clearly_worse", "sample_cutout"]

_ONE = 255  # alpha of an opaque pixel
_LATTICE = 1 << 17  # places of the cutout that are looked at first, at most
_LOOKED_AT = 1 << 14  # opaque pixels whose texture is measured, at most
_OPAQUE_PROBES, _SOFT_PROBES = 3072, 1024
_FEW = 64  # opaque pixels: with fewer on the lattice every pixel is looked at
_ENOUGH = 64  # probes of known colour that tell a place
_TOLERANCE = 8  # levels of 255, mean of the channels
_AGREEING = 0.75  # share of the probes that must agree within the tolerance
_SHOWN = 0.5  # share of the texture that must be among what agrees
_OUTLIER = 32  # levels: a larger residual counts as this much
_CLEAR = 6.0  # standard errors between a translation and a clearly worse one
_NOISE = 1.0  # squared levels of residual that rounding makes anywhere


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """Pixels of a cutout and the source colours that would explain them.

    Attributes
    ----------
    rows, cols : ndarray of int32, shape (n,)
        Where they lie in the cutout.
    low, high : ndarray of float32, shape (n, 3)
        Least and largest colour of the source there, levels of 255.
    soft : ndarray of bool, shape (n,)
        Whether alpha is below 1.
    texture : ndarray of float32, shape (n,)
        How much the subject's colour changes around an opaque probe; 0 at a soft one
        and near one.
    """

    rows: NDArray[np.int32]
    cols: NDArray[np.int32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    soft: NDArray[np.bool_]
    texture: NDArray[np.float32]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether one colour alone explains a probe, shape (n,)."""
        known: NDArray[np.bool_] = (self.low == self.high).all(axis=1)
        return known

    @property
    def prove(self) -> bool:
        """Whether enough of them are known: mixtures with anything fit everywhere."""
        return int(np.count_nonzero(self.known)) >= _ENOUGH

    def thin(self, most: int) -> Probes:
        """Return at most `most` of the probes, evenly strided."""
        return self.take(even(self.rows.size, most))

    def take(self, some: NDArray[np.int64] | NDArray[np.bool_]) -> Probes:
        """Return some of the probes, by their numbers or by a mask of shape (n,)."""
        return Probes(
            self.rows[some],
            self.cols[some],
            self.low[some],
            self.high[some],
            self.soft[some],
            self.texture[some],
        )

    def residuals(
        self, before: NDArray[np.uint8], offset: tuple[int, int]
    ) -> NDArray[np.float32]:
        """Return how far the source's colours are from the explained ones.

        Parameters
        ----------
        before : ndarray of uint8, shape (H, W, 3)
            The source. Every probe must fall inside it.
        offset : tuple of int
            Row and column of the source's pixel (0, 0) in the cutout.

        Returns
        -------
        ndarray of float32, shape (n, 3)
            0 and up, levels of 255.
        """
        rows, cols = self.rows - offset[0], self.cols - offset[1]
        seen = look_up(before, rows, cols).astype(np.float32)
        beyond: NDArray[np.float32] = np.maximum(self.low - seen, seen - self.high)
        beyond[beyond < 0] = 0
        return beyond

    def misfits(
        self, before: NDArray[np.uint8], offset: tuple[int, int]
    ) -> NDArray[np.float32]:
        """Return the squared residual of each probe, outliers cut; shape (n,)."""
        residuals = np.minimum(self.residuals(before, offset), np.float32(_OUTLIER))
        squared: NDArray[np.float32] = np.einsum("ij,ij->i", residuals, residuals)
        return squared

    def fit(self, before: NDArray[np.uint8], offset: tuple[int, int]) -> bool:
        """Whether three in four agree within 8 levels: of the opaque, of the soft.

        Those that agree must have half of the texture too: a plain body, which fits
        many pictures, proves nothing for the pattern on it.
        """
        agree = self.residuals(before, offset).mean(axis=1) <= _TOLERANCE
        groups = (agree[self.soft], agree[~self.soft])
        if any(group.mean() < _AGREEING for group in groups if group.size):
            return False
        return bool(self.texture[agree].sum() >= _SHOWN * self.texture.sum())


def is_clearly_worse(misfits: NDArray[np.float32], best: NDArray[np.float32]) -> bool:
    """Whether one translation's misfits are larger than another's beyond chance.

    Two tests, each at six standard errors: of the paired differences, which is
    sharp for many probes on faint texture; and of the differences against the noise
    that the better one leaves, which is sharp for a few probes that fit exactly.
    """
    apart = (misfits - best).astype(np.float64)
    paired = np.sqrt((apart**2).sum())
    noise = np.sqrt(2 * (best.astype(np.float64) ** 2 + _NOISE).sum())
    return bool(apart.sum() > _CLEAR * min(paired, noise))


def sample_cutout(cutout: NDArray[np.uint8]) -> tuple[Probes, Probes]:
    """Choose the pixels of a cutout to look up in its source.

    Parameters
    ----------
    cutout : ndarray of uint8, shape (h, w, 4)
        Its visible part is enough.

    Returns
    -------
    copied, cleaned : Probes
        The same pixels, at most 3072 opaque ones, half of them the most textured,
        and 1024 soft ones. For `copied` the cutout's colours are the source's. For
        `cleaned` they are the subject's own F, so that the source's lie
        from ``a F`` to ``a F + (1 - a) 255``, whatever was behind.
    """
    alpha = cutout[..., 3]
    opaque_rows, opaque_cols, texture = _textured(cutout, *_spread(alpha, _ONE, _ONE))
    soft_rows, soft_cols = _spread(alpha, 1, _ONE - 1)
    some = even(soft_rows.size, _SOFT_PROBES)
    rows = np.concatenate([opaque_rows, soft_rows[some]])
    cols = np.concatenate([opaque_cols, soft_cols[some]])
    texture = np.concatenate([texture, np.zeros(some.size, np.float32)])
    pixels = cutout[rows, cols].astype(np.float32)
    colors, share = pixels[:, :3], pixels[:, 3:] / np.float32(_ONE)
    soft = share[:, 0] < 1
    least = colors * share
    most = least + (1 - share) * _ONE
    return (
        Probes(rows, cols, colors, colors, soft, texture),
        Probes(rows, cols, least, most, soft, texture),
    )


def _spread(
    alpha: NDArray[np.uint8], low: int, high: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find pixels from `low` to `high` on a lattice; on all pixels when too few."""
    step = math.ceil(math.sqrt(alpha.size / _LATTICE))
    for stride in (step, 1):
        seen = alpha[::stride, ::stride]
        rows, cols = np.nonzero((seen >= low) & (seen <= high))
        if rows.size >= _FEW or stride == 1:
            break
    return rows * stride, cols * stride


def _textured(
    cutout: NDArray[np.uint8], rows: NDArray[np.int64], cols: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Thin opaque pixels out: half the most textured, half evenly strided."""
    some = even(rows.size, _LOOKED_AT)
    rows, cols = rows[some], cols[some]
    texture = _measure_texture(cutout, rows, cols)
    if rows.size > _OPAQUE_PROBES:
        half = _OPAQUE_PROBES // 2
        most = np.argpartition(texture, -half)[-half:]
        chosen = np.union1d(most, even(rows.size, half))
        rows, cols, texture = rows[chosen], cols[chosen], texture[chosen]
    return rows, cols, texture.clip(0).astype(np.float32)


def _measure_texture(
    cutout: NDArray[np.uint8], rows: NDArray[np.int64], cols: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Add up how much the colours 2 px away differ; below 0 near the matte's edge."""
    texture = np.zeros(rows.size, np.int32)
    middle = cutout[rows, cols].astype(np.int32)
    for down, right in ((2, 0), (-2, 0), (0, 2), (0, -2)):
        near_rows = (rows + down).clip(0, cutout.shape[0] - 1)
        near_cols = (cols + right).clip(0, cutout.shape[1] - 1)
        near = cutout[near_rows, near_cols].astype(np.int32)
        texture += np.abs(near - middle)[:, :3].sum(axis=1)
        # The matte's own edge is no texture: colours there may have been cleaned.
        texture[near[:, 3] < _ONE] = -(1 << 20)
    return texture
