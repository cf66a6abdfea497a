"use strict";
// Numbers in words: what a cell holds, and how it came about.

const minus = (text) => text.replace("-", "−");
function say(x) {
  if (x === -Infinity) return "−∞";
  const size = Math.abs(x);
  if (size >= 1e5 || (size && size < 5e-4)) return minus(x.toExponential(2));
  return minus(x.toFixed(size >= 100 ? 1 : 3));
}
const brief = (x) => minus(x.toFixed(Math.abs(x) < 9.995 ? 2 : Math.abs(x) < 99.95 ? 1 : 0));
const name = (i) => `“${DOC.tokens[i].label}”`;
const bracket = (x) => (x < 0 ? `(${say(x)})` : say(x));

/** A sum of products, its largest terms written out. */
function terms(count, left, right, most = 3) {
  const order = Array.from({ length: count }, (_, d) => d)
    .sort((a, b) => Math.abs(left(b) * right(b)) - Math.abs(left(a) * right(a)));
  const few = count <= most + 1 ? count : most, first = order.slice(0, few), rest = order.slice(few);
  let text = first.map((d) => `${bracket(left(d))} × ${bracket(right(d))}`).join(" + ");
  if (rest.length) {
    const others = rest.reduce((sum, d) => sum + left(d) * right(d), 0);
    text += ` + ${bracket(others)} from ${rest.length} smaller terms`;
  }
  return text;
}

/** How a norm made cell (i, w) of its output from `x`. */
function normLines(x, norm, i, w) {
  const { mean, deviation } = spread(x, norm, i), weight = stored(norm.weight).data[w];
  const bias = norm.bias === null ? "" : ` + ${bracket(stored(norm.bias).data[w])}`;
  const top = norm.centred ? `(${say(x.at(i, w))} − ${bracket(mean)})` : say(x.at(i, w));
  const what = norm.centred ? `mean ${say(mean)}, standard deviation ${say(deviation)}` : `root mean square ${say(deviation)}`;
  return [`${top} ÷ ${say(deviation)} × ${bracket(weight)}${bias}`, `The ${W} numbers of this row: ${what}.`];
}

