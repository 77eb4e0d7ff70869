"""A matplotlib figure that shows itself."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

if TYPE_CHECKING:
    from matplotlib.backend_bases import RendererBase

__all__ = ["FALLBACKS", "NotebookFigure"]

FALLBACKS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "Heiti SC",
    "Hiragino Sans GB",
    "Arial Unicode MS",
)
"""Fonts for what matplotlib's own one lacks, Chinese first; those there are serve."""


class NotebookFigure(Figure):
    """A figure that shows itself in a notebook although pyplot never saw it."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw it, with fonts in reserve for keys in other scripts."""
        installed = set(fontManager.get_font_names())
        reserve = [name for name in FALLBACKS if name in installed]
        for text in self.findobj(Text):
            first = [name for name in text.get_fontfamily() if name not in reserve]
            text.set_fontfamily([*first, *reserve])
        super().draw(renderer)

    def _repr_jpeg_(self) -> bytes:
        # Photographs as PNG would fill a notebook with megabytes.
        file = io.BytesIO()
        self.savefig(file, format="jpeg", pil_kwargs={"quality": 80, "optimize": True})
        return file.getvalue()
