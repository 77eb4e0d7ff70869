"""Laws of region, saliency and composite errors: equality, mirrors, turns, order."""

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cosmat_nb.metrics.composite import compare_colors
from cosmat_nb.metrics.regions import region_errors
from cosmat_nb.metrics.saliency import saliency_scores

quick = settings(max_examples=60, deadline=None, derandomize=True)
sides = st.integers(1, 12)
shapes = st.tuples(sides, sides)
levels = st.sampled_from([0, 0, 0, 1, 64, 127, 128, 200, 254, 255, 255, 255])


def mattes(shape, elements=levels):
    return hnp.arrays(np.uint8, shape, elements=elements).map(lambda alpha: alpha / 255)


def pictures(shape):
    return hnp.arrays(np.uint8, (*shape, 4))


pairs = shapes.flatmap(lambda shape: st.tuples(mattes(shape), mattes(shape)))
cutouts = shapes.flatmap(lambda shape: st.tuples(pictures(shape), pictures(shape)))
hard = shapes.flatmap(lambda shape: mattes(shape, st.sampled_from([0, 255])))
MOVES = {
    "left and right": np.fliplr,
    "up and down": np.flipud,
    "rows and columns": lambda pixels: np.swapaxes(pixels, 0, 1),
}
moves = pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)


@quick
@given(hard)
def test_a_hard_matte_is_its_own_best(alpha):
    """Compared with itself every measure is 1, also where empty or full."""
    assert region_errors(alpha, alpha) == (1.0, 1.0, 1.0)
    assert saliency_scores(alpha, alpha) == pytest.approx((1, 1, 1), abs=1e-12)


@quick
@given(cutouts)
def test_a_cutout_has_no_error_against_itself(pair):
    """Compared with itself all colour errors are exactly 0."""
    errors = compare_colors(pair[0], pair[0].copy())
    assert errors.composite_mad == errors.composite_mse_e3 == 0.0
    assert errors.composite_mad_mean == 0.0
    assert errors.worst_background is None
    assert errors.foreground_mad in (None, 0.0)


@quick
@given(pairs)
def test_ranges(pair):
    """Every measure lies from 0 to 1."""
    found = [*region_errors(*pair), *saliency_scores(*pair)]
    assert min(found) >= 0
    assert max(found) <= 1 + 1e-12


@quick
@given(pairs)
def test_regions_do_not_ask_which_is_the_reference(pair):
    """IoU, Dice and boundary F are symmetric; IoU is Dice / (2 - Dice)."""
    found = region_errors(*pair)
    assert region_errors(*pair[::-1]) == pytest.approx(found, abs=1e-12)
    assert found.iou == pytest.approx(found.dice / (2 - found.dice), abs=1e-12)


@moves
@quick
@given(pair=pairs)
def test_regions_are_the_same_mirrored_and_transposed(move, pair):
    """Mirroring and transposing both mattes change nothing."""
    assert region_errors(*map(move, pair)) == region_errors(*pair)


@moves
@quick
@given(pair=pairs)
def test_e_measure_is_the_same_mirrored_and_transposed(move, pair):
    """E knows only how many pixels there are of which levels."""
    found = saliency_scores(*map(move, pair)).e_measure
    assert found == saliency_scores(*pair).e_measure


@quick
@given(pairs)
def test_s_measure_is_the_same_transposed(pair):
    """The cut through the centroid treats rows and columns alike."""
    found = saliency_scores(*(alpha.T for alpha in pair)).s_measure
    assert found == pytest.approx(saliency_scores(*pair).s_measure, abs=1e-12)


def test_s_measure_can_change_when_mirrored():
    """The centroid's pixel goes to the upper left block, as in the authors' code."""
    pair = np.array([[1.0, 0.5, 0, 0]]), np.array([[1.0, 1.0, 0, 0]])
    found = saliency_scores(*pair).s_measure
    mirrored = saliency_scores(*(alpha[:, ::-1] for alpha in pair)).s_measure
    # The right block of 2 px, constant in both, joins the left one of 2 px. All 4:
    # means 3/8 and 1/2, covariance 3/4, squares 11/16 and 1.
    whole = 4 * (3 / 8) * (1 / 2) * (3 / 4) / ((9 / 64 + 1 / 4) * (11 / 16 + 1))
    assert mirrored - found == pytest.approx((whole - 1 / 2) / 2, rel=1e-12)


@moves
@quick
@given(pair=pairs, inside=st.integers(128, 255))
def test_weighted_f_is_the_same_mirrored_when_errors_inside_are_equal(
    move, pair, inside
):
    """Then it does not matter which of several nearest pixels is taken."""
    alpha = np.where(pair[1] >= 0.5, inside / 255, pair[0])
    found = saliency_scores(move(alpha), move(pair[1])).weighted_f
    expected = saliency_scores(alpha, pair[1]).weighted_f
    assert found == pytest.approx(expected, abs=1e-12)


