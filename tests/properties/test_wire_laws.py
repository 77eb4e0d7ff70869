"""Laws of the treaty: what is written is read, what is changed is noticed."""

import dataclasses
import io
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from cosmat_nb.errors import ProtocolError
from cosmat_nb.options import MattingOptions, Operation
from cosmat_nb.wire.address import encode, parse_target, quote_path, write_target
from cosmat_nb.wire.authorization import Authorization
from cosmat_nb.wire.credentials import Credentials
from cosmat_nb.wire.documents import ErrorDocument, Listing, ObjectInfo
from cosmat_nb.wire.operations import MattingQuery
from cosmat_nb.wire.png import inspect_png
from cosmat_nb.wire.signature import Verdict, sign, verify

law = settings(derandomize=True, deadline=None, max_examples=60)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names = texts.filter(bool)
params = st.dictionaries(names, texts, max_size=4).filter(
    lambda values: len({encode(name).lower() for name in values}) == len(values)
)
headers = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True), texts, max_size=4
)
options = st.builds(
    MattingOptions,
    operation=st.sampled_from(Operation),
    center=st.booleans(),
    padding=st.tuples(st.integers(0, 1000), st.integers(0, 1000)),
)


@law
@given(key=texts)
def test_any_key_survives_its_path(key):
    """Any Unicode key is read back from the path that is written for it, all ASCII."""
    path = quote_path(key)
    assert path.isascii()
    assert parse_target(path) == (key, {})


@law
@given(key=texts, values=params)
def test_any_request_survives_its_target(key, values):
    """Key and parameters are read back from a target, in their order."""
    target = write_target(key, values)
    assert target.isascii()
    assert target.isprintable()
    assert " " not in target
    read, found = parse_target(target)
    assert (read, list(found.items())) == (key, list(values.items()))


@law
@given(wanted=options)
def test_options_survive_their_rule(wanted):
    """Options are read back from rule and parameters, which say the same."""
    assert MattingOptions.from_rule(wanted.rule) == wanted
    assert MattingOptions.from_parameters(wanted.parameters) == wanted
    assert wanted.rule.replace("=", " = ").replace("&", " & ") != wanted.rule
    assert (
        MattingOptions.from_rule(wanted.rule.replace("=", " = ").replace("&", " & "))
        == wanted
    )


@law
@given(wanted=options, path=texts)
def test_a_query_survives_the_wire(wanted, path):
    """A query by address is read back from the target that carries it."""
    query = MattingQuery(wanted, url=f"https://www.example.com/{path}")
    key, found = parse_target(write_target(query.key, query.parameters))
    assert MattingQuery.from_parameters(key, found) == query


# Signatures.

METHODS = ["GET", "PUT", "POST", "HEAD", "DELETE"]
requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(METHODS),
        "path": texts.map(lambda key: f"/{key}"),
        "params": params,
        "headers": headers,
    }
)
periods = st.tuples(st.integers(0, 2**33), st.integers(0, 2**33))
KEYS = Credentials("test-id", "test-key")


def sent(request, period):
    """Sign a request and read the signature from its header, as the service does."""
    return Authorization.from_header(sign(KEYS, **request, period=period).header)


def verifies(signed, request, key="test-key"):
    # A mismatch is told before the period is looked at: these periods are any.
    verdict = verify(signed, key, signed.text(**request), now=0)
    return verdict is not Verdict.MISMATCH


def changed(values, data):
    """Change, drop or rename one of the values."""
    name = data.draw(st.sampled_from(sorted(values)))
    how = data.draw(st.sampled_from(["value", "drop", "rename"]))
    rest = {other: text for other, text in values.items() if other != name}
    if how == "value":
        return {**rest, name: values[name] + data.draw(names)}
    return rest if how == "drop" else {**rest, f"{name}x": values[name]}


@law
@given(request=requests, period=periods)
def test_a_signed_request_verifies(request, period):
    """Any signed request verifies from its header, and with no other key."""
    signed = sent(request, period)
    assert signed.period == period
    assert verifies(signed, request)
    assert not verifies(signed, request, key="test-kez")


@law
@given(request=requests, period=periods, data=st.data())
def test_any_single_change_is_noticed(request, period, data):
    """After one change of method, path, parameter, header or time nothing verifies."""
    signed = sent(request, period)
    part = data.draw(st.sampled_from([*request, "time", "signature"]))
    if part == "method":
        request["method"] = data.draw(
            st.sampled_from([name for name in METHODS if name != request["method"]])
        )
    elif part == "path":
        request["path"] += data.draw(names)
    elif part == "time":
        start, end = period
        moved = data.draw(st.sampled_from([(start + 1, end), (start, end + 1)]))
        signed = dataclasses.replace(signed, key_time=f"{moved[0]};{moved[1]}")
    elif part == "signature":
        at = data.draw(st.integers(0, 39))
        digit = "1" if signed.signature[at] == "0" else "0"
        forged = signed.signature[:at] + digit + signed.signature[at + 1 :]
        signed = dataclasses.replace(signed, signature=forged)
    else:
        assume(request[part])
        request[part] = changed(request[part], data)
    assert not verifies(signed, request)


