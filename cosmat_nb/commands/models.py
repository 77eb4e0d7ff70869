"""``cosmat models``: networks that can cut, those at hand, and fetching others."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tqdm import tqdm

from cosmat_nb.commands.voice import say
from cosmat_nb.matting.folder import fetch_model, look_up, model_folder
from cosmat_nb.matting.models import COSMAT, MODELS
from cosmat_nb.matting.neural import WEIGHTS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from cosmat_nb.matting.models import Model

__all__ = ["add_arguments", "get_model", "run"]

_DAMAGED = "another file: its checksum differs"
_EPILOG = """\
The folder of models is rembg's: $U2NET_HOME, else $XDG_DATA_HOME/.u2net, else
~/.u2net. Nothing is ever fetched but by `cosmat models get NAME`.

exit codes:
  0    listed; or the model is there, and its checksum is right
  1    a file that is listed is damaged
  2    it could not be fetched; what was there before is still there
  130  interrupted; nothing was kept
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell what ``cosmat models`` takes."""
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", help="what to do instead of listing"
    )
    words = "fetch a model from the address rembg documents"
    get = actions.add_parser("get", help=words, description=f"{words.capitalize()}.")
    get.add_argument("name", choices=tuple(MODELS), help="as cosmat models lists it")
    get.add_argument("--quiet", action="store_true", help="only what went wrong")


def run(asked: argparse.Namespace) -> int:
    """List the models, or fetch one; asks nothing.

    Returns
    -------
    int
        0 when all went well, 1 when a file that is listed is damaged.
    """
    if asked.action == "get":
        get_model(MODELS[asked.name], quiet=asked.quiet)
        return 0
    rows = list(_rows())
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print(f"model folder: {model_folder()}")
    for row in rows:
        print("  ".join(map(str.ljust, row, widths)).rstrip())
    print("to fetch one: cosmat models get NAME")
    return int(any(row[3] == _DAMAGED for row in rows))


def _rows() -> Iterator[tuple[str, ...]]:
    yield "name", "licence", "size", "state", "source"
    size = _size(WEIGHTS.stat().st_size)
    yield COSMAT.name, COSMAT.license, size, "comes with cosmat-nb", ""
    for model in MODELS.values():
        found = look_up(model)
        size, state = "", "not there"
        if found.nbytes is not None:
            size = _size(found.nbytes)
            state = "there, checksum right" if found.intact else _DAMAGED
        yield model.name, model.license, size, state, model.source


def _size(nbytes: int) -> str:
    return f"{nbytes / 1e6:.1f} MB"


def get_model(model: Model, *, quiet: bool = False) -> None:
    """Fetch a model unless it is there, and tell its licence and where it is kept.

    Raises
    ------
    CosmatError
        As `fetch_model`.
    """
    if not quiet:
        say(f"{model.name}: licence {model.license}, {model.source}")
    found = look_up(model)
    path = found.path if found.intact else _fetch(model, quiet=quiet)
    if not quiet:
        said = "was there already" if found.intact else "fetched"
        size = _size(path.stat().st_size)
        print(f"{path}  {size}, {said}, checksum right")


def _fetch(model: Model, *, quiet: bool) -> Path:
    if not quiet:
        say(f"fetching {model.address}")
    # None: no bar where standard error is no terminal.
    with tqdm(
        desc=model.name,
        unit="B",
        unit_scale=True,
        file=sys.stderr,
        disable=quiet or None,
    ) as bar:

        def report(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return fetch_model(model, report=report)
