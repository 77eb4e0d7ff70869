"""Tables as lines of JSON whose readers find one type for a column in every split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.exports.cells import find_kind
from cosmat_nb.dataset.formats.schema import EXACT, LARGEST
from cosmat_nb.dataset.manifest import dump_json
from cosmat_nb.places import whole_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["write_lines"]


def write_lines(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, bytes]:
    r"""Return the text of each table, a line of JSON a row.

    Readers guess a column's type from one table alone and then refuse others: so
    numbers are fractions everywhere if they are anywhere, and a column that is no
    plain text, number or flag, has values of several kinds, whole numbers of more than
    64 bits (beside fractions, of more than a fraction holds), or none at all in some
    table, is text everywhere: empty where a value is missing, JSON where it is none.

    Parameters
    ----------
    tables : mapping of str to sequence of mapping
        Rows by table, all with the same columns.

    Examples
    --------
    >>> write_lines({"train": [{"a": 1, "b": None}], "val": [{"a": 0.5, "b": [2]}]})
    {'train': b'{"a": 1.0, "b": ""}\n', 'val': b'{"a": 0.5, "b": "[2]"}\n'}
    """
    names = next((row for rows in tables.values() for row in rows), {})
    kinds = {
        name: _find_kinds([[row[name] for row in rows] for rows in tables.values()])
        for name in names
    }
    return {
        table: b"".join(_line(row, kinds) for row in rows)
        for table, rows in tables.items()
    }


def _find_kinds(cells: Sequence[Sequence[Any]]) -> set[str]:
    kinds = {find_kind(values) for values in cells}
    whole = (abs(each) for values in cells for each in values if isinstance(each, int))
    most = EXACT if "number" in kinds else LARGEST
    return {"json"} if max(whole, default=0) > most else kinds


def _line(row: Mapping[str, Any], kinds: Mapping[str, set[str]]) -> bytes:
    cells = {name: _fit(value, kinds[name]) for name, value in row.items()}
    return dump_json(cells) + b"\n"


def _fit(value: Any, kinds: set[str]) -> Any:
    if "json" in kinds or not (len(kinds) == 1 or kinds == {"integer", "number"}):
        if value is None:
            return ""
        text = value if isinstance(value, str) else dump_json(value).decode()
        return whole_text(text)
    if "number" in kinds and value is not None:
        return float(value)
    return whole_text(value) if isinstance(value, str) else value
