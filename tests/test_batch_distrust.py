"""A batch among things that go wrong around it: no hang, no lost answer, no secret."""

from __future__ import annotations

import gc
import queue
import shutil
import threading
import time

import httpx
import pytest
from answers import ADDRESS, answer_error, answer_png, keys, reply
from patience import at_work, wait_until

import cosmat_nb as cm
from cosmat_nb.batch import batch as batch_module
from cosmat_nb.store import flusher as flusher_module


@pytest.fixture
def store(tmp_path):
    """Make a store of this test's own."""
    return cm.Store(tmp_path / "own")


def matte(client, frame, **settings):
    """Run a batch without a bar."""
    return cm.matte_frame(frame, client, progress=False, **settings)


@pytest.mark.parametrize("error", [SystemExit("token=S3CRET"), ValueError("S3CRET")])
@pytest.mark.filterwarnings("ignore::cosmat_nb.errors.CosmatWarning")
def test_whatever_a_thread_raises_ends_the_batch(store, error):
    """A function for credentials that raises anything: rows, no hang, no secret."""

    def credentials():
        raise error

    client = cm.MattingClient(
        ADDRESS, credentials, transport=httpx.MockTransport(answer_png)
    )
    result = matte(client, keys(*"abc"), store=store, budget=cm.Budget(calls=9))
    assert "error" in set(result.status)
    assert "ok" not in set(result.status)
    assert result.heals.all()
    told = f"{result.to_csv()}{result.attrs}{store.ledger.to_frame().to_csv()}"
    assert "S3CRET" not in told
    with pytest.raises(type(error), match="S3CRET"):
        matte(client, keys(*"abc"), store=store, on_error="raise")


def test_a_stream_may_be_collected_anywhere(scripted, store):
    """A generator that nobody holds any more stops by itself, and nobody waits."""
    client = scripted(answer_png, concurrency=2)
    stream = cm.iter_matte(map(str, range(5000)), client, store=store)
    next(stream)
    del stream
    gc.collect()
    wait_until(lambda: not at_work())
    assert len(scripted.asked) < 5000
    assert len(store.to_frame()) == len(scripted.asked)


def test_a_source_that_blocks_can_be_left(scripted, store):
    """Keys come from a queue that is empty: closing the stream returns at once."""
    waiting = queue.SimpleQueue()
    for number in range(300):
        waiting.put(f"{number}.jpg")
    stream = cm.iter_matte(iter(waiting.get, None), scripted(answer_png), store=store)
    assert next(stream)[1].status == "ok"
    stream.close()
    waiting.put(None)
    wait_until(lambda: not at_work())


def test_a_stream_is_not_far_ahead_of_its_reader(scripted, store):
    """Who looks at one outcome has not paid for thousands."""
    client = scripted(answer_png)
    stream = cm.iter_matte(map(str, range(9000)), client, store=store)
    next(stream)
    wait_until(lambda: len(scripted.asked) > 256)
    time.sleep(0.3)
    assert len(scripted.asked) < 600
    stream.close()
    wait_until(lambda: not at_work())


def test_a_batch_whose_threads_cannot_start_sends_nothing(scripted, store, monkeypatch):
    """The system gives no more threads: an error, and nothing is paid behind it."""
    begin, begun = threading.Thread.start, []

    def start(thread):
        if thread.name == "cosmat-batch":
            begun.append(thread)
            if len(begun) == 3:
                raise RuntimeError("can't start new thread")
        begin(thread)

    def slow(request):
        time.sleep(0.05)
        return answer_png(request)

    client = scripted(slow, concurrency=8)
    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(RuntimeError, match="new thread"):
        matte(client, keys(*map(str, range(100))), store=store)
    monkeypatch.undo()
    wait_until(lambda: not at_work())
    assert len(scripted.asked) <= 2
    assert list(matte(client, keys("0"), store=store).status) == ["ok"]


@pytest.mark.filterwarnings("ignore::cosmat_nb.errors.CosmatWarning")
def test_answers_outlive_their_store(scripted, tmp_path):
    """The store is deleted during the batch: what was paid for is in the frame."""
    store = cm.Store(tmp_path / "gone")

    def answer(request):
        shutil.rmtree(store.folder, ignore_errors=True)
        return answer_png(request)

    result = matte(scripted(answer), keys(*"abc"), store=store)
    answered = result[result.status == "ok"]
    assert len(answered) == len(scripted.asked) >= 1
    assert all(cutout.png == answer_png().read() for cutout in answered.cutout)
    assert cm.summarize_run(result).unknown >= len(answered)


