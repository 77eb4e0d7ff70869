"""Every call of both clients on the emulator: one suite, two drivers."""

import inspect
import io
import time as real_time
from contextlib import ExitStack

import numpy as np
import pytest
from faces import FACES, open_client
from PIL import Image
from scripted import (
    ADDRESS,
    BROKEN,
    GOOD,
    KEYS,
    PNG,
    SLOW_DOWN,
    End,
    Scripted,
    Time,
    answer,
    http_date,
    refusal,
)
from squares import WhiteEngine, draw_square

import cosmat_nb as cm
from cosmat_nb import errors, images
from cosmat_nb.client.asynchronous import AsyncMattingClient
from cosmat_nb.client.blocking import MattingClient
from cosmat_nb.client.retry import Retry
from cosmat_nb.emulator.assumptions import Assumptions
from cosmat_nb.emulator.bucket import MemoryBucket
from cosmat_nb.emulator.faults import Fault, Faults
from cosmat_nb.wire.credentials import Credentials
from cosmat_nb.wire.deletion import DeleteResult

QUICK = Retry(base=0.001, longest=0.002)
PADDED = cm.MattingOptions(padding=(20, 10))
OTHER = "otherbucket-1250000000"
SQUARE = images.encode_jpeg(draw_square())


@pytest.fixture(scope="module")
def one_emulator():
    """One emulator for all: starting and stopping takes longer than most tests."""
    with cm.Emulator(engine=WhiteEngine()) as running:
        yield running


@pytest.fixture
def emulator(one_emulator):
    """It, with an empty bucket."""
    for info in list(one_emulator.bucket.infos()):
        one_emulator.bucket.remove(info.key)
    return one_emulator


@pytest.fixture(params=FACES)
def connect(request):
    """Opens clients of one kind, of an emulator or of a scripted server."""
    with ExitStack() as stack:

        def open_one(service, credentials=None, **settings):
            emulated = isinstance(service, cm.Emulator)
            pair = service.credentials if emulated else KEYS
            settings = {"endpoint": service.endpoint, "retry": QUICK} | settings
            opened = open_client(
                request.param,
                service.address if emulated else ADDRESS,
                credentials or pair,
                **settings,
            )
            return stack.enter_context(opened)

        yield open_one


@pytest.fixture
def client(connect, emulator):
    """A client of either kind of an empty emulator."""
    return connect(emulator)


def size_of(png):
    """Width and height of a PNG, by another reader."""
    return Image.open(io.BytesIO(png)).size


# The faces themselves.


def public(kind):
    """Names of what a class offers, apart from dunders."""
    return {name for name, _ in inspect.getmembers(kind) if name[0] != "_"}


def test_both_clients_offer_the_same():
    """Whatever one can be asked for, the other can as well."""
    assert public(MattingClient) == public(AsyncMattingClient) - {"like"}


@pytest.mark.parametrize("name", sorted(public(MattingClient)))
def test_both_clients_take_the_same_arguments(name):
    """Names, defaults and kinds of arguments agree, and both are documented."""
    ours, theirs = getattr(MattingClient, name), getattr(AsyncMattingClient, name)
    assert ours.__doc__
    assert theirs.__doc__
    if not callable(ours):
        return
    here, there = inspect.signature(ours), inspect.signature(theirs)
    assert list(here.parameters.values()) == list(there.parameters.values())


def test_both_clients_say_what_they_are(client):
    """The repr names the kind of client and where it calls."""
    assert repr(client).endswith(
        f"MattingClient(cloud: {ADDRESS.bucket} in {ADDRESS.region} via "
        f"{client.endpoint})"
    )


# Matting.


@pytest.mark.parametrize("operation", list(cm.Operation))
def test_a_stored_picture_is_cut_out(client, square, operation):
    """Each operation cuts out the box, and the layout is kept to."""
    client.put("square.jpg", square)
    options = cm.MattingOptions(operation=operation, padding=(20, 10))
    cutout = client.matte("square.jpg", options)
    assert (cutout.height, cutout.width) == (64 + 20, 96 + 40)
    assert size_of(cutout.png) == (96 + 40, 64 + 20)
    assert cutout.alpha[10 + 32, 20 + 48] == 1.0
    assert cutout.alpha[0, 0] == 0.0
    assert (cutout.place, cutout.attempts) == ("square.jpg", 1)
    assert cutout.service == client.service
    assert cutout.request_id


