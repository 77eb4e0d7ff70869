"""Every verb driven by hand: what is sent, what is refused unsent, what is believed."""

import base64
import hashlib
import io
import json
import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from driven import ENDPOINT, make_verbs, play, refusal, reply
from PIL import Image
from scripted import ADDRESS, KEYS, NOW, PNG, Time
from squares import draw_square

from cosmat_nb import errors, images
from cosmat_nb.client import questions
from cosmat_nb.options import MattingOptions
from cosmat_nb.wire.address import parse_target
from cosmat_nb.wire.authorization import Authorization
from cosmat_nb.wire.deletion import DeleteFailure, DeleteRequest, DeleteResult
from cosmat_nb.wire.documents import Listing
from cosmat_nb.wire.limits import Limits
from cosmat_nb.wire.results import StoredPicture, UploadResult
from cosmat_nb.wire.rules import MAX_HEADER
from cosmat_nb.wire.signature import Verdict, verify

JPEG = images.encode_jpeg(draw_square())
PLAIN = MattingOptions()
CENTERED = MattingOptions(center=True, padding=(20, 10))
FLAGS = {"bucket": None, "picture_info": False, "overwrite": False}
OTHER = "otherbucket-1250000000"


def run(make, *outcomes, verbs=None, time=None):
    """Run one verb against made-up replies: its end and its attempts."""
    time = time or Time()
    verbs = verbs or make_verbs(time)
    try:
        steps = make(verbs)
    except errors.CosmatError as error:
        return error, []
    end, attempts, _ = play(steps, outcomes, time)
    return end, attempts


def upload(key="mug.jpg", image=JPEG, save_as="cut/mug.png", options=PLAIN, **flags):
    return lambda verbs: verbs.matte_upload(
        key, image, {save_as: options}, **(FLAGS | flags)
    )


def process(results, key="mug.jpg", **flags):
    return lambda verbs: verbs.matte_stored(key, results, **(FLAGS | flags))


def done(*keys, source="mug.jpg"):
    """Answer with a document that names these results."""
    result = UploadResult(
        original=StoredPicture(key=source),
        objects=tuple(
            StoredPicture(key=key, location=f"{ADDRESS.host}/{key}") for key in keys
        ),
    )
    return reply(200, result.to_xml(), x_cos_request_id="REQ")


def told(attempt):
    """Pic-Operations of an attempt, read as any JSON reader would."""
    return json.loads(attempt.headers["Pic-Operations"])


# Matting while uploading and in the bucket.


def test_an_upload_carries_picture_and_rule():
    """One PUT with the picture as its body and one rule in its header."""
    end, (attempt,) = run(upload(options=CENTERED), done("cut/mug.png"))
    assert isinstance(end, UploadResult)
    assert (end.request_id, end.attempts) == ("REQ", 1)
    assert (attempt.method, attempt.target, attempt.body) == ("PUT", "/mug.jpg", JPEG)
    assert attempt.headers["Content-Type"] == "image/jpeg"
    assert told(attempt) == {
        "is_pic_info": 0,
        "rules": [
            {
                "fileid": "/cut/mug.png",
                "rule": "ci-process=AIPicMatting&center-layout=1&padding-layout=20x10",
            }
        ],
    }


def test_a_stored_picture_is_matted_without_a_body():
    """One POST ``?image_process`` with a rule for each result, in their order."""
    results = {"b.png": PLAIN, "a/b/c.png": CENTERED}
    end, (attempt,) = run(process(results, "p/a b.jpg"), done("a/b/c.png", "b.png"))
    assert isinstance(end, UploadResult)
    assert (attempt.method, attempt.target) == ("POST", "/p/a%20b.jpg?image_process=")
    assert attempt.body == b""
    fileids = [rule["fileid"] for rule in told(attempt)["rules"]]
    # A relative one would land in the folder of the source.
    assert fileids == ["/b.png", "/a/b/c.png"]


