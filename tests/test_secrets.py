"""Nothing secret is ever shown: not in a log, a repr, an error, a warning, a page."""

import logging
import pprint
import traceback
import warnings
from functools import partial

import httpx
import pytest
from faces import FACES, open_client
from scripted import (
    ADDRESS,
    BROKEN,
    GOOD,
    SLOW_DOWN,
    End,
    Scripted,
    Time,
    answer,
    http_date,
    refusal,
)
from squares import WhiteEngine, draw_square

import cosmat_nb as cm
from cosmat_nb import errors, images
from cosmat_nb.client.blocking import MattingClient
from cosmat_nb.client.credentials import find_account
from cosmat_nb.client.keyring import Keyring
from cosmat_nb.client.retry import Retry
from cosmat_nb.wire.address import encode
from cosmat_nb.wire.credentials import Credentials
from cosmat_nb.wire.documents import ErrorDocument
from cosmat_nb.wire.results import StoredPicture, UploadResult

KEY = "kEyOfThisTestThatNobodyMaySee"
TOKEN = "tOkEnOfThisTestThatNobodyMaySee"
SIGNED = "q-sign-algorithm=sha1&q-ak=AKID&q-signature=lInKsIgNaTuReThatNobodyMaySee"
LINK = f"https://pictures.example.com/mug.jpg?{SIGNED}"
KEYS = Credentials("AKIDofThisTest0123456789", KEY, TOKEN)
HIDDEN = (KEY, TOKEN, "lInKsIgNaTuRe", KEYS.secret_id, "q-sign-time=")
"""The last stands in every Authorization header, and nowhere else."""

PICTURE = images.encode_jpeg(draw_square())
PLAIN = cm.MattingOptions()
QUICK = Retry(base=0.001, longest=0.002)


class Ears(logging.Handler):
    """Writes down all that anybody logs, arguments and tracebacks included."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.heard = []

    def emit(self, record):
        self.heard.append(f"{record.name} {self.format(record)} {record.args!r}")


@pytest.fixture
def ears():
    """Everything logged at any level by any library, from here on."""
    handler, root = Ears(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.heard
    root.removeHandler(handler)
    root.setLevel(level)


def everything_about(error):
    """All that can be shown of an error and of the errors behind it."""
    while error is not None:
        yield str(error)
        yield repr(error)
        yield repr(error.args)
        yield pprint.pformat(vars(error))
        yield "".join(traceback.format_exception(error))
        yield repr(getattr(error, "_request", None))
        error = error.__cause__ or error.__context__


def everything_from(call):
    """All that can be seen of a call: its value's faces, or its error's."""
    try:
        value = call()
    except errors.CosmatError as error:
        yield from everything_about(error)
    else:
        yield repr(value)
        yield pprint.pformat(value)
        html = getattr(value, "_repr_html_", None)
        yield html() if html else ""


def assert_hidden(texts):
    """Fail when a text shows a secret; the failure shows the text's surroundings."""
    text = "\n".join(texts)
    for secret in HIDDEN:
        at = text.find(secret)
        assert at < 0, text[max(0, at - 200) : at + 80]


CALLS = {
    "matte": lambda client: client.matte("k"),
    "matte_url": lambda client: client.matte_url(LINK),
    "fetch": lambda client: client.fetch("k"),
    "head": lambda client: client.head("k"),
    "put": lambda client: client.put("k", b"data"),
    "delete": lambda client: client.delete("k"),
    "list": lambda client: list(client.list_objects("p")),
    "check": lambda client: client.check("p"),
    "part": lambda client: client.fetch("k", 1, 2),
    "probe": lambda client: client.probe("k"),
    "changed": lambda client: client.fetch_changed("k", "etag"),
    "upload": lambda client: client.matte_upload("k", PICTURE, save_as="c"),
    "stored": lambda client: client.matte_stored("k", {"c": PLAIN, "d": PLAIN}),
    "many": lambda client: client.delete_objects(["k", "c"]),
}
NOTHING = UploadResult(original=StoredPicture(key="k")).to_xml()
ANSWERS = {
    "good": [GOOD],
    "slow down": [SLOW_DOWN] * 4,
    "refused": [refusal(403, "SignatureDoesNotMatch")],
    "redirect": [answer(302, headers={"Location": "http://127.0.0.1:9/"})],
    "reset": [[End.RESET]] * 4,
    "cut": [[GOOD[:-9], End.CLOSE]] * 4,
    "html": [answer(200, b"<html/>")] * 4,
    "500": [BROKEN] * 4,
    "nothing made": [answer(200, NOTHING)] * 4,
    "clock": [refusal(403, "RequestTimeTooSkewed", headers={"Date": http_date(1e9)})]
    * 4,
    "token": [refusal(400, "ExpiredToken")] * 2,
}


