"""The direct way: connections of our own, on sockets that break and dawdle."""

import http.client
import io
import shutil
import socket
import ssl
import subprocess
import threading
import time
import traceback
from contextlib import suppress
from functools import partial
from itertools import pairwise

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import ADDRESS, GOOD, KEYS, PNG, End, Scripted, Time, answer, refusal

import cosmat_nb as cm
from cosmat_nb import errors
from cosmat_nb.client.blocking import MattingClient
from cosmat_nb.client.carrier import HttpxCarrier, open_carrier
from cosmat_nb.client.connection import Connection, Place
from cosmat_nb.client.direct import DirectCarrier
from cosmat_nb.client.framing import MAX_HEAD, Frame, FramingError
from cosmat_nb.client.headers import Headers
from cosmat_nb.client.recording import Recorder
from cosmat_nb.client.retry import Retry
from cosmat_nb.client.steps import Attempt
from cosmat_nb.wire.exchange import Exchange

ONCE = Retry(attempts=1, attempt_seconds=0.3)
REAL = {"clock": cm.Clock(), "retry": ONCE}
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
OTHER = b"of another call"


def drip(data):
    """Send each byte for itself, long before a patience for one step runs out."""
    return [step for byte in data for step in (bytes([byte]), 0.05)]


def open_direct(endpoint, idle=8, elapsed=time.monotonic):
    """Open the way that a client without a proxy goes."""
    carrier = open_carrier(endpoint, idle=idle, direct=False, elapsed=elapsed)
    assert isinstance(carrier, DirectCarrier)
    return carrier


def make_attempt(method="GET", target="/k", headers=None, body=b"", **more):
    """Make an attempt without a signature."""
    return Attempt(
        method=method,
        target=target,
        headers={"Host": "h.cc", **(headers or {})},
        body=body,
        **({"seconds": 5.0} | more),
    )


def carry(carrier, **facts):
    """Send one attempt, in five seconds."""
    return carrier.carry(make_attempt(**facts), time.monotonic() + 5)


# Deadlines.


@pytest.mark.parametrize(
    "slow",
    [
        pytest.param([60.0], id="silence"),
        pytest.param(drip(GOOD[:60]), id="dripping headers"),
        pytest.param([GOOD[:-30], *drip(GOOD[-30:-1]), 60.0], id="dripping body"),
        pytest.param(drip(b"HTTP/1.1 103 Hi\r\n\r\n" * 9), id="dripping hints"),
        pytest.param([GOOD[:-9], 60.0], id="silence in the body"),
        pytest.param(
            [
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                *drip(b"1\r\nx\r\n" * 9),
            ],
            id="dripping chunks",
        ),
    ],
)
def test_an_attempt_ends_at_its_deadline(slow):
    """However an answer is delayed, a third of a second is no more than that."""
    with Scripted(slow) as server, server.client(**REAL) as client:
        began = time.monotonic()
        with pytest.raises(errors.TransportError, match="ReadTimeout") as caught:
            client.matte("k")
        took = time.monotonic() - began
    assert 0.29 < took < 1.0
    assert "no whole answer within 0.3 s" in str(caught.value)
    assert not caught.value.unsent


