"""What is wrong with the mattes of a frame, with pictures."""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column
from cosmat_nb.frame.problems import find_problems
from cosmat_nb.metrics.wording import counted
from cosmat_nb.places import shown_text, whole_text
from cosmat_nb.view.page import (
    MAX_ROWS,
    check_count,
    check_words,
    html_figures,
    write_page,
)
from cosmat_nb.view.panels import make_panels

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from pathlib import Path

    from cosmat_nb.view.panels import Panels

    _Groups = dict[Hashable, list[dict[Hashable, Any]]]

__all__ = ["ProblemReport", "report_problems"]

SIDE = 168
"""Longer side of each picture, px."""

_STYLE = """
.cosmat-problems { font: 14px/1.5 system-ui, sans-serif; max-width: 72rem; }
.cosmat-problems h1 { font-size: 1.3rem; margin: 0 0 .1rem; }
.cosmat-problems p { margin: .2rem 0; }
.cosmat-problems small, .cosmat-problems figcaption { font-size: .8rem; opacity: .72; }
.cosmat-problems article { border: 1px solid rgb(128 136 148 / .38);
  border-radius: 8px; margin: .8rem 0; padding: .7rem .9rem; }
.cosmat-problems h2 { font: 600 .88rem ui-monospace, monospace; margin: 0 0 .6rem;
  overflow-wrap: anywhere; }
.cosmat-problems .row { display: flex; flex-wrap: wrap; gap: .6rem 1.2rem; }
.cosmat-problems .pictures { display: flex; flex-wrap: wrap; gap: .6rem;
  align-items: start; }
.cosmat-problems figure { margin: 0; width: 168px; }
.cosmat-problems img { display: block; max-width: 100%; height: auto; margin: 0;
  border-radius: 3px; outline: 1px solid rgb(128 136 148 / .38); }
.cosmat-problems ul { flex: 1 1 20rem; list-style: none; margin: 0; padding: 0; }
.cosmat-problems li { margin: 0 0 .6rem; padding: 0 0 0 .7rem;
  border-left: 3px solid rgb(128 136 148 / .5); }
.cosmat-problems li.high { border-color: #c42b1c; }
.cosmat-problems li.medium { border-color: #b76e00; }
.cosmat-problems .badge { display: inline-block; border-radius: 4px; padding: 0 .45rem;
  font: 600 .78rem/1.5 system-ui, sans-serif; color: #fff; background: #5c6773;
  white-space: nowrap; }
.cosmat-problems .high .badge, .cosmat-problems .badge.high { background: #c42b1c; }
.cosmat-problems .medium .badge, .cosmat-problems .badge.medium { background: #9a5b00; }
"""
_PAGE_STYLE = """
:root { color-scheme: light dark; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem;
  background: Canvas; color: CanvasText; }
"""


@dataclass(frozen=True, slots=True)
class ProblemReport:
    """A report that shows itself in a notebook and can be saved as a page.

    Attributes
    ----------
    title : str
        Heading, plain text.
    body : str
        The report as HTML with its pictures inside; nothing is loaded.
    """

    title: str
    body: str = field(repr=False)

    def _repr_html_(self) -> str:
        return self.body

    def save(self, path: str | Path) -> Path:
        """Write a page that needs nothing else, and return its path.

        Raises
        ------
        OptionsError
            When the file cannot be written.
        """
        return write_page(path, title=self.title, style=_PAGE_STYLE, body=self.body)


