"""Each picture of a batch: refused, answered before, or to be asked for."""

from __future__ import annotations

import cosmat_nb as cm
from cosmat_nb.batch.asking import Asking
from cosmat_nb.batch.resolving import resolve
from cosmat_nb.batch.sources import read_sources


def test_pictures_come_in_order_and_a_refused_one_misses_nothing(tmp_path):
    """Three places, once each as they came; nothing is to be asked for a folder."""
    client = cm.MattingClient(
        cm.Address("examplebucket-1250000000", "ap-guangzhou"),
        cm.Credentials("id", "key"),
    )
    asking = Asking.of(client, cm.MattingOptions())
    sources = read_sources(["b.jpg", "x/", "b.jpg", "a.jpg"], ["1", None, "2", '"3"'])
    found = list(resolve(sources.of, asking, cm.Store(tmp_path)))
    assert [each.place for each in found] == ["b.jpg", "x/", "a.jpg"]
    assert [len(each.missing) for each in found] == [1, 0, 1]
    assert [each.reason for each in found] == ["", "a folder", ""]
    assert found[0].missing[0].identity == "1"
    assert found[2].missing[0].identity == "3"
