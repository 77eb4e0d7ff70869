"""The simplest picture there is, and an engine that can cut it."""

from __future__ import annotations

import numpy as np


class WhiteEngine:
    """Cuts away white: a real engine, and cheap enough for tests of everything else."""

    name = "white"
    version = "1"

    def estimate_alpha(self, picture):
        """Return alpha 1 wherever a pixel is darker than nearly white."""
        return (picture.min(axis=2) < 240).astype(np.float32)


def draw_square(height=64, width=96, box=(16, 24, 48, 72), color=(200, 30, 40)):
    """Draw a coloured box on white, (H, W, 3) uint8."""
    picture = np.full((height, width, 3), 255, np.uint8)
    picture[box[0] : box[2], box[1] : box[3]] = color
    return picture
