"""What a cutout's colours tell: residue, edge evidence, halo."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from scipy import ndimage

from cosmat_nb.emulator.samples import draw_scene_parts
from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.alignment import Offset
from cosmat_nb.metrics.colors import measure_evidence, measure_halo, measure_residue
from cosmat_nb.metrics.edge import Edge
from cosmat_nb.metrics.measure import measure_cutout

quick = settings(max_examples=60, deadline=None, derandomize=True)
bytes_ = st.sampled_from([0, 0, 0, 1, 128, 255])
cutouts = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(4)),
    elements=bytes_,
)
SHAPE = (120, 160)
RED, GREY, WHITE = (180, 40, 30), (128, 128, 128), (240, 240, 240)


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def edge_of(alpha):
    """The cells in which alpha changes, by the definition of `Edge`."""
    a = alpha / 255
    ul, ur, ll, lr = a[:-1, :-1], a[:-1, 1:], a[1:, :-1], a[1:, 1:]
    corners = np.stack([ul, ur, ll, lr])
    rows, cols = np.nonzero(corners.max(axis=0) > corners.min(axis=0))
    hard = corners >= 128 / 255
    return Edge(
        rows.astype(np.int32),
        cols.astype(np.int32),
        ((ll + lr - ul - ur) / 2)[rows, cols].astype(np.float32),
        ((ur + lr - ul - ll) / 2)[rows, cols].astype(np.float32),
        (hard.any(axis=0) & ~hard.all(axis=0))[rows, cols],
    )


def disk(radius=40.0, width=6.0, center=(60.3, 79.6)):
    """A disk whose edge is a ramp of so many pixels."""
    rows, cols = np.indices(SHAPE)
    far = np.hypot(rows - center[0], cols - center[1])
    return np.rint(255 * np.clip((radius - far) / width + 0.5, 0, 1)).astype(np.uint8)


def mixed(front, back, alpha):
    share = alpha[..., None] / 255
    return np.rint(share * front + (1 - share) * back).clip(0, 255).astype(np.uint8)


def flat(color):
    return np.broadcast_to(np.array(color, np.uint8), (*SHAPE, 3))


def textured(color, seed, depth=12):
    rng = np.random.default_rng(seed)
    grain = ndimage.gaussian_filter(rng.normal(0, 1, (*SHAPE, 3)), (2, 2, 0))
    return np.clip(np.array(color) + depth * grain / grain.std(), 0, 255)


def halo_of(colors, alpha, picture, offset=(0, 0)):
    return measure_halo(np.dstack([colors, alpha]), picture, edge_of(alpha), offset)


@functools.cache
def scene(index):
    """One drawn scene: picture, the subject's own colours, alpha."""
    parts = draw_scene_parts(index)
    front, back, alpha = (
        np.rint(255 * layer).clip(0, 255).astype(np.uint8)
        for layer in (parts.foreground, parts.backdrop, parts.alpha)
    )
    return mixed(front, back, alpha), front, alpha


@quick
@given(cutouts)
def test_residue_is_the_share_of_coloured_pixels_among_clear_ones(rgba):
    """The packed count says what a count pixel by pixel says."""
    clear = rgba[..., 3] == 0
    expected = rgba[clear][:, :3].any(axis=1).mean() if clear.any() else None
    assert measure_residue(rgba) == expected


def test_residue_in_strips():
    """A picture of many strips counts every row once, the last ones too."""
    rgba = np.zeros((1001, 300, 4), np.uint8)
    rgba[:, 0] = (0, 0, 0, 9)
    rgba[-1, 1:] = (0, 0, 1, 0)
    rgba[500, 1] = (255, 255, 255, 0)
    assert measure_residue(rgba) == 300 / (1001 * 299)
    assert measure_residue(np.full((2, 90_000, 4), 7, np.uint8)) is None


def test_residue_of_views():
    """Mirrored, turned and thinned views are measured as what they show."""
    rgba = noise((40, 31, 4))
    rgba[..., 3] //= 200
    rgba[::3, :, :3] = 0
    view = rgba.swapaxes(0, 1)[::-1, ::2]
    assert measure_residue(view) == measure_residue(view.copy())
    assert 0 < measure_residue(view) < 1


