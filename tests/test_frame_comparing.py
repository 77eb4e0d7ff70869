"""Two results compared: pairs, largest differences, summary, and what is told."""

from __future__ import annotations

import html
import pickle
import re

import numpy as np
import pandas as pd
import pytest

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.frame import differences
from cosmat_nb.frame.comparing import compare_runs
from cosmat_nb.metrics.resampling import bootstrap_interval

DIFFERENCES = [1.0, 2.0, 2.0, 3.0, 4.0, 6.0]
HOSTILE = '<img src=x onerror="alert(1)">&'


def frame(values, keys="abcdefghijkl", **columns):
    """Make a measured frame with one metric."""
    keys = list(keys)[: len(values)]
    return pd.DataFrame({"key": keys, "coverage": values, **columns})


def compare(a, b, **options):
    """Compare without a bar."""
    return compare_runs(a, b, **{"progress": False, "resamples": 500, **options})


def cutout(alpha, **options):
    """Make a cutout of a known matte."""
    rgba = np.full((*alpha.shape, 4), 90, np.uint8)
    rgba[..., 3] = alpha
    return cm.Cutout(
        place="a.jpg",
        options=cm.MattingOptions(**options),
        data=images.encode_png(rgba),
        height=alpha.shape[0],
        width=alpha.shape[1],
        is_empty=not alpha.any(),
        nbytes=0,
    )


def box(shape, rows, cols):
    """Draw a filled box."""
    alpha = np.zeros(shape, np.uint8)
    alpha[slice(*rows), slice(*cols)] = 255
    return alpha


def agreement(mine, theirs):
    """Return the direct agreement of two cells as a row."""
    frames = (pd.DataFrame({"key": ["k"], "cutout": [cell]}) for cell in (mine, theirs))
    return compare(*frames).pairs.iloc[0]


def test_pairs_and_summary_by_hand():
    """Rows meet by key; b - a; n, means, median; 2 of 2**6 flips; Holm over both."""
    a = frame([0.0] * 6, parts=[1, 1, 1, 1, 1, 1])
    b = frame(DIFFERENCES, parts=[1, 1, 2, 1, 1, 1]).sample(frac=1, random_state=1)
    found = compare(a, b)
    assert found.pairs["key"].tolist() == list("abcdef")
    assert found.pairs["coverage_diff"].tolist() == DIFFERENCES
    assert found.pairs["parts_diff"].tolist() == [0, 0, 1, 0, 0, 0]
    assert list(found.pairs.columns) == [
        *("key", "status_a", "status_b"),
        *("coverage_a", "coverage_b", "coverage_diff"),
        *("parts_a", "parts_b", "parts_diff"),
        *("agreement_iou", "agreement_mad", "agreement_basis", "agreement_error"),
        *("cutout_a", "cutout_b"),
    ]
    coverage, parts = found.summary.to_dict("records")
    bounds = bootstrap_interval(DIFFERENCES, resamples=500)
    assert coverage == {
        "metric": "coverage",
        "n": 6,
        "mean_a": 0.0,
        "mean_b": 3.0,
        "mean_diff": 3.0,
        "ci_low": pytest.approx(bounds.low),
        "ci_high": pytest.approx(bounds.high),
        "median_diff": 2.5,
        "p_value": 2 / 64,
        "p_adjusted": 4 / 64,
    }
    assert (parts["mean_b"], parts["p_value"]) == (pytest.approx(7 / 6), 1.0)
    assert found.metrics == ("coverage", "parts")


def test_the_order_of_rows_does_not_matter(rng):
    """Shuffled frames give the same bytes, and so does the same call again."""
    a, b = (frame(rng.normal(size=12), group=list("xy") * 6) for _ in "ab")
    first = compare(a, b, by="group")
    shuffled = (each.sample(frac=1, random_state=3) for each in (a, b))
    for again in (compare(*shuffled, by="group"), compare(a, b, by="group")):
        assert again._repr_html_() == first._repr_html_()
        assert again.summary.to_csv() == first.summary.to_csv()
        assert again.pairs.to_csv() == first.pairs.to_csv()
    other = compare(a, b, by="group", seed=1)
    assert other.summary.to_csv() != first.summary.to_csv()


