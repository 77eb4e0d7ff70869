"""Data sets written: what becomes of rows, of folders, of earlier data sets."""

from __future__ import annotations

import errno
import json
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from exporting import (
    Shelf,
    check_sums,
    draw_alpha,
    draw_photo,
    make_cutout,
    make_frame,
    read_tree,
)
from squares import draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.dataset.cards.about import About
from cosmat_nb.dataset.compose.composing import compose
from cosmat_nb.dataset.compose.recipe import Recipe
from cosmat_nb.dataset.exports.journal import Journal
from cosmat_nb.dataset.exports.making import _Reader
from cosmat_nb.dataset.formats.folder import Folder
from cosmat_nb.dataset.formats.webdataset import WebDataset
from cosmat_nb.dataset.manifest import read_head, read_manifest
from cosmat_nb.dataset.pictures.rendering import Rendering
from cosmat_nb.dataset.reading import read_dataset
from cosmat_nb.dataset.writing import write_dataset
from cosmat_nb.errors import BatchInterrupted, CosmatWarning, OptionsError
from cosmat_nb.frame.summary import RUN_ATTRIBUTE
from cosmat_nb.store.lock import Lock

CUTOUT = Rendering(image="cutout")


def write(frame, folder, *args, **order):
    """Write cutouts, silently."""
    order = {"rendering": CUTOUT, "progress": False} | order
    return write_dataset(frame, folder, *args, **order)


def names_in(folder):
    """Return the stems of a data set's pictures."""
    return {path.stem for path in folder.glob("*/images/*")}


def test_answers_come_back_as_they_were(emulator, tmp_path):
    """From the service to disk and back: the same pixels, the same photographs."""
    for name in ("a.jpg", "b.jpg"):
        picture = images.encode_jpeg(draw_square(color=(10 * ord(name[0]) % 256, 9, 9)))
        emulator.bucket.put(f"photos/{name}", picture, "image/jpeg")
    with cm.connect_emulator(emulator) as client:
        frame = cm.list_frame(client, "photos/")
        result = cm.matte_frame(frame, client, progress=False)
        moved = cm.matte_frame(
            frame, client, cm.MattingOptions(padding=(20, 10)), progress=False
        )
        written = write(result, tmp_path / "cutouts")
        write_dataset(moved, tmp_path / "sources", progress=False)
        photos = [client.fetch(key) for key in frame.key]
    assert written["export_error"].isna().all()
    assert written[list(result.columns)].equals(result)
    cutouts, sources = (read_dataset(tmp_path / d) for d in ("cutouts", "sources"))
    assert cutouts["name"].tolist() == written["example"].tolist()
    rows = zip(result.cutout, cutouts["item"], sources["item"], photos, strict=True)
    for cutout, item, source, photo in rows:
        rgba = cutout.rgba
        seen = rgba[..., 3] > 0
        assert np.array_equal(item.image[..., 3], rgba[..., 3])
        assert np.array_equal(item.image[seen], rgba[seen])
        assert not item.image[~seen].any()
        assert np.array_equal(item.mask, rgba[..., 3] > 127)
        assert source.image_file == photo
        assert np.array_equal(source.alpha * 255, rgba[..., 3])
    head = read_head(tmp_path / "cutouts")
    assert head.calls["sandbox"]
    assert head.calls["service"].startswith("emulator")


def test_each_row_tells_what_became_of_it(tmp_path):
    """Rows that cannot be written are left out with a reason, the others are written.

    The frame's index, order and columns stay.
    """
    frame = make_frame(7)
    frame.index = list("gfedcba")
    frame["status"] = ["ok", "skipped", "ok", "ok", "ok", "empty", "ok"]
    frame["kind"] = ["mug", "mug", " ", "mug", "mug", "mug", "cup"]
    frame.loc["f", "cutout"] = None
    frame.loc["d", "split"] = None
    frame.loc["c", "key"] = None
    nothing = np.zeros((24, 32), np.uint8)
    empty = make_cutout("photos/005.jpg", draw_photo(5), nothing)
    frame["cutout"] = [*frame["cutout"].iloc[:5], empty, frame["cutout"].iloc[6]]
    before = frame.copy()
    written = write(frame, tmp_path / "set", category="kind")
    assert frame.equals(before)
    assert written.index.tolist() == list("gfedcba")
    reasons = written["export_error"]
    assert reasons["f"] == "no cutout: status skipped"
    assert reasons["e"] == "no category: the cell is empty"
    assert reasons["d"] == "no split: the cell is empty"
    assert reasons["c"] == "an object key must be a string; this cell is empty"
    assert reasons[["g", "b", "a"]].isna().all()
    assert written["example"].notna().tolist() == [*reasons.isna()]
    back = read_dataset(tmp_path / "set")
    assert back["name"].tolist() == ["photos__000", "photos__005", "photos__006"]
    assert back["category"].tolist() == ["mug", "mug", "cup"]
    assert not back["item"].iloc[1].mask.any()
    assert read_head(tmp_path / "set").categories == ("cup", "mug")


