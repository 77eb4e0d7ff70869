"""Pictures by address: own links, an allow-list, and nothing else ever."""

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from asking import (
    ADDRESS,
    KEYS,
    NOW,
    OTHER,
    PERIOD,
    SERVER,
    make_handlers,
    sign_request,
)
from squares import draw_square

from cosmat_nb import images
from cosmat_nb.emulator.refusal import Refusal
from cosmat_nb.wire.credentials import Credentials
from cosmat_nb.wire.presign import presigned_target

PNG = images.encode_png(draw_square())


class Place(ThreadingHTTPServer):
    """A web server on loopback that serves pictures and counts its visitors."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answering)
        self.visits = 0
        self.asked = []

    @property
    def origin(self):
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def get_request(self):
        """Count a connection."""
        self.visits += 1
        return super().get_request()


class Answering(BaseHTTPRequestHandler):
    """Answers by what the path begins with."""

    def do_GET(self):
        """Serve the picture, a redirect to it, too many bytes, or nothing."""
        self.server.asked.append(self.path)
        if self.path.startswith("/hang-up"):
            return
        if self.path.startswith("/drip"):
            self.drip()
            return
        path, _, to = self.path.partition("?to=")
        if path == "/slow":
            time.sleep(0.4)
        states = {
            "/moved": 302,
            "/slow": 302,
            "/loop": 302,
            "/missing": 404,
            "/partial": 206,
        }
        self.send_response(states.get(path, 200))
        to = path if path == "/loop" else to or "/picture.png"
        self.send_header("Location", to)
        self.end_headers()
        self.wfile.write(PNG if "large" not in self.path else PNG + bytes(5000))

    def drip(self):
        """Send a byte every tenth of a second, for ten seconds: headers or a body."""
        start = b"HTTP/1.1 200 OK\r\nX: "
        with contextlib.suppress(OSError):
            self.wfile.write(start if "head" in self.path else start + b"\r\n\r\n")
            for _ in range(100):
                time.sleep(0.1)
                self.wfile.write(b"x")

    def log_message(self, *_):
        """Say nothing."""


@contextlib.contextmanager
def opened():
    """Start a place, and close it in the end."""
    with Place() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def place():
    """A started place."""
    with opened() as server:
        yield server


def allow(place, **assumed):
    """Make handlers that may fetch from a place."""
    return make_handlers(origins=[place.origin], **assumed)


def cut(handlers, url, key="", host=""):
    """Cut the picture at an address and hand back its height and width."""
    params = {"ci-process": "AIPicMatting", "detect-url": url}
    answer = handlers.answer(sign_request("GET", key, params, host=host))
    header = images.read_header(answer.body)
    return header.height, header.width


def refuse(handlers, url, **how):
    """Have an address refused and hand back the refusal."""
    with pytest.raises(Refusal) as caught:
        cut(handlers, url, **how)
    assert caught.value.message.endswith(".")
    return caught.value


def put(handlers, key, address=ADDRESS):
    """Put the picture into a bucket."""
    handlers.buckets[address.bucket].put(key, PNG, "image/png")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("port", ["", ":80", ":8791"])
@pytest.mark.parametrize(
    "host",
    [
        ADDRESS.host,
        ADDRESS.host.upper(),
        "examplebucket-1250000000.pic.ap-guangzhou.myqcloud.com",
        "examplebucket-1250000000.cos.ap-guangzhou.tencentcos.cn",
        "examplebucket-1250000000.cos.accelerate.myqcloud.com",
    ],
)
def test_an_address_of_the_own_bucket_is_opened(scheme, port, host):
    """By any of its hosts; the address wins over the key and is decoded once."""
    handlers = make_handlers()
    put(handlers, "p 1/a+b%41.png")
    url = f"{scheme}://{host}{port}/p%201/a+b%2541.png?x=1&y=2#part"
    assert cut(handlers, url, key="nope.jpg") == (64, 96)


def test_an_address_of_another_own_bucket_is_opened():
    """Buckets of the emulator can name each other's pictures."""
    handlers = make_handlers()
    put(handlers, "only here.png", OTHER)
    assert cut(handlers, f"https://{OTHER.host}/only%20here.png") == (64, 96)
    assert refuse(handlers, f"https://{ADDRESS.host}/only%20here.png")


@pytest.mark.parametrize("place", [SERVER, "pictures.example.com"])
def test_the_place_that_was_asked_is_its_own(place):
    """Host and port of the server, and the domain that it was asked by, are opened."""
    handlers = make_handlers()
    put(handlers, "中/a.png")
    for path in ("中/a.png", "%E4%B8%AD/a.png"):
        assert cut(handlers, f"http://{place}/{path}", host=place) == (64, 96)
    assert refuse(handlers, f"http://{place}/nope", host=place)


