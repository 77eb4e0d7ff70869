"""The kernel's side of a review: what it saves, sends and shows."""

from __future__ import annotations

import html
import io
import os
import re
import sys
import threading

import pandas as pd
import pytest
from patience import wait_until
from PIL import Image
from squares import draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.verdicts import read_verdicts
from cosmat_nb.view.review import widget as review_widget
from cosmat_nb.view.review.review import Review, review

HOSTILE = '<script>alert(1)</script> & "quotes" \u202eevil.jpg'
SECRET = "https://me:pass@example.com/a.jpg?q-signature=5aedsecret"


def make_cutout(place):
    """A cutout in memory."""
    png = images.encode_png(draw_square())
    return Cutout(
        place=place,
        options=cm.MattingOptions(),
        data=png,
        height=64,
        width=96,
        is_empty=False,
        nbytes=len(png),
    )


class Page:
    """What a page sends to a review, and what it hears from it."""

    def __init__(self, widget):
        self.widget, self.heard = widget, []
        widget.send = self._hear

    def _hear(self, content, buffers=None):
        self.heard.append((content, buffers or []))

    def send(self, kind, **content):
        self.widget._receive(self.widget, {"kind": kind, **content}, [])

    def last(self, kind):
        return [content for content, _ in self.heard if content["kind"] == kind][-1]

    def rows(self):
        return {c["place"]: (c, b) for c, b in self.heard if c["kind"] == "row"}

    def want(self, *places):
        self.send("want", places=list(places))
        wait_until(lambda: set(places) <= self.rows().keys())
        return [self.rows()[place] for place in places]


@pytest.fixture
def table(client):
    """Two cutouts, the second large and with a hostile key, and a row with an error."""
    client.put("red.jpg", images.encode_jpeg(draw_square()))
    large = draw_square(1400, 700, (300, 200, 900, 500))
    client.put(HOSTILE, images.encode_jpeg(large))
    frame = pd.DataFrame({"key": ["red.jpg", HOSTILE, "missing.jpg", "red.jpg"]})
    result = cm.matte_frame(frame, client, progress=False)
    return cm.measure_frame(result, progress=False)


@pytest.fixture
def path(tmp_path):
    """Where a file of verdicts may be made."""
    return tmp_path / "review.jsonl"


def test_a_verdict_is_on_disk_before_the_page_hears_that_it_is_saved(table, path):
    """The file holds the decision at the very moment the page is told."""
    look = review(table, path, reviewer="ann")
    page = Page(look)
    seen = []
    look.send = lambda content, _=None: seen.append((content, read_verdicts(path)))
    page.send("decide", place=0, verdict="keep", note="fine")
    ((content, found),) = seen
    assert content == {
        "kind": "saved",
        "answers": "decide",
        "text": "Saved: keep for red.jpg.",
        "place": 0,
        "verdict": "keep",
        "note": "fine",
    }
    assert (found.verdict[0], found.note[0], found.reviewer[0]) == (
        "keep",
        "fine",
        "ann",
    )
    assert (look.position, look.progress["keep"]) == (1, 1)


def test_the_disk_is_waited_for_before_the_page_is_told(table, path):
    """The line is written, then synced, and only then is the page told."""
    look, steps = review(table, path), []
    look.send = lambda *_: steps.append("told")

    def watch(_, event, function):
        if event == "c_call" and function in (os.write, os.fsync):
            steps.append(function.__name__)

    sys.setprofile(watch)
    try:
        look._receive(look, {"kind": "decide", "place": 0, "verdict": "keep"}, [])
    finally:
        sys.setprofile(None)
    # The first is the folder's, which has a new name.
    assert steps == ["fsync", "write", "fsync", "told"]


def test_a_page_is_told_before_it_is_shown_the_next_picture(table, path):
    """Else it would miss a key pressed at once: it takes none while it waits."""
    look, steps = review(table, path), []
    look.send = lambda *_: steps.append(("told", look.position))
    look.observe(lambda change: steps.append(("moved", change["new"])), "position")
    look._receive(look, {"kind": "decide", "place": 0, "verdict": "keep"}, [])
    assert steps == [("told", 0), ("moved", 1)]


