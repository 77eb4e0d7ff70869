"""Once more for the rows that may succeed now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import pandas as pd

from cosmat_nb.errors import BatchInterrupted, OptionsError
from cosmat_nb.frame.columns import check_column
from cosmat_nb.frame.matting import ASKED_ATTRIBUTE, matte_frame
from cosmat_nb.frame.rows import RESULT_COLUMNS
from cosmat_nb.options import MattingOptions
from cosmat_nb.store.store import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cosmat_nb.batch.asking import SaveAs
    from cosmat_nb.client.blocking import MattingClient
    from cosmat_nb.frame.progress import Watcher
    from cosmat_nb.store.budget import Budget
    from cosmat_nb.store.price import Price

__all__ = ["retry_failed"]


class Settings(TypedDict, total=False):
    """Keyword arguments of `matte_frame` that may differ the second time."""

    store: Store
    budget: Budget | None
    price: Price
    confirm_over: int | None
    save_as: SaveAs
    deadline: float | None
    progress: bool | Watcher


def retry_failed(
    result: pd.DataFrame, client: MattingClient, **settings: Unpack[Settings]
) -> pd.DataFrame:
    """Ask again for the rows that may succeed now. Paid calls.

    Parameters
    ----------
    result : DataFrame
        As `matte_frame` returned it; it knows column, options, mode and store. Left as
        it is.
    client : MattingClient
        Who asks.
    **settings
        ``budget``, ``price``, ``confirm_over``, ``deadline``, ``progress``, and other
        than before ``store`` and ``save_as``, as in `matte_frame`.

    Returns
    -------
    DataFrame
        The same rows and columns. Rows whose ``heals`` is True were asked again, or
        found in the store; all others are as they were. `summarize_run` tells of the
        second batch.

    Raises
    ------
    OptionsError
        When `result` does not know what was asked, and as `matte_frame` raises it.
    BudgetExceededError, BatchInterrupted
        As `matte_frame` raises them; the ``result`` of the latter has all rows.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> result = cm.retry_failed(result, client)  # doctest: +SKIP
    """
    for name in settings.keys() - Settings.__annotations__.keys():
        # Other options would be another answer, in rows beside those of the first.
        raise TypeError(f"retry_failed() got an unexpected keyword argument {name!r}")
    for name in RESULT_COLUMNS:
        check_column(result, name, "pass the frame that matte_frame returned")
    asked = result.attrs.get(ASKED_ATTRIBUTE)
    if not isinstance(asked, dict):
        raise OptionsError(
            "this frame does not know what was asked: pass the frame that matte_frame "
            "returned, or call matte_frame again, which asks only for what is missing"
        )
    again = result["heals"].to_numpy(dtype=bool)
    rows = result[again].drop(columns=list(RESULT_COLUMNS))
    try:
        done = matte_frame(rows, client, **_again(asked, settings))
    except BatchInterrupted as stop:
        whole = _joined(result, stop.result, again)
        raise BatchInterrupted(stop.message, whole) from None
    return _joined(result, done, again)


def _again(asked: dict[str, Any], settings: Settings) -> dict[str, Any]:
    rules = asked["options"].items()
    options: Any = {name: MattingOptions.from_rule(rule) for name, rule in rules}
    if asked["mode"] == "download":
        (options,) = options.values()
    if asked["mode"] == "stored" and asked["save_as"] is None:
        if "save_as" not in settings:
            raise OptionsError(
                "results were named by a function, which a frame does not keep: pass "
                "save_as= once more"
            )
        asked = {**asked, "save_as": settings["save_as"]}
    before = {name: asked[name] for name in ("column", "etag", "mode", "save_as")}
    store = settings.get("store") or Store(asked["store"])
    return {"options": options, **before, **settings, "store": store}


def _joined(
    result: pd.DataFrame, done: pd.DataFrame, again: NDArray[np.bool_]
) -> pd.DataFrame:
    joined = result.copy()
    for name in RESULT_COLUMNS:
        values = result[name].to_numpy(dtype=object, copy=True)
        values[again] = done[name].to_numpy(dtype=object)
        joined[name] = pd.Series(values, index=result.index, dtype=result[name].dtype)
    joined.attrs = {**result.attrs, **done.attrs}
    return joined
