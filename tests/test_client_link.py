"""Links: whoever holds one may open it for a while, and nobody sees it by chance."""

import dataclasses
import http.client
import io
import math
import pprint
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from qcloud_cos import CosConfig, CosS3Client, cos_auth, cos_client
from scripted import ADDRESS, KEYS, NOW, Scripted, Time
from squares import WhiteEngine

import cosmat_nb as cm
from cosmat_nb import errors
from cosmat_nb.client.blocking import MattingClient
from cosmat_nb.wire.credentials import Credentials

KEY = "kEyOfThisTestThatNobodyMaySee"
TOKEN = "tOkEnOfThisTest/+= ThatNobodyMaySee".replace(" ", "")
PAIR = Credentials("AKIDofThisTest0123456789", KEY, TOKEN)
ODD_KEYS = ["a b+c.jpg", "%41.jpg", "腾讯/🥝.jpg", "why?#&=;.jpg", "a//b/", "~!*'()"]


@pytest.fixture(scope="module")
def one_time():
    """A clock that stands still."""
    return Time()


@pytest.fixture
def time(one_time):
    """It, at its start."""
    one_time.seconds = 0.0
    return one_time


@pytest.fixture(scope="module", params=["permanent", "temporary"])
def pair(request):
    """A key pair without a token, then one with."""
    return KEYS if request.param == "permanent" else PAIR


@pytest.fixture(scope="module")
def emulator(one_time, pair):
    """An emulator that lives by the same clock as its clients."""
    with cm.Emulator(
        engine=WhiteEngine(), credentials=pair, now=one_time.clock.now
    ) as running:
        yield running


@pytest.fixture
def client(emulator, time, pair):
    """A client by that clock."""
    with MattingClient(
        emulator.address, pair, endpoint=emulator.endpoint, clock=time.clock
    ) as connected:
        yield connected


def get(url):
    """Open a link as anybody can, with the bare library: status and body."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("key", ODD_KEYS)
def test_anyone_can_open_a_link(key, client):
    """A bare HTTP client gets the object, however odd its key."""
    client.put(key, b"data")
    assert get(client.presign(key).url) == (200, b"data")


def test_a_link_with_options_opens_the_cutout(client, square):
    """Options make it a link to the matte; they are part of what is signed."""
    client.put("k", square)
    options = cm.MattingOptions(center=True, padding=(20, 10))
    link = client.presign("k", options)
    status, body = get(link.url)
    assert status == 200
    assert Image.open(io.BytesIO(body)).size == (96 + 40, 64 + 20)
    changed = link.url.replace("padding-layout=20x10", "padding-layout=20x11")
    assert changed != link.url
    assert get(changed)[0] == 403


def test_a_link_opens_its_own_object_alone(client):
    """The signature covers the key."""
    client.put("k", b"1")
    client.put("other", b"2")
    assert get(client.presign("k").url.replace("/k?", "/other?"))[0] == 403


def test_a_link_ends(client, time):
    """It opens until its last second, then the service says that it has expired."""
    client.put("k", b"1")
    link = client.presign("k", expires=100)
    assert (link.expires_at, link.remaining) == (NOW + 100, 100)
    time.seconds = 100.0
    assert link.remaining == 0
    assert get(link.url)[0] == 200
    time.seconds = 101.0
    assert link.remaining == 0
    status, body = get(link.url)
    assert status == 403
    assert b"Request has expired" in body


def test_the_remaining_life_is_shown():
    """The repr counts down and says when it is over."""
    time = Time()
    with MattingClient(ADDRESS, KEYS, clock=time.clock) as client:
        link = client.presign("p/mug.jpg", expires=90)
    host = ADDRESS.host
    assert repr(link) == f"Link('p/mug.jpg' at {host}, 90 s left)"
    time.seconds = 30.0
    assert link.remaining == 60
    assert repr(link) == f"Link('p/mug.jpg' at {host}, 60 s left)"
    time.seconds = 90.0
    assert repr(link) == f"Link('p/mug.jpg' at {host}, over)"


@pytest.mark.parametrize(("expires", "ends"), [(50, 50), (120, 120), (300, 120)])
def test_a_link_ends_with_its_keys(expires, ends):
    """Temporary keys are over for everybody: the link does not promise more."""
    time = Time()
    keys = Credentials("id", "key", "token", expires=NOW + 120)
    with MattingClient(ADDRESS, lambda: keys, clock=time.clock) as client:
        link = client.presign("k", expires=expires)
    assert link.remaining == ends
    (period,) = parse_qs(urlsplit(link.url).query)["q-sign-time"]
    assert period == f"{int(NOW) - 60};{int(NOW) + ends}"


def test_a_link_is_dated_by_the_corrected_clock(square):
    """A client whose clock was corrected signs links by the service's time."""
    time = Time()
    with (
        cm.Emulator(engine=WhiteEngine(), now=lambda: NOW + 7200) as emulator,
        MattingClient(
            emulator.address,
            emulator.credentials,
            endpoint=emulator.endpoint,
            clock=time.clock,
        ) as client,
    ):
        with pytest.warns(errors.CosmatWarning, match="7200 s slow"):
            client.put("k", square)
        link = client.presign("k", expires=60)
        assert get(link.url) == (200, square)
        assert link.remaining == 60


