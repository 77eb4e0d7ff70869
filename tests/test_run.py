"""A run: who may ask, what the ledger is told, and when an answer is kept."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from runs import answer, claim, make_cutout, make_key, make_png, query

import cosmat_nb as cm
from cosmat_nb.errors import OptionsError
from cosmat_nb.store.answer_key import AnswerKey
from cosmat_nb.store.claims import Busy, Found, Job, Ticket
from cosmat_nb.store.lock import is_held
from cosmat_nb.wire.results import StoredPicture


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    return cm.Store(tmp_path / "s")


def test_an_answer_is_kept_indexed_and_found(store):
    """The caller gets a cutout in a file; a later find gives an equal one."""
    key = make_key(identity="e1")
    with store.open_run("cloud") as run:
        (ticket,) = claim(run, key)
        told = answer(run, ticket, 7)
    (kept,) = told
    assert kept.data is None
    assert kept.path.read_bytes() == make_png(7) == kept.png
    (found,) = store.find([key])
    assert found == kept
    assert (found.request_id, found.attempts) == ("q-a.jpg", 1)
    columns = "place, identity, rule, sandbox, nbytes, seconds, intent"
    assert query(store, f"SELECT {columns} FROM answer") == [
        ("a.jpg", "e1", "ci-process=AIPicMatting", 0, len(make_png(7)), 0.5, 1)
    ]


def test_a_group_is_indexed_before_the_run_is_closed(store):
    """Nobody has to close a run for an answer to count: it is told within a moment."""
    told = []
    with store.open_run("cloud") as run:
        for ticket in claim(run, *[make_key(f"{n}.jpg") for n in range(40)]):
            run.keep(ticket, make_cutout(ticket.job.keys[0], make_png()), told.append)
        deadline = time.monotonic() + 10
        while len(told) < 40 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(told) == 40
        assert len(query(store, "SELECT 1 FROM answer")) == 40
    # The same bytes are one file.
    assert len(list(store.folder.glob("??/*.png"))) == 1


def test_the_intent_is_written_before_a_ticket_is_given(store):
    """Another connection sees the ledger's row, open, as soon as the call may leave."""
    key = make_key(identity="e1")
    with store.open_run("cloud") as run:
        claim(run, key)
        other = cm.Store(store.folder)
        columns = "run, asked, place, attempt, calls, price, budget"
        row = (run.id, key.asked, "a.jpg", 1, 1, None, "")
        assert query(other, f"SELECT {columns} FROM intent") == [row]
        assert query(other, "SELECT * FROM outcome") == []


def test_one_question_is_asked_by_one_run(store):
    """Claimed is busy, to another run, another store and the same run."""
    with store.open_run("cloud") as run, cm.Store(store.folder).open_run("c") as other:
        (ticket,) = claim(run, make_key())
        assert claim(other, make_key()) == [Busy(run.id)]
        assert claim(run, make_key(), make_key()) == [Busy(run.id)] * 2
        first, second = claim(other, make_key("b.jpg"), make_key("b.jpg"))
        assert isinstance(first, Ticket)
        assert second == Busy(other.id)
        answer(run, ticket)
        run.close()
        (found,) = claim(other, make_key())
        assert isinstance(found, Found)
        assert found.answers[0].png == make_png()


def test_threads_share_a_run_and_ask_each_question_once(store):
    """Eight threads claim the same 60 keys: 60 tickets in all, each kept."""
    keys = [make_key(f"{number}.jpg") for number in range(60)]
    tickets, lock = [], threading.Lock()

    def work(_):
        for start in range(0, 60, 6):
            for told in claim(run, *keys[start : start + 6]):
                if isinstance(told, Ticket):
                    answer(run, told, int(told.job.keys[0].place[:-4]))
                    with lock:
                        tickets.append(told)

    with store.open_run("cloud") as run, ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(tickets) == 60
    pngs = [found.png for found in store.find(keys)]
    assert pngs == [make_png(number) for number in range(60)]
    assert query(store, "SELECT billed, count(*) FROM outcome") == [("yes", 60)]
    assert query(store, "SELECT * FROM claim") == []


def test_a_released_ticket_was_never_sent(store):
    """Its claim is free at once, and its intent is settled as not billed."""
    with store.open_run("cloud") as run, store.open_run("cloud") as other:
        (ticket,) = claim(run, make_key())
        run.release(ticket)
        claim(run, make_key("b.jpg"))
        assert isinstance(claim(other, make_key())[0], Ticket)
        rows = query(store, "SELECT intent, billed, code FROM outcome")
        assert rows == [(1, "no", "NotSent")]


def test_every_attempt_is_a_row_of_its_own(store):
    """An attempt, its outcome and the next one are in the ledger in this order."""
    with store.open_run("cloud") as run:
        (ticket,) = claim(run, make_key())
        run.settle(ticket, "no", 503, "SlowDown", "q1")
        run.intend(ticket)
        assert (ticket.attempt, ticket.intent) == (2, 2)
        run.intend(ticket)
        (told,) = [answer(run, ticket)]
    assert told[0].png == make_png()
    assert query(store, "SELECT id, attempt FROM intent") == [(1, 1), (2, 2), (3, 3)]
    columns = "intent, billed, status, code, request_id"
    assert query(store, f"SELECT {columns} FROM outcome") == [
        (1, "no", 503, "SlowDown", "q1"),
        (2, "unknown", None, "", None),
        (3, "yes", 200, "", "q-a.jpg"),
    ]


