function render({ model, el }) {
  const ending = new AbortController();
  const view = {
    model,
    signal: ending.signal,
    name: `cosmat-gallery-${Math.random().toString(36).slice(2)}`,
    items: new Map(),
    tiles: new Map(),
    focus: 0,
    anchor: 0,
    asked: 0,
  };
  const root = buildGallery(view);
  el.append(root);
  keepKeys(root, view.signal, () => false);
  listenToModel(view);
  const watch = new ResizeObserver(() => lay(view));
  watch.observe(view.list);
  lay(view);
  return () => {
    ending.abort();
    watch.disconnect();
    for (const timer of [view.asked, view.rest]) clearTimeout(timer);
    cancelAnimationFrame(view.frame);
    forget(view);
    emptyDetail(view);
    root.remove();
  };
}

function buildGallery(view) {
  view.space = null;
  view.room = build("div", { class: "cosmat-gallery-room", role: "presentation" });
  view.list = build(
    "div",
    {
      class: "cosmat-gallery-list",
      role: "listbox",
      tabindex: "0",
      "aria-label": "Cutouts",
      "aria-multiselectable": "true",
    },
    view.room,
  );
  view.told = build("p", { class: "cosmat-gallery-told", role: "status", "aria-live": "polite" });
  view.wrong = build("p", { class: "cosmat-gallery-wrong", role: "alert" });
  view.empty = build("p", { class: "cosmat-gallery-empty" }, "No row passes the filters.");
  listenToList(view);
  const hint = "arrows move · space selects · shift extends · enter opens";
  const bar = build(
    "div",
    { class: "cosmat-gallery-bar" },
    view.told,
    build("span", { class: "cosmat-gallery-hint" }, hint),
    buildButton("Select all shown", {}, () => select(view, { how: "all" })),
    buildButton("Select none", {}, () => select(view, { how: "none" })),
    buildButton("Open", {}, () => open(view, view.focus)),
  );
  const frame = build("div", { class: "cosmat-gallery-frame" }, view.list, view.empty);
  return build("div", { class: "cosmat-ui cosmat-gallery" }, makeTools(view), bar, view.wrong, frame, makeDetail(view));
}

function listenToModel(view) {
  const { model, signal } = view;
  const receive = (content, buffers) => {
    if (content.kind === "range") takeRows(view, content, buffers);
    if (content.kind === "detail") showDetail(view, content, buffers[0]);
    if (content.kind === "before") showBefore(view, content, buffers[0], buffers[1]);
  };
  model.on("msg:custom", receive);
  signal.addEventListener("abort", () => model.off("msg:custom", receive));
  const renew = () => {
    forget(view);
    lay(view);
    moveTo(view, 0);
  };
  model.on("change:version", renew);
  signal.addEventListener("abort", () => model.off("change:version", renew));
  follow(model, ["version", "shown_count", "selection"], signal, () => tell(view));
  follow(model, ["opened_position"], signal, () => followOpened(view));
  follow(model, ["message"], signal, () => {
    view.wrong.textContent = model.get("message");
  });
}

function tell(view) {
  const { model } = view;
  const chosen = countSelected(model.get("selection"));
  const counts = [model.get("shown_count"), model.get("total"), chosen].map(grouped);
  view.told.textContent = `${counts[0]} of ${counts[1]} shown, ${counts[2]} selected`;
  for (const place of view.tiles.keys()) showSelected(view, place);
}

function listenToList(view) {
  const { list } = view;
  list.addEventListener("scroll", () => {
    cancelAnimationFrame(view.frame);
    view.frame = requestAnimationFrame(() => draw(view));
  });
  list.addEventListener("click", (event) => clickTile(view, event));
  list.addEventListener("dblclick", (event) => {
    const place = placeAt(event);
    if (place !== null) open(view, place);
  });
  list.addEventListener("keydown", (event) => {
    if (!pressKey(view, event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

function placeAt(event) {
  const tile = event.target.closest(".cosmat-gallery-tile");
  return tile && Number(tile.dataset.place);
}

function clickTile(view, event) {
  const place = placeAt(event);
  if (place === null) return;
  const add = event.ctrlKey || event.metaKey;
  if (event.shiftKey) select(view, { how: "span", place, anchor: view.anchor, add });
  else if (add) select(view, { how: "toggle", place });
  else select(view, { how: "span", place, anchor: place });
  if (!event.shiftKey) view.anchor = place;
  moveTo(view, place);
}

/** Act on a key, and return whether it was one of ours. */
function pressKey(view, event) {
  const { focus: place, space } = view;
  const jump = space.columns * Math.max(1, space.inView - 2);
  const steps = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: space.columns,
    ArrowUp: -space.columns,
    PageDown: jump,
    PageUp: -jump,
    Home: -place,
    End: space.count - 1 - place,
  };
  if (event.altKey) return false;
  if (event.key in steps) stepBy(view, steps[event.key], event.shiftKey);
  else if (event.key === " ") toggle(view);
  else if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey) open(view, place);
  else if (event.key === "a" && (event.ctrlKey || event.metaKey)) select(view, { how: "all" });
  else return false;
  return true;
}

function stepBy(view, step, extending) {
  const place = between(0, view.focus + step, Math.max(0, view.space.count - 1));
  if (extending) select(view, { how: "span", place, anchor: view.anchor });
  else view.anchor = place;
  moveTo(view, place);
}

function toggle(view) {
  view.anchor = view.focus;
  select(view, { how: "toggle", place: view.focus });
}

function select(view, content) {
  if (!view.space.count && content.how !== "none") return;
  view.model.send({ kind: "select", version: view.model.get("version"), ...content });
}

function open(view, place) {
  const item = view.items.get(place);
  if (item) change(view.model, { opened_position: item.position });
}

export default { render };
