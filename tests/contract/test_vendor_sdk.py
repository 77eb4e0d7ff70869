"""The vendor's Python SDK, unmodified, takes the emulator for the service."""

from __future__ import annotations

import http.client
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from squares import WhiteEngine, draw_square

import cosmat_nb as cm
from cosmat_nb import images

qcloud_cos = pytest.importorskip("qcloud_cos")

from qcloud_cos.ai_recognition import AIRecognitionClient  # noqa: E402 - after the skip

BUCKET = "examplebucket-1250000000"
ODD_KEYS = [
    "p/a b.txt",
    "p/a+b.txt",
    "p/%41.txt",
    "p/中文.txt",
    "p/😀.txt",
    "p/&=?#;<>.txt",
    "p./a./.txt",
    "p//.txt",
    "p/~!*'().txt",
    "p/%2F ",
    "p/e\u0301\t\x7f.txt",
    "p/./a.txt",
]


def connect_sdk(endpoint, keys=("emulator-id", "emulator-key"), **settings):
    """Make the vendor's client for an emulator, as its own page says."""
    place = urlsplit(endpoint)
    config = qcloud_cos.CosConfig(
        Region="ap-guangzhou",
        SecretId=keys[0],
        SecretKey=keys[1],
        Scheme="http",
        **(settings or {"IP": place.hostname, "Port": place.port}),
    )
    return AIRecognitionClient(config, retry=0)


@pytest.fixture
def sdk(emulator):
    """The vendor's client of `emulator`."""
    return connect_sdk(emulator.endpoint)


@pytest.fixture
def refused():
    """Call something that the service refuses and hand back the SDK's error."""

    def call(function, **arguments):
        with pytest.raises(qcloud_cos.CosServiceError) as caught:
            function(Bucket=arguments.pop("Bucket", BUCKET), **arguments)
        return caught.value

    return call


def open_png(data):
    """Open what a matting call returned; it must be a PNG with alpha."""
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.mode) == ("PNG", "RGBA")
    return np.asarray(picture)


def put_square(sdk, key="square.jpg"):
    """Put the red box on white, 64 × 96 px, box rows 16–48 and columns 24–72."""
    sdk.put_object(Bucket=BUCKET, Key=key, Body=images.encode_jpeg(draw_square()))


@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_object_comes_back_as_it_was_put(sdk, key):
    """Put, head, get and delete agree on the object, whatever its key looks like."""
    body = os.urandom(100)
    put = sdk.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType="text/x-odd")
    head = sdk.head_object(Bucket=BUCKET, Key=key)
    got = sdk.get_object(Bucket=BUCKET, Key=key)
    assert got["Body"].get_raw_stream().read() == body
    assert head["Content-Length"] == "100"
    assert head["ETag"] == put["ETag"] == got["ETag"]
    assert head["Content-Type"] == "text/x-odd"
    assert [row["Key"] for row in sdk.list_objects(Bucket=BUCKET)["Contents"]] == [key]
    sdk.delete_object(Bucket=BUCKET, Key=key)
    assert not sdk.object_exists(Bucket=BUCKET, Key=key)
    assert "Contents" not in sdk.list_objects(Bucket=BUCKET)


@pytest.mark.parametrize("key", ["../a", "p/../a"])
def test_a_key_with_a_step_in_it_is_refused(sdk, refused, emulator, key):
    """The SDK has a guard of its own for them; that they are refused here is ours."""
    error = refused(sdk.put_object, Key=key, Body=b"x")
    assert error.get_error_code() == "InvalidObjectName"
    assert error.get_resource_location() == f"{emulator.address.host}/{key}"


def test_what_came_with_an_object_goes_with_it(sdk):
    """Metadata, in any script, and the standard headers come back as they went."""
    sent = {
        "CacheControl": "max-age=5",
        "ContentDisposition": 'attachment; filename="a b.txt"',
        "ContentEncoding": "identity",
        "ContentLanguage": "zh-CN",
        "ContentType": "text/plain",
        "Expires": "Thu, 01 Jan 2099 00:00:00 GMT",
    }
    notes = {"x-cos-meta-note": "a, b", "x-cos-meta-title": "中文 é 😀"}
    sdk.put_object(Bucket=BUCKET, Key="a", Body=b"hello", Metadata=notes, **sent)
    head = sdk.head_object(Bucket=BUCKET, Key="a")
    for name, value in sent.items():
        assert head[re.sub("(?<=[a-z])(?=[A-Z])", "-", name)] == value
    assert head["x-cos-meta-note"] == "a, b"
    # The SDK reads bytes of UTF-8 as Latin-1.
    title = head["x-cos-meta-title"].encode("latin-1").decode()
    assert title == "中文 é 😀"


