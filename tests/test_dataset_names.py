"""Names of examples: from their keys, safe, and told apart."""

from __future__ import annotations

import hashlib
import json

import pytest

from cosmat_nb.dataset.exports.names import LONGEST, fold_name, name_examples

HOSTILE = {
    "../../etc/passwd": "etc__passwd-",
    "/etc/passwd": "etc__passwd-",
    "C:\\Windows\\system32\\x.jpg": "C__Windows__system32__x-",
    "a\x00b.jpg": "a_b-",
    "...": "picture-",
    "": "picture-",
    "/": "picture-",
    ".jpg": "picture-",
    ".hidden.jpg": "hidden-",
    "con.jpg": "con-",
    "LPT1.png": "LPT1_png-",
    "com¹.jpg": "com¹-",
    "-rf.jpg": "rf-",
    "_mug.jpg": "mug-",
    "IMG 0001.JPG": "IMG_0001-",
    "Mug.jpg": "Mug-",
    "mug": "mug-",
    "mug_png.jpg": "mug_png-",
    "a//b.jpg": "a__b-",
    "mug-0123abcd.jpg": "mug-0123abcd-",
    "\U0001f600.jpg": "picture-",
    "caf\udce9.jpg": "caf-",
    "\u202egpj.exe": "gpj_exe-",
    "e\u0301.jpg": "é-",
    "mug\ufe0f.jpg": "mug-",
    "ﬁsh.jpg": "ﬁsh-",
    "a.tar.jpg": "a_tar-",
}


@pytest.mark.parametrize("key", HOSTILE, ids=ascii)
def test_a_hostile_key_has_a_safe_name_that_ends_in_a_hash(key):
    """What cannot be read back from a name is cleaned and marked by the key's hash."""
    (name,) = name_examples([key])
    mark = hashlib.sha256(json.dumps([key]).encode()).hexdigest()[:8]
    assert name == HOSTILE[key] + mark


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("samples/mug.jpg", "samples__mug"),
        ("mug.png", "mug_png"),
        ("a/b/c_d-e.webp", "a__b__c_d-e_webp"),
        ("客户/图1.jpg", "客户__图1"),
        ("é.jpg", "é"),
        ("mug-0123abc.jpg", "mug-0123abc"),
        ("console.jpg", "console"),
    ],
)
def test_a_key_that_can_be_read_back_has_a_plain_name(key, name):
    """Folders become two underscores, ``.jpg`` goes, another suffix stays as a word."""
    assert name_examples([key]) == [name]


def test_a_long_key_keeps_its_end():
    """A name has so many bytes at most, in whole characters, and the key's end."""
    keys = ["a" * 200 + "/mug.jpg", "图" * 100 + ".jpg", "b" * 120 + ".jpg"]
    first, second, third = name_examples(keys)
    assert first.startswith("aaa")
    assert "__mug-" in first
    assert len(first.encode()) == LONGEST
    assert LONGEST - 3 < len(second.encode()) <= LONGEST
    assert second.startswith("图图")
    assert third == "b" * 120
    assert len(name_examples(["b" * 121 + ".jpg"])[0]) == LONGEST


def test_names_differ_in_more_than_capitals_and_accents():
    """Keys that one disk or another takes for the same have names that differ there."""
    keys = ["Mug.jpg", "mug.jpg", "MUG.jpg", "é.jpg", "e\u0301.jpg", "ss.jpg", "ß.jpg"]
    names = name_examples(keys)
    assert len({fold_name(name) for name in names}) == len(keys)
    assert names[1] == "mug"


def test_an_address_is_named_without_its_query():
    """A signature neither shows in a name nor changes it."""
    links = [f"https://me:pw@a.com/mug.jpg?sign={sign}" for sign in ("5aed", "77")]
    first, second = (name_examples([link])[0] for link in links)
    assert first == second
    assert first.startswith("https__a_com__mug-")


def test_rows_of_one_key_are_told_apart_by_the_first_detail_that_does():
    """Two sets of options are two examples; their names do not depend on the order."""
    details = [("plain", "sha"), ("centred", "sha")]
    names = name_examples(["mug.jpg"] * 2, details)
    assert len(set(names)) == 2
    assert all(name.startswith("mug-") for name in names)
    assert name_examples(["mug.jpg"] * 2, details[::-1]) == names[::-1]
    assert name_examples(["mug.jpg"] * 2, [("plain", "x"), ("centred", "y")]) == names
    same = name_examples(["mug.jpg"] * 2, [("plain", "x"), ("plain", "y")])
    assert len({*same, *names}) == 4


def test_rows_alike_in_everything_are_numbered():
    """Even the same row twice is two examples."""
    assert len(set(name_examples(["mug.jpg"] * 3, [("plain",)] * 3))) == 3
    assert len(set(name_examples(["mug.jpg"] * 2))) == 2
    assert name_examples([]) == []
