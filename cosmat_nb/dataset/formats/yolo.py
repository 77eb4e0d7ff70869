"""YOLO segmentation: pictures, and one text file each with outlines of its subjects."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cosmat_nb.dataset.example import hard_mask
from cosmat_nb.dataset.formats.format import read_file
from cosmat_nb.dataset.formats.row import list_categories
from cosmat_nb.dataset.manifest import split_folder
from cosmat_nb.dataset.pictures.encoding import encode_alpha
from cosmat_nb.dataset.shapes.filling import fill_outline
from cosmat_nb.dataset.shapes.polygons import check_tolerance, cut_outline
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from cosmat_nb.dataset.example import Example
    from cosmat_nb.dataset.files import Files
    from cosmat_nb.dataset.manifest import Record

__all__ = ["Yolo"]

_WITHIN = 0.4
"""Where in its pixel a corner lies: the same pixel, rounded or cut off."""

_ASIDE = 0.1
_FEWEST = 3

_TAKEN = frozenset({"channels", "download", "names", "nc", "path", "yaml_file"})
"""Keys of ``data.yaml`` that mean something else; ``download`` is even run."""


@dataclass(frozen=True, slots=True)
class Yolo:
    """``images/<split>/``, ``labels/<split>/``, ``alpha/<split>/`` and ``data.yaml``.

    A line of a label file is one subject: its class, from 0 in the order of the names,
    and its outline, ``x y x y …`` as shares of width and height (columns come first, as
    the format has it). The outline runs through the centres of the outermost pixels,
    because ultralytics and supervision paint polygons with OpenCV's ``fillPoly``, lines
    included. Holes are joined to the outside by lines inside of the subject, and cost
    nothing; several parts by the shortest lines between them, one pixel wide, which
    count as subject. A picture without a subject has an empty file.

    Parameters
    ----------
    tolerance : float, default 0
        How far a corner that is left out may lie from the outline, px. With 0 a
        subject in one part is read back exactly; 0.75 makes lines of stairs.

    Raises
    ------
    OptionsError
        When `tolerance` is negative or not finite.

    Notes
    -----
    https://docs.ultralytics.com/datasets/segment/. ``data.yaml`` has no ``path``, so
    folders count from where it is; ``train`` and ``val`` must be there for ultralytics
    and stand for another split where they are missing, which a comment says. A split
    whose name means something else in that file is called ``split_<name>``.

    Examples
    --------
    >>> dict(Yolo().settings())
    {'tolerance': 0.0}
    """

    tolerance: float = 0.0
    name: ClassVar[str] = "yolo"

    def __post_init__(self) -> None:
        object.__setattr__(self, "tolerance", check_tolerance(self.tolerance))

    @property
    def unit_size(self) -> int:
        """One: each example is done on its own."""
        return 1

    def settings(self) -> Mapping[str, Any]:
        """Return what the manifest's head tells of it."""
        return {"tolerance": self.tolerance}

    def write_unit(
        self,
        examples: Iterable[Example],
        unit: str,  # noqa: ARG002 - a unit is its one example
        files: Files,
    ) -> list[Record]:
        """Write pictures, mattes and labels; classes are 0 until `finish` knows all.

        A record's labels are the categories of its lines.

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
            "labels": f"labels/{folder}/{example.name}.txt",
        }
        lines, categories = [], []
        for subject in example.subjects:
            mask = hard_mask(subject.alpha)
            if mask.any():
                outline = cut_outline(mask, self.tolerance)
                lines.append(f"0 {_show_outline(outline, *mask.shape)}\n")
                categories.append(subject.category)
        files.put(paths["image"], example.image.data)
        files.put(paths["alpha"], encode_alpha(example.alpha))
        files.put(paths["labels"], "".join(lines).encode())
        return {"files": paths, "labels": categories}

    def finish(self, records: Sequence[Record], files: Files) -> None:
        """Write ``data.yaml``, and every label file anew whose classes are others.

        Raises
        ------
        OSError
            When a file cannot be written, or a label file is not there.
        """
        found = {name for record in records for name in record.get("labels") or ()}
        found |= {name for record in records for name in list_categories(record)}
        numbers = {name: number for number, name in enumerate(sorted(found))}
        for record in records:
            _number(record, numbers, files)
        splits = list(dict.fromkeys(record["split"] for record in records))
        files.put("data.yaml", _show_yaml(splits, list(numbers)))

    def read_image(self, record: Record, folder: Path) -> bytes:
        """Return the picture's file of an example; raises OSError."""
        return read_file("image", record, folder)

    def read_alpha(self, record: Record, folder: Path) -> bytes:
        """Return the alpha matte's PNG of an example; raises OSError."""
        return read_file("alpha", record, folder)

    def read_mask(self, record: Record, folder: Path) -> NDArray[np.bool_]:
        """Return what ``fillPoly`` paints of all lines together, (H, W) bool.

        Raises
        ------
        OSError
            When the label file cannot be read.
        OptionsError
            When one of its lines is no outline within the picture.
        """
        height, width = record["height"], record["width"]
        mask = np.zeros((height, width), np.bool_)
        path: str = record["files"]["labels"]
        for line in (folder / path).read_text("utf-8", "replace").splitlines():
            outline = _read_outline(line, height, width)
            if outline is None:
                raise OptionsError(
                    f"{path}: no outline within {height} x {width} px: {line[:40]!r}"
                )
            mask |= fill_outline(outline, height, width)
        return mask


