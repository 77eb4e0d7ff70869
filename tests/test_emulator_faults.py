"""The emulator when it fails as it was told to, seen on the wire and by the client."""

from __future__ import annotations

import contextlib
import math
import socket
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import Time
from squares import WhiteEngine, draw_square
from test_emulator_server import MATTE, call, connected, raw_signed, split

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.emulator.app import Tally
from cosmat_nb.emulator.faults import Fault, Faults
from cosmat_nb.emulator.latency import Latency
from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.address import write_target
from cosmat_nb.wire.documents import ErrorDocument
from cosmat_nb.wire.markup import parse_xml

TARGET = write_target("a.jpg", MATTE)
SOON = settings(derandomize=True, deadline=None, max_examples=50)


@contextlib.contextmanager
def failing(*script, **arguments):
    """Start an emulator that fails by a script and holds the red square."""
    arguments = {"faults": Faults(script=script)} | arguments
    with cm.Emulator(engine=WhiteEngine(), **arguments) as emulator:
        emulator.bucket.put("a.jpg", images.encode_jpeg(draw_square()), "image/jpeg")
        yield emulator


def patient(emulator, clock=None, **patience):
    """Make a client that waits as it is told to, by a clock that needs no time."""
    patience = {"draw": lambda: 0.5, "base": 0.5} | patience
    return cm.MattingClient(
        emulator.address,
        emulator.credentials,
        endpoint=emulator.endpoint,
        retry=cm.Retry(**patience),
        clock=replace(Time().clock if clock is None else clock, now=time.time),
    )


def watch(emulator, target=TARGET, key="a.jpg", method="GET"):
    """Ask once, read all there is; return it and how the connection ended."""
    place = urlsplit(emulator.endpoint)
    data = b""
    with socket.create_connection((place.hostname, place.port), timeout=10) as plug:
        plug.sendall(raw_signed(emulator, method, key, target))
        try:
            while piece := plug.recv(65536):
                data += piece
        except ConnectionResetError:
            return data, "reset"
    return data, "closed"


@contextlib.contextmanager
def waiting(emulator, count):
    """Ask so often for the matte at once, until all are processed; then hang up."""
    place = urlsplit(emulator.endpoint)
    with contextlib.ExitStack() as plugs:
        for _ in range(count):
            plug = socket.create_connection((place.hostname, place.port), timeout=10)
            plugs.enter_context(plug)
            plug.sendall(raw_signed(emulator, "GET", "a.jpg", TARGET))
        deadline = time.monotonic() + 20
        while emulator.billed < count:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        yield


@pytest.fixture(scope="module")
def good_png():
    """The matte of the red square from an emulator that does not fail."""
    with failing() as emulator:
        status, headers, body = split(watch(emulator)[0])
    assert (status, headers["Content-Length"]) == (200, str(len(body)))
    return body


@pytest.fixture(autouse=True)
def quiet(caplog):
    """A failure that was ordered is nothing to log."""
    yield
    assert [record.getMessage() for record in caplog.records] == []


def test_a_refusal_is_a_whole_document_and_free():
    """Status and document fit the code; the connection stays; nothing is billed."""
    cases = [
        (Fault.throttle(), 503, "SlowDown"),
        (Fault.fail(), 500, "InternalError"),
        (Fault.expire_token(), 400, "ExpiredToken"),
        (Fault.skew_clock(), 403, "RequestTimeTooSkewed"),
        (Fault.refuse("PaymentRequired"), 402, "PaymentRequired"),
        (Fault.refuse("AIBucketUnBinded"), 400, "AIBucketUnBinded"),
    ]
    script = [case[0] for case in cases]
    with failing(*script) as emulator, connected(emulator) as connection:
        connection.connect()
        plug = connection.sock
        for _, status, code in cases:
            answer, body = call(connection, emulator, "GET", "a.jpg", MATTE)
            document = ErrorDocument.from_xml(body)
            assert (answer.status, document.code) == (status, code)
            assert document.message
            assert document.request_id == answer.headers["x-cos-request-id"]
            assert "Retry-After" not in answer.headers
        assert emulator.billed == 0
        assert call(connection, emulator, "GET", "a.jpg", MATTE)[0].status == 200
        assert connection.sock is plug
        assert emulator.billed == 1


