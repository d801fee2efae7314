// Draws a plain Plotly figure with Plotly.react, so that zoom and hidden lines survive every update.
// colours.js, zoom.js, reads.js, touch.js and tools.js follow in the same module.
const CONFIG = { responsive: true, displaylogo: false, displayModeBar: false, doubleClick: "autosize" };
const [ENTRY_PX, LETTER_PX, TOOLS_PX] = [48, 7, 350]; // of a legend's sample, of a letter, of the toolbar with the margins
const charts = new Map();
let plotly;

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const chart = charts.get(parentElement) ?? mount(parentElement);
  chart.data = data;
  chart.keep = (zoom) => setStateValue("zoom", zoom);
  chart.press = (key) => setTriggerValue("pressed", key);
  chart.open = (key) => setTriggerValue("opened", key);
  chart.div.style.height = `${data.figure.layout.height}px`;
  chart.div.setAttribute("aria-label", data.alt);
  load(data.plotly).then(() => draw(chart, data), () => fail(chart.div));
  return () => unmount(parentElement, chart);
}

function mount(parent) {
  const box = Object.assign(document.createElement("div"), { className: "cw-box", tabIndex: -1 });
  const div = Object.assign(document.createElement("div"), { className: "cw-chart" });
  const cross = Object.assign(document.createElement("div"), { className: "cw-cross" });
  div.setAttribute("role", "img");
  const chart = { box, div, cross, went: null, range: null, ys: {}, detail: new Map(), asked: 0 };
  chart.tools = toolbar(chart);
  box.append(chart.tools, div, cross);
  touchable(chart);
  parent.appendChild(box);
  charts.set(parent, chart);
  chart.widths = new ResizeObserver(() => fill(chart));
  chart.widths.observe(div);
  return chart;
}

function unmount(parent, chart) {
  charts.delete(parent);
  chart.asked = -1;
  chart.widths.disconnect();
  clearTimeout(chart.soon);
  clearTimeout(chart.later);
  chart.gone = true;
  Promise.resolve(chart.painted).then(() => { // Plotly stumbles over what goes while it draws
    window.Plotly?.purge(chart.div);
    chart.box.remove();
  });
}

function load(url) {
  plotly ??= new Promise((done, failed) => {
    if (window.Plotly) return done();
    const script = document.createElement("script");
    script.src = new URL(url, location.origin).href;
    script.onload = done;
    script.onerror = () => { plotly = undefined; failed(); };
    document.head.appendChild(script);
  });
  return plotly;
}

// Plotly knows the plain curve; of the further kinds, in their order, as many are made as it takes to know ``kind``.
const kinds = new Set(["scatter"]);
function learn(kind) {
  const { later = [] } = window.Plotly;
  while (later.length && !kinds.has(kind)) {
    const made = later.shift()();
    window.Plotly.register(made);
    kinds.add(made.name);
  }
}

async function draw(chart, data) {
  if (chart.data !== data || chart.gone) return; // a newer figure arrived while plotly.js was loading
  data.figure.traces.forEach(({ type }) => type && learn(type));
  const seen = look(chart.div, data.figure.palette ?? {});
  const text = JSON.stringify(data.figure);
  const { traces, layout } = JSON.parse(text, (_, v) => seen.colours[v] ?? v);
  const before = chart.last ?? 0;
  const drawn = chart.text + chart.page + chart.range;
  Object.assign(chart, { text, traces, layout, theme: seen.theme, page: seen.page, last: layout.meta?.lastX ?? Infinity });
  go(chart, data, layout.uirevision);
  if (drawn === chart.text + chart.page + chart.range) return; // the page ran again, and nothing here is new
  await paint(chart);
  if (chart.gone) return;
  follow(chart);
  chart.div.classList.add("cw-ready");
  chart.div.dataset.lastStep = layout.meta?.lastStep ?? "";
  if (chart.range && (!chart.detail.size || chart.range[1] >= before)) refetch(chart); // what is seen may have grown
}

