"""The blocking client against bytes that really travel."""

import io
import os
import pickle
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from qcloud_cos import CosConfig, cos_auth
from scripted import (
    ADDRESS,
    BROKEN,
    GOOD,
    KEYS,
    NOW,
    PNG,
    SLOW_DOWN,
    End,
    Scripted,
    Time,
    answer,
    http_date,
    refusal,
)
from squares import WhiteEngine

import cosmat_nb as cm
from cosmat_nb import errors
from cosmat_nb.client.blocking import MattingClient
from cosmat_nb.client.retry import Retry
from cosmat_nb.wire.address import parse_target
from cosmat_nb.wire.authorization import Authorization
from cosmat_nb.wire.credentials import Credentials
from cosmat_nb.wire.signature import Verdict, verify

CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + f"{len(PNG):x}".encode()
    + b"\r\n"
    + PNG
    + b"\r\n"
)
HARD_KEYS = [
    "a b.jpg",
    "a+b.jpg",
    "50%.jpg",
    "%41.jpg",
    "%2F..%2F",
    "腾讯云/图片.jpg",
    "🥝.jpg",
    "a//b///c",
    "why?.jpg",
    "#1.jpg",
    "folder/",
    "a&b=c;d:e@f,g$h!i'j(k)*l~m[n]o|p\\q\"r<s>t^u`v{w}",
    ".hidden",
    "...",
    "tab\tand\nline",
    "e\u0301",
    "x" * 850,
]


@pytest.fixture(scope="module")
def client():
    """A client of one emulator for all tests: none minds what another left there."""
    with (
        cm.Emulator(engine=WhiteEngine()) as emulator,
        cm.connect_emulator(emulator) as connected,
    ):
        yield connected


@pytest.mark.parametrize("key", HARD_KEYS)
def test_a_hard_key_travels_exactly(key, client):
    """Any legal key is stored, seen, listed, read and removed under its own name."""
    data = key.encode()
    etag = client.put(key, data)
    assert client.fetch(key) == data
    info = client.head(key)
    assert (info.key, info.size, info.etag) == (key, len(data), etag)
    assert [found.key for found in client.list_objects(key)] == [key]
    client.delete(key)
    with pytest.raises(errors.ObjectNotFoundError):
        client.head(key)


@pytest.mark.parametrize(
    ("key", "target"),
    [
        ("a b+c.jpg", "/a%20b%2Bc.jpg"),
        ("%41.jpg", "/%2541.jpg"),
        ("腾", "/%E8%85%BE"),
        ("🥝", "/%F0%9F%A5%9D"),
        ("a//b", "/a//b"),
        ("why?#", "/why%3F%23"),
        ("folder/", "/folder/"),
        ("(x)!*'", "/%28x%29%21%2A%27"),
    ],
)
def test_a_key_is_written_once_on_the_wire(key, target):
    """The request line holds the key percent-encoded once, and nothing rewrites it."""
    with Scripted(answer(200, b"data")) as server, server.client() as client:
        assert client.fetch(key) == b"data"
        assert server.heard[0].line == f"GET {target} HTTP/1.1"


@settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(key=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_every_legal_key_makes_the_round_trip(key, client):
    """A key that passes the naming rules passes the wire and the signature as well."""
    try:
        client.put(key, b"1")
    except errors.OptionsError:
        return
    assert client.fetch(key) == b"1"
    client.delete(key)


def test_a_request_is_exactly_what_it_should_be():
    """An upload has the bucket's host, its token, type, length and body."""
    token = Credentials("id", "key", "token")
    stored = answer(200, headers={"ETag": '"abc"'})
    with Scripted(stored) as server, server.client(credentials=token) as client:
        assert client.put("k", b"data", content_type="image/jpeg") == "abc"
    (heard,) = server.heard
    assert heard.line == "PUT /k HTTP/1.1"
    assert heard.body == b"data"
    assert heard["Host"] == ADDRESS.host
    assert heard["Content-Type"] == "image/jpeg"
    assert heard["Content-Length"] == "4"
    assert heard["x-cos-security-token"] == "token"
    assert heard["Accept-Encoding"] == "identity"
    assert heard["User-Agent"] == "cosmat-nb"
    signed = Authorization.from_header(heard["Authorization"])
    assert signed.header_list == ("content-type", "host", "x-cos-security-token")


def test_a_matting_request_is_as_the_vendor_documents():
    """Operation and layout are query parameters; an address is encoded once."""
    url = "https://x.com/a%20b.jpg?x=1&y=é"
    options = cm.MattingOptions(operation="GoodsMatting", center=True, padding=(20, 10))
    with Scripted(GOOD, GOOD) as server, server.client() as client:
        client.matte("a b.jpg", options)
        client.matte_url(url)
    layout = "ci-process=GoodsMatting&center-layout=1&padding-layout=20x10"
    assert server.heard[0].target == f"/a%20b.jpg?{layout}"
    assert server.heard[1].target == (
        "/?ci-process=AIPicMatting&detect-url="
        "https%3A%2F%2Fx.com%2Fa%2520b.jpg%3Fx%3D1%26y%3D%C3%A9"
    )


@pytest.mark.parametrize("token", ["", "sample-token"])
def test_what_arrives_carries_the_vendors_signature(token, monkeypatch):
    """The header that arrives is the one that the vendor's signer makes for it."""
    keys = Credentials("AKIDexample", "sample-key", token)
    with Scripted(GOOD) as server, server.client(credentials=keys) as client:
        client.matte("p/腾讯 +%41.jpg", cm.MattingOptions(center=True))
    (heard,) = server.heard
    key, params = parse_target(heard.target)
    request = SimpleNamespace(
        method="GET", url="http://x/", headers={"Host": heard["Host"]}
    )
    if token:
        request.headers["x-cos-security-token"] = heard["x-cos-security-token"]
    config = CosConfig(
        Region="ap-guangzhou", SecretId="AKIDexample", SecretKey="sample-key"
    )
    monkeypatch.setattr(cos_auth.time, "time", lambda: NOW)
    cos_auth.CosS3Auth(config, key, params, expire=900)(request)
    assert request.headers["Authorization"] == heard["Authorization"]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param([End.RESET_AT_ONCE], id="reset before the request"),
        pytest.param([End.RESET], id="reset after the request"),
        pytest.param([End.CLOSE], id="closed without an answer"),
        pytest.param([GOOD[:20], End.RESET], id="reset in the headers"),
        pytest.param([GOOD[:-9], End.RESET], id="reset in the body"),
        pytest.param([GOOD[:-9], End.CLOSE], id="closed in the body"),
        pytest.param([CHUNKED, End.CLOSE], id="chunks without an end"),
        pytest.param([answer(200, PNG[:-9])], id="cut PNG, length agrees"),
        pytest.param(
            [answer(200, PNG[:-9], length=""), End.CLOSE], id="cut, no length"
        ),
        pytest.param([refusal(200, "InternalError")], id="refusal in 200"),
        pytest.param([answer(204, length="")], id="no content"),
        pytest.param([b"SSH-2.0-OpenSSH_9.6\r\n\r\n", End.CLOSE], id="not HTTP"),
        pytest.param(
            [answer(200, PNG, {"X-Huge": "x" * 200_000}), End.CLOSE], id="huge header"
        ),
        pytest.param([SLOW_DOWN], id="SlowDown"),
        pytest.param([BROKEN], id="InternalError"),
    ],
)
def test_a_broken_answer_heals(bad):
    """After any one broken answer the call is sent again and is answered."""
    with Scripted(bad, GOOD) as server, server.client() as client:
        cutout = client.matte("k")
        assert cutout.png == PNG
        assert cutout.attempts == 2
        assert (cutout.height, cutout.width, cutout.nbytes) == (2, 3, len(PNG))
        assert len(server.heard) == (1 if bad == [End.RESET_AT_ONCE] else 2)


