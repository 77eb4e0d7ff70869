"""A data set's folder while it is written: locked, noted, resumable."""

from __future__ import annotations

from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Self

from cosmat_nb.dataset.exports.journal import Journal, NotedFiles
from cosmat_nb.dataset.exports.survey import (
    LOCK,
    check_folder,
    survey_folder,
    sweep_parts,
)
from cosmat_nb.dataset.files import read_facts
from cosmat_nb.dataset.manifest import CARD, CHECKSUMS, CROISSANT, HEAD, MANIFEST
from cosmat_nb.errors import OptionsError
from cosmat_nb.store.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from cosmat_nb.dataset.exports.draft import Unit
    from cosmat_nb.dataset.exports.journal import Done
    from cosmat_nb.dataset.exports.survey import Found
    from cosmat_nb.dataset.files import Files

__all__ = ["LOCK", "Export"]

_HEADS = frozenset({CARD, CHECKSUMS, CROISSANT, HEAD, MANIFEST})


class Export:
    """One export at work in a folder; a context that gives the folder back at its end.

    Parameters
    ----------
    folder : Path
        Absolute; made where it is missing.
    identity : mapping of str to JSON value
        ``format``, ``settings`` and ``rendering``: what is there must have the same.

    Attributes
    ----------
    found : Found
        What was there.

    Raises
    ------
    OptionsError
        On entry: when the folder holds anything else than such a data set, finished or
        not; when another export is at work in it; when it cannot be written.
    """

    found: Found

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        self.folder = folder
        self._identity = identity
        self._lock = Lock(folder / LOCK)
        self._ours: set[str] = set()
        self._journal: Journal | None = None

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            check_folder(self.folder)
            self._take()
            self._open()
        except BaseException as error:
            self._lock.drop()
            if isinstance(error, OSError):
                raise OptionsError(
                    f"{self.folder} cannot be written: {error.strerror or error}"
                ) from None
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._journal is not None:
            self._journal.close()
        self._lock.drop()

    def files(self) -> Files:
        """Return a new count of files in the folder."""
        assert self._journal is not None, "it is open"
        return NotedFiles(self.folder, self._journal, self._ours)

    def find(self, unit: Unit) -> Done | None:
        """Return what was written of a unit before, if it is whole and of the same."""
        done = self.found.done.get(unit.inputs)
        return done if done is not None and done.is_whole(self.folder) else None

    def keep(self, done: Done) -> None:
        """Note that a unit is done."""
        assert self._journal is not None, "it is open"
        self._journal.finish(done)

    def sweep(self, current: Collection[str]) -> None:
        """Remove what was written and belongs to no example, and empty folders.

        A file that somebody changed since stays: it is theirs.
        """
        for path in sorted(self._ours - _HEADS - set(current)):
            if not self._is_changed(path):
                self._remove(path)

    def close(self) -> None:
        """Remove the journal: the data set is finished."""
        assert self._journal is not None, "it is open"
        self._journal.remove()

    def abandon(self) -> None:
        """Leave the folder as it was found: nothing could be written."""
        earlier = {*_HEADS, *self.found.past.begun, *self.found.checksums}
        for path in self._ours - earlier:
            self._remove(path)
        if not self.found.is_unfinished:
            self.close()

    def _take(self) -> None:
        if not self._lock.take():
            raise OptionsError(
                f"another export is at work in {self.folder}: wait for its end, or "
                "choose another folder"
            )

    def _open(self) -> None:
        self.found = survey_folder(self.folder, self._identity)
        if self.found.is_unfinished:
            sweep_parts(self.folder)
        past = self.found.past
        self._ours = {*_HEADS, *past.begun, *self.found.checksums}
        self._journal = Journal(self.folder, past, self._identity)

    def _remove(self, path: str) -> None:
        with suppress(OSError):
            (self.folder / path).unlink()
            for above in PurePosixPath(path).parents[:-1]:
                (self.folder / above).rmdir()

    def _is_changed(self, path: str) -> bool:
        digest = self.found.checksums.get(path)
        if digest is None or path in self.found.past.begun:
            return False
        try:
            return read_facts(self.folder / path).sha256 != digest
        except OSError:
            return False
