"""The page of a review: decided by keys alone, and never ahead of the file."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from chromium import check_access, mount

from cosmat_nb import images
from cosmat_nb.view.review.review import Review

HOSTILE = '<img src=x onerror="alert(1)"> & "quotes" \u202eevil.jpg'
DARK = {
    "--jp-ui-font-color1": "rgba(255, 255, 255, .87)",
    "--jp-ui-font-color2": "rgba(255, 255, 255, .7)",
    "--jp-border-color1": "#616161",
    "--jp-layout-color1": "#111",
    "--jp-layout-color2": "#424242",
    "--jp-brand-color1": "#2196f3",
}


def picture(color):
    """A WebP file of one colour, 40 × 30 px."""
    pixels = np.full((30, 40, len(color)), color, np.uint8)
    return base64.b64encode(images.encode_webp(pixels)).decode()


def row(place, key=None, **words):
    """What the kernel sends of one row."""
    names = ["before", "cutout", "matte"]
    return {
        "kind": "row",
        "place": place,
        "key": key or f"{place}.jpg",
        "verdict": "",
        "note": "",
        "pictures": [[name, 40, 30] for name in names],
        "reasons": {},
        "numbers": [["soft_fraction", "0.018"]],
        "findings": [["holes", "medium", "4 holes, 90 px"]],
    } | words


def answer(page, content, *colors):
    """Let the stand-in for the kernel answer."""
    buffers = [picture(color) for color in colors]
    page.evaluate(
        "([content, buffers]) => model.answer(content, buffers)", [content, buffers]
    )


def send_row(page, place, **words):
    """Answer with a row and its three pictures."""
    answer(page, row(place, **words), (200, 30, 40), (0, 0, 200, 128), (255, 255, 255))


def confirm(page, place, verdict, note="", answers="decide"):
    """Answer as the kernel does: say that it is on disk, and show the next picture."""
    text = f"Saved: {verdict} for {place}.jpg."
    said = {"place": place, "verdict": verdict, "note": note, "text": text}
    answer(page, {"kind": "saved", "answers": answers, **said})
    if answers == "decide":
        page.evaluate("place => model.set('position', place + 1)", place)


def sent(page, *kinds):
    """What the page sent of some kinds, in order."""
    return [each for each in page.evaluate("model.sent") if each["kind"] in kinds]


def text(page, name):
    """The text of a part of the page."""
    return page.locator(f".cosmat-review-{name}").inner_text()


@pytest.fixture
def opened(page):
    """A review of 120 pictures, the first three at hand, with the focus in it."""
    progress = {"keep": 30, "reject": 5, "redo": 2}
    mount(page, Review, total=120, progress=progress)
    for place in range(3):
        send_row(page, place)
    page.keyboard.press("Tab")
    return page


def test_a_hundred_pictures_are_decided_without_the_mouse(opened):
    """The focus stays, each key decides the picture that is seen, and all arrive."""
    words = {"k": "keep", "x": "reject", "r": "redo"}
    for place in range(100):
        opened.keyboard.press("kxr"[place % 3])
        confirm(opened, place, words["kxr"[place % 3]])
        assert text(opened, "key") == f"{place + 1}.jpg"
        send_row(opened, place + 3)
    decided = sent(opened, "decide")
    assert [each["place"] for each in decided] == list(range(100))
    assert [each["verdict"] for each in decided[:4]] == [
        "keep",
        "reject",
        "redo",
        "keep",
    ]
    assert opened.evaluate("document.activeElement.className") == "cosmat-review"


def test_the_next_picture_is_there_before_it_is_asked_for(opened):
    """A decision shows the next picture at once: two are fetched ahead, each once."""
    assert sent(opened, "want") == [{"kind": "want", "places": [0, 1, 2]}]
    opened.keyboard.press("k")
    painted = opened.evaluate("""async () => {
      model.set("position", 1);
      const image = document.querySelector(".cosmat-review-cutout img");
      await image.decode();
      return [image.alt, image.naturalWidth];
    }""")
    assert painted == ["cutout of 1.jpg", 40]
    assert sent(opened, "want")[1:] == [{"kind": "want", "places": [3]}]


def test_nothing_counts_as_saved_before_the_file_has_it(opened):
    """Until the kernel confirms, the page stays and takes no second verdict."""
    opened.keyboard.press("k")
    opened.keyboard.press("x")
    assert [each["verdict"] for each in sent(opened, "decide")] == ["keep"]
    assert text(opened, "status") == "Saving…"
    assert text(opened, "badge") == "no verdict"
    assert opened.locator("button[aria-pressed=true][data-verdict]").count() == 0
    assert text(opened, "key") == "0.jpg"
    confirm(opened, 0, "keep")
    assert text(opened, "status") == "Saved: keep for 0.jpg."
    opened.keyboard.press("ArrowLeft")
    assert text(opened, "badge") == "keep"
    pressed = opened.locator("button[aria-pressed=true][data-verdict]")
    assert pressed.get_attribute("data-verdict") == "keep"


def test_a_failure_is_shown_and_the_verdict_is_not(opened):
    """A full disk leaves the picture where it is, with an alert, and keys go on."""
    opened.keyboard.press("k")
    message = "Not saved: the file of verdicts cannot be written: No space left"
    opened.evaluate("text => model.set('message', text)", message)
    answer(opened, {"kind": "failed"})
    assert opened.get_by_role("alert").inner_text() == message
    assert (text(opened, "badge"), text(opened, "key")) == ("no verdict", "0.jpg")
    assert text(opened, "status") == ""
    opened.keyboard.press("k")
    assert len(sent(opened, "decide")) == 2


def test_a_kernel_that_does_not_answer_is_told(page):
    """After some seconds the page says that the verdict is not saved yet."""
    page.clock.install()
    mount(page, Review, total=2, progress={})
    send_row(page, 0)
    page.keyboard.press("Tab")
    page.keyboard.press("k")
    page.clock.run_for(5000)
    assert text(page, "status").endswith(
        "does not answer. Restart it and run the cell again; all before is saved."
    )
    confirm(page, 0, "keep")
    assert text(page, "status").startswith("Saved")


def test_letters_in_a_note_are_no_verdicts(opened):
    """Typing k, x, r, u, j or arrows writes a note; Enter keeps it, and keys decide."""
    opened.keyboard.press("n")
    opened.keyboard.type("kxr uj bn 1234")
    opened.keyboard.press("ArrowLeft")
    assert sent(opened, "decide", "undo", "jump", "note") == []
    assert text(opened, "key") == "0.jpg"
    opened.keyboard.press("Enter")
    assert sent(opened, "note") == [
        {"kind": "note", "place": 0, "note": "kxr uj bn 1234"}
    ]
    confirm(opened, 0, "", "kxr uj bn 1234", answers="note")
    opened.keyboard.press("x")
    assert sent(opened, "decide")[0]["note"] == "kxr uj bn 1234"
    confirm(opened, 0, "reject", "kxr uj bn 1234")
    assert opened.get_by_label("Note").input_value() == ""


def test_escape_leaves_a_note_as_it_was(opened):
    """What was typed goes, nothing is sent, and keys decide again."""
    opened.keyboard.press("n")
    opened.keyboard.type("never mind")
    opened.keyboard.press("Escape")
    assert opened.get_by_label("Note").input_value() == ""
    assert sent(opened, "note") == []
    opened.keyboard.press("k")
    assert sent(opened, "decide")[0]["note"] == ""


def test_a_note_that_could_not_be_kept_stays_in_its_field(opened):
    """Words are not lost by an answer to something else, or by a failure."""
    opened.keyboard.press("n")
    opened.keyboard.type("hair")
    opened.keyboard.press("Enter")
    answer(opened, {"kind": "failed"})
    send_row(opened, 0)
    assert opened.get_by_label("Note").input_value() == "hair"


def test_undo_by_its_keys(opened):
    """U and Ctrl+Z ask for it; in a note Ctrl+Z belongs to the text."""
    opened.keyboard.press("u")
    opened.keyboard.press("Control+z")
    assert len(sent(opened, "undo")) == 2
    opened.keyboard.press("n")
    opened.keyboard.type("a")
    opened.keyboard.press("Control+z")
    assert len(sent(opened, "undo")) == 2
    confirm(opened, 0, "", answers="undo")
    assert text(opened, "badge") == "no verdict"


def test_a_key_held_down_decides_once(opened):
    """A repeated key does not decide pictures that nobody has seen."""
    opened.keyboard.down("k")
    confirm(opened, 0, "keep")
    opened.keyboard.down("k")
    opened.keyboard.down("k")
    opened.keyboard.up("k")
    assert len(sent(opened, "decide")) == 1


def test_arrows_go_to_and_fro_and_stop_at_the_ends(opened):
    """Before the first and behind the last there is nothing, and it is said."""
    opened.keyboard.press("ArrowLeft")
    assert text(opened, "status") == "This is the first picture."
    opened.keyboard.press("ArrowRight")
    assert (text(opened, "key"), text(opened, "place")) == ("1.jpg", "picture 2 of 120")
    opened.keyboard.press("ArrowLeft")
    assert text(opened, "key") == "0.jpg"
    opened.keyboard.press("j")
    assert len(sent(opened, "jump")) == 1


def test_a_picture_on_its_way_takes_no_verdict(opened):
    """What is not seen cannot be decided."""
    opened.evaluate("model.set('position', 50)")
    assert sent(opened, "want")[-1]["places"] == [50, 51, 52]
    opened.keyboard.press("k")
    assert sent(opened, "decide") == []
    send_row(opened, 50)
    opened.keyboard.press("k")
    assert sent(opened, "decide")[0]["place"] == 50
    opened.evaluate("model.set('position', 0)")
    assert sent(opened, "want")[-1]["places"] == [0, 1, 2]
    opened.evaluate("model.set('position', 50)")
    assert sent(opened, "want")[-1]["places"] == [50, 51, 52], "it was left behind"


def test_looks_by_keys_and_in_step_with_python(opened):
    """Numbers choose the pictures, b the background; both are traits."""
    shown = opened.locator(".cosmat-review-stage figure:visible")
    assert shown.count() == 3
    opened.keyboard.press("4")
    assert opened.evaluate("model.get('view')") == "matte"
    assert shown.locator("img").evaluate_all("all => all.map((each) => each.alt)") == [
        "matte of 0.jpg"
    ]
    opened.evaluate("model.set('view', 'all')")
    assert shown.count() == 3
    opened.keyboard.press("b")
    assert opened.evaluate("model.get('background')") == "dark"
    opened.evaluate("model.set('background', 'black')")
    pressed = opened.get_by_label("black background").get_attribute("aria-pressed")
    assert pressed == "true"


def test_no_key_of_ours_reaches_the_notebook(opened):
    """Letters, digits and arrows stay here: there x cuts a cell and d d deletes one."""
    opened.evaluate("""() => {
      window.leaked = [];
      document.addEventListener("keydown", (event) => leaked.push(event.key));
    }""")
    for key in (
        "k",
        "d",
        "a",
        "x",
        "ArrowUp",
        "Delete",
        "Control+z",
        "n",
        "m",
        "Enter",
    ):
        opened.keyboard.press(key)
    opened.keyboard.press("Control+s")
    opened.keyboard.press("Shift+Enter")
    leaked = opened.evaluate("leaked.filter((key) => key.length === 1 || key > 'D')")
    assert set(leaked) <= {"Control", "Shift", "s", "Enter"}
    assert leaked.count("Enter") == 1, "that of Shift+Enter, which runs the cell"


def test_hostile_words_are_text(opened):
    """Keys, notes, numbers and reasons show their signs and are no elements."""
    words = {"key": HOSTILE, "note": HOSTILE, "numbers": [[HOSTILE, HOSTILE]]}
    words |= {"findings": [[HOSTILE, "high", HOSTILE]], "pictures": []}
    content = row(0, **words, reasons={"cutout": HOSTILE})
    answer(opened, content)
    assert text(opened, "key") == HOSTILE
    assert opened.get_by_label("Note").input_value() == HOSTILE
    assert HOSTILE in text(opened, "reason")
    assert HOSTILE in text(opened, "findings")
    assert opened.locator("img").count() == 0
    wide = "document.documentElement.scrollWidth - window.innerWidth"
    opened.set_viewport_size({"width": 320, "height": 700})
    assert opened.evaluate(wide) <= 0


def test_progress_counts_and_is_told(opened):
    """How many are decided, and how, follows the trait."""
    assert text(opened, "counts") == "37 of 120 decided: 30 keep, 5 reject, 2 redo"
    progress = {"keep": 31, "reject": 5, "redo": 2}
    opened.evaluate("value => model.set('progress', value)", progress)
    assert text(opened, "counts") == "38 of 120 decided: 31 keep, 5 reject, 2 redo"
    width = "each => each.style.width"
    bar = opened.locator(".cosmat-review-bar .cosmat-review-keep")
    assert bar.evaluate(width).startswith("25.8")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 320])
def test_it_has_no_barriers(opened, theme, width):
    """Axe finds nothing, with a verdict, an alert and a reason shown."""
    opened.set_viewport_size({"width": width, "height": 900})
    if theme == "dark":
        opened.evaluate(
            """values => {
              document.body.dataset.jpThemeLight = "false";
              document.body.style.background = "#111";
              for (const each of Object.entries(values)) {
                document.documentElement.style.setProperty(...each);
              }
            }""",
            DARK,
        )
    opened.evaluate("model.set('message', 'Not saved: no space left')")
    for verdict in ("keep", "reject", "redo"):
        reasons = {"before": "404: no such object"}
        answer(
            opened,
            row(0, verdict=verdict, reasons=reasons, pictures=[["cutout", 40, 30]]),
            (0, 0, 200, 128),
        )
        check_access(opened)


def test_a_closed_view_leaves_nothing(opened):
    """It listens no more, frees its pictures and is gone from the page."""
    freed = opened.evaluate("""() => {
      const freed = [];
      const revoke = URL.revokeObjectURL;
      URL.revokeObjectURL = (url) => { freed.push(url); revoke.call(URL, url); };
      window.clean();
      URL.revokeObjectURL = revoke;
      return freed.length;
    }""")
    assert freed == 9
    assert opened.evaluate("model.handlers.length") == 0
    assert opened.locator(".cosmat-review").count() == 0


def test_review_by_keyboard_in_jupyterlab_survives_its_kernel(lab, chromium):
    """Three pictures are decided by keys; after a restart the fourth is next."""
    name = "review.ipynb"
    lab.write(
        name,
        "import cosmat_nb as cm\n"
        "from cosmat_nb.view.review.review import review\n"
        "client = cm.connect_emulator()\n"
        "frame = cm.list_frame(client).head(4)\n"
        "table = cm.matte_frame(frame, client, progress=False)",
        "look = review(table, 'review.jsonl', reviewer='ann')\nlook",
    )
    with chromium.new_page() as page:
        lab.open(page, name)
        lab.run_all(page)
        root = page.locator(".cosmat-review")
        root.locator("img").first.wait_for()
        cells = page.locator(".jp-Cell").count()
        root.focus()
        for number, key in enumerate("kxr"):
            page.wait_for_function(
                "place => document.querySelector('.cosmat-review-place').textContent"
                ".startsWith(`picture ${place}`)"
                " && !document.querySelector('.cosmat-review[data-loading]')",
                arg=number + 1,
            )
            page.keyboard.press(key)
            lab.wait_for(name, "look.position", str(number + 1))
        assert page.locator(".jp-Cell").count() == cells
        lab.wait_for(
            name, "look.table.verdict.dropna().tolist()", "['keep', 'reject', 'redo']"
        )
        page.evaluate("() => panel.sessionContext.restartKernel()")
        # Cells that are run before the new kernel answers are lost.
        lab.open(page, name)
        lab.run_all(page)
        lab.wait_for(name, "look.position", "3")
        assert lab.ask(name, "get_ipython().execution_count") == "3", "a new kernel"
        root = page.locator(".cosmat-review").last
        root.locator("img").first.wait_for()
        root.focus()
        page.keyboard.press("k")
        lab.wait_for(name, "look.progress['keep']", "2")
