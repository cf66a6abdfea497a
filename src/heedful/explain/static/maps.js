"use strict";
// Which matrix each heat map shows. Cursors: i the word that asks, j the word that is asked, d, w, c, p columns.

const MAPS = {
  embedding: { name: "Embeddings", rows: "i", cols: "w", of: () => flat(DOC.rows.token) },
  position: { name: "Position vectors", rows: "i", cols: "w", of: () => flat(DOC.rows.position) },
  turn: { name: "Cosines of the turns", rows: "i", cols: "d", of: turns },
  input: { name: "Input of the first layer", rows: "i", cols: "w", of: (s) => layer(s.run, 0).x },
  x: { name: "The layer’s input", rows: "i", cols: "w", of: (s) => s.one.x },
  entry: { name: "The input, normed", rows: "i", cols: "w", of: (s) => s.one.entry },
  query: { name: "Queries", rows: "i", cols: "d", of: (s) => s.two.query },
  key: { name: "Keys", rows: "j", cols: "d", of: (s) => s.two.key },
  value: { name: "Values", rows: "j", cols: "d", of: (s) => s.two.value },
  scores: { name: "Scores", rows: "i", cols: "j", square: true, of: (s) => s.two.scores },
  scaled: { name: "Scaled scores", rows: "i", cols: "j", square: true, of: (s) => s.two.scaled },
  masked: { name: "Scores, masked", rows: "i", cols: "j", square: true, of: (s) => s.two.masked },
  weights: { name: "Attention weights", rows: "i", cols: "j", square: true, sums: true, limit: 1, of: (s) => s.two.weights },
  mixed: { name: "Output of the head", rows: "i", cols: "d", of: (s) => s.two.mixed },
  joined: { name: "All heads side by side", rows: "i", cols: "c", every: K, of: (s) => joined(s.run, s.layer) },
  attended: { name: "Output of attention", rows: "i", cols: "w", of: (s) => s.one.attended },
  middle: { name: "After residual", rows: "i", cols: "w", of: (s) => s.one.middle },
  second: { name: "Normed for the feed-forward", rows: "i", cols: "w", of: (s) => s.one.second_entry },
  peaks: { name: "Largest hidden numbers", rows: "i", cols: "p", of: (s) => s.one.peaks },
  fed: { name: "Output of the feed-forward", rows: "i", cols: "w", of: (s) => s.one.fed },
  output: { name: "The layer’s output", rows: "i", cols: "w", of: (s) => s.one.output },
  last: { name: "The last vectors", rows: "i", cols: "w", of: (s) => last(s.run) },
};

function turns() {
  return kept("turns", () => { const all = flat(DOC.turn[0]); return matrix(T, K / 2, (i, d) => all.at(i, d)); });
}

/** The maps of the page, each in its figure; those whose step does not apply are left out. */
function maps(state, moved) {
  return [...document.querySelectorAll("figure[data-map]")].filter((figure) => !figure.closest("[hidden]")).map((figure) => {
    const kind = figure.dataset.map, { of, ...rest } = MAPS[kind];
    const spec = { ...rest, matrix: () => of(state), explain: (i, j) => WORDS[kind](state, of(state), i, j) };
    figure.prepend(make("figcaption", "", figure.dataset.title || spec.name));
    return new Heat(figure, spec, state, moved);
  });
}

/** A small picture of the weights of every head; choosing one picks the head. */
function minis(host, state, pick) {
  host.replaceChildren(...Array.from({ length: H }, (_, h) => {
    const button = make("button", "mini"), canvas = make("canvas"), weights = head(state.run, state.layer, h).weights;
    const [blank, more] = ["blank", "accent"].map(colour), pen = canvas.getContext("2d");
    canvas.width = canvas.height = T;
    const image = new ImageData(T, T);
    weights.data.forEach((value, n) => image.data.set([...mix(blank, more, value ** 0.6), 255], 4 * n));
    pen.putImageData(image, 0, 0);
    button.type = "button";
    button.setAttribute("aria-pressed", String(h === state.head));
    button.append(canvas, make("span", "", `Head ${h + 1}`));
    button.addEventListener("click", () => pick(h));
    return button;
  }));
}

/** Which word looks at which: the three largest weights of each, and the largest over the mean of the heads. */
function looks(body, state) {
  const mean = (i, j) => Array.from({ length: H }, (_, h) => head(state.run, state.layer, h).weights.at(i, j))
    .reduce((a, b) => a + b) / H;
  const ranked = (weight) => Array.from({ length: T }, (_, j) => [j, weight(j)]).sort((a, b) => b[1] - a[1]);
  body.replaceChildren(...DOC.tokens.map((token, i) => {
    const row = make("tr"), first = make("th", "", token.label);
    first.scope = "row";
    const cells = ranked((j) => state.two.weights.at(i, j)).slice(0, 3);
    const all = ranked((j) => mean(i, j))[0];
    const shown = [...cells, ...Array(3 - cells.length).fill(null), all].map((pair) => {
      const cell = make("td");
      if (pair && pair[1] > 0) cell.append(make("span", "word", DOC.tokens[pair[0]].label), make("small", "", percent(pair[1])));
      return cell;
    });
    row.append(first, ...shown);
    return row;
  }));
}
