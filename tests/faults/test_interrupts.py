"""Ctrl-C and the stop button: what is paid is kept, and nothing waits for long."""

from __future__ import annotations

import json
import os
import signal
import time
from queue import Empty

import pytest
from children import ROOT, Nursery
from jupyter_client.manager import start_new_kernel
from workshop import (
    GUARD_SECONDS,
    UNKNOWN,
    NumberedEngine,
    check_whole,
    count_told,
    fill,
    key_frame,
)

import cosmat_nb as cm
from cosmat_nb.emulator.faults import Fault, Faults

LONG = 60.0
"""Seconds that a batch would wait, were it not interrupted: more than `SOON`."""

SOON = 30.0


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
def held():
    """An emulator that holds its answers back, and its engine."""
    engine = NumberedEngine(held=True)
    with cm.Emulator(engine=engine) as emulator:
        fill(emulator, 40)
        yield emulator, engine
        engine.gate.set()


def keys_of(count):
    """Name so many numbered keys."""
    return list(key_frame(range(count)).key)


def wait_until(condition):
    """Look again and again until something that gives no sign has happened."""
    end = time.monotonic() + GUARD_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def check_partial(told, emulator, folder, count):
    """See that an interrupted batch told what it paid; return how many answers."""
    assert told["interrupted"].startswith("interrupted with ")
    answered = told["status"].count("ok")
    assert answered == len(told["kept"]) == emulator.billed < count
    ledger = cm.Store(folder).ledger.to_frame()
    assert count_told(ledger).yes == answered
    return answered


def test_the_first_interrupt_waits_for_answers(nurseries, held, tmp_path):
    """What is in flight is answered and kept; the next run pays for the rest alone."""
    emulator, engine = held
    arguments = (emulator, tmp_path / "store", tmp_path / "report", keys_of(40))
    child = nurseries[0].start(*arguments)
    assert engine.wait_begun(min(4, os.cpu_count()))
    child.signal(signal.SIGINT)
    # Not over by itself: the answers are waited for.
    assert child.is_running_after(1.0)
    engine.gate.set()
    told = child.result()
    answered = check_partial(told, emulator, tmp_path / "store", 40)
    # All that was in flight, and nothing else.
    assert 1 <= answered <= 4
    assert told["status"].count("skipped") == 40 - answered
    assert count_told(check_whole(tmp_path / "store").ledger.to_frame()).unknown == 0
    again = nurseries[0].start(*arguments).result()
    assert again["status"] == ["ok"] * 40
    assert again["source"].count("store") == answered
    assert emulator.billed == 40


def test_the_second_interrupt_leaves_at_once(nurseries, held, tmp_path):
    """It does not wait: what was sent is told as perhaps billed, in row and ledger."""
    emulator, engine = held
    arguments = (emulator, tmp_path / "store", tmp_path / "report", keys_of(40))
    child = nurseries[0].start(*arguments)
    assert engine.wait_begun(min(4, os.cpu_count()))
    child.signal(signal.SIGINT)
    assert child.is_running_after(1.0)
    child.signal(signal.SIGINT)
    told = child.result(SOON)
    assert told["interrupted"]
    sent = [error for error in told["error"] if "it may have been billed" in error]
    assert 1 <= len(sent) <= 4
    assert told["status"].count("error") == len(sent)
    assert told["status"].count("skipped") == 40 - len(sent)
    engine.gate.set()
    store = check_whole(tmp_path / "store")
    ledger = store.ledger.to_frame()
    assert count_told(ledger).unknown >= len(sent)
    assert UNKNOWN in set(ledger.state)
    again = nurseries[0].start(*arguments).result()
    assert again["status"] == ["ok"] * 40
    assert 40 <= emulator.billed <= 40 + len(sent)


def test_an_interrupt_ends_the_wait_for_a_retry(nurseries, tmp_path):
    """A call that waits a minute before its next attempt does not, when interrupted."""
    plan = Faults(odds={Fault.fail(): 1.0})
    with cm.Emulator(engine=NumberedEngine(), faults=plan) as emulator:
        fill(emulator, 10)
        child = nurseries[0].start(
            emulator,
            tmp_path / "store",
            tmp_path / "report",
            keys_of(10),
            retry={"base": LONG * 2, "longest": LONG * 2},
        )
        wait_until(lambda: emulator._app.tally["faults"] >= 4)
        child.signal(signal.SIGINT)
        told = child.result(SOON)
    assert told["interrupted"]
    assert set(told["status"]) == {"error", "skipped"}
    assert told["status"].count("error") == 4
    assert told["attempts"] == [int(one == "error") for one in told["status"]]
    ledger = check_whole(tmp_path / "store").ledger.to_frame()
    assert set(ledger.billed) == {"no"}


