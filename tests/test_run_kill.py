"""Killed or out of disk: no paid answer is lost, and the store opens whole."""

from __future__ import annotations

import hashlib
import json
import random
import threading
import time

import pytest
from runs import answer, claim, make_key, make_png, query, start_child

import cosmat_nb as cm
from cosmat_nb.store.claims import Busy, Found, Ticket
from cosmat_nb.store.flusher import Flusher
from cosmat_nb.store.lock import Lock
from cosmat_nb.store.recovery import recover_run

FOREVER = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
import cosmat_nb as cm
from cosmat_nb.store.budget import Budget
from cosmat_nb.store.claims import Ticket
from runs import claim, make_cutout, make_key, make_png

store, first = cm.Store(sys.argv[1]), int(sys.argv[2])
budget = Budget(calls=100_000, name="all")
run = store.open_run("cloud")

def work(worker):
    for start in range(first, first + 4000, 8):
        keys = [make_key(f"{n}.jpg") for n in range(start, start + 8)]
        for told in claim(run, *keys, budget=budget):
            if isinstance(told, Ticket):
                (key,) = told.job.keys
                number = int(key.place[:-4])
                # From here on it is paid; once it is kept, it must never be paid again.
                os.write(1, b"paid %d\\n" % number)
                run.keep(told, make_cutout(key, make_png(number)), lambda _: None)
                os.write(1, b"kept %d\\n" % number)

with ThreadPoolExecutor(3) as pool:
    list(pool.map(work, range(3)))
"""

ABANDON = """
import os, sys
import cosmat_nb as cm
from runs import claim, make_key, make_png
run = cm.Store(sys.argv[1]).open_run("cloud")
claim(run, *[make_key(f"{n}.jpg", identity="e") for n in range(4)])
incoming = os.path.join(sys.argv[1], "incoming", run.id)
for number, png in {1: make_png(1), 2: make_png(2)[:-5], 9: make_png(9)}.items():
    with open(os.path.join(incoming, f"{number}.png"), "wb") as file:
        file.write(png)
os._exit(1)
"""

FULL = """
import json, resource, signal, sys
import cosmat_nb as cm
from runs import answer, claim, make_cutout, make_key, make_png
store, (limit, size, count) = cm.Store(sys.argv[1]), map(int, sys.argv[2:])
keys = [make_key(f"{n}.jpg") for n in range(400)]
errors, kept, refused = [], [], []
run = store.open_run("cloud")
tickets = claim(run, *keys[:count])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
def tell(number):
    def told(result):
        (errors if isinstance(result, OSError) else kept).append((number, str(result)))
    return told
for number, ticket in enumerate(tickets):
    png = make_png(number) + bytes(size)
    try:
        run.keep(ticket, make_cutout(ticket.job.keys[0], png), tell(number))
    except OSError as error:
        refused.append((number, str(error)))
try:
    for start in range(count, 400, 16):
        claim(run, *keys[start:start + 16])
    claimed = ""
except OSError as error:
    claimed = str(error)
run.close()
print(json.dumps([kept, errors, refused, claimed]))
"""


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    return cm.Store(tmp_path / "s")


def check_whole(store):
    """Check the index's structure and that no run, claim or draft is left over."""
    assert query(store, "PRAGMA integrity_check") == [("ok",)]
    assert query(store, "PRAGMA foreign_key_check") == []
    assert query(store, "SELECT id FROM run WHERE ended IS NULL") == []
    assert query(store, "SELECT * FROM claim") == []
    assert not list(store.folder.glob("incoming/*"))
    assert not list(store.folder.glob("runs/*"))


