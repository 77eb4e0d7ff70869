"""Signatures: the vendor's vectors, the vendor's client as oracle, and silence."""

import copy
import dataclasses
import hashlib
import json
import logging
import pickle
import pprint
import traceback
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qcloud_cos import CosConfig, CosS3Client
from qcloud_cos.cos_auth import CosS3Auth

from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.address import encode, parse_target
from cosmat_nb.wire.authorization import Authorization
from cosmat_nb.wire.canonical import format_string
from cosmat_nb.wire.credentials import Credentials
from cosmat_nb.wire.signature import (
    MAX_SKEW,
    Verdict,
    sign,
    sign_key,
    signature,
    string_to_sign,
    verify,
)

VECTORS = json.loads(
    Path(__file__).with_name("vectors.json").read_text(encoding="utf-8")
)
each_vector = pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
each_keyed_vector = pytest.mark.parametrize(
    "vector", [v for v in VECTORS if v["secret_key"]], ids=lambda v: v["name"]
)

HOST = "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com"
SECRET_KEY = "kKqX3vZp8Wm1SecretKey"
TOKEN = "tT0kenYh5Rc2SecurityToken"
KEYS = Credentials("AKIDexample0123456789", SECRET_KEY, TOKEN)
SIGNED = sign(KEYS, "GET", "/a.jpg", {"b": "1"}, {"host": HOST}, (1000, 2000))


def verifies(signed, key, method, path, params, headers):
    text = signed.text(method, path, params, headers)
    return verify(signed, key, text, now=signed.period[0]) is Verdict.VALID


def text_of(vector):
    return format_string(
        vector["method"], vector["path"], vector["params"], vector["headers"]
    )


# The algorithm: vendor's page "Request Signature"; each vector names its source.


@each_vector
def test_the_canonical_text_has_the_published_digest(vector):
    """SHA-1 of our HttpString is the one that the vector's source prints."""
    assert hashlib.sha1(text_of(vector).encode()).hexdigest() == vector["sha1"]


@each_vector
def test_the_string_to_sign_holds_the_published_digest(vector):
    """The string to sign is four lines of which the last is empty."""
    written = string_to_sign(vector["key_time"], text_of(vector))
    assert written == f"sha1\n{vector['key_time']}\n{vector['sha1']}\n"


@each_vector
def test_the_signature_is_the_published_one(vector):
    """From the derived key onwards, every vector's signature comes out."""
    signed = signature(vector["sign_key"], vector["key_time"], text_of(vector))
    assert signed == vector["signature"]


@each_keyed_vector
def test_the_derived_key_is_the_published_one(vector):
    """The secret key and the period give the derived key of the vector."""
    assert sign_key(vector["secret_key"], vector["key_time"]) == vector["sign_key"]


@each_keyed_vector
def test_sign_makes_the_published_signature(vector):
    """Signing a whole request gives the vector's signature and period."""
    start, end = map(int, vector["key_time"].split(";"))
    signed = sign(
        Credentials("test-id", vector["secret_key"]),
        vector["method"],
        vector["path"],
        vector["params"],
        vector["headers"],
        (start, end),
    )
    assert signed.signature == vector["signature"]
    assert signed.period == (start, end)


def test_an_empty_part_keeps_its_line():
    """HttpString has four line ends even without parameters and headers."""
    assert format_string("GET", "/", {}, {}) == "get\n/\n\n\n"


def test_names_are_lowered_and_values_are_not():
    """Names are encoded then lowered, values are encoded only; order is by name."""
    # Worked out by hand from the rules of the vendor's page.
    text = format_string(
        "Put", "/K%", {"b/C": "X Y", "a": "~*"}, {"X-B": "", "Host": "A"}
    )
    assert text == "put\n/K%\na=~%2A&b%2fc=X%20Y\nhost=A&x-b=\n"


def test_names_are_sorted_after_encoding():
    """The order is that of the encoded names, where ``%`` comes before letters."""
    written = format_string("GET", "/", {"a": "1", "é": "2", "-": "3"}, {})
    assert written.split("\n")[2] == "%c3%a9=2&-=3&a=1"


def test_the_header_has_seven_fields_in_the_vendors_order():
    """The Authorization header is the seven fields of the vendor's page, joined."""
    assert SIGNED.header == (
        "q-sign-algorithm=sha1&q-ak=AKIDexample0123456789&q-sign-time=1000;2000"
        "&q-key-time=1000;2000&q-header-list=host&q-url-param-list=b&q-signature="
        + SIGNED.signature
    )


