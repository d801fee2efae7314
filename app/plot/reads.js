// What every line says where the crosshair stands: told to the list of runs beside the chart (table.js), which has room for all.
const READ = "curvewise:read"; // of the document: {at, values by run and kind}, or null

function read(chart, event) {
  if (!chart.layout.meta?.reads || !chart.shown) return;
  const { _size: size, xaxis } = chart.div._fullLayout ?? {};
  const box = chart.div.getBoundingClientRect();
  const [px, py] = [event.clientX - box.left - size.l, event.clientY - box.top];
  const panel = panelAt(chart, py);
  if (!panel || px < 0 || px > size.w) return unread(chart);
  cancelAnimationFrame(chart.reading);
  chart.reading = requestAnimationFrame(() => tellRead(chart, panel, Number(xaxis.p2d(px))));
}

function unread(chart) {
  cancelAnimationFrame(chart.reading);
  if (chart.layout?.meta?.reads) document.dispatchEvent(new CustomEvent(READ, { detail: null }));
}

function panelAt(chart, py) {
  const full = chart.div._fullLayout;
  const names = Object.keys(full).filter((name) => /^yaxis\d*$/.test(name));
  return names.find((name) => full[name]._offset <= py && py <= full[name]._offset + full[name]._length)?.replace("yaxis", "y");
}

function tellRead(chart, panel, x) {
  const values = {};
  const lines = chart.shown.traces.filter(({ meta, mode, yaxis }) => meta?.run && meta.part === "line" && mode.startsWith("lines") && (yaxis ?? "y") === panel);
  for (const trace of lines) {
    const y = nearest(chart, trace, x);
    if (y !== null) (values[trace.meta.run] ??= {})[kind(trace.meta.tag)] = shortly(y);
  }
  document.dispatchEvent(new CustomEvent(READ, { detail: { at: place(lines[0]?.meta.x ?? "step", x), values } }));
}

// The value of the point that is nearest; null beyond the ends of the line, by more than its last two points are apart.
function nearest({ shown }, trace, x) {
  if (!shown.points.has(trace)) shown.points.set(trace, [numbers(trace.x), numbers(trace.y)]);
  const [xs, ys] = shown.points.get(trace);
  const last = xs.length - 1;
  if (last < 0 || x < xs[0] - Math.abs(xs[Math.min(1, last)] - xs[0]) || x > xs[last] + (xs[last] - xs[Math.max(last - 1, 0)])) return null;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) low = middle; else high = middle;
  }
  const y = ys[x - xs[low] <= xs[high] - x ? low : high];
  return Number.isFinite(y) ? y : null;
}

const kind = (tag) => ["train", "val"].find((split) => tag.startsWith(`${split}/`)) ?? "value";
const shortly = (y) => String(Number(y.toPrecision(4)));

function place(x, at) {
  if (x === "time") return `${Number(at.toPrecision(3))} h`;
  return `${x} ${x === "step" ? Math.round(at).toLocaleString("en") : Number(at.toPrecision(3))}`;
}
