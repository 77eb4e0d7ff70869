"""A check-up finds what keeps a client from matting, and never breaks on it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import (
    ADDRESS,
    BROKEN,
    GOOD,
    KEYS,
    NOW,
    SLOW_DOWN,
    End,
    Scripted,
    answer,
    http_date,
    refusal,
)
from squares import WhiteEngine

import cosmat_nb as cm
from cosmat_nb.client.checkup import Checkup, examine
from cosmat_nb.client.clock import Clock
from cosmat_nb.client.diagnosis import TOPICS, Finding, judge_matting
from cosmat_nb.client.keyring import Keyring
from cosmat_nb.client.protocol import Speaker
from cosmat_nb.client.recording import Recorder
from cosmat_nb.client.retry import Retry
from cosmat_nb.client.server_time import ServerTime
from cosmat_nb.client.steps import Reply
from cosmat_nb.emulator.faults import Fault, Faults
from cosmat_nb.options import Operation
from cosmat_nb.wire.codes import CODES, service_error
from cosmat_nb.wire.documents import ErrorDocument, Listing

FINE = dict.fromkeys(TOPICS, True)
QUICK = Retry(base=0.001, longest=0.001)
MISSING = refusal(404, "NoSuchKey")
LISTED = answer(200, Listing(bucket=ADDRESS.bucket).to_xml())


def check_blocking(*address, prefix="", operation=Operation.GENERAL, **settings):
    """Check by the client that blocks."""
    with cm.MattingClient(*address, retry=QUICK, **settings) as client:
        return client.check(prefix, operation)


def check_awaiting(*address, prefix="", operation=Operation.GENERAL, **settings):
    """Check by the client that awaits."""

    async def check():
        async with cm.AsyncMattingClient(*address, retry=QUICK, **settings) as client:
            return await client.check(prefix, operation)

    return asyncio.run(check())


@pytest.fixture(params=[check_blocking, check_awaiting], ids=["blocking", "awaiting"])
def check(request):
    """A check-up by either client."""
    return request.param


def check_emulator(check, emulator, *, keys=None, address=None, **settings):
    """Check a running emulator, by its own keys and address or by others."""
    place = address or emulator.address, keys or emulator.credentials
    return check(*place, endpoint=emulator.endpoint, **settings)


def check_script(*script, keys=KEYS, check=check_blocking, **settings):
    """Check a server that answers by a script; return findings and requests."""
    with Scripted(*script) as server:
        checkup = check(ADDRESS, keys, endpoint=server.endpoint, **settings)
    return checkup, server.heard


def states(checkup):
    """Whether each topic is fine."""
    return {finding.topic: finding.ok for finding in checkup.findings}


def found(checkup, topic):
    """The finding on one topic."""
    (finding,) = [each for each in checkup.findings if each.topic == topic]
    return finding


def failing(topic, *unknown):
    """What is expected when one topic fails and those behind it stay open."""
    at = TOPICS.index(topic)
    expected = dict.fromkeys(TOPICS[:at], True) | dict.fromkeys(TOPICS[at:])
    return expected | {topic: False} | dict.fromkeys(unknown)


def test_a_good_account_passes_every_topic_and_nothing_is_billed(check, emulator):
    """Two requests, all fine, and the emulator charges none of them."""
    checkup = check_emulator(check, emulator, emulator_version="cosmat 1")
    assert states(checkup) == FINE
    assert checkup.ok
    assert [finding.topic for finding in checkup.findings] == list(TOPICS)
    assert emulator.billed == 0
    assert checkup.who.startswith(f"the embedded emulator at {emulator.endpoint}")


def test_a_check_sends_two_requests_below_its_prefix(check):
    """One listing of one key, one matte of a key that tells why nobody has it."""
    checkup, heard = check_script(
        LISTED, MISSING, check=check, prefix="a b/", operation=Operation.GOODS
    )
    listing, matte = (urlsplit(request.target) for request in heard)
    query = parse_qs(listing.query)
    assert (listing.path, query["max-keys"], query["prefix"]) == ("/", ["1"], ["a b/"])
    assert matte.path == "/a%20b/cosmat-check/this-object-does-not-exist.jpg"
    assert parse_qs(matte.query) == {"ci-process": ["GoodsMatting"]}
    assert [request.line.split()[0] for request in heard] == ["GET", "GET"]
    assert states(checkup) == FINE


def test_a_recorded_check_passes_on_its_replay(check, emulator, tmp_path):
    """Every check-up asks the same, so the answers of one serve another."""
    check_emulator(check, emulator, recorder=Recorder(tmp_path))
    with cm.Emulator(replay=cm.Replay(tmp_path)) as replay:
        checkup = check_emulator(check, replay, address=emulator.address)
    assert states(checkup) == FINE


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        (cm.Credentials("emulator-id", "wrong"), "SignatureDoesNotMatch"),
        (cm.Credentials("wrong", "emulator-key"), "InvalidAccessKeyId"),
        (cm.Credentials("emulator-id", "emulator-key", "t"), "InvalidAccessKeyId"),
    ],
    ids=["wrong key", "wrong id", "wrong token"],
)
def test_wrong_keys_are_told_and_what_follows_stays_open(check, emulator, keys, code):
    """The code and a cure stand on the credentials; later topics cannot be told."""
    checkup = check_emulator(check, emulator, keys=keys)
    assert states(checkup) == failing("credentials")
    assert not checkup.ok
    finding = found(checkup, "credentials")
    assert f"[{code}, HTTP 403, request " in finding.words
    assert "check" in finding.cure
    assert found(checkup, "matting").words == "cannot be told: see credentials"


def test_a_token_that_is_denied_leaves_the_keys_open(check):
    """A service that denies everything may do so for the token: that is said."""
    assumed = cm.Assumptions(wrong_token="AccessDenied")
    keys = cm.Credentials("emulator-id", "emulator-key", "t")
    with cm.Emulator(engine=WhiteEngine(), assumptions=assumed) as emulator:
        checkup = check_emulator(check, emulator, keys=keys)
    expected = {"credentials": None, "listing": None, "matting": False}
    assert states(checkup) == FINE | expected
    assert "token" in found(checkup, "credentials").cure


def test_an_unknown_bucket_is_told(check, emulator):
    """Name and region are to be checked; the keys may not have been looked at yet."""
    address = cm.Address("other-1250000000", "ap-guangzhou")
    checkup = check_emulator(check, emulator, address=address)
    assert states(checkup) == failing("bucket", "credentials")
    assert "NoSuchBucket" in found(checkup, "bucket").words


def test_a_redirect_tells_the_region_and_the_host(check):
    """The region that the service names is the cure."""
    assumed = cm.Assumptions(foreign_region="redirect")
    away = cm.Address("examplebucket-1250000000", "ap-shanghai")
    with cm.Emulator(engine=WhiteEngine(), assumptions=assumed) as emulator:
        checkup = check_emulator(check, emulator, address=away)
        host = emulator.address.host
    assert states(checkup) == failing("region", "credentials")
    finding = found(checkup, "region")
    assert host in finding.words
    assert finding.cure == "use the region ap-guangzhou"


@pytest.mark.parametrize("status", [301, 302, 307])
@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "does not say where"),
        ({"x-cos-bucket-region": "ap-beijing"}, "ap-beijing"),
        ({"x-cos-bucket-region": "<b>\x1b[31m"}, "does not say where"),
        ({"Location": "http://[bad/"}, "does not say where"),
    ],
)
def test_a_redirect_that_tells_less_is_still_a_region(status, headers, words):
    """Without a host the region header counts; without either the console does."""
    checkup, heard = check_script(answer(status, b"", headers))
    assert states(checkup) == failing("region", "credentials")
    assert words in found(checkup, "region").words
    assert len(heard) == 1


def test_a_redirect_to_a_login_page_is_no_region():
    """A host that is no bucket's stands between; its address's query is not shown."""
    login = {"Location": "http://login.example.com/?q-signature=5aed"}
    checkup, _ = check_script(answer(302, b"", login))
    assert states(checkup) == failing("reach")
    assert "login.example.com" in str(checkup)
    assert "5aed" not in str(checkup)


def test_no_server_is_told_within_seconds(check):
    """A port that nobody listens on: reach fails, all else stays open."""
    with Scripted() as server:
        pass
    start = time.monotonic()
    checkup = check(ADDRESS, KEYS, endpoint=server.endpoint)
    assert time.monotonic() - start < 5
    assert states(checkup) == failing("reach")
    assert "no answer: ConnectError" in found(checkup, "reach").words


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_skewed_clock_is_told_and_the_rest_is_examined(check, hours):
    """The client corrects itself by the service's date, so only the clock fails."""
    emulator = cm.Emulator(now=lambda: time.time() + 3600 * hours)
    with emulator, pytest.warns(cm.CosmatWarning, match="clock"):
        checkup = check_emulator(check, emulator)
    assert states(checkup) == FINE | {"clock": False}
    side = "slow" if hours > 0 else "fast"
    assert f"s {side} by the service's" in found(checkup, "clock").words