def test_residue_of_black_under_alpha_0_is_none_left():
    """Only colour under alpha 0 counts: not black there, not colour elsewhere."""
    rgba = np.zeros((3, 3, 4), np.uint8)
    assert measure_residue(rgba) == 0.0
    rgba[0, 0] = (255, 255, 255, 1)
    assert measure_residue(rgba) == 0.0


def test_evidence_of_a_true_edge_and_of_a_wrong_one():
    """On the picture's only edge evidence is near 1; off it, that of flat ground."""
    alpha = disk(width=1)
    picture = mixed(flat(RED), flat(WHITE), alpha)
    edge = edge_of(alpha)
    assert measure_evidence(picture, edge) > 0.95
    assert measure_evidence(picture, edge_of(disk(radius=39.0, width=1))) > 0.9
    assert 0.45 < measure_evidence(picture, edge_of(disk(radius=20.0, width=1))) < 0.5


def test_evidence_by_hand():
    """Every pair of an edge cell and a place is counted, ties as half."""
    picture, cell = noise((9, 11, 3)) // 64, (4, 6)
    one = np.array([1], np.float32)
    edge = Edge(
        np.array(cell[:1], np.int32),
        np.array(cell[1:], np.int32),
        one * 0,
        one,
        one > 0,
    )

    def contrast(row, col):
        # To the right through the middle of a cell: pixels col - 1 to col + 2, on
        # the lower of its two rows.
        line = picture[row + 1, np.clip([col - 1, col, col + 1, col + 2], 0, 10)]
        line = line.astype(int)
        return max(((line[2] - line[0]) ** 2).sum(), ((line[3] - line[1]) ** 2).sum())

    places = [contrast(row, col) for row in range(8) for col in range(10)]
    here = contrast(*cell)
    wins = sum(1 if here > there else 0.5 * (here == there) for there in places)
    assert 0 < wins / 80 < 1
    assert measure_evidence(picture, edge) == pytest.approx(wins / 80)


@pytest.mark.parametrize("seed", range(3))
def test_evidence_of_a_random_edge_is_chance(seed):
    """An edge laid down at random, with any directions, has .5."""
    rng = np.random.default_rng(seed)
    picture = np.asarray(Image.fromarray(scene(5)[0]))
    rows = rng.integers(0, picture.shape[0] - 1, 6000, np.int32)
    cols = rng.integers(0, picture.shape[1] - 1, 6000, np.int32)
    angle = np.pi * (0.5 if seed == 2 else rng.random(6000))
    down = np.broadcast_to(np.sin(angle), 6000).astype(np.float32)
    right = np.broadcast_to(np.cos(angle), 6000).astype(np.float32)
    edge = Edge(rows, cols, down, right, rows >= 0)
    assert measure_evidence(picture, edge) == pytest.approx(0.5, abs=0.02)


def test_evidence_of_a_flat_picture_is_chance():
    """Where all places are alike every pair is a tie."""
    assert measure_evidence(flat(GREY), edge_of(disk())) == 0.5


def test_evidence_reads_the_source_through_the_offset():
    """A padded matte with its offset measures what the matte itself does."""
    alpha = disk(width=2)
    picture = mixed(textured(RED, 1), textured(GREY, 2), alpha)
    padded = np.pad(alpha, ((7, 0), (20, 3)))
    here = measure_evidence(picture, edge_of(alpha))
    assert measure_evidence(picture, edge_of(padded), Offset(7, 20)) == here
    assert measure_evidence(picture, edge_of(padded), (0, 0)) < here - 0.1


