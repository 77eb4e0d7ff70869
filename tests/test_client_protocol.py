"""The protocol core, driven by hand: what is sent, when, and when it stops."""

import zlib
from types import SimpleNamespace

import pytest
from driven import make_speaker as speaker
from driven import play, refusal, reply
from hypothesis import given, settings
from hypothesis import strategies as st
from qcloud_cos import CosConfig, cos_auth
from scripted import KEYS, NOW, OPAQUE, PNG, Time, http_date

from cosmat_nb import errors
from cosmat_nb.client import matting, questions
from cosmat_nb.client.steps import Answer, Attempt, Question, Reply
from cosmat_nb.options import MattingOptions
from cosmat_nb.wire.address import parse_target
from cosmat_nb.wire.authorization import Authorization
from cosmat_nb.wire.codes import CODES
from cosmat_nb.wire.credentials import Credentials
from cosmat_nb.wire.documents import ErrorDocument, Listing
from cosmat_nb.wire.operations import MattingQuery
from cosmat_nb.wire.signature import Verdict, verify

law = settings(derandomize=True, deadline=None, max_examples=150)

MATTE = matting.download(MattingQuery.of_key("a b.jpg", MattingOptions(center=True)))
LOST = errors.TransportError("ReadError: lost")
WIDE = b"IHDR" + bytes.fromhex("0000ea60 00000001 0806000000")


GOOD = reply(200, PNG, x_cos_request_id="REQ-GOOD")
SLOW_DOWN = refusal(503, "SlowDown", x_cos_request_id="REQ-SLOW")


def drive(speaker, question, outcomes, time, spent=0.0):
    """Play a driver of one question."""
    return play(speaker.ask(question), outcomes, time, spent)


def test_the_schedule_of_waits():
    """Waits are half of 1, 2, 4 and 4 seconds when the jitter draws a half."""
    time = Time()
    asked = speaker(time, attempts=5, base=1.0, longest=4.0)
    end, attempts, waits = drive(asked, MATTE, [SLOW_DOWN] * 4 + [GOOD], time)
    assert waits == [0.5, 1.0, 2.0, 2.0]
    assert end.attempts == len(attempts) == 5
    assert end.value.data == PNG
    assert end.request_id == "REQ-GOOD"


@pytest.mark.parametrize("value", ["7", http_date(7)])
def test_retry_after_is_added_to_the_jitter(value):
    """A wait that the service asks for, in seconds or as a date, is not undercut."""
    time = Time()
    outcomes = [refusal(503, "SlowDown", retry_after=value), GOOD]
    _, _, waits = drive(speaker(time, base=1.0), MATTE, outcomes, time)
    assert waits == [7.5]


@pytest.mark.parametrize("value", ["180", http_date(4000), "9" * 400])
def test_a_retry_after_past_the_deadline_stops_at_once(value):
    """When the call could not be tried again in time, nobody waits for nothing."""
    time = Time()
    outcomes = [refusal(503, "SlowDown", retry_after=value)]
    end, attempts, waits = drive(speaker(time), MATTE, outcomes, time)
    assert isinstance(end, errors.ThrottledError)
    assert (len(attempts), waits, end.attempts) == (1, [], 1)


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(LOST, id="lost connection"),
        pytest.param(reply(200, PNG[:-7]), id="cut PNG"),
        pytest.param(reply(200, b""), id="nothing"),
        pytest.param(reply(204), id="no content"),
        pytest.param(refusal(200, "SlowDown"), id="refusal in 200"),
        pytest.param(reply(500), id="500 bare"),
        pytest.param(reply(502, b"<html>Bad gateway</html>"), id="502 of a proxy"),
        pytest.param(reply(503), id="503 bare"),
        pytest.param(reply(408), id="408"),
        pytest.param(reply(429), id="429"),
        pytest.param(reply(502, b'<?xml version="1.0" encoding="gbk"?><a/>'), id="GBK"),
    ],
)
def test_what_can_heal_is_tried_again(outcome):
    """Lost, cut, wrong and throttled answers are asked for once more, then good."""
    time = Time()
    end, attempts, _ = drive(speaker(time), MATTE, [outcome, GOOD], time)
    assert isinstance(end, Answer)
    assert end.attempts == len(attempts) == 2


