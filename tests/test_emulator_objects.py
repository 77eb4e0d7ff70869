"""Objects over the wire: written, read in part, listed and removed."""

import base64
import hashlib
from pathlib import Path

import pytest
from asking import ADDRESS, make_request

from cosmat_nb.emulator.bucket import FolderBucket, MemoryBucket
from cosmat_nb.emulator.objects import Objects
from cosmat_nb.emulator.refusal import Refusal
from cosmat_nb.wire.deletion import DeleteRequest, DeleteResult
from cosmat_nb.wire.documents import Listing

CHECK = b"123456789"


@pytest.fixture
def objects():
    """The objects of an empty bucket in memory."""
    return Objects(address=ADDRESS, bucket=MemoryBucket())


def refuse(call, request):
    """Ask for something that is refused and hand back the refusal."""
    with pytest.raises(Refusal) as caught:
        call(request)
    assert caught.value.message.endswith(".")
    return caught.value


def write(objects, key, body=b"hello", **headers):
    """Write an object; underscores of a header stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return objects.write(make_request("PUT", key, headers=named, body=body))


def read(objects, key, params=None, method="GET", **headers):
    """Read an object; underscores of a header stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return objects.read(make_request(method, key, params, named))


def remove_many(objects, body, md5=None):
    """Remove what a document names, with the digest that belongs to it."""
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode() if md5 is None else md5
    headers = {"content-md5": md5} if md5 else {}
    request = make_request("POST", "", {"delete": ""}, headers, body)
    answer = objects.remove_many(request)
    assert answer.headers["Content-Type"] == "application/xml"
    return DeleteResult.from_xml(answer.body)


def names(objects):
    """Keys of all objects, sorted."""
    return sorted(info.key for info in objects.bucket.infos())


def test_an_object_is_kept_read_and_forgotten(objects):
    """PUT, GET, HEAD and DELETE of one key tell one story."""
    put = write(objects, "a b", content_type="text/plain")
    got = read(objects, "a b")
    # MD5 of "hello", RFC 1321's algorithm.
    assert put.headers["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
    assert (put.status, put.body, got.status, got.body) == (200, b"", 200, b"hello")
    assert got.headers["ETag"] == put.headers["ETag"]
    assert got.headers["Content-Type"] == "text/plain"
    assert got.headers["Accept-Ranges"] == "bytes"
    assert got.headers["Last-Modified"].endswith(" GMT")
    assert read(objects, "a b", method="HEAD").headers == got.headers
    for _ in range(2):
        assert objects.remove(make_request("DELETE", "a b")).status == 204
    assert refuse(objects.read, make_request("GET", "a b")).code == "NoSuchKey"


def test_the_checksum_is_the_ecma_one(objects):
    """CRC-64/XZ of "123456789" is 995DC9BBDF1939FA in the catalogue of checksums."""
    expected = str(0x995DC9BBDF1939FA)
    assert write(objects, "a", CHECK).headers["x-cos-hash-crc64ecma"] == expected
    whole, part = read(objects, "a"), read(objects, "a", range="bytes=0-3")
    for answer in (whole, part):
        assert answer.headers["x-cos-hash-crc64ecma"] == expected


def test_what_came_with_an_object_goes_with_it(objects):
    """Metadata and the standard headers are kept as they came; others are not."""
    kept = {
        "Cache-Control": "max-age=600",
        "Content-Disposition": 'attachment; filename="a.txt"',
        "Content-Encoding": "identity",
        "Content-Language": "zh-CN",
        "Expires": "Thu, 01 Jan 2099 00:00:00 GMT",
        "x-cos-meta-note": "a, b",
        "x-cos-meta-utf8": "中".encode().decode("latin-1"),
    }
    lost = {"User-Agent": "x", "x-cos-acl": "private", "Origin": "http://x.com"}
    sent = {name.lower(): value for name, value in (kept | lost).items()}
    objects.write(make_request("PUT", "a", headers=sent, body=b"x"))
    headers = read(objects, "a").headers
    assert {name: headers[name] for name in kept} == kept
    assert not lost.keys() & headers.keys()
    assert headers["Content-Type"] == "application/octet-stream"
    write(objects, "a")
    assert not (kept.keys() & read(objects, "a").headers.keys())


def test_a_reader_can_ask_for_other_headers(objects):
    """Each response-* parameter takes the place of the header that was kept."""
    write(objects, "a", cache_control="no-store", content_type="text/plain")
    wanted = {
        "response-cache-control": "max-age=1",
        "response-content-disposition": "inline",
        "response-content-encoding": "identity",
        "response-content-language": "de",
        "response-content-type": "text/html",
        "response-expires": "0",
    }
    headers = read(objects, "a", wanted).headers
    assert len({name.lower() for name in headers}) == len(headers)
    for name, value in wanted.items():
        assert headers[name.removeprefix("response-").title()] == value
    # Empty ones count as absent, and what is no such header is not one.
    odd = {"response-cache-control": "", "response-etag": "x", "response-": "y"}
    assert read(objects, "a", odd).headers["Cache-Control"] == "no-store"
    assert '"x"' not in read(objects, "a", odd).headers.values()


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "中", "\x00"])
def test_a_header_cannot_be_smuggled_in(objects, value):
    """What HTTP cannot carry in a header is refused."""
    write(objects, "a")
    request = make_request("GET", "a", {"response-content-type": value})
    assert refuse(objects.read, request).code == "InvalidArgument"


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=3-5", 3, 5),
        ("bytes=3-", 3, 8),
        ("bytes=3-999", 3, 8),
        ("bytes=-2", 7, 8),
        ("bytes=-999", 0, 8),
    ],
)
def test_a_part_can_be_read(objects, header, first, last):
    """One range of bytes answers 206, says which it is, and is that part."""
    write(objects, "a", CHECK)
    got = read(objects, "a", range=header)
    assert (got.status, got.body) == (206, CHECK[first : last + 1])
    assert got.headers["Content-Range"] == f"bytes {first}-{last}/9"
    # MD5 of "123456789", RFC 1321's algorithm: of the whole object.
    assert got.headers["ETag"] == '"25f9e794323b453885f5181f1b624d0b"'