@pytest.mark.parametrize(
    "make", [upload, lambda **f: process({"cut/mug.png": PLAIN}, **f)]
)
def test_another_bucket_and_picture_info_are_asked_for(make):
    """Both go into the header as the vendor writes them."""
    end, (attempt,) = run(make(bucket=OTHER, picture_info=True), done("cut/mug.png"))
    assert isinstance(end, UploadResult)
    assert told(attempt)["is_pic_info"] == 1
    assert told(attempt)["rules"][0]["bucket"] == OTHER


@pytest.mark.parametrize("bucket", [None, ADDRESS.bucket])
def test_the_own_bucket_is_not_named(bucket):
    """A result in the source's bucket needs no name for it."""
    _, (attempt,) = run(upload(bucket=bucket), done("cut/mug.png"))
    assert "bucket" not in told(attempt)["rules"][0]


@pytest.mark.parametrize(
    "make", [upload(save_as="腾讯/🥝.png"), process({"腾讯/🥝.png": PLAIN})]
)
def test_pic_operations_are_ascii_and_signed(make):
    """Any name travels as ASCII JSON, and the header is inside the signature."""
    end, (attempt,) = run(make, done("腾讯/🥝.png"))
    assert isinstance(end, UploadResult)
    header = attempt.headers["Pic-Operations"]
    assert header.isascii()
    assert told(attempt)["rules"][0]["fileid"] == "/腾讯/🥝.png"
    signed = Authorization.from_header(attempt.headers["Authorization"])
    assert "pic-operations" in signed.header_list
    key, params = parse_target(attempt.target)
    for change, verdict in [("", Verdict.VALID), (" ", Verdict.MISMATCH)]:
        headers = {**attempt.headers, "Pic-Operations": change + header}
        text = signed.text(attempt.method, f"/{key}", params, headers)
        assert verify(signed, KEYS.secret_key, text, NOW) is verdict


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (upload(save_as="cut/"), "not a folder; 'cut/' ends in /"),
        (upload(save_as="mug.jpg"), "is the source itself"),
        (upload(save_as=""), "non-empty"),
        (upload(save_as="/cut.png"), "start with"),
        (upload(save_as="a/../b.png"), "segment"),
        (upload(save_as="a\x1bb.png"), "character"),
        (upload(save_as="a\x01b.png"), "XML cannot carry"),
        (upload(save_as=None), "non-empty"),
        (upload(key=""), "non-empty"),
        (upload(key="/mug.jpg"), "start with"),
        (upload(bucket="Other-1"), "bucket must be name-appid"),
        (upload(bucket="otherbucket"), "bucket must be name-appid"),
        (upload(bucket=""), "bucket must be name-appid"),
        (upload(bucket=5), "bucket must be name-appid"),
        (upload(options="center"), "to MattingOptions; not str to str"),
        (upload(image=None), "image must be bytes or a path; not NoneType"),
        (upload(image=Path("nowhere/mug.jpg")), "cannot read nowhere/mug.jpg: No such"),
        (upload(image="nowhere/mug.jpg"), "cannot read nowhere/mug.jpg: No such"),
        (upload(image=Path()), "cannot read .: Is a directory"),
        (upload(image="null\0.jpg"), "cannot read"),
        (process({}), "1 to 5 results; not 0"),
        (process({f"{n}.png": PLAIN for n in range(6)}), "1 to 5 results; not 6"),
        (process({"a.png": PLAIN, "b/": PLAIN}), "'b/' ends in /"),
        (process({"a.png": PLAIN, "mug.jpg": PLAIN}), "is the source itself"),
        (process({"a.png": PLAIN}, bucket="x"), "bucket must be name-appid"),
        (process(["a.png"]), "results must be a mapping of object keys"),
        (process("a.png"), "results must be a mapping of object keys"),
        (
            process({"中" * 280 + f"{n}.png": PLAIN for n in range(3)}),
            f"at most {MAX_HEADER}",
        ),
    ],
)
def test_what_the_service_would_not_take_is_not_sent(make, reason):
    """Names, counts, buckets and pictures are checked first, with the reason."""
    end, attempts = run(make, done("never"))
    assert type(end) is errors.OptionsError
    assert reason in str(end)
    assert attempts == []


