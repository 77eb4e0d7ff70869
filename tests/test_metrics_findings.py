"""Findings: each fires beyond its bound and not at it, in words with its numbers."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.findings import find_in_row
from cosmat_nb.metrics.judging import CHECKS, Severity
from cosmat_nb.metrics.measure import measure_alpha
from cosmat_nb.metrics.thresholds import Thresholds
from cosmat_nb.metrics.wording import told_apart

HEALTHY = {
    "matte_height": 200,
    "matte_width": 200,
    "coverage": 0.3,
    "soft_area": 10_000.0,
    "hard_area": 10_000,
    "touch_top": 0.0,
    "touch_right": 0.0,
    "touch_bottom": 0.0,
    "touch_left": 0.0,
    "parts": 1,
    "largest_part_share": 1.0,
    "holes": 0,
    "hole_area": 0,
    "dust": 0,
    "dust_area": 0,
    "edge_width": 2.0,
    "centroid_offset": 0.1,
    "color_residue": 0.0,
    "edge_evidence": 0.95,
    "halo": 0.1,
    "agreement_iou": 0.99,
}
"""A subject of 100 px a side in which nothing is wrong."""


SQUARE = {"matte_height": 100, "matte_width": 100}


def touches(top=0.0, right=0.0, bottom=0.0, left=0.0):
    """Shares of the four sides."""
    return {
        "touch_top": top,
        "touch_right": right,
        "touch_bottom": bottom,
        "touch_left": left,
    }


# Finding; bound it rests on, and a value of it with which the last row is fine; a row
# that lies on the bound, and one just beyond it.
CASES = [
    ("empty", "empty_coverage", 0.0, {"coverage": 0.0005}, {"coverage": 0.00049}),
    ("whole-frame", "max_coverage", 1.0, {"coverage": 0.98}, {"coverage": 0.981}),
    (
        "whole-frame",
        "max_border",
        0.52,
        touches(1, 0.25, 0.5, 0.25),
        touches(1, 0.25, 0.5, 0.29),
    ),
    ("faint", "min_hard_area", 0, {"hard_area": 1}, {"hard_area": 0}),
    (
        "disagreement",
        "min_agreement",
        0.5,
        {"agreement_iou": 0.9},
        {"agreement_iou": 0.899},
    ),
    ("cut-off", "max_touch", 0.006, touches(left=0.005), touches(left=0.006)),
    (
        "fills-frame",
        "fill_sides",
        4,
        touches(0.3, 0.2, 0.005),
        touches(0.3, 0.2, 0.006),
    ),
    (
        "several-subjects",
        "min_largest_share",
        0.9,
        {"parts": 2, "largest_part_share": 0.98},
        {"parts": 2, "largest_part_share": 0.979},
    ),
    ("holes", "max_holes", 4, {"holes": 3}, {"holes": 4}),
    (
        "holes",
        "max_hole_share",
        0.0501,
        {"holes": 1, "hole_area": 500},
        {"holes": 1, "hole_area": 501},
    ),
    ("dust", "max_dust", 11, {"dust": 10}, {"dust": 11}),
    (
        "dust",
        "max_dust_share",
        0.0011,
        {"dust": 2, "dust_area": 10},
        {"dust": 2, "dust_area": 11},
    ),
    ("weak-edge", "min_evidence", 0.5, {"edge_evidence": 0.8}, {"edge_evidence": 0.79}),
    (
        "wide-edge",
        "max_edge_share",
        0.05,
        {"soft_area": 40_000, "edge_width": 8.0},
        {"soft_area": 40_000, "edge_width": 8.1},
    ),
    (
        "wide-edge",
        "min_edge_px",
        4.1,
        {"soft_area": 900, "edge_width": 4.0},
        {"soft_area": 900, "edge_width": 4.1},
    ),
    ("halo", "max_halo", 1, {"halo": 0.5}, {"halo": 0.501}),
    ("too-small", "min_coverage", 0.01, {"coverage": 0.02}, {"coverage": 0.0199}),
    (
        "off-centre",
        "max_offset",
        0.5,
        {"centroid_offset": 0.45},
        {"centroid_offset": 0.451},
    ),
    (
        "color-residue",
        "max_residue",
        0.1,
        {"color_residue": 0.01},
        {"color_residue": 0.011},
    ),
]


class Case(NamedTuple):
    """One of them, by name."""

    name: str
    bound: str
    other: float
    on_it: dict[str, float]
    beyond: dict[str, float]


each_case = pytest.mark.parametrize(
    "case", [Case(*each) for each in CASES], ids=[f"{c[0]}-{c[1]}" for c in CASES]
)


def names(row, **bounds):
    """Names of the findings in a row."""
    return [each.finding for each in find_in_row(row, Thresholds(**bounds))]


def test_nothing_is_wrong_with_a_healthy_row():
    """No finding is made up, and none of an empty mapping either."""
    assert names(HEALTHY) == []
    assert find_in_row({}) == []


@each_case
def test_a_finding_is_made_beyond_its_bound_and_not_on_it(case):
    """A number that equals its bound is fine, the next one is found, once."""
    assert case.name not in names({**HEALTHY, **case.on_it})
    assert names({**HEALTHY, **case.beyond}).count(case.name) == 1


@each_case
def test_a_bound_can_be_moved(case):
    """With another bound the same row is fine; with the default it is not."""
    assert case.name not in names(
        {**HEALTHY, **case.beyond}, **{case.bound: case.other}
    )


def test_every_check_and_every_bound_has_a_case():
    """The two lists of this file leave nothing out."""
    assert {name for name, *_ in CASES} == {check.name for check in CHECKS}
    assert {bound for _, bound, *_ in CASES} == {
        each.name for each in fields(Thresholds)
    }


@each_case
def test_a_finding_carries_the_number_behind_it(case):
    """Its column, or expression of columns, gives its value, beyond its threshold."""
    row = {**HEALTHY, **case.beyond}
    (found,) = [each for each in find_in_row(row) if each.finding == case.name]
    assert pd.DataFrame([row]).eval(found.column)[0] == pytest.approx(found.value)
    if case.name == "fills-frame":
        assert (found.column, found.threshold) == ("touch_top", 0.005)
    elif case.bound != "min_edge_px":
        assert found.threshold == getattr(Thresholds(), case.bound)
    low = case.bound.startswith(("min_", "empty_")) and case.bound != "min_edge_px"
    assert found.value < found.threshold if low else found.value > found.threshold
    assert found.advice.endswith(".")


@each_case
@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, "no number"])
def test_a_missing_number_makes_no_finding(case, missing):
    """Without one of the columns that it needs a check says nothing, nor fails."""
    (check,) = [each for each in CHECKS if each.name == case.name]
    for column in check.columns:
        row = {**HEALTHY, **case.beyond, column: missing}
        assert case.name not in names(row)
        del row[column]
        assert case.name not in names(row)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"coverage": 0.0001}, "0.010% of the picture is kept, under 0.05%: no"),
        (
            touches(bottom=0.25, left=0.031),
            "cut off by the bottom side over 25.0% of it and the left side over 3.1%",
        ),
        (touches(1, 1, 1, 0), "75% of the picture's border is kept, over 50%"),
        (
            {"holes": 1, "hole_area": 800},
            "^1 hole, 800 px or 8.0% of the subject, over 5%$",
        ),
        ({"holes": 4, "hole_area": 9}, "4 holes, 9 px or 0.1% of .*; over 3 holes$"),
        ({"dust": 1, "dust_area": 11}, "^1 speck of dust, 11 px .* 0.11% .*over 0.1%$"),
        ({"dust": 12, "dust_area": 9}, "12 specks .* 0.09% .*; over 10 specks$"),
        ({"coverage": 0.99}, "99.0% of the picture is kept, over 98%: nothing was rem"),
        ({"hard_area": 0}, "^0 px at least half opaque, under 1$"),
        ({"largest_part_share": 0.9}, "^1 part; the largest holds 90.00% .*under 98%$"),
        (
            {"halo": 1.7},
            "hold more of the old background than its alpha accounts for, ",
        ),
        (
            {"halo": 1.7},
            "170.0%, over 50%: the matte is too wide, or colours were copied$",
        ),
        ({"centroid_offset": 0.5}, "50.0% of half the diagonal away .*, over 45%$"),
        ({"color_residue": 0.5}, "^50.0% of the clear pixels hold a colour, over 1%$"),
        ({"edge_width": 5.0}, "5.0 px from clear to solid, 5.0% of the subject's 100"),
        ({"edge_evidence": 0.612}, "of the picture with 0.612, under 0.8, where 0.5"),
        ({"parts": 3, "largest_part_share": 0.9}, "3 parts; the largest holds 90.00%"),
        ({"halo": 0.73}, "73.0% of the old background .* over 50%"),
    ],
)
def test_a_message_says_what_was_seen_with_its_numbers(change, message):
    """The sentence can be checked against the table."""
    (found,) = find_in_row({**HEALTHY, **change})
    assert pd.Series([found.message]).str.contains(message)[0], found.message


@pytest.mark.parametrize(
    ("row", "bounds", "numbers"),
    [
        ({"coverage": 0.0004999}, {}, "0.04999% .* 0.05%"),
        ({"coverage": 0.01999}, {}, "1.999% .* 2%"),
        ({"coverage": 0.9801}, {}, "98.01% .* 98%"),
        ({"coverage": 0.01249}, {"min_coverage": 0.0125}, "1.249% .* 1.25%"),
        (touches(1, 0, 1, 0.0004) | SQUARE | {"coverage": 0.5}, {}, "50.01% .* 50%"),
        ({"parts": 2, "largest_part_share": 0.979999}, {}, "97.9999% .* 98%"),
        ({"holes": 1, "hole_area": 50001, "hard_area": 10**6}, {}, "5.0001% .* 5%"),
        ({"dust": 1, "dust_area": 1001, "soft_area": 10**6}, {}, "0.1001% .* 0.1%"),
        ({"edge_width": 400.04, "soft_area": 10**8}, {}, "4.0004% .* 4%"),
        ({"edge_evidence": 0.79996}, {}, "0.79996, under 0.8"),
        ({"agreement_iou": 0.9999}, {"min_agreement": 0.99995}, "0.9999 .* 0.99995"),
        ({"halo": 0.5004}, {}, "50.04% .* 50%"),
        ({"centroid_offset": 0.4502}, {}, "45.02% .* 45%"),
        ({"color_residue": 0.01001}, {}, "1.001% .* 1%"),
        (touches(left=0.0002), {"max_touch": 0.0001}, "left side over 0.02% of it"),
    ],
)
def test_a_number_and_its_bound_never_look_alike(row, bounds, numbers):
    """As many decimals as it takes; the bound is told as it was given."""
    (found,) = [
        each
        for each in find_in_row(row, Thresholds(**bounds))
        if each.finding != "too-small" or "coverage" in row
    ]
    assert pd.Series([found.message]).str.contains(numbers)[0], found.message


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.floats(0, 3) | st.floats(0, allow_infinity=False),
    st.floats(0, 3) | st.sampled_from([0.02, 0.5, 1 / 3]),
    st.sampled_from([".0%", ".3%", ".0f", ".3f"]),
)
def test_texts_order_as_the_numbers_do(value, bound, spec):
    """However close they are; and the bound's text is the bound."""
    shown, limit = told_apart(value, bound, spec)
    assert shown.endswith("%") == limit.endswith("%") == spec.endswith("%")
    first, second = (Fraction(text.rstrip("%")) for text in (shown, limit))
    assert (first < second, first > second) == (value < bound, value > bound)
    assert float(second / (100 if spec.endswith("%") else 1)) == bound


