"""Results that stayed in the bucket, brought back as cutouts."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

import pandas as pd

from cosmat_nb import images
from cosmat_nb.batch.asking import Asking
from cosmat_nb.batch.outcome import Outcome, Status
from cosmat_nb.batch.work import check_client, check_kind
from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import ImageError, ObjectNotFoundError, OptionsError
from cosmat_nb.frame.columns import check_column, check_free
from cosmat_nb.frame.matting import ASKED_ATTRIBUTE
from cosmat_nb.frame.rows import RESULT_COLUMNS
from cosmat_nb.frame.working import Task, work_through
from cosmat_nb.options import MattingOptions
from cosmat_nb.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cosmat_nb.client.blocking import MattingClient
    from cosmat_nb.frame.progress import Watcher

__all__ = ["OPTIONS", "SWEEP_ATTRIBUTE", "fetch_stored", "fill_cutouts", "find_result"]

OPTIONS = "options"
"""Column with the names of option sets."""

SWEEP_ATTRIBUTE = "cosmat_sweep"
"""Name in ``DataFrame.attrs`` under which a sweep keeps what was asked."""

_FILLED = ("status", "cutout", "error_code", "error", "heals")
_REMEDY = "pass the frame that matte_frame or sweep_options returned"
_VANISHED = (
    "the result is in the bucket no more. It was made once, so it is not asked for "
    "again: another save_as= makes it anew, as a paid call"
)
_NAMELESS = (
    "which options this result answers is not known: its call did not bring all, and a "
    "function named them"
)


class _Wanted(NamedTuple):
    """One result to be fetched, and what its cutout is to tell."""

    key: str
    place: str
    options: MattingOptions | None
    request_id: str | None


def fetch_stored(
    result: pd.DataFrame,
    client: MattingClient,
    *,
    store: Store | None = None,
    progress: bool | Watcher = True,
) -> pd.DataFrame:
    """Fetch the results that mode "stored" left in the bucket. No matting calls.

    Each object is downloaded once, in as many threads as the client's ``concurrency``,
    and kept by the store as a file. Rows that have a cutout already stay as they are,
    so doing it again fetches what failed. What lies there now is taken: whether
    somebody replaced it since is not looked at.

    Parameters
    ----------
    result : DataFrame
        From ``matte_frame(mode="stored")`` or `sweep_options`. Left as it is.
    client : MattingClient
        Who fetches; of the bucket that the results are in.
    store : Store, optional
        Where the files are kept; by default the store of `result`. They belong to no
        answer there, so ``store.prune(loose=True)`` drops them.
    progress : bool or Watcher, default True
        As in `matte_frame`; it counts objects.

    Returns
    -------
    DataFrame
        One row a result: rows with several become several, in their order and with the
        same index label; column ``options``, left of ``status``, names the option set.
        ``cutout`` is filled, and ``status`` says ``empty`` where no subject was found.
        A result that could not be had is a row of ``error`` that says why.

    Raises
    ------
    OptionsError
        When `result` does not know what was asked, was not made in mode "stored", has
        a column ``options`` of its own, the client is of another bucket, or an argument
        is of another kind.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> sets = {"plain": cm.MattingOptions(), "centred": cm.MattingOptions(center=True)}
    >>> result = cm.matte_frame(frame, client, sets, mode="stored")  # doctest: +SKIP
    >>> table = cm.measure_frame(cm.fetch_stored(result, client))  # doctest: +SKIP
    """
    check_client(client)
    for name in RESULT_COLUMNS:
        check_column(result, name, _REMEDY)
    is_long = SWEEP_ATTRIBUTE in result.attrs
    asked = result.attrs.get(SWEEP_ATTRIBUTE if is_long else ASKED_ATTRIBUTE)
    if not isinstance(asked, dict):
        raise OptionsError(f"this frame does not know what was asked: {_REMEDY}")
    if asked["mode"] != "stored":
        raise OptionsError("these cutouts were downloaded: they are in column 'cutout'")
    if client.is_closed:
        raise OptionsError(f"{client!r} is closed; connect again")
    own = client.address.bucket
    if asked.get("bucket", own) != own:
        raise OptionsError(
            f"these results are in bucket {asked['bucket']}, and this client's is "
            f"{own}: pass a client of theirs"
        )
    check_kind("store", store or Store, Store if store else type)
    store = store or Store(asked["store"])
    rules = asked["options"].items()
    options = {name: MattingOptions.from_rule(rule) for name, rule in rules}
    if not is_long:
        check_free(result, [OPTIONS])
        asking = Asking(
            client=client,
            service=client.service,
            bucket=client.address.bucket,
            options=options,
            save_as=asked["save_as"],
        )
        result = _one_a_row(result, asking, asked)
    return fill_cutouts(
        result, client, options, column=asked["column"], store=store, progress=progress
    )


def fill_cutouts(
    frame: pd.DataFrame,
    client: MattingClient,
    options: Mapping[str, MattingOptions],
    *,
    column: str,
    store: Store,
    progress: bool | Watcher,
) -> pd.DataFrame:
    """Fill the column ``cutout`` of a frame with one result a row.

    Parameters
    ----------
    frame : DataFrame
        With `RESULT_COLUMNS` and `OPTIONS`; ``stored`` holds one picture at most.
    client, store, progress
        As in `fetch_stored`.
    options : mapping of str to MattingOptions
        What the names in `OPTIONS` stand for.
    column : str
        Holds the places of the sources.
    """
    names = (column, OPTIONS, "request_id", "stored", "cutout")
    cells = zip(*(frame[name].tolist() for name in names), strict=True)
    tasks = [
        None
        if isinstance(cutout, Cutout) or not stored
        else _task(place, stored[0].key, options.get(name), request_id)
        for place, name, request_id, stored, cutout in cells
    ]

    def fetch(group: Sequence[_Wanted]) -> Iterator[Outcome]:
        return (_fetch(wanted, client, store) for wanted in group)

    found = work_through(tasks, fetch, workers=client.concurrency, show=progress)
    return _filled(frame, found)


def _one_a_row(
    result: pd.DataFrame, asking: Asking, asked: Mapping[str, Any]
) -> pd.DataFrame:
    rows: list[int] = []
    named: list[tuple[str | None, tuple[Any, ...]]] = []
    cells = zip(result[asked["column"]], result["stored"], strict=True)
    for row, (place, stored) in enumerate(cells):
        pairs = list(_name_results(asking, place, stored)) or [(None, ())]
        rows += [row] * len(pairs)
        named += pairs
    spread: pd.DataFrame = result.iloc[rows].copy()
    names, pictures = ([pair[at] for pair in named] for at in (0, 1))
    spread["stored"] = pd.Series(pictures, index=spread.index, dtype="object")
    words = pd.Series(names, index=spread.index, dtype="str")
    spread.insert(list(spread.columns).index("status"), OPTIONS, words)
    # From here on it is what a sweep returns, and retry_failed must not take it.
    spread.attrs = {**result.attrs, SWEEP_ATTRIBUTE: dict(asked)}
    del spread.attrs[ASKED_ATTRIBUTE]
    return spread


def _name_results(
    asking: Asking, place: str, stored: Sequence[Any]
) -> Iterator[tuple[str | None, tuple[Any, ...]]]:
    if asking.save_as is None:
        whole = len(stored) == len(asking.options)
        names = list(asking.options) if whole else [None] * len(stored)
        yield from ((name, (each,)) for name, each in zip(names, stored, strict=True))
    elif stored:
        results = asking.results(place)
        for name, key in zip(asking.options, results, strict=True):
            found = find_result(stored, key)
            if found is not None:
                yield name, (found,)


def find_result(stored: Sequence[Any], key: str) -> Any:
    """Return the picture saved under a key, by that key, or None.

    The vendor's own example tells another key than its location.
    """
    for each in stored:
        if key in (each.key, unquote(each.location.partition("/")[2])):
            return dataclasses.replace(each, key=key)
    return None


def _task(
    place: str, key: str, options: MattingOptions | None, request_id: object
) -> Task[_Wanted]:
    named = request_id if isinstance(request_id, str) else None
    return Task(key, (place, options), _Wanted(key, place, options, named))


def _fetch(wanted: _Wanted, client: MattingClient, store: Store) -> Outcome:
    try:
        cutout = _read(wanted, client, store)
    except ObjectNotFoundError as error:
        failed = Outcome(status=Status.ERROR).failed(error)
        # Said of the call as a refusal of the source, which it is not.
        return dataclasses.replace(
            failed, status=Status.ERROR, error=f"{_VANISHED} ({error})"
        )
    except Exception as error:  # noqa: BLE001 - told in the row
        return dataclasses.replace(
            Outcome(status=Status.ERROR).failed(error), status=Status.ERROR
        )
    return Outcome(status=Status.EMPTY if cutout.is_empty else Status.OK, cutout=cutout)


def _read(wanted: _Wanted, client: MattingClient, store: Store) -> Cutout:
    if wanted.options is None:
        raise OptionsError(_NAMELESS)
    data = client.fetch(wanted.key)
    kind = images.read_header(data).format
    if kind != "PNG":
        raise ImageError(f"expected a PNG as {wanted.key!r}; got {kind}")
    alpha = images.decode_rgba(data)[..., 3]
    return Cutout(
        place=wanted.place,
        options=wanted.options,
        height=alpha.shape[0],
        width=alpha.shape[1],
        is_empty=not alpha.any(),
        nbytes=len(data),
        request_id=wanted.request_id,
        service=client.service,
        folder=store.folder,
        sha256=store.keep(data),
        source=client.fetch,
    )


def _filled(frame: pd.DataFrame, found: Sequence[Outcome | None]) -> pd.DataFrame:
    filled = frame.copy()
    for name in _FILLED:
        values = [
            old if outcome is None else getattr(outcome, name)
            for old, outcome in zip(frame[name].tolist(), found, strict=True)
        ]
        if name == "status":
            values = list(map(str, values))
        filled[name] = pd.Series(values, index=frame.index, dtype=frame[name].dtype)
    return filled
