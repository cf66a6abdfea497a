"use strict";
// The map of the documents: 100,000 points are written straight into one picture for each frame.
const DOC = JSON.parse(document.getElementById("map-data").textContent);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const PLACES = new Uint16Array(bytes(DOC.places).buffer); // x0 y0 x1 y1 ..., 0 to 65535
const LABELS = new Int16Array(bytes(DOC.labels).buffer);
const N = LABELS.length, SIDE = 65536, CELLS = 256, NEAR = 10;
const canvas = document.getElementById("map"), tip = document.getElementById("map-tip");
const pen = canvas.getContext("2d");
const view = { scale: 1, x: 0, y: 0 };
let chosen = null, hovered = -1, waiting = false, picture = null, pixels = null, unit = 1;

const hue = (topic) => (topic * 137.508 + 200) % 360;
const light = () => !matchMedia("(prefers-color-scheme: dark)").matches;
const colour = (topic) => topic < 0 ? "hsl(210 8% 60%)"
  : `hsl(${hue(topic)} ${[62, 45, 75][topic % 3]}% ${(light() ? [42, 52, 36] : [62, 70, 55])[topic % 3]}%)`;
const number = (css) => { // a colour as one number of four bytes, as a picture holds it
  pen.fillStyle = css; pen.fillRect(0, 0, 1, 1);
  const [r, g, b] = pen.getImageData(0, 0, 1, 1).data;
  return (255 << 24 | b << 16 | g << 8 | r) >>> 0;
};

// A grid of cells with the points in each, so that what lies under the pointer is found at once.
const cell = (i) => (PLACES[2 * i + 1] >> 8) * CELLS + (PLACES[2 * i] >> 8);
const STARTS = new Uint32Array(CELLS * CELLS + 1), ORDER = new Uint32Array(N);
for (let i = 0; i < N; i++) STARTS[cell(i) + 1]++;
for (let c = 0; c < CELLS * CELLS; c++) STARTS[c + 1] += STARTS[c];
{ const next = STARTS.slice(); for (let i = 0; i < N; i++) ORDER[next[cell(i)]++] = i; }
const DRAWN = Uint32Array.from(ORDER).sort((a, b) => (LABELS[a] >= 0) - (LABELS[b] >= 0)); // outliers first

function fit() {
  const box = canvas.getBoundingClientRect();
  unit = Math.min(2, window.devicePixelRatio || 1);
  canvas.width = Math.max(1, Math.round(box.width * unit));
  canvas.height = Math.max(1, Math.round(box.height * unit));
  picture = pen.createImageData(canvas.width, canvas.height);
  pixels = new Uint32Array(picture.data.buffer);
  ask();
}
const [WIDE, HIGH] = DOC.reach.map((share) => Math.max(share, 0.05) * SIDE);
const base = () => Math.min(canvas.width * 0.86 / WIDE, canvas.height * 0.92 / HIGH);
const side = (axis) => (axis ? canvas.height : canvas.width) / 2;
const toX = (x) => (x - SIDE / 2 - view.x) * base() * view.scale + side(0);
const toY = (y) => (y - SIDE / 2 - view.y) * base() * view.scale + side(1);
const fromX = (x) => (x - side(0)) / (base() * view.scale) + SIDE / 2 + view.x;
const fromY = (y) => (y - side(1)) / (base() * view.scale) + SIDE / 2 + view.y;

function ask() { if (!waiting) { waiting = true; requestAnimationFrame(() => { waiting = false; draw(); }); } }

