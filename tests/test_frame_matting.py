"""The main job, judged by its promises: rows, columns, money, disk."""

from __future__ import annotations

import hashlib
import pickle
import shutil

import numpy as np
import pandas as pd
import pytest
from answers import ADDRESS, answer_error, answer_png, keys, reply

import cosmat_nb as cm
from cosmat_nb import images


def test_a_row_becomes_a_cutout(client, square):
    """The columns of one answered row say where, how often and by whom."""
    client.put("a.jpg", square)
    row = cm.matte_frame(keys("a.jpg"), client, progress=False).iloc[0]
    assert (row.status, row.attempts, row.source) == ("ok", 1, "emulator")
    assert type(row.status) is str
    assert row[["error", "error_code"]].isna().all()
    assert row.seconds > 0
    assert row.request_id == row.cutout.request_id
    assert row.cutout.alpha.mean() == pytest.approx(32 * 48 / (64 * 96), abs=0.02)


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([7, 7, 3, 7]),
        pd.Index(["d", "b", None, "b"], name="who"),
        pd.MultiIndex.from_tuples(
            [("x", 1), ("x", 1), ("a", 2), ("b", 0)], names=["i", "j"]
        ),
        pd.date_range("2026-01-01", periods=4, freq="D", name="day"),
    ],
    ids=["duplicate", "text", "multi", "dates"],
)
def test_index_and_order_stay(scripted, index):
    """The result has the frame's own index, label for label, and rows do not move."""
    frame = keys("d", "b", "c", "a").set_axis(index)
    result = cm.matte_frame(frame, scripted(answer_png, 4), progress=False)
    pd.testing.assert_index_equal(result.index, frame.index)
    assert getattr(result.index, "freq", None) == getattr(frame.index, "freq", None)
    assert [cutout.place for cutout in result.cutout] == ["d", "b", "c", "a"]


def test_the_users_columns_stay(scripted):
    """Values, dtypes, names and attrs are the user's; the frame is not changed."""
    frame = keys(
        *"ab",
        group=pd.Categorical(["x", None], categories=["x", "y"]),
        count=pd.array([1, None], dtype="Int64"),
        day=pd.to_datetime(["2026-01-01", None], utc=True),
    )
    frame[0] = [{"any": "thing"}, None]
    frame.columns.name = "facts"
    frame.attrs["from"] = {"me": 1}
    before = pickle.loads(pickle.dumps(frame))
    result = cm.matte_frame(frame, scripted(answer_png), progress=False)
    own = list(frame.columns)
    pd.testing.assert_frame_equal(result[own], frame)
    assert list(result.columns) == [*own, *cm.RESULT_COLUMNS]
    assert result.columns.name == "facts"
    assert result.attrs["from"] == {"me": 1}
    assert set(result.attrs) == {"from", "cosmat_run", "cosmat_asked"}
    pd.testing.assert_frame_equal(frame, before)
    assert frame.attrs == before.attrs


@pytest.mark.parametrize("name", cm.RESULT_COLUMNS)
def test_a_clash_of_columns_sends_nothing(scripted, name):
    """A column that would be replaced is an error that names it, before any request."""
    frame = keys("a", "b", **{name: [1, 2]})
    with pytest.raises(cm.OptionsError, match=f"already has {name}, .* rename"):
        cm.matte_frame(frame, scripted(answer_png), progress=False)
    assert scripted.asked == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"column": "path"}, "expected one column 'path', found none among: key, n"),
        ({"column": ["key"]}, r"expected one column \['key'\], found none"),
        ({"options": {"center": True}}, "options must be MattingOptions.*got dict"),
        ({"store": "folder"}, "store must be Store.*got str"),
    ],
)
def test_a_wrong_argument_sends_nothing(scripted, arguments, message):
    """The message says what was expected and what came, before any request."""
    frame = keys("a", "b", n=[1, 2])
    with pytest.raises(cm.OptionsError, match=message):
        cm.matte_frame(frame, scripted(answer_png), progress=False, **arguments)
    assert scripted.asked == []


def test_a_store_that_cannot_be_written_sends_nothing(scripted, monkeypatch, tmp_path):
    """The default store is tried before the first call is paid."""
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("COSMAT_STORE", str(tmp_path / "file"))
    with pytest.raises(cm.OptionsError, match="cannot be written"):
        cm.matte_frame(keys("a"), scripted(answer_png), progress=False)
    assert scripted.asked == []