@pytest.mark.parametrize(
    "header", ["bytes=0-1,3-4", "bytes=5-3", "bytes=-", "bytes=x-1", "lines=0-1", ""]
)
def test_a_range_that_is_none_is_ignored(objects, header):
    """Several parts, malformed and unknown ranges answer the whole object."""
    write(objects, "a", CHECK)
    got = read(objects, "a", range=header)
    assert (got.status, got.body) == (200, CHECK)
    assert "Content-Range" not in got.headers


@pytest.mark.parametrize(
    ("size", "header"), [(9, "bytes=9-"), (9, "bytes=-0"), (0, "bytes=0-")]
)
def test_a_range_beyond_the_end_is_refused(objects, size, header):
    """No byte in the range answers InvalidRange with the object's size."""
    write(objects, "a", CHECK[:size])
    refusal = refuse(objects.read, make_request("GET", "a", {}, {"range": header}))
    assert (refusal.code, refusal.status) == ("InvalidRange", 416)
    assert refusal.headers == {"Content-Range": f"bytes */{size}"}


def test_what_is_known_is_not_sent_again(objects):
    """A GET under the ETag that is already there answers 304 without a body."""
    etag = write(objects, "a", cache_control="no-cache").headers["ETag"]
    got = read(objects, "a", if_none_match=etag, range="bytes=99-")
    assert (got.status, got.body) == (304, b"")
    assert (got.headers["ETag"], got.headers["Cache-Control"]) == (etag, "no-cache")
    assert got.headers["Content-Length"] == "5"
    assert read(objects, "a", if_none_match='"other"').body == b"hello"


def test_a_digest_is_checked_before_anything_is_kept(objects):
    """The right Content-MD5 passes; a wrong one and one that is none are refused."""
    # MD5 of "hello" in base64.
    write(objects, "good", content_md5="XUFAKrxLKna5cZ2REBfFkg==")
    for md5, code in [
        ("XUFAKrxLKna5cZ2REBfFkQ==", "BadDigest"),
        ("5d41402abc4b2a76b9719d911017c592", "InvalidDigest"),
        ("XUFAKrxLKna5cZ2REBfF", "InvalidDigest"),
        ("", "InvalidDigest"),
        ("é", "InvalidDigest"),
    ]:
        request = make_request("PUT", "bad", {}, {"content-md5": md5}, b"hello")
        assert refuse(objects.write, request).code == code
    assert names(objects) == ["good"]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("a/../b", "InvalidObjectName"),
        ("a/.", "InvalidObjectName"),
        ("/a", "InvalidObjectName"),
        ("\\a", "InvalidObjectName"),
        ("a\x19", "InvalidObjectName"),
        ("a\udcff", "InvalidObjectName"),
        ("中" * 283 + "ab", "KeyTooLong"),
    ],
)
def test_an_illegal_key_is_refused_only_where_it_would_be_kept(objects, key, code):
    """A key that breaks the rules cannot be put; reading it finds nothing."""
    assert refuse(objects.write, make_request("PUT", key)).code == code
    assert refuse(objects.read, make_request("GET", key)).code == "NoSuchKey"
    assert objects.remove(make_request("DELETE", key)).status == 204


def test_a_key_may_have_850_bytes(objects):
    """The longest key, 283 characters of three bytes and one of one, is kept."""
    write(objects, "中" * 283 + "a")
    assert names(objects) == ["中" * 283 + "a"]


def test_many_objects_are_removed_at_once(objects):
    """What is named is gone and told, were it there or not; the rest stays."""
    keys = ("a b", "p/中😀", "%41+<&>", "never there")
    for key in (*keys[:3], "stays"):
        write(objects, key)
    result = remove_many(objects, DeleteRequest(keys=keys).to_xml())
    assert result == DeleteResult(deleted=keys)
    assert names(objects) == ["stays"]
    write(objects, "a b")
    quiet = DeleteRequest(keys=("a b",), quiet=True)
    assert remove_many(objects, quiet.to_xml()) == DeleteResult()
    assert names(objects) == ["stays"]


