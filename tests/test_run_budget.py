"""Budgets: never one call over, whoever spends, and given back what was not billed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import answer, claim, make_key, query, start_child

import cosmat_nb as cm
from cosmat_nb.errors import BudgetExceededError
from cosmat_nb.store.budget import Budget
from cosmat_nb.store.claims import Job, Refusal, Ticket
from cosmat_nb.store.price import Price
from cosmat_nb.store.tally import recount

PRICE = Price(
    steps={"AIPicMatting": {1: 0.02, 4: 0.01}, "GoodsMatting": 0.5},
    source="a test",
    as_of="2026-11-01",
)
NOON = 1_793_505_600.0  # 2026-11-01 12:00 in UTC+8
DAY = 86_400

SPEND = """
import sys
import cosmat_nb as cm
from cosmat_nb.store.budget import Budget
from cosmat_nb.store.claims import Ticket
from runs import answer, claim, make_key

folder, name, most = sys.argv[1], sys.argv[2], int(sys.argv[3])
budget, sent = Budget(calls=most, name="shared"), 0
with cm.Store(folder).open_run("cloud") as run:
    for start in range(0, 40, 5):
        keys = [make_key(f"{name}/{n}.jpg") for n in range(start, start + 5)]
        for number, told in enumerate(claim(run, *keys, budget=budget)):
            if not isinstance(told, Ticket):
                continue
            if (start + number) % 3 == 0:
                run.settle(told, "no", 503)
                run.release(told)
            else:
                sent += 1
                answer(run, told, number)
