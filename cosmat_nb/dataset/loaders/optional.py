"""Libraries that are imported only when they are asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from cosmat_nb.errors import OptionsError

__all__ = ["import_optional"]


def import_optional(module: str, purpose: str) -> Any:
    """Import a library that this package does not depend on.

    Parameters
    ----------
    module : str
        Its dotted name; the first part is what pip calls it.
    purpose : str
        What needs it, as the beginning of a sentence.

    Raises
    ------
    OptionsError
        When it is not installed, with the command that installs it.

    Examples
    --------
    >>> import_optional("json", "reading JSON").loads("[1]")
    [1]
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        # A library that is there and misses one of its own parts says so itself.
        if (error.name or "").partition(".")[0] != package:
            raise
        raise OptionsError(
            f"{purpose} needs {package}, which is not installed: pip install {package}"
        ) from None