def test_exchanging_a_and_b_negates(rng):
    """Differences and bounds change sign, agreement and p stay."""
    mattes = [box((8, 9), (1, 4), (2, 5 + i % 3)) for i in range(24)]
    cutouts = [cutout(matte, center=True) for matte in mattes]
    a = frame(rng.normal(size=12), cutout=cutouts[:12])
    b = frame(rng.normal(size=12), cutout=cutouts[11:23])
    ahead, behind = compare(a, b), compare(b, a)
    assert (ahead.pairs["coverage_diff"] == -behind.pairs["coverage_diff"]).all()
    assert ahead.pairs["agreement_iou"].between(0.5, 0.9).any()
    for name in ("agreement_iou", "agreement_mad"):
        assert ahead.pairs[name].tolist() == behind.pairs[name].tolist()
    one, two = ahead.summary.iloc[0], behind.summary.iloc[0]
    assert (one.p_value, one.mean_diff) == (two.p_value, -two.mean_diff)
    assert one.ci_low == pytest.approx(-two.ci_high, rel=1e-9)
    assert (one.mean_a, one.mean_b) == (two.mean_b, two.mean_a)


def test_identical_results_do_not_differ():
    """All differences 0, p 1, no interval; no largest difference; mattes agree."""
    a = frame([0.1, 0.2], cutout=[cutout(box((5, 5), (1, 3), (1, 4)))] * 2)
    found = compare(a, a)
    row = found.summary.iloc[0]
    assert (row.mean_diff, row.p_value, row.p_adjusted) == (0, 1, 1)
    assert np.isnan([row.ci_low, row.ci_high]).all()
    assert found.pairs["agreement_iou"].tolist() == [1, 1]
    assert found.pairs["agreement_mad"].tolist() == [0, 0]
    assert len(found.largest()) == len(found.largest(metric="coverage")) == 0
    assert "Largest differences by agreement_iou: none" in found._repr_html_()


def test_groups_come_from_either_frame_and_none_is_lost():
    """A row for each group, a missing group too; Holm over the whole table."""
    a = frame([0.0] * 6, scene=["x", "x", "x", "y", None, "y"])
    b = frame(DIFFERENCES, kind=["s"] * 6)
    found = compare(a, b, by=["kind", "scene"]).summary
    assert found["scene"].isna().tolist() == [False, False, True]
    assert found["n"].tolist() == [3, 2, 1]
    assert found["mean_diff"].tolist() == pytest.approx([5 / 3, 4.5, 4])
    assert found["p_value"].tolist() == [0.25, 0.5, 1.0]
    assert found["p_adjusted"].tolist() == [0.75, 1.0, 1.0]
    assert compare(a, b, by="scene").pairs["scene"].tolist()[:2] == ["x", "x"]


def test_groups_must_agree():
    """A column in both frames that differs is refused with the key; missing agrees."""
    a, b = frame([1.0, 2.0, 3.0]), frame([1.0, 2.0, 3.0])
    a["g"], b["g"] = ["x", None, "z"], ["x", pd.NA, "z"]
    assert compare(a, b, by="g").summary["n"].sum() == 3
    b["g"] = ["x", "y", "z"]
    with pytest.raises(cm.OptionsError, match=r"'g' differs .* in 1 pairs, .* 'b'"):
        compare(a, b, by="g")
    a["g"] = [[1], [2], [3]]
    with pytest.raises(cm.OptionsError, match="must hold plain values"):
        compare(a, b, by="g")


