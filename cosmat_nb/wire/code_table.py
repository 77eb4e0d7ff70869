"""Every error code the vendor names, with what it means to a caller.

Names, numbers and meanings are the vendor's: the COS error list, the Cloud Infinite
error list, the Cloud Infinite names of its image pages. Which of them heal by waiting
and which doom a whole batch is this package's judgement, led by the vendor's own
"retry" where it says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from cosmat_nb import errors

__all__ = ["CLOCK", "LATER", "REGION", "TABLE", "Code"]


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
    heals : bool
        Whether asking again later may succeed.
    dooms : bool
        Whether every other picture would fail the same way: a batch stops.
    cure : str
        What to do, one sentence without a full stop; may be empty.
    """

    name: str
    status: int
    error: type[errors.ServiceError]
    heals: bool = False
    dooms: bool = False
    cure: str = ""


_KEYS = "check the secret id and key"
CLOCK = "set this machine's clock, or sign anew: the signature's time is over"
REGION = "the bucket answers elsewhere: check its region"
LATER = "wait, or use fewer calls at once"
_KIND = "use JPEG or PNG"
_SIZE = "each side 32 px or more, at most 7680 x 4320 px; too small is told so as well"
_BIND = "bind the bucket to Cloud Infinite"
_PAY = "the account has an unpaid bill"
_RIGHTS = (
    "the policy must allow the call (matting needs cos:GetObject and the operation's "
    "own ci action), and the bucket be bound to Cloud Infinite"
)


def _row(name: str, status: int, error: type[errors.ServiceError], cure: str) -> Code:
    """Make a code that concerns one request."""
    return Code(name, status, error, cure=cure)


def _later(name: str, status: int, error: type[errors.ServiceError], cure: str) -> Code:
    """Make a code that heals."""
    return Code(name, status, error, heals=True, cure=cure)


def _stop(name: str, status: int, error: type[errors.ServiceError], cure: str) -> Code:
    """Make a code that stops a batch."""
    return Code(name, status, error, dooms=True, cure=cure)


_NAMES = (
    _row("InvalidArgument", 400, errors.InvalidRequestError, ""),
    _row("InvalidRequest", 400, errors.InvalidRequestError, ""),
    _row("InvalidURI", 400, errors.InvalidRequestError, ""),
    _row("MalformedXML", 400, errors.InvalidRequestError, ""),
    _row("InvalidDigest", 400, errors.InvalidRequestError, ""),
    _row("BadDigest", 400, errors.InvalidRequestError, "the body changed on its way"),
    _row("InvalidPicOperations", 400, errors.InvalidRequestError, ""),
    _row("InvalidObjectName", 400, errors.InvalidRequestError, ""),
    _stop("InvalidBucketName", 400, errors.InvalidRequestError, ""),
    _row("KeyTooLong", 400, errors.InvalidRequestError, "use at most 850 bytes"),
    _row("InvalidImageFormat", 400, errors.ImageRejectedError, _KIND),
    _row("InvalidImageSource", 400, errors.ImageRejectedError, ""),
    _row("ImageTooLarge", 400, errors.ImageRejectedError, _SIZE),
    _row("ImageResolutionExceed", 400, errors.ImageRejectedError, _SIZE),
    _row("EntityTooLarge", 400, errors.InvalidRequestError, ""),
    _row("EntitySizeNotMatch", 400, errors.InvalidRequestError, ""),
    _stop("ExpiredToken", 400, errors.AccessDeniedError, "fetch new temporary keys"),
    _later("RequestTimeout", 400, errors.InvalidRequestError, ""),
    _later("UserNetworkTooSlow", 400, errors.InvalidRequestError, ""),
    _stop("PaymentRequired", 402, errors.PaymentRequiredError, _PAY),
    _stop("AccessDenied", 403, errors.AccessDeniedError, _RIGHTS),
    _stop("SignatureDoesNotMatch", 403, errors.AccessDeniedError, _KEYS),
    _stop("InvalidAccessKeyId", 403, errors.AccessDeniedError, _KEYS),
    _stop(
        "RequestTimeTooSkewed",
        403,
        errors.AccessDeniedError,
        "set this machine's clock: it is over 15 minutes off",
    ),
    _stop(
        "NoProcessAuthority",
        403,
        errors.AccessDeniedError,
        "the account has no right to image processing",
    ),
    _row(
        "InvalidObjectState",
        403,
        errors.InvalidRequestError,
        "the object is archived: restore it first",
    ),
    _row("NoSuchKey", 404, errors.ObjectNotFoundError, ""),
    _stop("NoSuchBucket", 404, errors.ObjectNotFoundError, ""),
    # Seen by others: a picture asked for on the host of the job interfaces.
    _row("InvalidUrl", 404, errors.InvalidRequestError, "use the cos or the pic host"),
    _row("MethodNotAllowed", 405, errors.InvalidRequestError, ""),
    _later("PathConflict", 409, errors.InvalidRequestError, ""),
    _later("UploadConflict", 409, errors.InvalidRequestError, ""),
    _row("MissingContentLength", 411, errors.InvalidRequestError, ""),
    _row("PreconditionFailed", 412, errors.InvalidRequestError, ""),
    _row("InvalidRange", 416, errors.InvalidRequestError, ""),
    _row("UnavailableForLegalReasons", 451, errors.ImageRejectedError, ""),
    _stop("DomainAuditFailed", 451, errors.InvalidRequestError, ""),
    _later("InternalError", 500, errors.ServerError, ""),
    _row("NotImplemented", 501, errors.ServerError, ""),
    _later("SlowDown", 503, errors.ThrottledError, LATER),
    _later("ServiceUnavailable", 503, errors.ThrottledError, LATER),
    # Seen in the vendor's job interfaces; that it comes with 400 is assumed.
    _stop(
        "AIBucketUnBinded",
        400,
        errors.AccessDeniedError,
        "switch on AI content recognition for the bucket",
    ),
)

