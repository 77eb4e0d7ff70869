"""Data sets handed over: what supervision and FiftyOne make of our labels."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from shard_examples import make_example, write_set

from cosmat_nb.dataset.formats.registry import read_format
from cosmat_nb.dataset.loaders.handover import (
    import_arguments,
    to_fiftyone,
    to_supervision,
)
from cosmat_nb.dataset.manifest import HEAD, Head, show_head
from cosmat_nb.errors import OptionsError
from cosmat_nb.images import encode_png

RING = np.zeros((6, 8), bool)
RING[1:5, 1:7] = True
RING[2:4, 3:5] = False
# Lengths of 0 and 1 by turns down the columns of RING, counted by hand.
COUNTS = [7, 4, 2, 4, 2, 1, 2, 1, 2, 1, 2, 1, 2, 4, 2, 4, 7]
HAS_FIFTYONE = importlib.util.find_spec("fiftyone") is not None


def write_head(folder, form, splits):
    """Write the head of a data set."""
    head = Head(
        toolkit="cosmat-nb 0.1.0",
        format=form,
        settings={},
        rendering={},
        examples=sum(splits.values()),
        splits=splits,
        categories=("mug",),
        columns={},
        calls={},
        about={},
    )
    folder.mkdir(exist_ok=True)
    (folder / HEAD).write_bytes(show_head(head))


def write_picture(folder, part, name):
    """Write a picture of RING's size."""
    images = folder / "images" / part
    images.mkdir(parents=True)
    (images / name).write_bytes(encode_png(np.zeros((*RING.shape, 3), np.uint8)))


@pytest.fixture
def coco(tmp_path):
    """A COCO data set of one ring, as it is laid out by our format."""
    folder = tmp_path / "set"
    write_head(folder, "coco", {"train": 1, "val": 0})
    write_picture(folder, "train", "ring.png")
    label = {
        "id": 1,
        "image_id": 1,
        "category_id": 1,
        "iscrowd": 0,
        "area": int(RING.sum()),
        "bbox": [1, 1, 6, 4],
        "segmentation": {"size": [6, 8], "counts": COUNTS},
    }
    labels = {
        "images": [{"id": 1, "file_name": "ring.png", "height": 6, "width": 8}],
        "categories": [{"id": 1, "name": "mug"}],
        "annotations": [label],
    }
    (folder / "annotations").mkdir()
    path = folder / "annotations" / "instances_train.json"
    path.write_text(json.dumps(labels), encoding="utf-8")
    return folder


@pytest.fixture
def yolo(tmp_path):
    """A YOLO data set of one square, not split."""
    folder = tmp_path / "set"
    write_head(folder, "yolo", {"": 1})
    write_picture(folder, "data", "square.png")
    (folder / "labels" / "data").mkdir(parents=True)
    corners = "0.25 0.5 0.5 0.5 0.5 0.833333 0.25 0.833333"
    (folder / "labels" / "data" / "square.txt").write_text(f"0 {corners}\n")
    (folder / "data.yaml").write_text("names:\n  0: mug\n")
    return folder


def test_paths_that_are_handed_over_are_whole(coco, monkeypatch):
    """The libraries know no home, and open pictures later from wherever they are."""
    monkeypatch.setenv("HOME", str(coco.parent))
    monkeypatch.setenv("USERPROFILE", str(coco.parent))
    (path, *_), *_ = to_supervision(f"~/{coco.name}", "train")
    assert path == str(coco / "images" / "train" / "ring.png")
    monkeypatch.chdir(coco.parent)
    told = import_arguments(coco.name, "train")
    assert told["data_path"] == str(coco / "images" / "train")


def test_the_hand_counted_lengths_draw_the_ring():
    """The labels below are what they are said to be."""
    flat = np.repeat(np.arange(len(COUNTS)) % 2 == 1, COUNTS)
    assert np.array_equal(flat.reshape(8, 6).T, RING)


