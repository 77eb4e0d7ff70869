"""The open questions, put to the emulator always and to an account when asked to.

Set ``COSMAT_LIVE_BUCKET``, ``COSMAT_LIVE_REGION``, ``COSMAT_LIVE_SECRET_ID`` and
``COSMAT_LIVE_SECRET_KEY`` (and ``COSMAT_LIVE_TOKEN`` for temporary keys) to ask the
real service; never in CI. A run asks for at most 20 matting calls
(`live.MOST_PAID`), which a counter enforces before each is sent, and refused ones are
counted as well. Its pictures are drawn here, stored below one random prefix and deleted
at the end. What was seen is printed beside what is assumed; a test fails only when the
two differ, and names the switch of `Assumptions` to change.
"""

from __future__ import annotations

import base64
import time
from urllib.parse import quote

import numpy as np
import pytest
from asker import Asker
from drawings import SoftEngine, box_of, deep_png, encode, turned_png
from live import MOST_PAID, Service, live_service, why_not_live
from PIL import Image, ImageDraw

import cosmat_nb as cm
from cosmat_nb.wire.presign import presigned_target

HEIGHT, WIDTH, SIDE = 240, 360, 120
NEAR = 12
"""A matte may differ from the drawing by so many px."""


def draw_ball(box=(30, 30, 150, 150)):
    """Draw a shaded red ball on white, (H, W, 3) uint8; `box` as columns and rows."""
    image = Image.new("RGB", (2 * WIDTH, 2 * HEIGHT), "white")
    pen = ImageDraw.Draw(image)
    left, top, right, bottom = (2 * side for side in box)
    for step in range(20):
        color = (150 + 4 * step, 20 + step, 30 + step)
        inset = 4 * step
        pen.ellipse((left + inset, top + inset, right - inset, bottom - inset), color)
    return np.asarray(image.reduce(2))


BALL = encode(draw_ball())
BLANK = encode(Image.new("RGB", (WIDTH, HEIGHT), "white"))


@pytest.fixture(scope="module", params=["emulator", "live"])
def service(request):
    """Open the service to ask; tell at the end what a real one answered."""
    if request.param == "emulator":
        with cm.Emulator(engine=SoftEngine()) as emulator:
            yield Service(asker=Asker.of(emulator), name="emulator")
        return
    if reason := why_not_live():
        pytest.skip(reason)
    live = live_service()
    try:
        yield live
    finally:
        live.clear()
        capture = request.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            print(f"\nlive: {live.paid} matting calls", *live.seen, sep="\n")  # noqa: T201 - the point of the run


@pytest.fixture(scope="module")
def ball(service):
    """Object key of the ball."""
    return service.put("ball.png", BALL)


def canvas_of(answer, rows=0, cols=0):
    """Name the canvas of a cut ball, once so much padding is taken off it."""
    if answer.code:
        return answer.code
    height, width = answer.rgba.shape[0] - rows, answer.rgba.shape[1] - cols
    if (height, width) == (HEIGHT, WIDTH):
        return "source"
    near = max(abs(height - SIDE), abs(width - SIDE)) <= NEAR
    return "subject" if near else f"{height} × {width} px"


def outcome(answer, good):
    """Name what is good; a refusal by its code."""
    return answer.code or good


def link(service, key):
    """Write a link to an object that is open for ten minutes."""
    host = service.asker.address.host
    now = int(time.time())
    target = presigned_target(
        service.asker.credentials, key, {}, host=host, period=(now - 60, now + 600)
    )
    return f"https://{host}{target}"


def test_canvas(service, ball):
    """Without layout options the canvas is as large as the source."""
    seen = canvas_of(service.cut(ball))
    service.settle("canvas", "canvas without layout", "source", seen)


