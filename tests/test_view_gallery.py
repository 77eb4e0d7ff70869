"""The gallery in Python: what is shown in which order, what is selected and sent."""

from __future__ import annotations

import re
import threading

import numpy as np
import pandas as pd
import pytest
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.errors import OptionsError
from cosmat_nb.view.before_after import BeforeAfter
from cosmat_nb.view.gallery import answers as gallery_answers
from cosmat_nb.view.gallery.choice import choose
from cosmat_nb.view.gallery.gallery import gallery
from cosmat_nb.view.gallery.pictures import Thumbnails

HOSTILE = '<script>alert(1)</script> & "quotes" \u202eevil.jpg'
NAN = float("nan")


def picture(seed=0, height=60, width=80):
    """Noise: nothing else is like it."""
    noise = np.random.default_rng(seed)
    return noise.integers(0, 256, (height, width, 3), np.uint8)


def cutout(key, seed=0, source=None):
    """A cutout of noise, opaque in its middle."""
    pixels = picture(seed)
    alpha = np.zeros(pixels.shape[:2], np.uint8)
    alpha[10:50, 20:60] = 255
    return cm.Cutout(
        place=key,
        options=cm.MattingOptions(),
        data=images.encode_png(np.dstack([pixels, alpha])),
        height=60,
        width=80,
        is_empty=False,
        nbytes=0,
        source=source,
    )


@pytest.fixture
def frame():
    """Six rows: two labels the same, one without a cutout, numbers that are missing."""
    keys = ["b.jpg", "A.jpg", HOSTILE, "c.jpg", "d.jpg", "e.jpg"]
    return pd.DataFrame(
        {
            "key": keys,
            "status": ["ok", "ok", "ok", "error", "empty", "ok"],
            "cutout": [
                None if n == 3 else cutout(key, n) for n, key in enumerate(keys)
            ],
            "error": [None, None, None, "ServerError: /a.jpg?sign=5aed", None, None],
            "coverage": [0.5, 0.2, NAN, NAN, 0.0, 0.5],
            "halo": [0.9, 0.1, 0.1, NAN, 0.1, 0.6],
            "parts": pd.array([1, 2, None, None, 3, 1], "Int64"),
            "group": ["x", None, "Y", "z", "y", "x"],
        },
        index=["p", "q", "q", "r", "s", "t"],
    )


class Heard:
    """A gallery, and what it sends to its page."""

    def __init__(self, shown):
        self.gallery, self.sent = shown, []
        self._news = threading.Condition()
        shown.send = self._hear

    def ask(self, **content):
        """Receive what a page sends, and return what is sent back."""
        self.sent.clear()
        content = {"version": self.gallery.version, **content}
        self.gallery._receive(self.gallery, content, [])
        return list(self.sent)

    def wait(self, kind):
        """Wait for an answer from another thread."""
        with self._news:
            found = self._news.wait_for(lambda: self._of(kind), timeout=10)
        assert found, f"no answer {kind}"
        return found[0]

    def _hear(self, content, buffers=()):
        with self._news:
            self.sent.append((content, list(buffers)))
            self._news.notify_all()

    def _of(self, kind):
        return [each for each in self.sent if each[0]["kind"] == kind]


def keys(shown):
    """Keys of a frame, each by its first letter."""
    return "".join(key[0] for key in shown["key"])


@pytest.mark.parametrize(
    ("name", "descending", "wanted"),
    [
        ("", False, "bA<cde"),
        ("", True, "edc<Ab"),
        ("coverage", False, "dAbe<c"),
        ("coverage", True, "beAd<c"),
        ("parts", False, "beAd<c"),
        ("parts", True, "dAbe<c"),
        ("key", False, "<Abcde"),
        ("group", False, "be<dcA"),
        ("group", True, "c<dbeA"),
    ],
)
def test_rows_are_sorted_and_what_is_missing_comes_last(
    frame, name, descending, wanted
):
    """Numbers and words without case; equal values keep the frame's order."""
    shown = gallery(frame)
    shown.sort, shown.descending = name, descending
    assert keys(shown.shown) == wanted


