"""How long the emulator takes for a matte, as a service far away would."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from cosmat_nb.errors import OptionsError

__all__ = ["Latency"]

_LONGEST = 600.0
"""No draw is longer, seconds: no client waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Seconds from a matting request to its answer, drawn from a log-normal law.

    Parameters
    ----------
    median : float, default 1.6
        Seconds; half of the answers take longer.
    spread : float, default 0.5
        Standard deviation of the logarithm; 0: all take the median.
    seed : int, default 0
        Draws other times by the same law.

    Raises
    ------
    OptionsError
        When a number is negative, infinite or no number.

    Notes
    -----
    The vendor documents no times. On the sibling operation GoodsMatting others saw
    1.6 s for a simple photograph and 4.4 s for one of 24 million px: the default median
    and, nearly, the time two standard deviations above it, 1.6 · exp(2 · 0.5) = 4.35 s.

    Examples
    --------
    >>> Latency(median=0.2, spread=0.0).pick(3)
    0.2
    """

    median: float = 1.6
    spread: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("median", "spread"):
            if not 0 <= getattr(self, name) < math.inf:
                raise OptionsError(
                    f"{name} must be 0 or more; not {getattr(self, name)!r}"
                )

    def pick(self, number: int) -> float:
        """Return the seconds that a matting request, counted from 0, takes at least."""
        source = random.Random(f"{self.seed}:{number}")  # noqa: S311 - no secret
        # The exponent is capped: exp(1000) would overflow.
        factor = math.exp(min(self.spread * source.gauss(), 100.0))
        return min(self.median * factor, _LONGEST)
