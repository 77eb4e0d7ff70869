"""Numbers for every cutout, and a reason where there are none."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from squares import WhiteEngine

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.frame.working import Task, work_through

ROOT = Path(__file__).resolve().parents[1]

DTYPES = {**cm.MatteMetrics.column_dtypes(), "measure_error": "str"}


def cutout(alpha, folder=None):
    """Make a cutout of a known matte, in memory or in a file."""
    rgba = np.full((*alpha.shape, 4), 90, np.uint8)
    rgba[..., 3] = alpha
    made = cm.Cutout(
        place="a.jpg",
        options=cm.MattingOptions(),
        data=images.encode_png(rgba),
        height=alpha.shape[0],
        width=alpha.shape[1],
        is_empty=not alpha.any(),
        nbytes=0,
    )
    if folder is None:
        return made
    store = cm.Store(folder)
    return made.kept_in(store.folder, store.keep(made.png))


def quarter():
    """Draw a matte that fills rows 2 to 5 and columns 4 to 9 of 8 × 12 px."""
    alpha = np.zeros((8, 12), np.uint8)
    alpha[2:6, 4:10] = 255
    return alpha


def test_a_cutout_becomes_its_numbers(tmp_path):
    """From memory or from a file: 24 of 96 px, box and margins as drawn."""
    frame = pd.DataFrame({"cutout": [cutout(quarter()), cutout(quarter(), tmp_path)]})
    table = cm.measure_frame(frame, progress=False)
    for _, row in table.iterrows():
        assert row.coverage == 0.25
        assert (row.matte_height, row.matte_width) == (8, 12)
        assert (row.box_min_row, row.box_min_col) == (2, 4)
        assert (row.box_max_row, row.box_max_col) == (6, 10)
        assert (row.margin_top, row.margin_right) == (2, 2)
        assert (row.parts, row.holes) == (1, 0)
        assert pd.isna(row.measure_error)


def test_the_frame_stays(client, square):
    """Index, order, columns and attrs are kept; the frame itself is not changed."""
    for key in ("a", "b"):
        client.put(key, square)
    frame = pd.DataFrame({"key": ["b", "none", "a"]}, index=[5, 5, 1])
    frame.attrs["from"] = "me"
    frame.columns.name = "facts"
    result = cm.matte_frame(frame, client, progress=False)
    before = result.copy()
    table = cm.measure_frame(result, progress=False)
    pd.testing.assert_frame_equal(table[list(before.columns)], before)
    pd.testing.assert_frame_equal(result, before)
    assert list(table.columns) == [*before.columns, *DTYPES]
    assert (table.attrs, table.columns.name) == (result.attrs, "facts")
    assert table.attrs["from"] == "me"
    assert list(table.coverage.isna()) == [False, True, False]


@pytest.mark.parametrize(
    "values",
    [[], [None], [cutout(quarter())], [cutout(quarter() * 0)], [None, "a", 3]],
    ids=["no rows", "no cutout", "cutout", "empty matte", "other values"],
)
def test_dtypes_are_always_the_same(values):
    """Whatever the rows hold, every column has its own dtype."""
    frame = pd.DataFrame({"cutout": pd.Series(values, dtype="object")})
    table = cm.measure_frame(frame, progress=False)
    expected = pd.DataFrame(
        {name: pd.Series([], dtype=dtype) for name, dtype in DTYPES.items()}
    )
    pd.testing.assert_series_equal(table[list(DTYPES)].dtypes, expected.dtypes)


def test_an_empty_matte_is_measured():
    """No subject is a number, not a missing value; what it has not is missing."""
    frame = pd.DataFrame({"cutout": [cutout(quarter() * 0)]})
    row = cm.measure_frame(frame, progress=False).iloc[0]
    assert (row.coverage, row.parts, row.holes) == (0.0, 0, 0)
    assert row[["box_min_row", "centroid_row", "edge_width"]].isna().all()
    assert pd.isna(row.measure_error)


def test_what_cannot_be_measured_says_why(tmp_path):
    """A lost or damaged file is a row with its reason; the others are measured."""
    cutouts = [cutout(quarter() - bump, tmp_path) for bump in (0, 1, 2)]
    cutouts[0].path.unlink()
    cutouts[1].path.write_bytes(cutouts[1].png[:60])
    table = cm.measure_frame(pd.DataFrame({"cutout": cutouts}), progress=False)
    assert "No such file or directory" in table.measure_error[0]
    assert "is damaged and was set aside: run matte_frame" in table.measure_error[1]
    assert list(table.coverage.isna()) == [True, True, False]


def test_progress_is_silent_when_asked(capfd):
    """``progress=False`` writes nothing; the bar counts each distinct matte once."""
    frame = pd.DataFrame({"cutout": [cutout(quarter())] * 3 + [cutout(quarter() // 2)]})
    cm.measure_frame(frame, progress=False)
    assert capfd.readouterr() == ("", "")
    cm.measure_frame(frame)
    assert "2 of 2 pictures" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"key": ["a"]}), "'cutout', found none among: key; make it with"),
        (
            pd.DataFrame({"cutout": [], "coverage": []}),
            "already has coverage, .* rename",
        ),
        (pd.DataFrame({"cutout": [], "measure_error": []}), "has measure_error"),
        ([1, 2], "expected a DataFrame; got list"),
    ],
)
def test_a_wrong_frame_says_what_to_do(frame, message):
    """The error names the columns and the remedy."""
    with pytest.raises(cm.OptionsError, match=message):
        cm.measure_frame(frame, progress=False)


def test_the_cutouts_may_stand_in_any_column():
    """Its name is free."""
    frame = pd.DataFrame({"after": [cutout(quarter())]})
    assert cm.measure_frame(frame, column="after", progress=False).coverage[0] == 0.25


def gone(cutout):
    """Lose the file of a cutout."""
    cutout.path.unlink()
    return cutout


@pytest.mark.parametrize("workers", [1, 2, 7, None])
def test_the_number_of_threads_changes_nothing(workers, tmp_path):
    """Any number of workers gives the same frame: each row its own numbers."""
    cutouts = [cutout(quarter() // (1 + n), tmp_path) for n in range(20)]
    cutouts[7] = gone(cutouts[7])
    frame = pd.DataFrame({"cutout": [None, *cutouts, *cutouts[::-1], "text"]})
    table = cm.measure_frame(frame, workers=workers, progress=False)
    areas = [24 * (255 // (1 + n)) / 255 for n in range(20)]
    areas[7] = np.nan
    expected = [np.nan, *areas, *areas[::-1], np.nan]
    assert table.soft_area.to_numpy() == pytest.approx(expected, nan_ok=True)
    assert list(table.index[table.measure_error.notna()]) == [8, 33, 41]


@pytest.mark.parametrize("workers", [0, -1, True, 1.5, "2"])
def test_threads_are_counted_in_whole_numbers(workers):
    """Anything else than a count from 1 is refused, with what is expected."""
    frame = pd.DataFrame({"cutout": [cutout(quarter())]})
    with pytest.raises(cm.OptionsError, match="workers must be a whole number of thre"):
        cm.measure_frame(frame, workers=workers, progress=False)


def test_a_png_is_read_once(tmp_path, capfd):
    """Handles of one file are one picture, whatever place and options they name."""
    kept = cutout(quarter(), tmp_path)
    twins = [replace(kept, place=f"{number}.jpg") for number in range(9)]
    twins += [replace(cutout(quarter()), place=f"{number}.jpg") for number in range(9)]
    table = cm.measure_frame(pd.DataFrame({"cutout": twins}))
    assert "2 of 2 pictures" in capfd.readouterr().err
    assert list(table.hard_area) == [24] * 18


class FullScreen(io.StringIO):
    """A stream that takes the first words, and then nothing more."""

    def write(self, text):
        """Fail from the second time on."""
        if self.tell():
            raise OSError("the disk is full")
        return super().write(text)


def test_a_failing_bar_ends_nothing():
    """A bar that cannot be drawn any more costs no number."""

    def work(group):
        for value in group:
            time.sleep(0.12)  # longer than a bar waits until it draws again
            yield value

    tasks = [Task(number, number, number) for number in range(3)]
    with contextlib.redirect_stderr(FullScreen()) as screen:
        assert work_through(tasks, work, workers=1) == [0, 1, 2]
    assert screen.getvalue()


OPTIONS = {
    "plain": cm.MattingOptions(),
    "centred": cm.MattingOptions(center=True),
    "padded": cm.MattingOptions(padding=(7, 3)),
    "both": cm.MattingOptions(center=True, padding=(5, 9)),
}


def rough(height=40, width=60, box=(5, 10, 30, 40)):
    """Draw a box without blue on white, patterned and with soft sides, as PNG."""
    hard = np.zeros((height + 2, width + 2))
    hard[box[0] + 1 : box[2] + 1, box[1] + 1 : box[3] + 1] = 1
    rows = (hard[:-2] + hard[1:-1] + hard[2:]) / 3
    alpha = ((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 3)[..., None]
    rows, cols = np.mgrid[:height, :width]
    shades = (rows * 7 + cols * cols * 3) % 90
    colors = np.stack([150 + shades, 100 - shades, 0 * shades], axis=2)
    return images.encode_png(np.uint8(np.rint(alpha * colors + 255 * (1 - alpha))))


class BlueEngine(WhiteEngine):
    """Knows how `rough` draws: exact, also on soft sides."""

    name = "blue"

    def estimate_alpha(self, picture):
        """Return how much of the white background's blue is missing."""
        return 1 - picture[..., 2] / np.float32(255)


