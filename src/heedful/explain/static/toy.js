"use strict";
// The smallest example: every number of it is computed here.

const SVG = (name, given, text) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  Object.entries(given).forEach(([key, value]) => element.setAttribute(key, value));
  if (text !== undefined) element.textContent = text;
  return element;
};
const one = (x) => minus(String(Math.round(x * 1e6) / 1e6));

function toyNumbers() {
  const { sentence, vectors, word } = DOC.toy, asks = vectors[sentence[word]];
  const scores = sentence.map((other) => asks[0] * vectors[other][0] + asks[1] * vectors[other][1]);
  const powers = scores.map(Math.exp), sum = powers.reduce((a, b) => a + b);
  const weights = powers.map((power) => power / sum);
  const output = [0, 1].map((axis) => sentence.reduce((all, other, j) => all + weights[j] * vectors[other][axis], 0));
  return { asks, scores, powers, sum, weights, output };
}

function toy() {
  const { sentence, vectors, word } = DOC.toy, { asks, scores, powers, sum, weights, output } = toyNumbers();
  const rows = sentence.map((other, j) => {
    const row = make("tr", j === word ? "asks" : ""), first = make("th", "", other), [a, b] = vectors[other];
    first.scope = "row";
    const cells = [`(${one(a)}, ${one(b)})`, `${one(asks[0])} × ${one(a)} + ${one(asks[1])} × ${one(b)} = ${one(scores[j])}`,
      powers[j].toFixed(4), weights[j].toFixed(8)];
    row.append(first, ...cells.map((text) => make("td", "", text)));
    return row;
  });
  const total = make("tr", "total"), first = make("th", "", "sum");
  first.scope = "row";
  total.append(first, make("td"), make("td"), make("td", "", sum.toFixed(4)),
    make("td", "", weights.reduce((a, b) => a + b).toFixed(8)));
  document.getElementById("toy-rows").replaceChildren(...rows, total);
  const parts = (axis) => sentence.map((other, j) => `${weights[j].toFixed(3)} × ${one(vectors[other][axis])}`).join(" + ");
  document.getElementById("toy-output").replaceChildren(...DOC.toy.axes.map((axis, n) =>
    make("p", "", `${axis}: ${parts(n)} = ${output[n].toFixed(4)}`)));
  document.getElementById("toy-plane").replaceChildren(plane(output));
}

/** The words as points, and where "bank" goes. */
function plane(output) {
  const { sentence, vectors, word, axes } = DOC.toy, size = 230, x = (v) => 34 + v * size, y = (v) => 14 + (1.1 - v) * size;
  const picture = SVG("svg", { viewBox: `0 0 300 ${size * 1.1 + 52}`, role: "img", "aria-label": "The words in the plane. Afterwards, bank has more water than money." });
  const line = (x1, y1, x2, y2, kind) => SVG("line", { x1, y1, x2, y2, class: kind });
  picture.append(line(x(0), y(0), x(1.1), y(0), "axis"), line(x(0), y(0), x(0), y(1.1), "axis"),
    SVG("text", { x: x(1.1), y: y(0) + 20, "text-anchor": "end", class: "soft" }, `${axes[0]} →`),
    SVG("text", { x: x(0) - 10, y: y(1.1), "text-anchor": "end", class: "soft", transform: `rotate(-90 ${x(0) - 10} ${y(1.1)})` }, `${axes[1]} →`));
  const [a, b] = vectors[sentence[word]];
  picture.append(line(x(a), y(b), x(output[0]), y(output[1]), "move"));
  Object.entries(vectors).forEach(([other, [u, v]]) => picture.append(
    SVG("circle", { cx: x(u), cy: y(v), r: 4.5, class: other === sentence[word] ? "spot asks" : "spot" }),
    SVG("text", { x: x(u) + 9, y: y(v) + 4 }, other)));
  picture.append(SVG("circle", { cx: x(output[0]), cy: y(output[1]), r: 5, class: "spot made" }),
    SVG("text", { x: x(output[0]), y: y(output[1]) + 21, "text-anchor": "middle", class: "strong" }, `${sentence[word]}, after`));
  return picture;
}
