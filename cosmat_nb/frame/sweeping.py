"""The same pictures, asked for with several sets of options: a long, tidy frame."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from cosmat_nb.batch.asking import SAVE_AS
from cosmat_nb.batch.halt import check_deadline
from cosmat_nb.batch.outcome import Outcome, Status
from cosmat_nb.batch.work import Work
from cosmat_nb.errors import BatchInterrupted, OptionsError, tell
from cosmat_nb.frame.before import Sources
from cosmat_nb.frame.columns import (
    add_columns,
    check_column,
    check_free,
    describe_cell,
)
from cosmat_nb.frame.garbage import no_collections
from cosmat_nb.frame.interrupts import counted_interrupts
from cosmat_nb.frame.matting import ASKED_ATTRIBUTE, CONFIRM_OVER
from cosmat_nb.frame.measuring import ERROR, measure_frame
from cosmat_nb.frame.progress import Progress
from cosmat_nb.frame.rows import RESULT_COLUMNS, frame_sources, outcome_frame
from cosmat_nb.frame.stored import OPTIONS, SWEEP_ATTRIBUTE, fill_cutouts
from cosmat_nb.frame.summary import RUN_ATTRIBUTE
from cosmat_nb.frame.sweep_part import (
    Part,
    SweepNews,
    run_parts,
    sum_up,
)
from cosmat_nb.metrics.matte import MatteMetrics
from cosmat_nb.options import MattingOptions
from cosmat_nb.store.price import UNVERIFIED, Price
from cosmat_nb.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cosmat_nb.batch.asking import SaveAs
    from cosmat_nb.batch.sources import Source
    from cosmat_nb.client.blocking import MattingClient
    from cosmat_nb.frame.progress import Watcher
    from cosmat_nb.store.budget import Budget

__all__ = ["sweep_options"]

_PACK = 5
"""Most option sets that one call in the bucket makes (vendor's page, 2026-01-09)."""

_REMEDY = (
    "the frame so far is .result of this exception, which a notebook keeps as "
    "sys.last_value. Run it again to go on"
)


def sweep_options(
    frame: pd.DataFrame,
    client: MattingClient,
    options: Mapping[str, MattingOptions],
    *,
    column: str = "key",
    etag: str = "etag",
    mode: Literal["download", "stored"] = "download",
    store: Store | None = None,
    budget: Budget | None = None,
    price: Price = UNVERIFIED,
    save_as: SaveAs = SAVE_AS,
    confirm_over: int | None = CONFIRM_OVER,
    deadline: float | None = None,
    check_sources: bool | None = None,
    measure: bool = True,
    before: bool | Callable[[str], bytes] = False,
    progress: bool | Watcher = True,
) -> pd.DataFrame:
    """Cut out every picture of a frame with several sets of options. Paid calls.

    Every picture costs a call for each set: `preview_sweep` shows centring and padding
    of one cutout for nothing. What the store has is not asked again, so doing it once
    more finishes what was interrupted, and a set that is added later is all that is
    paid for. Equal sets are asked once, as are equal keys. All calls of all sets are
    counted, and confirmed, before the first is sent.

    Parameters
    ----------
    frame : DataFrame
        One picture a row. Left as it is.
    client : MattingClient
        Who asks.
    options : mapping of str to MattingOptions
        One set or more, by name. They are asked for one after the other, so a budget
        that is used up leaves the last ones out.
    column, etag, store, budget, price, confirm_over, deadline, check_sources
        As in `matte_frame`, over the whole sweep.
    mode : {"download", "stored"}
        Whether cutouts are downloaded, or made in the bucket, up to five sets a
        request, and then fetched from there, see `fetch_stored`. Either way each set
        of each picture is billed; "stored" sends a fifth of the matting requests. The
        two modes do not share answers: a sweep in the other one asks, and pays, again.
        "stored" writes its results into the bucket, below ``cutouts/`` unless
        `save_as` says otherwise, where a later listing without ``prefix=`` finds them.
    save_as : str or callable
        Object keys of results in mode "stored"; see `SaveAs`. One that holds a set's
        name makes a renamed set another result there, which is paid for.
    measure : bool, default True
        Add the columns of `measure_frame`.
    before : bool or callable, default False
        As in `measure_frame`.
    progress : bool or Watcher, default True
        As in `matte_frame`.

    Returns
    -------
    DataFrame
        A row for each row of `frame` and each set, in that order, numbered from 0: the
        user's columns, ``options`` (the set's name), `RESULT_COLUMNS`, and what
        `measure_frame` adds. Rows of an equal key or set are ``duplicate`` in
        ``source``. In mode "stored" each row of one request tells its ``attempts`` and
        ``seconds``, and a result that could not be fetched is an ``error``.
        `summarize_run` tells what it all came to.

    Warns
    -----
    CosmatWarning
        When it stopped early, other than by an interrupt.

    Raises
    ------
    OptionsError
        Before anything is sent: as `matte_frame`, and for options without names.
    BudgetExceededError
        Before anything is sent: more calls, of all sets, than `confirm_over`.
    BatchInterrupted
        On a keyboard interrupt; its ``result`` is the same frame with what there is,
        not measured.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> sets = {
    ...     "plain": cm.MattingOptions(),
    ...     "centred": cm.MattingOptions(center=True),
    ...     "padded": cm.MattingOptions(center=True, padding=(20, 10)),
    ... }
    >>> sweep = cm.sweep_options(frame, client, sets)  # doctest: +SKIP
    >>> sweep.groupby("options")["centroid_offset"].mean()  # doctest: +SKIP
    """
    begun = time.monotonic()
    values = check_column(frame, column, "pass column=").tolist()
    sets = _check_sets(options)
    metrics = [*MatteMetrics.column_dtypes(), ERROR] if measure else []
    check_free(frame, [OPTIONS, *RESULT_COLUMNS, *metrics])
    check_deadline(deadline)
    Sources(before)
    store = Store() if store is None else store
    packs = list(_pack(sets, mode))
    works = [
        Work.of(
            client,
            pack if mode == "stored" else next(iter(pack.values())),
            mode=mode,
            save_as=save_as,
            store=store,
            budget=budget,
            price=price,
            check_sources=check_sources,
        )
        for pack in packs
    ]
    work = replace(works[0], asking=replace(works[0].asking, options=sets))
    sources = frame_sources(frame, column, etag)
    if sources.conflicts:
        tell(f"{sources.conflicts} rows name a key with another ETag: the first counts")
    parts = _plan(packs, works, sources.of)
    work.confirm([call for part in parts for call in part.calls], confirm_over)
    news, calls = SweepNews(), sum(len(part.calls) for part in parts)
    with counted_interrupts() as interrupts:
        with Progress(calls, show=progress, unit="call", facts=news) as bar:
            batches = run_parts(parts, deadline, bar, news, interrupts)
            rows = list(_rows(values, sets, parts))
            summary = sum_up(values, rows, batches, work, time.monotonic() - begun)
            bar.end(str(summary))
        with no_collections():
            result = _lengthen(frame, sets, rows)
        result.attrs.pop(ASKED_ATTRIBUTE, None)
        result.attrs[RUN_ATTRIBUTE] = summary.as_dict()
        result.attrs[SWEEP_ATTRIBUTE] = {"column": column, **work.as_dict()}
    if interrupts:
        answered = sum(row.source is not None for row in rows)
        raise BatchInterrupted(
            f"interrupted with {answered} of {len(rows)} rows answered; {_REMEDY}",
            result,
        )
    if summary.stopped:
        tell(summary.stopped)
    try:
        if mode == "stored":
            result = fill_cutouts(
                result, client, sets, column=column, store=store, progress=progress
            )
        if measure:
            return measure_frame(result, before=before, progress=progress)
    except KeyboardInterrupt:
        raise BatchInterrupted(
            f"interrupted when all was answered, before all was measured; {_REMEDY}",
            result,
        ) from None
    return result


def _check_sets(options: Any) -> dict[str, MattingOptions]:
    if not isinstance(options, Mapping) or not options:
        raise OptionsError(
            "options must be a mapping of names to MattingOptions, as "
            f"{{'plain': cm.MattingOptions()}}; got {options!r:.60}"
        )
    for name, each in options.items():
        if not isinstance(name, str) or not name:
            raise OptionsError(
                f"a set of options needs a word as name; not {name!r:.40}"
            )
        if not isinstance(each, MattingOptions):
            raise OptionsError(
                f"options {name!r} must be MattingOptions(...); got "
                f"{type(each).__name__}"
            )
    return dict(options)


def _pack(
    sets: Mapping[str, MattingOptions], mode: str
) -> Iterator[dict[str, MattingOptions]]:
    firsts = dict.fromkeys(_first(sets, name) for name in sets)
    left, size = iter(firsts), _PACK if mode == "stored" else 1
    while names := list(islice(left, size)):
        yield {name: sets[name] for name in names}


def _first(sets: Mapping[str, MattingOptions], name: str) -> str:
    return next(other for other, each in sets.items() if each == sets[name])


def _plan(
    packs: Sequence[dict[str, MattingOptions]],
    works: Sequence[Work],
    sources: Mapping[str, Source],
) -> list[Part]:
    first = works[0].asking
    if first.save_as is not None and len(packs) > 1:
        # What one call checks for its own results must hold for all of a picture.
        every = {name: each for pack in packs for name, each in pack.items()}
        for place in sources:
            replace(first, options=every).results(place)
    taken: dict[str, str] = {}
    return [
        Part.of(tuple(pack), work, sources, taken)
        for pack, work in zip(packs, works, strict=True)
    ]


def _rows(
    values: Sequence[object], sets: Mapping[str, MattingOptions], parts: Sequence[Part]
) -> Iterator[Outcome]:
    of = {name: part for part in parts for name in part.names}
    firsts = {name: _first(sets, name) for name in sets}
    seen: set[str] = set()
    for value in values:
        for name, first in firsts.items():
            if not isinstance(value, str):
                error = OptionsError(describe_cell(value))
                yield Outcome(status=Status.REFUSED).failed(error)
                continue
            outcome = of[first].outcome(value, first)
            again = value in seen or first != name
            yield outcome.as_duplicate() if again else outcome
        if isinstance(value, str):
            seen.add(value)


def _lengthen(
    frame: pd.DataFrame, sets: Mapping[str, MattingOptions], rows: Sequence[Outcome]
) -> pd.DataFrame:
    places = np.repeat(np.arange(len(frame)), len(sets))
    long = frame.iloc[places].reset_index(drop=True)
    added = outcome_frame(rows, long.index)
    names = pd.Series(list(sets) * len(frame), index=long.index, dtype="str")
    added.insert(0, OPTIONS, names)
    long.attrs = frame.attrs
    return add_columns(long, added)