def test_the_severe_come_first():
    """High before medium before low, whatever the row holds."""
    row = dict.fromkeys(HEALTHY, 0) | {"coverage": 0.01, "centroid_offset": 1}
    found = [each.severity for each in find_in_row(row)]
    assert found == sorted(found, key=list(Severity).index)
    assert set(found) == {Severity.MEDIUM, Severity.LOW}
    order = [check.severity for check in CHECKS]
    assert order == sorted(order, key=list(Severity).index)


def test_an_empty_matte_has_no_other_finding_than_a_disagreement():
    """Nobody reads that nothing is off centre, too small and cut off."""
    row = {**HEALTHY, "coverage": 0.0, "hard_area": 0, "centroid_offset": 0.9}
    assert names(row) == ["empty"]
    assert names({**row, "agreement_iou": 0.0}) == ["empty", "disagreement"]


def test_what_keeps_the_whole_frame_is_not_cut_off_too():
    """The frame cuts a subject, not a background; a disagreement still counts."""
    assert names({**HEALTHY, "coverage": 1.0, **touches(1, 1, 1, 1)}) == ["whole-frame"]
    row = {**HEALTHY, **touches(1, 1, 1, 0), "holes": 9, "agreement_iou": 0.1}
    assert names(row) == ["whole-frame", "disagreement"]