def test_evidence_without_a_crossing_in_the_source():
    """No edge, a faint one, and one outside the source say nothing."""
    picture = noise((*SHAPE, 3))
    assert measure_evidence(picture, edge_of(np.zeros(SHAPE, np.uint8))) is None
    assert measure_evidence(picture, edge_of(disk() // 3)) is None
    assert measure_evidence(picture, edge_of(disk()), (200, 0)) is None
    assert measure_evidence(picture, edge_of(disk()), (0, -200)) is None
    assert measure_evidence(picture[:1, :1], edge_of(disk())) is None


def test_evidence_takes_only_cells_at_half():
    """Cells that alpha = 0.5 does not cross change nothing."""
    alpha = disk(width=8)
    picture = mixed(textured(RED, 1), textured(GREY, 2), alpha)
    edge = edge_of(alpha)
    crossed = Edge(
        *(values[edge.crosses] for values in (edge.rows, edge.cols, edge.down)),
        edge.right[edge.crosses],
        edge.crosses[edge.crosses],
    )
    assert edge.rows.size > crossed.rows.size
    assert measure_evidence(picture, edge) == measure_evidence(picture, crossed)


def test_evidence_of_opposite_corners():
    """A cell without a direction is measured and not refused."""
    alpha = np.zeros((8, 8), np.uint8)
    alpha[3, 3] = alpha[4, 4] = 255
    assert 0 <= measure_evidence(noise((8, 8, 3)), edge_of(alpha)) <= 1


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, lambda a: a.swapaxes(0, 1)])
def test_evidence_hardly_depends_on_how_the_picture_lies(turn):
    """Mirroring and transposing change evidence by the sampling only."""
    picture, _, alpha = scene(2)
    here = measure_evidence(picture, edge_of(alpha))
    there = measure_evidence(turn(picture), edge_of(turn(alpha)))
    assert there == pytest.approx(here, abs=0.01)


def test_evidence_of_scenes_sinks_with_the_shift():
    """Matched mattes are above .9, and a shift of 3 px is seen."""
    for index in (2, 5):
        picture, _, alpha = scene(index)
        matched, off = (
            measure_evidence(picture, edge_of(alpha), (by, by)) for by in (0, 3)
        )
        assert matched > 0.9
        assert off < matched - 0.1


@pytest.mark.parametrize("width", [2, 6, 15])
@pytest.mark.parametrize("back", [WHITE, (20, 60, 200)])
def test_halo_of_exact_colours(width, back):
    """Copied colours have 1, the subject's own 0, half-cleaned ones one half."""
    alpha = disk(width=width)
    front, picture = flat(RED), mixed(flat(RED), flat(back), alpha)
    half = np.rint((front.astype(float) + picture) / 2).astype(np.uint8)
    assert halo_of(picture, alpha, picture) == pytest.approx(1, abs=0.01)
    assert halo_of(front, alpha, picture) == pytest.approx(0, abs=0.01)
    assert halo_of(half, alpha, picture) == pytest.approx(0.5, abs=0.02)


def test_halo_beyond_the_background():
    """Colours pushed away from the background, beyond the subject's, are below 0."""
    alpha = disk()
    front = flat((160, 100, 100)).astype(int)
    picture = mixed(front, flat(GREY), alpha)
    pushed = np.clip(2 * front - picture, 0, 255).astype(np.uint8)
    assert halo_of(pushed, alpha, picture) == pytest.approx(-1, abs=0.05)


@pytest.mark.parametrize("depth", [6, 20])
def test_halo_of_texture_on_a_busy_ground(depth):
    """Texture on both sides blurs the number but leaves 0 and 1 apart."""
    alpha = disk(width=5)
    front = textured(RED, 1, depth).astype(np.uint8)
    back = textured((60, 120, 190), 2, 2 * depth)
    picture = mixed(front, back, alpha)
    assert halo_of(picture, alpha, picture) == pytest.approx(1, abs=0.1)
    assert halo_of(front, alpha, picture) == pytest.approx(0, abs=0.1)


def test_halo_of_a_matte_of_the_wrong_size():
    """Of copied colours, a wide matte reads more than 1 and a narrow one less."""
    alpha = disk(width=4)
    picture = mixed(flat(RED), flat(WHITE), alpha)
    assert halo_of(picture, disk(radius=43, width=4), picture) > 1.5
    assert halo_of(picture, disk(radius=37, width=4), picture) < 0.2


