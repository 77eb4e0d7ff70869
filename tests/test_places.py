"""Places and others' words, shown without what opens a door."""

from __future__ import annotations

import time

import pytest

from cosmat_nb.places import is_address, shown_place, shown_text


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
    start = time.process_time()
    for part in (
        "a",
        "https://",
        "?",
        "a+",
        ":/",
        "%3a",
        "@",
        "https://a@",
        "?=",
        "q-",
    ):
        shown_text(part * (200_000 // len(part)))
    assert time.process_time() - start < 30


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("s3://b/a.jpg?X-Amz-Signature=5aed", "s3://b/a.jpg"),
        ("https%3A%2F%2Fme%3A5aed%40h%2Fa.jpg", "https%3A%2F%2Fh%2Fa.jpg"),
        ("https://me:5a@ed@h/a.jpg", "https://h/a.jpg"),
    ],
)
def test_an_address_of_any_scheme_loses_its_secrets(place, shown):
    """Encoded or not, with figures in its scheme or an @ in its password."""
    assert is_address(place)
    assert shown_place(place) == shown


@pytest.mark.parametrize(
    "text",
    [
        "for url 'https://h/a.jpg?r='x'&q-signature=5aed'",
        "https://h/a.jpg?f=a b&sig=5aed",
        "a.jpg%3Fsign%3D5aed",
        "Authorization: q-ak=5aed&q-signature=5aed",
        "x-cos-security-token=5aed",
    ],
)
def test_what_is_called_a_signature_is_not_shown(text):
    """Also where quotes and blanks make it look as if the link had ended."""
    assert "5aed" not in shown_text(text)
