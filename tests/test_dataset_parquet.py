"""Parquet shards: what other readers see, one schema, equal bytes."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from shard_examples import import_datasets, make_cutout, make_example, write_units

from cosmat_nb.dataset.example import ImageFile
from cosmat_nb.dataset.files import Files
from cosmat_nb.dataset.formats.schema import find_type, fit_value
from cosmat_nb.dataset.pictures.encoding import encode_alpha
from cosmat_nb.dataset.pictures.rendering import Rendering
from cosmat_nb.dataset.writing import write_dataset
from cosmat_nb.errors import OptionsError

pa = pytest.importorskip("pyarrow", reason="the Parquet format is made of it")
pq = pytest.importorskip("pyarrow.parquet", reason="the Parquet format is made of it")

from cosmat_nb.dataset.formats.parquet import Parquet  # noqa: E402 - needs pyarrow

NAMES = ["mug", "apple", "käse-杯"]
TRAIN = "data/train-00000.parquet"


def make_units(*shards):
    """Make units of one example for each value of the column ``shop``."""
    return {
        f"train-{number:05d}": [
            make_example(f"s{number}-{row}", columns={"shop": value})
            for row, value in enumerate(values)
        ]
        for number, values in enumerate(shards)
    }


def test_pandas_reads_the_columns_and_the_files(tmp_path):
    """Each row has the picture's own bytes, its name, and the columns in order."""
    examples = [make_example(name, columns={"shop": 7}) for name in NAMES]
    write_units(Parquet(), tmp_path, {"train-00000": examples})
    frame = pd.read_parquet(tmp_path / TRAIN)
    ours = ["image", "alpha", "mask", "name", "key", "category", "height", "width"]
    assert list(frame) == [*ours, "shop"]
    assert frame["name"].tolist() == NAMES
    assert frame["key"].tolist() == [f"shop/{name}.jpg" for name in NAMES]
    assert frame["category"].tolist() == ["mug"] * 3
    assert frame[["height", "width", "shop"]].to_numpy().tolist() == [[6, 8, 7]] * 3
    for row, example in zip(frame.itertuples(), examples, strict=True):
        image = {"bytes": example.image.data, "path": f"{example.name}.png"}
        assert row.image == image
        assert row.alpha["bytes"] == encode_alpha(example.alpha)
        assert row.alpha["path"] == f"{example.name}.alpha.png"
        mask = np.asarray(Image.open(io.BytesIO(row.mask["bytes"])))
        assert np.array_equal(mask, np.where(example.alpha >= 128, 255, 0))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_datasets_shows_images_without_code(tmp_path, dtype):
    """Image, alpha and mask are Image features, and decode to our pixels."""
    datasets = import_datasets()
    examples = [make_example(name, dtype=dtype) for name in NAMES]
    write_units(Parquet(), tmp_path / "set", {"train-00000": examples})
    found = datasets.load_dataset(
        "parquet",
        data_files={"train": str(tmp_path / "set" / TRAIN)},
        cache_dir=str(tmp_path / "cache"),
    )["train"]
    for name in ("image", "alpha", "mask"):
        assert isinstance(found.features[name], datasets.Image)
    assert found["name"][:] == NAMES
    for row, example in zip(found, examples, strict=True):
        assert np.array_equal(np.asarray(row["alpha"]), example.alpha)
        pixels = np.asarray(Image.open(io.BytesIO(example.image.data)))
        assert np.array_equal(np.asarray(row["image"]), pixels)


def test_datasets_opens_the_folder_by_its_card(tmp_path):
    """``configs:`` of the card is enough: splits of several shards, any column."""
    datasets = import_datasets()
    units = make_units([None, None], ["a", [1, {"b": 2}]])
    units["my_test-00000"] = [make_example("t0", columns={"shop": 0.5})]
    folder = tmp_path / "set"
    write_units(Parquet(), folder, units)
    lines = [
        "---\nconfigs:\n- config_name: default\n  data_files:",
        "  - split: train\n    path: data/train-*.parquet",
        "  - split: my_test\n    path: data/my_test-*.parquet\n---\n",
    ]
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8")
    found = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    shops = {split: rows["shop"][:] for split, rows in found.items()}
    assert shops == {"train": [None, None, "a", '[1, {"b": 2}]'], "my_test": ["0.5"]}
    assert isinstance(found["my_test"].features["alpha"], datasets.Image)


