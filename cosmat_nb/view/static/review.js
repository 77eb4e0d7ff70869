const VERDICTS = [["keep", "k"], ["reject", "x"], ["redo", "r"]];
const VIEWS = [["all", "1"], ["before", "2"], ["cutout", "3"], ["matte", "4"]];
const BACKGROUNDS = ["light", "dark", "white", "black"];
const NAMES = { before: "Before", cutout: "Cutout", matte: "Matte" };
const AHEAD = 2;
const NEAR = 4;
const PATIENCE = 4000;
const WIDE = 1.2;

/** Make an element with properties and children. */
function make(tag, properties = {}, ...children) {
  const { aria = {}, ...plain } = properties;
  const element = Object.assign(document.createElement(tag), plain);
  for (const [name, value] of Object.entries(aria)) {
    element.setAttribute(name === "role" ? name : `aria-${name}`, value);
  }
  element.append(...children);
  return element;
}

function makeButton(label, key, kind, act) {
  const button = make(
    "button",
    {
      type: "button",
      className: `cosmat-review-${kind}`,
      aria: key ? { keyshortcuts: key } : {},
    },
    label,
  );
  if (key) button.append(make("kbd", { aria: { hidden: "true" } }, key));
  button.addEventListener("click", act);
  return button;
}

function makeGroup(name, kind, buttons) {
  const properties = { className: `cosmat-review-${kind}`, aria: { role: "group", label: name } };
  return make("div", properties, ...buttons);
}

/** Turn the pictures of a message into object URLs. */
function makeUrls(pictures, buffers) {
  return pictures.map(([name, width, height], i) => ({
    name,
    width,
    height,
    url: URL.createObjectURL(new Blob([buffers[i]], { type: "image/webp" })),
  }));
}

function makeFigure(name, row) {
  const picture = row.pictures.find((each) => each.name === name);
  const figure = make("figure", { className: `cosmat-review-${name}` });
  const box = make("div", { className: "cosmat-review-box" });
  if (picture) {
    const alt = name === "before" ? `before: ${row.key}` : `${name} of ${row.key}`;
    const image = make("img", { alt, src: picture.url, draggable: false });
    image.style.setProperty("--cosmat-ratio", `${picture.width / picture.height}`);
    box.append(image);
  } else {
    box.append(make("p", { className: "cosmat-review-reason" }, row.reasons[name]));
  }
  figure.append(make("figcaption", {}, NAMES[name]), box);
  return figure;
}

function makeNumbers(numbers) {
  const pairs = numbers.map(([name, value]) =>
    make("div", {}, make("dt", {}, name.replaceAll("_", " ")), make("dd", {}, value)));
  return make("dl", { className: "cosmat-review-numbers" }, ...pairs);
}

function makeFindings(findings) {
  const items = findings.map(([name, severity, message]) =>
    make(
      "li",
      { className: `cosmat-review-${severity}` },
      make("strong", {}, name),
      ` ${message}`,
    ));
  return make("ul", { className: "cosmat-review-findings" }, ...items);
}

/** Whether a key would reach the notebook's own commands: it must not, from in here. */
function isPlain(event) {
  const chord = event.ctrlKey || event.metaKey || event.altKey;
  return !chord && !["Tab", "Escape", "Shift"].includes(event.key)
    && !(event.shiftKey && event.key === "Enter");
}