def test_three_sides_are_a_close_up_and_two_are_not():
    """Cut off or filling the frame: one of the two, never both."""
    assert names({**HEALTHY, **touches(0.1, 0.2)}) == ["cut-off"]
    assert names({**HEALTHY, **touches(0.1, 0.2, 0.3)}) == ["fills-frame"]
    assert names({**HEALTHY, **touches(0.1, 0.1, 0.1, 0.1)}, fill_sides=5) == [
        "cut-off"
    ]


def test_a_coverage_alone_shows_that_nothing_was_removed():
    """Size and touches are for the border's rule, which needs all of them."""
    assert names({"coverage": 1.0}) == ["whole-frame"]
    kept = {"coverage": 0.5, **touches(1, 1, 1, 1), **SQUARE}
    assert names(kept) == ["whole-frame"]
    for column in (*touches(), *SQUARE):
        fewer = {name: share for name, share in kept.items() if name != column}
        assert "whole-frame" not in names(fewer)


@pytest.mark.parametrize(
    "absurd", [10**400, float("inf"), object(), [1], "x" * 9, {"a": 1}]
)
def test_absurd_values_are_no_numbers(absurd):
    """Under another key they are not looked at, under a known one they are missing."""
    assert names({**HEALTHY, "pixels": absurd, "halo": 0.9}) == ["halo"]
    assert names({**HEALTHY, "halo": absurd, "holes": 9}) == ["holes"]
    assert names(dict.fromkeys(HEALTHY, absurd)) == []
    assert names({"edge_width": 9, "soft_area": -1}) == []


