"""Sweeps: several option sets of the same pictures, paid once, in a long frame."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from answers import answer_error, answer_png, keys, reply
from squares import draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.frame.stored import fetch_stored
from cosmat_nb.frame.sweeping import sweep_options

ROOT = Path(__file__).resolve().parents[1]
PLAIN = cm.MattingOptions()
THREE = {
    "plain": PLAIN,
    "centred": cm.MattingOptions(center=True),
    "padded": cm.MattingOptions(padding=(5, 3)),
}
SEVEN = {f"pad {n}": cm.MattingOptions(padding=(n, 0)) for n in range(7)}
MODES = pytest.mark.parametrize("mode", ["download", "stored"])


@pytest.fixture
def store(tmp_path):
    """Make a store of this test's own."""
    return cm.Store(tmp_path / "sweep")


@pytest.fixture
def two(client, square):
    """Put two pictures into the bucket and return their frame."""
    client.put("a.jpg", square)
    client.put("b.jpg", images.encode_jpeg(draw_square(64, 64, (0, 0, 32, 32))))
    return keys("a.jpg", "b.jpg", group=pd.Categorical(["x", "y"]))


def sweep(frame, client, options=THREE, **settings):
    """Run a sweep that shows nothing."""
    return sweep_options(frame, client, options, progress=False, **settings)


@MODES
def test_a_row_for_each_key_and_set(client, two, mode):
    """Keys in order, sets in order within, rows counted from 0, numbers joined."""
    frame = two.set_axis([7, 7])
    before = frame.copy()
    result = sweep(frame, client, mode=mode)
    pd.testing.assert_index_equal(result.index, pd.RangeIndex(6))
    assert result.key.tolist() == ["a.jpg"] * 3 + ["b.jpg"] * 3
    assert result.options.tolist() == [*THREE] * 2
    assert list(result.columns[:13]) == ["key", "group", "options", *cm.RESULT_COLUMNS]
    assert result.group.dtype == frame.group.dtype
    assert list(result.status) == ["ok"] * 6
    # The square's box is 32 x 48 px on 64 x 96; padding adds 6 rows and 10 columns.
    assert result.matte_height.tolist()[:3] == [64, 64, 70]
    assert result.matte_width.tolist()[:3] == [96, 96, 106]
    assert result.margin_left.tolist()[:3] == [24, 24, 29]
    assert result.margin_left.tolist()[3:5] == [0, 16]
    assert [cutout.options for cutout in result.cutout] == [*THREE.values()] * 2
    assert result.cutout[3].place == "b.jpg"
    pd.testing.assert_frame_equal(frame, before)


@MODES
def test_each_set_of_each_picture_is_paid_once(client, emulator, two, store, mode):
    """Six calls for two keys and three sets; once more is free, a new set is two."""
    sweep(two, client, mode=mode, store=store)
    assert emulator.billed == 6
    again = sweep(two, client, mode=mode, store=store)
    assert emulator.billed == 6
    assert set(again.source) == {"store"}
    assert not again.attempts.any()
    assert cm.summarize_run(again).from_store == 6
    more = {"more": cm.MattingOptions(padding=(1, 1)), **THREE}
    result = sweep(two, client, more, mode=mode, store=store)
    assert emulator.billed == 8
    assert result.source.tolist() == (["emulator"] + ["store"] * 3) * 2


def test_five_sets_are_one_request_for_a_picture(client, emulator, two, store):
    """Mode "stored" sends one request a key, and each of its results is billed."""
    five = dict(list(SEVEN.items())[:5])
    result = sweep(two, client, five, mode="stored", store=store)
    summary = cm.summarize_run(result)
    assert (summary.attempts, summary.billed, emulator.billed) == (2, 10, 10)
    assert (summary.ok, len(result)) == (10, 10)


def test_seven_sets_are_two_requests_for_a_picture(client, emulator, two, store):
    """More sets than a call makes go into several batches; all is in one summary."""
    result = sweep(two, client, SEVEN, mode="stored", store=store)
    summary = cm.summarize_run(result)
    assert (summary.attempts, summary.billed, emulator.billed) == (4, 14, 14)
    assert len(summary.run.split(", ")) == 2
    assert result.matte_width.tolist()[:7] == [96, 98, 100, 102, 104, 106, 108]
    sweep(two, client, SEVEN, mode="stored", store=store)
    assert emulator.billed == 14


