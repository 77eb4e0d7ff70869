"""A reference matte, read from whatever holds it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.checks import VISIBLE, alpha_level
from cosmat_nb.places import is_address, shown_place, shown_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_reference"]

_WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")
_OPAQUE = 255
_FAINT = alpha_level(VISIBLE, _OPAQUE)


def read_reference(value: object) -> NDArray[Any]:
    """Read a reference matte.

    Parameters
    ----------
    value : ndarray, bytes, str, path or Cutout
        An array (H, W), uint8 from 0 to 255, float from 0 to 1 or bool, or (H, W, 4)
        uint8; a picture file, or its path. Of a picture with an alpha channel alpha is
        the reference, of any other its grey. 16-bit files are read in their upper 8.
        A file with an EXIF orientation is turned upright, as source pictures are.

    Returns
    -------
    ndarray, (H, W) uint8 or float, or (H, W, 4) uint8
        With colours where the reference has an alpha channel.

    Raises
    ------
    OptionsError
        When it is something else, an address, has colours without alpha, or can be
        meant in two ways: grey colours that are opaque everywhere, or labels as 0 and 1
        among 255.
    ImageError
        When the file is damaged or no picture.

    Examples
    --------
    >>> read_reference(np.array([[True, False]])).tolist()
    [[255, 0]]
    """
    if isinstance(value, Cutout):
        return value.rgba
    if isinstance(value, np.ndarray):
        return _of_array(np.asarray(value))
    if isinstance(value, str) and is_address(value):
        raise OptionsError(
            f"a reference is not fetched from an address, {shown_place(value)}: pass a "
            "function that returns its bytes"
        )
    if isinstance(value, (str, os.PathLike)):
        return _of_picture(_read_file(Path(value)))
    if isinstance(value, bytes):
        return _of_picture(value)
    raise OptionsError(
        "a reference must be an array, a picture file's bytes or path, or a Cutout; "
        + ("there is none" if _is_missing(value) else f"got {type(value).__name__}")
    )


def _is_missing(value: Any) -> bool:
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))


def _read_file(path: Path) -> bytes:
    # A path that was made of an address still holds its secrets.
    shown = shown_text(str(path))
    try:
        # A pipe or a device would be read for ever.
        if not path.is_file():
            raise OptionsError(f"there is no file {shown}")
        return path.read_bytes()
    except OSError as error:
        raise OptionsError(f"{shown} cannot be read: {error.strerror}") from None


def _of_picture(data: bytes) -> NDArray[np.uint8]:
    mode = images.read_header(data).mode
    rgba = images.decode_rgba(data, upright=True)
    in_palette = mode == "P" and rgba[..., 3].min() < _OPAQUE
    if mode in _WITH_ALPHA or in_palette:
        return _check_alpha_is_meant(
            rgba, f"of mode {mode}", opaque_only=not in_palette
        )
    return _grey(rgba[..., :3], f"of mode {mode}")


def _of_array(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype == np.bool_:
        array = array * np.uint8(_OPAQUE)
    kind = f"of shape {array.shape}"
    match array.shape:
        case (_, _, 3):
            return _grey(array, kind)
        case (_, _, 4) if array.dtype == np.uint8 and array.size:
            return _check_alpha_is_meant(array, kind)
        case (_, _):
            return _check_levels(array)
    raise OptionsError(
        f"a reference {kind} and dtype {array.dtype} is neither a matte (H, W) nor a "
        "picture (H, W, 4) of uint8"
    )


def _grey(colors: NDArray[Any], kind: str) -> NDArray[Any]:
    if not _is_grey(colors):
        raise OptionsError(
            f"a reference {kind} has colours and no alpha: save the matte as grey, or "
            "pass a function that returns it as an array (H, W)"
        )
    return _check_levels(colors[..., 0])


def _is_grey(colors: NDArray[Any]) -> bool:
    red, green, blue = (colors[..., channel] for channel in range(3))
    return np.array_equal(red, green) and np.array_equal(green, blue)


def _check_alpha_is_meant(
    rgba: NDArray[np.uint8], kind: str, *, opaque_only: bool = True
) -> NDArray[np.uint8]:
    """Refuse a grey mask that was saved with an alpha channel that says nothing."""
    doubtful = not opaque_only or rgba[..., 3].min() == _OPAQUE
    if doubtful and _is_grey(rgba):
        raise OptionsError(
            f"a reference {kind} that is grey and opaque, or transparent in one level, "
            "may mean its grey or its alpha: save the matte as grey without alpha"
        )
    _check_levels(rgba[..., 3])
    return rgba


def _check_levels(matte: NDArray[Any]) -> NDArray[Any]:
    if matte.dtype == np.uint8 and matte.size and 0 < matte.max() < _FAINT:
        raise OptionsError(
            "a reference of 8 bits goes from 0 to 255; this one ends at "
            f"{matte.max()}, as labels do: pass {matte.max()} as 255, or bool"
        )
    return matte