def test_a_clock_some_minutes_off_is_told_though_no_call_fails(check):
    """Ten minutes pass every gate, and are told with a cure."""
    with cm.Emulator(engine=WhiteEngine(), now=lambda: time.time() + 600) as emulator:
        checkup = check_emulator(check, emulator)
    assert states(checkup) == FINE | {"clock": False}
    assert found(checkup, "clock").cure


@pytest.mark.parametrize("headers", [{}, {"Date": http_date(0)}], ids=["", "dated"])
def test_a_date_that_stays_refused_is_the_clocks(headers):
    """Even where the clocks agree: the service says that the time is over."""
    late = refusal(403, "AccessDenied", "Request has expired", headers)
    clock = Clock(now=lambda: NOW)
    checkup, _ = check_script(late, late, clock=clock)
    assert states(checkup) == failing("clock")
    assert "15 minutes" in found(checkup, "clock").cure


def test_a_number_that_says_so_is_the_clocks():
    """``X-ErrNo: -46619`` is a signature whose time is over, beside any name."""
    late = refusal(403, "AccessDenied", headers={"X-ErrNo": "-46619"})
    checkup, _ = check_script(late, late)
    assert states(checkup) == failing("clock")


def test_an_answer_without_a_date_leaves_the_clock_to_the_signature():
    """No header to compare with: that the signature passed is what is known."""
    checkup, _ = check_script(LISTED, MISSING)
    assert found(checkup, "clock") == Finding(
        "clock", True, "no signature was refused for its time"
    )