def test_both_modes_bring_the_same_pixels(client, two):
    """A cutout that was fetched from the bucket is the one that is downloaded."""
    both = [sweep(two, client, mode=mode) for mode in ("download", "stored")]
    for one, other in zip(*(each.cutout for each in both), strict=True):
        np.testing.assert_array_equal(one.rgba, other.rgba)
        assert one.path.is_file()
        assert other.path.is_file()
        assert other.before().shape[2] == 3
    assert both[0].coverage.equals(both[1].coverage)


@MODES
def test_equal_sets_are_paid_once(client, emulator, two, mode):
    """Two names for the same options: the second is a duplicate of the first."""
    sets = {"a": PLAIN, "b": cm.MattingOptions(center=True), "c": cm.MattingOptions()}
    result = sweep(two, client, sets, mode=mode)
    assert emulator.billed == 4
    assert result.source.tolist() == ["emulator", "emulator", "duplicate"] * 2
    assert result.attempts.tolist() == [1, 1, 0] * 2
    assert result.cutout[0].png == result.cutout[2].png
    assert result.coverage[0] == result.coverage[2]


@MODES
def test_equal_keys_are_paid_once(client, emulator, two, mode):
    """Every row of the frame has its sets; those of a key seen before cost nothing."""
    frame = pd.concat([two, two.head(1).assign(group="y")])
    result = sweep(frame, client, mode=mode)
    assert emulator.billed == 6
    assert result.source.tolist() == ["emulator"] * 6 + ["duplicate"] * 3
    assert result.group.tolist() == list("xxxyyyyyy")
    assert result.cutout.notna().all()


@MODES
@pytest.mark.usefixtures("two")
def test_what_cannot_be_matted_is_a_row(client, emulator, mode):
    """Missing objects, illegal keys and empty cells: a row for each set says why."""
    frame = keys("nope.jpg", "/bad", None, "a.jpg")
    result = sweep(frame, client, mode=mode)
    assert result.status.tolist() == ["refused"] * 9 + ["ok"] * 3
    assert result.error_code.tolist()[:9:3] == [
        "NoSuchKey",
        "OptionsError",
        "OptionsError",
    ]
    assert "this cell is empty" in result.error[6]
    assert result.coverage.isna().tolist() == [True] * 9 + [False] * 3
    assert emulator.billed == 3


def test_an_empty_matte_is_empty_in_both_modes(client):
    """A picture without a subject: ``empty``, with its cutout, also from the bucket."""
    client.put("w.jpg", images.encode_jpeg(np.full((40, 50, 3), 255, np.uint8)))
    for mode in ("download", "stored"):
        result = sweep(keys("w.jpg"), client, mode=mode)
        assert list(result.status) == ["empty"] * 3
        assert all(cutout.is_empty for cutout in result.cutout)


def test_an_empty_frame_has_all_columns(client, emulator):
    """No rows in, no rows out, and the same columns with the same types."""
    full = sweep(keys("nope.jpg"), client)
    result = sweep(keys("nope.jpg").head(0), client)
    assert result.empty
    assert result.dtypes.equals(full.dtypes)
    assert emulator.billed == 0


def test_all_calls_of_all_sets_are_confirmed_together(scripted):
    """Two keys and three sets are six calls: five allowed, none is sent."""
    client = scripted(answer_png)
    with pytest.raises(cm.BudgetExceededError, match=r"6 calls .* 0.12 CNY"):
        sweep(keys("a", "b", "a"), client, confirm_over=5)
    assert scripted.asked == []
    result = sweep(keys("a", "b", "a"), client, confirm_over=6)
    assert len(scripted.asked) == 6
    assert cm.summarize_run(result).cost == pytest.approx(0.12)
    assert cm.summarize_run(result).saved == pytest.approx(0.06)


def test_a_budget_holds_for_the_whole_sweep(scripted):
    """Four calls are allowed: the last two are skipped, and can be asked for later."""
    client = scripted(answer_png)
    with pytest.warns(cm.CosmatWarning, match="budget"):
        result = sweep(keys("a", "b"), client, budget=cm.Budget(calls=4))
    assert len(scripted.asked) == 4
    assert result.status.tolist() == ["ok", "ok", "skipped"] * 2
    assert result.error_code[2] == "BudgetExceededError"
    assert sweep(keys("a", "b"), client).status.tolist() == ["ok"] * 6
    assert len(scripted.asked) == 6


