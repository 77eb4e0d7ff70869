"""What is learnt of a backdrop from the border of a picture."""

import numpy as np
import pytest

from cosmat_nb.matting.backdrop import border_mask, fit_clusters, fit_sweep


def studio(height=90, width=130):
    """A Lab picture that brightens to the middle and warms to the right."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = y / height - 0.5, x / width - 0.5
    return np.stack([80 - 30 * (x * x + y * y), 2 + 4 * x, 5 - 3 * y], axis=-1)


def test_a_quadratic_sweep_is_found_behind_a_subject():
    """A subject in the middle that also cuts the frame changes the sweep under 1."""
    lab = studio()
    covered = lab.copy()
    covered[30:, 50:75] = (30, 50, 20)
    sweep = fit_sweep(covered)
    assert np.abs(sweep.color - lab).max() < 1
    assert sweep.noise < 0.5
    assert sweep.share == pytest.approx(1 - 25 / 436, abs=0.03)


def test_noise_is_measured(rng):
    """Gaussian noise of deviation 1 in each part has a median length of 1.54."""
    lab = studio() + rng.standard_normal((90, 130, 3)).astype(np.float32)
    assert fit_sweep(lab).noise == pytest.approx(1.54, abs=0.15)


def test_a_busy_border_is_not_explained(rng):
    """A border of two colours at random leaves most of it unexplained."""
    dark = rng.random((60, 80, 1)) < 0.5
    lab = np.where(dark, (20, 0, 0), (90, 0, 0)).astype(np.float32)
    assert fit_sweep(lab).share < 0.6


def test_clusters_know_what_they_learnt_from():
    """Both colours of a backdrop are near, a third is far."""
    lab = np.zeros((40, 40, 3), dtype=np.float32)
    lab[:, ::2] = (80, 20, 0)
    lab[15:25, 15:25] = (50, -60, 40)
    among = np.ones((40, 40), dtype=bool)
    among[15:25, 15:25] = False
    away = fit_clusters(lab, among)
    assert away.shape == (40, 40)
    assert away[among].max() < away[~among].min() / 2


@pytest.mark.parametrize(("height", "width", "band"), [(200, 300, 4), (10, 90, 1)])
def test_the_border_is_a_fiftieth_wide(height, width, band):
    """Its width is 2 % of the shorter side, one pixel at least."""
    border = border_mask(height, width)
    inner = (height - 2 * band) * (width - 2 * band)
    assert border.sum() == height * width - inner
    assert not border[band:-band, band:-band].any()


@pytest.mark.parametrize(
    ("rows", "cols", "gaps"),
    [
        (slice(30, 60), slice(40, 80), 0),
        (slice(50, 90), slice(40, 70), 1),
        (slice(0, 90), slice(55, 75), 2),
        (slice(0, 90), slice(60, 63), 0),
    ],
)
def test_gaps_are_counted_where_a_subject_leaves_the_frame(rows, cols, gaps):
    """None in the middle, one at the foot, two for a bar across; 3 px do not count."""
    lab = studio()
    lab[rows, cols] = (30, 50, 20)
    assert fit_sweep(lab).gaps == gaps


def test_a_texture_leaves_many_gaps():
    """Five dark stripes from top to bottom leave the frame ten times."""
    lab = studio()
    for col in range(8, 130, 26):
        lab[:, col : col + 8] = (30, 0, 0)
    assert fit_sweep(lab).gaps == 10
