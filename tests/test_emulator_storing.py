"""Matting while uploading and in the cloud: results, places, refusals."""

import base64
import hashlib
import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from asking import ADDRESS, OTHER, make_request
from squares import WhiteEngine, draw_square

from cosmat_nb import images
from cosmat_nb.emulator.assumptions import Assumptions
from cosmat_nb.emulator.bucket import FolderBucket, MemoryBucket
from cosmat_nb.emulator.cutting import Cutter
from cosmat_nb.emulator.objects import Objects
from cosmat_nb.emulator.refusal import Refusal
from cosmat_nb.emulator.storing import Storing
from cosmat_nb.wire.results import UploadResult

PLAIN = "ci-process=AIPicMatting"
PNG = images.encode_png(draw_square())


def make_storing(bucket=None, **assumed):
    """Make the storing of two buckets, the default one perhaps of one's own."""
    assumptions = Assumptions(**assumed)
    buckets = {
        ADDRESS: MemoryBucket() if bucket is None else bucket,
        OTHER: MemoryBucket(),
    }
    shelves = {
        address.bucket: Objects(address=address, bucket=bucket)
        for address, bucket in buckets.items()
    }
    cutter = Cutter(engine=WhiteEngine(), assumptions=assumptions)
    return Storing(shelves=shelves, cutter=cutter, assumptions=assumptions)


def rule(fileid, text=PLAIN, **more):
    """Write one rule."""
    return {"fileid": fileid, "rule": text, **more}


def operate(*rules, **flags):
    """Write a Pic-Operations header."""
    return json.dumps({**flags, "rules": list(rules)})


def upload(storing, header, key="p1/test1.jpg", body=PNG, **headers):
    """Upload a picture with operations, through the default bucket."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = make_request("PUT", key, {}, {"pic-operations": header, **named}, body)
    return storing.upload(request, storing.shelves[ADDRESS.bucket])


def process(storing, header, key="p1/test1.jpg", body=b""):
    """Ask for results from a stored picture of the default bucket."""
    headers = {"pic-operations": header}
    request = make_request("POST", key, {"image_process": ""}, headers, body)
    return storing.process(request, storing.shelves[ADDRESS.bucket])


def refuse(ask, storing, header, **how):
    """Ask for something that is refused and hand back the refusal."""
    with pytest.raises(Refusal) as caught:
        ask(storing, header, **how)
    assert caught.value.message.endswith(".")
    return caught.value


def put(storing, key="p1/test1.jpg", data=PNG, bucket=ADDRESS.bucket):
    """Put an object where it can be found."""
    storing.shelves[bucket].bucket.put(key, data, "image/png")


def get(storing, key, bucket=ADDRESS.bucket):
    """Get an object."""
    return storing.shelves[bucket].bucket.get(key)


def keys(storing, bucket=ADDRESS.bucket):
    """Keys of a bucket, sorted."""
    return sorted(info.key for info in storing.shelves[bucket].bucket.infos())


def etag(data):
    """MD5 of some bytes, as a document tells it."""
    return f'"{hashlib.md5(data).hexdigest()}"'


@pytest.mark.parametrize("ask", [upload, process])
def test_the_document_is_the_vendors(ask):
    """Element by element the answer has the form of the vendor's own example."""
    storing = make_storing()
    put(storing)
    answer = ask(storing, operate(rule("/p2/test2.jpg")))
    result = get(storing, "p2/test2.jpg").data
    # The page "Generic Image Matting", practical examples of methods 2 and 3.
    expected = (
        "<UploadResult><OriginalInfo><Key>p1/test1.jpg</Key><Location>"
        "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/p1/test1.jpg"
        f"</Location><ETag>{etag(PNG)}</ETag></OriginalInfo><ProcessResults><Object>"
        "<Key>p2/test2.jpg</Key><Location>"
        "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/p2/test2.jpg"
        f"</Location><Format/><Size>{len(result)}</Size><ETag>{etag(result)}</ETag>"
        "</Object></ProcessResults></UploadResult>"
    )
    assert ET.canonicalize(answer.body.decode()) == ET.canonicalize(expected)
    assert (answer.status, answer.billed) == (200, 1)
    assert answer.headers == {
        "Content-Type": "application/xml",
        "Server": "tencent-ci",
        "Status": "200 OK",
    }