@law
@given(request=requests, period=periods, extra=names)
def test_what_is_not_covered_may_come_along(request, period, extra):
    """A parameter or header that the lists do not name changes nothing."""
    # Vendor's page "Request Signature": the lists say what was signed.
    assume(encode(extra).lower() not in {encode(n).lower() for n in request["params"]})
    signed = sent(request, period)
    request["params"][extra] = "x"
    request["headers"]["zz-added-on-the-way"] = "x"
    assert verifies(signed, request)


# Documents.

xml_texts = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"],
        include_characters="\t\n",
        exclude_characters="\ufffe\uffff",
    ),
    max_size=30,
)
# Hypothesis wants these bounds without a zone.
FIRST, LAST = (datetime.fromisoformat(f"{year}-01-02") for year in (1970, 2200))
times = st.datetimes(FIRST, LAST, timezones=st.just(UTC)).map(
    lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000)
)


def listings(text, *, url_encoded):
    infos = st.builds(
        ObjectInfo,
        key=text.filter(bool),
        size=st.integers(0, 2**50),
        etag=st.from_regex(r"[0-9a-f]{32}(-[0-9]+)?", fullmatch=True),
        last_modified=times,
    )
    return st.builds(
        Listing,
        bucket=st.just("examplebucket-1250000000"),
        prefix=text,
        marker=text,
        delimiter=text,
        max_keys=st.integers(1, 1000),
        contents=st.lists(infos, max_size=3).map(tuple),
        common_prefixes=st.lists(text, max_size=3).map(tuple),
        next_marker=text,
        url_encoded=st.just(url_encoded),
    )


@law
@given(page=listings(texts, url_encoded=True))
def test_any_key_survives_an_encoded_listing(page):
    """A listing with any Unicode keys is read back whole when keys are encoded."""
    body = page.to_xml()
    assert body.isascii()
    assert Listing.from_xml(body) == page


@law
@given(page=listings(xml_texts, url_encoded=False))
def test_xml_keys_survive_a_plain_listing(page):
    """A plain listing is read back whole where XML can hold its keys."""
    assert Listing.from_xml(page.to_xml()) == page


@law
@given(
    document=st.builds(
        ErrorDocument,
        code=xml_texts,
        message=xml_texts,
        resource=xml_texts,
        request_id=xml_texts,
        trace_id=xml_texts,
        details=st.dictionaries(
            st.sampled_from(["StringToSign", "FormatString", "BucketName"]), xml_texts
        ),
    )
)
def test_an_error_document_is_read_back(document):
    """Whatever an error says is read back from its document."""
    assert ErrorDocument.from_xml(document.to_xml()) == document


@law
@given(body=st.binary(max_size=200) | texts.map(lambda text: f"<Error>{text}".encode()))
def test_garbage_is_refused_in_one_way(body):
    """Bytes that are no document raise ProtocolError and nothing else."""
    for reader in (ErrorDocument.from_xml, Listing.from_xml, inspect_png):
        with pytest.raises(ProtocolError):
            reader(body)


# PNG.

CHANNELS = {"L": 1, "LA": 2, "P": 1, "RGB": 3, "RGBA": 4, "I;16": 2}


@st.composite
def pictures(draw, largest=12):
    """Draw a small picture of any of Pillow's modes and the file that Pillow writes."""
    mode = draw(st.sampled_from(sorted(CHANNELS)))
    size = draw(st.tuples(st.integers(1, largest), st.integers(1, largest)))
    count = size[0] * size[1] * CHANNELS[mode]
    content = draw(st.binary(min_size=count, max_size=count))
    image = Image.frombytes(mode, size, content)
    if mode == "P":
        image.putpalette(bytes(range(256)) * 3)
    if mode in ("LA", "RGBA") and draw(st.booleans()):
        image.putalpha(0)
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=draw(st.integers(0, 9)))
    return image, stream.getvalue()


@law
@given(pictures())
def test_every_file_of_pillow_is_told_rightly(picture):
    """Size, alpha channel and emptiness of Pillow's files are what Pillow tells."""
    image, data = picture
    has_alpha = image.mode in ("LA", "RGBA")
    info = inspect_png(data)
    assert (info.width, info.height) == image.size
    assert info.has_alpha is has_alpha
    assert info.is_empty is bool(
        has_alpha and not np.asarray(image.getchannel("A")).any()
    )


@settings(law, max_examples=15)
@given(pictures(largest=4))
def test_every_strict_prefix_is_refused(picture):
    """A file cut at any byte is refused."""
    _, data = picture
    inspect_png(data)
    for end in range(len(data)):
        with pytest.raises(ProtocolError):
            inspect_png(data[:end])


def covered(data):
    """List the offsets that a checksum covers, and those of the checksums."""
    at, offsets = 8, []
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        offsets += range(at + 4, at + 12 + length)
        at += 12 + length
    return offsets


@settings(law, max_examples=15)
@given(picture=pictures(largest=4), mask=st.integers(1, 255))
def test_every_changed_byte_is_noticed(picture, mask):
    """A byte changed anywhere under a checksum, or in it, is noticed."""
    _, data = picture
    for at in covered(data):
        broken = bytearray(data)
        broken[at] ^= mask
        with pytest.raises(ProtocolError):
            inspect_png(bytes(broken))
