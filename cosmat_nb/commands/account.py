"""Who answers a command: an account that is configured, or the emulator by choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosmat_nb.client.credentials import find_account
from cosmat_nb.connect import TRIED, connect_cloud, connect_emulator
from cosmat_nb.emulator.bucket import FolderBucket
from cosmat_nb.emulator.server import Emulator
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    import argparse

    from cosmat_nb.client.blocking import MattingClient
    from cosmat_nb.client.credentials import Account

__all__ = [
    "add_emulator_arguments",
    "add_place_arguments",
    "connect_account",
    "describe_client",
    "open_client",
]


def add_place_arguments(parser: argparse.ArgumentParser) -> None:
    """Let a command take a bucket and where it is."""
    parser.add_argument("--bucket", default="", help="name-appid; else COS_BUCKET")
    parser.add_argument("--region", default="", help="else COS_REGION")
    parser.add_argument("--endpoint", help="ask there, as http://127.0.0.1:8791")


def add_emulator_arguments(parser: argparse.ArgumentParser) -> None:
    """Let a command take the emulator in place of an account."""
    parser.add_argument(
        "--emulator",
        action="store_true",
        help="the embedded emulator answers, and nothing is paid; never taken unasked",
    )
    parser.add_argument(
        "--folder", help="with --emulator: its bucket; else drawn sample scenes"
    )


def open_client(asked: argparse.Namespace, **settings: Any) -> MattingClient:
    """Connect to the configured account, or to an emulator that was asked for.

    Parameters
    ----------
    asked : Namespace
        With the arguments of `add_place_arguments` and `add_emulator_arguments`.
    **settings
        As `connect_cloud` takes them.

    Raises
    ------
    OptionsError
        Without an account and without ``--emulator``, and for arguments of one beside
        the other.
    """
    if asked.emulator:
        named = [name for name in ("bucket", "region", "endpoint") if vars(asked)[name]]
        if named:
            raise OptionsError(
                f"--emulator has a bucket of its own: leave out --{named[0]}, or "
                "--emulator. Nothing was sent"
            )
        emulator = Emulator(FolderBucket(asked.folder)) if asked.folder else None
        return connect_emulator(emulator, **settings)
    if asked.folder:
        raise OptionsError(
            "--folder is the bucket of the emulator: pass --emulator with it. Nothing "
            "was sent"
        )
    account = find_account()
    if account is None:
        raise OptionsError(
            f"no account is configured; tried {TRIED}. Pass --emulator to try it on "
            "this machine, where nothing is paid. Nothing was sent"
        )
    return connect_account(asked, account, **settings)


def connect_account(
    asked: argparse.Namespace, account: Account, **settings: Any
) -> MattingClient:
    """Connect with an account that was found, and the place that was named.

    Raises
    ------
    OptionsError
        When neither names a bucket and a region.
    """
    bucket, region = asked.bucket or account.bucket, asked.region or account.region
    if not (bucket and region):
        raise OptionsError(
            f"credentials found in {account.origin}, but no bucket and region: pass "
            "--bucket and --region, or set COS_BUCKET and COS_REGION"
        )
    return connect_cloud(
        bucket,
        region,
        credentials=account.credentials,
        endpoint=asked.endpoint,
        **settings,
    )


def describe_client(client: MattingClient) -> str:
    """Say who answers, and whether that is paid."""
    if client.emulated:
        return "the embedded emulator answers; nothing is paid"
    address = client.address
    who = f"{client.service} is asked, for bucket {address.bucket} in {address.region}"
    return f"{who}; matting calls are paid" if client.service == "cloud" else who
