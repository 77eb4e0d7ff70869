// How BeforeAfter zooms, pans, wipes by a pointer, and blinks.

/** Give the stage the picture's shape, then place the picture on it. */
function sizeStage(view) {
  const { picture, stage, panes, model } = view;
  if (!picture) return;
  const isBeside = model.get("mode") === "side by side";
  const shape = clamp(picture.width / picture.height, 0.5, 4);
  const natural = Math.max(picture.width, MIN_WIDTH);
  const width = Math.max(MIN_WIDTH / 2, Math.min(natural, MAX_HEIGHT * shape));
  const most = isBeside ? 2 * width + 4 : width;
  stage.style.maxWidth = view.foot.style.maxWidth = `${most}px`;
  for (const { pane } of Object.values(panes)) pane.style.aspectRatio = shape;
  layAll(view);
}

function layAll(view) {
  const { picture, panes } = view;
  const room = sizeOf(panes.before.pane);
  if (!picture || !room.width || !room.height) return;
  const place = view.isFitted ? fitPlace(room, picture) : view.place;
  view.place = boundPlace(place, room, picture);
  const { scale } = view.place;
  const fitted = fitPlace(room, picture).scale;
  for (const { frame } of Object.values(panes)) layElement(frame, view.place, picture);
  view.root.classList.toggle("cosmat-ba-magnified", scale > pixelScale() * 1.001);
  view.root.classList.toggle("cosmat-ba-movable", scale > fitted * 1.001);
  view.bar.zoom.shown.textContent = percent(scale / pixelScale());
  showPosition(view);
  showStatus(view);
}

/** CSS px of a pixel when each takes one of the screen's. */
const pixelScale = () => 1 / (window.devicePixelRatio || 1);

function fitAll(view) {
  view.isFitted = true;
  layAll(view);
  sayZoom(view);
}

function zoomTo(view, scale, point = null) {
  const { picture, panes, place } = view;
  if (!place) return;
  const room = sizeOf(panes.before.pane);
  const lowest = Math.min(fitPlace(room, picture).scale, pixelScale());
  const wanted = clamp(scale, lowest, MAX_SCALE * pixelScale());
  const middle = { left: room.width / 2, top: room.height / 2 };
  view.place = zoomPlace(place, wanted, point ?? middle);
  view.isFitted = false;
  layAll(view);
  sayZoom(view);
}

function zoomBy(view, factor, point = null) {
  if (view.place) zoomTo(view, view.place.scale * factor, point);
}

function sayZoom(view) {
  view.said.textContent = `zoom: ${view.bar.zoom.shown.textContent}`;
}

function panBy(view, left, top) {
  const { place } = view;
  if (!place) return;
  view.place = { scale: place.scale, left: place.left + left, top: place.top + top };
  view.isFitted &&= !isMovable(view);
  layAll(view);
}

const isMovable = (view) => view.root.classList.contains("cosmat-ba-movable");

/** Where an event happened on its pane, CSS px. */
function pointOf(view, event) {
  const panes = Object.values(view.panes).map(({ pane }) => pane);
  const boxes = panes.map((pane) => pane.getBoundingClientRect());
  const box = event.clientX < boxes[1].left ? boxes[0] : boxes[1];
  return { left: event.clientX - box.left, top: event.clientY - box.top };
}

function startDrag(view, event) {
  const { model, line, stage } = view;
  const isWipe = model.get("mode") === "wipe";
  stage.focus({ preventScroll: true });
  if (isWipe && (event.target === line || !isMovable(view))) {
    dragWipe(view, event);
    return (moved) => dragWipe(view, moved);
  }
  if (!isMovable(view)) return null;
  let { clientX, clientY } = event;
  return (moved) => {
    panBy(view, moved.clientX - clientX, moved.clientY - clientY);
    ({ clientX, clientY } = moved);
  };
}

function dragWipe(view, event) {
  const { left, width } = seenPart(view);
  const share = (pointOf(view, event).left - left) / width;
  change(view.model, { position: Math.round(clamp(share, 0, 1) * 1000) / 1000 });
}

function zoomByWheel(view, event) {
  if (!event.ctrlKey) return;
  event.preventDefault();
  zoomBy(view, Math.exp(-event.deltaY / 300), pointOf(view, event));
}

// Blinking: by itself, or at each press where motion is unwelcome.

function blink(view) {
  if (isMotionReduced()) {
    view.seen = view.seen === "before" ? "cutout" : "before";
    showSeen(view);
  } else {
    setPlaying(view, !view.isPlaying);
  }
}

function setPlaying(view, isPlaying) {
  clearInterval(view.timer);
  view.isPlaying = isPlaying;
  if (isPlaying) {
    view.timer = setInterval(() => {
      view.seen = view.seen === "before" ? "cutout" : "before";
      showSeen(view);
    }, BLINK_MS);
  }
  showSeen(view);
}

function showSeen(view) {
  const { model, panes, seen, isPlaying } = view;
  const isBlink = model.get("mode") === "blink";
  for (const [name, { pane }] of Object.entries(panes)) {
    pane.style.visibility = isBlink && name !== seen ? "hidden" : "";
  }
  const other = seen === "before" ? model.get("view") : "before";
  const still = isMotionReduced() ? `Show ${other}` : "Blink";
  view.blink.textContent = isPlaying ? "Pause" : still;
}
