"""Grids of thumbnails, judged by what is written and drawn."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from squares import draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.errors import OptionsError
from cosmat_nb.view.grid.grid import grid
from cosmat_nb.view.thumbs import thumbnail_of

HOSTILE = '<script>alert(1)</script> & "quotes" \u202eevil.jpg'
SIGNED = "https://me:pw5aed@h.example/a.jpg?q-signature=5aed"
IMAGE = re.compile(r'<img alt="(.*?)" width="(\d+)" height="(\d+)" src="data:(.*?)"')


def draw_cutout(key="a.jpg", shape=(300, 200), seed=None, source=None):
    """A cutout in memory: a red frame around a green half-transparent middle."""
    pixels = np.zeros((*shape, 4), np.uint8)
    pixels[:] = (255, 0, 0, 255)
    pixels[shape[0] // 4 : -(shape[0] // 4)] = (0, 255, 0, 128)
    if seed is not None:
        pixels = np.random.default_rng(seed).integers(0, 256, (*shape, 4), np.uint8)
    return cm.Cutout(
        place=key,
        options=cm.MattingOptions(),
        data=images.encode_png(pixels),
        height=shape[0],
        width=shape[1],
        is_empty=False,
        nbytes=0,
        source=source,
    )


@pytest.fixture(scope="module")
def table():
    """Five rows: three with cutouts, one of them hostile, two without."""
    keys = ["a.jpg", HOSTILE, "c.jpg", "failed.jpg", SIGNED]
    return pd.DataFrame(
        {
            "key": keys,
            "status": ["ok", "ok", "empty", "error", "refused"],
            "cutout": [*map(draw_cutout, keys[:3]), None, None],
            "error": [None, None, None, "NoSuchKey: <gone>", f"no {SIGNED}"],
            "coverage": [0.3, 0.1, 0.2, None, None],
            "parts": pd.array([1, 9, 1, pd.NA, pd.NA], "Int64"),
            "name": ["b", None, "a", "c", "c"],
        },
        index=["x", "x", "y", "z", "w"],
    )


def pictures(sheet):
    """Alt, width, height and pixels of every picture of a grid."""
    for alt, width, height, data in IMAGE.findall(sheet._repr_html_()):
        kind, _, text = data.partition(";base64,")
        assert kind == "image/webp"
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))
        yield alt, int(width), int(height), pixels


@pytest.mark.parametrize(
    ("arguments", "order"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"by": "coverage"}, [1, 2, 0, 3, 4]),
        ({"by": "coverage", "ascending": False}, [0, 2, 1, 3, 4]),
        ({"by": "parts"}, [1, 0, 2, 3, 4]),
        ({"by": "parts", "ascending": True}, [0, 2, 1, 3, 4]),
        ({"by": "name"}, [2, 0, 3, 4, 1]),
        ({"by": "name", "ascending": False}, [3, 4, 0, 2, 1]),
        ({"by": "coverage", "worst": 2}, [1, 2]),
        ({"by": "coverage", "worst": np.int64(4)}, [1, 2, 0, 3]),
    ],
)
def test_the_worst_come_first_and_what_has_no_number_last(table, arguments, order):
    """Low coverage, many parts, A to Z; rows alike stay in order, labels may repeat."""
    sheet = grid(table, **arguments)
    assert list(sheet.frame["key"]) == [table["key"].iloc[i] for i in order]
    shown = re.findall(r"<div><bdi>(.*?)</bdi></div>", sheet._repr_html_())
    assert len(shown) == len(order)
    assert ("a.jpg" in shown) == (0 in order)


def test_severities_are_sorted_by_their_own_order(table):
    """A categorical column knows which of its values is more than another."""
    kinds = pd.CategoricalDtype(["low", "medium", "high"], ordered=True)
    values = pd.Series(["medium", "high", "low", None, "high"], table.index)
    sheet = grid(table.assign(severity=values.astype(kinds)), by="severity")
    assert list(sheet.frame["severity"][:4]) == ["high", "high", "medium", "low"]


def test_the_frame_of_a_grid_is_the_rows_shown(table):
    """With all columns and their own labels."""
    sheet = grid(table, by="coverage", worst=2)
    pd.testing.assert_frame_equal(sheet.frame, table.iloc[[1, 2]])
    assert repr(sheet) == "Grid(heading='2 of 5 rows; coverage, smallest first')"


def test_a_thumbnail_is_the_cutout_made_small():
    """Colours nearly, alpha exactly, the longer side as asked for."""
    data = thumbnail_of(draw_cutout(), 60)
    pixels = images.decode_rgba(data)
    assert pixels.shape == (60, 40, 4)
    assert pixels[30, 20, 3] == 128
    assert np.abs(pixels[30, 20].astype(int) - (0, 255, 0, 128)).max() < 12
    assert np.abs(pixels[3, 20].astype(int) - (255, 0, 0, 255)).max() < 12


def test_a_tile_shows_before_and_cutout_with_words(table):
    """A source is fetched once for all its rows; alt texts name what they show."""
    asked = []

    def fetch(key):
        asked.append(key)
        return images.encode_jpeg(draw_square(100, 50))

    rows = table.iloc[[0, 0, 2]]
    found = list(pictures(grid(rows, before=fetch, side=64)))
    assert sorted(asked) == ["a.jpg", "c.jpg"]
    assert [(alt, w, h, p.shape) for alt, w, h, p in found] == [
        ("before of a.jpg", 32, 64, (64, 32, 3)),
        ("cutout of a.jpg", 43, 64, (64, 43, 4)),
    ] * 2 + [
        ("before of c.jpg", 32, 64, (64, 32, 3)),
        ("cutout of c.jpg", 43, 64, (64, 43, 4)),
    ]


def test_a_matte_is_the_alpha(table):
    """Grey, white where the subject is, as in the thumbnail of the cutout."""
    ((alt, _, _, pixels),) = pictures(grid(table.head(1), view="matte"))
    assert alt == "matte of a.jpg"
    assert np.abs(pixels[5, 5].astype(int) - 255).max() < 4
    assert np.abs(pixels[56, 37].astype(int) - 128).max() < 4


@pytest.mark.parametrize(
    ("before", "note"), [(None, False), (True, True), (False, False)]
)
def test_cutouts_that_remember_no_source_are_shown_alone(table, before, note):
    """Only who insists on sources is told that there is none."""
    sheet = grid(table.head(1), before=before)
    assert len(list(pictures(sheet))) == 1
    assert ("source: OptionsError" in sheet.body) == note


def test_rows_without_a_cutout_say_why(table):
    """With status and reason, escaped, and without the secrets of an address."""
    body = grid(table.iloc[3:])._repr_html_()
    assert "<b>error</b> <bdi>NoSuchKey: &lt;gone&gt;</bdi>" in body
    assert "<b>refused</b> <bdi>no https://h.example/a.jpg</bdi>" in body
    assert "5aed" not in body


@pytest.mark.parametrize("column", ["key", "note", HOSTILE])
def test_words_are_text_wherever_they_stand(table, column):
    """Keys, values and names of columns, in captions and alt texts."""
    frame = table.assign(**{column: HOSTILE})
    sheet = grid(frame, by=column, captions=("status", "error"))
    body = sheet._repr_html_()
    assert "<script" not in body
    assert '"quotes"' not in body
    assert body.count("&lt;script&gt;") >= 5
    assert not re.search(r'\bid=|var\(--|<style|\son\w+=|(?:src|href)="(?!data:)', body)


def test_a_link_in_a_caption_loses_its_secrets(table):
    """A column of signed addresses may be quoted, and sorted by."""
    sheet = grid(table.assign(url=SIGNED), by="url")
    assert "https://h.example/a.jpg" in sheet.body
    assert "5aed" not in sheet.body


def test_captions_begin_with_the_column_sorted_by(table):
    """Then come those asked for, as far as the frame has them, each once."""
    body = grid(table.head(1), by="parts", captions=("coverage", "parts", "no")).body
    words = re.findall(r"<bdi>(\w+)</bdi>&nbsp;<bdi>(.*?)</bdi>", body)
    assert words == [("parts", "1"), ("coverage", "0.300")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000"),
        (1e-5, "1e-05"),
        (-2.5e9, "-2.5e+09"),
        (np.float32(0.25), "0.250"),
        (np.inf, "inf"),
        (np.nan, "–"),
        (pd.NaT, "–"),
        (None, "–"),
        ([1, 2], "[1, 2]"),
        ("x" * 500, "x" * 119 + "…"),
    ],
)
def test_values_are_written_short_and_no_small_number_as_zero(table, value, text):
    """Whatever a column holds becomes a few words."""
    frame = table.head(1).assign(value=pd.Series([value], ["x"], dtype=object))
    body = grid(frame, captions=("value",)).body
    assert f"<bdi>value</bdi>&nbsp;<bdi>{text}</bdi>" in body


def test_long_keys_keep_their_end(table):
    """Keys of a set begin alike."""
    frame = table.tail(1).assign(key="folder/" * 100 + "mug.jpg")
    (shown,) = re.findall(r"<div><bdi>(.*?)</bdi></div>", grid(frame).body)
    assert len(shown) == 120
    assert shown.startswith("…")
    assert shown.endswith("folder/mug.jpg")


def noisy(count, shape=(150, 150)):
    """A frame of noise, which nothing compresses."""
    cutouts = [draw_cutout(f"{i}.jpg", shape, seed=i) for i in range(count)]
    return pd.DataFrame({"cutout": cutouts})


@pytest.mark.parametrize(
    ("count", "most", "bound"), [(200, None, 1000), (24, None, 120), (5, 30, 30)]
)
def test_noise_is_made_smaller_until_it_fits(count, most, bound):
    """The bound holds, all rows are shown in their size, and the last line tells."""
    sheet = grid(noisy(count), worst=200, max_kb=most)
    body = sheet._repr_html_()
    assert len(body.encode()) <= bound * 1000
    assert len(sheet.frame) == count
    assert f"To stay within {bound} kB, pictures were made" in body
    assert {(w, h) for _, w, h, _ in pictures(sheet)} == {(112, 112)}


def test_rows_without_room_are_counted():
    """When pictures of a few px do not fit either, the last rows go."""
    sheet = grid(noisy(60), worst=60, max_kb=10)
    count = len(sheet.frame)
    assert 5 < count < 60
    assert len(sheet.body.encode()) <= 10_000
    assert f"For {60 - count} more rows there was no room within 10 kB." in sheet.body
    assert f"{count} of 60 rows" in sheet.body
    assert len(list(pictures(sheet))) == count


def test_what_fits_is_not_touched(table):
    """No second compression, and no footer."""
    sheet = grid(table.head(1))
    ((*_, pixels),) = pictures(sheet)
    whole = images.decode_rgba(thumbnail_of(table["cutout"].iloc[0], 112))
    assert np.array_equal(pixels, whole)
    assert "To stay within" not in sheet.body


def test_an_empty_frame_is_a_sheet_without_tiles(table, tmp_path):
    """Not an error: a filter may leave nothing."""
    sheet = grid(table.head(0), by="coverage")
    assert "0 of 0 rows" in sheet.body
    assert "<figure" not in sheet.body
    assert images.read_header(sheet.save(tmp_path / "e.png").read_bytes()).width >= 96


@pytest.mark.usefixtures("any_text")
def test_half_characters_are_escaped(table, tmp_path):
    """A file's name may hold them, and no notebook or page can."""
    frame = table.tail(1).assign(key="a\udcff.jpg")
    sheet = grid(frame)
    assert "a\\udcff.jpg" in sheet.body.encode().decode()
    assert "a\\udcff.jpg" in sheet.save(tmp_path / "h.html").read_text()
    sheet.save(tmp_path / "h.png")


