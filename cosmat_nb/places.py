"""Places: object keys and addresses, told apart, and as they may be shown."""

from __future__ import annotations

import re

__all__ = ["is_address", "shown_place", "shown_text", "whole_text"]

_SECRETIVE = re.compile(r"[?#]|%(?:25)*(?:3f|23)", re.IGNORECASE)
_ADDRESS = re.compile(r"\s*[a-z][a-z0-9+.-]*(?:://|%(?:25)*3a)", re.IGNORECASE)

# A path made of an address has one slash, and JSON writes a backslash before each.
_LINK = re.compile(
    r"[a-z0-9+.-]{2,24}(?::(?:\\?/){1,2}|%(?:25)*3a)[^\s'\"<>]*", re.IGNORECASE
)
_USER = re.compile(
    r"((?::|%(?:25)*3a)(?:\\?/|%(?:25)*2f){1,2})"
    r"(?:(?!\\?/|%(?:25)*2f).)*(?:@|%(?:25)*40)",
    re.IGNORECASE,
)
_QUERY = re.compile(
    r"(?:\?|%(?:25)*3f)[^\s'\"<>=?%]*(?:=|%(?:25)*3d)[^\s'\"<>]*", re.IGNORECASE
)
_FIELD = re.compile(
    r"\b((?:q-[a-z-]{1,24}|x-[a-z-]{1,24}-(?:token|signature|credential)"
    r"|sign(?:ature)?|sig|token)"
    r"(?:=|%(?:25)*3d))[^\s&'\"<>]+",
    re.IGNORECASE,
)


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
    return _USER.sub(r"\1", _SECRETIVE.split(place, maxsplit=1)[0])


def shown_text(text: str) -> str:
    """Return another's words as they may be shown: one line, no address with secrets.

    Parameters
    ----------
    text : str
        An error's message, say. Whatever looks like an address in it, encoded or not,
        loses user name, password, query and fragment; what looks like a query goes
        also where no address stands before it, as some clients name paths alone, and
        the value of what is called like a signature or a token.

    Examples
    --------
    >>> shown_text("404 for url 'https://me:pass@example.com/a.jpg?q-signature=5aed'")
    "404 for url 'https://example.com/a.jpg'"
    >>> shown_text("refused: /a.jpg?sign=5aed" + chr(10) + "Why? No idea.")
    'refused: /a.jpg Why? No idea.'
    """
    line = " ".join(each.strip() for each in text.splitlines())
    return _FIELD.sub(r"\1…", _QUERY.sub("", _LINK.sub(_without_secrets, line)))


def whole_text(text: str) -> str:
    r"""Escape half characters: a file's name may hold them, and UTF-8 has none.

    Examples
    --------
    >>> print(whole_text("a" + chr(0xDCE9) + "é"))
    a\udce9é
    """
    return text.encode("utf-8", "backslashreplace").decode()


def _without_secrets(link: re.Match[str]) -> str:
    return _USER.sub(r"\1", _SECRETIVE.split(link[0], maxsplit=1)[0])


def is_address(place: str) -> bool:
    """Whether a place is meant as an address and not as an object key.

    Examples
    --------
    >>> is_address("ftp://example.com/a.jpg"), is_address("http/a.jpg")
    (True, False)
    """
    return _ADDRESS.match(place) is not None