def test_times_with_and_without_a_zone_are_sorted_together(frame):
    """Those without are taken as UTC, and dates as their midnight."""
    values = [
        pd.Timestamp("2026-01-02 01:00", tz="Asia/Shanghai"),
        pd.Timestamp("2026-01-02"),
        None,
        pd.Timestamp("2026-01-01"),
        pd.Timestamp("2025-12-31", tz="UTC"),
        pd.Timestamp("2026-01-01 16:59").date(),
    ]
    shown = gallery(frame.assign(made=pd.Series(values, frame.index, dtype=object)))
    shown.sort = "made"
    assert keys(shown.shown) == "dcebA<"
    shown.descending = True
    assert keys(shown.shown) == "Abced<"


def test_ordered_categories_are_sorted_in_their_order(frame):
    """Small before large, not large before small as in the alphabet."""
    sizes = ["large", "small", None, "medium", "small", "large"]
    order = pd.CategoricalDtype(["small", "medium", "large"], ordered=True)
    shown = gallery(frame.assign(size=pd.Series(sizes, frame.index, dtype=order)))
    shown.sort = "size"
    assert keys(shown.shown) == "Adcbe<"
    shown.descending = True
    assert keys(shown.shown) == "becAd<"


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({"text": " A.J"}, "A"),
        ({"text": "<SCRIPT"}, "<"),
        ({"text": "nothing"}, ""),
        ({"status": "ok"}, "bA<e"),
        ({"status": "error"}, "c"),
        ({"finding": "halo"}, "be"),
        ({"finding": "empty"}, "d"),
        ({"finding": "any"}, "bde"),
        ({"finding": "none"}, "A<c"),
        ({"ranges": {"coverage": (0.2, 0.5)}}, "bAe"),
        ({"ranges": {"coverage": (0.21, None)}}, "be"),
        ({"ranges": {"coverage": (None, 0.2)}}, "Ad"),
        ({"ranges": {"coverage": (0.2, None), "parts": (None, 1)}}, "be"),
        ({"ranges": {"coverage": (None, None)}}, "bA<cde"),
        ({"status": "ok", "finding": "halo", "ranges": {"halo": (0.7, None)}}, "b"),
    ],
)
def test_filters_leave_the_rows_that_pass_all(frame, filters, wanted):
    """By key in any case, status, finding and ranges with both ends included."""
    shown = gallery(frame)
    for name, value in filters.items():
        setattr(shown, name, value)
    assert keys(shown.shown) == wanted
    assert (shown.shown_count, shown.total) == (len(wanted), 6)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("sort", "nope", "sort must name one of key, status, error, coverage"),
        ("status", "nope", "status must name one of ok, error, empty; not 'nope'"),
        ("finding", "nope", "finding must name one of any, none, empty, halo"),
        ("ranges", {"key": (0, 1)}, "ranges must name one of coverage, halo, parts"),
        ("ranges", {"halo": 3}, r"must be \(least, largest\)"),
        ("ranges", {"halo": (0, NAN)}, r"must be \(least, largest\)"),
        ("opened_position", 6, "opened_position must be -1 to 5; not 6"),
    ],
)
def test_settings_that_no_frame_has_are_refused(frame, name, value, message):
    """Whoever sets them is told what there is, and the old ones stay."""
    shown = gallery(frame)
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(shown, name, value)
    assert keys(shown.shown) == "bA<cde"


def test_the_selection_is_a_frame_in_the_original_order(frame):
    """However the rows were sorted and selected, and under their own labels."""
    heard = Heard(gallery(frame))
    heard.gallery.sort, heard.gallery.descending = "coverage", True
    heard.ask(kind="select", how="span", anchor=2, place=0)
    assert list(heard.gallery.selected.index) == ["p", "q", "t"]
    heard.ask(kind="select", how="toggle", place=1)
    assert heard.gallery.selected_positions == (0, 1)
    pd.testing.assert_frame_equal(heard.gallery.selected, frame.iloc[[0, 1]])


def test_a_selection_outlives_filters(frame):
    """All selects what is shown; adding keeps the rest; none takes all away."""
    heard = Heard(gallery(frame))
    heard.gallery.finding = "halo"
    heard.ask(kind="select", how="all")
    heard.gallery.finding = "empty"
    assert heard.gallery.selected_positions == (0, 5)
    heard.ask(kind="select", how="span", anchor=0, place=0, add=True)
    assert heard.gallery.selected_positions == (0, 4, 5)
    heard.ask(kind="select", how="none")
    assert heard.gallery.selected_positions == ()


