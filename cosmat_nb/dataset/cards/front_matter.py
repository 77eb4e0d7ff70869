"""The head of a data card that the Hugging Face hub and its loader read."""

from __future__ import annotations

import json
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from cosmat_nb.dataset.cards.about import license_address, license_kind
from cosmat_nb.dataset.manifest import split_folder
from cosmat_nb.places import whole_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cosmat_nb.dataset.manifest import Head

__all__ = ["UNTITLED", "name_splits", "write_front_matter"]

UNTITLED = "Image mattes"
"""Title of a data set that says nothing of itself."""

# What the hub calls licences whose SPDX identifier it does not know.
_HUB_LICENSES = MappingProxyType(
    {
        "c-uda-1.0": "c-uda",
        "gfdl-1.3": "gfdl",
        "odbl-1.0": "odbl",
        "odc-by-1.0": "odc-by",
        "pddl-1.0": "pddl",
    }
)
_UNKNOWN_TO_HUB = frozenset({"0bsd", "cc-pddc", "eupl-1.2", "o-uda-1.0"})

# Of a shard; "train-*" would take the shards of a split "train-2" too.
_NUMBER = "[0-9]" * 5

# By format, the files of a split that the loader is to take.
_PATHS = MappingProxyType(
    {
        "folder": "{}/**",
        "coco": "images/{}/*",
        "yolo": "images/{}/*",
        "webdataset": f"{{}}-{_NUMBER}.tar",
        "parquet": f"data/{{}}-{_NUMBER}.parquet",
    }
)
_SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M")
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def write_front_matter(head: Head) -> list[str]:
    """Return the lines of the YAML block, its marks included.

    Every text is written as JSON writes it, which is YAML too (YAML 1.2, section
    1.3), so that no key, quote or line end of a user's leaves its place.

    Notes
    -----
    Fields and values: https://huggingface.co/docs/hub/datasets-cards and
    https://huggingface.co/docs/hub/datasets-manual-configuration, read 2026-11; a
    link to a licence is an address, or a file LICENSE, which there is none of.
    """
    about = head.about
    lines = ["---", f"pretty_name: {_quote(about.get('title') or UNTITLED)}"]
    lines += _license(str(about.get("license", "")))
    lines += _list("task_categories", ["image-segmentation"])
    lines += _list("tags", ["image-matting", "alpha-matte", *about.get("keywords", ())])
    lines += _list("size_categories", [_size(head.examples)])
    return [*lines, *_configs(head), "---"]


def name_splits(splits: Iterable[str]) -> dict[str, str]:
    r"""Return the names by which the Hugging Face loader knows splits.

    It takes letters, digits and ``_`` alone, and calls ``train`` what is not split.

    Examples
    --------
    >>> name_splits(["train", "hold-out", "hold.out"])
    {'train': 'train', 'hold-out': 'hold_out', 'hold.out': 'hold_out_2'}
    >>> name_splits([""])
    {'': 'train'}
    """
    splits = list(splits)
    alone = splits == [""]
    named: dict[str, str] = {}
    for split in splits:
        plain = re.sub(r"\W", "_", "train" if alone else split_folder(split))
        name, count = plain, 1
        while name in named.values():
            count += 1
            name = f"{plain}_{count}"
        named[split] = name
    return named


def _configs(head: Head) -> list[str]:
    path = _PATHS.get(head.format)
    if path is None or not head.splits:
        return []
    lines = ["configs:", '- config_name: "default"']
    if head.format in {"coco", "yolo"}:
        # Without it the folders of the splits would become classes.
        lines.append("  drop_labels: true")
    lines.append("  data_files:")
    for split, name in name_splits(head.splits).items():
        # A bracket, star or question mark of a split's name is meant as it is.
        folder = re.sub(r"([*?\[])", r"[\1]", split_folder(split))
        lines.append(f"  - split: {_quote(name)}")
        lines.append(f"    path: {_quote(path.format(folder))}")
    return lines


def _license(text: str) -> list[str]:
    if not text:
        return []
    kind = license_kind(text)
    name = re.sub("-(only|or-later)$", "", text.lower())
    if kind == "spdx" and not name.startswith("licenseref-"):
        name = _HUB_LICENSES.get(name, name)
        if name not in _UNKNOWN_TO_HUB:
            return [f"license: {_quote(name)}"]
    called = text.lower() if kind == "spdx" else "custom"
    lines = ['license: "other"', f"license_name: {_quote(called)}"]
    if link := license_address(text):
        lines.append(f"license_link: {_quote(link)}")
    return lines


def _size(examples: int) -> str:
    thousands = len(str(examples)) - len("999")
    return _SIZES[min(max(thousands, 0), len(_SIZES) - 1)]


def _list(name: str, values: Iterable[str]) -> list[str]:
    return [f"{name}:", *(f"- {_quote(value)}" for value in dict.fromkeys(values))]


def _quote(text: str) -> str:
    written = json.dumps(whole_text(text), ensure_ascii=False)
    # YAML takes fewer characters as they are than JSON does.
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)
