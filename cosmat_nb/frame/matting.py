"""The main job: a frame of keys becomes a frame of cutouts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

from cosmat_nb.batch.asking import SAVE_AS
from cosmat_nb.batch.batch import Batch
from cosmat_nb.batch.halt import check_deadline
from cosmat_nb.batch.outcome import Outcome, Status
from cosmat_nb.batch.work import Work
from cosmat_nb.errors import (
    BatchInterrupted,
    OptionsError,
    tell,
)
from cosmat_nb.frame.columns import (
    add_columns,
    check_column,
    check_free,
    describe_cell,
)
from cosmat_nb.frame.garbage import no_collections
from cosmat_nb.frame.interrupts import counted_interrupts
from cosmat_nb.frame.news import News
from cosmat_nb.frame.progress import Progress
from cosmat_nb.frame.rows import RESULT_COLUMNS, frame_sources, outcome_frame
from cosmat_nb.frame.summary import RUN_ATTRIBUTE, Summary
from cosmat_nb.options import MattingOptions
from cosmat_nb.store.price import UNVERIFIED, Price

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from cosmat_nb.batch.asking import SaveAs
    from cosmat_nb.batch.resolving import Resolved
    from cosmat_nb.client.blocking import MattingClient
    from cosmat_nb.frame.progress import Watcher
    from cosmat_nb.store.budget import Budget
    from cosmat_nb.store.store import Store

__all__ = ["ASKED_ATTRIBUTE", "matte_frame"]

ASKED_ATTRIBUTE = "cosmat_asked"
"""Name in ``DataFrame.attrs`` under which a result keeps what was asked."""

CONFIRM_OVER = 1000
"""More paid calls than this are not made unless `confirm_over` says so."""

_LOOK_SECONDS = 0.1


def matte_frame(
    frame: pd.DataFrame,
    client: MattingClient,
    options: MattingOptions | Mapping[str, MattingOptions] = MattingOptions(),
    *,
    column: str = "key",
    etag: str = "etag",
    store: Store | None = None,
    budget: Budget | None = None,
    price: Price = UNVERIFIED,
    confirm_over: int | None = CONFIRM_OVER,
    on_error: Literal["row", "raise"] = "row",
    mode: Literal["download", "stored"] = "download",
    save_as: SaveAs = SAVE_AS,
    deadline: float | None = None,
    check_sources: bool | None = None,
    progress: bool | Watcher = True,
) -> pd.DataFrame:
    """Cut out the subject of every picture that a frame names. Paid calls.

    What the store has is not asked again: a batch that was interrupted, killed or
    stopped is finished by calling this once more. Equal values are asked once. An
    answer is on disk before its row counts as done. An error becomes a row; one that
    every other row would meet (keys, rights, unpaid bill, bucket) stops the batch, and
    rows not yet sent become ``skipped``.

    Parameters
    ----------
    frame : DataFrame
        One picture a row. Left as it is.
    client : MattingClient
        Who asks; its ``concurrency`` is the most calls in flight. Fewer are, while
        the service throttles or slows down.
    options : MattingOptions or mapping of str to MattingOptions
        Operation, centring, padding; in mode "stored" up to five sets by name.
    column : str, default "key"
        Holds object keys; values that start like an address (``https://…``) are
        public pictures and go through ``detect-url``.
    etag : str, default "etag"
        Holds ETags, where there is such a column: a picture that was replaced under
        its key is asked again. Two ETags differ only when both are known.
    store : Store, optional
        Where answers are looked for and kept; by default the user's own store.
    budget : Budget, optional
        Looked at before each attempt, across threads and processes on one store. Rows
        beyond it are ``skipped`` with ``BudgetExceededError``.
    price : Price
        What calls cost, for the ledger, a budget of money and the summary.
    confirm_over : int or None, default 1000
        More paid calls than this are refused before the first; None allows any number.
        The emulator's calls are never counted.
    on_error : {"row", "raise"}
        What becomes of the first error: a row like others, or the end of the batch.
    mode : {"download", "stored"}
        Whether cutouts are downloaded, or made in the bucket and left there (column
        ``stored``; one request for all missing results of a picture). That a result
        is still in the bucket later is not looked at. The two modes do not share
        answers: switching the mode asks, and pays, again. Results of "stored" lie
        below ``cutouts/`` unless `save_as` says otherwise, where a later listing
        without ``prefix=`` finds them.
    save_as : str or callable
        Object keys of results in mode "stored"; see `SaveAs`.
    deadline : float, optional
        Seconds after which nothing more is sent; what is in flight is answered.
    check_sources : bool, optional
        Whether an ETag that is not known is asked for first, by one HEAD request a
        picture. By default only of the emulator, where requests cost nothing.
    progress : bool or Watcher, default True
        Show how far it is, and the run's summary at the end: in a notebook a panel
        with a stop button, in a terminal a bar, in logs lines. False shows nothing; a
        `Watcher` is told instead.

    Returns
    -------
    DataFrame
        Same index, order and columns, and in addition `RESULT_COLUMNS`: ``status``
        (see `Status`), ``cutout``, ``stored`` (tuple of `StoredPicture`),
        ``error_code`` (the service's, or an error's class name), ``error``, ``heals``
        (asking again may help), ``request_id``, ``attempts`` (requests sent for this
        row), ``seconds`` (until answered, waits included), ``source`` (``cloud``,
        ``emulator``, ``store``, ``duplicate``, or missing where nothing was sent).
        `summarize_run` tells what it came to.

    Warns
    -----
    CosmatWarning
        When the batch stopped early, other than by an interrupt.

    Raises
    ------
    OptionsError
        Before anything is sent: no such column, a clash of column names, an argument
        of the wrong kind, a store that cannot be written, a closed client.
    BudgetExceededError
        Before anything is sent: more calls than `confirm_over`.
    BatchInterrupted
        On a keyboard interrupt, once the calls in flight are answered; its ``result``
        is this frame with what there is. A second interrupt does not wait for them.
    CosmatError
        With ``on_error="raise"`` the first error, once the calls in flight are
        answered; what was answered is in the store.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> with cm.connect_emulator() as client:  # doctest: +SKIP
    ...     frame = cm.list_frame(client, "samples/")
    ...     result = cm.matte_frame(frame, client, cm.MattingOptions(center=True))
    """
    begun = time.monotonic()
    values = check_column(frame, column, "pass column=")
    check_free(frame, RESULT_COLUMNS)
    if on_error not in ("row", "raise"):
        raise OptionsError(f"on_error must be 'row' or 'raise'; not {on_error!r:.40}")
    check_deadline(deadline)
    work = Work.of(
        client,
        options,
        mode=mode,
        save_as=save_as,
        store=store,
        budget=budget,
        price=price,
        check_sources=check_sources,
    )
    sources = frame_sources(frame, column, etag)
    if sources.conflicts:
        tell(f"{sources.conflicts} rows name a key with another ETag: the first counts")
    resolved = work.resolve(sources.of)
    with no_collections():
        outcomes, calls = _sort(work, resolved)
    if on_error == "raise":
        _raise_refused(outcomes)
    work.confirm(calls, confirm_over)
    with counted_interrupts() as interrupts:
        batch = Batch(work, iter(calls), deadline)
        news = News(batch, work, _count_spared(outcomes), interrupts)
        with Progress(len(calls), show=progress, facts=news) as bar:
            _attend(batch, outcomes, bar, interrupts, on_error)
            rows = _rows(values, outcomes, batch)
            summary = Summary.of(
                list(values),
                rows,
                batch=batch,
                work=work,
                seconds=time.monotonic() - begun,
            )
            bar.end(str(summary))
        with no_collections():
            result = add_columns(frame, outcome_frame(rows, frame.index))
        result.attrs[RUN_ATTRIBUTE] = summary.as_dict()
        result.attrs[ASKED_ATTRIBUTE] = {
            "column": column,
            "etag": etag,
            **work.as_dict(),
        }
    if interrupts:
        answered = sum(call.place in outcomes for call in calls)
        raise BatchInterrupted(
            f"interrupted with {answered} of {len(calls)} pictures answered; the "
            "partial frame is .result of this exception, which a notebook keeps as "
            "sys.last_value. Run it again to go on",
            result,
        )
    if on_error == "raise" and batch.error is not None:
        raise batch.error
    if summary.stopped:
        tell(summary.stopped)
    return result


def _attend(
    batch: Batch,
    outcomes: dict[str, Outcome],
    bar: Progress,
    interrupts: list[int],
    on_error: str,
) -> None:
    try:
        # The first interrupt lets the calls in flight be answered, since they are paid;
        # a second does not wait for them.
        while not batch.is_over and len(interrupts) <= 1:
            new = batch.poll(_LOOK_SECONDS)
            outcomes.update(new)
            bar.hear(new)
            if interrupts:
                batch.stop("interrupted")
            elif batch.halt:
                batch.stop(batch.halt.reason)
            elif on_error == "raise" and batch.error is not None:
                batch.stop("an error ended it")
    finally:
        # Whatever ended the wait, nothing more is paid for behind its back.
        batch.stop("it was left")


def _sort(
    work: Work, resolved: Iterable[Resolved]
) -> tuple[dict[str, Outcome], list[Resolved]]:
    outcomes: dict[str, Outcome] = {}
    calls: list[Resolved] = []
    for each in resolved:
        outcome = work.known(each)
        if outcome is None:
            calls.append(each)
        else:
            outcomes[each.place] = outcome
    return outcomes, calls


def _count_spared(outcomes: Mapping[str, Outcome]) -> int:
    return sum(outcome.source == "store" for outcome in outcomes.values())


def _raise_refused(outcomes: Mapping[str, Outcome]) -> None:
    for outcome in outcomes.values():
        if outcome.status == Status.REFUSED:
            raise OptionsError(f"{outcome.error}. Nothing was sent")


def _rows(
    values: Iterable[object], outcomes: Mapping[str, Outcome], batch: Batch
) -> list[Outcome]:
    seen: set[str] = set()
    rows = []
    for value in values:
        if not isinstance(value, str):
            rows.append(_no_place(value))
            continue
        outcome = outcomes.get(value) or batch.unanswered(value)
        rows.append(outcome.as_duplicate() if value in seen else outcome)
        seen.add(value)
    return rows


def _no_place(value: Any) -> Outcome:
    return Outcome(status=Status.REFUSED).failed(OptionsError(describe_cell(value)))
