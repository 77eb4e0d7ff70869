"""``cosmat plan``: what a batch would do and cost; nothing is paid."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from cosmat_nb.commands.account import describe_client, open_client
from cosmat_nb.commands.batch import add_batch_arguments, read_asked
from cosmat_nb.commands.exit_code import ExitCode
from cosmat_nb.commands.keys import read_keys
from cosmat_nb.commands.lines import plan_facts, write_line
from cosmat_nb.commands.voice import plain_warnings, say
from cosmat_nb.errors import CallError
from cosmat_nb.frame.planning import plan_frame

if TYPE_CHECKING:
    import argparse

__all__ = ["add_arguments", "run"]

_EPILOG = """\
exit codes:
  0    here is the plan, whatever it says
  1    pictures could not be probed
  2    it cannot run as asked; nothing was sent
  4    an account error stopped the probing: keys, rights, unpaid bill, bucket
  130  interrupted
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell what ``cosmat plan`` takes."""
    parser.epilog = _EPILOG
    add_batch_arguments(parser)
    parser.add_argument(
        "--probe",
        action="store_true",
        help="look into each picture to be called: a request or two each, none a "
        "matting call; without it nothing is sent",
    )


def run(asked: argparse.Namespace) -> int:
    """Print what `cosmat matte` would do with the same arguments.

    Returns
    -------
    int
        0 when there is a plan, 1 when pictures could not be probed, 4 when an account
        error stopped that.
    """
    frame = read_keys(asked.keys, asked.column, asked.etag)
    settings = read_asked(asked)
    with open_client(asked) as client, plain_warnings():
        say(describe_client(client))
        try:
            with contextlib.redirect_stdout(sys.stderr):
                plan = plan_frame(frame, client, probe=asked.probe, **settings)
        except CallError as error:
            say(error)
            return ExitCode.ACCOUNT if error.dooms else ExitCode.FAILED
    print(write_line(plan_facts(plan)) if asked.json else plan)
    return ExitCode.OK
