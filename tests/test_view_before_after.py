"""BeforeAfter in Python: what it sends, what it refuses, what stands in its place."""

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO

import ipywidgets
import numpy as np
import pytest
import traitlets
from PIL import Image

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import CosmatError, ImageError, OptionsError
from cosmat_nb.options import MattingOptions
from cosmat_nb.view.before_after import BeforeAfter
from cosmat_nb.view.pair import UNPLACED, lay_pair

HEIGHT, WIDTH = 60, 90
ROWS, COLS = slice(10, 40), slice(20, 70)


def draw_before(height=HEIGHT, width=WIDTH, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def cut_out(before, down=0, right=0, canvas=None):
    """Cut a rectangle out, and lay it elsewhere on a canvas of its own."""
    rgba = np.zeros((*(canvas or before.shape[:2]), 4), np.uint8)
    rows = slice(ROWS.start + down, ROWS.stop + down)
    cols = slice(COLS.start + right, COLS.stop + right)
    rgba[rows, cols, :3], rgba[rows, cols, 3] = before[ROWS, COLS], 255
    return rgba


def make_cutout(rgba, place="samples/mug.jpg", source=None):
    png = images.encode_png(rgba)
    return Cutout(
        place=place,
        options=MattingOptions(),
        data=png,
        height=rgba.shape[0],
        width=rgba.shape[1],
        is_empty=False,
        nbytes=len(png),
        source=source,
    )


def make_view(**settings):
    before = draw_before()
    return BeforeAfter(before, cut_out(before), **settings)


def read_sent(data):
    image = Image.open(BytesIO(data))
    assert image.format == "WEBP"
    return np.asarray(image.convert("RGBA"))


def facts(view):
    return view.get_state()["_facts"]


def test_sent_pictures():
    """The page gets both pictures as WebP: alpha exactly, colours nearly."""
    before = np.full((HEIGHT, WIDTH, 3), (200, 120, 40), np.uint8)
    cutout = cut_out(before)
    state = BeforeAfter(before, cutout).get_state()
    sent = read_sent(state["_before"])
    assert sent.shape == (HEIGHT, WIDTH, 4)
    assert np.abs(sent[..., :3].astype(int) - before).max() <= 4
    assert (read_sent(state["_cutout"])[..., 3] == cutout[..., 3]).all()


def test_size_sent():
    """A large picture is reduced to 1600 px, and its own size is told beside it."""
    before = np.zeros((500, 4000, 3), np.uint8)
    cutout = np.dstack([before, np.full((500, 4000), 255, np.uint8)])
    view = BeforeAfter(before, cutout)
    assert read_sent(view.get_state()["_cutout"]).shape[:2] == (200, 1600)
    assert read_sent(view.get_state()["_before"]).shape[:2] == (200, 1600)
    assert (facts(view)["height"], facts(view)["width"]) == (500, 4000)


@pytest.mark.parametrize(
    ("down", "right", "note"),
    [
        (0, 0, ""),
        (3, 0, "before is moved 3 px down, to lie on the cutout"),
        (-4, 7, "before is moved 4 px up and 7 px right, to lie on the cutout"),
        (0, -9, "before is moved 9 px left, to lie on the cutout"),
    ],
)
def test_subject_moved(down, right, note):
    """A picture is laid so that it shows the cutout's colours where the cutout is."""
    before = draw_before()
    cutout = cut_out(before, down, right)
    pair = lay_pair(before, cutout)
    shows = cutout[..., 3] > 0
    assert pair.note == note
    assert pair.before.shape[:2] == cutout.shape[:2]
    assert (pair.before[shows][:, :3] == cutout[shows][:, :3]).all()


def test_canvas_padded():
    """On a larger canvas the picture before is transparent where it does not reach."""
    before = draw_before()
    pair = lay_pair(before, cut_out(before, 5, 8, (HEIGHT + 10, WIDTH + 16)))
    alpha = np.zeros((HEIGHT + 10, WIDTH + 16), np.uint8)
    alpha[5:-5, 8:-8] = 255
    assert (pair.before[..., 3] == alpha).all()
    assert (pair.before[5:-5, 8:-8, :3] == before).all()


def test_own_transparency():
    """What was transparent before stays so when the picture is moved."""
    before = draw_before()
    rgba = np.dstack([before, np.full((HEIGHT, WIDTH), 255, np.uint8)])
    rgba[:5, :, 3] = 0
    pair = lay_pair(rgba, cut_out(before, 6))
    assert (pair.before[:11, :, 3] == 0).all()
    assert (pair.before[11:, :, 3] == 255).all()


def test_place_unknown():
    """Where no translation fits, the picture stays as it is and a note says so."""
    before = draw_before(33, 44, seed=1)
    pair = lay_pair(before, cut_out(draw_before()))
    assert pair.note == UNPLACED
    assert pair.before is before


def test_flat_subject_in_place():
    """White on white lies right where the sizes agree: nothing is said against it."""
    white = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    assert lay_pair(white, cut_out(white)).note == ""


def test_before_as_file():
    """A picture file is decoded and turned upright as its EXIF says."""
    before = draw_before()
    exif = Image.Exif()
    exif[0x0112] = 6
    file = BytesIO()
    lying = Image.fromarray(np.ascontiguousarray(np.rot90(before)))
    lying.save(file, "PNG", exif=exif)
    pair = lay_pair(file.getvalue(), cut_out(before))
    assert (pair.before[..., :3] == before).all()


def test_source_fetched():
    """Without a picture before, the cutout fetches its own, by its key."""
    before = draw_before()
    asked = []

    def fetch(key):
        asked.append(key)
        return images.encode_png(before)

    view = BeforeAfter(None, make_cutout(cut_out(before, 2), source=fetch))
    assert asked == ["samples/mug.jpg"]
    assert facts(view)["place"] == "samples/mug.jpg"
    assert "2 px down" in facts(view)["note"]


@pytest.mark.parametrize(
    ("before", "cutout", "said"),
    [
        (None, cut_out(draw_before()), "pass before, too"),
        (draw_before()[..., 0], cut_out(draw_before()), r"array \(60, 90\) of uint8"),
        (draw_before() / 255, cut_out(draw_before()), "float64"),
        ("mug.jpg", cut_out(draw_before()), "before must be .* 'mug.jpg'"),
        (draw_before(), draw_before(), r"cutout must be a Cutout or .*\(60, 90, 3\)"),
        (draw_before(), b"bytes", "cutout must be a Cutout .* got bytes"),
        (draw_before(), np.zeros((0, 4, 4), np.uint8), r"\(0, 4, 4\)"),
    ],
)
def test_bad_pictures(before, cutout, said):
    """What is no picture is named, with what was expected."""
    with pytest.raises(OptionsError, match=said):
        BeforeAfter(before, cutout)


def test_bytes_of_no_picture():
    """Bytes that are no picture raise what they raise everywhere."""
    with pytest.raises(ImageError, match="expected a picture"):
        BeforeAfter(b"no picture", cut_out(draw_before()))


def test_source_lost():
    """A cutout that cannot fetch its source says so, and what helps."""
    with pytest.raises(OptionsError, match="cannot fetch its source"):
        BeforeAfter(None, make_cutout(cut_out(draw_before())))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("position", 1.2, "from 0 to 1; got 1.2"),
        ("position", float("nan"), "got nan"),
        ("position", True, "got True"),
        ("position", "0.5", "got '0.5'"),
        ("mode", "flicker", "'wipe', 'side by side', 'blink'"),
        ("view", "alpha", "'cutout', 'matte'"),
        ("background", "#12345", "got '#12345'"),
        ("background", "#12345g", "a colour as"),
        ("background", "#ff8800;x", "got '#ff8800;x'"),
        ("background", "LIGHT", "light, dark, white, black"),
        ("background", "picture", "got 'picture'"),
        ("background", "url(x)", "background must be"),
        ("background", "rgb(999,0,0)", "background must be"),
        ("background", None, "NoneType"),
        ("background", b"no picture", "expected a picture"),
        ("background", np.zeros((2, 2)), r"array \(2, 2\) of float64"),
    ],
)
def test_bad_settings(name, value, said):
    """A setting that cannot be is refused, by the constructor and as a trait."""
    with pytest.raises(OptionsError, match=said):
        make_view(**{name: value})
    view = make_view()
    former = getattr(view, name)
    with pytest.raises(traitlets.TraitError, match=said):
        setattr(view, name, value)
    assert getattr(view, name) == former


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("position", 0, 0.0),
        ("position", 1, 1.0),
        ("mode", "side by side", "side by side"),
        ("view", "matte", "matte"),
        ("background", "black", "black"),
        ("background", "#FF8800", "#ff8800"),
        ("background", "Navy", "#000080"),
        ("background", "rebeccapurple", "#663399"),
    ],
)
def test_settings(name, value, kept):
    """A setting is kept and sent, whether given at first or later."""
    later = make_view()
    setattr(later, name, value)
    for view in (make_view(**{name: value}), later):
        assert getattr(view, name) == kept
        assert view.get_state()[name] == kept