def test_a_page_holds_everything_itself(table, tmp_path):
    """One file, with a language, a title and a heading."""
    path = grid(table).save(str(tmp_path / "g.HTML"))
    page = path.read_text(encoding="utf-8")
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert "<main><h1>Cutouts</h1>" in page
    assert page.count("<img ") == 3
    assert not re.search(r'(?:src|href)="(?!data:)|url\(|@import', page)


def test_a_contact_sheet_shows_the_thumbnails(table, tmp_path):
    """Side by side over the board, with words under them."""
    path = grid(table.iloc[[0, 0, 2]], columns=2, side=64).save(tmp_path / "g.png")
    pixels = np.asarray(Image.open(path)).astype(int)
    # The first picture's corner is after the heading; two columns are 132 px apart.
    for left in (12, 12 + 120 + 12):
        assert np.abs(pixels[42, left + 2] - (255, 0, 0)).max() < 12
    words = pixels[40 + 64 + 4 : 40 + 64 + 20, 12:132]
    assert words.min() < 100


def test_words_of_a_contact_sheet_follow_their_pictures(tmp_path):
    """Under a flat picture they begin 6 px below it, and the sheet is no taller."""
    flat = pd.DataFrame({"cutout": [draw_cutout(shape=(50, 200))]})
    sheet = grid(flat, side=100, captions=())
    pixels = np.asarray(Image.open(sheet.save(tmp_path / "g.png")))
    # Heading to row 40, a picture of 100 by 25 px, 8 px, one line of 16 px, 12 px.
    assert pixels.shape[0] == 40 + 25 + 8 + 16 + 12
    assert pixels[40 + 25 + 6 : 40 + 25 + 22, 12:112].min() < 100


