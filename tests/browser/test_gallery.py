"""The gallery's page: what it asks for, what it shows, what it tells Python."""

from __future__ import annotations

import base64
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from chromium import check_access, mount

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.emulator import samples
from cosmat_nb.view.gallery.gallery import Gallery, gallery

HOSTILE = '<img src=x onerror="alert(1)"> & "quotes" \u202eevil.jpg'
ERROR = "ServerError: the service failed on its side, ask again"
TILES = "[role=option]"
HERE = "[role=option][data-state=here]"
ASKED = (
    "model.sent.filter((each) => each.kind === 'range').flatMap((each) => each.places)"
)
PLAIN = {"captions": [], "metrics": [], "statuses": [], "kinds": [], "ranges": {}}
COLORS = {
    "--jp-ui-font-color1": "rgba(255, 255, 255, 0.87)",
    "--jp-ui-font-color2": "rgba(255, 255, 255, 0.7)",
    "--jp-layout-color1": "#212121",
    "--jp-layout-color2": "#424242",
    "--jp-border-color1": "#616161",
    "--jp-brand-color1": "#64b5f6",
}
DARKEN = """
(colors) => {
  document.body.dataset.jpThemeLight = "false";
  document.body.style.background = "#111";
  for (const [name, value] of Object.entries(colors)) {
    document.body.style.setProperty(name, value);
  }
}
"""

BRIDGE = """
() => {
  const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const take = ({ state, messages }) => {
    for (const [name, value] of Object.entries(state)) {
      if (value?.base64 !== undefined) model.setBytes(name, value.base64);
      else if (!isSame(model.get(name), value)) model.set(name, value);
    }
    for (const [content, buffers] of messages) model.answer(content, buffers);
  };
  window.take = take;
  model.send = async (content) => {
    model.sent.push(content);
    take(await window.pythonReceives(content));
  };
  model.save_changes = async () => take(await window.pythonSets(model.values));
  for (const content of model.sent.splice(0)) model.send(content);
}
"""
SETTINGS = (
    "sort",
    "descending",
    "text",
    "status",
    "finding",
    "ranges",
    "opened_position",
)


class Bridge:
    """A gallery in Python behind the stand-in model of a page."""

    def __init__(self, page, shown):
        self.page, self.gallery = page, shown
        self._messages = []
        shown.send = lambda content, buffers=(): self._messages.append(
            [content, [base64.b64encode(each).decode() for each in buffers]]
        )
        page.expose_function("pythonReceives", self._receive)
        page.expose_function("pythonSets", self._set)
        mount(page, Gallery, **{name: getattr(shown, name) for name in traits()})
        page.evaluate(BRIDGE)

    def push(self):
        """Bring to the page what Python has done by itself."""
        self.page.evaluate("(news) => take(news)", self._news())

    def _receive(self, content):
        self.gallery._receive(self.gallery, content, [])
        return self._news()

    def _set(self, values):
        with self.gallery.hold_trait_notifications():
            for name in SETTINGS:
                setattr(self.gallery, name, values[name])
        return self._news()

    def _news(self):
        state = {name: getattr(self.gallery, name) for name in traits()}
        state["selection"] = {"base64": base64.b64encode(state["selection"]).decode()}
        messages, self._messages = self._messages, []
        return {"state": state, "messages": messages}


def traits():
    """Names of the traits that a page sees."""
    names = Gallery.class_traits(sync=True)
    others = {"layout", "tabbable", "tooltip", "comm"}
    return [name for name in names if not name.startswith("_") and name not in others]


@cache
def cutouts():
    """A few drawn cutouts."""
    found = []
    for scene in samples.draw_scenes(6):
        alpha = (scene.alpha * 255).round().astype(np.uint8)
        pixels = np.dstack([scene.picture, alpha])
        before = images.encode_jpeg(scene.picture)
        found.append(
            cm.Cutout(
                place=f"samples/{scene.name}.jpg",
                options=cm.MattingOptions(),
                data=images.encode_png(pixels),
                height=pixels.shape[0],
                width=pixels.shape[1],
                is_empty=False,
                nbytes=0,
                source=lambda _key, data=before: data,
            )
        )
    return found