def test_a_picture_is_cut_out_by_its_address(client, square):
    """By the bucket's own host, and by a presigned link to the emulator."""
    client.put("p/a b.jpg", square)
    plain = f"http://{client.address.host}/p/a%20b.jpg"
    for url in (plain, client.presign("p/a b.jpg").url):
        cutout = client.matte_url(url)
        assert (cutout.height, cutout.width) == (64, 96)
        assert cutout.place == url.partition("?")[0]


def test_an_address_elsewhere_is_refused_by_the_service(client):
    """The emulator fetches nothing from places that it was not told of."""
    with pytest.raises(errors.InvalidRequestError) as caught:
        client.matte_url("https://www.example.com/a.jpg")
    assert caught.value.attempts == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/a.jpg",
        "http://nas/a.jpg",
        "http%3A%2F%2Fx.com",
        "ftp://x.cc",
    ],
)
def test_an_address_that_nobody_could_fetch_is_not_sent(connect, url):
    """Refused with its reason, before a request is made."""
    with Scripted() as server:
        with pytest.raises(errors.OptionsError, match="detect-url must be"):
            connect(server).matte_url(url)
        assert server.heard == []


def test_private_addresses_can_be_allowed(connect):
    """``private_urls=True`` leaves the judgement to the service."""
    with Scripted(GOOD) as server:
        cutout = connect(server, private_urls=True).matte_url("http://nas/a.jpg")
        assert cutout.png == PNG
        assert "detect-url=http%3A%2F%2Fnas%2Fa.jpg" in server.heard[0].target


def test_an_upload_keeps_picture_and_cutout(client, square):
    """Both are in the bucket, the cutout is what a download gives."""
    result = client.matte_upload("p/mug.jpg", square, save_as="cut/mug.png")
    assert result.original.key == "p/mug.jpg"
    (made,) = result.objects
    assert made.key == "cut/mug.png"
    assert made.location == f"{client.address.host}/cut/mug.png"
    assert result.request_id
    assert client.fetch("p/mug.jpg") == square
    assert client.head("p/mug.jpg").etag == result.original.etag
    png = client.fetch("cut/mug.png")
    assert (len(png), client.head("cut/mug.png").etag) == (made.size, made.etag)
    assert np.array_equal(images.decode_rgba(png), client.matte("p/mug.jpg").rgba)


def test_a_name_without_a_folder_is_at_the_root(client, square):
    """It does not land in the folder of the source."""
    client.matte_upload("deep/down/mug.jpg", square, save_as="mug.png")
    client.matte_stored("deep/down/mug.jpg", {"again.png": PADDED})
    keys = [info.key for info in client.list_objects()]
    assert keys == ["again.png", "deep/down/mug.jpg", "mug.png"]


def test_five_cutouts_of_a_stored_picture(client, square):
    """Each has its own options, and all are the pixels of a download."""
    client.put("mug.jpg", square)
    results = {f"cut/腾 {n}.png": cm.MattingOptions(padding=(n, 0)) for n in range(5)}
    result = client.matte_stored("mug.jpg", results)
    assert [made.key for made in result.objects] == list(results)
    for n, key in enumerate(results):
        assert size_of(client.fetch(key)) == (96 + 2 * n, 64)


def test_picture_info_tells_about_the_source(client, square):
    """Asked for, it has format, sides and colour; else it has none."""
    client.put("mug.jpg", square)
    plain = client.matte_stored("mug.jpg", {"a.png": PADDED})
    assert (plain.original.format, plain.original.height) == ("", None)
    rich = client.matte_stored("mug.jpg", {"a.png": PADDED}, picture_info=True)
    assert rich.original.format.upper() == "JPEG"
    assert (rich.original.height, rich.original.width) == (64, 96)
    assert rich.original.color.startswith("0x")


