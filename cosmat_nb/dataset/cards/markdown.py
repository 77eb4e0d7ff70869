"""Words of others in Markdown: they cannot end a cell, a list or a heading."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cosmat_nb.places import whole_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["show_block", "show_code", "show_table", "show_words"]

_SPECIAL = re.compile(r"([\\`*_\[\]~#$!@])")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")


def show_words(text: object) -> str:
    r"""Return text as one line that Markdown shows as it is.

    Line ends and other unseen characters become blanks, marks of Markdown and HTML are
    escaped (CommonMark 0.31, sections 2.4 and 2.5). A bar becomes a reference: readers
    differ in what ends a cell (GFM, section 4.10).

    Examples
    --------
    >>> print(show_words("a|b <i>" + chr(10) + "# c"))
    a&#124;b &lt;i> \# c
    """
    line = " ".join(_UNSEEN.sub(" ", whole_text(str(text))).split())
    line = line.replace("&", "&amp;").replace("<", "&lt;")
    line = _SPECIAL.sub(r"\\\1", line).replace("|", "&#124;")
    return re.sub(r"^(\d+)([.)])|^([-+=>])", r"\1\\\2\3", line)


def show_code(text: object) -> str:
    r"""Return text as a code span that may stand in a table.

    Examples
    --------
    >>> print(show_code("a|b"), show_code("`"))
    <code>a&#124;b</code> `` ` ``
    """
    line = _UNSEEN.sub(" ", whole_text(str(text))).strip()
    if not line:
        return ""
    if "|" in line:  # which would end a cell even in a code span
        return f"<code>{show_words(line)}</code>"
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def show_block(text: str) -> str:
    """Return Markdown of a user's own, whose code block cannot swallow what follows.

    Examples
    --------
    >>> show_block("Run:" + chr(10) + "~~~" + chr(10) + "make")[-4:] == chr(10) + "~~~"
    True
    """
    lines = whole_text(text).splitlines()
    opened = ""
    for line in lines:
        if not (found := _FENCE.match(line)):
            continue
        marks, rest = found.groups()
        if not opened:
            opened = marks
        elif marks.startswith(opened) and not rest.strip():
            opened = ""
    return "\n".join([*lines, *filter(None, [opened])])


def show_table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return the lines of a table whose cells are Markdown already.

    Examples
    --------
    >>> show_table(["split", "examples"], [("train", 8)])
    ['| split | examples |', '|---|---|', '| train | 8 |']
    """
    lines = [names, *rows]
    shown = [f"| {' | '.join(map(str, cells))} |" for cells in lines]
    return [shown[0], "|" + "---|" * len(names), *shown[1:]]