def test_the_same_call_goes_on_where_the_last_one_stopped(table, path):
    """A second review of the file starts at the first picture without a verdict."""
    page = Page(review(table, path))
    assert page.widget.total == 3, "rows of one cutout are looked at once"
    page.send("decide", place=0, verdict="keep", note="")
    page.send("decide", place=2, verdict="redo", note="")
    again = review(table, path)
    assert again.position == 1
    assert again.progress == {"keep": 1, "reject": 0, "redo": 1}
    assert str(again) == "Review(2 of 3 decided: 1 keep, 0 reject, 1 redo)"
    assert again.table.verdict.fillna("redo").tolist() == [
        "keep",
        "redo",
        "redo",
        "keep",
    ]
    assert again.table.verdict.isna().tolist() == [False, True, False, False]
    assert again.table.drop(
        columns=["verdict", "note", "reviewer", "decided_at"]
    ).equals(table)


def test_a_row_travels_with_its_pictures_numbers_and_findings(table, path):
    """Pictures are WebP of at most 1024 px; words say what was measured and found."""
    page = Page(review(table.assign(holes=9.0), path))
    (row, buffers), (large, more), (missing, none) = page.want(0, 1, 2)
    assert [name for name, *_ in row["pictures"]] == ["before", "cutout", "matte"]
    for (_, width, height), data in zip(row["pictures"], buffers, strict=True):
        assert Image.open(io.BytesIO(data)).format == "WEBP"
        assert (width, height) == (96, 64)
    assert [size for _, *size in large["pictures"]] == [[512, 1024]] * 3
    assert Image.open(io.BytesIO(more[1])).getpixel((0, 0))[3] == 0
    assert dict(row["numbers"])["coverage"] == f"{32 * 48 / (64 * 96):.3f}"
    assert row["findings"][0][:2] == ["holes", "medium"]
    assert large["key"] == HOSTILE
    assert "NoSuchKey" in missing["reasons"]["cutout"]
    assert (missing["pictures"], none) == ([], [])


def test_sources_are_fetched_in_other_threads_and_not_twice(table, path):
    """A slow source holds up no verdict; each of neighbouring rows' sources is one."""
    fetched, gate = [], threading.Event()

    def fetch(key):
        fetched.append((key, threading.current_thread()))
        gate.wait(20)
        raise ConnectionError(f"404 for {SECRET}")

    page = Page(review(table, path, before=fetch))
    page.send("want", places=[0, 1])
    page.send("decide", place=0, verdict="keep", note="")
    assert page.last("saved")["verdict"] == "keep"
    gate.set()
    (row, _), _ = page.want(0, 1)
    assert row["reasons"] == {
        "before": "ConnectionError: 404 for https://example.com/a.jpg"
    }
    assert row["verdict"] == "keep", "a row tells the verdict as it is when it is sent"
    count = len(fetched)
    page.heard.clear()
    page.want(0)
    assert len(fetched) == count
    assert threading.main_thread() not in {thread for _, thread in fetched}


def test_pictures_that_were_passed_by_are_not_fetched(path):
    """With a slow source, where the reader stops comes before what was left behind."""
    fetched, gate = [], threading.Event()

    def fetch(key):
        fetched.append(key)
        gate.wait(20)
        return images.encode_jpeg(draw_square())

    cutouts = [make_cutout(f"{i}.jpg") for i in range(12)]
    look = review(pd.DataFrame({"cutout": cutouts}), path, before=fetch)
    page = Page(look)
    page.send("want", places=[0, 1, 2])
    wait_until(lambda: len(fetched) == 3)
    page.send("want", places=[3, 4, 5])
    look.position = 11
    gate.set()
    page.want(11)
    assert sorted(fetched) == ["0.jpg", "1.jpg", "11.jpg", "2.jpg"]


def test_nothing_is_fetched_where_no_source_is_wanted(table, path):
    """Without sources a row has two pictures, and no reason for a third."""
    ((row, _),) = Page(review(table, path, before=False)).want(0)
    assert [name for name, *_ in row["pictures"]] == ["cutout", "matte"]
    assert row["reasons"] == {}


