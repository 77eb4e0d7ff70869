"""What the emulator does not do is refused, and never answered with something else."""

from __future__ import annotations

import pytest
from asker import MATTE, Asker
from drawings import box_png

SUBRESOURCES = [
    ("GET", "box.png", "acl"),
    ("PUT", "box.png", "acl"),
    ("GET", "box.png", "tagging"),
    ("PUT", "box.png", "tagging"),
    ("GET", "", "versioning"),
    ("GET", "", "versions"),
    ("GET", "", "cors"),
    ("GET", "", "lifecycle"),
    ("GET", "", "policy"),
    ("POST", "box.png", "restore"),
    ("POST", "box.png", "uploads"),
    ("PUT", "box.png", "uploadId"),
    ("GET", "", "uploads"),
]


@pytest.fixture
def box(emulator):
    """Ask an emulator that holds the box."""
    emulator.bucket.put("box.png", box_png(), "image/png")
    return Asker.of(emulator)


def test_subresources_are_refused(box, emulator):
    """Rights, tags, versions, rules and uploads in parts answer 501, and do nothing."""
    for method, key, name in SUBRESOURCES:
        answer = box.ask(method, key, {name: ""})
        assert (answer.status, answer.code) == (501, "NotImplemented"), (method, name)
    assert emulator.bucket.get("box.png").data == box_png()


def test_a_copy_is_refused(box, emulator):
    """A copy answers 501, and no empty object is kept."""
    source = {"x-cos-copy-source": f"{box.address.host}/box.png"}
    answer = box.ask("PUT", "copy.png", headers=source)
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert [info.key for info in emulator.bucket.infos()] == ["box.png"]


def test_no_bucket_has_cors_rules(box):
    """A browser that asks for leave is told 403, as by a bucket without rules."""
    origin = {"origin": "http://example.com", "access-control-request-method": "GET"}
    answer = box.ask("OPTIONS", "box.png", headers=origin)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    got = box.ask("GET", "box.png", headers={"origin": "http://example.com"})
    assert got.status == 200
    assert not [name for name in got.headers if name.startswith("access-control")]


def test_storage_classes_are_not_kept(box):
    """Every object is at hand: a class that would have to be restored first is not."""
    box.ask(
        "PUT", "old.png", headers={"x-cos-storage-class": "ARCHIVE"}, body=box_png()
    )
    assert "x-cos-storage-class" not in box.ask("HEAD", "old.png").headers
    assert box.cut("old.png").status == 200


@pytest.mark.parametrize("process", ["ImageRepair", "AIImageCrop", "nope"])
def test_other_processing_is_refused(box, process):
    """What is no matting answers 501 and not the source."""
    answer = box.cut("box.png", MATTE | {"ci-process": process})
    assert (answer.status, answer.code) == (501, "NotImplemented")
