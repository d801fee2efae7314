// On a touch screen a drag along the axis chooses the stretch to zoom to; up and down it scrolls the page, as it does elsewhere.
const LEAST_PX = 24; // a shorter way is a tap that slipped

function touchable(chart) {
  const band = Object.assign(document.createElement("div"), { className: "cw-band" });
  const on = (name, act) => chart.div.addEventListener(name, act);
  let from = null;
  chart.box.append(band);
  on("pointerdown", (event) => { from = event.pointerType === "touch" && event.isPrimary && chart.layout?.meta?.lastStep !== undefined ? along(chart, event) : null; });
  on("pointermove", (event) => from !== null && event.isPrimary && stretch(chart, band, from, along(chart, event)));
  on("pointerup", (event) => { if (from !== null && event.isPrimary) reachTo(chart, from, along(chart, event)); });
  for (const end of ["pointerup", "pointercancel"]) on(end, () => { from = null; band.style.display = "none"; }); // cancel: the page scrolls
}

// Pixels from the left end of the axis.
function along(chart, event) {
  const { l, w } = chart.div._fullLayout._size;
  return Math.min(Math.max(event.clientX - chart.div.getBoundingClientRect().left - l, 0), w);
}

function stretch(chart, band, a, b) {
  const { l, t, h } = chart.div._fullLayout._size;
  const place = { display: "block", left: `${l + Math.min(a, b)}px`, width: `${Math.abs(b - a)}px`, top: `${chart.div.offsetTop + t}px`, height: `${h}px` };
  Object.assign(band.style, place);
}

function reachTo(chart, a, b) {
  const axis = chart.div._fullLayout.xaxis;
  if (Math.abs(b - a) >= LEAST_PX) turn(chart, [Math.min(a, b), Math.max(a, b)].map((px) => Number(axis.p2d(px))), null);
}
