"""Lines of Python that open a data set of each format, for its card."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING

from cosmat_nb.dataset.cards.front_matter import name_splits
from cosmat_nb.dataset.manifest import split_folder

if TYPE_CHECKING:
    from cosmat_nb.dataset.manifest import Head

__all__ = ["show_loading"]

_OURS = (
    "Pictures, mattes and labels, with cosmat-nb",
    """\
import cosmat_nb as cm

frame = cm.read_dataset(".")
item = frame["item"].iloc[0]
item.image, item.alpha, item.mask""",
)
_TABLE = (
    "The manifest as a table, with pandas",
    """\
import pandas as pd

manifest = pd.read_json("manifest.jsonl", lines=True, dtype=False)
manifest["split"].value_counts()""",
)
_TORCH = (
    "As PyTorch takes data sets (`torch.utils.data.DataLoader(examples)`)",
    """\
import cosmat_nb as cm

examples = cm.ExampleSet(".", split={split})
len(examples), examples[0]""",
)
_HUB = (
    "Hugging Face `datasets`",
    """\
from pathlib import Path
from datasets import load_dataset

# It keeps a copy: once this folder changed, download_mode="force_redownload".
dataset = load_dataset(str(Path.cwd()), split={hub})
dataset[0]""",
)
_MIXED = (
    "Hugging Face `datasets`, whose own loader takes pictures of one kind alone",
    """\
import cosmat_nb as cm

dataset = cm.to_datasets(".")""",
)
_PLAIN = (
    "Plain files, with Pillow and NumPy",
    """\
import json
import numpy as np
from PIL import Image

with open("manifest.jsonl", encoding="utf-8") as lines:
    record = json.loads(next(lines))
image = np.asarray(Image.open(record["files"]["image"]))
alpha = np.asarray(Image.open(record["files"]["alpha"])) / {full}""",
)
_COCO = (
    "pycocotools",
    """\
from pycocotools.coco import COCO

coco = COCO({annotations})
for annotation in coco.loadAnns(coco.getAnnIds()):
    mask = coco.annToMask(annotation)""",
)
_COCO_SUPERVISION = (
    "supervision",
    """\
import supervision as sv

dataset = sv.DetectionDataset.from_coco(
    {images}, {annotations}, force_masks=True
)
len(dataset)""",
)
_YOLO_SUPERVISION = (
    "supervision (Ultralytics trains with `yolo segment train data=data.yaml`)",
    """\
import supervision as sv

dataset = sv.DetectionDataset.from_yolo(
    {images}, {labels}, "data.yaml", force_masks=True
)
len(dataset)""",
)
_SHARDS = (
    "webdataset",
    """\
import webdataset as wds

dataset = wds.WebDataset({shard}, shardshuffle=False, empty_check=False)
sample = next(iter(dataset))  # bytes by suffix: jpg or png, alpha.png, mask.png, json
sample["__key__"]""",
)
_TAR = (
    "Python alone",
    """\
import tarfile

with tarfile.open({shard}) as shard:
    names = shard.getnames()""",
)
_PARQUET = (
    "pandas",
    """\
import io
import pandas as pd
from PIL import Image

table = pd.read_parquet({shard})
alpha = Image.open(io.BytesIO(table["alpha"].iloc[0]["bytes"]))""",
)

_SNIPPETS = MappingProxyType(
    {
        "folder": (_HUB, _OURS, _TORCH, _PLAIN, _TABLE),
        "coco": (_COCO, _COCO_SUPERVISION, _OURS, _PLAIN, _TABLE),
        "yolo": (_YOLO_SUPERVISION, _OURS, _TORCH, _PLAIN, _TABLE),
        "webdataset": (_SHARDS, _HUB, _OURS, _TAR, _TABLE),
        "parquet": (_PARQUET, _HUB, _OURS, _TORCH, _TABLE),
    }
)


def show_loading(head: Head, shard: str | None, *, mixed: bool) -> list[str]:
    """Return the lines of Markdown that show how a data set is opened.

    Parameters
    ----------
    head : Head
        Its format, its first split and the depth of its mattes count.
    shard : str or None
        Path of the first shard, for formats that have shards.
    mixed : bool
        Whether pictures are files of several kinds.
    """
    split = next(iter(head.splits), "")
    folder = split_folder(split)
    texts = {
        "hub": name_splits(head.splits or [""])[split],
        "annotations": f"annotations/instances_{folder}.json",
        "images": f"images/{folder}",
        "labels": f"labels/{folder}",
        "shard": shard or "",
    }
    words = {name: json.dumps(text, ensure_ascii=False) for name, text in texts.items()}
    words["split"] = json.dumps(split, ensure_ascii=False) if split else "None"
    words["full"] = str(2 ** int(head.rendering.get("alpha_bits", 8)) - 1)
    lines = ["Each of these runs in the data set's folder."]
    for snippet in _SNIPPETS.get(head.format, (_OURS, _TABLE)):
        refused = mixed and snippet is _HUB and head.format == "webdataset"
        title, code = _MIXED if refused else snippet
        shown = code.format(**words)
        lines += ["", f"{title}:", "", "```python", *shown.splitlines(), "```"]
    return lines
