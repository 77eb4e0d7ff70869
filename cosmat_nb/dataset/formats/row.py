"""What a shard tells of an example beside its pictures: one flat row."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosmat_nb.dataset.example import Example

__all__ = [
    "OWN",
    "PICTURES",
    "check_shard_size",
    "describe_example",
    "describe_record",
    "list_categories",
]

PICTURES = ("image", "alpha", "mask")
"""Columns that hold a picture's file."""

OWN = ("name", "key", "category", "height", "width")
"""Columns that every data set has beside them; the user's follow."""


_LEAST = 2


def describe_example(example: Example) -> dict[str, Any]:
    """Return an example's row, as `describe_record` does once it is in the manifest."""
    size = {"height": example.image.height, "width": example.image.width}
    return describe_record({**example.facts, "name": example.name, **size})


def describe_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return `OWN` and the user's columns of a line of the manifest.

    Parameters
    ----------
    record : mapping
        Holds each of `OWN`, and ``columns``, a mapping, where there are any.

    Raises
    ------
    OptionsError
        When a column of the user's is named as one of ours.

    Examples
    --------
    >>> size = {"height": 2, "width": 3}
    >>> record = {"name": "mug", "key": "a/mug.jpg", "category": "mug", **size}
    >>> describe_record({**record, "columns": {"shop": 7}})["shop"]
    7
    """
    columns = record.get("columns") or {}
    clash = [name for name in columns if name in (*PICTURES, *OWN)]
    if clash:
        raise OptionsError(
            f"examples have a column {', '.join(clash)} of their own: rename yours, "
            "or leave it out of columns="
        )
    return {**{name: record[name] for name in OWN}, **columns}


def list_categories(record: Mapping[str, Any]) -> list[str]:
    """Return the category of each subject of a line of the manifest, hidden ones too.

    Examples
    --------
    >>> list_categories({"category": "mug"})
    ['mug']
    >>> subjects = [{"category": "tree"}, {"category": "mug"}]
    >>> list_categories({"category": "mug, tree", "scene": {"subjects": subjects}})
    ['tree', 'mug']
    """
    subjects = record.get("scene", {}).get("subjects", [record])
    return [str(each["category"]) for each in subjects if each.get("category")]


def check_shard_size(value: object) -> int:
    """Return how many examples a shard holds at most.

    Raises
    ------
    OptionsError
        When it is not a whole number above 1: a shard of one is named like its example,
        and no split's.

    Examples
    --------
    >>> check_shard_size(256)
    256
    """
    try:
        size = index(value)  # type: ignore[arg-type]
    except TypeError:
        size = 0
    if size < _LEAST:
        raise OptionsError(
            f"shard_size must be a whole number of examples, {_LEAST} or more; not "
            f"{value!r:.40}"
        )
    return size
