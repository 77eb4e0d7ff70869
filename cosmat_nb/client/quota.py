"""How many retries a batch may make, and when a service counts as broken."""

from __future__ import annotations

import threading

from cosmat_nb.errors import OptionsError

__all__ = ["RetryQuota"]

_SHARE = 0.5
"""Retries that each good answer earns."""

_LEAST = 20
"""Failures in a row, at least, that make a service broken."""


class RetryQuota:
    """Retries that all calls of a batch share, so that none hammers a broken service.

    Parameters
    ----------
    most : int
        Attempts that are in flight at most, from 1.
    tokens : int, default 50
        Retries at hand in the beginning, and at most.

    Raises
    ------
    OptionsError
        When a number is no whole number, or too low.

    Notes
    -----
    A token bucket, as in gRPC's retry throttling (proposal A6) and the retry quota of
    the AWS SDKs: each retry costs one token, each good answer earns half a one. So any
    share of failures below a third is made good for ever. With 20 % at random, 50
    tokens last: the chance that a full bucket ever runs dry before it is full again is
    about 1.56 ** (-2 * 50), as 1.56 solves 0.2 x ** 3 - x + 0.8 = 0. A service that is
    dead gets 50 retries beside the first attempts.

    Examples
    --------
    >>> quota = RetryQuota(4, tokens=1)
    >>> quota.spend(), quota.spend()
    (True, False)
    >>> quota.hear("good"), quota.hear("good"), quota.spend()
    (None, None, True)
    """

    def __init__(self, most: int, *, tokens: int = 50) -> None:
        for name, value, least in (("most", most, 1), ("tokens", tokens, 0)):
            if not isinstance(value, int) or value < least:
                raise OptionsError(
                    f"{name} must be a whole number from {least}; not {value!r}"
                )
        self._lock = threading.Lock()
        self._tokens, self._full = float(tokens), float(tokens)
        self._failed, self._enough = 0, max(_LEAST, 2 * most)

    @property
    def all_failing(self) -> bool:
        """Whether the last max(20, 2 × `most`) attempts failed, all of them."""
        return self._failed >= self._enough

    def spend(self) -> bool:
        """Take a token for a retry; False when there is none: do not retry."""
        with self._lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def hear(self, verdict: str) -> None:
        """Count what came of an attempt.

        Parameters
        ----------
        verdict : {"good", "refused", "throttled", "failed"}
            Refused: an answer about one picture or key alone, so that the service
            works. It earns nothing.
        """
        with self._lock:
            if verdict in {"throttled", "failed"}:
                self._failed += 1
                return
            self._failed = 0
            if verdict == "good":
                self._tokens = min(self._tokens + _SHARE, self._full)
