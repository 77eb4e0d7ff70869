"""A plan: right before anything is paid, and nothing sent to make it."""

from __future__ import annotations

import dataclasses
import math

import httpx
import numpy as np
import pandas as pd
import pytest

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.frame.pilot import pilot_frame
from cosmat_nb.frame.plan import show_bytes, show_seconds
from cosmat_nb.frame.planning import plan_frame
from cosmat_nb.store.price import UNVERIFIED

ADDRESS = cm.Address("examplebucket-1250000000", "ap-guangzhou")
CENTRED = cm.MattingOptions(center=True)
GOODS = cm.MattingOptions(operation="GoodsMatting")
PORTRAIT = cm.MattingOptions(operation="AIPortraitMatting")


def fail(request):
    """Answer nothing: a plan sends nothing."""
    raise AssertionError(f"sent {request.url.path}")


@pytest.fixture
def silent():
    """A cloud client that fails when it sends anything."""
    credentials = cm.Credentials("id", "key")
    transport = httpx.MockTransport(fail)
    with cm.MattingClient(ADDRESS, credentials, transport=transport) as made:
        yield made


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    return cm.Store(tmp_path / "kept")


def keys(*values, **columns):
    """Make a frame of keys."""
    return pd.DataFrame({"key": list(values), **columns})


def test_every_row_is_counted_once(silent, store):
    """Rows are duplicates, refused, or to be called; 2 calls cost 0.04, in the text."""
    frame = keys("a.jpg", "b.png", "a.jpg", None, 7, "/c.jpg", "d/", "/c.jpg")
    plan = plan_frame(frame, silent, store=store)
    assert (plan.service, plan.rows, plan.pictures) == ("cloud", 8, 4)
    assert (plan.duplicates, plan.stored, plan.to_call, plan.calls) == (2, 0, 2, 2)
    assert plan.refused == {
        "no object key": 2,
        "not a legal key or address": 1,
        "a folder": 1,
    }
    assert plan.cost == 0.04
    assert (plan.nbytes, plan.seconds) == (None, None)
    refused = "no object key (2); not a legal key or address (1); a folder (1)"
    assert str(plan).splitlines() == [
        "plan for cloud",
        "rows               8",
        "pictures           4",
        "duplicates         2",
        "stored             0",
        f"refused            4  {refused}",
        "to call            2",
        "cost        0.04 CNY  UNVERIFIED price, 2026-09-01",
        "bytes        unknown",
        "time         unknown",
        "note: bytes and time are known after a pilot: run pilot_frame's rows first",
    ]


def test_a_plan_tells_each_row(silent, store):
    """The frame of a plan has the same index, the keys, what is planned and why not."""
    frame = keys("a.jpg", "a.jpg", "d/", None, b"x")
    frame.index = [3, 3, 1, 0, 3]
    table = plan_frame(frame, silent, store=store).to_frame()
    assert table.index.tolist() == [3, 3, 1, 0, 3]
    assert table.columns.tolist() == ["key", "plan", "reason"]
    assert table["plan"].tolist() == [
        "call",
        "duplicate",
        "refused",
        "refused",
        "refused",
    ]
    assert table["reason"].iloc[:2].isna().all()
    assert table["reason"].iloc[2:].tolist() == [
        "'d/' is a folder; it is not sent",
        "an object key must be a string; this cell is empty",
        "an object key must be a string; this cell is bytes",
    ]


def test_a_plan_of_nothing_is_a_plan(silent, store):
    """A frame without rows costs nothing, and all of that is known."""
    plan = plan_frame(keys(), silent, store=store)
    assert (plan.rows, plan.to_call, plan.cost) == (0, 0, 0.0)
    assert plan.to_frame().columns.tolist() == ["key", "plan", "reason"]
    assert plan.notes == ()


def test_a_plan_does_what_the_batch_then_does(client, square, store):
    """After 2 of 5 are matted they are stored; the rest is called, and then nothing."""
    for name in "abcde":
        client.put(f"{name}.jpg", square)
    frame = cm.list_frame(client)
    first = cm.matte_frame(frame.head(2), client, store=store, progress=False)
    plan = plan_frame(frame, client, store=store)
    assert (plan.stored, plan.to_call, plan.cost) == (2, 3, 0.06)
    mean = np.mean([cutout.nbytes for cutout in first.cutout])
    assert plan.nbytes == round(mean * 3)
    assert 0 < plan.seconds < 60
    assert plan.to_frame()["plan"].tolist() == ["stored"] * 2 + ["call"] * 3
    cm.matte_frame(frame, client, store=store, progress=False)
    plan = plan_frame(frame, client, store=store)
    assert (plan.stored, plan.to_call, plan.cost, plan.nbytes) == (5, 0, 0.0, 0)


def test_other_options_are_other_calls(client, square, store):
    """What is stored for one set of options is not there for another, nor elsewhere."""
    client.put("a.jpg", square)
    cm.matte_frame(keys("a.jpg"), client, store=store, progress=False)
    assert plan_frame(keys("a.jpg"), client, store=store).stored == 1
    assert plan_frame(keys("a.jpg"), client, CENTRED, store=store).to_call == 1
    other = cm.MattingClient(ADDRESS, cm.Credentials("id", "key"))
    assert plan_frame(keys("a.jpg"), other, store=store).to_call == 1


