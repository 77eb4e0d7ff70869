"""Nothing secret is ever shown: not in a log, a repr, an error, a warning, a page."""

import logging
import pprint
import traceback
import warnings
from functools import partial

import httpx
import pytest
from conftest import WhiteEngine
from scripted import (
    ADDRESS,
    BROKEN,
    GOOD,
    SLOW_DOWN,
    End,
    Scripted,
    Time,
    answer,
    refusal,
)

import cosmat_nb as cm
from cosmat_nb import errors
from cosmat_nb.client.blocking import MattingClient
from cosmat_nb.client.credentials import find_account
from cosmat_nb.wire.credentials import Credentials

KEY = "kEyOfThisTestThatNobodyMaySee"
TOKEN = "tOkEnOfThisTestThatNobodyMaySee"
SIGNED = "q-sign-algorithm=sha1&q-ak=AKID&q-signature=lInKsIgNaTuReThatNobodyMaySee"
LINK = f"https://pictures.example.com/mug.jpg?{SIGNED}"
KEYS = Credentials("AKIDofThisTest0123456789", KEY, TOKEN)
HIDDEN = (KEY, TOKEN, "lInKsIgNaTuRe", KEYS.secret_id, "q-sign-time=")
"""The last stands in every Authorization header, and nowhere else."""


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
}
ANSWERS = {
    "good": [GOOD],
    "slow down": [SLOW_DOWN] * 4,
    "refused": [refusal(403, "SignatureDoesNotMatch")],
    "redirect": [answer(302, headers={"Location": "http://127.0.0.1:9/"})],
    "reset": [[End.RESET]] * 4,
    "cut": [[GOOD[:-9], End.CLOSE]] * 4,
    "html": [answer(200, b"<html/>")] * 4,
    "500": [BROKEN] * 4,
}


@pytest.mark.parametrize("script", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_no_call_shows_a_secret(call, script, ears):
    """Whatever is called and whatever is answered, logs and errors stay clean."""
    with (
        warnings.catch_warnings(record=True) as warned,
        Scripted(*script) as server,
        server.client(credentials=KEYS) as client,
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
    assert any("mug.jpg?…, sorry" in text for text in shown)
    assert_hidden([*shown, *ears])


def test_a_refused_connection_shows_no_secret(ears):
    """Nor does a server that is not there."""
    with Scripted() as server:
        pass
    with server.client(credentials=KEYS) as client:
        shown = [*everything_from(lambda: client.matte_url(LINK))]
    assert any("ConnectError" in text for text in shown)
    assert_hidden([*shown, *ears])


def test_a_request_kept_by_an_error_shows_no_query():
    """The request behind a network error is what error reporters print."""

    def break_down(request):
        raise httpx.ReadError("lost", request=request)

    network, clock = httpx.MockTransport(break_down), Time()
    client = MattingClient(ADDRESS, KEYS, transport=network, clock=clock.clock)
    with client, pytest.raises(errors.TransportError) as caught:
        client.matte_url(LINK)
    request = caught.value.__cause__.request
    shown = f"{request!r} {request.url} {request.url!r}"
    assert ADDRESS.host in shown
    assert_hidden([shown])


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
    own = f"http://{client.address.host}/k?{SIGNED}"
    frame = cm.matte_frame(cm.list_frame(client).assign(key=[own]), client)
    assert list(frame["status"]) == ["ok"]
    assert_hidden([frame.drop(columns="key").to_string(), repr(list(frame["cutout"]))])
