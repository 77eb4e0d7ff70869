// One row seen large, below the list: the picture before it, the cutout, its numbers.

const sameShape = (first, second) =>
  Math.abs(
    first.naturalWidth * second.naturalHeight - second.naturalWidth * first.naturalHeight,
  ) <= 0.01 * first.naturalWidth * second.naturalHeight;

function makeDetail(view) {
  const pane = build("section", { class: "cosmat-gallery-detail", "aria-label": "Opened row" });
  pane.hidden = true;
  view.detail = { pane, images: [], position: -1 };
  pane.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    closeDetail(view);
  });
  return pane;
}

/** Ask for the row that is open in the model, or close the pane. */
function followOpened(view) {
  const position = view.model.get("opened_position");
  emptyDetail(view);
  view.detail.position = position;
  if (position >= 0) view.model.send({ kind: "detail", position });
}

function closeDetail(view) {
  view.list.focus();
  change(view.model, { opened_position: -1 });
}

function emptyDetail(view) {
  for (const image of view.detail.images) dropBytes(image);
  view.detail.images = [];
  view.detail.pane.hidden = true;
  view.detail.pane.replaceChildren();
}

function showDetail(view, content, buffer) {
  if (content.position !== view.detail.position) return;
  emptyDetail(view);
  const { pane } = view.detail;
  const name = build("h3", {}, build("bdi", {}, content.key));
  const close = buildButton("Close", {}, () => closeDetail(view));
  const stage = build("div", { class: "cosmat-gallery-stage" });
  const note = build("p", { class: "cosmat-gallery-note", role: "status" });
  const left = build("div", { class: "cosmat-gallery-seen" }, stage, note);
  const right = build("div", { class: "cosmat-gallery-facts" }, ...listFindings(content.badges), tabulate(content));
  const body = build("div", { class: "cosmat-gallery-body" }, left, right);
  pane.append(build("header", {}, name, ...statusOf(content), close), body);
  pane.hidden = false;
  Object.assign(view.detail, { stage, note, left, key: content.key });
  note.textContent = content.note || (content.fetching ? "Fetching the picture before…" : "");
  if (content.picture) showCutout(view, buffer);
  pane.scrollIntoView({ block: "nearest", behavior: isMotionReduced() ? "auto" : "smooth" });
}

const statusOf = ({ status }) =>
  status === "ok" ? [] : [build("span", { class: "cosmat-gallery-badge cosmat-gallery-other" }, status)];

function listFindings(badges) {
  if (!badges.length) return [];
  const items = badges.map(([finding, severity, message, advice]) =>
    build("li", {}, galleryBadge(finding, severity), ` ${message}`, build("small", {}, advice)));
  return [build("ul", {}, ...items)];
}

function tabulate({ numbers }) {
  const rows = numbers.map(([name, value]) =>
    build("tr", {}, build("th", { scope: "row" }, name), build("td", {}, value)));
  const body = build("tbody", {}, ...rows);
  const label = { tabindex: "0", class: "cosmat-gallery-numbers", role: "region", "aria-label": "Numbers of the opened row" };
  return build("div", label, build("table", {}, body));
}

function detailImage(view, words, buffer) {
  const image = build("img", { alt: `${words} ${view.detail.key}`, draggable: "false" });
  view.detail.images.push(image);
  return [image, showBytes(image, buffer)];
}

async function showCutout(view, buffer) {
  const { stage } = view.detail;
  const [image, seen] = detailImage(view, "cutout of", buffer);
  const layer = build("div", { class: "cosmat-gallery-layer" }, image);
  paintBackground(layer, "light");
  stage.append(layer);
  await seen;
}

/** Lay what was before over the cutout, with a slider between; or say what is missing. */
async function showBefore(view, content, before, after) {
  const { stage, note, left, position, images } = view.detail;
  if (content.position !== position || !stage?.isConnected) return;
  note.textContent = content.note;
  if (!content.picture) return;
  for (const image of images.splice(0)) dropBytes(image);
  const [first, firstSeen] = detailImage(view, "before:", before);
  const [second, secondSeen] = detailImage(view, "cutout of", after);
  await Promise.all([firstSeen, secondSeen]);
  if (!stage.isConnected) return;
  const [under, over] = [first, second].map((image) =>
    build("div", { class: "cosmat-gallery-layer" }, image));
  paintBackground(over, "light");
  stage.replaceChildren(under, over);
  if (sameShape(first, second)) left.replaceChildren(stage, makeWipe(view, stage, over), note);
  else stage.classList.add("cosmat-gallery-apart");
}

/** A slider, and a pointer on the picture: how much of the width shows before. */
function makeWipe(view, stage, over) {
  const slider = build("input", {
    type: "range", min: "0", max: "100", value: "50", "aria-label": "Share of before",
  });
  stage.classList.add("cosmat-gallery-wipe");
  const show = () => {
    over.style.clipPath = `inset(0 0 0 ${slider.value}%)`;
    stage.style.setProperty("--cosmat-share", `${slider.value}%`);
    slider.setAttribute("aria-valuetext", `${slider.value} % before`);
  };
  const drag = (event) => {
    const { left, width } = stage.getBoundingClientRect();
    slider.value = String((100 * (event.clientX - left)) / width);
    show();
  };
  slider.addEventListener("input", show);
  followPointer(stage, view.signal, (event) => {
    drag(event);
    return drag;
  });
  show();
  const ends = ["before", "cutout"].map((words) => build("span", { "aria-hidden": "true" }, words));
  return build("div", { class: "cosmat-gallery-slider" }, slider, ...ends);
}