def test_edge_and_hidden_colours(service, ball):
    """Alpha is soft on the edge, and nothing hides under alpha 0."""
    rgba = service.cut(ball).rgba
    values = len(np.unique(rgba[..., 3]))
    seen = "soft" if values > 2 else "hard"
    service.settle("edge", "values of alpha", "soft", seen, f"{values} values")
    under = rgba[..., :3][rgba[..., 3] == 0]
    seen = "black" if not under.any() else f"up to {under.max()}"
    service.settle("hidden", "colour under alpha 0", "black", seen)


def test_centering(service, ball):
    """center-layout=1 moves the subject to the middle of the same canvas."""
    answer = service.cut(ball, {"center-layout": "1"})
    canvas = canvas_of(answer)
    seen = {"subject": "crop"}.get(canvas, canvas)
    if canvas == "source":
        top, left, bottom, right = box_of(answer.rgba)
        off = abs(top + bottom - HEIGHT), abs(left + right - WIDTH)
        seen = "shift" if max(off) <= NEAR else f"{off} px off the middle, twice"
    service.settle("centering", "center-layout=1", "shift", seen)


def test_padding(service, ball):
    """padding-layout enlarges the canvas."""
    answer = service.cut(ball, {"padding-layout": "20x10"})
    canvas = canvas_of(answer, rows=20, cols=40)
    seen = "outside" if canvas in ("source", "subject") else canvas
    seen = "inside" if canvas_of(answer) == "source" else seen
    service.settle("padding_place", "padding-layout=20x10", "outside", seen)
    rim = answer.rgba[:10]
    seen = "transparent" if not rim[..., 3].any() else f"{rim[0, 0].tolist()}"
    service.settle("padding", "colour of the padding", "transparent", seen)


def test_bad_layout(service, ball):
    """Padding over 1000 px is refused."""
    answer = service.cut(ball, {"padding-layout": "1001x0"})
    seen = "refuse" if answer.code == "InvalidArgument" else outcome(answer, "ignore")
    service.settle("bad_layout", "padding-layout=1001x0", "refuse", seen)


def test_no_subject(service):
    """A picture without a subject answers 200 and an empty matte."""
    answer = service.cut(service.put("blank.png", BLANK))
    seen = answer.code
    if not seen:
        seen = "opaque" if answer.rgba[..., 3].any() else "empty"
    service.settle("no_subject", "a white picture", "empty", seen)


PICTURES = [
    ("a side under 32 px", (4, 4), "PNG", "ImageTooLarge"),
    ("a side over 7680 px", (32, 7681), "PNG", "ImageTooLarge"),
    ("higher than 4320 px", (4400, 64), "PNG", "taken"),
    ("WebP", (HEIGHT, WIDTH), "WEBP", "InvalidImageFormat"),
]


@pytest.mark.parametrize(
    ("question", "size", "kind", "assumed"), PICTURES, ids=[row[0] for row in PICTURES]
)
def test_limits(service, question, size, kind, assumed):
    """Formats and sides have the limits that others observed, and those codes."""
    flat = Image.new("RGB", size[::-1], "white")
    answer = service.cut(service.put(f"{size[0]}.{kind}", encode(flat, kind)))
    seen = outcome(answer, "taken")
    service.settle("limits", question, assumed, seen, f"HTTP {answer.status}")


def test_orientation(service):
    """A picture is turned as its EXIF orientation says."""
    wide = turned_png(draw_ball((30, 30, 230, 110)))
    answer = service.cut(service.put("turned.png", wide))
    top, left, bottom, right = box_of(answer.rgba)
    seen = "apply" if bottom - top > right - left else "ignore"
    service.settle("orientation", "EXIF orientation 6", "apply", seen)


def test_modes(service):
    """16 bits a channel are converted."""
    answer = service.cut(service.put("deep.png", deep_png(draw_ball())))
    seen = "refuse" if answer.code == "InvalidImageFormat" else answer.code or "convert"
    service.settle("modes", "16 bits a channel", "convert", seen)