soft = pytest.mark.parametrize(
    "emulator", [{"engine": BlueEngine()}], ids=["soft"], indirect=True
)


@pytest.fixture
def sweep(client):
    """A frame of two pictures, each cut out with all `OPTIONS`."""
    client.put("a.png", rough())
    client.put("b.png", rough(box=(2, 20, 37, 55)))
    rows = [
        {"key": key, "options": name, "cutout": client.matte(key, options)}
        for name, options in OPTIONS.items()
        for key in ("a.png", "b.png")
    ]
    return pd.DataFrame(rows)


@soft
def test_sources_are_fetched_once_for_all_options(sweep, client):
    """Halo and edge evidence are there, from one request for each source."""
    asked = []

    def fetch(key):
        asked.append(key)
        return client.fetch(key)

    table = cm.measure_frame(sweep, before=fetch, workers=2, progress=False)
    assert sorted(asked) == ["a.png", "b.png"]
    assert table.measure_error.isna().all()
    for _, rows in table.groupby("key"):
        # Moved or not, it is the same subject in front of the same picture.
        assert rows.halo.nunique() == rows.edge_evidence.nunique() == 1
        assert rows.edge_evidence.iloc[0] > 0.9
    own = cm.measure_frame(sweep, before=True, progress=False)
    pd.testing.assert_frame_equal(own, table)
    assert cm.measure_frame(sweep, progress=False).halo.isna().all()


