"""Stores looked after: checked, pruned, merged, moved, exported."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kept import DAY, PLAIN, add_answer, add_intent, path_of, sha256_of

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.store.answer_key import AnswerKey
from cosmat_nb.store.database import Database
from cosmat_nb.store.export import name_files
from cosmat_nb.store.upkeep import Pruned, Verified

ROOT = Path(__file__).resolve().parents[1]
CENTRED = cm.MattingOptions(center=True, padding=(20, 10))
EMULATOR = "emulator cosmat 1"

MOVE = """
import sys
from pathlib import Path
from cosmat_nb.store.store import Store
store = Store(sys.argv[1])
print("ready", flush=True)
store.move_to(sys.argv[2])
"""


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    return cm.Store(tmp_path / "one")


@pytest.fixture
def other(tmp_path):
    """Another one."""
    return cm.Store(tmp_path / "two")


def key_of(place, options=PLAIN, service="cloud", identity=""):
    """Name an answer as `add_answer` does."""
    return AnswerKey.of_key(service, "b-1", place, options, identity)


def pictures(store):
    """Read every answer, place to bytes; missing files fail."""
    frame = store.to_frame()
    return {
        (row.place, row.rule, row.service): Path(row.path).read_bytes()
        for row in frame.itertuples()
    }


def ledger_rows(store):
    """The ledger without its numbers, in any order."""
    frame = store.ledger.to_frame().drop(columns="intent")
    return sorted(map(str, frame.to_dict("records")))


def tallies(store):
    """The running sums."""
    with Database(store.folder).reading() as connection:
        return connection.execute("SELECT * FROM tally ORDER BY scope").fetchall()


def count_files(folder):
    """How many files are below a folder."""
    return sum(path.is_file() for path in Path(folder).rglob("*"))


def test_answers_are_a_frame(store):
    """A row tells whose, of what, as asked, what came and how."""
    sha256 = add_answer(
        store, b"png", "x/a.jpg", options=CENTRED, identity="v1", kept=DAY + 0.25
    )
    (row,) = store.to_frame().to_dict("records")
    assert row == {
        "service": "cloud",
        "sandbox": False,
        "bucket": "b-1",
        "place": "x/a.jpg",
        "identity": "v1",
        "rule": "ci-process=AIPicMatting&center-layout=1&padding-layout=20x10",
        "operation": "AIPicMatting",
        "center": True,
        "padding": (20, 10),
        "sha256": sha256,
        "path": str(path_of(store, sha256)),
        "nbytes": 3,
        "height": 3,
        "width": 5,
        "is_empty": False,
        "etag": "e",
        "saved_as": "",
        "request_id": "q",
        "attempts": 1,
        "seconds": 0.5,
        "kept": pd.Timestamp("1970-01-02T00:00:00.25Z"),
    }


def test_the_frame_of_an_empty_store_has_the_same_dtypes(store):
    """Also when all that is there was stored in the bucket."""
    empty = store.to_frame().dtypes
    add_answer(store, b"", saved_as="b-1/out.png")
    assert store.to_frame()["path"].tolist() == [""]
    assert store.to_frame().dtypes.equals(empty)
    add_answer(store, b"png")
    assert store.to_frame().dtypes.equals(empty)


def test_verify_sets_damaged_files_aside_and_drops_their_answers(store):
    """What is whole stays, what is damaged or gone is asked for again."""
    whole = add_answer(store, b"whole", "whole.jpg")
    cut = add_answer(store, b"was longer", "cut.jpg")
    flipped = add_answer(store, b"flipped", "flipped.jpg")
    gone = add_answer(store, b"gone", "gone.jpg")
    add_answer(store, b"", "stored.jpg", saved_as="b-1/out.png")
    loose = store.keep(b"nobody asked")
    add_intent(store.folder, "yes")
    ledger = ledger_rows(store)
    path_of(store, cut).write_bytes(b"was")
    path_of(store, flipped).write_bytes(b"flopped")
    path_of(store, gone).unlink()
    report = store.verify()
    assert report == Verified(whole=2, damaged=2, dropped=3, loose=1)
    assert str(report) == (
        "2 files are whole (1 of them loose), 2 were damaged and set aside, "
        "3 answers were dropped for want of their file"
    )
    places = store.to_frame()["place"]
    assert list(places) == ["whole.jpg", "stored.jpg"]
    aside = {path.name for path in store.folder.rglob("*.damaged")}
    assert aside == {f"{cut}.damaged", f"{flipped}.damaged"}
    assert path_of(store, whole).read_bytes() == b"whole"
    assert path_of(store, loose).exists()
    assert ledger_rows(store) == ledger
    assert store.verify() == Verified(whole=2, damaged=0, dropped=0, loose=1)


def test_verify_leaves_an_answer_whose_file_is_on_its_way(store):
    """A batch indexes an answer before it names its file: that is no loss."""
    intent = add_intent(store.folder, "yes", run="r9")
    sha256 = add_answer(store, b"png", intent=intent)
    pending = store.folder / "incoming" / "r9" / f"{intent}.png"
    pending.parent.mkdir(parents=True)
    path_of(store, sha256).rename(pending)
    assert store.verify().dropped == 0
    pending.unlink()
    assert store.verify().dropped == 1


def test_prune_does_nothing_unless_named_and_told(store):
    """No names is refused; by default it only tells what it would do."""
    add_answer(store, b"0123456789", service=EMULATOR)
    with pytest.raises(cm.OptionsError, match="say what to drop: sandbox=True"):
        store.prune()
    before = count_files(store.folder)
    report = store.prune(sandbox=True, paid=True, loose=True)
    assert report == Pruned(answers=1, files=1, nbytes=10, dry_run=True)
    assert str(report) == (
        "would drop 1 answers, 1 files, 0.0 MB; pass dry_run=False to do it"
    )
    assert count_files(store.folder) == before
    assert len(pictures(store)) == 1


def test_prune_of_the_sandbox_leaves_what_was_paid(store):
    """A file that a paid answer shares with an emulator's stays."""
    only = add_answer(store, b"only", "a.jpg", service=EMULATOR)
    add_answer(store, b"shared", "b.jpg", service=EMULATOR)
    shared = add_answer(store, b"shared", "b.jpg")
    loose = store.keep(b"loose")
    report = store.prune(sandbox=True, dry_run=False)
    assert report == Pruned(answers=2, files=1, nbytes=4, dry_run=False)
    assert str(report) == "dropped 2 answers, 1 files, 0.0 MB"
    assert not path_of(store, only).exists()
    assert path_of(store, shared).exists()
    assert path_of(store, loose).exists()
    rule = PLAIN.rule
    assert pictures(store) == {("b.jpg", rule, "cloud"): b"shared"}


