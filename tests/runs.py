"""Answers for a store without a client: keys, PNG files, batches in a child."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cosmat_nb as cm
from cosmat_nb.cutout import Cutout
from cosmat_nb.store.answer_key import AnswerKey
from cosmat_nb.store.claims import Job, Ticket

ROOT = Path(__file__).resolve().parents[1]
PLAIN = cm.MattingOptions()


def make_key(name="a.jpg", options=PLAIN, *, service="cloud", **facts):
    """Name an answer in one bucket."""
    return AnswerKey.of_key(service, "b-1250000000", name, options, **facts)


def make_png(number=0):
    """Write a whole PNG of 1 x 1 px that differs by its number."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 6, 0, 0, 0)
    pixel = zlib.compress(b"\0" + struct.pack(">I", number)[1:] + b"\xff")
    parts = chunk(b"IHDR", header), chunk(b"IDAT", pixel)
    text = chunk(b"tEXt", b"n\0" + str(number).encode())
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + text + chunk(b"IEND", b"")


def make_cutout(key, png):
    """Make the answer that a client would."""
    return Cutout(
        place=key.place,
        options=key.options,
        data=png,
        height=1,
        width=1,
        is_empty=False,
        nbytes=len(png),
        request_id=f"q-{key.place}",
    )


def claim(run, *keys, budget=None, price=None):
    """Claim one call for each key; return what the run is told."""
    return run.claim([Job((key,)) for key in keys], budget, price)


def answer(run, ticket, number=0):
    """Keep an answer for a ticket; return the list that the cutout comes into."""
    assert isinstance(ticket, Ticket)
    told = []
    (key,) = ticket.job.keys
    run.keep(ticket, make_cutout(key, make_png(number)), told.append, seconds=0.5)
    return told


def query(store, text, *values):
    """Ask the index of a store."""
    with store._database.reading() as connection:
        return connection.execute(text, values).fetchall()


def start_child(script, *arguments):
    """Start another Python with a script, which finds this module."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
