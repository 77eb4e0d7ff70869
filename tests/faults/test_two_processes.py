"""Several batches on one store at once: no picture is paid twice, one purse holds."""

from __future__ import annotations

import fcntl
import random
import threading
from contextlib import contextmanager

import pytest
from children import Nursery
from workshop import (
    GUARD_SECONDS,
    NumberedEngine,
    check_whole,
    count_told,
    fill,
    key_frame,
)

import cosmat_nb as cm
from cosmat_nb.emulator.latency import Latency
from cosmat_nb.store.budget import Budget

PICTURES = 300


@pytest.fixture(scope="module")
def nurseries():
    """Two processes that fork batches."""
    pair = Nursery(), Nursery()
    for nursery in pair:
        nursery.await_ready()
    yield pair
    for nursery in pair:
        nursery.close()


@pytest.fixture
def emulator():
    """An emulator that takes its time, so that batches meet."""
    latency = Latency(median=0.005, spread=0.5)
    with cm.Emulator(engine=NumberedEngine(), latency=latency) as running:
        fill(running, PICTURES)
        yield running


@contextmanager
def turn_of(path):
    """Hold a file for oneself alone; who waits for it goes on after this."""
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield path


def run_both(nurseries, emulator, folder, orders, **order):
    """Run two batches on one store at once and return what they told."""
    with turn_of(folder / "turn") as turn:
        children = [
            nursery.start(
                emulator,
                folder / "store",
                folder / f"report{number}",
                keys,
                turn=str(turn),
                **order,
            )
            for number, (nursery, keys) in enumerate(
                zip(nurseries, orders, strict=True)
            )
        ]
    return [child.result() for child in children]


def orders_of(shuffled):
    """Make the two orders in which the same keys are asked for."""
    keys = list(key_frame(range(PICTURES)).key)
    other = list(keys)
    if shuffled:
        random.Random(1).shuffle(other)
    return keys, other


@pytest.mark.parametrize("shuffled", [False, True], ids=["same", "shuffled"])
@pytest.mark.parametrize("mode", ["download", "stored"])
def test_two_processes_share_the_work(nurseries, emulator, tmp_path, shuffled, mode):
    """The same 300 keys twice at once: 300 calls, and both have all rows."""
    orders = orders_of(shuffled)
    told = run_both(nurseries, emulator, tmp_path, orders, mode=mode)
    assert emulator.billed == PICTURES
    for one in told:
        assert one["status"] == ["ok"] * PICTURES
        assert one["warnings"] == []
        # Either did a part, and found the other's.
        assert {"cloud", "store"} == set(one["source"])
    asked = [one["source"].count("cloud") for one in told]
    assert sum(asked) == PICTURES
    store = check_whole(tmp_path / "store")
    assert count_told(store.ledger.to_frame()) == (PICTURES, 0, 0)
    assert len(store.to_frame()) == PICTURES


@pytest.mark.parametrize("shuffled", [False, True], ids=["same", "shuffled"])
def test_two_processes_share_a_purse(nurseries, emulator, tmp_path, shuffled):
    """A purse of 200 calls for both: exactly 200 are made, no more and no less."""
    orders = orders_of(shuffled)
    purse = {"calls": 200, "name": "both"}
    told = run_both(nurseries, emulator, tmp_path, orders, budget=purse)
    assert emulator.billed == 200
    answered = set()
    for one, keys in zip(told, orders, strict=True):
        pairs = list(zip(keys, one["status"], one["error"], strict=True))
        assert {status for _, status, _ in pairs} == {"ok", "skipped"}
        answered |= {key for key, status, _ in pairs if status == "ok"}
        assert all("200 calls" in why for _, status, why in pairs if status != "ok")
        assert len(one["warnings"]) == 1
    assert len(answered) == 200
    assert sum(one["source"].count("cloud") for one in told) == 200
    store = check_whole(tmp_path / "store")
    assert count_told(store.ledger.to_frame()) == (200, 0, 0)
    more = run_both(nurseries, emulator, tmp_path, orders, budget={"calls": 999})
    assert all(one["status"] == ["ok"] * PICTURES for one in more)
    assert emulator.billed == PICTURES


def run_threads(emulator, store, budget=None):
    """Run two batches in two threads of this process on one store."""
    start, results = threading.Barrier(2), {}

    def run(number, keys):
        with cm.connect_emulator(emulator, concurrency=4) as client:
            start.wait(GUARD_SECONDS)
            results[number] = cm.matte_frame(
                keys, client, store=store, budget=budget, progress=False
            )

    frames = [key_frame(range(PICTURES)), key_frame(reversed(range(PICTURES)))]
    threads = [
        threading.Thread(target=run, args=pair, daemon=True)
        for pair in enumerate(frames)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(GUARD_SECONDS)
        assert not thread.is_alive()
    return [results[0], results[1]]


def test_two_threads_share_the_work(emulator, tmp_path):
    """Two batches in two threads, one store: 300 calls, and both have all rows."""
    results = run_threads(emulator, cm.Store(tmp_path / "store"))
    assert emulator.billed == PICTURES
    for result in results:
        assert set(result.status) == {"ok"}
        assert all(cutout.path.is_file() for cutout in result.cutout)
        assert set(result.source) == {"emulator", "store"}
    check_whole(tmp_path / "store")


def test_two_threads_share_a_purse(emulator, tmp_path):
    """One `Budget` for two threads: exactly as many calls as it allows."""
    store, purse = cm.Store(tmp_path / "store"), Budget(calls=111)
    results = run_threads(emulator, store, purse)
    assert emulator.billed == 111
    answered = {key for one in results for key in one[one.status == "ok"].key}
    assert len(answered) == 111
    for result in results:
        skipped = result[result.status != "ok"]
        assert set(skipped.status) == {"skipped"}
        assert set(skipped.error_code) == {"BudgetExceededError"}
    check_whole(tmp_path / "store")


def test_two_threads_keep_one_money_budget(emulator, tmp_path):
    """A purse of 1.00 at 0.02 a call pays for 50 calls, threads and all."""
    store, purse = cm.Store(tmp_path / "store"), Budget(amount=1.0)
    run_threads(emulator, store, purse)
    assert emulator.billed == 50
    assert count_told(store.ledger.to_frame()) == (50, 0, 0)
