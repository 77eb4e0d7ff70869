"""New scenes of a frame's cutouts."""

from __future__ import annotations

import operator
from itertools import chain
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from cosmat_nb.dataset.compose.dealing import deal_backgrounds, deal_scenes
from cosmat_nb.dataset.compose.pieces import gather_pieces
from cosmat_nb.dataset.compose.placement import Placement, find_room, stand_behind
from cosmat_nb.dataset.compose.recipe import Recipe
from cosmat_nb.dataset.compose.scene import Layer, Scene
from cosmat_nb.dataset.splits.parts import SPLIT
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.summary import RUN_ATTRIBUTE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cosmat_nb.dataset.compose.backgrounds import Background
    from cosmat_nb.dataset.compose.pieces import Piece
    from cosmat_nb.frame.progress import Watcher

__all__ = ["compose"]


class _Kit(NamedTuple):
    """What scenes are made from, by split."""

    recipe: Recipe
    seed: int
    pieces: Mapping[str, Sequence[Piece]]
    backgrounds: Mapping[str, Sequence[Background]]


def compose(
    frame: pd.DataFrame,
    backgrounds: Any,
    recipe: Recipe = Recipe(),
    *,
    count: int,
    column: str = "cutout",
    key: str = "key",
    category: str | None = None,
    split: str | None = SPLIT,
    seed: int = 0,
    workers: int | None = None,
    progress: bool | Watcher = True,
) -> pd.DataFrame:
    """Compose new scenes of cutouts on backgrounds, with labels that are exact.

    The labels are not found in the picture; the picture is made of them: each subject's
    share of every pixel is known, and all shares sum to the alpha matte exactly.
    Nothing is drawn yet: every row holds a `Scene` that draws itself when
    `write_dataset` writes it, and is the same each time.

    Parameters
    ----------
    frame : DataFrame
        Has a column of cutouts, as `matte_frame` makes it. Rows without a cutout and
        with an empty matte are left out; so are those whose file cannot be read, with
        a warning.
    backgrounds : str, Path, array, tuple of int, iterable or mapping of them
        Pictures' paths; folders; arrays (H, W, 3) uint8; colours. With splits, pictures
        are dealt to them by their bytes, unless this is a mapping from each split to
        its own; colours serve all.
    recipe : Recipe, optional
        Size, number of subjects, scale, place, shadow …
    count : int
        How many scenes, 1 and up. With splits, each gets its share of them by its
        number of cutouts.
    column, key : str
        Names of the columns of cutouts and of their keys.
    category : str, optional
        Name of the column that says what each is; ``"subject"`` without it.
    split : str or None, default "split"
        Name of the column of splits, if the frame has such a one: a scene is made of
        pictures of one split alone. None: nothing is split. Split before composing: a
        cutout is in many scenes, which cannot be split any more.
    seed : int, default 0
        Of all random numbers, 0 and up.
    workers : int, optional
        Threads that read cutouts; as many as there are cores by default, 8 at most.
    progress : bool or callable, default True
        Whether progress shows, as for `measure_frame`.

    Returns
    -------
    DataFrame
        A row a scene: ``key`` (``scene-<seed>-<number>``), ``scene`` (`Scene`),
        ``split`` if there are splits, ``background`` (its name), ``subjects`` (keys
        from back to front), ``dropped`` (keys of those for which there was no room),
        ``height``, ``width`` (px). It knows of the run that made the cutouts.

    Raises
    ------
    OptionsError
        When a column is missing, no cutout is left, a split has too few cutouts or no
        background, a cutout is in two splits, a background cannot be read or is too
        small, or an argument is out of range.

    Notes
    -----
    Scene number n depends on `seed`, n, the recipe and the sorted inputs: neither on
    the order of rows nor on `count`, so that more scenes leave the first ones as they
    are. More or other cutouts or backgrounds change all of them.

    Pasting cutouts onto backgrounds is known to train detectors well (Dwibedi, Misra
    and Hebert 2017, ICCV, 1310-1319) and to be what matting data sets are made of (Xu
    et al. 2017, CVPR, 311-320). Colours stay the cutout's own: changes of brightness or
    hue belong to training, where they can be new in each round.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> parts = cm.split_frame(result, {"train": 0.8, "val": 0.2})  # doctest: +SKIP
    >>> scenes = cm.compose(parts, "rooms/", count=1000)  # doctest: +SKIP
    >>> cm.write_dataset(scenes, "dataset", "coco", column="scene")  # doctest: +SKIP
    """
    if not isinstance(recipe, Recipe):
        raise OptionsError(f"recipe must be a Recipe; not {type(recipe).__name__}")
    count, seed = _check_whole("count", count, 1), _check_whole("seed", seed, 0)
    pieces = gather_pieces(
        frame, column, key, category, split, workers=workers, progress=progress
    )
    sizes = {name: len(some) for name, some in pieces.items()}
    _check_enough(sizes, recipe)
    kit = _Kit(recipe, seed, pieces, deal_backgrounds(backgrounds, sizes))
    for one in chain.from_iterable(kit.backgrounds.values()):
        one.check_size(recipe.size, recipe.enlarge)
    scenes = [
        _plan(kit, number, name)
        for number, name in enumerate(deal_scenes(sizes, count))
    ]
    table = _tabulate(scenes)
    if RUN_ATTRIBUTE in frame.attrs:  # who made the cutouts, for the card
        table.attrs[RUN_ATTRIBUTE] = frame.attrs[RUN_ATTRIBUTE]
    return table.drop(columns="split") if "" in sizes else table


