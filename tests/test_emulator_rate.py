"""Limits of the emulator: how many matting requests a second and at a time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from squares import WhiteEngine, draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.emulator.faults import Fault, Faults
from cosmat_nb.emulator.latency import Latency
from cosmat_nb.emulator.rate import Rate, Turnstile
from cosmat_nb.errors import OptionsError

SOON = settings(derandomize=True, deadline=None, max_examples=60)
ONCE = cm.Retry(attempts=1)
LATER = Latency(median=0.3, spread=0.0)


def start(**arguments):
    """Make an emulator that holds the red square; use it in a with block."""
    emulator = cm.Emulator(engine=WhiteEngine(), **arguments)
    emulator.bucket.put("a.jpg", images.encode_jpeg(draw_square()), "image/jpeg")
    return emulator


def connect(emulator):
    """Make a client that tries once."""
    return cm.MattingClient(
        emulator.address, emulator.credentials, endpoint=emulator.endpoint, retry=ONCE
    )


def ask(client):
    """Ask once for the matte; return the answer's kind or the refusal."""
    try:
        client.matte("a.jpg")
    except cm.CallError as error:
        return error
    return "matte"


def test_what_is_beyond_the_rate_is_refused_and_not_billed():
    """Two pass at once and the third is told to slow down; only the two are billed."""
    rate = Rate(per_second=0.001, burst=2)
    with start(rate=rate) as emulator, connect(emulator) as client:
        answers = [ask(client) for _ in range(3)]
    assert answers[:2] == ["matte", "matte"]
    assert isinstance(answers[2], cm.ThrottledError | cm.ServerError)
    assert (answers[2].code, answers[2].status) == ("SlowDown", 503)
    assert (emulator.billed, emulator.throttled) == (2, 1)


def test_a_refusal_says_for_how_long_when_it_is_told_to():
    """`retry_after` is sent as Retry-After, and a client that heeds it gets through."""
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        time.sleep(seconds)

    rate = Rate(per_second=2.0, burst=1, retry_after=1)
    with start(rate=rate) as emulator:
        patient = cm.MattingClient(
            emulator.address,
            emulator.credentials,
            endpoint=emulator.endpoint,
            retry=cm.Retry(attempts=2, draw=lambda: 0.0),
            clock=cm.Clock(sleep=sleep),
        )
        with patient as client:
            assert [ask(client), ask(client)] == ["matte", "matte"]
    assert slept == [1.0]


def test_a_request_counts_until_it_is_processed():
    """Of five at once two pass, latency included; when they are over two more do."""
    with (
        start(rate=Rate(concurrent=2), latency=LATER) as emulator,
        connect(emulator) as client,
        ThreadPoolExecutor(5) as pool,
    ):
        for _ in range(2):
            answers = [pool.submit(ask, client) for _ in range(5)]
            assert [each.result() for each in answers].count("matte") == 2
    assert (emulator.billed, emulator.throttled) == (4, 6)


@pytest.mark.parametrize(
    "fault", [Fault.fail(), Fault.reset_at_once(), Fault.reset_midway()]
)
def test_a_request_that_fails_leaves_its_place(fault):
    """After a failure of any kind the one place is free again."""
    rate, faults = Rate(concurrent=1), Faults(script=[fault])
    with start(rate=rate, faults=faults) as emulator, connect(emulator) as client:
        assert ask(client) != "matte"
        assert ask(client) == "matte"
    assert emulator.throttled == 0


def test_a_client_that_hangs_up_leaves_its_place():
    """A request whose client did not wait for the latency is over."""
    impatient = cm.Retry(attempts=1, attempt_seconds=0.1)
    with start(rate=Rate(concurrent=1), latency=LATER) as emulator:
        with cm.MattingClient(
            emulator.address,
            emulator.credentials,
            endpoint=emulator.endpoint,
            retry=impatient,
        ) as client:
            assert isinstance(ask(client), cm.TransportError)
        time.sleep(0.1)
        with connect(emulator) as client:
            assert ask(client) == "matte"


