"""Thumbnails kept in a store, judged by its files."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest
from squares import draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.view import thumbs
from cosmat_nb.view.thumbs import thumbnail_of


@pytest.fixture
def store(tmp_path):
    """A store in a folder of its own."""
    return cm.Store(tmp_path / "store")


@pytest.fixture
def cutout(client, store):
    """A cutout that the store keeps."""
    client.put("red.jpg", images.encode_jpeg(draw_square()))
    frame = pd.DataFrame({"key": ["red.jpg"]})
    result = cm.matte_frame(frame, client, store=store, progress=False)
    return result["cutout"].iloc[0]


def kept(store):
    """The files of the store's thumbnails."""
    return sorted(path for path in store.folder.glob("thumbs/*/*") if path.is_file())


def test_a_thumbnail_is_made_once_for_a_side(cutout, store):
    """The second time its file is read, and the cutout's own is not."""
    first = thumbnail_of(cutout, 48)
    (path,) = kept(store)
    assert path.name == f"{cutout.sha256}-48.webp"
    assert path.read_bytes() == first
    cutout.path.unlink()
    assert thumbnail_of(cutout, 48) == first
    with pytest.raises(cm.OptionsError, match="cannot be read"):
        thumbnail_of(cutout, 49)


def test_a_file_cut_short_is_made_anew(cutout, store):
    """Half a thumbnail, or something else, is not shown."""
    whole = thumbnail_of(cutout, 48)
    (path,) = kept(store)
    for broken in (whole[:-7], b"", b"not a picture at all"):
        path.write_bytes(broken)
        assert thumbnail_of(cutout, 48) == whole
        assert path.read_bytes() == whole


@pytest.mark.parametrize("name", ["thumbs", "thumbs/xx"])
def test_a_store_that_cannot_be_written_still_shows(cutout, store, name):
    """Something in the way is no reason to show nothing."""
    path = store.folder / name.replace("xx", cutout.sha256[:2])
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"in the way")
    assert images.decode_rgba(thumbnail_of(cutout, 48)).shape == (32, 48, 4)
    assert path.read_bytes() == b"in the way"


def test_a_store_that_is_gone_is_not_made_again(cutout, store, tmp_path):
    """The cutout cannot be read, and no empty folder appears."""
    store.folder.rename(tmp_path / "moved")
    with pytest.raises(cm.OptionsError, match="cannot be read"):
        thumbnail_of(cutout, 48)
    assert not store.folder.exists()


def test_a_cutout_in_memory_leaves_no_files(client, tmp_path, monkeypatch):
    """Nothing is written where the process stands."""
    monkeypatch.chdir(tmp_path)
    client.put("red.jpg", images.encode_jpeg(draw_square()))
    assert thumbnail_of(client.matte("red.jpg"), 48)[:4] == b"RIFF"
    assert list(tmp_path.iterdir()) == []


def test_a_full_folder_loses_its_oldest_half(cutout, store):
    """What is kept is bounded, and the newest stays."""
    folder = store.folder / "thumbs" / cutout.sha256[:2]
    folder.mkdir(parents=True)
    for number in range(thumbs._MOST_FILES):
        path = folder / f"{number}-9.webp"
        path.write_bytes(b"")
        os.utime(path, (number, number))
    thumbnail_of(cutout, 48)
    names = {path.name for path in kept(store)}
    newest = range(thumbs._MOST_FILES // 2, thumbs._MOST_FILES)
    assert names == {f"{n}-9.webp" for n in newest} | {f"{cutout.sha256}-48.webp"}


def test_thumbnails_go_with_their_picture(cutout, store):
    """`prune` leaves no small copy behind; a look at what it would do does."""
    thumbnail_of(cutout, 48)
    thumbnail_of(cutout, 64)
    store.prune(sandbox=True)
    assert len(kept(store)) == 2
    store.prune(sandbox=True, dry_run=False)
    assert kept(store) == []


def test_a_store_with_thumbnails_is_whole_and_can_be_moved(cutout, store, tmp_path):
    """They are neither damaged nor loose, and the old folder goes altogether."""
    thumbnail_of(cutout, 48)
    found = store.verify()
    assert (found.whole, found.damaged, found.loose) == (1, 0, 0)
    assert store.prune(loose=True).files == 0
    moved = store.move_to(tmp_path / "moved")
    assert not store.folder.exists()
    assert moved.verify().whole == 1


def test_the_thumbnail_of_a_stored_cutout_is_that_of_its_pixels(cutout):
    """Kept or not, its alpha is exact."""
    expected = images.thumbnail(cutout.rgba, 48)[..., 3]
    for _ in range(2):
        found = images.decode_rgba(thumbnail_of(cutout, 48))[..., 3]
        assert np.array_equal(found, expected)
