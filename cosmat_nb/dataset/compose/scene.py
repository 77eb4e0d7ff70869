"""A composed scene: a light handle that draws itself."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cosmat_nb import images
from cosmat_nb.cutout import PREVIEW_SIDE, Cutout
from cosmat_nb.dataset.compose.layering import Laid, mix, share_out
from cosmat_nb.dataset.compose.shadow import throw_shadow
from cosmat_nb.dataset.compose.turning import turn
from cosmat_nb.dataset.example import Drawn, Subject
from cosmat_nb.errors import CosmatError
from cosmat_nb.framing.pixels import resample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cosmat_nb.dataset.compose.backgrounds import Background
    from cosmat_nb.dataset.compose.placement import Placement
    from cosmat_nb.dataset.compose.recipe import Recipe
    from cosmat_nb.dataset.compose.shadow import Cast
    from cosmat_nb.matting.layout import Box

__all__ = ["Layer", "Scene"]

_RGB = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A cutout and where it lies in a scene.

    Attributes
    ----------
    cutout : Cutout
        Where its pixels come from.
    box : Box
        The part of it that shows, px.
    place : Placement
        Where that part comes to lie.
    key : str
        Object key, or address without its query.
    category : str
        What it is.
    sha256 : str
        Of the cutout's PNG.
    """

    cutout: Cutout
    box: Box
    place: Placement
    key: str
    category: str
    sha256: str

    def draw(self) -> NDArray[np.uint8]:
        """Return its pixels as they lie in the scene, (h, w, 4) uint8, straight.

        They are the cutout's own colours, mirrored, scaled and turned, the part outside
        the frame included.

        Raises
        ------
        OptionsError
            When the cutout's file is gone or damaged.
        """
        box, place = self.box, self.place
        rgba = self.cutout.rgba[box.min_row : box.max_row, box.min_col : box.max_col]
        if place.flipped:
            rgba = rgba[:, ::-1]
        return turn(resample(rgba, place.rows, place.cols), place.degrees)

    def facts(self) -> dict[str, Any]:
        """Return where it comes from and where it lies, as JSON values."""
        return {
            "key": self.key,
            "category": self.category,
            "sha256": self.sha256,
            "box": list(self.box),
            **self.place._asdict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Scene:
    """A new picture of old cutouts; made by `compose`.

    It holds handles and numbers, no pixels but those of backgrounds given as arrays, so
    that it is small and can be pickled. Drawn again, by the same versions of Pillow and
    SciPy, it is the same to the byte. In a notebook it shows itself.

    Attributes
    ----------
    name : str
        ``scene-<seed>-<number>``.
    split : str
        The one that all of its pictures belong to; empty where nothing is split.
    seed, number : int
        What its numbers were drawn from.
    recipe : Recipe
        What it was to be like.
    background : Background
        What lies behind.
    crop : Box or None
        The part of the background that fills the scene; None for a colour.
    cast : Cast or None
        The light; None where no shadow falls.
    layers : tuple of Layer
        From back to front.
    dropped : tuple of str
        Keys of cutouts that found no room.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> scenes = cm.compose(result, "backgrounds/", count=100)  # doctest: +SKIP
    >>> scenes.scene[0].draw().image.shape  # doctest: +SKIP
    (768, 1024, 3)
    """

    name: str
    split: str
    seed: int
    number: int
    recipe: Recipe
    background: Background
    crop: Box | None
    cast: Cast | None
    layers: tuple[Layer, ...]
    dropped: tuple[str, ...] = ()

    def __repr__(self) -> str:
        height, width = self.recipe.size
        return f"Scene({self.name!r}, {height} × {width} px, {_count(self)})"

    def draw(self) -> Drawn:
        """Draw the scene and its labels.

        Returns
        -------
        Drawn
            ``subjects`` are those of ``layers``, one for one; a subject's alpha is the
            share that it is seen of, 0 everywhere where nothing of it is. All of them
            sum to ``alpha`` exactly, and ``image`` is what `draw_background`, the
            layers' colours and these very labels make, rounded once
            (`cosmat_nb.dataset.compose.layering`).

        Raises
        ------
        OptionsError
            When a file that it needs is gone, damaged, or another than it was.
        """
        behind = self.background.draw(self.recipe.size, self.crop)
        layers = [(one, one.draw()) for one in self.layers]
        self._shade(behind, [(one.place, rgba) for one, rgba in layers])
        laid = [_in_frame(rgba, one.place, self.recipe.size) for one, rgba in layers]
        largest = self.recipe.largest
        shares, total = share_out(laid, self.recipe.size, largest)
        subjects = tuple(
            Subject(share, one.category, one.key)
            for share, one in zip(shares, self.layers, strict=True)
        )
        return Drawn(mix(behind, laid, shares, largest), total, subjects)

    def draw_background(self) -> NDArray[np.uint8]:
        """Draw what lies behind the subjects, (H, W, 3) uint8, with their shadows.

        Raises
        ------
        OptionsError
            As `draw`.
        """
        behind = self.background.draw(self.recipe.size, self.crop)
        self._shade(behind, [(one.place, one.draw()) for one in self.layers])
        return behind

    def facts(self) -> dict[str, Any]:
        """Return where every pixel comes from, as JSON values, for a manifest."""
        return {
            "seed": self.seed,
            "number": self.number,
            "recipe": self.recipe.settings(),
            "background": {
                "name": self.background.name,
                "sha256": self.background.sha256,
                "crop": None if self.crop is None else list(self.crop),
            },
            "shadow": None if self.cast is None else self.cast._asdict(),
            "subjects": [one.facts() for one in self.layers],
            "dropped": list(self.dropped),
        }

    def _shade(
        self,
        behind: NDArray[np.uint8],
        layers: list[tuple[Placement, NDArray[np.uint8]]],
    ) -> None:
        """Darken the background, and it alone, where shadows fall."""
        if self.cast is None:
            return
        light = np.ones(behind.shape[:2], np.float32)
        for place, rgba in layers:
            shade = throw_shadow(rgba[..., _RGB], self.cast)
            row, col = place.row + shade.row, place.col + shade.col
            seen, window = _clip(shade.plane.shape, row, col, self.recipe.size)
            light[window] *= 1 - np.float32(self.cast.strength) * shade.plane[seen]
        behind[:] = np.rint(behind * light[..., None])

    def _repr_html_(self) -> str:
        try:
            preview = images.thumbnail(self.draw().image, PREVIEW_SIDE)
        except CosmatError as error:
            return f"<code>{html.escape(str(error))}</code>"
        alt = f"{self.name}: {_count(self)} on {self.background.name}"
        return images.html_image(preview, alt=alt)


def _count(scene: Scene) -> str:
    count = len(scene.layers)
    return f"{count} subject{'' if count == 1 else 's'}"


def _in_frame(rgba: NDArray[np.uint8], place: Placement, size: tuple[int, int]) -> Laid:
    seen, (rows, cols) = _clip(rgba.shape[:2], place.row, place.col, size)
    return Laid(rgba[seen], rows.start, cols.start)


def _clip(
    shape: tuple[int, ...], row: int, col: int, size: tuple[int, int]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the part of an array inside the frame, in it and in the frame."""
    low, left = max(row, 0), max(col, 0)
    # A shadow may lie outside altogether; its part is empty then.
    high = max(min(row + shape[0], size[0]), low)
    right = max(min(col + shape[1], size[1]), left)
    seen = slice(low - row, high - row), slice(left - col, right - col)
    return seen, (slice(low, high), slice(left, right))
