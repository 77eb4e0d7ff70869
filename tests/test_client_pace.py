"""The pace of a batch, simulated event by event on a clock that needs no time."""

from __future__ import annotations

import math
import random
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paced import Hand, Service
from squares import WhiteEngine, draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.client.pace import Pace, Slot
from cosmat_nb.emulator.latency import Latency
from cosmat_nb.emulator.rate import Rate
from cosmat_nb.errors import OptionsError

FEW = settings(derandomize=True, deadline=None, max_examples=6)
SOON = settings(derandomize=True, deadline=None, max_examples=60)


def pass_all(pace, verdict="good", **asked):
    """Begin all that may begin now, then release it; return how many it were."""
    slots = []
    while isinstance(slot := pace.ask(), Slot):
        slots.append(slot)
    for slot in slots:
        pace.release(slot, verdict, **asked)
    return len(slots)


@FEW
@given(limit=st.integers(1, 64), most=st.integers(1, 80), seed=st.integers(0, 99))
@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_a_limit_of_concurrency_is_found(spread, limit, most, seed):
    """Nine tenths of what the service takes are used, and 7 % throttled at most."""
    rate = Rate(concurrent=limit)
    service = Service(most=most, rate=rate, spread=spread, seed=seed).run(300)
    best = min(limit, most) / service.mean
    # A few hundred log-normal draws have a mean of their own; few answers, more so.
    noise = 3 * spread / math.sqrt(best * 150)
    assert service.speed() >= (0.9 - noise) * best
    # The share that is borne for long; less where a batch can hold still.
    assert service.throttled() <= 0.075


@FEW
@given(speed=st.floats(4, 30), seed=st.integers(0, 99))
@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_a_limit_of_rate_is_found(spread, speed, seed):
    """The same for a bucket of one second, less one attempt in flight of a few."""
    service = Service(rate=Rate(per_second=speed), spread=spread, seed=seed).run(400)
    whole = 1 - 1 / (speed * service.mean)
    assert service.speed() >= 0.88 * whole * speed
    assert service.throttled() <= 0.1


@pytest.mark.parametrize("speed", [5, 30, 50, 150, 400])
@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_a_rate_of_less_than_one_in_flight_is_found(spread, speed):
    """At 20 ms, 5 attempts a second are 0.1 in flight: half of so few are reached."""
    rate = Rate(per_second=speed)
    service = Service(most=16, rate=rate, median=0.02, spread=spread, quick=0.002).run(
        60
    )
    assert service.speed() >= (0.88 if speed > 5 else 0.5) * speed
    assert service.throttled() <= 0.15


@pytest.mark.parametrize(
    ("before", "after", "best"),
    [
        (Rate(concurrent=32), Rate(concurrent=8), 8 / 1.6),
        (Rate(concurrent=8), Rate(concurrent=32), 32 / 1.6),
        (Rate(per_second=20), Rate(per_second=5), 5.0),
        (Rate(per_second=5), Rate(per_second=20), 20.0),
        (Rate(concurrent=16), Rate(per_second=5), 5.0),
        (Rate(per_second=5), Rate(concurrent=16), 16 / 1.6),
    ],
)
def test_a_limit_that_changes_is_found_again(before, after, best):
    """Three minutes after a change the new limit is used as well as the old one."""
    service = Service(rate=before, stricter=after, spread=0.3).run(800)
    assert service.speed(0.75) >= 0.85 * best
    assert service.throttled(0.75) <= 0.08
    assert service.throttled(0.5, 0.6) <= 0.12


@pytest.mark.parametrize("chance", [0.01, 0.02, 0.05])
@pytest.mark.parametrize(
    ("median", "quick", "seconds"), [(1.6, 0.05, 600), (0.02, 0.002, 8)]
)
@pytest.mark.parametrize("most", [8, 16, 64])
def test_a_little_chance_is_borne(most, median, quick, seconds, chance):
    """When up to 5 % are throttled for no reason, four fifths of the speed are left."""
    service = Service(most=most, median=median, quick=quick, chance=chance)
    assert service.run(seconds).speed() >= 0.8 * service.best


@pytest.mark.parametrize("chance", [0.1, 0.2])
@pytest.mark.parametrize(
    ("median", "quick", "seconds"), [(1.6, 0.05, 600), (0.02, 0.002, 20)]
)
@pytest.mark.parametrize("most", [8, 64])
def test_much_chance_does_not_stop_a_batch(most, median, quick, seconds, chance):
    """When 10 or 20 % are, a batch is slow: a quarter of one in flight at the least."""
    service = Service(most=most, median=median, quick=quick, chance=chance)
    assert service.run(seconds).speed() >= 0.25 / service.mean