def test_a_server_that_does_not_listen_ends_an_upload_in_time():
    """A body that nobody takes holds an attempt no longer than an answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        carrier = open_direct(f"http://127.0.0.1:{listener.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(errors.TransportError, match="WriteTimeout"):
            carrier.carry(make_attempt("PUT", body=bytes(64 << 20)), began + 0.3)
        assert 0.29 < time.monotonic() - began < 1.0


def test_a_connection_that_does_not_come_about_was_not_sent():
    """Connecting has the same deadline; nothing can have been billed."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            with suppress(BlockingIOError):
                each.connect(listener.getsockname())
        carrier = open_direct(f"http://127.0.0.1:{listener.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(errors.TransportError, match="ConnectTimeout") as caught:
            carrier.carry(make_attempt(), began + 0.3)
        assert 0.29 < time.monotonic() - began < 1.0
        for each in waiting:
            each.close()
    assert caught.value.unsent


def test_a_deadline_that_is_over_sends_nothing():
    """On an idle connection as well."""
    with Scripted(GOOD) as server:
        carrier = open_direct(server.endpoint)
        carry(carrier)
        with pytest.raises(errors.TransportError, match="WriteTimeout"):
            carrier.carry(make_attempt(), time.monotonic() - 1)
        carrier.close()
        assert len(server.heard) == 1


# Connections.


def test_a_connection_that_was_closed_meanwhile_is_not_used():
    """What the server closed while it lay idle costs no attempt."""
    with Scripted([GOOD, End.CLOSE], GOOD) as server, server.client() as client:
        client.matte("k")
        (idle,) = client._channel._carrier._idle
        while not idle.is_stale:
            time.sleep(0.001)
        assert client.matte("k").attempts == 1
    assert [heard.connection for heard in server.heard] == [0, 1]


@pytest.mark.parametrize("end", [End.CLOSE, End.RESET])
def test_a_connection_that_closes_at_that_very_moment_heals(end):
    """The request crossed with the farewell: it may have been heard, and is resent."""
    with Scripted(GOOD, [end], GOOD) as server, server.client() as client:
        client.matte("k")
        assert client.matte("k").attempts == 2
    assert [heard.connection for heard in server.heard] == [0, 0, 1]


def test_a_connection_is_not_used_after_it_lay_idle_for_long():
    """After over five seconds another one is opened."""
    clock = Time()
    with (
        Scripted(*[GOOD] * 3) as server,
        server.client(clock=clock.clock) as client,
    ):
        for pause in (5.0, 5.5, 0.0):
            client.matte("k")
            clock.seconds += pause
    assert [heard.connection for heard in server.heard] == [0, 0, 1]


def test_only_so_many_connections_are_kept():
    """Of five calls at once, two connections stay; the newest is used first."""
    gate = threading.Barrier(5)
    with Scripted(*[[0.05, GOOD]] * 5, GOOD) as server:
        carrier = open_direct(server.endpoint, idle=2)

        def call():
            gate.wait()
            carry(carrier)

        threads = [threading.Thread(target=call) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        newest = carrier._idle[-1]
        assert len(carrier._idle) == 2
        carry(carrier)
        assert list(carrier._idle)[-1] is newest
        carrier.close()
        assert not carrier._idle


@pytest.mark.parametrize("late", [False, True])
def test_what_nobody_asked_for_answers_no_call(late):
    """Bytes behind an answer, at once or later, are not the next answer."""
    rest = answer(200, OTHER)
    surplus = [GOOD, 0.02, rest] if late else [GOOD + rest]
    with Scripted(surplus, GOOD) as server, server.client() as client:
        client.matte("k")
        time.sleep(0.1 * late)
        assert client.fetch("k") == PNG
    assert [heard.connection for heard in server.heard] == [0, 1]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([answer(200, PNG, {"Connection": "Close"})], id="says close"),
        pytest.param([answer(200, PNG, version="1.0")], id="HTTP/1.0"),
        pytest.param([answer(200, PNG, length=""), End.CLOSE], id="no length"),
    ],
)
def test_a_connection_that_ends_is_not_kept(script):
    """What the server said it would close is closed from this side as well."""
    with Scripted(script, GOOD) as server, server.client() as client:
        assert client.matte("k").png == PNG
        assert not client._channel._carrier._idle
        client.matte("k")
    assert [heard.connection for heard in server.heard] == [0, 1]


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_leaves_its_connection(status):
    """Nothing is waited for, whatever length it tells."""
    with Scripted(answer(status, length=99), GOOD) as server:
        carrier = open_direct(server.endpoint)
        assert carry(carrier).body == b""
        assert carry(carrier).body == PNG
        carrier.close()
    assert [heard.connection for heard in server.heard] == [0, 0]


def test_an_interrupt_leaves_no_half_read_connection():
    """After Ctrl-C in the middle of an answer the next call gets its own."""
    with Scripted([GOOD[:-9], 0.1, GOOD[-9:]], answer(200, OTHER)) as server:

        def interrupt():
            if len(server.heard) == 1:
                raise KeyboardInterrupt
            return 0.0

        carrier = open_direct(server.endpoint, elapsed=interrupt)
        with pytest.raises(KeyboardInterrupt):
            carrier.carry(make_attempt(), 60.0)
        server.heard.append("the next")
        assert carrier.carry(make_attempt(), 60.0).body == OTHER
        carrier.close()


def test_a_closed_carrier_keeps_nothing():
    """A call that outlives its carrier's end disconnects when it is answered."""
    with Scripted([0.2, GOOD]) as server:
        carrier = open_direct(server.endpoint)
        calling = threading.Thread(target=partial(carry, carrier))
        calling.start()
        while not server.heard:
            time.sleep(0.001)
        carrier.close()
        carrier.close()
        calling.join()
        assert not carrier._idle


