"""A replay answers as the recording has it, and never pretends to more."""

import json
import shutil
import threading
from dataclasses import replace

import httpx
import pytest
from scripted import ADDRESS, KEYS, PNG, Time
from squares import WhiteEngine

import cosmat_nb as cm
from cosmat_nb import errors
from cosmat_nb.client.blocking import MattingClient
from cosmat_nb.client.recording import Recorder
from cosmat_nb.client.steps import Attempt, Reply
from cosmat_nb.emulator.messages import Incoming
from cosmat_nb.emulator.replay import Replay
from cosmat_nb.options import MattingOptions
from cosmat_nb.wire.address import parse_target
from cosmat_nb.wire.documents import ErrorDocument

LINK = "https://h/a.jpg?v=1&q-ak=AKID{0}&q-sign-time={0};9&q-signature=5aed{0}"


def record(folder, *exchanges):
    """Record answers to requests: (method, target, status, body) each."""
    recorder = Recorder(folder)
    for method, target, status, body in exchanges:
        attempt = Attempt(method=method, target=target, headers={}, body=b"", seconds=9)
        headers = {"x-cos-request-id": "REQ", "Content-Length": "77", "Date": "then"}
        recorder.keep(attempt, Reply(status=status, headers=headers, body=body))
    return folder


def incoming(target="/a", method="GET", body=b"", **headers):
    """Make a request as it comes over the wire."""
    key, params = parse_target(target)
    return Incoming(method=method, key=key, params=params, headers=headers, body=body)


def player(replay, **settings):
    """Make a client whose network is a replay."""

    def handle(request):
        key, params = parse_target(request.url.raw_path.decode("ascii"))
        asked = Incoming(
            method=request.method,
            key=key,
            params=params,
            headers=dict(request.headers),
            body=request.content,
        )
        outgoing = replay.answer(asked)
        return httpx.Response(
            outgoing.status,
            headers=[
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in outgoing.headers.items()
            ],
            stream=httpx.ByteStream(b"" if request.method == "HEAD" else outgoing.body),
        )

    settings = {"clock": Time().clock} | settings
    transport = httpx.MockTransport(handle)
    return MattingClient(ADDRESS, KEYS, transport=transport, **settings)


def visit(client, square):
    """Spend a day with a service and note all that it answers."""
    yield client.put("杯子/mug.jpg", square)
    for options in (MattingOptions(), MattingOptions(center=True, padding=(4, 2))):
        cutout = client.matte("杯子/mug.jpg", options)
        yield cutout.png, cutout.height, cutout.width, cutout.request_id
    yield client.head("杯子/mug.jpg")
    yield client.fetch("杯子/mug.jpg")
    yield list(client.list_objects("杯子/"))
    yield client.delete("杯子/mug.jpg")
    yield list(client.list_objects("杯子/"))
    with pytest.raises(errors.ObjectNotFoundError) as caught:
        client.matte("杯子/mug.jpg")
    yield str(caught.value)


@pytest.fixture
def day(tmp_path, square):
    """A recorded day with the emulator: its folder, and what the client was told."""
    with cm.connect_emulator(cm.Emulator(engine=WhiteEngine())) as client:
        send, recorder = client._send, Recorder(tmp_path / "day")

        def send_and_keep(attempt):
            reply = send(attempt)
            recorder.keep(attempt, reply)
            return reply

        client._send = send_and_keep
        told = list(visit(client, square))
    return tmp_path / "day", told


def test_a_recorded_day_is_lived_again(day, square):
    """Another client, other keys, another host: every answer, id and error is equal."""
    folder, told = day
    with player(Replay(folder)) as client:
        assert list(visit(client, square)) == told


def test_a_recording_is_read_once(day, square):
    """A replay needs its folder only to begin with."""
    folder, told = day
    replay = Replay(folder)
    shutil.rmtree(folder)
    assert len(replay) == len(told)
    with player(replay) as client:
        assert list(visit(client, square)) == told


