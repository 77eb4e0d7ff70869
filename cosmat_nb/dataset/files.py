"""A data set's folder while it is written: every file whole, every file counted."""

from __future__ import annotations

import hashlib
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, NamedTuple
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["PART", "FileFacts", "Files", "read_facts"]

PART = ".part"
"""How a file is named that is not whole yet: ``.<random>.part`` beside its place."""

_BLOCK = 1 << 20


class FileFacts(NamedTuple):
    """What a file was when it was written.

    Attributes
    ----------
    nbytes : int
        Its length, bytes.
    sha256 : str
        Of its bytes, hexadecimal.
    """

    nbytes: int
    sha256: str


class Files:
    """Writes files into one folder; several threads may.

    Attributes
    ----------
    folder : Path
        Where they are.
    written : dict of str to FileFacts
        Every file that was put so far, by its path relative to the folder, with ``/``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: dict[str, FileFacts] = {}
        self._lock = threading.Lock()

    def put(self, path: str, data: bytes) -> None:
        """Write a file whole, in place of one that is there.

        Raises
        ------
        OSError
            When the disk is full or fails; what was there before stays.
        """
        with self._draft(path) as file:
            file.write(data)
        self._count(path, FileFacts(len(data), hashlib.sha256(data).hexdigest()))

    @contextmanager
    def stream(self, path: str) -> Iterator[BinaryIO]:
        """Write a file piece by piece; it is in place once the block ends well.

        Raises
        ------
        OSError
            As `put`.
        """
        with self._draft(path) as file:
            yield file
        self._count(path, read_facts(self.folder / path))

    def _count(self, path: str, facts: FileFacts) -> None:
        with self._lock:
            self.written[path] = facts

    @contextmanager
    def _draft(self, path: str) -> Iterator[BinaryIO]:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{uuid4().hex}{PART}")
        try:
            with part.open("xb") as file:
                yield file
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def read_facts(path: Path) -> FileFacts:
    """Return length and digest of a file.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    digest, length = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            length += len(block)
    return FileFacts(length, digest.hexdigest())
