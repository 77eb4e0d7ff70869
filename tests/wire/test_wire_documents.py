"""Documents of the service: errors and listings, read and written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from qcloud_cos.cos_comm import decode_result, xml_to_dict
from qcloud_cos.cos_exception import digest_xml

from cosmat_nb.errors import ProtocolError
from cosmat_nb.wire.documents import ErrorDocument, Listing, ObjectInfo

WHEN = datetime(2026, 1, 9, 22, 32, 21, 123000, tzinfo=UTC)

# Layout of the answer: vendor's page "GET Bucket (List Objects)".
LISTING = b"""<?xml version='1.0' encoding='utf-8' ?>
<ListBucketResult>
    <Name>examplebucket-1250000000</Name>
    <EncodingType>url</EncodingType>
    <Prefix>a%20b/</Prefix>
    <Marker/>
    <MaxKeys>2</MaxKeys>
    <Delimiter>/</Delimiter>
    <IsTruncated>true</IsTruncated>
    <NextMarker>a%20b/%E8%85%BE.jpg</NextMarker>
    <CommonPrefixes><Prefix>a%20b/c%2Bd/</Prefix></CommonPrefixes>
    <Contents>
        <Key>a%20b/1+2%2B3.jpg</Key>
        <LastModified>2026-01-09T22:32:21.123Z</LastModified>
        <ETag>"ed60e3598e6862d8c8443a06acfb2153"</ETag>
        <Size>354256</Size>
        <Owner><ID>1250000000</ID><DisplayName>1250000000</DisplayName></Owner>
        <StorageClass>STANDARD</StorageClass>
    </Contents>
</ListBucketResult>"""

# Layout: vendor's page "Error Codes"; the two further elements were seen on a real
# signature mismatch.
ERROR = b"""<?xml version='1.0' encoding='utf-8' ?>
<Error>
    <Code>SignatureDoesNotMatch</Code>
    <Message>The Signature you specified is invalid.</Message>
    <StringToSign>sha1
1;2
da39
</StringToSign>
    <FormatString>get
/a

host=x
</FormatString>
    <Resource>b-1.cos.ap-guangzhou.myqcloud.com/a</Resource>
    <RequestId>NWFjMzQ0MDZfOTBmYTUw</RequestId>
    <TraceId>OGVmYzZiMmQzYjA2OWNh</TraceId>
</Error>"""


def listing(**changes):
    """Write a listing of one object."""
    info = {"key": "a.jpg", "size": 5, "etag": "e1", "last_modified": WHEN} | changes
    return Listing(bucket="b-1", contents=(ObjectInfo(**info),))


def test_a_listing_of_the_service_is_read():
    """The documented listing is read whole, with keys decoded once, plus kept."""
    page = Listing.from_xml(LISTING)
    assert page == Listing(
        bucket="examplebucket-1250000000",
        prefix="a b/",
        marker="",
        delimiter="/",
        max_keys=2,
        contents=(
            ObjectInfo(
                key="a b/1+2+3.jpg",
                size=354256,
                etag="ed60e3598e6862d8c8443a06acfb2153",
                last_modified=WHEN,
            ),
        ),
        common_prefixes=("a b/c+d/",),
        next_marker="a b/腾.jpg",
        url_encoded=True,
    )
    assert page.contents[0].last_modified.utcoffset() == timedelta(0)


def test_keys_are_taken_as_they_are_without_encoding_type():
    """Where the listing does not say that keys are encoded, escapes are text."""
    page = Listing.from_xml(LISTING.replace(b"<EncodingType>url</EncodingType>", b""))
    assert page.contents[0].key == "a%20b/1+2%2B3.jpg"
    assert page.prefix == "a%20b/"
    assert not page.url_encoded


def test_an_empty_listing_is_read():
    """A bucket without objects is a listing without rows."""
    page = Listing.from_xml(
        b"<ListBucketResult><Name>b-1</Name><IsTruncated>false</IsTruncated>"
        b"</ListBucketResult>"
    )
    assert page == Listing(bucket="b-1", url_encoded=False)
    assert page.max_keys == 1000


def test_a_last_page_has_no_next_marker():
    """A marker on a page that is not truncated does not start another page."""
    last = LISTING.replace(b"<IsTruncated>true", b"<IsTruncated>false")
    assert Listing.from_xml(last).next_marker == ""


def test_a_truncated_page_without_marker_is_not_a_last_page():
    """A page that says it is truncated and not where to go on is never the end."""
    broken = LISTING.replace(b"<NextMarker>a%20b/%E8%85%BE.jpg</NextMarker>", b"")
    try:
        page = Listing.from_xml(broken)
    except ProtocolError:
        return
    assert page.next_marker == "a b/c+d/"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<Key>a%20b/1+2%2B3.jpg</Key>", b""),
        (b"<Key>a%20b/1+2%2B3.jpg</Key>", b"<Key/>"),
        (b"<Size>354256</Size>", b""),
        (b"<Size>354256</Size>", b"<Size>many</Size>"),
        (b"<Size>354256</Size>", b"<Size>-1</Size>"),
        (b"<Size>354256</Size>", b"<Size>3_5</Size>"),
        (b"2026-01-09T22:32:21.123Z", b""),
        (b"2026-01-09T22:32:21.123Z", b"yesterday"),
        (b"2026-01-09T22:32:21.123Z", b"2026-13-09T22:32:21.123Z"),
        (b"<MaxKeys>2</MaxKeys>", b"<MaxKeys>two</MaxKeys>"),
        (b"ListBucketResult", b"ListAllMyBucketsResult"),
    ],
)
def test_a_listing_that_cannot_be_trusted_is_refused(old, new):
    """An entry without key, size or date, or another document, is refused."""
    broken = LISTING.replace(old, new)
    assert broken != LISTING
    with pytest.raises(ProtocolError):
        Listing.from_xml(broken)


def test_a_listing_is_written_as_the_service_does():
    """The written listing holds quoted ETag, UTC milliseconds and bare slashes."""
    page = Listing(
        bucket="b-1",
        prefix="a b/",
        contents=(
            ObjectInfo(key="a b/腾+.jpg", size=5, etag="e1", last_modified=WHEN),
        ),
        common_prefixes=("a b/c/",),
        next_marker="a b/腾+.jpg",
        delimiter="/",
        max_keys=1,
    )
    assert page.to_xml().decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>b-1</Name>'
        "<EncodingType>url</EncodingType><Prefix>a%20b/</Prefix><Marker />"
        "<MaxKeys>1</MaxKeys><IsTruncated>true</IsTruncated><Delimiter>/</Delimiter>"
        "<NextMarker>a%20b/%E8%85%BE%2B.jpg</NextMarker>"
        "<CommonPrefixes><Prefix>a%20b/c/</Prefix></CommonPrefixes>"
        "<Contents><Key>a%20b/%E8%85%BE%2B.jpg</Key>"
        '<LastModified>2026-01-09T22:32:21.123Z</LastModified><ETag>"e1"</ETag>'
        "<Size>5</Size><StorageClass>STANDARD</StorageClass></Contents>"
        "</ListBucketResult>"
    )


def test_times_are_written_in_utc():
    """A time of another zone is written as the same moment in UTC."""
    beijing = WHEN.astimezone(timezone(timedelta(hours=8)))
    assert listing(last_modified=beijing).to_xml() == listing().to_xml()


def test_the_vendors_client_reads_our_listing():
    """The vendor's Python client, reading our listing, sees the same keys."""
    keys = ["a b.jpg", "a+b%20.jpg", "腾讯/😀.png", "x&y<z>.jpg", "tab\there\x01.jpg"]
    page = Listing(
        bucket="b-1",
        contents=tuple(
            ObjectInfo(key=key, size=1, etag="e", last_modified=WHEN) for key in keys
        ),
    )
    read = xml_to_dict(page.to_xml().decode())
    read = decode_result(read, ["Prefix"], [["Contents", "Key"]])
    assert [row["Key"] for row in read["Contents"]] == keys
    assert read["Contents"][0]["ETag"] == '"e"'


