"""Progress is shown where it runs: how often, in which words, and never at a price."""

from __future__ import annotations

import io
import math
import os
import pty
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest
from answers import answer_error, answer_png, keys
from squares import WhiteEngine, draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.emulator.faults import Fault, Faults
from cosmat_nb.frame import news as news_module
from cosmat_nb.frame.glance import Facts, Failure, Glance
from cosmat_nb.frame.lines import Lines
from cosmat_nb.frame.progress import Progress, Watcher, find_watcher

ROOT = Path(__file__).resolve().parents[1]


class Witness:
    """A watcher that remembers what it was told."""

    def __init__(self):
        self.told = []

    def begin(self, glance):
        """Remember the beginning."""
        self.told.append(("begin", glance))

    def look(self, glance):
        """Remember a look."""
        self.told.append(("look", glance))

    def end(self, glance, line):
        """Remember the end and its line."""
        self.told.append(("end", glance))
        self.line = line

    @property
    def glances(self):
        """All that it was shown."""
        return [glance for _, glance in self.told]

    @property
    def notes(self):
        """All that the work said it was doing."""
        return {glance.facts.note for glance in self.glances}


@pytest.mark.parametrize(
    ("glance", "words"),
    [
        (Glance(total=1, done=0), "0 of 1 picture"),
        (
            Glance(total=1400, done=100, rate=12.6, unit="row"),
            "100 of 1,400 rows · 13 rows/s · about 2 min left",
        ),
        (
            Glance(total=90, done=60, rate=0.05),
            "60 of 90 pictures · 3.0 pictures/min · about 10 min left",
        ),
        (
            Glance(total=9000, done=0, rate=1.0),
            "0 of 9,000 pictures · 1.0 pictures/s · about 2 h 30 min left",
        ),
        (
            Glance(
                total=4,
                done=3,
                seconds=61.0,
                rate=1.0,
                failures=(Failure("A", 1, "x"), Failure("B", 1, "y")),
                facts=Facts("2 billed", "1 from the store", "waiting"),
                state="ended",
            ),
            (
                "3 of 4 pictures · 1 min · 2 failed · 2 billed · 1 from the store · "
                "waiting"
            ),
        ),
    ],
)
def test_a_glance_says_in_words_how_far_it_is(glance, words):
    """What is done, how fast, how long it will take, what failed, what it cost."""
    assert str(glance) == words


def test_the_rate_is_that_of_the_last_seconds():
    """Ten seconds count; when nothing comes it falls, and is never forgotten."""
    progress = Progress(100, show=False)
    assert math.isnan(progress._rate(1.0))
    progress.advance(10)
    assert progress._rate(5.0) == 2.0
    # Nothing more came in 15 further seconds.
    assert progress._rate(20.0) == 0.5
    progress.advance(30)
    # 30 in the 16 seconds since the mark before: what came at first is forgotten.
    assert progress._rate(21.0) == 30 / 16


def test_a_watcher_is_told_ten_times_a_second_at_most():
    """However fast the work is; its first and last state are always told."""
    witness = Witness()
    with Progress(100_000, show=witness) as progress:
        for _ in range(100_000):
            progress.advance(1)
    seconds = witness.glances[-1].seconds
    verbs = [verb for verb, _ in witness.told]
    assert verbs[0], verbs[-1] == ("begin", "end")
    assert verbs.count("begin") == verbs.count("end") == 1
    assert verbs.count("look") <= 10 * seconds + 1
    assert (witness.glances[-1].done, witness.glances[-1].state) == (100_000, "ended")


def test_an_interrupt_in_a_watcher_is_an_interrupt():
    """Errors of a watcher are not heard, but Ctrl-C is no error."""

    class Interrupted(Witness):
        def begin(self, glance):
            super().begin(glance)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Progress(1, show=Interrupted())


def test_a_watcher_is_asked_for_by_what_it_can_do():
    """Anything with the three methods is one; what is not is a yes or a no."""
    witness = Witness()
    assert isinstance(witness, Watcher)
    assert find_watcher(witness) is witness
    assert find_watcher(0) is None
    assert isinstance(find_watcher(1), Lines)


def test_a_log_has_few_lines(monkeypatch):
    """One at the start, one each 10 s or 10 %, none within a second, one at the end."""
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    lines = Lines()
    lines.begin(Glance(total=100, done=0))
    for seconds, done in [(0.5, 50), (1.0, 51), (3.0, 60), (3.5, 61), (13.0, 62)]:
        lines.look(Glance(total=100, done=done, seconds=seconds))
    lines.end(Glance(total=100, done=62, seconds=14.0, state="ended"), "")
    assert log.getvalue().splitlines() == [
        "cosmat: 0 of 100 pictures",
        "cosmat: 51 of 100 pictures",
        "cosmat: 61 of 100 pictures",
        "cosmat: 62 of 100 pictures · 14.0 s",
    ]
    lines.look(Glance(total=100, done=62, seconds=23.9))
    assert log.getvalue().count("\n") == 4
    lines.look(Glance(total=100, done=62, seconds=24.0))
    assert log.getvalue().count("\n") == 5


