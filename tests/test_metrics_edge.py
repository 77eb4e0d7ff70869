"""The cells of a matte's edge: where, how steep, and whether 0.5 runs through."""

import numpy as np
import pytest

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.edge import find_edge


def plain_edge(alpha):
    """All cells inside the picture, by whole arrays."""
    corners = alpha[:-1, :-1], alpha[:-1, 1:], alpha[1:, :-1], alpha[1:, 1:]
    stack = np.stack(corners)
    rows, cols = np.nonzero(stack.min(axis=0) != stack.max(axis=0))
    first, second, third, fourth = stack[:, rows, cols]
    hard = stack[:, rows, cols] >= 0.5
    return (
        rows,
        cols,
        (third + fourth - first - second) / 2,
        (second + fourth - first - third) / 2,
        hard.any(axis=0) & ~hard.all(axis=0),
    )


@pytest.mark.parametrize("shape", [(2, 2), (5, 9), (130, 4001), (1, 8), (8, 1)])
@pytest.mark.parametrize("share", [0.02, 0.5])
def test_cells_are_those_of_whole_arrays(shape, share):
    """Cells, gradients and crossings agree with a plain computation, in order."""
    rng = np.random.default_rng(7)
    alpha = rng.integers(0, 256, shape) * (rng.random(shape) < share)
    alpha = alpha.astype(np.uint8)
    rows, cols, down, right, crosses = plain_edge(alpha / 255)
    for matte in (alpha, alpha / 255):
        edge = find_edge(matte)
        assert (edge.rows == rows).all()
        assert (edge.cols == cols).all()
        np.testing.assert_allclose(edge.down, down, rtol=0, atol=1e-6)
        np.testing.assert_allclose(edge.right, right, rtol=0, atol=1e-6)
        assert (edge.crosses == crosses).all()


def test_gradient_points_into_the_subject():
    """Left of a subject it points right, above it down."""
    alpha = np.zeros((4, 4), np.uint8)
    alpha[1:, 2:] = 255
    edge = find_edge(alpha)
    at = {
        (int(row), int(col)): (float(down), float(right))
        for row, col, down, right in zip(
            edge.rows, edge.cols, edge.down, edge.right, strict=True
        )
    }
    assert at == {
        (0, 1): (0.5, 0.5),
        (0, 2): (1, 0),
        (1, 1): (0, 1),
        (2, 1): (0, 1),
    }
    assert edge.crosses.all()


def test_a_faint_edge_does_not_cross():
    """Between 100 and 127 in 8 bits there is a cell but no half; 128 crosses it."""
    for level, crosses in ((127, False), (128, True)):
        edge = find_edge(np.array([[100, level], [100, 100]], np.uint8))
        assert edge.crosses.tolist() == [crosses]


def test_dtypes_and_nothing():
    """Columns have their dtypes; a flat matte has no cell."""
    edge = find_edge(np.full((3, 4), 9, np.uint8))
    dtypes = [edge.rows.dtype, edge.cols.dtype, edge.down.dtype, edge.right.dtype]
    assert dtypes == [np.int32, np.int32, np.float32, np.float32]
    assert (edge.crosses.dtype, edge.rows.size) == (np.bool_, 0)


def test_refusal():
    """What is no matte has no edge."""
    with pytest.raises(OptionsError, match=r"got shape \(2, 2, 4\)"):
        find_edge(np.zeros((2, 2, 4), np.uint8))