@pytest.mark.parametrize("form", [Folder(), WebDataset(shard_size=3)], ids=["1", "3"])
def test_a_photograph_that_cannot_be_had_costs_its_row_alone(tmp_path, form):
    """The rest of its shard is written; once it can be had, the same call adds it."""
    shelf = Shelf()

    def fetch(place):
        if place.endswith("001.jpg"):
            raise FileNotFoundError("https://a.com/001.jpg?sign=5aed is gone")
        return shelf(place)

    frame = make_frame(5)
    order = {"rendering": Rendering(), "split": None, "workers": 1}
    written = write(frame, tmp_path / "set", form, before=fetch, **order)
    assert written["example"].isna().tolist() == [False, True, False, False, False]
    assert "is gone" in written["export_error"].iloc[1]
    assert "5aed" not in written["export_error"].iloc[1]
    assert len(read_dataset(tmp_path / "set")) == 4
    check_sums(tmp_path / "set")
    shelf.asked.clear()
    write(frame, tmp_path / "set", form, before=shelf, **order)
    assert len(shelf.asked) == (1 if form.unit_size == 1 else 3)
    write(frame, tmp_path / "other", form, before=Shelf(), **order)
    assert read_tree(tmp_path / "set") == read_tree(tmp_path / "other")


def test_the_photograph_of_several_cutouts_is_fetched_once(tmp_path):
    """Rows of one key that were asked with other options share it."""
    frame = pd.concat([make_frame(2)] * 2, ignore_index=True)
    frame["cutout"] = [
        make_cutout(key, draw_photo(int(key[7:10])), draw_alpha(), options=options)
        for key, options in zip(
            frame.key,
            [cm.MattingOptions()] * 2
            + [cm.MattingOptions(operation="GoodsMatting")] * 2,
            strict=True,
        )
    ]
    shelf = Shelf()
    written = write(frame, tmp_path / "set", rendering=Rendering(), before=shelf)
    assert sorted(shelf.asked) == ["photos/000.jpg", "photos/001.jpg"]
    assert written["example"].nunique() == 4


def test_the_same_input_makes_the_same_bytes(tmp_path):
    """Whatever the number of threads; and a second call writes nothing anew."""
    frame = make_frame(6)
    write(frame, tmp_path / "one", workers=1, columns=["shop"])
    write(frame, tmp_path / "two", workers=4, columns=["shop"])
    tree = read_tree(tmp_path / "one")
    assert tree == read_tree(tmp_path / "two")
    check_sums(tmp_path / "one")
    assert not [path for path in tree if path.startswith(".export")]
    assert str(tmp_path).encode() not in b"".join(tree.values())
    pictures = sorted((tmp_path / "one").glob("*/*/*.png"))
    times = [path.stat().st_mtime_ns for path in pictures]
    write(frame, tmp_path / "one", columns=["shop"])
    assert [path.stat().st_mtime_ns for path in pictures] == times
    assert read_tree(tmp_path / "one") == tree


@pytest.mark.parametrize("form", [Folder(), WebDataset(shard_size=2)], ids=["1", "2"])
def test_a_finished_data_set_is_brought_up_to_date(tmp_path, form):
    """Rows that left, came, changed: the same bytes as written from nothing."""
    frame = make_frame(6)
    write(frame, tmp_path / "set", form, columns=["shop"])
    (tmp_path / "set" / "notes.txt").write_text("mine", encoding="utf-8")
    changed = pd.concat([make_frame(8).iloc[[7, 6]], frame.iloc[[5, 4, 3, 1]]])
    changed = changed.reset_index(drop=True)
    changed.loc[changed.key == "photos/004.jpg", "shop"] = 99
    changed.loc[changed.key == "photos/003.jpg", "split"] = "test"
    write(changed, tmp_path / "set", form, columns=["shop"])
    write(changed, tmp_path / "new", form, columns=["shop"])
    tree = read_tree(tmp_path / "set")
    assert tree.pop("notes.txt") == b"mine"
    assert tree == read_tree(tmp_path / "new")
    gone = changed[changed["split"] == "train"]
    write(gone, tmp_path / "set", form, columns=["shop"])
    assert not list((tmp_path / "set").glob("val*"))


