"""How the emulator makes one or several answers from one picture."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb import images
from cosmat_nb.emulator.refusal import Refusal
from cosmat_nb.errors import ImageError, OptionsError
from cosmat_nb.matting.engine import Engine, cut_out
from cosmat_nb.matting.layout import center_subject, crop_to_subject, pad_canvas
from cosmat_nb.options import MattingOptions, Operation, Padding
from cosmat_nb.wire.picture import PictureInfo, read_picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cosmat_nb.emulator.assumptions import Assumptions

__all__ = ["Cutter", "Cutting"]

_HALF = 128
_LAYOUTS = frozenset({"center-layout", "padding-layout"})
_ODD = frozenset({"CMYK", "I", "I;16", "I;16B", "I;16L"})
_PNG = b"\x89PNG"
_PNG_DEPTH = 24
_EIGHT_BITS = 8


@dataclass(frozen=True, slots=True)
class Cutting:
    """A picture that was cut, before any layout.

    Attributes
    ----------
    rgba : ndarray, (H, W, 4) uint8
        Straight colours.
    assumptions : Assumptions
        How open points are played.
    """

    rgba: NDArray[np.uint8] = field(repr=False)
    assumptions: Assumptions

    @property
    def is_empty(self) -> bool:
        """Whether alpha is 0 everywhere."""
        return not self.rgba[..., 3].any()

    @property
    def billed(self) -> int:
        """Calls that the vendor would charge for one answer."""
        return int(self.assumptions.empty_billed or not self.is_empty)

    def lay_out(self, options: MattingOptions) -> NDArray[np.uint8]:
        """Centre and pad, (H', W', 4) uint8."""
        assumed, rgba = self.assumptions, self.rgba
        if assumed.canvas == "subject":
            rgba = crop_to_subject(rgba)
        if assumed.order == "pad first":
            return self._center(self._pad(rgba, options), options)
        return self._pad(self._center(rgba, options), options)

    def _center(
        self, rgba: NDArray[np.uint8], options: MattingOptions
    ) -> NDArray[np.uint8]:
        if not options.center:
            return rgba
        crops = self.assumptions.centering == "crop"
        return crop_to_subject(rgba) if crops else center_subject(rgba)

    def _pad(
        self, rgba: NDArray[np.uint8], options: MattingOptions
    ) -> NDArray[np.uint8]:
        white = self.assumptions.padding == "white"
        fill = (255, 255, 255, 255) if white else (0, 0, 0, 0)
        if self.assumptions.padding_place == "inside":
            rgba = _shrink(rgba, options.padding)
        return pad_canvas(rgba, options.padding, fill)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutter:
    """The picture work of the service.

    Attributes
    ----------
    engine : Engine
        What estimates alpha.
    assumptions : Assumptions
        How open points are played.
    places : BoundedSemaphore
        One place for each processor: more cuts at once would only cost memory.
    """

    engine: Engine
    assumptions: Assumptions
    places: BoundedSemaphore = field(
        default_factory=lambda: BoundedSemaphore(os.cpu_count() or 1), repr=False
    )

    def cut(self, data: bytes) -> Cutting:
        """Cut a picture file.

        Raises
        ------
        Refusal
            ``InvalidImageFormat``, ``InvalidImageSource`` or ``ImageTooLarge``.
        """
        self._check(data)
        assumed = self.assumptions
        with self.places:
            try:
                picture, opacity = images.decode_picture(
                    data,
                    upright=assumed.orientation == "apply",
                    managed=assumed.profile == "apply",
                )
            except ImageError as error:
                raise _unfit(error, assumed.damaged) from None
            respects = assumed.transparency == "respect"
            return Cutting(self._matte(picture, opacity if respects else None), assumed)

    def encode(self, cutting: Cutting, options: MattingOptions) -> bytes:
        """Write the answer for one set of options, PNG."""
        with self.places:
            return images.encode_png(cutting.lay_out(options))

    def read_options(self, params: Mapping[str, str]) -> MattingOptions:
        """Read the options of a request or of a rule.

        Raises
        ------
        Refusal
            ``InvalidArgument``; ``NotImplemented`` for another ``ci-process``.
        """
        process = params.get("ci-process", "")
        if process and process not in list(Operation):
            message = f"This emulator does matting alone, and not {process}."
            raise Refusal("NotImplemented", message)
        if self.assumptions.bad_layout == "ignore":
            params = {n: v for n, v in params.items() if _is_fit(n, v)}
        try:
            return MattingOptions.from_parameters(params)
        except OptionsError as error:
            raise Refusal("InvalidArgument", f"{error}.") from None

    def _check(self, data: bytes) -> None:
        try:
            info = read_picture(data, len(data))
            assert isinstance(info, PictureInfo), "a whole file needs no more bytes"
            breach = self.assumptions.limits.breach(info)
            if breach:
                message = breach.words[0].upper() + breach.words[1:]
                raise Refusal(breach.code, f"{message}.")
            mode = images.read_header(data).mode
        except ImageError as error:
            raise _unfit(error, "InvalidImageFormat") from None
        odd = mode in _ODD or _is_deep(data)
        if odd and self.assumptions.modes == "refuse":
            message = "Pixels in CMYK or of 16 bits are not supported."
            raise Refusal("InvalidImageFormat", message)

    def _matte(
        self, picture: NDArray[np.uint8], opacity: NDArray[np.uint8] | None
    ) -> NDArray[np.uint8]:
        assumed = self.assumptions
        rgba = cut_out(picture, self.engine, opacity)
        if assumed.no_subject == "opaque" and not rgba[..., 3].any():
            opaque = np.full((*picture.shape[:2], 1), 255, np.uint8)
            return np.concatenate([picture, opaque], axis=2)
        if assumed.edge == "hard":
            hard = np.where(rgba[..., 3:] < _HALF, 0, 255).astype(np.uint8)
            rgba = np.concatenate([picture, hard], axis=2)
            rgba[rgba[..., 3] == 0] = 0
        if assumed.colors == "source":
            shows = rgba[..., 3] > 0
            rgba[..., :3][shows] = picture[shows]
        if assumed.hidden == "source":
            hidden = rgba[..., 3] == 0
            rgba[..., :3][hidden] = picture[hidden]
        return rgba


def _shrink(rgba: NDArray[np.uint8], padding: Padding) -> NDArray[np.uint8]:
    """Leave room for the padding on a canvas that keeps its size."""
    height, width = rgba.shape[0] - 2 * padding.dy, rgba.shape[1] - 2 * padding.dx
    if height < 1 or width < 1:
        raise Refusal("InvalidArgument", "The padding leaves no room for the picture.")
    rows = np.arange(height) * rgba.shape[0] // height
    cols = np.arange(width) * rgba.shape[1] // width
    small: NDArray[np.uint8] = rgba[rows][:, cols]
    return small


def _is_deep(data: bytes) -> bool:
    # Pillow shows 16-bit colour as if it had 8.
    return data.startswith(_PNG) and data[_PNG_DEPTH] > _EIGHT_BITS


def _unfit(error: ImageError, code: str) -> Refusal:
    return Refusal("ImageTooLarge" if error.too_large else code, f"{error}.")


def _is_fit(name: str, value: str) -> bool:
    if name not in _LAYOUTS:
        return True
    try:
        MattingOptions.from_parameters({"ci-process": Operation.GENERAL, name: value})
    except OptionsError:
        return False
    return True