def test_the_same_request_is_answered_in_the_recorded_order(tmp_path):
    """First, second, then the second for ever, whatever is asked in between."""
    replay = Replay(
        record(
            tmp_path,
            ("GET", "/a", 200, b"one"),
            ("GET", "/b", 200, b"other"),
            ("GET", "/a", 404, b"two"),
        )
    )
    bodies = [replay.answer(incoming(f"/{key}")).body for key in "aabaab"]
    assert bodies == [b"one", b"two", b"other", b"two", b"two", b"other"]


def test_the_order_is_that_of_numbers(tmp_path):
    """The ten thousandth exchange comes after the last of four digits."""
    folder = record(tmp_path, ("GET", "/a", 200, b"one"), ("GET", "/a", 200, b"two"))
    for suffix in (".json", ".bin"):
        (folder / f"0001-GET-a{suffix}").rename(folder / f"10000-GET-a{suffix}")
        (folder / f"0002-GET-a{suffix}").rename(folder / f"9999-GET-a{suffix}")
    replay = Replay(folder)
    assert [replay.answer(incoming("/a")).body for _ in "12"] == [b"two", b"one"]


def test_a_retried_call_is_retried_again(tmp_path):
    """A client meets the same refusal, waits, and gets the same answer after it."""
    slow = ErrorDocument(code="SlowDown", message="Please.").to_xml()
    folder = record(tmp_path, ("GET", "/a", 503, slow), ("GET", "/a", 200, b"tea"))
    time = Time()
    with player(Replay(folder), clock=time.clock) as client:
        assert client.fetch("a") == b"tea"
    assert len(time.slept) == 1


def test_headers_of_the_connection_are_not_replayed(tmp_path):
    """Date and length are the server's business; all else is as the service sent it."""
    replay = Replay(record(tmp_path, ("GET", "/a", 200, b"tea")))
    assert replay.answer(incoming("/a")).headers == {"x-cos-request-id": "REQ"}


def test_the_length_of_an_object_is_replayed_for_head(tmp_path):
    """There it is the answer itself."""
    replay = Replay(record(tmp_path, ("HEAD", "/a", 200, b"")))
    headers = replay.answer(incoming("/a", "HEAD")).headers
    assert headers == {"Content-Length": "77", "x-cos-request-id": "REQ"}


def test_headers_beyond_ascii_can_be_sent(tmp_path):
    """Servers write latin-1; the bytes are those of UTF-8 again."""
    attempt = Attempt(method="GET", target="/a", headers={}, body=b"", seconds=9)
    reply = Reply(status=200, headers={"x-cos-meta-name": "杯"}, body=b"")
    Recorder(tmp_path).keep(attempt, reply)
    value = Replay(tmp_path).answer(incoming("/a")).headers["x-cos-meta-name"]
    assert value.encode("latin-1").decode() == "杯"


def test_a_link_signed_anew_finds_its_answer(tmp_path):
    """A presigned link differs each day; the picture it names does not."""
    first, later, other = (
        str(httpx.QueryParams({"detect-url": link, "ci-process": "AIPicMatting"}))
        for link in (
            LINK.format(1),
            LINK.format(2),
            LINK.format(1).replace("v=1", "v=2"),
        )
    )
    replay = Replay(record(tmp_path, ("GET", f"/?{first}", 200, PNG)))
    assert replay.answer(incoming(f"/?{later}")).body == PNG
    assert replay.answer(incoming(f"/?{other}")).status == 501


@pytest.mark.parametrize(
    "other",
    [
        incoming("/b"),
        incoming("/a?v=1"),
        incoming("/a", "PUT"),
        incoming("/a", range="bytes=0-1"),
        incoming("/a", body=b"x"),
    ],
    ids=["key", "parameter", "method", "header", "body"],
)
def test_what_was_never_recorded_is_refused(tmp_path, other):
    """A replay answers no question that differs in anything that matters."""
    replay = Replay(record(tmp_path, ("GET", "/a", 200, b"tea")))
    same = replace(incoming("/a"), headers={"host": "x", "authorization": "y"})
    assert replay.answer(same).status == 200
    assert replay.answer(other).status == 501