def test_duplicates_are_sent_once(scripted):
    """Equal keys share one call; the later rows say so and count no attempt."""
    result = cm.matte_frame(
        keys("a", "b", "a", "a"), scripted(answer_png, 4), progress=False
    )
    assert sorted(scripted.asked) == ["/a", "/b"]
    assert list(result.source) == ["cloud", "cloud", "duplicate", "duplicate"]
    assert list(result.attempts) == [1, 1, 0, 0]
    assert list(result.seconds.isna()) == [False, False, True, True]
    assert result.cutout[0] is result.cutout[2] is result.cutout[3]


def test_a_duplicate_of_an_error_is_an_error(scripted):
    """The rows of one failed call all say why, but one alone counts the attempt."""
    client = scripted(lambda _: answer_error("NoSuchKey", 404))
    result = cm.matte_frame(keys("a", "a"), client, progress=False)
    assert list(result.error_code) == ["NoSuchKey", "NoSuchKey"]
    assert list(result.attempts) == [1, 0]
    assert list(result.request_id) == ["request-7", "request-7"]


def test_a_duplicate_of_a_bad_key_was_never_sent(scripted):
    """Rows of a key that is refused before the call have no source at all."""
    result = cm.matte_frame(keys("/a", "/a"), scripted(answer_png), progress=False)
    assert list(result.status) == ["refused", "refused"]
    assert list(result.source.isna()) == [True, True]
    assert scripted.asked == []


