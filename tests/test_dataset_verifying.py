"""What is wrong with a data set is named; what is hostile in it does no harm."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from whole_sets import make_example, write_whole

from cosmat_nb.dataset.files import Files, read_facts
from cosmat_nb.dataset.formats.coco import Coco
from cosmat_nb.dataset.formats.yolo import Yolo
from cosmat_nb.dataset.manifest import show_checksums
from cosmat_nb.dataset.pictures.encoding import encode_alpha, encode_mask
from cosmat_nb.dataset.verifying import verify_dataset
from cosmat_nb.errors import OptionsError

FORMATS = ["folder", "coco", "yolo", "webdataset", "parquet"]
ALPHA = "train/alpha/mug.png"


@pytest.fixture
def folder(tmp_path):
    """A data set of three pictures as plain files."""
    write_whole(tmp_path / "set")
    return tmp_path / "set"


def verify(folder, **settings):
    """Verify quietly and return path and problem of each row."""
    table = verify_dataset(folder, progress=False, **settings)
    return list(table[["path", "problem"]].itertuples(index=False, name=None))


def seal(folder):
    """Make the checksums anew, as somebody would who hides a change."""
    files = [p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()]
    listed = {
        path.relative_to(folder).as_posix(): read_facts(path)
        for path in files
        if path.name not in {"checksums.sha256", "croissant.json"}
    }
    croissant = folder / "croissant.json"
    told = json.loads(croissant.read_bytes())
    for each in told["distribution"]:
        if "sha256" in each:
            each["sha256"] = listed[each["@id"]].sha256
    croissant.write_text(json.dumps(told))
    listed["croissant.json"] = read_facts(croissant)
    (folder / "checksums.sha256").write_bytes(show_checksums(listed))


def edit_manifest(folder, change, *, sealed=True):
    """Change the first record of the manifest, and make the checksums fit."""
    path = folder / "manifest.jsonl"
    first, *rest = path.read_bytes().splitlines(keepends=True)
    record = json.loads(first)
    record = change(record) or record
    path.write_bytes(json.dumps(record).encode() + b"\n" + b"".join(rest))
    if sealed:
        seal(folder)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("name", FORMATS)
def test_a_data_set_as_it_was_written_has_no_problem(tmp_path, name, bits):
    """The table is empty, and has its columns as strings."""
    write_whole(tmp_path, name, bits=bits)
    table = verify_dataset(tmp_path, progress=False)
    assert list(table.columns) == ["path", "problem", "expected", "found"]
    assert table.to_dict("records") == []
    assert all(pd.api.types.is_string_dtype(kind) for kind in table.dtypes)


def test_a_changed_file_is_named_with_both_digests(folder):
    """Expected is what was written, found what is there."""
    card = folder / "README.md"
    before, after = card.read_bytes(), card.read_bytes() + b"\nmore"
    card.write_bytes(after)
    table = verify_dataset(folder, progress=False)
    assert table.to_dict("records") == [
        {
            "path": "README.md",
            "problem": "changed",
            "expected": hashlib.sha256(before).hexdigest(),
            "found": hashlib.sha256(after).hexdigest(),
        }
    ]


def test_missing_and_unlisted_files_are_named(folder):
    """What went and what came stand there, sorted, once each."""
    (folder / ALPHA).unlink()
    (folder / "train/images/new.jpg").write_bytes(b"x")
    (folder / "note\udce9.txt").write_bytes(b"x")
    assert verify(folder) == [
        ("note\\udce9.txt", "unlisted"),
        (ALPHA, "missing"),
        ("train/images/new.jpg", "unlisted"),
    ]


def test_a_file_cut_short_is_changed_and_unreadable(folder):
    """The digest and the decoder both tell."""
    path = folder / ALPHA
    path.write_bytes(path.read_bytes()[:60])
    assert verify(folder) == [(ALPHA, "changed"), (ALPHA, "unreadable")]


@pytest.mark.parametrize("role", ["image", "alpha"])
def test_pictures_of_another_size_are_named(folder, role):
    """Even where the digest was made to fit."""
    path = "train/images/mug.jpg" if role == "image" else ALPHA
    data = io.BytesIO()
    Image.new("L", (31, 24)).save(data, "PNG")
    (folder / path).write_bytes(data.getvalue())
    seal(folder)
    table = verify_dataset(folder, progress=False)
    assert table.to_dict("records") == [
        {
            "path": path,
            "problem": "size differs",
            "expected": "24 × 32 px",
            "found": "24 × 31 px",
        }
    ]


def test_a_picture_that_is_none_is_unreadable(folder):
    """Bytes that no decoder takes are named with a reason."""
    (folder / "train/images/mug.jpg").write_bytes(b"no picture")
    seal(folder)
    assert verify(folder) == [("train/images/mug.jpg", "unreadable")]


def test_a_matte_of_another_depth_is_named(folder):
    """16 bits where the head says 8."""
    alpha = make_example("mug", "train", bits=16).alpha
    (folder / ALPHA).write_bytes(encode_alpha(alpha))
    seal(folder)
    assert verify(folder) == [(ALPHA, "depth differs")]


def test_a_label_that_differs_from_its_matte_is_found_when_deep(folder):
    """One pixel more than the matte's 135 has: IoU 135 / 136."""
    mask = make_example("mug", "train").alpha > 127
    assert mask.sum() == 135
    mask[-1, -1] = True
    (folder / "train/mask/mug.png").write_bytes(encode_mask(mask))
    seal(folder)
    assert verify(folder, deep=False) == []
    (row,) = verify_dataset(folder, progress=False).to_dict("records")
    assert (row["path"], row["problem"]) == ("train/mask/mug.png", "label differs")
    assert row["found"] == f"IoU {135 / 136:.6f}, 1 px differ"