def test_a_photograph_that_was_replaced_is_fetched_again(tmp_path):
    """Another ETag is another photograph, though its cutout looks the same."""
    shelf = Shelf()
    order = {"rendering": Rendering(), "before": shelf}
    write(make_frame(2).assign(etag=["a", None]), tmp_path / "set", **order)
    write(make_frame(2).assign(etag=["b", None]), tmp_path / "set", **order)
    assert sorted(shelf.asked) == ["photos/000.jpg"] * 2 + ["photos/001.jpg"]


class Looker:
    """Notes what progress shows."""

    def __init__(self):
        self.seen = []

    def begin(self, glance):
        """Note how much there is to do."""
        self.seen.append((glance.total, glance.unit))

    def look(self, glance):
        """Note nothing."""

    def end(self, glance, _line):
        """Note how much was done."""
        self.seen.append(glance.done)


@pytest.mark.parametrize(
    ("form", "seen"),
    [
        (Folder(), [(5, "example"), 5, (1, "example"), 1]),
        (WebDataset(shard_size=2), [(3, "shard"), 3, (1, "shard"), 1]),
    ],
    ids=["examples", "shards"],
)
def test_progress_counts_what_is_left_to_do(tmp_path, form, seen):
    """All of it at first, and what is new or changed later."""
    looker = Looker()
    write(make_frame(5), tmp_path / "set", form, progress=looker)
    write(make_frame(6), tmp_path / "set", form, progress=looker)
    assert looker.seen == seen


def test_a_damaged_file_is_made_anew(tmp_path):
    """A file that lost its end, or is gone, is written again; others are left."""
    frame = make_frame(3)
    write(frame, tmp_path / "set")
    tree = read_tree(tmp_path / "set")
    first, second, _ = sorted((tmp_path / "set").glob("*/alpha/*.png"))
    first.write_bytes(first.read_bytes()[:-1])
    second.unlink()
    write(frame, tmp_path / "set")
    assert read_tree(tmp_path / "set") == tree


def test_a_file_that_was_changed_by_hand_is_not_removed(tmp_path):
    """What somebody retouched stays when its row leaves."""
    frame = make_frame(3)
    write(frame, tmp_path / "set", split=None)
    mask = tmp_path / "set/data/mask/photos__002.png"
    mask.write_bytes(b"retouched")
    write(frame.head(2), tmp_path / "set", split=None)
    assert mask.read_bytes() == b"retouched"
    assert names_in(tmp_path / "set") == {"photos__000", "photos__001"}
    assert "data/mask/photos__002.png" not in (
        tmp_path / "set/checksums.sha256"
    ).read_text(encoding="utf-8")
    # It is nobody's example now, and not written over either.
    written = write(frame, tmp_path / "set", split=None)
    assert "was not written by this toolkit" in written["export_error"].iloc[2]
    assert mask.read_bytes() == b"retouched"
    assert names_in(tmp_path / "set") == {"photos__000", "photos__001"}


def test_a_card_that_was_changed_by_hand_stays(tmp_path):
    """It is kept with a warning, each time; the checksums are of what is there."""
    frame = make_frame(3)
    write(frame, tmp_path / "set")
    card = tmp_path / "set/README.md"
    card.write_text("# Mine", encoding="utf-8")
    for count in (2, 3):
        with pytest.warns(CosmatWarning, match=r"README\.md was changed by hand"):
            write(frame.head(count), tmp_path / "set")
        assert card.read_text(encoding="utf-8") == "# Mine"
        check_sums(tmp_path / "set")
    card.unlink()
    write(frame, tmp_path / "set")
    assert "# Image mattes" in card.read_text(encoding="utf-8")


