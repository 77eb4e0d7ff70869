"""Files of `cosmat`: keys that come in, tables and lines that go out."""

from __future__ import annotations

import importlib.util
import json
import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cosmat_nb as cm
from cosmat_nb.batch.outcome import Outcome, Status
from cosmat_nb.cli import main
from cosmat_nb.commands.exit_code import ExitCode, judge_result
from cosmat_nb.commands.keys import read_keys
from cosmat_nb.commands.lines import row_facts, write_line
from cosmat_nb.commands.table import check_out, plain_table, write_table
from cosmat_nb.frame.rows import outcome_frame

HAS_PYARROW = importlib.util.find_spec("pyarrow") is not None
needs_pyarrow = pytest.mark.skipif(not HAS_PYARROW, reason="needs pyarrow")


@pytest.fixture
def written(tmp_path):
    """Write a file and return its path as a user would type it."""

    def write(text, name="keys.csv", encoding="utf-8"):
        (tmp_path / name).write_bytes(text.encode(encoding))
        return str(tmp_path / name)

    return write


def test_only_numbers_written_as_such_become_numbers(written):
    """Columns whose text would change stay text; keys and ETags always do."""
    frame = read_keys(
        written(
            "key,etag,sku,price,count,flag,share,word\n"
            "1,1e5,007,1.50,3,True,0.5,NA\n"
            "2,2,008,2.00,,False,0.25,null\n"
        )
    )
    assert frame["key"].tolist() == ["1", "2"]
    assert frame["etag"].tolist() == ["1e5", "2"]
    assert frame["sku"].tolist() == ["007", "008"]
    assert frame["price"].tolist() == ["1.50", "2.00"]
    assert frame["count"].tolist() == [3, pd.NA]
    assert frame["flag"].tolist() == [True, False]
    assert frame["share"].tolist() == [0.5, 0.25]
    assert frame["word"].tolist() == ["NA", "null"]


cells = st.text("019.-eaTrueNAinf ", max_size=6).filter(
    lambda text: text == text.strip()
)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=5))
def test_the_users_columns_come_out_as_they_went_in(rows, tmp_path_factory):
    """Whatever stands in a table, the same text stands in the table written of it."""
    place = tmp_path_factory.mktemp("t")
    lines = [f"k{number},{a},{b}" for number, (a, b) in enumerate(rows)]
    text = "\n".join(["key,a,b", *lines]) + "\n"
    (place / "in.csv").write_text(text)
    write_table(read_keys(str(place / "in.csv")), place / "out.csv")
    assert (place / "out.csv").read_text() == text


