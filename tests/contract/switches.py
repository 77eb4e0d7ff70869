"""Tables of what is expected under each value of an assumption."""

from __future__ import annotations

from itertools import combinations

import pytest

import cosmat_nb as cm


def each(switch, table, *, beside=None, **settings):
    """Run a test on one emulator for each value of a switch.

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
    cases = [
        pytest.param(
            {
                "assumptions": cm.Assumptions(**{switch: value}, **(beside or {})),
                **settings,
            },
            expected,
            id=f"{switch}={value}",
        )
        for value, expected in table.items()
    ]
    mark = pytest.mark.parametrize(("emulator", "expected"), cases, indirect=["emulator"])

    def register(test):
        marked = mark(test)
        marked.switches = [*getattr(test, "switches", []), (switch, tuple(table))]
        return marked

    return register
