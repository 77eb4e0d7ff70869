"""A batch at work: how many calls at once, when it stops, what it hands on."""

from __future__ import annotations

import itertools
import json
import threading

import pytest
import tqdm.auto
from answers import answer_error, answer_png, keys
from patience import LONG, at_work, wait_until

import cosmat_nb as cm
from cosmat_nb.frame.bar import Bar


@pytest.mark.parametrize("concurrency", [1, 3, 50])
def test_every_picture_is_asked_once(scripted, concurrency):
    """However many threads: each key once, and no thread is left behind."""
    frame = keys(*(f"{number % 20}.jpg" for number in range(50)))
    result = cm.matte_frame(
        frame, scripted(answer_png, concurrency=concurrency), progress=False
    )
    assert sorted(scripted.asked) == sorted(f"/{number}.jpg" for number in range(20))
    assert list(result.status) == ["ok"] * 50
    wait_until(lambda: not at_work())


def test_no_more_calls_in_flight_than_allowed(scripted):
    """With ``concurrency=3`` there are three calls at once, and never four."""
    lock, now, most = threading.Lock(), 0, 0
    full = threading.Barrier(3)

    def answer(request):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        full.wait(LONG)
        with lock:
            now -= 1
        return answer_png(request)

    cm.matte_frame(
        keys(*map(str, range(12))), scripted(answer, concurrency=3), progress=False
    )
    assert most == 3


def test_a_watcher_that_fails_ends_nothing(scripted):
    """When progress cannot be shown, paid answers still become rows."""
    told = []

    class Broken:
        def begin(self, glance):
            told.append(glance)
            raise BrokenPipeError

        def look(self, glance):
            self.begin(glance)

        def end(self, glance, line):
            self.begin((glance, line))

    result = cm.matte_frame(keys("a", "b"), scripted(answer_png), progress=Broken())
    assert list(result.status) == ["ok", "ok"]
    # It is told to the end.
    assert told[-1][0].state == "ended"
    assert told[-1][1].startswith("2 ok")


def test_a_bar_does_not_wait_for_a_lock_of_all_processes(scripted):
    """The lock of tqdm is lost when a forked child dies with it: a batch goes on."""
    told = []
    with tqdm.auto.tqdm.get_lock():
        batch = threading.Thread(
            target=lambda: told.append(
                cm.matte_frame(keys("a", "b"), scripted(answer_png), progress=Bar())
            ),
            daemon=True,
        )
        batch.start()
        batch.join(20)
        assert told
    assert list(told[0].status) == ["ok", "ok"]


def test_a_stream_reads_as_it_goes(scripted):
    """An endless source of keys: what is read is little more than what is answered."""
    read = itertools.count()
    places = (f"{next(read)}.jpg" for _ in itertools.repeat(None))
    client = scripted(answer_png, concurrency=2)
    stream = cm.iter_matte(places, client)
    first = [next(stream) for _ in range(5)]
    stream.close()
    assert {outcome.status for _, outcome in first} == {"ok"}
    assert len({place for place, _ in first}) == 5
    assert next(read) < 20_000
    wait_until(lambda: not at_work())


def test_leaving_a_stream_keeps_what_is_in_flight(scripted):
    """The loop is left while calls are under way: their answers are in the store."""
    asked = threading.Semaphore(0)

    def answer(request):
        asked.release()
        return answer_png(request)

    client = scripted(answer, concurrency=3)
    for _ in cm.iter_matte(map(str, range(1000)), client):
        break
    sent = len(scripted.asked)
    assert sent < 1000
    wait_until(lambda: not at_work())
    assert len(cm.Store().to_frame()) == len(scripted.asked)


def test_a_stream_finds_what_is_stored(scripted):
    """Stored answers come too, and nothing is asked twice."""
    client = scripted(answer_png)
    for _ in range(2):
        stream = cm.iter_matte(["a", "b", "a", "/bad"], client)
        told = {place: str(outcome.status) for place, outcome in stream}
        assert told == {"a": "ok", "b": "ok", "/bad": "refused"}
    assert scripted.asked == ["/a", "/b"]


def test_a_stream_refuses_what_is_no_place(scripted):
    """Something that is no string ends it with a typed error; answers are kept."""
    with pytest.raises(cm.OptionsError, match="places must be strings"):
        list(cm.iter_matte(["a", 7], scripted(answer_png)))
    with pytest.raises(cm.OptionsError, match="options must be"):
        cm.iter_matte(["a"], scripted(answer_png), options="none")


