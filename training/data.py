"""Batches to learn from: photographs as they are, and composites with known alpha."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from training.augment import (
    Dice,
    blur,
    degrade,
    jitter,
    light,
    warp,
    warp_cutout,
    window_transform,
)

if TYPE_CHECKING:
    from training.bank import Bank

__all__ = ["Cast", "Scenes", "held_out_cast", "training_cast"]

_COMPOSITES = 0.40
_EMPTY = 0.06
_SECOND_SUBJECT = 0.2
_SHADOW = 0.55
_LIT = 0.4
_TOUCHES = 0.5
_PHOTOGRAPH, _STUDIO, _UNSHARP = 0.4, 0.7, 0.88


@dataclass(frozen=True, slots=True)
class Cast:
    """Who may play: chances by row of the bank.

    Attributes
    ----------
    photos, subjects, backgrounds : Tensor of float64, (N,)
        Chance of each row as a whole photograph, as a subject to paste, and as a
        background.
    """

    photos: Tensor
    subjects: Tensor
    backgrounds: Tensor


def training_cast(bank: Bank) -> Cast:
    """Return the training rows with the weights of the bank."""
    backgrounds = torch.zeros(len(bank.aspects), dtype=torch.float64)
    backgrounds[torch.from_numpy(bank.train_backgrounds)] = 1
    return Cast(
        torch.from_numpy(bank.photo_weights),
        torch.from_numpy(bank.subject_weights),
        backgrounds,
    )


def held_out_cast(bank: Bank) -> Cast:
    """Return validation subjects and backgrounds, never seen in training."""
    subjects = torch.zeros(len(bank.aspects), dtype=torch.float64)
    subjects[torch.from_numpy(bank.val_photos)] = 1
    backgrounds = torch.zeros_like(subjects)
    backgrounds[torch.from_numpy(bank.val_backgrounds)] = 1
    return Cast(subjects, subjects, backgrounds)


class Scenes:
    """Makes batches from a bank.

    Parameters
    ----------
    bank : Bank
    cast : Cast
    dice : Dice
    """

    def __init__(self, bank: Bank, cast: Cast, dice: Dice) -> None:
        self.bank, self.cast, self.dice = bank, cast, dice

    def batch(
        self, count: int, size: int, *, composites: float = _COMPOSITES
    ) -> tuple[Tensor, Tensor]:
        """Return photographs and alpha, both float32 in [0, 1].

        Parameters
        ----------
        count : int
        size : int
            Side of the answer, px.
        composites : float
            Share of composites, 0 to 1.

        Returns
        -------
        photos : Tensor, (count, 3, size, size)
        alpha : Tensor, (count, 1, size, size)
        """
        made = int((self.dice.uniform(0, 1, count) < composites).sum())
        parts = [self.plain(count - made, size)] if made < count else []
        if made:
            parts.append(self.composed(made, size))
        photos = torch.cat([part[0] for part in parts])
        alpha = torch.cat([part[1] for part in parts])
        return degrade(self.dice, photos), alpha

    def plain(self, count: int, size: int) -> tuple[Tensor, Tensor]:
        """Return photographs with the teacher's mattes, moved and recoloured."""
        rows = self.dice.pick(self.cast.photos, count)
        both = self._read(rows, "photos")
        transform = window_transform(self.dice, count, low=0.7, high=1.12)
        moved = warp(both, transform, size, border="reflection")
        return jitter(self.dice, moved[:, :3], 0.7), moved[:, 3:]

    def composed(self, count: int, size: int) -> tuple[Tensor, Tensor]:
        """Return subjects pasted on other grounds, with the alpha they were pasted by.

        Notes
        -----
        ``I = alpha F + (1 - alpha) B``; a shadow darkens B only, so it is no subject.
        A few plain backdrops stay empty.
        """
        scene = self._grounds(count, size)
        alpha = torch.zeros(count, 1, size, size)
        second = int((self.dice.uniform(0, 1, count) < _SECOND_SUBJECT).sum())
        empty = self.dice.uniform(0, 1, count, 1, 1, 1) < _EMPTY
        for place in empty.flatten().nonzero().flatten().tolist():
            scene[place] = self._studio(size)
        for pasted in (count, second):
            if not pasted:
                continue
            colours, matte = self._subjects(pasted, size)
            matte = matte * ~empty[:pasted]
            shade = self._shadow(matte) * (1 - alpha[:pasted])
            ground = scene[:pasted] * (1 - shade)
            scene[:pasted] = ground + matte * (colours - ground)
            alpha[:pasted] += matte * (1 - alpha[:pasted])
        lit = int(count * _LIT)
        if lit:
            scene[-lit:] = light(self.dice, scene[-lit:])
        return jitter(self.dice, scene, 0.4), alpha

    def _read(self, rows: Tensor, name: str) -> Tensor:
        places = rows.numpy()
        colours = torch.from_numpy(getattr(self.bank, name)[places])
        mattes = torch.from_numpy(self.bank.mattes[places])
        both = torch.cat([colours, mattes[..., None]], 3)
        return both.permute(0, 3, 1, 2).float() / 255

    def _subjects(self, count: int, size: int) -> tuple[Tensor, Tensor]:
        rows = self.dice.pick(self.cast.subjects, count)
        both = self._read(rows, "foregrounds")
        aspects = torch.from_numpy(self.bank.aspects[rows.numpy()])
        transform = self._placement(both[:, 3:], aspects)
        moved = warp_cutout(both, transform, size)
        sharpness = self.dice.uniform(1, 2.5, count, 1, 1, 1)
        matte = ((moved[:, 3:] - 0.5) * sharpness + 0.5).clamp(0, 1)
        return jitter(self.dice, moved[:, :3], 0.9), matte

    def _placement(self, mattes: Tensor, aspects: Tensor) -> Tensor:
        """Return maps that put each subject's box somewhere in the new frame."""
        dice, count = self.dice, len(mattes)
        left, right = _reach(mattes.amax((1, 2)))
        top, bottom = _reach(mattes.amax((1, 3)))
        stretch = aspects * torch.exp(0.25 * dice.normal(count))
        longer = torch.maximum((right - left) * stretch, bottom - top).clamp_min(0.05)
        scale = 2 * dice.uniform(0.3, 1.05, count) / longer
        width = (scale * stretch).clamp(0.3, 5)
        height = scale.clamp(0.3, 5)
        cols = 0.3 * dice.normal(count)
        rows = 0.25 * dice.normal(count)
        standing = 1.02 - height * (bottom - top) / 2
        rows = torch.where(mattes[:, 0, -1].amax(1) > _TOUCHES, standing, rows)
        mirror = dice.signs(count)
        angle = 0.15 * dice.normal(count)
        cosine, sine = torch.cos(angle), torch.sin(angle)
        first = torch.stack([mirror * cosine / width, -mirror * sine / width], 1)
        second = torch.stack([sine / height, cosine / height], 1)
        turn = torch.stack([first, second], 1)
        middle = torch.stack([(left + right) / 2, (top + bottom) / 2], 1)[..., None]
        place = torch.stack([cols, rows], 1)[..., None]
        return torch.cat([turn, middle - turn @ place], 2)

    def _shadow(self, matte: Tensor) -> Tensor:
        """Return how much light each subject takes from the ground, 0 to 1."""
        dice, count, size = self.dice, len(matte), matte.shape[-1]
        small = functional.avg_pool2d(matte, 4)
        bottom = _reach(small.amax((1, 3)))[1]
        squash = dice.uniform(1, 3.5, count) ** dice.uniform(0, 1, count)
        shear = 0.5 * dice.normal(count) * (squash - 1).clamp(0, 1)
        shift = 0.08 * dice.normal(count)
        one, zero = torch.ones(count), torch.zeros(count)
        first = torch.stack([one, shear, shift - shear * bottom], 1)
        second = torch.stack([zero, squash, bottom * (1 - squash) - shift.abs()], 1)
        cast = warp(small, torch.stack([first, second], 1), size // 4, border="zeros")
        window = 1 + 2 * int(dice.number(0, 7))
        for _ in range(2):
            cast = functional.avg_pool2d(cast, window, 1, window // 2)
        chance = dice.uniform(0, 1, count, 1, 1, 1) < _SHADOW
        cast = cast * dice.uniform(0.1, 0.7, count, 1, 1, 1) * chance
        return functional.interpolate(
            cast, size=(size, size), mode="bilinear", align_corners=False
        )

    def _grounds(self, count: int, size: int) -> Tensor:
        """Return grounds of four kinds: photograph, studio, out of focus, texture."""
        kinds = self.dice.uniform(0, 1, count)
        rows = self.dice.pick(self.cast.backgrounds, count)
        others = self.dice.pick(self.cast.photos, count)
        unsharp = (kinds >= _STUDIO) & (kinds < _UNSHARP)
        rows = torch.where(unsharp, others, rows)
        transform = window_transform(self.dice, count, low=0.4, high=1.0)
        pictures = self._read(rows, "photos")[:, :3]
        grounds = jitter(
            self.dice, warp(pictures, transform, size, border="reflection"), 0.9
        )
        for place, kind in enumerate(kinds.tolist()):
            if _PHOTOGRAPH <= kind < _STUDIO:
                grounds[place] = self._studio(size)
            elif _STUDIO <= kind < _UNSHARP:
                cells = int(self.dice.number(5, 20))
                grounds[place] = blur(grounds[place][None], cells)[0]
            elif kind >= _UNSHARP:
                grounds[place] = self._texture(size)
        return grounds

    def _studio(self, size: int) -> Tensor:
        """Return a plain backdrop: one colour, a gradient, often white, a floor."""
        dice = self.dice
        tone = 1 - dice.number(0, 1) ** 2 * 0.95
        colour = (tone + dice.number(0, 0.12) * dice.normal(3)).clamp(0, 1)
        slope = dice.number(0, 0.3) * dice.normal(1, 1, 2, 2)
        field = functional.interpolate(
            slope, size=(size, size), mode="bilinear", align_corners=True
        )[0]
        backdrop = colour.view(3, 1, 1) * torch.exp(field)
        if dice.happens(0.3):
            floor = int(size * dice.number(0.5, 0.95))
            backdrop[:, floor:] *= dice.number(0.6, 1.3)
        return backdrop.clamp(0, 1)

    def _texture(self, size: int) -> Tensor:
        """Return noise of several grains."""
        dice = self.dice
        sheet = dice.uniform(0, 1, 3, 1, 1).expand(3, size, size)
        for cells in (3, 9, 28, 90):
            noise = dice.number(0, 0.2) * dice.normal(1, 3, cells, cells)
            sheet = (
                sheet
                + functional.interpolate(
                    noise, size=(size, size), mode="bilinear", align_corners=False
                )[0]
            )
        return sheet.clamp(0, 1)


def _reach(profile: Tensor) -> tuple[Tensor, Tensor]:
    """Return first and last place above one half, -1 to 1, of ``(N, L)`` profiles."""
    length = profile.shape[1]
    seen = (profile > _TOUCHES).float()
    first = seen.argmax(1)
    last = length - seen.flip(1).argmax(1)
    return 2 * first / length - 1, 2 * last / length - 1
