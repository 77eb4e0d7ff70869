"""The store: a folder of answers, their index and the ledger."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from cosmat_nb.errors import OptionsError, tell
from cosmat_nb.store.answers import answers_frame
from cosmat_nb.store.database import Database
from cosmat_nb.store.export import export
from cosmat_nb.store.files import content_path, keep_png
from cosmat_nb.store.ledger import Ledger
from cosmat_nb.store.lookup import find_answers
from cosmat_nb.store.recovery import recover
from cosmat_nb.store.run import Run
from cosmat_nb.store.transfer import merge, move
from cosmat_nb.store.upkeep import prune, verify

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    import pandas as pd

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.store.answer_key import AnswerKey
    from cosmat_nb.store.transfer import Merged
    from cosmat_nb.store.upkeep import Pruned, Verified
    from cosmat_nb.wire.results import StoredPicture

__all__ = ["Store"]

_CHUNK = 500


class Store:
    """A folder that keeps answers; safe for several threads and processes.

    It holds an SQLite index, a PNG file for each answer, named by its content, and the
    ledger. What is told to be kept survives the death of the process and a power cut;
    answers that still wait for the disk, 64 at most, survive the former. The folder
    must be on a disk of this machine: SQLite's log is not made for network drives.

    Parameters
    ----------
    folder : str or Path, optional
        Made when it is missing. By default ``COSMAT_STORE`` from the environment, else
        the user's data folder: paid answers are data, not cache. A ``~`` in front is
        the home folder.

    Raises
    ------
    OptionsError
        When the folder cannot be made or written.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        chosen = Path(folder) if folder is not None else _default_folder()
        # Handles must find their files after a change of the working directory.
        self.folder = chosen.expanduser().absolute()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # Asking is not enough: root may write anywhere but on a read-only disk.
            with tempfile.TemporaryFile(dir=self.folder):
                pass
        except OSError as error:
            raise OptionsError(
                f"the store {self.folder} cannot be written: "
                f"{error.strerror or error}; choose another folder"
            ) from None

        self._database = Database(self.folder)
        self._recover()

    def __repr__(self) -> str:
        return f"Store({str(self.folder)!r})"

    def __reduce__(self) -> tuple[object, ...]:
        # A database cannot cross a process border; its folder can.
        return type(self), (self.folder,)

    @property
    def ledger(self) -> Ledger:
        """Every attempt that could be billed, and what became of it."""
        return Ledger(self.folder)

    def keep(self, png: bytes) -> str:
        """Keep a PNG and return its SHA-256; the same bytes are kept once.

        The file appears whole or not at all, and is on disk when this returns. It is
        only a file: what it answers is not written down, as a `Run` does.

        Raises
        ------
        OSError
            When the disk is full or fails.
        """
        return keep_png(self.folder, png)

    def path_of(self, sha256: str) -> Path:
        """Return the file that keeps, or would keep, a PNG of this SHA-256."""
        return Path(content_path(self.folder, sha256))

    def find(
        self,
        keys: Sequence[AnswerKey],
        source: Callable[[str], bytes] | None = None,
    ) -> list[Cutout | StoredPicture | None]:
        """Look up answers; nothing is sent and no picture is read.

        Parameters
        ----------
        keys : sequence of AnswerKey
            Of one service or several; 100 000 take a second or two.
        source : callable, optional
            Fetches an object by its key: the cutouts' way back to their sources.

        Returns
        -------
        list of Cutout, StoredPicture or None
            In the order of `keys`; a `StoredPicture` for a key with ``saved_as``. None
            where nothing is stored, or where its file is missing or of another length.
            A key without an identity is answered by the newest answer; one with an
            identity by that of the same, else by one without.

        Raises
        ------
        OSError
            When the disk fails.
        """
        answers: list[Cutout | StoredPicture | None] = []
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            asked = [key.asked for key in chunk]
            with self._database.reading() as connection:
                answers += find_answers(connection, self.folder, chunk, asked, source)
        return answers

    def open_run(self, service: str, clock: Callable[[], float] = time.time) -> Run:
        """Begin a batch; close it, or use it in a ``with`` statement.

        Parameters
        ----------
        service : str
            Who answers, as ``client.service`` tells.
        clock : callable
            Seconds since 1970.

        Raises
        ------
        OSError
            When the disk is full, fails or cannot lock files.
        """
        return Run(self._database, self.folder, service, clock)

    def to_frame(self) -> pd.DataFrame:
        """Return one row an answer: of what, as asked, its file, when and how.

        Raises
        ------
        OSError
            When the disk fails.

        See Also
        --------
        cosmat_nb.store.answers.answers_frame : All columns.
        """
        return answers_frame(self.folder)

    def verify(self) -> Verified:
        """Read every file; set damaged ones aside and drop answers without a file.

        Safe while batches run; the ledger stays as it is.

        Raises
        ------
        OSError
            When the disk fails or a damaged file cannot be set aside.
        """
        return verify(self.folder)

    def prune(
        self,
        *,
        sandbox: bool = False,
        paid: bool = False,
        loose: bool = False,
        before: str | dt.date | None = None,
        dry_run: bool = True,
    ) -> Pruned:
        """Drop what is named; unless told otherwise only tell what that would be.

        Parameters
        ----------
        sandbox : bool, default False
            Drop answers of emulators.
        paid : bool, default False
            Drop answers of the cloud: to have them again is to pay again.
        loose : bool, default False
            Drop files that no answer refers to: damaged ones, drafts, whole pictures.
        before : str or date, optional
            Of all these only what was kept before this time; without an offset, in UTC.
        dry_run : bool, default True
            Touch nothing.

        Raises
        ------
        OptionsError
            When nothing is named, `before` is no time, or a batch is at work.
        OSError
            When the disk fails.
        """
        return prune(
            self.folder,
            sandbox=sandbox,
            paid=paid,
            loose=loose,
            before=before,
            dry_run=dry_run,
        )

    def merge(self, other: Store | str | Path) -> Merged:
        """Copy the answers and the ledger of another store; doing it again is free.

        Where both have an answer to one question, the one kept last stays.

        Raises
        ------
        OptionsError
            When `other` is no store, or this one.
        OSError
            When a disk fails; merging again goes on from there.
        """
        folder = other.folder if isinstance(other, Store) else Path(other)
        return merge(self, folder.expanduser().absolute())

    def move_to(self, folder: str | Path) -> Store:
        """Move all to another folder, or into the store there; return that store.

        Copied, compared, then removed; after an interruption, do it again. Cutouts in
        frames still point to the old folder: ask for them anew, which costs nothing.

        Raises
        ------
        OptionsError
            When a batch is at work, or `folder` is inside or cannot be written.
        OSError
            When a disk fails; what was not moved is where it was.
        """
        return move(self, folder)

    def export(
        self, folder: str | Path, answers: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Write PNG files named by their keys into a new folder, and ``index.csv``.

        Parameters
        ----------
        folder : str or Path
            Made; must be empty if it exists.
        answers : DataFrame, optional
            Rows of `to_frame`; by default all.

        Returns
        -------
        DataFrame
            What ``index.csv`` has: each answer's ``file``, and how it was asked for.

        Raises
        ------
        OptionsError
            When the folder is not empty or cannot be made.
        OSError
            When the disk fails.
        """
        return export(self.to_frame() if answers is None else answers, folder)

    def _recover(self) -> None:
        try:
            recover(self._database, self.folder)
        except OSError as error:
            # Nothing is lost by waiting, and what is stored can still be found.
            tell(
                f"answers that a killed batch left in {self.folder} could not be "
                f"adopted yet: {error.strerror or error}; they are tried again when "
                "the store is opened next"
            )


def _default_folder() -> Path:
    chosen = os.environ.get("COSMAT_STORE")
    if chosen:
        return Path(chosen)
    return Path(platformdirs.user_data_dir("cosmat-nb", False)) / "cutouts"
