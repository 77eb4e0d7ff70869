"""The explorer's Python side: what is free, what is paid, what the next cell gets."""

from __future__ import annotations

import json
import threading
import time

import numpy as np
import pandas as pd
import pytest
from answers import answer_error, answer_png, keys

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.matting.layout import lay_out
from cosmat_nb.view.explorer.explorer import Explorer, explore
from cosmat_nb.view.explorer.key_list import MOST_MATCHES, KeyList
from cosmat_nb.view.explorer.preview import compare

LAYOUT = cm.MattingOptions(center=True, padding=(5, 3))


class SlowEngine:
    """Cuts nothing away, slowly enough for a second click."""

    name = "slow"
    version = "1"

    def estimate_alpha(self, picture):
        """Return alpha 1 after a while."""
        time.sleep(0.5)
        return np.ones(picture.shape[:2], np.float32)


@pytest.fixture
def square_client(client, square):
    """A client of an emulator with two pictures and an empty one."""
    client.put("a.jpg", square)
    client.put("b.jpg", square)
    client.put("w.jpg", images.encode_jpeg(np.full((40, 50, 3), 255, np.uint8)))
    return client


def press(explorer, what="real", *, agreed=True, **changes):
    """Press a button, as the page tells of it."""
    options = explorer.options
    content = {
        "kind": "ask",
        "what": what,
        "position": explorer.position,
        "operation": str(options.operation),
        "center": options.center,
        "dx": options.padding.dx,
        "dy": options.padding.dy,
        "agreed": agreed,
        "price": explorer.offer.get("price"),
    }
    explorer._handle_custom_msg(content | changes, [])


def test_a_button_pays_once(square_client, emulator):
    """Opening is free; the button pays one call; pressed again it is stored."""
    explorer = explore(square_client, keys("a.jpg", "b.jpg"))
    assert (explorer.cutout, explorer.result, explorer.picture) == (None, None, b"")
    assert images.decode_rgb(explorer.before).shape == (64, 96, 3)
    assert emulator.billed == 0
    press(explorer, "plain")
    assert emulator.billed == 1
    assert explorer.message == ""
    assert explorer.picture == explorer.cutout.png
    assert explorer.facts == {"height": 64, "width": 96, "box": [16, 24, 48, 72]}
    press(explorer, "plain")
    assert emulator.billed == 1
    assert explorer.result.source.tolist() == ["store"]


def test_what_is_stored_is_free(square_client, emulator):
    """A plain cutout that a batch left in the store is shown without any call."""
    frame = keys("a.jpg")
    plain = cm.matte_frame(frame, square_client, progress=False)
    cm.matte_frame(frame, square_client, LAYOUT, progress=False)
    assert emulator.billed == 2
    explorer = explore(square_client, plain)
    assert explorer.cutout == plain.cutout[0]
    assert explorer.offer["stored"]
    explorer.options = LAYOUT
    assert explorer.offer["stored"]
    assert explorer.offer["rule"] == LAYOUT.rule
    press(explorer, agreed=False)
    assert explorer.answer["source"] == "store"
    explorer.dx = 6
    assert not explorer.offer["stored"]
    assert emulator.billed == 2


def test_nothing_is_paid_that_nobody_agreed_to(square_client, emulator):
    """A press on what was called stored never becomes a paid call."""
    explorer = explore(square_client, keys("a.jpg"))
    press(explorer, "plain", agreed=False)
    assert emulator.billed == 0
    assert "no longer in the store" in explorer.message
    assert explorer.result is None


def test_no_other_price_is_paid_than_the_one_shown(square_client, emulator):
    """A busy kernel shows the old operation's price; the press names it and is told."""
    explorer = explore(square_client, keys("a.jpg"))
    shown = explorer.offer["price"]
    press(explorer, "plain", operation="GoodsMatting", price=shown)
    assert emulator.billed == 0
    assert "not what was shown any more, but: 1 call of the emu" in explorer.message
    explorer.operation = "GoodsMatting"
    assert explorer.offer["price"] != shown
    press(explorer, "plain")
    assert emulator.billed == 1
    press(explorer, "plain", price="of a stored answer nothing counts")
    assert emulator.billed == 1
    assert explorer.message == ""


