"""The result table: a file that is there whole, or as it was before."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pandas as pd

from cosmat_nb.errors import CosmatError, OptionsError
from cosmat_nb.frame.matting import ASKED_ATTRIBUTE
from cosmat_nb.frame.summary import RUN_ATTRIBUTE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.wire.results import StoredPicture

__all__ = ["check_out", "plain_table", "write_table"]


def check_out(out: str, keys: str) -> Path:
    """Make sure that a table can be written, before anything is paid for.

    Parameters
    ----------
    out : str
        Where to; ends in ``.csv`` or ``.parquet``.
    keys : str
        Where the keys are read from, which is never replaced.

    Returns
    -------
    Path
        The file itself, links followed.

    Raises
    ------
    OptionsError
        For another ending, a folder that is not there or cannot be written, and where
        pyarrow is needed and missing.

    Examples
    --------
    >>> check_out("keys.csv", "keys.csv")
    Traceback (most recent call last):
    cosmat_nb.errors.OptionsError: --out would replace the keys in keys.csv
    """
    path = Path(out).expanduser().resolve()
    ending = path.suffix.lower()
    if ending not in (".csv", ".parquet"):
        raise OptionsError(f"--out must end in .csv or .parquet; not {path.name!r}")
    if ending == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise OptionsError(
            "writing .parquet needs pyarrow: pip install pyarrow, or name a .csv file"
        )
    if keys != "-" and path == Path(keys).expanduser().resolve():
        raise OptionsError(f"--out would replace the keys in {keys}")
    if path.is_dir():
        raise OptionsError(f"--out {out} is a folder: name a file in it")
    part = _part(path)
    try:
        part.touch(exist_ok=False)
        part.unlink()
    except OSError as error:
        raise OptionsError(
            f"--out {out} cannot be written: {error.strerror or error}"
        ) from None
    return path


def plain_table(result: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Turn a batch's result into what a file can hold.

    Parameters
    ----------
    result : DataFrame
        As `matte_frame` returns it.
    path : Path
        Where the table will be; a cutout that the store could not keep is saved in a
        folder beside it, since it is paid.

    Returns
    -------
    DataFrame
        The same rows and columns; ``cutout`` is the path of its file (str) and
        ``stored`` the object keys of the results (str, one a line), missing where there
        is none.
    """
    beside = path.with_name(f"{path.stem}-unkept")
    files = [_file(cutout, beside) for cutout in result["cutout"]]
    keys = ["\n".join(_keys(stored)) or None for stored in result["stored"]]
    table = result.assign(
        cutout=pd.Series(files, index=result.index, dtype="str"),
        stored=pd.Series(keys, index=result.index, dtype="str"),
    )
    ours = (ASKED_ATTRIBUTE, RUN_ATTRIBUTE)
    table.attrs = {name: v for name, v in result.attrs.items() if name not in ours}
    return table


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table to a file that holds all of it at once, or is left as it was.

    Parameters
    ----------
    table : DataFrame
        As `plain_table` made it.
    path : Path
        As `check_out` returned it.

    Raises
    ------
    OSError
        When the disk is full or fails.
    ValueError, TypeError
        When the format cannot hold a value.
    """
    part = _part(path)
    try:
        if path.suffix.lower() == ".parquet":
            table.to_parquet(part, engine="pyarrow", index=False)
        else:
            # A path may hold bytes that are no text; a table with them is worth more.
            table.to_csv(part, index=False, errors="backslashreplace")
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _part(path: Path) -> Path:
    return path.with_name(f".{path.stem}-{uuid4().hex[:12]}.part")


def _file(cutout: Cutout | None, beside: Path) -> str | None:
    if cutout is None or cutout.path is not None:
        return None if cutout is None else str(cutout.path)
    try:
        beside.mkdir(exist_ok=True)
        name = hashlib.sha256(cutout.png).hexdigest()
        return str(cutout.save(beside / f"{name}.png"))
    except (CosmatError, OSError):
        return None


def _keys(stored: Iterable[StoredPicture]) -> list[str]:
    return [picture.key for picture in stored]
