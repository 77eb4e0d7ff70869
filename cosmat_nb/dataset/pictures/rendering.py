"""What is written of a cutout: which picture, in which file, of which size."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np

from cosmat_nb.dataset.pictures.backdrop import Backdrop, read_backdrop
from cosmat_nb.errors import OptionsError
from cosmat_nb.framing.canvas import check_size
from cosmat_nb.images import MAX_PIXELS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Background", "Colors", "FileKind", "Picture", "Rendering", "Size"]

Picture: TypeAlias = Literal["source", "cutout", "composite"]
FileKind: TypeAlias = Literal["auto", "png", "jpeg", "webp"]
Colors: TypeAlias = Literal["returned", "estimated"]
Background: TypeAlias = str | Path | tuple[int, int, int]
Size: TypeAlias = int | tuple[int, int] | None

_CHOICES = MappingProxyType(
    {
        "image": get_args(Picture),
        "file": get_args(FileKind),
        "colors": get_args(Colors),
        "alpha_bits": (8, 16),
    }
)
_BYTE = 8
_BEST = 100
_WIDEST = 1000  # px, of a trimap's band


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What is written of each cutout: frozen, hashable, checked on construction.

    Parameters
    ----------
    image : {"source", "cutout", "composite"}, default "source"
        Which picture the labels belong to. ``"source"``: the photograph that was cut;
        its file is kept byte by byte where nothing forces a new encoding, with its
        EXIF, which may name places and people (what is encoded anew has none); the
        matte is laid back onto it where it was centred or padded. ``"cutout"``: RGBA
        as the service returned it. ``"composite"``: the cutout over `background`.
    file : {"auto", "png", "jpeg", "webp"}, default "auto"
        Kind of the picture's file. ``"auto"``: a source keeps its file and, where that
        cannot be, is a JPEG when it was one and a PNG otherwise; a cutout is a PNG; a
        composite a JPEG. WebP is lossless for a cutout and lossy for the others.
    quality : int, default 92
        Of JPEG and lossy WebP, 1 to 100; it counts for what is encoded anew.
    background : str, Path or tuple of int, default "white"
        What composites lie on, and what fills a canvas around a picture: a colour's
        name, ``"#rrggbb"``, three numbers 0 to 255, or the path of a picture, which is
        cropped to the middle of what covers the canvas. A picture is read once, when
        the value is made.
    colors : {"returned", "estimated"}, default "returned"
        Colours of soft pixels: as they came, or with the old background's part taken
        out (`cosmat_nb.matting.foreground.estimate_foreground`), which needs the
        source.
    wipe : bool, default True
        Whether a cutout's colours under alpha 0 are set to 0.
    premultiplied : bool, default False
        Whether a cutout's colours are multiplied by its alpha. PNG and WebP hold
        straight colours by definition, so the manifest has to tell, and does.
    alpha_bits : {8, 16}, default 8
        Depth of the alpha file. 16 bits hold what resampling made; without a `size`
        they are the service's 8, times 257. A cutout's picture has 8 in any case.
    size : int or tuple of int, optional
        Longer side at most, px: larger pictures shrink, smaller ones stay. Or the
        canvas ``(height, width)``, px: each picture is shrunk or enlarged until it
        fits inside, and lies in the middle of `background`, or of nothing for a cutout.
    trimap_radius : int, default 12
        How far soft pixels and edges are widened to a trimap's unknown band, px.

    Attributes
    ----------
    backdrop : Backdrop
        The background, read.

    Raises
    ------
    OptionsError
        When a value cannot be used, or two contradict each other.

    Examples
    --------
    >>> Rendering(image="composite", background="black", size=512).size
    512
    >>> Rendering(image="cutout", size=(48, 64)).needs_source
    False
    """

    image: Picture = "source"
    file: FileKind = "auto"
    quality: int = 92
    background: Background = field(default="white", compare=False)
    colors: Colors = "returned"
    wipe: bool = True
    premultiplied: bool = False
    alpha_bits: Literal[8, 16] = 8
    size: Size = None
    trimap_radius: int = 12
    # Two ways to name one colour are one rendering, two walls of one name are two.
    backdrop: Backdrop = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, known in _CHOICES.items():
            _check_choice(name, getattr(self, name), known)
        for name in ("wipe", "premultiplied"):
            _check_choice(name, getattr(self, name), (True, False))
        self._set("quality", _whole("quality", self.quality, 1, _BEST))
        self._set(
            "trimap_radius", _whole("trimap_radius", self.trimap_radius, 0, _WIDEST)
        )
        self._set("size", _size(self.size))
        self._set("backdrop", read_backdrop(self.background))
        _check_together(self)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @property
    def needs_source(self) -> bool:
        """Whether source pictures are read: they or their colours are wanted."""
        return self.image == "source" or self.colors == "estimated"

    @property
    def drawn_kind(self) -> str:
        """Kind of file of a picture that was drawn: composites, composed scenes."""
        return "jpeg" if self.file == "auto" else self.file

    @property
    def depth(self) -> type[np.uint8 | np.uint16]:
        """The dtype of alpha."""
        return np.uint8 if self.alpha_bits == _BYTE else np.uint16

    def settings(self) -> dict[str, Any]:
        """Return what the manifest's head tells of it: JSON values by name.

        A background picture is told by the name and SHA-256 of its file, without the
        folders it lay in.

        Examples
        --------
        >>> Rendering(size=(48, 64)).settings()["size"]
        [48, 64]
        """
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        # A path names people and machines, and is another one elsewhere.
        del told["backdrop"]
        told["background"] = self.backdrop.told()
        told["size"] = list(self.size) if isinstance(self.size, tuple) else self.size
        return told


