"""What tests share: emulators, clients, a clean environment, a cheap engine."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from answers import ADDRESS
from squares import WhiteEngine, draw_square

import cosmat_nb as cm
from cosmat_nb import images


def pytest_configure():
    """Let children hear interrupts, which a run in the background ignores."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    """No test sees the user's account, profile, proxies or store."""
    for name in ("SECRET_ID", "SECRET_KEY", "TOKEN", "BUCKET", "REGION"):
        monkeypatch.delenv(f"COS_{name}", raising=False)
        monkeypatch.delenv(f"TENCENTCLOUD_{name}", raising=False)
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "U2NET_HOME",
        "XDG_DATA_HOME",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COSMAT_STORE", str(tmp_path / "store"))


@pytest.fixture
def any_text():
    """Frames hold half characters, which pandas refuses where pyarrow keeps strings."""
    with pd.option_context("mode.string_storage", "python"):
        yield


@pytest.fixture
def rng():
    """A seeded source of random numbers."""
    return np.random.default_rng(0)


@pytest.fixture
def emulator(request):
    """A started emulator with an empty bucket and the cheap engine.

    A test may give it further settings by indirect parametrization.
    """
    settings = {"engine": WhiteEngine(), **getattr(request, "param", {})}
    with cm.Emulator(**settings) as running:
        yield running


@pytest.fixture
def client(emulator):
    """A client of `emulator`."""
    with cm.connect_emulator(emulator) as connected:
        yield connected


@pytest.fixture
def square():
    """A JPEG of a red box on white, 64 × 96 px."""
    return images.encode_jpeg(draw_square())


@pytest.fixture(scope="session")
def sample_emulator():
    """A started emulator with the drawn scenes; tests only read from it."""
    with cm.Emulator.with_samples() as running:
        yield running


@pytest.fixture
def shared():
    """The folder of reference material; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(
            f"needs the reference material in {SHARED.name}/ beside the project"
        )
    return SHARED


@pytest.fixture
def scripted():
    """Make a client that a function answers, and the list of what was asked."""
    asked = []

    def make(answer, concurrency=1, attempts=1):
        def handle(request):
            asked.append(request.url.path)
            return answer(request)

        return cm.MattingClient(
            ADDRESS,
            cm.Credentials("id", "key"),
            concurrency=concurrency,
            retry=cm.Retry(attempts=attempts, base=0.001, draw=lambda: 1.0),
            transport=httpx.MockTransport(handle),
        )

    make.asked = asked
    return make
