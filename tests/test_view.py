"""Figures and pages, judged by what is drawn and written."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from squares import draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.view.panels import make_panels

HOSTILE = '<script>alert(1)</script> & $x^2$ "quotes" \u202eevil.jpg'


@pytest.fixture
def table(client):
    """A result with a cutout, one with a hostile key, and an error row."""
    for key in ("red.jpg", HOSTILE):
        client.put(key, images.encode_jpeg(draw_square()))
    frame = pd.DataFrame({"key": ["red.jpg", HOSTILE, "missing.jpg"]})
    result = cm.matte_frame(frame, client, progress=False)
    return cm.measure_frame(result, progress=False)


def test_panels_show_before_matte_and_cutout(table):
    """A row becomes its source, its alpha and its cutout over a checkerboard."""
    first, _, missing = make_panels(table, side=96)
    assert first.before.shape == first.cutout.shape == (64, 96, 3)
    assert set(np.unique(first.matte)) == {0, 255}
    assert first.matte[32, 48] == 255
    # Outside the subject only the board's two greys are seen.
    assert set(np.unique(first.cutout[first.matte == 0])) <= {204, 255}
    assert first.numbers["coverage"] == f"{32 * 48 / (64 * 96):.3f}"
    assert missing.cutout is None
    assert "NoSuchKey" in missing.note


def test_captions_hide_the_signatures_of_links(table):
    """A column with presigned links may be quoted: where they lead, and no more."""
    link = "https://example.com/a.jpg?q-sign-algorithm=sha1&q-signature=5aedsecret"
    seen = make_panels(table.assign(link=link), side=32, captions=("link",))
    assert next(seen).numbers == {"link": "https://example.com/a.jpg"}


def test_panels_are_small_however_large_the_picture(client):
    """The longer side of every picture is the side that was asked for."""
    client.put("large.jpg", images.encode_jpeg(draw_square(900, 400)))
    result = cm.matte_frame(
        pd.DataFrame({"key": ["large.jpg"]}), client, progress=False
    )
    (panel,) = make_panels(result, side=90)
    assert panel.before.shape == panel.cutout.shape == (90, 40, 3)
    assert panel.matte.shape == (90, 40)


def test_plot_grid_draws_the_rows_it_is_asked_for(table):
    """One row of the figure a row of the frame; the figure is not pyplot's."""
    figure = cm.plot_grid(table, rows=2)
    assert isinstance(figure, Figure)
    assert len(figure.axes) == 8
    drawn = [axes.images[0].get_array().shape for axes in figure.axes if axes.images]
    assert drawn == [(64, 96, 3), (64, 96), (64, 96, 3)] * 2
    assert figure._repr_jpeg_().startswith(b"\xff\xd8")


def test_plot_grid_survives_hostile_keys_and_error_rows(table):
    """A key is shown as it is, and a row without a cutout says why."""
    figure = cm.plot_grid(table, rows=3)
    figure.savefig("/dev/null", format="png")
    words = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert any("<script>" in text for text in words)
    assert any("NoSuchKey" in text for text in words)


@pytest.mark.usefixtures("any_text")
def test_plot_grid_draws_keys_that_are_no_unicode(tmp_path):
    """Half a character in a key or an error does not keep the figure from a file."""
    row = {
        "key": "a\udce9.jpg",
        "cutout": None,
        "status": "error",
        "error": "no \udce9",
    }
    figure = cm.plot_grid(pd.DataFrame([row]))
    figure.savefig(tmp_path / "grid.png")
    (words,) = figure.axes[0].texts
    assert words.get_text() == "a\\udce9.jpg\nerror\nno \\udce9"


def test_plot_grid_shows_the_cutout_when_the_source_is_out_of_reach(table, client):
    """After the client is closed the cutout is still drawn, with a note."""
    client.close()
    figure = cm.plot_grid(table.head(1))
    assert [bool(axes.images) for axes in figure.axes] == [False, False, True, True]
    assert "closed" in figure.axes[0].texts[0].get_text().replace("\n", " ")


