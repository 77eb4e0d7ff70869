"""rembg's model folder: where it is, what lies there, and what is fetched into it."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from cosmat_nb.errors import OptionsError, ProtocolError, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from cosmat_nb.matting.models import Model

__all__ = [
    "ModelFile",
    "fetch_model",
    "file_md5",
    "look_up",
    "model_folder",
    "model_path",
]

_PATIENCE = 30.0
_MOST_NBYTES = 2**30
_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """What lies in the model folder under a model's name.

    Attributes
    ----------
    path : Path
        Where its file is, or would be.
    nbytes : int or None
        Its size, bytes; None when there is none.
    intact : bool
        Whether its checksum is the model's.
    """

    path: Path
    nbytes: int | None
    intact: bool


def model_folder() -> Path:
    """Return the folder in which rembg keeps its models; it may not exist.

    Returns
    -------
    Path
        ``$U2NET_HOME``; without it ``.u2net`` in ``$XDG_DATA_HOME``, and without that
        in the home folder. A variable that is empty counts as absent.

    Raises
    ------
    OptionsError
        When there is neither a variable nor a home folder.

    Notes
    -----
    ``BaseSession.u2net_home`` of https://github.com/danielgatis/rembg.
    """
    named = os.environ.get("U2NET_HOME")
    folder = Path(named or Path(os.environ.get("XDG_DATA_HOME") or "~", ".u2net"))
    try:
        return folder.expanduser()
    except RuntimeError:
        raise OptionsError(
            f"expected a home folder for {folder}: set U2NET_HOME to the folder of "
            "your models"
        ) from None


def model_path(model: Model) -> Path:
    """Return where a model's file is kept, whether it is there or not.

    Raises
    ------
    OptionsError
        As `model_folder`.

    Examples
    --------
    >>> from cosmat_nb.matting.models import MODELS
    >>> model_path(MODELS["u2net"]).name
    'u2net.onnx'
    """
    return model_folder() / f"{model.name}.onnx"


def file_md5(path: Path) -> str:
    """Return the MD5 of a file, 32 hexadecimal digits.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, _new_md5).hexdigest()


def look_up(model: Model) -> ModelFile:
    """Look whether a model's file lies in the folder, and whether it is the right one.

    Parameters
    ----------
    model : Model
        With the checksum to compare with.

    Raises
    ------
    OptionsError
        As `model_folder`, and when something lies there that cannot be read.

    Examples
    --------
    >>> from cosmat_nb.matting.models import Model
    >>> look_up(Model(name="none-of-this-name")).nbytes is None
    True
    """
    path = model_path(model)
    try:
        md5, nbytes = file_md5(path), path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return ModelFile(path=path, nbytes=None, intact=False)
    except OSError as error:
        raise OptionsError(f"expected a file at {path}: {error.strerror}") from None
    return ModelFile(path=path, nbytes=nbytes, intact=md5 == model.md5)


def fetch_model(
    model: Model, report: Callable[[int, int | None], object] | None = None
) -> Path:
    """Fetch a model's file from its address, unless the right one is there already.

    The file takes its place whole and checked, or not at all; a damaged one that lay
    there before stays until then. Redirects are followed; `model_folder` is made when
    it is not there.

    Parameters
    ----------
    model : Model
        With address and checksum.
    report : callable, optional
        Called with the bytes that have come and the bytes in all, None when unknown.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    OptionsError
        When the model has no address or checksum, or the folder cannot be written:
        no right, no room.
    TransportError
        When no connection came about, or it ended early.
    ProtocolError
        When the answer is no file, has another checksum or is larger than 1 GiB.
    """
    if not model.address or not model.md5:
        raise OptionsError(f"{model.name} has no address or no checksum to fetch it by")
    found = look_up(model)
    if found.intact:
        return found.path
    try:
        with _answer(model) as answer, _draft(found.path) as file:
            _copy(model, answer, file, report)
    except OSError as error:
        raise OptionsError(
            f"{found.path.parent} cannot be written: {error.strerror or error}; make "
            "room or rights there, or set U2NET_HOME to another folder"
        ) from None
    return found.path


@contextmanager
def _draft(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that becomes `path` when all went well, and is gone otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}.part")
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def _answer(model: Model) -> Iterator[httpx.Response]:
    """Ask for a model's file; what goes wrong until it has come is an error of ours."""
    import httpx  # noqa: PLC0415 - most never fetch

    try:
        with httpx.stream(
            "GET",
            model.address,
            headers={"Accept-Encoding": "identity"},
            follow_redirects=True,
            timeout=_PATIENCE,
        ) as answer:
            if answer.status_code != _OK:
                raise ProtocolError(
                    f"expected {model.name} from {model.address}; nothing was kept",
                    status=answer.status_code,
                )
            yield answer
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        # Only its kind is told: the words may hold the signed address of a redirect.
        raise TransportError(
            f"expected {model.name} from {model.address}: {type(error).__name__}; is "
            "this machine online, and is a proxy needed (HTTPS_PROXY)? Then try again",
            unsent=isinstance(error, httpx.ConnectError),
        ) from None


def _copy(
    model: Model,
    answer: httpx.Response,
    file: IO[bytes],
    report: Callable[[int, int | None], object] | None,
) -> None:
    """Write what comes, and see that it is the model's file."""
    length = answer.headers.get("Content-Length", "")
    total = int(length) if length.isdecimal() else None
    digest, done = _new_md5(), 0
    for part in answer.iter_raw():
        done += len(part)
        if max(done, total or 0) > _MOST_NBYTES:
            raise ProtocolError(
                f"{model.address} sends more than {_MOST_NBYTES} bytes; none was kept"
            )
        digest.update(part)
        file.write(part)
        if report:
            report(done, total)
    if digest.hexdigest() != model.md5:
        raise ProtocolError(
            f"what came from {model.address} is not {model.name}: its MD5 is "
            f"{digest.hexdigest()}, expected {model.md5}; nothing was kept"
        )


def _new_md5() -> hashlib._Hash:
    # A checksum against damage; machines that forbid MD5 for security allow it so.
    return hashlib.md5(usedforsecurity=False)