def fail_with(error):
    """Make a function that raises."""

    def fetch(key):
        raise error(key)

    return fetch


OTHER = images.encode_png(np.random.default_rng(1).integers(0, 99, (9, 9, 3), "uint8"))


@pytest.mark.parametrize(
    ("fetch", "reason"),
    [
        (fail_with(KeyError), "source: KeyError: 'a.png'"),
        (lambda _: None, "source: OptionsError: before must return a file's bytes"),
        (lambda _: b"<html>", "source: ImageError: expected a picture; got 6 bytes"),
        (lambda _: rough()[:200], "source: ImageError: expected a whole picture"),
        (lambda _: OTHER, "source: OptionsError: the cutout is found in it nowhere"),
    ],
    ids=["raises", "nothing", "no picture", "cut short", "another picture"],
)
@soft
def test_a_source_that_is_of_no_use_costs_two_numbers(sweep, fetch, reason):
    """Halo and edge evidence are missing, and why; all other numbers are there."""
    table = cm.measure_frame(sweep.head(1), before=fetch, progress=False)
    plain = cm.measure_frame(sweep.head(1), progress=False)
    assert table.measure_error[0].startswith(reason)
    assert table[["halo", "edge_evidence"]].isna().all(axis=None)
    names = plain.columns.drop("measure_error")
    pd.testing.assert_frame_equal(table[names], plain[names])


@soft
def test_one_lost_source_leaves_the_others(sweep, client):
    """A source that is gone since, and a handle without a client, are rows."""
    client.delete("b.png")
    sweep.loc[0, "cutout"] = pickle.loads(pickle.dumps(sweep.cutout[0]))
    table = cm.measure_frame(sweep, before=True, progress=False)
    assert table.measure_error[0].startswith("source: OptionsError: Cutout('a.png'")
    lost = table[table.key == "b.png"]
    assert lost.measure_error.str.startswith("source: ObjectNotFoundError").all()
    assert lost.hard_area.notna().all()
    assert list(table.halo.notna()) == [False, False, *([True, False] * 3)]


def test_an_empty_matte_needs_no_source():
    """Where there is no edge nothing is fetched, and nothing is wrong."""
    frame = pd.DataFrame({"cutout": [cutout(quarter() * 0)]})
    table = cm.measure_frame(frame, before=fail_with(KeyError), progress=False)
    assert table.measure_error.isna().all()
    assert table.coverage[0] == 0


@pytest.mark.parametrize("before", [None, 1, "key", b""])
def test_before_is_a_flag_or_a_function(before):
    """Anything else is refused before anything is read."""
    frame = pd.DataFrame({"cutout": [cutout(quarter())]})
    with pytest.raises(cm.OptionsError, match="before must be True, False or a functi"):
        cm.measure_frame(frame, before=before, progress=False)


