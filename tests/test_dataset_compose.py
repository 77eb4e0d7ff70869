"""Composing a frame of scenes: what is used, what is refused, what stays the same."""

from __future__ import annotations

import collections
import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from composed import SMALL, WALL, cutout_of, frame_of, one_scene, paint
from PIL import Image

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.dataset.compose.backgrounds import read_backgrounds
from cosmat_nb.dataset.compose.composing import compose
from cosmat_nb.dataset.compose.dealing import deal_backgrounds, deal_scenes
from cosmat_nb.dataset.compose.placement import Placement, _is_clear
from cosmat_nb.dataset.compose.recipe import Recipe
from cosmat_nb.dataset.verifying import verify_dataset
from cosmat_nb.dataset.writing import write_dataset

ALL = dataclasses.replace(SMALL, subjects=(1, 4), overlap=0.3, cut=0.2)


def composed(frame=None, backgrounds=WALL, recipe=ALL, count=8, **more):
    """A frame of scenes."""
    frame = frame_of() if frame is None else frame
    return compose(frame, backgrounds, recipe, count=count, progress=False, **more)


def walls(count):
    """Different pictures."""
    return [np.roll(WALL, number, axis=0) for number in range(count)]


def test_a_row_a_scene_with_its_facts():
    """Name, subjects from back to front, background and size are in its row."""
    table = composed(count=3, seed=5)
    assert list(table) == [
        "key", "scene", "background", "subjects", "dropped", "height", "width",
    ]  # fmt: skip
    assert table.key.tolist() == ["scene-5-000000", "scene-5-000001", "scene-5-000002"]
    assert set(table.height) == {60}
    assert set(table.width) == {80}
    for row in table.itertuples():
        assert row.key == row.scene.name
        assert row.background == row.scene.background.name
        assert row.subjects == tuple(one.key for one in row.scene.layers)
        drawn = row.scene.draw()
        assert row.subjects == tuple(subject.key for subject in drawn.subjects)
        assert drawn.image.shape == (60, 80, 3)


def test_scenes_know_who_made_their_cutouts():
    """An emulator's cutouts stay an emulator's on every background."""
    frame = frame_of()
    frame.attrs["cosmat_run"] = {"sandbox": True}
    assert compose(frame, WALL, SMALL, count=1, progress=False).attrs == frame.attrs


def test_more_scenes_leave_the_first_ones_as_they_are():
    """Twelve scenes begin with the five, splits and all."""
    frame = frame_of(7, ("train", "val", "train"))
    few = composed(frame, walls(4), count=5)
    many = composed(frame, walls(4), count=12)
    pd.testing.assert_frame_equal(few, many.head(5))


def test_the_order_of_rows_and_backgrounds_does_not_matter():
    """Shuffled, the same frame makes the same scenes."""
    frame, pictures = frame_of(), walls(4)
    shuffled = frame.sample(frac=1, random_state=1)
    again = composed(shuffled, pictures[::-1])
    pd.testing.assert_frame_equal(composed(frame, pictures), again)


def test_a_row_that_stands_twice_counts_once():
    """Two rows of one cutout do not make it likelier."""
    frame = frame_of()
    twice = pd.concat([frame, frame.head(3)])
    pd.testing.assert_frame_equal(composed(frame), composed(twice))


def test_another_seed_makes_other_scenes():
    """Seeds change subjects, places and crops."""
    one, other = composed(seed=0), composed(seed=1)
    assert one.subjects.tolist() != other.subjects.tolist()
    assert one.scene[0].crop != other.scene[0].crop or one.scene[0] != other.scene[0]


def test_scenes_differ_from_each_other():
    """No two of forty are alike, every cutout is used, every number of subjects too."""
    table = composed(count=40)
    assert len({scene.layers for scene in table.scene}) == 40
    assert {key for keys in table.subjects for key in keys} == set(frame_of().key)
    wanted = [len(row.subjects) + len(row.dropped) for row in table.itertuples()]
    assert set(wanted) == {1, 2, 3, 4}


def test_no_cutout_stands_twice_in_a_scene():
    """Subjects and dropped of a scene are different cutouts."""
    for row in composed(count=30).itertuples():
        keys = row.subjects + row.dropped
        assert len(set(keys)) == len(keys)


