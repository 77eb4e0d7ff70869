// The elements of BeforeAfter.

const MODES = { wipe: "Wipe", "side by side": "Side by side", blink: "Blink" };
const VIEWS = { cutout: "Cutout", matte: "Matte" };
const BOARDS = {
  light: "Light checkerboard",
  dark: "Dark checkerboard",
  white: "White",
  black: "Black",
};
const PICTURE = "Picture behind";
const ZOOM_STEP = 1.25;
const MAX_SCALE = 32;
const PAN_STEP = 40;
const BLINK_MS = 700;
const MAX_HEIGHT = 480;
const MIN_WIDTH = 280;
const HINT =
  "Arrows move the wipe. Plus, minus, 0 and 1 zoom. Shift and arrows pan. " +
  "m changes the mode, v the view, b the background. Space blinks.";

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const nextOf = (values, value) => values[(values.indexOf(value) + 1) % values.length];
const percent = (share) => `${Math.round(share * 100)} %`;
const sizeOf = (element) => ({
  width: element.clientWidth,
  height: element.clientHeight,
});

/** A view: its elements, and the state that it shares with no other. */
function makeView(model, life) {
  const view = {
    model,
    life,
    panes: { before: buildPane("before"), cutout: buildPane("cutout") },
    picture: null,
    place: null,
    isFitted: true,
    isPlaying: false,
    seen: "before",
    backdropUrl: null,
    timer: null,
  };
  const { before, cutout } = view.panes;
  view.line = build("div", { class: "cosmat-ba-line", "aria-hidden": "true" });
  view.stage = build(
    "div",
    { class: "cosmat-ba-stage", tabindex: 0, role: "group", "aria-label": HINT },
    before.pane,
    cutout.pane,
    view.line,
  );
  view.bar = buildBar(view);
  view.wipe = buildWipe(view);
  view.shown = build("span");
  view.blink = buildButton("Pause", { class: "cosmat-ba-blink" }, () => blink(view));
  view.status = build("p", { class: "cosmat-ba-status", role: "status" });
  view.said = build("p", { class: "cosmat-ba-said", role: "status" });
  view.foot = build("div", { class: "cosmat-ba-foot" }, view.wipe, view.blink);
  view.root = build(
    "div",
    { class: "cosmat-ui cosmat-ba", role: "group" },
    view.bar.element,
    view.stage,
    view.foot,
    build("div", { class: "cosmat-ba-notes" }, view.shown, view.status),
    view.said,
  );
  return view;
}

/** One side: what lies behind, the picture on it, and its name in the corner. */
function buildPane(name) {
  const image = build("img", { draggable: "false", alt: "" });
  const canvas = build("canvas", { role: "img", hidden: true });
  const frame = build("div", { class: "cosmat-ba-frame" }, image, canvas);
  const tag = build("span", { class: "cosmat-ba-tag", "aria-hidden": "true" }, name);
  const pane = build("div", { class: `cosmat-ba-pane cosmat-ba-${name}` }, frame, tag);
  return { pane, frame, image, canvas, tag };
}

function buildBar(view) {
  const { model } = view;
  const choose = (name) => (value) => {
    change(model, { [name]: value });
    say(view, name);
  };
  const mode = buildChoice("Mode", Object.entries(MODES), choose("mode"));
  const what = buildChoice("Show", Object.entries(VIEWS), choose("view"));
  const swatches = [...Object.entries(BOARDS), ["picture", PICTURE]].map(
    ([name, label]) => [name, "", { "aria-label": label, title: label }],
  );
  const behind = buildChoice("Background", swatches, choose("background"));
  for (const [name, button] of behind.buttons) paintBackground(button, name, null);
  const color = buildColor(choose("background"));
  behind.group.append(color);
  behind.group.classList.add("cosmat-ba-swatches");
  const zoom = buildZoom(view);
  const element = build(
    "div",
    { class: "cosmat-ba-bar" },
    mode.group,
    what.group,
    behind.group,
    zoom.group,
  );
  return { element, mode, what, behind, color, zoom };
}

function buildColor(choose) {
  const label = "Background of any colour";
  const color = build("input", { type: "color", "aria-label": label, title: label });
  color.value = "#808080";
  color.addEventListener("input", () => choose(color.value));
  return color;
}

function buildZoom(view) {
  const button = (text, label, act) =>
    buildButton(text, { "aria-label": label, title: label }, act);
  const fit = button("Fit", "Fit (0)", () => fitAll(view));
  const pixels = button("1:1", "1:1 pixels (1)", () => zoomTo(view, pixelScale()));
  const shown = build("span");
  const group = build(
    "div",
    { role: "group", "aria-label": "Zoom", class: "cosmat-ba-zoom" },
    button("−", "Zoom out (−)", () => zoomBy(view, 1 / ZOOM_STEP)),
    shown,
    button("+", "Zoom in (+)", () => zoomBy(view, ZOOM_STEP)),
    fit,
    pixels,
  );
  return { group, shown };
}

function buildWipe(view) {
  const range = build("input", {
    type: "range",
    min: 0,
    max: 1,
    step: 0.01,
    "aria-label": "Wipe between before and cutout",
  });
  range.addEventListener("input", () =>
    change(view.model, { position: Number(range.value) }),
  );
  return range;
}
