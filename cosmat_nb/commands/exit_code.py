"""Exit codes: what a script can tell from the end of a command."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from cosmat_nb.batch.outcome import Status
from cosmat_nb.errors import (
    AccessDeniedError,
    BudgetExceededError,
    PaymentRequiredError,
)
from cosmat_nb.wire.codes import find_code

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EXIT_CODES", "ExitCode", "judge_result"]

EXIT_CODES = """\
exit codes of a batch; where several hold, the first of this order counts:
  2    it cannot run as asked; nothing was sent
  130  interrupted; the table has what there is
  4    an account error stopped it: keys, rights, unpaid bill, bucket
  3    rows were left unsent: budget used up, more calls than confirmed, deadline
       passed, disk full, or the service failing again and again
  1    all were asked, and some were refused or failed
  0    every row has its cutout, or is empty
"""
"""What ``--help`` says of them."""

_ANSWERED = (str(Status.OK), str(Status.EMPTY))
_ACCOUNT_ERRORS = (AccessDeniedError.__name__, PaymentRequiredError.__name__)


class ExitCode(IntEnum):
    """How a command ended, as `EXIT_CODES` explains it."""

    OK = 0
    FAILED = 1
    UNABLE = 2
    UNSENT = 3
    ACCOUNT = 4
    INTERRUPTED = 130


def judge_result(result: pd.DataFrame) -> ExitCode:
    """Tell how a batch ended that was not interrupted.

    Parameters
    ----------
    result : DataFrame
        As `matte_frame` returns it.

    Returns
    -------
    ExitCode
        An account error counts before rows left unsent, for it is why they are; and
        those before rows that failed, for there is more to come. A row that has its
        cutout and an error beside it, because the store could not keep it, failed.

    Examples
    --------
    >>> import pandas as pd
    >>> none = [None, None]
    >>> columns = {"status": ["ok", "skipped"], "error_code": none, "error": none}
    >>> judge_result(pd.DataFrame(columns)).name
    'UNSENT'
    """
    status, error = result["status"], result["error"]
    failed = result[status == Status.ERROR]
    if any(map(_is_account_error, failed["error_code"])):
        return ExitCode.ACCOUNT
    # An attempt that was to be made again, and was one too many for the budget.
    broke = result["error_code"] == BudgetExceededError.__name__
    if (status == Status.SKIPPED).any() or broke.any():
        return ExitCode.UNSENT
    if not status.isin(_ANSWERED).all() or error.notna().any():
        return ExitCode.FAILED
    return ExitCode.OK


def _is_account_error(code: object) -> bool:
    return isinstance(code, str) and (
        code in _ACCOUNT_ERRORS or find_code(code, 0).dooms
    )
