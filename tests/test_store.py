"""Answers on disk: whole or not at all, once, and where they were promised."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import cosmat_nb as cm

ROOT = Path(__file__).resolve().parents[1]

KEEP_FOREVER = """
import os, sys
from cosmat_nb.store.store import Store
store = Store(sys.argv[1])
while True:
    store.keep(os.urandom(500_000))
"""

KEEP_TOO_MUCH = """
import resource, sys
from cosmat_nb.store.store import Store
store = Store(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
store.keep(b"s" * 1000)
try:
    store.keep(b"l" * 1001)
except OSError as error:
    print(error.strerror)
"""


def files(folder):
    """List every file below a folder but those of the index."""
    found = [path for path in Path(folder).rglob("*") if path.is_file()]
    return [path for path in found if not path.name.startswith("index.sqlite")]


def run_child(script, folder):
    """Start another Python with the script."""
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_file_is_named_by_its_content(tmp_path):
    """The name is the SHA-256 of the bytes, below a folder of its first two digits."""
    # sha256("abc"), from the Secure Hash Standard's own example.
    name = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    store = cm.Store(tmp_path / "s")
    assert store.keep(b"abc") == name
    path = store.path_of(name)
    assert path == tmp_path / "s" / "ba" / f"{name}.png"
    assert path.read_bytes() == b"abc"
    assert files(tmp_path) == [path]


def test_the_same_bytes_are_kept_once(tmp_path):
    """A second keep returns the same file and does not write it again."""
    store = cm.Store(tmp_path)
    path = store.path_of(store.keep(b"abc"))
    before = path.stat()
    assert store.path_of(store.keep(b"abc")) == path
    assert path.stat() == before


def test_a_file_cut_short_is_written_again(tmp_path):
    """A file of the right name and the wrong length does not count as kept."""
    store = cm.Store(tmp_path)
    path = store.path_of(store.keep(b"abc"))
    path.write_bytes(b"a")
    store.keep(b"abc")
    assert path.read_bytes() == b"abc"


def test_threads_and_stores_share_a_folder(tmp_path):
    """Many keeps at once leave one whole file for each content and nothing else."""
    stores = [cm.Store(tmp_path), cm.Store(tmp_path)]
    contents = [bytes([number]) * 5000 for number in range(10)] * 8
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: stores[n % 2].keep(contents[n]), range(80)))
    kept = files(tmp_path)
    assert len(kept) == 10
    assert all(hashlib.sha256(p.read_bytes()).hexdigest() == p.stem for p in kept)


def test_a_killed_process_leaves_no_broken_file(tmp_path):
    """Killed in the middle of writing, every file that has a name is whole."""
    child = run_child(KEEP_FOREVER, tmp_path / "s")
    deadline = time.monotonic() + 20
    while len(list(tmp_path.glob("s/*/*.png"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    kept = list(tmp_path.glob("s/*/*.png"))
    assert len(kept) >= 5
    assert all(hashlib.sha256(p.read_bytes()).hexdigest() == p.stem for p in kept)


def test_a_full_disk_raises_and_leaves_nothing_behind(tmp_path):
    """The caller learns why; no draft stays, and what was kept before is whole."""
    out, _ = run_child(KEEP_TOO_MUCH, tmp_path / "s").communicate(timeout=30)
    assert out.strip() == "File too large"
    (kept,) = files(tmp_path / "s")
    assert kept.read_bytes() == b"s" * 1000


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    """The message names the folder, says why and what to do."""
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(cm.OptionsError, match=r"cannot be written.*another folder"):
            cm.Store(folder)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs Linux")  # noqa: PTH112 - a plain question
def test_a_folder_that_cannot_be_made_is_refused():
    """A place where not even root may write raises before anything is sent."""
    with pytest.raises(cm.OptionsError, match="/proc/self/store cannot be written"):
        cm.Store("/proc/self/store")


def test_a_read_only_folder_is_refused(tmp_path):
    """A folder without the right to write raises, except for root, who may."""
    tmp_path.chmod(0o555)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("this user may write anywhere")
        with pytest.raises(cm.OptionsError, match="cannot be written"):
            cm.Store(tmp_path)
    finally:
        tmp_path.chmod(0o755)


def test_the_default_folder_comes_from_the_environment(monkeypatch, tmp_path):
    """``COSMAT_STORE`` decides; without it the user's data folder does."""
    monkeypatch.setenv("COSMAT_STORE", str(tmp_path / "chosen"))
    assert cm.Store().folder == tmp_path / "chosen"
    monkeypatch.delenv("COSMAT_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert cm.Store().folder.is_relative_to(tmp_path)


def test_files_are_found_after_a_change_of_folder(monkeypatch, tmp_path):
    """A relative folder is fixed when the store is made; ``~`` is the home folder."""
    monkeypatch.chdir(tmp_path)
    store = cm.Store("here")
    path = store.path_of(store.keep(b"abc"))
    monkeypatch.chdir("/")
    assert path.read_bytes() == b"abc"
    assert cm.Store("~/kept").folder == Path.home() / "kept"


def test_its_repr_is_its_folder(tmp_path):
    """What a user sees can be typed in again."""
    assert repr(cm.Store(tmp_path)) == f"Store({str(tmp_path)!r})"
