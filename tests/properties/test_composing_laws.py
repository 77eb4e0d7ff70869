"""Laws of composed scenes: labels add up, promises are kept, splits stay apart."""

import hashlib
import pickle
from fractions import Fraction

import numpy as np
import pandas as pd
from composed import WALL, cutout_of
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.dataset.compose.composing import compose
from cosmat_nb.dataset.compose.layering import Laid, mix, share_out
from cosmat_nb.dataset.compose.recipe import Recipe
from cosmat_nb.dataset.compose.shadow import Shadow
from cosmat_nb.matting.layout import subject_box

quick = settings(max_examples=40, deadline=None, derandomize=True)

bounds = st.floats(0.05, 1).flatmap(
    lambda low: st.tuples(st.just(low), st.floats(low, 1))
)


@st.composite
def cutouts(draw):
    """A small cutout of any alpha that is not empty, colours under alpha 0 too."""
    shape = draw(st.tuples(st.integers(1, 24), st.integers(1, 24)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rgba = rng.integers(0, 256, (*shape, 4), np.uint8)
    rgba[..., 3] = rng.choice(
        np.array(draw(st.lists(st.integers(0, 255), min_size=1, max_size=4)), np.uint8),
        shape,
    )
    rgba[draw(st.integers(0, shape[0] - 1)), 0, 3] = draw(st.integers(1, 255))
    return rgba


@st.composite
def recipes(draw):
    """Any recipe of small scenes."""
    fewest = draw(st.integers(0, 2))
    return Recipe(
        size=draw(st.tuples(st.integers(4, 40), st.integers(4, 40))),
        subjects=(fewest, draw(st.integers(fewest, 5))),
        scale=draw(bounds),
        ground=draw(st.none() | bounds | st.just((0.9, 1.5))),
        cut=draw(st.sampled_from([0, 0.1, 0.5, 0.9])),
        overlap=draw(st.sampled_from([0, 0.2, 0.7, 1])),
        flip=draw(st.booleans()),
        rotation=draw(st.sampled_from([0, 10, 45])),
        shadow=draw(st.none() | st.just(Shadow())),
        enlarge=8,
        alpha_bits=draw(st.sampled_from([8, 16])),
    )


@st.composite
def frames(draw):
    """A frame of two to five cutouts."""
    cells = draw(st.lists(cutouts(), min_size=2, max_size=5))
    keys = [f"k{number}" for number in range(len(cells))]
    made = [cutout_of(rgba, key) for rgba, key in zip(cells, keys, strict=True)]
    return pd.DataFrame({"key": keys, "cutout": made})


def scenes(frame, recipe, count=2, **more):
    """The scenes of a frame."""
    return compose(frame, WALL, recipe, count=count, progress=False, **more).scene


def seen_alone(layer, row, col):
    """A subject's RGBA at a scene's pixel, by plain indexing."""
    place = layer.place
    rgba = layer.draw()
    inside = 0 <= row - place.row < place.height and 0 <= col - place.col < place.width
    return rgba[row - place.row, col - place.col] if inside else np.zeros(4, np.uint8)


def exact_shares(alphas):
    """Porter and Duff's visible shares, back to front, in fractions."""
    shares = []
    for number, alpha in enumerate(alphas):
        share = Fraction(int(alpha), 255)
        for front in alphas[number + 1 :]:
            share *= 1 - Fraction(int(front), 255)
        shares.append(share)
    return shares


@quick
@given(
    st.lists(st.lists(st.integers(0, 255), min_size=4, max_size=4), max_size=6),
    st.lists(st.integers(0, 255), min_size=3, max_size=3),
    st.sampled_from([255, 65535]),
)
def test_shares_and_picture_are_the_exact_ones_rounded(layers, behind, largest):
    """Sums exact; totals within half a level, shares within one; colours likewise."""
    laid = [Laid(np.array([[rgba]], np.uint8), 0, 0) for rgba in layers]
    shares, total = share_out(laid, (1, 1), largest)
    got, whole = [int(share[0, 0]) for share in shares], int(total[0, 0])
    expected = exact_shares([rgba[3] for rgba in layers])
    assert sum(got) == whole
    assert abs(whole - largest * sum(expected)) <= Fraction(1, 2) + Fraction(1, 10**6)
    for share, exact in zip(got, expected, strict=True):
        assert abs(share - largest * exact) <= 1 + Fraction(1, 10**6)
    image = mix(np.array([[behind]], np.uint8), laid, shares, largest)[0, 0]
    for channel in range(3):
        told = sum(s * rgba[channel] for s, rgba in zip(got, layers, strict=True))
        told += (largest - whole) * behind[channel]
        assert abs(int(image[channel]) - Fraction(told, largest)) <= Fraction(1, 2)


@quick
@given(frames(), recipes(), st.integers(0, 10**6), st.data())
def test_every_pixel_of_a_scene_is_what_its_layers_say(frame, recipe, seed, data):
    """Image and labels at any pixel, from the layers alone, in fractions."""
    scene = scenes(frame, recipe, 1, seed=seed)[0]
    drawn, behind = scene.draw(), scene.draw_background()
    kind = np.uint8 if recipe.alpha_bits == 8 else np.uint16
    assert drawn.alpha.dtype == kind
    total = sum((one.alpha.astype(int) for one in drawn.subjects), 0 * drawn.alpha)
    np.testing.assert_array_equal(total, drawn.alpha)
    for _ in range(6):
        row, col = (data.draw(st.integers(0, side - 1)) for side in recipe.size)
        pixels = [seen_alone(layer, row, col) for layer in scene.layers]
        expected = exact_shares([rgba[3] for rgba in pixels])
        color = [(1 - sum(expected)) * int(level) for level in behind[row, col]]
        for subject, exact, rgba in zip(drawn.subjects, expected, pixels, strict=True):
            got = int(subject.alpha[row, col])
            assert abs(got - recipe.largest * exact) <= 1 + Fraction(1, 10**6)
            color = [c + exact * int(f) for c, f in zip(color, rgba, strict=False)]
        most = Fraction(1, 2) + len(pixels) * Fraction(255, recipe.largest)
        for channel in range(3):
            assert abs(int(drawn.image[row, col, channel]) - color[channel]) <= most


@quick
@given(frames(), recipes(), st.integers(0, 10**6))
def test_places_are_as_promised(frame, recipe, seed):
    """Size, frame, cut, overlap and turn of every subject are within the recipe's."""
    (height, width), shorter = recipe.size, min(recipe.size)
    for scene in scenes(frame, recipe, 3, seed=seed):
        places = [layer.place for layer in scene.layers]
        for number, place in enumerate(places):
            rows = min(place.row + place.height, height) - max(place.row, 0)
            cols = min(place.col + place.width, width) - max(place.col, 0)
            assert rows > 0
            assert cols > 0
            area = place.height * place.width
            assert rows * cols >= (1 - recipe.cut) * area - 1e-6
            fronts = places[number + 1 :]
            assert sum(map(place.covered_by, fronts)) <= recipe.overlap
            longer = max(place.rows, place.cols)
            assert longer <= max(recipe.scale[1] * shorter + 0.5, 1)
            assert abs(place.degrees) <= recipe.rotation
        if recipe.overlap == 0:
            free = scene.draw()
            for layer, subject in zip(scene.layers, free.subjects, strict=True):
                whole = int(layer.draw()[..., 3].astype(int).sum())
                seen = int(subject.alpha.astype(int).sum()) // (recipe.largest // 255)
                assert seen == whole or recipe.cut


@quick
@given(frames(), recipes(), st.integers(0, 10**6))
def test_a_subject_inside_is_wholly_inside(frame, recipe, seed):
    """Nothing of a subject is lost at the frame where nothing may be cut."""
    for scene in scenes(frame, recipe, 1, seed=seed):
        for layer in scene.layers:
            place, alpha = layer.place, layer.draw()[..., 3]
            assert alpha.shape == (place.height, place.width)
            box = subject_box(alpha)
            if recipe.cut == 0 and box is not None:
                assert place.row + box.min_row >= 0
                assert place.col + box.min_col >= 0
                assert place.row + box.max_row <= recipe.size[0]
                assert place.col + box.max_col <= recipe.size[1]


@quick
@given(frames(), recipes(), st.integers(0, 10**6))
def test_a_scene_is_always_the_same(frame, recipe, seed):
    """Composed again from shuffled rows, pickled or not, every byte is the same."""
    first = scenes(frame, recipe, 2, seed=seed)
    again = scenes(frame.iloc[::-1], recipe, 5, seed=seed)
    for one, other in zip(first, again.head(2), strict=True):
        assert one == other
        assert digest(one) == digest(pickle.loads(pickle.dumps(other)))


def digest(scene):
    """Of everything that a scene draws."""
    drawn = scene.draw()
    arrays = [drawn.image, drawn.alpha, *(one.alpha for one in drawn.subjects)]
    return hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest()


@quick
@given(
    st.lists(st.sampled_from(["train", "val", "test"]), min_size=1, max_size=12),
    st.lists(st.integers(0, 80), min_size=3, max_size=9, unique=True),
    st.integers(1, 30),
)
def test_splits_never_share_a_picture(splits, rolls, count):
    """No cutout and no background stands in scenes of two splits."""
    keys = [f"k{number}" for number in range(len(splits))]
    cells = [np.full((3, 2, 4), 255 - number, np.uint8) for number in range(len(keys))]
    made = [cutout_of(rgba) for rgba in cells]
    frame = pd.DataFrame({"key": keys, "cutout": made, "split": splits})
    recipe = Recipe(size=(20, 30), subjects=(1, 3))
    walls = [np.roll(WALL, shift, axis=0) for shift in rolls]
    table = compose(frame, walls, recipe, count=count, progress=False)
    used = {}
    for scene, split in zip(table.scene, table.split, strict=True):
        names = [layer.sha256 for layer in scene.layers]
        for name in (*names, scene.background.sha256):
            assert used.setdefault(name, split) == split
        for layer in scene.layers:
            assert splits[int(layer.key[1:])] == split
