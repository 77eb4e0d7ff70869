"""Hashes of pictures and of frames: what they overlook, what they tell apart."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from drawn import scenes
from PIL import Image
from scipy.fft import dct

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.dataset.splits.hashing import hash_frame
from cosmat_nb.dataset.splits.leaks import find_leaks
from cosmat_nb.dataset.splits.likeness import (
    check_distance,
    hash_cutout,
    hash_picture,
    read_hashes,
)
from cosmat_nb.dataset.splits.nearness import add_bits, count_bits, find_clusters
from cosmat_nb.dataset.splits.splitting import split_frame

pytestmark = pytest.mark.filterwarnings("ignore:split .* got none of")
"""A handful of rows does not reach every split, and need not here."""

NAMES = ("mug", "plush", "sneaker", "fruit", "watch", "grass-pot")


def unlike(a, b):
    """Bits in which two hashes differ."""
    return (int(a, 16) ^ int(b, 16)).bit_count()


def resized(picture):
    """The picture at 55 % of its size."""
    image = Image.fromarray(picture)
    return np.asarray(image.resize((image.width * 55 // 100, image.height * 55 // 100)))


def compressed(picture):
    """The picture after JPEG of quality 60."""
    return images.decode_rgb(images.encode_jpeg(picture, 60))


def darker(picture):
    """The picture at 70 % of its brightness."""
    return (picture * 0.7).astype(np.uint8)


def cutout(rgba, place="a.jpg"):
    """A cutout in memory."""
    return cm.Cutout(
        place=place,
        options=cm.MattingOptions(),
        data=images.encode_png(rgba),
        height=rgba.shape[0],
        width=rgba.shape[1],
        is_empty=not rgba[..., 3].any(),
        nbytes=0,
    )


def rgba_of(name):
    """A drawn scene with its alpha."""
    scene = scenes()[name]
    return np.dstack([scene.picture, np.rint(scene.alpha * 255).astype(np.uint8)])


@pytest.mark.parametrize("change", [resized, compressed, darker])
@pytest.mark.parametrize("name", NAMES)
def test_copies_are_near(name, change):
    """A copy that was resized, compressed or darkened is within the default reach."""
    picture = scenes()[name].picture
    assert unlike(hash_picture(picture), hash_picture(change(picture))) <= 6


def test_different_pictures_are_far():
    """Any two of six drawn pictures are more than a quarter of all bits apart."""
    hashes = [hash_picture(scenes()[name].picture) for name in NAMES]
    apart = [unlike(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(apart) > 32


def test_a_mirrored_picture_is_another():
    """As documented, it is not found."""
    picture = scenes()["sneaker"].picture
    assert unlike(hash_picture(picture), hash_picture(picture[:, ::-1].copy())) > 40


def test_the_hash_is_the_signs_of_the_lowest_waves():
    """By hand: a cosine of one wave sets its bit, and its negative clears it."""
    rows, cols = np.indices((64, 64))
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 20, (64, 64))
    for row, col, bit in [(0, 1, 0), (1, 0, 1), (0, 2, 2), (1, 1, 3), (2, 0, 4)]:
        wave = 40 * np.cos(np.pi * (rows + 0.5) * row / 64)
        wave = wave * np.cos(np.pi * (cols + 0.5) * col / 64)
        for sign in (1, -1):
            grey = np.clip(128 + sign * wave + noise, 0, 255).astype(np.uint8)
            text = hash_picture(np.repeat(grey[..., None], 3, axis=2))
            assert (int(text, 16) >> (127 - bit)) & 1 == (sign > 0)


def test_the_hash_of_a_small_picture_is_worked_out_another_way():
    """64 × 64 px of noise: all bits from two one-dimensional transforms."""
    grey = np.random.default_rng(4).integers(0, 256, (64, 64), np.uint8)
    waves = dct(dct(grey.astype(float), axis=0), axis=1)
    places = sorted((r + c, r, c) for r in range(64) for c in range(64))[1:129]
    bits = "".join("1" if waves[r, c] > 0 else "0" for _, r, c in places)
    text = hash_picture(np.repeat(grey[..., None], 3, axis=2))
    assert text == f"{int(bits, 2):032x}"


def test_colors_do_not_count():
    """A red and a blue square of one luminance are alike."""
    red, blue = np.full((80, 90, 3), 230, np.uint8), np.full((80, 90, 3), 230, np.uint8)
    red[20:50, 15:70], blue[20:50, 15:70] = (200, 30, 40), (30, 96, 147)
    assert unlike(hash_picture(red), hash_picture(blue)) <= 2


def test_a_plain_picture_has_no_hash():
    """One colour, grain of one level, and the empty studio: noise would be hashed."""
    grain = np.random.default_rng(0).integers(127, 129, (200, 300, 1), np.uint8)
    assert hash_picture(np.repeat(grain, 3, axis=2)) is None
    assert hash_picture(np.full((1, 1, 3), 7, np.uint8)) is None
    assert hash_picture(scenes()["empty-studio"].picture) is None


def test_a_cutout_is_hashed_wherever_it_lies():
    """Padding, centring and what hides under alpha 0 do not count."""
    rgba = rgba_of("mug")
    wide = np.pad(rgba, ((30, 5), (0, 90), (0, 0)))
    wiped = np.where(rgba[..., 3:] > 0, rgba, 0).astype(np.uint8)
    assert hash_cutout(rgba) == hash_cutout(wide) == hash_cutout(wiped)
    assert unlike(hash_cutout(rgba), hash_cutout(rgba_of("fruit"))) > 32


def test_a_cutout_that_is_nowhere_half_opaque_is_hashed_too():
    """A faint one by all that shows; an empty one not at all."""
    rgba = rgba_of("mug")
    faint = rgba.copy()
    faint[..., 3] //= 3
    assert hash_cutout(faint) == hash_cutout(np.pad(faint, ((9, 0), (0, 9), (0, 0))))
    assert hash_cutout(np.zeros_like(rgba)) is None


def test_a_frame_of_cutouts_is_hashed():
    """Each cell its hash and digest, or why not; index and frame as they were."""
    mug, empty = rgba_of("mug"), np.zeros((9, 9, 4), np.uint8)
    padded = np.pad(mug, ((4, 4), (4, 4), (0, 0)))
    broken = replace(cutout(mug), data=b"no picture")
    cells = [cutout(mug), cutout(padded), cutout(empty), broken, None, "a.jpg"]
    frame = pd.DataFrame({"cutout": cells}, index=[3, 3, 1, 1, 0, 0])
    frame.attrs["from"] = "me"
    before = frame.copy()
    result = hash_frame(frame, progress=False)
    pd.testing.assert_frame_equal(frame, before)
    assert result.index.equals(frame.index)
    assert result.attrs == {"from": "me"}
    assert list(result.columns) == ["cutout", "phash", "pixels_sha256", "hash_error"]
    assert result.phash.tolist()[:2] == [hash_cutout(mug)] * 2
    assert result.phash.isna().tolist() == [False, False, True, True, True, True]
    assert result.pixels_sha256.isna().tolist() == [False] * 2 + [True] * 4
    assert result.pixels_sha256.iloc[0] != result.pixels_sha256.iloc[1]
    errors = result.hash_error.tolist()
    assert pd.isna(errors[0])
    assert pd.isna(errors[4])
    assert "detail" in errors[2]
    assert errors[3].startswith("ImageError")
    assert "expected a Cutout; got str" in errors[5]


def test_sources_are_hashed_once_for_all_rows():
    """Keys before matting, cutouts after: the same hash, each place fetched once."""
    files = {
        "a.png": images.encode_png(scenes()["mug"].picture),
        "b.png": images.encode_png(scenes()["plush"].picture),
    }
    fetched = []

    def fetch(place):
        fetched.append(place)
        return files[place]

    cells = ["a.png", "b.png", cutout(rgba_of("fruit"), "a.png"), "none.png", ""]
    frame = pd.DataFrame({"cutout": cells})
    result = hash_frame(frame, before=fetch, progress=False)
    assert sorted(fetched) == ["a.png", "b.png", "none.png"]
    wanted = [hash_picture(scenes()[name].picture) for name in ("mug", "plush", "mug")]
    assert result.phash.tolist()[:3] == wanted
    assert result.pixels_sha256[0] == result.pixels_sha256[2]
    assert result.hash_error[3].startswith("KeyError")
    assert pd.isna(result.phash[4])


def test_what_is_no_file_is_told_in_the_row():
    """A function that returns no bytes is a reason, not the end."""
    frame = pd.DataFrame({"key": ["a"]})
    result = hash_frame(frame, column="key", before=lambda _: "text", progress=False)
    assert "bytes; got str" in result.hash_error[0]


def test_empty_mattes_are_not_one_picture():
    """Two photographs in which nothing was found have nothing to do with each other."""
    nothing = np.zeros((9, 9, 4), np.uint8)
    frame = pd.DataFrame(
        {"key": ["a", "b"], "cutout": [cutout(nothing, place) for place in ("a", "b")]}
    )
    hashed = hash_frame(frame, progress=False).assign(split=["train", "test"])
    assert find_leaks(hashed, duplicates="phash").empty


def test_hashes_lead_to_a_split_without_leaks():
    """Copies of one picture, and equal plain ones, are on one side for every seed."""
    mug, plain = rgba_of("mug"), np.full((20, 20, 4), 128, np.uint8)
    small = np.dstack([resized(mug[..., i]) for i in range(4)])
    cells = [cutout(mug), cutout(plain), cutout(small), cutout(plain.copy())]
    frame = pd.DataFrame({"key": list("abcd"), "cutout": cells})
    hashed = hash_frame(frame, progress=False)
    assert hashed.phash.isna().tolist() == [False, True, False, True]
    for seed in range(12):
        split = split_frame(hashed, {"u": 0.5, "v": 0.5}, duplicates="phash", seed=seed)
        assert find_leaks(split, duplicates="phash").empty
    torn = hashed.assign(split=list("uuvv"))
    assert find_leaks(torn, duplicates="phash").why.tolist() == [
        "same picture",
        "near-duplicate",
    ]


def test_columns_that_would_be_replaced_are_refused():
    """A frame that was hashed already says so; so does a wrong `before`."""
    frame = pd.DataFrame({"cutout": [None], "phash": ["00"]})
    with pytest.raises(cm.OptionsError, match="phash"):
        hash_frame(frame, progress=False)
    with pytest.raises(cm.OptionsError, match="before"):
        hash_frame(frame[["cutout"]], before="yes", progress=False)


def test_hashes_of_other_tools_are_read():
    """Hexadecimal texts of any one length; other cells are refused."""
    rows, bits = read_hashes([None, "80ff", "", "0001"], "h")
    assert rows.tolist() == [1, 3]
    assert np.flatnonzero(bits[0]).tolist() == [0, *range(8, 16)]
    assert np.flatnonzero(bits[1]).tolist() == [15]
    for bad in (["00", "0000"], ["0g"], [7], ["000"], [["00"]], [None, 1.5]):
        with pytest.raises(cm.OptionsError, match="perceptual hashes"):
            read_hashes(bad, "h")


def test_reach_is_at_most_a_quarter_of_the_bits():
    """16 bits of 64 and 32 of 128 pass, one more does not."""
    assert check_distance(np.int64(16), 64) == 16
    for distance, bits in ((17, 64), (33, 128), (-1, 64), (True, 64), (1.0, 64)):
        with pytest.raises(cm.OptionsError, match="distance"):
            check_distance(distance, bits)


@pytest.mark.parametrize("flips", [0.0, 0.01, 0.05])
def test_dense_sets_are_joined_without_all_pairs(flips):
    """5000 noisy copies of one hash are one cluster; 50 others stay alone."""
    rng = np.random.default_rng(3)
    copies = (rng.random(128) < 0.5) ^ (rng.random((5_000, 128)) < flips)
    others = rng.random((50, 128)) < 0.5
    labels = find_clusters(np.vstack((copies, others)), 15)
    assert len(set(labels[:5_000].tolist())) == 1
    assert len(set(labels.tolist())) == 51


def test_pictures_with_orientation_are_hashed_upright():
    """A photograph stored on its side hashes as it is seen."""
    picture = scenes()["sneaker"].picture
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    Image.fromarray(np.rot90(picture).copy()).save(file, "PNG", exif=exif)
    frame = pd.DataFrame({"key": ["a"]})
    result = hash_frame(
        frame, column="key", before=lambda _: file.getvalue(), progress=False
    )
    assert result.phash[0] == hash_picture(picture)


def test_bits_are_counted_with_any_numpy():
    """Both ways agree with Python's own count."""
    words = np.random.default_rng(6).integers(0, 2**64, 500, np.uint64)
    wanted = [int(word).bit_count() for word in words]
    assert count_bits(words).tolist() == add_bits(words).tolist() == wanted


def test_pictures_of_other_sizes_are_not_the_same():
    """2 × 8 and 8 × 2 px of one colour have the same bytes and another digest."""
    cells = [cutout(np.full((*size, 4), 9, np.uint8)) for size in ((2, 8), (8, 2))]
    result = hash_frame(pd.DataFrame({"cutout": cells}), progress=False)
    assert len(set(result.pixels_sha256)) == 2
