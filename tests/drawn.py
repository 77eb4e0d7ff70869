"""The sample scenes, drawn once for every test that only looks at them."""

from functools import cache

from cosmat_nb.emulator import samples


@cache
def scenes():
    """Draw one scene of each kind; by name, in their order."""
    return {scene.name: scene for scene in samples.draw_scenes(len(samples.KINDS))}
