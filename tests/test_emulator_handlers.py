"""What the emulator does behind its gate: objects, listings, cuts, bad pictures."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from conftest import WhiteEngine, draw_square
from PIL import Image, ImageCms

from cosmat_nb import images
from cosmat_nb.emulator.assumptions import Assumptions
from cosmat_nb.emulator.bucket import FolderBucket, MemoryBucket
from cosmat_nb.emulator.gate import Incoming
from cosmat_nb.emulator.handlers import Handlers
from cosmat_nb.emulator.refusal import Refusal
from cosmat_nb.wire.address import Address
from cosmat_nb.wire.documents import Listing

ADDRESS = Address("examplebucket-1250000000", "ap-guangzhou")


@pytest.fixture
def bucket():
    """An empty bucket in memory."""
    return MemoryBucket()


@pytest.fixture
def handlers(bucket):
    """Handlers of `bucket` with the cheap engine."""
    return Handlers(
        address=ADDRESS, bucket=bucket, engine=WhiteEngine(), assumptions=Assumptions()
    )


def ask(handlers, method, key="", body=b"", headers=None, **params):
    """Ask for something; underscores of a parameter stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in params.items()}
    return handlers.answer(
        Incoming(method=method, key=key, params=named, headers=headers or {}, body=body)
    )


def refuse(handlers, *asked, **params):
    """Ask for something that is refused and hand back the code."""
    with pytest.raises(Refusal) as caught:
        ask(handlers, *asked, **params)
    assert caught.value.message.endswith(".")
    return caught.value.code