def _read_outline(line: str, height: int, width: int) -> NDArray[np.float64] | None:
    try:
        shares = np.array(line.split()[1:], np.float64).reshape(-1, 2)
    except ValueError:
        return None
    outline: NDArray[np.float64] = np.rint(shares * [width, height])[:, ::-1]
    inside = (outline >= 0) & (outline < [height, width])
    return outline if outline.size and inside.all() else None


def _show_outline(outline: NDArray[np.int64], height: int, width: int) -> str:
    corners = outline + _WITHIN
    if len(corners) < _FEWEST:
        # Fewer would be read as a box, and equal ones have a box without an area.
        first = corners[:1]
        corners = np.concatenate([corners, first - [0, _ASIDE], first - [_ASIDE, 0]])
    shares = corners[:, ::-1] / [width, height]
    # A thousandth of a pixel, whatever the picture's size.
    digits = len(str(max(height, width))) + 3
    return " ".join([f"%.{digits}f"] * shares.size) % tuple(shares.ravel().tolist())


def _number(record: Record, numbers: Mapping[str, int], files: Files) -> None:
    """Put the classes into a label file."""
    categories = record.get("labels") or ()
    if not categories:
        return
    path = record["files"]["labels"]
    before = (files.folder / path).read_bytes()
    outlines = [line.split(b" ", 1)[1] for line in before.splitlines(keepends=True)]
    after = b"".join(
        b"%d %s" % (numbers[category], outline)
        for category, outline in zip(categories, outlines, strict=True)
    )
    if after != before:
        files.put(path, after)


def _show_yaml(splits: Sequence[str], names: Sequence[str]) -> bytes:
    # A JSON text is a YAML text too, so names are quoted as JSON.
    folders = {_split_key(name): f"images/{split_folder(name)}" for name in splits}
    lines = []
    for needed in ("train", "val"):
        if folders and needed not in folders:
            folders[needed] = next(iter(folders.values()))
            lines.append(f"# No split is called {needed}: it stands for another one.")
    lines += [f"{_quote(key)}: {_quote(path)}" for key, path in folders.items()]
    lines += [f"nc: {len(names)}", "names:" if names else "names: {}"]
    lines += [f"  {number}: {_quote(name)}" for number, name in enumerate(names)]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def _split_key(split: str) -> str:
    name = split_folder(split)
    return f"split_{name}" if name in _TAKEN else name


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
