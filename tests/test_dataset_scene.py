"""A scene draws itself: labels that add up, always the same, nothing hidden."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from composed import SMALL, WALL, cutout_of, frame_of, one_scene, paint
from PIL import Image

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.dataset.compose.layering import Laid, mix, share_out
from cosmat_nb.dataset.compose.placement import Placement
from cosmat_nb.dataset.compose.recipe import Recipe
from cosmat_nb.dataset.compose.shadow import Shadow
from cosmat_nb.dataset.compose.turning import turn, turned_size
from cosmat_nb.matting.layout import Box

UNSCALED = Recipe(
    size=(60, 80),
    subjects=(1, 1),
    scale=(40 / 60, 40 / 60),
    flip=False,
    shadow=None,
    enlarge=1,
)
"""A subject of 40 px keeps its pixels."""


def one_color(rgba, size=(1, 1)):
    """A layer of one colour."""
    return Laid(np.full((*size, 4), rgba, np.uint8), 0, 0)


def numbered(scene, **changes):
    """The same scene with other settings."""
    return dataclasses.replace(scene, **changes)


def place_first(scene, **changes):
    """The same scene with its first subject elsewhere."""
    layer = scene.layers[0]
    moved = dataclasses.replace(layer, place=layer.place._replace(**changes))
    return numbered(scene, layers=(moved, *scene.layers[1:]))


def test_two_half_layers_share_a_pixel_as_worked_out_by_hand():
    """128 in front; behind it 128 · 127/255 = 63.7; together 191.7 of 255."""
    shares, total = share_out([one_color((0, 0, 0, 128))] * 2, (1, 1), 255)
    assert [int(share[0, 0]) for share in shares] == [64, 128]
    assert total.tolist() == [[192]]
    assert total.dtype == np.uint8


def test_sixteen_bits_keep_what_eight_round():
    """128 · 127/255 of 255 is 63.749; times 257 it is 16383.5, told within a level."""
    shares, total = share_out([one_color((0, 0, 0, 128))] * 2, (1, 1), 65535)
    assert int(shares[1][0, 0]) == 128 * 257
    assert abs(int(shares[0][0, 0]) - 65535 * (128 / 255) * (127 / 255)) <= 1
    assert total.dtype == np.uint16
    assert int(total[0, 0]) == int(shares[0][0, 0]) + int(shares[1][0, 0])


@pytest.mark.parametrize("largest", [255, 65535])
def test_an_opaque_layer_hides_all_behind_it(largest):
    """What lies behind has a share of exactly 0, and the picture its colour not."""
    layers = [one_color((255, 0, 0, 200)), one_color((0, 0, 255, 255))]
    shares, total = share_out(layers, (1, 1), largest)
    assert int(shares[0][0, 0]) == 0
    assert int(total[0, 0]) == largest
    white = np.full((1, 1, 3), 255, np.uint8)
    assert mix(white, layers, shares, largest).tolist() == [[[0, 0, 255]]]


@pytest.mark.parametrize("largest", [255, 65535])
def test_a_layer_with_nothing_in_front_keeps_every_alpha(largest):
    """All 256 values come back as they were, in either depth."""
    ramp = np.zeros((1, 256, 4), np.uint8)
    ramp[0, :, 3] = np.arange(256)
    back = Laid(np.full((1, 256, 4), 77, np.uint8), 0, 0)
    shares, _ = share_out([back, Laid(ramp, 0, 0)], (1, 256), largest)
    assert (shares[1][0] // (largest // 255)).tolist() == list(range(256))


def test_colours_are_mixed_in_srgb_values_and_rounded_once():
    """Half of 255 and half of 0 are 128, as stored; linear light would say 188."""
    layer = one_color((255, 255, 255, 128))
    black = np.zeros((1, 1, 3), np.uint8)
    assert mix(black, [layer], [np.array([[128]], np.uint8)], 255).max() == 128


def test_labels_make_the_picture_again():
    """Background, colours and labels give the image, pixel by pixel."""
    recipe = Recipe(size=(60, 80), subjects=(3, 3), overlap=1, scale=(0.5, 0.9))
    scene = one_scene(recipe=recipe)
    drawn, behind = scene.draw(), scene.draw_background()
    assert len(drawn.subjects) == 3
    again = behind * (255.0 - drawn.alpha[..., None])
    for subject, layer in zip(drawn.subjects, scene.layers, strict=True):
        color = np.zeros((60, 80, 3))
        place = layer.place
        color[place.row : place.foot, place.col : place.col + place.width] = (
            layer.draw()[..., :3]
        )
        again += subject.alpha[..., None] * color
    assert np.abs(again / 255 - drawn.image).max() <= 0.5 + 1e-9


def test_a_subject_that_is_not_scaled_keeps_the_cutouts_own_pixels():
    """Alpha to the byte; colours to the byte where it is opaque."""
    rgba = paint(1, 40, 40)
    # The blob's box is smaller than its canvas; the frame is chosen to fit it.
    box = cutout_of(rgba).box
    recipe = dataclasses.replace(UNSCALED, scale=(box.size[0] / 60,) * 2)
    scene = one_scene(frame_of(1).assign(cutout=[cutout_of(rgba)]), recipe=recipe)
    drawn, place = scene.draw(), scene.layers[0].place
    inner = rgba[box.min_row : box.max_row, box.min_col : box.max_col]
    window = (
        slice(place.row, place.foot),
        slice(place.col, place.col + place.width),
    )
    np.testing.assert_array_equal(drawn.subjects[0].alpha[window], inner[..., 3])
    opaque = inner[..., 3] == 255
    np.testing.assert_array_equal(drawn.image[window][opaque], inner[opaque][:, :3])
    np.testing.assert_array_equal(drawn.alpha, drawn.subjects[0].alpha)


def test_a_flipped_subject_is_its_mirror_image():
    """The same pixels, columns turned round."""
    scene = one_scene(recipe=UNSCALED)
    flipped = place_first(scene, flipped=True)
    np.testing.assert_array_equal(
        scene.layers[0].draw(), flipped.layers[0].draw()[:, ::-1]
    )


def test_a_subject_is_cut_by_the_frame_where_its_place_leaves_it():
    """Five rows above and three columns left of the frame are gone, no more."""
    scene = one_scene(recipe=UNSCALED)
    whole = scene.layers[0].draw()
    cut = place_first(scene, row=-5, col=-3).draw().subjects[0].alpha
    kept = whole[5:, 3:, 3]
    np.testing.assert_array_equal(cut[: kept.shape[0], : kept.shape[1]], kept)
    assert int(cut.astype(int).sum()) == int(kept.astype(int).sum())


def test_a_subject_that_others_hide_stays_with_an_empty_matte():
    """Subjects are those of the layers one for one, so that facts tell of each."""
    scene = one_scene(recipe=UNSCALED)
    layer = scene.layers[0]
    wall = dataclasses.replace(
        layer,
        cutout=cutout_of(np.full((4, 4, 4), 255, np.uint8)),
        box=Box(0, 0, 4, 4),
        place=Placement(0, 0, 60, 80, 60, 80, False, 0.0),
        key="wall",
    )
    drawn = numbered(scene, layers=(layer, wall)).draw()
    assert [subject.key for subject in drawn.subjects] == [layer.key, "wall"]
    assert not drawn.subjects[0].alpha.any()
    assert drawn.alpha.min() == 255


def test_a_scene_without_subjects_is_its_background():
    """An example of nothing: alpha 0, no subjects, no shadow."""
    scene = one_scene(recipe=Recipe(size=(90, 120), subjects=(0, 0)))
    drawn = scene.draw()
    np.testing.assert_array_equal(drawn.image, WALL)
    assert drawn.subjects == ()
    assert drawn.alpha.shape == (90, 120)
    assert not drawn.alpha.any()


def test_scaling_leaves_no_fringe_of_hidden_colours():
    """White under alpha 0 shows nowhere when a red disc is shrunk onto black."""
    rgba = paint(0, 200, 200)
    rgba[..., :3] = np.where(rgba[..., 3:] > 0, (200, 0, 0), 255)
    frame = frame_of(1).assign(cutout=[cutout_of(rgba)])
    recipe = dataclasses.replace(UNSCALED, rotation=30)
    for seed in range(4):
        image = one_scene(frame, "black", recipe, seed=seed).draw().image
        assert image[..., 0].max() >= 199
        assert image[..., 1:].max() <= 1


def test_turning_by_a_right_angle_is_numpys_turn():
    """At 90 degrees every pixel lands on another; the rim stays empty."""
    rgba = np.random.default_rng(0).integers(1, 256, (9, 5, 4), np.uint8)
    turned = turn(rgba, 90.0)
    rows, cols = np.nonzero(turned[..., 3])
    inner = turned[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]
    assert inner.shape == (5, 9, 4)
    np.testing.assert_array_equal(inner[..., 3], np.rot90(rgba)[..., 3])
    error = inner[..., :3].astype(int) - np.rot90(rgba)[..., :3]
    assert np.abs(error).max() <= 1


@pytest.mark.parametrize("degrees", [-45.0, -7.5, 3.0, 20.0, 45.0])
def test_turning_keeps_all_of_a_subject(degrees):
    """The sum of alpha stays within two per cent, and the box is the one foretold."""
    rgba = paint(3, 80, 50)
    turned = turn(rgba, degrees)
    assert turned.shape[:2] == turned_size(80, 50, degrees)
    kept = turned[..., 3].astype(float).sum() / rgba[..., 3].astype(float).sum()
    assert kept == pytest.approx(1, abs=0.02)


def test_no_turn_leaves_the_pixels_alone():
    """At 0 degrees the very array comes back."""
    rgba = paint(0)
    assert turn(rgba, 0.0) is rgba


def test_the_same_scene_is_drawn_in_another_process(tmp_path):
    """A pickled scene drawn elsewhere, under another hash seed, has the same bytes."""
    wall = tmp_path / "wall.png"
    wall.write_bytes(images.encode_png(WALL))
    recipe = Recipe(size=(60, 80), subjects=(2, 3), rotation=20, shadow=Shadow())
    scene = one_scene(backgrounds=[wall], recipe=recipe)
    (tmp_path / "scene").write_bytes(pickle.dumps(scene))
    code = (
        "import hashlib, pickle, sys\n"
        "scene = pickle.load(open(sys.argv[1], 'rb'))\n"
        "drawn = scene.draw()\n"
        "arrays = [drawn.image, drawn.alpha, *(s.alpha for s in drawn.subjects)]\n"
        "print(hashlib.sha256(b''.join(a.tobytes() for a in arrays)).hexdigest())\n"
    )
    root = str(Path(cm.__file__).parents[1])
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "scene")],
        env={"PYTHONHASHSEED": "1", "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    drawn = scene.draw()
    arrays = [drawn.image, drawn.alpha, *(s.alpha for s in drawn.subjects)]
    here = hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
    assert told.strip() == here


def test_a_scene_is_light(tmp_path):
    """A scene of files holds no pixels: its pickle is small however large they are."""
    wall = tmp_path / "wall.png"
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), np.uint8)
    wall.write_bytes(images.encode_png(noise))
    scene = one_scene(backgrounds=wall, recipe=Recipe(size=(600, 800), subjects=(0, 0)))
    assert len(pickle.dumps(scene)) < 3000
    np.testing.assert_array_equal(scene.draw().image, noise)
    assert pickle.loads(pickle.dumps(scene)) == scene


def test_facts_are_json_and_tell_every_source():
    """Digests of all pictures, their places, the recipe, the seed, and no path."""
    recipe = Recipe(size=(60, 80), subjects=(2, 2), overlap=1)
    frame = frame_of()
    scene = one_scene(frame, recipe=recipe, seed=7)
    facts = scene.facts()
    assert json.loads(json.dumps(facts)) == facts
    assert (facts["seed"], facts["number"]) == (7, 0)
    assert facts["recipe"]["size"] == [60, 80]
    assert facts["recipe"]["shadow"]["length"] == [0.1, 0.25]
    assert facts["background"]["sha256"] == scene.background.sha256
    assert facts["background"]["crop"] == list(scene.crop)
    assert facts["shadow"]["strength"] == scene.cast.strength
    for told, layer in zip(facts["subjects"], scene.layers, strict=True):
        assert told["key"] == layer.key
        assert told["row"] == layer.place.row
        assert told["box"] == list(layer.box)
        assert told["sha256"] == hashlib.sha256(layer.cutout.png).hexdigest()


def test_facts_know_no_folder(tmp_path):
    """A background is told by its name inside the folder that was given."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "wall.png").write_bytes(images.encode_png(WALL))
    scene = one_scene(backgrounds=tmp_path)
    assert scene.facts()["background"]["name"] == "in/wall.png"
    assert str(tmp_path) not in json.dumps(scene.facts())


