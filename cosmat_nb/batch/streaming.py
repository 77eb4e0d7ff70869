"""Cutouts one after the other, for more pictures than a frame should hold."""

from __future__ import annotations

import threading
from itertools import islice
from typing import TYPE_CHECKING, Literal

from cosmat_nb.batch.asking import SAVE_AS
from cosmat_nb.batch.batch import Batch
from cosmat_nb.batch.sources import read_sources
from cosmat_nb.batch.work import Work
from cosmat_nb.errors import OptionsError, tell
from cosmat_nb.options import MattingOptions
from cosmat_nb.store.price import UNVERIFIED, Price

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cosmat_nb.batch.asking import SaveAs
    from cosmat_nb.batch.outcome import Outcome
    from cosmat_nb.batch.resolving import Resolved
    from cosmat_nb.client.blocking import MattingClient
    from cosmat_nb.store.budget import Budget
    from cosmat_nb.store.store import Store

__all__ = ["iter_matte"]

_GROUP = 256
_LOOK_SECONDS = 0.1


def iter_matte(
    places: Iterable[str],
    client: MattingClient,
    options: MattingOptions | Mapping[str, MattingOptions] = MattingOptions(),
    *,
    store: Store | None = None,
    budget: Budget | None = None,
    price: Price = UNVERIFIED,
    mode: Literal["download", "stored"] = "download",
    save_as: SaveAs = SAVE_AS,
    check_sources: bool | None = None,
) -> Iterator[tuple[str, Outcome]]:
    """Cut out pictures one after the other, in the order of their answers. Paid calls.

    For more keys than a frame should hold: neither they nor what came of them are kept
    in memory. Places are read by other threads, 256 at a time, and up to 256 outcomes
    wait for a slow reader. Nobody is asked to confirm: pass a `budget`. Leaving the
    loop, or closing the generator where it is kept in a variable, stops the batch:
    nothing new is sent, and what is in flight is answered and kept, before the process
    ends at the latest. Mode "stored" remembers the names of all results.

    Parameters
    ----------
    places : iterable of str
        Object keys and addresses. Equal ones are asked once, since the store has the
        answer; a generator is welcome.
    client, options, store, budget, price, mode, save_as, check_sources
        As in `matte_frame`.

    Yields
    ------
    place : str
        As it was given.
    outcome : Outcome
        Its fields are the result columns of `matte_frame`. Places that were not sent,
        because the batch stopped, are not told.

    Warns
    -----
    CosmatWarning
        When the batch stopped early.

    Raises
    ------
    OptionsError
        Before anything is sent, for an argument of the wrong kind; for a place that is
        no string, once it is reached.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> keys = (info.key for info in client.list_objects())  # doctest: +SKIP
    >>> for key, outcome in cm.iter_matte(keys, client):  # doctest: +SKIP
    ...     print(key, outcome.status)
    """
    if isinstance(places, str) or hasattr(places, "columns"):
        raise OptionsError(
            "places must be keys one after the other, as frame['key'] or a generator; "
            f"got {type(places).__name__}"
        )
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
    return _stream(places, work)


def _stream(places: Iterable[str], work: Work) -> Iterator[tuple[str, Outcome]]:
    batch = Batch(work, _read(places, work))
    try:
        while not batch.is_over:
            yield from batch.poll(_LOOK_SECONDS)
    except GeneratorExit:
        # Perhaps of a garbage collection: in any thread, the batch's own too, and under
        # any lock. So nothing here may wait; but the process does, before it ends.
        threading.Thread(target=batch.leave, name="cosmat-leaving").start()
        raise
    except BaseException:
        batch.leave()
        raise
    if batch.failure is not None:
        raise batch.failure
    if batch.halt:
        tell(batch.halt.reason)


def _read(places: Iterable[str], work: Work) -> Iterator[Resolved]:
    left, taken = iter(places), dict[str, str]()
    while group := list(islice(left, _GROUP)):
        sources = read_sources(group)
        if sources.unnamed:
            raise OptionsError("places must be strings: object keys or addresses")
        yield from work.resolve(sources.of, taken)
