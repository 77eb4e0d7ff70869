"""Budgets: limits with a name, checked when they are made."""

from __future__ import annotations

import dataclasses
import math
import pickle
from decimal import Decimal

import pytest

import cosmat_nb as cm
from cosmat_nb.store.budget import Budget
from cosmat_nb.store.price import UNVERIFIED


def test_a_budget_is_one_purse():
    """Its name stays through pickling and replace, and no other budget has it."""
    budget = Budget(calls=3)
    assert pickle.loads(pickle.dumps(budget)) == budget
    assert dataclasses.replace(budget, calls=9).name == budget.name
    assert Budget(calls=3).name != budget.name
    assert len(budget.name) == 32


def test_a_named_budget_is_equal_everywhere():
    """Two processes that write the same words have the same purse."""
    assert Budget(amount=1, name="spring") == Budget(amount=1.0, name="spring")


def test_limits_are_kept_as_plain_numbers():
    """None is no limit, 0 is a limit, and numbers of other kinds become plain."""
    budget = Budget(calls=0, amount=Decimal("2.50"))
    assert (budget.calls, budget.amount, budget.per_day) == (0, 2.5, None)
    assert type(budget.amount) is float
    assert Budget(per_day=5).per_day == 5


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "a budget needs a limit"),
        ({"name": "mine"}, "a budget needs a limit"),
        ({"calls": -1}, "calls must be a whole number"),
        ({"calls": 1.5}, "calls must be a whole number"),
        ({"calls": True}, "calls must be a whole number"),
        ({"calls": "10"}, "calls must be a whole number"),
        ({"per_day": -1}, "per_day must be a whole number"),
        ({"per_day": math.inf}, "per_day must be a whole number"),
        ({"amount": -0.01}, "amount must be a finite number"),
        ({"amount": math.nan}, "amount must be a finite number"),
        ({"amount": math.inf}, "amount must be a finite number"),
        ({"amount": True}, "amount must be a finite number"),
        ({"amount": "5 CNY"}, "amount must be a finite number"),
        ({"calls": 1, "name": ""}, "name must have 1 to 200"),
        ({"calls": 1, "name": "  "}, "name must have 1 to 200"),
        ({"calls": 1, "name": "n" * 201}, "name must have 1 to 200"),
        ({"calls": 1, "name": None}, "name must have 1 to 200"),
    ],
)
def test_a_budget_that_cannot_be_is_refused(fields, told):
    """What is no limit is refused on construction, in words that tell why."""
    with pytest.raises(cm.OptionsError, match=told):
        Budget(**fields)


def test_an_amount_needs_every_price():
    """Where a price is unknown an amount is refused and says whose; counts are not."""
    asked = ["AIPicMatting", "AIPortraitMatting"]
    Budget(amount=1).check_price(UNVERIFIED, asked[:1])
    Budget(calls=1, per_day=1).check_price(UNVERIFIED, asked)
    Budget(calls=1).check_price(None, asked)
    with pytest.raises(cm.OptionsError, match="price of AIPortraitMatting, which is"):
        Budget(amount=1).check_price(UNVERIFIED, asked)
    with pytest.raises(cm.OptionsError, match="needs the price of AIPicMatting"):
        Budget(amount=0).check_price(None, asked[:1])
