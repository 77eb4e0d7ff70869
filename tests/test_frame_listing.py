"""A bucket's listing as a frame."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

import cosmat_nb as cm


def test_one_row_an_object(client):
    """Key, size, ETag and date of every object, in byte order of the keys."""
    for key in ("b.jpg", "a/é.jpg", "a/z.jpg", "B"):
        client.put(key, b"hello")
    frame = cm.list_frame(client)
    # In UTF-8, é begins with 0xC3 and so comes after z.
    assert list(frame.key) == ["B", "a/z.jpg", "a/é.jpg", "b.jpg"]
    assert set(frame["size"]) == {5}
    # md5("hello"), a public example.
    assert set(frame.etag) == {"5d41402abc4b2a76b9719d911017c592"}
    age = datetime.now(UTC) - frame.last_modified
    assert (age.abs() < timedelta(minutes=5)).all()
    assert list(frame.index) == [0, 1, 2, 3]


def test_only_the_prefix(client):
    """A prefix is text in front of the key, not a folder."""
    for key in ("a/1", "ab", "b"):
        client.put(key, b"")
    assert list(cm.list_frame(client, "a").key) == ["a/1", "ab"]
    assert list(cm.list_frame(client, "a/").key) == ["a/1"]


def test_nothing_found_has_the_same_columns(client):
    """An empty listing has every column with the dtype it always has."""
    client.put("a", b"hello")
    full, empty = cm.list_frame(client), cm.list_frame(client, "none/")
    assert empty.empty
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)
    assert str(full["size"].dtype) == "int64"
    assert str(full.last_modified.dtype) == "datetime64[us, UTC]"


def test_all_pages_are_read(emulator, client):
    """More objects than a page holds are all there."""
    for number in range(1001):
        emulator.bucket.put(f"{number:04}", b"", "text/plain")
    frame = cm.list_frame(client)
    assert list(frame.key) == [f"{number:04}" for number in range(1001)]


def test_a_listing_is_ready_to_be_matted(client, square):
    """The frame goes into `matte_frame` as it is."""
    client.put("a.jpg", square)
    result = cm.matte_frame(cm.list_frame(client), client, progress=False)
    assert list(result.status) == ["ok"]


def test_a_listing_that_fails_raises(emulator):
    """Without the right keys there is no frame, and the error says so."""
    wrong = cm.Credentials("nobody", "nothing")
    with (
        cm.connect_cloud(
            emulator.address.bucket,
            emulator.address.region,
            credentials=wrong,
            endpoint=emulator.endpoint,
        ) as client,
        pytest.raises(cm.AccessDeniedError, match="InvalidAccessKeyId"),
    ):
        cm.list_frame(client)