def test_a_folder_with_other_things_is_refused(tmp_path):
    """Nothing is written into it, and nothing is removed."""
    (tmp_path / "thesis.tex").write_text("all of it", encoding="utf-8")
    with pytest.raises(OptionsError, match=r"it has 'thesis\.tex'"):
        write(make_frame(1), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(OptionsError, match="cannot be written"):
        write(make_frame(1), tmp_path / "thesis.tex")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/dataset.json").write_text("{}", encoding="utf-8")
    with pytest.raises(OptionsError, match="is not what this toolkit writes"):
        write(make_frame(1), tmp_path / "other")
    assert len(list((tmp_path / "other").iterdir())) == 1


def test_another_kind_of_data_set_is_refused(tmp_path):
    """Format, settings and rendering of what is there must be the same."""
    frame = make_frame(2)
    write(frame, tmp_path / "set")
    tree = read_tree(tmp_path / "set")
    for form, rendering, word in [
        (WebDataset(), CUTOUT, "format"),
        (Folder(), Rendering(image="cutout", alpha_bits=16), "rendering"),
    ]:
        with pytest.raises(OptionsError, match=f"a data set with another {word}"):
            write(frame, tmp_path / "set", form, rendering=rendering)
    assert read_tree(tmp_path / "set") == tree
    write(frame, tmp_path / "shards", WebDataset(shard_size=3))
    with pytest.raises(OptionsError, match="another settings"):
        write(frame, tmp_path / "shards", WebDataset(shard_size=4))


def test_nothing_to_write_is_an_error(tmp_path):
    """No data set is made of no example, and the first reason is told."""
    frame = make_frame(2)
    with pytest.raises(OptionsError, match=r"none of 2 rows can be written.*no cutout"):
        write(frame.assign(cutout=None), tmp_path / "set")
    assert not (tmp_path / "set").exists()
    with pytest.raises(OptionsError, match=r"the first: .*not at hand"):
        write(frame, tmp_path / "set", rendering=Rendering(), before=False)
    assert read_tree(tmp_path / "set") == {}
    write(frame, tmp_path / "set")
    tree = read_tree(tmp_path / "set")
    other = make_frame(4).tail(2)
    other["cutout"] = [make_cutout(k, draw_photo(0), draw_alpha()) for k in other.key]
    lost = [cutout.kept_in(tmp_path, "0" * 64) for cutout in other["cutout"]]
    with pytest.raises(OptionsError, match="cannot be read"):
        write(other.assign(cutout=lost), tmp_path / "set")
    assert read_tree(tmp_path / "set") == tree


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"columns": "shop"}, "columns must be a list"),
        ({"columns": 5}, "columns must be a list"),
        ({"columns": [["shop"]]}, "must be named by text"),
        ({"columns": ["image"]}, "'image' of its own"),
        ({"columns": ["alpha_file_name"]}, "of its own"),
        ({"columns": ["size"]}, "found none"),
        ({"category": "kind"}, "found none"),
        ({"split": "part"}, "found none"),
        ({"key": "name"}, "found none"),
        ({"column": "scene"}, "found none"),
        ({"format": "csv"}, "format must be one of 'folder'"),
        ({"format": 7}, "format must be one of 'folder'"),
        ({"rendering": "source"}, "must be a Rendering"),
        ({"about": "mugs"}, "must be an About"),
        ({"price": 0.1}, "must be a Price"),
        ({"workers": 0}, "workers must be"),
        ({"before": "photos"}, "before must be"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_written(
    tmp_path, order, message
):
    """The message names what was expected."""
    with pytest.raises(OptionsError, match=message):
        write(make_frame(1), tmp_path / "set", **order)
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    "name", ["../up", "a/b", "all", "con", "com¹", "hold-out", "a.b", "_", "é!"]
)
def test_a_split_that_cannot_be_a_folder_is_refused(tmp_path, name):
    """No split leads out of the folder or has a name that readers want for all."""
    with pytest.raises(OptionsError, match="the name of a split"):
        write(make_frame(1).assign(split=name), tmp_path / "set")


def test_splits_that_one_disk_takes_for_the_same_are_refused(tmp_path):
    """``Train`` and ``train`` would lie in one folder."""
    with pytest.raises(OptionsError, match="one folder on some disks"):
        write(make_frame(2).assign(split=["Train", "train"]), tmp_path / "set")


def test_a_measured_frame_brings_its_findings(tmp_path):
    """What is wrong by a matte's numbers goes along; without them nothing is said."""
    frame = make_frame(2)
    measured = cm.measure_frame(frame, progress=False).assign(coverage=[0.3, 0.0])
    write(measured, tmp_path / "set")
    found = [
        set(record.get("findings", ())) for record in read_manifest(tmp_path / "set")
    ]
    told = [
        {each.finding for each in cm.find_in_row(row)}
        for row in measured.to_dict("records")
    ]
    assert found == told
    assert found[0] != found[1] == {"empty"}
    write(frame.assign(coverage=[0.3, 0.0]), tmp_path / "bare")
    assert all("findings" not in r for r in read_manifest(tmp_path / "bare"))


