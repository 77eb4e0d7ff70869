"""Pictures of a shard in the making, kept on disk and not in memory."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, NamedTuple

from cosmat_nb.dataset.example import hard_mask
from cosmat_nb.dataset.formats.row import PICTURES, describe_example
from cosmat_nb.dataset.pictures.encoding import encode_alpha, encode_mask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosmat_nb.dataset.example import Example

__all__ = ["Laid", "lay_down", "take_up"]


class Laid(NamedTuple):
    """An example whose pictures are in a file.

    Attributes
    ----------
    row : mapping
        The rest of it, as `describe_example` tells.
    columns : mapping
        The user's columns alone.
    paths : tuple of str
        File names that its pictures would have, in the order of `PICTURES`.
    sizes : tuple of int
        Their lengths, bytes.
    """

    row: Mapping[str, Any]
    columns: Mapping[str, Any]
    paths: tuple[str, ...]
    sizes: tuple[int, ...]


def lay_down(example: Example, file: IO[bytes]) -> Laid:
    """Append an example's pictures to a file and return the rest of it.

    The types of a shard's columns are known only after its last example, and a row
    group holds columns and pictures together: until then pictures wait in a file.

    Raises
    ------
    OSError
        When the disk is full or fails.
    """
    name = example.name
    pictures = (
        example.image.data,
        encode_alpha(example.alpha),
        encode_mask(hard_mask(example.alpha)),
    )
    file.writelines(pictures)
    return Laid(
        row=describe_example(example),
        columns=example.facts.get("columns") or {},
        paths=(
            f"{name}{example.image.suffix}",
            f"{name}.alpha.png",
            f"{name}.mask.png",
        ),
        sizes=tuple(map(len, pictures)),
    )


def take_up(laid: Laid, file: IO[bytes]) -> dict[str, dict[str, Any]]:
    """Read the pictures of the example that is next in a file, as cells of a table."""
    return {
        column: {"bytes": file.read(size), "path": path}
        for column, path, size in zip(PICTURES, laid.paths, laid.sizes, strict=True)
    }
