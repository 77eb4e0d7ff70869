"""Finding an error code, and the error of our tree that it becomes."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from cosmat_nb import errors
from cosmat_nb.wire.code_table import ELSEWHERE, LATER, OVER, TABLE, Code

__all__ = ["CODES", "Code", "find_code", "is_over", "service_error"]

CODES = MappingProxyType({code.name: code for code in TABLE})
"""Every code of the table by its name, numbers as text."""

_BY_STATUS = MappingProxyType(
    {
        **{
            status: Code("", status, errors.InvalidRequestError, *ELSEWHERE, dooms=True)
            for status in (301, 302, 307)
        },
        402: Code("", 402, errors.PaymentRequiredError, dooms=True),
        401: Code("", 401, errors.AccessDeniedError, dooms=True),
        # Without a code this may be one protected picture: go on with the others.
        403: Code("", 403, errors.AccessDeniedError, cure="check keys and rights"),
        404: Code("", 404, errors.ObjectNotFoundError, cure="no such key or bucket"),
        408: Code("", 408, errors.InvalidRequestError, heals=True),
        429: Code("", 429, errors.ThrottledError, heals=True, cure=LATER),
        501: Code("", 501, errors.ServerError),
        503: Code("", 503, errors.ThrottledError, heals=True, cure=LATER),
    }
)

_FIRST_SERVER_ERROR = 500

_CURE, _MEANING, _TOPIC = OVER
_LATE = replace(CODES["AccessDenied"], cure=_CURE, meaning=_MEANING, topic=_TOPIC)
"""The service tells the end of a signature under the code of a missing right."""


def find_code(name: str, status: int, number: str = "", message: str = "") -> Code:
    """Look up an error code; an unknown name is judged by its HTTP status alone.

    Parameters
    ----------
    name : str
        Code of the error document, ``""`` when there is none (HEAD).
    status : int
        HTTP status.
    number : str, default ""
        ``X-ErrNo``; where the table has it, it says more than the name.
    message : str, default ""
        In it ``AccessDenied`` says whether it is a signature's time that is over.

    Examples
    --------
    >>> find_code("SlowDown", 503).heals
    True
    >>> find_code("InvalidRequest", 400, "-164").error.__name__
    'ThrottledError'
    >>> find_code("SomethingNew", 404).error.__name__
    'ObjectNotFoundError'
    """
    known = CODES.get(number) or CODES.get(name) or _BY_STATUS.get(status)
    late = name == "AccessDenied" and "has expired" in message
    if late and known is not None and known.topic == "rights":
        return _LATE
    if known is not None:
        return known
    if status >= _FIRST_SERVER_ERROR:
        return Code("", status, errors.ServerError, heals=True)
    return Code("", status, errors.InvalidRequestError)


def is_over(name: str, message: str, number: str = "") -> bool:
    """Whether an error says that a signature's time is over, or a clock is off.

    Examples
    --------
    >>> is_over("AccessDenied", "Request has expired"), is_over("AccessDenied", "No.")
    (True, False)
    >>> is_over("Refused", "No.", "-46619")
    True
    """
    return find_code(name, 0, number, message).topic == "clock"


def service_error(
    name: str,
    message: str,
    *,
    number: str = "",
    status: int | None = None,
    request_id: str | None = None,
    attempts: int = 1,
) -> errors.ServiceError:
    """Build the error of the tree for a code, with meaning and cure in the message.

    Parameters
    ----------
    name : str
        The service's error code, ``""`` when there is none.
    message : str
        What happened.
    number : str, default ""
        ``X-ErrNo``; it takes the name's place where there is no name.
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
    code = find_code(name, status or 0, number, message)
    told = f"{message.rstrip('.')} (number {number})" if name and number else message
    words = [word for word in (told, code.meaning, code.cure) if word]
    return code.error(
        "; ".join([*(word.rstrip(".") for word in words[:-1]), *words[-1:]]),
        code=name or number,
        number=number,
        status=status or code.status or None,
        request_id=request_id,
        attempts=attempts,
        heals=code.heals,
        dooms=code.dooms,
    )
