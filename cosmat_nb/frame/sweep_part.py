"""One batch of a sweep: a set of options, or some that share their calls."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cosmat_nb.batch.batch import Batch
from cosmat_nb.batch.outcome import Outcome, Status
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.garbage import no_collections
from cosmat_nb.frame.glance import Facts
from cosmat_nb.frame.news import News
from cosmat_nb.frame.stored import find_result
from cosmat_nb.frame.summary import Summary
from cosmat_nb.places import shown_place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cosmat_nb.batch.resolving import Resolved
    from cosmat_nb.batch.sources import Source
    from cosmat_nb.batch.work import Work
    from cosmat_nb.frame.progress import Progress

__all__ = ["Part", "SweepNews", "run_parts", "sum_up"]

_LOOK_SECONDS = 0.1


@dataclass(slots=True, eq=False, kw_only=True)
class Part:
    """What one batch of a sweep is to do, and what came of it.

    Attributes
    ----------
    names : tuple of str
        Its sets of options; one in mode "download".
    work : Work
        All of the batch but its pictures.
    pictures : dict of str to Resolved
        By place.
    outcomes : dict of str to Outcome
        Of places that were answered, or need no call.
    batch : Batch or None
        Once it was begun.
    unsent : Outcome or None
        What is said of the others when it never was.
    """

    names: tuple[str, ...]
    work: Work
    pictures: dict[str, Resolved]
    outcomes: dict[str, Outcome]
    batch: Batch | None = None
    unsent: Outcome | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        names: tuple[str, ...],
        work: Work,
        sources: Mapping[str, Source],
        taken: dict[str, str],
    ) -> Part:
        """Look up what the store has; sends nothing that is paid.

        Parameters
        ----------
        names, work : tuple of str, Work
            Of this part.
        sources : mapping of str to Source
            The distinct pictures.
        taken : dict of str to str
            The sources of results so far, shared by all parts.
        """
        with no_collections():
            pictures = {each.place: each for each in work.resolve(sources, taken)}
            known = ((place, work.known(each)) for place, each in pictures.items())
            outcomes = {place: outcome for place, outcome in known if outcome}
        return cls(names=names, work=work, pictures=pictures, outcomes=outcomes)

    @property
    def calls(self) -> list[Resolved]:
        """What is to be asked for yet."""
        pictures = self.pictures.items()
        return [each for place, each in pictures if place not in self.outcomes]

    def outcome(self, place: str, name: str) -> Outcome:
        """Return what became of one set of options for one picture."""
        each = self.pictures[place]
        outcome = self.outcomes.get(place) or self._unanswered(place)
        if self.work.asking.save_as is None or not each.keys:
            return outcome
        at = self.names.index(name)
        if each.found[at] is not None:
            return Outcome(status=Status.OK, stored=(each.found[at],), source="store")
        # As it was asked for: the service may tell another key than its location.
        key = each.keys[at].saved_as.partition("/")[2]
        if outcome.status == Status.OK:
            return replace(outcome, stored=(replace(outcome.stored[at], key=key),))
        made = find_result(outcome.stored, key)
        if made is None:
            return replace(outcome, stored=())
        return replace(
            outcome,
            status=Status.OK,
            stored=(made,),
            error_code=None,
            error=None,
            heals=False,
        )

    def _unanswered(self, place: str) -> Outcome:
        if self.batch is not None:
            return self.batch.unanswered(place)
        assert self.unsent is not None, "a part that has calls was begun or left out"
        return self.unsent


def run_parts(
    parts: Sequence[Part],
    deadline: float | None,
    bar: Progress,
    news: SweepNews,
    interrupts: Sequence[int],
) -> list[Batch]:
    """Do one part after the other, until something stops them all.

    Parameters
    ----------
    parts : sequence of Part
        What they bring is written into them. The first is begun even without calls: it
        shows that the store can be written.
    deadline : float or None
        Seconds for all.
    bar, news : Progress, SweepNews
        Told of outcomes, and of each part that begins.
    interrupts : sequence
        Those that came so far, see `counted_interrupts`.

    Returns
    -------
    list of Batch
        Those that were begun, one at least.
    """
    end = math.inf if deadline is None else time.monotonic() + deadline
    begun: list[Batch] = []
    for part in parts:
        if begun and (interrupts or begun[-1].halt):
            # Of no key, so it tells of one that was not sent.
            part.unsent = begun[-1].unanswered("")
        elif not begun or part.calls:
            rest = None if deadline is None else max(end - time.monotonic(), 0.0)
            part.batch = Batch(part.work, iter(part.calls), rest)
            begun.append(part.batch)
            news.turn_to(part, interrupts)
            _attend(part, part.batch, bar, interrupts)
    return begun


class SweepNews:
    """What a sweep tells of itself: the news of the part at work, with its name."""

    def __init__(self) -> None:
        self._names = ""
        self._news: News | None = None

    def turn_to(self, part: Part, interrupts: Sequence[int]) -> None:
        """Tell of this part from now on."""
        assert part.batch is not None, "it was begun"
        spared = sum(each.source == "store" for each in part.outcomes.values())
        self._names = ", ".join(part.names)
        self._news = News(part.batch, part.work, spared, interrupts)

    def __call__(self, done: int) -> Facts:
        """Return the facts, when so many calls are done."""
        if self._news is None:
            return Facts()
        facts = self._news(done)
        return facts._replace(money=f"{self._names}: {facts.money}")


def _attend(part: Part, batch: Batch, bar: Progress, interrupts: Sequence[int]) -> None:
    try:
        # As for `matte_frame`: one interrupt waits for the calls in flight.
        while not batch.is_over and len(interrupts) <= 1:
            new = batch.poll(_LOOK_SECONDS)
            part.outcomes.update(new)
            bar.hear(new)
            if interrupts:
                batch.stop("interrupted")
            elif batch.halt:
                batch.stop(batch.halt.reason)
    finally:
        batch.stop("it was left")


def sum_up(
    values: Sequence[object],
    rows: Sequence[Outcome],
    batches: Sequence[Batch],
    work: Work,
    seconds: float,
) -> Summary:
    """Return what all batches of a sweep came to.

    Parameters
    ----------
    values : sequence
        The cells that name the pictures.
    rows : sequence of Outcome
        For each of them one for each set of options.
    batches : sequence of Batch
        As `run_parts` returns them.
    work : Work
        With all sets.
    seconds : float
        Wall time.
    """
    names = list(work.asking.options)
    shown = [shown_place(value) if isinstance(value, str) else "" for value in values]
    places = [f"{place} · {name}" for place in shown for name in names]
    summary = Summary.of(places, rows, batch=batches[-1], work=work, seconds=seconds)
    with suppress(OSError, OptionsError):
        spent = [work.store.ledger.totals(batch.run) for batch in batches]
        return replace(
            summary,
            run=", ".join(batch.run for batch in batches),
            attempts=sum(each.attempts for each in spent),
            retries=sum(each.retries for each in spent),
            billed=sum(each.billed for each in spent),
            unknown=sum(each.unknown for each in spent),
            cost=sum(each.cost for each in spent),
            saved=work.cost_of(summary.from_store + summary.duplicates),
        )
    return summary