@pytest.mark.parametrize(
    "good",
    [
        pytest.param([GOOD], id="plain"),
        pytest.param([GOOD[:30], GOOD[30:-5], 0.02, GOOD[-5:]], id="in pieces"),
        pytest.param([CHUNKED + b"0\r\n\r\n"], id="in chunks"),
        pytest.param([b"HTTP/1.1 103 Early Hints\r\n\r\n" + GOOD], id="hints first"),
        pytest.param([answer(200, PNG, length="", version="1.0"), End.CLOSE], id="1.0"),
        pytest.param([answer(200, PNG, {"Content-Encoding": "gzip"})], id="says gzip"),
        pytest.param([answer(200, PNG, {"X-Large": "x" * 50_000})], id="large header"),
    ],
)
def test_a_whole_answer_is_taken_however_it_comes(good):
    """Pieces, chunks, old HTTP and odd headers do not change the bytes that count."""
    with Scripted(good) as server, server.client() as client:
        cutout = client.matte("k")
    assert (cutout.png, cutout.attempts) == (PNG, 1)


def test_a_refusal_that_never_heals_is_told_after_the_last_attempt():
    """The error counts what was sent and carries code, status and request id."""
    clock = Time()
    script = [SLOW_DOWN] * 4
    with Scripted(*script) as server, server.client(clock=clock.clock) as client:
        with pytest.raises(errors.ThrottledError) as caught:
            client.matte("k")
        assert len(server.heard) == 4
    error = caught.value
    assert (error.code, error.status, error.request_id) == ("SlowDown", 503, "REQ")
    assert error.attempts == 4
    assert clock.slept == [0.25, 0.5, 1.0]  # half of 0.5, 1 and 2 s


@pytest.mark.parametrize("value", ["7", http_date(7)])
def test_retry_after_is_honoured(value):
    """The next request is sent no sooner than the service asked for."""
    clock = Time()
    script = [refusal(503, "SlowDown", headers={"Retry-After": value}), GOOD]
    with Scripted(*script) as server, server.client(clock=clock.clock) as client:
        client.matte("k")
    assert clock.slept == [7.25]


def test_a_retry_after_that_is_too_long_stops_the_call():
    """Nobody sleeps for an hour: the error comes at once."""
    clock = Time()
    script = [refusal(503, "SlowDown", headers={"Retry-After": "3600"}), GOOD]
    with Scripted(*script) as server, server.client(clock=clock.clock) as client:
        with pytest.raises(errors.ThrottledError):
            client.matte("k")
        assert len(server.heard) == 1
    assert clock.slept == []


def test_nobody_listens():
    """A refused connection names its kind, and keeps no request with its token."""
    with Scripted() as server:
        pass
    with server.client() as client, pytest.raises(errors.TransportError) as caught:
        client.matte("k")
    assert "ConnectError" in str(caught.value)
    assert caught.value.attempts == 4
    assert caught.value.__cause__ is None


def test_the_steps_of_an_attempt_share_its_deadline():
    """Time spent on waiting for the headers is not given to the body again."""
    real = {"retry": Retry(attempts=1, attempt_seconds=1.5), "clock": cm.Clock()}
    slow = [1.25, answer(200, length=999), 60.0]
    with Scripted(slow) as server, server.client(**real) as client:
        began = time.monotonic()
        with pytest.raises(errors.TransportError, match="ReadTimeout"):
            client.matte("k")
        took = time.monotonic() - began
    # Given anew at each step, it would be 2.75 s.
    assert 1.4 < took < 2.7


def test_a_head_answer_with_a_length_has_no_body():
    """The length of a HEAD answer tells the object's size; nothing is waited for."""
    about = {"ETag": '"e"', "Last-Modified": http_date(0)}
    script = [answer(200, b"", about, length=5_000_000_000), GOOD]
    with Scripted(*script) as server, server.client() as client:
        info = client.head("k")
        client.matte("k")
    assert (info.size, info.etag) == (5_000_000_000, "e")
    assert info.last_modified.timestamp() == NOW
    assert [heard.connection for heard in server.heard] == [0, 0]


def test_an_empty_upload_says_so():
    """An object of no bytes is put with a length of 0."""
    stored = answer(200, headers=[("ETag", '"e"')])
    with Scripted(stored) as server, server.client() as client:
        assert client.put("k", b"") == "e"
    assert server.heard[0]["Content-Length"] == "0"


