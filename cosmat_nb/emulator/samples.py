"""Pictures to try things on: drawn scenes with exact alpha, and one photograph."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.emulator.scenes import goods, nature, stage, toys, vessels
from cosmat_nb.emulator.scenes.drawing import Drawing, draw
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from cosmat_nb.emulator.scenes.stage import Product

__all__ = ["KINDS", "Scene", "draw_scene_parts", "draw_scenes", "photograph"]

KINDS: Mapping[str, Callable[[np.random.Generator], Product]] = MappingProxyType(
    {
        "mug": vessels.mug,
        "plush": toys.plush,
        "glass-bottle": vessels.glass_bottle,
        "sneaker": goods.sneaker,
        "scissors": goods.scissors,
        "grass-pot": nature.grass_pot,
        "fruit": nature.fruit,
        "watch": goods.watch,
        "vase": nature.vase,
        "gift-box": goods.gift_box,
        "ball": toys.ball,
        "empty-studio": stage.empty_studio,
    }
)
"""How each kind of scene is made; the order is the order of `draw_scenes`."""

_GRAIN = 0.006


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A drawn picture that knows its own alpha.

    Attributes
    ----------
    name : str
        Like a file name without its ending: ``"mug"``, the second time ``"mug-2"``.
    picture : (H, W, 3) uint8 array
        sRGB.
    alpha : (H, W) float32 array in [0, 1]
        Exact: ``picture = alpha F + (1 - alpha) B``, rounded.
    """

    name: str
    picture: NDArray[np.uint8]
    alpha: NDArray[np.float32]


def draw_scenes(count: int = 12, seed: int = 0) -> list[Scene]:
    """Draw scenes that look like product photos.

    Parameters
    ----------
    count : int, default 12
        How many, 0 or more. Twelve kinds exist; they come again with other colours.
        A scene depends on its place and on `seed`, never on `count`.
    seed : int, default 0
        0 or more.

    Returns
    -------
    list of Scene
        Between 480 and 800 px a side.

    Raises
    ------
    OptionsError
        When `count` or `seed` is negative.

    Examples
    --------
    >>> scene, = draw_scenes(1)
    >>> scene.name, scene.picture.shape, float(scene.alpha.max())
    ('mug', (560, 720, 3), 1.0)
    """
    if count < 0 or seed < 0:
        raise OptionsError(f"count and seed must be 0 or more; not {count} and {seed}")
    return [_draw_scene(index, seed) for index in range(count)]


def draw_scene_parts(index: int, seed: int = 0) -> Drawing:
    """Draw the foreground, backdrop and alpha that scene `index` is mixed from.

    Examples
    --------
    >>> float(draw_scene_parts(11).alpha.max())
    0.0
    """
    rng = np.random.default_rng((seed, index))
    product = list(KINDS.values())[index % len(KINDS)](rng)
    shape = (product.canvas.height, product.canvas.width, 3)
    grain = _GRAIN * rng.standard_normal(shape, dtype=np.float32)
    return draw(product.canvas, product.backdrop, product.subject, grain)


def photograph() -> bytes:
    """Read the photograph that matplotlib ships: Grace Hopper, 1984, public domain.

    Returns
    -------
    bytes
        A JPEG of 512 by 600 px, as it lies among matplotlib's sample data.

    Examples
    --------
    >>> photograph()[:3] == bytes.fromhex("ffd8ff")
    True
    """
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise OptionsError("the photograph comes with matplotlib; install matplotlib")
    folder = Path(spec.origin).parent / "mpl-data" / "sample_data"
    return (folder / "grace_hopper.jpg").read_bytes()


def _draw_scene(index: int, seed: int) -> Scene:
    round_, kind = divmod(index, len(KINDS))
    name = list(KINDS)[kind] + (f"-{round_ + 1}" if round_ else "")
    parts = draw_scene_parts(index, seed)
    alpha = parts.alpha[..., None]
    picture = alpha * parts.foreground + (1 - alpha) * parts.backdrop
    return Scene(name, np.rint(picture * 255).astype(np.uint8), parts.alpha)
