"""Places and others' words, shown without what opens a door."""

from __future__ import annotations

import pytest

from cosmat_nb.places import shown_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "'404' for url 'https://h/a.jpg?q-ak=5aed&b=c'\nMore: https://a.org/404",
            "'404' for url 'https://h/a.jpg' More: https://a.org/404",
        ),
        ("no https://me:5aed@h/a.jpg there", "no https://h/a.jpg there"),
        ("no https://me:5a@ed@h/a.jpg there", "no https://h/a.jpg there"),
        ("no file https:/me:5aed@h/a.jpg?s=5aed", "no file https:/h/a.jpg"),
        ("<https://h/a.jpg#5aed>", "<https://h/a.jpg>"),
        ("https%3A%2F%2Fme%3A5aed%40h%2Fa.jpg%3Fs%3D5aed!", "https%3A%2F%2Fh%2Fa.jpg"),
        (
            "https%253A%252F%252Fh%252Fa%253Fs%253D5aed x",
            "https%253A%252F%252Fh%252Fa x",
        ),
        (r'"https:\/\/me:5aed@h\/a?x=5aed"', r'"https:\/\/h\/a"'),
        (
            "Max retries with url: /a.jpg?sign=5aed (why)",
            "Max retries with url: /a.jpg (why)",
        ),
        ("S3://b/k?5aed and s3://b/l?5aed", "S3://b/k and s3://b/l"),
    ],
    ids=range(10),
)
def test_a_link_in_a_text_loses_its_secrets(text, shown):
    """User, password, query and fragment go; host and path and all other words stay."""
    assert shown_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "KeyError: 'what?.jpg'",
        "is there one? a = b",
        "https://h/a@b.jpg and http/a.jpg",
        "C:/Users/me/a#1.png",
        "a  b",
        "杯.jpg: 40 × 60 px",
    ],
)
def test_other_words_stay_as_they_are(text):
    """Nothing is taken for a link that is none."""
    assert shown_text(text) == text


def test_a_text_becomes_one_line():
    """A cell of a table has no room for more."""
    assert shown_text("one\n  two\r\nthree\u2028four") == "one two three four"


def test_long_hostile_texts_are_quick():
    """Nothing is read over and over; with quadratic time this would take minutes."""
    for part in ("a", "https://", "?", "a+", ":/", "%3a", "@", "https://a@", "?="):
        assert len(shown_text(part * (200_000 // len(part)))) <= 200_000