def test_the_checksum_is_the_sdks_own(sdk):
    """The SDK's checksum library agrees with the header, over all byte values."""
    crcmod = pytest.importorskip("crcmod")
    ecma = crcmod.Crc(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF)
    body = bytes(range(256)) * 5
    ecma.update(body)
    put = sdk.put_object(Bucket=BUCKET, Key="a", Body=body)
    head = sdk.head_object(Bucket=BUCKET, Key="a")
    assert put["x-cos-hash-crc64ecma"] == str(ecma.crcValue)
    assert head["x-cos-hash-crc64ecma"] == str(ecma.crcValue)


def test_a_file_goes_up_and_comes_down_in_parts(sdk, tmp_path):
    """Three ranges are joined to the file that was sent, its checksum compared."""
    sent, came = tmp_path / "sent", tmp_path / "came"
    sent.write_bytes(os.urandom(2_500_000))
    key = "p 1/大.bin"
    sdk.upload_file(Bucket=BUCKET, Key=key, LocalFilePath=str(sent), PartSize=10)
    asked = {"Key": key, "DestFilePath": str(came), "PartSize": 1, "EnableCRC": True}
    sdk.download_file(Bucket=BUCKET, **asked)
    assert came.read_bytes() == sent.read_bytes()


def test_a_digest_is_checked(sdk, refused):
    """With EnableMD5 the SDK sends a digest that passes; a wrong one does not."""
    sdk.put_object(Bucket=BUCKET, Key="a", Body=b"hello", EnableMD5=True)
    md5 = "XUFAKrxLKna5cZ2REBfFkQ=="
    error = refused(sdk.put_object, Key="b", Body=b"hello", ContentMD5=md5)
    assert error.get_error_code() == "BadDigest"
    assert not sdk.object_exists(Bucket=BUCKET, Key="b")


def test_a_part_can_be_read(sdk, refused):
    """A range is answered by that range, and one beyond the end is refused."""
    sdk.put_object(Bucket=BUCKET, Key="a", Body=b"0123456789")
    for asked, part, told in [
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ]:
        got = sdk.get_object(Bucket=BUCKET, Key="a", Range=asked)
        assert got["Body"].get_raw_stream().read() == part
        assert (got["Content-Range"], got["Content-Length"]) == (told, str(len(part)))
    error = refused(sdk.get_object, Key="a", Range="bytes=10-")
    assert (error.get_status_code(), error.get_error_code()) == (416, "InvalidRange")


def test_an_object_can_be_read_on_condition(sdk, refused):
    """What is known is not sent again; what has changed is not mistaken."""
    etag = sdk.put_object(Bucket=BUCKET, Key="a", Body=b"hello")["ETag"]
    long_ago = "Fri, 09 Jan 2009 22:32:21 GMT"
    far_ahead = "Fri, 09 Jan 2099 22:32:21 GMT"

    def read(**condition):
        got = sdk.get_object(Bucket=BUCKET, Key="a", **condition)
        return got["Body"].get_raw_stream().read()

    assert read(IfNoneMatch=etag) == b""
    assert read(IfModifiedSince=far_ahead) == b""
    assert read(IfNoneMatch='"x"') == read(IfModifiedSince=long_ago) == b"hello"
    assert read(IfMatch=etag) == read(IfUnmodifiedSince=far_ahead) == b"hello"
    for wrong in ({"IfMatch": '"x"'}, {"IfUnmodifiedSince": long_ago}):
        error = refused(sdk.get_object, Key="a", **wrong)
        assert error.get_status_code() == 412
        assert error.get_error_code() == "PreconditionFailed"