def test_the_page_gets_a_bit_for_each_row(frame):
    """The first row of the frame is the lowest bit."""
    shown = gallery(frame)
    shown.selected_positions = [0, 3]
    assert shown.selection == b"\x09"


def test_labels_select_and_repeated_ones_select_all_their_rows(frame):
    """A list of labels, an index or a frame can be assigned."""
    shown = gallery(frame)
    shown.selected = ["q", "t"]
    assert shown.selected_positions == (1, 2, 5)
    shown.selected = frame.index[:1]
    assert shown.selected_positions == (0,)
    shown.selected = frame[frame.parts == 3]
    assert shown.selected_positions == (4,)
    shown.selected = []
    assert shown.selected_positions == ()


@pytest.mark.parametrize("mask", [[True, False], pd.Series([False] * 5 + [True])])
def test_a_mask_is_no_list_of_labels(frame, mask):
    """True would be the label 1 and False 0, so that two rows were always selected."""
    shown = gallery(frame.reset_index(drop=True))
    with pytest.raises(OptionsError, match=r"not a mask: pass frame\[mask\]"):
        shown.selected = mask
    assert shown.selected.empty


def test_a_label_may_be_a_tuple(frame):
    """It selects its row, be it one label or one of each level."""
    labels = ["p", ("q", 1), 2.5, None, "t", "s"]
    shown = gallery(frame.set_axis(pd.Index(labels, dtype=object)))
    shown.selected = shown.shown.iloc[[1]]
    assert keys(shown.selected) == "A"
    shown = gallery(frame.set_index(["group", "status"]))
    shown.selected = [("Y", "ok")]
    assert keys(shown.selected) == "<"


@pytest.mark.parametrize("labels", [["p", "no"], "p", 3, [0]])
def test_labels_that_are_not_there_are_refused(frame, labels):
    """And the selection stays as it was."""
    shown = gallery(frame)
    shown.selected = ["p"]
    with pytest.raises(OptionsError, match=r"index has no|expected a list"):
        shown.selected = labels
    assert shown.selected_positions == (0,)


@pytest.mark.parametrize("positions", [[6], [-1], ["p"], [1.5]])
def test_positions_that_are_not_there_are_refused(frame, positions):
    """Counted from 0, whole numbers only."""
    with pytest.raises(OptionsError, match="whole numbers from 0 to 5"):
        gallery(frame).selected_positions = positions


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_toggling_twice_changes_nothing_and_spans_have_no_direction(data):
    """For any order of any rows shown."""
    count = data.draw(st.integers(1, 30))
    order = np.array(data.draw(st.permutations(range(count))))
    chosen = np.array(
        data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    )
    here, there = (data.draw(st.integers(0, count - 1)) for _ in range(2))
    toggle = {"how": "toggle", "place": here}
    assert (choose(choose(chosen, order, toggle), order, toggle) == chosen).all()
    span = {"how": "span", "place": here, "anchor": there}
    back = {"how": "span", "place": there, "anchor": here}
    found = choose(chosen, order, span)
    assert (found == choose(chosen, order, back)).all()
    assert found.sum() == abs(here - there) + 1


def test_a_page_gets_words_and_pictures_of_the_places_it_asks_for(frame):
    """One message: what is known of each row, and a thumbnail where there is one."""
    heard = Heard(gallery(frame, captions=["coverage"]))
    heard.gallery.sort = "parts"
    ((content, buffers),) = heard.ask(kind="range", places=[0, 5, 4, 99])
    first, missing, hostile = content["items"]
    assert [each["place"] for each in content["items"]] == [0, 5, 4]
    assert (first["key"], first["position"]) == ("b.jpg", 0)
    assert first["captions"] == [("coverage", "0.500"), ("parts", "1")]
    assert [badge[:2] for badge in first["badges"]] == [["halo", "medium"]]
    assert (hostile["key"], hostile["captions"][0]) == (HOSTILE, ("coverage", "–"))
    assert [each["picture"] for each in content["items"]] == [True, False, True]
    assert missing["status"] == "error"
    assert missing["note"] == "ServerError: /a.jpg"
    assert [data[:4] for data in buffers] == [b"RIFF"] * 2
    assert max(images.decode_rgba(buffers[0]).shape[:2]) <= 160


