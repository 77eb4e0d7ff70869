"""A cutout: the PNG that came back, held by a light handle."""

from __future__ import annotations

import hashlib
import html
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cosmat_nb import images
from cosmat_nb.errors import CosmatError, OptionsError
from cosmat_nb.matting.layout import Box, subject_box

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from cosmat_nb.options import MattingOptions

__all__ = ["Cutout"]

PREVIEW_SIDE = 320
"""Longer side of the picture that a notebook shows, px."""

_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutout:
    """One returned RGBA picture: in memory, or on disk when a frame holds it.

    Attributes
    ----------
    place : str
        Object key or address of the source picture, an address without its query.
    options : MattingOptions
        What was asked for.
    data : bytes or None
        The PNG as it was received; None when a file keeps it.
    height, width : int
        Size, px.
    is_empty : bool
        Whether alpha is 0 everywhere: no subject was found.
    nbytes : int
        Size of the PNG, bytes.
    request_id : str or None
        The service's name for the call.
    service : str
        Who cut it: ``client.service``, as ``cloud``; or ``local`` with engine and
        version; empty where nobody noted it.
    attempts : int
        Requests the call took; each may have been billed.
    folder : Path or None
        The store's folder whose file keeps the PNG.
    sha256 : str
        Of the PNG, hexadecimal; empty while no file keeps it. It is checked whenever
        the file is read.
    source : callable or None
        Fetches an object's bytes by its key; lost when the handle is pickled.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> with cm.connect_emulator() as client:  # doctest: +SKIP
    ...     cutout = client.matte("samples/mug.jpg")
    ...     cutout.alpha.mean()
    """

    place: str
    options: MattingOptions
    data: bytes | None = field(default=None, repr=False)
    height: int
    width: int
    is_empty: bool
    nbytes: int
    request_id: str | None = field(default=None, compare=False)
    service: str = field(default="", compare=False)
    attempts: int = field(default=1, compare=False)
    folder: Path | None = field(default=None, compare=False)
    sha256: str = ""
    source: Callable[[str], bytes] | None = field(
        default=None, compare=False, repr=False
    )

    def __repr__(self) -> str:
        empty = ", empty" if self.is_empty else ""
        size = f"height {self.height}, width {self.width}"
        place = self.place if len(self.place) <= _SHOWN else f"…{self.place[-_SHOWN:]}"
        return f"Cutout({place!r}, {size}, {-(-self.nbytes // 1000)} kB{empty})"

    def __reduce__(self) -> tuple[object, ...]:
        # A client cannot cross a process border, so the way back to it is left behind.
        fields = {name: getattr(self, name) for name in self.__slots__}
        return _rebuild, ({**fields, "source": None},)

    @property
    def path(self) -> Path | None:
        """The file that keeps the PNG, named by its content; None while in memory."""
        if self.folder is None:
            return None
        return self.folder / self.sha256[:2] / f"{self.sha256}.png"

    @property
    def png(self) -> bytes:
        """The PNG as it was received.

        Raises
        ------
        OptionsError
            When the file that kept it is gone or damaged. A damaged one is set aside,
            so that the next batch asks for the picture again.
        """
        path = self.path
        if path is None:
            assert self.data is not None, "a cutout is in memory or in a file"
            return self.data
        try:
            png = path.read_bytes()
        except OSError as error:
            raise OptionsError(
                f"the file of {self!r} cannot be read: {error.strerror or error}"
            ) from None
        if hashlib.sha256(png).hexdigest() != self.sha256:
            with suppress(OSError):
                path.replace(path.with_suffix(".damaged"))
            raise OptionsError(
                f"the file of {self!r} is damaged and was set aside: run matte_frame "
                "on its row again"
            )
        return png

    @property
    def rgba(self) -> NDArray[np.uint8]:
        """Pixels, (H, W, 4) uint8, straight (not premultiplied) colours."""
        return images.decode_rgba(self.png)

    @property
    def alpha(self) -> NDArray[np.float64]:
        """Alpha matte, (H, W) float64 in [0, 1]."""
        return self.rgba[..., 3] / 255.0

    @property
    def box(self) -> Box | None:
        """Smallest box around everything that shows, px; None for an empty matte."""
        return subject_box(self.rgba[..., 3])

    def before(self) -> NDArray[np.uint8]:
        """Fetch and decode the source picture, (H, W, 3) uint8, turned upright.

        Raises
        ------
        OptionsError
            When the handle no longer knows its client, or the source was an address.
        CallError
            When the source cannot be fetched.
        """
        if self.source is None:
            raise OptionsError(
                f"{self!r} cannot fetch its source: it came from an address or from "
                "another process; fetch it with client.fetch(key)"
            )
        return images.decode_rgb(self.source(self.place))

    def save(self, path: str | Path) -> Path:
        """Write the PNG to a file and return its path.

        Raises
        ------
        OptionsError
            When the name does not end in ``.png``, or the file cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() != ".png":
            raise OptionsError(f"a cutout is a PNG: name it .png, not {path.name!r}")
        try:
            path.write_bytes(self.png)
        except OSError as error:
            reason = error.strerror or error
            raise OptionsError(f"cannot write {path}: {reason}") from None
        return path

    def kept_in(self, folder: Path, sha256: str) -> Cutout:
        """Return the same cutout with its bytes in a store instead of in memory."""
        return replace(self, data=None, folder=folder, sha256=sha256)

    def _repr_html_(self) -> str:
        try:
            pixels = self.rgba
        except CosmatError as error:
            return f"<code>{html.escape(str(error))}</code>"
        preview = images.over_checkerboard(images.thumbnail(pixels, PREVIEW_SIDE))
        return images.html_image(preview, alt=repr(self))


def _rebuild(fields: dict[str, object]) -> Cutout:
    return Cutout(**fields)  # type: ignore[arg-type]