def test_killed_at_any_moment_nothing_kept_is_lost_or_paid_again(tmp_path):
    """Ten kills at random moments: every kept answer is found, none is asked twice."""
    chance, paid, kept = random.Random(4), [], set()
    for _ in range(10):
        child = start_child(FOREVER, tmp_path / "s", 0)
        lines, count = [], chance.randrange(1, 400)
        for line in child.stdout:
            lines.append(line.split())
            if len(lines) == count:
                child.kill()
        error = child.stderr.read()
        child.wait()
        child.stdout.close()
        child.stderr.close()
        assert error == ""
        now = [int(number) for word, number in lines if word == "paid"]
        done = {int(number) for word, number in lines if word == "kept"}
        store = cm.Store(tmp_path / "s")
        check_whole(store)
        assert not kept & set(now)
        paid, kept = paid + now, kept | done
        found = store.find([make_key(f"{number}.jpg") for number in sorted(kept)])
        assert [each and each.png for each in found] == [
            make_png(n) for n in sorted(kept)
        ]
    assert len(kept) > 100
    # At most one call of each of three threads was lost at each kill.
    assert len(paid) - len(set(paid)) <= 3 * 10
    ((counted,),) = query(store, "SELECT calls FROM tally WHERE scope = 'budget 0 all'")
    assert counted == query(store, "SELECT count(*) FROM intent")[0][0] >= len(paid)


def test_what_a_dead_run_left_is_adopted(tmp_path):
    """A whole picture is kept and billed, a cut one removed, the rest stays unknown."""
    child = start_child(ABANDON, tmp_path)
    child.communicate(timeout=30)
    assert child.returncode == 1
    for _ in range(2):
        store = cm.Store(tmp_path)
        check_whole(store)
        keys = [make_key(f"{n}.jpg", identity="e") for n in range(4)]
        first, *others = store.find(keys)
        assert first.png == make_png(1)
        assert (first.height, first.width, first.is_empty) == (1, 1, False)
        assert others == [None] * 3
        assert query(store, "SELECT intent, billed FROM outcome") == [(1, "yes")]
    # What no intent explains is kept as a file.
    assert sorted(p.read_bytes() for p in store.folder.glob("??/*.png")) == sorted(
        [make_png(1), make_png(9)]
    )


def test_an_answer_asked_for_anew_is_not_replaced(tmp_path):
    """Pending files that were out of sight for a while do not undo a newer answer."""
    start_child(ABANDON, tmp_path).communicate(timeout=30)
    (tmp_path / "incoming").rename(tmp_path / "away")
    store, key = cm.Store(tmp_path), make_key("0.jpg", identity="e")
    with store.open_run("cloud") as run:
        answer(run, claim(run, key)[0], 8)
    (tmp_path / "incoming").rmdir()
    (tmp_path / "away").rename(tmp_path / "incoming")
    store = cm.Store(tmp_path)
    assert [found.png for found in store.find([key])] == [make_png(8)]
    check_whole(store)


def test_a_dead_runs_answer_is_adopted_before_its_claim_is_taken(tmp_path):
    """A store that was open all along finds the answer instead of asking again."""
    store = cm.Store(tmp_path)
    with store.open_run("cloud") as run:
        start_child(ABANDON, tmp_path).communicate(timeout=30)
        told = claim(run, *[make_key(f"{n}.jpg", identity="e") for n in range(4)])
    assert [type(each) for each in told] == [Found, Ticket, Ticket, Ticket]
    assert told[0].answers[0].png == make_png(1)


def test_a_run_that_is_being_recovered_is_busy(tmp_path):
    """Two processes at the same dead run do not get in each other's way."""
    store = cm.Store(tmp_path)
    start_child(ABANDON, tmp_path).communicate(timeout=30)
    ((dead,),) = query(store, "SELECT id FROM run")
    lock = Lock(tmp_path / "runs" / f"{dead}.lock")
    assert lock.take()
    assert not recover_run(store._database, tmp_path, dead)
    with store.open_run("cloud") as run:
        assert claim(run, make_key("3.jpg")) == [Busy(dead)]
        lock.drop()
        assert isinstance(claim(run, make_key("3.jpg"))[0], Ticket)


