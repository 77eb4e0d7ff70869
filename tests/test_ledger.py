"""The ledger as a frame, and beside the provider's own count."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kept import DAY, add_intent

import cosmat_nb as cm
from cosmat_nb.store.database import Database
from cosmat_nb.store.ledger import Ledger
from cosmat_nb.store.lock import Lock
from cosmat_nb.store.usage import compare_days

NOON = 1_793_505_600.0  # 2026-11-01 12:00 in UTC+8
UNSURE = "unknown, may have been billed"


@pytest.fixture
def folder(tmp_path):
    """A folder with an empty index."""
    Database(tmp_path)
    return tmp_path


@pytest.fixture
def ledger(folder):
    """Its ledger."""
    return Ledger(folder)


def usage(**days):
    """Make a usage file's frame; ``d1`` is the first of November."""
    dates = [f"2026-11-{name[1:]:0>2}" for name in days]
    return pd.DataFrame({"date": dates, "count": list(days.values())})


def row_of(table, day="2026-11-01"):
    """Return a day's row as a dictionary of Python values."""
    return table[table["day"] == day].iloc[0].to_dict()


def test_an_attempt_is_a_row_with_its_outcome(folder, ledger):
    """Every column tells what was written before and after the request."""
    intent = add_intent(folder, "yes", at=NOON + 0.123456, budget="spring")
    (row,) = ledger.to_frame().to_dict("records")
    assert row == {
        "intent": intent,
        "run": "r",
        "at": pd.Timestamp("2026-11-01T04:00:00.123456Z"),
        "service": "cloud",
        "sandbox": False,
        "bucket": "b-1",
        "place": "a.jpg",
        "rule": "ci-process=AIPicMatting",
        "saved_as": "",
        "attempt": 1,
        "calls": 1,
        "price": 0.02,
        "cost": 0.02,
        "currency": "CNY",
        "budget": "spring",
        "closed_at": pd.Timestamp("2026-11-01T04:00:01.123456Z"),
        "billed": "yes",
        "status": 200,
        "code": "",
        "request_id": "q",
        "state": "closed",
    }


def test_its_dtypes_do_not_depend_on_its_rows(folder, ledger):
    """No rows, an open one and a closed one give the same dtypes."""
    empty = ledger.to_frame().dtypes
    add_intent(folder, None, price=None)
    assert ledger.to_frame().dtypes.equals(empty)
    add_intent(folder, "no", status=None)
    assert ledger.to_frame().dtypes.equals(empty)
    assert str(empty["at"]) == str(empty["closed_at"]) == "datetime64[us, UTC]"
    assert str(empty["status"]) == "Int64"
    assert str(empty["sandbox"]) == "bool"


def test_what_is_not_known_is_missing(folder, ledger):
    """No price is NaN; an attempt without an outcome has no time, status or name."""
    add_intent(folder, None, price=None)
    row = ledger.to_frame().iloc[0]
    assert row["billed"] == "unknown"
    assert np.isnan(row["price"])
    missing = ["closed_at", "status", "code", "request_id"]
    assert row[missing].isna().all()


def test_an_open_attempt_is_in_flight_while_its_run_lives(folder, ledger):
    """The run's lock decides; of a dead run, it may have been billed."""
    add_intent(folder, None, run="alive")
    add_intent(folder, "yes", run="alive")
    add_intent(folder, None, run="dead")
    lock = Lock(folder / "runs" / "alive.lock")
    (folder / "runs").mkdir(exist_ok=True)
    assert lock.take()
    assert list(ledger.to_frame()["state"]) == ["in flight", "closed", UNSURE]
    lock.drop()
    assert list(ledger.to_frame()["state"]) == [UNSURE, "closed", UNSURE]


def test_it_can_be_narrowed(folder, ledger):
    """By run, by time (from it on, without an offset in UTC), and by both."""
    add_intent(folder, "yes", run="a", at=NOON)
    add_intent(folder, "yes", run="b", at=NOON)
    add_intent(folder, "yes", run="a", at=NOON + DAY)
    assert list(ledger.to_frame(run="a")["intent"]) == [1, 3]
    assert list(ledger.to_frame(since="2026-11-01T04:00:00")["intent"]) == [1, 2, 3]
    assert list(ledger.to_frame(since="2026-11-01T04:00:01")["intent"]) == [3]
    assert list(ledger.to_frame(since=dt.date(2026, 11, 2))["intent"]) == [3]
    late = pd.Timestamp("2026-11-01T12:00:01", tz="Asia/Shanghai")
    assert list(ledger.to_frame(run="b", since=late)["intent"]) == []
    with pytest.raises(cm.OptionsError, match="since must be a time, as '2026-11-01'"):
        ledger.to_frame(since="yesterday")


def test_days_are_compared(folder, ledger):
    """Billed, unknown and free calls stand beside the provider's number."""
    for billed in ("yes", "yes", "yes", "unknown", None, "no"):
        add_intent(folder, billed, at=NOON)
    table = ledger.reconcile(usage(d1=4), day="date", calls="count")
    assert row_of(table) == {
        "day": pd.Timestamp("2026-11-01"),
        "provider": 4,
        "billed": 3,
        "unknown": 2,
        "free": 1,
        "difference": 1,
        "unexplained": 0,
        "note": "agrees if 1 of 2 unknown were billed",
    }


