"""An engine without weights, to compare with: the subject is what the border is not.

It was the package's own before there was a network: good on plain studio backdrops,
poor on busy ones and on subjects of their backdrop's colour, blind to what a thing is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Colors = NDArray[np.float32]
    Lab = NDArray[np.float32]
    Mask = NDArray[np.bool_]

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
_BAND = 0.02  # width of the border, shorter sides
_FIRST_DEGREE, _LAST_DEGREE = 2, 4
_WIDTHS = (40.0, 20.0, 10.0, 7.0, 5.0)  # what counts half, round by round, Lab
_SAMPLES = 8000  # pixels learnt from, at most about twice this
_CLUSTERS = 12
_ROUNDS = 8
_LEAST_SPREAD = (5.0, 3.5, 3.5, 8.0, 8.0)  # L*, a*, b*, row, column
_PLACE = 8.0  # Lab units that half the longer side is worth
_SMOOTH = 9  # a stretch of border shorter than half of this does not count, px
_RGB_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_SLAB_PIXELS = 1 << 20
_KNEE = 0.04045  # below it the sRGB curve is straight
_WHITE = (0.95047, 1.0, 1.08883)


class ColorEngine:
    """Tells a subject from its backdrop by colour alone; needs no weights.

    Two models are learnt from the picture's border: a smooth sweep of colour, and where
    that does not explain the border, clusters of colour and place. What is far from
    them is the subject; soft darkening of the backdrop is taken for its shadow.

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


class Sweep(NamedTuple):
    """A backdrop without texture: colour as a polynomial of the place.

    Attributes
    ----------
    color : (h, w, 3) float32 array
        Lab expected where nothing stands.
    noise : float
        Robust deviation of the border from it, Lab units.
    share : float
        Share of the border that it explains, in [0, 1].
    gaps : int
        Stretches of the border that it does not explain: one for each place where a
        subject leaves the frame, many for a texture.
    """

    color: Lab
    noise: float
    share: float
    gaps: int


