// The table of runs: real rows, so that links, screen readers and the browser's own search work in it.
// Every text from a log goes in as textContent; nothing here is parsed as HTML.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 120, HEIGHT = 28; // px of a curve's thumbnail
const DECADES = 30; // a larger factor would press the end of a curve flat
const TICK_MS = 10000; // how often "5 min ago" is looked at again
const SYMBOLS = { // as plotly.js draws them
  circle: "M9 6a4 4 0 1 0 8 0a4 4 0 1 0-8 0", square: "M9.5 2.5h7v7h-7z", diamond: "M13 1l5 5l-5 5l-5-5z", "triangle-up": "M13 1.5l4.6 8h-9.2z",
};
const HOVERED = "curvewise:run"; // of the document: the run that the pointer is on, in a table or a chart
const READ = "curvewise:read"; // of the document: what the lines of a chart say at its crosshair (reads.js)
const RELEASES = ["pointerup", "pointercancel", "contextmenu"];
const CLICK_MS = 50; // after which the click has come, on a touch screen as well
const TAIL = 10; // letters of a long name that a slim list never cuts off
const UNITS = [[31557600, "y"], [86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
const tables = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const table = tables.get(parentElement) ?? mount(parentElement);
  table.show = () => show(table, data, setTriggerValue);
  if (!table.pressed) table.show();
  return () => unmount(parentElement, table);
}

function show(table, data, tell) {
  Object.assign(table, { data, tell });
  if (data.echo >= table.sent) table.chosen = new Set(data.chosen); // not while a later click is still on its way
  draw(table);
}

function mount(parent) {
  const root = make("div", "cw-list");
  const chips = make("div", "cw-chips");
  const frame = make("div", "cw-frame");
  const element = make("table");
  element.append(make("thead"), make("tbody"));
  frame.append(element);
  root.append(chips, frame);
  parent.append(root);
  const table = { root, chips, frame, head: element.tHead, body: element.tBodies[0], lines: new Map(), closed: new Set(), sent: 0, chosen: new Set() };
  table.timer = setInterval(() => age(table), TICK_MS);
  table.keys = (event) => focusFilter(event, table.data.focus);
  document.addEventListener("keydown", table.keys);
  table.hover = ({ detail }) => point(table, detail);
  document.addEventListener(HOVERED, table.hover);
  table.read = ({ detail }) => table.data.slim && reads(table, detail);
  document.addEventListener(READ, table.read);
  press(table);
  tables.set(parent, table);
  return table;
}

function unmount(parent, table) {
  clearInterval(table.timer);
  document.removeEventListener("keydown", table.keys);
  document.removeEventListener(HOVERED, table.hover);
  document.removeEventListener(READ, table.read);
  for (const event of RELEASES) document.removeEventListener(event, table.release, true);
  clearTimeout(table.clicked);
  tables.delete(parent);
}

// What is pressed stays until it is let go and the click has come: a click needs the same element under both.
function press(table) {
  table.root.addEventListener("pointerdown", ({ button }) => { clearTimeout(table.clicked); table.pressed = button === 0; });
  table.release = () => { if (table.pressed) table.clicked = setTimeout(() => { table.pressed = false; table.show(); }, CLICK_MS); };
  for (const event of RELEASES) document.addEventListener(event, table.release, true);
}

function make(kind, style, text) {
  const element = document.createElement(kind);
  if (style) element.className = style;
  if (text !== undefined) element.textContent = text;
  return element;
}

function draw(table) {
  const { data, root, frame } = table;
  table.dark = isDark(getComputedStyle(root).getPropertyValue("--st-background-color"));
  root.setAttribute("aria-label", data.alt);
  root.classList.toggle("cw-slim", data.slim);
  drawOnce(table, "chips", data.chips, drawChips);
  drawOnce(table, "head", [data.columns, data.sort, data.selectable], drawHead);
  drawBody(table);
  frame.hidden = data.rows.length === 0;
  mark(table);
  age(table);
}

// A part that is still the same is left alone: a live list must not swallow the click that is under way.
function drawOnce(table, name, content, make) {
  const told = JSON.stringify(content);
  if (table[`${name}Told`] !== told) make(table);
  table[`${name}Told`] = told;
}

function drawChips(table) {
  let before;
  table.chips.replaceChildren(...table.data.chips.flatMap(({ field, value, label, colour, count, on }) => {
    const chip = make("button", `cw-pick cw-${colour}`, label);
    chip.append(make("b", "", count.toLocaleString("en")));
    chip.setAttribute("aria-pressed", on);
    chip.title = on ? "Show the others again" : `Only ${label}`;
    chip.onclick = () => table.tell("toggled", { field, value });
    const apart = before && before !== field ? [make("hr")] : [];
    before = field;
    return [...apart, chip];
  }));
}

function drawHead(table) {
  const { columns, sort, selectable } = table.data;
  const row = make("tr");
  if (selectable) {
    const cell = make("th", "cw-tick"), box = tick("All runs of this page");
    box.onchange = () => choose(table, table.data.rows.filter((r) => r.key), box.checked);
    cell.append(box);
    row.append(cell);
  }
  row.append(...columns.map((column) => heading(table, column, sort)));
  table.head.replaceChildren(row);
}

function heading(table, { id, title, kind, tip, low }, sort) {
  const cell = make("th", `cw-${kind}`);
  const now = sort === id ? "ascending" : sort === `-${id}` ? "descending" : null;
  cell.scope = "col";
  if (now) cell.setAttribute("aria-sort", now);
  if (kind === "spark" || !table.data.sortable) { cell.append(make("span", "", title)); cell.title = tip; return cell; }
  const button = make("button", "", title + (now ? (now === "ascending" ? " ↑" : " ↓") : ""));
  button.title = tip || `Sort by ${title}`;
  const first = low ? id : `-${id}`, second = low ? `-${id}` : id;
  button.onclick = () => table.tell("sorted", sort === first ? second : sort === second ? "" : first);
  cell.append(button);
  return cell;
}

function drawBody(table) {
  const before = table.lines;
  table.lines = new Map();
  const wanted = table.data.rows.map((row, i) => line(table, row, before.get(row.key ?? `#${row.group}`), i));
  for (const [i, tr] of wanted.entries()) if (table.body.children[i] !== tr) table.body.insertBefore(tr, table.body.children[i] ?? null);
  while (table.body.children.length > wanted.length) table.body.lastChild.remove();
  if (table.openAt && !table.lines.has(table.openAt)) table.openAt = null;
  fold(table);
}

function line(table, row, known, i) {
  const told = JSON.stringify([row, table.data.columns, table.data.selectable, table.dark]);
  const tr = known?.told === told ? known.tr : row.key === undefined ? groupLine(table, row) : runLine(table, row);
  table.lines.set(row.key ?? `#${row.group}`, { tr, told, row });
  return tr;
}

function groupLine(table, { group, note }) {
  const tr = make("tr", "cw-group"), cell = make("td"), button = make("button", "", group);
  cell.colSpan = table.data.columns.length + (table.data.selectable ? 1 : 0);
  button.onclick = () => { table.closed.has(group) ? table.closed.delete(group) : table.closed.add(group); fold(table); };
  cell.append(button, make("span", "", note));
  tr.append(cell);
  return tr;
}

function fold(table) {
  let closed = false;
  for (const { tr, row } of table.lines.values()) {
    if (row.key === undefined) { closed = table.closed.has(row.group); tr.querySelector("button").setAttribute("aria-expanded", !closed); }
    else tr.hidden = closed;
  }
}

function runLine(table, row) {
  const tr = make("tr", "cw-run");
  tr.dataset.key = row.key;
  if (table.data.selectable) {
    const cell = make("td", "cw-tick"), box = tick(`Choose ${row.name}`);
    box.onchange = () => choose(table, [row], box.checked);
    cell.append(box);
    tr.append(cell);
  }
  tr.append(...table.data.columns.map((column, i) => cell(table, row, column, row.cells[i])));
  const tell = (key) => document.dispatchEvent(new CustomEvent(HOVERED, { detail: key }));
  tr.onmouseenter = tr.onfocusin = () => tell(row.key);
  tr.onmouseleave = () => tell(null);
  tr.onclick = (event) => event.target.closest("a,button,input,.cw-tick") || String(getSelection()) || table.tell("opened", row.key);
  return tr;
}

// The run that the pointer is on; a list beside the chart brings it into sight.
function point(table, key) {
  for (const { tr } of table.lines.values()) tr.classList.toggle("cw-hot", tr.dataset.key === key);
  const hot = table.data.slim && !table.frame.matches(":hover") && table.lines.get(key)?.tr;
  if (!hot) return;
  const [top, room] = [hot.offsetTop - table.head.offsetHeight, table.frame.clientHeight - table.head.offsetHeight - hot.offsetHeight];
  table.frame.scrollTop = Math.min(Math.max(table.frame.scrollTop, top - room), top);
}

function cell(table, row, { kind, title, best }, value) {
  const td = make("td", `cw-${kind}${best ? " cw-best" : ""}`);
  td.dataset.title = title;
  if (kind === "run") td.append(...name(table, row, value));
  else if (value === null) td.append(make("span", "cw-none", "–"));
  else if (kind === "chip") { td.append(make("span", `cw-badge cw-${value.colour}`, value.word)); td.title = value.title; }
  else if (kind === "spark") td.append(spark(value));
  else if (kind === "age") td.dataset.at = value;
  else td.textContent = td.title = value;
  return td;
}

function name(table, row, text) {
  const link = make("a", "", table.data.slim ? undefined : text);
  if (table.data.slim) link.append(make("span", "", text.slice(0, -TAIL)), make("span", "", text.slice(-TAIL))); // names differ at their ends
  link.href = `diagnosis?run=${encodeURIComponent(row.key)}`;
  link.title = row.key;
  link.onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab, as with any link
    event.preventDefault();
    table.tell("opened", row.key);
  };
  return row.swatch ? [swatch(table, row.swatch), link] : [link];
}