@pytest.mark.parametrize("most", [1, 8])
def test_a_start_that_is_throttled_does_not_crawl(most):
    """Two throttled answers before any good one cost no more than half a second."""
    hand = Hand()
    pace, start = Pace(most, clock=hand.clock), hand.now
    for verdict in ("throttled", "throttled", "good", "good"):
        while not isinstance(slot := pace.ask(), Slot):
            hand.now += slot + 1e-6
        hand.now += 0.002
        pace.release(slot, verdict)
    assert hand.now - start <= 0.5


def test_a_service_that_queues_is_not_flooded():
    """Beyond 16 at a time latency grows: its speed is used, the load bounded."""
    slower = lambda _, flying: max(1.0, flying / 16)  # noqa: E731
    service = Service(spread=0.5, slower=slower).run(800)
    assert service.speed() >= 0.9 * 16 / service.mean
    levels = [level for at, *_, level in service.events if at > 400]
    assert sum(levels) / len(levels) <= 40


def test_a_service_that_collapses_gets_less():
    """When latency begins to rise with the square of the load, the load falls."""
    slower = lambda at, flying: max(1.0, flying / 8) ** 2 if at > 200 else 1  # noqa: E731
    service = Service(most=32, spread=0.3, slower=slower).run(1000)
    assert max(level for at, *_, level in service.events if at < 200) == 32
    levels = [level for at, *_, level in service.events if at > 800]
    assert sum(levels) / len(levels) <= 16
    assert service.speed(0.8) >= 1.5 * service.speed(0.21, 0.3)


@pytest.mark.parametrize("seed", range(3))
def test_latencies_that_vary_are_no_trouble(seed):
    """Some 18 000 log-normal latencies never lower the level once it is at its most."""
    service = Service(most=16, spread=0.5, seed=seed).run(2000)
    assert {level for at, *_, level in service.events if at > 30} == {16}


def test_large_pictures_are_no_trouble_for_long():
    """Three times the latency at any load halves once and then goes on as before."""
    slower = lambda at, _: 3.0 if at > 200 else 1.0  # noqa: E731
    service = Service(spread=0.3, slower=slower).run(600)
    assert min(level for at, *_, level in service.events if at > 200) == 32
    assert {level for at, *_, level in service.events if at > 300} == {64}


def test_the_level_doubles_in_each_round_at_first():
    """4, 8, 16, 20: every good answer adds one, up to the most."""
    pace = Pace(20, clock=Hand().clock)
    assert [pass_all(pace) for _ in range(4)] == [4, 8, 16, 20]


def test_a_round_of_throttled_attempts_halves_once():
    """Eight in flight are throttled together: half of what went well, and not 1.

    Six are more than the tolerance; when they began 5.5 were in flight on the average,
    so 5 is too much by half an attempt at most, and 2 is the half of it.
    """
    pace = Pace(16, clock=Hand().clock)
    pass_all(pace)
    assert pace.level == 8
    slots = [pace.ask() for _ in range(8)]
    for slot in reversed(slots):
        pace.release(slot, "throttled")
    assert pace.level == 2


def test_what_fails_otherwise_changes_nothing():
    """Lost connections and refused pictures neither raise nor lower the level."""
    pace = Pace(16, clock=Hand().clock)
    for _ in range(50):
        assert pass_all(pace, "failed") == 4


def test_deadlines_that_pass_are_a_latency():
    """Failures after a long time lower the level, as slow answers would."""
    hand = Hand()
    pace = Pace(8, clock=hand.clock)
    for seconds, verdict in [(1.0, "good")] * 40 + [(60.0, "failed")] * 10:
        slots = []
        while isinstance(slot := pace.ask(), Slot):
            slots.append(slot)
        hand.now += seconds
        for slot in slots:
            pace.release(slot, verdict)
    assert pace.level < 8


def test_a_level_that_is_not_used_does_not_rise():
    """One attempt at a time is no reason for more than the first four."""
    pace = Pace(16, clock=Hand().clock)
    for _ in range(100):
        pace.release(pace.ask(), "good")
    assert pace.level == 4


@pytest.mark.parametrize(("asked", "waited"), [(7.0, 7.0), (86_400.0, 60.0)])
def test_nothing_begins_before_the_service_wants_it(asked, waited):
    """Retry-After of a throttled answer is kept, a minute at most."""
    hand = Hand()
    pace = Pace(16, clock=hand.clock)
    assert pass_all(pace, "throttled", retry_after=asked) == 4
    assert pace.ask() == pytest.approx(waited)
    hand.now += waited - 0.001
    assert pace.ask() == pytest.approx(0.001)
    hand.now += 0.002
    assert isinstance(pace.ask(), Slot)


