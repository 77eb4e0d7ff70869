"""How the emulator says no."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from cosmat_nb.wire.codes import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NUMBERS", "Redirect", "Refusal"]

NUMBERS = MappingProxyType(
    {
        "InvalidArgument": "-103",
        "InvalidImageFormat": "-441",
        "InvalidImageSource": "-441",
        "ImageTooLarge": "-442",
        "NoSuchKey": "-6101",
    }
)
"""``X-ErrNo`` of refused downloads by code: the numbers are documented, that each goes
with this name is assumed."""


class Refusal(Exception):  # noqa: N818 - an answer of the service, not a failure of ours
    """Stops a request with one of the service's documented error codes.

    Parameters
    ----------
    code : str
        A name of `cosmat_nb.wire.codes.CODES`; the HTTP status follows from it.
    message : str
        For the error document.
    details : mapping of str to str, optional
        Further elements of the document.
    headers : mapping of str to str, optional
        Further headers of the answer, as ``X-ErrNo``.
    """

    def __init__(
        self,
        code: str,
        message: str,
        details: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.status = CODES[code].status
        self.message = message
        self.details = details or {}
        self.headers = headers or {}


class Redirect(Exception):  # noqa: N818 - an answer of the service, not a failure of ours
    """Sends a request to the host where its bucket is.

    Parameters
    ----------
    host : str
        Without a scheme.
    """

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host