def test_a_throttled_client_can_be_told_how_long_to_wait():
    """`retry_after` is the answer's Retry-After, whole seconds."""
    with failing(Fault.throttle(retry_after=7)) as emulator:
        status, headers, _ = split(watch(emulator)[0])
    assert (status, headers["Retry-After"]) == (503, "7")


def test_a_skewed_clock_tells_its_date():
    """The Date of the answer is as far ahead as the clock is said to be."""
    now = time.time()
    with failing(Fault.skew_clock(1200), now=lambda: now) as emulator:
        dates = [split(watch(emulator)[0])[1]["Date"] for _ in range(2)]
    ahead, right = (pd.Timestamp(date).timestamp() for date in dates)
    assert ahead - right == 1200
    assert right == int(now)


def test_a_reset_at_once_comes_before_any_work():
    """Not a byte comes, the connection is reset, nothing is billed."""
    with failing(Fault.reset_at_once()) as emulator:
        assert watch(emulator) == (b"", "reset")
        assert emulator.billed == 0


def test_a_reset_midway_has_told_the_length(good_png):
    """Headers and all but 30 bytes come, then a reset; the matte is billed."""
    whole = good_png
    with failing(Fault.reset_midway(missing=30)) as emulator:
        answer, end = watch(emulator)
        assert emulator.billed == 1
    status, headers, body = split(answer)
    assert (status, headers["Content-Length"], end) == (200, str(len(whole)), "reset")
    assert body == whole[:-30]


def test_a_reset_midway_can_leave_headers_alone():
    """More bytes missing than there are: the headers come, and no body."""
    with failing(Fault.reset_midway(missing=10**9)) as emulator:
        answer, end = watch(emulator)
    assert (split(answer)[0], split(answer)[2], end) == (200, b"", "reset")


def test_a_reset_after_the_answer_loses_none_of_it(good_png):
    """The whole PNG comes, and then a reset instead of an orderly end."""
    with failing(Fault.reset_after()) as emulator:
        answer, end = watch(emulator)
        assert emulator.billed == 1
    assert (split(answer)[2], end) == (good_png, "reset")


def test_a_reset_waits_for_a_large_answer():
    """Four megabytes, more than buffers hold, are all out before the reset."""
    plan = Faults(script=[Fault.reset_after()], requests="all")
    data = bytes(range(256)) * (4 << 12)
    with failing(faults=plan) as emulator:
        emulator.bucket.put("big", data, "x/y")
        answer, end = watch(emulator, "/big", "big")
    assert end == "reset"
    assert split(answer)[2] == data


def test_a_truncated_png_is_good_http(good_png):
    """The length is that of what comes; only the PNG lacks its end."""
    with failing(Fault.truncate(missing=5)) as emulator:
        answer, end = watch(emulator)
        assert emulator.billed == 1
    status, headers, body = split(answer)
    assert (status, body, end) == (200, good_png[:-5], "closed")
    assert headers["Content-Length"] == str(len(body))


def test_an_answer_that_falls_short_ends_in_order(good_png):
    """Fewer bytes than promised, and then a farewell, not a reset."""
    whole = good_png
    with failing(Fault.fall_short(missing=1)) as emulator:
        answer, end = watch(emulator)
        assert emulator.billed == 1
    status, headers, body = split(answer)
    assert (status, body, end) == (200, whole[:-1], "closed")
    assert headers["Content-Length"] == str(len(whole))


def test_an_empty_matte_has_the_right_size():
    """Alpha is 0 everywhere, on the canvas of a good answer; it is billed."""
    with failing(Fault.empty_matte()) as emulator:
        status, headers, body = split(watch(emulator)[0])
        assert emulator.billed == 1
    rgba = images.decode_rgba(body)
    assert (status, headers["Content-Length"]) == (200, str(len(body)))
    assert rgba.shape == (64, 96, 4)
    assert not rgba.any()


