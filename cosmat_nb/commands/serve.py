"""``cosmat serve``: the emulator in the foreground."""

from __future__ import annotations

import signal
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from cosmat_nb.emulator.bucket import FolderBucket
from cosmat_nb.emulator.replay import Replay
from cosmat_nb.emulator.server import ADDRESS, CREDENTIALS, Emulator
from cosmat_nb.wire.credentials import Credentials

if TYPE_CHECKING:
    import argparse

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell what ``cosmat serve`` takes."""
    parser.add_argument("--host", default="127.0.0.1", help="interface to listen on")
    parser.add_argument("--port", type=int, default=0, help="0: the system chooses")
    parser.add_argument(
        "--engine",
        default="cosmat",
        metavar="NAME|PATH",
        help="what cuts: cosmat, a model of `cosmat models`, or an ONNX file",
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--folder", type=Path, help="serve these files as the bucket")
    source.add_argument("--replay", type=Path, help="answer from a recording alone")
    parser.add_argument(
        "--secret-id", default=CREDENTIALS.secret_id, help="who may pass"
    )
    parser.add_argument(
        "--secret-key", default=CREDENTIALS.secret_key, help="with this key"
    )


def run(asked: argparse.Namespace) -> int:
    """Run the emulator in the foreground until Ctrl-C or SIGTERM."""
    bucket = FolderBucket(asked.folder) if asked.folder else None
    replay = Replay(asked.replay) if asked.replay else None
    emulator = Emulator(
        bucket,
        address=ADDRESS,
        credentials=Credentials(asked.secret_id, asked.secret_key),
        engine=asked.engine,
        host=asked.host,
        port=asked.port,
        replay=replay,
    )
    stop = Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    with emulator:
        print(_hint(emulator), flush=True)
        if asked.replay:
            print(
                f"\nanswers come from the recording in {asked.replay} alone", flush=True
            )
        # In short steps, because an endless wait cannot be interrupted everywhere.
        while not stop.wait(0.2):
            pass
    print("stopped", flush=True)
    return 0


def _hint(emulator: Emulator) -> str:
    address, keys = emulator.address, emulator.credentials
    host, _, port = emulator.endpoint.removeprefix("http://").partition(":")
    # The default pair opens nothing but this emulator; a pair that was given may.
    pair = f"secret id {keys.masked_id}, secret key as given"
    if keys == CREDENTIALS:
        pair = f"secret id {keys.secret_id}, secret key {keys.secret_key}"
    return f"""\
emulator at {emulator.endpoint}  (Ctrl-C stops it)
bucket {address.bucket}, region {address.region}
{pair}
cut by: {emulator.version}

cosmat-nb:
  cm.connect_cloud("{address.bucket}", "{address.region}",
                   credentials=cm.Credentials(ID, KEY),
                   endpoint="{emulator.endpoint}")
vendor's Python SDK:
  CosConfig(Region="{address.region}", SecretId=ID, SecretKey=KEY,
            Scheme="http", IP="{host}", Port={port})
vendor's Node SDK:
  new COS({{SecretId: ID, SecretKey: KEY, Protocol: "http:", Ip: "{host}:{port}"}})"""
