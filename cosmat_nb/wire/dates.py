"""Dates of HTTP headers."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["parse_date"]


def parse_date(header: str | None) -> datetime | None:
    """Read a date; None when there is none or it cannot be read.

    A date without a zone is UTC, as HTTP has it (RFC 9110, section 5.6.7).

    Examples
    --------
    >>> parse_date("Thu, 01 Jan 1970 00:01:00 GMT").timestamp()
    60.0
    >>> parse_date("soon") is None
    True
    """
    try:
        date = parsedate_to_datetime(header or "")
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
