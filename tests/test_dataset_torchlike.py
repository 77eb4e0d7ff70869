"""Data sets as PyTorch's loaders take them, without PyTorch."""

from __future__ import annotations

import io
import multiprocessing
import pickle
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from shard_examples import make_example, write_set

from cosmat_nb.dataset.formats.registry import read_format
from cosmat_nb.dataset.loaders.torchlike import ExampleSet
from cosmat_nb.errors import OptionsError

NAMES = ["a", "b", "c", "d"]
FORMATS = ["folder", "coco", "yolo", "webdataset", "parquet"]


def make_set(tmp_path, form="folder", dtype=np.uint8):
    """Write four examples, the third of another split."""
    examples = [
        make_example(name, split="val" if name == "c" else "train", dtype=dtype)
        for name in NAMES
    ]
    write_set(read_format(form), tmp_path / "set", examples)
    return tmp_path / "set", examples


def read_name(sample):
    """Stand for a transform that a worker can be sent."""
    return sample["name"] * 2


SCRIPT = """\
import multiprocessing, sys
from cosmat_nb.dataset.loaders.torchlike import ExampleSet

def read_all(examples):
    return [(each["name"], float(each["alpha"].sum())) for each in examples]

if __name__ == "__main__":
    method, *folders = sys.argv[1:]
    sets = [ExampleSet(folder) for folder in folders]
    here = [read_all(examples) for examples in sets]
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.map(read_all, sets) == here
    print(*map(len, here), "torch" in sys.modules)
"""


@pytest.mark.parametrize("form", FORMATS)
def test_an_example_is_decoded(tmp_path, form):
    """Every format gives the same picture and matte, and its own labels."""
    folder, examples = make_set(tmp_path, form)
    found = ExampleSet(folder)
    assert len(found) == 4
    for example in examples:
        sample = next(each for each in found if each["name"] == example.name)
        image = np.asarray(Image.open(io.BytesIO(example.image.data)))
        assert np.array_equal(sample["image"], image)
        assert np.array_equal(sample["alpha"], np.float32(example.alpha / 255))
        assert sample["mask"].shape == (6, 8)
        assert sample["key"] == f"shop/{example.name}.jpg"
        assert sample["category"] == "mug"


def test_types_are_those_that_are_promised(tmp_path):
    """8-bit colours, a matte of float32, a mask of bool, all of them writable."""
    folder, examples = make_set(tmp_path, dtype=np.uint16)
    sample = ExampleSet(str(folder))[0]
    assert list(sample) == ["name", "image", "alpha", "mask", "key", "category"]
    kinds = {name: sample[name].dtype.name for name in ("image", "alpha", "mask")}
    assert kinds == {"image": "uint8", "alpha": "float32", "mask": "bool"}
    assert np.array_equal(sample["alpha"], np.float32(examples[0].alpha / 65535))
    assert np.array_equal(sample["mask"], examples[0].alpha >= 32768)
    # A read-only array makes torch.from_numpy warn, and may be shared.
    assert all(sample[name].flags.writeable for name in kinds)


def test_indexes_count_from_both_ends(tmp_path):
    """As a list's do, NumPy's whole numbers too; behind the ends is an IndexError."""
    found = ExampleSet(make_set(tmp_path)[0])
    assert [found[n]["name"] for n in (0, 3, -1, -4, np.int64(1))] == [*"adda", "b"]
    for index in (4, -5):
        with pytest.raises(IndexError, match=f"there are 4 examples; no {index}"):
            found[index]
    with pytest.raises(TypeError):
        found["a"]


def test_it_can_be_walked_through(tmp_path):
    """A loop ends after the last example, in the manifest's order."""
    found = ExampleSet(make_set(tmp_path)[0])
    assert [sample["name"] for sample in found] == NAMES
    assert repr(found) == "ExampleSet(4 examples)"


def test_a_split_alone(tmp_path):
    """Only its examples are there; a split that is not there is refused."""
    folder, _ = make_set(tmp_path)
    assert [s["name"] for s in ExampleSet(folder, split="train")] == ["a", "b", "d"]
    assert [s["name"] for s in ExampleSet(folder, "val")] == ["c"]
    for split in ("test", ""):
        with pytest.raises(OptionsError, match="one of 'train', 'val'; not"):
            ExampleSet(folder, split=split)


def test_a_transform_makes_the_example(tmp_path):
    """It is given the sample, and what it returns is given out."""
    found = ExampleSet(make_set(tmp_path)[0], transform=read_name)
    assert [found[0], found[-1]] == ["aa", "dd"]


def test_an_example_is_its_own(tmp_path):
    """What is done to it is not seen when it is read again."""
    found = ExampleSet(make_set(tmp_path)[0])
    before = found[0]["image"].copy()
    found[0]["image"][:] = 7
    assert np.array_equal(found[0]["image"], before)


def test_nothing_is_read_before_it_is_asked_for(tmp_path):
    """Files may be gone until their example is wanted."""
    folder, _ = make_set(tmp_path)
    (folder / "val" / "images" / "c.png").unlink()
    found = ExampleSet(folder)
    assert found[3]["name"] == "d"
    with pytest.raises(OptionsError, match="cannot be read"):
        found[2]


@pytest.mark.parametrize("form", FORMATS)
def test_it_is_pickled_small(tmp_path, form):
    """A worker is sent places, not pictures."""
    found = ExampleSet(make_set(tmp_path, form)[0], transform=read_name)
    sent = pickle.dumps(found)
    assert len(sent) < 6000
    assert sorted(pickle.loads(sent)) == ["aa", "bb", "cc", "dd"]


def test_workers_read_what_the_parent_does(tmp_path):
    """Forked and spawned workers, after the parent has read as well."""
    methods = {"fork", "spawn"} & set(multiprocessing.get_all_start_methods())
    forms = ["webdataset", "parquet"]
    folders = [make_set(tmp_path / form, form)[0] for form in forms]
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    parents = [
        subprocess.Popen(
            [sys.executable, script, method, *folders],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for method in methods
    ]
    for parent in parents:
        assert parent.communicate(timeout=100) == ("4 4 False\n", "")
