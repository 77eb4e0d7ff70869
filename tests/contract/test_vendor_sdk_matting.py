"""Matting by the vendor's unmodified Python SDK: three operations, three ways."""

from __future__ import annotations

import json

import numpy as np
import pytest
from squares import WhiteEngine, draw_square
from test_vendor_sdk import BUCKET, connect_sdk, open_png, put_square

import cosmat_nb as cm
from cosmat_nb import images

pytest.importorskip("qcloud_cos")

from qcloud_cos import CosServiceError

OTHER = "other-1250000000"
METHODS = {
    "cos_ai_pic_matting": "AIPicMatting",
    "cos_goods_matting": "GoodsMatting",
    "cos_ai_portrait_matting": "AIPortraitMatting",
}
CORNER = images.encode_png(draw_square(box=(0, 0, 16, 24)))


@pytest.fixture
def sdk(emulator):
    """The vendor's client of `emulator`."""
    return connect_sdk(emulator.endpoint)


@pytest.fixture
def refused():
    """Call something that the service refuses and hand back the SDK's error."""

    def call(function, **arguments):
        with pytest.raises(CosServiceError) as caught:
            function(Bucket=BUCKET, **arguments)
        return caught.value

    return call


def operate(*rules, **flags):
    """Write Pic-Operations as text, as the SDK's examples do."""
    rows = [{"fileid": fileid, "rule": text} for fileid, text in rules]
    return json.dumps({**flags, "rules": rows})


def read(sdk, key, bucket=BUCKET):
    """Read an object whole."""
    return sdk.get_object(Bucket=bucket, Key=key)["Body"].get_raw_stream().read()


@pytest.mark.parametrize("method", METHODS)
def test_every_operation_cuts(sdk, method):
    """The three matting methods return a PNG of the source's size, cut where it is."""
    put_square(sdk)
    headers, data = getattr(sdk, method)(BUCKET, ObjectKey="square.jpg", Stream=False)
    rgba = open_png(data)
    assert headers["Content-Type"] == "image/png"
    assert headers["Content-Length"] == str(len(data))
    assert (headers["Server"], headers["Status"]) == ("tencent-ci", "200 OK")
    assert headers["x-cos-request-id"]
    expected = np.zeros((64, 96))
    expected[16:48, 24:72] = 255
    # JPEG's blocks of 8 px end at the box's edges, so that it stays sharp.
    assert np.array_equal(rgba[..., 3], expected)
    assert not rgba[rgba[..., 3] == 0].any()


@pytest.mark.parametrize("method", METHODS)
def test_layouts_shape_the_canvas(sdk, emulator, method):
    """By key and by address, centring moves the box and padding enlarges the canvas."""
    sdk.put_object(Bucket=BUCKET, Key="p 1/角.png", Body=CORNER)
    cut = getattr(sdk, method)
    layouts = {"CenterLayout": 1, "PaddingLayout": "20x10", "Stream": False}
    _, by_key = cut(BUCKET, "p 1/角.png", **layouts)
    url = f"https://{emulator.address.host}/p%201/%E8%A7%92.png"
    _, by_address = cut(BUCKET, DetectUrl=url, **layouts)
    # 64 by 96 grow to 84 by 136; before padding, 24 rows are above, 36 columns left.
    expected = np.zeros((84, 136))
    expected[10 + 24 : 10 + 40, 20 + 36 : 20 + 60] = 255
    assert np.array_equal(open_png(by_key)[..., 3], expected)
    assert by_address == by_key


def test_a_streamed_answer_is_whole(sdk):
    """Read as a stream, the SDK's default, the answer is the same PNG."""
    put_square(sdk)
    _, stream = sdk.cos_ai_pic_matting(BUCKET, ObjectKey="square.jpg")
    data = stream.get_raw_stream().read()
    assert open_png(data).shape == (64, 96, 4)


def test_an_address_may_have_a_query(sdk, emulator):
    """detect-url reaches a picture with an odd key in the emulator's own bucket."""
    put_square(sdk, "p 1/a+b.jpg")
    url = f"http://{emulator.address.host}/p%201/a%2Bb.jpg?x=1&y=2"
    _, data = sdk.cos_ai_pic_matting(BUCKET, DetectUrl=url, Stream=False)
    assert open_png(data).shape == (64, 96, 4)


