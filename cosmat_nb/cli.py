"""The command line: ``cosmat demo``, ``cosmat serve`` and ``cosmat doctor``."""

from __future__ import annotations

import argparse
import signal
import sys
import warnings
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from cosmat_nb import __version__
from cosmat_nb.client.credentials import find_account
from cosmat_nb.connect import TRIED, connect_cloud, connect_emulator
from cosmat_nb.emulator.bucket import FolderBucket
from cosmat_nb.emulator.replay import Replay
from cosmat_nb.emulator.server import ADDRESS, CREDENTIALS, Emulator
from cosmat_nb.errors import CosmatError, CosmatWarning, OptionsError
from cosmat_nb.frame.listing import list_frame
from cosmat_nb.frame.matting import matte_frame
from cosmat_nb.frame.measuring import measure_frame
from cosmat_nb.store.store import Store
from cosmat_nb.view.plots import plot_grid
from cosmat_nb.view.report import write_report
from cosmat_nb.wire.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cosmat_nb.client.blocking import MattingClient
    from cosmat_nb.cutout import Cutout

__all__ = ["main"]

_SHOWN = ("key", "status", "coverage", "soft_fraction", "parts", "holes", "edge_width")
_PICTURES = (".jpg", ".jpeg", ".png")
_GRID, _GRID_ROWS = "before_after.png", 8


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
        the command cannot run as asked, 130 when it was interrupted.
    """
    asked = _parser().parse_args(arguments)
    command = {"demo": demo, "doctor": doctor, "serve": serve}[asked.command]
    try:
        return command(asked)
    except (CosmatError, OSError) as error:
        print(f"cosmat: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("cosmat: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cosmat", description="Image matting on Tencent Cloud COS."
    )
    parser.add_argument(
        "--version", action="version", version=f"cosmat-nb {__version__}"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    trial = commands.add_parser(
        "demo", help="cut pictures with the embedded emulator and show the result"
    )
    trial.add_argument("--out", required=True, type=Path, help="folder to write to")
    trial.add_argument("--folder", type=Path, help="your own JPEG and PNG files")
    trial.add_argument("--seed", type=int, default=0, help="draw other sample scenes")
    server = commands.add_parser("serve", help="run the emulator until Ctrl-C")
    server.add_argument("--host", default="127.0.0.1", help="interface to listen on")
    server.add_argument("--port", type=int, default=0, help="0: the system chooses")
    source = server.add_mutually_exclusive_group()
    source.add_argument("--folder", type=Path, help="serve these files as the bucket")
    source.add_argument("--replay", type=Path, help="answer from a recording alone")
    server.add_argument("--secret-id", default=CREDENTIALS.secret_id)
    server.add_argument("--secret-key", default=CREDENTIALS.secret_key)
    checkup = commands.add_parser(
        "doctor", help="tell what keeps an account from matting; cuts nothing"
    )
    checkup.add_argument("--bucket", default="", help="name-appid; else COS_BUCKET")
    checkup.add_argument("--region", default="", help="else COS_REGION")
    checkup.add_argument("--endpoint", help="ask there, as http://127.0.0.1:8791")
    return parser


def demo(asked: argparse.Namespace) -> int:
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
    if isinstance(cutout.content, bytes):
        return ""
    return cutout.content.relative_to(out).as_posix()


def _hint(emulator: Emulator) -> str:
    address, keys = emulator.address, emulator.credentials
    host, _, port = emulator.endpoint.removeprefix("http://").partition(":")
    # The default pair opens nothing but this emulator; a pair that was given may.
    pair = f"secret id {keys.masked_id}, secret key as given"
    if keys == CREDENTIALS:
        pair = f"secret id {keys.secret_id}, secret key {keys.secret_key}"
    return f"""\
emulator at {emulator.endpoint}  (Ctrl-C stops it)
bucket {address.bucket}, region {address.region}
{pair}

cosmat-nb:
  cm.connect_cloud("{address.bucket}", "{address.region}",
                   credentials=cm.Credentials(ID, KEY),
                   endpoint="{emulator.endpoint}")
vendor's Python SDK:
  CosConfig(Region="{address.region}", SecretId=ID, SecretKey=KEY,
            Scheme="http", IP="{host}", Port={port})
vendor's Node SDK:
  new COS({{SecretId: ID, SecretKey: KEY, Protocol: "http:", Ip: "{host}:{port}"}})"""


def serve(asked: argparse.Namespace) -> int:
    """Run the emulator in the foreground until Ctrl-C or SIGTERM."""
    bucket = FolderBucket(asked.folder) if asked.folder else None
    replay = Replay(asked.replay) if asked.replay else None
    emulator = Emulator(
        bucket,
        address=ADDRESS,
        credentials=Credentials(asked.secret_id, asked.secret_key),
        host=asked.host,
        port=asked.port,
        replay=replay,
    )
    stop = Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    with emulator:
        print(_hint(emulator), flush=True)
        if asked.replay:
            print(
                f"\nanswers come from the recording in {asked.replay} alone", flush=True
            )
        # In short steps, because an endless wait cannot be interrupted everywhere.
        while not stop.wait(0.2):
            pass
    print("stopped", flush=True)
    return 0


def doctor(asked: argparse.Namespace) -> int:
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
    bucket, region = asked.bucket or account.bucket, asked.region or account.region
    if not (bucket and region):
        raise OptionsError(
            f"credentials found in {account.origin}, but no bucket and region: pass "
            "--bucket and --region, or set COS_BUCKET and COS_REGION"
        )
    print(f"credentials found in {account.origin}")
    return connect_cloud(
        bucket, region, credentials=account.credentials, endpoint=asked.endpoint
    )


if __name__ == "__main__":
    sys.exit(main())
