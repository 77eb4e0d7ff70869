"""A batch in a process of its own, interrupted: no answer is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from squares import WhiteEngine, draw_square

import cosmat_nb as cm
from cosmat_nb import images

ROOT = Path(__file__).resolve().parents[1]

CHILD = """
import json, sys
import pandas as pd
import cosmat_nb as cm

endpoint, folder, count = sys.argv[1:]
keys = pd.DataFrame({"key": [f"{number}.jpg" for number in range(int(count))]})
client = cm.connect_cloud(
    "examplebucket-1250000000", "ap-guangzhou", endpoint=endpoint, concurrency=4,
    credentials=cm.Credentials("emulator-id", "emulator-key"),
)
store = cm.Store(folder)
interrupted = False
try:
    result = cm.matte_frame(keys, client, store=store, progress=False)
except cm.BatchInterrupted as stop:
    interrupted, result = str(stop), stop.result
answered = result.cutout.dropna()
print(json.dumps({
    "interrupted": interrupted,
    "status": list(result.status),
    "error": [error if isinstance(error, str) else "" for error in result.error],
    "sizes": [len(cutout.png) for cutout in answered],
    "kept": [str(cutout.path) for cutout in answered if cutout.path],
}), flush=True)
"""


class GatedEngine(WhiteEngine):
    """Counts what it cut, and waits at a gate before the answer number `first`."""

    def __init__(self, first):
        self.first = first
        self.lock = threading.Lock()
        self.begun = self.cut = 0
        self.waiting, self.gate = threading.Event(), threading.Event()

    def estimate_alpha(self, picture):
        """Cut like `WhiteEngine`, late."""
        with self.lock:
            self.begun += 1
            late = self.begun > self.first
        if late:
            self.waiting.set()
            self.gate.wait(30)
        alpha = super().estimate_alpha(picture)
        with self.lock:
            self.cut += 1
        return alpha


def run_child(emulator, folder, count):
    """Start a batch in another process, against this process's emulator."""
    arguments = [emulator.endpoint, str(folder), str(count)]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_interrupt_keeps_every_answer(tmp_path):
    """Ctrl-C: calls in flight are answered, kept and in the frame; others unsent."""
    engine = GatedEngine(first=3)
    with cm.Emulator(engine=engine) as emulator:
        for number in range(40):
            picture = draw_square(color=(number, 30, 40))
            emulator.bucket.put(f"{number}.jpg", images.encode_jpeg(picture), "a/b")
        child = run_child(emulator, tmp_path, 40)
        assert engine.waiting.wait(30)
        child.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.5)
        engine.gate.set()
        out, err = child.communicate(timeout=30)
    told = json.loads(out)
    answered = told["status"].count("ok")
    assert err == ""
    # Three before the gate, and at most the four in flight.
    assert 4 <= answered <= 7
    assert answered == engine.cut == engine.begun
    assert told["status"].count("skipped") == 40 - answered
    assert told["error"].count("not sent: interrupted") == 40 - answered
    assert f"{answered} of 40 pictures answered" in told["interrupted"]
    assert len(told["kept"]) == answered
    assert all(Path(path).is_file() for path in told["kept"])


def test_a_second_interrupt_leaves_at_once(tmp_path):
    """Ctrl-C twice: it does not wait, and what was answered is still in the frame."""
    engine = GatedEngine(first=3)
    with cm.Emulator(engine=engine) as emulator:
        for number in range(40):
            emulator.bucket.put(f"{number}.jpg", images.encode_jpeg(draw_square()), "a")
        child = run_child(emulator, tmp_path, 40)
        try:
            assert engine.waiting.wait(30)
            child.send_signal(signal.SIGINT)
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(0.5)
            child.send_signal(signal.SIGINT)
            out, _ = child.communicate(timeout=10)
        finally:
            engine.gate.set()
    told = json.loads(out)
    assert told["interrupted"]
    assert told["status"].count("ok") == len(told["kept"]) == 3
    # What was sent and not waited for may have been billed: it is not "skipped".
    sent = sum("it may have been billed" in error for error in told["error"])
    assert 1 <= sent == told["status"].count("error")
    assert told["status"].count("skipped") == 37 - sent
