"use strict";
// The page: what applies to this model, the picker, the switches, and drawing again.

const state = { layer: 0, head: 0, off: new Set(), run: "", i: 0, j: 0, d: 0, w: 0, c: 0, p: 0 };
const find = (id) => document.getElementById(id);
const count = (x) => x.toLocaleString("en");

const APPLIES = {
  post: DOC.post, pre: !DOC.post, cut: DOC.total > T, fewer: DOC.kept.length < DOC.depth,
  added: DOC.positions.includes("added"), turned: DOC.positions.includes("turned"),
  shifted: DOC.positions.includes("shifted"), nowhere: !DOC.positions.length, inputnorm: !!DOC.norms.input,
  segments: "segment" in DOC.rows, causal: DOC.causal, open: !DOC.causal, windowed: DOC.windowed,
  layernorm: normKind(true), rmsnorm: normKind(false), gated: DOC.gated, plain: !DOC.gated, grouped: G < H,
  scaled: DOC.switches.scale, unscaled: !DOC.switches.scale, lastnorm: !!DOC.norms.last,
  marked: DOC.tokens.some((token) => token.special),
};
const SAID = {
  model: DOC.model, family: DOC.family, part: DOC.part, depth: DOC.depth, heads: H, width: W, headwidth: K, kvheads: G,
  hidden: count(DOC.hidden), tokens: T, total: count(DOC.total), activation: DOC.activation.replace("_tanh", ""),
  root: K ** 0.5 % 1 ? `√${K}` : `√${K} = ${K ** 0.5}`, kept: DOC.kept.map((n) => n + 1).join(", "), keptcount: DOC.kept.length,
};
const SIZES = { T, W, H, G, K, F: count(DOC.hidden), V: count(DOC.vocab), HK: H * K };
const SWITCHES = {
  scale: { name: "Scale", about: "Scale the scores", on: true, none: "This model does not scale its scores." },
  positions: { name: "Positions", about: "Tell the model where each token stands", on: true, none: "This model has no positions." },
  mask: { name: "Mask", about: "Hide later tokens (a causal mask)", on: DOC.causal },
  residual: { name: "Residual", about: "Add the input of a sublayer to its output", on: true },
};

function normKind(centred) {
  const known = [...DOC.norms.attention, ...DOC.norms.feedforward].find(Boolean);
  return !!known && known.centred === centred;
}

/** Hide what does not apply, and put this model's sizes into the text. */
function fill() {
  document.querySelectorAll("[data-if]").forEach((part) => {
    part.hidden = !part.dataset.if.split(" ").every((word) => APPLIES[word]);
  });
  document.querySelectorAll("[data-say]").forEach((part) => { part.textContent = SAID[part.dataset.say]; });
  document.querySelectorAll("[data-shape]").forEach((part) => {
    const letters = part.dataset.shape;
    part.replaceChildren(make("span", "", letters), make("b", "", letters.replace(/HK|[TWHGKFV]/g, (one) => SIZES[one])));
  });
  let number = 0;
  document.querySelectorAll(".step:not([hidden]) h3").forEach((title) => title.prepend(make("span", "number", String(++number))));
  find("sentence").textContent = DOC.sentence;
  document.title = `${[...DOC.sentence].slice(0, 60).join("")} · what a transformer does with a sentence`;
  find("tokens").append(...DOC.tokens.map((token) => {
    const item = make("li", token.special ? "special" : "");
    item.append(make("bdi", "", token.label), make("small", "", String(token.id)));
    return item;
  }));
}

function controls() {
  const option = (value, text) => { const made = make("option", "", text); made.value = value; return made; };
  find("layer").append(...DOC.kept.map((number, n) => option(n, `${number + 1} of ${DOC.depth}`)));
  find("head").append(...Array.from({ length: H }, (_, h) => option(h, `${h + 1} of ${H}`)));
  find("layer").addEventListener("change", (event) => { state.layer = Number(event.target.value); redraw(); });
  find("head").addEventListener("change", (event) => { state.head = Number(event.target.value); redraw(); });
  find("switches").append(...Object.entries(SWITCHES).map(([key, given]) => {
    const button = make("button", "switch", given.name), able = DOC.switches[key];
    button.type = "button";
    button.id = `switch-${key}`;
    button.setAttribute("role", "switch");
    button.setAttribute("aria-label", `${given.name}: ${able ? given.about : given.none}`);
    button.setAttribute("aria-checked", String(given.on && able));
    button.disabled = !able;
    button.title = able ? given.about : given.none;
    button.addEventListener("click", () => flip(key, button));
    return button;
  }));
}

function flip(key, button) {
  if (state.off.has(key)) state.off.delete(key); else state.off.add(key);
  button.setAttribute("aria-checked", String(SWITCHES[key].on !== state.off.has(key)));
  redraw();
}

/** Take this run, layer and head, and paint everything that follows from them. */
function redraw() {
  settle();
  heats.forEach((heat) => heat.draw());
  minis(find("minis"), state, (h) => { state.head = h; find("head").value = h; redraw(); find("minis").children[h].focus(); });
  looks(find("looks"), state);
  const words = [...state.off].map((key) => `${SWITCHES[key].name.toLowerCase()} ${SWITCHES[key].on ? "off" : "on"}`);
  find("state").textContent = words.length ? `Run again with ${words.join(", ")}.` : "As the model was trained.";
  find("state").classList.toggle("changed", words.length > 0);
  document.querySelectorAll("[data-now]").forEach((part) => {
    part.textContent = { layer: DOC.kept[state.layer] + 1, head: state.head + 1 }[part.dataset.now];
  });
  effect(words);
}
function settle() {
  state.run = runOf(state.off);
  state.one = layer(state.run, state.layer);
  state.two = head(state.run, state.layer, state.head);
}

/** How far the last vectors are from those of the untouched model. */
function effect(words) {
  const host = find("effect"), items = DOC.tokens.map((token, i) => {
    const item = make("li"), near = cosine(last(state.run), last(""), i), bar = make("meter");
    bar.min = 0; bar.max = 1; bar.value = Math.max(near, 0);
    bar.setAttribute("aria-label", `${token.label}: cosine ${near.toFixed(3)}`);
    item.append(make("bdi", "", token.label), bar, make("small", "", minus(near.toFixed(3))));
    return item;
  });
  host.replaceChildren(...(words.length ? items : []));
  find("effect-text").textContent = words.length
    ? `With ${words.join(", ")}, this is the cosine between each last vector and the untouched model’s own (1: the same direction):`
    : "Turn a switch and see here how far the last vectors move.";
}

/** Begin where there is something to see: a word and the other word that it looks at most. */
function begin() {
  const plain = DOC.tokens.map((token, i) => (token.special ? -1 : i)).filter((i) => i >= 0);
  let best = -1;
  for (const i of plain) for (const j of plain) {
    const weight = state.two.weights.at(i, j);
    if (i !== j && weight > best) { best = weight; state.i = i; state.j = j; }
  }
}

fill();
controls();
toy();
settle();
begin();
const heats = maps(state, () => heats.forEach((heat) => heat.show()));
redraw();
let wide = document.documentElement.clientWidth;
addEventListener("resize", () => {
  if (document.documentElement.clientWidth !== wide) { wide = document.documentElement.clientWidth; redraw(); }
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
