"""The matting query: a key or an address, with options."""

import dataclasses
from urllib.parse import quote

import pytest

from cosmat_nb.errors import OptionsError
from cosmat_nb.options import MattingOptions, Operation, Padding
from cosmat_nb.wire.operations import MattingQuery

PLAIN = MattingOptions()
FULL = MattingOptions(operation="GoodsMatting", center=True, padding=(20, 10))


def test_a_key_goes_into_the_path():
    """A query by key leaves the key to the path and says only the options."""
    query = MattingQuery.of_key("p1/mug.jpg", FULL)
    assert (query.key, query.url, query.place) == ("p1/mug.jpg", "", "p1/mug.jpg")
    assert list(query.parameters.items()) == [
        ("ci-process", "GoodsMatting"),
        ("center-layout", "1"),
        ("padding-layout", "20x10"),
    ]


def test_an_address_goes_into_detect_url():
    """A query by address has no key and passes the address raw."""
    # Vendor's page, 2026-01-09: the path is / and detect-url holds the address.
    url = "http://www.example.com/abc.jpg?x=1&y=2"
    query = MattingQuery.of_url(url, PLAIN)
    assert (query.key, query.url, query.place) == ("", url, url)
    assert query.parameters == {"ci-process": "AIPicMatting", "detect-url": url}


@pytest.mark.parametrize("key", ["", None, 3.5, "/a.jpg", "a/../b", "a" * 851])
def test_an_illegal_key_is_refused(key):
    """A key that breaks a naming rule is refused before sending."""
    with pytest.raises(OptionsError, match="object key"):
        MattingQuery.of_key(key, PLAIN)


@pytest.mark.parametrize(
    "url", ["", None, "a.jpg", "http://", "https:///a.jpg", "http%3A%2F%2Fx.com%2Fa"]
)
def test_an_illegal_address_is_refused(url):
    """What is not a plain http(s) address is refused before sending."""
    with pytest.raises(OptionsError, match="detect-url"):
        MattingQuery.of_url(url, PLAIN)


@pytest.mark.parametrize(
    "query",
    [
        MattingQuery.of_key("a b.jpg", PLAIN),
        MattingQuery.of_key("a b.jpg", FULL),
        MattingQuery.of_url("https://x.com/a.jpg", FULL),
    ],
)
def test_a_query_is_read_back(query):
    """Key and parameters of a query give the query again."""
    assert MattingQuery.from_parameters(query.key, query.parameters) == query


def test_the_address_wins_over_the_key():
    """With both a key and an address, the address is used."""
    # Vendor's page, 2026-01-09: "the backend will process the detect-url link".
    query = MattingQuery.from_parameters(
        "a.jpg", {"ci-process": "AIPicMatting", "detect-url": "http://x.com/b.jpg"}
    )
    assert query == MattingQuery.of_url("http://x.com/b.jpg", PLAIN)


def test_empty_parameters_count_as_absent():
    """Empty values are ignored, as the vendor's Go client sends them."""
    # Code of the vendor's Go client: detect-url=&center-layout=0&padding-layout=
    query = MattingQuery.from_parameters(
        "a.jpg",
        {
            "ci-process": "AIPicMatting",
            "detect-url": "",
            "center-layout": "",
            "padding-layout": "",
        },
    )
    assert query == MattingQuery.of_key("a.jpg", PLAIN)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"ci-process": ""},
        {"ci-process": "AIImageCrop"},
        {"ci-process": "AIPicMatting", "center-layout": "2"},
        {"ci-process": "AIPicMatting", "padding-layout": "20"},
    ],
)
def test_a_malformed_request_is_refused(parameters):
    """Another operation, or a layout that cannot be read, is refused."""
    with pytest.raises(OptionsError):
        MattingQuery.from_parameters("a.jpg", parameters)


def test_a_query_is_a_value():
    """Equal queries hash alike and cannot be changed."""
    query = MattingQuery.of_key("a.jpg", FULL)
    options = MattingOptions(
        operation=Operation.GOODS, center=1, padding=Padding(20, 10)
    )
    assert len({query, MattingQuery.of_key("a.jpg", options)}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        query.key = "b.jpg"


SIGNED_URL = (
    "https://b-1.cos.ap-guangzhou.myqcloud.com/a.jpg?q-ak=AKIDexample"
    "&q-signature=5aed5fa5c9e5a1ecc4d8e4d23d1a33a0&x-cos-security-token=tT0kenYh5Rc2"
)


def test_the_label_leaves_the_query_of_an_address_out():
    """A label shows an address without its query, and a key whole."""
    assert MattingQuery.of_url(SIGNED_URL, PLAIN).label == (
        "https://b-1.cos.ap-guangzhou.myqcloud.com/a.jpg"
    )
    assert MattingQuery.of_key("a?b.jpg", PLAIN).label == "a?b.jpg"


def test_a_presigned_address_is_not_shown():
    """The repr of a query shows no signature or token that its address carries."""
    # Presigned links work as detect-url and carry the right to spend money.
    query = MattingQuery.of_url(SIGNED_URL, PLAIN)
    assert query.parameters["detect-url"] == SIGNED_URL
    assert "5aed5fa5c9e5" not in repr(query)
    assert "tT0kenYh5Rc2" not in repr(query)


@pytest.mark.parametrize(
    "url",
    [
        SIGNED_URL.replace("://", "%3A%2F%2F"),
        SIGNED_URL.replace("://b", ":///b"),
        quote(SIGNED_URL, safe=""),
        quote(quote(SIGNED_URL, safe=""), safe=""),
    ],
    ids=["encoded scheme", "no host", "encoded", "encoded twice"],
)
def test_a_refused_presigned_address_is_not_quoted(url):
    """The refusal of a presigned address quotes neither signature nor token."""
    with pytest.raises(OptionsError) as caught:
        MattingQuery.of_url(url, PLAIN)
    assert "5aed5fa5c9e5" not in str(caught.value)
    assert "tT0kenYh5Rc2" not in str(caught.value)