@pytest.mark.parametrize(
    ("face", "script"),
    [
        pytest.param(face, script, id=f"{face}-{name}")
        for face in FACES
        for name, script in ANSWERS.items()
        if face == "blocking" or name in ("good", "reset", "html", "clock")
    ],
)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_no_call_shows_a_secret(face, call, script, ears):
    """Whatever is called and whatever is answered, logs and errors stay clean."""
    with (
        warnings.catch_warnings(record=True) as warned,
        Scripted(*script) as server,
        open_client(
            face, ADDRESS, lambda: KEYS, endpoint=server.endpoint, retry=QUICK
        ) as client,
    ):
        warnings.simplefilter("always")
        shown = [*everything_from(lambda: call(client)), repr(client)]
        shown.append(client._repr_html_())
    assert ears, "the test must hear something to prove anything"
    assert server.heard[0]["x-cos-security-token"] == TOKEN
    assert_hidden([*shown, *ears, *(str(warning.message) for warning in warned)])


@pytest.mark.parametrize("status", [200, 400])
def test_a_service_that_quotes_a_link_is_not_repeated(status, ears):
    """A refusal may hold the whole address; its query is cut out of what we show."""
    script = [refusal(status, "InvalidArgument", f"Cannot fetch {LINK}, sorry.")]
    with Scripted(*script) as server, server.client(credentials=KEYS) as client:
        shown = [*everything_from(lambda: client.matte_url(LINK))]
    assert any("mug.jpg?*** sorry" in text for text in shown)
    assert_hidden([*shown, *ears])


def test_a_refused_connection_shows_no_secret(ears):
    """Nor does a server that is not there."""
    with Scripted() as server:
        pass
    with server.client(credentials=KEYS) as client:
        shown = [*everything_from(lambda: client.matte_url(LINK))]
    assert any("ConnectError" in text for text in shown)
    assert_hidden([*shown, *ears])


def test_no_request_is_kept_by_an_error():
    """The request behind a network error has headers that reporters would send."""

    def break_down(request):
        raise httpx.ReadError("lost", request=request)

    network, clock = httpx.MockTransport(break_down), Time()
    client = MattingClient(ADDRESS, KEYS, transport=network, clock=clock.clock)
    with client, pytest.raises(errors.TransportError) as caught:
        client.matte_url(LINK)
    assert caught.value.__cause__ is None
    assert "ReadError" in str(caught.value)


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(lambda: Credentials("id", KEY, f" {TOKEN}"), id="blank"),
        pytest.param(lambda: Credentials("id", KEY, f"{TOKEN}é"), id="not ASCII"),
        pytest.param(lambda: Credentials("id", KEY, f"{TOKEN}\n"), id="line end"),
        pytest.param(lambda: Credentials("id", f"{KEY} "), id="key with a blank"),
        pytest.param(lambda: ("id", KEY), id="a tuple"),
    ],
)
def test_badly_pasted_keys_are_refused_without_being_shown(keys, ears):
    """The error for keys that cannot be used names them and quotes nothing."""
    with Scripted(GOOD) as server, server.client(credentials=keys) as client:
        shown = [*everything_from(lambda: client.fetch("k"))]
        assert server.heard == []
    assert any("OptionsError" in text for text in shown)
    assert_hidden([*shown, *ears])


