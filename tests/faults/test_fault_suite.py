"""A fifth of all requests go wrong: every row still is what it is without faults."""

from __future__ import annotations

import random
from collections import Counter
from itertools import cycle

import pandas as pd
import pytest
from workshop import (
    NumberedEngine,
    check_whole,
    count_told,
    draw_numbered,
    fill,
    key_frame,
)

import cosmat_nb as cm
from cosmat_nb.emulator.faults import Fault, Faults

DISTINCT = 930
ROWS = 1000
PATIENCE = {"attempts": 8, "base": 0.01, "longest": 0.1, "attempt_seconds": 2.0}

FREE = {
    Fault.throttle(): 1,
    Fault.throttle(retry_after=0): 1,
    Fault.refuse("ServiceUnavailable"): 1,
    Fault.fail(): 4,
    Fault.refuse("RequestTimeout"): 2,
    Fault.reset_at_once(): 4,
}
"""What is not billed, with its weight in the mixture."""

SPOILT = {
    Fault.reset_midway(): 3,
    Fault.reset_midway(missing=10_000): 1,
    Fault.reset_after(): 1,
    Fault.fall_short(): 3,
    Fault.truncate(): 3,
}
"""What is billed, and the answer is lost or of no use."""

HARMLESS = {Fault.slow_start(0.03): 2, Fault.slow_body(0.01, 100): 2}
"""What only takes longer."""

RARE = (
    Fault.expire_token(),
    Fault.skew_clock(600),
    Fault.throttle(retry_after=1),
    Fault.slow_start(30),
    Fault.slow_body(5.0, 100),
    Fault.skew_clock(-600),
)
"""What costs the suite seconds, or what a client mends once a call: far apart."""

TOO_SLOW = (Fault.slow_start(30), Fault.slow_body(5.0, 100))


def plan_faults(seed, share=0.2, requests="matting"):
    """Draw what goes wrong with each of 4 000 requests: `share` of them, by kind."""
    draw, odds = random.Random(seed), {**FREE, **SPOILT, **HARMLESS}
    rare = cycle(RARE)
    script = [
        draw.choices(list(odds), list(odds.values()))[0]
        if draw.random() < share
        else None
        for _ in range(4000)
    ]
    script[::150] = [next(rare) for _ in script[::150]]
    return Faults(script=script, requests=requests)


def rows_of_all_kinds():
    """Make 1 000 rows: distinct pictures, duplicates, and what is no picture."""
    draw = random.Random(0)
    numbers = [*range(DISTINCT), *draw.choices(range(DISTINCT), k=60)]
    keys = [f"{number}.png" for number in numbers]
    keys += [f"nowhere/{number}.png" for number in range(7)]
    keys += ["letter.txt", "nowhere/0.png", None]
    draw.shuffle(keys)
    return pd.DataFrame({"key": keys})


def connect(emulator, **settings):
    """Connect with patience that suits a test, and keys that can be renewed."""
    return cm.MattingClient(
        emulator.address,
        lambda: emulator.credentials,
        endpoint=emulator.endpoint,
        emulator_version=emulator.version,
        concurrency=8,
        retry=cm.Retry(**PATIENCE),
        **settings,
    )


def spoilt_among(emulator, plan, kinds):
    """Count the faults of these kinds that the emulator's requests have met."""
    met = Counter(plan.pick(n) for n in range(emulator._app.tally["faults"]))
    return sum(met[kind] for kind in kinds)


def check_rows(result):
    """See that each row is answered or refused as its key deserves."""
    is_numbered = result.key.str.fullmatch(r"\d+\.png").eq(True)
    assert list(result[is_numbered].status.unique()) == ["ok"]
    assert list(result[~is_numbered].status.unique()) == ["refused"]
    assert is_numbered.sum() == DISTINCT + 60
    codes = Counter(result[~is_numbered].error_code)
    assert codes == {
        "NoSuchKey": 8,
        "InvalidImageFormat": 1,
        "OptionsError": 1,
    }