def test_a_carriage_return_survives_without_encoding():
    """A character that XML holds only escaped is not changed in a plain listing."""
    page = Listing(
        bucket="b-1",
        contents=(ObjectInfo(key="a\rb", size=1, etag="e", last_modified=WHEN),),
        url_encoded=False,
    )
    assert Listing.from_xml(page.to_xml()) == page


def test_an_error_of_the_service_is_read():
    """The documented error document is read whole, further elements included."""
    document = ErrorDocument.from_xml(ERROR)
    assert document == ErrorDocument(
        code="SignatureDoesNotMatch",
        message="The Signature you specified is invalid.",
        resource="b-1.cos.ap-guangzhou.myqcloud.com/a",
        request_id="NWFjMzQ0MDZfOTBmYTUw",
        trace_id="OGVmYzZiMmQzYjA2OWNh",
        details={
            "StringToSign": "sha1\n1;2\nda39\n",
            "FormatString": "get\n/a\n\nhost=x\n",
        },
    )
    assert ErrorDocument.from_xml(document.to_xml()) == document


def test_missing_elements_are_empty():
    """An error document that says little is read for what it says."""
    assert ErrorDocument.from_xml(b"<Error><Code>X</Code></Error>") == ErrorDocument(
        code="X", message=""
    )
    assert ErrorDocument.from_xml(b"<Error/>") == ErrorDocument(code="", message="")


@pytest.mark.parametrize(
    "body", [b"", b"<html></html>", b"<error/>", b"not found", b"{}", b"\x89PNG\r\n"]
)
def test_another_body_is_no_error_document(body):
    """A proxy's page, an empty body or a picture is not an error document."""
    with pytest.raises(ProtocolError):
        ErrorDocument.from_xml(body)


def test_the_vendors_client_reads_our_error():
    """The vendor's Python client sees code, message, resource and both ids."""
    document = ErrorDocument(
        code="NoSuchKey",
        message="The specified key <a&b> does not exist.",
        resource="b-1.cos.ap-guangzhou.myqcloud.com/a&b",
        request_id="NWFj",
        trace_id="OGVm",
    )
    assert digest_xml(document.to_xml()) == {
        "code": "NoSuchKey",
        "message": "The specified key <a&b> does not exist.",
        "resource": "b-1.cos.ap-guangzhou.myqcloud.com/a&b",
        "requestid": "NWFj",
        "traceid": "OGVm",
    }


def test_a_time_without_milliseconds_is_read():
    """A time to the second is read as well; one without a zone is not."""
    plain = LISTING.replace(b"22:32:21.123Z", b"22:32:21Z")
    stamp = Listing.from_xml(plain).contents[0].last_modified
    assert stamp.isoformat() == "2026-01-09T22:32:21+00:00"
    with pytest.raises(ProtocolError, match="time zone"):
        Listing.from_xml(LISTING.replace(b"22:32:21.123Z", b"22:32:21.123"))
