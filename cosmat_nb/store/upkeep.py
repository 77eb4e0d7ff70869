"""A store looked after: every file checked, and what nobody wants thrown out."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError
from cosmat_nb.store.database import Database
from cosmat_nb.store.files import content_path, list_thumbnails
from cosmat_nb.store.life import is_alive
from cosmat_nb.store.table import read_time

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Iterable, Iterator

__all__ = [
    "Pruned",
    "Verified",
    "check_idle",
    "file_of",
    "is_intact",
    "list_pictures",
    "prune",
    "verify",
]

_PICTURE = re.compile(r"[0-9a-f]{64}\.png")
_MEGABYTE = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a check of every file found.

    Attributes
    ----------
    whole : int
        Files whose content is what their name says.
    damaged : int
        Files that were not, now set aside as ``.damaged``.
    dropped : int
        Answers whose file was damaged or gone; they will be asked for again.
    loose : int
        Whole files that no answer refers to.
    """

    whole: int
    damaged: int
    dropped: int
    loose: int

    def __str__(self) -> str:
        return (
            f"{self.whole} files are whole ({self.loose} of them loose), "
            f"{self.damaged} were damaged and set aside, "
            f"{self.dropped} answers were dropped for want of their file"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was thrown out, or would be.

    Attributes
    ----------
    answers : int
        Rows of the index.
    files : int
        Files that nothing else refers to.
    nbytes : int
        Their size together.
    dry_run : bool
        Whether nothing was touched.
    """

    answers: int
    files: int
    nbytes: int
    dry_run: bool

    def __str__(self) -> str:
        what = f"{self.answers} answers, {self.files} files"
        size = f"{self.nbytes / _MEGABYTE:.1f} MB"
        if self.dry_run:
            return f"would drop {what}, {size}; pass dry_run=False to do it"
        return f"dropped {what}, {size}"


def verify(folder: Path) -> Verified:
    """Read every file of a store and compare it with its name.

    Safe while batches run. The ledger is not touched: what was paid stays written.

    Parameters
    ----------
    folder : Path
        The store's.

    Raises
    ------
    OSError
        When the disk fails or a damaged file cannot be set aside.
    """
    database = Database(folder)
    with database.reading() as connection:
        rows = connection.execute(_ROWS).fetchall()
    whole, damaged = set(), 0
    for path in list_pictures(folder):
        if is_intact(path):
            whole.add(path.stem)
            continue
        # Another process may have set it aside first.
        with suppress(FileNotFoundError):
            path.replace(path.with_suffix(".damaged"))
            damaged += 1
    dropped = 0
    with database.writing() as connection:
        for number, sha256, intent in rows:
            if sha256 not in whole and _is_lost(folder, sha256, intent):
                found = connection.execute(_DROP, (number, sha256))
                dropped += found.rowcount
        loose = len(whole - _files_of(connection))
    return Verified(whole=len(whole), damaged=damaged, dropped=dropped, loose=loose)


def prune(
    folder: Path,
    *,
    sandbox: bool = False,
    paid: bool = False,
    loose: bool = False,
    before: str | dt.date | None = None,
    dry_run: bool = True,
) -> Pruned:
    """Drop answers and files; nothing is dropped that is not named.

    The ledger is never pruned. Cutouts in frames lose the files they point to, and
    thumbnails go with their picture.

    Parameters
    ----------
    folder : Path
        The store's.
    sandbox : bool, default False
        Drop answers of emulators.
    paid : bool, default False
        Drop answers of the cloud: to have them again is to pay again.
    loose : bool, default False
        Drop files that no answer refers to: damaged ones that were set aside, drafts
        that a killed process left, and whole pictures. If the index was lost or
        replaced, that is every picture.
    before : str or date, optional
        Of all these only what was kept before this time; without an offset, in UTC.
    dry_run : bool, default True
        Touch nothing and tell what would be dropped.

    Raises
    ------
    OptionsError
        When nothing is named, `before` is no time, or a batch is at work.
    OSError
        When the disk fails; what is dropped by then stays dropped.
    """
    if not (sandbox or paid or loose):
        raise OptionsError(
            "say what to drop: sandbox=True (answers of emulators), loose=True (files "
            "that no answer refers to) or paid=True (answers that cost money)"
        )
    end = float("inf") if before is None else read_time("before", before)
    with Database(folder).writing() as connection:
        if not dry_run:
            check_idle(connection, folder, "prune")
        wanted = (sandbox, paid, end)
        gone = connection.execute(f"SELECT sha256 {_CHOSEN}", wanted).fetchall()
        kept = {name for (name,) in connection.execute(_OTHERS, wanted)}
        files = {file_of(folder, name) for (name,) in gone if name and name not in kept}
        if loose:
            files |= set(_loose(folder, _files_of(connection), end))
        nbytes = sum(_sizes(files))
        count = sum(path.exists() for path in files)
        if not dry_run:
            connection.execute(f"DELETE {_CHOSEN}", wanted)
            # A row without its file counts as not stored, so a crash here is harmless.
            for path in files:
                for each in (path, *list_thumbnails(folder, path.stem)):
                    each.unlink(missing_ok=True)
    return Pruned(answers=len(gone), files=count, nbytes=nbytes, dry_run=dry_run)


_ROWS = "SELECT id, sha256, intent FROM answer WHERE sha256 <> ''"
_DROP = "DELETE FROM answer WHERE id = ? AND sha256 = ?"
_CHOSEN = "FROM answer WHERE iif(sandbox, ?1, ?2) AND coalesce(kept, 0) < ?3"
_OTHERS = (
    "SELECT sha256 FROM answer "
    "WHERE NOT (iif(sandbox, ?1, ?2) AND coalesce(kept, 0) < ?3) AND sha256 <> ''"
)


def file_of(folder: Path, sha256: str) -> Path:
    """Return where a store keeps the PNG of that SHA-256."""
    return Path(content_path(folder, sha256))


def list_pictures(folder: Path) -> Iterator[Path]:
    """Yield every file of a store that is named as a picture, damaged or not."""
    for path in folder.glob("[0-9a-f][0-9a-f]/*.png"):
        if _PICTURE.fullmatch(path.name):
            yield path


def is_intact(path: Path) -> bool:
    """Whether a file's content is what its name says; a missing one is not whole.

    Raises
    ------
    OSError
        When it is there and cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == path.stem
    except FileNotFoundError:
        return False


def check_idle(connection: sqlite3.Connection, folder: Path, verb: str) -> None:
    """Refuse to go on while a batch is at work; within a transaction none begins.

    Raises
    ------
    OptionsError
        Naming the process.
    """
    query = "SELECT id, host, pid FROM run WHERE ended IS NULL"
    for run, host, pid in connection.execute(query):
        if is_alive(folder, run):
            raise OptionsError(
                f"a batch is at work in {folder} (process {pid} on {host}): "
                f"{verb} it when that has ended"
            )


def _is_lost(folder: Path, sha256: str, intent: int | None) -> bool:
    """Whether the file is neither in its place nor on its way there."""
    # In this order: it may get from the one to the other meanwhile.
    pending = any(folder.glob(f"incoming/*/{intent}.png"))
    return not (pending or file_of(folder, sha256).exists())


def _files_of(connection: sqlite3.Connection) -> set[str]:
    query = "SELECT DISTINCT sha256 FROM answer WHERE sha256 <> ''"
    return {sha256 for (sha256,) in connection.execute(query)}


def _loose(folder: Path, listed: set[str], end: float) -> Iterator[Path]:
    for path in folder.glob("[0-9a-f][0-9a-f]/*"):
        if path.suffix == ".png" and path.stem in listed:
            continue
        with suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < end:
                yield path


def _sizes(paths: Iterable[Path]) -> Iterator[int]:
    for path in paths:
        with suppress(FileNotFoundError):
            yield path.stat().st_size
