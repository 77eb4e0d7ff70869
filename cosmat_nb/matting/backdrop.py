"""What the backdrop looks like, learnt from the frame's border."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Lab = NDArray[np.float32]
    Mask = NDArray[np.bool_]

__all__ = ["Sweep", "border_mask", "fit_clusters", "fit_sweep"]

_BAND = 0.02  # width of the border, shorter sides
_FIRST_DEGREE, _LAST_DEGREE = 2, 4
_WIDTHS = (40.0, 20.0, 10.0, 7.0, 5.0)  # what counts half, round by round, Lab
_SAMPLES = 8000  # pixels learnt from, at most about twice this
_CLUSTERS = 12
_ROUNDS = 8
_LEAST_SPREAD = (5.0, 3.5, 3.5, 8.0, 8.0)  # L*, a*, b*, row, column
_PLACE = 8.0  # Lab units that half the longer side is worth
_SMOOTH = 9  # a stretch of border shorter than half of this does not count, px


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
