// BeforeAfter: a picture and its cutout, laid over each other.

// What the traits say.

function showPosition(view) {
  const { panes, wipe, shown, line, model } = view;
  const position = model.get("position");
  const text = `${percent(position)} before`;
  wipe.value = position;
  wipe.setAttribute("aria-valuetext", text);
  shown.textContent = text;
  const isWipe = model.get("mode") === "wipe" && view.place !== null;
  const { left, width } = seenPart(view);
  const at = left + width * position;
  const rest = view.stage.clientWidth - at;
  line.hidden = !isWipe;
  line.style.left = `${at}px`;
  panes.before.pane.style.clipPath = isWipe ? `inset(0 ${rest}px 0 0)` : "";
  panes.cutout.pane.style.clipPath = isWipe ? `inset(0 0 0 ${at}px)` : "";
}

/** The part of the stage that the picture takes, left to right. */
function seenPart({ panes, place, picture }) {
  const room = panes.before.pane.clientWidth;
  if (!place) return { left: 0, width: room };
  const left = Math.max(0, place.left);
  const right = Math.min(room, place.left + picture.width * place.scale);
  return { left, width: Math.max(1, right - left) };
}

function showMode(view) {
  const mode = view.model.get("mode");
  view.root.dataset.mode = mode;
  view.bar.mode.show(mode);
  view.wipe.hidden = view.shown.hidden = mode !== "wipe";
  view.blink.hidden = mode !== "blink";
  setPlaying(view, mode === "blink" && !isMotionReduced());
  sizeStage(view);
}

function showWhat(view) {
  const what = view.model.get("view");
  const { image, canvas, tag } = view.panes.cutout;
  const isMatte = what === "matte";
  if (isMatte && image.naturalWidth) drawMatte(canvas, image);
  image.hidden = isMatte;
  canvas.hidden = !isMatte;
  tag.textContent = what;
  view.bar.what.show(what);
  showSeen(view);
}

function showBackground(view) {
  const name = view.model.get("background");
  const { behind, color } = view.bar;
  for (const { frame } of Object.values(view.panes)) {
    paintBackground(frame, name, view.backdropUrl);
  }
  behind.show(name);
  const isColor = name.startsWith("#");
  color.classList.toggle("cosmat-ba-chosen", isColor);
  if (isColor) color.value = name;
}

function showBackdrop(view) {
  const bytes = view.model.get("_backdrop");
  if (view.backdropUrl) URL.revokeObjectURL(view.backdropUrl);
  const url = bytes?.byteLength ? pictureUrl(bytes) : null;
  view.backdropUrl = url;
  const button = view.bar.behind.buttons.get("picture");
  button.hidden = !url;
  paintBackground(button, "picture", url);
  showBackground(view);
}

async function showPicture(view, name) {
  const { image } = view.panes[name];
  const bytes = view.model.get(`_${name}`);
  const isSeen = await showBytes(image, bytes);
  if (isSeen && name === "cutout") {
    const { naturalWidth: width, naturalHeight: height } = image;
    const isOther = view.picture?.width !== width || view.picture?.height !== height;
    view.picture = { width, height };
    view.isFitted ||= isOther;
    showWhat(view);
    sizeStage(view);
  }
}

function showFacts(view) {
  const { place } = view.model.get("_facts");
  const { before, cutout } = view.panes;
  const name = place || "a picture";
  before.image.alt = `before: ${name}`;
  cutout.image.alt = `cutout of ${name}`;
  cutout.canvas.setAttribute("aria-label", `alpha matte of ${name}`);
  view.root.setAttribute("aria-label", `Before and after: ${name}`);
  showStatus(view);
}

function showStatus(view) {
  const { place, note, height, width } = view.model.get("_facts");
  const { picture } = view;
  const full = Math.max(height, width);
  const sent = picture ? Math.max(picture.height, picture.width) : full;
  const parts = [place, sent < full ? `${sent} of ${full} px` : "", note];
  const text = parts.filter(Boolean).join(" · ");
  if (view.status.textContent !== text) view.status.textContent = text;
}

