"""An empty figure to draw on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["DPI", "new_figure"]

DPI = 100
"""Pixels of a figure's inch."""


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure that shows itself and finds room for its words; inches."""
    # Matplotlib writes a font cache when it is first imported: not before it is needed.
    from cosmat_nb.view.figure import NotebookFigure  # noqa: PLC0415

    return NotebookFigure(figsize=(width, height), dpi=DPI, layout="constrained")