# The vendor's own client as oracle.

signed_headers = st.sampled_from(
    ["Content-Type", "content-md5", "Range", "Pic-Operations", "x-cos-meta-a", "Origin"]
)
plain_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
param_maps = st.dictionaries(plain_text, plain_text, max_size=4).filter(
    lambda params: len({encode(name).lower() for name in params}) == len(params)
)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    method=st.sampled_from(["GET", "PUT", "POST", "HEAD", "DELETE"]),
    key=plain_text.filter(lambda key: not key.startswith("/")),
    params=param_maps,
    headers=st.dictionaries(signed_headers, plain_text, max_size=4),
)
def test_the_vendors_client_writes_the_same_header(method, key, params, headers):
    """For any request, our header is the vendor's Python client's, byte for byte."""
    config = CosConfig(
        Region="ap-guangzhou", SecretId="test-id", SecretKey="test-key", Scheme="http"
    )
    request = SimpleNamespace(
        method=method, url=f"http://{HOST}/", headers=dict(headers)
    )
    CosS3Auth(config, key, params, expire=600)(request)
    theirs = Authorization.from_header(request.headers["Authorization"])
    ours = sign(
        Credentials("test-id", "test-key"),
        method,
        f"/{key}",
        params,
        {**headers, "host": HOST},
        theirs.period,
    )
    assert ours.header == request.headers["Authorization"]


def test_a_link_presigned_by_the_vendors_client_verifies():
    """A link of the vendor's client, read with our parser, carries a good signature."""
    client = CosS3Client(
        CosConfig(Region="ap-guangzhou", SecretId="test-id", SecretKey="test-key")
    )
    params = {"ci-process": "AIPicMatting", "note": "a b+c/d"}
    link = urlsplit(
        client.get_presigned_url(
            Bucket="examplebucket-1250000000",
            Key="p1/腾讯 a+b.jpg",
            Method="GET",
            Params=params,
        )
    )
    key, query = parse_target(f"{link.path}?{link.query}")
    signed = Authorization.from_fields(query)
    assert key == "p1/腾讯 a+b.jpg"
    assert set(signed.param_list) == {"ci-process", "note"}
    headers = {"Host": link.netloc}
    assert verifies(signed, "test-key", "GET", f"/{key}", query, headers)
    assert not verifies(signed, "test-kez", "GET", f"/{key}", query, headers)


# Reading what others wrote.


def test_a_header_is_read_back():
    """What sign made is what from_header reads."""
    assert Authorization.from_header(SIGNED.header) == SIGNED


def test_the_fields_are_read_back():
    """The fields of a presigned link are the header's fields."""
    assert Authorization.from_fields({**SIGNED.fields, "other": "x"}) == SIGNED


@pytest.mark.parametrize("name", list(SIGNED.fields))
def test_a_missing_field_is_named(name):
    """A signature without one of its fields is refused and the field is named."""
    fields = {key: value for key, value in SIGNED.fields.items() if key != name}
    with pytest.raises(OptionsError, match=name):
        Authorization.from_fields(fields)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("q-sign-algorithm", "sha256"),
        ("q-sign-algorithm", "SHA1"),
        ("q-key-time", "1000;2001"),
        ("q-sign-time", "999;2000"),
    ],
)
def test_a_strange_field_is_refused(name, value):
    """Another algorithm, or two times that differ, are refused."""
    with pytest.raises(OptionsError, match=name):
        Authorization.from_fields({**SIGNED.fields, name: value})


@pytest.mark.parametrize(
    "time",
    ["", ";", "1000", "1000;", ";2000", "a;b", "1;2;3", "-1;2", "1.0;2", " 1;2", "²;3"],
)
def test_a_strange_period_is_refused(time):
    """A period that is not two whole numbers of seconds is refused."""
    with pytest.raises(OptionsError, match="q-sign-time"):
        Authorization.from_fields(
            {**SIGNED.fields, "q-sign-time": time, "q-key-time": time}
        )


@pytest.mark.parametrize("time", ["0;" + "9" * 5000, "9" * 5000 + ";0"])
def test_an_endless_period_is_refused(time):
    """A period too long to be a number is refused when read, not later."""
    fields = {**SIGNED.fields, "q-sign-time": time, "q-key-time": time}
    with pytest.raises(OptionsError, match="q-sign-time"):
        Authorization.from_fields(fields)


