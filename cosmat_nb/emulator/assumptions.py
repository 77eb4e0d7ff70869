"""What the vendor leaves open, each point a switch with a default.

Nothing here is documented. Each default is what the vendor's wording or the
observations of others make most likely; a contract test shows what the emulator does
for every value, so that a live account can settle the point one day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Assumptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """The open points of the service, as the emulator plays them.

    Parameters
    ----------
    canvas : {"source", "subject"}
        Assumption: without layout options the answer is as large as the source
        picture. "subject" cuts it to the subject's box.
    centering : {"shift", "crop"}
        Assumption: ``center-layout=1`` moves the subject's box to the middle of the
        same canvas. "crop" cuts the canvas to the box, so that it is centred too.
        Centring comes before padding.
    padding : {"transparent", "white"}
        Assumption: ``padding-layout`` enlarges the canvas with transparent pixels.
        "white" fills them with opaque white.
    bad_layout : {"refuse", "ignore"}
        Assumption: a malformed or too large layout value is refused with 400
        ``InvalidArgument``. "ignore" answers as if it were absent.
    no_subject : {"empty", "opaque"}
        Assumption: a picture without a subject answers 200 with alpha 0 everywhere,
        as observed on the sibling GoodsMatting. "opaque" returns the picture whole.
    orientation : {"apply", "ignore"}
        Assumption: the picture is turned as its EXIF orientation says. "ignore" cuts
        the stored pixels as they are.
    formats : frozenset of str
        Assumption: other formats than JPEG and PNG are refused with 400
        ``InvalidImageFormat``. Pillow's names.
    damaged : {"InvalidImageSource", "InvalidImageFormat"}
        Assumption: the code for a picture that starts well and cannot be decoded.
    foreign_url : {"InvalidArgument", "NoSuchKey"}
        Assumption: the code for a ``detect-url`` that cannot be fetched. The emulator
        fetches from its own bucket alone.
    """

    canvas: Literal["source", "subject"] = "source"
    centering: Literal["shift", "crop"] = "shift"
    padding: Literal["transparent", "white"] = "transparent"
    bad_layout: Literal["refuse", "ignore"] = "refuse"
    no_subject: Literal["empty", "opaque"] = "empty"
    orientation: Literal["apply", "ignore"] = "apply"
    formats: frozenset[str] = frozenset({"JPEG", "PNG"})
    damaged: Literal["InvalidImageSource", "InvalidImageFormat"] = "InvalidImageSource"
    foreign_url: Literal["InvalidArgument", "NoSuchKey"] = "InvalidArgument"
