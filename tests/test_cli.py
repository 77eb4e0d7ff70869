"""The command line, as a user types it."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import pandas as pd
import pytest
from squares import draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.cli import main
from cosmat_nb.matting.neural import WEIGHTS


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
    empty = table.index[table["status"] == "empty"].tolist()
    assert empty == ["samples/empty-studio.jpg"]
    assert (table["status"].drop(empty) == "ok").all()


@contextlib.contextmanager
def serving(*arguments):
    """Run `cosmat serve` in a process of its own; the process and its endpoint."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cosmat_nb.cli", "serve", *map(str, arguments)],
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


@pytest.fixture
def served(folder):
    """`cosmat serve` on a folder with a key pair of one's own."""
    keys = ("--secret-id", "an-id-of-mine", "--secret-key", "a-key-of-mine")
    with serving("--folder", folder, *keys) as running:
        yield running


def test_serve_replays_a_recording(emulator, tmp_path, square):
    """What was recorded is answered by another process, and nothing else is."""
    emulator.bucket.put("a.jpg", square, "image/jpeg")
    place = emulator.address.bucket, emulator.address.region
    with cm.connect_cloud(
        *place,
        credentials=emulator.credentials,
        endpoint=emulator.endpoint,
        record=tmp_path / "r",
    ) as client:
        cutout = client.matte("a.jpg")
    with (
        serving("--replay", tmp_path / "r") as (_, endpoint),
        cm.connect_cloud(
            *place, credentials=cm.Credentials("any", "pair"), endpoint=endpoint
        ) as client,
    ):
        assert client.matte("a.jpg") == cutout
        with pytest.raises(cm.ServerError, match="no answer"):
            client.fetch("a.jpg")


def test_a_folder_and_a_recording_exclude_each_other(tmp_path, capsys):
    """Either files are served or a recording; both at once is a mistake."""
    with pytest.raises(SystemExit):
        main(["serve", "--folder", str(tmp_path), "--replay", str(tmp_path)])
    assert "not allowed with" in capsys.readouterr().err


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


@pytest.mark.parametrize("name", ["magic", "u2netp", "missing.onnx"])
def test_serve_refuses_an_engine_that_is_not_there(name, capsys):
    """Nothing listens for an unknown name, a model nobody fetched, a missing file."""
    before = threading.active_count()
    assert main(["serve", "--engine", name]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("cosmat: ")
    assert name in captured.err
    assert threading.active_count() == before


def test_serve_cuts_with_the_engine_that_is_named(folder, tmp_path):
    """A network from a file answers, and the first lines tell its name and version."""
    weights = tmp_path / "mine.onnx"
    shutil.copy(WEIGHTS, weights)
    with serving("--folder", folder, "--engine", weights) as (process, endpoint):
        told = [process.stdout.readline() for _ in range(3)]
        with cm.connect_cloud(
            "examplebucket-1250000000",
            "ap-guangzhou",
            credentials=cm.Credentials("emulator-id", "emulator-key"),
            endpoint=endpoint,
        ) as client:
            assert client.matte("red box.jpg").rgba.shape == (64, 96, 4)
    assert told[-1] == f"cut by: cosmat {cm.get_engine().version}\n"


def test_serve_on_a_port_in_use_says_so(emulator, capsys):
    """A port that something else holds gives one sentence and exit code 2."""
    port = emulator.endpoint.rpartition(":")[2]
    assert main(["serve", "--port", port]) == 2
    assert f"port {port}" in capsys.readouterr().err


@pytest.fixture
def account(emulator, monkeypatch):
    """The environment of somebody whose account the emulator knows."""
    monkeypatch.setenv("COS_SECRET_ID", emulator.credentials.secret_id)
    monkeypatch.setenv("COS_SECRET_KEY", emulator.credentials.secret_key)
    monkeypatch.setenv("COS_BUCKET", emulator.address.bucket)
    monkeypatch.setenv("COS_REGION", emulator.address.region)


def test_doctor_without_an_account_says_so_and_examines_an_emulator(capsys):
    """What was tried is listed, who answers is told, and all is well."""
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    for words in ("COS_SECRET_ID", "TENCENTCLOUD_SECRET_ID", "~/.cos.conf"):
        assert words in printed
    assert "asked: the embedded emulator at http://127.0.0.1:" in printed
    assert printed.count("\nok    ") == 7


def test_doctor_does_not_call_a_bucket_well_that_it_could_not_ask_for(capsys):
    """Without an account what was named stays unexamined: exit code 1."""
    named = ["--bucket", "mine-1250000000", "--region", "ap-guangzhou"]
    assert main(["doctor", *named]) == 1
    assert "not examined" in capsys.readouterr().out


@pytest.mark.usefixtures("account")
def test_doctor_examines_the_configured_account(emulator, capsys):
    """The environment's keys, bucket and region are taken; the key is not shown."""
    assert main(["doctor", "--endpoint", emulator.endpoint]) == 0
    printed = capsys.readouterr().out
    assert "credentials found in environment (COS_SECRET_ID)" in printed
    assert f"asked: {emulator.endpoint} for the cloud service" in printed
    assert printed.count("\nok    ") == 7
    assert emulator.credentials.secret_key not in printed


@pytest.mark.usefixtures("account")
def test_doctor_tells_what_fails_by_its_exit_code(emulator, monkeypatch, capsys):
    """A wrong key and another bucket are exit code 1, with what to do."""
    asked = ["doctor", "--endpoint", emulator.endpoint]
    assert main([*asked, "--bucket", "other-1250000000"]) == 1
    assert "FAIL  bucket" in capsys.readouterr().out
    monkeypatch.setenv("COS_SECRET_KEY", "a-wrong-key")
    assert main(asked) == 1
    printed = capsys.readouterr().out
    assert "FAIL  credentials" in printed
    assert "to do: check the secret id and key" in printed
    assert "a-wrong-key" not in printed


@pytest.mark.usefixtures("account")
def test_doctor_tells_of_a_wrong_clock_once(capsys):
    """The clock is a finding, and no warning stands beside it."""
    with cm.Emulator(now=lambda: time.time() + 7200) as skewed:
        assert main(["doctor", "--endpoint", skewed.endpoint]) == 1
    captured = capsys.readouterr()
    assert "FAIL  clock" in captured.out
    assert captured.out.count("\nok    ") == 6
    assert captured.err == ""


@pytest.mark.usefixtures("account")
def test_doctor_asks_for_a_bucket_and_a_region(monkeypatch, capsys):
    """Keys alone are not enough: one sentence and exit code 2."""
    monkeypatch.delenv("COS_BUCKET")
    assert main(["doctor"]) == 2
    assert "--bucket and --region" in capsys.readouterr().err
