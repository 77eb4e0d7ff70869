"""The report of findings, judged by what is written into it."""

from __future__ import annotations

import re

import httpx
import numpy as np
import pandas as pd
import pytest

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.problems import find_problems
from cosmat_nb.view.problems import report_problems

HOSTILE = '<script>alert(1)</script> & "quotes" \u202eevil.jpg'


def cutout(key, source=None):
    """A cutout whose pictures are noise: nothing compresses worse."""
    pixels = np.random.default_rng(3).integers(0, 256, (200, 200, 4), np.uint8)
    return cm.Cutout(
        place=key,
        options=cm.MattingOptions(),
        data=images.encode_png(pixels),
        height=200,
        width=200,
        is_empty=False,
        nbytes=0,
        source=source,
    )


def fetch(key):
    """Fetch the source of a key: noise of 250 x 200 px."""
    noise = np.random.default_rng(len(key)).integers(0, 256, (250, 200, 3), np.uint8)
    return images.encode_jpeg(noise)


@pytest.fixture
def table():
    """Four measured rows: two of them with findings of different severity."""
    keys = ["fine.jpg", "small.jpg", HOSTILE, "failed.jpg"]
    return pd.DataFrame(
        {
            "key": keys,
            "status": ["ok", "ok", "ok", "error"],
            "cutout": [*(cutout(key, fetch) for key in keys[:3]), None],
            "coverage": [0.3, 0.01, 0.0, None],
            "halo": [0.1, 0.9, None, None],
        },
        index=[3, 5, 8, 13],
    )


def articles(report):
    """The rows of a report, as HTML."""
    return re.findall(r"<article>.*?</article>", report._repr_html_(), re.DOTALL)


def test_rows_with_findings_are_shown_the_severe_first(table):
    """An article a row, with its key, its badges, messages and advice; no others."""
    shown = articles(report_problems(table))
    assert [re.search("<h2>(.*?)</h2>", each)[1] for each in shown] == [
        "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot; \u202eevil.jpg",
        "small.jpg",
    ]
    badges = [
        re.findall(r'<li class="(\w+)"><span class="badge">(.*?)</span>', each)
        for each in shown
    ]
    assert badges == [[("high", "empty")], [("medium", "halo"), ("low", "too-small")]]
    assert "90.0% of the old background is left in the edge&#x27;s colours" in shown[1]
    assert "Crop the picture around the subject" in shown[1]


def test_each_row_has_its_three_pictures(table):
    """Before, matte and cutout, at most 168 px a side, each with words."""
    (_, small) = articles(report_problems(table))
    assert re.findall(
        r'alt="(\w+) of small.jpg" width="(\d+)" height="(\d+)"', small
    ) == [
        ("before", "134", "168"),
        ("matte", "168", "168"),
        ("cutout", "168", "168"),
    ]


def test_the_head_counts(table):
    """How many rows, which findings how often, what could not be looked for."""
    head = report_problems(table)._repr_html_().partition("<article>")[0]
    assert "Findings in 2 of 4 rows. Without numbers: 1" in head
    badges = re.findall(r'class="badge (\w+)">([\w-]+ \d+)<', head)
    assert badges == [("high", "empty 1"), ("medium", "halo 1"), ("low", "too-small 1")]
    assert "numbers are missing: faint, disagreement, cut-off" in head
    assert "halo," not in head


def test_nothing_is_loaded_and_no_key_becomes_markup(table, tmp_path):
    """The page is whole: no address, no script, every picture inside."""
    path = report_problems(table, title=HOSTILE).save(tmp_path / "r.html")
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert "http" not in page
    assert page.count("&lt;script&gt;") >= 5
    assert page.count('src="data:image/webp;base64,') == page.count("<img ") == 6
    assert not re.search(r'(?:src|href)="(?!data:)|url\(|@import', page)


def test_words_of_the_problems_are_escaped(table):
    """Findings may come from elsewhere, and are text wherever they stand."""
    problems = find_problems(table).astype({"severity": "str"})
    problems[["finding", "severity", "message", "advice"]] = HOSTILE
    assert "<script" not in report_problems(table, problems)._repr_html_()


