"""Places: object keys and addresses, told apart, and as they may be shown."""

from __future__ import annotations

import re

__all__ = ["is_address", "shown_place"]

_SECRETIVE = re.compile(r"[?#]|%(?:25)*(?:3f|23)", re.IGNORECASE)
_ADDRESS = re.compile(r"\s*[a-z+]+(?:://|%(?:25)*3a)", re.IGNORECASE)


def shown_place(place: str) -> str:
    """Return a place as it may be shown: a key whole, an address without its secrets.

    Parameters
    ----------
    place : str
        An object key, or an address: whatever holds ``://``, encoded or not. An address
        loses its user name, query and fragment, since a query may hold a signature.

    Examples
    --------
    >>> shown_place("https://me:pass@example.com/a.jpg?q-signature=5aed")
    'https://example.com/a.jpg'
    >>> shown_place("what?.jpg")
    'what?.jpg'
    """
    if not is_address(place):
        return place
    return re.sub(r"//[^/@]*@", "//", _SECRETIVE.split(place, maxsplit=1)[0])


def is_address(place: str) -> bool:
    """Whether a place is meant as an address and not as an object key.

    Examples
    --------
    >>> is_address("ftp://example.com/a.jpg"), is_address("http/a.jpg")
    (True, False)
    """
    return _ADDRESS.match(place) is not None
