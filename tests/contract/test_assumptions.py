"""What the emulator does for each open point of the service, value by value.

The vendor documents none of this. The tests stand in ``test_assumptions_*.py``, by
theme; this file sees to it that no point and no value is without one.
`test_live.py` asks the same of an account.
"""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
from switches import each

import cosmat_nb as cm
from cosmat_nb.wire.limits import Limits

HINTS = get_type_hints(cm.Assumptions)
DEFAULTS = cm.Assumptions()
MODULES = sorted(
    path.stem for path in Path(__file__).parent.glob("test_assumptions_*.py")
)


def played():
    """Tell which values of which switch are played: pairs of name and value.

    `each` ran the emulator on them; a test that did not ask for it is not counted.
    """
    tests = [
        test
        for name in MODULES
        for test in vars(importlib.import_module(name)).values()
        if hasattr(test, "switch")
    ]
    return {
        (switch, value)
        for switch, values in (t.switch for t in tests)
        for value in values
    }


def values_of(name):
    """Tell which values of a switch must have a test."""
    hint = HINTS[name]
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    return {True, False} if hint is bool else {getattr(DEFAULTS, name)}


@pytest.mark.parametrize("name", HINTS)
def test_every_value_of_every_switch_is_played(name):
    """A point without a contract test, or a value without one, fails the build."""
    tried = {value for switch, value in played() if switch == name}
    assert values_of(name) <= tried
    assert len(tried) > 1, (
        f"{name} has one value alone, so nothing shows that it counts"
    )


@pytest.mark.parametrize("field", [each.name for each in dataclasses.fields(Limits)])
def test_every_limit_is_played(field):
    """Each limit is given another value than the assumed one somewhere."""
    tried = {getattr(value, field) for name, value in played() if name == "limits"}
    assert tried > {getattr(Limits(), field)}


def test_no_test_plays_a_switch_that_is_not_there():
    """What was renamed is renamed here too."""
    assert {name for name, _ in played()} == set(HINTS)


def test_a_table_that_shows_nothing_is_refused():
    """Equal expectations under two values would pass whatever the switch does."""
    with pytest.raises(AssertionError, match="is expected of two values"):
        each("canvas", {"source": 1, "subject": 1})


def test_the_defaults_are_those_that_were_chosen():
    """The defaults are what the README tells; a change here is a change there."""
    told = dataclasses.asdict(DEFAULTS)
    assert Limits(**told.pop("limits")) == Limits()
    assert told == {
        "canvas": "source",
        "centering": "shift",
        "order": "center first",
        "padding": "transparent",
        "padding_place": "outside",
        "edge": "soft",
        "hidden": "black",
        "colors": "foreground",
        "bad_layout": "refuse",
        "no_subject": "empty",
        "empty_billed": True,
        "orientation": "apply",
        "modes": "convert",
        "profile": "ignore",
        "transparency": "respect",
        "damaged": "InvalidImageSource",
        "conditions": "ignore",
        "key_and_url": "url",
        "foreign_url": "InvalidArgument",
        "encoded_url": "refuse",
        "url_redirects": "refuse",
        "url_seconds": 10.0,
        "encoded_operations": "refuse",
        "many_rules": "InvalidPicOperations",
        "failed_rule": "refuse",
        "ignore_error": "ignore",
        "failed_upload": "keep",
        "results": "sparse",
        "numbers": "absent",
        "foreign_region": "NoSuchBucket",
        "acceleration": "serve",
        "wrong_token": "InvalidAccessKeyId",
    }


def test_every_assumption_says_that_it_is_one():
    """The docstring marks each field as an assumption."""
    text = cm.Assumptions.__doc__
    for name in HINTS:
        entry = text.partition(f"    {name} : ")[2]
        assert entry.splitlines()[1].strip().startswith("Assumption: "), name
