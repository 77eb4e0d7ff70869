"""Options of a matting call: checked, hashable, to and from the service's text."""

import copy
import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest

from cosmat_nb.errors import OptionsError
from cosmat_nb.options import MAX_PADDING, MattingOptions, Operation, Padding


def test_the_operations_are_the_vendors():
    """The three operations have the vendor's ci-process names."""
    # Vendor's pages of AIPicMatting, GoodsMatting and AIPortraitMatting.
    assert [str(operation) for operation in Operation] == [
        "AIPicMatting",
        "GoodsMatting",
        "AIPortraitMatting",
    ]


def test_the_default_asks_for_nothing_more():
    """By default only the operation is sent: no centring, no padding."""
    # Vendor's page, 2026-01-09: center-layout is 0 and padding none by default.
    options = MattingOptions()
    assert options == MattingOptions(
        operation=Operation.GENERAL, center=False, padding=Padding(0, 0)
    )
    assert options.parameters == {"ci-process": "AIPicMatting"}
    assert options.rule == "ci-process=AIPicMatting"


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (MattingOptions(center=True), "ci-process=AIPicMatting&center-layout=1"),
        # 20x10 pads 20 px left and right, 10 px top and bottom: vendor's page.
        (
            MattingOptions(padding=(20, 10)),
            "ci-process=AIPicMatting&padding-layout=20x10",
        ),
        (
            MattingOptions(padding=(0, 5)),
            "ci-process=AIPicMatting&padding-layout=0x5",
        ),
        (
            MattingOptions(operation="GoodsMatting", center=True, padding=(1000, 0)),
            "ci-process=GoodsMatting&center-layout=1&padding-layout=1000x0",
        ),
    ],
)
def test_the_rule_is_the_vendors_text(options, rule):
    """The rule names operation, centring and padding in the vendor's order."""
    assert options.rule == rule
    assert MattingOptions.from_rule(rule) == options


@pytest.mark.parametrize(
    "options",
    [
        MattingOptions(operation="AIPortraitMatting", center=1, padding=[3, 4]),
        MattingOptions(operation=Operation.PORTRAIT, center="1", padding=(3, 4)),
        MattingOptions(
            operation=np.str_("AIPortraitMatting"),
            center=np.True_,
            padding=np.array([3, 4]),
        ),
        MattingOptions(
            operation=Operation.PORTRAIT,
            center=np.int64(1),
            padding=(np.uint8(3), np.int64(4)),
        ),
    ],
)
def test_equal_options_are_one_key(options):
    """However they were written, equal options hash alike and hold plain types."""
    plain = MattingOptions(
        operation=Operation.PORTRAIT, center=True, padding=Padding(3, 4)
    )
    assert options == plain
    assert len({options, plain}) == 1
    assert type(options.operation) is Operation
    assert options.center is True
    assert type(options.padding) is Padding
    assert [type(side) for side in options.padding] == [int, int]


@pytest.mark.parametrize("side", [0, 1, 999, 1000])
def test_padding_within_the_range_is_taken(side):
    """Each side may be 0 to 1000 px, the two independent."""
    # Vendor's page, 2026-01-09: maximum value of dx and dy is 1000 pixels.
    assert MAX_PADDING == 1000
    assert MattingOptions(padding=(side, 0)).padding == (side, 0)
    assert MattingOptions(padding=(0, side)).padding == (0, side)


@pytest.mark.parametrize(
    ("padding", "reason"),
    [
        ((-1, 0), "dx must be 0 to 1000"),
        ((0, -1), "dy must be 0 to 1000"),
        ((1001, 0), "dx must be 0 to 1000"),
        ((0, 1001), "dy must be 0 to 1000"),
        ((0, 10**30), "dy must be 0 to 1000"),
        ((20.0, 10), "two whole numbers"),
        ((20,), "two whole numbers"),
        ((1, 2, 3), "two whole numbers"),
        ((), "two whole numbers"),
        (20, "two whole numbers"),
        (None, "two whole numbers"),
        ("20x10", "two whole numbers"),
        ("20", "two whole numbers"),
        (("20", "10"), "two whole numbers"),
        ((float("nan"), 0), "two whole numbers"),
        ((None, 0), "two whole numbers"),
        (pd.NA, "two whole numbers"),
        (np.array([[1, 2], [3, 4]]), "two whole numbers"),
    ],
)
def test_padding_outside_the_range_is_refused(padding, reason):
    """Padding out of range or of another kind is refused with the reason."""
    with pytest.raises(OptionsError, match=reason):
        MattingOptions(padding=padding)


