"""The data set decoded once: photographs, mattes and foregrounds in memory maps."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.lib.format import open_memmap
from PIL import Image, ImageDraw, ImageFilter
from torch.nn import functional

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["SIDE", "Bank", "build_bank", "open_bank", "widen_bank"]

SIDE = 288
"""Side of the stored squares, px; photographs are stretched to it, as at use."""

_DRAWN = 400
_HELD_OUT_EVERY = 8
_CLEAN_IOU = 0.95
_CLEAN_SOFT = 0.10
_DRAWN_WEIGHT = 0.12
_SCENES_WEIGHT = 0.12
_JUDGED_WEIGHT = 0.36


@dataclass(frozen=True, slots=True)
class Bank:
    """The cache, read into memory (2.3 GB, more once widened).

    Attributes
    ----------
    photos : ndarray of uint8, (N, SIDE, SIDE, 3)
        Pairs, backgrounds, drawn subjects; when widened, drawn and judged scenes.
    foregrounds : ndarray of uint8, (M, SIDE, SIDE, 3)
        The subject's colours carried over its edge; judged scenes, the last, have none.
    mattes : ndarray of uint8, (N, SIDE, SIDE)
        Teacher mattes; zero for backgrounds; exact for what is drawn; as judged.
    aspects : ndarray of float32, (N,)
        Width over height before stretching.
    photo_weights, subject_weights : ndarray of float64, (N,)
        Chance of each row as a whole photograph and as a subject to paste.
    train_backgrounds, val_backgrounds, val_photos, val_judged : ndarray of int64
        Rows by use.
    """

    photos: NDArray[np.uint8]
    foregrounds: NDArray[np.uint8]
    mattes: NDArray[np.uint8]
    aspects: NDArray[np.float32]
    photo_weights: NDArray[np.float64]
    subject_weights: NDArray[np.float64]
    train_backgrounds: NDArray[np.int64]
    val_backgrounds: NDArray[np.int64]
    val_photos: NDArray[np.int64]
    val_judged: NDArray[np.int64]


def spread_foreground(
    photo: NDArray[np.uint8], matte: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Carry the subject's colours outwards over its soft edge.

    A normalised blur, weighted by alpha to the fourth power, replaces every pixel
    that is not surely subject (the idea of Forte 2021, one pass).

    Parameters
    ----------
    photo : ndarray of uint8, (H, W, 3)
    matte : ndarray of uint8, (H, W)

    Returns
    -------
    ndarray of uint8, (H, W, 3)
    """
    colours = torch.from_numpy(photo).permute(2, 0, 1)[None].float()
    alpha = torch.from_numpy(matte)[None, None].float() / 255
    weight = alpha**4 + 1e-6
    blurred, total = colours * weight, weight
    for _ in range(2):
        blurred = functional.avg_pool2d(blurred, 13, 1, 6)
        total = functional.avg_pool2d(total, 13, 1, 6)
    keep = ((alpha - 0.8) / 0.18).clamp(0, 1)
    mixed = keep * colours + (1 - keep) * blurred / total
    return mixed[0].permute(1, 2, 0).clamp(0, 255).byte().numpy()