function isUndo(event) {
  return (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === "z";
}

/** The elements of one view that stay; what changes with the row is filled in. */
function layOut(act) {
  const verdicts = VERDICTS.map(([name, key]) => {
    const label = name[0].toUpperCase() + name.slice(1);
    const button = makeButton(label, key, "verdict", () => act.decide(name));
    button.dataset.verdict = name;
    return button;
  });
  const views = VIEWS.map(([name, key]) => {
    const button = makeButton(NAMES[name] ?? "All", key, "choice", () => act.look(name));
    button.dataset.view = name;
    return button;
  });
  const backgrounds = BACKGROUNDS.map((name) => {
    const button = makeButton("", "", "swatch", () => act.paint(name));
    button.dataset.background = name;
    button.title = `${name} background`;
    button.setAttribute("aria-label", button.title);
    return button;
  });
  const bars = VERDICTS.map(([name]) => make("span", { className: `cosmat-review-${name}` }));
  const parts = {
    verdicts,
    views,
    backgrounds,
    bars,
    counts: make("span", { className: "cosmat-review-counts" }),
    place: make("span", { className: "cosmat-review-place" }),
    key: make("bdi", { className: "cosmat-review-key" }),
    badge: make("span", { className: "cosmat-review-badge" }),
    stage: make("div", { className: "cosmat-review-stage" }),
    facts: make("div", { className: "cosmat-review-facts" }),
    note: make("input", {
      type: "text",
      maxLength: 2000,
      autocomplete: "off",
      dir: "auto",
      placeholder: "why; Enter saves",
    }),
    alarm: make("p", { className: "cosmat-review-alarm", aria: { role: "alert" } }),
    status: make("p", { className: "cosmat-review-status", aria: { role: "status" } }),
  };
  const bar = make("div", { className: "cosmat-review-bar", aria: { hidden: "true" } }, ...bars);
  const open = makeButton("Next open", "j", "step", act.jump);
  open.title = "next picture without a verdict";
  const steps = [
    makeButton("Previous", "←", "step", () => act.step(-1)),
    makeButton("Next", "→", "step", () => act.step(1)),
    open,
    makeButton("Undo", "u", "step", act.undo),
  ];
  const names = ["ArrowLeft", "ArrowRight", "J", "U Control+Z"];
  steps.forEach((each, i) => each.setAttribute("aria-keyshortcuts", names[i]));
  const label = make(
    "label",
    { className: "cosmat-review-note" },
    make("span", {}, "Note", make("kbd", { aria: { hidden: "true" } }, "n")),
    parts.note,
  );
  const hint = make(
    "span",
    { className: "cosmat-review-hint" },
    "Click here or tab in to decide by keys.",
  );
  const shade = make("kbd", { aria: { hidden: "true" } }, "b");
  const root = make(
    "div",
    { className: "cosmat-review", tabIndex: 0, aria: { role: "group", label: "Review of cutouts" } },
    make("header", {}, make("div", {}, parts.counts, parts.place), bar),
    make("div", { className: "cosmat-review-title" }, parts.key, parts.badge),
    parts.stage,
    make(
      "div",
      { className: "cosmat-review-looks" },
      makeGroup("Pictures shown", "choices", views),
      makeGroup("Background of the cutout", "swatches", [...backgrounds, shade]),
    ),
    parts.facts,
    make(
      "div",
      { className: "cosmat-review-acts" },
      makeGroup("Verdict", "verdicts", verdicts),
      label,
      makeGroup("Go", "steps", steps),
    ),
    make("footer", {}, parts.alarm, parts.status, hint),
  );
  return { root, ...parts };
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
  for (const each of view.views) {
    each.setAttribute("aria-pressed", `${each.dataset.view === model.get("view")}`);
  }
  for (const each of view.backgrounds) {
    each.setAttribute("aria-pressed", `${each.dataset.background === model.get("background")}`);
  }
  view.root.dataset.view = model.get("view");
  view.root.dataset.background = model.get("background");
}

function showMessage(view, model) {
  view.alarm.textContent = model.get("message");
}

/** Show a row's verdict; a note that somebody is writing stays. */
function showVerdict(view, row, shown) {
  const verdict = row?.verdict ?? "";
  for (const each of view.verdicts) {
    each.setAttribute("aria-pressed", `${each.dataset.verdict === verdict}`);
  }
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
  for (const each of view.views) {
    each.hidden = each.dataset.view !== "all" && !names.includes(each.dataset.view);
  }
  view.facts.replaceChildren(makeNumbers(row.numbers), makeFindings(row.findings));
}

function render({ model, el }) {
  const rows = new Rows();
  const shown = { place: undefined, note: "" };
  let waiting = null;

  const place = () => model.get("position");
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
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
      waiting = setTimeout(() => tell("Not saved yet: the kernel does not answer."), PATIENCE);
      model.send({ kind: "decide", place: place(), verdict, note: view.note.value });
    },
    step(by) {
      const next = place() + by;
      if (next >= 0 && next < model.get("total")) set("position", next);
      else tell(by < 0 ? "This is the first picture." : "This is the last picture.");
    },
    jump: () => model.send({ kind: "jump" }),
    undo: () => model.send({ kind: "undo" }),
    look: (name) => set("view", name),
    paint: (name) => set("background", name),
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
  const onKey = (event) => {
    if (isPlain(event) || isUndo(event)) event.stopPropagation();
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const press = isUndo(event) ? act.undo : isPlain(event) ? keys[name] : undefined;
    if (!press) return;
    event.preventDefault();
    // A key that is held down must not decide what nobody has seen.
    if (!event.repeat || name.startsWith("Arrow")) press();
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
  view.root.addEventListener("keydown", onKey);
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
  const listeners = [
    ["change:position", onMove],
    ["change:total", show],
    ["change:progress", () => showProgress(view, model)],
    ["change:view", () => showLooks(view, model)],
    ["change:background", () => showLooks(view, model)],
    ["change:message", () => showMessage(view, model)],
    ["msg:custom", onMessage],
  ];
  for (const [name, listener] of listeners) model.on(name, listener);
  el.append(view.root);
  showProgress(view, model);
  showLooks(view, model);
  showMessage(view, model);
  show();
  return () => {
    settle();
    for (const [name, listener] of listeners) model.off(name, listener);
    rows.clear();
    view.root.remove();
  };
}

export default { render };
