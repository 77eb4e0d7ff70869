"""Train the matting network: ``python -m training.train --minutes 100``."""

from __future__ import annotations

import argparse
import csv
import logging
import math
import signal
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from torch import nn

from training.augment import Dice
from training.bank import build_bank, open_bank, widen_bank
from training.cores import Cores
from training.data import Scenes, training_cast
from training.evaluate import HeldOut, measure, predict, write_sheet
from training.losses import matting_loss
from training.model import MattingNet, count_parameters
from training.weights import Average, load_half, save_half, save_whole

HERE = Path(__file__).parent
RUNS = HERE / "runs"
KEPT = HERE / "checkpoints"

_LONGEST_STEP = 8.0
_WARM_UP = 0.02
_LAST_RATE = 0.01
_SIZES = ((0.35, (192, 224)), (0.7, (224,)), (2.0, (224, 256, 256)))
_COLUMNS = (
    "step",
    "pictures",
    "seconds",
    "progress",
    "rate",
    "loss",
    "bce",
    "soft_iou_loss",
    "l1",
    "val_mae",
    "val_iou",
    "composite_mae",
    "composite_iou",
    "judged_mae",
    "judged_iou",
    "utc",
)

log = logging.getLogger("training")


@dataclass(slots=True)
class Clock:
    """Progress by time spent, so that the schedule ends when the time does.

    A step counts for at most 8 s: a stopped process does not spend its budget. Each
    step advances progress by its share of the time that is left, by the budget or by
    the deadline, whichever ends first; so progress reaches 1 in either case.

    Attributes
    ----------
    budget : float
        Seconds of training to spend.
    deadline : float
        POSIX time after which nothing runs, s.
    spent, progress : float
        Seconds so far, and the share of the schedule that is done, 0 to 1.
    """

    budget: float
    deadline: float
    spent: float = 0.0
    progress: float = 0.0

    def left(self) -> float:
        """Return the seconds that remain."""
        return min(self.budget - self.spent, self.deadline - time.time())

    def count(self, seconds: float) -> None:
        """Account for one step."""
        counted = min(seconds, _LONGEST_STEP)
        left = self.left()
        share = counted / left if left > counted else 1.0
        self.progress += (1 - self.progress) * share
        self.spent += counted


