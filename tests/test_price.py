"""Prices: user data that never pass for truth, reckoned in decimals."""

from __future__ import annotations

import dataclasses
import math
import pickle
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cosmat_nb as cm
from cosmat_nb.store.price import UNVERIFIED, Price, Step

GENERAL = "AIPicMatting"
QUICK = settings(max_examples=60, derandomize=True, deadline=None)


def price(steps, **fields):
    """Make a price of one operation."""
    return Price(steps={GENERAL: steps}, source="a test", as_of="2026-10-01", **fields)


@pytest.mark.parametrize(
    ("calls", "before", "cost"),
    [
        (1, 0, 0.0),
        (2, 0, 0.0),
        (3, 0, 0.02),
        (5, 0, 0.06),
        (6, 0, 0.07),
        (1, 2, 0.02),
        (1, 4, 0.02),
        (1, 5, 0.01),
        (3, 4, 0.04),
        (7, 0, 0.08),
        (1, 6, 0.01),
        (1, 7, 0.001),
        (9, 0, 0.082),
        (0, 0, 0.0),
        (0, 99, 0.0),
    ],
)
def test_free_calls_come_first_and_then_the_steps(calls, before, cost):
    """Two free, three charged at 0.02, two at 0.01, all others at 0.001."""
    steps = {1: 0.02, 4: 0.01, 6: 0.001}
    assert price(steps, free_calls=2).cost(GENERAL, calls, before) == cost


def test_costs_are_decimal():
    """Three calls at 0.02 cost 0.06, and a million at 0.1 exactly 100 000."""
    assert UNVERIFIED.cost(GENERAL, 3) == 0.06
    assert price(0.1).cost(GENERAL, 1_000_000) == 100_000.0
    assert price(Decimal("0.07")).cost("AIPicMatting", 3) == 0.21


rates = st.decimals(0, 10, places=4)


@QUICK
@given(
    st.lists(st.tuples(st.integers(1, 30), rates), min_size=1, max_size=4),
    st.integers(0, 20),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_a_cost_is_the_sum_over_its_calls(parts, free, before, calls):
    """The cost is that of each call alone, found by walking through them one by one."""
    firsts, first, ladder = {}, 1, []
    for length, rate in parts:
        firsts[first] = rate
        ladder += [rate] * length
        first += length
    ladder += [parts[-1][1]] * 200
    walked = [Decimal(0)] * free + ladder
    expected = sum(walked[before : before + calls], Decimal(0))
    made = price(firsts, free_calls=free)
    assert made.cost(GENERAL, calls, before) == float(expected)


@QUICK
@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_a_batch_costs_what_its_halves_cost(before, one, two):
    """Splitting calls changes nothing, when the second half counts the first."""
    made = price({1: 0.05, 11: 0.03, 40: 0.02}, free_calls=7)
    halves = made.cost(GENERAL, one, before) + made.cost(GENERAL, two, before + one)
    assert made.cost(GENERAL, one + two, before) == pytest.approx(halves, abs=1e-12)


def test_an_unknown_price_is_never_zero():
    """An operation without a price costs NaN, shown as unknown; no calls cost 0."""
    cost = UNVERIFIED.cost("AIPortraitMatting", 2)
    assert math.isnan(cost)
    assert UNVERIFIED.show(cost) == "unknown"
    assert UNVERIFIED.cost("AIPortraitMatting", 0) == 0.0
    assert not UNVERIFIED.knows("AIPortraitMatting")
    assert UNVERIFIED.knows(cm.Operation.GOODS)


def test_the_shipped_price_says_what_it_is():
    """Text, repr and HTML say unverified, the date, the source and what is unknown."""
    assert not UNVERIFIED.verified
    assert UNVERIFIED.free_calls == 0
    assert UNVERIFIED.cost("GoodsMatting", 100) == 1.0
    for shown in (str(UNVERIFIED), repr(UNVERIFIED), UNVERIFIED._repr_html_()):
        assert "unverified" in shown
        assert "2026-09-01" in shown
        assert "two independent projects" in shown
        assert "0.02 CNY a call" in shown
        assert "unknown" in shown


def test_a_price_shows_all_its_parts():
    """Steps, free calls and the user's word that it is verified are in the text."""
    mine = price({1: 0.02, 1001: 0.015}, free_calls=10, verified=True, currency="EUR")
    assert str(mine) == (
        "verified as of 2026-10-01: 10 free calls; AIPicMatting 0.02 EUR a call, 0.015 "
        "EUR a call from charged call 1,001 on; GoodsMatting unknown; "
        "AIPortraitMatting unknown (source: a test)"
    )
    assert "Price, verified" in mine._repr_html_()
    assert "10 calls" in mine._repr_html_()


def test_html_is_escaped():
    """A source is text, also where it looks like a tag."""
    tagged = dataclasses.replace(UNVERIFIED, source="<b>me</b>")
    assert "<b>me</b>" not in tagged._repr_html_()
    assert "&lt;b&gt;me" in tagged._repr_html_()


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        (0, "0.00 CNY"),
        (0.06, "0.06 CNY"),
        (0.002, "0.002 CNY"),
        (10, "10.00 CNY"),
        (1234567.5, "1,234,567.50 CNY"),
        (0.1234567, "0.123457 CNY"),
    ],
)
def test_amounts_are_written_with_their_currency(cost, shown):
    """At least two places, more where they matter, thousands set apart."""
    assert UNVERIFIED.show(cost) == shown


