"""What became of one picture: one row's worth of result."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import pandas as pd

from cosmat_nb.errors import (
    CallError,
    ImageRejectedError,
    InvalidRequestError,
    ObjectNotFoundError,
    OptionsError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cosmat_nb.cutout import Cutout

__all__ = ["RESULT_COLUMNS", "Outcome", "Status", "outcome_frame"]

_REFUSALS = (
    OptionsError,
    ImageRejectedError,
    InvalidRequestError,
    ObjectNotFoundError,
)


class Status(StrEnum):
    """What became of a row.

    ``ok``: a cutout. ``empty``: a cutout whose alpha is 0 everywhere. ``refused``: this
    key or picture cannot be matted, asking again will not help. ``error``: the call
    failed. ``skipped``: never sent, because the batch had stopped.
    """

    OK = "ok"
    EMPTY = "empty"
    REFUSED = "refused"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One row of result columns.

    Attributes
    ----------
    status : Status
        What became of it.
    cutout : Cutout or None
        The answer.
    error_code, error : str or None
        The service's code, or the error's class name, and the message.
    request_id : str or None
        The service's name for the last request.
    attempts : int
        Requests sent for this row; 0 for a row answered by another row's call.
    seconds : float
        From the first request to the answer, waits included; NaN when none was sent.
    source : str or None
        ``cloud``, ``emulator``, ``duplicate`` (another row's call), None if not sent.
    dooms : bool
        Whether every other row would fail the same way; not a column.
    """

    status: Status
    cutout: Cutout | None = None
    error_code: str | None = None
    error: str | None = None
    request_id: str | None = None
    attempts: int = 0
    seconds: float = float("nan")
    source: str | None = None
    dooms: bool = field(default=False, repr=False)

    def failed(self, error: Exception) -> Outcome:
        """Return the row of a failure: refused, when asking again will not help."""
        refused = isinstance(error, _REFUSALS)
        outcome = dataclasses.replace(
            self,
            status=Status.REFUSED if refused else Status.ERROR,
            error_code=type(error).__name__,
            error=str(error),
        )
        if not isinstance(error, CallError):
            return outcome
        # What may heal, or befalls every row, is no fault of this key or picture.
        refused = refused and not (error.heals or error.dooms)
        return dataclasses.replace(
            outcome,
            status=Status.REFUSED if refused else Status.ERROR,
            error_code=error.code,
            request_id=error.request_id,
            attempts=error.attempts,
            dooms=error.dooms,
        )

    def as_duplicate(self) -> Outcome:
        """Return the row of another row that shares this one's call."""
        if self.source is None:
            return self
        return dataclasses.replace(
            self, attempts=0, seconds=float("nan"), source="duplicate"
        )


RESULT_COLUMNS = (
    "status",
    "cutout",
    "error_code",
    "error",
    "request_id",
    "attempts",
    "seconds",
    "source",
)
"""Columns that `matte_frame` adds, in this order."""

_DTYPES = {"cutout": "object", "attempts": "int64", "seconds": "float64"}


def outcome_frame(outcomes: Sequence[Outcome], index: pd.Index) -> pd.DataFrame:
    """Make the result columns, with their types also for no rows."""
    return pd.DataFrame(
        {
            name: pd.Series(
                [_plain(getattr(outcome, name)) for outcome in outcomes],
                index=index,
                dtype=_DTYPES.get(name, "str"),
            )
            for name in RESULT_COLUMNS
        },
        index=index,
    )


def _plain(value: object) -> object:
    # Before its version 3, pandas would keep members of an enumeration in a column.
    return value.value if isinstance(value, Status) else value
