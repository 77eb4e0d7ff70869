"""The light handle on one returned picture."""

from __future__ import annotations

import copy
import html
import pickle
import re

import numpy as np
import pandas as pd
import pytest

import cosmat_nb as cm
from cosmat_nb import images

HOSTILE = '</code><script>alert(\'x\')</script>" onload="evil".jpg'


def make(rgba, place="a.jpg", **facts):
    """Make a cutout of given pixels."""
    png = images.encode_png(rgba)
    return cm.Cutout(
        place=place,
        options=cm.MattingOptions(),
        **({} if "folder" in facts else {"data": png}),
        height=rgba.shape[0],
        width=rgba.shape[1],
        is_empty=not rgba[..., 3].any(),
        nbytes=len(png),
        **facts,
    )


@pytest.fixture
def noise(rng):
    """Noise that no codec can shrink, 900 × 700 px."""
    return rng.integers(0, 256, (900, 700, 4), np.uint8)


def test_pixels_are_those_of_the_png(rng):
    """`rgba` gives the bytes back, `alpha` is its last channel over 255."""
    rgba = rng.integers(0, 256, (5, 7, 4), np.uint8)
    cutout = make(rgba)
    assert np.array_equal(cutout.rgba, rgba)
    assert cutout.alpha.dtype == np.float64
    assert np.array_equal(cutout.alpha, rgba[..., 3] / 255)


def test_its_repr_is_short_and_stable():
    """One line: place, rows before columns, kilobytes rounded up, no bytes, no path."""
    cutout = make(np.zeros((3, 5, 4), np.uint8), place="samples/mug.jpg")
    text = "Cutout('samples/mug.jpg', height 3, width 5, 1 kB, empty)"
    assert repr(cutout) == text
    assert repr(pickle.loads(pickle.dumps(cutout))) == text


def test_its_repr_stays_short_for_long_keys():
    """Of a key of 850 bytes the end is shown: that is where the name is."""
    cutout = make(np.ones((3, 5, 4), np.uint8), place="k" * 840 + "/cup-01.jpg")
    assert len(repr(cutout)) < 120
    assert "/cup-01.jpg'" in repr(cutout)


def test_it_shows_itself(rng):
    """In a notebook: an image over a checkerboard, its longer side 320 px."""
    shown = make(rng.integers(0, 256, (640, 480, 4), np.uint8))._repr_html_()
    assert re.match(r'<img alt="Cutout\([^"]+" width="240" height="320" src=', shown)


def test_a_hostile_name_is_only_text():
    """Markup in an object key does not become markup, nor end an attribute."""
    rgba = np.zeros((2, 2, 4), np.uint8)
    shown = make(rgba, place=HOSTILE)._repr_html_()
    alt = re.match(r'<img alt="([^"<>]*)" width="2" height="2" src="', shown)
    assert html.unescape(alt[1]) == repr(make(rgba, place=HOSTILE))
    assert shown.count("<") == shown.count(">") == 1


def test_what_it_shows_is_small(noise):
    """Even noise, which no codec can shrink, stays below 60 kB."""
    assert len(make(noise)._repr_html_()) < 60_000


def test_a_lost_file_is_shown_as_text(tmp_path):
    """A frame is still readable when the file is gone: the reason, escaped."""
    rgba = np.zeros((2, 2, 4), np.uint8)
    shown = make(rgba, place=HOSTILE, folder=tmp_path, sha256="gone")._repr_html_()
    assert shown.startswith("<code>the file of Cutout(")
    assert "No such file or directory" in shown
    assert shown.count("<") == 2


def test_a_lost_file_is_a_clear_error(tmp_path):
    """Reading pixels or saving says which cutout and why."""
    cutout = make(np.zeros((2, 2, 4), np.uint8), folder=tmp_path, sha256="gone")
    for read in (lambda: cutout.alpha, lambda: cutout.save(tmp_path / "copy.png")):
        with pytest.raises(cm.OptionsError, match=r"file of Cutout\('a.jpg'.*No such"):
            read()


def test_before_fetches_the_source(client, square):
    """The source picture is fetched and decoded when it is asked for."""
    client.put("a.jpg", square)
    cutout = client.matte("a.jpg")
    assert np.array_equal(cutout.before(), images.decode_rgb(square))
    client.delete("a.jpg")
    with pytest.raises(cm.ObjectNotFoundError):
        cutout.before()


def test_before_says_why_it_cannot(client, square):
    """Made from an address, come out of a pickle, or the client closed: it says so."""
    client.put("a.jpg", square)
    by_url = client.matte_url(f"http://{client.address.host}/a.jpg")
    stored = client.matte("a.jpg")
    for cutout in (by_url, pickle.loads(pickle.dumps(stored))):
        with pytest.raises(cm.OptionsError, match="cannot fetch its source"):
            cutout.before()
    client.close()
    with pytest.raises(cm.OptionsError, match="is closed; connect again"):
        stored.before()


def test_saving_writes_the_received_bytes(tmp_path):
    """`save` writes the very PNG and returns where."""
    cutout = make(np.zeros((2, 2, 4), np.uint8))
    path = cutout.save(tmp_path / "out.png")
    assert path.read_bytes() == cutout.png


def test_copies_are_equal():
    """A pickled or copied cutout is equal and hashes the same."""
    cutout = make(np.zeros((2, 2, 4), np.uint8), request_id="one")
    for again in (pickle.loads(pickle.dumps(cutout)), copy.deepcopy(cutout)):
        assert again == cutout
        assert hash(again) == hash(cutout)
        assert again.request_id == "one"


def test_the_call_is_not_part_of_what_it_is():
    """Two calls with the same answer made equal cutouts."""
    rgba = np.zeros((2, 2, 4), np.uint8)
    assert make(rgba, request_id="one", attempts=1) == make(rgba, request_id="two")


def test_a_handle_is_light(tmp_path, noise):
    """Kept in a file, a pickled handle has a few hundred bytes, not megabytes."""
    cutout = make(noise)
    store = cm.Store(tmp_path)
    kept = cutout.kept_in(store.folder, store.keep(cutout.png))
    assert len(pickle.dumps(cutout)) > 1_000_000
    assert len(pickle.dumps(kept)) < 1_000
    assert np.array_equal(kept.rgba, cutout.rgba)


def test_a_frame_of_cutouts_prints_in_lines():
    """A printed frame shows the short repr, one line a row."""
    frame = pd.DataFrame({"cutout": [make(np.zeros((2, 2, 4), np.uint8))] * 3})
    assert str(frame).count("\n") == 3
    assert "height 2, width 2" in str(frame)