def test_the_clock_is_compared_to_the_second():
    """The numbers are the difference of the answer's date and this machine's clock."""
    clock = Clock(now=lambda: NOW)
    dated = {"Date": http_date(-42)}
    listed = answer(200, Listing(bucket=ADDRESS.bucket).to_xml(), dated)
    checkup, _ = check_script(listed, MISSING, clock=clock)
    words = "this machine's clock is 42 s fast by the service's"
    assert found(checkup, "clock") == Finding("clock", True, words)


def test_no_right_to_list_is_no_failure(check):
    """Keys that may matte and not list are fine, and told how to list."""
    denied = refusal(403, "AccessDenied")
    checkup, _ = check_script(denied, MISSING, check=check)
    assert states(checkup) == FINE | {"listing": None}
    assert checkup.ok
    assert "list_objects" in found(checkup, "listing").cure
    assert found(checkup, "listing").words == (
        "the keys may not list the bucket; matting does not need that "
        "[AccessDenied, HTTP 403, request REQ]"
    )


MATTING = {
    "AccessDenied": (403, "may not make this call", "required_policy"),
    "NoProcessAuthority": (403, "no right to image processing", "Cloud Infinite"),
    "AIBucketUnBinded": (400, "recognition is off", "switch it on"),
    "PaymentRequired": (402, "unpaid bill", "pay it"),
}


@pytest.mark.parametrize("code", MATTING)
def test_refusals_of_matting_are_told_apart(check, code):
    """Rights, binding, switch and bill have words and a cure of their own."""
    plan = Faults(script=[Fault.refuse(code)])
    with cm.Emulator(engine=WhiteEngine(), faults=plan) as emulator:
        checkup = check_emulator(check, emulator)
    assert states(checkup) == FINE | {"matting": False}
    status, words, cure = MATTING[code]
    finding = found(checkup, "matting")
    assert words in finding.words
    assert f"[{code}, HTTP {status}, request " in finding.words
    assert cure in finding.cure


