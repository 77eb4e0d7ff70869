"""The awaiting client alone: what only an event loop can show."""

import asyncio
import time as real_time

import httpx
import pytest
from scripted import ADDRESS, GOOD, KEYS, PNG, SLOW_DOWN, Scripted
from squares import draw_square

import cosmat_nb as cm
from cosmat_nb import errors, images
from cosmat_nb.client.asynchronous import AsyncMattingClient
from cosmat_nb.client.retry import Retry

QUICK = Retry(base=0.001, longest=0.002)


def awaiting(server, **settings):
    """Make an awaiting client of a scripted server or an emulator."""
    emulated = isinstance(server, cm.Emulator)
    address = server.address if emulated else ADDRESS
    keys = server.credentials if emulated else KEYS
    return AsyncMattingClient(
        address, keys, **{"endpoint": server.endpoint, "retry": QUICK} | settings
    )


async def until_heard(server):
    """Wait for the first request; the server lives in threads and tells no loop."""

    def wait():
        while not server.heard:
            real_time.sleep(0.001)

    await asyncio.to_thread(wait)


def test_fifty_calls_run_at_once(emulator):
    """Fifty calls of one client are answered, each with its own picture."""
    for n in range(50):
        emulator.bucket.put(
            f"{n}", images.encode_jpeg(draw_square(64 + n)), "image/jpeg"
        )

    async def work():
        async with awaiting(emulator) as client:
            return await asyncio.gather(*(client.matte(f"{n}") for n in range(50)))

    cutouts = asyncio.run(work())
    assert [cutout.height for cutout in cutouts] == [64 + n for n in range(50)]


def test_calls_wait_side_by_side():
    """Twenty answers of 0.2 s each take far less than 4 s together."""
    with Scripted(*[[0.2, GOOD]] * 20) as server:

        async def work():
            async with awaiting(server) as client:
                return await asyncio.gather(*(client.matte(f"{n}") for n in range(20)))

        began = real_time.monotonic()
        cutouts = asyncio.run(work())
        assert real_time.monotonic() - began < 2
    assert {cutout.png for cutout in cutouts} == {PNG}


def test_close_waits_for_calls_in_flight():
    """What may have been paid for is not thrown away; no new call is taken."""
    with Scripted([0.2, GOOD]) as server:

        async def work():
            client = awaiting(server)
            pending = asyncio.create_task(client.matte("k"))
            await until_heard(server)
            closing = asyncio.create_task(client.close())
            await asyncio.sleep(0.01)
            assert not closing.done()
            with pytest.raises(errors.OptionsError, match="closed"):
                await client.matte("late")
            await closing
            assert pending.done()
            return await pending

        assert asyncio.run(work()).png == PNG
        assert len(server.heard) == 1


@pytest.mark.parametrize(
    "held",
    [
        pytest.param([60.0], id="before the headers"),
        pytest.param([GOOD[:-9], 60.0], id="in the body"),
    ],
)
def test_a_cancelled_call_leaves_a_client_that_works(held):
    """Its connection is given up, the next call gets another, and close ends."""
    with Scripted(held, GOOD) as server:

        async def work():
            async with awaiting(server) as client:
                pending = asyncio.create_task(client.matte("k"))
                await until_heard(server)
                await asyncio.sleep(0.02)
                pending.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await pending
                assert client._channel._http._transport._pool.connections == []
                return await client.matte("k")

        assert asyncio.run(asyncio.wait_for(work(), 10)).attempts == 1
    assert [heard.connection for heard in server.heard] == [0, 1]


def test_a_hundred_cancelled_calls_leave_a_client_that_works():
    """Calls cancelled at any moment leave nothing open that others wait for."""
    with Scripted(*[[0.005, GOOD]] * 200) as server:

        async def work():
            async with awaiting(server, concurrency=2) as client:
                for n in range(100):
                    pending = asyncio.create_task(client.matte("k"))
                    await asyncio.sleep(n * 0.0001)
                    pending.cancel()
                    await asyncio.gather(pending, return_exceptions=True)
                cutouts = await asyncio.gather(*(client.matte("k") for _ in range(8)))
                return {cutout.png for cutout in cutouts}

        assert asyncio.run(asyncio.wait_for(work(), 20)) == {PNG}


def test_a_cancelled_wait_is_not_sent_again():
    """A call that is cancelled between two attempts makes no second one."""
    with Scripted(SLOW_DOWN, GOOD) as server:

        async def work():
            retry = Retry(base=20.0, draw=lambda: 0.9)
            async with awaiting(server, retry=retry) as client:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await client.matte("k")

        asyncio.run(work())
        assert len(server.heard) == 1


def test_a_slow_answer_does_not_hold_up_the_loop():
    """While one call waits for its answer, another is answered."""
    with Scripted([0.5, GOOD], GOOD) as server:

        async def work():
            async with awaiting(server) as client:
                slow = asyncio.create_task(client.matte("slow"))
                await until_heard(server)
                await client.matte("quick")
                assert not slow.done()
                return await slow

        assert asyncio.run(work()).png == PNG


def test_a_loop_left_early_can_be_closed(emulator):
    """A listing that is not read to its end holds up nothing."""
    for n in range(5):
        emulator.bucket.put(f"{n}", b"", "text/plain")

    async def work():
        async with awaiting(emulator) as client:
            return await anext(client.list_objects())

    assert asyncio.run(work()).key == "0"


def test_an_awaiting_client_stays_in_its_loop():
    """Used in a second loop it says so; closing it there is fine."""
    body = httpx.ByteStream(b"12345")
    network = httpx.MockTransport(lambda _: httpx.Response(200, stream=body))
    client = AsyncMattingClient(ADDRESS, KEYS, transport=network)
    assert asyncio.run(client.fetch("k")) == b"12345"
    with pytest.raises(errors.OptionsError, match="another one in this loop"):
        asyncio.run(client.fetch("k"))
    asyncio.run(client.close())
    assert client.is_closed
    with pytest.raises(errors.OptionsError, match="closed"):
        asyncio.run(client.fetch("k"))


def test_an_awaiting_client_may_be_made_outside_a_loop(emulator):
    """It belongs to the loop that first uses it, and closes unused as well."""
    asyncio.run(awaiting(emulator).close())
