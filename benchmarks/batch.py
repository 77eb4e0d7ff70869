"""Calls a second, and client CPU a call, of three ways through one batch.

Measured in one run, against one server on loopback that answers every GET at once:

- ``matte_frame``: signs, checks each PNG, keeps each in a `Store` (with fsync), makes
  the result frame;
- ``vendor SDK``: ``cos_ai_pic_matting`` in a thread pool of the same width, with as
  many pooled connections; each answer goes to a file by the SDK's own
  ``get_stream_to_file`` (the picture is not checked, nothing is fsynced);
- ``bare httpx``: one ``httpx.Client`` in the same thread pool; nothing is signed, the
  body is read and dropped: what transport alone costs.

The server (``null_server.py``) is a process of its own, so its CPU is not the client's.
It answers one cutout of about 90 kB whose top rows are transparent, numbered, so that
no two answers are the same bytes and each must really be written. The three take turns,
every round starting with another one; medians over the rounds, of the ratios too.

Needs the ``test`` extra. From the root of the checkout; ``--profile`` also shows where
the CPU of a row goes, the same work in one thread::

    python benchmarks/batch.py [--calls 1000] [--rounds 7] [--width 16] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import os
import platform
import pstats
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import httpx
import pandas as pd
from null_server import draw_cutout, null_server
from qcloud_cos import CosConfig
from qcloud_cos.ai_recognition import AIRecognitionClient

import cosmat_nb as cm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Run: TypeAlias = Callable[[list[str], Path], None]

BUCKET, REGION = "examplebucket-1250000000", "ap-guangzhou"
KEYS = cm.Credentials("test-id", "test-key")
WARM_UP = 200


class Cost(NamedTuple):
    """One round: calls a second, client CPU milliseconds a call."""

    rate: float
    cpu: float


def connect(port: int, width: int) -> cm.MattingClient:
    """Connect this package's client to the server."""
    endpoint = f"http://127.0.0.1:{port}"
    return cm.connect_cloud(
        BUCKET, REGION, credentials=KEYS, endpoint=endpoint, concurrency=width
    )


def with_matte_frame(port: int, width: int) -> Run:
    """Prepare this package's batch."""
    client = connect(port, width)

    def run(keys: list[str], folder: Path) -> None:
        frame, store = pd.DataFrame({"key": keys}), cm.Store(folder)
        result = cm.matte_frame(
            frame, client, store=store, confirm_over=None, progress=False
        )
        assert (result["status"] == "ok").all(), result["error"].dropna().unique()

    return run


def threaded(call: Callable[[str, Path], object], width: int) -> Run:
    """Make a batch of a call for one key and the folder for its answer."""

    def run(keys: list[str], folder: Path) -> None:
        with ThreadPoolExecutor(width) as pool:
            list(pool.map(lambda key: call(key, folder), keys))

    return run


def with_sdk(port: int, width: int) -> Run:
    """Prepare the vendor's client in a thread pool."""
    config = CosConfig(
        Region=REGION,
        SecretId=KEYS.secret_id,
        SecretKey=KEYS.secret_key,
        Scheme="http",
        IP="127.0.0.1",
        Port=port,
        PoolConnections=width,
        PoolMaxSize=width,
    )
    client = AIRecognitionClient(config)

    def call(key: str, folder: Path) -> None:
        _, stream = client.cos_ai_pic_matting(Bucket=BUCKET, ObjectKey=key)
        stream.get_stream_to_file(str(folder / key))

    return threaded(call, width)


def with_httpx(port: int, width: int) -> Run:
    """Prepare transport alone."""
    client = httpx.Client(limits=httpx.Limits(max_keepalive_connections=width))

    def call(key: str, _: Path) -> None:
        client.get(f"http://127.0.0.1:{port}/{key}").raise_for_status()

    return threaded(call, width)


def measure(run: Run, calls: int) -> Cost:
    """Run one round into a folder of its own."""
    keys = [f"{number:06d}.jpg" for number in range(calls)]
    with tempfile.TemporaryDirectory() as folder:
        os.sync()  # what the round before wrote is not this one's to flush
        wall, cpu = time.perf_counter(), time.process_time()
        run(keys, Path(folder))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(calls / wall, 1000 * cpu / calls)


def show(costs: Mapping[str, list[Cost]]) -> None:
    """Print medians, ranges and ratios."""
    print(f"\n{'':13}{'calls/s':>8}{'(range)':>14}{'CPU ms/call':>13}{'(range)':>14}")
    for name, rounds in costs.items():
        rates, cpus = zip(*rounds, strict=True)
        span = f"({min(rates):.0f}-{max(rates):.0f})"
        cpu_span = f"({min(cpus):.2f}-{max(cpus):.2f})"
        rate, cpu = statistics.median(rates), statistics.median(cpus)
        print(f"{name:13}{rate:8.0f}{span:>14}{cpu:13.2f}{cpu_span:>14}")
    pairs = list(zip(costs["matte_frame"], costs["vendor SDK"], strict=True))
    rate = statistics.median(ours.rate / theirs.rate for ours, theirs in pairs)
    cpu = statistics.median(ours.cpu / theirs.cpu for ours, theirs in pairs)
    print(f"\nmatte_frame / vendor SDK: calls a second x{rate:.2f}, CPU x{cpu:.2f}")


def show_profile(port: int, calls: int) -> None:
    """Do the work of `calls` rows in this thread and print its profile."""
    with (
        tempfile.TemporaryDirectory() as folder,
        connect(port, 1) as client,
        cProfile.Profile() as profile,
    ):
        store = cm.Store(folder)
        for number in range(calls):
            store.keep(client.matte(f"{number:06d}.jpg").png)
    print(f"\n{calls} rows; seconds, inflated by the profiler")
    pstats.Stats(profile).strip_dirs().sort_stats("cumulative").print_stats(50)


def main() -> None:
    """Measure, taking turns, and print."""
    parser = argparse.ArgumentParser(description="Batch throughput and client CPU.")
    for name, count in (("--calls", 1000), ("--rounds", 7), ("--width", 16)):
        parser.add_argument(name, type=int, default=count)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    png = draw_cutout()
    libraries = ("httpx", "cos-python-sdk-v5", "requests", "pandas")
    versions = ", ".join(f"{name} {version(name)}" for name in libraries)
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}")
    print(
        f"{len(png) / 1000:.0f} kB answers, {asked.width} in flight, {asked.calls} "
        f"calls a round, {asked.rounds} rounds in turns, medians"
    )
    with null_server(png) as port:
        ways = [
            ("matte_frame", with_matte_frame(port, asked.width)),
            ("vendor SDK", with_sdk(port, asked.width)),
            ("bare httpx", with_httpx(port, asked.width)),
        ]
        costs: dict[str, list[Cost]] = {name: [] for name, _ in ways}
        for _, run in ways:
            measure(run, WARM_UP)
        for turn in range(asked.rounds):
            for place in range(len(ways)):
                name, run = ways[(turn + place) % len(ways)]
                costs[name].append(measure(run, asked.calls))
        show(costs)
        if asked.profile:
            show_profile(port, asked.calls)


if __name__ == "__main__":
    main()
