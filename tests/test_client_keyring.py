"""Temporary keys are asked for in time, once, and never in a circle."""

import threading
import time as real_time
from concurrent.futures import ThreadPoolExecutor

import pytest
from driven import make_speaker, play, refusal, reply
from scripted import ADDRESS, GOOD, KEYS, NOW, Scripted, Time
from scripted import refusal as refuse

from cosmat_nb import errors
from cosmat_nb.client import questions
from cosmat_nb.client.keyring import MARGIN, Keyring
from cosmat_nb.client.retry import Retry
from cosmat_nb.wire.authorization import Authorization
from cosmat_nb.wire.credentials import Credentials

EXPIRED = refusal(400, "ExpiredToken")
FINE = reply(200, b"data")


class Provider:
    """Hands out numbered keys and counts how often it was asked."""

    def __init__(self, expires=None, pause=0.0):
        self.asked = 0
        self.expires = expires
        self.pause = pause

    def __call__(self):
        self.asked += 1
        number = self.asked
        real_time.sleep(self.pause)
        ends = self.expires(number) if self.expires else None
        return Credentials(f"id-{number}", "key", f"token-{number}", expires=ends)


def ids(attempts):
    """Which keys signed: the id and the token that was sent along."""
    for attempt in attempts:
        signed = Authorization.from_header(attempt.headers["Authorization"])
        yield signed.secret_id, attempt.headers.get("x-cos-security-token", "")


def test_a_fixed_pair_is_always_the_same_and_never_renewed():
    """There is nothing to ask for, even when its end is known to be past."""
    pair = Credentials("id", "key", "token", expires=1.0)
    keys = Keyring(pair, lambda: NOW)
    assert keys.current() is pair
    assert keys.renew(pair) is False
    assert keys.current() is pair


@pytest.mark.parametrize("found", [None, ("id", "key"), "id:key"])
@pytest.mark.parametrize("asked", [False, True])
def test_anything_but_credentials_is_refused_by_its_type(found, asked):
    """A dictionary or a pair is told what it is, and its text is not shown."""
    with pytest.raises(errors.OptionsError, match=f"not {type(found).__name__}$"):
        Keyring((lambda: found) if asked else found, lambda: NOW).current()


def test_keys_without_an_end_are_asked_for_each_time():
    """A function that says nothing of an end does its own keeping."""
    provider = Provider()
    keys = Keyring(provider, lambda: NOW)
    assert [keys.current().secret_id for _ in range(3)] == ["id-1", "id-2", "id-3"]


def test_keys_with_an_end_are_kept_until_a_minute_before():
    """They are asked for again when 60 s are left, and not a second earlier."""
    time = Time()
    provider = Provider(lambda number: NOW + 1000 * number)
    keys = Keyring(provider, time.clock.now)
    assert MARGIN == 60
    for seconds, asked in [(0, 1), (939, 1), (940, 2), (1000, 2), (1939, 2), (1941, 3)]:
        time.seconds = seconds
        assert keys.current().secret_id == f"id-{asked}"
        assert provider.asked == asked


def test_keys_that_end_at_once_are_asked_for_each_time():
    """A function whose keys are nearly over is asked again, and never in a loop."""
    provider = Provider(lambda _: NOW + 30)
    keys = Keyring(provider, lambda: NOW)
    assert keys.current().secret_id == "id-1"
    assert keys.current().secret_id == "id-2"


def test_many_threads_ask_once():
    """One thread asks while the others wait for what it gets."""
    provider = Provider(lambda _: NOW + 900, pause=0.05)
    keys = Keyring(provider, lambda: NOW)
    start = threading.Barrier(16)

    def work(_):
        start.wait()
        return keys.current().secret_id

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(work, range(16))) == {"id-1"}
    assert provider.asked == 1


def test_many_threads_that_were_refused_renew_once():
    """Keys that another thread renewed meanwhile are not thrown away again."""
    provider = Provider(lambda _: NOW + 900)
    keys = Keyring(provider, lambda: NOW)
    start = threading.Barrier(16)

    def work(_):
        used = keys.current()
        start.wait()
        assert keys.renew(used)
        return keys.current().secret_id

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(work, range(16))) == {"id-2"}
    assert provider.asked == 2