def matte(handlers, data, **params):
    """Cut a picture through the handlers: (H, W, 4) uint8."""
    handlers.bucket.put("picture", data, "image/any")
    params = {"ci_process": "AIPicMatting", **params}
    answer = ask(handlers, "GET", "picture", **params)
    assert answer.headers["Content-Type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(answer.body), formats=["PNG"]))


def refuse_picture(handlers, data):
    """Have a picture refused and hand back the code."""
    handlers.bucket.put("picture", data, "image/any")
    return refuse(handlers, "GET", "picture", ci_process="AIPicMatting")


def save(picture, kind="PNG", **settings):
    """Encode an array or a Pillow picture."""
    file = io.BytesIO()
    if isinstance(picture, np.ndarray):
        picture = Image.fromarray(picture)
    picture.save(file, kind, **settings)
    return file.getvalue()


def header_only(height, width):
    """Write a PNG whose header announces a size and whose pixels are missing."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [header, b"IDAT" + zlib.compress(b""), b"IEND"]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in chunks
    )


def test_an_object_is_kept_read_and_forgotten(handlers):
    """PUT, GET, HEAD and DELETE of one key tell one story."""
    put = ask(handlers, "PUT", "a b", b"hello", {"content-type": "text/plain"})
    got = ask(handlers, "GET", "a b")
    # MD5 of "hello", RFC 1321's algorithm.
    assert put.headers == {"ETag": '"5d41402abc4b2a76b9719d911017c592"'}
    assert got.body == b"hello"
    assert got.headers["ETag"] == put.headers["ETag"]
    assert got.headers["Content-Type"] == "text/plain"
    assert got.headers["Last-Modified"].endswith(" GMT")
    assert ask(handlers, "HEAD", "a b").headers == got.headers
    assert ask(handlers, "DELETE", "a b").status == 204
    assert ask(handlers, "DELETE", "a b").status == 204
    assert refuse(handlers, "GET", "a b") == "NoSuchKey"


def test_an_illegal_key_is_refused_only_where_it_would_be_kept(handlers):
    """A key that breaks the rules cannot be put; reading it finds nothing."""
    assert refuse(handlers, "PUT", "a/../b") == "InvalidObjectName"
    assert refuse(handlers, "GET", "a/../b") == "NoSuchKey"
    assert ask(handlers, "DELETE", "a/../b").status == 204


@pytest.mark.parametrize(
    ("method", "key"),
    [("POST", ""), ("PUT", ""), ("DELETE", ""), ("POST", "a"), ("PATCH", "a")],
)
def test_other_methods_are_not_allowed(handlers, method, key):
    """What the emulator has no handler for answers MethodNotAllowed."""
    assert refuse(handlers, method, key) == "MethodNotAllowed"


@pytest.mark.parametrize(
    ("method", "param"),
    [
        ("PUT", "acl"),
        ("PUT", "tagging"),
        ("DELETE", "tagging"),
        ("PUT", "partNumber"),
        ("POST", "uploads"),
        ("POST", "delete"),
        ("POST", "image_process"),
        ("GET", "versions"),
    ],
)
def test_a_part_of_an_object_is_not_the_object(handlers, bucket, method, param):
    """Requests for what is not emulated are refused and leave the object alone."""
    bucket.put("a", b"kept", "text/plain")
    request = Incoming(
        method=method, key="a", params={param: ""}, headers={}, body=b"other"
    )
    with pytest.raises(Refusal) as caught:
        handlers.answer(request)
    assert (caught.value.code, caught.value.status) == ("NotImplemented", 501)
    assert bucket.get("a").data == b"kept"


@pytest.mark.parametrize("header", ["pic-operations", "x-cos-copy-source"])
def test_a_header_that_asks_for_more_is_not_ignored(handlers, header):
    """A PUT that would copy or process is refused instead of kept as it came."""
    assert refuse(handlers, "PUT", "a", b"", {header: "x"}) == "NotImplemented"
    assert refuse(handlers, "GET", "a") == "NoSuchKey"


def test_a_listing_takes_the_documented_parameters(handlers, bucket):
    """Prefix, marker, delimiter and page size arrive; the region is in a header."""
    for key in ["a/1", "a/2/x", "a/3", "a/4", "b"]:
        bucket.put(key, b"x", "text/plain")
    answer = ask(
        handlers,
        "GET",
        prefix="a/",
        marker="a/1",
        delimiter="/",
        max_keys="2",
        encoding_type="url",
    )
    page = Listing.from_xml(answer.body)
    assert page.bucket == ADDRESS.bucket
    assert [info.key for info in page.contents] == ["a/3"]
    assert page.common_prefixes == ("a/2/",)
    assert page.next_marker == "a/3"
    assert answer.headers["x-cos-bucket-region"] == "ap-guangzhou"


def test_empty_listing_parameters_count_as_absent(handlers, bucket):
    """The vendor's client sends every parameter, empty ones too."""
    bucket.put("a", b"x", "text/plain")
    names = ("prefix", "marker", "delimiter", "max_keys", "encoding_type")
    page = Listing.from_xml(ask(handlers, "GET", **dict.fromkeys(names, "")).body)
    assert [info.key for info in page.contents] == ["a"]
    assert (page.max_keys, page.url_encoded) == (1000, False)


def test_a_page_has_1000_keys_at_most(handlers, bucket):
    """More than 1000 is lowered to 1000, as documented."""
    for number in range(1001):
        bucket.put(f"{number:04}", b"", "text/plain")
    page = Listing.from_xml(ask(handlers, "GET", max_keys="5000").body)
    assert (page.max_keys, len(page.contents), page.next_marker) == (1000, 1000, "0999")


@pytest.mark.parametrize("text", ["-1", "1.5", "many", "٣", " 1", "9" * 5000])
def test_a_page_size_is_a_number(handlers, text):
    """Anything but plain digits is refused."""
    assert refuse(handlers, "GET", max_keys=text) == "InvalidArgument"


def test_an_encoding_is_url(handlers):
    """Only encoding-type=url is known."""
    assert refuse(handlers, "GET", encoding_type="base64") == "InvalidArgument"


@pytest.mark.parametrize(
    "url",
    [
        "http://www.example.com/square.jpg",
        "http://127.0.0.1:1/square.jpg",
        "http://other-1250000000.cos.ap-guangzhou.myqcloud.com/square.jpg",
        f"http://{ADDRESS.host}@127.0.0.1/square.jpg",
        f"ftp://{ADDRESS.host}/square.jpg",
        f"file://{ADDRESS.host}/etc/passwd",
        f"http%3A%2F%2F{ADDRESS.host}%2Fsquare.jpg",
        "http://[x",
        "square.jpg",
    ],
)
def test_only_the_own_bucket_is_fetched(handlers, bucket, square, url):
    """A detect-url elsewhere, encoded twice or malformed is refused."""
    bucket.put("square.jpg", square, "image/jpeg")
    asked = {"ci_process": "AIPicMatting", "detect_url": url}
    assert refuse(handlers, "GET", "", **asked) == "InvalidArgument"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_of_the_own_bucket_is_fetched(handlers, bucket, square, scheme):
    """A detect-url of the bucket wins over the key; its path is decoded once."""
    bucket.put("p 1/a+b%41.jpg", square, "image/jpeg")
    url = f"{scheme}://{ADDRESS.host}/p%201/a+b%2541.jpg?sign=x"
    answer = ask(handlers, "GET", "nope.jpg", ci_process="AIPicMatting", detect_url=url)
    assert answer.body.startswith(b"\x89PNG")
    missing = f"{scheme}://{ADDRESS.host}/nope.jpg"
    asked = {"ci_process": "AIPicMatting", "detect_url": missing}
    assert refuse(handlers, "GET", "", **asked) == "NoSuchKey"


def test_empty_layouts_count_as_absent(handlers, square):
    """The vendor's Go client sends empty values."""
    cut = matte(handlers, square, detect_url="", center_layout="0", padding_layout="")
    assert cut.shape == (64, 96, 4)


@pytest.mark.parametrize("name", ["", "Nope", "aipicmatting", "ImageRepair"])
def test_another_process_is_refused(handlers, bucket, square, name):
    """A ci-process that is not one of the three is not answered with the source."""
    bucket.put("a", square, "image/jpeg")
    assert refuse(handlers, "GET", "a", ci_process=name) == "InvalidArgument"


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (b"just text\n", "InvalidImageFormat"),
        (b"", "InvalidImageFormat"),
        (save(draw_square(1, 1)), "ImageTooLarge"),
        (save(draw_square(31, 96)), "ImageTooLarge"),
        (save(draw_square(), "GIF"), "InvalidImageFormat"),
        (save(draw_square(), "WEBP"), "InvalidImageFormat"),
        (save(draw_square(), "BMP"), "InvalidImageFormat"),
        (save(draw_square(), "JPEG")[:-60], "InvalidImageSource"),
        (save(draw_square(), "PNG")[:-40], "InvalidImageSource"),
        (header_only(64, 96), "InvalidImageSource"),
        (header_only(4321, 4321), "ImageTooLarge"),
        (header_only(32, 7681), "ImageTooLarge"),
        (header_only(16_000, 16_001), "ImageTooLarge"),
        (header_only(50_000, 50_000), "ImageTooLarge"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)}-bytes",
)
def test_a_bad_picture_is_refused(handlers, picture, code):
    """Each kind of unusable picture answers its own code, and nothing is decoded."""
    assert refuse_picture(handlers, picture) == code


