"""A batch that is killed again and again: nothing answered is lost or paid twice."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
from children import Nursery
from squares import WhiteEngine
from workshop import (
    UNKNOWN,
    NumberedEngine,
    check_whole,
    count_told,
    fill,
    key_frame,
)

import cosmat_nb as cm
from cosmat_nb import images

KILLS = 50
PICTURES = 700
NOBODY = 65534


@pytest.fixture(scope="module")
def nursery():
    """A process that forks batches, ready."""
    nursery = Nursery()
    nursery.await_ready()
    yield nursery
    nursery.close()


@pytest.fixture
def server():
    """A started emulator and its engine."""
    engine = NumberedEngine()
    with cm.Emulator(engine=engine) as emulator:
        yield emulator, engine


def keys_of(count):
    """Name so many numbered keys."""
    return list(key_frame(range(count)).key)


class Killer:
    """Kills one batch after the other at seeded moments, and keeps the books."""

    def __init__(self, nursery, server, folder, seed, **order):
        self.nursery, (self.emulator, self.engine) = nursery, server
        self.folder, self.draw, self.order = (
            folder / "store",
            random.Random(seed),
            order,
        )
        self.report = folder / "report.json"
        self.in_flight = self.kills = 0
        self.seen, self.rows = set(), []

    def kill(self, keys):
        """Begin or resume the batch, and kill it at the next moment."""
        concurrency = self.draw.choice([1, 2, 4])
        child = self.start(keys, concurrency=concurrency)
        # Some while the store is opened, mended or claimed; most with calls under way.
        if self.draw.random() < 0.8:
            self.engine.wait_begun(self.engine.begun + self.draw.randint(1, 10), 5)
        time.sleep(self.draw.uniform(0, 0.03))
        assert child.kill() == -signal.SIGKILL
        self.in_flight += concurrency
        self.kills += 1

    def start(self, keys, **order):
        """Begin or resume the batch."""
        order = self.order | order
        return self.nursery.start(
            self.emulator, self.folder, self.report, keys, **order
        )

    def finish(self, keys, **order):
        """Resume the batch and let it come to its end."""
        return self.start(keys, **order).result()

    def look(self):
        """Open what a kill left: whole, and poorer by nothing it once had."""
        store = check_whole(self.folder)
        ledger = store.ledger.to_frame()
        told = count_told(ledger)
        assert told.yes <= self.emulator.billed
        assert told.yes + told.unknown >= self.emulator.billed
        is_open = ledger.closed_at.isna()
        assert set(ledger[is_open].state) <= {UNKNOWN}
        assert set(ledger[is_open].billed) <= {"unknown"}
        self.check_append_only(ledger)
        table = store.to_frame()
        answers = set(zip(table.place, table.saved_as, table.sha256, strict=True))
        assert answers >= self.seen
        self.seen = answers

    def check_append_only(self, ledger):
        """See that no row of the ledger went or changed, but for its outcome."""
        facts = ["intent", "run", "at", "place", "rule", "saved_as", "attempt", "calls"]
        rows = list(ledger[facts].itertuples(index=False, name=None))
        assert rows[: len(self.rows)] == self.rows
        assert list(ledger.intent) == list(range(1, len(ledger) + 1))
        self.rows = rows


def check_paid(killer, count, sets=1):
    """See that only what was under way at a kill was paid again, key by key."""
    killer.emulator.stop()
    cuts, ledger = killer.engine.cuts, check_whole(killer.folder).ledger.to_frame()
    assert killer.emulator.billed == sum(cuts.values()) * sets
    assert set(cuts) == set(range(count))
    extra = sum(cuts.values()) - count
    assert extra <= killer.in_flight
    unknown = ledger[ledger.state == UNKNOWN].place.value_counts()
    for number, times in cuts.items():
        assert times <= 1 + unknown.get(f"{number}.png", 0)
    return extra


def test_fifty_kills_of_a_download(nursery, server, tmp_path):
    """Killed at 50 moments and resumed: every picture there, paid again only if sent.

    The purse holds too, all kills together.
    """
    emulator, engine = server
    fill(emulator, PICTURES)
    keys = keys_of(PICTURES)
    purse = {"calls": 3000, "name": "night"}
    killer = Killer(nursery, server, tmp_path, seed=1, budget=purse)
    for number in range(KILLS):
        killer.kill(keys)
        # Else the next child is the one that mends, and may be killed at that.
        if number % 3 == 0:
            killer.look()
    assert killer.kills == KILLS
    assert engine.begun < PICTURES, "there was nothing left to kill"
    told = killer.finish(keys)
    assert set(told["status"]) == {"ok"}
    assert told["source"].count("store") >= KILLS
    assert len(told["kept"]) == PICTURES
    killer.look()
    check_paid(killer, PICTURES)
    with cm.Emulator(engine=NumberedEngine()) as fresh, cm.connect_emulator(fresh) as c:
        fill(fresh, 20)
        for number in range(20):
            (path,) = {
                path for place, _, path in killer.seen if place == f"{number}.png"
            }
            png = cm.Store(killer.folder).path_of(path).read_bytes()
            assert png == c.matte(f"{number}.png").png
    assert told == told | {"interrupted": "", "warnings": []}


def test_kills_of_stored_results(nursery, server, tmp_path):
    """The same where results stay in the bucket."""
    emulator, _ = server
    fill(emulator, 120)
    killer = Killer(nursery, server, tmp_path, seed=2, mode="stored")
    for number in range(15):
        killer.kill(keys_of(120))
        if number % 3 == 0:
            killer.look()
    told = killer.finish(keys_of(120))
    assert set(told["status"]) == {"ok"}
    killer.look()
    for number in range(120):
        assert emulator.bucket.get(f"cutouts/cutout/{number}.png.png").data
    check_paid(killer, 120)


def test_a_purse_survives_kills(nursery, server, tmp_path):
    """A purse of 100 calls: at most 100 are billed, however often it is killed."""
    emulator, engine = server
    fill(emulator, 150)
    purse = {"calls": 100, "name": "small"}
    killer = Killer(nursery, server, tmp_path, seed=3, budget=purse)
    for _ in range(4):
        killer.kill(keys_of(150))
        killer.look()
    told = killer.finish(keys_of(150))
    assert set(told["status"]) == {"ok", "skipped"}
    refused = [error for error in told["error"] if error]
    assert all("the budget allows 100 calls" in error for error in refused)
    killer.look()
    ledger = cm.Store(killer.folder).ledger.to_frame()
    counted = count_told(ledger)
    # What may have been billed counts, so that nothing is billed beyond it.
    assert counted.yes + counted.unknown == 100
    assert emulator.billed == sum(engine.cuts.values()) <= 100
    told = killer.finish(keys_of(150), budget={"calls": 300, "name": "small"})
    assert set(told["status"]) == {"ok"}
    check_paid(killer, 150)


def test_calls_in_flight_are_told_as_unknown(nursery, tmp_path):
    """Killed with four calls at the service: four are paid again, and told so."""
    engine = NumberedEngine(held=True)
    with cm.Emulator(engine=engine) as emulator:
        fill(emulator, 40)
        killer = Killer(nursery, (emulator, engine), tmp_path, seed=4)
        child = killer.start(keys_of(40), concurrency=4)
        # The emulator cuts as many at once as there are processors.
        assert engine.wait_begun(min(4, os.cpu_count()))
        store = cm.Store(killer.folder)
        assert set(store.ledger.to_frame().state) == {"in flight"}
        child.kill()
        killer.in_flight += 4
        killer.look()
        ledger = store.ledger.to_frame()
        assert set(ledger.state) == {UNKNOWN}
        assert 4 <= len(ledger) <= 20
        engine.gate.set()
        told = killer.finish(keys_of(40))
        assert set(told["status"]) == {"ok"}
        assert count_told(store.ledger.to_frame()) == (40, 0, len(ledger))
        assert 2 <= check_paid(killer, 40) <= 4


def fill_large(emulator, count, side):
    """Put noisy pictures into the bucket, whose cutouts have 3 bytes a pixel."""
    draw = np.random.default_rng(0)
    for number in range(count):
        pixels = draw.integers(0, 200, (side, side, 4), np.uint8)
        pixels[..., 3] = 255
        emulator.bucket.put(f"{number}.png", images.encode_png(pixels), "image/png")


def check_full(told, emulator, folder, count):
    """See what a batch told whose disk had no room: paid answers are in its frame."""
    answered = told["status"].count("ok")
    assert 1 <= answered < count
    assert told["status"].count("skipped") == count - answered
    # Those without a file are in memory, whole.
    assert answered == len(told["kept"]) + len(told["png"]) == emulator.billed
    assert told["png"], "no answer met the full disk"
    for png in map(bytes.fromhex, told["png"].values()):
        assert images.decode_rgba(png).shape[2] == 4
    store = check_whole(folder)
    counted = count_told(store.ledger.to_frame())
    assert counted.yes <= emulator.billed <= counted.yes + counted.unknown
    return len(told["png"])


def test_no_room_for_a_file(nursery, tmp_path):
    """A file cannot be that long: paid answers are in memory, and resumed later."""
    with cm.Emulator(engine=WhiteEngine()) as emulator:
        # Longer than the index and its log become here, so that these still grow.
        fill_large(emulator, 8, side=400)
        keys, folder = keys_of(8), tmp_path / "store"
        arguments = (emulator, folder, tmp_path / "report", keys)
        told = nursery.start(*arguments, limit=400_000).result()
        lost = check_full(told, emulator, folder, 8)
        assert told["kept"] == []
        (warning,) = told["warnings"]
        assert "answered, but not kept" in warning
        assert "File too large" in warning
        told = nursery.start(*arguments).result()
        assert set(told["status"]) == {"ok"}
        assert len(told["kept"]) == 8
        # Only what had no room on the disk is paid again.
        assert emulator.billed == 8 + lost
    check_whole(folder)


def test_no_room_for_the_ledger(nursery, server, tmp_path):
    """What cannot be written down is not sent, and a later run finishes."""
    emulator, engine = server
    fill(emulator, 10)
    folder = tmp_path / "store"
    cm.Store(folder)
    arguments = (emulator, folder, tmp_path / "report", keys_of(10))
    child = nursery.start(*arguments, limit=4096)
    with pytest.raises(AssertionError, match=r"OptionsError: .*nothing was sent"):
        child.result()
    assert engine.begun == 0
    check_whole(folder)
    assert set(nursery.start(*arguments).result()["status"]) == {"ok"}
    assert emulator.billed == 10
    check_whole(folder)


@contextmanager
def mounted(folder, size):
    """Mount a small disk of its own; the test is skipped where that is forbidden."""
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("needs the right to mount a small disk")
    folder.mkdir()
    command = [mount, "-t", "tmpfs", "-o", f"size={size}", "cosmat-test", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(nursery, tmp_path):
    """A disk of 1 MB fills up, index and all: nothing is corrupted, space heals it."""
    with ExitStack() as stack:
        emulator = stack.enter_context(cm.Emulator(engine=WhiteEngine()))
        disk = stack.enter_context(mounted(tmp_path / "disk", "1m"))
        fill_large(emulator, 120, side=64)
        keys, folder = keys_of(120), disk / "store"
        ballast = disk / "ballast"
        cm.Store(folder)
        ballast.write_bytes(bytes(500_000))
        arguments = (emulator, folder, tmp_path / "report", keys)
        told = nursery.start(*arguments).result()
        (warning,) = told["warnings"]
        assert "full" in warning or "No space left" in warning
        ballast.unlink()
        lost = check_full(told, emulator, folder, 120)
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        told = nursery.start(*arguments).result()
        assert set(told["status"]) == {"ok"}
        # Some of what its frame could not call kept was whole on the disk after all.
        assert 120 <= emulator.billed <= 120 + lost
        check_whole(folder)


def test_a_read_only_disk(nursery, server, tmp_path):
    """Read only from the start: refused in clear words before anything is sent."""
    emulator, engine = server
    fill(emulator, 10)
    with mounted(tmp_path / "disk", "4m") as disk:
        arguments = (emulator, disk / "store", tmp_path / "report", keys_of(10))
        assert set(nursery.start(*arguments).result()["status"]) == {"ok"}
        fill(emulator, 20)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        arguments = (*arguments[:3], keys_of(20))
        child = nursery.start(*arguments)
        with pytest.raises(
            AssertionError, match=r"OptionsError: the store .* cannot be"
        ):
            child.result()
        assert engine.begun == 10
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        assert set(nursery.start(*arguments).result()["status"]) == {"ok"}
        assert emulator.billed == 20
        check_whole(disk / "store")


def test_somebody_elses_folder(nursery, server):
    """A folder that one may read and not write: refused before anything is sent."""
    if os.geteuid() != 0:
        pytest.skip("needs the right to act for somebody else")
    emulator, engine = server
    fill(emulator, 5)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        (folder / "store").mkdir(mode=0o755)
        child = nursery.start(
            emulator, folder / "store", folder / "report", keys_of(5), user=NOBODY
        )
        with pytest.raises(
            AssertionError, match=r"OptionsError: the store .* cannot be"
        ):
            child.result()
    assert engine.begun == 0