def test_a_step_of_the_price_is_told_before_it_is_paid(square_client, emulator):
    """The one free call was used by another cell: the next press says what it costs."""
    steps = {"AIPicMatting": 0.5}
    price = cm.Price(steps=steps, source="s", as_of="2026-01-01", free_calls=1)
    explorer = explore(square_client, keys("a.jpg"), price=price)
    cm.matte_frame(keys("b.jpg"), square_client, progress=False)
    press(explorer)
    assert "about 0.50 CNY" in explorer.message
    assert "about 0.50 CNY" in explorer.offer["price"]
    assert emulator.billed == 1
    press(explorer)
    assert emulator.billed == 2


@pytest.mark.usefixtures("any_text")
def test_half_characters_of_keys_can_be_sent_to_a_page(scripted):
    """Messages are UTF-8, which has no half characters: they are written as escapes."""
    explorer = explore(scripted(answer_png), keys("\udce9.jpg"))
    assert explorer.shown == r"\udce9.jpg"
    assert explorer.key == "\udce9.jpg"
    explorer.static_html().encode("utf-8")


@pytest.mark.parametrize("emulator", [{"engine": SlowEngine()}], indirect=True)
def test_a_double_click_pays_once(square_client, emulator):
    """While one call is under way, another thread's press is refused."""
    explorer = explore(square_client, keys("a.jpg"))
    first = threading.Thread(target=press, args=(explorer, "plain"))
    first.start()
    deadline = time.monotonic() + 5
    while not explorer.busy and time.monotonic() < deadline:
        time.sleep(0.01)
    press(explorer, dx=9)
    assert explorer.message == "a call is under way: wait for its answer"
    assert explorer.busy
    first.join()
    assert not explorer.busy
    assert emulator.billed == 1
    assert explorer.result.cutout.iloc[0].options == cm.MattingOptions()


def test_options_go_both_ways(square_client):
    """What is assigned is what the controls say, and what they say comes back."""
    explorer = explore(square_client, keys("a.jpg"))
    assert explorer.options == cm.MattingOptions()
    explorer.options = cm.MattingOptions(operation="GoodsMatting", padding=(7, 1000))
    assert (explorer.operation, explorer.center) == ("GoodsMatting", False)
    assert (explorer.dx, explorer.dy) == (7, 1000)
    explorer.center = True
    assert explorer.options.rule == (
        "ci-process=GoodsMatting&center-layout=1&padding-layout=7x1000"
    )
    with pytest.raises(cm.OptionsError, match=r"must be MattingOptions.*got dict"):
        explorer.options = {"center": True}


def test_the_result_is_a_row_of_matte_frame(square_client):
    """The next cell gets the user's index label, all result columns, the cutout."""
    frame = keys("a.jpg", "b.jpg", weight=[1, 2]).set_axis(["x", "y"])
    before = frame.copy()
    explorer = explore(square_client, frame)
    explorer.key = "b.jpg"
    press(explorer, "plain")
    explorer.options = LAYOUT
    press(explorer)
    result = explorer.result
    assert list(result.columns) == ["key", *cm.RESULT_COLUMNS]
    assert (list(result.index), list(result.key)) == (["y"], ["b.jpg"])
    assert result.cutout.iloc[0].options == LAYOUT
    assert explorer.cutout.options == cm.MattingOptions()
    pd.testing.assert_frame_equal(frame, before)


def test_the_emulators_answer_is_the_preview(square_client):
    """As long as the assumptions hold, no pixel differs, and so it is told."""
    explorer = explore(square_client, keys("a.jpg"))
    press(explorer, "plain")
    explorer.options = LAYOUT
    press(explorer)
    expected = lay_out(explorer.cutout.rgba, LAYOUT)
    np.testing.assert_array_equal(images.decode_rgba(explorer.answer_picture), expected)
    # A box of 32 by 48 px in the middle of 70 by 106 px.
    assert explorer.answer == {
        "rule": LAYOUT.rule,
        "center": True,
        "dx": 5,
        "dy": 3,
        "source": "emulator",
        "preview_size": [70, 106],
        "answer_size": [70, 106],
        "preview_margins": [19, 29, 19, 29],
        "answer_margins": [19, 29, 19, 29],
        "equal_size": True,
        "share": 0.0,
        "largest": 0,
    }


@pytest.mark.parametrize(
    "emulator", [{"assumptions": cm.Assumptions(centering="crop")}], indirect=True
)
def test_a_service_that_does_otherwise_is_told(square_client):
    """Centring that crops: other sizes, so that no pixel is compared."""
    explorer = explore(square_client, keys("a.jpg"))
    press(explorer, "plain")
    explorer.center = True
    press(explorer)
    told = explorer.answer
    assert (told["preview_size"], told["answer_size"]) == ([64, 96], [32, 48])
    assert (told["equal_size"], told["share"], told["largest"]) == (False, None, None)
    assert explorer.difference == b""