const WORDS = {
  embedding: (s, x, i, w) => [
    `${name(i)}, number ${w + 1} of ${W}: ${say(x.at(i, w))}`,
    `Looked up: row ${DOC.tokens[i].id} of the table of ${DOC.vocab.toLocaleString("en")} rows.`],
  position: (s, x, i, w) => [
    `Place ${i + 1}, number ${w + 1} of ${W}: ${say(x.at(i, w))}`,
    s.off.has("positions") ? "Positions are off: this is not added now." : `Added to ${name(i)}, and to any word that stands there.`],
  turn: (s, x, i, d) => [
    `Place ${i + 1}, pair ${d + 1} of ${K / 2}: turned by an angle with cosine ${say(x.at(i, d))}`,
    s.off.has("positions") ? "Positions are off: nothing is turned now."
      : `Numbers ${d + 1} and ${d + 1 + K / 2} of query and key make one point in a plane, which turns by place × frequency.`],
  input: (s, x, i, w) => {
    const rows = Object.entries(DOC.rows).filter(([kind]) => kind !== "position" || !s.off.has("positions"));
    const sum = rows.map(([kind, number]) => `${bracket(flat(number).at(i, w))} (${kind})`).join(" + ");
    const lines = [`${name(i)}, number ${w + 1}: ${say(x.at(i, w))}`, DOC.norms.input ? `Sum: ${sum}, then the norm.` : `= ${sum}`];
    if (!DOC.norms.input) return lines;
    const total = rows.map(([, number]) => flat(number)).reduce(plus);
    return [...lines, ...normLines(total, DOC.norms.input, i, w)];
  },
  x: (s, x, i, w) => [
    `${name(i)}, number ${w + 1} of ${W}: ${say(x.at(i, w))}`,
    DOC.kept[s.layer] ? `As layer ${DOC.kept[s.layer]} gave it.` : "As step 3 gave it."],
  entry: (s, x, i, w) => [
    `${name(i)}, number ${w + 1}: ${say(x.at(i, w))}`, ...maybe(s.one.x, DOC.norms.attention[s.layer], i, w)],
  query: (s, x, i, d) => learned("query", x, i, d), key: (s, x, i, d) => learned("key", x, i, d),
  value: (s, x, i, d) => learned("value", x, i, d),
  scores: (s, x, i, j) => [
    `${name(i)} asks, ${name(j)} answers: ${say(x.at(i, j))}`,
    `q · k = ${terms(K, (d) => s.two.query.at(i, d), (d) => s.two.key.at(j, d))}`],
  scaled: (s, x, i, j) => [
    `${name(i)} to ${name(j)}: ${say(x.at(i, j))}`,
    s.one.scale === 1 ? `${say(s.two.scores.at(i, j))} × 1: nothing is scaled ${DOC.switches.scale ? "now" : "in this model"}.`
      : `${say(s.two.scores.at(i, j))} × ${s.one.scale.toFixed(4)}`],
  masked: (s, x, i, j) => {
    const shift = s.two.bias ? s.two.bias.at(i, j) : 0;
    const why = shift === -Infinity ? `${name(i)} may not look at ${name(j)}: its weight becomes 0.`
      : shift ? `${say(s.two.scaled.at(i, j))} + ${bracket(shift)}, the shift for this distance`
        : "May be seen: the score stays as it is.";
    return [`${name(i)} to ${name(j)}: ${say(x.at(i, j))}`, why];
  },
  weights: (s, x, i, j) => {
    const row = Array.from({ length: T }, (_, n) => s.two.masked.at(i, n)), top = Math.max(...row);
    const shown = row.filter((one) => one !== -Infinity).length, safe = Math.abs(top) > 20;
    const sum = row.reduce((all, one) => all + Math.exp(one - (safe ? top : 0)), 0);
    const power = (one) => (one === -Infinity ? "0" : `e^${bracket(safe ? one - top : one)}`);
    return [
      `${name(i)} looks at ${name(j)}: ${x.at(i, j).toFixed(4)}, or ${percent(x.at(i, j))}`,
      `${power(row[j])} ÷ ${say(sum)}, the sum over ${shown} word${shown > 1 ? "s" : ""}` + (safe ? ` (all less the largest, ${say(top)})` : ""),
      "The row adds up to 1."];
  },
  mixed: (s, x, i, d) => [
    `${name(i)}, number ${d + 1} of ${K}: ${say(x.at(i, d))}`,
    `weights · values = ${terms(T, (j) => s.two.weights.at(i, j), (j) => s.two.value.at(j, d))}`],
  joined: (s, x, i, c) => [
    `${name(i)}, number ${c + 1} of ${H * K}: ${say(x.at(i, c))}`, `Number ${(c % K) + 1} of head ${Math.floor(c / K) + 1}.`],
  attended: (s, x, i, w) => [
    `${name(i)}, number ${w + 1} of ${W}: ${say(x.at(i, w))}`,
    `The ${H * K} joined numbers of ${name(i)} times column ${w + 1} of the output table, as the model computed it.`],
  middle: (s, x, i, w) => added(s, x, i, w, s.one.x, s.one.attended, s.one.sum, DOC.post && DOC.norms.attention[s.layer]),
  second: (s, x, i, w) => [
    `${name(i)}, number ${w + 1}: ${say(x.at(i, w))}`, ...maybe(s.one.middle, DOC.norms.feedforward[s.layer], i, w)],
  peaks: (s, x, i, p) => [
    `${name(i)}, number ${s.one.places.at(i, p) + 1} of ${DOC.hidden.toLocaleString("en")}: ${say(x.at(i, p))}`,
    `The ${ordinal(p)}largest of the hidden numbers of ${name(i)}, after the activation.`],
  fed: (s, x, i, w) => [
    `${name(i)}, number ${w + 1} of ${W}: ${say(x.at(i, w))}`,
    `All ${DOC.hidden.toLocaleString("en")} hidden numbers of ${name(i)} times a column of the second table, as the model computed it.`],
  output: (s, x, i, w) => added(s, x, i, w, s.one.middle, s.one.fed, s.one.second_sum, DOC.post && DOC.norms.feedforward[s.layer]),
  last: (s, x, i, w) => {
    const before = layer(s.run, DOC.kept.length - 1).output;
    return [
      `${name(i)}, number ${w + 1} of ${W}: ${say(x.at(i, w))}`,
      ...(DOC.norms.last ? normLines(before, DOC.norms.last, i, w) : [`The output of layer ${DOC.depth}.`])];
  },
};

function learned(what, x, i, d) {
  return [
    `${what} of ${name(i)}, number ${d + 1} of ${K}: ${say(x.at(i, d))}`,
    `The ${W} numbers of ${name(i)} times one learned column, as the model computed it.`];
}
const maybe = (x, norm, i, w) => (norm ? normLines(x, norm, i, w) : ["Normed already: passed on as it is."]);
const percent = (x) => (x >= 0.0995 ? `${(100 * x).toFixed(0)} %` : x >= 0.0005 ? `${(100 * x).toFixed(1)} %` : "< 0.1 %");
const ordinal = (p) => ["", "second ", "third ", "fourth ", "fifth ", "sixth ", "seventh ", "eighth "][p];

function added(s, x, i, w, old, made, sum, norm) {
  const line = s.off.has("residual") ? `${say(made.at(i, w))} alone: the residual is off.`
    : `${say(old.at(i, w))} + ${bracket(made.at(i, w))} = ${say(sum.at(i, w))}`;
  return [`${name(i)}, number ${w + 1} of ${W}: ${say(x.at(i, w))}`, line, ...(norm ? normLines(sum, norm, i, w) : [])];
}
