"""Where the references are that mattes are scored against."""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias
from urllib.parse import unquote, urlsplit

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column, describe_cell
from cosmat_nb.frame.reference import read_reference
from cosmat_nb.places import is_address, shown_place, shown_text

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Reference", "Truth", "find_references"]

Truth: TypeAlias = "str | Path | Callable[[str], object]"
"""Where references come from: a column's name, a folder, or a function of the key."""

SUFFIXES = (".png", ".tif", ".tiff", ".bmp", ".webp", ".gif", ".jpg", ".jpeg")
"""Files of a folder that count as references, the first kind before all others."""

_OF_PICTURES = (*SUFFIXES, ".jpe", ".jfif", ".heic", ".heif", ".avif", ".jp2", ".tpg")
"""Endings of a key that say only which kind of picture it is."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference that is not read yet.

    Attributes
    ----------
    identity : hashable
        Equal for the same reference.
    get : callable
        Returns what `read_reference` takes, or raises why there is nothing.
    """

    identity: Hashable
    get: Callable[[], object]

    def read(self) -> NDArray[Any]:
        """Get it and read it, as `read_reference` does."""
        return read_reference(self.get())


def find_references(
    frame: pd.DataFrame, given: Truth, *, on: str = "key", name: str = "truth"
) -> list[Reference]:
    """Find the reference of each row; nothing is read yet.

    Parameters
    ----------
    frame : DataFrame
        The user's frame.
    given : str, Path or callable
        A column that holds what `read_reference` takes; a folder; or a function from
        key to any of that, called from several threads, None where there is nothing.
        In a folder the reference of ``samples/mug.jpg`` is ``samples/mug.png``, else
        ``mug.png``, else at either place the only picture ``mug`` of another kind. Of
        a key only an ending of pictures is dropped: ``mug.v2`` is looked for as
        ``mug.v2.png``. A file in another folder than its key says serves one picture
        alone.
    on : str, default "key"
        Column of keys, for a folder and a function.
    name : str, default "truth"
        What the caller's argument is called, for the message.

    Returns
    -------
    list of Reference
        One for each row; where nothing can be found, reading it raises the reason.

    Raises
    ------
    OptionsError
        No such column or folder, or something else was given.
    """
    if isinstance(given, str):
        remedy = f"{name} names a column; for a folder pass pathlib.Path({given!r})"
        return [_of_cell(cell) for cell in check_column(frame, given, remedy).tolist()]
    if not (isinstance(given, Path) or callable(given)):
        raise OptionsError(
            f"{name} must be the name of a column, a pathlib.Path of a folder or a "
            f"function of the key; not {type(given).__name__}"
        )
    keys = check_column(frame, on, "pass on=").tolist()
    if callable(given):
        return [_of_key(key, partial(given, key)) for key in keys]
    if not _is_folder(given):
        raise OptionsError(f"{name} must be a folder; {shown_text(str(given))} is none")
    paths = _find_files(given, {key for key in keys if isinstance(key, str)})
    return [_of_key(key, paths.get(key)) for key in keys]


def _is_folder(path: Path) -> bool:
    with suppress(OSError):  # a name that is too long for any folder
        return path.is_dir()
    return False


def _of_cell(value: object) -> Reference:
    # The frame holds the cell while the reference is used: its id stays its own.
    identity = value if isinstance(value, (str, bytes)) else id(value)
    return Reference(identity, lambda: value)


def _of_key(key: object, get: Callable[[], object] | None) -> Reference:
    if isinstance(key, str) and get is not None:
        return Reference(key, get)
    reason = describe_cell(key)
    return Reference((reason,), partial(_refuse, reason))


def _refuse(reason: str) -> NoReturn:
    raise OptionsError(reason)


def _find_files(root: Path, keys: set[str]) -> dict[str, Callable[[], object]]:
    folder, owners = _Folder(root), defaultdict[Path, set[str]](set)
    found: dict[str, _Found] = {}
    gets: dict[str, Callable[[], object]] = {}
    for key in keys:
        try:
            found[key] = folder.find(key)
        except OptionsError as error:
            gets[key] = partial(_refuse, str(error))
        else:
            owners[found[key].path].add(found[key].owner)
    for key, file in found.items():
        others = sorted(owners[file.path] - {file.owner})
        if file.strayed and others:
            reason = f"{file.path} would serve {others[0]} too: sort references by key"
            gets[key] = partial(_refuse, reason)
        else:
            gets[key] = partial(Path, file.path)
    return gets


class _Found(NamedTuple):
    path: Path
    owner: str
    strayed: bool
    """Whether the file lies in another folder than its key says."""


class _Folder:
    """A folder of references; each of its folders is listed once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._listed: dict[Path, dict[str, list[Path]]] = {}

    def find(self, key: str) -> _Found:
        *parents, name = _path_of(key).strip("/").split("/")
        stem = _stem_of(name)
        inside = self._root.joinpath(*parents)
        owner = "/".join([*parents, stem])
        if self._holds(inside) and (path := self._pick(inside, stem)) is not None:
            return _Found(path, owner, strayed=False)
        path = self._pick(self._root, stem)
        if path is None:
            names = " and no ".join(f"{name}.png" for name in {owner: 0, stem: 0})
            raise OptionsError(f"there is no {names} in the folder")
        return _Found(path, owner, strayed=bool(parents))

    def _holds(self, folder: Path) -> bool:
        # A key is a stranger's word: ".." or a drive would lead out of the folder.
        inside = folder.is_relative_to(self._root)
        return inside and ".." not in folder.relative_to(self._root).parts

    def _pick(self, folder: Path, stem: str) -> Path | None:
        if folder not in self._listed:
            self._listed[folder] = _list_pictures(folder)
        paths = self._listed[folder].get(stem, [])
        best = [path for path in paths if path.suffix == SUFFIXES[0]] or paths
        if len(best) > 1:
            names = ", ".join(sorted(path.name for path in best))
            raise OptionsError(f"{names} could all be the reference: keep one")
        return best[0] if best else None


def _path_of(key: str) -> str:
    if not is_address(key):
        return key
    try:
        return unquote(urlsplit(shown_place(key)).path)
    except ValueError as error:
        raise OptionsError(f"the key is no address that can be read: {error}") from None


def _stem_of(name: str) -> str:
    # What follows a dot may be a version or a day: two pictures, not two kinds of one.
    stem, _, suffix = name.rpartition(".")
    return stem if stem and f".{suffix.lower()}" in _OF_PICTURES else name


def _list_pictures(folder: Path) -> dict[str, list[Path]]:
    pictures: dict[str, list[Path]] = {}
    # What is no folder holds nothing; nor does a name that no system allows.
    with suppress(OSError, ValueError), os.scandir(folder) as entries:
        for entry in entries:
            path = folder / entry.name
            if path.suffix.lower() in SUFFIXES:
                pictures.setdefault(path.stem, []).append(path)
    return pictures
