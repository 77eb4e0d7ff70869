"""Laws of storing, deleting and refusing: written is read, junk is told as junk."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.errors import OptionsError, ProtocolError
from cosmat_nb.options import MattingOptions, Operation
from cosmat_nb.wire.address import check_key
from cosmat_nb.wire.deletion import DeleteFailure, DeleteRequest, DeleteResult
from cosmat_nb.wire.documents import ErrorDocument
from cosmat_nb.wire.results import StoredPicture, UploadResult
from cosmat_nb.wire.rules import MAX_HEADER, PicOperations, Rule

law = settings(derandomize=True, deadline=None, max_examples=50)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names = texts.filter(bool)
options = st.builds(
    MattingOptions,
    operation=st.sampled_from(Operation),
    center=st.booleans(),
    padding=st.tuples(st.integers(0, 1000), st.integers(0, 1000)),
)

# The vendor's naming rules once more: what is left of them in short texts.
FORBIDDEN = "\x18\x19\x1a\x1b"
segments = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=f"{FORBIDDEN}/\\"),
    min_size=1,
    max_size=12,
).filter(lambda text: text not in (".", ".."))
keys = st.lists(segments, min_size=1, max_size=3).map("/".join)

# Without two marks side by side, which JSON would read as one character.
halves = st.sampled_from(["\ud800", "\udfff"])


def outcome(call):
    """Give what a call gives and "", or None and why it is refused."""
    try:
        return call(), ""
    except (OptionsError, ProtocolError) as error:
        return None, str(error)


# Rules.


@law
@given(wanted=options, key=keys, source=keys)
def test_a_rule_means_its_key_and_options(wanted, key, source):
    """Options and key are read back from a rule, whatever picture it is for."""
    rule = Rule.of(key, wanted)
    assert rule.options == wanted
    assert rule.target(source) == key
    assert rule.parameters == wanted.parameters


@law
@given(name=keys, folder=keys, source=segments)
def test_a_relative_name_stands_in_the_folder_of_the_source(name, folder, source):
    """A name without slash in front stands beside the source, at any depth."""
    rule = Rule(name, "ci-process=AIPicMatting")
    assert rule.target(source) == name
    assert rule.target(f"{folder}/{source}") == f"{folder}/{name}"
    assert rule.target(f"{folder}//{source}") == f"{folder}//{name}"


@law
@given(fileid=texts | halves | st.lists(names).map("/".join), source=keys)
def test_a_target_is_a_legal_name_or_refused(fileid, source):
    """No fileid leads to a folder, to an empty name or to an illegal key."""
    rule = Rule(fileid, "ci-process=AIPicMatting")
    key, reason = outcome(lambda: rule.target(source))
    if reason:
        return
    assert check_key(key) == key
    assert not key.endswith("/")
    assert key.endswith(fileid.removeprefix("/"))


parts = st.sampled_from(
    ["ci-process=AIPicMatting", " center-layout = 1", "padding-layout=1x2", "x=", "&"]
)


@law
@given(text=texts | st.lists(parts | texts, max_size=3).map("&".join))
def test_any_rule_is_read_or_refused(text):
    """A rule's text gives options or an OptionsError and nothing else."""
    read, reason = outcome(lambda: Rule("a.png", text).options)
    assert reason or MattingOptions.from_rule(read.rule) == read


# The header.

rules = st.builds(Rule, fileid=names, text=names, bucket=texts)
operations = st.builds(
    PicOperations,
    rules=st.lists(rules, max_size=3).map(tuple),
    picture_info=st.booleans(),
)


@law
@given(wanted=operations)
def test_any_operations_survive_the_header(wanted):
    """Any Unicode names are read back from a header of printable ASCII."""
    header = wanted.header
    assert header.isascii()
    assert header.isprintable()
    assert PicOperations.from_header(header) == wanted


@law
@given(
    wanted=operations, indent=st.none() | st.integers(0, 4), ascii_only=st.booleans()
)
def test_the_spelling_of_the_json_does_not_matter(wanted, indent, ascii_only):
    """Order, blanks, raw characters and further names in the JSON change nothing."""
    document = json.loads(wanted.header)
    document["rules"] = [
        dict(reversed([*rule.items(), ("ignore-error", 1)]))
        for rule in document["rules"]
    ]
    document = dict(reversed(document.items()), new=[{}])
    header = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    assert PicOperations.from_header(header) == wanted


