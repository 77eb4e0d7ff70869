"""A frame of cutouts or scenes becomes a data set on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from cosmat_nb.dataset.cards.about import About
from cosmat_nb.dataset.exports.columns import ADDED, read_columns
from cosmat_nb.dataset.exports.draft import Draft, draft_rows, gather_units
from cosmat_nb.dataset.exports.export import Export
from cosmat_nb.dataset.exports.finishing import finish_export
from cosmat_nb.dataset.exports.heads import find_services, make_head, name_toolkit
from cosmat_nb.dataset.exports.making import Maker
from cosmat_nb.dataset.formats.registry import read_format
from cosmat_nb.dataset.pictures.rendering import Rendering
from cosmat_nb.dataset.splits.parts import SPLIT
from cosmat_nb.errors import BatchInterrupted, OptionsError
from cosmat_nb.frame.before import Sources
from cosmat_nb.frame.columns import add_columns
from cosmat_nb.frame.summary import RUN_ATTRIBUTE
from cosmat_nb.frame.working import Task, check_workers, work_through
from cosmat_nb.store.price import Price

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cosmat_nb.dataset.exports.draft import Unit
    from cosmat_nb.dataset.formats.format import Format
    from cosmat_nb.dataset.manifest import Head, Record
    from cosmat_nb.frame.progress import Watcher

__all__ = ["write_dataset"]

_RENDERERS = 2  # threads beside the one that writes a shard
_STOPPED = "not written: the export was interrupted"


def write_dataset(
    frame: pd.DataFrame,
    folder: str | Path,
    format: str | Format = "folder",  # noqa: A002 - what people look for
    *,
    column: str = "cutout",
    key: str = "key",
    split: str | None = SPLIT,
    category: str | None = None,
    rendering: Rendering = Rendering(),
    before: bool | Callable[[str], bytes] = True,
    columns: Sequence[str] | None = None,
    about: About | None = None,
    price: Price | None = None,
    workers: int | None = None,
    progress: bool | Watcher = True,
) -> pd.DataFrame:
    """Write a data set: pictures, mattes, labels, a manifest and a card.

    Each file is whole or not there. An export that was interrupted, killed, or met a
    full disk goes on when the same call is made again, and ends with the same bytes as
    one that ran through. A finished data set becomes what the frame says: pass all
    rows, old and new. Examples of new rows are added, those that changed are made anew,
    **those whose rows are gone are removed**. A file that is missing or of another
    length is made again; one that `verify_dataset` calls changed, once it is deleted.
    What is in the folder besides is left alone.

    Parameters
    ----------
    frame : DataFrame
        A row an example, as `matte_frame`, `split_frame` or `compose` returns it. Left
        as it is.
    folder : str or Path
        Made where it is missing; or empty; or with a data set of the same format,
        settings and rendering, finished or not.
    format : str or Format, default "folder"
        ``"folder"``, ``"coco"``, ``"yolo"``, ``"webdataset"``, ``"parquet"``, or a
        value with settings: ``Coco(segmentation="polygon")``.
    column : str, default "cutout"
        Holds `Cutout` or `Scene` values. Other rows are left out, empty mattes are
        not: a picture without a subject is an example too.
    key : str, default "key"
        Holds object keys, which names are made from, see `name_examples`.
    split : str or None, default "split"
        Holds each row's split, if the frame has such a column. None: nothing is split.
    category : str, optional
        Name of the column that says what each subject is; without it ``"subject"``. A
        scene knows what is in it.
    rendering : Rendering
        Which picture is written of each cutout, and how.
    before : bool or callable, default True
        Where photographs come from: True asks the client that each cutout came from; a
        callable takes ``cutout.place`` and returns a file's bytes, as ``client.fetch``.
    columns : sequence of str, optional
        Columns that go along, as JSON holds them; none by default.
    about : About, optional
        Title, licence and more, for the card.
    price : Price, optional
        What calls cost, for the card.
    workers : int, optional
        Threads; by default one for each core, 8 at most. Each holds one example.
    progress : bool or Watcher, default True
        Show how far it is, as `matte_frame` does; it counts what is left to do.

    Returns
    -------
    DataFrame
        Same index, order and columns, and in addition ``example``, its name, missing
        where the row was left out, and ``export_error``, why it was. Columns
        ``status``, ``etag``, ``findings`` and ``license`` of the frame, where there are
        such, go into the manifest; findings of a measured frame are found here.

    Warns
    -----
    CosmatWarning
        When a card that was changed by hand is kept.

    Raises
    ------
    OptionsError
        Before anything is written: no such column or format, a folder that holds other
        things, another export at work in it. Also when no row at all can be written.
    BatchInterrupted
        On a keyboard interrupt; its ``result`` is this frame with what there is.
    OSError
        When the disk is full or fails. What was written stays.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> parts = cm.split_frame(result, {"train": 0.8, "val": 0.2})  # doctest: +SKIP
    >>> cm.write_dataset(parts, "mugs", "coco")  # doctest: +SKIP
    """
    made = read_format(format)
    _check_kinds(rendering=rendering, about=about, price=price)
    sources, threads = Sources(before), check_workers(workers)
    cells = read_columns(
        frame, column=column, key=key, split=split, category=category, columns=columns
    )
    order = _Order(
        frame=frame,
        rows=draft_rows(cells),
        format=made,
        identity={
            "format": made.name,
            "settings": dict(made.settings()),
            "rendering": dict(rendering.settings()),
        },
        about={} if about is None else about.as_dict(),
        price=price,
    )
    order.check_some()
    with Export(Path(folder).expanduser().absolute(), order.identity) as export:
        ahead = min(threads, _RENDERERS) if made.unit_size > 1 else 1
        maker = Maker(export, made, rendering, sources, renderers=ahead)
        try:
            _make(order, maker, threads, progress)
            _finish(order, maker)
        except KeyboardInterrupt:
            raise BatchInterrupted(
                f"interrupted: {export.folder} is unfinished; make the same call "
                "again to go on. The partial frame is .result of this exception",
                order.tabulate(maker, _STOPPED),
            ) from None
        except OSError as error:
            raise OSError(
                error.errno,
                f"{error.strerror or error}: {export.folder} is unfinished; make room "
                "and make the same call again to go on",
            ) from error
    return order.tabulate(maker)


class _Order(NamedTuple):
    """What is to be written, and of what it tells."""

    frame: pd.DataFrame
    rows: Sequence[Draft | str]
    format: Format
    identity: Mapping[str, Any]
    about: Mapping[str, Any]
    price: Price | None

    @property
    def drafts(self) -> list[Draft]:
        return [row for row in self.rows if isinstance(row, Draft)]

    def units(self) -> list[Unit]:
        inputs = {**self.identity, "toolkit": name_toolkit()}
        return gather_units(self.drafts, self.format.unit_size, inputs)

    def check_some(self, reasons: Mapping[int, str] | None = None) -> None:
        """Refuse to write nothing."""
        told = [reasons.get(row.row, "") for row in self.drafts] if reasons else []
        told += [row for row in self.rows if isinstance(row, str)]
        if len(told) == len(self.rows):
            why = f"; the first: {told[0]}" if told else ""
            raise OptionsError(f"none of {len(self.rows)} rows can be written{why}")

    def sum_up(self, records: Sequence[Record]) -> Head:
        run = self.frame.attrs.get(RUN_ATTRIBUTE)
        run = run if isinstance(run, dict) else {}
        names = {record["name"] for record in records}
        values = [draft.value for draft in self.drafts if draft.name in names]
        services = find_services(values, run)
        return make_head(records, self.identity, self.about, services, self.price)

    def tabulate(self, maker: Maker, otherwise: str = "") -> pd.DataFrame:
        """Return the frame with what became of each row."""
        names = {r["name"] for done in maker.done.values() for r in done.records}
        told = [_tell(row, names, maker.reasons, otherwise) for row in self.rows]
        # A cast would make the text "None" of what is missing, with pandas 2.
        added = {
            name: pd.Series([row[place] for row in told], self.frame.index, dtype="str")
            for place, name in enumerate(ADDED)
        }
        return add_columns(self.frame, pd.DataFrame(added, self.frame.index))


def _check_kinds(*, rendering: object, about: object, price: object) -> None:
    if not isinstance(rendering, Rendering):
        raise OptionsError(f"rendering must be a Rendering; not {rendering!r:.60}")
    if not (about is None or isinstance(about, About)):
        raise OptionsError(f"about must be an About; not {about!r:.60}")
    if not (price is None or isinstance(price, Price)):
        raise OptionsError(f"price must be a Price; not {price!r:.60}")


def _make(order: _Order, maker: Maker, threads: int, progress: bool | Watcher) -> None:
    tasks = []
    for unit in order.units():
        done = maker.export.find(unit)
        if done is None:
            tasks.append(Task(maker.group(unit), unit.name, unit))
        else:
            maker.done[unit.name] = done
    work_through(
        tasks,
        maker.make,
        workers=max(1, threads // maker.renderers),
        show=progress,
        unit="example" if order.format.unit_size == 1 else "shard",
    )


def _finish(order: _Order, maker: Maker) -> None:
    made = {r["name"]: r for done in maker.done.values() for r in done.records}
    if not made:
        maker.export.abandon()
        order.check_some(maker.reasons)
    default = order.about.get("license")
    records = [
        {**made[draft.name], "license": draft.facts["license"] or default}
        for draft in order.drafts
        if draft.name in made
    ]
    units = {
        path: facts
        for done in maker.done.values()
        for path, facts in done.files.items()
    }
    finish_export(maker.export, order.format, records, units, order.sum_up)


def _tell(
    row: Draft | str, names: set[str], reasons: Mapping[int, str], otherwise: str
) -> tuple[str | None, str | None]:
    if isinstance(row, str):
        return None, row
    if row.name in names:
        return row.name, None
    return None, reasons.get(row.row, otherwise)