def test_an_example_is_read_at_its_place(tmp_path):
    """Picture, alpha and mask of any of 40 rows are its own."""
    form = Parquet()
    examples = [make_example(f"e{n}", suffix=".jpg") for n in range(40)]
    records = write_units(form, tmp_path, {"train-00000": examples})
    assert [tuple(record["labels"].values()) for record in records[15:18]] == [
        (0, 15),
        (1, 0),
        (1, 1),
    ]
    for example, record in zip(examples, records, strict=True):
        assert form.read_image(record, tmp_path) == example.image.data
        assert form.read_alpha(record, tmp_path) == encode_alpha(example.alpha)
        mask = form.read_mask(record, tmp_path)
        assert mask.dtype == bool
        assert np.array_equal(mask, example.alpha >= 128)


def test_only_the_picture_is_read(tmp_path):
    """Of its row group one column, of the other row groups nothing."""
    form = Parquet()
    examples = [make_example(f"e{n}") for n in range(17)]
    records = write_units(form, tmp_path, {"train-00000": examples})
    shard = tmp_path / TRAIN
    data = shard.read_bytes()
    column = pq.ParquetFile(shard).metadata.row_group(1).column(0)
    begin = column.data_page_offset
    end = begin + column.total_compressed_size
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    lost = b"?" * (footer - end)
    shard.write_bytes(
        b"PAR1" + b"?" * (begin - 4) + data[begin:end] + lost + data[footer:]
    )
    assert form.read_image(records[16], tmp_path) == examples[16].image.data
    with pytest.raises(OSError, match=r"."):
        form.read_image(records[0], tmp_path)
    with pytest.raises(OSError, match=r"."):
        form.read_alpha(records[16], tmp_path)


def test_row_groups_are_closed_by_their_bytes_too(tmp_path):
    """Pictures of 20 MB share a row group with one more at most."""
    image = ImageFile(bytes(20_000_000), ".png", 6, 8)
    examples = [replace(make_example(f"e{n}"), image=image) for n in range(5)]
    write_units(Parquet(), tmp_path, {"train-00000": examples})
    found = pq.ParquetFile(tmp_path / TRAIN).metadata
    assert [found.row_group(n).num_rows for n in range(3)] == [2, 2, 1]


def test_all_shards_have_the_types_of_all_examples(tmp_path):
    """A column that is empty or whole in one shard takes the type of the others."""
    write_units(Parquet(), tmp_path, make_units([None, None], [1, 2], [0.5, None]))
    shards = sorted((tmp_path / "data").iterdir())
    assert [pq.read_schema(shard).field("shop").type for shard in shards] == [
        pa.float64()
    ] * 3
    values = [pq.read_table(shard)["shop"].to_pylist() for shard in shards]
    assert values == [[None, None], [1.0, 2.0], [0.5, None]]


def test_columns_that_some_examples_lack_are_empty_there(tmp_path):
    """A shard written with fewer columns gets the others."""
    units = make_units([1], [2])
    units["train-00001"] = [make_example("b", columns={"note": "new"})]
    write_units(Parquet(), tmp_path, units)
    frame = pd.concat(map(pd.read_parquet, sorted((tmp_path / "data").iterdir())))
    assert list(frame)[-2:] == ["shop", "note"]
    assert frame["shop"].tolist()[0] == 1
    assert frame["note"].tolist()[1] == "new"
    assert frame["note"].isna().tolist() == [True, False]


def test_a_shard_written_anew_keeps_every_row(tmp_path):
    """After its types changed, each example is still at its place."""
    form = Parquet()
    units = make_units([2**60 + n for n in range(20)], ["text"])
    records = write_units(form, tmp_path, units)
    examples = [example for unit in units.values() for example in unit]
    for example, record in zip(examples, records, strict=True):
        assert form.read_image(record, tmp_path) == example.image.data
    shop = pq.read_table(tmp_path / TRAIN)["shop"].to_pylist()
    assert shop == [str(2**60 + n) for n in range(20)]
    assert b"huggingface" in pq.read_schema(tmp_path / TRAIN).metadata


def test_types_are_the_same_after_an_update(tmp_path):
    """When the row that widened a column leaves, all is as if written afresh."""
    form = Parquet()
    fresh = make_units([1, 2], [3])
    records = write_units(form, tmp_path / "old", make_units([1, 2], [3], ["text"]))
    form.finish(records[:3], Files(tmp_path / "old"))
    write_units(form, tmp_path / "new", fresh)
    for unit in fresh:
        path = f"data/{unit}.parquet"
        assert (tmp_path / "old" / path).read_bytes() == (
            tmp_path / "new" / path
        ).read_bytes()


