"""Answers and ledger carried from one store into another."""

from __future__ import annotations

import errno
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cosmat_nb.errors import OptionsError
from cosmat_nb.store.database import Database
from cosmat_nb.store.recovery import recover
from cosmat_nb.store.tally import recount
from cosmat_nb.store.upkeep import check_idle, file_of, is_intact, list_pictures

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from cosmat_nb.store.store import Store

__all__ = ["Merged", "merge", "move"]

_PLACE = {"asked", "identity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What another store had that this one had not.

    Attributes
    ----------
    answers : int
        Rows of the index, new or newer.
    files : int
        Pictures copied.
    attempts : int
        Rows of the ledger.
    damaged : int
        Pictures that were left where they are because they are damaged.
    """

    answers: int
    files: int
    attempts: int
    damaged: int

    def __str__(self) -> str:
        left = f"; {self.damaged} damaged files were left" if self.damaged else ""
        return (
            f"took over {self.answers} answers, {self.files} files and "
            f"{self.attempts} rows of the ledger{left}"
        )


def merge(store: Store, other: Path) -> Merged:
    """Copy what another store has and this one has not; the other stays as it is.

    Where both have an answer to the same question, the one kept last stays. Doing it
    again, or in both directions, adds nothing twice: the n-th attempt of a run is the
    same attempt in every store. What the other spent on a budget counts here too.

    Parameters
    ----------
    store : Store
        Which takes.
    other : Path
        Folder of the store that gives.

    Raises
    ------
    OptionsError
        When `other` is no store, or the same.
    OSError
        When a disk fails; what was copied stays, and merging again goes on from there.
    """
    _check_store(other)
    if store.folder.samefile(other):
        raise OptionsError(f"{other} is this very store: name another one")
    # What its killed batches left is adopted; if it cannot be, the rest still comes.
    with suppress(OSError):
        recover(Database(other), other)
    files, damaged = _copy_pictures(store, other)
    with Database(other).reading() as theirs:
        # One moment of the other store: it may be at work.
        theirs.execute("BEGIN")
        with Database(store.folder).writing() as ours:
            _copy_runs(theirs, ours)
            intents, attempts = _copy_intents(theirs, ours)
            _copy_outcomes(theirs, ours, intents)
            answers = _copy_answers(theirs, ours, intents, store.folder)
            recount(ours)
        theirs.execute("COMMIT")
    return Merged(answers=answers, files=files, attempts=attempts, damaged=damaged)


def move(store: Store, folder: str | Path) -> Store:
    """Merge a store into another and remove it, file by file as each is found whole.

    Parameters
    ----------
    store : Store
        Which goes away. No batch can begin in it from here on.
    folder : str or Path
        Where it goes; a store may be there already. To go on with a move that was
        interrupted, name the same.

    Returns
    -------
    Store
        At its new place.

    Raises
    ------
    OptionsError
        When a batch is at work in `store`, or `folder` is in it or cannot be written.
    OSError
        When a disk fails; whatever is not yet in the target is still where it was.
    """
    source = store.folder
    if Path(folder).expanduser().resolve().is_relative_to(source.resolve()):
        raise OptionsError(f"{folder} is inside {source}: name another folder")
    _check_target(Path(folder).expanduser())
    target = type(store)(folder)
    database = Database(source)
    with database.writing() as connection:
        check_idle(connection, source, "move")
        # Who has the old index open would else go on in a file without a name.
        connection.execute("DROP TRIGGER IF EXISTS store_moved")
        connection.execute(_CLOSING.format(_quoted(target.folder)))
    try:
        recover(database, source)
        merge(target, source)
    except BaseException:
        with database.writing() as connection:
            connection.execute("DROP TRIGGER store_moved")
        raise
    _remove(source, target.folder)
    return target


_CLOSING = (
    "CREATE TRIGGER store_moved BEFORE INSERT ON run BEGIN SELECT RAISE(ABORT, "
    "'this store was moved to {0}: open it there, or call move_to again if that was "
    "interrupted'); END"
)


def _quoted(folder: Path) -> str:
    return str(folder).replace("'", "''")


def _check_target(folder: Path) -> None:
    if not folder.is_dir() or (folder / "index.sqlite").is_file():
        return
    if any(folder.iterdir()):
        raise OptionsError(
            f"{folder} holds something else: name an empty folder, or a store"
        )


def _check_store(folder: Path) -> None:
    # Opening it would make an index wherever a mistyped name points.
    if not (folder / "index.sqlite").is_file():
        raise OptionsError(f"{folder} is no store: it has no index.sqlite")


def _copy_pictures(store: Store, other: Path) -> tuple[int, int]:
    files = damaged = 0
    for path in list_pictures(other):
        here = file_of(store.folder, path.stem)
        if is_intact(here):
            continue
        if not is_intact(path):
            damaged += 1
            continue
        with suppress(FileNotFoundError):
            here.replace(here.with_suffix(".damaged"))
        files += store.keep(path.read_bytes()) == path.stem
    return files, damaged


def _rows(connection: sqlite3.Connection, table: str, order: str) -> Iterator[Any]:
    """Yield the rows of a table as mappings of column to value."""
    cursor = connection.execute(f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608 - names of this file
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, row, strict=True))


def _insert(verb: str, table: str, row: dict[str, Any]) -> str:
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    return f"{verb} INTO {table} ({names}) VALUES ({values})"


def _copy_runs(theirs: sqlite3.Connection, ours: sqlite3.Connection) -> None:
    for row in _rows(theirs, "run", "id"):
        query = _insert("INSERT", "run", row)
        newer = "ON CONFLICT (id) DO UPDATE SET ended = coalesce(ended, :ended)"
        ours.execute(f"{query} {newer}", row)


def _copy_intents(
    theirs: sqlite3.Connection, ours: sqlite3.Connection
) -> tuple[dict[int, int], int]:
    """Add what we lack of each run; return our number for each of theirs."""
    known: dict[str, list[int]] = defaultdict(list)
    for run, number in ours.execute("SELECT run, id FROM intent ORDER BY id DESC"):
        known[run].append(number)
    numbers, added = {}, 0
    for row in _rows(theirs, "intent", "id"):
        theirs_number = row.pop("id")
        if known[row["run"]]:
            numbers[theirs_number] = known[row["run"]].pop()
            continue
        cursor = ours.execute(_insert("INSERT", "intent", row), row)
        assert cursor.lastrowid is not None, "an INSERT has a row"
        numbers[theirs_number] = cursor.lastrowid
        added += 1
    return numbers, added


def _copy_outcomes(
    theirs: sqlite3.Connection, ours: sqlite3.Connection, intents: dict[int, int]
) -> None:
    for row in _rows(theirs, "outcome", "intent"):
        row["intent"] = intents[row["intent"]]
        ours.execute(_insert("INSERT OR IGNORE", "outcome", row), row)


def _copy_answers(
    theirs: sqlite3.Connection,
    ours: sqlite3.Connection,
    intents: dict[int, int],
    folder: Path,
) -> int:
    added = 0
    for row in _rows(theirs, "answer", "id"):
        del row["id"]
        row["intent"] = intents.get(row["intent"])
        mine = ours.execute(_MINE, row).fetchone()
        if not _is_here(folder, row["sha256"]):
            continue
        if mine and mine[0] >= row["kept"] and _is_here(folder, mine[1]):
            continue
        ours.execute(_insert("INSERT OR REPLACE", "answer", row), row)
        added += 1
    return added


_MINE = "SELECT kept, sha256 FROM answer WHERE asked = :asked AND identity = :identity"


def _is_here(folder: Path, sha256: str | None) -> bool:
    return not sha256 or file_of(folder, sha256).exists()


def _remove(source: Path, target: Path) -> None:
    for path in list_pictures(source):
        if is_intact(file_of(target, path.stem)):
            path.unlink(missing_ok=True)
        elif is_intact(path):
            raise OSError(errno.EIO, "the copy is damaged", str(target))
    # Thumbnails are made anew where they are next looked at.
    for path in source.glob("thumbs/[0-9a-f][0-9a-f]/*"):
        with suppress(OSError):
            path.unlink(missing_ok=True)
    # The index goes last: with it, an interrupted move can be gone on with.
    for name in ("index.sqlite", "index.sqlite-wal", "index.sqlite-shm"):
        with suppress(PermissionError):
            (source / name).unlink(missing_ok=True)
    for folder in (
        *source.glob("[0-9a-f][0-9a-f]"),
        *source.glob("thumbs/[0-9a-f][0-9a-f]"),
        source / "thumbs",
        source / "runs",
        source / "incoming",
        source,
    ):
        # Whatever else is in there is not ours to throw away.
        with suppress(OSError):
            folder.rmdir()
