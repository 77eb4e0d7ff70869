"""Which arrays pass as an alpha matte, and what the others are told."""

import numpy as np
import pytest

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.checks import check_alpha


@pytest.mark.parametrize("dtype", ["u1", "f2", "f4", "f8", ">f4"])
def test_accepted(dtype):
    """Eight bits and every float width, in any byte order, pass uncopied."""
    alpha = np.array([[0, 1]], dtype)
    assert check_alpha(alpha) is alpha


@pytest.mark.parametrize(
    ("alpha", "came"),
    [
        ([[0.0, 1.0]], "got list"),
        (None, "got NoneType"),
        (np.zeros(4), r"got shape \(4,\)"),
        (np.zeros((2, 2, 4), np.uint8), r"got shape \(2, 2, 4\).*rgba\[\.\.\., 3\]"),
        (np.zeros((0, 3)), r"got shape \(0, 3\)"),
        (np.zeros((3, 0), np.uint8), r"got shape \(3, 0\)"),
        (np.zeros((2, 2), bool), "got dtype bool"),
        (np.zeros((2, 2), np.uint16), "got dtype uint16"),
        (np.zeros((2, 2), np.int64), "got dtype int64"),
        (np.zeros((2, 2), complex), "got dtype complex128"),
        (np.zeros((2, 2), object), "got dtype object"),
        (np.array([[0.5, np.nan]]), "got float64 from nan to nan"),
        (np.array([[0.5, np.inf]]), "from 0.5 to inf"),
        (np.array([[-0.25, 1.0]]), "from -0.25 to 1.0"),
        (np.array([[0.0, 1.5]], np.float32), "got float32 from 0.0 to 1.5"),
        (np.array([[0.0, np.nextafter(1, 2)]]), "from 0.0 to 1.0000000000000002"),
    ],
)
def test_refused(alpha, came):
    """The message says what was expected and what came."""
    expected = r"alpha must be an array \(H, W\) of uint8 \(0 to 255\) or float"
    with pytest.raises(OptionsError, match=rf"{expected}.*{came}"):
        check_alpha(alpha)


def test_argument_name():
    """The message speaks of the caller's argument."""
    with pytest.raises(OptionsError, match=r"^truth must be an array"):
        check_alpha(None, "truth")


def test_mask_hides_nothing():
    """A value under a numpy mask is checked like every other."""
    alpha = np.ma.masked_array([[0.5, 7.0]], mask=[[False, True]])
    with pytest.raises(OptionsError, match=r"from 0\.5 to 7\.0"):
        check_alpha(alpha)
