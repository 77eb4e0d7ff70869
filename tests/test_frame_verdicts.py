"""Files of verdicts: what is kept whatever happens, and what several of them say."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from squares import draw_square

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.decisions import Decisions
from cosmat_nb.frame.reviewers import cohen_kappa, merge_reviews
from cosmat_nb.frame.verdict_log import Decision, Subject, Undo, VerdictLog
from cosmat_nb.frame.verdicts import (
    VERDICT_COLUMNS,
    apply_verdicts,
    read_verdicts,
    standing_decisions,
    subjects_of,
)
from cosmat_nb.options import MattingOptions

SECRET = "https://me:pass@example.com/a.jpg?q-signature=5aedsecret"
HEAD = """
import sys
from pathlib import Path
from cosmat_nb.frame.decisions import Decisions
from cosmat_nb.frame.verdict_log import Subject
subjects = [Subject(f"{i}.jpg", "", "") for i in range(500)]
decisions = Decisions(Path(sys.argv[1]), sys.argv[2], subjects)
"""


@pytest.fixture
def path(tmp_path):
    """Where a file of verdicts may be made."""
    return tmp_path / "review.jsonl"


def make_cutout(place="a.jpg", color=(200, 30, 40), options=MattingOptions()):
    """A cutout in memory."""
    png = images.encode_png(draw_square(color=color))
    return Cutout(
        place=place,
        options=options,
        data=png,
        height=64,
        width=96,
        is_empty=False,
        nbytes=len(png),
    )


def keys(*names):
    """Subjects that are keys and no more."""
    return [Subject(name, "", "") for name in names]


def decide(path, reviewer, **verdicts):
    """Write the verdicts of one reviewer on keys."""
    decisions = Decisions(path, reviewer, keys(*verdicts))
    for place, verdict in enumerate(verdicts.values()):
        decisions.decide(place, verdict, "")
    return path


def run_child(code, *arguments):
    """Start a process of our own that writes verdicts."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", HEAD + code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_decision_is_one_whole_line_of_json(path):
    """The file can be read by any program: one object a line, with UTC times."""
    Decisions(path, "ann", keys("a.jpg")).decide(0, "keep", "fine")
    (line,) = path.read_bytes().splitlines(keepends=True)
    assert line.endswith(b"\n")
    fields = json.loads(line)
    assert fields["cosmat-review"] == 1
    assert [fields[name] for name in ("key", "verdict", "note", "reviewer")] == [
        "a.jpg",
        "keep",
        "fine",
        "ann",
    ]
    assert datetime.fromisoformat(fields["at"]).utcoffset().total_seconds() == 0


def test_a_killed_process_loses_nothing_that_it_was_told_is_saved(path):
    """After kill -9 every confirmed decision stands, and the next process goes on."""
    child = run_child(
        "for place in range(500):\n"
        "    decisions.decide(place, 'keep', '')\n"
        "    print(place, flush=True)\n",
        path,
        "ann",
    )
    confirmed = [child.stdout.readline() for _ in range(20)]
    child.send_signal(signal.SIGKILL)
    confirmed += child.communicate(timeout=20)[0].splitlines()
    last = int([each for each in confirmed if each.strip()][-1])
    assert 19 <= last < 499, "it was killed mid-way"
    decisions = Decisions(path, "ann", keys(*(f"{i}.jpg" for i in range(500))))
    assert set(decisions.by_place()) >= set(range(last + 1))
    following = decisions.next_open(-1)
    decisions.decide(following, "redo", "")
    assert Decisions(path, "ann", decisions.subjects).by_place()[following].verdict == (
        "redo"
    )


def test_a_torn_last_line_is_ignored_and_harms_no_other(path):
    """Whatever part of a line a kill leaves, what was there and what follows stands."""
    decide(path, "ann", a="keep", b="reject")
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first + 1, len(whole) - 1, 7):
        path.write_bytes(whole[:cut])
        assert list(read_verdicts(path).key) == ["a"]
        assert read_verdicts(path).attrs["unreadable"] == 1
        decide(path, "ann", c="redo")
        found = read_verdicts(path)
        assert list(found.key) == ["a", "c"]
        assert found.attrs["unreadable"] == 1
        assert path.read_bytes().startswith(whole[:cut])


def test_a_torn_only_line_is_no_other_kind_of_file(path):
    """A process killed in its first write leaves a file that goes on being used."""
    whole = decide(path, "ann", a="keep").read_bytes()
    for cut in (0, 1, 5, 30):
        path.write_bytes(whole[:cut])
        decide(path, "ann", b="keep")
        assert list(read_verdicts(path).key) == ["b"]
        decide(path, "ann", c="keep")
        assert list(read_verdicts(path).key) == ["b", "c"]


