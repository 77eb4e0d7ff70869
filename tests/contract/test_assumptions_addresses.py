"""Hosts, tokens, addresses and conditions under each assumption."""

from __future__ import annotations

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest
from asker import Asker
from drawings import box_png
from squares import WhiteEngine
from switches import each

import cosmat_nb as cm
from cosmat_nb.wire.credentials import Credentials

NAME = "examplebucket-1250000000"
REGION = "ap-guangzhou"
HOST = f"{NAME}.cos.{REGION}.myqcloud.com"
LINK = f"http://{HOST}/box.png"


class Elsewhere(BaseHTTPRequestHandler):
    """A place with one picture, ways that lead to it, and one that leads nowhere."""

    def do_GET(self):
        """Answer the picture, late or elsewhere when the path says so."""
        onward = {"/moved": "/box.png", "/far": "/moved", "/round": "/round"}
        onward |= {"/out": "http://127.0.0.1:1/box.png"}
        body = box_png()
        if self.path == "/slow":
            time.sleep(0.6)
        # A client that went away is part of the test.
        with contextlib.suppress(ConnectionError):
            self.send_response(302 if self.path in onward else 200)
            if self.path in onward:
                self.send_header("Location", onward[self.path])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_):
        """Stay silent."""


@pytest.fixture(scope="module")
def elsewhere():
    """Serve `Elsewhere` and give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def box(emulator):
    """Ask an emulator that holds the box."""
    emulator.bucket.put("box.png", box_png(), "image/png")
    return Asker.of(emulator)


@contextlib.contextmanager
def fetching(assumptions, place):
    """Have an emulator cut pictures at an allowed place: the code, or empty."""
    settings = {"engine": WhiteEngine(), "assumptions": assumptions}
    with cm.Emulator(origins=[place], **settings) as emulator:
        ask = Asker.of(emulator)
        yield lambda path: ask.cut("", {"detect-url": place + path}).code


@each("conditions", {"ignore": [200, 200, 200], "obey": [206, 304, 412]})
def test_conditions(box, emulator, expected):
    """Range and conditions are ignored on a cutout, or answered as on an object."""
    whole = box.cut("box.png")
    asked = [{"range": "bytes=0-7"}, {"if-none-match": "*"}, {"if-match": '"other"'}]
    answers = [box.cut("box.png", headers=headers) for headers in asked]
    assert [answer.status for answer in answers] == expected
    obeys = expected[0] == 206
    assert ("etag" in whole.headers) == obeys
    assert answers[0].body == (whole.body[:8] if obeys else whole.body)
    assert answers[1].body == (b"" if obeys else whole.body)
    # All were made; a refusal is free.
    assert emulator.billed == (3 if obeys else 4)


@each("conditions", {"ignore": 200, "obey": 304})
def test_conditions_know_their_cutout(box, expected):
    """An ETag stands for one cutout: another layout has another."""
    tag = box.cut("box.png").headers.get("etag", '"none"')
    asked = {"headers": {"if-none-match": tag}}
    assert box.cut("box.png", **asked).status == expected
    assert box.cut("box.png", {"padding-layout": "1x1"}, **asked).status == 200


@each(
    "numbers",
    {"absent": {None}, "present": {"-6101", "-103", "-441", "-442", None}},
)
def test_numbers(box, emulator, expected):
    """A refused cutout has a number beside its name, or none; a good one never has."""
    for name, data in [("text", b"text"), ("small", box_png(height=4))]:
        emulator.bucket.put(name, data, "image/png")
    answers = [box.cut(key) for key in ("absent", "text", "small", "box.png")]
    answers.append(box.cut("box.png", {"center-layout": "2"}))
    assert {answer.headers.get("x-errno") for answer in answers} == expected
    assert "x-errno" not in answers[3].headers
    assert "x-errno" not in box.ask("GET", "absent").headers


@each("key_and_url", {"url": "", "refuse": "InvalidArgument"})
def test_key_and_url(box, emulator, expected):
    """With a key and an address the address wins, or neither does."""
    emulator.bucket.put("large.png", box_png(height=100), "image/png")
    answer = box.cut("large.png", {"detect-url": LINK})
    assert answer.code == expected
    assert expected or answer.rgba.shape == (64, 96, 4)
    for key, address in [("large.png", ""), ("", LINK)]:
        assert box.cut(key, {"detect-url": address}).status == 200


FOREIGN = [
    "http://www.example.com/a.jpg",
    f"http://{HOST}/absent.jpg",
    "http://other-1250000000.cos.ap-guangzhou.myqcloud.com/a.jpg",
    f"{LINK}?q-signature=0",
]


@each("foreign_url", {name: name for name in ("InvalidArgument", "NoSuchKey")})
def test_foreign_url(box, expected):
    """An address that may not or cannot be fetched is refused with this code."""
    codes = [box.cut("", {"detect-url": url}).code for url in FOREIGN]
    assert codes == [expected] * len(FOREIGN)


@each("encoded_url", {"refuse": "InvalidArgument", "decode": ""})
def test_encoded_url(box, expected):
    """An address encoded once or twice too often is refused, or decoded as often."""
    once = quote(LINK, safe="")
    urls = [once, quote(once, safe="")]
    codes = [box.cut("", {"detect-url": url}).code for url in urls]
    assert codes == [expected, expected]
    assert box.cut("", {"detect-url": LINK}).code == ""


@each("url_redirects", {"refuse": "InvalidArgument", "follow": ""})
def test_url_redirects(assumptions, elsewhere, expected):
    """A place that has moved, once or twice, is a failure or followed."""
    with fetching(assumptions, elsewhere) as fetch:
        assert [fetch("/moved"), fetch("/far")] == [expected, expected]
        assert fetch("/box.png") == ""


def test_a_redirect_leads_to_no_place_that_is_not_allowed(elsewhere):
    """Where redirects are followed, an end is found and the allow-list kept."""
    with fetching(cm.Assumptions(url_redirects="follow"), elsewhere) as fetch:
        assert [fetch("/round"), fetch("/out")] == ["InvalidArgument"] * 2


@each("url_seconds", {10.0: "", 0.2: "InvalidArgument"})
def test_url_seconds(assumptions, elsewhere, expected):
    """A place that takes 0.6 seconds is waited for, or given up."""
    with fetching(assumptions, elsewhere) as fetch:
        assert fetch("/slow") == expected
        assert fetch("/box.png") == ""


@each(
    "foreign_region",
    {
        "NoSuchBucket": (404, None),
        "redirect": (301, f"http://{HOST}/box.png?ci-process=AIPicMatting"),
    },
)
def test_foreign_region(box, expected):
    """At another region's host the bucket is not found, or its place is told."""
    host = HOST.replace(REGION, "ap-beijing")
    answer = box.cut("box.png", host=host)
    assert (answer.status, answer.headers.get("location")) == expected
    unknown = box.cut("box.png", host=f"un{host}")
    assert unknown.code == "NoSuchBucket"


@each("acceleration", {"serve": "", "refuse": "InvalidUrl"})
def test_acceleration(box, expected):
    """The host of global acceleration cuts pictures, or reads and writes alone."""
    host = f"{NAME}.cos.accelerate.myqcloud.com"
    assert box.cut("box.png", host=host).code == expected
    assert box.ask("GET", "box.png", host=host).body == box_png()


@each(
    "wrong_token",
    {name: name for name in ("InvalidAccessKeyId", "AccessDenied")},
    credentials=Credentials("emulator-id", "emulator-key", "right-token"),
)
def test_wrong_token(emulator, expected):
    """A missing or another token is refused with this code."""
    place = {"endpoint": emulator.endpoint, "address": emulator.address}
    for token in ("", "wrong-token"):
        keys = Credentials("emulator-id", "emulator-key", token)
        assert Asker(credentials=keys, **place).ask("GET").code == expected
    assert Asker.of(emulator).ask("GET").status == 200
