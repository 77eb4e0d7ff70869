/* Centring and padding tried out on a cutout: all geometry is done here, in the page. */

const MAX_PADDING = 1000;
/** Pixels of the drawn canvas at most: more are not seen, and cost time. */
const MOST_DRAWN = 4e6;
const MARK = "preview, as documented or assumed";
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

const sizeText = ([height, width]) => `${height} × ${width} px`;

function marginText(margins) {
  if (!margins) return "empty matte: no subject was found";
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

  const close = () => {
    popup.hidden = true;
    asked += 1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    input.value = model.get("shown");
  };
  const search = () => {
    asked += 1;
    const text = input.value === model.get("shown") ? "" : input.value;
    model.send({ kind: "search", ticket: `${view} ${asked}`, text });
    if (popup.hidden) list.replaceChildren();
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
  const answer = (content) => {
    if (content?.kind !== "matches" || content.ticket !== `${view} ${asked}`) return;
    list.replaceChildren(...content.first.map(([position, text]) => build("li", {
      role: "option", id: `${view}-${position}`, title: text, "data-position": position,
      "aria-selected": "false",
    }, text)));
    const rest = content.total - content.first.length;
    note.textContent = content.total === 0 ? "no key matches"
      : `${content.total.toLocaleString("en")} ${content.total === 1 ? "key" : "keys"}`
        + (rest > 0 ? `, the first ${content.first.length} shown: type to narrow` : "");
    mark(Math.max(0, content.first.findIndex(([position]) => position === model.get("position"))));
  };
  const keys = {
    ArrowDown: () => (popup.hidden ? search() : mark(active + 1)),
    ArrowUp: () => !popup.hidden && mark(active - 1),
    PageDown: () => !popup.hidden && mark(active + 8),
    PageUp: () => !popup.hidden && mark(active - 8),
    Enter: () => !popup.hidden && list.children[active] && choose(list.children[active]),
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
      differenceWords.replaceChildren(part("badge", "span", {}, "difference, in red"), facts([
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

function render({ model, el }) {
  const ending = new AbortController();
  const { signal } = ending;
  const read = () => ({
    operation: model.get("operation"), center: model.get("center"), dx: model.get("dx"), dy: model.get("dy"),
  });
  // A picture and its facts, told together: they must never be of two keys.
  let bitmap = null;
  let known = {};
  let decoding = 0;
  let pressed = false;

  const picker = makePicker(model, signal);
  const operation = makeSelect(OPERATIONS);
  const center = build("input", { type: "checkbox" });
  const dx = makePadding("padding dx", "left and right", (value) => change(model, { dx: value }));
  const dy = makePadding("padding dy", "top and bottom", (value) => change(model, { dy: value }));
  const background = makeSelect(BACKGROUNDS);
  const outline = build("input", { type: "checkbox", checked: true });
  const rule = part("rule", "code", {});
  const message = part("message", "p", { role: "alert", hidden: true });
  const before = build("img", { alt: "" });
  const beforeFigure = part("before", "figure", {}, before, build("figcaption", {}, "before"));
  const board = makeBoard("preview");
  const comparison = makeComparison(model);
  const absentWords = build("p");
  const plainButton = part("button", "button", { type: "button" });
  const absent = part("absent", "div", {}, absentWords, plainButton);
  const realButton = part("button", "button", { type: "button" }, "Ask the service");
  const offer = part("offer", "span", { role: "status" });
  const stage = part("stage", "div", {}, board.node, absent);
  const root = part("root", "div", { role: "group", "aria-label": "option explorer" },
    picker.node,
    part("columns", "div", {},
      part("controls", "div", {},
        part("field", "label", {}, part("label", "span", {}, "operation"), operation),
        part("check", "label", {}, center, "centre the subject"),
        dx.node, dy.node,
        part("field", "label", {}, part("label", "span", {}, "background"), background),
        part("check", "label", {}, outline, "outline subject and plain canvas"),
        beforeFigure),
      stage),
    part("ask", "div", {}, realButton, offer, rule),
    message, comparison.node);

  const busy = () => pressed || model.get("busy");
  const current = () => {
    const said = model.get("offer") ?? {};
    const same = said.position === model.get("position") && said.rule === ruleOf(read());
    return { price: said.price ?? "1 call, price unknown", stored: same && said.stored === true };
  };

  const showButtons = () => {
    const { price, stored } = current();
    const has = Boolean(bitmap);
    rule.textContent = ruleOf(read());
    plainButton.textContent = busy() ? "Asking …" : `Cut out (${price})`;
    plainButton.disabled = busy();
    realButton.textContent = busy() ? "Asking …" : stored ? "Show the answer" : "Ask the service";
    realButton.disabled = busy() || !has;
    offer.textContent = !has ? "needs a plain cutout first" : stored ? "stored, free" : price;
  };
  const draw = () => {
    const has = Boolean(bitmap);
    board.node.hidden = !has;
    absent.hidden = has || decoding > 0;
    if (!has) return;
    const laid = board.draw(bitmap, known, read(), model.get("shown"));
    board.say(badge(), facts([
      ["size", `${sizeText([laid.height, laid.width])}`
        + (laid.height !== known.height || laid.width !== known.width ? ` (plain ${sizeText([known.height, known.width])})` : "")],
      ["margins", marginText(marginsOf(laid))],
    ]));
  };
  const showOptions = () => {
    const options = read();
    operation.value = options.operation;
    center.checked = options.center;
    dx.show(options.dx);
    dy.show(options.dy);
    draw();
    showButtons();
  };
  const showPicture = async () => {
    const bytes = model.get("picture");
    const told = model.get("facts");
    const turn = (decoding += 1);
    let decoded = null;
    if (bytes?.byteLength) {
      try {
        decoded = await createImageBitmap(new Blob([bytes], { type: "image/png" }), { colorSpaceConversion: "none" });
      } catch (error) {
        message.textContent = `the cutout cannot be shown: ${error.message}`;
        message.hidden = false;
      }
    }
    if (turn !== decoding) return decoded?.close();
    bitmap?.close();
    [bitmap, known, decoding] = [decoded, told, 0];
    absentWords.textContent = "No plain cutout of this picture is in the store. "
      + "One is enough: centring and padding are then tried out here, free.";
    draw();
    showButtons();
    comparison.show(bitmap, known);
  };
  const showKey = () => {
    picker.show();
    showImage(before, model.get("before"), `before: ${model.get("shown")}`);
    beforeFigure.hidden = before.hidden;
    draw();
  };
  const showMessage = () => {
    message.textContent = model.get("message");
    message.hidden = !message.textContent;
  };
  const endCall = () => {
    if (!model.get("busy")) pressed = false;
    showBusy();
  };
  const showBusy = () => {
    root.setAttribute("aria-busy", String(Boolean(busy())));
    showButtons();
  };
  const press = (what) => {
    pressed = true; // rests both buttons below: a second click finds them disabled
    const { price, stored } = current();
    const agreed = what === "plain" || !stored;
    model.send({ kind: "ask", what, position: model.get("position"), ...read(), agreed, price });
    showBusy();
  };
  const showBackground = () => {
    for (const each of [board.board, ...comparison.boards]) each.dataset.background = background.value;
    root.classList.toggle("cosmat-explorer-outlined", outline.checked);
  };

  operation.addEventListener("change", () => change(model, { operation: operation.value }));
  center.addEventListener("change", () => change(model, { center: center.checked }));
  background.addEventListener("change", showBackground);
  outline.addEventListener("change", showBackground);
  plainButton.addEventListener("click", () => press("plain"));
  realButton.addEventListener("click", () => press("real"));
  // JupyterLab would take arrows and letters for its own commands.
  root.addEventListener("keydown", (event) => event.stopPropagation());

  el.append(root);
  showBackground();
  follow(model, ["shown", "before"], signal, showKey);
  follow(model, ["message"], signal, showMessage);
  follow(model, ["operation", "center", "dx", "dy"], signal, showOptions);
  follow(model, ["offer"], signal, showButtons);
  follow(model, ["busy"], signal, endCall);
  follow(model, ["answer"], signal, () => comparison.show(bitmap, known));
  follow(model, ["picture"], signal, showPicture);
  return () => {
    ending.abort();
    dropBytes(before);
    comparison.clean();
    decoding += 1;
    bitmap?.close();
    root.remove();
  };
}

export default { render };