def test_supervision_gets_our_mask_with_its_hole(coco):
    """COCO's run lengths come out as they went in, under our category."""
    pytest.importorskip("supervision", reason="opens COCO independently of us")
    found = to_supervision(coco, "train")
    assert found.classes == ["mug"]
    ((path, image, detections),) = list(found)
    assert path.endswith("ring.png")
    assert image.shape == (6, 8, 3)
    assert np.array_equal(detections.mask, RING[None])
    assert detections.class_id.tolist() == [0]


def test_supervision_gets_the_polygons_of_yolo(yolo):
    """Masks are drawn, not boxes alone; the only split need not be named."""
    pytest.importorskip("supervision", reason="opens YOLO independently of us")
    found = to_supervision(str(yolo))
    assert found.classes == ["mug"]
    ((_, _, detections),) = list(found)
    square = np.zeros((6, 8), bool)
    square[3:6, 2:5] = True  # supervision fills the outline's own pixels too
    assert np.array_equal(detections.mask, square[None])


@pytest.mark.parametrize("form", ["coco", "yolo"])
def test_supervision_opens_what_our_formats_write(tmp_path, form):
    """Every picture of the split has the mask that our own reader has of it."""
    pytest.importorskip("supervision", reason="opens labels independently of us")
    splits = {"a": "train", "b": "val", "c": "train"}
    examples = [make_example(name, split=split) for name, split in splits.items()]
    form = read_format(form)
    records = write_set(form, tmp_path / "set", examples)
    wanted = {
        record["name"]: form.read_mask(record, tmp_path / "set") for record in records
    }
    for split, names in (("train", ["a", "c"]), ("val", ["b"])):
        found = {
            Path(path).stem: detections.mask.any(axis=0)
            for path, _, detections in to_supervision(tmp_path / "set", split)
        }
        assert sorted(found) == names
        assert all(np.array_equal(found[name], wanted[name]) for name in names)


@pytest.mark.parametrize("hand_over", [to_supervision, to_fiftyone])
@pytest.mark.parametrize("split", [None, "test", ""])
def test_the_split_has_to_be_one_of_the_data_set(coco, hand_over, split):
    """Of several, one is named; the message tells which there are."""
    with pytest.raises(OptionsError, match="one of 'train', 'val'; not"):
        hand_over(coco, split)


@pytest.mark.parametrize(
    ("hand_over", "form", "wanted"),
    [
        (to_supervision, "parquet", "format='coco' or format='yolo'"),
        (to_fiftyone, "yolo", "with format='coco'"),
    ],
)
def test_a_format_that_they_do_not_read_is_refused(tmp_path, hand_over, form, wanted):
    """The message tells which they do."""
    write_head(tmp_path / "set", form, {"train": 1})
    with pytest.raises(OptionsError, match=wanted):
        hand_over(tmp_path / "set", "train")


@pytest.mark.parametrize("hand_over", [to_supervision, to_fiftyone])
def test_a_folder_without_a_data_set_is_refused(tmp_path, hand_over):
    """Nothing is guessed from a folder's looks."""
    with pytest.raises(OptionsError, match="holds no data set"):
        hand_over(tmp_path)


@pytest.mark.skipif(HAS_FIFTYONE, reason="FiftyOne is installed here")
def test_without_fiftyone_the_command_is_named(coco):
    """The error tells how to install it."""
    with pytest.raises(OptionsError, match="pip install fiftyone"):
        to_fiftyone(coco, "train")


@pytest.mark.filterwarnings("ignore")  # FiftyOne brings what warns, not we
def test_fiftyone_s_importer_takes_what_it_is_told(coco):
    """Its COCO importer finds the mask with its hole; no more is run."""
    reason = "reads COCO independently of us"
    importers = pytest.importorskip("fiftyone.utils.coco", reason=reason)
    importer = importers.COCODetectionDatasetImporter(**import_arguments(coco, "train"))
    with importer:
        ((path, _, labels),) = list(importer)
    assert path == str(coco / "images" / "train" / "ring.png")
    (found,) = labels.detections
    assert found.label == "mug"
    assert np.array_equal(found.mask, RING[1:5, 1:7])
