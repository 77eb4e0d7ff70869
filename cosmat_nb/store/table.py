"""Frames of the database's rows, whose dtypes do not depend on the rows; and times."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

__all__ = ["MICROSECONDS", "build_table", "read_time"]

MICROSECONDS = "datetime64[us, UTC]"
"""Dtype of a time; its column comes from the database as whole microseconds."""


def build_table(
    rows: Iterable[tuple[Any, ...]], dtypes: Mapping[str, str]
) -> pd.DataFrame:
    """Build a frame of typed columns, also from no rows.

    Parameters
    ----------
    rows : iterable of tuple
        One value for each column; None where it is missing.
    dtypes : mapping of str to str
        The columns in their order.

    Examples
    --------
    >>> table = build_table([(0, "a.jpg")], {"at": MICROSECONDS, "place": "str"})
    >>> table["at"].iloc[0].isoformat(), table["place"].iloc[0]
    ('1970-01-01T00:00:00+00:00', 'a.jpg')
    """
    import pandas as pd  # noqa: PLC0415 - heavy, and not for everybody

    columns = list(zip(*rows, strict=True)) or [()] * len(dtypes)
    return pd.DataFrame(
        {
            name: _column(values, dtype)
            for (name, dtype), values in zip(dtypes.items(), columns, strict=True)
        }
    )


def read_time(name: str, moment: str | dt.date) -> float:
    """Return a moment as the database has it, s since 1970; without an offset, in UTC.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    moment : str or date
        A date, a datetime or a timestamp of pandas, or one of them as ISO 8601 text.

    Raises
    ------
    OptionsError
        When it is none of them.

    Examples
    --------
    >>> read_time("since", "1970-01-02"), read_time("since", "1970-01-01T08:00+08:00")
    (86400.0, 0.0)
    """
    try:
        day = dt.datetime.fromisoformat(str(moment))
    except ValueError:
        raise OptionsError(
            f"{name} must be a time, as '2026-11-01' or a datetime; not {moment!r:.60}"
        ) from None
    return (day if day.tzinfo else day.replace(tzinfo=dt.UTC)).timestamp()


def _column(values: tuple[Any, ...], dtype: str) -> pd.Series:
    import pandas as pd  # noqa: PLC0415 - heavy, and not for everybody

    if dtype == MICROSECONDS:
        # By way of Int64 a missing time stays missing, and no time is rounded.
        return (
            pd.Series(values, dtype="Int64")
            .astype("datetime64[us]")
            .dt.tz_localize("UTC")
        )
    return pd.Series(values, dtype=dtype)