@pytest.mark.parametrize(
    ("count", "difference", "unexplained", "note"),
    [
        (1, -1, -1, "1 calls held for billed are not in the usage file"),
        (2, 0, 0, "agrees if 0 of 3 unknown were billed"),
        (5, 3, 0, "agrees if 3 of 3 unknown were billed"),
        (7, 5, 2, "the provider counts 2 more than this store can have made"),
    ],
)
def test_what_the_unknown_cannot_explain_is_left(
    folder, ledger, count, difference, unexplained, note
):
    """Between billed and billed + unknown all is explained; beyond, the rest is not."""
    for billed in ("yes", "yes", "unknown", "unknown", None):
        add_intent(folder, billed, at=NOON)
    table = ledger.reconcile(usage(d1=count), day="date", calls="count")
    row = row_of(table)
    assert (row["difference"], row["unexplained"]) == (difference, unexplained)
    assert row["note"].startswith(note)


def test_both_sides_days_are_there(folder, ledger):
    """A day of one side alone is listed; the file is silent beyond its own days."""
    add_intent(folder, "yes", at=NOON)
    add_intent(folder, "yes", at=NOON + 2 * DAY)
    add_intent(folder, "yes", at=NOON + 4 * DAY)
    table = ledger.reconcile(usage(d2=1, d4=0), day="date", calls="count")
    assert list(table["day"].dt.day) == [1, 2, 3, 4, 5]
    assert list(table["provider"].fillna(-1)) == [-1, 1, 0, 0, -1]
    assert list(table["billed"]) == [1, 0, 1, 0, 1]
    assert list(table["unexplained"].fillna(-9)) == [-9, 1, -1, 0, -9]
    assert table["note"].iloc[0] == "the usage file does not reach this day"
    assert table["note"].iloc[3] == "agrees"


def test_dtypes_of_a_comparison_are_stable(folder, ledger):
    """Nothing on either side gives the same dtypes as something."""
    empty = ledger.reconcile(usage(), day="date", calls="count")
    add_intent(folder, "yes", at=NOON)
    full = ledger.reconcile(usage(d1=1), day="date", calls="count")
    assert len(empty) == 0
    assert empty.dtypes.equals(full.dtypes)
    assert str(full["day"].dtype) == "datetime64[us]"


def test_emulators_never_count(folder, ledger):
    """What a sandbox answered is on no bill."""
    add_intent(folder, "yes", at=NOON, service="emulator cosmat 1")
    add_intent(folder, None, at=NOON, service="emulator cosmat 1")
    assert len(ledger.reconcile(usage(), day="date", calls="count")) == 0


def test_days_are_those_of_the_provider(folder, ledger):
    """23:59:59 and 00:00 in UTC+8 are two days; another zone may be named."""
    midnight = NOON + DAY / 2
    add_intent(folder, "yes", at=midnight - 1)
    add_intent(folder, "yes", at=midnight)
    table = ledger.reconcile(usage(d1=1, d2=1), day="date", calls="count")
    assert list(table["unexplained"]) == [0, 0]
    names = {"day": "date", "calls": "count"}
    table = ledger.reconcile(usage(d1=2), **names, timezone="UTC")
    assert list(table["unexplained"]) == [0]
    with pytest.raises(cm.OptionsError, match="timezone must be a name as"):
        ledger.reconcile(usage(), **names, timezone="Mars/Olympus")


def test_one_operation_may_be_counted(folder, ledger):
    """Of a call with several results only its rules of that operation count."""
    goods = cm.MattingOptions(operation="GoodsMatting", center=True)
    general = cm.MattingOptions(padding=(3, 4))
    add_intent(folder, "yes", at=NOON, options=(goods, general, goods))
    add_intent(folder, "yes", at=NOON, options=(general,))

    def billed(operation):
        table = ledger.reconcile(
            usage(d1=0), day="date", calls="count", operation=operation
        )
        return row_of(table)["billed"]

    assert billed(None) == 4
    assert billed(cm.Operation.GOODS) == 2
    assert billed("AIPicMatting") == 2
    assert billed("AIPortraitMatting") == 0
    with pytest.raises(cm.OptionsError, match="operation must be one of"):
        billed("Matting")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_read_as_providers_write_it(folder, ledger, tmp_path, encoding):
    """Either encoding, separators, blanks, several rows a day, times, empty lines."""
    add_intent(folder, "yes", at=NOON)
    path = tmp_path / "usage.csv"
    rows = [
        "日期 , 调用次数,备注",
        '2026-11-01,"1,200",a',
        "2026/11/1 ,  30 ,b",
        "2026-11-01 23:59:59,4,",
        "2026-10-31T16:00:00Z,5,",
        "2026年11月02日,\t7.0,",
        "20261103,,",
        ",,a remark",
    ]
    path.write_text("\n".join(rows), encoding=encoding)
    table = ledger.reconcile(path, day="日期", calls="调用次数")
    assert list(table["day"].dt.day) == [1, 2, 3]
    assert list(table["provider"]) == [1239, 7, 0]
    again = ledger.reconcile(str(path), day="日期", calls="调用次数")
    assert again.equals(table)