def test_differences_are_counted_by_hand():
    """Alpha and colours times alpha count; colours that do not show do not."""
    plain = np.zeros((4, 5, 4), np.uint8)
    plain[1, 1] = (100, 0, 0, 255)
    answer = plain.copy()
    answer[0, 0] = (255, 255, 255, 0)  # invisible
    answer[1, 1] = (140, 0, 0, 255)  # 40 levels of red
    answer[2, 2] = (100, 0, 0, 51)  # alpha 51, red 20
    compared = compare(plain, answer, cm.MattingOptions())
    assert (compared.share, compared.largest) == (2 / 20, 51)
    assert compared.levels[1, 1] == 40
    assert compared.answer_margins == (1, 2, 1, 1)
    drawn = compared.picture(answer)
    assert drawn[1, 1].tolist() == [96 + 40 * 159 // 255, 0, 0]
    assert drawn[0, 0].tolist() == [0, 0, 0]


def test_refusals_are_shown_in_their_own_words(scripted):
    """No rights: the service's words are in the widget, and the row has them too."""
    client = scripted(lambda _: answer_error("AccessDenied", 403))
    explorer = explore(client, keys("a.jpg"))
    assert "AccessDenied" in explorer.message
    press(explorer, "plain")
    assert explorer.message == explorer.result.error.iloc[0]
    assert "It is so" in explorer.message
    assert explorer.cutout is None
    assert not explorer.busy


def test_a_spent_budget_is_shown(scripted):
    """A budget of no call refuses the press, and says so."""
    explorer = explore(
        scripted(answer_png), keys("a.jpg"), budget=cm.Budget(calls=0, name="none")
    )
    sent = len(scripted.asked)
    press(explorer, "plain")
    assert "budget" in explorer.message
    assert len(scripted.asked) == sent


def test_sliders_ask_nobody(scripted):
    """One request, for the source picture, is sent on opening, and none by options."""
    explorer = explore(scripted(answer_png), keys("a.jpg"))
    assert scripted.asked == ["/a.jpg"]
    for dx in range(0, 1000, 50):
        explorer.dx = dx
    explorer.options = LAYOUT
    explorer.operation = "GoodsMatting"
    assert scripted.asked == ["/a.jpg"]
    assert explorer.offer["price"] == "1 call, about 0.01 CNY, unverified"
    explorer.operation = "AIPortraitMatting"
    assert explorer.offer["price"] == "1 call, price unknown"


def test_each_operation_has_its_own_cutout(square_client):
    """Another operation shows its own stored cutout, or none."""
    explorer = explore(square_client, keys("a.jpg"))
    press(explorer, "plain")
    assert explorer.facts
    explorer.operation = "GoodsMatting"
    assert (explorer.cutout, explorer.facts, explorer.picture) == (None, {}, b"")
    explorer.operation = "AIPicMatting"
    assert explorer.cutout.options.operation == "AIPicMatting"


def test_an_answer_for_a_former_key_is_not_shown(square_client):
    """A press that is heard after another key was chosen goes to the result alone."""
    explorer = explore(square_client, keys("a.jpg", "b.jpg"))
    press(explorer, "plain", position=1)
    assert explorer.key == "a.jpg"
    assert explorer.cutout is None
    assert explorer.result.key.tolist() == ["b.jpg"]


def test_an_answer_of_another_operation_is_not_compared(square_client):
    """Its preview would be of another cutout: the difference would mean nothing."""
    explorer = explore(square_client, keys("a.jpg"))
    press(explorer, "plain")
    other = explorer._ordering.quote(cm.Operation.GOODS)
    press(explorer, operation="GoodsMatting", dx=5, price=other)
    assert explorer.result.status.tolist() == ["ok"]
    assert explorer.answer == {}


def test_a_replaced_picture_is_not_previewed(square_client):
    """A frame with another ETag than the stored answer's finds none."""
    cm.matte_frame(keys("a.jpg"), square_client, progress=False)
    etag = square_client.head("a.jpg").etag
    known = explore(square_client, keys("a.jpg", etag=[f'"{etag}"']))
    assert known.cutout is not None
    replaced = explore(square_client, keys("a.jpg", etag=['"5d41402abc4b2a76"']))
    assert replaced.cutout is None


def test_an_empty_matte_has_no_box(square_client):
    """Of a picture without a subject the size is told, and that there is no box."""
    explorer = explore(square_client, keys("w.jpg"))
    press(explorer, "plain")
    assert explorer.facts == {"height": 40, "width": 50, "box": None}
    explorer.center = True
    press(explorer)
    assert explorer.answer["preview_margins"] is None


def test_a_damaged_file_is_shown_and_asked_for_again(square_client, emulator):
    """The preview says that the file is damaged; a press pays for it once more."""
    result = cm.matte_frame(keys("a.jpg"), square_client, progress=False)
    path = result.cutout[0].path
    path.write_bytes(b"x" * path.stat().st_size)
    explorer = explore(square_client, keys("a.jpg"))
    assert "is damaged and was set aside" in explorer.message
    press(explorer, "plain")
    assert emulator.billed == 2
    assert explorer.facts["height"] == 64


def test_a_signed_address_never_leaves_python(scripted):
    """No trait, twin or message holds the query of an address."""
    url = "https://example.com/a.jpg?q-signature=abcdef"
    explorer = explore(scripted(answer_png), keys(url))
    assert explorer.key == url
    press(explorer, "plain")
    told = json.dumps(explorer.get_state(), default=repr)
    told += explorer.static_html() + repr(explorer)
    assert "abcdef" not in told
    assert "https://example.com/a.jpg" in told
    assert explorer.before == b""


def test_a_key_that_is_not_there_is_refused(square_client):
    """The key can be assigned when the frame has it."""
    explorer = explore(square_client, keys("a.jpg", None, "b.jpg", "a.jpg"))
    assert explorer.count == 2
    explorer.key = "b.jpg"
    assert explorer.shown == "b.jpg"
    with pytest.raises(cm.OptionsError, match=r"has no key 'c.jpg'; it has 2 others"):
        explorer.key = "c.jpg"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"column": "path"}, "expected one column 'path', found none among: key"),
        ({"store": "folder"}, "store must be Store.*got str"),
        ({"price": 0.02}, "price must be Price.*got float"),
        ({"budget": 5}, "budget must be Budget.*got int"),
        ({"client": None}, "client must be a MattingClient"),
        ({"frame": keys(None)}, "column 'key' has no key"),
        (
            {"frame": pd.DataFrame({"source": ["a.jpg"]}), "column": "source"},
            "column 'source' is one that matte_frame adds: rename it",
        ),
        ({"frame": ["a.jpg"]}, "expected a DataFrame; got list"),
    ],
)
def test_wrong_arguments_are_refused(scripted, changes, message):
    """The message says what was expected and what came; nothing is sent."""
    arguments = {"client": scripted(answer_png), "frame": keys("a.jpg")} | changes
    client, frame = arguments.pop("client"), arguments.pop("frame")
    with pytest.raises(cm.OptionsError, match=message):
        explore(client, frame, **arguments)
    assert scripted.asked == []


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "choose", "position": 99},
        {"kind": "ask", "what": "real"},
        {"kind": "search"},
    ],
)
def test_a_broken_message_is_shown(square_client, content):
    """What a page sends wrongly ends in the widget's message, not in the log."""
    explorer = explore(square_client, keys("a.jpg"))
    explorer._handle_custom_msg(content, [])
    assert explorer.message
    assert not explorer.busy


