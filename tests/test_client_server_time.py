"""A clock that is badly off is corrected by the service's, once, and told."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from driven import make_speaker, play, refusal, reply
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import NOW, Time, http_date

from cosmat_nb import errors
from cosmat_nb.client import questions
from cosmat_nb.client.server_time import TOLERANCE, ServerTime
from cosmat_nb.errors import CosmatWarning
from cosmat_nb.wire.authorization import Authorization
from cosmat_nb.wire.credentials import Credentials

law = settings(derandomize=True, deadline=None, max_examples=200)

FETCH = questions.fetch("k")


def skewed(seconds):
    """Refuse as the service does for a clock that is off; the date says by how much."""
    return refusal(403, "RequestTimeTooSkewed", date=http_date(seconds))


def expired(seconds):
    """Refuse a signature that is over, as the service words it."""
    return refusal(403, "AccessDenied", "Request has expired", date=http_date(seconds))


def numbered(seconds):
    """Refuse it by the number of Cloud Infinite, without a document."""
    return reply(403, date=http_date(seconds), x_errno="-46619")


def fine(seconds):
    return reply(200, b"data", date=http_date(seconds))


def starts(attempts):
    """When each signature begins, seconds after `NOW`."""
    for attempt in attempts:
        signed = Authorization.from_header(attempt.headers["Authorization"])
        yield signed.period[0] - NOW


def heard(call):
    """Return what a call returns, and the texts of its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = call()
    assert all(row.category is CosmatWarning for row in caught)
    return value, [str(row.message) for row in caught]


@pytest.mark.parametrize("date", [None, "", "soon", "Thu, 01 Jan 99999 00:00:00 GMT"])
def test_an_unreadable_date_tells_nothing(date):
    """Without a date that can be read there is no drift, and no correction."""
    time = ServerTime(lambda: NOW)
    time.hear(date)
    assert time.drift is None
    assert time.correct(NOW) is False
    assert time.now() == NOW


@pytest.mark.parametrize(
    "date",
    [
        "Tue, 14 Nov 2023 22:13:50 GMT",
        "Tue, 14 Nov 2023 22:13:50 -0000",
        "Wed, 15 Nov 2023 00:13:50 +0200",
        "Tuesday, 14-Nov-23 22:13:50 GMT",
        "Tue Nov 14 22:13:50 2023",
    ],
)
def test_every_form_of_date_is_read(date):
    """The three forms of HTTP, and dates without a zone, which are UTC in HTTP."""
    time = ServerTime(lambda: NOW)
    time.hear(date)
    assert time.drift == 30.0


@law
@given(date=st.text(max_size=60), now=st.floats(0, 4e9))
def test_no_date_can_break_a_call(date, now):
    """Whatever the header holds, hearing and correcting end well."""
    time = ServerTime(lambda: now)
    time.hear(date)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert time.correct(now) in (False, True)


def test_the_drift_is_of_the_moment_of_the_answer():
    """It does not grow while nothing is heard."""
    clock = Time()
    time = ServerTime(clock.clock.now)
    time.hear(http_date(100))
    clock.seconds = 5000
    assert time.drift == 100


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_small_drift_corrects_nothing(sign):
    """What no signature fails for is not what a signature failed for."""
    time = ServerTime(lambda: NOW)
    time.hear(http_date(sign * TOLERANCE))
    assert heard(lambda: time.correct(NOW)) == (False, [])
    assert time.now() == NOW


@pytest.mark.parametrize(("drift", "word"), [(-3600, "fast"), (3600, "slow")])
def test_a_large_drift_is_adopted_and_told(drift, word):
    """The warning says by how much, which way, and what to do."""
    time = ServerTime(lambda: NOW)
    time.hear(http_date(drift))
    changed, (told,) = heard(lambda: time.correct(NOW))
    assert changed
    assert told.startswith(f"this machine's clock is 3600 s {word}")
    assert "set the clock" in told
    assert time.now() == NOW + drift


def test_calls_refused_together_are_corrected_once():
    """Eight threads signed by the wrong clock: one warning, and all try again."""
    time = ServerTime(lambda: NOW)
    time.hear(http_date(3600))

    def correct_all():
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(time.correct, [NOW] * 8))

    changed, told = heard(correct_all)
    assert changed == [True] * 8
    assert len(told) == 1
    # Signed by the corrected clock, another refusal is none of the clock's.
    assert heard(lambda: time.correct(NOW + 3600)) == (False, [])