def test_the_manifest_tells_where_everything_comes_from(tmp_path):
    """One line an example, with the user's columns and licence, and without secrets."""
    frame = make_frame(3).drop(columns="split")
    keys = ["a\udce9.jpg", "https://me:pw@a.com/m.jpg?sign=5aed", "b.jpg"]
    frame["key"] = pd.Series(keys, dtype="object")
    frame["findings"] = [["dust", "halo"], [], None]
    frame["license"] = [None, "CC0-1.0", None]
    frame["when"] = pd.to_datetime(["2026-01-01", None, "2026-02-03"])
    frame["link"] = ["see https://a.com/?token=5aed", "", None]
    frame["tags"] = [{"b": 1}, ("x", 2), np.float32(0.5)]
    about = About(title="Mugs", license="CC-BY-4.0")
    columns = ["when", "link", "tags"]
    write(frame, tmp_path / "set", about=about, columns=columns)
    first, second, third = read_manifest(tmp_path / "set")
    assert first["key"] == "a\udce9.jpg"
    assert second["key"] == "https://a.com/m.jpg"
    assert [r["license"] for r in (first, second, third)] == [
        "CC-BY-4.0",
        "CC0-1.0",
        "CC-BY-4.0",
    ]
    assert first["findings"] == ["dust", "halo"]
    assert "findings" not in second
    assert first["columns"] == {
        "when": "2026-01-01T00:00:00",
        "link": "see https://a.com/",
        "tags": {"b": 1},
    }
    assert second["columns"] == {"when": None, "link": "", "tags": ["x", 2]}
    cutout = frame.cutout[0]
    assert first["cutout"]["request_id"] == cutout.request_id
    assert first["cutout"]["rule"] == "ci-process=AIPicMatting"
    assert (first["height"], first["width"]) == (24, 32)
    for role, path in first["files"].items():
        assert (tmp_path / "set" / path).stat().st_size == first["nbytes"][role]
    assert b"5aed" not in b"".join(read_tree(tmp_path / "set").values())
    assert read_dataset(tmp_path / "set")["key"].tolist()[0] == keys[0]
    # Another licence of the whole makes no picture anew, and still is told.
    write(frame, tmp_path / "set", about=About(license="MIT"), columns=columns)
    assert read_manifest(tmp_path / "set")[0]["license"] == "MIT"


def test_every_row_of_a_shard_that_could_not_be_written_tells_why(tmp_path):
    """Somebody's own file in a shard's place costs all of its rows, with the reason."""
    form, folder = WebDataset(shard_size=8), tmp_path / "set"
    write(make_frame(6).assign(split="train"), folder, form)
    (folder / "val-00000.tar").write_bytes(b"somebody's own")
    written = write(make_frame(12).assign(split=["train", "val"] * 6), folder, form)
    reasons = written["export_error"]
    assert reasons[::2].isna().all()
    assert reasons[1::2].str.contains("val-00000.tar is in").all()
    assert (folder / "val-00000.tar").read_bytes() == b"somebody's own"


def test_a_photograph_is_its_own_rows_whichever_thread_fetches_beside_it():
    """Another thread's photograph in the middle of a look-up is not handed out."""

    class Place(str):
        __slots__ = ()

        def __ne__(self, other):
            while beside:
                reader.read(beside.pop())
            return str.__ne__(self, other)

        __hash__ = str.__hash__

    class Fetching:
        def identity(self, place):
            return place

        def fetch(self, place):
            return place.encode()

    reader, place, beside = _Reader(Fetching()), Place("a.jpg"), []
    assert reader.read(place) == b"a.jpg"
    beside.append("b.jpg")
    assert reader.read(place) == b"a.jpg"
    assert not beside


def test_a_value_that_json_cannot_hold_costs_its_row(tmp_path):
    """The reason names the column."""
    frame = make_frame(2).assign(thing=[object(), 1])
    written = write(frame, tmp_path / "set", columns=["thing"])
    assert written["export_error"].iloc[0] == (
        "column 'thing': JSON cannot hold a object"
    )
    assert written["example"].tolist()[1] == "photos__001"


@pytest.mark.parametrize("form", ["folder", "coco", "webdataset"])
def test_no_secret_of_an_address_is_written(tmp_path, form):
    """Whatever column an address stands in, and in the words of a price."""
    link = "https://me:secret@a.com/m.txt?token=secret"
    frame = make_frame(2).assign(
        key=[link, "b.jpg"],
        kind=[link, "mug"],
        license=[link, None],
        status=[link, "ok"],
        findings=[[link], link],
        etag=link,
        note=[link, {link: [link]}],
    )
    price = cm.Price(steps={"AIPicMatting": 1}, source=link, as_of="2026-11-01")
    order = {"category": "kind", "columns": ["note"], "price": price}
    write(frame, tmp_path / "set", form, **order)
    assert b"secret" not in b"".join(read_tree(tmp_path / "set").values())
    assert read_head(tmp_path / "set").categories == ("https://a.com/m.txt", "mug")


