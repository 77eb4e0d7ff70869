"""What a run asks of the store before it sends anything, and what it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cosmat_nb.cutout import Cutout
    from cosmat_nb.store.answer_key import AnswerKey
    from cosmat_nb.store.budget import Budget
    from cosmat_nb.store.price import Price
    from cosmat_nb.store.tally import Charge
    from cosmat_nb.wire.results import StoredPicture

__all__ = ["Busy", "Found", "Job", "Refusal", "Ticket"]


@dataclass(frozen=True, slots=True)
class Job:
    """One call to be made.

    Attributes
    ----------
    keys : tuple of AnswerKey
        One for each answer that the call brings: one when downloading, up to five sets
        of options of one picture when results stay in the bucket. Each is billed.
    """

    keys: tuple[AnswerKey, ...]


@dataclass(slots=True, eq=False)
class Ticket:
    """A run's exclusive right to make one call, attempt by attempt; made by `Run`.

    Attributes
    ----------
    job : Job
        What may be asked.
    intent : int
        Row of the ledger that the attempt now owed was written in.
    attempt : int
        Of this run, from 1.
    charge : Charge
        What that attempt added to the sums of budgets.
    budget, price : Budget or None, Price or None
        Against which further attempts are checked.
    settled : bool
        Whether that attempt's outcome is told.
    """

    job: Job
    intent: int
    attempt: int
    charge: Charge
    budget: Budget | None = field(repr=False)
    price: Price | None = field(repr=False)
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Answered meanwhile, perhaps by another process: no call is needed.

    Attributes
    ----------
    answers : tuple of Cutout, StoredPicture or None
        One for each key of the job. None where one of several is not there yet: claim
        a job of those keys alone.
    """

    answers: tuple[Cutout | StoredPicture | None, ...]


@dataclass(frozen=True, slots=True)
class Busy:
    """Being asked right now by a run that is alive: claim again a little later.

    Attributes
    ----------
    run : str
        Its id; it may be the run that claims.
    """

    run: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The call would cost more than the budget allows.

    Attributes
    ----------
    reason : str
        One sentence for a `BudgetExceededError`.
    """

    reason: str
