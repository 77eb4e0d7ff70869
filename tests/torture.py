"""Masks that break tools: holes, islands, strands, corners, frames, noise."""

import warnings

import numpy as np
import pytest
from scipy import ndimage

from cosmat_nb.dataset.example import Example, ImageFile, Subject
from cosmat_nb.dataset.pictures.encoding import encode_picture


def read(text):
    """Read a drawing: # is inside."""
    rows = text.split()
    return np.array([[pixel == "#" for pixel in row] for row in rows])


def onion(scale=1):
    """Return a disc with a hole with an island with a hole."""
    rows, cols = np.mgrid[: 160 * scale, : 200 * scale] / scale
    radius = np.hypot(rows - 80, cols - 90)
    return (radius < 70) & ~((radius > 20) & (radius < 45)) & (radius > 8)


def hairy():
    """Return a disc with a ragged border, crumbs and pores around it."""
    rows, cols = np.mgrid[:240, :260]
    radius = np.hypot(rows - 120, cols - 130)
    noise = np.random.default_rng(4).random(radius.shape)
    return (radius < 85) | (
        (radius < 110) & (ndimage.gaussian_filter(noise, 1.5) > 0.5)
    )


MASKS = {
    "empty": np.zeros((5, 7), bool),
    "full": np.ones((5, 7), bool),
    "one pixel": read("... .#. ..."),
    "the only pixel": read("#"),
    "corner pixel": read("#.. ... ..."),
    "diagonal": read("#... .#.. ..#. ...#"),
    "rising diagonal": read("..# .#. #.."),
    "pinched hole": read(".#. #.# .#."),
    "two holes that meet in a corner": read("##### #.### ##.## #####"),
    "hole in a hole": read("####### #.....# #.###.# #.#.#.# #.###.# #.....# #######"),
    "strands": read("#######.. #.....#.. #.###.### #...#.... #####...#"),
    "comb": read("#.#.#.#.# #.#.#.#.# #########"),
    "frame": read("###### #....# #....# ######"),
    "checkerboard": np.indices((9, 10)).sum(axis=0) % 2 == 0,
    "column": read("..#.. ..#.. ..#.. ..#.."),
    "row": read("..... ##### ....."),
    "parts": read("##....... ##....#.. .....###. ......... #.......#"),
    "noise": np.random.default_rng(1).random((40, 50)) < 0.5,
    "sparse": np.random.default_rng(2).random((60, 45)) < 0.05,
    "porous": np.random.default_rng(3).random((60, 45)) < 0.9,
    "onion": onion(),
    "hairy": hairy(),
}


def overlap(ones, others):
    """Return intersection over union, 1 where both are empty."""
    union = np.count_nonzero(ones | others)
    return np.count_nonzero(ones & others) / union if union else 1.0


def decode(segmentation, height, width):
    """Return what pycocotools makes of run lengths or of flat polygons."""
    coco = pytest.importorskip("pycocotools.mask")
    if not segmentation:
        return np.zeros((height, width), bool)
    with warnings.catch_warnings():
        # Its arrays take no copy argument, which NumPy 2 says each time.
        warnings.simplefilter("ignore", DeprecationWarning)
        if isinstance(segmentation, list):
            found = coco.frPyObjects(segmentation, height, width)
            segmentation = coco.merge(found)
        return coco.decode(segmentation).astype(bool)


def make_example(name, *subjects, split="train", size=None):
    """Return an example with (mask, category) pairs as its subjects."""
    height, width = size or subjects[0][0].shape
    image = encode_picture(np.full((height, width, 3), 90, np.uint8), "png")
    union = np.zeros((height, width), np.uint8)
    each = []
    for mask, category in subjects:
        alpha = np.where(mask, 200, 50).astype(np.uint8)
        union = np.maximum(union, alpha)
        each.append(Subject(alpha, category, f"{name}.jpg"))
    facts = {"category": subjects[0][1]} if subjects else {}
    return Example(
        name=name,
        split=split,
        image=ImageFile(image.data, ".png", height, width),
        alpha=union,
        subjects=tuple(each),
        facts=facts,
    )


def write(layout, examples, files):
    """Write examples as the exporter does and return the manifest's records."""
    records = []
    for example in examples:
        (told,) = layout.write_unit([example], example.name, files)
        records.append(
            {
                "name": example.name,
                "split": example.split,
                "category": example.facts.get("category", ""),
                "height": example.image.height,
                "width": example.image.width,
                **told,
            }
        )
    layout.finish(records, files)
    return records