def test_an_address_that_is_too_long_is_refused():
    """A detect-url that no request line holds is refused; nothing is sent."""
    with Scripted() as server, server.client() as client:
        with pytest.raises(errors.OptionsError, match="too long"):
            client.matte_url("https://x.com/" + "a" * 70_000)
        assert server.heard == []


def test_environment_proxies_are_not_asked_about_this_machine(monkeypatch):
    """Loopback is reached directly, emulator or not, whatever proxy is configured."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    with Scripted(GOOD) as server, server.client() as client:
        assert client.matte("k").attempts == 1
    with cm.connect_emulator(cm.Emulator(engine=WhiteEngine())) as client:
        assert client.put("k", b"1")


def test_environment_proxies_are_asked_about_the_cloud(monkeypatch):
    """A call to another host goes through the proxy, with the bucket's host kept."""
    with Scripted(GOOD) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.endpoint)
        with MattingClient(ADDRESS, KEYS, endpoint="http://cos.invalid") as client:
            client.matte("k")
    assert proxy.heard[0].line.startswith("GET http://cos.invalid/k?ci-process=")
    assert proxy.heard[0]["Host"] == ADDRESS.host


@pytest.mark.parametrize("proxy", ["gopher://user:SECRET@x:1", "http://x:port"])
def test_a_proxy_that_cannot_be_used_is_told(proxy, monkeypatch):
    """A broken environment is a clear error that does not show the proxy's password."""
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(errors.OptionsError, match="ALL_PROXY") as caught:
        MattingClient(ADDRESS, KEYS)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        "127.0.0.1:8791",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:8791/base",
        "http://127.0.0.1:8791?x=1",
        "http://127.0.0.1:8791/#x",
        "http://127.0.0.1:notaport",
        "http://[::1",
        8791,
    ],
)
def test_an_endpoint_is_scheme_host_and_port(endpoint):
    """Anything else in an endpoint would be lost, or would break the signature."""
    with pytest.raises(errors.OptionsError, match="endpoint"):
        MattingClient(ADDRESS, KEYS, endpoint=endpoint)


@pytest.mark.parametrize("emulated", [False, True])
@pytest.mark.parametrize("endpoint", [None, "https://127.0.0.1:1", "https://cos.test"])
def test_certificates_are_always_checked(endpoint, emulated):
    """Over HTTPS no setting makes a client trust a server that it cannot identify."""
    with MattingClient(
        ADDRESS,
        KEYS,
        endpoint=endpoint,
        emulator_version="cosmat 1" if emulated else "",
    ) as client:
        context = client._channel._carrier._place.tls
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname


def test_an_endpoint_holds_no_password():
    """A password in the endpoint is refused without being shown."""
    with pytest.raises(errors.OptionsError) as caught:
        MattingClient(ADDRESS, KEYS, endpoint="http://me:SECRET@127.0.0.1:1")
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("slashes", ["", "/"])
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:8791", "https://[::1]:1"])
def test_an_endpoint_is_kept_without_its_last_slash(endpoint, slashes):
    """A slash at the end changes nothing."""
    with MattingClient(ADDRESS, KEYS, endpoint=endpoint + slashes) as client:
        assert client.endpoint == endpoint


@pytest.mark.parametrize("concurrency", [0, -1, 257])
def test_concurrency_is_limited(concurrency):
    """A client keeps up 1 to 256 calls."""
    with pytest.raises(errors.OptionsError, match="1 to 256"):
        MattingClient(ADDRESS, KEYS, concurrency=concurrency)


def test_threads_share_one_client(client):
    """Sixteen threads put and fetch their own objects without mixing them up."""

    def work(n):
        data = os.urandom(1000 + n)
        client.put(f"k{n}", data)
        return client.fetch(f"k{n}") == data

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(work, range(96)))


