"""The explorer's page: its geometry held against Python's, its buttons, its keys."""

from __future__ import annotations

import base64
import time

import numpy as np
import pandas as pd
import pytest
from chromium import check_access, mount

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.matting.layout import lay_out
from cosmat_nb.options import Operation
from cosmat_nb.view.explorer.explorer import Explorer, explore
from cosmat_nb.view.explorer.key_list import KeyList
from cosmat_nb.view.explorer.preview import compare, show_cutout, show_pixels

READ = """
(selector) => {
  const canvas = document.querySelector(selector);
  const { height, width } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let text = "";
  for (let at = 0; at < data.length; at += 32768)
    text += String.fromCharCode(...data.subarray(at, at + 32768));
  return [height, width, btoa(text)];
}
"""
CANVAS = ".cosmat-explorer-stage canvas"
HOSTILE = "<script>alert(1)</script>/\"'\u202egnp.<img src=x onerror=alert(1)>.jpg"
REAL = "button:has-text('Ask the service')"


def make_cutout(pixels):
    """Hold pixels as an answer does."""
    png = images.encode_png(pixels)
    height, width = pixels.shape[:2]
    return cm.Cutout(
        place="a.jpg",
        options=cm.MattingOptions(),
        data=png,
        height=height,
        width=width,
        is_empty=not pixels[..., 3].any(),
        nbytes=len(png),
    )


def draw_blob(height, width, box, rng):
    """Draw random colours in a box whose alpha is random, and 0 around it."""
    pixels = rng.integers(0, 256, (height, width, 4), dtype=np.uint8)
    alpha = np.zeros((height, width), np.uint8)
    if box is not None:
        rows, cols = slice(box[0], box[2]), slice(box[1], box[3])
        size = (box[2] - box[0], box[3] - box[1])
        # Half of it opaque, and never 0, so that the box is the box.
        alpha[rows, cols] = rng.choice([255, 255, 1, 90, 200], size)
    pixels[..., 3] = alpha
    return pixels


def open_page(page, pixels=None, **state):
    """Show the explorer with a cutout, as Python would tell the page of it."""
    facts, picture = ({}, b"") if pixels is None else show_cutout(make_cutout(pixels))
    offer = {
        "position": 0,
        "rule": "ci-process=AIPicMatting",
        "stored": False,
        "price": "1 call, about 0.02 CNY, unverified",
    }
    told = {"shown": "a.jpg", "count": 3, "offer": offer, "answer": {}}
    mount(page, Explorer, **(told | {"facts": facts, "picture": picture} | state))
    if pixels is not None:
        page.locator(CANVAS).wait_for()


def read_canvas(page, selector=CANVAS):
    """Return the pixels of a canvas, (H, W, 4)."""
    height, width, data = page.evaluate(READ, selector)
    pixels = np.frombuffer(base64.b64decode(data), np.uint8)
    return pixels.reshape(height, width, 4)


def check_same(drawn, expected):
    """Compare alpha everywhere, and colours where they are not premultiplied."""
    assert drawn.shape == expected.shape
    np.testing.assert_array_equal(drawn[..., 3], expected[..., 3])
    opaque = expected[..., 3] == 255
    np.testing.assert_array_equal(drawn[opaque], expected[opaque])


def set_options(page, options):
    """Set options as Python would, at once."""
    dx, dy = options.padding
    values = {"operation": str(options.operation), "center": options.center}
    page.evaluate(
        "(values) => Object.entries(values).forEach((each) => model.set(...each))",
        values | {"dx": dx, "dy": dy},
    )


BLOBS = {
    "even margins": (40, 60, (10, 20, 30, 40)),
    "odd margins": (41, 60, (0, 3, 20, 24)),
    "odd both": (37, 53, (36, 50, 37, 53)),
    "one pixel": (24, 31, (23, 0, 24, 1)),
    "whole canvas": (20, 30, (0, 0, 20, 30)),
    "empty": (20, 30, None),
    "one row": (1, 7, (0, 5, 1, 7)),
}
LAYOUTS = [
    cm.MattingOptions(center=center, padding=padding)
    for center in (False, True)
    for padding in ((0, 0), (7, 0), (0, 5), (13, 250), (1000, 1))
]


