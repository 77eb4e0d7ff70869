"""What composed scenes are to be like."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.compose.ranges import (
    Range,
    check_counts,
    check_number,
    check_range,
)
from cosmat_nb.dataset.compose.shadow import Shadow
from cosmat_nb.errors import OptionsError
from cosmat_nb.images import MAX_PIXELS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MOST_SUBJECTS", "Recipe"]

MOST_SUBJECTS = 32
"""Most subjects of one scene."""

_LONGEST = 16_383  # px of a side: what WebP holds
_SMALLEST = 0.01
_MOST_CUT = 0.9
_STEEPEST = 45
_LARGEST = 8
_BELOW = 1.5
_DEPTHS = (8, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Settings of composed scenes: frozen, checked on construction.

    Ranges are (lowest, highest), and every number in between is as likely.

    Parameters
    ----------
    size : tuple of int, default (768, 1024)
        Height and width of every scene, px.
    subjects : tuple of int, default (1, 3)
        Fewest and most subjects of a scene, 0 to 32. A scene without any is an example
        of the background alone.
    scale : tuple of float, default (0.3, 0.6)
        Longer side of a subject's box over the scene's shorter side, 0.01 to 1.
    ground : tuple of float or None, default (0.65, 0.95)
        Where a subject's lowest row comes to stand, as a share of the scene's height
        from the top, 0 to 1.5; what is too tall to stand there stands as near as it
        fits. None for anywhere, as things lie that are seen from above.
    cut : float, default 0
        Largest share of a subject's box that may lie outside the frame, 0 to 0.9;
        0 for subjects fully inside.
    overlap : float, default 0.1
        Largest share of a subject's box that the boxes of those in front of it may
        cover, 0 to 1, each counted by itself; 0 for subjects that hide nothing of each
        other. Who stands lower is in front.
    flip : bool, default True
        Whether half of the subjects are mirrored, left to right. Not for writing.
    rotation : float, default 0
        Largest turn of a subject to either side, degrees, 0 to 45.
    shadow : Shadow or None, default ``Shadow()``
        The soft shadow on the ground; None for none.
    enlarge : float, default 2
        How far a subject or a background may be enlarged, 1 to 8. A smaller subject
        stays smaller than `scale` says; a smaller background is refused.
    alpha_bits : int, default 8
        Of the labels: 8, or 16 for finer shares where soft edges overlap.

    Raises
    ------
    OptionsError
        When a value leaves its bounds.

    Examples
    --------
    >>> Recipe(size=(480, 640), subjects=(2, 2), shadow=None).scale
    (0.3, 0.6)
    """

    size: tuple[int, int] = (768, 1024)
    subjects: tuple[int, int] = (1, 3)
    scale: Range = (0.3, 0.6)
    ground: Range | None = (0.65, 0.95)
    cut: float = 0.0
    overlap: float = 0.1
    flip: bool = True
    rotation: float = 0.0
    shadow: Shadow | None = Shadow()
    enlarge: float = 2.0
    alpha_bits: int = 8

    def __post_init__(self) -> None:
        size = check_counts("size", self.size, 1, _LONGEST)
        if size[0] * size[1] > MAX_PIXELS:
            raise OptionsError(f"a scene may have {MAX_PIXELS} px; not {size}")
        subjects = check_counts("subjects", self.subjects, 0, MOST_SUBJECTS)
        if subjects[0] > subjects[1]:
            raise OptionsError(f"subjects must name the fewest first; not {subjects}")
        ground = self.ground
        checked = {
            "size": size,
            "subjects": subjects,
            "scale": check_range("scale", self.scale, _SMALLEST, 1),
            "ground": None if ground is None else _check_ground(ground),
            "cut": check_number("cut", self.cut, 0, _MOST_CUT),
            "overlap": check_number("overlap", self.overlap, 0, 1),
            "rotation": check_number("rotation", self.rotation, 0, _STEEPEST),
            "enlarge": check_number("enlarge", self.enlarge, 1, _LARGEST),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        self._check_choices()

    def _check_choices(self) -> None:
        if not isinstance(self.flip, bool):
            raise OptionsError(f"flip must be True or False; not {self.flip!r:.60}")
        if not (self.shadow is None or isinstance(self.shadow, Shadow)):
            raise OptionsError(f"shadow must be a Shadow or None; not {self.shadow!r}")
        if self.alpha_bits not in _DEPTHS or isinstance(self.alpha_bits, float):
            raise OptionsError(f"alpha_bits must be 8 or 16; not {self.alpha_bits!r}")

    @property
    def largest(self) -> int:
        """What an opaque pixel's alpha is: 255 or 65535."""
        return (1 << self.alpha_bits) - 1

    def settings(self) -> Mapping[str, Any]:
        """Return all settings as JSON values by name."""
        settings: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return settings


def _check_ground(ground: object) -> Range:
    return check_range("ground", ground, 0, _BELOW)
