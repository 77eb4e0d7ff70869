"""The data card: what a data set holds and how it was made, for people."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.cards.about import license_kind
from cosmat_nb.dataset.cards.front_matter import UNTITLED, write_front_matter
from cosmat_nb.dataset.cards.loading import show_loading
from cosmat_nb.dataset.cards.markdown import (
    show_block,
    show_code,
    show_table,
    show_words,
)
from cosmat_nb.dataset.cards.origins import show_origins
from cosmat_nb.dataset.cards.tallies import (
    show_count,
    show_counts,
    show_findings,
    show_numbers,
)
from cosmat_nb.dataset.formats.registry import FORMATS, read_format

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cosmat_nb.dataset.manifest import Head, Record

__all__ = ["write_card"]

_LAYOUTS = MappingProxyType(
    {
        "folder": (
            "`<split>/images/` pictures, `<split>/alpha/` mattes, `<split>/mask/` hard "
            "masks (0 and 255), `<split>/trimap/` trimaps (0, 128, 255), and "
            "`<split>/metadata` with a row for each picture"
        ),
        "coco": (
            "`images/<split>/` pictures, `annotations/instances_<split>.json` labels "
            "in COCO's form, `alpha/<split>/` mattes"
        ),
        "yolo": (
            "`images/<split>/` pictures, `labels/<split>/` polygons as Ultralytics "
            "reads them, `data.yaml` their classes, `alpha/<split>/` mattes"
        ),
        "webdataset": (
            "`<split>-<number>.tar` with, of each example, its picture, `.alpha.png`, "
            "`.mask.png` (0 and 255) and `.json`"
        ),
        "parquet": (
            "`data/<split>-….parquet` with columns `image`, `alpha`, `mask` (0 and "
            "255), key, category, height and width, px"
        ),
    }
)


def write_card(head: Head, records: Sequence[Record]) -> str:
    """Return the text of ``README.md``: the same for the same data set, on any day.

    Parameters
    ----------
    head : Head
        What the data set tells as a whole.
    records : sequence of mapping
        A record for each example, in the manifest's order.

    Returns
    -------
    str
        Markdown after a block of YAML that the Hugging Face hub reads. Words of the
        user's, keys and columns cannot leave their place in either; a description and
        notes are Markdown of the user's own.

    Examples
    --------
    >>> from cosmat_nb.dataset.manifest import Head
    >>> rendering = {"image": "source", "alpha_bits": 8}
    >>> head = Head(toolkit="cosmat-nb 0.1.0", format="folder", settings={},
    ...     rendering=rendering, examples=0, splits={}, categories=(), columns={},
    ...     calls={}, about={"title": "Mugs"})
    >>> print(write_card(head, [])[:23].strip())
    ---
    pretty_name: "Mugs"
    """
    about = head.about
    sections = (
        ("What it holds", _holds(head)),
        ("How the mattes were made", show_origins(head, records)),
        ("Splits and categories", show_counts(records)),
        ("The mattes in numbers", show_numbers(records)),
        ("Findings", show_findings(records)),
        ("Calls and cost", list(_calls(head))),
        ("Provenance and licence", list(_provenance(head, records))),
        ("How to load it", _loading(head, records)),
        ("How to verify it", list(_verify(head))),
        ("Limits", list(_limits(head, records))),
        ("Notes", _block(about.get("notes"))),
    )
    lines = [*write_front_matter(head), ""]
    lines += [f"# {show_words(about.get('title') or UNTITLED)}", ""]
    for block in (_block(about.get("description")), _block_of_facts(about)):
        lines += [*block, ""] if block else []
    for title, body in sections:
        lines += [f"## {title}", "", *body, ""] if body else []
    return "\n".join(lines)


def _holds(head: Head) -> list[str]:
    size = head.rendering.get("alpha_bits", 8)
    full = 2 ** int(size) - 1
    lines = [
        (
            f"{show_count(head.examples, 'picture')}, each with the alpha matte of "
            f"what is in it: how much of every pixel the subject covers, {size} bits, "
            f"0 to {full}. Hard masks are 1 where that is half or more."
        ),
        "",
        (
            f"Format {show_code(head.format)}{_settings(head)}: "
            f"{_LAYOUTS.get(head.format, 'see its own documentation')}. "
            "`manifest.jsonl` has a line for each example: where it comes from, and "
            "where its files are."
        ),
    ]
    if head.columns:
        rows = [(show_code(name), show_words(kind)) for name, kind in _items(head)]
        lines += ["", *show_table(["column", "holds"], rows)]
    return lines


def _items(head: Head) -> list[tuple[str, Any]]:
    return list(head.columns.items())


def _settings(head: Head) -> str:
    """Tell what was set otherwise than it is by default."""
    usual = read_format(head.format).settings() if head.format in FORMATS else {}
    told = [
        show_code(f"{name}={value}")
        for name, value in head.settings.items()
        if usual.get(name) != value
    ]
    return f" ({', '.join(told)})" if told else ""


def _calls(head: Head) -> Iterator[str]:
    calls = head.calls
    if not calls.get("pictures"):  # a scene tells of no calls
        return
    yield (
        f"{show_count(calls.get('pictures', 0), 'distinct answer')}, "
        f"{show_count(calls.get('requests', 0), 'request')} sent for them"
        + (", each of which may have been billed." if not calls.get("sandbox") else ".")
    )
    yield ""
    cost, currency = calls.get("cost"), show_words(calls.get("currency") or "")
    if calls.get("sandbox"):
        yield "An emulator answered: nothing was paid."
    elif cost is None:
        yield "What they cost is not known."
    else:
        held = "" if calls.get("verified") else ", by a price never held against a bill"
        yield f"Cost of the requests: {cost:.2f} {currency}{held}."
    if calls.get("price"):
        yield f"Price: {show_words(calls['price'])}."


def _provenance(head: Head, records: Sequence[Record]) -> Iterator[str]:
    text = str(head.about.get("license", ""))
    words = {
        "spdx": f"Licence of the data set: {show_code(text)} (SPDX).",
        "url": f"Licence of the data set: <{text}>.",
        "text": f"Licence of the data set, in its maker's words: {show_words(text)}.",
        "": "No licence was named: ask its maker before you use it.",
    }
    yield words[license_kind(text)]
    composed = _is_composed(records)
    also = ", and the backgrounds'" if composed else ""
    yield (
        "A matte's licence does not free the photograph under it: look up the "
        f"photographs' own{also}."
    )
    named = Counter(str(r["license"]) for r in records if r.get("license"))
    if named.keys() - {text}:
        yield ""
        ranked = sorted(named.items(), key=lambda pair: (-pair[1], pair[0]))
        rows = [(show_words(name), count) for name, count in ranked]
        yield from show_table(["licence of the example", "examples"], rows)
    yield ""
    parts = "; of a scene, those of its parts and where each lies" if composed else ""
    yield (
        "Each line of `manifest.jsonl` names the object key of its picture, the "
        "SHA-256 of the photograph and of the cutout where they are known, what was "
        f"asked for, and the request's id{parts}. Written by "
        f"{show_words(head.toolkit)}; `croissant.json` tells the same to machines "
        "(Croissant 1.0)."
    )


def _verify(head: Head) -> Iterator[str]:
    yield "```sh\nsha256sum -c --quiet checksums.sha256\n```"
    yield ""
    yield "or, with labels held against mattes, and files that nobody listed found:"
    yield ""
    yield '```python\nimport cosmat_nb as cm\n\ncm.verify_dataset(".")\n```'
    yield ""
    counted = show_count(head.examples, "example")
    yield f"The table is empty when all is well with {counted}."


def _limits(head: Head, records: Sequence[Record]) -> Iterator[str]:
    yield "- Mattes were made by a program. Nobody drew or corrected them by hand here."
    if head.calls.get("sandbox"):
        yield (
            "- They are an emulator's: good for trying out a pipeline, not for "
            "judging the service, nor for training without a look at them."
        )
    if _is_composed(records):
        yield (
            "- Scenes are put together by chance: a subject's light, size and view are "
            "not its background's."
        )
    yield (
        "- Pictures may show people, brands or works of others. Nothing here checked "
        "for it."
    )
    if head.format == "yolo":
        yield (
            "- Parts of a subject are joined by lines one pixel wide, as this form of "
            "polygons wants it: see `alpha/` where that matters."
        )
    if not any(head.splits):
        yield "- Nothing is split: hold out a part before you train."


def _is_composed(records: Sequence[Record]) -> bool:
    return any(record.get("scene") for record in records)


def _block_of_facts(about: Mapping[str, Any]) -> list[str]:
    facts = [
        ("Made by", show_words(about.get("creator", ""))),
        ("Version", show_words(about.get("version", ""))),
        ("Date", show_words(about.get("date", ""))),
        ("Home", f"<{about['url']}>" if about.get("url") else ""),
        ("Cite as", show_words(about.get("citation", ""))),
    ]
    return [f"- {name}: {value}" for name, value in facts if value]


def _block(text: object) -> list[str]:
    return show_block(str(text)).split("\n") if text else []


def _loading(head: Head, records: Sequence[Record]) -> list[str]:
    kinds = {record.get("source", {}).get("format") for record in records}
    mixed = head.rendering.get("image") == "source" and len(kinds) > 1
    return show_loading(head, _first_shard(records), mixed=mixed)


def _first_shard(records: Sequence[Record]) -> str | None:
    return next((r["files"]["shard"] for r in records if "shard" in r["files"]), None)
