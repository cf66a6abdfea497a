"use strict";
// A heat map on a canvas: shown by colour, read by hovering, tapping or the arrow keys.

const make = (name, kind, text) => {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
};
const colour = (name) => {
  const hex = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim().slice(1);
  return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
};
const mix = (from, to, share) => from.map((one, k) => Math.round(one + (to[k] - one) * share));
const css = (rgb) => `rgb(${rgb.join(",")})`;
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

const light = (rgb) => rgb.map((one) => (one / 255) ** 2.2).reduce((sum, one, k) => sum + one * [0.2126, 0.7152, 0.0722][k], 0.05);
const contrast = (a, b) => Math.max(light([...a]) / light([...b]), light([...b]) / light([...a]));

const FONT = '"Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", system-ui, sans-serif';
const STEPS = 120; // shades
const LABELS = 104; // the widest that labels may be

class Heat {
  /** `spec`: matrix() to show, rows and cols (the names of two cursors), labels, explain(i, j), square, sums, limit. */
  constructor(figure, spec, cursor, moved) {
    Object.assign(this, { figure, spec, cursor, moved });
    this.frame = make("div", "frame");
    this.canvas = make("canvas");
    this.how = make("div", "how");
    this.frame.append(this.canvas);
    figure.append(this.frame, this.how);
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-roledescription", "heat map");
    this.canvas.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse") this.point(event); });
    this.canvas.addEventListener("pointerdown", (event) => this.point(event));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("focus", () => { this.how.setAttribute("aria-live", "polite"); this.show(); });
    this.canvas.addEventListener("blur", () => { this.how.removeAttribute("aria-live"); this.show(); });
  }

