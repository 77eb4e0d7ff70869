"""Everything that can go wrong, sorted by what the caller can do about it.

::

    CosmatError
    ├── OptionsError (ValueError)       an argument cannot be used; nothing was sent
    ├── ImageError (ValueError)         these bytes are not a picture we can use
    ├── CallError                       a call was made and did not succeed
    │   ├── TransportError              no answer: connection, timeout, deadline
    │   ├── ProtocolError               an answer that is not what the service documents
    │   │   └── ResultMissingError      a result that was asked for is not in it
    │   └── ServiceError                the service answered with an error document
    │       ├── AccessDeniedError       keys, signature, clock or rights
    │       ├── PaymentRequiredError    unpaid bill
    │       ├── ObjectNotFoundError (LookupError)   no such key or bucket
    │       ├── ImageRejectedError      format, size or content of the picture
    │       ├── InvalidRequestError     any other 4xx
    │       ├── ThrottledError          too many requests
    │       └── ServerError             5xx
    └── BudgetExceededError             the next call would cost more than allowed

    UserWarning
    └── CosmatWarning                   all went on, and something should be known

    KeyboardInterrupt
    └── BatchInterrupted                a batch was stopped; carries what was answered

A message says what was expected, what came and what to do. No error ever holds
a secret key, a token or a signature.
"""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AccessDeniedError",
    "BatchInterrupted",
    "BudgetExceededError",
    "CallError",
    "CosmatError",
    "CosmatWarning",
    "ImageError",
    "ImageRejectedError",
    "InvalidRequestError",
    "ObjectNotFoundError",
    "OptionsError",
    "PaymentRequiredError",
    "ProtocolError",
    "ResultMissingError",
    "ServerError",
    "ServiceError",
    "ThrottledError",
    "TransportError",
]


logger = logging.getLogger(__name__)


class CosmatError(Exception):
    """Base of every error raised on purpose by this package."""


class CosmatWarning(UserWarning):
    """Something went otherwise than asked, and nothing is lost by it."""


def tell(message: str) -> None:
    """Warn; where warnings are errors, log instead: no call fails for being told of.

    Parameters
    ----------
    message : str
        Shown as a `CosmatWarning`.
    """
    try:
        warnings.warn(message, CosmatWarning, stacklevel=3)
    except CosmatWarning:
        logger.warning(message)


class OptionsError(CosmatError, ValueError):
    """An argument cannot be used: an option, a key, a column, a folder, an account."""


class ImageError(CosmatError, ValueError):
    """Bytes that are not a picture this package can read.

    Attributes
    ----------
    too_large : bool
        Whether it is a picture, and only has too many pixels.
    """

    def __init__(self, message: str, *, too_large: bool = False) -> None:
        super().__init__(message)
        self.too_large = too_large


class CallError(CosmatError):
    """A call that did not succeed.

    Attributes
    ----------
    message : str
        What happened, in one sentence.
    code : str
        The service's error code; the class name where the service gave none.
    status : int or None
        HTTP status of the last answer, None when there was none.
    request_id : str or None
        ``x-cos-request-id`` of the last answer: quote it to the vendor's support.
    attempts : int
        Requests sent for this call, retries included. Each may have been billed.
    heals : bool
        Whether the same call may succeed when it is made again later.
    dooms : bool
        Whether any other call would fail the same way: keys, rights, bill, bucket.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        status: int | None = None,
        request_id: str | None = None,
        attempts: int = 1,
        heals: bool = False,
        dooms: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).__name__
        self.status = status
        self.request_id = request_id
        self.attempts = attempts
        self.heals = heals
        self.dooms = dooms

    def __str__(self) -> str:
        facts = [] if self.code == type(self).__name__ else [self.code]
        if self.status is not None:
            facts.append(f"HTTP {self.status}")
        if self.request_id:
            facts.append(f"request {self.request_id}")
        if self.attempts != 1:
            facts.append(f"{self.attempts} attempts")
        return f"{self.message} [{', '.join(facts)}]" if facts else self.message


class TransportError(CallError):
    """No usable answer arrived: connection refused or lost, timeout, deadline.

    Attributes
    ----------
    unsent : bool
        Whether no connection came about, so that the service cannot have billed it.
    """

    def __init__(
        self,
        message: str,
        *,
        heals: bool = True,
        unsent: bool = False,
        **facts: Any,
    ) -> None:
        super().__init__(message, heals=heals, **facts)
        self.unsent = unsent


class ProtocolError(CallError):
    """An answer arrived that is not what the service documents."""

    def __init__(self, message: str, *, heals: bool = True, **facts: Any) -> None:
        super().__init__(message, heals=heals, **facts)


class ResultMissingError(ProtocolError):
    """A call in the bucket succeeded, and not every result asked for came of it.

    What did come is in the bucket and may have been billed, so it is not asked again.

    Attributes
    ----------
    missing : tuple of str
        Object keys of the results that the answer does not name.
    result : UploadResult
        The answer.
    """

    def __init__(
        self,
        message: str,
        *,
        missing: tuple[str, ...] = (),
        result: Any = None,
        heals: bool = False,
        **facts: Any,
    ) -> None:
        super().__init__(message, heals=heals, **facts)
        self.missing = missing
        self.result = result


class ServiceError(CallError):
    """The service answered with an error document.

    Attributes
    ----------
    number : str
        Cloud Infinite's own number (``X-ErrNo``), as ``-164``; often empty.
    """

    def __init__(self, message: str, *, number: str = "", **facts: Any) -> None:
        super().__init__(message, **facts)
        self.number = number


class AccessDeniedError(ServiceError):
    """Keys, signature, clock or rights: no other call will do better."""


class PaymentRequiredError(ServiceError):
    """The account has an unpaid bill."""


class ObjectNotFoundError(ServiceError, LookupError):
    """The object key or the bucket does not exist."""


class ImageRejectedError(ServiceError):
    """The service refuses this picture: its format, size or content."""


class InvalidRequestError(ServiceError):
    """The service refuses this request for any other reason of the caller's."""


class ThrottledError(ServiceError):
    """Too many requests: wait and ask again."""


class ServerError(ServiceError):
    """The service failed on its side."""


class BudgetExceededError(CosmatError):
    """The next call would cost more than the budget allows; it was not sent."""


class BatchInterrupted(KeyboardInterrupt):
    """A batch was interrupted; every answer that had arrived is in `result`.

    It derives from ``KeyboardInterrupt`` so that "run all cells" stops as well.

    Attributes
    ----------
    message : str
        How far it came.
    result : pandas.DataFrame
        The partial result frame; rows never asked for have status ``skipped``.
    """

    def __init__(self, message: str, result: pd.DataFrame) -> None:
        super().__init__(message)
        self.message = message
        self.result = result

    def __reduce__(self) -> tuple[object, ...]:
        # The frame is not among the arguments, which every repr would print.
        return type(self), (self.message, self.result)