def test_an_upload_can_lose_its_results():
    """The document tells the original and lists no object; the next one lists it."""
    rules = '{"rules": [{"fileid": "/b.png", "rule": "ci-process=AIPicMatting"}]}'
    headers = {"Pic-Operations": rules}
    picture = images.encode_jpeg(draw_square())
    with failing(Fault.no_results()) as emulator, connected(emulator) as line:
        documents = []
        for billed in (1, 2):
            answer, body = call(line, emulator, "PUT", "c.jpg", None, picture, headers)
            assert (answer.status, emulator.billed) == (200, billed)
            documents.append(parse_xml(body))
    lost, found = documents
    assert [child.tag for child in lost] == ["OriginalInfo", "ProcessResults"]
    assert lost.findtext("OriginalInfo/Key") == "c.jpg"
    assert lost.findall(".//Object") == []
    assert [row.findtext("Key") for row in found.iter("Object")] == ["b.png"]


def test_other_documents_keep_what_they_list():
    """Only an upload's document loses its objects."""
    plan = Faults(script=[Fault.no_results()], requests="all")
    with failing(faults=plan) as emulator, connected(emulator) as line:
        spoiled, good = (call(line, emulator, "GET")[1] for _ in range(2))
    assert spoiled == good
    assert b"<Key>a.jpg</Key>" in good


def test_what_cannot_be_spoiled_is_answered_well():
    """A refusal has no PNG to truncate or to empty."""
    plan = [Fault.truncate(), Fault.empty_matte(), Fault.no_results()]
    with failing(*plan) as emulator:
        emulator.bucket.remove("a.jpg")
        answers = [split(watch(emulator)[0]) for _ in plan]
        assert emulator.billed == 0
    for status, headers, body in answers:
        assert (status, ErrorDocument.from_xml(body).code) == (404, "NoSuchKey")
        assert headers["Content-Length"] == str(len(body))


def test_slow_answers_hold_nobody_up():
    """Fifty answers wait at once, more than there are threads, and one is given."""
    late = Latency(median=60.0, spread=0.0)
    script = [*[Fault.slow_start(60)] * 50, None]
    for faults, latency, last in [(script, None, MATTE), ([], late, None)]:
        with failing(*faults, latency=latency) as emulator, waiting(emulator, 50):
            with connected(emulator) as line:
                answer, _ = call(line, emulator, "GET", "a.jpg", last)
            assert answer.status == 200


def test_a_slow_body_comes_in_pieces(good_png):
    """Each piece arrives a pause after the one before, and together they are whole."""
    whole = good_png
    size = math.ceil(len(whole) / 3)
    with failing(Fault.slow_body(pause=0.2, piece=size)) as emulator:
        place = urlsplit(emulator.endpoint)
        with socket.create_connection((place.hostname, place.port)) as plug:
            plug.sendall(raw_signed(emulator, "GET", "a.jpg", TARGET))
            pieces, times = [], []
            while piece := plug.recv(65536):
                pieces.append(piece)
                times.append(time.perf_counter())
    assert split(b"".join(pieces))[2] == whole
    # Two pauses between three pieces; timers may be a few milliseconds early.
    assert times[-1] - times[0] > 0.39
    assert sum(late - early > 0.1 for early, late in pairwise(times)) == 2


def test_a_client_that_hangs_up_is_not_waited_for():
    """A slow answer that nobody wants any more does not hold a stop up."""
    with failing(Fault.slow_start(60), Fault.slow_body(60, 10)) as emulator:
        with waiting(emulator, 2):
            pass
        start = time.monotonic()
        emulator.stop()
        assert time.monotonic() - start < 3


def test_faults_can_be_joined():
    """A refusal can be slow, come in pieces and break off."""
    fault = Fault(code="SlowDown", delay=0.2, piece=50, pause=0.01, end="reset")
    with failing(fault) as emulator:
        start = time.perf_counter()
        answer, end = watch(emulator)
        assert time.perf_counter() - start > 0.19
    assert (split(answer)[0], end) == (503, "reset")
    assert ErrorDocument.from_xml(split(answer)[2]).code == "SlowDown"