def test_any_cell_costs_its_own_row_at_most(tmp_path):
    """Even a list that holds itself."""
    loop = []
    loop.append(loop)
    frame = make_frame(2).assign(thing=[loop, 1])
    written = write(frame, tmp_path / "set", columns=["thing"])
    assert written["export_error"].iloc[0].startswith("RecursionError")
    assert written["example"].tolist()[1] == "photos__001"


def test_the_head_counts_calls_and_cost(tmp_path):
    """An answer in two examples was asked for once; each request costs."""
    frame = make_frame(3)
    frame["cutout"] = [
        make_cutout(key, draw_photo(0), draw_alpha(), attempts=attempts)
        for key, attempts in zip(frame.key, (1, 2, 1), strict=True)
    ]
    frame = pd.concat([frame, frame.head(1)], ignore_index=True)
    price = cm.Price(steps={"AIPicMatting": 0.25}, source="bill", as_of="2026-11-01")
    write(frame, tmp_path / "set", price=price)
    calls = read_head(tmp_path / "set").calls
    assert calls == {
        "service": None,
        "sandbox": None,
        "pictures": 3,
        "requests": 4,
        "cost": 1.0,
        "currency": "CNY",
        "verified": False,
        "price": str(price),
    }
    card = (tmp_path / "set" / "README.md").read_text(encoding="utf-8")
    assert "Price: unverified as of 2026-11-01" in card
    assert read_head(tmp_path / "set").splits == {"train": 3, "val": 1}
    frame.attrs[RUN_ATTRIBUTE] = {"sandbox": True, "service": "emulator cosmat 1"}
    write(frame, tmp_path / "set", price=price)
    calls = read_head(tmp_path / "set").calls
    assert (calls["cost"], calls["service"]) == (0, "emulator cosmat 1")


class Account:
    """Answers as somebody: all that a cutout knows of its client."""

    def __init__(self, service, emulated):
        self.service, self.emulated = service, emulated

    def fetch(self, place):
        """Fetch nothing."""


@pytest.mark.parametrize(
    ("accounts", "run", "told"),
    [
        (["emulator 1", "emulator 1"], {}, ("emulator 1", True, 0)),
        (["cloud", "cloud"], {"service": "x", "sandbox": True}, ("cloud", False, 0.5)),
        (["cloud", "emulator 1"], {}, ("cloud, emulator 1", None, None)),
        (
            ["cloud", None],
            {"service": "cloud", "sandbox": False},
            ("cloud", False, 0.5),
        ),
        (["cloud", None], {}, ("cloud", None, 0.5)),
    ],
)
def test_who_answered_is_what_cutouts_know_of_their_clients(
    tmp_path, accounts, run, told
):
    """Joining frames loses what they know of their runs; the handles still know."""
    frame = make_frame(2)
    clients = [name and Account(name, name != "cloud") for name in accounts]
    frame["cutout"] = [
        make_cutout(key, draw_photo(0), draw_alpha(), source=client and client.fetch)
        for key, client in zip(frame["key"], clients, strict=True)
    ]
    if run:
        frame.attrs[RUN_ATTRIBUTE] = run
    price = cm.Price(steps={"AIPicMatting": 0.25}, source="bill", as_of="2026-11-01")
    write(frame, tmp_path / "set", price=price)
    calls = read_head(tmp_path / "set").calls
    assert (calls["service"], calls["sandbox"], calls["cost"]) == told


def stop_at(monkeypatch, path):
    """Make the disk full when a file is begun."""
    begin = Journal.begin

    def refuse(self, begun):
        if begun == path:
            raise OSError(errno.ENOSPC, "full")
        begin(self, begun)

    monkeypatch.setattr(Journal, "begin", refuse)


def test_an_update_that_leaves_one_class_numbers_it_anew(tmp_path):
    """What stays of a YOLO set is what a fresh one would be."""
    frame = make_frame(3).assign(kind=["mug", "pot", "pot"])
    write(frame, tmp_path / "set", "yolo", category="kind")
    write(frame[1:], tmp_path / "set", "yolo", category="kind")
    write(frame[1:], tmp_path / "fresh", "yolo", category="kind")
    assert read_tree(tmp_path / "set") == read_tree(tmp_path / "fresh")


