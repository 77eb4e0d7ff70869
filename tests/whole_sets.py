"""Whole data sets for tests of what tells about them, put together part by part."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np

from cosmat_nb.dataset.cards.card import write_card
from cosmat_nb.dataset.cards.croissant import write_croissant
from cosmat_nb.dataset.example import Example, ImageFile, Subject
from cosmat_nb.dataset.files import Files
from cosmat_nb.dataset.formats.registry import read_format
from cosmat_nb.dataset.manifest import (
    CARD,
    CHECKSUMS,
    CROISSANT,
    HEAD,
    MANIFEST,
    Head,
    show_checksums,
    show_head,
    show_manifest,
    split_folder,
)
from cosmat_nb.images import encode_jpeg, encode_png

HEIGHT, WIDTH = 24, 32
EMULATED = {
    "service": "emulator cosmat 1",
    "sandbox": True,
    "pictures": 3,
    "requests": 4,
    "cost": None,
    "currency": None,
    "verified": None,
}
PAID = {**EMULATED, "service": "cloud", "sandbox": False, "cost": 1.5}
PAID |= {"currency": "CNY", "verified": False}


def make_head(**changes):
    """Make a head of three pictures in two splits, some of it otherwise."""
    told = {
        "toolkit": "cosmat-nb 0.1.0",
        "format": "folder",
        "settings": {"parquet": False},
        "rendering": {"image": "source", "alpha_bits": 8},
        "examples": 3,
        "splits": {"train": 2, "val": 1},
        "categories": ("mug", "tree"),
        "columns": {"coverage": "number", "shop": "string"},
        "calls": EMULATED,
        "about": {"title": "Mugs", "license": "CC-BY-4.0"},
    }
    return Head(**{**told, **changes})


def make_records(**changes):
    """Make the records of three examples, some of each otherwise."""
    rows = [("a", "train", "mug"), ("b", "train", "tree"), ("c", "val", "mug")]
    return [
        {
            "name": name,
            "split": split,
            "key": f"shop/{name}.jpg",
            "category": category,
            "height": HEIGHT,
            "width": WIDTH,
            "files": {"image": f"{split}/images/{name}.jpg"},
            **changes,
        }
        for name, split, category in rows
    ]


def make_example(name, split, *, category="mug", suffix=".jpg", bits=8):
    """Make a picture with a soft-edged rectangle whose place follows from its name."""
    dtype = np.uint8 if bits == 8 else np.uint16
    full = np.iinfo(dtype).max
    alpha = np.zeros((HEIGHT, WIDTH), dtype)
    top = 2 + len(name) % 5
    alpha[top : top + 10, 5:20] = full
    alpha[top, 5:20] = full // 4
    pixels = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    pixels[alpha > 0] = (30, 60, 90)
    encode = encode_png if suffix == ".png" else encode_jpeg
    image = ImageFile(encode(pixels), suffix, HEIGHT, WIDTH)
    key = f"shop/{name}.jpg"
    facts = {
        "key": key,
        "category": category,
        "columns": {"coverage": float(alpha.mean() / full), "shop": name},
        "trimap_radius": 2,
    }
    subjects = (Subject(alpha, category, key),)
    return Example(
        name=name,
        split=split,
        image=image,
        alpha=alpha,
        subjects=subjects,
        facts=facts,
    )


def write_whole(folder, name="folder", *, examples=None, bits=8, **told):
    """Write a data set with all that belongs to it, and return its head."""
    form = read_format(name)
    if examples is None:
        names = {"mug": "train", "käse": "train", "tree": "val"}
        examples = [make_example(n, s, bits=bits) for n, s in names.items()]
    files = Files(folder)
    records = [
        json.loads(json.dumps(each)) for each in _write_units(form, examples, files)
    ]
    form.finish(records, files)
    head = make_head(
        format=form.name,
        settings=dict(form.settings()),
        rendering={"image": "source", "alpha_bits": bits},
        examples=len(records),
        splits=dict(Counter(record["split"] for record in records)),
        categories=tuple(sorted({record["category"] for record in records})),
        **told,
    )
    files.put(HEAD, show_head(head))
    files.put(MANIFEST, show_manifest(records))
    finish_whole(files, head, records)
    return head


def finish_whole(files, head, records):
    """Write card, Croissant and checksums of what was written."""
    files.put(CARD, write_card(head, records).encode())
    files.put(CROISSANT, write_croissant(head, records, files.written).encode())
    (files.folder / CHECKSUMS).write_bytes(show_checksums(files.written))


def _write_units(form, examples, files):
    units = {}
    for example in examples:
        shard = f"{split_folder(example.split)}-00000"
        unit = example.name if form.unit_size == 1 else shard
        units.setdefault(unit, []).append(example)
    for unit, parts in units.items():
        for example, written in zip(
            parts, form.write_unit(iter(parts), unit, files), strict=True
        ):
            size = {"height": example.image.height, "width": example.image.width}
            facts = {k: v for k, v in example.facts.items() if k != "trimap_radius"}
            own = {"name": example.name, "split": example.split, **size}
            yield {**own, **facts, **written}
