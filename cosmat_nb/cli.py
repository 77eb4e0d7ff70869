"""The command line ``cosmat``: which command is meant, and how it ends."""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import TYPE_CHECKING

from cosmat_nb import __version__
from cosmat_nb.commands import demo, doctor, export, matte, models, plan, serve
from cosmat_nb.errors import CosmatError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_PIPE_CLOSED = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the process's exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default the process's own.

    Returns
    -------
    int
        0 when all went well, 1 when a picture was not cut or a check failed, 2 when
        the command cannot run as asked, 130 when it was interrupted, 141 when nobody
        reads its output any more. `cosmat_nb.commands.exit_code` has those of a batch:
        3 when rows were left unsent, 4 for an account error.
    """
    asked = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal without a letter of a key is no reason to fail after a paid call.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _run(asked)
        sys.stdout.flush()
    except BrokenPipeError:
        # What Python would write at its exit goes nowhere instead.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except (CosmatError, OSError) as error:
        print(f"cosmat: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("cosmat: interrupted", file=sys.stderr)
        return 130
    return code


def _run(asked: argparse.Namespace) -> int:
    commands = {
        "demo": demo.run,
        "doctor": doctor.run,
        "export": export.run,
        "matte": matte.run,
        "models": models.run,
        "plan": plan.run,
        "serve": serve.run,
    }
    return commands[asked.command](asked)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cosmat", description="Image matting on Tencent Cloud COS."
    )
    parser.add_argument(
        "--version", action="version", version=f"cosmat-nb {__version__}"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, words, add_arguments in (
        (
            "demo",
            "cut pictures with the embedded emulator and show the result",
            demo.add_arguments,
        ),
        (
            "plan",
            "tell what a batch would do and cost; pays nothing",
            plan.add_arguments,
        ),
        (
            "matte",
            "cut out what a file of keys names; paid calls",
            matte.add_arguments,
        ),
        (
            "export",
            "write a data set of what is cut already; pays nothing",
            export.add_arguments,
        ),
        ("serve", "run the emulator until Ctrl-C", serve.add_arguments),
        (
            "models",
            "list the networks that can cut here, or fetch one",
            models.add_arguments,
        ),
        (
            "doctor",
            "tell what keeps an account from matting; cuts nothing",
            doctor.add_arguments,
        ),
    ):
        add_arguments(
            commands.add_parser(
                name,
                help=words,
                description=f"{words[0].upper()}{words[1:]}.",
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