def test_a_busy_client_opens_no_more_connections_than_calls():
    """Four threads make forty calls over at most four connections."""
    with (
        Scripted(*[[0.005, GOOD]] * 40) as server,
        server.client(concurrency=4) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        cutouts = list(pool.map(client.matte, map(str, range(40))))
    assert all(cutout.png == PNG for cutout in cutouts)
    assert len({heard.connection for heard in server.heard}) <= 4
    assert len({heard.target for heard in server.heard}) == 40


def test_a_client_closed_during_a_wait_ends_the_call():
    """It is not sent again, and its error tells what was sent and why no more was."""
    clock = Time()
    with Scripted(SLOW_DOWN, GOOD) as server:
        client = server.client(
            clock=cm.Clock(
                now=clock.clock.now,
                elapsed=clock.clock.elapsed,
                sleep=lambda _: client.close(),
            )
        )
        with pytest.raises(errors.ThrottledError) as caught:
            client.matte("k")
        assert caught.value.attempts == len(server.heard) == 1
        assert "closed" in str(caught.value.__cause__)


def test_a_call_in_flight_is_answered_before_its_client_closes():
    """What may be paid for is not thrown away: close waits for it, sending no more."""
    with Scripted([0.2, GOOD]) as server, ThreadPoolExecutor(1) as pool:
        client = server.client()
        pending = pool.submit(client.matte, "k")
        while not server.heard:
            time.sleep(0.001)
        client.close()
        assert pending.result(timeout=10).png == PNG
        assert len(server.heard) == 1


def test_a_busy_client_can_be_closed():
    """Threads whose client is closed under them end soon, with an error of the tree."""
    with Scripted(*[[0.01, GOOD]] * 4000) as server:
        client = server.client(retry=Retry(attempts=2, base=0.001))

        def work(n):
            try:
                while True:
                    client.matte(str(n))
            except errors.CosmatError as error:
                return error

        with ThreadPoolExecutor(8) as pool:
            pending = [pool.submit(work, n) for n in range(8)]
            time.sleep(0.1)
            client.close()
            ends = [future.result(timeout=5) for future in pending]
    assert all(isinstance(end, errors.OptionsError) for end in ends)


def test_an_interrupt_leaves_a_client_that_works():
    """Ctrl-C while waiting passes through; the next call is answered."""
    clock = Time()

    def interrupt(seconds):
        if not clock.slept:
            clock.sleep(seconds)
            raise KeyboardInterrupt

    stopping = cm.Clock(
        now=clock.clock.now, elapsed=clock.clock.elapsed, sleep=interrupt
    )
    with Scripted(SLOW_DOWN, GOOD) as server, server.client(clock=stopping) as client:
        with pytest.raises(KeyboardInterrupt):
            client.matte("k")
        assert client.matte("k").attempts == 1


def test_an_interrupt_in_the_middle_of_an_answer_closes_its_stream():
    """Ctrl-C while a body is read closes the answer; nothing is left open."""
    closed = threading.Event()

    class Body(httpx.SyncByteStream):
        def __iter__(self):
            yield PNG[:10]
            raise KeyboardInterrupt

        def close(self):
            closed.set()

    network = httpx.MockTransport(lambda _: httpx.Response(200, stream=Body()))
    client = MattingClient(ADDRESS, KEYS, transport=network)
    with client, pytest.raises(KeyboardInterrupt):
        client.matte("k")
    assert closed.is_set()


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.ReadError,
        httpx.WriteError,
        httpx.ProxyError,
        httpx.RemoteProtocolError,
    ],
)
def test_every_failure_of_the_network_is_one_transport_error(failure):
    """A failure without a reason of its own still says what happened."""

    def break_down(request):
        raise failure("", request=request)

    clock = Time()
    network = httpx.MockTransport(break_down)
    client = MattingClient(ADDRESS, KEYS, transport=network, clock=clock.clock)
    with (
        client,
        pytest.raises(errors.TransportError, match=failure.__name__) as caught,
    ):
        client.matte("k")
    assert caught.value.attempts == 4
    assert len(clock.slept) == 3
    assert type(caught.value) is errors.TransportError


