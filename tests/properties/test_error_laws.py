"""Laws of the errors: identity, swapping, mirrors, scale, frames, parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cosmat_nb.metrics.connectivity import connectivity_differences
from cosmat_nb.metrics.errors import compare_alpha
from cosmat_nb.metrics.gradient import gradient_differences
from cosmat_nb.metrics.trimap import unknown_band

quick = settings(max_examples=60, deadline=None, derandomize=True)
levels = st.sampled_from([0, 0, 0, 0, 2, 51, 76, 127, 128, 153, 204, 254, 255, 255])
marks = st.sampled_from([0, 127, 128, 255])
shapes = hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)
sums = ("sad_k", "grad_k", "conn_k")
means = ("mse_e3", "mad_e3", "mae")


def mattes(shape, elements=levels):
    return hnp.arrays(np.uint8, shape, elements=elements)


pairs = shapes.flatmap(lambda shape: st.tuples(mattes(shape), mattes(shape)))
triples = shapes.flatmap(
    lambda shape: st.tuples(mattes(shape), mattes(shape), mattes(shape, marks))
)
hard_mattes = shapes.flatmap(lambda s: mattes(s, st.sampled_from([0, 255])))


def near(expected):
    return pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


@quick
@given(triples)
def test_identity(triple):
    """A matte compared with itself has no error anywhere, and its hard pixels agree."""
    alpha, _, trimap = triple
    errors = compare_alpha(alpha, alpha, trimap=trimap).as_row()
    for name in (*sums, *means):
        assert errors[name] == 0
        assert errors.get(f"unknown_{name}", 0) == 0 or not (trimap % 255).any()
    assert errors["iou"] == errors["dice"] == errors["boundary_f"] == 1


@quick
@given(hard_mattes)
def test_identity_of_scores(alpha):
    """A hard matte compared with itself scores 1 in everything."""
    errors = compare_alpha(alpha, alpha)
    scores = (errors.s_measure, errors.e_measure, errors.weighted_f)
    assert scores == pytest.approx((1, 1, 1), abs=1e-12)


@quick
@given(triples)
def test_swapping(triple):
    """Swapping the two changes no error and no region score, over any trimap.

    For Conn this is so because source regions, and so levels, are made of the smaller
    of both values: the one thing that is not symmetric, |phi - phi*|, is.
    """
    alpha, reference, trimap = triple
    one = compare_alpha(alpha, reference, trimap=trimap).as_row()
    other = compare_alpha(reference, alpha, trimap=trimap).as_row()
    for name in set(one) - {"s_measure", "e_measure", "weighted_f"}:
        assert one[name] == near(other[name])


@quick
@given(triples)
def test_mirrors_and_turns(triple):
    """Mirroring or transposing all three changes no error and no region score.

    S cuts the picture at a pixel and weighted F takes one of several nearest pixels,
    so these two may change.
    """
    expected = compare_alpha(*triple[:2], trimap=triple[2]).as_row()
    for turn in (np.fliplr, np.flipud, np.transpose, np.rot90):
        alpha, reference, trimap = map(turn, triple)
        row = compare_alpha(alpha, reference, trimap=trimap).as_row()
        for name in set(expected) - {"s_measure", "weighted_f"}:
            assert row[name] == near(expected[name])


@quick
@given(pairs)
def test_band_turns_with_the_reference(pair):
    """The band that is drawn mirrors and transposes with the reference."""
    band = unknown_band(pair[1], 2)
    for turn in (np.fliplr, np.flipud, np.transpose):
        np.testing.assert_array_equal(unknown_band(turn(pair[1]), 2), turn(band))


@quick
@given(triples, st.integers(2, 3))
def test_nearest_scaling(triple, times):
    """Pixels made n times as large multiply SAD and Conn by n^2; means stay.

    Grad is not among them: its filter does not grow with the picture.
    """
    one = compare_alpha(*triple[:2], trimap=triple[2]).as_row()
    alpha, reference, trimap = (
        matte.repeat(times, axis=0).repeat(times, axis=1) for matte in triple
    )
    large = compare_alpha(alpha, reference, trimap=trimap).as_row()
    for name in ("sad_k", "conn_k", "unknown_sad_k", "unknown_conn_k"):
        assert large[name] == near(one[name] * times**2)
    for name in (*means, "unknown_mse_e3", "unknown_mad_e3", "unknown_share", "iou"):
        assert large[name] == near(one[name])


@quick
@given(pairs, st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * 2))
def test_frame_of_zeros(pair, frame):
    """Zeros around both mattes change no sum; means shrink with the share of the rest.

    Grad needs mattes that are zero near the picture's border, or its filter sees the
    border's pixels go on in one picture and end in the other: four rings, its reach.
    """
    alpha, reference = (np.pad(matte, 4) for matte in pair)
    one = compare_alpha(alpha, reference).as_row()
    wide = [np.pad(matte, frame) for matte in (alpha, reference)]
    framed = compare_alpha(*wide).as_row()
    share = alpha.size / wide[0].size
    for name in sums:
        assert framed[name] == near(one[name])
    for name in means:
        assert framed[name] == near(one[name] * share)
    bare = compare_alpha(*pair).as_row()
    assert (bare["sad_k"], bare["conn_k"]) == near((one["sad_k"], one["conn_k"]))


def test_grad_sees_a_frame_at_the_border():
    """A full picture has no edge; with zeros around it, it has one on every side."""
    full, empty = np.ones((9, 9)), np.zeros((9, 9))
    assert compare_alpha(full, empty).grad_k == pytest.approx(0, abs=1e-30)
    assert compare_alpha(np.pad(full, 4), np.pad(empty, 4)).grad_k > 0.1


@quick
@given(triples)
def test_disjoint_trimaps(triple):
    """The picture is the sum of its parts: two trimaps that share no unknown pixel."""
    alpha, reference, marks = triple
    half = np.where(marks >= 128, 128, 0).astype(np.uint8)
    rest = np.where(marks >= 128, 255, 128).astype(np.uint8)
    parts = [compare_alpha(alpha, reference, trimap=t) for t in (half, rest)]
    whole = parts[0].as_row()
    shares = [part.unknown_share for part in parts]
    assert sum(shares) == near(1)
    rows = [p.as_row() for p, share in zip(parts, shares, strict=True) if share]
    for name in sums:
        assert sum(row[f"unknown_{name}"] for row in rows) == near(whole[name])
    for name in ("mse_e3", "mad_e3"):
        parts = [row["unknown_share"] * row[f"unknown_{name}"] for row in rows]
        assert sum(parts) == near(whole[name])


@quick
@given(pairs)
def test_negatives(pair):
    """Grad and the differences do not know figure from ground; Conn does."""
    one = compare_alpha(*pair)
    other = compare_alpha(*(255 - matte for matte in pair))
    assert other.grad_k == near(one.grad_k)
    assert (other.sad_k, other.mse_e3) == near((one.sad_k, one.mse_e3))


def test_conn_knows_figure_from_ground():
    """A speck beside the subject is loose; the same speck as a pit in it is held."""
    subject, speck = np.array([[1, 1, 1, 0, 0.5]]), np.array([[1, 1, 1, 0, 0.4]])
    assert connectivity_differences(speck, subject).sum() == pytest.approx(0.1)
    assert connectivity_differences(1 - speck, 1 - subject).sum() == 0


@quick
@given(pairs)
def test_bounds(pair):
    """Conn is at most the difference and the 0.15 that one side may be forgiven."""
    alpha, reference = (matte / 255 for matte in pair)
    conn, difference = (
        connectivity_differences(alpha, reference),
        abs(alpha - reference),
    )
    assert (conn[difference == 0] == 0).all()
    assert (conn <= difference + 0.15 + 1e-12).all()
    assert (gradient_differences(alpha, reference) >= 0).all()
    errors = compare_alpha(alpha, reference)
    assert errors.mse_e3 <= errors.mad_e3 + 1e-9
    assert errors.mae * 1000 == near(errors.mad_e3)
