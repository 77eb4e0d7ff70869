"""Which rows of a gallery are selected."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cosmat_nb.errors import OptionsError
from cosmat_nb.places import shown_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["choose", "find_positions", "mark"]


def choose(
    chosen: NDArray[np.bool_], order: NDArray[np.intp], content: dict[str, Any]
) -> NDArray[np.bool_]:
    """Return the selection after what a reader did on the page.

    Parameters
    ----------
    chosen : ndarray, (rows,) bool
        The selection so far, by position in the frame.
    order : ndarray, (shown,) int
        Positions of the rows shown.
    content : dict
        ``how``: ``toggle`` turns the row at ``place`` over, ``span`` takes the rows
        shown from ``anchor`` to ``place``, both included, ``all`` those shown, ``none``
        none. ``add``: what was selected stays so.
    """
    how, place = content["how"], int(content.get("place", 0))
    if how == "toggle":
        found = chosen.copy()
        found[order[place]] ^= True
        return found
    found = chosen.copy() if content.get("add") else np.zeros_like(chosen)
    low, high = sorted((place, int(content.get("anchor", place))))
    spans = {"span": order[max(low, 0) : high + 1], "all": order, "none": order[:0]}
    found[spans[how]] = True
    return found


def mark(positions: Iterable[int], count: int) -> NDArray[np.bool_]:
    """Return a selection of these positions.

    Raises
    ------
    OptionsError
        When one is no whole number from 0 to `count` - 1.
    """
    found = np.zeros(count, bool)
    for position in positions:
        try:
            place = operator.index(position)
        except TypeError:
            place = -1
        if not 0 <= place < count:
            raise OptionsError(
                f"positions must be whole numbers from 0 to {count - 1}; "
                f"not {position!r:.60}"
            )
        found[place] = True
    return found


def find_positions(index: pd.Index, labels: Any) -> NDArray[np.intp]:
    """Return the positions of labels: of one that repeats, all.

    Parameters
    ----------
    index : Index
        Of the frame.
    labels : iterable, Index or DataFrame
        Labels; of a frame those of its index.

    Raises
    ------
    OptionsError
        When a label is not in the index.
    """
    if isinstance(labels, pd.DataFrame):
        labels = labels.index
    if isinstance(labels, str) or not pd.api.types.is_list_like(labels):
        raise OptionsError(
            f"expected a list of index labels or a frame; got {labels!r:.60}"
        )
    names = list(labels)
    several = isinstance(index, pd.MultiIndex)
    # An empty list would otherwise make an index of another kind.
    wanted = pd.Index(names, tupleize_cols=several) if names else index[:0]
    if wanted.dtype == bool and index.dtype != bool:
        # True equals the label 1, and False 0.
        raise OptionsError("expected index labels, not a mask: pass frame[mask]")
    strange = wanted[~wanted.isin(index)]
    if len(strange):
        raise OptionsError(
            f"the frame's index has no {shown_text(str(strange[0]))!r:.80} "
            f"({len(strange)} unknown in all): take labels of the frame that is shown"
        )
    return np.flatnonzero(index.isin(wanted))
