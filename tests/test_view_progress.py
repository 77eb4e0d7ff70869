"""The progress panel of a notebook, in a real kernel."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from cosmat_nb.frame.glance import Facts, Failure, Glance
from cosmat_nb.view.progress_panel import ProgressPanel

ROOT = Path(__file__).resolve().parents[1]
WIDGET = "application/vnd.jupyter.widget-view+json"
NAME = str(uuid.UUID(int=7))
LONG = 30.0

SETUP = """
import threading
import numpy as np
import pandas as pd
import cosmat_nb as cm
from cosmat_nb.view.progress_panel import ProgressPanel

class SlowEngine:
    name, version = "slow", "1"
    def __init__(self):
        self.gate = threading.Event()
    def estimate_alpha(self, picture):
        self.gate.wait(20)
        return (picture.min(axis=2) < 240).astype(np.float32)

engine = SlowEngine()
emulator = cm.Emulator(engine=engine)
emulator.start()
client = cm.connect_emulator(emulator)
square = cm.images.encode_jpeg(np.full((64, 96, 3), 90, np.uint8))
for number in range(30):
    client.put(f"{number}.jpg", square)
def keys(*numbers):
    return pd.DataFrame({"key": [f"{number}.jpg" for number in numbers]})
"""


class Kernel:
    """A kernel whose messages are kept, cell by cell."""

    def __init__(self, folder):
        file = folder / f"kernel-{NAME}.json"
        self.manager = KernelManager(connection_file=str(file))
        self.manager.start_kernel(cwd=str(folder))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=LONG)

    def close(self):
        """End it."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()

    def run(self, code, on_message=None):
        """Run a cell to its end and return its messages, as pairs of type and content.

        With `on_message`, each is shown to it as it comes.
        """
        number = self.client.execute(code)
        found = []
        while True:
            message = self.client.get_iopub_msg(timeout=LONG)
            if message["parent_header"].get("msg_id") != number:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return found
            if kind not in ("status", "execute_input"):
                found.append((kind, content))
                if on_message is not None:
                    on_message(content)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """A kernel with an emulator and thirty pictures; its engine waits at a gate."""
    folder = tmp_path_factory.mktemp("kernel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("HOME", str(folder))
        patch.setenv("COSMAT_STORE", str(folder / "store"))
        started = Kernel(folder)
    try:
        assert [c for kind, c in started.run(SETUP) if kind == "error"] == []
        yield started
    finally:
        started.close()


def told(messages, *wanted):
    """Return the contents of some kinds of messages."""
    return [content for kind, content in messages if kind in wanted]


def glances(messages):
    """Return what the panels of a cell were told, in order."""
    states = [c["data"].get("state", {}) for c in told(messages, "comm_msg")]
    return [state["glance"] for state in states if "glance" in state]


def test_a_cell_shows_a_panel_and_leaves_its_numbers(kernel):
    """Live a widget with twins; in the end plain HTML; nothing is printed."""
    messages = kernel.run("engine.gate.set(); r = cm.matte_frame(keys(0, 1), client)")
    assert told(messages, "stream", "error") == []
    (shown,) = told(messages, "display_data")
    assert set(shown["data"]) == {WIDGET, "text/html", "text/plain"}
    assert shown["data"]["text/plain"] == "Progress(0 of 2 pictures)"
    (final,) = told(messages, "update_display_data")
    assert final["transient"] == shown["transient"]
    assert set(final["data"]) == {"text/html", "text/plain"}
    assert final["data"]["text/plain"] == "Progress(2 of 2 pictures)"
    line = "2 ok · 2 billed by the emulator: nothing was paid · "
    assert line in final["data"]["text/html"]
    assert [each["state"] for each in glances(messages)][-1] == "ended"
    # The page knows whom the stop button interrupts; the widget is gone in the end.
    states = [c["data"].get("state", {}) for c in told(messages, "comm_msg")]
    assert {"kernel": NAME} in states
    assert len(told(messages, "comm_open")) == len(told(messages, "comm_close"))


def test_free_work_has_a_panel_without_money(kernel):
    """Measuring shows the same panel; what the store has shows the line alone."""
    messages = kernel.run("t = cm.measure_frame(r)")
    assert told(messages, "stream", "error") == []
    assert all(each["money"] == [] for each in glances(messages))
    (final,) = told(messages, "update_display_data")
    assert final["data"]["text/plain"] == "Progress(1 of 1 picture)"
    messages = kernel.run("r = cm.matte_frame(keys(0, 1), client)")
    assert told(messages, "update_display_data", "stream") == []
    (only,) = told(messages, "display_data")
    assert set(only["data"]) == {"text/html", "text/plain"}
    assert "2 ok · 2 from the store" in only["data"]["text/html"]
    messages = kernel.run("r = cm.matte_frame(keys(0, 1), client, progress=False)")
    assert messages == []


def test_a_thread_writes_into_no_cell(kernel):
    """Off the main thread nothing is shown, unless a panel was placed for it."""
    code = (
        "settings = dict(frame=keys({}), client=client, progress={})\n"
        "thread = threading.Thread(target=cm.matte_frame, kwargs=settings)\n"
        "thread.start(); thread.join()"
    )
    assert kernel.run(code.format("2, 3", "True")) == []
    kernel.run("panel = ProgressPanel()")
    messages = kernel.run(code.format("4", "panel"))
    assert {kind for kind, _ in messages} <= {"comm_msg"}
    (final,) = told(kernel.run("panel"), "execute_result")
    assert final["data"]["text/plain"] == "Progress(1 of 1 picture)"
    asked = kernel.run("print(repr(panel.kernel), panel.glance['state'])")
    assert told(asked, "stream")[0]["text"] == "None ended\n"


def test_an_interrupt_is_answered_with_what_is_being_waited_for(kernel):
    """The panel says how many calls are waited for; the exception has the frame."""
    kernel.run("engine.gate.clear()")
    sent = []

    def watch(content):
        glance = content.get("data", {}).get("state", {}).get("glance")
        if not glance:
            return
        if glance["note"] == "4 calls in flight" and not sent:
            sent.append(glance)
            kernel.manager.interrupt_kernel()
        if glance["state"] == "stopping" and len(sent) == 1:
            sent.append(glance)

    code = (
        "threading.Timer(3, engine.gate.set).start()\n"
        "cm.matte_frame(keys(*range(10, 30)), client, store=cm.Store('other'))"
    )
    messages = kernel.run(code, watch)
    (error,) = told(messages, "error")
    assert error["ename"] == "BatchInterrupted"
    assert len(sent) == 2
    assert sent[1]["note"].startswith("stopping: ")
    assert sent[1]["note"].endswith(" in flight are being answered")
    (final,) = told(messages, "update_display_data")
    assert "stopped: interrupted" in final["data"]["text/html"]
    asked = kernel.run("import sys; print(list(sys.last_value.result.status))")
    status = told(asked, "stream")[0]["text"]
    assert 1 <= status.count("'ok'") <= 8
    assert status.count("'skipped'") == 20 - status.count("'ok'")


def test_without_the_panel_a_notebook_has_lines(kernel):
    """Where the widget cannot be made, progress is told like in a log."""
    code = """
import sys
kept = sys.modules["cosmat_nb.view.progress_panel"]
sys.modules["cosmat_nb.view.progress_panel"] = None
try:
    engine.gate.set()
    r = cm.matte_frame(keys(0), client, store=cm.Store("third"))
finally:
    sys.modules["cosmat_nb.view.progress_panel"] = kept
"""
    texts = {}
    for stream in told(kernel.run(code), "stream"):
        texts[stream["name"]] = texts.get(stream["name"], "") + stream["text"]
    assert texts["stderr"].startswith("cosmat: 0 of 1 picture")
    assert texts["stdout"].startswith("1 ok")


IMPORTS = "import cosmat_nb as cm, numpy as np, pandas as pd, tempfile"

BATCH = """
from cosmat_nb import images

class WhiteEngine:
    name, version = "white", "1"
    def estimate_alpha(self, picture):
        return (picture.min(axis=2) < 240).astype(np.float32)

with (
    cm.Emulator(engine=WhiteEngine()) as emulator,
    cm.connect_emulator(emulator) as client,
):
    client.put("a.jpg", images.encode_jpeg(np.full((64, 96, 3), 90, np.uint8)))
    frame = pd.DataFrame({"key": ["a.jpg", "no"]})
    result = cm.matte_frame(frame, client, store=cm.Store(tempfile.mkdtemp()))
    table = cm.measure_frame(result)
"""


def test_a_notebook_with_panels_compares_equal(tmp_path):
    """Stored outputs keep the final numbers, and nbval finds them unchanged."""
    (tmp_path / "home").mkdir()
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in (IMPORTS, BATCH)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        NotebookClient(notebook, kernel_name="python3").execute()
        path = tmp_path / "panels.ipynb"
        nbformat.write(notebook, path)
        batch, measuring = notebook.cells[1].outputs
        assert "1 ok, 1 refused" in batch.data["text/html"]
        assert WIDGET not in batch.data
        assert measuring.data["text/plain"] == "Progress(1 of 1 picture)"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
                *("--nbval", "--nbval-current-env", "-c", "/dev/null", str(path)),
                f"--nbval-sanitize-with={ROOT / 'tests' / 'nbval.cfg'}",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
    assert done.returncode == 0, done.stdout


HOSTILE = "<script>alert(1)</script>\"'&\u202e"


def test_the_twins_hold_foreign_words_as_text():
    """What a service says is escaped; no script, no handler, no id, no variable."""
    panel = ProgressPanel()
    panel.end(
        Glance(
            total=4,
            done=3,
            seconds=2.0,
            failures=(Failure(HOSTILE, 3, HOSTILE),),
            facts=Facts(saved=HOSTILE),
            state="ended",
        ),
        HOSTILE,
    )
    shown = panel.static_html()
    assert shown.count("&lt;script&gt;") == 4
    assert "<script" not in shown
    assert "var(--" not in shown
    assert " id=" not in shown
    assert "width:75.0%" in shown
    assert repr(panel) == panel.static_text() == "Progress(3 of 4 pictures, 3 failed)"
    json.dumps(panel.glance, allow_nan=False)


def test_outside_of_a_kernel_nothing_is_interrupted():
    """A panel that is told in a plain process knows no kernel."""
    panel = ProgressPanel()
    panel.begin(Glance(total=1, done=0))
    assert panel.kernel is None


def test_half_characters_of_an_error_are_escaped():
    """They would keep the panel from being sent at all, until the batch ends."""
    failure = Failure("Bad\ud800", 1, "no \udcff.jpg")
    panel = ProgressPanel()
    panel.look(Glance(total=2, done=1, failures=(failure,)))
    assert panel.glance["failures"] == [["Bad\\ud800", 1, "no \\udcff.jpg"]]
    assert "no \\udcff.jpg" in panel.static_html().encode().decode()
