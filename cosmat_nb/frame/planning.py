"""A plan for a batch: what it would do and cost; nothing is paid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from cosmat_nb.batch.asking import SAVE_AS, Asking
from cosmat_nb.batch.resolving import resolve
from cosmat_nb.batch.work import check_client, check_kind
from cosmat_nb.frame.columns import check_column
from cosmat_nb.frame.draft import Draft
from cosmat_nb.frame.garbage import no_collections
from cosmat_nb.frame.plan import Plan
from cosmat_nb.frame.rows import frame_sources
from cosmat_nb.options import MattingOptions
from cosmat_nb.places import is_address
from cosmat_nb.store.history import count_calls, recall_answers
from cosmat_nb.store.price import UNVERIFIED, Price
from cosmat_nb.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from cosmat_nb.batch.asking import SaveAs
    from cosmat_nb.batch.sources import Sources
    from cosmat_nb.client.blocking import MattingClient
    from cosmat_nb.frame.progress import Watcher

__all__ = ["plan_frame"]

_USUAL = (".jpg", ".jpeg", ".png")


def plan_frame(
    frame: pd.DataFrame,
    client: MattingClient,
    options: MattingOptions | Mapping[str, MattingOptions] = MattingOptions(),
    *,
    column: str = "key",
    etag: str = "etag",
    store: Store | None = None,
    price: Price = UNVERIFIED,
    probe: bool = False,
    mode: Literal["download", "stored"] = "download",
    save_as: SaveAs = SAVE_AS,
    progress: bool | Watcher = True,
) -> Plan:
    """Tell what `matte_frame` would do with the same arguments, and what it would cost.

    It sends nothing, unless asked to probe.

    Parameters
    ----------
    frame : DataFrame
        One picture a row. Left as it is. Where it has a column ``size`` (bytes, as
        `list_frame` makes it), empty and too large files are refused.
    client : MattingClient
        Who would ask.
    options : MattingOptions or mapping of str to MattingOptions
        As in `matte_frame`.
    column, etag : str
        Columns of object keys, and of ETags where there is one.
    store : Store, optional
        Where answers are looked for; by default the user's own.
    price : Price, default UNVERIFIED
        What a call costs. Its free calls and steps go on from the calls in the ledger.
    probe : bool, default False
        Whether to look into every picture that would be paid for: format, size in
        pixels, and whether it exists. A request or two each, which cost what the
        storage service takes for any other.
    mode : {"download", "stored"}
        As in `matte_frame`.
    save_as : str or callable
        As in `matte_frame`.
    progress : bool or Watcher, default True
        Show how far the probing is.

    Returns
    -------
    Plan
        Shows itself. Bytes and time are those of earlier answers, so they are not
        known before some pictures were matted: see `pilot_frame`.

    Raises
    ------
    OptionsError
        For arguments that `matte_frame` would refuse.
    CallError
        When probing meets an error that befalls every picture.

    Examples
    --------
    >>> import tempfile, pandas as pd, cosmat_nb as cm
    >>> frame = pd.DataFrame({"key": ["a.jpg", "a.jpg", "b.png", "folder/"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with cm.connect_emulator(cm.Emulator()) as client:
    ...         plan = plan_frame(frame, client, store=cm.Store(folder))
    >>> plan.to_call, plan.duplicates, plan.refused, plan.cost
    (2, 1, {'a folder': 1}, 0.04)
    """
    check_client(client)
    asking = Asking.of(client, options, mode, save_as)
    store = Store() if store is None else store
    check_kind("store", store, Store)
    check_kind("price", price, Price)
    sources = frame_sources(frame, column, etag)
    with no_collections():
        draft = Draft.of(resolve(sources.of, asking, store))
    if probe:
        draft.probe(client, progress=progress)
    calls = draft.calls
    nbytes, seconds = _expect(draft, asking, store)
    notes = _notes(draft, sources, asking, timed=seconds is not None)
    return Plan(
        service=asking.service,
        rows=sources.rows,
        pictures=len(sources.of),
        duplicates=sources.duplicates,
        stored=draft.stored,
        to_call=len(draft.to_call),
        calls=calls.total(),
        refused=draft.reasons(sources.unnamed),
        cost=_cost(calls, price, count_calls(store.folder, sandbox=client.emulated)),
        price=price,
        nbytes=nbytes,
        seconds=seconds,
        notes=(*_unknown(calls, price), *notes),
        table=draft.table(check_column(frame, column, "pass column=")),
    )


def _cost(calls: Mapping[str, int], price: Price, before: Mapping[str, int]) -> float:
    costs = [
        price.cost(operation, count, before.get(operation, 0))
        for operation, count in calls.items()
    ]
    # Each is decimal; what their binary sum adds is far behind the sixth place.
    return round(math.fsum(costs), 9)


def _unknown(calls: Mapping[str, int], price: Price) -> Iterator[str]:
    unknown = [name for name in calls if not price.knows(name)]
    if unknown:
        yield f"the price of {', '.join(unknown)} is unknown: pass price=Price(...)"


def _expect(
    draft: Draft, asking: Asking, store: Store
) -> tuple[int | None, float | None]:
    stored = asking.save_as is not None
    options = list(asking.options.values())
    past = recall_answers(store.folder, asking.service, options, stored=stored)
    calls, pictures = draft.calls.total(), len(draft.to_call)
    nbytes = None if past.nbytes is None else round(past.nbytes * calls)
    if past.seconds is None:
        return nbytes, None
    in_flight = min(asking.client.concurrency, max(pictures, 1))
    return nbytes, past.seconds * pictures / in_flight


def _notes(
    draft: Draft, sources: Sources, asking: Asking, *, timed: bool
) -> Iterator[str]:
    odd = sum(map(_is_odd, draft.to_call))
    if draft.to_call and asking.client.emulated:
        yield "the emulator answers: nothing is paid, the cost is the cloud's"
    if draft.to_call and not timed:
        yield "bytes and time are known after a pilot: run pilot_frame's rows first"
    if draft.unsure:
        yield (
            f"{draft.unsure:,} stored without an ETag to compare: a picture that was "
            "replaced since is not noticed"
        )
    if sources.conflicts:
        yield (
            f"{sources.conflicts:,} rows give a picture another ETag than an earlier "
            "row: the first one counts"
        )
    if odd:
        yield (
            f"{odd:,} of those to call do not end in .jpg, .jpeg or .png, and nothing "
            "else is taken: probe=True looks into them"
        )
    if draft.unprobed:
        yield f"{draft.unprobed:,} could not be probed: addresses, or no answer came"


def _is_odd(place: str) -> bool:
    return not is_address(place) and not place.lower().endswith(_USUAL)
