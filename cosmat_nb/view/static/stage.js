// Plain functions for widgets that show pictures: elements, keys, zoom, backgrounds.

/** Make an element; text among the children stays text. */
function build(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children);
  return element;
}

/** Make a button that acts; the title is what a pointer is told. */
function buildButton(text, attributes, act) {
  const button = build("button", { type: "button", ...attributes }, text);
  button.addEventListener("click", act);
  return button;
}

/**
 * Make a group of buttons of which one is pressed.
 *
 * `choices` are `[value, text, attributes]`; `show(value)` presses one without choosing.
 */
function buildChoice(label, choices, choose) {
  const group = build("div", { role: "group", "aria-label": label });
  const buttons = choices.map(([value, text, attributes]) => {
    const button = buildButton(text, attributes, () => choose(value));
    group.append(button);
    return [value, button];
  });
  const show = (chosen) => {
    for (const [value, button] of buttons) {
      button.setAttribute("aria-pressed", String(value === chosen));
    }
  };
  return { group, buttons: new Map(buttons), show };
}

/** Call a handler now and whenever one of these traits changes, until the signal. */
function follow(model, names, signal, handler) {
  for (const name of names) model.on(`change:${name}`, handler);
  signal.addEventListener("abort", () => {
    for (const name of names) model.off(`change:${name}`, handler);
  });
  handler();
}

/** Set traits of a model and send them; the same values again send nothing. */
function change(model, values) {
  const changed = Object.entries(values).filter(([name, v]) => model.get(name) !== v);
  for (const [name, value] of changed) model.set(name, value);
  if (changed.length) model.save_changes();
}

/**
 * Give keys to `act(key, event)`, which returns whether it took one.
 *
 * A notebook has commands on single keys, such as x to cut the cell: none gets there
 * from within a widget. Keys with ctrl, alt or meta, Tab, Escape and Shift+Enter do.
 */
function keepKeys(element, signal, act) {
  const listener = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (["Tab", "Escape"].includes(event.key)) return;
    if (event.key === "Enter" && event.shiftKey) return;
    event.stopPropagation();
    if (!isTakenBy(event.target, event.key) && act(event.key, event)) {
      event.preventDefault();
    }
  };
  element.addEventListener("keydown", listener, { signal });
}

/** Whether a form control needs a key itself. */
function isTakenBy(target, key) {
  const name = target.tagName;
  if (name === "BUTTON") return [" ", "Enter"].includes(key);
  if (name === "SELECT" || name === "TEXTAREA") return true;
  if (name !== "INPUT") return false;
  if (target.type === "range") return /^(Arrow|Home|End|Page)/.test(key);
  return target.type !== "checkbox" || key === " ";
}

/** A URL of a picture's bytes, to be revoked when it is shown no more. */
const pictureUrl = (bytes) => URL.createObjectURL(new Blob([bytes]));

/** Show a picture's bytes in an `<img>`; resolves to whether it is seen. */
async function showBytes(image, bytes) {
  dropBytes(image);
  if (!bytes?.byteLength) return false;
  image.src = pictureUrl(bytes);
  const { src } = image;
  try {
    await image.decode();
  } catch {
    return false;
  }
  return image.src === src;
}

/** Give back the memory of what `showBytes` shows. */
function dropBytes(image) {
  if (image.src) URL.revokeObjectURL(image.src);
  image.removeAttribute("src");
}

/** Draw the alpha of a picture as grey. */
function drawMatte(canvas, image) {
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  const { data } = pixels;
  for (let at = 0; at < data.length; at += 4) {
    data[at] = data[at + 1] = data[at + 2] = data[at + 3];
    data[at + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}

/** Paint what lies behind a cutout: a board, a colour, or a picture that has a URL. */
function paintBackground(element, name, url) {
  const board = { light: ["#fff", "#ccc"], dark: ["#444", "#222"] }[name];
  const { style } = element;
  if (board) {
    const [even, odd] = board;
    const turns = `${odd} 25%, ${even} 0 50%, ${odd} 0 75%, ${even} 0`;
    style.background = `repeating-conic-gradient(${turns}) 0 0 / 16px 16px`;
  } else if (name === "picture") {
    style.background = url ? `center / cover url("${url}")` : "";
  } else {
    style.background = name;
  }
}

// A place is {scale, left, top}: CSS px for a pixel, and of the picture's corner on the
// stage. Sizes are {width, height}: of a stage in CSS px, of a picture in pixels.

/** Place a whole picture in the middle of a stage, as large as it gets. */
function fitPlace(stage, picture) {
  const scale = Math.min(stage.width / picture.width, stage.height / picture.height);
  return boundPlace({ scale, left: 0, top: 0 }, stage, picture);
}

/** Move a place so that no gap is left beside a picture that could fill it. */
function boundPlace(place, stage, picture) {
  const bound = (start, side, room) =>
    side <= room ? (room - side) / 2 : Math.min(0, Math.max(room - side, start));
  return {
    scale: place.scale,
    left: bound(place.left, picture.width * place.scale, stage.width),
    top: bound(place.top, picture.height * place.scale, stage.height),
  };
}

/** Change the scale and leave what is under a point where it is. */
function zoomPlace(place, scale, point) {
  const factor = scale / place.scale;
  return {
    scale,
    left: point.left - (point.left - place.left) * factor,
    top: point.top - (point.top - place.top) * factor,
  };
}

/** Lay an element that shows a picture where a place says. */
function layElement(element, place, picture) {
  element.style.width = `${picture.width * place.scale}px`;
  element.style.height = `${picture.height * place.scale}px`;
  element.style.transform = `translate(${place.left}px, ${place.top}px)`;
}

/** Follow a pointer from press to release: `start(event)` returns what moves do. */
function followPointer(element, signal, start) {
  let move = null;
  const press = (event) => {
    if (event.button !== 0 || (move = start(event)) === null) return;
    element.setPointerCapture(event.pointerId);
    event.preventDefault();
  };
  const end = () => {
    move = null;
  };
  element.addEventListener("pointerdown", press, { signal });
  element.addEventListener("pointermove", (event) => move?.(event), { signal });
  element.addEventListener("pointerup", end, { signal });
  element.addEventListener("pointercancel", end, { signal });
}

/** Whether motion is unwelcome. */
const isMotionReduced = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
