"""What tells of a data set: its head, a record for each example, its checksums."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cosmat_nb.dataset.files import FileFacts

    Record = Mapping[str, Any]

__all__ = [
    "CARD",
    "CHECKSUMS",
    "CROISSANT",
    "FIELDS",
    "HEAD",
    "MANIFEST",
    "SCHEMA",
    "Head",
    "dump_json",
    "is_inside",
    "order_record",
    "read_checksums",
    "read_head",
    "read_manifest",
    "show_checksums",
    "show_head",
    "show_manifest",
    "split_folder",
]

SCHEMA = 1
"""Version of what is written here; a reader refuses a higher one."""

HEAD = "dataset.json"
MANIFEST = "manifest.jsonl"
CHECKSUMS = "checksums.sha256"
CARD = "README.md"
CROISSANT = "croissant.json"

FIELDS = MappingProxyType(
    {
        "name": "safe file name without a suffix, unlike any other",
        "split": "train …; empty where nothing is split",
        "key": "object key, or address without its query",
        "category": "what the subject is",
        "height": "of the written picture, px",
        "width": "of the written picture, px",
        "files": "paths from the data set's folder by role: image, alpha, mask …",
        "nbytes": "length of each of these files by role, bytes",
        "labels": "what only the format knows of it",
        "columns": "the user's columns that were asked for",
        "findings": "names of what is wrong with the matte",
        "picture": "what was written: image, frame, its box, premultiplied",
        "source": "the photograph: sha256, height, width, format, offset, encoded",
        "cutout": "the service's answer: sha256, rule, status, request_id, attempts",
        "scene": "how a composed picture was made",
        "license": "of the photograph",
        "fingerprint": "SHA-256 of all that the example was made from",
    }
)
"""Fields of a record in their order; those without a value are left out.

``name`` to ``width``, ``files`` and ``fingerprint`` are always there.
"""


_NEEDED = ("name", "split", "key", "category", "height", "width", "files")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ELSEWHERE = re.compile(r"[\\:\x00-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What ``dataset.json`` tells of a data set as a whole. All values are JSON's.

    Attributes
    ----------
    schema : int
        `SCHEMA` of the toolkit that wrote it.
    toolkit : str
        ``cosmat-nb 0.1.0``.
    format : str
        ``folder``, ``coco``, ``yolo``, ``webdataset`` or ``parquet``.
    settings : mapping of str to JSON value
        The format's own settings.
    rendering : mapping of str to JSON value
        Fields of the `Rendering`.
    examples : int
        How many there are.
    splits : mapping of str to int
        Examples of each split, in order of first appearance; the one name is empty
        where nothing is split. `split_folder` gives a split's folder.
    categories : tuple of str
        Sorted.
    columns : mapping of str to str
        The user's columns that were written, each with what it holds: ``string``,
        ``integer``, ``number``, ``boolean``, ``json`` for anything else.
    calls : mapping of str to JSON value
        ``service`` (who answered, None when unknown), ``sandbox`` (whether an emulator
        did; None when unknown, or when it did in part), ``pictures`` (distinct
        answers), ``requests`` (sent for them; each may have been billed), ``cost`` (of
        the requests; None when unknown), and of the price ``currency``, ``verified``
        and ``price``, its own words (None without one).
    about : mapping of str to JSON value
        Fields of the `About` that say something; empty without one.
    """

    schema: int = SCHEMA
    toolkit: str
    format: str
    settings: Mapping[str, Any]
    rendering: Mapping[str, Any]
    examples: int
    splits: Mapping[str, int]
    categories: tuple[str, ...]
    columns: Mapping[str, str]
    calls: Mapping[str, Any]
    about: Mapping[str, Any]


def split_folder(split: str) -> str:
    """Return the folder of a split: its name, ``data`` where nothing is split.

    Examples
    --------
    >>> split_folder("train"), split_folder("")
    ('train', 'data')
    """
    return split or "data"


