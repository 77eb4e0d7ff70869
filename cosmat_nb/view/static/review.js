const VERDICTS = [["keep", "k"], ["reject", "x"], ["redo", "r"]];
const VIEWS = [["all", "1"], ["before", "2"], ["cutout", "3"], ["matte", "4"]];
const BACKGROUNDS = ["light", "dark", "white", "black"];
const NAMES = { before: "Before", cutout: "Cutout", matte: "Matte" };
const AHEAD = 2;
const NEAR = 4;
const PATIENCE = 4000;
const WIDE = 1.2;
const SILENCE =
  "Not saved yet: the kernel does not answer. " +
  "Restart it and run the cell again; all before is saved.";

/** Name the key that presses a button. */
function makeKey(key) {
  return build("kbd", { "aria-hidden": "true" }, key);
}

function makeButton(label, key, shortcut, act) {
  const attributes = { class: "cosmat-review-step", "aria-keyshortcuts": shortcut };
  const button = buildButton(label, attributes, act);
  button.append(makeKey(key));
  return button;
}

/** A group of buttons of which one is pressed, each with its key on it. */
function makeChoice(label, group, choices, choose) {
  const choice = buildChoice(label, choices, choose);
  choice.group.className = `cosmat-review-${group}`;
  for (const button of choice.buttons.values()) {
    const key = button.getAttribute("aria-keyshortcuts");
    if (key) button.append(makeKey(key));
  }
  return choice;
}

/** Turn the pictures of a message into object URLs. */
function makeUrls(pictures, buffers) {
  return pictures.map(([name, width, height], i) => ({
    name,
    width,
    height,
    url: pictureUrl(buffers[i]),
  }));
}

function makeFigure(name, row) {
  const picture = row.pictures.find((each) => each.name === name);
  const box = build("div", { class: "cosmat-review-box" });
  if (picture) {
    const alt = name === "before" ? `before: ${row.key}` : `${name} of ${row.key}`;
    const image = build("img", { alt, src: picture.url, draggable: "false" });
    image.style.setProperty("--cosmat-ratio", `${picture.width / picture.height}`);
    box.append(image);
  } else {
    box.append(build("p", { class: "cosmat-review-reason" }, row.reasons[name]));
  }
  const caption = build("figcaption", {}, NAMES[name]);
  return build("figure", { class: `cosmat-review-${name}` }, caption, box);
}

function makeNumbers(numbers) {
  const pairs = numbers.map(([name, value]) =>
    build("div", {}, build("dt", {}, name.replaceAll("_", " ")), build("dd", {}, value)));
  return build("dl", { class: "cosmat-review-numbers" }, ...pairs);
}

function makeFindings(findings) {
  const items = findings.map(([name, severity, message]) =>
    build("li", { class: `cosmat-review-${severity}` }, build("strong", {}, name), ` ${message}`));
  return build("ul", { class: "cosmat-review-findings" }, ...items);
}

