"""The cutouts that scenes are made of, checked and sorted."""

from __future__ import annotations

import hashlib
import warnings
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from cosmat_nb.cutout import Cutout
from cosmat_nb.dataset.compose.scene import Layer
from cosmat_nb.dataset.example import SUBJECT
from cosmat_nb.dataset.exports.cells import clean_text
from cosmat_nb.dataset.splits.identity import is_missing
from cosmat_nb.dataset.splits.parts import SPLIT
from cosmat_nb.errors import CosmatWarning, OptionsError
from cosmat_nb.frame.columns import check_column
from cosmat_nb.frame.working import Task, attempt, picture_of, work_through
from cosmat_nb.images import decode_rgba
from cosmat_nb.matting.layout import subject_box
from cosmat_nb.places import shown_place, whole_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from cosmat_nb.dataset.compose.placement import Placement
    from cosmat_nb.frame.progress import Watcher
    from cosmat_nb.matting.layout import Box

    Look = tuple[tuple[str, Box] | None, str | None]

__all__ = ["Piece", "gather_pieces"]


class Piece(NamedTuple):
    """A cutout that scenes may hold.

    Attributes
    ----------
    key, sha256, category, cutout, box
        As in `Layer`.
    split : str
        Where it belongs; empty where nothing is split.
    """

    key: str
    sha256: str
    category: str
    split: str
    box: Box
    cutout: Cutout

    def laid(self, place: Placement) -> Layer:
        """Return it at its place in a scene."""
        return Layer(
            cutout=self.cutout,
            box=self.box,
            place=place,
            key=self.key,
            category=self.category,
            sha256=self.sha256,
        )


def gather_pieces(
    frame: pd.DataFrame,
    column: str,
    key: str,
    category: str | None,
    split: str | None,
    *,
    workers: int | None,
    progress: bool | Watcher,
) -> dict[str, list[Piece]]:
    """Return the cutouts of each split that can be used, sorted by key and digest.

    The arguments are those of `compose`. Without splits all are under ``""``.

    Raises
    ------
    OptionsError
        When a column is missing, none is left, one has no category or split, or is in
        two splits.
    """
    cells = check_column(frame, column, "make it with matte_frame").tolist()
    if split == SPLIT and SPLIT not in frame.columns:
        split = None
    texts = {
        "key": _texts(frame, key, ""),
        "category": _texts(frame, category, SUBJECT),
        "split": _texts(frame, split, ""),
    }
    looks = work_through(
        [_task(cell) for cell in cells], _look, workers=workers, show=progress
    )
    pieces = []
    for number, (cell, look) in enumerate(zip(cells, looks, strict=True)):
        found = look and look[0]
        if found is not None:
            told = {name: values[number] for name, values in texts.items()}
            pieces.append(_piece(cell, found, told))
    _warn(looks)
    if not pieces:
        raise OptionsError(
            f"no cutout of {len(cells)} rows can be used: they have none, an empty "
            "matte, or a file that cannot be read"
        )
    return _sort(pieces)


def _task(cell: object) -> Task[Cutout] | None:
    if not isinstance(cell, Cutout) or cell.is_empty:
        return None
    picture = picture_of(cell)
    return Task(picture, 0, cell)


def _look(cutouts: Sequence[Cutout]) -> Iterator[Look]:
    return (attempt(partial(_measure, cutout)) for cutout in cutouts)


def _measure(cutout: Cutout) -> tuple[str, Box]:
    png = cutout.png
    box = subject_box(decode_rgba(png)[..., 3])
    if box is None:
        raise OptionsError(f"{cutout!r} has an empty matte")
    return hashlib.sha256(png).hexdigest(), box


def _texts(frame: pd.DataFrame, column: str | None, default: str) -> list[object]:
    if column is None:
        return [default] * len(frame)
    values = check_column(frame, column, "pass its name").tolist()
    return [None if is_missing(value) else value for value in values]


def _piece(cutout: Cutout, found: tuple[str, Box], told: dict[str, object]) -> Piece:
    for name, value in told.items():
        if value is None or (name == "category" and not str(value).strip()):
            raise OptionsError(f"{name} is missing for {cutout!r}")
    key, category, split = map(str, told.values())
    shown, category = whole_text(shown_place(key)), clean_text(category.strip())
    return Piece(shown, found[0], category, split, found[1], cutout)


def _warn(looks: Sequence[Look | None]) -> None:
    reasons = [look[1] for look in looks if look and look[1]]
    if reasons:
        warnings.warn(
            f"{len(reasons)} cutouts are left out, as their files cannot be read; the "
            f"first: {reasons[0]}",
            CosmatWarning,
            stacklevel=4,
        )


def _sort(pieces: Sequence[Piece]) -> dict[str, list[Piece]]:
    owner: dict[str, Piece] = {}
    unique: dict[tuple[str, ...], Piece] = {}
    for piece in sorted(pieces, key=lambda piece: piece[:4]):
        for name in (f"key {piece.key}", piece.sha256):
            other = owner.setdefault(name, piece)
            if other.split != piece.split:
                raise OptionsError(
                    f"{piece.key!r:.80} of split {piece.split!r} is {other.key!r:.80} "
                    f"of split {other.split!r}: equal pictures stay together with "
                    'split_frame(hash_frame(frame), …, duplicates="phash")'
                )
        unique.setdefault(piece[:4], piece)
    sorted_pieces: dict[str, list[Piece]] = {}
    for piece in unique.values():
        sorted_pieces.setdefault(piece.split, []).append(piece)
    return dict(sorted(sorted_pieces.items()))
