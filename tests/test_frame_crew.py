"""A crew works through its places, and stops when told to."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from cosmat_nb.frame.crew import Crew, counted_interrupts
from cosmat_nb.frame.outcome import Outcome, Status

LONG = 20.0


def ok(_):
    """Answer any place."""
    return Outcome(status=Status.OK)


def no_report(_):
    """Show no progress."""


def interrupt():
    """Interrupt the main thread, as a keyboard does."""
    os.kill(os.getpid(), signal.SIGINT)


def wait_until(true):
    """Wait for what other threads bring about."""
    deadline = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.002)


@pytest.mark.parametrize("workers", [1, 3, 50])
def test_every_place_is_called_once(workers):
    """However many workers: each place once, and the last report counts them all."""
    called, reports = [], []

    def call(place):
        called.append(place)
        return ok(place)

    places = [f"{number}.jpg" for number in range(20)]
    crew = Crew(call, places, workers)
    crew.run(reports.append, [])
    assert sorted(called) == sorted(places)
    assert crew.outcomes.keys() == set(places)
    assert crew.reason == ""
    assert reports[-1] == 20
    assert reports == sorted(reports)


def test_no_place_is_no_work():
    """Without places it returns at once, and reports nothing answered."""
    reports = []
    Crew(ok, [], 8).run(reports.append, [])
    assert reports == [0]


def test_no_more_calls_in_flight_than_workers():
    """Three workers keep three calls in flight, never four."""
    lock, now, most = threading.Lock(), 0, 0
    full = threading.Barrier(3)

    def call(place):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        full.wait(LONG)
        with lock:
            now -= 1
        return ok(place)

    Crew(call, map(str, range(12)), 3).run(no_report, [])
    assert most == 3


def test_a_dooming_outcome_stops_the_crew():
    """What comes after it is never called; its own outcome and the reason are kept."""

    def call(place):
        if place == "c":
            return Outcome(status=Status.ERROR, error="unpaid", dooms=True)
        return ok(place)

    crew = Crew(call, "abcdef", 1)
    crew.run(no_report, [])
    assert list(crew.outcomes) == ["a", "b", "c"]
    assert crew.reason == "the batch stopped: unpaid"


def test_an_interrupt_waits_for_calls_in_flight():
    """Calls already made are answered and kept; nothing new is called."""
    started, release = [], threading.Event()

    def call(place):
        started.append(place)
        if len(started) == 2:
            interrupt()
        release.wait(LONG)
        return ok(place)

    crew = Crew(call, "abcdef", 2)
    with counted_interrupts() as interrupts:
        # Released only after the interrupt was seen.
        crew.run(lambda _: crew.reason and release.set(), interrupts)
    assert len(interrupts) == 1
    assert crew.outcomes.keys() == {"a", "b"}
    assert crew.reason == "interrupted"


def test_a_second_interrupt_does_not_wait():
    """It leaves while calls are in flight, with what was answered before."""
    release, slow = threading.Event(), threading.Event()

    def call(place):
        if place == "b":
            slow.set()
            release.wait(LONG)
        return ok(place)

    def report(_):
        if slow.is_set() and "a" in crew.outcomes:
            interrupt()

    crew = Crew(call, "ab", 2)
    try:
        with counted_interrupts() as interrupts:
            start = time.monotonic()
            crew.run(report, interrupts)
            assert time.monotonic() - start < LONG / 2
        assert len(interrupts) >= 2
        assert crew.outcomes.keys() == {"a"}
    finally:
        release.set()


def test_an_interrupt_at_the_very_end_is_not_lost():
    """One that comes when all is answered is still counted, and raises nothing."""
    crew = Crew(ok, "ab", 2)
    with counted_interrupts() as interrupts:
        crew.run(lambda answered: answered == 2 and interrupt(), interrupts)
        interrupt()
    assert len(interrupts) >= 2
    assert len(crew.outcomes) == 2


def test_a_failing_report_ends_the_calls():
    """When the bar cannot be drawn, no call goes on behind its back."""
    called = []

    def call(place):
        called.append(place)
        time.sleep(0.01)
        return ok(place)

    def report(_):
        raise BrokenPipeError

    crew = Crew(call, map(str, range(1000)), 2)
    with pytest.raises(BrokenPipeError):
        crew.run(report, [])
    wait_until(lambda: not any(t.name == "cosmat-batch" for t in threading.enumerate()))
    assert len(called) < 100


def test_interrupts_are_raised_again_afterwards():
    """The handler of before is back, also after an error inside."""
    before = signal.getsignal(signal.SIGINT)

    def fail():
        with counted_interrupts():
            assert signal.getsignal(signal.SIGINT) is not before
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert signal.getsignal(signal.SIGINT) is before


def test_interrupts_are_left_alone_in_other_threads():
    """Outside the main thread there is nothing to catch, and nothing fails."""
    before, seen = signal.getsignal(signal.SIGINT), []

    def elsewhere():
        with counted_interrupts() as interrupts:
            seen.append((interrupts, signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [([], before)]


def test_ignored_interrupts_stay_ignored():
    """A process started in the background does not begin to listen."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with counted_interrupts() as interrupts:
            interrupt()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert interrupts == []
    finally:
        signal.signal(signal.SIGINT, before)
