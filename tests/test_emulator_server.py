"""The emulator on the wire, asked by anyone but our own client."""

from __future__ import annotations

import contextlib
import http.client
import logging
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from squares import WhiteEngine

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.emulator import serving
from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.address import quote_path, write_target
from cosmat_nb.wire.documents import ErrorDocument
from cosmat_nb.wire.signature import sign

MATTE = {"ci-process": "AIPicMatting"}


class SlowEngine(WhiteEngine):
    """Tells when it was asked, and takes its time."""

    def __init__(self):
        self.asked, self.go_on = threading.Event(), threading.Event()

    def estimate_alpha(self, picture):
        """Wait until told to go on."""
        self.asked.set()
        assert self.go_on.wait(10)
        return super().estimate_alpha(picture)


class BrokenEngine(WhiteEngine):
    """Fails on every picture."""

    def estimate_alpha(self, picture):
        """Fail."""
        raise ZeroDivisionError(f"cannot cut {picture.shape}")


def authorize(emulator, method, key="", params=None, headers=None, now=None):
    """Sign a request to the bucket's host; return the headers to send."""
    now = int(time.time() if now is None else now)
    covered = {"host": emulator.address.host, **(headers or {})}
    period = (now - 60, now + 600)
    signed = sign(
        emulator.credentials, method, f"/{key}", params or {}, covered, period
    )
    return {"Host": emulator.address.host, "Authorization": signed.header} | (
        headers or {}
    )


@contextlib.contextmanager
def connected(emulator):
    """Open one connection that stays open between requests."""
    connection = http.client.HTTPConnection(
        urlsplit(emulator.endpoint).netloc, timeout=20
    )
    with contextlib.closing(connection):
        yield connection


def call(connection, emulator, method, key="", params=None, body=None, headers=None):
    """Send a signed request and read the answer: (answer, body)."""
    asked = authorize(emulator, method, key, params, headers)
    connection.request(method, write_target(key, params or {}), body, asked)
    answer = connection.getresponse()
    return answer, answer.read()


def raw(emulator, data, *, hang_up=False):
    """Send bytes and read bytes until the other side closes."""
    place = urlsplit(emulator.endpoint)
    with socket.create_connection((place.hostname, place.port), timeout=10) as plug:
        plug.sendall(data)
        if hang_up:
            plug.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: plug.recv(65536), b""))


def raw_signed(emulator, method, key, target=None, body=b""):
    """Write a signed request with a target of its own."""
    headers = authorize(emulator, method, key)
    headers |= {"Connection": "close", "Content-Length": str(len(body))}
    target = target or quote_path(key)
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def split(answer):
    """Split raw bytes: status, header names and values as written, body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return int(status.split()[1]), dict(line.split(": ", 1) for line in lines), body


def test_headers_are_written_as_the_service_writes_them(emulator, square):
    """Names keep the vendor's capitals, and each answer has the common headers."""
    emulator.bucket.put("a.jpg", square, "image/jpeg")
    status, headers, body = split(raw(emulator, raw_signed(emulator, "GET", "a.jpg")))
    assert (status, body) == (200, square)
    assert {"Server", "Date", "Content-Type", "Content-Length", "ETag"} <= set(headers)
    assert {"Last-Modified", "x-cos-request-id", "x-cos-trace-id"} <= set(headers)
    assert len({name.lower() for name in headers}) == len(headers)
    assert headers["Server"] == "tencent-cos"
    assert headers["ETag"].startswith('"')
    assert headers["Content-Length"] == str(len(square))
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", headers["Date"])


def test_every_answer_can_be_told_from_every_other(emulator):
    """Request ids are never empty, and never the same twice."""
    seen = set()
    with connected(emulator) as connection:
        for method, key in [("GET", ""), ("PUT", "a"), ("GET", "b"), ("POST", "a")] * 5:
            answer, _ = call(connection, emulator, method, key)
            assert re.fullmatch(
                r"[0-9A-Za-z+/]{40}", answer.headers["x-cos-request-id"]
            )
            seen.add(answer.headers["x-cos-request-id"])
    assert len(seen) == 20


