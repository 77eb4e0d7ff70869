"""What a command says beside its output: on standard error, one line each."""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cosmat_nb.errors import CosmatWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["plain_warnings", "say"]


def say(message: object) -> None:
    """Write a line to standard error."""
    print(f"cosmat: {message}", file=sys.stderr, flush=True)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Say this package's warnings like any other message, without a line of code."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", CosmatWarning)
        shown = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: str) -> None:
            if issubclass(category, CosmatWarning):
                say(message)
            else:
                shown(message, category, *place)  # type: ignore[arg-type]

        warnings.showwarning = show  # type: ignore[assignment]
        yield