def test_a_result_is_the_cutout():
    """What is stored is a PNG, cut, centred and padded as the rule says."""
    storing = make_storing()
    body = images.encode_png(draw_square(box=(0, 0, 16, 24)))
    layouts = f"{PLAIN}&center-layout=1&padding-layout=20x10"
    upload(storing, operate(rule("/cut", layouts)), body=body)
    stored = get(storing, "cut")
    rgba = images.decode_rgba(stored.data)
    # 64 by 96 grow to 84 by 136; before padding, 24 rows are above, 36 columns left.
    expected = np.zeros((84, 136))
    expected[10 + 24 : 10 + 40, 20 + 36 : 20 + 60] = 255
    assert stored.content_type == "image/png"
    assert np.array_equal(rgba[..., 3], expected)
    assert get(storing, "p1/test1.jpg").data == body


@pytest.mark.parametrize(
    ("source", "fileid", "target"),
    [
        # The vendor's own two examples.
        ("p1/test1.jpg", "/p2/test2.jpg", "p2/test2.jpg"),
        ("p1/test1.jpg", "p2/test2.jpg", "p1/p2/test2.jpg"),
        ("test1.jpg", "test2.jpg", "test2.jpg"),
        ("bg/x.jpg", "bg/a.png", "bg/bg/a.png"),
        ("a//b.jpg", "c.png", "a//c.png"),
        ("a/b.jpg", "/中文/😀 +%41.png", "中文/😀 +%41.png"),
    ],
)
def test_a_fileid_is_absolute_or_relative(source, fileid, target):
    """With a slash in front it starts at the root, else at the source's folder."""
    storing = make_storing()
    put(storing, source)
    answer = UploadResult.from_xml(process(storing, operate(rule(fileid)), source).body)
    assert keys(storing) == sorted([source, target])
    assert answer.objects[0].key == target
    assert answer.objects[0].location == f"{ADDRESS.host}/{target}"


def test_a_fileid_may_be_the_source():
    """The result then takes the picture's place; the answer tells both ETags."""
    storing = make_storing()
    answer = UploadResult.from_xml(upload(storing, operate(rule("test1.jpg"))).body)
    assert keys(storing) == ["p1/test1.jpg"]
    result = get(storing, "p1/test1.jpg").data
    assert images.decode_rgba(result)[0, 0, 3] == 0
    assert f'"{answer.original.etag}"' == etag(PNG)
    assert f'"{answer.objects[0].etag}"' == etag(result)


def test_a_header_may_be_utf8():
    """JSON that is not escaped reaches the emulator as bytes of UTF-8."""
    storing = make_storing()
    text = json.dumps({"rules": [rule("/输出/é.png")]}, ensure_ascii=False)
    upload(storing, text.encode().decode("latin-1"))
    assert keys(storing) == ["p1/test1.jpg", "输出/é.png"]


def test_a_result_can_go_to_another_bucket():
    """It is kept there, its Location is there; an unknown bucket is refused."""
    storing = make_storing()
    answer = upload(storing, operate(rule("/cut.png", bucket=OTHER.bucket)))
    assert keys(storing, OTHER.bucket) == ["cut.png"]
    assert keys(storing) == ["p1/test1.jpg"]
    stored = UploadResult.from_xml(answer.body).objects[0]
    assert stored.location == f"{OTHER.host}/cut.png"
    own = process(storing, operate(rule("/cut.png", bucket=ADDRESS.bucket)))
    assert UploadResult.from_xml(own.body).objects[0].location == (
        f"{ADDRESS.host}/cut.png"
    )
    wrong = operate(rule("/cut.png", bucket="nowhere-1250000000"))
    assert refuse(process, storing, wrong).code == "NoSuchBucket"


def test_five_rules_make_five_results_from_one_cut():
    """In the cloud up to five results come in the order of their rules, all billed."""
    storing = make_storing()
    put(storing)
    rules = [
        rule(f"/{number}.png", f"{PLAIN}&padding-layout={number}x0")
        for number in range(5)
    ]
    answer = process(storing, operate(*rules))
    result = UploadResult.from_xml(answer.body)
    assert [row.key for row in result.objects] == [f"{n}.png" for n in range(5)]
    widths = [
        images.read_header(get(storing, row.key).data).width for row in result.objects
    ]
    assert widths == [96, 98, 100, 102, 104]
    assert answer.billed == 5


