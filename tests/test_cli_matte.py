"""`cosmat plan` and `cosmat matte`, as a user types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest
from squares import WhiteEngine, draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.cli import _parser, main

ROOT = Path(__file__).resolve().parents[1]

NOTHING_SENT = 2
UNSENT = 3
ACCOUNT = 4
INTERRUPTED = 130


class GatedEngine(WhiteEngine):
    """Lets the first pictures through, and makes the others wait at a gate."""

    def __init__(self, first):
        self.left = first
        self.lock = threading.Lock()
        self.waiting, self.gate = threading.Event(), threading.Event()

    def estimate_alpha(self, picture):
        """Cut like `WhiteEngine`, late."""
        with self.lock:
            self.left -= 1
            late = self.left < 0
        if late:
            self.waiting.set()
            self.gate.wait(30)
        return super().estimate_alpha(picture)


def fill(emulator, count):
    """Put pictures `0.jpg`, `1.jpg`, … that all differ."""
    for number in range(count):
        picture = images.encode_jpeg(draw_square(color=(number * 5, 30, 40)))
        emulator.bucket.put(f"{number}.jpg", picture, "image/jpeg")


def write_keys(folder, count, name="keys.csv"):
    """Write a table of the pictures' keys, each with a word beside it."""
    path = folder / name
    rows = [f"{number}.jpg,{number:03d}" for number in range(count)]
    path.write_text("\n".join(["key,sku", *rows]) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def account(emulator, monkeypatch):
    """Make the environment of somebody whose account the emulator knows."""
    monkeypatch.setenv("COS_SECRET_ID", emulator.credentials.secret_id)
    monkeypatch.setenv("COS_SECRET_KEY", emulator.credentials.secret_key)
    monkeypatch.setenv("COS_BUCKET", emulator.address.bucket)
    monkeypatch.setenv("COS_REGION", emulator.address.region)
    return ["--endpoint", emulator.endpoint]


@pytest.fixture
def matte(emulator, account, tmp_path):
    """Run `cosmat matte` over five pictures, all of which are there."""
    fill(emulator, 5)
    keys = write_keys(tmp_path, 5)

    def run(*more, keys=keys, out="results.csv"):
        return main(["matte", keys, "--out", str(tmp_path / out), *account, *more])

    return run


def start(*arguments, shell=None, **environment):
    """Start `cosmat` in a process of its own."""
    command = [sys.executable, "-m", "cosmat_nb.cli", *map(str, arguments)]
    return subprocess.Popen(
        command if shell is None else ["sh", "-c", shell, *command],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_file_of_keys_becomes_a_table_of_cutouts(matte, emulator, tmp_path, capsys):
    """All rows and columns are there, each cutout is a file, and the line sums up."""
    assert matte() == 0
    table = pd.read_csv(tmp_path / "results.csv", dtype={"sku": str})
    assert table.columns.tolist() == [
        *("key", "sku", "status", "cutout", "stored", "error_code", "error", "heals"),
        *("request_id", "attempts", "seconds", "source"),
    ]
    assert table["sku"].tolist() == ["000", "001", "002", "003", "004"]
    assert set(table["status"]) == {"ok"}
    for number, path in enumerate(table["cutout"]):
        pixels = images.decode_rgba(Path(path).read_bytes())
        assert abs(int(pixels[30, 40, 0]) - number * 5) <= 6
    said = capsys.readouterr()
    assert said.out.startswith("5 ok · 5 billed: ")
    assert said.out.count("\n") == 1
    assert f"{emulator.endpoint} is asked, for bucket {emulator.address.bucket}" in (
        said.err
    )
    assert emulator.credentials.secret_key not in said.out + said.err


def test_a_second_command_asks_only_for_what_is_missing(matte, emulator, tmp_path):
    """What the store has is not paid again, and the table is the same cutouts."""
    assert matte(keys=write_keys(tmp_path, 3, "some.csv")) == 0
    assert emulator.billed == 3
    assert matte(out="second.csv") == 0
    assert emulator.billed == 5
    assert matte(out="third.csv") == 0
    assert emulator.billed == 5
    second, third = (
        pd.read_csv(tmp_path / name) for name in ("second.csv", "third.csv")
    )
    assert second["source"].tolist() == [*["store"] * 3, *["cloud"] * 2]
    assert third["cutout"].tolist() == second["cutout"].tolist()


def test_rows_that_fail_are_told_by_the_exit_code(matte, emulator, tmp_path):
    """A key that is not there makes 1; the others have their cutouts."""
    emulator.bucket.remove("2.jpg")
    assert matte() == 1
    table = pd.read_csv(tmp_path / "results.csv")
    assert table["status"].tolist() == ["ok", "ok", "refused", "ok", "ok"]
    assert table["error_code"][2] == "NoSuchKey"


def test_a_budget_stops_before_the_call_too_many(matte, emulator, tmp_path, capsys):
    """Used up it is 3; one name is one purse, and another one pays for the rest."""
    purse = ["--budget-calls", "2", "--budget-name", "spring"]
    for _ in range(2):
        assert matte(*purse) == UNSENT
        assert emulator.billed == 2
    table = pd.read_csv(tmp_path / "results.csv")
    assert table["status"].value_counts().to_dict() == {"ok": 2, "skipped": 3}
    assert "rows were left unsent" in capsys.readouterr().err
    assert matte("--budget-amount", "0.02") == UNSENT
    assert emulator.billed == 3
    assert matte("--per-day", "4") == UNSENT
    assert emulator.billed == 4
    assert matte("--budget-calls", "2") == 0
    assert emulator.billed == 5


def test_more_calls_than_confirmed_are_not_made(matte, emulator, tmp_path, capsys):
    """Nothing is sent and no table is touched until the number is confirmed."""
    (tmp_path / "results.csv").write_text("as it was")
    assert matte("--confirm-over", "4") == UNSENT
    assert emulator.billed == 0
    assert (tmp_path / "results.csv").read_text() == "as it was"
    assert "5 calls would be paid for" in capsys.readouterr().err
    assert matte("--confirm-over", "5", keys=write_keys(tmp_path, 4, "k.csv")) == 0
    assert matte("--yes") == 0
    assert emulator.billed == 5


def test_yes_allows_more_than_the_default(matte, tmp_path):
    """1001 calls are refused before the first, unless any number is confirmed."""
    keys = write_keys(tmp_path, 1001, "many.csv")
    assert matte("--deadline", "0", keys=keys) == UNSENT
    assert not (tmp_path / "results.csv").exists()
    assert matte("--deadline", "0", "--yes", keys=keys) == UNSENT
    assert len(pd.read_csv(tmp_path / "results.csv")) == 1001


@pytest.mark.parametrize(
    "emulator", [{"latency": cm.Latency(median=0.2, spread=0.0)}], indirect=True
)
def test_a_deadline_that_has_passed_leaves_rows_unsent(matte, emulator, tmp_path):
    """The rows are skipped, which is 3."""
    assert matte("--deadline", "0", "--concurrency", "1") == UNSENT
    assert emulator.billed < 5
    assert "skipped" in set(pd.read_csv(tmp_path / "results.csv")["status"])


def test_an_account_error_is_told_from_all_others(
    matte, emulator, tmp_path, monkeypatch, capsys
):
    """A wrong key stops the batch with 4, says what to do, and costs nothing."""
    monkeypatch.setenv("COS_SECRET_KEY", "not-the-key")
    assert matte() == ACCOUNT
    assert emulator.billed == 0
    said = capsys.readouterr()
    assert "cosmat doctor tells what is wrong" in said.err
    assert "CosmatWarning" not in said.err
    assert "not-the-key" not in said.err + (tmp_path / "results.csv").read_text()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--out", "r.txt"], "--out must end in .csv or .parquet"),
        (["--out", "none/r.csv"], "No such file or directory"),
        (["--out", "."], "--out must end in"),
        (["--out", "keys.csv"], "would replace the keys"),
        (["--out", "folder.csv"], "is a folder"),
        (["--column", "picture"], "found none among: key, sku; pass --column"),
        (["--etag", "hash"], "pass another --etag"),
        (["--padding", "big"], "as 20x10"),
        (["--operation", "Paint"], "operation must be one of"),
        (["--save-as", "{key}.png"], "pass --mode stored"),
        (["--mode", "stored", "--save-as", "{no}"], "save_as may hold"),
        (["--budget-name", "spring"], "--budget-name needs a limit"),
        (["--budget-calls", "-1"], "calls must be"),
        (["--deadline", "nan"], "deadline must be"),
        (["--concurrency", "0"], "concurrency must be"),
        (["--emulator"], "leave out --endpoint"),
        (["--folder", "."], "pass --emulator"),
        (["--store", "keys.csv"], "cannot be written"),
        (["--region", "nowhere at all"], "region"),
    ],
)
def test_what_cannot_run_as_asked_sends_nothing(
    more, words, matte, emulator, tmp_path, monkeypatch, capsys
):
    """One sentence, exit code 2, no call and no table."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    before = (tmp_path / "keys.csv").read_bytes()
    assert matte(*more) == NOTHING_SENT
    complaint = capsys.readouterr().err
    assert words in complaint
    assert "Traceback" not in complaint
    assert emulator.billed == 0
    assert not (tmp_path / "results.csv").exists()
    assert (tmp_path / "keys.csv").read_bytes() == before


@pytest.mark.parametrize("command", ["plan", "matte"])
def test_without_an_account_no_emulator_is_taken_unasked(command, tmp_path, capsys):
    """Nobody answers unless he was named: exit code 2, and what to do."""
    keys = write_keys(tmp_path, 1)
    out = ["--out", str(tmp_path / "r.csv")] if command == "matte" else []
    assert main([command, keys, *out]) == NOTHING_SENT
    assert "Pass --emulator" in capsys.readouterr().err
    assert not (tmp_path / "r.csv").exists()


@pytest.mark.usefixtures("account")
def test_the_emulator_answers_when_it_is_asked_for(emulator, tmp_path, square, capsys):
    """Beside an account, `--emulator` cuts the folder's pictures and pays nothing."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "mine.jpg").write_bytes(square)
    (tmp_path / "keys.lst").write_text("mine.jpg\n")
    emulated = ["--emulator", "--folder", str(pictures), "--confirm-over", "0"]
    out = ["--out", str(tmp_path / "r.csv")]
    assert main(["matte", str(tmp_path / "keys.lst"), *out, *emulated]) == 0
    assert emulator.billed == 0
    said = capsys.readouterr()
    assert "the embedded emulator answers; nothing is paid" in said.err
    assert pd.read_csv(tmp_path / "r.csv")["source"].tolist() == ["emulator"]