def test_a_link_that_is_too_long_is_not_quoted(ears):
    """An address that cannot be sent is refused without its query."""
    with Scripted() as server, server.client(credentials=KEYS) as client:
        shown = [*everything_from(lambda: client.matte_url(LINK + "&x" * 40_000))]
    assert any("too long" in text for text in shown)
    assert_hidden([*shown, *ears])


def test_the_objects_of_the_face_show_no_secret():
    """Credentials, accounts, clients and emulators can be printed by anybody."""
    environment = {
        "COS_SECRET_ID": KEYS.secret_id,
        "COS_SECRET_KEY": KEY,
        "COS_TOKEN": TOKEN,
    }
    provider = partial(Credentials, KEYS.secret_id, KEY, TOKEN)
    emulator = cm.Emulator(engine=WhiteEngine(), credentials=KEYS)
    with (
        cm.connect_emulator(emulator) as client,
        MattingClient(ADDRESS, provider) as other,
    ):
        shown = [KEYS, find_account(environment), emulator, client, other]
        shown += [client._verbs, other._verbs, client._channel]
        texts = [repr(value) for value in shown]
        texts += [f"{value}" for value in shown]
        texts += [client._repr_html_(), other._repr_html_(), pprint.pformat(KEYS)]
    assert_hidden(texts)


def test_a_day_on_the_emulator_shows_no_secret(ears, square):
    """The server's own log is as silent about keys and links as the client's."""
    emulator = cm.Emulator(engine=WhiteEngine(), credentials=KEYS)
    with cm.connect_emulator(emulator) as client:
        client.put("k", square)
        own = f"http://{client.address.host}/k?{SIGNED}"
        calls = [
            lambda: client.matte("k"),
            lambda: client.matte_url(own),
            lambda: client.matte_url(LINK),
            lambda: client.matte("none"),
            lambda: list(client.list_objects()),
        ]
        shown = [text for call in calls for text in everything_from(call)]
        wrong = Credentials(KEYS.secret_id, "wrong", TOKEN)
        with MattingClient(
            emulator.address, wrong, endpoint=emulator.endpoint
        ) as stranger:
            shown += everything_from(lambda: stranger.fetch("k"))
    assert any("SignatureDoesNotMatch" in text for text in shown)
    assert any("<img" in text for text in shown)
    assert_hidden([*shown, *ears])


def test_a_frame_shows_no_query(client, square):
    """Rows made from presigned links hold the link only where the user put it."""
    client.put("k", square)
    own = client.presign("k").url
    frame = cm.matte_frame(cm.list_frame(client).assign(key=[own]), client)
    assert list(frame["status"]) == ["ok"]
    shown = frame.drop(columns="key").to_string() + repr(list(frame["cutout"]))
    assert "q-sign" in own
    assert "q-sign" not in shown
    assert own[-40:] not in shown


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_quoted_link_is_cut_however_it_is_encoded(times, ears):
    """A service that repeats the request's own line repeats no signature."""
    quoted = LINK
    for _ in range(times):
        quoted = encode(quoted)
    script = [refusal(400, "InvalidArgument", f"Bad detect-url={quoted} of yours.")]
    with Scripted(*script) as server, server.client(credentials=KEYS) as client:
        shown = [*everything_from(lambda: client.matte_url(LINK))]
    assert any("*** of yours" in text for text in shown)
    assert_hidden([*shown, *ears])