def test_a_refusal_is_read_though_the_upload_was_broken_off():
    """A server that answers and hangs up before it has heard all is understood."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(refusal(403, "AccessDenied"))

        thread = threading.Thread(target=refuse)
        thread.start()
        carrier = open_direct(f"http://127.0.0.1:{listener.getsockname()[1]}")
        reply = carry(carrier, method="PUT", body=bytes(64 << 20))
        thread.join()
    assert (reply.status, len(carrier._idle)) == (403, 0)


@pytest.mark.parametrize(
    ("endpoint", "place"),
    [
        ("http://[::1]:8791", ("::1", 8791)),
        ("http://127.0.0.1", ("127.0.0.1", 80)),
        ("http://KIWI.cc:1", ("kiwi.cc", 1)),
        ("http://münchen.de:8080", ("xn--mnchen-3ya.de", 8080)),
    ],
)
def test_an_endpoint_is_read(endpoint, place):
    """Address, port and name as the system takes them."""
    assert open_direct(endpoint)._place == (*place, None)
    assert open_direct(endpoint.replace("http:", "https:"))._place[2] is not None


@pytest.mark.parametrize(("host", "family"), [("::1", "AF_INET6"), ("localhost", None)])
def test_all_addresses_of_a_name_are_tried(host, family):
    """An address of version 6 is reached; and a name by whichever address listens."""
    family = getattr(socket, family) if family else socket.AF_INET
    try:
        listener = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with listener:
        place = Place(host, listener.getsockname()[1], None)
        opened = Connection(place, time.monotonic() + 5, time.monotonic)
        assert opened._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        opened.close()


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 64])
def test_a_name_that_nobody_has_is_told(host):
    """By the same words as a port that nobody listens on; nothing was sent."""
    carrier = open_direct(f"http://{host}")
    with pytest.raises(errors.TransportError, match=f"ConnectError at http://{host}"):
        carry(carrier)


# What is sent, and what comes back.


@pytest.mark.parametrize(
    "facts",
    [
        {"target": "/a//b%2B/%41?x=%2F&y"},
        {"method": "HEAD"},
        {"method": "PUT", "body": b"data", "headers": {"Content-Type": "a/b"}},
        {"method": "PUT"},
        {"method": "POST", "target": "/k?image_process"},
        {"method": "DELETE", "headers": {"X-A": "1"}},
    ],
)
def test_a_request_is_the_one_that_httpx_writes(facts):
    """Line, headers and body are equal, each header once; the host comes first."""
    endings = {"length": 0} if facts.get("method") == "HEAD" else {}
    with Scripted(*[answer(200, **endings)] * 2) as server:
        ways = [open_direct(server.endpoint)]
        network = httpx.HTTPTransport()
        ways.append(
            open_carrier(
                server.endpoint,
                idle=1,
                direct=True,
                elapsed=time.monotonic,
                transport=network,
            )
        )
        assert isinstance(ways[1], HttpxCarrier)
        for way in ways:
            carry(way, **facts)
            way.close()
    ours, theirs = server.heard
    assert ours.line == theirs.line
    assert ours.body == theirs.body
    assert ours.headers[0] == ("Host", "h.cc")
    written = sorted((name.lower(), value) for name, value in theirs.headers)
    # Of HTTP/1.1 nobody needs to be told to keep a connection.
    written.remove(("connection", "keep-alive"))
    assert sorted((name.lower(), value) for name, value in ours.headers) == written


def test_a_target_is_sent_as_it_was_signed():
    """Dots are names of a key like any other: nothing is resolved."""
    with Scripted(GOOD) as server:
        carrier = open_direct(server.endpoint)
        carry(carrier, target="/a/../b/./%2e")
        carrier.close()
    assert server.heard[0].line == "GET /a/../b/./%2e HTTP/1.1"


@pytest.mark.parametrize("target", ["/a b", "/a\r\nX: y", "/ü", "/" + "x" * 65_536])
def test_a_target_that_would_break_the_request_is_not_sent(target):
    """It is refused without being quoted."""
    with Scripted() as server, pytest.raises(errors.OptionsError) as caught:
        carry(open_direct(server.endpoint), target=target)
    assert "/" not in str(caught.value)


def test_a_redirect_is_not_followed_and_a_cookie_not_kept():
    """Both are answers like any other."""
    moved = answer(307, b"", {"Location": "/other", "Set-Cookie": "a=b"})
    with Scripted(moved, GOOD) as server:
        carrier = open_direct(server.endpoint)
        assert carry(carrier).status == 307
        carry(carrier)
        carrier.close()
    assert [heard.target for heard in server.heard] == ["/k", "/k"]
    assert "cookie" not in str(server.heard[1].headers).lower()


def test_headers_are_found_in_any_case_and_shown_as_written(tmp_path):
    """A name that came twice has both values, in the recording as well."""
    raw = b"HTTP/1.1 200 OK\r\nX-One:1\r\nx-two: a\r\nX-Two: a\r\nContent-Length: 0\r\n"
    with (
        Scripted(raw + b"\r\n") as server,
        server.client(recorder=Recorder(tmp_path)) as client,
    ):
        assert client.fetch("k") == b""
    files = {path.suffix: path.read_bytes() for path in tmp_path.iterdir()}
    assert dict(Exchange.from_files(files).headers) == {
        "X-One": "1",
        "x-two": "a, a",
        "Content-Length": "0",
    }
    headers = Headers([("X-One", "1"), ("x-two", "")])
    assert (headers["x-ONE"], headers.get("X-TWO"), headers.get("y")) == ("1", "", None)
    assert (len(headers), list(headers)) == (2, ["X-One", "x-two"])


def test_a_promise_of_too_much_is_refused_before_it_is_kept():
    """A listing of a terabyte ends the call; an object of one takes no memory."""
    script = [answer(200, b"x", length=10**12)] * 2
    with (
        Scripted(script[0], [script[1], End.CLOSE]) as server,
        server.client(**REAL) as client,
    ):
        with pytest.raises(errors.TransportError, match="more than 8388608") as far:
            list(client.list_objects())
        assert not far.value.heals
        with pytest.raises(errors.TransportError, match="lacks 999999999999 bytes"):
            client.fetch("k")


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param([End.RESET], id="reset"),
        pytest.param([answer(200, length=10**12)], id="too long"),
        pytest.param([b"SSH-2.0\r\n\r\n"], id="not HTTP"),
        pytest.param([60.0], id="silence"),
    ],
)
def test_an_error_holds_no_signature(bad):
    """A report that shows the variables of each frame shows no part of the request."""
    attempt = make_attempt(headers={"Authorization": "sEcReT"}, max_bytes=9)
    with Scripted(bad) as server:
        carrier = open_direct(server.endpoint)
        with pytest.raises(errors.TransportError) as caught:
            carrier.carry(attempt, time.monotonic() + 0.3)
    report = traceback.TracebackException.from_exception(
        caught.value, capture_locals=True
    )
    text = "\n".join(str(frame.locals) for frame in report.stack[1:])
    assert "DirectCarrier" in text
    assert "sEcReT" not in text


# Framing.


class Pieces:
    """A stream that gives its bytes in pieces."""

    def __init__(self, *pieces):
        self._pieces = [piece for piece in pieces if piece]

    def receive(self, most):
        if not self._pieces:
            return b""
        piece = self._pieces.pop(0)
        if piece[most:]:
            self._pieces.insert(0, piece[most:])
        return piece[:most]

    def receive_into(self, view):
        piece = self.receive(len(view))
        view[: len(piece)] = piece
        return len(piece)


def read(*pieces, method="GET", check=len):
    """Read one answer."""
    frame = Frame(Pieces(*pieces))
    head = frame.read_head()
    length_check = (lambda _: None) if check is len else check
    body, lasts = frame.read_body(head, length_check, is_head=method == "HEAD")
    return head, body, lasts


class Deaf:
    """What the standard library takes for a socket."""

    def __init__(self, data):
        self._data = data

    def makefile(self, _mode):
        return io.BytesIO(self._data)


def oracle(data, method):
    """Status, headers and body as the standard library reads them."""
    response = http.client.HTTPResponse(Deaf(data), method=method)
    response.begin()
    body = response.read()
    return response.status, [(n.lower(), v) for n, v in response.getheaders()], body


FIELDS = st.lists(
    st.tuples(
        st.sampled_from(["X-A", "etag", "Date", "x-Long-name"]),
        st.text("abc ;=,:\t\"'12", max_size=12).map(lambda text: text.strip(" \t")),
    ),
    max_size=4,
    unique_by=lambda pair: pair[0],
)


@st.composite
def answers(draw):
    """A whole answer, framed in one of three ways, and its request's method."""
    body = draw(st.binary(max_size=300))
    status = draw(st.sampled_from([200, 204, 206, 304, 404, 503]))
    method = draw(st.sampled_from(["GET", "HEAD", "PUT"]))
    lines = [f"{name}: {value}" for name, value in draw(FIELDS)]
    framing = draw(st.sampled_from(["length", "chunks", "close"]))
    bare = method == "HEAD" or status in (204, 304)
    if framing == "length" or bare:
        lines.append(f"Content-Length: {len(body)}")
        sent = body
    elif framing == "chunks":
        lines.append("Transfer-Encoding: chunked")
        cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=3)))
        parts = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
        chunks = [b"%x;e=1\r\n%b\r\n" % (len(part), part) for part in parts if part]
        trailer = draw(st.sampled_from([b"", b"X-T: 1\r\n"]))
        sent = b"".join(chunks) + b"0\r\n" + trailer + b"\r\n"
    else:
        sent = body
    head = "\r\n".join([f"HTTP/1.1 {status} A reason", *lines, "", ""]).encode()
    return head + (b"" if bare else sent), method


