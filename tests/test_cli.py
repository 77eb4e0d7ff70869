"""The command line, as a user types it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import pandas as pd
import pytest
from conftest import draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.cli import main


@pytest.fixture
def folder(tmp_path):
    """Two pictures, one broken one and a note."""
    place = tmp_path / "my pictures"
    (place / "more").mkdir(parents=True)
    (place / "red box.jpg").write_bytes(images.encode_jpeg(draw_square()))
    small = images.encode_png(draw_square(40, 50))
    (place / "more" / "ünï.png").write_bytes(small)
    (place / "broken.jpg").write_bytes(b"not a picture")
    (place / "note.txt").write_text("hello")
    return place


def test_demo_on_a_folder_writes_table_figure_and_report(folder, tmp_path, capsys):
    """The user's own pictures are cut; what cannot be cut is a row that says why."""
    out = tmp_path / "out"
    assert main(["demo", "--out", str(out), "--folder", str(folder)]) == 1
    table = pd.read_csv(out / "results.csv").set_index("key")
    assert table["status"].to_dict() == {
        "broken.jpg": "refused",
        "more/ünï.png": "ok",
        "red box.jpg": "ok",
    }
    assert table.loc["broken.jpg", "error_code"] == "InvalidImageFormat"
    kept = (out / table.loc["red box.jpg", "file"]).read_bytes()
    assert images.decode_rgba(kept).shape == (64, 96, 4)
    assert images.read_header((out / "before_after.png").read_bytes()).format == "PNG"
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/webp;base64,") == 6
    assert not re.search(r'(src|href)="http', page)
    printed = capsys.readouterr().out
    assert "1 files in" in printed
    assert "nothing was paid" in printed


def test_demo_writes_to_a_relative_folder_and_does_not_cut_its_own_output(
    folder, monkeypatch, capsys
):
    """`--out here` works as the README has it, twice, even inside the pictures."""
    monkeypatch.chdir(folder)
    for _ in range(2):
        assert main(["demo", "--out", "here", "--folder", "."]) == 1
        table = pd.read_csv(folder / "here" / "results.csv")
        assert len(table) == 3
        assert (folder / "here" / table["file"].dropna().iloc[0]).is_file()
    assert "open next: " in capsys.readouterr().out


def test_demo_into_the_folder_of_the_pictures_itself(folder, capsys):
    """Written beside the pictures, its own files are not taken for pictures."""
    for _ in range(2):
        main(["demo", "--out", str(folder / "more" / ".."), "--folder", str(folder)])
        assert len(pd.read_csv(folder / "results.csv")) == 3
    assert "3 pictures" in capsys.readouterr().out


def test_demo_says_what_is_wrong_with_its_folders(tmp_path, capsys):
    """A missing, empty or unwritable folder gives one sentence and exit code 2."""
    empty = tmp_path / "empty"
    empty.mkdir()
    wall = tmp_path / "wall"
    wall.write_text("a file, not a folder")
    for arguments, words in (
        (["--out", str(tmp_path / "o"), "--folder", str(tmp_path / "none")], "is none"),
        (["--out", str(tmp_path / "o"), "--folder", str(empty)], "no .jpg"),
        (["--out", str(wall / "o")], "cannot be written"),
    ):
        assert main(["demo", *arguments]) == 2
        complaint = capsys.readouterr().err
        assert words in complaint
        assert "Traceback" not in complaint


def test_demo_on_drawn_scenes_answers_every_one(tmp_path):
    """Without a folder the drawn scenes are cut; the empty studio is empty."""
    assert main(["demo", "--out", str(tmp_path)]) == 0
    table = pd.read_csv(tmp_path / "results.csv").set_index("key")
    assert len(table) == 13
    assert table.index[table["status"] == "empty"].tolist() == [
        "samples/empty-studio.jpg"
    ]


@pytest.fixture
def served(folder):
    """`cosmat serve` in a process of its own, and its endpoint."""
    process = subprocess.Popen(
        [
            sys.executable,
            *("-m", "cosmat_nb.cli", "serve", "--folder", str(folder)),
            *("--secret-id", "an-id-of-mine", "--secret-key", "a-key-of-mine"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        yield process, re.search(r"http://127\.0\.0\.1:\d+", line)[0]
    finally:
        process.kill()
        process.communicate()


def test_serve_answers_a_client_and_stops_on_interrupt(served):
    """Another process cuts through it, Ctrl-C ends it cleanly, the key stays hidden."""
    process, endpoint = served
    with cm.connect_cloud(
        "examplebucket-1250000000",
        "ap-guangzhou",
        credentials=cm.Credentials("an-id-of-mine", "a-key-of-mine"),
        endpoint=endpoint,
    ) as client:
        assert client.matte("red box.jpg").rgba.shape == (64, 96, 4)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out.endswith("stopped\n")
    assert err == ""
    assert "a-key-of-mine" not in out


def test_serve_on_a_port_in_use_says_so(emulator, capsys):
    """A port that something else holds gives one sentence and exit code 2."""
    port = emulator.endpoint.rpartition(":")[2]
    assert main(["serve", "--port", port]) == 2
    assert f"port {port}" in capsys.readouterr().err