@pytest.mark.parametrize(
    ("method", "key", "status", "code"),
    [
        ("GET", "nope", 404, "NoSuchKey"),
        ("POST", "a", 405, "MethodNotAllowed"),
        ("PATCH", "", 405, "MethodNotAllowed"),
        ("PUT", "a/../b", 400, "InvalidObjectName"),
    ],
)
def test_an_error_document_is_whole(emulator, method, key, status, code):
    """Code, message, resource, request id and trace id are all there, and match."""
    with connected(emulator) as connection:
        answer, body = call(connection, emulator, method, key)
    document = ErrorDocument.from_xml(body)
    assert (answer.status, document.code) == (status, code)
    assert answer.headers["Content-Type"] == "application/xml"
    assert answer.headers["Content-Length"] == str(len(body))
    assert document.message
    assert document.resource == f"{emulator.address.host}/{key}"
    assert document.request_id == answer.headers["x-cos-request-id"]
    assert document.trace_id == answer.headers["x-cos-trace-id"]


def test_head_tells_the_length_and_sends_nothing(emulator):
    """HEAD answers like GET without the body, for objects, errors and the bucket."""
    emulator.bucket.put("a", b"hello", "text/plain")
    for key, status in [("a", 200), ("nope", 404), ("", 200)]:
        answers = [
            split(raw(emulator, raw_signed(emulator, method, key)))
            for method in ("HEAD", "GET")
        ]
        assert [answer[0] for answer in answers] == [status, status]
        assert answers[0][2] == b""
        lengths = [int(answer[1]["Content-Length"]) for answer in answers]
        assert lengths == [len(answers[1][2])] * 2


def test_delete_answers_no_content(emulator):
    """204 has neither a body nor a length."""
    emulator.bucket.put("a", b"x", "text/plain")
    for _ in range(2):
        status, headers, body = split(
            raw(emulator, raw_signed(emulator, "DELETE", "a"))
        )
        assert (status, body) == (204, b"")
        assert not {"content-length", "transfer-encoding"} & {
            h.lower() for h in headers
        }
        assert headers["x-cos-request-id"]


def test_an_unchanged_object_is_not_sent_again(emulator):
    """304 has no body, only its length, and the connection stays in step."""
    info = emulator.bucket.put("a", b"hello", "text/plain")
    same = {"If-None-Match": f'"{info.etag}"'}
    with connected(emulator) as connection:
        answer, body = call(connection, emulator, "GET", "a", headers=same)
        assert (answer.status, body) == (304, b"")
        assert answer.headers["Content-Length"] == "5"
        assert call(connection, emulator, "GET", "a")[1] == b"hello"


def test_one_connection_survives_errors(emulator, square):
    """After each kind of refusal the same connection answers the next request."""
    with connected(emulator) as connection:
        call(connection, emulator, "PUT", "a.jpg", body=square)
        plug = connection.sock
        for method, key, params, status in [
            ("GET", "nope", None, 404),
            ("HEAD", "nope", None, 404),
            ("POST", "a", None, 405),
            ("DELETE", "nope", None, 204),
            ("GET", "a.jpg", {"ci-process": "Nope"}, 501),
            ("GET", "a.jpg", {**MATTE, "padding-layout": "1"}, 400),
        ]:
            answer, _ = call(connection, emulator, method, key, params)
            assert (method, key, answer.status) == (method, key, status)
        answer, body = call(connection, emulator, "GET", "a.jpg", MATTE)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Server"] == "tencent-ci"
        assert images.decode_rgba(body).shape == (64, 96, 4)
        assert connection.sock is plug


def test_twenty_megabytes_come_back(emulator):
    """A large object is kept whole, also when it comes in chunks."""
    data = os.urandom(20 << 20)
    with connected(emulator) as connection:
        assert call(connection, emulator, "PUT", "big", body=data)[0].status == 200
        answer, body = call(connection, emulator, "GET", "big")
        assert answer.headers["Content-Length"] == str(20 << 20)
        assert body == data
        pieces = iter([data[:1000], data[1000:3000]])
        answer, _ = call(connection, emulator, "PUT", "small", body=pieces)
        assert answer.status == 200
    assert emulator.bucket.get("small").data == data[:3000]


def test_many_ask_at_once(emulator, square):
    """Sixteen connections at once each get the answer to their own question."""

    def work(number):
        key = f"{number}.jpg"
        with connected(emulator) as connection:
            for _ in range(5):
                call(connection, emulator, "PUT", key, body=square + bytes([number]))
                body = call(connection, emulator, "GET", key)[1]
                assert body[-1] == number
                params = {**MATTE, "padding-layout": f"{number}x0"}
                body = call(connection, emulator, "GET", key, params)[1]
                assert images.decode_rgba(body).shape == (64, 96 + 2 * number, 4)
        return number

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(work, range(16))) == list(range(16))


