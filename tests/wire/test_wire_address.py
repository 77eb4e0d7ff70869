"""Buckets, keys and request targets."""

import pytest

from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.address import (
    MAX_KEY_BYTES,
    Address,
    check_key,
    encode,
    parse_target,
    quote_path,
    write_target,
)
from cosmat_nb.wire.host import BucketHost

BUCKET, REGION = "examplebucket-1250000000", "ap-guangzhou"


@pytest.mark.parametrize(
    "bucket", ["a-1", "0-0", "a-b-c-125", "examplebucket-1250000000"]
)
@pytest.mark.parametrize("region", ["ap-guangzhou", "na-siliconvalley", "ap-x9"])
def test_an_address_is_read_back_from_its_host(bucket, region):
    """The host of an address names that address."""
    address = Address(bucket, region)
    assert address.host == f"{bucket}.cos.{region}.myqcloud.com"
    assert BucketHost.parse(address.host) == BucketHost(bucket, region, "cos")


@pytest.mark.parametrize(
    "bucket",
    [
        "",
        "examplebucket",
        "-a-1",
        "a--1",
        "A-1",
        "a_b-1",
        "a.b-1",
        "a-1\n",
        "a-",
        "é-1",
    ],
)
def test_a_bucket_outside_the_naming_rules_is_refused(bucket):
    """Bucket names follow the vendor's rules: lower case, digits, hyphens, appid."""
    with pytest.raises(OptionsError, match="bucket must be name-appid"):
        Address(bucket, REGION)


@pytest.mark.parametrize(
    "region", ["", "guangzhou", "ap-", "AP-guangzhou", "ap guangzhou", "a/b", "ap-x\n"]
)
def test_a_region_of_another_form_is_refused(region):
    """A region is lower-case words joined by hyphens."""
    with pytest.raises(OptionsError, match="region must look like"):
        Address(BUCKET, region)


@pytest.mark.parametrize(("bucket", "region"), [(None, REGION), (BUCKET, None)])
def test_a_missing_name_is_an_options_error(bucket, region):
    """A bucket or region that is not text is the caller's mistake, told as such."""
    with pytest.raises(OptionsError):
        Address(bucket, region)


def test_a_bucket_host_may_have_sixty_characters():
    """The vendor allows 60 characters for the whole host: 30 here are the bucket's."""
    longest = "a" * 28 + "-1"
    assert len(Address(longest, REGION).host) == 60
    with pytest.raises(OptionsError, match="60 characters"):
        Address("a" + longest, REGION)


# Object naming rules: vendor's page "Object Overview" (850 bytes, no / or \ in front,
# no U+0018 to U+001B).


@pytest.mark.parametrize(
    "key",
    [
        "a",
        "a" * 850,
        "é" * 425,
        "folder/",
        "a//b",
        "...",
        ".hidden/a..b/c.",
        " leading blank",
        "100%.jpg",
        "%2e%2e/a",
        "腾讯/😀.png",
        "a\\b",
        "\x17\x1c",
        "q?x=1#f&g+h",
        "http:/x",
    ],
)
def test_a_legal_key_is_returned_unchanged(key):
    """A key that the vendor's rules allow comes back as it is."""
    assert check_key(key) == key


@pytest.mark.parametrize("key", ["./a", "a/./b", "a./b", "p/././c d"])
def test_a_key_with_single_dots_keeps_them_on_its_way(key):
    """HTTP clients would take them out of a path, so they are written as %2F."""
    target = write_target(check_key(key), {})
    assert "./" not in target
    assert parse_target(target)[0] == key


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "non-empty"),
        (None, "non-empty"),
        (float("nan"), "non-empty"),
        (5, "non-empty"),
        (b"a.jpg", "non-empty"),
        ("a" * 851, "has 851"),
        ("é" * 425 + "a", "has 851"),
        ("😀" * 213, "has 852"),
        ("/a", "start with"),
        ("\\a", "start with"),
        ("a\x18", "U\\+0018"),
        ("\x19a", "U\\+0018"),
        ("a\x1ab", "U\\+0018"),
        ("a/\x1b", "U\\+0018"),
        (".", "segment"),
        ("..", "segment"),
        ("a/../b", "segment"),
        ("a/.", "segment"),
        ("\ud83d", "surrogate"),
        ("a\udc80.jpg", "surrogate"),
    ],
)
def test_an_illegal_key_is_refused_with_its_reason(key, reason):
    """A key that breaks a rule is refused and the message names the rule."""
    with pytest.raises(OptionsError, match=reason):
        check_key(key)