@pytest.mark.parametrize("refuse", [skewed, expired, numbered])
@pytest.mark.parametrize("drift", [-7200, 1200])
def test_a_refused_date_is_corrected_once(refuse, drift):
    """The next attempt follows at once, dated by the service, and is told of once."""
    time = Time()
    speaker = make_speaker(time)
    (end, attempts, waits), told = heard(
        lambda: play(speaker.ask(FETCH), [refuse(drift), fine(drift)], time)
    )
    assert (end.value, end.attempts, waits) == (b"data", 2, [])
    assert list(starts(attempts)) == [-60, drift - 60]
    assert len(told) == 1
    # Later calls start right, and nobody is told again.
    (end, attempts, _), told = heard(
        lambda: play(speaker.ask(FETCH), [fine(drift)], time)
    )
    assert (list(starts(attempts)), told) == ([drift - 60], [])


def test_a_head_is_corrected_too():
    """Its refusal has no words: the date of the answer says enough."""
    time = Time()
    about = {"content-length": "5", "last-modified": http_date(0)}
    found = reply(200, date=http_date(3600), **about)
    outcomes = [reply(403, date=http_date(3600)), found]
    (end, attempts, _), told = heard(
        lambda: play(make_speaker(time).ask(questions.head("k")), outcomes, time)
    )
    assert end.value.size == 5
    assert list(starts(attempts)) == [-60, 3540]
    assert len(told) == 1


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(skewed(0), id="skewed, dates agree"),
        pytest.param(expired(10), id="expired, dates agree"),
        pytest.param(refusal(403, "RequestTimeTooSkewed"), id="no date"),
        pytest.param(
            refusal(403, "RequestTimeTooSkewed", date="soon"), id="no readable date"
        ),
        pytest.param(
            refusal(403, "SignatureDoesNotMatch", date=http_date(3600)), id="bad key"
        ),
        pytest.param(refusal(403, "AccessDenied", date=http_date(3600)), id="no right"),
        pytest.param(reply(403, date=http_date(20)), id="no words, dates agree"),
    ],
)
def test_what_is_not_the_clocks_fault_is_sent_once(outcome):
    """A refusal for another reason, or without a telling date, is final."""
    time = Time()
    (end, attempts, _), told = heard(
        lambda: play(make_speaker(time).ask(FETCH), [outcome, fine(0)], time)
    )
    assert isinstance(end, errors.AccessDeniedError)
    assert (end.attempts, len(attempts), told) == (1, 1, [])


@pytest.mark.parametrize("second", [3600, -3600])
def test_a_second_refusal_ends_the_call(second):
    """A service that cannot make up its mind is not followed round in circles."""
    time = Time()
    (end, attempts, _), told = heard(
        lambda: play(
            make_speaker(time).ask(FETCH), [skewed(3600), skewed(second)], time
        )
    )
    assert (end.code, end.attempts, len(attempts)) == ("RequestTimeTooSkewed", 2, 2)
    assert "set this machine's clock" in str(end)
    assert len(told) == 1


def test_a_call_of_one_attempt_still_corrects_the_next():
    """Where no second attempt is allowed, the correction is kept."""
    time = Time()
    speaker = make_speaker(time, attempts=1)
    (end, _, _), told = heard(lambda: play(speaker.ask(FETCH), [skewed(3600)], time))
    assert (end.code, len(told)) == ("RequestTimeTooSkewed", 1)
    _, attempts, _ = play(speaker.ask(FETCH), [fine(3600)], time)
    assert list(starts(attempts)) == [3540]


def test_where_warnings_are_errors_the_call_is_mended_all_the_same(caplog):
    """The correction is kept, the call answered, and the log has the words instead."""
    time = Time()
    speaker = make_speaker(time)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        end, attempts, _ = play(speaker.ask(FETCH), [skewed(3600), fine(3600)], time)
    assert end.value == b"data"
    assert list(starts(attempts)) == [-60, 3540]
    assert "3600 s slow" in caplog.text


def test_temporary_keys_end_by_the_corrected_clock():
    """Keys that are over by the service's time are asked for again in time."""
    time, asked = Time(), []

    def provide():
        asked.append(time.seconds)
        return Credentials("id", "key", "token", expires=NOW + 1000 * len(asked))

    speaker = make_speaker(time, provide)
    outcomes = [skewed(960), fine(960)]
    (end, _, _), _ = heard(lambda: play(speaker.ask(FETCH), outcomes, time))
    # By this machine's clock they have 1000 s to go, by the service's 40.
    assert (end.attempts, len(asked)) == (2, 2)
