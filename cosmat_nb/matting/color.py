"""A stopgap engine: the subject is what does not look like the frame's border."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from cosmat_nb.matting.backdrop import Sweep, border_mask, fit_clusters, fit_sweep
from cosmat_nb.matting.lab import to_lab
from cosmat_nb.matting.resample import (
    block_factor,
    block_mean,
    read_between,
    row_slabs,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Colors = NDArray[np.float32]
    Mask = NDArray[np.bool_]

__all__ = ["ColorEngine"]

_LIMIT = 512  # longer side at which the subject is sought, px
_PLAIN_SHARE, _PLAIN_NOISE, _PLAIN_GAPS = 0.6, 2.5, 8  # of a plain backdrop's sweep
_LEAST_AWAY, _MOST_AWAY = 4.0, 14.0  # threshold of "another colour", Lab units
_NOISES = 5.0  # and between them, in deviations of the border
_MIDDLE = 0.7  # where neither is favoured; half the picture's side is 1
_SMALLEST = 0.002  # share of the picture: less is dust, or a pinhole
_SPECK = 0.04  # share of the largest part: less is dropped
_REACH = 3  # half width of the soft band, px at the small size
_SHADOW_SHARE, _SHADOW_TINT, _SHADOW_SLOPE = 0.3, 3.5, 3.5  # of L*, Lab, L* a px
_TRIM = 0.06  # alpha nearer than this to 0 or 1 is taken for it
_FAINT = 30.0  # colour gap, of 255, at which colour and shape count alike


class ColorEngine:
    """Tells a subject from its backdrop by colour alone; needs no weights.

    A stopgap: good on plain studio backdrops, poor on busy ones and on subjects of
    their backdrop's colour, blind to what a thing is. Two models are learnt from the
    picture's border: a smooth sweep of colour, and where that does not explain the
    border, clusters of colour and place. What is far from them is the subject; soft
    darkening of the backdrop is taken for its shadow.

    Attributes
    ----------
    name, version : str
        As in `Engine`.

    Examples
    --------
    >>> picture = np.full((64, 64, 3), 250, dtype=np.uint8)
    >>> picture[16:48, 16:48] = (200, 30, 30)
    >>> alpha = ColorEngine().estimate_alpha(picture)
    >>> float(alpha[32, 32]), float(alpha[0, 0])
    (1.0, 0.0)
    """

    name = "color"
    version = "1"

    def estimate_alpha(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Estimate alpha, as `Engine.estimate_alpha` says.

        The subject is sought at 512 px or less and its edge read from the full
        picture, so time and memory grow slowly with size.
        """
        factor = block_factor(picture.shape, _LIMIT)
        small = block_mean(picture, factor)
        calm = ndimage.gaussian_filter(small, (0.6, 0.6, 0))
        subject = _find_subject(to_lab(calm))
        if not subject.any():
            return np.zeros(picture.shape[:2], dtype=np.float32)
        return _soften(picture, small, subject, factor)


def _find_subject(lab: Colors) -> Mask:
    sweep = fit_sweep(lab)
    plain = sweep.share >= _PLAIN_SHARE and sweep.noise < _PLAIN_NOISE
    plain = plain and sweep.gaps <= _PLAIN_GAPS
    return _clean(_off_sweep(lab, sweep) if plain else _off_clusters(lab))


def _off_sweep(lab: Colors, sweep: Sweep) -> Mask:
    away = np.linalg.norm(lab - sweep.color, axis=2)
    limit = float(np.clip(_NOISES * sweep.noise, _LEAST_AWAY, _MOST_AWAY))
    found: Mask = away > limit
    if away.max() < 2 * limit:
        return np.zeros_like(found)
    return found & ~_shadow(lab, sweep, found)


def _shadow(lab: Colors, sweep: Sweep, found: Mask) -> Mask:
    """Find darker backdrop: its own tint, a gentle slope, joined to clear backdrop."""
    share = lab[..., 0] / np.maximum(sweep.color[..., 0], 1)
    tint = lab[..., 1:] - sweep.color[..., 1:] * share[..., None]
    darker = found & (share < 1) & (share > _SHADOW_SHARE)
    darker &= np.hypot(tint[..., 0], tint[..., 1]) < _SHADOW_TINT
    slope = ndimage.gaussian_gradient_magnitude(lab[..., 0], 1.0)
    open_to = ~found | (darker & (slope < _SHADOW_SLOPE))
    reached: Mask = ndimage.binary_propagation(~found, mask=open_to)
    return reached & found


