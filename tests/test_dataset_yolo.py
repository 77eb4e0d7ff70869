"""YOLO data sets, read back by the tools that read YOLO."""

import warnings

import numpy as np
import pytest
from torture import MASKS, make_example, overlap, read, write

from cosmat_nb.dataset.files import Files
from cosmat_nb.dataset.formats.yolo import Yolo
from cosmat_nb.dataset.pictures.encoding import decode_alpha
from cosmat_nb.dataset.shapes.polygons import cut_polygons
from cosmat_nb.errors import OptionsError

NAMES = {mask: f"m{place:02}" for place, mask in enumerate(MASKS)}
RING = read("##### #...# #...# #...# #####")
BAR = read("..... ..... ..##. ..... .....")


def torture_set():
    """An example for each mask."""
    return [make_example(NAMES[key], (mask, "thing")) for key, mask in MASKS.items()]


def corners(line, height, width):
    """Return a line's corners as (row, col), px."""
    shares = np.array(line.split()[1:], float).reshape(-1, 2)
    return (shares * [width, height])[:, ::-1]


def test_every_part_comes_back(tmp_path):
    """A subject in one part is read back exactly; between parts lines are added."""
    records = write(Yolo(), torture_set(), Files(tmp_path))
    for record, mask in zip(records, MASKS.values(), strict=True):
        found = Yolo().read_mask(record, tmp_path)
        assert found[mask].all()
        if len(cut_polygons(mask)) <= 1:
            assert (found == mask).all()
        assert decode_alpha(Yolo().read_alpha(record, tmp_path)).shape == mask.shape
        assert Yolo().read_image(record, tmp_path).startswith(b"\x89PNG")


