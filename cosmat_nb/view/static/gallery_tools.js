const GALLERY_PATIENCE = 250; // ms without a key before a filter is applied

const labelled = (words, control) =>
  build("label", {}, build("span", {}, words), control);

function optionsOf(choices) {
  return choices.map(([value, words]) => build("option", { value }, words));
}

/** Make a choice whose value is a trait of the model, both ways. */
function makeChoice(view, name, choices) {
  const select = build("select", {}, ...optionsOf(choices));
  select.addEventListener("change", () => change(view.model, { [name]: select.value }));
  follow(view.model, [name], view.signal, () => {
    select.value = view.model.get(name);
  });
  return select;
}

/** Call a function when nothing has happened for a while. */
function patiently(view, act) {
  let timer = 0;
  view.signal.addEventListener("abort", () => clearTimeout(timer));
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, GALLERY_PATIENCE);
  };
}

function makeSearch(view) {
  const input = build("input", { type: "search", placeholder: "part of a key" });
  const act = () => change(view.model, { text: input.value });
  input.addEventListener("input", patiently(view, act));
  input.addEventListener("change", act);
  follow(view.model, ["text"], view.signal, () => {
    if (input.value !== view.model.get("text")) input.value = view.model.get("text");
  });
  return labelled("Key", input);
}

function makeStatus(view) {
  const statuses = view.model.get("statuses");
  const choices = statuses.map(([name, count]) => [name, `${name} (${grouped(count)})`]);
  return labelled("Status", makeChoice(view, "status", [["", "all"], ...choices]));
}

/** Findings to choose from; they may become known only later. */
function makeFinding(view) {
  const select = makeChoice(view, "finding", []);
  const label = labelled("Finding", select);
  follow(view.model, ["kinds"], view.signal, () => {
    const names = new Map();
    for (const [name, severity, count] of view.model.get("kinds")) {
      const words = `${severity} ${grouped(count)}`;
      names.set(name, names.has(name) ? `${names.get(name)}, ${words}` : words);
    }
    const general = [["", "all rows"], ["any", "with findings"], ["none", "without"]];
    const choices = [...names].map(([name, words]) => [name, `${name} (${words})`]);
    select.replaceChildren(...optionsOf([...general, ...choices]));
    select.value = view.model.get("finding");
    label.hidden = !names.size;
  });
  return label;
}

function makeSort(view) {
  const names = view.model.get("metrics").map(([name]) => [name, name]);
  const button = buildButton("", { class: "cosmat-gallery-icon" }, () =>
    change(view.model, { descending: !view.model.get("descending") }));
  follow(view.model, ["descending", "sort"], view.signal, () => {
    const falling = view.model.get("descending");
    const rising = view.model.get("sort") ? "ascending" : "first row first";
    const words = view.model.get("sort") ? "descending" : "last row first";
    button.textContent = falling ? "↓" : "↑";
    button.title = `order: ${falling ? words : rising}; press to turn`;
    button.setAttribute("aria-label", button.title);
  });
  const select = makeChoice(view, "sort", [["", "as in the frame"], ...names]);
  return build("div", { class: "cosmat-gallery-pair" }, labelled("Sort by", select), button);
}

/** Bounds of one metric at a time; those that are set stand beside as chips. */
function makeRanges(view) {
  const metrics = view.model.get("metrics").filter(([, kind]) => kind === "number");
  const select = build("select", {}, ...optionsOf(metrics.map(([name]) => [name, name])));
  if (metrics.some(([name]) => name === "coverage")) select.value = "coverage";
  const [low, high] = ["at least", "at most"].map((words) =>
    build("input", { type: "number", step: "any", "aria-label": words }));
  const show = () => {
    const ranges = view.model.get("ranges");
    const isSet = Object.hasOwn(ranges, select.value);
    const [least, most] = isSet ? ranges[select.value] : [null, null];
    const [, , first, last] = metrics.find(([name]) => name === select.value) ?? [];
    showBound(low, least, first);
    showBound(high, most, last);
  };
  const act = () => {
    const { [select.value]: _, ...others } = view.model.get("ranges");
    const bounds = [readBound(low), readBound(high)];
    const open = bounds.every((value) => value === null);
    change(view.model, { ranges: open ? others : { ...others, [select.value]: bounds } });
  };
  select.addEventListener("change", show);
  for (const input of [low, high]) input.addEventListener("input", patiently(view, act));
  follow(view.model, ["ranges"], view.signal, show);
  const parts = [labelled("Metric", select), low, build("span", {}, "to"), high];
  const attributes = { class: "cosmat-gallery-pair", hidden: !metrics.length };
  return build("div", attributes, ...parts);
}

const readBound = (input) => (input.value === "" ? null : Number(input.value));

function showBound(input, value, limit) {
  if (readBound(input) !== value) input.value = value ?? "";
  input.placeholder = limit == null ? "" : String(Number(limit.toPrecision(3)));
}

function makeChips(view) {
  const box = build("div", { class: "cosmat-gallery-chips" });
  const filters = ["ranges", "text", "status", "finding"];
  follow(view.model, filters, view.signal, () => {
    const ranges = Object.entries(view.model.get("ranges"));
    box.replaceChildren(...ranges.map(([name, bounds]) => makeChip(view, name, bounds)));
    const others = filters.slice(1).some((name) => view.model.get(name));
    if (others || ranges.length) box.append(makeClear(view));
  });
  return box;
}

function makeChip(view, name, [low, high]) {
  const text = `${low === null ? "" : `${low} ≤ `}${name}${high === null ? "" : ` ≤ ${high}`}`;
  const attributes = { class: "cosmat-gallery-chip", "aria-label": `remove the filter ${text}` };
  return buildButton(`${text} ×`, attributes, () => {
    const { [name]: _, ...others } = view.model.get("ranges");
    view.list.focus();
    change(view.model, { ranges: others });
  });
}

function makeClear(view) {
  return buildButton("Clear filters", {}, () => {
    view.list.focus();
    change(view.model, { ranges: {}, text: "", status: "", finding: "" });
  });
}

function makeTools(view) {
  return build(
    "div",
    { class: "cosmat-gallery-tools", role: "group", "aria-label": "Sort and filter" },
    makeSearch(view),
    makeStatus(view),
    makeFinding(view),
    makeRanges(view),
    makeSort(view),
    makeChips(view),
  );
}
