"""``cosmat matte``: a file of keys becomes a table of cutouts. Paid calls."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, TextIO

from cosmat_nb.commands.account import describe_client, open_client
from cosmat_nb.commands.batch import add_batch_arguments, read_asked
from cosmat_nb.commands.exit_code import EXIT_CODES, ExitCode, judge_result
from cosmat_nb.commands.keys import read_keys
from cosmat_nb.commands.lines import row_facts, write_line
from cosmat_nb.commands.table import check_out, plain_table, write_table
from cosmat_nb.commands.voice import plain_warnings, say
from cosmat_nb.errors import BatchInterrupted, BudgetExceededError, OptionsError
from cosmat_nb.frame.interrupts import counted_interrupts
from cosmat_nb.frame.matting import CONFIRM_OVER, matte_frame
from cosmat_nb.frame.summary import summarize_run
from cosmat_nb.store.budget import Budget

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

    from cosmat_nb.client.blocking import MattingClient

__all__ = ["add_arguments", "run"]

_AGAIN = "run the same command again: it asks only for what is missing"
_WORDS = {
    ExitCode.ACCOUNT: f"cosmat doctor tells what is wrong; then {_AGAIN}",
    ExitCode.UNSENT: f"rows were left unsent; {_AGAIN}",
    ExitCode.INTERRUPTED: f"interrupted; {_AGAIN}",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell what ``cosmat matte`` takes."""
    parser.epilog = EXIT_CODES
    add_batch_arguments(parser)
    parser.add_argument(
        "--out", required=True, help="the result table, .csv or .parquet; replaced"
    )
    _add_limits(parser)
    parser.add_argument(
        "--concurrency", type=int, default=8, help="most calls in flight (default: 8)"
    )
    parser.add_argument(
        "--quiet",
        action="store_true",
        help="no progress and no summary, only what went wrong",
    )


def _add_limits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--budget-calls", type=int, metavar="N", help="most calls that may be billed"
    )
    parser.add_argument(
        "--budget-amount",
        type=float,
        metavar="X",
        help="most money for them, CNY, by a price that is not verified",
    )
    parser.add_argument(
        "--per-day",
        type=int,
        metavar="N",
        help="most calls a day (UTC+8) of everybody who uses the store",
    )
    parser.add_argument(
        "--budget-name",
        metavar="NAME",
        help="commands with one name share one budget, later ones too; by default "
        "every run has its own",
    )
    confirm = parser.add_mutually_exclusive_group()
    confirm.add_argument(
        "--confirm-over",
        type=int,
        metavar="N",
        default=CONFIRM_OVER,
        help=f"send nothing when there are more paid calls (default: {CONFIRM_OVER})",
    )
    confirm.add_argument("--yes", action="store_true", help="any number of paid calls")
    parser.add_argument(
        "--deadline",
        type=float,
        metavar="SECONDS",
        help="send nothing more after that; what is in flight is answered",
    )


def run(asked: argparse.Namespace) -> int:
    """Matte what a file names and write the table.

    What the store has is not asked again, so the same command finishes what was
    interrupted, killed or stopped. SIGTERM counts as the first Ctrl-C.

    Returns
    -------
    int
        As `EXIT_CODES` says.
    """
    out = check_out(asked.out, asked.keys)
    frame = read_keys(asked.keys, asked.column, asked.etag)
    budget, settings = _budget(asked), read_asked(asked)
    with (
        open_client(asked, concurrency=asked.concurrency) as client,
        plain_warnings(),
        _terminated_as_interrupted(),
    ):
        if not asked.quiet:
            say(describe_client(client))
        try:
            result, interrupted = _matte(
                frame,
                client,
                asked,
                **settings,
                budget=budget,
                confirm_over=None if asked.yes else asked.confirm_over,
                deadline=asked.deadline,
                progress=not asked.quiet,
            )
        except BudgetExceededError as error:
            say(f"{error}. On the command line: --confirm-over N or --yes")
            return ExitCode.UNSENT
        except OSError as error:
            say(f"{error}. What was answered is kept: {_AGAIN}")
            return ExitCode.FAILED
        code = ExitCode.INTERRUPTED if interrupted else judge_result(result)
        return _finish(result, code, out, asked)


def _matte(
    frame: pd.DataFrame,
    client: MattingClient,
    asked: argparse.Namespace,
    **settings: Any,
) -> tuple[pd.DataFrame, bool]:
    try:
        # A batch that shows how far it is writes its summary in the end.
        with contextlib.redirect_stdout(_stdout(asked)):
            return matte_frame(frame, client, **settings), False
    except BatchInterrupted as stop:
        return stop.result, True


def _stdout(asked: argparse.Namespace) -> TextIO:
    return sys.stderr if asked.json else sys.stdout


def _finish(
    result: pd.DataFrame, code: ExitCode, out: Path, asked: argparse.Namespace
) -> ExitCode:
    # What was paid for is not kept from the table by another interrupt.
    with counted_interrupts() as late:
        table = plain_table(result, out)
        written = _write(table, out)
    if late:
        code = ExitCode.INTERRUPTED
    elif not written:
        code = code or ExitCode.FAILED
    summary = summarize_run(result)
    if written and not asked.quiet:
        say(f"{len(table)} rows are in {out}")
    if code in _WORDS:
        say(_WORDS[code])
    if asked.json:
        for facts in row_facts(table, asked.column):
            print(write_line(facts))
        ending = {"exit_code": code, "table": out if written else None}
        print(write_line({"summary": {**summary.as_dict(), **ending}}))
    return code


def _write(table: pd.DataFrame, out: Path) -> bool:
    try:
        write_table(table, out)
    except (OSError, ValueError, TypeError) as error:
        say(f"{out} could not be written: {error}. What was answered is kept: {_AGAIN}")
        return False
    return True


def _budget(asked: argparse.Namespace) -> Budget | None:
    limits = {
        "calls": asked.budget_calls,
        "amount": asked.budget_amount,
        "per_day": asked.per_day,
    }
    if any(limit is not None for limit in limits.values()):
        name = {} if asked.budget_name is None else {"name": asked.budget_name}
        return Budget(**limits, **name)
    if asked.budget_name is not None:
        raise OptionsError(
            "--budget-name needs a limit: pass --budget-calls, --budget-amount or "
            "--per-day with it"
        )
    return None


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told: list[int] = []

    def interrupt(number: int, _: object) -> None:
        # Only the first: a second interrupt does not wait for what is in flight.
        if not told:
            told.append(number)
            signal.raise_signal(signal.SIGINT)

    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGTERM, interrupt)
    if before[signal.SIGINT] is signal.SIG_IGN:
        # A shell's background jobs ignore it, and so would ignore being terminated.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