def test_questions_about_another_order_are_not_answered(frame):
    """A page that has not heard of the new order will ask again."""
    heard = Heard(gallery(frame))
    heard.gallery.sort = "parts"
    old = heard.gallery.version - 1
    assert heard.ask(kind="range", version=old, places=[0]) == []
    heard.ask(kind="select", version=old, how="all")
    assert heard.gallery.selected_positions == ()


def test_what_goes_wrong_in_an_answer_is_shown(frame):
    """A message of another kind, say; and it is gone after the next good one."""
    heard = Heard(gallery(frame))
    heard.ask(kind="select", how="toggle", place=77)
    assert "IndexError" in heard.gallery.message
    heard.ask(kind="select", how="toggle", place=0)
    assert heard.gallery.message == ""


def test_a_damaged_cutout_costs_its_own_picture_alone(frame):
    """Its tile says why; the others are there."""
    frame["cutout"] = [
        cm.Cutout(
            place="x",
            options=cm.MattingOptions(),
            data=b"no",
            height=1,
            width=1,
            is_empty=False,
            nbytes=2,
        ),
        *frame["cutout"][1:],
    ]
    heard = Heard(gallery(frame))
    ((content, buffers),) = heard.ask(kind="range", places=[0, 1])
    assert "expected a picture" in content["items"][0]["note"]
    assert len(buffers) == 1


def test_thumbnails_are_made_once_and_the_oldest_are_dropped():
    """No more are kept than there is room for; what was looked at last stays."""
    kept = Thumbnails(64, most=2)
    first, second, third = (cutout("a", seed) for seed in range(3))
    kept.make([first, second], 10)
    made = kept.get(first)
    kept.make([first, third], 10)
    assert kept.get(first) is made
    assert kept.get(second) is None
    assert kept.get(third) is not None


def test_an_answer_does_not_wait_for_all_thumbnails():
    """When time is over some are there and the rest are pending, until asked again."""
    kept = Thumbnails(64)
    pictures = [cutout("a", seed) for seed in range(30)]
    kept.make(pictures, 0)
    here = [kept.get(each) is not None for each in pictures]
    assert any(here)
    assert not all(here)
    kept.make(pictures, 10)
    assert all(kept.get(each) is not None for each in pictures)


def test_tiles_without_their_picture_yet_are_pending(monkeypatch):
    """A page asks for these again, and for no others."""
    monkeypatch.setattr(gallery_answers, "SECONDS", 0)
    keys = [f"{seed}.jpg" for seed in range(30)]
    cutouts = [cutout(key, seed) for seed, key in enumerate(keys)]
    heard = Heard(gallery(pd.DataFrame({"key": keys, "cutout": cutouts})))
    ((content, buffers),) = heard.ask(kind="range", places=list(range(30)))
    pending = [each["pending"] for each in content["items"]]
    assert pending == [not each["picture"] for each in content["items"]]
    assert 0 < sum(pending) == 30 - len(buffers)


def test_an_opened_row_comes_with_its_numbers_then_with_what_was_before(frame):
    """The source is fetched once, in a thread, and only when a row is opened."""
    fetched = []

    def fetch(key):
        fetched.append((key, threading.current_thread() is threading.main_thread()))
        return images.encode_png(picture(1))

    heard = Heard(gallery(frame, before=fetch))
    assert fetched == []
    heard.gallery.opened_position = 1
    ((detail, (large,)),) = heard.ask(kind="detail", position=1)[:1]
    assert ("coverage", "0.200") in detail["numbers"]
    assert images.decode_rgba(large).shape == (60, 80, 4)
    content, (before, after) = heard.wait("before")
    assert (content["picture"], content["note"]) == (True, "")
    assert images.decode_rgba(before).shape == images.decode_rgba(after).shape
    assert fetched == [("A.jpg", False)]
    opened = heard.gallery.opened
    assert isinstance(opened, BeforeAfter)
    assert heard.gallery.opened is opened
    assert fetched == [("A.jpg", False)]