def test_prune_of_what_was_paid_takes_that_alone(store):
    """Named, it goes; the emulator's and loose files stay."""
    add_answer(store, b"a", "a.jpg")
    add_answer(store, b"", "s.jpg", saved_as="b-1/o.png")
    add_answer(store, b"b", "b.jpg", service=EMULATOR)
    store.keep(b"loose")
    report = store.prune(paid=True, dry_run=False)
    assert (report.answers, report.files) == (2, 1)
    assert list(store.to_frame()["service"]) == [EMULATOR]
    assert len(list(store.folder.glob("??/*.png"))) == 2


def test_prune_before_a_date_keeps_what_is_newer(store):
    """The border belongs to the newer side; a date is midnight in UTC."""
    add_answer(store, b"old", "old.jpg", kept=DAY - 1)
    add_answer(store, b"new", "new.jpg", kept=DAY)
    report = store.prune(paid=True, before="1970-01-02", dry_run=False)
    assert (report.answers, report.files, report.nbytes) == (1, 1, 3)
    assert list(store.to_frame()["place"]) == ["new.jpg"]
    with pytest.raises(cm.OptionsError, match="before must be a time"):
        store.prune(paid=True, before="soon")


def test_prune_of_loose_files_takes_damage_and_drafts(store):
    """What an answer refers to stays, and so does what is newer than `before`."""
    kept = add_answer(store, b"kept")
    loose = path_of(store, store.keep(b"loose"))
    damaged = path_of(store, kept).with_suffix(".damaged")
    damaged.write_bytes(b"x")
    draft = path_of(store, kept).with_name("tmp1.part")
    draft.write_bytes(b"xy")
    os.utime(draft, (DAY, DAY))
    names = {"loose": True, "dry_run": False}
    report = store.prune(before="1970-01-03", **names)
    assert (report.files, report.nbytes) == (1, 2)
    assert damaged.exists()
    assert loose.exists()
    report = store.prune(**names)
    assert (report.answers, report.files, report.nbytes) == (0, 2, 6)
    assert path_of(store, kept).read_bytes() == b"kept"
    assert not draft.exists()
    assert not damaged.exists()
    assert not loose.exists()


