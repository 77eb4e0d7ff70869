"""The seven fields of a signature, in a header or in a query."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.address import encode
from cosmat_nb.wire.canonical import format_string

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Authorization"]

_TIME_DIGITS = 15  # enough for 30 million years

_FIELDS = (
    "q-sign-algorithm",
    "q-ak",
    "q-sign-time",
    "q-key-time",
    "q-header-list",
    "q-url-param-list",
    "q-signature",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """The seven fields of a signature, in a header or in a query.

    Attributes
    ----------
    secret_id : str
        Which key signed; not shown.
    key_time : str
        Start and end of the signature's life, ``start;end``, Unix seconds.
    header_list, param_list : tuple of str
        Names covered, encoded, lower-case, sorted.
    signature : str
        40 hex digits; never shown.
    """

    secret_id: str = field(repr=False)
    key_time: str
    header_list: tuple[str, ...]
    param_list: tuple[str, ...]
    signature: str = field(repr=False)

    @property
    def fields(self) -> dict[str, str]:
        """Names and values in the vendor's order: the query of a presigned link."""
        values = (
            "sha1",
            self.secret_id,
            self.key_time,
            self.key_time,
            ";".join(self.header_list),
            ";".join(self.param_list),
            self.signature,
        )
        return dict(zip(_FIELDS, values, strict=True))

    @property
    def header(self) -> str:
        """The ``Authorization`` header."""
        return "&".join(f"{name}={value}" for name, value in self.fields.items())

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> Authorization:
        """Read the seven fields.

        Raises
        ------
        OptionsError
            When one is missing, the algorithm is not sha1, or the two times differ.
        """
        missing = [name for name in _FIELDS if name not in fields]
        if missing:
            raise OptionsError(f"the signature lacks {', '.join(missing)}")
        if fields["q-sign-algorithm"] != "sha1":
            raise OptionsError("q-sign-algorithm must be sha1")
        if fields["q-sign-time"] != fields["q-key-time"]:
            raise OptionsError("q-sign-time and q-key-time must be equal")
        start, _, end = fields["q-sign-time"].partition(";")
        if not (_is_time(start) and _is_time(end)):
            raise OptionsError("q-sign-time must be start;end in Unix seconds")
        return cls(
            secret_id=fields["q-ak"],
            key_time=fields["q-sign-time"],
            header_list=_names(fields["q-header-list"]),
            param_list=_names(fields["q-url-param-list"]),
            signature=fields["q-signature"],
        )

    @classmethod
    def from_header(cls, header: str) -> Authorization:
        """Read an ``Authorization`` header.

        Raises
        ------
        OptionsError
            As `from_fields`.
        """
        parts = (part.partition("=") for part in header.split("&"))
        return cls.from_fields({name.strip(): value for name, _, value in parts})

    @property
    def period(self) -> tuple[int, int]:
        """First and last second of its life, Unix seconds."""
        start, _, end = self.key_time.partition(";")
        return int(start), int(end)

    def text(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        headers: Mapping[str, str],
    ) -> str:
        """Rebuild the ``HttpString`` from the names that this signature covers.

        An absent name is left out: if it was signed, the signature will not match.
        """
        return format_string(
            method,
            path,
            _covered(params, self.param_list),
            _covered(headers, self.header_list),
        )


def _covered(values: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    known = {encode(name).lower(): (name, value) for name, value in values.items()}
    return dict(known[name] for name in names if name in known)


def _is_time(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _TIME_DIGITS


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.lower() for name in text.split(";") if name)
