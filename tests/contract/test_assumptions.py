"""What the emulator does for each open point of the service, value by value.

The vendor documents none of this. Run against a live account, a test that fails
settles its point.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import inspect
import io
import sys
import time
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from conftest import WhiteEngine, draw_square
from PIL import Image

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.wire.address import write_target
from cosmat_nb.wire.credentials import Credentials
from cosmat_nb.wire.documents import ErrorDocument
from cosmat_nb.wire.signature import sign

KEYS = Credentials("emulator-id", "emulator-key")
CENTER = cm.MattingOptions(center=True)
PADDED = cm.MattingOptions(padding=(20, 10))
BOTH = cm.MattingOptions(center=True, padding=(20, 10))
RED = [200, 30, 40, 255]
CLEAR = [0, 0, 0, 0]
WHITE = [255, 255, 255, 255]

DEFAULTS = {
    "canvas": "source",
    "centering": "shift",
    "padding": "transparent",
    "bad_layout": "refuse",
    "no_subject": "empty",
    "orientation": "apply",
    "formats": frozenset({"JPEG", "PNG"}),
    "damaged": "InvalidImageSource",
    "foreign_url": "InvalidArgument",
}


@pytest.fixture(scope="module")
def assume():
    """Connect to an emulator that plays the open points as said."""
    clients = {}

    def connect(**switches):
        assumptions = cm.Assumptions(**switches)
        if assumptions not in clients:
            emulator = cm.Emulator(engine=WhiteEngine(), assumptions=assumptions)
            clients[assumptions] = cm.connect_emulator(emulator)
        return clients[assumptions]

    yield connect
    for client in clients.values():
        client.close()


def cut(client, options, **drawn):
    """Cut a drawn box, losslessly stored."""
    client.put("box.png", images.encode_png(draw_square(**drawn)))
    return client.matte("box.png", options).rgba


def box_of(rgba):
    """Find rows and columns of what shows: (min_row, min_col, max_row, max_col)."""
    rows, cols = np.nonzero(rgba[..., 3])
    return rows.min(), cols.min(), rows.max() + 1, cols.max() + 1


def ask_layout(client, layout):
    """Ask with layouts that MattingOptions would refuse: the shape, or the code."""
    client.put("box.png", images.encode_png(draw_square()))
    params = {"ci-process": "AIPicMatting", **layout}
    host = client.address.host
    period = (int(time.time()) - 60, int(time.time()) + 600)
    signed = sign(KEYS, "GET", "/box.png", params, {"host": host}, period)
    headers = {"Host": host, "Authorization": signed.header}
    connection = http.client.HTTPConnection(client.endpoint.removeprefix("http://"))
    with contextlib.closing(connection):
        connection.request("GET", write_target("box.png", params), headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    if answer.status == 200:
        return images.decode_rgba(body).shape
    return ErrorDocument.from_xml(body).code


def encode(picture, kind="PNG", **settings):
    """Encode a Pillow picture."""
    file = io.BytesIO()
    picture.save(file, kind, **settings)
    return file.getvalue()


def test_canvas_source(assume):
    """Without layout options the answer is as large as the source, the box in place."""
    rgba = cut(assume(canvas="source"), cm.MattingOptions())
    assert rgba.shape == (64, 96, 4)
    assert box_of(rgba) == (16, 24, 48, 72)
    assert rgba[20, 30].tolist() == RED
    assert rgba[0, 0].tolist() == CLEAR


def test_canvas_subject(assume):
    """The answer is the subject's box; centring changes nothing, padding adds to it."""
    client = assume(canvas="subject")
    assert cut(client, cm.MattingOptions()).shape == (32, 48, 4)
    assert cut(client, CENTER).shape == (32, 48, 4)
    assert box_of(cut(client, PADDED)) == (10, 20, 42, 68)


def test_centering_shift(assume):
    """The box moves to the middle of the source's canvas, and padding comes after."""
    client = assume(centering="shift")
    rgba = cut(client, CENTER, box=(0, 0, 16, 24))
    # (64 - 16) / 2 rows above, (96 - 24) / 2 columns before.
    assert rgba.shape == (64, 96, 4)
    assert box_of(rgba) == (24, 36, 40, 60)
    rgba = cut(client, BOTH, box=(0, 0, 16, 24))
    assert rgba.shape == (84, 136, 4)
    assert box_of(rgba) == (34, 56, 50, 80)


def test_centering_crop(assume):
    """The canvas is cut to the box, if asked to centre, and padding comes after."""
    client = assume(centering="crop")
    assert cut(client, CENTER).shape == (32, 48, 4)
    assert cut(client, cm.MattingOptions()).shape == (64, 96, 4)
    rgba = cut(client, BOTH)
    assert rgba.shape == (52, 88, 4)
    assert box_of(rgba) == (10, 20, 42, 68)


@pytest.mark.parametrize(("value", "fill"), [("transparent", CLEAR), ("white", WHITE)])
def test_padding(assume, value, fill):
    """The canvas grows by 2 dx columns and 2 dy rows of this colour alone."""
    rgba = cut(assume(padding=value), PADDED)
    assert rgba.shape == (84, 136, 4)
    rim = np.ones((84, 136), bool)
    rim[10:-10, 20:-20] = False
    assert (rgba[rim] == fill).all()
    assert rgba[10, 20].tolist() == CLEAR
    assert rgba[10 + 20, 20 + 30].tolist() == RED


