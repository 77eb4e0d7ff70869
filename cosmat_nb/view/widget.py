"""What the widgets share: their modules, and what is shown where no widget lives."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LiveView", "read_static"]

_STATIC = Path(__file__).parent / "static"


class LiveView(anywidget.AnyWidget):
    """A widget with a static twin, for pages in which no kernel answers.

    A notebook that is exported, or opened without trust, shows the twin instead. What
    derives from it says what that is in `static_html` and `static_text`.
    """

    def static_html(self) -> str:
        """Return HTML that needs neither scripts nor a style sheet."""
        raise NotImplementedError

    def static_text(self) -> str:
        """Return one line, the same whenever it is asked."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.static_text()

    def _repr_mimebundle_(
        self, **settings: Any
    ) -> tuple[dict[str, Any], dict[str, Any]] | None:
        live = super()._repr_mimebundle_(**settings)
        data: Mapping[str, Any] = live[0] if live is not None else {}
        twins = {"text/plain": self.static_text(), "text/html": self.static_html()}
        return {**data, **twins}, {}


@cache
def read_static(*names: str) -> str:
    """Join files of ``view/static``, as one ES module or one style sheet.

    A notebook loads each widget from text, so that a module cannot import its
    neighbours: what modules share comes first, as plain functions.

    Parameters
    ----------
    *names : str
        For example ``"stage.js", "before_after.js"``; the last one exports `render`.
    """
    return "\n".join((_STATIC / name).read_text(encoding="utf-8") for name in names)
