"""explore: centring and padding tried out, and the price told before it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosmat_nb.store.price import UNVERIFIED, Price
from cosmat_nb.store.store import Store
from cosmat_nb.view.explorer.key_list import KeyList
from cosmat_nb.view.explorer.ordering import Ordering
from cosmat_nb.view.explorer.widget import Explorer

if TYPE_CHECKING:
    import pandas as pd

    from cosmat_nb.client.blocking import MattingClient
    from cosmat_nb.store.budget import Budget

__all__ = ["Explorer", "explore"]


def explore(
    client: MattingClient,
    frame: pd.DataFrame,
    *,
    column: str = "key",
    store: Store | None = None,
    price: Price = UNVERIFIED,
    budget: Budget | None = None,
) -> Explorer:
    """Try out centring and padding on pictures of a frame; sliders cost nothing.

    One plain cutout of a picture is enough, and it is taken from the store if one is
    there. Else a button asks for it, and says first what that costs. Centring and
    padding are geometry on it, done in the page, at once. A second button asks the
    service for the real answer and shows it beside the preview, with the difference.

    Parameters
    ----------
    client : MattingClient
        Who is asked, when a button is pressed. The source picture is fetched from the
        bucket as soon as a key is chosen.
    frame : DataFrame
        One picture a row, with ETags in ``etag`` where there is such a column. Left as
        it is; 100 000 keys are fine.
    column : str, default "key"
        Holds object keys and addresses.
    store : Store, optional
        Where answers are looked for and kept; by default the user's own store.
    price : Price
        What a call costs, as it is shown.
    budget : Budget, optional
        What the calls of the buttons may come to.

    Returns
    -------
    Explorer
        Shows itself: at first the first of 200 keys that has a stored plain cutout.
        ``options``, ``key``, ``cutout`` and ``result`` are for the next cell;
        ``options`` and ``key`` may be assigned.

    Raises
    ------
    OptionsError
        For no such column, no key in it, one that is called like a column of
        `matte_frame`, an argument of the wrong kind, and a store that cannot be
        written.

    Notes
    -----
    That padding is added on both sides is documented; the rest of the geometry is
    assumed: see `cosmat_nb.matting.layout.lay_out`.

    Examples
    --------
    >>> import tempfile, cosmat_nb as cm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with cm.connect_emulator(cm.Emulator.with_samples()) as client:
    ...         frame = cm.list_frame(client, "samples/")
    ...         explorer = explore(client, frame, store=cm.Store(folder))
    ...         explorer.options = cm.MattingOptions(padding=(20, 10))
    >>> explorer.dx, explorer.options.rule
    (20, 'ci-process=AIPicMatting&padding-layout=20x10')
    """
    keys = KeyList(frame, column)
    ordering = Ordering(
        client=client,
        store=Store() if store is None else store,
        price=price,
        budget=budget,
        column=column,
    )
    return Explorer(keys, ordering)