def test_what_cannot_be_written_is_not_said_to_be_saved(table, path):
    """An unwritable file becomes a message; the verdict, the place, all stay."""
    look = review(table, path)
    page = Page(look)
    path.mkdir()
    page.send("decide", place=0, verdict="keep", note="")
    assert page.heard == [({"kind": "failed"}, [])]
    assert look.message == (
        "Not saved: the file of verdicts cannot be written: Is a directory"
    )
    assert (look.position, look.progress["keep"]) == (0, 0)
    path.rmdir()
    page.send("decide", place=0, verdict="keep", note="")
    assert (look.message, look.position) == ("", 1)


def test_undo_goes_back_to_the_picture(table, path):
    """What is undone is shown again, with what was said of it before."""
    look = review(table, path)
    page = Page(look)
    page.send("note", place=0, note="hair?")
    page.send("decide", place=0, verdict="reject", note="hair")
    page.send("undo")
    assert look.position == 0
    saved = page.last("saved")
    assert (saved["answers"], saved["verdict"], saved["note"]) == ("undo", "", "hair?")
    assert saved["text"] == "Undone: reject for red.jpg."
    page.send("undo")
    page.send("undo")
    assert page.last("told")["text"] == "Nothing to undo."
    assert read_verdicts(path).empty


def test_a_program_decides_as_the_keys_do(table, path):
    """``decide`` writes the verdict on the picture shown and goes on to the next."""
    look = review(table, path, before=False)
    assert look.row["key"] == table["key"].iloc[0]
    look.decide("keep")
    look.decide("redo", "shadow")
    assert look.position == 2
    assert read_verdicts(path).verdict.tolist() == ["keep", "redo"]
    assert look.table.note.tolist()[1] == "shadow"
    with pytest.raises(OptionsError, match="'perhaps'"):
        look.decide("perhaps")
    assert len(read_verdicts(path)) == 2


def test_a_note_keeps_the_verdict_that_there_is(table, path):
    """A note written later is saved beside the verdict, without its secrets."""
    page = Page(review(table, path))
    page.send("decide", place=1, verdict="redo", note="")
    page.send("note", place=1, note=f"as {SECRET}")
    (found,) = read_verdicts(path).to_dict("records")
    assert (found["verdict"], found["note"]) == ("redo", "as https://example.com/a.jpg")
    assert "5aed" not in path.read_text()


def test_jumping_finds_the_next_picture_without_a_verdict(table, path):
    """It goes on from the first at the end, and says when there is none."""
    look = review(table, path)
    page = Page(look)
    page.send("decide", place=2, verdict="reject", note="")
    assert look.position == 2, "there is none behind the last"
    page.send("jump")
    assert look.position == 0
    page.send("decide", place=0, verdict="keep", note="")
    page.send("decide", place=1, verdict="keep", note="")
    assert page.last("saved")["text"].endswith("Every picture has a verdict.")
    page.send("jump")
    assert page.last("told")["text"] == "Every picture has a verdict."


def test_the_position_stays_within_the_frame(table, path):
    """Whatever a page or a cell sets, a picture is shown."""
    look = review(table, path)
    look.position = 99
    assert look.position == 2
    look.position = -1
    assert look.position == 0


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "decide", "place": 99, "verdict": "keep"},
        {"kind": "decide", "place": -1, "verdict": "keep"},
        {"kind": "decide", "place": 0, "verdict": "maybe"},
        {"kind": "nothing"},
        {},
    ],
)
def test_a_page_that_asks_nonsense_writes_nothing(table, path, content):
    """A wrong message becomes words on the page and no line of the file."""
    look = review(table, path)
    Page(look)
    look._receive(look, content, [])
    assert look.message.startswith("Not saved: ")
    assert not path.exists()