def test_a_hundred_thousand_keys_are_searched_at_once():
    """A search tells the number of all matches, and sends no more than a list shows."""
    names = [f"folder{n % 100}/Picture-{n:06}.jpg" for n in range(100_000)]
    found = KeyList(keys(*names), "key")
    everything = found.search("")
    assert (everything.total, len(everything.first)) == (100_000, MOST_MATCHES)
    some = found.search("  PICTURE-0421 folder17/ ")
    assert some.first == [(42_117, "folder17/Picture-042117.jpg")]
    assert found.search("nothing").total == 0
    begun = time.perf_counter()
    found.search("picture 99")
    assert time.perf_counter() - begun < 1


def test_the_twins_say_the_same_without_a_page(square_client):
    """Three pictures and the rule; what a key holds is escaped; the text is stable."""
    square_client.put("<b>&.jpg", square_client.fetch("a.jpg"))
    explorer = explore(square_client, keys("<b>&.jpg"))
    assert explorer.static_html().count("<img") == 1
    assert "no plain cutout is stored" in explorer.static_html()
    press(explorer, "plain")
    explorer.options = LAYOUT
    page = explorer.static_html()
    assert page.count('src="data:image/webp;base64,') == 3
    assert "preview, as documented or assumed" in page
    assert "70 px high × 106 px wide" in page
    assert "&lt;b&gt;&amp;.jpg" in page
    assert "<b>" not in page
    assert "center-layout=1&amp;padding-layout=5x3" in page
    assert repr(explorer) == f"Explorer('<b>&.jpg', {LAYOUT.rule!r})"


