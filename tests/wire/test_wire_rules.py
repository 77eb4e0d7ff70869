"""Pic-Operations: rules, where their results go, and the header that carries them."""

import dataclasses
import json

import pytest

from cosmat_nb.errors import OptionsError
from cosmat_nb.options import MattingOptions, Operation
from cosmat_nb.wire.rules import MAX_HEADER, MAX_RULES, PicOperations, Rule

PLAIN = MattingOptions()
FULL = MattingOptions(operation="GoodsMatting", center=True, padding=(20, 10))


# Names of results.


@pytest.mark.parametrize(
    ("source", "fileid", "key"),
    [
        # The first two: vendor's page "Generic Image Matting", 2026-01-09.
        ("p1/test1.jpg", "/p2/test2.jpg", "p2/test2.jpg"),
        ("p1/test1.jpg", "p2/test2.jpg", "p1/p2/test2.jpg"),
        # What surprises people: a relative name that was meant from the root.
        ("bg/x.jpg", "bg/a.png", "bg/bg/a.png"),
        ("bg/x.jpg", "/bg/a.png", "bg/a.png"),
        ("bg/x.jpg", "a.png", "bg/a.png"),
        ("x.jpg", "a.png", "a.png"),
        ("x.jpg", "cut/a.png", "cut/a.png"),
        ("x.jpg", "/cut/a.png", "cut/a.png"),
        ("p1/p2/p3/x.jpg", "a.png", "p1/p2/p3/a.png"),
        # The picture itself is overwritten.
        ("p1/test1.jpg", "/p1/test1.jpg", "p1/test1.jpg"),
        ("p1/test1.jpg", "test1.jpg", "p1/test1.jpg"),
        # Keys are not paths: an empty folder name is a name.
        ("p1//x.jpg", "a.png", "p1//a.png"),
        ("p1/x.jpg", "/p2//a.png", "p2//a.png"),
        ("腾 讯/x.jpg", "a+b%20.png", "腾 讯/a+b%20.png"),
        (".../x.jpg", "a..png", ".../a..png"),
    ],
)
def test_a_result_goes_where_the_page_says(source, fileid, key):
    """With a slash in front it goes from the root, else from the source's folder."""
    assert Rule(fileid, PLAIN.rule).target(source) == key


@pytest.mark.parametrize(
    "fileid",
    [
        "",
        "/",
        "a/",
        "/a/",
        "//a.png",
        "/\\a.png",
        "../a.png",
        "/a/../b.png",
        "/a/.",
        "a\x18.png",
        "\ud800.png",
        "a" * 851,
    ],
)
def test_a_result_without_a_legal_name_is_refused(fileid):
    """A folder, an empty name and whatever no object may be called are refused."""
    with pytest.raises(OptionsError, match=r"fileid|object key"):
        Rule(fileid, PLAIN.rule).target("p1/test1.jpg")


@pytest.mark.parametrize("fileid", ["", "/", "a/", "/a/"])
@pytest.mark.parametrize("source", ["p1/test1.jpg", "test1.jpg"])
def test_an_empty_file_name_is_told_as_such(fileid, source):
    """The page warns of names that end in a slash; the refusal names the fileid."""
    with pytest.raises(OptionsError, match=f"fileid '{fileid}' ends in an empty"):
        Rule(fileid, PLAIN.rule).target(source)


def test_the_folder_counts_for_the_length_of_a_name():
    """A relative name may be legal alone and too long in its folder."""
    # 850 bytes at most: 840 of name, 9 of folder, 1 of slash; then one more.
    rule = Rule("a" * 840, PLAIN.rule)
    assert len(rule.target("p" * 9 + "/x.jpg")) == 850
    with pytest.raises(OptionsError, match="850 bytes"):
        rule.target("p" * 10 + "/x.jpg")


# Rules.


def test_a_rule_is_sent_from_the_root():
    """A rule made from a whole key has a slash in front and so means that key."""
    rule = Rule.of("cut/a.png", FULL, bucket="other-1250000000")
    assert rule == Rule(
        fileid="/cut/a.png",
        text="ci-process=GoodsMatting&center-layout=1&padding-layout=20x10",
        bucket="other-1250000000",
    )
    assert rule.target("somewhere/else.jpg") == "cut/a.png"


