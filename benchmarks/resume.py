"""A frame whose pictures are all stored: what resuming and planning it cost.

Three processes, so that none pays for the memory of another:

- one makes the store: as many answers as rows, each a small file of its own, through
  the store's own functions (without a request, and without waiting for the disk);
- one holds the bare frame, runs `matte_frame` over it and tells wall time and how far
  its peak of memory rose above what it was with the frame alone;
- one does the same with `plan_frame`.

Client and endpoint are real, and the endpoint counts connections: none may come.

From the root of the checkout::

    python benchmarks/resume.py [--rows 100000]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

import cosmat_nb as cm
from cosmat_nb.store.answer_key import AnswerKey
from cosmat_nb.store.answer_row import cutout_row, write_answers
from cosmat_nb.store.database import Database

BUCKET, REGION = "examplebucket-1250000000", "ap-guangzhou"


def make_frame(rows: int) -> pd.DataFrame:
    """Return a frame as `list_frame` makes it."""
    names = [f"photos/{number // 1000:03d}/{number:06d}.jpg" for number in range(rows)]
    etags = [hashlib.md5(name.encode()).hexdigest() for name in names]
    return pd.DataFrame({"key": names, "size": 100_000, "etag": etags})


def connect(port: int) -> cm.MattingClient:
    """Connect to an endpoint that must never be asked."""
    return cm.connect_cloud(
        BUCKET,
        REGION,
        credentials=cm.Credentials("test-id", "test-key"),
        endpoint=f"http://127.0.0.1:{port}",
    )


def fill(folder: str, rows: int, port: int) -> None:
    """Store an answer for every row."""
    store, options = cm.Store(folder), cm.MattingOptions()
    with connect(port) as client:
        service = client.service
    answers = []
    for row in make_frame(rows).itertuples():
        png = b"\x89PNG " + row.key.encode()  # never decoded here, only counted
        name = hashlib.sha256(png).hexdigest()
        path = store.path_of(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png)
        key = AnswerKey.of_key(service, BUCKET, row.key, options, row.etag)
        cutout = cm.Cutout(
            place=row.key,
            options=options,
            folder=store.folder,
            sha256=name,
            height=600,
            width=800,
            is_empty=False,
            nbytes=len(png),
            request_id=name[:32],
        )
        answers.append(cutout_row(key, cutout, intent=0, kept=time.time(), seconds=1.0))
    with Database(store.folder).writing() as connection:
        write_answers(connection, answers)


def peak() -> float:
    """Return this process's peak of memory, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def child(verb: str, folder: str, rows: int, port: int) -> None:
    """Run one verb and print what it cost."""
    frame, store = make_frame(rows), cm.Store(folder)
    with connect(port) as client:
        before, start = peak(), time.perf_counter()
        if verb == "matte":
            result = cm.matte_frame(frame, client, store=store, progress=False)
            assert (result["source"] == "store").all()
        else:
            plan = cm.plan_frame(frame, client, store=store)
            assert (plan.stored, plan.to_call) == (rows, 0)
        seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "megabytes": peak() - before}))


def main() -> None:
    """Fill a store, resume and plan, and print."""
    parser = argparse.ArgumentParser(description="Resume a batch that is all stored.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        verb, folder, port = asked.child
        if verb == "fill":
            fill(folder, asked.rows, int(port))
        else:
            child(verb, folder, asked.rows, int(port))
        return
    print(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        f"pandas {pd.__version__}; {asked.rows} rows, all stored"
    )
    with socket.create_server(("127.0.0.1", 0)) as endpoint:
        endpoint.setblocking(False)
        port = str(endpoint.getsockname()[1])
        with tempfile.TemporaryDirectory() as folder:
            for verb in ("fill", "matte", "plan"):
                command = [sys.executable, str(Path(__file__)), "--rows"]
                command += [str(asked.rows), "--child", verb, folder, port]
                told = subprocess.run(command, check=True, capture_output=True)
                if verb != "fill":
                    cost = json.loads(told.stdout)
                    print(
                        f"{verb}_frame: {cost['seconds']:.2f} s, peak "
                        f"{cost['megabytes']:.0f} MB over the bare frame"
                    )
        try:
            endpoint.accept()
        except BlockingIOError:
            print("requests sent: none")
        else:
            sys.exit("a request was sent")


if __name__ == "__main__":
    main()
