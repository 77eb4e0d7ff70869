"""Cutting here: what is taken, what is refused, and that the emulator says the same."""

from __future__ import annotations

import io
import pickle
import tracemalloc

import numpy as np
import pytest
from drawn import scenes
from PIL import Image
from squares import WhiteEngine, draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.emulator.samples import photograph

WHITE = WhiteEngine()


def saved(picture, kind="PNG", **options):
    """Let Pillow write a file."""
    picture = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def turned(orientation=6):
    """EXIF that holds an orientation."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def veiled():
    """Draw the red box on white, its left half half transparent, around it nothing."""
    rgba = np.zeros((64, 96, 4), np.uint8)
    rgba[16:48, 24:72] = (200, 30, 40, 255)
    rgba[16:48, 24:48, 3] = 128
    return rgba


FILES = {
    "photograph": photograph(),
    "turned": saved(draw_square(box=(0, 0, 16, 24)), "JPEG", exif=turned()),
    "CMYK": saved(Image.fromarray(draw_square()).convert("CMYK"), "JPEG"),
    "16 bits": saved(Image.fromarray(draw_square()[..., 1].astype(np.uint16) * 257)),
    "palette": saved(Image.fromarray(draw_square()).quantize(4), transparency=0),
    "transparent": saved(veiled()),
    "nothing there": saved(draw_square(box=(0, 0, 0, 0))),
}
LAYOUTS = [
    cm.MattingOptions(),
    cm.MattingOptions(center=True),
    cm.MattingOptions(padding=(20, 10)),
    cm.MattingOptions(operation="GoodsMatting", center=True, padding=(3, 0)),
]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("engine", ["cosmat", WHITE], ids=["cosmat", "white"])
def test_the_emulator_answers_the_same(name, engine):
    """For the same file both give the same PNG, whatever kind of file it is."""
    with cm.connect_emulator(cm.Emulator(engine=engine)) as client:
        client.put("a", FILES[name])
        theirs = client.matte("a")
    ours = cm.matte_image(FILES[name], engine=engine)
    assert ours.png == theirs.png
    assert (ours.height, ours.width) == (theirs.height, theirs.width)
    assert ours.is_empty == theirs.is_empty
    assert ours.is_empty or name == "nothing there" or ours.alpha.any()


@pytest.mark.parametrize("options", LAYOUTS, ids=str)
def test_layouts_are_the_emulators(options, client):
    """Centring and padding are played as the emulator plays them by default."""
    data = images.encode_png(draw_square(box=(0, 0, 16, 24)))
    client.put("a", data)
    ours = cm.matte_image(data, engine=WHITE, options=options)
    assert ours.png == client.matte("a", options).png
    assert ours.options == options


def test_every_kind_of_argument_is_the_same_picture(tmp_path):
    """A path as str or Path, bytes, an open picture and an array give one answer."""
    pixels = draw_square()
    data = images.encode_png(pixels)
    path = tmp_path / "a picture.png"
    path.write_bytes(data)
    answers = [
        cm.matte_image(each, engine=WHITE)
        for each in (path, str(path), data, Image.open(path), pixels, pixels[:, ::-1])
    ]
    assert len({answer.png for answer in answers[:-1]}) == 1
    assert np.array_equal(answers[-1].rgba, answers[0].rgba[:, ::-1])
    assert [answer.place for answer in answers[:4]] == [
        str(path),
        str(path),
        "picture",
        "picture",
    ]


def test_a_path_may_begin_at_home(tmp_path):
    """A tilde stands for the home folder, as in a shell."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "a.png").write_bytes(images.encode_png(draw_square()))
    assert cm.matte_image("~/a.png", engine=WHITE).alpha.any()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_an_open_picture_is_turned_upright_too(kind):
    """EXIF orientation 6 turns the stored top left corner to the top right."""
    stored = saved(draw_square(box=(0, 0, 16, 32)), kind, exif=turned())
    cutout = cm.matte_image(Image.open(io.BytesIO(stored)), engine=WHITE)
    assert cutout.box == (0, 48, 32, 64)
    assert (cutout.height, cutout.width) == (96, 64)


def test_transparency_bounds_the_answer():
    """Half transparent stays half, what was hidden stays hidden, by file and array."""
    for given in (veiled(), saved(veiled()), Image.fromarray(veiled())):
        alpha = cm.matte_image(given, engine=WHITE).rgba[..., 3]
        assert (alpha[16:48, 24:48] == 128).all()
        assert (alpha[16:48, 48:72] == 255).all()
        assert np.count_nonzero(alpha) == 32 * 48


class KnowingEngine(WhiteEngine):
    """Answers the alpha it was told, whatever the picture."""

    def __init__(self, alpha):
        self.alpha = alpha

    def estimate_alpha(self, picture):  # noqa: ARG002 - the protocol's parameter
        """Return the alpha."""
        return self.alpha


def test_a_cutout_that_is_cut_again_keeps_its_edge():
    """Who finds a scene's exact alpha leaves its exact cutout, and fades no edge."""
    scene = scenes()["glass-bottle"]
    exact = np.rint(scene.alpha * 255).astype(np.uint8)
    rgba = np.dstack([scene.picture, exact])
    again = cm.matte_image(rgba, engine=KnowingEngine(scene.alpha)).rgba[..., 3]
    assert np.array_equal(again, exact)
    assert (cm.matte_image(rgba).rgba[..., 3] <= exact).all()