_NUMBERS = (
    _row("-103", 0, errors.InvalidRequestError, ""),
    _stop("-104", 0, errors.AccessDeniedError, _BIND),
    _row("-105", 0, errors.InvalidRequestError, "no such style"),
    _row("-106", 0, errors.InvalidRequestError, "check the address"),
    _stop("-107", 0, errors.InvalidRequestError, "check the host"),
    _stop("-108", 0, errors.AccessDeniedError, "hot-link protection refuses the call"),
    _row("-113", 0, errors.ImageRejectedError, _KIND),
    _later("-120", 0, errors.ServerError, "the source could not be read"),
    _row("-154", 0, errors.AccessDeniedError, "the original is protected"),
    _stop("-162", 0, errors.PaymentRequiredError, _PAY),
    _later("-164", 0, errors.ThrottledError, LATER),
    _stop("-165", 0, errors.AccessDeniedError, "the service takes this for an attack"),
    _row("-167", 0, errors.ImageRejectedError, _SIZE),
    _row("-441", 0, errors.ImageRejectedError, _KIND),
    _row("-442", 0, errors.ImageRejectedError, _SIZE),
    _row("-443", 0, errors.ImageRejectedError, _KIND),
    _row("-447", 0, errors.ImageRejectedError, _SIZE),
    _later("-901", 0, errors.ServerError, "processing took too long"),
    _later("-902", 0, errors.ServerError, "the source answered too late"),
    _row("-5062", 0, errors.ImageRejectedError, "the picture is held to be illegal"),
    _row("-6101", 0, errors.ObjectNotFoundError, ""),
    _later("-29214", 0, errors.ThrottledError, LATER),
    _row("-40168", 0, errors.ImageRejectedError, "the source is empty"),
    _stop("-46618", 0, errors.AccessDeniedError, _KEYS),
    _stop("-46619", 0, errors.AccessDeniedError, CLOCK),
    _row("-46628", 0, errors.ObjectNotFoundError, ""),
    _stop("-46661", 0, errors.AccessDeniedError, _RIGHTS),
    _stop("-60932", 0, errors.AccessDeniedError, _KEYS),
    _stop("-60936", 0, errors.AccessDeniedError, _RIGHTS),
    _stop("-60938", 0, errors.AccessDeniedError, "sign every part of the request"),
    _stop("-60948", 0, errors.AccessDeniedError, "check the account"),
    _later("-60949", 0, errors.ThrottledError, LATER),
    _row("-60950", 0, errors.ObjectNotFoundError, ""),
    _row("-60955", 0, errors.InvalidRequestError, "check the address"),
    _stop("-60972", 0, errors.InvalidRequestError, REGION),
    _stop("-60983", 0, errors.InvalidRequestError, "check the host"),
    _later("-60987", 0, errors.ServerError, "the source could not be fetched"),
    _row("-60996", 0, errors.ImageRejectedError, "use at most 32 MB"),
    _row("-60997", 0, errors.InvalidRequestError, "ask for fewer results a call"),
    _row("-60998", 0, errors.InvalidRequestError, ""),
    _row("-62999", 0, errors.ImageRejectedError, ""),
)

TABLE = _NAMES + _NUMBERS
"""All of them."""