def test_picture_behind():
    """A picture as background is sent, and can be chosen again by its name."""
    view = make_view(background=np.full((8, 8, 3), 90, np.uint8))
    assert view.background == "picture"
    assert np.abs(read_sent(view.get_state()["_backdrop"])[..., 0] - 90.0).max() <= 2
    view.background = "white"
    view.background = "picture"
    view.background = images.encode_png(np.zeros((4, 6, 3), np.uint8))
    assert read_sent(view.get_state()["_backdrop"]).shape == (4, 6, 4)
    assert view.background == "picture"


def test_pictures_replaced():
    """Assigned pictures are sent in place of the former, laid on each other anew."""
    view = make_view()
    other = draw_before(seed=3)
    old = view.get_state()
    view.cutout = cut_out(other, 4)
    assert facts(view)["note"] == UNPLACED
    view.before = other
    assert facts(view)["note"] == "before is moved 4 px down, to lie on the cutout"
    new = view.get_state()
    assert new["_before"] != old["_before"]
    assert new["_cutout"] != old["_cutout"]
    assert view.before is other


def test_both_replaced():
    """Both pictures change in one message, so that no page shows a wrong pair."""
    view = make_view()
    before = draw_before(30, 40, seed=4)
    seen = []
    view.observe(lambda _: seen.append(facts(view)["note"]), "_cutout")
    cutout = np.dstack([before, np.full((30, 40), 255, np.uint8)])
    view.show(before, cutout)
    assert seen == [""]
    assert view.before is before
    assert view.cutout is cutout