@pytest.mark.parametrize(
    "outcome",
    [
        *[pytest.param(reply(s), id=f"{s} bare") for s in range(300, 309)],
        *[
            pytest.param(reply(s, b"<html/>"), id=f"{s} HTML")
            for s in range(400, 452)
            if s not in (408, 429)
        ],
        pytest.param(reply(501), id="501"),
        pytest.param(refusal(400, "SomethingNew"), id="unknown 4xx"),
        pytest.param(refusal(200, "NoSuchKey"), id="refusal in 200"),
    ],
)
def test_what_cannot_heal_is_sent_once(outcome):
    """No redirect and no client error is ever paid for twice."""
    time = Time()
    end, attempts, waits = drive(speaker(time), MATTE, [outcome], time)
    assert isinstance(end, errors.ServiceError)
    assert end.status == outcome.status
    assert (len(attempts), waits, end.attempts) == (1, [], 1)


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.name)
def test_every_documented_code_becomes_its_error(code):
    """Each code becomes its error, with all facts; only healing ones are retried."""
    time = Time()
    outcome = refusal(code.status, code.name, x_cos_request_id="REQ-1")
    end, attempts, _ = drive(speaker(time), MATTE, [outcome] * 4, time)
    assert type(end) is code.error
    assert (end.code, end.status, end.request_id) == (code.name, code.status, "REQ-1")
    assert end.dooms is code.dooms
    assert end.attempts == len(attempts) == (4 if code.heals else 1)
    assert end.message.startswith("matte 'a b.jpg': Reason")
    assert code.cure in str(end)


@pytest.mark.parametrize("body", [b"<Error/>", b"<Error><Code/><Message/></Error>"])
def test_an_empty_error_document_still_says_something(body):
    """A refusal without code and message is told by its status."""
    time = Time()
    end, _, _ = drive(speaker(time), MATTE, [reply(403, body)], time)
    assert isinstance(end, errors.AccessDeniedError)
    assert str(end) == (
        "matte 'a b.jpg': answered HTTP 403; check keys and rights [HTTP 403]"
    )


def test_the_last_failure_is_told():
    """A lost connection after a refusal leaves no status and no id."""
    time = Time()
    end, _, _ = drive(speaker(time, attempts=2), MATTE, [SLOW_DOWN, LOST], time)
    assert type(end) is errors.TransportError
    assert (end.status, end.request_id, end.attempts) == (None, None, 2)
    assert str(end) == "matte 'a b.jpg': ReadError: lost [2 attempts]"


def test_an_attempt_gets_no_more_than_the_call_has_left():
    """Attempts have their own deadline, the last one what is left of the call's."""
    time = Time()
    asked = speaker(time, attempts=9, base=1.0, attempt_seconds=4, call_seconds=10)
    end, attempts, waits = drive(asked, MATTE, [LOST] * 9, time, spent=99)
    # 0 to 4 s; half a second; 4.5 to 8.5; one second; 9.5 to 10, and the call is over.
    assert [step.seconds for step in attempts] == [4, 4, 0.5]
    assert waits == [0.5, 1.0]
    assert end.attempts == 3
    assert time.seconds == 10


def test_a_sleep_that_lasts_too_long_ends_the_call():
    """When a wait outlasts the deadline, nothing is sent that nobody would read."""
    time = Time()
    steps = speaker(time, call_seconds=10).ask(MATTE)
    next(steps)
    steps.send(SLOW_DOWN)
    time.seconds = 11.0
    with pytest.raises(errors.ThrottledError) as caught:
        next(steps)
    assert caught.value.attempts == 1


def test_slow_credentials_count_against_the_call():
    """Time spent on fetching keys is not given to the attempt a second time."""
    time = Time()

    def fetch():
        time.seconds += 7
        return KEYS

    asked = speaker(time, fetch, attempt_seconds=5, call_seconds=10)
    end, attempts, _ = drive(asked, MATTE, [LOST], time)
    assert [step.seconds for step in attempts] == [3]
    assert (type(end), end.attempts) == (errors.TransportError, 1)


def test_credentials_that_take_the_whole_call_send_nothing():
    """When the keys come too late the error says that no request was sent."""
    time = Time()

    def fetch():
        time.seconds += 200
        return KEYS

    end, attempts, _ = drive(speaker(time, fetch), MATTE, [], time)
    assert attempts == []
    assert isinstance(end, errors.TransportError)
    assert end.attempts == 0
    assert "no time was left" in str(end)