def test_results_can_stay_in_the_bucket(matte, emulator, tmp_path):
    """Mode stored names the object keys; options and template are those asked for."""
    stored = ["--mode", "stored", "--save-as", "cut/{stem}.png", "--center"]
    for _ in range(2):
        assert matte(*stored, "--padding", "7x3") == 0
        assert emulator.billed == 5
    table = pd.read_csv(tmp_path / "results.csv")
    assert table["stored"].tolist() == [f"cut/{number}.png" for number in range(5)]
    assert table["cutout"].isna().all()
    cut = images.decode_rgba(emulator.bucket.get("cut/0.png").data)
    # The picture has 64 by 96 px; 3 px go above and below, 7 px left and right.
    assert cut.shape == (64 + 2 * 3, 96 + 2 * 7, 4)


def read_lines(text):
    """Read JSON lines strictly: NaN and Infinity are no JSON."""

    def refuse(word):
        raise ValueError(word)

    return [json.loads(line, parse_constant=refuse) for line in text.splitlines()]


def test_json_lines_are_all_that_standard_output_has(
    matte, emulator, tmp_path, square, capsys
):
    """One object a row and one with the summary; no secret of an address is in it."""
    emulator.bucket.put("图 1.jpg", square, "image/jpeg")
    signed = "https://other.example.com/a.jpg?q-signature=5ecret"
    keys = tmp_path / "keys.txt"
    keys.write_text(f"图 1.jpg\nno.jpg\n{signed}\n图 1.jpg\n", encoding="utf-8")
    assert matte("--json", keys=str(keys)) == 1
    said = capsys.readouterr()
    *rows, last = read_lines(said.out)
    assert [row["row"] for row in rows] == [0, 1, 2, 3]
    assert [row["place"] for row in rows] == [
        *("图 1.jpg", "no.jpg", "https://other.example.com/a.jpg", "图 1.jpg")
    ]
    assert [row["status"] for row in rows][:2] == ["ok", "refused"]
    assert rows[1]["cutout"] is None
    assert rows[0]["stored"] is None
    assert rows[3]["seconds"] is None
    assert Path(rows[0]["cutout"]).is_file()
    assert last["summary"]["billed"] == emulator.billed == 1
    assert last["summary"]["exit_code"] == 1
    assert last["summary"]["table"] == str(tmp_path / "results.csv")
    assert "5ecret" not in said.out + said.err
    assert emulator.credentials.secret_key not in said.out
    # The user's own column is his: it is kept whole.
    assert pd.read_csv(tmp_path / "results.csv")["key"][2] == signed