def test_the_first_outcome_counts(store):
    """Settled twice, an attempt keeps its first outcome, and a word must be known."""
    with store.open_run("cloud") as run:
        (ticket,) = claim(run, make_key())
        with pytest.raises(OptionsError, match=r"'yes', 'no', 'unknown'.*not 'maybe'"):
            run.settle(ticket, "maybe")
        run.settle(ticket, "no", code="SlowDown")
        run.settle(ticket, "yes")
        run.release(ticket)
    rows = query(store, "SELECT billed, code FROM outcome")
    assert rows == [("no", "SlowDown")]


def test_what_is_in_flight_when_a_run_is_closed_stays_open(store):
    """Nobody knows whether it was billed; its claim is over, a late answer is kept."""
    run = store.open_run("cloud")
    first, second = claim(run, make_key(), make_key("b.jpg"))
    run.close()
    run.close()
    assert query(store, "SELECT * FROM outcome") == []
    assert query(store, "SELECT * FROM claim") == []
    (late,) = answer(run, first, 3)
    run.settle(second, "no", 500)
    assert store.find([make_key()]) == [late]
    assert late.png == make_png(3)
    rows = query(store, "SELECT intent, billed FROM outcome")
    assert rows == [(1, "yes"), (2, "no")]


def test_a_closed_run_leaves_nothing_but_its_rows(store):
    """No lock, no pending folder; it has a start, an end and a service."""
    run = store.open_run("cloud")
    lock = store.folder / "runs" / f"{run.id}.lock"
    assert is_held(lock)
    claim(run, make_key())
    run.close()
    assert list((store.folder / "runs").iterdir()) == []
    assert list((store.folder / "incoming").iterdir()) == []
    ((name, ended, service),) = query(store, "SELECT id, ended, service FROM run")
    assert (name, service) == (run.id, "cloud")
    assert ended is not None


def test_results_in_the_bucket_are_written_down_without_a_file(store):
    """One call for two results: two answers, one intent of two calls."""
    centred = cm.MattingOptions(center=True)
    keys = (
        make_key(saved_as="b-1250000000/out/1.png"),
        make_key(options=centred, saved_as="b-1250000000/out/2.png"),
    )
    pictures = [
        StoredPicture(key=f"out/{n}.png", etag="t", size=9, height=4, width=5)
        for n in (1, 2)
    ]
    told = []
    with store.open_run("cloud") as run:
        (ticket,) = run.claim([Job(keys)])
        run.keep_stored(ticket, pictures, told.append, request_id="q")
        (found,) = run.claim([Job(keys)])
    assert told == [tuple(pictures)]
    assert store.find(keys) == pictures == list(found.answers)
    assert list(store.folder.glob("??/*.png")) == []
    rules = f"{keys[0].options.rule}\n{centred.rule}"
    rows = query(store, "SELECT rule, calls, asked FROM intent")
    assert rows == [(rules, 2, keys[0].asked + keys[1].asked)]


def test_a_result_that_is_missing_can_be_asked_again(store):
    """Of two results one came: found says which; the other alone gets a ticket."""
    keys = tuple(make_key(saved_as=f"b-1/out/{n}.png") for n in (1, 2))
    picture = StoredPicture(key="out/1.png")
    with store.open_run("cloud") as run:
        (ticket,) = run.claim([Job(keys)])
        run.keep_stored(ticket, [picture, None], lambda _: None)
        assert run.claim([Job(keys)]) == [Found((picture, None))]
        (again,) = run.claim([Job(keys[1:])])
        assert isinstance(again, Ticket)


def test_an_answer_whose_file_went_is_asked_again(store):
    """A claim looks at the file, not at the index alone."""
    with store.open_run("cloud") as run:
        answer(run, claim(run, make_key())[0])
    (cutout,) = store.find([make_key()])
    cutout.path.unlink()
    with store.open_run("cloud") as run:
        (ticket,) = claim(run, make_key())
        answer(run, ticket, 2)
    assert [found.png for found in store.find([make_key()])] == [make_png(2)]


def test_a_callback_that_fails_costs_nobody_else_an_answer(store, caplog):
    """The error is logged, and the next answer of the group is told."""
    with store.open_run("cloud") as run:
        first, second = claim(run, make_key(), make_key("b.jpg"))

        def fail(_):
            raise RuntimeError("mine")

        run.keep(first, make_cutout(make_key(), make_png()), fail)
        told = answer(run, second, 2)
    assert len(told) == 1
    assert "mine" in caplog.text
    assert None not in store.find([make_key(), make_key("b.jpg")])


def test_an_address_is_written_down_without_its_secrets(store):
    """User name, query and fragment are in no byte of the store."""
    url = "https://me:sesame@example.com/a.jpg?q-signature=topsecret#frag"
    key = AnswerKey.of_address("cloud", url, cm.MattingOptions())
    with store.open_run("cloud") as run:
        answer(run, claim(run, key)[0])
        written = b"".join(
            path.read_bytes() for path in store.folder.rglob("*") if path.is_file()
        )
    assert b"example.com/a.jpg" in written
    assert key.address_hash.encode() in written
    for secret in (b"sesame", b"topsecret", b"frag"):
        assert secret not in written
    assert store.find([key])[0].place == "https://example.com/a.jpg"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_opens_its_own_run(store):
    """In a child the parent's run is refused and the store works; the run lives on."""
    key = make_key()
    with store.open_run("cloud") as run:
        (ticket,) = claim(run, key)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                with pytest.raises(OptionsError, match="belongs to the process"):
                    claim(run, key)
                assert store.find([key]) == [None]
                # SQLite's own rule: a connection does not cross a fork.
                assert store._database._session().pid == os.getpid()
                with store.open_run("cloud") as own:
                    assert claim(own, key) == [Busy(run.id)]
                    answer(own, claim(own, make_key("b.jpg"))[0], 2)
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert is_held(store.folder / "runs" / f"{run.id}.lock")
        answer(run, ticket)
    assert None not in store.find([key, make_key("b.jpg")])
