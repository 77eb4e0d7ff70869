"""Small examples for the tests of shards, and manifests made of them."""

from __future__ import annotations

import json
import os
from collections import Counter

import numpy as np
import pytest

from cosmat_nb.cutout import Cutout
from cosmat_nb.dataset.example import Example, ImageFile, Subject
from cosmat_nb.dataset.files import Files
from cosmat_nb.dataset.manifest import (
    HEAD,
    MANIFEST,
    Head,
    show_head,
    show_manifest,
    split_folder,
)
from cosmat_nb.images import encode_jpeg, encode_png
from cosmat_nb.options import MattingOptions

HEIGHT, WIDTH = 6, 8


def import_datasets():
    """Import `datasets`, which then asks nothing of the network; else skip."""
    os.environ["HF_HUB_OFFLINE"] = "1"  # read once, when it is imported
    return pytest.importorskip("datasets", reason="opens data sets without our code")


def make_example(name, *, columns=None, suffix=".png", dtype=np.uint8, split="train"):
    """Make an example whose pixels follow from its name."""
    rng = np.random.default_rng(list(name.encode()))
    alpha = rng.integers(0, np.iinfo(dtype).max, (HEIGHT, WIDTH), dtype, endpoint=True)
    pixels = rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    data = (encode_png if suffix == ".png" else encode_jpeg)(pixels)
    facts = {
        "key": f"shop/{name}.jpg",
        "category": "mug",
        "columns": columns or {},
        "trimap_radius": 1,
    }
    return Example(
        name=name,
        split=split,
        image=ImageFile(data, suffix, HEIGHT, WIDTH),
        alpha=alpha,
        subjects=(Subject(alpha, "mug", f"shop/{name}.jpg"),),
        facts=facts,
    )


def make_cutout(key, level):
    """Make a cutout in memory, all of it of one level."""
    png = encode_png(np.full((HEIGHT, WIDTH, 4), level, np.uint8))
    return Cutout(
        place=key,
        options=MattingOptions(),
        data=png,
        height=HEIGHT,
        width=WIDTH,
        is_empty=not level,
        nbytes=len(png),
    )


def write_units(form, folder, units):
    """Write units of examples and return the manifest's records, as JSON gives them."""
    files, records = Files(folder), []
    for unit, examples in units.items():
        written = form.write_unit(iter(examples), unit, files)
        assert len(written) == len(examples)
        records += [_record(*pair) for pair in zip(examples, written, strict=True)]
    form.finish(records, files)
    return records


def write_set(form, folder, examples):
    """Write a data set, one unit a split, with what tells of it; return its records."""
    units = {}
    for example in examples:
        part = split_folder(example.split)
        name = example.name if form.unit_size == 1 else f"{part}-00000"
        units.setdefault(name, []).append(example)
    records = write_units(form, folder, units)
    splits = dict(Counter(record["split"] for record in records))
    head = Head(
        toolkit="cosmat-nb 0.1.0",
        format=form.name,
        settings=form.settings(),
        rendering={},
        examples=len(records),
        splits=splits,
        categories=("mug",),
        columns={},
        calls={},
        about={},
    )
    (folder / HEAD).write_bytes(show_head(head))
    (folder / MANIFEST).write_bytes(show_manifest(records))
    return records


def _record(example, written):
    size = {"height": HEIGHT, "width": WIDTH}
    told = {"name": example.name, "split": example.split, **size}
    return json.loads(json.dumps({**told, **example.facts, **written}))
