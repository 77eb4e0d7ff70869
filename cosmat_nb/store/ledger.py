"""The ledger: every attempt that could be billed, and what became of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from cosmat_nb.errors import OptionsError
from cosmat_nb.options import Operation, parse_rule
from cosmat_nb.store.database import Database
from cosmat_nb.store.life import is_alive
from cosmat_nb.store.table import MICROSECONDS, build_table, read_time
from cosmat_nb.store.usage import compare_days, find_zone, read_usage

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from pathlib import Path

    import pandas as pd

__all__ = ["Ledger", "Totals"]

CLOSED = "closed"
IN_FLIGHT = "in flight"
UNKNOWN = "unknown, may have been billed"

_DTYPES = {
    "intent": "int64",
    "run": "str",
    "at": MICROSECONDS,
    "service": "str",
    "sandbox": "bool",
    "bucket": "str",
    "place": "str",
    "rule": "str",
    "saved_as": "str",
    "attempt": "int64",
    "calls": "int64",
    "price": "float64",
    "cost": "float64",
    "currency": "str",
    "budget": "str",
    "closed_at": MICROSECONDS,
    "billed": "str",
    "status": "Int64",
    "code": "str",
    "request_id": "str",
    "state": "str",
}

_QUERY = f"""
SELECT intent.id, run, CAST(round(intent.at * 1e6) AS INTEGER), service, sandbox,
    bucket, place, rule, saved_as, attempt, calls, price,
    iif(billed = 'no', 0, price), currency, budget,
    CAST(round(outcome.at * 1e6) AS INTEGER), coalesce(billed, 'unknown'), status,
    code, outcome.request_id, iif(outcome.intent IS NULL, '{UNKNOWN}', '{CLOSED}')
FROM intent LEFT JOIN outcome ON outcome.intent = intent.id
WHERE (:run IS NULL OR run = :run) AND (:since IS NULL OR intent.at >= :since)
ORDER BY intent.id
"""  # noqa: S608 - two words of this file are put in, nothing from outside


_TOTALS = """
SELECT count(*), coalesce(sum(attempt > 1), 0),
    coalesce(sum(iif(billed = 'yes', calls, 0)), 0),
    coalesce(sum(iif(coalesce(billed, 'unknown') = 'unknown', calls, 0)), 0),
    coalesce(sum(iif(coalesce(billed, 'unknown') = 'no', 0, price)), 0),
    coalesce(sum(coalesce(billed, 'unknown') <> 'no' AND price IS NULL), 0)
FROM intent LEFT JOIN outcome ON outcome.intent = intent.id
WHERE run = :run AND coalesce(code, '') <> 'NotSent'
    AND (NOT :closed OR outcome.intent IS NOT NULL)