def test_missing_and_infinite_numbers_do_not_count():
    """Pairs with two finite numbers are counted, and means are over these alone."""
    nan, inf = np.nan, np.inf
    a = frame([1.0, nan, 3.0, inf, 5.0], holes=pd.array([1, None, 1, 1, 1], "Int64"))
    b = frame([2.0, 2.0, nan, inf, 9.0], holes=pd.array([3, 3, 3, 3, None], "Int64"))
    a["nothing"] = b["nothing"] = nan
    found = compare(a, b)
    assert found.pairs["coverage_diff"].isna().tolist() == [False, *[True] * 3, False]
    coverage, holes, nothing = found.summary.to_dict("records")
    assert (coverage["n"], coverage["mean_a"], coverage["mean_b"]) == (2, 3.0, 5.5)
    assert (coverage["median_diff"], coverage["p_value"]) == (2.5, 0.5)
    assert coverage["p_adjusted"] == 0.5
    assert (holes["n"], holes["mean_diff"], holes["p_value"]) == (3, 2.0, 0.25)
    assert nothing["n"] == 0
    assert all(np.isnan(v) for k, v in nothing.items() if k not in ("metric", "n"))
    assert found.largest(metric="coverage")["key"].tolist() == ["e", "a"]


def test_every_metric_is_judged_as_if_alone(rng):
    """What other metrics miss changes neither bounds nor p of one that misses none."""
    a = pd.DataFrame(rng.normal(size=(30, 3)), columns=list("xyz")).assign(
        key=range(30)
    )
    b = pd.DataFrame(rng.normal(size=(30, 3)), columns=list("xyz")).assign(
        key=range(30)
    )
    a.loc[4:7, "y"] = np.nan
    together = compare(a, b).summary.set_index("metric")
    assert together["n"].to_dict() == {"x": 30, "y": 26, "z": 30}
    for name in "xyz":
        alone = compare(a, b, metrics=[name]).summary.iloc[0]
        for value in ("mean_diff", "ci_low", "ci_high", "p_value"):
            assert together.loc[name, value] == pytest.approx(alone[value])
    holm = together["p_value"].min() * 3
    assert together["p_adjusted"].min() == pytest.approx(min(holm, 1))


def test_metrics_judged_together_are_judged_as_alone(rng, monkeypatch, capfd):
    """In batches of two or all at once they have one result, and each counts once."""
    a = pd.DataFrame(rng.normal(size=(30, 5)), columns=list("vwxyz"))
    b = pd.DataFrame(rng.normal(size=(30, 5)), columns=list("vwxyz"))
    a.loc[3, "w"] = a.loc[9, "y"] = np.nan
    a["key"] = b["key"] = range(30)
    whole = compare(a, b).summary
    monkeypatch.setattr(differences, "_TOGETHER", 2)
    again = compare(a, b, progress=True).summary
    pd.testing.assert_frame_equal(again, whole, rtol=1e-9)
    assert "cosmat: 5 of 5 rows · " in capfd.readouterr().err


def test_keys_of_one_frame_alone_are_told():
    """They are listed and counted, rows without a key as None; nothing vanishes."""
    a = pd.DataFrame({"key": ["k", "z", None, "m"], "coverage": 0.5})
    b = pd.DataFrame({"key": [None, "n", None, "k"], "coverage": 0.5})
    found = compare(a, b, names=("old", "new"))
    assert found.only_a == ("m", "z", None)
    assert found.only_b == ("n", None, None)
    assert repr(found) == "Comparison(old vs new: 1 pair, 3 only in old, 3 only in new)"


def test_repeated_rows_count_once_when_they_agree():
    """A picture named twice with one cutout is one pair; what disagrees is refused."""
    matte = cutout(box((4, 4), (0, 2), (0, 2)))
    a = frame([0.5, 0.5, 0.1], keys="kkm", cutout=[matte] * 3, attempts=[1, 0, 1])
    b = frame([0.5, 0.1], keys="km", cutout=[matte] * 2)
    found = compare(a, b)
    assert found.summary["n"].tolist() == [2]
    assert (
        repr(found)
        == "Comparison(a vs b: 2 pairs, 1 repeated, 2 overlaid: mean IoU 1.000)"
    )
    with pytest.raises(
        cm.OptionsError, match=r"frame b .* disagree for 'k': .*drop_dup"
    ):
        compare(b, a.assign(coverage=[0.5, 0.4, 0.1]))
    with pytest.raises(cm.OptionsError, match="frame a has several rows"):
        compare(a.assign(g=[1, 2, 3]), b, by="g")
    other = cutout(box((4, 4), (0, 2), (0, 3)))
    with pytest.raises(cm.OptionsError, match="several rows that disagree"):
        compare(a.assign(cutout=[matte, other, matte]), b)


