"""Colours in CIE Lab against scikit-image."""

import numpy as np
from skimage import color

from cosmat_nb.matting.lab import to_lab


def test_lab_is_scikit_images(rng):
    """Random colours agree within a hundredth of a unit."""
    picture = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    lab = to_lab(picture)
    assert lab.dtype == np.float32
    assert np.abs(lab - color.rgb2lab(picture)).max() < 0.02


def test_greys_have_no_colour():
    """Black is 0, white 100, greys lie on the axis between."""
    lab = to_lab(np.repeat(np.arange(256)[:, None], 3, axis=1))
    assert np.abs(lab[:, 1:]).max() < 0.02
    assert abs(lab[0, 0]) < 0.01
    assert abs(lab[-1, 0] - 100) < 0.01
    assert (np.diff(lab[:, 0]) > 0).all()