def test_quiet_says_only_what_went_wrong(matte, capsys):
    """Nothing at all when every row is answered; why, when rows are left."""
    assert matte("--quiet", "--budget-calls", "3") == UNSENT
    said = capsys.readouterr()
    assert said.out == ""
    assert "rows were left unsent" in said.err
    assert matte("--quiet") == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")


def test_a_plan_is_shown_and_nothing_is_sent(
    matte, emulator, account, tmp_path, capsys
):
    """The plan counts what is stored; as JSON it is one object of plain values."""
    assert matte(keys=write_keys(tmp_path, 2, "two.csv")) == 0
    capsys.readouterr()
    keys = write_keys(tmp_path, 5)
    assert main(["plan", keys, *account]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"plan for {emulator.endpoint}\n")
    assert "to call" in said.out
    assert main(["plan", keys, *account, "--json"]) == 0
    (plan,) = read_lines(capsys.readouterr().out)
    assert (plan["rows"], plan["stored"], plan["to_call"]) == (5, 2, 3)
    # 3 times 0.02 CNY, by the price that is not verified.
    assert plan["cost"] == pytest.approx(0.06)
    assert (plan["currency"], plan["verified"]) == ("CNY", False)
    assert emulator.billed == 2
    # Nobody listens there, and nobody is asked.
    assert main(["plan", keys, "--endpoint", "http://127.0.0.1:9"]) == 0
    capsys.readouterr()
    assert main(["plan", keys, *account, "--center", "--json"]) == 0
    assert read_lines(capsys.readouterr().out)[0]["to_call"] == 5


