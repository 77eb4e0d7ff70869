"""Pages of a listing: order, markers, folders."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.emulator.listing import list_bucket
from cosmat_nb.wire.documents import ObjectInfo

EPOCH = datetime(2026, 1, 9, tzinfo=UTC)


def make_infos(keys):
    """Objects without content."""
    return [ObjectInfo(key=key, size=0, etag="x", last_modified=EPOCH) for key in keys]


def walk(keys, **asked):
    """All pages of a listing: keys and prefixes in the order they are told."""
    marker, told = "", []
    for _ in range(100):
        page = list_bucket(make_infos(keys), "b", marker=marker, **asked)
        names = [*(info.key for info in page.contents), *page.common_prefixes]
        assert len(names) <= asked.get("max_keys", 1000)
        told += sorted(names, key=str.encode)
        marker = page.next_marker
        if not marker:
            return told
    raise AssertionError("the listing never ends")


def test_a_page_is_in_byte_order():
    """Keys come in the order of their UTF-8 bytes, not of UTF-16 or letters' case."""
    keys = ["b", "a", "B", "ü", "z", "\uffff", "😀", "a/b", "a.b"]
    assert walk(keys) == ["B", "a", "a.b", "a/b", "b", "z", "ü", "\uffff", "😀"]


def test_a_page_starts_after_its_marker():
    """The marker itself is left out and need not be a key."""
    page = list_bucket(make_infos("abcd"), "b", marker="b", max_keys=1)
    assert [info.key for info in page.contents] == ["c"]
    assert page.next_marker == "c"
    page = list_bucket(make_infos("abcd"), "b", marker="bb")
    assert [info.key for info in page.contents] == ["c", "d"]
    assert page.next_marker == ""


def test_common_prefixes_count_as_entries():
    """Each prefix is one entry of a page, told once over all pages."""
    keys = ["a/1", "a/2", "b", "c/1", "c/2/3", "d"]
    page = list_bucket(make_infos(keys), "b", delimiter="/", max_keys=2)
    assert page.common_prefixes == ("a/",)
    assert [info.key for info in page.contents] == ["b"]
    assert page.next_marker == "b"
    assert walk(keys, delimiter="/", max_keys=1) == ["a/", "b", "c/", "d"]
    assert walk(keys, delimiter="/", prefix="c/") == ["c/1", "c/2/"]


def test_a_page_of_none_ends():
    """A page size of 0 is an empty page that is not cut short."""
    page = list_bucket(make_infos("ab"), "b", max_keys=0)
    assert (page.contents, page.next_marker) == ((), "")


NAMES = st.lists(
    st.text(st.sampled_from("aB/ü😀"), min_size=1, max_size=5), unique=True, max_size=8
)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(keys=NAMES, size=st.integers(1, 4), prefix=st.sampled_from(["", "a", "a/", "ü"]))
def test_pages_tell_every_key_once(keys, size, prefix):
    """Whatever the page size, pages join to the sorted keys below the prefix."""
    expected = sorted((k for k in keys if k.startswith(prefix)), key=str.encode)
    assert walk(keys, prefix=prefix, max_keys=size) == expected


@settings(derandomize=True, deadline=None, max_examples=100)
@given(keys=NAMES, size=st.integers(1, 4), prefix=st.sampled_from(["", "a", "a/", "ü"]))
def test_a_delimiter_folds_keys_once(keys, size, prefix):
    """Each key below the prefix is told itself or by the one folder it lies in."""
    expected = set()
    for key in keys:
        if key.startswith(prefix):
            cut = key.find("/", len(prefix))
            expected.add(key if cut < 0 else key[: cut + 1])
    told = walk(keys, prefix=prefix, delimiter="/", max_keys=size)
    assert told == sorted(expected, key=str.encode)