def test_a_source_that_cannot_be_fetched_is_told(frame):
    """On the page as a note, in Python as an error; the numbers are there."""

    def fetch(key):
        raise OSError(f"no way to {key}?sign=5aed")

    heard = Heard(gallery(frame, before=fetch))
    heard.gallery.opened_position = 0
    heard.ask(kind="detail", position=0)
    content, _ = heard.wait("before")
    assert not content["picture"]
    assert content["note"] == "OSError: no way to b.jpg"
    assert "5aed" not in content["note"]
    with pytest.raises(OptionsError, match="OSError: no way to"):
        _ = heard.gallery.opened


def test_a_row_without_cutout_opens_with_its_error(frame):
    """There is nothing to fetch and nothing before it."""
    heard = Heard(gallery(frame))
    heard.gallery.opened_position = 3
    ((detail, buffers),) = heard.ask(kind="detail", position=3)
    assert (detail["note"], detail["fetching"]) == ("ServerError: /a.jpg", False)
    assert buffers == [b""]
    assert heard.gallery.opened is None


def test_findings_may_be_given_found_or_left_out(frame):
    """Given ones count alone; found ones are those of find_problems, row by row."""
    plain = frame.reset_index(drop=True)
    problems = cm.find_problems(plain, on=None)
    given = gallery(plain, findings=problems[problems.finding == "halo"])
    assert given.kinds == [["halo", "medium", 2]]
    found = gallery(plain)
    one_by_one = [found._rows.badges.of(n) for n in range(6)]
    found.finding = "any"
    assert found.kinds == [["empty", "high", 1], ["halo", "medium", 2]]
    assert [found._rows.badges.of(n) for n in range(6)] == one_by_one
    assert gallery(plain, findings=False).kinds == []


def test_findings_by_labels_that_repeat_are_refused(frame):
    """They cannot be told apart; without them all is well."""
    problems = cm.find_problems(frame.iloc[:2].reset_index(drop=True), on=None)
    problems.index = ["q"]
    with pytest.raises(OptionsError, match="labels twice"):
        gallery(frame, findings=problems)
    problems.index = ["p"]
    assert gallery(frame, findings=problems).kinds == [["halo", "medium", 1]]
    problems.index = ["zz"]
    with pytest.raises(OptionsError, match="index has no 'zz'"):
        gallery(frame, findings=problems)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"captions": "coverage"}, "captions must be names of columns"),
        ({"captions": ["nope"]}, "expected one column 'nope'"),
        (
            {
                "captions": [
                    "key",
                    "status",
                    "error",
                    "coverage",
                    "halo",
                    "parts",
                    "group",
                ]
            },
            "a tile has 6 captions; got 7",
        ),
        ({"side": 63}, "side must be a whole number from 64 to 320; not 63"),
        ({"side": True}, "side must be a whole number from 64 to 320; not True"),
        ({"before": 3}, "before must be True, False or a function"),
        ({"findings": pd.DataFrame()}, "expected one column 'finding'"),
    ],
)
def test_bad_arguments_are_refused(frame, settings, message):
    """With what was expected and what came."""
    with pytest.raises(OptionsError, match=message):
        gallery(frame, **settings)


def test_a_frame_without_cutouts_is_refused(frame):
    """It is told how to make them."""
    with pytest.raises(OptionsError, match="make it with matte_frame"):
        gallery(frame.drop(columns="cutout"))


def test_the_static_twin_shows_the_first_tiles_and_counts_the_rest(frame):
    """24 of many, in the order shown, words escaped, without scripts, ids or styles."""
    many = pd.concat([frame] * 5)
    shown = gallery(many)
    shown.sort, shown.descending = "halo", True
    page = shown.static_html()
    assert page.count("<img") == 24
    assert "showing 24 of 30" in page
    assert page.index("b.jpg") < page.index("e.jpg") < page.index("A.jpg")
    assert "halo (medium)" in page
    shown.text = "script"
    page = shown.static_html()
    assert "showing 5 of 5" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot;" in page
    assert not re.search(r"<script|<style| id=| on\w+=|var\(", page)
    assert repr(shown) == "Gallery(5 of 30 rows, 0 selected)"


