"""Where an account comes from: the environment, or the vendor's profile file."""

from __future__ import annotations

import configparser
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Account", "find_account"]

PROFILE = "~/.cos.conf"
"""The INI file that the vendor's command line tools write."""

_ENVIRONMENTS = (
    ("COS_SECRET_ID", "COS_SECRET_KEY", "COS_TOKEN"),
    ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Credentials with what else their source says.

    Attributes
    ----------
    credentials : Credentials
        The key pair.
    origin : str
        Where it was found.
    bucket, region : str
        Empty when the source names none.
    """

    credentials: Credentials
    origin: str
    bucket: str = ""
    region: str = ""


def find_account(
    environment: Mapping[str, str] | None = None, profile: str | Path = PROFILE
) -> Account | None:
    """Look for an account: environment first, then the profile file.

    Parameters
    ----------
    environment : mapping of str to str, optional
        By default the process's own.
    profile : str or Path
        An INI file with ``secret_id``, ``secret_key``, ``token``, ``bucket`` and
        ``region`` in its first section.

    Returns
    -------
    Account or None
        None when neither has a key pair.

    Raises
    ------
    OptionsError
        When a source has half of a key pair or cannot be read.
    """
    found = os.environ if environment is None else environment
    bucket, region = found.get("COS_BUCKET", ""), found.get("COS_REGION", "")
    for names in _ENVIRONMENTS:
        values = [found.get(name, "") for name in names]
        credentials = _pair(*values, origin=f"{names[0]} and {names[1]}")
        if credentials:
            return Account(
                credentials=credentials,
                origin=f"environment ({names[0]})",
                bucket=bucket,
                region=region,
            )
    values_of = _read_profile(profile)
    credentials = _pair(
        *(values_of.get(name, "") for name in ("secret_id", "secret_key", "token")),
        origin=f"secret_id and secret_key in {profile}",
    )
    if credentials is None:
        return None
    return Account(
        credentials=credentials,
        origin=str(profile),
        bucket=bucket or values_of.get("bucket", ""),
        region=region or values_of.get("region", ""),
    )


def _pair(
    secret_id: str, secret_key: str, token: str, *, origin: str
) -> Credentials | None:
    if not secret_id and not secret_key:
        return None
    if not (secret_id and secret_key):
        raise OptionsError(f"set both {origin}; only one of them is there")
    return Credentials(secret_id.strip(), secret_key.strip(), token.strip())


def _read_profile(profile: str | Path) -> Mapping[str, str]:
    try:
        # A byte order mark is what some editors put in front of UTF-8.
        text = Path(profile).expanduser().read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError, RuntimeError):
        # The last is Python's way to say that this user has no home.
        return {}
    except (OSError, UnicodeDecodeError):
        raise _unreadable(profile) from None
    # Interpolation would choke on a % in a key.
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error:
        # The parser's own message quotes the line, which may be a secret.
        raise _unreadable(profile) from None
    sections = parser.sections()
    return parser[sections[0]] if sections else {}


def _unreadable(profile: str | Path) -> OptionsError:
    return OptionsError(f"the profile {profile} is not a readable INI file")