function dots(colours, radius, only = null) { // all points, or those of one topic
  const wide = canvas.width, high = canvas.height, k = base() * view.scale;
  const dx = side(0) - (SIDE / 2 + view.x) * k, dy = side(1) - (SIDE / 2 + view.y) * k;
  for (let j = 0; j < N; j++) {
    const i = DRAWN[j];
    if (only !== null && LABELS[i] !== only) continue;
    const x = Math.round(PLACES[2 * i] * k + dx), y = Math.round(PLACES[2 * i + 1] * k + dy);
    if (x < radius || y < radius || x >= wide - radius || y >= high - radius) continue;
    const ink = colours[LABELS[i] + 1];
    if (radius === 0) { pixels[y * wide + x] = ink; continue; }
    for (let v = -radius; v <= radius; v++) {
      const half = radius > 1 && Math.abs(v) === radius ? radius - 1 : radius, at = (y + v) * wide + x;
      for (let u = at - half; u <= at + half; u++) pixels[u] = ink;
    }
  }
}

let inks = [], faint = 0, paper = 0;
function paint() { // when the page begins, and when it turns dark
  paper = number(getComputedStyle(document.body).getPropertyValue("--paper"));
  faint = number(light() ? "hsl(210 14% 87%)" : "hsl(210 12% 26%)");
  inks = [-1, ...DOC.names.keys()].map((topic) => number(topic < 0 ? (light() ? "hsl(210 8% 78%)" : "hsl(210 8% 36%)") : colour(topic)));
  for (const dot of document.querySelectorAll("[data-dot]")) dot.style.background = colour(+dot.dataset.dot);
  ask();
}

function draw() {
  pixels.fill(paper);
  const few = N < 8000 ? 1 : 0, radius = Math.round((few + Math.min(3, Math.log2(view.scale) * 0.7)) * (unit > 1 ? 1.5 : 1));
  const faints = new Array(inks.length).fill(faint);
  dots(chosen === null ? inks : faints, radius);
  if (chosen !== null) dots(inks, radius + 1, chosen);
  pen.putImageData(picture, 0, 0);
  words();
  if (hovered >= 0) {
    pen.strokeStyle = getComputedStyle(document.body).getPropertyValue("--ink"); pen.lineWidth = 2 * unit;
    pen.beginPath(); pen.arc(toX(PLACES[2 * hovered]), toY(PLACES[2 * hovered + 1]), 6 * unit, 0, 7); pen.stroke();
  }
}

function words() { // names of topics where they do not cover each other
  const taken = [], style = getComputedStyle(document.body);
  pen.font = `600 ${11.5 * unit}px system-ui, sans-serif`; pen.textAlign = "center"; pen.lineJoin = "round";
  for (const [topic, place] of DOC.middles.entries()) {
    if (!place || (chosen !== null && topic !== chosen)) continue;
    const x = toX(place[0]), y = toY(place[1]), half = pen.measureText(DOC.names[topic]).width / 2 + 4 * unit;
    if (x < 0 || y < 0 || x > canvas.width || y > canvas.height) continue;
    const near = (other) => Math.abs(other.x - x) < other.half + half && Math.abs(other.y - y) < 17 * unit;
    if (taken.some(near)) continue;
    taken.push({ x, y, half });
    pen.lineWidth = 3 * unit; pen.strokeStyle = style.getPropertyValue("--paper"); pen.strokeText(DOC.names[topic], x, y);
    pen.fillStyle = style.getPropertyValue("--ink"); pen.fillText(DOC.names[topic], x, y);
  }
}

function under(x, y) { // the nearest point within NEAR pixels
  const reach = NEAR * unit / (base() * view.scale), mx = fromX(x), my = fromY(y);
  const clip = (v) => Math.max(0, Math.min(CELLS - 1, Math.floor(v / CELLS)));
  let best = -1, least = reach * reach;
  for (let row = clip(my - reach); row <= clip(my + reach); row++) {
    for (let c = row * CELLS + clip(mx - reach); c <= row * CELLS + clip(mx + reach); c++) {
      for (let k = STARTS[c]; k < STARTS[c + 1]; k++) {
        const i = ORDER[k], a = PLACES[2 * i] - mx, b = PLACES[2 * i + 1] - my, d = a * a + b * b;
        if (d < least && (chosen === null || LABELS[i] === chosen)) { least = d; best = i; }
      }
    }
  }
  return best;
}

