"""The picture of an example and its matte: a photograph, a cutout, a composite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cosmat_nb.dataset.example import ImageFile
from cosmat_nb.dataset.pictures.encoding import (
    SUFFIXES,
    encode_picture,
    holds_pixels_alone,
)
from cosmat_nb.dataset.pictures.original import read_original
from cosmat_nb.dataset.pictures.sizing import fit, scale_alphas
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.before import NOT_FOUND, find_offset
from cosmat_nb.images import decode_rgba
from cosmat_nb.matting.foreground import estimate_foreground
from cosmat_nb.metrics.alignment import place_back

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.dataset.example import Alpha
    from cosmat_nb.dataset.pictures.original import Original
    from cosmat_nb.dataset.pictures.rendering import Rendering
    from cosmat_nb.dataset.pictures.sizing import Sizing
    from cosmat_nb.metrics.alignment import Offset
    from cosmat_nb.options import MattingOptions

    Pixels = NDArray[np.uint8]

__all__ = ["Made", "make_picture", "scale_picture"]

_ONE = 255
_RGB = 3


class Made(NamedTuple):
    """A picture, its matte, and how they came about.

    Attributes
    ----------
    image : ImageFile
        The picture's file.
    alpha : (H, W) uint8 or uint16 array
        Its matte.
    sizing : Sizing
        How the source's or the cutout's frame lies on it.
    facts : dict
        ``source``, where one was read.
    """

    image: ImageFile
    alpha: Alpha
    sizing: Sizing
    facts: dict[str, Any]


def make_picture(
    cutout: Cutout, rendering: Rendering, read_source: Callable[[], bytes]
) -> Made:
    """Make the picture that a rendering asks for; see `render_cutout`."""
    if rendering.image == "source":
        return _make_photograph(cutout, rendering, read_source)
    return _make_subject(cutout, rendering, read_source)


def scale_picture(pixels: Pixels, sizing: Sizing, rendering: Rendering) -> Pixels:
    """Bring (H, W, 3) uint8 to its size, on the background where there is more."""
    if not sizing.changes:
        return pixels
    return sizing.scale_picture(pixels, rendering.backdrop.cover(*sizing.canvas))


def _make_photograph(
    cutout: Cutout, rendering: Rendering, read_source: Callable[[], bytes]
) -> Made:
    rgba = decode_rgba(cutout.png)
    original, offset = _find_source(rgba, cutout.options, read_source)
    height, width = original.pixels.shape[:2]
    there = place_back(rgba[..., 3], offset or (0, 0), (height, width))
    sizing = fit(rendering.size, height, width)
    alpha, _ = scale_alphas([there], sizing, rendering.depth)
    image, encoded = _keep_or_encode(original, sizing, rendering)
    return Made(image, alpha, sizing, _tell(original, offset, encoded=encoded))


def _keep_or_encode(
    original: Original, sizing: Sizing, rendering: Rendering
) -> tuple[ImageFile, str]:
    kind, reasons = rendering.file, [*original.reasons]
    if sizing.changes:
        reasons.append("resized" if sizing.scales else "on a larger canvas")
    if kind not in ("auto", original.kind):
        reasons.append(f"as {kind.upper()}")
    if not reasons:
        suffix = SUFFIXES[original.kind]
        return ImageFile(original.data, suffix, *sizing.canvas), "as it was"
    if kind == "auto":
        kind = "jpeg" if original.kind == "jpeg" else "png"
    image = encode_picture(
        scale_picture(original.pixels, sizing, rendering),
        kind,
        quality=rendering.quality,
        profile=original.profile,
    )
    return image, f"anew: {', '.join(reasons)}"


def _make_subject(
    cutout: Cutout, rendering: Rendering, read_source: Callable[[], bytes]
) -> Made:
    png = cutout.png
    returned = pixels = decode_rgba(png)
    facts = {}
    # Without soft pixels there is nothing to estimate: nothing needs to be fetched.
    if rendering.colors == "estimated" and _soft(returned).any():
        original, offset = _find_source(returned, cutout.options, read_source)
        pixels = _clean_edges(returned, original.pixels, offset or (0, 0))
        facts = _tell(original, offset)
    sizing = fit(rendering.size, *returned.shape[:2])
    own = np.ascontiguousarray(returned[..., 3])  # a view would keep the colours
    alpha, _ = scale_alphas([own], sizing, rendering.depth)
    if sizing.changes:
        pixels = sizing.scale_rgba(pixels)
    if rendering.image == "composite":
        kind = rendering.drawn_kind
        pixels = rendering.backdrop.lay(pixels)
        image = encode_picture(pixels, kind, quality=rendering.quality)
    else:
        image = _encode_cutout(pixels, rendering, returned, png)
    return Made(image, alpha, sizing, facts)


def _encode_cutout(
    pixels: Pixels, rendering: Rendering, returned: Pixels, png: bytes
) -> ImageFile:
    if rendering.premultiplied:
        pixels = _premultiply(pixels)
    elif rendering.wipe:
        pixels = np.where(pixels[..., 3:] > 0, pixels, np.uint8(0))
    kind = "png" if rendering.file == "auto" else rendering.file
    # Comparing costs a tenth of encoding, which it nearly always saves.
    same = kind == "png" and np.array_equal(pixels, returned)
    if same and holds_pixels_alone(png):
        return ImageFile(png, SUFFIXES[kind], *pixels.shape[:2])
    return encode_picture(pixels, kind)


def _find_source(
    rgba: Pixels, options: MattingOptions, read_source: Callable[[], bytes]
) -> tuple[Original, Offset | None]:
    data = read_source()
    if not isinstance(data, bytes):
        raise OptionsError(
            f"a source must be a file's bytes; got {type(data).__name__}"
        )
    original = read_original(data)
    # Even where nothing was moved: the source may have been replaced since.
    offset = find_offset(original.pixels, rgba, options)
    if not _agree(original.pixels, rgba, offset):
        raise OptionsError(f"source: {NOT_FOUND}")
    return original, offset


def _agree(source: Pixels, rgba: Pixels, offset: Offset | None) -> bool:
    if offset is None:
        return not rgba[..., 3].any()
    # An empty matte that nothing has moved lies on pictures of every size otherwise.
    return source.shape[:2] == rgba.shape[:2] or bool(rgba[..., 3].any())


def _tell(original: Original, offset: Offset | None, **more: str) -> dict[str, Any]:
    place = None if offset is None else [int(px) for px in offset]
    return {"source": {**original.facts(), "offset": place, **more}}


def _soft(rgba: Pixels) -> NDArray[np.bool_]:
    alpha = rgba[..., 3]
    soft: NDArray[np.bool_] = (alpha > 0) & (alpha < _ONE)
    return soft


def _clean_edges(rgba: Pixels, source: Pixels, offset: tuple[int, int]) -> Pixels:
    """Put the estimated foreground's colours where the cutout is soft."""
    alpha = rgba[..., 3].astype(np.float32)
    alpha /= _ONE
    there = place_back(alpha, offset, source.shape[:2])
    colors = estimate_foreground(source, there)
    back = place_back(colors, (-offset[0], -offset[1]), rgba.shape[:2])
    # Opaque pixels stay as they came: another decoder may be a few levels off.
    made = rgba.copy()
    soft = _soft(rgba)
    made[soft, :_RGB] = back[soft]
    return made


def _premultiply(rgba: Pixels) -> Pixels:
    made = rgba.copy()
    colors = rgba[..., :_RGB] * rgba[..., 3:].astype(np.uint16)
    made[..., :_RGB] = (colors + _ONE // 2) // _ONE
    return made