def draw_subject(
    generator: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw one made-up object with exact alpha: body, holes, thin parts, a texture.

    Returns
    -------
    photo : ndarray of uint8, (SIDE, SIDE, 3)
    matte : ndarray of uint8, (SIDE, SIDE)
    """
    side = SIDE * 2
    mask = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(mask)
    middle = side / 2
    for _ in range(generator.integers(1, 4)):
        _draw_body(pen, generator, middle)
    for _ in range(generator.integers(0, 5)):
        _draw_strand(pen, generator, middle)
    for _ in range(generator.integers(0, 3)):
        row, col = middle + generator.normal(0, 0.16, 2) * side
        radius = side * generator.uniform(0.02, 0.09)
        pen.ellipse((col - radius, row - radius, col + radius, row + radius), fill=0)
    small = mask.resize((SIDE, SIDE), Image.Resampling.BOX)
    return _draw_texture(generator), np.asarray(small)


def _draw_body(
    pen: ImageDraw.ImageDraw, generator: np.random.Generator, middle: float
) -> None:
    corners = int(generator.integers(3, 40))
    angles = np.linspace(0, 2 * math.pi, corners, endpoint=False)
    reach = generator.uniform(0.25, 0.85) * middle
    radii = reach * (1 + generator.normal(0, generator.uniform(0.0, 0.15), corners))
    squash, turn = generator.uniform(0.3, 1.0), generator.uniform(0, math.pi)
    across, down = np.cos(angles) * radii, np.sin(angles) * radii * squash
    shift_row, shift_col = generator.normal(0, 0.2, 2) * middle
    cols = middle + shift_col + across * math.cos(turn) - down * math.sin(turn)
    rows = middle + shift_row + across * math.sin(turn) + down * math.cos(turn)
    pen.polygon(list(zip(cols.tolist(), rows.tolist(), strict=True)), fill=255)


def _draw_strand(
    pen: ImageDraw.ImageDraw, generator: np.random.Generator, middle: float
) -> None:
    steps = np.linspace(0, 1, 24)
    angle = generator.uniform(0, 2 * math.pi)
    bend = generator.normal(0, 1.2)
    turns = angle + bend * steps
    length = generator.uniform(0.4, 0.95) * middle
    points = [
        (
            middle + math.cos(turn) * length * step,
            middle + math.sin(turn) * length * step,
        )
        for turn, step in zip(turns, steps, strict=True)
    ]
    pen.line(points, fill=255, width=int(generator.integers(2, 26)), joint="curve")


def _draw_texture(generator: np.random.Generator) -> NDArray[np.uint8]:
    picture = np.zeros((SIDE, SIDE, 3), np.float32) + generator.uniform(20, 235, 3)
    for cells in (2, 5, 16, 60):
        noise = generator.normal(0, 1, (cells, cells, 3)) * generator.uniform(2, 30)
        for channel in range(3):
            layer = Image.fromarray(noise[..., channel].astype(np.float32))
            picture[..., channel] += np.asarray(
                layer.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            )
    clipped = Image.fromarray(picture.clip(0, 255).astype(np.uint8))
    return np.asarray(clipped.filter(ImageFilter.SMOOTH))


def read_rows(source: Path) -> list[dict[str, str]]:
    """Return manifest rows, pairs before backgrounds."""
    with (source / "manifest.csv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return sorted(rows, key=lambda row: (row["kind"] != "pair", row["file"]))


def build_bank(source: Path, cache: Path, *, seed: int = 7) -> None:
    """Decode the data set into ``cache``; nothing is done when it is there.

    Parameters
    ----------
    source : Path
        Folder with ``manifest.csv``, ``images``, ``mattes`` and ``backgrounds``.
    cache : Path
        Folder to fill, about 2 GB.
    seed : int
        For the drawn subjects.
    """
    if (cache / "aspects.npy").exists():
        return
    cache.mkdir(parents=True, exist_ok=True)
    rows = read_rows(source)
    count = len(rows) + _DRAWN
    shape = (count, SIDE, SIDE, 3)
    photos = open_memmap(cache / "photos.npy", "w+", np.uint8, shape)
    fronts = open_memmap(cache / "foregrounds.npy", "w+", np.uint8, shape)
    mattes = open_memmap(cache / "mattes.npy", "w+", np.uint8, shape[:3])
    aspects = np.ones(count, np.float32)
    for place, row in enumerate(rows):
        with Image.open(source / row["file"]) as picture:
            aspects[place] = picture.width / picture.height
            photos[place] = _stretch(picture.convert("RGB"))
        if row["kind"] == "pair":
            with Image.open(source / row["matte"]) as picture:
                mattes[place] = _stretch(picture.convert("L"))
            fronts[place] = spread_foreground(photos[place], mattes[place])
    generator = np.random.default_rng(seed)
    for place in range(len(rows), count):
        photos[place], mattes[place] = draw_subject(generator)
        fronts[place] = photos[place]
    for array in (photos, fronts, mattes):
        array.flush()
    np.save(cache / "aspects.npy", aspects)


def _stretch(picture: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def open_bank(source: Path, cache: Path) -> Bank:
    """Open the cache made by :func:`build_bank` with weights from the manifest.

    A source repository of n photographs weighs sqrt(n), so that the clothes (two
    fifths of the set) do not dominate. Subjects to paste weigh nothing when the
    teacher's two passes disagree or the matte is mostly soft.
    """
    rows = read_rows(source)
    maps = {
        name: np.load(cache / f"{name}.npy")
        for name in ("photos", "foregrounds", "mattes", "aspects")
    }
    count, drawn = len(maps["aspects"]), len(maps["aspects"]) - len(rows)
    pair = np.array([row["kind"] == "pair" for row in rows])
    train = pair & np.array([row["split"] == "train" for row in rows])
    names = np.array([row["source_repo"] for row in rows])
    _, inverse, sizes = np.unique(names, return_inverse=True, return_counts=True)
    weights = train / np.sqrt(sizes[inverse])
    clean = np.array([_is_clean(row) for row in rows])
    photo_weights, subject_weights = np.zeros(count), np.zeros(count)
    photo_weights[: len(rows)] = weights / weights.sum()
    picked = weights * clean
    subject_weights[: len(rows)] = (1 - _DRAWN_WEIGHT) * picked / picked.sum()
    subject_weights[len(rows) :] = _DRAWN_WEIGHT / drawn
    backgrounds = np.flatnonzero(~pair)
    held = np.arange(len(backgrounds)) % _HELD_OUT_EVERY == 0
    return Bank(
        **maps,
        photo_weights=photo_weights,
        subject_weights=subject_weights,
        train_backgrounds=backgrounds[~held],
        val_backgrounds=backgrounds[held],
        val_photos=np.flatnonzero(pair & ~train),
        val_judged=np.zeros(0, np.int64),
    )


def widen_bank(bank: Bank, drawn: Path, judged: Path) -> Bank:
    """Add the emulator's drawn scenes, then the scenes that the teacher has judged.

    Judged rows come last and have no foregrounds: they are never pasted.
    """
    scenes = {path.stem: np.load(path) for path in drawn.glob("*.npy")}
    done = int(np.load(judged / "done.npy"))
    photos, mattes, held_out = (
        np.load(judged / f"{name}.npy", mmap_mode="r")[:done]
        for name in ("photos", "mattes", "held_out")
    )
    count, more = len(bank.aspects), len(scenes["photos"])
    added = np.zeros(more + done)
    shares = added.copy()
    shares[:more] = _SCENES_WEIGHT / more
    shares[more:] = _JUDGED_WEIGHT * ~held_out / (~held_out).sum()
    pasted = added.copy()
    seen = scenes["mattes"].any((1, 2))
    pasted[:more] = _SCENES_WEIGHT * seen / seen.sum()
    return Bank(
        photos=np.concatenate([bank.photos, scenes["photos"], photos]),
        foregrounds=np.concatenate([bank.foregrounds, scenes["foregrounds"]]),
        mattes=np.concatenate([bank.mattes, scenes["mattes"], mattes]),
        aspects=np.concatenate([bank.aspects, np.ones(more + done, np.float32)]),
        photo_weights=_joined(bank.photo_weights, shares),
        subject_weights=_joined(bank.subject_weights, pasted),
        train_backgrounds=bank.train_backgrounds,
        val_backgrounds=bank.val_backgrounds,
        val_photos=bank.val_photos,
        val_judged=count + more + np.flatnonzero(held_out),
    )


def _joined(
    weights: NDArray[np.float64], added: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.concatenate([weights * (1 - added.sum()), added])


def _is_clean(row: dict[str, str]) -> bool:
    if row["kind"] != "pair":
        return False
    return (
        float(row["teacher_iou"]) >= _CLEAN_IOU
        and float(row["half_transparent_share"]) <= _CLEAN_SOFT
    )
