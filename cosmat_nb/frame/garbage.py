"""Many values that all stay are made without looking for garbage among them."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["no_collections"]


@contextmanager
def no_collections() -> Iterator[None]:
    """Put off Python's search for cycles; it comes back afterwards.

    Among some hundred thousand rows that all stay, it takes long and finds nothing.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
