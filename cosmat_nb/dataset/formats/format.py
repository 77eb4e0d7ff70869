"""What a format of data sets is to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from cosmat_nb.dataset.example import Example
    from cosmat_nb.dataset.files import Files
    from cosmat_nb.dataset.manifest import Record

__all__ = ["Format", "read_file"]


class Format(Protocol):
    """A way to lay a data set out in files. A frozen value: its fields are settings.

    A unit is what is written at once and counts as done when all of it is on disk: one
    example where ``unit_size`` is 1, else one shard of consecutive examples of a split.
    """

    name: ClassVar[str]

    @property
    def unit_size(self) -> int:
        """Most examples in a unit."""
        ...

    def settings(self) -> Mapping[str, Any]:
        """Return what the manifest's head tells of it: JSON values by name."""
        ...

    def write_unit(
        self, examples: Iterable[Example], unit: str, files: Files
    ) -> list[Record]:
        """Write one unit and return a record for each example, in their order.

        Parameters
        ----------
        examples : iterable of Example
            Made one by one as it is read: not all of a shard have to be in memory.
        unit : str
            The unit's name: an example's, or ``train-00003``.
        files : Files
            Where to; ``files.put(path, data)`` writes a file whole.

        Returns
        -------
        list of dict
            ``{"files": {role: path}, "labels": …}`` and no more: what only this format
            knows of each example. Roles are ``image``, ``alpha``, ``mask``, ``trimap``,
            ``labels``, ``shard``.
        """
        ...

    def finish(self, records: Sequence[Record], files: Files) -> None:
        """Write what tells of all examples (indexes), from all the manifest's records.

        Called once at the end, records in the manifest's order.
        """
        ...

    def read_image(self, record: Record, folder: Path) -> bytes:
        """Return the picture's file of an example."""
        ...

    def read_alpha(self, record: Record, folder: Path) -> bytes:
        """Return the alpha matte's PNG of an example."""
        ...

    def read_mask(self, record: Record, folder: Path) -> NDArray[np.bool_]:
        """Return the label as the format's own readers see it, (H, W) bool."""
        ...


def read_file(role: str, record: Record, folder: Path) -> bytes:
    """Return a file of an example, for formats that keep one for each role.

    Raises
    ------
    OSError
        When it is not there.
    """
    path: str = record["files"][role]
    return (folder / path).read_bytes()