@settings(derandomize=True, deadline=None, max_examples=100)
@given(case=answers(), cuts=st.lists(st.integers(0, 600), max_size=6))
def test_an_answer_is_read_as_the_standard_library_reads_it(case, cuts):
    """Status, headers and body are equal, however the bytes are cut on their way."""
    data, method = case
    cuts = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[a:b] for a, b in pairwise(cuts)]
    head, body, _ = read(*pieces, method=method)
    headers = [(name.lower(), value) for name, value in head.headers.items()]
    assert (head.status, headers, body) == oracle(data, method)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(case=answers(), data=st.data())
def test_an_answer_that_is_cut_is_noticed(case, data):
    """Unless it ends where its connection does, less than all of it is an error."""
    whole, method = case
    if not read(whole, method=method)[2]:
        return
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(FramingError):
        read(whole[:cut], method=method)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nspace : 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: 1\r2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xc2\xb2\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * MAX_HEAD + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: x\r\n" * (MAX_HEAD // 6) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        + b"A: x\r\n" * (MAX_HEAD // 4),
    ],
)
def test_what_is_no_whole_answer_is_refused(raw):
    """Nothing is guessed: what could be understood in two ways is an error."""
    with pytest.raises(FramingError):
        read(raw)


def test_two_equal_lengths_are_one():
    """As RFC 9110, section 8.6, lets a client take them."""
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"
    assert read(raw)[1:] == (b"abc", True)