@pytest.mark.parametrize(
    ("befall", "status", "code"),
    [
        (lambda: answer_error("NoSuchKey", 404), "refused", "NoSuchKey"),
        (lambda: answer_error("ImageTooLarge", 400), "refused", "ImageTooLarge"),
        (lambda: answer_error("SlowDown", 503), "error", "SlowDown"),
        (lambda: answer_error("InternalError", 500), "error", "InternalError"),
        (lambda: reply(200, b"no"), "error", "ProtocolError"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_error_is_a_row_and_the_others_go_on(scripted, befall, status, code):
    """Whatever befalls one picture, its row says so and the next one is asked."""
    client = scripted(lambda r: befall() if r.url.path == "/b" else answer_png())
    result = cm.matte_frame(keys(*"abc"), client, progress=False)
    assert list(result.status) == ["ok", status, "ok"]
    assert result.error_code[1] == code
    assert result.cutout[1] is None
    assert len(result[result.status == "ok"]) == 2


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDenied", 403),
        ("InvalidAccessKeyId", 403),
        ("PaymentRequired", 402),
        ("AIBucketUnBinded", 400),
        ("NoSuchBucket", 404),
    ],
)
def test_an_account_error_stops_the_batch(scripted, code, status):
    """Rows not yet sent are skipped with the reason; what was answered stays."""
    client = scripted(
        lambda r: answer_error(code, status) if r.url.path == "/b" else answer_png()
    )
    result = cm.matte_frame(keys(*"abcda"), client, progress=False)
    assert scripted.asked == ["/a", "/b"]
    assert result.status[[0, 3, 4]].tolist() == ["ok", "skipped", "ok"]
    assert result.status[1] == "error"
    assert result.error_code[1] == code
    assert result.error[3].startswith("not sent: the batch stopped: matte 'b': It is")
    assert result.attempts.tolist() == [1, 1, 0, 0, 0]
    assert result.source.isna().tolist() == [False, False, True, True, False]


def test_wrong_keys_stop_the_batch_on_the_wire(emulator):
    """A real signature mismatch is one row of error, and the rest is not sent."""
    client = cm.connect_cloud(
        ADDRESS.bucket,
        ADDRESS.region,
        credentials=cm.Credentials("emulator-id", "wrong"),
        endpoint=emulator.endpoint,
        concurrency=1,
    )
    with client:
        result = cm.matte_frame(keys(*"abc"), client, progress=False)
    assert list(result.status) == ["error", "skipped", "skipped"]
    assert result.error_code[0] == "SignatureDoesNotMatch"
    assert "wrong" not in result.to_csv()


def test_an_address_is_shown_without_its_query(scripted):
    """The reason why a batch stopped never repeats a signed query to other rows."""
    client = scripted(lambda _: answer_error("AccessDenied", 403))
    url = "https://example.com/a.jpg?q-signature=abcdef"
    result = cm.matte_frame(keys(url, "b"), client, progress=False)
    assert list(result.status) == ["error", "skipped"]
    assert "abcdef" not in " ".join(result.error)


def test_addresses_go_through_detect_url(client, square):
    """Values that start with http, in any case, are asked by address."""
    client.put("b c.jpg", square)
    urls = [
        f"{scheme}://{client.address.host}/b%20c.jpg" for scheme in ("http", "HTTP")
    ]
    result = cm.matte_frame(keys(*urls, "b c.jpg"), client, progress=False)
    assert list(result.status) == ["ok", "ok", "ok"]
    assert result.cutout[0].png == result.cutout[2].png
    assert result.cutout[0].place == urls[0]


def test_an_empty_matte_is_no_error(client):
    """A picture without a subject is ``empty`` and has its cutout."""
    client.put("w.jpg", images.encode_jpeg(np.full((40, 50, 3), 255, np.uint8)))
    result = cm.matte_frame(keys("w.jpg"), client, progress=False)
    assert result.status[0] == "empty"
    assert result.cutout[0].is_empty
    assert pd.isna(result.error[0])


@pytest.mark.parametrize("column", [[], pd.Series([], dtype="str")])
def test_an_empty_frame_has_all_columns(scripted, column):
    """No rows: the same columns with the same dtypes, and nothing is sent."""
    result = cm.matte_frame(
        pd.DataFrame({"key": column}), scripted(answer_png), progress=False
    )
    full = cm.matte_frame(keys("a"), scripted(answer_png), progress=False)
    assert result.empty
    added = list(cm.RESULT_COLUMNS)
    assert result[added].dtypes.equals(full[added].dtypes)
    assert scripted.asked == ["/a"]


@pytest.mark.parametrize("dtype", ["object", "str", "category", "string", "arrow"])
def test_keys_of_any_text_dtype(scripted, dtype):
    """Text dtypes all work, keep their dtype, and a missing key is a row."""
    if dtype == "arrow":
        pyarrow = pytest.importorskip("pyarrow")
        dtype = pd.ArrowDtype(pyarrow.string())
    frame = pd.DataFrame({"key": pd.Series(["a", None, "a"], dtype=dtype)})
    result = cm.matte_frame(frame, scripted(answer_png), progress=False)
    assert list(result.status) == ["ok", "refused", "ok"]
    assert result.key.dtype == frame.key.dtype
    assert scripted.asked == ["/a"]


def test_any_column_may_hold_the_keys(scripted):
    """Its name is free, a number too."""
    frame = pd.DataFrame({0: ["a"], "key": ["not this"]})
    cm.matte_frame(frame, scripted(answer_png), column=0, progress=False)
    assert scripted.asked == ["/a"]


def test_options_reach_the_service(client, square):
    """Padding enlarges the cutout: 64 × 96 px with dx 5, dy 3 are 70 × 106."""
    client.put("a.jpg", square)
    options = cm.MattingOptions(padding=(5, 3))
    cutout = cm.matte_frame(keys("a.jpg"), client, options, progress=False).cutout[0]
    assert (cutout.height, cutout.width) == (70, 106)
    assert cutout.options == options


def test_answers_are_on_disk(scripted, tmp_path):
    """Every cutout of the frame is a file of the store, named by its content."""
    store = cm.Store(tmp_path / "s")
    result = cm.matte_frame(
        keys("a", "b"), scripted(answer_png), store=store, progress=False
    )
    (path,) = {cutout.path for cutout in result.cutout}
    assert path.is_relative_to(tmp_path / "s")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
    assert list((tmp_path / "s").rglob("*.png")) == [path]


def test_an_answer_that_cannot_be_kept_stays_in_its_row(scripted, tmp_path):
    """The disk fails: the paid answer is in memory, and no further call is paid."""
    store = cm.Store(tmp_path / "s")

    def answer(request):
        # Between claim and answer, something gets in the way of pending files.
        shutil.rmtree(store.folder / "incoming")
        (store.folder / "incoming").write_text("in the way")
        return answer_png(request)

    client = scripted(answer, concurrency=1)
    result = cm.matte_frame(keys(*"abc"), client, store=store, progress=False)
    assert scripted.asked == ["/a"]
    assert list(result.status) == ["ok", "skipped", "skipped"]
    assert result.cutout[0].png == answer_png().read()
    assert result.error_code[0] == "NotADirectoryError"
    assert result.error[0].startswith("answered, but not kept by the store: ")
    assert "not kept by" in result.error[1]
    assert list(result.heals) == [False, True, True]
    ledger = store.ledger.to_frame()
    assert list(ledger.billed[ledger.code != "NotSent"]) == ["yes"]


def test_progress_is_silent_when_asked(scripted, capfd):
    """``progress=False`` writes nothing; otherwise a log has its lines."""
    cm.matte_frame(keys("a", "b"), scripted(answer_png), progress=False)
    assert capfd.readouterr() == ("", "")
    cm.matte_frame(keys("c", "d"), scripted(answer_png))
    out, err = capfd.readouterr()
    assert err.startswith("cosmat: 0 of 2 pictures")
    assert out.startswith("2 ok · 2 billed: 0.04 CNY (unverified) · ")


def test_a_cutout_keeps_who_cut_it(client, square, tmp_path):
    """The answer, the one found in the store and a pickled one tell the service."""
    client.put("a.jpg", square)
    store = cm.Store(tmp_path / "kept")
    told = [
        cm.matte_frame(keys("a.jpg"), client, store=store, progress=False)
        for _ in range(2)
    ]
    assert [result.attempts[0] for result in told] == [1, 0]
    cutouts = [result.cutout[0] for result in told]
    cutouts.append(pickle.loads(pickle.dumps(cutouts[1])))
    assert [each.service for each in cutouts] == ["emulator white 1"] * 3


def test_a_result_pickles(client, square):
    """A frame with its cutouts comes back equal; a handle then lacks its source."""
    client.put("a.jpg", square)
    result = cm.matte_frame(keys("a.jpg", "none"), client, progress=False)
    again = pickle.loads(pickle.dumps(result))
    pd.testing.assert_frame_equal(again, result)
    assert again.cutout[0].png == result.cutout[0].png
    assert result.cutout[0].before().shape == (64, 96, 3)
    with pytest.raises(cm.OptionsError, match="another process"):
        again.cutout[0].before()


def test_a_closed_client_is_told_at_once(client):
    """A closed client is no fault of the rows: it is an error before any of them."""
    client.close()
    with pytest.raises(cm.OptionsError, match="is closed; connect again"):
        cm.matte_frame(keys("a"), client, progress=False)


def test_what_is_no_call_error_stops_the_batch():
    """A failing source of credentials fails every row: the first one ends the batch."""
    asked = []

    def credentials():
        asked.append(1)
        raise RuntimeError("the vault is sealed")

    address = cm.Address("examplebucket-1250000000", "ap-guangzhou")
    with cm.MattingClient(address, credentials, concurrency=1) as client:
        result = cm.matte_frame(keys(*"abcd"), client, progress=False)
    assert list(result.status) == ["error", "skipped", "skipped", "skipped"]
    assert result.error_code[0] == "RuntimeError"
    assert list(result.attempts) == [0, 0, 0, 0]
    assert result.source.isna().all()
    assert len(asked) == 1


def test_a_bucket_elsewhere_stops_the_batch(scripted):
    """A redirect to another region is no fault of a row: it stops the batch."""
    client = scripted(lambda _: reply(301, b""))
    result = cm.matte_frame(
        keys(*"a" * 1, *map(str, range(50))), client, progress=False
    )
    assert result.status[0] == "error"
    assert "check the bucket's region" in result.error[0]
    assert (result.status == "skipped").sum() > 30


def test_what_may_heal_is_not_called_refused(scripted):
    """A slow upload is refused with a 4xx too, and yet asking again may help."""
    client = scripted(lambda _: answer_error("RequestTimeout", 400))
    result = cm.matte_frame(keys("a"), client, progress=False)
    assert result.status[0] == "error"


def test_an_endless_address_is_its_own_rows_fault(scripted):
    """An address too long to be sent is refused, and the next row is asked for."""
    client = scripted(lambda _: answer_png())
    endless = "https://example.com/" + "a" * 70_000
    result = cm.matte_frame(keys(endless, "b"), client, progress=False)
    assert list(result.status) == ["refused", "ok"]
    assert "is too long" in result.error[0]
