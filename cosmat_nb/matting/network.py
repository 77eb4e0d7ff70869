"""A network that answers a coarse matte, run by onnxruntime on the CPU."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cosmat_nb.errors import OptionsError
from cosmat_nb.matting.resample import shrink

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cosmat_nb.matting.models import Model

__all__ = ["Network", "check_picture"]

_TYPES = {"tensor(float)": "float32", "tensor(float16)": "float16"}
_PLANES = 4
_CHANNELS = 3
_FLAT = 0.1
_QUIET = 4


class _Loaded(NamedTuple):
    """A session with what is asked of it: sizes, and names of what goes in and out."""

    session: Any
    given: str
    dtype: str
    side: int
    answer: str


def check_picture(picture: NDArray[np.uint8]) -> None:
    """Refuse what is no (H, W, 3) uint8 array with at least one pixel.

    Raises
    ------
    OptionsError
        When `picture` has another shape or dtype.
    """
    right = picture.ndim == _CHANNELS and picture.shape[2] == _CHANNELS
    if not right or picture.size == 0 or picture.dtype != np.uint8:
        raise OptionsError(
            "picture must be an (H, W, 3) uint8 array with at least one pixel; "
            f"not {picture.shape} {picture.dtype}"
        )


class Network:
    """Weights and how they are fed; loaded once, at first use, safe for threads.

    Parameters
    ----------
    path : Path or str
        An ONNX file with one input of shape ``(1, 3, side, side)``, float32 or float16,
        its sides fixed or open; the matte is channel 0 of the first output, which has
        shape ``(1, channels, rows, cols)``. Its weights lie within that file.
    model : Model
        How it is fed.

    Examples
    --------
    >>> from cosmat_nb.matting.models import COSMAT
    >>> from cosmat_nb.matting.neural import WEIGHTS
    >>> matte = Network(WEIGHTS, COSMAT).matte(np.zeros((40, 60, 3), np.uint8))
    >>> matte.ndim, matte.dtype
    (2, dtype('float32'))
    """

    def __init__(self, path: Path | str, model: Model) -> None:
        self.path, self.model = Path(path), model
        self._lock = Lock()
        self._digest = ""
        self._loaded: _Loaded | None = None

    def __reduce__(self) -> tuple[object, ...]:
        # The weights are loaded anew in another process.
        return type(self), (self.path, self.model)

    @property
    def version(self) -> str:
        """Eight hexadecimal digits of the SHA-256 of the weights and their feeding.

        Raises
        ------
        OptionsError
            When the file cannot be read.
        """
        with self._lock:
            if not self._digest:
                self._read()
            return self._digest

    def load(self) -> None:
        """Load the weights now instead of at first use.

        Raises
        ------
        OptionsError
            When the file cannot be read, is no ONNX, has other inputs or outputs, or
            has changed since it was first read.
        """
        self._open()

    def matte(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Answer the coarse matte of the whole picture.

        Parameters
        ----------
        picture : (H, W, 3) uint8 array
            sRGB.

        Returns
        -------
        (h, w) float32 array in [0, 1]
            As large as the network answers: ``(side, side)`` for all of `MODELS`. The
            same array for the same picture, whatever other threads ask.

        Raises
        ------
        OptionsError
            When `picture` has another shape or dtype, the weights cannot be loaded
            (see `load`), or the answer is no matte: another shape, or not a number.

        Notes
        -----
        An answer to be stretched whose values differ by less than 0.1 is clipped to
        [0, 1] instead: the stretch would make a subject of nothing. U²-Net answers up
        to 0.06 to pictures of one colour, which rembg stretches.
        """
        check_picture(picture)
        loaded = self._open()
        sides = (loaded.side, loaded.side)
        planes = _feed(shrink(picture, sides, self.model.resample), self.model)
        try:
            answer = loaded.session.run(
                [loaded.answer], {loaded.given: planes.astype(loaded.dtype)}
            )[0]
        except Exception as error:  # noqa: BLE001 - onnxruntime's errors share no base
            raise OptionsError(f"{self._named} could not run: {error}") from None
        return self._read_answer(answer)

    def _read_answer(self, answer: Any) -> NDArray[np.float32]:
        if not _is_matte(answer):
            got = getattr(answer, "shape", f"a {type(answer).__name__}")
            raise OptionsError(
                f"{self._named} answered no matte: expected (1, channels, rows, cols) "
                f"numbers as its first output; got {got} {getattr(answer, 'dtype', '')}"
            )
        matte: NDArray[np.float32] = np.asarray(answer[0, 0], np.float32)
        if self.model.sigmoid:
            # The logistic function, in the form that cannot overflow.
            matte = np.asarray((1 + np.tanh(matte / 2)) / 2, np.float32)
        if not np.isfinite(matte).all():
            raise OptionsError(
                f"{self._named} answered values that are not finite: see Model for "
                "how it is fed, or take weights in single precision"
            )
        least, most = matte.min(), matte.max()
        if self.model.stretch and most - least >= _FLAT:
            matte = (matte - least) / (most - least)
        return matte.clip(0, 1)

    def _open(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load(self._read())
            return self._loaded

    def _read(self) -> bytes:
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise OptionsError(
                f"expected an ONNX file at {self.path}: {error.strerror}"
            ) from None
        digest = hashlib.sha256(data)
        digest.update(repr(self.model.feeding).encode())
        found = digest.hexdigest()[:8]
        if self._digest not in ("", found):
            raise OptionsError(
                f"{self.path} has changed since its version was told: make the engine "
                "again"
            )
        self._digest = found
        return data

    def _load(self, data: bytes) -> _Loaded:
        try:
            session = _start(data)
        except Exception as error:  # noqa: BLE001 - as above
            raise OptionsError(
                f"expected an ONNX file at {self.path}; onnxruntime says: {error}"
            ) from None
        inputs, outputs = session.get_inputs(), session.get_outputs()
        shape = list(inputs[0].shape) if len(inputs) == 1 else []
        kind = inputs[0].type if inputs else ""
        if not _is_fed(shape) or kind not in _TYPES or not outputs:
            got = ", ".join(f"{each.shape} {each.type}" for each in inputs)
            raise OptionsError(
                f"{self.path} takes {got or 'nothing'} and answers {len(outputs)} "
                "arrays; expected one input (1, 3, side, side) of float32 or float16, "
                "and an output"
            )
        fixed = next((n for n in shape[2:] if isinstance(n, int)), self.model.side)
        return _Loaded(session, inputs[0].name, _TYPES[kind], fixed, outputs[0].name)

    @property
    def _named(self) -> str:
        return f"the network {self.model.name} of {self.path}"


def _is_fed(shape: list[int | str | None]) -> bool:
    """Whether a batch of one square picture fits; what is open is no int."""
    if len(shape) != _PLANES:
        return False
    batch, channels, *sides = (n if isinstance(n, int) else None for n in shape)
    fixed = {n for n in sides if n is not None}
    return (
        batch in (1, None)
        and channels in (_CHANNELS, None)
        and len(fixed) <= 1
        and all(n > 0 for n in fixed)
    )


def _is_matte(answer: Any) -> bool:
    """Whether the answer is numbers of the shape of one picture at least."""
    return (
        isinstance(answer, np.ndarray)
        and answer.dtype.kind in "biuf"
        and answer.ndim == _PLANES
        and len(answer) == 1
        and answer.size > 0
    )


def _feed(small: NDArray[np.uint8], model: Model) -> NDArray[np.float32]:
    """Return (1, 3, side, side): divided, mean subtracted, divided by deviation."""
    values = small.astype(np.float32)
    values /= max(float(values.max()), 1e-6) if model.peak else 255
    values -= np.asarray(model.mean, np.float32)
    values /= np.asarray(model.deviation, np.float32)
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def _start(data: bytes) -> Any:
    """Start a session that uses the caller's thread alone and returns its memory."""
    import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # The arena never shrinks, and grows with every thread that asks at once.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = _QUIET
    # Weights outside the file would be taken from the working folder, and their change
    # would be no new version: a folder that cannot be keeps them away.
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", os.devnull
    )
    return onnxruntime.InferenceSession(
        data, options, providers=["CPUExecutionProvider"]
    )
