"""What a data set says about itself: title, licence, who made it."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date as Date  # noqa: N812 - a field is named date
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["About", "license_address", "license_kind"]

_SPELLINGS = (
    "0BSD AFL-3.0 AGPL-3.0-only AGPL-3.0-or-later Apache-2.0 Artistic-2.0 "
    "BSD-2-Clause BSD-3-Clause BSL-1.0 C-UDA-1.0 CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 "
    "CC-BY-4.0 CC-BY-NC-2.0 CC-BY-NC-3.0 CC-BY-NC-4.0 CC-BY-NC-ND-3.0 "
    "CC-BY-NC-ND-4.0 CC-BY-NC-SA-2.0 CC-BY-NC-SA-3.0 CC-BY-NC-SA-4.0 CC-BY-ND-4.0 "
    "CC-BY-SA-3.0 CC-BY-SA-4.0 CC-PDDC CC0-1.0 CDLA-Permissive-1.0 "
    "CDLA-Permissive-2.0 CDLA-Sharing-1.0 EPL-2.0 EUPL-1.2 GFDL-1.3-only "
    "GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later ISC LGPL-3.0-only "
    "LGPL-3.0-or-later MIT MPL-2.0 MS-PL O-UDA-1.0 ODbL-1.0 ODC-By-1.0 OFL-1.1 "
    "PDDL-1.0 Unlicense WTFPL Zlib"
)
_LICENSES = MappingProxyType({name.lower(): name for name in _SPELLINGS.split()})
"""SPDX identifiers that data sets use, by their lower case (spdx.org/licenses)."""

_OWN_LICENSE = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")
_ADDRESS = re.compile(r"https?://[^\s/?#\"<>\\]+[^\s\"<>\\]*", re.IGNORECASE)
_SECRET = re.compile(
    r"://[^\s/?#]*@"
    r"|[?&;](?:q-[a-z-]+|x-[a-z-]+-(?:token|signature|credential)"
    r"|sign(?:ature)?|sig|token|(?:access|api)_?key|secret|password)=",
    re.IGNORECASE,
)
_ONE_LINE = ("title", "license", "creator", "url", "version")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the card of a data set says that nobody can compute: frozen, checked.

    Parameters
    ----------
    title : str, optional
        One line; the card falls back to ``Image mattes``.
    description : str, optional
        What is seen, what it is for; Markdown, any number of lines.
    license : str, optional
        An SPDX identifier as ``CC-BY-4.0``, in any case, ``LicenseRef-…``, an address,
        or words of your own, see `license_kind`. The pictures' own licence counts too:
        nothing here can know it.
    creator : str, optional
        Person or organization.
    url : str, optional
        Where the data set is published, ``http`` or ``https``.
    citation : str, optional
        How to cite it, BibTeX or words.
    date : date or str, optional
        Of publication, as ``"2026-11-23"``. None by default: the same input then makes
        the same bytes on any day.
    version : str, optional
        As ``"1.0.0"``.
    keywords : iterable of str, optional
        One line each; kept as a tuple.
    notes : str, optional
        Anything else, Markdown.

    Raises
    ------
    OptionsError
        For a value of another type or form, for half characters, which UTF-8 does not
        have, and for what looks like a password or a signed address: a card is made
        to be published.

    Examples
    --------
    >>> about = About(title="Mugs", license="cc-by-4.0", date="2026-11-23")
    >>> about.license, About.from_dict(about.as_dict()) == about
    ('CC-BY-4.0', True)
    """

    title: str = ""
    description: str = ""
    license: str = ""
    creator: str = ""
    url: str = ""
    citation: str = ""
    date: Date | str | None = None
    version: str = ""
    keywords: tuple[str, ...] = ()
    notes: str = ""

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name not in {"date", "keywords"}:
                value = _text(field.name, getattr(self, field.name))
                object.__setattr__(self, field.name, value)
        if self.url and not _ADDRESS.fullmatch(self.url):
            raise OptionsError(
                f"url must begin with http:// or https://; not {self.url!r:.80}"
            )
        spelled = _LICENSES.get(self.license.lower(), self.license)
        object.__setattr__(self, "license", spelled)
        object.__setattr__(self, "date", _date(self.date))
        object.__setattr__(self, "keywords", _keywords(self.keywords))

    def as_dict(self) -> dict[str, Any]:
        """Return what was given as JSON values; what is empty is left out."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["date"] = None if self.date is None else str(self.date)
        values["keywords"] = list(self.keywords)
        return {name: value for name, value in values.items() if value}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> About:
        """Read what `as_dict` returned; unknown names are refused.

        Raises
        ------
        OptionsError
            For names and values that `About` does not take.
        """
        known = {field.name for field in fields(cls)}
        if unknown := [str(name) for name in values if name not in known]:
            raise OptionsError(
                f"a data set says of itself {', '.join(sorted(known))}; "
                f"not {', '.join(unknown)[:80]!r}"
            )
        return cls(**values)


def license_kind(license: str) -> str:  # noqa: A002 - the field's name
    """Tell what a licence is: ``spdx``, ``url``, ``text``, or nothing.

    Parameters
    ----------
    license : str
        As in `About`. Identifiers that data sets rarely use count as ``text``: the
        list is short, and a wrong promise is worse than none.

    Examples
    --------
    >>> license_kind("CC0-1.0"), license_kind("ask Jo"), license_kind("")
    ('spdx', 'text', '')
    """
    if license.lower() in _LICENSES or _OWN_LICENSE.fullmatch(license):
        return "spdx"
    if _ADDRESS.fullmatch(license):
        return "url"
    return "text" if license else ""


def license_address(license: str) -> str:  # noqa: A002 - as above
    """Return where a licence can be read: its own address or SPDX's, if it has one.

    Examples
    --------
    >>> license_address("CC0-1.0"), license_address("ask Jo")
    ('https://spdx.org/licenses/CC0-1.0.html', '')
    """
    if license_kind(license) == "url":
        return license
    spelled = _LICENSES.get(license.lower())
    return f"https://spdx.org/licenses/{spelled}.html" if spelled else ""


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise OptionsError(f"{name} must be text; not {value!r:.60}")
    text = value.strip()
    if name in (*_ONE_LINE, "keywords") and len(text.splitlines()) > 1:
        raise OptionsError(f"{name} must be one line; not {text!r:.60}")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise OptionsError(f"{name} holds half a character: UTF-8 cannot write it")
    if _SECRET.search(text):
        raise OptionsError(
            f"{name} holds what looks like a password or a signed address, and a card "
            "is made to be published: leave it out"
        )
    return text


def _date(value: object) -> Date | None:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    try:
        return Date.fromisoformat(str(value))
    except ValueError:
        raise OptionsError(
            f"date must be a day, as '2026-11-23'; not {value!r:.40}"
        ) from None


def _keywords(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        raise OptionsError(f"keywords must be a list of words; not {value!r:.60}")
    try:
        words = [_text("keywords", word) for word in cast("tuple[object]", value)]
    except TypeError:
        raise OptionsError(
            f"keywords must be a list of words; not {value!r:.60}"
        ) from None
    return tuple(dict.fromkeys(filter(None, words)))
