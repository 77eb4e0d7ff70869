"""What a batch may cost: budgets, confirmation, what is never paid twice."""

from __future__ import annotations

import dataclasses
import threading

import httpx
import pytest
from answers import answer_error, answer_png, keys, reply

import cosmat_nb as cm


def lose(request):
    """Break the connection once the request has left."""
    message = "reset"
    raise httpx.ReadError(message, request=request)


def refuse_connection(request):
    """Let no connection come about."""
    message = "refused"
    raise httpx.ConnectError(message, request=request)


def in_turn(*answers):
    """Answer by these functions one after the other, then always by the last."""
    left = list(answers)

    def answer(request):
        return (left.pop(0) if len(left) > 1 else left[0])(request)

    return answer


def throttle(_=None):
    """Answer that it is too much."""
    return answer_error("SlowDown", 503)


def missing(_=None):
    """Answer that there is no such key."""
    return answer_error("NoSuchKey", 404)


@pytest.fixture
def store(tmp_path):
    """Make a store of this test's own."""
    return cm.Store(tmp_path / "money")


def matte(client, frame, **settings):
    """Run a batch without a bar."""
    return cm.matte_frame(frame, client, progress=False, **settings)


def billed(store):
    """Count the ledger's attempts that left, by what is known of their bill."""
    ledger = store.ledger.to_frame()
    sent = ledger[ledger.code.fillna("") != "NotSent"]
    return sent.billed.value_counts().to_dict()


def test_a_second_batch_pays_nothing(scripted, store):
    """What was answered comes from the store: same cutouts, nothing sent."""
    client = scripted(answer_png)
    first = matte(client, keys("a", "b", "a"), store=store)
    again = matte(client, keys("b", "a"), store=store)
    assert scripted.asked == ["/a", "/b"]
    assert list(again.status) == ["ok", "ok"]
    assert list(again.source) == ["store", "store"]
    assert list(again.attempts) == [0, 0]
    assert again.cutout[0] == first.cutout[1]
    assert again.cutout[1].png == first.cutout[0].png
    assert cm.summarize_run(again).saved == pytest.approx(0.04)


def test_what_is_saved_would_not_have_been_free(scripted, store):
    """Two calls used up the two free ones: a duplicate and the store save 0.5 each."""
    price = cm.Price(
        steps={"AIPicMatting": 0.5}, free_calls=2, source="a test", as_of="2026-11-01"
    )
    client = scripted(answer_png)
    result = matte(client, keys("a", "b", "a"), store=store, price=price)
    summary = cm.summarize_run(result)
    assert (summary.cost, summary.saved) == (0, 0.5)
    again = matte(client, keys("a"), store=store, price=price)
    assert cm.summarize_run(again).saved == 0.5


def test_other_options_are_another_answer(scripted, store):
    """The same picture with other options is asked for, once."""
    client = scripted(answer_png)
    for _ in range(2):
        matte(client, keys("a"), store=store)
        matte(client, keys("a"), store=store, options=cm.MattingOptions(center=True))
    assert scripted.asked == ["/a", "/a"]


def test_a_replaced_picture_is_asked_again(scripted, store):
    """Another known ETag is another picture; one that is not known is no other."""
    client = scripted(answer_png)
    for etag in ("one", "one", "two", None, "two", "one"):
        result = matte(client, keys("a", etag=[etag]), store=store)
        assert list(result.status) == ["ok"]
    assert scripted.asked == ["/a", "/a"]


def test_the_emulator_is_asked_for_etags_first(client, square):
    """A frame of bare keys notices that a picture was replaced; nothing is stale."""
    client.put("a.jpg", square)
    first = matte(client, keys("a.jpg"))
    again = matte(client, keys("a.jpg"))
    client.put("a.jpg", square + b" ")
    replaced = matte(client, keys("a.jpg"))
    stale = matte(client, keys("a.jpg"), check_sources=False)
    sources = [frame.source[0] for frame in (first, again, replaced, stale)]
    assert sources == ["emulator", "store", "emulator", "store"]


def test_emulated_answers_never_pass_for_the_services(client, square, scripted, store):
    """The same bucket and key on the emulator and on the cloud are two answers."""
    client.put("a.jpg", square)
    matte(client, keys("a.jpg"), store=store)
    result = matte(scripted(answer_png), keys("a.jpg"), store=store)
    assert list(result.source) == ["cloud"]
    assert store.to_frame().sandbox.tolist() == [True, False]


