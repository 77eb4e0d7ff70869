"""What cuts a picture: the engine protocol, the registry and the whole cut."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import numpy as np

from cosmat_nb.errors import OptionsError
from cosmat_nb.matting.color import ColorEngine
from cosmat_nb.matting.foreground import estimate_foreground

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

__all__ = ["ENGINES", "Engine", "cut_out", "get_engine"]

_RGB = 3


class Engine(Protocol):
    """Whatever turns a picture into an alpha matte.

    Attributes
    ----------
    name : str
        Name in the registry.
    version : str
        Changes whenever the same picture may give another matte.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - the class says it

    @property
    def version(self) -> str: ...  # noqa: D102 - the class says it

    def estimate_alpha(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Estimate how much of each pixel belongs to the subject.

        Parameters
        ----------
        picture : (H, W, 3) uint8 array
            sRGB.

        Returns
        -------
        (H, W) float32 array in [0, 1]
            All zero when there is no subject.
        """
        ...


ENGINES: Mapping[str, Callable[[], Engine]] = MappingProxyType({"color": ColorEngine})
"""Every engine by name. A factory is called only when its engine is asked for, so
an engine with weights may load them there."""


def get_engine(name: str = "color") -> Engine:
    """Make the engine of this name.

    Parameters
    ----------
    name : str, default "color"
        A key of `ENGINES`.

    Raises
    ------
    OptionsError
        When there is no such engine.

    Examples
    --------
    >>> get_engine().name
    'color'
    """
    if name not in ENGINES:
        raise OptionsError(f"engine must be one of {', '.join(ENGINES)}; not {name!r}")
    return ENGINES[name]()


def cut_out(picture: NDArray[np.uint8], engine: Engine) -> NDArray[np.uint8]:
    """Cut the subject out of a picture.

    Parameters
    ----------
    picture : (H, W, 3) uint8 array
        sRGB, at least one pixel.
    engine : Engine
        Who estimates alpha.

    Returns
    -------
    (H, W, 4) uint8 array
        Straight (not premultiplied) RGBA: foreground colours on the soft edge, the
        picture's own where alpha is 1, RGB 0 where alpha is 0.

    Raises
    ------
    OptionsError
        When `picture` has another shape or dtype.

    Examples
    --------
    >>> picture = np.full((64, 64, 3), 250, dtype=np.uint8)
    >>> picture[16:48, 16:48] = (200, 30, 30)
    >>> rgba = cut_out(picture, get_engine())
    >>> rgba[32, 32].tolist(), rgba[0, 0].tolist()
    ([200, 30, 30, 255], [0, 0, 0, 0])
    """
    _check_picture(picture)
    alpha = engine.estimate_alpha(picture)
    rgba = np.empty((*alpha.shape, 4), dtype=np.uint8)
    rgba[..., :3] = estimate_foreground(picture, alpha)
    rgba[..., 3] = np.rint(alpha * 255)
    rgba[rgba[..., 3] == 0] = 0
    return rgba


def _check_picture(picture: NDArray[np.uint8]) -> None:
    right = picture.ndim == _RGB and picture.shape[2] == _RGB and picture.size > 0
    if not right or picture.dtype != np.uint8:
        raise OptionsError(
            "picture must be an (H, W, 3) uint8 array with at least one pixel; "
            f"not {picture.shape} {picture.dtype}"
        )
