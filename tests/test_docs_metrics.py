"""The page on metrics describes the columns that there are, all of them, in order."""

import dataclasses
import itertools
import re
from pathlib import Path

import pytest

from cosmat_nb.metrics.composite import BACKGROUNDS, ColorErrors
from cosmat_nb.metrics.errors import MatteErrors
from cosmat_nb.metrics.judging import CHECKS
from cosmat_nb.metrics.matte import MatteMetrics
from cosmat_nb.metrics.parts import DUST_SHARE
from cosmat_nb.metrics.regions import BOUNDARY_SHARE
from cosmat_nb.metrics.thresholds import Thresholds
from cosmat_nb.metrics.trimap import RADIUS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "metrics.md"
COLUMNS = [field.name for field in dataclasses.fields(MatteMetrics)]
KINDS = [MatteMetrics, MatteErrors, ColorErrors]


def tables():
    """Cells of every row of the page's tables of columns, table by table."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.split(r"^\| column \|.*\n\|[-|]+\n", text, flags=re.MULTILINE)[1:]
    return [
        [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in itertools.takewhile(lambda x: x.startswith("| `"), rows)
        ]
        for rows in map(str.splitlines, blocks)
    ]


every_table = pytest.mark.parametrize(
    ("kind", "rows"), list(zip(KINDS, tables(), strict=True)), ids=lambda x: str(x)[:40]
)


def documented():
    """Names and descriptions of the Attributes section of the class docstring."""
    text = MatteMetrics.__doc__.partition("----------\n")[2]
    # Names are indented by four, what they mean by eight.
    entries = re.split(r"^    (?=\w)", text, flags=re.MULTILINE)[1:]
    return [
        (names.split(", "), description.strip())
        for names, description in (
            re.split(r" : [^\n]*\n", entry, maxsplit=1) for entry in entries
        )
    ]


@every_table
def test_table_is_complete_and_in_order(kind, rows):
    """Every column has one row, and rows stand in the order of columns."""
    names = [field.name for field in dataclasses.fields(kind)]
    assert [row[0].strip("`") for row in rows] == names


@every_table
def test_every_row_says_everything(kind, rows):
    """Each row has unit, range, definition and when a value is missing."""
    for row in rows:
        assert len(row) == 5
        assert all(row), (kind, row[0])


@every_table
def test_missing_is_told_of_the_columns_that_can_be(kind, rows):
    """A column is "never" missing exactly when its type has no None."""
    if kind is ColorErrors:  # a reference without colours has none of them
        assert all("no colours" in row[4] for row in rows)
        return
    never = {row[0].strip("`") for row in rows if row[4] == "never"}
    assert never == {
        field.name for field in dataclasses.fields(kind) if "None" not in field.type
    }


def test_whole_numbers_are_counts_or_pixels():
    """Columns of whole numbers are given in px or as a count."""
    for field, row in zip(dataclasses.fields(MatteMetrics), tables()[0], strict=True):
        if field.type.startswith("int"):
            assert row[1] in {"px", "count"}, field.name


def test_constants_are_those_of_the_code():
    """Numbers that the page quotes are the code's."""
    text = PAGE.read_text(encoding="utf-8")
    assert f"widened by {RADIUS} px" in text
    assert f"within {BOUNDARY_SHARE} of the diagonal" in text
    assert f"less than {DUST_SHARE} of the pixels" in text
    assert f"{', '.join(BACKGROUNDS)} |" in text


def test_docstring_describes_every_attribute_in_order():
    """The class docstring, the definition of all columns, names each of them once."""
    assert [name for names, _ in documented() for name in names] == COLUMNS


@pytest.mark.parametrize(("names", "text"), documented(), ids=lambda value: value[0])
def test_docstring_says_unit_and_when_missing(names, text):
    """Each description is a sentence, and says when None is what a column holds."""
    assert text.endswith(".")
    fields = {field.name: field.type for field in dataclasses.fields(MatteMetrics)}
    for name in names:
        assert ("None" in fields[name]) == ("None" in text), name


def test_the_table_of_findings_is_the_code_s():
    """Every check has its row with its severity, and every threshold is named."""
    text = PAGE.read_text(encoding="utf-8").partition("\n## Findings\n")[2]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| `")
    ]
    assert [(row[0].strip("`"), row[1]) for row in rows] == [
        (check.name, check.severity) for check in CHECKS
    ]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row[3])}
    assert named == {field.name for field in dataclasses.fields(Thresholds)}
