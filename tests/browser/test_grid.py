"""Grids as browsers show them."""

from __future__ import annotations

import nbformat
import numpy as np
import pandas as pd
import pytest
from chromium import check_access

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.view.grid.grid import grid

TURNED = "\u202egpj.live \u2069 <b>x</b>"
HOSTILE = "<script>window.hit = 1</script><img src=x onerror='window.hit = 1'> \"&"


def draw_cutout(key):
    """A cutout: a red disc."""
    rows, cols = np.ogrid[:90, :120]
    pixels = np.zeros((90, 120, 4), np.uint8)
    pixels[(rows - 45) ** 2 + (cols - 60) ** 2 < 900] = (200, 30, 30, 255)
    return cm.Cutout(
        place=key,
        options=cm.MattingOptions(),
        data=images.encode_png(pixels),
        height=90,
        width=120,
        is_empty=False,
        nbytes=0,
    )


def fetch(_):
    """A source picture."""
    return images.encode_jpeg(np.full((90, 120, 3), 90, np.uint8))


@pytest.fixture(scope="module")
def sheet():
    """Hostile keys and values, a row without a cutout, and plain rows."""
    keys = ["mug.jpg", HOSTILE, TURNED, *(f"{i}.jpg" for i in range(9))]
    frame = pd.DataFrame(
        {
            "cutout": [*map(draw_cutout, keys), None],
            "status": ["ok"] * len(keys) + ["refused"],
            "key": [*keys, HOSTILE],
            "error": [None] * len(keys) + [HOSTILE],
            "coverage": [0.5, *np.linspace(0, 0.4, len(keys) - 1), None],
            "remark": [None, HOSTILE, TURNED, *["fine"] * 10],
        }
    )
    captions = ("coverage", "remark")
    return grid(frame, by="coverage", before=fetch, captions=captions)


def open_page(page, sheet, folder):
    """Show the saved page."""
    page.set_content(sheet.save(folder / "g.html").read_text(encoding="utf-8"))


def test_hostile_words_are_shown_as_text(page, sheet, tmp_path):
    """No script runs, no element comes of them, and they can be read."""
    open_page(page, sheet, tmp_path)
    assert page.evaluate("window.hit") is None
    assert page.locator("script").count() == 0
    assert page.locator("figure").count() == 13
    assert page.locator("img").count() == 24
    assert page.get_by_text(HOSTILE, exact=True).count() == 4
    assert page.get_by_alt_text(f"cutout of {HOSTILE}").count() == 1


def test_marks_that_turn_text_end_with_their_words(page, sheet, tmp_path):
    """What comes after them runs from left to right."""
    open_page(page, sheet, tmp_path)
    caption = page.locator("figcaption").filter(has_text="gpj.live").first
    (coverage,) = caption.get_by_text("coverage", exact=True).all()
    name, value = coverage.bounding_box(), caption.locator("bdi").nth(2).bounding_box()
    assert name["y"] == value["y"]
    assert name["x"] + name["width"] <= value["x"]
    assert caption.locator("bdi").nth(3).inner_text() == "remark"
    remark = caption.locator("bdi").nth(3).bounding_box()
    assert remark["x"] >= name["x"]


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_stands_in_anyones_way(chromium, sheet, tmp_path, dark):
    """No barrier is found by axe, light or dark, and backgrounds stay as they are."""
    with chromium.new_page(dark=dark) as page:
        open_page(page, sheet, tmp_path)
        check_access(page, "html")
        image = page.get_by_alt_text("cutout of mug.jpg", exact=True)
        color = image.evaluate("(each) => getComputedStyle(each).backgroundColor")
        assert color == "rgb(255, 255, 255)"


@pytest.mark.parametrize("width", [320, 700, 1600])
def test_tiles_fill_the_width_and_no_more(page, sheet, tmp_path, width):
    """As many beside each other as there is room for; nothing scrolls sideways."""
    page.set_viewport_size({"width": width, "height": 900})
    open_page(page, sheet, tmp_path)
    tops = page.locator("figure").evaluate_all(
        "(all) => all.map((each) => each.getBoundingClientRect().top)"
    )
    room = (width - 48) // 244
    assert tops.count(tops[0]) == room
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_no_more_columns_than_asked_for(page, sheet, tmp_path):
    """On a wide page too."""
    narrow = grid(sheet.frame, columns=2)
    open_page(page, narrow, tmp_path)
    tops = page.locator("figure").evaluate_all(
        "(all) => all.map((each) => each.getBoundingClientRect().top)"
    )
    assert tops.count(tops[0]) == 2


def test_a_notebook_nobody_trusts_shows_the_grid(lab, page, sheet):
    """JupyterLab cleans what it was not told to trust; pictures and layout stay."""
    path = lab.write("untrusted.ipynb", "grid(table)")
    notebook = nbformat.read(path, 4)
    data = {"text/html": sheet._repr_html_(), "text/plain": repr(sheet)}
    output = nbformat.v4.new_output("execute_result", data, execution_count=1)
    notebook.cells[0].outputs = [output]
    nbformat.write(notebook, path)
    lab.open(page, "untrusted.ipynb")
    image = page.get_by_alt_text("cutout of mug.jpg", exact=True)
    image.wait_for()
    style = image.evaluate(
        "(each) => { const style = getComputedStyle(each); return ["
        "each.naturalWidth, style.backgroundColor, style.backgroundImage,"
        "getComputedStyle(each.closest('figure')).display]; }"
    )
    assert page.evaluate("panel.content.widgets[0].model.trusted") is False
    assert style[0] == 112
    assert style[1] == "rgb(255, 255, 255)"
    assert "linear-gradient" in style[2]
    assert style[3] == "inline-block"