def test_pruned_answers_are_not_found_and_the_ledger_stays(store):
    """The store asks for them again; that they were paid for stays written."""
    intent = add_intent(store.folder, "yes")
    add_answer(store, b"png", intent=intent)
    ledger = ledger_rows(store)
    assert store.find([key_of("a.jpg")]) != [None]
    store.prune(paid=True, dry_run=False)
    assert store.find([key_of("a.jpg")]) == [None]
    assert ledger_rows(store) == ledger


def test_nothing_is_pruned_or_moved_under_a_batch(store, other):
    """While a run is alive both are refused, and a dry run is not."""
    add_answer(store, b"png")
    with store.open_run("cloud"):
        with pytest.raises(cm.OptionsError, match=r"a batch is at work.*prune it when"):
            store.prune(paid=True, dry_run=False)
        with pytest.raises(cm.OptionsError, match=r"a batch is at work.*move it when"):
            store.move_to(other.folder)
        assert store.prune(paid=True).answers == 1
        assert len(pictures(store)) == 1
    assert store.prune(paid=True, dry_run=False).answers == 1


def fill(store, run, *, kept=0.0):
    """Give a store two attempts of a run and an answer of one; return the numbers."""
    first = add_intent(store.folder, "unknown", run=run, at=kept, budget="spring")
    second = add_intent(
        store.folder, "yes", run=run, at=kept + 1, attempt=2, budget="spring"
    )
    add_answer(store, run.encode(), f"{run}.jpg", kept=kept + 2, intent=second)
    return first, second


def test_merging_brings_answers_files_and_ledger(store, other):
    """What is merged is found, and each answer points to its own attempt."""
    fill(store, "ours")
    _, theirs = fill(other, "theirs")
    add_intent(other.folder, None, run="theirs")
    report = store.merge(other.folder)
    assert (report.answers, report.files, report.attempts) == (1, 1, 3)
    assert str(report) == "took over 1 answers, 1 files and 3 rows of the ledger"
    (found,) = store.find([key_of("theirs.jpg")])
    assert found.png == b"theirs"
    with Database(store.folder).reading() as connection:
        query = (
            "SELECT intent.run, intent.attempt, outcome.billed FROM answer "
            "JOIN intent ON intent.id = answer.intent "
            "JOIN outcome ON outcome.intent = intent.id ORDER BY answer.id"
        )
        rows = connection.execute(query).fetchall()
    assert rows == [("ours", 2, "yes"), ("theirs", 2, "yes")]
    assert theirs == 2
    assert len(ledger_rows(other)) == 3


def test_merging_both_ways_and_again_makes_two_equal_stores(store, other):
    """Nothing is there twice, whatever the order; sums for budgets are equal too."""
    fill(store, "a")
    fill(other, "b")
    store.merge(other.folder)
    other.merge(store.folder)
    assert ledger_rows(store) == ledger_rows(other)
    assert len(ledger_rows(store)) == 4
    assert pictures(store) == pictures(other)
    assert tallies(store) == tallies(other) != []
    before = (ledger_rows(store), pictures(store), tallies(store))
    for taker, giver in ((store, other), (other, store), (store, other)):
        report = taker.merge(giver.folder)
        assert (report.answers, report.files, report.attempts) == (0, 0, 0)
    assert (ledger_rows(store), pictures(store), tallies(store)) == before


def test_merging_counts_for_a_budget(store, other):
    """A purse that both spent from holds the sum, less what was not billed."""
    add_intent(store.folder, "yes", run="a", budget="p")
    add_intent(other.folder, "yes", run="b", budget="p")
    add_intent(other.folder, "unknown", run="b", budget="p")
    add_intent(other.folder, "no", run="b", budget="p")
    store.merge(other.folder)
    assert ("budget 0 p", 3, 0.06) in tallies(store)


def test_a_run_that_went_on_is_completed_by_merging_again(store, other):
    """Attempts and outcomes that came later are added to those merged before."""
    add_intent(other.folder, "yes", run="x")
    open_one = add_intent(other.folder, None, run="x")
    store.merge(other.folder)
    add_intent(store.folder, "yes", run="own")
    add_intent(other.folder, "yes", run="x", place="later.jpg")
    with Database(other.folder).writing() as connection:
        connection.execute(
            "INSERT INTO outcome VALUES(?, 9, 'no', 500, '', '')", (open_one,)
        )
    assert store.merge(other.folder).attempts == 1
    frame = store.ledger.to_frame(run="x")
    assert list(frame["billed"]) == ["yes", "no", "yes"]
    assert list(frame["place"]) == ["a.jpg", "a.jpg", "later.jpg"]


