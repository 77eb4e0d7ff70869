"""Which credentials sign the next attempt: fixed ones, or those of a function."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Keyring"]

MARGIN = 60.0
"""Temporary keys are renewed this long before they end, seconds."""


class Keyring:
    """Hands out credentials, and asks for new ones in time.

    Parameters
    ----------
    credentials : Credentials or callable
        Fixed, or a function that returns them. Credentials with ``expires`` are kept
        until `MARGIN` before it; one thread asks while the others wait. Credentials
        without it are asked for before every attempt.
    now : callable
        Unix seconds.

    Raises
    ------
    OptionsError
        When it is neither.

    Examples
    --------
    >>> keys = Keyring(lambda: Credentials("id", "key", "token", expires=900.0), float)
    >>> keys.current() is keys.current()
    True
    """

    def __init__(
        self,
        credentials: Credentials | Callable[[], Credentials],
        now: Callable[[], float],
    ) -> None:
        self._source = credentials if callable(credentials) else _checked(credentials)
        self._now = now
        self._lock = Lock()
        self._kept: Credentials | None = None

    def current(self) -> Credentials:
        """Return what signs now; errors of the function are passed on.

        Raises
        ------
        OptionsError
            When it is no `Credentials`.
        """
        source = self._source
        if not callable(source):
            return source
        kept = self._kept
        if kept is not None and kept.expires is None:
            return _checked(source())
        if kept is None or self._is_ending(kept):
            with self._lock:
                kept = self._kept
                if kept is None or self._is_ending(kept):
                    kept = self._kept = _checked(source())
        return kept

    def renew(self, used: Credentials) -> bool:
        """Forget credentials that the service called expired.

        Returns
        -------
        bool
            Whether `current` may now return others.
        """
        if not callable(self._source):
            return False
        with self._lock:
            # Another thread may have renewed them while this one was refused.
            if self._kept is used:
                self._kept = None
        return True

    def _is_ending(self, kept: Credentials) -> bool:
        return kept.expires is None or self._now() >= kept.expires - MARGIN


def _checked(credentials: object) -> Credentials:
    if not isinstance(credentials, Credentials):
        raise OptionsError(
            "credentials must be Credentials(id, key) or a function that returns "
            f"them; not {type(credentials).__name__}"
        )
    return credentials
