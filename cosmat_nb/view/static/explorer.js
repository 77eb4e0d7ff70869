/* Centring and padding tried out on a cutout: all geometry is done here, in the page. */

const MAX_PADDING = 1000;
/** Pixels of the drawn canvas at most: more are not seen, and cost time. */
const MOST_DRAWN = 4e6;
const MARK = "preview, as documented or assumed";
const NO_CUTOUT = "No plain cutout of this picture is in the store. "
  + "One is enough: centring and padding are then tried out here, free.";
const EMPTY_MATTE = "the matte is empty: no subject was found";
const OPERATIONS = ["AIPicMatting", "GoodsMatting", "AIPortraitMatting"];
const BACKGROUNDS = ["light board", "dark board", "white", "black"];

// --- geometry: the twin of matting.layout.lay_out ---

/** Where a plain cutout comes to lie: the new canvas, and its own first pixel on it. */
function layOut(facts, options) {
  const { height, width, box } = facts;
  let top = options.dy;
  let left = options.dx;
  if (options.center && box) {
    const [minRow, minCol, maxRow, maxCol] = box;
    top += Math.floor((height - (maxRow - minRow)) / 2) - minRow;
    left += Math.floor((width - (maxCol - minCol)) / 2) - minCol;
  }
  const size = { height: height + 2 * options.dy, width: width + 2 * options.dx };
  return { ...size, top, left, box: box && moveBox(box, top, left) };
}

function moveBox([minRow, minCol, maxRow, maxCol], top, left) {
  return [minRow + top, minCol + left, maxRow + top, maxCol + left];
}

/** Top, right, bottom, left of the subject's box, px; null for an empty matte. */
function marginsOf({ height, width, box }) {
  return box && [box[0], width - box[3], height - box[2], box[1]];
}

/** Draw a laid out cutout; one pixel is one pixel unless that would be too many. */
function drawLaidOut(canvas, bitmap, facts, options) {
  const laid = layOut(facts, options);
  const reduced = bitmap ? bitmap.width / facts.width : 1;
  const scale = Math.min(1, reduced, Math.sqrt(MOST_DRAWN / (laid.height * laid.width)));
  canvas.height = Math.max(1, Math.round(laid.height * scale));
  canvas.width = Math.max(1, Math.round(laid.width * scale));
  if (bitmap && facts.box) {
    const [fromRow, fromCol, toRow, toCol] = facts.box;
    const [row, col] = laid.box;
    const [tall, wide] = [toRow - fromRow, toCol - fromCol];
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = scale < 1;
    context.imageSmoothingQuality = "medium";
    context.drawImage(
      bitmap, fromCol * reduced, fromRow * reduced, wide * reduced, tall * reduced,
      col * scale, row * scale, wide * scale, tall * scale);
  }
  return laid;
}

/** The rule's text, as MattingOptions.rule writes it. */
function ruleOf({ operation, center, dx, dy }) {
  const layout = (center ? "&center-layout=1" : "")
    + (dx || dy ? `&padding-layout=${dx}x${dy}` : "");
  return `ci-process=${operation}${layout}`;
}

// --- small parts ---

/** An element of the explorer; its class says which. */
function part(name, tag = "div", attributes = {}, ...children) {
  return build(tag, { class: `cosmat-explorer-${name}`, ...attributes }, ...children);
}

const sizeText = ([height, width]) => `${height} px high × ${width} px wide`;

function marginText(margins) {
  if (!margins) return EMPTY_MATTE;
  const [top, right, bottom, left] = margins;
  return `top ${top} · right ${right} · bottom ${bottom} · left ${left}\u00a0px`;
}

function shareText(share) {
  const percent = 100 * share;
  if (percent === 0) return "none";
  return percent < 0.01 ? "less than 0.01 %" : `${percent.toFixed(2)} %`;
}

/** Show a picture that has arrived; hide what has not. */
function showImage(image, bytes, alt) {
  image.alt = alt;
  image.hidden = !bytes?.byteLength;
  showBytes(image, bytes);
}

function makeSelect(names) {
  return build("select", {}, ...names.map((name) => build("option", { value: name }, name)));
}