def test_halo_needs_a_soft_edge():
    """A hard matte has no edge pixel, and no matte has none either."""
    alpha = (disk() > 127) * np.uint8(255)
    picture = mixed(flat(RED), flat(WHITE), alpha)
    assert halo_of(picture, alpha, picture) is None
    assert halo_of(picture, np.zeros(SHAPE, np.uint8), picture) is None


def test_halo_needs_both_sides():
    """A matte without opaque pixels, or without background, has no halo."""
    picture = mixed(flat(RED), flat(WHITE), disk())
    assert halo_of(picture, disk() // 2, picture) is None
    assert halo_of(picture, 128 + disk() // 2, picture) is None


@pytest.mark.parametrize(("apart", "told"), [(47, False), (49, True)])
def test_halo_needs_contrast(apart, told):
    """Subject and background less than 48 levels apart tell nothing."""
    alpha = disk()
    picture = mixed(flat(GREY), flat((128, 128, 128 + apart)), alpha)
    assert (halo_of(picture, alpha, picture) is not None) == told


@pytest.mark.parametrize(("rows", "told"), [(16, False), (17, True)])
def test_halo_needs_enough_pixels(rows, told):
    """Of one soft column each cell brings two pixels: 32 of them are enough."""
    ramp = np.array([0, 0, 0, 0, 128, 255, 255, 255, 255], np.uint8)
    alpha = np.tile(ramp, (rows, 1))
    picture = np.repeat(alpha[..., None], 3, axis=2)
    edge = edge_of(alpha)
    rising = Edge(
        *(v[edge.cols == 3] for v in (edge.rows, edge.cols, edge.down)),
        edge.right[edge.cols == 3],
        edge.crosses[edge.cols == 3],
    )
    halo = measure_halo(np.dstack([picture, alpha]), picture, rising)
    assert halo == (pytest.approx(1, abs=0.01) if told else None)


def test_halo_passes_over_the_pixels_next_to_the_edge():
    """F and B are read a pixel further, where neither is mixed with the other."""
    alpha = np.tile(np.array([0, 0, 0, 0, 128, 255, 255, 255], np.uint8), (40, 1))
    grey = np.tile(np.array([0, 0, 0, 90, 128, 190, 255, 255], np.uint8), (40, 1))
    picture = np.repeat(grey[..., None], 3, axis=2)
    cells = np.arange(39, dtype=np.int32)
    level = np.zeros(39, np.float32)
    edge = Edge(cells, np.full_like(cells, 4), level, level + 1, cells >= 0)
    halo = measure_halo(np.dstack([picture, alpha]), picture, edge)
    assert halo == pytest.approx((255 - 128) / (255 * (1 - 128 / 255)))


def test_halo_reads_the_source_through_the_offset():
    """A padded cutout with its offset has the same halo; far away it has none."""
    alpha = disk()
    picture = mixed(textured(RED, 1), textured(WHITE, 2), alpha)
    sides = ((7, 0), (20, 3))
    padded, colors = np.pad(alpha, sides), np.pad(picture, (*sides, (0, 0)))
    here = halo_of(picture, alpha, picture)
    assert halo_of(colors, padded, picture, Offset(7, 20)) == here
    assert halo_of(colors, padded, picture, (300, 0)) is None
    assert halo_of(colors, padded, picture, (0, -300)) is None


@pytest.mark.parametrize("turn", [np.fliplr, np.flipud, lambda a: a.swapaxes(0, 1)])
def test_halo_does_not_depend_on_how_the_picture_lies(turn):
    """Mirroring and transposing leave the halo as it is."""
    alpha = disk(width=3)
    picture = mixed(textured(RED, 1), textured(GREY, 2), alpha)
    assert np.count_nonzero(edge_of(alpha).rows >= 0) < 2048
    here = halo_of(picture, alpha, picture)
    there = halo_of(turn(picture), turn(alpha), turn(picture))
    assert there == pytest.approx(here, abs=1e-9)


def test_halo_of_a_subject_that_leaves_the_picture():
    """Beyond the picture's side there is no background to read."""
    alpha = disk(center=(60.3, 10.0))
    picture = mixed(flat(RED), flat(WHITE), alpha)
    assert halo_of(picture, alpha, picture) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("index", [2, 5, 0])
def test_halo_of_scenes(index):
    """On drawn scenes copied colours are near 1 and own ones far from it."""
    picture, own, alpha = scene(index)
    copied, clean = (halo_of(colors, alpha, picture) for colors in (picture, own))
    assert copied == pytest.approx(1, abs=0.2)
    assert clean < copied - 0.7


def test_photographs_on_new_grounds(shared):
    """Exact mattes of photographs have strong evidence and copied colours near 1."""
    folder = shared / "data" / "eval" / "composites"
    for mask in sorted((folder / "gt").iterdir())[::12]:
        image = next((folder / "images").glob(f"{mask.stem}.*"))
        picture = np.asarray(Image.open(image).convert("RGB"))
        alpha = np.asarray(Image.open(mask).convert("L"))
        assert measure_evidence(picture, edge_of(alpha)) > 0.8
        assert halo_of(picture, alpha, picture) == pytest.approx(1, abs=0.3)


def test_samples_of_large_pictures_are_bounded_and_repeatable():
    """More edge than is looked at gives the same numbers again, near the whole's."""
    alpha = np.tile(disk(radius=30, width=2), (6, 6))
    front, back = (np.tile(textured(c, 3), (6, 6, 1)) for c in (RED, GREY))
    picture = mixed(front, back, alpha)
    edge = edge_of(alpha)
    assert np.count_nonzero(edge.crosses) > 4096
    rgba = np.dstack([picture, alpha])
    evidence, halo = measure_evidence(picture, edge), measure_halo(rgba, picture, edge)
    assert evidence == measure_evidence(picture, edge)
    assert halo == measure_halo(rgba, picture, edge) == pytest.approx(1, abs=0.1)
    one = np.s_[:120, :160]
    part = measure_evidence(picture[one], edge_of(alpha[one]))
    assert evidence == pytest.approx(part, abs=0.01)


@pytest.mark.parametrize(
    "measure",
    [
        measure_residue,
        lambda wrong: measure_evidence(wrong, edge_of(disk())),
        lambda wrong: measure_halo(wrong, noise((*SHAPE, 3)), edge_of(disk())),
        lambda wrong: measure_halo(noise((*SHAPE, 4)), wrong, edge_of(disk())),
    ],
)
def test_what_is_no_picture_is_refused(measure):
    """An array of another shape or dtype is named with what was expected."""
    for wrong in (np.zeros(SHAPE, np.uint8), np.zeros((*SHAPE, 2), np.uint8), None):
        with pytest.raises(OptionsError, match="must be an array"):
            measure(wrong)


def test_a_moved_cutout_has_the_same_colour_columns():
    """The offset says where the source lies, for the edge and for the halo."""
    source = np.zeros((60, 60, 3), np.uint8)
    source[:, 30:] = 200
    alpha = np.zeros((60, 60), np.uint8)
    alpha[:, 30], alpha[:, 31:] = 128, 255
    colors = np.where(alpha[..., None] > 0, 200, 0).astype(np.uint8)
    cutout = np.dstack([colors.repeat(3, axis=2), alpha])
    still = measure_cutout(cutout, source)
    moved = np.pad(cutout, ((0, 0), (6, 0), (0, 0)))
    there = measure_cutout(moved, source, offset=(0, 6))
    assert (still.edge_evidence, still.halo) == (there.edge_evidence, there.halo)
    assert still.halo == pytest.approx(0, abs=1e-9)
    wrong = measure_cutout(moved[:, :60], source)
    assert wrong.edge_evidence < 0.6 < still.edge_evidence
    with pytest.raises(OptionsError, match="so it was moved: bring it back"):
        measure_cutout(moved, source)