def make_frame(count):
    """Rows with few distinct cutouts; every 50th has none."""
    places = np.arange(count)
    failed = places % 50 == 49
    known = cutouts()
    return pd.DataFrame(
        {
            "key": [f"shop/{place:05d}.jpg" for place in places],
            "status": np.where(failed, "error", "ok"),
            "cutout": [
                None if bad else known[place % len(known)]
                for place, bad in zip(places, failed, strict=True)
            ],
            "error": [
                "ServerError: the service failed on its side, ask again"
                if bad
                else None
                for bad in failed
            ],
            "coverage": np.where(failed, np.nan, (places * 37 % 1000) / 1000),
            "soft_fraction": np.where(failed, np.nan, 0.02),
            "edge_width": np.where(failed, np.nan, 1 + places % 7),
            "halo": np.where(failed, np.nan, (places * 13 % 100) / 100),
            "category": pd.Categorical(np.array(["mug", "shoe"])[places % 2]),
        }
    )


def show(page, count=10_000, **settings):
    """Show a gallery, and wait for its first rows."""
    bridge = Bridge(page, gallery(make_frame(count), **settings))
    page.wait_for_selector(HERE)
    return bridge


def scroll(page, share):
    """Scroll the list to a share of its height."""
    page.evaluate(
        "(share) => { const list = document.querySelector('[role=listbox]');"
        " list.scrollTop = share * list.scrollHeight; }",
        share,
    )


def settle(page):
    """Wait until every tile is there and nothing was asked for a while."""
    page.wait_for_function(
        "() => document.querySelector('[role=option]')"
        " && !document.querySelector('[role=option]:not([data-state=here])')"
    )
    page.wait_for_timeout(150)


def told(page):
    """What the live region says, with plain spaces."""
    return page.text_content(".cosmat-gallery-told").replace("\u202f", " ")


def control(page, words):
    """The input or choice that has this label."""
    label = page.locator(f"label:has(> span:text-is('{words}'))")
    return label.locator("input, select")


def names(page):
    """Keys on the tiles in view order."""
    script = """
    () => [...document.querySelectorAll('[role=option]')]
      .sort((a, b) => a.dataset.place - b.dataset.place)
      .map((tile) => tile.querySelector('.cosmat-gallery-key')?.textContent)
    """
    return page.evaluate(script)


def wait_told(page, words):
    """Wait until the live region says this."""
    page.wait_for_function(
        "(words) => document.querySelector('.cosmat-gallery-told')"
        ".textContent.replaceAll('\u202f', ' ') === words",
        arg=words,
    )


def test_only_what_is_seen_is_asked_for_and_stays_in_the_page(page):
    """Row 9 000 of 10 000: a few rows are asked for, and at most 200 tiles exist."""
    show(page)
    settle(page)
    first = page.evaluate(ASKED)
    scroll(page, 0.9)
    settle(page)
    places = page.evaluate(ASKED)
    assert len(places) < 150
    assert max(first) < 60
    assert all(8900 < place < 9100 for place in places[len(first) :])
    assert any(place == 9000 for place in places)
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        scroll(page, share)
        page.wait_for_timeout(60)
    settle(page)
    assert page.locator(TILES).count() <= 100
    assert "shop/09000.jpg" in names(page)


def test_what_is_in_view_is_asked_for_before_what_is_around(page):
    """The first question is about rows in view; two more rows follow."""
    show(page)
    settle(page)
    columns = page.evaluate(
        "new Set([...document.querySelectorAll('[role=option]')].map((tile) =>"
        " tile.getBoundingClientRect().left)).size"
    )
    seen = page.evaluate("model.sent[0].places")
    assert seen == list(range(len(seen)))
    assert set(page.evaluate(ASKED)) == set(range(len(seen) + 2 * columns))


