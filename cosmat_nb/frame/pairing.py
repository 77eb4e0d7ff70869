"""Rows of two frames brought together by their key; what has no partner is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column
from cosmat_nb.places import shown_place

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    import pandas as pd

__all__ = ["Pairing", "pair_rows"]

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Two frames of as many rows, one a key, in the order of the keys.

    Attributes
    ----------
    a, b : DataFrame
        Row i of both is about the same key; indexed from 0.
    only_a, only_b : tuple
        Keys that the other frame has not, in order; None for each row without a key.
    repeated : int
        Rows left out because they repeat another row of their frame.
    """

    a: pd.DataFrame
    b: pd.DataFrame
    only_a: tuple[Any, ...]
    only_b: tuple[Any, ...]
    repeated: int


def pair_rows(
    a: pd.DataFrame, b: pd.DataFrame, on: str, same: Collection[str]
) -> Pairing:
    """Pair the rows of two frames.

    Parameters
    ----------
    a, b : DataFrame
        Left as they are.
    on : str
        Column of keys in both.
    same : collection of str
        Columns in which rows of one frame with the same key must agree, so that one
        stands for all: a picture is not counted twice.

    Raises
    ------
    OptionsError
        When a key has rows that disagree, keys cannot be put in order, or no key is in
        both: links are compared whole, and one signed anew is another link.

    Examples
    --------
    >>> import pandas as pd
    >>> a = pd.DataFrame({"key": ["m", "k", "k"], "parts": [1, 2, 2]})
    >>> b = pd.DataFrame({"key": ["k", "z"], "parts": [3, 1]})
    >>> pairing = pair_rows(a, b, "key", ["parts"])
    >>> pairing.only_a, pairing.only_b, pairing.repeated, len(pairing.a)
    (('m',), ('z',), 1, 1)
    """
    mine, theirs = _Keys.of(a, on, same, "a"), _Keys.of(b, on, same, "b")
    common = _in_order(mine.rows.keys() & theirs.rows.keys())
    if not common:
        raise OptionsError(_describe_strangers(on, mine, theirs))
    return Pairing(
        a=a.iloc[[mine.rows[key] for key in common]].reset_index(drop=True),
        b=b.iloc[[theirs.rows[key] for key in common]].reset_index(drop=True),
        only_a=mine.without(theirs),
        only_b=theirs.without(mine),
        repeated=mine.repeated + theirs.repeated,
    )


@dataclass(frozen=True, slots=True)
class _Keys:
    """The distinct keys of a frame, each with its first row."""

    rows: dict[Any, int]
    missing: int
    repeated: int

    @classmethod
    def of(
        cls, frame: pd.DataFrame, on: str, same: Collection[str], name: str
    ) -> _Keys:
        keys = check_column(frame, on, "pass on= the column that names the pictures")
        rows: dict[Any, int] = {}
        again: list[int] = []
        known = keys.notna()
        try:
            for row, (key, exists) in enumerate(zip(keys.tolist(), known, strict=True)):
                if exists and rows.setdefault(key, row) != row:
                    again.append(row)
        except TypeError:
            raise OptionsError(_KIND) from None
        if again:
            _check_repeats(frame, on, same, name)
        return cls(rows, len(frame) - int(known.sum()), len(again))

    def without(self, other: _Keys) -> tuple[Any, ...]:
        alone = _in_order(self.rows.keys() - other.rows.keys())
        return (*alone, *[None] * self.missing)


_KIND = "keys must be values of one kind that have an order, as object keys are"


def _check_repeats(
    frame: pd.DataFrame, on: str, same: Collection[str], name: str
) -> None:
    compared = frame[[on, *(column for column in same if column in frame.columns)]]
    try:
        distinct = compared[frame[on].notna() & ~compared.duplicated()]
    except TypeError:
        distinct = compared  # lists and the like cannot be told apart
    unlike = distinct.loc[distinct[on].duplicated(), on]
    if len(unlike):
        raise OptionsError(
            f"frame {name} has several rows that disagree for {_list_keys(unlike)}: "
            f"a pair needs one row a {on}; keep one of them, as with "
            f"drop_duplicates({on!r}), or pass on= a column that tells them apart"
        )


def _in_order(keys: Iterable[Any]) -> Sequence[Any]:
    try:
        return sorted(keys)
    except TypeError:
        raise OptionsError(_KIND) from None


def _describe_strangers(on: str, mine: _Keys, theirs: _Keys) -> str:
    first, second = (dict(map(_text_and_kind, each.rows)) for each in (mine, theirs))
    alike = sorted(first.keys() & second.keys())
    if not alike:
        return (
            f"no {on} is in both frames: a has {_list_keys(mine.rows)}, b has "
            f"{_list_keys(theirs.rows)}; pass on= a column that names the same "
            "pictures in both"
        )
    if (kind := first[alike[0]]) != (other := second[alike[0]]):
        return (
            f"no {on} is in both frames: {_list_keys(alike)} are {kind} in a and "
            f"{other} in b; convert one column with astype"
        )
    return (
        f"no {on} is in both frames as it stands: {_list_keys(alike)}, different in "
        "what is not shown, as links that were signed anew are; pass on= a column of "
        "your own that names the same pictures in both"
    )


def _text_and_kind(key: Any) -> tuple[str, str]:
    return _shown(key), type(key).__name__


def _shown(key: Any) -> str:
    return shown_place(str(key))


def _list_keys(keys: Iterable[Any]) -> str:
    distinct = list(dict.fromkeys(keys))
    shown = [repr(_shown(key)) for key in distinct[:_NAMED]]
    more = len(distinct) - _NAMED
    return (", ".join(shown) or "none") + (f" and {more} more" if more > 0 else "")