def check_money(emulator, plan, store, sets=1):
    """See that nothing was paid without need, and that the ledger hides nothing."""
    spoilt = spoilt_among(emulator, plan, [*SPOILT, *TOO_SLOW])
    assert emulator.billed >= DISTINCT * sets
    assert emulator.billed <= (DISTINCT + spoilt) * sets
    told = count_told(store.ledger.to_frame())
    assert told.yes <= emulator.billed <= told.yes + told.unknown
    # Told as free is only what was refused: by a fault, or since there is no picture.
    refusals = [kind for kind in (*FREE, *RARE) if kind.code]
    assert told.no <= (spoilt_among(emulator, plan, refusals) + 8) * sets
    return spoilt


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """What each picture's cutout is when nothing goes wrong: bytes by key."""
    store = cm.Store(tmp_path_factory.mktemp("reference"))
    with cm.Emulator(engine=NumberedEngine()) as emulator, connect(emulator) as client:
        fill(emulator, DISTINCT)
        result = cm.matte_frame(
            key_frame(range(DISTINCT)), client, store=store, progress=False
        )
        assert emulator.billed == DISTINCT
    pngs = {cutout.place: cutout.png for cutout in result.cutout}
    assert len(set(pngs.values())) == DISTINCT
    return pngs


def test_downloads_survive_all_faults(tmp_path, reference):
    """A fifth of 1 000 rows' requests fail in every way: same bytes, nothing lost."""
    plan, store = plan_faults(1), cm.Store(tmp_path)
    with (
        cm.Emulator(engine=NumberedEngine(), faults=plan) as emulator,
        connect(emulator) as client,
    ):
        fill(emulator, DISTINCT)
        emulator.bucket.put("letter.txt", b"Dear Sir,", "text/plain")
        rows = rows_of_all_kinds()
        result = cm.matte_frame(rows, client, store=store, progress=False)
        check_rows(result)
        for cutout in result.cutout.dropna():
            assert cutout.png == reference[cutout.place]
        assert check_money(emulator, plan, store) > 30
        sent, billed = emulator._app.tally["faults"], emulator.billed
        # One sent into a connection that was just reset never arrives.
        assert result.attempts.sum() == len(store.ledger.to_frame()) >= sent
        again = cm.matte_frame(rows, client, store=store, progress=False)
        check_rows(again)
        assert emulator.billed == billed
        answered = again[again.status == "ok"]
        assert set(answered.source) == {"store", "duplicate"}
        assert answered.attempts.sum() == 0
    check_whole(tmp_path)


def test_stored_results_survive_all_faults(tmp_path, reference):
    """The same for two results a picture that stay in the bucket."""
    plan, store = plan_faults(3), cm.Store(tmp_path)
    options = {"plain": cm.MattingOptions(), "wide": cm.MattingOptions(padding=(3, 2))}
    settings = {"mode": "stored", "store": store, "progress": False}
    with (
        cm.Emulator(engine=NumberedEngine(), faults=plan) as emulator,
        connect(emulator) as client,
    ):
        fill(emulator, DISTINCT)
        emulator.bucket.put("letter.txt", b"Dear Sir,", "text/plain")
        rows = rows_of_all_kinds()
        result = cm.matte_frame(rows, client, options, **settings)
        check_rows(result)
        made = {picture.key for pictures in result.stored for picture in pictures}
        assert len(made) == 2 * DISTINCT
        for key, png in reference.items():
            kept = emulator.bucket.get(f"cutouts/plain/{key}.png")
            assert kept.data == png
            wide = emulator.bucket.get(f"cutouts/wide/{key}.png")
            assert wide.info.size != kept.info.size
        assert check_money(emulator, plan, store, sets=2) > 30
        billed = emulator.billed
        again = cm.matte_frame(rows, client, options, **settings)
        check_rows(again)
        assert emulator.billed == billed
        assert again[again.status == "ok"].attempts.sum() == 0
    check_whole(tmp_path)


def test_questions_before_calls_may_fail_too(tmp_path, reference):
    """Faults of every request, those for ETags as well, change no row either."""
    plan, store = plan_faults(4, requests="all"), cm.Store(tmp_path)
    with (
        cm.Emulator(engine=NumberedEngine(), faults=plan) as emulator,
        connect(emulator) as client,
    ):
        fill(emulator, 150)
        rows = key_frame(range(150))
        result = cm.matte_frame(rows, client, store=store, progress=False)
        assert set(result.status) == {"ok"}
        for cutout in result.cutout:
            assert cutout.png == reference[cutout.place]
        told = count_told(store.ledger.to_frame())
        assert told.yes <= emulator.billed <= told.yes + told.unknown
    check_whole(tmp_path)


