// Draws a plain Plotly figure with Plotly.react, so that zoom and hidden lines survive every update.
// Colours in the figure are names such as "$train"; here they become colours that read well on the page's background.
const LIGHT = {
  train: "#2f6fd6", trainRaw: "rgba(47,111,214,.28)", val: "#123a7c", other: "#5c6675", otherRaw: "rgba(92,102,117,.3)",
  error: "#c6361e", warning: "#b86e00", info: "#2f6fd6", good: "#00805c",
  errorFill: "rgba(213,72,40,.11)", warningFill: "rgba(230,150,0,.13)", infoFill: "rgba(47,111,214,.08)", goodFill: "rgba(0,128,92,.07)",
};
const DARK = {
  train: "#6fa8ff", trainRaw: "rgba(111,168,255,.3)", val: "#cfe1ff", other: "#a3adbb", otherRaw: "rgba(163,173,187,.3)",
  error: "#ff8566", warning: "#f2b33d", info: "#6fa8ff", good: "#3fcf9f",
  errorFill: "rgba(255,110,70,.09)", warningFill: "rgba(242,179,61,.09)", infoFill: "rgba(111,168,255,.10)", goodFill: "rgba(63,207,159,.08)",
};
const CONFIG = { responsive: true, displaylogo: false, displayModeBar: false, doubleClick: "autosize" };
const charts = new WeakMap();
let plotly;

export default function ({ data, parentElement, setTriggerValue }) {
  const chart = charts.get(parentElement) ?? mount(parentElement);
  chart.data = data;
  chart.open = (key) => setTriggerValue("opened", key);
  chart.div.style.height = `${data.figure.layout.height}px`;
  chart.div.setAttribute("aria-label", data.alt);
  load(data.plotly).then(() => draw(chart, data), () => fail(chart.div));
  return () => unmount(parentElement, chart);
}

function mount(parent) {
  const div = document.createElement("div");
  div.className = "cw-chart";
  div.setAttribute("role", "img");
  parent.appendChild(div);
  const chart = { div, went: null, range: null };
  charts.set(parent, chart);
  return chart;
}

function unmount(parent, chart) {
  charts.delete(parent);
  if (window.Plotly) window.Plotly.purge(chart.div);
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

async function draw(chart, data) {
  if (chart.data !== data) return; // a newer figure arrived while plotly.js was loading
  const { colours, theme } = look(chart.div, data.figure.palette ?? {});
  const { traces, layout } = JSON.parse(JSON.stringify(data.figure), (_, v) => colours[v] ?? v);
  go(chart, data.goTo, layout.uirevision);
  layout.xaxis = { ...layout.xaxis, ...(chart.range ? { range: [...chart.range] } : { autorange: true }) };
  if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false; // on a phone a drag scrolls the page
  await window.Plotly.react(chart.div, traces, merge(theme, layout), CONFIG);
  follow(chart);
  chart.div.classList.add("cw-ready");
  chart.div.dataset.lastStep = layout.meta?.lastStep ?? "";
}

// A new count: the reader asked to be taken there, once. Another run: all of it is shown. Else the view stays as it is.
function go(chart, { count, range }, identity) {
  if (chart.identity !== identity) chart.range = null;
  else if (chart.went !== count) chart.range = range;
  chart.identity = identity;
  chart.went = count;
}

// Remember what the reader zooms to by hand: Plotly's own memory forgets a range that was set from here.
function follow(chart) {
  if (chart.followed) return;
  chart.followed = true;
  chart.div.on("plotly_click", ({ points: [point] }) => { // a point that stands for a run leads to it
    const key = point?.data.ids?.[point.pointIndex];
    if (key) chart.open(key);
  });
  chart.div.on("plotly_relayout", (change) => {
    if (change["xaxis.autorange"]) chart.range = null;
    else if ("xaxis.range[0]" in change) chart.range = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
  });
}

// ``palette``: colours of this figure alone, by name, each as [on a light page, on a dark one].
function look(div, palette) {
  const style = getComputedStyle(div);
  const text = style.getPropertyValue("--st-text-color").trim() || style.color;
  const page = style.getPropertyValue("--st-background-color").trim() || "#fff";
  const own = Object.entries(palette).map(([name, pair]) => [name, pair[dark(page) ? 1 : 0]]);
  const colours = Object.fromEntries([...Object.entries(dark(page) ? DARK : LIGHT), ...own].map(([k, v]) => [`$${k}`, v]));
  const grid = `color-mix(in srgb, ${text} 10%, ${page})`;
  return { colours, theme: themed(text, page, solid(div, grid), style.fontFamily) };
}

function themed(text, page, grid, family) {
  const axis = { gridcolor: grid, linecolor: grid, zerolinecolor: grid, tickcolor: grid, zeroline: false };
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: text, family, size: 12 }, axis,
    hoverlabel: { bgcolor: page, bordercolor: grid, font: { color: text, family, size: 12 } },
  };
}

function merge(theme, layout) {
  const { axis, ...rest } = theme;
  const axes = Object.keys(layout).filter((key) => /^[xy]axis/.test(key));
  return { ...rest, ...layout, ...Object.fromEntries(axes.map((key) => [key, { ...axis, ...layout[key] }])) };
}

// Plotly reads plain colours only: let the browser work out the mix, on a canvas, as numbers.
function solid(div, colour) {
  const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  pixel.fillStyle = colour;
  pixel.fillRect(0, 0, 1, 1);
  return `rgb(${[...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3).join(",")})`;
}

function dark(colour) {
  const [r, g, b] = solid(null, colour).match(/\d+/g).map(Number);
  return 0.299 * r + 0.587 * g + 0.114 * b < 128; // perceived brightness, ITU-R BT.601
}

function fail(div) {
  div.textContent = "The chart library could not be loaded from this server. Start the app with: streamlit run app/main.py";
}