def test_a_reader_can_ask_for_other_headers(sdk):
    """Each response-* parameter is signed, sent and obeyed."""
    sdk.put_object(Bucket=BUCKET, Key="a", Body=b"x", CacheControl="max-age=5")
    wanted = {
        "ResponseCacheControl": "no-store",
        "ResponseContentDisposition": 'inline; filename="a b+c.txt"',
        "ResponseContentEncoding": "identity",
        "ResponseContentLanguage": "de",
        "ResponseContentType": "text/x-odd; charset=utf-8",
        "ResponseExpires": "0",
    }
    got = sdk.get_object(Bucket=BUCKET, Key="a", **wanted)
    for name, value in wanted.items():
        header = re.sub("(?<=[a-z])(?=[A-Z])", "-", name.removeprefix("Response"))
        assert got[header] == value


def test_many_objects_are_deleted_at_once(sdk):
    """Odd keys, and keys that are not there, are told as deleted; quietly, none is."""
    for key in [*ODD_KEYS, "stays"]:
        sdk.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    keys = [*ODD_KEYS, "never there"]
    asked = {"Object": [{"Key": key} for key in keys], "Quiet": "false"}
    told = sdk.delete_objects(Bucket=BUCKET, Delete=asked)
    assert [row["Key"] for row in told["Deleted"]] == keys
    assert "Error" not in told
    left = sdk.list_objects(Bucket=BUCKET)["Contents"]
    assert [row["Key"] for row in left] == ["stays"]
    quiet = {"Object": [{"Key": "stays"}], "Quiet": "true"}
    assert "Deleted" not in sdk.delete_objects(Bucket=BUCKET, Delete=quiet)
    assert "Contents" not in sdk.list_objects(Bucket=BUCKET)


def test_no_more_than_a_thousand_objects_are_deleted_at_once(sdk, refused):
    """1001 keys and no keys are refused, and nothing is deleted."""
    sdk.put_object(Bucket=BUCKET, Key="0", Body=b"x")
    for number in (1001, 0):
        keys = [{"Key": str(key)} for key in range(number)]
        error = refused(sdk.delete_objects, Delete={"Object": keys})
        assert error.get_error_code() == "MalformedXML"
    assert sdk.object_exists(Bucket=BUCKET, Key="0")


def test_a_listing_is_paged(sdk):
    """Pages of two, each starting at the last one's NextMarker, tell every key once."""
    for key in ODD_KEYS:
        sdk.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    marker, seen = "", []
    while True:
        page = sdk.list_objects(Bucket=BUCKET, Prefix="p", Marker=marker, MaxKeys=2)
        assert page["MaxKeys"] == "2"
        assert len(page["Contents"]) == min(2, len(ODD_KEYS) - len(seen))
        seen += [row["Key"] for row in page["Contents"]]
        if page["IsTruncated"] == "false":
            break
        marker = page["NextMarker"]
    assert seen == sorted(ODD_KEYS, key=str.encode)


def test_a_delimiter_makes_folders(sdk):
    """With a delimiter, keys below it become common prefixes."""
    for key in ["a.txt", "d 1/x", "d 1/y", "d+2/x"]:
        sdk.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    page = sdk.list_objects(Bucket=BUCKET, Delimiter="/")
    assert [row["Prefix"] for row in page["CommonPrefixes"]] == ["d 1/", "d+2/"]
    assert [row["Key"] for row in page["Contents"]] == ["a.txt"]
    inside = sdk.list_objects(Bucket=BUCKET, Prefix="d 1/", Delimiter="/")
    assert [row["Key"] for row in inside["Contents"]] == ["d 1/x", "d 1/y"]


def test_the_bucket_exists(sdk):
    """A HEAD of the bucket says whether it is there."""
    assert sdk.bucket_exists(BUCKET)
    assert not sdk.bucket_exists("other-1250000000")


def open_link(link, method="GET", body=None, headers=None):
    """Open a link without any knowledge of keys: status and body."""
    parts = urlsplit(link)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request(method, f"{parts.path}?{parts.query}", body, headers or {})
    answer = connection.getresponse()
    told = answer.status, answer.read()
    connection.close()
    return told


