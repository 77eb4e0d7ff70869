"""What bootstrap and sign flips share: blocks, pools, numbers without extremes."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.metrics import draws
from cosmat_nb.metrics.draws import blocks, pool, rescaled
from cosmat_nb.metrics.resampling import bootstrap_interval, paired_test

LAW = settings(derandomize=True, deadline=None, max_examples=60)


def test_blocks_change_nothing(rng, monkeypatch):
    """Many small blocks of resamples draw the same numbers as one large block."""
    table = rng.normal(size=(30, 2))
    before = bootstrap_interval(table, resamples=300), paired_test(table, resamples=300)
    monkeypatch.setattr(draws, "_CELLS", 30 * 7)
    after = bootstrap_interval(table, resamples=300), paired_test(table, resamples=300)
    np.testing.assert_allclose(before[0], after[0], rtol=1e-12)
    assert after[1].min() > 0


def test_blocks_take_bounded_memory():
    """However many pairs and resamples: all of them in order, 2**22 cells at most."""
    for resamples, pairs in ((250_000, 1000), (9999, 21), (100, 2**23)):
        runs = list(blocks(resamples, pairs))
        sizes = [run.stop - run.start for run in runs]
        assert sum(sizes) == resamples
        assert [run.start for run in runs[1:]] == [run.stop for run in runs[:-1]]
        assert max(sizes) == 1 or max(sizes) * pairs <= 2**22


def test_many_pairs_are_pooled(rng):
    """1000 sums of 2 or 3 pairs, each pair in one, in all columns the same ones."""
    column = rng.permutation(2.0 ** (np.arange(2500) % 50))
    sums = pool(np.stack([np.ones(2500), column, -column], axis=1), seed=3)
    assert sums.shape == (1000, 3)
    assert np.unique(sums[:, 0], return_counts=True)[1].tolist() == [500, 500]
    assert (sums[:, 1] == -sums[:, 2]).all()
    assert sums[:, 1].sum() == column.sum()
    assert (sums[:, 1] != pool(column[:, None], seed=4)[:, 0]).any()
    assert pool(column[:1000, None], seed=3)[:, 0].tolist() == column[:1000].tolist()


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=9))
@LAW
def test_a_power_of_two_leads_back(values):
    """The largest of a column is from 0.5 to 1 in size, and nothing is rounded."""
    column = np.array(values)[:, None]
    column[np.abs(column) < 1e-280 * np.abs(column).max()] = 0
    scaled, exponents = rescaled(column)
    assert np.abs(scaled).max() < 1
    assert np.abs(scaled).max() >= 0.5 or not column.any()
    assert np.ldexp(scaled, exponents).tolist() == column.tolist()
