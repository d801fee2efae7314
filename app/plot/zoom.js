// Zooming: what the reader sees is remembered, linked charts follow, and the server is asked for all points of what is seen.
const PAUSE_MS = 120; // after the last move of a zoom, before the server is asked
const PASS_MS = 250; // between two tries to be let in
const CALM_MS = 500; // before the address is told
const ROOM_PX = 8; // of width a point in sight: then each is worth a dot
const FADED = 0.1; // opacity of the runs that the pointer is not on
const AIR = 0.06; // of the height, above and below what is seen

function follow(chart) {
  if (chart.followed) return;
  chart.followed = true;
  chart.div.on("plotly_click", ({ points: [point], event }) => { // a point that stands for a run leads to it
    const key = point?.data.ids?.[point.pointIndex];
    if (key) chart.open(key);
    else if (point) clicked(chart, point.x, event);
  });
  chart.div.on("plotly_clickannotation", ({ annotation }) => chart.press(annotation.text.replace(/\D/g, "")));
  chart.div.on("plotly_hover", ({ points: [point] }) => chart.layout.hovermode === "closest" && point?.data.meta?.run && hovered(point.data.meta.run));
  chart.div.on("plotly_unhover", () => hovered(null));
  chart.div.on("plotly_relayout", (change) => relaid(chart, change));
  chart.div.on("plotly_doubleclick", () => showAll(chart));
  chart.div.addEventListener("mousemove", (event) => crosshair(chart, event));
  chart.div.addEventListener("mousemove", (event) => read(chart, event));
  chart.div.addEventListener("mouseleave", () => unread(chart));
  chart.div.addEventListener("mouseleave", () => charts.forEach((other) => { other.cross.style.display = "none"; }));
}

// A shaded span is clicked: the smallest there is, as if its number were pressed.
function clicked(chart, x, event) {
  const y = event.clientY - chart.div.getBoundingClientRect().top;
  const hit = ([, axis, first, last]) => {
    const { _offset, _length } = chart.div._fullLayout[axis.replace("y", "yaxis")] ?? {};
    return first <= x && x <= last && _offset <= y && y <= _offset + _length;
  };
  const here = (chart.layout.meta?.spans ?? []).filter(hit);
  const [found] = here.sort((a, b) => a[3] - a[2] - (b[3] - b[2]));
  if (found) chart.press(String(found[0]));
}

const hovered = (run) => document.dispatchEvent(new CustomEvent("curvewise:run", { detail: run })); // table.js hears it too

// The run that the pointer is on stands out: the others fade.
document.addEventListener("curvewise:run", ({ detail: run }) => {
  for (const chart of charts.values()) {
    const drawn = [...chart.div.querySelectorAll(".scatterlayer .trace")].map((group) => [group, group.__data__?.[0]?.trace]);
    const known = drawn.some(([, trace]) => trace?.meta?.run === run);
    const several = new Set(drawn.map(([, trace]) => trace?.meta?.run)).size > 1;
    for (const [group, trace] of drawn) if (trace && several) group.style.opacity = known && trace.meta?.run !== run ? FADED : trace.opacity;
  }
});

function relaid(chart, change) {
  for (const key of Object.keys(change)) {
    const y = key.match(/^(yaxis\d*)\.range\[0\]$/);
    if (y) chart.ys[y[1]] = [change[key], change[`${y[1]}.range[1]`]];
  }
  const log = chart.layout.xaxis?.type === "log";
  if (change["xaxis.autorange"] || change["xaxis.range"]) showAll(chart); // a double click
  else if ("xaxis.range[0]" in change) {
    const ends = [change["xaxis.range[0]"], change["xaxis.range[1]"]].map(Number);
    turn(chart, log ? ends.map((end) => 10 ** end) : ends);
  }
}

// The reader looks elsewhere: every chart that shares the axis goes along. ``there``: the chart that Plotly has moved itself.
function turn(chart, range, there = chart) {
  for (const other of linked(chart)) {
    see(other, range);
    if (other !== there || !range) paint(other);
    keep(other);
    clearTimeout(other.soon);
    if (range) other.soon = setTimeout(() => refetch(other), PAUSE_MS);
  }
}

// A chart that has just come looks where the others of its axis look; one that was sent elsewhere takes them along.
function join(chart, isNew) {
  const others = linked(chart).filter((other) => other !== chart && other.identity !== undefined);
  if (isNew && !chart.range) chart.range = others.find((other) => other.range)?.range ?? null;
  for (const other of others.filter((one) => String(one.range) !== String(chart.range))) {
    see(other, chart.range);
    paint(other).then(() => refetch(other));
  }
}