def test_chunks_come_before_a_length_and_end_the_connection():
    """An answer with both is read by its chunks, and its connection not used again."""
    raw = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: Chunked\r\n\r\n"
        b"5\r\nabcde\r\n0\r\n\r\n"
    )
    assert read(raw)[1:] == (b"abcde", False)


def test_old_line_ends_and_folded_headers_are_read():
    """Bare line feeds and a value on two lines, as of old."""
    head, body, _ = read(
        b"HTTP/1.0 200\nA: one\n  two\t\nB:\xc3\xbc\nContent-Length: 1\n\nx"
    )
    assert dict(head.headers) == {"A": "one two", "B": "ü", "Content-Length": "1"}
    assert (head.status, body) == (200, b"x")


@pytest.mark.parametrize("framing", ["Content-Length: 9", "Transfer-Encoding: chunked"])
def test_a_length_is_checked_before_so_much_is_read(framing):
    """The check sees the whole length first and ends the reading."""
    seen = []

    def refuse(length):
        seen.append(length)
        raise errors.TransportError("too long")

    raw = f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n".encode()
    with pytest.raises(errors.TransportError, match="too long"):
        read(raw + b"9\r\n" * (framing[0] == "T"), check=refuse)
    assert seen == [9]


# Which way.


@pytest.mark.parametrize(
    ("environment", "goes_direct"),
    [
        ({}, True),
        ({"HTTP_PROXY": "http://p:1"}, False),
        ({"ALL_PROXY": "http://p:1"}, False),
        ({"HTTPS_PROXY": "http://p:1"}, True),
        ({"HTTP_PROXY": "http://p:1", "NO_PROXY": "*"}, True),
        ({"HTTP_PROXY": "http://p:1", "NO_PROXY": "myqcloud.com"}, True),
        ({"HTTP_PROXY": "http://p:1", "NO_PROXY": "other.com"}, False),
    ],
)
def test_a_proxy_is_left_to_httpx(environment, goes_direct, monkeypatch):
    """Where the environment names one for this endpoint; else nothing is between."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    opened = partial(open_carrier, idle=1, elapsed=time.monotonic)
    carrier = opened("http://b-1.cos.ap-guangzhou.myqcloud.com", direct=False)
    assert isinstance(carrier, DirectCarrier if goes_direct else HttpxCarrier)
    carrier.close()
    for near in ("http://127.0.0.1:1", "http://[::1]:1", "http://localhost"):
        assert isinstance(opened(near, direct=False), DirectCarrier)
    assert isinstance(opened("http://x.cc", direct=True), DirectCarrier)


@pytest.mark.parametrize(
    ("failure", "unsent"),
    [
        (httpx.ConnectError, True),
        (httpx.ConnectTimeout, True),
        (httpx.WriteError, False),
        (httpx.ReadTimeout, False),
        (httpx.ProxyError, False),
    ],
)
def test_httpx_tells_what_was_not_sent(failure, unsent):
    """Only where no connection came about nothing can have been billed."""

    def break_down(request):
        raise failure("", request=request)

    network = httpx.MockTransport(break_down)
    client = MattingClient(ADDRESS, KEYS, transport=network, retry=ONCE)
    with client, pytest.raises(errors.TransportError) as caught:
        client.matte("k")
    assert caught.value.unsent is unsent


# Certificates.


class Secure(Scripted):
    """A scripted server that speaks TLS."""

    def __init__(self, files, *script):
        super().__init__(*script)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*files)

    def __enter__(self):
        super().__enter__()
        self.endpoint = self.endpoint.replace("http:", "https:")
        return self

    def _serve(self, connection, number):
        try:
            secured = self._context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
        else:
            super()._serve(secured, number)


@pytest.fixture(scope="module")
def certify(tmp_path_factory):
    """Makes a certificate that vouches for itself, for one subject."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl to make certificates")

    def make(subject):
        folder = tmp_path_factory.mktemp("tls")
        files = folder / "cert.pem", folder / "key.pem"
        options = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        subprocess.run(
            [
                *("openssl", "req", *options.split(), "-days", "2", "-subj", "/CN=t"),
                *("-addext", f"subjectAltName={subject}"),
                *("-out", str(files[0]), "-keyout", str(files[1])),
            ],
            check=True,
            capture_output=True,
        )
        return files

    return make


