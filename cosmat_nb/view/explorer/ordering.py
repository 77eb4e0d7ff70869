"""One cutout at a time, looked up first and paid once: what a widget may order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosmat_nb.batch.asking import Asking
from cosmat_nb.batch.resolving import resolve
from cosmat_nb.batch.work import check_client, check_kind
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.matting import matte_frame
from cosmat_nb.frame.rows import RESULT_COLUMNS, frame_sources
from cosmat_nb.store.budget import Budget
from cosmat_nb.store.history import count_calls
from cosmat_nb.store.price import Price
from cosmat_nb.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from cosmat_nb.client.blocking import MattingClient
    from cosmat_nb.cutout import Cutout
    from cosmat_nb.options import MattingOptions, Operation

__all__ = ["Ordering"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """Who is asked for a single picture, where answers are kept, what a call costs.

    Attributes
    ----------
    client : MattingClient
        Who is asked.
    store : Store
        Where answers are looked for and kept.
    price : Price
        What a call costs.
    budget : Budget or None
        What calls may come to.
    column : str
        Of the frames that name the picture: holds its key.
    """

    client: MattingClient
    store: Store
    price: Price
    budget: Budget | None
    column: str

    def __post_init__(self) -> None:
        check_client(self.client)
        check_kind("store", self.store, Store)
        check_kind("price", self.price, Price)
        if self.budget is not None:
            check_kind("budget", self.budget, Budget)
        if self.column in RESULT_COLUMNS:
            raise OptionsError(
                f"column {self.column!r} is one that matte_frame adds: rename it"
            )

    def find(self, row: pd.DataFrame, options: MattingOptions) -> Cutout | None:
        """Look a picture's answer up; nothing is sent.

        Parameters
        ----------
        row : DataFrame
            One row: the key, and the ETag where it is known.
        options : MattingOptions
            As it was asked for.

        Raises
        ------
        OptionsError
            When the key is none that can be asked for.
        """
        asking = Asking.of(self.client, options)
        sources = frame_sources(row, self.column).of
        (resolved,) = resolve(sources, asking, self.store)
        if resolved.error is not None:
            raise resolved.error
        (found,) = resolved.found
        return found  # type: ignore[no-any-return]

    def find_first(self, rows: pd.DataFrame, options: MattingOptions) -> int:
        """Return which row is the first with a stored answer; 0 when none has one.

        Parameters
        ----------
        rows : DataFrame
            Distinct keys; those that cannot be asked for are passed over.
        options : MattingOptions
            As it was asked for.
        """
        asking = Asking.of(self.client, options)
        sources = frame_sources(rows, self.column).of
        resolved = resolve(sources, asking, self.store)
        return next((at for at, each in enumerate(resolved) if any(each.found)), 0)

    def quote(self, operation: Operation) -> str:
        """Say what one call costs, before it is made.

        Examples
        --------
        >>> import tempfile, cosmat_nb as cm
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with cm.connect_emulator(cm.Emulator()) as client:
        ...         ordering = Ordering(
        ...             client=client,
        ...             store=cm.Store(folder),
        ...             price=cm.UNVERIFIED,
        ...             budget=None,
        ...             column="key",
        ...         )
        ...         print(ordering.quote(cm.Operation.GENERAL))
        1 call of the emulator, free; in the cloud about 0.02 CNY, unverified
        """
        emulated = self.client.emulated
        before = count_calls(self.store.folder, sandbox=emulated)
        cost = self.price.cost(operation, 1, before.get(operation, 0))
        known = "" if self.price.verified else ", unverified"
        amount = f"about {self.price.show(cost)}{known}"
        if math.isnan(cost):
            amount = "price unknown"
        if emulated:
            return f"1 call of the emulator, free; in the cloud {amount}"
        return f"1 call, {amount}"

    def order(
        self, row: pd.DataFrame, options: MattingOptions, *, agreed: str | None
    ) -> pd.DataFrame:
        """Ask for one cutout; what is stored is taken from there.

        Parameters
        ----------
        row : DataFrame
            As in `find`.
        options : MattingOptions
            What to ask for.
        agreed : str or None
            The price that somebody has seen, as `quote` told it; without it, or when
            it is another by now, only a stored answer is returned.

        Returns
        -------
        DataFrame
            As `cosmat_nb.frame.matting.matte_frame` returns it.

        Raises
        ------
        CosmatError
            As `matte_frame` raises it, and `OptionsError` when this price was not
            agreed to and the answer is not in the store.
        """
        stored = self.find(row, options) is not None
        if not stored:
            _check_agreed(agreed, self.quote(options.operation))
        return matte_frame(
            row,
            self.client,
            options,
            column=self.column,
            store=self.store,
            budget=self.budget,
            price=self.price,
            # A file that vanishes at this very moment must not be paid for again.
            confirm_over=0 if stored else 1,
            check_sources=False if stored else None,
            progress=False,
        )


def _check_agreed(agreed: str | None, price: str) -> None:
    if agreed is None:
        raise OptionsError(
            "the answer is no longer in the store: look at the price, and press "
            "again. Nothing was sent"
        )
    if agreed != price:
        raise OptionsError(
            f"the price is not what was shown any more, but: {price}. Press again "
            "to agree to it. Nothing was sent"
        )
