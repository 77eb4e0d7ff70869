"""Pictures for the contract tests, and how a cutout is looked at."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image
from squares import WhiteEngine, draw_square

from cosmat_nb import images


class SoftEngine(WhiteEngine):
    """Reads alpha from green, so that a mixed colour is partly transparent."""

    def estimate_alpha(self, picture):
        """Return 1 where green is 55 or less, 0 where it is 255."""
        return ((255 - picture[..., 1].astype(np.float32)) / 200).clip(0, 1)


def encode(picture, kind="PNG", **settings):
    """Encode a Pillow picture or an array."""
    if isinstance(picture, np.ndarray):
        picture = Image.fromarray(picture)
    file = io.BytesIO()
    picture.save(file, kind, **settings)
    return file.getvalue()


def box_png(**drawn):
    """Draw a red box on white, losslessly stored."""
    return images.encode_png(draw_square(**drawn))


def turned_png(picture, orientation=6):
    """Store a picture with an EXIF orientation, PNG."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(picture, exif=exif)


def deep_png(picture):
    """Store (H, W, 3) uint8 with 16 bits a channel, which Pillow cannot write."""
    height, width = picture.shape[:2]
    rows = picture.astype(">u2").reshape(height, -1) * 257
    lines = b"".join(b"\0" + row.astype(">u2").tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", _crc(name, data))
        for name, data in [
            (b"IHDR", header),
            (b"IDAT", zlib.compress(lines)),
            (b"IEND", b""),
        ]
    )


def box_of(rgba):
    """Find rows and columns of what shows: (min_row, min_col, max_row, max_col)."""
    rows, cols = np.nonzero(rgba[..., 3])
    edges = rows.min(), cols.min(), rows.max() + 1, cols.max() + 1
    return tuple(int(edge) for edge in edges)


def _crc(name, data):
    return zlib.crc32(name + data)