def test_no_line_of_a_caption_ends_with_a_mark_between(table):
    """Numbers are kept apart by room, wherever a line breaks."""
    page = grid(table.head(1), captions=("coverage", "parts"))._repr_html_()
    found = re.findall(r'<span style="display:inline-block;margin:0 10px 0 0">', page)
    assert len(found) == 2
    assert "·" not in page


def test_another_kind_of_file_is_refused(table, tmp_path):
    """Before anything is written, and what cannot be written is told."""
    sheet = grid(table.head(1))
    with pytest.raises(OptionsError, match=r"\.html or \.png; not 'g\.jpg'"):
        sheet.save(tmp_path / "g.jpg")
    for name in ("none/g.png", "none/g.html"):
        with pytest.raises(OptionsError, match="cannot write"):
            sheet.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": "sad_k"}, "one column 'sad_k'.*measure_frame"),
        ({"by": "cutout"}, "'cutout' cannot be compared"),
        ({"ascending": True}, "ascending needs a column"),
        ({"by": "parts", "ascending": 1}, "ascending must be True or False; not 1"),
        ({"worst": 0}, "worst must be a whole number from 1 to 200; not 0"),
        ({"worst": True}, "worst must be a whole number from 1 to 200; not True"),
        ({"worst": 2.5}, "worst must be a whole number from 1 to 200; not 2.5"),
        ({"side": 600}, "side must be a whole number from 32 to 512; not 600"),
        ({"columns": 0}, "columns must be a whole number from 1 to 50; not 0"),
        ({"max_kb": 9}, "max_kb must be a whole number from 10 to 100000; not 9"),
        ({"view": "before"}, "view must be 'cutout' or 'matte'; not 'before'"),
        ({"before": 5}, "before must be True, False or a function"),
        ({"captions": "parts"}, "captions are several names"),
    ],
)
def test_what_cannot_be_shown_says_what_to_do(table, arguments, message):
    """The error names what is wrong and what is expected."""
    with pytest.raises(OptionsError, match=message):
        grid(table, **arguments)


def test_a_frame_without_cutouts_is_refused(table):
    """And something else than a frame."""
    with pytest.raises(OptionsError, match=r"'cutout'.*matte_frame"):
        grid(table.drop(columns="cutout"))
    with pytest.raises(OptionsError, match="expected a DataFrame; got list"):
        grid([1])


def test_columns_named_twice_are_not_quoted(table):
    """The rest of the frame is shown."""
    frame = pd.concat([table, table[["parts"]]], axis=1)
    assert "<bdi>parts</bdi>" not in grid(frame).body
    with pytest.raises(OptionsError, match="found 2"):
        grid(frame, by="parts")


def test_no_status_and_no_name_of_a_column_tells_a_secret(table):
    """Links stand in both when a table was put together by hand."""
    link = "https://u:p@example.com/x.jpg?q-signature=5aed"
    frame = table.assign(status=f"failed: {link}", **{link: 0.5})
    body = grid(frame, by=link, captions=[link])._repr_html_()
    assert "failed: https://example.com/x.jpg" in body
    assert "5aed" not in body
    assert "u:p" not in body