def _plan(kit: _Kit, number: int, split: str) -> Scene:
    """Decide everything about one scene."""
    recipe = kit.recipe
    # A string is hashed whole, and alike in all processes and versions of Python.
    random = Random(f"cosmat {kit.seed} {number}")  # noqa: S311 - no secrets
    background = _choose(random, kit.backgrounds[split], 1)[0]
    crop = background.find_crop(random, recipe.size)
    cast = recipe.shadow.draw(random) if recipe.shadow else None
    layers, dropped = _fill(random, kit.pieces[split], recipe)
    return Scene(
        name=f"scene-{kit.seed}-{number:06d}",
        split=split,
        seed=kit.seed,
        number=number,
        recipe=recipe,
        background=background,
        crop=crop,
        cast=cast,
        layers=layers,
        dropped=dropped,
    )


def _fill(
    random: Random, pieces: Sequence[Piece], recipe: Recipe
) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
    fewest, most = recipe.subjects
    wanted = min(fewest + int(random.random() * (most - fewest + 1)), len(pieces))
    places: list[Placement] = []
    layers: list[Layer] = []
    dropped: list[str] = []
    for piece in _choose(random, pieces, wanted):
        place = find_room(random, piece.box.size, places, recipe)
        if place is None:
            dropped.append(piece.key)
        else:
            places.append(place)
            layers.append(piece.laid(place))
    layers.sort(key=lambda layer: stand_behind(layer.place))
    return tuple(layers), tuple(dropped)


def _choose(random: Random, all_of_them: Sequence[Any], count: int) -> list[Any]:
    """Choose some, none twice."""
    chosen: dict[int, None] = {}
    while len(chosen) < count:
        chosen[int(random.random() * len(all_of_them))] = None
    return [all_of_them[number] for number in chosen]


def _tabulate(scenes: Sequence[Scene]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "key": [scene.name for scene in scenes],
            "scene": scenes,
            "split": [scene.split for scene in scenes],
            "background": [scene.background.name for scene in scenes],
            "subjects": [tuple(one.key for one in scene.layers) for scene in scenes],
            "dropped": [scene.dropped for scene in scenes],
            "height": scenes[0].recipe.size[0],
            "width": scenes[0].recipe.size[1],
        }
    )


def _check_enough(sizes: Mapping[str, int], recipe: Recipe) -> None:
    for split, size in sizes.items():
        if size < recipe.subjects[0]:
            where = f"split {split!r}" if split else "the frame"
            raise OptionsError(
                f"{where} has {size} cutouts that can be used, and a scene needs "
                f"{recipe.subjects[0]} at least: see subjects of the recipe"
            )


def _check_whole(name: str, value: object, low: int) -> int:
    try:
        number = low - 1 if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = low - 1
    if number < low:
        raise OptionsError(
            f"{name} must be a whole number from {low}; not {value!r:.40}"
        )
    return number