def test_another_file_is_refused_and_left_as_it_is(path):
    """A table or a picture named by mistake is not written to."""
    path.write_text("key,size\na.jpg,3\n")
    with pytest.raises(OptionsError, match="no file of verdicts"):
        Decisions(path, "ann", keys("a.jpg"))
    assert path.read_text() == "key,size\na.jpg,3\n"
    with pytest.raises(OptionsError, match="there is no file"):
        read_verdicts(path.with_name("none.jsonl"))


def test_two_processes_tear_no_line_of_each_other(path):
    """Of 500 lines from each of two processes at once, all are whole."""
    code = (
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "for place in range(500): decisions.decide(place, 'keep', 'x' * 300)"
    )
    children = [run_child(code, path, name) for name in ("ann", "bob")]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        _, complaint = child.communicate(timeout=60)
        assert (child.returncode, complaint) == (0, "")
    found = read_verdicts(path)
    assert found.attrs["unreadable"] == 0
    assert found.reviewer.value_counts().to_dict() == {"ann": 500, "bob": 500}
    assert path.read_bytes().count(b"\n") == 1000
    # They really wrote at the same time.
    turns = (found.reviewer != found.reviewer.shift()).sum()
    assert turns > 4
    assert list(path.parent.glob(".*")) == []


def test_a_full_disk_is_an_error_and_leaves_whole_lines(path):
    """What does not fit is refused, and the file is as it was before."""
    code = (
        "import resource\n"
        "decisions.decide(0, 'keep', '')\n"
        "size = Path(sys.argv[1]).stat().st_size\n"
        "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, hard))\n"
        "try:\n"
        "    decisions.decide(1, 'keep', '')\n"
        "except OSError as error:\n"
        "    print(error.strerror, list(decisions.by_place()))\n"
        "print(Path(sys.argv[1]).stat().st_size == size)\n"
    )
    out, complaint = run_child(code, path, "ann").communicate(timeout=20)
    assert complaint == ""
    assert out.splitlines() == ["File too large [0]", "True"]
    assert read_verdicts(path).attrs["unreadable"] == 0


def test_a_writer_that_stands_still_is_waited_for_and_then_told(path, monkeypatch):
    """A lock that is never given back becomes an error, not a hang."""
    monkeypatch.setattr("cosmat_nb.frame.verdict_log.PATIENCE", 0.1)
    code = (
        "from cosmat_nb.store.lock import Lock\n"
        "path = Path(sys.argv[1])\n"
        "print(Lock(path.with_name('.' + path.name + '.lock')).take(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", HEAD + code, str(path), "ann"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout.readline() == "True\n"
        start = time.monotonic()
        with pytest.raises(TimeoutError, match="another process"):
            decide(path, "ann", a="keep")
        assert time.monotonic() - start < 5
        holder.stdin.close()
    decide(path, "ann", a="keep")
    assert list(read_verdicts(path).verdict) == ["keep"]


def test_undo_brings_back_what_was_said_before(path):
    """Each undo takes back one decision, also those of an earlier process."""
    decisions = Decisions(path, "ann", keys("a", "b"))
    decisions.decide(0, "keep", "")
    decisions.decide(1, "redo", "")
    decisions.decide(0, "reject", "hair")
    again = Decisions(path, "ann", keys("a", "b"))
    assert again.undo()[0] == 0
    assert again.by_place()[0].verdict == "keep"
    assert again.undo()[0] == 1
    assert again.undo()[0] == 0
    assert again.undo() is None
    assert again.by_place() == {}
    assert len(path.read_bytes().splitlines()) == 6
    assert read_verdicts(path).empty


def test_undo_takes_back_no_other_reviewers_decision(path):
    """Two reviewers of one file see and undo only what is their own."""
    decide(path, "bob", a="keep")
    decisions = Decisions(path, "ann", keys("a"))
    assert decisions.undo() is None
    assert decisions.others == ["bob"]
    decisions.decide(0, "reject", "")
    assert sorted(read_verdicts(path).verdict) == ["keep", "reject"]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["keep", "redo", "undo"])),
        max_size=12,
    )
)
def test_what_stands_is_what_a_list_of_all_steps_says(steps):
    """Decisions and undoes in any order leave what a plain stack would leave."""
    at, entries, stack = datetime(2026, 1, 9, tzinfo=UTC), [], []
    for number, (key, step) in enumerate(steps):
        if step != "undo":
            name = str(number)
            entries.append(
                Decision(
                    name=name,
                    subject=Subject(key, "", ""),
                    verdict=step,
                    note="",
                    reviewer="ann",
                    at=at,
                )
            )
            stack.append((key, step, name))
        elif stack:
            entries.append(Undo(undoes=stack.pop()[2], reviewer="ann", at=at))
    standing = standing_decisions(entries)
    found = {subject.key: each.verdict for (subject, _), each in standing.items()}
    assert found == {key: verdict for key, verdict, _ in stack}


