"""Who may ask for what: decided for a group of jobs within one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cosmat_nb.errors import BudgetExceededError
from cosmat_nb.store.answer_key import rule_of
from cosmat_nb.store.claims import Busy, Found, Job, Refusal, Ticket
from cosmat_nb.store.life import is_alive
from cosmat_nb.store.lookup import find_answers
from cosmat_nb.store.tally import Tally

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from cosmat_nb.store.budget import Budget
    from cosmat_nb.store.price import Price

__all__ = ["Claimant"]

CLAIM = "INSERT OR IGNORE INTO claim VALUES(?, ?)"
INTENT = f"INSERT INTO intent VALUES({', '.join('?' * 17)})"


@dataclass(slots=True)
class Claimant:
    """One run's decisions within one transaction, written at its end.

    Attributes
    ----------
    connection : sqlite3.Connection
        Inside a transaction that writes.
    folder : Path
        The store's.
    run : str
        The run's id.
    at : float
        Now, seconds since 1970.
    """

    connection: sqlite3.Connection
    folder: Path
    run: str
    at: float
    _tally: Tally = field(init=False)
    _intents: list[tuple[object, ...]] = field(init=False, default_factory=list)
    _claims: list[tuple[bytes, str]] = field(init=False, default_factory=list)
    _next: int = field(init=False)

    def __post_init__(self) -> None:
        self._tally = Tally(self.connection)
        row = self.connection.execute(
            "SELECT seq FROM sqlite_sequence WHERE name = 'intent'"
        ).fetchone()
        self._next = 1 + (row[0] if row else 0)

    def dead_among(self, asked: Sequence[Sequence[bytes]]) -> set[str]:
        """Return the runs that claim any of these keys and are no longer alive.

        Their answers are to be adopted before anybody may ask anew.
        """
        names = [name for job_names in asked for name in job_names]
        runs = set(self._holders(names).values()) - {self.run}
        return {run for run in runs if not is_alive(self.folder, run)}

    def decide(
        self,
        jobs: Sequence[Job],
        asked: Sequence[Sequence[bytes]],
        budget: Budget | None,
        price: Price | None,
    ) -> list[Ticket | Found | Busy | Refusal]:
        """Say for each job whether it may be called; write claims and intents.

        Parameters
        ----------
        jobs : sequence of Job
            Some dozen at most.
        asked : sequence of sequence of bytes
            Each job's keys' ``asked``.
        budget, price : Budget or None, Price or None
            Against which calls are checked.
        """
        keys = [key for job in jobs for key in job.keys]
        names = [name for job_names in asked for name in job_names]
        answers = iter(find_answers(self.connection, self.folder, keys, names))
        holders = self._holders(names)
        decisions: list[Ticket | Found | Busy | Refusal] = []
        for job, job_names in zip(jobs, asked, strict=True):
            found = tuple(next(answers) for _ in job_names)
            holder = next((holders[n] for n in job_names if n in holders), None)
            if any(answer is not None for answer in found):
                decisions.append(Found(found))
            elif holder is not None:
                decisions.append(Busy(holder))
            else:
                decision = self._admit(job, job_names, 1, budget, price)
                decisions.append(decision)
                if isinstance(decision, Ticket):
                    holders.update(dict.fromkeys(job_names, self.run))
        self._write()
        return decisions

    def again(self, ticket: Ticket, asked: Sequence[bytes]) -> Ticket:
        """Write another attempt's intent; return the ticket as it is then.

        Raises
        ------
        BudgetExceededError
            When it would pass the budget.
        """
        new = self._admit(
            ticket.job, asked, ticket.attempt + 1, ticket.budget, ticket.price
        )
        if isinstance(new, Refusal):
            raise BudgetExceededError(new.reason)
        self._write()
        return new

    def _holders(self, asked: Sequence[bytes]) -> dict[bytes, str]:
        marks = ",".join("?" * len(asked))
        query = f"SELECT asked, run FROM claim WHERE asked IN ({marks})"  # noqa: S608 - marks
        return dict(self.connection.execute(query, asked))

    def _admit(
        self,
        job: Job,
        asked: Sequence[bytes],
        attempt: int,
        budget: Budget | None,
        price: Price | None,
    ) -> Ticket | Refusal:
        charge = self._tally.charge(job.keys, self.at, budget, price)
        reason = self._tally.refusal(charge, budget)
        if reason:
            return Refusal(reason)
        ticket = Ticket(job, self._next, attempt, charge, budget, price)
        self._write_down(ticket, asked)
        return ticket

    def _write_down(self, ticket: Ticket, asked: Sequence[bytes]) -> None:
        key, charge = ticket.job.keys[0], ticket.charge
        keys = ticket.job.keys
        currency = ticket.price.currency if ticket.price is not None else ""
        self._intents.append(
            (
                ticket.intent,
                self.run,
                self.at,
                b"".join(asked),
                key.identity,
                key.address_hash,
                key.service,
                int(key.sandbox),
                key.bucket,
                key.place,
                "\n".join([rule_of(one.options) for one in keys]),
                "\n".join([one.saved_as for one in keys]),
                ticket.attempt,
                len(keys),
                charge.amount,
                currency,
                charge.budget,
            )
        )
        self._claims += [(name, self.run) for name in asked]
        self._next += 1
        self._tally.add(charge)

    def _write(self) -> None:
        # A further attempt's claims are there already.
        self.connection.executemany(CLAIM, self._claims)
        self.connection.executemany(INTENT, self._intents)
        self._tally.write()