/** Tell those who do not see it what a key or a button has changed. */
function say(view, name) {
  const value = view.model.get(name);
  const words = { ...BOARDS, picture: PICTURE, ...MODES, ...VIEWS };
  view.said.textContent = `${name}: ${words[value] ?? value}`.toLowerCase();
}

// Keys.

function cycle(view, name, values) {
  change(view.model, { [name]: nextOf(values, view.model.get(name)) });
  say(view, name);
}

function backgroundsOf(view) {
  const names = Object.keys(BOARDS);
  return view.backdropUrl ? [...names, "picture"] : names;
}

const ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

const KEYS = {
  m: (view) => cycle(view, "mode", Object.keys(MODES)),
  v: (view) => cycle(view, "view", Object.keys(VIEWS)),
  b: (view) => cycle(view, "background", backgroundsOf(view)),
  "+": (view) => zoomBy(view, ZOOM_STEP),
  "=": (view) => zoomBy(view, ZOOM_STEP),
  "-": (view) => zoomBy(view, 1 / ZOOM_STEP),
  0: fitAll,
  1: (view) => zoomTo(view, pixelScale()),
  " ": startOrBlink,
  Home: (view) => moveWipe(view, -1),
  End: (view) => moveWipe(view, 1),
  PageDown: (view) => moveWipe(view, -0.1),
  PageUp: (view) => moveWipe(view, 0.1),
};

function startOrBlink(view) {
  if (view.model.get("mode") === "blink") return blink(view);
  change(view.model, { mode: "blink" });
  say(view, "mode");
}

/** Take a key; whether it was one of ours. */
function takeKey(view, key, event) {
  const arrow = ARROWS[key];
  if (arrow) {
    takeArrow(view, arrow, event.shiftKey);
    return true;
  }
  const act = KEYS[key.toLowerCase()] ?? KEYS[key];
  act?.(view);
  return act !== undefined;
}

function takeArrow(view, [right, down], isPan) {
  if (isPan || view.model.get("mode") !== "wipe") {
    panBy(view, -right * PAN_STEP, -down * PAN_STEP);
  } else {
    moveWipe(view, (right - down) / 100);
  }
}

function moveWipe(view, step) {
  if (view.model.get("mode") !== "wipe") return;
  const position = clamp(view.model.get("position") + step, 0, 1);
  change(view.model, { position: Math.round(position * 1000) / 1000 });
}

// A view's life.

function obey(view) {
  const { model, life } = view;
  follow(model, ["_facts"], life, () => showFacts(view));
  follow(model, ["view"], life, () => showWhat(view));
  follow(model, ["_backdrop"], life, () => showBackdrop(view));
  follow(model, ["background"], life, () => showBackground(view));
  follow(model, ["mode"], life, () => showMode(view));
  follow(model, ["position"], life, () => showPosition(view));
  follow(model, ["_before"], life, () => showPicture(view, "before"));
  follow(model, ["_cutout"], life, () => showPicture(view, "cutout"));
}

function listen(view) {
  const { stage, root, life } = view;
  keepKeys(root, life, (key, event) => takeKey(view, key, event));
  followPointer(stage, life, (event) => startDrag(view, event));
  const wheel = (event) => zoomByWheel(view, event);
  stage.addEventListener("wheel", wheel, { signal: life, passive: false });
  const motion = matchMedia("(prefers-reduced-motion: reduce)");
  motion.addEventListener("change", () => showMode(view), { signal: life });
  const observer = new ResizeObserver(() => layAll(view));
  observer.observe(view.panes.before.pane);
  life.addEventListener("abort", () => observer.disconnect());
}

function close(view) {
  clearInterval(view.timer);
  for (const { image } of Object.values(view.panes)) dropBytes(image);
  if (view.backdropUrl) URL.revokeObjectURL(view.backdropUrl);
  view.root.remove();
}

function render({ model, el }) {
  const life = new AbortController();
  const view = makeView(model, life.signal);
  el.append(view.root);
  obey(view);
  listen(view);
  return () => {
    life.abort();
    close(view);
  };
}

export default { render };