/** A slider and a number that say the same; `act` hears whole px within the range. */
function makePadding(caption, hint, act) {
  const limits = { min: 0, max: MAX_PADDING, step: 1 };
  const slider = build("input", { type: "range", ...limits, "aria-label": `${caption}, ${hint}, px` });
  const number = build("input", { type: "number", ...limits, "aria-label": `${caption}, ${hint}, px, as a number` });
  const read = (input) => Math.min(MAX_PADDING, Math.max(0, Math.round(Number(input.value) || 0)));
  slider.addEventListener("input", () => act(read(slider)));
  number.addEventListener("input", () => {
    if (number.value !== "") act(read(number));
  });
  number.addEventListener("change", () => {
    act(read(number));
    number.value = String(read(number));
  });
  const words = part("label", "span", {}, `${caption} `, part("hint", "span", {}, hint));
  return {
    node: part("padding", "div", {}, words, slider, number),
    show(value) {
      slider.value = String(value);
      // What is being typed stays as it is: 0 may become 05.
      if (number.value === "" || Number(number.value) !== value) {
        if (!(document.activeElement === number && number.value === "")) number.value = String(value);
      }
    },
  };
}

// --- the key picker ---

/** A search field with its list; only matches are ever in the page. */
function makePicker(model, signal) {
  const view = `cosmat-${Math.random().toString(36).slice(2)}`;
  const input = build("input", {
    type: "text", role: "combobox", autocomplete: "off", spellcheck: "false",
    "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${view}-list`,
    "aria-label": "object key: type words to search",
  });
  const list = part("list", "ul", { role: "listbox", id: `${view}-list`, "aria-label": "object keys" });
  const note = part("note", "p", { role: "status" });
  const popup = part("popup", "div", { hidden: true }, list, note);
  let asked = 0;
  let active = -1;
  let sought = "";
  let entered = false;

  const close = () => {
    popup.hidden = true;
    asked += 1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    input.value = model.get("shown");
  };
  const search = () => {
    asked += 1;
    entered = false;
    sought = input.value === model.get("shown") ? "" : input.value;
    model.send({ kind: "search", ticket: `${view} ${asked}`, text: sought });
    if (popup.hidden) list.replaceChildren();
    list.setAttribute("aria-busy", "true");
    input.removeAttribute("aria-activedescendant");
    note.textContent = "searching …";
    popup.hidden = false;
    input.setAttribute("aria-expanded", "true");
  };
  const choose = (option) => {
    const position = Number(option.dataset.position);
    if (position !== model.get("position")) model.send({ kind: "choose", position });
    close();
  };
  const mark = (place) => {
    active = Math.max(0, Math.min(place, list.children.length - 1));
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === active)));
    const option = list.children[active];
    if (!option) return;
    input.setAttribute("aria-activedescendant", option.id);
    // Only the list scrolls, never the notebook.
    if (option.offsetTop < list.scrollTop) list.scrollTop = option.offsetTop;
    const below = option.offsetTop + option.offsetHeight - list.clientHeight;
    if (below > list.scrollTop) list.scrollTop = below;
  };
  const isStale = () => list.getAttribute("aria-busy") === "true";
  const move = (step) => !popup.hidden && !isStale() && mark(active + step);
  const enter = () => {
    if (popup.hidden) return;
    // The list is of an older text: the answer on its way is chosen from.
    entered = isStale();
    if (!entered && list.children[active]) choose(list.children[active]);
  };
  const answer = (content) => {
    if (content?.kind !== "matches" || content.ticket !== `${view} ${asked}`) return;
    list.setAttribute("aria-busy", "false");
    list.replaceChildren(...content.first.map(([position, text]) => build("li", {
      role: "option", id: `${view}-${position}`, title: text, "data-position": position,
      "aria-selected": "false",
    }, text)));
    const rest = content.total - content.first.length;
    note.textContent = content.total === 0 ? "no key matches"
      : `${content.total.toLocaleString("en")} ${content.total === 1 ? "key" : "keys"}`
        + (rest > 0 ? `, the first ${content.first.length} shown: type to narrow` : "");
    const current = content.first.findIndex(([position]) => position === model.get("position"));
    mark(sought ? 0 : current);
    if (entered) enter();
  };
  const keys = {
    ArrowDown: () => (popup.hidden ? search() : move(1)),
    ArrowUp: () => move(-1),
    PageDown: () => move(8),
    PageUp: () => move(-8),
    Enter: enter,
    Escape: close,
  };
  input.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.isComposing) return;
    event.preventDefault();
    keys[event.key]();
  });
  input.addEventListener("input", search);
  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => popup.hidden && search());
  input.addEventListener("blur", close);
  // A press on the list must not take the focus away before the click arrives.
  popup.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
  model.on("msg:custom", answer);
  signal.addEventListener("abort", () => model.off("msg:custom", answer));
  return {
    node: part("picker", "div", {}, part("label", "span", {}, "object key"), input, popup),
    show: () => popup.hidden && (input.value = model.get("shown")),
  };
}

