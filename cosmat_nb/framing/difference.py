"""What the service alone would bring of a fit, and what is done here, in words."""

from __future__ import annotations

__all__ = ["tell_difference"]


def tell_difference(
    canvas: tuple[int, int],
    subject: tuple[int, int],
    finished: tuple[int, int],
    scale: float,
) -> str:
    """Say what the service brings and what is left to do.

    Parameters
    ----------
    canvas, subject, finished : tuple of int
        Rows and columns of what the service brings, of the subject on it, and of the
        finished canvas, px.
    scale : float
        Finished px for a px of the subject.

    Examples
    --------
    >>> alone, here = tell_difference((80, 80), (60, 50), (60, 60), 1).split(" Here: ")
    >>> alone
    'The service alone: 80 high × 80 wide px, subject 75 %.'
    >>> here.partition(", ")[0]
    '20 rows and 20 columns of empty canvas are cut'
    """
    # Less than two px on a canvas's side is rounding of the padding.
    gaps = [
        side - finish / scale for side, finish in zip(canvas, finished, strict=True)
    ]
    steps = [_tell_gaps("cut", gaps), _tell_gaps("added", [-gap for gap in gaps])]
    steps += [_tell_scale(scale), _tell_canvas(finished, subject, scale)]
    done = ", ".join(step for step in steps if step)
    return f"The service alone: {_tell_canvas(canvas, subject, 1)}. Here: {done}."


def _tell_gaps(done: str, gaps: list[float]) -> str:
    told = [
        f"{gap:.0f} {name}"
        for name, gap in zip(("rows", "columns"), gaps, strict=True)
        if gap >= 2  # noqa: PLR2004 - one px on either side
    ]
    return f"{' and '.join(told)} of empty canvas are {done}" if told else ""


def _tell_scale(scale: float) -> str:
    if scale == 1:
        return "the size kept"
    if scale > 1:
        return f"enlarged {scale:.3g} times"
    return f"shrunk to {scale:.3g} of the size"


def _tell_canvas(
    canvas: tuple[int, int], subject: tuple[int, int], scale: float
) -> str:
    share = max(subject[0] / canvas[0], subject[1] / canvas[1]) * scale
    return f"{canvas[0]} high × {canvas[1]} wide px, subject {100 * share:.0f} %"
