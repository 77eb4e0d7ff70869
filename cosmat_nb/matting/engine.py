"""What cuts a picture: the engine protocol, engines by name, and the whole cut."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from cosmat_nb.errors import OptionsError
from cosmat_nb.matting.foreground import estimate_foreground
from cosmat_nb.matting.network import check_picture
from cosmat_nb.matting.neural import load_engine
from cosmat_nb.matting.resample import row_slabs

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Engine", "cut_out", "get_engine"]

_NEEDED = ("estimate_alpha", "name", "version")
_SLACK = 1e-3  # alpha this far beyond [0, 1] is an engine's rounding, not a mistake


class Engine(Protocol):
    """Whatever turns a picture into an alpha matte.

    Attributes
    ----------
    name : str
        What it is called on results.
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


def get_engine(which: Engine | str | Path = "cosmat") -> Engine:
    """Find the engine that is meant.

    Parameters
    ----------
    which : Engine, str or Path, default "cosmat"
        ``"cosmat"``, the network of this package; the name of one of rembg's models,
        ``"u2netp"``, ``"u2net"``, ``"isnet-general-use"``, ``"silueta"`` or
        ``"birefnet-general-lite"``, whose file lies in its model folder; an ONNX file,
        a str that ends in ``.onnx`` or a Path, assumed to be fed as U²-Net is unless it
        is a known one; or an engine, which is handed back. Nothing is downloaded.

    Raises
    ------
    OptionsError
        When there is no such engine, or its file is missing or damaged; says what to
        do.

    Examples
    --------
    >>> get_engine().name
    'cosmat'
    """
    if isinstance(which, str | Path):
        return load_engine(which)
    missing = [each for each in _NEEDED if not hasattr(which, each)]
    if isinstance(which, type) or missing:
        raise OptionsError(
            "engine must be a name, a path to an ONNX file, or an Engine, which has "
            f"{', '.join(_NEEDED)}; not {which!r}"
        )
    return which


def cut_out(
    picture: NDArray[np.uint8],
    engine: Engine,
    opacity: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Cut the subject out of a picture.

    Parameters
    ----------
    picture : (H, W, 3) uint8 array
        sRGB, at least one pixel.
    engine : Engine
        Who estimates alpha.
    opacity : (H, W) uint8 array, optional
        Alpha that the picture had before it was laid over white. No pixel of the
        cutout is more opaque.

    Returns
    -------
    (H, W, 4) uint8 array
        Straight (not premultiplied) RGBA: foreground colours on the soft edge, the
        picture's own where alpha is 1, RGB 0 where alpha is 0.

    Raises
    ------
    OptionsError
        When `picture` has another shape or dtype, `opacity` another shape, or the
        engine answers another shape or values outside [0, 1].

    Examples
    --------
    >>> class Dark:
    ...     name, version = "dark", "1"
    ...
    ...     def estimate_alpha(self, picture):
    ...         return (picture.mean(axis=2) < 200).astype(np.float32)
    >>> picture = np.full((64, 64, 3), 250, dtype=np.uint8)
    >>> picture[16:48, 16:48] = (200, 30, 30)
    >>> rgba = cut_out(picture, Dark())
    >>> rgba[32, 32].tolist(), rgba[0, 0].tolist()
    ([200, 30, 30, 255], [0, 0, 0, 0])
    """
    check_picture(picture)
    alpha = _estimate_alpha(picture, engine)
    if opacity is not None:
        alpha = _bounded(alpha, opacity)
    return _assemble(estimate_foreground(picture, alpha), alpha)


def _estimate_alpha(picture: NDArray[np.uint8], engine: Engine) -> NDArray[np.float32]:
    alpha = np.asarray(engine.estimate_alpha(picture))
    if alpha.shape != picture.shape[:2]:
        got = f"an array of {alpha.shape}"
    elif alpha.min() >= -_SLACK and alpha.max() <= 1 + _SLACK:
        return alpha.astype(np.float32, copy=False)
    else:
        got = f"values from {alpha.min()} to {alpha.max()}"
    raise OptionsError(
        f"the engine {engine.name} must answer alpha of {picture.shape[:2]} in [0, 1]; "
        f"got {got}"
    )


def _bounded(
    alpha: NDArray[np.float32], opacity: NDArray[np.uint8]
) -> NDArray[np.float32]:
    if opacity.shape != alpha.shape:
        raise OptionsError(
            f"opacity must be {alpha.shape} as the picture; not {opacity.shape}"
        )
    bound = opacity.astype(np.float32)
    bound /= 255
    # Over white a transparent edge looks soft already: a product would fade it twice.
    return np.minimum(bound, alpha, out=bound)


def _assemble(
    colors: NDArray[np.uint8], alpha: NDArray[np.float32]
) -> NDArray[np.uint8]:
    rgba = np.empty((*alpha.shape, 4), dtype=np.uint8)
    for rows in row_slabs(alpha.shape):
        levels = np.rint(alpha[rows] * 255).astype(np.uint8)
        shows = levels > 0
        # Plane by plane: far quicker than all channels of a pixel at once.
        for channel in range(3):
            np.multiply(colors[rows, :, channel], shows, out=rgba[rows, :, channel])
        rgba[rows, :, 3] = levels
    return rgba