// A piece of the run's line, with the symbol it carries in the chart.
function swatch({ dark }, [light, onDark, symbol]) {
  const svg = drawing(26, 12, "cw-swatch"), line = part("M1 6H25");
  line.setAttribute("stroke", dark ? onDark : light);
  svg.append(line);
  if (SYMBOLS[symbol]) svg.append(part(SYMBOLS[symbol]));
  svg.lastChild.setAttribute("fill", dark ? onDark : light);
  return svg;
}

function drawing(width, height, style) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: `0 0 ${width} ${height}`, width, height, class: style, "aria-hidden": "true" })) svg.setAttribute(name, value);
  return svg;
}

function part(path, style) {
  const made = document.createElementNS(SVG, "path");
  made.setAttribute("d", path);
  if (style) made.setAttribute("class", style);
  return made;
}

function tick(label) {
  const box = make("input");
  box.type = "checkbox";
  box.setAttribute("aria-label", label);
  return box;
}

function choose(table, rows, on) {
  for (const { key } of rows) on ? table.chosen.add(key) : table.chosen.delete(key);
  table.sent = Math.max(table.sent, table.data.echo) + 1;
  mark(table);
  table.tell("chosen", { keys: [...table.chosen], count: table.sent });
}

function mark(table) {
  const runs = [...table.lines.values()].filter(({ row }) => row.key !== undefined);
  for (const { tr, row } of runs) {
    const on = table.chosen.has(row.key), box = tr.querySelector(".cw-tick input");
    tr.classList.toggle("cw-on", (on && !table.data.legend) || row.key === table.data.current);
    tr.classList.toggle("cw-off", !on && Boolean(table.data.legend));
    if (box) box.checked = on;
  }
  const all = table.head.querySelector("input"), on = runs.filter(({ row }) => table.chosen.has(row.key)).length;
  if (all) { all.checked = runs.length > 0 && on === runs.length; all.indeterminate = on > 0 && on < runs.length; }
}