@moves
@quick
@given(pair=cutouts)
def test_colour_errors_are_the_same_mirrored_and_transposed(move, pair):
    """Sums over pixels do not ask where these are, to the last bit."""
    assert compare_colors(*map(move, pair)) == compare_colors(*pair)


@quick
@given(cutouts)
def test_composites_do_not_ask_which_is_the_reference(pair):
    """Errors of composites are symmetric; only foreground_mad knows a reference."""
    one, other = compare_colors(*pair), compare_colors(*pair[::-1])
    assert one.composite_mad == other.composite_mad
    assert one.worst_background == other.worst_background
    assert one.composite_mse_e3 == other.composite_mse_e3


@quick
@given(cutouts)
def test_composite_errors_are_ordered(pair):
    """No mean exceeds the worst; the squares lie between its square and itself."""
    errors = compare_colors(*pair)
    worst = errors.composite_mad
    assert 0 <= errors.composite_mad_mean <= worst + 1e-12
    assert worst / 2 <= errors.composite_mad_mean + 1e-12
    assert 1000 * worst**2 <= errors.composite_mse_e3 + 1e-9
    assert errors.composite_mse_e3 <= 1000 * worst + 1e-9


@quick
@given(cutouts, st.tuples(*[st.integers(0, 255)] * 3))
def test_no_other_background_is_worse(pair, color):
    """Whatever the plain background, the eight corners show no less."""
    other = compare_colors(*pair, backgrounds={"other": color})
    assert other.composite_mad <= compare_colors(*pair).composite_mad + 1e-12


@quick
@given(pairs, st.data())
@example((np.array([[1.0, 0.0]]), np.array([[0.0, 0.0]])), None)
def test_mending_a_pixel_never_hurts_the_overlap(pair, data):
    """IoU and Dice do not fall when a pixel is made to agree with the reference."""
    alpha, reference = pair
    last = alpha.size - 1
    at = 0 if data is None else data.draw(st.integers(0, last))
    mended = alpha.copy()
    mended.flat[at] = reference.flat[at]
    before, after = region_errors(alpha, reference), region_errors(mended, reference)
    assert after.iou >= before.iou
    assert after.dice >= before.dice


@quick
@given(pairs, st.floats(0, 1))
def test_less_false_alpha_never_hurts_weighted_f(pair, factor):
    """Weighted F does not fall when alpha shrinks outside the reference."""
    alpha, reference = pair
    assume((reference >= 0.5).any())
    shrunk = np.where(reference >= 0.5, alpha, alpha * factor)
    after = saliency_scores(shrunk, reference).weighted_f
    assert after >= saliency_scores(alpha, reference).weighted_f - 1e-12


@quick
@given(pairs, st.floats(0, 1))
def test_more_alpha_inside_never_hurts_weighted_f(pair, factor):
    """Weighted F does not fall when every lack inside the reference shrinks alike."""
    alpha, reference = pair
    inside = reference >= 0.5
    more = np.where(inside, 1 - (1 - alpha) * factor, alpha)
    after = saliency_scores(more, reference).weighted_f
    assert after >= saliency_scores(alpha, reference).weighted_f - 1e-12


@quick
@given(hard, st.data())
def test_fading_a_perfect_matte_lowers_s_and_weighted_f(alpha, data):
    """A matte right in shape scores less the fainter it is."""
    assume(alpha.any() and not alpha.all())
    faint, fainter = sorted(data.draw(st.tuples(*[st.floats(0.01, 1)] * 2)))[::-1]
    one, other = (saliency_scores(alpha * by, alpha) for by in (faint, fainter))
    assert other.weighted_f <= one.weighted_f + 1e-12
    assert other.s_measure <= one.s_measure + 1e-12


@quick
@given(hard, hard, st.integers(1, 4))
def test_padding_leaves_overlap_and_weighted_f(alpha, other, wide):
    """Empty borders change neither; boundary F only by its wider tolerance."""
    reference = np.zeros_like(alpha)
    rows, cols = (min(a, b) for a, b in zip(alpha.shape, other.shape, strict=True))
    reference[:rows, :cols] = other[:rows, :cols]
    inner = [np.pad(matte, 3) for matte in (alpha, reference)]
    padded = [np.pad(matte, wide) for matte in inner]
    assert region_errors(*padded)[:2] == region_errors(*inner)[:2]
    assert region_errors(*padded).boundary_f >= region_errors(*inner).boundary_f
    found = saliency_scores(*padded).weighted_f
    assert found == pytest.approx(saliency_scores(*inner).weighted_f, abs=1e-12)
