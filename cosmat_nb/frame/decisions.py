"""One reviewer's decisions on the pictures of a frame, in memory and in a file."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.verdict_log import VERDICTS, Decision, Undo, VerdictLog
from cosmat_nb.frame.verdicts import standing_decisions
from cosmat_nb.places import shown_text

if TYPE_CHECKING:
    from cosmat_nb.frame.verdict_log import Entry, Subject

__all__ = ["Decisions", "check_path"]


def check_path(path: str | Path) -> Path:
    """Return where a file of verdicts is or may be made, whatever folder comes next.

    Raises
    ------
    OptionsError
        When it is a folder, or in none that exists.
    """
    path = Path(path)
    if path.is_dir() or not path.parent.is_dir():
        raise OptionsError(f"expected a file in a folder that exists; got {path}")
    return path.absolute()


class Decisions:
    """One reviewer's decisions on the pictures of a frame, kept in a file.

    Parameters
    ----------
    path : Path
        The file.
    reviewer : str
        Whose verdicts; empty for one without a name.
    subjects : list
        What each row of the frame shows; None for a row that names no picture. Those
        without a cutout get the last places.
    """

    def __init__(
        self, path: Path, reviewer: str, subjects: list[Subject | None]
    ) -> None:
        self.log, self.reviewer = VerdictLog(path), reviewer
        rows: dict[Subject, int] = {}
        for row, subject in enumerate(subjects):
            if subject is not None:
                rows.setdefault(subject, row)
        # Where there is nothing to see comes last.
        self.subjects = sorted(rows, key=lambda subject: not subject.rule)
        self.rows = [rows[subject] for subject in self.subjects]
        self._places = {subject: place for place, subject in enumerate(self.subjects)}
        self._entries: list[Entry] = []
        self.others: list[str] = []
        self.refresh()

    def refresh(self) -> None:
        """Read the file again: other processes may have added to it."""
        entries, _ = self.log.read()
        names = {entry.reviewer for entry in entries}
        self.others = sorted(names - {self.reviewer})
        self._entries = [each for each in entries if each.reviewer == self.reviewer]

    @property
    def standing(self) -> dict[tuple[Subject, str], Decision]:
        """What stands of this reviewer's decisions, in the whole file."""
        return standing_decisions(self._entries)

    def by_place(self) -> dict[int, Decision]:
        """Return what stands on the frame's pictures, by place, the last one last."""
        found = ((self._places.get(s), d) for (s, _), d in self.standing.items())
        return {place: decision for place, decision in found if place is not None}

    def count(self) -> dict[str, int]:
        """Return how many of the frame's pictures have each verdict."""
        given = Counter(each.verdict for each in self.by_place().values())
        return {verdict: given[verdict] for verdict in VERDICTS}

    def has_cutout(self, place: int) -> bool:
        """Whether there is a cutout in a place: only one has a rule it was made by."""
        return bool(self.subjects[place].rule)

    def next_open(self, after: int) -> int | None:
        """Return the next place without a verdict, from the first again at the end."""
        decided = {p for p, each in self.by_place().items() if each.verdict}
        order = [*range(after + 1, len(self.subjects)), *range(max(after, 0))]
        return next((place for place in order if place not in decided), None)

    def decide(self, place: int, verdict: str | None, note: str) -> Decision:
        """Keep a decision.

        Raises
        ------
        OSError
            When it cannot be written; nothing changes then.
        """
        decision = Decision(
            name=uuid4().hex[:16],
            subject=self.subjects[place],
            verdict=verdict,
            note=shown_text(note),
            reviewer=self.reviewer,
            at=datetime.now(UTC),
        )
        self._append(decision)
        return decision

    def undo(self) -> tuple[int, Decision] | None:
        """Take back the last decision that stands; return its place and itself.

        Raises
        ------
        OSError
            When that cannot be written; the decision stands then.
        """
        standing = self.by_place()
        if not standing:
            return None
        place, last = list(standing.items())[-1]
        now = datetime.now(UTC)
        self._append(Undo(undoes=last.name, reviewer=self.reviewer, at=now))
        return place, last

    def _append(self, entry: Entry) -> None:
        self.log.append(entry)
        self._entries.append(entry)