def test_credentials_are_asked_for_before_each_attempt():
    """Each attempt is signed with the keys of its own moment, token included."""
    time = Time()
    fresh = iter(Credentials(f"id-{n}", f"key-{n}", f"token-{n}") for n in range(3))
    asked = speaker(time, lambda: next(fresh))
    _, attempts, _ = drive(asked, MATTE, [SLOW_DOWN, LOST, GOOD], time)
    for n, step in enumerate(attempts):
        signed = Authorization.from_header(step.headers["Authorization"])
        assert signed.secret_id == f"id-{n}"
        assert step.headers["x-cos-security-token"] == f"token-{n}"


@pytest.mark.parametrize("found", [None, ("id", "key"), "id:key"])
def test_credentials_of_the_wrong_kind_are_an_options_error(found):
    """A function that returns anything but Credentials is told its type alone."""
    time = Time()
    end, attempts, _ = drive(speaker(time, lambda: found), MATTE, [], time)
    assert isinstance(end, errors.OptionsError)
    assert str(end).endswith(f"not {type(found).__name__}")
    assert attempts == []


def test_an_error_of_the_credentials_function_is_passed_on():
    """What the user's own function raises is the user's to see; nothing is retried."""

    def fetch():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        next(speaker(Time(), fetch).ask(MATTE))


@pytest.mark.parametrize("kind", ["x/y\r\nX-Evil: 1", "naïve/type", " text/plain"])
def test_a_header_that_http_cannot_carry_is_refused_by_name(kind):
    """A header is neither smuggled in nor tried four times: nothing is sent."""
    time = Time()
    end, attempts, _ = drive(speaker(time), questions.put("k", b"", kind), [], time)
    assert isinstance(end, errors.OptionsError)
    assert str(end).startswith("header Content-Type ")
    assert attempts == []


def test_a_signature_is_young_and_short_lived():
    """Each attempt is signed anew: from a minute ago to a quarter of an hour ahead."""
    time = Time()
    _, attempts, _ = drive(
        speaker(time, base=20.0), MATTE, [SLOW_DOWN, SLOW_DOWN, GOOD], time
    )
    starts = [0, 10, 20]  # waits of 10 and 10 s: half of the cap
    for start, step in zip(starts, attempts, strict=True):
        signed = Authorization.from_header(step.headers["Authorization"])
        assert signed.period == (NOW + start - 60, NOW + start + 900)


TOKEN = Credentials("AKIDexample", "sample-key", "sample-token")


@pytest.mark.parametrize(
    "question",
    [
        MATTE,
        matting.download(
            MattingQuery.of_url("https://x.com/a%20b?c=1&d=é", MattingOptions())
        ),
        questions.fetch("p/ a+b%41(腾讯)'*!~/🥝//"),
        questions.head("?a=b#c"),
        questions.put("x&y=z;", b"data", "image/jpeg"),
        questions.delete("%"),
        questions.list_page("a b/", "m+&"),
    ],
    ids=lambda question: question.about,
)
def test_the_vendors_signer_agrees(question, monkeypatch):
    """Every verb is signed as the vendor's client would, host and token included."""
    time = Time()
    attempt = next(speaker(time, lambda: TOKEN).ask(question))
    assert isinstance(attempt, Attempt)
    assert parse_target(attempt.target) == (question.key, dict(question.params))
    sent = dict(attempt.headers)
    ours = sent.pop("Authorization")
    signed = Authorization.from_header(ours)
    assert set(signed.header_list) >= {"host", "x-cos-security-token"}
    text = signed.text(attempt.method, f"/{question.key}", question.params, sent)
    assert verify(signed, "sample-key", text, NOW) is Verdict.VALID

    config = CosConfig(
        Region="ap-guangzhou", SecretId="AKIDexample", SecretKey="sample-key"
    )
    request = SimpleNamespace(method=attempt.method, url="http://x/", headers=sent)
    monkeypatch.setattr(cos_auth.time, "time", lambda: NOW)
    sign = cos_auth.CosS3Auth(config, question.key, dict(question.params), expire=900)
    sign(request)
    assert request.headers["Authorization"] == ours


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<html>Sign in</html>", id="HTML"),
        pytest.param(b"\xff\xd8\xff\xe0 a JPEG", id="JPEG"),
        pytest.param(
            PNG[:12] + WIDE + zlib.crc32(WIDE).to_bytes(4) + PNG[33:],
            id="60000 px wide",
        ),
    ],
)
def test_a_whole_answer_of_the_wrong_kind_is_not_paid_again(body):
    """Only what looks cut or damaged on its way is asked for once more."""
    time = Time()
    end, sent, _ = drive(speaker(time), MATTE, [reply(200, body)] * 4, time)
    assert isinstance(end, errors.ProtocolError)
    assert (end.attempts, len(sent)) == (1, 1)