def test_a_long_key_is_not_quoted_whole():
    """The message about a key that is too long stays short."""
    with pytest.raises(OptionsError) as caught:
        check_key("k" * 1_000_000)
    assert MAX_KEY_BYTES == 850
    assert len(str(caught.value)) < 200


# Encoding: vendor's page "Request Signature": letters, digits and -_.~ stay.


def test_all_but_the_unreserved_is_encoded():
    """Every other ASCII character becomes an upper-case escape, a space ``%20``."""
    unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
    assert encode(unreserved) == unreserved
    others = [chr(code) for code in range(128) if chr(code) not in unreserved]
    assert encode("".join(others)) == "".join(f"%{ord(c):02X}" for c in others)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("", "/"),
        ("p1/a b+c.jpg", "/p1/a%20b%2Bc.jpg"),
        ("(腾讯)", "/%28%E8%85%BE%E8%AE%AF%29"),
        ("100%.jpg", "/100%25.jpg"),
        ("a?b#c&d=e", "/a%3Fb%23c%26d%3De"),
        ("a//b/", "/a//b/"),
        ("~!*'", "/~%21%2A%27"),
    ],
)
def test_a_path_keeps_its_slashes(key, path):
    """Only slashes and the unreserved stay bare in a path, and it is read back."""
    assert quote_path(key) == path
    assert parse_target(path) == (key, {})


def test_a_target_is_path_and_query():
    """A target holds the parameters in the given order, each encoded once."""
    target = write_target(
        "a b.jpg",
        {"ci-process": "AIPicMatting", "detect-url": "http://x/?a=1&b=2 3", "e": ""},
    )
    assert target == (
        "/a%20b.jpg?ci-process=AIPicMatting"
        "&detect-url=http%3A%2F%2Fx%2F%3Fa%3D1%26b%3D2%203&e="
    )


def test_none_leaves_the_equals_sign_out():
    """Both ``?image_process`` and ``?image_process=`` are written, and read alike."""
    # Go sends the first form, Python and Node the second: the vendor's clients' code.
    assert write_target("a", {"image_process": None}) == "/a?image_process"
    assert write_target("a", {"image_process": ""}) == "/a?image_process="
    assert parse_target("/a?image_process") == parse_target("/a?image_process=")
    assert write_target("", {}) == "/"


def test_plus_is_a_blank_in_the_query_only():
    """A plus is a space in names and values of the query, and itself in the path."""
    # The vendor's Python client form-encodes queries: seen against an echo server.
    assert parse_target("/a+b%20c?d+e=f+g%2Bh") == ("a+b c", {"d e": "f g+h"})


@pytest.mark.parametrize(
    ("target", "key", "params"),
    [
        ("/", "", {}),
        ("/?", "", {}),
        ("/a?b=c=d", "a", {"b": "c=d"}),
        ("/a?b=1?c=2", "a", {"b": "1?c=2"}),
        ("/%2Fa", "/a", {}),
        ("//a", "/a", {}),
        ("/a%3Fb", "a?b", {}),
        ("/a%25%32%30", "a%20", {}),
        ("/a%zz", "a%zz", {}),
        ("/?detect-url=http%253A%252F%252Fx", "", {"detect-url": "http%3A%2F%2Fx"}),
    ],
)
def test_a_target_is_decoded_once(target, key, params):
    """Path and query are each decoded exactly once; broken escapes stay as they are."""
    assert parse_target(target) == (key, params)


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ("http://a-1.cos.x.com/b%20c?d=http://e", "b c"),
        ("https://127.0.0.1:80?d=http://e", ""),
        ("/http://a-1.cos.x.com/b?d=http://e", "http://a-1.cos.x.com/b"),
        ("/b/http://c?d=http://e", "b/http://c"),
    ],
)
def test_a_target_written_for_a_proxy_is_read_without_its_host(target, key):
    """Scheme and host before a path are passed over; the same in a key are kept."""
    assert parse_target(target) == (key, {"d": "http://e"})


@pytest.mark.parametrize("target", ["/a?&b=1", "/a?b=1&", "/a?b=1&&", "/a?&&b=1"])
def test_an_empty_part_of_the_query_is_no_parameter(target):
    """Stray ampersands add no parameter without a name."""
    assert parse_target(target) == ("a", {"b": "1"})


def test_bytes_that_are_no_utf8_are_not_a_legal_key():
    """A path that is not UTF-8 is read without a crash and refused as a key."""
    key, _ = parse_target("/a%FF.jpg")
    with pytest.raises(OptionsError, match="surrogate"):
        check_key(key)
