"""The vendor's Python SDK, unmodified, meets the faults that the emulator plays."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from squares import WhiteEngine
from test_vendor_sdk import BUCKET, connect_sdk, open_png, put_square

import cosmat_nb as cm
from cosmat_nb.emulator.faults import Fault, Faults

qcloud_cos = pytest.importorskip("qcloud_cos")

from qcloud_cos import cos_client  # noqa: E402 - after the skip


@pytest.fixture
def slept(monkeypatch):
    """Seconds that the SDK would have slept, in order; it does not."""
    seconds = []
    clock = SimpleNamespace(sleep=seconds.append, time=time.time)
    monkeypatch.setattr(cos_client, "time", clock)
    return seconds


@pytest.fixture
def failing():
    """Make the SDK's client of an emulator that fails by a script."""
    running = []

    def make(*script, retry=3, prefix="", **settings):
        faults = Faults(script=script)
        emulator = cm.Emulator(engine=WhiteEngine(), faults=faults, prefix=prefix)
        emulator.start()
        running.append(emulator)
        place = emulator.endpoint.removeprefix("http://")
        if prefix:
            settings["Domain"] = place + prefix
        sdk = connect_sdk(emulator.endpoint, **settings)
        sdk._retry = retry
        put_square(sdk)
        return sdk, emulator

    yield make
    for emulator in running:
        emulator.stop()


def matte(sdk):
    """Cut out the red square and return the PNG's bytes."""
    return sdk.cos_ai_pic_matting(BUCKET, ObjectKey="square.jpg", Stream=False)[1]


def test_a_failure_is_asked_again_after_a_second(failing):
    """By the real clock: one 500, one second, one good answer, one on the bill."""
    sdk, emulator = failing(Fault.fail())
    start = time.monotonic()
    assert open_png(matte(sdk)).shape == (64, 96, 4)
    assert 1 <= time.monotonic() - start < 5
    assert emulator.billed == 1


def test_server_errors_and_resets_are_retried(failing, slept):
    """500, 503 and a lost connection are each followed by a longer sleep."""
    sdk, emulator = failing(
        Fault.fail(), Fault.throttle(retry_after=30), Fault.reset_at_once()
    )
    assert open_png(matte(sdk)).shape == (64, 96, 4)
    # Retry-After is not honoured.
    assert slept == [1, 2, 3]
    assert emulator.billed == 1


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        (Fault.throttle(), qcloud_cos.CosServiceError, "SlowDown"),
        (Fault.reset_at_once(), qcloud_cos.CosClientError, None),
    ],
)
def test_retries_come_to_an_end(failing, slept, fault, error, code):
    """With `retry` 2, the third failure is the caller's."""
    sdk, emulator = failing(*[fault] * 3, retry=2)
    with pytest.raises(error) as caught:
        matte(sdk)
    assert slept == [1, 2]
    if code:
        assert caught.value.get_error_code() == code
    assert emulator.billed == 0
    assert open_png(matte(sdk)).shape == (64, 96, 4)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault.expire_token(), 400, "ExpiredToken"),
        (Fault.skew_clock(), 403, "RequestTimeTooSkewed"),
        (Fault.refuse("PaymentRequired"), 402, "PaymentRequired"),
        (Fault.refuse("RequestTimeout"), 400, "RequestTimeout"),
    ],
)
def test_what_the_client_did_wrong_is_never_retried(
    failing, slept, fault, status, code
):
    """A 4xx is told at once, with all that its document says."""
    sdk, _ = failing(fault)
    with pytest.raises(qcloud_cos.CosServiceError) as caught:
        matte(sdk)
    assert slept == []
    assert caught.value.get_status_code() == status
    assert caught.value.get_error_code() == code
    assert caught.value.get_error_msg() == fault.message
    assert open_png(matte(sdk)).shape == (64, 96, 4)


@pytest.mark.parametrize("fault", [Fault.reset_midway(), Fault.fall_short()])
def test_a_broken_body_is_paid_and_lost(failing, slept, fault):
    """Once the headers are there, the SDK does not ask again."""
    sdk, emulator = failing(fault)
    with pytest.raises(qcloud_cos.CosClientError):
        matte(sdk)
    assert (slept, emulator.billed) == ([], 1)


def test_a_truncated_png_goes_unnoticed(failing):
    """The SDK hands damaged bytes on as they came."""
    sdk, _ = failing(Fault.truncate(missing=5))
    damaged = matte(sdk)
    assert damaged == matte(sdk)[:-5]


def test_a_domain_may_have_a_path(failing):
    """With Domain = host:port/base, the path is sent and not signed."""
    sdk, _ = failing(prefix="/base")
    assert open_png(matte(sdk)).shape == (64, 96, 4)
    rows = sdk.list_objects(BUCKET)["Contents"]
    assert [row["Key"] for row in rows] == ["square.jpg"]