def test_source_follows_cutout():
    """A widget that fetches its source fetches that of the next cutout, too."""
    first, second = draw_before(), draw_before(seed=5)
    files = {"1.png": images.encode_png(first), "2.png": images.encode_png(second)}
    view = BeforeAfter(
        None, make_cutout(cut_out(first), "1.png", source=files.__getitem__)
    )
    view.cutout = make_cutout(cut_out(second), "2.png", source=files.__getitem__)
    assert facts(view)["place"] == "2.png"
    assert facts(view)["note"] == ""


def test_replacement_refused():
    """A picture that cannot be shown changes nothing of what is."""
    view = make_view()
    before, cutout, state = view.before, view.cutout, view.get_state()
    for name in ("before", "cutout"):
        with pytest.raises(CosmatError):
            setattr(view, name, b"no picture")
    assert view.before is before
    assert view.cutout is cutout
    assert view.get_state() == state


def test_links():
    """Traits are tied to others in both directions, in Python and in a page."""
    view, other = make_view(), make_view()
    slider = ipywidgets.FloatSlider(min=0, max=1, step=0.01)
    traitlets.link((view, "position"), (slider, "value"))
    traitlets.link((view, "mode"), (other, "mode"))
    slider.value = 0.3
    other.mode = "blink"
    assert (view.position, view.mode) == (0.3, "blink")
    view.position = 0.7
    assert slider.value == 0.7
    tied = ipywidgets.jslink((view, "position"), (other, "position"))
    assert tied.source == (view, "position")


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("samples/mug.jpg", "BeforeAfter('samples/mug.jpg')"),
        (
            "https://me:p@x.com/a.jpg?q-signature=5",
            "BeforeAfter('https://x.com/a.jpg')",
        ),
    ],
)
def test_text(place, text):
    """The text names the picture, without what an address keeps secret."""
    before = draw_before()
    view = BeforeAfter(before, make_cutout(cut_out(before), place))
    assert repr(view) == text
    assert view._repr_mimebundle_()[0]["text/plain"] == text
    assert "q-signature" not in str(view._repr_mimebundle_()) + str(view.get_state())