def test_a_status_that_differs_is_told():
    """Both statuses stand in the pairs, and the line counts where they differ."""
    matte = cutout(box((4, 4), (0, 2), (0, 2)))
    a = frame([0.5, 0.5], cutout=[matte, None], status=["ok", "error"])
    b = frame([0.5, 0.5], cutout=[matte, None], status=["empty", "error"])
    found = compare(a, b)
    assert found.pairs["status_a"].tolist() == ["ok", "error"]
    assert found.pairs["status_b"].tolist() == ["empty", "error"]
    facts = "2 pairs, 1 of different status, 1 overlaid: mean IoU 1.000"
    assert repr(found) == f"Comparison(a vs b: {facts})"
    assert pd.isna(found.pairs["agreement_error"][0])
    assert found.pairs["agreement_error"][1] == "no cutout in a and b"


def test_a_large_table_can_still_find_something(rng):
    """516 rows and 30 pairs each: resamples follow the rows, so Holm leaves p < 0.05.

    Fewer that were asked for cannot, and the page says so, with the bound.
    """
    metrics = [f"m{number}" for number in range(43)]
    a = pd.DataFrame(0.0, index=range(360), columns=metrics)
    a["key"] = range(360)
    b = a.assign(**{name: rng.normal(3.0, 1.0, 360) for name in metrics})
    a["g"] = np.arange(360) % 12
    found = compare_runs(a, b, by="g", progress=False)
    assert len(found.summary) == 516
    assert found.resamples == 200 * 516
    assert found.summary["p_adjusted"].max() < 0.01
    assert "cannot fall below" not in found._repr_html_()
    fewer = compare(a, b, by="g", resamples=9999)
    assert fewer.resamples == 9999
    assert fewer.summary["p_adjusted"].min() == pytest.approx(0.0516)
    assert "with 9,999 resamples it cannot fall below 0.052" in fewer._repr_html_()
    assert compare_runs(a, b, metrics=["m1"], progress=False).resamples == 9999


def test_the_page_promises_no_more_than_intervals_hold():
    """It says that they aim at 95 %, and are shorter with few pairs; none below six."""
    found = compare(frame([0.0] * 5), frame([1.0, 2.0, 4.0, 5.0, 7.0]))
    row = found.summary.iloc[0]
    assert np.isnan([row.ci_low, row.ci_high]).all()
    assert row.p_value == 2 / 32
    page = found._repr_html_()
    assert "aim at 0.95 confidence; with few pairs they are shorter than that" in page
    assert "<td>–</td><td>–</td><td>4</td><td>0.0625</td>" in page


def test_extreme_numbers_cost_no_other_metric(rng):
    """A sentinel at the end of the floats, tiny ones, and an overflow: all are rows."""
    a = pd.DataFrame({"key": range(30), "x": rng.normal(size=30)})
    b = pd.DataFrame({"key": range(30), "x": rng.normal(size=30)})
    alone = compare(a, b).summary.iloc[0]
    a = a.assign(sentinel=0.0, tiny=0.0, far=[-1.7e308] * 2 + [1.7e308] * 28)
    b = b.assign(sentinel=0.0, tiny=np.arange(30) * 1e-160, far=1.7e308)
    b.loc[3, "sentinel"] = 1.797e308
    found = compare(a, b)
    summary = found.summary.set_index("metric")
    assert summary.loc["x", "p_value"] == alone["p_value"]
    assert summary.loc["x", "ci_low"] == pytest.approx(alone["ci_low"])
    assert summary.loc["sentinel", "mean_diff"] == pytest.approx(1.797e308 / 30)
    assert summary.loc["sentinel", "p_value"] == 1
    tiny = summary.loc["tiny"]
    assert 0 < tiny["ci_low"] < tiny["mean_diff"] < tiny["ci_high"] < 3e-159
    assert tiny["mean_diff"] == pytest.approx(14.5e-160)
    assert found.pairs["far_diff"].isna().tolist() == [True] * 2 + [False] * 28
    assert summary.loc["far", "n"] == 28
    assert summary.loc["far", "mean_a"] == pytest.approx(1.7e308)