def test_a_hundred_thousand_rows_can_be_reached(page):
    """In one column they are taller than a browser can scroll; the last one is seen."""
    page.set_viewport_size({"width": 320, "height": 800})
    show(page, 100_000, findings=False, captions=[])
    tall = page.evaluate("document.querySelector('[role=listbox]').scrollHeight")
    assert tall <= 8_000_000
    page.focus("[role=listbox]")
    page.keyboard.press("End")
    page.wait_for_selector(f"{TILES}[aria-posinset='100000'][data-state=here]")
    last = page.locator(f"{TILES}[aria-posinset='100000']").bounding_box()
    box = page.locator("[role=listbox]").bounding_box()
    assert box["y"] <= last["y"]
    assert last["y"] + last["height"] <= box["y"] + box["height"]
    scroll(page, 0.5)
    settle(page)
    assert any(name.startswith("shop/50") for name in names(page))


def test_answers_for_places_scrolled_away_are_ignored(page):
    """A late answer changes no tile, and what is seen now is asked for."""
    mount(page, Gallery, **PLAIN | {"total": 5000, "shown_count": 5000})
    page.wait_for_function("() => model.sent.length === 1")
    early = page.evaluate("model.sent[0].places")
    scroll(page, 0.5)
    page.wait_for_timeout(200)
    assert page.evaluate("model.sent.length") == 1
    answer = """
    ([places, version]) => {
      const item = { key: "a", status: "ok", badges: [], captions: [], note: "late" };
      const items = places.map((place) => ({ ...item, place, position: place }));
      model.answer({ kind: "range", version, items });
    }
    """
    page.evaluate(answer, [early, 0])
    assert page.locator(HERE).count() == 0
    page.wait_for_function("() => model.sent.length === 2")
    later = page.evaluate("model.sent[1].places")
    assert min(later) > 2000
    page.evaluate(answer, [later, 7])
    assert page.locator(HERE).count() == 0
    page.evaluate(answer, [later, 0])
    assert page.locator(HERE).count() == len(later)
    scroll(page, 0)
    for _ in range(4):
        page.wait_for_timeout(100)
        page.evaluate(answer, [page.evaluate("model.sent.at(-1).places"), 0])
    again = page.evaluate("model.sent.slice(1).flatMap((each) => each.places)")
    assert set(early) <= set(again)


def test_pending_pictures_are_asked_for_again(page):
    """Words stand there at once; the picture comes with the next answer."""
    mount(page, Gallery, **PLAIN | {"total": 1, "shown_count": 1})
    page.wait_for_function("() => model.sent.length === 1")
    item = {"place": 0, "position": 0, "key": "a", "status": "ok", "badges": []}
    item |= {"captions": [], "note": "", "picture": False, "pending": True}
    answer = "(item) => model.answer({ kind: 'range', version: 0, items: [item] })"
    page.evaluate(answer, item)
    assert page.evaluate("model.sent.map((each) => each.places)") == [[0], [0]]
    assert names(page) == ["a"]
    page.evaluate(answer, item | {"pending": False, "note": "no picture"})
    assert page.locator(HERE).count() == 1
    assert page.evaluate("model.sent.length") == 2


SECOND = """
async (source) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { default: widget } = await import(url);
  const el = document.body.appendChild(document.createElement("main"));
  await widget.render({ model, el });
}
"""


def test_two_views_do_not_ask_for_each_other(page):
    """Both hear every answer; questions would pile up while pictures are made."""
    shown = gallery(make_frame(500))
    mount(page, Gallery, **{name: getattr(shown, name) for name in traits()})
    page.evaluate(SECOND, str(Gallery._esm))
    shown.send = lambda content, _: page.evaluate("(c) => model.answer(c)", content)
    shown._thumbnails.make = shown._thumbnails.get = lambda *_: None
    waiting = []
    for _ in range(6):
        page.wait_for_timeout(80)
        waiting += page.evaluate("model.sent.splice(0)")
        assert len(waiting) == 2
        assert {each["kind"] for each in waiting} == {"range"}
        assert waiting[0]["asker"] != waiting[1]["asker"]
        shown._receive(shown, waiting.pop(0), [])


