"""How the emulator cuts: good, bad and unusual pictures, options, what is billed."""

from __future__ import annotations

import io
import struct
import threading
import time
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms
from squares import WhiteEngine, draw_square

from cosmat_nb import images
from cosmat_nb.emulator.assumptions import Assumptions
from cosmat_nb.emulator.cutting import Cutter
from cosmat_nb.emulator.refusal import Refusal
from cosmat_nb.options import MattingOptions, Operation
from cosmat_nb.wire.limits import Limits


def make_cutter(engine=None, **assumed):
    """Make a cutter with the cheap engine."""
    return Cutter(engine=engine or WhiteEngine(), assumptions=Assumptions(**assumed))


def matte(data, options=MattingOptions()):
    """Cut a picture: (H, W, 4) uint8."""
    cutter = make_cutter()
    png = cutter.encode(cutter.cut(data), options)
    return np.asarray(Image.open(io.BytesIO(png), formats=["PNG"]))


def refuse_picture(data, **assumed):
    """Have a picture refused and hand back the code."""
    with pytest.raises(Refusal) as caught:
        make_cutter(**assumed).cut(data)
    assert caught.value.message.endswith(".")
    return caught.value.code


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


@pytest.mark.parametrize("operation", Operation)
def test_options_are_read_from_parameters(operation):
    """The three names, both layouts; empty values count as absent."""
    read = make_cutter().read_options
    assert read({"ci-process": operation}) == MattingOptions(operation=operation)
    params = {"ci-process": operation, "center-layout": "1", "padding-layout": "20x10"}
    expected = MattingOptions(operation=operation, center=True, padding=(20, 10))
    assert read(params | {"detect-url": "x", "other": "y"}) == expected
    # The vendor's Go client sends empty values.
    empty = {"ci-process": operation, "center-layout": "", "padding-layout": ""}
    assert read(empty) == MattingOptions(operation=operation)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"ci-process": ""}, "InvalidArgument"),
        ({}, "InvalidArgument"),
        ({"ci-process": "aipicmatting"}, "NotImplemented"),
        ({"ci-process": "ImageRepair"}, "NotImplemented"),
        *(
            ({"ci-process": "AIPicMatting", name: value}, "InvalidArgument")
            for name, value in [
                ("center-layout", "2"),
                ("center-layout", "true"),
                ("padding-layout", "1001x0"),
                ("padding-layout", "0x1001"),
                ("padding-layout", "20"),
                ("padding-layout", "-1x0"),
                ("padding-layout", "20X10"),
                ("padding-layout", "20*10"),
                ("padding-layout", "9" * 5000 + "x1"),
            ]
        ),
    ],
    ids=lambda value: str(value)[:50],
)
def test_bad_options_are_refused(params, code):
    """Other processes are not done here; malformed layouts are the caller's fault."""
    with pytest.raises(Refusal) as caught:
        make_cutter().read_options(params)
    assert caught.value.code == code
    assert caught.value.message.endswith(".")


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
def test_a_bad_picture_is_refused(picture, code):
    """Each kind of unusable picture answers its own code, and nothing is decoded."""
    assert refuse_picture(picture) == code


def test_the_smallest_picture_passes():
    """32 px a side is allowed; so are 4320 by 7680, upright."""
    assert matte(save(draw_square(32, 32, (8, 8, 16, 16)))).shape == (
        32,
        32,
        4,
    )
    tall = Image.new("L", (32, 7680), 255)
    assert matte(save(tall)).shape == (7680, 32, 4)


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
def test_unusual_pictures_are_cut_where_they_should_be(write):
    """CMYK, palette, 16-bit, transparent, profiled and animated pictures are cut."""
    alpha = matte(write())[..., 3]
    expected = np.zeros((64, 96))
    expected[16:48, 24:72] = 255
    assert np.array_equal(alpha, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_cut_upright(orientation):
    """In each of the eight EXIF orientations the answer stands upright.

    The box lies at rows 0-16 and columns 0-32 of the picture as it is stored; where
    its corner goes is the EXIF standard's table.
    """
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = draw_square(64, 96, (0, 0, 16, 32))
    rgba = matte(save(stored, "JPEG", exif=exif))
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


def test_a_picture_may_have_32_mb():
    """One byte over 32 MiB is refused, as the limits page says."""
    data = images.encode_jpeg(draw_square())
    most = data + bytes((32 << 20) - len(data))
    assert matte(most).shape == (64, 96, 4)
    assert refuse_picture(most + b"\0") == "ImageTooLarge"


def test_a_picture_too_large_for_this_machine_is_told_so():
    """Where the limits allow it, a picture over Pillow's bound is ImageTooLarge too."""
    limits = Limits(max_long_side=50_000, max_short_side=50_000)
    for height, width in [(10_000, 9_000), (20_000, 20_000)]:
        assert refuse_picture(header_only(height, width), limits=limits) == (
            "ImageTooLarge"
        )


def test_layouts_shape_the_canvas():
    """Centring moves the box, padding adds 20 columns and 10 rows a side."""
    png = images.encode_png(draw_square(box=(0, 0, 16, 24)))
    rgba = matte(png, MattingOptions(center=True, padding=(20, 10)))
    # 64 by 96 grow to 84 by 136; before padding, 24 rows are above, 36 columns left.
    expected = np.zeros((84, 136))
    expected[10 + 24 : 10 + 40, 20 + 36 : 20 + 60] = 255
    assert np.array_equal(rgba[..., 3], expected)


@pytest.mark.parametrize(
    ("box", "assumed", "billed"),
    [
        ((16, 24, 48, 72), {}, 1),
        ((0, 0, 0, 0), {}, 1),
        ((0, 0, 0, 0), {"empty_billed": False}, 0),
        ((16, 24, 48, 72), {"empty_billed": False}, 1),
    ],
)
def test_an_answer_has_a_price(box, assumed, billed):
    """A cutout costs one call; whether an empty matte does is assumed."""
    cutting = make_cutter(**assumed).cut(images.encode_png(draw_square(box=box)))
    assert (cutting.is_empty, cutting.billed) == (box[2] == 0, billed)


def test_one_cut_serves_several_layouts():
    """Layouts do not change the cut that they are made from."""
    cutter = make_cutter()
    cutting = cutter.cut(images.encode_png(draw_square()))
    plain = cutter.encode(cutting, MattingOptions())
    cutter.encode(cutting, MattingOptions(center=True, padding=(9, 9)))
    assert cutter.encode(cutting, MattingOptions()) == plain


class CountingEngine(WhiteEngine):
    """Notes how many cuts were under way at once."""

    def __init__(self):
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def estimate_alpha(self, picture):
        """Take part in the count for a while."""
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.02)
        with self._lock:
            self._now -= 1
        return super().estimate_alpha(picture)


def test_cuts_wait_for_a_place():
    """No more cuts run at once than there are places."""
    engine = CountingEngine()
    cutter = Cutter(
        engine=engine,
        assumptions=Assumptions(),
        places=threading.BoundedSemaphore(2),
    )
    data = images.encode_png(draw_square())
    threads = [threading.Thread(target=cutter.cut, args=(data,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert engine.most == 2
