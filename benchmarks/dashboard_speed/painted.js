// Runs before the page does: notes when what is looked for is on the screen, for ours and for TensorBoard alike.
window.deep = (selector, root = document) => {
  const found = root.querySelector(selector);
  if (found) return found;
  for (const one of root.querySelectorAll("*")) {
    const inner = one.shadowRoot && window.deep(selector, one.shadowRoot);
    if (inner) return inner;
  }
  return null;
};
window.count = (selector, root = document) => {
  let sum = root.querySelectorAll(selector).length;
  for (const one of root.querySelectorAll("*")) if (one.shadowRoot) sum += window.count(selector, one.shadowRoot);
  return sum;
};
// How many letters the longest line of TensorBoard's first chart has.
window.line = () => {
  const chart = window.deep("vz-line-chart2");
  const paths = [...(chart?.shadowRoot ?? chart)?.querySelectorAll("path") ?? []];
  return Math.max(0, ...paths.map((path) => path.getAttribute("d")?.length ?? 0));
};
const painted = (then) => requestAnimationFrame(() => requestAnimationFrame(() => then(Date.now()))); // the frame after the change is on the screen

// When ``test`` first holds and has been painted, s since 1970.
window.when = (test) => new Promise((done) => {
  const look = () => (test() ? painted((now) => done(now / 1000)) : setTimeout(look, 25));
  look();
});

// Every painting of a newer point: [step, s since 1970]. ``attribute`` changes somewhere in ``root`` when it is drawn.
window.shown = [];
window.follow = (root, attribute, step) => {
  let last = -1;
  const look = () => {
    const now = step();
    if (now > last) { last = now; painted((at) => window.shown.push([now, at / 1000])); }
  };
  new MutationObserver(look).observe(root, { subtree: true, attributes: true, attributeFilter: [attribute] });
};

// The last step of what TensorBoard was sent last.
window.sent = -1;
const note = (url, text) => {
  if (!/scalars_multirun|scalars\?/.test(url)) return;
  for (const points of Object.values(JSON.parse(text))) window.sent = Math.max(window.sent, points.at(-1)?.[1] ?? -1);
};
const { open } = XMLHttpRequest.prototype;
XMLHttpRequest.prototype.open = function (method, url, ...rest) {
  if (window.listens) this.addEventListener("load", () => note(String(url), this.responseText));
  return open.call(this, method, url, ...rest);
};