@pytest.mark.parametrize("key", ["a b+c.txt", "中/😀.txt"])
@pytest.mark.parametrize("sign_host", [True, False])
def test_a_presigned_link_opens_for_anyone(sdk, key, sign_host):
    """A link that the SDK presigns is answered without any further header."""
    sdk.put_object(Bucket=BUCKET, Key=key, Body=b"hello")
    link = sdk.get_presigned_url(BUCKET, key, "GET", SignHost=sign_host)
    assert open_link(link) == (200, b"hello")


def test_a_presigned_link_can_upload(sdk):
    """The headers that were signed have to be those that are sent."""
    kind = {"Content-Type": "text/x-odd"}
    link = sdk.get_presigned_url(BUCKET, "p 1/a", "PUT", Headers=kind)
    other = {"Content-Type": "text/plain"}
    status, answer = open_link(link, "PUT", b"hello", other)
    assert (status, b"<Code>SignatureDoesNotMatch</Code>" in answer) == (403, True)
    assert not sdk.object_exists(Bucket=BUCKET, Key="p 1/a")
    assert open_link(link, "PUT", b"hello", kind) == (200, b"")
    assert open_link(link)[0] == 403
    head = sdk.head_object(Bucket=BUCKET, Key="p 1/a")
    assert (head["Content-Type"], head["Content-Length"]) == ("text/x-odd", "5")


def test_a_presigned_link_can_matte(sdk):
    """Parameters signed into a link, a blank among them, are those that are sent."""
    put_square(sdk)
    params = {"ci-process": "AIPicMatting", "padding-layout": "5x0", "note": "a b+c"}
    link = sdk.get_presigned_url(BUCKET, "square.jpg", "GET", Params=params)
    status, data = open_link(link)
    assert (status, open_png(data).shape) == (200, (64, 106, 4))


def test_an_error_is_parsed_whole(sdk, refused, emulator):
    """The SDK finds code, message, resource, request id and trace id in an error."""
    error = refused(sdk.get_object, Key="nope 1.jpg")
    assert error.get_status_code() == 404
    assert error.get_error_code() == "NoSuchKey"
    assert error.get_error_msg() == "The specified key does not exist."
    assert error.get_resource_location() == f"{emulator.address.host}/nope 1.jpg"
    assert re.fullmatch(r"[0-9A-Za-z+/]{40}", error.get_request_id())
    assert error.get_trace_id() != "Unknown"


def test_refusals_have_the_documented_codes(emulator, sdk, refused):
    """Bad keys, buckets, options and pictures are refused with the vendor's codes."""
    sdk.put_object(Bucket=BUCKET, Key="note.txt", Body=b"no picture")
    stranger = connect_sdk(emulator.endpoint, keys=("nobody", "emulator-key"))
    forger = connect_sdk(emulator.endpoint, keys=("emulator-id", "guess"))
    matte = sdk.cos_ai_pic_matting
    place = urlsplit(emulator.endpoint)
    nobody = connect_sdk(
        emulator.endpoint, Anonymous=True, IP=place.hostname, Port=place.port
    )
    errors = [
        refused(nobody.get_object, Key="a"),
        refused(stranger.get_object, Key="a"),
        refused(forger.get_object, Key="a"),
        refused(sdk.get_object, Bucket="other-1250000000", Key="a"),
        refused(sdk.delete_bucket),
        refused(sdk.create_bucket),
        refused(matte, ObjectKey="nope.jpg", Stream=False),
        refused(matte, ObjectKey="note.txt", Stream=False),
        refused(matte, ObjectKey="note.txt", PaddingLayout="1001x0", Stream=False),
        refused(matte, DetectUrl="http://www.example.com/a.jpg", Stream=False),
    ]
    assert [error.get_error_code() for error in errors] == [
        "AccessDenied",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "NoSuchBucket",
        "MethodNotAllowed",
        "MethodNotAllowed",
        "NoSuchKey",
        "InvalidImageFormat",
        "InvalidArgument",
        "InvalidArgument",
    ]
    for error in errors:
        assert "Unknown" not in (error.get_request_id(), error.get_resource_location())