def test_clicks_select_one_more_or_a_span(page):
    """As in a file manager, and Python has the rows."""
    shown = show(page).gallery
    page.locator(TILES).nth(1).click()
    wait_told(page, "10 000 of 10 000 shown, 1 selected")
    page.locator(TILES).nth(4).click(modifiers=["Shift"])
    wait_told(page, "10 000 of 10 000 shown, 4 selected")
    page.locator(TILES).nth(2).click(modifiers=["Control"])
    wait_told(page, "10 000 of 10 000 shown, 3 selected")
    assert shown.selected_positions == (1, 3, 4)
    chosen = page.locator(f"{TILES}[aria-selected=true]").evaluate_all(
        "(tiles) => tiles.map((tile) => Number(tile.dataset.place)).sort()"
    )
    assert chosen == [1, 3, 4]


def test_keys_move_select_and_open(page):
    """Arrows by tile and row, space, shift, ctrl+a, enter and escape."""
    bridge = show(page)
    shown = bridge.gallery
    page.evaluate(
        "window.leaked = []; document.body.addEventListener('keydown',"
        " (event) => leaked.push(event.key))"
    )
    page.focus("[role=listbox]")
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "Space"):
        page.keyboard.press(key)
    wait_told(page, "10 000 of 10 000 shown, 1 selected")
    (place,) = shown.selected_positions
    assert place == page.evaluate(
        "Number(document.getElementById(document.querySelector('[role=listbox]')"
        ".getAttribute('aria-activedescendant')).dataset.place)"
    )
    assert place >= 2
    page.keyboard.press("Shift+ArrowRight")
    wait_told(page, "10 000 of 10 000 shown, 2 selected")
    assert shown.selected_positions == (place, place + 1)
    page.keyboard.press("Control+a")
    wait_told(page, "10 000 of 10 000 shown, 10 000 selected")
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    page.wait_for_selector(".cosmat-gallery-detail h3")
    assert shown.opened_position == place + 1
    assert (
        page.evaluate("leaked.filter((key) => key !== 'Control' && key !== 'Shift')")
        == []
    )
    page.focus(".cosmat-gallery-detail button")
    page.keyboard.press("Escape")
    page.wait_for_selector(".cosmat-gallery-detail", state="hidden")
    assert shown.opened_position == -1
    assert page.evaluate("document.activeElement.getAttribute('role')") == "listbox"


def test_the_end_is_reached_by_keys_and_scrolled_to(page):
    """The current tile is always seen, and named to screen readers."""
    show(page)
    page.focus("[role=listbox]")
    page.keyboard.press("End")
    page.wait_for_selector(f"{TILES}[aria-posinset='10000'][data-state=here]")
    page.keyboard.press("PageUp")
    settle(page)
    current = page.locator(".cosmat-gallery-current")
    assert current.count() == 1
    box = page.locator("[role=listbox]").bounding_box()
    assert box["y"] <= current.bounding_box()["y"] < box["y"] + box["height"]


def test_filters_and_sorting_reach_python_and_come_back(page):
    """By hand, or in the next cell; the list starts at its first row again."""
    bridge = show(page)
    shown = bridge.gallery
    scroll(page, 0.5)
    control(page, "Sort by").select_option("coverage")
    page.wait_for_function("() => model.get('version') === 1")
    settle(page)
    assert names(page)[:2] == ["shop/00000.jpg", "shop/01000.jpg"]
    page.get_by_label("order: ascending").click()
    control(page, "Status").select_option("ok")
    control(page, "Key").fill("27.jpg")
    page.get_by_label("at most").fill("0.3")
    page.wait_for_selector(".cosmat-gallery-chip")
    settle(page)
    assert (shown.sort, shown.descending, shown.text) == ("coverage", True, "27.jpg")
    assert shown.ranges == {"coverage": [None, 0.3]}
    assert names(page)[0] == shown.shown["key"].iloc[0]
    assert told(page) == f"{shown.shown_count} of 10 000 shown, 0 selected"
    assert 0 < shown.shown_count < 100
    page.get_by_label("remove the filter coverage ≤ 0.3").click()
    page.get_by_text("Clear filters").click()
    wait_told(page, "10 000 of 10 000 shown, 0 selected")
    shown.text = "zzz"
    bridge.push()
    wait_told(page, "0 of 10 000 shown, 0 selected")
    assert page.is_visible("text=No row passes the filters.")
    assert control(page, "Key").input_value() == "zzz"