def presign(key, params=None, host=ADDRESS.host, keys=KEYS, period=PERIOD):
    """Write a link of one's own."""
    target = presigned_target(keys, key, params or {}, host=host, period=period)
    return f"http://{host}{target}"


def test_a_presigned_link_is_opened():
    """With its signature in order it is a picture like any other."""
    handlers = make_handlers()
    put(handlers, "p 1/a+中.png")
    assert cut(handlers, presign("p 1/a+中.png", host=SERVER)) == (64, 96)
    more = {"response-content-type": "text/plain"}
    assert cut(handlers, presign("p 1/a+中.png", more)) == (64, 96)


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        (presign("a.png", period=(1, int(NOW) - 1)), "Request has expired"),
        (presign("a.png", keys=Credentials("x", "y")), "InvalidAccessKeyId"),
        (presign("a.png", keys=Credentials("test-id", "y")), "SignatureDoesNotMatch"),
        (presign("b.png").replace("b.png", "a.png"), "SignatureDoesNotMatch"),
        (presign("a.png").replace("q-ak=", "q-k="), "AccessDenied"),
        (presign("a.png", {"acl": ""}), "NotImplemented"),
        (presign("a.png", {"ci-process": "AIPicMatting"}), "NotImplemented"),
        (
            presign("", {"ci-process": "AIPicMatting", "detect-url": "http://x.com"}),
            "NotImplemented",
        ),
        (f"http://{ADDRESS.host}/a.png?ci-process=AIPicMatting", "NotImplemented"),
    ],
)
def test_a_link_that_is_not_in_order_is_refused(link, reason):
    """Expired, forged, changed and endless links are told without their signature."""
    handlers = make_handlers()
    put(handlers, "a.png")
    refusal = refuse(handlers, link)
    assert refusal.code == "InvalidArgument"
    assert reason in refusal.message
    signature = link.rpartition("q-signature=")[2]
    assert signature not in refusal.message or signature == link


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/nope.png",
        "//a.png",
        "/../a.png",
        "/x/../a.png",
        "/%2e%2e/a.png",
        "/./a.png",
        "/%2fa.png",
        "/a.png%00",
        "/a.png/",
        "/a.png;x",
        "/%ff",
        "/\\a.png",
    ],
)
def test_no_path_leads_elsewhere(path):
    """A path is a key, letter by letter: there is no way up, around or twice."""
    handlers = make_handlers()
    put(handlers, "a.png")
    refusal = refuse(handlers, f"http://{ADDRESS.host}{path}")
    assert refusal.code == "InvalidArgument"


def test_an_allowed_place_is_fetched_from(place):
    """What is on the list is asked once, for exactly what was named."""
    handlers = allow(place)
    url = f"{place.origin}/a%20b/中.png;x?y=1&z=%2B+&é#part"
    assert cut(handlers, url) == (64, 96)
    assert place.asked == ["/a%20b/%E4%B8%AD.png;x?y=1&z=%2B+&%C3%A9"]
    cut(handlers, place.origin)
    cut(handlers, f"{place.origin}?x")
    assert place.asked[1:] == ["/", "/?x"]
    assert place.visits == 3


@pytest.mark.parametrize(
    "write",
    [
        "{origin}/picture.png",
        "http://localhost:{port}/picture.png",
        "http://127.1:{port}/picture.png",
        "http://2130706433:{port}/picture.png",
        "http://[::ffff:127.0.0.1]:{port}/picture.png",
        "https://127.0.0.1:{port}/picture.png",
        "http://{own}@127.0.0.1:{port}/picture.png",
        "http://127.0.0.1:{port}\\@{own}/picture.png",
        "http://127.0.0.1:{port}#@{own}/picture.png",
        "http://127.0.0.1:{port}?@{own}/picture.png",
        "http://{own}.127.0.0.1:{port}/picture.png",
        "http://127.0.0.1:{port}/{own}/picture.png",
        "http%3A%2F%2F127.0.0.1%3A{port}%2Fpicture.png",
        "ftp://127.0.0.1:{port}/picture.png",
        "file://127.0.0.1:{port}/etc/passwd",
        "//127.0.0.1:{port}/picture.png",
        "http://127.0.0.1:{port}\r\nHost: {own}/picture.png",
        "http://\u2067127.0.0.1:{port}/picture.png",
        "HTTP://127.0.0.1:{port}/picture.png",
        "http://127.0.0.1:{port}extra/picture.png",
        "http://[x",
        "picture.png",
    ],
)
@pytest.mark.parametrize("encoded_url", ["refuse", "decode"])
def test_nothing_else_is_ever_fetched(place, write, encoded_url):
    """However an address is dressed up, a place off the list sees no connection."""
    port = place.server_address[1]
    for origins in ([], ["http://127.0.0.1:80", "http://example.com:80"]):
        handlers = make_handlers(origins=origins, encoded_url=encoded_url)
        put(handlers, "picture.png")
        url = write.format(origin=place.origin, port=port, own=ADDRESS.host)
        assert refuse(handlers, url).code == "InvalidArgument"
    assert place.visits == 0


