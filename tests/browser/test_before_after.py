"""BeforeAfter in a browser: what is seen, and what hands do with it."""

import base64

import numpy as np
import pytest
from chromium import check_access, mount

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.options import MattingOptions
from cosmat_nb.view.before_after import BeforeAfter

RED, BLUE, GREEN = (220, 30, 30), (30, 30, 220), (20, 160, 60)
DARK = {
    "--jp-ui-font-color1": "rgba(255, 255, 255, 0.87)",
    "--jp-ui-font-color2": "rgba(255, 255, 255, 0.54)",
    "--jp-border-color1": "#616161",
    "--jp-layout-color1": "#212121",
    "--jp-layout-color2": "#424242",
    "--jp-brand-color1": "#2196f3",
}
DARKEN = """
(colours) => {
  document.body.dataset.jpThemeLight = "false";
  document.body.style.background = "#111111";
  for (const name in colours) document.body.style.setProperty(name, colours[name]);
}
"""
WATCH_URLS = """
() => {
  window.urls = new Set();
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = (blob) => {
    const url = createObjectURL.call(URL, blob);
    if (!blob.type) urls.add(url);
    return url;
  };
  URL.revokeObjectURL = (url) => {
    urls.delete(url);
    revokeObjectURL.call(URL, url);
  };
}
"""
PIXEL = """
async ([base64, x, y]) => {
  const image = new Image();
  image.src = `data:image/png;base64,${base64}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  return [...context.getImageData(x, y, 1, 1).data].slice(0, 3);
}
"""
PLACED = """
() => [...document.querySelectorAll(".cosmat-ba-frame")].map((frame) => {
  const box = frame.getBoundingClientRect();
  const pane = frame.parentElement.getBoundingClientRect();
  return [box.left - pane.left, box.top - pane.top, box.width, box.height];
})
"""


def paint(color, height=300, width=400):
    return np.full((height, width, 3), color, np.uint8)


