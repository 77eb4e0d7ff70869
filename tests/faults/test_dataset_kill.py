"""Exports that are killed, interrupted, short of room or beside another one."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from multiprocessing import forkserver
from pathlib import Path

import pytest
from exporting import (
    Shelf,
    check_sums,
    export,
    fill_journal,
    make_frame,
    read_tree,
)

from cosmat_nb.dataset.exports.journal import read_journal
from cosmat_nb.dataset.reading import read_dataset
from cosmat_nb.dataset.writing import write_dataset
from cosmat_nb.errors import OptionsError

TESTS = Path(__file__).resolve().parents[1]
COUNT = 12
GUARD_SECONDS = 60
FORMATS = [
    ("folder", {}),
    ("coco", {}),
    ("yolo", {}),
    ("webdataset", {"shard_size": 3}),
    ("parquet", {"shard_size": 3}),
]
IDS = [name for name, _ in FORMATS]


@pytest.fixture(scope="module")
def births():
    """Processes that have everything imported before they are born."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["exporting"])
    with pytest.MonkeyPatch.context() as patch:
        # What is imported ahead is not found by the path of this process.
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (TESTS, TESTS.parent))))
        patch.setenv("OPENBLAS_NUM_THREADS", "1")
        forkserver.ensure_running()
    return context


class Exporter:
    """Exports into one folder, in one process after the other."""

    def __init__(self, births, folder, **order):
        folder.mkdir(exist_ok=True)
        self.births, self.folder = births, folder / "set"
        self.report = folder / "report.json"
        self.order = {"form": "folder", "settings": {}, "count": COUNT} | order

    def start(self, seconds=0.02, **order):
        """Begin, or go on; every photograph takes so long to come."""
        self.report.unlink(missing_ok=True)
        process = self.births.Process(
            target=export,
            args=(self.folder, self.report),
            kwargs=self.order | {"seconds": seconds} | order,
        )
        process.start()
        return process

    def run(self, **order):
        """Go on to the end, and return what was told."""
        process = self.start(seconds=0, **order)
        process.join(GUARD_SECONDS)
        assert process.exitcode == 0
        return self.told()

    def told(self):
        """Return what the last process told."""
        return json.loads(self.report.read_text(encoding="utf-8"))

    def wait_for(self, pattern, count=1):
        """Wait until so many files are there."""
        deadline = time.monotonic() + GUARD_SECONDS
        while len(list(self.folder.rglob(pattern))) < count:
            assert time.monotonic() < deadline, f"no {pattern}"
            time.sleep(0.002)

    def expected(self, folder):
        """Return the files of an export that nothing stops."""
        Exporter(self.births, folder, **self.order).run()
        return read_tree(folder / "set")


def end(process):
    """Wait for a process."""
    process.join(GUARD_SECONDS)
    assert process.exitcode is not None
    return process.exitcode


@pytest.mark.parametrize(("form", "settings"), FORMATS, ids=IDS)
def test_a_killed_export_goes_on_to_the_same_bytes(births, tmp_path, form, settings):
    """Killed at four moments and resumed: every file as if nothing had happened."""
    exporter = Exporter(births, tmp_path, form=form, settings=settings)
    draw = random.Random(IDS.index(form))
    for _ in range(4):
        process = exporter.start()
        exporter.wait_for(".export.jsonl")
        time.sleep(draw.uniform(0, 0.08))
        process.kill()
        assert end(process) == -signal.SIGKILL
        assert not (exporter.folder / "checksums.sha256").exists()
        with pytest.raises(OptionsError, match=r"unfinished|no data set"):
            read_dataset(exporter.folder)
    assert exporter.run() == {"ended": "well"}
    assert read_tree(exporter.folder) == exporter.expected(tmp_path / "other")
    check_sums(exporter.folder)


def test_what_was_done_is_not_made_again(births, tmp_path):
    """After a kill only photographs of examples that were not finished are fetched."""
    exporter = Exporter(births, tmp_path)
    process = exporter.start()
    exporter.wait_for("trimap/*.png", 4)
    process.kill()
    end(process)
    journal = (exporter.folder / ".export.jsonl").read_text().splitlines()
    done = [
        json.loads(line)["records"][0]["key"] for line in journal if '"records"' in line
    ]
    assert len(done) >= 2
    shelf = Shelf()
    frame = make_frame(COUNT)
    write_dataset(
        frame, exporter.folder, before=shelf, columns=["shop"], progress=False
    )
    assert sorted(shelf.asked) == sorted(set(frame.key) - set(done))


def test_a_keyboard_interrupt_keeps_what_is_done(births, tmp_path):
    """Ctrl-C ends it soon, tells how to go on, and the next call goes on."""
    exporter = Exporter(births, tmp_path)
    process = exporter.start(seconds=0.1)
    exporter.wait_for("trimap/*.png", 2)
    begun = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    assert end(process) == 0
    assert time.monotonic() - begun < 5
    told = exporter.told()
    assert told["ended"] == "interrupted"
    assert "same call again" in told["message"]
    assert 1 <= told["written"] < COUNT
    assert not (exporter.folder / ".export.lock").exists()
    assert exporter.run() == {"ended": "well"}
    assert read_tree(exporter.folder) == exporter.expected(tmp_path / "other")


@pytest.mark.parametrize("limit", [3000, 6000])
def test_a_full_disk_leaves_what_can_go_on(births, tmp_path, limit):
    """No file can grow past a limit: it stops and says so, and goes on with room."""
    exporter = Exporter(births, tmp_path)
    told = exporter.run(limit=limit)
    assert told["ended"] == "full"
    assert "make the same call again" in told["message"]
    assert not list(exporter.folder.rglob("*.part"))
    assert exporter.run() == {"ended": "well"}
    assert read_tree(exporter.folder) == exporter.expected(tmp_path / "other")


def test_two_exports_at_once_are_refused(births, tmp_path):
    """The second is told that the first is at work, and changes nothing."""
    exporter = Exporter(births, tmp_path)
    process = exporter.start(seconds=0.3)
    try:
        exporter.wait_for(".export.jsonl")
        with pytest.raises(OptionsError, match="another export is at work"):
            write_dataset(
                make_frame(3), exporter.folder, before=Shelf(), progress=False
            )
        assert process.is_alive()
    finally:
        process.kill()
        end(process)
    assert exporter.run() == {"ended": "well"}


def test_an_update_that_is_killed_goes_on_to_the_same_bytes(births, tmp_path):
    """A finished data set gets more rows, is killed at that, and still ends alike."""
    for form, settings in (FORMATS[0], FORMATS[3], FORMATS[4]):
        place = tmp_path / form
        exporter = Exporter(births, place, form=form, settings=settings)
        assert exporter.run(count=7) == {"ended": "well"}
        process = exporter.start()
        exporter.wait_for(".export.jsonl")
        time.sleep(0.06)
        process.kill()
        end(process)
        with pytest.raises(OptionsError, match="unfinished"):
            read_dataset(exporter.folder)
        assert exporter.run() == {"ended": "well"}
        assert read_tree(exporter.folder) == exporter.expected(place / "other")


def test_a_journal_that_met_a_full_disk_holds_whole_lines(births, tmp_path):
    """A line that did not fit is gone altogether, and the next one can be read."""
    process = births.Process(target=fill_journal, args=(tmp_path, 500))
    process.start()
    assert end(process) == 0
    past = read_journal(tmp_path)
    count = len(past.begun) - 1
    assert count > 10
    assert past.begun == {*(f"{n}.png" for n in range(count)), f"after {count}.png"}
    assert past.nbytes == (tmp_path / ".export.jsonl").stat().st_size
