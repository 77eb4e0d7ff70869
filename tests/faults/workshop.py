"""What the suites share: numbered pictures, an engine that counts, a whole store."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections import Counter
from contextlib import closing
from typing import NamedTuple

import numpy as np
import pandas as pd
from squares import WhiteEngine, draw_square

import cosmat_nb as cm
from cosmat_nb import images

GUARD_SECONDS = 90.0
"""Longer than anything here takes: a wait of this length is a hang."""

UNKNOWN = "unknown, may have been billed"

_SHADES = 200


class NumberedEngine(WhiteEngine):
    """Counts how often it cut each numbered picture; may be held at a gate."""

    def __init__(self, held=False):
        self.cuts = Counter()
        self.begun = 0
        self.changed = threading.Condition()
        self.gate = threading.Event()
        if not held:
            self.gate.set()

    def estimate_alpha(self, picture):
        """Cut like `WhiteEngine`, once the gate is open."""
        row, col = picture.shape[0] // 2, picture.shape[1] // 2
        high, low = (int(shade) for shade in picture[row, col, :2])
        with self.changed:
            self.begun += 1
            self.cuts[high * _SHADES + low] += 1
            self.changed.notify_all()
        assert self.gate.wait(GUARD_SECONDS), "nobody opened the gate"
        return super().estimate_alpha(picture)

    def wait_begun(self, count, seconds=GUARD_SECONDS):
        """Wait until so many cuts have begun; tell whether they have."""
        with self.changed:
            return self.changed.wait_for(lambda: self.begun >= count, seconds)


def draw_numbered(number):
    """Draw the PNG of a numbered picture, 32 × 32 px: its number is its colour."""
    shades = (*divmod(number, _SHADES), 40)
    picture = draw_square(32, 32, (4, 4, 28, 28), shades)
    opaque = np.full((32, 32, 1), 255, np.uint8)
    return images.encode_png(np.concatenate([picture, opaque], axis=2))


def fill(emulator, count):
    """Put so many numbered pictures into an emulator's bucket."""
    for number in range(count):
        emulator.bucket.put(f"{number}.png", draw_numbered(number), "image/png")


def key_frame(numbers):
    """Make a frame of numbered keys."""
    return pd.DataFrame({"key": [f"{number}.png" for number in numbers]})


class Told(NamedTuple):
    """Calls of a ledger by what it says of their bill."""

    yes: int
    no: int
    unknown: int


def count_told(ledger):
    """Sum up a ledger's frame."""
    calls = ledger.groupby("billed").calls.sum()
    return Told(*(int(calls.get(word, 0)) for word in Told._fields))


def check_whole(folder):
    """Open a store that nobody works on, and look into every corner of it."""
    store = cm.Store(folder)
    with closing(sqlite3.connect(folder / "index.sqlite")) as index:
        assert index.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert index.execute("PRAGMA foreign_key_check").fetchall() == []
        assert index.execute("SELECT count(*) FROM claim").fetchone() == (0,)
        assert index.execute(
            "SELECT count(*) FROM run WHERE ended IS NULL"
        ).fetchone() == (0,)
        answers = index.execute(
            "SELECT sha256, nbytes FROM answer WHERE sha256 <> ''"
        ).fetchall()
        check_purses(index)
    for sha256, nbytes in answers:
        png = store.path_of(sha256).read_bytes()
        assert len(png) == nbytes
        assert hashlib.sha256(png).hexdigest() == sha256
    for place in ("incoming", "runs"):
        stray = [path for path in (folder / place).rglob("*") if path.is_file()]
        assert not stray, stray
    assert list(folder.rglob("*.part")) == []
    return store


def check_purses(index):
    """See that the running sum of each purse is what its ledger's rows come to."""
    counted = index.execute(
        "SELECT budget, sum(calls) FROM intent LEFT JOIN outcome "
        "ON outcome.intent = intent.id "
        "WHERE budget <> '' AND billed IS NOT 'no' GROUP BY budget"
    ).fetchall()
    for name, calls in counted:
        sums = index.execute(
            "SELECT sum(calls) FROM tally WHERE scope LIKE ?", (f"budget _ {name}",)
        ).fetchone()
        assert sums == (calls,)