@pytest.mark.parametrize(
    "form",
    [
        Coco(segmentation="polygon"),
        Coco(segmentation="polygon", tolerance=1.5),
        Yolo(),
        Yolo(tolerance=1.5),
    ],
)
def test_polygons_may_differ_as_their_format_says(tmp_path, form):
    """Two discs pass with any tolerance; a label of one of them does not."""
    example = make_example("mug", "train")
    rows, cols = np.mgrid[:24, :32]
    one = (rows - 12) ** 2 + (cols - 8) ** 2 < 36
    other = (rows - 12) ** 2 + (cols - 24) ** 2 < 36
    example.alpha[:] = (one | other) * np.uint8(255)
    write_whole(tmp_path, form, examples=[example])
    assert verify(tmp_path) == []
    example.alpha[:] = one * np.uint8(255)
    (tmp_path / "alpha/train/mug.png").write_bytes(encode_alpha(example.alpha))
    seal(tmp_path)
    assert [problem for _, problem in verify(tmp_path)] == ["label differs"]


def test_labels_of_another_size_or_none_at_all_are_named(folder):
    """A label that cannot be read is a problem too."""
    (folder / "train/mask/mug.png").write_bytes(encode_mask(np.ones((2, 2), bool)))
    (folder / "train/mask/käse.png").write_bytes(b"x")
    seal(folder)
    assert verify(folder) == [
        ("train/mask/käse.png", "unreadable"),
        ("train/mask/mug.png", "size differs"),
    ]


def test_an_empty_matte_agrees_with_an_empty_label(tmp_path):
    """Nothing and nothing are the same, not a division by zero."""
    example = make_example("mug", "train")
    example.alpha[:] = 0
    write_whole(tmp_path, examples=[example])
    assert verify(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"examples": 4}, ("examples 3", "examples 4")),
        (
            {"splits": {"train": 3}},
            ("splits {'train': 2, 'val': 1}", "splits {'train': 3}"),
        ),
        ({"categories": ["tree"]}, ("categories ['mug']", "categories ['tree']")),
    ],
)
def test_a_head_that_tells_otherwise_is_named(folder, change, words):
    """The manifest counts, and the head has to agree."""
    head = json.loads((folder / "dataset.json").read_bytes())
    (folder / "dataset.json").write_text(json.dumps({**head, **change}))
    seal(folder)
    (row,) = verify_dataset(folder, progress=False).to_dict("records")
    assert (row["path"], row["problem"]) == ("dataset.json", "disagrees")
    assert (row["expected"], row["found"]) == words


def test_an_index_that_tells_otherwise_is_named(folder):
    """A category changed in the manifest alone shows in head, card and index."""
    edit_manifest(folder, lambda record: record.update(category="cup"))
    assert verify(folder) == [
        ("README.md", "disagrees"),
        ("dataset.json", "disagrees"),
        ("train/metadata.jsonl", "disagrees"),
    ]