@pytest.mark.parametrize("places", ["shoes.jpg", keys("a")])
def test_a_stream_refuses_what_would_be_taken_apart(scripted, places):
    """The letters of a key and the names of columns are no places: nothing is sent."""
    with pytest.raises(cm.OptionsError, match=r"as frame\['key'\]"):
        cm.iter_matte(places, scripted(answer_png))
    assert scripted.asked == []


def test_a_source_that_fails_ends_a_stream(scripted):
    """What the source of keys raises comes out of the loop."""

    def places():
        yield from map(str, range(300))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(cm.iter_matte(places(), scripted(answer_png)))


def test_failed_rows_are_asked_again(scripted):
    """Only rows that may heal; the others, the index and the columns stay."""
    broken = {"/b", "/c"}

    def answer(request):
        if request.url.path in broken:
            return answer_error("InternalError", 500)
        if request.url.path == "/d":
            return answer_error("NoSuchKey", 404)
        return answer_png(request)

    client = scripted(answer)
    frame = keys(*"abcd", group=[1, 2, 3, 4]).set_index("group", drop=False)
    options = cm.MattingOptions(center=True)
    result = cm.matte_frame(frame, client, options, progress=False)
    assert list(result.heals) == [False, True, True, False]
    broken.remove("/b")
    again = cm.retry_failed(result, client, progress=False)
    assert list(again.status) == ["ok", "ok", "error", "refused"]
    assert scripted.asked == ["/a", "/b", "/c", "/d", "/b", "/c"]
    assert again.cutout[2].options == options
    assert list(again.columns) == list(result.columns)
    assert again.index.equals(result.index)
    assert again.dtypes.equals(result.dtypes)
    assert list(result.status) == ["ok", "error", "error", "refused"]


def test_nothing_to_retry_sends_nothing(scripted):
    """A batch that went well comes back as it was."""
    client = scripted(answer_png)
    result = cm.matte_frame(keys("a"), client, progress=False)
    again = cm.retry_failed(result, client, progress=False)
    assert list(again.status) == ["ok"]
    assert scripted.asked == ["/a"]


def test_a_retry_takes_no_other_options(scripted):
    """Other options are another answer: the rows would no longer belong together."""
    client = scripted(answer_png)
    result = cm.matte_frame(keys("a"), client, progress=False)
    with pytest.raises(TypeError, match="'options'"):
        cm.retry_failed(result, client, options=cm.MattingOptions(center=True))


def test_a_frame_that_knows_nothing_is_not_retried(scripted):
    """Without the result columns, or what was asked, it says what to do."""
    client = scripted(answer_png)
    with pytest.raises(cm.OptionsError, match="expected one column 'status'"):
        cm.retry_failed(keys("a"), client)
    result = cm.matte_frame(keys("a"), client, progress=False)
    result.attrs.clear()
    with pytest.raises(cm.OptionsError, match="does not know what was asked"):
        cm.retry_failed(result, client)


def test_a_summary_counts(scripted):
    """Rows, requests, money and times of one batch, in one value and one line."""

    def answer(request):
        if request.url.path == "/x":
            return answer_error("NoSuchKey", 404)
        return answer_png(request)

    client = scripted(answer)
    cm.matte_frame(keys("a"), client, progress=False)
    result = cm.matte_frame(keys("a", "b", "b", "x", None), client, progress=False)
    summary = cm.summarize_run(result)
    assert (summary.ok, summary.refused, summary.error, summary.skipped) == (3, 2, 0, 0)
    assert (summary.from_store, summary.duplicates) == (1, 1)
    assert (summary.attempts, summary.retries, summary.billed) == (2, 0, 1)
    assert (summary.cost, summary.saved) == (0.02, 0.04)
    assert [place for place, _ in summary.slowest] in (["b", "x"], ["x", "b"])
    assert summary.p50 <= summary.p95 <= summary.p99 <= summary.seconds
    assert str(summary).startswith(
        "3 ok, 2 refused · 1 from the store · 1 billed: 0.02"
    )
    json.dumps(result.attrs)
    with pytest.raises(cm.OptionsError, match="does not know its run"):
        cm.summarize_run(keys("a"))


def test_the_summary_is_shown_at_the_end(scripted, capfd):
    """With a bar, the same line is printed once; without, nothing is."""
    client = scripted(answer_png)
    result = cm.matte_frame(keys("a"), client)
    assert capfd.readouterr().out == f"{cm.summarize_run(result)}\n"