@pytest.mark.parametrize("key", ["k.jpg", *ODD_KEYS])
@pytest.mark.parametrize("options", [None, cm.MattingOptions(padding=(20, 10))])
def test_the_vendors_client_signs_the_same_link(key, options, pair, monkeypatch):
    """Signature, period and parameters are those of the vendor's own method."""
    time = Time()
    with MattingClient(ADDRESS, pair, clock=time.clock) as client:
        ours = urlsplit(client.presign(key, options, expires=300).url)
    config = CosConfig(
        Region=ADDRESS.region, SecretId=pair.secret_id, SecretKey=pair.secret_key
    )
    params = dict(options.parameters) if options else {}
    if pair.token:
        # The vendor's client forgets the token unless it is passed by hand.
        params["x-cos-security-token"] = pair.token
    for module in (cos_auth, cos_client):
        monkeypatch.setattr(module.time, "time", lambda: NOW)
    theirs = urlsplit(
        CosS3Client(config).get_presigned_url(
            Bucket=ADDRESS.bucket, Key=key, Method="GET", Expired=300, Params=params
        )
    )
    assert (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)
    assert parse_qs(ours.query) == parse_qs(theirs.query)


def test_the_token_travels_with_the_link(client, pair):
    """Without the token of temporary keys nobody could open it."""
    client.put("k", b"1")
    link = client.presign("k")
    (found,) = parse_qs(urlsplit(link.url).query).get("x-cos-security-token", [""])
    assert found == pair.token
    assert get(link.url)[0] == 200


def test_a_link_is_not_shown(client, pair):
    """No face of a link holds its signature, its token or its key id."""
    link = client.presign("k", cm.MattingOptions())
    (signature,) = parse_qs(urlsplit(link.url).query)["q-signature"]
    faces = [
        repr(link),
        str(link),
        f"{link}",
        f"{link!r:>10}",
        "%s" % link,  # noqa: UP031 - the old way of writing is a face as well
        link._repr_html_(),
        pprint.pformat(link),
        pprint.pformat({"rows": [link]}),
        repr([link]),
        repr(dataclasses.replace(link, place="other")),
    ]
    for face in faces:
        for secret in (signature, "q-sign", pair.secret_id, pair.token or "token="):
            assert secret not in face
    assert "s left" in link._repr_html_()


def test_the_html_of_a_link_is_escaped():
    """A key is shown as text, never as markup."""
    with MattingClient(ADDRESS, KEYS) as client:
        shown = client.presign("<b>&.jpg")._repr_html_()
    assert "<b>" not in shown
    assert "&lt;b&gt;&amp;.jpg" in shown


def test_making_a_link_sends_nothing():
    """It is made offline, by a closed client too."""
    with Scripted() as server:
        client = server.client()
        assert client.presign("k").url.startswith(f"{server.endpoint}/k?")
        client.close()
        client.presign("k")
    assert server.heard == []


@pytest.mark.parametrize(
    "expires", [0, 0.5, -1, 10**400, True, math.inf, math.nan, "300", None]
)
def test_a_link_needs_a_life(expires):
    """Its life is a number of seconds, a year at most."""
    with (
        MattingClient(ADDRESS, KEYS) as client,
        pytest.raises(
            errors.OptionsError, match="expires must be 1 to 31622400 seconds"
        ),
    ):
        client.presign("k", expires=expires)


@pytest.mark.parametrize("key", ["", "/k", "a/../b", "a\x1b", None, "k" * 851])
def test_a_link_needs_a_legal_key(key):
    """A key that the service would not take is refused at once."""
    with MattingClient(ADDRESS, KEYS) as client, pytest.raises(errors.OptionsError):
        client.presign(key)


def test_a_link_is_frozen():
    """Two links of one moment are equal, and neither changes."""
    time = Time()
    with MattingClient(ADDRESS, KEYS, clock=time.clock) as client:
        link = client.presign("k")
        assert link == client.presign("k")
        assert link != client.presign("k", expires=301)
    with pytest.raises(dataclasses.FrozenInstanceError):
        link.url = ""