function see(chart, range) {
  chart.range = range && range[1] > range[0] ? range : null;
  if (!chart.range) { chart.detail.clear(); chart.ys = {}; chart.asked += 1; }
}

function showAll(chart) {
  chart.ys = {};
  turn(chart, null);
}

function linked(chart) {
  const link = chart.layout?.meta?.link;
  return [...charts.values()].filter((other) => other === chart || (link && other.layout?.meta?.link === link));
}

// The address is told when the zoom has come to rest, by way of Python, which owns it.
function keep(chart) {
  if (!chart.data.keepsZoom) return;
  clearTimeout(chart.later);
  chart.later = setTimeout(() => {
    const said = (range) => (range ? range.map((end) => String(Number(Math.max(end, 0).toPrecision(6)))).join("-") : "");
    if (said(chart.range) !== said(chart.data.zoom)) chart.keep(said(chart.range));
  }, CALM_MS);
}

async function refetch(chart) {
  const asked = (chart.asked += 1);
  const range = chart.range;
  if (!range || !chart.div._fullLayout) return;
  const wanted = chart.traces.filter((trace) => trace.meta?.run);
  const runs = [...new Set(wanted.map((trace) => trace.meta.run))];
  await Promise.all(runs.map((run) => ask(chart, wanted.filter((trace) => trace.meta.run === run), range, asked)));
  if (asked === chart.asked) await paint(chart);
  if (asked === chart.asked) chart.div.dataset.seen = range.join("-"); // tells a test that the points are there
}

async function ask(chart, traces, [from, to], asked) {
  const size = chart.div._fullLayout._size;
  const width = Math.min(Math.max(Math.round(size.w * devicePixelRatio), 100), 8000);
  const log = chart.layout.xaxis?.type === "log" ? 1 : 0;
  const { run, x } = traces[0].meta;
  const query = new URLSearchParams({ run, x: x ?? "step", from, to, width, log });
  for (const trace of traces) query.append("curve", JSON.stringify(name(trace)));
  try {
    const answer = await admitted(`/curvewise/points?${query}`);
    if (!answer.ok || asked !== chart.asked) return;
    const { curves } = await answer.json();
    traces.forEach((trace, i) => curves[i] && chart.detail.set(JSON.stringify(trace.meta), curves[i]));
  } catch { /* the server is gone: the points at hand stay, and the next zoom asks again */ }
}

// Where one signs in, the pass of a fresh tab may come a moment after its chart.
async function admitted(address, tries = 20) {
  const answer = await fetch(address);
  if (answer.status !== 401 || !tries) return answer;
  await new Promise((done) => setTimeout(done, PASS_MS));
  return admitted(address, tries - 1);
}

function name({ meta }) {
  const { tag, window, attempt = 0, part = "line" } = meta;
  return { tag, window, attempt, part };
}

// A line is drawn in detail where it is seen and coarsely for a screen on either side, so that moving shows no void at once.
function detailed(chart, trace) {
  const curve = trace.type === "scatter" && (trace.meta?.run || trace.fill); // other dots may stand at words
  if (!chart.range || !curve) return { ...trace, ...fetched(chart, trace) };
  const { logged = Infinity, ...points } = fetched(chart, trace) ?? {};
  const part = trace.meta?.part ?? "line";
  if (part === "broken" || part === "where") return { ...trace, ...points };
  const seen = { ...trace, ...nearby(chart, points.x ? joined(trace, points) : { x: numbers(trace.x), y: numbers(trace.y) }) };
  const few = logged * ROOM_PX <= chart.div._fullLayout?._size.w;
  if (part === "raw" && points.x) return { ...seen, ...scattered(trace, points, logged, few) };
  return few && trace.mode === "lines" ? { ...seen, mode: "lines+markers", marker: { size: 4, ...trace.marker } } : seen;
}

function fetched(chart, trace) {
  return chart.range && trace.meta ? chart.detail.get(JSON.stringify(trace.meta)) : undefined;
}

// A browser draws even the dashes of a line a million pixels away: what lies further off than a screen is left out.
function nearby(chart, { x, y }) {
  const [from, to] = chart.range;
  const log = chart.layout.xaxis.type === "log";
  const [low, high] = log ? [(from * from) / to, (to * to) / from] : [2 * from - to, 2 * to - from];
  const first = x.findIndex((one) => one >= low);
  const last = x.findLastIndex((one) => one <= high);
  const [begin, end] = [Math.max((first < 0 ? x.length : first) - 1, 0), last + 2];
  return { x: x.subarray(begin, end), y: y.subarray(begin, end) };
}

