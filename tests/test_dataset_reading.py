"""Data sets read back: a frame of light handles."""

from __future__ import annotations

import json
import pickle
from decimal import Decimal
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from exporting import draw_alpha, draw_photo, make_cutout, make_frame

import cosmat_nb as cm
from cosmat_nb.dataset.formats.folder import Folder
from cosmat_nb.dataset.formats.registry import FORMATS, read_format
from cosmat_nb.dataset.formats.webdataset import WebDataset
from cosmat_nb.dataset.manifest import (
    Head,
    dump_json,
    is_inside,
    order_record,
    read_checksums,
    read_head,
    read_manifest,
    show_head,
)
from cosmat_nb.dataset.pictures.rendering import Rendering
from cosmat_nb.dataset.reading import read_dataset
from cosmat_nb.dataset.verifying import verify_dataset
from cosmat_nb.dataset.writing import write_dataset
from cosmat_nb.errors import ImageError, OptionsError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data set of six cutouts, one centred; tests only read from it."""
    frame = make_frame(6)
    options = cm.MattingOptions(center=True, padding=(2, 1))
    cutout = make_cutout(
        frame.key[0], draw_photo(0), draw_alpha(), options=options, attempts=3
    )
    frame["cutout"] = [cutout, *frame["cutout"].iloc[1:]]
    target = tmp_path_factory.mktemp("read") / "set"
    write_dataset(
        frame,
        target,
        rendering=Rendering(image="cutout", trimap_radius=2),
        columns=["shop"],
        progress=False,
    )
    return target


def test_the_frame_has_a_row_an_example(folder):
    """In the manifest's order, with the user's columns, and no more is in memory."""
    frame = read_dataset(folder)
    names = ["name", "split", "key", "category", "height", "width", "shop", "item"]
    assert list(frame.columns) == names
    assert frame["key"].tolist() == make_frame(6)["key"].tolist()
    assert frame["split"].tolist() == ["train", "train", "val"] * 2
    assert frame["shop"].tolist() == [0, 1] * 3
    assert frame["height"].unique().tolist() == [24]
    assert len(pickle.dumps(frame["item"].iloc[0])) < 2000


def test_an_item_has_every_picture(folder):
    """Picture, matte, mask and trimap are what was written, also after a pickle."""
    item = pickle.loads(pickle.dumps(read_dataset(folder)["item"].iloc[1]))
    alpha, photo = draw_alpha(), draw_photo(1)
    assert np.array_equal(item.image[..., 3], alpha)
    assert np.array_equal(item.image[alpha > 0][:, :3], photo[alpha > 0])
    assert item.alpha.dtype == np.float64
    assert np.array_equal(item.alpha, alpha / 255)
    assert item.alpha_png == (folder / item.record["files"]["alpha"]).read_bytes()
    assert item.image_file == (folder / item.record["files"]["image"]).read_bytes()
    assert item.mask.dtype == bool
    assert np.array_equal(item.mask, alpha == 255)
    assert repr(item) == "Item('photos__001', height 24, width 32)"
    assert item._repr_html_().startswith('<img alt="Item(')


def test_a_trimap_is_unknown_around_the_edge(folder):
    """Two px around soft pixels and edges; the same as the file that was written."""
    item = read_dataset(folder)["item"].iloc[1]
    trimap = item.trimap
    # Soft are rows 4 and 19 of the box; its hole is at (12, 16).
    assert trimap[10, :12].tolist() == [0, 0, 0, 0] + [0.5] * 6 + [1, 1]
    assert trimap[12, 13:20].tolist() == [0.5] * 7
    assert set(np.unique(trimap)) == {0, 0.5, 1}
    path = folder / item.record["files"]["trimap"]
    stored = cm.images.decode_rgb(path.read_bytes())[..., 0]
    assert set(np.unique(stored)) == {0, 128, 255}
    assert np.array_equal(np.where(stored == 128, 0.5, stored / 255), trimap)


def test_an_item_becomes_a_cutout_again(folder):
    """With the same pixels, options and request, for every verb that takes cutouts."""
    item = read_dataset(folder)["item"].iloc[0]
    cutout = item.to_cutout()
    original = make_cutout("photos/000.jpg", draw_photo(0), draw_alpha())
    assert np.array_equal(cutout.rgba, original.rgba)
    assert cutout.options == cm.MattingOptions(center=True, padding=(2, 1))
    assert (cutout.place, cutout.attempts) == ("photos/000.jpg", 3)
    assert cutout.request_id == original.request_id
    assert (cutout.height, cutout.width, cutout.is_empty) == (24, 32, False)
    assert cutout.nbytes == len(cutout.png)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("form", [Folder(), WebDataset()], ids=["folder", "shards"])
def test_mattes_come_back_with_their_depth(tmp_path, form, bits):
    """8 bits as they were, 16 bits as 257 times that: the same shares."""
    rendering = Rendering(image="composite", alpha_bits=bits)
    write_dataset(
        make_frame(2), tmp_path / "set", form, rendering=rendering, progress=False
    )
    item = read_dataset(tmp_path / "set")["item"].iloc[0]
    assert item.alpha_png[24] == bits  # depth in the header of a PNG
    assert np.array_equal(item.alpha, draw_alpha() / 255)
    assert np.array_equal(item.mask, draw_alpha() == 255)
    assert item.image.shape == (24, 32, 3)
    assert np.array_equal(item.to_cutout().alpha, draw_alpha() / 255)
    assert set(np.unique(item.trimap)) <= {0, 0.5, 1}


def test_premultiplied_colours_are_no_cutout(tmp_path):
    """What cannot be undone exactly is refused."""
    rendering = Rendering(image="cutout", premultiplied=True)
    write_dataset(make_frame(1), tmp_path / "set", rendering=rendering, progress=False)
    with pytest.raises(OptionsError, match="premultiplied"):
        read_dataset(tmp_path / "set")["item"].iloc[0].to_cutout()


def test_a_lost_or_damaged_file_is_told(tmp_path):
    """Errors name the example; a notebook shows the reason in its place."""
    write_dataset(
        make_frame(1),
        tmp_path / "set",
        rendering=Rendering(image="cutout"),
        progress=False,
    )
    item = read_dataset(tmp_path / "set")["item"].iloc[0]
    path = tmp_path / "set" / item.record["files"]["alpha"]
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ImageError):
        _ = item.alpha
    path.unlink()
    with pytest.raises(OptionsError, match=r"photos__000.*verify_dataset"):
        _ = item.alpha
    assert item._repr_html_().startswith("<code>a file of Item(")


def test_what_is_no_data_set_is_refused(tmp_path, folder):
    """Each part that is missing or broken is named."""
    with pytest.raises(OptionsError, match="holds no data set"):
        read_dataset(tmp_path)
    head = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    for change, message in [
        ({"schema": 2, "toolkit": "cosmat-nb 9.0"}, r"cosmat-nb 9\.0, which is newer"),
        ({"format": "csv"}, "format must be one of"),
        ({"settings": {"color": 1}}, "settings of the format 'folder'"),
    ]:
        text = json.dumps(head | change)
        (tmp_path / "dataset.json").write_text(text, encoding="utf-8")
        (tmp_path / "manifest.jsonl").write_text("", encoding="utf-8")
        with pytest.raises(OptionsError, match=message):
            read_dataset(tmp_path)
    nested = "[" * 200_000
    for text in ("", "[]", "{}", nested):
        (tmp_path / "dataset.json").write_text(text, encoding="utf-8")
        with pytest.raises(OptionsError, match="is not what this toolkit writes"):
            read_dataset(tmp_path)
    (tmp_path / "dataset.json").write_text(json.dumps(head), encoding="utf-8")
    assert read_dataset(tmp_path).empty
    for line in ("x", "[]", '{"name": "a"}', nested):
        (tmp_path / "manifest.jsonl").write_text(line, encoding="utf-8")
        with pytest.raises(OptionsError, match="line 1 of"):
            read_dataset(tmp_path)
    (tmp_path / "manifest.jsonl").unlink()
    with pytest.raises(OptionsError, match=r"manifest\.jsonl cannot be read"):
        read_dataset(tmp_path)
    (tmp_path / ".export.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(OptionsError, match="is unfinished"):
        read_dataset(tmp_path)


def test_head_and_checksums_come_back(folder, tmp_path):
    """What was told is what is read."""
    head = read_head(folder)
    assert isinstance(head, Head)
    assert show_head(head) == (folder / "dataset.json").read_bytes()
    assert (head.examples, head.splits) == (6, {"train": 4, "val": 2})
    assert head.columns == {"shop": "integer"}
    told = read_checksums(folder)
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert told.keys() == files - {"checksums.sha256"}
    (tmp_path / "checksums.sha256").write_text("no sum\n", encoding="utf-8")
    with pytest.raises(OptionsError, match="line 1"):
        read_checksums(tmp_path)
    with pytest.raises(OptionsError, match="cannot be read"):
        read_checksums(tmp_path / "nowhere")


@pytest.mark.parametrize("form", FORMATS)
def test_columns_of_any_kind_come_back(tmp_path, form):
    """Each value is told exactly: large numbers beside missing ones, times, lists."""
    big, day = 2**60 + 1, np.datetime64("2026-01-02T03:04:05", "ns")
    cells = {
        "big": ([big, pd.NA, 3], [big, None, 3]),
        "mixed": ([big, 0.5, None], [big, 0.5, None]),
        "huge": ([2**70, 1, 2], [2**70, 1, 2]),
        "time": ([day, np.timedelta64(1500, "ms"), pd.NaT], None),
        "times": ([np.array([[day, "NaT"]], "M8[ns]"), [day], None], None),
        "number": ([np.longdouble(0.5), Decimal("2.5"), np.float32("nan")], None),
        "list": ([[1, [2, None]], {"a": {"b": float("inf")}}, (UUID(int=1),)], None),
    }
    frame = make_frame(3).drop(columns="split")
    for name, (values, _) in cells.items():
        frame[name] = pd.Series(values, dtype="object")
    order = {"rendering": Rendering(image="cutout"), "progress": False}
    write_dataset(frame, tmp_path, form, columns=list(cells), **order)
    back = read_dataset(tmp_path)
    shown = day.astype("M8[s]").item().isoformat()
    expected = {
        **{name: told for name, (_, told) in cells.items() if told},
        "time": [shown, 1.5, None],
        "times": [[[shown, None]], [shown], None],
        "list": [[1, [2, None]], {"a": {"b": None}}, [str(UUID(int=1))]],
    }
    assert {name: back[name].tolist() for name in expected} == expected
    assert back["number"].tolist()[:2] == [0.5, 2.5]
    assert np.isnan(back["number"][2])
    table = tmp_path / "data" / "metadata.jsonl"
    if table.exists():
        assert pd.read_json(table, lines=True, dtype=False)["huge"][0] == str(2**70)


def test_a_folder_may_be_named_from_home_or_from_here(folder, monkeypatch):
    """By every reader; what was read is found from anywhere."""
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USERPROFILE", str(folder.parent))
    assert len(read_dataset(f"~/{folder.name}")) == 6
    assert verify_dataset(f"~/{folder.name}", progress=False).empty
    with monkeypatch.context() as here:
        here.chdir(folder.parent)
        item = read_dataset(folder.name)["item"].iloc[0]
    assert item.mask.any()


def test_records_have_one_order():
    """Fields stand in one order, empty ones are gone, others are a mistake."""
    facts = {
        "width": 2,
        "split": "",
        "files": {"image": "a"},
        "labels": {},
        "name": "a",
    }
    assert list(order_record(facts)) == ["name", "split", "width", "files"]
    with pytest.raises(KeyError, match="colour"):
        order_record({"colour": 1})


def test_the_manifest_is_lines_of_json(folder):
    """Each tool that reads lines of JSON can read it."""
    text = (folder / "manifest.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines == read_manifest(folder)
    assert list(lines[0])[:4] == ["name", "split", "key", "category"]
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump_json(float("nan"))


@pytest.mark.parametrize(
    "path", ["", "/a", "../a", "a/../b", "a//b", "./a", "C:/a", "a\\b", "a\x00", None]
)
def test_paths_out_of_the_folder_are_known(path):
    """On any system, absolute or by steps up."""
    assert not is_inside(path)


def test_formats_go_by_their_names():
    """Every name has its class; a value stays as it is."""
    assert list(FORMATS) == ["folder", "coco", "yolo", "webdataset", "parquet"]
    assert read_format("webdataset") == WebDataset()
    shards = WebDataset(shard_size=3)
    assert read_format(shards) is shards
    assert read_format("webdataset", shards.settings()) == shards
    assert read_format("folder") == Folder()
