"""Layers on a canvas: antialiased, lit, and put over one another with exact alpha."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cosmat_nb.emulator.scenes.shapes import Field, Shape

__all__ = ["Canvas", "Drawing", "Layer", "Material", "Spot", "draw"]

_COARSE = 8
_SUBPIXELS = 4


class Spot(NamedTuple):
    """Where a material is asked for its colour.

    Attributes
    ----------
    y, x : (h, w) float32 arrays
        Coordinates, short sides from the middle of the canvas.
    normal : (3, h, w) float32 array
        Unit surface normal: down, right, towards the eye.
    """

    y: Field
    x: Field
    normal: Field


Material: TypeAlias = "Callable[[Spot], Field]"


@dataclass(frozen=True, slots=True)
class Layer:
    """A shape filled with a material.

    Parameters
    ----------
    shape : Shape
        What it covers.
    material : Material
        Its colour, sRGB in [0, 1].
    opacity : float, default 1.0
        Share of what lies behind that it hides.
    softness : float, default 0.0
        Width over which the edge fades, short sides: 0 for a sharp edge.
    relief : float, default 0.0
        How far from the edge the surface still curves away, short sides: 0 for flat.
    """

    shape: Shape
    material: Material
    opacity: float = 1.0
    softness: float = 0.0
    relief: float = 0.0


class Drawing(NamedTuple):
    """The parts of a picture, ``picture = alpha F + (1 - alpha) B``.

    Attributes
    ----------
    foreground : (H, W, 3) float32 array in [0, 1]
        F; 0 where alpha is 0.
    backdrop : (H, W, 3) float32 array in [0, 1]
        B, with every shadow.
    alpha : (H, W) float32 array in [0, 1]
        Share of each pixel that the subject covers.
    """

    foreground: Field
    backdrop: Field
    alpha: Field


@dataclass(frozen=True, slots=True)
class Canvas:
    """Size of a picture, px.

    Examples
    --------
    >>> Canvas(480, 640).pixel
    0.0020833333333333333
    """

    height: int
    width: int

    @property
    def pixel(self) -> float:
        """Side of a pixel, short sides."""
        return 1 / min(self.height, self.width)

    @property
    def bottom(self) -> float:
        """The y coordinate of the lower edge; the upper edge is its negative."""
        return self.height * self.pixel / 2

    @property
    def right(self) -> float:
        """The x coordinate of the right edge; the left edge is its negative."""
        return self.width * self.pixel / 2

    def grid(self, rows: slice, cols: slice, step: int = 1) -> tuple[Field, Field]:
        """Give coordinates ``(y, x)`` of pixel centres, each (h, w) float32."""
        lines = np.arange(rows.start, rows.stop, step) + (step - self.height) / 2
        files = np.arange(cols.start, cols.stop, step) + (step - self.width) / 2
        y, x = np.meshgrid(lines * self.pixel, files * self.pixel, indexing="ij")
        return y.astype(np.float32), x.astype(np.float32)


def draw(
    canvas: Canvas,
    backdrop: Iterable[Layer],
    subject: Iterable[Layer],
    grain: Field | float = 0.0,
) -> Drawing:
    """Draw backdrop and subject, each from its layers, first layer lowest.

    Layers go over one another as T. Porter and T. Duff define "over" ("Compositing
    Digital Images", 1984). Grain falls on both parts alike, so it falls on their mix.

    Parameters
    ----------
    canvas : Canvas
        Size.
    backdrop, subject : iterable of Layer
        The backdrop's first layer must cover the whole canvas.
    grain : (H, W, 3) float32 array or float, default 0.0
        Added to both parts, which are then clipped to [0, 1].

    Examples
    --------
    >>> from cosmat_nb.emulator.scenes.shapes import box, everywhere
    >>> def red(spot):
    ...     return np.broadcast_to(np.array([1, 0, 0], np.float32), (*spot.y.shape, 3))
    >>> drawing = draw(Canvas(4, 4), [Layer(everywhere, red)], [])
    >>> float(drawing.alpha.max()), drawing.backdrop[0, 0].tolist()
    (0.0, [1.0, 0.0, 0.0])
    """
    behind, _ = _stack(canvas, backdrop)
    shown, alpha = _stack(canvas, subject)
    safe = np.where(alpha > 0, alpha, 1)[..., None]
    foreground = np.clip(shown / safe + grain, 0, 1) * (alpha > 0)[..., None]
    behind = np.clip(behind + grain, 0, 1)
    return Drawing(
        foreground.astype(np.float32), behind.astype(np.float32), np.minimum(alpha, 1)
    )


def _stack(canvas: Canvas, layers: Iterable[Layer]) -> tuple[Field, Field]:
    """Put layers over one another: premultiplied colour, and alpha."""
    color = np.zeros((canvas.height, canvas.width, 3), dtype=np.float32)
    alpha = np.zeros((canvas.height, canvas.width), dtype=np.float32)
    coarse = canvas.grid(slice(0, canvas.height), slice(0, canvas.width), _COARSE)
    for layer in layers:
        inside = _reach(canvas, layer, layer.shape(*coarse))
        y, x = canvas.grid(*inside)
        distance = layer.shape(y, x)
        cover = _cover(canvas, layer, y, x, distance) * np.float32(layer.opacity)
        spot = Spot(y, x, _normal(distance, layer.relief, canvas.pixel))
        keep = 1 - cover
        color[inside] *= keep[..., None]
        color[inside] += cover[..., None] * layer.material(spot)
        alpha[inside] = alpha[inside] * keep + cover
    return color, alpha


def _reach(canvas: Canvas, layer: Layer, near: Field) -> tuple[slice, slice]:
    """Find rows and columns that the layer may touch on the coarse grid."""
    touched = near < layer.softness + 1.5 * _COARSE * canvas.pixel
    rows, cols = (np.flatnonzero(touched.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return slice(0, 0), slice(0, 0)
    return (
        slice(int(rows[0]) * _COARSE, min(int(rows[-1] + 1) * _COARSE, canvas.height)),
        slice(int(cols[0]) * _COARSE, min(int(cols[-1] + 1) * _COARSE, canvas.width)),
    )


def _cover(canvas: Canvas, layer: Layer, y: Field, x: Field, distance: Field) -> Field:
    """Find the share of each pixel inside; pixels on the edge are supersampled."""
    if layer.softness:
        fade = np.clip(0.5 - distance / np.float32(2 * layer.softness), 0, 1)
        eased: Field = fade * fade * (3 - 2 * fade)
        return eased
    cover = (distance < 0).astype(np.float32)
    edge = np.abs(distance) < 1.5 * canvas.pixel
    offsets = (np.arange(_SUBPIXELS) + 0.5) / _SUBPIXELS - 0.5
    places = (offsets * canvas.pixel).astype(np.float32)
    down, across = np.repeat(places, _SUBPIXELS), np.tile(places, _SUBPIXELS)
    fine = layer.shape(y[edge][:, None] + down, x[edge][:, None] + across)
    ramp = np.clip(0.5 - fine * np.float32(_SUBPIXELS / canvas.pixel), 0, 1)
    cover[edge] = ramp.mean(axis=1)
    return cover


def _normal(distance: Field, relief: float, pixel: float) -> Field:
    """Find normals of the surface that bulges like a quarter circle inside the edge."""
    if not relief or min(distance.shape) < 2:  # noqa: PLR2004 - a slope needs two
        flat = np.zeros((3, *distance.shape), dtype=np.float32)
        flat[2] = 1
        return flat
    rim = 1 - np.clip(-distance / np.float32(relief), 0, 1)
    height = relief * np.sqrt(np.maximum(1 - rim * rim, 0))
    # Blurred, the ridge where two sides meet looks turned instead of folded.
    height = ndimage.gaussian_filter(height, relief / pixel / 8)
    down, right = np.gradient(height, pixel)
    normal = np.stack([-down, -right, np.ones_like(down)])
    unit: Field = normal / np.sqrt((normal * normal).sum(axis=0))
    return unit.astype(np.float32)
