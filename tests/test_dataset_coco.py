"""COCO data sets, read back by the tools that read COCO."""

import json
import warnings

import numpy as np
import pytest
from torture import MASKS, decode, make_example, overlap, read, write

from cosmat_nb.dataset.files import Files
from cosmat_nb.dataset.formats.coco import Coco
from cosmat_nb.dataset.pictures.encoding import decode_alpha
from cosmat_nb.errors import OptionsError

KINDS = {"rle": Coco(), "polygon": Coco(segmentation="polygon")}
kinds = pytest.mark.parametrize("layout", KINDS.values(), ids=KINDS)
NAMES = {mask: f"m{place:02}" for place, mask in enumerate(MASKS)}
RING = read("##### #...# #.#.# #...# #####")
BAR = read("..... ..... ..##. ..... .....")


def torture_set():
    """An example for each mask."""
    return [make_example(NAMES[key], (mask, "thing")) for key, mask in MASKS.items()]


def load(folder, split="train"):
    """Return the annotation file."""
    path = folder / "annotations" / f"instances_{split}.json"
    return json.loads(path.read_text("utf-8"))


@kinds
def test_every_mask_comes_back(tmp_path, layout):
    """Labels and mattes are those that were written, to the pixel."""
    files = Files(tmp_path)
    examples = torture_set()
    records = write(layout, examples, files)
    for record, example, mask in zip(records, examples, MASKS.values(), strict=True):
        assert (layout.read_mask(record, tmp_path) == mask).all()
        alpha = decode_alpha(layout.read_alpha(record, tmp_path))
        assert (alpha == example.alpha).all()
        assert layout.read_image(record, tmp_path) == example.image.data


@kinds
def test_pycocotools_reads_every_mask(tmp_path, layout):
    """Its pixels, area and box are ours, and pictures without a subject are listed."""
    coco = pytest.importorskip("pycocotools.coco")
    write(layout, torture_set(), Files(tmp_path))
    data = coco.COCO(str(tmp_path / "annotations" / "instances_train.json"))
    assert len(data.getImgIds()) == len(MASKS)
    for image, mask in zip(
        data.loadImgs(data.getImgIds()), MASKS.values(), strict=True
    ):
        found = data.loadAnns(data.getAnnIds(imgIds=image["id"]))
        assert len(found) == int(mask.any())
        for label in found:
            assert (decode(data.annToRLE(label), *mask.shape) == mask).all()
            assert label["area"] == mask.sum()
            rows, cols = np.nonzero(mask)
            corner = [cols.min(), rows.min()]
            size = [np.ptp(cols) + 1, np.ptp(rows) + 1]
            assert label["bbox"] == [*corner, *size]


