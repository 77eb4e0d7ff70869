"""Values whose fields are columns of a table."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

__all__ = ["Columns"]

_DTYPES = MappingProxyType({"int": "Int64", "float": "float64", "str": "string"})


@dataclass(frozen=True, slots=True)
class Columns:
    """Base of numbers that belong together; the order of fields is that of columns."""

    def as_row(self) -> dict[str, Any]:
        """Return the columns of one row of a table; NaN where a value is missing.

        Returns
        -------
        dict of str to int, float or str
            Every field, in order, under its own name.

        Examples
        --------
        >>> from cosmat_nb.metrics.matte import MatteMetrics
        >>> row = MatteMetrics(matte_height=2, matte_width=3).as_row()
        >>> row["matte_width"], row["coverage"], row["extent"], row["parts"]
        (3, 0.0, nan, 0)
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: math.nan if value is None else value for k, value in values.items()}

    @classmethod
    def column_dtypes(cls) -> dict[str, str]:
        """Return the pandas dtype of every column, the same for any number of rows.

        Whole numbers are ``Int64``, because a picture that was never cut out is a row
        of missing values.

        Returns
        -------
        dict of str to str
            What ``DataFrame.astype`` takes, in the order of columns.

        Examples
        --------
        >>> from cosmat_nb.metrics.matte import MatteMetrics
        >>> dtypes = MatteMetrics.column_dtypes()
        >>> dtypes["parts"], dtypes["coverage"]
        ('Int64', 'float64')
        """
        # Annotations are text here: "int | None" begins with the type of the column.
        return {f.name: _DTYPES[str(f.type).split()[0]] for f in fields(cls)}
