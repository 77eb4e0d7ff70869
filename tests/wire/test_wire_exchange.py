"""Exchanges: what is written is read, what signs is left out, damage is noticed."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.exchange import Asked, Exchange

law = settings(derandomize=True, deadline=None, max_examples=80)

texts = st.text(max_size=30)
# A path that is not UTF-8 becomes a key with lone surrogates.
keys = texts | st.binary(max_size=12).map(
    lambda raw: raw.decode("utf-8", "surrogateescape")
)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,9}", fullmatch=True)
values = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20).map(
    str.strip
)
headers = st.dictionaries(names, values, max_size=4)
bodies = st.binary(max_size=40) | st.sampled_from(
    [b"\x89PNG\r\n", b"\xff\xd8\xff\xe0", b" <Error/>", "<a>杯</a>".encode()]
)
questions = st.builds(
    Asked.of,
    st.sampled_from(["GET", "HEAD", "PUT", "DELETE"]),
    keys,
    st.dictionaries(texts, texts, max_size=4),
    st.dictionaries(st.sampled_from(["Range", "X-Cos-Meta-A", "Host"]), texts),
    st.binary(max_size=8),
)

EXCHANGE = Exchange.of(
    Asked.of("GET", "杯子/mug.jpg", {"ci-process": "AIPicMatting"}),
    200,
    {"x-cos-request-id": "REQ", "ETag": '"1"'},
    b"\x89PNG and more",
)


@law
@given(question=questions, status=st.integers(200, 599), heads=headers, body=bodies)
def test_any_exchange_survives_its_files(question, status, heads, body):
    """Any key, parameters, headers and body are read back as they were written."""
    exchange = Exchange.of(question, status, heads, body)
    files = exchange.to_files()
    files[".json"].decode("utf-8")
    assert Exchange.from_files(files) == exchange


@law
@given(question=questions, heads=headers, body=bodies)
def test_what_is_scrubbed_once_is_clean(question, heads, body):
    """Scrubbing a scrubbed exchange changes nothing, so that replays find it again."""
    once = Exchange.of(question, 200, heads, body).scrubbed(["a" * 8])
    assert once.scrubbed(["a" * 8]) == once
    assert once.question == question.scrubbed(["a" * 8])


def test_the_record_is_plain_text():
    """A person reads the record: sorted, indented, Chinese as Chinese."""
    files = EXCHANGE.to_files()
    assert sorted(files) == [".json", ".png"]
    text = files[".json"].decode()
    assert text.splitlines()[:2] == ["{", '  "answered": {']
    assert '    "key": "杯子/mug.jpg",' in text.splitlines()
    assert text.endswith("}\n")


@pytest.mark.parametrize(
    ("body", "suffix"),
    [
        (b"\x89PNG\r\n\x1a\n", ".png"),
        (b"\xff\xd8\xff\xe1", ".jpg"),
        (b'<?xml version="1.0"?>', ".xml"),
        (b"\n<Error/>", ".xml"),
        (b"tea", ".bin"),
    ],
)
def test_a_body_is_named_by_its_content(body, suffix):
    """The suffix is what a viewer needs, whatever the object key was."""
    files = Exchange.of(Asked.of("GET", "a.webp"), 200, {}, body).to_files()
    assert files[suffix] == body


def test_an_answer_without_a_body_is_one_file():
    """There are no empty files."""
    files = Exchange.of(Asked.of("HEAD", "a"), 200, {}, b"").to_files()
    assert list(files) == [".json"]


def test_only_what_changes_the_answer_identifies_a_request():
    """Who asks and how it is signed does not count; conditions and rules do."""
    asked = Asked.of(
        "get",
        "a.jpg",
        {"q-ak": "AKID", "q-signature": "5aed", "x-cos-security-token": "t", "v": ""},
        {
            "Authorization": "q-sign-algorithm=sha1",
            "Host": "h",
            "User-Agent": "u",
            "x-cos-security-token": "t",
            "Range": "bytes=0-9",
            "If-None-Match": '"1"',
            "Pic-Operations": "{}",
            "Content-Type": "image/png",
            "x-cos-meta-of": "me",
        },
    )
    assert asked == Asked.of(
        "GET",
        "a.jpg",
        {"v": ""},
        {
            "content-type": "image/png",
            "if-none-match": '"1"',
            "pic-operations": "{}",
            "range": "bytes=0-9",
            "x-cos-meta-of": "me",
        },
    )
    assert len(asked.headers) == 5


def test_bodies_of_requests_are_told_apart_and_not_kept():
    """An upload is known by size and SHA-256 of what was sent."""
    one, two = (Asked.of("PUT", "a", {}, {}, body) for body in (b"abc", b"abd"))
    assert one != two
    # FIPS 180-2, appendix B.1: the SHA-256 of "abc".
    assert one.body_sha256.startswith("ba7816bf8f01cfea414140de5dae2223")
    assert one.body_bytes == 3


def test_two_links_signed_at_different_times_are_one_question():
    """A link to the same picture, signed anew, is the same request."""
    link = "https://h/a.jpg?v=1&q-ak={}&q-sign-time={}&q-signature={}"
    links = [link.format("AKID1", "1;2", "aa"), link.format("AKID2", "3;4", "bb")]
    one, two = (Asked.of("GET", "", {"detect-url": text}).scrubbed() for text in links)
    other = Asked.of("GET", "", {"detect-url": links[0].replace("v=1", "v=2")})
    assert one == two
    assert one != other.scrubbed()


@pytest.mark.parametrize(
    ("method", "key", "params", "status", "stays"),
    [
        ("GET", "a.txt", {}, 200, True),
        ("GET", "a.txt", {"versionId": "1"}, 206, True),
        ("GET", "a.txt", {}, 404, False),
        ("GET", "a.txt", {}, 302, False),
        ("GET", "a.txt", {"ci-process": "AIPicMatting"}, 200, False),
        ("GET", "", {"prefix": "a"}, 200, False),
        ("PUT", "a.txt", {}, 200, False),
    ],
)
def test_of_a_fetched_object_only_known_secrets_go(method, key, params, status, stays):
    """An object's own text is data; documents of the service lose all that signs."""
    asked = Asked.of(method, key, params)
    for text in (b"policy=keep&sign=1", b"sign=1 \xff"):
        exchange = Exchange.of(asked, status, {}, text)
        clean = text if stays or b"\xff" in text else b"policy=***&sign=***"
        assert exchange.scrubbed().body == clean
    known = Exchange.of(asked, status, {}, b"it was my-secret-key")
    assert known.scrubbed(["my-secret-key"]).body == b"it was ***"


