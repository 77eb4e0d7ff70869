"""Every column of a matte against a second, slow and plain way to compute it."""

import math

import numpy as np
import pytest
from scipy import ndimage

from cosmat_nb.metrics.measure import measure_alpha


def masses(alpha):
    rows, cols = np.indices(alpha.shape)
    mass = alpha.sum()
    row, col = (alpha * rows).sum() / mass, (alpha * cols).sum() / mass
    down = (alpha * (rows - row) ** 2).sum() / mass + 1 / 12
    right = (alpha * (cols - col) ** 2).sum() / mass + 1 / 12
    mixed = (alpha * (rows - row) * (cols - col)).sum() / mass
    small, large = np.linalg.eigvalsh([[down, mixed], [mixed, right]])
    return {
        "soft_area": mass,
        "coverage": alpha.mean(),
        "centroid_row": row,
        "centroid_col": col,
        "elongation": math.sqrt(large / small),
    }


def spread(alpha):
    levels = np.bincount(np.rint(alpha * 255).astype(int).ravel()) / alpha.size
    levels = levels[levels > 0]
    return {
        "soft_fraction": ((alpha > 0) & (alpha < 1)).mean(),
        "alpha_entropy": -(levels * np.log2(levels)).sum(),
    }


def edges(alpha):
    padded = np.pad(alpha, 1, mode="edge")
    down, right = np.diff(padded, axis=0), np.diff(padded, axis=1)
    slopes = np.hypot(down[:, 1:] + down[:, :-1], right[1:] + right[:-1]) / 2
    shares = np.ones(slopes.shape)
    shares[[0, -1]] /= 2
    shares[:, [0, -1]] /= 2
    lengths = (slopes * shares)[slopes > 1e-12]
    if not lengths.size:
        return {"edge_length": 0, "edge_width": math.nan, "edge_width_p95": math.nan}
    hard = (alpha >= 0.5).astype(int)
    pixels = hard[:-1, :-1] + hard[1:, :-1] + hard[:-1, 1:] + hard[1:, 1:]
    steep = slopes[1:-1, 1:-1][(pixels > 0) & (pixels < 4)]
    widths = np.sort(1 / steep[steep > 1e-12])
    place = math.ceil(0.95 * widths.size) - 1
    return {
        "edge_length": lengths.sum(),
        "edge_width": 6 * (alpha * (1 - alpha)).sum() / lengths.sum(),
        "edge_width_p95": widths[place] if widths.size else math.nan,
    }


def components(alpha):
    corners = np.ones((3, 3))
    visible, hard = alpha >= 0.05, alpha >= 0.5
    labels, _ = ndimage.label(visible, corners)
    sizes = np.bincount(labels.ravel())[1:]
    dusty = sizes < 0.001 * sizes.max(initial=0)
    kept = np.isin(labels, 1 + np.flatnonzero(~dusty))
    found = {"dust": dusty.sum(), "dust_area": sizes[dusty].sum()}
    if kept.any():
        ((rows, cols),) = ndimage.find_objects(kept.astype(int))
        found |= {"box_min_row": rows.start, "box_max_row": rows.stop}
        found |= {"box_min_col": cols.start, "box_max_col": cols.stop}
        found["extent"] = alpha[rows, cols].mean()
    parts = np.bincount(ndimage.label(hard, corners)[0].ravel())[1:]
    largest = parts.max(initial=0)
    filled = ndimage.binary_fill_holes(hard) & ~hard
    holes = np.bincount(ndimage.label(filled)[0].ravel())[1:]
    holes = holes[holes >= 0.001 * largest]
    return found | {
        "hard_area": hard.sum(),
        "parts": (parts >= 0.001 * largest).sum(),
        "largest_part_share": largest / hard.sum() if largest else math.nan,
        "holes": holes.size,
        "hole_area": holes.sum(),
        "touch_top": hard[0].mean(),
        "touch_right": hard[:, -1].mean(),
        "touch_bottom": hard[-1].mean(),
        "touch_left": hard[:, 0].mean(),
    }


def pictures(shape, kind):
    rng = np.random.default_rng(shape)
    for share in (0.003, 0.3, 0.55, 1):
        mask = rng.random(shape) < share
        if kind == "hard":
            yield np.where(mask, 255, 0).astype(np.uint8)
        elif kind == "noise":
            yield np.where(mask, rng.integers(0, 256, shape), 0).astype(np.uint8)
        else:
            soft = ndimage.gaussian_filter(mask * 900.0 * (1.2 - share), 2)
            yield np.clip(soft - 60, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("kind", ["hard", "noise", "soft"])
@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 9), (9, 1), (7, 5), (40, 53), (260, 1050), (3, 5000)]
)
def test_every_column(shape, kind):
    """Eight bits and floats agree with plain numpy and scipy on every column."""
    for eight in pictures(shape, kind):
        alpha = eight / 255
        expected = components(alpha) | edges(alpha) | spread(alpha)
        if eight.any():
            expected |= masses(alpha)
        for matte in (eight, alpha):
            found = measure_alpha(matte).as_row()
            for name, value in expected.items():
                approx = pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True)
                assert found[name] == approx, (name, matte.dtype)
