"""COCO: pictures, and one JSON file a split with each subject's mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cosmat_nb.dataset.example import hard_mask
from cosmat_nb.dataset.formats.format import read_file
from cosmat_nb.dataset.formats.row import list_categories
from cosmat_nb.dataset.manifest import dump_json, split_folder
from cosmat_nb.dataset.pictures.encoding import encode_alpha
from cosmat_nb.dataset.shapes.filling import fill_polygons
from cosmat_nb.dataset.shapes.polygons import check_tolerance, cut_polygons
from cosmat_nb.dataset.shapes.rle import (
    count_runs,
    fill_runs,
    pack_counts,
    unpack_counts,
)
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from cosmat_nb.dataset.example import Example, Subject
    from cosmat_nb.dataset.files import Files
    from cosmat_nb.dataset.manifest import Record

__all__ = ["Coco"]

_KINDS = ("rle", "polygon")


@dataclass(frozen=True, slots=True)
class Coco:
    """``images/<split>/``, ``alpha/<split>/``, ``annotations/instances_<split>.json``.

    Each subject of a picture has one annotation, unless nothing of it is seen; pictures
    without a subject are listed and have none. Identifiers count from 1 within a file,
    category identifiers are the same in all files, in the order of their names.

    Parameters
    ----------
    segmentation : str, default "rle"
        ``"rle"``: run lengths, which hold every mask exactly, as compressed text.
        ``"polygon"``: a polygon a part along the pixel edges, holes joined to the
        outside. pycocotools fills them exactly; programs that round corners and paint
        lines too (OpenCV's ``fillPoly``, so supervision) see them about half a pixel
        larger all around: choose ``"rle"`` or `Yolo` for these.
    tolerance : float, default 0
        How far a corner that is left out may lie from a polygon, px: 0 leaves none
        out, 0.75 makes lines of the stairs that slanted edges are. A subject that
        would vanish so is written exactly.

    Raises
    ------
    OptionsError
        When `segmentation` is another word, or `tolerance` is negative, not finite, or
        above 0 for run lengths.

    Notes
    -----
    The fields are those of https://cocodataset.org/#format-data; ``bbox`` is ``[x, y,
    width, height]`` and polygons are ``[x, y, x, y, …]``, so that columns come before
    rows here. ``area`` is the label's count of pixels. ``iscrowd`` is 0 also with run
    lengths, since each annotation is one subject.

    Examples
    --------
    >>> dict(Coco(segmentation="polygon", tolerance=0.75).settings())
    {'segmentation': 'polygon', 'tolerance': 0.75}
    """

    segmentation: str = "rle"
    tolerance: float = 0.0
    name: ClassVar[str] = "coco"

    def __post_init__(self) -> None:
        if self.segmentation not in _KINDS:
            raise OptionsError(
                f'segmentation must be "rle" or "polygon"; not {self.segmentation!r}'
            )
        object.__setattr__(self, "tolerance", check_tolerance(self.tolerance))
        if self.tolerance and self.segmentation == "rle":
            raise OptionsError(
                "run lengths hold masks exactly and take no tolerance: choose "
                'segmentation="polygon", or leave tolerance out'
            )

    @property
    def unit_size(self) -> int:
        """One: each example is done on its own."""
        return 1

    def settings(self) -> Mapping[str, Any]:
        """Return what the manifest's head tells of it."""
        return {"segmentation": self.segmentation, "tolerance": self.tolerance}

    def write_unit(
        self,
        examples: Iterable[Example],
        unit: str,  # noqa: ARG002 - a unit is its one example
        files: Files,
    ) -> list[Record]:
        """Write pictures and mattes; a record's labels are annotations without ids.

        Raises
        ------
        OSError
            When a file cannot be written.
        """
        return [self._write(example, files) for example in examples]

    def _write(self, example: Example, files: Files) -> Record:
        folder = split_folder(example.split)
        paths = {
            "image": f"images/{folder}/{example.name}{example.image.suffix}",
            "alpha": f"alpha/{folder}/{example.name}.png",
        }
        labels = [label for each in example.subjects for label in self._annotate(each)]
        files.put(paths["image"], example.image.data)
        files.put(paths["alpha"], encode_alpha(example.alpha))
        return {"files": paths, "labels": labels}

    def _annotate(self, subject: Subject) -> Iterator[dict[str, Any]]:
        mask = hard_mask(subject.alpha)
        if not mask.any():
            return
        if self.segmentation == "rle":
            segmentation: Any = _pack(mask)
        else:
            segmentation, mask = _cut(mask, self.tolerance)
        yield {
            "category": subject.category,
            "segmentation": segmentation,
            "area": int(np.count_nonzero(mask)),
            "bbox": _box(mask),
            "iscrowd": 0,
        }

    def finish(self, records: Sequence[Record], files: Files) -> None:
        """Write the annotations of each split.

        Raises
        ------
        OSError
            When a file cannot be written.
        """
        found = {label["category"] for record in records for label in _labels(record)}
        found |= {name for record in records for name in list_categories(record)}
        categories = {name: number for number, name in enumerate(sorted(found), 1)}
        for split in dict.fromkeys(record["split"] for record in records):
            path = f"annotations/instances_{split_folder(split)}.json"
            chosen = [record for record in records if record["split"] == split]
            with files.stream(path) as file:
                for piece in _show(chosen, categories):
                    file.write(piece)

    def read_image(self, record: Record, folder: Path) -> bytes:
        """Return the picture's file of an example; raises OSError."""
        return read_file("image", record, folder)

    def read_alpha(self, record: Record, folder: Path) -> bytes:
        """Return the alpha matte's PNG of an example; raises OSError."""
        return read_file("alpha", record, folder)

    def read_mask(
        self,
        record: Record,
        folder: Path,  # noqa: ARG002 - a record holds its annotations itself
    ) -> NDArray[np.bool_]:
        """Return what pycocotools makes of all annotations together, (H, W) bool."""
        height, width = record["height"], record["width"]
        mask = np.zeros((height, width), np.bool_)
        for label in _labels(record):
            mask |= _read(label["segmentation"], height, width)
        return mask