@pytest.mark.parametrize(
    "make",
    [
        upload(save_as="mug.jpg", overwrite=True),
        upload(save_as="mug.jpg", bucket=OTHER),
        process({"mug.jpg": PLAIN}, overwrite=True),
        process({"mug.jpg": PLAIN}, bucket=OTHER),
    ],
)
def test_the_source_may_be_overwritten_on_request(make):
    """With ``overwrite=True``, and in another bucket, its name is free."""
    end, attempts = run(make, done("mug.jpg"))
    assert isinstance(end, UploadResult)
    assert len(attempts) == 1


def test_five_results_are_the_most_of_one_call():
    """The vendor takes five rules in the cloud."""
    names = [f"{n}.png" for n in range(5)]
    end, (attempt,) = run(process(dict.fromkeys(names, PLAIN)), done(*names))
    assert len(told(attempt)["rules"]) == len(end.objects) == 5


def test_missing_results_are_told_by_name():
    """What the answer does not name is told, is not asked for again, and costs once."""
    results = {"a.png": PLAIN, "b.png": PLAIN, "c.png": PLAIN}
    end, attempts = run(process(results), done("b.png"))
    assert type(end) is errors.ResultMissingError
    assert end.missing == ("a.png", "c.png")
    assert [picture.key for picture in end.result.objects] == ["b.png"]
    assert "does not name 'a.png', 'c.png'" in str(end)
    assert "bound" not in str(end)
    assert (end.request_id, end.status, end.attempts) == ("REQ", 200, 1)
    assert (len(attempts), end.heals) == (1, False)


@pytest.mark.parametrize("make", [upload(), process({"cut/mug.png": PLAIN})])
@pytest.mark.parametrize(
    "body",
    [
        done().body,
        b"<UploadResult><OriginalInfo/><ProcessResults/></UploadResult>",
        b"<UploadResult><OriginalInfo><Key>mug.jpg</Key></OriginalInfo></UploadResult>",
        b"<UploadResult/>",
    ],
)
def test_no_result_at_all_hints_at_the_binding(make, body):
    """A bucket that is not bound stores the picture and makes nothing of it."""
    end, attempts = run(make, reply(200, body))
    assert type(end) is errors.ResultMissingError
    assert end.missing == ("cut/mug.png",)
    assert "the bucket may not be bound to Cloud Infinite" in str(end)
    assert len(attempts) == 1


@pytest.mark.parametrize(
    "row",
    [
        "<Key>cut/mug.png</Key>",
        "<Key>/cut/mug.png</Key>",
        f"<Key>cut/mug.png</Key><Location>{ADDRESS.host}/other</Location>",
        f"<Key>other</Key><Location>{ADDRESS.host}/cut/mug.png</Location>",
        "<Key>cut/mug.png</Key><Size>many</Size><Format/>",
    ],
)
def test_a_result_is_known_by_its_key_or_its_place(row):
    """A leading slash, another key beside the location, odd numbers: it is there."""
    body = (
        "<UploadResult><OriginalInfo><Key>mug.jpg</Key></OriginalInfo>"
        f"<ProcessResults><Object>{row}</Object></ProcessResults></UploadResult>"
    )
    end, _ = run(upload(), reply(200, body.encode()))
    assert isinstance(end, UploadResult)
    assert len(end.objects) == 1


@pytest.mark.parametrize(
    "body", [b"", b"ok", b"<html/>", b"<UploadResult>", b"<!DOCTYPE x><UploadResult/>"]
)
def test_an_unreadable_answer_is_not_paid_for_again(body):
    """The results may be in the bucket already: the call ends."""
    end, attempts = run(upload(), reply(200, body))
    assert type(end) is errors.ProtocolError
    assert (len(attempts), end.heals) == (1, False)


