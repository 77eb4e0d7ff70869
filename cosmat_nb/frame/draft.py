"""A plan in the making: each picture stored, to be called or refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from cosmat_nb.frame.columns import describe_cell
from cosmat_nb.frame.probing import probe_keys
from cosmat_nb.frame.progress import Progress
from cosmat_nb.places import is_address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cosmat_nb.batch.resolving import Resolved
    from cosmat_nb.client.blocking import MattingClient
    from cosmat_nb.frame.progress import Watcher

__all__ = ["Draft"]

UNNAMED = "no object key"
"""Why a row is refused whose cell is no string."""


@dataclass(slots=True)
class Draft:
    """What was found out so far.

    Attributes
    ----------
    stored : int
        Pictures that are answered.
    unsure : int
        Those of them that were found without an ETag to compare.
    to_call : dict of str to tuple of str
        Pictures to ask for, with the operation of each paid call.
    refused : dict of str to tuple of str
        Pictures that would not be sent: why, in short and as a sentence.
    unprobed : int
        Pictures that were to be looked into and could not be.
    """

    stored: int = 0
    unsure: int = 0
    to_call: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    unprobed: int = 0

    @classmethod
    def of(cls, resolved: Iterable[Resolved]) -> Draft:
        """Sort what `resolve` tells."""
        draft = cls()
        for each in resolved:
            missing = each.missing
            if each.error is not None:
                draft.refused[each.place] = (each.reason, str(each.error))
            elif missing:
                operations = tuple(str(key.options.operation) for key in missing)
                draft.to_call[each.place] = operations
            else:
                draft.stored += 1
                draft.unsure += not (each.keys[0].identity or each.keys[0].address_hash)
        return draft

    @property
    def calls(self) -> Counter[str]:
        """Paid calls by operation."""
        return Counter(name for names in self.to_call.values() for name in names)

    def probe(self, client: MattingClient, *, progress: bool | Watcher) -> None:
        """Look into what is to be called, and refuse what the service would refuse.

        Raises
        ------
        CallError
            As `probe_keys` raises it.
        """
        keys = [place for place in self.to_call if not is_address(place)]
        self.unprobed += len(self.to_call) - len(keys)
        with Progress(len(keys), show=progress, unit="probe") as bar:
            for each in probe_keys(client, keys):
                bar.advance(1)
                self.unprobed += each.error is not None
                if each.reason:
                    del self.to_call[each.key]
                    self.refused[each.key] = (each.reason, each.words)

    def reasons(self, unnamed: int) -> dict[str, int]:
        """Count refusals by their short reason, the most frequent first."""
        counts = Counter(reason for reason, _ in self.refused.values())
        counts[UNNAMED] = unnamed
        return {reason: count for reason, count in counts.most_common() if count}

    def table(self, values: pd.Series) -> pd.DataFrame:
        """Write down each row: ``plan`` and ``reason`` beside its key."""
        seen: set[str] = set()
        rows = [self._row(value, seen) for value in values.tolist()]
        plans, reasons = zip(*rows, strict=True) if rows else ((), ())
        columns = {
            "plan": pd.Series(plans, index=values.index, dtype="str"),
            "reason": pd.Series(reasons, index=values.index, dtype="str"),
        }
        return pd.concat([values.to_frame(), pd.DataFrame(columns)], axis=1)

    def _row(self, value: object, seen: set[str]) -> tuple[str, str | None]:
        if not isinstance(value, str):
            return "refused", describe_cell(value)
        if value in seen:
            return "duplicate", None
        seen.add(value)
        if value in self.refused:
            return "refused", self.refused[value][1]
        return ("call" if value in self.to_call else "stored"), None
