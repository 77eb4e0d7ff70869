"""Tar shards that the webdataset library and its like read as a stream."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from cosmat_nb.dataset.example import hard_mask
from cosmat_nb.dataset.formats.row import check_shard_size, describe_example
from cosmat_nb.dataset.manifest import dump_json
from cosmat_nb.dataset.pictures.encoding import decode_alpha, encode_alpha, encode_mask
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    import numpy as np
    from numpy.typing import NDArray

    from cosmat_nb.dataset.example import Example
    from cosmat_nb.dataset.files import Files
    from cosmat_nb.dataset.manifest import Record

__all__ = ["WebDataset"]


@dataclass(frozen=True, slots=True)
class WebDataset:
    """Ordered tar files; the members of an example stand together under its name.

    ``<split>-<number>.tar`` holds ``<name>.jpg`` (or ``.png``, ``.webp``),
    ``<name>.alpha.png``, ``<name>.mask.png`` (0 and 255) and ``<name>.json`` with the
    name, key, category, height and width, px, and the user's columns. The layout is
    the one of https://github.com/webdataset/webdataset: names have no dot, so what
    follows the first dot is the part's key. Members have no owner and no time
    (mtime 0), so equal examples make equal bytes.

    Parameters
    ----------
    shard_size : int, default 256
        Most examples in a shard, 2 or more. An interrupted export makes the shards that
        it had begun anew.

    Raises
    ------
    OptionsError
        When `shard_size` is not a whole number above 1.

    Notes
    -----
    `datasets` finds out the parts of all examples from the first five, so that its
    own tar loader takes only pictures that have one suffix: choose
    ``Rendering(file="png")`` or another for it. `to_datasets` takes all.

    Examples
    --------
    >>> WebDataset(shard_size=1000).settings()
    {'shard_size': 1000}
    """

    shard_size: int = 256
    name: ClassVar[str] = "webdataset"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shard_size", check_shard_size(self.shard_size))

    @property
    def unit_size(self) -> int:
        """Most examples in a shard."""
        return self.shard_size

    def settings(self) -> Mapping[str, Any]:
        """Return what the manifest's head tells of it."""
        return {"shard_size": self.shard_size}

    def write_unit(
        self, examples: Iterable[Example], unit: str, files: Files
    ) -> list[Record]:
        """Write ``<unit>.tar``; none where there is no example.

        A record's labels hold where the data of each part is in the shard: first byte
        and length.

        Raises
        ------
        OSError
            When the shard cannot be written.
        """
        # Readers take a shard of nothing for a broken one.
        examples = iter(examples)
        if (first := next(examples, None)) is None:
            return []
        path = f"{unit}.tar"
        with files.stream(path) as file, _open_tar(file) as tar:
            return [
                {"files": {"shard": path}, "labels": _add(example, tar, file)}
                for example in chain([first], examples)
            ]

    def finish(self, records: Sequence[Record], files: Files) -> None:
        """Write nothing: shards need no index."""

    def read_image(self, record: Record, folder: Path) -> bytes:
        """Return the picture's file of an example.

        Raises
        ------
        OSError
            When the shard is not there or cannot be read.
        OptionsError
            When it is shorter than it was.
        """
        return _read("image", record, folder)

    def read_alpha(self, record: Record, folder: Path) -> bytes:
        """Return the alpha matte's PNG of an example; raises as `read_image`."""
        return _read("alpha", record, folder)

    def read_mask(self, record: Record, folder: Path) -> NDArray[np.bool_]:
        """Return the hard mask, (H, W) bool; raises as `read_image`."""
        return decode_alpha(_read("mask", record, folder)) > 0


def _open_tar(file: BinaryIO) -> tarfile.TarFile:
    return tarfile.open(
        fileobj=file, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8"
    )


def _add(
    example: Example, tar: tarfile.TarFile, file: BinaryIO
) -> dict[str, list[int]]:
    return {
        part: _add_member(f"{example.name}{suffix}", data, tar, file)
        for part, suffix, data in _parts(example)
    }


def _parts(example: Example) -> Iterator[tuple[str, str, bytes]]:
    yield "image", example.image.suffix, example.image.data
    yield "alpha", ".alpha.png", encode_alpha(example.alpha)
    yield "mask", ".mask.png", encode_mask(hard_mask(example.alpha))
    yield "json", ".json", dump_json(describe_example(example))


def _add_member(
    name: str, data: bytes, tar: tarfile.TarFile, file: BinaryIO
) -> list[int]:
    member = tarfile.TarInfo(name)  # mode 0644, no owner, mtime 0
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))
    # Behind the data stand zeros, up to a whole block.
    padded = -len(data) % tarfile.BLOCKSIZE + len(data)
    return [file.tell() - padded, len(data)]


def _read(part: str, record: Record, folder: Path) -> bytes:
    path: Path = folder / record["files"]["shard"]
    offset, length = record["labels"][part]
    with path.open("rb") as file:
        file.seek(offset)
        data: bytes = file.read(length)
    if len(data) != length:
        raise OptionsError(
            f"{path.name} is shorter than it was written: verify_dataset(folder) names "
            "what changed"
        )
    return data