def test_refused_requests_use_up_no_fault_and_no_latency():
    """The plan of faults goes on with the next request that passes."""
    faults = Faults(script=[None, Fault.fail()])
    rate = Rate(per_second=5.0, burst=1)
    with start(rate=rate, faults=faults) as emulator, connect(emulator) as client:
        answers = [ask(client), ask(client)]
        time.sleep(0.25)
        answers.append(ask(client))
    assert [getattr(each, "code", each) for each in answers] == [
        "matte",
        "SlowDown",
        "InternalError",
    ]
    assert emulator._app.tally["faults"] == 2


def test_other_requests_are_not_limited(square):
    """Objects are listed, read and written at any rate."""
    rate = Rate(per_second=0.001, burst=1, concurrent=1)
    with start(rate=rate) as emulator, connect(emulator) as client:
        assert ask(client) == "matte"
        for _ in range(5):
            client.put("b.jpg", square)
            assert client.head("b.jpg").size == len(square)
    assert emulator.throttled == 0


def test_the_samples_can_be_limited_too():
    """`with_samples` takes a rate."""
    rate = Rate(per_second=0.001, burst=1)
    with cm.Emulator.with_samples(0, engine=WhiteEngine(), rate=rate) as emulator:
        with connect(emulator) as client:
            client.matte("samples/portrait.jpg")
            with pytest.raises(cm.CosmatError, match="SlowDown"):
                client.matte("samples/portrait.jpg")
        assert emulator.throttled == 1


@SOON
@given(
    speed=st.integers(1, 50),
    burst=st.integers(1, 20),
    gaps=st.lists(st.integers(0, 128), min_size=1, max_size=80),
)
def test_the_bucket_decides_as_the_cell_rate_algorithm(speed, burst, gaps):
    """Who passes is who the leaky bucket of ITU-T I.371, told by times, lets pass."""
    turnstile = Turnstile(Rate(per_second=speed, burst=burst))
    now = due = Fraction(1000)
    for gap in gaps:
        now += Fraction(gap, 64)
        passes = due - now <= Fraction(burst - 1, speed)
        assert turnstile.enter(float(now)) == passes
        if passes:
            due = max(due, now) + Fraction(1, speed)


def test_the_bucket_fills_again_and_no_further():
    """Three tokens at first; one each half second; never more than three."""
    turnstile = Turnstile(Rate(per_second=2, burst=3))
    assert [turnstile.enter(5.0) for _ in range(4)] == [True] * 3 + [False]
    assert [turnstile.enter(5.5) for _ in range(2)] == [True, False]
    assert [turnstile.enter(99.0) for _ in range(4)] == [True] * 3 + [False]


def test_a_full_house_takes_no_token():
    """Who is refused for the number inside is not counted against the rate."""
    turnstile = Turnstile(Rate(per_second=0.001, burst=2, concurrent=1))
    assert [turnstile.enter(0.0) for _ in range(3)] == [True, False, False]
    turnstile.leave()
    assert turnstile.enter(0.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"per_second": 0}, "per_second must be over 0"),
        ({"per_second": float("nan")}, "per_second must be over 0"),
        ({"per_second": float("inf")}, "per_second must be over 0"),
        ({"per_second": 1, "burst": 0}, "burst must be a whole number from 1"),
        ({"burst": 2}, "burst needs per_second"),
        ({"concurrent": 0}, "concurrent must be a whole number from 1"),
        ({"concurrent": 1.5}, "concurrent must be a whole number from 1"),
        ({"retry_after": -1}, "retry_after must be a whole number from 0"),
    ],
)
def test_limits_that_mean_nothing_are_refused(values, message):
    """A limit of none, or one that is no number, is a mistake."""
    with pytest.raises(OptionsError, match=message):
        Rate(**values)


def test_a_rate_is_a_rate():
    """A number in a rate's place is refused with words."""
    with pytest.raises(OptionsError, match=r"rate must be Rate\(...\); not int"):
        cm.Emulator(rate=5)