def test_lines_that_are_no_entries_are_counted_and_left(path):
    """Another version's verdict, a bad time or no text cost no other line."""
    decide(path, "ann", a="keep")
    good = json.loads(path.read_text())
    bad = [
        good | {"verdict": "maybe"},
        good | {"at": "2026-01-09T00:00:00"},
        good | {"at": "0001-01-01T00:00:00+23:00"},
        good | {"note": 3},
        good | {"cosmat-review": 2},
        {"cosmat-review": 1},
        [1],
        None,
    ]
    with path.open("a") as file:
        file.writelines(json.dumps(each) + "\n" for each in bad)
        file.write("[" * 100_000 + "\n")
    with path.open("ab") as file:
        file.write(b"\xff\xfe\n")
    found = read_verdicts(path)
    assert list(found.key) == ["a"]
    assert found.attrs["unreadable"] == len(bad) + 2


def test_keys_and_notes_come_back_as_they_were(path):
    """Quotes, marks of direction and half characters survive the file."""
    strange = 'a "b" \u202e\u2028\\ \ud800.jpg'
    decisions = Decisions(path, "ann", keys(strange))
    decisions.decide(0, "keep", "“çok” \u202e <b>")
    assert decisions.log.path.read_bytes().isascii()
    (found,) = Decisions(path, "ann", keys(strange)).by_place().values()
    assert found.subject.key == strange
    assert found.note == "“çok” \u202e <b>"


def test_no_secret_reaches_the_file(path):
    """Neither of an address nor of a link in a note is the query kept, nor a user."""
    frame = pd.DataFrame({"key": ["x", SECRET], "cutout": [make_cutout(SECRET), None]})
    decisions = Decisions(path, "ann", subjects_of(frame))
    for place in range(2):
        decisions.decide(place, "redo", f"see {SECRET}")
    text = path.read_text()
    assert "example.com/a.jpg" in text
    assert not [word for word in ("pass", "5aed", "q-sign") if word in text]


def test_a_cutout_made_again_asks_for_a_new_verdict(path):
    """A verdict counts for the pixels and options that were looked at, in any row."""
    red, blue = make_cutout(), make_cutout(color=(0, 0, 200))
    padded = make_cutout(options=MattingOptions(padding=(2, 2)))
    frame = pd.DataFrame({"key": "a.jpg", "cutout": [red, make_cutout(), padded]})
    subjects = subjects_of(frame)
    assert subjects[0] == subjects[1] != subjects[2]
    decisions = Decisions(path, "ann", subjects)
    assert len(decisions.subjects) == 2
    decisions.decide(0, "keep", "")
    assert apply_verdicts(frame, path).verdict.tolist()[:2] == ["keep", "keep"]
    assert apply_verdicts(frame, path).verdict.isna().tolist() == [False, False, True]
    again = frame.assign(cutout=[blue, red, red])
    assert apply_verdicts(again, path).verdict.isna().tolist() == [True, False, False]


def test_two_addresses_without_cutouts_are_two_pictures():
    """Addresses that differ in their query alone are told apart, as rows of a batch."""
    urls = ["https://e.com/a.jpg?id=1", "https://e.com/a.jpg?id=2"]
    first, second = subjects_of(pd.DataFrame({"key": urls, "cutout": None}))
    assert first != second
    assert first.key == second.key == "https://e.com/a.jpg"
    assert subjects_of(pd.DataFrame({"cutout": [None]})) == [None]


def test_verdicts_by_key_are_the_last_of_each_key(path):
    """A frame without cutouts gets what was decided last on each of its keys."""
    for color, verdict in (((200, 30, 40), "redo"), ((0, 0, 200), "keep")):
        frame = pd.DataFrame({"key": ["a.jpg"], "cutout": [make_cutout(color=color)]})
        Decisions(path, "ann", subjects_of(frame)).decide(0, verdict, verdict)
    plain = pd.DataFrame({"key": ["b.jpg", "a.jpg", None]}, index=[7, 7, 9])
    result = apply_verdicts(plain, path)
    assert list(result.columns) == ["key", *VERDICT_COLUMNS]
    assert result.index.tolist() == [7, 7, 9]
    assert result.verdict.isna().tolist() == [True, False, True]
    assert (result.verdict.iloc[1], result.note.iloc[1]) == ("keep", "keep")
    assert result.dtypes.astype(str)["verdict"] == "category"
    assert str(result.decided_at.dtype) == "datetime64[us, UTC]"