def test_the_static_twin_tells_the_decisions_as_text(table, path):
    """Where no kernel answers there is a table without scripts or styles."""
    look = review(table, path)
    Page(look).send("decide", place=1, verdict="redo", note="<b>&")
    page = look.static_html()
    assert "&lt;script&gt;" in page
    assert "&lt;b&gt;&amp;" in page
    tags = set(re.findall(r"<(\w+)", page))
    assert tags == {"div", "p", "table", "thead", "tbody", "tr", "th", "td"}
    assert "missing.jpg: " in page, "the picture shown has none, and the twin says why"
    twin = "Review(1 of 3 decided: 0 keep, 0 reject, 1 redo)"
    assert look._repr_mimebundle_()[0]["text/plain"] == twin


def test_the_static_twin_has_the_picture_shown_now(table, path):
    """Before and cutout, each with a text, at most 240 px; then the words."""
    look = review(table, path)
    look.position = 1
    page = look.static_html()
    name = html.escape(HOSTILE)
    found = re.findall(
        r'<img alt="([^"]*)" width="(\d+)" height="(\d+)" src="(.)', page
    )
    assert found == [
        (f"before: {name}", "120", "240", "d"),
        (f"cutout of {name}", "120", "240", "d"),
    ]
    assert page.index("<img") < page.index("<p>Review: 0 of 3")


def test_the_static_twin_waits_for_no_source_that_hangs(table, path, monkeypatch):
    """Then it is words alone."""
    monkeypatch.setattr(review_widget, "_TWIN_SECONDS", 0.05)
    gate = threading.Event()
    look = review(table, path, before=lambda _key: gate.wait(20) and b"")
    page = look.static_html()
    gate.set()
    assert page == "<p>Review: 0 of 3 decided: 0 keep, 0 reject, 0 redo</p>"


def test_a_row_without_a_cutout_comes_last_and_cannot_be_kept(table, path):
    """What is kept can be saved; such a row is rejected or made again."""
    look = review(table.iloc[[2, 0]], path, before=False)
    page = Page(look)
    assert page.want(0)[0][0]["key"] == "red.jpg"
    page.send("decide", place=1, verdict="keep", note="")
    words = "nothing to keep: there is no cutout; reject or redo it"
    assert look.message == f"Not saved: {words}"
    look.position = 1
    with pytest.raises(OptionsError, match=f"^{words}$"):
        look.decide("keep")
    assert not path.exists()
    look.decide("redo")
    look.position = 0
    look.decide("keep")
    assert look.table.verdict.tolist() == ["redo", "keep"]


def test_another_reviewers_file_says_how_to_go_on_as_her(table, path):
    """Opened without a name, a file of ann's shows none of hers, and tells."""
    Page(review(table, path, reviewer="ann")).send(
        "decide", place=0, verdict="keep", note=""
    )
    assert review(table, path).message == (
        "This file has verdicts of 'ann'; pass reviewer= to go on as one."
    )
    assert review(table, path, reviewer="ann").message == ""


def test_what_another_kernel_decided_is_in_the_table(table, path):
    """Two kernels of one reviewer share a file; the table shows what it holds now."""
    first, second = review(table, path), review(table, path)
    Page(first).send("decide", place=0, verdict="keep", note="")
    assert second.progress["keep"] == 0
    assert second.table.verdict.tolist()[0] == "keep"
    assert second.progress["keep"] == 1


def test_bad_arguments_are_refused_at_once(table, path, tmp_path):
    """A frame, a file or a name that cannot be used is told before anything shows."""
    with pytest.raises(OptionsError, match="cutout"):
        review(pd.DataFrame({"key": ["a"]}), path)
    with pytest.raises(OptionsError, match="nothing to look at"):
        review(pd.DataFrame({"key": [None], "cutout": [None]}), path)
    with pytest.raises(OptionsError, match="already has verdict"):
        review(table.assign(verdict="keep"), path)
    with pytest.raises(OptionsError, match="folder that exists"):
        review(table, tmp_path / "none" / "review.jsonl")
    with pytest.raises(OptionsError, match="reviewer must be a name"):
        review(table, path, reviewer=3)
    with pytest.raises(OptionsError, match="before must be"):
        review(table, path, before="red.jpg")
    assert isinstance(review(table, path), Review)
    assert not path.exists()