def fit_sweep(lab: Lab) -> Sweep:
    """Fit the backdrop of a studio: paper, gradient, vignette.

    First a quadratic through the border, then a quartic through every pixel that
    agrees with it. Both by reweighted least squares, so that a subject that touches
    the frame counts little (weights of S. Geman and D. McClure, 1985).

    Parameters
    ----------
    lab : (h, w, 3) float32 array
        Picture in CIE Lab.

    Examples
    --------
    >>> sweep = fit_sweep(np.full((20, 30, 3), 60, dtype=np.float32))
    >>> sweep.color[7, 9].round(3).tolist(), sweep.share
    ([60.0, 60.0, 60.0], 1.0)
    """
    height, width = lab.shape[:2]
    flat = lab.reshape(-1, 3)
    border = np.flatnonzero(border_mask(height, width))
    border = border[:: max(1, border.size // _SAMPLES)]
    inner = np.arange(0, flat.shape[0], max(1, flat.shape[0] // _SAMPLES))
    start = np.median(flat[border], axis=0)
    basis = _powers(height, width, _LAST_DEGREE)
    low = basis[:, : _count(_FIRST_DEGREE)]
    away = flat[border] - start
    for scale in _WIDTHS:
        fitted = _fit(low[border], flat[border], away, scale)
        away = flat[border] - low[border] @ fitted
    away = flat[inner] - low[inner] @ fitted
    for _ in range(3):
        fitted = _fit(basis[inner], flat[inner], away, _WIDTHS[-1])
        away = flat[inner] - basis[inner] @ fitted
    color = basis @ fitted
    error = np.linalg.norm(flat[border] - color[border], axis=1)
    close = error < 2 * _WIDTHS[-1]
    noise = float(np.median(error[close])) if close.any() else 0.0
    color = color.reshape(lab.shape)
    return Sweep(color, noise, float(close.mean()), _count_gaps(lab - color))


def fit_clusters(lab: Lab, among: Mask) -> Lab:
    """Distance of every pixel to the nearest of a few clusters of colour and place.

    k-means from farthest-first centres (T. Gonzalez, 1985), so nothing is random.

    Parameters
    ----------
    lab : (h, w, 3) float32 array
        Picture in CIE Lab.
    among : (h, w) bool array
        Pixels to learn from; at least one.

    Returns
    -------
    (h, w) float32 array
        In deviations of the nearest cluster.

    Examples
    --------
    >>> lab = np.zeros((4, 4, 3), np.float32)
    >>> lab[1, 1] = 80
    >>> among = np.ones((4, 4), bool)
    >>> among[1, 1] = False
    >>> away = fit_clusters(lab, among)
    >>> bool(away[1, 1] > 5 * away[2, 2])
    True
    """
    height, width = lab.shape[:2]
    place = _powers(height, width, 1)[:, 1:] * np.float32(_PLACE)
    points = np.concatenate([lab.reshape(-1, 3), place], axis=1)
    known = points[among.ravel()]
    known = known[:: max(1, known.shape[0] // _SAMPLES)]
    centres, spreads = _k_means(known)
    weights = (1 / spreads**2).T
    # Sum of ((p - c) / s)², multiplied out: two products instead of a loop.
    away = points**2 @ weights - 2 * points @ (centres.T * weights)
    away += (centres.T**2 * weights).sum(axis=0)
    nearest: Lab = np.sqrt(np.maximum(away.min(axis=1), 0))
    return nearest.reshape(height, width)


def border_mask(height: int, width: int) -> Mask:
    """Mark a band along the frame, (height, width) bool, 2 % of the shorter side wide.

    Examples
    --------
    >>> int(border_mask(3, 4).sum())
    10
    """
    band = max(1, round(_BAND * min(height, width)))
    border = np.ones((height, width), dtype=bool)
    border[band : height - band, band : width - band] = False
    return border


def _count_gaps(off: Lab) -> int:
    turn = [off[0, :-1], off[:-1, -1], off[-1, :0:-1], off[:0:-1, 0]]
    far = np.linalg.norm(np.concatenate(turn), axis=1) > 2 * _WIDTHS[-1]
    far = ndimage.median_filter(far, _SMOOTH, mode="wrap") if far.size else far
    return int((far & ~np.roll(far, 1)).sum())


def _count(degree: int) -> int:
    return (degree + 1) * (degree + 2) // 2


def _powers(height: int, width: int, degree: int) -> Lab:
    """Columns y^i x^j of every pixel, lowest total degree first; y, x in [-1, 1]."""
    longer = max(height, width)
    y = (2 * np.arange(height, dtype=np.float32) + 1 - height) / longer
    x = (2 * np.arange(width, dtype=np.float32) + 1 - width) / longer
    columns = [
        (y[:, None] ** (total - power) * x**power).ravel()
        for total in range(degree + 1)
        for power in range(total + 1)
    ]
    return np.stack(columns, axis=1)


def _fit(basis: Lab, values: Lab, away: Lab, scale: float) -> Lab:
    weight = 1 / (1 + (away * away).sum(axis=1, keepdims=True) / scale**2)
    weighted = basis * weight
    square = weighted.T @ (basis * weight)
    # A little ridge keeps pictures of one row or column solvable.
    square += np.eye(square.shape[0], dtype=np.float32) * np.float32(1e-6)
    solved = np.linalg.solve(square.astype(float), weighted.T @ (values * weight))
    return solved.astype(np.float32)


def _k_means(points: Lab) -> tuple[Lab, Lab]:
    centres = points.mean(axis=0, keepdims=True)
    away = ((points - centres) ** 2).sum(axis=1)
    for _ in range(_CLUSTERS - 1):
        centres = np.concatenate([centres, points[away.argmax()][None]])
        away = np.minimum(away, ((points - centres[-1]) ** 2).sum(axis=1))
    for _ in range(_ROUNDS):
        label = _squares(points, centres).argmin(axis=1)
        # A centre that lost all its points is dropped.
        members = [points[label == index] for index in np.unique(label)]
        centres = np.stack([own.mean(axis=0) for own in members])
    spreads = np.stack([own.std(axis=0) for own in members])
    return centres, np.sqrt(spreads**2 + np.square(_LEAST_SPREAD, dtype=np.float32))


def _squares(points: Lab, centres: Lab) -> Lab:
    """Squared distances, short of each point's own square, which decides nothing."""
    squares: Lab = (centres**2).sum(axis=1) - 2 * points @ centres.T
    return squares


def to_lab(picture: NDArray[np.generic]) -> NDArray[np.float32]:
    """Convert sRGB to CIE L*a*b* under D65.

    Parameters
    ----------
    picture : (..., 3) array, 0 to 255
        sRGB (IEC 61966-2-1).

    Returns
    -------
    (..., 3) float32 array
        L* 0 to 100; a* and b* about -128 to 128 (CIE 15:2004, section 8.2.1).

    Examples
    --------
    >>> to_lab(np.array([255, 0, 0])).round().tolist()
    [53.0, 80.0, 67.0]
    """
    encoded = np.asarray(picture, dtype=np.float32) / np.float32(255)
    linear = np.where(
        encoded > _KNEE, ((encoded + 0.055) / 1.055) ** 2.4, encoded / 12.92
    )
    to_xyz = np.array(_RGB_TO_XYZ, dtype=np.float32).T / np.array(
        _WHITE, dtype=np.float32
    )
    ratio = linear @ to_xyz
    straight = (24389 / 27 * ratio + 16) / 116
    root = np.where(ratio > 216 / 24389, np.cbrt(ratio), straight)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def block_factor(shape: tuple[int, ...], limit: int) -> int:
    """Find the block side, px, that brings the longer side to `limit` or under.

    Examples
    --------
    >>> block_factor((3000, 4000, 3), 512)
    8
    """
    return max(1, -(-max(shape[:2]) // limit))


def block_mean(values: NDArray[np.generic], factor: int) -> NDArray[np.float32]:
    """Average blocks of `factor` by `factor` pixels.

    Parameters
    ----------
    values : (H, W) or (H, W, C) array
        Any numeric dtype.
    factor : int
        Block side, px. Blocks that pass the frame repeat its last row or column.

    Returns
    -------
    (ceil(H / factor), ceil(W / factor)[, C]) float32 array

    Examples
    --------
    >>> block_mean(np.array([[0, 2, 9], [4, 6, 9]]), 2).tolist()
    [[3.0, 9.0]]
    """
    if factor == 1:
        return values.astype(np.float32)
    height, width = values.shape[:2]
    small = (-(-height // factor), -(-width // factor), *values.shape[2:])
    total: NDArray[np.float32] = np.zeros(small, dtype=np.float32)
    for row in range(factor):
        rows = np.minimum(np.arange(total.shape[0]) * factor + row, height - 1)
        lines = values[rows]
        for col in range(factor):
            cols = np.minimum(np.arange(total.shape[1]) * factor + col, width - 1)
            total += lines[:, cols]
    total /= factor * factor
    return total


def read_between(
    values: NDArray[np.float32],
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    factor: int,
) -> NDArray[np.float32]:
    """Read block values, bilinearly, at pixels of the full size.

    Parameters
    ----------
    values : (h, w, C) float32 array
        One value a block.
    rows, cols : (N,) int arrays
        Pixels of the full size.
    factor : int
        Block side, px.

    Returns
    -------
    (N, C) float32 array
        At a block's centre the block's own value; beyond the last centre that one.
    """
    at = [(rows + 0.5) / factor - 0.5, (cols + 0.5) / factor - 0.5]
    read = np.empty((rows.size, values.shape[2]), dtype=np.float32)
    for channel in range(values.shape[2]):
        ndimage.map_coordinates(
            values[..., channel],
            at,
            output=read[:, channel],
            order=1,
            mode="nearest",
        )
    return read


def row_slabs(shape: tuple[int, ...]) -> Iterator[slice]:
    """Split the rows into slabs of about a million pixels, to bound memory.

    Examples
    --------
    >>> list(row_slabs((3000, 1024)))
    [slice(0, 1024, None), slice(1024, 2048, None), slice(2048, 3000, None)]
    """
    step = max(1, _SLAB_PIXELS // shape[1])
    for start in range(0, shape[0], step):
        yield slice(start, min(start + step, shape[0]))
