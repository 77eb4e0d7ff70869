"""How long a client waits, and by which clock."""

import dataclasses
import math
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.client.clock import Clock
from cosmat_nb.client.retry import MAX_SECONDS, Retry, parse_retry_after
from cosmat_nb.errors import OptionsError

law = settings(derandomize=True, deadline=None, max_examples=100)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, 0.0),
        ("", 0.0),
        ("0", 0.0),
        ("120", 120.0),
        ("1.5", 0.0),
        ("-3", 0.0),
        ("٣", 0.0),
        ("soon", 0.0),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30.0),
        ("Tuesday, 14-Nov-23 22:13:50 GMT", 30.0),
        ("Tue Nov 14 22:13:50 2023", 30.0),
        ("Tue, 14 Nov 2023 22:13:50 -0000", 30.0),
        ("Wed, 15 Nov 2023 00:13:50 +0200", 30.0),
        ("Tue, 14 Nov 2023 22:13:10 GMT", 0.0),
        ("Thu, 01 Jan 99999999999999999999 00:00:00 GMT", 0.0),
        ("Tue, 14 Nov 2023 22:13:50 +99999999999999999", 0.0),
    ],
)
def test_retry_after_is_read_in_every_form(value, seconds, monkeypatch):
    """Seconds and the three HTTP dates are read, whatever this machine's time zone."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert parse_retry_after(value, now=1_700_000_000.0) == seconds
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_retry_after_of_absurd_length_is_forever():
    """Too many digits for any number mean a wait without end, not a crash."""
    assert parse_retry_after("9" * 400, now=0.0) == math.inf


@law
@given(value=st.text(max_size=60), now=st.floats(0, 4e9))
def test_no_retry_after_can_break_a_call(value, now):
    """Whatever the header holds, the wait is a number of seconds, 0 or more."""
    assert parse_retry_after(value, now) >= 0


@pytest.mark.parametrize(
    ("attempt", "widest"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 5.0), (99, 5.0)]
)
def test_waits_double_up_to_the_cap(attempt, widest):
    """The widest wait is base, doubled after each attempt, and never over longest."""
    drawn = Retry(base=0.5, longest=5.0, draw=lambda: 0.25)
    assert drawn.wait_after(attempt) == widest / 4


def test_a_wait_after_thousands_of_attempts_is_finite():
    """The doubling does not overflow."""
    assert Retry(draw=lambda: 1.0).wait_after(100_000) == 20.0


@law
@given(
    attempt=st.integers(1, 2000),
    base=st.floats(0.001, 100),
    longest=st.floats(0.001, 100),
    asked=st.floats(0, 1000),
    seed=st.integers(0, 99),
)
def test_a_wait_is_what_was_asked_for_plus_jitter(attempt, base, longest, asked, seed):
    """A wait lies between Retry-After and Retry-After plus the widest wait."""
    retry = Retry(base=base, longest=longest, draw=random.Random(seed).random)
    wait = retry.wait_after(attempt, asked)
    assert asked <= wait <= asked + min(longest, base * 2.0 ** min(attempt - 1, 900))


def test_jitter_is_full():
    """Waits fill the whole range from 0 to the widest, so that clients spread out."""
    retry = Retry(base=1.0, draw=random.Random(0).random)
    waits = [retry.wait_after(1) for _ in range(400)]
    assert min(waits) < 0.05
    assert max(waits) > 0.95
    assert abs(sum(waits) / 400 - 0.5) < 0.05


@pytest.mark.parametrize("name", ["base", "longest", "attempt_seconds", "call_seconds"])
@pytest.mark.parametrize("value", [0, -1.0, math.nan, math.inf, MAX_SECONDS + 1])
def test_a_time_that_no_socket_could_wait_is_refused(name, value):
    """Times must be over 0 and at most a day; the message names the parameter."""
    with pytest.raises(OptionsError, match=name):
        Retry(**{name: value})


def test_no_attempt_is_no_call():
    """A call sends at least one request."""
    with pytest.raises(OptionsError, match="whole number from 1; not 0"):
        Retry(attempts=0)
    assert Retry(attempts=1).attempts == 1


def test_pace_is_frozen():
    """Neither a clock nor a patience can change under a running call."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Retry().attempts = 9
    with pytest.raises(dataclasses.FrozenInstanceError):
        Clock().now = time.time


def test_the_usual_clock_is_the_machines():
    """By default signatures live by the wall clock and deadlines by a monotonic one."""
    clock = Clock()
    assert (clock.now, clock.elapsed, clock.sleep) == (
        time.time,
        time.monotonic,
        time.sleep,
    )