@pytest.mark.parametrize(
    "days",
    [
        [dt.date(2026, 11, 1), dt.date(2026, 11, 2)],
        [20261101, 20261102],
        [20261101.0, 20261102.0],
        pd.to_datetime(["2026-11-01", "2026-11-02"]),
        pd.to_datetime(["2026-10-31T16:00Z", "2026-11-02T15:59Z"]),
        ["2026.11.1", "2026.11.02"],
    ],
)
def test_days_come_in_many_types(ledger, days):
    """Dates, numbers, timestamps with and without a zone: all are days."""
    frame = pd.DataFrame({"d": days, "n": np.array([3, 4], "int32")})
    table = ledger.reconcile(frame, day="d", calls="n")
    assert list(table["day"].dt.strftime("%m%d")) == ["1101", "1102"]
    assert list(table["provider"]) == [3, 4]


@pytest.mark.parametrize("cell", ["many", "-1", "1.5", "nan", "inf", "1,2,x", True])
def test_a_cell_that_is_no_count_is_refused(ledger, cell):
    """The message names the column, the row and the cell."""
    frame = pd.DataFrame({"date": ["2026-11-01"] * 2, "count": [1, cell]}, dtype=object)
    with pytest.raises(cm.OptionsError, match=r"column 'count', filled row 2.*got '"):
        ledger.reconcile(frame, day="date", calls="count")


@pytest.mark.parametrize(
    "cell", ["Total", "01/02/2026", "2026-13-01", "2026-02-30", "2026", None, 3]
)
def test_a_cell_that_is_no_day_is_refused(ledger, cell):
    """Days whose order is a guess are not guessed; a total is no day."""
    frame = pd.DataFrame({"date": ["2026-11-01", cell], "count": [1, 5]})
    with pytest.raises(
        cm.OptionsError, match=r"column 'date', filled row 2.*Drop rows"
    ):
        ledger.reconcile(frame, day="date", calls="count")


def test_a_column_that_is_not_there_is_answered_with_those_that_are(ledger, tmp_path):
    """The user named the columns, so the message lists what can be named."""
    path = tmp_path / "usage.csv"
    path.write_text("Date,Requests\n2026-11-01,4\n")
    with pytest.raises(
        cm.OptionsError, match=r"one column 'count'.*'Date', 'Requests'"
    ):
        ledger.reconcile(path, day="Date", calls="count")
    twice = pd.DataFrame([["2026-11-01", 1, 2]], columns=["date", "n", "n"])
    with pytest.raises(cm.OptionsError, match="one column 'n'"):
        ledger.reconcile(twice, day="date", calls="n")


@pytest.mark.parametrize("content", [None, b"", b"\x00\xff\xff\xfe" * 9, b'a,b\n"x'])
def test_a_file_that_cannot_be_read_is_refused(ledger, tmp_path, content):
    """A missing, empty or binary file is named in the message."""
    path = tmp_path / "usage.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(cm.OptionsError, match=r"the usage file.*usage\.csv"):
        ledger.reconcile(path, day="a", calls="b")


COUNTS = st.dictionaries(st.integers(1, 9), st.integers(0, 5), max_size=6)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(provider=COUNTS, yes=COUNTS, unknown=COUNTS, free=COUNTS)
def test_the_arithmetic_holds_for_all_counts(provider, yes, unknown, free):
    """Days are the union; counts are kept; unexplained is the way to what fits."""
    sides = {"yes": yes, "unknown": unknown, "no": free}
    index = [
        (name, dt.date(2026, 11, day)) for name, side in sides.items() for day in side
    ]
    ours = pd.Series(
        [count for side in sides.values() for count in side.values()],
        index=pd.MultiIndex.from_tuples(index, names=["billed", "day"])
        if index
        else pd.MultiIndex.from_arrays([[], []], names=["billed", "day"]),
        dtype="int64",
    )
    days = [dt.date(2026, 11, day) for day in sorted(provider)]
    told = pd.Series(
        [provider[day.day] for day in days], index=days, dtype="int64", name="calls"
    )
    table = compare_days(told, ours)
    every = sorted({*provider, *yes, *unknown, *free})
    assert list(table["day"].dt.day) == every
    for row in table.to_dict("records"):
        day = row["day"].day
        assert row["billed"] == yes.get(day, 0)
        assert row["unknown"] == unknown.get(day, 0)
        assert row["free"] == free.get(day, 0)
        if not provider or not min(provider) <= day <= max(provider):
            assert pd.isna(row["provider"])
            assert pd.isna(row["unexplained"])
            continue
        count = provider.get(day, 0)
        possible = range(row["billed"], row["billed"] + row["unknown"] + 1)
        nearest = min(possible, key=lambda each: abs(each - count))
        assert row["difference"] == count - row["billed"]
        assert row["unexplained"] == count - nearest
