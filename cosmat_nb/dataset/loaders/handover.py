"""Data sets handed over to supervision and FiftyOne, through loaders of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.loaders.choosing import choose_split
from cosmat_nb.dataset.loaders.optional import import_optional
from cosmat_nb.dataset.manifest import read_head, split_folder
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Collection

    from cosmat_nb.dataset.manifest import Head

__all__ = ["import_arguments", "to_fiftyone", "to_supervision"]

_FOLDERS = ("images", "labels")


def to_supervision(folder: str | Path, split: str | None = None) -> Any:
    """Open a COCO or YOLO data set as supervision's, with its masks.

    Parameters
    ----------
    folder : str or Path
        Written with ``format="coco"`` or ``"yolo"``.
    split : str, optional
        Which split; may be left out where there is one.

    Returns
    -------
    supervision.DetectionDataset
        A detection for each subject, its ``mask`` (H, W) bool as supervision draws the
        labels. Of COCO's run lengths that is our hard mask with its holes; polygons
        lose a little at the edge.

    Raises
    ------
    OptionsError
        When supervision is not installed, the folder holds no data set or one of
        another format, or there is no such split.

    Notes
    -----
    `DetectionDataset.from_coco` and ``from_yolo`` with ``force_masks=True``:
    https://supervision.roboflow.com/latest/datasets/core/

    Examples
    --------
    >>> for path, image, found in to_supervision("mugs", "train"):  # doctest: +SKIP
    ...     print(path, found.mask.shape)
    """
    folder = Path(folder).expanduser().absolute()
    head = _read_labelled(folder, ("coco", "yolo"), "supervision")
    part = split_folder(choose_split(head.splits, split))
    loader = import_optional("supervision", "to_supervision").DetectionDataset
    if head.format == "coco":
        data_path, labels_path = _coco_paths(folder, part)
        return loader.from_coco(data_path, labels_path, force_masks=True)
    images, labels = (str(folder / kind / part) for kind in _FOLDERS)
    names = str(folder / "data.yaml")
    return loader.from_yolo(images, labels, names, force_masks=True)


def to_fiftyone(
    folder: str | Path, split: str | None = None, *, name: str | None = None
) -> Any:
    """Open a COCO data set as FiftyOne's, with its masks.

    Not run by our tests: FiftyOne keeps data sets in a MongoDB that it starts itself.
    Where it is installed, they hold what is passed against its COCO importer, which
    reads the labels, and go no further.

    Parameters
    ----------
    folder : str or Path
        Written with ``format="coco"``.
    split : str, optional
        Which split; may be left out where there is one.
    name : str, optional
        What FiftyOne is to call it; it makes up a name itself else.

    Returns
    -------
    fiftyone.Dataset
        A sample for each picture, with a detection and its mask for each subject.

    Raises
    ------
    OptionsError
        When FiftyOne is not installed, the folder holds no data set or one of another
        format, or there is no such split.

    Notes
    -----
    ``Dataset.from_dir`` with ``fiftyone.types.COCODetectionDataset``:
    https://docs.voxel51.com/user_guide/import_datasets.html

    Examples
    --------
    >>> import fiftyone as fo  # doctest: +SKIP
    >>> fo.launch_app(to_fiftyone("mugs", "train"))  # doctest: +SKIP
    """
    arguments = import_arguments(folder, split)
    fiftyone = import_optional("fiftyone", "to_fiftyone")
    kind = fiftyone.types.COCODetectionDataset
    return fiftyone.Dataset.from_dir(dataset_type=kind, name=name, **arguments)


def import_arguments(folder: str | Path, split: str | None) -> dict[str, str]:
    """Return what FiftyOne's COCO importer is told; raises as `to_fiftyone`."""
    folder = Path(folder).expanduser().absolute()
    head = _read_labelled(folder, ("coco",), "FiftyOne")
    part = split_folder(choose_split(head.splits, split))
    data_path, labels_path = _coco_paths(folder, part)
    return {
        "data_path": data_path,
        "labels_path": labels_path,
        "label_types": "segmentations",
    }


def _read_labelled(folder: Path, formats: Collection[str], reader: str) -> Head:
    head = read_head(folder)
    if head.format not in formats:
        wanted = " or ".join(f"format={name!r}" for name in formats)
        raise OptionsError(
            f"{reader} reads no labels of format {head.format!r}: write the data set "
            f"with {wanted}"
        )
    return head


def _coco_paths(folder: Path, part: str) -> tuple[str, str]:
    labels = folder / "annotations" / f"instances_{part}.json"
    return str(folder / "images" / part), str(labels)
