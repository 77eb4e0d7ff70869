"""Names of examples: safe on any disk, from their keys alone, unlike each other."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from cosmat_nb.places import shown_place

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LONGEST", "fold_name", "is_reserved", "name_examples"]

LONGEST = 120
"""Bytes of a name at most: suffixes are added to it, and a disk takes 255."""

_MARK = 8  # digits of a hash
_WHOLE = 64  # all digits there are
_SUFFIX = re.compile(
    r"\.(jpe?g|png|webp|bmp|gif|tiff?|heic|heif|avif|tpg)$", re.IGNORECASE
)
_KEPT_SUFFIX = re.compile(r"_(jpeg|png|webp|bmp|gif|tiff?|heic|heif|avif|tpg)$")
_LOOKS_MARKED = re.compile(rf"-[0-9a-f]{{{_MARK},}}$")
_RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)[\d¹²³]", re.IGNORECASE)
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_FOLDER = "__"


def name_examples(
    places: Sequence[str], details: Sequence[Sequence[str]] | None = None
) -> list[str]:
    """Find a name for each example: no dot, no folder, `LONGEST` bytes at most.

    A key that can be read back from its name has a plain one: ``samples/mug.jpg``
    becomes ``samples__mug``, ``mug.png`` becomes ``mug_png``. Any other key, as one
    with capitals or blanks, loses something on the way, and its name ends in a hash of
    the whole key. So a name depends on its key alone: other rows, and their order, do
    not change it, and the manifest leads back to the key.

    Where one key stands in several rows, their names end in a hash of the key and of
    the first of their details that tells all of them apart.

    Parameters
    ----------
    places : sequence of str
        Object keys and addresses; of an address the query does not count.
    details : sequence of sequence of str, optional
        What else each example is made from, the most telling first, as many for each.

    Returns
    -------
    list of str
        Letters, marks and digits of any script, ``_`` and ``-``; not reserved on
        Windows. Two names differ in more than capitals or the way in which an accent
        is written. Rows alike in all details are numbered in their order.

    Examples
    --------
    >>> name_examples(["samples/mug.jpg", "../../etc/passwd", "IMG 1.JPG"])
    ['samples__mug', 'etc__passwd-5d4cd256', 'IMG_1-bca4ee53']
    >>> plain, centred = ["ci-process=AIPicMatting"], ["center-layout=1"]
    >>> name_examples(["mug.jpg", "mug.jpg"], [plain, centred])
    ['mug-930696fb', 'mug-48a9a399']
    """
    keys = [shown_place(place) for place in places]
    rows: dict[str, list[int]] = {}
    for row, key in enumerate(keys):
        rows.setdefault(key, []).append(row)
    identities: list[tuple[str, ...]] = [(key,) for key in keys]
    for key, shared in rows.items():
        if len(shared) > 1:
            told = [tuple(details[row]) if details else () for row in shared]
            for row, each in zip(shared, _tell_apart(told), strict=True):
                identities[row] = (key, *each)
    names = [_name(identity, _MARK) for identity in identities]
    # Half of a hash in common is rare, and then both have all of theirs.
    taken = Counter(map(fold_name, names))
    return [
        name if taken[fold_name(name)] == 1 else _name(identity, _WHOLE)
        for name, identity in zip(names, identities, strict=True)
    ]


def fold_name(name: str) -> str:
    """Return what is equal for names that one disk or another takes for the same.

    Examples
    --------
    >>> fold_name("CAFE" + chr(0x301)) == fold_name("café")
    True
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def is_reserved(name: str) -> bool:
    """Whether Windows has a device of this name, and so no file.

    Examples
    --------
    >>> is_reserved("COM¹"), is_reserved("com")
    (True, False)
    """
    return _RESERVED.fullmatch(name) is not None


def _tell_apart(told: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    for length in range(1, min(map(len, told), default=0) + 1):
        heads = [each[:length] for each in told]
        if len(set(heads)) == len(heads):
            return heads
    seen: Counter[tuple[str, ...]] = Counter()
    numbered = []
    for each in told:
        seen[each] += 1
        numbered.append((*each, str(seen[each])))
    return numbered


def _name(identity: tuple[str, ...], digits: int) -> str:
    stem = _stem(identity[0])
    if len(identity) == 1 and _is_plain(stem, identity[0]):
        return stem
    mark = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:digits]
    # The end of a path tells most.
    tail = stem.encode()[digits + 1 - LONGEST :].decode(errors="ignore").lstrip("_-")
    return f"{tail or 'picture'}-{mark}"


def _is_plain(stem: str, key: str) -> bool:
    return (
        0 < len(stem.encode()) <= LONGEST
        and _restore(stem) == key == fold_name(key)
        and not _LOOKS_MARKED.search(stem)
        and not is_reserved(stem)
    )


def _stem(key: str) -> str:
    kept = _SUFFIX.sub(lambda m: "" if m[1].lower() == "jpg" else f"_{m[1]}", key)
    parts = map(_clean, re.split(r"[/\\]", kept))
    return _FOLDER.join(filter(None, parts))


def _restore(stem: str) -> str:
    key = stem.replace(_FOLDER, "/")
    if _KEPT_SUFFIX.search(key):
        return _KEPT_SUFFIX.sub(r".\1", key)
    return f"{key}.jpg"


def _clean(part: str) -> str:
    text = _SELECTORS.sub("", unicodedata.normalize("NFC", part))
    safe = (char if _is_safe(char) else "_" for char in text)
    return re.sub("_+", "_", "".join(safe)).strip("_-")


def _is_safe(char: str) -> bool:
    return char == "-" or unicodedata.category(char)[0] in "LMN"