def test_a_changed_picture_is_called_again(client, square, store):
    """Another ETag is another picture; without one, the stored answer is taken."""
    client.put("a.jpg", square)
    frame = cm.list_frame(client)
    cm.matte_frame(frame, client, store=store, progress=False)
    assert plan_frame(frame, client, store=store).stored == 1
    changed = frame.assign(etag="0123")
    assert plan_frame(changed, client, store=store).to_call == 1
    blind = plan_frame(frame[["key"]], client, store=store)
    assert blind.stored == 1
    assert "1 stored without an ETag" in str(blind)


def test_the_first_known_etag_counts(silent, store):
    """Rows that contradict an earlier ETag of the same picture are told of."""
    frame = keys("a.jpg", "a.jpg", "a.jpg", "b.jpg", mark=[None, "1", '"2"', "1"])
    plan = plan_frame(frame, silent, store=store, etag="mark")
    assert "1 rows give a picture another ETag" in str(plan)
    frame.loc[2, "mark"] = '"1"'
    assert "another ETag" not in str(plan_frame(frame, silent, etag="mark"))


def test_sizes_are_judged_where_they_are_known(silent, store):
    """Empty files and those above the limit are refused; other sizes and none pass."""
    most = cm.Limits().max_bytes
    sizes = pd.Series([0, most, most + 1, None], dtype="Int64")
    plan = plan_frame(keys(*"abcd", size=sizes), silent, store=store)
    assert plan.to_call == 2
    assert plan.refused == {
        "an empty file": 1,
        "a file of more than 33554432 bytes": 1,
    }
    words = keys("a", "b", size=["0", "XL"])
    assert plan_frame(words, silent, store=store).to_call == 2


def test_what_is_stored_is_never_refused(client, square, store):
    """A cutout that was paid for is found, whatever the size column says today."""
    client.put("a.jpg", square)
    cm.matte_frame(keys("a.jpg"), client, store=store, progress=False)
    assert plan_frame(keys("a.jpg", size=[0]), client, store=store).stored == 1


def test_odd_names_are_only_noted(silent, store):
    """Other extensions may still hold a JPEG: they are counted, not refused."""
    places = ("a.JPG", "b.webp", "c", "https://example.com/picture?id=7")
    plan = plan_frame(keys(*places), silent, store=store)
    assert plan.to_call == 4
    assert "2 of those to call do not end in .jpg" in str(plan)


def test_probing_finds_what_would_be_refused(client, square, store):
    """A text, a tiny picture, a cut header and a missing key: each with its reason."""
    tiny = images.encode_jpeg(np.zeros((8, 8, 3), np.uint8))
    client.put("good.jpg", square)
    client.put("text.jpg", b"not a picture at all")
    client.put("tiny.jpg", tiny)
    client.put("cut.jpg", square[:20])
    client.put("empty.jpg", b"")
    names = ["good", "text", "tiny", "cut", "empty", "gone"]
    frame = keys(*[f"{name}.jpg" for name in names], "https://example.com/a.jpg")
    plan = plan_frame(frame, client, store=store, probe=True, progress=False)
    assert plan.to_call == 2
    assert plan.refused == {
        "neither JPEG nor PNG": 2,
        "too few pixels": 1,
        "a damaged header": 1,
        "no such object": 1,
    }
    assert plan.cost == 0.04
    assert "1 could not be probed" in str(plan)
    reasons = plan.to_frame()["reason"]
    assert "must be JPEG or PNG" in reasons[1]
    assert "at least 32" in reasons[2]


def test_only_what_would_be_paid_is_probed(client, square, store):
    """A stored picture that is gone from the bucket is not looked for."""
    client.put("a.jpg", square)
    cm.matte_frame(keys("a.jpg"), client, store=store, progress=False)
    client.delete("a.jpg")
    plan = plan_frame(keys("a.jpg"), client, store=store, probe=True, progress=False)
    assert (plan.stored, plan.refused) == (1, {})


def test_a_probe_that_cannot_succeed_stops_the_plan(store):
    """Without a network the first group of probes ends the plan with its error."""

    def refuse(request):
        raise httpx.ConnectError("refused", request=request)

    with (
        cm.MattingClient(
            ADDRESS,
            cm.Credentials("id", "key"),
            retry=cm.Retry(attempts=1),
            transport=httpx.MockTransport(refuse),
        ) as client,
        pytest.raises(cm.TransportError),
    ):
        plan_frame(keys(*"abc"), client, store=store, probe=True, progress=False)


def test_results_in_the_bucket_cost_one_call_each(silent, store):
    """Two pictures with three sets of options are six calls: 4 × 0.02 + 2 × 0.01."""
    options = {"plain": cm.MattingOptions(), "centred": CENTRED, "goods": GOODS}
    plan = plan_frame(
        keys("a.jpg", "b.jpg"), silent, options, store=store, mode="stored"
    )
    assert (plan.to_call, plan.calls, plan.cost) == (2, 6, 0.1)
    assert "6 paid calls" in str(plan)