def test_a_plan_probes_only_when_asked(
    matte, emulator, account, tmp_path, capsys, monkeypatch
):
    """A picture that is gone is found by `--probe`; a wrong key stops it with 4."""
    keys = write_keys(tmp_path, 6)
    del matte
    found = []
    for more in ([], ["--probe"]):
        assert main(["plan", keys, *account, "--json", *more]) == 0
        found += read_lines(capsys.readouterr().out)
    assert [plan["refused"] for plan in found] == [{}, {"no such object": 1}]
    assert emulator.billed == 0
    monkeypatch.setenv("COS_SECRET_KEY", "not-the-key")
    assert main(["plan", keys, *account]) == 0
    assert main(["plan", keys, *account, "--probe"]) == ACCOUNT


@pytest.mark.parametrize(
    ("number", "shell"),
    [
        (signal.SIGINT, None),
        # A script's background job, which ignores interrupts.
        (signal.SIGTERM, """trap "" INT; exec "$0" "$@" """),
    ],
)
def test_an_interrupted_batch_writes_its_table_and_goes_on_later(
    number, shell, tmp_path, monkeypatch
):
    """Ctrl-C and SIGTERM: what is in flight is answered, and 130; then the rest."""
    engine = GatedEngine(first=3)
    keys = write_keys(tmp_path, 20)
    out = tmp_path / "results.csv"
    with cm.Emulator(engine=engine) as emulator:
        fill(emulator, 20)
        monkeypatch.setenv("COS_SECRET_ID", emulator.credentials.secret_id)
        monkeypatch.setenv("COS_SECRET_KEY", emulator.credentials.secret_key)
        monkeypatch.setenv("COS_BUCKET", emulator.address.bucket)
        monkeypatch.setenv("COS_REGION", emulator.address.region)
        command = ["matte", keys, "--out", str(out), "--endpoint", emulator.endpoint]
        child = start(*command, "--concurrency", "4", "--json", shell=shell)
        try:
            assert engine.waiting.wait(30)
            child.send_signal(number)
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(0.3)
            # Twice the same is not a second interrupt, where it was SIGTERM.
            if number == signal.SIGTERM:
                child.send_signal(number)
                with pytest.raises(subprocess.TimeoutExpired):
                    child.wait(0.3)
            engine.gate.set()
            printed, said = child.communicate(timeout=30)
        finally:
            child.kill()
            child.communicate()
        assert child.returncode == INTERRUPTED, said
        *rows, last = read_lines(printed.decode())
        counts = pd.read_csv(out)["status"].value_counts().to_dict()
        # Three before the gate, and at most the four in flight.
        assert 4 <= counts["ok"] <= 7
        assert counts == {"ok": emulator.billed, "skipped": 20 - emulator.billed}
        assert pd.Series([row["status"] for row in rows]).value_counts().to_dict() == (
            counts
        )
        assert last["summary"]["exit_code"] == INTERRUPTED
        assert b"run the same command again" in said
        assert b"Traceback" not in said
        assert main(command) == 0
        assert emulator.billed == 20
    assert set(pd.read_csv(out)["status"]) == {"ok"}


