"""Crowded scenes and close crops whose subject the teacher has named."""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import torch
from numpy.lib.format import open_memmap
from torch import Tensor
from torch.nn import functional

from training.augment import Dice, jitter, light, warp, window_transform
from training.bank import SIDE, build_bank, open_bank
from training.data import Scenes, held_out_cast, training_cast

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.bank import Bank

__all__ = ["JUDGED", "Teacher", "judge_scenes"]

RUNS = Path(__file__).parent / "runs"
JUDGED = RUNS / "judged"

_MEAN = (0.485, 0.456, 0.406)
_DEVIATION = (0.229, 0.224, 0.225)
_TEACHER_SIDE = 320
_SURE = 0.8
_AGREES = 0.7
_SOFT = (0.15, 0.85)
_MOST_SOFT = 0.14
_COVERED = (0.02, 0.85)
_BATCH = 16
_CROWDED = 0.65
_HELD_OUT_EVERY = 24

log = logging.getLogger("judged")


class Teacher:
    """The teacher network with its own preprocessing.

    Parameters
    ----------
    path : Path
        ONNX, input ``(1, 3, 320, 320)``.
    threads : int
    """

    def __init__(self, path: Path, threads: int = 2) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(path, options)
        (given,) = self.session.get_inputs()
        self.name = given.name
        self.half = "float16" in given.type

    def matte(self, photo: Tensor) -> tuple[Tensor, float]:
        """Return alpha of ``photo``'s size and the answer's maximum before stretching.

        Parameters
        ----------
        photo : Tensor, (3, H, W) in [0, 1]
        """
        side = (_TEACHER_SIDE, _TEACHER_SIDE)
        small = functional.interpolate(photo[None], size=side, mode="bilinear")
        small = small / small.max().clamp_min(1e-6)
        mean = torch.tensor(_MEAN).view(1, 3, 1, 1)
        deviation = torch.tensor(_DEVIATION).view(1, 3, 1, 1)
        given = ((small - mean) / deviation).numpy()
        given = given.astype(np.float16 if self.half else np.float32)
        answer = torch.from_numpy(
            np.asarray(self.session.run(None, {self.name: given})[0], np.float32)
        )
        most, least = float(answer.max()), answer.min()
        alpha = (answer - least) / (answer.max() - least).clamp_min(1e-6)
        return functional.interpolate(alpha, photo.shape[-2:], mode="bilinear")[0], most


def overlap(first: Tensor, second: Tensor) -> float:
    """Return the soft IoU of two mattes."""
    both = torch.minimum(first, second).sum()
    either = torch.maximum(first, second).sum().clamp_min(1e-6)
    return float(both / either)


def judge(
    answer: Tensor, most: float, pasted: Tensor, everything: Tensor
) -> Tensor | None:
    """Return the alpha to learn, or None when the teacher is not sure.

    Where the teacher sees the pasted subject, its alpha stands, which is exact; where
    it sees all, that alpha over the matte of the ground's own subject; otherwise the
    teacher's own answer does, when it is large enough and crisp.
    """
    for known in (pasted, everything):
        if known.any() and overlap(answer, known) >= _AGREES:
            return known
    soft = ((answer > _SOFT[0]) & (answer < _SOFT[1])).float().mean()
    covered = float(answer.mean())
    crisp = float(soft) < min(_MOST_SOFT, 0.4 * covered)
    if most >= _SURE and crisp and _COVERED[0] < covered < _COVERED[1]:
        return answer
    return None


class Crowd(Scenes):
    """Scenes with photographs of other subjects as their ground, and close crops."""

    def crowded(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return scenes, the pasted alpha and the alpha of all that may be seen."""
        rows = self.dice.pick(self.cast.photos, count)
        transform = window_transform(self.dice, count, low=0.35, high=1.05)
        both = warp(self._read(rows, "photos"), transform, SIDE, border="reflection")
        ground, old = both[:, :3], both[:, 3:]
        colours, matte = self._subjects(count, SIDE)
        ground = jitter(self.dice, ground, 0.5) * (1 - self._shadow(matte))
        scene = ground + matte * (colours - ground)
        return light(self.dice, scene), matte, matte + old * (1 - matte)

    def close(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return windows of photographs; no alpha is known, so zeros stand for it."""
        rows = self.dice.pick(self.cast.photos, count)
        transform = window_transform(self.dice, count, low=0.4, high=0.85)
        both = warp(self._read(rows, "photos"), transform, SIDE, border="reflection")
        nothing = torch.zeros(count, 1, SIDE, SIDE)
        return jitter(self.dice, both[:, :3], 0.4), nothing, nothing


def judge_scenes(
    teacher: Teacher, bank: Bank, folder: Path, count: int, seed: int
) -> None:
    """Fill ``folder`` with ``photos.npy``, ``mattes.npy`` and ``held_out.npy``."""
    folder.mkdir(parents=True, exist_ok=True)
    shape = (count, SIDE, SIDE, 3)
    photos = open_memmap(folder / "photos.npy", "w+", np.uint8, shape)
    mattes = open_memmap(folder / "mattes.npy", "w+", np.uint8, shape[:3])
    held_out: NDArray[np.bool_] = np.arange(count) % _HELD_OUT_EVERY == 0
    np.save(folder / "held_out.npy", held_out)
    makers = {
        True: Crowd(bank, held_out_cast(bank), Dice(seed + 1)),
        False: Crowd(bank, training_cast(bank), Dice(seed)),
    }
    started, asked = time.monotonic(), 0
    waiting: dict[bool, list[tuple[Tensor, Tensor]]] = {True: [], False: []}
    for place in range(count):
        hidden = bool(held_out[place])
        while not waiting[hidden]:
            asked += _BATCH
            waiting[hidden] = list(_judged(teacher, makers[hidden]))
        photo, alpha = waiting[hidden].pop()
        photos[place] = (photo * 255).round().byte().permute(1, 2, 0).numpy()
        mattes[place] = (alpha[0] * 255).round().byte().numpy()
        if place % 100 == 0:
            spent = time.monotonic() - started
            log.info("%d of %d, %d asked, %.0f s", place, count, asked, spent)
            np.save(folder / "done.npy", np.int64(place))
    np.save(folder / "done.npy", np.int64(count))


@torch.no_grad()
def _judged(teacher: Teacher, maker: Crowd) -> list[tuple[Tensor, Tensor]]:
    crowded = maker.dice.happens(_CROWDED)
    scenes = (maker.crowded if crowded else maker.close)(_BATCH)
    kept = []
    photos, *mattes = scenes
    for photo, pasted, everything in zip(photos.clamp(0, 1), *mattes, strict=True):
        answer, most = teacher.matte(photo)
        alpha = judge(answer, most, pasted, everything)
        if alpha is not None:
            kept.append((photo, alpha))
    return kept


def main() -> None:
    """Read the command line and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the training set")
    parser.add_argument("--teacher", type=Path, required=True, help="ONNX")
    parser.add_argument("--count", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=80)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    build_bank(options.data, RUNS / "cache")
    bank = open_bank(options.data, RUNS / "cache")
    teacher = Teacher(options.teacher)
    judge_scenes(teacher, bank, JUDGED, options.count, options.seed)


if __name__ == "__main__":
    main()