@dataclass(slots=True)
class Run:
    """Everything a run consists of and has to be saved with."""

    network: MattingNet
    average: Average
    optimiser: torch.optim.AdamW
    dice: Dice
    clock: Clock
    peak: float
    step: int = 0
    pictures: int = 0
    sums: list[float] = field(default_factory=lambda: [0.0] * 5)

    def state(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "dice": self.dice.generator.get_state(),
            "counts": [self.step, self.pictures],
            "clock": [self.clock.spent, self.clock.progress],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state`; the budget is what was given anew."""
        self.network.load_state_dict(state["network"])
        self.average.network.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.dice.generator.set_state(state["dice"])
        self.step, self.pictures = state["counts"]
        self.clock.spent, self.clock.progress = state["clock"]

    def rate(self) -> float:
        """Return the learning rate: linear warm-up, then half a cosine."""
        done = self.clock.progress
        cosine = 0.5 + 0.5 * math.cos(math.pi * min(done, 1.0))
        rising = min(1.0, (done + 1e-4) / _WARM_UP)
        return self.peak * rising * (_LAST_RATE + (1 - _LAST_RATE) * cosine)

    def size(self) -> int:
        """Return the side of the next batch: small first, full size last."""
        sizes = next(sizes for end, sizes in _SIZES if self.clock.progress < end)
        return sizes[int(self.dice.number(0, len(sizes)))]

    def learn(self, scenes: Scenes, count: int) -> None:
        """Take one step on one batch."""
        started = time.monotonic()
        photos, alpha = scenes.batch(count, self.size())
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        self.network.train()
        outputs = self.network(photos.to(memory_format=torch.channels_last))
        loss, terms = matting_loss(outputs, alpha)
        self.optimiser.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        if math.isfinite(float(norm)):
            self.optimiser.step()
            self.step += 1
            self.average.update(self.network, self.step)
        self.pictures += count
        for place, value in enumerate((1.0, float(loss.detach()), *terms)):
            self.sums[place] += value
        self.clock.count(time.monotonic() - started)

    def report(self, held_out: HeldOut) -> dict[str, float | str]:
        """Return one line of the log and write the contact sheet."""
        network = self.average.network
        photos = predict(network, held_out.photos)
        composites = predict(network, held_out.composites)
        judged = predict(network, held_out.judged)
        write_sheet(
            RUNS / "sheet.png",
            torch.cat([held_out.photos[::8], held_out.judged[:40]]),
            torch.cat([held_out.photo_alpha[::8], held_out.judged_alpha[:40]]),
            torch.cat([photos[::8], judged[:40]]),
        )
        steps, *sums = self.sums
        self.sums = [0.0] * 5
        values = (
            *(total / max(steps, 1.0) for total in sums),
            *measure(photos, held_out.photo_alpha),
            *measure(composites, held_out.composite_alpha),
            *measure(judged, held_out.judged_alpha),
        )
        counts = (self.step, self.pictures, round(self.clock.spent, 1))
        numbers = (self.clock.progress, self.rate(), *values)
        line = (*counts, *(round(number, 6) for number in numbers))
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return dict(zip(_COLUMNS, (*line, now), strict=True))


def append_line(path: Path, line: dict[str, float | str]) -> None:
    """Add one line to the log, with the header when it is the first."""
    fresh = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, _COLUMNS)
        if fresh:
            writer.writeheader()
        writer.writerow(line)


def save(run: Run) -> None:
    """Write the resumable checkpoint and the small averaged weights."""
    save_whole(RUNS / "checkpoint.pt", run.state())
    save_half(KEPT / "matting-ema-fp16.npz", run.average.network)


def start(options: argparse.Namespace) -> Run:
    """Return a new run, or the one that was saved."""
    torch.manual_seed(options.seed)
    network = MattingNet().to(memory_format=torch.channels_last)
    if options.init:
        load_half(options.init, network)
    heavy = [values for values in network.parameters() if values.ndim > 1]
    rest = [values for values in network.parameters() if values.ndim == 1]
    groups = [
        {"params": heavy, "weight_decay": 0.02},
        {"params": rest, "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=options.rate)
    clock = Clock(options.minutes * 60, options.deadline.timestamp())
    run = Run(
        network, Average(network), optimiser, Dice(options.seed), clock, options.rate
    )
    if options.resume:
        run.restore(torch.load(RUNS / "checkpoint.pt", weights_only=True))
    return run


def train(run: Run, options: argparse.Namespace) -> None:
    """Learn until the time is spent; report and save every few minutes."""
    bank = open_bank(options.data, RUNS / "cache")
    bank = widen_bank(bank, RUNS / "drawn", RUNS / "judged")
    scenes = Scenes(bank, training_cast(bank), run.dice)
    held_out = HeldOut.from_bank(bank)
    cores = Cores(options.threads)
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    reported = time.monotonic()
    while run.clock.left() > options.reserve and not asked:
        run.learn(scenes, options.batch)
        cores.adapt()
        if time.monotonic() - reported > options.every:
            line = run.report(held_out)
            append_line(KEPT / "log.csv", line)
            log.info("%d threads %s", cores.threads, line)
            save(run)
            reported = time.monotonic()
    append_line(KEPT / "log.csv", run.report(held_out))
    save(run)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the training set")
    parser.add_argument("--minutes", type=float, default=100.0)
    parser.add_argument("--deadline", type=datetime.fromisoformat, required=True)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--init", type=Path, help="start from small weights (.npz)")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=float, default=240.0, help="report, s")
    parser.add_argument("--reserve", type=float, default=20.0, help="for the end, s")
    parser.add_argument("--seed", type=int, default=8)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    KEPT.mkdir(exist_ok=True)
    build_bank(options.data, RUNS / "cache")
    run = start(options)
    log.info("%d parameters", count_parameters(run.network))
    train(run, options)


if __name__ == "__main__":
    main()