long_keys = st.builds(
    lambda text, size: text * (size // len(text.encode())),
    segments,
    st.integers(50, 850),
)


@law
@given(made=st.lists(st.builds(Rule.of, long_keys, options), max_size=5))
def test_a_header_is_short_or_refused(made):
    """A header is at most as long as is sent, or refused in words."""
    wanted = PicOperations(rules=tuple(made))
    header, reason = outcome(lambda: wanted.header)
    if reason:
        assert f"at most {MAX_HEADER}" in reason
        assert len(reason) < 200
    else:
        assert len(header.encode()) <= MAX_HEADER
        assert PicOperations.from_header(header) == wanted


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | halves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner),
    max_leaves=6,
)
near_headers = st.fixed_dictionaries(
    {},
    optional={
        "is_pic_info": st.sampled_from([0, 1, "1"]) | json_values,
        "rules": json_values
        | st.lists(
            st.fixed_dictionaries(
                {"fileid": names, "rule": names | json_values},
                optional={"bucket": texts | json_values},
            ),
            max_size=3,
        ),
    },
)


@law
@given(header=texts | json_values.map(json.dumps) | near_headers.map(json.dumps))
def test_any_header_is_read_or_refused(header):
    """Any header gives operations of texts, or an OptionsError and nothing else."""
    read, reason = outcome(lambda: PicOperations.from_header(header))
    assert len(reason) < 100
    for rule in read.rules if read else ():
        assert all(isinstance(text, str) for text in (rule.text, rule.bucket))
        assert rule.fileid
        assert rule.text


# Documents.

# All that XML 1.0 allows (section 2.2), carriage returns and C1 controls included.
xml_characters = st.characters(
    exclude_categories=["Cs"],
    exclude_characters="".join(
        chr(code) for code in range(32) if code not in (9, 10, 13)
    )
    + "\ufffe\uffff",
)
xml_texts = st.text(xml_characters, max_size=20)
xml_keys = st.text(xml_characters, min_size=1, max_size=20).filter(
    lambda text: text[0] != "/"
)
etags = st.from_regex(r"([0-9a-f]{32}(-[0-9]+)?)?", fullmatch=True)
numbers = st.none() | st.integers(0, 10**15 - 1)
places = {"key": xml_keys, "location": xml_texts, "etag": etags}
sizes = {"height": numbers, "width": numbers, "quality": numbers}

# A source has no size in bytes, and facts only where it has a format.
originals = st.builds(StoredPicture, **places) | st.builds(
    StoredPicture,
    **places,
    **sizes,
    format=xml_texts.filter(bool),
    color=xml_texts,
    orientation=numbers,
)
objects = st.builds(StoredPicture, **places, **sizes, size=numbers, format=xml_texts)
uploads = st.builds(
    UploadResult, original=originals, objects=st.lists(objects, max_size=3).map(tuple)
)
requests = st.builds(
    DeleteRequest,
    keys=st.lists(xml_texts.filter(lambda text: "\r" not in text), max_size=3).map(
        tuple
    ),
    quiet=st.booleans(),
)
failures = st.builds(DeleteFailure, key=xml_texts, code=xml_texts, message=xml_texts)
results = st.builds(
    DeleteResult,
    deleted=st.lists(xml_texts, max_size=3).map(tuple),
    failed=st.lists(failures, max_size=3).map(tuple),
)
refusals = st.builds(
    ErrorDocument,
    code=xml_texts,
    message=xml_texts,
    resource=xml_texts,
    request_id=xml_texts,
    trace_id=xml_texts,
    details=st.dictionaries(st.sampled_from(["StringToSign", "BucketName"]), xml_texts),
)
documents = uploads | requests | results | refusals
READERS = {
    "UploadResult": UploadResult.from_xml,
    "Delete": DeleteRequest.from_xml,
    "DeleteResult": DeleteResult.from_xml,
    "Error": ErrorDocument.from_xml,
}


@settings(law, max_examples=100)
@given(document=documents)
def test_a_document_is_read_back(document):
    """Whatever XML can hold is read back from the document that is written."""
    assert type(document).from_xml(document.to_xml()) == document