@pytest.mark.parametrize(("ask", "most"), [(upload, 1), (process, 5)])
def test_too_many_rules_are_refused(ask, most):
    """One rule too many answers with the documented number, and nothing is kept."""
    storing = make_storing()
    put(storing, "there.jpg")
    rules = [rule(f"/{number}.png") for number in range(most + 1)]
    refusal = refuse(ask, storing, operate(*rules), key="there.jpg")
    assert (refusal.code, refusal.status) == ("InvalidPicOperations", 400)
    assert refusal.headers == {"X-ErrNo": "-60997"}
    refuse(upload, storing, operate(*rules, *rules), key="new.jpg")
    assert keys(storing) == ["there.jpg"]


def test_no_rules_make_no_results():
    """Left blank, rules skip the processing: the picture is stored, nothing billed."""
    storing = make_storing()
    for header in ("{}", '{"rules": []}', '{"rules": null, "is_pic_info": 1}'):
        answer = upload(storing, header, body=b"no picture")
        result = UploadResult.from_xml(answer.body)
        assert (result.objects, result.original.format, answer.billed) == ((), "", 0)
        assert b"<ProcessResults" in answer.body
    assert get(storing, "p1/test1.jpg").data == b"no picture"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "{",
        "[]",
        "null",
        '"rules"',
        "{'rules': []}",
        '{"rules": 5}',
        '{"rules": "x"}',
        '{"rules": [5]}',
        '{"rules": [{"fileid": "/a"}]}',
        '{"rules": [{"rule": "ci-process=AIPicMatting"}]}',
        '{"rules": [{"fileid": 5, "rule": "ci-process=AIPicMatting"}]}',
        '{"rules": [{"fileid": "/a", "rule": ["x"]}]}',
        '{"rules": [], "is_pic_info": 2}',
        '{"rules": [], "is_pic_info": [1]}',
        "[" * 100_000,
        "9" * 5000,
        base64.b64encode(operate(rule("/a")).encode()).decode(),
    ],
    ids=lambda text: text[:40],
)
def test_a_malformed_header_is_refused(header):
    """What is no JSON, or not these rules, is InvalidPicOperations; nothing is kept."""
    storing = make_storing()
    assert refuse(upload, storing, header).code == "InvalidPicOperations"
    assert refuse(process, storing, header).code == "InvalidPicOperations"
    assert keys(storing) == []


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (rule("/cut/"), "InvalidPicOperations"),
        (rule("/"), "InvalidPicOperations"),
        (rule("cut/"), "InvalidPicOperations"),
        (rule("//cut"), "InvalidPicOperations"),
        (rule("../cut"), "InvalidPicOperations"),
        (rule("/a/../cut"), "InvalidPicOperations"),
        (rule("/\ud800"), "InvalidPicOperations"),
        (rule("/" + "x" * 851), "InvalidPicOperations"),
        (rule("/cut", "AIPicMatting"), "InvalidPicOperations"),
        (rule("/cut", "imageMogr2/thumbnail/50x"), "InvalidPicOperations"),
        (rule("/cut", "ci-process=ImageRepair"), "NotImplemented"),
        (rule("/cut", "center-layout=1"), "InvalidArgument"),
        (rule("/cut", f"{PLAIN}&padding-layout=1001x0"), "InvalidArgument"),
        (rule("/cut", bucket="nowhere-1250000000"), "NoSuchBucket"),
        (rule("/cut", bucket="../x"), "NoSuchBucket"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_bad_rule_leaves_no_result(bad, code):
    """One bad rule among good ones is refused, and no result of any is kept."""
    storing = make_storing()
    put(storing)
    for rules in ([bad], [rule("/good.png"), bad], [bad, rule("/good.png")]):
        assert refuse(process, storing, operate(*rules)).code == code
    assert keys(storing) == ["p1/test1.jpg"]
    assert refuse(upload, storing, operate(bad)).code == code
    assert keys(storing) == ["p1/test1.jpg"]


def test_rules_are_read_with_blanks_and_unknown_parts():
    """The vendor prints blanks around the equals sign; rules may hold other keys."""
    storing = make_storing()
    odd = rule("/cut", " ci-process = GoodsMatting & center-layout = 1 ")
    upload(storing, operate(odd | {"ignore-error": 1, "x": None}, is_pic_info="0"))
    assert keys(storing) == ["cut", "p1/test1.jpg"]


def test_a_picture_can_be_described():
    """is_pic_info tells format, sides, quality, mean colour and orientation."""
    storing = make_storing()
    # 40 of 100 rows are red: the mean of 200, 30, 40 and 255 by 2 to 3.
    picture = draw_square(100, 96, (0, 0, 40, 96))
    answer = upload(storing, operate(is_pic_info=1), body=images.encode_png(picture))
    original = UploadResult.from_xml(answer.body).original
    assert (original.format, original.width, original.height) == ("PNG", 96, 100)
    assert (original.quality, original.orientation) == (100, 0)
    red, green, blue = (round(0.4 * c + 0.6 * 255) for c in (200, 30, 40))
    assert original.color == f"0x{red:02x}{green:02x}{blue:02x}"
    again = process(storing, operate(rule("/cut"), is_pic_info=1))
    assert UploadResult.from_xml(again.body).original == original
    assert b"ImageInfo" not in process(storing, operate(rule("/cut"))).body


def test_a_rich_answer_tells_the_results():
    """Where it is assumed, results have format, sides and quality."""
    storing = make_storing(results="full")
    padded = rule("/cut", f"{PLAIN}&padding-layout=20x10")
    row = UploadResult.from_xml(upload(storing, operate(padded)).body).objects[0]
    assert (row.format, row.width, row.height, row.quality) == ("png", 136, 84, 100)


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"text", "InvalidImageFormat"), (PNG[:-40], "InvalidImageSource")],
)
def test_a_bad_picture_has_no_results(data, code):
    """Unusable pictures are refused in both ways; no result is kept."""
    storing = make_storing(failed_upload="drop")
    put(storing, "bad.jpg", data)
    header = operate(rule("/cut"))
    assert refuse(process, storing, header, key="bad.jpg").code == code
    assert refuse(upload, storing, header, body=data).code == code
    assert keys(storing) == ["bad.jpg"]
    put(storing)
    refuse(upload, storing, header, body=data)
    assert get(storing, "p1/test1.jpg").data == PNG