def test_an_export_in_steps_ends_with_the_same_bytes(tmp_path):
    """Whatever was there before: fewer rows, other types, another number of threads."""
    keys = [f"{name}.jpg" for name in "abcde"]
    cutouts = [make_cutout(key, 50 * n) for n, key in enumerate(keys)]
    told = {"key": keys, "cutout": cutouts, "shop": [1, None, 2.5, "text", None]}
    frame = pd.DataFrame(told).astype({"shop": object})

    def write(rows, folder, workers):
        write_dataset(
            frame.loc[rows],
            tmp_path / folder,
            Parquet(shard_size=2),
            columns=["shop"],
            rendering=Rendering(image="cutout"),
            workers=workers,
            progress=False,
        )

    for rows in ([0, 1], [0, 1, 2, 3], [0, 1, 2, 4], [0, 1, 2, 3, 4]):
        write(rows, "steps", 1)
    for folder, workers in (("one", 1), ("four", 4)):
        write([0, 1, 2, 3, 4], folder, workers)
    found = [read_tree(tmp_path / folder) for folder in ("steps", "one", "four")]
    assert found[1] == found[0]
    assert found[2] == found[0]
    shards = [path for path in found[0] if path.startswith("data/")]
    assert len(shards) == 3


def read_tree(folder):
    """Read every file of a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_shard_that_fits_is_left_alone(tmp_path):
    """Finishing again writes nothing."""
    records = write_units(Parquet(), tmp_path, make_units([1], [2]))
    files = Files(tmp_path)
    Parquet().finish(records, files)
    assert files.written == {}


def test_what_is_written_is_counted(tmp_path):
    """Digests are those of the files as they are in the end."""
    form, files = Parquet(), Files(tmp_path)
    records = []
    for unit, examples in make_units([1], ["a"]).items():
        written = form.write_unit(iter(examples), unit, files)
        records += [{**e.facts, **w} for e, w in zip(examples, written, strict=True)]
    form.finish(records, files)
    assert set(files.written) == {TRAIN, "data/train-00001.parquet"}
    for path, facts in files.written.items():
        assert facts.nbytes == (tmp_path / path).stat().st_size


def test_equal_examples_make_equal_bytes(tmp_path):
    """Written at once by four threads, and in another process, it is the same."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "import test_dataset_parquet as t\n"
        "t.write_units(t.Parquet(), Path(sys.argv[1]), t.make_units(['a', None, 3]))"
    )

    def write(number):
        folder = tmp_path / str(number)
        write_units(Parquet(), folder, make_units(["a", None, 3]))
        return (folder / TRAIN).read_bytes()

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(write, range(8)))
    arguments = [
        sys.executable,
        "-c",
        code,
        tmp_path / "other",
        __file__.rpartition("/")[0],
    ]
    subprocess.run(arguments, check=True, timeout=60)
    found.add((tmp_path / "other" / TRAIN).read_bytes())
    assert len(found) == 1


def test_the_file_tells_no_time_and_no_place(tmp_path):
    """Its entries are the schema and what `datasets` looks for; the maker is Arrow."""
    write_units(Parquet(), tmp_path, make_units([1]))
    found = pq.ParquetFile(tmp_path / TRAIN).metadata
    assert set(found.metadata) == {b"ARROW:schema", b"huggingface"}
    assert found.created_by == f"parquet-cpp-arrow version {pa.__version__}"
    told = json.loads(found.metadata[b"huggingface"])
    assert set(told["info"]["features"]) == {"image", "alpha", "mask"}


def test_the_pictures_are_not_in_the_footer(tmp_path):
    """Statistics are kept of names and sizes, never of files."""
    write_units(Parquet(), tmp_path, make_units([1]))
    group = pq.ParquetFile(tmp_path / TRAIN).metadata.row_group(0)
    kept = {
        group.column(n).path_in_schema
        for n in range(group.num_columns)
        if group.column(n).statistics is not None
    }
    assert kept == {"name", "key", "category", "height", "width"}


def test_pictures_are_not_compressed_twice(tmp_path):
    """They are stored as they are, so that any reader reads them fast."""
    write_units(Parquet(), tmp_path, make_units([1]))
    group = pq.ParquetFile(tmp_path / TRAIN).metadata.row_group(0)
    kinds = {group.column(n).compression for n in range(group.num_columns)}
    assert kinds == {"UNCOMPRESSED"}


def test_no_examples_make_no_shard(tmp_path):
    """A shard of which all failed is not written, and nothing else stays."""
    files = Files(tmp_path)
    assert Parquet().write_unit(iter([]), "train-00000", files) == []
    assert list(tmp_path.iterdir()) == []
    assert files.written == {}


