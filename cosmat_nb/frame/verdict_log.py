"""The file behind a review: one line a decision, added and never changed."""

from __future__ import annotations

import errno
import json
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from cosmat_nb.errors import OptionsError
from cosmat_nb.store.files import sync_folder
from cosmat_nb.store.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["VERDICTS", "Decision", "Entry", "Subject", "Undo", "VerdictLog"]

VERDICTS = ("keep", "reject", "redo")
"""What a reviewer may say of a cutout."""

PATIENCE = 5.0
"""Seconds that a decision waits while other processes write theirs."""

_NAME = "cosmat-review"
_HEAD = f'{{"{_NAME}": 1, '.encode()


class Subject(NamedTuple):
    """What a verdict is about: one picture, made in one way.

    A cutout that was made again with other pixels is another subject, and asks for a
    verdict of its own; rows that show the same cutout of the same key are one.

    Attributes
    ----------
    key : str
        Object key, or an address without its query: a query may hold a signature.
    rule : str
        The options of the cutout (`MattingOptions.rule`); empty without one.
    content : str
        SHA-256 of the cutout's PNG, hexadecimal. Without a cutout: that of the whole
        address, for an address; empty for a key.
    """

    key: str
    rule: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one reviewer said of one subject, at one time.

    Attributes
    ----------
    name : str
        Tells it from all other decisions.
    subject : Subject
        What it is about.
    verdict : str or None
        One of `VERDICTS`; None where only a note was left.
    note : str
        The reviewer's words; may be empty.
    reviewer : str
        Who decided; empty for one without a name.
    at : datetime
        When, in UTC.
    """

    name: str
    subject: Subject
    verdict: str | None
    note: str
    reviewer: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """A decision taken back, so that what the reviewer said before it stands again.

    Attributes
    ----------
    undoes : str
        Name of the decision.
    reviewer : str
        Who took it back.
    at : datetime
        When, in UTC.
    """

    undoes: str
    reviewer: str
    at: datetime


Entry: TypeAlias = Decision | Undo


@dataclass(frozen=True, slots=True)
class VerdictLog:
    """A file of JSON lines to which any number of processes may add.

    Parameters
    ----------
    path : Path
        The file; it is made with the first line.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> log = VerdictLog(Path(tempfile.mkdtemp()) / "review.jsonl")
    >>> log.append(Undo(undoes="5aed", reviewer="ann", at=datetime.now(UTC)))
    >>> [entry.undoes for entry in log.read()[0]]
    ['5aed']
    """

    path: Path

    def read(self) -> tuple[list[Entry], int]:
        """Return the entries in the order of the file, and how many lines are none.

        A line that was cut short, as a killed process leaves it, is none.

        Raises
        ------
        OptionsError
            When the file cannot be read, or is something else than such a log.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return [], 0
        except OSError as error:
            reason = error.strerror or error
            raise OptionsError(f"cannot read {self.path}: {reason}") from None
        if data and not _is_head(data.split(b"\n", 1)[0]):
            raise OptionsError(
                f"{self.path} is no file of verdicts, and nothing was written to it: "
                "name a new file, or one that review made"
            )
        lines = [line for line in data.split(b"\n") if line]
        entries = [entry for line in lines if (entry := _decode(line)) is not None]
        return entries, len(lines) - len(entries)

    def append(self, entry: Entry) -> None:
        """Add one entry and return when it is on disk.

        Raises
        ------
        OSError
            When it cannot be written: the file is then as it was, or ends in a line
            that is ignored.
        """
        line = _encode(entry)
        with _turn(self.path) as ours:
            descriptor = os.open(self.path, _flags(), 0o644)
            try:
                _add(descriptor, line, self.path.parent, ours=ours)
            finally:
                os.close(descriptor)


def _is_head(line: bytes) -> bool:
    # The first line may be torn too.
    return line.startswith(_HEAD) or (line != b"" and _HEAD.startswith(line))


def _flags() -> int:
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    return flags | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def _add(descriptor: int, line: bytes, folder: Path, *, ours: bool) -> None:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if size == 0:
        sync_folder(folder)
    elif _ends_torn(descriptor, size):
        line = b"\n" + line
    try:
        # One write each: lines stay whole even where the disk cannot lock files.
        left = memoryview(line)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    except OSError:
        # Without the lock another's line could be behind ours.
        if ours:
            with suppress(OSError):
                os.ftruncate(descriptor, size)
        raise


def _ends_torn(descriptor: int, size: int) -> bool:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) != b"\n"


@contextmanager
def _turn(path: Path) -> Iterator[bool]:
    lock = Lock(path.with_name(f".{path.name}.lock"))
    ours = _take(lock)
    try:
        yield ours
    finally:
        lock.drop()


def _take(lock: Lock) -> bool:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if lock.take():
                return True
        except OSError:
            return False
        if time.monotonic() > deadline:
            raise TimeoutError(errno.ETIMEDOUT, "another process keeps writing to it")
        time.sleep(0.001)


def _encode(entry: Entry) -> bytes:
    # Half characters of file names stay whole as escapes of ASCII.
    return json.dumps({_NAME: 1, **_fields(entry)}).encode("ascii") + b"\n"


def _fields(entry: Entry) -> dict[str, Any]:
    who = {
        "reviewer": entry.reviewer,
        "at": entry.at.isoformat(timespec="milliseconds"),
    }
    if isinstance(entry, Undo):
        return {"undoes": entry.undoes, **who}
    words = {"name": entry.name, "verdict": entry.verdict, "note": entry.note}
    return words | entry.subject._asdict() | who


def _decode(line: bytes) -> Entry | None:
    try:
        fields = json.loads(line)
        return _entry(fields) if fields[_NAME] == 1 else None
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def _entry(fields: dict[str, Any]) -> Entry:
    who, at = _text(fields, "reviewer"), _time(fields)
    if "undoes" in fields:
        return Undo(undoes=_text(fields, "undoes"), reviewer=who, at=at)
    if fields["verdict"] not in (None, *VERDICTS):
        raise ValueError("an unknown verdict")
    return Decision(
        name=_text(fields, "name"),
        subject=Subject(*(_text(fields, name) for name in Subject._fields)),
        verdict=fields["verdict"],
        note=_text(fields, "note"),
        reviewer=who,
        at=at,
    )


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text")
    return value


def _time(fields: dict[str, Any]) -> datetime:
    at = datetime.fromisoformat(_text(fields, "at"))
    if at.tzinfo is None:
        raise ValueError("a time without its zone")
    return at.astimezone(UTC)
