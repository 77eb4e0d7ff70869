"""UploadResult: read for what it says, written as the service does."""

import dataclasses

import pytest
from qcloud_cos.cos_comm import xml_to_dict

from cosmat_nb.errors import ProtocolError
from cosmat_nb.wire.results import StoredPicture, UploadResult

HOST = "b-1.cos.ap-guangzhou.myqcloud.com"

# Layout: vendor's page on persistent image processing with is_pic_info=1, whose ETag
# has forty digits. Numbers: an answer to imageMogr2 that was recorded in 2019.
FULL = b"""<?xml version='1.0' encoding='utf-8' ?>
<UploadResult>
    <OriginalInfo>
        <Key>p1/a&amp;b.jpg</Key>
        <Location>b-1.cos.ap-guangzhou.myqcloud.com/p1/a&amp;b.jpg</Location>
        <ETag>"8894dbe5e3ebfaf761e39b9d619c28f3327b8d85"</ETag>
        <ImageInfo>
            <Format>JPEG</Format>
            <Width>1620</Width>
            <Height>1080</Height>
            <Quality>93</Quality>
            <Ave>0x4f5033</Ave>
            <Orientation>0</Orientation>
        </ImageInfo>
    </OriginalInfo>
    <ProcessResults>
        <Object>
            <Key>/p2/a.png</Key>
            <Location>b-1.cos.ap-guangzhou.myqcloud.com/p2/a.png</Location>
            <Format>JPEG</Format>
            <Width>810</Width>
            <Height>540</Height>
            <Size>109507</Size>
            <Quality>93</Quality>
            <ETag>"e1"</ETag>
        </Object>
        <Object><Key>p2/b.png</Key></Object>
    </ProcessResults>
</UploadResult>"""

VALUE = UploadResult(
    original=StoredPicture(
        key="p1/a&b.jpg",
        location=f"{HOST}/p1/a&b.jpg",
        etag="8894dbe5e3ebfaf761e39b9d619c28f3327b8d85",
        format="JPEG",
        height=1080,
        width=1620,
        quality=93,
        color="0x4f5033",
        orientation=0,
    ),
    objects=(
        StoredPicture(
            key="p2/a.png",
            location=f"{HOST}/p2/a.png",
            etag="e1",
            size=109507,
            format="JPEG",
            height=540,
            width=810,
            quality=93,
        ),
        StoredPicture(key="p2/b.png"),
    ),
)


def test_a_full_document_is_read():
    """Every documented element is read: quotes and a leading slash are taken off."""
    assert UploadResult.from_xml(FULL) == VALUE


def test_a_full_document_is_read_back():
    """What is written is read again, markup in keys included."""
    assert UploadResult.from_xml(VALUE.to_xml()) == VALUE


def test_a_document_is_written_in_the_order_of_the_page():
    """Elements stand as the page has them; what is unknown is left out."""
    value = dataclasses.replace(VALUE, objects=VALUE.objects[:1])
    plain = b"".join(line.strip() for line in FULL.splitlines()[1:])
    plain = plain.replace(b"<Object><Key>p2/b.png</Key></Object>", b"")
    assert value.to_xml() == (
        b'<?xml version="1.0" encoding="UTF-8"?>'
        + plain.replace(b"<Key>/p2/", b"<Key>p2/")
    )


def test_an_unknown_format_is_an_empty_element():
    """A result of unknown format has the empty element of the matting page."""
    body = UploadResult(
        original=StoredPicture(key="a.jpg", etag="e1"),
        objects=(StoredPicture(key="a.png", location="h/a.png", etag="e2", size=0),),
    ).to_xml()
    assert body.partition(b"?>")[2] == (
        b"<UploadResult><OriginalInfo><Key>a.jpg</Key><Location />"
        b'<ETag>"e1"</ETag></OriginalInfo><ProcessResults><Object><Key>a.png</Key>'
        b"<Location>h/a.png</Location><Format /><Size>0</Size>"
        b'<ETag>"e2"</ETag></Object></ProcessResults></UploadResult>'
    )


