"""The one form of a request that both sides hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosmat_nb.wire.address import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["canonical", "format_string", "join_string"]


def format_string(
    method: str, path: str, params: Mapping[str, str], headers: Mapping[str, str]
) -> str:
    r"""Write the request in the one form that both sides hash (``HttpString``).

    Parameters
    ----------
    method : str
        In any case.
    path : str
        Decoded, with its leading ``/``.
    params, headers : mapping of str to str
        Decoded; only those that the signature covers.

    Examples
    --------
    >>> format_string("GET", "/a b.jpg", {"image_process": ""}, {"Host": "x.com"})
    'get\n/a b.jpg\nimage_process=\nhost=x.com\n'
    """
    return join_string(method, path, canonical(params)[1], canonical(headers)[1])


def join_string(method: str, path: str, params: str, headers: str) -> str:
    """Write the ``HttpString`` from texts that `canonical` wrote."""
    return f"{method.lower()}\n{path}\n{params}\n{headers}\n"


def canonical(values: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    """Encode names and values, lower and sort the names, and join them.

    Names are sorted after encoding and lowering, as the vendor's clients do.

    Returns
    -------
    names : tuple of str
        What the signature's lists hold.
    text : str
        ``name=value`` joined by ``&``.

    Examples
    --------
    >>> canonical({"b": "x y", "A": ""})
    (('a', 'b'), 'a=&b=x%20y')
    """
    pairs = sorted(
        (encode(name).lower(), encode(text)) for name, text in values.items()
    )
    return (
        tuple(name for name, _ in pairs),
        "&".join(f"{name}={text}" for name, text in pairs),
    )