def test_columns_may_be_named_like_what_every_object_has(page):
    """They can be filtered like others, and the page opens at all."""
    frame = make_frame(6)
    values = {"constructor": [0.1, 0.3, 0.5] * 2, "__proto__": 0.5}
    bridge = Bridge(page, gallery(frame.assign(**values)))
    page.wait_for_selector(HERE)
    for name in values:
        page.get_by_label("Metric").select_option(name)
        assert page.get_by_label("at least").input_value() == ""
    page.get_by_label("Metric").select_option("constructor")
    page.get_by_label("at least").fill("0.25")
    wait_told(page, "4 of 6 shown, 0 selected")
    assert bridge.gallery.ranges == {"constructor": [0.25, None]}


def test_findings_can_be_chosen_once_they_are_known(page):
    """They are found after the first rows were sent, and named with their severity."""
    bridge = show(page)
    wait_for(lambda: bridge.gallery.kinds)
    bridge.push()
    choices = control(page, "Finding").locator("option").all_text_contents()
    assert choices[:3] == ["all rows", "with findings", "without"]
    assert "empty (high 10)" in choices
    control(page, "Finding").select_option("empty")
    wait_told(page, "10 of 10 000 shown, 0 selected")
    settle(page)
    badges = page.locator(".cosmat-gallery-badge").all_text_contents()
    assert badges == ["high empty"] * 10


def test_an_opened_row_shows_before_and_after_with_its_numbers(page):
    """A slider wipes; the position is told; a source that is missing is told, too."""
    bridge = show(page)
    page.locator(TILES).nth(3).dblclick()
    page.wait_for_selector(".cosmat-gallery-detail h3")
    wait_for(lambda: bridge._messages)
    bridge.push()
    slider = page.get_by_label("Share of before")
    slider.focus()
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "0 % before"
    stage = page.locator(".cosmat-gallery-stage").bounding_box()
    page.mouse.click(stage["x"] + stage["width"] * 0.25, stage["y"] + 20)
    assert slider.input_value() == "25"
    assert page.locator(".cosmat-gallery-wipe img").count() == 2
    table = page.text_content(".cosmat-gallery-numbers")
    assert "coverage0.111" in table
    bridge.gallery.opened_position = 49
    bridge.push()
    page.wait_for_selector("text=ServerError: the service failed on its side")
    assert page.locator(".cosmat-gallery-stage img").count() == 0


def test_metrics_begin_with_coverage_and_errors_end_with_a_whole_line(page):
    """What is filtered most stands first; a tile shows no half line of an error."""
    frame = make_frame(60).assign(error="the service failed on its side " * 20)
    frame.insert(0, "size", 1)
    frame.loc[0, "cutout"] = None
    Bridge(page, gallery(frame, side=128, findings=False))
    settle(page)
    assert page.get_by_label("Metric").input_value() == "coverage"
    told = page.locator(".cosmat-gallery-picture p").first
    seen, height = told.evaluate("(each) => [each.clientHeight, each.offsetHeight]")
    assert (seen, height) == (6 * 18, 128)