def test_who_finds_no_room_is_named():
    """Subjects as large as the frame that may not overlap: one stays, one is told."""
    recipe = dataclasses.replace(SMALL, subjects=(2, 2), scale=(1, 1), overlap=0)
    for row in composed(frame_of(2), recipe=recipe, count=4).itertuples():
        assert len(row.subjects) == len(row.dropped) == 1
        assert set(row.subjects + row.dropped) == {"k0", "k1"}
        assert row.scene.facts()["dropped"] == list(row.dropped)


def test_who_stands_lower_is_in_front():
    """Layers are sorted by the row of their foot."""
    for scene in composed(count=30).scene:
        feet = [layer.place.foot for layer in scene.layers]
        assert feet == sorted(feet)


def test_categories_come_from_their_column():
    """Each subject has its own; without a column all are subjects."""
    frame = frame_of(category=list("abcdef"))
    drawn = one_scene(frame, category="category").draw()
    for subject in drawn.subjects:
        assert subject.category == "abcdef"[int(subject.key[1:])]
    assert {subject.category for subject in one_scene().draw().subjects} == {"subject"}


@pytest.mark.parametrize("name", ["coco", "yolo"])
def test_written_scenes_have_the_classes_of_their_subjects(tmp_path, name):
    """A scene of a mug and a tree makes no class of its own."""
    frame = frame_of(kind=["mug", "tree"] * 3)
    recipe = dataclasses.replace(SMALL, subjects=(4, 4), overlap=1)
    scenes = composed(frame, recipe=recipe, category="kind", count=3)
    write_dataset(scenes, tmp_path / "set", name, column="scene", progress=False)
    file = {"coco": "annotations/instances_data.json", "yolo": "data.yaml"}[name]
    text = (tmp_path / "set" / file).read_text()
    named = {"coco": r'"name": "(.*?)"}', "yolo": r'^  \d: "(.*?)"$'}[name]
    assert re.findall(named, text, re.MULTILINE) == ["mug", "tree"]
    assert verify_dataset(tmp_path / "set", deep=True, progress=False).empty


def test_a_scene_uses_pictures_of_its_own_split_alone():
    """Cutouts and backgrounds of one split never meet those of another."""
    splits = ("train", "train", "val")
    frame = frame_of(9, splits)
    table = composed(frame, walls(6), count=30)
    home = dict(zip(frame.key, frame.split, strict=True))
    behind = collections.defaultdict(set)
    for row in table.itertuples():
        assert {home[key] for key in row.subjects + row.dropped} == {row.split}
        assert row.scene.split == row.split
        behind[row.split].add(row.background)
    assert behind["train"].isdisjoint(behind["val"])
    assert table.split.value_counts().to_dict() == {"train": 20, "val": 10}


def test_a_frame_without_splits_gets_none():
    """No column of splits comes out of a frame without one, or when it is not asked."""
    assert "split" not in composed()
    assert "split" not in composed(frame_of(6, ("a", "b")), split=None)


def test_splits_may_bring_their_own_backgrounds():
    """A mapping says which backgrounds are whose; colours may be everybody's."""
    frame = frame_of(6, ("train", "val"))
    given = {"train": "white", "val": [WALL, "white"], "unused": "no such file"}
    table = composed(frame, given, count=20)
    assert set(table.background[table.split == "train"]) == {"#ffffff"}
    assert len(set(table.background[table.split == "val"])) == 2


def test_one_picture_for_two_splits_is_refused():
    """The same pixels under two splits would leak."""
    frame = frame_of(6, ("train", "val"))
    with pytest.raises(cm.OptionsError, match="no picture may serve two splits"):
        composed(frame, {"train": WALL, "val": [WALL.copy()]})
    with pytest.raises(cm.OptionsError, match="no pictures for split 'val'"):
        composed(frame, {"train": WALL})


def test_backgrounds_are_dealt_by_their_bytes():
    """More pictures move none of those that were dealt before, and shares are kept."""
    sizes = {"test": 1, "train": 3}
    few, many = deal_backgrounds(walls(20), sizes), deal_backgrounds(walls(60), sizes)
    for split in sizes:
        assert {one.sha256 for one in few[split]} <= {one.sha256 for one in many[split]}
    assert 5 <= len(many["test"]) <= 25
    assert sum(map(len, many.values())) == 60


