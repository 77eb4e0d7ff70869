"""What a data set says about itself: checked, and the same after a round trip."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.dataset.cards.about import About, license_kind
from cosmat_nb.errors import OptionsError

FULL = {
    "title": "Mugs",
    "description": "Two lines\n\n```\nof it",
    "license": "CC-BY-4.0",
    "creator": "Jo",
    "url": "https://example.com/mugs?page=2",
    "citation": "@misc{mugs}",
    "date": "2026-11-23",
    "version": "1.2.0",
    "keywords": ["mug", "kitchen"],
    "notes": "none",
}


def test_all_that_was_said_comes_back_as_json_values():
    """`as_dict` is JSON, has every field in order, and `from_dict` reads it."""
    about = About(**FULL)
    told = json.loads(json.dumps(about.as_dict()))
    assert told == FULL
    assert list(told) == list(FULL)
    assert About.from_dict(told) == about


def test_nothing_is_said_by_default():
    """An empty value tells nothing, no day either, so bytes do not depend on it."""
    assert About().as_dict() == {}


def test_it_is_a_value():
    """Equal ones are equal, hash alike and cannot be changed."""
    assert hash(About(**FULL)) == hash(About(**FULL))
    with pytest.raises(AttributeError):
        About().title = "x"


@pytest.mark.parametrize(
    ("given", "kept", "kind"),
    [
        ("cc-by-4.0", "CC-BY-4.0", "spdx"),
        ("apache-2.0", "Apache-2.0", "spdx"),
        (" MIT ", "MIT", "spdx"),
        ("LicenseRef-Shop", "LicenseRef-Shop", "spdx"),
        ("https://example.com/terms", "https://example.com/terms", "url"),
        ("HTTP://example.com", "HTTP://example.com", "url"),
        ("for our own use", "for our own use", "text"),
        ("CC-BY-9.9", "CC-BY-9.9", "text"),
        ("LicenseRef-", "LicenseRef-", "text"),
        ("", "", ""),
    ],
)
def test_a_licence_is_told_apart(given, kept, kind):
    """SPDX identifiers get their own spelling; free words are known to be words."""
    about = About(license=given)
    assert (about.license, license_kind(about.license)) == (kept, kind)


@pytest.mark.parametrize(
    ("date", "kept"),
    [
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.datetime(2026, 1, 2, 23, 59, tzinfo=dt.UTC), "2026-01-02"),
        ("2026-01-02", "2026-01-02"),
    ],
)
def test_a_date_is_a_day(date, kept):
    """Days, moments and ISO text are the same day."""
    assert About(date=date).as_dict() == {"date": kept}


@pytest.mark.parametrize("date", ["2026-02-30", "23.11.2026", "2026-01-02x", 7])
def test_what_is_no_day_is_refused(date):
    """A date that does not exist, or is written otherwise, is named."""
    with pytest.raises(OptionsError, match="date must be a day"):
        About(date=date)


def test_keywords_are_a_tuple_without_doubles():
    """Lists are taken, blanks and repetitions dropped, order kept."""
    assert About(keywords=["b", "", " a ", "b"]).keywords == ("b", "a")


@pytest.mark.parametrize("keywords", ["mug", 7, [7], ["a\nb"]])
def test_keywords_must_be_words(keywords):
    """One text is not a list of words."""
    with pytest.raises(OptionsError, match="keywords must be"):
        About(keywords=keywords)


@pytest.mark.parametrize("name", ["title", "license", "creator", "url", "version"])
def test_lines_stay_lines(name):
    """What stands in one line cannot hold two, of any kind of line end."""
    for end in ("\n", "\r", "\u2028", "\x85"):
        with pytest.raises(OptionsError, match=f"{name} must be one line"):
            About(**{name: f"a{end}b"})


@pytest.mark.parametrize("name", [name for name in FULL if name != "date"])
def test_other_types_are_refused(name):
    """Numbers, missing values and bytes are no text."""
    for value in (7, None, b"x", float("nan")):
        with pytest.raises(OptionsError, match=f"{name} must be"):
            About(**{name: value})


@pytest.mark.parametrize(
    "url",
    ["example.com", "ftp://example.com", "https://", "https://a b", "http://a<b>"],
)
def test_a_home_is_an_address(url):
    """Only http and https, and nothing that ends a link early."""
    with pytest.raises(OptionsError, match="url must begin"):
        About(url=url)


@pytest.mark.parametrize(
    "text",
    [
        "https://me:pass@example.com/",
        "https://token@example.com/",
        "see https://a.com/b?x=1&q-signature=5aed",
        "https://a.com/b?sign=5aed",
        "https://a.com/b?x-cos-security-token=5",
        "https://a.com/b?x=1&token=5",
        "https://a.com/b?access_key=5",
    ],
)
@pytest.mark.parametrize("name", ["description", "notes", "url", "license", "citation"])
def test_secrets_are_refused(name, text):
    """A signed address or a password is refused, and not repeated in the error."""
    with pytest.raises(OptionsError, match="password or a signed address") as caught:
        About(**{name: text})
    assert "5aed" not in str(caught.value)
    assert "pass@" not in str(caught.value)


def test_half_characters_are_refused():
    """UTF-8 cannot write them."""
    with pytest.raises(OptionsError, match="half a character"):
        About(title="a\udce9")


def test_unknown_names_are_refused_with_the_known_ones():
    """A misspelt field of a head is named."""
    with pytest.raises(OptionsError, match=r"citation.*not 'licence'"):
        About.from_dict({"licence": "MIT"})


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_kept_or_refused(title, notes):
    """No text breaks it: it is refused by its own error, or comes back."""
    try:
        about = About(title=title, notes=notes)
    except OptionsError:
        return
    assert (about.title, about.notes) == (title.strip(), notes.strip())
    assert About.from_dict(json.loads(json.dumps(about.as_dict()))) == about