def test_the_vendors_client_reads_our_document():
    """The vendor's Python client sees one result as a dict and several as a list."""
    several = xml_to_dict(VALUE.to_xml().decode())
    assert several["OriginalInfo"]["ImageInfo"] == {
        "Format": "JPEG",
        "Width": "1620",
        "Height": "1080",
        "Quality": "93",
        "Ave": "0x4f5033",
        "Orientation": "0",
    }
    rows = several["ProcessResults"]["Object"]
    assert [row["Key"] for row in rows] == ["p2/a.png", "p2/b.png"]
    one = dataclasses.replace(VALUE, objects=VALUE.objects[:1])
    assert xml_to_dict(one.to_xml().decode())["ProcessResults"]["Object"] == rows[0]
    assert rows[0]["ETag"] == '"e1"'


@pytest.mark.parametrize(
    "body",
    [
        b"<UploadResult/>",
        b"<UploadResult><OriginalInfo/><ProcessResults/></UploadResult>",
        b"<UploadResult><ProcessResults></ProcessResults></UploadResult>",
    ],
)
def test_absent_parts_are_empty(body):
    """A bucket that is not bound to Cloud Infinite answers without results."""
    assert UploadResult.from_xml(body) == UploadResult(original=StoredPicture(key=""))


def test_results_stand_in_their_own_part():
    """Only objects of ProcessResults are results."""
    body = (
        b"<UploadResult><Object><Key>a</Key></Object><OriginalInfo><Object>"
        b"<Key>b</Key></Object></OriginalInfo></UploadResult>"
    )
    assert UploadResult.from_xml(body).objects == ()


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("354256", 354256),
        (" 354256\n", 354256),
        ("007", 7),
        ("0", 0),
        ("9" * 15, 999_999_999_999_999),
        ("9" * 16, None),
        ("9" * 5000, None),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.0", None),
        ("1_0", None),
        ("1e3", None),
        ("٣", None),
        ("²", None),
        ("many", None),
    ],
)
def test_an_unreadable_number_is_absent(text, size):
    """An answer that was paid for is kept, whatever stands where a number should."""
    body = (
        "<UploadResult><ProcessResults><Object><Key>a.png</Key>"
        f"<Width>{text}</Width><Height>{text}</Height><Size>{text}</Size>"
        f"<Quality>{text}</Quality></Object></ProcessResults></UploadResult>"
    )
    (picture,) = UploadResult.from_xml(body.encode()).objects
    assert picture == StoredPicture(
        key="a.png", size=size, height=size, width=size, quality=size
    )


@pytest.mark.parametrize(
    ("text", "etag"), [('"e1"', "e1"), ("e1", "e1"), ("&quot;e1&quot;", "e1"), ("", "")]
)
def test_an_etag_has_no_quotes(text, etag):
    """An ETag is told without its quotes, whether it came with them or not."""
    body = (
        f"<UploadResult><OriginalInfo><ETag>{text}</ETag></OriginalInfo></UploadResult>"
    )
    assert UploadResult.from_xml(body.encode()).original.etag == etag


def test_how_a_result_came_does_not_count():
    """Request id and attempts are told and take no part in comparing."""
    again = dataclasses.replace(VALUE, request_id="NWFj", attempts=3)
    assert again == VALUE
    assert hash(again) == hash(VALUE)
    assert (VALUE.request_id, VALUE.attempts) == (None, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        VALUE.attempts = 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"<Error><Code>InternalError</Code></Error>",
        b"<uploadresult/>",
        b"<UploadResult>",
        b"<!DOCTYPE UploadResult><UploadResult/>",
        b"<a><UploadResult/></a>",
    ],
)
def test_another_body_is_refused(body):
    """A picture, an error or a broken document is no result."""
    with pytest.raises(ProtocolError):
        UploadResult.from_xml(body)