@pytest.mark.parametrize(
    "key", ["", None, 3.5, "/a.png", "\\a.png", "a/", "a/../b.png", "a" * 851, "\ud800"]
)
def test_a_rule_of_an_illegal_key_is_refused(key):
    """What cannot be an object's key is refused before sending, shortly."""
    with pytest.raises(OptionsError, match=r"object"):
        Rule.of(key, PLAIN)


def test_a_refusal_of_a_folder_is_short():
    """A name of a million characters is not repeated whole."""
    with pytest.raises(OptionsError) as caught:
        Rule.of("a" * 1_000_000 + "/", PLAIN)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("ci-process=AIPicMatting", PLAIN),
        # As the vendor's page prints it, with blanks.
        ("ci-process = AIPicMatting", PLAIN),
        (
            " ci-process = GoodsMatting & center-layout = 1 & padding-layout = 20x10 ",
            FULL,
        ),
        ("padding-layout=20x10&center-layout=1&ci-process=GoodsMatting", FULL),
        ("ci-process=AIPicMatting&center-layout=0&padding-layout=", PLAIN),
        ("ci-process=AIPicMatting&something-new=1", PLAIN),
    ],
)
def test_a_rule_is_read(text, options):
    """Order, blanks, empty values and unknown names do not matter."""
    assert Rule("a.png", text).options == options


def test_the_parameters_of_a_rule_are_as_written():
    """Parameters are told unread: what no option knows is among them."""
    rule = Rule("a.png", "ci-process=imageMogr2 & rotate = 90&x=")
    assert rule.parameters == {"ci-process": "imageMogr2", "rotate": "90", "x": ""}
    with pytest.raises(OptionsError, match="operation"):
        _ = rule.options


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AIPicMatting",
        "imageMogr2/rotate/90",
        "=AIPicMatting",
        "ci-process=AIPicMatting&",
        "ci-process=aipicmatting",
        "ci-process=AIPicMatting&center-layout=2",
        "ci-process=AIPicMatting&padding-layout=20",
        "ci-process=AIPicMatting&padding-layout=1001x0",
        "center-layout=1",
    ],
)
def test_a_malformed_rule_is_refused(text):
    """A rule that is no rule, or asks for what no page offers, is refused."""
    with pytest.raises(OptionsError):
        _ = Rule("a.png", text).options


# The header.


def test_the_header_is_compact_json_in_the_order_of_the_page():
    """The header names picture info, then bucket, fileid and rule of each rule."""
    operations = PicOperations(
        rules=(Rule.of("a.png", PLAIN), Rule.of("b.png", FULL, "other-1250000000")),
        picture_info=True,
    )
    assert operations.header == (
        '{"is_pic_info":1,"rules":['
        '{"fileid":"/a.png","rule":"ci-process=AIPicMatting"},'
        '{"bucket":"other-1250000000","fileid":"/b.png",'
        '"rule":"ci-process=GoodsMatting&center-layout=1&padding-layout=20x10"}]}'
    )


def test_the_header_is_ascii():
    """Whatever a key holds, the header is printable ASCII and means the same."""
    operations = PicOperations(rules=(Rule.of('腾"\\\r\n\x7f😀.png', PLAIN),))
    assert operations.header.isascii()
    assert operations.header.isprintable()
    assert '"fileid":"/\\u817e\\"\\\\\\r\\n\\u007f\\ud83d\\ude00.png"' in (
        operations.header
    )


def test_the_header_has_a_largest_length():
    """A header of 4096 bytes is sent, and one byte more is refused with its length."""
    assert MAX_HEADER == 4096
    rule = Rule("/", "ci-process=AIPicMatting", "b-1")
    room = MAX_HEADER - len(PicOperations(rules=(rule,)).header)
    fits = dataclasses.replace(rule, fileid="/" + "a" * room)
    assert len(PicOperations(rules=(fits,)).header) == 4096
    over = dataclasses.replace(rule, fileid="/" + "a" * (room + 1))
    with pytest.raises(OptionsError, match="4097 bytes: at most 4096"):
        _ = PicOperations(rules=(over,)).header


def test_five_rules_of_plain_keys_fit():
    """As many rules as the cloud takes fit with ordinary keys of 600 bytes."""
    assert MAX_RULES == 5
    rules = tuple(Rule.of(f"{number}{'a' * 599}", FULL) for number in range(5))
    assert PicOperations.from_header(PicOperations(rules=rules).header).rules == rules