def test_verdicts_are_put_into_no_column_of_the_user(path):
    """Columns that are there already, and reviewers in plenty, are refused."""
    decide(decide(path, "ann", a="keep"), "bob", a="redo")
    frame = pd.DataFrame({"key": ["a"]})
    with pytest.raises(OptionsError, match="already has note"):
        apply_verdicts(frame.assign(note="mine"), path)
    with pytest.raises(OptionsError, match="'ann', 'bob'"):
        apply_verdicts(frame, path)
    assert apply_verdicts(frame, path, reviewer="bob").verdict.tolist() == ["redo"]
    with pytest.raises(OptionsError, match="read_verdicts"):
        apply_verdicts(frame, frame)


def test_merging_lists_disagreements_first(tmp_path):
    """Each reviewer's word is there; what they agree on can be put into the frame."""
    ann = decide(tmp_path / "1.jsonl", "ann", a="keep", b="keep", c="redo")
    bob = decide(tmp_path / "2.jsonl", "bob", a="keep", b="reject", d="keep")
    Decisions(ann, "ann", keys("e")).decide(0, None, "blurred")
    merged = merge_reviews(ann, read_verdicts(bob))
    assert list(merged.key) == ["b", "c", "e", "d", "a"]
    assert merged.agreement.tolist() == [False, pd.NA, pd.NA, pd.NA, True]
    assert merged.verdict.fillna("redo").tolist()[3:] == ["keep", "keep"]
    assert merged.verdict.isna().tolist() == [True, False, True, False, False]
    assert list(merged.loc[0, ["verdict_ann", "verdict_bob"]]) == ["keep", "reject"]
    assert merged.reviewer.tolist() == ["ann, bob", "ann", "ann", "bob", "ann, bob"]
    assert merged.note[2] == "ann: blurred"
    # Both decided on a and b: once alike; by chance (2·1 + 0·1) / 4 alike too.
    assert merged.attrs["kappa"] == {"ann × bob": 0.0}
    frame = pd.DataFrame({"key": ["a", "b"]})
    applied = apply_verdicts(frame, merged)
    assert applied.verdict.isna().tolist() == [False, True]


def test_reviewers_without_a_name_are_called_after_their_file(tmp_path):
    """Two unnamed files are two people; one name in two files is one person."""
    first = decide(tmp_path / "ann.jsonl", "", a="keep")
    second = decide(tmp_path / "bob.jsonl", "", a="redo")
    assert merge_reviews(first, second).reviewer.tolist() == ["ann, bob"]
    (tmp_path / "more").mkdir()
    twin = decide(tmp_path / "more" / "ann.jsonl", "", a="redo")
    assert merge_reviews(first, twin).reviewer.tolist() == ["ann, ann 2"]
    late = decide(tmp_path / "late.jsonl", "eve", a="keep")
    later = decide(tmp_path / "later.jsonl", "eve", a="redo")
    merged = merge_reviews(later, late)
    assert (merged.reviewer[0], merged.verdict[0]) == ("eve", "redo")
    with pytest.raises(OptionsError, match="expected files"):
        merge_reviews()


def test_kappa_is_that_of_hand_computed_tables():
    """Two tables worked out by hand, one with three verdicts, give their kappa."""
    # 25 proposals of Wikipedia's example, doubled: 20 yes/yes, 5, 10, 15 no/no:
    # p_o = 35/50, p_e = 1/2 · 3/5 + 1/2 · 2/5 = 1/2, kappa = 0.2 / 0.5.
    a = ["yes"] * 25 + ["no"] * 25
    b = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen_kappa(a, b) == pytest.approx(0.4, abs=1e-15)
    # Rows keep, reject, redo: 4 1 0 / 1 2 0 / 0 1 1. p_o = 7/10,
    # p_e = (5·5 + 3·4 + 2·1) / 100 = 0.39, kappa = 0.31 / 0.61.
    table = {("k", "k"): 4, ("k", "x"): 1, ("x", "k"): 1}
    table |= {("x", "x"): 2, ("r", "x"): 1, ("r", "r"): 1}
    pairs = [pair for pair, count in table.items() for _ in range(count)]
    mine, theirs = zip(*pairs, strict=True)
    assert cohen_kappa(mine, theirs) == pytest.approx(31 / 61, abs=1e-15)


def test_kappa_leaves_out_what_one_did_not_judge():
    """Missing verdicts are no disagreement, and no variety is no kappa."""
    assert cohen_kappa(["k", None, "x"], ["k", "x", "x"]) == 1.0
    assert math.isnan(cohen_kappa(["k", "k"], ["k", "k"]))
    assert math.isnan(cohen_kappa([None], ["k"]))
    assert cohen_kappa(["k", "x"], ["x", "k"]) == -1.0
    with pytest.raises(OptionsError, match="as many"):
        cohen_kappa(["k"], [])


def test_a_log_that_cannot_be_read_says_so(tmp_path):
    """A folder in the file's place is an error of ours."""
    with pytest.raises(OptionsError, match="cannot read"):
        VerdictLog(tmp_path).read()