@pytest.mark.parametrize("method", ["HEAD", "DELETE"])
def test_answers_without_a_body_can_break_too(method):
    """Headers come and then a reset, also where no body follows."""
    plan = Faults(script=[Fault.reset_after()], requests="all")
    with failing(faults=plan) as emulator:
        answer, end = watch(emulator, "/a.jpg", method=method)
    assert (split(answer)[0] in (200, 204), split(answer)[2], end) == (
        True,
        b"",
        "reset",
    )


def test_only_matting_fails_unless_all_shall():
    """Other requests go well and use up no entry; with "all" they are like any."""
    for concern, expected in [("matting", [200, 503]), ("all", [503, 200])]:
        plan = Faults(script=[Fault.throttle()], requests=concern)
        with failing(faults=plan) as emulator, connected(emulator) as connection:
            first = call(connection, emulator, "GET", "a.jpg")[0].status
            second = call(connection, emulator, "GET", "a.jpg", MATTE)[0].status
        assert [first, second] == expected


def test_a_script_ends_and_all_goes_well():
    """One entry a request, None for a good one; after the end, odds decide."""
    plan = Faults(script=[None, Fault.fail()], odds={Fault.throttle(): 1.0})
    with failing(faults=plan) as emulator:
        found = [split(watch(emulator)[0])[0] for _ in range(4)]
        assert emulator.billed == 1
    assert found == [200, 500, 503, 503]


def test_a_seed_gives_the_same_faults_again():
    """Two emulators with one plan fail alike; another seed fails otherwise."""
    odds = {Fault.throttle(): 0.3, Fault.fail(): 0.3}
    seen = []
    for seed in (1, 1, 2):
        plan = Faults(odds=odds, seed=seed)
        with failing(faults=plan) as emulator, connected(emulator) as line:
            seen.append(
                [
                    call(line, emulator, "GET", "a.jpg", MATTE)[0].status
                    for _ in "x" * 30
                ]
            )
            assert emulator.billed == seen[-1].count(200)
    assert seen[0] == seen[1] != seen[2]
    assert set(seen[0]) == {200, 500, 503}


@given(seed=st.integers(), number=st.integers(0, 10**6))
@SOON
def test_a_pick_depends_on_seed_and_number_alone(seed, number):
    """Equal plans pick equal faults, whatever was picked before."""
    odds = {Fault.fail(): 0.4, Fault.truncate(): 0.3}
    plan, same = (Faults(odds=dict(odds), seed=seed) for _ in range(2))
    plan.pick(number + 1)
    assert plan == same
    assert hash(plan) == hash(same)
    assert plan.pick(number) == same.pick(number)


def test_odds_are_kept():
    """Of 4000 picks, each fault gets its share, within four standard deviations."""
    odds = {Fault.fail(): 0.5, Fault.truncate(): 0.1}
    picks = [Faults(odds=odds, seed=5).pick(number) for number in range(4000)]
    for fault, share in [*odds.items(), (None, 0.4)]:
        deviation = math.sqrt(4000 * share * (1 - share))
        assert abs(picks.count(fault) - 4000 * share) < 4 * deviation


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Fault.refuse("Nonsense"), "code must be .*; not 'Nonsense'"),
        (lambda: Fault(spoil="sour"), "spoil must be one of truncate"),
        (lambda: Fault(end="boom"), "end must be one of"),
        (lambda: Fault.slow_start(-1), "delay must be 0 seconds or more; not -1"),
        (lambda: Fault.slow_start(math.inf), "delay"),
        (lambda: Fault.slow_body(math.nan), "pause"),
        (lambda: Fault.slow_body(1, -5), "piece must be a whole number"),
        (lambda: Fault.truncate(1.5), "missing must be a whole number"),
        (lambda: Fault.throttle(-1), "retry_after"),
        (lambda: Fault.skew_clock(math.nan), "skew"),
        (lambda: Faults(script=["SlowDown"]), "expected a Fault; got 'SlowDown'"),
        (lambda: Faults(odds={"SlowDown": 0.1}), "expected a Fault"),
        (lambda: Faults(odds={Fault.fail(): 1.5}), "odds must be in"),
        (lambda: Faults(odds={Fault.fail(): -0.5}), "odds must be in"),
        (lambda: Faults(odds={Fault.fail(): 0.6, Fault.truncate(): 0.6}), "together"),
        (lambda: Faults(requests="some"), "requests must be one of matting, all"),
        (lambda: Latency(median=-1), "median must be 0 or more; not -1"),
        (lambda: Latency(spread=math.nan), "spread"),
        (lambda: cm.Emulator(prefix="base"), "prefix must look like /base"),
        (lambda: cm.Emulator(prefix="/base/"), "prefix"),
        (lambda: cm.Emulator(prefix="/a b"), "prefix"),
    ],
)
def test_nonsense_is_refused_when_it_is_said(make, reason):
    """Unknown words and impossible numbers are OptionsErrors that name the argument."""
    with pytest.raises(OptionsError, match=reason):
        make()