print(sent)
"""


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    return cm.Store(tmp_path / "s")


def keys(count, prefix=""):
    """Name so many pictures."""
    return [make_key(f"{prefix}{number}.jpg") for number in range(count)]


def kinds(told):
    """Say of each decision what it is."""
    return [type(each).__name__ for each in told]


def check_sums(store):
    """Compare the running sums with those counted anew from the ledger."""
    with store._database.writing() as connection:
        query = "SELECT * FROM tally WHERE calls ORDER BY scope"
        kept = connection.execute(query).fetchall()
        recount(connection)
        counted = connection.execute(query).fetchall()
    assert [row[:2] for row in kept] == [row[:2] for row in counted]
    assert [row[2] for row in kept] == pytest.approx([row[2] for row in counted])


def test_the_first_jobs_that_fit_get_tickets(store):
    """Three calls are allowed: three tickets, and a reason with the numbers."""
    budget = Budget(calls=3)
    with store.open_run("cloud") as run:
        told = claim(run, *keys(5), budget=budget)
        assert kinds(told) == ["Ticket"] * 3 + ["Refusal"] * 2
        assert "allows 3 calls, 3 are used and the next needs 1" in told[4].reason
        # A refusal claims nothing and writes nothing.
        assert kinds(claim(run, *keys(5)[3:])) == ["Ticket"] * 2
        assert len(query(store, "SELECT 1 FROM intent")) == 5


def test_a_budget_is_one_purse_for_all_runs(store):
    """Answers, open intents and unknown ones count, in every later run."""
    budget = Budget(calls=3, name="spring")
    with store.open_run("cloud") as run:
        first, second, _ = claim(run, *keys(3), budget=budget)
        answer(run, first)
        run.settle(second, "unknown")
    with store.open_run("cloud") as run:
        same = Budget(calls=4, name="spring")
        assert kinds(claim(run, *keys(2, "b"), budget=same)) == ["Ticket", "Refusal"]


def test_what_was_not_billed_is_given_back(store):
    """Settled as "no", or released unsent, a call can be spent again, and once only."""
    budget = Budget(calls=2)
    with store.open_run("cloud") as run:
        first, second = claim(run, *keys(2), budget=budget)
        run.settle(first, "no", 503)
        run.release(first)
        run.release(second)
        told = claim(run, *keys(3, "b"), budget=budget)
        assert kinds(told) == ["Ticket", "Ticket", "Refusal"]
    check_sums(store)


def test_it_is_given_back_once(store):
    """An outcome that is written again, as after an interrupt, gives nothing back."""
    budget = Budget(calls=3)
    with store.open_run("cloud") as run:
        first, *_ = claim(run, *keys(3), budget=budget)
        for _ in range(2):
            first.settled = False
            run.settle(first, "no", 503)
            with run._journal.writing():
                pass
        told = claim(run, *keys(2, "b"), budget=budget)
        assert kinds(told) == ["Ticket", "Refusal"]
    check_sums(store)


def test_a_further_attempt_is_checked_too(store):
    """It is refused before it is written, unless the last one was free."""
    budget = Budget(calls=1)
    with store.open_run("cloud") as run:
        (ticket,) = claim(run, make_key(), budget=budget)
        run.settle(ticket, "no", 503)
        run.intend(ticket)
        run.settle(ticket, "unknown")
        with pytest.raises(BudgetExceededError, match="allows 1 calls, 1 are used"):
            run.intend(ticket)
        run.release(ticket)
    assert query(store, "SELECT count(*) FROM intent") == [(2,)]
    rows = query(store, "SELECT billed FROM outcome")
    assert rows == [("no",), ("unknown",)]


def test_an_amount_is_held_to_the_last_cent(store):
    """0.02 x 3 + 0.01 is 0.07, steps included; rounding lets no call out or in."""
    budget = Budget(amount=0.07)
    with store.open_run("cloud") as run:
        told = claim(run, *keys(6), budget=budget, price=PRICE)
        assert kinds(told) == ["Ticket"] * 4 + ["Refusal"] * 2
        prices = query(store, "SELECT price, currency FROM intent")
        assert prices == [(0.02, "CNY")] * 3 + [(0.01, "CNY")]
    check_sums(store)


def test_three_times_two_cents_are_six(store):
    """Amounts whose binary sum is a hair too large still fit."""
    assert 0.1 + 0.1 + 0.1 > 0.3
    flat = Price(steps={"AIPicMatting": 0.1}, source="a test", as_of="2026-11-01")
    with store.open_run("cloud") as run:
        told = claim(run, *keys(4), budget=Budget(amount=0.3), price=flat)
    assert kinds(told) == ["Ticket"] * 3 + ["Refusal"]


def test_an_amount_without_a_price_is_refused(store):
    """Unknown is never taken for free."""
    portrait = cm.MattingOptions(operation="AIPortraitMatting")
    with store.open_run("cloud") as run:
        for price in (None, PRICE):
            key = make_key(options=portrait)
            (told,) = claim(run, key, budget=Budget(amount=9), price=price)
            assert isinstance(told, Refusal)
            assert "price of this call is unknown" in told.reason


def test_a_job_of_several_results_counts_each(store):
    """Two results are two calls at their own prices; a smaller job may still fit."""
    goods = cm.MattingOptions(operation="GoodsMatting")

    def job(name, *options):
        return Job(tuple(make_key(name, o, saved_as=f"b/{o.rule}") for o in options))

    plain = cm.MattingOptions()
    jobs = [job("a", plain, goods), job("b", plain, goods), job("c", plain)]
    with store.open_run("cloud") as run:
        told = run.claim(jobs, Budget(calls=3), PRICE)
    assert kinds(told) == ["Ticket", "Refusal", "Ticket"]
    assert query(store, "SELECT calls, price FROM intent") == [(2, 0.52), (1, 0.02)]
    check_sums(store)


def test_a_day_ends_at_midnight_of_the_provider(store):
    """All runs of the store count together, until 16:00 UTC."""
    now = [NOON]
    with store.open_run("cloud", clock=lambda: now[0]) as run:
        claim(run, *keys(2))
        budget = Budget(per_day=3)
        told = claim(run, *keys(2, "b"), budget=budget)
        assert kinds(told) == ["Ticket", "Refusal"]
        assert "3 are used on 2026-11-01 (UTC+8)" in told[1].reason
        now[0] = NOON + DAY / 2 - 1
        assert kinds(claim(run, *keys(1, "c"), budget=budget)) == ["Refusal"]
        now[0] = NOON + DAY / 2
        assert kinds(claim(run, *keys(1, "c"), budget=budget)) == ["Ticket"]
        # Given back to the day on which it was counted.
        run.release(told[0])
        assert kinds(claim(run, *keys(3, "d"), budget=budget))[2] == "Refusal"
    check_sums(store)


def test_an_emulator_spends_nothing_of_a_real_budget(store):
    """Sandbox calls are counted apart, by name and by day."""
    budget = Budget(calls=1, per_day=1, name="spring")
    with store.open_run("emulator cosmat 1") as run:
        sandbox = [make_key(f"{n}.jpg", service="emulator cosmat 1") for n in range(2)]
        assert kinds(claim(run, *sandbox, budget=budget)) == ["Ticket", "Refusal"]
        assert kinds(claim(run, *keys(2), budget=budget)) == ["Ticket", "Refusal"]


def test_threads_spend_no_call_too_many(store):
    """Eight threads at one purse of 50, some calls free: exactly 50 are billed."""
    budget, lock, sent = Budget(calls=50), threading.Lock(), []

    def work(worker):
        for start in range(0, 24, 4):
            group = keys(24, f"{worker}/")[start : start + 4]
            for told in claim(run, *group, budget=budget):
                if isinstance(told, Ticket):
                    run.settle(told, "yes", 200)
                    run.release(told)
                    with lock:
                        sent.append(told)

    with store.open_run("cloud") as run, ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(sent) == 50
    check_sums(store)


def test_processes_spend_no_call_too_many(store):
    """Three processes at one purse, a third of the calls free: never one over."""
    children = [start_child(SPEND, store.folder, n, 50) for n in "abc"]
    outputs = [child.communicate(timeout=60) for child in children]
    assert [error for _, error in outputs] == [""] * 3
    # What is given back while the last of them gives up is left in the purse.
    spent = sum(int(out) for out, _ in outputs)
    assert 40 <= spent <= 50
    rows = query(store, "SELECT billed, count(*) FROM outcome GROUP BY billed")
    assert dict(rows)["yes"] == spent
    check_sums(store)


@settings(max_examples=30, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from("cnyuira"), max_size=25))
def test_the_sums_are_those_of_the_ledger(tmp_path_factory, steps):
    """Whatever is claimed, settled, tried again or released: the sums agree with it."""
    store = cm.Store(tmp_path_factory.mktemp("s"))
    budget, open_tickets = Budget(calls=6), []
    with store.open_run("cloud") as run:
        for number, step in enumerate(steps):
            if step == "c":
                group = keys(2, f"{number}/")
                told = claim(run, *group, budget=budget, price=PRICE)
                open_tickets += [each for each in told if isinstance(each, Ticket)]
            elif open_tickets:
                ticket = open_tickets[0]
                if step in "nyu":
                    word = {"n": "no", "y": "yes", "u": "unknown"}[step]
                    run.settle(ticket, word)
                elif step == "i":
                    try:
                        run.intend(ticket)
                    except BudgetExceededError:
                        run.release(open_tickets.pop(0))
                elif step == "r":
                    run.release(open_tickets.pop(0))
                else:
                    answer(run, open_tickets.pop(0), number)
    check_sums(store)
    spent = query(
        store,
        "SELECT count(*) FROM intent LEFT JOIN outcome ON intent = id "
        "WHERE billed IS NOT 'no'",
    )
    assert spent[0][0] <= 6
