"""Folders of pictures beside a table, as image-folder loaders read them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from exporting import draw_alpha, make_frame
from PIL import Image

from cosmat_nb.dataset.example import Example, ImageFile, Subject
from cosmat_nb.dataset.files import Files
from cosmat_nb.dataset.formats.folder import Folder
from cosmat_nb.dataset.formats.lines import write_lines
from cosmat_nb.dataset.pictures.rendering import Rendering
from cosmat_nb.dataset.pictures.trimap import draw_trimap
from cosmat_nb.dataset.reading import read_dataset
from cosmat_nb.dataset.writing import write_dataset
from cosmat_nb.errors import OptionsError

CUTOUT = Rendering(image="cutout")
SPLITS = ("train", "val")


def make_example(alpha, split="train"):
    """Make an example of a matte, its picture three bytes that nobody opens."""
    facts = {"trimap_radius": 1, "key": "a/mug.jpg", "category": "mug"}
    return Example(
        name="mug",
        split=split,
        image=ImageFile(b"jpg", ".jpg", *alpha.shape),
        alpha=alpha,
        subjects=(Subject(alpha, "mug", "a/mug.jpg"),),
        facts=facts,
    )


def open_png(path):
    """Decode a grey PNG."""
    return np.asarray(Image.open(path)).tolist()


@pytest.mark.parametrize("split", ["train", ""])
def test_an_example_is_four_files(tmp_path, split):
    """Picture, matte, mask from a half on, and trimap, all of one name."""
    alpha = np.array([[0, 0, 0, 127, 128, 255, 255, 255]], np.uint8)
    files = Files(tmp_path)
    (record,) = Folder().write_unit([make_example(alpha, split)], "mug", files)
    place = split or "data"
    assert record == {
        "files": {
            "image": f"{place}/images/mug.jpg",
            "alpha": f"{place}/alpha/mug.png",
            "mask": f"{place}/mask/mug.png",
            "trimap": f"{place}/trimap/mug.png",
        }
    }
    assert set(files.written) == set(record["files"].values())
    paths = {role: tmp_path / path for role, path in record["files"].items()}
    assert paths["image"].read_bytes() == b"jpg"
    assert open_png(paths["alpha"]) == alpha.tolist()
    assert open_png(paths["mask"]) == [[0, 0, 0, 0, 255, 255, 255, 255]]
    assert open_png(paths["trimap"]) == [[0, 0, 128, 128, 128, 128, 255, 255]]
    folder = Folder()
    assert folder.read_image(record, tmp_path) == b"jpg"
    assert folder.read_alpha(record, tmp_path) == paths["alpha"].read_bytes()
    assert folder.read_mask(record, tmp_path).tolist() == [[False] * 4 + [True] * 4]


def test_a_trimap_of_16_bits_is_that_of_8():
    """Opaque is 65535 there, and soft is what lies between."""
    alpha = np.array([[0, 0, 0, 60, 255, 255, 255]], np.uint8)
    wide = alpha.astype(np.uint16) * 257
    expected = [[0, 0, 128, 128, 128, 128, 255]]
    assert draw_trimap(alpha, 1).tolist() == draw_trimap(wide, 1).tolist() == expected
    almost = np.array([[65535, 65534, 65535]], np.uint16)
    assert draw_trimap(almost, 0).tolist() == [[255, 128, 255]]


def test_the_table_names_files_and_columns(tmp_path):
    """A line for each picture of a split, paths relative to it."""
    frame = make_frame(3).assign(price=[1, 2.5, 3])
    write_dataset(frame, tmp_path, rendering=CUTOUT, columns=["price"], progress=False)
    lines = (tmp_path / "train/metadata.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0]) == {
        "file_name": "images/photos__000.png",
        "alpha_file_name": "alpha/photos__000.png",
        "mask_file_name": "mask/photos__000.png",
        "trimap_file_name": "trimap/photos__000.png",
        "name": "photos__000",
        "key": "photos/000.jpg",
        "category": "subject",
        "height": 24,
        "width": 32,
        "price": 1.0,
    }
    assert len(lines) == 2
    for line in lines:
        row = json.loads(line)
        for role in ("", "alpha_", "mask_", "trimap_"):
            assert (tmp_path / "train" / row[f"{role}file_name"]).is_file()


def test_the_table_can_be_parquet(tmp_path):
    """One type for a column in all splits, though one of them holds no value."""
    pytest.importorskip("pyarrow", reason="pyarrow writes the table")
    frame = make_frame(3).assign(note=["a", "b", None], price=[1, 2, 0.5])
    order = {"rendering": CUTOUT, "columns": ["note", "price"], "progress": False}
    write_dataset(frame, tmp_path, Folder(parquet=True), **order)
    tables = [
        pd.read_parquet(tmp_path / s / "metadata.parquet") for s in ("train", "val")
    ]
    assert tables[0]["note"].tolist() == ["a", "b"]
    assert tables[0].dtypes.equals(tables[1].dtypes)
    assert tables[1]["note"].isna().all()
    assert not list(tmp_path.rglob("metadata.jsonl"))
    assert read_dataset(tmp_path)["price"].tolist() == [1, 2, 0.5]


def test_settings_are_checked():
    """A flag is a flag."""
    assert Folder(parquet=True).settings() == {"parquet": True}
    with pytest.raises(OptionsError, match="parquet must be True or False"):
        Folder(parquet="yes")


def test_a_column_of_the_tables_own_is_refused(tmp_path):
    """Nothing of the user's replaces what readers look for."""
    size = {"height": 1, "width": 1}
    record = {"name": "mug", "split": "", "key": "mug", "category": "mug", **size}
    paths = {role: f"data/{role}/mug.png" for role in ("alpha", "mask", "trimap")}
    record |= {"files": {"image": "data/images/mug.png", **paths}}
    for name in ("file_name", "trimap", "height"):
        with pytest.raises(OptionsError, match=f"columns {name} of its own"):
            Folder().finish([{**record, "columns": {name: 1}}], Files(tmp_path))


