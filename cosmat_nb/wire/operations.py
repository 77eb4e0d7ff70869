"""The question itself: which picture, by which operation, with which layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError
from cosmat_nb.options import MattingOptions
from cosmat_nb.places import is_address, shown_place
from cosmat_nb.wire.address import check_key
from cosmat_nb.wire.url import check_url

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MattingQuery"]


@dataclass(frozen=True, slots=True, repr=False)
class MattingQuery:
    """A matting request while downloading (``GET`` with ``ci-process``).

    Parameters
    ----------
    options : MattingOptions
        Operation and layout.
    key : str, default ""
        Object key of the picture; empty when `url` is given.
    url : str, default ""
        Any public picture instead (``detect-url``). It wins over `key`.

    Raises
    ------
    OptionsError
        When `options` are something else.

    Examples
    --------
    >>> query = MattingQuery(MattingOptions(center=True), key="mug.jpg")
    >>> query.parameters
    {'ci-process': 'AIPicMatting', 'center-layout': '1'}
    >>> MattingQuery.from_parameters("mug.jpg", query.parameters) == query
    True
    """

    options: MattingOptions
    key: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.options, MattingOptions):
            raise OptionsError(
                f"options must be MattingOptions; not {type(self.options).__name__}"
            )

    def __repr__(self) -> str:
        return f"MattingQuery({self.label!r}, {self.options!r})"

    @classmethod
    def of_key(cls, key: str, options: MattingOptions) -> MattingQuery:
        """Build the query for a stored picture.

        Raises
        ------
        OptionsError
            When `key` breaks a naming rule.
        """
        if isinstance(key, str) and is_address(key):
            raise OptionsError(
                f"{shown_place(key)!r} is an address and no object key: use matte_url"
            )
        return cls(options, key=check_key(key))

    @classmethod
    def of_url(cls, url: str, options: MattingOptions) -> MattingQuery:
        """Build the query for a public picture.

        Raises
        ------
        OptionsError
            When `url` is not a plain http(s) address.
        """
        return cls(options, url=check_url(url))

    @property
    def place(self) -> str:
        """The address where there is one, else the key."""
        return self.url or self.key

    @property
    def label(self) -> str:
        """The place as it may be shown: a query may hold a signature."""
        return shown_place(self.url) if self.url else self.key

    @property
    def parameters(self) -> dict[str, str]:
        """Decoded query parameters, in the order of the vendor's page."""
        parameters = dict(self.options.parameters)
        if self.url:
            parameters["detect-url"] = self.url
        return parameters

    @classmethod
    def from_parameters(cls, key: str, parameters: Mapping[str, str]) -> MattingQuery:
        """Read a request's key and decoded parameters; empty values count as absent.

        Raises
        ------
        OptionsError
            When ``ci-process`` or a layout is malformed.
        """
        url = parameters.get("detect-url", "")
        return cls(
            MattingOptions.from_parameters(parameters),
            key="" if url else key,
            url=url,
        )
