"""What one call brought, on its way to the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosmat_nb.store.answer_row import cutout_row, stored_row
from cosmat_nb.store.files import keep_png, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.store.answer_row import Row
    from cosmat_nb.store.claims import Ticket
    from cosmat_nb.store.journal import Settlement
    from cosmat_nb.wire.results import StoredPicture

__all__ = ["Arrival", "arrive", "arrive_stored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What one call brought.

    Attributes
    ----------
    rows : tuple of tuple
        Its answers, as the index has them.
    outcome : Settlement
        Of its intent.
    asked : tuple of bytes
        Claims that end with it.
    done : callable
        Told None once all is on disk, or the error that prevented it.
    descriptor : int or None
        The pending file, open and not yet synced; None where there is no file.
    pending : str
        Its path.
    sha256 : str
        Of its content.
    """

    rows: tuple[Row, ...]
    outcome: Settlement
    asked: tuple[bytes, ...]
    done: Callable[[OSError | None], object]
    descriptor: int | None = None
    pending: str = ""
    sha256: str = ""


def arrive(
    ticket: Ticket,
    outcome: Settlement,
    cutout: Cutout,
    png: bytes,
    pending: str,
    done: Callable[[OSError | None], object],
    etag: str,
    seconds: float | None,
) -> Arrival:
    """Write the pending file of a download.

    Parameters
    ----------
    ticket, outcome : Ticket, Settlement
        Of the call.
    cutout : Cutout
        The answer as the store will keep it.
    png : bytes
        Its bytes.
    pending : str
        The file they are written to first.
    done, etag, seconds
        As in `Arrival` and `cutout_row`.

    Raises
    ------
    OSError
        When the disk is full or fails; no file stays.
    """
    (key,) = ticket.job.keys
    assert cutout.folder is not None, "the store's"
    descriptor = None
    try:
        descriptor = write_whole(pending, png)
    except FileNotFoundError:
        # The run is closed, and this answer comes after a second interrupt.
        keep_png(cutout.folder, png)
        pending = ""
    row = cutout_row(
        key,
        cutout,
        intent=ticket.intent,
        kept=outcome.at,
        etag=etag,
        seconds=seconds,
    )
    return Arrival(
        rows=(row,),
        outcome=outcome,
        asked=(key.asked,),
        done=done,
        descriptor=descriptor,
        pending=pending,
        sha256=cutout.sha256,
    )


def arrive_stored(
    ticket: Ticket,
    outcome: Settlement,
    pictures: Sequence[StoredPicture | None],
    done: Callable[[OSError | None], object],
    attempts: int,
    seconds: float | None,
) -> Arrival:
    """Take down results that stay in the bucket; those that are None are left out."""
    keys = ticket.job.keys
    rows = tuple(
        stored_row(
            key,
            picture,
            intent=ticket.intent,
            kept=outcome.at,
            request_id=outcome.request_id,
            attempts=attempts,
            seconds=seconds,
        )
        for key, picture in zip(keys, pictures, strict=True)
        if picture is not None
    )
    asked = tuple(key.asked for key in keys)
    return Arrival(rows=rows, outcome=outcome, asked=asked, done=done)
