// Strokes are kept as points in a square of side SIDE; they are painted twice: in the colours of
// the page for the eye, and dark on white, small and out of sight, for the network.

const SIDE = 280; // pixels that the network's server gets, each way
const PEN = 26;
const PAUSE = 25; // milliseconds between two questions while one draws, so that all stays fluent
const get = (id) => document.getElementById(id);

const paper = get("paper");
const shown = paper.getContext("2d");
const sent = new OffscreenCanvas(SIDE, SIDE).getContext("2d", {
  alpha: false,
  willReadFrequently: true,
});
const image = get("image").getContext("2d");

let strokes = [];
let pointer = null; // the one that draws
let drawing = 0; // counts up when what is drawn is taken away: late answers to it are dropped
let asking = false;
let keeping = false;
let wake = () => {}; // ends a pause early
let changed = 0; // when the drawing last changed since it was last sent; 0 where it did not

function line(from, to) {
  for (const context of [shown, sent]) {
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x + 0.01, to.y); // a dot is drawn too
    context.stroke();
  }
}

function blank() {
  const scale = paper.width / SIDE;
  shown.setTransform(scale, 0, 0, scale, 0, 0);
  shown.clearRect(0, 0, SIDE, SIDE);
  sent.fillStyle = "#fff";
  sent.fillRect(0, 0, SIDE, SIDE);
  for (const context of [shown, sent]) {
    context.lineWidth = PEN;
    context.lineCap = context.lineJoin = "round";
  }
  shown.strokeStyle = getComputedStyle(paper).color;
  sent.strokeStyle = "#000";
}

function repaint() {
  blank();
  for (const stroke of strokes) {
    stroke.forEach((point, i) => line(stroke[Math.max(i - 1, 0)], point));
  }
}

function position(event) {
  const box = paper.getBoundingClientRect();
  return {
    x: ((event.clientX - box.left) / box.width) * SIDE,
    y: ((event.clientY - box.top) / box.height) * SIDE,
  };
}

function begin(event) {
  if (pointer !== null || event.button !== 0) return;
  event.preventDefault();
  pointer = event.pointerId;
  paper.setPointerCapture(pointer);
  const point = position(event);
  strokes.push([point]);
  line(point, point);
  change(event.timeStamp);
}

function move(event) {
  if (event.pointerId !== pointer) return;
  const stroke = strokes.at(-1);
  const events = event.getCoalescedEvents?.() ?? [];
  for (const each of events.length ? events : [event]) {
    const point = position(each);
    line(stroke.at(-1), point);
    stroke.push(point);
  }
  change(event.timeStamp);
}

function end(event) {
  if (event.pointerId !== pointer) return;
  pointer = null;
  change(event.timeStamp);
  wake();
}

function change(time) {
  get("hint").hidden = strokes.length > 0;
  changed = time;
  ask();
}

function take(strokesLeft) {
  pointer = null;
  strokes = strokesLeft;
  drawing += 1;
  repaint();
  if (!strokes.length) show({ image: [], best: [], sure: true });
  change(strokes.length ? performance.now() : 0);
}

const undo = () => take(strokes.slice(0, -1));
const clear = () => take([]);

function post(path, values = {}) {
  const pixels = sent.getImageData(0, 0, SIDE, SIDE).data;
  const grey = new Uint8Array(SIDE * SIDE);
  for (let i = 0; i < grey.length; i += 1) grey[i] = pixels[4 * i];
  const query = new URLSearchParams({ width: SIDE, height: SIDE, ...values });
  return fetch(`${path}?${query}`, { method: "POST", body: grey });
}

async function result(response) {
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

function why(error) {
  const lost = error instanceof TypeError; // which fetch throws when nobody answers
  return lost ? "The server does not answer: is skmnist draw still running?" : error.message;
}

// One question at a time: while it is answered the drawing goes on, and the next has all of it.
async function ask() {
  if (asking) return;
  asking = true;
  while (changed && strokes.length) {
    const [since, of] = [changed, drawing];
    changed = 0;
    try {
      const answer = await result(await post("/read"));
      if (get("kept").classList.contains("wrong")) tell("");
      if (of === drawing) {
        show(answer);
        const spent = performance.measure("answer", { start: since, end: performance.now() });
        get("spent").textContent = `in ${Math.max(1, Math.round(spent.duration))} ms`;
      }
    } catch (error) {
      tell(why(error), true);
      break;
    }
    if (pointer !== null) await pause();
  }
  asking = false;
}

function pause() {
  return new Promise((done) => {
    wake = done;
    setTimeout(done, PAUSE);
  });
}

function percent(probability) {
  return `${(100 * probability).toFixed(1)}%`;
}

function show(answer) {
  const [first] = answer.best;
  get("label").textContent = first ? first[0] : "";
  get("mark").hidden = !first || answer.sure;
  get("spent").textContent = "";
  if (pointer === null) { // not told while one draws
    get("spoken").textContent = first
      ? `${first[0]}, ${percent(first[1])}${answer.sure ? "" : ", unsure"}`
      : "";
  }
  get("best").replaceChildren(...answer.best.map(([label, probability]) => {
    const item = document.createElement("li");
    const [name, track, bar, figure] = ["span", "div", "div", "span"].map(
      (tag) => document.createElement(tag),
    );
    name.textContent = label;
    track.className = "track";
    track.ariaHidden = "true";
    bar.className = "bar";
    bar.style.width = `${100 * probability}%`;
    track.append(bar);
    figure.className = "percent";
    figure.textContent = percent(probability);
    item.append(name, track, figure);
    return item;
  }));
  const pixels = new ImageData(28, 28);
  pixels.data.fill(255);
  for (let i = 0; i < 28 * 28; i += 1) pixels.data.fill(answer.image[i] ?? 0, 4 * i, 4 * i + 3);
  image.putImageData(pixels, 0, 0);
}

function tell(text, wrong = false) {
  get("kept").textContent = text;
  get("kept").classList.toggle("wrong", wrong);
}

async function keep(label) {
  if (keeping) return;
  if (!strokes.length) {
    tell("Nothing is drawn yet.", true);
    return;
  }
  const of = drawing;
  keeping = true;
  try {
    const kept = await result(await post("/keep", { label }));
    tell(`Kept as ${kept.file}`);
    if (of === drawing) clear();
  } catch (error) {
    tell(why(error), true);
  }
  keeping = false;
}

function press(event) {
  const control = event.ctrlKey || event.metaKey;
  if (control && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z") {
    if (strokes.length) undo();
  } else if (control || event.altKey) {
    return;
  } else if (["Escape", "Backspace", "Delete"].includes(event.key)) {
    if (strokes.length) clear();
  } else if (labels.includes(event.key) && !event.repeat) {
    keep(event.key);
  } else {
    return;
  }
  event.preventDefault();
}

const labels = await result(await fetch("/labels"));
get("labels").classList.toggle("ten", labels.length === 10);
document.body.classList.toggle("words", labels.some((label) => label.length > 2));
get("labels").append(...labels.map((label) => {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.ariaLabel = `It is a ${label}`;
  button.addEventListener("click", () => keep(label));
  return button;
}));

blank();
show({ image: [], best: [], sure: true });
paper.addEventListener("pointerdown", begin);
paper.addEventListener("pointermove", move);
paper.addEventListener("pointerup", end);
paper.addEventListener("pointercancel", end);
get("undo").addEventListener("click", undo);
get("clear").addEventListener("click", clear);
document.addEventListener("keydown", press);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
