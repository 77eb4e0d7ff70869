/** Write a count with thin spaces between its thousands. */
const grouped = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, "\u202f");

function galleryBadge(finding, severity) {
  const known = ["high", "medium", "low"].includes(severity) ? severity : "other";
  return build(
    "span",
    { class: `cosmat-gallery-badge cosmat-gallery-${known}` },
    build("span", { class: "cosmat-gallery-severity" }, severity),
    ` ${finding}`,
  );
}

/** Whether a row of the frame is selected, by a bit each. */
function isSelected(selection, position) {
  const byte = position >> 3;
  if (!selection || byte >= selection.byteLength) return false;
  return ((selection.getUint8(byte) >> (position & 7)) & 1) === 1;
}

function countSelected(selection) {
  let count = 0;
  for (let byte = 0; byte < (selection?.byteLength ?? 0); byte += 1) {
    for (let rest = selection.getUint8(byte); rest; rest &= rest - 1) count += 1;
  }
  return count;
}

function makeTile(id) {
  const attributes = { id, class: "cosmat-gallery-tile", role: "option" };
  return build("div", { ...attributes, "aria-selected": "false" });
}

/** Fill a tile with what is known of its row; without it, say that it comes. */
function fillTile(tile, item, lines) {
  const picture = build("div", { class: "cosmat-gallery-picture" });
  const body = build("div", { class: "cosmat-gallery-words" });
  tile.replaceChildren(picture, body);
  tile.dataset.state = item ? (item.pending ? "pending" : "here") : "empty";
  if (!item) return;
  if (item.url) {
    const alt = `cutout of ${item.key}`;
    picture.append(build("img", { src: item.url, alt, draggable: "false" }));
  } else if (item.note) {
    picture.append(build("p", { title: item.note }, item.note));
  }
  body.append(tileName(item), tileBadges(item));
  for (const [name, value] of item.captions.slice(0, lines)) {
    body.append(
      build(
        "div",
        { class: "cosmat-gallery-caption" },
        build("span", { title: name }, name),
        build("span", { title: value }, value),
      ),
    );
  }
}

function tileName(item) {
  // Isolated, so that marks of direction in one key do not turn its neighbours.
  const name = build("bdi", {}, item.key);
  return build("div", { class: "cosmat-gallery-key", title: item.key }, name);
}

function tileBadges(item) {
  const box = build("div", { class: "cosmat-gallery-badges" });
  if (item.status !== "ok") {
    const attributes = { class: "cosmat-gallery-badge cosmat-gallery-other" };
    box.append(build("span", attributes, item.status));
  }
  const [first, ...others] = item.badges;
  if (first) box.append(galleryBadge(first[0], first[1]));
  if (others.length) {
    const names = others.map(([finding, severity]) => `${severity} ${finding}`);
    const attributes = { class: "cosmat-gallery-more", title: names.join(", ") };
    box.append(build("span", attributes, `+${others.length}`));
  }
  return box;
}

/** What a screen reader says of a row. */
function tileLabel(item) {
  if (!item) return "being fetched";
  const badges = item.badges.map(([finding, severity]) => `${severity}: ${finding}`);
  const numbers = item.captions.map(([name, value]) => `${name} ${value}`);
  return [item.key, item.status, item.note, ...badges, ...numbers]
    .filter(Boolean)
    .join(", ");
}
