"""Centring and padding tried out on one cutout, free until a button is pressed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from cosmat_nb import images
from cosmat_nb.errors import BatchInterrupted, CosmatError, ImageError, OptionsError
from cosmat_nb.options import MattingOptions, Operation, Padding
from cosmat_nb.places import is_address
from cosmat_nb.view.explorer.page import EMPTY, ExplorerPage, as_dict, read_options
from cosmat_nb.view.explorer.preview import (
    compare,
    show_cutout,
    show_pixels,
    size_of,
    write_twin,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.view.explorer.key_list import KeyList
    from cosmat_nb.view.explorer.ordering import Ordering

__all__ = ["Explorer"]

MOST_LOOKED_UP = 200
"""Keys looked up in the store for one to start at."""

BEFORE_SIDE = 480
"""Longer side of the source picture that stands beside the preview, px."""


class Explorer(ExplorerPage):
    """A widget that previews options on a plain cutout; made by `explore`.

    Its traits are those of `ExplorerPage`.
    """

    def __init__(self, keys: KeyList, ordering: Ordering) -> None:
        self._keys = keys
        self._ordering = ordering
        self._calling = threading.Lock()
        self._cutout: Cutout | None = None
        self._result: pd.DataFrame | None = None
        self._source: NDArray[np.uint8] | None = None
        self._source_size: tuple[int, int] | None = None
        super().__init__()
        self._publish(count=len(keys))
        self._choose(self._find_start())
        self.observe(self._follow_operation, "operation")
        self.observe(self._follow_layout, ["center", "dx", "dy"])
        self.on_msg(self._receive)

    @property
    def options(self) -> MattingOptions:
        """What the controls say, for the next cell; may be assigned."""
        return MattingOptions(
            operation=Operation(self.operation),
            center=self.center,
            padding=Padding(self.dx, self.dy),
        )

    @options.setter
    def options(self, options: MattingOptions) -> None:
        if not isinstance(options, MattingOptions):
            raise OptionsError(
                f"options must be MattingOptions(...); got {type(options).__name__}"
            )
        with self._lock, self.hold_sync(), self.hold_trait_notifications():
            self.operation = str(options.operation)
            self.center = options.center
            self.dx, self.dy = options.padding

    @property
    def key(self) -> str:
        """The key that is looked at; may be assigned, when the frame has it."""
        return self._keys[self.position]

    @key.setter
    def key(self, key: str) -> None:
        self._choose(self._keys.position(key))

    @property
    def cutout(self) -> Cutout | None:
        """The plain cutout under the preview; None until there is one."""
        return self._cutout

    @property
    def result(self) -> pd.DataFrame | None:
        """What the last pressed button brought, one row as of `matte_frame`."""
        return self._result

    def static_text(self) -> str:
        """Return key and options in one line."""
        return f"Explorer({self.shown!r}, {self.options.rule!r})"

    def static_html(self) -> str:
        """Return before, plain cutout and preview with the options' rule."""
        source, size = self._source, self._source_size
        return write_twin(self.shown, source, size, self._pixels(), self.options)

    def _pixels(self) -> NDArray[np.uint8] | None:
        cutout = self._cutout
        try:
            return None if cutout is None else cutout.rgba
        except CosmatError:
            return None

    def _receive(self, _: object, content: Any, __: object) -> None:
        steps = {"search": self._search, "choose": self._turn_to, "ask": self._ask}
        if isinstance(content, dict) and content.get("kind") in steps:
            self._guard(steps[content["kind"]], content)

    def _search(self, content: dict[str, Any]) -> None:
        matches = self._keys.search(str(content["text"]))
        first = [list(each) for each in matches.first]
        ticket = content["ticket"]
        self.send(
            {
                "kind": "matches",
                "ticket": ticket,
                "total": matches.total,
                "first": first,
            }
        )

    def _turn_to(self, content: dict[str, Any]) -> None:
        self._choose(int(content["position"]))

    def _find_start(self) -> int:
        """Find the first key with a stored plain cutout; nothing is sent."""
        plain = MattingOptions(operation=Operation(self.operation))
        try:
            return self._ordering.find_first(self._keys.head(MOST_LOOKED_UP), plain)
        except (CosmatError, OSError):
            return 0  # where the same is met again, and told

    def _choose(self, position: int) -> None:
        shown = self._keys.shown(position)
        changes = {"position": position, "shown": shown, "before": b""}
        # In one message, or the page would say for a moment that there is no cutout.
        with self._lock, self.hold_sync():
            self._cutout, self._source = None, None
            self._publish(**EMPTY, **changes, message="")
            self._guard(self._load)
        self._guard(self._fetch_before, position)

    def _load(self) -> None:
        """Take the plain cutout from the store, if it is there."""
        position = self.position
        plain = MattingOptions(operation=Operation(self.operation))
        try:
            self._adopt(self._ordering.find(self._keys.row(position), plain), position)
        finally:
            self._make_offer()

    def _adopt(self, cutout: Cutout | None, position: int) -> None:
        """Put a plain cutout under the preview, unless another key is looked at now."""
        facts, picture = ({}, b"") if cutout is None else show_cutout(cutout)
        with self._lock:
            if position == self.position:
                self._cutout = cutout
                self._publish(**{**EMPTY, "picture": picture, "facts": facts})

    def _fetch_before(self, position: int) -> None:
        key = self._keys[position]
        if is_address(key):
            return
        pixels = self._decode(self._ordering.client.fetch(key), position)
        source = images.thumbnail(pixels, BEFORE_SIDE)
        with self._lock:
            if position == self.position:
                self._source, self._source_size = source, size_of(pixels)
                self._publish(before=images.encode_jpeg(source))

    def _decode(self, data: bytes, position: int) -> NDArray[np.uint8]:
        try:
            return images.decode_rgb(data)
        except ImageError as error:
            raise ImageError(
                f"{self._keys.shown(position)} cannot be shown: {error}. Choose "
                "another key, or upload the picture anew",
                too_large=error.too_large,
            ) from None

    def _follow_operation(self, _: object) -> None:
        self._guard(self._load)

    def _follow_layout(self, _: object) -> None:
        self._guard(self._make_offer)

    def _make_offer(self) -> None:
        """Tell the page what the options' real answer would cost now."""
        options, position = self.options, self.position
        stored = self._ordering.find(self._keys.row(position), options) is not None
        offer = {
            "position": position,
            "rule": options.rule,
            "stored": stored,
            "price": self._ordering.quote(options.operation),
        }
        self._publish(offer=offer)

    def _ask(self, content: dict[str, Any]) -> None:
        if not self._calling.acquire(blocking=False):
            raise OptionsError("a call is under way: wait for its answer")
        try:
            self._publish(busy=True, message="")
            self._call(content)
        except BatchInterrupted as error:
            self._result = error.result
            self._complain(error)
        finally:
            self._guard(self._make_offer)
            self._calling.release()
            self._publish(busy=False)

    def _call(self, content: dict[str, Any]) -> None:
        """Ask for what the page showed when its button was pressed."""
        position, plain = int(content["position"]), content["what"] == "plain"
        options = read_options(content, plain=plain)
        row = self._keys.row(position)
        agreed = str(content["price"]) if content["agreed"] is True else None
        self._result = self._ordering.order(row, options, agreed=agreed)
        answered = self._result.iloc[0]
        if answered.cutout is None:
            raise CosmatError(answered.error)
        if not plain:
            self._compare(answered.cutout, answered.source, position)
        elif options.operation == self.operation:
            self._adopt(answered.cutout, position)

    def _compare(self, cutout: Cutout, source: str, position: int) -> None:
        plain, pixels = self._pixels(), cutout.rgba
        same = position == self.position and cutout.options.operation == self.operation
        if plain is None or not same:
            return
        compared = compare(plain, pixels, cutout.options)
        drawn = compared.picture(pixels)
        self._publish(
            answer_picture=show_pixels(pixels),
            difference=b"" if drawn is None else show_pixels(drawn),
            answer={**as_dict(cutout.options), **compared.as_dict(), "source": source},
        )
