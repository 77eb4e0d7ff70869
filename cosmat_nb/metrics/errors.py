"""How far one matte is from the true one: the errors that matting papers report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.checks import check_alpha
from cosmat_nb.metrics.columns import Columns
from cosmat_nb.metrics.connectivity import connectivity_differences
from cosmat_nb.metrics.gradient import gradient_differences
from cosmat_nb.metrics.regions import region_errors
from cosmat_nb.metrics.saliency import saliency_scores
from cosmat_nb.metrics.trimap import check_trimap, unknown_band

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["MatteErrors", "compare_alpha"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatteErrors(Columns):
    """Columns measured between a matte and its reference; fields in order of columns.

    The scale stands in the name: ``_k`` is a thousandth of a sum, ``_e3`` a thousand
    times a mean, both of alpha from 0 to 1. Errors are 0 at best, scores 1.

    Attributes
    ----------
    sad_k : float
        Sum of absolute differences over 1000, 0 to H * W / 1000.
    mse_e3 : float
        Mean squared difference times 1000, 0 to 1000.
    mad_e3 : float
        Mean absolute difference times 1000, 0 to 1000.
    grad_k : float
        Grad over 1000, 0 and up: `cosmat_nb.metrics.gradient.gradient_differences`.
    conn_k : float
        Conn over 1000, 0 to H * W / 1000:
        `cosmat_nb.metrics.connectivity.connectivity_differences`.
    mae : float
        Mean absolute difference, 0 to 1, as salient object detection reports it;
        mad_e3 / 1000.
    iou, dice, boundary_f : float
        Agreement of the hard pixels, 0 to 1: `cosmat_nb.metrics.regions`.
    s_measure, e_measure, weighted_f : float
        Against the hard pixels of the reference, 0 to 1:
        `cosmat_nb.metrics.saliency`.
    unknown_share : float
        Pixels of the unknown band over all pixels, 0 to 1.
    unknown_sad_k, unknown_mse_e3, unknown_mad_e3 : float or None
        As above, over the pixels of the unknown band alone; means are over their
        number. None when the band has no pixel.
    unknown_grad_k, unknown_conn_k : float or None
        Parts of the sums above that lie in the band: gradients and connected levels
        are those of the whole mattes. None when the band has no pixel.
    """

    sad_k: float
    mse_e3: float
    mad_e3: float
    grad_k: float
    conn_k: float
    mae: float
    iou: float
    dice: float
    boundary_f: float
    s_measure: float
    e_measure: float
    weighted_f: float
    unknown_share: float
    unknown_sad_k: float | None = None
    unknown_mse_e3: float | None = None
    unknown_mad_e3: float | None = None
    unknown_grad_k: float | None = None
    unknown_conn_k: float | None = None


def compare_alpha(
    alpha: NDArray[Any],
    reference: NDArray[Any],
    *,
    trimap: NDArray[Any] | None = None,
) -> MatteErrors:
    """Compare a matte with the true one, over the picture and over the unknown band.

    Parameters
    ----------
    alpha : ndarray, shape (H, W), uint8 or any float
        The matte, 0 to 255 or 0 to 1. It is not changed.
    reference : ndarray, shape (H, W), uint8 or any float
        The true matte; its dtype may differ from that of `alpha`.
    trimap : ndarray, shape (H, W), optional
        uint8 in {0, 127 or 128, 255} or float in {0, 0.5, 1}; the unknown band is
        where it is 128 or 0.5. Without one the band is drawn around the soft pixels
        and the edge of the reference, 12 px wide on each side
        (`cosmat_nb.metrics.trimap.unknown_band`).

    Returns
    -------
    MatteErrors
        One value per column, each defined and with its scale in that class.

    Raises
    ------
    OptionsError
        When an array is no matte or trimap, or the shapes differ.

    Notes
    -----
    SAD, MSE, Grad and Conn over the unknown region of a trimap are the errors of
    C. Rhemann et al., "A perceptually motivated online benchmark for image matting",
    CVPR 2009; MAD and sums over the whole picture came with matting that needs no
    trimap. Where codes that are in use differ, this one

    - takes alpha from 0 to 1. Sums of 8-bit values are 255 times larger, their
      squares 65025 times;
    - never overwrites the matte where the trimap knows it. Some codes set it to 0
      and 1 there, which makes a sum over the picture one over the band: those are
      the columns ``unknown_...`` here;
    - divides means over the band by the pixels of the band, and gives None for a
      band that has none, where others give 0 or NaN;
    - divides SAD, Grad and Conn by 1000 and multiplies MSE and MAD by 1000, as most
      tables do silently.

    SAD, MSE, MAD, Grad, Conn, IoU, Dice and boundary F do not change when the two
    mattes are swapped, nor over a given trimap; the other scores do.

    Examples
    --------
    >>> reference = np.zeros((100, 100), np.uint8)
    >>> reference[30:70, 30:70] = 255
    >>> alpha = reference.copy()
    >>> alpha[30:70, 30:35] = 0
    >>> errors = compare_alpha(alpha, reference)
    >>> errors.sad_k, errors.mse_e3, errors.iou
    (0.2, 20.0, 0.875)
    """
    found = _as_float(check_alpha(alpha, "alpha"))
    reference = check_alpha(reference, "reference")
    if reference.dtype == np.uint8 and reference.max() == 1:
        raise OptionsError(
            "a reference of uint8 goes from 0 to 255; this one holds 0 and 1 alone, as "
            "masks do: pass it as float"
        )
    true = _as_float(reference)
    if found.shape != true.shape:
        raise OptionsError(
            "alpha and reference must have the same shape, pixel for pixel the same "
            f"picture; got {found.shape} and {true.shape}: a cutout that was centred "
            "or padded is found by locate(before, cutout) and brought back by "
            "place_back(alpha, offset, reference.shape)"
        )
    unknown = (
        unknown_band(reference) if trimap is None else check_trimap(trimap, true.shape)
    )
    whole, band = _totals(found, true, unknown)
    errors = _scaled(whole, true.size)
    of_band = _scaled(band, int(unknown.sum())) if unknown.any() else {}
    return MatteErrors(
        **errors,
        mae=errors["mad_e3"] / 1000,
        **region_errors(found, true)._asdict(),
        **saliency_scores(found, true)._asdict(),
        unknown_share=float(unknown.mean()),
        **{f"unknown_{name}": value for name, value in of_band.items()},
    )


def _as_float(alpha: NDArray[Any]) -> NDArray[np.float64]:
    if alpha.dtype == np.uint8:
        return alpha / np.float64(255)
    return alpha.astype(np.float64)


def _totals(
    alpha: NDArray[np.float64],
    reference: NDArray[np.float64],
    unknown: NDArray[np.bool_],
) -> tuple[list[float], list[float]]:
    """Sum each kind of difference over the picture and over the unknown band."""
    whole, band = [], []
    # One map at a time: all at once would outweigh both mattes.
    for differences in _difference_maps(alpha, reference):
        whole.append(float(differences.sum()))
        band.append(float(differences[unknown].sum()))
    return whole, band


def _difference_maps(
    alpha: NDArray[np.float64], reference: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    yield np.abs(alpha - reference)
    yield np.square(alpha - reference)
    yield gradient_differences(alpha, reference)
    yield connectivity_differences(alpha, reference)


def _scaled(totals: list[float], pixels: int) -> dict[str, float]:
    absolute, squared, gradient, connectivity = totals
    return {
        "sad_k": absolute / 1000,
        "mse_e3": squared / pixels * 1000,
        "mad_e3": absolute / pixels * 1000,
        "grad_k": gradient / 1000,
        "conn_k": connectivity / 1000,
    }