"""


class Totals(NamedTuple):
    """What a run came to.

    Attributes
    ----------
    attempts, retries : int
        Requests sent, and how many of them repeated another.
    billed, unknown : int
        Calls that were answered, and calls that may have been billed.
    cost : float
        Of both, as the prices were then; NaN when one was unknown.
    """

    attempts: int
    retries: int
    billed: int
    unknown: int
    cost: float


class Ledger:
    """What a store knows of money: one row an attempt, never changed or removed.

    Each row was written before its request left, and its outcome after: a row
    without one is of a run that is at work, or of one that died and may have paid.

    Parameters
    ----------
    folder : Path
        The store's. Usually had as ``store.ledger``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __repr__(self) -> str:
        return f"Ledger({str(self._folder)!r})"

    def totals(self, run: str, *, closed: bool = False) -> Totals:
        """Return what one run came to, without a row for each attempt.

        Parameters
        ----------
        run : str
            Its name.
        closed : bool, default False
            Whether attempts without an outcome are left out: while the run is at
            work, those are in flight.

        Raises
        ------
        OSError
            When the disk fails.
        """
        with Database(self._folder).reading() as connection:
            wanted = {"run": run, "closed": closed}
            row = connection.execute(_TOTALS, wanted).fetchone()
        attempts, retries, billed, unknown, cost, unpriced = row
        return Totals(
            attempts, retries, billed, unknown, math.nan if unpriced else round(cost, 9)
        )

    def to_frame(
        self,
        *,
        run: str | None = None,
        since: str | dt.date | None = None,
    ) -> pd.DataFrame:
        """Return the ledger, one row an attempt, oldest first.

        Parameters
        ----------
        run : str, optional
            Only attempts of this run.
        since : str or date, optional
            Only attempts from this time on; without an offset, a time in UTC.

        Returns
        -------
        DataFrame
            ``intent`` (number of the row), ``run``, ``at`` (UTC), ``service``,
            ``sandbox`` (an emulator's: costs nothing), ``bucket``, ``place``, ``rule``
            and ``saved_as`` (a line for each result of one call), ``attempt``,
            ``calls`` (how many are billed when the attempt is), ``price`` (of all of
            them; NaN where unknown), ``cost`` (the same, and 0 of what was not
            billed), ``currency``, ``budget``, ``closed_at`` (UTC),
            ``billed`` (yes, no, unknown), ``status``, ``code``, ``request_id`` and
            ``state``: closed, in flight (its run is alive), or "unknown, may have
            been billed".

        Raises
        ------
        OptionsError
            When `since` is no time.
        OSError
            When the disk fails.

        Examples
        --------
        >>> import tempfile, cosmat_nb as cm
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     len(cm.Store(folder).ledger.to_frame())
        0
        """
        wanted = {
            "run": run,
            "since": None if since is None else read_time("since", since),
        }
        with Database(self._folder).reading() as connection:
            # Asked twice: a run may begin or end while the rows are read.
            alive = self._alive(connection)
            rows = connection.execute(_QUERY, wanted).fetchall()
            alive |= self._alive(connection)
        table = build_table(rows, _DTYPES)
        at_work = (table["state"] == UNKNOWN) & table["run"].isin(alive)
        table.loc[at_work, "state"] = IN_FLIGHT
        return table

    def reconcile(
        self,
        usage: str | Path | pd.DataFrame,
        *,
        day: str,
        calls: str,
        operation: Operation | str | None = None,
        service: str = "cloud",
        timezone: str = "Asia/Shanghai",
    ) -> pd.DataFrame:
        """Compare the ledger with the provider's own count, day by day.

        Parameters
        ----------
        usage : str, Path or DataFrame
            The provider's usage file, as CSV or read into a frame. Its columns are
            not documented to us, so they are named here. Keep in it only the rows of
            the operations that the ledger has.
        day, calls : str
            Its columns: the day (or a time of it), and how many calls. Rows of one day
            are summed.
        operation : Operation or str, optional
            Count only this operation of the ledger, where the file lists one alone.
        service : str, default "cloud"
            Count only what this service answered, see ``client.service``: an endpoint
            of another name, as an emulator's in another process, is not the provider.
        timezone : str, default "Asia/Shanghai"
            Whose days the file has: UTC+8, assumed and not documented to us.

        Returns
        -------
        DataFrame
            One row a day that either side knows: ``day``, ``provider`` (missing on
            days before and after those of the file), ``billed`` (calls of the ledger
            that were billed), ``unknown`` (that may have been), ``free`` (that were
            not), ``difference`` (provider - billed), ``unexplained`` (the part of it
            that is left when as many of the unknown were billed as fit) and ``note``.
            A call belongs to the day on which it was sent.

        Raises
        ------
        OptionsError
            When the file, a column, a cell or an argument cannot be used.
        OSError
            When the disk fails.

        Examples
        --------
        >>> import tempfile, cosmat_nb as cm, pandas as pd
        >>> usage = pd.DataFrame({"date": ["2026-11-01"], "count": ["1,200"]})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ledger = cm.Store(folder).ledger
        ...     table = ledger.reconcile(usage, day="date", calls="count")
        >>> int(table["unexplained"].iloc[0])
        1200
        """
        zone = find_zone(timezone)
        wanted = None if operation is None else _operation(operation)
        provider = read_usage(usage, day, calls, zone)
        frame = self.to_frame()
        frame = frame[(frame["service"] == service) & (frame["code"] != "NotSent")]
        if wanted is not None:
            frame["calls"] = frame["rule"].map(lambda rule: _count(rule, wanted))
        frame["day"] = frame["at"].dt.tz_convert(zone).dt.date
        frame = frame[frame["calls"] > 0]
        sums = frame.groupby(["billed", "day"])["calls"].sum()
        return compare_days(provider, sums)

    def _alive(self, connection: sqlite3.Connection) -> set[str]:
        runs = connection.execute("SELECT id FROM run WHERE ended IS NULL")
        return {run for (run,) in runs if is_alive(self._folder, run)}


def _operation(name: str) -> str:
    try:
        return str(Operation(name))
    except ValueError:
        names = ", ".join(Operation)
        raise OptionsError(f"operation must be one of {names}; not {name!r}") from None


def _count(rules: str, operation: str) -> int:
    """Count the rules of an operation; each line of a call's rules is billed."""
    lines = rules.split("\n")
    return sum(parse_rule(line).get("ci-process") == operation for line in lines)