def test_what_dooms_one_set_dooms_the_others(scripted):
    """An account error stops the sweep at its first call; what is stored is shown."""
    answers = [answer_png(), answer_error("AccessDenied", 403)]
    client = scripted(lambda _: answers.pop(0))
    only = {"padded": THREE["padded"]}
    assert list(sweep(keys("b"), client, only).status) == ["ok"]
    with pytest.warns(cm.CosmatWarning, match="stopped"):
        result = sweep(keys("a", "b"), client)
    assert scripted.asked == ["/b", "/a"]
    assert result.status.tolist() == ["error", *["skipped"] * 4, "ok"]
    assert "not sent: the batch stopped" in result.error[1]
    assert result.source[5] == "store"


def test_a_deadline_is_of_the_whole_sweep(scripted):
    """A deadline of no time: nothing is sent, of no set."""
    client = scripted(answer_png)
    with pytest.warns(cm.CosmatWarning, match="deadline"):
        result = sweep(keys("a"), client, deadline=0)
    assert scripted.asked == []
    assert list(result.status) == ["skipped"] * 3


@pytest.mark.parametrize(
    ("options", "settings", "message"),
    [
        (PLAIN, {}, "options must be a mapping of names"),
        ({}, {}, "options must be a mapping of names"),
        ({"": PLAIN}, {}, "a word as name"),
        ({1: PLAIN}, {}, "a word as name; not 1"),
        ({"a": PLAIN, "b": None}, {}, r"options 'b' must be MattingOptions.*NoneType"),
        (THREE, {"mode": "both"}, "mode must be"),
        (THREE, {"column": "path"}, "expected one column 'path'"),
        (THREE, {"before": 3}, "before must be True, False"),
        (THREE, {"deadline": -1}, "deadline must be seconds"),
        (THREE, {"confirm_over": "all"}, "confirm_over must be"),
        (THREE, {"store": "here"}, "store must be Store"),
        (THREE, {"mode": "stored", "save_as": "{key}.png"}, "same key"),
        (
            {**THREE, "who": cm.MattingOptions(operation="AIPortraitMatting")},
            {"budget": cm.Budget(amount=1)},
            "AIPortraitMatting",
        ),
    ],
)
def test_a_wrong_argument_sends_nothing(scripted, options, settings, message):
    """Whatever is wrong with any of the sets is said before the first is paid for."""
    with pytest.raises(cm.OptionsError, match=message):
        sweep(keys("a"), scripted(answer_png), options, **settings)
    assert scripted.asked == []


@pytest.mark.parametrize("name", ["options", "status", "coverage", "measure_error"])
def test_a_clash_of_columns_sends_nothing(scripted, name):
    """A column of the user's that would be replaced is named, before any request."""
    frame = keys("a", **{name: [1]})
    with pytest.raises(cm.OptionsError, match=f"already has {name}, .* rename"):
        sweep(frame, scripted(answer_png))
    assert scripted.asked == []


def test_without_measuring_the_users_numbers_may_stay(scripted):
    """``measure=False`` adds no numbers, so a column called like one is no clash."""
    result = sweep(keys("a", coverage=[1]), scripted(answer_png), measure=False)
    assert result.coverage.tolist() == [1, 1, 1]
    assert "halo" not in result


def test_results_of_several_calls_never_share_a_name(client, emulator, two):
    """A function that names the first and the sixth set alike is refused at once."""

    def save_as(key, name):
        return f"cutouts/{int(name.split()[1]) % 5}/{key}.png"

    with pytest.raises(cm.OptionsError, match="the same key"):
        sweep(two, client, SEVEN, mode="stored", save_as=save_as)
    assert emulator.billed == 0


def test_a_sweep_is_not_taken_for_the_batch_before_it(client, two):
    """Rows of an earlier result may be swept; what that was asked is forgotten."""
    first = cm.matte_frame(two, client, progress=False)
    result = sweep(first[["key"]], client)
    assert cm.summarize_run(result).ok == 6
    with pytest.raises(cm.OptionsError, match="does not know what was asked"):
        cm.retry_failed(result, client)


