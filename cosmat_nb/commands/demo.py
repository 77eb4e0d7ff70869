"""``cosmat demo``: pictures cut by the embedded emulator, and shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cosmat_nb.connect import connect_emulator
from cosmat_nb.emulator.bucket import FolderBucket
from cosmat_nb.emulator.server import Emulator
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.listing import list_frame
from cosmat_nb.frame.matting import matte_frame
from cosmat_nb.frame.measuring import measure_frame
from cosmat_nb.store.store import Store
from cosmat_nb.view.plots.grid import plot_grid
from cosmat_nb.view.report import write_report

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from cosmat_nb.client.blocking import MattingClient
    from cosmat_nb.cutout import Cutout

__all__ = ["add_arguments", "run"]

_SHOWN = ("key", "status", "coverage", "soft_fraction", "parts", "holes", "edge_width")
_PICTURES = (".jpg", ".jpeg", ".png")
_GRID, _GRID_ROWS = "before_after.png", 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell what ``cosmat demo`` takes."""
    parser.add_argument("--out", required=True, type=Path, help="folder to write to")
    parser.add_argument("--folder", type=Path, help="your own JPEG and PNG files")
    parser.add_argument("--seed", type=int, default=0, help="draw other sample scenes")


def run(asked: argparse.Namespace) -> int:
    """Cut sample scenes, or a folder of pictures, and write what came of it."""
    out = asked.out.expanduser().resolve()
    store = Store(out / "cutouts")
    if asked.folder:
        emulator = Emulator(FolderBucket(asked.folder))
    else:
        emulator = Emulator.with_samples(seed=asked.seed)
    with connect_emulator(emulator) as client:
        frame = _pictures(client, asked.folder, out)
        table = measure_frame(matte_frame(frame, client, store=store), progress=False)
        written = _write(table, out, asked.folder)
    print(table[list(_SHOWN)].to_string(index=False, float_format="{:.3f}".format))
    counts = table["status"].value_counts()
    print()
    print(f"{len(table)} pictures: {', '.join(f'{n} {s}' for s, n in counts.items())}")
    print("answered by the embedded emulator on this machine; nothing was paid")
    for path, words in written.items():
        print(f"  {path}  {words}")
    print(f"open next: {out / 'report.html'}")
    return 0 if counts.reindex(["ok", "empty"], fill_value=0).sum() == len(table) else 1


def _pictures(client: MattingClient, folder: Path | None, out: Path) -> pd.DataFrame:
    frame = list_frame(client)
    if folder and out.is_relative_to(folder.resolve()):
        # A second run must not cut what the first one wrote.
        below = out.relative_to(folder.resolve())
        ours = ((below / "cutouts").as_posix() + "/", (below / _GRID).as_posix())
        frame = frame[~frame["key"].str.startswith(ours)]
    named = frame["key"].str.lower().str.endswith(_PICTURES)
    if not named.any():
        raise OptionsError(f"no {', '.join(_PICTURES)} files in {folder}")
    if not named.all():
        print(f"{(~named).sum()} files in {folder} are no JPEG or PNG; left out")
    return frame[named].reset_index(drop=True)


def _write(table: pd.DataFrame, out: Path, folder: Path | None) -> dict[Path, str]:
    what = f"pictures of {folder}" if folder else "drawn sample scenes"
    write_report(
        table,
        out / "report.html",
        title=f"cosmat demo: {what}",
        lead="Cut by the embedded emulator's own engine, not by the cloud service: "
        "the protocol is the service's, the edges are not.",
    )
    plot_grid(table, rows=_GRID_ROWS).savefig(out / _GRID)
    files = table["cutout"].map(lambda cutout: _file(cutout, out), na_action="ignore")
    table.drop(columns="cutout").assign(file=files).to_csv(
        out / "results.csv", index=False
    )
    return {
        out / "results.csv": "one row a picture: status, numbers, file of its cutout",
        out / _GRID: f"the first {min(_GRID_ROWS, len(table))} rows",
        out / "report.html": "all of them, self-contained",
    }


def _file(cutout: Cutout, out: Path) -> str:
    # An answer that could not be kept is in memory.
    return "" if cutout.path is None else cutout.path.relative_to(out).as_posix()