FULL_DISK = """
import resource, sys
from cosmat_nb.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.usefixtures("matte")
def test_a_table_that_cannot_be_written_leaves_the_old_one(emulator, account, tmp_path):
    """A full disk is 1 and no half table; the answers are kept and not paid again."""
    keys = tmp_path / "long.csv"
    keys.write_text(f"key,note\n0.jpg,{'x' * 2_000_000}\n")
    out = tmp_path / "results.csv"
    out.write_text("as it was")
    command = ["matte", str(keys), "--out", str(out), *account]
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, *command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, emulator.billed) == (1, 1)
    assert "could not be written: " in done.stderr
    assert "Traceback" not in done.stderr
    assert out.read_text() == "as it was"
    assert [path.name for path in tmp_path.glob(".*")] == []
    assert main(command) == 0
    assert emulator.billed == 1
    assert len(pd.read_csv(out)["note"][0]) == 2_000_000


@pytest.mark.usefixtures("matte")
def test_keys_come_from_standard_input_and_output_may_be_ascii(
    emulator, account, tmp_path
):
    """`-` reads lines; a terminal without a letter of the output stops nothing."""
    out = tmp_path / "r.csv"
    command = ["matte", "-", "--column", "picture", "--out", out, *account]
    child = start(*command, PYTHONIOENCODING="ascii")
    printed, said = child.communicate("0.jpg\r\n\n1.jpg\nü.jpg".encode(), timeout=60)
    assert child.returncode == 1, said
    assert printed.startswith(rb"2 ok, 1 refused \xb7 2 billed")
    assert pd.read_csv(out)["picture"].tolist() == ["0.jpg", "1.jpg", "ü.jpg"]
    assert emulator.billed == 2


@pytest.mark.usefixtures("matte")
def test_a_reader_who_leaves_early_gets_no_traceback(emulator, account, tmp_path):
    """`cosmat matte --json | head -0`: the table is there, and the exit code is 141."""
    out = tmp_path / "r.csv"
    child = start("matte", tmp_path / "keys.csv", "--out", out, "--json", *account)
    child.stdout.close()
    child.stdin.close()
    said = child.stderr.read()
    assert child.wait(60) == 141
    child.stderr.close()
    assert b"Traceback" not in said
    assert b"Exception" not in said
    assert len(pd.read_csv(out)) == emulator.billed == 5


def test_every_option_of_every_command_is_explained():
    """`--help` says what each argument is for, and what the exit codes mean."""
    commands = next(
        action.choices for action in _parser()._actions if action.dest == "command"
    )
    expected = {"demo", "doctor", "export", "matte", "models", "plan", "serve"}
    assert set(commands) == expected
    for name, parser in commands.items():
        silent = [action.dest for action in parser._actions if not action.help]
        assert silent == [], name
        told = parser.format_help()
        assert all(
            word in told for action in parser._actions for word in action.option_strings
        )
    for name in ("plan", "matte"):
        told = commands[name].format_help()
        for code in (0, 1, 2, 4, INTERRUPTED):
            assert f"\n  {code} " in told
    assert f"\n  {UNSENT} " in commands["matte"].format_help()
