"""Likeness of pictures: a hash that changes little where a picture changes little.

The hash is that of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash
Functions", 2010, with more bits: luminance, shrunk to a square, its discrete cosine
transform (type II), and of its lowest frequencies but the first one bit each, the sign.
Copies that were resized, compressed, brightened or darkened differ in a few bits of
128, other pictures in about 64; ``benchmarks/likeness.py`` prints how far that holds.
Colours do not count: a red and a blue mug in one pose are alike. A mirrored or turned
picture is another one, and so is one that lost more than a few per cent at its edges.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image

from cosmat_nb.dataset.example import hard_mask
from cosmat_nb.dataset.splits.identity import is_missing
from cosmat_nb.errors import OptionsError
from cosmat_nb.matting.layout import subject_box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Rows: TypeAlias = NDArray[np.intp]

__all__ = ["DISTANCE", "check_distance", "hash_cutout", "hash_picture", "read_hashes"]

DISTANCE = 15
"""Bits of 128 in which near-duplicates differ at most, by default."""

_BITS = 128
_SIDE = 64  # of the square that a picture is shrunk to
_GREY = (128, 128, 128, 255)
_DETAIL = 0.03  # levels; rounding to whole levels makes 0.005, a plain photograph 0.1


def hash_picture(rgb: NDArray[np.uint8]) -> str | None:
    """Return the perceptual hash of a picture.

    Parameters
    ----------
    rgb : ndarray, (H, W, 3) uint8
        sRGB, upright.

    Returns
    -------
    str or None
        128 bits as 32 hexadecimal digits; None for a picture without detail, as of an
        empty studio, where noise would decide every bit.

    Examples
    --------
    >>> disc = np.hypot(*np.ogrid[-45:45, -40:80]) < 30
    >>> picture = np.where(disc[..., None], 200, (90, 100, 110)).astype(np.uint8)
    >>> hash_picture(picture) == hash_picture(picture.repeat(3, axis=1))
    True
    >>> hash_picture(np.full((90, 120, 3), 90, np.uint8)) is None
    True
    """
    return _hash_image(Image.fromarray(rgb))


def hash_cutout(rgba: NDArray[np.uint8]) -> str | None:
    """Return the perceptual hash of a cutout's subject, wherever it lies on its canvas.

    Parameters
    ----------
    rgba : ndarray, (H, W, 4) uint8
        Straight colours. Hashed is the box around what is at least half opaque (around
        all that shows where nothing is), laid over grey.

    Returns
    -------
    str or None
        As `hash_picture`; None also for an empty matte.

    Examples
    --------
    >>> hash_cutout(np.zeros((4, 4, 4), np.uint8)) is None
    True
    """
    alpha = rgba[..., 3]
    box = subject_box(hard_mask(alpha)) or subject_box(alpha)
    if box is None:
        return None
    pixels = rgba[box.min_row : box.max_row, box.min_col : box.max_col]
    subject = Image.fromarray(np.ascontiguousarray(pixels))
    backdrop = Image.new("RGBA", subject.size, _GREY)
    return _hash_image(Image.alpha_composite(backdrop, subject))


def _hash_image(image: Image.Image) -> str | None:
    from scipy.fft import dctn  # noqa: PLC0415 - heavy

    # Pillow does both in whole numbers, so machines agree on every level.
    small = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    waves = dctn(np.asarray(small, np.float64), norm="ortho")[_lowest()] / _SIDE
    if np.median(np.abs(waves)) < _DETAIL:
        return None
    return np.packbits(waves > 0).tobytes().hex()


@cache
def _lowest() -> tuple[Rows, Rows]:
    rows, cols = np.indices((_SIDE, _SIDE)).reshape(2, -1)
    order = np.lexsort((rows, rows + cols))[1 : _BITS + 1]
    return rows[order], cols[order]


def read_hashes(cells: Sequence[Any], column: str) -> tuple[Rows, NDArray[np.bool_]]:
    """Read a column of perceptual hashes.

    Parameters
    ----------
    cells : sequence
        Hexadecimal texts of one length; missing ones are left out.
    column : str
        What an error calls them.

    Returns
    -------
    rows : ndarray, (N,) intp
        Where there are hashes.
    bits : ndarray, (N, B) bool
        The hashes, the first digit's highest bit first.

    Raises
    ------
    OptionsError
        When a cell is something else.

    Examples
    --------
    >>> rows, bits = read_hashes(["0f", None, "ff"], "phash")
    >>> rows.tolist(), bits.sum(1).tolist()
    ([0, 2], [4, 8])
    """
    rows = [row for row, cell in enumerate(cells) if not is_missing(cell)]
    try:
        hashes = [bytes.fromhex(cells[row]) for row in rows]
    except (TypeError, ValueError):
        hashes = [b"", b"0"]
    if len(set(map(len, hashes))) > 1:
        raise OptionsError(
            f"column {column!r} must hold perceptual hashes, hexadecimal texts of one "
            "length, as hash_frame makes them; some cells are something else"
        )
    table = np.frombuffer(b"".join(hashes), np.uint8).reshape(
        len(rows), -1 if rows else 0
    )
    return np.array(rows, np.intp), np.unpackbits(table, axis=1).astype(np.bool_)


def check_distance(distance: Any, bits: int = _BITS) -> int:
    """Return how many bits near-duplicates may differ in.

    Raises
    ------
    OptionsError
        When it is no whole number from 0 to a quarter of the bits: beyond, pictures
        that have nothing to do with each other are near.

    Examples
    --------
    >>> check_distance(15)
    15
    """
    whole = isinstance(distance, (int, np.integer)) and not isinstance(distance, bool)
    if whole and 0 <= distance <= bits // 4:
        return int(distance)
    raise OptionsError(
        f"distance must be a whole number of bits from 0 to {bits // 4}, for hashes of "
        f"{bits}; not {distance!r}"
    )