def test_an_update_that_is_taken_back_in_the_middle(tmp_path, monkeypatch):
    """Shards of the update are not taken for the earlier ones, as long as these."""
    frame, form = make_frame(4), WebDataset(shard_size=2)
    write(frame, tmp_path / "set", form, columns=["shop"])
    tree = read_tree(tmp_path / "set")
    update = frame.assign(shop=[5, 6, 7, 8])
    with monkeypatch.context() as patch:
        stop_at(patch, "manifest.jsonl")
        with pytest.raises(OSError, match="make room"):
            write(update, tmp_path / "set", form, columns=["shop"])
    shards = [path for path in tree if path.endswith(".tar")]
    for path in shards:
        assert (tmp_path / "set" / path).stat().st_size == len(tree[path])
    write(frame, tmp_path / "set", form, columns=["shop"])
    assert read_tree(tmp_path / "set") == tree


@pytest.mark.parametrize(
    "path", ["val/alpha/photos__002.png", "README.md", "dataset.json", "croissant.json"]
)
def test_a_card_that_was_changed_by_hand_outlives_an_interruption(
    tmp_path, monkeypatch, path
):
    """Wherever an update stops; and one of our own is not taken for somebody's."""
    for name, edited in (("mine", True), ("ours", False)):
        write(make_frame(2), tmp_path / name)
        if edited:
            (tmp_path / name / "README.md").write_text("# Mine", encoding="utf-8")
        with monkeypatch.context() as patch, warnings.catch_warnings():
            warnings.simplefilter("ignore", CosmatWarning)
            stop_at(patch, path)
            with suppress(OSError):
                write(make_frame(3), tmp_path / name)
    with pytest.warns(CosmatWarning, match="changed by hand"):
        write(make_frame(3), tmp_path / "mine")
    assert (tmp_path / "mine/README.md").read_text(encoding="utf-8") == "# Mine"
    write(make_frame(3), tmp_path / "ours")
    write(make_frame(3), tmp_path / "new")
    assert read_tree(tmp_path / "ours") == read_tree(tmp_path / "new")


@pytest.mark.parametrize("edited", [True, False])
def test_another_version_keeps_a_card_that_was_changed_too(
    tmp_path, monkeypatch, edited
):
    """It cannot write the card of before, and goes by its digest."""
    write(make_frame(2), tmp_path / "set")
    card = tmp_path / "set/README.md"
    if edited:
        card.write_text("# Mine", encoding="utf-8")
    monkeypatch.setattr(cm, "__version__", "99.0")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        write(make_frame(2), tmp_path / "set")
    assert len(told) == edited
    assert ("cosmat-nb 99.0" in card.read_text(encoding="utf-8")) != edited


def test_a_row_that_cannot_be_put_down_leaves_nothing(tmp_path):
    """Files that were written for it go again, and the data set stays finished."""
    frame = make_frame(3)
    write(frame.head(1), tmp_path / "set", split=None)
    tree = read_tree(tmp_path / "set")
    mask = tmp_path / "set/data/mask/photos__002.png"
    mask.write_bytes(b"mine")
    with pytest.raises(OptionsError, match="not written by this toolkit"):
        write(frame.tail(1), tmp_path / "set", split=None)
    assert read_tree(tmp_path / "set") == {
        **tree,
        "data/mask/photos__002.png": b"mine",
    }


def test_a_shard_that_moves_up_is_written_under_its_new_name(tmp_path):
    """Without the rows of the first shard, the second becomes the first."""
    frame, form = make_frame(6), WebDataset(shard_size=2)
    write(frame, tmp_path / "set", form, split=None)
    write(frame.tail(4), tmp_path / "set", form, split=None)
    write(frame.tail(4), tmp_path / "new", form, split=None)
    assert read_tree(tmp_path / "set") == read_tree(tmp_path / "new")


@pytest.mark.parametrize("form", ["folder", "webdataset"])
def test_scenes_are_written_as_they_are_drawn(tmp_path, form):
    """Composed pictures and cutouts go the same way; a scene tells what is in it."""
    frame = make_frame(4).assign(kind=["mug", "cup", "mug", "cup"])
    recipe = Recipe(size=(60, 80), subjects=(1, 2), shadow=None)
    scenes = compose(frame, "white", recipe, count=3, category="kind", progress=False)
    order = {"column": "scene", "rendering": Rendering(file="png")}
    written = write(scenes, tmp_path / "set", form, **order)
    assert written["example"].tolist() == scenes["key"].tolist()
    back = read_dataset(tmp_path / "set")
    for scene, item in zip(scenes["scene"], back["item"], strict=True):
        drawn = scene.draw()
        assert np.array_equal(item.image, drawn.image)
        assert np.array_equal(item.alpha, drawn.alpha / 255)
        assert item.record["scene"]["seed"] == 0
        keys = [subject["key"] for subject in item.record["scene"]["subjects"]]
        assert keys == [layer.key for layer in scene.layers]
        assert "cutout" not in item.record
    head = read_head(tmp_path / "set")
    assert set(head.categories) == {
        layer.category for scene in scenes["scene"] for layer in scene.layers
    }
    assert head.calls["pictures"] == 0
    tree = read_tree(tmp_path / "set")
    write(scenes, tmp_path / "set", form, **order)
    assert read_tree(tmp_path / "set") == tree


