// Colours in a figure are names such as "$train"; here they become colours that read well on the page's background: [light, dark].
// Told apart by colour-blind eyes (after Okabe and Ito), each with enough contrast on its own background.
const COLOURS = {
  train: ["#2f6fd6", "#6fa8ff"], trainRaw: ["rgba(47,111,214,.28)", "rgba(111,168,255,.3)"],
  trainFill: ["rgba(47,111,214,.12)", "rgba(111,168,255,.14)"],
  val: ["#123a7c", "#cfe1ff"], valRaw: ["rgba(18,58,124,.3)", "rgba(207,225,255,.3)"],
  other: ["#5c6675", "#a3adbb"], otherRaw: ["rgba(92,102,117,.3)", "rgba(163,173,187,.3)"],
  error: ["#c6361e", "#ff8566"], errorFill: ["rgba(213,72,40,.11)", "rgba(255,110,70,.09)"],
  warning: ["#b86e00", "#f2b33d"], warningFill: ["rgba(230,150,0,.13)", "rgba(242,179,61,.09)"],
  info: ["#2f6fd6", "#6fa8ff"], infoFill: ["rgba(47,111,214,.08)", "rgba(111,168,255,.10)"],
  good: ["#00805c", "#3fcf9f"], goodFill: ["rgba(0,128,92,.07)", "rgba(63,207,159,.08)"],
  low3: ["#08519c", "#9cd0ff"], low2: ["#3f86c6", "#4a8fd0"], low1: ["#b9d4ec", "#25486b"], even: ["#f1f1ee", "#20252d"],
  high1: ["#fbcf9b", "#6b4520"], high2: ["#e8862c", "#d98432"], high3: ["#a63c00", "#ffd29a"],
  heat0: ["#eef3f8", "#1b2430"], heat1: ["#b5cfe6", "#284b6e"], heat2: ["#6aa3d1", "#3b7cb0"],
  heat3: ["#2c6fae", "#76b4de"], heat4: ["#0b3c73", "#dcefff"],
};
const HUES = [ // blue, vermilion, green, purple, ochre, sky, violet, grey
  ["#0072b2", "#5aaae8"], ["#d55e00", "#ff8f52"], ["#008a64", "#3fcf9f"], ["#b0569a", "#e79cca"], ["#a87600", "#f2b33d"], ["#2b93cf", "#9bd6ff"], ["#6a51a3", "#b7a1f5"], ["#6b7280", "#b5bdc9"],
];
HUES.forEach((pair, i) => Object.assign(COLOURS, { [`c${i}`]: pair, [`c${i}Raw`]: pair.map((hue) => `${hue}4d`) }));

// ``palette``: colours of this figure alone, by name, each as [on a light page, on a dark one].
function look(div, palette) {
  const style = getComputedStyle(div);
  const text = style.getPropertyValue("--st-text-color").trim() || style.color;
  const page = style.getPropertyValue("--st-background-color").trim() || "#fff";
  const side = dark(page) ? 1 : 0;
  const colours = Object.fromEntries(Object.entries({ ...COLOURS, ...palette }).map(([name, pair]) => [`$${name}`, pair[side]]));
  const grid = solid(`color-mix(in srgb, ${text} 10%, ${page})`);
  return { colours, page, theme: themed(text, page, grid, style.fontFamily) };
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

// Plotly reads plain colours only: let the browser work out the mix, on a canvas, as numbers; once, since reading a canvas takes long.
const mixes = new Map();
function solid(colour) {
  if (!mixes.has(colour)) mixes.set(colour, mixed(colour));
  return mixes.get(colour);
}

function mixed(colour) {
  const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  pixel.fillStyle = colour;
  pixel.fillRect(0, 0, 1, 1);
  return `rgb(${[...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3).join(",")})`;
}

function dark(colour) {
  const [r, g, b] = solid(colour).match(/\d+/g).map(Number);
  return 0.299 * r + 0.587 * g + 0.114 * b < 128; // perceived brightness, ITU-R BT.601
}