def test_a_redirect_is_not_followed(place):
    """By default a redirect is refused, even within the place that is allowed."""
    assert "302" in refuse(allow(place), f"{place.origin}/moved").message
    assert place.asked == ["/moved"]


def test_a_redirect_leads_to_no_place_off_the_list(place):
    """Where redirects are followed, each step has to be allowed anew."""
    handlers = allow(place, url_redirects="follow")
    assert cut(handlers, f"{place.origin}/moved?to=/picture.png") == (64, 96)
    with opened() as other:
        for to in (f"{other.origin}/x", "file:///etc/passwd", "http://[x", "/loop"):
            refuse(handlers, f"{place.origin}/moved?to={to}")
        assert other.visits == 0
        both = make_handlers(
            origins=[place.origin, other.origin], url_redirects="follow"
        )
        assert cut(both, f"{place.origin}/moved?to={other.origin}/x") == (64, 96)
        assert other.visits == 1


@pytest.mark.parametrize("path", ["/missing", "/partial", "/hang-up"])
def test_a_place_that_does_not_answer_well_is_told(place, path):
    """Other answers than 200, and none, are refused with the assumed code."""
    for code in ("InvalidArgument", "NoSuchKey"):
        handlers = allow(place, foreign_url=code)
        assert refuse(handlers, place.origin + path).code == code


@pytest.mark.parametrize("path", ["/drip-body", "/drip-head", "/moved?to=/drip-body"])
def test_a_place_that_drips_is_given_up(place, path):
    """The seconds hold for the whole of it: redirects, headers and the last byte."""
    handlers = allow(place, url_seconds=0.5, url_redirects="follow")
    begin = time.monotonic()
    refusal = refuse(handlers, place.origin + path)
    assert time.monotonic() - begin < 5
    assert refusal.code == "InvalidArgument"
    assert "TimeoutError" in refusal.message


def test_redirects_share_one_deadline(place):
    """Places that each take less than half the seconds are too slow together."""
    handlers = allow(place, url_seconds=1.0, url_redirects="follow")
    steps = "/slow?to=" * 3
    assert cut(handlers, f"{place.origin}/slow?to=/picture.png") == (64, 96)
    refusal = refuse(handlers, f"{place.origin}{steps}/picture.png")
    assert "TimeoutError" in refusal.message


def test_a_place_that_is_gone_is_told():
    """A refused connection is refused, not a failure of the emulator."""
    with opened() as gone:
        handlers = allow(gone)
    refusal = refuse(handlers, f"{gone.origin}/picture.png")
    assert "ConnectionRefusedError" in refusal.message


@pytest.mark.parametrize("host", ["a..b", "é..b", "x" * 64])
def test_a_host_that_is_none_is_told(host):
    """Names that cannot be looked up are refused, even from the list."""
    handlers = make_handlers(origins=[f"http://{host}:80"])
    assert refuse(handlers, f"http://{host}/a.png").code == "InvalidArgument"


def test_a_picture_from_elsewhere_has_the_same_limits(place):
    """No more is read than a picture may have, and that is then refused."""
    handlers = allow(place)
    limits = handlers.assumptions.limits
    small = type(limits)(max_bytes=len(PNG))
    handlers = allow(place, limits=small)
    assert cut(handlers, f"{place.origin}/exact") == (64, 96)
    assert refuse(handlers, f"{place.origin}/large").code == "ImageTooLarge"


@pytest.mark.parametrize("times", [1, 2, 3])
def test_an_encoded_address_is_refused_or_decoded(times):
    """The vendor prints one that is encoded thrice; what is done is assumed."""
    url = f"http://{ADDRESS.host}/a%20b.png"
    for _ in range(times):
        url = url.replace("%", "%25").replace(":", "%3A").replace("/", "%2F")
    strict, kind = make_handlers(), make_handlers(encoded_url="decode")
    put(kind, "a b.png")
    assert "encoded on the way" in refuse(strict, url).message
    assert cut(kind, url) == (64, 96)