def test_files_of_other_programs_are_read(written):
    """A byte order mark, Windows line ends and quoted commas do no harm."""
    csv = written('key,note\r\n"a,b.jpg",x\r\nü.jpg,\r\n', encoding="utf-8-sig")
    assert read_keys(csv)["key"].tolist() == ["a,b.jpg", "ü.jpg"]
    lines = written(" a.jpg\r\n\r\nb\u2028c.jpg", "keys.TXT", "utf-8-sig")
    frame = read_keys(lines, "picture")
    assert frame["picture"].tolist() == [" a.jpg", "b\u2028c.jpg"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("k.csv", b"", "No columns to parse"),
        ("k.csv", b"key\n\xff.jpg\n", "is not UTF-8"),
        ("k.txt", b"\xff.jpg\n", "is not UTF-8"),
        ("k.csv", b"key,note\na,b,c\n", "cannot read"),
        ("k.csv", b"key;note\na;b\n", "among: key;note; pass --column"),
        ("k.xlsx", b"", "must end in .csv, .parquet, .txt or .lst"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(name, content, words, tmp_path):
    """One sentence says what is wrong with it."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(cm.OptionsError, match="(?s).*" + words.replace("|", ".")):
        read_keys(str(tmp_path / name))


def test_a_file_that_is_not_there_is_told(tmp_path):
    """Its name and the system's reason are in the sentence."""
    with pytest.raises(cm.OptionsError, match="No such file"):
        read_keys(str(tmp_path / "none.csv"))


@pytest.mark.parametrize(
    ("keys", "out"), [("k.parquet", "r.csv"), ("k.csv", "r.parquet")]
)
def test_without_pyarrow_parquet_is_refused_before_anything_is_sent(
    keys, out, tmp_path, monkeypatch, capsys
):
    """Reading and writing say what to install; exit code 2."""
    (tmp_path / "k.parquet").write_bytes(b"")
    (tmp_path / "k.csv").write_text("key\na.jpg\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(["matte", keys, "--out", out, "--emulator"]) == 2
    said = capsys.readouterr().err
    assert "pip install pyarrow" in said
    assert said.count("\n") == 1


@needs_pyarrow
def test_parquet_keeps_columns_with_their_types(tmp_path):
    """Types come back as they were, named index levels as columns."""
    frame = pd.DataFrame(
        {"n": [1, 2], "at": pd.to_datetime(["2026-01-01", "2026-01-02"])},
        index=pd.Index(["a.jpg", "b.jpg"], name="key"),
    )
    frame.to_parquet(tmp_path / "k.parquet")
    keys = read_keys(str(tmp_path / "k.parquet"))
    result = pd.concat([keys, make_result("ok", "skipped")], axis=1)
    result.attrs["cosmat_run"] = {"cost": math.nan, "slowest": ()}
    out = check_out(str(tmp_path / "r.parquet"), "-")
    write_table(plain_table(result, out), out)
    table = pd.read_parquet(out)
    assert table["key"].tolist() == ["a.jpg", "b.jpg"]
    assert table["n"].dtype == "int64"
    assert table["at"].dtype.kind == "M"
    assert table["status"].tolist() == ["ok", "skipped"]
    assert table["heals"].dtype == "bool"
    assert table["attempts"].dtype == "int64"
    assert table["seconds"].dtype == "float64"
    assert table["cutout"].isna().all()
    assert table.attrs == {}


def make_result(*statuses, codes=None, errors=None):
    """Make a result's columns for rows of these statuses."""
    codes, errors = (given or [None] * len(statuses) for given in (codes, errors))
    rows = [
        Outcome(status=Status(status), error_code=code, error=error)
        for status, code, error in zip(statuses, codes, errors, strict=True)
    ]
    return outcome_frame(rows, pd.RangeIndex(len(rows)))


@pytest.mark.parametrize(
    ("statuses", "codes", "expected"),
    [
        ([], [], ExitCode.OK),
        (["ok", "empty"], [None, None], ExitCode.OK),
        (["ok", "refused"], [None, "NoSuchKey"], ExitCode.FAILED),
        (["ok", "error"], [None, "InternalError"], ExitCode.FAILED),
        (["error", "skipped"], ["InternalError", None], ExitCode.UNSENT),
        (["refused", "skipped"], ["NoSuchKey", None], ExitCode.UNSENT),
        (["ok", "error"], [None, "BudgetExceededError"], ExitCode.UNSENT),
        (["error", "skipped"], ["AccessDenied", None], ExitCode.ACCOUNT),
        (["error"], ["SignatureDoesNotMatch"], ExitCode.ACCOUNT),
        (["error"], ["PaymentRequired"], ExitCode.ACCOUNT),
        (["error"], ["PaymentRequiredError"], ExitCode.ACCOUNT),
        (["error"], ["AccessDeniedError"], ExitCode.ACCOUNT),
        (["error", "skipped"], ["NoSuchBucket", None], ExitCode.ACCOUNT),
        (["refused"], ["NoSuchBucket"], ExitCode.FAILED),
    ],
)
def test_the_exit_code_is_the_most_urgent_that_holds(statuses, codes, expected):
    """Account before unsent before failed, whatever the other rows are."""
    assert judge_result(make_result(*statuses, codes=codes)) == expected


class Unwritable:
    """A cell that no file can hold."""

    def __str__(self):
        raise ValueError("not to be written")


def test_a_table_is_there_whole_or_as_it_was(tmp_path):
    """A cell that cannot be written leaves the old table, and no part of a new one."""
    out = tmp_path / "r.csv"
    out.write_text("as it was")
    table = pd.DataFrame(
        {"key": ["a"] * 50_000, "note": ["b"] * 49_999 + [Unwritable()]}
    )
    with pytest.raises(ValueError, match="not to be written"):
        write_table(table, out)
    assert [path.name for path in tmp_path.iterdir()] == ["r.csv"]
    assert out.read_text() == "as it was"
    with out.open() as reader:
        write_table(table[:1], out)
        # Who has the old table open still reads it whole.
        assert reader.read() == "as it was"
    assert out.read_text() == "key,note\na,b\n"
    assert [path.name for path in tmp_path.iterdir()] == ["r.csv"]


def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path):
    """`--out` through a symbolic link writes the file it leads to."""
    (tmp_path / "there.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("there.csv")
    write_table(
        pd.DataFrame({"key": ["a"]}), check_out(str(tmp_path / "link.csv"), "-")
    )
    assert (tmp_path / "there.csv").read_text() == "key\na\n"
    assert (tmp_path / "link.csv").is_symlink()


def test_a_paid_cutout_that_no_store_keeps_is_saved_beside_the_table(
    client, emulator, square, tmp_path
):
    """Its bytes would die with the process; and its row counts as failed."""
    emulator.bucket.put("a.jpg", square, "image/jpeg")
    cutout = client.matte("a.jpg")
    row = Outcome(status=Status.OK, cutout=cutout, error="answered, but not kept")
    result = outcome_frame([row], pd.RangeIndex(1))
    table = plain_table(result, tmp_path / "r.csv")
    path = Path(table["cutout"][0])
    assert path.parent == tmp_path / "r-unkept"
    assert path.read_bytes() == cutout.png
    assert judge_result(result) == ExitCode.FAILED


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=50, derandomize=True, deadline=None)
@given(facts=st.dictionaries(st.text(), values))
def test_any_facts_are_one_line_of_strict_json(facts):
    """A line is ASCII, holds no NaN, and says what it was given."""

    def expected(value):
        if isinstance(value, dict):
            return {name: expected(each) for name, each in value.items()}
        if isinstance(value, list):
            return [expected(each) for each in value]
        return value if not isinstance(value, float) or math.isfinite(value) else None

    line = write_line(facts)
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line, parse_constant=pytest.fail) == expected(facts)


def test_what_numpy_and_pandas_call_missing_is_null():
    """Numbers of numpy are numbers; NA, NaN and infinity are null."""
    facts = {"a": np.int64(3), "b": np.float32("nan"), "c": pd.NA, "d": np.bool_(True)}
    assert write_line(facts) == '{"a": 3, "b": null, "c": null, "d": true}'


def test_a_row_without_a_key_has_no_place(tmp_path):
    """A cell that is no string is not quoted: it may hold anything."""
    result = make_result("refused", "refused")
    table = plain_table(
        result.assign(key=[b"https://a/b?sign=1", None]), tmp_path / "r"
    )
    assert [facts["place"] for facts in row_facts(table, "key")] == [None, None]