def test_a_croissant_of_other_digests_is_named(folder):
    """Its digests are those of the checksums."""
    path = folder / "croissant.json"
    told = json.loads(path.read_bytes())
    told["distribution"][0]["sha256"] = "0" * 64
    path.write_text(json.dumps(told))
    line = f"{hashlib.sha256(path.read_bytes()).hexdigest()}  croissant.json\n"
    sums = folder / "checksums.sha256"
    kept = [x for x in sums.read_text().splitlines(True) if "croissant" not in x]
    sums.write_text("".join([*kept, line]))
    assert verify(folder) == [("croissant.json", "disagrees")]
    path.write_text("[]")
    assert ("croissant.json", "unreadable") in verify(folder)


def test_a_picture_that_no_example_names_is_found(folder):
    """A line of the manifest taken out leaves its files without an example."""
    path = folder / "manifest.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    seal(folder)
    alone = [where for where, problem in verify(folder) if problem == "in no example"]
    assert alone == [
        "train/alpha/mug.png",
        "train/images/mug.jpg",
        "train/mask/mug.png",
        "train/trimap/mug.png",
    ]


def test_a_picture_that_nobody_has_is_missing(folder):
    """A path of the manifest that neither disk nor checksums know."""
    edit_manifest(folder, lambda r: r["files"].update(mask="train/mask/none.png"))
    assert ("train/mask/none.png", "missing") in verify(folder)


def test_a_name_that_stands_twice_is_named(folder):
    """Names are unlike each other."""
    path = folder / "manifest.jsonl"
    path.write_bytes(path.read_bytes() * 2)
    seal(folder)
    table = verify_dataset(folder, progress=False)
    assert len(table[table["problem"] == "repeated"]) == 3


def test_an_unfinished_export_is_named(folder):
    """A journal, and parts of files, are what a broken export leaves."""
    (folder / ".export.jsonl").write_bytes(b"{}")
    (folder / "train" / f".{'0' * 32}.part").write_bytes(b"")
    (folder / ".export.lock").write_bytes(b"")
    assert verify(folder) == [
        (".export.jsonl", "unfinished"),
        (f"train/.{'0' * 32}.part", "unfinished"),
    ]


def test_a_first_export_that_broke_off_is_unfinished(tmp_path):
    """A folder with a journal alone is ours, and has nothing to verify yet."""
    (tmp_path / ".export.jsonl").write_bytes(b"{}\n")
    (tmp_path / "train").mkdir()
    (tmp_path / "train/x.jpg").write_bytes(b"x")
    assert verify(tmp_path) == [(".export.jsonl", "unfinished")]


@pytest.mark.parametrize("name", ["checksums.sha256", "manifest.jsonl"])
def test_a_list_that_is_gone_is_missing(folder, name):
    """The rest is checked all the same."""
    (folder / name).unlink()
    (folder / "train/alpha/mug.png").write_bytes(b"x")
    found = verify(folder)
    assert (name, "missing") in found
    assert len(found) == 2


@pytest.mark.parametrize("workers", [1, 3])
def test_threads_find_the_same_in_the_same_order(folder, workers):
    """The table is sorted, however many look."""
    for path in sorted(folder.glob("*/mask/*.png")):
        path.write_bytes(b"x")
    table = verify_dataset(folder, workers=workers, progress=False)
    pd.testing.assert_frame_equal(table, verify_dataset(folder, progress=False))
    assert list(table["problem"]) == ["changed", "unreadable"] * 3


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, "2"])
def test_workers_must_be_a_number(folder, workers):
    """Checked before anything is read."""
    with pytest.raises(OptionsError, match="workers"):
        verify_dataset(folder, workers=workers)


def test_a_folder_that_is_none_of_ours_is_refused(tmp_path):
    """No folder, an empty one, and one with somebody else's dataset.json."""
    with pytest.raises(OptionsError, match="no folder"):
        verify_dataset(tmp_path / "gone")
    with pytest.raises(OptionsError, match="holds no data set"):
        verify_dataset(tmp_path)
    for text in ("{}", "[]", "torn {", '{"schema": "1"}', "[" * 100_000):
        (tmp_path / "dataset.json").write_text(text)
        with pytest.raises(OptionsError):
            verify_dataset(tmp_path)


