"""Tar shards: what webdataset reads, where each part is, equal bytes."""

from __future__ import annotations

import dataclasses
import io
import json
import tarfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from shard_examples import import_datasets, make_example, write_units

from cosmat_nb.dataset.files import Files
from cosmat_nb.dataset.formats.webdataset import WebDataset
from cosmat_nb.dataset.pictures.encoding import encode_alpha
from cosmat_nb.errors import OptionsError

# webdataset leaves the files of its shards to the garbage collector.
CARELESS = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <_io:pytest.PytestUnraisableExceptionWarning"
)
NAMES = ["mug", "apple", "käse-杯", "x" * 180]


@CARELESS
def test_webdataset_reads_the_shards_in_the_order_they_were_written(tmp_path):
    """The library groups members into samples by name and keeps our order."""
    wds = pytest.importorskip("webdataset", reason="reads shards independently of us")
    examples = [make_example(name, columns={"shop": 7}) for name in NAMES]
    units = {"train-00000": examples[:3], "train-00001": examples[3:]}
    write_units(WebDataset(shard_size=3), tmp_path, units)
    shards = sorted(str(path) for path in tmp_path.glob("*.tar"))
    samples = list(wds.WebDataset(shards, shardshuffle=False))
    assert [sample["__key__"] for sample in samples] == NAMES
    for sample, example in zip(samples, examples, strict=True):
        parts = {part for part in sample if not part.startswith("__")}
        assert parts == {"png", "alpha.png", "mask.png", "json"}
        assert sample["png"] == example.image.data
        assert sample["alpha.png"] == encode_alpha(example.alpha)
        assert json.loads(sample["json"]) == {
            "name": example.name,
            "key": f"shop/{example.name}.jpg",
            "category": "mug",
            "height": 6,
            "width": 8,
            "shop": 7,
        }


@CARELESS
def test_webdataset_decodes_the_mask_as_zero_and_255(tmp_path):
    """The library's own decoder gives 255 where alpha is at least half."""
    wds = pytest.importorskip("webdataset", reason="reads shards independently of us")
    example = make_example("mug")
    write_units(WebDataset(), tmp_path, {"train-00000": [example]})
    shard = str(tmp_path / "train-00000.tar")
    (sample,) = wds.WebDataset(shard, shardshuffle=False).decode("pil")
    mask = np.asarray(sample["mask.png"].convert("L"))
    assert np.array_equal(mask, np.where(example.alpha >= 128, 255, 0))


def test_datasets_opens_the_shards_without_code(tmp_path):
    """Its tar loader sees three pictures and the JSON of each example."""
    datasets = import_datasets()
    examples = [make_example(name) for name in NAMES]
    write_units(WebDataset(), tmp_path / "set", {"train-00000": examples})
    found = datasets.load_dataset(
        "webdataset",
        data_files={"train": str(tmp_path / "set" / "*.tar")},
        cache_dir=str(tmp_path / "cache"),
    )["train"]
    assert [row["name"] for row in found["json"]] == NAMES
    assert np.array_equal(np.asarray(found[1]["alpha.png"]), examples[1].alpha)


def test_members_tell_nothing_of_the_machine(tmp_path):
    """No owner, no time, plain rights."""
    write_units(WebDataset(), tmp_path, {"train-00000": [make_example("mug")]})
    with tarfile.open(tmp_path / "train-00000.tar") as tar:
        for member in tar:
            assert (member.mtime, member.uid, member.gid, member.mode) == (0, 0, 0, 420)
            assert (member.uname, member.gname) == ("", "")
            assert member.isreg()


