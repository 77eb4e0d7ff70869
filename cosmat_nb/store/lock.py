"""A lock file that tells other processes that its holder lives."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Lock", "is_held"]


class Lock:
    """Held from `take` until `drop`, or until the process ends, however it ends.

    Nothing is done when the object is collected: a child made by a fork must not end
    its parent's hold. Such a child keeps the hold alive while it lives.

    Parameters
    ----------
    path : Path
        The lock file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self, *, create: bool = True) -> bool:
        """Take the lock if nobody has it, at once; tell whether it is ours now.

        Raises
        ------
        FileNotFoundError
            When there is no such file and none is to be made.
        OSError
            When the disk cannot lock files.
        """
        flags = os.O_RDWR | os.O_CLOEXEC if os.name == "posix" else os.O_RDWR
        descriptor = os.open(self.path, flags | (os.O_CREAT if create else 0), 0o644)
        try:
            # Whoever held it may have removed the file since it was opened here.
            taken = _lock(descriptor) and _is_at(descriptor, self.path)
        except BaseException:
            os.close(descriptor)
            raise
        if taken:
            self._descriptor = descriptor
        else:
            os.close(descriptor)
        return taken

    def drop(self) -> None:
        """Give the lock back and remove its file."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        with suppress(OSError):
            self.path.unlink()
        os.close(descriptor)
        # Where an open file cannot be removed, it can be now.
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock.

    Parameters
    ----------
    path : Path
        The lock file; a missing one is held by nobody.
    """
    lock = Lock(path)
    try:
        taken = lock.take(create=False)
    except FileNotFoundError:
        return False
    if taken and lock._descriptor is not None:  # noqa: SLF001 - its own class
        os.close(lock._descriptor)  # noqa: SLF001 - its own class
    return not taken


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