def test_a_newer_data_set_is_refused(folder):
    """What a later toolkit wrote is not judged by this one."""
    head = json.loads((folder / "dataset.json").read_bytes())
    (folder / "dataset.json").write_text(json.dumps({**head, "schema": 99}))
    with pytest.raises(OptionsError, match="newer"):
        verify_dataset(folder)


def test_a_torn_head_of_ours_is_unreadable(folder):
    """Digests are still compared, of all the files."""
    (folder / "dataset.json").write_bytes(b'{"schema": 1, "toolk')
    (folder / ALPHA).write_bytes(b"x")
    assert verify(folder) == [
        ("dataset.json", "changed"),
        ("dataset.json", "unreadable"),
        (ALPHA, "changed"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"format": "zip"},
        {"settings": {"parquet": 7}},
        {"settings": {"other": True}},
    ],
)
def test_a_format_that_is_unknown_is_named(folder, change):
    """Examples cannot be looked into, and that is said."""
    head = json.loads((folder / "dataset.json").read_bytes())
    (folder / "dataset.json").write_text(json.dumps({**head, **change}))
    seal(folder)
    assert verify(folder) == [("dataset.json", "unreadable")]


@pytest.mark.parametrize("name", ["format", "settings", "splits", "rendering", "about"])
def test_a_head_of_other_kinds_is_unreadable(folder, name):
    """A number where a mapping should be breaks nothing."""
    head = json.loads((folder / "dataset.json").read_bytes())
    (folder / "dataset.json").write_text(json.dumps({**head, name: 7}))
    seal(folder)
    assert verify(folder) == [("dataset.json", "unreadable")]


OUTSIDE = [
    "../secret",
    "/etc/passwd",
    "a/../../secret",
    "C:\\x",
    "a\\..\\b",
    "",
    "a//b",
]


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("field", ["files", "name", "split"])
def test_a_manifest_cannot_lead_out_of_the_folder(folder, field, path):
    """A path elsewhere makes the line unreadable; nothing there is opened."""
    secret = folder.parent / "secret"
    os.mkfifo(secret)  # to open it would wait for ever
    if path or field != "split":
        edit_manifest(
            folder,
            lambda r: r.update({field: {"image": path} if field == "files" else path}),
        )
        found = verify(folder)
        assert ("manifest.jsonl", "unreadable") in found


@pytest.mark.parametrize("path", OUTSIDE)
def test_checksums_cannot_lead_out_of_the_folder(folder, path):
    """A line with a path elsewhere is no line of ours."""
    os.mkfifo(folder.parent / "secret")
    with (folder / "checksums.sha256").open("a") as file:
        file.write(f"{'0' * 64}  {path}\n")
    assert verify(folder) == [("checksums.sha256", "unreadable")]


@pytest.mark.parametrize("line", ["torn", f"{'g' * 64}  a", f"{'0' * 64} a", "\x85"])
def test_lines_that_are_no_checksums_are_named(folder, line):
    """With their number; the others count."""
    with (folder / "checksums.sha256").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    (row,) = verify_dataset(folder, progress=False).to_dict("records")
    assert (row["path"], row["problem"]) == ("checksums.sha256", "unreadable")
    count = len((folder / "checksums.sha256").read_text().split("\n")) - 1
    assert row["found"].startswith(f"line {count}: ")


def test_a_file_that_is_listed_twice_is_named(folder):
    """With two digests it can have only one."""
    with (folder / "checksums.sha256").open("a") as file:
        file.write(f"{'0' * 64}  README.md\n")
    assert verify(folder) == [("README.md", "listed twice")]


@pytest.mark.parametrize("path", [ALPHA, "train", "README.md", "train/metadata.jsonl"])
def test_links_are_not_followed(folder, path):
    """A link to the very same bytes is named, and nothing is read through it."""
    outside = folder.parent / "outside"
    shutil.move(folder / path, outside)
    (folder / path).symlink_to(outside)
    found = verify(folder)
    assert (path, "not a file") in found
    assert not {problem for _, problem in found} - {"not a file", "missing"}


@pytest.mark.parametrize("path", ["pipe", "train/images/pipe.jpg"])
def test_a_pipe_is_not_opened(folder, path):
    """It would wait for ever."""
    os.mkfifo(folder / path)
    assert verify(folder) == [(path, "not a file")]


