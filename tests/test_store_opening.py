"""A store opened: its index made, believed or refused with a reason."""

from __future__ import annotations

import os
import sqlite3

import pytest
from runs import answer, claim, make_key, query, start_child

import cosmat_nb as cm
from cosmat_nb.store.lock import Lock, is_held

OPEN = """
import sys
import cosmat_nb as cm
for _ in range(5):
    cm.Store(sys.argv[1]).find([])
"""

HOLD = """
import sys, time
from pathlib import Path
from cosmat_nb.store.lock import Lock
print(Lock(Path(sys.argv[1])).take(), flush=True)
time.sleep(60)
"""


def test_several_processes_may_make_one_store(tmp_path):
    """Whoever is first makes the tables; nobody fails."""
    children = [start_child(OPEN, tmp_path / "s") for _ in range(3)]
    assert [child.communicate(timeout=60)[1] for child in children] == [""] * 3
    store = cm.Store(tmp_path / "s")
    assert query(store, "PRAGMA user_version") == [(1,)]
    assert query(store, "PRAGMA journal_mode") == [("wal",)]


@pytest.mark.parametrize("damage", [b"not a database at all, " * 50, b"\0" * 5000])
def test_a_damaged_index_is_refused(tmp_path, damage):
    """The message names the file and what to do, and the file is left as it is."""
    (tmp_path / "index.sqlite").write_bytes(damage)
    with pytest.raises(cm.OptionsError, match=r"index.sqlite.*choose another folder"):
        cm.Store(tmp_path)
    assert (tmp_path / "index.sqlite").read_bytes() == damage


def test_a_newer_index_is_refused(tmp_path):
    """A store of a later version is not touched by an older one."""
    cm.Store(tmp_path)
    with sqlite3.connect(tmp_path / "index.sqlite") as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(cm.OptionsError, match=r"newer version.*upgrade cosmat-nb"):
        cm.Store(tmp_path)


def test_another_programs_database_is_refused(tmp_path):
    """Tables of something else are not mixed with ours."""
    with sqlite3.connect(tmp_path / "index.sqlite") as connection:
        connection.execute("CREATE TABLE holiday(day)")
    connection.close()
    with pytest.raises(cm.OptionsError, match=r"something else; choose another"):
        cm.Store(tmp_path)


def test_the_ledger_cannot_be_rewritten(tmp_path):
    """Rows of the ledger are added, never changed or removed."""
    store = cm.Store(tmp_path)
    with store.open_run("cloud") as run:
        answer(run, claim(run, make_key())[0])
    for change in (
        "UPDATE intent SET price = 0",
        "UPDATE outcome SET billed = 'no'",
        "DELETE FROM outcome",
        "DELETE FROM intent",
    ):
        with (
            pytest.raises(OSError, match="append-only"),
            store._database.writing() as connection,
        ):
            connection.execute(change)
    assert query(store, "SELECT billed FROM outcome") == [("yes",)]


def test_a_failed_transaction_leaves_nothing(tmp_path):
    """An exception within it takes all of it back, and the next one works."""
    store = cm.Store(tmp_path)
    twice = [(b"1", "r"), (b"1", "r")]
    with (
        pytest.raises(OSError, match="UNIQUE constraint"),
        store._database.writing() as connection,
    ):
        connection.executemany("INSERT INTO claim VALUES(?, ?)", twice)
    assert query(store, "SELECT * FROM claim") == []
    with store._database.writing() as connection:
        connection.execute("INSERT INTO claim VALUES(x'01', 'r')")
    assert query(store, "SELECT run FROM claim") == [("r",)]


def test_a_lock_is_held_until_its_holder_is_gone(tmp_path):
    """Dropped or killed, it is free; while it is held, nobody else gets it."""
    path = tmp_path / "a.lock"
    assert not is_held(path)
    lock = Lock(path)
    assert lock.take()
    assert is_held(path)
    assert not Lock(path).take()
    lock.drop()
    assert not is_held(path)
    assert not path.exists()
    child = start_child(HOLD, path)
    assert child.stdout.readline() == "True\n"
    assert is_held(path)
    child.kill()
    child.communicate()
    assert not is_held(path)
    assert path.exists()


def test_a_lock_of_a_removed_file_is_no_lock(tmp_path, monkeypatch):
    """A file removed between opening and locking it is not taken for a lock."""
    path = tmp_path / "a.lock"
    opened = os.open

    def open_and_lose(*arguments):
        descriptor = opened(*arguments)
        path.unlink()
        return descriptor

    monkeypatch.setattr(os, "open", open_and_lose)
    assert not Lock(path).take()


def test_a_lock_file_without_a_run_is_removed(tmp_path):
    """A run killed in its first moment leaves a lock file; the next opening ends it."""
    folder = cm.Store(tmp_path).folder
    stray = folder / "runs" / "20260101T000000-abc.lock"
    stray.parent.mkdir()
    stray.touch()
    held = Lock(folder / "runs" / "20260101T000000-def.lock")
    assert held.take()
    cm.Store(tmp_path)
    assert not stray.exists()
    assert held.path.exists()


def test_a_run_whose_lock_was_taken_begins_anew(tmp_path, monkeypatch):
    """A run never goes on without its lock, whoever takes the new file for a stray."""
    store, takes = cm.Store(tmp_path), []
    take = Lock.take

    def take_late(lock, **settings):
        takes.append(lock.path.stem)
        return len(takes) > 1 and take(lock, **settings)

    monkeypatch.setattr(Lock, "take", take_late)
    with store.open_run("cloud") as run:
        assert run.id == takes[1] != takes[0]
        assert is_held(tmp_path / "runs" / f"{run.id}.lock")