def test_a_request_reads_as_one_line():
    """What was asked can be shown to a person."""
    asked = Asked.of("PUT", "a.jpg", {"v": "1"}, {"Range": "bytes=0-1"}, b"abc")
    assert str(asked) == (
        "PUT a.jpg?v=1 (range: bytes=0-1, 3 bytes, SHA-256 ba7816bf8f01…)"
    )
    assert str(Asked.of("GET", "")) == "GET /"


def broken(change):
    """The files of `EXCHANGE` with a change to their record."""
    files = EXCHANGE.to_files()
    record = json.loads(files[".json"])
    change(record)
    return files | {".json": json.dumps(record).encode()}


DAMAGES = {
    "later format": (lambda r: r.update(format=2), "format 2"),
    "no format": (lambda r: r.pop("format"), "'format'"),
    "no key": (lambda r: r["asked"].pop("key"), "'key'"),
    "number as key": (lambda r: r["asked"].update(key=1), "expected text"),
    "list as params": (lambda r: r["asked"].update(params=[]), "cannot be read"),
    "size in words": (lambda r: r["asked"].update(body_bytes="x"), "cannot be read"),
    "status 99": (lambda r: r["answered"].update(status=99), "200 to 599"),
    "a way out": (
        lambda r: r["answered"].update(body_suffix="/../../a"),
        "body_suffix",
    ),
    "another body": (lambda r: r["answered"].update(body_suffix=".xml"), "'.xml'"),
    "wrong hash": (lambda r: r["answered"].update(body_sha256=""), "SHA-256"),
    "a header of two lines": (
        lambda r: r["answered"]["headers"].update({"X": "a\r\nB: c"}),
        "header 'X'",
    ),
    "half a header": (
        lambda r: r["answered"]["headers"].update({"X": "\udc80"}),
        "header 'X'",
    ),
    "a header without a name": (
        lambda r: r["answered"]["headers"].update({"": "a"}),
        "header ''",
    ),
}


@pytest.mark.parametrize(("change", "words"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_record_is_refused(change, words):
    """What cannot be replayed is refused, and the refusal says why."""
    with pytest.raises(OptionsError, match=words):
        Exchange.from_files(broken(change))


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_record_is_refused(text):
    """Nor does anything else than an `OptionsError` come of other files."""
    with pytest.raises(OptionsError):
        Exchange.from_files({".json": text})
    with pytest.raises(OptionsError, match=r"\.json"):
        Exchange.from_files({})