@pytest.mark.parametrize("header", ["", "Basic dGVzdA==", "&&&", "q-ak", "=", "é=ü"])
def test_another_scheme_is_refused(header):
    """A header that is no signature of this kind is refused as such."""
    with pytest.raises(OptionsError, match="lacks"):
        Authorization.from_header(header)


@pytest.mark.parametrize("forged", ["", "é" * 40, "\udcff" * 40, "0" * 40, "0" * 4000])
def test_a_forged_signature_does_not_match(forged):
    """Whatever text stands for the signature, the answer is no and never a crash."""
    signed = dataclasses.replace(SIGNED, signature=forged)
    assert not verifies(signed, SECRET_KEY, "GET", "/a.jpg", {"b": "1"}, {"host": HOST})


def test_names_are_looked_up_in_any_case():
    """Header names of the request may be written in any case."""
    assert verifies(
        SIGNED, SECRET_KEY, "get", "/a.jpg", {"B": "1"}, {"HOST": HOST, "X": "y"}
    )


def test_uncovered_names_do_not_count():
    """Parameters and headers outside the lists may change freely."""
    assert verifies(
        SIGNED, SECRET_KEY, "GET", "/a.jpg", {"b": "1", "c": "2"}, {"host": HOST}
    )


def test_an_absent_covered_name_does_not_match():
    """A request that lost a covered parameter or header no longer matches."""
    headers = {"host": HOST}
    assert not verifies(SIGNED, SECRET_KEY, "GET", "/a.jpg", {}, headers)
    assert not verifies(SIGNED, SECRET_KEY, "GET", "/a.jpg", {"b": "1"}, {})


def test_a_value_may_be_empty():
    """A parameter without value is covered as ``name=`` and its list says the name."""
    signed = sign(KEYS, "POST", "/a.jpg", {"image_process": ""}, {}, (0, 1))
    assert signed.param_list == ("image_process",)
    _, params = parse_target("/a.jpg?image_process")
    assert verifies(signed, SECRET_KEY, "POST", "/a.jpg", params, {})


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (1000, Verdict.VALID),
        (1500.5, Verdict.VALID),
        (2000, Verdict.VALID),
        (2001, Verdict.EXPIRED),
        (10**9, Verdict.EXPIRED),
        (100, Verdict.VALID),
        (99, Verdict.NOT_YET),
        (0, Verdict.NOT_YET),
    ],
)
def test_the_period_is_looked_at(now, verdict):
    """A good signature counts from start to end, by a clock up to 15 minutes slow."""
    # Vendor's COS error list: over 15 minutes apart is RequestTimeTooSkewed.
    assert MAX_SKEW == 900
    text = SIGNED.text("GET", "/a.jpg", {"b": "1"}, {"host": HOST})
    assert verify(SIGNED, SECRET_KEY, text, now) is verdict


@pytest.mark.parametrize("now", [0, 1500, 10**9])
def test_a_mismatch_is_told_before_the_period(now):
    """Who cannot sign learns nothing about time."""
    text = SIGNED.text("GET", "/b.jpg", {"b": "1"}, {"host": HOST})
    assert verify(SIGNED, SECRET_KEY, text, now) is Verdict.MISMATCH


# Credentials.


@pytest.mark.parametrize(
    ("secret_id", "secret_key", "token"),
    [
        ("", "k", ""),
        ("i", "", ""),
        ("i d", "k", ""),
        ("i", "k k", ""),
        ("i\n", "k", ""),
        ("i", "k\r\n", ""),
        ("i", "\tk", ""),
        ("i", "k\xa0", ""),
        (None, "k", ""),
        ("i", 5, ""),
        ("i", "k", "t\n"),
        ("i", "k", None),
    ],
)
def test_unusable_credentials_are_refused(secret_id, secret_key, token):
    """Empty, broken or mistyped parts of credentials are refused when given."""
    with pytest.raises(OptionsError):
        Credentials(secret_id, secret_key, token)


@pytest.mark.parametrize("secret_id", ["AKID&q-ak=other", "AKID腾讯"])
def test_an_id_that_no_header_can_hold_is_refused(secret_id):
    """An id that would break the Authorization header is refused when given."""
    with pytest.raises(OptionsError):
        Credentials(secret_id, "k")