def test_an_interrupt_ends_a_pause(nurseries, tmp_path):
    """A batch that the service told to wait a minute ends, when interrupted."""
    plan = Faults(odds={Fault.throttle(retry_after=int(LONG)): 1.0})
    with cm.Emulator(engine=NumberedEngine(), faults=plan) as emulator:
        fill(emulator, 10)
        child = nurseries[0].start(
            emulator,
            tmp_path / "store",
            tmp_path / "report",
            keys_of(10),
            concurrency=8,
            retry={"attempts": 1},
        )
        # Without further attempts, threads go on to the next call and are held back.
        wait_until(lambda: emulator._app.tally["faults"] >= 1)
        child.signal(signal.SIGINT)
        told = child.result(SOON)
    assert told["interrupted"]
    assert set(told["status"]) == {"error", "skipped"}
    assert check_whole(tmp_path / "store").ledger.to_frame().billed.eq("no").all()


def test_an_interrupt_ends_the_wait_for_others(nurseries, held, tmp_path):
    """A batch whose keys another process is asking for ends; the other one goes on."""
    emulator, engine = held
    folder, keys = tmp_path / "store", keys_of(4)
    first = nurseries[0].start(emulator, folder, tmp_path / "first", keys)
    assert engine.wait_begun(min(4, os.cpu_count()))
    begun = engine.begun
    second = nurseries[1].start(emulator, folder, tmp_path / "second", keys)
    wait_until(lambda: len(list((folder / "runs").glob("*.lock"))) == 2)
    assert second.is_running_after(1.0)
    second.signal(signal.SIGINT)
    told = second.result(SOON)
    assert told["interrupted"]
    assert told["status"] == ["skipped"] * 4
    assert engine.begun == begun
    engine.gate.set()
    assert first.result()["status"] == ["ok"] * 4
    assert emulator.billed == 4
    check_whole(folder)


CONNECT = """
import json
import cosmat_nb as cm
client = cm.connect_cloud(
    "examplebucket-1250000000", "ap-guangzhou", endpoint={endpoint!r}, concurrency=4,
    credentials=cm.Credentials("emulator-id", "emulator-key"),
)
import pandas as pd
frame = pd.DataFrame({{"key": {keys!r}}})
store = cm.Store({folder!r})
"""

RUN = "result = cm.matte_frame(frame, client, store=store, progress={progress})"

LOOK = """
import sys
part = sys.last_value.result
print(json.dumps({
    "kind": type(sys.last_value).__name__,
    "status": list(part.status),
    "kept": [str(one.path) for one in part.cutout.dropna()],
}))
"""

AFTER = """
print(json.dumps({"status": list(result.status), "source": list(result.source)}))
"""


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    """A Jupyter kernel with its client."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    manager, client = start_new_kernel(startup_timeout=GUARD_SECONDS)
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()


def ask(client, code):
    """Run a cell to its end; return its reply and what it printed."""
    number = client.execute(code)
    return reply_of(client, number)


def reply_of(client, number):
    """Wait for a cell's reply and what it printed."""
    # A kernel that starts is asked who it is, more than once.
    while True:
        reply = client.get_shell_msg(timeout=GUARD_SECONDS)
        if reply["parent_header"]["msg_id"] == number:
            break
    printed = ""
    while True:
        try:
            message = client.get_iopub_msg(timeout=GUARD_SECONDS)
        except Empty:
            pytest.fail("the kernel does not say that it is idle")
        if message["parent_header"].get("msg_id") != number:
            continue
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            printed += message["content"]["text"]
        if message["content"].get("execution_state") == "idle":
            return reply["content"], printed


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("progress", [False, True])
def test_the_stop_button_of_a_notebook(kernel, held, tmp_path, progress):
    """The cell ends with its answers, later cells do not run, the next run resumes."""
    (manager, client), (emulator, engine) = kernel, held
    folder = tmp_path / "store"
    setup = CONNECT.format(
        endpoint=emulator.endpoint, keys=keys_of(40), folder=str(folder)
    )
    reply, _ = ask(client, setup)
    assert reply["status"] == "ok", reply
    run = RUN.format(progress=progress)
    number = client.execute(run)
    assert engine.wait_begun(min(4, os.cpu_count()))
    manager.interrupt_kernel()
    # A kernel gives no sign of having heard: that it is still at it is no event.
    time.sleep(2)
    engine.gate.set()
    reply, _ = reply_of(client, number)
    assert (reply["status"], reply["ename"]) == ("error", "BatchInterrupted")
    reply, printed = ask(client, LOOK)
    part = json.loads(printed)
    answered = part["status"].count("ok")
    assert part["kind"] == "BatchInterrupted"
    assert 1 <= answered == len(part["kept"]) == emulator.billed < 40
    reply, _ = ask(client, run)
    assert reply["status"] == "ok"
    _, printed = ask(client, AFTER)
    whole = json.loads(printed)
    assert whole["status"] == ["ok"] * 40
    assert whole["source"].count("store") == answered
    assert emulator.billed == 40