def test_a_plus_is_a_plus_in_a_path_and_a_blank_in_a_query(emulator):
    """The path keeps its plus; the query, form-encoded, has a blank there."""
    emulator.bucket.put("a+b c", b"x", "text/plain")
    for target in ("/a+b%20c", "/a%2Bb%20c", "/%61+b%20c"):
        answer = raw(emulator, raw_signed(emulator, "GET", "a+b c", target))
        assert split(answer)[0] == 200
    headers = authorize(emulator, "GET", "", {"prefix": "a+b c"})
    with connected(emulator) as connection:
        connection.request("GET", "/?prefix=a%2Bb+c", headers=headers)
        assert b"<Key>a+b c</Key>" in connection.getresponse().read()


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ("/%2e%2e/secret.txt", "../secret.txt"),
        ("/../secret.txt", "../secret.txt"),
        ("/a/../../secret.txt", "a/../../secret.txt"),
        ("/..%2fsecret.txt", "../secret.txt"),
        ("//etc/passwd", "/etc/passwd"),
        ("/%2fetc/passwd", "/etc/passwd"),
        ("/a%00b", "a\0b"),
        ("/%19", "\x19"),
        ("/" + "x" * 300 + "/y", "x" * 300 + "/y"),
    ],
)
def test_no_target_leads_out_of_a_folder(tmp_path, target, key):
    """Hostile targets, signed as they are, find nothing, keep nothing, end nothing."""
    (tmp_path / "secret.txt").write_text("out of reach")
    folder = tmp_path / "inner"
    folder.mkdir()
    with cm.Emulator(cm.FolderBucket(folder), engine=WhiteEngine()) as emulator:
        codes = {
            method: split(
                raw(emulator, raw_signed(emulator, method, key, target, body))
            )
            for method, body in [("PUT", b"x"), ("GET", b""), ("DELETE", b"")]
        }
    assert [answer[0] for answer in codes.values()] == [400, 404, 204]
    assert (tmp_path / "secret.txt").read_text() == "out of reach"
    assert [path.name for path in tmp_path.rglob("*")] in (
        ["secret.txt", "inner"],
        ["inner", "secret.txt"],
    )


@pytest.mark.parametrize("target", ["/%ff", "/%ed%a0%80", "/a%C3"])
def test_a_key_that_is_no_text_is_refused(emulator, target):
    """Bytes that are no UTF-8 are a key that is not there; the answer is whole."""
    request = f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    status, headers, body = split(raw(emulator, request.encode()))
    document = ErrorDocument.from_xml(body)
    assert (status, document.code) == (403, "AccessDenied")
    assert document.resource.startswith("x/")
    assert headers["x-cos-request-id"]


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.0\r\n",
        b"GET http://other.example.com/a HTTP/1.1\r\nHost: x\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n",
        b"GET /?&&=&a&%zz=%f HTTP/1.1\r\nHost: x\r\n",
        b"BREW /pot HTTP/1.1\r\nHost: x\r\n",
        b"GET /%zz%2 HTTP/1.1\r\nHost: \r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: \xff\xfe\r\n",
    ],
)
def test_odd_requests_are_answered_like_any_other(emulator, head):
    """What is odd and still HTTP gets an error document with all its parts."""
    answer = raw(emulator, head + b"Connection: close\r\n\r\n")
    status, headers, body = split(answer)
    document = ErrorDocument.from_xml(body)
    assert (status, document.code) == (403, "AccessDenied")
    assert document.message
    assert document.resource
    assert document.request_id == headers["x-cos-request-id"]


def test_an_upload_that_breaks_off_leaves_no_trace(emulator, caplog):
    """Half a body is no object, no traceback, and no end of the service."""
    headers = raw_signed(emulator, "PUT", "half", body=b"0123456789")[:-5]
    assert raw(emulator, headers, hang_up=True) == b""
    with connected(emulator) as connection:
        assert call(connection, emulator, "GET", "half")[0].status == 404
    assert [record.getMessage() for record in caplog.records] == []