def test_plot_grid_fetches_sources_as_it_is_told(table, client):
    """A frame that came from elsewhere names its own way to the sources."""
    asked = []

    def fetch(key):
        asked.append(key)
        return client.fetch(key)

    cm.plot_grid(table.head(1), before=fetch)
    assert asked == ["red.jpg"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: (table.head(0), 6), "no rows"),
        (lambda table: (table.drop(columns="cutout"), 6), "matte_frame"),
        (lambda table: (table, 0), "rows must be a whole number from 1 to 50; not 0"),
        (
            lambda table: (table, 2.5),
            "rows must be a whole number from 1 to 50; not 2.5",
        ),
        (
            lambda table: (table, None),
            "rows must be a whole number from 1 to 50; not None",
        ),
    ],
)
def test_plot_grid_refuses_what_it_cannot_draw(table, change, words):
    """No rows, no cutouts and a senseless count are errors that say so."""
    frame, rows = change(table)
    with pytest.raises(cm.OptionsError, match=words):
        cm.plot_grid(frame, rows=rows)


def test_the_report_holds_everything_itself_and_escapes_keys(table, tmp_path):
    """Nothing is loaded, no key becomes markup, every picture has words."""
    path = cm.write_report(table, tmp_path / "r.html", title=HOSTILE, lead="a < b")
    page = path.read_text(encoding="utf-8")
    assert page.count("<script>") == 0
    assert page.count("&lt;script&gt;") >= 3
    assert "a &lt; b" in page
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)
    assert (
        page.count("<img ") == 6 == page.count('alt="') == page.count("data:image/webp")
    )
    assert "NoSuchKey" in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"title": None}, "title must be text; not NoneType"),
        ({"lead": 5}, "lead must be text; not int"),
        ({"before": 5}, "before must be True, False or a function"),
    ],
)
def test_a_page_of_something_else_is_refused(table, tmp_path, words, message):
    """Before anything is written."""
    with pytest.raises(cm.OptionsError, match=message):
        cm.write_report(table, tmp_path / "r.html", **words)
    assert list(tmp_path.rglob("*.html")) == []


def test_a_row_without_a_reason_is_shown():
    """No cutout and no error: the row says so, whatever stands for a missing word."""
    frame = pd.DataFrame({"key": ["a", "b"], "cutout": None, "error": [pd.NA, None]})
    assert [panel.note for panel in make_panels(frame, side=9)] == ["no cutout"] * 2


def test_a_report_that_cannot_be_written_says_so(table, tmp_path):
    """A folder in place of the file is a clear error."""
    with pytest.raises(cm.OptionsError, match="cannot write"):
        cm.write_report(table, tmp_path)


def test_a_long_frame_makes_a_bounded_report(table, tmp_path):
    """Rows over the limit are counted, not drawn."""
    long = pd.concat([table.iloc[[2]]] * 230, ignore_index=True)
    page = cm.write_report(long, tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.count("<article>") == 200
    assert "Not shown: 30 more rows." in page


def test_a_signed_address_is_shown_without_its_signature(client, tmp_path):
    """Neither the report nor a figure repeats the query of an address that failed."""
    signed = "https://elsewhere.example.com/a.jpg?q-signature=5aed5fa5c9e5"
    frame = pd.DataFrame({"key": [signed, f" {signed}", signed.encode()]})
    result = cm.matte_frame(frame, client, progress=False)
    assert list(result["status"]) == ["refused"] * 3
    page = cm.write_report(result, tmp_path / "r.html").read_text(encoding="utf-8")
    figure = cm.plot_grid(result)
    words = " ".join(text.get_text() for axes in figure.axes for text in axes.texts)
    told = " ".join(result["error"])
    assert "elsewhere.example.com" in page
    assert "5aed5fa5c9e5" not in page + words.replace("\n", "") + told
