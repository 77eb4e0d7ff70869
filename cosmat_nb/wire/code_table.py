"""Every error code the vendor names, with what it means to a caller.

Names, numbers and meanings are the vendor's: the COS error list, the Cloud Infinite
error list, the Cloud Infinite names of its image pages. Which of them heal by waiting
and which doom a whole batch is this package's judgement, led by the vendor's own
"retry" where it says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cosmat_nb import errors

__all__ = ["ELSEWHERE", "LATER", "OVER", "TABLE", "Code"]


@dataclass(frozen=True, slots=True)
class Code:
    """One documented error code.

    Attributes
    ----------
    name : str
        As in the error document, or the number of the ``X-ErrNo`` header, as ``-164``.
    status : int
        HTTP status it comes with; 0 where the vendor does not say, as for numbers.
    error : type of ServiceError
        What a caller catches.
    cure, meaning : str
        What to do and what is wrong, each a sentence without a full stop; may be empty.
        Every message tells both, so they hold where any call was refused.
    topic : str
        What it concerns, whichever call was refused: ``clock``, ``credentials``,
        ``bucket``, ``region``, ``rights`` or ``object``; empty for all else.
    heals : bool
        Whether asking again later may succeed.
    dooms : bool
        Whether every other picture would fail the same way: a batch stops.
    """

    name: str
    status: int
    error: type[errors.ServiceError]
    cure: str = ""
    meaning: str = ""
    topic: str = ""
    heals: bool = field(default=False, kw_only=True)
    dooms: bool = field(default=False, kw_only=True)


LATER = "wait, or use fewer calls at once"
_KIND = "use JPEG or PNG"
_SIZE = "32 px a side at least, 7680 x 4320 px at most; one code tells of both"
# From here on with what it means, and most with what it concerns.
OVER = (
    "set this machine's clock (it may be 15 minutes off), or sign anew",
    "the signature's time is over",
    "clock",
)
ELSEWHERE = ("check the bucket's region", "the bucket answers elsewhere", "region")
_MISMATCH = (
    "check the secret id and key; a proxy that rewrites requests has the same effect",
    "the secret key does not fit the secret id",
    "credentials",
)
_MISSING = ("", "", "object")
_RIGHTS = (
    (
        "grant what client.required_policy says: matting needs cos:GetObject, the "
        "operation's own ci action, and a bucket that is bound to Cloud Infinite"
    ),
    "the keys may not make this call, or it is matting and the bucket is not bound",
    "rights",
)
_UNBOUND = ("bind it in the console", "the bucket is not bound to Cloud Infinite")
_BILL = ("pay it, then ask again", "the account has an unpaid bill")


def _row(name: str, status: int, error: type[errors.ServiceError], *words: str) -> Code:
    """Make a code that concerns one request; words are cure, meaning and topic."""
    return Code(name, status, error, *words)


def _later(
    name: str, status: int, error: type[errors.ServiceError], *words: str
) -> Code:
    """Make a code that heals."""
    return Code(name, status, error, *words, heals=True)


def _stop(
    name: str, status: int, error: type[errors.ServiceError], *words: str
) -> Code:
    """Make a code that stops a batch."""
    return Code(name, status, error, *words, dooms=True)


_NAMES = (
    _row("InvalidArgument", 400, errors.InvalidRequestError),
    _row("InvalidRequest", 400, errors.InvalidRequestError),
    _row("InvalidURI", 400, errors.InvalidRequestError),
    _row("MalformedXML", 400, errors.InvalidRequestError),
    _row("InvalidDigest", 400, errors.InvalidRequestError),
    _row(
        "BadDigest", 400, errors.InvalidRequestError, "", "the body changed on its way"
    ),
    _row("InvalidPicOperations", 400, errors.InvalidRequestError),
    _row("InvalidObjectName", 400, errors.InvalidRequestError),
    _stop(
        "InvalidBucketName",
        400,
        errors.InvalidRequestError,
        "check the bucket's name: name-appid",
        "the service does not take the bucket's name",
        "bucket",
    ),
    _row("KeyTooLong", 400, errors.InvalidRequestError, "use at most 850 bytes"),
    _row("InvalidImageFormat", 400, errors.ImageRejectedError, _KIND),
    _row("InvalidImageSource", 400, errors.ImageRejectedError),
    _row("ImageTooLarge", 400, errors.ImageRejectedError, _SIZE),
    _row("ImageResolutionExceed", 400, errors.ImageRejectedError, _SIZE),
    _row("EntityTooLarge", 400, errors.InvalidRequestError),
    _row("EntitySizeNotMatch", 400, errors.InvalidRequestError),
    _stop(
        "ExpiredToken",
        400,
        errors.AccessDeniedError,
        "fetch new temporary keys",
        "the temporary keys are over",
        "credentials",
    ),
    _later("RequestTimeout", 400, errors.InvalidRequestError),
    _later("UserNetworkTooSlow", 400, errors.InvalidRequestError),
    _stop("PaymentRequired", 402, errors.PaymentRequiredError, *_BILL),
    _stop("AccessDenied", 403, errors.AccessDeniedError, *_RIGHTS),
    _stop("SignatureDoesNotMatch", 403, errors.AccessDeniedError, *_MISMATCH),
    _stop(
        "InvalidAccessKeyId",
        403,
        errors.AccessDeniedError,
        "check the secret id and the token, and in the console that the key is in use",
        "the service does not know the secret id, or the token is not its own",
        "credentials",
    ),
    _stop("RequestTimeTooSkewed", 403, errors.AccessDeniedError, *OVER),
    _stop(
        "NoProcessAuthority",
        403,
        errors.AccessDeniedError,
        "let the account's owner allow Cloud Infinite for these keys",
        "the keys have no right to image processing",
    ),
    _row(
        "InvalidObjectState",
        403,
        errors.InvalidRequestError,
        "restore it first",
        "the object is archived",
    ),
    _row("NoSuchKey", 404, errors.ObjectNotFoundError, *_MISSING),
    _stop(
        "NoSuchBucket",
        404,
        errors.ObjectNotFoundError,
        "check the bucket's name, and its region in the console",
        "there is no such bucket in this region",
        "bucket",
    ),
    # Seen by others: a picture asked for on the host of the job interfaces.
    _row("InvalidUrl", 404, errors.InvalidRequestError, "use the cos or the pic host"),
    _row("MethodNotAllowed", 405, errors.InvalidRequestError),
    _later("PathConflict", 409, errors.InvalidRequestError),
    _later("UploadConflict", 409, errors.InvalidRequestError),
    _row("MissingContentLength", 411, errors.InvalidRequestError),
    _row("PreconditionFailed", 412, errors.InvalidRequestError),
    _row("InvalidRange", 416, errors.InvalidRequestError),
    _row("UnavailableForLegalReasons", 451, errors.ImageRejectedError),
    _stop("DomainAuditFailed", 451, errors.InvalidRequestError),
    _later("InternalError", 500, errors.ServerError),
    _row("NotImplemented", 501, errors.ServerError),
    _later("SlowDown", 503, errors.ThrottledError, LATER),
    _later("ServiceUnavailable", 503, errors.ThrottledError, LATER),
    # Seen in the vendor's job interfaces; that it comes with 400 is assumed.
    _stop(
        "AIBucketUnBinded",
        400,
        errors.AccessDeniedError,
        "switch it on in the console",
        "AI content recognition is off for the bucket",
    ),
)

_NUMBERS = (
    _row("-103", 0, errors.InvalidRequestError),
    _stop("-104", 0, errors.AccessDeniedError, *_UNBOUND),
    _row("-105", 0, errors.InvalidRequestError, "", "no such style"),
    _row("-106", 0, errors.InvalidRequestError, "check the address"),
    _stop("-107", 0, errors.InvalidRequestError, "check the host"),
    _stop(
        "-108", 0, errors.AccessDeniedError, "", "hot-link protection refuses the call"
    ),
    _row("-113", 0, errors.ImageRejectedError, _KIND),
    _later("-120", 0, errors.ServerError, "", "the source could not be read"),
    _row("-154", 0, errors.AccessDeniedError, "", "the original is protected"),
    _stop("-162", 0, errors.PaymentRequiredError, *_BILL),
    _later("-164", 0, errors.ThrottledError, LATER),
    _stop(
        "-165", 0, errors.AccessDeniedError, "", "the service takes this for an attack"
    ),
    _row("-167", 0, errors.ImageRejectedError, _SIZE),
    _row("-441", 0, errors.ImageRejectedError, _KIND),
    _row("-442", 0, errors.ImageRejectedError, _SIZE),
    _row("-443", 0, errors.ImageRejectedError, _KIND),
    _row("-447", 0, errors.ImageRejectedError, _SIZE),
    _later("-901", 0, errors.ServerError, "", "processing took too long"),
    _later("-902", 0, errors.ServerError, "", "the source answered too late"),
    _row(
        "-5062", 0, errors.ImageRejectedError, "", "the picture is held to be illegal"
    ),
    _row("-6101", 0, errors.ObjectNotFoundError, *_MISSING),
    _later("-29214", 0, errors.ThrottledError, LATER),
    _row("-40168", 0, errors.ImageRejectedError, "", "the source is empty"),
    _stop("-46618", 0, errors.AccessDeniedError, *_MISMATCH),
    _stop("-46619", 0, errors.AccessDeniedError, *OVER),
    _row("-46628", 0, errors.ObjectNotFoundError, *_MISSING),
    _stop("-46661", 0, errors.AccessDeniedError, *_RIGHTS),
    _stop("-60932", 0, errors.AccessDeniedError, *_MISMATCH),
    _stop("-60936", 0, errors.AccessDeniedError, *_RIGHTS),
    _stop("-60938", 0, errors.AccessDeniedError, "sign every part of the request"),
    _stop(
        "-60948",
        0,
        errors.AccessDeniedError,
        "check the account",
        "the service refuses the account",
        "credentials",
    ),
    _later("-60949", 0, errors.ThrottledError, LATER),
    _row("-60950", 0, errors.ObjectNotFoundError, *_MISSING),
    _row("-60955", 0, errors.InvalidRequestError, "check the address"),
    _stop("-60972", 0, errors.InvalidRequestError, *ELSEWHERE),
    _stop("-60983", 0, errors.InvalidRequestError, "check the host"),
    _later("-60987", 0, errors.ServerError, "", "the source could not be fetched"),
    _row("-60996", 0, errors.ImageRejectedError, "use at most 32 MB"),
    _row("-60997", 0, errors.InvalidRequestError, "ask for fewer results a call"),
    _row("-60998", 0, errors.InvalidRequestError),
    _row("-62999", 0, errors.ImageRejectedError),
)

TABLE = _NAMES + _NUMBERS
"""All of them."""
