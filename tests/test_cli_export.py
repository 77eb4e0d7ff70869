"""`cosmat export`, as a user types it."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from exporting import check_sums, read_tree
from squares import draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.cli import _parser, main

LEFT_OUT = 1
UNABLE = 2
INTERRUPTED = 130


@pytest.fixture
def account(emulator, monkeypatch):
    """Make the environment of somebody whose account the emulator knows."""
    monkeypatch.setenv("COS_SECRET_ID", emulator.credentials.secret_id)
    monkeypatch.setenv("COS_SECRET_KEY", emulator.credentials.secret_key)
    monkeypatch.setenv("COS_BUCKET", emulator.address.bucket)
    monkeypatch.setenv("COS_REGION", emulator.address.region)
    return ["--endpoint", emulator.endpoint]


@pytest.fixture
def keys(emulator, tmp_path):
    """Put four pictures, and write a table of them and of one that is not there."""
    for number in range(4):
        picture = images.encode_jpeg(draw_square(color=(number * 50, 30, 40)))
        emulator.bucket.put(f"{number}.jpg", picture, "image/jpeg")
    path = tmp_path / "keys.csv"
    kinds = ["mug", "mug", "tree", "tree", "tree"]
    rows = [f"{number}.jpg,{kind}" for number, kind in enumerate(kinds)]
    path.write_text("\n".join(["key,kind", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def export(keys, account, tmp_path):
    """Run `cosmat export` over the table."""

    def run(*more, out="set"):
        out = str(tmp_path / out)
        return main(["export", str(keys), "--out", out, *account, *more])

    return run


@pytest.fixture
def matte(keys, account, tmp_path):
    """Run `cosmat matte` over the first rows of the table."""

    def run(count, *more):
        some = tmp_path / "some.csv"
        pd.read_csv(keys).head(count).to_csv(some, index=False)
        out = str(tmp_path / "results.csv")
        return main(["matte", str(some), "--out", out, "--quiet", *account, *more])

    return run


def test_what_was_cut_becomes_a_data_set_and_nothing_is_paid(
    matte, export, emulator, tmp_path, capsys
):
    """Rows without an answer are left out, which is 1; `cosmat matte` adds them."""
    assert matte(2) == 0
    capsys.readouterr()
    assert export("--category", "kind", "--title", "Mugs", "--license", "MIT") == (
        LEFT_OUT
    )
    assert emulator.billed == 2
    said = capsys.readouterr()
    assert said.out == f"2 examples in {tmp_path / 'set'}\n"
    assert "3 left out: not in the store: cosmat matte with" in said.err
    assert "CosmatWarning" not in said.err
    back = cm.read_dataset(tmp_path / "set")
    assert back["key"].tolist() == ["0.jpg", "1.jpg"]
    assert back["category"].tolist() == ["mug", "mug"]
    assert back["item"][1].image_file == emulator.bucket.get("1.jpg").data
    card = (tmp_path / "set" / "README.md").read_text(encoding="utf-8")
    assert "# Mugs" in card
    assert matte(4) == 0
    assert emulator.billed == 4
    assert export("--category", "kind", "--quiet") == LEFT_OUT
    assert emulator.billed == 4
    assert capsys.readouterr().out == ""
    assert len(cm.read_dataset(tmp_path / "set")) == 4
    check_sums(tmp_path / "set")
    assert cm.verify_dataset(tmp_path / "set", progress=False).empty


def test_the_table_of_cosmat_matte_is_taken_too(matte, export, keys, tmp_path):
    """Rows that were filtered by their results are keys like any others."""
    assert matte(4) == 0
    table = pd.read_csv(tmp_path / "results.csv")
    table[table.status == "ok"].head(2).to_csv(keys, index=False)
    assert export() == 0
    assert cm.read_dataset(tmp_path / "set")["key"].tolist() == ["0.jpg", "1.jpg"]


def test_a_split_without_a_row_is_told(matte, export, capsys):
    """What was asked for and came to nothing is a line beside the output."""
    assert matte(4) == 0
    export("--split", "train=0.98,val=0.02")
    assert "split val got none of 5 rows" in capsys.readouterr().err


def test_cutouts_of_the_bucket_and_sources_that_are_gone(
    matte, export, emulator, tmp_path, capsys
):
    """Mode stored takes what lies in the bucket; a lost source costs its row alone."""
    assert matte(3, "--mode", "stored") == 0
    emulator.bucket.remove("1.jpg")
    assert export("--mode", "stored") == LEFT_OUT
    assert emulator.billed == 3
    said = capsys.readouterr().err
    assert "2 left out: not in the store" in said
    assert "1 left out: ObjectNotFoundError: " in said
    assert cm.read_dataset(tmp_path / "set")["key"].tolist() == ["0.jpg", "2.jpg"]


def test_all_rows_in_it_is_0_and_the_line_is_json(
    matte, export, keys, tmp_path, capsys
):
    """One object on standard output tells where, how many, and what was left out."""
    rows = keys.read_text(encoding="utf-8").splitlines()
    keys.write_text("\n".join(rows[:-1]), encoding="utf-8")
    assert matte(4) == 0
    capsys.readouterr()
    assert export("--json", "--format", "coco", "--image", "cutout") == 0
    told = capsys.readouterr().out
    assert json.loads(told) == {
        "folder": str(tmp_path / "set"),
        "format": "coco",
        "examples": 4,
        "left_out": {},
    }
    assert told.count("\n") == 1
    assert (tmp_path / "set/annotations/instances_data.json").is_file()
    tree = read_tree(tmp_path / "set")
    assert export("--format", "coco", "--image", "cutout") == 0
    assert read_tree(tmp_path / "set") == tree


def test_a_split_is_the_one_of_split_frame(matte, export, keys, tmp_path):
    """The same shares and seed, and groups stay whole; sizes are height by width."""
    assert matte(4) == 0
    shares = ["--split", "train=0.5,val=0.5", "--seed", "3", "--group", "kind"]
    assert export(*shares, "--size", "16x24", "--image", "composite") == LEFT_OUT
    back = cm.read_dataset(tmp_path / "set")
    parts = cm.split_frame(
        pd.read_csv(keys), {"train": 0.5, "val": 0.5}, group="kind", seed=3
    )
    assert back["split"].tolist() == parts["split"].tolist()[:4]
    assert {*zip(back["height"], back["width"], strict=True)} == {(16, 24)}


def test_an_unfinished_data_set_goes_on(matte, export, tmp_path):
    """What an export that was killed left is finished, to the same bytes."""
    assert matte(4) == 0
    assert export() == LEFT_OUT
    tree = read_tree(tmp_path / "set")
    facts = {"format": "folder", "settings": {"parquet": False}}
    rendering = json.loads(tree["dataset.json"])["rendering"]
    line = json.dumps({"export": {**facts, "rendering": rendering}})
    half = tmp_path / "half"
    half.mkdir()
    (half / ".export.jsonl").write_text(f'{line}\n{{"beg', encoding="utf-8")
    assert export(out="half") == LEFT_OUT
    assert read_tree(half) == tree


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--split", "train"], "--split is NAME=SHARE"),
        (["--split", "train=half"], "--split is NAME=SHARE"),
        (["--split", "a=0.5,a=0.5"], "--split is NAME=SHARE"),
        (["--split", "a=0.5,b=0.6"], "1"),
        (["--group", "kind"], "--group is for --split"),
        (["--stratify", "kind"], "--stratify is for --split"),
        (["--size", "big"], "--size is PX or HEIGHTxWIDTH"),
        (["--size", "1x2x3"], "--size is PX or HEIGHTxWIDTH"),
        (["--size", "0"], "size"),
        (["--image", "composite", "--background", "nocolor"], "background"),
        (["--category", "colour"], "found none among: key, kind"),
        (["--column", "picture"], "pass --column"),
        (["--out", "."], "holds other things"),
    ],
)
def test_what_cannot_run_as_asked_writes_nothing(
    more, words, matte, export, tmp_path, monkeypatch, capsys
):
    """One sentence, exit code 2, and no data set."""
    assert matte(1) == 0
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert export(*more) == UNABLE
    complaint = capsys.readouterr().err
    assert words in complaint.splitlines()[-1]
    assert "Traceback" not in complaint
    assert not (tmp_path / "set").exists()


def test_nothing_that_was_cut_is_no_data_set(export, emulator, tmp_path, capsys):
    """The store is empty: exit code 2, no call, and no folder."""
    assert export() == UNABLE
    assert emulator.billed == 0
    assert "none of 5 pictures is there: not in the store" in capsys.readouterr().err
    assert not (tmp_path / "set").exists()


def test_every_argument_is_explained():
    """`--help` says what each is for, and what the exit codes mean."""
    commands = next(
        action.choices for action in _parser()._actions if action.dest == "command"
    )
    parser = commands["export"]
    assert [action.dest for action in parser._actions if not action.help] == []
    told = parser.format_help()
    for code in (0, LEFT_OUT, UNABLE, INTERRUPTED):
        assert f"\n  {code} " in told