def test_the_id_is_shown_shortened():
    """The repr shows the two ends of the id and that there is a token."""
    assert repr(KEYS) == (
        "Credentials(secret_id='AKID…6789', secret_key=***, token=***)"
    )
    assert repr(Credentials("short", "k")) == (
        "Credentials(secret_id='s…t', secret_key=***)"
    )


def test_credentials_are_values():
    """Credentials compare, hash, copy and pickle as values, and cannot be changed."""
    twin = Credentials(KEYS.secret_id, SECRET_KEY, TOKEN)
    assert twin == KEYS
    assert hash(twin) == hash(KEYS)
    assert copy.deepcopy(KEYS) == KEYS
    assert pickle.loads(pickle.dumps(KEYS)) == KEYS
    with pytest.raises(dataclasses.FrozenInstanceError):
        KEYS.secret_key = "other"


# Silence: house rule, secrets never appear in a repr, a log line or an exception.

SECRETS = (SECRET_KEY, TOKEN, SIGNED.signature)


def shown(value):
    """Write a value in every way that a notebook, a log or a debugger would."""
    record = logging.LogRecord("x", 10, "x", 1, "%s %r", (value, value), None)
    return "\n".join(
        (
            repr(value),
            str(value),
            f"{value}",
            repr([value]),
            repr({"a": (value,)}),
            repr(SimpleNamespace(held=value)),
            pprint.pformat(value, width=1),
            pprint.pformat({"a": [value]}, width=1),
            record.getMessage(),
        )
    )


@pytest.mark.parametrize("value", [KEYS, SIGNED], ids=["credentials", "authorization"])
def test_nothing_secret_is_shown(value):
    """No way of showing credentials or a signature shows key, token or signature."""
    text = shown(value)
    assert len(text) > 100
    assert not [secret for secret in SECRETS if secret in text]


def test_an_authorization_shows_the_id_shortened():
    """An authorization masks the id of the key in the same way as the credentials."""
    assert "AKIDexample0123456789" not in shown(SIGNED)


def test_a_holder_shows_nothing_secret():
    """A dataclass that holds both shows neither, as a client of this package would."""
    holder = dataclasses.make_dataclass("Holder", ["keys", "signed"])
    text = shown(holder(KEYS, SIGNED))
    assert "Holder" in text
    assert not [secret for secret in SECRETS if secret in text]


def spoilt():
    """Calls that must fail, each holding every secret that it can."""
    header = SIGNED.header
    return {
        "empty id": lambda: Credentials("", SECRET_KEY, TOKEN),
        "blank": lambda: Credentials("i d", SECRET_KEY, TOKEN),
        "key with line end": lambda: Credentials("id", SECRET_KEY + "\n", TOKEN),
        "key with blank": lambda: Credentials("id", " " + SECRET_KEY, TOKEN),
        "key as bytes": lambda: Credentials("id", SECRET_KEY.encode(), TOKEN),
        "token with line end": lambda: Credentials("id", SECRET_KEY, TOKEN + "\n"),
        "unknown argument": lambda: Credentials("id", SECRET_KEY, TOKEN, TOKEN),
        "assignment": lambda: setattr(KEYS, "secret_key", SECRET_KEY),
        "no algorithm": lambda: Authorization.from_header(header[5:]),
        "algorithm": lambda: Authorization.from_header(header.replace("sha1", "md5")),
        "times": lambda: Authorization.from_header(header.replace("1000", "1", 1)),
        "period": lambda: Authorization.from_header(header.replace("1000", "x")),
        "cut": lambda: Authorization.from_header(header[:80] + SIGNED.signature),
        "glued": lambda: Authorization.from_header(header.replace("&", "")),
        "method": lambda: sign(KEYS, 5, "/", {}, {}, (0, 1)),
        "value": lambda: sign(KEYS, "GET", "/", {"a": None}, {}, (0, 1)),
        "period type": lambda: sign(KEYS, "GET", "/", {}, {}, ()),
    }


@pytest.mark.parametrize("name", list(spoilt()))
def test_no_exception_tells_a_secret(name):
    """An error about credentials or a signature never quotes what is secret in it."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - any kind may not tell
        spoilt()[name]()
    text = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert not [secret for secret in SECRETS if secret in text]
