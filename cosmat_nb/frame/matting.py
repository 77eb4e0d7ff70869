"""The main job: a frame of keys becomes a frame of cutouts."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tqdm.auto import tqdm

from cosmat_nb.errors import BatchInterrupted, OptionsError
from cosmat_nb.frame.columns import add_columns, check_column, check_free
from cosmat_nb.frame.crew import Crew, counted_interrupts
from cosmat_nb.frame.outcome import RESULT_COLUMNS, Outcome, Status, outcome_frame
from cosmat_nb.options import MattingOptions
from cosmat_nb.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from cosmat_nb.client.blocking import MattingClient

__all__ = ["matte_frame"]


def matte_frame(
    frame: pd.DataFrame,
    client: MattingClient,
    options: MattingOptions = MattingOptions(),
    *,
    column: str = "key",
    store: Store | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Cut out the subject of every picture that a frame names. Paid calls.

    Equal values are asked once. An answer is on disk before its row counts as done. An
    error becomes a row; one that dooms every other row (keys, rights, unpaid bill,
    bucket) stops the batch, and rows not yet sent become ``skipped``.

    Parameters
    ----------
    frame : DataFrame
        One picture a row. Left as it is.
    client : MattingClient
        Who asks; its ``concurrency`` is the number of calls in flight.
    options : MattingOptions
        Operation, centring, padding.
    column : str, default "key"
        Holds object keys; values that start with ``http://`` or ``https://`` are public
        pictures and go through ``detect-url``.
    store : Store, optional
        Where answers are kept; by default the user's own store.
    progress : bool, default True
        Show a bar.

    Returns
    -------
    DataFrame
        Same index, order and columns, and in addition `RESULT_COLUMNS`: ``status``
        (see `Status`), ``cutout``, ``error_code``, ``error``, ``request_id``,
        ``attempts``, ``seconds``, ``source`` (see `Outcome`).

    Raises
    ------
    OptionsError
        Before anything is sent: no such column, a clash of column names, options or a
        store of the wrong kind, a store that cannot be written.
    BatchInterrupted
        On a keyboard interrupt, once the calls in flight are answered; its ``result``
        is this frame with what there is. A second interrupt does not wait for them.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> with cm.connect_emulator() as client:  # doctest: +SKIP
    ...     frame = cm.list_frame(client, "samples/")
    ...     result = cm.matte_frame(frame, client, cm.MattingOptions(center=True))
    """
    values = check_column(frame, column, "pass column=")
    check_free(frame, RESULT_COLUMNS)
    _check_kind("options", options, MattingOptions)
    store = Store() if store is None else store
    _check_kind("store", store, Store)
    distinct = list(dict.fromkeys(v for v in values if isinstance(v, str)))

    def call(place: str) -> Outcome:
        return _matte(client, place, options, store)

    crew = Crew(call, distinct, client.concurrency)
    with counted_interrupts() as interrupts:
        with tqdm(total=len(distinct), unit="picture", disable=not progress) as bar:
            crew.run(lambda answered: bar.update(answered - bar.n), interrupts)
        outcomes = dict(crew.outcomes)
        rows = _rows(values, outcomes, f"not sent: {crew.reason}")
        result = add_columns(frame, outcome_frame(rows, frame.index))
    if interrupts:
        raise BatchInterrupted(
            f"interrupted with {len(outcomes)} of {len(distinct)} pictures answered; "
            "the partial frame is .result of this exception, which a notebook keeps "
            "as sys.last_value",
            result,
        )
    return result


def _check_kind(name: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise OptionsError(
            f"{name} must be {kind.__name__}(...); got {type(value).__name__}"
        )


def _matte(
    client: MattingClient, place: str, options: MattingOptions, store: Store
) -> Outcome:
    source = "emulator" if client.emulated else "cloud"
    start = time.monotonic()
    try:
        if place.lower().startswith(("http://", "https://")):
            cutout = client.matte_url(place, options)
        else:
            cutout = client.matte(place, options)
    except OptionsError as error:
        return Outcome.of_error(error)
    except Exception as error:  # noqa: BLE001 - whatever befell one row, others go on
        seconds = time.monotonic() - start
        return Outcome.of_error(error, seconds=seconds, source=source)
    outcome = Outcome(
        status=Status.EMPTY if cutout.is_empty else Status.OK,
        cutout=cutout,
        request_id=cutout.request_id,
        attempts=cutout.attempts,
        seconds=time.monotonic() - start,
        source=source,
    )
    try:
        kept = cutout.kept_at(store.keep(cutout.png))
    except OSError as error:
        # The answer is paid: it stays in memory, and the batch stops before the next.
        trouble = f"answered, but not kept by {store!r}: {error.strerror or error}"
        kind = type(error).__name__
        return replace(outcome, error=trouble, error_code=kind, dooms=True)
    return replace(outcome, cutout=kept)


def _rows(
    values: Iterable[object], outcomes: dict[str, Outcome], skipped: str
) -> list[Outcome]:
    seen: set[str] = set()
    rows = []
    for value in values:
        if not isinstance(value, str):
            complaint = f"an object key must be a string; not {value!r}"
            rows.append(Outcome.of_error(OptionsError(complaint)))
        elif value not in outcomes:
            rows.append(Outcome(status=Status.SKIPPED, error=skipped))
        else:
            again = value in seen
            rows.append(outcomes[value].as_duplicate() if again else outcomes[value])
            seen.add(value)
    return rows