def test_encoded_url(service, ball):
    """A detect-url that is encoded twice is refused."""
    answer = service.cut("", {"detect-url": quote(link(service, ball), safe="")})
    seen = "refuse" if answer.code == "InvalidArgument" else outcome(answer, "decode")
    service.settle("encoded_url", "detect-url encoded twice", "refuse", seen)


def test_foreign_url(service):
    """A detect-url with nothing behind it has its code."""
    answer = service.cut("", {"detect-url": link(service, f"{service.prefix}absent")})
    seen = outcome(answer, "taken")
    beside = f"HTTP {answer.status}"
    service.settle("foreign_url", "dead detect-url", "InvalidArgument", seen, beside)


def test_failed_rule(service, ball):
    """One bad rule of two fails the call, and nothing is kept."""
    rules = [("good.png", ""), ("bad.png", "&padding-layout=1001x0")]
    answer = service.process(ball, *rules)
    if service.exists("bad.png"):
        pytest.skip("this service finds nothing wrong with the second rule")
    kept = service.exists("good.png")
    seen = outcome(answer, "omit")
    seen = "refuse" if seen == "InvalidArgument" and not kept else seen
    service.settle("failed_rule", "one bad rule of two", "refuse", seen, f"{kept=}")


def test_encoded_operations(service, ball):
    """Pic-Operations in base64 is refused."""

    def encode_text(text):
        return base64.b64encode(text.encode()).decode()

    answer = service.process(ball, ("base64.png", ""), encode=encode_text)
    seen = outcome(answer, "decode")
    seen = "refuse" if seen == "InvalidPicOperations" else seen
    service.settle("encoded_operations", "Pic-Operations in base64", "refuse", seen)


def test_results(service):
    """The answer to an upload has an empty Format, and no sides."""
    answer = service.upload("up.png", BALL, ("cut.png", ""))
    seen = answer.code
    if not seen:
        (made,) = answer.result.objects
        seen = "full" if made.format or made.width else "sparse"
    service.settle("results", "Object of an upload", "sparse", seen)


def test_conditions_and_headers(service, ball):
    """Range is ignored on a cutout, and no ETag is sent."""
    answer = service.cut(ball, headers={"range": "bytes=0-7"})
    told = {
        name: value
        for name, value in answer.headers.items()
        if name in ("etag", "status", "server", "cache-control", "accept-ranges")
        or name.startswith("x-ci-")
    }
    named = {(200, False): "ignore", (206, True): "obey"}
    pair = answer.status, "etag" in told
    seen = named.get(pair, f"{pair}")
    service.settle(
        "conditions", "Range and ETag of a cutout", "ignore", seen, f"{told}"
    )


def test_calls_are_counted(service):
    """No run asks for more matting calls than it may."""
    before = service.paid
    with pytest.raises(AssertionError, match=f"over {MOST_PAID} paid calls"):
        service.pay(MOST_PAID - before + 1)
    assert service.paid == before <= MOST_PAID


def test_an_account_is_asked_on_request_alone(monkeypatch):
    """What is missing is named, and CI never asks."""
    for name in ("BUCKET", "REGION", "SECRET_ID", "SECRET_KEY"):
        monkeypatch.setenv(f"COSMAT_LIVE_{name}", "x")
    monkeypatch.delenv("CI", raising=False)
    assert why_not_live() == ""
    monkeypatch.delenv("COSMAT_LIVE_REGION")
    assert "COSMAT_LIVE_REGION" in why_not_live()
    monkeypatch.setenv("CI", "true")
    assert "never asked in CI" in why_not_live()


def test_a_service_is_left_as_it_was_found(service):
    """What a run stored can be found and deleted."""
    stay = Service(asker=service.asker, name=service.name)
    stay.put("a b+c.png", BLANK)
    assert stay.exists("a b+c.png")
    stay.clear()
    assert not stay.exists("a b+c.png")
