const GALLERY_GAP = 8;
const GALLERY_LINE = 16;
const GALLERY_REST = 40; // ms without scrolling before rows are asked for
const GALLERY_LOST = 5000; // ms after which a question is asked again
const GALLERY_KEPT = 600; // rows whose pictures a page keeps

/** Measure the list and lay its rows out anew. */
function lay(view) {
  const { model, list } = view;
  const side = model.get("side");
  const lines = lineCount(view);
  const tileHeight = side + 2 * GALLERY_GAP + (2 + lines) * GALLERY_LINE + 12;
  list.style.setProperty("--cosmat-side", `${side}px`);
  list.style.setProperty("--cosmat-lines", Math.max(1, Math.floor((side - 16) / 18)));
  view.space = laySpace({
    count: model.get("shown_count"),
    width: list.clientWidth,
    height: list.clientHeight,
    tileWidth: Math.max(side, 112) + 2 * GALLERY_GAP,
    tileHeight,
    gap: GALLERY_GAP,
  });
  view.tileHeight = tileHeight;
  view.room.style.height = `${view.space.tall}px`;
  view.empty.hidden = view.space.count > 0;
  for (const tile of view.tiles.values()) tile.remove();
  view.tiles.clear();
  draw(view);
}

function lineCount(view) {
  const captions = view.model.get("captions");
  const sort = view.model.get("sort");
  return captions.length + (sort && !captions.includes(sort) ? 1 : 0);
}

/** Show the tiles that are in view, and no others. */
function draw(view) {
  const { space, list } = view;
  const [first, end] = placesOf(space, list.scrollTop);
  for (const [place, tile] of view.tiles) {
    if (place >= first && place < end) continue;
    tile.remove();
    view.tiles.delete(place);
  }
  for (let place = first; place < end; place += 1) {
    const known = view.tiles.get(place);
    const tile = known ?? makeTile(`${view.name}-${place}`);
    const { x, y } = spotOf(space, place, list.scrollTop);
    tile.style.transform = `translate(${x}px, ${y}px)`;
    if (known) continue;
    tile.style.width = `${space.tile}px`;
    tile.style.height = `${view.tileHeight}px`;
    tile.dataset.place = place;
    view.tiles.set(place, tile);
    view.room.append(tile);
    showItem(view, place);
  }
  showFocus(view);
  clearTimeout(view.rest);
  view.rest = setTimeout(() => ask(view), view.items.size ? GALLERY_REST : 0);
}

function showItem(view, place) {
  const tile = view.tiles.get(place);
  if (!tile) return;
  const item = view.items.get(place);
  fillTile(tile, item, lineCount(view));
  tile.setAttribute("aria-label", tileLabel(item));
  tile.setAttribute("aria-posinset", place + 1);
  tile.setAttribute("aria-setsize", view.space.count);
  showSelected(view, place);
}

function showSelected(view, place) {
  const item = view.items.get(place);
  const chosen = item !== undefined && isSelected(view.model.get("selection"), item.position);
  view.tiles.get(place)?.setAttribute("aria-selected", String(chosen));
}

/** Ask for rows that are missing, those in view first; one question at a time. */
function ask(view) {
  if (view.asked || view.signal.aborted) return;
  const { space, list, items } = view;
  const isMissing = (place) => items.get(place)?.pending ?? true;
  const seen = placesBetween(...placesOf(space, list.scrollTop, 0)).filter(isMissing);
  const around = placesBetween(...placesOf(space, list.scrollTop)).filter(isMissing);
  const places = seen.length ? seen : around;
  if (!places.length) return;
  view.asked = setTimeout(() => {
    view.asked = 0;
    ask(view);
  }, GALLERY_LOST);
  const version = view.model.get("version");
  view.model.send({ kind: "range", version, places, asker: view.name });
}

const placesBetween = (first, end) =>
  Array.from({ length: end - first }, (_, step) => first + step);

/** Take an answer: what has been scrolled away since, or sorted, is of no use. */
function takeRows(view, content, buffers) {
  if (content.version !== view.model.get("version")) return;
  // Another view's answer is of use, too; it does not answer this one's question.
  const isOurs = (content.asker ?? view.name) === view.name;
  if (isOurs) {
    clearTimeout(view.asked);
    view.asked = 0;
  }
  const [first, end] = placesOf(view.space, view.list.scrollTop);
  let next = 0;
  for (const item of content.items) {
    const buffer = item.picture ? buffers[next++] : null;
    const known = view.items.get(item.place);
    if (item.place < first || item.place >= end || (known && !known.pending)) continue;
    view.items.set(item.place, { ...item, url: buffer && pictureUrl(buffer) });
    showItem(view, item.place);
  }
  dropFar(view, first, end);
  if (isOurs) ask(view);
}

/** Give back the memory of the rows that are farthest from those in view. */
function dropFar(view, first, end) {
  if (view.items.size <= GALLERY_KEPT) return;
  const middle = (first + end) / 2;
  const far = [...view.items.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
  for (const place of far.slice(0, view.items.size - GALLERY_KEPT)) {
    dropItem(view.items.get(place));
    view.items.delete(place);
  }
}

function dropItem(item) {
  if (item.url) URL.revokeObjectURL(item.url);
}

/** Forget all rows: others stand in their places now. */
function forget(view) {
  for (const item of view.items.values()) dropItem(item);
  view.items.clear();
  clearTimeout(view.asked);
  view.asked = 0;
}

/** Make a place the current one, and scroll until it is seen. */
function moveTo(view, place) {
  view.focus = place;
  if (place === 0) view.anchor = 0;
  view.list.scrollTop = scrollTo(view.space, place, view.list.scrollTop);
  draw(view);
}

function showFocus(view) {
  const { list, tiles, focus } = view;
  for (const [place, tile] of tiles) tile.classList.toggle("cosmat-gallery-current", place === focus);
  const tile = tiles.get(focus);
  if (tile) list.setAttribute("aria-activedescendant", tile.id);
  else list.removeAttribute("aria-activedescendant");
}
