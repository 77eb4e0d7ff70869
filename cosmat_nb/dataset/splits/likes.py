"""Rows of a frame that belong together: one key, one picture, one group, or nearly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.dataset.splits.hashing import PIXELS
from cosmat_nb.dataset.splits.identity import digest_cells
from cosmat_nb.dataset.splits.likeness import check_distance, read_hashes
from cosmat_nb.dataset.splits.nearness import find_clusters
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Likes", "read_groups", "read_likes"]


@dataclass(frozen=True, slots=True, eq=False)
class Likes:
    """Rows that are alike for one reason.

    Attributes
    ----------
    why : str
        The reason.
    numbers : ndarray, (N,) intp
        Equal for rows that are alike, -1 for a row like none.
    """

    why: str
    numbers: NDArray[np.intp]


def read_groups(group: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of group columns, none, one or several.

    Raises
    ------
    OptionsError
        When it is neither.

    Examples
    --------
    >>> read_groups("product"), read_groups(None)
    (('product',), ())
    """
    if group is None:
        return ()
    try:
        return (group,) if isinstance(group, str) else tuple(group)
    except TypeError:
        raise OptionsError(
            f"group must be the name of a column, or several; not {group!r:.60}"
        ) from None


def read_likes(
    frame: pd.DataFrame,
    column: str,
    groups: Sequence[str],
    duplicates: str | None,
    distance: int,
) -> list[Likes]:
    """Find rows that are alike: by key, by pixels, by each group, by perceptual hash.

    Parameters
    ----------
    frame : DataFrame
        Left as it is.
    column : str
        Holds keys.
    groups : sequence of str
        Columns of groups.
    duplicates : str or None
        Column of perceptual hashes; with it, ``pixels_sha256`` counts where it is.
    distance : int
        Bits in which near-duplicates differ at most.

    Raises
    ------
    OptionsError
        When a column is missing or holds something else.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"key": ["a", "b", "a"], "shoot": [1, None, None]})
    >>> for likes in read_likes(frame, "key", ["shoot"], None, 0):
    ...     print(likes.why, likes.numbers.tolist())
    same key [0, 1, 0]
    same group [0, -1, -1]
    """
    found = [_alike(frame, column, "same key", "pass column=, what names each row")]
    if duplicates is not None and PIXELS in frame.columns:
        found.append(_alike(frame, PIXELS, "same picture", "name it once"))
    found += [_alike(frame, name, "same group", "pass group=") for name in groups]
    if duplicates is not None:
        found.append(_nearly_alike(frame, duplicates, distance))
    return found


def _alike(frame: pd.DataFrame, column: str, why: str, remedy: str) -> Likes:
    cells = check_column(frame, column, remedy).tolist()
    seen: dict[int | None, int] = {None: -1}
    draws = digest_cells(cells, 0, column)
    numbers = [seen.setdefault(draw, len(seen) - 1) for draw in draws]
    return Likes(why, np.array(numbers, np.intp))


def _nearly_alike(frame: pd.DataFrame, column: str, distance: int) -> Likes:
    cells = check_column(frame, column, "make it with hash_frame").tolist()
    rows, bits = read_hashes(cells, column)
    reach = check_distance(distance, bits.shape[1]) if len(rows) else 0
    numbers = np.full(len(frame), -1, np.intp)
    numbers[rows] = find_clusters(bits, reach)
    return Likes("near-duplicate", numbers)
