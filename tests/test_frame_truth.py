"""References are found by column, folder or function, and read as what they are."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.frame.reference import read_reference
from cosmat_nb.frame.truth import find_references

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
LINE = [0, 100, 255]


def png(array, mode=None, **settings):
    """Encode an array as PNG, in another mode if one is named."""
    image = Image.fromarray(array)
    file = io.BytesIO()
    (image.convert(mode) if mode else image).save(file, "PNG", **settings)
    return file.getvalue()


def line(*levels):
    """Return one row of pixels."""
    return np.array([levels], np.uint8)


def rgba_of(alpha, color=(10, 200, 30)):
    """Colour a matte evenly."""
    rgba = np.empty((*alpha.shape, 4), np.uint8)
    rgba[..., :3], rgba[..., 3] = color, alpha
    return rgba


def as_sixteen(alpha):
    """Spread 8 bits over 16."""
    return alpha.astype(np.uint16) * 257


@pytest.mark.parametrize(
    "data",
    [
        png(RAMP),
        png(RAMP, "P"),
        png(as_sixteen(RAMP)),
        png(RAMP, "RGB"),
        png(RAMP, transparency=0),
        png(RAMP, "RGB", transparency=(0, 0, 0)),
    ],
    ids=["grey", "palette", "16 bits", "grey rgb", "grey, one clear", "rgb, one clear"],
)
def test_a_grey_file_is_its_grey(data):
    """All 256 levels come back, whatever mode they were saved in."""
    np.testing.assert_array_equal(read_reference(data), RAMP)


def test_a_file_of_one_bit_is_0_and_255():
    """Black is background, white is subject."""
    data = png(line(0, 255, 255), "1")
    assert read_reference(data).tolist() == [[0, 255, 255]]


@pytest.mark.parametrize("kind", ["file", "array", "palette"])
def test_with_an_alpha_channel_colors_come_along(kind):
    """Alpha is the reference, and the colours stay with it."""
    rgba = rgba_of(line(0, 100, 255))
    data = {
        "file": png(rgba),
        "array": rgba,
        "palette": paletted(rgba[0, 0, :3]),
    }[kind]
    found = read_reference(data)
    assert found[0, :, 3].tolist() == LINE
    assert found[0, 2].tolist() == [10, 200, 30, 255]


def paletted(color):
    """Encode three pixels of one colour whose palette holds alpha 0, 100, 255."""
    image = Image.fromarray(line(0, 1, 2), "P")
    image.putpalette([int(level) for level in color] * 3)
    file = io.BytesIO()
    image.save(file, "PNG", transparency=bytes(LINE))
    return file.getvalue()


def test_grey_with_an_alpha_channel_means_alpha():
    """A mode of grey and alpha has an alpha channel like any other."""
    both = np.dstack([line(90, 90, 90), line(*LINE)])
    assert read_reference(png(both, "LA"))[0, :, 3].tolist() == LINE


def test_arrays_stay_as_they_are():
    """8 bits and floats are handed on; bool becomes 0 and 255."""
    assert read_reference(line(*LINE)).tolist() == [LINE]
    floats = np.array([[0.0, 0.25, 1.0]], np.float32)
    assert read_reference(floats).dtype == np.float32
    assert read_reference(floats > 0.1).tolist() == [[0, 255, 255]]
    assert read_reference(np.dstack([line(*LINE)] * 3)).tolist() == [LINE]


def test_a_cutout_is_a_reference():
    """The matte of another run, with its colours."""
    rgba = rgba_of(line(*LINE))
    np.testing.assert_array_equal(read_reference(cutout_of(rgba)), rgba)


def cutout_of(rgba):
    """Make a cutout in memory."""
    return cm.Cutout(
        place="a.jpg",
        options=cm.MattingOptions(),
        data=images.encode_png(rgba),
        height=rgba.shape[0],
        width=rgba.shape[1],
        is_empty=False,
        nbytes=0,
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (png(np.dstack([line(1, 2), line(1, 2), line(9, 2)])), "mode RGB has colours"),
        (np.dstack([line(1, 2), line(1, 2), line(9, 2)]), r"\(1, 2, 3\) has colours"),
        (png(rgba_of(line(255, 255), (90, 90, 90))), "mode RGBA that is grey and opa"),
        (paletted((90, 90, 90)), "mode P that is grey .* save the matte as grey"),
        (line(0, 1, 1), "ends at 1, as labels do: pass 1 as 255, or bool"),
        (png(line(0, 1, 2)), "ends at 2, as labels do"),
        (rgba_of(line(0, 1, 1)), "ends at 1, as labels do"),
        (png(RAMP)[:48], "expected a whole picture"),
        (b"", "expected a picture; got 0 bytes"),
        ("no/such/file.png", "there is no file no/such/file.png"),
        (f"{'n' * 300}.png", "nnn.png cannot be read: File name too long"),
        (Path("half\0way"), "there is no file"),
        (None, "there is none"),
        (np.nan, "there is none"),
        (pd.NA, "there is none"),
        (7, "got int"),
        ([[0, 255]], "got list"),
        (np.zeros((2, 3, 1)), r"of shape \(2, 3, 1\) and dtype float64 is neither"),
        (np.zeros((2, 3, 4)), r"of shape \(2, 3, 4\) and dtype float64 is neither"),
        (np.zeros(4, np.uint8), r"of shape \(4,\) and dtype uint8 is neither"),
    ],
    ids=range(20),
)
def test_what_is_no_reference_is_refused_in_words(value, message):
    """The message says what came; what can be meant in two ways is not guessed."""
    with pytest.raises(cm.CosmatError, match=message):
        read_reference(value)


SIGNED = "https://me:pw5aed@host/x/a.jpg?q-signature=5aed"


@pytest.mark.parametrize(
    "value",
    [SIGNED, f" {SIGNED}{'5aed' * 90}", Path(SIGNED), Path(f"{SIGNED * 9}.png")],
)
def test_an_address_is_not_fetched_and_not_quoted(value):
    """A reference that has to be fetched takes a function; its secrets are not told."""
    with pytest.raises(cm.OptionsError) as caught:
        read_reference(value)
    told = str(caught.value)
    assert "5aed" not in told
    assert re.search("https:/+host/x/a.jpg", told)
    if isinstance(value, str):
        assert "not fetched from an address" in told
        assert told.endswith("pass a function that returns its bytes")


def exif_file(kind, pixels, orientation):
    """Encode pixels with an EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_reference_lies_like_its_picture(kind, orientation):
    """A file with an EXIF orientation is turned as `decode_rgb` turns sources."""
    grey = np.kron(line(0, 0, 0, 255, 0, 255), np.ones((16, 16), np.uint8))
    stored = np.dstack([grey] * 3)
    data = exif_file(kind, stored, orientation)
    turned = read_reference(data) > 127
    upright = images.decode_rgb(data)[..., 0] > 127
    np.testing.assert_array_equal(turned, upright)
    with_alpha = np.dstack([stored // 2, grey])
    alpha = read_reference(exif_file(kind, with_alpha, orientation))[..., 3] > 127
    np.testing.assert_array_equal(alpha, upright)
    if orientation == 6:  # to be turned clockwise by a quarter
        np.testing.assert_array_equal(turned, np.rot90(grey, -1) > 127)


def test_a_pipe_is_not_waited_for(tmp_path):
    """What is no regular file is not opened: it might never end."""
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(cm.OptionsError, match="there is no file"):
        read_reference(tmp_path / "a.png")


def test_an_empty_reference_is_one():
    """No subject is a truth too."""
    assert not read_reference(line(0, 0)).any()


def fill(folder, names):
    """Write a reference of its own level under each name; return name to level."""
    levels = {}
    for level, name in enumerate(names, 100):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(line(level, 0, 0))
        image.save(path, lossless=True) if path.suffix == ".webp" else image.save(path)
        levels[name] = level
    return levels


def levels_of(folder, keys):
    """Return for each key the level of its reference, or why there is none."""
    told = []
    for reference in find_references(pd.DataFrame({"key": keys}), folder):
        try:
            told.append(int(reference.read()[0, 0]))
        except cm.OptionsError as error:
            told.append(str(error))
    return told


@pytest.mark.parametrize(
    ("files", "key", "found"),
    [
        (["mug.png"], "mug.jpg", "mug.png"),
        (["mug.png"], "mug", "mug.png"),
        (["mug.v2.png", "mug.png"], "mug.v2.jpg", "mug.v2.png"),
        (["samples/mug.png", "mug.png"], "samples/mug.jpg", "samples/mug.png"),
        (["mug.png", "other/mug.png"], "samples/mug.jpg", "mug.png"),
        (["mug.tif"], "mug.jpg", "mug.tif"),
        (["mug.PNG"], "mug.jpg", "mug.PNG"),
        (["mug.png"], "mug.JPEG", "mug.png"),
        (["mug.png"], "mug.heic", "mug.png"),
        (["mug.v1.png", "mug.png"], "mug.v1", "mug.v1.png"),
        (["2024.01.05.png"], "2024.01.05", "2024.01.05.png"),
        (["2024.01.05.png"], "https://host/2024.01.05", "2024.01.05.png"),
        (["mug.png.png"], "mug.png.jpg", "mug.png.png"),
        ([".hidden.png"], ".hidden.jpg", ".hidden.png"),
        (["mug.bmp", "mug.png"], "mug.jpg", "mug.png"),
        (["samples/mug.bmp", "mug.png"], "samples/mug.jpg", "samples/mug.bmp"),
        (["mug.png"], "/mug.jpg", "mug.png"),
        (["mug.png"], "https://me:pw@host/x/mug.jpg?sign=5aed", "mug.png"),
        (["a mug.png"], "https://host/a%20mug.jpg", "a mug.png"),
        (["杯.png"], "杯.jpg", "杯.png"),
    ],
)
def test_a_folder_is_searched_by_key_and_then_by_name(tmp_path, files, key, found):
    """The nearest file of the key's own name, PNG before all others."""
    levels = fill(tmp_path, files)
    assert levels_of(tmp_path, [key]) == [levels[found]]


@pytest.mark.parametrize(
    ("files", "key", "reason"),
    [
        ([], "mug.jpg", "there is no mug.png in the folder"),
        (["cup.png"], "x/mug.jpg", "there is no x/mug.png and no mug.png in the fol"),
        (["mug.bmp", "mug.tif"], "mug.jpg", "mug.bmp, mug.tif could all be the refer"),
        (["mug.txt.png"], "mug.jpg", "there is no mug.png"),
        (["x/mug.png"], "mug.jpg", "there is no mug.png"),
        (["mug.png"], "mug.v1", "there is no mug.v1.png in the folder"),
        ([], "https://[host/mug.jpg?sign=5aed", "the key is no address that can"),
        ([], "https://me:pw@host/mug.jpg?sign=5aed", "there is no mug.png"),
        ([], "https://host/mug.jpg%3Fsign=5aed", "there is no mug.png in the folder"),
        ([], "half\0way", "there is no half\0way.png"),
        ([], "", "there is no .png"),
    ],
)
def test_what_a_folder_has_not_is_told(tmp_path, files, key, reason):
    """Nothing, or too much: the row says which names were looked for."""
    fill(tmp_path, files)
    (told,) = levels_of(tmp_path, [key])
    assert told.startswith(reason)
    assert "5aed" not in told
    assert "pw" not in told


def test_a_key_does_not_lead_out_of_the_folder(tmp_path):
    """A key is a stranger's word; the folder's own path may hold anything."""
    fill(tmp_path, ["mug.png", "inside/cup.png"])
    inside = tmp_path / "inside"
    assert levels_of(inside, ["../mug.jpg"])[0].startswith("there is no ../mug.png")
    assert levels_of(inside, [f"{tmp_path}/mug.jpg"])[0].startswith("there is no")
    roundabout = inside / ".." / "inside"
    assert levels_of(roundabout, ["cup.jpg"]) == [101]
    assert levels_of(roundabout, ["x/../../inside/cup.jpg"]) == [101]


def test_a_file_by_name_alone_serves_one_picture(tmp_path):
    """Two pictures of one name in two folders are not scored against one file."""
    fill(tmp_path, ["mug.png", "cup.png"])
    keys = ["a/mug.jpg", "b/mug.jpg", "mug.jpg", "mug.png", "c/cup.jpg", "c/cup.png"]
    told = levels_of(tmp_path, keys)
    assert told[0].endswith("mug.png would serve b/mug too: sort references by key")
    assert told[1].endswith("mug.png would serve a/mug too: sort references by key")
    assert told[2:] == [100, 100, 101, 101]


def test_versions_of_a_name_are_different_pictures(tmp_path):
    """What follows a dot is dropped where it says only which kind of picture it is."""
    levels = fill(tmp_path, ["mug.png", "mug.v2.png"])
    told = levels_of(tmp_path, ["mug.v1", "mug.v2", "mug.jpg", "mug.PNG"])
    assert told[0] == "there is no mug.v1.png in the folder"
    assert told[1:] == [levels["mug.v2.png"], levels["mug.png"], levels["mug.png"]]


def test_a_function_is_asked_by_key():
    """It may return what a cell may hold; nothing is asked before it is read."""
    asked = []

    def truth(key):
        asked.append(key)
        return {"a": line(*LINE), "b": png(RAMP)}.get(key)

    frame = pd.DataFrame({"name": ["a", "b", "c", None]})
    found = find_references(frame, truth, on="name")
    assert asked == []
    assert found[0].read().tolist() == [LINE]
    assert found[1].read().shape == (16, 16)
    with pytest.raises(cm.OptionsError, match="there is none"):
        found[2].read()
    with pytest.raises(cm.OptionsError, match="key must be a string; this cell is emp"):
        found[3].read()
    assert asked == ["a", "b", "c"]


def test_a_column_holds_anything(tmp_path):
    """Each cell is read as what it is; equal words are the same reference."""
    path = tmp_path / "a.png"
    path.write_bytes(png(RAMP))
    cells = [str(path), path, png(RAMP), RAMP, str(path)]
    frame = pd.DataFrame({"mask": cells})
    found = find_references(frame, "mask")
    for reference in found:
        np.testing.assert_array_equal(reference.read(), RAMP)
    assert found[0].identity == found[4].identity != found[1].identity


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ("masks", r"'masks', found none among: key; .* pathlib.Path\('masks'\)"),
        (Path("no/such"), "truth must be a folder; no/such is none"),
        (Path(__file__), "truth must be a folder"),
        (Path("n" * 300), "truth must be a folder"),
        (None, "truth must be the name of a column, .*; not NoneType"),
        (7, "not int"),
        (pd.Series(["a"]), "not Series"),
    ],
)
def test_another_kind_of_truth_is_refused(truth, message):
    """Before anything is read, with the three ways that there are."""
    with pytest.raises(cm.OptionsError, match=message):
        find_references(pd.DataFrame({"key": ["a"]}), truth)


def test_a_folder_needs_keys(tmp_path):
    """Which column holds them can be said."""
    message = re.escape("'key', found none among: name; pass on=")
    with pytest.raises(cm.OptionsError, match=message):
        find_references(pd.DataFrame({"name": ["a"]}), tmp_path)
