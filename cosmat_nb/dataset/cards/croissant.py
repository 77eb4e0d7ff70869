"""The data set as machines read it: JSON-LD in the vocabulary Croissant 1.0."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.cards.about import license_address
from cosmat_nb.dataset.cards.front_matter import UNTITLED
from cosmat_nb.dataset.cards.record_sets import describe_records
from cosmat_nb.dataset.manifest import CHECKSUMS, CROISSANT, MANIFEST
from cosmat_nb.places import whole_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cosmat_nb.dataset.files import FileFacts
    from cosmat_nb.dataset.manifest import Head, Record

__all__ = ["write_croissant"]

_CONTEXT = MappingProxyType(
    {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "citeAs": "cr:citeAs",
        "column": "cr:column",
        "conformsTo": "dct:conformsTo",
        "cr": "http://mlcommons.org/croissant/",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "dct": "http://purl.org/dc/terms/",
        "equivalentProperty": "cr:equivalentProperty",
        "examples": {"@id": "cr:examples", "@type": "@json"},
        "extract": "cr:extract",
        "field": "cr:field",
        "fileObject": "cr:fileObject",
        "fileProperty": "cr:fileProperty",
        "fileSet": "cr:fileSet",
        "format": "cr:format",
        "includes": "cr:includes",
        "isLiveDataset": "cr:isLiveDataset",
        "jsonPath": "cr:jsonPath",
        "key": "cr:key",
        "md5": "cr:md5",
        "parentField": "cr:parentField",
        "path": "cr:path",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "recordSet": "cr:recordSet",
        "references": "cr:references",
        "regex": "cr:regex",
        "repeated": "cr:repeated",
        "replace": "cr:replace",
        "samplingRate": "cr:samplingRate",
        "sc": "https://schema.org/",
        "separator": "cr:separator",
        "source": "cr:source",
        "subField": "cr:subField",
        "transform": "cr:transform",
    }
)
"""The names that the specification sets down, in its own spelling."""

_MEDIA = MappingProxyType(
    {
        ".jpg": "image/jpeg",
        ".json": "application/json",
        ".jsonl": "application/jsonlines",
        ".md": "text/markdown",
        ".parquet": "application/x-parquet",
        ".png": "image/png",
        ".tar": "application/x-tar",
        ".txt": "text/plain",
        ".webp": "image/webp",
        ".yaml": "application/yaml",
    }
)
_SETS = ("image", "alpha", "mask", "trimap", "labels")
_MEMBERS = MappingProxyType({"alpha": "*.alpha.png", "mask": "*.mask.png"})


def write_croissant(
    head: Head, records: Sequence[Record], files: Mapping[str, FileFacts]
) -> str:
    """Return the text of ``croissant.json``.

    Pictures, mattes and labels are sets of files by pattern, however many there are;
    every other file stands there with its SHA-256. Record sets say where columns and
    pixels of an example are read from.

    Parameters
    ----------
    head : Head
        What the data set tells as a whole.
    records : sequence of mapping
        A record for each example, in the manifest's order.
    files : mapping of str to FileFacts
        Every file of the data set by its path; those that come later (the checksums,
        and this one) need not be there.

    Returns
    -------
    str
        JSON with two blanks of indent and a line end, the same for the same data set.

    Notes
    -----
    Vocabulary: http://mlcommons.org/croissant/1.0 (MLCommons, 2024-03). The property
    ``containedIn`` is left out of file sets that lie in the folder itself. mlcroissant
    1.1 reads JSON lines with pandas, which takes names that are digits alone for
    numbers, and then joins no pixels to them; of a tar's members, no pattern tells
    pictures from mattes, so that only mattes and masks are file sets there.

    Examples
    --------
    >>> from cosmat_nb.dataset.manifest import Head
    >>> head = Head(toolkit="cosmat-nb 0.1.0", format="folder", settings={},
    ...     rendering={}, examples=0, splits={}, categories=(), columns={},
    ...     calls={}, about={"title": "Mugs"})
    >>> json.loads(write_croissant(head, [], {}))["conformsTo"]
    'http://mlcommons.org/croissant/1.0'
    """
    sets = _find_sets(head, records)
    grouped = {r["files"].get(role) for r in records for role in _SETS}
    alone = [
        _file_object(path, files[path])
        for path in sorted(files)
        if path not in grouped and path not in {CROISSANT, CHECKSUMS}
    ]
    told = {
        "@context": dict(_CONTEXT),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        **dict(_about(head)),
        "distribution": [*alone, *sets],
        "recordSet": describe_records(head, {each["@id"] for each in sets}),
    }
    return whole_text(json.dumps(told, ensure_ascii=False, indent=2)) + "\n"


def _about(head: Head) -> Iterator[tuple[str, Any]]:
    about = head.about
    title = about.get("title") or UNTITLED
    yield "name", title
    yield "description", about.get("description") or f"{title}, with alpha mattes."
    if license_ := str(about.get("license", "")):
        yield "license", license_address(license_) or license_
    if creator := about.get("creator"):
        # Whether it is a person is not known, and this is what both are.
        yield "creator", {"@type": "sc:Organization", "name": creator}
    named = {"url": "url", "date": "datePublished", "version": "version"}
    for name, term in {**named, "citation": "citeAs"}.items():
        if value := about.get(name):
            yield term, value
    yield "keywords", ["image matting", *about.get("keywords", ())]


def _file_object(path: str, facts: FileFacts) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "description": _describe(path),
        "contentUrl": path,
        "contentSize": f"{facts.nbytes} B",
        "encodingFormat": _media(path),
        "sha256": facts.sha256,
    }


def _describe(path: str) -> str:
    if path == MANIFEST:
        return "A line for each example: where it comes from, and where its files are."
    return f"{PurePosixPath(path).name}, as the data set's card tells."


def _find_sets(head: Head, records: Sequence[Record]) -> list[dict[str, Any]]:
    if head.format == "webdataset":
        shards = sorted({record["files"]["shard"] for record in records})
        inside = {"containedIn": [{"@id": shard} for shard in shards]}
        return [
            {**_file_set(role, [pattern], ["image/png"]), **inside}
            for role, pattern in _MEMBERS.items()
            if shards
        ]
    if head.format == "parquet":
        media = [_media(".parquet")]
        return [_file_set("shards", ["data/*.parquet"], media)] if records else []
    found: list[dict[str, Any]] = []
    for role in _SETS:
        paths = {r["files"][role] for r in records if role in r["files"]}
        if paths:
            folders = sorted({str(PurePosixPath(path).parent) for path in paths})
            media = sorted({_media(path) for path in paths})
            found.append(_file_set(role, [f"{each}/*" for each in folders], media))
    return found


def _file_set(
    role: str, includes: Sequence[str], media: Sequence[str]
) -> dict[str, Any]:
    one = len(media) == 1
    return {
        "@type": "cr:FileSet",
        "@id": role,
        "name": role,
        "description": f"Files of the role {role}.",
        "encodingFormat": media[0] if one else list(media),
        "includes": includes[0] if len(includes) == 1 else list(includes),
    }


def _media(path: str) -> str:
    suffix = PurePosixPath(path).suffix or path
    return _MEDIA.get(suffix, "application/octet-stream")
