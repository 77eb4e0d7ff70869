"""A data set checked: every file, every example, and that all of it agrees."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from cosmat_nb.dataset.checks.agreement import (
    compare_indexes,
    compare_told,
    is_head,
    read_records,
)
from cosmat_nb.dataset.checks.inventory import (
    UNFINISHED,
    Flaw,
    Inventory,
    check_digest,
    compare_lists,
    read_list,
)
from cosmat_nb.dataset.checks.scrutiny import check_example
from cosmat_nb.dataset.exports.journal import JOURNAL
from cosmat_nb.dataset.formats.registry import read_format
from cosmat_nb.dataset.manifest import CHECKSUMS, HEAD, MANIFEST, SCHEMA, read_head
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.working import Task, attempt, check_workers, work_through
from cosmat_nb.places import whole_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cosmat_nb.dataset.formats.format import Format
    from cosmat_nb.dataset.manifest import Head, Record
    from cosmat_nb.frame.progress import Watcher

__all__ = ["verify_dataset"]

T = TypeVar("T")


def verify_dataset(
    folder: str | Path,
    *,
    deep: bool = True,
    workers: int | None = None,
    progress: bool | Watcher = True,
) -> pd.DataFrame:
    """Check a data set that `write_dataset` wrote, and name all that is not as it was.

    Every digest is reckoned anew; files that nobody listed are found; manifest, head,
    indexes, card and ``croissant.json`` are held against each other; every picture and
    matte is decoded and measured. What is wrong with one file keeps nothing from being
    said of the others. Nothing outside the folder is read: a path that leads out is a
    problem, and where there is a link in the folder, examples are not looked into.

    Parameters
    ----------
    folder : str or Path
        The data set's.
    deep : bool, default True
        Whether the format's own labels are held against the mattes too: IoU 1, but
        for what a tolerance leaves out along the edges, for lines that join parts in
        YOLO's polygons, and for edges where subjects of a composed scene meet.
    workers : int, optional
        Threads, 1 and up; by default as many as there are processors, at most 8.
    progress : bool or Watcher, default True
        Whether progress is shown: files first, then examples.

    Returns
    -------
    DataFrame
        Empty when all is well. A row for each problem, sorted, with the strings

        - ``path``: of the file, relative to the folder;
        - ``problem``: ``missing``, ``changed`` (its digest), ``unlisted`` (also a
          cache that a training tool left), ``listed twice``, ``unreadable``, ``not a
          file`` (a link, say), ``unfinished`` (an export did not end), ``disagrees``
          (with the manifest or the checksums), ``repeated`` (a name), ``in no
          example``, ``size differs``, ``depth differs``, ``label differs``;
        - ``expected`` and ``found``: digests, sizes or words.

    Raises
    ------
    OptionsError
        When the folder is not there, holds no data set of this toolkit, or was written
        by a newer one; for `workers` that are no number.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> cm.verify_dataset("dataset/")  # doctest: +SKIP
    """
    check_workers(workers)
    root = Path(folder).expanduser().absolute()
    check = _Check.open(root, deep, workers, progress)
    head, flaws = check.read_head()
    listed, found = check.read_list()
    flaws += found + check.compare_digests(listed)
    if head is not None:
        flaws += check.compare_examples(head, listed)
    cells = sorted({tuple(map(whole_text, flaw)) for flaw in flaws})
    return pd.DataFrame(cells, columns=list(Flaw._fields), dtype="str")


@dataclass(frozen=True, slots=True)
class _Check:
    """A folder that is looked into, and how."""

    folder: Path
    inventory: Inventory
    deep: bool
    workers: int | None
    show: bool | Watcher

    @classmethod
    def open(
        cls, folder: Path, deep: bool, workers: int | None, show: bool | Watcher
    ) -> _Check:
        if not folder.is_dir():
            raise OptionsError(f"{folder} is no folder")
        inventory = Inventory.take(folder)
        if not {HEAD, JOURNAL} & inventory.files:
            raise OptionsError(
                f"{folder} holds no data set that write_dataset wrote: it has no {HEAD}"
            )
        return cls(folder, inventory, deep, workers, show)

    def read_head(self) -> tuple[Head | None, list[Flaw]]:
        if HEAD not in self.inventory.files:
            return None, []
        head, error = attempt(lambda: read_head(self.folder))
        if head is not None and is_head(head):
            return head, []
        why = (error or "fields of another kind").removeprefix("OptionsError: ")
        newer, _ = attempt(
            lambda: json.loads((self.folder / HEAD).read_bytes())["schema"] > SCHEMA
        )
        if newer or not {MANIFEST, CHECKSUMS} <= self.inventory.files:
            raise OptionsError(why)
        return None, [Flaw(HEAD, "unreadable", "the head of a data set", why)]

    def read_list(self) -> tuple[dict[str, str], list[Flaw]]:
        if CHECKSUMS in self.inventory.files:
            listed, flaws = read_list(self.folder)
            return listed, flaws + list(compare_lists(self.inventory, listed))
        if JOURNAL in self.inventory.files:
            return {}, [Flaw(JOURNAL, "unfinished", "", UNFINISHED)]
        return {}, [Flaw(CHECKSUMS, "missing", "a checksum of each file", "")]

    def compare_digests(self, listed: Mapping[str, str]) -> list[Flaw]:
        def compare(paths: Sequence[str]) -> Iterator[list[Flaw]]:
            for path in paths:
                yield check_digest(self.folder, path, listed[path])

        there = [path for path in listed if path in self.inventory.files]
        return self._work([Task(path, path, path) for path in there], compare, "file")

    def compare_examples(self, head: Head, listed: Mapping[str, str]) -> list[Flaw]:
        if MANIFEST not in self.inventory.files:
            there = [Flaw(MANIFEST, "missing", "a line for each example", "")]
            return [] if MANIFEST in listed else there
        records, flaws = read_records(self.folder)
        form, error = attempt(lambda: read_format(head.format, head.settings))
        if form is None:
            flaws.append(Flaw(HEAD, "unreadable", "a format", error or ""))
        if not flaws:
            told, error = attempt(
                lambda: list(
                    compare_told(self.folder, head, records, self.inventory, listed)
                )
            )
            flaws += told or []
            flaws += [Flaw(MANIFEST, "unreadable", "examples", error)] if error else []
        # A format opens paths of its own making, and a link would lead it elsewhere.
        if form is None or self.inventory.strange:
            return flaws
        flaws += compare_indexes(form, self.folder, records)
        return flaws + self._look_into(form, records, head)

    def _look_into(
        self,
        form: Format,
        records: Sequence[Record],
        head: Head,
    ) -> list[Flaw]:
        bits = head.rendering.get("alpha_bits", 8)

        def look(numbers: Sequence[int]) -> Iterator[list[Flaw]]:
            for number in numbers:
                record = records[number]
                yield list(
                    check_example(form, record, self.folder, bits=bits, deep=self.deep)
                )

        tasks = [
            Task(record["files"].get("shard", number), number, number)
            for number, record in enumerate(records)
            if self.inventory.files.issuperset(record["files"].values())
        ]
        return self._work(tasks, look, "example")

    def _work(
        self,
        tasks: Sequence[Task[T]],
        work: Callable[[Sequence[T]], Iterator[list[Flaw]]],
        unit: str,
    ) -> list[Flaw]:
        found = work_through(
            tasks, work, workers=self.workers, show=self.show, unit=unit
        )
        return [flaw for flaws in found for flaw in flaws or ()]