def test_a_price_is_a_value():
    """Steps in any order are equal, hashable, and survive pickling and replace."""
    one, other = price({1: 0.02, 9: 0.01}), price({9: 0.01, 1: 0.02})
    assert one == other == pickle.loads(pickle.dumps(one))
    assert hash(one) == hash(other)
    assert one.steps == (Step("AIPicMatting", 1, 0.02), Step("AIPicMatting", 9, 0.01))
    assert one.as_of == date(2026, 10, 1)
    freer = dataclasses.replace(one, free_calls=1)
    assert (freer.steps, freer.free_calls) == (one.steps, 1)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"steps": {"AIPicMatting": -0.01}}, "finite number from 0 on"),
        ({"steps": {"AIPicMatting": math.nan}}, "leave an operation out"),
        ({"steps": {"AIPicMatting": math.inf}}, "finite number"),
        ({"steps": {"AIPicMatting": True}}, "finite number"),
        ({"steps": {"AIPicMatting": "0.02"}}, "finite number"),
        ({"steps": {"AIPicMatting": None}}, "finite number"),
        ({"steps": {"AIPicMatting": {2: 0.02}}}, "must begin with 1"),
        ({"steps": {"AIPicMatting": {0: 0.1, 1: 0.02}}}, "must begin with 1"),
        ({"steps": {"AIPicMatting": {1.5: 0.1}}}, "whole number"),
        ({"steps": (Step("AIPicMatting", 1, 0.1),) * 2}, "differ"),
        ({"steps": {"Matting": 0.1}}, "operation must be one of"),
        ({"steps": 0.02}, "must be a mapping"),
        ({"source": " "}, "where the figures are from"),
        ({"source": None}, "where the figures are from"),
        ({"as_of": "yesterday"}, "must be a date"),
        ({"currency": "yuan"}, "three capital letters"),
        ({"free_calls": -1}, "free_calls must be a whole number"),
        ({"free_calls": True}, "free_calls must be a whole number"),
        ({"free_calls": 1.5}, "free_calls must be a whole number"),
        ({"verified": "yes"}, "verified must be True or False"),
    ],
)
def test_a_price_that_cannot_be_is_refused(fields, told):
    """What is no price is refused on construction, in words that tell why."""
    with pytest.raises(cm.OptionsError, match=told):
        dataclasses.replace(UNVERIFIED, **fields)


@pytest.mark.parametrize("count", [-1, 1.5, "3", None, True])
def test_counts_of_calls_are_whole(count):
    """Neither calls nor earlier calls may be negative, broken or something else."""
    with pytest.raises(cm.OptionsError, match="calls must be a whole number"):
        UNVERIFIED.cost(GENERAL, count)
    with pytest.raises(cm.OptionsError, match="before must be a whole number"):
        UNVERIFIED.cost(GENERAL, 1, count)


def test_an_operation_must_exist():
    """A price is asked only for one of the three operations."""
    with pytest.raises(cm.OptionsError, match="operation must be one of"):
        UNVERIFIED.cost("Matting", 1)