def test_a_full_answer_tells_about_the_results(connect, square):
    """A service that says more is understood."""
    with cm.Emulator(
        engine=WhiteEngine(), assumptions=Assumptions(results="full")
    ) as emulator:
        client = connect(emulator)
        result = client.matte_upload("a.jpg", square, save_as="a.png", options=PADDED)
    (made,) = result.objects
    assert (made.format, made.height, made.width) == ("png", 84, 136)


def test_a_cutout_may_go_to_another_bucket(connect, square):
    """It is there, and not in the picture's own."""
    other = MemoryBucket()
    with cm.Emulator(engine=WhiteEngine(), others={OTHER: other}) as emulator:
        client = connect(emulator)
        result = client.matte_upload("a.jpg", square, save_as="a.jpg", bucket=OTHER)
        assert result.objects[0].location.startswith(f"{OTHER}.cos.")
        assert client.fetch("a.jpg") == square
        assert size_of(other.get("a.jpg").data) == (96, 64)
        with pytest.raises(errors.ObjectNotFoundError) as caught:
            client.matte_stored("a.jpg", {"b.png": PADDED}, bucket="nobucket-1")
    assert caught.value.code == "NoSuchBucket"


def test_the_source_is_overwritten_on_request_alone(client, square):
    """Without ``overwrite=True`` it stays; with it the cutout takes its place."""
    client.put("a.jpg", square)
    with pytest.raises(errors.OptionsError, match="overwrite=True"):
        client.matte_stored("a.jpg", {"a.jpg": PADDED})
    assert client.fetch("a.jpg") == square
    client.matte_stored("a.jpg", {"a.jpg": PADDED}, overwrite=True)
    assert size_of(client.fetch("a.jpg")) == (136, 84)


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.matte_upload("a.jpg", SQUARE, save_as="cut/"),
        lambda c: c.matte_upload("a.jpg", SQUARE, save_as="a.jpg"),
        lambda c: c.matte_upload("a.jpg", SQUARE, save_as="b", bucket="bad"),
        lambda c: c.matte_upload("a.jpg", b"text", save_as="b"),
        lambda c: c.matte_upload("", SQUARE, save_as="b"),
        lambda c: c.matte_stored("a.jpg", {}),
        lambda c: c.matte_stored("a.jpg", {f"{n}": PADDED for n in range(6)}),
        lambda c: c.delete_objects(["a", "b\x01"]),
        lambda c: c.fetch("a", 5, 5),
        lambda c: c.put("a", "text"),
        lambda c: c.put("a", b"1", content_type=None),
        lambda c: list(c.list_pages(page_size=0)),
        lambda c: list(c.list_pages(page_size=2.0)),
        lambda c: c.presign("a", expires=0),
        lambda c: c.presign("a", "center"),
        lambda c: c.matte("a", "center"),
        lambda c: c.matte("a", None),
        lambda c: c.matte_url("https://x.com/a.jpg", {"center": True}),
        lambda c: c.matte_stored("a", {"b": "center"}),
    ],
)
def test_what_cannot_be_used_is_not_sent(connect, call):
    """Both clients refuse before they speak."""
    with Scripted() as server:
        with pytest.raises((errors.OptionsError, errors.ImageError)):
            call(connect(server))
        assert server.heard == []


def test_a_bucket_that_makes_nothing_is_told(connect, square):
    """An empty list of results names what is missing and what may be wrong."""
    faults = Faults(script=[Fault.no_results()])
    with cm.Emulator(engine=WhiteEngine(), faults=faults) as emulator:
        client = connect(emulator)
        with pytest.raises(
            errors.ResultMissingError, match="may not be bound"
        ) as found:
            client.matte_upload("a.jpg", square, save_as="a.png")
    assert found.value.missing == ("a.png",)
    assert found.value.result.original.key == "a.jpg"
    assert found.value.attempts == 1


def test_a_missing_picture_is_told(client):
    """By name, as a LookupError, after one attempt."""
    for call in (
        lambda: client.matte("none"),
        lambda: client.matte_stored("none", {"a.png": PADDED}),
        lambda: client.fetch("none"),
        lambda: client.fetch("none", 0, 5),
        lambda: client.head("none"),
        lambda: client.probe("none"),
    ):
        with pytest.raises(errors.ObjectNotFoundError, match="'none'") as caught:
            call()
        assert (caught.value.status, caught.value.attempts) == (404, 1)
        assert isinstance(caught.value, LookupError)


