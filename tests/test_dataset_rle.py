"""Run lengths as the COCO API has them."""

import numpy as np
import pytest
from torture import MASKS, decode, read

from cosmat_nb.dataset.shapes.rle import (
    count_runs,
    fill_runs,
    pack_counts,
    unpack_counts,
)
from cosmat_nb.errors import OptionsError

cases = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)


def test_columns_are_counted_one_after_the_other():
    """Counts go down the first column, then down the second, outside first."""
    assert count_runs(read(".# ##")).tolist() == [1, 3]
    assert count_runs(read("#. ..")).tolist() == [0, 1, 3]
    assert count_runs(np.zeros((2, 3), bool)).tolist() == [6]
    assert count_runs(np.ones((2, 3), bool)).tolist() == [0, 6]


@cases
def test_pycocotools_writes_the_same_text(mask):
    """Counts and text are those of pycocotools, and it reads the mask back."""
    coco = pytest.importorskip("pycocotools.mask")
    text = pack_counts(count_runs(mask))
    theirs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert text.encode() == theirs["counts"]
    ours = {"size": list(mask.shape), "counts": text}
    assert (decode(ours, *mask.shape) == mask).all()


@cases
def test_a_mask_comes_back(mask):
    """Text to counts to mask is the mask."""
    counts = unpack_counts(pack_counts(count_runs(mask)))
    assert counts.tolist() == count_runs(mask).tolist()
    assert (fill_runs(counts, *mask.shape) == mask).all()


def test_digits_are_worked_out_by_hand():
    """6 is one digit, 40 is two; 4 - 1 and 5 - 40 are told as differences."""
    assert pack_counts([6, 1, 40, 4, 5]) == "61X13mN"
    assert unpack_counts("61X13mN").tolist() == [6, 1, 40, 4, 5]


def test_large_counts_come_back():
    """Counts of more than 32 bits and large differences survive."""
    counts = [2**40, 3, 1, 2**35, 2**40 + 7, 0, 16, 15, 31, 32]
    assert unpack_counts(pack_counts(counts)).tolist() == counts
    assert pack_counts([]) == ""
    assert unpack_counts("").tolist() == []


@pytest.mark.parametrize("counts", [[1, 2], [5], [-1, 5], [5, -1]])
def test_counts_of_another_size_are_refused(counts):
    """Counts must be 0 or more and make up the picture."""
    with pytest.raises(OptionsError, match="sum up to 2 x 2 = 4 px"):
        fill_runs(counts, 2, 2)


@pytest.mark.parametrize("text", ["P", "6!", "~", "é", "P" * 13 + "0"])
def test_other_text_is_refused(text):
    """A text that is cut off or has other characters is no run lengths."""
    with pytest.raises(OptionsError, match="run lengths"):
        unpack_counts(text)