def test_the_page_follows_the_readers_light_or_dark(table, tmp_path):
    """No colour of text or ground is fixed but on badges, which carry both."""
    page = report_problems(table).save(tmp_path / "r.html").read_text(encoding="utf-8")
    assert "color-scheme: light dark" in page
    rules = re.findall(r"([^{}]+)\{([^{}]+)\}", page.partition("<article>")[0])
    colored = [(name, rule) for name, rule in rules if " color: " in rule]
    assert len(colored) == 2
    assert all("badge" in name or "CanvasText" in rule for name, rule in colored)


def test_the_size_is_bounded(table):
    """Rows beyond the limit are counted; noise, the worst of pictures, stays small."""
    long = pd.concat([table.iloc[[1]]] * 14, ignore_index=True)
    report = report_problems(long)
    assert len(articles(report)) == 12
    assert "Not shown: 2 more rows with findings." in report._repr_html_()
    assert len(report._repr_html_()) < 12 * 100_000
    assert len(articles(report_problems(long, rows=1))) == 1
    assert "Not shown" not in report_problems(long.head(1), rows=1)._repr_html_()
    two = report_problems(long.head(2), rows=np.int64(1))._repr_html_()
    assert "Not shown: 1 more row with findings." in two


def test_only_the_rows_shown_are_fetched(table):
    """What lies beyond the limit costs nothing."""
    asked = []

    def note(key):
        asked.append(key)
        return fetch(key)

    report_problems(table, before=note, rows=1)
    assert asked == [HOSTILE]


def test_chosen_problems_are_shown_in_their_order(table):
    """A filtered or sorted table of findings is a report of just those."""
    problems = find_problems(table)
    (only,) = articles(report_problems(table, problems.query("finding == 'halo'")))
    assert "small.jpg" in only
    assert "too-small" not in only
    turned = report_problems(table, problems.iloc[::-1])
    assert "small.jpg" in articles(turned)[0]


def test_no_findings_make_a_short_report(table):
    """Nothing found is said, not an error."""
    report = report_problems(table.iloc[[0]])
    assert articles(report) == []
    assert "Findings in 0 of 1 row." in report._repr_html_()


def test_a_report_is_short_in_print(table):
    """Its repr is its title, not its pictures."""
    assert repr(report_problems(table)) == "ProblemReport(title='Findings')"


def test_a_source_out_of_reach_is_a_note(table):
    """The row is shown with the pictures there are."""

    def refuse(key):
        raise cm.TransportError(f"no way to {key}")

    shown = articles(report_problems(table, before=refuse))[1]
    assert "no way to small.jpg" in shown
    assert shown.count("<img ") == 2


SIGNED = "https://me:pw5aed@h.example/a.jpg?q-signature=5aed"


def fail_to_connect(key):
    """Fail as an HTTP client does that quotes the link."""
    raise httpx.ConnectError(f"no route to '{SIGNED}'\nfor {key}")


@pytest.mark.parametrize(
    ("fetch", "reason"),
    [
        (
            fail_to_connect,
            "source: ConnectError: no route to &#x27;https://h.example/a.jpg&#x27; for",
        ),
        (lambda _: None, "source: OptionsError: before must return a file&#x27;s byt"),
        (lambda _: b"<html>", "source: ImageError: expected a picture; got 6 bytes"),
    ],
)
def test_whatever_a_fetch_does_is_told_in_the_row(table, fetch, reason):
    """In the words of `measure_frame`, without secrets, and the report is made."""
    shown = articles(report_problems(table, before=fetch))
    for each in shown:
        assert reason in each
        assert each.count("<img ") == 2
        assert "5aed" not in each


@pytest.mark.parametrize("before", [None, True])
def test_a_row_remembers_its_own_source_unless_none_is_wanted(table, before):
    """The default and True ask the cutout; False shows two pictures without a note."""
    assert articles(report_problems(table, before=before))[1].count("<img ") == 3
    (_, small) = articles(report_problems(table, before=False))
    assert small.count("<img ") == 2
    assert "source:" not in small


@pytest.mark.parametrize("works", [True, False])
def test_a_source_is_fetched_once_for_all_its_rows(table, works, tmp_path):
    """In a report, a page and a figure, also when it cannot be had."""
    many = pd.concat([table.iloc[[1]]] * 5, ignore_index=True)
    asked = []

    def note(key):
        asked.append(key)
        return fetch(key) if works else fail_to_connect(key)

    assert report_problems(many, before=note).body.count("<img ") == 10 + 5 * works
    page = cm.write_report(many, tmp_path / "r.html", before=note).read_text()
    assert page.count("<img ") == 10 + 5 * works
    figure = cm.plot_grid(many, 5, before=note)
    assert sum(len(axes.images) for axes in figure.axes) == 10 + 5 * works
    assert asked == ["small.jpg"] * 3