def test_text_without_name():
    """Without a name the text says the size."""
    assert repr(make_view()) == "BeforeAfter(height 60, width 90)"


class Page(HTMLParser):
    """Tags, attributes and text of some HTML."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append(dict(attrs))

    def handle_data(self, data):
        self.text += data


def test_twin():
    """Where no widget lives, both pictures stand as small WebP with a text each."""
    before = draw_before(400, 800)
    cutout = np.dstack([before, np.zeros((400, 800), np.uint8)])
    view = BeforeAfter(before, make_cutout(cutout))
    page = Page(view._repr_mimebundle_()[0]["text/html"])
    shown = [each for each in page.attributes if "src" in each]
    alts = [each["alt"] for each in shown]
    assert alts == ["before: samples/mug.jpg", "cutout of samples/mug.jpg"]
    for each in shown:
        kind, data = each["src"].split(",")
        assert kind == "data:image/webp;base64"
        assert Image.open(BytesIO(base64.b64decode(data))).size == (320, 160)
    empty = Image.open(BytesIO(base64.b64decode(shown[1]["src"].split(",")[1])))
    board = [empty.convert("L").getpixel((col, 4)) for col in (4, 12, 20)]
    assert board == pytest.approx([255, 204, 255], abs=6)


def test_twin_plain():
    """The twin needs nothing that a notebook takes out of what it does not trust."""
    page = Page(make_view().static_html())
    assert set(page.tags) == {"div", "img"}
    names = {name for each in page.attributes for name in each}
    assert names == {"style", "alt", "width", "height", "src"}
    assert "var(" not in make_view().static_html()


def test_twin_note():
    """The twin also tells what was done to lay the pictures over each other."""
    before = draw_before()
    view = BeforeAfter(before, make_cutout(cut_out(before, 3)))
    note = "samples/mug.jpg: before is moved 3 px down, to lie on the cutout"
    assert Page(view.static_html()).text == note


def test_empty_cutout():
    """A cutout without a subject is said to be empty, on the page and in the twin."""
    before = draw_before()
    view = BeforeAfter(before, make_cutout(cut_out(before) * 0))
    words = "empty: the cutout has no subject"
    assert facts(view)["note"] == words
    assert Page(view.static_html()).text == f"samples/mug.jpg: {words}"


def test_hostile_name():
    """A name made of markup stays text."""
    before, place = draw_before(), "<script>alert(\"'1'\")</script>\u202e&amp;.jpg"
    view = BeforeAfter(before, make_cutout(cut_out(before), place))
    page = Page(view.static_html())
    assert "script" not in page.tags
    assert page.text == place
    assert page.attributes[2]["alt"] == f"before: {place}"


def test_twin_follows():
    """The twins show what is shown now."""
    before = draw_before()
    view = BeforeAfter(before, make_cutout(cut_out(before), "1.png"))
    first = re.findall('base64,([^"]*)', view.static_html())
    view.cutout = replace(make_cutout(cut_out(before) // 2), place="2.png")
    second = re.findall('base64,([^"]*)', view.static_html())
    assert repr(view) == "BeforeAfter('2.png')"
    assert first[1] != second[1]


def test_half_characters():
    """A name that no page can be sent is escaped, in the twins and in the traits."""
    cutout = make_cutout(cut_out(draw_before()), place="a\ud800.jpg")
    view = BeforeAfter(draw_before(), cutout)
    assert facts(view)["place"] == "a\\ud800.jpg"
    for text in (view.static_html(), view.static_text()):
        assert "ud800" in text.encode().decode()