def test_hostile_words_are_shown_as_text(page):
    """Keys, statuses, captions and errors with markup in them."""
    frame = make_frame(60).assign(note=HOSTILE, error=HOSTILE)
    frame["key"] = HOSTILE
    frame.loc[49, "status"] = HOSTILE
    frame = frame.rename(columns={"halo": HOSTILE})
    bridge = Bridge(page, gallery(frame, captions=["note", HOSTILE], findings=False))
    settle(page)
    assert names(page)[0] == HOSTILE
    control(page, "Status").select_option(HOSTILE)
    page.wait_for_selector("text=1 of 60 shown")
    page.locator(TILES).first.dblclick()
    page.wait_for_selector(".cosmat-gallery-detail h3")
    assert page.text_content(".cosmat-gallery-detail h3") == HOSTILE
    assert page.locator("img[src=x], script").count() == 0
    assert bridge.gallery.status == HOSTILE


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 1200])
def test_nothing_keeps_anyone_out(chromium, dark, width):
    """Axe finds nothing, list and detail, and the page never scrolls sideways."""
    with chromium.new_page(dark=dark) as page:
        page.set_viewport_size({"width": width, "height": 900})
        bridge = show(page, 300)
        if dark:
            page.evaluate(DARKEN, COLORS)
        bridge.gallery.ranges = {"coverage": (0.1, None)}
        bridge.gallery.selected_positions = [3, 4]
        bridge.push()
        settle(page)
        page.locator(TILES).first.dblclick()
        page.wait_for_selector(".cosmat-gallery-detail h3")
        wait_for(lambda: bridge._messages)
        bridge.push()
        page.wait_for_selector(".cosmat-gallery-wipe")
        check_access(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        color = page.locator(".cosmat-gallery-numbers td").first.evaluate(
            "(cell) => getComputedStyle(cell).color"
        )
        assert ("255, 255, 255" in color) == dark


def test_the_end_of_a_view_leaves_nothing_behind(page):
    """No handlers, no pictures in memory, no elements, no questions."""
    page.evaluate(
        "() => { const { createObjectURL: make, revokeObjectURL: revoke } = URL;"
        " window.held = new Set();"
        " URL.createObjectURL = (blob) => { const url = make.call(URL, blob);"
        " if (blob.type !== 'text/javascript') held.add(url); return url; };"
        " URL.revokeObjectURL = (url) => { held.delete(url); revoke.call(URL, url); };"
        "}"
    )
    show(page)
    scroll(page, 0.5)
    settle(page)
    page.locator(TILES).nth(20).dblclick()
    page.wait_for_selector(".cosmat-gallery-detail h3")
    assert page.evaluate("held.size") > 20
    page.evaluate("clean()")
    assert page.evaluate("held.size") == 0
    assert page.evaluate("model.handlers.length") == 0
    assert page.evaluate("document.querySelector('#cell').childElementCount") == 0


def wait_for(check, seconds=10):
    """Wait until something is true in Python."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


CELL = """
import sys
sys.path[:0] = [{here!r}, {root!r}]
from test_gallery import gallery, make_frame
frame = make_frame(10_000)
gallery(frame.head(1)).static_html()
"""
RUN = """
(place) => {
  panel.content.activeCellIndex = place;
  window.started = performance.now();
  return jupyterapp.commands.execute("notebook:run-cell");
}
"""
PAINTED = """
() => {
  const images = [...document.querySelectorAll("[role=option] img")];
  if (images.length < 6 || !images.every((each) => each.complete)) return 0;
  return performance.now() - started;
}
"""


def test_ten_thousand_rows_in_a_notebook(lab, page):
    """Row 9 000 is seen and selected, and the next cell has it as a frame."""
    sizes = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda data: sizes.append(len(data))),
    )
    here = Path(__file__).parent
    first = CELL.format(here=str(here), root=str(here.parents[1]))
    lab.write("gallery.ipynb", first, "g = gallery(frame); g")
    lab.open(page, "gallery.ipynb")
    page.evaluate(RUN, 0)
    sizes.clear()
    page.evaluate("(run) => void eval(run)(1)", RUN.strip())
    painted = page.wait_for_function(PAINTED, polling="raf").json_value()
    sent = sum(sizes)
    settle(page)
    scroll(page, 0.9)
    page.wait_for_selector(f"{TILES}[aria-posinset='9001'][data-state=here] img")
    tile = page.locator(f"{TILES}[aria-posinset='9001']")
    assert tile.locator("img").evaluate(
        "(image) => image.decode().then(() => image.naturalWidth)"
    )
    tile.click()
    lab.wait_for("gallery.ipynb", "list(g.selected.index)", "[9000]")
    page.keyboard.press("Enter")
    page.wait_for_selector(".cosmat-gallery-wipe")
    assert "BeforeAfter" in lab.ask("gallery.ipynb", "g.opened")
    lab.wait_for("gallery.ipynb", "g.message", "''")
    page.wait_for_selector("label:has(> span:text-is('Finding')) select")
    told = f"first paint {painted:.0f} ms, {sent / 1000:.0f} kB sent\n"
    sys.stdout.write(told)
    assert sent < 200_000, told
    check_access(page, ".cosmat-gallery")
