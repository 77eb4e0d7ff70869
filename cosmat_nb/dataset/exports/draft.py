"""What is to be written: a draft for each row of a frame, in units."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from cosmat_nb.cutout import Cutout
from cosmat_nb.dataset.compose.scene import Scene
from cosmat_nb.dataset.example import SUBJECT
from cosmat_nb.dataset.exports.cells import clean_text, to_json
from cosmat_nb.dataset.exports.names import name_examples
from cosmat_nb.dataset.manifest import dump_json, split_folder
from cosmat_nb.dataset.splits.identity import is_missing
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import describe_cell
from cosmat_nb.places import shown_place, shown_text, whole_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Columns", "Draft", "Unit", "draft_rows", "gather_units"]


class Columns(NamedTuple):
    """The columns of a frame that count, each a list of its cells.

    Attributes
    ----------
    values : list
        Cutouts or scenes; anything else is left out.
    keys : list
        Object keys, addresses, names.
    splits, categories, statuses, etags, findings, licenses : list or None
        None where there is no such column.
    users : dict of str to list
        What goes along as it is.
    """

    values: list[Any]
    keys: list[Any]
    splits: list[Any] | None
    categories: list[Any] | None
    statuses: list[Any] | None
    etags: list[Any] | None
    findings: list[Any] | None
    licenses: list[Any] | None
    users: Mapping[str, list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draft:
    """An example that is to be made.

    Attributes
    ----------
    row : int
        Its row's position in the frame.
    value : Cutout or Scene
        What it is made from.
    place : str
        Its key or address, whole.
    split, category : str
        As `Example` has them.
    facts : dict of str to JSON value
        What the manifest tells of it before it is made.
    etag : str
        The source's; empty when unknown.
    name, fingerprint : str
        Set by `draft_rows` and by `gather_units`.
    """

    row: int
    value: Cutout | Scene
    place: str
    split: str
    category: str
    facts: Mapping[str, Any]
    etag: str
    name: str = ""
    fingerprint: str = ""


class Unit(NamedTuple):
    """Examples that are written together.

    Attributes
    ----------
    name : str
        An example's, or that of a shard: ``train-00003``.
    drafts : tuple of Draft
        In the frame's order.
    """

    name: str
    drafts: tuple[Draft, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Fingerprints of its examples, as `Done.inputs`."""
        return tuple(draft.fingerprint for draft in self.drafts)


def draft_rows(columns: Columns) -> list[Draft | str]:
    """Return a draft for each row, or why it is left out."""
    rows = [_try_row(columns, row) for row in range(len(columns.values))]
    drafts = [each for each in rows if isinstance(each, Draft)]
    names = name_examples([_path(d) for d in drafts], [_details(d) for d in drafts])
    named = {d.row: replace(d, name=n) for d, n in zip(drafts, names, strict=True)}
    return [named.get(row, each) for row, each in enumerate(rows)]


def gather_units(
    drafts: Sequence[Draft], size: int, identity: Mapping[str, Any]
) -> list[Unit]:
    """Return what is written together, each draft with its fingerprint.

    Parameters
    ----------
    drafts : sequence of Draft
        In the frame's order.
    size : int
        Most examples in a unit; 1 names units like their examples.
    identity : mapping
        What else their files depend on: format, settings, rendering, versions.
    """
    if size == 1:
        return [_sign(draft.name, [draft], identity) for draft in drafts]
    splits: dict[str, list[Draft]] = {}
    for draft in drafts:
        splits.setdefault(draft.split, []).append(draft)
    return [
        _sign(
            f"{split_folder(split)}-{start // size:05d}",
            every[start : start + size],
            identity,
        )
        for split, every in splits.items()
        for start in range(0, len(every), size)
    ]


def _sign(name: str, drafts: Sequence[Draft], identity: Mapping[str, Any]) -> Unit:
    # A shard's name is its place on disk, so an example that moves is made anew.
    return Unit(
        name, tuple(replace(d, fingerprint=_digest(d, name, identity)) for d in drafts)
    )


def _digest(draft: Draft, unit: str, identity: Mapping[str, Any]) -> str:
    inputs = [identity, unit, draft.name, draft.split, draft.facts, draft.etag]
    return hashlib.sha256(dump_json(inputs)).hexdigest()


def _path(draft: Draft) -> str:
    # A scene has no file that its name could come from; as a picture's it stays whole.
    return f"{draft.place}.jpg" if isinstance(draft.value, Scene) else draft.place


def _details(draft: Draft) -> list[str]:
    cutout = draft.facts.get("cutout", {})
    whole = dump_json([draft.split, draft.facts]).decode()
    return [cutout.get("rule", ""), cutout.get("sha256", ""), whole]


def _try_row(columns: Columns, row: int) -> Draft | str:
    try:
        return _draft_row(columns, row)
    except OptionsError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - a cell may be anything; told in the row
        reason = f"{type(error).__name__}: {error}"
    return whole_text(shown_text(reason))


def _draft_row(columns: Columns, row: int) -> Draft:
    value, place = columns.values[row], columns.keys[row]
    status = _text(columns.statuses, row)
    if not isinstance(value, Cutout | Scene):
        told = f"status {status}" if status else "the cell holds none"
        raise OptionsError(f"no cutout: {told}")
    if not isinstance(place, str) or not place:
        raise OptionsError(describe_cell(place))
    split = _text(columns.splits, row)
    if columns.splits is not None and not split:
        raise OptionsError("no split: the cell is empty")
    category = _find_category(value, columns.categories, row)
    facts = {
        "key": shown_place(place),
        "category": category,
        "columns": _read_users(columns.users, row),
        "findings": _read_findings(columns.findings, row),
        "license": _text(columns.licenses, row),
        **_tell(value, status),
    }
    return Draft(
        row=row,
        value=value,
        place=place,
        split=split,
        category=category,
        facts=facts,
        etag=_text(columns.etags, row),
    )


def _tell(value: Cutout | Scene, status: str) -> dict[str, Any]:
    if isinstance(value, Scene):
        return {"scene": to_json(value.facts())}
    digest = value.sha256 or hashlib.sha256(value.data or b"").hexdigest()
    told = {
        "sha256": digest,
        "rule": value.options.rule,
        "status": status or ("empty" if value.is_empty else "ok"),
        "request_id": value.request_id,
        "attempts": value.attempts,
    }
    return {"cutout": told}


def _find_category(value: Cutout | Scene, cells: list[Any] | None, row: int) -> str:
    if isinstance(value, Scene):
        return ", ".join(sorted({layer.category for layer in value.layers}))
    if cells is None:
        return SUBJECT
    if is_missing(cells[row]) or not str(cells[row]).strip():
        raise OptionsError("no category: the cell is empty")
    return clean_text(str(cells[row]).strip())


def _read_users(users: Mapping[str, list[Any]], row: int) -> dict[str, Any]:
    told = {}
    for name, cells in users.items():
        try:
            told[name] = to_json(cells[row])
        except OptionsError as error:
            raise OptionsError(f"column {name!r}: {error}") from None
    return told


def _read_findings(cells: list[Any] | None, row: int) -> list[str]:
    if cells is None or is_missing(cells[row]):
        return []
    cell = cells[row]
    if isinstance(cell, str):
        cell = [each.strip() for each in cell.split(",")]
    told = to_json(cell)
    return [str(each) for each in told if each] if isinstance(told, list) else []


def _text(cells: list[Any] | None, row: int) -> str:
    if cells is None or is_missing(cells[row]):
        return ""
    return clean_text(str(cells[row]))