def test_a_refusal_in_place_of_results_is_told():
    """An error document under status 200 becomes its error."""
    end, attempts = run(upload(), refusal(200, "AccessDenied"))
    assert isinstance(end, errors.AccessDeniedError)
    assert len(attempts) == 1


def test_attempts_of_a_result_are_counted():
    """Each request may have been billed; the result tells how many there were."""
    end, attempts = run(
        upload(), refusal(503, "SlowDown"), reply(500), done("cut/mug.png")
    )
    assert (end.attempts, len(attempts)) == (3, 3)


# The picture, before it is uploaded.


def file_of(kind, size=(64, 64), mode="RGB", **options):
    file = io.BytesIO()
    Image.new(mode, size).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("image", "limit"),
    [
        (b"", "must be JPEG or PNG"),
        (b"no picture", "must be JPEG or PNG"),
        (file_of("GIF"), "is GIF; it must be JPEG or PNG"),
        (file_of("BMP"), "is BMP; it must be JPEG or PNG"),
        (file_of("WEBP"), "is WEBP; it must be JPEG or PNG"),
        (file_of("PNG", (31, 64)), "must have at least 32"),
        (file_of("PNG", (7681, 40), "1"), "longer side may have 7680"),
        (file_of("PNG", (40, 7681), "1"), "longer side may have 7680"),
        (file_of("PNG", (4321, 4321), "1"), "shorter side may have 4320"),
        (JPEG + bytes(32 << 20), "it may have 33554432"),
        (JPEG[:40], "cut short"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_picture_beyond_a_limit_is_not_uploaded(image, limit):
    """Format, sides and bytes are read from its header; the message names the limit."""
    end, attempts = run(upload(image=image), done("never"))
    assert type(end) is errors.ImageError
    assert limit in str(end)
    assert attempts == []


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (JPEG, "image/jpeg"),
        (file_of("PNG", (32, 7680), "1"), "image/png"),
        (file_of("PNG", (7680, 4320), "1"), "image/png"),
        (bytearray(JPEG), "image/jpeg"),
        (memoryview(JPEG), "image/jpeg"),
    ],
    ids=["jpeg", "narrow", "largest", "bytearray", "memoryview"],
)
def test_a_picture_within_the_limits_is_uploaded(image, kind):
    """The largest and the smallest pass, from any buffer."""
    _, (attempt,) = run(upload(image=image), done("cut/mug.png"))
    assert attempt.body == bytes(image)
    assert attempt.headers["Content-Type"] == kind


def test_a_picture_is_read_from_its_path(tmp_path):
    """A Path or its text names a file."""
    path = tmp_path / "mug.jpg"
    path.write_bytes(JPEG)
    for image in (path, str(path)):
        _, (attempt,) = run(upload(image=image), done("cut/mug.png"))
        assert attempt.body == JPEG


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        (b"no picture", "application/octet-stream"),
        (file_of("GIF"), "application/octet-stream"),
        (file_of("PNG", (4, 4)), "image/png"),
        (JPEG[:40], "application/octet-stream"),
    ],
    ids=["text", "gif", "small", "cut"],
)
def test_without_limits_the_service_decides(image, kind):
    """``limits=None`` checks nothing, a damaged header included."""
    time = Time()
    verbs = make_verbs(time, limits=None)
    refused = refusal(400, "ImageTooLarge")
    end, (attempt,) = run(upload(image=image), refused, verbs=verbs, time=time)
    assert isinstance(end, errors.ImageRejectedError)
    assert attempt.headers["Content-Type"] == kind


def test_other_limits_can_be_set():
    """A service that takes less, or more, is asked by its own rules."""
    time = Time()
    verbs = make_verbs(time, limits=Limits(formats=frozenset({"PNG"})))
    end, attempts = run(upload(), done("never"), verbs=verbs, time=time)
    assert "is JPEG; it must be PNG" in str(end)
    assert attempts == []


# Reading an object's first bytes.