// --- the canvas, and what is said of it ---

function makeBoard(caption) {
  const canvas = build("canvas", { role: "img" });
  const subject = part("subject", "div", { "aria-hidden": "true" });
  const plain = part("plain", "div", { "aria-hidden": "true" });
  const board = part("board", "div", {}, canvas, plain, subject);
  const words = part("words", "figcaption", {});
  const place = (node, laid, [minRow, minCol, maxRow, maxCol]) => {
    node.style.top = `${(100 * minRow) / laid.height}%`;
    node.style.left = `${(100 * minCol) / laid.width}%`;
    node.style.height = `${(100 * (maxRow - minRow)) / laid.height}%`;
    node.style.width = `${(100 * (maxCol - minCol)) / laid.width}%`;
  };
  return {
    canvas, board,
    node: part("figure", "figure", {}, part("mat", "div", {}, board), words),
    draw(bitmap, facts, options, key) {
      const laid = drawLaidOut(canvas, bitmap, facts, options);
      board.style.setProperty("--cosmat-ratio", laid.width / laid.height);
      board.style.setProperty("--cosmat-natural", `${2 * laid.width}px`);
      subject.hidden = !laid.box;
      if (laid.box) place(subject, laid, laid.box);
      plain.hidden = !(options.dx || options.dy);
      place(plain, laid, [options.dy, options.dx, options.dy + facts.height, options.dx + facts.width]);
      const size = sizeText([laid.height, laid.width]);
      canvas.setAttribute("aria-label", `${caption} of ${key}, ${size}`);
      return laid;
    },
    say(...lines) { words.replaceChildren(...lines); },
  };
}

function facts(rows) {
  return part("facts", "dl", {}, ...rows.flatMap(([name, value]) =>
    [build("dt", {}, name), build("dd", {}, value)]));
}

const badge = () => part("badge", "span", {}, MARK);

// --- preview and answer side by side ---

function makeComparison(model) {
  const preview = makeBoard("preview");
  const answered = build("img", { alt: "" });
  const differs = build("img", { alt: "" });
  const [answerWords, differenceWords] = [0, 0].map(() => part("words", "figcaption"));
  const answerMat = part("mat", "div", {}, part("board", "div", {}, answered));
  const none = part("absent", "p", {}, "sizes differ: no pixel has a counterpart");
  const heading = part("heading", "h4", {});
  const node = part("comparison", "section", { hidden: true, "aria-label": "preview and answer" },
    heading,
    part("trio", "div", {}, preview.node,
      part("figure", "figure", {}, answerMat, answerWords),
      part("figure", "figure", {}, part("mat", "div", {}, part("board", "div", {}, differs), none), differenceWords)));
  const sameText = (answer) => {
    if (!answer.equal_size) return "the sizes differ";
    return answer.share === 0 ? "equal, pixel for pixel" : `${shareText(answer.share)} of the pixels differ`;
  };
  const drawnText = (answer) => {
    if (!answer.equal_size) return "difference";
    const found = answer.share === 0 ? "no difference" : "difference in red";
    return `${found}; subject in grey, for orientation`;
  };
  const fit = (image, [height, width]) => {
    image.parentNode.style.setProperty("--cosmat-ratio", width / height);
    image.parentNode.style.setProperty("--cosmat-natural", `${2 * width}px`);
  };
  return {
    node,
    boards: [preview.board, answered.parentNode],
    show(bitmap, known) {
      const answer = model.get("answer") ?? {};
      node.hidden = !answer.rule || !bitmap;
      if (node.hidden) return;
      const key = model.get("shown");
      preview.draw(bitmap, known, answer, key);
      showImage(answered, model.get("answer_picture"), `answer for ${key}`);
      showImage(differs, model.get("difference"), `difference of preview and answer for ${key}: ${sameText(answer)}`);
      fit(answered, answer.answer_size);
      fit(differs, answer.answer_size);
      differs.parentNode.hidden = !answer.equal_size;
      none.hidden = answer.equal_size;
      heading.replaceChildren("preview and answer: ", build("strong", {}, sameText(answer)),
        part("rule", "code", {}, answer.rule));
      preview.say(badge(), facts([["size", sizeText(answer.preview_size)], ["margins", marginText(answer.preview_margins)]]));
      const from = { store: "from the store, free", emulator: "from the emulator", cloud: "from the service" };
      answerWords.replaceChildren(part("badge", "span", {}, `answer, ${from[answer.source] ?? answer.source}`),
        facts([["size", sizeText(answer.answer_size)], ["margins", marginText(answer.answer_margins)]]));
      differenceWords.replaceChildren(part("badge", "span", {}, drawnText(answer)), facts([
        ["size", answer.equal_size ? "equal" : "not equal"],
        ["pixels", answer.equal_size ? `${shareText(answer.share)} differ` : "not compared"],
        ["largest", answer.equal_size ? `${answer.largest} of 255` : "not compared"],
      ]));
    },
    clean() {
      dropBytes(answered);
      dropBytes(differs);
    },
  };
}

