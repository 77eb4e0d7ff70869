"""What a batch tells of itself while it is at work."""

from __future__ import annotations

import math
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.glance import Facts
from cosmat_nb.frame.summary import tell_money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cosmat_nb.batch.batch import Batch
    from cosmat_nb.batch.work import Work

__all__ = ["News"]

_MONEY_SECONDS = 1.0
_SHARE = 20
"""The ledger is not read again before so many times what reading it took."""

_QUIET_SECONDS = 2.0


class News:
    """What a batch is doing and what it has cost.

    Parameters
    ----------
    batch, work : Batch, Work
        At work.
    spared : int
        Pictures that the store answered, before anything was sent.
    interrupts : sequence
        Those that came so far, see `counted_interrupts`.
    """

    def __init__(
        self, batch: Batch, work: Work, spared: int, interrupts: Sequence[int]
    ) -> None:
        self._batch, self._work, self._spared = batch, work, spared
        self._interrupts = interrupts
        self._money = self._saved = ""
        self._due = self._heard = -math.inf
        self._done = -1

    def __call__(self, done: int) -> Facts:
        """Return the facts, when so many pictures are done."""
        now = time.monotonic()
        if now >= self._due:
            self._read_money()
            self._due = now + max(_MONEY_SECONDS, _SHARE * (time.monotonic() - now))
        if done > self._done:
            self._done, self._heard = done, now
        stopping = bool(self._interrupts or self._batch.halt.reason)
        note = self._ending() if stopping else self._doing(now - self._heard)
        return Facts(self._money, self._saved, note, stopping)

    def _read_money(self) -> None:
        work = self._work
        try:
            spent = work.store.ledger.totals(self._batch.run, closed=True)
            self._money = tell_money(
                spent.billed,
                spent.unknown,
                cost=spent.cost,
                price=work.price,
                sandbox=work.asking.client.emulated,
            )
            if self._spared and not self._saved:
                cost = work.cost_of(self._spared * len(work.asking.options))
                self._saved = f"{self._spared:,} from the store"
                if not work.asking.client.emulated:
                    self._saved += f": {work.price.show(cost)} saved"
        except (OSError, OptionsError):
            # The store is gone: the batch itself says so, and what was told stays.
            return

    def _ending(self) -> str:
        flying = self._batch.in_flight
        if not flying:
            return "stopping"
        plural = "s" * (flying != 1)
        verb = "are" if flying != 1 else "is"
        return f"stopping: {flying} call{plural} in flight {verb} being answered"

    def _doing(self, quiet: float) -> str:
        pause, flying = self._batch.pause, self._batch.in_flight
        if pause:
            until = datetime.now().astimezone() + timedelta(seconds=pause)
            return f"paused until {until:%H:%M:%S}, as the service asks"
        calls = f"{flying} call{'s' * (flying != 1)} in flight"
        if quiet < _QUIET_SECONDS:
            return calls if flying else ""
        if flying:
            return f"waiting for the service: {calls}"
        if self._batch.at_work:
            return "waiting to try again"
        return "waiting for another batch that asks for the same pictures"
