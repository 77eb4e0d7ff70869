"""A data set as PyTorch's loaders take one: a length, and an example at each index."""

from __future__ import annotations

from operator import index as whole
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from cosmat_nb.dataset.loaders.choosing import choose_split
from cosmat_nb.dataset.reading import read_dataset

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from cosmat_nb.dataset.item import Item

__all__ = ["ExampleSet", "Sample"]


class Sample(TypedDict):
    """One example, decoded; the arrays are its own and may be changed.

    Attributes
    ----------
    name : str
        Of the example, as in the manifest.
    image : ndarray, (H, W, 3) or (H, W, 4) uint8
        The picture, straight colours.
    alpha : ndarray, (H, W) float32
        Alpha matte in [0, 1].
    mask : ndarray, (H, W) bool
        What the format's own labels say.
    key : str
        Object key or address of the source.
    category : str
        What the subject is.
    """

    name: str
    image: NDArray[np.uint8]
    alpha: NDArray[np.float32]
    mask: NDArray[np.bool_]
    key: str
    category: str


class ExampleSet:
    """The examples of a data set, for ``torch.utils.data.DataLoader`` and its like.

    It is what PyTorch calls a map-style data set, without PyTorch: nothing but names
    and places is in memory, every example is read and decoded when it is asked for,
    and it can be pickled, so that workers may be forked or spawned.

    Parameters
    ----------
    folder : str or Path
        Of the data set, in any of our formats.
    split : str, optional
        Only this split; all examples in the manifest's order by default.
    transform : callable, optional
        Is given each `Sample`; what it returns is the example. For spawned workers it
        has to be picklable: a function of a module, not a lambda.

    Raises
    ------
    OptionsError
        When the folder holds no data set, or there is no such split.

    Notes
    -----
    https://docs.pytorch.org/docs/stable/data.html#map-style-datasets

    Examples
    --------
    >>> from torch.utils.data import DataLoader  # doctest: +SKIP
    >>> train = ExampleSet("mugs", split="train")  # doctest: +SKIP
    >>> loader = DataLoader(train, num_workers=4)  # doctest: +SKIP
    """

    def __init__(
        self,
        folder: str | Path,
        split: str | None = None,
        transform: Callable[[Sample], Any] | None = None,
    ) -> None:
        items: list[Item] = read_dataset(folder)["item"].tolist()
        if split is not None:
            splits = dict.fromkeys(item.record["split"] for item in items)
            choose_split(splits, split)
            items = [item for item in items if item.record["split"] == split]
        self._items = items
        self.transform = transform

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"ExampleSet({len(self)} examples)"

    def __getitem__(self, index: int) -> Any:
        """Return an example: a `Sample`, or what the transform makes of it.

        Parameters
        ----------
        index : int
            From 0; negative from the end.

        Raises
        ------
        IndexError
            When there are not as many examples.
        OptionsError, ImageError
            When its files are gone or damaged.
        """
        try:
            item = self._items[whole(index)]
        except IndexError:
            raise IndexError(f"there are {len(self)} examples; no {index}") from None
        sample = Sample(
            name=item.record["name"],
            image=np.array(item.image),
            alpha=item.alpha.astype(np.float32),
            mask=np.array(item.mask),
            key=item.record["key"],
            category=item.record["category"],
        )
        return sample if self.transform is None else self.transform(sample)