@pytest.mark.parametrize(("kind", "least"), [("rle", 1.0), ("polygon", 0.9)])
def test_supervision_reads_every_mask(tmp_path, kind, least):
    """Run lengths are seen exactly; painted lines make polygons a little larger."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it was installed without
        supervision = pytest.importorskip("supervision")
    write(KINDS[kind], torture_set(), Files(tmp_path))
    data = supervision.DetectionDataset.from_coco(
        str(tmp_path / "images" / "train"),
        str(tmp_path / "annotations" / "instances_train.json"),
        force_masks=True,
    )
    assert data.classes == ["thing"]
    for path, _, detections in data:
        stem = path.rpartition("/")[2].partition(".")[0]
        (name,) = (key for key, value in NAMES.items() if value == stem)
        mask = MASKS[name]
        assert len(detections) == int(mask.any())
        if mask.any() and (kind == "rle" or name == "onion"):
            assert overlap(detections.mask[0], mask) >= least
        if name == "onion":
            # The hole is smaller, and there.
            assert not detections.mask[0][80, 60]
            assert detections.mask[0][80, 80 - 2]


@kinds
def test_subjects_have_annotations_of_their_own(tmp_path, layout):
    """Each subject that is seen has one; identifiers go on, categories are sorted."""
    hidden = np.zeros((5, 5), bool)
    examples = [
        make_example("b", (RING, "mug"), (hidden, "cat"), (BAR, "ball")),
        make_example("a", (hidden, "tin"), size=(5, 5)),
        make_example("c", (BAR, "mug")),
    ]
    write(layout, examples, Files(tmp_path))
    data = load(tmp_path)
    assert [image["file_name"] for image in data["images"]] == [
        "b.png",
        "a.png",
        "c.png",
    ]
    assert [image["id"] for image in data["images"]] == [1, 2, 3]
    names = [category["name"] for category in data["categories"]]
    assert names == ["ball", "mug", "tin"]
    assert [category["id"] for category in data["categories"]] == [1, 2, 3]
    found = [(a["id"], a["image_id"], a["category_id"]) for a in data["annotations"]]
    assert found == [(1, 1, 2), (2, 1, 1), (3, 3, 2)]
    assert [a["bbox"] for a in data["annotations"]] == [
        *([0, 0, 5, 5], [2, 2, 2, 1], [2, 2, 2, 1])
    ]
    assert {a["iscrowd"] for a in data["annotations"]} == {0}


def test_polygons_are_columns_before_rows(tmp_path):
    """A bar of two pixels is [x, y, …] along its edges."""
    write(KINDS["polygon"], [make_example("c", (BAR, "mug"))], Files(tmp_path))
    (label,) = load(tmp_path)["annotations"]
    assert label["segmentation"] == [[2, 2, 4, 2, 4, 3, 2, 3]]


def test_splits_have_a_file_each_and_share_categories(tmp_path):
    """Identifiers of pictures start anew, those of categories are the same."""
    examples = [
        make_example("a", (RING, "mug"), split="train"),
        make_example("b", (RING, "ball"), split="val"),
        make_example("c", (RING, "mug"), split="train"),
    ]
    files = Files(tmp_path)
    write(Coco(), examples, files)
    train, val = load(tmp_path), load(tmp_path, "val")
    assert [image["id"] for image in train["images"]] == [1, 2]
    assert [image["id"] for image in val["images"]] == [1]
    assert train["categories"] == val["categories"]
    assert val["annotations"][0]["category_id"] == 1
    assert (tmp_path / "images" / "val" / "b.png").exists()
    assert "alpha/train/c.png" in files.written
    assert "annotations/instances_val.json" in files.written


def test_what_is_not_split_is_in_data(tmp_path):
    """Without splits the folder is called data."""
    write(Coco(), [make_example("a", (RING, "mug"), split="")], Files(tmp_path))
    assert len(load(tmp_path, "data")["images"]) == 1


def test_a_subject_that_a_tolerance_would_remove_is_exact(tmp_path):
    """Strands thinner than the tolerance are there still."""
    strand = np.eye(12, dtype=bool)
    for tolerance in (1.0, 2.0, 8.0):
        layout = Coco(segmentation="polygon", tolerance=tolerance)
        (record,) = write(
            layout, [make_example("a", (strand, "hair"))], Files(tmp_path)
        )
        label = record["labels"][0]
        mask = layout.read_mask(record, tmp_path)
        assert mask.any()
        assert label["area"] == mask.sum()


def test_the_same_examples_make_the_same_bytes(tmp_path):
    """Nothing of the time or the folder gets in."""
    written = []
    for name in ("one", "two"):
        files = Files(tmp_path / name)
        write(KINDS["polygon"], torture_set(), files)
        written.append(files.written)
    assert written[0] == written[1]


@pytest.mark.parametrize(
    "settings",
    [
        {"segmentation": "mask"},
        {"segmentation": "polygon", "tolerance": -1},
        {"tolerance": 1.0},
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(settings):
    """Unknown words, negative tolerances, and a tolerance of what is exact."""
    with pytest.raises(OptionsError):
        Coco(**settings)


def test_settings_are_told():
    """The manifest's head gets all of them."""
    assert Coco().settings() == {"segmentation": "rle", "tolerance": 0.0}
    assert Coco().unit_size == 1
