"""Numbers in a sentence: counted things, and a value beside its bound."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

__all__ = ["counted", "told_apart"]


def counted(number: float, noun: str) -> str:
    """Write how many there are of something.

    Examples
    --------
    >>> counted(1, "hole"), counted(4.0, "hole")
    ('1 hole', '4 holes')
    """
    return f"{number:,.0f} {noun}{'' if number == 1 else 's'}"


def told_apart(value: float, bound: float, spec: str) -> tuple[str, str]:
    """Write a number beside its bound, so that the texts differ as the numbers do.

    Parameters
    ----------
    value, bound : float
        Two numbers, not NaN.
    spec : str
        Least decimals of `value` and how it is written: ``".1%"``, ``".3f"``.

    Returns
    -------
    tuple of str
        The value with as many decimals as it takes to stand on its side of the bound;
        the bound, exact and without zeros at its end.

    Examples
    --------
    >>> told_apart(0.73, 0.5, ".1%"), told_apart(0.01999, 0.02, ".1%")
    (('73.0%', '50%'), ('1.999%', '2%'))
    """
    least, kind = int(spec[1:-1]), spec[-1]
    unit, scale = ("%", 100) if kind == "%" else ("", 1)
    exact, limit = (Decimal(repr(float(each))) * scale for each in (value, bound))
    for decimals in count(least):
        text = f"{exact:.{decimals}f}"
        shown = Decimal(text)
        if shown.compare(limit) == exact.compare(limit):
            break
    return f"{text}{unit}", f"{limit.normalize():f}{unit}"
