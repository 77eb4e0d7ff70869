"""What may be asked for, what is refused, and what lies behind a picture."""

from __future__ import annotations

import dataclasses
import json
import pickle

import numpy as np
import pytest
from PIL import Image
from rendered import to_file

from cosmat_nb.dataset.pictures.backdrop import read_backdrop
from cosmat_nb.dataset.pictures.rendering import Rendering
from cosmat_nb.errors import OptionsError


@pytest.fixture
def picture(tmp_path):
    """A file of two halves, red above blue, 4 × 2 px."""
    pixels = np.zeros((4, 2, 3), np.uint8)
    pixels[:2, :, 0] = pixels[2:, :, 2] = 255
    path = tmp_path / "secret folder" / "wall.png"
    path.parent.mkdir()
    path.write_bytes(to_file(pixels, "PNG"))
    return path


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"image": "photo"}, "image must be 'source' or 'cutout' or 'composite'"),
        ({"file": "gif"}, "file must be 'auto'"),
        ({"file": None}, "file must be"),
        ({"colors": "guessed"}, "colors must be"),
        ({"wipe": 1}, "wipe must be True or False; not 1"),
        ({"premultiplied": "no"}, "premultiplied must be True or False"),
        ({"alpha_bits": 12}, "alpha_bits must be 8 or 16; not 12"),
        ({"alpha_bits": "8"}, "alpha_bits must be"),
        ({"quality": 0}, "quality must be a whole number from 1 to 100; not 0"),
        ({"quality": 101}, "quality must be"),
        ({"quality": 92.0}, "quality must be"),
        ({"quality": True}, "quality must be"),
        ({"trimap_radius": -1}, "trimap_radius must be"),
        ({"trimap_radius": 1001}, "from 0 to 1000"),
        ({"size": 0}, "size must be a whole number from 1"),
        ({"size": True}, "size must be"),
        ({"size": 20.5}, "size must be"),
        ({"size": (20,)}, r"\(height, width\)"),
        ({"size": (20, 0)}, r"\(height, width\)"),
        ({"size": (1, 2, 3)}, r"\(height, width\)"),
        ({"size": (20_000, 20_000)}, "px together"),
        ({"background": None}, "a colour or a picture"),
        ({"background": (1, 2, 300)}, "0 to 255"),
        ({"background": "no colour"}, "no picture that can be read: No such file"),
        ({"background": __file__}, "no picture that can be read: expected a picture"),
        ({"background": "a\0b"}, "no picture that can be read"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(settings, message):
    """The error names the setting, what is possible and what came."""
    with pytest.raises(OptionsError, match=message):
        Rendering(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"image": "cutout", "file": "jpeg"}, 'no alpha.* file="png".*"composite"'),
        ({"image": "source", "premultiplied": True}, 'choose image="cutout"'),
        ({"image": "composite", "premultiplied": True}, 'choose image="cutout"'),
        ({"image": "composite", "wipe": False}, 'choose image="cutout"'),
        ({"image": "source", "colors": "estimated"}, 'choose colors="returned"'),
        ({"image": "cutout", "wipe": False, "size": 9}, "leave one of them out"),
        (
            {"image": "cutout", "wipe": False, "premultiplied": True},
            "leave one of them out",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings, message):
    """Nothing that was asked for is dropped silently: the error says what to choose."""
    with pytest.raises(OptionsError, match=message):
        Rendering(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"image": "cutout", "wipe": False},
        {"image": "cutout", "premultiplied": True, "size": 9},
        {"image": "cutout", "colors": "estimated", "file": "webp"},
        {"image": "composite", "colors": "estimated", "file": "jpeg"},
        {"trimap_radius": 0, "quality": 1, "alpha_bits": 16},
    ],
)
def test_what_goes_together_is_taken(settings):
    """Settings that agree make a value that holds them."""
    rendering = Rendering(**settings)
    assert {name: getattr(rendering, name) for name in settings} == settings


def test_a_size_is_rows_before_columns_and_whole():
    """A list and numbers of numpy become a tuple of plain ones, order kept."""
    assert Rendering(size=[np.int64(48), 64]).size == (48, 64)
    assert type(Rendering(size=np.int32(7)).size) is int


def test_a_rendering_is_a_value(picture):
    """It is frozen, and equal ones hash alike and survive pickling."""
    rendering = Rendering(image="composite", background=picture)
    again = pickle.loads(pickle.dumps(rendering))
    assert again == rendering
    assert hash(again) == hash(rendering)
    assert np.array_equal(again.backdrop.pixels, rendering.backdrop.pixels)
    with pytest.raises(dataclasses.FrozenInstanceError):
        rendering.size = 3
    assert dataclasses.replace(rendering, size=3).size == 3