@pytest.mark.parametrize("name", ["dataset.json", "manifest.jsonl", "checksums.sha256"])
def test_a_list_that_is_a_pipe_is_not_opened(folder, name):
    """Not even where something of ours should be."""
    (folder / name).unlink()
    os.mkfifo(folder / name)
    if name == "dataset.json":
        with pytest.raises(OptionsError, match="holds no data set"):
            verify_dataset(folder)
        return
    assert (name, "missing") in verify(folder)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"name": "mug"}',
        b'{"height": ' + b"9" * 5000 + b"}",
    ],
)
def test_torn_lines_are_named_with_their_number(folder, line):
    """The other examples are looked into all the same."""
    path = folder / "manifest.jsonl"
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([lines[0], line, *lines[2:]]) + b"\n")
    (folder / "val/mask/tree.png").write_bytes(b"x")
    seal(folder)
    table = verify_dataset(folder, progress=False)
    torn = table[table["path"] == "manifest.jsonl"].iloc[0]
    assert torn["problem"] == "unreadable"
    assert torn["found"].startswith("line 2: ")
    assert "val/mask/tree.png" in set(table["path"])


@pytest.mark.parametrize("side", [10**12, -1, 0, True, "24", None, 24.0, [24]])
def test_a_size_that_cannot_be_is_named(folder, side):
    """Huge numbers take no memory, others are no record's."""
    edit_manifest(folder, lambda record: record.update(height=side))
    assert {problem for _, problem in verify(folder)} & {"unreadable", "size differs"}


@pytest.mark.parametrize(
    "labels",
    [
        None,
        7,
        [],
        {"alpha": []},
        {"image": [0]},
        {"alpha": [-5, 10**18]},
        {"mask": [10**30, 1]},
    ],
)
@pytest.mark.parametrize("name", ["webdataset", "parquet"])
def test_places_in_shards_that_cannot_be_are_named(tmp_path, name, labels):
    """Numbers that lead nowhere are unreadable, whatever they are."""
    write_whole(tmp_path, name)
    edit_manifest(
        tmp_path,
        lambda r: (
            {**r, "labels": labels}
            if not isinstance(labels, dict) or name == "parquet"
            else {**r, "labels": {**r["labels"], **labels}}
        ),
    )
    found = verify(tmp_path)
    assert {problem for _, problem in found} & {"unreadable", "disagrees"}


def test_a_damaged_shard_is_named_with_the_example(tmp_path):
    """The digest tells which file, the decoder which example."""
    write_whole(tmp_path, "webdataset")
    record = json.loads((tmp_path / "manifest.jsonl").read_bytes().splitlines()[1])
    offset, _ = record["labels"]["alpha"]
    path = tmp_path / "train-00000.tar"
    data = bytearray(path.read_bytes())
    data[offset : offset + 8] = b"\0" * 8
    path.write_bytes(data)
    assert verify(tmp_path) == [
        ("train-00000.tar", "changed"),
        ("train-00000.tar (käse, alpha)", "unreadable"),
    ]


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.sampled_from(["name", "split", "category", "columns", "files", "key", "labels"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(st.text(max_size=3), inner, max_size=2)
        ),
        max_leaves=4,
    ),
)
def test_no_value_in_a_record_breaks_it(folder, field, value):
    """Whatever stands in a field, the answer is a table."""
    path = folder / "manifest.jsonl"
    before = path.read_bytes()
    try:
        edit_manifest(folder, lambda record: record.update({field: value}))
        table = verify_dataset(folder, workers=1, progress=False)
    finally:
        path.write_bytes(before)
        seal(folder)
    assert list(table.columns) == ["path", "problem", "expected", "found"]


def test_progress_is_told(folder):
    """A watcher hears of the files, then of the examples."""
    heard = []

    class Watcher:
        def begin(self, glance):
            heard.append(glance.total)

        def look(self, glance):
            pass

        def end(self, glance, line):
            pass

    verify_dataset(folder, progress=Watcher())
    assert heard == [18, 3]


def test_nothing_is_written(folder):
    """A check leaves every file and time as it was."""
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    verify_dataset(folder, progress=False)
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before
    assert Files(folder).written == {}
