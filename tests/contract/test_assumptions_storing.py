"""Matting while uploading and in the cloud, under each assumption."""

from __future__ import annotations

import base64
import json

import pytest
from asker import Asker
from drawings import box_png
from switches import each

import cosmat_nb as cm

TEXT = b"this is no picture"


def rules(*rows, info=0):
    """Write a Pic-Operations header: pairs of save-as and layout."""
    listed = [
        {"fileid": f"/{name}", "rule": f"ci-process=AIPicMatting{layout}"}
        for name, layout in rows
    ]
    return json.dumps({"is_pic_info": info, "rules": listed})


ONE = rules(("cut.png", ""))


@pytest.fixture
def box(emulator):
    """Ask an emulator that holds the box."""
    emulator.bucket.put("box.png", box_png(), "image/png")
    return Asker.of(emulator)


def names(emulator):
    """List the keys in the bucket, but for the source."""
    return sorted({info.key for info in emulator.bucket.infos()} - {"box.png"})


@each("encoded_operations", {"refuse": "InvalidPicOperations", "decode": ""})
def test_encoded_operations(box, emulator, expected):
    """Pic-Operations in base64 is refused, or read."""
    assert (
        box.process("box.png", base64.b64encode(ONE.encode()).decode()).code == expected
    )
    assert names(emulator) == ([] if expected else ["cut.png"])
    assert box.process("box.png", ONE).code == ""
    assert box.process("box.png", "bm8ganNvbg==").code == "InvalidPicOperations"


@each("many_rules", {n: n for n in ("InvalidPicOperations", "InvalidArgument")})
def test_many_rules(box, emulator, expected):
    """A sixth rule in the cloud and a second one while uploading have this code."""
    six = rules(*[(f"{number}.png", "") for number in range(6)])
    two = rules(("a.png", ""), ("b.png", ""))
    answers = [box.process("box.png", six), box.upload("new.png", box_png(), two)]
    assert [answer.code for answer in answers] == [expected, expected]
    assert [answer.headers["x-errno"] for answer in answers] == ["-60997", "-60997"]
    assert names(emulator) == []


@each(
    "failed_rule",
    {"refuse": ("InvalidArgument", [], 0), "omit": ("", ["first.png", "third.png"], 2)},
)
def test_failed_rule(box, emulator, expected):
    """One bad rule of three fails them all and nothing is kept, or is left out."""
    layouts = {"first": "", "second": "&padding-layout=1001x0", "third": ""}
    three = rules(*[(f"{name}.png", layout) for name, layout in layouts.items()])
    answer = box.process("box.png", three)
    assert (answer.code, names(emulator), emulator.billed) == expected
    if not expected[0]:
        assert [stored.key for stored in answer.result.objects] == expected[1]


@pytest.mark.parametrize("value", ["refuse", "omit"])
def test_a_rule_that_fails_alone_fails_the_call(value):
    """There is nothing to leave out of an answer that holds nothing else."""
    assumptions = cm.Assumptions(failed_rule=value)
    with cm.Emulator(assumptions=assumptions) as emulator:
        emulator.bucket.put("box.png", box_png(), "image/png")
        bad = rules(("cut.png", "&center-layout=2"))
        assert Asker.of(emulator).process("box.png", bad).code == "InvalidArgument"


@each("ignore_error", {"ignore": "InvalidArgument", "obey": ""})
def test_ignore_error(box, emulator, expected):
    """A rule that says that it may fail does fail the call, or is left out."""
    bad = {"fileid": "/b.png", "rule": "ci-process=AIPicMatting&center-layout=2"}
    good = {"fileid": "/a.png", "rule": "ci-process=AIPicMatting"}
    excused = json.dumps({"rules": [good, bad | {"ignore-error": 1}]})
    assert box.process("box.png", excused).code == expected
    assert names(emulator) == ([] if expected else ["a.png"])
    strict = json.dumps({"rules": [good, bad | {"ignore-error": 0}]})
    assert box.process("box.png", strict).code == "InvalidArgument"


@each("failed_upload", {"keep": (TEXT, TEXT), "drop": (None, b"before")})
def test_failed_upload(box, emulator, expected):
    """An upload whose matting fails stays, or leaves the bucket as it was before."""
    emulator.bucket.put("old.png", b"before", "text/plain")
    for key in ("new.png", "old.png"):
        assert box.upload(key, TEXT, ONE).code == "InvalidImageFormat"
    kept = {key: emulator.bucket.get(key).data for key in names(emulator)}
    assert (kept.get("new.png"), kept.get("old.png")) == expected
    assert box.upload("good.png", box_png(), ONE).code == ""
    assert emulator.bucket.get("good.png").data == box_png()


@each("results", {"sparse": ("", None, None, None), "full": ("png", 84, 136, 100)})
def test_results(box, emulator, expected):
    """Results carry an empty Format alone, or format, sides and quality."""
    answer = box.process("box.png", rules(("cut.png", "&padding-layout=20x10")))
    (cut,) = answer.result.objects
    assert (cut.format, cut.height, cut.width, cut.quality) == expected
    assert cut.size == len(emulator.bucket.get("cut.png").data)
    assert (b"<Format />" in answer.body or b"<Format></Format>" in answer.body) == (
        not expected[0]
    )
