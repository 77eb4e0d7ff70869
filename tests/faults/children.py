"""Batches in processes of their own: born by a nursery, signalled, waited for."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from workshop import GUARD_SECONDS

ROOT = Path(__file__).resolve().parents[2]


class Nursery:
    """One process that forks batches, one after the other; close it."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("nursery.py"))],
            env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self.text = b""

    def await_ready(self):
        """Wait until it has loaded everything."""
        assert self.read_line() == "ready"

    def start(self, emulator, folder, report, keys, **order):
        """Begin a batch of these keys, against this process's emulator."""
        Path(report).unlink(missing_ok=True)
        order |= {
            "endpoint": emulator.endpoint,
            "folder": str(folder),
            "report": str(report),
            "keys": list(keys),
        }
        self.write_line(json.dumps(order))
        return Child(self, int(self.read_line()), Path(report))

    def write_line(self, line):
        """Send a line."""
        self.process.stdin.write(f"{line}\n".encode())

    def read_line(self, seconds=GUARD_SECONDS):
        """Return the next line; fails when none comes."""
        while b"\n" not in self.text:
            ready, _, _ = select.select([self.process.stdout], [], [], seconds)
            if not ready:
                raise TimeoutError
            piece = os.read(self.process.stdout.fileno(), 4096)
            assert piece, "the nursery has died"
            self.text += piece
        line, _, self.text = self.text.partition(b"\n")
        return line.decode()

    def close(self):
        """End it; it has no child by now."""
        self.process.stdin.close()
        self.process.wait(GUARD_SECONDS)
        self.process.stdout.close()


class Child:
    """A batch under way."""

    def __init__(self, nursery, pid, report):
        self.nursery, self.pid, self.report = nursery, pid, report

    def signal(self, number):
        """Send it a signal; one that is over does not mind."""
        self.nursery.write_line(int(number))

    def kill(self):
        """Kill it and see it dead."""
        self.signal(signal.SIGKILL)
        return self.end()

    def is_running_after(self, seconds):
        """Wait so long, and tell whether it has not come to an end by itself."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.report.exists():
            time.sleep(0.01)
        return not self.report.exists()

    def end(self, seconds=GUARD_SECONDS):
        """Wait for its end and return its exit code; one that hangs is killed."""
        self.nursery.write_line("wait")
        try:
            return int(self.nursery.read_line(seconds))
        except TimeoutError:
            # Not yet reaped by its parent, so the number is still its own.
            os.kill(self.pid, signal.SIGKILL)
            self.nursery.read_line()
            raise AssertionError("the batch hangs") from None

    def result(self, seconds=GUARD_SECONDS):
        """Wait for its end and return what it told."""
        code = self.end(seconds)
        assert code == 0, f"the batch ended with {code}"
        told = json.loads(self.report.read_text(encoding="utf-8"))
        assert "failed" not in told, told["failed"]
        return told
