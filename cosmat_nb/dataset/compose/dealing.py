"""Scenes and backgrounds dealt to splits, so that no split sees another's pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.compose.backgrounds import Background, read_backgrounds
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["deal_backgrounds", "deal_scenes"]

_HASHED = 2**256  # one above the largest SHA-256


def deal_scenes(sizes: Mapping[str, int], count: int) -> Iterator[str]:
    """Yield each scene's split: in proportion to its cutouts, from the first scene on.

    A scene goes to the split that lacks most, so that the first ones stay what they are
    when more are asked for.

    Parameters
    ----------
    sizes : mapping of str to int
        Cutouts of each split.
    count : int
        How many scenes.

    Examples
    --------
    >>> list(deal_scenes({"test": 1, "train": 3}, 5))
    ['train', 'test', 'train', 'train', 'train']
    """
    total = sum(sizes.values())
    given = dict.fromkeys(sorted(sizes), 0)
    for number in range(1, count + 1):
        split = max(given, key=lambda name: sizes[name] * number - given[name] * total)
        given[split] += 1
        yield split


def deal_backgrounds(
    backgrounds: Any, sizes: Mapping[str, int]
) -> dict[str, list[Background]]:
    """Return the backgrounds of each split.

    Colours serve all splits. Pictures are dealt by the SHA-256 of their bytes, in
    proportion to the splits' cutouts; a split that gets none takes one from a split
    that has several.

    Parameters
    ----------
    backgrounds : object
        As for `read_backgrounds`; or a mapping from each split's name to such.
    sizes : mapping of str to int
        Cutouts of each split.

    Raises
    ------
    OptionsError
        When a split gets no background, or two splits get the same picture.

    Examples
    --------
    >>> dealt = deal_backgrounds("white", {"test": 1, "train": 3})
    >>> [one.name for one in dealt["test"]]
    ['#ffffff']
    """
    if isinstance(backgrounds, Mapping):
        return _read_dealt(backgrounds, sizes)
    found = read_backgrounds(backgrounds)
    colors = [one for one in found if one.color is not None]
    pictures = [one for one in found if one.color is None]
    dealt: dict[str, list[Background]] = {split: [] for split in sorted(sizes)}
    for picture in pictures:
        dealt[_split_of(picture, sizes)].append(picture)
    if not colors:
        _fill_empty(dealt)
    return {split: [*colors, *some] for split, some in dealt.items()}


def _read_dealt(
    backgrounds: Mapping[Any, Any], sizes: Mapping[str, int]
) -> dict[str, list[Background]]:
    missing = [split for split in sorted(sizes) if split not in backgrounds]
    if missing:
        raise OptionsError(
            f"backgrounds names no pictures for split {missing[0]!r}: a mapping needs "
            f"every split of the frame; it has {', '.join(map(repr, backgrounds))}"
        )
    dealt = {split: read_backgrounds(backgrounds[split]) for split in sorted(sizes)}
    owner: dict[str, tuple[str, str]] = {}
    for split, found in dealt.items():
        for one in found:
            other, name = owner.setdefault(one.sha256, (split, one.name))
            if other != split and one.color is None:
                raise OptionsError(
                    f"background {one.name!r} of split {split!r} is {name!r} of split "
                    f"{other!r}: no picture may serve two splits"
                )
    return dealt


def _split_of(picture: Background, sizes: Mapping[str, int]) -> str:
    point, reached = int(picture.sha256, 16) * sum(sizes.values()), 0
    for split in sorted(sizes):
        reached += sizes[split]
        if point < reached * _HASHED:
            return split
    raise AssertionError("a digest is below the last bound")


def _fill_empty(dealt: dict[str, list[Background]]) -> None:
    for split, some in dealt.items():
        if some:
            continue
        giver = max(dealt.values(), key=len)
        if len(giver) <= 1:
            raise OptionsError(
                f"there are too few backgrounds for {len(dealt)} splits, and none is "
                f"left for {split!r}: pass one for each at least, or colours"
            )
        some.append(giver.pop(giver.index(min(giver, key=lambda one: one.sha256))))
