"""Interval, test and correction: by hand, by enumeration, by simulation, by scipy."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import cosmat_nb as cm
from cosmat_nb.metrics import resampling
from cosmat_nb.metrics.draws import pool
from cosmat_nb.metrics.resampling import adjust_holm, bootstrap_interval, paired_test

LAW = settings(derandomize=True, deadline=None, max_examples=60)
ROWS = st.lists(st.integers(-9, 9), min_size=1, max_size=9)


def enumerate_flips(differences):
    """Return the share of all sign flips that are as far from 0, one by one."""
    found = abs(sum(differences))
    flips = list(product((-1, 1), repeat=len(differences)))
    far = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True))) >= found
        for signs in flips
    ]
    return sum(far) / len(flips)


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([5.0], 1.0),
        ([1.0, 2.0], 0.5),
        ([1.0, 2.0, 3.0], 0.25),
        ([1.0, 1.0, -1.0], 1.0),
        ([0.0, 3.0, 0.0, 3.0], 0.5),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 2 / 1024),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, -1], 6 / 1024),
        ([0.0, 0.0], 1.0),
    ],
)
def test_p_is_the_share_of_sign_flips(differences, p):
    """Two of 2**n flips when all signs are alike; more where others reach as far."""
    assert paired_test(differences) == p


@given(ROWS)
@LAW
def test_few_pairs_are_exact(differences):
    """Every flip is tried: the same as one by one in whole numbers, for any seed."""
    assert paired_test(differences, seed=3) == enumerate_flips(differences)


def test_tenths_tie_like_whole_numbers():
    """0.1 + 0.2 - 0.3 is as far from 0 as 0.3 - 0.2 - 0.1, whatever floats say."""
    tenths = [1, 2, -3, 4, -5, 6, -2, 1]
    assert paired_test(np.array(tenths) / 10) == paired_test(tenths)


def test_zeros_change_no_test():
    """A pair without a difference is no evidence: 2 of 2**3 flips with 60 zeros."""
    assert paired_test([0.0] * 60 + [1.0, 2.0, 4.0]) == 0.25


def test_many_pairs_agree_with_the_exact_test(monkeypatch, rng):
    """Random flips come within four standard errors of all 2**14 flips, and repeat."""
    differences = rng.normal(0.4, 1.0, 14)
    exact = paired_test(differences)
    monkeypatch.setattr(resampling, "_MOST_ENUMERATED", 0)
    drawn = paired_test(differences, seed=1)
    assert drawn == paired_test(differences, seed=1)
    assert drawn != paired_test(differences, seed=2)
    assert drawn != exact
    assert abs(drawn - exact) < 4 * np.sqrt(exact * (1 - exact) / 9999)


def test_p_of_random_flips_is_never_zero():
    """Forty equal signs beat all 999 flips drawn: what was found counts as one."""
    assert paired_test(np.ones(40), resamples=999) == 1 / 1000


def test_p_is_uniform_when_nothing_differs(rng):
    """Of 400 samples without a difference, about 5, 20, 50 % have p below that."""
    for pairs in (12, 30):
        p = paired_test(rng.normal(size=(pairs, 400)), resamples=999)
        for level in (0.05, 0.2, 0.5):
            error = 4 * np.sqrt(level * (1 - level) / 400)
            assert abs((p <= level).mean() - level) < error


def test_p_is_small_when_something_differs(rng):
    """A shift of one standard deviation in 30 pairs is nearly always seen."""
    p = paired_test(rng.normal(1.0, 1.0, (30, 100)), resamples=999)
    assert (p < 0.01).mean() > 0.95


@pytest.mark.parametrize("size", [12, 30, 200])
def test_the_interval_is_scipys(rng, size):
    """From the same draws the bounds are those of `scipy.stats.bootstrap`."""
    sample = rng.exponential(size=size)
    expected = stats.bootstrap(
        (sample,),
        np.mean,
        confidence_level=0.9,
        n_resamples=2000,
        method="BCa",
        random_state=np.random.default_rng(7),
    ).confidence_interval
    found = bootstrap_interval(sample, confidence=0.9, resamples=2000, seed=7)
    assert found == pytest.approx((expected.low, expected.high), rel=1e-9)


@pytest.mark.parametrize("make", ["normal", "exponential"])
def test_the_interval_covers_the_mean(rng, make):
    """Of 200 intervals at 95 %, 180 to 199 hold the true mean; misses on both sides."""
    sample = getattr(rng, make)(size=(40, 200)) + 3.0
    low, high = bootstrap_interval(sample, resamples=1999)
    mean = 3.0 if make == "normal" else 4.0
    inside = ((low <= mean) & (mean <= high)).sum()
    assert 180 <= inside <= 199
    if make == "normal":
        assert 1 <= (low > mean).sum() <= 14
        assert 1 <= (high < mean).sum() <= 14


def test_confidence_widens_the_interval(rng):
    """What is to hold more often is longer."""
    sample = rng.normal(size=50)
    lengths = [
        np.diff(bootstrap_interval(sample, confidence=each))[0]
        for each in (0.5, 0.9, 0.999)
    ]
    assert lengths == sorted(lengths)
    assert lengths[2] > 1.5 * lengths[1] > 3 * lengths[0] / 2


def test_ties_on_paper_are_ties(rng):
    """Tenths have a tenth of the bounds of whole numbers, though sums are rounded."""
    table = rng.integers(-10, 11, size=(8, 200))
    expected = np.array(bootstrap_interval(table, resamples=500)) / 10
    found = np.array(bootstrap_interval(table / 10, resamples=500))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "differences", [[], [0.3], [0.0] * 9, [0.5] * 9, [0.3 - 0.2, 0.2 - 0.1, 0.1] * 3]
)
def test_without_spread_there_is_no_interval(differences):
    """No pair, or all are equal but for rounding: NaN, no warning."""
    assert np.isnan(bootstrap_interval(differences)).all()


def test_few_pairs_have_no_interval_but_a_test():
    """Below six it would be much shorter than it says; six have one, five have p."""
    few, enough = [1.0, 2.0, 4.0, 5.0, 9.0], [1.0, 2.0, 4.0, 5.0, 9.0, 2.0]
    assert np.isnan(bootstrap_interval(few)).all()
    assert paired_test(few) == 2 / 32
    low, high = bootstrap_interval(enough)
    assert 1 < low < np.mean(enough) < high < 9


@pytest.mark.parametrize("exponent", [-1060, -900, -400, 0, 400, 900, 1019])
def test_the_unit_does_not_matter(exponent):
    """Bounds scale by any power of two that floats hold, p stays, nothing warns."""
    whole = np.array([9, 3, -2, 7, 16, 1, -4, 5, 2, 2] * 3, float)
    expected = np.ldexp(bootstrap_interval(whole, resamples=300), exponent)
    scaled = np.ldexp(whole, exponent)
    found = bootstrap_interval(scaled, resamples=300)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=5e-324)
    assert paired_test(scaled) == paired_test(whole)
    assert paired_test(scaled[:7]) == paired_test(whole[:7])


def test_huge_differences_have_p_above_0():
    """Five equal ones have 2 of 2**5 flips, at the end of the floats as anywhere."""
    assert paired_test([1e308] * 5) == 2 / 32
    outlier = [1.797e308, *[0.5] * 29]
    assert paired_test(outlier) == 1.0
    assert np.isfinite(bootstrap_interval(outlier)).all()


def test_pooled_pairs_say_what_theory_says(rng):
    """Far from 0, in 2500 pairs: mean plus and minus 1.96 standard errors, and level.

    The true mean is in 180 to 199 of 200 intervals, whose mean length is right by 2 %;
    p is below 0.05 about 5 % of the time, within four standard errors.
    """
    sample = rng.exponential(size=(2500, 200)) + 40.0
    low, high = bootstrap_interval(sample, resamples=999)
    assert 180 <= ((low <= 41) & (high >= 41)).sum() <= 199
    expected = 2 * 1.96 * sample.std(axis=0) / np.sqrt(2500)
    assert (high - low).mean() == pytest.approx(expected.mean(), rel=0.02)
    p = paired_test(sample - 41, resamples=999)
    assert abs((p <= 0.05).mean() - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 200)
    z = np.abs(sample.mean(axis=0) - 41) / (sample.std(axis=0) / 50)
    assert np.abs(p - 2 * stats.norm.sf(z)).mean() < 0.03


def test_many_pairs_are_judged_by_their_sums(rng):
    """1001 pairs and up take as long as 1000: what is drawn and flipped are sums."""
    sample = rng.normal(0.05, 1.0, 2500)
    sums = pool(sample[:, None], seed=3)[:, 0]
    assert paired_test(sample, seed=3) == paired_test(sums, seed=3)
    mean = sample.mean()
    around = mean + pool(sample[:, None] - mean, seed=3)[:, 0] * 1000 / 2500
    expected = bootstrap_interval(around, seed=3)
    assert bootstrap_interval(sample, seed=3) == pytest.approx(expected, rel=1e-9)


def test_few_differences_among_many_pairs_are_exact():
    """Three of 50,000 that differ are three flips, wherever they stand."""
    differences = np.zeros(50_000)
    differences[[4, 5, 40_000]] = 1.0, 2.0, 4.0
    assert paired_test(differences) == 0.25


def test_without_pairs_there_is_no_test():
    """No pair, no p-value."""
    assert np.isnan(paired_test([]))
    assert np.isnan(paired_test(np.empty((0, 3)))).tolist() == [True] * 3


def test_columns_are_judged_like_single_rows(rng):
    """A table gives each column what it would have alone, flat ones included."""
    table = np.stack([rng.normal(size=25), np.zeros(25), rng.exponential(size=25)], 1)
    low, high = bootstrap_interval(table, resamples=500)
    p = paired_test(table, resamples=500)
    for place, column in enumerate(table.T):
        expected = bootstrap_interval(column, resamples=500)
        assert (low[place], high[place]) == pytest.approx(expected, nan_ok=True)
        assert p[place] == paired_test(column, resamples=500)
    assert p[1] == 1.0


@given(st.lists(st.integers(-50, 50), min_size=6, max_size=30), st.integers(0, 5))
@LAW
def test_the_other_sign_mirrors(differences, seed):
    """With b and a exchanged the bounds change sign and place, and p stays."""
    found = bootstrap_interval(differences, resamples=200, seed=seed)
    mirrored = bootstrap_interval(np.negative(differences), resamples=200, seed=seed)
    assert (-mirrored.high, -mirrored.low) == pytest.approx(
        tuple(found), rel=1e-9, abs=1e-9, nan_ok=True
    )
    ahead, behind = (
        paired_test(np.multiply(differences, sign), resamples=200, seed=seed)
        for sign in (1, -1)
    )
    assert ahead == behind


def test_the_seed_decides():
    """The same seed repeats every bound; another seed does not."""
    sample = np.arange(30.0) ** 2
    first, again, other = (bootstrap_interval(sample, seed=seed) for seed in (4, 4, 5))
    assert first == again
    assert first != other


def test_holm_by_hand():
    """Four made tests: 4 x 0.01, 3 x 0.02 is less than 4 x 0.015, and 1 is the most."""
    assert adjust_holm([0.015, 0.02, 0.9, 0.01]).tolist() == pytest.approx(
        [0.045, 0.045, 0.9, 0.04]
    )
    assert adjust_holm([0.6, np.nan, 0.7]).tolist()[::2] == [1.0, 1.0]
    assert np.isnan(adjust_holm([0.6, np.nan])[1])
    assert adjust_holm([]).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.randoms())
@LAW
def test_holm_is_between_p_and_bonferroni(p, random):
    """It keeps the order, lowers no p, exceeds no Bonferroni bound, in any order."""
    adjusted = adjust_holm(p)
    assert (adjusted >= np.array(p)).all()
    assert (adjusted <= np.minimum(np.array(p) * len(p), 1) + 1e-12).all() or len(p) > 1
    assert adjusted[np.argmin(p)] == min(1, len(p) * min(p))
    order = list(range(len(p)))
    random.shuffle(order)
    assert adjust_holm([p[i] for i in order]).tolist() == adjusted[order].tolist()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: paired_test([1.0, np.nan]), "1 of them not finite: leave out"),
        (lambda: bootstrap_interval([np.inf]), "must be finite"),
        (lambda: bootstrap_interval(["a"]), "differences must be numbers"),
        (lambda: bootstrap_interval(np.zeros((2, 2, 2))), r"got shape \(2, 2, 2\)"),
        (lambda: bootstrap_interval(3.0), r"got shape \(\)"),
        (lambda: bootstrap_interval([1], confidence=95), "0.5 to 0.999; not 95"),
        (lambda: bootstrap_interval([1], confidence=np.nan), "0.5 to 0.999; not nan"),
        (lambda: bootstrap_interval([1], confidence="a"), "0.5 to 0.999; not 'a'"),
        (lambda: bootstrap_interval([1], resamples=99), "from 100; not 99"),
        (lambda: paired_test([1], resamples=1e4), "from 100; not 10000.0"),
        (lambda: paired_test([1], seed=-1), "seed must be a whole number from 0"),
        (lambda: paired_test([1], seed=None), "from 0; not None"),
        (lambda: adjust_holm([1.5]), "from 0 to 1"),
        (lambda: adjust_holm([[0.5]]), "a row of numbers"),
        (lambda: adjust_holm(["x"]), "p must be numbers"),
    ],
)
def test_bad_input_is_refused_in_words(call, message):
    """Every refusal says what was expected and what came."""
    with pytest.raises(cm.OptionsError, match=message):
        call()
