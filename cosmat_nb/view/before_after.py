"""Before and after, one over the other, to compare by eye."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from PIL import ImageColor

from cosmat_nb import images
from cosmat_nb.errors import ImageError, OptionsError
from cosmat_nb.view.page import html_thumbnail
from cosmat_nb.view.pair import Pair, brief, decode_picture, lay_pair
from cosmat_nb.view.widget import LiveView, read_static

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cosmat_nb.cutout import Cutout

__all__ = ["BeforeAfter"]

SENT_SIDE = 1600
"""Longest side of the pictures that a page is sent, px."""

TWIN_SIDE = 320
"""Longest side of the pictures where no widget lives, px."""

MODES = ("wipe", "side by side", "blink")
VIEWS = ("cutout", "matte")
BOARDS = ("light", "dark", "white", "black")

_COLOR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
_QUALITY = 90


class _Background(traitlets.TraitType[str, Any]):
    """A board, a colour, or a picture, which the widget keeps beside its name."""

    info_text = f'{", ".join(BOARDS)}, a colour as "#ff8800" or "navy", a picture'

    def validate(self, owner: Any, value: Any) -> str:
        if isinstance(value, (bytes, np.ndarray)):
            owner._backdrop = _encode(self._decode(value))  # noqa: SLF001 - a trait is part of its widget
            return "picture"
        if isinstance(value, str):
            kept = value == "picture" and owner._backdrop  # noqa: SLF001 - as above
            if value in BOARDS or kept or _COLOR.fullmatch(value):
                return value.lower()
            if value.lower() in ImageColor.colormap:
                red, green, blue = ImageColor.getrgb(value)[:3]
                return f"#{red:02x}{green:02x}{blue:02x}"
        raise traitlets.TraitError(
            f"background must be {self.info_text} (array or bytes of a file); "
            f"got {brief(value)}"
        )

    @staticmethod
    def _decode(value: bytes | NDArray[np.uint8]) -> NDArray[np.uint8]:
        try:
            return decode_picture(value, "background")
        except (ImageError, OptionsError) as error:
            raise traitlets.TraitError(str(error)) from None


class _Position(traitlets.Float[float, float]):
    """A share; the bounds that traitlets checks let NaN pass."""

    def validate(self, owner: Any, value: Any) -> float:  # noqa: ARG002 - of traitlets
        known = isinstance(value, (int, float)) and not isinstance(value, bool)
        if known and 0 <= value <= 1:
            return float(value)
        raise traitlets.TraitError(
            f"position must be a share from 0 to 1; got {brief(value)}"
        )


class BeforeAfter(LiveView):
    """A picture and its cutout: wipe between them, side by side, or blinking.

    Zoom and pan move both. A subject that the service has moved is no matter: the
    picture is laid onto the cutout's canvas, or else the widget says that it cannot be.

    Parameters
    ----------
    before : ndarray, bytes or None
        (H, W, 3 or 4) uint8, or a picture file. None: fetched by ``cutout.before()``.
    cutout : Cutout or ndarray
        A cutout, or (H, W, 4) uint8 with straight colours.
    position : float, default 0.5
        Share of the width, from the left, in which the wipe shows before; 0 to 1.
    mode : {"wipe", "side by side", "blink"}
        How both are shown.
    view : {"cutout", "matte"}
        What is shown of the cutout.
    background : str, ndarray or bytes, default "light"
        Behind the cutout: ``"light"`` or ``"dark"`` checkerboard, ``"white"``,
        ``"black"``, a colour as ``"#ff8800"`` or by its CSS name, which becomes such,
        or a picture, which fills the canvas. It stays as chosen, whatever the
        notebook's theme.

    Raises
    ------
    OptionsError
        When an argument is something else, or the picture before is not to be had.
    ImageError
        When bytes are not a picture.
    CallError
        When the source picture cannot be fetched.

    Notes
    -----
    `position`, `mode`, `view` and `background` are traits: the page sets them, and
    ``traitlets.link`` and ``ipywidgets.jslink`` tie them to others. Assign `before` and
    `cutout` to show other pictures.

    The page gets WebP of quality 90, alpha exact, reduced to 1600 px on the longer
    side. Keys: arrows, Home and End move the wipe, + - 0 1 zoom, with Shift arrows pan;
    m changes the mode, v the view, b the background; space blinks.

    Examples
    --------
    >>> picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    >>> matte = np.zeros((40, 60, 1), np.uint8)
    >>> matte[10:30, 20:50] = 255
    >>> view = BeforeAfter(picture, np.concatenate([picture, matte], axis=2))
    >>> view.position = 0.25
    >>> view
    BeforeAfter(height 40, width 60)
    """

    _esm = read_static(
        "stage.js", "before_after_parts.js", "before_after_stage.js", "before_after.js"
    )
    _css = read_static("stage.css", "before_after.css")

    position = _Position(0.5).tag(sync=True)
    mode = traitlets.Enum(MODES, "wipe").tag(sync=True)
    view = traitlets.Enum(VIEWS, "cutout").tag(sync=True)
    background = _Background("light").tag(sync=True)

    _before = traitlets.Bytes().tag(sync=True)
    _cutout = traitlets.Bytes().tag(sync=True)
    _backdrop = traitlets.Bytes().tag(sync=True)
    _facts = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        before: NDArray[np.uint8] | bytes | None,
        cutout: Cutout | NDArray[np.uint8],
        *,
        position: float = 0.5,
        mode: str = "wipe",
        view: str = "cutout",
        background: str | bytes | NDArray[np.uint8] = "light",
    ) -> None:
        self._given = before, cutout
        self._pair = lay_pair(before, cutout)
        try:
            super().__init__(
                position=position,
                mode=mode,
                view=view,
                background=background,
                **_sent(self._pair),
            )
        except traitlets.TraitError as error:
            raise OptionsError(str(error)) from None

    @property
    def before(self) -> NDArray[np.uint8] | bytes | None:
        """The picture before, as it was given."""
        return self._given[0]

    @before.setter
    def before(self, before: NDArray[np.uint8] | bytes | None) -> None:
        self.show(before, self._given[1])

    @property
    def cutout(self) -> Cutout | NDArray[np.uint8]:
        """The cutout, as it was given."""
        return self._given[1]

    @cutout.setter
    def cutout(self, cutout: Cutout | NDArray[np.uint8]) -> None:
        self.show(self._given[0], cutout)

    def show(
        self,
        before: NDArray[np.uint8] | bytes | None,
        cutout: Cutout | NDArray[np.uint8],
    ) -> None:
        """Show other pictures, both at once.

        Parameters
        ----------
        before : ndarray, bytes or None
            As for the constructor.
        cutout : Cutout or ndarray
            As for the constructor.

        Raises
        ------
        OptionsError, ImageError, CallError
            As the constructor; what was shown before stays.
        """
        self._pair = lay_pair(before, cutout)
        self._given = before, cutout
        with self.hold_sync():
            for name, value in _sent(self._pair).items():
                setattr(self, name, value)

    def static_text(self) -> str:
        """Return the name of what is shown, or its size where it has no name."""
        height, width = self._pair.cutout.shape[:2]
        known = repr(self._pair.place) if self._pair.place else None
        return f"BeforeAfter({known or f'height {height}, width {width}'})"

    def static_html(self) -> str:
        """Return both pictures side by side, the cutout on a light checkerboard."""
        before, cutout, place, note = self._pair
        name = place or "a picture"
        cells = _twin(before, f"before: {name}"), _twin(cutout, f"cutout of {name}")
        words = html.escape(f"{name}: {note}" if note else name)
        style = "font-family:system-ui,sans-serif;font-size:13px;margin-top:4px"
        return f'<div>{"".join(cells)}<div style="{style}">{words}</div></div>'


def _sent(pair: Pair) -> dict[str, Any]:
    """Return the traits that carry a pair to the page."""
    height, width = pair.cutout.shape[:2]
    facts = {"place": pair.place, "note": pair.note, "height": height, "width": width}
    return {
        "_facts": facts,
        "_before": _encode(pair.before),
        "_cutout": _encode(pair.cutout),
    }


def _encode(pixels: NDArray[np.uint8]) -> bytes:
    return images.encode_webp(images.thumbnail(pixels, SENT_SIDE), _QUALITY)


def _twin(pixels: NDArray[np.uint8], alt: str) -> str:
    style = "display:inline-block;margin:0 8px 0 0;vertical-align:top"
    return f'<div style="{style}">{html_thumbnail(pixels, TWIN_SIDE, alt=alt)}</div>'