@pytest.mark.parametrize("blob", BLOBS.values(), ids=BLOBS)
def test_the_page_lays_out_as_python_does(page, rng, blob):
    """Centring and padding are `lay_out`, pixel for pixel, and the size is told."""
    height, width, box = blob
    pixels = draw_blob(height, width, box, rng)
    open_page(page, pixels)
    for options in LAYOUTS:
        set_options(page, options)
        expected = lay_out(pixels, options)
        check_same(read_canvas(page), expected)
        words = page.locator(".cosmat-explorer-stage figcaption").inner_text()
        tall, wide = expected.shape[:2]
        assert f"{tall} px high × {wide} px wide" in words
        margins = compare(pixels, expected, options).answer_margins
        if margins is None:
            assert "the matte is empty: no subject was found" in words
        else:
            top, right, bottom, left = margins
            told = f"top {top} · right {right} · bottom {bottom} · left {left}\xa0px"
            assert told in words
        rule = page.locator(".cosmat-explorer-ask code").inner_text()
        assert rule == options.rule


def test_a_large_cutout_keeps_its_numbers(page):
    """A cutout beyond 1600 px is drawn smaller; sizes and margins stay its own."""
    pixels = np.zeros((1000, 3200, 4), np.uint8)
    pixels[100:301, 3000:3101] = 255
    open_page(page, pixels, center=True, dx=10, dy=20)
    words = page.locator(".cosmat-explorer-stage figcaption").inner_text()
    assert "1040 px high × 3220 px wide (plain 1000 px high × 3200 px wide)" in words
    assert "top 419 · right 1560 · bottom 420 · left 1559\xa0px" in words
    drawn = read_canvas(page)
    assert drawn.shape == (520, 1610, 4)
    # Half as large: the subject is 100 by 50 px around the middle.
    assert drawn[..., 3].sum() / 255 == pytest.approx(100.5 * 50.5, rel=0.05)
    assert drawn[260, 805, 3] == 255


def test_a_slider_sends_nothing_and_draws_at_once(page, capsys):
    """Two megapixels: the slider sets a trait, sends no message, and is quick."""
    pixels = np.zeros((1250, 1600, 4), np.uint8)
    pixels[200:900, 300:1500] = (40, 120, 200, 255)
    open_page(page, pixels)
    seconds = page.evaluate(
        """() => {
          const slider = document.querySelector("input[type=range]");
          const canvas = document.querySelector(".cosmat-explorer-stage canvas");
          const times = [];
          for (let value = 10; value <= 1000; value += 90) {
            const begun = performance.now();
            slider.value = String(value);
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            // Reading one pixel waits until all of them are drawn.
            canvas.getContext("2d").getImageData(0, 0, 1, 1);
            times.push(performance.now() - begun);
          }
          return times.map((each) => each / 1000);
        }"""
    )
    with capsys.disabled():
        print(  # noqa: T201 - the point of the run
            f"\npreview of 2 megapixels: median {1000 * np.median(seconds):.1f} ms, "
            f"largest {1000 * max(seconds):.1f} ms"
        )
    assert page.evaluate("model.sent") == []
    assert page.evaluate("model.get('dx')") == 1000
    assert page.evaluate("model.saves") == len(seconds)


