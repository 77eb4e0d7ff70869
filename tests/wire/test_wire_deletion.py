"""Multi-delete: no key is deleted that was not named."""

import dataclasses

import pytest
from qcloud_cos.cos_comm import format_dict, format_xml, xml_to_dict

from cosmat_nb.errors import OptionsError, ProtocolError
from cosmat_nb.wire.deletion import (
    MAX_DELETE,
    DeleteFailure,
    DeleteRequest,
    DeleteResult,
)

ODD = ("a b.jpg", " ", " a ", "a&b<c>.jpg", "腾讯/😀.png", "tab\tline\n.jpg", "a%20b+")

# Layout of both: vendor's page "DELETE Multiple Objects".
REQUEST = b"""<Delete>
    <Quiet>false</Quiet>
    <Object>
        <Key>photo-1.jpg</Key>
    </Object>
    <Object>
        <Key>p1/photo-2.jpg</Key>
        <VersionId>MTg0NDUxNTc1NjIzMTQ1MDAwODg</VersionId>
    </Object>
</Delete>"""
RESULT = b"""<?xml version='1.0' encoding='utf-8' ?>
<DeleteResult>
    <Deleted>
        <Key>photo-1.jpg</Key>
    </Deleted>
    <Error>
        <Key>p1/photo-2.jpg</Key>
        <Code>PathConflict</Code>
        <Message>Path conflict.</Message>
    </Error>
</DeleteResult>"""


def test_a_request_is_written():
    """The document says quiet first and then each key in an object of its own."""
    request = DeleteRequest.of(("a&b.jpg", "c.jpg"))
    assert not request.quiet
    assert request.to_xml() == (
        b'<?xml version="1.0" encoding="UTF-8"?><Delete><Quiet>false</Quiet>'
        b"<Object><Key>a&amp;b.jpg</Key></Object><Object><Key>c.jpg</Key></Object>"
        b"</Delete>"
    )
    quiet = dataclasses.replace(request, quiet=True)
    assert b"<Quiet>true</Quiet>" in quiet.to_xml()


def test_a_request_of_the_page_is_read():
    """Keys are read in their order, and versions are passed over."""
    assert DeleteRequest.from_xml(REQUEST) == DeleteRequest(
        keys=("photo-1.jpg", "p1/photo-2.jpg"), quiet=False
    )


@pytest.mark.parametrize(
    ("text", "quiet"),
    [("true", True), ("True", True), (" true ", True), ("false", False), ("", False)],
)
def test_quiet_is_read(text, quiet):
    """Quiet is what says true, whatever its letters; the default is to tell all."""
    body = REQUEST.replace(b"false", text.encode())
    assert DeleteRequest.from_xml(body).quiet is quiet
    assert not DeleteRequest.from_xml(b"<Delete/>").quiet


def test_odd_keys_stay_themselves():
    """Blanks at the ends, markup, other scripts and line ends come back unchanged."""
    request = DeleteRequest.of(ODD)
    assert DeleteRequest.from_xml(request.to_xml()) == request
    read = xml_to_dict(request.to_xml().decode())
    assert [row["Key"] for row in read["Object"]] == list(ODD)


@pytest.mark.parametrize(
    "character", ["\x00", "\x01", "\x1f", "\ufffe", "\uffff", "\r"]
)
def test_a_key_that_xml_cannot_hold_is_never_another_key(character):
    """Such a key is refused, both when a request is made and when it is written."""
    key = f"a{character}.jpg"
    with pytest.raises(OptionsError, match="delete it alone"):
        DeleteRequest.of(("b.jpg", key))
    with pytest.raises(OptionsError, match="delete it alone"):
        DeleteRequest(keys=("b.jpg", key)).to_xml()


@pytest.mark.parametrize(
    "key", ["", None, 3.5, "/a.jpg", "a/../b.jpg", "\x18", "\ud800", "a" * 851]
)
def test_an_illegal_key_is_refused(key):
    """A key that breaks a naming rule is refused before sending."""
    with pytest.raises(OptionsError, match="object key"):
        DeleteRequest.of(("b.jpg", key))


def test_a_call_deletes_one_to_a_thousand_keys():
    """A thousand keys go in one call; none, or one more, are refused."""
    assert MAX_DELETE == 1000
    keys = tuple(f"{number}.jpg" for number in range(1001))
    assert DeleteRequest.of(keys[:1000]).keys == keys[:1000]
    assert DeleteRequest.of(keys[:1]).keys == keys[:1]
    for wrong in (keys, ()):
        with pytest.raises(OptionsError, match="1 to 1000"):
            DeleteRequest.of(wrong)


@pytest.mark.parametrize("quiet", ["true", "false"])
@pytest.mark.parametrize("keys", [("a.jpg",), ("a&b <c>.jpg", "腾😀.jpg", " d ")])
def test_a_request_of_the_vendors_client_is_read(keys, quiet):
    """What the vendor's Python client sends is read, with one key and with many."""
    body = format_xml(
        {"Object": [{"Key": key} for key in keys], "Quiet": quiet}, "Delete"
    )
    assert DeleteRequest.from_xml(body) == DeleteRequest(
        keys=keys, quiet=quiet == "true"
    )


def test_a_result_of_the_page_is_read_and_written():
    """What is gone and what is not are read, and written in the same order."""
    result = DeleteResult.from_xml(RESULT)
    assert result == DeleteResult(
        deleted=("photo-1.jpg",),
        failed=(
            DeleteFailure(
                key="p1/photo-2.jpg", code="PathConflict", message="Path conflict."
            ),
        ),
    )
    plain = b"".join(line.strip() for line in RESULT.splitlines()[1:])
    assert result.to_xml().partition(b"?>")[2] == plain


def test_a_quiet_result_without_failures_is_empty():
    """When all is gone a quiet answer tells nothing."""
    assert DeleteResult.from_xml(b"<DeleteResult/>") == DeleteResult()
    assert DeleteResult.from_xml(DeleteResult().to_xml()) == DeleteResult()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_vendors_client_reads_our_result(count):
    """The vendor's Python client sees the same keys, codes and messages."""
    deleted = tuple(f"a&{number}.jpg" for number in range(count))
    failed = tuple(
        DeleteFailure(key=f"腾{number}", code="AccessDenied", message="No <right>.")
        for number in range(count)
    )
    body = DeleteResult(deleted=deleted, failed=failed).to_xml()
    # Its delete_objects reads so; an empty document is None to it.
    read = format_dict(xml_to_dict(body.decode()), ["Deleted", "Error"]) or {}
    assert [row["Key"] for row in read.get("Deleted", [])] == list(deleted)
    assert [
        (row["Key"], row["Code"], row["Message"]) for row in read.get("Error", [])
    ] == [(row.key, row.code, row.message) for row in failed]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<Error/>",
        b"<html></html>",
        b"<delete/>",
        b"<!DOCTYPE Delete><Delete/>",
        b"<Delete><Object><Key>a</Key></Object>",
        b"<Delete><Object><Key>&#1;</Key></Object></Delete>",
        b"<DeleteResult><Deleted><Key>\x01</Key></Deleted></DeleteResult>",
    ],
)
def test_another_body_is_refused(body):
    """What is not such a document is refused by both readers."""
    for reader in (DeleteRequest.from_xml, DeleteResult.from_xml):
        with pytest.raises(ProtocolError):
            reader(body)