def _labels(record: Record) -> list[dict[str, Any]]:
    labels: list[dict[str, Any]] = record.get("labels") or []
    return labels


def _pack(mask: NDArray[np.bool_]) -> dict[str, Any]:
    return {"size": list(mask.shape), "counts": pack_counts(count_runs(mask))}


def _cut(
    mask: NDArray[np.bool_], tolerance: float
) -> tuple[list[list[float]], NDArray[np.bool_]]:
    """Return polygons as COCO holds them, and what they hold."""
    polygons = cut_polygons(mask, tolerance)
    if tolerance:
        filled = fill_polygons(polygons, *mask.shape)
        if not filled.any():
            return _cut(mask, 0.0)
        mask = filled
    return [polygon[:, ::-1].ravel().tolist() for polygon in polygons], mask


def _box(mask: NDArray[np.bool_]) -> list[int]:
    """Return ``[x, y, width, height]``: the one box whose columns come first."""
    rows, cols = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    top, left = int(rows[0]), int(cols[0])
    return [left, top, int(cols[-1]) - left + 1, int(rows[-1]) - top + 1]


def _read(segmentation: Any, height: int, width: int) -> NDArray[np.bool_]:
    if isinstance(segmentation, dict):
        return fill_runs(unpack_counts(segmentation["counts"]), height, width)
    polygons = [np.reshape(flat, (-1, 2))[:, ::-1] for flat in segmentation]
    return fill_polygons(polygons, height, width)


def _show(records: Sequence[Record], categories: Mapping[str, int]) -> Iterator[bytes]:
    """Yield the JSON file in pieces."""
    yield b'{"info": {}, "licenses": [],\n"images": ['
    yield from _list(
        {
            "id": number,
            "file_name": record["files"]["image"].rpartition("/")[2],
            "height": record["height"],
            "width": record["width"],
        }
        for number, record in enumerate(records, 1)
    )
    yield b'],\n"annotations": ['
    yield from _list(_number(records, categories))
    yield b'],\n"categories": ['
    yield from _list(
        {"id": number, "name": name} for name, number in categories.items()
    )
    yield b"]}\n"


def _number(
    records: Sequence[Record], categories: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    annotation = 0
    for image, record in enumerate(records, 1):
        for label in _labels(record):
            annotation += 1
            ids = {"id": annotation, "image_id": image}
            yield {
                **ids,
                "category_id": categories[label["category"]],
                **{name: label[name] for name in label if name != "category"},
            }


def _list(values: Iterable[Any]) -> Iterator[bytes]:
    for place, value in enumerate(values):
        yield (b",\n" if place else b"\n") + dump_json(value)
