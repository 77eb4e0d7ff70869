"""``cosmat export``: what the store has becomes a data set. Nothing is paid."""

from __future__ import annotations

import contextlib
import math
import sys
import warnings
from typing import TYPE_CHECKING, Any

from cosmat_nb.batch.outcome import Status
from cosmat_nb.commands.account import describe_client, open_client
from cosmat_nb.commands.batch import add_batch_arguments, read_asked
from cosmat_nb.commands.exit_code import ExitCode
from cosmat_nb.commands.keys import read_keys
from cosmat_nb.commands.lines import write_line
from cosmat_nb.commands.voice import plain_warnings, say
from cosmat_nb.dataset.cards.about import About
from cosmat_nb.dataset.formats.registry import FORMATS
from cosmat_nb.dataset.pictures.rendering import Rendering
from cosmat_nb.dataset.splits.splitting import split_frame
from cosmat_nb.dataset.writing import write_dataset
from cosmat_nb.errors import CosmatWarning, OptionsError
from cosmat_nb.frame.matting import matte_frame
from cosmat_nb.frame.rows import RESULT_COLUMNS
from cosmat_nb.frame.stored import fetch_stored
from cosmat_nb.store.budget import Budget

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from cosmat_nb.client.blocking import MattingClient
    from cosmat_nb.commands.batch import Asked

__all__ = ["add_arguments", "run"]

_EPILOG = """\
exit codes:
  0    every row is in the data set
  1    rows were left out: not cut yet, refused, or their source is gone
  2    it cannot run as asked, and nothing was written; or the disk is full or
       fails, and what was written stays: make room and run the same command again
  130  interrupted; run the same command again: it writes what is missing
"""
_NOT_STORED = (
    "not in the store: cosmat matte with the same arguments has not cut it, or could "
    "not"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell what ``cosmat export`` takes."""
    parser.epilog = _EPILOG
    add_batch_arguments(parser)
    parser.add_argument(
        "--out",
        required=True,
        metavar="FOLDER",
        help="the data set; an interrupted one goes on, an older one of the same "
        "settings becomes what is named now: examples of other keys are removed",
    )
    parser.add_argument(
        "--format",
        choices=tuple(FORMATS),
        default="folder",
        help="how it is laid out (default: folder)",
    )
    _add_split(parser)
    _add_pictures(parser)
    parser.add_argument("--title", default="", help="of the data set, on its card")
    parser.add_argument(
        "--license", default="", help="of the pictures, as an SPDX name or an address"
    )
    parser.add_argument(
        "--quiet", action="store_true", help="no progress, only what went wrong"
    )


def _add_split(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--split",
        metavar="NAME=SHARE,…",
        help="as train=0.8,val=0.1,test=0.1; without it, a column split counts",
    )
    parser.add_argument("--group", help="column whose equal values stay together")
    parser.add_argument("--stratify", help="column whose shares each split is to have")
    parser.add_argument("--seed", type=int, default=0, help="of the split (default: 0)")
    parser.add_argument("--category", help="column of categories; else all are subject")


def _add_pictures(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--image",
        choices=("source", "cutout", "composite"),
        default="source",
        help="which picture goes with each matte: the original, which is downloaded; "
        "the cutout; or the cutout over --background (default: source)",
    )
    parser.add_argument(
        "--background",
        default="white",
        help="behind a composite: a colour, or the path of a picture (default: white)",
    )
    parser.add_argument(
        "--size",
        metavar="PX",
        help="longer side at most, as 1024; or HEIGHTxWIDTH, as 512x512",
    )


def run(asked: argparse.Namespace) -> int:
    """Write a data set of what `cosmat matte` has cut with the same arguments.

    Returns
    -------
    int
        0 when every row is in it, 1 when rows were left out.
    """
    # A table of cosmat matte is as good as the keys it was made of.
    frame = read_keys(asked.keys, asked.column, asked.etag)
    frame = frame.drop(columns=[name for name in RESULT_COLUMNS if name in frame])
    settings = read_asked(asked)
    rendering = Rendering(
        image=asked.image, background=asked.background, size=_read_size(asked.size)
    )
    about = About(title=asked.title, license=asked.license)
    shares = _read_split(asked)
    with open_client(asked) as client, plain_warnings():
        if shares:
            frame = split_frame(
                frame,
                shares,
                column=asked.column,
                group=asked.group,
                stratify=asked.stratify,
                seed=asked.seed,
            )
        if not asked.quiet:
            say(describe_client(client))
        with contextlib.redirect_stdout(sys.stderr):
            result = write_dataset(
                _look_up(frame, client, settings),
                asked.out,
                asked.format,
                key=asked.column,
                category=asked.category,
                rendering=rendering,
                about=about,
                progress=not asked.quiet,
            )
    return _finish(result, asked)


def _look_up(
    frame: pd.DataFrame, client: MattingClient, settings: Asked
) -> pd.DataFrame:
    """Return what `matte_frame` has answered already; a call is never made."""
    with warnings.catch_warnings():
        # That the budget is used up is what it is for.
        warnings.simplefilter("ignore", CosmatWarning)
        found = matte_frame(
            frame, client, **settings, budget=Budget(calls=0), progress=False
        )
    if (found["status"] == Status.SKIPPED).all():
        raise OptionsError(f"none of {len(found)} pictures is there: {_NOT_STORED}")
    if settings["mode"] == "stored":
        found = fetch_stored(found, client, progress=False)
    return found


def _finish(result: pd.DataFrame, asked: argparse.Namespace) -> ExitCode:
    missing = result[result["example"].isna()]
    unasked = missing["status"] == Status.SKIPPED
    reasons = missing["export_error"].mask(unasked, _NOT_STORED).value_counts()
    written = len(result) - len(missing)
    if asked.json:
        facts: dict[str, Any] = {
            "folder": asked.out,
            "format": asked.format,
            "examples": written,
            "left_out": {str(reason): int(n) for reason, n in reasons.items()},
        }
        print(write_line(facts))
    elif not asked.quiet:
        print(f"{written} example{'s'[: written != 1]} in {asked.out}")
    for reason, count in reasons.items():
        say(f"{count} left out: {reason}")
    return ExitCode.FAILED if len(missing) else ExitCode.OK


def _read_split(asked: argparse.Namespace) -> dict[str, float]:
    if asked.split is None:
        for name in ("group", "stratify"):
            if getattr(asked, name) is not None:
                raise OptionsError(f"--{name} is for --split NAME=SHARE,…: pass both")
        return {}
    shares: dict[str, float] = {}
    for part in asked.split.split(","):
        name, _, text = part.partition("=")
        try:
            share = float(text)
        except ValueError:
            share = math.nan
        if not name or math.isnan(share) or name in shares:
            raise OptionsError(
                f"--split is NAME=SHARE,… as train=0.8,val=0.1,test=0.1; not "
                f"{asked.split!r}"
            )
        shares[name] = share
    return shares


def _read_size(text: str | None) -> int | tuple[int, int] | None:
    if text is None:
        return None
    try:
        sides = [int(side) for side in text.split("x")]
    except ValueError:
        sides = []
    match sides:
        case [longer]:
            return longer
        case [height, width]:
            return height, width
    raise OptionsError(f"--size is PX or HEIGHTxWIDTH, as 512x512; not {text!r}")
