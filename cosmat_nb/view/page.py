"""One HTML page that needs nothing else, and the pictures on it."""

from __future__ import annotations

import html
import operator
from pathlib import Path
from typing import TYPE_CHECKING

from cosmat_nb import images
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cosmat_nb.view.panels import Panels

__all__ = [
    "MAX_ROWS",
    "check_count",
    "check_words",
    "html_figures",
    "html_thumbnail",
    "write_page",
]

MAX_ROWS = 200
"""Most rows with pictures; a larger page opens slowly."""


def check_count(name: str, value: object, low: int, high: int) -> int:
    """Return an argument that is a whole number, `low` to `high`.

    Raises
    ------
    OptionsError
        Naming the argument that is something else.
    """
    try:
        count = low - 1 if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        count = low - 1
    if not low <= count <= high:
        raise OptionsError(
            f"{name} must be a whole number from {low} to {high}; not {value!r:.60}"
        )
    return count


def check_words(**words: str) -> None:
    """Make sure that a page's own words are text.

    Raises
    ------
    OptionsError
        Naming what is something else.
    """
    for name, value in words.items():
        if not isinstance(value, str):
            raise OptionsError(f"{name} must be text; not {type(value).__name__}")


def html_figures(panel: Panels) -> str:
    """Return the pictures that a row has, each with its name under it."""
    pictures = {"before": panel.before, "matte": panel.matte, "cutout": panel.cutout}
    return "".join(
        f"<figure>{images.html_image(pixels, alt=f'{name} of {panel.place}')}"
        f"<figcaption>{name}</figcaption></figure>"
        for name, pixels in pictures.items()
        if pixels is not None
    )


def html_thumbnail(pixels: NDArray[np.uint8], side: int, *, alt: str) -> str:
    """Return a small ``<img>``; a picture with alpha lies on a checkerboard.

    Parameters
    ----------
    pixels : (H, W, 3) or (H, W, 4) uint8 array
        Straight colours.
    side : int
        Longer side at most, px.
    alt : str
        What it shows; escaped here.
    """
    small = images.thumbnail(pixels, side)
    if small.shape[2] == 4:  # noqa: PLR2004 - RGBA
        small = images.over_checkerboard(small)
    return images.html_image(small, alt=alt)


def write_page(path: str | Path, *, title: str, style: str, body: str) -> Path:
    """Write a page from a plain title, CSS and HTML, and return its path.

    Half characters, which a file's name may hold and no page can, are escaped.

    Raises
    ------
    OptionsError
        When the file cannot be written.
    """
    path = Path(path)
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{style}</style></head>"
        f"<body>{body}</body></html>\n"
    )
    try:
        path.write_text(page, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise OptionsError(f"cannot write {path}: {error.strerror or error}") from None
    return path