def test_an_interrupt_in_the_middle_tells_of_rows(tmp_path):
    """The exception carries the frame; rows that were not written say so."""
    shelf = Shelf()

    def fetch(place):
        if place == "photos/002.jpg":
            raise KeyboardInterrupt
        return shelf(place)

    frame = make_frame(4)
    order = {"rendering": Rendering(), "workers": 1}
    with pytest.raises(BatchInterrupted, match="same call again") as caught:
        write(frame, tmp_path / "set", before=fetch, **order)
    result = caught.value.result
    assert result["example"].notna().tolist() == [True, True, False, False]
    assert set(result["export_error"].tail(2)) == {
        "not written: the export was interrupted"
    }
    with pytest.raises(OptionsError, match="an unfinished export with another"):
        write(frame, tmp_path / "set")
    write(frame, tmp_path / "set", before=shelf, **order)
    assert sorted(shelf.asked) == sorted(frame.key)
    assert len(read_dataset(tmp_path / "set")) == 4


def test_rows_that_left_an_unfinished_export_leave_nothing(tmp_path):
    """What an interrupted export had written for them is removed when it goes on."""
    frame = make_frame(6)

    def fetch(place):
        if place == "photos/004.jpg":
            raise KeyboardInterrupt
        return Shelf()(place)

    order = {"rendering": Rendering(), "workers": 1}
    with pytest.raises(BatchInterrupted):
        write(frame, tmp_path / "set", before=fetch, **order)
    (tmp_path / "set/train" / f".{'0' * 32}.part").write_bytes(b"half")
    journal = tmp_path / "set/.export.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"begin": "train/im')
    write(frame.tail(2), tmp_path / "set", before=Shelf(), **order)
    write(frame.tail(2), tmp_path / "new", before=Shelf(), **order)
    assert read_tree(tmp_path / "set") == read_tree(tmp_path / "new")


def test_an_export_waits_for_nobody(tmp_path):
    """While another holds the folder it is refused; a dead one's lock is no lock."""
    (tmp_path / "set").mkdir()
    lock = Lock(tmp_path / "set/.export.lock")
    assert lock.take()
    with pytest.raises(OptionsError, match="another export is at work"):
        write(make_frame(1), tmp_path / "set")
    lock.drop()
    (tmp_path / "set/.export.lock").write_bytes(b"")
    write(make_frame(1), tmp_path / "set")
    assert not (tmp_path / "set/.export.lock").exists()


def test_a_hostile_journal_or_manifest_leads_nowhere(tmp_path):
    """Paths out of the folder are not followed, least of all to remove something."""
    treasure = tmp_path / "treasure.txt"
    treasure.write_text("gold", encoding="utf-8")
    folder = tmp_path / "set"
    write(make_frame(2), folder)
    sums = (folder / "checksums.sha256").read_text(encoding="utf-8")
    (folder / "checksums.sha256").write_text(
        f"{'0' * 64}  ../treasure.txt\n{sums}", encoding="utf-8"
    )
    with pytest.raises(OptionsError, match="is no checksum"):
        write(make_frame(1), folder)
    (folder / "checksums.sha256").write_text(sums, encoding="utf-8")
    manifest = (folder / "manifest.jsonl").read_text(encoding="utf-8")
    evil = manifest.replace("train/mask/photos__000.png", "../treasure.txt")
    assert evil != manifest
    (folder / "manifest.jsonl").write_text(evil, encoding="utf-8")
    with pytest.raises(OptionsError, match="a file outside"):
        read_dataset(folder)
    (folder / "manifest.jsonl").write_text(manifest, encoding="utf-8")
    identity = {
        name: json.loads((folder / "dataset.json").read_text(encoding="utf-8"))[name]
        for name in ("format", "settings", "rendering")
    }
    lines = [{"export": identity}, {"begin": "../treasure.txt"}]
    (folder / ".export.jsonl").write_text(
        "".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8"
    )
    write(make_frame(1), folder)
    assert treasure.read_text(encoding="utf-8") == "gold"


def test_a_folder_is_found_from_the_users_home(tmp_path, monkeypatch):
    """``~`` is the home, and a relative path starts where the user is."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    write(make_frame(1), "~/one")
    write(make_frame(1), Path("two"))
    assert read_tree(tmp_path / "one") == read_tree(tmp_path / "two")
