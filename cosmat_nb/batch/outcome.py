"""What became of one picture: one row's worth of result."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from cosmat_nb.errors import (
    BudgetExceededError,
    CallError,
    CosmatError,
    ImageRejectedError,
    InvalidRequestError,
    ObjectNotFoundError,
    OptionsError,
)

if TYPE_CHECKING:
    from cosmat_nb.cutout import Cutout
    from cosmat_nb.wire.results import StoredPicture

__all__ = ["Outcome", "Status", "error_text"]

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
    failed. ``skipped``: not sent, because the batch had stopped or the budget was used.
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
    stored : tuple of StoredPicture
        The results, where they stay in the bucket.
    error_code, error : str or None
        The service's code, or the error's class name, and the message.
    heals : bool
        Whether asking again may help: it was skipped, or its error may pass or be
        mended.
    request_id : str or None
        The service's name for the last request.
    attempts : int
        Requests sent for this row; 0 for one answered by the store or another row.
    seconds : float
        From the first request to the answer, waits included; NaN when none was sent.
    source : str or None
        ``cloud``, ``emulator``, ``store`` (an earlier answer), ``duplicate`` (another
        row's call), None if not sent.
    dooms : bool
        Whether every other row would fail the same way; not a column.
    """

    status: Status
    cutout: Cutout | None = None
    stored: tuple[StoredPicture, ...] = ()
    error_code: str | None = None
    error: str | None = None
    heals: bool = False
    request_id: str | None = None
    attempts: int = 0
    seconds: float = float("nan")
    source: str | None = None
    dooms: bool = field(default=False, repr=False)

    def failed(self, error: BaseException) -> Outcome:
        """Return the row of a failure: refused, when asking again will not help."""
        refused = isinstance(error, _REFUSALS)
        outcome = dataclasses.replace(
            self,
            status=Status.REFUSED if refused else Status.ERROR,
            error_code=type(error).__name__,
            error=error_text(error),
            heals=isinstance(error, BudgetExceededError),
        )
        if not isinstance(error, CallError):
            return outcome
        # What may heal, or befalls every row, is no fault of this key or picture.
        refused = refused and not (error.heals or error.dooms)
        return dataclasses.replace(
            outcome,
            status=Status.REFUSED if refused else Status.ERROR,
            error_code=error.code,
            heals=error.heals or error.dooms,
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


def error_text(error: BaseException) -> str:
    """Return what a row says of an error; of foreign ones only the kind.

    Their text may hold anything: a function that makes credentials may quote them.
    """
    if isinstance(error, (CosmatError, OSError)):
        return str(error)
    return f"{type(error).__name__}, whose text may hold secrets: see on_error='raise'"
