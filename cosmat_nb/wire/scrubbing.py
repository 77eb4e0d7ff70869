"""Taking secrets out of texts: known ones anywhere, others by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MASK", "SHORTEST_SECRET", "Scrubber", "is_signing"]

MASK = "***"
"""What stands where a secret stood."""

SHORTEST_SECRET = 8
"""Shorter texts are not looked for, characters: they stand in words by chance.

The vendor's ids have 36 characters, its keys 32, its signatures 40.
"""

_SIGNING = frozenset(
    {
        "q-sign-algorithm",
        "q-ak",
        "q-sign-time",
        "q-key-time",
        "q-header-list",
        "q-url-param-list",
        "q-signature",
        "x-cos-security-token",
    }
)

_SECRETIVE = (
    r"q-(?:ak|signature)"
    r"|(?:x-[a-z]{1,24}-)?(?:(?:access|api|auth|id|security|session)[_-]?)?token"
    r"|[a-z_-]{0,24}signature|sign?|policy"
    r"|[a-z_-]{0,24}secret[a-z_-]{0,24}|[a-z]{0,24}access[_-]?key(?:[_-]?id)?"
    r"|(?:x-[a-z]{1,24}-)?credential|googleaccessid|key-pair-id"
    r"|auth(?:orization|[_-]?key)?|api[_-]?key|pass(?:word|wd)?|pwd"
)
"""Names of what opens a door, at this cloud and at others; bounded for speed."""

_MOMENTS = r"q-(?:sign|key)-time|expires|x-[a-z]{1,24}-(?:date|expires)"
"""Times of a signature: no secrets, but a link signed anew is to look the same."""

# A link within a link is percent-encoded once more for each level: %3D, %253D ...
_IN_QUERY = re.compile(
    rf"(?P<name>(?:%(?:25)*[0-9a-f]{{2}}|(?<![a-z0-9_%-]))(?:{_SECRETIVE}|{_MOMENTS}))"
    r"(?:(?P<plain>=)[^&\s\"'<>#\\]+"
    r"|(?P<coded>%(?P<depth>(?:25)*)3d)"
    r"(?:(?!%(?:(?P=depth))?(?:26|23))[^&\s\"'<>#\\])+)",
    re.IGNORECASE,
)
_IN_DOCUMENT = re.compile(
    r"(?P<head>(?:<|\")"
    r"(?:(?:(?:access|api|auth|id)[_-]?)?token"
    r"|[a-z_-]{0,24}(?:signature|access[_-]?key|secret|(?:security|session)[_-]?token)"
    r"[a-z_-]{0,24})(?:>|\"\s*:\s*\"))[^<\"]+",
    re.IGNORECASE,
)
# A name and a password end where the host does: at a slash as deeply encoded as those
# before them. So no run is read twice, and none is longer than any real password.
_USER = re.compile(
    r"(?P<head>https?(?::|%(?:25)*3a)"
    r"(?:(?:\\?/){2}|%(?P<depth>(?:25)*)2f%(?P=depth)2f))"
    r"(?:(?!%(?P=depth)(?:2f|3f|23))[^/\s?#\"'<>&]){1,1024}(?P<tail>@|%(?:25)*40)",
    re.IGNORECASE,
)
_NAME = re.compile(_SECRETIVE, re.IGNORECASE)
_MARKS = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}


def is_signing(name: str) -> bool:
    """Whether a parameter or header only signs a request and asks for nothing.

    Examples
    --------
    >>> is_signing("q-sign-time"), is_signing("ci-process")
    (True, False)
    """
    return name.lower() in _SIGNING


@dataclass(frozen=True, slots=True)
class Scrubber:
    """Replaces secrets by ``***``; doing it twice changes nothing more.

    Parameters
    ----------
    secrets : iterable of str
        Known ids, keys, tokens and signatures. They go wherever they stand, plain,
        percent-encoded at any depth, or escaped as XML and JSON do it. Texts of fewer
        than 8 characters are not looked for.

    Notes
    -----
    What nobody told of is known by its name: in queries, also of links within links,
    ``q-ak``, ``q-signature``, ``x-cos-security-token``, ``Signature``,
    ``X-Amz-Signature``, ``sig``, ``OSSAccessKeyId`` and their like lose their values,
    and so do the times of a signature; likewise elements and fields of documents such
    as ``AccessKeyId``, ``TmpSecretKey`` and ``Token``.
    ``StringToSign`` and ``FormatString`` of a signature mismatch stay: they hold times,
    names and a hash, and neither key nor signature can be had from them.

    Examples
    --------
    >>> scrubber = Scrubber(["my+secret/key"])
    >>> scrubber.text("key my+secret/key, or my%2Bsecret%2fkey")
    'key ***, or ***'
    >>> scrubber.text("http%3A%2F%2Fx%2Fa.jpg%3Fsig%3D5aed%26v%3D1")
    'http%3A%2F%2Fx%2Fa.jpg%3Fsig%3D***%26v%3D1'
    """

    secrets: Iterable[str] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        # Of two secrets that begin alike the longer one goes first.
        known = sorted(set(self.secrets), key=lambda text: (-len(text), text))
        long = tuple(text for text in known if len(text) >= SHORTEST_SECRET)
        object.__setattr__(self, "secrets", long)

    def text(self, text: str) -> str:
        """Scrub a text: a header's value, a link, a document."""
        text = self._without_known(text)
        text = _IN_QUERY.sub(rf"\g<name>\g<plain>\g<coded>{MASK}", text)
        text = _IN_DOCUMENT.sub(rf"\g<head>{MASK}", text)
        return _USER.sub(rf"\g<head>{MASK}\g<tail>", text)

    def value(self, name: str, value: str) -> str:
        """Scrub the value of a parameter or a header that has a name."""
        secretive = _NAME.fullmatch(name) or name.lower() in _SIGNING | {"set-cookie"}
        if value and secretive:
            return MASK
        return self.text(value)

    def body(self, body: bytes, *, by_name: bool = True) -> bytes:
        """Scrub a body; of bytes that are no text only known secrets are taken out.

        Without `by_name`, the same holds for a text: what merely looks like a secret
        stays.
        """
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return self._without_known(body.decode("latin-1")).encode("latin-1")
        return (self.text(text) if by_name else self._without_known(text)).encode()

    def _without_known(self, text: str) -> str:
        for secret in self.secrets:
            text = re.sub("".join(map(_any_form, secret)), MASK, text)
        return text


def _any_form(character: str) -> str:
    if character.isalnum():
        return re.escape(character)
    coded = "".join(f"%(?:25)*(?i:{byte:02x})" for byte in character.encode())
    code = ord(character)
    forms = [
        rf"\\?{re.escape(character)}",
        coded,
        rf"\\u(?i:{code:04x})",
        f"&#(?:{code}|(?i:x0*{code:x}));",
    ]
    if character in _MARKS:
        forms.append(f"&{_MARKS[character]};")
    return f"(?:{'|'.join(forms)})"