def test_an_upload_that_cannot_be_cut_is_refused(connect, emulator):
    """Without limits of its own the client passes on what the service says."""
    client = connect(emulator, limits=None)
    with pytest.raises(errors.ImageRejectedError) as caught:
        client.matte_upload("a.jpg", b"text", save_as="a.png")
    assert caught.value.code == "InvalidImageFormat"


# Objects.


def test_probe_tells_what_the_limits_need(client, square):
    """Format, sides and bytes, with large metadata in front as well."""
    client.put("plain", square)
    exif = b"\xff\xe1\xff\xff" + bytes(65_533)
    client.put("heavy", square[:2] + 4 * exif + square[2:])
    client.put("text", b"hello")
    client.put("empty", b"")
    for key in ("plain", "heavy"):
        info = client.probe(key)
        assert (info.format, info.height, info.width) == ("JPEG", 64, 96)
        assert info.nbytes == client.head(key).size
        assert client.limits.refusal(info) == ""
    for key in ("text", "empty"):
        assert "must be JPEG or PNG" in client.limits.refusal(client.probe(key))


def test_parts_of_an_object(client):
    """From `start` to before `stop`; behind the end there is nothing to fetch."""
    client.put("k", b"0123456789")
    assert client.fetch("k", 2, 5) == b"234"
    assert client.fetch("k", 7) == b"789"
    assert client.fetch("k", 7, 99) == b"789"
    assert client.fetch("k") == b"0123456789"
    with pytest.raises(errors.InvalidRequestError) as caught:
        client.fetch("k", 10, 20)
    assert (caught.value.code, caught.value.status) == ("InvalidRange", 416)


def test_an_object_is_fetched_when_it_changed(client):
    """None as long as the ETag is the same."""
    etag = client.put("k", b"1")
    assert client.fetch_changed("k", etag) is None
    assert client.fetch_changed("k", f'"{etag}"') is None
    changed = client.put("k", b"2")
    assert client.fetch_changed("k", etag) == b"2"
    assert client.head("k").etag == changed


def test_many_objects_are_deleted(client):
    """Keys that are not there are no failure; odd ones are deleted as they are."""
    keys = ["a&b<c>", "a b", "腾", "'\"", "x" * 850]
    for key in [*keys, "kept"]:
        client.put(key, b"")
    result = client.delete_objects([*keys, "none"])
    assert result == DeleteResult(deleted=(*keys, "none"))
    assert [info.key for info in client.list_objects()] == ["kept"]
    client.delete("kept")
    client.delete("kept")
    assert list(client.list_objects()) == []


def test_a_listing_is_read_page_by_page(client):
    """Pages follow each other in byte order, whatever their size."""
    keys = ["a b", "a+b", "b//c", "é", "腾", "🥝"]
    for key in keys:
        client.put(key, b"")
    assert [info.key for info in client.list_objects()] == keys
    assert [info.key for info in client.list_objects("a")] == ["a b", "a+b"]
    assert list(client.list_objects("zzz")) == []
    for size in (1, 2, 5, 6):
        pages = list(client.list_pages(page_size=size))
        assert [info.key for page in pages for info in page.contents] == keys
        assert max(len(page.contents) for page in pages) == size


def test_a_listing_is_read_no_further_than_wanted(client):
    """A loop that stops early asks for no further page."""
    for n in range(4):
        client.put(f"{n}", b"")
    pages = client.list_pages(page_size=1)
    assert next(pages).contents[0].key == "0"
    client.delete_objects(f"{n}" for n in range(4))
    # A page that had been asked for ahead would still hold what is gone now.
    assert next(pages).contents == ()


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_folders_are_listed_with_a_delimiter(client, size):
    """Each folder is told once, between the keys beside it, on whichever page."""
    for key in ["a", "b/1", "b/2", "b/c/3", "d+ /4", "e", "é/5"]:
        client.put(key, b"")
    pages = list(client.list_pages(delimiter="/", page_size=size))
    assert [info.key for page in pages for info in page.contents] == ["a", "e"]
    folders = [folder for page in pages for folder in page.common_prefixes]
    assert folders == ["b/", "d+ /", "é/"]
    pages = list(client.list_pages("b/", delimiter="/", page_size=size))
    assert [info.key for page in pages for info in page.contents] == ["b/1", "b/2"]
    assert [f for page in pages for f in page.common_prefixes] == ["b/c/"]


