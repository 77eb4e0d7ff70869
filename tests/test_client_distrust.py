"""What a client does not believe: endless bodies, cookies, successes that are none."""

import asyncio
from datetime import UTC, datetime

import pytest
from scripted import ADDRESS, GOOD, KEYS, PNG, Scripted, answer, refusal

import cosmat_nb as cm
from cosmat_nb import errors
from cosmat_nb.client.steps import MAX_DOCUMENT
from cosmat_nb.wire.documents import Listing, ObjectInfo

ENDLESS = bytes(MAX_DOCUMENT + 1)


@pytest.mark.parametrize("status", [200, 404])
def test_a_document_that_does_not_end_is_given_up(status):
    """Neither a listing nor a refusal fills the memory, and it is asked for once."""
    with Scripted(answer(status, ENDLESS)) as server, server.client() as client:
        with pytest.raises(errors.TransportError, match="of more than") as caught:
            list(client.list_objects())
        assert caught.value.attempts == len(server.heard) == 1


def test_an_object_may_be_as_long_as_it_is():
    """What a user asks to download has no ceiling but his memory."""
    with Scripted(answer(200, ENDLESS)) as server, server.client() as client:
        assert client.fetch("k") == ENDLESS


def test_the_awaiting_client_gives_up_too():
    """The same ceiling stands there."""

    async def ask(endpoint):
        async with cm.AsyncMattingClient(ADDRESS, KEYS, endpoint=endpoint) as client:
            await client.head("k")

    with (
        Scripted(answer(404, ENDLESS)) as server,
        pytest.raises(errors.CallError) as caught,
    ):
        asyncio.run(ask(server.endpoint))
    assert caught.value.attempts == 1


def test_no_cookie_is_kept():
    """A cookie of one answer does not go out, unsigned, with the next call."""
    first = answer(200, PNG, {"Set-Cookie": "who=me; Path=/"})
    with Scripted(first, GOOD) as server, server.client() as client:
        client.matte("a")
        client.matte("b")
        assert not any(name == "Cookie" for name, _ in server.heard[1].headers)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (answer(206, b"part"), "got a part"),
        (answer(206, b"part", {"Content-Range": "bytes 0-3/9"}), "got a part"),
    ],
)
def test_a_part_is_not_taken_for_the_whole(reply, words):
    """An answer to another question is no answer."""
    with Scripted(*[reply] * 4) as server, server.client() as client:
        with pytest.raises(errors.ProtocolError, match=words):
            client.fetch("k")
        assert len(server.heard) == 4


@pytest.mark.parametrize("call", ["put", "delete"])
def test_a_refusal_under_a_good_status_is_a_refusal(call):
    """Nothing was stored and nothing removed, whatever the status says."""
    arguments = {"put": ("k", b"x"), "delete": ("k",)}[call]
    reply = refusal(200, "AccessDenied")
    with Scripted(reply) as server, server.client() as client:
        with pytest.raises(errors.AccessDeniedError):
            getattr(client, call)(*arguments)
        assert len(server.heard) == 1


def test_an_object_without_an_etag_is_not_stored():
    """The service tells the ETag of what it keeps."""
    with Scripted(*[answer(200)] * 4) as server, server.client() as client:
        with pytest.raises(errors.ProtocolError, match="ETag"):
            client.put("k", b"x")
        assert len(server.heard) == 4


@pytest.mark.parametrize("size", ["-5", "1_0", " ", "many"])
def test_a_size_is_a_number_of_bytes(size):
    """What cannot be one is not told as one."""
    headers = {
        "Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT",
        "X": f"1\r\nContent-Length: {size}",
    }
    with (
        Scripted(*[answer(200, b"", headers, length="")] * 4) as server,
        server.client() as client,
        pytest.raises(errors.CallError),
    ):
        client.head("k")


def test_a_listing_that_goes_back_is_not_followed():
    """Pages that lead from a to b and to a again would never end."""
    info = ObjectInfo(
        key="k", size=1, etag="e", last_modified=datetime(2026, 1, 1, tzinfo=UTC)
    )

    def page(marker, onward):
        listing = Listing(
            bucket="b-1", marker=marker, contents=(info,), next_marker=onward
        )
        return answer(200, listing.to_xml())

    script = [page("", "a"), page("a", "b"), *[page("b", "a")] * 4]
    with Scripted(*script) as server, server.client() as client:
        with pytest.raises(errors.ProtocolError, match="does not go on from 'b'"):
            list(client.list_objects())
        assert len(server.heard) == 6


def test_what_ends_too_late_tells_its_status():
    """The answer did come, so its status is known."""
    with Scripted(answer(503, ENDLESS)) as server, server.client() as client:
        with pytest.raises(errors.TransportError) as caught:
            client.fetch("k")
        assert caught.value.status == 503
