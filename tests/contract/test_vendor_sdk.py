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
from conftest import WhiteEngine, draw_square
from PIL import Image

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
    "p/&=?#;.txt",
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


def test_a_listing_is_paged(sdk):
    """Pages of two, each starting at the last one's NextMarker, tell every key once."""
    for key in ODD_KEYS:
        sdk.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    marker, seen = "", []
    while True:
        page = sdk.list_objects(Bucket=BUCKET, Prefix="p/", Marker=marker, MaxKeys=2)
        assert page["MaxKeys"] == "2"
        assert len(page["Contents"]) == 2
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


@pytest.mark.parametrize("key", ["a b+c.txt", "中/😀.txt"])
@pytest.mark.parametrize("sign_host", [True, False])
def test_a_presigned_link_opens_for_anyone(sdk, key, sign_host):
    """A link that the SDK presigns is answered without any further header."""
    sdk.put_object(Bucket=BUCKET, Key=key, Body=b"hello")
    link = urlsplit(sdk.get_presigned_url(BUCKET, key, "GET", SignHost=sign_host))
    connection = http.client.HTTPConnection(link.netloc, timeout=10)
    connection.request("GET", f"{link.path}?{link.query}")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"hello")
    connection.close()


def test_a_presigned_link_can_matte(sdk):
    """Parameters signed into a link, a blank among them, are those that are sent."""
    put_square(sdk)
    params = {"ci-process": "AIPicMatting", "padding-layout": "5x0", "note": "a b+c"}
    link = urlsplit(sdk.get_presigned_url(BUCKET, "square.jpg", "GET", Params=params))
    connection = http.client.HTTPConnection(link.netloc, timeout=10)
    connection.request("GET", f"{link.path}?{link.query}")
    assert open_png(connection.getresponse().read()).shape == (64, 106, 4)
    connection.close()


@pytest.mark.parametrize(
    "method", ["cos_ai_pic_matting", "cos_goods_matting", "cos_ai_portrait_matting"]
)
def test_every_operation_cuts(sdk, method):
    """The three matting methods return a PNG of the source's size, cut where it is."""
    put_square(sdk)
    headers, data = getattr(sdk, method)(BUCKET, ObjectKey="square.jpg", Stream=False)
    rgba = open_png(data)
    assert headers["Content-Type"] == "image/png"
    assert headers["Server"] == "tencent-ci"
    assert headers["x-cos-request-id"]
    expected = np.zeros((64, 96))
    expected[16:48, 24:72] = 255
    # JPEG's blocks of 8 px end at the box's edges, so that it stays sharp.
    assert np.array_equal(rgba[..., 3], expected)
    assert not rgba[rgba[..., 3] == 0].any()


def test_layouts_shape_the_canvas(sdk):
    """Centring moves the box, padding adds 20 columns and 10 rows a side."""
    picture = draw_square(box=(0, 0, 16, 24))
    sdk.put_object(Bucket=BUCKET, Key="corner.png", Body=images.encode_png(picture))
    _, data = sdk.cos_ai_pic_matting(
        BUCKET, "corner.png", CenterLayout=1, PaddingLayout="20x10", Stream=False
    )
    rgba = open_png(data)
    # 64 by 96 grow to 84 by 136; before padding, 24 rows are above, 36 columns left.
    expected = np.zeros((84, 136))
    expected[10 + 24 : 10 + 40, 20 + 36 : 20 + 60] = 255
    assert np.array_equal(rgba[..., 3], expected)


def test_a_streamed_answer_is_whole(sdk):
    """Read as a stream, the SDK's default, the answer is the same PNG."""
    put_square(sdk)
    _, stream = sdk.cos_ai_pic_matting(BUCKET, ObjectKey="square.jpg")
    data = stream.get_raw_stream().read()
    assert open_png(data).shape == (64, 96, 4)


def test_a_picture_of_the_bucket_can_be_named_by_address(sdk, emulator):
    """detect-url reaches a picture with an odd key in the emulator's own bucket."""
    put_square(sdk, "p 1/a+b.jpg")
    url = f"http://{emulator.address.host}/p%201/a%2Bb.jpg?x=1&y=2"
    _, data = sdk.cos_ai_pic_matting(BUCKET, DetectUrl=url, Stream=False)
    assert open_png(data).shape == (64, 96, 4)


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
    errors = [
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
        refused(sdk.delete_objects, Delete={"Object": [{"Key": "a"}]}),
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
