"""Which split of a data set is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["choose_split"]


def choose_split(splits: Collection[str], split: str | None) -> str:
    """Return the split that is meant; the only one where none is named.

    Raises
    ------
    OptionsError
        When there is no such split, or several to choose from.

    Examples
    --------
    >>> choose_split(["train"], None)
    'train'
    """
    if split is None and len(splits) == 1:
        (split,) = splits
    if split is None or split not in splits:
        names = ", ".join(map(repr, splits)) or "none: the data set is empty"
        raise OptionsError(f"split must be one of {names}; not {split!r}")
    return split