@pytest.mark.parametrize(("tolerance", "least"), [(0, 0.998), (0.75, 0.985)])
def test_supervision_reads_every_mask(tmp_path, tolerance, least):
    """What supervision sees is what we see, holes too, and nothing where nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it was installed without
        supervision = pytest.importorskip("supervision")
    layout = Yolo(tolerance)
    records = write(layout, torture_set(), Files(tmp_path))
    data = supervision.DetectionDataset.from_yolo(
        str(tmp_path / "images" / "train"),
        str(tmp_path / "labels" / "train"),
        str(tmp_path / "data.yaml"),
        force_masks=True,
    )
    assert data.classes == ["thing"]
    seen = {path.rpartition("/")[2]: found for path, _, found in data}
    for record, (name, mask) in zip(records, MASKS.items(), strict=True):
        found = seen[f"{record['name']}.png"]
        assert len(found) == int(mask.any())
        if mask.any():
            ours = layout.read_mask(record, tmp_path)
            assert overlap(found.mask[0], ours) >= 0.99
        if name == "onion":
            assert overlap(found.mask[0], mask) >= least


@pytest.mark.parametrize(
    "line", ["0", "0 0.1 0.2 0.3", "0 x 0", "0 nan 0 1 0", "0 -1 0 0 0", "0 1 1 0 0"]
)
def test_a_line_that_is_no_outline_is_refused(tmp_path, line):
    """Coordinates in pairs, within the picture: nothing is painted elsewhere."""
    (record,) = write(Yolo(), [make_example("a", (RING, "mug"))], Files(tmp_path))
    (tmp_path / record["files"]["labels"]).write_text(line)
    with pytest.raises(OptionsError, match=f"no outline within 5 x 5 px: '{line}'"):
        Yolo().read_mask(record, tmp_path)


def test_corners_are_the_same_pixels_rounded_and_cut_off(tmp_path):
    """Readers that round and readers that cut off see the same corners."""
    write(Yolo(), torture_set(), Files(tmp_path))
    for key, mask in MASKS.items():
        text = (tmp_path / "labels" / "train" / f"{NAMES[key]}.txt").read_text()
        for line in text.splitlines():
            assert len(line.split()) >= 7
            found = corners(line, *mask.shape)
            assert (np.trunc(found) == np.rint(found)).all()
            assert mask[tuple(np.rint(found).astype(int).T)].all()


def test_a_wide_picture_keeps_its_corners(tmp_path):
    """Digits suffice for a picture of 20 000 px, read as 32-bit numbers."""
    mask = np.zeros((3, 20_000), bool)
    mask[1, 12_345:19_999] = True
    write(Yolo(), [make_example("wide", (mask, "thing"))], Files(tmp_path))
    text = (tmp_path / "labels" / "train" / "wide.txt").read_text()
    found = corners(text, *mask.shape)
    assert np.abs(found % 1 - 0.4).max() < 0.11  # the other corners are 0.1 px aside
    assert np.abs(np.round(found * 10) / 10 - found).max() < 0.001
    cols = np.array(text.split()[1::2], np.float32) * np.float32(20_000)
    assert {12_345, 19_998} == set(np.rint(cols).astype(int).tolist())
    assert {12_345, 19_998} == set(np.trunc(cols).astype(int).tolist())


def test_a_pixel_has_a_box_with_an_area(tmp_path):
    """Three different corners in the one pixel."""
    mask = read("... .#. ...")
    (record,) = write(Yolo(), [make_example("dot", (mask, "thing"))], Files(tmp_path))
    line = (tmp_path / record["files"]["labels"]).read_text()
    found = corners(line, 3, 3)
    assert len(found) == 3
    assert (np.ptp(found, axis=0) > 0.05).all()
    assert (np.trunc(found) == 1).all()


def test_classes_count_from_0_in_the_order_of_names(tmp_path):
    """Labels say what data.yaml says, also of categories that come later."""
    hidden = np.zeros((5, 5), bool)
    examples = [
        make_example("a", (RING, "mug"), (hidden, "cat"), (BAR, "ball")),
        make_example("b", (BAR, 'a "b": c')),
        make_example("c", (hidden, "tin")),
    ]
    files = Files(tmp_path)
    records = write(Yolo(), examples, files)
    labels = [(tmp_path / r["files"]["labels"]).read_text() for r in records]
    assert [[line[0] for line in text.splitlines()] for text in labels] == [
        *(["2", "1"], ["0"], [])
    ]
    assert labels[2] == ""
    yaml = (tmp_path / "data.yaml").read_text()
    assert yaml.partition("nc:")[2].splitlines() == [
        *(" 4", "names:", '  0: "a \\"b\\": c"', '  1: "ball"', '  2: "mug"'),
        '  3: "tin"',
    ]
    before = {
        r["files"]["labels"]: files.written[r["files"]["labels"]] for r in records
    }
    Yolo().finish(records, files)
    assert before == {path: files.written[path] for path in before}


def test_data_yaml_names_the_folders_of_splits(tmp_path):
    """Each split has its key, relative to the file; download is never one."""
    splits = ("train", "val", "test", "hold out", "download")
    examples = [
        make_example(f"e{place}", (RING, "mug"), split=split)
        for place, split in enumerate(splits)
    ]
    write(Yolo(), examples, Files(tmp_path))
    assert (tmp_path / "data.yaml").read_text() == (
        '"train": "images/train"\n"val": "images/val"\n"test": "images/test"\n'
        '"hold out": "images/hold out"\n"split_download": "images/download"\n'
        'nc: 1\nnames:\n  0: "mug"\n'
    )


@pytest.mark.parametrize(("split", "folder"), [("", "data"), ("test", "test")])
def test_train_and_val_are_always_there(tmp_path, split, folder):
    """A file without them is refused by ultralytics, so another split stands in."""
    write(Yolo(), [make_example("a", (RING, "mug"), split=split)], Files(tmp_path))
    text = (tmp_path / "data.yaml").read_text()
    assert f'"train": "images/{folder}"\n"val": "images/{folder}"\n' in text
    assert text.count("#") == 2


def test_yaml_readers_read_it(tmp_path):
    """Names with quotes, colons and other scripts come through."""
    yaml = pytest.importorskip("yaml")
    name = 'é: "x" # 杯子'
    write(Yolo(), [make_example("a", (RING, name))], Files(tmp_path))
    data = yaml.safe_load((tmp_path / "data.yaml").read_text("utf-8"))
    assert data["names"] == {0: name}
    assert data["nc"] == 1


def test_the_same_examples_make_the_same_bytes(tmp_path):
    """Nothing of the time or the folder gets in."""
    written = []
    for name in ("one", "two"):
        files = Files(tmp_path / name)
        write(Yolo(0.75), torture_set(), files)
        written.append(files.written)
    assert written[0] == written[1]


def test_settings_are_checked_and_told():
    """A tolerance is 0 px or more."""
    with pytest.raises(OptionsError, match="tolerance"):
        Yolo(tolerance=-0.5)
    assert Yolo(1).settings() == {"tolerance": 1.0}
    assert Yolo().unit_size == 1
