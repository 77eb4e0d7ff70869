"""Which request does what: routes, buckets, and what is not done here."""

import base64
import hashlib
import json

import pytest
from asking import ADDRESS, OTHER, make_handlers, make_request, sign_request
from squares import draw_square

from cosmat_nb import images
from cosmat_nb.emulator.refusal import Redirect, Refusal
from cosmat_nb.wire.deletion import DeleteRequest
from cosmat_nb.wire.documents import Listing
from cosmat_nb.wire.results import UploadResult

PNG = images.encode_png(draw_square())
OPERATIONS = json.dumps(
    {"rules": [{"fileid": "/cut.png", "rule": "ci-process=AIPicMatting"}]}
)


@pytest.fixture
def handlers():
    """Handlers of two buckets, a picture in the default one."""
    made = make_handlers()
    made.buckets[ADDRESS.bucket].put("a.png", PNG, "image/png")
    return made


def refuse(handlers, request):
    """Ask for something that is refused and hand back the code."""
    with pytest.raises(Refusal) as caught:
        handlers.answer(request)
    assert caught.value.message.endswith(".")
    return caught.value.code


def keys(handlers, address=ADDRESS):
    """Keys of a bucket, sorted."""
    return sorted(info.key for info in handlers.buckets[address.bucket].infos())


def test_an_object_has_four_methods(handlers):
    """PUT, GET, HEAD and DELETE of a key reach the object."""
    ask = handlers.answer
    ask(sign_request("PUT", "b", body=b"hello"))
    assert ask(sign_request("GET", "b")).body == b"hello"
    assert ask(sign_request("HEAD", "b")).status == 200
    assert ask(sign_request("DELETE", "b")).status == 204
    assert refuse(handlers, sign_request("GET", "b")) == "NoSuchKey"


def test_a_bucket_is_listed_and_emptied(handlers):
    """GET and HEAD of the bucket list it, POST ?delete removes many."""
    page = handlers.answer(sign_request("GET"))
    assert [info.key for info in Listing.from_xml(page.body).contents] == ["a.png"]
    assert handlers.answer(sign_request("HEAD")).status == 200
    body = DeleteRequest(keys=("a.png",)).to_xml()
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    request = sign_request("POST", "", {"delete": ""}, {"content-md5": md5}, body)
    assert b"<Deleted>" in handlers.answer(request).body
    assert keys(handlers) == []


@pytest.mark.parametrize("name", ["AIPicMatting", "GoodsMatting", "AIPortraitMatting"])
def test_a_picture_is_cut_while_downloading(handlers, name):
    """All three operations answer a PNG as the vendor's page shows it."""
    params = {"ci-process": name, "padding-layout": "20x10"}
    answer = handlers.answer(sign_request("GET", "a.png", params))
    assert answer.headers == {
        "Content-Type": "image/png",
        "Server": "tencent-ci",
        "Status": "200 OK",
    }
    header = images.read_header(answer.body)
    assert (header.format, header.height, header.width) == ("PNG", 84, 136)
    assert answer.billed == 1


@pytest.mark.parametrize("params", [{}, {"detect-url": ""}])
def test_a_matte_needs_a_picture(handlers, params):
    """Without a key and an address the answer is InvalidArgument."""
    request = sign_request("GET", "", {"ci-process": "AIPicMatting", **params})
    assert refuse(handlers, request) == "InvalidArgument"


def test_a_picture_is_cut_while_uploading_and_in_the_cloud(handlers):
    """PUT with Pic-Operations and POST ?image_process answer a document."""
    headers = {"pic-operations": OPERATIONS}
    put = sign_request("PUT", "b.png", {}, headers, PNG)
    post = sign_request("POST", "b.png", {"image_process": ""}, headers)
    for request in (put, post):
        answer = handlers.answer(request)
        assert UploadResult.from_xml(answer.body).objects[0].key == "cut.png"
        assert answer.billed == 1
        assert keys(handlers) == ["a.png", "b.png", "cut.png"]


def test_operations_that_are_not_signed_are_not_run(handlers):
    """The answer is the vendor's own; nothing is stored, by no way of signing."""
    unsigned = {"pic-operations": OPERATIONS}
    for method, params in [("PUT", {}), ("POST", {"image_process": ""})]:
        signed = sign_request(method, "b.png", params, body=PNG)
        headers = {**signed.headers, **unsigned}
        request = make_request(method, "b.png", params, headers, PNG)
        with pytest.raises(Refusal) as caught:
            handlers.answer(request)
        assert (caught.value.code, caught.value.status) == ("AccessDenied", 403)
        assert caught.value.message == "Auth sign header must include Pic-Operations"
    assert keys(handlers) == ["a.png"]