def test_what_is_cut_stands_where_it_stood():
    """The package's own network finds a drawn mug on paper: IoU over 0.8."""
    scene = scenes()["mug"]
    alpha = cm.matte_image(scene.picture).alpha
    one, two = alpha > 0.5, scene.alpha > 0.5
    assert (one & two).sum() / (one | two).sum() > 0.8


def test_a_cutout_tells_who_cut_it():
    """Engine and version stand in `service`, and no request was made."""
    cutout = cm.matte_image(draw_square(), engine=WHITE)
    assert (cutout.service, cutout.attempts) == ("local white 1", 0)
    own = cm.matte_image(draw_square())
    assert own.service == f"local cosmat {cm.get_engine().version}"


def test_a_cutout_knows_its_source():
    """`before()` shows what was cut, upright; after pickling nobody does."""
    cutout = cm.matte_image(FILES["turned"], engine=WHITE)
    assert np.array_equal(cutout.before(), images.decode_rgb(FILES["turned"]))
    copy = pickle.loads(pickle.dumps(cutout))
    assert (copy.png, copy.service) == (cutout.png, cutout.service)
    with pytest.raises(cm.OptionsError, match="cannot fetch its source"):
        copy.before()


def test_a_cutout_of_a_file_keeps_no_pixels_of_it():
    """A loop over files holds what the files hold, and not ten times as much."""
    data = saved(np.full((1000, 1000, 3), 255, np.uint8))
    tracemalloc.start()
    try:
        cutout = cm.matte_image(data, engine=WHITE)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1_000_000
    assert cutout.before().shape == (1000, 1000, 3)


def test_the_argument_is_left_as_it_was():
    """Neither an array nor an open picture changes."""
    pixels, opened = veiled(), Image.fromarray(veiled())
    cm.matte_image(pixels, engine=WHITE)
    cm.matte_image(opened, engine=WHITE)
    assert np.array_equal(pixels, veiled())
    assert np.array_equal(np.asarray(opened), veiled())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("https://example.com/a.jpg?sign=hidden", "client.matte_url"),
        ("samples/mug.jpg", r"no file 'samples/mug.jpg'.*client.matte\(key\)"),
        ("a\0b.jpg", "cannot read"),
        (".", "cannot read"),
        ("~nosuchuser/a.jpg", "cannot read '~nosuchuser/a.jpg'"),
        ("data:image/png;base64," + "QUJD" * 90_000, "data:image/png;base64,QUJD.*…'"),
        (None, "not NoneType"),
        (["a.jpg"], "not list"),
        (np.zeros((40, 40), np.uint8), "3 or 4"),
        (np.zeros((40, 40, 2), np.uint8), "3 or 4"),
        (np.zeros((0, 40, 3), np.uint8), "at least one pixel"),
        (np.zeros((40, 40, 3)), "float64"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_picture_is_refused(given, words, monkeypatch, tmp_path):
    """Addresses, keys, folders and other shapes are told; no query is shown."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(cm.OptionsError, match=words) as caught:
        cm.matte_image(given, engine=WHITE)
    assert "hidden" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("given", "words", "large"),
    [
        (b"just text", "of no known format", False),
        (b"", "an empty file", False),
        (saved(draw_square(), "WEBP"), "WEBP", False),
        (saved(draw_square(), "JPEG")[:-60], "a whole picture", False),
        (draw_square(31, 96), "at least 32", False),
        (np.zeros((32, 7681, 3), np.uint8), "may have 7680", True),
        (Image.new("L", (4321, 4321)), "may have 4320", True),
        (bytes(33 << 20), "of no known format", False),
        (FILES["turned"] + bytes(32 << 20), "may have 33554432", False),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else "",
)
def test_a_bad_picture_is_refused_as_the_service_does(given, words, large):
    """The limits of the emulator are kept, whatever the picture comes as."""
    with pytest.raises(cm.ImageError, match=words) as caught:
        cm.matte_image(given, engine=WHITE)
    assert caught.value.too_large == large


def test_a_bad_file_is_named(tmp_path):
    """In a loop over files the error tells which one: damaged, or far too large."""
    damaged, film = tmp_path / "damaged.jpg", tmp_path / "film.mp4"
    damaged.write_bytes(saved(draw_square(), "JPEG")[:-60])
    headless = tmp_path / "headless.png"
    headless.write_bytes(images.encode_png(draw_square())[:20])
    with film.open("wb") as file:
        file.truncate(1 << 40)  # a hole, which takes no room until somebody reads it
    for path in (damaged, headless, film):
        with pytest.raises(cm.ImageError, match=f"{path.name}: "):
            cm.matte_image(path, engine=WHITE)


def test_a_closed_picture_is_refused(tmp_path):
    """A picture whose file is closed before it was read is an error of ours."""
    path = tmp_path / "a.png"
    path.write_bytes(images.encode_png(draw_square()))
    opened = Image.open(path)
    opened.close()
    with pytest.raises(cm.ImageError, match="a whole picture"):
        cm.matte_image(opened, engine=WHITE)


@pytest.mark.parametrize("engine", ["magic", "u2netp", "missing.onnx"])
def test_an_engine_that_is_not_there_is_refused(engine):
    """Its name is told, before the picture is looked at."""
    with pytest.raises(cm.OptionsError, match=engine):
        cm.matte_image("missing.jpg", engine=engine)


def test_options_of_another_kind_are_refused():
    """A dict is no set of options."""
    with pytest.raises(cm.OptionsError, match="not dict"):
        cm.matte_image(draw_square(), options={"center": True})