def test_a_signature_is_shown_nowhere(scripted):
    """The query of an address is in the user's own column alone."""
    url = "https://example.com/a.jpg?q-signature=abcdef"
    result = sweep(keys(url), scripted(answer_png))
    assert list(result.status) == ["ok"] * 3
    told = result.drop(columns="key").to_csv() + str(result.attrs)
    assert "https://example.com/a.jpg · plain" in told
    assert "abcdef" not in told


def test_a_result_that_vanished_is_an_error_row(client, emulator, two, store):
    """It was paid, so it is not asked for again; its row says so, the others go on."""
    sweep(two, client, mode="stored", store=store)
    client.delete("cutouts/centred/a.jpg.png")
    client.put("cutouts/padded/b.jpg.png", b"no picture")
    result = sweep(two, client, mode="stored", store=store)
    assert result.status.tolist() == ["ok", "error", "ok", "ok", "ok", "error"]
    assert result.error_code[1] == "NoSuchKey"
    assert "in the bucket no more" in result.error[1]
    assert result.error_code[5] == "ImageError"
    assert result.heals.tolist() == [False] * 6
    assert result.cutout[1] is None
    assert emulator.billed == 6


@pytest.mark.usefixtures("two")
def test_results_of_a_batch_are_fetched(client, emulator):
    """A row with two results becomes two, with its label; the names say which."""
    sets = {"plain": PLAIN, "padded": THREE["padded"]}
    frame = keys("a.jpg", "nope.jpg", "a.jpg").set_axis(list("rst"))
    result = cm.matte_frame(frame, client, sets, mode="stored", progress=False)
    table = fetch_stored(result, client, progress=False)
    assert table.index.tolist() == ["r", "r", "s", "t", "t"]
    assert table.options.fillna("").tolist() == [*sets, "", *sets]
    assert table.columns.get_loc("options") == 1
    assert table.status.tolist() == ["ok", "ok", "refused", "ok", "ok"]
    sizes = [(c.height, c.width) for c in table.cutout if c is not None]
    assert sizes == [(64, 96), (70, 106)] * 2
    assert table.cutout.iloc[1].options == sets["padded"]
    assert table.cutout.iloc[1].service == client.service
    assert cm.measure_frame(table, progress=False).coverage.notna().sum() == 4
    assert result.cutout.isna().all()
    assert emulator.billed == 2


def test_fetching_again_fetches_what_failed(client, two):
    """Rows with a cutout stay, though their object is gone; the other is mended."""
    sets = {"plain": PLAIN, "padded": THREE["padded"]}
    result = cm.matte_frame(two, client, sets, mode="stored", progress=False)
    kept = client.fetch("cutouts/plain/b.jpg.png")
    client.delete("cutouts/plain/b.jpg.png")
    table = fetch_stored(result, client, progress=False)
    assert table.status.tolist() == ["ok", "ok", "error", "ok"]
    client.put("cutouts/plain/b.jpg.png", kept)
    client.delete("cutouts/plain/a.jpg.png")
    again = fetch_stored(table, client, progress=False)
    assert again.status.tolist() == ["ok"] * 4
    assert again.error.isna().all()
    assert again.cutout.iloc[2].png == kept


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f, c: cm.matte_frame(f, c, progress=False), "were downloaded"),
        (lambda f, _: f, "expected one column 'status'"),
        (
            lambda f, c: cm.matte_frame(f, c, mode="stored", progress=False),
            "does not know what was asked",
        ),
        (
            lambda f, c: cm.matte_frame(
                f.assign(options=1), c, mode="stored", progress=False
            ),
            "already has options",
        ),
    ],
    ids=["downloaded", "no result", "forgetful", "own column"],
)
def test_what_cannot_be_fetched_is_refused(client, two, make, message):
    """A frame whose results are elsewhere or unknown: a clear error."""
    frame = make(two, client)
    if message.startswith("does not"):
        frame.attrs.clear()
    with pytest.raises(cm.OptionsError, match=message):
        fetch_stored(frame, client, progress=False)


@MODES
def test_results_of_another_bucket_are_refused(client, two, mode):
    """A client of it would find other objects by the same keys, or none."""
    elsewhere = cm.Address("other-1250000000", "ap-guangzhou")
    transport = httpx.MockTransport(answer_png)
    stranger = cm.MattingClient(
        elsewhere, cm.Credentials("id", "key"), transport=transport
    )
    if mode == "stored":
        result = sweep(two, client, mode=mode)
    else:
        result = cm.matte_frame(two, client, THREE, mode="stored", progress=False)
    with pytest.raises(cm.OptionsError, match="in bucket examplebucket-1250000000"):
        fetch_stored(result, stranger, progress=False)