def test_a_damaged_file_is_asked_again(scripted, store):
    """A file of another length, or one that was read and set aside, is not stored."""
    client = scripted(answer_png)
    cutout = matte(client, keys("a"), store=store).cutout[0]
    cutout.path.write_bytes(cutout.png[:-1] + b"?")
    with pytest.raises(cm.OptionsError, match="damaged and was set aside"):
        _ = cutout.png
    assert matte(client, keys("a"), store=store).cutout[0].png == answer_png().read()
    cutout.path.write_bytes(b"short")
    assert matte(client, keys("a"), store=store).source[0] == "cloud"
    assert len(scripted.asked) == 3


def test_a_budget_is_never_passed(scripted, store):
    """Three calls are allowed and three are made; the other rows say why not."""
    client = scripted(answer_png, concurrency=4)
    with pytest.warns(cm.CosmatWarning, match="budget"):
        result = matte(
            client, keys(*"abcdefgh"), store=store, budget=cm.Budget(calls=3)
        )
    assert len(scripted.asked) == 3
    assert sorted(result.status) == ["ok"] * 3 + ["skipped"] * 5
    left = result[result.status == "skipped"]
    assert set(left.error_code) == {"BudgetExceededError"}
    assert left.heals.all()
    assert left.source.isna().all()


def test_a_budget_goes_on_where_it_stood(scripted, store):
    """One purse for several batches; what is stored takes nothing out of it."""
    client, budget = scripted(answer_png), cm.Budget(calls=3)
    matte(client, keys("a", "b"), store=store, budget=budget)
    with pytest.warns(cm.CosmatWarning):
        result = matte(client, keys(*"abcd"), store=store, budget=budget)
    assert list(result.status) == ["ok", "ok", "ok", "skipped"]
    more = dataclasses.replace(budget, calls=4)
    assert (
        list(matte(client, keys(*"abcd"), store=store, budget=more).status)
        == ["ok"] * 4
    )
    assert len(scripted.asked) == 4


@pytest.mark.parametrize("free", [missing, throttle, refuse_connection])
def test_what_is_free_takes_nothing_out_of_a_budget(scripted, store, free):
    """A refusal and a connection that never came about are given back to it."""
    client = scripted(in_turn(free, free, answer_png))
    budget = cm.Budget(calls=2)
    result = matte(client, keys(*"abcd"), store=store, budget=budget)
    assert sorted(result.status) in (
        ["error", "error", "ok", "ok"],
        ["ok", "ok", "refused", "refused"],
    )
    assert billed(store) == {"no": 2, "yes": 2}


def test_a_lost_answer_counts(scripted, store):
    """It may have been billed: it is taken out of the budget, and told as unknown."""
    client = scripted(in_turn(lose, answer_png), attempts=2)
    budget = cm.Budget(calls=2)
    result = matte(client, keys("a"), store=store, budget=budget)
    with pytest.warns(cm.CosmatWarning, match="budget"):
        left = matte(client, keys("b"), store=store, budget=budget)
    assert (result.status[0], left.status[0]) == ("ok", "skipped")
    assert billed(store) == {"unknown": 1, "yes": 1}
    summary = cm.summarize_run(result)
    assert (summary.billed, summary.unknown, summary.retries) == (1, 1, 1)
    assert "1 billed, 1 more may have been: 0.04 CNY (unverified)" in str(summary)


def test_a_retry_needs_budget_too(scripted, store):
    """When the first attempt may have been paid, the second one may be too much."""
    client = scripted(lose, attempts=4)
    with pytest.warns(cm.CosmatWarning):
        result = matte(client, keys("a", "b"), store=store, budget=cm.Budget(calls=1))
    assert len(scripted.asked) == 1
    assert list(result.status) == ["error", "skipped"]
    assert list(result.heals) == [True, True]


def test_an_amount_is_a_budget(scripted, store):
    """0.06 are three calls at 0.02; a call without a known price is refused."""
    client = scripted(answer_png)
    with pytest.warns(cm.CosmatWarning):
        matte(client, keys(*"abcde"), store=store, budget=cm.Budget(amount=0.06))
    assert len(scripted.asked) == 3
    portrait = cm.MattingOptions(operation="AIPortraitMatting")
    with pytest.raises(cm.OptionsError, match="AIPortraitMatting"):
        matte(client, keys("z"), options=portrait, budget=cm.Budget(amount=1))


def test_many_paid_calls_are_confirmed_first(scripted, store):
    """More calls than confirm_over: an error that says what it costs; nothing sent."""
    client = scripted(answer_png)
    with pytest.raises(cm.BudgetExceededError, match=r"3 calls .* 0.06 CNY .*unverif"):
        matte(client, keys(*"abca"), store=store, confirm_over=2)
    assert scripted.asked == []
    matte(client, keys(*"abc"), store=store, confirm_over=3)
    matte(client, keys(*"abcde"), store=store, confirm_over=2)
    assert len(scripted.asked) == 5


