"""Thumbnails of cutouts, made once for each content and kept beside it."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cosmat_nb import images
from cosmat_nb.store.files import thumbnail_path

if TYPE_CHECKING:
    from cosmat_nb.cutout import Cutout

__all__ = ["MOST_SIDE", "thumbnail_of"]

MOST_SIDE = 512
"""Largest thumbnail, px; a larger picture is made when it is looked at."""

# Of each of 256 folders: 131 072 thumbnails in all, some 3 kB each.
_MOST_FILES = 512


def thumbnail_of(cutout: Cutout, side: int) -> bytes:
    """Return a cutout made small, with its transparency.

    When the store keeps the cutout, the thumbnail is kept there too, in
    ``thumbs/``: the next look needs neither the large file nor its decoding. What
    cannot be written there, as in a store that is only read, is made each time.

    Parameters
    ----------
    cutout : Cutout
        In memory or in a store.
    side : int
        Longer side, px, 1 to `MOST_SIDE`; a smaller cutout keeps its size.

    Returns
    -------
    bytes
        WebP with alpha; the alpha is that of the thumbnail, without loss.

    Raises
    ------
    CosmatError
        When the cutout's own file is gone, damaged or no picture, and its thumbnail is
        not kept.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> with cm.connect_emulator() as client:  # doctest: +SKIP
    ...     thumbnail_of(client.matte("samples/mug.jpg"), 160)[:4]
    b'RIFF'
    """
    assert 1 <= side <= MOST_SIDE, f"a side of 1 to {MOST_SIDE} px; not {side}"
    if cutout.folder is None:
        return _make(cutout, side)
    path = thumbnail_path(cutout.folder, cutout.sha256, side)
    with suppress(OSError):
        data = path.read_bytes()
        if _is_whole(data):
            return data
    data = _make(cutout, side)
    with suppress(OSError):
        _keep(path, data)
    return data


def _make(cutout: Cutout, side: int) -> bytes:
    return images.encode_webp(images.thumbnail(cutout.rgba, side))


def _is_whole(data: bytes) -> bool:
    # RIFF: four letters, then the length of what follows them both.
    return data[:4] == b"RIFF" and int.from_bytes(data[4:8], "little") + 8 == len(data)


def _keep(path: Path, data: bytes) -> None:
    # The store itself is never made here: a folder that was moved away stays away.
    thumbs = path.parent.parent
    thumbs.mkdir(exist_ok=True)
    path.parent.mkdir(exist_ok=True)
    _make_room(path.parent)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _make_room(folder: Path) -> None:
    """Throw out the older half of a full folder."""
    paths = list(folder.iterdir())
    if len(paths) < _MOST_FILES:
        return
    paths.sort(key=lambda path: path.stat().st_mtime)
    for path in paths[: len(paths) // 2]:
        path.unlink(missing_ok=True)
