"""What is looked for in the numbers of a matte, and what to do about each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cosmat_nb.metrics.looks import (
    BORDER,
    TOUCHES,
    beyond,
    see_close_up,
    see_cut_off,
    see_dust,
    see_halo,
    see_holes,
    see_several,
    see_whole_frame,
    see_wide_edge,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosmat_nb.metrics.looks import Seen
    from cosmat_nb.metrics.thresholds import Thresholds

__all__ = ["CHECKS", "COLUMNS", "Check", "Severity"]


class Severity(StrEnum):
    """How much a finding matters.

    ``high``: the cutout is not usable. ``medium``: look at it, it is a defect or a
    property that only a person can tell from one. ``low``: know it, nothing is broken.
    """

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that is looked for.

    Attributes
    ----------
    name : str
        Of its finding.
    severity : Severity
        Of its finding.
    columns : tuple of str
        Numbers it needs; a row that lacks one of them cannot be checked.
    look : callable
        Takes a row's numbers by column and the thresholds; returns `Seen` or None.
    advice : str
        What to do.
    also : tuple of str
        Numbers it uses where the row has them.
    """

    name: str
    severity: Severity
    columns: tuple[str, ...]
    look: Callable[[dict[str, float], Thresholds], Seen | None]
    advice: str
    also: tuple[str, ...] = ()


CHECKS = (
    Check(
        name="empty",
        severity=Severity.HIGH,
        columns=("coverage",),
        look=beyond(
            "coverage",
            "empty_coverage",
            ".3%",
            "{value} of the picture is kept, under {limit}: no subject",
        ),
        advice="See whether the picture shows one clear subject; if it does, pay "
        "for one more call with the operation made for its kind (GoodsMatting, "
        "AIPortraitMatting).",
    ),
    Check(
        name="whole-frame",
        severity=Severity.HIGH,
        columns=("coverage",),
        also=BORDER,
        look=see_whole_frame,
        advice="Leave the row out, or pay for one more call with another operation: a "
        "texture, a landscape or a screenshot has no subject to cut out.",
    ),
    Check(
        name="faint",
        severity=Severity.MEDIUM,
        columns=("hard_area",),
        look=beyond(
            "hard_area",
            "min_hard_area",
            ".0f",
            "{value} px at least half opaque, under {limit}",
        ),
        advice="Keep it if the subject is smoke, glass or a veil; otherwise nothing "
        "was recognised: try another operation, which is another paid call.",
    ),
    Check(
        name="disagreement",
        severity=Severity.MEDIUM,
        columns=("agreement_iou",),
        look=beyond(
            "agreement_iou",
            "min_agreement",
            ".3f",
            "two results overlap by {value} (IoU), under {limit}",
        ),
        advice="At least one of the two is wrong, or they take different things for "
        "the subject: look at both and decide.",
    ),
    Check(
        name="cut-off",
        severity=Severity.MEDIUM,
        columns=TOUCHES,
        look=see_cut_off,
        advice="Compare with the source: if it goes on in the picture, the matte lost "
        "it; if the photograph ends there, take a wider one, or place the cutout so "
        "that this side stays hidden.",
    ),
    Check(
        name="several-subjects",
        severity=Severity.MEDIUM,
        columns=("parts", "largest_part_share"),
        look=see_several,
        advice="If only one is meant, keep the largest part, or crop the picture to it "
        "and pay for one more call; a thing torn to pieces is an error of the matte.",
    ),
    Check(
        name="holes",
        severity=Severity.MEDIUM,
        columns=("holes", "hole_area", "hard_area"),
        look=see_holes,
        advice="Look through them: a handle or a lattice is right, a highlight or a "
        "part in the background's colour was lost and has to be filled.",
    ),
    Check(
        name="dust",
        severity=Severity.MEDIUM,
        columns=("dust", "dust_area", "soft_area"),
        look=see_dust,
        advice="Clear components of under a thousandth of the largest one, unless they "
        "are hair, sparks or drops.",
    ),
    Check(
        name="weak-edge",
        severity=Severity.MEDIUM,
        columns=("edge_evidence",),
        look=beyond(
            "edge_evidence",
            "min_evidence",
            ".3f",
            "the matte's edge lies on an edge of the picture with {value}, under "
            "{limit}, where 0.5 is chance",
        ),
        advice="Lay the matte over the source: the outline is moved, guessed, or runs "
        "between colours that hardly differ.",
    ),
    Check(
        name="wide-edge",
        severity=Severity.MEDIUM,
        columns=("edge_width", "soft_area"),
        look=see_wide_edge,
        advice="Right for fur, hair, glass and what is out of focus; on a solid thing "
        "the matte is blurred: a larger source picture, and a call for it, may help.",
    ),
    Check(
        name="halo",
        severity=Severity.MEDIUM,
        columns=("halo",),
        look=see_halo,
        advice="The fringe shows on another background: estimate the foreground's "
        "colours anew, or show it only on one like the old.",
    ),
    Check(
        name="too-small",
        severity=Severity.LOW,
        columns=("coverage",),
        look=beyond(
            "coverage",
            "min_coverage",
            ".2%",
            "{value} of the picture is kept, under {limit}",
        ),
        advice="Crop the picture around the subject and pay for one more call: a "
        "larger one is cut finer.",
    ),
    Check(
        name="off-centre",
        severity=Severity.LOW,
        columns=("centroid_offset",),
        look=beyond(
            "centroid_offset",
            "max_offset",
            ".1%",
            "the centre of the subject is {value} of half the diagonal away from the "
            "picture's, over {limit}",
        ),
        advice="Crop or pad the cutout where layouts expect the subject in the middle; "
        "center=True does so in another paid call.",
    ),
    Check(
        name="fills-frame",
        severity=Severity.LOW,
        columns=TOUCHES,
        look=see_close_up,
        advice="A close-up: it has no outline on these sides, so let them meet the "
        "edge of whatever it is placed in.",
    ),
    Check(
        name="color-residue",
        severity=Severity.LOW,
        columns=("color_residue",),
        look=beyond(
            "color_residue",
            "max_residue",
            ".1%",
            "{value} of the clear pixels hold a colour, over {limit}",
        ),
        advice="Set colours under alpha 0 to 0 before resizing or compressing: they "
        "bleed into edges, cost bytes, and give away what was removed.",
    ),
)
"""All checks; the severe come first."""

COLUMNS = tuple(
    dict.fromkeys(name for check in CHECKS for name in (*check.columns, *check.also))
)
"""All numbers that they use."""
