"""S-measure, E-measure, weighted F: numbers by hand, PySODMetrics as oracle."""

import json
import math
import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from cosmat_nb.metrics.saliency import SaliencyScores, saliency_scores
from cosmat_nb.metrics.weighted_f import weighted_f

ORACLES = Path(__file__).parent / "oracles"
DRAWN = runpy.run_path(str(ORACLES / "renew_saliency.py"))
PAIRS, DIFFERING = DRAWN["draw_pairs"](), DRAWN["draw_differing_pairs"]()
GOLDEN = json.loads((ORACLES / "saliency.json").read_text(encoding="utf-8"))


def score(pair):
    pred, truth = pair
    return saliency_scores(pred / 255, truth / 255)


def as_published(e_measure, truth):
    """Turn our mean over 255 thresholds into that over 256, and N into N - 1."""
    share_when_full = {0: 0.0, truth.size: 1.0}.get(np.count_nonzero(truth), 0.25)
    mean = (255 * e_measure + share_when_full) / 256
    return mean * truth.size / (truth.size - 1)


def test_golden_values_tell_their_versions():
    """The oracle's numbers say which releases gave them, for every drawn pair."""
    assert GOLDEN["versions"]["pysodmetrics"] == "1.6.2"
    assert set(GOLDEN["agreeing"]) == set(PAIRS)
    assert set(GOLDEN["differing"]) == set(DIFFERING)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("fed", ["as_it_is", "normalized"])
def test_agrees_with_pysodmetrics(name, fed):
    """All three are PySODMetrics' numbers where stretching to 0 to 255 is idle."""
    found, expected = score(PAIRS[name]), GOLDEN["agreeing"][name][fed]
    assert found.s_measure == pytest.approx(expected["s_measure"], abs=1e-9)
    assert found.weighted_f == pytest.approx(expected["weighted_f"], abs=1e-9)
    e_mean = as_published(found.e_measure, PAIRS[name][1] > 128)
    assert e_mean == pytest.approx(expected["e_mean"], abs=1e-9)


def test_a_faint_matte_scores_what_it_is():
    """PySODMetrics' default stretches a faint matte and finds it far better."""
    found = score(DIFFERING["faint"])
    golden = GOLDEN["differing"]["faint"]
    expected = golden["as_it_is"]
    assert found.s_measure == pytest.approx(expected["s_measure"], abs=1e-9)
    assert found.weighted_f == pytest.approx(expected["weighted_f"], abs=1e-9)
    pred, truth = DIFFERING["faint"]
    e_mean = as_published(found.e_measure, truth)
    assert e_mean == pytest.approx(expected["e_mean"], abs=1e-9)
    # Levels run from 20 to 90. Stretched by the caller, the numbers are the others.
    assert golden["normalized"]["weighted_f"] > found.weighted_f + 0.4
    stretched = score(((pred - 20.0) / 70 * 255, truth))
    assert stretched.s_measure == pytest.approx(
        golden["normalized"]["s_measure"], abs=1e-9
    )
    assert stretched.weighted_f == pytest.approx(
        golden["normalized"]["weighted_f"], abs=1e-9
    )


def test_centroid_between_two_pixels_is_rounded_up():
    """As in the authors' code; PySODMetrics rounds 24.5 to the even 24."""
    pred, truth = DIFFERING["half a pixel"]
    assert np.argwhere(truth).mean(axis=0)[1] == 24.5
    found = score((pred, truth)).s_measure
    expected = GOLDEN["differing"]["half a pixel"]["as_it_is"]["s_measure"]
    assert 1e-3 < abs(found - expected) < 3e-3
    alpha, reference = np.array([[1.0, 0.5, 0, 0]]), np.array([[1.0, 1.0, 0, 0]])
    # Centroid 0.5, up to 1: blocks of columns 0 and 1, where only the reference is
    # constant, and of 2 and 3, where both are. Inside, 1 and .5: mean .75, variance
    # .125 by N - 1.
    inside = 2 * 0.75 / (0.75**2 + 1 + math.sqrt(0.125))
    objects, regions = (inside + 1) / 2, (0 + 1) / 2
    found = saliency_scores(alpha, reference).s_measure
    assert found == pytest.approx((objects + regions) / 2, rel=1e-12)


def test_blocks_without_pixels_count_nothing():
    """A reference in the last column leaves no right blocks; PySODMetrics has NaN."""
    assert GOLDEN["differing"]["last column"]["as_it_is"]["s_measure"] is None
    pred, truth = DIFFERING["last column"]
    found = score((pred, truth))
    assert 0 < found.s_measure < 1
    assert score((truth, truth)).s_measure == pytest.approx(1, abs=1e-12)


