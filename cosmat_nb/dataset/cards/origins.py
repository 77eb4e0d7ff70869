"""How the mattes of a data set came about, in words for its card."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.cards.markdown import show_code, show_table, show_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cosmat_nb.dataset.manifest import Head, Record

__all__ = ["show_origins"]

_MOST_RULES = 20
_PICTURES = MappingProxyType(
    {
        "source": (
            "are the photographs that were cut; mattes that came back moved or padded "
            "were laid back onto them."
        ),
        "cutout": "are the cutouts, RGBA.",
        "composite": "are the cutouts, laid over a background.",
    }
)


def show_origins(head: Head, records: Sequence[Record]) -> list[str]:
    """Return lines of Markdown: who answered, what was asked for, what was written.

    An emulator's cutouts are said to be an emulator's.
    """
    lines = [_service(head.calls)]
    rules = Counter(str((r.get("cutout") or {}).get("rule", "")) for r in records)
    asked = [(rule, count) for rule, count in rules.most_common() if rule]
    if asked:
        rows = [(show_code(rule), count) for rule, count in asked[:_MOST_RULES]]
        if hidden := sum(count for _, count in asked[_MOST_RULES:]):
            rows.append(("others", hidden))
        lines += ["", *show_table(["what was asked for", "examples"], rows)]
    composed = sum(bool(record.get("scene")) for record in records)
    told = [_scenes(composed)] if composed else []
    if composed < len(records) or not composed:
        title = "The other pictures" if composed else "Pictures"
        told += _cutouts(title, head.rendering)
    return [*lines, "", " ".join([*told, *_sizes(head.rendering)])]


def _service(calls: Mapping[str, Any]) -> str:
    service, sandbox = calls.get("service"), calls.get("sandbox")
    named = f" ({show_code(service)})" if service else ""
    if sandbox is None:
        return f"Who made the cutouts is not known{named}: the rows did not tell."
    if sandbox:
        return (
            f"The cutouts are an emulator's{named}, not the service's: the emulator of "
            "cosmat-nb stands in for it without an account, and its mattes say nothing "
            "of how good the service's are."
        )
    return (
        "The cutouts are the answers of Tencent Cloud's Cloud Infinite matting "
        f"service{named}."
    )


def _scenes(count: int) -> str:
    noun = "example is a scene" if count == 1 else "examples are scenes"
    return (
        f"{count:,} {noun} composed of cutouts on backgrounds; what each pixel belongs "
        "to is known from how they were put together, and as good as the cutouts' "
        "mattes."
    )


def _cutouts(title: str, rendering: Mapping[str, Any]) -> Iterator[str]:
    image = rendering.get("image", "source")
    if words := _PICTURES.get(str(image)):
        yield f"{title} {words}"
    if image == "cutout":
        yield _colors(rendering)
    if rendering.get("colors") == "estimated":
        yield (
            "Colours of soft pixels were estimated anew, with the old background "
            "taken out."
        )
    if image == "composite" and "background" in rendering:
        yield f"Background: {show_words(rendering['background'])}."


def _sizes(rendering: Mapping[str, Any]) -> Iterator[str]:
    if size := rendering.get("size"):
        yield f"Size asked for: {show_words(_size(size))}."
    bits = rendering.get("alpha_bits", 8)
    yield f"Mattes are grey PNG files of {bits} bits."


def _colors(rendering: Mapping[str, Any]) -> str:
    colors = (
        "Their colours are premultiplied: multiplied by alpha already, which PNG and "
        "WebP have no way to tell."
        if rendering.get("premultiplied")
        else "Their colours are straight: not multiplied by alpha."
    )
    if rendering.get("wipe", True):
        return f"{colors} Under alpha 0 they are 0."
    return f"{colors} Under alpha 0 they are as they came."


def _size(size: object) -> str:
    if isinstance(size, (list, tuple)):
        height, width = size
        return f"{height} px high and {width} px wide"
    return f"{size} px on the longer side at most"