def test_nothing_to_do_shows_nothing_but_the_summary(scripted, capfd):
    """A batch that the store answers whole has no progress, only its line."""
    client = scripted(answer_png)
    cm.matte_frame(keys("a", "b"), client, progress=False)
    cm.matte_frame(keys("a", "b"), client)
    out, err = capfd.readouterr()
    assert err == ""
    assert out.startswith("2 ok · 2 from the store · 0 billed · ")
    cm.measure_frame(cm.matte_frame(keys(), client, progress=False))
    assert capfd.readouterr() == ("", "")


def test_failures_are_counted_by_code(scripted):
    """The most frequent first, each with the last one's words; stored is saved."""
    witness = Witness()
    wrong = {"/b": ("NoSuchKey", 404), "/c": ("NoSuchKey", 404), "/d": ("Odd", 400)}

    def answer(request):
        error = wrong.get(request.url.path)
        return answer_error(*error) if error else answer_png()

    client = scripted(answer)
    cm.matte_frame(keys("a"), client, progress=False)
    cm.matte_frame(keys(*"abcde"), client, progress=witness)
    last = witness.glances[-1]
    assert (last.done, last.total) == (4, 4)
    assert [(code, count) for code, count, _ in last.failures] == [
        ("NoSuchKey", 2),
        ("Odd", 1),
    ]
    assert all("It is so." in failure.words for failure in last.failures)
    assert last.facts == Facts(saved="1 from the store: 0.02 CNY saved")
    assert witness.line.startswith("2 ok, 3 refused")


def test_money_is_told_while_it_is_spent(scripted, monkeypatch):
    """What is answered is billed; what is in flight is not yet told as paid."""
    monkeypatch.setattr(news_module, "_MONEY_SECONDS", 0.0)
    monkeypatch.setattr(news_module, "_SHARE", 0)
    witness, seen = Witness(), threading.Event()

    def look(glance):
        Witness.look(witness, glance)
        if glance.done == 2 and "2 billed" in glance.facts.money:
            seen.set()

    witness.look = look
    left = iter(range(3))

    def answer(request):
        if next(left) == 2:
            assert seen.wait(20)
        return answer_png(request)

    cm.matte_frame(keys(*"abc"), scripted(answer), progress=witness)
    told = {glance.facts.money for glance in witness.glances}
    assert told <= {
        "0 billed",
        "1 billed: 0.02 CNY (unverified)",
        "2 billed: 0.04 CNY (unverified)",
        "3 billed: 0.06 CNY (unverified)",
        "",
    }
    assert "1 call in flight" in witness.notes


def test_a_pause_that_the_service_asks_for_is_told():
    """After a ``Retry-After`` the note says until when nothing is sent."""
    witness = Witness()
    plan = Faults(script=[Fault.throttle(retry_after=1)])
    with (
        cm.Emulator(engine=WhiteEngine(), faults=plan) as emulator,
        cm.connect_emulator(emulator) as client,
    ):
        client.put("a.jpg", images.encode_jpeg(draw_square()))
        cm.matte_frame(keys("a.jpg"), client, progress=witness)
    assert any(note.startswith("paused until ") for note in witness.notes)


def test_a_wait_for_a_retry_is_told(monkeypatch):
    """Between two attempts nothing is in flight, and nobody else is to blame."""
    monkeypatch.setattr(news_module, "_QUIET_SECONDS", 0.1)
    witness = Witness()
    with (
        cm.Emulator(
            engine=WhiteEngine(), faults=Faults(script=[Fault.fail()])
        ) as emulator,
        cm.connect_emulator(
            emulator, retry=cm.Retry(base=0.6, draw=lambda: 1.0)
        ) as client,
    ):
        client.put("a.jpg", images.encode_jpeg(draw_square()))
        cm.matte_frame(keys("a.jpg"), client, progress=witness)
    assert "waiting to try again" in witness.notes


def test_a_long_silence_is_explained(scripted, monkeypatch):
    """Waiting for answers, and waiting for another batch's, are told apart."""
    monkeypatch.setattr(news_module, "_QUIET_SECONDS", 0.2)
    asked, first, second = threading.Event(), Witness(), Witness()
    mine = "waiting for the service: 1 call in flight"
    other = "waiting for another batch that asks for the same pictures"

    def answer(request):
        asked.set()
        for _ in range(200):
            if mine in first.notes and other in second.notes:
                break
            threading.Event().wait(0.05)
        return answer_png(request)

    client = scripted(answer)
    batch = threading.Thread(
        target=cm.matte_frame, args=(keys("a"), client), kwargs={"progress": first}
    )
    batch.start()
    assert asked.wait(20)
    result = cm.matte_frame(keys("a"), client, progress=second)
    batch.join()
    assert mine in first.notes
    assert other in second.notes
    assert list(result.source) == ["store"]