def test_a_picture_that_is_not_there_has_no_results():
    """In the cloud the source must be stored; a body is ignored."""
    storing = make_storing()
    header = operate(rule("/cut"))
    assert refuse(process, storing, header, body=PNG).code == "NoSuchKey"
    put(storing)
    other = images.encode_png(draw_square(32, 32))
    process(storing, header, body=other)
    assert images.read_header(get(storing, "cut").data).width == 96
    assert get(storing, "p1/test1.jpg").data == PNG


def test_an_upload_is_checked_like_any_other():
    """A wrong digest and an illegal key are refused; nothing is kept."""
    for assumed in ("keep", "drop"):
        storing = make_storing(failed_upload=assumed)
        header = operate(rule("/cut"))
        md5 = base64.b64encode(bytes(16)).decode()
        refusal = refuse(upload, storing, header, content_md5=md5)
        assert refusal.code == "BadDigest"
        refusal = refuse(upload, storing, header, key="a/../b")
        assert refusal.code in ("InvalidObjectName", "InvalidPicOperations")
        assert keys(storing) == []


def test_an_upload_keeps_its_headers():
    """Type and metadata of the picture are kept as by a plain upload."""
    storing = make_storing()
    more = {"content_type": "image/png", "x_cos_meta_note": "n"}
    upload(storing, operate(rule("/cut")), **more)
    stored = get(storing, "p1/test1.jpg")
    assert stored.content_type == "image/png"
    assert stored.headers == {"x-cos-meta-note": "n"}
    assert get(storing, "cut").headers == {}


def test_a_result_that_cannot_be_kept_takes_the_others_with_it(tmp_path):
    """When a place turns out unfit, what was there before is there again."""
    storing = make_storing(FolderBucket(tmp_path))
    put(storing)
    put(storing, "old", b"before")
    # A file cannot be a folder as well.
    rules = [rule("/new"), rule("/old"), rule("/old/cut.png")]
    assert refuse(process, storing, operate(*rules)).code == "InvalidObjectName"
    assert keys(storing) == ["old", "p1/test1.jpg"]
    assert get(storing, "old").data == b"before"