def part(data, start, size, *, first=None, last=None):
    """Answer with a part of an object of `size` bytes."""
    first = start if first is None else first
    last = start + len(data) - 1 if last is None else last
    return reply(206, data, content_range=f"bytes {first}-{last}/{size}")


def with_metadata(nbytes):
    """Write a JPEG whose frame header comes after so many bytes of metadata."""
    segments = b""
    while len(segments) < nbytes:
        body = bytes(min(65_533, max(nbytes - len(segments) - 4, 2)))
        segments += b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    return JPEG[:2] + segments + JPEG[2:]


def probe(data, *, keeps_ranges=True):
    """Run `probe` against an object; its end and the ranges that were asked for."""
    time, asked = Time(), []
    steps = make_verbs(time).probe("mug.jpg")
    try:
        attempt = next(steps)
        while True:
            first, last = attempt.headers["Range"].removeprefix("bytes=").split("-")
            start, stop = int(first), min(int(last) + 1, len(data))
            asked.append((start, stop))
            if keeps_ranges:
                attempt = steps.send(part(data[start:stop], start, len(data)))
            else:
                attempt = steps.send(reply(200, data))
    except StopIteration as end:
        return end.value, asked
    except errors.CosmatError as error:
        return error, asked


def test_a_probe_reads_the_beginning_alone():
    """One range of 64 KiB tells the size of nearly every picture."""
    info, asked = probe(JPEG + bytes(1 << 20))
    assert (info.format, info.height, info.width) == ("JPEG", 64, 96)
    assert info.nbytes == len(JPEG) + (1 << 20)
    assert asked == [(0, 65_536)]


@pytest.mark.parametrize("nbytes", [70_000, 200_000, 1_500_000])
def test_a_probe_reads_on_behind_large_metadata(nbytes):
    """Ranges join without a gap, at least double, and end behind the frame header."""
    data = with_metadata(nbytes)
    info, asked = probe(data + bytes(9 << 20))
    assert (info.format, info.height, info.width) == ("JPEG", 64, 96)
    assert len(asked) > 1
    starts, stops = zip(*asked, strict=True)
    assert starts == (0, *stops[:-1])
    assert all(later >= 2 * now for now, later in pairwise(stops))
    assert stops[-1] < 4 * nbytes


def test_a_probe_understands_a_service_without_ranges():
    """The whole object answers as well as its beginning, however long it is."""
    data = with_metadata(70_000) + bytes(100)
    info, asked = probe(data, keeps_ranges=False)
    assert (info.height, info.width, info.nbytes) == (64, 96, len(data))
    assert len(asked) == 2


@pytest.mark.parametrize("keeps_ranges", [True, False])
def test_a_probe_of_something_else_says_so(keeps_ranges):
    """Another format is recognised or told to be none; one request is enough."""
    for data, kind in [(file_of("GIF"), "GIF"), (b"hello", "")]:
        info, asked = probe(data, keeps_ranges=keeps_ranges)
        assert (info.format, info.height) == (kind, None)
        assert len(asked) == 1


def test_a_probe_gives_up_on_metadata_without_end():
    """What no camera writes is not downloaded to its end."""
    error, asked = probe(with_metadata(6 << 20))
    assert type(error) is errors.ImageError
    assert "did not end within 4194304 bytes" in str(error)
    assert asked[-1][1] <= 8 << 20


def test_a_probe_of_a_cut_picture_is_an_image_error():
    """A header that ends with the file is told, not asked for for ever."""
    error, asked = probe(with_metadata(70_000)[:70_000])
    assert type(error) is errors.ImageError
    assert len(asked) <= 2


def test_a_probe_of_an_empty_object_says_so():
    """Of no bytes there is no range; what is there is no picture."""
    end, attempts = run(
        lambda verbs: verbs.probe("k"),
        refusal(416, "InvalidRange", content_range="bytes */0"),
    )
    assert (end.format, end.nbytes) == ("", 0)
    assert len(attempts) == 1


# Parts of objects.


