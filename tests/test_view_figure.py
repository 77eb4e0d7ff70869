"""Figures that show themselves, in every script that some font here has."""

from __future__ import annotations

import io

import pytest
from matplotlib.font_manager import findfont, get_font

from cosmat_nb.view import figure as figure_module
from cosmat_nb.view.figure import NotebookFigure


def rare_letter():
    """A letter that is in matplotlib's STIX and not in its DejaVu Sans."""
    fonts = (get_font(findfont(name)) for name in ("STIXGeneral", "DejaVu Sans"))
    stix, dejavu = (set(font.get_charmap()) for font in fonts)
    return chr(min(stix - dejavu))


def draw_letter():
    figure = NotebookFigure(figsize=(2, 1), dpi=50)
    figure.text(0.5, 0.5, rare_letter())
    figure.savefig(io.BytesIO(), format="png")


def test_letters_that_the_usual_font_lacks_come_from_another(monkeypatch):
    """A reserve font that is installed draws them; without one matplotlib warns."""
    with pytest.warns(UserWarning, match="missing from font"):
        draw_letter()
    monkeypatch.setattr(figure_module, "FALLBACKS", ("No Such Font", "STIXGeneral"))
    draw_letter()
