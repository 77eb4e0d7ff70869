"""IoU, Dice and boundary F: drawings counted by hand, DAVIS and SciPy as oracles."""

import math

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import distance
from skimage import metrics, morphology

from cosmat_nb.metrics.regions import BOUNDARY_SHARE, RegionErrors, region_errors


def square(top, left, side=20, shape=(100, 100)):
    alpha = np.zeros(shape)
    alpha[top : top + side, left : left + side] = 1
    return alpha


def blobs(rng, shape=(60, 80), margin=0):
    """Two hard mattes with ragged boundaries, 0 within `margin` of the frame."""
    alpha, reference = np.zeros((2, *shape))
    inner = slice(margin, shape[0] - margin), slice(margin, shape[1] - margin)
    smooth = ndimage.gaussian_filter(rng.standard_normal(shape), 4)
    alpha[inner] = (smooth > 0)[inner]
    moved = smooth + 0.3 * ndimage.gaussian_filter(rng.standard_normal(shape), 2)
    reference[inner] = (moved > 0)[inner]
    return alpha, reference


def davis_f(mask, truth):
    """Boundary F with discs and dilation, corners below and to the right."""

    def boundary(hard):
        marked = np.zeros_like(hard)
        marked[:-1, :-1] = (hard[:-1, :-1] ^ hard[:-1, 1:]) | (
            (hard[:-1, :-1] ^ hard[1:, :-1]) | (hard[:-1, :-1] ^ hard[1:, 1:])
        )
        marked[-1, :-1] = hard[-1, :-1] ^ hard[-1, 1:]
        marked[:-1, -1] = hard[:-1, -1] ^ hard[1:, -1]
        return marked

    found, true = boundary(mask), boundary(truth)
    disc = morphology.disk(math.ceil(0.008 * math.hypot(*mask.shape)))
    near_true, near_found = (ndimage.binary_dilation(b, disc) for b in (true, found))
    precision, recall = near_true[found].mean(), near_found[true].mean()
    return 2 * precision * recall / (precision + recall)


def test_overlap_counted_by_hand():
    """Two bars of 4 px that share 2 have IoU 2 / 6 and Dice 4 / 8."""
    alpha = np.array([[0.5, 1.0, 0.7, 0.5, 0.49, 0.0]])
    reference = np.array([[0.0, 0.2, 0.5, 1.0, 1.0, 0.9]])
    found = region_errors(alpha, reference)
    assert found.iou == pytest.approx(2 / 6, rel=1e-15)
    assert found.dice == 4 / 8


def test_boundary_counted_by_hand():
    """A square moved by two pixels keeps the corners that are within two pixels."""
    # Diagonal of 100 x 100: 0.008 * 141.42 = 1.13 px, rounded up 2 px. Moved by 3:
    # both outlines have 80 corners. Of the moved one, columns 13 to 33, the upper
    # row matches up to column 30 + 2: 20 of 21, as does the lower. Of its left side,
    # 3 px inside, rows 11 and 12 and 28 and 29 are near the rows 10 and 30: 4 of 19.
    # Of its right side, 3 px outside, none. 44 of 80, and the same the other way.
    found = region_errors(square(10, 13), square(10, 10))
    assert found.boundary_f == pytest.approx(44 / 80, rel=1e-15)
    assert region_errors(square(10, 12), square(10, 10)).boundary_f == 1.0


def test_precision_and_recall_are_joined_by_their_harmonic_mean():
    """A second square that is not in the reference halves precision alone."""
    alpha = np.maximum(square(10, 10), square(60, 60))
    # Precision 80 / 160, recall 80 / 80: 2 * 0.5 / 1.5.
    assert region_errors(alpha, square(10, 10)).boundary_f == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("shape", "moved", "expected"),
    [((20, 121), 1, 1.0), ((20, 121), 2, 0.0), ((20, 125), 2, 1.0)],
)
def test_tolerance_is_a_share_of_the_diagonal_rounded_up(shape, moved, expected):
    """A straight edge matches up to ceil(0.008 * diagonal) px and no farther."""
    # hypot(20, 121) * 0.008 = 0.98, so 1 px; hypot(20, 125) * 0.008 = 1.01, so 2 px.
    assert BOUNDARY_SHARE == 0.008
    reference = np.zeros(shape)
    reference[:, 60:] = 1
    alpha = np.roll(reference, moved, axis=1)
    alpha[:, :moved] = 0
    assert region_errors(alpha, reference).boundary_f == expected


def test_tolerance_is_a_disc():
    """The distance is Euclidean: 1 px down and 1 px right is beyond 1 px."""
    one, other = (square(row, row, 1, (9, 9)) for row in (3, 5))
    # Corners 3 and 4 of one, 5 and 6 of the other: the nearest are (1, 1) apart.
    assert region_errors(one, other).boundary_f == 0.0
    below = square(5, 3, 1, (9, 9))
    # Straight below, corners of row 4 and 5 are 1 px apart: 2 of 4 match each way.
    assert region_errors(one, below).boundary_f == 0.5


