"""Cutting a picture on this machine, without any server."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import ImageError, OptionsError
from cosmat_nb.matting.engine import Engine, cut_out, get_engine
from cosmat_nb.matting.layout import lay_out
from cosmat_nb.options import MattingOptions
from cosmat_nb.places import is_address, shown_place
from cosmat_nb.wire.limits import Limits
from cosmat_nb.wire.picture import PictureInfo, read_picture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

__all__ = ["matte_image"]

_UNNAMED = "picture"
_DIMENSIONS, _CHANNELS = 3, (3, 4)
_SHOWN = 200


def matte_image(
    picture: str | Path | bytes | Image.Image | NDArray[np.uint8],
    *,
    engine: Engine | str | Path = "cosmat",
    options: MattingOptions = MattingOptions(),
) -> Cutout:
    """Cut out the subject of a picture, here; nothing is sent and nothing is paid.

    The same picture and options give the same pixels as from the embedded emulator,
    whose limits it keeps: sides of 32 px at least, 7680 by 4320 px and
    32 MB at most, files JPEG or PNG (another format: pass ``PIL.Image.open(path)``).

    Parameters
    ----------
    picture : str, Path, bytes, PIL.Image.Image or ndarray
        A file's path or content, an open picture, or (H, W, 3 or 4) uint8 sRGB pixels
        with straight colours. EXIF turns it upright; its own alpha bounds the answer's.
    engine : Engine, str or Path, default "cosmat"
        What cuts, as `get_engine` takes it.
    options : MattingOptions
        Layout of the answer; the operation changes nothing.

    Returns
    -------
    Cutout
        In memory; its ``service`` tells engine and version.

    Raises
    ------
    OptionsError
        When the engine is unknown, the file cannot be read, or `picture` is an address,
        an object key or of another kind.
    ImageError
        When the picture is damaged or breaks a limit.

    Examples
    --------
    >>> from cosmat_nb.emulator.samples import photograph
    >>> cutout = matte_image(photograph(), options=MattingOptions(padding=(10, 0)))
    >>> cutout.height, cutout.width
    (600, 532)
    >>> cutout.service.startswith("local cosmat 1-"), cutout.attempts
    (True, 0)
    """
    engine = get_engine(engine)
    if not isinstance(options, MattingOptions):
        raise OptionsError(
            f"options must be MattingOptions; not {type(options).__name__}"
        )
    place = str(picture) if isinstance(picture, str | Path) else _UNNAMED
    content = _load(picture)
    shown, opacity = _decode(content, _shortened(place))
    rgba = lay_out(cut_out(shown, engine, opacity), options)
    png = images.encode_png(rgba)
    return Cutout(
        place=place,
        options=options,
        data=png,
        height=rgba.shape[0],
        width=rgba.shape[1],
        is_empty=not rgba[..., 3].any(),
        nbytes=len(png),
        service=f"local {engine.name} {engine.version}",
        attempts=0,
        source=_source(content, shown),
    )


def _load(
    picture: str | Path | bytes | Image.Image | NDArray[np.uint8],
) -> bytes | Image.Image:
    if isinstance(picture, str | Path):
        return _read(picture)
    if isinstance(picture, bytes | bytearray | memoryview):
        return bytes(picture)
    if isinstance(picture, np.ndarray):
        _check_array(picture)
        return Image.fromarray(np.ascontiguousarray(picture))
    if isinstance(picture, Image.Image):
        return picture
    raise OptionsError(
        "picture must be a path, the bytes of a file, a PIL picture or an (H, W, 3 "
        f"or 4) uint8 array; not {type(picture).__name__}"
    )


def _read(path: str | Path) -> bytes:
    if isinstance(path, str) and is_address(path):
        raise OptionsError(
            f"{_shortened(shown_place(path))} is an address, and matte_image reads "
            "files of this machine: client.matte_url(url) asks for it, or fetch it "
            "first and pass its bytes"
        )
    named = _shortened(str(path))
    try:
        file = Path(path).expanduser()
        # A film of some gigabytes is not read only to be refused.
        Limits().check(PictureInfo(nbytes=file.stat().st_size), named)
        return file.read_bytes()
    except FileNotFoundError:
        raise OptionsError(
            f"there is no file {named!r}; an object in a bucket is cut by "
            "client.matte(key)"
        ) from None
    except ImageError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OptionsError(f"cannot read {named!r}: {reason}") from None


def _decode(
    content: bytes | Image.Image, what: str
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    with _naming(what):
        if isinstance(content, bytes):
            info = read_picture(content, len(content))
            assert isinstance(info, PictureInfo), "a whole file needs no more bytes"
        else:
            info = PictureInfo(height=content.height, width=content.width)
    Limits().check(info, what)
    with _naming(what):
        return images.decode_picture(content)


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """Let an error tell which picture is meant: one of many, as a rule."""
    try:
        yield
    except ImageError as error:
        raise ImageError(f"{what}: {error}", too_large=error.too_large) from None


def _source(
    content: bytes | Image.Image, shown: NDArray[np.uint8]
) -> Callable[[str], bytes]:
    # A file is kept as it came: its pixels would take ten times the memory.
    if isinstance(content, bytes):
        return lambda _: content
    return lambda _: images.encode_png(shown)


def _shortened(place: str) -> str:
    # A picture in base64, taken for a path, would fill the screen.
    return place if len(place) <= _SHOWN else f"{place[:_SHOWN]}…"


def _check_array(pixels: NDArray[np.uint8]) -> None:
    shape = pixels.shape
    right = len(shape) == _DIMENSIONS and shape[2] in _CHANNELS and pixels.size > 0
    if not right or pixels.dtype != np.uint8:
        raise OptionsError(
            "picture must be an (H, W, 3 or 4) uint8 array with at least one pixel; "
            f"not {shape} {pixels.dtype}"
        )
