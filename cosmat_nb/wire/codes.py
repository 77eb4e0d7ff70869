"""The service's error codes: which error each becomes and what to do about it.

Codes and meanings are the vendor's (COS error list; the Cloud Infinite names of its
image pages). Which of them heal by waiting is this package's judgement.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from cosmat_nb import errors

__all__ = ["CODES", "Code", "find_code", "service_error"]


@dataclass(frozen=True, slots=True)
class Code:
    """One documented error code.

    Attributes
    ----------
    name : str
        As in the error document.
    status : int
        HTTP status it comes with.
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
_CLOCK = "set this machine's clock, or sign anew: the signature's time is over"
_REGION = "the bucket answers elsewhere: check its region"
_LATER = "wait, or use fewer calls at once"

_TABLE = (
    Code("InvalidArgument", 400, errors.InvalidRequestError),
    Code("InvalidRequest", 400, errors.InvalidRequestError),
    Code("InvalidURI", 400, errors.InvalidRequestError),
    Code("MalformedXML", 400, errors.InvalidRequestError),
    Code("InvalidDigest", 400, errors.InvalidRequestError),
    Code("BadDigest", 400, errors.InvalidRequestError),
    Code("InvalidPicOperations", 400, errors.InvalidRequestError),
    Code("InvalidObjectName", 400, errors.InvalidRequestError),
    Code("InvalidBucketName", 400, errors.InvalidRequestError, dooms=True),
    Code("KeyTooLong", 400, errors.InvalidRequestError),
    Code("InvalidImageFormat", 400, errors.ImageRejectedError, cure="use JPEG or PNG"),
    Code("InvalidImageSource", 400, errors.ImageRejectedError),
    Code(
        "ImageTooLarge",
        400,
        errors.ImageRejectedError,
        cure="too small a picture is told so as well",
    ),
    Code("ImageResolutionExceed", 400, errors.ImageRejectedError),
    Code("EntityTooLarge", 400, errors.InvalidRequestError),
    Code("EntitySizeNotMatch", 400, errors.InvalidRequestError),
    Code(
        "ExpiredToken",
        400,
        errors.AccessDeniedError,
        dooms=True,
        cure="fetch new temporary keys",
    ),
    Code("RequestTimeout", 400, errors.InvalidRequestError, heals=True),
    Code("UserNetworkTooSlow", 400, errors.InvalidRequestError, heals=True),
    Code(
        "PaymentRequired",
        402,
        errors.PaymentRequiredError,
        dooms=True,
        cure="the account has an unpaid bill",
    ),
    Code(
        "AccessDenied",
        403,
        errors.AccessDeniedError,
        dooms=True,
        cure="the policy must allow the call (matting needs cos:GetObject and the "
        "operation's own ci action), and the bucket be bound to Cloud Infinite",
    ),
    Code(
        "SignatureDoesNotMatch",
        403,
        errors.AccessDeniedError,
        dooms=True,
        cure=_KEYS,
    ),
    Code("InvalidAccessKeyId", 403, errors.AccessDeniedError, dooms=True, cure=_KEYS),
    Code(
        "RequestTimeTooSkewed",
        403,
        errors.AccessDeniedError,
        dooms=True,
        cure="set this machine's clock: it is over 15 minutes off",
    ),
    Code(
        "NoProcessAuthority",
        403,
        errors.AccessDeniedError,
        dooms=True,
        cure="the account has no right to image processing",
    ),
    Code(
        "InvalidObjectState",
        403,
        errors.InvalidRequestError,
        cure="the object is archived: restore it first",
    ),
    Code("NoSuchKey", 404, errors.ObjectNotFoundError),
    Code("NoSuchBucket", 404, errors.ObjectNotFoundError, dooms=True),
    Code("MethodNotAllowed", 405, errors.InvalidRequestError),
    Code("PathConflict", 409, errors.InvalidRequestError, heals=True),
    Code("UploadConflict", 409, errors.InvalidRequestError, heals=True),
    Code("MissingContentLength", 411, errors.InvalidRequestError),
    Code("PreconditionFailed", 412, errors.InvalidRequestError),
    Code("InvalidRange", 416, errors.InvalidRequestError),
    Code("UnavailableForLegalReasons", 451, errors.ImageRejectedError),
    Code("DomainAuditFailed", 451, errors.InvalidRequestError, dooms=True),
    Code("InternalError", 500, errors.ServerError, heals=True),
    Code("NotImplemented", 501, errors.ServerError),
    Code("SlowDown", 503, errors.ThrottledError, heals=True, cure=_LATER),
    Code("ServiceUnavailable", 503, errors.ThrottledError, heals=True, cure=_LATER),
    # Seen in the vendor's job interfaces; that it comes with 400 is assumed.
    Code(
        "AIBucketUnBinded",
        400,
        errors.AccessDeniedError,
        dooms=True,
        cure="switch on AI content recognition for the bucket",
    ),
)

