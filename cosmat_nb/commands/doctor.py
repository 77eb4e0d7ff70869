"""``cosmat doctor``: what keeps an account from matting."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from cosmat_nb.client.credentials import find_account
from cosmat_nb.commands.account import add_place_arguments, connect_account
from cosmat_nb.connect import TRIED, connect_emulator
from cosmat_nb.emulator.server import Emulator
from cosmat_nb.errors import CosmatWarning

if TYPE_CHECKING:
    import argparse

    from cosmat_nb.client.blocking import MattingClient

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell what ``cosmat doctor`` takes."""
    add_place_arguments(parser)


def run(asked: argparse.Namespace) -> int:
    """Examine the configured account, or the emulator when there is none."""
    with _examined(asked) as client, warnings.catch_warnings():
        # The findings tell what this warning tells.
        warnings.simplefilter("ignore", CosmatWarning)
        checkup = client.check()
    missed = client.emulated and (asked.bucket or asked.region or asked.endpoint)
    if missed:
        print("what was named is not examined: that takes credentials")
    print(checkup)
    return 0 if checkup.ok and not missed else 1


def _examined(asked: argparse.Namespace) -> MattingClient:
    account = find_account()
    if account is None:
        print(f"no account is configured; tried {TRIED}")
        print("so an emulator is started and examined; nothing is paid")
        return connect_emulator(Emulator())
    client = connect_account(asked, account)
    print(f"credentials found in {account.origin}")
    return client