@pytest.mark.parametrize(
    ("start", "stop", "header"),
    [(0, 5, "bytes=0-4"), (3, None, "bytes=3-"), (9, 10, "bytes=9-9")],
)
def test_a_range_is_asked_for(start, stop, header):
    """`stop` is the byte after the last, as everywhere in Python."""
    data = b"0123456789"[start:stop]
    end, (attempt,) = run(
        lambda verbs: verbs.fetch("k", start, stop), part(data, start, 10)
    )
    assert attempt.headers["Range"] == header
    assert end == data
    signed = Authorization.from_header(attempt.headers["Authorization"])
    assert "range" in signed.header_list


@pytest.mark.parametrize(("start", "stop"), [(0, 3), (2, 5), (4, None), (4, 99)])
def test_a_service_without_ranges_is_understood(start, stop):
    """The whole object is cut to what was asked for."""
    end, _ = run(lambda verbs: verbs.fetch("k", start, stop), reply(200, b"0123456789"))
    assert end == b"0123456789"[start:stop]


def test_a_whole_object_needs_no_range():
    """From 0 to the end is a plain download."""
    end, (attempt,) = run(lambda verbs: verbs.fetch("k", 0, None), reply(200, b"all"))
    assert end == b"all"
    assert "Range" not in attempt.headers


def test_a_part_may_be_shorter_than_asked_for_at_the_end():
    """An object that ends inside the range gives what it has."""
    end, _ = run(lambda verbs: verbs.fetch("k", 8, 20), part(b"89", 8, 10))
    assert end == b"89"


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(part(b"01234", 0, 10), id="another start"),
        pytest.param(part(b"23", 2, 10), id="too short"),
        pytest.param(part(b"23456", 2, 10), id="too long"),
        pytest.param(part(b"2345", 2, 10, last=4), id="another end"),
        pytest.param(part(b"234", 2, 10, last=5), id="body too short"),
        pytest.param(reply(206, b"2345"), id="no header"),
        pytest.param(reply(206, b"2345", content_range="bytes 2-5/*"), id="no size"),
        pytest.param(reply(206, b"2345", content_range="2-5/10"), id="no unit"),
        pytest.param(reply(206, b"2345", content_range="bytes 2-٥/10"), id="digits"),
    ],
)
def test_another_part_than_asked_for_is_a_protocol_error(wrong):
    """Bytes that are not proven to be the right ones are asked for again, then told."""
    end, attempts = run(lambda verbs: verbs.fetch("k", 2, 6), *[wrong] * 4)
    assert type(end) is errors.ProtocolError
    assert len(attempts) == 4
    assert "Content-Range" in str(end) or "expected bytes 2 to 5" in str(end)
    end, _ = run(lambda verbs: verbs.fetch("k", 2, 6), wrong, part(b"2345", 2, 10))
    assert end == b"2345"


@pytest.mark.parametrize(
    ("start", "stop"),
    [(-1, None), (5, 5), (5, 4), (0, 0), (1.0, 2), ("1", 2), (0, -1)],
)
def test_an_impossible_range_is_not_sent(start, stop):
    """Ranges run forward, from 0, in whole bytes."""
    end, attempts = run(lambda verbs: verbs.fetch("k", start, stop), reply(200, b"x"))
    assert isinstance(end, errors.OptionsError)
    assert "0 <= start < stop" in str(end)
    assert attempts == []


def test_a_range_behind_the_end_is_refused_once():
    """416 is the service's word for it."""
    end, attempts = run(
        lambda verbs: verbs.fetch("k", 100, 200), refusal(416, "InvalidRange")
    )
    assert (end.code, end.status, len(attempts)) == ("InvalidRange", 416, 1)


@pytest.mark.parametrize("etag", ["", None, 5])
def test_a_condition_needs_an_etag(etag):
    """An empty ETag would match nothing and download everything."""
    end, attempts = run(
        lambda verbs: verbs.ask(questions.fetch_changed("k", etag)), reply(304)
    )
    assert isinstance(end, errors.OptionsError)
    assert attempts == []


# Many keys at once.


