"""What a batch is made of, checked before anything is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cosmat_nb.batch.asking import SAVE_AS, Asking
from cosmat_nb.batch.caller import answered
from cosmat_nb.batch.outcome import Outcome, Status
from cosmat_nb.batch.resolving import resolve
from cosmat_nb.client.blocking import MattingClient
from cosmat_nb.errors import BudgetExceededError, CallError, OptionsError
from cosmat_nb.places import is_address
from cosmat_nb.store.budget import Budget
from cosmat_nb.store.history import count_calls
from cosmat_nb.store.price import Price
from cosmat_nb.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cosmat_nb.batch.asking import SaveAs
    from cosmat_nb.batch.resolving import Resolved
    from cosmat_nb.batch.sources import Source
    from cosmat_nb.options import MattingOptions

__all__ = ["Work", "check_client", "check_kind"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """All of a batch but its pictures.

    Attributes
    ----------
    asking : Asking
        What is asked, of whom.
    store : Store
        Where answers are looked for and kept.
    budget : Budget or None
        What it may cost.
    price : Price
        What a call costs.
    check_sources : bool
        Whether an ETag that is not known is asked for, one HEAD a picture.
    """

    asking: Asking
    store: Store
    budget: Budget | None
    price: Price
    check_sources: bool

    @classmethod
    def of(
        cls,
        client: MattingClient,
        options: MattingOptions | Mapping[str, MattingOptions],
        *,
        mode: str,
        save_as: SaveAs,
        store: Store | None,
        budget: Budget | None,
        price: Price,
        check_sources: bool | None,
    ) -> Work:
        """Check what a verb was called with.

        Raises
        ------
        OptionsError
            For anything of the wrong kind, a closed client, a store that cannot be
            written, and a budget of money where the price is not known.
        """
        check_client(client)
        if client.is_closed:
            raise OptionsError(f"{client!r} is closed; connect again")
        asking = Asking.of(client, options, mode, save_as)
        store = Store() if store is None else store
        check_kind("store", store, Store)
        check_kind("price", price, Price)
        if budget is not None:
            check_kind("budget", budget, Budget)
            operations = {each.operation for each in asking.options.values()}
            budget.check_price(price, operations)
        return cls(
            asking=asking,
            store=store,
            budget=budget,
            price=price,
            check_sources=client.emulated if check_sources is None else check_sources,
        )

    def resolve(
        self, sources: Mapping[str, Source], taken: dict[str, str] | None = None
    ) -> Iterator[Resolved]:
        """Tell what is to be done for each picture; see `cosmat_nb.batch.resolving`."""
        if self.check_sources:
            sources = self._identified(sources)
        return resolve(sources, self.asking, self.store, taken)

    def refreshed(self, each: Resolved) -> Resolved:
        """Look again for what a picture lacks."""
        fetch = self.asking.client.fetch
        return each.with_found(self.store.find(each.missing, fetch))

    def known(self, each: Resolved) -> Outcome | None:
        """Return the outcome of a picture for which nothing is to be sent."""
        if each.error is not None:
            outcome = Outcome(status=Status.REFUSED).failed(each.error)
            return replace(outcome, stored=tuple(filter(None, each.found)))
        return None if each.missing else answered(self.asking, each)

    def confirm(self, calls: Iterable[Resolved], most: int | None) -> None:
        """Refuse more paid calls than somebody has agreed to.

        Raises
        ------
        BudgetExceededError
            Saying how many there are and what they would cost.
        OptionsError
            When `most` is no number of calls.
        """
        if most is None:
            return
        if not isinstance(most, int) or most < 0:
            raise OptionsError(
                f"confirm_over must be a number of calls, or None; not {most!r:.40}"
            )
        count = sum(len(call.missing) for call in calls)
        if self.asking.client.emulated or count <= most:
            return
        known = "verified" if self.price.verified else "unverified"
        raise BudgetExceededError(
            f"{count} calls would be paid for, about "
            f"{self.price.show(self.cost_of(count))} ({known}), and confirm_over is "
            f"{most}: look at cm.plan_frame(...), then pass confirm_over={count}, or "
            "None for any number. Nothing was sent"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return in plain values what was asked; a `save_as` function is left out."""
        asking = self.asking
        rules = {name: options.rule for name, options in asking.options.items()}
        return {
            "bucket": asking.bucket,
            "store": str(self.store.folder),
            "mode": "download" if asking.save_as is None else "stored",
            "save_as": None if callable(asking.save_as) else asking.save_as or SAVE_AS,
            "options": rules,
        }

    def cost_of(self, calls: int) -> float:
        """Return what so many more calls cost at most: all of the dearest operation."""
        before = count_calls(self.store.folder, sandbox=self.asking.client.emulated)
        operations = {each.operation for each in self.asking.options.values()}
        return max(
            self.price.cost(each, calls, before.get(each, 0)) for each in operations
        )

    def _identified(self, sources: Mapping[str, Source]) -> Mapping[str, Source]:
        unknown = [
            source
            for source in sources.values()
            if not (source.identity or is_address(source.place))
        ]
        with ThreadPoolExecutor(self.asking.client.concurrency, "cosmat-head") as pool:
            named = pool.map(self._identify, unknown)
            return {**sources, **{source.place: source for source in named}}

    def _identify(self, source: Source) -> Source:
        try:
            info = self.asking.client.head(source.place)
        except (CallError, OptionsError):
            # The call itself will say what is wrong, in the words of its own error.
            return source
        return source._replace(identity=info.etag, nbytes=info.size)


def check_kind(name: str, value: object, kind: type) -> None:
    """Refuse an argument of another kind.

    Raises
    ------
    OptionsError
        Naming what came.
    """
    if not isinstance(value, kind):
        raise OptionsError(
            f"{name} must be {kind.__name__}(...); got {type(value).__name__}"
        )


def check_client(client: object) -> None:
    """Refuse what is no blocking client.

    Raises
    ------
    OptionsError
        Naming what came.
    """
    if not isinstance(client, MattingClient):
        raise OptionsError(
            f"client must be a MattingClient, as cm.connect() makes it; got "
            f"{type(client).__name__}"
        )
