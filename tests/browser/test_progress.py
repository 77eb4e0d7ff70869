"""The progress panel: its numbers, its stop button, foreign words; live in a Lab."""

from __future__ import annotations

import json

import pytest
from chromium import check_access, mount
from laboratory import IDLE

from cosmat_nb.frame.glance import Facts, Failure, Glance
from cosmat_nb.view.progress_panel import ProgressPanel

ORIGIN = "http://127.0.0.1:9"
KERNEL = "6f1b7d2c-0000-4000-8000-00000000cafe"
SETTINGS = """
(settings) => {
  const element = document.createElement("script");
  element.id = "jupyter-config-data";
  element.type = "application/json";
  element.textContent = JSON.stringify(settings);
  document.documentElement.append(element);
  document.cookie = "_xsrf=2%7Cmark";
}
"""
HOSTILE = "<img src=x onerror=\"document.title='owned'\">'\u202e\"</script>"
RUNNING = Glance(
    total=400,
    done=128,
    rate=8.24,
    failures=(
        Failure("NoSuchKey", 12, "NoSuchKey: the object samples/mug.jpg is not there"),
        Failure("SlowDown", 3, "SlowDown: please reduce your request rate"),
    ),
    facts=Facts(
        "126 billed, 2 more may have been: 2.56 CNY (unverified)",
        "40 from the store: 0.80 CNY saved",
        "8 calls in flight",
    ),
)


def plain(glance, line=""):
    """Return a glance as the panel sends it."""
    panel = ProgressPanel()
    panel.end(glance, line)
    return panel.glance


def change(glance, **changes):
    """Return a glance with some of its fields changed."""
    fields = {name: getattr(glance, name) for name in glance.__slots__}
    return Glance(**{**fields, **changes})


class Server:
    """Answers a page and the requests of its stop button."""

    def __init__(self, page):
        self.asked = []
        page.route(f"{ORIGIN}/**", self._answer)
        page.goto(f"{ORIGIN}/lab")

    def _answer(self, route):
        if route.request.url.endswith("/lab"):
            route.fulfill(status=200, content_type="text/html", body="<!doctype html>")
            return
        self.asked.append(route.request)
        route.fulfill(status=204)


def open_panel(page, glance, *, settings=None, **traits):
    """Show a panel, in a page with the settings of a Jupyter server or without."""
    if settings is not None:
        page.evaluate(SETTINGS, settings)
    mount(page, ProgressPanel, glance=plain(glance), **traits)


def tell(page, glance, line=""):
    """Let the kernel tell the panel something."""
    page.evaluate("(value) => model.set('glance', value)", plain(glance, line))


def test_numbers_are_shown_and_follow(page):
    """Bar, counts, money, note and failures; then the line and no note."""
    open_panel(page, RUNNING)
    bar = page.get_by_role("progressbar", name="pictures done")
    assert bar.get_attribute("aria-valuenow") == "128"
    assert bar.get_attribute("aria-valuetext") == "128 of 400 pictures"
    assert bar.locator("div").evaluate("(fill) => fill.style.width") == "32%"
    shown = page.locator("#cell").inner_text()
    for words in (
        "128 of 400 pictures · 8.2 pictures/s · about 34 s left",
        "2.56 CNY (unverified) · 40 from the store: 0.80 CNY saved",
        "8 calls in flight",
        "please reduce your request rate",
    ):
        assert words in shown
    assert page.locator("tbody tr").count() == 2
    ended = change(RUNNING, done=400, state="ended", facts=Facts(), failures=())
    tell(page, ended, "400 ok · 400 billed")
    assert page.locator("#cell").inner_text().strip() == "400 ok · 400 billed"
    page.evaluate("clean()")
    assert page.locator("#cell").inner_text() == ""
    assert page.evaluate("model.handlers.length") == 0


def test_work_that_is_not_paid_shows_no_money(page):
    """No line stands empty, and no table without a failure."""
    open_panel(page, Glance(total=4, done=1, unit="row"))
    assert page.locator("#cell").inner_text().strip() == "1 of 4 rows"
    assert not page.locator("table").is_visible()


@pytest.mark.parametrize("base", ["/user/me", "/user/me/"])
def test_the_stop_button_interrupts_once(page, base):
    """One POST to the kernel's address, with token and mark; a second press, none."""
    server = Server(page)
    settings = {"baseUrl": base, "token": "secret"}
    open_panel(page, RUNNING, settings=settings, kernel=KERNEL)
    button = page.get_by_role("button", name="Stop")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('button').disabled")
    assert button.inner_text() == "Stopping…"
    # Another view of the same panel, in this page, knows of it.
    page.keyboard.press("Enter")
    button.dispatch_event("click")
    page.wait_for_timeout(100)
    (asked,) = server.asked
    assert asked.method == "POST"
    assert asked.url == f"{ORIGIN}/user/me/api/kernels/{KERNEL}/interrupt"
    assert asked.headers["authorization"] == "token secret"
    assert asked.headers["x-xsrftoken"] == "2|mark"
    stopping = Facts("", "", "stopping: 3 calls in flight are being answered", True)
    tell(page, change(RUNNING, state="stopping", facts=stopping))
    note = page.get_by_text("stopping: 3 calls in flight are being answered")
    assert note.get_attribute("aria-live") == "polite"
    assert button.is_disabled()
    tell(page, change(RUNNING, state="ended"), "128 ok")
    assert not button.is_visible()
    # Begun anew, it can be stopped again.
    tell(page, RUNNING)
    assert button.is_enabled()