def test_a_gateway_cannot_say_what_is_billed(scripted, store):
    """A 504 without the service's own document may hide a paid answer: it counts."""
    client = scripted(lambda _: reply(504, b"<html>Gateway"), attempts=8)
    with pytest.warns(cm.CosmatWarning, match="budget allows 3"):
        result = matte(client, keys(*"abcdef"), store=store, budget=cm.Budget(calls=3))
    assert len(scripted.asked) == 3
    assert cm.summarize_run(result).unknown == 3


def test_an_object_answers_for_one_set_of_options(client, square, store):
    """A result saved over another one: the store no longer tells of the older."""
    client.put("a.jpg", square)
    plain, padded = cm.MattingOptions(), cm.MattingOptions(padding=(9, 9))
    settings = {"store": store, "mode": "stored", "save_as": "cut/{stem}.png"}
    sources, sizes = [], []
    for options in (plain, padded, plain, plain):
        result = matte(client, keys("a.jpg"), options=options, **settings)
        sources.append(result.source[0])
        sizes.append(len(client.fetch("cut/a.png")))
    assert sources == ["emulator"] * 3 + ["store"]
    assert sizes[0] == sizes[2] == sizes[3] != sizes[1]


def test_results_of_a_stream_never_replace_each_other(client, square, store):
    """A 504 without the service's own document may hide a paid answer: counted."""
    places = ["m/a.jpg", *(f"x/{number}.jpg" for number in range(300)), "m/a.png"]
    for place in ("m/a.jpg", "m/a.png"):
        client.put(place, square)
    told = dict(
        cm.iter_matte(
            places, client, store=store, mode="stored", save_as="cut/{stem}.png"
        )
    )
    assert (told["m/a.jpg"].status, told["m/a.png"].status) == ("ok", "refused")
    assert "another row's cutout" in told["m/a.png"].error


def test_a_function_that_names_results_is_asked_for_again(client, square, store):
    """A frame cannot keep a function: retrying says so instead of using a template."""
    client.put("a.jpg", square)
    frame = keys("a.jpg", "later.jpg")
    settings = {"store": store, "mode": "stored"}
    name = lambda key, _: f"mine/{key}.png"  # noqa: E731 - as a user writes it
    result = matte(client, frame, save_as=name, **settings)
    client.put("later.jpg", square)
    result["heals"] = [False, True]
    with pytest.raises(cm.OptionsError, match="pass save_as= once more"):
        cm.retry_failed(result, client, progress=False)
    again = cm.retry_failed(result, client, save_as=name, progress=False)
    assert again.stored[1][0].key == "mine/later.jpg.png"


def test_another_store_can_be_retried_into(scripted, tmp_path):
    """The first store is on a machine that is not this one: it is not opened."""
    client = scripted(lambda _: answer_error("InternalError", 500))
    result = matte(client, keys("a"), store=cm.Store(tmp_path / "s"))
    result.attrs["cosmat_asked"]["store"] = "/proc/nowhere/store"
    other = cm.Store(tmp_path / "other")
    again = cm.retry_failed(result, client, store=other, progress=False)
    assert list(again.status) == ["error"]


def test_a_closed_client_pays_for_nothing(scripted, store):
    """Closed during a batch: what it refuses to send was not sent, and is free."""
    client = scripted(answer_png)
    closing = threading.Event()

    def answer(request):
        threading.Thread(target=client.close).start()
        closing.wait(0.3)
        return answer_png(request)

    client = scripted(answer)
    with pytest.warns(cm.CosmatWarning, match="closed"):
        result = matte(client, keys("a", "b", "c"), store=store)
    assert result.status[0] == "ok"
    summary = cm.summarize_run(result)
    assert (summary.billed, summary.unknown) == (1, 0)


def test_a_slow_reader_costs_no_call(client, square, store, monkeypatch):
    """Answers wait for their reader, longer than an attempt may take; none is lost."""
    monkeypatch.setattr(batch_module, "_MOST_WAITING", 2)
    monkeypatch.setattr(flusher_module, "MOST_WAITING", 2)
    places = [f"{number}.jpg" for number in range(13)]
    for place in places:
        client.put(place, square)
    hasty = cm.MattingClient(
        client.address,
        cm.Credentials("emulator-id", "emulator-key"),
        endpoint=client.endpoint,
        retry=cm.Retry(attempt_seconds=1.0),
    )
    with hasty:
        stream = cm.iter_matte(places, hasty, store=store)
        told = [next(stream)]
        time.sleep(2.5)
        told += stream
    assert {str(outcome.status) for _, outcome in told} == {"ok"}
    assert len(told) == 13
    assert set(store.ledger.to_frame().billed) == {"yes"}
