"""Every cutout against its reference, and a reason where that cannot be."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from squares import WhiteEngine

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.frame.scoring import score_frame
from cosmat_nb.metrics.composite import ColorErrors, compare_colors
from cosmat_nb.metrics.errors import MatteErrors, compare_alpha

DTYPES = {
    **MatteErrors.column_dtypes(),
    **ColorErrors.column_dtypes(),
    "score_error": "str",
}
OPTIONS = {
    "plain": cm.MattingOptions(),
    "centred": cm.MattingOptions(center=True),
    "padded": cm.MattingOptions(padding=(7, 3)),
    "both": cm.MattingOptions(center=True, padding=(5, 9)),
}
SHAPE = (40, 60)


class BlueEngine(WhiteEngine):
    """Knows how `drawn` draws: exact, also on soft sides."""

    name = "blue"

    def estimate_alpha(self, picture):
        """Return how much of the white background's blue is missing."""
        return 1 - picture[..., 2] / np.float32(255)


@pytest.fixture
def emulator():
    """A started emulator whose engine is exact on `drawn`."""
    with cm.Emulator(engine=BlueEngine()) as running:
        yield running


def matte(box=(5, 10, 30, 40)):
    """Return a box with soft sides, (40, 60) uint8."""
    hard = np.zeros((SHAPE[0] + 2, SHAPE[1] + 2))
    hard[box[0] + 1 : box[2] + 1, box[1] + 1 : box[3] + 1] = 255
    rows = (hard[:-2] + hard[1:-1] + hard[2:]) / 3
    return np.uint8(np.rint((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 3))


def drawn(alpha):
    """Draw a subject without blue on white, with a pattern of its own, as PNG."""
    rows, cols = np.mgrid[: alpha.shape[0], : alpha.shape[1]]
    shades = (rows * 7 + cols * cols * 3) % 90
    colors = np.stack([150 + shades, 100 - shades, 0 * shades], axis=2)
    share = alpha[..., None] / 255
    return images.encode_png(np.uint8(np.rint(share * colors + 255 * (1 - share))))


def truth_of(key):
    """Return a matte that differs from the cutout's by one column."""
    alpha = np.uint8(matte())
    alpha[:, 20] = 0
    assert key == "a.png"
    return alpha


@pytest.fixture
def sweep(client):
    """A frame of one picture, cut out with all `OPTIONS`."""
    client.put("a.png", drawn(matte()))
    rows = [
        {"key": "a.png", "options": name, "cutout": client.matte("a.png", options)}
        for name, options in OPTIONS.items()
    ]
    return pd.DataFrame(rows).set_index("options")


def cutout(alpha, options=OPTIONS["plain"], color=90):
    """Make a cutout of a known matte, in memory."""
    rgba = np.full((*alpha.shape, 4), color, np.uint8)
    rgba[..., 3] = alpha
    return cm.Cutout(
        place="a.png",
        options=options,
        data=images.encode_png(rgba),
        height=alpha.shape[0],
        width=alpha.shape[1],
        is_empty=not alpha.any(),
        nbytes=0,
    )


def one_row(made, **columns):
    """Make a frame of one cutout."""
    return pd.DataFrame({"key": ["a.png"], "cutout": [made]} | columns)


def score_one(made, truth, **settings):
    """Score one cutout against an array, and return its row."""
    return score_frame(one_row(made), lambda _: truth, progress=False, **settings).iloc[
        0
    ]


def test_a_row_is_what_compare_alpha_tells():
    """All its columns, and of the colours none: the reference has no colours."""
    row = score_one(cutout(matte()), truth_of("a.png"))
    expected = compare_alpha(matte(), truth_of("a.png")).as_row()
    assert row[list(expected)].to_dict() == pytest.approx(expected, rel=0, abs=0)
    # One column of 23 opaque pixels and of 1/3 and 2/3 at either end.
    assert row.sad_k == pytest.approx(0.025)
    assert row[list(ColorErrors.column_dtypes())].isna().all()
    assert pd.isna(row.score_error)


def test_with_colors_both_are_compared():
    """A reference with alpha is scored by alpha and by its colours."""
    rgba = np.full((*SHAPE, 4), 30, np.uint8)
    rgba[..., 3] = matte()
    row = score_one(cutout(matte()), rgba)
    expected = compare_colors(cutout(matte()).rgba, rgba)
    assert row.sad_k == 0
    assert row.composite_mad == expected.composite_mad > 0
    assert row.worst_background == expected.worst_background
    assert row.foreground_mad == pytest.approx(60 / 255)


def test_a_moved_subject_scores_as_an_unmoved_one(sweep):
    """Centred, padded or both: brought back bit for bit, every number is the same."""
    table = score_frame(sweep, truth_of, before=True, progress=False)
    assert table.score_error.isna().all()
    first = table.loc["plain", list(MatteErrors.column_dtypes())]
    assert first.sad_k == pytest.approx(0.025)
    for _, row in table.iterrows():
        assert (row[first.index] == first).all()
    moved = sweep.cutout.map(lambda made: made.alpha.shape)
    assert set(moved) == {(40, 60), (46, 74), (58, 70)}


def test_colors_are_brought_back_too(sweep):
    """Against the unmoved cutout itself no moved one shows any error."""
    sweep["truth"] = [sweep.cutout["plain"]] * len(sweep)
    table = score_frame(sweep, "truth", before=True, progress=False)
    assert list(table.composite_mad) == [0.0] * len(sweep)
    assert list(table.sad_k) == [0.0] * len(sweep)


def test_padding_alone_needs_no_source(sweep):
    """It is cut off as documented; what was centred says what to do."""
    table = score_frame(sweep, truth_of, progress=False)
    assert list(table.score_error.isna()) == [True, False, True, False]
    assert table.sad_k["plain"] == table.sad_k["padded"] > 0
    for name in ("centred", "both"):
        assert "the subject was centred: pass before=True" in table.score_error[name]
        assert pd.isna(table.sad_k[name])


def test_sources_are_fetched_for_moved_subjects_alone(sweep, client):
    """Once for all of them, and not where nothing was moved."""
    asked = []

    def fetch(key):
        asked.append(key)
        return client.fetch(key)

    score_frame(sweep.loc[["plain"]], truth_of, before=fetch, progress=False)
    assert asked == []
    score_frame(sweep, truth_of, before=fetch, workers=2, progress=False)
    assert asked == ["a.png"]


@pytest.mark.parametrize("kind", ["column", "folder", "function", "bytes", "cutout"])
def test_every_kind_of_truth_gives_the_same(kind, tmp_path):
    """A column of paths, bytes or cutouts, a folder, a function."""
    path = tmp_path / "a.png"
    path.write_bytes(images.encode_png(np.dstack([truth_of("a.png")] * 3)))
    frame = one_row(
        cutout(matte()),
        column=[path],
        bytes=[path.read_bytes()],
        cutout_b=[cutout(truth_of("a.png"))],
    )
    truth = {
        "column": "column",
        "bytes": "bytes",
        "cutout": "cutout_b",
        "folder": tmp_path,
        "function": truth_of,
    }[kind]
    table = score_frame(frame, truth, progress=False)
    assert table.sad_k[0] == pytest.approx(0.025)
    assert table.composite_mad.notna()[0] == (kind == "cutout")


@pytest.mark.parametrize("kind", ["column", "folder", "function"])
def test_a_trimap_says_where_to_look(kind, tmp_path):
    """Its unknown part alone is summed: 7 columns, one of them wrong."""
    trimap = np.zeros(SHAPE, np.uint8)
    trimap[:, 17:24] = 128
    (tmp_path / "a.png").write_bytes(images.encode_png(np.dstack([trimap] * 3)))
    given = {"column": "map", "folder": tmp_path, "function": lambda _: trimap}[kind]
    frame = one_row(cutout(matte()), map=[trimap])
    row = score_frame(frame, truth_of, trimap=given, progress=False).iloc[0]
    assert row.unknown_share == 7 / 60
    assert row.unknown_mad_e3 == pytest.approx(25 / (7 * 40) * 1000)
    bad = score_one(cutout(matte()), truth_of("a.png"), trimap=lambda _: trimap + 1)
    assert bad.score_error.startswith("OptionsError: trimap must hold 0, 128")
    lost = score_one(cutout(matte()), truth_of("a.png"), trimap={}.get)
    assert lost.score_error.startswith("trimap: OptionsError: a reference must be")


def test_an_empty_matte_is_scored():
    """Against a subject all wrong, against none all right, and no source is asked."""
    for options in OPTIONS.values():
        dx, dy = options.padding
        empty = np.zeros((SHAPE[0] + 2 * dy, SHAPE[1] + 2 * dx), np.uint8)
        made = cutout(empty, options)
        for before in (False, {}.__getitem__):
            row = score_one(made, matte(), before=before)
            assert row.sad_k == pytest.approx(matte().sum() / 255000)
            right = score_one(made, matte() * 0, before=before)
            assert (right.sad_k, right.iou) == (0, 1)


def test_another_size_is_told():
    """Both sizes and what to do, whichever way the cutout was moved."""
    plain = score_one(cutout(matte()), matte()[1:])
    assert "the cutout has 40 × 60 px" in plain.score_error
    assert "its reference 39 × 60: " in plain.score_error
    padded = cutout(np.pad(matte(), ((3, 3), (7, 7))), OPTIONS["padded"])
    own = score_one(padded, np.pad(matte(), ((3, 3), (7, 7))))
    assert "has 40 × 60 px (rows, columns), its reference 46 × 74" in own.score_error
    assert "padding of (7, 3) px is cut off already; draw" in own.score_error
    other = score_one(padded, matte()[1:], before=lambda _: drawn(matte()))
    assert "the source has 40 × 60 px" in other.score_error


@pytest.mark.parametrize(
    ("fetch", "reason"),
    [
        (lambda _: b"<html>", "source: ImageError: expected a picture"),
        (lambda _: drawn(255 - matte()), "source: the cutout is found in it nowhere"),
        ({}.__getitem__, "source: KeyError: 'a.png'"),
    ],
    ids=["no picture", "another picture", "raises"],
)
def test_a_source_of_no_use_is_told(sweep, fetch, reason):
    """A moved subject that is not found has no numbers; the unmoved one has."""
    table = score_frame(sweep, truth_of, before=fetch, progress=False)
    assert list(table.sad_k.isna()) == [False, True, True, True]
    assert table.score_error["both"].startswith(f"OptionsError: {reason}")


def test_a_lost_handle_is_told(sweep):
    """A cutout from another process forgot its client, and says what to do."""
    sweep["cutout"] = [pickle.loads(pickle.dumps(made)) for made in sweep.cutout]
    table = score_frame(sweep, truth_of, before=True, progress=False)
    assert "fetch it with client.fetch(key)" in table.score_error["centred"]


def test_bad_rows_are_rows(tmp_path):
    """Damaged, lost, unreadable, without a truth: each its reason, others numbers."""
    store = cm.Store(tmp_path)
    made = [cutout(matte((5, 10, 30, 40 - n))) for n in range(3)]
    kept = [each.kept_in(store.folder, store.keep(each.png)) for each in made]
    kept[0].path.unlink()
    kept[1].path.write_bytes(b"short")
    truths = [matte()] * 4 + [b"<html>", None, pd.NA, 5, np.zeros((0, 0)), matte()]
    cutouts = [*kept, *[made[0]] * 6, "text"]
    frame = pd.DataFrame({"cutout": cutouts, "truth": truths})
    table = score_frame(frame, "truth", workers=2, progress=False)
    assert list(table.sad_k.notna()) == [False, False, True, True, *[False] * 6]
    assert table.sad_k[3] == 0
    for row, reason in {
        0: "OptionsError: the file of Cutout",
        1: "OptionsError: the file of Cutout",
        4: "truth: ImageError: expected a picture",
        5: "truth: OptionsError: a reference must be an array, .* there is none",
        6: "truth: OptionsError: a reference must be an array, .* there is none",
        7: "truth: OptionsError: a reference must be an array, .* got int",
        8: "OptionsError: the cutout has 40 × 60 px",
    }.items():
        assert pd.Series(table.score_error[row]).str.match(reason)[0], row
    assert table.score_error[9] == "OptionsError: expected a Cutout; got str"


def quote(key):
    """Fail as an HTTP client does that quotes the link."""
    url = f"https://me:pw5aed@h/{key}?q-signature=5aed"
    raise RuntimeError(f"Client error '404' for url '{url}'\nSee https://httpx")


def test_no_reason_quotes_a_secret():
    """Neither of a column of links nor of a function that names the link it asked."""
    signed = "https://me:pw5aed@h/a.jpg?q-signature=5aed"
    made = cutout(matte(), options=OPTIONS["centred"])
    frame = one_row(made, link=signed, truth=[matte()])
    told = [
        score_frame(frame, progress=False, **settings).score_error[0]
        for settings in (
            {"truth": "link"},
            {"truth": quote},
            {"truth": "truth", "trimap": "link"},
            {"truth": "truth", "before": quote},
        )
    ]
    refused = (
        "OptionsError: a reference is not fetched from an address, https://h/a.jpg: "
        "pass a function that returns its bytes"
    )
    quoted = (
        "RuntimeError: Client error '404' for url 'https://h/a.png' See https://httpx"
    )
    assert told[:3] == [f"truth: {refused}", f"truth: {quoted}", f"trimap: {refused}"]
    assert told[3].endswith(f"source: {quoted}")


@pytest.mark.parametrize(
    "values",
    [[], [None], [cutout(matte())], [cutout(matte() * 0)], [None, "a", 3]],
    ids=["no rows", "no cutout", "cutout", "empty matte", "other values"],
)
def test_dtypes_are_always_the_same(values):
    """Whatever the rows hold, every column has its own dtype."""
    frame = pd.DataFrame({"cutout": pd.Series(values, dtype="object")})
    frame["key"] = "a.png"
    table = score_frame(frame, truth_of, progress=False)
    expected = pd.DataFrame(
        {name: pd.Series([], dtype=dtype) for name, dtype in DTYPES.items()}
    )
    pd.testing.assert_series_equal(table[list(DTYPES)].dtypes, expected.dtypes)


def test_the_frame_stays(sweep):
    """Index, order, columns and attrs are kept; the frame itself is not changed."""
    frame = sweep.set_axis([5, 5, 1, 5])
    frame.attrs["from"], frame.columns.name = "me", "facts"
    before = frame.copy()
    table = score_frame(frame, truth_of, progress=False)
    pd.testing.assert_frame_equal(table[list(before.columns)], before)
    pd.testing.assert_frame_equal(frame, before)
    assert list(table.columns) == [*before.columns, *DTYPES]
    assert (table.attrs, table.columns.name) == ({"from": "me"}, "facts")


def test_a_reference_is_read_once_for_all_its_cutouts():
    """And equal cutouts are scored once, unless they were moved otherwise."""
    asked = []

    def truth(key):
        asked.append(key)
        return matte()

    cutouts = [cutout(matte()), cutout(matte() // 2), cutout(matte(), color=9)] * 5
    cutouts += [cutout(matte(), OPTIONS["centred"])]
    frame = pd.DataFrame({"key": "a.png", "cutout": cutouts})
    table = score_frame(frame, truth, workers=4, progress=False)
    assert asked == ["a.png"]
    assert list(table.sad_k[:3]) == list(table.sad_k[12:15])
    assert table.sad_k.isna().sum() == 1


def test_rows_of_one_picture_have_their_own_truths():
    """Equal cutouts beside different references have different numbers."""
    frame = pd.DataFrame(
        {"cutout": [cutout(matte())] * 3, "truth": [matte(), matte() * 0, matte()]}
    )
    table = score_frame(frame, "truth", progress=False)
    assert list(table.sad_k) == [0, matte().sum() / 255000, 0]


def test_the_number_of_threads_changes_nothing():
    """One, two or many: the same frame."""
    made = [cutout(matte((5, 10, 30, 20 + n))) for n in range(12)]
    frame = pd.DataFrame({"key": "a.png", "cutout": made})
    frame["mask"] = [matte((5, 10, 30, 21 + n)) for n in range(12)]
    tables = [
        score_frame(frame, "mask", workers=workers, progress=False)
        for workers in (1, 2, 30)
    ]
    assert (tables[0].sad_k > 0).all()
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"column": "after"}, "'after', found none among: key, cutout; make it with"),
        ({"truth": "mask"}, "'mask', found none among: key, cutout; truth names"),
        ({"truth": Path("no/such")}, "truth must be a folder"),
        ({"trimap": 5}, "trimap must be the name of a column"),
        ({"on": "name"}, "'name', found none"),
        ({"before": "yes"}, "before must be True, False or a function"),
        ({"workers": 0}, "workers must be a whole number"),
    ],
)
def test_wrong_arguments_say_what_to_do(settings, message):
    """Before anything is read."""
    given = {"truth": truth_of, **settings}
    with pytest.raises(cm.OptionsError, match=message):
        score_frame(one_row(cutout(matte())), progress=False, **given)


def test_scoring_twice_is_refused():
    """The columns of an earlier score are not replaced silently."""
    table = score_frame(one_row(cutout(matte())), truth_of, progress=False)
    with pytest.raises(cm.OptionsError, match="already has sad_k"):
        score_frame(table, truth_of, progress=False)
    assert "coverage" in cm.measure_frame(table, progress=False)


def test_equal_pictures_of_two_places_stay_apart(client):
    """One PNG as the cutout of two keys is scored against each key's reference."""
    made = cutout(matte())
    frame = pd.DataFrame(
        {"key": ["a", "b"], "cutout": [made, replace(made, place="b")]}
    )
    truths = {"a": matte(), "b": matte() * 0}
    table = score_frame(frame, truths.get, before=client.fetch, progress=False)
    assert list(table.sad_k) == [0, matte().sum() / 255000]
