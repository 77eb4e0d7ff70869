"""The explorer as its page sees it: traits, and how they are told."""

from __future__ import annotations

import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import traitlets

from cosmat_nb.errors import BatchInterrupted, CosmatError
from cosmat_nb.options import MAX_PADDING, MattingOptions, Operation, Padding
from cosmat_nb.places import shown_text
from cosmat_nb.view.widget import LiveView, read_static

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["EMPTY", "ExplorerPage", "as_dict", "read_options"]

EMPTY: Mapping[str, Any] = MappingProxyType(
    {
        "picture": b"",
        "facts": {},
        "answer": {},
        "answer_picture": b"",
        "difference": b"",
    }
)
"""Traits of a key of which nothing is known yet."""


class ExplorerPage(LiveView):
    """Traits of `cosmat_nb.view.explorer.widget.Explorer`, and their safe change.

    Attributes
    ----------
    operation : str
        One of `Operation`.
    center : bool
        Centring.
    dx, dy : int
        Padding, px, 0 to 1000.
    busy : bool
        Whether a call is under way.
    message : str
        What went wrong last, in the error's own words.
    count, position, shown : int, int, str
        How many keys there are, which one is looked at, and its text as it may be
        shown.
    before, picture, answer_picture, difference : bytes
        Pictures: the source, the plain cutout, the service's answer, what differs.
    facts, offer, answer : dict
        Size and box of the plain cutout; what the real answer would cost; its numbers.
    """

    _esm = read_static("stage.js", "explorer.js")
    _css = read_static("explorer.css")

    operation = traitlets.Enum(
        [str(each) for each in Operation], default_value=str(Operation.GENERAL)
    ).tag(sync=True)
    center = traitlets.Bool(False).tag(sync=True)
    dx = traitlets.Int(0, min=0, max=MAX_PADDING).tag(sync=True)
    dy = traitlets.Int(0, min=0, max=MAX_PADDING).tag(sync=True)
    count = traitlets.Int(0, read_only=True).tag(sync=True)
    position = traitlets.Int(0, read_only=True).tag(sync=True)
    shown = traitlets.Unicode("", read_only=True).tag(sync=True)
    before = traitlets.Bytes(b"", read_only=True).tag(sync=True)
    picture = traitlets.Bytes(b"", read_only=True).tag(sync=True)
    facts = traitlets.Dict(read_only=True).tag(sync=True)
    offer = traitlets.Dict(read_only=True).tag(sync=True)
    answer = traitlets.Dict(read_only=True).tag(sync=True)
    answer_picture = traitlets.Bytes(b"", read_only=True).tag(sync=True)
    difference = traitlets.Bytes(b"", read_only=True).tag(sync=True)
    busy = traitlets.Bool(False, read_only=True).tag(sync=True)
    message = traitlets.Unicode("", read_only=True).tag(sync=True)

    def __init__(self) -> None:
        self._lock = threading.RLock()
        super().__init__()

    def _guard(self, step: Callable[..., None], *values: Any) -> None:
        try:
            step(*values)
        except Exception as error:  # noqa: BLE001 - a callback's error is seen nowhere else
            self._complain(error)

    def _complain(self, error: BaseException) -> None:
        text = shown_text(str(error))
        known = isinstance(error, (CosmatError, BatchInterrupted))
        self._publish(message=text if known else f"{type(error).__name__}: {text}")

    def _publish(self, **values: Any) -> None:
        """Set what the page only reads, in one message."""
        with self._lock, self.hold_sync():
            for name, value in values.items():
                self.set_trait(name, value)


def as_dict(options: MattingOptions) -> dict[str, Any]:
    """Return options as the page takes them."""
    dx, dy = options.padding
    return {"rule": options.rule, "center": options.center, "dx": dx, "dy": dy}


def read_options(content: dict[str, Any], *, plain: bool) -> MattingOptions:
    """Read what the page asks for, without its layout where it is to be plain.

    Raises
    ------
    OptionsError
        When a value is out of range or of the wrong kind.
    KeyError
        When one is missing.
    """
    operation = content["operation"]
    if plain:
        return MattingOptions(operation=operation)
    padding = Padding(content["dx"], content["dy"])
    return MattingOptions(
        operation=operation, center=content["center"], padding=padding
    )
