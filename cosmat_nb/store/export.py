"""Answers as a folder of PNG files that people can read the names of."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

__all__ = ["export", "name_files"]

_PICTURES = re.compile(
    r"\.(?:jpe?g|png|webp|bmp|gif|tiff?|heic|heif|avif|tpg)$", re.IGNORECASE
)
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\ud800-\udfff]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_LONGEST = 120
_HASH_SHOWN = 12


def export(answers: pd.DataFrame, folder: str | Path) -> pd.DataFrame:
    """Write answers as PNG files named by their keys, with an ``index.csv``.

    Parameters
    ----------
    answers : DataFrame
        Rows of ``store.to_frame()``, all or some.
    folder : str or Path
        Made; must be empty if it exists, so nothing is ever written over.

    Returns
    -------
    DataFrame
        What ``index.csv`` has: the rows whose answer is a file, with the column
        ``file``, its name in `folder`, in front; empty where the stored file is gone or
        damaged, which `Store.verify` sets right.

    Raises
    ------
    OptionsError
        When the folder is not empty or cannot be made, or `answers` is no such frame.
    OSError
        When the disk fails.
    """
    if not {"place", "rule", "sha256", "path"} <= set(answers.columns):
        raise OptionsError("answers must be rows of store.to_frame()")
    target = _make(Path(folder).expanduser().absolute())
    index = answers[answers["sha256"] != ""].drop(columns="path")
    paths = answers.loc[index.index, "path"]
    names = name_files(
        index["place"].tolist(), index["rule"].tolist(), index["sha256"].tolist()
    )
    written = [
        name if _copy(Path(path), target / name) else ""
        for path, name in zip(paths, names, strict=True)
    ]
    index.insert(0, "file", written)
    with (target / "index.csv").open("x", encoding="utf-8", newline="") as file:
        index.to_csv(file, index=False)
    return index


def name_files(
    places: Sequence[str], rules: Sequence[str], hashes: Sequence[str]
) -> list[str]:
    """Find a relative file name for each answer, all of them different.

    A key's own name where no other answer has it; else with its options in it; else
    with the head of its hash too. No name leads out of its folder, is absolute, or is
    reserved on Windows, and two names differ in more than capitals or the
    way in which an accent is written.

    Parameters
    ----------
    places : sequence of str
        Object keys and addresses.
    rules : sequence of str
        What was asked for.
    hashes : sequence of str
        SHA-256 of each answer.

    Examples
    --------
    >>> plain = "ci-process=AIPicMatting"
    >>> rules = [plain, plain + "&center-layout=1", plain]
    >>> name_files(["a/b.jpg", "a/b.jpg", "../c"], rules, ["", "", ""])
    ['a/b.AIPicMatting.png', 'a/b.AIPicMatting-center-layout-1.png', '_/c.png']
    """
    stems = [_stem(place) for place in places]
    options = [_shown_rule(rule) for rule in rules]
    steps: list[Callable[[int], str]] = [
        lambda row: stems[row],
        lambda row: f"{stems[row]}.{options[row]}",
        lambda row: f"{stems[row]}.{options[row]}.{hashes[row][:_HASH_SHOWN]}",
        lambda row: f"{stems[row]}.{options[row]}.{hashes[row][:_HASH_SHOWN]}.{row}",
    ]
    level = [0] * len(stems)
    while True:
        names = [steps[at](row) for row, at in enumerate(level)]
        folded = [unicodedata.normalize("NFC", name).casefold() for name in names]
        counts = Counter(folded)
        shared = [row for row, name in enumerate(folded) if counts[name] > 1]
        if not shared:
            return [f"{name}.png" for name in names]
        for row in shared:
            level[row] = min(level[row] + 1, len(steps) - 1)


def _stem(place: str) -> str:
    """Turn a key into a safe relative path without its picture suffix."""
    parts = [part for part in re.split(r"[/\\]", place) if part not in {"", "."}]
    *folders, name = parts or ["picture"]
    # A folder never ends like a file of ours: a.png may be both in a bucket.
    safe = [_PICTURES.sub(r"\g<0>_", _safe(part)) for part in folders]
    return "/".join([*safe, _safe(_PICTURES.sub("", name) or name)])


def _safe(part: str) -> str:
    text = _UNSAFE.sub("_", part).rstrip(" .") or "_"
    text = f"_{text}" if _RESERVED.match(text) else text
    if len(text.encode()) <= _LONGEST:
        return text
    mark = hashlib.sha256(part.encode("utf-8", "surrogatepass")).hexdigest()
    head = text.encode()[: _LONGEST - _HASH_SHOWN].decode(errors="ignore")
    return f"{head}-{mark[:_HASH_SHOWN]}"


def _shown_rule(rule: str) -> str:
    return _safe(rule.removeprefix("ci-process=").replace("&", "-").replace("=", "-"))


def _make(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = next(folder.iterdir(), None)
    except OSError as error:
        reason = error.strerror or error
        raise OptionsError(f"the folder {folder} cannot be made: {reason}") from None
    if taken is not None:
        raise OptionsError(
            f"the folder {folder} is not empty (it has {taken.name}): name a new one, "
            "so that nothing is written over"
        )
    return folder


def _copy(source: Path, target: Path) -> bool:
    try:
        png = source.read_bytes()
    except FileNotFoundError:
        return False
    if hashlib.sha256(png).hexdigest() != source.stem:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        file.write(png)
    return True