def test_no_split_stays_without_a_background():
    """As many pictures as splits go round; fewer are refused."""
    sizes = {"a": 1, "b": 1, "c": 98}
    dealt = deal_backgrounds(walls(3), sizes)
    assert [len(some) for some in dealt.values()] == [1, 1, 1]
    with pytest.raises(cm.OptionsError, match="too few backgrounds for 3 splits"):
        deal_backgrounds(walls(2), sizes)
    assert [len(some) for some in deal_backgrounds(["red"], sizes).values()] == [
        1,
        1,
        1,
    ]


def test_scenes_are_dealt_in_proportion_from_the_first_one_on():
    """Of any number of scenes each split has its share within one."""
    sizes = {"test": 1, "train": 7, "val": 2}
    dealt = list(deal_scenes(sizes, 100))
    for number in range(1, 101):
        have = collections.Counter(dealt[:number])
        assert all(abs(have[s] - n * number / 10) <= 1 for s, n in sizes.items())
    assert collections.Counter(dealt) == {"test": 10, "train": 70, "val": 20}


def test_one_cutout_in_two_splits_is_refused():
    """By its key, and by its pixels under another key."""
    frame = frame_of(4, ("train", "val"))
    same_key = frame.assign(key=["a", "a", "b", "c"])
    with pytest.raises(
        cm.OptionsError, match=r"'a' of split 'val' is 'a' of split 'tr"
    ):
        composed(same_key)
    same_pixels = frame.assign(cutout=[frame.cutout[0]] * 2 + list(frame.cutout[2:]))
    with pytest.raises(cm.OptionsError, match="'k1' of split 'val' is 'k0' of split"):
        composed(same_pixels)


def test_rows_without_a_subject_are_left_out():
    """No cutout, an empty matte: the others make the scenes."""
    frame = frame_of(4)
    empty = cutout_of(np.zeros((9, 9, 4), np.uint8))
    cells = [None, empty, float("nan"), frame.cutout[3]]
    table = composed(frame.assign(cutout=cells))
    assert set(table.subjects) == {("k3",)}
    with pytest.raises(cm.OptionsError, match="no cutout of 3 rows can be used"):
        composed(frame.assign(cutout=cells).head(3))


def test_a_cutout_whose_file_is_gone_is_left_out_with_a_warning(tmp_path):
    """The warning counts them and quotes the first reason."""
    gone = cutout_of(paint(0)).kept_in(tmp_path, "0" * 64)
    frame = frame_of(2)
    with pytest.warns(cm.CosmatWarning, match="1 cutouts are left out.*cannot be read"):
        table = composed(frame.assign(cutout=[gone, frame.cutout[1]]))
    assert set(table.subjects) == {("k1",)}


def test_too_few_cutouts_for_the_recipe_are_refused():
    """A scene of three needs three; in every split."""
    recipe = dataclasses.replace(SMALL, subjects=(3, 3))
    with pytest.raises(cm.OptionsError, match="the frame has 2 cutouts"):
        composed(frame_of(2), recipe=recipe)
    frame = frame_of(7).assign(split=["train"] * 5 + ["val"] * 2)
    with pytest.raises(cm.OptionsError, match="split 'val' has 2 cutouts"):
        composed(frame, walls(5), recipe=recipe)


def test_missing_splits_and_categories_are_named():
    """A cutout without a split could leak; one without a category has no label."""
    frame = frame_of(3, ("train",))
    frame.loc[1, "split"] = None
    with pytest.raises(cm.OptionsError, match=r"split is missing for Cutout\('k1'"):
        composed(frame)
    frame = frame_of(3).assign(category=["a", "b", None])
    with pytest.raises(cm.OptionsError, match=r"category is missing for Cutout\('k2'"):
        composed(frame, category="category")
    with pytest.raises(cm.OptionsError, match=r"key is missing for Cutout\('k0'"):
        composed(frame_of(2).assign(key=[None, "b"]))


def test_an_empty_split_or_category_is_a_missing_one():
    """An empty text would unsplit all scenes; blanks are no class."""
    with pytest.raises(cm.OptionsError, match=r"split is missing for Cutout\('k1'"):
        composed(frame_of(3, ("train", "", "train")), walls(4))
    with pytest.raises(cm.OptionsError, match=r"category is missing for Cutout\('k0'"):
        composed(frame_of(2).assign(category=" "), category="category")
    table = composed(frame_of(2).assign(category=" mug "), category="category", count=1)
    assert {one.category for one in table.scene[0].layers} == {"mug"}


