"""A data set on disk as a frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from cosmat_nb.dataset.exports.journal import JOURNAL
from cosmat_nb.dataset.formats.registry import read_format
from cosmat_nb.dataset.item import Item
from cosmat_nb.dataset.manifest import read_head, read_manifest
from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.trimap import RADIUS

__all__ = ["Item", "read_dataset"]

_TEXTS = ("name", "split", "key", "category")
_OWN = (*_TEXTS, "height", "width")


def read_dataset(folder: str | Path) -> pd.DataFrame:
    """Read what `write_dataset` wrote, in any of its formats.

    Parameters
    ----------
    folder : str or Path
        Of the data set.

    Returns
    -------
    DataFrame
        A row an example, in the manifest's order: ``name``, ``split`` (empty where
        nothing is split), ``key``, ``category``, ``height`` and ``width`` of the
        picture, px, the user's columns that were written, and ``item``: an `Item`,
        which reads pictures when they are asked for.

    Raises
    ------
    OptionsError
        When the folder holds no data set, one that is unfinished or damaged, or one of
        a newer toolkit.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> frame = cm.read_dataset("mugs")  # doctest: +SKIP
    >>> frame["item"].iloc[0].mask.mean()  # doctest: +SKIP
    """
    root = Path(folder).expanduser().absolute()
    if (root / JOURNAL).exists():
        raise OptionsError(
            f"{root} is unfinished: call write_dataset as before, and it goes on"
        )
    head, records = read_head(root), read_manifest(root)
    form = read_format(head.format, head.settings)
    radius = head.rendering.get("trimap_radius", RADIUS)
    users = [record.get("columns") or {} for record in records]
    own = {name: [record[name] for record in records] for name in _OWN}
    told = own | {name: [row.get(name) for row in users] for name in head.columns}
    columns = {name: _column(name, values) for name, values in told.items()}
    columns["item"] = pd.Series(
        [Item(root, form, record, radius) for record in records], dtype="object"
    )
    return pd.DataFrame(columns)


def _column(name: str, values: list[Any]) -> pd.Series:
    try:
        column = pd.Series(values, dtype="str" if name in _TEXTS else None)
    except UnicodeEncodeError:
        # Half a character is a key's too, and columns of text cannot hold it.
        return pd.Series(values, dtype="object")
    # Beside a missing value whole numbers become fractions, and large ones others.
    inexact = column.dtype == "float64" and any(
        isinstance(value, int) and float(value) != value for value in values
    )
    return pd.Series(values, dtype="object") if inexact else column