def test_a_number_says_more_than_a_name():
    """``X-ErrNo: -104`` is a bucket that is not bound, whatever the name beside it."""
    unbound = refusal(403, "AccessDenied", headers={"X-ErrNo": "-104"})
    checkup, _ = check_script(LISTED, unbound)
    finding = found(checkup, "matting")
    assert (
        "not bound to Cloud Infinite (number -104) [AccessDenied, HTTP 403"
        in finding.words
    )
    assert finding.cure == "bind it in the console"


def test_all_denied_is_a_failure_that_says_what_else_it_may_be():
    """Whether a missing key is answered so without the right to list is open."""
    denied = refusal(403, "AccessDenied")
    checkup, _ = check_script(denied, denied)
    assert not checkup.ok
    assert "a missing key may be answered so" in found(checkup, "matting").words


@pytest.mark.parametrize(
    "second",
    [
        pytest.param([SLOW_DOWN] * 2, id="throttled"),
        pytest.param([BROKEN] * 2, id="broken"),
        pytest.param([[End.RESET]] * 2, id="reset"),
        pytest.param([answer(404, b"<html/>")], id="404 without a code"),
        pytest.param([GOOD], id="a picture"),
    ],
)
def test_an_answer_that_says_nothing_of_rights_leaves_matting_open(second):
    """Neither fine nor failed: it cannot be told, and why is said."""
    checkup, _ = check_script(LISTED, *second)
    assert states(checkup) == FINE | {"matting": None}
    assert found(checkup, "matting").words


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([SLOW_DOWN] * 2, id="throttled"),
        pytest.param([BROKEN] * 2, id="broken"),
        pytest.param([[End.RESET]] * 2, id="reset"),
        pytest.param([answer(404, b"<html/>")], id="another server"),
        pytest.param([answer(200, b"<html/>")] * 2, id="a login page"),
    ],
)
def test_who_answers_otherwise_than_the_service_is_not_reached(check, script):
    """At most two requests are spent on it, and nothing else is concluded."""
    checkup, heard = check_script(*script, check=check)
    assert states(checkup) == failing("reach")
    assert found(checkup, "reach").cure
    assert len(heard) <= 2


def test_a_clock_is_not_compared_with_who_is_not_the_service():
    """The date of a gateway that fails says nothing of this machine's clock."""
    gateway = answer(502, b"<html/>", {"Date": "Thu, 01 Jan 1970 00:00:00 GMT"})
    checkup, _ = check_script(gateway, gateway)
    assert states(checkup) == failing("reach")


def test_expired_keys_are_renewed_or_told():
    """Fixed keys that are over fail; a function is asked once more and then passes."""
    over = refusal(400, "ExpiredToken")
    checkup, _ = check_script(over)
    assert states(checkup) == failing("credentials")
    checkup, heard = check_script(over, LISTED, MISSING, keys=lambda: KEYS)
    assert states(checkup) == FINE
    assert len(heard) == 3
    checkup, heard = check_script(LISTED, over, MISSING, keys=lambda: KEYS)
    assert states(checkup) == FINE
    assert len(heard) == 3


def test_credentials_that_cannot_be_used_are_a_finding(check):
    """A function that returns no credentials is told; nothing was sent."""
    checkup, heard = check_script(keys=lambda: ("id", "key"), check=check)
    assert states(checkup) == failing("credentials", "reach", "clock")
    assert heard == []


def test_a_closed_client_and_a_bad_prefix_are_the_callers_errors(emulator):
    """What is not examined is raised as by every other call."""
    client = cm.connect_emulator(emulator)
    with client, pytest.raises(cm.OptionsError, match="may not start with /"):
        client.check("/a/")
    with pytest.raises(cm.OptionsError, match="closed"):
        client.check()


def test_a_service_that_dawdles_is_left_after_some_seconds():
    """The patience of a check is its own; a client's shorter one is kept."""
    retry = Retry(attempts=9, base=0.001, attempt_seconds=0.2, call_seconds=0.3)
    with (
        Scripted([5.0], [5.0]) as server,
        cm.MattingClient(
            ADDRESS, KEYS, endpoint=server.endpoint, retry=retry
        ) as client,
    ):
        start = time.monotonic()
        checkup = client.check()
        assert time.monotonic() - start < 3
    assert states(checkup) == failing("reach")


