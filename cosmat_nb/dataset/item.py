"""One example of a data set on disk, held by a light handle."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from cosmat_nb import images
from cosmat_nb.cutout import PREVIEW_SIDE, Cutout
from cosmat_nb.dataset.pictures.encoding import decode_alpha
from cosmat_nb.dataset.pictures.trimap import draw_trimap
from cosmat_nb.errors import CosmatError, OptionsError
from cosmat_nb.options import MattingOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from cosmat_nb.dataset.formats.format import Format

__all__ = ["Item"]

T = TypeVar("T")

_HALF = 128


@dataclass(frozen=True, slots=True)
class Item:
    """One example: nothing is read before it is asked for. Small, can be pickled.

    Each property reads its file anew. In a notebook an item shows itself.

    Attributes
    ----------
    folder : Path
        The data set's.
    format : Format
        How it is laid out.
    record : mapping
        The example's line of the manifest.
    trimap_radius : int
        How wide a trimap's unknown band is, px.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> item = cm.read_dataset("mugs")["item"].iloc[0]  # doctest: +SKIP
    >>> item.image.shape, item.alpha.mean()  # doctest: +SKIP
    """

    folder: Path
    format: Format
    record: Mapping[str, Any] = field(repr=False)
    trimap_radius: int

    def __repr__(self) -> str:
        size = f"height {self.record['height']}, width {self.record['width']}"
        return f"Item({self.record['name']!r}, {size})"

    @property
    def is_cutout(self) -> bool:
        """Whether the picture is RGBA, its own alpha included."""
        return bool(self.record.get("picture", {}).get("image") == "cutout")

    @property
    def image(self) -> NDArray[np.uint8]:
        """The picture, (H, W, 3) uint8; (H, W, 4), as it is stored, of a cutout.

        Raises
        ------
        OptionsError
            When the file is gone.
        ImageError
            When it is damaged.
        """
        data = self._read(self.format.read_image)
        return images.decode_rgba(data) if self.is_cutout else images.decode_rgb(data)

    @property
    def image_file(self) -> bytes:
        """The picture's file as it was written; raises `OptionsError` as `image`."""
        return self._read(self.format.read_image)

    @property
    def alpha(self) -> NDArray[np.float64]:
        """Alpha matte, (H, W) float64 in [0, 1]; raises as `image`."""
        levels = decode_alpha(self.alpha_png)
        return levels / np.float64(np.iinfo(levels.dtype).max)

    @property
    def alpha_png(self) -> bytes:
        """The matte's PNG as it was written, 8 or 16 bits; raises as `image`."""
        return self._read(self.format.read_alpha)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """What the format's own labels mark, (H, W) bool; raises as `image`.

        Run lengths and pictures say exactly where the matte is at least half opaque;
        polygons nearly.
        """
        return self._read(self.format.read_mask)

    @property
    def trimap(self) -> NDArray[np.float64]:
        """Trimap of the matte, (H, W) in {0, 0.5, 1}; raises as `image`.

        0.5 where `cosmat_nb.metrics.trimap.unknown_band` is unknown; elsewhere whether
        the matte is at least half opaque. Drawn here, and the same as the file of the
        format ``folder``.
        """
        levels = draw_trimap(decode_alpha(self.alpha_png), self.trimap_radius)
        return np.where(levels == _HALF, 0.5, levels / 255)

    def to_cutout(self) -> Cutout:
        """Return it as a cutout in memory: the picture's colours, the matte's alpha.

        A cutout that was written as it was returned comes back with the same pixels; of
        another picture the colours under alpha 0 are the picture's. A matte of 16 bits
        is rounded to 8. Its options are those of the row, but where the picture was
        resized or laid back onto its source they no longer describe its margins.

        Raises
        ------
        OptionsError, ImageError
            As `image`; also for premultiplied colours, which hold less than straight
            ones do.
        """
        if self.record.get("picture", {}).get("premultiplied"):
            raise OptionsError(
                f"{self!r} has premultiplied colours, and a cutout has straight ones"
            )
        levels = np.rint(self.alpha * 255).astype(np.uint8)
        png = images.encode_png(np.dstack([self.image[..., :3], levels]))
        told = self.record.get("cutout", {})
        return Cutout(
            place=self.record["key"],
            options=_read_options(told.get("rule")),
            data=png,
            height=levels.shape[0],
            width=levels.shape[1],
            is_empty=not levels.any(),
            nbytes=len(png),
            request_id=told.get("request_id"),
            attempts=told.get("attempts", 1),
        )

    def _read(self, read: Callable[[Mapping[str, Any], Path], T]) -> T:
        try:
            return read(self.record, self.folder)
        except OSError as error:
            raise OptionsError(
                f"a file of {self!r} cannot be read: {error.strerror or error}: "
                "verify_dataset(folder) names what changed"
            ) from None

    def _repr_html_(self) -> str:
        try:
            alpha = np.rint(self.alpha * 255).astype(np.uint8)
            pixels = np.dstack([self.image[..., :3], alpha])
        except CosmatError as error:
            return f"<code>{html.escape(str(error))}</code>"
        preview = images.over_checkerboard(images.thumbnail(pixels, PREVIEW_SIDE))
        return images.html_image(preview, alt=repr(self))


def _read_options(rule: object) -> MattingOptions:
    return MattingOptions.from_rule(rule) if isinstance(rule, str) else MattingOptions()