def test_an_answer_indexed_and_not_yet_named_is_named(tmp_path):
    """Killed between the commit and the move, the pending file is put in its place."""
    store = cm.Store(tmp_path)
    with store.open_run("cloud") as run:
        answer(run, claim(run, make_key())[0])
    (cutout,) = store.find([make_key()])
    ((name,),) = query(store, "SELECT id FROM run")
    pending = tmp_path / "incoming" / name / "1.png"
    pending.parent.mkdir(parents=True)
    cutout.path.rename(pending)
    assert store.find([make_key()]) == [None]
    assert cm.Store(tmp_path).find([make_key()]) == [cutout]
    check_whole(store)


def test_no_answer_without_room_for_its_file(tmp_path):
    """``keep`` raises, the attempt is billed, the claim is free, no draft stays."""
    out, error = start_child(FULL, tmp_path, 1_000_000, 2_000_000, 5).communicate(
        timeout=60
    )
    assert error == ""
    kept, failed, refused, _ = json.loads(out)
    assert (kept, failed, len(refused)) == ([], [], 5)
    assert "File too large" in refused[0][1]
    store = cm.Store(tmp_path)
    check_whole(store)
    assert list(tmp_path.glob("??/*.png")) == []


def test_no_room_in_the_index_tells_every_answer_and_loses_none(tmp_path):
    """Files fit, the index does not: each caller is told, and all are adopted later."""
    out, error = start_child(FULL, tmp_path, 150_000, 0, 200).communicate(timeout=60)
    assert "could not be ended" in error
    kept, failed, refused, claimed = json.loads(out)
    assert len(kept) + len(failed) == 200
    assert len(failed) > 0
    assert refused == []
    assert str(tmp_path) in claimed
    assert {message for _, message in failed} >= {claimed}
    store = cm.Store(tmp_path)
    check_whole(store)
    found = store.find([make_key(f"{number}.jpg") for number in range(200)])
    assert [each.png for each in found] == [make_png(n) for n in range(200)]
    ((intents,),) = query(store, "SELECT count(*) FROM intent")
    assert intents < 400


def test_a_backlog_waits_for_the_disk_and_no_more_is_held(tmp_path, monkeypatch):
    """While the disk is slow, at most 64 answers wait; then all are kept."""
    gate, sync = threading.Event(), Flusher._sync

    def slow(arrival):
        gate.wait(20)
        sync(arrival)

    monkeypatch.setattr(Flusher, "_sync", staticmethod(slow))
    store, handed = cm.Store(tmp_path), []
    with store.open_run("cloud") as run:
        tickets = claim(run, *[make_key(f"{n}.jpg") for n in range(80)])

        def work():
            for number, ticket in enumerate(tickets):
                answer(run, ticket, number)
                handed.append(number)

        thread = threading.Thread(target=work)
        thread.start()
        deadline = time.monotonic() + 10
        while len(handed) < 64 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        assert len(handed) == 64
        assert len(list(run._life.incoming.iterdir())) == 65
        gate.set()
        thread.join(20)
    assert len(handed) == 80
    check_whole(store)


@pytest.mark.parametrize("heals_late", [False, True])
def test_an_answer_that_could_not_be_named_is_adopted(tmp_path, heals_late):
    """Its caller is told why; once the disk is well, it is found."""
    store = cm.Store(tmp_path)
    blocker = tmp_path / hashlib.sha256(make_png(5)).hexdigest()[:2]
    blocker.write_text("in the way")
    with store.open_run("cloud") as run:
        told = answer(run, claim(run, make_key())[0], 5)
        deadline = time.monotonic() + 10
        while not told and time.monotonic() < deadline:
            time.sleep(0.01)
        assert isinstance(told[0], OSError)
        if not heals_late:
            blocker.unlink()
    if heals_late:
        blocker.unlink()
    with store.open_run("cloud") as run:
        (found,) = claim(run, make_key())
    assert found.answers[0].png == make_png(5)
    check_whole(store)