def test_an_empty_matte_is_an_answer(tmp_path):
    """It is billed, so it is kept, told as ``empty`` and not asked again."""
    plan = Faults(odds={Fault.empty_matte(): 0.2}, seed=5)
    with (
        cm.Emulator(engine=NumberedEngine(), faults=plan) as emulator,
        connect(emulator) as client,
    ):
        fill(emulator, 100)
        rows = key_frame(range(100))
        for _ in range(2):
            store = cm.Store(tmp_path)
            result = cm.matte_frame(rows, client, store=store, progress=False)
            count = spoilt_among(emulator, plan, [Fault.empty_matte()])
            assert result.status.value_counts().to_dict() == {
                "ok": 100 - count,
                "empty": count,
            }
            assert not any(one.alpha.any() for one in result.cutout if one.is_empty)
            assert count > 5
        assert emulator.billed == 100
        assert count_told(store.ledger.to_frame()) == (100, 0, 0)


def test_a_result_that_is_not_named_is_told_as_billed(tmp_path):
    """An answer without its results is an error, is billed, and is not sent again."""
    plan = Faults(odds={Fault.no_results(): 0.2}, seed=6)
    settings = {"mode": "stored", "store": cm.Store(tmp_path), "progress": False}
    with (
        cm.Emulator(engine=NumberedEngine(), faults=plan) as emulator,
        connect(emulator) as client,
    ):
        fill(emulator, 100)
        result = cm.matte_frame(key_frame(range(100)), client, **settings)
        count = spoilt_among(emulator, plan, [Fault.no_results()])
        assert count > 5
        assert result.status.value_counts().to_dict() == {
            "ok": 100 - count,
            "error": count,
        }
        failed = result[result.status == "error"]
        assert set(failed.error_code) == {"ResultMissingError"}
        assert set(failed.attempts) == {1}
        assert not failed.heals.any()
        assert emulator.billed == 100
        told = count_told(settings["store"].ledger.to_frame())
        assert told == (100, 0, 0)
    check_whole(tmp_path)


@pytest.mark.parametrize(
    "code", ["AccessDenied", "InvalidAccessKeyId", "NoSuchBucket", "PaymentRequired"]
)
def test_an_account_error_stops_and_the_next_run_finishes(tmp_path, code):
    """What every row would meet ends the batch early; nothing answered is lost."""
    plan = Faults(script=[*[None] * 30, *[Fault.refuse(code)] * 20])
    store = cm.Store(tmp_path)
    with (
        cm.Emulator(engine=NumberedEngine(), faults=plan) as emulator,
        connect(emulator) as client,
    ):
        fill(emulator, 120)
        rows = key_frame(range(120))
        with pytest.warns(cm.CosmatWarning, match=code):
            first = cm.matte_frame(rows, client, store=store, progress=False)
        counts = first.status.value_counts()
        assert counts["ok"] == emulator.billed >= 30
        # At most one for each of the eight threads.
        assert 1 <= counts["error"] <= 8
        assert counts["skipped"] == 120 - counts["ok"] - counts["error"]
        assert first[first.status != "ok"].heals.all()
        # Refusals that the first run did not use up.
        while emulator._app.tally["faults"] < 50:
            emulator._app.tally.add("faults")
        second = cm.matte_frame(rows, client, store=store, progress=False)
        assert set(second.status) == {"ok"}
        assert emulator.billed == 120
        told = count_told(store.ledger.to_frame())
        assert (told.yes, told.unknown) == (120, 0)
    check_whole(tmp_path)


def test_a_dead_service_is_not_hammered(tmp_path):
    """When all fails, the batch gives up long before every row has had its attempts."""
    plan = Faults(odds={Fault.fail(): 1.0})
    with (
        cm.Emulator(engine=NumberedEngine(), faults=plan) as emulator,
        connect(emulator) as client,
    ):
        fill(emulator, 400)
        with pytest.warns(cm.CosmatWarning, match="again and again|fail"):
            result = cm.matte_frame(
                key_frame(range(400)), client, store=cm.Store(tmp_path), progress=False
            )
        assert set(result.status) <= {"error", "skipped"}
        assert result.heals.all()
        # Eight attempts a row would be 3 200.
        assert emulator._app.tally["faults"] <= 150
        assert emulator.billed == 0
    check_whole(tmp_path)


def test_numbered_pictures_differ():
    """The suites can tell pictures apart, so that no answer passes for another."""
    assert len({draw_numbered(number) for number in range(1000)}) == 1000