// --- the whole ---

/** A view: its elements, and the state that it shares with no other. */
function makeView(model, signal) {
  const view = {
    model,
    // A picture and its facts, told together: they must never be of two keys.
    bitmap: null,
    known: {},
    decoding: 0,
    pressed: false,
    picker: makePicker(model, signal),
    operation: makeSelect(OPERATIONS),
    center: build("input", { type: "checkbox" }),
    dx: makePadding("padding dx", "left and right", (value) => change(model, { dx: value })),
    dy: makePadding("padding dy", "top and bottom", (value) => change(model, { dy: value })),
    background: makeSelect(BACKGROUNDS),
    outline: build("input", { type: "checkbox", checked: true }),
    before: build("img", { alt: "" }),
    board: makeBoard("preview"),
    comparison: makeComparison(model),
    plainButton: part("button", "button", { type: "button" }),
    realButton: part("button", "button", { type: "button" }, "Ask the service"),
    offer: part("offer", "span", { role: "status" }),
    rule: part("rule", "code"),
    message: part("message", "p", { role: "alert", hidden: true }),
  };
  view.beforeFigure = part("before", "figure", {}, view.before, build("figcaption", {}, "before"));
  view.absent = part("absent", "div", {}, build("p", {}, NO_CUTOUT), view.plainButton);
  view.root = assemble(view);
  return view;
}

function assemble(view) {
  const field = (words, control) =>
    part("field", "label", {}, part("label", "span", {}, words), control);
  const check = (words, control) => part("check", "label", {}, control, words);
  const controls = part("controls", "div", {},
    field("operation", view.operation),
    check("centre the subject", view.center),
    view.dx.node, view.dy.node,
    field("background", view.background),
    check("outline subject and plain canvas", view.outline),
    view.beforeFigure);
  const stage = part("stage", "div", {}, view.board.node, view.absent);
  return part("root", "div", { role: "group", "aria-label": "option explorer" },
    view.picker.node,
    part("columns", "div", {}, controls, stage),
    part("ask", "div", {}, view.realButton, view.offer, view.rule),
    view.message, view.comparison.node);
}

function readOptions({ model }) {
  const names = ["operation", "center", "dx", "dy"];
  return Object.fromEntries(names.map((name) => [name, model.get(name)]));
}

const isBusy = ({ pressed, model }) => pressed || model.get("busy");

/** The price of the options shown, and whether their answer is stored. */
function readOffer(view) {
  const said = view.model.get("offer") ?? {};
  const isOfThis = said.position === view.model.get("position")
    && said.rule === ruleOf(readOptions(view));
  return { price: said.price ?? "1 call, price unknown", stored: isOfThis && said.stored === true };
}

function showButtons(view) {
  const { plainButton, realButton } = view;
  const { price, stored } = readOffer(view);
  const has = Boolean(view.bitmap);
  const busy = isBusy(view);
  view.rule.textContent = ruleOf(readOptions(view));
  plainButton.textContent = busy ? "Asking …" : `Cut out (${price})`;
  plainButton.disabled = busy;
  realButton.textContent = busy ? "Asking …" : stored ? "Show the answer" : "Ask the service";
  // Centring and padding of nothing would be paid, and still be nothing.
  const empty = has && !view.known.box;
  realButton.disabled = busy || !has || (empty && !stored);
  view.offer.textContent = !has ? "needs a plain cutout first"
    : stored ? "stored, free" : empty ? EMPTY_MATTE : price;
}