# Who may call.


def test_wrong_keys_are_refused_once(connect, emulator):
    """A bad key is told after one attempt."""
    client = connect(emulator, Credentials("emulator-id", "wrong-key"))
    with pytest.raises(errors.AccessDeniedError) as caught:
        client.fetch("k")
    error = caught.value
    assert (error.code, error.attempts) == ("SignatureDoesNotMatch", 1)
    assert (error.status, error.dooms) == (403, True)
    assert "check the secret id and key" in str(error)
    assert error.request_id
    assert error.request_id in str(error)


def test_temporary_keys_are_let_in(connect, square):
    """The token goes with every kind of call."""
    keys = Credentials("temporary-id", "temporary-key", "temporary-token")
    with cm.Emulator(engine=WhiteEngine(), credentials=keys) as emulator:
        client = connect(emulator, lambda: keys)
        client.matte_upload("a.jpg", square, save_as="a.png")
        client.matte_stored("a.jpg", {"b.png": PADDED})
        assert client.matte("a.jpg").height == 64
        assert client.delete_objects(["a.png"]) == DeleteResult(deleted=("a.png",))
        assert [info.key for info in client.list_objects()] == ["a.jpg", "b.png"]


def test_an_expired_token_is_replaced_once(connect, square):
    """The function is asked again, the call goes on, and nobody waits."""
    asked = []

    def provide():
        asked.append(1)
        return Credentials("id", "key", "token", expires=real_time.time() + 3600)

    faults = Faults(script=[Fault.expire_token()])
    keys = Credentials("id", "key", "token")
    with cm.Emulator(engine=WhiteEngine(), credentials=keys, faults=faults) as emulator:
        client = connect(emulator, provide)
        client.put("k", square)
        assert len(asked) == 1
        assert client.matte("k").attempts == 2
    assert len(asked) == 2


def test_a_fixed_pair_is_not_tried_again(connect):
    """The same token would expire the same way."""
    expired = refusal(400, "ExpiredToken")
    with Scripted(expired, GOOD) as server:
        with pytest.raises(errors.AccessDeniedError) as caught:
            connect(server).matte("k")
        assert len(server.heard) == 1
    assert (caught.value.code, caught.value.attempts) == ("ExpiredToken", 1)


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_wrong_clock_is_corrected(connect, square, hours):
    """The emulator's clock is off: the first call is told of, the rest are fine."""
    with cm.Emulator(
        engine=WhiteEngine(), now=lambda: real_time.time() + 3600 * hours
    ) as emulator:
        client = connect(emulator)
        with pytest.warns(errors.CosmatWarning, match="clock is 7[12]") as warned:
            client.put("k", square)
        assert len(warned) == 1
        assert client.matte("k").attempts == 1
        assert client.head("k").size == len(square)


def test_a_wrong_clock_is_corrected_on_a_head(connect):
    """The very first call may be one whose refusal has no words."""
    with cm.Emulator(
        engine=WhiteEngine(), now=lambda: real_time.time() + 7200
    ) as emulator:
        emulator.bucket.put("k", b"12345", "text/plain")
        with pytest.warns(errors.CosmatWarning, match="slow"):
            assert connect(emulator).head("k").size == 5


def test_a_skew_that_is_none_is_final(connect):
    """Refused for its date while the dates agree: nothing to correct."""
    skewed = refusal(403, "RequestTimeTooSkewed", headers={"Date": http_date(5)})
    time = Time()
    with Scripted(skewed, GOOD) as server:
        with pytest.raises(errors.AccessDeniedError) as caught:
            connect(server, clock=time.clock).matte("k")
        assert len(server.heard) == 1
    assert caught.value.code == "RequestTimeTooSkewed"