def test_what_a_service_quotes_is_scrubbed_and_cut():
    """No header that was sent, no control character and no endless text is shown."""
    time = Time()
    secret = "secret-key-of-this-test"
    body = ErrorDocument(
        code="AccessDenied", message=f"{secret} \x1b[2J\n" + "x" * 10_000
    ).to_xml()
    keys = Credentials("an-id-of-this-test", secret)
    end, _, _ = drive(speaker(time, keys), MATTE, [reply(403, body)], time)
    assert secret not in str(end)
    assert str(end).isprintable()
    assert len(str(end)) < 900
    assert "required_policy" in str(end)


def test_a_quoted_address_loses_its_query():
    """A refusal that repeats the picture's address does not repeat its signature."""
    time = Time()
    url = "https://x.com/a.jpg?q-ak=me&q-signature=abc"
    question = matting.download(MattingQuery.of_url(url, MattingOptions()))
    body = ErrorDocument(code="InvalidArgument", message=f"Dead: {url}").to_xml()
    end, _, _ = drive(speaker(time), question, [reply(400, body)], time)
    assert end.message == ("matte 'https://x.com/a.jpg': Dead: https://x.com/a.jpg?***")


def test_a_listing_that_never_ends_is_an_error():
    """A next page that starts where this one did would be asked for for ever."""
    time = Time()
    page = Listing(bucket="b-1", marker="m", next_marker="m").to_xml()
    question = questions.list_page("", "m")
    end, _, _ = drive(speaker(time), question, [reply(200, page)] * 4, time)
    assert isinstance(end, errors.ProtocolError)
    assert "does not go on from 'm'" in str(end)


def test_a_refusal_in_place_of_a_listing_is_told():
    """An error document under status 200 becomes the error that it names."""
    time = Time()
    end, _, _ = drive(
        speaker(time), questions.list_page("", ""), [refusal(200, "AccessDenied")], time
    )
    assert isinstance(end, errors.AccessDeniedError)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-length": "5"},
        {"content-length": "five", "last-modified": http_date(0)},
        {"content-length": "5", "last-modified": "yesterday"},
        {"content-length": "5", "last-modified": "Thu, 01 Jan 9" + "9" * 20},
        {
            "content-length": "5",
            "last-modified": "Tue, 14 Nov 2023 22:13:50 +99999999999999999",
        },
    ],
)
def test_a_head_without_size_or_date_is_a_protocol_error(headers):
    """An object's size and date come from the answer or the answer is refused."""
    time = Time()
    outcome = Reply(status=200, headers=headers)
    end, _, _ = drive(speaker(time), questions.head("k"), [outcome] * 4, time)
    assert type(end) is errors.ProtocolError
    assert end.attempts == 4


def test_put_takes_bytes_alone():
    """Text and paths are refused before anything is sent; any buffer is taken."""
    assert questions.put("k", memoryview(b"ab"), "x/y").body == b"ab"
    with pytest.raises(errors.OptionsError, match="not str"):
        questions.put("k", "text", "x/y")


outcomes = st.one_of(
    st.sampled_from(
        [
            GOOD,
            LOST,
            SLOW_DOWN,
            reply(500),
            reply(200, PNG[:-1]),
            reply(404),
            refusal(403, "AccessDenied"),
        ]
    ),
    st.integers(0, 400).map(lambda n: refusal(503, "SlowDown", retry_after=str(n))),
)
HEALING = (None, 200, 500, 503)


