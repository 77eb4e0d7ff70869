"""Colours that also the colour-blind tell apart, each with a mark and a line."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["FAINT", "INKS", "Ink"]

FAINT = "#767676"
"""Grey of notes and bounds: 4.5 : 1 on white, which WCAG 2.1 asks of small text."""


class Ink(NamedTuple):
    """How one group is drawn; mark and line tell it apart in grey print too.

    Attributes
    ----------
    color : str
        ``#rrggbb``.
    mark, line : str
        Matplotlib's names.
    """

    color: str
    mark: str
    line: str


INKS = (
    Ink("#0072b2", "o", "-"),
    Ink("#d55e00", "s", "--"),
    Ink("#009e73", "^", "-."),
    Ink("#cc79a7", "D", ":"),
    Ink("#e69f00", "v", "-"),
    Ink("#56b4e9", "P", "--"),
    Ink("#000000", "X", "-."),
)
"""M. Okabe and K. Ito, "Color Universal Design" (2008), without yellow."""
