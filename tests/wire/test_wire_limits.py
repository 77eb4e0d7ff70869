"""Limits of a picture: each at its edge, its code, its words."""

import dataclasses
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.errors import ImageError, OptionsError
from cosmat_nb.wire.codes import CODES
from cosmat_nb.wire.limits import Limits
from cosmat_nb.wire.picture import PictureInfo

law = settings(derandomize=True, deadline=None, max_examples=200)

FORMATS = ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "HEIF", "AVIF", ""]
maybe = st.one_of(st.none(), st.integers(0, 9000))
pictures = st.builds(
    PictureInfo,
    format=st.one_of(st.none(), st.sampled_from(FORMATS)),
    height=maybe,
    width=maybe,
    nbytes=st.one_of(st.none(), st.integers(0, 1 << 26)),
)


def sized(height, width):
    """Describe a PNG of some size."""
    return PictureInfo(format="PNG", height=height, width=width, nbytes=4096)


def broken(picture, **limits):
    """Name the limit that is broken, None where none is."""
    breach = Limits(**limits).breach(picture)
    return breach and breach.limit


@pytest.mark.parametrize(
    ("height", "width", "limit"),
    [
        (32, 32, None),
        (31, 32, "min_side"),
        (32, 31, "min_side"),
        (4, 4, "min_side"),
        (0, 0, "min_side"),
        (4320, 7680, None),
        (4321, 7680, "max_short_side"),
        (4320, 7681, "max_long_side"),
        (7680, 4320, None),
        (7680, 4321, "max_short_side"),
        (7681, 4320, "max_long_side"),
        (4320, 4320, None),
        (4321, 4321, "max_short_side"),
        (32, 7680, None),
        (7681, 32, "max_long_side"),
        (7681, 31, "min_side"),
        (65500, 65500, "max_long_side"),
    ],
)
def test_each_side_is_judged_at_its_edge(height, width, limit):
    """The sizes at each bound pass, one pixel beyond names the bound."""
    assert broken(sized(height, width)) == limit


@pytest.mark.parametrize(
    ("height", "width", "limit"),
    [
        (4320, 7680, None),
        (4321, 7680, "max_short_side"),
        (4320, 7681, "max_long_side"),
        (7680, 4320, "max_short_side"),
        (4321, 32, "max_short_side"),
        (4320, 32, None),
    ],
)
def test_without_portrait_width_and_height_have_bounds_of_their_own(
    height, width, limit
):
    """With `portrait` off the long bound is the width's, the short one the height's."""
    assert broken(sized(height, width), portrait=False) == limit


@pytest.mark.parametrize(("nbytes", "limit"), [(0, None), (33554432, None)])
def test_bytes_up_to_the_bound_pass(nbytes, limit):
    """32 MiB pass, one byte more does not."""
    assert broken(PictureInfo(nbytes=nbytes)) == limit
    assert broken(PictureInfo(nbytes=33554433)) == "max_bytes"


@pytest.mark.parametrize("name", FORMATS)
def test_only_jpeg_and_png_pass(name):
    """Any other format is refused, and so is one that was not recognised."""
    expected = None if name in ("JPEG", "PNG") else "formats"
    assert broken(PictureInfo(format=name)) == expected


def test_what_is_unknown_is_not_judged():
    """A picture of which nothing was read passes; what is known is judged alone."""
    assert Limits().breach(PictureInfo()) is None
    assert broken(PictureInfo(width=7680)) is None
    assert broken(PictureInfo(height=7680)) is None
    assert broken(PictureInfo(height=7681)) == "max_long_side"
    assert broken(PictureInfo(width=31)) == "min_side"
    assert broken(PictureInfo(width=4321), portrait=False) is None
    assert broken(PictureInfo(height=4321), portrait=False) == "max_short_side"