def test_the_frame_is_no_boundary():
    """A subject cut off by the frame has a boundary only inside the picture."""
    reference = np.zeros((10, 10))
    reference[:, 5:] = 1
    # Corner column 5, all 11 corners; one missing pixel at the frame, (0, 9), adds
    # (1, 9), (1, 10) and (0, 9) of which none is within 1 px of the column.
    alpha = reference.copy()
    alpha[0, 9] = 0
    found = region_errors(alpha, reference)
    precision, recall = 11 / 14, 1
    assert found.boundary_f == 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize(
    ("alpha", "reference", "expected"),
    [
        (0.0, 0.0, RegionErrors(1.0, 1.0, 1.0)),
        (0.4, 0.3, RegionErrors(1.0, 1.0, 1.0)),
        (1.0, 1.0, RegionErrors(1.0, 1.0, 1.0)),
        (1.0, 0.0, RegionErrors(0.0, 0.0, 1.0)),
    ],
)
def test_flat_mattes(alpha, reference, expected):
    """Two empty mattes agree in everything; full and empty share their no boundary."""
    found = region_errors(np.full((4, 5), alpha), np.full((4, 5), reference))
    assert found == expected


def test_only_one_has_a_boundary():
    """A boundary that the other matte does not have scores 0, either way round."""
    empty = np.zeros((100, 100))
    assert region_errors(square(9, 9), empty) == RegionErrors(0.0, 0.0, 0.0)
    assert region_errors(empty, square(9, 9)) == RegionErrors(0.0, 0.0, 0.0)


def test_one_row():
    """A picture of one row has boundaries too."""
    reference = np.array([[0.0, 0, 1, 1, 0, 0, 0, 0]])
    # Corners in columns 2 and 4, two rows of them; of 5 and 7, one is near 4.
    alpha = np.array([[0.0, 0, 0, 0, 0, 1, 1, 0]])
    assert region_errors(alpha, reference).boundary_f == 0.5


def test_overlap_agrees_with_scipy(rng):
    """IoU and Dice are one less SciPy's dissimilarities."""
    for _ in range(5):
        alpha, reference = blobs(rng)
        found = region_errors(alpha, reference)
        flat = (alpha > 0).ravel(), (reference > 0).ravel()
        assert found.iou == pytest.approx(1 - distance.jaccard(*flat), abs=1e-12)
        assert found.dice == pytest.approx(1 - distance.dice(*flat), abs=1e-12)


def test_boundary_agrees_with_davis_off_the_frame(rng):
    """Off the frame the number is the one that DAVIS gets by dilating with discs."""
    for shape in ((60, 80), (90, 200)):
        alpha, reference = blobs(rng, shape, margin=1)
        expected = davis_f(alpha > 0, reference > 0)
        assert 0.3 < expected < 0.999
        found = region_errors(alpha, reference).boundary_f
        assert found == pytest.approx(expected, abs=1e-12)


def test_boundary_differs_from_davis_at_two_sides():
    """DAVIS does not count corners on the upper and the left side; here they count."""
    reference = np.zeros((10, 10))
    reference[:4, :4] = 1
    alpha = np.zeros((10, 10))
    alpha[:4, :7] = 1
    # Reference: corners (4, 0..4) and (0..3, 4), 9. Alpha: (4, 0..7), (0..3, 7), 12.
    # Within 1 px: of alpha's, (4, 0..5): 6 of 12. Of the reference's, (4, 0..4) and
    # (3, 4): 6 of 9. DAVIS lacks (4, 0) and (0, 4) or (0, 7) of each: 5 of 10, 5 of 7.
    found = region_errors(alpha, reference).boundary_f
    assert found == pytest.approx(2 * 6 / (12 + 9))
    assert davis_f(alpha > 0, reference > 0) == pytest.approx(2 * 5 / (10 + 7))


def test_boundary_is_perfect_where_hausdorff_is_within_reach(rng):
    """F is 1 exactly when scikit-image's Hausdorff distance is within tolerance."""
    outcomes = set()
    for moved in (0, 1, 2):
        alpha, _ = blobs(rng, margin=4)
        other = np.roll(alpha, moved, axis=0)
        corners = [np.pad(matte, 1) > 0 for matte in (alpha, other)]
        marked = [
            c[1:, 1:] ^ c[:-1, 1:] | c[1:, 1:] ^ c[1:, :-1] | c[1:, 1:] ^ c[:-1, :-1]
            for c in corners
        ]
        near = metrics.hausdorff_distance(*marked) <= 1  # 0.008 * 100 px, rounded up
        assert (region_errors(alpha, other).boundary_f == 1) == near
        outcomes.add(bool(near))
    assert outcomes == {True, False}


def test_inputs_are_kept(rng):
    """Neither matte is changed."""
    alpha, reference = blobs(rng)
    kept = alpha.copy(), reference.copy()
    region_errors(alpha, reference)
    assert np.array_equal(alpha, kept[0])
    assert np.array_equal(reference, kept[1])
