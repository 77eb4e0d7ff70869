"""What machines find in a data set: records, their fields, where each is read from."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.cards.front_matter import name_splits
from cosmat_nb.dataset.manifest import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cosmat_nb.dataset.manifest import Head

    Described = dict[str, Any]

__all__ = ["describe_records"]

_FIELDS = MappingProxyType(
    {
        "name": ("sc:Text", "Name of the example, unlike any other."),
        "split": ("sc:Text", "Split; empty where nothing is split."),
        "key": ("sc:Text", "Object key of the picture, or its address."),
        "category": ("sc:Text", "What the subject is."),
        "height": ("sc:Integer", "Height of the picture, px."),
        "width": ("sc:Integer", "Width of the picture, px."),
    }
)
_COLUMNS = MappingProxyType(
    {
        "string": "sc:Text",
        "integer": "sc:Integer",
        "number": "sc:Float",
        "boolean": "sc:Boolean",
    }
)
_PIXELS = MappingProxyType(
    {
        "image": "The picture.",
        "alpha": "Alpha matte, grey: how much of each pixel the subject covers.",
        "mask": "Hard mask, grey: 255 where the subject covers half or more.",
        "trimap": "Trimap, grey: 0 outside, 255 inside, between them unknown.",
    }
)
_SPLITS = MappingProxyType(
    {"train": "Training", "val": "Validation", "valid": "Validation", "test": "Test"}
)
# Names that mean themselves in every dialect of JSONPath; others are in no field.
_PATH = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_MANIFEST = MappingProxyType({"fileObject": {"@id": MANIFEST}})


def describe_records(head: Head, sets: Collection[str]) -> list[Described]:
    """Return the record sets of a data set.

    ``examples`` reads the manifest, whatever the format. For pictures in files of
    their own, or in tar shards, ``image_files``, ``alpha_files`` … join pixels to it by
    the example's name; for Parquet, ``rows`` reads the shards.

    Parameters
    ----------
    head : Head
        Its splits, columns and format count.
    sets : collection of str
        Names of the file sets there are.
    """
    found = [_splits(head), _examples(head)]
    if "shards" in sets:
        found.append(_rows())
    found += [_pixels(role) for role in _PIXELS if role in sets]
    return [each for each in found if each]


def _splits(head: Head) -> Described:
    named = [split for split in head.splits if split]
    if not named:
        return {}
    data = [
        {"splits/name": split, **_purpose(name)}
        for split, name in name_splits(named).items()
    ]
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"splits/{name}",
            "name": name,
            "description": words,
            "dataType": kind,
        }
        for name, kind, words in (
            ("name", "sc:Text", "Name of the split."),
            ("url", "sc:URL", "What it is for."),
        )
    ]
    known = any("splits/url" in each for each in data)
    return {
        **_record_set(
            "splits", "Names of the splits.", fields if known else fields[:1]
        ),
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "data": data,
    }


def _purpose(name: str) -> dict[str, str]:
    known = _SPLITS.get(name)
    return {"splits/url": f"cr:{known}Split"} if known else {}


def _examples(head: Head) -> Described:
    name = "examples"
    fields = [
        _field(name, each, kind, words, {**_MANIFEST, "extract": {"column": each}})
        for each, (kind, words) in _FIELDS.items()
    ]
    for column, held in head.columns.items():
        if not _PATH.fullmatch(column):
            continue
        source = {**_MANIFEST, "extract": {"column": "columns"}}
        source["transform"] = {"jsonPath": column}
        kind = _COLUMNS.get(held, "sc:Text")
        words = "A column of the table that the data set was made from."
        fields.append(_field(name, f"columns/{column}", kind, words, source))
    words = "An example each: what it shows and where it comes from."
    return {**_record_set(name, words, fields), "key": {"@id": "examples/name"}}


def _rows() -> Described:
    shards = {"fileSet": {"@id": "shards"}}
    fields = [
        _field("rows", each, kind, words, {**shards, "extract": {"column": each}})
        for each, (kind, words) in _FIELDS.items()
        if each != "split"
    ]
    for role, words in _PIXELS.items():
        if role != "trimap":
            source = {**shards, "extract": {"column": role}}
            source["transform"] = {"jsonPath": "bytes"}
            fields.append(_field("rows", role, "sc:ImageObject", words, source))
    return _record_set("rows", "Rows of the shards, with pixels.", fields)


def _pixels(role: str) -> Described:
    name = f"{role}_files"
    there: dict[str, Any] = {"fileSet": {"@id": role}}
    # Names have no dot: what stands before the first is the name.
    stem = {"extract": {"fileProperty": "filename"}, "transform": {"regex": "^([^.]+)"}}
    joined = _field(name, "name", *_FIELDS["name"], {**there, **stem})
    joined["references"] = {**_MANIFEST, "extract": {"column": "name"}}
    content = {**there, "extract": {"fileProperty": "content"}}
    pixels = _field(name, role, "sc:ImageObject", _PIXELS[role], content)
    told = [
        _field(name, each, *_FIELDS[each], {**_MANIFEST, "extract": {"column": each}})
        for each in ("split", "category")
    ]
    words = f"An example each, with its file of the role {role}."
    return _record_set(name, words, [joined, pixels, *told])


def _record_set(name: str, words: str, fields: list[Described]) -> Described:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": words,
        "field": fields,
    }


def _field(
    record_set: str, name: str, kind: str, words: str, source: Mapping[str, Any]
) -> Described:
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{name}",
        "name": name,
        "description": words,
        "dataType": kind,
        "source": dict(source),
    }
