"""Words of others as matplotlib can draw them."""

from __future__ import annotations

from unicodedata import category

from cosmat_nb.places import shown_place

__all__ = ["letter", "letter_place"]


def letter(text: str) -> str:
    r"""Escape control and half characters, and marks that turn the writing round.

    A file's name may hold them; matplotlib draws no figure at all when one of its texts
    holds half a character.

    Examples
    --------
    >>> print(letter("a" + chr(0xDCE9) + chr(10) + "b"))
    a\udce9\nb
    """
    whole = text.encode("utf-8", "backslashreplace").decode()
    return "".join(
        sign.encode("unicode_escape").decode() if category(sign)[0] == "C" else sign
        for sign in whole
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
