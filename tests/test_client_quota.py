"""The batch's retries: enough for chance, few for a broken service."""

from __future__ import annotations

import random
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.client.quota import RetryQuota
from cosmat_nb.errors import OptionsError

SOON = settings(derandomize=True, deadline=None, max_examples=50)


@pytest.mark.parametrize("tokens", [0, 1, 50])
def test_a_dead_service_gets_the_first_tokens_and_no_more(tokens):
    """Without a good answer there are exactly so many retries."""
    quota = RetryQuota(16, tokens=tokens)
    granted = 0
    for _ in range(500):
        quota.hear("failed")
        granted += quota.spend()
    assert granted == tokens


def test_two_good_answers_earn_a_retry():
    """Half a token each; a refusal of one picture earns nothing."""
    quota = RetryQuota(1, tokens=2)
    assert [quota.spend() for _ in range(3)] == [True, True, False]
    for verdict in ("good", "refused", "refused", "throttled"):
        quota.hear(verdict)
    assert not quota.spend()
    quota.hear("good")
    assert [quota.spend() for _ in range(2)] == [True, False]


def test_no_more_is_saved_up_than_there_was_at_first():
    """After a thousand good answers a dead service gets no more retries than before."""
    quota = RetryQuota(16, tokens=5)
    for _ in range(1000):
        quota.hear("good")
    assert [quota.spend() for _ in range(6)] == [True] * 5 + [False]


@pytest.mark.parametrize("seed", range(5))
def test_a_fifth_of_failures_is_always_made_good(seed):
    """Of 20 000 attempts that fail at random with 20 %, every one gets its retry."""
    quota, source = RetryQuota(16), random.Random(seed)
    for _ in range(20_000):
        if source.random() < 0.2:
            quota.hear("failed")
            assert quota.spend()
        else:
            quota.hear("good")


def test_half_of_failures_runs_dry():
    """Failures of every second attempt cost more than the others earn."""
    quota = RetryQuota(16)
    granted = 0
    for _ in range(1000):
        quota.hear("good")
        granted += quota.spend() + quota.spend()
    assert granted == 550 - 1  # the first half token found the bucket full


@pytest.mark.parametrize(("most", "enough"), [(1, 20), (10, 20), (11, 22), (64, 128)])
def test_a_broken_service_is_seen_after_so_many_failures(most, enough):
    """The last max(20, 2 × most) attempts failed: not one fewer."""
    quota = RetryQuota(most)
    for at in range(enough):
        assert not quota.all_failing
        quota.hear(("failed", "throttled")[at % 2])
    assert quota.all_failing


@SOON
@given(st.lists(st.sampled_from(["good", "refused", "throttled", "failed"])))
def test_one_answer_shows_that_the_service_works(heard):
    """Broken is what failed 20 times since the last good or refused answer."""
    quota = RetryQuota(4)
    for verdict in heard * 5:
        quota.hear(verdict)
    since = 0
    for verdict in heard * 5:
        since = since + 1 if verdict in ("throttled", "failed") else 0
    assert quota.all_failing == (since >= 20)


def test_threads_share_the_tokens():
    """Eight threads that spend at once get each token once."""
    quota, granted = RetryQuota(8, tokens=1000), []

    def work():
        granted.append(sum(quota.spend() for _ in range(500)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == 1000


@pytest.mark.parametrize("values", [{"most": 0}, {"most": 2.0}, {"tokens": -1}])
def test_numbers_that_mean_nothing_are_refused(values):
    """Less than nothing, or no whole number, is a mistake."""
    with pytest.raises(OptionsError, match="must be a whole number"):
        RetryQuota(**{"most": 4, **values})
