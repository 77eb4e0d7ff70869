"""The store: a folder of PNG files, each named by its content."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import platformdirs

from cosmat_nb.errors import OptionsError

__all__ = ["Store"]


class Store:
    """A folder that keeps answers; safe for several threads and processes.

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

    def __repr__(self) -> str:
        return f"Store({str(self.folder)!r})"

    def keep(self, png: bytes) -> Path:
        """Keep a PNG and return its file; the same bytes are kept once.

        The file appears whole or not at all, and its bytes are on disk when this
        returns; only a power cut right after it can still lose the file's name.

        Raises
        ------
        OSError
            When the disk is full or fails.
        """
        name = hashlib.sha256(png).hexdigest()
        path = self.folder / name[:2] / f"{name}.png"
        if path.exists() and path.stat().st_size == len(png):
            return path
        path.parent.mkdir(exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(png)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        return path


def _default_folder() -> Path:
    chosen = os.environ.get("COSMAT_STORE")
    if chosen:
        return Path(chosen)
    return Path(platformdirs.user_data_dir("cosmat-nb", False)) / "cutouts"
