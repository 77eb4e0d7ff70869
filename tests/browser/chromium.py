"""A headless Chromium that may talk to this machine alone."""

from __future__ import annotations

import base64
import shutil
from contextlib import contextmanager
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOCAL = {"127.0.0.1", "localhost", "::1", None}

MOUNT = """
async ([source, style, state]) => {
  const decode = (value) => {
    if (!value || value.base64 === undefined) return value;
    const bytes = Uint8Array.from(atob(value.base64), (c) => c.charCodeAt(0));
    return new DataView(bytes.buffer);
  };
  class Model {
    constructor(values) {
      this.values = Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name, decode(value)]));
      this.handlers = [];
      this.sent = [];
      this.saves = 0;
    }
    get(name) { return this.values[name]; }
    set(name, value) {
      if (Object.is(this.values[name], value)) return;
      this.values[name] = value;
      this.fire(`change:${name}`, value);
      this.fire("change");
    }
    setBytes(name, base64) { this.set(name, decode({ base64 })); }
    save_changes() { this.saves += 1; }
    on(name, handler) { this.handlers.push([name, handler]); }
    off(name, handler) {
      this.handlers = this.handlers.filter(
        ([n, h]) => (name && n !== name) || (handler && h !== handler));
    }
    fire(name, ...values) {
      for (const [n, handler] of [...this.handlers]) if (n === name) handler(...values);
    }
    send(content) { this.sent.push(content); }
    answer(content, buffers = []) {
      this.fire("msg:custom", content, buffers.map((each) => decode({ base64: each })));
    }
  }
  document.head.innerHTML = `<title>widget</title><style>${style}</style>`;
  document.documentElement.lang = "en";
  document.body.innerHTML = '<main id="cell"></main>';
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const module = await import(url);
  const model = new Model(state);
  const el = document.getElementById("cell");
  await module.default.initialize?.({ model });
  const clean = await module.default.render({ model, el });
  Object.assign(window, { model, clean });
}
"""


def find_chromium():
    """Return the path of an installed Chromium, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


class Chromium:
    """A browser; made by `start`."""

    def __init__(self, context):
        self._context = context
        self.outside, self.complaints = [], []
        context.route("**/*", self._judge)

    @classmethod
    @contextmanager
    def start(cls, folder):
        """Start a browser that keeps its files in a folder."""
        with sync_playwright() as playwright:
            context = playwright.chromium.launch_persistent_context(
                str(folder),
                executable_path=find_chromium(),
                headless=True,
                args=list(FLAGS),
                viewport={"width": 1200, "height": 900},
            )
            try:
                yield cls(context)
            finally:
                context.close()

    @contextmanager
    def new_page(self, *, dark=False):
        """Open an empty page; it fails for outside requests and for complaints."""
        self.outside.clear()
        self.complaints.clear()
        page = self._context.new_page()
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)
        try:
            yield page
            assert self.outside == []
            assert self.complaints == []
        finally:
            page.close()

    def _judge(self, route):
        parts = urlsplit(route.request.url)
        if parts.scheme in ("data", "blob", "about") or parts.hostname in LOCAL:
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def _listen(self, message):
        if message.type == "error":
            self.complaints.append(message.text)


def mount(page, widget_class, **state):
    """Show a widget's module on a bare page, beside a stand-in for its model.

    The stand-in is `window.model`: `get`, `set`, `sent`, `answer`. Traits are those of
    the class, with `state` in their place; bytes travel as they do in a notebook.
    """
    defaults = {
        name: trait.default_value
        for name, trait in widget_class.class_traits(sync=True).items()
        if not name.startswith("_")
    }
    values = {name: _plain(value) for name, value in (defaults | state).items()}
    values = {name: value for name, value in values.items() if _is_plain(value)}
    style = str(getattr(widget_class, "_css", ""))
    page.evaluate(MOUNT, [str(widget_class._esm), style, values])


def check_access(page, selector="#cell"):
    """Let axe look at a part of a page for barriers; there must be none."""
    results = Axe().run(page, context=selector)
    found = [
        (violation["id"], node["html"][:200], node["failureSummary"])
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]
    assert found == []


def _plain(value):
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    return value


def _is_plain(value):
    return value is None or isinstance(value, (str, int, float, bool, list, dict))
