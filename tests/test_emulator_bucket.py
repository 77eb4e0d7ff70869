"""Buckets of the emulator: objects in memory and objects in a folder."""

from __future__ import annotations

import hashlib
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cosmat_nb.emulator.bucket import FolderBucket, MemoryBucket
from cosmat_nb.errors import OptionsError


@pytest.fixture
def folder(tmp_path):
    """An empty folder beside a file that no key may reach."""
    (tmp_path / "secret.txt").write_text("out of reach")
    inner = tmp_path / "inner"
    inner.mkdir()
    return inner


@pytest.fixture(params=["memory", "folder"])
def bucket(request, folder):
    """Each kind of bucket, empty."""
    return MemoryBucket() if request.param == "memory" else FolderBucket(folder)


def keys_of(bucket):
    """Keys that a bucket tells, sorted."""
    return sorted(info.key for info in bucket.infos())


def names_below(folder):
    """All files below a folder, hidden ones too."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    )


@pytest.mark.parametrize(
    "key", ["a", "p/q/a b+c.jpg", "%41", "中文/😀", "a\\b", "-", "~"]
)
def test_an_object_comes_back(bucket, key):
    """What is put can be got, is listed with size and MD5, and can be removed."""
    before = datetime.now(UTC).timestamp()
    told = bucket.put(key, b"hello", "text/plain")
    stored = bucket.get(key)
    assert stored.data == b"hello"
    assert stored.info == told
    assert list(bucket.infos()) == [told]
    # MD5 of "hello", RFC 1321's algorithm.
    assert (told.key, told.size) == (key, 5)
    assert told.etag == "5d41402abc4b2a76b9719d911017c592"
    assert abs(told.last_modified.timestamp() - before) < 5
    bucket.remove(key)
    bucket.remove(key)
    with pytest.raises(KeyError):
        bucket.get(key)
    assert keys_of(bucket) == []


def test_the_last_put_counts(bucket):
    """Objects of one size put in one tick of the clock keep their own ETags."""
    for number in range(50):
        data = f"{number:05}".encode()
        told = bucket.put("a", data, "text/plain")
        expected = hashlib.md5(data).hexdigest()
        assert told.etag == bucket.get("a").info.etag == expected
        assert next(bucket.infos()).etag == expected
        if number % 2:
            bucket.remove("a")


@pytest.mark.parametrize(
    "key",
    ["", "/a", "\\a", "a/../../secret.txt", "a/.", "..", "\x19", "a\udcff", "x" * 851],
)
def test_an_illegal_key_is_not_kept(bucket, key):
    """Keys that break the vendor's rules are refused; nothing is there to get."""
    with pytest.raises(OptionsError, match="object key"):
        bucket.put(key, b"x", "text/plain")
    with pytest.raises(KeyError):
        bucket.get(key)
    bucket.remove(key)
    assert keys_of(bucket) == []


def test_many_threads_share_a_bucket(bucket):
    """Puts, gets, listings and removals at once never fail and never mix objects."""
    failures = []

    def work(number):
        data = bytes([number]) * 1000
        try:
            for turn in range(20):
                key = f"p{turn % 3}/{number}"
                bucket.put(key, data, "text/plain")
                bucket.put("shared", data, "text/plain")
                assert bucket.get(key).data == data
                shared = bucket.get("shared")
                assert len(set(shared.data)) == 1
                assert shared.info.etag == hashlib.md5(shared.data).hexdigest()
                assert key in keys_of(bucket)
                bucket.remove(key)
        except Exception as error:  # noqa: BLE001 - told to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert keys_of(bucket) == ["shared"]


def test_a_memory_bucket_keeps_what_came_with_an_object():
    """The type and the headers go with it, and change no more."""
    bucket = MemoryBucket()
    headers = {"x-cos-meta-note": "a"}
    bucket.put("a.jpg", b"x", "text/odd", headers)
    headers["x-cos-meta-note"] = "b"
    assert bucket.get("a.jpg").content_type == "text/odd"
    assert bucket.get("a.jpg").headers == {"x-cos-meta-note": "a"}


def test_a_folder_must_be_one(folder):
    """A missing folder and a file are refused when the bucket is made."""
    for path in (folder / "nope", folder.parent / "secret.txt"):
        with pytest.raises(OptionsError, match="expected a folder of pictures"):
            FolderBucket(path)