def test_rounding_is_no_difference():
    """float32 of the same, or a sum in another order: 0, p 1. Beyond 4 units: one."""
    eps = float(np.finfo("float32").eps)
    wide = np.array([0.1, 0.3, 0.7, 123.4, -5e-9, 0.0] * 5)
    for narrow in (wide.astype("float32"), pd.array(wide, "Float32")):
        for pair in ((wide, narrow), (narrow, wide), (narrow, narrow)):
            a, b = (pd.DataFrame({"key": range(30), "x": values}) for values in pair)
            found = compare(a, b)
            assert (found.pairs["x_diff"] == 0).all()
            assert found.summary["p_value"].tolist() == [1.0]
    found = compare(frame([0.3] * 3), frame([0.1 + 0.2, 0.3 + 1e-15, 0.3000001]))
    assert (found.pairs["coverage_diff"] == 0).tolist() == [True, False, False]
    half = np.array([1.0, 1.0], "float32")
    more = np.array([1 + 3 * eps, 1 + 6 * eps], "float32")
    found = compare(frame(half), frame(more))
    assert found.pairs["coverage_diff"].tolist() == [0, pytest.approx(6 * eps)]


def test_infinity_differs_from_all_numbers_by_none():
    """One infinite number has no difference from any other, not one of 0."""
    inf = np.inf
    found = compare(frame([inf, 1.0, -inf, inf, 1.0]), frame([1.0, inf, inf, inf, 3.0]))
    assert found.pairs["coverage_diff"].isna().tolist() == [True] * 4 + [False]


def test_whole_numbers_are_not_rounded():
    """One more of a very large count is a difference of 1."""
    found = compare(frame([2**53 - 1, 5]), frame([2**53 - 2, 5]))
    assert found.pairs["coverage_diff"].tolist() == [-1, 0]


def test_links_signed_anew_are_told_without_their_secrets():
    """They are not paired, and the reason and the remedy are named; so are kinds."""
    link = "https://h/a.jpg?sign="
    a, b = (
        pd.DataFrame({"key": [f"{link}{secret}"], "x": 1.0, "id": [7]})
        for secret in ("5aed", "77fe")
    )
    with pytest.raises(cm.OptionsError) as caught:
        compare(a, b)
    assert str(caught.value) == (
        "no key is in both frames as it stands: 'https://h/a.jpg', different in what "
        "is not shown, as links that were signed anew are; pass on= a column of your "
        "own that names the same pictures in both"
    )
    assert len(compare(a, b, on="id").pairs) == 1
    with pytest.raises(cm.OptionsError, match="'7' are int in a and str in b; convert"):
        compare(a, b.assign(id=["7"]), on="id")


def test_threads_change_nothing():
    """One thread or three: the same agreements, in the same order."""
    mattes = [cutout(box((9, 9), (0, 3), (0, n + 1))) for n in range(6)]
    a = frame([0.5] * 6, cutout=[mattes[0]] * 6)
    b = frame([0.5] * 6, cutout=mattes)
    one, three = (compare(a, b, workers=count).pairs for count in (1, 3))
    assert one["agreement_iou"].tolist() == [1 / (n + 1) for n in range(6)]
    assert one.drop(columns=["cutout_a", "cutout_b"]).equals(
        three.drop(columns=["cutout_a", "cutout_b"])
    )