def test_many_keys_are_deleted_by_the_thousand():
    """2500 keys are three requests, each with its digest; duplicates count once."""
    keys = [f"k{n}" for n in range(2500)]
    failed = DeleteFailure(key="k1700", code="AccessDenied", message="No.")
    outcomes = [
        reply(200, DeleteResult(deleted=("k1",)).to_xml()),
        reply(200, DeleteResult(failed=(failed,)).to_xml()),
        reply(200, DeleteResult(deleted=("k2",)).to_xml()),
    ]
    end, attempts = run(lambda verbs: verbs.delete_objects(keys + keys[:9]), *outcomes)
    assert end == DeleteResult(deleted=("k1", "k2"), failed=(failed,))
    requests = [DeleteRequest.from_xml(attempt.body) for attempt in attempts]
    assert [len(request.keys) for request in requests] == [1000, 1000, 500]
    assert [key for request in requests for key in request.keys] == keys
    for attempt in attempts:
        digest = base64.b64encode(hashlib.md5(attempt.body).digest()).decode()
        assert attempt.headers["Content-MD5"] == digest
        assert (attempt.method, attempt.target) == ("POST", "/?delete=")
        signed = Authorization.from_header(attempt.headers["Authorization"])
        assert "content-md5" in signed.header_list


@pytest.mark.parametrize("bad", ["a\x01b", "a\rb", "a\ufffe", "/a", "", None, "a\x1b"])
def test_a_hostile_key_deletes_nothing(bad):
    """A key that XML would turn into another is refused, before any page is sent."""
    keys = [*(f"k{n}" for n in range(1500)), bad]
    end, attempts = run(lambda verbs: verbs.delete_objects(keys))
    assert isinstance(end, errors.OptionsError)
    assert attempts == []


def test_no_keys_are_no_request():
    """Deleting nothing sends nothing."""
    assert run(lambda verbs: verbs.delete_objects([])) == (DeleteResult(), [])


def test_one_key_is_not_taken_for_its_letters():
    """A text is one key, and not a list of short ones."""
    _, (attempt,) = run(
        lambda verbs: verbs.delete_objects("abc"), reply(200, DeleteResult().to_xml())
    )
    assert DeleteRequest.from_xml(attempt.body).keys == ("abc",)


# Listing.


def test_a_page_is_asked_for_by_prefix_marker_and_delimiter():
    """Empty parameters are left out; keys come percent-encoded."""
    page = reply(200, Listing(bucket="b-1").to_xml())
    _, (attempt,) = run(
        lambda verbs: verbs.ask(questions.list_page("p/ +", "p/m&", "/", 7)), page
    )
    assert parse_target(attempt.target) == (
        "",
        {
            "prefix": "p/ +",
            "marker": "p/m&",
            "delimiter": "/",
            "max-keys": "7",
            "encoding-type": "url",
        },
    )
    _, (attempt,) = run(
        lambda verbs: verbs.ask(questions.list_page("", "", "", 1000)), page
    )
    assert attempt.target == "/?max-keys=1000&encoding-type=url"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((None, "", "", 9), "prefix"),
        (("\ud800", "", "", 9), "prefix"),
        (("", "", 5, 9), "delimiter"),
        (("", "", "", 0), "page_size"),
        (("", "", "", 1001), "page_size"),
        (("", "", "", "9"), "page_size"),
    ],
)
def test_an_impossible_listing_is_not_asked_for(arguments, reason):
    """What no query can hold is refused by its name."""
    end, attempts = run(lambda verbs: verbs.ask(questions.list_page(*arguments)))
    assert isinstance(end, errors.OptionsError)
    assert str(end).startswith(reason)
    assert attempts == []


# Pictures by address.

GOOD = reply(200, PNG)


def matte_url(url):
    return lambda verbs: verbs.matte_url(url, PLAIN)