def test_the_twin_tells_the_size_of_the_source_itself(client):
    """Of 560 by 760 px a thumbnail is shown, and the source's own size is told."""
    pixels = np.full((560, 760, 3), 255, np.uint8)
    pixels[100:300, 200:500] = (200, 0, 0)
    client.put("a.jpg", images.encode_jpeg(pixels))
    explorer = explore(client, keys("a.jpg"))
    assert "before<br>560 px high × 760 px wide" in explorer.static_html()
    press(explorer, "plain")
    assert explorer.static_html().count("560 px high × 760 px wide") == 3


def test_the_first_key_with_a_stored_cutout_is_opened(square_client, emulator):
    """A broken first picture is passed over for a stored one, and nothing is paid."""
    square_client.put("broken.jpg", b"no picture")
    frame = keys("broken.jpg", "folder/", None, "b.jpg", "a.jpg", "broken.jpg")
    assert explore(square_client, frame).key == "broken.jpg"
    cm.matte_frame(keys("b.jpg", "a.jpg"), square_client, LAYOUT, progress=False)
    assert explore(square_client, frame).key == "broken.jpg"
    cm.matte_frame(keys("a.jpg"), square_client, progress=False)
    billed = emulator.billed
    explorer = explore(square_client, frame)
    assert (explorer.key, explorer.position, explorer.message) == ("a.jpg", 3, "")
    assert explorer.cutout is not None
    assert emulator.billed == billed


def test_only_the_first_keys_are_looked_up_for_a_start(scripted):
    """The 200th key may be the start, the 201st not; one request, for its source."""
    client = scripted(answer_png)
    names = [f"{n}.jpg" for n in range(200)]
    cm.matte_frame(keys("last.jpg"), client, progress=False, check_sources=False)
    asked = len(scripted.asked)
    assert explore(client, keys(*names, "last.jpg")).key == "0.jpg"
    assert explore(client, keys(*names[:199], "last.jpg")).key == "last.jpg"
    assert scripted.asked[asked:] == ["/0.jpg", "/last.jpg"]


def test_a_source_that_is_no_picture_is_named(square_client):
    """The message begins with the key, and says what can be done."""
    square_client.put("f/broken.jpg", b"no picture")
    explorer = explore(square_client, keys("a.jpg", "f/broken.jpg"))
    assert explorer.message == ""
    explorer.key = "f/broken.jpg"
    assert explorer.message == (
        "f/broken.jpg cannot be shown: expected a picture; got 10 bytes starting "
        "b'no picture'. Choose another key, or upload the picture anew"
    )


def test_the_twin_of_an_empty_matte_says_so(square_client):
    """Empty is not the same as not stored."""
    cm.matte_frame(keys("w.jpg", "a.jpg"), square_client, progress=False)
    explorer = explore(square_client, keys("w.jpg", "a.jpg"))
    empty = "the matte is empty: no subject was found"
    assert empty in explorer.static_html()
    assert "no plain cutout" not in explorer.static_html()
    explorer.key = "a.jpg"
    assert empty not in explorer.static_html()


def test_a_key_that_is_the_very_text_is_found_first():
    """It leads even when 60 longer keys before it hold the same text."""
    longer = [f"{n}/mug.jpg" for n in range(60)]
    found = KeyList(keys(*longer, "MUG.jpg", "mug.jpg"), "key")
    first = found.search(" mug.jpg ").first
    assert first[:2] == [(61, "mug.jpg"), (0, "0/mug.jpg")]
    assert found.search("mug.jpg").total == 62
    assert found.search("MUG.jpg").first[0] == (60, "MUG.jpg")
    assert found.search("mug").first[0] == (0, "0/mug.jpg")


def test_what_the_page_only_reads_cannot_be_set(square_client):
    """Numbers of a page cannot be forged from a cell by mistake."""
    explorer = explore(square_client, keys("a.jpg"))
    with pytest.raises(Exception, match="read-only"):
        explorer.offer = {}
    names = set(Explorer.class_traits(sync=True))
    assert {"operation", "center", "dx", "dy", "busy", "message"} <= names
