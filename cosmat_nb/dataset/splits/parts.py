"""The parts of a split and the share of each, in whole numbers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from numbers import Rational, Real
from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.exports.names import fold_name, is_reserved
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["SPLIT", "Parts", "check_part", "check_parts"]

SPLIT = "split"
"""Column that says on which side a row is."""

_NAME = re.compile(r"[^\W_]\w{0,59}")
_EVERY = "all"  # what Hugging Face calls all splits together
_TOLERANCE = Fraction(1, 10**9)
_SPAN = 64  # bits of a digest


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of a split with their shares.

    Attributes
    ----------
    names : tuple of str
        In the order in which they were given.
    weights : tuple of int
        Each above 0; a part's share is its weight over their sum.
    """

    names: tuple[str, ...]
    weights: tuple[int, ...]

    @classmethod
    def read(cls, fractions: Mapping[str, float]) -> Parts:
        """Read shares as they are written: 0.7 is seven tenths, not the nearest double.

        Parameters
        ----------
        fractions : mapping of str to float
            Name to share, each above 0, 1 together to within 1e-9.

        Raises
        ------
        OptionsError
            When a share is something else, or a name as `check_parts` refuses it.

        Examples
        --------
        >>> Parts.read({"train": 0.7, "val": 0.2, "test": 0.1})
        Parts(names=('train', 'val', 'test'), weights=(7, 2, 1))
        """
        try:
            given = dict(fractions)
        except (TypeError, ValueError):
            raise OptionsError(
                'fractions must be a mapping as {"train": 0.8, "test": 0.2}; got '
                f"{type(fractions).__name__}"
            ) from None
        names = check_parts(given)
        shares = [_read_share(name, share) for name, share in given.items()]
        whole = sum(shares, Fraction())
        if abs(whole - 1) > _TOLERANCE:
            raise OptionsError(
                f"the shares of {', '.join(names) or 'no part at all'} must sum up to "
                f"1; they sum up to {float(whole):.12g}"
            )
        scale = math.lcm(*(share.denominator for share in shares))
        weights = [int(share * scale) for share in shares]
        common = math.gcd(*weights)
        return cls(names, tuple(weight // common for weight in weights))

    @property
    def total(self) -> int:
        """Sum of the weights."""
        return sum(self.weights)

    def pick(self, digest: int) -> str:
        """Return the part in whose stretch of [0, 2**64) a digest lies.

        The stretches follow each other in the order of the parts. No rounding is in it.

        Examples
        --------
        >>> half = Parts.read({"a": 0.5, "b": 0.5})
        >>> half.pick(2**63 - 1), half.pick(2**63)
        ('a', 'b')
        """
        reached, end = digest * self.total, 0
        for name, weight in zip(self.names[:-1], self.weights, strict=False):
            end += weight
            if reached < end << _SPAN:
                return name
        return self.names[-1]


def check_part(name: object) -> str:
    """Return a part's name if it can be a folder and a split wherever data is loaded.

    Letters of any language, digits and underscores, a letter or digit first, 60 at
    most: what Hugging Face datasets takes, without ``all``, by which it means every
    split, and what Windows reserves (``con``, ``com¹`` …).

    Raises
    ------
    OptionsError
        When it is something else.

    Examples
    --------
    >>> check_part("train_2")
    'train_2'
    """
    text = name if isinstance(name, str) else ""
    taken = text.casefold() == _EVERY or is_reserved(text)
    if _NAME.fullmatch(text) and not taken:
        return str(text)
    shown = f"{name[:64]!r}" if isinstance(name, str) else type(name).__name__
    raise OptionsError(
        "the name of a split is also a folder's: 1 to 60 letters, digits and "
        "underscores (no hyphen: Hugging Face datasets takes none), the first no "
        "underscore, as 'train', and neither 'all' nor a name that Windows reserves; "
        f"not {shown}"
    )


def check_parts(names: Iterable[object]) -> tuple[str, ...]:
    """Return the different names among these, if they can stand beside each other.

    Raises
    ------
    OptionsError
        When `check_part` refuses one, or two differ in capitals alone or in how an
        accent is written, which some disks cannot tell apart.

    Examples
    --------
    >>> check_parts(["train", "test", "train"])
    ('train', 'test')
    """
    found = tuple(dict.fromkeys(map(check_part, names)))
    seen: dict[str, str] = {}
    for name in found:
        other = seen.setdefault(fold_name(name), name)
        if other != name:
            raise OptionsError(
                f"{other!r} and {name!r} would be one folder on some disks; rename one"
            )
    return found


def _read_share(name: str, share: Any) -> Fraction:
    number = isinstance(share, (Real, Decimal)) and not isinstance(share, bool)
    if number and math.isfinite(share):
        read = Fraction(share) if isinstance(share, Rational) else Fraction(str(share))
        if read > 0:
            return read
    raise OptionsError(f"the share of {name!r} must be a number above 0; not {share!r}")