def _told(*results):
    host = "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com"
    objects = "".join(
        f"<Object><Key>{key}</Key><Location>{host}/{at}</Location></Object>"
        for key, at in results
    )
    body = (
        "<UploadResult><OriginalInfo><Key>x</Key></OriginalInfo>"
        f"<ProcessResults>{objects}</ProcessResults></UploadResult>"
    )
    return reply(200, body.encode())


def test_results_are_told_apart_when_others_are_missing(scripted):
    """The second of two came: its row is answered, and the first one's says why not.

    The service tells it under another key than its place, as the vendor's example does.
    """
    at = "cutouts/padded/x.png"

    def answer(request):
        if request.method == "POST":
            return _told(("other.png", at))
        return answer_png() if request.url.path == f"/{at}" else answer_error("N", 404)

    sets = {"plain": PLAIN, "padded": THREE["padded"]}
    client = scripted(answer)
    result = sweep(keys("x"), client, sets, mode="stored")
    assert result.status.tolist() == ["error", "ok"]
    assert result.error_code[0] == "ResultMissingError"
    assert result.error.isna().tolist() == [False, True]
    assert result.stored[0] == ()
    assert result.cutout[1].options == sets["padded"]
    assert scripted.asked == ["/x", f"/{at}"]
    assert sweep(keys("x"), client, sets, mode="stored").source[1] == "store"


CHILD = """
import json, os, signal, sys
import httpx, numpy as np, pandas as pd
import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.frame.sweeping import sweep_options

signal.signal(signal.SIGINT, signal.default_int_handler)
png = images.encode_png(np.full((4, 6, 4), 255, np.uint8))
asked = []

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

def answer(request):
    asked.append(request.url.path)
    if len(asked) == 4:
        interrupt()
    return httpx.Response(200, stream=httpx.ByteStream(png))

def before(key):
    interrupt()
    return png

client = cm.MattingClient(
    cm.Address("examplebucket-1250000000", "ap-guangzhou"), cm.Credentials("id", "key"),
    concurrency=1, transport=httpx.MockTransport(answer),
)
frame = pd.DataFrame({"key": ["a", "b"]})
sets = {str(n): cm.MattingOptions(padding=(n, n)) for n in range(3)}
told = []
for settings in ({}, {"before": before}, {}):
    try:
        result = sweep_options(frame, client, sets, progress=False, **settings)
        told.append(["done", list(result.status), len(asked), "coverage" in result])
    except cm.BatchInterrupted as stop:
        result = stop.result
        told.append([str(stop), list(result.status), len(asked), "coverage" in result])
print(json.dumps(told))
"""


def test_an_interrupt_keeps_what_was_answered(tmp_path):
    """While asking and while measuring: the long frame comes along, nothing is lost."""
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", CHILD],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COSMAT_STORE": str(tmp_path)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert child.stderr == b""
    asking, measuring, done = json.loads(child.stdout)
    # Four calls were sent: both keys of the first set, both of the second.
    assert asking[1:] == [["ok", "ok", "skipped"] * 2, 4, False]
    assert "4 of 6 rows answered" in asking[0]
    assert measuring[1:] == [["ok"] * 6, 6, False]
    assert "before all was measured" in measuring[0]
    assert done == ["done", ["ok"] * 6, 6, True]


def test_modes_share_no_answers(client, square, tmp_path):
    """Switching the mode asks again, results lie below cutouts/, and both say so."""
    client.put("a.jpg", square)
    frame = cm.list_frame(client, "a")
    store, came = cm.Store(tmp_path / "kept"), []
    for mode in ("download", "stored", "stored"):
        made = cm.sweep_options(
            frame, client, {"x": PLAIN}, mode=mode, store=store, progress=False
        )
        came += made.source.tolist()
    assert came == ["emulator", "emulator", "store"]
    assert "cutouts/x/a.jpg.png" in set(cm.list_frame(client).key)
    for verb in (cm.sweep_options, cm.matte_frame):
        told = " ".join(verb.__doc__.split())
        assert "modes do not share answers" in told
        assert "asks, and pays, again" in told
        assert "below ``cutouts/`` unless `save_as` says otherwise" in told