def test_a_presigned_link_can_be_cut(sdk, refused):
    """A link that the SDK presigns is a detect-url; a forged or expired one is not."""
    put_square(sdk, "p 1/a+b.jpg")
    link = sdk.get_presigned_url(BUCKET, "p 1/a+b.jpg", "GET")
    _, data = sdk.cos_ai_pic_matting(BUCKET, DetectUrl=link, Stream=False)
    assert open_png(data).shape == (64, 96, 4)
    late = sdk.get_presigned_url(BUCKET, "p 1/a+b.jpg", "GET", Expired=-1)
    forged = link[:-1] + ("1" if link.endswith("0") else "0")
    for wrong, reason in [(late, "expired"), (forged, "SignatureDoesNotMatch")]:
        error = refused(sdk.cos_ai_pic_matting, DetectUrl=wrong, Stream=False)
        assert error.get_error_code() == "InvalidArgument"
        assert reason in error.get_error_msg()


@pytest.mark.parametrize("name", METHODS.values())
def test_the_general_call_cuts(sdk, name):
    """ci_process with the operation's name and layouts is the same call."""
    put_square(sdk)
    params = {"center-layout": 0, "padding-layout": "5x0", "detect-url": ""}
    headers, data = sdk.ci_process(
        BUCKET, "square.jpg", name, Params=params, NeedHeader=True
    )
    assert headers["Content-Type"] == "image/png"
    assert open_png(data).shape == (64, 106, 4)


def test_a_picture_is_cut_while_uploading(sdk, emulator):
    """ci_put_object keeps the picture and its cutout; the SDK reads one Object."""
    operations = operate(("cut/方.png", "ci-process=AIPicMatting"))
    headers, told = sdk.ci_put_object(
        BUCKET, CORNER, "p1/角.png", EnableMD5=True, PicOperations=operations
    )
    assert headers["Content-Type"] == "application/xml"
    assert (headers["Server"], headers["Status"]) == ("tencent-ci", "200 OK")
    source = sdk.head_object(Bucket=BUCKET, Key="p1/角.png")
    cut = sdk.head_object(Bucket=BUCKET, Key="p1/cut/方.png")
    host = emulator.address.host
    assert told == {
        "OriginalInfo": {
            "Key": "p1/角.png",
            "Location": f"{host}/p1/角.png",
            "ETag": source["ETag"],
        },
        "ProcessResults": {
            "Object": {
                "Key": "p1/cut/方.png",
                "Location": f"{host}/p1/cut/方.png",
                "Format": None,
                "Size": cut["Content-Length"],
                "ETag": cut["ETag"],
            }
        },
    }
    assert cut["Content-Type"] == "image/png"
    _, same = sdk.cos_ai_pic_matting(BUCKET, "p1/角.png", Stream=False)
    assert read(sdk, "p1/cut/方.png") == same
    assert read(sdk, "p1/角.png") == CORNER


def test_a_file_is_cut_while_uploading(sdk, tmp_path):
    """A local file is streamed, with operations that hold text as it is, in UTF-8."""
    (tmp_path / "a.png").write_bytes(CORNER)
    rule = {"fileid": "/输出/é 😀.png", "rule": "ci-process=AIPicMatting"}
    text = json.dumps({"rules": [rule]}, ensure_ascii=False)
    _, told = sdk.ci_put_object_from_local_file(
        BUCKET, str(tmp_path / "a.png"), "a.png", PicOperations=text
    )
    assert told["ProcessResults"]["Object"]["Key"] == "输出/é 😀.png"
    assert open_png(read(sdk, "输出/é 😀.png")).shape == (64, 96, 4)


def test_pictures_are_cut_in_the_cloud(sdk, emulator):
    """ci_image_process makes several results, which the SDK reads as a list."""
    put_square(sdk, "p1/a.jpg")
    operations = operate(
        ("/plain.png", "ci-process=AIPicMatting"),
        ("padded.png", "ci-process=GoodsMatting&padding-layout=20x10"),
        is_pic_info=1,
    )
    _, told = sdk.ci_image_process(BUCKET, "p1/a.jpg", PicOperations=operations)
    assert told["OriginalInfo"]["ImageInfo"] | {"Ave": ""} == {
        "Format": "JPEG",
        "Width": "96",
        "Height": "64",
        "Quality": "92",
        "Ave": "",
        "Orientation": "0",
    }
    rows = told["ProcessResults"]["Object"]
    assert [row["Key"] for row in rows] == ["plain.png", "p1/padded.png"]
    for row, shape in zip(rows, [(64, 96, 4), (84, 136, 4)], strict=True):
        data = read(sdk, row["Key"])
        assert open_png(data).shape == shape
        assert row["Size"] == str(len(data))
    assert emulator.billed == 2