@pytest.mark.parametrize("parquet", [False, True], ids=["jsonl", "parquet"])
def test_hugging_face_opens_it_as_it_is(tmp_path, monkeypatch, parquet):
    """`load_dataset(folder)` has splits, four pictures a row, the user's columns."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    datasets = pytest.importorskip("datasets", reason="it is who opens the folder")
    datasets.disable_progress_bars()
    keys = ["a/ü 1.JPG", "b/图.jpg", "photos/002.jpg", "photos/003.jpg"]
    frame = make_frame(4).assign(
        key=keys,
        note=[None, None, "x", None],
        price=[1, 2, 0.5, 4],
        some=[[], [1], [], []],
    )
    write_dataset(
        frame,
        tmp_path / "set",
        Folder(parquet=parquet),
        rendering=CUTOUT,
        columns=["shop", "note", "price", "some"],
        progress=False,
    )
    cache = str(tmp_path / "cache")
    opened = datasets.load_dataset(str(tmp_path / "set"), cache_dir=cache)
    assert {name: len(split) for name, split in opened.items()} == {
        "train": 3,
        "val": 1,
    }
    pictures = ["image", "alpha", "mask", "trimap"]
    for split in opened.values():
        features = split.features
        assert all(isinstance(features[name], datasets.Image) for name in pictures)
        assert "label" not in features
    assert opened["train"]["key"] == [keys[0], keys[1], keys[3]]
    assert opened["train"]["shop"] == [0, 1, 1]
    assert opened["val"]["note"] == ["x"]
    # Lines of JSON have no type for what a split has no value of.
    assert opened["train"]["note"] == ([None] * 3 if parquet else [""] * 3)
    assert opened["train"]["some"] == (
        [[], [1], []] if parquet else ["[]", "[1]", "[]"]
    )
    assert opened["train"]["price"] == [1, 2, 4]
    row = opened["train"][0]
    alpha = draw_alpha()
    assert row["image"].mode == "RGBA"
    assert np.array_equal(np.asarray(row["image"])[..., 3], alpha)
    assert np.array_equal(np.asarray(row["alpha"]), alpha)
    assert np.array_equal(np.asarray(row["mask"]), (alpha > 127) * np.uint8(255))
    assert np.array_equal(np.asarray(row["trimap"]), draw_trimap(alpha, 12))


def test_lines_have_one_type_a_column():
    """Fractions anywhere make fractions; what has no common type is text."""
    tables = {
        "train": [{"a": 1, "b": True, "c": "x", "d": 1, "e": None, "f": 7}],
        "val": [{"a": 0.5, "b": None, "c": "\udce9", "d": "y", "e": "z", "f": None}],
    }
    tables["val"].append({"a": None, "b": False, "c": None, "d": {}, "e": None, "f": 8})
    lines = write_lines(tables)
    train, val, more = (
        json.loads(line) for text in lines.values() for line in text.splitlines()
    )
    assert train == {"a": 1.0, "b": True, "c": "x", "d": "1", "e": "", "f": 7}
    assert isinstance(train["a"], float)
    assert val == {"a": 0.5, "b": None, "c": "\\udce9", "d": "y", "e": "z", "f": None}
    assert more == {"a": None, "b": False, "c": None, "d": "{}", "e": "", "f": 8}
    assert write_lines({}) == {}
    beside = write_lines({"a": [{"n": 2**53 + 1}], "b": [{"n": 0.5}]})
    assert beside == {"a": b'{"n": "9007199254740993"}\n', "b": b'{"n": "0.5"}\n'}
    huge = write_lines({"a": [{"n": 10**400}, {"n": 0.5}]})
    assert huge["a"] == b'{"n": "%d"}\n{"n": "0.5"}\n' % 10**400
    large = write_lines({"a": [{"n": 2**63 - 1}], "b": [{"n": -(2**63)}]})
    assert large == {
        "a": f'{{"n": "{2**63 - 1}"}}\n'.encode(),
        "b": b'{"n": "-%d"}\n' % 2**63,
    }
    assert write_lines({"a": [{"n": 2**63 - 1}]}) == {"a": b'{"n": %d}\n' % (2**63 - 1)}
