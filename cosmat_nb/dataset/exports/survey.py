"""What a folder holds before an export begins in it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.exports.journal import JOURNAL, Done, Past, read_journal
from cosmat_nb.dataset.files import PART, FileFacts
from cosmat_nb.dataset.manifest import (
    CHECKSUMS,
    HEAD,
    dump_json,
    read_checksums,
    read_head,
    read_manifest,
)
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cosmat_nb.dataset.manifest import Head, Record

__all__ = ["LOCK", "Found", "check_folder", "survey_folder", "sweep_parts"]

LOCK = ".export.lock"
"""Held by the one process that writes a data set."""

_PART = re.compile(rf"\.[0-9a-f]{{32}}{re.escape(PART)}")
_NOBODYS = frozenset({LOCK, ".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class Found:
    """What was there.

    Attributes
    ----------
    head : Head or None
        Of a data set that was finished once.
    records : list of dict
        Its records; empty where it was never finished.
    checksums : dict of str to str
        SHA-256 of its files by path.
    past : Past
        What an unfinished export left.
    done : dict of tuple to Done
        Units that were written, by what they were made from.
    """

    head: Head | None
    records: Sequence[Record]
    checksums: Mapping[str, str]
    past: Past
    done: Mapping[tuple[str, ...], Done]

    @property
    def is_unfinished(self) -> bool:
        """Whether an export was left in the middle."""
        return self.past.nbytes > 0


def check_folder(folder: Path) -> None:
    """Make sure that a folder is empty, or holds a data set, finished or not.

    Raises
    ------
    OptionsError
        When it holds anything else.
    OSError
        When it cannot be read.
    """
    names = {path.name for path in folder.iterdir()} - _NOBODYS
    if names and not names & {HEAD, JOURNAL}:
        raise OptionsError(
            f"{folder} holds other things than a data set (it has {min(names)!r:.80}): "
            "choose another folder, so that nothing of yours is written over"
        )


def survey_folder(folder: Path, identity: Mapping[str, Any]) -> Found:
    """Look what is there, and that it is what is to be written.

    Raises
    ------
    OptionsError
        When it has another format, settings or rendering, or cannot be read.
    OSError
        When the journal cannot be read.
    """
    past, head = read_journal(folder), None
    records: list[dict[str, Any]] = []
    checksums: dict[str, str] = {}
    if past.nbytes:
        _check_same(folder, "an unfinished export", past.identity, identity)
    # Written last: an export that was left in the middle may have a head without it.
    if (folder / CHECKSUMS).exists() or (not past.nbytes and (folder / HEAD).exists()):
        head = read_head(folder)
        told = {name: getattr(head, name) for name in identity}
        _check_same(folder, "a data set", told, identity)
        records, checksums = read_manifest(folder), read_checksums(folder)
    every = [*_find_units(records, checksums), *past.done]
    return Found(head, records, checksums, past, _sift(every, past.doubtful))


def sweep_parts(folder: Path) -> None:
    """Remove files that a killed export was in the middle of."""
    for path in folder.rglob(f".*{PART}"):
        if _PART.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _check_same(folder: Path, what: str, there: Any, wanted: Mapping[str, Any]) -> None:
    there = there if isinstance(there, dict) else {}
    wanted = json.loads(dump_json(dict(wanted)))
    other = [name for name in wanted if there.get(name) != wanted[name]]
    if other:
        name = other[0]
        raise OptionsError(
            f"{folder} holds {what} with another {name} ({there.get(name)!r:.200}, not "
            f"{wanted[name]!r:.200}): choose another folder, or remove that one"
        )


def _sift(units: Sequence[Done], doubtful: set[str]) -> dict[tuple[str, ...], Done]:
    """Return the units, oldest first, whose files are still theirs."""
    latest = {path: facts for unit in units for path, facts in unit.files.items()}
    return {
        unit.inputs: unit
        for unit in units
        if not doubtful & unit.files.keys() and unit.files.items() <= latest.items()
    }


def _find_units(
    records: Sequence[Record], checksums: Mapping[str, str]
) -> Iterator[Done]:
    units: dict[str, list[Record]] = {}
    for record in records:
        units.setdefault(record["files"].get("shard", record["name"]), []).append(
            record
        )
    for group in units.values():
        try:
            files = {
                path: FileFacts(record["nbytes"][role], checksums[path])
                for record in group
                for role, path in record["files"].items()
            }
            yield Done([{**record} for record in group], files)
        except (KeyError, TypeError):
            continue  # nothing is known of one of its files: it is made anew
