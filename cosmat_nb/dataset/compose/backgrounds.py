"""What lies behind the subjects of a scene: a picture in a file, an array, a colour."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from cosmat_nb import images
from cosmat_nb.errors import ImageError, OptionsError
from cosmat_nb.framing.canvas import read_color
from cosmat_nb.matting.layout import Box
from cosmat_nb.places import whole_text

if TYPE_CHECKING:
    from random import Random

    from numpy.typing import NDArray

    from cosmat_nb.framing.canvas import Color

__all__ = ["Background", "read_backgrounds"]

_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
)
_RGB = 3
_SIDEWAYS = 5  # EXIF orientations from here on swap height and width
_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """A background: a light handle that reads its pixels when a scene is drawn.

    Attributes
    ----------
    name : str
        File name, or path inside the folder that was given; ``array-`` and the start
        of its digest; ``#rrggbb``.
    sha256 : str
        Of the file's bytes, of an array's shape and pixels, of a colour's name.
    height, width : int
        Turned upright, px; 0 for a colour, which has any size.
    path : Path or None
        The file.
    png : bytes or None
        An array, encoded.
    color : tuple of int or None
        RGB, 0 to 255.
    """

    name: str
    sha256: str
    height: int = 0
    width: int = 0
    path: Path | None = field(default=None, compare=False)
    png: bytes | None = field(default=None, compare=False, repr=False)
    color: Color | None = None

    def check_size(self, size: tuple[int, int], enlarge: float) -> None:
        """Make sure that it fills a scene of height and width `size`, px.

        Raises
        ------
        OptionsError
            When it would have to be enlarged further than `enlarge` times.
        """
        if self.color is None and self._factor(size) > enlarge:
            raise OptionsError(
                f"background {self.name!r} has {self.height} × {self.width} px and "
                f"would be enlarged {self._factor(size):.3g} times to fill {size[0]} × "
                f"{size[1]} px; {enlarge:g} times are allowed: leave it out, or change "
                "size or enlarge of the recipe"
            )

    def find_crop(self, random: Random, size: tuple[int, int]) -> Box | None:
        """Choose the part that fills a scene: as large as can be, anywhere.

        Parameters
        ----------
        random : Random
            Source of random numbers.
        size : tuple of int
            Height and width of the scene, px.

        Returns
        -------
        Box or None
            Of the scene's proportions within a pixel; None for a colour.
        """
        if self.color is not None:
            return None
        factor = self._factor(size)
        height, width = (
            min(max(round(side / factor), 1), most)
            for side, most in zip(size, (self.height, self.width), strict=True)
        )
        row = int(random.random() * (self.height - height + 1))
        col = int(random.random() * (self.width - width + 1))
        return Box(row, col, row + height, col + width)

    def draw(self, size: tuple[int, int], crop: Box | None) -> NDArray[np.uint8]:
        """Return the background of a scene, (H, W, 3) uint8, in sRGB.

        Raises
        ------
        OptionsError
            When its file cannot be read, is no whole picture, or is another than when
            the scene was composed.
        """
        if self.color is not None:
            return np.full((*size, _RGB), self.color, np.uint8)
        assert crop is not None, "a picture is cut to the scene"
        data = self._read()
        try:
            pixels = images.decode_rgb(data, managed=True)
        except ImageError as error:
            raise OptionsError(f"background {self.name!r}: {error}") from None
        height, width = size
        part = (crop.min_col, crop.min_row, crop.max_col, crop.max_row)
        image = Image.fromarray(pixels).resize(
            (width, height), Image.Resampling.BICUBIC, part
        )
        return np.array(image)

    def _factor(self, size: tuple[int, int]) -> float:
        return max(size[0] / self.height, size[1] / self.width)

    def _read(self) -> bytes:
        if self.path is None:
            assert self.png is not None, "a background is a file, an array or a colour"
            return self.png
        data = _read_file(self.path)
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise OptionsError(
                f"background {self.name!r} has changed since the scene was composed"
            )
        return data


def read_backgrounds(backgrounds: Any) -> list[Background]:
    """Return all backgrounds that are meant, each once, sorted by what they are.

    Parameters
    ----------
    backgrounds : str, Path, array, tuple of int, or iterable of them
        Pictures' paths; folders, for all pictures in them and in their folders; arrays
        (H, W, 3) uint8; colours: names, ``"#rrggbb"``, RGB. Equal ones count once.

    Raises
    ------
    OptionsError
        When there is none, or one cannot be read or is nothing of this.

    Examples
    --------
    >>> [one.name for one in read_backgrounds(["white", "#ffffff", (0, 64, 128)])]
    ['#004080', '#ffffff']
    """
    found: dict[str, Background] = {}
    for one in _each(backgrounds):
        for background in _read_one(one):
            kept = found.setdefault(background.sha256, background)
            if background.name < kept.name:
                found[background.sha256] = background
    if not found:
        raise OptionsError("there is no background: pass pictures, arrays or colours")
    return sorted(found.values(), key=lambda one: (one.name, one.sha256))


def _each(backgrounds: Any) -> list[Any]:
    single = isinstance(backgrounds, (str, Path, bytes, Mapping))
    if isinstance(backgrounds, np.ndarray):
        single = backgrounds.ndim <= _RGB
    if single or not isinstance(backgrounds, Iterable):
        return [backgrounds]
    listed = list(backgrounds)
    levels = len(listed) == _RGB and all(
        isinstance(x, (int, np.integer)) for x in listed
    )
    return [tuple(listed)] if levels else listed


def _read_one(one: Any) -> list[Background]:
    if isinstance(one, np.ndarray):
        return [_from_array(one)]
    if isinstance(one, (str, Path)):
        path = Path(one)
        with suppress(OSError):  # a text that is too long for a path
            if path.is_dir():
                return _from_folder(path)
            if isinstance(one, Path) or path.exists():
                return [_from_file(path, path.name)]
    return [_from_color(one)]


def _from_folder(folder: Path) -> list[Background]:
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*"))]
    found = [
        _from_file(folder / name, name.as_posix())
        for name in names
        if name.suffix.lower() in _SUFFIXES and not _is_hidden(name)
    ]
    if not found:
        raise OptionsError(f"the folder {folder.name!r} holds no pictures")
    return found


def _is_hidden(name: Path) -> bool:
    return any(part.startswith(".") for part in name.parts)


def _from_file(path: Path, name: str) -> Background:
    data = _read_file(path)
    try:
        header = images.read_header(data)
    except ImageError as error:
        raise OptionsError(f"background {path.name!r}: {error}") from None
    if header.height * header.width > images.MAX_PIXELS:
        raise OptionsError(
            f"background {path.name!r} has {header.height} × {header.width} px; "
            f"{images.MAX_PIXELS} px are allowed"
        )
    size = header.height, header.width
    height, width = size[::-1] if header.orientation >= _SIDEWAYS else size
    return Background(
        name=whole_text(name),
        sha256=hashlib.sha256(data).hexdigest(),
        height=height,
        width=width,
        path=path.absolute(),
    )


def _from_array(pixels: NDArray[Any]) -> Background:
    known = pixels.ndim == _RGB and pixels.shape[2] == _RGB and pixels.size
    if not known or pixels.dtype != np.uint8:
        raise OptionsError(
            "a background array must be (H, W, 3) uint8, sRGB; not "
            f"{pixels.shape} {pixels.dtype}"
        )
    height, width = pixels.shape[:2]
    digest = hashlib.sha256(f"{height} {width} ".encode())
    digest.update(np.ascontiguousarray(pixels).tobytes())
    return Background(
        name=f"array-{digest.hexdigest()[:_SHOWN]}",
        sha256=digest.hexdigest(),
        height=height,
        width=width,
        png=images.encode_png(pixels),
    )


def _from_color(value: Any) -> Background:
    try:
        color = read_color(value)
    except OptionsError:
        color = None
    if color is None:
        raise OptionsError(
            "a background must be the path of a picture or a folder that is there, an "
            "array (H, W, 3) uint8, or a colour: a name, '#rrggbb' or RGB, 0 to 255; "
            f"not {value!r:.80}"
        )
    name = "#{:02x}{:02x}{:02x}".format(*color)
    return Background(
        name=name, sha256=hashlib.sha256(name.encode()).hexdigest(), color=color
    )


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise OptionsError(
            f"background {path.name!r} cannot be read: {reason}"
        ) from None