def test_no_example_at_all_is_a_data_set_too(tmp_path):
    """Finishing nothing writes nothing."""
    Parquet().finish([], Files(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_shard_that_was_interrupted_is_not_there(tmp_path):
    """What its examples raise is raised, and no half shard stays."""

    def make():
        yield make_example("mug")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Parquet().write_unit(make(), "train-00000", Files(tmp_path))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_column_of_the_same_name_is_refused(tmp_path):
    """The user's column never replaces ours, nor ours the user's."""
    example = make_example("mug", columns={"alpha": 3, "width": 3})
    with pytest.raises(OptionsError, match="column alpha, width of their own"):
        Parquet().write_unit([example], "train-00000", Files(tmp_path))


def test_a_shard_that_is_gone_is_an_error(tmp_path):
    """Nothing is made up for it."""
    (record,) = write_units(Parquet(), tmp_path, make_units([1]))
    shutil.rmtree(tmp_path / "data")
    with pytest.raises(FileNotFoundError):
        Parquet().read_alpha(record, tmp_path)


@pytest.mark.parametrize("damage", ["cut short", "of fewer rows", "another table"])
def test_a_shard_that_is_damaged_is_an_error_of_ours(tmp_path, damage):
    """It names the shard, whatever pyarrow says of it."""
    *_, record = write_units(Parquet(), tmp_path, make_units([1, 2, 3]))
    shard = tmp_path / record["files"]["shard"]
    if damage == "cut short":
        shard.write_bytes(shard.read_bytes()[:500])
    elif damage == "of fewer rows":
        write_units(Parquet(), tmp_path, make_units([1]))
    else:
        pq.write_table(pa.table({"n": [1, 2, 3]}), shard)
    with pytest.raises(OptionsError, match="is not what was written"):
        Parquet().read_image(record, tmp_path)


@pytest.mark.parametrize("size", [0, 1, 1.5, "9", None, True])
def test_a_shard_has_a_whole_number_of_examples(size):
    """Anything else is refused when the format is made."""
    with pytest.raises(OptionsError, match="shard_size must be a whole number"):
        Parquet(shard_size=size)


def test_the_format_is_a_frozen_value():
    """Its settings compare and hash, and are JSON."""
    assert Parquet(np.int64(5)) == Parquet(shard_size=5)
    assert hash(Parquet(np.int64(5))) == hash(Parquet(shard_size=5))
    assert json.dumps(Parquet(np.int64(5)).settings()) == '{"shard_size": 5}'
    assert Parquet(5).unit_size == 5


def test_without_pyarrow_the_command_is_named(monkeypatch):
    """The format is refused when it is made, not after an hour of export."""
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(OptionsError, match="not installed: pip install pyarrow"):
        Parquet()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([], "null"),
        ([None], "null"),
        ([True, None], "bool"),
        ([1, None, -(2**63 - 1)], "int64"),
        ([1, 0.5], "double"),
        ([2**53, 0.5], "double"),
        ([2**53 + 1, 0.5], "string"),
        ([2**63], "string"),
        ([True, 1], "string"),
        ([1.0, True], "string"),
        (["a", None], "string"),
        (["a", 1], "string"),
        ([{"a": 1}], "string"),
        ([[1], [], None], "list<item: int64>"),
        ([[1], ["a"]], "list<item: string>"),
        ([[1], "a"], "string"),
        ([[[0.5]], [[]]], "list<item: list<item: double>>"),
        ([[]], "list<item: null>"),
    ],
)
def test_a_column_has_the_narrowest_type_that_loses_nothing(values, kind):
    """Worked out by hand for each kind of JSON values and for what mixes them."""
    assert str(find_type(values)) == kind


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2)
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(JSON, max_size=4))
def test_every_json_value_is_held_without_a_loss(values):
    """What a column holds is the value, or the text that JSON has for it."""
    kind = find_type(values)
    cells = pa.array([fit_value(value, kind) for value in values], kind).to_pylist()
    assert [_unfit(c, v) for c, v in zip(cells, values, strict=True)] == values


def _unfit(cell, value):
    if isinstance(cell, list):
        return [_unfit(c, v) for c, v in zip(cell, value, strict=True)]
    textual = isinstance(cell, str) and not isinstance(value, str)
    return json.loads(cell) if textual else cell


def test_json_in_a_cell_can_be_read():
    """Letters stay letters; text stays text beside it."""
    kind = find_type([{"größe": "杯"}, "ö"])
    assert fit_value({"größe": "杯"}, kind) == '{"größe": "杯"}'
    assert fit_value("ö", kind) == "ö"


def test_text_that_has_no_utf_8_is_marked():
    """Half a surrogate pair becomes a question mark; Parquet's text is UTF-8."""
    values = ["a\ud800b"]
    kind = find_type(values)
    assert pa.array([fit_value(v, kind) for v in values], kind).to_pylist() == ["a?b"]
