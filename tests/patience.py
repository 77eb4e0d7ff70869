"""Waiting for what the threads of a batch bring about."""

from __future__ import annotations

import threading
import time

LONG = 20.0


def wait_until(true):
    """Wait for what other threads bring about."""
    end = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.002)


def at_work():
    """Whether threads of a batch are alive."""
    names = {each.name for each in threading.enumerate()}
    return bool(names & {"cosmat-batch", "cosmat-foreman", "cosmat-leaving"})
