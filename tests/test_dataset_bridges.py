"""Any data set of ours, opened with Hugging Face `datasets`."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from shard_examples import import_datasets, make_cutout, make_example, write_set

from cosmat_nb.dataset.exports.journal import JOURNAL
from cosmat_nb.dataset.formats.registry import FORMATS, read_format
from cosmat_nb.dataset.loaders.hugging_face import to_datasets
from cosmat_nb.dataset.pictures.rendering import Rendering
from cosmat_nb.dataset.writing import write_dataset
from cosmat_nb.errors import OptionsError

pytestmark = pytest.mark.filterwarnings("ignore:split .* got none of")
"""A handful of rows does not reach every split, and need not here."""

datasets = import_datasets()

OURS = ["image", "alpha", "mask", "name", "key", "category", "height", "width"]


@pytest.fixture(autouse=True)
def no_progress():
    """The library draws no bars into the tests' output."""
    datasets.disable_progress_bars()


def make_examples(*, first="a"):
    """Make four examples in two splits, with columns that are not all whole."""
    shops = [None, 1, 2.5, None]
    names = [first, "b-1", "käse", "d"]
    return [
        make_example(
            name,
            split="train" if row < 3 else "hold_out",
            columns={"shop": shops[row], "tags": ["new"] * row, "more": {"a": row}},
            suffix=".jpg" if row == 1 else ".png",
            dtype=np.uint16,
        )
        for row, name in enumerate(names)
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_opens_with_its_pixels_and_columns(tmp_path, form):
    """Splits, names, types and every pixel are ours, whatever the format."""
    examples = make_examples()
    form = read_format(form)
    records = write_set(form, tmp_path / "set", examples)
    found = to_datasets(tmp_path / "set", cache_dir=tmp_path / "cache")
    assert {name: len(rows) for name, rows in found.items()} == {
        "train": 3,
        "hold_out": 1,
    }
    rows = [row for part in found.values() for row in part]
    for row, example, record in zip(rows, examples, records, strict=True):
        image = Image.open(io.BytesIO(example.image.data))
        assert np.array_equal(np.asarray(row["image"]), np.asarray(image))
        assert np.array_equal(np.asarray(row["alpha"]), example.alpha)
        mask = form.read_mask(record, tmp_path / "set")
        assert np.array_equal(np.asarray(row["mask"]), np.where(mask, 255, 0))
        assert list(row) == [*OURS, "shop", "tags", "more"]
        assert row["name"] == example.name
        assert row["key"] == f"shop/{example.name}.jpg"
        assert (row["height"], row["width"], row["category"]) == (6, 8, "mug")
    assert [row["shop"] for row in rows] == [None, 1.0, 2.5, None]
    assert [row["tags"] for row in rows] == [[], ["new"], ["new"] * 2, ["new"] * 3]
    assert [row["more"] for row in rows] == [f'{{"a": {n}}}' for n in range(4)]


def test_a_column_that_an_example_lacks_is_empty(tmp_path):
    """The others keep theirs."""
    examples = [make_example("a", columns={"shop": 1}), make_example("b")]
    write_set(read_format("parquet"), tmp_path / "set", examples)
    found = to_datasets(tmp_path / "set", cache_dir=tmp_path / "cache")
    assert found["train"]["shop"][:] == [1, None]


def test_tables_are_kept_where_they_are_to_be(tmp_path):
    """The cache is the one that was named."""
    write_set(read_format("folder"), tmp_path / "set", make_examples())
    found = to_datasets(tmp_path / "set", cache_dir=tmp_path / "cache")
    for part in found.values():
        (table,) = part.cache_files
        assert (tmp_path / "cache") in Path(table["filename"]).parents


def make_frame():
    """Make a frame of three cutouts in splits of which one begins like the other."""
    keys = ["a.jpg", "käse/b.jpg", "c.jpg"]
    cutouts = [make_cutout(key, 40 * (n + 1)) for n, key in enumerate(keys)]
    splits = ["train", "train_2", "train"]
    columns = {"key": keys, "cutout": cutouts, "split": splits, "shop": [None, 2, 3]}
    return pd.DataFrame(columns)


@pytest.mark.parametrize("form", FORMATS)
def test_what_write_dataset_wrote_is_opened(tmp_path, form):
    """Whole exports, with their own card, manifest and columns."""
    frame = make_frame()
    settings = {"rendering": Rendering(image="cutout"), "progress": False}
    write_dataset(frame, tmp_path / "set", form, columns=["shop"], **settings)
    found = to_datasets(tmp_path / "set", cache_dir=tmp_path / "cache")
    assert {name: part["key"][:] for name, part in found.items()} == {
        "train": ["a.jpg", "c.jpg"],
        "train_2": ["käse/b.jpg"],
    }
    (row,) = found["train_2"]
    assert np.array_equal(np.asarray(row["image"]), np.full((6, 8, 4), 80))
    assert np.array_equal(np.asarray(row["alpha"]), np.full((6, 8), 80))
    assert row["shop"] == 2


@pytest.mark.parametrize("form", ["webdataset", "parquet"])
def test_shards_open_by_their_card_alone(tmp_path, form):
    """``load_dataset(folder)`` finds each split's own shards, and no other's."""
    frame = make_frame()
    settings = {"rendering": Rendering(image="cutout"), "progress": False}
    write_dataset(frame, tmp_path / "set", form, **settings)
    found = datasets.load_dataset(
        str(tmp_path / "set"), cache_dir=str(tmp_path / "cache")
    )
    assert {name: len(part) for name, part in found.items()} == {
        "train": 2,
        "train_2": 1,
    }
    column = "alpha" if form == "parquet" else "alpha.png"
    alpha = np.asarray(found["train_2"][0][column])
    assert np.array_equal(alpha, np.full((6, 8), 80))


def test_an_unfinished_data_set_is_refused(tmp_path):
    """Half a data set is never taken for a whole one."""
    write_set(read_format("folder"), tmp_path / "set", make_examples())
    (tmp_path / "set" / JOURNAL).write_text("{}")
    with pytest.raises(OptionsError, match="is unfinished"):
        to_datasets(tmp_path / "set", cache_dir=tmp_path / "cache")


def test_pictures_are_image_features(tmp_path):
    """The three pictures decode by themselves; the split knows its name."""
    write_set(read_format("parquet"), tmp_path / "set", make_examples())
    found = to_datasets(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert isinstance(found, datasets.DatasetDict)
    for part in found.values():
        features = part.features
        assert {n for n in features if isinstance(features[n], datasets.Image)} == {
            "image",
            "alpha",
            "mask",
        }
        assert features["shop"] == datasets.Value("float64")
    assert [str(part.split) for part in found.values()] == ["train", "hold_out"]


def test_pictures_that_are_files_are_not_copied(tmp_path):
    """Their table holds where they are."""
    write_set(read_format("folder"), tmp_path / "set", make_examples())
    found = to_datasets(tmp_path / "set", cache_dir=tmp_path / "cache")
    for role in ("image", "alpha", "mask"):
        stored = found["hold_out"].with_format("arrow")[:][role].to_pylist()
        path = tmp_path / "set" / "hold_out" / {"image": "images"}.get(role, role)
        assert stored == [{"bytes": None, "path": str(path / "d.png")}]


def test_what_is_not_split_is_called_train(tmp_path):
    """As ``load_dataset`` calls it."""
    example = make_example("a", split="")
    write_set(read_format("webdataset"), tmp_path / "set", [example])
    found = to_datasets(tmp_path / "set", cache_dir=tmp_path / "cache")
    assert found["train"]["name"][:] == ["a"]


def test_a_data_set_that_changed_is_read_anew(tmp_path):
    """The library's cache never answers for what is gone."""
    for first in ("a", "other"):
        write_set(read_format("parquet"), tmp_path / "set", make_examples(first=first))
        found = to_datasets(tmp_path / "set", cache_dir=tmp_path / "cache")
        assert found["train"]["name"][0] == first


def test_a_folder_without_a_data_set_is_refused(tmp_path):
    """Nothing is guessed from a folder's looks."""
    with pytest.raises(OptionsError, match="holds no data set"):
        to_datasets(tmp_path)