def test_a_result_can_go_to_another_bucket(refused):
    """It is read from there; a bucket that is not there is told."""
    others = {OTHER: cm.MemoryBucket()}
    with cm.Emulator(engine=WhiteEngine(), others=others) as emulator:
        sdk = connect_sdk(emulator.endpoint)
        rule = {"bucket": OTHER, "fileid": "/a.png", "rule": "ci-process=AIPicMatting"}
        text = json.dumps({"rules": [rule]})
        _, told = sdk.ci_put_object(BUCKET, CORNER, "a.jpg", PicOperations=text)
        assert told["ProcessResults"]["Object"]["Location"] == (
            f"{OTHER}.cos.ap-guangzhou.myqcloud.com/a.png"
        )
        assert open_png(read(sdk, "a.png", OTHER)).shape == (64, 96, 4)
        assert not sdk.object_exists(Bucket=BUCKET, Key="a.png")
        text = text.replace(OTHER, "nowhere-1250000000")
        error = refused(sdk.ci_image_process, Key="a.jpg", PicOperations=text)
    assert error.get_error_code() == "NoSuchBucket"


def test_bad_operations_are_refused(sdk, refused, emulator):
    """The SDK reads the documented codes; no result is left behind."""
    sdk.put_object(Bucket=BUCKET, Key="a.png", Body=CORNER)
    sdk.put_object(Bucket=BUCKET, Key="note.txt", Body=b"no picture")
    one, plain = ("/x.png", "ci-process=AIPicMatting"), "ci-process=AIPicMatting"
    tries = [
        (sdk.ci_image_process, "a.png", operate(*[one] * 6), "InvalidPicOperations"),
        (sdk.ci_image_process, "a.png", "{", "InvalidPicOperations"),
        (
            sdk.ci_image_process,
            "a.png",
            operate(one, ("/cut/", plain)),
            "InvalidPicOperations",
        ),
        (
            sdk.ci_image_process,
            "a.png",
            operate(one, ("/y", f"{plain}&padding-layout=1001x0")),
            "InvalidArgument",
        ),
        (sdk.ci_image_process, "note.txt", operate(one), "InvalidImageFormat"),
        (sdk.ci_image_process, "nope.png", operate(one), "NoSuchKey"),
    ]
    for call, key, text, code in tries:
        error = refused(call, Key=key, PicOperations=text)
        assert error.get_error_code() == code
        assert error.get_resource_location() == f"{emulator.address.host}/{key}"
    two = operate(one, one)
    error = refused(sdk.ci_put_object, Key="b.png", Body=CORNER, PicOperations=two)
    assert error.get_error_code() == "InvalidPicOperations"
    listed = sdk.list_objects(Bucket=BUCKET)["Contents"]
    assert [row["Key"] for row in listed] == ["a.png", "note.txt"]
    assert emulator.billed == 0


def test_refusals_have_the_documented_codes(sdk, refused):
    """What cannot be cut while downloading is told as the vendor tells it."""
    sdk.put_object(Bucket=BUCKET, Key="a.png", Body=CORNER)
    tiny = images.encode_png(draw_square(4, 4, (1, 1, 2, 2)))
    sdk.put_object(Bucket=BUCKET, Key="tiny.png", Body=tiny)
    for asked, code, status in [
        ({"ObjectKey": ""}, "InvalidArgument", 400),
        ({"ObjectKey": "nope.png"}, "NoSuchKey", 404),
        ({"ObjectKey": "tiny.png"}, "ImageTooLarge", 400),
        ({"ObjectKey": "a.png", "PaddingLayout": "20"}, "InvalidArgument", 400),
        ({"ObjectKey": "a.png", "CenterLayout": 2}, "InvalidArgument", 400),
        ({"DetectUrl": "http://www.example.com/a.jpg"}, "InvalidArgument", 400),
        ({"DetectUrl": "http%3A%2F%2Fwww.example.com"}, "InvalidArgument", 400),
    ]:
        error = refused(sdk.cos_ai_pic_matting, Stream=False, **asked)
        assert (error.get_error_code(), error.get_status_code()) == (code, status)
        assert "Unknown" not in (error.get_request_id(), error.get_resource_location())


def test_a_custom_domain_cuts_its_own_links(emulator):
    """With Domain, links of that domain are the emulator's own."""
    domain = emulator.endpoint.removeprefix("http://").replace("127.0.0.1", "localhost")
    sdk = connect_sdk(emulator.endpoint, Domain=domain)
    put_square(sdk)
    link = sdk.get_presigned_url(BUCKET, "square.jpg", "GET")
    assert link.startswith(f"http://{domain}/")
    _, data = sdk.cos_ai_pic_matting(BUCKET, DetectUrl=link, Stream=False)
    assert open_png(data).shape == (64, 96, 4)
    text = operate(("/cut.png", "ci-process=AIPicMatting"))
    sdk.ci_image_process(BUCKET, "square.jpg", PicOperations=text)
    assert read(sdk, "cut.png") == data
