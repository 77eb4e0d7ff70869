"""Words of others as matplotlib can draw them."""

from __future__ import annotations

import textwrap
from unicodedata import category

from cosmat_nb.places import shown_place, whole_text

__all__ = ["letter", "letter_lines", "letter_place"]


def letter(text: str) -> str:
    r"""Escape control and half characters, and marks that turn the writing round.

    A file's name may hold them; matplotlib draws no figure at all when one of its texts
    holds half a character.

    Examples
    --------
    >>> print(letter("a" + chr(0xDCE9) + chr(10) + "b"))
    a\udce9\nb
    """
    return "".join(
        sign.encode("unicode_escape").decode() if category(sign)[0] == "C" else sign
        for sign in whole_text(text)
    )


def letter_place(place: str, longest: int) -> str:
    """Return the end of a key or an address, without secrets, at most so long.

    Examples
    --------
    >>> letter_place("https://example.com/very/long/name.jpg?q-signature=5aed", 9)
    '…name.jpg'
    """
    words = letter(shown_place(place))
    return words if len(words) <= longest else f"…{words[1 - longest :]}"


def letter_lines(text: str, width: int, most: int) -> str:
    r"""Break a text into lines of at most so many letters, and end it after so many.

    Keys have few blanks, so long words are broken anywhere.

    Examples
    --------
    >>> letter_lines("catalogue/mug.jpg, seen from above", 12, 2)
    'catalogue/mu\ng.jpg, [...]'
    """
    return "\n".join(textwrap.wrap(letter(text), width, max_lines=most))