function tell(i, x, y) {
  tip.hidden = i < 0;
  if (i < 0) return;
  const name = document.createElement("b");
  name.textContent = LABELS[i] < 0 ? "no topic" : DOC.names[LABELS[i]];
  tip.replaceChildren(name, document.createTextNode(DOC.texts[i]));
  const box = canvas.getBoundingClientRect();
  tip.style.left = x > box.width / 2 ? "" : `${x + 14}px`; tip.style.right = x > box.width / 2 ? `${box.width - x + 14}px` : "";
  tip.style.top = y > box.height / 2 ? "" : `${y + 14}px`; tip.style.bottom = y > box.height / 2 ? `${box.height - y + 14}px` : "";
}

function choose(topic) {
  chosen = topic === chosen ? null : topic;
  for (const button of document.querySelectorAll("[data-topic]")) button.setAttribute("aria-pressed", String(+button.dataset.topic === chosen));
  hovered = -1; tell(-1); ask();
}
function zoom(factor, x = canvas.width / 2, y = canvas.height / 2) {
  const mx = fromX(x), my = fromY(y);
  view.scale = Math.max(0.7, Math.min(200, view.scale * factor));
  view.x += mx - fromX(x); view.y += my - fromY(y); ask();
}
const pan = (dx, dy) => { view.x -= dx / (base() * view.scale); view.y -= dy / (base() * view.scale); ask(); };

const pointers = new Map();
let travelled = 0;
canvas.addEventListener("pointerdown", (event) => { pointers.set(event.pointerId, event); travelled = 0; canvas.setPointerCapture(event.pointerId); });
canvas.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (before) {
    const dx = event.clientX - before.clientX, dy = event.clientY - before.clientY;
    if (pointers.size === 2) {
      const other = [...pointers.values()].find((one) => one.pointerId !== event.pointerId);
      const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      zoom(apart(event) / apart(before));
    }
    travelled += Math.abs(dx) + Math.abs(dy);
    pan(dx * unit / pointers.size, dy * unit / pointers.size);
    pointers.set(event.pointerId, event);
    tell(-1);
    return;
  }
  const found = under(event.offsetX * unit, event.offsetY * unit);
  if (found !== hovered) { hovered = found; ask(); }
  tell(found, event.offsetX, event.offsetY);
});
for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => {
  pointers.delete(event.pointerId);
  if (end === "pointerup" && travelled < 5) {
    const found = under(event.offsetX * unit, event.offsetY * unit);
    if (found >= 0 && LABELS[found] >= 0) choose(LABELS[found]); else if (chosen !== null) choose(chosen);
  }
});
canvas.addEventListener("pointerleave", () => { hovered = -1; tell(-1); ask(); });
canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoom(Math.exp(-event.deltaY * 0.0015), event.offsetX * unit, event.offsetY * unit); }, { passive: false });
canvas.addEventListener("keydown", (event) => {
  const step = 60 * unit, moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
  if (moves[event.key]) pan(...moves[event.key]); else if (event.key === "+") zoom(1.5); else if (event.key === "-") zoom(1 / 1.5); else if (event.key === "Escape" && chosen !== null) choose(chosen); else return;
  event.preventDefault();
});
document.getElementById("map-in").addEventListener("click", () => zoom(1.5));
document.getElementById("map-out").addEventListener("click", () => zoom(1 / 1.5));
document.getElementById("map-all").addEventListener("click", () => { Object.assign(view, { scale: 1, x: 0, y: 0 }); if (chosen !== null) choose(chosen); ask(); });
for (const button of document.querySelectorAll("[data-topic]")) button.addEventListener("click", () => choose(+button.dataset.topic));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
new ResizeObserver(fit).observe(canvas);
fit();
paint();
