"""What one alpha matte says about itself, with no other matte to compare it to."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from cosmat_nb.metrics.checks import check_alpha
from cosmat_nb.metrics.geometry import edge_length, euler_number, part_sizes

__all__ = ["MatteMetrics", "measure_alpha"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatteMetrics:
    """Columns measured on one alpha matte; the order of fields is that of columns.

    Rows and columns are counted from 0 and a whole number is the centre of a
    pixel, as in scikit-image. "Inside the box" and "trace" mean alpha > 0; "hard"
    means alpha >= 0.5 (in 8 bits: 128 and above). What does not exist for a matte
    is None here and NaN in `as_row`; the defaults are the values of an empty matte.

    Attributes
    ----------
    matte_height, matte_width : int
        Size of the matte, px, 1 and up; written H and W below.
    coverage : float
        Mean of alpha over the picture, 0 to 1.
    soft_area : float
        Sum of alpha, px, 0 to H * W.
    soft_fraction : float
        Share of the picture's pixels with 0 < alpha < 1, 0 to 1.
    box_min_row, box_min_col, box_max_row, box_max_col : int or None
        Smallest half-open box that holds every pixel with alpha > 0, px:
        ``alpha[box_min_row:box_max_row, box_min_col:box_max_col]``. Minima are
        0 to side - 1, maxima 1 to side. None for an empty matte.
    centroid_row, centroid_col : float or None
        Mean row and column weighted by alpha, px, 0 to side - 1. None for an
        empty matte.
    centroid_offset : float or None
        Distance from the centroid to the picture's centre ``((H - 1) / 2,
        (W - 1) / 2)`` as a share of the half diagonal ``hypot(H, W)
        / 2``, 0 to below 1. None for an empty matte.
    extent : float or None
        Soft area over the area of the box, above 0 to 1. None for an empty matte.
    margin_top, margin_right, margin_bottom, margin_left : int or None
        Rows or columns between the box and that side of the picture, px, 0 to
        side - 1. None for an empty matte.
    parts : int
        Number of 8-connected components of the hard pixels, 0 and up.
    largest_part_share : float or None
        Pixels of the largest part over all hard pixels, above 0 to 1. None when
        there is no hard pixel.
    holes : int
        Number of 4-connected components of the other pixels that are enclosed by
        hard ones, 0 and up. What reaches the picture's edge is not a hole.
    touches_top, touches_right, touches_bottom, touches_left : bool
        Whether a hard pixel lies on that side of the picture. A margin of 0 that
        does not touch is a faint trace, not a subject cut off by the frame.
    edge_width : float or None
        Mean width, px, of the band in which alpha goes from 0 to 1 (see Notes of
        `measure_alpha`), 0 and up; 0 when every pixel is 0 or 1. None when alpha
        is the same everywhere, so that there is no edge.
    """

    matte_height: int
    matte_width: int
    coverage: float = 0.0
    soft_area: float = 0.0
    soft_fraction: float = 0.0
    box_min_row: int | None = None
    box_min_col: int | None = None
    box_max_row: int | None = None
    box_max_col: int | None = None
    centroid_row: float | None = None
    centroid_col: float | None = None
    centroid_offset: float | None = None
    extent: float | None = None
    margin_top: int | None = None
    margin_right: int | None = None
    margin_bottom: int | None = None
    margin_left: int | None = None
    parts: int = 0
    largest_part_share: float | None = None
    holes: int = 0
    touches_top: bool = False
    touches_right: bool = False
    touches_bottom: bool = False
    touches_left: bool = False
    edge_width: float | None = None

    def as_row(self) -> dict[str, bool | int | float]:
        """Return the columns of one row of a table; NaN where a value is missing.

        Returns
        -------
        dict of str to bool, int or float
            Every field, in order, under its own name.

        Examples
        --------
        >>> row = MatteMetrics(matte_height=2, matte_width=3).as_row()
        >>> row["matte_width"], row["coverage"], row["extent"], row["touches_top"]
        (3, 0.0, nan, False)
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: math.nan if value is None else value for k, value in values.items()}

    @staticmethod
    def column_dtypes() -> dict[str, str]:
        """Return the pandas dtype of every column, the same for any number of rows.

        Whole numbers are ``Int64`` and flags ``boolean``, because a picture that was
        never cut out is a row of missing values.

        Returns
        -------
        dict of str to str
            What ``DataFrame.astype`` takes, in the order of columns.

        Examples
        --------
        >>> dtypes = MatteMetrics.column_dtypes()
        >>> dtypes["parts"], dtypes["coverage"], dtypes["touches_top"]
        ('Int64', 'float64', 'boolean')
        """
        dtypes = {"int": "Int64", "float": "float64", "bool": "boolean"}
        # Annotations are text here: "int | None" begins with the type of the column.
        return {f.name: dtypes[str(f.type).split()[0]] for f in fields(MatteMetrics)}


