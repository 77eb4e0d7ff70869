"""Addresses of pictures outside the bucket: what may be asked for."""

import re

import pytest

from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.url import (
    MAX_URL,
    check_public,
    check_url,
    is_encoded,
    origin_of,
)


@pytest.mark.parametrize(
    "url",
    [
        "http://www.example.com/abc.jpg",
        "https://www.example.com/abc.jpg?x=1&y=2",
        "https://example.com:8443/a%20b.jpg",
        "http://[::1]/a.jpg",
        "HTTPS://www.example.com/A.jpg",
        "https://example.com/?next=http%3A%2F%2Fx",
    ],
)
def test_a_whole_address_is_returned_unchanged(url):
    """An http(s) address is passed raw: it is encoded once, on the way."""
    # Vendor's clients encode once and sign the raw value; vector T2 shows it.
    assert check_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "www.example.com/abc.jpg",
        "/abc.jpg",
        "//www.example.com/abc.jpg",
        "ftp://www.example.com/abc.jpg",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "http://",
        "http:///abc.jpg",
        "https://:80/abc.jpg",
        "http:abc.jpg",
        "http://[::1/abc.jpg",
        None,
    ],
)
def test_what_is_no_web_address_is_refused(url):
    """Another scheme, a missing host or a missing address is refused."""
    with pytest.raises(OptionsError, match="http"):
        check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        " http://www.example.com/abc.jpg",
        "http://www.exa\nmple.com/abc.jpg",
        "http://www.example.com/a\tb.jpg",
        "http://www.example.com/abc.jpg\r\n",
        "http://www.example.com/\ud800.jpg",
    ],
)
def test_an_address_that_cannot_be_sent_is_refused(url):
    """Blanks in front, line ends and half characters are refused before sending."""
    with pytest.raises(OptionsError):
        check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http%3A%2F%2Fwww.example.com%2Fabc.jpg",
        "https%3a%2f%2fwww.example.com",
        "http%253A%252F%252Fwww.example.com%252Fabc.jpg",
        # The vendor's page of 2026-01-09 prints this form; its clients never send it.
        "http%25253A%25252F%25252Fwww.example.com%25252Fabc.jpg",
    ],
)
def test_an_encoded_address_is_refused_with_the_reason(url):
    """An address that was encoded already, however often, is told to come raw."""
    with pytest.raises(OptionsError, match="as it is"):
        check_url(url)


def test_an_address_with_a_password_is_refused_unquoted():
    """A user name and password in an address are neither sent nor repeated."""
    with pytest.raises(OptionsError, match="password") as caught:
        check_url("https://user:s3cret@www.example.com/abc.jpg")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1\\.example.com",
        "exa%6dple.com",
        "%31%32%37.0.0.1",
        "example.com|x",
        "exa<mple>.com",
    ],
)
def test_a_host_that_readers_take_differently_is_refused(host):
    """A host with an escape or a backslash is another host to another reader."""
    with pytest.raises(OptionsError, match="must be an http"):
        check_url(f"http://{host}/a.jpg")


def test_an_address_may_be_long_but_not_endless():
    """The limit counts what is sent: each blank-free byte outside ASCII is three."""
    start = "http://x.cc/"
    bare = "a" * (MAX_URL - len("http%3A%2F%2Fx.cc%2F"))
    assert check_url(start + bare) == start + bare
    with pytest.raises(OptionsError, match="too long"):
        check_url(start + bare + "a")
    with pytest.raises(OptionsError, match="too long"):
        check_url(start + bare[1:] + "é")


def test_a_refusal_does_not_repeat_the_query():
    """What cannot be used is told without what may be a signature."""
    for url in (
        "ftp://x.com/a.jpg?q-signature=5aed",
        "http%3A%2F%2Fx.com%2Fa.jpg%3Fq-signature%3D5aed",
        "http://me:5aed@x.com/a.jpg?q-signature=5aed",
    ):
        with pytest.raises(OptionsError) as caught:
            check_url(url)
        assert "5aed" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "encoded"),
    [
        ("http%3A%2F%2Fx", True),
        ("HTTPS%253a", True),
        ("http://x/http%3A%2F%2Fy", False),
        ("http/%3A", False),
    ],
)
def test_encoding_is_seen_at_the_scheme(url, encoded):
    """Only what stands where :// should be tells that an address was encoded."""
    assert is_encoded(url) is encoded


@pytest.mark.parametrize(
    "host",
    [
        "www.example.com",
        "example.com.",
        "8.8.8.8",
        "134744072",
        "[2606:4700::1111]",
        "[::ffff:8.8.8.8]",
        "[64:ff9b::808:808]",
        "[2002:808:808::1]",
        "metadata.example.com",
        "xn--fsq.com",
        "例子.com",
        "नमस्ते.com",
        "my_bucket.example.com:8443",
        "local.example.com",
    ],
)
def test_a_public_host_may_be_asked_for(host):
    """Names with a dot and global numbers are left alone."""
    # 134744072 is 8.8.8.8 as one number: 8 · (2²⁴ + 2¹⁶ + 2⁸ + 1).
    url = check_url(f"https://{host}/a.jpg")
    assert check_public(url) == url


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:8791",
        "127.0.0.1.",
        "127.1",
        "0",
        "0.0.0.0",
        "2130706433",
        "0x7f000001",
        "0X7F.1",
        "0177.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "169.254.0.23",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:224.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::a9fe:17]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2002:c0a8:101::1]",
        "metadata.tencentyun.com",
        "Metadata.TencentYun.com.",
        "metadata.google.internal",
        "x.𝐋ocal",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "ｌocalhost",
        "intranet",
        "nas",
        "printer.local",
        "metadata.internal",
        "a.localhost",
        "router.lan",
        "nas.home.arpa",
    ],
)
def test_a_private_host_is_refused_with_the_reason(host):
    """Loopback, private and link-local numbers and bare names, however written."""
    # Ranges: RFC 1918, 3927, 4193, 4291, 6598; IPv4 in IPv6: RFC 3056, 4291, 6052,
    # 8215; names: RFC 6761, 6762, 8375.
    with pytest.raises(OptionsError, match="publicly reachable") as caught:
        check_public(check_url(f"http://{host}/a.jpg?q-signature=5aed"))
    assert "put the picture in the bucket" in str(caught.value)
    assert "5aed" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://Example.com/a.jpg", "http://example.com:80"),
        ("https://example.com", "https://example.com:443"),
        ("http://127.0.0.1:8791/a", "http://127.0.0.1:8791"),
        ("HTTP://x.cc:80/", "http://x.cc:80"),
    ],
)
def test_an_origin_always_writes_its_port(url, origin):
    """Two addresses of one server have one origin."""
    assert origin_of(url) == origin
    assert re.fullmatch(r"https?://[^/]+:\d+", origin)