def cut_out(color, height=300, width=400):
    """A cutout whose middle half shows; the rest is transparent."""
    rgba = np.zeros((height, width, 4), np.uint8)
    rgba[height // 4 : -(height // 4), width // 4 : -(width // 4)] = (*color, 255)
    return rgba


def make_view(before=None, cutout=None, **settings):
    before = paint(RED) if before is None else before
    return BeforeAfter(before, cut_out(BLUE) if cutout is None else cutout, **settings)


def name_cutout(rgba, place):
    png = images.encode_png(rgba)
    return Cutout(
        place=place,
        options=MattingOptions(),
        data=png,
        height=rgba.shape[0],
        width=rgba.shape[1],
        is_empty=False,
        nbytes=len(png),
    )


def state_of(view):
    own = [*BeforeAfter.class_own_traits(sync=True)]
    return {name: value for name, value in view.get_state().items() if name in own}


def show(page, view=None, /, **settings):
    """Show a view as Python would send it, and wait for its pictures."""
    view = view or make_view(**settings)
    mount(page, BeforeAfter, **state_of(view))
    wait_shown(page)
    return view


def wait_shown(page):
    page.wait_for_function(
        "() => [...document.querySelectorAll('.cosmat-ba-frame')].every("
        "(frame) => frame.style.width && frame.firstChild.naturalWidth)"
    )


def trait(page, name):
    return page.evaluate("(name) => model.get(name)", name)


def set_trait(page, name, value):
    page.evaluate("([name, value]) => model.set(name, value)", [name, value])


def set_bytes(page, name, data):
    page.evaluate(
        "([name, value]) => model.setBytes(name, value)",
        [name, base64.b64encode(data).decode()],
    )


def see(page, across, down=0.5):
    """Return the colour that the stage shows at a share of its width and height."""
    box = page.locator(".cosmat-ba-stage").bounding_box()
    shot = base64.b64encode(page.screenshot()).decode()
    x = int(box["x"] + across * box["width"])
    y = int(box["y"] + down * box["height"])
    return page.evaluate(PIXEL, [shot, x, y])


def is_like(color, expected):
    return all(abs(a - b) <= 8 for a, b in zip(color, expected, strict=True))


def drag(page, start, end):
    """Drag on the stage, between shares of its width and height."""
    box = page.locator(".cosmat-ba-stage").bounding_box()
    place = lambda at: (  # noqa: E731 - two words for two lines
        box["x"] + at[0] * box["width"],
        box["y"] + at[1] * box["height"],
    )
    page.mouse.move(*place(start))
    page.mouse.down()
    page.mouse.move(*place(end), steps=4)
    page.mouse.up()


def press(page, *keys):
    page.locator(".cosmat-ba-stage").focus()
    for key in keys:
        page.keyboard.press(key)


def find_pictures(page):
    return page.get_by_alt_text("before:"), page.get_by_alt_text("cutout of")


def zoom(page):
    return page.locator(".cosmat-ba-zoom span").inner_text()


def test_wipe_seen(page):
    """Left of the wipe lies the picture before, right of it the cutout."""
    show(page, position=0.4)
    assert is_like(see(page, 0.35), RED)
    assert is_like(see(page, 0.45), BLUE)
    set_trait(page, "position", 0.6)
    assert is_like(see(page, 0.55), RED)
    assert is_like(see(page, 0.7), BLUE)


def test_wipe_before_transparent(page):
    """Where the picture before does not reach, no cutout shows through."""
    before = np.dstack([paint(RED), np.zeros((300, 400), np.uint8)])
    show(page, make_view(before, position=1.0, background="black"))
    assert is_like(see(page, 0.4), (0, 0, 0))


def test_wipe_dragged(page):
    """A drag on the stage moves the wipe, and Python is told."""
    show(page)
    drag(page, (0.5, 0.3), (0.25, 0.6))
    assert trait(page, "position") == pytest.approx(0.25, abs=0.004)
    assert page.evaluate("model.saves") > 0
    assert page.locator("input[type=range]").input_value() == "0.25"
    drag(page, (0.5, 0.5), (1.4, 0.5))
    assert trait(page, "position") == 1


def test_wipe_slid(page):
    """The slider is named, and says its value in words."""
    show(page)
    slider = page.get_by_role("slider", name="Wipe between before and cutout")
    slider.fill("0.4")
    assert trait(page, "position") == 0.4
    assert slider.get_attribute("aria-valuetext") == "40 % before"
    assert page.locator(".cosmat-ba-notes span").inner_text() == "40 % before"
    slider.press("ArrowRight")
    assert trait(page, "position") == 0.41


@pytest.mark.parametrize(
    ("key", "position"),
    [
        ("ArrowLeft", 0.49),
        ("ArrowRight", 0.51),
        ("ArrowUp", 0.51),
        ("ArrowDown", 0.49),
        ("PageUp", 0.6),
        ("PageDown", 0.4),
        ("Home", 0),
        ("End", 1),
    ],
)
def test_wipe_keys(page, key, position):
    """Keys on the stage move the wipe by hundredths, tenths, or to an end."""
    show(page)
    press(page, key)
    assert trait(page, "position") == position


def test_wipe_ends(page):
    """The wipe stops at both ends."""
    show(page, position=1.0)
    press(page, "ArrowRight")
    assert trait(page, "position") == 1
    press(page, "Home", "ArrowLeft")
    assert trait(page, "position") == 0


def test_modes(page):
    """Buttons and m change the mode; the pressed one is the one that is shown."""
    show(page)
    pressed = page.locator("[aria-label=Mode] [aria-pressed=true]")
    page.get_by_role("button", name="Side by side").click()
    assert trait(page, "mode") == pressed.inner_text().lower() == "side by side"
    assert page.get_by_role("slider").count() == 0
    press(page, "m")
    assert trait(page, "mode") == pressed.inner_text().lower() == "blink"
    press(page, "m")
    assert trait(page, "mode") == pressed.inner_text().lower() == "wipe"
    assert page.get_by_role("slider").count() == 1


def test_side_by_side(page):
    """Side by side shows both whole, before first."""
    show(page, mode="side by side")
    assert is_like(see(page, 0.02), RED)
    assert is_like(see(page, 0.48), RED)
    assert is_like(see(page, 0.75), BLUE)
    assert page.evaluate(PLACED)[0] == page.evaluate(PLACED)[1]


def test_matte_seen(page):
    """The matte is the cutout's alpha as grey, whatever lies behind."""
    cutout = cut_out(BLUE)
    cutout[..., 3] //= 2
    show(page, make_view(paint(BLUE), cutout, position=0.0, background="#ff8800"))
    press(page, "v")
    assert trait(page, "view") == "matte"
    assert see(page, 0.5) == [127, 127, 127]
    assert see(page, 0.1) == [0, 0, 0]
    page.get_by_role("button", name="Cutout").click()
    assert trait(page, "view") == "cutout"
    assert is_like(see(page, 0.1), (255, 136, 0))


def test_matte_given(page):
    """A view that starts with the matte shows it."""
    show(page, position=0.0, view="matte")
    assert see(page, 0.5) == [255, 255, 255]


def test_backgrounds(page):
    """The background is chosen by button and key, in a circle."""
    show(page, position=0.0)
    assert {tuple(see(page, at, 0.1)) for at in (0.055, 0.08)} <= {
        (255, 255, 255),
        (204, 204, 204),
    }
    page.get_by_role("button", name="White").click()
    assert trait(page, "background") == "white"
    assert see(page, 0.1) == [255, 255, 255]
    press(page, "b")
    assert trait(page, "background") == "black"
    assert see(page, 0.1) == [0, 0, 0]
    press(page, "b", "b")
    assert trait(page, "background") == "dark"
    assert tuple(see(page, 0.1)) in {(68, 68, 68), (34, 34, 34)}


def test_background_color(page):
    """Any colour can be picked, or set from Python."""
    show(page, position=0.0)
    picker = page.get_by_label("Background of any colour")
    picker.fill("#14a03c")
    assert trait(page, "background") == "#14a03c"
    assert see(page, 0.1) == [20, 160, 60]
    set_trait(page, "background", "#ff0000")
    assert see(page, 0.1) == [255, 0, 0]
    assert picker.input_value() == "#ff0000"


def test_background_picture(page):
    """A picture behind is one more choice, once Python has given one."""
    view = show(page, position=0.0)
    button = page.get_by_role("button", name="Picture behind")
    assert button.count() == 0
    view.background = paint(GREEN)
    set_bytes(page, "_backdrop", view.get_state()["_backdrop"])
    button.click()
    assert trait(page, "background") == "picture"
    page.wait_for_timeout(50)
    assert is_like(see(page, 0.1), GREEN)
    assert is_like(see(page, 0.5), BLUE)
    press(page, "b", "b", "b", "b")
    assert trait(page, "background") == "black"
    press(page, "b")
    assert trait(page, "background") == "picture"


def test_blink(page):
    """Blinking shows one picture at a time, and stops at a press."""
    page.emulate_media(reduced_motion="no-preference")
    show(page)
    press(page, "Space")
    assert trait(page, "mode") == "blink"
    before, cutout = find_pictures(page)
    for _ in range(2):
        before.wait_for(state="visible")
        cutout.wait_for(state="hidden")
        cutout.wait_for(state="visible")
        before.wait_for(state="hidden")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(1000)
    assert cutout.is_visible()
    press(page, "Space")
    before.wait_for(state="visible")


def test_blink_reduced(page):
    """Where motion is unwelcome nothing blinks by itself: a press shows the other."""
    page.emulate_media(reduced_motion="reduce")
    show(page, mode="blink")
    before, cutout = find_pictures(page)
    page.wait_for_timeout(1000)
    assert before.is_visible()
    page.get_by_role("button", name="Show cutout").click()
    assert cutout.is_visible()
    press(page, "Space")
    assert before.is_visible()
    page.wait_for_timeout(1000)
    assert before.is_visible()


def test_zoom_keys(page):
    """Zoom by keys: in, out, one to one, and the whole picture again."""
    show(page)
    assert zoom(page) == "100 %"
    press(page, "+")
    assert zoom(page) == "125 %"
    press(page, "=", "-", "-")
    assert zoom(page) == "100 %"
    press(page, "+", "+", "1")
    assert zoom(page) == "100 %"
    press(page, "+", "0")
    assert zoom(page) == "100 %"
    assert page.evaluate(PLACED)[0] == [0, 0, 400, 300]


def test_zoom_large_picture(page):
    """A picture larger than the stage is fitted; 1:1 shows a pixel for a pixel."""
    view = make_view(paint(RED, 1000, 2000), cut_out(BLUE, 1000, 2000))
    show(page, view)
    width = page.evaluate(PLACED)[0][2]
    assert width == pytest.approx(960, abs=1)
    page.get_by_role("button", name="1:1 pixels").click()
    assert page.evaluate(PLACED)[0][2:] == [1600, 800]
    assert page.get_by_text("1600 of 2000 px").count() == 1
    page.get_by_role("button", name="Fit").click()
    assert page.evaluate(PLACED)[0][2] == width


def test_zoom_dense_screen(page):
    """On a screen of two pixels a CSS pixel, 1:1 is half as large."""
    page.evaluate("Object.defineProperty(window, 'devicePixelRatio', {value: 2})")
    show(page)
    assert zoom(page) == "200 %"
    press(page, "1")
    assert page.evaluate(PLACED)[0] == [100, 75, 200, 150]
    assert zoom(page) == "100 %"


def test_zoom_in_step(page):
    """Wheel with ctrl zooms both sides about the pointer; without, it is the page's."""
    show(page, mode="side by side")
    fitted = page.evaluate(PLACED)
    box = page.locator(".cosmat-ba-cutout").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    page.mouse.wheel(0, -200)
    assert page.evaluate(PLACED) == fitted
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    page.wait_for_timeout(50)
    left, right = page.evaluate(PLACED)
    assert left == right
    growth = right[2] / fitted[1][2]
    assert growth == pytest.approx(np.exp(200 / 300), rel=1e-3)
    assert right[0] == pytest.approx(box["width"] * 0.25 * (1 - growth), abs=0.5)
    assert right[1] == pytest.approx(box["height"] * 0.75 * (1 - growth), abs=0.5)


def test_pan(page):
    """A zoomed picture is dragged, both sides in step, and never off the stage."""
    show(page, mode="side by side")
    press(page, "+", "+", "+")
    start = page.evaluate(PLACED)[0]
    drag(page, (0.3, 0.5), (0.25, 0.55))
    left, right = page.evaluate(PLACED)
    box = page.locator(".cosmat-ba-stage").bounding_box()
    assert left == right
    assert left[0] - start[0] == pytest.approx(-0.05 * box["width"], abs=0.5)
    assert left[1] - start[1] == pytest.approx(0.05 * box["height"], abs=0.5)
    drag(page, (0.1, 0.1), (0.9, 0.9))
    assert page.evaluate(PLACED)[0][:2] == [0, 0]
    press(page, "ArrowRight", "ArrowDown")
    assert page.evaluate(PLACED)[0][:2] == [-40, -40]


def test_pan_and_wipe(page):
    """Zoomed, the wipe moves by its edge alone; elsewhere a drag moves the picture."""
    show(page)
    press(page, "+", "+")
    drag(page, (0.8, 0.5), (0.7, 0.5))
    assert trait(page, "position") == 0.5
    moved = page.evaluate(PLACED)[0]
    assert moved[0] == pytest.approx(-0.5 * (moved[2] - 400) - 40, abs=0.5)
    drag(page, (0.5, 0.2), (0.3, 0.2))
    assert trait(page, "position") == pytest.approx(0.3, abs=0.004)
    assert page.evaluate(PLACED)[0] == moved
    press(page, "Shift+ArrowLeft")
    assert page.evaluate(PLACED)[0][0] == moved[0] + 40


def test_pixels_sharp(page):
    """Above 1:1 pixels are squares, not smoothed; below they are smoothed."""
    show(page)
    style = "() => getComputedStyle(document.querySelector('img')).imageRendering"
    assert page.evaluate(style) == "auto"
    press(page, "+")
    assert page.evaluate(style) == "pixelated"
    press(page, "1")
    assert page.evaluate(style) == "auto"


def test_narrow_stage(page):
    """When the page gets narrow, the whole picture still shows, without scrolling."""
    show(page, make_view(paint(RED, 600, 1000), cut_out(BLUE, 600, 1000)))
    page.set_viewport_size({"width": 320, "height": 700})
    page.wait_for_timeout(100)
    left, top, width, height = page.evaluate(PLACED)[0]
    assert (left, top) == pytest.approx((0, 0), abs=0.5)
    assert 270 < width <= 320
    assert height == pytest.approx(width * 0.6, abs=1)
    scroll = "() => document.documentElement.scrollWidth"
    assert page.evaluate(scroll) == 320
    press(page, "m")
    assert page.evaluate(scroll) == 320


def test_keys_kept(page):
    """Keys that a notebook has commands on do not reach it; chords and Tab do."""
    show(page)
    page.evaluate(
        "() => { window.keys = []; document.body.addEventListener("
        "'keydown', (event) => keys.push(event.key)); }"
    )
    press(page, "x", "ArrowDown", "m", "Space", "Enter")
    page.locator("input[type=color]").press("d")
    page.get_by_role("button", name="Matte").press("Enter")
    press(page, "Shift+Enter", "Control+k", "Escape", "Tab")
    assert page.evaluate(
        "keys.filter((key) => !['Shift', 'Control'].includes(key))"
    ) == [
        "Enter",
        "k",
        "Escape",
        "Tab",
    ]
    assert trait(page, "view") == "matte"


def test_space_on_button(page):
    """Space on a button presses that button, and nothing else."""
    show(page)
    page.get_by_role("button", name="Matte").press("Space")
    assert trait(page, "view") == "matte"
    assert trait(page, "mode") == "wipe"


def test_all_by_keyboard(page):
    """Tab reaches every control, with an outline where it is."""
    show(page)
    page.locator("body").press("Tab")
    reached = []
    for _ in range(20):
        reached.append(page.evaluate("document.activeElement.tagName"))
        outline = "getComputedStyle(document.activeElement).outlineWidth"
        if reached[-1] == "BODY":
            break
        assert page.evaluate(outline) == "2px"
        page.keyboard.press("Tab")
    assert (reached.count("BUTTON"), reached.count("INPUT")) == (13, 2)
    assert reached.count("DIV") == 1


def test_pictures_replaced(page):
    """New pictures show in place of the old, fitted if their size is another."""
    show(page, position=0.5)
    press(page, "+")
    other = make_view(paint(GREEN, 200, 500), cut_out(RED, 200, 500))
    state = other.get_state()
    set_trait(page, "_facts", state["_facts"] | {"note": "note"})
    set_bytes(page, "_before", state["_before"])
    set_bytes(page, "_cutout", state["_cutout"])
    page.wait_for_function(
        "() => document.querySelector('.cosmat-ba-cutout img').naturalWidth === 500"
    )
    page.wait_for_timeout(50)
    assert is_like(see(page, 0.4), GREEN)
    assert is_like(see(page, 0.6), RED)
    assert page.evaluate(PLACED)[0] == [0, 0, 500, 200]
    assert page.locator(".cosmat-ba-status").inner_text() == "note"


def test_matte_replaced(page):
    """A replaced cutout is also replaced where its matte is shown."""
    show(page, position=0.0, view="matte")
    solid = np.dstack([paint(RED), np.full((300, 400), 100, np.uint8)])
    view = make_view(paint(RED), solid)
    set_bytes(page, "_cutout", view.get_state()["_cutout"])
    page.wait_for_timeout(100)
    assert see(page, 0.1) == [100, 100, 100]


def test_pictures_unlike(page):
    """Pictures that could not be laid over each other are both scaled to fit."""
    before = paint(GREEN, 100, 400)
    show(page, make_view(before, cut_out(BLUE), position=1.0, background="white"))
    assert "cannot be told" in page.locator(".cosmat-ba-status").inner_text()
    assert see(page, 0.5, 0.2) == [255, 255, 255]
    assert is_like(see(page, 0.02, 0.5), GREEN)
    assert is_like(see(page, 0.95, 0.5), GREEN)


def test_views_of_one_model(page):
    """Two views of one model follow each other; their zoom is their own."""
    show(page)
    page.evaluate(
        """async (source) => {
          const blob = new Blob([source], {type: "text/javascript"});
          const url = URL.createObjectURL(blob);
          const el = document.body.appendChild(document.createElement("div"));
          window.cleanSecond = (await import(url)).default.render({model, el});
        }""",
        str(BeforeAfter._esm),
    )
    wait_shown(page)
    sliders, zooms = (
        page.locator("input[type=range]"),
        page.locator(".cosmat-ba-zoom span"),
    )
    sliders.nth(1).fill("0.2")
    assert sliders.nth(0).input_value() == "0.2"
    press_first = page.locator(".cosmat-ba-stage").nth(0)
    press_first.press("+")
    assert zooms.all_inner_texts() == ["125 %", "100 %"]
    page.evaluate("cleanSecond()")
    set_trait(page, "position", 0.9)
    assert page.locator(".cosmat-ba").count() == 1
    assert sliders.input_value() == "0.9"


def test_cleanup(page):
    """A view that is closed gives back its pictures, and hears its model no more."""
    page.evaluate(WATCH_URLS)
    view = show(page, mode="blink", background=paint(GREEN))
    assert page.evaluate("urls.size") == 3
    set_bytes(page, "_before", view.get_state()["_cutout"])
    page.wait_for_timeout(50)
    assert page.evaluate("urls.size") == 3
    page.evaluate("clean()")
    assert page.evaluate("urls.size") == 0
    assert page.evaluate("model.handlers.length") == 0
    assert page.locator("#cell").inner_html() == ""
    set_bytes(page, "_cutout", view.get_state()["_before"])
    assert page.evaluate("urls.size") == 0


def test_closed_while_loading(page):
    """A view closed before its pictures are decoded leaves nothing behind."""
    page.evaluate(WATCH_URLS)
    mount(page, BeforeAfter, **state_of(make_view()))
    page.evaluate("clean()")
    page.wait_for_timeout(100)
    assert page.evaluate("urls.size") == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("mode", ["wipe", "side by side", "blink"])
def test_access(page, theme, mode):
    """No barrier is found by axe, in any mode, light or dark."""
    show(page, mode=mode, background=paint(GREEN))
    if theme == "dark":
        page.evaluate(DARKEN, DARK)
    check_access(page)


def test_names(page):
    """The pictures' texts name what is shown; markup in a name stays text."""
    place = "<img src=x onerror=alert(1)>\"'\u202e.jpg"
    show(page, make_view(cutout=name_cutout(cut_out(BLUE), place)))
    assert page.get_by_alt_text(f"before: {place}").count() == 1
    assert page.get_by_alt_text(f"cutout of {place}").count() == 1
    assert page.locator(".cosmat-ba img").count() == 2
    assert place in page.locator(".cosmat-ba-status").text_content()
    press(page, "v")
    matte = page.get_by_role("img", name=f"alpha matte of {place}")
    assert matte.count() == 1


def test_said(page):
    """Who sees nothing is told what a key has changed."""
    show(page)
    said = page.locator(".cosmat-ba-said[role=status]")
    for key, words in [
        ("m", "mode: side by side"),
        ("v", "view: matte"),
        ("b", "background: dark checkerboard"),
        ("+", "zoom: 125 %"),
    ]:
        press(page, key)
        assert said.inner_text() == words


def test_theme(page):
    """The controls follow the theme; what lies behind the cutout does not."""
    show(page, position=0.0, background="white")
    page.evaluate(DARKEN, DARK)
    assert see(page, 0.1) == [255, 255, 255]
    scheme = "getComputedStyle(document.querySelector('.cosmat-ba')).colorScheme"
    assert page.evaluate(scheme) == "dark"


LAB = """
import numpy as np, traitlets, ipywidgets
from cosmat_nb.view.before_after import BeforeAfter
before = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
cutout = np.dstack([before, np.full((200, 300), 128, np.uint8)])
view, other = BeforeAfter(before, cutout), BeforeAfter(before, cutout)
slider = ipywidgets.FloatSlider(min=0, max=1)
link = traitlets.link((view, "position"), (slider, "value"))
tie = ipywidgets.jslink((view, "mode"), (other, "mode"))
""".strip()


def test_lab(lab, page, tmp_path):
    """In JupyterLab the page and Python agree, and keys stay within the widget."""
    lab.write("before_after.ipynb", LAB, "view", "other")
    lab.open(page, "before_after.ipynb")
    lab.run_all(page)
    view, other = page.locator(".cosmat-ba").nth(0), page.locator(".cosmat-ba").nth(1)
    view.locator("input[type=range]").fill("0.7")
    lab.wait_for("before_after.ipynb", "view.position, slider.value", "(0.7, 0.7)")
    lab.ask("before_after.ipynb", "setattr(slider, 'value', 0.2)")
    page.wait_for_function(
        "document.querySelector('.cosmat-ba input[type=range]').value === '0.2'"
    )
    cells = "panel.content.widgets.length"
    count = page.evaluate(cells)
    stage = view.locator(".cosmat-ba-stage")
    for key in ("ArrowUp", "x", "b", "d", "d", "m"):
        stage.press(key)
    assert page.evaluate(cells) == count
    names = "view.position, view.background, view.mode, other.mode"
    wanted = "(0.21, 'dark', 'side by side', 'side by side')"
    lab.wait_for("before_after.ipynb", names, wanted)
    assert (
        other.locator("[aria-label=Mode] [aria-pressed=true]").inner_text()
        == "Side by side"
    )
    lab.ask("before_after.ipynb", "setattr(view, 'cutout', cutout[:100])")
    page.wait_for_function(
        "document.querySelector('.cosmat-ba-cutout img').naturalHeight === 100"
    )
    page.evaluate(
        "(theme) => jupyterapp.commands.execute('apputils:change-theme', {theme})",
        "JupyterLab Dark",
    )
    page.wait_for_selector("[data-jp-theme-light=false] .cosmat-ba")
    check_access(page, ".cosmat-ba")
    page.screenshot(path=tmp_path / "before_after_dark.png")