def test_an_unknown_price_is_told(silent, store):
    """One operation without a price makes the whole cost unknown, and says which."""
    options = {"plain": cm.MattingOptions(), "portrait": PORTRAIT}
    plan = plan_frame(keys("a.jpg"), silent, options, store=store, mode="stored")
    assert math.isnan(plan.cost)
    assert "the price of AIPortraitMatting is unknown" in str(plan)


def test_free_calls_go_on_from_the_ledger(client, square, store):
    """Of four free calls two are used up: of five more, three cost 0.06."""
    for name in "abcdefg":
        client.put(f"{name}.jpg", square)
    frame = cm.list_frame(client)
    price = dataclasses.replace(UNVERIFIED, free_calls=4)
    assert plan_frame(frame, client, store=store, price=price).cost == 0.06
    cm.matte_frame(frame.head(2), client, store=store, progress=False)
    assert plan_frame(frame, client, store=store, price=price).cost == 0.06


@pytest.mark.parametrize(
    ("frame", "save_as", "reason"),
    [
        (keys("a.jpg", "a.png"), "out/{stem}.png", "no place for its cutout"),
        (keys("a.jpg", "cut/a.jpg"), "cut/{key}", "no place for its cutout"),
        (keys("a.jpg", "b.jpg"), "{key}{stem}" + "x" * 850, "no place for its cutout"),
        (keys("a.jpg", "https://example.com/a.jpg"), "o/{key}", "an address, in mode"),
    ],
)
def test_results_never_replace_anything(silent, store, frame, save_as, reason):
    """Two cutouts of one name, a source in the way, a long name: refused unsent."""
    asked = {"store": store, "mode": "stored", "save_as": save_as}
    if "x" * 850 in save_as:
        with pytest.raises(cm.OptionsError, match="850"):
            plan_frame(frame, silent, **asked)
        return
    plan = plan_frame(frame, silent, **asked)
    assert plan.to_call == 1
    (told,) = plan.refused
    assert told.startswith(reason)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"options": "AIPicMatting"}, "options must be MattingOptions"),
        ({"options": {"a": CENTRED}}, "in mode 'download'"),
        ({"options": {}, "mode": "stored"}, "1 to 5 results"),
        ({"options": {"a": 1}, "mode": "stored"}, "MattingOptions"),
        ({"options": dict.fromkeys("abcdef", CENTRED), "mode": "stored"}, "1 to 5"),
        ({"mode": "upload"}, "mode must be"),
        ({"mode": "stored", "save_as": "{nam}"}, "save_as may hold"),
        ({"mode": "stored", "save_as": lambda *_: None}, "must give object"),
        (
            {
                "mode": "stored",
                "save_as": "{key}.png",
                "options": {"a": GOODS, "b": CENTRED},
            },
            "put {name} into it",
        ),
        ({"price": 0.02}, "price must be Price"),
        ({"store": "folder"}, "store must be Store"),
        ({"column": "name"}, "expected one column 'name'"),
    ],
)
def test_what_cannot_be_planned_is_refused(silent, store, fields, told):
    """Arguments of the wrong kind are refused at once, in words that tell why."""
    asked = {"store": store, **fields}
    with pytest.raises(cm.OptionsError, match=told):
        plan_frame(keys("a.jpg"), silent, **asked)


def test_html_says_the_same(silent, store):
    """The table of a notebook has the numbers, the warning and the notes."""
    shown = plan_frame(keys("a.jpg", "<b>/"), silent, store=store)._repr_html_()
    for words in ("plan for cloud", "0.02 CNY", "UNVERIFIED", "a folder (1)", "pilot"):
        assert words in shown


def test_a_pilot_makes_bytes_and_time_known(client, square, store):
    """The pilot's rows stay stored, and the plan then has no unknowns."""
    for number in range(8):
        client.put(f"{number}.jpg", square)
    frame = cm.list_frame(client)
    cm.matte_frame(pilot_frame(frame, 3), client, store=store, progress=False)
    plan = plan_frame(frame, client, store=store)
    assert (plan.stored, plan.to_call) == (3, 5)
    assert plan.nbytes > 0
    assert plan.seconds > 0
    assert "pilot" not in str(plan)


@pytest.mark.parametrize(
    ("nbytes", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_999, "1.0 MB"),
        (2.5e9, "2.5 GB"),
        (7e15, "7000.0 TB"),
        (None, "unknown"),
    ],
)
def test_bytes_are_written_with_a_decimal_unit(nbytes, shown):
    """The unit is the one that leaves fewer than a thousand."""
    assert show_bytes(nbytes) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0 s"),
        (59.94, "59.9 s"),
        (60, "1 min 0 s"),
        (3599.9, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (90_000, "1 d 1 h"),
        (None, "unknown"),
    ],
)
def test_times_are_written_in_two_units(seconds, shown):
    """The largest unit that fits, and the next below it."""
    assert show_seconds(seconds) == shown