@pytest.mark.parametrize("face", FACES)
def test_what_was_signed_is_not_repeated(face, ears):
    """A mismatch comes with all that was signed, the token among it: it stays there."""
    document = ErrorDocument(
        code="SignatureDoesNotMatch",
        message="The Signature you specified is invalid.",
        details={
            "StringToSign": f"sha1\n1;2\n{KEY}\n",
            "FormatString": f"put\n/k\n\nx-cos-security-token={TOKEN}\n",
        },
    )
    script = [answer(403, document.to_xml())]
    with (
        Scripted(*script) as server,
        open_client(face, ADDRESS, KEYS, endpoint=server.endpoint) as client,
    ):
        shown = [*everything_from(lambda: CALLS["upload"](client))]
    assert any("SignatureDoesNotMatch" in text for text in shown)
    assert_hidden([*shown, *ears])


@pytest.mark.parametrize("face", FACES)
def test_a_missing_result_shows_no_secret(face):
    """The error carries the whole answer, and that holds names alone."""
    with (
        Scripted(answer(200, NOTHING)) as server,
        open_client(face, ADDRESS, KEYS, endpoint=server.endpoint) as client,
        pytest.raises(errors.ResultMissingError) as caught,
    ):
        CALLS["stored"](client)
    assert caught.value.missing == ("c", "d")
    assert_hidden([*everything_about(caught.value), repr(caught.value.result)])


@pytest.mark.parametrize("face", FACES)
def test_a_warning_shows_no_secret(face, ears):
    """Nor does what is told about a clock."""
    skewed = refusal(403, "RequestTimeTooSkewed", headers={"Date": http_date(1e9)})
    with (
        Scripted(skewed, GOOD) as server,
        open_client(face, ADDRESS, KEYS, endpoint=server.endpoint) as client,
        pytest.warns(errors.CosmatWarning) as warned,
    ):
        client.matte_url(LINK)
    assert_hidden([*ears, *(f"{row} {row.message!r}" for row in warned)])


def test_a_link_shows_no_secret():
    """A link's faces, in the hands of either kind of keys."""
    for source in (KEYS, lambda: KEYS):
        with MattingClient(ADDRESS, source, endpoint="http://x.cc") as client:
            link = client.presign("k", PLAIN)
            shown = [*everything_from(lambda: client.presign("k", PLAIN))]
        assert TOKEN in link.url
        assert_hidden([*shown, str(link), pprint.pformat([link])])


def test_a_keyring_shows_no_secret():
    """What a debugger prints of it is masked, before and after it asked."""
    for source in (KEYS, lambda: KEYS):
        keys = Keyring(source, float)
        texts = [repr(keys), pprint.pformat(vars(keys))]
        keys.current()
        assert_hidden([*texts, repr(keys), pprint.pformat(vars(keys))])


def test_a_function_that_fails_is_not_quoted(ears):
    """Its own error stands behind the call's; of the keys it gave nothing is said."""
    answers = iter([KEYS])

    def provide():
        found = next(answers, None)
        if found is None:
            raise LookupError("no keys today")
        return found

    with Scripted(SLOW_DOWN, GOOD) as server:
        client = server.client(credentials=provide)
        with client, pytest.raises(errors.ThrottledError) as caught:
            client.fetch("k")
    assert str(caught.value.__cause__) == "no keys today"
    assert_hidden([*everything_about(caught.value), *ears])


@pytest.mark.parametrize(
    "quoted",
    [
        "https://x.com/a.jpg?Ticket=S3CR",
        "https://x.com/a.jpg?Ticket=S3CRET-that-is-cut-of",
        "https%3A%2F%2Fx.com%2Fa.jpg%3FTicket%3DS3CRET-that",
        "https%253A%252F%252Fx.com%252Fa.jpg%253FTicket%253DS3CRET",
    ],
)
def test_a_quoted_query_is_cut_though_it_is_cut_short(quoted):
    """However little of an address a service repeats, its query is not in it."""
    script = [refusal(400, "InvalidArgument", f"Bad: {quoted}")]
    url = "https://x.com/a.jpg?Ticket=S3CRET-that-is-cut-off-here"
    with (
        Scripted(*script) as server,
        server.client(credentials=KEYS) as client,
        pytest.raises(errors.InvalidRequestError) as caught,
    ):
        client.matte_url(url)
    assert "S3CR" not in str(caught.value)
