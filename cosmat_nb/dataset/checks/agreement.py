"""Whether manifest, head, indexes and card of a data set tell the same."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, TypeGuard

from cosmat_nb.dataset.cards.tallies import show_counts
from cosmat_nb.dataset.checks.inventory import Flaw, Inventory
from cosmat_nb.dataset.files import Files, read_facts
from cosmat_nb.dataset.formats.row import list_categories
from cosmat_nb.dataset.manifest import CARD, CROISSANT, HEAD, MANIFEST, is_inside
from cosmat_nb.frame.working import attempt

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from cosmat_nb.dataset.formats.format import Format
    from cosmat_nb.dataset.manifest import Head, Record

__all__ = ["compare_indexes", "compare_told", "is_head", "read_records"]

_WORDS = 200
_MAPPINGS = ("settings", "rendering", "splits", "columns", "calls", "about")


def is_head(head: Head) -> bool:
    """Whether the fields of a head are of the kinds that they should be."""
    return isinstance(head.format, str) and all(
        isinstance(getattr(head, name), Mapping) for name in _MAPPINGS
    )


def read_records(folder: Path) -> tuple[list[dict[str, Any]], list[Flaw]]:
    """Read the lines of the manifest that can be read, and what ails the others."""
    data, error = attempt((folder / MANIFEST).read_bytes)
    if data is None:
        return [], [
            Flaw(MANIFEST, "unreadable", "a line for each example", error or "")
        ]
    records: list[dict[str, Any]] = []
    flaws = []
    for number, line in enumerate(data.splitlines(), 1):
        record, error = attempt(lambda line=line: json.loads(line))  # type: ignore[misc]
        if is_record(record):
            records.append(record)
        else:
            why = error or "fields that are missing, or of another kind"
            found = f"line {number}: {why}"[:_WORDS]
            flaws.append(Flaw(MANIFEST, "unreadable", "an example", found))
    counts = Counter(record["name"] for record in records)
    flaws += [
        Flaw(MANIFEST, "repeated", f"one example named {name}"[:_WORDS], str(count))
        for name, count in counts.items()
        if count > 1
    ]
    return records, flaws


def is_record(record: object) -> TypeGuard[dict[str, Any]]:
    """Whether a line of the manifest can be used, and leads nowhere else."""
    if not isinstance(record, dict) or not isinstance(record.get("files"), dict):
        return False
    files, named = record["files"], (record.get("name"), record.get("split") or "data")
    sides = [record.get("height"), record.get("width")]
    return (
        all(map(is_inside, files.values()))
        and isinstance(record.get("split"), str)
        and all(is_inside(name) and "/" not in str(name) for name in named)
        and all(isinstance(side, int) and side > 0 for side in sides)
        and isinstance(record.get("columns", {}), dict)
        and isinstance(record.get("findings", []), list)
    )


def compare_told(
    folder: Path,
    head: Head,
    records: Sequence[Record],
    inventory: Inventory,
    listed: Mapping[str, str],
) -> Iterator[Flaw]:
    """Hold head, card, Croissant and the list of files against the manifest."""
    splits = Counter(record["split"] for record in records)
    categories = {name for record in records for name in list_categories(record)}
    told = (
        ("examples", len(records), head.examples),
        ("splits", dict(splits), dict(head.splits)),
        ("categories", sorted(categories), sorted(map(str, head.categories))),
    )
    for name, expected, found in told:
        if expected != found:
            words = (f"{name} {expected}"[:_WORDS], f"{name} {found}"[:_WORDS])
            yield Flaw(HEAD, "disagrees", *words)
    yield from _check_files(records, inventory.files, listed)
    if CARD in inventory.files:
        yield from _check_card(folder, records)
    if CROISSANT in inventory.files and listed:
        yield from _check_croissant(folder, listed)


def _check_files(
    records: Sequence[Record], files: Collection[str], listed: Mapping[str, str]
) -> Iterator[Flaw]:
    used = {path: r["name"] for r in records for path in r["files"].values()}
    for path, name in used.items():
        if path not in files and path not in listed:
            yield Flaw(path, "missing", f"a file of {name}", "")
    # Only a folder that is full of examples' files is known to hold nothing else.
    folders = {str(PurePosixPath(path).parent) for path in used} - {"."}
    for path in listed.keys() - used.keys():
        if path in files and str(PurePosixPath(path).parent) in folders:
            yield Flaw(path, "in no example", f"a line of {MANIFEST}", "none names it")


def _check_card(folder: Path, records: Sequence[Record]) -> Iterator[Flaw]:
    card, _ = attempt(lambda: (folder / CARD).read_text(encoding="utf-8"))
    counts = "\n".join(show_counts(records))
    if counts not in (card or ""):
        yield Flaw(CARD, "disagrees", counts, "another table of splits and categories")


def _check_croissant(folder: Path, listed: Mapping[str, str]) -> Iterator[Flaw]:
    digests, error = attempt(
        lambda: {
            str(each["contentUrl"]): str(each["sha256"])
            for each in json.loads((folder / CROISSANT).read_bytes())["distribution"]
            if "sha256" in each
        }
    )
    if digests is None:
        yield Flaw(CROISSANT, "unreadable", "JSON-LD", str(error)[:_WORDS])
        return
    for path, digest in digests.items():
        if listed.get(path) != digest:
            words = f"{path} {listed.get(path, 'is not listed')}"[:_WORDS]
            yield Flaw(CROISSANT, "disagrees", words, f"{path} {digest}"[:_WORDS])


def compare_indexes(
    format: Format,  # noqa: A002 - the word that write_dataset has for it
    folder: Path,
    records: Sequence[Record],
) -> Iterator[Flaw]:
    """Hold what a format writes of all examples together against what is there."""
    rehearsal = _Rehearsal(folder)
    _, error = attempt(lambda: format.finish(records, rehearsal))
    if error:
        yield Flaw(MANIFEST, "disagrees", "records that indexes are made of", error)
    yield from rehearsal.flaws


class _Rehearsal(Files):
    """Files that are not written: each is held against the one in its place."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.flaws: list[Flaw] = []

    def put(self, path: str, data: bytes) -> None:
        expected = hashlib.sha256(data).hexdigest()
        facts, _ = attempt(lambda: read_facts(self.folder / path))
        # Other releases of pyarrow write other bytes of the same table.
        alike = path.endswith(".parquet") or not facts or facts.sha256 == expected
        if not alike and facts:
            words = f"{expected}, of what {MANIFEST} tells"
            self.flaws.append(Flaw(path, "disagrees", words, facts.sha256))

    @contextmanager
    def stream(self, path: str) -> Iterator[BinaryIO]:
        file = io.BytesIO()
        yield file
        self.put(path, file.getvalue())