def test_an_address_is_sent_encoded_once_and_signed_raw():
    """The wire has one encoding; the signature is over the address as it is."""
    url = "https://x.com/a%20b.jpg?x=1&y=é"
    _, (attempt,) = run(matte_url(url), GOOD)
    assert attempt.target == (
        "/?ci-process=AIPicMatting&detect-url="
        "https%3A%2F%2Fx.com%2Fa%2520b.jpg%3Fx%3D1%26y%3D%C3%A9"
    )
    signed = Authorization.from_header(attempt.headers["Authorization"])
    assert "detect-url" in signed.param_list
    params = {"ci-process": "AIPicMatting", "detect-url": url}
    text = signed.text("GET", "/", params, attempt.headers)
    assert verify(signed, KEYS.secret_key, text, NOW) is Verdict.VALID


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http%3A%2F%2Fx.com%2Fa.jpg", "must be passed as it is"),
        ("ftp://x.com/a.jpg", "must be an http(s) address"),
        ("file:///etc/passwd", "must be an http(s) address"),
        ("x.com/a.jpg", "must be an http(s) address"),
        ("http://127.0.0.1/a.jpg", "127.0.0.1 is this machine or a private network"),
        ("http://127.0.0.1:8792/a.jpg", "is this machine"),
        ("https://127.0.0.1:8791/a.jpg", "is this machine"),
        ("http://192.168.0.1/a.jpg", "private network"),
        ("http://169.254.169.254/latest/meta-data", "private network"),
        ("http://2130706433/a.jpg", "this machine"),
        ("http://0x7f.1/a.jpg", "this machine"),
        ("http://nas/a.jpg", "nas is this machine or a private network"),
        ("http://[::1]/a.jpg", "this machine"),
        (None, "must be an http(s) address"),
    ],
)
def test_an_address_that_nobody_could_fetch_is_not_sent(url, reason):
    """Encoded, of another scheme or private: refused with the reason."""
    end, attempts = run(matte_url(url), GOOD)
    assert isinstance(end, errors.OptionsError)
    assert reason in str(end)
    assert attempts == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/a.jpg", "http://nas/a.jpg", "http://10.0.0.1/a.jpg"]
)
def test_private_addresses_can_be_allowed(url):
    """A service inside the private network reaches them."""
    time = Time()
    verbs = make_verbs(time, private_urls=True)
    end, attempts = run(matte_url(url), GOOD, verbs=verbs, time=time)
    assert end.data == PNG
    assert len(attempts) == 1
    end, attempts = run(matte_url("ftp://nas/a.jpg"), verbs=verbs, time=time)
    assert isinstance(end, errors.OptionsError)


def test_the_own_endpoint_is_never_private():
    """An emulator's links lead to this machine, and it can open them."""
    end, _ = run(matte_url(f"{ENDPOINT}/a.jpg?q-sign-time=1"), GOOD)
    assert end.data == PNG
    assert end.place == f"{ENDPOINT}/a.jpg"


def test_a_place_is_checked_without_sending():
    """Keys and addresses are told apart, and each is held to its rules."""
    verbs = make_verbs(Time())
    assert verbs.check_place("a.jpg") == "a.jpg"
    assert verbs.check_place("http/a.jpg") == "http/a.jpg"
    for place in ("/a.jpg", "http://nas/a.jpg", "HTTP%3A%2F%2Fx.com"):
        with pytest.raises(errors.OptionsError):
            verbs.check_place(place)


def test_a_cutout_tells_what_it_took():
    """Size, bytes, request and attempts of the answer are on the cutout."""
    end, attempts = run(
        lambda verbs: verbs.matte("mug.jpg", CENTERED),
        refusal(503, "SlowDown"),
        reply(200, PNG, x_cos_request_id="REQ"),
    )
    assert (end.height, end.width, end.nbytes) == (2, 3, len(PNG))
    assert (end.request_id, end.attempts, len(attempts)) == ("REQ", 2, 2)
    assert (end.place, end.options, end.is_empty) == ("mug.jpg", CENTERED, False)
    assert np.array_equal(end.rgba, images.decode_rgba(PNG))
