"""What earlier calls tell of those to come: bytes, seconds, and how many there were."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cosmat_nb.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cosmat_nb.options import MattingOptions

__all__ = ["History", "count_calls", "recall_answers"]

RECENT = 1000
"""Answers that a mean is taken over: the last ones, since networks change."""

_ANSWERS = """
SELECT count(*), avg(nbytes), avg(seconds) FROM (
    SELECT nbytes, seconds FROM answer
    WHERE service = ? AND (saved_as <> '') = ? {rules} ORDER BY id DESC LIMIT ?
)
"""

_CALLS = "SELECT scope, calls FROM tally WHERE scope LIKE ?"


class History(NamedTuple):
    """Means of earlier answers.

    Attributes
    ----------
    answers : int
        How many they are of.
    nbytes : float or None
        Of one answer; None where none was told.
    seconds : float or None
        Until one answer was there, waits included.
    """

    answers: int
    nbytes: float | None
    seconds: float | None


def recall_answers(
    folder: Path, service: str, options: Sequence[MattingOptions], *, stored: bool
) -> History:
    """Return the means of a service's last answers.

    Parameters
    ----------
    folder : Path
        The store's.
    service : str
        Whose answers.
    options : sequence of MattingOptions
        Answers to these count, and those to others only where there are none.
    stored : bool
        Whether results that stayed in the bucket count, or those that came back.

    Raises
    ------
    OSError
        When the disk fails.
    """
    rules = [each.rule for each in options]
    same = f"AND rule IN ({', '.join('?' * len(rules))})"
    history = History(0, None, None)
    with Database(folder).reading() as connection:
        for where, values in ((same, rules), ("", [])):
            query = _ANSWERS.format(rules=where)
            row = connection.execute(query, [service, stored, *values, RECENT])
            history = History(*row.fetchone())
            if history.answers:
                break
    return history


def count_calls(folder: Path, *, sandbox: bool) -> dict[str, int]:
    """Count a store's earlier calls that were or may have been billed.

    Parameters
    ----------
    folder : Path
        The store's.
    sandbox : bool
        Whether those to emulators count, or the others.

    Returns
    -------
    dict of str to int
        By operation. A call with several results counts once for each.

    Raises
    ------
    OSError
        When the disk fails.
    """
    scopes = f"operation {int(sandbox)} "
    with Database(folder).reading() as connection:
        rows = connection.execute(_CALLS, [f"{scopes}%"]).fetchall()
    return {scope.removeprefix(scopes): calls for scope, calls in rows}