function isUndo(event) {
  return (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === "z";
}

/** The elements of one view that stay; what changes with the row is filled in. */
function layOut(act) {
  const part = (name, tag = "div", attributes = {}) =>
    build(tag, { class: `cosmat-review-${name}`, ...attributes });
  const parts = {
    ...makeChoices(act),
    bars: VERDICTS.map(([name]) => part(name, "span")),
    counts: part("counts", "span"),
    place: part("place", "span"),
    key: part("key", "bdi"),
    badge: part("badge", "span"),
    stage: part("stage"),
    facts: part("facts"),
    note: makeNote(),
    alarm: part("alarm", "p", { role: "alert" }),
    status: part("status", "p", { role: "status" }),
  };
  return { root: assemble(parts, makeSteps(act), part), ...parts };
}

function makeChoices(act) {
  const capital = (name) => name[0].toUpperCase() + name.slice(1);
  const choicesOf = (names, attributesOf) => names.map(([name, key]) =>
    [name, capital(name), { "aria-keyshortcuts": key, ...attributesOf(name) }]);
  const verdicts = choicesOf(VERDICTS, (name) =>
    ({ class: "cosmat-review-verdict", "data-verdict": name }));
  const views = choicesOf(VIEWS, () => ({ class: "cosmat-review-choice" }));
  const backgrounds = BACKGROUNDS.map((name) => {
    const label = `${name} background`;
    const words = { title: label, "aria-label": label };
    return [name, "", { class: "cosmat-review-swatch", "data-background": name, ...words }];
  });
  return {
    verdicts: makeChoice("Verdict", "verdicts", verdicts, act.decide),
    views: makeChoice("Pictures shown", "choices", views, act.look),
    backgrounds: makeChoice("Background of the cutout", "swatches", backgrounds, act.paint),
  };
}

function makeNote() {
  return build("input", {
    type: "text",
    maxlength: 2000,
    autocomplete: "off",
    dir: "auto",
    placeholder: "why; Enter saves",
  });
}

function makeSteps(act) {
  const open = makeButton("Next open", "j", "J", act.jump);
  open.title = "next picture without a verdict";
  const group = { class: "cosmat-review-steps", role: "group", "aria-label": "Go" };
  return build(
    "div",
    group,
    makeButton("Previous", "←", "ArrowLeft", () => act.step(-1)),
    makeButton("Next", "→", "ArrowRight", () => act.step(1)),
    open,
    makeButton("Undo", "u", "U Control+Z", act.undo),
  );
}

function assemble(parts, steps, part) {
  const fill = (element, ...children) => {
    element.append(...children);
    return element;
  };
  const { counts, place, key, badge, stage, facts, alarm, status } = parts;
  const words = build("span", {}, "Note", makeKey("n"));
  const hint = fill(part("hint", "span"), "Click here or tab in to decide by keys.");
  const bar = fill(part("bar", "div", { "aria-hidden": "true" }), ...parts.bars);
  parts.backgrounds.group.append(makeKey("b"));
  const label = { tabindex: 0, role: "group", "aria-label": "Review of cutouts" };
  return build(
    "div",
    { class: "cosmat-review", ...label },
    build("header", {}, build("div", {}, counts, place), bar),
    fill(part("title"), key, badge),
    stage,
    fill(part("looks"), parts.views.group, parts.backgrounds.group),
    facts,
    fill(part("acts"), parts.verdicts.group, fill(part("note", "label"), words, parts.note), steps),
    build("footer", {}, alarm, status, hint),
  );
}

/** Rows that the page has, or has asked for. */
class Rows {
  constructor() {
    this.known = new Map();
    this.asked = new Set();
  }

  get(place) {
    return this.known.get(place);
  }

  keep(row, buffers) {
    this.drop(row.place);
    this.known.set(row.place, { ...row, pictures: makeUrls(row.pictures, buffers) });
    this.asked.delete(row.place);
  }

  drop(place) {
    for (const { url } of this.known.get(place)?.pictures ?? []) URL.revokeObjectURL(url);
    this.known.delete(place);
  }

  /** Forget what is far from a place, and return what is missing near it. */
  around(place, total) {
    const isFar = (each) => Math.abs(each - place) > NEAR;
    for (const each of [...this.known.keys()].filter(isFar)) this.drop(each);
    for (const each of [...this.asked].filter(isFar)) this.asked.delete(each);
    const near = Array.from({ length: AHEAD + 1 }, (_, i) => place + i);
    const missing = near.filter(
      (each) => each < total && !this.known.has(each) && !this.asked.has(each));
    for (const each of missing) this.asked.add(each);
    return missing;
  }

  clear() {
    for (const place of [...this.known.keys()]) this.drop(place);
  }
}

function showProgress(view, model) {
  const counts = model.get("progress");
  const total = model.get("total");
  const values = VERDICTS.map(([name]) => counts[name] ?? 0);
  const words = VERDICTS.map(([name], i) => `${values[i]} ${name}`).join(", ");
  const decided = values.reduce((sum, each) => sum + each, 0);
  view.counts.textContent = `${decided} of ${total} decided: ${words}`;
  view.bars.forEach((bar, i) => {
    bar.style.width = `${(100 * values[i]) / Math.max(total, 1)}%`;
  });
}

function showPlace(view, model) {
  view.place.textContent = `picture ${model.get("position") + 1} of ${model.get("total")}`;
}

function showLooks(view, model) {
  for (const name of ["view", "background"]) {
    view[`${name}s`].show(model.get(name));
    view.root.dataset[name] = model.get(name);
  }
}

function showMessage(view, model) {
  view.alarm.textContent = model.get("message");
}

/** Show a row's verdict; a note that somebody is writing stays. */
function showVerdict(view, row, shown) {
  const verdict = row?.verdict ?? "";
  view.verdicts.show(verdict);
  view.badge.textContent = verdict || (row ? "no verdict" : "");
  view.badge.dataset.verdict = verdict;
  const note = row?.note ?? "";
  if (shown.place !== row?.place || view.note.value === shown.note) view.note.value = note;
  Object.assign(shown, { place: row?.place, note });
}

function showRow(view, row) {
  view.root.toggleAttribute("data-loading", !row);
  view.stage.setAttribute("aria-busy", `${!row}`);
  if (!row) return;
  const has = (name) => name in row.reasons || row.pictures.some((each) => each.name === name);
  const names = Object.keys(NAMES).filter(has);
  view.key.textContent = row.key;
  view.stage.replaceChildren(...names.map((name) => makeFigure(name, row)));
  const cutout = row.pictures.find((each) => each.name === "cutout");
  const isWide = names.length === 3 && cutout && cutout.width >= WIDE * cutout.height;
  view.root.dataset.shape = isWide ? "wide" : "tall";
  for (const [name, button] of view.views.buttons) {
    button.hidden = name !== "all" && !names.includes(name);
  }
  view.facts.replaceChildren(makeNumbers(row.numbers), makeFindings(row.findings));
}

function render({ model, el }) {
  const ending = new AbortController();
  const { signal } = ending;
  const rows = new Rows();
  const shown = { place: undefined, note: "" };
  let waiting = null;

  const place = () => model.get("position");
  const tell = (text) => {
    view.status.textContent = text;
  };
  const settle = () => {
    clearTimeout(waiting);
    waiting = null;
    view.root.removeAttribute("data-waiting");
  };
  const act = {
    decide(verdict) {
      if (waiting !== null || !rows.get(place())) return;
      view.root.dataset.waiting = verdict;
      tell("Saving…");
      waiting = setTimeout(() => tell(SILENCE), PATIENCE);
      model.send({ kind: "decide", place: place(), verdict, note: view.note.value });
    },
    step(by) {
      const next = place() + by;
      if (next >= 0 && next < model.get("total")) change(model, { position: next });
      else tell(by < 0 ? "This is the first picture." : "This is the last picture.");
    },
    jump: () => model.send({ kind: "jump" }),
    undo: () => model.send({ kind: "undo" }),
    look: (name) => change(model, { view: name }),
    paint: (name) => change(model, { background: name }),
    turn() {
      const now = BACKGROUNDS.indexOf(model.get("background"));
      act.paint(BACKGROUNDS[(now + 1) % BACKGROUNDS.length]);
    },
  };
  const view = layOut(act);

  const keys = {
    ...Object.fromEntries(VERDICTS.map(([name, key]) => [key, () => act.decide(name)])),
    ...Object.fromEntries(VIEWS.map(([name, key]) => [key, () => act.look(name)])),
    ArrowLeft: () => act.step(-1),
    ArrowRight: () => act.step(1),
    j: act.jump,
    u: act.undo,
    b: act.turn,
    n: () => view.note.focus(),
  };
  const onKey = (key, event) => {
    const press = keys[key.length === 1 ? key.toLowerCase() : key];
    // A key that is held down must not decide what nobody has seen.
    if (press && (!event.repeat || key.startsWith("Arrow"))) press();
    return press !== undefined;
  };
  const onUndo = (event) => {
    if (!isUndo(event)) return;
    event.stopPropagation();
    event.preventDefault();
    if (!event.repeat) act.undo();
  };
  const onNoteKey = (event) => {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Escape") view.note.value = shown.note;
    if (event.key === "Escape" || event.key === "Enter") {
      event.preventDefault();
      view.root.focus();
    }
  };
  const onNote = () => {
    if (shown.place === undefined || view.note.value === shown.note) return;
    model.send({ kind: "note", place: shown.place, note: view.note.value });
  };
  keepKeys(view.root, signal, onKey);
  view.root.addEventListener("keydown", onUndo);
  view.note.addEventListener("keydown", onNoteKey);
  view.note.addEventListener("blur", onNote);

  const show = () => {
    const missing = rows.around(place(), model.get("total"));
    if (missing.length > 0) model.send({ kind: "want", places: missing });
    showPlace(view, model);
    showRow(view, rows.get(place()));
    showVerdict(view, rows.get(place()), shown);
  };
  const onMove = () => {
    if (document.activeElement === view.note) onNote();
    show();
  };
  const onSaved = ({ place: at, verdict, note, text, answers }) => {
    if (answers === "decide") settle();
    const row = rows.get(at);
    if (row) Object.assign(row, { verdict, note });
    if (at === place()) showVerdict(view, row, shown);
    tell(text);
  };
  const onMessage = (content, buffers) => {
    if (content.kind === "row") {
      rows.keep(content, buffers);
      if (content.place === place()) show();
    } else if (content.kind === "saved") onSaved(content);
    else if (content.kind === "told") tell(content.text);
    else if (content.kind === "failed") {
      settle();
      tell("");
    }
  };
  el.append(view.root);
  model.on("msg:custom", onMessage);
  signal.addEventListener("abort", () => model.off("msg:custom", onMessage));
  follow(model, ["progress", "total"], signal, () => showProgress(view, model));
  follow(model, ["view", "background"], signal, () => showLooks(view, model));
  follow(model, ["message"], signal, () => showMessage(view, model));
  follow(model, ["position", "total"], signal, onMove);
  return () => {
    settle();
    ending.abort();
    rows.clear();
    view.root.remove();
  };
}

export default { render };