@pytest.mark.parametrize("padding", [{10, 20}, {10: "a", 20: "b"}, (10**5000, 0)])
def test_padding_without_an_order_or_an_end_is_refused(padding):
    """A set or mapping has no first side, and a number may be too long to print."""
    with pytest.raises(OptionsError):
        MattingOptions(padding=padding)


@pytest.mark.parametrize(
    "center",
    [2, -1, 0.5, None, "", "True", "yes", "01", b"1", [], float("nan"), pd.NaT],
)
def test_another_center_is_refused(center):
    """Centring is yes or no and nothing in between."""
    with pytest.raises(OptionsError, match="center must be"):
        MattingOptions(center=center)


@pytest.mark.parametrize("center", [pd.NA, np.array([1, 0]), pd.Series([True, False])])
def test_a_center_that_cannot_be_compared_is_refused(center):
    """A missing cell or a whole column instead of a flag is told as a wrong option."""
    with pytest.raises(OptionsError, match="center must be"):
        MattingOptions(center=center)


@pytest.mark.parametrize(
    "operation",
    ["", "aipicmatting", "AIPicMatting ", "AIImageCrop", None, 1, [], {}, pd.NA, b"x"],
)
def test_another_operation_is_refused(operation):
    """Only the three operations exist and the message lists them."""
    with pytest.raises(OptionsError, match="AIPicMatting, GoodsMatting, AIPortrait"):
        MattingOptions(operation=operation)


def test_options_are_given_by_name():
    """Arguments without a name are refused: their order means nothing."""
    with pytest.raises(TypeError):
        MattingOptions("AIPicMatting")


def test_options_are_frozen_values():
    """Options cannot be changed, and copies and pickles are equal to them."""
    options = MattingOptions(center=True, padding=(20, 10))
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.center = False
    assert copy.deepcopy(options) == options
    assert pickle.loads(pickle.dumps(options)) == options
    assert hash(pickle.loads(pickle.dumps(options))) == hash(options)
    assert dataclasses.replace(options, center=False).padding == (20, 10)


def test_replacing_checks_again():
    """A replaced value is checked like a given one."""
    with pytest.raises(OptionsError):
        dataclasses.replace(MattingOptions(), padding=(0, 1001))


def test_the_printed_rule_is_read():
    """The rule is read with blanks, as the vendor's page prints it."""
    # Vendor's page, 2026-01-09: "Fixed as: ci-process = AIPicMatting".
    rule = " ci-process = AIPicMatting & center-layout = 1 & padding-layout = 20x10 "
    assert MattingOptions.from_rule(rule) == MattingOptions(
        center=True, padding=(20, 10)
    )


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "AIPicMatting",
        "ci-process",
        "=AIPicMatting",
        "ci-process=AIPicMatting&",
        "&",
    ],
)
def test_a_rule_that_is_no_list_of_pairs_is_refused(rule):
    """Every part of a rule is name=value."""
    with pytest.raises(OptionsError, match="name=value"):
        MattingOptions.from_rule(rule)


@pytest.mark.parametrize(
    "parameters",
    [
        {"center-layout": "", "padding-layout": ""},
        {"center-layout": "0", "padding-layout": "0x0"},
        {"detect-url": "http://x", "other": "1"},
    ],
)
def test_empty_and_foreign_parameters_change_nothing(parameters):
    """Empty values count as absent and other names are not options."""
    # The vendor's Go client sends empty values; the page gives 0 as the default.
    read = MattingOptions.from_parameters({"ci-process": "AIPicMatting", **parameters})
    assert read == MattingOptions()


@pytest.mark.parametrize(
    "text",
    [
        "20",
        "x",
        "20x",
        "x10",
        "20X10",
        "20x10x5",
        "20*10",
        " 20x10",
        "20x 10",
        "+20x10",
        "-1x0",
        "2_0x10",
        "20.0x10",
        "٢٠x10",
        "²x1",
        "1001x0",
        "0x1001",
        "9" * 10_000 + "x0",
    ],
)
def test_malformed_padding_is_refused(text):
    """Padding text that is not two numbers within the range is refused."""
    with pytest.raises(OptionsError, match="padding"):
        MattingOptions.from_parameters(
            {"ci-process": "AIPicMatting", "padding-layout": text}
        )


@pytest.mark.parametrize("text", ["2", "-1", "true", "01", " 1", "1 ", "²"])
def test_malformed_centring_is_refused(text):
    """Centring text that is not 0 or 1 is refused."""
    with pytest.raises(OptionsError, match="center"):
        MattingOptions.from_parameters(
            {"ci-process": "AIPicMatting", "center-layout": text}
        )


def test_a_request_without_operation_is_refused():
    """Parameters that name no operation are no matting request."""
    with pytest.raises(OptionsError, match="operation must be one of"):
        MattingOptions.from_parameters({"center-layout": "1"})