def test_empty_operations_are_none(handlers):
    """An empty header makes a plain upload of it."""
    request = sign_request("PUT", "b", {}, {"pic-operations": ""}, b"text")
    assert handlers.answer(request).body == b""
    assert keys(handlers) == ["a.png", "b"]


@pytest.mark.parametrize(
    ("method", "key", "params"),
    [
        ("POST", "", {}),
        ("PUT", "", {}),
        ("DELETE", "", {}),
        ("POST", "a.png", {}),
        ("POST", "a.png", {"delete": ""}),
        ("POST", "", {"image_process": ""}),
        ("PATCH", "a.png", {}),
        ("POST", "a.png", {"ci-process": "AIPicMatting"}),
    ],
)
def test_other_methods_are_not_allowed(handlers, method, key, params):
    """What there is no handler for answers MethodNotAllowed, also with operations."""
    for headers in ({}, {"pic-operations": OPERATIONS}):
        request = sign_request(method, key, params, headers)
        assert refuse(handlers, request) == "MethodNotAllowed"
    assert keys(handlers) == ["a.png"]


@pytest.mark.parametrize(
    ("method", "param"),
    [
        ("PUT", "acl"),
        ("PUT", "tagging"),
        ("DELETE", "tagging"),
        ("PUT", "partNumber"),
        ("POST", "uploads"),
        ("POST", "append"),
        ("GET", "versions"),
        ("GET", "location"),
        ("GET", "imageInfo"),
        ("GET", "imageMogr2/thumbnail/50x"),
        ("GET", "imageView2/1/w/50"),
        ("GET", "watermark/1/image/x"),
    ],
)
def test_what_is_not_done_here_is_said(handlers, method, param):
    """Rights, parts and other pictures are refused; the object is left alone."""
    for key in ("a.png", ""):
        request = sign_request(method, key, {param: ""}, body=b"other")
        assert refuse(handlers, request) == "NotImplemented"
    assert handlers.buckets[ADDRESS.bucket].get("a.png").data == PNG


def test_a_copy_is_not_done_here(handlers):
    """A PUT that would copy is refused instead of kept as it came."""
    request = sign_request("PUT", "b", {}, {"x-cos-copy-source": "x"})
    assert refuse(handlers, request) == "NotImplemented"
    assert keys(handlers) == ["a.png"]


def test_nothing_is_done_before_the_signature_is_checked(handlers):
    """Unsigned requests are refused alike, whatever they ask for."""
    asked = [
        ("GET", "a.png", {}),
        ("GET", "nope", {}),
        ("GET", "a.png", {"acl": ""}),
        ("GET", "a.png", {"ci-process": "Nope"}),
        ("PATCH", "a.png", {}),
        ("DELETE", "a.png", {}),
    ]
    for method, key, params in asked:
        assert refuse(handlers, make_request(method, key, params)) == "AccessDenied"
    assert keys(handlers) == ["a.png"]


@pytest.mark.parametrize(
    "host",
    [
        OTHER.host,
        "other-1250000000.pic.ap-guangzhou.myqcloud.com",
        "other-1250000000.cos.ap-guangzhou.tencentcos.cn",
        "other-1250000000.cos-internal.ap-guangzhou.tencentcos.cn",
        "other-1250000000.cos.accelerate.myqcloud.com:80",
    ],
)
def test_the_host_says_which_bucket(handlers, host):
    """Each family of hosts reaches its own bucket; any other host, the default one."""
    handlers.answer(sign_request("PUT", "b", body=b"x", host=host))
    assert (keys(handlers), keys(handlers, OTHER)) == (["a.png"], ["b"])
    handlers.answer(sign_request("PUT", "c", body=b"x", host="127.0.0.1:8791"))
    assert (keys(handlers), keys(handlers, OTHER)) == (["a.png", "c"], ["b"])


def test_a_picture_can_be_cut_by_most_hosts(handlers):
    """The hosts for objects and pictures cut; that of the job interfaces does not."""
    params = {"ci-process": "AIPicMatting"}
    for family in ("cos", "pic", "cos-internal"):
        host = f"{ADDRESS.bucket}.{family}.ap-guangzhou.myqcloud.com"
        request = sign_request("GET", "a.png", params, host=host)
        assert handlers.answer(request).billed == 1
    host = f"{ADDRESS.bucket}.ci.ap-guangzhou.myqcloud.com"
    request = sign_request("GET", "a.png", params, host=host)
    assert refuse(handlers, request) == "InvalidUrl"


def test_another_region_may_send_on():
    """By default the bucket is not found there; it may be told where it is."""
    host = ADDRESS.host.replace("guangzhou", "beijing")
    request = sign_request("GET", host=host)
    assert refuse(make_handlers(), request) == "NoSuchBucket"
    with pytest.raises(Redirect) as caught:
        make_handlers(foreign_region="redirect").answer(request)
    assert caught.value.host == ADDRESS.host
