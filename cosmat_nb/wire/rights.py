"""Which right each call needs, as the vendor's pages say it, and what they leave open.

Numbers such as 436/75232 are pages of the vendor's documentation: 436 and 1045 on
``www.tencentcloud.com/document/product/``, 460 and the Chinese texts of 436 on
``cloud.tencent.com/document/product/``.
"""

from __future__ import annotations

from enum import Enum, auto
from types import MappingProxyType
from typing import NamedTuple

from cosmat_nb.options import Operation

__all__ = ["BY_KEY", "JOBS", "NOTES", "RIGHTS", "STORING", "Note", "Right", "Scope"]


class Scope(Enum):
    """On what a right is needed."""

    OBJECTS = auto()
    """Objects of the client's bucket."""

    RESULTS = auto()
    """Objects of the bucket that stored results go to."""

    ROOT = auto()
    """The bucket itself: the path ``/``."""

    LISTING = auto()
    """The bucket's list of objects."""


class Right(NamedTuple):
    """A COS action, without ``name/cos:``, and on what."""

    scope: Scope
    action: str


class Note(NamedTuple):
    """What is open or assumed where one of these methods meets one of these operations.

    Attributes
    ----------
    methods : str
        Names of client methods, separated by blanks.
    text : str
        Starts with ``Open:`` (pages differ or are silent) or ``Assumed:``.
    operations : tuple of Operation
        By default all.
    """

    methods: str
    text: str
    operations: tuple[Operation, ...] = tuple(Operation)


_GET = Right(Scope.OBJECTS, "GetObject")
_PUT = Right(Scope.OBJECTS, "PutObject")
_LIST = Right(Scope.LISTING, "GetBucket")
_DELETE = Right(Scope.OBJECTS, "DeleteObject")
_PUT_RESULT = Right(Scope.RESULTS, "PutObject")

RIGHTS = MappingProxyType(
    {
        # It tries to list as well, and goes on without that right.
        "check": (_GET,),
        "delete": (_DELETE,),
        # A signed call is checked for DeleteObject on each key (436/8289).
        "delete_objects": (_DELETE,),
        "fetch": (_GET,),
        "fetch_changed": (_GET,),
        "head": (Right(Scope.OBJECTS, "HeadObject"),),
        "list_objects": (_LIST,),
        "list_pages": (_LIST,),
        "matte": (_GET,),
        "matte_stored": (_GET, _PUT_RESULT),
        "matte_upload": (_PUT, _PUT_RESULT),
        "matte_url": (Right(Scope.ROOT, "GetObject"),),
        # A link to a cutout needs what `matte` needs.
        "presign": (_GET,),
        "probe": (_GET,),
        "put": (_PUT,),
    }
)
"""COS rights of every client method, by its name."""

JOBS = MappingProxyType(
    {
        Operation.GENERAL: "CreateS3AIPicMattingJob",
        Operation.GOODS: "CreateGoodsMattingJob",
        Operation.PORTRAIT: "CreateAIPortraitMattingJob",
    }
)
"""CI action of every operation, without ``name/ci:``."""

BY_KEY = frozenset({"check", "matte"})
"""Methods that need the CI action on a key."""

STORING = frozenset({"matte_stored", "matte_upload"})
"""Methods whose results go to a bucket: COS rights suffice, but for portraits."""

NOTES = (
    Note(
        "check matte matte_url",
        "Assumed: the matting action takes a bucket as its resource, down to a prefix. "
        "The matting pages only name it; 1045/72914 shows both for other jobs and "
        "1045/58195 lists its neighbours with a bucket. If a call is refused, end the "
        "ci resource in /*, then try the resource *.",
    ),
    Note(
        "check matte matte_url",
        "Open: 1045/33449 sends those who want rights for sub-accounts while "
        "downloading to a support ticket; the matting page, 436/75232, lists actions.",
    ),
    Note(
        "matte_url",
        "Assumed: what detect-url needs. The pages list the same actions for keys and "
        "addresses; GetObject is granted on the bucket's root, which is no object, the "
        "ci action on the whole bucket. If refused, end the cos resource in /*.",
    ),
    Note(
        "matte_upload",
        "Assumed: PutObject is needed on the picture and on its result; the pages list "
        "cos:PutObject and do not say on what.",
    ),
    Note(
        "matte_stored",
        "Open: 436/75232 lists cos:GetObject and cos:PutObject in English, only the "
        "latter in Chinese. Both are granted.",
        (Operation.GENERAL,),
    ),
    Note(
        "matte_stored matte_upload",
        "Open: 460/36239 and 1045/33451 ask for the preset QcloudCIFullAccess before "
        "results are stored, the matting pages do not. It is not granted.",
    ),
    Note(
        "matte_stored matte_upload",
        "Open: 436/79733 of 2024 adds ci:CreateGoodsMattingJob, the later 1045/72933 "
        "and 436/74972 do not. It is not granted where results are stored.",
        (Operation.GOODS,),
    ),
    Note(
        "check matte matte_stored matte_upload matte_url",
        "Open: 460/106751 lists ci:CreateAIPortraitMattingJob for all ways to call, "
        "1045/72934 ci:CreateS3AIPicPortraitMattingJob, and only while downloading. "
        "The former is granted; where results are stored, on the source: assumed.",
        (Operation.PORTRAIT,),
    ),
    Note(
        "list_objects list_pages",
        "Open: GetBucket stands on bucket/* in 436/46206 and on bucket/ in 436/30580. "
        "The former is granted; list_objects must ask for exactly the prefix.",
    ),
    Note(
        "check",
        "Open: whether a missing key is answered 404 without the right to list the "
        "bucket. Pass check the same prefix: it asks for a key below it.",
    ),
)
"""Every note, in the order in which they are shown."""