def test_many_calls_are_many_by_default(scripted):
    """1001 paid calls are not made without a word."""
    frame = keys(*(f"{number}.jpg" for number in range(1001)))
    with pytest.raises(cm.BudgetExceededError, match="confirm_over=1001"):
        matte(scripted(answer_png), frame)


def test_a_deadline_stops_the_batch(scripted, store):
    """What is in flight is answered; the rest is not sent and can be asked later."""
    release = threading.Event()

    def answer(request):
        release.wait(10)
        return answer_png(request)

    client = scripted(answer)
    threading.Timer(0.5, release.set).start()
    with pytest.warns(cm.CosmatWarning, match=r"deadline of 0\.1 s"):
        result = matte(client, keys("a", "b"), store=store, deadline=0.1)
    assert list(result.status) == ["ok", "skipped"]
    assert list(result.heals) == [False, True]
    assert scripted.asked == ["/a"]


def test_an_error_can_be_raised(scripted, store):
    """on_error="raise": the error that a single call would raise; no answer is lost."""
    client = scripted(in_turn(answer_png, missing, answer_png))
    with pytest.raises(cm.ObjectNotFoundError, match="'b'"):
        matte(client, keys("a", "b", "c"), store=store, on_error="raise")
    assert len(store.to_frame()) >= 1
    asked = len(scripted.asked)
    with pytest.raises(cm.OptionsError, match="Nothing was sent"):
        matte(client, keys("/bad", "d"), store=store, on_error="raise")
    assert len(scripted.asked) == asked


def test_a_service_that_only_fails_is_left_alone(scripted, store):
    """After 20 failures in a row the batch stops; rows not sent are skipped."""
    client = scripted(lambda _: answer_error("InternalError", 500), attempts=8)
    with pytest.warns(cm.CosmatWarning, match="fails again and again"):
        result = matte(client, keys(*map(str, range(300))), store=store)
    assert 20 <= len(scripted.asked) <= 20 + 8
    assert (result.status == "skipped").sum() >= 290
    assert result.heals.all()


@pytest.mark.parametrize("names", [["a"], ["a", "b", "c", "d", "e"]])
def test_stored_mode_pays_for_what_is_missing(client, square, store, names):
    """One request for all sets of a picture; later only new ones are paid for."""
    client.put("x.jpg", square)
    sets = {name: cm.MattingOptions(padding=(n, n)) for n, name in enumerate(names)}
    frame = keys("x.jpg", "x.jpg", "nope.jpg")
    result = matte(client, frame, store=store, options=sets, mode="stored")
    assert list(result.status) == ["ok", "ok", "refused"]
    assert [picture.key for picture in result.stored[0]] == [
        f"cutouts/{name}/x.jpg.png" for name in names
    ]
    assert list(result.attempts) == [1, 0, 1]
    assert result.cutout.isna().all()
    assert billed(store) == {"yes": 1, "no": 1}
    assert cm.summarize_run(result).billed == len(names)
    other = {**dict(list(sets.items())[1:]), "new": cm.MattingOptions(center=True)}
    again = matte(client, keys("x.jpg"), store=store, options=other, mode="stored")
    assert cm.summarize_run(again).billed == 1
    assert len(again.stored[0]) == len(names)


def test_results_that_came_are_kept_when_others_are_missing(scripted, store):
    """Some of the results came: they are the row's, and never asked for again."""
    name = "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com"

    def one_of_two(_):
        body = (
            "<UploadResult><OriginalInfo><Key>x</Key></OriginalInfo><ProcessResults>"
            f"<Object><Key>cutouts/a/x.png</Key><Location>{name}/cutouts/a/x.png"
            "</Location></Object></ProcessResults></UploadResult>"
        )
        return reply(200, body.encode())

    client = scripted(one_of_two)
    sets = {"a": cm.MattingOptions(), "b": cm.MattingOptions(center=True)}
    result = matte(client, keys("x"), store=store, options=sets, mode="stored")
    assert list(result.error_code) == ["ResultMissingError"]
    assert [picture.key for picture in result.stored[0]] == ["cutouts/a/x.png"]
    kept = store.to_frame()
    assert kept.saved_as.tolist() == ["examplebucket-1250000000/cutouts/a/x.png"]


def test_two_threads_pay_once(scripted, store):
    """Two batches of one process ask for the same pictures: each is paid once."""
    client = scripted(answer_png, concurrency=4)
    frame = keys(*map(str, range(60)))
    results = []
    threads = [
        threading.Thread(
            target=lambda: results.append(matte(client, frame, store=store))
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(scripted.asked) == sorted(f"/{number}" for number in range(60))
    assert [list(result.status) for result in results] == [["ok"] * 60] * 2