def test_an_outage_is_not_a_limit():
    """When all was throttled for ten seconds, most of the level is back in a minute."""
    service = Service(spread=0.5, outage=(200.0, 210.0)).run(400)
    levels = {int(at): level for at, *_, level in service.events}
    assert levels[199] == 64
    assert min(levels[at] for at in levels if at > 200) <= 4
    assert service.speed(0.7) >= 0.75 * 64 / service.mean


@SOON
@given(
    most=st.integers(1, 40),
    moves=st.lists(
        st.tuples(
            st.sampled_from(["ask", "good", "throttled", "failed"]),
            st.floats(0, 100),
            st.integers(0, 99),
        ),
        max_size=300,
    ),
)
def test_whatever_happens_the_bounds_hold(most, moves):
    """In any order of events: at most `most` in flight, a level in [1, most]."""
    hand = Hand()
    pace, slots = Pace(most, clock=hand.clock), []
    for move, seconds, which in moves:
        hand.now += seconds
        if move == "ask":
            while isinstance(slot := pace.ask(), Slot):
                slots.append(slot)
        elif slots:
            pace.release(slots.pop(which % len(slots)), move)
        assert len(slots) <= most
        assert 1 <= pace.level <= most
    # It never gets stuck: with nothing in flight something may begin in time.
    for slot in slots:
        pace.release(slot, "failed")
    if not isinstance(wait := pace.ask(), Slot):
        hand.now += wait + 1e-6
        assert wait <= 60
        assert isinstance(pace.ask(), Slot)


@pytest.mark.parametrize("retry_after", [0.0, 60.0])
def test_stopping_wakes_all_who_wait(retry_after):
    """Threads that wait for a slot or for a pause to end get None at once."""
    pace, got = Pace(4), []
    slots = [pace.acquire() for _ in range(4)]
    if retry_after:
        pace.release(slots[0], "throttled", retry_after)
    threads = [
        threading.Thread(target=lambda: got.append(pace.acquire())) for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    assert got == []
    pace.stop()
    for thread in threads:
        thread.join(5)
    assert got == [None] * 10
    assert pace.acquire() is None


def test_threads_never_exceed_the_level_they_share():
    """Sixteen threads of random fortunes: never over the most at once, and all end."""
    pace, lock, inside, worst = Pace(6), threading.Lock(), [], []

    def work(seed):
        source = random.Random(seed)
        for _ in range(40):
            slot = pace.acquire()
            with lock:
                inside.append(slot)
                worst.append(len(inside))
            time.sleep(source.random() * 0.001)
            with lock:
                inside.remove(slot)
            lucky = source.random() < 0.99
            pace.release(slot, "good" if lucky else "throttled")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert len(worst) == 16 * 40
    assert max(worst) <= 6


def ask_emulator(rate, seconds):
    """Let 16 threads ask an emulator with a latency of 50 ms for so many seconds."""
    emulator = cm.Emulator(
        engine=WhiteEngine(), rate=rate, latency=Latency(median=0.05, spread=0.2)
    )
    emulator.bucket.put("a.jpg", images.encode_jpeg(draw_square()), "image/jpeg")
    pace, good, bad = Pace(16), [], []
    with (
        emulator,
        cm.MattingClient(
            emulator.address,
            emulator.credentials,
            endpoint=emulator.endpoint,
            retry=cm.Retry(attempts=1),
        ) as client,
    ):

        def work():
            while (slot := pace.acquire()) is not None:
                try:
                    client.matte("a.jpg")
                except (cm.ThrottledError, cm.ServerError):
                    pace.release(slot, "throttled")
                    bad.append(time.monotonic())
                else:
                    pace.release(slot, "good")
                    good.append(time.monotonic())

        threads = [threading.Thread(target=work) for _ in range(16)]
        start = time.monotonic()
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        pace.stop()
        for thread in threads:
            thread.join(10)
    half = start + seconds / 2
    late = sum(half <= at < start + seconds for at in good)
    return late / (seconds / 2), sum(at >= half for at in bad), late


@pytest.mark.parametrize(
    ("rate", "best"),
    [(Rate(per_second=40), 40.0), (Rate(concurrent=4, per_second=1000), 4 / 0.06)],
)
def test_the_limit_of_the_emulator_is_found(rate, best):
    """Threads over real connections come near a real limit within seconds."""
    speed, bad, good = ask_emulator(rate, 2.5)
    assert speed <= best * 1.4
    # Loose: other work on the machine makes every answer late.
    assert speed >= best * 0.5
    assert bad <= 0.25 * good


@pytest.mark.parametrize("most", [0, -1, 2.0, "4"])
def test_a_most_that_means_nothing_is_refused(most):
    """Less than one, or no whole number, is a mistake."""
    with pytest.raises(OptionsError, match="most must be a whole number from 1"):
        Pace(most)
