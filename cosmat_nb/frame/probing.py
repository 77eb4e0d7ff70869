"""Pictures looked into before they are paid for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from cosmat_nb.errors import CallError, ImageError, ObjectNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cosmat_nb.client.blocking import MattingClient

__all__ = ["Probe", "probe_keys"]

GROUP = 256
"""Keys handed to the threads at once."""

_SHORT = {
    "formats": "neither JPEG nor PNG",
    "min_side": "too few pixels",
    "max_long_side": "too many pixels",
    "max_short_side": "too many pixels",
    "max_bytes": "too many bytes",
}


@dataclass(frozen=True, slots=True)
class Probe:
    """What a look into one picture told.

    Attributes
    ----------
    key : str
        Object key.
    reason : str
        Why it would be refused, in two or three words; empty when it would not.
    words : str
        The same as a sentence.
    error : CallError or None
        Why nothing could be told.
    """

    key: str
    reason: str = ""
    words: str = ""
    error: CallError | None = None


def probe_keys(client: MattingClient, keys: Iterable[str]) -> Iterator[Probe]:
    """Look into stored pictures, as many at once as the client has calls in flight.

    Each is a request, or two, that the storage service counts; none is matted.

    Parameters
    ----------
    client : MattingClient
        Who asks; its `limits` judge.
    keys : iterable of str
        Object keys.

    Yields
    ------
    Probe
        One for each key, in order.

    Raises
    ------
    CallError
        When an error would befall every key, or a whole group of them got no answer.
    """
    left = iter(keys)
    with ThreadPoolExecutor(client.concurrency, "cosmat-probe") as pool:
        try:
            while group := list(islice(left, GROUP)):
                probes = list(pool.map(lambda key: _probe(client, key), group))
                errors = [probe.error for probe in probes if probe.error is not None]
                if len(errors) == len(group):
                    raise errors[0]
                yield from probes
        finally:
            pool.shutdown(cancel_futures=True)


def _probe(client: MattingClient, key: str) -> Probe:
    try:
        info = client.probe(key)
    except ImageError as error:
        return Probe(key, "a damaged header", str(error))
    except CallError as error:
        if error.dooms:
            raise
        if error.heals:
            return Probe(key, error=error)
        missing = isinstance(error, ObjectNotFoundError)
        return Probe(key, "no such object" if missing else error.code, str(error))
    breach = None if client.limits is None else client.limits.breach(info)
    if breach is None:
        return Probe(key)
    return Probe(key, _SHORT.get(breach.limit, breach.code), breach.words)
