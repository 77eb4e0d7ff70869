"""One law for the three ways of matting: they make the same pixels."""

import http.client
import io
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from squares import WhiteEngine, draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.wire.address import write_target
from cosmat_nb.wire.rules import PicOperations, Rule
from cosmat_nb.wire.signature import sign

boxes = st.tuples(
    st.integers(0, 20), st.integers(0, 20), st.integers(21, 40), st.integers(21, 50)
)
options = st.builds(
    cm.MattingOptions,
    operation=st.sampled_from(cm.Operation),
    center=st.booleans(),
    padding=st.tuples(st.integers(0, 30), st.integers(0, 30)),
)
keys = st.text(st.sampled_from("aé中😀 +%/&"), min_size=1, max_size=8).filter(
    lambda key: not key.startswith("/") and not key.endswith("/")
)


@pytest.fixture(scope="module")
def emulator():
    """A started emulator with the cheap engine, for all examples."""
    with cm.Emulator(engine=WhiteEngine()) as running:
        yield running


def ask(emulator, method, key, params=None, headers=None, body=b"", *, bare=False):
    """Send one signed request and hand back the body of its good answer.

    A bare one leaves the equals sign of its empty parameters out.
    """
    params = params or {}
    sent = {name: None if bare and not text else text for name, text in params.items()}
    headers = {"host": emulator.address.host, **(headers or {})}
    period = (int(time.time()) - 60, int(time.time()) + 600)
    signed = sign(emulator.credentials, method, f"/{key}", params, headers, period)
    connection = http.client.HTTPConnection(emulator.endpoint.removeprefix("http://"))
    connection.request(
        method,
        write_target(key, sent),
        body,
        {**headers, "authorization": signed.header},
    )
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    assert answer.status in (200, 204), data
    return data


def pixels(data):
    """Decode a PNG by Pillow alone: (H, W, 4) uint8."""
    return np.asarray(Image.open(io.BytesIO(data), formats=["PNG"]))


@settings(derandomize=True, deadline=None, max_examples=25)
@given(box=boxes, wanted=options, folder=keys, bare=st.booleans())
def test_all_ways_make_the_same_pixels(emulator, box, wanted, folder, bare):
    """While downloading by key or address, while uploading, and in the cloud."""
    picture = images.encode_png(draw_square(48, 64, box))
    source, cut = f"{folder}/a.png", f"{folder}/cut.png"
    rule = {"pic-operations": PicOperations(rules=(Rule.of(cut, wanted),)).header}
    ask(emulator, "PUT", source, None, rule, picture)
    uploaded = ask(emulator, "GET", cut)
    ask(emulator, "DELETE", cut)
    ask(emulator, "POST", source, {"image_process": ""}, rule, bare=bare)
    stored = ask(emulator, "GET", cut)
    by_key = ask(emulator, "GET", source, wanted.parameters)
    url = f"http://{emulator.address.host}{write_target(source, {})}"
    by_address = ask(emulator, "GET", "", wanted.parameters | {"detect-url": url})
    expected = pixels(by_key)
    # The canvas grows by the padding on each of two sides; the subject is not lost.
    dx, dy = wanted.padding
    assert expected.shape == (48 + 2 * dy, 64 + 2 * dx, 4)
    assert (expected[..., 3] > 0).sum() == (box[2] - box[0]) * (box[3] - box[1])
    for other in (uploaded, stored, by_address):
        assert np.array_equal(pixels(other), expected)
