"""A data set of any of our formats as Hugging Face `datasets` has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.cards.front_matter import name_splits
from cosmat_nb.dataset.files import read_facts
from cosmat_nb.dataset.formats.row import PICTURES, describe_record
from cosmat_nb.dataset.formats.schema import build_schema, fit_value
from cosmat_nb.dataset.loaders.optional import import_optional
from cosmat_nb.dataset.manifest import MANIFEST
from cosmat_nb.dataset.pictures.encoding import encode_mask
from cosmat_nb.dataset.reading import read_dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cosmat_nb.dataset.item import Item

__all__ = ["to_datasets"]


def to_datasets(folder: str | Path, *, cache_dir: str | Path | None = None) -> Any:
    """Open a data set with Hugging Face `datasets`, whichever format it has.

    Pictures, mattes and masks that are files of their own are not copied, and must
    stay where they are; those in shards, and masks that a format has as run lengths or
    polygons, go to the library's cache. A data set that changed is read anew.

    Parameters
    ----------
    folder : str or Path
        Of the data set.
    cache_dir : str or Path, optional
        Where the library keeps its tables; its own place by default.

    Returns
    -------
    datasets.DatasetDict
        A `Dataset` for each split, under the name that ``load_dataset`` has for it:
        ``train`` where nothing is split, and what is no letter or digit as ``_``. Its
        columns are those of `Parquet`: image, alpha (8 or 16 bits) and mask (0 and
        255) as `Image` features, name, key, category, height, width, and the user's.

    Raises
    ------
    OptionsError
        When `datasets` is not installed, the folder holds no data set, or a column of
        the user's has the name of one of ours.

    Notes
    -----
    ``Dataset.from_generator``:
    https://huggingface.co/docs/datasets/package_reference/main_classes

    Examples
    --------
    >>> to_datasets("mugs")["train"][0]["alpha"]  # doctest: +SKIP
    <PIL.PngImagePlugin.PngImageFile image mode=L size=640x480>
    """
    datasets = import_optional("datasets", "to_datasets")
    folder = Path(folder).expanduser().absolute()
    items = read_dataset(folder)["item"].tolist()
    schema = build_schema([_read_columns(item) for item in items])
    found = {}
    for split, name in name_splits(_list_splits(items)).items():
        # The library takes a table from its cache when these are what they were.
        asked = {
            "folder": str(folder),
            "split": split,
            "state": read_facts(folder / MANIFEST).sha256,
        }
        found[name] = datasets.Dataset.from_generator(
            _read_rows,
            features=datasets.Features.from_arrow_schema(schema),
            cache_dir=None if cache_dir is None else str(cache_dir),
            gen_kwargs=asked,
            split=datasets.NamedSplit(name),
        )
    return datasets.DatasetDict(found)


def _read_rows(folder: str, split: str, state: str) -> Iterator[dict[str, Any]]:
    del state  # the library alone looks at it
    items: list[Item] = read_dataset(folder)["item"].tolist()
    schema = build_schema([_read_columns(item) for item in items])
    types = {field.name: field.type for field in list(schema)[len(PICTURES) :]}
    for item in items:
        if item.record["split"] == split:
            row = describe_record(item.record)
            told = {name: fit_value(row.get(name), types[name]) for name in types}
            yield {**_show_pictures(item), **told}


def _show_pictures(item: Item) -> dict[str, Any]:
    readers: dict[str, Callable[[], bytes]] = {
        "image": lambda: item.image_file,
        "alpha": lambda: item.alpha_png,
        "mask": lambda: encode_mask(item.mask),
    }
    files = item.record["files"]
    return {
        role: {"bytes": None, "path": str(item.folder / files[role])}
        if role in files
        else {"bytes": read(), "path": None}
        for role, read in readers.items()
    }


def _read_columns(item: Item) -> Mapping[str, Any]:
    columns: Mapping[str, Any] = item.record.get("columns") or {}
    return columns


def _list_splits(items: Iterable[Item]) -> list[str]:
    return list(dict.fromkeys(item.record["split"] for item in items))