def report_problems(
    frame: pd.DataFrame,
    problems: pd.DataFrame | None = None,
    *,
    before: bool | Callable[[str], bytes] | None = None,
    rows: int = 12,
    title: str = "Findings",
) -> ProblemReport:
    """Show the rows of a frame that have findings, the severe first.

    Parameters
    ----------
    frame : DataFrame
        From `measure_frame`, with the cutouts. Its index labels must differ.
    problems : DataFrame, optional
        From `find_problems` for this frame, or any rows of it; found here with the
        default thresholds unless given. Its order is kept.
    before : bool or callable, optional
        Fetches the source picture of a key, as ``client.fetch``, once for each place;
        by default, or True, the way that each cutout remembers. False fetches nothing.
        What cannot be fetched is told in its row.
    rows : int, default 12
        Most rows to show, 1 to 200; others are counted. A row takes at most three
        pictures of 168 px a side, which bounds the size of a notebook or page.
    title : str
        Heading, plain text.

    Returns
    -------
    ProblemReport
        Shows itself in a notebook, light or dark; ``save`` writes a page.

    Raises
    ------
    OptionsError
        When the frame was not measured or has no column ``cutout``, index labels
        repeat or are not the frame's, `rows` is out of range, or an argument is of
        another kind.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> report = cm.report_problems(table)  # doctest: +SKIP
    >>> report.save("findings.html")  # doctest: +SKIP
    """
    rows = check_count("rows", rows, 1, MAX_ROWS)
    check_words(title=title)
    check_column(frame, "cutout", "make it with matte_frame")
    if problems is None:
        problems = find_problems(frame, on=None)
    for name in ("finding", "severity", "message", "advice"):
        check_column(problems, name, "make it with find_problems")
    groups = _group(frame, problems)
    shown = list(groups)[:rows]
    chosen = frame.iloc[frame.index.get_indexer(pd.Index(shown))]
    panels = make_panels(chosen, side=SIDE, before=before, captions=())
    articles = [
        _article(panel, groups[label])
        for panel, label in zip(panels, shown, strict=True)
    ]
    hidden = len(groups) - len(shown)
    more = counted(hidden, "more row")
    rest = [f"<p>Not shown: {more} with findings.</p>"] if hidden else []
    body = "\n".join(
        [f"<style>{_STYLE}</style>", _head(title, frame, problems), *articles, *rest]
    )
    page = f'<div class="cosmat-problems">{body}</div>'
    return ProblemReport(title, whole_text(page))


def _group(frame: pd.DataFrame, problems: pd.DataFrame) -> _Groups:
    if not frame.index.is_unique:
        raise OptionsError(
            "the frame's index has labels twice, so findings cannot be told apart: use "
            "frame.reset_index(drop=True)"
        )
    strange = problems.index[~problems.index.isin(frame.index)]
    if len(strange):
        raise OptionsError(
            f"not of this frame: {counted(len(strange), 'finding')}, first "
            f"{shown_text(str(strange[0]))!r}; pass the frame that find_problems was "
            "given"
        )
    groups: _Groups = {}
    words = problems[["finding", "severity", "message", "advice"]].astype("str")
    for label, each in zip(problems.index, words.to_dict("records"), strict=True):
        groups.setdefault(label, []).append(each)
    return groups


def _head(title: str, frame: pd.DataFrame, problems: pd.DataFrame) -> str:
    kinds = Counter(zip(problems["finding"], problems["severity"], strict=True))
    badges = " ".join(
        f'<span class="badge {_written(severity)}">{_written(name)} {count}</span>'
        for (name, severity), count in kinds.items()
    )
    with_findings = problems.index.nunique()
    told = f"Findings in {with_findings} of {counted(len(frame), 'row')}."
    unmeasured = problems.attrs.get("unmeasured", 0)
    if unmeasured:
        told += f" Without numbers: {unmeasured} (see status and measure_error)."
    checked = problems.attrs.get("checked", {}).items()
    unseen = [str(name) for name, n in checked if not n]
    missing = f"Not looked for, as their numbers are missing: {', '.join(unseen)}."
    note = f"<p><small>{_written(missing)}</small></p>" if unseen else ""
    return f"<h1>{_written(title)}</h1><p>{_written(told)}</p><p>{badges}</p>{note}"


def _article(panel: Panels, findings: list[dict[Hashable, Any]]) -> str:
    items = "".join(
        f'<li class="{_written(each["severity"])}">'
        f'<span class="badge">{_written(each["finding"])}</span> '
        f"{_written(each['message'])}<br><small>{_written(each['advice'])}</small></li>"
        for each in findings
    )
    note = f"<p><small>{_written(panel.note)}</small></p>" if panel.note else ""
    return (
        f"<article><h2>{_written(panel.place)}</h2>{note}"
        f'<div class="row"><div class="pictures">{html_figures(panel)}</div>'
        f"<ul>{items}</ul></div></article>"
    )


def _written(words: object) -> str:
    return html.escape(str(words))