def test_padding_goes_by_keyboard(page, rng):
    """Arrow keys move a slider by a pixel; a number out of range becomes the limit."""
    open_page(page, draw_blob(20, 30, (2, 3, 9, 12), rng))
    page.evaluate(
        "document.addEventListener('keydown', () => { window.taken = true; })"
    )
    page.get_by_label("padding dx, left and right, px", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("model.get('dx')") == 2
    number = page.get_by_label("padding dy, top and bottom, px, as a number")
    number.fill("5000")
    assert page.evaluate("model.get('dy')") == 1000
    number.press("Tab")
    assert number.input_value() == "1000"
    page.get_by_label("centre the subject").press("Space")
    assert page.evaluate("model.get('center')") is True
    assert page.evaluate("window.taken") is None
    assert page.evaluate("model.sent") == []


def test_a_button_asks_once(page, rng):
    """A double click is one question: the options as shown, and what was agreed to."""
    open_page(page, draw_blob(20, 30, (2, 3, 9, 12), rng), dx=4, center=True)
    button = page.locator(REAL)
    button.evaluate("(each) => { each.click(); each.click(); }")
    assert page.evaluate("model.sent") == [
        {
            "kind": "ask",
            "what": "real",
            "position": 0,
            "operation": "AIPicMatting",
            "center": True,
            "dx": 4,
            "dy": 0,
            "agreed": True,
            "price": "1 call, about 0.02 CNY, unverified",
        }
    ]
    assert page.get_by_role("button", name="Asking …").is_disabled()
    page.evaluate("model.set('busy', true)")
    page.evaluate("model.set('busy', false)")
    button.click()
    assert len(page.evaluate("model.sent")) == 2


def test_a_second_view_cannot_ask_meanwhile(page, rng):
    """While a call is under way, told by any view, both buttons rest."""
    open_page(page, draw_blob(20, 30, (2, 3, 9, 12), rng), busy=True)
    button = page.get_by_role("button", name="Asking …")
    assert button.is_disabled()
    button.evaluate("(each) => each.click()")
    assert page.evaluate("model.sent") == []


def test_without_a_cutout_the_price_stands_on_the_button(page):
    """Nothing stored: it is said, the price is shown first, and the button pays."""
    open_page(page)
    assert page.get_by_text("No plain cutout of this picture is in the store").count()
    assert page.locator(REAL).is_disabled()
    page.get_by_role(
        "button", name="Cut out (1 call, about 0.02 CNY, unverified)"
    ).click()
    (sent,) = page.evaluate("model.sent")
    assert (sent["what"], sent["agreed"]) == ("plain", True)


def test_free_is_said_of_the_very_options_only(page, rng):
    """A stored answer is free; once a slider moves, the price is back, unasked."""
    offer = {
        "position": 0,
        "rule": "ci-process=AIPicMatting&padding-layout=4x0",
        "stored": True,
        "price": "1 call, about 0.02 CNY, unverified",
    }
    open_page(page, draw_blob(20, 30, (2, 3, 9, 12), rng), dx=4, offer=offer)
    assert page.get_by_text("stored, free").count() == 1
    page.get_by_role("button", name="Show the answer").click()
    assert page.evaluate("model.sent[0].agreed") is False
    page.evaluate("model.set('busy', true)")
    page.evaluate("model.set('busy', false)")
    page.evaluate("model.set('dx', 5)")
    assert page.get_by_text("stored, free").count() == 0
    assert page.locator(".cosmat-explorer-offer").inner_text() == offer["price"]


def test_keys_are_searched_by_message(page):
    """Typing asks for matches; a late answer is passed over; Enter chooses."""
    open_page(page)
    picker = page.get_by_role("combobox", name="object key")
    picker.click()
    picker.fill("mug")
    first, second = page.evaluate("model.sent")
    assert (first["kind"], first["text"], second["text"]) == ("search", "", "mug")
    late = {
        "kind": "matches",
        "ticket": first["ticket"],
        "total": 1,
        "first": [[0, "x"]],
    }
    page.evaluate("(content) => model.answer(content)", late)
    assert page.locator("li").count() == 0
    matches = [[7, "b/mug.jpg"], [99_999, HOSTILE]]
    content = {"kind": "matches", "ticket": second["ticket"], "total": 2000}
    page.evaluate("(content) => model.answer(content)", content | {"first": matches})
    assert page.locator("li").all_inner_texts()[1] == HOSTILE
    assert (
        "2,000 keys, the first 2 shown" in page.get_by_role("status").first.inner_text()
    )
    check_access(page)
    picker.press("ArrowDown")
    picker.press("Enter")
    assert page.evaluate("model.sent.at(-1)") == {"kind": "choose", "position": 99_999}
    assert page.locator("ul").is_hidden()
    picker.press("ArrowDown")
    picker.press("Escape")
    assert picker.input_value() == "a.jpg"


FRAME = KeyList(
    pd.DataFrame({"key": [f"p{n:02}.{'jpg' if n == 9 else 'png'}" for n in range(27)]}),
    "key",
)
"""Keys p00 to p26; the name of p09 is known whole to who pastes it."""


def answer_last(page):
    """Answer the page's last search, as late as a test calls this."""
    sent = page.evaluate("model.sent.findLast((each) => each.kind === 'search')")
    total, first = FRAME.search(sent["text"])
    content = {"kind": "matches", "ticket": sent["ticket"], "total": total}
    told = content | {"first": [list(each) for each in first]}
    page.evaluate("(content) => model.answer(content)", told)


def read_choices(page):
    """Return the positions that were chosen so far."""
    chosen = "model.sent.filter((each) => each.kind === 'choose')"
    return [each["position"] for each in page.evaluate(chosen)]


def test_enter_never_chooses_from_a_stale_list(page):
    """Pasted over an older search, a key is chosen when its own answer arrives."""
    open_page(page, position=20, shown="p20.png", count=27)
    picker = page.get_by_role("combobox", name="object key")
    picker.fill("p0")
    answer_last(page)
    assert page.locator("li").count() == 10
    picker.press("Control+a")
    page.keyboard.insert_text("p09.jpg")
    stale = page.get_by_role("option", name="p03.png")
    stale.click(force=True)
    picker.press("ArrowDown")
    picker.press("Enter")
    assert read_choices(page) == []
    answer_last(page)
    assert read_choices(page) == [9]
    assert page.locator("ul").is_hidden()


def test_enter_before_the_first_answer_is_remembered(page):
    """Enter chooses the first match once it is known, and only for the text it had."""
    open_page(page, position=20, shown="p20.png", count=27)
    picker = page.get_by_role("combobox", name="object key")
    picker.fill("p2")
    picker.press("Enter")
    picker.fill("p1")
    answer_last(page)
    assert read_choices(page) == []
    picker.fill("nowhere")
    picker.press("Enter")
    answer_last(page)
    assert page.get_by_text("no key matches").count() == 1
    picker.fill("p1")
    picker.press("Enter")
    answer_last(page)
    assert read_choices(page) == [10]
    picker.fill("p0")
    picker.press("Enter")
    picker.press("Escape")
    answer_last(page)
    assert read_choices(page) == [10]


def test_the_list_opens_at_the_current_key(page):
    """Opened without a text, Enter and arrows go on from the key that is shown."""
    open_page(page, position=20, shown="p20.png", count=27)
    picker = page.get_by_role("combobox", name="object key")
    picker.click()
    answer_last(page)
    assert page.locator("li[aria-selected=true]").inner_text() == "p20.png"
    picker.press("ArrowDown")
    picker.press("Enter")
    assert read_choices(page) == [21]


def test_of_an_empty_matte_no_call_is_offered(page, rng):
    """It is said, and what would be paid for nothing cannot be pressed; stored can."""
    open_page(page, draw_blob(20, 30, None, rng), dx=4)
    offer = page.locator(".cosmat-explorer-offer")
    assert offer.inner_text() == "the matte is empty: no subject was found"
    assert page.locator(REAL).is_disabled()
    stored = page.evaluate("model.get('offer')") | {"stored": True}
    page.evaluate("(offer) => model.set('offer', offer)", stored)
    page.evaluate("model.set('dx', 0)")
    assert offer.inner_text() == "stored, free"
    assert page.get_by_role("button", name="Show the answer").is_enabled()


def show_answer(page, pixels, options, change=None):
    """Tell the page of an answer, changed as a test wants it."""
    answer = lay_out(pixels, options)
    answer = answer if change is None else change(answer.copy())
    compared = compare(pixels, answer, options)
    drawn = compared.picture(answer)
    told = compared.as_dict() | {"rule": options.rule, "center": options.center}
    told |= {"dx": options.padding.dx, "dy": options.padding.dy, "source": "emulator"}
    for name, picture in (("answer_picture", answer), ("difference", drawn)):
        data = b"" if picture is None else show_pixels(picture)
        page.evaluate(
            "([name, data]) => model.setBytes(name, data)",
            [name, base64.b64encode(data).decode()],
        )
    page.evaluate("(answer) => model.set('answer', answer)", told)
    return answer


def test_preview_and_answer_stand_side_by_side(page, rng):
    """What differs is told in numbers, and the compared preview stays as it was."""
    pixels = draw_blob(20, 30, (2, 3, 9, 12), rng)
    options = cm.MattingOptions(center=True, padding=(5, 6))
    open_page(page, pixels)

    def change(answer):
        answer[0, :4] = 255
        return answer

    show_answer(page, pixels, options, change)
    words = page.locator(".cosmat-explorer-comparison").inner_text()
    # 4 of 32 by 40 pixels.
    assert "0.31 % of the pixels differ" in words
    assert "255 of 255" in words
    assert "difference in red; subject in grey, for orientation" in words
    selector = ".cosmat-explorer-comparison canvas"
    check_same(read_canvas(page, selector), lay_out(pixels, options))
    page.evaluate("model.set('dx', 900)")
    check_same(read_canvas(page, selector), lay_out(pixels, options))
    show_answer(page, pixels, options, lambda answer: answer[1:])
    words = page.locator(".cosmat-explorer-comparison").inner_text()
    assert "the sizes differ" in words
    assert "no pixel has a counterpart" in words
    assert "in grey" not in words
    show_answer(page, pixels, options)
    words = page.locator(".cosmat-explorer-comparison").inner_text()
    assert "equal, pixel for pixel" in words
    assert "no difference; subject in grey, for orientation" in words
    assert "in red" not in words


def test_a_hostile_key_and_error_are_text(page, rng):
    """Markup in keys and messages is shown as it is written."""
    open_page(
        page, draw_blob(20, 30, (2, 3, 9, 12), rng), shown=HOSTILE, message=HOSTILE
    )
    assert page.get_by_role("alert").inner_text() == HOSTILE
    assert page.get_by_role("combobox", name="object key").input_value() == HOSTILE
    assert page.locator("#cell script, #cell img[src=x]").count() == 0
    assert HOSTILE in page.locator(CANVAS).get_attribute("aria-label")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 700, 1200])