def test_a_fault_is_shown_by_what_is_wrong():
    """Only what differs from a good answer is in the repr."""
    assert repr(Fault.reset_midway(3)) == "Fault(end='reset', missing=3)"
    assert repr(Fault()) == "Fault()"
    assert len({Fault.fail(), Fault.refuse("InternalError"), Fault.throttle()}) == 2


def test_the_client_heals_what_passes(good_png):
    """Each call succeeds, its attempts are counted, the vendor's bill is known."""
    cases = [
        (Fault.reset_at_once(), 2, 1),
        (Fault.throttle(), 2, 1),
        (Fault.fail(), 2, 1),
        (Fault.refuse("ServiceUnavailable"), 2, 1),
        (Fault.reset_midway(), 2, 2),
        (Fault.fall_short(), 2, 2),
        (Fault.truncate(), 2, 2),
        (Fault.slow_start(0.1), 1, 1),
        (Fault.slow_body(0.01, 100), 1, 1),
        (Fault.reset_after(), 1, 1),
    ]
    script = [step for fault, n, _ in cases for step in (fault, None)[:n]]
    with failing(*script) as emulator, patient(emulator) as client:
        for fault, attempts, billed in cases:
            before = emulator.billed
            cutout = client.matte("a.jpg")
            told = (fault, cutout.attempts, emulator.billed - before)
            assert told == (fault, attempts, billed)
            assert cutout.png == good_png


def test_the_client_tells_what_went_wrong():
    """With one attempt, each kind becomes its error and says what to make of it."""
    cases = [
        (Fault.reset_at_once(), cm.TransportError, True, False, 0),
        (Fault.reset_midway(), cm.TransportError, True, False, 1),
        (Fault.fall_short(), cm.TransportError, True, False, 1),
        (Fault.truncate(), cm.ProtocolError, True, False, 1),
        (Fault.throttle(), cm.ThrottledError, True, False, 0),
        (Fault.fail(), cm.ServerError, True, False, 0),
        (Fault.expire_token(), cm.AccessDeniedError, False, True, 0),
        (Fault.skew_clock(60), cm.AccessDeniedError, False, True, 0),
        (Fault.refuse("PaymentRequired"), cm.PaymentRequiredError, False, True, 0),
        (Fault.refuse("ImageTooLarge"), cm.ImageRejectedError, False, False, 0),
    ]
    script = [case[0] for case in cases]
    with failing(*script) as emulator, patient(emulator, attempts=1) as client:
        for fault, error, heals, dooms, billed in cases:
            before = emulator.billed
            with pytest.raises(error) as caught:
                client.matte("a.jpg")
            told = (fault, caught.value.heals, caught.value.dooms)
            assert told == (fault, heals, dooms)
            assert caught.value.attempts == 1
            assert emulator.billed - before == billed


