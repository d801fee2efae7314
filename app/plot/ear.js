// Hears from the server which runs changed and asks Streamlit to rerun the fragment it stands in.
const FALLBACK_MS = 3000; // how often to ask while the news are down
const ALIVE_MS = 30000; // how often to look whether a running run has fallen silent
const HANDS_MS = 1000; // how long the server may take to begin to answer a reader's click or key
const AGAIN_MS = 100; // how often to look whether it has
const TOUCHES = ["pointerdown", "pointerup", "pointercancel", "contextmenu", "keydown", "input"];
const PATIENCE_MS = 8000; // after that a rerun that never answered no longer holds up the next
const ears = new WeakMap();
let touchedAt = 0, pressed = false;
for (const touch of TOUCHES) document.addEventListener(touch, (event) => {
  touchedAt = Date.now();
  pressed = event.type === "pointerdown";
}, true);

export default function ({ data, parentElement, setTriggerValue }) {
  const ear = ears.get(parentElement) ?? open(parentElement, data);
  ear.data = data;
  ear.ask = () => setTriggerValue("changed", Date.now());
  ear.askedAt = 0; // this call is the answer to what was asked
  if (ear.waiting) tell(ear);
  return () => close(parentElement, ear);
}

function open(parent, data) {
  const ear = { data, waiting: false, askedAt: 0, heardAt: Date.now() };
  ear.show = () => !document.hidden && ear.waiting && tell(ear);
  document.addEventListener("visibilitychange", ear.show);
  ear.timer = setInterval(() => tick(ear), FALLBACK_MS);
  connect(ear);
  ears.set(parent, ear);
  return ear;
}

// The stamp (ns) tells when the page was drawn: what changed between that and the first word is told as well.
function connect(ear) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  ear.socket = new WebSocket(`${scheme}://${location.host}/curvewise/news?since=${ear.data.stamp / 1e9}`);
  ear.socket.onmessage = (message) => JSON.parse(message.data).some((path) => concerns(path, ear.data.run)) && tell(ear);
}

// The empty path says that the list of runs is another one. A log of several runs numbers them with #; a changed path may
// lie below the run, or above it when a folder appears.
function concerns(path, run) {
  if (!run) return path === "";
  const file = run.replace(/#\d+$/, "");
  return path === file || path.startsWith(`${file}/`) || file.startsWith(`${path}/`);
}

// One question at a time: a rerun asked for while another runs would cut that one short, and nothing would ever be drawn.
// None while a click is being answered: a question carries the page's fields as they were, and would undo what the click set.
function tell(ear) {
  const busy = ear.askedAt && Date.now() - ear.askedAt < PATIENCE_MS, hands = answering();
  ear.waiting = Boolean(busy || document.hidden || hands);
  clearTimeout(ear.later);
  if (hands) ear.later = setTimeout(() => tell(ear), AGAIN_MS);
  if (ear.waiting || !ear.ask) return;
  ear.askedAt = ear.heardAt = Date.now();
  performance.clearMarks(); // Streamlit leaves three at every rerun, and a tab is open for days
  performance.clearMeasures();
  ear.ask();
}

function answering() {
  const since = Date.now() - touchedAt, state = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState;
  return since < HANDS_MS || ((pressed || (state && state !== "notRunning")) && since < PATIENCE_MS);
}

function tick(ear) {
  const down = ear.socket.readyState !== WebSocket.OPEN;
  if (ear.socket.readyState === WebSocket.CLOSED) connect(ear);
  if (down || ear.waiting || (ear.data.alive && Date.now() - ear.heardAt > ALIVE_MS)) tell(ear);
}

function close(parent, ear) {
  clearInterval(ear.timer);
  clearTimeout(ear.later);
  document.removeEventListener("visibilitychange", ear.show);
  ear.socket.onmessage = null;
  ear.socket.close();
  ears.delete(parent);
}