def test_level_128_is_hard():
    """As everywhere here; PySODMetrics begins at 129 and so finds nothing."""
    pred, truth = DIFFERING["level 128"]
    found = score((pred, truth))
    golden = GOLDEN["differing"]["level 128"]
    assert golden["normalized"]["weighted_f"] == 0.0
    assert found == score((pred, np.where(truth >= 128, 255, 0)))
    assert found.weighted_f == pytest.approx(golden["as_it_is"]["weighted_f"], abs=1e-9)


def test_constant_blocks_score_one_whatever_the_rounding():
    """PySODMetrics loses both constant blocks to variances of about 1e-33."""
    found = score(DIFFERING["translucent"]).s_measure
    expected = GOLDEN["differing"]["translucent"]["as_it_is"]["s_measure"]
    # Rows 3 to 11 and 28 to 36 average 19.5, up to 20: 21 rows above, 19 below.
    # Columns 3 to 11 and 39 to 47 average 25: 26 on either side. The two blocks
    # without reference are 26 * 21 + 26 * 19 px, half of the picture, and regions
    # are half of S.
    assert found - expected == pytest.approx(0.25, abs=1e-9)


def test_an_empty_matte_of_an_empty_reference_is_perfect():
    """PySODMetrics gives weighted F 0 to nothing found where nothing is."""
    assert score(DIFFERING["nothing at all"]) == SaliencyScores(1.0, 1.0, 1.0)
    golden = GOLDEN["differing"]["nothing at all"]["as_it_is"]
    assert golden["weighted_f"] == 0.0


def test_empty_and_full_references_by_hand():
    """S is a mean, E a share of pixels, weighted F all or nothing."""
    alpha = np.array([[0.0, 0.2, 0.4, 1.0]])
    empty = saliency_scores(alpha, np.zeros((1, 4)))
    # Mean of alpha 1.6 / 4. Levels 0, 51, 102, 255: hard for 0, 51, 102, 255
    # of the 255 thresholds: (0 + 51 + 102 + 255) / (4 * 255) = 0.4.
    assert empty == pytest.approx((0.6, 0.6, 0.0), rel=1e-12)
    full = saliency_scores(alpha, np.ones((1, 4)))
    assert full[:2] == pytest.approx((0.4, 0.4), rel=1e-12)
    assert saliency_scores(np.zeros((1, 4)), np.ones((1, 4)))[:2] == (0.0, 0.0)


def test_s_measure_by_hand():
    """Two objects and four blocks of a 2 x 4 picture, on paper."""
    alpha = np.array([[0.0, 1.0, 0.5, 0.0], [0.0, 1.0, 0.5, 0.0]])
    reference = np.array([[0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0]])
    # Inside: 1, .5, 1, .5: mean 3/4, deviation sqrt((4 / 16) / 3). Outside: all right.
    inside = 2 * 0.75 / (0.75**2 + 1 + math.sqrt(1 / 12))
    objects = 0.5 * inside + 0.5 * 1
    # Centroid (0.5, 1.5), up to (1, 2): one upper block of 2 x 3, a right one of
    # 2 x 1 where both are 0, so 1; none below. Upper: alpha 0, 1, .5 twice, mean
    # .5, squares 4 * .25 = 1; reference 0, 1, 1 twice, mean 2/3, squares 4/3;
    # product 2 * (-.5 * -2/3 + .5 * 1/3 + 0 * 1/3) = 1.
    block = 4 * 0.5 * (2 / 3) * 1 / ((0.25 + 4 / 9) * (1 + 4 / 3))
    regions = 6 / 8 * block + 2 / 8 * 1
    found = saliency_scores(alpha, reference).s_measure
    assert found == pytest.approx((objects + regions) / 2, rel=1e-12)


def test_s_measure_of_opposites():
    """It is cut off at 0, but a flat block scores 1 even when all of it is wrong."""
    checks = np.indices((4, 4)).sum(axis=0) % 2
    assert saliency_scores(1.0 - checks, checks * 1.0).s_measure == 0.0
    corner = np.zeros((4, 4))
    corner[:2, :2] = 1
    # Objects 0. Centroid (.5, .5): cut after (1, 1), four blocks constant in both.
    assert saliency_scores(1 - corner, corner).s_measure == 0.5