def dump_json(value: Any, *, indent: int | None = None) -> bytes:
    r"""Return JSON as UTF-8, the same bytes for the same value.

    Keys stay in their order. Half characters, which UTF-8 has none for, are escaped as
    JSON does, so that they come back.

    Examples
    --------
    >>> dump_json({"key": "é" + chr(0xDCE9)}).decode()
    '{"key": "é\\udce9"}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return text.encode("utf-8", "backslashreplace")


def order_record(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with its fields in the order of `FIELDS`, the empty ones gone.

    Raises
    ------
    KeyError
        For a fact that is no field.

    Examples
    --------
    >>> order_record({"split": "", "name": "mug", "license": None})
    {'name': 'mug', 'split': ''}
    """
    unknown = [name for name in facts if name not in FIELDS]
    if unknown:
        raise KeyError(f"no fields of a record: {unknown}")
    empty: tuple[Any, ...] = (None, {}, [], ())
    return {
        name: facts[name]
        for name in FIELDS
        if name in facts and facts[name] not in empty
    }


def show_head(head: Head) -> bytes:
    """Return the text of ``dataset.json``."""
    plain = {field.name: _plain(getattr(head, field.name)) for field in fields(head)}
    return dump_json(plain, indent=2) + b"\n"


def read_head(folder: Path) -> Head:
    """Read ``dataset.json``.

    Raises
    ------
    OptionsError
        When it is not there, is no head, or was written by a newer toolkit.
    """
    try:
        told = json.loads((folder / HEAD).read_bytes())
        schema = told["schema"]
        if isinstance(schema, int) and schema > SCHEMA:
            raise OptionsError(
                f"{folder.name} was written by {told.get('toolkit')!s:.40}, which is "
                "newer than this one: install that version"
            )
        values = {field.name: told[field.name] for field in fields(Head)}
        return Head(**{**values, "categories": tuple(told["categories"])})
    except OSError as error:
        raise OptionsError(
            f"{folder} holds no data set of this toolkit: its {HEAD} cannot be read: "
            f"{error.strerror or error}"
        ) from None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        if isinstance(error, OptionsError):
            raise
        raise OptionsError(
            f"{folder / HEAD} is not what this toolkit writes: {error!r:.200}"
        ) from None


def show_manifest(records: Iterable[Record]) -> bytes:
    """Return the text of ``manifest.jsonl``: a line for each record."""
    return b"".join(dump_json(record) + b"\n" for record in records)


def read_manifest(folder: Path) -> list[dict[str, Any]]:
    """Read ``manifest.jsonl``, a record for each example, in order.

    Raises
    ------
    OptionsError
        When it cannot be read, a line is no record, or a path leads out of the folder.
    """
    try:
        lines = (folder / MANIFEST).read_bytes().splitlines()
    except OSError as error:
        raise OptionsError(
            f"{folder / MANIFEST} cannot be read: {error.strerror or error}"
        ) from None
    return [_read_record(line, number) for number, line in enumerate(lines, 1)]


def show_checksums(written: Mapping[str, FileFacts]) -> bytes:
    """Return the text of ``checksums.sha256``, as ``sha256sum -c`` reads it."""
    lines = (f"{written[path].sha256}  {path}\n" for path in sorted(written))
    return "".join(lines).encode()


def read_checksums(folder: Path) -> dict[str, str]:
    """Read ``checksums.sha256``: the SHA-256 of each file by its path.

    Raises
    ------
    OptionsError
        When it cannot be read, a line is no checksum, or a path leads out of the
        folder.
    """
    try:
        text = (folder / CHECKSUMS).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise OptionsError(f"{folder / CHECKSUMS} cannot be read: {error}") from None
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        digest, _, path = line.partition("  ")
        if not _DIGEST.fullmatch(digest) or not is_inside(path):
            raise OptionsError(f"line {number} of {CHECKSUMS} is no checksum: {line!r}")
        found[path] = digest
    return found


def is_inside(path: object) -> bool:
    r"""Whether a path stays in the folder that it is relative to, on any system.

    Examples
    --------
    >>> is_inside("train/images/mug.jpg"), is_inside("../mug.jpg"), is_inside("C:\\mug")
    (True, False, False)
    """
    if not isinstance(path, str) or _ELSEWHERE.search(path):
        return False
    return all(part not in {"", ".", ".."} for part in path.split("/"))


def _plain(value: Any) -> Any:
    return dict(value) if hasattr(value, "items") else value


def _read_record(line: bytes, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
        if set(_NEEDED) <= set(record) and all(
            map(is_inside, record["files"].values())
        ):
            return dict(record)
    except (ValueError, TypeError, AttributeError, RecursionError):
        pass
    raise OptionsError(
        f"line {number} of {MANIFEST} tells of no example, or of a file outside the "
        "data set"
    )