def test_the_largest_differences_are_ranked():
    """By size of the difference, ties by key, with its direction and both cutouts."""
    mattes = [cutout(box((4, 8), (0, 2), (0, n))) for n in (4, 2, 1, 4)]
    a = frame([0.0, 0.5, 0.5, 0.2], cutout=[mattes[0]] * 4)
    b = frame([0.5, 0.0, 0.5, 0.1], cutout=mattes)
    found = compare(a, b, names=("plain", "new"))
    table = found.largest(metric="coverage")
    assert table["key"].tolist() == ["a", "b", "d"]
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["larger"].tolist() == ["new", "plain", "plain"]
    assert table["coverage_diff"].tolist() == [0.5, -0.5, pytest.approx(-0.1)]
    assert found.largest(1, "coverage")["cutout_b"][0] is mattes[0]
    by_iou = found.largest()
    assert by_iou["key"].tolist() == ["c", "b"]
    assert by_iou["agreement_iou"].tolist() == [0.25, 0.5]
    assert "larger" not in by_iou
    assert found.largest(metric="agreement_mad")["agreement_mad"].tolist() == [
        6 / 32,
        4 / 32,
    ]
    with pytest.raises(cm.OptionsError, match=r"agreement_mad, coverage; not 'area'"):
        found.largest(metric="area")
    with pytest.raises(cm.OptionsError, match="whole number from 0; not -1"):
        found.largest(-1)


OPTIONS = {
    "plain": {},
    "padded": {"padding": (20, 10)},
    "centred": {"center": True},
    "both": {"center": True, "padding": (3, 7)},
}


def test_options_that_move_the_subject_change_no_matte(client):
    """Whatever was asked for, pairs agree exactly once they are brought together."""
    from squares import draw_square  # noqa: PLC0415 - a helper, not a fixture

    for row in range(3):
        picture = draw_square(box=(4 + row, 10, 30, 40 + 5 * row))
        client.put(f"{row}.jpg", images.encode_jpeg(picture))
    listed = cm.list_frame(client)
    results = {
        name: cm.measure_frame(
            cm.matte_frame(
                listed, client, options=cm.MattingOptions(**each), progress=False
            ),
            progress=False,
        )
        for name, each in OPTIONS.items()
    }
    for a in OPTIONS:
        for b in OPTIONS:
            found = compare(results[a], results[b], names=(f"1 {a}", f"2 {b}"))
            assert found.pairs["agreement_iou"].tolist() == [1, 1, 1]
            assert found.pairs["agreement_mad"].tolist() == [0, 0, 0]
            fixed = {a, b} <= {"plain", "padded"}
            expected = "canvas" if fixed else "alpha"
            assert set(found.pairs["agreement_basis"]) == {expected}
    found = compare(results["plain"], results["padded"])
    summary = found.summary.set_index("metric")
    assert summary.loc["margin_left", "mean_diff"] == 20
    assert summary.loc["margin_top", "mean_diff"] == 10
    assert summary.loc["soft_area", "p_value"] == 1
    assert not {"attempts", "seconds", "size"} & set(found.metrics)


def test_the_canvas_decides_where_nothing_was_centred():
    """A subject that really stands elsewhere is a difference, not a translation."""
    alpha = box((12, 14), (2, 6), (2, 6))
    moved = np.roll(alpha, 4, 1)
    row = agreement(cutout(alpha), cutout(moved))
    assert (row.agreement_iou, row.agreement_basis) == (0.0, "canvas")
    assert row.agreement_mad == 32 / 168
    padded = np.pad(alpha, ((3, 3), (5, 5)))
    row = agreement(cutout(alpha), cutout(padded, padding=(5, 3)))
    assert (row.agreement_iou, row.agreement_basis) == (1.0, "canvas")
    row = agreement(cutout(alpha, center=True), cutout(moved))
    assert (row.agreement_iou, row.agreement_basis) == (1.0, "alpha")


def test_an_empty_matte_meets_no_other():
    """One empty: IoU 0. Both: 1. Centring has nothing to move, so the canvas holds."""
    full, none = box((4, 4), (0, 2), (0, 2)), np.zeros((4, 4), np.uint8)
    row = agreement(cutout(full), cutout(none, center=True))
    assert (row.agreement_iou, row.agreement_mad) == (0.0, 0.25)
    assert row.agreement_basis == "canvas"
    row = agreement(cutout(none), cutout(none))
    assert (row.agreement_iou, row.agreement_mad) == (1.0, 0.0)


