"""Tables of what is expected under each value of an assumption."""

from __future__ import annotations

import inspect
from itertools import combinations

import pytest

import cosmat_nb as cm
from cosmat_nb.wire.limits import Limits


def each(switch, table, *, beside=None, **settings):
    """Run a test under each value of a switch.

    The test takes `expected`, and `emulator` or `client`, which plays the value; or
    `assumptions`, to make an emulator of its own.

    Parameters
    ----------
    switch : str
        Field of `Assumptions`.
    table : dict
        What the test is to see, by the value. No two may be equal: a test that sees
        the same under two values shows nothing of them.
    beside : dict, optional
        Other switches that the point needs in order to show.
    **settings
        Further keywords of the emulator.
    """
    for one, other in combinations(table.values(), 2):
        assert one != other, f"{switch}: {one!r} is expected of two values"

    def register(test):
        alone = "assumptions" in inspect.signature(test).parameters
        cases = []
        for value, expected in table.items():
            played = cm.Assumptions(**{switch: value}, **(beside or {}))
            given = played if alone else {"assumptions": played, **settings}
            cases.append(pytest.param(given, expected, id=_shown(switch, value)))
        names = ["assumptions" if alone else "emulator", "expected"]
        indirect = [] if alone else ["emulator"]
        marked = pytest.mark.parametrize(names, cases, indirect=indirect)(test)
        marked.switch = (switch, tuple(table))
        return marked

    return register


def _shown(switch, value):
    if not isinstance(value, Limits):
        return f"{switch}={value}"
    changed = [name for name in Limits.__slots__ if _differs(value, name)]
    return f"{switch}.{changed[0]}" if changed else switch


def _differs(limits, name):
    return getattr(limits, name) != getattr(Limits(), name)
