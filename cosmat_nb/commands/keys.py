"""Keys from a file: what a user names becomes a frame."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pandas as pd

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column

__all__ = ["read_keys"]

_MOST_WORDS = 200


def read_keys(
    source: str, column: str = "key", etag: str | None = None
) -> pd.DataFrame:
    r"""Read the frame of a batch.

    Parameters
    ----------
    source : str
        A file ending in ``.csv`` (UTF-8, with a head) or ``.parquet``; ``.txt`` or
        ``.lst`` with one key a line; ``-`` for such lines from standard input.
    column : str, default "key"
        The column of keys; what lines without a head become.
    etag : str, optional
        The column of ETags, which must then be there.

    Returns
    -------
    DataFrame
        Rows in their order, all columns. Of a table of text only an empty cell is
        missing, and a column is of numbers or truth values only where these are
        written as in the file: ``007`` and ``1.50`` stay text.

    Raises
    ------
    OptionsError
        When the file cannot be read, pyarrow is needed and missing, or a column is not
        there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "k.csv").write_text("key,sku,n\na.jpg,007,7\nb.jpg,,\n")
    ...     read_keys(f"{folder}/k.csv")["sku"].tolist()[0]
    '007'
    """
    try:
        frame = _read(source, column, etag)
    except UnicodeDecodeError:
        raise OptionsError(f"{source} is not UTF-8: save it as UTF-8") from None
    except ImportError:
        raise OptionsError(
            f"reading {source} needs pyarrow: pip install pyarrow, or pass a .csv file"
        ) from None
    except OSError as error:
        raise OptionsError(f"cannot read {source}: {error.strerror or error}") from None
    except (ValueError, pd.errors.ParserWarning) as error:
        words = " ".join(str(error).split())[:_MOST_WORDS]
        raise OptionsError(f"cannot read {source}: {words}") from None
    check_column(frame, column, "pass --column")
    if etag is not None:
        check_column(frame, etag, "pass another --etag, or none")
    return frame


def _read(source: str, column: str, etag: str | None) -> pd.DataFrame:
    if source == "-":
        return _lines(sys.stdin.buffer.read(), column)
    path = Path(source).expanduser()
    ending = path.suffix.lower()
    if ending == ".parquet":
        return _with_columns_alone(pd.read_parquet(path, engine="pyarrow"))
    if ending == ".csv":
        return _table(path.read_bytes(), {column, etag or "etag"})
    if ending in (".txt", ".lst"):
        return _lines(path.read_bytes(), column)
    raise ValueError("its name must end in .csv, .parquet, .txt or .lst, or be -")


def _lines(data: bytes, column: str) -> pd.DataFrame:
    # Not splitlines: a key may hold what Unicode takes for a line's end.
    lines = (line.removesuffix("\r") for line in data.decode("utf-8-sig").split("\n"))
    return pd.DataFrame(
        {column: pd.Series([line for line in lines if line], dtype="str")}
    )


def _with_columns_alone(frame: pd.DataFrame) -> pd.DataFrame:
    named = any(name is not None for name in frame.index.names)
    return frame.reset_index(drop=not named)


def _table(data: bytes, text_columns: set[str]) -> pd.DataFrame:
    texts = _parse(data, dtype=str)
    kinds = dict.fromkeys(text_columns & set(texts.columns), str)
    guessed = _parse(data, dtype=kinds, dtype_backend="numpy_nullable")
    for name in texts.columns.difference(list(kinds)):
        if _says_the_same(texts[name], guessed[name]):
            texts[name] = guessed[name]
    return texts


def _parse(data: bytes, **settings: object) -> pd.DataFrame:
    frame: pd.DataFrame = pd.read_csv(  # type: ignore[call-overload]
        io.BytesIO(data),
        encoding="utf-8-sig",
        index_col=False,
        keep_default_na=False,
        na_values=[""],
        **settings,
    )
    return frame


def _says_the_same(texts: pd.Series, guessed: pd.Series) -> bool:
    if not pd.api.types.is_numeric_dtype(guessed.dtype):  # truth values count as such
        return False
    known = texts.notna()
    written = list(map(str, guessed[known]))
    return bool(written) and written == texts[known].tolist()