// Points in order over equal widths, between their least and their largest; over decades, where those differ by decades.
// The line breaks where a value is missing (NaN or Inf in the log); a mark at the foot says so.
function spark(raw) {
  const known = raw.filter((v) => v !== null), decades = Math.min(...known) > 0 && Math.max(...known) > DECADES * Math.min(...known);
  const scaled = decades ? Math.log : (v) => v, low = scaled(Math.min(...known)), span = scaled(Math.max(...known)) - low || 1;
  const apart = (WIDTH - 4) / Math.max(raw.length - 1, 1), x = (i) => (2 + i * apart).toFixed(1);
  const y = (v) => (HEIGHT - 3 - ((scaled(v) - low) / span) * (HEIGHT - 6)).toFixed(1);
  const svg = drawing(WIDTH, HEIGHT, "cw-curve");
  svg.append(part(raw.map((v, i) => (v === null ? "" : `${(raw[i - 1] ?? null) === null ? "M" : ""}${x(i)},${y(v)}L${x(i)},${y(v)}`)).join(" ")));
  const marks = raw.map((v, i) => (v === null ? `M${x(i)},${HEIGHT - 4}v4` : "")).join("");
  if (marks) svg.append(part(marks, "cw-nan"));
  return svg;
}

// A slim list says what each line says at the crosshair; without one, its last value.
function reads(table, at) {
  const columns = table.data.columns.map(({ kind }, i) => [kind, i]).filter(([kind]) => kind === "number");
  const place = table.head.querySelector("th.cw-run span");
  if (place) place.textContent = at?.at ?? table.data.columns[0].title;
  for (const { tr, row } of table.lines.values()) {
    const cells = tr.querySelectorAll("td.cw-number"); // a heading has none
    if (cells.length) for (const [n, [, i]] of columns.entries()) cells[n].textContent = (at ? at.values[row.key]?.[table.data.columns[i].id] : row.cells[i]) ?? "–";
  }
}

function age(table) {
  for (const cell of table.body.querySelectorAll("[data-at]")) {
    const seconds = Math.max(Date.now() / 1000 - Number(cell.dataset.at), 0);
    const [size, unit] = UNITS.find(([size]) => seconds >= size) ?? [1, "s"];
    const text = seconds < 5 ? "now" : `${Math.floor(seconds / size)} ${unit}`;
    if (cell.textContent !== text) cell.textContent = text;
    cell.title ||= new Date(cell.dataset.at * 1000).toLocaleString();
  }
}

// Perceived brightness, ITU-R BT.601, of a colour written #rrggbb.
function isDark(colour) {
  const [r, g, b] = (colour.trim().match(/[0-9a-f]{2}/gi) ?? ["ff", "ff", "ff"]).map((part) => parseInt(part, 16));
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}

function focusFilter(event, label) {
  const typing = event.target.closest?.("input:not([type=checkbox]),textarea,[contenteditable=true]");
  if (event.key !== "/" || !label || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = document.querySelector(`input[aria-label="${CSS.escape(label)}"]`);
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}
