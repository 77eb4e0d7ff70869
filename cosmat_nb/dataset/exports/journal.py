"""What of an export is done, on disk beside it until all of it is."""

from __future__ import annotations

import errno
import json
import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from cosmat_nb.dataset.files import FileFacts, Files
from cosmat_nb.dataset.manifest import dump_json, is_inside
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cosmat_nb.dataset.manifest import Record

__all__ = ["JOURNAL", "Done", "Journal", "NotedFiles", "Past", "read_journal"]

JOURNAL = ".export.jsonl"
"""The journal's file; where it is, the data set is unfinished."""

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Done:
    """A unit that was written.

    Attributes
    ----------
    records : list of dict
        As the manifest tells of its examples.
    files : dict of str to FileFacts
        What was written for them, by path.
    """

    records: Sequence[Record]
    files: Mapping[str, FileFacts]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Fingerprints of its examples: equal for units made from the same."""
        return tuple(record["fingerprint"] for record in self.records)

    def is_whole(self, folder: Path) -> bool:
        """Whether all its files are there with their length."""
        return all(_length(folder / path) == f.nbytes for path, f in self.files.items())


@dataclass(slots=True)
class Past:
    """What a journal tells.

    Attributes
    ----------
    identity : object
        What is written and how, as it was noted first; None without a journal.
    done : list of Done
        Units that were finished, in order.
    begun : set of str
        Every path that was written to, or was about to be.
    doubtful : set of str
        Those that were begun again after their unit was done, or whose unit never was.
    nbytes : int
        Length of what could be read of the journal.
    """

    identity: Any = None
    done: list[Done] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    nbytes: int = 0

    def hear(self, told: Mapping[str, Any]) -> None:
        """Take in one line."""
        if "export" in told:
            self.identity = told["export"]
        elif "begin" in told:
            begun = _inside([told["begin"]])
            self.begun.update(begun)
            self.doubtful.update(begun)
        else:
            files = {path: FileFacts(*facts) for path, facts in told["files"].items()}
            self.doubtful.difference_update(_inside(files))
            self.done.append(Done(told["records"], files))


def read_journal(folder: Path) -> Past:
    """Read the journal of an unfinished export; what was torn off at its end is left.

    Raises
    ------
    OSError
        When it is there and cannot be read.
    """
    past = Past()
    try:
        text = (folder / JOURNAL).read_bytes()
    except FileNotFoundError:
        return past
    for line in text.splitlines(keepends=True):
        try:
            past.hear(json.loads(line if line.endswith(b"\n") else b""))
        except (ValueError, TypeError, KeyError, AttributeError):
            break
        past.nbytes += len(line)
    return past


class Journal:
    """Takes down what is begun and done; several threads may.

    Parameters
    ----------
    folder : Path
        The data set's.
    past : Past
        What the journal there tells.
    identity : object
        JSON value: what is written and how.

    Raises
    ------
    OSError
        When it cannot be written.
    """

    def __init__(self, folder: Path, past: Past, identity: Any) -> None:
        self._path = folder / JOURNAL
        self._lock = threading.Lock()
        self._nbytes = past.nbytes
        self._descriptor: int | None = os.open(self._path, _FLAGS, 0o644)
        os.ftruncate(self._descriptor, self._nbytes)
        if not self._nbytes:
            self._write({"export": identity})

    def begin(self, path: str) -> None:
        """Note that a file is about to be written."""
        self._write({"begin": path})

    def finish(self, done: Done) -> None:
        """Note that a unit is done."""
        self._write({"records": list(done.records), "files": dict(done.files)})

    def close(self) -> None:
        """Take nothing down from now on: a thread that was left behind stops here."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def remove(self) -> None:
        """Close it and remove its file: the data set is finished."""
        self.close()
        self._path.unlink(missing_ok=True)

    def _write(self, told: Mapping[str, Any]) -> None:
        line = dump_json(told) + b"\n"
        with self._lock:
            if self._descriptor is None:
                raise OSError(errno.EBADF, "the export is over")
            taken = 0
            try:
                taken = os.write(self._descriptor, line)
            finally:
                # A full disk takes what fits, and half a line hides all after it.
                if taken != len(line):
                    os.ftruncate(self._descriptor, self._nbytes)
            if taken != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._nbytes += taken


class NotedFiles(Files):
    """Files of which a journal knows before they are written.

    Parameters
    ----------
    folder : Path
        Where they are.
    journal : Journal
        Takes them down.
    ours : set of str
        Paths that may be written over; those that are written join them.
    """

    def __init__(self, folder: Path, journal: Journal, ours: set[str]) -> None:
        super().__init__(folder)
        self._journal, self._ours = journal, ours

    def put(self, path: str, data: bytes) -> None:
        """Write a file whole, as `Files.put`.

        Raises
        ------
        OptionsError
            When somebody else's file is in its place.
        OSError
            When the disk is full or fails, or the export is over.
        """
        self._begin(path)
        super().put(path, data)

    @contextmanager
    def stream(self, path: str) -> Iterator[BinaryIO]:
        """Write a file piece by piece, as `Files.stream`; raises as `put`."""
        self._begin(path)
        with super().stream(path) as file:
            yield file

    def _begin(self, path: str) -> None:
        if path not in self._ours and os.path.lexists(self.folder / path):
            raise OptionsError(
                f"{path} is in {self.folder} already and was not written by this "
                "toolkit: move it away, or choose another folder"
            )
        self._journal.begin(path)
        self._ours.add(path)


def _inside(paths: Iterable[str]) -> Collection[str]:
    paths = list(paths)
    if not all(map(is_inside, paths)):
        raise ValueError("a path leads out of the folder")
    return paths


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
