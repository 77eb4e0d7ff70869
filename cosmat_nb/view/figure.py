"""A matplotlib figure that shows itself."""

from __future__ import annotations

import io

from matplotlib.figure import Figure

__all__ = ["NotebookFigure"]


class NotebookFigure(Figure):
    """A figure that shows itself in a notebook although pyplot never saw it."""

    def _repr_jpeg_(self) -> bytes:
        # Photographs as PNG would fill a notebook with megabytes.
        file = io.BytesIO()
        self.savefig(file, format="jpeg", pil_kwargs={"quality": 80, "optimize": True})
        return file.getvalue()