def _off_clusters(lab: Colors) -> Mask:
    border = border_mask(*lab.shape[:2])
    away = fit_clusters(lab, border)
    limit = max(2.5, 1.2 * float(np.quantile(away[border], 0.95)))
    found: Mask = ndimage.gaussian_filter(away, 2.0) > limit
    found = ndimage.binary_opening(found, iterations=2)
    # Twice more, now with a model of the subject as well.
    for _ in range(2):
        if found.mean() < _SMALLEST:
            return np.zeros_like(found)
        inside = ndimage.binary_erosion(found, iterations=2)
        inside = inside if inside.any() else found
        outside = ~ndimage.binary_dilation(found, iterations=4) | border
        ratio = fit_clusters(lab, outside) - fit_clusters(lab, inside)
        ratio += _leaning(*lab.shape[:2])
        found = ndimage.gaussian_filter(ratio, 2.0) > 0
    return found


def _leaning(height: int, width: int) -> Colors:
    """Lean towards subject in the middle, towards backdrop in the corners."""
    y, x = np.linspace(-1, 1, height), np.linspace(-1, 1, width)
    away: Colors = np.hypot(y[:, None], x).astype(np.float32)
    return _MIDDLE - away


def _clean(found: Mask) -> Mask:
    """Drop dust and small parts, fill pinholes; a true hole stays open."""
    firm = ndimage.binary_opening(found)
    found = found & ndimage.binary_dilation(firm, iterations=2)
    labels, count = ndimage.label(found, np.ones((3, 3)))
    if not count:
        return found
    area = np.bincount(labels.ravel())
    area[0] = 0
    keep = area > max(_SPECK * area.max(), _SMALLEST * found.size)
    found = keep[labels]
    labels, _ = ndimage.label(ndimage.binary_fill_holes(found) & ~found)
    pinhole = np.bincount(labels.ravel()) < _SMALLEST * found.size
    pinhole[0] = False
    return found | pinhole[labels]


def _soften(
    picture: NDArray[np.uint8], small: Colors, subject: Mask, factor: int
) -> NDArray[np.float32]:
    """Read alpha in a band along the edge from the full picture's own colours."""
    sure = ndimage.binary_erosion(subject, iterations=_REACH, border_value=1)
    sure = sure if sure.any() else subject
    clear = ~ndimage.binary_dilation(subject, iterations=_REACH)
    clear = clear if clear.any() else ~subject
    model = _edge_model(subject, _spread(small, sure), _spread(small, clear))
    alpha = _enlarge(sure, picture.shape, factor).astype(np.float32)
    unknown = _enlarge(~(sure | clear), picture.shape, factor)
    for slab in row_slabs(alpha.shape):
        rows, cols = np.nonzero(unknown[slab])
        rows += slab.start
        read = read_between(model, rows, cols, factor)
        value = (read[:, :3] * picture[rows, cols]).sum(axis=1) + read[:, 3]
        alpha[rows, cols] = np.clip((value - _TRIM) / (1 - 2 * _TRIM), 0, 1)
    return alpha


def _edge_model(subject: Mask, fore: Colors, back: Colors) -> Colors:
    # Alpha as the place between both colours, (I - B)(F - B) / |F - B|², written as
    # slope · I + offset; where the colours are close, the subject's shape decides.
    gap = fore - back
    square = (gap * gap).sum(axis=2)
    trust = square / (square + _FAINT**2)
    slope = gap * (trust / np.maximum(square, 1))[..., None]
    shape = ndimage.gaussian_filter(subject.astype(np.float32), 1.0)
    offset = (1 - trust) * shape - (slope * back).sum(axis=2)
    return np.concatenate([slope, offset[..., None]], axis=2)


def _spread(small: Colors, known: Mask) -> Colors:
    """Give every pixel the mean colour around its nearest known pixel."""
    if not known.any():
        return small
    nearest = ndimage.distance_transform_edt(
        ~known, return_distances=False, return_indices=True
    )
    spread: Colors = ndimage.uniform_filter(small[tuple(nearest)], (5, 5, 1))
    return spread


def _enlarge(mask: Mask, shape: tuple[int, ...], factor: int) -> Mask:
    return mask.repeat(factor, 0).repeat(factor, 1)[: shape[0], : shape[1]]
