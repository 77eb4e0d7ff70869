"""A key pair that signs and does not show."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from cosmat_nb.errors import OptionsError

__all__ = ["Credentials"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key pair of the account, permanent or temporary.

    Parameters
    ----------
    secret_id : str
        Names the key; shown shortened.
    secret_key : str
        Signs requests; never shown.
    token : str, default ""
        Comes with temporary keys; never shown.
    expires : float, optional
        When temporary keys end, Unix seconds. A function that returns credentials is
        asked again shortly before; without it, before every attempt.

    Raises
    ------
    OptionsError
        When the id or the key is empty or holds blanks or line ends, or the end is no
        number of seconds.

    Examples
    --------
    >>> Credentials("sample-id-123456", "sample-key")
    Credentials(secret_id='samp…3456', secret_key=***)
    """

    secret_id: str
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)
    expires: float | None = None

    def __post_init__(self) -> None:
        # No message repeats a value: it is a secret or half of one.
        for name in ("secret_id", "secret_key", "token"):
            value = getattr(self, name)
            if not isinstance(value, str) or not (value or name == "token"):
                raise OptionsError(f"{name} must be text, and not empty")
            if not value.isprintable() or not value.isascii() or " " in value:
                raise OptionsError(
                    f"{name} holds a blank, a line end or another character that no "
                    "key has: was it pasted whole?"
                )
        if "&" in self.secret_id or "=" in self.secret_id:
            raise OptionsError("secret_id holds & or =: was something else pasted?")
        if self.expires is not None and not (
            isinstance(self.expires, (int, float)) and math.isfinite(self.expires)
        ):
            kind = type(self.expires).__name__
            raise OptionsError(f"expires must be finite Unix seconds; not {kind}")

    def __repr__(self) -> str:
        token = ", token=***" if self.token else ""
        return f"Credentials(secret_id={self.masked_id!r}, secret_key=***{token})"

    @property
    def masked_id(self) -> str:
        """The id with its middle left out."""
        keep = min(4, len(self.secret_id) // 4)
        return f"{self.secret_id[:keep]}…{self.secret_id[len(self.secret_id) - keep :]}"