def test_the_client_waits_as_long_as_it_is_told():
    """Retry-After is added to the client's own wait: 3 s + half of 0.5 s."""
    clock = Time()
    with (
        failing(Fault.throttle(retry_after=3), Fault.throttle()) as emulator,
        patient(emulator, clock.clock) as client,
    ):
        assert client.matte("a.jpg").attempts == 3
    # The second wait is half of the doubled half second.
    assert clock.slept == [3.25, 0.5]


def test_the_client_does_not_ask_again_in_vain():
    """What waiting cannot cure is asked once."""
    script = [Fault.expire_token(), Fault.refuse("ImageTooLarge")]
    with failing(*script) as emulator, patient(emulator) as client:
        for expected in (cm.AccessDeniedError, cm.ImageRejectedError):
            with pytest.raises(expected) as caught:
                client.matte("a.jpg")
            assert caught.value.attempts == 1
        assert client.matte("a.jpg").attempts == 1


def test_a_skewed_clock_is_followed():
    """The client signs by the emulator's date, says so, and is let through."""
    with failing(Fault.skew_clock(600)) as emulator, patient(emulator) as client:
        with pytest.warns(cm.CosmatWarning, match="(599|600) s slow"):
            assert client.matte("a.jpg").attempts == 2
        assert emulator.billed == 1


def test_a_slow_answer_can_be_too_slow():
    """A call given up by the client is asked again, and both are billed."""
    script = [Fault.slow_start(30), Fault.slow_body(30, piece=100)]
    with (
        failing(*script) as emulator,
        patient(emulator, cm.Clock(), base=0.001, attempt_seconds=0.4) as client,
    ):
        assert client.matte("a.jpg").attempts == 3
        assert emulator.billed == 3


def test_an_empty_matte_is_an_answer():
    """The client takes it for what it is: one call, nothing visible, paid."""
    with failing(Fault.empty_matte()) as emulator, patient(emulator) as client:
        cutout = client.matte("a.jpg")
        assert (cutout.is_empty, cutout.attempts, emulator.billed) == (True, 1, 1)
        assert not client.matte("a.jpg").is_empty


def test_a_connection_lost_after_an_answer_costs_nothing():
    """The next call finds the connection gone, and is billed once all the same."""
    with failing(*[Fault.reset_after()] * 3) as emulator, patient(emulator) as client:
        for _ in range(4):
            assert client.matte("a.jpg").attempts <= 2
        assert emulator.billed == 4


def test_a_batch_comes_through():
    """Half of all requests fail, every row ends ok, and the bill is what it must be."""
    unpaid = [Fault.reset_at_once(), Fault.throttle(), Fault.fail()]
    paid = [Fault.reset_midway(), Fault.truncate(), Fault.fall_short()]
    plan = Faults(odds=dict.fromkeys([*unpaid, *paid], 0.08), seed=11)
    with failing(faults=plan) as emulator:
        keys = [f"p/{number}.jpg" for number in range(30)]
        for key in keys:
            emulator.bucket.put(key, images.encode_jpeg(draw_square()), "image/jpeg")
        with patient(emulator, cm.Clock(), base=0.001, attempts=30) as client:
            frame = pd.DataFrame({"key": keys})
            result = cm.matte_frame(frame, client, progress=False)
        billed = emulator.billed
    assert list(result["status"]) == ["ok"] * 30
    picks = [plan.pick(number) for number in range(result["attempts"].sum())]
    # Every request that was not stopped before it was processed is on the bill.
    assert billed == len(picks) - sum(pick in unpaid for pick in picks)
    assert billed >= 30 + sum(pick in paid for pick in picks)
    assert len(picks) > 40


def test_the_bill_counts_what_was_processed():
    """Refusals, downloads and listings are free; mattes count, by many at once too."""
    with failing() as emulator:

        def work(_):
            with connected(emulator) as line:
                for key in ("a.jpg", "nope.jpg"):
                    call(line, emulator, "GET", key, MATTE)
                call(line, emulator, "GET", "a.jpg")
                call(line, emulator, "GET")

        with ThreadPoolExecutor(12) as pool:
            list(pool.map(work, range(48)))
        assert emulator.billed == 48
        emulator.stop()
        assert emulator.billed == 48