def measure_alpha(alpha: npt.NDArray[Any]) -> MatteMetrics:
    """Measure one alpha matte.

    Parameters
    ----------
    alpha : ndarray, shape (H, W), uint8 or any float
        The matte: 0 to 255 as it comes from a PNG, or 0 to 1. It is not changed.

    Returns
    -------
    MatteMetrics
        One value per column, each defined and with its unit in that class.

    Raises
    ------
    OptionsError
        When alpha is not an array of that shape, dtype and range, holds NaN, or has
        no pixel.

    Notes
    -----
    ``edge_width = 6 * sum(alpha * (1 - alpha)) / edge_length(alpha)``: across a
    linear ramp of width w the integral of alpha * (1 - alpha) is w / 6. A ramp so
    measures w, averaged over its positions on the pixel grid; one straight edge
    that lies along the grid is off by at most 1 / w. The picture's own frame is no
    edge. A flat translucent area counts as band but not as length, so glass looks
    wide-edged.

    Examples
    --------
    >>> alpha = np.zeros((4, 5), np.uint8)
    >>> alpha[1:3, 1:4] = 255
    >>> metrics = measure_alpha(alpha)
    >>> metrics.coverage, metrics.extent, metrics.margin_right, metrics.parts
    (0.3, 1.0, 1, 1)
    """
    alpha = check_alpha(alpha)
    height, width = alpha.shape
    if not alpha.any():
        return MatteMetrics(matte_height=height, matte_width=width)
    matte = _crop(alpha)
    return MatteMetrics(
        matte_height=height,
        matte_width=width,
        **_areas(matte),
        **_box(matte),
        **_centroid(matte),
        **_components(matte),
        **_touches(matte),
        edge_width=_edge_width(matte),
    )


@dataclass(frozen=True, slots=True)
class _Matte:
    """A matte with something in it and its box: what every group of columns shares."""

    alpha: npt.NDArray[Any]
    one: int
    row_sums: npt.NDArray[Any]
    col_sums: npt.NDArray[Any]
    top: int
    left: int
    bottom: int
    right: int

    @property
    def box(self) -> npt.NDArray[Any]:
        return self.alpha[self.top : self.bottom, self.left : self.right]

    @property
    def hard(self) -> npt.NDArray[np.bool_]:
        # A whole number for 8 bits: 127.5 would turn every pixel into a float.
        hard: npt.NDArray[np.bool_] = self.box >= (128 if self.one > 1 else 0.5)
        return hard

    @property
    def soft(self) -> npt.NDArray[np.float64]:
        box = self.box
        return box[(box > 0) & (box < self.one)].astype(np.float64) / self.one


def _crop(alpha: npt.NDArray[Any]) -> _Matte:
    one, exact = (255, np.int64) if alpha.dtype == np.uint8 else (1, np.float64)
    row_sums, col_sums = (alpha.sum(axis=axis, dtype=exact) for axis in (1, 0))
    (top, bottom), (left, right) = _span(row_sums), _span(col_sums)
    return _Matte(alpha, one, row_sums, col_sums, top, left, bottom, right)


def _span(sums: npt.NDArray[Any]) -> tuple[int, int]:
    filled = np.flatnonzero(sums)
    return int(filled[0]), int(filled[-1]) + 1


def _areas(matte: _Matte) -> dict[str, Any]:
    soft_area = float(matte.row_sums.sum()) / matte.one
    return {
        "coverage": soft_area / matte.alpha.size,
        "soft_area": soft_area,
        "soft_fraction": matte.soft.size / matte.alpha.size,
        "extent": soft_area / matte.box.size,
    }


def _box(matte: _Matte) -> dict[str, Any]:
    height, width = matte.alpha.shape
    return {
        "box_min_row": matte.top,
        "box_min_col": matte.left,
        "box_max_row": matte.bottom,
        "box_max_col": matte.right,
        "margin_top": matte.top,
        "margin_right": width - matte.right,
        "margin_bottom": height - matte.bottom,
        "margin_left": matte.left,
    }


def _centroid(matte: _Matte) -> dict[str, Any]:
    height, width = matte.alpha.shape
    row, col = _mean_index(matte.row_sums), _mean_index(matte.col_sums)
    distance = math.hypot(row - (height - 1) / 2, col - (width - 1) / 2)
    return {
        "centroid_row": row,
        "centroid_col": col,
        "centroid_offset": distance / (math.hypot(height, width) / 2),
    }


def _mean_index(sums: npt.NDArray[Any]) -> float:
    return float(np.arange(sums.size) @ sums / sums.sum())


def _touches(matte: _Matte) -> dict[str, Any]:
    hard, (height, width) = matte.hard, matte.alpha.shape
    return {
        "touches_top": matte.top == 0 and bool(hard[0].any()),
        "touches_right": matte.right == width and bool(hard[:, -1].any()),
        "touches_bottom": matte.bottom == height and bool(hard[-1].any()),
        "touches_left": matte.left == 0 and bool(hard[:, 0].any()),
    }


def _components(matte: _Matte) -> dict[str, Any]:
    sizes = part_sizes(matte.hard)
    return {
        "parts": sizes.size,
        "largest_part_share": float(sizes.max() / sizes.sum()) if sizes.size else None,
        "holes": sizes.size - euler_number(matte.hard),
    }


def _edge_width(matte: _Matte) -> float | None:
    # One pixel around the box, where there is one, holds the outer half of its edge.
    rows = slice(max(matte.top - 1, 0), matte.bottom + 1)
    cols = slice(max(matte.left - 1, 0), matte.right + 1)
    length = edge_length(matte.alpha[rows, cols]) / matte.one
    soft = matte.soft
    return float(6 * (soft * (1 - soft)).sum() / length) if length else None