def test_of_two_answers_to_one_question_the_newest_stays(store, other):
    """Whichever store has it; other options and identities are other questions."""
    for place, ours, theirs in (("a.jpg", 1.0, 2.0), ("b.jpg", 2.0, 1.0)):
        add_answer(store, f"ours {place}".encode(), place, kept=ours)
        add_answer(other, f"theirs {place}".encode(), place, kept=theirs)
    add_answer(other, b"centred", "a.jpg", options=CENTRED)
    assert store.merge(other.folder).answers == 2
    rule = PLAIN.rule
    assert pictures(store) == {
        ("a.jpg", rule, "cloud"): b"theirs a.jpg",
        ("b.jpg", rule, "cloud"): b"ours b.jpg",
        ("a.jpg", CENTRED.rule, "cloud"): b"centred",
    }


def test_damaged_files_are_not_merged(store, other):
    """A damaged file stays behind with its answer; a damaged one of ours is mended."""
    mended = add_answer(other, b"same bytes", "mended.jpg")
    add_answer(store, b"same bytes", "mended.jpg")
    path_of(store, mended).write_bytes(b"some bytes")
    bad = add_answer(other, b"bad", "bad.jpg")
    path_of(other, bad).write_bytes(b"bed")
    report = store.merge(other.folder)
    assert (report.files, report.damaged, report.answers) == (1, 1, 0)
    assert str(report).endswith("; 1 damaged files were left")
    assert list(pictures(store).values()) == [b"same bytes"]


def test_what_is_no_other_store_is_not_merged(store, tmp_path):
    """A folder without an index, a missing one and the store itself are refused."""
    (tmp_path / "plain").mkdir()
    for folder in (tmp_path / "plain", tmp_path / "missing"):
        with pytest.raises(cm.OptionsError, match="is no store: it has no index"):
            store.merge(folder)
    assert not list((tmp_path / "plain").iterdir())
    (tmp_path / "link").symlink_to(store.folder)
    for folder in (store.folder, tmp_path / "link"):
        with pytest.raises(cm.OptionsError, match="is this very store"):
            store.merge(folder)


def test_moving_takes_everything_along(store, other):
    """Answers, ledger and loose files are there, the old folder is gone."""
    fill(store, "a")
    loose = store.keep(b"loose")
    ledger, kept = ledger_rows(store), pictures(store)
    folder = store.folder
    moved = store.move_to(other.folder)
    assert moved.folder == other.folder
    assert (ledger_rows(moved), pictures(moved)) == (ledger, kept)
    assert path_of(other, loose).read_bytes() == b"loose"
    assert not folder.exists()


def test_what_a_killed_batch_left_is_moved_and_merged_too(store, other):
    """A picture that arrived and was not yet named is adopted before it is copied."""
    png = images.encode_png(np.zeros((3, 5, 4), np.uint8))
    for number, taker in enumerate(("merge", "move")):
        intent = add_intent(store.folder, None, run=f"dead{number}", place="d.jpg")
        pending = store.folder / "incoming" / f"dead{number}" / f"{intent}.png"
        pending.parent.mkdir(parents=True)
        pending.write_bytes(png)
        if taker == "merge":
            other.merge(store.folder)
        else:
            store.move_to(other.folder)
    assert list(pictures(other).values()) == [png]
    assert list(other.ledger.to_frame()["billed"]) == ["yes", "yes"]
    assert not store.folder.exists()


def test_moving_leaves_what_is_not_its_own(store, other):
    """A user's file and a damaged one stay where they are."""
    sha256 = add_answer(store, b"png")
    path_of(store, sha256).write_bytes(b"pnk")
    (store.folder / "notes.txt").write_text("mine")
    store.move_to(other.folder)
    left = [path.name for path in store.folder.rglob("*") if path.is_file()]
    assert sorted(left) == sorted(["notes.txt", f"{sha256}.png"])


def test_a_store_that_was_moved_begins_no_batch(store, other):
    """Who has the old one open is told where it went, even with a new one there."""
    other_handle = cm.Store(store.folder)
    add_answer(store, b"png")
    store.move_to(other.folder)
    fresh = cm.Store(store.folder)
    for handle in (store, other_handle):
        with pytest.raises(OSError, match=r"this store was moved to .*two: open it"):
            handle.open_run("cloud")
        assert handle.find([key_of("a.jpg")]) == [None]
    assert other.find([key_of("a.jpg")]) != [None]
    for handle in (fresh, other):
        handle.open_run("cloud").close()


