"""A JupyterLab on loopback, with notebooks to open in it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat
from jupyter_client import BlockingKernelClient

TOKEN = "loopback"
WAIT_SECONDS = 60
OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/apputils-extension:themes": {
        "theme": "JupyterLab Light",
        "adaptive-theme": False,
    },
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}
PANEL = """
[...(window.jupyterapp?.shell?.widgets('main') ?? [])]
  .find((each) => each.sessionContext)
"""
READY = f"""
async () => {{
  const panel = {PANEL.strip()};
  jupyterapp.shell.activateById(panel.id);
  await panel.revealed;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  window.panel = panel;
}}
"""
IDLE = "() => panel.sessionContext.session.kernel.status === 'idle'"
DONE = """
() => panel.content.widgets
  .filter((cell) => cell.model.type === 'code')
  .every((cell) => cell.model.executionCount && cell.model.executionState === 'idle')
"""


class Lab:
    """A server; made by `start`."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        self.notebooks = folder / "notebooks"

    @classmethod
    @contextmanager
    def start(cls, folder):
        """Start a server whose settings, kernels and notebooks are in a folder."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            lab = cls(folder, probe.getsockname()[1])
        for name in ("notebooks", "settings", "home"):
            (folder / name).mkdir()
        (folder / "settings" / "overrides.json").write_text(json.dumps(OVERRIDES))
        with (folder / "lab.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *lab._arguments()],
                env=lab._environment(),
                stdout=log,
                stderr=log,
                cwd=folder,
            )
            try:
                lab._wait(process)
                yield lab
            finally:
                _end(process)

    def write(self, name, *cells):
        """Write a notebook of code cells and return its path."""
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
        notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
        path = self.notebooks / name
        nbformat.write(notebook, path)
        return path

    def open(self, page, name):
        """Open a notebook in a page, and wait for its kernel."""
        page.goto(f"http://127.0.0.1:{self.port}/lab/tree/{name}?token={TOKEN}&reset")
        page.wait_for_function(f"() => {PANEL.strip()}", timeout=WAIT_SECONDS * 1000)
        page.evaluate(READY)
        page.wait_for_function(IDLE, timeout=WAIT_SECONDS * 1000)

    @staticmethod
    def run_all(page, seconds=WAIT_SECONDS):
        """Run all cells of the open notebook and wait for the last."""
        page.evaluate(
            "() => void jupyterapp.commands.execute('notebook:run-all-cells')"
        )
        page.wait_for_function(DONE, timeout=seconds * 1000)

    def ask(self, name, expression):
        """Return the repr of an expression in the kernel of a notebook."""
        with self._connect(name) as client:
            reply = client.execute_interactive(
                "", silent=True, user_expressions={"it": expression}, timeout=20
            )
        found = reply["content"]["user_expressions"]["it"]
        assert found["status"] == "ok", found
        return found["data"]["text/plain"]

    def wait_for(self, name, expression, wanted, seconds=10):
        """Wait until an expression in a notebook's kernel has this repr."""
        deadline = time.monotonic() + seconds
        while (found := self.ask(name, expression)) != wanted:
            assert time.monotonic() < deadline, f"{expression} is {found}, not {wanted}"
            time.sleep(0.05)

    @contextmanager
    def _connect(self, name):
        sessions = json.loads(self._get("api/sessions"))
        (kernel,) = [each["kernel"]["id"] for each in sessions if each["path"] == name]
        file = self.folder / "runtime" / f"kernel-{kernel}.json"
        client = BlockingKernelClient(connection_file=str(file))
        client.load_connection_file()
        client.start_channels()
        try:
            yield client
        finally:
            client.stop_channels()

    def _get(self, path):
        url = f"http://127.0.0.1:{self.port}/{path}?token={TOKEN}"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read()

    def _wait(self, process):
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                self._get("api/status")
            except (urllib.error.URLError, TimeoutError):
                log = (self.folder / "lab.log").read_text()
                assert process.poll() is None, log
                assert time.monotonic() < deadline, log
                time.sleep(0.1)
            else:
                return

    def _arguments(self):
        return [
            "--no-browser",
            "--ip=127.0.0.1",
            f"--port={self.port}",
            "--ServerApp.port_retries=0",
            "--allow-root",
            f"--IdentityProvider.token={TOKEN}",
            f"--ServerApp.root_dir={self.notebooks}",
            "--LabApp.expose_app_in_browser=True",
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.extension_manager=readonly",
            f"--LabApp.app_settings_dir={self.folder / 'settings'}",
        ]

    def _environment(self):
        folders = {
            "HOME": "home",
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "IPYTHONDIR": "ipython",
            "COSMAT_STORE": "store",
            "MPLCONFIGDIR": "matplotlib",
        }
        paths = {name: str(self.folder / place) for name, place in folders.items()}
        # Kernels start in another folder, where a relative path leads nowhere.
        package = {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        return os.environ | paths | package


def _end(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        # A second one does not wait for kernels.
        process.terminate()
        process.wait(20)