def test_a_background_is_cut_and_not_squeezed():
    """Of 90 × 120 px a scene of 45 × 40 shows 90 × 80, unsqueezed, wherever it is."""
    recipe = Recipe(size=(45, 40), subjects=(0, 0))
    scene = one_scene(recipe=recipe)
    crop = scene.crop
    assert crop.size == (90, 80)
    part = WALL[crop.min_row : crop.max_row, crop.min_col : crop.max_col].astype(float)
    halved = part.reshape(45, 2, 40, 2, 3).mean(axis=(1, 3))
    assert np.abs(scene.draw().image - halved).max() <= 2
    others = {one_scene(recipe=recipe, seed=seed).crop.min_col for seed in range(12)}
    assert len(others) > 6
    assert min(others) >= 0
    assert max(others) <= 40


def test_a_photograph_is_turned_upright(tmp_path):
    """A JPEG whose EXIF says sideways fills an upright scene as a viewer shows it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    tall = np.zeros((80, 60, 3), np.uint8)
    tall[:40] = 255
    stored = np.rot90(tall)
    Image.fromarray(stored).save(tmp_path / "a.jpg", exif=exif, quality=95)
    scene = one_scene(
        backgrounds=tmp_path, recipe=Recipe(size=(80, 60), subjects=(0, 0))
    )
    assert scene.crop.size == (80, 60)
    assert np.abs(scene.draw().image.astype(int) - tall).max() < 10


def test_a_background_that_is_gone_or_changed_is_named(tmp_path):
    """Drawing says which file it misses; it never draws another one silently."""
    wall = tmp_path / "wall.png"
    wall.write_bytes(images.encode_png(WALL))
    scene = one_scene(backgrounds=wall)
    wall.write_bytes(images.encode_png(WALL[::-1]))
    with pytest.raises(cm.OptionsError, match=r"'wall\.png' has changed"):
        scene.draw()
    wall.unlink()
    with pytest.raises(cm.OptionsError, match=r"'wall\.png' cannot be read: No such"):
        scene.draw()


def test_a_background_cut_short_is_named(tmp_path):
    """A file whose header is well and whose pixels are not fails with its name."""
    wall = tmp_path / "short.png"
    wall.write_bytes(images.encode_png(WALL)[:-400])
    with pytest.raises(cm.OptionsError, match=r"background 'short\.png': expected a"):
        one_scene(backgrounds=wall).draw()


def test_a_cutout_that_is_gone_is_an_error_of_the_toolkit(tmp_path):
    """A store moved away is told as what it is."""
    store = cm.Store(tmp_path / "kept")
    png = images.encode_png(paint(0))
    held = cutout_of(paint(0)).kept_in(tmp_path / "kept", store.keep(png))
    scene = one_scene(frame_of(1).assign(cutout=[held]))
    shutil.rmtree(tmp_path / "kept")
    with pytest.raises(cm.OptionsError, match="cannot be read"):
        scene.draw()


def test_a_scene_is_a_line():
    """Name, size and how many: tables hold many of them."""
    one = one_scene(recipe=dataclasses.replace(SMALL, subjects=(1, 1)))
    assert repr(one) == "Scene('scene-0-000000', 60 × 80 px, 1 subject)"
    none = one_scene(recipe=dataclasses.replace(SMALL, subjects=(0, 0)))
    assert repr(none).endswith("0 subjects)")


def test_a_scene_shows_itself_or_why_not(tmp_path):
    """A small picture with its name in words; without its file, the reason."""
    wall = tmp_path / "<wall>.png"
    wall.write_bytes(images.encode_png(WALL))
    scene = one_scene(
        backgrounds=wall, recipe=dataclasses.replace(SMALL, subjects=(1, 1))
    )
    page = scene._repr_html_()
    assert page.startswith('<img alt="scene-0-000000: 1 subject on &lt;wall&gt;.png"')
    assert 'width="80" height="60"' in page
    assert "data:image/webp;base64," in page
    wall.unlink()
    assert scene._repr_html_().startswith("<code>background &#x27;&lt;wall&gt;.png")


def test_labels_have_the_depth_that_was_asked_for():
    """Sixteen bits are eight times 257 where nothing overlaps."""
    fine = one_scene(recipe=dataclasses.replace(UNSCALED, alpha_bits=16)).draw()
    plain = one_scene(recipe=UNSCALED).draw()
    assert fine.alpha.dtype == fine.subjects[0].alpha.dtype == np.uint16
    np.testing.assert_array_equal(fine.alpha, plain.alpha.astype(np.uint16) * 257)
    np.testing.assert_array_equal(fine.image, plain.image)


def test_turning_leaves_a_soft_edge():
    """A box that fills its array has half covered pixels along its turned sides."""
    turned = turn(np.full((40, 40, 4), 255, np.uint8), 10.0)[..., 3]
    soft = (turned > 0) & (turned < 255)
    assert soft.sum() > 100
    assert turned[:, 0].max() == turned[0].max() == 0