def test_an_example_is_read_at_its_place(tmp_path):
    """Picture, alpha and mask of any example come from its own bytes in the shard."""
    form = WebDataset()
    examples = [make_example(n, suffix=".jpg", dtype=np.uint16) for n in NAMES]
    records = write_units(form, tmp_path, {"train-00000": examples})
    for example, record in zip(examples, records, strict=True):
        assert form.read_image(record, tmp_path) == example.image.data
        alpha = np.asarray(Image.open(io.BytesIO(form.read_alpha(record, tmp_path))))
        assert np.array_equal(alpha, example.alpha)
        mask = form.read_mask(record, tmp_path)
        assert mask.dtype == bool
        assert np.array_equal(mask, example.alpha >= 32768)


def test_only_the_example_is_read_of_its_shard(tmp_path):
    """What stands before and behind it may be broken."""
    form = WebDataset()
    examples = [make_example(name) for name in "abc"]
    records = write_units(form, tmp_path, {"train-00000": examples})
    shard = tmp_path / "train-00000.tar"
    first, length = records[1]["labels"]["image"]
    data = shard.read_bytes()[first : first + length]
    shard.write_bytes(b"?" * first + data)
    assert form.read_image(records[1], tmp_path) == examples[1].image.data


def test_a_shard_that_was_cut_is_named(tmp_path):
    """Half an example is never given out."""
    form = WebDataset()
    (record,) = write_units(form, tmp_path, {"train-00000": [make_example("mug")]})
    shard = tmp_path / "train-00000.tar"
    first, length = record["labels"]["alpha"]
    shard.write_bytes(shard.read_bytes()[: first + length - 1])
    with pytest.raises(OptionsError, match=r"train-00000\.tar is shorter"):
        form.read_alpha(record, tmp_path)


def test_equal_examples_make_equal_bytes(tmp_path):
    """Written again, in another folder and beside another shard, it is the same."""
    examples = [make_example(name) for name in NAMES]

    def write(number):
        files = Files(tmp_path / str(number))
        WebDataset().write_unit(iter(examples), f"train-{number:05d}", files)
        return (files.folder / f"train-{number:05d}.tar").read_bytes()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(write, range(4)))) == 1


def test_no_examples_make_no_shard(tmp_path):
    """A shard of which all failed is not written: readers choke on empty ones."""
    files = Files(tmp_path)
    assert WebDataset().write_unit(iter([]), "train-00000", files) == []
    assert list(tmp_path.iterdir()) == []
    assert files.written == {}


def test_examples_are_taken_one_by_one(tmp_path):
    """The first is written before the third is made."""
    sizes = []

    def make():
        for name in "abc":
            sizes.append(sum(path.stat().st_size for path in tmp_path.iterdir()))
            yield make_example(name, columns={"note": "x" * 300_000})

    WebDataset().write_unit(make(), "train-00000", Files(tmp_path))
    assert sizes[0] == 0
    assert sizes[2] > 300_000


def test_a_shard_that_was_interrupted_is_not_there(tmp_path):
    """What its examples raise is raised, and no half shard stays."""

    def make():
        yield make_example("mug")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        WebDataset().write_unit(make(), "train-00000", Files(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_column_of_the_same_name_is_refused(tmp_path):
    """The user's column never replaces ours, nor ours the user's."""
    example = make_example("mug", columns={"width": 3})
    with pytest.raises(OptionsError, match="column width of their own"):
        WebDataset().write_unit([example], "train-00000", Files(tmp_path))


@pytest.mark.parametrize("size", [0, 1, -2, 2.5, "9", None, True])
def test_a_shard_has_a_whole_number_of_examples(size):
    """Anything else is refused when the format is made."""
    with pytest.raises(OptionsError, match="shard_size must be a whole number"):
        WebDataset(shard_size=size)


def test_the_format_is_a_frozen_value():
    """Its settings compare, hash and stay."""
    form = WebDataset(shard_size=np.int64(5))
    assert form == WebDataset(5)
    assert hash(form) == hash(WebDataset(5))
    assert json.dumps(form.settings()) == '{"shard_size": 5}'
    assert form.unit_size == 5
    with pytest.raises(dataclasses.FrozenInstanceError):
        form.shard_size = 2
