"""What became of a batch, in one value and in one line."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cosmat_nb.batch.outcome import Status
from cosmat_nb.errors import OptionsError
from cosmat_nb.places import shown_place
from cosmat_nb.store.ledger import Totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cosmat_nb.batch.batch import Batch
    from cosmat_nb.batch.outcome import Outcome
    from cosmat_nb.batch.work import Work
    from cosmat_nb.store.price import Price

__all__ = ["RUN_ATTRIBUTE", "Summary", "summarize_run", "tell_money"]

RUN_ATTRIBUTE = "cosmat_run"
"""Name in ``DataFrame.attrs`` under which a result keeps the facts of its run."""

_SLOWEST = 5
_PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What became of a batch, and what it cost.

    Attributes
    ----------
    run : str
        Name of the run in the ledger.
    service : str
        Who answered, see ``client.service``.
    ok, empty, refused, error, skipped : int
        Rows by status.
    from_store, duplicates : int
        Rows answered by the store, and by another row's call.
    attempts, retries : int
        Requests sent, and how many of them repeated another.
    billed, unknown : int
        Calls that were answered, and calls of which nobody here can know; a request
        for several results counts as so many calls.
    cost : float
        Of `billed` and `unknown` together by the price that was given; NaN where it
        knows none.
    saved : float
        What the rows of `from_store` and `duplicates` would have cost.
    currency : str
        Of both.
    verified : bool
        Whether the user has held the price against a bill.
    sandbox : bool
        Whether an emulator answered, so that nothing was paid.
    seconds : float
        Wall time of the batch.
    p50, p95, p99 : float
        Percentiles of the seconds from first request to answer; NaN without answers.
    slowest : tuple of (str, float)
        The places that took longest, each with its seconds, longest first.
    stopped : str
        Why the batch stopped before all was answered; empty when it did not.
    """

    run: str
    service: str
    ok: int
    empty: int
    refused: int
    error: int
    skipped: int
    from_store: int
    duplicates: int
    attempts: int
    retries: int
    billed: int
    unknown: int
    cost: float
    saved: float
    currency: str
    verified: bool
    sandbox: bool
    seconds: float
    p50: float
    p95: float
    p99: float
    slowest: tuple[tuple[str, float], ...]
    stopped: str

    def __str__(self) -> str:
        counts = {status: getattr(self, status) for status in Status}
        parts = [", ".join(f"{n} {name}" for name, n in counts.items() if n)]
        if self.from_store:
            parts.append(f"{self.from_store} from the store")
        money = tell_money(
            self.billed,
            self.unknown,
            cost=self.cost,
            price=self,
            sandbox=self.sandbox,
        )
        parts += [money, f"{self.seconds:.1f} s"]
        if not math.isnan(self.p50):
            parts.append(f"p50 {self.p50:.2f} s, p95 {self.p95:.2f} s")
        if self.retries:
            parts.append(f"{self.retries} tried again")
        if self.stopped:
            why = self.stopped.removeprefix("the batch stopped: ")
            parts.append(f"stopped: {why}")
        return " · ".join(part for part in parts if part)

    @classmethod
    def of(
        cls,
        places: Sequence[object],
        rows: Sequence[Outcome],
        *,
        batch: Batch,
        work: Work,
        seconds: float,
    ) -> Summary:
        """Sum up a batch that has ended.

        Parameters
        ----------
        places : sequence
            The cell of each row.
        rows : sequence of Outcome
            As many.
        batch : Batch
            Its name in the ledger, and why it stopped.
        work : Work
            Store and price.
        seconds : float
            Wall time.
        """
        status = Counter(str(row.status) for row in rows)
        source = Counter(row.source for row in rows)
        times = {
            str(place): row.seconds
            for place, row in zip(places, rows, strict=True)
            if not math.isnan(row.seconds)
        }
        spread = [math.nan] * len(_PERCENTILES)
        if times:
            spread = np.percentile(list(times.values()), _PERCENTILES).tolist()
        slowest = sorted(times.items(), key=lambda pair: -pair[1])[:_SLOWEST]
        spared = source["store"] + source["duplicate"]
        try:
            spent = work.store.ledger.totals(batch.run)
            saved = work.cost_of(spared * len(work.asking.options))
        except (OSError, OptionsError):
            # The store is gone; answers that only these rows hold must not go too.
            attempts = sum(row.attempts for row in rows)
            retries = sum(max(row.attempts - 1, 0) for row in rows)
            unknown = attempts * len(work.asking.options)
            spent = Totals(attempts, retries, 0, unknown, math.nan)
            saved = math.nan
        return cls(
            run=batch.run,
            service=work.asking.service,
            **{str(each): status[str(each)] for each in Status},
            from_store=source["store"],
            duplicates=source["duplicate"],
            attempts=spent.attempts,
            retries=spent.retries,
            billed=spent.billed,
            unknown=spent.unknown,
            cost=spent.cost,
            saved=saved,
            currency=work.price.currency,
            verified=work.price.verified,
            sandbox=work.asking.client.emulated,
            seconds=seconds,
            p50=spread[0],
            p95=spread[1],
            p99=spread[2],
            slowest=tuple((shown_place(place), time) for place, time in slowest),
            stopped=batch.halt.reason if status["skipped"] + status["error"] else "",
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as ``DataFrame.attrs`` and JSON take them."""
        return asdict(self)


def tell_money(
    billed: int, unknown: int, *, cost: float, price: Price | Summary, sandbox: bool
) -> str:
    """Say what calls came to.

    Parameters
    ----------
    billed, unknown : int
        Calls that were answered, and calls that may have been billed.
    cost : float
        Of both; NaN when a price was unknown.
    price : Price or Summary
        Knows the currency, and whether anybody has checked it.
    sandbox : bool
        Whether an emulator answered.

    Examples
    --------
    >>> from cosmat_nb.store.price import UNVERIFIED
    >>> tell_money(212, 3, cost=4.3, price=UNVERIFIED, sandbox=False)
    '212 billed, 3 more may have been: 4.30 CNY (unverified)'
    """
    calls = f"{billed} billed" + " by the emulator" * sandbox
    if unknown:
        calls += f", {unknown} more may have been"
    if sandbox:
        return f"{calls}: nothing was paid"
    if not billed + unknown:
        return calls
    shown = "price unknown" if math.isnan(cost) else f"{cost:.2f} {price.currency}"
    return f"{calls}: {shown}{'' if price.verified else ' (unverified)'}"


def summarize_run(result: pd.DataFrame) -> Summary:
    """Return what a batch came to: counts, money, times.

    Parameters
    ----------
    result : DataFrame
        As `matte_frame` returned it. Some of its rows tell of the whole batch too.

    Returns
    -------
    Summary
        Its ``str`` is the line that was shown at the end.

    Raises
    ------
    OptionsError
        When the frame does not know: merging frames and saving to a file drops what
        pandas calls ``attrs``.
    """
    facts = getattr(result, "attrs", {}).get(RUN_ATTRIBUTE)
    if not isinstance(facts, dict):
        raise OptionsError(
            "this frame does not know its run: pass the frame that matte_frame "
            "returned, or read store.ledger.to_frame()"
        )
    slowest = tuple((place, seconds) for place, seconds in facts["slowest"])
    return Summary(**{**facts, "slowest": slowest})