@law
@given(wanted=st.lists(texts | keys | halves, min_size=1, max_size=3).map(tuple))
def test_a_key_is_deleted_under_its_own_name_or_not_at_all(wanted):
    """A request names exactly the keys it was made of, or is not made."""
    request, reason = outcome(lambda: DeleteRequest.of(wanted))
    assert reason or DeleteRequest.from_xml(request.to_xml()).keys == wanted


@law
@given(wanted=st.lists(xml_keys.filter(lambda key: "\r" not in key), min_size=1))
def test_only_names_and_characters_are_refused(wanted):
    """A key that is legal and that XML can hold is never refused."""
    legal = [
        key
        for key in wanted
        if key[0] != "\\" and not {".", ".."} & set(key.split("/"))
    ]
    assert len(DeleteRequest.of((*legal, "a.jpg")).keys) == len(legal) + 1


@law
@given(document=documents, data=st.data())
def test_a_cut_document_is_refused(document, data):
    """A document cut at any byte is refused, and never read for its first part."""
    body = document.to_xml()
    end = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(ProtocolError):
        type(document).from_xml(body[:end])


damage = st.sampled_from([b"", b"a", b"1", b" ", b"&#9;", b"<a/>", b"&", b"<", b"\xff"])


@law
@given(document=documents, data=st.data())
def test_a_damaged_document_is_read_or_refused(document, data):
    """Bytes changed on the way give a value or a ProtocolError and nothing else."""
    body = bytearray(document.to_xml())
    start = body.index(b"?>") + 2
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(start, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 2))] = data.draw(damage)
    for reader in READERS.values():
        read, reason = outcome(lambda reader=reader: reader(bytes(body)))
        assert len(reason) < 300
        assert bool(reason) is (read is None)


@law
@given(
    body=st.binary(max_size=200)
    | st.tuples(st.sampled_from([*READERS]), texts).map(
        lambda parts: f"<{parts[0]}>{parts[1]}".encode()
    )
)
def test_junk_is_refused_in_one_way(body):
    """Bytes that are no document raise ProtocolError and nothing else."""
    for reader in READERS.values():
        with pytest.raises(ProtocolError):
            reader(body)


HOSTILE = {
    "doctype": "<!DOCTYPE {0}><{0}/>",
    "entity": "<!DOCTYPE {0} [<!ENTITY x 'ha'>]><{0}>&x;</{0}>",
    "file": "<!DOCTYPE {0} [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><{0}>&x;</{0}>",
    "laughs": "<!DOCTYPE {0} [<!ENTITY l0 'ha'>"
    + "".join(
        f"<!ENTITY l{level} '{f'&l{level - 1};' * 10}'>" for level in range(1, 12)
    )
    + "]><{0}><Key>&l11;</Key></{0}>",
    "undeclared": "<{0}><Key>&nbsp;</Key></{0}>",
    "depth": "<{0}>" + "<Object>" * 500_000,
    "closed depth": "<{0}>" + "<Object>" * 16 + "</Object>" * 16 + "</{0}>",
    "breadth": "<{0}>" + "<Object/>" * 200_000 + "</{0}>",
    "size": "<{0}><Key>" + "a" * (8 << 20) + "</Key></{0}>",
    "attributes": "<{0} " + " ".join(f"a{n}='1'" for n in range(50_000)),
}


@pytest.mark.parametrize("root", list(READERS))
@pytest.mark.parametrize("kind", list(HOSTILE))
def test_a_hostile_document_is_refused_at_once(kind, root):
    """Entities, depth, breadth and size are refused in seconds and a few words."""
    body = HOSTILE[kind].replace("{0}", root).encode()
    begin = time.process_time()
    with pytest.raises(ProtocolError) as caught:
        READERS[root](body)
    assert time.process_time() - begin < 5
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "header",
    [
        "[" * 1_000_000,
        '{"rules":[' * 100_000,
        "1" * 1_000_000,
        '{"is_pic_info":' + "1" * 1_000_000 + "}",
        '"' + "\\u0061" * 200_000,
        '{"rules":[' + "{}," * 300_000 + "{}]}",
    ],
    ids=lambda header: header[:16],
)
def test_a_hostile_header_is_refused_at_once(header):
    """Depth, length and endless numbers in a header are refused at once."""
    begin = time.process_time()
    with pytest.raises(OptionsError) as caught:
        PicOperations.from_header(header)
    assert time.process_time() - begin < 5
    assert len(str(caught.value)) < 100