function draw(view) {
  const { board, bitmap, known, model } = view;
  board.node.hidden = !bitmap;
  view.absent.hidden = Boolean(bitmap) || view.decoding > 0;
  if (!bitmap) return;
  const laid = board.draw(bitmap, known, readOptions(view), model.get("shown"));
  const size = sizeText([laid.height, laid.width]);
  const plain = sizeText([known.height, known.width]);
  board.say(badge(), facts([
    ["size", size === plain ? size : `${size} (plain ${plain})`],
    ["margins", marginText(marginsOf(laid))],
  ]));
}

function showOptions(view) {
  const options = readOptions(view);
  view.operation.value = options.operation;
  view.center.checked = options.center;
  view.dx.show(options.dx);
  view.dy.show(options.dy);
  draw(view);
  showButtons(view);
}

async function decode(view, bytes) {
  if (!bytes?.byteLength) return null;
  try {
    const blob = new Blob([bytes], { type: "image/png" });
    return await createImageBitmap(blob, { colorSpaceConversion: "none" });
  } catch (error) {
    showMessage(view, `the cutout cannot be shown: ${error.message}`);
    return null;
  }
}

async function showPicture(view) {
  const told = view.model.get("facts");
  const turn = (view.decoding += 1);
  const decoded = await decode(view, view.model.get("picture"));
  if (turn !== view.decoding) return decoded?.close();
  view.bitmap?.close();
  Object.assign(view, { bitmap: decoded, known: told, decoding: 0 });
  draw(view);
  showButtons(view);
  showAnswer(view);
}

const showAnswer = (view) => view.comparison.show(view.bitmap, view.known);

function showKey(view) {
  const { model, before } = view;
  view.picker.show();
  showImage(before, model.get("before"), `before: ${model.get("shown")}`);
  view.beforeFigure.hidden = before.hidden;
  draw(view);
}

function showMessage(view, text) {
  view.message.textContent = text;
  view.message.hidden = !text;
}

function showBusy(view) {
  view.root.setAttribute("aria-busy", String(Boolean(isBusy(view))));
  showButtons(view);
}

function endCall(view) {
  if (!view.model.get("busy")) view.pressed = false;
  showBusy(view);
}

function press(view, what) {
  view.pressed = true; // rests both buttons: a second click finds them disabled
  const { price, stored } = readOffer(view);
  const agreed = what === "plain" || !stored;
  const position = view.model.get("position");
  view.model.send({ kind: "ask", what, position, ...readOptions(view), agreed, price });
  showBusy(view);
}

function showBackground({ board, comparison, background, outline, root }) {
  for (const each of [board.board, ...comparison.boards]) {
    each.dataset.background = background.value;
  }
  root.classList.toggle("cosmat-explorer-outlined", outline.checked);
}

function listen(view) {
  const { model, operation, center } = view;
  operation.addEventListener("change", () => change(model, { operation: operation.value }));
  center.addEventListener("change", () => change(model, { center: center.checked }));
  for (const each of [view.background, view.outline]) {
    each.addEventListener("change", () => showBackground(view));
  }
  view.plainButton.addEventListener("click", () => press(view, "plain"));
  view.realButton.addEventListener("click", () => press(view, "real"));
  // JupyterLab would take arrows and letters for its own commands.
  view.root.addEventListener("keydown", (event) => event.stopPropagation());
}

function obey(view, signal) {
  const { model } = view;
  follow(model, ["picture"], signal, () => showPicture(view));
  follow(model, ["shown", "before"], signal, () => showKey(view));
  follow(model, ["message"], signal, () => showMessage(view, model.get("message")));
  follow(model, ["operation", "center", "dx", "dy"], signal, () => showOptions(view));
  follow(model, ["offer"], signal, () => showButtons(view));
  follow(model, ["busy"], signal, () => endCall(view));
  follow(model, ["answer"], signal, () => showAnswer(view));
}

function render({ model, el }) {
  const ending = new AbortController();
  const view = makeView(model, ending.signal);
  el.append(view.root);
  showBackground(view);
  listen(view);
  obey(view, ending.signal);
  return () => {
    ending.abort();
    dropBytes(view.before);
    view.comparison.clean();
    view.decoding += 1;
    view.bitmap?.close();
    view.root.remove();
  };
}

export default { render };