def e_by_definition(alpha, truth):
    """Mean over 255 thresholds of the enhanced alignment, pixel by pixel."""
    values = []
    for threshold in range(1, 256):
        hard = np.rint(alpha * 255) >= threshold
        off, true = hard - hard.mean(), truth - truth.mean()
        aligned = 2 * off * true / (off**2 + true**2)
        values.append(((1 + aligned) ** 2 / 4).mean())
    return np.mean(values)


def test_e_measure_by_hand():
    """One wrong pixel of four, at every threshold the same."""
    alpha, reference = np.array([[1.0, 1.0, 1, 0]]), np.array([[1.0, 1.0, 0, 0]])
    # Means 3/4 and 1/2. Right and hard, (1/4, 1/2): 2 * 1/8 / (5/16) = 4/5, twice;
    # wrong, (1/4, -1/2): -4/5; right and not, (-3/4, -1/2): 3/4 / (13/16) = 12/13.
    expected = (2 * 1.8**2 + 0.2**2 + (25 / 13) ** 2) / 4 / 4
    assert saliency_scores(alpha, reference).e_measure == pytest.approx(expected)


def test_e_measure_is_the_mean_over_the_levels_of_a_soft_matte(rng):
    """Sums over histograms give what the definition gives pixel by pixel."""
    alpha = rng.integers(0, 256, (9, 11)) / 255
    truth = rng.random((9, 11)) < 0.3
    found = saliency_scores(alpha, truth * 1.0).e_measure
    assert found == pytest.approx(e_by_definition(alpha, truth), rel=1e-12)


def test_e_measure_rounds_to_8_bits():
    """A float counts as its nearest of the 256 levels."""
    reference = np.array([[1.0, 1.0, 0, 0]])
    scores = [
        saliency_scores(np.array([[level / 255, 1, 0, 0]]), reference).e_measure
        for level in (99.6, 100, 100.4, 100.6)
    ]
    assert scores[0] == scores[1] == scores[2] < scores[3]


def test_weighted_f_by_hand():
    """A uniform lack inside, and one wrong pixel outside at a known distance."""
    truth = np.zeros((21, 31), dtype=bool)
    truth[8:13, 8:13] = True
    alpha = 0.8 * truth
    # 25 px: hits 25 * .8 = 20, none false: 2 * 20 / (20 + 25).
    assert weighted_f(alpha, truth) == pytest.approx(40 / 45, rel=1e-12)
    alpha[10, 22] = 0.5
    # 10 px from column 12: the weight 2 - 2 ** (-10 / 5) = 1.75, false .875.
    expected = 40 / (20 + 0.875 + 25)
    assert weighted_f(alpha, truth) == pytest.approx(expected, rel=1e-12)


def test_lone_errors_inside_count_less():
    """One missing pixel weighs the Gaussian's middle, 1/42.3, a missing block more."""
    truth = np.zeros((31, 31), dtype=bool)
    truth[5:26, 5:26] = True
    alpha = truth * 1.0
    alpha[15, 15] = 0
    # Only the pixel itself has an error: around it the mean is the kernel's middle,
    # whose weights along a row are 1 and, on either side, e^-.02, e^-.08 and e^-.18.
    middle = 1 / (1 + 2 * sum(math.exp(-(k**2) / 50) for k in (1, 2, 3))) ** 2
    hits = 441 - middle
    expected = 2 * hits / (hits + 441)
    assert weighted_f(alpha, truth) == pytest.approx(expected, rel=1e-12)
    alpha[12:19, 12:19] = 0
    # 49 missing pixels, each with a mean below 1 except the middle one.
    assert 2 * 392 / (392 + 441) < weighted_f(alpha, truth) < expected


def test_weighted_f_looks_only_at_the_box(rng):
    """Empty surroundings are cut off first and change nothing."""
    truth = np.zeros((30, 40), dtype=bool)
    truth[5:15, 8:20] = rng.random((10, 12)) < 0.7
    alpha = ndimage.gaussian_filter(truth * 1.0, 1) * (rng.random((30, 40)) < 0.5)
    alpha[:2] = alpha[:, :5] = 0
    around = [np.pad(matte, 25) for matte in (alpha, truth)]
    assert weighted_f(*around) == pytest.approx(weighted_f(alpha, truth), rel=1e-12)


def test_inputs_are_kept(rng):
    """Neither matte is changed."""
    alpha, reference = rng.random((2, 9, 9))
    kept = alpha.copy(), reference.copy()
    saliency_scores(alpha, reference)
    assert np.array_equal(alpha, kept[0])
    assert np.array_equal(reference, kept[1])