def test_the_smallest_picture_passes(handlers):
    """32 px a side is allowed; so are 4320 by 7680, upright."""
    assert matte(handlers, save(draw_square(32, 32, (8, 8, 16, 16)))).shape == (
        32,
        32,
        4,
    )
    tall = Image.new("L", (32, 7680), 255)
    assert matte(handlers, save(tall)).shape == (7680, 32, 4)


def _cmyk():
    return save(Image.fromarray(draw_square()).convert("CMYK"), "JPEG", quality=95)


def _palette(**settings):
    flat = Image.fromarray(draw_square()).quantize(4)
    return save(flat, **settings)


def _grey16():
    grey = np.where(draw_square()[..., 1] == 255, 65535, 20000).astype(np.uint16)
    return save(Image.fromarray(grey))


def _transparent():
    rgba = np.zeros((64, 96, 4), np.uint8)
    rgba[16:48, 24:72] = (200, 30, 40, 255)
    return save(rgba)


def _with_profile():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return save(draw_square(), "JPEG", quality=95, subsampling=0, icc_profile=profile)


def _animated():
    blank = Image.new("RGB", (96, 64), "white")
    first = Image.fromarray(draw_square())
    return save(first, save_all=True, append_images=[blank], duration=100)


@pytest.mark.parametrize(
    "write", [_cmyk, _palette, _grey16, _transparent, _with_profile, _animated]
)
def test_unusual_pictures_are_cut_where_they_should_be(handlers, write):
    """CMYK, palette, 16-bit, transparent, profiled and animated pictures are cut."""
    alpha = matte(handlers, write())[..., 3]
    expected = np.zeros((64, 96))
    expected[16:48, 24:72] = 255
    assert np.array_equal(alpha, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_cut_upright(handlers, orientation):
    """In each of the eight EXIF orientations the answer stands upright.

    The box lies at rows 0-16 and columns 0-32 of the picture as it is stored; where
    its corner goes is the EXIF standard's table.
    """
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = draw_square(64, 96, (0, 0, 16, 32))
    rgba = matte(handlers, save(stored, "JPEG", exif=exif))
    # The side where the stored row 0 goes, then the side where the column 0 goes.
    corner = {
        1: ("top", "left"),
        2: ("top", "right"),
        3: ("bottom", "right"),
        4: ("bottom", "left"),
        5: ("left", "top"),
        6: ("right", "top"),
        7: ("right", "bottom"),
        8: ("left", "bottom"),
    }[orientation]
    turned = orientation > 4
    height, width = (96, 64) if turned else (64, 96)
    box_height, box_width = (32, 16) if turned else (16, 32)
    expected = np.zeros((height, width))
    rows = slice(0, box_height) if "top" in corner else slice(-box_height, None)
    cols = slice(0, box_width) if "left" in corner else slice(-box_width, None)
    expected[rows, cols] = 255
    assert np.array_equal(rgba[..., 3], expected)


def test_a_picture_may_have_32_mb(handlers):
    """One byte over 32 MiB is refused, as the limits page says."""
    data = images.encode_jpeg(draw_square())
    most = data + bytes((32 << 20) - len(data))
    assert matte(handlers, most).shape == (64, 96, 4)
    assert refuse_picture(handlers, most + b"\0") == "ImageTooLarge"


@pytest.mark.skipif(not Path("/proc/sys").is_dir(), reason="needs Linux's /proc")
def test_a_folder_that_cannot_be_written_is_told():
    """PUT and DELETE answer AccessDenied and say why; reading goes on."""
    closed = Handlers(
        address=ADDRESS,
        bucket=FolderBucket("/proc/sys/kernel"),
        engine=WhiteEngine(),
        assumptions=Assumptions(),
    )
    for asked in [("PUT", "new", b"x"), ("DELETE", "ostype")]:
        with pytest.raises(Refusal, match=r"cannot write here: [A-Z]") as caught:
            ask(closed, *asked)
        assert caught.value.code == "AccessDenied"
    assert ask(closed, "GET", "ostype").body == b"Linux\n"