def test_a_refusal_cannot_be_taken_for_the_services(tmp_path):
    """It says what was asked, what is nearest, and has no id of the service."""
    folder = record(
        tmp_path,
        ("GET", "/samples/mug.jpg?ci-process=AIPicMatting", 200, PNG),
        ("DELETE", "/x", 204, b""),
    )
    target = "/samples/mug.jpg?ci-process=AIPicMatting&center-layout=1"
    outgoing = Replay(folder).answer(incoming(target))
    assert outgoing.headers["Server"] == "cosmat-replay"
    assert not [name for name in outgoing.headers if name.lower().startswith("x-")]
    document = ErrorDocument.from_xml(outgoing.body)
    assert (document.code, document.request_id) == ("NotImplemented", "")
    assert document.message == (
        "This is a replay and not the service; its recording has no answer to GET "
        "samples/mug.jpg?center-layout=1&ci-process=AIPicMatting. The nearest of 2 it "
        "has: GET samples/mug.jpg?ci-process=AIPicMatting; DELETE x"
    )


def test_a_client_is_told_at_once_that_there_is_no_recording(tmp_path):
    """The client raises after one attempt, with the replay's own words."""
    replay = Replay(record(tmp_path, ("GET", "/a", 200, b"")))
    told = pytest.raises(errors.ServerError, match="This is a replay")
    with player(replay) as client, told as caught:
        client.matte("b")
    assert (caught.value.attempts, caught.value.status) == (1, 501)


def test_a_refusal_shows_no_secret(tmp_path):
    """What was asked is told without the signatures in it."""
    replay = Replay(record(tmp_path, ("GET", "/a", 200, b"")))
    link = str(httpx.QueryParams({"detect-url": LINK.format(1), "q-ak": "AKID3"}))
    asked = incoming(f"/?{link}&q-signature=5aed3", authorization="q-ak=AKID4")
    body = replay.answer(asked).body
    assert b"detect-url=https://h/a.jpg?v=1&amp;q-ak=***" in body
    assert b"AKID" not in body
    assert b"5aed" not in body


def test_threads_share_a_replay(tmp_path):
    """Of ten recorded answers each is given once before the last is repeated."""
    bodies = [b"%d" % number for number in range(10)]
    replay = Replay(record(tmp_path, *[("GET", "/a", 200, body) for body in bodies]))
    given = []
    threads = [
        threading.Thread(
            target=lambda: given.append(replay.answer(incoming("/a")).body)
        )
        for _ in range(14)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == sorted([*bodies, *[b"9"] * 4])


def test_a_folder_without_exchanges_is_refused(tmp_path):
    """No folder, a file, a folder of other things: each is said plainly."""
    with pytest.raises(errors.OptionsError, match="is not a folder"):
        Replay(tmp_path / "none")
    (tmp_path / "notes.json").write_text("{}")
    with pytest.raises(errors.OptionsError, match="is not a folder"):
        Replay(tmp_path / "notes.json")
    with pytest.raises(errors.OptionsError, match="holds no exchange"):
        Replay(tmp_path)


def test_unfinished_and_foreign_files_are_passed_over(tmp_path):
    """A body without a record, a draft and a person's notes do no harm."""
    folder = record(tmp_path, ("GET", "/a", 200, b"tea"))
    for name in ("0002-GET-b.png", ".0003-part", "notes.json", "0001-GET-a.txt"):
        (folder / name).write_text("what?")
    assert len(Replay(folder)) == 1


DAMAGES = {
    "text": lambda path: path.write_text("what?"),
    "body gone": lambda path: path.with_suffix(".bin").unlink(),
    "body changed": lambda path: path.with_suffix(".bin").write_bytes(b"te"),
    "format": lambda path: path.write_text(json.dumps({"format": 99})),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_named(tmp_path, damage):
    """A recording is taken whole or not at all, and the culprit is told."""
    folder = record(tmp_path, ("GET", "/a", 200, b"tea"), ("GET", "/b", 200, b"tea"))
    damage(folder / "0002-GET-b.json")
    with pytest.raises(errors.OptionsError, match=r"0002-GET-b\.json"):
        Replay(folder)