def test_the_static_twin_stands_on_styles_that_nobody_takes_out(frame):
    """JupyterLab takes flex, gap and "anywhere" away: tiles keep apart without."""
    page = gallery(frame).static_html()
    (style,) = set(re.findall(r'style="([^"]*box-sizing[^"]*)"', page))
    wide, apart = "display:inline-block", "width:180px;margin:0 12px 12px 0"
    for kept in (wide, apart, "overflow-wrap:break-word"):
        assert kept in style
    assert "flex" not in page
    assert all("display:inline-block" in e for e in re.findall(r"<span [^>]*>", page))


def test_a_tile_tells_an_error_without_its_requests_id(frame):
    """The opened row has it, for the vendor's support."""
    frame["error"] = "no key [NoSuchKey, HTTP 404, request NjQ_a==, 2 attempts]"
    heard = Heard(gallery(frame))
    ((content, _),) = heard.ask(kind="range", places=[3])
    brief = "no key [NoSuchKey, HTTP 404, 2 attempts]"
    assert content["items"][0]["note"] == brief
    assert f"<em>{brief}</em>" in heard.gallery.static_html()
    detail, _ = heard.ask(kind="detail", position=3)[0]
    assert "request NjQ_a==" in detail["note"]


def test_an_empty_frame_is_a_gallery_of_nothing(frame):
    """It can be sorted and selected, and says that it shows nothing."""
    shown = gallery(frame.iloc[:0])
    shown.sort = "key" if "key" in shown._rows.metrics else ""
    assert "showing 0 of 0" in shown.static_html()
    assert shown.selected.empty


@pytest.mark.usefixtures("any_text")
def test_half_characters_and_signatures_never_leave(frame):
    """A message is UTF-8, and a key may be a link with a signature."""
    frame["key"] = ["a\ud800.jpg", "https://u:p@example.com/x.jpg?q-signature=5aed"] * 3
    heard = Heard(gallery(frame, captions=["key", "group"]))
    ((content, _),) = heard.ask(kind="range", places=[0, 1])
    heard.ask(kind="detail", position=1)
    detail = heard.sent[0][0]
    for each in (content, detail):
        text = str(each)
        text.encode()
        assert "5aed" not in text
        assert "u:p" not in text
    assert content["items"][0]["key"] == "a\\ud800.jpg"


def test_the_frame_stays_as_it_is(frame):
    """And what becomes of it later is no matter."""
    before = frame.copy()
    shown = gallery(frame)
    shown.sort = "parts"
    pd.testing.assert_frame_equal(frame, before)
    frame["coverage"] = 0.0
    assert shown.shown["coverage"].max() == 0.5


@pytest.mark.parametrize("names", [["cutout"], ["1"]])
def test_captions_that_no_tile_can_quote_are_refused(frame, names):
    """A picture, or one of two columns whose names are written alike."""
    frame = frame.assign(**{"1": 1.0}).rename(columns={"group": 1})
    with pytest.raises(OptionsError, match="columns of values"):
        gallery(frame, captions=names)


@pytest.mark.usefixtures("any_text")
def test_names_of_columns_are_sent_whole_and_without_secrets(frame):
    """A table that was turned on its side has keys, and links, for names."""
    link = "https://u:p@example.com/x.jpg?q-signature=5aed"
    frame = frame.rename(columns={"halo": link, "parts": "half\ud800"})
    shown = gallery(frame, captions=[link, "half\ud800"])
    heard = Heard(shown)
    ((content, _),) = heard.ask(kind="range", places=[0])
    names = ["https://example.com/x.jpg", "half\\ud800"]
    assert content["items"][0]["captions"] == [(names[0], "0.900"), (names[1], "1")]
    heard.ask(kind="detail", position=0)
    sent = f"{content} {heard.sent} {shown.metrics} {shown.static_html()}"
    sent.encode()
    assert "5aed" not in sent
    assert "u:p" not in sent
    shown.sort = names[0]
    assert keys(shown.shown) == "A<debc"


def test_long_words_are_cut(frame):
    """A page is never sent a book for each of its tiles."""
    heard = Heard(gallery(frame.assign(group="x" * 10_000), captions=["group"]))
    ((content, _),) = heard.ask(kind="range", places=[0])
    assert content["items"][0]["captions"] == [("group", "x" * 299 + "…")]