@pytest.mark.parametrize("bounds", [{"max_halo": 1}, None, Thresholds])
def test_bounds_of_another_kind_are_refused(bounds):
    """Before any number is read."""
    with pytest.raises(OptionsError, match="thresholds must be Thresholds"):
        find_in_row({}, bounds)


def test_columns_of_the_user_change_nothing():
    """Names that mean something to the code, and words, are not read."""
    row = {**HEALTHY, "halo": 0.9, "limit": 3.0, 5: 1.0, "status": "ok", "self": 2}
    assert names(row) == ["halo"]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.floats(0, 1), min_size=4, max_size=4), st.permutations(range(4)))
def test_which_side_is_touched_makes_no_difference(shares, order):
    """A mirrored or turned matte has the same findings."""
    turned = [shares[place] for place in order]
    assert names({**HEALTHY, **touches(*shares)}) == names(
        {**HEALTHY, **touches(*turned)}
    )


def drawn(rows, cols, shape=(100, 100)):
    """A matte of one solid rectangle."""
    alpha = np.zeros(shape, np.uint8)
    alpha[slice(*rows), slice(*cols)] = 255
    return alpha


def holed(count):
    """A square of 60 px with holes of 3 x 3 px in a row."""
    alpha = drawn((20, 80), (20, 80))
    for place in range(count):
        alpha[40:43, 24 + 8 * place : 27 + 8 * place] = 0
    return alpha


def dusty(count):
    """A square of 60 px with single pixels above it."""
    alpha = drawn((20, 80), (20, 80))
    alpha[4, 2 : 2 + 3 * count : 3] = 200
    return alpha


def ramped(width):
    """A square of about 50 px whose alpha rises over `width` px on every side."""
    across = np.clip((25 + width / 2 - abs(np.arange(100) - 49.5)) / width, 0, 1)
    return np.minimum.outer(across, across)