// Raw points are dots; a line from extreme to extreme where they had to be thinned.
function scattered({ marker }, points, logged, few) {
  return { mode: logged <= numbers(points.x).length + 2 ? "markers" : "lines", marker: { ...marker, size: few ? 5 : marker.size } };
}

function joined(coarse, fine) {
  const [cx, cy, fx, fy] = [coarse.x, coarse.y, fine.x, fine.y].map(numbers);
  if (!fx.length) return { x: cx, y: cy };
  const before = cx.findIndex((x) => x >= fx[0]);
  const after = cx.findLastIndex((x) => x <= fx.at(-1)) + 1;
  const spliced = (c, f) => Float64Array.from([...c.subarray(0, before < 0 ? c.length : before), ...f, ...c.subarray(after)]);
  return { x: spliced(cx, fx), y: spliced(cy, fy) };
}

function numbers(array) {
  if (!array?.bdata) return Float64Array.from(array ?? []);
  return new Float64Array(Uint8Array.from(atob(array.bdata), (c) => c.charCodeAt(0)).buffer);
}

const scaled = (range, log) => (log ? range.map((end) => Math.log10(Math.max(end, 1e-9))) : [...range]);

// While zoomed, each height is fitted to what is seen, unless the reader has zoomed that panel's height by hand.
function heights(chart, traces, layout) {
  const names = Object.keys(layout).filter((key) => key.startsWith("yaxis"));
  const fitted = names.map((name) => chart.ys[name] ?? (chart.range && layout[name].type !== "category" && fit(chart, traces, name, layout[name])));
  return Object.fromEntries(names.map((name, i) => [name, fitted[i] ? { range: [...fitted[i]], autorange: false } : {}]));
}

// ``range``: what Python found worth showing; a curve that leaves it is not followed.
function fit(chart, traces, name, { type, rangemode, range: most }) {
  const [from, to] = chart.range;
  const unseen = new Set((chart.div._fullData ?? []).filter((trace) => trace.visible === "legendonly").map((trace) => trace.uid));
  let [low, high] = [Infinity, -Infinity];
  const take = (y) => {
    if (!Number.isFinite(y) || (type === "log" && y <= 0)) return;
    [low, high] = [Math.min(low, y), Math.max(high, y)];
  };
  for (const trace of traces) {
    if ((trace.yaxis ?? "y").replace("y", "yaxis") !== name || unseen.has(trace.uid)) continue;
    const [xs, ys] = [numbers(trace.x), numbers(trace.y)];
    for (let i = 0; i < xs.length; i++) if (xs[i] >= from && xs[i] <= to) take(ys[i]);
    if (trace.mode !== "markers") for (const edge of chart.range) take(crossing(xs, ys, edge));
  }
  if (low > high) return null;
  if (type === "log") [low, high] = [Math.log10(low), Math.log10(high)];
  else if (rangemode === "tozero") low = Math.min(low, 0);
  const air = AIR * (high - low) || Math.abs(high) * AIR || 1;
  const all = [low - air, high + air];
  const seen = most ? [Math.max(all[0], most[0]), Math.min(all[1], most[1])] : all;
  return seen[0] < seen[1] ? seen : all;
}

// Where a value is NaN or infinite is said at the edge, where the line itself has left the chart.
function atEdge(trace, layout) {
  const { range, type } = layout[(trace.yaxis ?? "y").replace("y", "yaxis")] ?? {};
  if (trace.meta?.part !== "broken" || !range) return trace;
  const [low, high] = type === "log" ? range.map((end) => 10 ** end) : range;
  return { ...trace, y: numbers(trace.y).map((y) => Math.min(Math.max(y, low), high)), cliponaxis: false };
}

// Where a line enters or leaves what is seen.
function crossing(xs, ys, edge) {
  const i = xs.findIndex((x) => x >= edge);
  return i > 0 ? ys[i - 1] + ((ys[i] - ys[i - 1]) * (edge - xs[i - 1])) / (xs[i] - xs[i - 1] || 1) : NaN;
}

// One line through all panels of all charts that share the axis.
function crosshair(chart, event) {
  const { _size: size, xaxis } = chart.div._fullLayout ?? {};
  if (!size || !xaxis?.p2d) return;
  const at = event.clientX - chart.div.getBoundingClientRect().left - size.l;
  for (const other of linked(chart)) {
    const full = other.div._fullLayout;
    const px = full?.xaxis.d2p(xaxis.p2d(at));
    const inside = at >= 0 && at <= size.w && px >= 0 && px <= full._size.w;
    other.cross.style.display = inside ? "block" : "none";
    if (inside) Object.assign(other.cross.style, { left: `${full._size.l + px}px`, top: `${other.div.offsetTop + full._size.t}px`, height: `${full._size.h}px` });
  }
}