def test_a_canvas_cut_to_its_subject_is_laid_on_it():
    """A cropped answer agrees with the whole one, also with padding around the crop."""
    alpha = box((12, 14), (2, 6), (3, 9))
    crop = alpha[2:6, 3:9]
    row = agreement(cutout(alpha), cutout(crop))
    assert (row.agreement_iou, row.agreement_basis) == (1.0, "alpha")
    crop = np.pad(crop, ((1, 1), (2, 2)))
    row = agreement(cutout(crop, padding=(2, 1)), cutout(alpha))
    assert (row.agreement_iou, row.agreement_basis) == (1.0, "alpha")


def test_canvases_that_fit_no_translation_say_so():
    """Another size that neither padding nor centring explains has no numbers."""
    row = agreement(
        cutout(box((12, 14), (2, 6), (3, 9))),
        cutout(box((26, 30), (4, 12), (6, 18)), padding=(1, 1)),
    )
    assert row[["agreement_iou", "agreement_mad", "agreement_basis"]].isna().all()
    assert row.agreement_error == (
        "the canvases are of different size without their padding, 12 × 14 px and "
        "24 × 28 px, and no centring explains it: no translation is known"
    )


def test_a_cutout_that_cannot_be_read_is_a_row_with_its_reason(tmp_path):
    """The lost file is told, and which result had it; the other pair has numbers."""
    good = cutout(box((4, 4), (0, 2), (0, 2)))
    store = cm.Store(tmp_path)
    lost = good.kept_in(store.folder, store.keep(good.png))
    lost.path.unlink()
    a = frame([0.5, 0.5], cutout=[good, good])
    found = compare(a, frame([0.5, 0.5], cutout=[lost, good])).pairs
    assert found["agreement_error"][0].startswith("b: OptionsError: the file of")
    assert found["agreement_iou"].isna().tolist() == [True, False]


def test_frames_without_cutouts_are_compared_too():
    """As read from a file: numbers alone, in any column of keys, flags if asked for."""
    a = pd.DataFrame({"id": [3, 1, 2], "ok": [True, True, False], "x": [1, 2, 3]})
    b = pd.DataFrame({"id": [1, 2, 3], "ok": [True, True, True], "x": [1.0, 2.0, 3.0]})
    found = compare(a, b, on="id")
    assert found.metrics == ("x",)
    assert found.pairs["id"].tolist() == [1, 2, 3]
    assert found.pairs["x_diff"].tolist() == [-1, -1, 2]
    assert set(found.pairs["agreement_error"]) == {"no cutout in a and b"}
    found = compare(a, b, on="id", metrics=["ok"])
    assert found.pairs["ok_diff"].tolist() == [0, 1, 0]


def test_without_metrics_there_is_only_agreement():
    """Frames of cutouts alone have an empty summary and ranked pairs."""
    a = pd.DataFrame({"key": ["k"], "cutout": [cutout(box((4, 4), (0, 2), (0, 2)))]})
    b = pd.DataFrame({"key": ["k"], "cutout": [cutout(box((4, 4), (0, 2), (0, 4)))]})
    found = compare(a, b)
    assert len(found.summary) == 0
    assert found.largest()["agreement_iou"].tolist() == [0.5]
    assert "Summary: none" in found._repr_html_()
    assert len(compare(a[["key"]], b[["key"]]).largest()) == 0


def test_frames_are_left_as_they_are(rng):
    """Neither index, order, columns nor values of the frames change."""
    a = frame(rng.normal(size=3)).set_index(pd.Index([7, 7, 1]))
    before = a.copy()
    compare(a, frame([1.0, 2.0, 3.0]))
    pd.testing.assert_frame_equal(a, before)


def test_every_text_in_html_is_escaped():
    """Names, keys, groups and metrics of any text show as text; secrets do not show."""
    signed = "https://example.com/a.jpg?q-signature=5aed"
    a = pd.DataFrame({"key": [HOSTILE, signed], HOSTILE: [1.0, 2.0], "g": HOSTILE})
    found = compare(a, a.assign(**{HOSTILE: 5.0}), by="g", names=(HOSTILE, "<b>b</b>"))
    page = found._repr_html_()
    assert HOSTILE not in page
    assert "<b>b</b>" not in page
    assert "5aed" not in page
    assert page.count(html.escape(HOSTILE)) >= 6
    tags = set(re.findall(r"</?\w+", page))
    assert tags <= {
        f"{slash}{tag}"
        for slash in ("<", "</")
        for tag in ("div", "b", "table", "caption", "tr", "th", "td")
    }


