"""Types of columns, from their values: the same for every shard of a data set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.formats.row import OWN, PICTURES
from cosmat_nb.dataset.loaders.optional import import_optional

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["EXACT", "LARGEST", "build_schema", "find_type", "fit_value"]

LARGEST = 2**63 - 1
"""Largest whole number of an int64."""

EXACT = 2**53
"""Largest whole number up to which a float64 holds each."""

_OWN_TYPES = ("string", "string", "string", "int64", "int64")
_FEATURES = {"info": {"features": {name: {"_type": "Image"} for name in PICTURES}}}
"""What `datasets` looks for in a schema; it finds the other columns' types itself."""


def build_schema(columns: Sequence[Mapping[str, Any]]) -> Any:
    """Return the schema of examples that have these columns of the user's.

    Parameters
    ----------
    columns : sequence of mapping
        One mapping of names to JSON values an example.

    Returns
    -------
    pyarrow.Schema
        ``image``, ``alpha`` and ``mask`` as ``struct<bytes, path>``, which `datasets`
        decodes as images by the schema's ``huggingface`` entry; then name, key and
        category as text, height and width as int64, then the user's columns.

    Raises
    ------
    OptionsError
        When pyarrow is not installed.
    """
    pa = import_optional("pyarrow", "the Parquet format")
    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    fields = [(name, picture) for name in PICTURES]
    own = map(pa.type_for_alias, _OWN_TYPES)
    fields += zip(OWN, own, strict=True)
    names = dict.fromkeys(name for row in columns for name in row)
    fields += [(name, find_type([row.get(name) for row in columns])) for name in names]
    return pa.schema(fields, {"huggingface": json.dumps(_FEATURES)})


def find_type(values: Sequence[Any]) -> Any:
    """Return the narrowest type that holds JSON values without a loss.

    Parameters
    ----------
    values : sequence
        JSON values of one column; None is missing.

    Returns
    -------
    pyarrow.DataType
        null, bool, int64, float64, string, or a list of one of these; string where
        values have nothing else in common, or are mappings: `fit_value` then writes
        those that are no text as JSON.

    Examples
    --------
    >>> find_type([1, None, 2.5])
    DataType(double)
    >>> find_type([1, "large"])
    DataType(string)
    """
    pa = import_optional("pyarrow", "the Parquet format")
    present = [value for value in values if value is not None]
    kinds = set(map(type, present))
    if not kinds:
        return pa.null()
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int} and max(map(abs, present)) <= LARGEST:
        return pa.int64()
    if kinds <= {int, float} and all(map(_is_exact, present)):
        return pa.float64()
    if kinds == {list}:
        return pa.list_(find_type([item for value in present for item in value]))
    return pa.string()


def fit_value(value: Any, kind: Any) -> Any:
    """Return a JSON value as a column of the type holds it.

    Examples
    --------
    >>> fit_value({"a": 1}, find_type([{"a": 1}]))
    '{"a": 1}'
    """
    if value is None:
        return None
    if isinstance(value, list) and str(kind).startswith("list"):
        return [fit_value(item, kind.value_type) for item in value]
    if str(kind) != "string":
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # Parquet's text is UTF-8, which has no halves of surrogate pairs.
    return text.encode("utf-8", "replace").decode()


def _is_exact(number: Any) -> bool:
    return isinstance(number, float) or abs(number) <= EXACT
