"""The main job: a frame of keys becomes a frame of cutouts."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
from tqdm.auto import tqdm

from cosmat_nb.errors import (
    BatchInterrupted,
    CallError,
    OptionsError,
    is_address,
    tell,
)
from cosmat_nb.frame.columns import (
    add_columns,
    check_client,
    check_column,
    check_free,
)
from cosmat_nb.frame.crew import Crew, counted_interrupts
from cosmat_nb.frame.outcome import RESULT_COLUMNS, Outcome, Status, outcome_frame
from cosmat_nb.options import MattingOptions
from cosmat_nb.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    bucket) stops the batch, and rows not yet sent become ``skipped``. To ask for some
    rows again, drop ``list(cm.RESULT_COLUMNS)`` from them first; they are paid again.

    Parameters
    ----------
    frame : DataFrame
        One picture a row. Left as it is.
    client : MattingClient
        Who asks; its ``concurrency`` is the number of calls in flight.
    options : MattingOptions
        Operation, centring, padding.
    column : str, default "key"
        Holds object keys; values that start like an address (``https://…``) are
        public pictures and go through ``detect-url``.
    store : Store, optional
        Where answers are kept; by default the user's own store.
    progress : bool, default True
        Show a bar.

    Returns
    -------
    DataFrame
        Same index, order and columns, and in addition `RESULT_COLUMNS`: ``status``
        (see `Status`), ``cutout``, ``error_code`` (the service's, or an error's class
        name), ``error``, ``request_id``, ``attempts`` (requests sent; 0 where another
        row's call answered), ``seconds`` (until answered, waits included), ``source``
        (``cloud``, ``emulator``, ``duplicate``, or missing where nothing was sent).

    Warns
    -----
    CosmatWarning
        When an error that every other row would meet stopped the batch.

    Raises
    ------
    OptionsError
        Before anything is sent: no such column, a clash of column names, options or a
        store of the wrong kind, a store that cannot be written, a closed client.
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
    check_client(client)
    _check_kind("options", options, MattingOptions)
    if client.is_closed:
        raise OptionsError(f"{client!r} is closed; connect again")
    store = Store() if store is None else store
    _check_kind("store", store, Store)
    distinct = list(dict.fromkeys(v for v in values if isinstance(v, str)))

    def call(place: str) -> Outcome:
        return _matte(client, place, options, store)

    crew = Crew(call, distinct, client.concurrency)
    with counted_interrupts() as interrupts:
        with tqdm(total=len(distinct), unit="picture", disable=not progress) as bar:
            crew.run(lambda answered: bar.update(answered - bar.n), interrupts)
        if crew.reason and not interrupts:
            tell(crew.reason)
        rows = _rows(values, crew, _source(client))
        result = add_columns(frame, outcome_frame(rows, frame.index))
    if interrupts:
        raise BatchInterrupted(
            f"interrupted with {len(crew.outcomes)} of {len(distinct)} pictures "
            "answered; the partial frame is .result of this exception, which a "
            "notebook keeps as sys.last_value",
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
    asked = Outcome(status=Status.ERROR)
    try:
        client.check_place(place)
    except OptionsError as error:
        return asked.failed(error)
    start = time.monotonic()
    try:
        call = client.matte_url if is_address(place) else client.matte
        cutout = call(place, options)
    except CallError as error:
        seconds = time.monotonic() - start
        return replace(asked, seconds=seconds, source=_source(client)).failed(error)
    except Exception as error:  # noqa: BLE001 - what is answered must reach the frame
        # The place was good: keys or client are not, for this row and for all others.
        return replace(asked.failed(error), status=Status.ERROR, dooms=True)
    outcome = replace(
        asked,
        status=Status.EMPTY if cutout.is_empty else Status.OK,
        cutout=cutout,
        request_id=cutout.request_id,
        attempts=cutout.attempts,
        seconds=time.monotonic() - start,
        source=_source(client),
    )
    try:
        kept = cutout.kept_at(store.keep(cutout.png))
    except OSError as error:
        # The answer is paid: it stays in memory, and the batch stops before the next.
        trouble = f"answered, but not kept by {store!r}: {error.strerror or error}"
        kind = type(error).__name__
        return replace(outcome, error=trouble, error_code=kind, dooms=True)
    return replace(outcome, cutout=kept)


def _source(client: MattingClient) -> str:
    return "emulator" if client.emulated else "cloud"


def _rows(values: Iterable[object], crew: Crew, source: str) -> list[Outcome]:
    outcomes, begun = dict(crew.outcomes), set(crew.begun)
    seen: set[str] = set()
    rows = []
    for value in values:
        if not isinstance(value, str):
            rows.append(_no_place(value))
        elif value in outcomes:
            again = value in seen
            rows.append(outcomes[value].as_duplicate() if again else outcomes[value])
            seen.add(value)
        else:
            outcome = _not_answered(crew.reason, source, sent=value in begun)
            rows.append(outcome.as_duplicate() if value in seen else outcome)
            seen.add(value)
    return rows


def _no_place(value: Any) -> Outcome:
    # The value itself stays out: bytes may hold a signed address.
    missing = pd.api.types.is_scalar(value) and pd.isna(value)
    kind = "empty" if missing else type(value).__name__
    error = OptionsError(f"an object key must be a string; this cell is {kind}")
    return Outcome(status=Status.REFUSED).failed(error)


def _not_answered(reason: str, source: str, *, sent: bool) -> Outcome:
    skipped = Outcome(status=Status.SKIPPED)
    if not sent:
        return replace(skipped, error=f"not sent: {reason}")
    return replace(
        skipped,
        status=Status.ERROR,
        error_code="BatchInterrupted",
        error="sent, and its answer not waited for: it may have been billed",
        attempts=1,
        source=source,
    )