@pytest.mark.parametrize(
    ("alpha", "expected"),
    [
        (drawn((25, 75), (25, 75)), []),
        (drawn((0, 0), (0, 0)), ["empty"]),
        (drawn((0, 100), (0, 100)), ["whole-frame"]),
        (255 - drawn((25, 75), (25, 75)), ["whole-frame"]),
        (drawn((25, 75), (0, 50)), ["cut-off"]),
        (drawn((0, 50), (25, 75)), ["cut-off"]),
        (drawn((40, 100), (0, 100)), ["whole-frame"]),
        (drawn((70, 100), (0, 100)), ["off-centre", "fills-frame"]),
        (drawn((25, 75), (1, 51)), []),
        (drawn((40, 54), (40, 54)), ["too-small"]),
        (drawn((40, 55), (40, 55)), []),
        (drawn((1, 31), (1, 31)), ["off-centre"]),
        (drawn((10, 40), (10, 40)) | drawn((45, 90), (45, 90)), ["several-subjects"]),
        (holed(3), []),
        (holed(4), ["holes"]),
        (dusty(3), []),
        (dusty(4), ["dust"]),
        (ramped(3), []),
        (ramped(8), ["wide-edge"]),
        (drawn((25, 75), (25, 75)) // 3, ["faint", "wide-edge"]),
    ],
)
def test_drawn_mattes_have_the_findings_they_show(alpha, expected):
    """From pixels to words; colours and a second result are not there."""
    assert names(measure_alpha(alpha).as_row()) == expected
    assert names(measure_alpha(alpha[:, ::-1]).as_row()) == expected
    assert names(measure_alpha(np.ascontiguousarray(alpha.T)).as_row()) == expected


def test_names_are_told_apart():
    """No two checks share a name, and all are slugs."""
    found = [check.name for check in CHECKS]
    assert len(set(found)) == len(found)
    assert all(name.replace("-", "").isalpha() and name.islower() for name in found)


@pytest.mark.parametrize("name", [each.name for each in fields(Thresholds)])
@pytest.mark.parametrize("value", [-0.1, float("nan"), "1", None, True, False, -1])
def test_a_bound_that_means_nothing_is_refused(name, value):
    """The message names the bound and what was given."""
    with pytest.raises(OptionsError, match=rf"{name} must be a .*number.*not"):
        Thresholds(**{name: value})


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"max_border": 1.01}, "max_border must be a number, 0 to 1; not 1.01"),
        ({"max_dust": 1.5}, "max_dust must be a whole number, 0 and up; not 1.5"),
        ({"fill_sides": 0}, "fill_sides must be a whole number, 1 to 5; not 0"),
        ({"fill_sides": 6}, "1 to 5; not 6"),
        ({"min_coverage": 0.0001}, "empty_coverage <= min_coverage <= max_coverage"),
        ({"max_coverage": 0.01}, "got 0.0005, 0.02, 0.01"),
    ],
)
def test_bounds_out_of_range_or_order_are_refused(bounds, message):
    """Ranges are stated in the message."""
    with pytest.raises(OptionsError, match=message):
        Thresholds(**bounds)


def test_thresholds_are_one_frozen_value():
    """Equal by content, hashable, unchangeable; numbers of numpy are numbers."""
    made = Thresholds(max_dust=np.int64(4), max_halo=np.float32(0.5))
    assert made == Thresholds(max_dust=4)
    assert hash(made) == hash(Thresholds(max_dust=4))
    with pytest.raises(FrozenInstanceError):
        made.max_dust = 3
    assert type(made.max_dust) is int
    halved = Thresholds(max_halo=Fraction(1, 2), max_border=1)
    assert halved == Thresholds(max_border=1.0)
    assert type(halved.max_halo) is type(halved.max_border) is float
    (found,) = find_in_row({"halo": 0.75}, halved)
    assert found.message.startswith("75.0% of the old background")
    with pytest.raises(OptionsError, match="max_halo must be a number, 0 and up; not"):
        Thresholds(max_halo=Fraction(10**400))


def test_the_border_is_weighed_by_the_length_of_its_sides():
    """Short sides that are kept whole are little of a long picture's border."""
    long = HEALTHY | {"matte_height": 100, "matte_width": 1000}
    # (2 * 100 + 0.5 * 1000 + 0) / 2200 = 0.32, though the mean of the shares is 0.625.
    kept = touches(0.5, 1.0, 0.0, 1.0)
    assert "whole-frame" not in [each.finding for each in find_in_row(long | kept)]
    (found,) = find_in_row(long | touches(1.0, 1.0, 0.5, 0.0))
    assert (found.finding, found.value) == ("whole-frame", 1600 / 2200)
    assert pd.eval(found.column, local_dict=long | touches(1.0, 1.0, 0.5, 0.0)) == (
        pytest.approx(found.value, rel=1e-12)
    )
