"""Small photographs, their cutouts, and exports of them in other processes."""

from __future__ import annotations

import hashlib
import json
import resource
import signal
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.dataset.exports.journal import Journal, read_journal
from cosmat_nb.dataset.formats.registry import read_format
from cosmat_nb.dataset.writing import write_dataset
from cosmat_nb.errors import BatchInterrupted


def draw_photo(number, height=24, width=32):
    """Draw a numbered photograph, (H, W, 3) uint8; no two places of it look alike."""
    rng = np.random.default_rng(number)
    return rng.integers(0, 256, (height, width, 3), np.uint8)


def draw_alpha(height=24, width=32):
    """Draw a matte: a box with a soft rim and a hole, (H, W) uint8."""
    alpha = np.zeros((height, width), np.uint8)
    alpha[4:-4, 6:-6] = 100
    alpha[5:-5, 7:-7] = 255
    alpha[height // 2, width // 2] = 0
    return alpha


def make_cutout(place, photo, alpha, **facts):
    """Hold a photograph's cutout in memory, as it would come back."""
    rgba = np.dstack([photo * (alpha > 0)[..., None], alpha])
    png = images.encode_png(rgba)
    height, width = alpha.shape
    return Cutout(
        place=place,
        options=facts.pop("options", cm.MattingOptions()),
        data=png,
        height=height,
        width=width,
        is_empty=not alpha.any(),
        nbytes=len(png),
        request_id=f"request-{place}",
        **facts,
    )


def make_frame(count, **sizes):
    """Make a frame of numbered cutouts; two in three are for training."""
    keys = [f"photos/{number:03d}.jpg" for number in range(count)]
    alpha = draw_alpha(**sizes)
    return pd.DataFrame(
        {
            "key": keys,
            "cutout": [
                make_cutout(key, draw_photo(number, **sizes), alpha)
                for number, key in enumerate(keys)
            ],
            "split": [("train", "train", "val")[each % 3] for each in range(count)],
            "shop": [number % 2 for number in range(count)],
        }
    )


class Shelf:
    """Has the photographs of `make_frame`, as PNG files; may be slow."""

    def __init__(self, seconds=0.0, **sizes):
        self.seconds, self.sizes, self.asked = seconds, sizes, []

    def __call__(self, place):
        """Return the file of a place."""
        self.asked.append(place)
        time.sleep(self.seconds)
        number = int(Path(place).stem)
        return images.encode_png(draw_photo(number, **self.sizes))


def read_tree(folder):
    """Return the bytes of every file of a folder by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def check_sums(folder):
    """See that the checksums are those of all other files, and of no more."""
    tree = read_tree(folder)
    listed = tree.pop("checksums.sha256").decode().splitlines()
    told = dict(reversed(line.split("  ", 1)) for line in listed)
    assert told == {
        path: hashlib.sha256(data).hexdigest() for path, data in tree.items()
    }


def export(folder, report, *, form, settings, count, seconds, limit=None):
    """Export in a process of its own, and leave a report of how it ended."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    told = {"ended": "well"}
    try:
        write_dataset(
            make_frame(count),
            folder,
            read_format(form, settings),
            before=Shelf(seconds),
            columns=["shop"],
            workers=2,
            progress=False,
        )
    except BatchInterrupted as error:
        told = {
            "ended": "interrupted",
            "message": error.message,
            "written": int(error.result["example"].notna().sum()),
        }
    except OSError as error:
        told = {"ended": "full", "message": str(error)}
    if limit is not None:
        # The report itself has to fit.
        told = {name: text[:500] for name, text in told.items()}
    Path(report).write_text(json.dumps(told), encoding="utf-8")


def fill_journal(folder, limit):
    """Take down files until a limit is met, then, with room again, one more."""
    journal = Journal(folder, read_journal(folder), {"format": "folder"})
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
    count = 0
    with suppress(OSError):
        while True:
            journal.begin(f"{count}.png")
            count += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    journal.begin(f"after {count}.png")