def test_a_quoted_link_loses_its_secrets():
    """What a user's function raises is told on one line, without its signature."""
    frame = pd.DataFrame({"cutout": [cutout(quarter())]})
    fetch = fail_with(
        lambda key: OSError(f"https://me:5aed@h/{key}?sign=5aed\nis gone")
    )
    table = cm.measure_frame(frame, before=fetch, progress=False)
    assert table.measure_error[0] == "source: OSError: https://h/a.jpg is gone"


def test_hostile_words_become_a_row():
    """Half characters in a message, which no column of strings holds, are escaped."""
    frame = pd.DataFrame({"cutout": [cutout(quarter())]})
    table = cm.measure_frame(
        frame, before=fail_with(lambda _: OSError("\udcff")), progress=False
    )
    assert table.measure_error[0] == "source: OSError: \\udcff"


def test_no_more_pictures_are_held_than_threads_work():
    """However many rows wait, a thread takes up a group when it is done with one."""
    lock, held, most = threading.Lock(), [0], [0]

    def work(group):
        for value in group:
            with lock:
                held[0] += 1
                most[0] = max(most[0], held[0])
            time.sleep(0.001)
            with lock:
                held[0] -= 1
            yield -value

    tasks = [Task(number // 3, number, number) for number in range(300)]
    found = work_through(tasks, work, workers=3, show=False)
    assert found == [-number for number in range(300)]
    assert 2 <= most[0] <= 3


def test_a_fault_of_our_own_ends_everything():
    """What is no fault of a row is raised, and no thread stays."""

    def work(group):
        yield 1 / group[0]

    tasks = [Task(number, number, number) for number in (3, 2, 1, 0)]
    with pytest.raises(ZeroDivisionError):
        work_through(tasks, work, workers=2, show=False)
    names = {thread.name for thread in threading.enumerate()}
    assert "cosmat-frame" not in names


CHILD = """
import sys, threading, time
import numpy as np, pandas as pd
import cosmat_nb as cm
from cosmat_nb import images

asked = []

def fetch(key):
    asked.append(key)
    if len(asked) == 2:  # both threads are at work
        print("fetching", flush=True)
    time.sleep(float(sys.argv[1]))
    return b""

def cutout(number):
    rgba = np.full((64, 64, 4), 255, np.uint8)
    return cm.Cutout(
        place=str(number), options=cm.MattingOptions(), data=images.encode_png(rgba),
        height=64, width=64, is_empty=False, nbytes=0,
    )

frame = pd.DataFrame({"cutout": [cutout(number) for number in range(1000)]})
try:
    cm.measure_frame(frame, before=fetch, workers=2, progress=False)
except KeyboardInterrupt:
    left = [each for each in threading.enumerate() if each.name == "cosmat-frame"]
    print("interrupted", len(left), flush=True)
"""


def interrupted(wait):
    """Interrupt a frame at work in a process of its own: its words, its seconds."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(wait)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout.readline() == "fetching\n"
        begun = time.monotonic()
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
    finally:
        child.kill()
    assert (child.returncode, err) == (0, "")
    return out, time.monotonic() - begun


def test_an_interrupt_ends_it_at_once():
    """Ctrl-C: pictures at work are finished, none is begun, no thread is left."""
    out, seconds = interrupted(0.2)
    assert out == "interrupted 0\n"
    assert seconds < 5


def test_an_interrupt_does_not_wait_for_a_source():
    """Ctrl-C while sources hang: it is raised, and the process can end."""
    out, seconds = interrupted(600)
    assert out == "interrupted 2\n"
    assert seconds < 20


def test_a_moved_cutout_has_the_colours_of_where_it_lay(tmp_path):
    """Neither evidence nor halo changes, not even where the frame cut the subject."""
    emulator = cm.Emulator.with_samples()
    options = cm.MattingOptions(center=True, padding=(20, 10))
    frame = pd.DataFrame({"key": ["samples/watch.jpg"]})
    with cm.connect_emulator(emulator) as client:
        still, moved = (
            cm.measure_frame(
                cm.matte_frame(
                    frame, client, each, store=cm.Store(tmp_path), progress=False
                ),
                before=True,
                progress=False,
            ).iloc[0]
            for each in (cm.MattingOptions(), options)
        )
    assert still["touched_sides"] == 2
    assert moved["touched_sides"] == 0
    for name in ("edge_evidence", "halo"):
        assert moved[name] == still[name]


def test_a_cell_that_is_no_cutout_is_told():
    """A cell of another kind says so in its row; gaps say nothing."""
    frame = pd.DataFrame({"cutout": ["a.png", None, float("nan"), 3]})
    told = cm.measure_frame(frame, progress=False)["measure_error"]
    assert told[0] == "OptionsError: expected a Cutout; got str"
    assert told[3] == "OptionsError: expected a Cutout; got int"
    assert told[[1, 2]].isna().all()