def test_a_function_that_fails_is_asked_again_next_time():
    """Its error is passed on as it is, and leaves the lock open."""
    answers = iter([ZeroDivisionError(), KEYS])

    def provide():
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    keys = Keyring(provide, lambda: NOW)
    with pytest.raises(ZeroDivisionError):
        keys.current()
    assert keys.current() is KEYS


def test_after_an_expired_token_the_next_attempt_has_new_keys():
    """The function is asked once more at once, without a wait."""
    time, provider = Time(), Provider(lambda _: NOW + 9000)
    steps = make_speaker(time, provider).ask(questions.fetch("k"))
    end, attempts, waits = play(steps, [EXPIRED, FINE], time)
    assert (end.value, end.attempts, waits) == (b"data", 2, [])
    assert list(ids(attempts)) == [("id-1", "token-1"), ("id-2", "token-2")]
    assert provider.asked == 2


@pytest.mark.parametrize("expires", [None, lambda _: NOW + 9000])
def test_a_second_expired_token_ends_the_call(expires):
    """A function that hands out dead keys is not asked for ever: twice a call."""
    time, provider = Time(), Provider(expires)
    steps = make_speaker(time, provider).ask(questions.fetch("k"))
    end, attempts, waits = play(steps, [EXPIRED] * 3, time)
    assert isinstance(end, errors.AccessDeniedError)
    assert (end.code, end.attempts, len(attempts), waits) == ("ExpiredToken", 2, 2, [])
    assert end.dooms
    assert "fetch new temporary keys" in str(end)
    assert provider.asked == 2


def test_a_fixed_pair_is_not_tried_again():
    """The same token would expire the same way."""
    time = Time()
    steps = make_speaker(time, Credentials("id", "key", "token")).ask(
        questions.fetch("k")
    )
    end, attempts, _ = play(steps, [EXPIRED, FINE], time)
    assert (end.code, end.attempts, len(attempts)) == ("ExpiredToken", 1, 1)


def test_new_keys_outlive_the_call_that_asked_for_them():
    """Later calls sign with the renewed keys, and ask for no others."""
    time, provider = Time(), Provider(lambda _: NOW + 9000)
    speaker = make_speaker(time, provider, attempts=1)
    end, _, _ = play(speaker.ask(questions.fetch("k")), [EXPIRED], time)
    assert end.code == "ExpiredToken"
    for _ in range(2):
        _, attempts, _ = play(speaker.ask(questions.fetch("k")), [FINE], time)
        assert list(ids(attempts)) == [("id-2", "token-2")]


def test_a_refusal_of_another_kind_asks_for_no_keys():
    """Throttling and wrong keys have nothing to do with an end."""
    time, provider = Time(), Provider(lambda _: NOW + 9000)
    outcomes = [refusal(503, "SlowDown"), refusal(403, "InvalidAccessKeyId")]
    steps = make_speaker(time, provider).ask(questions.fetch("k"))
    end, attempts, _ = play(steps, outcomes, time)
    assert (end.code, len(attempts), provider.asked) == ("InvalidAccessKeyId", 2, 1)


def test_threads_of_one_client_share_the_renewal():
    """Eight calls refused at once: all succeed, and the function was asked twice."""
    expired = refuse(400, "ExpiredToken")
    provider = Provider(lambda _: NOW + 9000)
    # Every first attempt is held until all have been heard, then refused.
    script = [[0.5, expired]] * 8 + [GOOD] * 8
    with (
        Scripted(*script) as server,
        server.client(credentials=provider, retry=Retry(attempts=2)) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        start = threading.Barrier(8)

        def work(n):
            start.wait()
            return client.matte(f"{n}")

        cutouts = list(pool.map(work, range(8)))
    assert [cutout.attempts for cutout in cutouts] == [2] * 8
    assert provider.asked == 2
    assert {heard["Host"] for heard in server.heard} == {ADDRESS.host}
