"""A process that bears batches: it has everything loaded and forks for each of them.

It reads a line of JSON for each child, and after it signal numbers to send to the
child, until a line ``wait``. It writes the child's process id, and its exit code.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import sys
import traceback
import warnings
from pathlib import Path

import pandas as pd
import tqdm.auto  # noqa: F401 - loaded once for all children

import cosmat_nb as cm
from cosmat_nb.store.budget import Budget


def main():
    """Bear a child for each order on standard input; a child returns from here too."""
    say("ready")
    while line := sys.stdin.readline():
        pid = os.fork()
        if pid == 0:
            work(json.loads(line))
            return
        say(pid)
        while (word := sys.stdin.readline().strip()) not in ("", "wait"):
            os.kill(pid, int(word))
        _, status = os.waitpid(pid, 0)
        say(os.waitstatus_to_exitcode(status))


def say(word):
    """Tell who waits for it a line."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def work(order):
    """Run one batch and write down what it came to."""
    warnings.simplefilter("always")
    try:
        with warnings.catch_warnings(record=True) as caught:
            told = mat(order)
        told["warnings"] = [str(each.message) for each in caught]
    except Exception:  # noqa: BLE001 - the test is told of it
        told = {"failed": traceback.format_exc()}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    Path(order["report"]).write_text(json.dumps(told), encoding="utf-8")


def connect(order):
    """Connect as somebody who has a real account would."""
    return cm.connect_cloud(
        "examplebucket-1250000000",
        "ap-guangzhou",
        endpoint=order["endpoint"],
        concurrency=order.get("concurrency", 4),
        credentials=cm.Credentials("emulator-id", "emulator-key"),
        retry=cm.Retry(draw=lambda: 0.5, **order.get("retry", {})),
    )


def mat(order):
    """Do what the order says; tell the frame and what is in the store afterwards."""
    budget = order.get("budget")
    frame = pd.DataFrame({"key": order["keys"]})
    options = {"cutout": cm.MattingOptions()}
    if order.get("mode") != "stored":
        (options,) = options.values()
    if "user" in order:
        os.setuid(order["user"])
    if "turn" in order:
        wait_turn(order["turn"])
    store = cm.Store(order["folder"])
    if "limit" in order:
        hard = resource.RLIM_INFINITY
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["limit"], hard))
    told = {"interrupted": ""}
    try:
        # As people write it: an interrupt leaves the block too.
        with connect(order) as client:
            result = cm.matte_frame(
                frame,
                client,
                options,
                store=store,
                budget=Budget(**budget) if budget else None,
                mode=order.get("mode", "download"),
                progress=False,
            )
    except cm.BatchInterrupted as stop:
        told["interrupted"], result = str(stop), stop.result
    cutouts = {
        key: cutout
        for key, cutout in zip(result.key, result.cutout, strict=True)
        if isinstance(cutout, cm.Cutout)
    }
    return told | {
        "status": list(result.status),
        "source": [one if isinstance(one, str) else "" for one in result.source],
        "error": [one if isinstance(one, str) else "" for one in result.error],
        "attempts": [int(one) for one in result.attempts],
        "kept": [key for key, one in cutouts.items() if one.path is not None],
        "png": {key: one.png.hex() for key, one in cutouts.items() if one.path is None},
    }


def wait_turn(path):
    """Wait until nobody holds a file for himself alone."""
    with Path(path).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)


if __name__ == "__main__":
    main()