def test_a_store_is_not_moved_into_itself(store):
    """Neither into its folder nor below it, and nothing is touched."""
    add_answer(store, b"png")
    for folder in (store.folder, store.folder / "deeper"):
        with pytest.raises(cm.OptionsError, match="is inside"):
            store.move_to(folder)
    assert not (store.folder / "deeper").exists()
    assert len(pictures(store)) == 1
    store.open_run("cloud").close()


def test_a_move_that_fails_leaves_the_store_in_use(store, other):
    """The target cannot take a file: all is where it was, and batches can begin."""
    sha256 = add_answer(store, b"png")
    (other.folder / sha256[:2]).write_text("a file where a folder should be")
    with pytest.raises(OSError, match=sha256[:2]):
        store.move_to(other.folder)
    assert list(pictures(store).values()) == [b"png"]
    store.open_run("cloud").close()


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_move_that_is_killed_loses_nothing(store, other, part):
    """Whatever the moment, every answer is in one of the two; again ends it."""
    count = 20
    for number in range(count):
        add_intent(store.folder, "yes", at=number, place=f"{number}.jpg")
        add_answer(store, b"%d" % number * 90_000, f"{number}.jpg", kept=number)
    ledger, kept = ledger_rows(store), pictures(store)
    child = subprocess.Popen(
        [sys.executable, "-c", MOVE, str(store.folder), str(other.folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout.readline() == b"ready\n"
        # Progress is files that appear and then files that go: as far as `part`.
        while child.poll() is None and progress(store, other, count) < part:
            time.sleep(0.001)
        child.send_signal(signal.SIGKILL)
    have = pictures_anywhere(store, other)
    assert {sha256_of(png) for png in kept.values()} <= have
    again = cm.Store(store.folder).move_to(other.folder)
    assert ledger_rows(again) == ledger
    assert pictures(again) == kept
    assert not store.folder.exists()


def walk_pictures(folder):
    """List the pictures of a folder in which another process is at work."""
    return [
        name for *_, names in os.walk(folder) for name in names if name[-4:] == ".png"
    ]


def progress(store, other, count):
    """How far a move is: the first half copies, the second removes."""
    # Folders vanish while they are walked through, which glob does not forgive.
    copied, left = (len(walk_pictures(each.folder)) for each in (other, store))
    return (copied + count - left) / (2 * count)


def pictures_anywhere(*stores):
    """Name every whole picture that one of the stores has."""
    paths = (path for each in stores for path in each.folder.glob("??/*.png"))
    return {path.stem for path in paths if sha256_of(path.read_bytes()) == path.stem}


def test_export_names_files_by_their_keys(store, tmp_path):
    """Folders as in the bucket, .png for the suffix, and a table of what is what."""
    add_answer(store, b"1", "photos/a.jpg")
    add_answer(store, b"2", "photos/deep/b.v2", options=CENTRED)
    add_answer(store, b"", "stored.jpg", saved_as="b-1/out.png")
    index = store.export(tmp_path / "out")
    assert list(index["file"]) == ["photos/a.png", "photos/deep/b.v2.png"]
    assert (tmp_path / "out/photos/a.png").read_bytes() == b"1"
    assert (tmp_path / "out/photos/deep/b.v2.png").read_bytes() == b"2"
    table = pd.read_csv(tmp_path / "out" / "index.csv")
    assert list(table["file"]) == list(index["file"])
    assert list(table["place"]) == ["photos/a.jpg", "photos/deep/b.v2"]
    assert "path" not in table
    assert count_files(tmp_path / "out") == 3


def test_export_takes_a_choice_of_rows(store, tmp_path):
    """Rows that the user picked from the frame, and those alone."""
    add_answer(store, b"1", "a.jpg")
    add_answer(store, b"2", "a.jpg", service=EMULATOR)
    frame = store.to_frame()
    store.export(tmp_path / "out", frame[~frame["sandbox"]])
    assert (tmp_path / "out" / "a.png").read_bytes() == b"1"
    assert count_files(tmp_path / "out") == 2


def test_export_puts_options_into_names_that_clash(store, tmp_path):
    """Several answers of one key all get a name, and each its own bytes."""
    add_answer(store, b"1", "a.jpg")
    add_answer(store, b"2", "a.jpg", options=CENTRED)
    add_answer(store, b"3", "A.png")
    add_answer(store, b"4", "b.jpg")
    index = store.export(tmp_path / "out")
    centred = "a.AIPicMatting-center-layout-1-padding-layout-20x10.png"
    three = sha256_of(b"3")[:12]
    one = sha256_of(b"1")[:12]
    assert list(index["file"]) == [
        f"a.AIPicMatting.{one}.png",
        centred,
        f"A.AIPicMatting.{three}.png",
        "b.png",
    ]
    assert (tmp_path / "out" / centred).read_bytes() == b"2"


def test_export_writes_over_nothing(store, tmp_path):
    """A folder with anything in it, or a file in its place, is refused untouched."""
    add_answer(store, b"1", "a.jpg")
    target = tmp_path / "out"
    target.mkdir()
    (target / "a.png").write_bytes(b"mine")
    with pytest.raises(cm.OptionsError, match=r"is not empty \(it has a\.png\)"):
        store.export(target)
    assert [path.read_bytes() for path in target.iterdir()] == [b"mine"]
    with pytest.raises(cm.OptionsError, match="cannot be made"):
        store.export(target / "a.png")
    with pytest.raises(cm.OptionsError, match=r"rows of store\.to_frame"):
        store.export(tmp_path / "new", pd.DataFrame({"key": ["a"]}))
    assert not (tmp_path / "new").exists()


def test_export_leaves_out_what_is_damaged_or_gone(store, tmp_path):
    """Its row is in the table without a file."""
    damaged = add_answer(store, b"1", "a.jpg")
    gone = add_answer(store, b"2", "b.jpg")
    add_answer(store, b"3", "c.jpg")
    path_of(store, damaged).write_bytes(b"!")
    path_of(store, gone).unlink()
    index = store.export(tmp_path / "out")
    assert list(index["file"]) == ["", "", "c.png"]
    assert count_files(tmp_path / "out") == 2


HOSTILE = [
    "../x.jpg",
    "/etc/passwd",
    "a/../../../x.jpg",
    "..",
    "...",
    "/",
    ".",
    "a\\..\\..\\x.jpg",
    "C:\\x.jpg",
    "nul.jpg",
    "con/aux",
    "a\x00b.jpg",
    "a\nb.jpg",
    "x" * 840 + ".jpg",
    "猫" * 280,
    "lone\udc80.jpg",
    "index.csv",
    "https://example.com/a.jpg",
    "a.jpg/b.jpg",
    "a.png ./c.jpg",
    "caf\u00e9.jpg",
    "cafe\u0301.jpg",
    "a.png",
    "a.jpg",
    "~/x.jpg",
    ".jpg",
    "trailing. ",
]


def test_hostile_keys_stay_in_the_folder(store, tmp_path):
    """Keys that climb, are absolute, reserved or too long: all inside, all whole."""
    for number, place in enumerate(HOSTILE):
        add_answer(store, b"%d" % number, place.encode("utf-8", "replace").decode())
    (tmp_path / "in" / "side").mkdir(parents=True)
    before = count_files(tmp_path / "in")
    index = store.export(tmp_path / "in" / "side" / "out")
    target = tmp_path / "in" / "side" / "out"
    assert count_files(tmp_path / "in") - before == len(HOSTILE) + 1
    assert count_files(target) == len(HOSTILE) + 1
    for number, name in enumerate(index["file"]):
        assert (target / name).read_bytes() == b"%d" % number


PARTS = st.one_of(
    st.sampled_from(["..", ".", "", "a", "A", "a.png", "a.jpg", "nul", "~", "a "]),
    st.text(max_size=6),
)


@settings(derandomize=True, deadline=None, max_examples=120)
@given(parts=st.lists(st.lists(PARTS, max_size=4), max_size=6))
def test_names_are_relative_different_and_never_folders(parts):
    """No name climbs or is absolute; none is another's folder; all differ."""
    places = ["/".join(each) for each in parts]
    names = name_files(places, ["ci-process=AIPicMatting"] * len(places), [""] * 6)
    assert len({name.casefold() for name in names}) == len(places)
    folded = {name.casefold() for name in names}
    for name in names:
        pieces = name.split("/")
        assert all(piece not in {"", ".", ".."} for piece in pieces)
        assert pieces[-1].endswith(".png")
        assert "\\" not in name
        for end in range(1, len(pieces)):
            assert "/".join(pieces[:end]).casefold() not in folded
