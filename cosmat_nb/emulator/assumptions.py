"""What the vendor leaves open, each point a switch with a default.

Nothing here is documented. Each default is what the vendor's wording or the
observations of others make most likely; a contract test shows what the emulator does
for every value, so that a live account can settle the point one day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cosmat_nb.wire.limits import Limits

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
    order : {"center first", "pad first"}
        Assumption: with both layouts, centring comes first. It matters for "crop".
    padding : {"transparent", "white"}
        Assumption: ``padding-layout`` enlarges the canvas with transparent pixels.
        "white" fills them with opaque white.
    padding_place : {"outside", "inside"}
        Assumption: ``padding-layout`` adds to the canvas. "inside" keeps the canvas as
        large as it is and shrinks the picture on it; 400 ``InvalidArgument`` when
        nothing would be left.
    edge : {"soft", "hard"}
        Assumption: alpha has values between 0 and 255 on the subject's edge. "hard"
        leaves none.
    hidden : {"black", "source"}
        Assumption: colours under alpha 0 are black. "source" keeps the picture's.
    colors : {"foreground", "source"}
        Assumption: on the soft edge stand the subject's own colours. "source" keeps
        the picture's, with the backdrop mixed in.
    bad_layout : {"refuse", "ignore"}
        Assumption: a malformed or too large layout value is refused with 400
        ``InvalidArgument``. "ignore" answers as if it were absent.
    no_subject : {"empty", "opaque"}
        Assumption: a picture without a subject answers 200 with alpha 0 everywhere,
        as observed on the sibling GoodsMatting. "opaque" returns the picture whole.
    empty_billed : bool
        Assumption: an empty matte is charged like any other.
    orientation : {"apply", "ignore"}
        Assumption: the picture is turned as its EXIF orientation says. "ignore" cuts
        the stored pixels as they are.
    modes : {"convert", "refuse"}
        Assumption: CMYK and 16-bit pictures are converted to 8-bit RGB. "refuse"
        answers 400 ``InvalidImageFormat`` for them.
    profile : {"ignore", "apply"}
        Assumption: an ICC profile changes nothing. "apply" converts to sRGB by it.
    transparency : {"respect", "ignore"}
        Assumption: no pixel of the answer is more opaque than in the picture, which is
        looked at over white. "ignore" cuts what is seen over white.
    limits : Limits
        Assumption: the limits of a picture; `Limits` says which of them were observed.
    damaged : {"InvalidImageSource", "InvalidImageFormat"}
        Assumption: the code for a picture that starts well and cannot be decoded.
    conditions : {"ignore", "obey"}
        Assumption: a cutout that is downloaded has no ``ETag``, and ``Range`` and
        ``If-None-Match`` change nothing. "obey" answers 206 and 304, as for objects.
    key_and_url : {"url", "refuse"}
        Assumption: ``detect-url`` wins over a key, as one of the vendor's pages says.
        "refuse" answers 400 ``InvalidArgument``: another page wants exactly one.
    foreign_url : {"InvalidArgument", "NoSuchKey"}
        Assumption: the code for a ``detect-url`` that cannot be fetched.
    encoded_url : {"refuse", "decode"}
        Assumption: a ``detect-url`` that is still percent-encoded after one decoding is
        refused with 400 ``InvalidArgument``. "decode" decodes it further.
    url_redirects : {"refuse", "follow"}
        Assumption: an address that answers with a redirect cannot be fetched. "follow"
        goes on to the next place, up to five times; here only where it is allowed.
    url_seconds : float
        Assumption: an address is given up when its picture is not here, whole and all
        redirects included, after so many seconds.
    encoded_operations : {"refuse", "decode"}
        Assumption: ``Pic-Operations`` in base64 is refused with 400
        ``InvalidPicOperations``. "decode" reads it.
    many_rules : {"InvalidPicOperations", "InvalidArgument"}
        Assumption: the name that goes with the documented number -60997.
    failed_rule : {"refuse", "omit"}
        Assumption: when one of several rules fails, the call is refused and no result
        is kept. "omit" leaves the failed result out of the answer.
    ignore_error : {"ignore", "obey"}
        Assumption: ``"ignore-error": 1`` in a rule, which a sibling's page shows and
        does not explain, changes nothing. "obey" leaves the failed result of such a
        rule out of the answer.
    failed_upload : {"keep", "drop"}
        Assumption: a picture that was uploaded stays when its matting fails.
    results : {"sparse", "full"}
        Assumption: results carry an empty ``Format``, and neither sides nor quality,
        as in the vendor's example. "full" tells them, as the generic page does.
    numbers : {"absent", "present"}
        Assumption: a refused download has no ``X-ErrNo``. It is documented that there
        is one, but not which goes with which name; "present" sends a likely one.
    foreign_region : {"NoSuchBucket", "redirect"}
        Assumption: a bucket asked for at another region's host is not found there.
        "redirect" answers 301 with the right host in ``Location``.
    acceleration : {"serve", "refuse"}
        Assumption: the host of global acceleration does matting too. "refuse" answers
        404 ``InvalidUrl`` there, as was observed on the host of the job interfaces.
    wrong_token : {"InvalidAccessKeyId", "AccessDenied"}
        Assumption: the code for a token that is not the key's.
    """

    canvas: Literal["source", "subject"] = "source"
    centering: Literal["shift", "crop"] = "shift"
    order: Literal["center first", "pad first"] = "center first"
    padding: Literal["transparent", "white"] = "transparent"
    padding_place: Literal["outside", "inside"] = "outside"
    edge: Literal["soft", "hard"] = "soft"
    hidden: Literal["black", "source"] = "black"
    colors: Literal["foreground", "source"] = "foreground"
    bad_layout: Literal["refuse", "ignore"] = "refuse"
    no_subject: Literal["empty", "opaque"] = "empty"
    empty_billed: bool = True
    orientation: Literal["apply", "ignore"] = "apply"
    modes: Literal["convert", "refuse"] = "convert"
    profile: Literal["ignore", "apply"] = "ignore"
    transparency: Literal["respect", "ignore"] = "respect"
    limits: Limits = Limits()
    damaged: Literal["InvalidImageSource", "InvalidImageFormat"] = "InvalidImageSource"
    conditions: Literal["ignore", "obey"] = "ignore"
    key_and_url: Literal["url", "refuse"] = "url"
    foreign_url: Literal["InvalidArgument", "NoSuchKey"] = "InvalidArgument"
    encoded_url: Literal["refuse", "decode"] = "refuse"
    url_redirects: Literal["refuse", "follow"] = "refuse"
    url_seconds: float = 10.0
    encoded_operations: Literal["refuse", "decode"] = "refuse"
    many_rules: Literal["InvalidPicOperations", "InvalidArgument"] = (
        "InvalidPicOperations"
    )
    failed_rule: Literal["refuse", "omit"] = "refuse"
    ignore_error: Literal["ignore", "obey"] = "ignore"
    failed_upload: Literal["keep", "drop"] = "keep"
    results: Literal["sparse", "full"] = "sparse"
    numbers: Literal["absent", "present"] = "absent"
    foreign_region: Literal["NoSuchBucket", "redirect"] = "NoSuchBucket"
    acceleration: Literal["serve", "refuse"] = "serve"
    wrong_token: Literal["InvalidAccessKeyId", "AccessDenied"] = "InvalidAccessKeyId"  # noqa: S105 - a code, not a token
