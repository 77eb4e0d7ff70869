"""Networks that can cut: what each is called, how it is fed, where it comes from."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["COSMAT", "MODELS", "Model"]

_CHANNELS = 3
_PLAIN = r"\w[\w.-]*"
_FILTERS = ("bilinear", "bicubic", "lanczos")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One network: how pictures are fed to it, how its answer is read, whose it is.

    What is left out is as rembg feeds U²-Net.

    Parameters
    ----------
    name : str
        What it is called: letters, digits and ``_ . -`` of ASCII, the first no dot or
        dash. In rembg's model folder its file is ``<name>.onnx``.
    side : int, default 320
        Height and width of what it sees, px, where its file leaves them open. A file
        that fixes them is fed at its own.
    resample : {"lanczos", "bicubic", "bilinear"}
        How the picture is brought to that size; its proportions are not kept.
    peak : bool, default True
        Divide by the largest value of the small picture instead of by 255.
    mean, deviation : tuple of three float
        Of red, green and blue: subtracted after that division, and divided by. By
        default ImageNet's.
    sigmoid : bool, default False
        The answer is logits: the logistic function makes it a matte.
    stretch : bool, default True
        The least of the answer becomes 0 and its largest 1; see `Network.matte`.
    address, md5 : str
        Where its file can be fetched, and that file's checksum, 32 hexadecimal digits.
    license, source : str
        Of the weights: an SPDX name or plain words, and the address of their makers.

    Raises
    ------
    OptionsError
        When a value cannot be used.

    Notes
    -----
    Feeding, addresses and checksums of `MODELS`: ``rembg/sessions/*.py`` of
    https://github.com/danielgatis/rembg; licences: the projects in `source`.

    Examples
    --------
    >>> MODELS["isnet-general-use"].side, MODELS["isnet-general-use"].deviation
    (1024, (1.0, 1.0, 1.0))
    """

    name: str
    side: int = 320
    resample: str = "lanczos"
    peak: bool = True
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    deviation: tuple[float, float, float] = (0.229, 0.224, 0.225)
    sigmoid: bool = False
    stretch: bool = True
    address: str = ""
    md5: str = ""
    license: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(_PLAIN, self.name, re.ASCII):
            raise OptionsError(
                "name is made of letters, digits and _ . - as in u2net-2, for files "
                f"and keys bear it; not {self.name!r}"
            )
        if type(self.side) is not int or self.side < 1:
            raise OptionsError(f"side is a whole number of px, as 320; not {self.side}")
        if self.resample not in _FILTERS:
            raise OptionsError(
                f"resample is one of {', '.join(_FILTERS)}; not {self.resample!r}"
            )
        object.__setattr__(self, "mean", _colors("mean", self.mean))
        object.__setattr__(self, "deviation", _colors("deviation", self.deviation))
        if min(self.deviation) <= 0:
            raise OptionsError(f"deviation is above 0 everywhere; not {self.deviation}")

    @property
    def feeding(self) -> tuple[object, ...]:
        """All that decides which matte the same weights answer."""
        look = (self.side, self.resample, self.peak, self.mean, self.deviation)
        return (*look, self.sigmoid, self.stretch)


def _colors(what: str, values: tuple[float, ...]) -> tuple[float, ...]:
    try:
        floats = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        floats = ()
    if len(floats) != _CHANNELS or not all(map(math.isfinite, floats)):
        raise OptionsError(
            f"{what} is three numbers: of red, green and blue; not {values!r}"
        )
    return floats


COSMAT = Model(
    name="cosmat",
    side=256,
    resample="bilinear",
    peak=False,
    mean=(0, 0, 0),
    deviation=(1, 1, 1),
    stretch=False,
    license="Apache-2.0",
)
"""The network of this package, trained by its own code; its weights come with it."""

_RELEASE = "https://github.com/danielgatis/rembg/releases/download/v0.0.0"
_U2NET = "https://github.com/xuebinqin/U-2-Net"

_REMBG = (
    Model(
        name="u2netp",
        address=f"{_RELEASE}/u2netp.onnx",
        md5="8e83ca70e441ab06c318d82300c84806",
        license="Apache-2.0",
        source=_U2NET,
    ),
    Model(
        name="u2net",
        address=f"{_RELEASE}/u2net.onnx",
        md5="60024c5c889badc19c04ad937298a77b",
        license="Apache-2.0",
        source=_U2NET,
    ),
    Model(
        name="silueta",
        address=f"{_RELEASE}/silueta.onnx",
        md5="55e59e0d8062d2f5d013f4725ee84782",
        license="see source",
        source=f"{_U2NET}/issues/295",
    ),
    Model(
        name="isnet-general-use",
        side=1024,
        deviation=(1, 1, 1),
        address=f"{_RELEASE}/isnet-general-use.onnx",
        md5="fc16ebd8b0c10d971d3513d564d01e29",
        license="Apache-2.0",
        source="https://github.com/xuebinqin/DIS",
    ),
    Model(
        name="birefnet-general-lite",
        side=1024,
        sigmoid=True,
        address=f"{_RELEASE}/BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx",
        md5="4fab47adc4ff364be1713e97b7e66334",
        license="MIT",
        source="https://github.com/ZhengPeng7/BiRefNet",
    ),
)

MODELS: Mapping[str, Model] = MappingProxyType({model.name: model for model in _REMBG})
"""Models that rembg keeps in its folder, by its names."""