  /** Fit the map to the page and paint it. */
  draw() {
    const { spec, figure } = this, x = this.x = spec.matrix();
    const labels = DOC.tokens.map((token) => token.label);
    const pen = this.canvas.getContext("2d");
    const room = figure.clientWidth;
    if (!room) return;
    pen.font = `12.5px ${FONT}`;
    const widest = Math.min(LABELS, Math.max(...labels.map((one) => pen.measureText(one).width))) + 10;
    this.left = widest;
    this.top = spec.square ? widest : 4;
    const right = spec.sums ? 62 : 0;
    this.wide = (room - widest - right) / x.cols;
    this.wide = spec.square ? clamp(this.wide, 12, 38) : Math.min(this.wide, 48);
    this.high = spec.square ? this.wide : clamp(330 / x.rows, 11, 17);
    this.width = Math.floor(this.left + this.wide * x.cols + right);
    this.height = Math.ceil(this.top + this.high * x.rows + 2);
    this.ratio = window.devicePixelRatio || 1;
    this.canvas.width = this.width * this.ratio;
    this.canvas.height = this.height * this.ratio;
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${this.height}px`;
    this.canvas.setAttribute("aria-label", `${spec.name}: ${x.rows} rows, ${x.cols} columns. Arrow keys move.`);
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.cells(pen);
    this.labels(pen, labels);
    this.picture = document.createElement("canvas");
    this.picture.width = this.canvas.width;
    this.picture.height = this.canvas.height;
    this.picture.getContext("2d").drawImage(this.canvas, 0, 0);
    this.show();
  }

  cells(pen) {
    const { spec, x } = this, size = spec.limit || Heat.limit(x.data);
    const [blank, more, less, hole] = ["blank", "accent", "less", "hole"].map(colour);
    const shades = (to) => Array.from({ length: STEPS + 1 }, (_, k) => mix(blank, to, (k / STEPS) ** (spec.limit ? 0.6 : 0.8)));
    const [above, below] = [shades(more), shades(less)], image = new ImageData(x.cols, x.rows);
    for (let n = 0; n < x.data.length; n++) {
      const value = x.data[n], step = Math.round(Math.min(Math.abs(value) / size, 1) * STEPS);
      const rgb = value === -Infinity ? hole : (value < 0 ? below : above)[step];
      for (let k = 0; k < 3; k++) image.data[4 * n + k] = rgb[k];
      image.data[4 * n + 3] = 255;
    }
    const small = document.createElement("canvas");
    small.width = x.cols; small.height = x.rows;
    small.getContext("2d").putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, this.left, this.top, this.wide * x.cols, this.high * x.rows);
    pen.strokeStyle = css(colour("card"));
    pen.lineWidth = this.high < 14 && !spec.square ? 0.5 : 1;
    pen.beginPath();
    for (let i = 1; i < x.rows; i++) this.line(pen, this.left, this.top + i * this.high, this.wide * x.cols, 0);
    const every = spec.every || (this.wide >= 8 ? 1 : 0);
    for (let j = every; every && j < x.cols; j += every) this.line(pen, this.left + j * this.wide, this.top, 0, this.high * x.rows);
    pen.stroke();
    if (spec.square && this.wide >= 31) this.figures(pen, image.data);
  }

  line(pen, x, y, across, down) { pen.moveTo(x, y); pen.lineTo(x + across, y + down); }

  /** Write the numbers into cells that have the room, light on dark or dark on light. */
  figures(pen, data) {
    const [ink, on] = ["ink", "on"].map(colour);
    pen.font = `11px ${FONT}`;
    pen.textAlign = "center"; pen.textBaseline = "middle";
    for (let i = 0; i < this.x.rows; i++) for (let j = 0; j < this.x.cols; j++) {
      const value = this.x.at(i, j);
      const under = data.slice(4 * (i * this.x.cols + j), 4 * (i * this.x.cols + j) + 3);
      pen.fillStyle = css(contrast(ink, under) >= contrast(on, under) ? ink : on);
      const text = value === -Infinity ? "−∞" : brief(value);
      pen.fillText(text, this.left + (j + 0.5) * this.wide, this.top + (i + 0.5) * this.high + 0.5);
    }
  }

  labels(pen, labels) {
    const { spec, x } = this;
    pen.fillStyle = css(colour("ink"));
    pen.font = `${clamp(this.high - 1, 9, 12.5)}px ${FONT}`;
    pen.textBaseline = "middle"; pen.textAlign = "right";
    labels.forEach((label, i) => pen.fillText(short(pen, label), this.left - 7, this.top + (i + 0.5) * this.high));
    if (spec.sums) {
      pen.textAlign = "left";
      pen.fillStyle = css(colour("muted"));
      labels.forEach((_, i) => {
        let sum = 0;
        for (let j = 0; j < x.cols; j++) sum += x.at(i, j);
        pen.fillText(`Σ ${sum.toFixed(3)}`, this.left + x.cols * this.wide + 8, this.top + (i + 0.5) * this.high);
      });
      pen.fillStyle = css(colour("ink"));
    }
    if (!spec.square) return;
    pen.textAlign = "left";
    labels.forEach((label, j) => {
      pen.save();
      pen.translate(this.left + (j + 0.5) * this.wide, this.top - 6);
      pen.rotate(-Math.PI / 2);
      pen.fillText(short(pen, label), 0, 0);
      pen.restore();
    });
  }

  /** Mark the cell under the cursor and say how it came about. */
  show() {
    if (!this.picture) return;
    const pen = this.canvas.getContext("2d"), { i, j } = this.cell();
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.drawImage(this.picture, 0, 0);
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    const wide = Math.max(this.wide, 4), middle = this.left + (j + 0.5) * this.wide;
    const box = [clamp(middle - wide / 2, this.left, this.left + this.x.cols * this.wide - wide), this.top + i * this.high, wide, this.high];
    pen.strokeStyle = css(colour("card"));
    pen.lineWidth = 4;
    pen.strokeRect(...box);
    pen.strokeStyle = css(colour("ink"));
    pen.lineWidth = 2;
    pen.strokeRect(...box);
    const [head, ...rest] = this.spec.explain(i, j);
    this.how.replaceChildren(make("p", "what", head), ...rest.map((line) => make("p", "", line)));
  }

  cell() {
    const { spec, cursor, x } = this;
    return { i: clamp(cursor[spec.rows], 0, x.rows - 1), j: clamp(cursor[spec.cols], 0, x.cols - 1) };
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const i = Math.floor((event.clientY - box.top - this.top) / this.high);
    const j = Math.floor((event.clientX - box.left - this.left) / this.wide);
    if (i >= 0 && i < this.x.rows && j < this.x.cols) this.move(i, Math.max(j, 0));
  }

  key(event) {
    const { i, j } = this.cell(), steps = {
      ArrowUp: [i - 1, j], ArrowDown: [i + 1, j], ArrowLeft: [i, j - 1], ArrowRight: [i, j + 1],
      Home: [i, 0], End: [i, this.x.cols - 1],
    };
    if (!steps[event.key]) return;
    event.preventDefault();
    this.move(clamp(steps[event.key][0], 0, this.x.rows - 1), clamp(steps[event.key][1], 0, this.x.cols - 1));
  }

  move(i, j) {
    this.cursor[this.spec.rows] = i;
    this.cursor[this.spec.cols] = j;
    this.moved();
  }

  /** The size at which colour is full: so that one in fifty is beyond it. */
  static limit(data) {
    const sizes = data.map(Math.abs).filter(Number.isFinite).sort();
    return sizes[Math.floor((sizes.length - 1) * 0.98)] || 1;
  }
}

function short(pen, label) {
  if (pen.measureText(label).width <= LABELS) return label;
  const letters = [...label];
  while (letters.length && pen.measureText(`${letters.join("")}…`).width > LABELS) letters.pop();
  return `${letters.join("")}…`;
}
