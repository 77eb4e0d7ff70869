"""A store's files: written whole, synced, and named by their content."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

__all__ = [
    "content_path",
    "is_whole",
    "keep_png",
    "list_thumbnails",
    "sync_folder",
    "thumbnail_path",
    "write_whole",
]


def content_path(folder: str | Path, sha256: str) -> str:
    """Return where a PNG of this content is kept."""
    return f"{folder}{os.sep}{sha256[:2]}{os.sep}{sha256}.png"


def thumbnail_path(folder: Path, sha256: str, side: int) -> Path:
    """Return where a thumbnail of a PNG is kept, apart from what was paid for."""
    return folder / "thumbs" / sha256[:2] / f"{sha256}-{side}.webp"


def list_thumbnails(folder: Path, sha256: str) -> list[Path]:
    """Return the thumbnails of a PNG, of every side."""
    return list((folder / "thumbs" / sha256[:2]).glob(f"{sha256}-*.webp"))


def is_whole(folder: str | Path, sha256: str, nbytes: int) -> bool:
    """Whether the file of this content is there, and as long as it was."""
    try:
        return os.stat(content_path(folder, sha256)).st_size == nbytes  # noqa: PTH116 - a Path a row is slow
    except OSError:
        return False


def write_whole(path: str, data: bytes) -> int:
    """Write a new file and return its descriptor, open and not synced.

    Raises
    ------
    OSError
        When the disk is full or fails; no file stays.
    """
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
    flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags, 0o644)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
    except BaseException:
        os.close(descriptor)
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108 - as above
        raise
    return descriptor


def sync_folder(folder: str | Path) -> None:
    """Have the names in a folder on disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def keep_png(folder: Path, png: bytes) -> str:
    """Keep a PNG under its content's name and return its SHA-256.

    Raises
    ------
    OSError
        When the disk is full or fails; no draft stays.
    """
    sha256 = hashlib.sha256(png).hexdigest()
    if is_whole(folder, sha256, len(png)):
        return sha256
    path = Path(content_path(folder, sha256))
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
    sync_folder(path.parent)
    return sha256