# What goes wrong on the way.


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param([End.RESET_AT_ONCE], id="reset before the request"),
        pytest.param([End.RESET], id="reset after the request"),
        pytest.param([End.CLOSE], id="closed without an answer"),
        pytest.param([GOOD[:20], End.RESET], id="reset in the headers"),
        pytest.param([GOOD[:-9], End.RESET], id="reset in the body"),
        pytest.param([GOOD[:-9], End.CLOSE], id="closed in the body"),
        pytest.param([answer(200, PNG[:-9])], id="cut PNG, length agrees"),
        pytest.param([b"SSH-2.0-OpenSSH_9.6\r\n\r\n", End.CLOSE], id="not HTTP"),
        pytest.param([SLOW_DOWN], id="SlowDown"),
        pytest.param([BROKEN], id="InternalError"),
    ],
)
def test_a_broken_answer_heals(connect, bad):
    """After any one broken answer the call is sent again and is answered."""
    with Scripted(bad, GOOD) as server:
        cutout = connect(server).matte("k")
        assert (cutout.png, cutout.attempts) == (PNG, 2)


@pytest.mark.parametrize("status", [301, 302, 400, 403, 404, 409, 451])
def test_what_cannot_heal_is_sent_exactly_once(connect, status):
    """Neither client follows redirects or repeats a client error."""
    script = answer(status, b"", {"Location": "http://127.0.0.1:9/elsewhere"})
    with Scripted(script, GOOD) as server:
        with pytest.raises(errors.ServiceError) as caught:
            connect(server).matte("k")
        assert len(server.heard) == 1
    assert (caught.value.status, caught.value.attempts) == (status, 1)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param([60.0], id="no first byte"),
        pytest.param([answer(200, length=999), 60.0], id="no body"),
        pytest.param(
            [answer(200, length=9999), *[b"x", 0.03] * 400],
            id="dripping body",
        ),
    ],
)
def test_an_attempt_has_a_deadline(connect, bad):
    """However slowly an answer comes, the attempt ends and the next is sent."""
    with Scripted(bad, GOOD) as server:
        client = connect(server, retry=Retry(attempt_seconds=0.2, base=0.001))
        began = real_time.monotonic()
        assert client.matte("k").attempts == 2
        assert 0.15 < real_time.monotonic() - began < 10
    # The connection of a lost answer is not used again.
    assert [heard.connection for heard in server.heard] == [0, 1]


def test_a_call_has_a_deadline(connect):
    """A call ends in time even when its attempts would still have theirs."""
    retry = Retry(attempt_seconds=30, call_seconds=0.3)
    with Scripted([60.0], [60.0]) as server:
        client = connect(server, retry=retry)
        began = real_time.monotonic()
        with pytest.raises(errors.TransportError) as caught:
            client.matte("k")
        assert 0.2 < real_time.monotonic() - began < 20
        assert (caught.value.attempts, len(server.heard)) == (1, 1)


def test_a_server_that_is_not_there_is_told(connect):
    """The error names where it was looked for."""
    with Scripted() as server:
        pass
    with pytest.raises(errors.TransportError, match="ConnectError") as caught:
        connect(server).matte("k")
    assert caught.value.attempts == 4
    assert server.endpoint in str(caught.value)


def test_connections_are_used_again(connect):
    """Calls one after the other share one connection, refusals among them."""
    script = [refusal(404, "NoSuchKey"), SLOW_DOWN, GOOD, answer(404), GOOD]
    with Scripted(*script) as server:
        client = connect(server)
        with pytest.raises(errors.ObjectNotFoundError):
            client.fetch("k")
        client.matte("k")
        with pytest.raises(errors.ObjectNotFoundError):
            client.head("k")
        client.matte("k")
    assert [heard.connection for heard in server.heard] == [0, 0, 0, 0, 0]


def test_a_closed_client_says_so(connect, emulator):
    """Every call is refused; to close twice is fine."""
    client = connect(emulator)
    assert not client.is_closed
    client.close()
    client.close()
    assert client.is_closed
    for call in (client.fetch, client.head, client.matte, client.delete, client.probe):
        with pytest.raises(errors.OptionsError, match="closed"):
            call("k")
    with pytest.raises(errors.OptionsError, match="closed"):
        next(client.list_objects())
