"""One example of a data set looked into: its picture, its matte, its label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from cosmat_nb.dataset.checks.inventory import Flaw
from cosmat_nb.dataset.example import hard_mask
from cosmat_nb.dataset.pictures.encoding import decode_alpha
from cosmat_nb.frame.working import attempt
from cosmat_nb.images import decode_rgb
from cosmat_nb.metrics.trimap import unknown_band

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from cosmat_nb.dataset.example import Alpha
    from cosmat_nb.dataset.formats.format import Format
    from cosmat_nb.dataset.manifest import Record

__all__ = ["check_example"]

_WORDS = 200


def check_example(
    format: Format,  # noqa: A002 - the word that write_dataset has for it
    record: Record,
    folder: Path,
    *,
    bits: int,
    deep: bool,
) -> Iterator[Flaw]:
    """Find what is wrong with one example.

    Parameters
    ----------
    format : Format
        Reads it.
    record : mapping
        Its line of the manifest; its paths stay in the folder.
    folder : Path
        The data set's, without links.
    bits : int
        Depth of its matte, 8 or 16.
    deep : bool
        Whether its label is held against its matte.
    """
    size = (record["height"], record["width"])
    image, error = attempt(
        lambda: decode_rgb(format.read_image(record, folder), upright=False)
    )
    path = _path(record, "image")
    if image is None:
        yield Flaw(path, "unreadable", "a picture", str(error)[:_WORDS])
    elif image.shape[:2] != size:
        yield _other_size(path, size, image.shape)
    alpha, error = attempt(lambda: decode_alpha(format.read_alpha(record, folder)))
    path = _path(record, "alpha")
    if alpha is None:
        yield Flaw(path, "unreadable", "an alpha matte", str(error)[:_WORDS])
    elif alpha.shape != size:
        yield _other_size(path, size, alpha.shape)
    elif alpha.dtype.itemsize * 8 != bits:
        found = f"{alpha.dtype.itemsize * 8} bits"
        yield Flaw(path, "depth differs", f"{bits} bits", found)
    elif deep:
        yield from _check_label(format, record, folder, alpha)


def _check_label(
    format: Format,  # noqa: A002 - the word that write_dataset has for it
    record: Record,
    folder: Path,
    alpha: Alpha,
) -> Iterator[Flaw]:
    mask, error = attempt(lambda: format.read_mask(record, folder))
    path = _path(record, "labels", "mask")
    if mask is None:
        yield Flaw(path, "unreadable", "a label", str(error)[:_WORDS])
    elif mask.shape != alpha.shape:
        yield _other_size(path, alpha.shape, mask.shape)
    else:
        truth = hard_mask(alpha)
        differs = (mask != truth) & ~_blur(format, truth)
        apart = np.count_nonzero(differs)
        allowed = _allowance(format, record, mask, truth)
        if apart > allowed:
            expected = f"IoU 1 with the matte, but for {allowed} px"
            union = np.count_nonzero(mask | truth)
            found = f"IoU {1 - apart / union:.6f}, {apart} px differ"
            yield Flaw(path, "label differs", expected, found)


def _allowance(
    format: Format,  # noqa: A002 - the word that write_dataset has for it
    record: Record,
    mask: NDArray[np.bool_],
    truth: NDArray[np.bool_],
) -> int:
    """Return how many pixels of a label may differ from the matte's, px."""
    # Where two soft edges meet, both together may cover half, and neither alone.
    allowed = _edge(mask) + _edge(truth) if "scene" in record else 0
    if format.name == "yolo":
        # Parts of one subject are joined by lines, one pixel wide.
        _, parts = ndimage.label(truth, np.ones((3, 3)))
        allowed += max(parts - 1, 0) * sum(truth.shape)
    return allowed


def _blur(
    format: Format,  # noqa: A002 - the word that write_dataset has for it
    truth: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Return where a label may be wrong: as near to the edge as its tolerance says."""
    tolerance = float(format.settings().get("tolerance", 0))
    if not tolerance:
        return np.zeros_like(truth)
    return unknown_band(truth * np.uint8(255), int(np.ceil(tolerance)))


def _edge(mask: NDArray[np.bool_]) -> int:
    changes = (np.count_nonzero(np.diff(mask, axis=axis)) for axis in (0, 1))
    return int(sum(changes))


def _path(record: Record, *roles: str) -> str:
    files = record["files"]
    for role in roles:
        if role in files:
            return str(files[role])
    inside = files.get("shard") or files.get("alpha")
    return f"{inside} ({record['name']}, {roles[0]})"


def _other_size(path: str, size: tuple[int, ...], found: tuple[int, ...]) -> Flaw:
    shown = [f"{height} × {width} px" for height, width, *_ in (size, found)]
    return Flaw(path, "size differs", *shown)