def test_a_tally_loses_no_count():
    """Threads that add at once each get a number of their own."""
    tally = Tally()
    start = threading.Barrier(8)

    def work(_):
        start.wait()
        return [tally.add("x") for _ in range(500)]

    with ThreadPoolExecutor(8) as pool:
        seen = sorted(n for own in pool.map(work, range(8)) for n in own)
    assert seen == list(range(4000))
    assert (tally["x"], tally["y"]) == (4000, 0)


def test_a_matte_takes_its_time_and_a_refusal_does_not():
    """Latency is the least time of a matte; refusals and downloads come at once."""
    latency = Latency(median=0.5, spread=0.0)
    with failing(latency=latency) as emulator, connected(emulator) as line:
        seconds = []
        for key, params in [("a.jpg", MATTE), ("nope", MATTE), ("a.jpg", None)]:
            start = time.perf_counter()
            call(line, emulator, "GET", key, params)
            seconds.append(time.perf_counter() - start)
    assert 0.49 < seconds[0] < 1.5
    assert max(seconds[1:]) < 0.4


def test_only_mattes_use_up_a_time():
    """Downloads in between do not change how long the next matte takes."""
    with failing(latency=Latency(median=0.0)) as emulator, connected(emulator) as line:
        for params in (MATTE, None, MATTE, None):
            call(line, emulator, "GET", "a.jpg", params)
        assert emulator._app.tally["latency"] == 2


def test_latency_follows_its_law():
    """Half the draws are over the median, and their logarithms spread as said."""
    law = Latency(median=2.0, spread=0.5, seed=3)
    logs = np.log([law.pick(number) for number in range(4000)])
    # Standard errors of 4000 draws: 0.5/√4000 = 0.008 and 0.5/√8000 = 0.006.
    assert abs(statistics.median(logs) - math.log(2.0)) < 0.04
    assert abs(np.std(logs) - 0.5) < 0.03
    assert law.pick(7) == Latency(median=2.0, spread=0.5, seed=3).pick(7)
    assert law.pick(7) != Latency(median=2.0, spread=0.5, seed=4).pick(7)
    assert law.pick(7) != law.pick(8)
    assert max(Latency(spread=1e9).pick(number) for number in range(9)) == 600.0


def test_a_prefix_is_not_signed():
    """The prefix is taken off before the signature is checked; others stay whole."""
    cases = [
        ("/base/a.txt", "a.txt"),
        ("/a.txt", "a.txt"),
        ("/base/base/a.txt", "base/a.txt"),
        ("/basement/a.txt", "basement/a.txt"),
        ("/base", ""),
        ("/base/?prefix=a", ""),
        ("/", ""),
    ]
    with failing(prefix="/base") as emulator:
        for _, key in cases[:4]:
            emulator.bucket.put(key, key.encode(), "x/y")
        for target, key in cases:
            status, _, body = split(watch(emulator, target, key)[0])
            assert (target, status) == (target, 200)
            assert body.startswith(key.encode() if key else b"<?xml")


def test_without_a_prefix_paths_are_keys():
    """A path that happens to look like a prefix is part of the key."""
    with failing() as emulator:
        emulator.bucket.put("base/a.jpg", b"whole", "x/y")
        answer, _ = watch(emulator, "/base/a.jpg", "base/a.jpg")
    assert split(answer)[2] == b"whole"


def test_samples_can_fail_too():
    """An emulator with samples takes faults and latency like any other."""
    faults = Faults(script=[Fault.fail()])
    latency = Latency(median=0.3, spread=0.0)
    with (
        cm.Emulator.with_samples(1, faults=faults, latency=latency) as emulator,
        patient(emulator) as client,
    ):
        key = next(iter(client.list_objects("samples/"))).key
        start = time.perf_counter()
        assert client.matte(key).attempts == 2
        assert time.perf_counter() - start > 0.29