@pytest.mark.parametrize(
    ("picture", "code", "words"),
    [
        (
            PictureInfo(format="WEBP", height=4, width=4),
            "InvalidImageFormat",
            "the picture is WEBP; it must be JPEG or PNG: convert it first",
        ),
        (
            PictureInfo(format=""),
            "InvalidImageFormat",
            (
                "the picture is of no known format; it must be JPEG or PNG: "
                "convert it first"
            ),
        ),
        (
            sized(40, 20),
            "ImageTooLarge",
            (
                "the picture is 20 px wide and 40 px high; each side must have at "
                "least 32: enlarge it first"
            ),
        ),
        (
            PictureInfo(width=7681),
            "ImageTooLarge",
            (
                "the picture is 7681 px wide; its longer side may have 7680: "
                "shrink it first"
            ),
        ),
        (
            sized(5000, 4400),
            "ImageTooLarge",
            (
                "the picture is 4400 px wide and 5000 px high; its shorter side may "
                "have 4320: shrink it first"
            ),
        ),
        (
            PictureInfo(format="JPEG", nbytes=33554433),
            "ImageTooLarge",
            (
                "the picture has 33554433 bytes; it may have 33554432: shrink it or "
                "compress it more"
            ),
        ),
    ],
)
def test_a_breach_has_the_service_s_code_and_a_sentence(picture, code, words):
    """A breach carries a code of the table and says what came and what to do."""
    breach = Limits().breach(picture)
    assert (breach.code, breach.words) == (code, words)
    assert CODES[code].status == 400
    assert Limits().refusal(picture) == words
    with pytest.raises(ImageError, match=f"^a/b.png: {re.escape(words)}$"):
        Limits().check(picture, "a/b.png")


def test_without_portrait_the_sides_are_called_width_and_height():
    """The words name the side that is bounded."""
    limits = Limits(portrait=False)
    assert "its width may have 7680:" in limits.refusal(sized(100, 7681))
    assert "its height may have 4320:" in limits.refusal(sized(4321, 100))


@pytest.mark.parametrize(
    ("picture", "too_large"),
    [
        (sized(9000, 9000), True),
        (sized(4321, 4321), True),
        (sized(4, 4), False),
        (PictureInfo(format="GIF"), False),
        (PictureInfo(nbytes=1 << 30), False),
    ],
)
def test_an_error_tells_whether_there_are_too_many_pixels(picture, too_large):
    """The error's `too_large` is set for large sides and for nothing else."""
    with pytest.raises(ImageError) as caught:
        Limits().check(picture, "it")
    assert caught.value.too_large is too_large


def test_other_limits_can_be_set():
    """Each number and the formats can be other than the service's."""
    limits = Limits(
        formats=frozenset({"WEBP"}),
        min_side=5,
        max_long_side=20,
        max_short_side=10,
        max_bytes=99,
    )
    passing = PictureInfo(format="WEBP", height=10, width=20, nbytes=99)
    assert limits.refusal(passing) == ""
    changes = {"format": "PNG", "height": 11, "width": 21, "nbytes": 100}
    found = [
        limits.breach(dataclasses.replace(passing, **{name: value})).limit
        for name, value in changes.items()
    ]
    assert found == ["formats", "max_short_side", "max_long_side", "max_bytes"]


def test_a_square_is_a_limit_too():
    """The bounds may be equal, down to a single size."""
    limits = Limits(min_side=9, max_short_side=9, max_long_side=9)
    assert limits.breach(sized(9, 9)) is None
    assert limits.breach(sized(9, 10)).limit == "max_long_side"


@pytest.mark.parametrize(
    "limits",
    [
        {"formats": "JPEG"},
        {"formats": {"JPEG"}},
        {"formats": frozenset()},
        {"min_side": 4321},
        {"max_long_side": 4319},
    ],
)
def test_limits_that_make_no_sense_are_refused(limits):
    """Formats that are no frozenset and bounds that contradict are an error at once."""
    with pytest.raises(OptionsError):
        Limits(**limits)


@law
@given(pictures)
def test_the_three_ways_to_ask_agree(picture):
    """`breach`, `refusal` and `check` refuse the same pictures in the same words."""
    limits = Limits()
    breach, words = limits.breach(picture), limits.refusal(picture)
    try:
        limits.check(picture, "it")
        message = ""
    except ImageError as error:
        message = str(error)
    assert words == (breach.words if breach else "")
    assert message == (f"it: {words}" if words else "")


@law
@given(pictures)
def test_a_turned_picture_is_judged_alike(picture):
    """While portraits are accepted, exchanging height and width changes no verdict."""
    turned = dataclasses.replace(picture, height=picture.width, width=picture.height)
    assert broken(turned) == broken(picture)


@law
@given(pictures, st.sampled_from(["format", "height", "width", "nbytes"]))
def test_knowing_less_refuses_no_more(picture, name):
    """A picture that passes still passes when something about it is unknown."""
    less = dataclasses.replace(picture, **{name: None})
    for portrait in (True, False):
        if broken(picture, portrait=portrait) is None:
            assert broken(less, portrait=portrait) is None


@law
@given(pictures)
def test_what_passes_without_portrait_passes_with_it(picture):
    """Accepting portraits refuses nothing that is accepted otherwise."""
    if broken(picture, portrait=False) is None:
        assert broken(picture) is None