def test_picture_operations_are_told_apart(emulator, square):
    """Unsigned they are refused in the documented words; signed, they are run."""
    rules = '{"rules": [{"fileid": "/b.png", "rule": "ci-process=AIPicMatting"}]}'
    operations = {"Pic-Operations": rules}
    with connected(emulator) as connection:
        headers = authorize(emulator, "PUT", "a.jpg") | operations
        connection.request("PUT", "/a.jpg", square, headers)
        refused = connection.getresponse()
        document = ErrorDocument.from_xml(refused.read())
        assert (refused.status, document.code) == (403, "AccessDenied")
        assert document.message == "Auth sign header must include Pic-Operations"
        assert list(emulator.bucket.infos()) == []
        assert emulator.billed == 0
        answer, body = call(
            connection, emulator, "PUT", "a.jpg", body=square, headers=operations
        )
        assert (answer.status, answer.headers["Content-Type"]) == (
            200,
            "application/xml",
        )
        assert b"<Key>b.png</Key>" in body
    assert {info.key for info in emulator.bucket.infos()} == {"a.jpg", "b.png"}
    assert emulator.billed == 1


def test_the_clock_can_be_replaced():
    """Skew and expiry are judged, and the date told, by the emulator's own clock."""
    with cm.Emulator(engine=WhiteEngine(), now=lambda: 1_700_000_000.0) as emulator:
        told = {}
        with connected(emulator) as connection:
            for ahead in (0, 961, -601):
                headers = authorize(emulator, "GET", now=1_700_000_000 + ahead)
                connection.request("GET", "/", headers=headers)
                answer = connection.getresponse()
                body = answer.read()
                # 1 700 000 000 s after 1970 began.
                assert answer.headers["Date"] == "Tue, 14 Nov 2023 22:13:20 GMT"
                if answer.status == 403:
                    told[ahead] = ErrorDocument.from_xml(body).code
    assert told == {961: "RequestTimeTooSkewed", -601: "AccessDenied"}


def test_a_failure_of_its_own_is_an_internal_error(square, caplog):
    """An engine that fails answers 500 without our internals, and the log says why."""
    with cm.Emulator(engine=BrokenEngine()) as emulator:
        emulator.bucket.put("a.jpg", square, "image/jpeg")
        with connected(emulator) as connection:
            answer, body = call(connection, emulator, "GET", "a.jpg", MATTE)
            assert call(connection, emulator, "GET")[0].status == 200
    document = ErrorDocument.from_xml(body)
    assert (answer.status, document.code) == (500, "InternalError")
    assert b"ZeroDivisionError" not in body
    (record,) = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert record.exc_info[0] is ZeroDivisionError


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_can_ask(emulator, tmp_path):
    """Without any SDK, curl uploads, waiting for 100 Continue, and downloads."""
    data = os.urandom(3 << 20)
    (tmp_path / "up").write_bytes(data)
    for method, more in [("PUT", ["-T", "up"]), ("GET", ["-o", "down"])]:
        headers = authorize(emulator, method, "a b")
        named = [f"-H{name}: {value}" for name, value in headers.items()]
        run = subprocess.run(
            ["curl", "-sSf", *named, *more, f"{emulator.endpoint}/a%20b"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert (run.returncode, run.stderr) == (0, b"")
    assert (tmp_path / "down").read_bytes() == data


def test_small_answers_do_not_wait(emulator):
    """Requests on one connection take no 40 ms each for want of TCP_NODELAY."""
    with connected(emulator) as connection:
        call(connection, emulator, "PUT", "a", body=b"x")
        start = time.perf_counter()
        for _ in range(20):
            call(connection, emulator, "GET", "a")
        assert time.perf_counter() - start < 20 * 0.030


def test_start_and_stop_can_be_said_twice():
    """Starting again changes nothing; after a stop it starts again, at its address."""
    emulator = cm.Emulator(engine=WhiteEngine())
    with pytest.raises(OptionsError, match="not started"):
        emulator.endpoint  # noqa: B018 - a property that raises
    assert "not started" in repr(emulator)
    emulator.stop()
    emulator.start()
    endpoint = emulator.endpoint
    emulator.start()
    assert emulator.endpoint == endpoint
    assert endpoint in repr(emulator)
    emulator.stop()
    emulator.stop()
    assert not emulator.is_running
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(endpoint).port))
    with emulator:
        assert emulator.endpoint == endpoint
        assert split(raw(emulator, b"GET / HTTP/1.0\r\n\r\n"))[0] == 403


def test_a_port_in_use_is_told(emulator):
    """Another emulator, or any listener, on the port is an OptionsError."""
    port = urlsplit(emulator.endpoint).port
    other = cm.Emulator(engine=WhiteEngine(), port=port)
    with pytest.raises(OptionsError, match=f"127.0.0.1 port {port}"):
        other.start()
    assert not other.is_running