def test_a_thousand_objects_are_removed_at_once_and_no_more(objects):
    """1000 keys pass; 1001, none, and an empty one are malformed and remove nothing."""
    keys = tuple(f"{number}" for number in range(1001))
    write(objects, "0")
    for wrong in (keys, (), ("0", "")):
        with pytest.raises(Refusal) as caught:
            remove_many(objects, DeleteRequest(keys=wrong).to_xml())
        assert caught.value.code == "MalformedXML"
    assert names(objects) == ["0"]
    result = remove_many(objects, DeleteRequest(keys=keys[:1000]).to_xml())
    assert result.deleted == keys[:1000]
    assert names(objects) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<Delete><Object><Key>0</Key></Object>",
        b"<Remove><Object><Key>0</Key></Object></Remove>",
        b"<!DOCTYPE x><Delete><Object><Key>0</Key></Object></Delete>",
        b"<Delete><Object><Key><b>0</b></Key></Object></Delete>",
    ],
)
def test_a_document_that_is_none_removes_nothing(objects, body):
    """Broken, foreign and dangerous documents are MalformedXML."""
    write(objects, "0")
    with pytest.raises(Refusal) as caught:
        remove_many(objects, body)
    assert caught.value.code == "MalformedXML"
    assert names(objects) == ["0"]


def test_removing_many_needs_a_digest(objects):
    """Without Content-MD5, and with another document's, nothing is removed."""
    write(objects, "0")
    body = DeleteRequest(keys=("0",)).to_xml()
    request = make_request("POST", "", {"delete": ""}, {}, body)
    assert refuse(objects.remove_many, request).code == "InvalidRequest"
    with pytest.raises(Refusal) as caught:
        remove_many(objects, body, md5="XUFAKrxLKna5cZ2REBfFkg==")
    assert caught.value.code == "BadDigest"
    assert names(objects) == ["0"]


@pytest.mark.skipif(not Path("/proc/sys").is_dir(), reason="needs Linux's /proc")
def test_a_folder_that_cannot_be_written_is_told():
    """PUT and DELETE answer AccessDenied and say why; reading goes on."""
    closed = Objects(address=ADDRESS, bucket=FolderBucket("/proc/sys/kernel"))
    for call, method, key in [
        (closed.write, "PUT", "new"),
        (closed.remove, "DELETE", "ostype"),
    ]:
        refusal = refuse(call, make_request(method, key, body=b"x"))
        assert refusal.code == "AccessDenied"
        assert "cannot write here: " in refusal.message
    assert read(closed, "ostype").body == b"Linux\n"
    body = DeleteRequest(keys=("ostype",)).to_xml()
    (failure,) = remove_many(closed, body).failed
    assert (failure.key, failure.code) == ("ostype", "AccessDenied")
    assert remove_many(closed, body).deleted == ()


def list_page(objects, **params):
    """List a page; underscores of a parameter stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in params.items()}
    answer = objects.list(make_request("GET", "", named))
    assert answer.headers["Content-Type"] == "application/xml"
    assert answer.headers["x-cos-bucket-region"] == "ap-guangzhou"
    return answer.body


def test_a_listing_takes_the_documented_parameters(objects):
    """Prefix, marker, delimiter and page size arrive."""
    for key in ["a/1", "a/2/x", "a/3", "a/4", "b"]:
        write(objects, key)
    asked = {"prefix": "a/", "marker": "a/1", "delimiter": "/", "max_keys": "2"}
    body = list_page(objects, encoding_type="url", **asked)
    page = Listing.from_xml(body)
    assert page.bucket == ADDRESS.bucket
    assert [info.key for info in page.contents] == ["a/3"]
    assert page.common_prefixes == ("a/2/",)
    assert page.next_marker == "a/3"
    assert b"<Owner><ID>1250000000</ID>" in body


def test_empty_listing_parameters_count_as_absent(objects):
    """The vendor's client sends every parameter, empty ones too."""
    write(objects, "a")
    asked = ("prefix", "marker", "delimiter", "max_keys", "encoding_type")
    page = Listing.from_xml(list_page(objects, **dict.fromkeys(asked, "")))
    assert [info.key for info in page.contents] == ["a"]
    assert (page.max_keys, page.url_encoded) == (1000, False)


def test_a_page_has_1000_keys_at_most(objects):
    """More than 1000 is lowered to 1000, as documented."""
    for number in range(1001):
        write(objects, f"{number:04}", b"")
    page = Listing.from_xml(list_page(objects, max_keys="5000"))
    assert (page.max_keys, len(page.contents), page.next_marker) == (1000, 1000, "0999")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("max-keys", text) for text in ("-1", "1.5", "many", "٣", " 1", "9" * 5000)),
        ("encoding-type", "base64"),
    ],
)
def test_bad_listing_parameters_are_refused(objects, name, value):
    """A page size is plain digits, an encoding is url."""
    request = make_request("GET", "", {name: value})
    assert refuse(objects.list, request).code == "InvalidArgument"
