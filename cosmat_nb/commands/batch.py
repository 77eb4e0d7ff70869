"""What ``cosmat plan`` and ``cosmat matte`` both take."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from cosmat_nb.batch.asking import SAVE_AS
from cosmat_nb.commands.account import add_emulator_arguments, add_place_arguments
from cosmat_nb.errors import OptionsError
from cosmat_nb.options import MattingOptions, Operation
from cosmat_nb.store.store import Store

if TYPE_CHECKING:
    import argparse
    from typing import Literal

__all__ = ["Asked", "add_batch_arguments", "read_asked"]


class Asked(TypedDict):
    """Keyword arguments that `plan_frame` and `matte_frame` share."""

    options: MattingOptions
    column: str
    etag: str
    store: Store
    mode: Literal["download", "stored"]
    save_as: str


def add_batch_arguments(parser: argparse.ArgumentParser) -> None:
    """Let a command take keys, options, a store and who answers."""
    parser.add_argument(
        "keys",
        help="a .csv or .parquet file; .txt or .lst, one key a line; - for such lines "
        "from standard input",
    )
    parser.add_argument(
        "--column", default="key", help="of keys and addresses (default: key)"
    )
    parser.add_argument(
        "--etag",
        help="column of ETags, by which a replaced picture is asked again; by default "
        "etag, where there is one",
    )
    _add_options(parser)
    parser.add_argument(
        "--store", help="folder of answers and ledger; else COSMAT_STORE, else your own"
    )
    add_place_arguments(parser)
    add_emulator_arguments(parser)
    parser.add_argument(
        "--json", action="store_true", help="standard output is JSON lines, and no more"
    )


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--operation",
        default=str(MattingOptions().operation),
        help=f"one of {', '.join(Operation)} (default: %(default)s)",
    )
    parser.add_argument(
        "--center", action="store_true", help="move the subject to the middle"
    )
    parser.add_argument(
        "--padding", default="", help="space around the subject, px, as 20x10"
    )
    parser.add_argument(
        "--mode",
        choices=("download", "stored"),
        default="download",
        help="whether cutouts come to the store, or are made in the bucket",
    )
    parser.add_argument(
        "--save-as",
        help="object keys of results in mode stored; may hold {key}, {stem}, {name} "
        f"(default: {SAVE_AS})",
    )


def read_asked(asked: argparse.Namespace) -> Asked:
    """Read what `add_batch_arguments` took; opens the store.

    Raises
    ------
    OptionsError
        For options that the service does not know, a template without mode "stored",
        and a store that cannot be written.
    """
    if asked.save_as is not None and asked.mode != "stored":
        raise OptionsError("--save-as names results in the bucket: pass --mode stored")
    parameters = {
        "ci-process": asked.operation,
        "center-layout": "1" if asked.center else "",
        "padding-layout": asked.padding,
    }
    return Asked(
        options=MattingOptions.from_parameters(parameters),
        column=asked.column,
        etag=asked.etag or "etag",
        store=Store(asked.store),
        mode=asked.mode,
        save_as=SAVE_AS if asked.save_as is None else asked.save_as,
    )