def test_what_is_not_emulated_changes_nothing(sdk, refused):
    """Copies, parts, rights and tags are refused, and the object stays as it was."""
    sdk.put_object(Bucket=BUCKET, Key="a", Body=b"kept")
    source = {"Bucket": BUCKET, "Key": "a", "Region": "ap-guangzhou"}
    errors = [
        refused(sdk.copy_object, Key="a", CopySource=source),
        refused(sdk.create_multipart_upload, Key="a"),
        refused(sdk.upload_part, Key="a", Body=b"x", PartNumber=1, UploadId="1"),
        refused(sdk.put_object_acl, Key="a", ACL="private"),
        refused(sdk.delete_object_tagging, Key="a"),
        refused(sdk.append_object, Key="a", Position=4, Data=b"x"),
        refused(sdk.get_bucket_location),
        refused(sdk.ci_process, Key="a", CiProcess="AssessQuality"),
        refused(sdk.ci_get_image_info, Key="a"),
    ]
    assert {error.get_error_code() for error in errors} == {"NotImplemented"}
    assert (
        sdk.get_object(Bucket=BUCKET, Key="a")["Body"].get_raw_stream().read()
        == b"kept"
    )


def test_a_custom_domain_works(emulator):
    """With Domain, the bucket is nowhere in the request and the host is signed bare."""
    sdk = connect_sdk(
        emulator.endpoint, Domain=emulator.endpoint.removeprefix("http://")
    )
    put_square(sdk)
    _, data = sdk.cos_ai_pic_matting(BUCKET, ObjectKey="square.jpg", Stream=False)
    assert open_png(data).shape == (64, 96, 4)
    assert [row["Key"] for row in sdk.list_objects(BUCKET)["Contents"]] == [
        "square.jpg"
    ]


def test_a_token_is_needed_where_there_is_one():
    """Temporary keys pass with their token, and with no other."""
    keys = cm.Credentials("emulator-id", "emulator-key", "a-token")
    with cm.Emulator(engine=WhiteEngine(), credentials=keys) as emulator:
        place = urlsplit(emulator.endpoint)
        where = {"IP": place.hostname, "Port": place.port}
        sdk = connect_sdk(emulator.endpoint, Token="a-token", **where)
        sdk.put_object(Bucket=BUCKET, Key="a", Body=b"x")
        other = connect_sdk(emulator.endpoint, **where)
        with pytest.raises(qcloud_cos.CosServiceError) as caught:
            other.get_object(Bucket=BUCKET, Key="a")
        # The SDK leaves the token out of a link unless it is told to put it in.
        token = {"x-cos-security-token": "a-token"}
        whole = sdk.get_presigned_url(BUCKET, "a", "GET", Params=token)
        assert open_link(whole) == (200, b"x")
        assert open_link(sdk.get_presigned_url(BUCKET, "a", "GET"))[0] == 403
    assert caught.value.get_error_code() == "InvalidAccessKeyId"


@pytest.fixture
def served(tmp_path):
    """Address of ``cosmat serve`` on a folder, in a process of its own."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    root = Path(cm.__file__).resolve().parents[1]
    command = "-m cosmat_nb.cli serve --port 0 --secret-id my-id --secret-key my-key"
    process = subprocess.Popen(
        [sys.executable, *command.split(), "--folder", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    try:
        lines = (process.stdout.readline() for _ in range(5))
        yield next(
            filter(None, (re.search(r"http://127\.0\.0\.1:\d+", x) for x in lines))
        )[0]
    finally:
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_serve_answers_the_sdk(served, tmp_path):
    """The command line's emulator keeps a folder of objects and cuts them."""
    sdk = connect_sdk(served, keys=("my-id", "my-key"))
    put_square(sdk, "p 1/方.jpg")
    assert (tmp_path / "pictures" / "p 1" / "方.jpg").is_file()
    head = sdk.head_object(Bucket=BUCKET, Key="p 1/方.jpg")
    assert head["Content-Type"] == "image/jpeg"
    assert [row["Key"] for row in sdk.list_objects(BUCKET)["Contents"]] == [
        "p 1/方.jpg"
    ]
    _, data = sdk.cos_ai_pic_matting(
        BUCKET, "p 1/方.jpg", PaddingLayout="20x10", Stream=False
    )
    alpha = open_png(data)[..., 3]
    assert alpha.shape == (84, 136)
    assert (alpha[10 + 32, 20 + 48], alpha[10, 20]) == (255, 0)
    sdk.delete_object(Bucket=BUCKET, Key="p 1/方.jpg")
    assert not list((tmp_path / "pictures").rglob("*.jpg"))