def test_a_folder_shows_what_lies_in_it(folder):
    """Files that others write are objects; their type follows from the name."""
    (folder / "p" / "q").mkdir(parents=True)
    (folder / "p" / "q" / "a.jpg").write_bytes(b"1")
    (folder / "note").write_bytes(b"2")
    bucket = FolderBucket(folder)
    assert keys_of(bucket) == ["note", "p/q/a.jpg"]
    assert bucket.get("p/q/a.jpg").content_type == "image/jpeg"
    assert bucket.get("note").content_type == "application/octet-stream"
    (folder / "note").write_bytes(b"changed")
    assert bucket.get("note").info.size == 7
    (folder / "note").unlink()
    assert keys_of(bucket) == ["p/q/a.jpg"]


def test_hidden_files_are_no_objects(folder):
    """What starts with a dot, or lies below it, can be reached in no way."""
    (folder / ".git").mkdir()
    for name in (".hidden", ".git/config"):
        (folder / name).write_text("private")
    bucket = FolderBucket(folder)
    assert keys_of(bucket) == []
    for key in (".hidden", ".git/config"):
        with pytest.raises(KeyError):
            bucket.get(key)
        with pytest.raises(OptionsError):
            bucket.put(key, b"x", "text/plain")
        bucket.remove(key)
    assert names_below(folder) == [".git/config", ".hidden"]


def test_links_do_not_lead_out(folder):
    """Links out of the folder are no objects; those within are."""
    (folder / "a").write_text("x")
    (folder / "inside").symlink_to(folder / "a")
    (folder / "file").symlink_to(folder.parent / "secret.txt")
    (folder / "up").symlink_to(folder.parent)
    (folder / "broken").symlink_to(folder.parent / "nope")
    (folder / "loop").symlink_to(folder / "loop")
    bucket = FolderBucket(folder)
    assert keys_of(bucket) == ["a", "inside"]
    assert bucket.get("inside").data == b"x"
    for key in ("file", "up/secret.txt", "up/new.txt", "broken", "loop"):
        with pytest.raises(KeyError):
            bucket.get(key)
    for key in ("file", "up/secret.txt", "up/new.txt", "broken"):
        with pytest.raises(OptionsError):
            bucket.put(key, b"x", "text/plain")
        bucket.remove(key)
    assert (folder.parent / "secret.txt").read_text() == "out of reach"
    assert names_below(folder.parent)[-1] == "secret.txt"


@pytest.mark.parametrize("key", ["p", "p/", "a/b", "a/", "p//a", "n\0l", "x" * 256])
def test_a_key_that_cannot_be_a_file_is_told(folder, key):
    """Folders, files as folders, empty, nul and long names: refused, no draft left."""
    (folder / "p").mkdir()
    (folder / "p" / "a").write_text("kept")
    (folder / "a").write_text("kept")
    bucket = FolderBucket(folder)
    with pytest.raises(OptionsError, match="object key"):
        bucket.put(key, b"x", "text/plain")
    with pytest.raises(KeyError):
        bucket.get(key)
    bucket.remove(key)
    assert names_below(folder) == ["a", "p/a"]


def test_odd_files_do_not_stop_a_listing(folder):
    """Names that are no text or no key, and pipes, are left out; the rest is told."""
    Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff.jpg")).write_text("x")
    (folder / "\x19.jpg").write_text("x")
    os.mkfifo(folder / "pipe")
    (folder / "good.jpg").write_text("x")
    bucket = FolderBucket(folder)
    assert keys_of(bucket) == ["good.jpg"]
    with pytest.raises(KeyError):
        bucket.get("pipe")


def test_files_may_vanish_during_a_listing(folder):
    """A folder that changes all the time can be listed; what stays is always told."""
    (folder / "stays").write_text("x")
    bucket = FolderBucket(folder)
    over = threading.Event()

    def churn():
        while not over.is_set():
            (folder / "p").mkdir(exist_ok=True)
            paths = [folder / "p" / f"{number}" for number in range(20)]
            for path in paths:
                path.write_text("x")
            for path in paths:
                path.unlink()
            (folder / "p").rmdir()

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(100):
            assert "stays" in keys_of(bucket)
    finally:
        over.set()
        thread.join()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write")
def test_a_read_only_folder_is_told(folder):
    """What cannot be written is a PermissionError; reading goes on."""
    (folder / "a").write_text("x")
    folder.chmod(0o500)
    bucket = FolderBucket(folder)
    with pytest.raises(PermissionError):
        bucket.put("b", b"x", "text/plain")
    with pytest.raises(PermissionError):
        bucket.remove("a")
    assert bucket.get("a").data == b"x"


def test_a_folder_is_written_into_and_says_so(folder):
    """What is put becomes a file, which is told before anybody passes a folder."""
    FolderBucket(folder).put("cutouts/a.png", b"png", "image/png")
    assert names_below(folder) == ["cutouts/a.png"]
    assert "is written into the folder: uploads" in FolderBucket.__doc__