def test_a_column_of_splits_that_is_named_has_to_be_there():
    """A slip of the pen would mix all splits in one scene."""
    with pytest.raises(cm.OptionsError, match="'part'"):
        composed(frame_of(4, ("train", "val")), walls(4), split="part")


@pytest.mark.parametrize("name", ["folder", "coco", "yolo"])
def test_no_secret_in_a_category_is_written(tmp_path, name):
    """Labels, classes, manifest and card have the category without its query."""
    frame = frame_of(2).assign(what="see https://a.com/b.jpg?sign=5aed")
    table = composed(frame, count=2, category="what")
    write_dataset(table, tmp_path, name, column="scene", progress=False)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if b"5aed" in path.read_bytes()]
    assert verify_dataset(tmp_path, progress=False).empty


def test_addresses_lose_their_secrets():
    """No query of an address comes into a row, a subject or the facts."""
    frame = frame_of(1).assign(key=["https://me:pw@x.com/a.jpg?q-signature=5aed"])
    table = composed(frame)
    assert table.subjects[0] == ("https://x.com/a.jpg",)
    assert "5aed" not in repr(table.scene[0].facts())
    assert table.scene[0].draw().subjects[0].key == "https://x.com/a.jpg"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"column": "cut"}, "expected one column 'cut'"),
        ({"key": "name"}, "expected one column 'name'"),
        ({"category": "kind"}, "expected one column 'kind'"),
        ({"count": 0}, "count must be a whole number from 1"),
        ({"count": 2.5}, "count must be"),
        ({"count": True}, "count must be"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"recipe": {"size": 3}}, "recipe must be a Recipe; not dict"),
        ({"backgrounds": []}, "there is no background"),
        ({"backgrounds": "no-such-file.jpg"}, "'no-such-file.jpg'"),
        ({"backgrounds": "x" * 5000}, "must be the path of a picture"),
        ({"backgrounds": WALL.astype(float)}, "uint8"),
        ({"backgrounds": WALL[..., 0]}, r"\(90, 120\)"),
        ({"backgrounds": [(0, 0, 256)]}, "background must be"),
        ({"backgrounds": None}, "not None"),
        ({"backgrounds": WALL[:25]}, "would be enlarged 2.4 times to fill 60 × 80"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_drawn(change, message):
    """The message names the argument."""
    with pytest.raises(cm.OptionsError, match=message):
        composed(**change)


def test_backgrounds_come_from_folders_files_arrays_and_colours(tmp_path):
    """All pictures of a folder and of those in it; nothing hidden, nothing else."""
    for name in ("b.png", "in/a.PNG", "in/.hidden.png", ".trash/c.png", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(images.encode_png(np.roll(WALL, len(name), axis=1)))
    found = read_backgrounds([str(tmp_path), WALL, "red", (1, 2, 3)])
    names = [one.name for one in found]
    assert names[0:2] == ["#010203", "#ff0000"]
    assert names[2].startswith("array-")
    assert names[3:] == ["b.png", "in/a.PNG"]
    assert [one.name for one in read_backgrounds(tmp_path / "b.png")] == ["b.png"]
    assert [one.name for one in read_backgrounds([255, 0, 0])] == ["#ff0000"]
    assert len(read_backgrounds([WALL, WALL.copy()])) == 1
    assert len(read_backgrounds(np.stack(walls(3)))) == 3


def test_a_folder_without_pictures_and_a_file_that_is_none_are_named(tmp_path):
    """Both are told before a scene is made."""
    with pytest.raises(cm.OptionsError, match="holds no pictures"):
        composed(backgrounds=tmp_path)
    (tmp_path / "bad.jpg").write_bytes(b"not a picture")
    with pytest.raises(cm.OptionsError, match=r"background 'bad\.jpg': expected a pic"):
        composed(backgrounds=tmp_path)
    with pytest.raises(cm.OptionsError, match=r"'gone\.jpg' cannot be read"):
        composed(backgrounds=[tmp_path / "gone.jpg"])


def test_small_subjects_are_not_blown_up():
    """A subject of 4 px is enlarged twice at most, whatever the scale says."""
    tiny = cutout_of(np.full((4, 2, 4), 255, np.uint8))
    scene = one_scene(frame_of(1).assign(cutout=[tiny]))
    assert (scene.layers[0].place.rows, scene.layers[0].place.cols) == (8, 4)


def test_subjects_stand_on_the_ground_that_was_asked_for():
    """Feet within the range where it fits; half of the frame tall, they do."""
    recipe = dataclasses.replace(SMALL, scale=(0.3, 0.5), ground=(0.7, 0.8))
    for scene in composed(recipe=recipe, count=20).scene:
        assert all(42 <= layer.place.foot <= 48 for layer in scene.layers)


def test_without_ground_they_lie_anywhere():
    """Tops and bottoms of the frame are reached alike."""
    recipe = dataclasses.replace(SMALL, scale=(0.3, 0.3), ground=None, subjects=(1, 1))
    rows = [
        scene.layers[0].place.row for scene in composed(recipe=recipe, count=60).scene
    ]
    assert min(rows) < 6
    assert max(rows) > 36


def test_half_are_mirrored_unless_that_is_forbidden():
    """About half of many; none where flip is False."""
    flips = [one.place.flipped for s in composed(count=40).scene for one in s.layers]
    assert 0.3 < np.mean(flips) < 0.7
    recipe = dataclasses.replace(ALL, flip=False)
    table = composed(count=20, recipe=recipe)
    assert not any(one.place.flipped for s in table.scene for one in s.layers)


def test_overlap_is_counted_as_worked_out_by_hand():
    """A box of 10 × 20 over which 5 × 4 px lie is covered by a tenth."""
    box = Placement(0, 0, 10, 20, 10, 20, False, 0.0)
    over = box._replace(row=5, col=16)
    assert box.covered_by(over) == 0.1
    assert box.covered_by(box._replace(row=10)) == 0
    assert box.covered_by(box._replace(col=-20)) == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"size": (0, 10)},
        {"size": (20_000, 10)},
        {"size": (16_000, 16_000)},
        {"size": (10.5, 10)},
        {"size": 10},
        {"subjects": (2, 1)},
        {"subjects": (0, 33)},
        {"subjects": (-1, 1)},
        {"scale": (0.5, 1.5)},
        {"scale": (0, 0.5)},
        {"scale": (0.6, 0.5)},
        {"ground": ()},
        {"ground": (0.5, 2)},
        {"cut": 0.95},
        {"cut": True},
        {"overlap": -0.1},
        {"overlap": "much"},
        {"flip": 1},
        {"rotation": 50},
        {"shadow": True},
        {"enlarge": 0.5},
        {"enlarge": float("nan")},
        {"alpha_bits": 12},
        {"alpha_bits": 8.0},
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_name(settings):
    """The message starts with the setting, or tells of its pixels."""
    name = next(iter(settings))
    with pytest.raises(cm.OptionsError, match=f"^{name}|^a scene may have"):
        Recipe(**settings)


def test_a_recipe_is_a_value():
    """Equal, hashable, with lists made tuples and numbers floats."""
    recipe = Recipe(size=[60, 80], scale=[0.3, 1], cut=0)
    assert recipe == Recipe(size=(60, 80), scale=(0.3, 1.0))
    assert len({recipe, Recipe(size=(60, 80), scale=(0.3, 1.0))}) == 1
    assert recipe.settings()["scale"] == [0.3, 1.0]


def test_a_background_of_too_many_pixels_is_refused_at_once(tmp_path):
    """The header tells; it is not found out when the scene is drawn."""
    Image.new("1", (9500, 9500)).save(tmp_path / "huge.png")
    with (
        pytest.warns(Image.DecompressionBombWarning),
        pytest.raises(cm.OptionsError, match=r"'huge\.png' has 9500 × 9500 px"),
    ):
        composed(backgrounds=tmp_path)


def test_who_is_in_front_is_decided_by_the_foot_alone():
    """A small box that ends higher is hidden by a large one, wherever they begin."""
    large = Placement(0, 0, 40, 40, 40, 40, False, 0.0)
    small = Placement(10, 10, 10, 10, 10, 10, False, 0.0)
    assert not _is_clear([large, small], 0.9)
    assert _is_clear([large, small._replace(row=30)], 0.0625)  # in front: 100 / 1600
    assert not _is_clear([large, small._replace(row=31)], 0.05)


def test_equal_files_count_once_under_the_first_name(tmp_path):
    """Whatever order they come in, the name is the same."""
    paths = [tmp_path / name for name in ("b.png", "a.png")]
    for path in paths:
        path.write_bytes(images.encode_png(WALL))
    for order in (paths, paths[::-1]):
        assert [one.name for one in read_backgrounds(order)] == ["a.png"]
