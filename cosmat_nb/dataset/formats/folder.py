"""Folders of pictures beside a table that names them."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cosmat_nb.dataset.example import hard_mask
from cosmat_nb.dataset.formats.format import read_file
from cosmat_nb.dataset.formats.lines import write_lines
from cosmat_nb.dataset.formats.schema import find_type, fit_value
from cosmat_nb.dataset.loaders.optional import import_optional
from cosmat_nb.dataset.manifest import split_folder
from cosmat_nb.dataset.pictures.encoding import decode_alpha, encode_alpha, encode_mask
from cosmat_nb.dataset.pictures.trimap import draw_trimap
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from cosmat_nb.dataset.example import Example
    from cosmat_nb.dataset.files import Files
    from cosmat_nb.dataset.manifest import Record

__all__ = ["Folder"]

_ROLES = ("image", "alpha", "mask", "trimap")
_OWN = ("name", "key", "category", "height", "width")


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder a split, which Hugging Face `datasets` opens as it is.

    ``<split>/images/<name>.<suffix>`` are the pictures; ``alpha/``, ``mask/`` and
    ``trimap/`` beside it hold the mattes (8 or 16 bits), the hard masks (0 and 255)
    and the trimaps (0, 128, 255) as ``<name>.png``. ``<split>/metadata.jsonl`` has a
    line for each picture: ``file_name``, ``alpha_file_name``, ``mask_file_name`` and
    ``trimap_file_name`` relative to it, then name, key, category, height and width,
    px, and the user's columns. Where nothing is split, the folder is ``data``.

    Parameters
    ----------
    parquet : bool, default False
        Whether the table is ``metadata.parquet`` instead; needs pyarrow. It keeps the
        types of columns that have no value in one of the splits, or hold lists, which
        lines of JSON have as text, see `write_lines`.

    Raises
    ------
    OptionsError
        When `parquet` is no flag, or pyarrow is not installed.

    Notes
    -----
    The columns are those of
    https://huggingface.co/docs/datasets/image_load#imagefolder, read 2026-11.

    Examples
    --------
    >>> Folder().settings()
    {'parquet': False}
    """

    parquet: bool = False
    name: ClassVar[str] = "folder"

    def __post_init__(self) -> None:
        if not isinstance(self.parquet, bool):
            raise OptionsError(f"parquet must be True or False; not {self.parquet!r}")
        if self.parquet:
            import_optional("pyarrow.parquet", "Folder(parquet=True)")

    @property
    def unit_size(self) -> int:
        """One: an example is done once its four files are there."""
        return 1

    def settings(self) -> Mapping[str, Any]:
        """Return what the manifest's head tells of it."""
        return asdict(self)

    def write_unit(
        self,
        examples: Iterable[Example],
        unit: str,  # noqa: ARG002 - files are named by their example
        files: Files,
    ) -> list[Record]:
        """Write the four files of each example; `unit` is not used.

        Raises
        ------
        OSError
            When a file cannot be written.
        """
        return [_write(example, files) for example in examples]

    def finish(self, records: Sequence[Record], files: Files) -> None:
        """Write the table of each split.

        Raises
        ------
        OSError
            When a file cannot be written.
        OptionsError
            When a column of the user's is named as one of ours.
        """
        rows: dict[str, list[dict[str, Any]]] = {}
        for record in records:
            folder = split_folder(record["split"])
            rows.setdefault(folder, []).append(_describe(record, folder))
        if self.parquet:
            _write_parquet(rows, files)
            return
        for folder, lines in write_lines(rows).items():
            files.put(f"{folder}/metadata.jsonl", lines)

    def read_image(self, record: Record, folder: Path) -> bytes:
        """Return the picture's file of an example.

        Raises
        ------
        OSError
            When it is not there.
        """
        return read_file("image", record, folder)

    def read_alpha(self, record: Record, folder: Path) -> bytes:
        """Return the alpha matte's PNG of an example; raises as `read_image`."""
        return read_file("alpha", record, folder)

    def read_mask(self, record: Record, folder: Path) -> NDArray[np.bool_]:
        """Return the hard mask, (H, W) bool; raises as `read_image`."""
        return decode_alpha(read_file("mask", record, folder)) > 0


def _write(example: Example, files: Files) -> Record:
    folder, name = split_folder(example.split), example.name
    paths = {
        "image": f"{folder}/images/{name}{example.image.suffix}",
        **{role: f"{folder}/{role}/{name}.png" for role in _ROLES[1:]},
    }
    trimap = draw_trimap(example.alpha, example.facts["trimap_radius"])
    files.put(paths["image"], example.image.data)
    files.put(paths["alpha"], encode_alpha(example.alpha))
    files.put(paths["mask"], encode_mask(hard_mask(example.alpha)))
    files.put(paths["trimap"], encode_alpha(trimap))
    return {"files": paths}


def _describe(record: Record, folder: str) -> dict[str, Any]:
    paths = record["files"]
    own = {"file_name": paths["image"].removeprefix(f"{folder}/")}
    for role in _ROLES[1:]:
        own[f"{role}_file_name"] = paths[role].removeprefix(f"{folder}/")
    own |= {name: record[name] for name in _OWN}
    columns = record.get("columns") or {}
    if clash := [name for name in columns if name in own or name in _ROLES]:
        raise OptionsError(
            f"the folder's table has columns {', '.join(clash)} of its own: rename "
            "yours, or leave them out of columns="
        )
    return {**own, **columns}


def _write_parquet(rows: Mapping[str, list[dict[str, Any]]], files: Files) -> None:
    pyarrow = import_optional("pyarrow", "Folder(parquet=True)")
    parquet = import_optional("pyarrow.parquet", "Folder(parquet=True)")
    every = [row for table in rows.values() for row in table]
    types = {name: find_type([row[name] for row in every]) for name in every[0]}
    for folder, table in rows.items():
        columns = {
            name: pyarrow.array([fit_value(row[name], kind) for row in table], kind)
            for name, kind in types.items()
        }
        data = io.BytesIO()
        parquet.write_table(pyarrow.table(columns), data)
        files.put(f"{folder}/metadata.parquet", data.getvalue())
