"""The formats by their names."""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosmat_nb.dataset.formats.format import Format

__all__ = ["FORMATS", "read_format"]

FORMATS = MappingProxyType(
    {
        "folder": "Folder",
        "coco": "Coco",
        "yolo": "Yolo",
        "webdataset": "WebDataset",
        "parquet": "Parquet",
    }
)
"""Class of each format; it lies in the module that is named as the format is."""


def read_format(
    format: str | Format,  # noqa: A002 - the word that write_dataset has for it
    settings: Mapping[str, Any] = MappingProxyType({}),
) -> Format:
    """Return the format that is meant.

    Parameters
    ----------
    format : str or Format
        One of `FORMATS`, or a value of one of their classes, which stays as it is.
    settings : mapping, optional
        Of a name: what `Format.settings` told, or some of it.

    Raises
    ------
    OptionsError
        When there is no such format, or it has no such settings.

    Examples
    --------
    >>> read_format("folder")
    Folder(parquet=False)
    """
    if not isinstance(format, str):
        if type(format).__name__ not in FORMATS.values():
            raise OptionsError(
                f"{_known()}, or a value as Folder(); not {format!r:.60}"
            )
        return format
    if format not in FORMATS:
        raise OptionsError(f"{_known()}; not {format!r:.40}")
    module = import_module(f"cosmat_nb.dataset.formats.{format}")
    try:
        made: Format = getattr(module, FORMATS[format])(**settings)
    except TypeError as error:
        raise OptionsError(f"settings of the format {format!r}: {error}") from None
    return made


def _known() -> str:
    return f"format must be one of {', '.join(map(repr, FORMATS))}"