CODES = MappingProxyType({code.name: code for code in _TABLE})
"""Every code of the table by its name."""

_BY_STATUS = (
    *(
        (status, Code("", status, errors.InvalidRequestError, dooms=True, cure=_REGION))
        for status in (301, 302, 307)
    ),
    (402, Code("", 402, errors.PaymentRequiredError, dooms=True)),
    (401, Code("", 401, errors.AccessDeniedError, dooms=True)),
    # Without a code this may be one protected picture: the others are still asked for.
    (403, Code("", 403, errors.AccessDeniedError, cure="check keys and rights")),
    (404, Code("", 404, errors.ObjectNotFoundError, cure="no such key or bucket")),
    (408, Code("", 408, errors.InvalidRequestError, heals=True)),
    (429, Code("", 429, errors.ThrottledError, heals=True, cure=_LATER)),
    (501, Code("", 501, errors.ServerError)),
    (503, Code("", 503, errors.ThrottledError, heals=True, cure=_LATER)),
)


_FIRST_SERVER_ERROR = 500


def find_code(name: str, status: int) -> Code:
    """Look up an error code; an unknown name is judged by its HTTP status alone.

    Parameters
    ----------
    name : str
        Code of the error document, ``""`` when there is none (HEAD).
    status : int
        HTTP status.

    Examples
    --------
    >>> find_code("SlowDown", 503).heals
    True
    >>> find_code("SomethingNew", 404).error.__name__
    'ObjectNotFoundError'
    """
    if name in CODES:
        return CODES[name]
    general = dict(_BY_STATUS).get(status)
    if general is not None:
        return general
    if status >= _FIRST_SERVER_ERROR:
        return Code("", status, errors.ServerError, heals=True)
    return Code("", status, errors.InvalidRequestError)


def service_error(
    name: str,
    message: str,
    *,
    status: int | None = None,
    request_id: str | None = None,
    attempts: int = 1,
) -> errors.ServiceError:
    """Build the error of the tree for a code, with its cure in the message.

    Parameters
    ----------
    name : str
        The service's error code, ``""`` when there is none.
    message : str
        What happened.
    status : int, optional
        HTTP status; by default the one of the table.
    request_id : str, optional
        ``x-cos-request-id``.
    attempts : int, default 1
        Requests sent for this call.

    Examples
    --------
    >>> error = service_error("SlowDown", "Please reduce your request rate.")
    >>> type(error).__name__, error.status
    ('ThrottledError', 503)
    """
    code = find_code(name, status or 0)
    # The service tells a signature's end under the code of a missing right.
    is_over = code.name == "AccessDenied" and "expired" in message
    cure = _CLOCK if is_over else code.cure
    words = [message.rstrip(".") if cure else message, cure]
    return code.error(
        "; ".join(word for word in words if word),
        code=name,
        status=status or code.status or None,
        request_id=request_id,
        attempts=attempts,
        heals=code.heals,
        dooms=code.dooms,
    )