// A new count: the reader asked to be taken there, once. Another run or axis: all of it is shown, or what the link says.
function go(chart, { goTo, zoom }, identity) {
  const [isNew, was] = [chart.identity !== identity, String(chart.range)];
  if (chart.identity === undefined) chart.range = zoom ?? goTo.range;
  else if (chart.identity !== identity) chart.range = null;
  else if (chart.went !== goTo.count) see(chart, goTo.range);
  if (chart.identity !== identity) chart.ys = {};
  chart.identity = identity;
  chart.went = goTo.count;
  if (isNew || was !== String(chart.range)) join(chart, isNew);
  keep(chart);
}

async function paint(chart) {
  const layout = structuredClone(chart.layout);
  const log = layout.xaxis?.type === "log";
  const traces = chart.traces.map((trace) => detailed(chart, trace));
  const revision = (chart.revision = (chart.revision ?? 0) + 1); // the ranges are kept here: Plotly's memory forgets some
  if (layout.xaxis) layout.xaxis = { ...layout.xaxis, uirevision: revision, ...whole(chart, layout, log) };
  for (const [name, range] of Object.entries(heights(chart, traces, layout))) layout[name] = { ...layout[name], ...range, uirevision: revision };
  if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false; // touch.js knows a drag that scrolls from one that zooms
  const drawn = traces.map((trace) => atEdge(trace, layout));
  chart.shown = { traces: drawn, points: new Map() };
  const painted = window.Plotly.react(chart.div, drawn, merge(chart.theme, layout), CONFIG);
  chart.painted = Promise.allSettled([chart.painted, painted]);
  await painted.catch((error) => { if (!chart.gone) throw error; });
  if (chart.gone) return;
  chart.box.classList.toggle("cw-tight", roomBeside(chart, drawn));
  chart.tools.dress();
  fill(chart);
}

// Columns may be laid out after the chart was drawn in the width of the page, and the window, which Plotly listens to, tells nothing of it.
function fill({ div }) {
  const drawn = div._fullLayout?.width;
  if (drawn && div.clientWidth && Math.abs(drawn - div.clientWidth) > 1) window.Plotly.Plots.resize(div);
}

// Whether the toolbar fits beside the legend, in one line with it.
function roomBeside({ div, layout }, traces) {
  if (!("hoversubplots" in layout)) return false; // other figures have a title or a key to their colours up there
  const names = layout.showlegend === false ? [] : traces.filter((trace) => trace.showlegend).map((trace) => trace.name);
  const wide = names.reduce((sum, name) => sum + ENTRY_PX + LETTER_PX * name.length, 0);
  return wide + TOOLS_PX < div.clientWidth;
}

function whole(chart, { xaxis }, log) {
  const range = chart.range ? scaled(chart.range, log) : xaxis.range;
  if (!range) return { autorange: true };
  const ticks = log ? spaced(range[1] - range[0]) : chart.layout.meta?.x === "time" ? clock(range) : {};
  return { range, autorange: false, ...ticks };
}

// Hours are written as minutes or seconds where little of them is seen.
function clock([low, high]) {
  const [unit, per] = high - low < 0.05 ? ["seconds", 3600] : ["minutes", 60];
  if (high - low > 3) return {};
  const rough = ((high - low) * per) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((one) => one * power >= rough);
  const marks = Array.from({ length: 8 }, (_, i) => Number(((Math.ceil((low * per) / step) + i) * step).toPrecision(9)));
  const seen = marks.filter((mark) => mark / per <= high);
  return { tickvals: seen.map((mark) => mark / per), ticktext: seen.map(String), title: { text: `${unit} since the start`, standoff: 6 } };
}

// Plotly would write nine labels a decade, one over the other.
function spaced(decades) {
  return decades > 2.5 ? { dtick: Math.ceil(decades / 7) } : decades > 1 ? { dtick: "D2" } : {};
}

function fail(div) {
  div.textContent = "The chart library could not be loaded from this server. Start the app with: streamlit run app/main.py";
}
