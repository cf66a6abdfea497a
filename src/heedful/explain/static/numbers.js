"use strict";
// The numbers of the page: what Python stored, and what follows from it.

const DOC = JSON.parse(document.getElementById("document").textContent);
const T = DOC.tokens.length, W = DOC.width, H = DOC.heads, G = DOC.kv_heads, K = DOC.head_width;

const BYTES = (() => {
  const letters = atob(document.getElementById("numbers").textContent);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes.buffer;
})();

const HALVES = Float32Array.from({ length: 65536 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1, power = (bits >> 10) & 31, rest = bits & 1023;
  if (power === 31) return rest ? NaN : sign * Infinity;
  return sign * (power ? 2 ** (power - 15) * (1 + rest / 1024) : 2 ** -14 * (rest / 1024));
});

const KNOWN = new Map();
function kept(name, make) {
  if (!KNOWN.has(name)) KNOWN.set(name, make());
  return KNOWN.get(name);
}

/** A stored array: its numbers in one row, and its shape. */
function stored(number) {
  return kept(`stored ${number}`, () => {
    const [start, shape, kind, factor] = DOC.arrays[number];
    const count = shape.reduce((a, b) => a * b, 1);
    if (kind === "i4") return { data: new Int32Array(BYTES, start, count), shape };
    if (kind === "f4") return { data: Float64Array.from(new Float32Array(BYTES, start, count)), shape };
    const bits = new Uint16Array(BYTES, start, count);
    return { data: Float64Array.from(bits, (one) => HALVES[one] * factor), shape };
  });
}

function matrix(rows, cols, fill) {
  const data = new Float64Array(rows * cols);
  if (fill) for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) data[i * cols + j] = fill(i, j);
  return { rows, cols, data, at: (i, j) => data[i * cols + j] };
}
function flat(number) {
  const { data, shape } = stored(number), cols = shape[shape.length - 1];
  return { rows: data.length / cols, cols, data, at: (i, j) => data[i * cols + j] };
}
/** Part h of an array (parts, rows, cols). */
function part(number, h) {
  const { data, shape } = stored(number), [, rows, cols] = shape, start = h * rows * cols;
  return { rows, cols, data: data.subarray(start, start + rows * cols), at: (i, j) => data[start + i * cols + j] };
}
const plus = (a, b) => matrix(a.rows, a.cols, (i, j) => a.at(i, j) + b.at(i, j));

/** Mean and spread of row i, as a norm sees them. */
function spread(x, norm, i) {
  let mean = 0, square = 0;
  for (let j = 0; j < x.cols; j++) mean += x.at(i, j) / x.cols;
  if (!norm.centred) mean = 0;
  for (let j = 0; j < x.cols; j++) square += (x.at(i, j) - mean) ** 2 / x.cols;
  return { mean, deviation: Math.sqrt(square + norm.eps) };
}
function normed(x, norm) {
  if (!norm) return x;
  const weight = stored(norm.weight).data, bias = norm.bias === null ? null : stored(norm.bias).data;
  const rows = Array.from({ length: x.rows }, (_, i) => spread(x, norm, i));
  return matrix(x.rows, x.cols, (i, j) =>
    (x.at(i, j) - rows[i].mean) / rows[i].deviation * weight[j] + (bias ? bias[j] : 0));
}

/** The name of the run in which these switches are flipped. */
const runOf = (flips) => [...flips].filter((name) => DOC.switches[name]).sort().join("+");

/** All of one kept layer (n counts the kept ones) in one run. */
function layer(run, n) {
  return kept(`layer ${run} ${n}`, () => {
    const one = DOC.runs[run][n], residual = !run.includes("residual");
    const first = DOC.norms.attention[n], second = DOC.norms.feedforward[n];
    const x = one.x === null ? layer(run, n - 1).output : flat(one.x);
    const attended = flat(one.attended), fed = flat(one.fed);
    const sum = residual ? plus(x, attended) : attended;
    const middle = DOC.post ? normed(sum, first) : sum;
    const second_sum = residual ? plus(middle, fed) : fed;
    return {
      x, attended, fed, sum, middle, second_sum, scale: one.scale, bias: one.bias,
      entry: DOC.post ? x : normed(x, first),
      second_entry: DOC.post ? middle : normed(middle, second),
      output: DOC.post ? normed(second_sum, second) : second_sum,
      peaks: flat(one.peaks), places: flat(one.places), query: one.query, key: one.key, value: one.value,
    };
  });
}

/** One head of a layer: query, key, value, then each step of attention. */
function head(run, n, h) {
  return kept(`head ${run} ${n} ${h}`, () => {
    const one = layer(run, n), group = Math.floor(h / (H / G));
    const query = part(one.query, h), key = part(one.key, group), value = part(one.value, group);
    const scores = matrix(T, T, (i, j) => {
      let sum = 0;
      for (let d = 0; d < K; d++) sum += query.at(i, d) * key.at(j, d);
      return sum;
    });
    const scaled = matrix(T, T, (i, j) => scores.at(i, j) * one.scale);
    const bias = one.bias === null ? null : part(one.bias, stored(one.bias).shape[0] > 1 ? h : 0);
    const masked = bias ? plus(scaled, bias) : scaled;
    const weights = softmax(masked);
    const mixed = matrix(T, K, (i, d) => {
      let sum = 0;
      for (let j = 0; j < T; j++) sum += weights.at(i, j) * value.at(j, d);
      return sum;
    });
    return { query, key, value, scores, scaled, bias, masked, weights, mixed };
  });
}

function softmax(x) {
  const tops = [], sums = [];
  for (let i = 0; i < x.rows; i++) {
    let top = -Infinity, sum = 0;
    for (let j = 0; j < x.cols; j++) top = Math.max(top, x.at(i, j));
    for (let j = 0; j < x.cols; j++) sum += Math.exp(x.at(i, j) - top);
    tops.push(top); sums.push(sum);
  }
  return matrix(x.rows, x.cols, (i, j) => Math.exp(x.at(i, j) - tops[i]) / sums[i]);
}

/** All heads of a layer side by side: (T, H K). */
function joined(run, n) {
  return kept(`joined ${run} ${n}`, () =>
    matrix(T, H * K, (i, c) => head(run, n, Math.floor(c / K)).mixed.at(i, c % K)));
}

/** The last vectors of a run: (T, W). */
function last(run) {
  return kept(`last ${run}`, () => normed(layer(run, DOC.kept.length - 1).output, DOC.norms.last));
}

/** How alike row i of two matrices is: the cosine of their angle. */
function cosine(a, b, i) {
  let ab = 0, aa = 0, bb = 0;
  for (let j = 0; j < a.cols; j++) {
    ab += a.at(i, j) * b.at(i, j); aa += a.at(i, j) ** 2; bb += b.at(i, j) ** 2;
  }
  return ab / Math.sqrt(aa * bb || 1);
}