def test_a_redirect_to_nowhere_is_not_followed():
    """A location that cannot be read is no reason to send the call four times."""
    script = [answer(302, b"", {"Location": "http://[broken"}), GOOD]
    with Scripted(*script) as server, server.client() as client:
        with pytest.raises(errors.CallError) as caught:
            client.matte("k")
        assert len(server.heard) == 1
    assert caught.value.attempts == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_uses_connections_of_its_own():
    """Parent and child call at once after a fork; neither reads the other's answer."""
    with Scripted(*[GOOD] * 3) as server, server.client() as client:
        client.matte("before")
        child = os.fork()
        if child == 0:
            os._exit(0 if client.matte("child").png == PNG else 1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        client.matte("parent")
    connections = {h.target.partition("?")[0]: h.connection for h in server.heard}
    assert connections == {"/before": 0, "/child": 1, "/parent": 0}


def test_a_client_stays_in_its_process():
    """A client cannot be pickled, and says so instead of half working."""
    with (
        MattingClient(ADDRESS, KEYS) as client,
        pytest.raises(TypeError, match="connect again"),
    ):
        pickle.dumps(client)


def test_a_signature_verifies_at_the_server():
    """The request that arrives, read back from its bytes, carries a good signature."""
    with Scripted(GOOD) as server, server.client() as client:
        client.matte("k", cm.MattingOptions(padding=(1, 2)))
    (heard,) = server.heard
    key, params = parse_target(heard.target)
    signed = Authorization.from_header(heard["Authorization"])
    text = signed.text("GET", f"/{key}", params, dict(heard.headers))
    assert verify(signed, KEYS.secret_key, text, NOW) is Verdict.VALID


def test_an_endpoint_keeps_the_bucket_as_host(emulator):
    """A diverted client is let in by the emulator, which checks host and signature."""
    with cm.connect_cloud(
        emulator.address.bucket,
        emulator.address.region,
        credentials=emulator.credentials,
        endpoint=emulator.endpoint,
    ) as client:
        client.put("k", b"1")
        assert client.fetch("k") == b"1"
    with (
        cm.connect_cloud(
            "otherbucket-1250000000",
            "ap-guangzhou",
            credentials=emulator.credentials,
            endpoint=emulator.endpoint,
        ) as client,
        pytest.raises(errors.ObjectNotFoundError) as caught,
    ):
        client.fetch("k")
    assert (caught.value.code, caught.value.dooms) == ("NoSuchBucket", True)


def test_a_cutout_knows_its_call(client, square):
    """A cutout holds the PNG as received, its size and the way to its source."""
    client.put("square.jpg", square)
    cutout = client.matte("square.jpg", cm.MattingOptions(padding=(20, 10)))
    assert (cutout.height, cutout.width) == (64 + 20, 96 + 40)
    assert Image.open(io.BytesIO(cutout.png)).size == (96 + 40, 64 + 20)
    assert cutout.alpha[10 + 32, 20 + 48] == 1.0
    assert not cutout.is_empty
    assert cutout.request_id
    assert cutout.place == "square.jpg"
    assert cutout.before().shape == (64, 96, 3)
    assert np.allclose(cutout.before()[32, 48], (200, 30, 40), atol=4)


def test_the_repr_says_where_calls_go():
    """Cloud, diverted cloud and emulator are told apart at a glance."""
    bucket = "examplebucket-1250000000 in ap-guangzhou"
    local = "http://127.0.0.1:8791"
    with MattingClient(ADDRESS, KEYS) as client:
        assert repr(client) == f"MattingClient(cloud: {bucket})"
        assert "<b>calls are paid</b>" in client._repr_html_()
    with MattingClient(ADDRESS, KEYS, endpoint=local) as client:
        assert repr(client) == f"MattingClient(cloud: {bucket} via {local})"
    with MattingClient(
        ADDRESS, KEYS, endpoint=local, emulator_version="cosmat 1"
    ) as client:
        assert repr(client) == f"MattingClient(emulator: {bucket} via {local})"
        shown = client._repr_html_()
    assert "the embedded emulator; nothing is paid" in shown
    for text in (ADDRESS.bucket, ADDRESS.region, local):
        assert f"<td>{text}</td>" in shown


def test_the_html_is_escaped():
    """What stands in an endpoint is shown as text, never as markup."""
    with MattingClient(ADDRESS, KEYS, endpoint="http://a&b") as client:
        assert client.endpoint == "http://a&b"
        assert "http://a&amp;b" in client._repr_html_()
