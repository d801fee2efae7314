// Draws the figures of a report in the colours of the reader's own light or dark page; colours.js stands before.
const figures = JSON.parse(document.getElementById("figures").textContent);

function drawAll() {
  for (const [id, figure] of Object.entries(figures)) {
    const div = document.getElementById(id);
    const seen = look(document.body, figure.palette ?? {});
    const { traces, layout } = JSON.parse(JSON.stringify(figure), (_, v) => seen.colours[v] ?? v);
    div.style.height = `${layout.height}px`;
    Plotly.react(div, traces, merge(seen.theme, layout), { responsive: true, displaylogo: false, displayModeBar: false });
  }
}

drawAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