def test_a_server_that_nobody_vouches_for_is_not_spoken_to(certify):
    """A certificate of its own making ends the attempt before a byte of it is sent."""
    with Secure(certify("IP:127.0.0.1"), GOOD) as server, server.client() as client:
        with pytest.raises(errors.TransportError, match="CERTIFICATE_VERIFY") as caught:
            client.matte("k")
        assert server.heard == []
    assert caught.value.unsent
    assert "ConnectError" in str(caught.value)


def test_the_environment_names_whom_to_trust(certify, monkeypatch):
    """With SSL_CERT_FILE the same server is spoken to, on one connection."""
    files = certify("IP:127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    large = bytes(3 << 20)
    script = [GOOD, [answer(200, large[:1000], length=len(large)), large[1000:]]]
    script.append(answer(200, headers={"ETag": "e"}))
    with Secure(files, *script) as server, server.client() as client:
        assert client.matte("k").png == PNG
        assert client.fetch("k") == large
        assert client.put("k", large) == "e"
    assert server.heard[2].body == large
    assert [heard.connection for heard in server.heard] == [0, 0, 0]


def test_a_certificate_is_for_one_name(certify, monkeypatch):
    """That of another server is refused, however trusted."""
    files = certify("DNS:other.cc")
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    with Secure(files, GOOD) as server, server.client() as client:
        with pytest.raises(errors.TransportError, match="not valid for '127"):
            client.matte("k")
        assert server.heard == []


def test_a_server_that_does_not_shake_hands_ends_in_time():
    """TLS has no more time than anything else."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        carrier = open_direct(f"https://127.0.0.1:{listener.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(errors.TransportError, match="ConnectTimeout") as caught:
            carrier.carry(make_attempt(), began + 0.3)
        assert 0.29 < time.monotonic() - began < 1.0
    assert caught.value.unsent


def test_certificates_that_cannot_be_read_are_told(monkeypatch, tmp_path):
    """Before anything is sent, by the name of the setting."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(errors.OptionsError, match="SSL_CERT_FILE"):
        cm.connect_cloud(ADDRESS.bucket, ADDRESS.region, credentials=KEYS)