@pytest.mark.parametrize(
    ("host", "port"),
    [("127.0.0.1", 65536), ("127.0.0.1", -1), ("192.0.2.1", 0), ("no host", 0)],
)
def test_an_address_that_cannot_be_had_is_told(host, port):
    """Ports out of range and hosts that are not this machine's are OptionsErrors."""
    with pytest.raises(OptionsError, match="cannot listen on"):
        cm.Emulator(engine=WhiteEngine(), host=host, port=port).start()


def test_nothing_is_left_after_a_stop():
    """Starts and stops leave no thread and no open file behind."""

    def run():
        with cm.Emulator(engine=WhiteEngine()) as emulator, connected(emulator) as line:
            call(line, emulator, "GET")

    run()
    threads = set(threading.enumerate())
    files = len([*Path("/dev/fd").iterdir()])
    for _ in range(5):
        run()
    # Workers are told to end with the loop and need a moment to do so.
    deadline = time.monotonic() + 5
    while set(threading.enumerate()) - threads and time.monotonic() < deadline:
        time.sleep(0.01)
    assert set(threading.enumerate()) <= threads
    assert len([*Path("/dev/fd").iterdir()]) <= files


def test_a_stop_answers_what_is_in_flight(square):
    """A cut that is running when the emulator stops is still answered, whole."""
    engine = SlowEngine()
    emulator = cm.Emulator(engine=engine)
    emulator.start()
    emulator.bucket.put("a.jpg", square, "image/jpeg")
    with connected(emulator) as connection, ThreadPoolExecutor(2) as pool:
        asked = pool.submit(call, connection, emulator, "GET", "a.jpg", MATTE)
        assert engine.asked.wait(10)
        stopped = pool.submit(emulator.stop)
        time.sleep(0.2)
        assert not stopped.done()
        engine.go_on.set()
        answer, body = asked.result(timeout=10)
        stopped.result(timeout=10)
    assert answer.status == 200
    assert images.decode_rgba(body).shape == (64, 96, 4)
    assert not emulator.is_running


def test_a_stop_does_not_wait_for_ever(monkeypatch):
    """An upload that never ends holds the emulator up no longer than is said."""
    monkeypatch.setattr(serving, "_STOP_SECONDS", 1)
    with cm.Emulator(engine=WhiteEngine()) as emulator:
        place = urlsplit(emulator.endpoint)
        plug = socket.create_connection((place.hostname, place.port))
        with contextlib.closing(plug):
            plug.sendall(b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nzz")
            time.sleep(0.2)
            start = time.monotonic()
            emulator.stop()
            assert time.monotonic() - start < 5


def test_an_idle_connection_does_not_hold_a_stop_up(emulator):
    """Connections that are kept open and ask nothing are closed at once."""
    with connected(emulator) as connection:
        call(connection, emulator, "GET")
        start = time.monotonic()
        emulator.stop()
        assert time.monotonic() - start < 2


def test_only_scenes_have_a_truth(emulator):
    """The exact matte of anything but a drawn scene is an OptionsError."""
    with pytest.raises(OptionsError, match=r"'a\.jpg'"):
        emulator.truth("a.jpg")
    alpha = np.zeros((2, 3), np.float32)
    known = cm.Emulator(engine=WhiteEngine(), truths={"b.jpg": alpha})
    assert known.truth("b.jpg") is alpha
    with pytest.raises(OptionsError, match=r"b\.jpg"):
        known.truth("a.jpg")


def test_samples_fill_the_bucket(sample_emulator):
    """Twelve scenes and a photograph, each scene with a matte of its own size."""
    keys = sorted(info.key for info in sample_emulator.bucket.infos())
    assert len(keys) == 13
    assert all(key.startswith("samples/") for key in keys)
    for key in set(keys) - {"samples/portrait.jpg"}:
        header = images.read_header(sample_emulator.bucket.get(key).data)
        assert header.format == "JPEG"
        truth = sample_emulator.truth(key)
        assert truth.shape == (header.height, header.width)
        assert 0 <= truth.min() <= truth.max() <= 1


def test_an_unknown_engine_is_refused():
    """The engine is looked up when the emulator is made."""
    with pytest.raises(OptionsError, match="engine must be one of"):
        cm.Emulator(engine="magic")


def test_no_secret_is_shown(emulator):
    """The emulator's repr and its requests' log hold no key."""
    assert "emulator-key" not in repr(emulator)
    assert "emulator-key" not in repr(vars(emulator))
