"""A cutout, or a scene's pixels, made into an example."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosmat_nb.dataset.example import Example, Subject
from cosmat_nb.dataset.pictures.encoding import encode_picture
from cosmat_nb.dataset.pictures.picture import make_picture, scale_picture
from cosmat_nb.dataset.pictures.sizing import fit, scale_alphas
from cosmat_nb.places import shown_place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.dataset.example import Drawn
    from cosmat_nb.dataset.pictures.rendering import Rendering
    from cosmat_nb.dataset.pictures.sizing import Sizing

__all__ = ["render_cutout", "render_drawn"]


def render_cutout(
    cutout: Cutout,
    rendering: Rendering,
    read_source: Callable[[], bytes],
    *,
    name: str,
    split: str,
    category: str,
    facts: Mapping[str, Any],
) -> Example:
    """Make an example of a cutout.

    Parameters
    ----------
    cutout : Cutout
        Its subject may be missing: an empty matte is an example too.
    rendering : Rendering
        What is written of it.
    read_source : callable
        Returns the file of the picture that was cut; called once at most, and only
        where the source or its colours are wanted.
    name, split, category : str
        As `Example` and `Subject` have them.
    facts : mapping of str to JSON value
        What the manifest tells already. It is not changed.

    Returns
    -------
    Example
        Its facts have ``height`` and ``width`` of the picture, px, too; ``picture``:
        what it shows (``image``), the ``frame`` ``[height, width]`` that was brought
        to its size and the ``box`` in which all of the frame lies now, px, by which
        labels come back to it, and for a cutout whether its colours are
        ``premultiplied``; and ``source``, where it was read: digest, size when
        upright, format, ``offset`` of its first pixel on the cutout (row, col; None
        for an empty matte), and for ``image="source"`` whether its file is
        ``"as it was"`` or ``"anew: "`` and why.

    Raises
    ------
    CosmatError
        When this row cannot be written: a file cannot be had or read, the cutout is
        not found on its source, or the picture is too large for its kind of file.
    Exception
        Whatever `read_source` raises.

    Notes
    -----
    A source that is kept keeps its EXIF, which may name places and people; what is
    encoded anew has none. Where a PNG of the service holds the very pixels that are
    asked for, and nothing else, it is kept, too. A source is always decoded and
    compared with its cutout, though it lies where it lay as a rule: it may have been
    replaced since, or be broken.

    Examples
    --------
    >>> import numpy as np
    >>> from cosmat_nb.cutout import Cutout
    >>> from cosmat_nb.dataset.pictures.rendering import Rendering
    >>> from cosmat_nb.images import encode_png
    >>> from cosmat_nb.options import MattingOptions
    >>> png = encode_png(np.full((2, 3, 4), 255, np.uint8))
    >>> cutout = Cutout(place="a.jpg", options=MattingOptions(), data=png, height=2,
    ...                 width=3, is_empty=False, nbytes=len(png))
    >>> example = render_cutout(cutout, Rendering(image="cutout", size=(4, 4)), bytes,
    ...                         name="a", split="", category="mug", facts={})
    >>> example.facts["picture"]["box"]
    [0, 0, 3, 4]
    """
    made = make_picture(cutout, rendering, read_source)
    told: dict[str, Any] = {"image": rendering.image}
    if rendering.image == "cutout":
        told["premultiplied"] = rendering.premultiplied
    return Example(
        name=name,
        split=split,
        image=made.image,
        alpha=made.alpha,
        subjects=(Subject(made.alpha, category, shown_place(cutout.place)),),
        facts={**facts, **_tell(made.sizing, told), **made.facts},
    )


def render_drawn(
    drawn: Drawn,
    rendering: Rendering,
    *,
    name: str,
    split: str,
    facts: Mapping[str, Any],
) -> Example:
    """Make an example of a drawn scene.

    Parameters
    ----------
    drawn : Drawn
        The scene's pixels and subjects.
    rendering : Rendering
        Its file, quality, size, alpha_bits and, around a fitted picture, background
        count here; a file of kind ``"auto"`` is a JPEG, as for composites.
    name, split, facts
        As for `render_cutout`.

    Returns
    -------
    Example
        The subjects' mattes add up to its matte, exactly, after every size.

    Raises
    ------
    OptionsError
        When the picture is too large for its kind of file.
    """
    # Together, so that rounding keeps their sum.
    sizing = fit(rendering.size, *drawn.alpha.shape)
    alpha, parts = scale_alphas(
        [subject.alpha for subject in drawn.subjects], sizing, rendering.depth
    )
    subjects = tuple(
        Subject(part, subject.category, subject.key)
        for part, subject in zip(parts, drawn.subjects, strict=True)
    )
    pixels = scale_picture(drawn.image, sizing, rendering)
    image = encode_picture(pixels, rendering.drawn_kind, quality=rendering.quality)
    return Example(
        name=name,
        split=split,
        image=image,
        alpha=alpha,
        subjects=subjects,
        facts={**facts, **_tell(sizing, {"image": "composite"})},
    )


def _tell(sizing: Sizing, shown: Mapping[str, Any]) -> dict[str, Any]:
    height, width = sizing.canvas
    frame = [sizing.height, sizing.width]
    picture = {**shown, "frame": frame, "box": sizing.box}
    return {"height": height, "width": width, "picture": picture}