def test_nobody_is_shut_out(page, rng, theme, width):
    """No barrier is found and nothing is cut off, in light and dark, at any width."""
    pixels = draw_blob(200, 300, (20, 30, 90, 120), rng)
    page.set_viewport_size({"width": width, "height": 900})
    source = images.encode_jpeg(pixels[..., :3])
    open_page(page, pixels, before=source, dx=20, message="It is so.")
    darken(page, dark=theme == "dark")
    show_answer(page, pixels, cm.MattingOptions(padding=(20, 0)))
    check_access(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("model.setBytes('picture', '')")
    page.get_by_text("No plain cutout of this picture is in the store").wait_for()
    check_access(page)


def darken(page, *, dark):
    """Give the page a theme as JupyterLab does."""
    colors = {
        "ui-font-color1": "#ffffffde",
        "layout-color1": "#111111",
        "layout-color2": "#212121",
        "border-color1": "#616161",
        "brand-color1": "#2196f3",
        "error-color1": "#d32f2f",
    }
    style = "".join(f"--jp-{name}:{value};" for name, value in colors.items())
    if dark:
        page.evaluate(
            """(style) => {
              document.body.dataset.jpThemeLight = "false";
              document.body.style.cssText = `${style} background: #111111; margin: 0`;
            }""",
            style,
        )


def test_the_page_knows_all_operations(page):
    """The page offers the operations that Python has, in the same order."""
    open_page(page)
    options = page.locator("select").first.locator("option")
    values = options.evaluate_all("(all) => all.map((each) => each.value)")
    assert values == [str(each) for each in Operation]


def test_what_is_left_behind_is_nothing(page, rng):
    """After cleaning up, no listener is left and nothing is drawn."""
    open_page(page, draw_blob(20, 30, (2, 3, 9, 12), rng))
    page.evaluate("clean()")
    assert page.evaluate("model.handlers.length") == 0
    assert page.evaluate("document.querySelector('#cell').childElementCount") == 0


def test_two_keys_are_never_mixed(page, rng, client):
    """The next key's picture and facts replace the former ones together."""
    one = draw_blob(20, 30, (2, 3, 9, 12), rng)
    two = draw_blob(33, 17, (8, 1, 19, 12), rng)
    open_page(page, one)
    facts, picture = show_cutout(make_cutout(two))
    page.evaluate("(facts) => model.set('facts', facts)", facts)
    check_same(read_canvas(page), one)
    data = base64.b64encode(picture).decode()
    page.evaluate("(data) => model.setBytes('picture', data)", data)
    page.wait_for_function(
        "() => document.querySelector('.cosmat-explorer-stage canvas').height === 33"
    )
    check_same(read_canvas(page), two)
    assert isinstance(explore(client, pd.DataFrame({"key": ["a"]})), Explorer)


CELLS = (
    """import cosmat_nb as cm
from cosmat_nb.view.explorer.explorer import explore
client = cm.connect_emulator(cm.Emulator.with_samples())
frame = cm.list_frame(client, "samples/")
explorer = explore(client, frame)
explorer""",
)


def test_in_a_notebook(page, lab):
    """Choose a key, pay once, move a slider, ask: the next cell has it all."""
    name = "explorer.ipynb"
    lab.write(name, *CELLS)
    lab.open(page, name)
    lab.run_all(page)
    picker = page.get_by_role("combobox", name="object key")
    picker.click()
    picker.fill("mug")
    page.get_by_role("option", name="samples/mug.jpg").click()
    lab.wait_for(name, "explorer.key", "'samples/mug.jpg'")
    page.get_by_role("button", name="Cut out").click()
    page.locator(CANVAS).wait_for(timeout=20_000)
    plain = read_canvas(page)
    slider = page.get_by_label("padding dx, left and right, px", exact=True)
    slider.focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    lab.wait_for(name, "explorer.options.padding.dx", "12")
    drawn = read_canvas(page)
    assert drawn.shape[1] == plain.shape[1] + 24
    np.testing.assert_array_equal(drawn[:, 12:-12], plain)
    page.locator(REAL).click()
    page.get_by_text("equal, pixel for pixel").wait_for(timeout=20_000)
    lab.wait_for(name, "explorer.result.status.tolist()", "['ok']")
    lab.wait_for(
        name, "explorer.result.cutout.iloc[0].options == explorer.options", "True"
    )
    assert lab.ask(name, "client.emulated, explorer.busy") == "(True, False)"
    time.sleep(0.1)  # what the page complains of comes late
