"""What really lies in a data set's folder, and how that differs from its lists."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from cosmat_nb.dataset.exports.export import LOCK
from cosmat_nb.dataset.exports.journal import JOURNAL
from cosmat_nb.dataset.files import PART, read_facts
from cosmat_nb.dataset.manifest import CHECKSUMS, is_inside
from cosmat_nb.frame.working import attempt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = [
    "UNFINISHED",
    "Flaw",
    "Inventory",
    "check_digest",
    "compare_lists",
    "read_list",
]

UNFINISHED = "an export that did not end: run it again"
"""What is found where a journal or a part of a file lies."""

_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


class Flaw(NamedTuple):
    """One thing that is not as it should be.

    Attributes
    ----------
    path : str
        Of the file that it is about, relative to the folder.
    problem : str
        What it is, in a word or two, see `cosmat_nb.verify_dataset`.
    expected, found : str
        What should be there, and what is.
    """

    path: str
    problem: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything in a folder, links neither followed nor counted as files.

    Attributes
    ----------
    files : frozenset of str
        Paths of plain files, with ``/``.
    strange : tuple of str
        Paths of what is neither file nor folder: links, pipes, sockets, devices.
    """

    files: frozenset[str]
    strange: tuple[str, ...]

    @classmethod
    def take(cls, folder: Path) -> Inventory:
        """Look into a folder and all that are in it."""
        files: list[str] = []
        strange: list[str] = []
        for path, kind in _walk(folder):
            (files if stat.S_ISREG(kind) else strange).append(path)
        return cls(frozenset(files), tuple(sorted(strange)))


def _walk(folder: Path) -> Iterator[tuple[str, int]]:
    waiting = [(folder, "")]
    while waiting:
        place, path = waiting.pop()
        entries, error = attempt(lambda at=place: list(at.iterdir()))  # type: ignore[misc]
        if error:
            yield path.rstrip("/") or ".", 0
        for entry in entries or ():
            kind, _ = attempt(lambda at=entry: at.lstat().st_mode)  # type: ignore[misc]
            if stat.S_ISDIR(kind or 0):
                waiting.append((entry, f"{path}{entry.name}/"))
            else:
                yield f"{path}{entry.name}", kind or 0


def read_list(folder: Path) -> tuple[dict[str, str], list[Flaw]]:
    """Read the checksums that can be read, and what is wrong with the others."""
    text, error = attempt(lambda: (folder / CHECKSUMS).read_bytes().decode())
    if text is None:
        why = error or ""
        return {}, [Flaw(CHECKSUMS, "unreadable", "a checksum of each file", why)]
    listed: dict[str, str] = {}
    flaws = []
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        found = _LINE.fullmatch(line)
        if not found or not is_inside(found[2]):
            told = f"line {number}: {line:.100}"
            flaws.append(Flaw(CHECKSUMS, "unreadable", "a digest and a path", told))
        elif listed.setdefault(found[2], found[1]) != found[1]:
            flaws.append(Flaw(found[2], "listed twice", listed[found[2]], found[1]))
    return listed, flaws


def compare_lists(inventory: Inventory, listed: Mapping[str, str]) -> Iterator[Flaw]:
    """Find what is missing, what nobody listed, and what is no file at all."""
    for path in inventory.strange:
        found = "a link, a folder that cannot be opened, or no file"
        yield Flaw(path, "not a file", "files and folders alone", found)
    for path in listed.keys() - inventory.files:
        yield Flaw(path, "missing", listed[path], "")
    for path in inventory.files - listed.keys() - {CHECKSUMS, LOCK}:
        if path == JOURNAL or path.endswith(PART):
            yield Flaw(path, "unfinished", "", UNFINISHED)
        else:
            yield Flaw(path, "unlisted", "", "a file")


def check_digest(folder: Path, path: str, digest: str) -> list[Flaw]:
    """Hold a file against its digest."""
    facts, error = attempt(lambda: read_facts(folder / path))
    if facts is None:
        return [Flaw(path, "unreadable", digest, error or "")]
    if facts.sha256 != digest:
        return [Flaw(path, "changed", digest, facts.sha256)]
    return []