def test_backgrounds_that_look_the_same_are_equal(picture):
    """Colours are equal by their numbers, pictures by their bytes, not their names."""
    assert Rendering(background="red") == Rendering(background=(255, 0, 0))
    assert Rendering(background="red") != Rendering(background="blue")
    copy = picture.with_name("other.png")
    copy.write_bytes(picture.read_bytes())
    assert Rendering(background=str(copy)) == Rendering(background=picture)
    copy.write_bytes(to_file(np.zeros((4, 2, 3), np.uint8), "PNG"))
    assert Rendering(background=str(copy)) != Rendering(background=picture)


def test_settings_are_json_without_a_path(picture):
    """The manifest tells every setting; of a picture its name and digest, no folder."""
    told = Rendering(image="composite", background=picture, size=(3, 4)).settings()
    text = json.dumps(told)
    assert "secret" not in text
    assert told["size"] == [3, 4]
    assert told["background"]["picture"] == "wall.png"
    assert len(told["background"]["sha256"]) == 64
    names = {each.name for each in dataclasses.fields(Rendering)} - {"backdrop"}
    assert told.keys() == names
    assert Rendering(background=(1, 2, 255)).settings()["background"] == "#0102ff"


@pytest.mark.parametrize(
    ("settings", "needed"),
    [
        ({}, True),
        ({"image": "cutout"}, False),
        ({"image": "composite"}, False),
        ({"image": "cutout", "colors": "estimated"}, True),
    ],
)
def test_it_is_known_beforehand_whether_sources_are_needed(settings, needed):
    """Sources are read for themselves and for estimated colours, else never."""
    assert Rendering(**settings).needs_source is needed


def test_a_picture_covers_and_its_middle_stays(picture):
    """A tall picture behind a flat canvas loses as much above as below."""
    behind = read_backdrop(picture).cover(2, 2)
    assert behind.shape == (2, 2, 3)
    # Bicubic at the same scale is exact: rows 1 and 2 of the four.
    assert behind.tolist() == [[[255, 0, 0]] * 2, [[0, 0, 255]] * 2]


def test_a_picture_keeps_its_proportions():
    """A square stays square on every canvas: it is enlarged by one factor."""
    pixels = np.zeros((30, 30, 3), np.uint8)
    pixels[10:20, 10:20] = 255
    backdrop = dataclasses.replace(read_backdrop("white"), color=None, pixels=pixels)
    for height, width in ((60, 90), (90, 60), (17, 31)):
        white = backdrop.cover(height, width)[..., 0] > 127
        sides = np.ptp(np.nonzero(white), axis=1) + 1
        assert abs(sides - max(height, width) / 3).max() <= 1
        assert white[height // 2, width // 2]


def test_every_canvas_is_covered(picture):
    """Any height and width is filled, one pixel and long strips too."""
    backdrop = read_backdrop(str(picture))
    for shape in ((1, 1), (1, 999), (999, 1), (7, 13), (641, 333)):
        assert backdrop.cover(*shape).shape == (*shape, 3)


def test_a_picture_is_turned_upright(tmp_path):
    """A background lies as a viewer shows it."""
    exif = Image.Exif()
    exif[274] = 6
    path = tmp_path / "wall.jpg"
    path.write_bytes(to_file(np.zeros((4, 8, 3), np.uint8), "JPEG", exif=exif))
    assert read_backdrop(path).pixels.shape == (8, 4, 3)


def test_a_picture_is_read_once(picture):
    """What happens to the file afterwards changes nothing."""
    backdrop = read_backdrop(picture)
    picture.unlink()
    assert backdrop.cover(4, 2)[0, 0].tolist() == [255, 0, 0]


def test_laying_over_mixes_by_alpha(picture):
    """Each level is ``alpha F + (1 - alpha) B``, rounded, B the pixel behind."""
    rgba = np.zeros((4, 2, 4), np.uint8)
    rgba[..., 1] = 200
    rgba[:, 0, 3] = 0, 255, 51, 128
    laid = read_backdrop(picture).lay(rgba)
    # 200 * 51 / 255 = 40; 255 * 204 / 255 = 204; 200 * 128 / 255 = 100.4; 127.
    assert laid[:, 0].tolist() == [
        [255, 0, 0],
        [0, 200, 0],
        [0, 40, 204],
        [0, 100, 127],
    ]
    assert laid[:, 1].tolist() == [[255, 0, 0]] * 2 + [[0, 0, 255]] * 2