def _check_choice(name: str, value: object, known: Sequence[object]) -> None:
    # 1 equals True, and 8.0 equals 8: neither is what the manifest is to tell.
    if not any(type(value) is type(each) and value == each for each in known):
        raise OptionsError(
            f"{name} must be {' or '.join(map(repr, known))}; not {value!r:.40}"
        )


def _whole(name: str, value: object, least: int, most: int) -> int:
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = least - 1
    if not least <= number <= most or isinstance(value, bool):
        raise OptionsError(
            f"{name} must be a whole number from {least} to {most}; not {value!r:.40}"
        )
    return number


def _size(size: object) -> Size:
    if size is None:
        return None
    # Settings that were read from JSON have a list.
    if not isinstance(size, tuple | list):
        return _whole("size", size, 1, MAX_PIXELS)
    try:
        width, height = check_size(*reversed(size))
    except (TypeError, OptionsError):
        raise OptionsError(
            "size must be None, the longer side at most, px, or (height, width), whole "
            f"numbers of px from 1, {MAX_PIXELS} px together; not {size!r:.40}"
        ) from None
    return height, width


def _check_together(rendering: Rendering) -> None:
    if rendering.image == "cutout" and rendering.file == "jpeg":
        raise OptionsError(
            'JPEG has no alpha, and image="cutout" is transparent: choose file="png" '
            'or "webp", or image="composite" for cutouts on a background'
        )
    if rendering.image != "cutout" and (rendering.premultiplied or not rendering.wipe):
        raise OptionsError(
            "premultiplied and wipe=False are about a cutout's colours, and "
            f'image="{rendering.image}" has no alpha: choose image="cutout"'
        )
    if rendering.image == "source" and rendering.colors == "estimated":
        raise OptionsError(
            'a source shows its own colours: choose colors="returned", or '
            'image="cutout" or "composite" for estimated ones'
        )
    if not rendering.wipe and (rendering.premultiplied or rendering.size is not None):
        raise OptionsError(
            "wipe=False keeps the colours under alpha 0, which are 0 after a size or "
            "premultiplied=True: leave one of them out"
        )
