"""The provider's count of calls, day by day, beside ours."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

__all__ = ["compare_days", "find_zone", "read_usage"]

_SHOWN = 40
_DAY = re.compile(r"(\d{4})([-/.年]?)(\d{1,2})(?:\2|月)(\d{1,2})日?(.*)", re.DOTALL)
_ENCODINGS = ("utf-8-sig", "gb18030")


def find_zone(name: str) -> zoneinfo.ZoneInfo:
    """Return a time zone by its name.

    Raises
    ------
    OptionsError
        When there is none of that name.
    """
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise OptionsError(
            f"timezone must be a name as 'Asia/Shanghai' or 'UTC'; not {name!r}"
        ) from None


def read_usage(
    usage: str | Path | pd.DataFrame, day: str, calls: str, zone: zoneinfo.ZoneInfo
) -> pd.Series:
    """Read the provider's calls by day.

    Parameters
    ----------
    usage : str, Path or DataFrame
        A CSV file (UTF-8 or GB 18030), or a frame read from something else.
    day, calls : str
        Which columns hold the day and the number of calls. Days are written year
        first; a time of day is cut off, a time with an offset is moved to `zone`
        first. Numbers may have thousands separators; an empty one is 0.
    zone : ZoneInfo
        Whose days they are.

    Returns
    -------
    Series
        Calls (int64) by `datetime.date`, in order; rows of the same day are summed.

    Raises
    ------
    OptionsError
        When the file, a column, a day or a number cannot be read.
    """
    import pandas as pd  # noqa: PLC0415 - heavy, and not for everybody

    frame = usage if isinstance(usage, pd.DataFrame) else _read_csv(Path(usage))
    days, numbers = _pick(frame, day), _pick(frame, calls)
    told = ~(days.map(_is_blank) & numbers.map(_is_blank)).astype(bool)
    table = pd.DataFrame(
        {
            "day": _read_cells(days[told], day, lambda cell: _read_day(cell, zone)),
            "calls": _read_cells(numbers[told], calls, _read_count),
        }
    )
    return table.astype({"calls": "int64"}).groupby("day")["calls"].sum()


def compare_days(provider: pd.Series, ours: pd.Series) -> pd.DataFrame:
    """Put two counts side by side and say what neither explains.

    Parameters
    ----------
    provider : Series
        The provider's calls (int) by day.
    ours : Series
        Our calls (int) by whether they were billed (yes, unknown, no) and by day.

    Returns
    -------
    DataFrame
        As `Ledger.reconcile` describes it.
    """
    import pandas as pd  # noqa: PLC0415 - heavy, and not for everybody

    names = {"yes": "billed", "unknown": "unknown", "no": "free"}
    columns = {"provider": provider}
    for billed, name in names.items():
        columns[name] = ours[ours.index.get_level_values("billed") == billed].droplevel(
            "billed"
        )
    table = pd.DataFrame(columns).astype("Int64").sort_index()
    if len(provider):
        # A day inside the file that it leaves out had no calls; of others it is silent.
        covered = (table.index >= provider.index[0]) & (
            table.index <= provider.index[-1]
        )
        table.loc[covered, "provider"] = table.loc[covered, "provider"].fillna(0)
    table[list(names.values())] = table[list(names.values())].fillna(0)
    table["difference"] = table["provider"] - table["billed"]
    explained = table["difference"].clip(lower=0, upper=table["unknown"])
    table["unexplained"] = table["difference"] - explained
    notes = [_note(*row) for row in zip(*(table[name] for name in _NOTED), strict=True)]
    table["note"] = pd.Series(notes, index=table.index, dtype="str")
    table.index = pd.DatetimeIndex(table.index, dtype="datetime64[us]", name="day")
    counts = dict.fromkeys(names.values(), "int64")
    return table.astype(counts).reset_index()


_NOTED = ("difference", "unknown", "unexplained")


def _note(difference: Any, unknown: int, unexplained: Any) -> str:
    """Say in words what a day's three numbers mean."""
    import pandas as pd  # noqa: PLC0415 - heavy, and not for everybody

    if pd.isna(difference):
        return "the usage file does not reach this day"
    if unexplained > 0:
        return (
            f"the provider counts {unexplained} more than this store can have made: "
            "another store, another program, or calls near midnight"
        )
    if unexplained < 0:
        return (
            f"{-unexplained} calls held for billed are not in the usage file: it may "
            "be late, leave out free calls, or put calls near midnight elsewhere"
        )
    if unknown:
        return f"agrees if {difference} of {unknown} unknown were billed"
    return "agrees"


def _read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - heavy, and not for everybody

    for encoding in _ENCODINGS:
        try:
            frame = pd.read_csv(
                path, dtype="str", encoding=encoding, skipinitialspace=True
            )
        except UnicodeDecodeError:
            continue
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OptionsError(
                f"the usage file {path} cannot be read: {reason}"
            ) from None
        return frame.rename(columns=str.strip)
    raise OptionsError(
        f"the usage file {path} is no CSV text; read it with pandas (as "
        "pandas.read_excel) and pass the frame"
    )


def _pick(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return one column as objects, or say which columns there are."""
    if list(frame.columns).count(name) != 1:
        found = ", ".join(map(repr, frame.columns)) or "none at all"
        raise OptionsError(
            f"expected one column {name!r} in the usage file; its columns are: {found}"
        )
    return frame[name].astype("object")


def _read_cells(
    cells: pd.Series, name: str, read: Callable[[object], object]
) -> list[object]:
    values = []
    for row, cell in enumerate(cells.tolist(), start=1):
        try:
            values.append(read(cell))
        except (ValueError, TypeError, OverflowError) as error:
            raise OptionsError(
                f"column {name!r}, filled row {row} of the usage file: {error}; got "
                f"{str(cell)[:_SHOWN]!r}. Drop rows that are no day, as a total"
            ) from None
    return values


def _read_day(cell: object, zone: zoneinfo.ZoneInfo) -> dt.date:
    import pandas as pd  # noqa: PLC0415 - heavy, and not for everybody

    if not isinstance(cell, (dt.date, pd.Timestamp)):
        match = _DAY.fullmatch(_text(cell))
        if match is None:
            raise ValueError("expected a day written year first, as 2026-01-31")
        year, _, month, date, clock = match.groups()
        cell = f"{year}-{int(month):02d}-{int(date):02d}{clock}"
    moment = pd.Timestamp(cell)
    if pd.isna(moment):
        raise ValueError("expected a day")
    return (moment if moment.tz is None else moment.tz_convert(zone)).date()


def _read_count(cell: object) -> int:
    text = "0" if _is_blank(cell) else _text(cell)
    for separator in (",", "，", " ", "\N{NO-BREAK SPACE}", "'", "_"):
        text = text.replace(separator, "")
    number = float(text)
    if number < 0 or number != int(number):
        raise ValueError("expected a whole number of calls, 0 or more")
    return int(number)


def _text(cell: object) -> str:
    # A frame's whole numbers turn into floats as soon as one cell is missing.
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()


def _is_blank(cell: object) -> bool:
    import pandas as pd  # noqa: PLC0415 - heavy, and not for everybody

    return cell is None or cell is pd.NaT or cell != cell or not str(cell).strip()  # noqa: PLR0124 - NaN