def test_a_server_that_refuses_is_told(page):
    """The panel says so, names the other way, and the button may be pressed again."""
    Server(page)
    # A real answer 403 makes Chromium complain, and no complaint is let through here.
    page.evaluate("() => { window.fetch = async () => ({ ok: false, status: 403 }); }")
    open_panel(page, RUNNING, settings={"baseUrl": "/"}, kernel=KERNEL)
    page.get_by_role("button", name="Stop").click()
    told = page.get_by_role("status")
    told.filter(has_text="the server says 403").wait_for()
    assert "the notebook's own stop button" in told.inner_text()
    assert page.get_by_role("button", name="Stop").is_enabled()


@pytest.mark.parametrize(
    ("settings", "kernel", "hint"),
    [
        (None, KERNEL, True),
        ({"baseUrl": "/"}, "", True),
        ({"other": 1}, KERNEL, True),
        ({"baseUrl": "/"}, None, False),
    ],
)
def test_no_button_where_it_could_not_stop(page, settings, kernel, hint):
    """Without a server's settings or a kernel's name a line names the other way."""
    Server(page)
    open_panel(page, RUNNING, settings=settings, kernel=kernel)
    assert page.get_by_role("button").count() == 0
    assert ("the notebook's own stop button" in page.inner_text("#cell")) == hint
    tell(page, change(RUNNING, state="ended"), "128 ok")
    assert "stop button" not in page.inner_text("#cell")


def test_foreign_words_are_text(page):
    """Codes and messages of a service cannot act, whatever they hold."""
    failures = (Failure(HOSTILE, 1, HOSTILE),)
    facts = Facts(HOSTILE, HOSTILE, HOSTILE)
    open_panel(page, change(RUNNING, failures=failures, facts=facts))
    assert page.locator("#cell img").count() == 0
    assert page.locator("tbody th").inner_text() == HOSTILE
    assert page.title() == "widget"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 900])
def test_it_can_be_read_by_all(chromium, dark, width):
    """No barrier that axe finds, light and dark, narrow and wide; nothing overflows."""
    with chromium.new_page(dark=dark) as page:
        page.set_viewport_size({"width": width, "height": 400})
        Server(page)
        open_panel(page, RUNNING, settings={"baseUrl": "/"}, kernel=KERNEL)
        if dark:
            darken(page)
        check_access(page)
        check_no_overflow(page)
        stopping = Facts("", "", "stopping: 3 calls in flight are being answered", True)
        tell(page, change(RUNNING, state="stopping", facts=stopping))
        check_access(page)


def darken(page):
    """Give a bare page the colours of JupyterLab's dark theme."""
    page.evaluate(
        """() => {
          document.body.dataset.jpThemeLight = "false";
          const colors = {
            "--jp-ui-font-color1": "rgba(255,255,255,.87)",
            "--jp-ui-font-color2": "rgba(255,255,255,.54)",
            "--jp-layout-color1": "#212121", "--jp-layout-color2": "#424242",
            "--jp-border-color1": "#616161", "--jp-border-color2": "#424242",
            "--jp-brand-color1": "#2196f3",
          };
          document.body.style.background = "#111";
          for (const [name, value] of Object.entries(colors))
            document.body.style.setProperty(name, value);
        }"""
    )


def check_no_overflow(page):
    """See that the page need not be scrolled sideways."""
    root = "document.documentElement"
    assert page.evaluate(f"() => {root}.scrollWidth <= {root}.clientWidth")


ENDED = """
() => panel.content.widgets.every((cell) => cell.model.executionState === 'idle')
"""

CELLS = (
    """
import cosmat_nb as cm, numpy as np, pandas as pd
from cosmat_nb import images
from cosmat_nb.emulator.latency import Latency

class WhiteEngine:
    name, version = "white", "1"
    def estimate_alpha(self, picture):
        return (picture.min(axis=2) < 240).astype(np.float32)

emulator = cm.Emulator(engine=WhiteEngine(), latency=Latency(median=0.6, spread=0.2))
emulator.start()
client = cm.connect_emulator(emulator, concurrency=4)
square = images.encode_jpeg(np.full((64, 96, 3), 90, np.uint8))
for number in range(200):
    client.put(f"{number}.jpg", square)
frame = pd.DataFrame({"key": [f"{number}.jpg" for number in range(200)]})
""",
    "result = cm.matte_frame(frame, client)",
    "after = True",
)


def test_stop_in_a_lab(page, lab):
    """Pressed while a cell runs: a partial frame, nothing paid after, a static end."""
    lab.write("progress.ipynb", *CELLS)
    lab.open(page, "progress.ipynb")
    page.evaluate("() => void jupyterapp.commands.execute('notebook:run-all-cells')")
    page.get_by_role("button", name="Stop", exact=True).click(timeout=30_000)
    page.wait_for_function(ENDED)
    page.wait_for_function(IDLE)
    page.locator(".jp-RenderedHTML .cosmat-progress").wait_for()
    part = "__import__('sys').last_value.result.status"
    counts = json.loads(
        lab.ask("progress.ipynb", f"{part}.value_counts().to_json()").strip("'")
    )
    assert set(counts) == {"ok", "skipped"}
    assert 1 <= counts["ok"] < 200
    assert lab.ask("progress.ipynb", "emulator.billed") == str(counts["ok"])
    # The cell after it did not run, and no call was made since.
    assert lab.ask("progress.ipynb", "'after' in globals()") == "False"
    assert lab.ask("progress.ipynb", "emulator.billed") == str(counts["ok"])
    shown = page.locator(".jp-RenderedHTML .cosmat-progress").inner_text()
    assert f"{counts['ok']} ok, {counts['skipped']} skipped" in shown
    assert page.get_by_role("button", name="Stop", exact=True).count() == 0
