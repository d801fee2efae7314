// The chart's own small toolbar, and its keys: r or Esc shows all; what others do, Python says.
const PLACES = { "/": ".st-key-run input", "?": ".st-key-keys button" }; // keys that lead to a widget of the page
const ARROWS = { ArrowDown: "j", ArrowUp: "k" };
const SCALE = 2; // pixels of the picture a pixel of the screen: sharp in print

function toolbar(chart) {
  const bar = Object.assign(document.createElement("div"), { className: "cw-tools" });
  const reset = button("Reset zoom", "Show all (r or Esc)", () => showAll(chart));
  const csv = button("CSV", "Every logged point of the drawn curves", () => table(chart));
  const png = button("PNG", "Save what is seen as a picture", () => picture(chart, "png"));
  const svg = button("SVG", "Save what is seen as a drawing", () => picture(chart, "svg"));
  const link = button("Copy link", "The address of what is seen: run, axis, zoom, finding", () => copy(link));
  bar.append(reset, link, png, svg, csv);
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Chart");
  bar.dress = () => {
    reset.style.visibility = chart.range || Object.keys(chart.ys).length ? "visible" : "hidden";
    csv.hidden = !source(chart);
    link.hidden = !chart.data.keepsZoom;
  };
  return bar;
}

function button(text, title, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text, title });
  made.addEventListener("click", act);
  return made;
}

// Where the page is not served over HTTPS, browsers keep the clipboard to the old command.
async function copy(link) {
  try {
    await navigator.clipboard.writeText(location.href);
  } catch {
    const text = Object.assign(document.createElement("textarea"), { value: location.href });
    document.body.append(text);
    text.select();
    document.execCommand("copy");
    text.remove();
  }
  link.textContent = "Copied";
  setTimeout(() => { link.textContent = "Copy link"; }, 1500);
}

// One run's curves can be had as a table; of several runs, each has its own page for that.
function source(chart) {
  const known = (chart.traces ?? []).map((trace) => trace.meta).filter((meta) => meta?.run && meta.part !== "layers");
  const runs = new Set(known.map((meta) => meta.run));
  return runs.size === 1 ? { run: known[0].run, tags: [...new Set(known.map((meta) => meta.tag))] } : null;
}

function table(chart) {
  const { run, tags } = source(chart);
  const query = new URLSearchParams({ run });
  for (const tag of tags) query.append("tag", tag);
  const link = Object.assign(document.createElement("a"), { href: `/curvewise/data.csv?${query}`, download: `${file(chart)}.csv` });
  link.click();
}

function picture(chart, format) {
  const { layout, data } = chart.div;
  const { width, height } = chart.div.getBoundingClientRect();
  const margin = { ...layout.margin, t: layout.margin.t + 28 };
  const title = { text: escaped(chart.data.name ?? ""), x: 0, xref: "paper", y: 1, yref: "container", yanchor: "top", pad: { t: 10 }, font: { size: 15 } };
  const page = { paper_bgcolor: chart.page, plot_bgcolor: chart.page, width, height: height + 28, margin, title };
  return window.Plotly.downloadImage(
    { data, layout: { ...layout, ...page }, config: CONFIG },
    { format, width, height: height + 28, scale: format === "png" ? SCALE : 1, filename: file(chart) },
  );
}

const file = (chart) => (chart.data.name || "curves").replace(/[^\w.-]+/g, "-").replace(/^[-.]+|-+$/g, "") || "curves";

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, [contenteditable], [role=dialog], [role=combobox]")) return;
  const place = PLACES[event.key] && document.querySelector(PLACES[event.key]);
  if (place) return reach(event, place);
  const all = [...charts.values()].filter((chart) => chart.layout && chart.div.offsetParent);
  const chart = all.find((one) => one.box.matches(":hover, :focus-within")) ?? all[0];
  if (chart && keyed(chart, event.key)) mine(event);
}, true);

function reach(event, place) {
  mine(event);
  if (place.tagName === "BUTTON") place.click();
  else place.focus();
}

function mine(event) {
  event.preventDefault();
  event.stopPropagation(); // Streamlit would rerun the page at r
}

// The chart that knows the keys: the layers below follow it.
const main = () => [...charts.values()].find((one) => one.data.keys);

function keyed(chart, key) {
  if (key === "r" || (key === "Escape" && chart.range)) showAll(chart);
  else if (key.length === 1 && [...charts.values()].some((one) => one.data.keys?.includes(key))) main().press(key);
  else if (ARROWS[key] && chart.box.matches(":focus-within")) main().press(ARROWS[key]); // elsewhere they scroll
  else return false;
  return true;
}
