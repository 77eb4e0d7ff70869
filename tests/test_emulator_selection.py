"""Conditions and ranges of a read: what RFC 9110 says, case by case."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.emulator.messages import Outgoing
from cosmat_nb.emulator.refusal import Refusal
from cosmat_nb.emulator.selection import is_unchanged, select_cutout, select_range
from cosmat_nb.wire.documents import ObjectInfo

# A fraction of a second is in listings and in no header.
CHANGED = datetime(2026, 1, 9, 22, 32, 21, 900_000, UTC)
INFO = ObjectInfo(key="a", size=9, etag="abc", last_modified=CHANGED)
THEN = "Fri, 09 Jan 2026 22:32:21 GMT"
BEFORE = "Fri, 09 Jan 2026 22:32:20 GMT"
AFTER = "Fri, 09 Jan 2026 22:32:22 GMT"
FAILS = "PreconditionFailed"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"if-none-match": '"abc"'}, True),
        ({"if-none-match": "abc"}, True),
        ({"if-none-match": 'W/"abc"'}, True),
        ({"if-none-match": '"x", "abc"'}, True),
        ({"if-none-match": "*"}, True),
        ({"if-none-match": '"x"'}, False),
        ({"if-modified-since": THEN}, True),
        ({"if-modified-since": AFTER}, True),
        ({"if-modified-since": BEFORE}, False),
        ({"if-modified-since": "Fri, 09 Jan 2026 23:32:21 +0100"}, True),
        ({"if-modified-since": "Fri, 09 Jan 2026 22:32:21 -0000"}, True),
        ({"if-modified-since": "yesterday"}, False),
        ({"if-modified-since": "Fri, 09 Jan 20260 22:32:21 GMT"}, False),
        ({"if-match": '"abc"'}, False),
        ({"if-match": "*"}, False),
        ({"if-match": '"x"'}, FAILS),
        ({"if-unmodified-since": THEN}, False),
        ({"if-unmodified-since": AFTER}, False),
        ({"if-unmodified-since": BEFORE}, FAILS),
        ({"if-unmodified-since": "yesterday"}, False),
        # Tags count more than dates (section 13.2.2).
        ({"if-match": '"abc"', "if-unmodified-since": BEFORE}, False),
        ({"if-none-match": '"x"', "if-modified-since": AFTER}, False),
        ({"if-none-match": '"abc"', "if-modified-since": BEFORE}, True),
        ({"if-match": '"x"', "if-none-match": '"abc"'}, FAILS),
    ],
)
def test_conditions_are_weighed_as_the_standard_says(headers, expected):
    """Each condition, and each pair that meets, has its one outcome."""
    if expected == FAILS:
        with pytest.raises(Refusal) as caught:
            is_unchanged(headers, INFO)
        assert (caught.value.code, caught.value.status) == (FAILS, 412)
    else:
        assert is_unchanged(headers, INFO) is expected


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    name=st.sampled_from(["if-modified-since", "if-unmodified-since"]),
    date=st.one_of(
        st.text(st.characters(max_codepoint=255), max_size=30),
        st.from_regex(
            r"\A[A-Z][a-z]{2}, \d{1,3} (Jan|Feb) \d{1,5} \d\d:\d\d:\d\d [+-]\d{1,9}\Z"
        ),
    ),
)
def test_no_date_is_a_failure(name, date):
    """Whatever a date says, the answer is yes, no or the documented refusal."""
    with contextlib.suppress(Refusal):
        assert is_unchanged({name: date}, INFO) in (True, False)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    size=st.integers(0, 20),
    first=st.integers(0, 25) | st.just(""),
    last=st.integers(0, 25) | st.just(""),
)
def test_a_range_is_what_it_says(size, first, last):
    """The bytes selected are those whose numbers lie in the range."""
    header = {"range": f"bytes={first}-{last}"}
    everything = list(range(size))
    if (first == "" and last == "") or (first != "" and last != "" and first > last):
        assert select_range(header, size) is None
        return
    if first == "":
        wanted = everything[-last:] if last else []
    else:
        wanted = [at for at in everything if at >= first and (last == "" or at <= last)]
    if not wanted:
        with pytest.raises(Refusal, match="InvalidRange"):
            select_range(header, size)
    else:
        start, stop = select_range(header, size)
        assert everything[start:stop] == wanted


def test_a_cutout_can_be_selected_like_an_object():
    """Where conditions are obeyed, a cutout has an ETag, parts and a 304."""
    whole = Outgoing(headers={"Server": "tencent-ci"}, body=b"hello", billed=1)
    # MD5 of "hello", RFC 1321's algorithm.
    tag = '"5d41402abc4b2a76b9719d911017c592"'
    told = select_cutout({}, whole)
    assert (told.status, told.body, told.headers["ETag"]) == (200, b"hello", tag)
    known = select_cutout({"if-none-match": tag}, whole)
    assert (known.status, known.body, known.billed) == (304, b"", 1)
    part = select_cutout({"range": "bytes=1-2"}, whole)
    assert (part.status, part.body) == (206, b"el")
    assert part.headers["Content-Range"] == "bytes 1-2/5"
    assert part.headers["Server"] == "tencent-ci"
    with pytest.raises(Refusal, match=FAILS):
        select_cutout({"if-match": '"x"'}, whole)