def test_every_attempt_of_a_patient_client_is_short():
    """Retries and deadlines of hours become two attempts of ten seconds."""
    retry = Retry(attempts=99, attempt_seconds=3600, call_seconds=3600)
    time_of = ServerTime(lambda: 0.0)
    speaker = Speaker(
        host=ADDRESS.host, keys=Keyring(KEYS, float), time=time_of, retry=retry
    )
    steps = examine(speaker, ADDRESS, "nobody")
    assert next(steps).seconds == pytest.approx(10.0, abs=0.1)


def test_what_is_shown_is_aligned_and_escaped():
    """Marks, topics and words stand in columns; HTML from a service is only text."""
    checkup = Checkup(
        "me & you",
        (
            Finding("reach", True, "<b>fine</b>"),
            Finding("matting", False, "no", "do"),
            Finding("listing", None, "perhaps"),
        ),
    )
    assert str(checkup).splitlines() == [
        "asked: me & you",
        "ok    reach        <b>fine</b>",
        "FAIL  matting      no",
        "                   to do: do",
        "?     listing      perhaps",
    ]
    assert repr(checkup) == str(checkup)
    page = checkup._repr_html_()
    assert "asked: me &amp; you" in page
    assert "&lt;b&gt;fine&lt;/b&gt;" in page
    assert "<b>" not in page


def test_nothing_secret_is_shown(check):
    """Neither key, id nor token stands in any finding, whatever is answered."""
    keys = cm.Credentials("AKIDofThisTest0123456789", "kEyOfThisTest", "tOkEn")
    for code in ("SignatureDoesNotMatch", "AccessDenied", "ExpiredToken"):
        script = [refusal(CODES[code].status, code)] * 2
        checkup, _ = check_script(*script, keys=keys, check=check)
        shown = repr(checkup) + checkup._repr_html_()
        assert not [text for text in ("AKIDof", "kEyOf", "tOkEn") if text in shown]


def drive(steps, *replies):
    """Feed replies to a check-up without any driver; the last one is repeated."""
    step, at = next(steps), 0
    try:
        while True:
            reply = None
            if hasattr(step, "target"):
                reply = replies[min(at, len(replies) - 1)]
                at += 1
            step = steps.send(reply)
    except StopIteration as stop:
        return stop.value


law = settings(derandomize=True, deadline=None, max_examples=150)
replies = st.builds(
    Reply,
    status=st.sampled_from(
        [200, 301, 307, 400, 401, 402, 403, 404, 405, 429, 451, 503]
    ),
    headers=st.dictionaries(
        st.sampled_from(["date", "location", "x-errno", "x-cos-bucket-region"]),
        st.one_of(st.sampled_from([*CODES, http_date(0), "http://a"]), st.text()),
    ),
    body=st.one_of(
        st.binary(max_size=30),
        st.sampled_from(sorted(CODES)).map(
            lambda code: ErrorDocument(code=code, message="Please.").to_xml()
        ),
        st.just(Listing(bucket=ADDRESS.bucket).to_xml()),
    ),
)


@law
@given(st.lists(replies, min_size=1, max_size=4))
@pytest.mark.filterwarnings("ignore::cosmat_nb.CosmatWarning")
def test_whatever_is_answered_is_a_checkup(answers):
    """Every topic is told once, a failure has words, and nothing is raised."""
    speaker = Speaker(
        host=ADDRESS.host,
        keys=Keyring(KEYS, float),
        time=ServerTime(lambda: NOW),
        retry=replace(QUICK, draw=partial(float, 0)),
    )
    checkup = drive(examine(speaker, ADDRESS, "a script"), *answers)
    assert [finding.topic for finding in checkup.findings] == list(TOPICS)
    assert all(finding.words for finding in checkup.findings)
    assert all(line.isprintable() for line in str(checkup).split("\n"))


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_of_the_table_has_words_and_its_cure_once(code):
    """A finding never stands without saying what is wrong, nor tells a cure twice."""
    refused = service_error(code, "Please.")
    finding = judge_matting(refused, None)["matting"]
    assert code in finding.words
    assert finding.words.partition(" [")[0]
    cure = CODES[code].cure
    if finding.ok is False and cure:
        assert finding.cure == cure
        assert cure not in finding.words
