"""The emulator's bucket: objects in memory or in a folder."""

from __future__ import annotations

import errno
import hashlib
import mimetypes
import os
import secrets
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.address import check_key
from cosmat_nb.wire.documents import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Bucket", "FolderBucket", "MemoryBucket", "StoredObject"]

_UNFIT = frozenset({errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG})
"""What the system says when a key cannot be the name of a file."""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of a bucket.

    Attributes
    ----------
    info : ObjectInfo
        What a listing tells.
    content_type : str
        Sent with the object.
    data : bytes
        Its content.
    headers : mapping of str to str
        Sent with the object as they came with it: ``Cache-Control``, ``x-cos-meta-*``.
    """

    info: ObjectInfo
    content_type: str
    data: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Bucket(Protocol):
    """Where an emulator keeps objects; every method may be called from any thread."""

    def get(self, key: str) -> StoredObject:
        """Return an object; KeyError when there is none."""
        ...

    def put(
        self,
        key: str,
        data: bytes,
        content_type: str,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> ObjectInfo:
        """Keep an object; OptionsError when this key, OSError when none can be kept."""
        ...

    def remove(self, key: str) -> None:
        """Forget an object; one that is not there is no error."""
        ...

    def infos(self) -> Iterator[ObjectInfo]:
        """Tell all objects, in any order."""
        ...


class MemoryBucket:
    """Objects in memory, gone with the process."""

    def __init__(self) -> None:
        self._objects: dict[str, StoredObject] = {}
        self._lock = Lock()

    def get(self, key: str) -> StoredObject:
        """Return an object; KeyError when there is none."""
        with self._lock:
            return self._objects[key]

    def put(
        self,
        key: str,
        data: bytes,
        content_type: str,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> ObjectInfo:
        """Keep an object."""
        info = ObjectInfo(
            key=check_key(key),
            size=len(data),
            etag=_etag(data),
            last_modified=datetime.now(UTC),
        )
        with self._lock:
            self._objects[key] = StoredObject(info, content_type, data, dict(headers))
        return info

    def remove(self, key: str) -> None:
        """Forget an object."""
        with self._lock:
            self._objects.pop(key, None)

    def infos(self) -> Iterator[ObjectInfo]:
        """Tell all objects."""
        with self._lock:
            kept = list(self._objects.values())
        return (stored.info for stored in kept)


class FolderBucket:
    """The files below a folder, their relative paths as keys.

    Hidden files, links that lead out of the folder and names that are no object keys
    are left out. Whatever is put into the bucket is written into the folder: uploads,
    and the results of mode "stored".

    Parameters
    ----------
    folder : str or Path
        Read at each call, so files may come and go.

    Raises
    ------
    OptionsError
        When it is not a folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).resolve()
        if not self.folder.is_dir():
            raise OptionsError(f"expected a folder of pictures; {folder} is none")
        # Hashing every file at every listing would read the folder whole each time.
        self._etags: dict[str, tuple[tuple[int, int, int], str]] = {}

    def get(self, key: str) -> StoredObject:
        """Return an object; KeyError when there is none."""
        try:
            with self._file(key).open("rb") as file:
                status, data = os.fstat(file.fileno()), file.read()
        except (OptionsError, OSError):
            raise KeyError(key) from None
        kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
        return StoredObject(self._info(key, status, lambda: data), kind, data)

    def put(
        self,
        key: str,
        data: bytes,
        content_type: str,  # noqa: ARG002 - a file's type follows from its name
        headers: Mapping[str, str] = NO_HEADERS,  # noqa: ARG002 - files have none
    ) -> ObjectInfo:
        """Keep an object as a file, written whole or not at all."""
        path = self._path(key)
        draft = path.with_name(f".{secrets.token_hex(8)}")
        with _naming(key):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                draft.write_bytes(data)
                status = draft.stat()
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
        # A file put after one removed in the same clock tick may look just like it.
        self._etags.pop(key, None)
        return self._info(key, status, lambda: data)

    def remove(self, key: str) -> None:
        """Delete the file."""
        with suppress(OptionsError), _naming(key):
            self._path(key).unlink(missing_ok=True)

    def infos(self) -> Iterator[ObjectInfo]:
        """Tell all files."""
        for folder, below, names in os.walk(self.folder):
            below[:] = [name for name in below if not name.startswith(".")]
            for name in names:
                key = Path(folder, name).relative_to(self.folder).as_posix()
                # Files may vanish meanwhile, and not every file is an object.
                with suppress(OptionsError, OSError):
                    path = self._file(key)
                    yield self._info(key, path.stat(), path.read_bytes)

    def _path(self, key: str) -> Path:
        path = self.folder / check_key(key)
        hidden = any(name.startswith(".") for name in key.split("/"))
        plain = path.relative_to(self.folder).as_posix() == key and "\0" not in key
        # Unlike Path.resolve, this does not fail on links that lead to themselves.
        inside = plain and Path(os.path.realpath(path)).is_relative_to(self.folder)
        if hidden or not inside:
            raise OptionsError(f"object key {key!r} is no visible file of this folder")
        return path

    def _file(self, key: str) -> Path:
        path = self._path(key)
        # Opening a pipe would wait for ever.
        if not path.is_file():
            raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
        return path

    def _info(
        self, key: str, status: os.stat_result, read: Callable[[], bytes]
    ) -> ObjectInfo:
        state = (status.st_ino, status.st_size, status.st_mtime_ns)
        known, etag = self._etags.get(key, (None, ""))
        if known != state:
            etag = _etag(read())
            self._etags[key] = (state, etag)
        return ObjectInfo(
            key=key,
            size=status.st_size,
            etag=etag,
            last_modified=datetime.fromtimestamp(status.st_mtime, UTC),
        )


@contextmanager
def _naming(key: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _UNFIT:
            raise
        raise OptionsError(
            f"object key {key!r} cannot be a file here: {error.strerror}"
        ) from None


def _etag(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
