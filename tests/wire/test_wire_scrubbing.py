"""Scrubbing: secrets go in whatever form they stand, the rest of a text stays."""

import html
import json
import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.wire.scrubbing import MASK, Scrubber, is_signing

law = settings(derandomize=True, deadline=None, max_examples=60)

TOKEN = "to+ken/of=this~test&<'\">"
LINK = (
    "https://me:word@pictures.example.com/mug.jpg?v=1&q-ak=AKIDxyz&"
    "q-sign-time=1;2&q-signature=5aed&x-cos-security-token=tok+en&Signature=s/i%2Fg&"
    "X-Amz-Signature=aa&sig=bb&OSSAccessKeyId=LTAI&Expires=99&size=2#top"
)
CLEAN = (
    "https://***@pictures.example.com/mug.jpg?v=1&q-ak=***&"
    "q-sign-time=***&q-signature=***&x-cos-security-token=***&Signature=***&"
    "X-Amz-Signature=***&sig=***&OSSAccessKeyId=***&Expires=***&size=2#top"
)


def code(text, times):
    """Percent-encode a text so many times."""
    for _ in range(times):
        text = quote(text, safe="")
    return text


FORMS = {
    "plain": TOKEN,
    "percent": quote(TOKEN, safe=""),
    "percent, lower case": quote(TOKEN, safe="").replace("%2B", "%2b"),
    "percent, thrice": code(TOKEN, 3),
    "percent, some": quote(TOKEN, safe="/=~&"),
    "XML": html.escape(TOKEN),
    "XML by numbers": TOKEN.replace("+", "&#43;").replace("/", "&#x2F;"),
    "JSON": json.dumps(TOKEN)[1:-1],
    "JSON with slashes": TOKEN.replace("/", "\\/").replace('"', "\\u0022"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_known_secret_goes_in_every_form(form):
    """However a secret was escaped on the way, the mask is all that is left of it."""
    assert Scrubber([TOKEN]).text(f"a {form} b {form}") == f"a {MASK} b {MASK}"


@pytest.mark.parametrize("depth", range(4))
def test_a_link_loses_its_signature_at_any_depth(depth):
    """A link keeps what names the picture and loses what opens it, however nested."""
    text = f"ci-process=AIPicMatting&detect-url={code(LINK, depth)}&center-layout=1"
    mask = code("***", 0)
    expected = code(CLEAN, depth).replace(code("***", depth), mask)
    clean = f"ci-process=AIPicMatting&detect-url={expected}&center-layout=1"
    assert Scrubber().text(text) == clean


def test_a_known_secret_goes_from_bytes_that_are_no_text():
    """Of a picture's bytes nothing changes but the secret."""
    picture = b"\x89PNG\xff\x00sig=1 " + TOKEN.encode() + b"\xfe"
    assert Scrubber([TOKEN]).body(picture) == b"\x89PNG\xff\x00sig=1 ***\xfe"


def test_elements_and_fields_named_after_secrets_lose_their_text():
    """XML and JSON that name a key lose it; a listing's token is no secret."""
    text = (
        "<OSSAccessKeyId>LTAI</OSSAccessKeyId><StringToSign>s</StringToSign>"
        "<NextContinuationToken>n</NextContinuationToken>"
        '{"SecretKey": "k", "Name": "n"}'
    )
    clean = text.replace("LTAI", MASK).replace('"k"', f'"{MASK}"')
    assert Scrubber().text(text) == clean


def test_temporary_credentials_lose_all_three():
    """The answer that gives temporary keys out holds none of them any more."""
    # Fields: https://cloud.tencent.com/document/api/1312/48195 (GetFederationToken).
    fields = {"Token": "t/1", "TmpSecretId": "AKIDx", "TmpSecretKey": "k"}
    answer = {"Credentials": fields, "ExpiredTime": 1}
    clean = {"Credentials": dict.fromkeys(fields, MASK), "ExpiredTime": 1}
    for indent in (None, 2):
        text = json.dumps(answer, indent=indent)
        assert Scrubber().text(text) == json.dumps(clean, indent=indent)
    assert json.loads(Scrubber().text('{"token": "t", "tokens": "2"}')) == {
        "token": MASK,
        "tokens": "2",
    }
    xml = "<Token>t</Token><NextToken>n</NextToken><tmp_secret_key>k</tmp_secret_key>"
    assert Scrubber().text(xml) == xml.replace(">t<", ">***<").replace(">k<", ">***<")


@pytest.mark.parametrize(
    ("link", "clean"),
    [
        ("https://me%40corp:word@host/a", "https://***@host/a"),
        ("https://me:w@rd@host/a@b", "https://***@host/a@b"),
        ("http%3A//me%3Aword%40host/a", "http%3A//***%40host/a"),
        ("http%3A%2F%2Fme%3Aw%252Frd%40h%2Fa%40b", "http%3A%2F%2F***%40h%2Fa%40b"),
        (r"https:\/\/me:word@host\/a", r"https:\/\/***@host\/a"),
        ("https://host/a@b?mail=a@b", "https://host/a@b?mail=a@b"),
        ("http%3A%2F%2Fhost%3Fmail%3Da%40b", "http%3A%2F%2Fhost%3Fmail%3Da%40b"),
        (f"https://{'w' * 1000}@host", "https://***@host"),
    ],
)
def test_a_link_loses_name_and_password(link, clean):
    """Whatever stands before the host goes whole; what comes after it stays."""
    assert Scrubber().text(link) == clean


UNITS = [
    "http%3A%2F%2F",
    "http%3A%2F%2Fhttp%253A%252F%252F",
    "http:%2f%2f",
    "http://",
    "%25",
    "25",
    "%",
    "@",
    "sig%3D",
    "x-",
    " x-aaaa",
    "a",
    "secret_",
    '"secret" ',
    '"',
    "&#x0",
]


@pytest.mark.parametrize("front", ["", "http%3A%2F%2F", "sig%" + "25" * 5000 + "3D"])
def test_no_text_keeps_a_scrubber_busy(front):
    """Hostile texts of 0.1 MB each take a moment: a paid answer waits for it."""
    scrubber = Scrubber([TOKEN, "+" * 12])
    begin = time.process_time()
    for unit in UNITS:
        scrubber.text(front + unit * (100_000 // len(unit)))
    # Some 1 s; a pattern that reads any of them again and again takes over a minute.
    assert time.process_time() - begin < 10


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Authorization", "q-sign-algorithm=sha1", MASK),
        ("X-COS-Security-Token", "t", MASK),
        ("Set-Cookie", "sid=1", MASK),
        ("Signature", "s", MASK),
        ("policy", "", ""),
        ("Expires", "Thu, 01 Dec 2033 16:00:00 GMT", "Thu, 01 Dec 2033 16:00:00 GMT"),
        ("ETag", '"900150983cd24fb0"', '"900150983cd24fb0"'),
        ("continuation-token", "n", "n"),
        ("Location", "https://h/a?sign=1", "https://h/a?sign=***"),
    ],
)
def test_named_values_go_by_their_names(name, value, expected):
    """Headers and parameters that carry a secret are masked whole, others stay."""
    assert Scrubber().value(name, value) == expected


@law
@given(text=st.text(st.characters(exclude_characters='=%<"@'), max_size=60))
def test_a_text_without_secrets_stays(text):
    """What has no field, link or element in it is not touched."""
    assert Scrubber().text(text) == text


@law
@given(
    around=st.text(max_size=20),
    secret=st.text(
        st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="*"),
        min_size=8,
        max_size=20,
    ),
)
def test_scrubbing_twice_is_scrubbing_once(around, secret):
    """A recording can be scrubbed again, and holds the secret in no case."""
    scrubber = Scrubber([secret])
    once = scrubber.text(f"{around}?sig={code(secret, 1)}&{secret}{around}")
    assert secret not in once
    assert scrubber.text(once) == once


def test_of_two_secrets_that_begin_alike_nothing_is_left():
    """The longer one goes whole, not only as far as the shorter reaches."""
    assert Scrubber(["abcdefgh", "abcdefghijkl"]).text("abcdefghijkl") == MASK


def test_short_texts_are_no_secrets():
    """An id of two letters would tear words apart."""
    assert Scrubber(["id", ""]).text("width") == "width"


def test_a_scrubber_shows_no_secret():
    """Its repr can be printed by anybody."""
    assert TOKEN not in repr(Scrubber([TOKEN]))


def test_only_what_signs_is_signing():
    """Parameters of a presigned link are known in any case; others are not."""
    assert is_signing("Q-AK")
    assert is_signing("x-cos-security-token")
    assert not is_signing("detect-url")