@pytest.mark.parametrize(
    ("document", "operations"),
    [
        ({}, PicOperations(rules=())),
        ({"rules": []}, PicOperations(rules=())),
        # Vendor's page: "leave blank to skip image processing".
        ({"rules": None}, PicOperations(rules=())),
        ({"rules": ""}, PicOperations(rules=())),
        ({"is_pic_info": 1}, PicOperations(rules=(), picture_info=True)),
        ({"is_pic_info": "1"}, PicOperations(rules=(), picture_info=True)),
        ({"is_pic_info": True}, PicOperations(rules=(), picture_info=True)),
        ({"is_pic_info": 0}, PicOperations(rules=())),
        ({"is_pic_info": "0", "new": [1]}, PicOperations(rules=())),
        (
            # The sibling's page has ignore-error inside a rule.
            {"rules": [{"fileid": "a", "rule": "b=1", "ignore-error": 1}]},
            PicOperations(rules=(Rule("a", "b=1"),)),
        ),
        (
            {"rules": [{"rule": "b=1", "fileid": "a", "bucket": "c-1"}] * 6},
            PicOperations(rules=(Rule("a", "b=1", "c-1"),) * 6),
        ),
    ],
)
def test_a_header_is_read(document, operations):
    """Absent parts have the page's defaults, and unknown names are ignored."""
    assert PicOperations.from_header(json.dumps(document)) == operations
    assert PicOperations.from_header(json.dumps(document, indent=3)) == operations


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "null",
        "[]",
        "1",
        '"{}"',
        "{",
        "{'rules': []}",
        "eyJydWxlcyI6W119",
        "\ufeff{}",
        "[" * 100_000,
        '{"rules":' * 20_000,
        "1" * 100_000,
        '{"rules": {"fileid": "a", "rule": "b=1"}}',
        '{"rules": "ci-process=AIPicMatting"}',
        '{"rules": 1}',
        '{"rules": ["ci-process=AIPicMatting"]}',
        '{"rules": [[]]}',
        '{"rules": [null]}',
        '{"rules": [{}]}',
        '{"rules": [{"fileid": "a"}]}',
        '{"rules": [{"rule": "b=1"}]}',
        '{"rules": [{"fileid": "", "rule": "b=1"}]}',
        '{"rules": [{"fileid": "a", "rule": ""}]}',
        '{"rules": [{"fileid": 1, "rule": "b=1"}]}',
        '{"rules": [{"fileid": "a", "rule": ["b=1"]}]}',
        '{"rules": [{"fileid": "a", "rule": "b=1", "bucket": 1}]}',
        '{"rules": [{"fileid": "a", "rule": "b=1"}, 1]}',
        '{"is_pic_info": 2}',
        '{"is_pic_info": -1}',
        '{"is_pic_info": "yes"}',
        '{"is_pic_info": null}',
        '{"is_pic_info": []}',
        '{"is_pic_info": NaN}',
        '{"is_pic_info": 1e999}',
    ],
    ids=lambda header: header[:30],
)
def test_a_header_that_is_no_pic_operations_is_refused(header):
    """What is not such a JSON object is refused in one way, with a short reason."""
    with pytest.raises(OptionsError, match=r"Pic-Operations|of a rule") as caught:
        PicOperations.from_header(header)
    assert len(str(caught.value)) < 100


def test_the_vendors_own_header_is_read():
    """A header as the vendor's Python client sends it is read."""
    # The header of a POST recorded from cos-python-sdk-v5 5.1.9.41.
    header = (
        '{"is_pic_info": 1, "rules": [{"fileid": "/out/test1.png", '
        '"rule": "ci-process=AIPicMatting"}]}'
    )
    assert PicOperations.from_header(header) == PicOperations(
        rules=(Rule.of("out/test1.png", MattingOptions(operation=Operation.GENERAL)),),
        picture_info=True,
    )


def test_operations_are_values():
    """Equal operations hash alike and cannot be changed."""
    made = [PicOperations(rules=(Rule.of("a.png", FULL),)) for _ in range(2)]
    assert len(set(made)) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        made[0].picture_info = True
    with pytest.raises(dataclasses.FrozenInstanceError):
        made[0].rules[0].fileid = "b.png"