@law
@given(
    played=st.lists(outcomes, min_size=8, max_size=8),
    attempts=st.integers(1, 8),
    base=st.floats(0.01, 30),
    call_seconds=st.floats(0.1, 500),
    attempt_seconds=st.floats(0.1, 200),
    spent=st.floats(0, 300),
    drawn=st.floats(0, 1, exclude_max=True),
)
def test_no_course_of_events_exceeds_its_limits(
    played, attempts, base, call_seconds, attempt_seconds, spent, drawn
):
    """Attempts, waits and time stay within the limits; the end tells the truth."""
    time = Time()
    asked = speaker(
        time,
        attempts=attempts,
        base=base,
        call_seconds=call_seconds,
        attempt_seconds=attempt_seconds,
        draw=lambda: drawn,
    )
    end, sent, waits = drive(asked, MATTE, played, time, spent)
    assert 1 <= len(sent) <= attempts
    assert end.attempts == len(sent)
    assert len(waits) == len(sent) - 1
    assert sum(waits) < call_seconds
    assert all(0 < step.seconds <= attempt_seconds for step in sent)
    assert time.seconds <= call_seconds * (1 + 1e-9)
    last = played[len(sent) - 1]
    assert isinstance(end, Answer) == (last is GOOD)
    assert all(
        getattr(past, "status", None) in HEALING for past in played[: len(waits)]
    )
    assert GOOD not in played[: len(waits)]


@law
@given(
    status=st.integers(100, 599), body=st.binary(max_size=80), xml=st.text(max_size=40)
)
def test_no_answer_breaks_out_of_the_tree(status, body, xml):
    """Whatever is answered, every verb ends with a value or an error of the tree."""
    for sent in (body, f"<Error><Code>{xml}</Code></Error>".encode()):
        for question in (
            MATTE,
            questions.fetch("k"),
            questions.head("k"),
            questions.list_page("", ""),
        ):
            time = Time()
            end, _, _ = drive(speaker(time), question, [reply(status, sent)] * 4, time)
            assert isinstance(end, Answer | errors.CallError)


def test_nothing_secret_is_in_a_step():
    """The repr of a question, an attempt and a speaker shows neither key nor query."""
    url = "https://x.com/a.jpg?q-signature=SECRETQUERY"
    question = matting.download(MattingQuery.of_url(url, MattingOptions()))
    asked = speaker(Time(), lambda: Credentials("id", "SECRETKEY", "SECRETTOKEN"))
    attempt = next(asked.ask(question))
    assert "SECRETTOKEN" in attempt.headers.values()
    shown = f"{question!r} {attempt!r} {asked!r}"
    assert "SECRET" not in shown
    assert attempt.headers["Authorization"][-40:] not in shown


def test_a_call_can_be_dropped_at_any_step():
    """Closing the generator, as an interrupt does, raises and sends nothing."""
    steps = speaker(Time()).ask(Question(about="x", read=lambda heard: heard.body))
    next(steps)
    steps.close()
    assert list(steps) == []


def test_a_whole_picture_of_the_wrong_kind_is_not_paid_for_again():
    """An answer without alpha is a whole picture: asking again would only cost."""
    time = Time()
    end, attempts, _ = drive(speaker(time), MATTE, [reply(200, OPAQUE)], time)
    assert type(end) is errors.ProtocolError
    assert "alpha channel" in end.message
    assert (len(attempts), end.attempts) == (1, 1)


@pytest.mark.parametrize(
    ("number", "kind", "attempts"),
    [
        ("-164", errors.ThrottledError, 4),
        ("-901", errors.ServerError, 4),
        ("-104", errors.AccessDeniedError, 1),
        ("-162", errors.PaymentRequiredError, 1),
        ("-441", errors.ImageRejectedError, 1),
        ("-46628", errors.ObjectNotFoundError, 1),
        ("-1", errors.InvalidRequestError, 1),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_a_number_says_more_than_its_name(number, kind, attempts, named):
    """``X-ErrNo`` decides on error and retries, with a document or without a body."""
    time = Time()
    outcome = refusal(400, "InvalidRequest", x_errno=number)
    if not named:
        outcome = reply(400, x_errno=number)
    end, sent, _ = drive(speaker(time), MATTE, [outcome] * 4, time)
    assert type(end) is kind
    assert end.code == ("InvalidRequest" if named else number)
    assert len(sent) == end.attempts == attempts
    assert not named or f"number {number}" in end.message


def test_a_status_that_is_accepted_is_an_answer():
    """304 answers the question whether an object changed, and is no redirect."""
    time = Time()
    question = questions.fetch_changed("k", '"etag"')
    assert question.headers == {"If-None-Match": '"etag"'}
    end, _, _ = drive(speaker(time), question, [reply(304)], time)
    assert (end.value, end.attempts) == (None, 1)
    end, _, _ = drive(speaker(time), question, [reply(200, b"new")], time)
    assert end.value == b"new"
    end, _, _ = drive(speaker(time), questions.fetch("k"), [reply(304)], time)
    assert isinstance(end, errors.ServiceError)