def test_a_source_is_that_of_its_own_row(table):
    """Pictures of two places are not mixed up."""
    asked = []

    def note(key):
        asked.append(key)
        shape = (250, 200, 3) if key == "small.jpg" else (100, 50, 3)
        return images.encode_jpeg(np.zeros(shape, np.uint8))

    shown = articles(report_problems(table, before=note))
    sizes = [re.search(r'alt="before .*? width="(\d+)"', each)[1] for each in shown]
    assert sizes == ["50", "134"]
    assert asked == [HOSTILE, "small.jpg"]


def test_what_comes_with_the_problems_is_no_markup(table):
    """Attributes of a frame may be read from a file like its cells."""
    problems = find_problems(table)
    problems.attrs = {"unmeasured": HOSTILE, "checked": {HOSTILE: 0, 5: 0}}
    assert "<script" not in report_problems(table, problems).body


def test_half_characters_are_shown_escaped(table, tmp_path):
    """A file's name may hold them, and no page or notebook can."""
    table["cutout"] = [cutout("a\udcff.jpg", fetch), *table["cutout"][1:]]
    table["coverage"] = 0.0
    report = report_problems(table, title="half \ud800")
    page = report.save(tmp_path / "r.html").read_text(encoding="utf-8")
    assert "a\\udcff.jpg" in report.body.encode().decode()
    assert "<title>half \\ud800</title>" in page
    assert "a\\udcff.jpg" in page
    plain = cm.write_report(table, tmp_path / "p.html", lead="half \ud800")
    assert "half \\ud800" in plain.read_text(encoding="utf-8")


@pytest.mark.parametrize("label", [SIGNED, (SIGNED, 1)])
def test_a_label_that_is_a_link_is_shown_without_its_secrets(table, label):
    """Also within a label of several levels."""
    problems = find_problems(table).iloc[:1]
    problems.index = pd.Index([label], tupleize_cols=False)
    with pytest.raises(OptionsError, match=r"https://h\.example/a\.jpg") as caught:
        report_problems(table, problems)
    assert "5aed" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: {"frame": t.drop(columns="cutout")}, "'cutout'.*matte_frame"),
        (lambda t: {"frame": t.drop(columns="coverage")}, "'coverage'.*measure_frame"),
        (
            lambda t: {"frame": t, "rows": 0},
            "rows must be a whole number from 1 to 200; not 0",
        ),
        (
            lambda t: {"frame": t, "rows": 201},
            "rows must be a whole number from 1 to 200; not 201",
        ),
        (
            lambda t: {"frame": t, "rows": 2.5},
            "rows must be a whole number from 1 to 200; not 2.5",
        ),
        (
            lambda t: {"frame": t, "rows": "3"},
            "rows must be a whole number from 1 to 200; not '3'",
        ),
        (
            lambda t: {"frame": t, "rows": None},
            "rows must be a whole number from 1 to 200; not None",
        ),
        (
            lambda t: {"frame": t, "rows": True},
            "rows must be a whole number from 1 to 200; not True",
        ),
        (lambda t: {"frame": t, "title": None}, "title must be text; not NoneType"),
        (lambda t: {"frame": t, "before": 5}, "before must be True, False or a func"),
        (lambda t: {"frame": t.set_axis([1, 1, 2, 3])}, "labels twice.*reset_index"),
        (
            lambda t: {"frame": t.iloc[:2], "problems": find_problems(t)},
            "not of this frame: 1 finding, first '8'",
        ),
        (lambda t: {"frame": t, "problems": t}, "'finding'.*find_problems"),
    ],
)
def test_what_cannot_be_shown_says_what_to_do(table, change, message):
    """The error names what is missing and the remedy."""
    with pytest.raises(OptionsError, match=message):
        report_problems(**change(table))


def test_a_page_that_cannot_be_written_says_so(table, tmp_path):
    """A folder in place of the file is a clear error."""
    with pytest.raises(OptionsError, match="cannot write"):
        report_problems(table).save(tmp_path)