def test_facts_that_cannot_be_had_hide_nothing():
    """When money cannot be told, the numbers still are."""
    witness = Witness()
    with Progress(2, show=witness, facts=lambda done: done / 0) as progress:
        progress.advance(2)
    assert [verb for verb, _ in witness.told] == ["begin", "end"]
    assert str(witness.glances[-1]).startswith("2 of 2 pictures · ")


def test_what_a_service_says_is_shown_without_secrets(scripted):
    """A signed address in an error's words does not reach the panel."""
    witness = Witness()

    def answer(_):
        return answer_error("https://e.com/a?q-signature=5ecret", 400)

    cm.matte_frame(keys("a"), scripted(answer), progress=witness)
    (failure,) = witness.glances[-1].failures
    assert failure.code.startswith("https://e.com/a")
    assert "5ecret" not in str(failure)


COMMAND = [sys.executable, "-m", "cosmat_nb.cli", "matte"]


@pytest.fixture
def command(emulator, tmp_path):
    """Make the arguments and the environment of ``cosmat matte`` over five keys."""
    for number in range(5):
        picture = images.encode_jpeg(draw_square(color=(number * 5, 30, 40)))
        emulator.bucket.put(f"{number}.jpg", picture, "image/jpeg")
    file = tmp_path / "keys.txt"
    file.write_text("".join(f"{number}.jpg\n" for number in range(5)))
    out = str(tmp_path / "out.csv")
    arguments = [str(file), "--out", out, "--endpoint", emulator.endpoint]
    account = {
        "COS_SECRET_ID": emulator.credentials.secret_id,
        "COS_SECRET_KEY": emulator.credentials.secret_key,
        "COS_BUCKET": emulator.address.bucket,
        "COS_REGION": emulator.address.region,
    }
    return [*COMMAND, *arguments], os.environ | account | {"PYTHONPATH": str(ROOT)}


def test_a_pipe_gets_lines(command):
    """Without a terminal ``cosmat matte`` writes lines, and its summary once."""
    arguments, environment = command
    done = subprocess.run(
        arguments, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("5 ok · 5 billed: 0.10 CNY (unverified)")
    assert done.stdout.count("\n") == 1
    said = done.stderr.splitlines()
    assert any(line.startswith("cosmat: 0 of 5 pictures") for line in said)
    assert "\r" not in done.stderr
    assert "%" not in done.stderr
    quiet = subprocess.run(
        [*arguments, "--quiet"], env=environment, capture_output=True, check=True
    )
    assert (quiet.stdout, quiet.stderr) == (b"", b"")


def test_a_terminal_gets_a_bar(command):
    """On a terminal ``cosmat matte`` draws a bar to its end, and no lines."""
    arguments, environment = command
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    with subprocess.Popen(
        arguments, env=environment, stdout=subprocess.PIPE, stderr=theirs
    ) as child:
        os.close(theirs)
        said = read_all(ours)
        out = child.stdout.read().decode()
    os.close(ours)
    assert "5/5" in said
    assert "cosmat: 0 of 5" not in said
    assert out.startswith("5 ok · 5 billed: ")
    assert out.count("\n") == 1


def read_all(terminal):
    """Read what a terminal shows until nobody writes to it."""
    found = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            return found.decode()
        if not part:
            return found.decode()
        found += part


def test_lines_survive_a_closed_log(scripted, monkeypatch):
    """Where standard error is closed or absent, a batch goes on in silence."""
    closed = io.StringIO()
    closed.close()
    for stream in (closed, None):
        monkeypatch.setattr(sys, "stderr", stream)
        result = cm.matte_frame(keys("a"), scripted(answer_png))
        assert list(result.status) == ["ok"]


FORK = """
import os, signal, sys, threading
from cosmat_nb.frame.bar import Bar, _Bar
from cosmat_nb.frame.glance import Glance

held, over = threading.Event(), threading.Event()

def draw():
    with _Bar.get_lock():
        held.set()
        over.wait()

threading.Thread(target=draw).start()
held.wait()
child = os.fork()
if not child:
    signal.alarm(20)
    bar = Bar()
    bar.begin(Glance(total=1, done=0))
    bar.end(Glance(total=1, done=1), "")
    os._exit(0)
over.set()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_child_does_not_wait_for_a_bar_of_its_parent():
    """A fork in the moment in which another thread draws takes no held lock along."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", FORK], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