def test_html_shows_summary_and_five_largest():
    """Both tables with their numbers, the sign's meaning, and how much is left out."""
    a = frame([0.0] * 8)
    found = compare(a, frame([0.1 * n for n in range(8)]), names=("old", "new"))
    page = found._repr_html_()
    assert "Differences are b − a: new minus old." in page
    assert "<td>coverage</td><td>8</td><td>0</td><td>0.35</td>" in page
    keys = re.findall(r"<td>\d</td><td>([a-z])</td>", page)
    assert keys == list("hgfed")
    assert "more rows" not in page
    many = a.assign(g=range(8))
    for number in range(8):
        many[f"m{number}"] = 1.0 * number
    assert "12 more rows are in .summary" in compare(many, many, by="g")._repr_html_()


def test_a_comparison_is_frozen_and_travels():
    """No field can be set; a pickled one shows the same."""
    found = compare(frame([0.0, 1.0]), frame([1.0, 5.0]))
    with pytest.raises(AttributeError):
        found.seed = 3
    again = pickle.loads(pickle.dumps(found))
    assert again._repr_html_() == found._repr_html_()
    assert len(repr(found)) < 80


def test_progress_is_silent_when_asked(capfd):
    """``False`` writes nothing; else distinct pairs are counted, then rows."""
    one, two = (cutout(box((4, 4), (0, 2), (0, end))) for end in (2, 3))
    a = frame([0.5] * 4, cutout=[one, two, one, None])
    compare(a, a)
    assert capfd.readouterr() == ("", "")
    compare(a, a, progress=True)
    shown = capfd.readouterr().err
    assert "cosmat: 2 of 2 pictures · " in shown
    assert "cosmat: 1 of 1 row · " in shown


GOOD = frame([1.0, 2.0])


@pytest.mark.parametrize(
    ("a", "b", "options", "message"),
    [
        (
            GOOD,
            frame([1.0], keys="z"),
            {},
            "no key is in both frames: a has 'a', 'b', ",
        ),
        (GOOD, GOOD.iloc[:0], {}, "b has none; pass on= a column that names"),
        (GOOD, [1], {}, "expected a DataFrame; got list"),
        (GOOD, GOOD.drop(columns="key"), {}, "one column 'key', found none"),
        (GOOD, GOOD, {"metrics": ["area"]}, "a has no column 'area': .* frames first"),
        (GOOD, GOOD, {"metrics": ["key"]}, "'key' must be .* numbers or flags; in a"),
        (GOOD, GOOD, {"metrics": "coverage"}, r"a list of columns, as \['coverage'\]"),
        (GOOD, GOOD, {"by": "scene"}, "'scene', found none .* by= names a column"),
        (GOOD, GOOD, {"names": ("a", "a")}, "two different words"),
        (GOOD, GOOD, {"names": "ab"}, "two different words for a and b; not 'ab'"),
        (GOOD, GOOD, {"names": ("a", 1)}, "two different words"),
        (GOOD, GOOD, {"confidence": 1.5}, "confidence must be 0.5 to 0.999"),
        (GOOD, GOOD, {"resamples": 1}, "resamples must be a whole number from 100"),
        (GOOD, GOOD, {"workers": 0}, "workers must be a whole number of threads"),
        (GOOD, GOOD, {"seed": "x"}, "seed must be a whole number from 0"),
        (GOOD, GOOD, {"by": "key"}, "would have key twice: rename"),
        (GOOD.assign(n=["x", "y"]), GOOD, {"by": "n"}, "would have n twice"),
        (GOOD.assign(key=["a", 1]), GOOD.assign(key=["a", 1]), {}, "of one kind"),
        (GOOD.assign(key=[["a"], ["b"]]), GOOD, {}, "of one kind"),
    ],
)
def test_bad_input_is_refused_in_words(a, b, options, message):
    """Every refusal says what was expected, what came, or what to do."""
    with pytest.raises(cm.OptionsError, match=message):
        compare(a, b, **options)
