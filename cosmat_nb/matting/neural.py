"""The engine that cuts with a network and finds the edges at full size."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError
from cosmat_nb.matting.edges import refine_alpha
from cosmat_nb.matting.folder import file_md5, model_path
from cosmat_nb.matting.models import COSMAT, MODELS, Model
from cosmat_nb.matting.network import Network

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["EDGES", "WEIGHTS", "NeuralEngine", "load_engine"]

WEIGHTS = Path(__file__).parent / "weights" / "cosmat.onnx"
"""The file of `COSMAT`."""

EDGES = "1"
"""Which way from a coarse matte to alpha: another number where edges differ."""

_SUFFIX = ".onnx"
_KEPT = 8
_LOADING = Lock()


class NeuralEngine:
    """Asks a network where the subject is, and the picture where its edge runs.

    Parameters
    ----------
    network : Network
        Which answers the coarse matte. A network of your own that is not fed as
        `load_engine` assumes is said this way: see the example.

    Attributes
    ----------
    name : str
        Of the network's model.

    Examples
    --------
    >>> from cosmat_nb.matting.models import Model
    >>> mine = Model(name="mine", side=256, peak=False, stretch=False)
    >>> engine = NeuralEngine(Network("weights/mine.onnx", mine))
    >>> engine.name
    'mine'
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.name = network.model.name

    def __repr__(self) -> str:
        return f"NeuralEngine({self.name!r}, {str(self.network.path)!r})"

    @property
    def version(self) -> str:
        """As ``1-ab12cd34``: `EDGES`, and the version of the network.

        Raises
        ------
        OptionsError
            When the weights cannot be read.
        """
        return f"{EDGES}-{self.network.version}"

    def estimate_alpha(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Estimate how much of each pixel belongs to the subject.

        Parameters
        ----------
        picture : (H, W, 3) uint8 array
            sRGB, at least one pixel.

        Returns
        -------
        (H, W) float32 array in [0, 1]
            All zero when there is no subject.

        Raises
        ------
        OptionsError
            As `Network.matte`.
        """
        return refine_alpha(picture, self.network.matte(picture))


def load_engine(
    which: str | Path = COSMAT.name, *, models: Mapping[str, Model] = MODELS
) -> NeuralEngine:
    """Return the engine of this name or file, the same one while the file stays.

    Parameters
    ----------
    which : str or Path, default "cosmat"
        ``"cosmat"``; a name of `models`, whose file must lie in rembg's model folder;
        or an ONNX file, a str that ends in ``.onnx`` or any Path. A file whose MD5 is
        one of `models`, or that holds the weights of ``"cosmat"``, is fed as that one.
        Any other is assumed to be fed as U²-Net is, at 320 px where it leaves its sides
        open; where that is wrong, make a `NeuralEngine` with a `Model` of your own.
    models : mapping of str to Model, default `MODELS`
        Which names there are beside ``"cosmat"``.

    Returns
    -------
    NeuralEngine
        Its weights are loaded when it first cuts, those of an unknown file at once. A
        file that has changed since, by its time or size, gives another engine.

    Raises
    ------
    OptionsError
        When there is no such name or file, the file is damaged or no network for
        pictures. Nothing is ever fetched here.

    Examples
    --------
    >>> load_engine("cosmat").name
    'cosmat'
    >>> load_engine("cosmat") is load_engine("cosmat")
    True
    """
    path, model = _find(which, models)
    try:
        facts = path.stat()
        # Who comes second waits, so that nobody loads the same weights beside him.
        with _LOADING:
            known = tuple(models.values())
            return _make(path, model, known, (facts.st_mtime_ns, facts.st_size))
    except OptionsError:
        raise
    except (OSError, ValueError) as error:
        raise OptionsError(_absence(path, model, error)) from None


def _find(which: str | Path, models: Mapping[str, Model]) -> tuple[Path, Model | None]:
    """Return the file that is meant, and its model where the name tells."""
    if which == COSMAT.name:
        return WEIGHTS, COSMAT
    if isinstance(which, str) and which in models:
        return model_path(models[which]), models[which]
    named = isinstance(which, str) and which.lower().endswith(_SUFFIX)
    if named or isinstance(which, Path):
        here = os.path.expanduser(which)  # noqa: PTH111 - raises for no unknown user
        return Path(here).absolute(), None
    names = ", ".join((COSMAT.name, *models))
    raise OptionsError(
        f"engine must be one of {names}, a path that ends in .onnx, or a pathlib.Path; "
        f"not {which!r}"
    )


def _absence(path: Path, model: Model | None, error: Exception) -> str:
    if (
        model
        and model.address
        and isinstance(error, FileNotFoundError | NotADirectoryError)
    ):
        return (
            f"{model.name} is not in the model folder {path.parent}: `cosmat models "
            f"get {model.name}` fetches it (licence: {model.license})"
        )
    reason = getattr(error, "strerror", None) or error
    return f"expected an ONNX file at {path}: {reason}"


@lru_cache(maxsize=_KEPT)
def _make(
    path: Path, model: Model | None, known: tuple[Model, ...], _facts: tuple[int, int]
) -> NeuralEngine:
    if model == COSMAT:
        return NeuralEngine(Network(path, COSMAT))
    md5 = file_md5(path)
    if model is None:
        engine = NeuralEngine(Network(path, _recognize(path, md5, known)))
        engine.network.load()
        return engine
    if md5 != model.md5:
        raise OptionsError(
            f"{path} is not {model.name}: its MD5 is {md5}, expected {model.md5}; "
            f"`cosmat models get {model.name}` fetches it again, or name the path to "
            "use it as it is"
        )
    return NeuralEngine(Network(path, model))


def _recognize(path: Path, md5: str, known: tuple[Model, ...]) -> Model:
    """Find whose weights these are; U²-Net's feeding is assumed of all others."""
    if md5 == file_md5(WEIGHTS):
        return COSMAT
    by_md5 = {model.md5: model for model in known}
    plain = re.sub(r"[^\w.]+", "-", path.stem, flags=re.ASCII).strip("-.")
    return by_md5.get(md5) or Model(name=plain or "own")
