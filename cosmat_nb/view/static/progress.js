const HINT = "To stop: the notebook's own stop button.";
const PROMISE = "Sends nothing new; calls in flight are answered and kept";

/** Make an element with a class and, if given, a text. */
function make(tag, name, text = "") {
  const element = document.createElement(tag);
  if (name) element.className = `cosmat-progress-${name}`;
  element.textContent = text;
  return element;
}

/** Change a text only when it is another: what is read aloud is not repeated. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}

/** The settings that a Jupyter server wrote into its page, or null. */
function readServer() {
  try {
    const text = document.getElementById("jupyter-config-data").textContent;
    const settings = JSON.parse(text);
    return typeof settings.baseUrl === "string" ? settings : null;
  } catch {
    return null;
  }
}

/** Interrupt a kernel, as the notebook's own stop button does. */
async function interrupt(server, kernel) {
  const path = `api/kernels/${encodeURIComponent(kernel)}/interrupt`;
  const base = new URL(server.baseUrl, window.location.href);
  const headers = { "Content-Type": "application/json" };
  const mark = document.cookie.match(/(?:^|;\s*)_xsrf=([^;]*)/);
  if (mark) headers["X-XSRFToken"] = decodeURIComponent(mark[1]);
  if (server.token) headers.Authorization = `token ${server.token}`;
  const answer = await fetch(new URL(path, base.href.replace(/\/*$/, "/")), {
    method: "POST",
    headers,
    body: "{}",
    credentials: "same-origin",
  });
  if (!answer.ok) throw new Error(`the server says ${answer.status}`);
}

/** The codes that calls failed with, as rows of a table. */
function fillFailures(table, failures) {
  table.hidden = !failures.length;
  const rows = failures.map(([code, count, words]) => {
    const row = make("tr");
    const name = make("th", "", code);
    name.scope = "row";
    row.append(name, make("td", "count", count.toLocaleString("en")), make("td", "", words));
    return row;
  });
  table.tBodies[0].replaceChildren(...rows);
}

function makeTable() {
  const table = make("table", "failures");
  const head = make("tr");
  for (const title of ["error", "pictures", "what the last one said"]) {
    const cell = make("th", "", title);
    cell.scope = "col";
    head.append(cell);
  }
  table.createTHead().append(head);
  table.createTBody();
  return table;
}

function makeTrack() {
  const track = make("div", "track");
  track.setAttribute("role", "progressbar");
  track.setAttribute("aria-valuemin", "0");
  track.append(make("div", "fill"));
  return track;
}

/** The bar as it stands. */
function fillTrack(track, glance) {
  const { done, total } = glance;
  track.setAttribute("aria-label", `${glance.unit}s done`);
  track.setAttribute("aria-valuemax", String(total));
  track.setAttribute("aria-valuenow", String(done));
  track.setAttribute("aria-valuetext", glance.numbers[0]);
  track.firstChild.style.width = `${(100 * done) / Math.max(total, 1)}%`;
}

function makeButton() {
  const button = make("button", "stop", "Stop");
  button.type = "button";
  return button;
}

function render({ model, el }) {
  const server = readServer();
  const root = make("div", "panel");
  const [head, numbers, money] = ["head", "numbers", "money"].map((name) => make("div", name));
  const [note, trouble] = ["note", "trouble"].map((name) => make("div", name));
  const [track, button, table] = [makeTrack(), makeButton(), makeTable()];
  let asked = false;
  let shownFailures = "";

  function show() {
    const glance = model.get("glance");
    root.hidden = glance.total === undefined;
    if (root.hidden) return;
    const isOver = glance.state === "ended";
    root.dataset.state = glance.state;
    fillTrack(track, glance);
    write(numbers, glance.line || glance.numbers.join(" · "));
    write(money, glance.money.join(" · "));
    button.title = glance.money.length ? PROMISE : "";
    note.setAttribute("aria-live", glance.state === "running" ? "off" : "polite");
    write(note, isOver ? "" : glance.note);
    showFailures(glance.failures);
    showButton(glance.state);
  }

  function showFailures(failures) {
    const text = JSON.stringify(failures);
    if (text === shownFailures) return;
    shownFailures = text;
    fillFailures(table, failures);
  }

  function showButton(state) {
    const kernel = model.get("kernel");
    const isOver = state === "ended";
    button.hidden = isOver || !(server && kernel);
    button.disabled = asked || state === "stopping";
    button.textContent = button.disabled ? "Stopping…" : "Stop";
    const needsHint = state === "running" && button.hidden && kernel !== null;
    if (needsHint) write(trouble, HINT);
    else if (isOver || trouble.textContent === HINT) write(trouble, "");
  }

  async function stop() {
    if (button.disabled) return;
    // Other views of this panel hear of it: a second interrupt would not wait for answers.
    model.set("asked", true);
    write(trouble, "");
    try {
      await interrupt(server, model.get("kernel"));
    } catch (error) {
      model.set("asked", false);
      write(trouble, `It could not be stopped from here (${error.message}). ${HINT}`);
    }
  }

  function hear() {
    asked = Boolean(model.get("asked")) && model.get("glance").state !== "ended";
    if (model.get("asked") && !asked) model.set("asked", false);
    show();
  }

  trouble.setAttribute("role", "status");
  button.addEventListener("click", stop);
  button.addEventListener("keydown", (event) => event.stopPropagation());
  head.append(track, button);
  root.append(head, numbers, money, note, trouble, table);
  el.append(root);
  for (const name of ["glance", "kernel", "asked"]) model.on(`change:${name}`, hear);
  hear();
  return () => {
    for (const name of ["glance", "kernel", "asked"]) model.off(`change:${name}`, hear);
    root.remove();
  };
}

export default { render };