BAD_LAYOUTS = [
    {"padding-layout": "1001x0"},
    {"padding-layout": "0x1001"},
    {"padding-layout": "20"},
    {"padding-layout": "-1x5"},
    {"padding-layout": "20X10"},
    {"center-layout": "2"},
    {"center-layout": "true"},
]


@pytest.mark.parametrize("bad", BAD_LAYOUTS, ids=lambda bad: next(iter(bad.values())))
def test_bad_layout(assume, bad):
    """A malformed layout is refused, or left out while a good one beside it counts."""
    assert ask_layout(assume(bad_layout="refuse"), bad) == "InvalidArgument"
    good = {"padding-layout": "20x10", "center-layout": "1"}
    assert ask_layout(assume(bad_layout="ignore"), bad) == (64, 96, 4)
    expected = (64, 96, 4) if "padding-layout" in bad else (84, 136, 4)
    assert ask_layout(assume(bad_layout="ignore"), good | bad) == expected


def test_bad_layout_is_no_excuse_for_the_rest(assume):
    """A wrong operation is refused even where bad layouts are ignored."""
    bad = {"ci-process": "Nope", "padding-layout": "20"}
    assert ask_layout(assume(bad_layout="ignore"), bad) == "InvalidArgument"


@pytest.mark.parametrize(("value", "alpha"), [("empty", 0), ("opaque", 255)])
def test_no_subject(assume, value, alpha):
    """A picture without a subject answers 200 with one alpha everywhere."""
    client = assume(no_subject=value)
    for options, shape in [(cm.MattingOptions(), (64, 96)), (BOTH, (84, 136))]:
        rgba = cut(client, options, box=(0, 0, 0, 0))
        assert rgba.shape[:2] == shape
        inside = rgba[10:-10, 20:-20] if shape == (84, 136) else rgba
        assert (inside[..., 3] == alpha).all()
        assert (inside[..., :3] == alpha).all()


@pytest.mark.parametrize(
    ("value", "box", "shape"),
    [("apply", (0, 48, 24, 64), (96, 64)), ("ignore", (0, 0, 16, 24), (64, 96))],
)
def test_orientation(assume, value, box, shape):
    """EXIF orientation 6 turns the stored top left corner to the top right, or not."""
    exif = Image.Exif()
    exif[0x0112] = 6
    client = assume(orientation=value)
    stored = Image.fromarray(draw_square(box=(0, 0, 16, 24)))
    client.put("box.png", encode(stored, exif=exif))
    rgba = client.matte("box.png").rgba
    assert rgba.shape[:2] == shape
    assert box_of(rgba) == box


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("formats", [DEFAULTS["formats"], frozenset({"WEBP", "GIF"})])
def test_formats(assume, kind, formats):
    """A format of the set is cut; any other is refused."""
    client = assume(formats=formats)
    client.put("box", encode(Image.fromarray(draw_square()), kind=kind))
    if kind in formats:
        assert client.matte("box").rgba.shape == (64, 96, 4)
    else:
        with pytest.raises(cm.ImageRejectedError) as caught:
            client.matte("box")
        assert caught.value.code == "InvalidImageFormat"


@pytest.mark.parametrize("value", ["InvalidImageSource", "InvalidImageFormat"])
def test_damaged(assume, value):
    """A picture that starts well and breaks off is refused with this code."""
    client = assume(damaged=value)
    client.put("box.png", images.encode_png(draw_square())[:-60])
    with pytest.raises(cm.ImageRejectedError) as caught:
        client.matte("box.png")
    assert caught.value.code == value


@pytest.mark.parametrize("value", ["InvalidArgument", "NoSuchKey"])
def test_foreign_url(assume, value):
    """An address outside the bucket is refused with this code."""
    with pytest.raises(cm.ServiceError) as caught:
        assume(foreign_url=value).matte_url("http://www.example.com/a.jpg")
    assert caught.value.code == value


def test_the_defaults_are_those_that_were_chosen():
    """The defaults are what the README tells; a change here is a change there."""
    assert dataclasses.asdict(cm.Assumptions()) == DEFAULTS


def test_every_assumption_has_a_contract_test():
    """Each field has its test here, which plays each of its values."""
    tests = {
        name: inspect.getsource(test)
        for name, test in vars(sys.modules[__name__]).items()
        if name.startswith("test_")
    }
    for name, hint in get_type_hints(cm.Assumptions).items():
        source = "".join(
            text for test, text in tests.items() if test.startswith(f"test_{name}")
        )
        assert source, f"{name} has no contract test"
        for value in get_args(hint) if get_origin(hint) is Literal else ():
            assert f'"{value}"' in source, f"{name} is never {value!r} in its test"


def test_every_assumption_says_that_it_is_one():
    """The docstring marks each field as an assumption."""
    text = cm.Assumptions.__doc__
    for field in dataclasses.fields(cm.Assumptions):
        entry = text.partition(f"    {field.name} : ")[2]
        assert entry.splitlines()[1].strip().startswith("Assumption: "), field.name
