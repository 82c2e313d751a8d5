// Chapter 2's demo: draws the state that StrideDemo keeps, and sends back the setting.
// The sum under the window is computed here once more, so that a wrong map shows itself.

const SIDE = 440; // CSS pixels for the framed picture's longer side, at most
const SLIDERS = {
  size: ["height", "width"],
  k: ["kernel rows", "kernel columns"],
  stride: ["stride down", "stride right"],
  dilation: ["dilation down", "dilation right"],
};
const MENUS = { padding: "Padding", kernel: "Kernel" };
const FRAME = rgbOf(ROLES.padding);
const MAP_CELL = 36;

// The synced state in one plain object. `rows` and `columns` are null where there is no place.
function readState(model) {
  const [rows, columns] = model.get("walks");
  const setting = model.get("setting");
  const map = floats(model.get("feature_map"));
  const picture = floats(model.get("picture"));
  const [height, width] = setting.size;
  const whole = picture.length === height * width;
  const fits = !rows || map.length === rows.starts.length * columns.starts.length;
  if (!whole || !fits) return null;
  const deep = rows ? rows.length : height;
  const wide = rows ? columns.length : width;
  const cell = Math.max(13, Math.min(34, Math.floor(SIDE / Math.max(deep, wide))));
  return { setting, map, picture, height, width, rows, columns, deep, wide, cell,
    kernel: model.get("kernel"), top: topOf(map), signed: map.some((v) => v < 0) };
}

// What lies at a cell of the framed picture: a number, or null for the frame.
function pixel(s, i, j) {
  const row = i - (s.rows ? s.rows.frame[0] : 0);
  const column = j - (s.rows ? s.columns.frame[0] : 0);
  const inside = row >= 0 && row < s.height && column >= 0 && column < s.width;
  return inside ? s.picture[row * s.width + column] : null;
}

// Half as dark and under thin lines, so that the lines show on every gray.
function hatch(pen, x, y, size) {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, size, size);
  pen.clip();
  pen.fillStyle = "#fffa";
  pen.fillRect(x, y, size, size);
  pen.strokeStyle = "#222";
  pen.lineWidth = 1.2;
  pen.beginPath();
  for (let d = -size; d < size; d += 7) {
    pen.moveTo(x + d, y + size);
    pen.lineTo(x + d + size, y);
  }
  pen.stroke();
  pen.restore();
}

function square(pen, cell, i, j, rgb) {
  pen.fillStyle = css(rgb);
  pen.fillRect(j * cell, i * cell, cell, cell);
  pen.strokeStyle = "#8888";
  pen.lineWidth = 1;
  pen.strokeRect(j * cell + 0.5, i * cell + 0.5, cell - 1, cell - 1);
}

function number(pen, cell, i, j, value, ink, font) {
  pen.fillStyle = ink;
  pen.font = `${font}px sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(written(value), (j + 0.5) * cell, (i + 0.5) * cell);
}

function drawFramed(canvas, s, at) {
  const pen = sizeCanvas(canvas, s.deep, s.wide, s.cell);
  const font = Math.min(15, s.cell - 6);
  for (let i = 0; i < s.deep; i++) {
    for (let j = 0; j < s.wide; j++) {
      const value = pixel(s, i, j);
      const rgb = value === null ? FRAME : grayColour(value / 9);
      square(pen, s.cell, i, j, rgb);
      const missed = s.rows && (s.rows.missed.includes(i) || s.columns.missed.includes(j));
      if (missed) hatch(pen, j * s.cell, i * s.cell, s.cell);
      else if (font > 10) {
        number(pen, s.cell, i, j, value ?? 0, value === null ? "#666" : inkOn(rgb), font);
      }
    }
  }
  if (!s.rows) return;
  drawBorder(pen, s);
  drawWindow(pen, s, at);
}

// Where the picture ends and its frame begins.
function drawBorder(pen, s) {
  const [x, y] = [s.columns.frame[0] * s.cell, s.rows.frame[0] * s.cell];
  for (const [colour, line] of [["white", 4], ["#222", 2]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = line;
    pen.strokeRect(x, y, s.width * s.cell, s.height * s.cell);
  }
}

// The window's outline in orange, and each of its taps in blue.
function drawWindow(pen, s, at) {
  const [top, left] = [s.rows.starts[at.row], s.columns.starts[at.column]];
  const c = s.cell;
  for (const i of s.rows.taps) {
    for (const j of s.columns.taps) {
      const [x, y] = [(left + j) * c, (top + i) * c];
      for (const [colour, line, gap] of [["white", 3.5, 3], [ROLES.kernel, 2, 3]]) {
        pen.strokeStyle = colour;
        pen.lineWidth = line;
        pen.strokeRect(x + gap, y + gap, c - 2 * gap, c - 2 * gap);
      }
    }
  }
  const reach = (walk) => walk.taps[walk.taps.length - 1] + 1;
  drawFrame(pen, left * c, top * c, reach(s.columns) * c, reach(s.rows) * c);
}

function drawMap(canvas, s, at) {
  const columns = s.rows ? s.columns.starts.length : 0;
  const pen = sizeCanvas(canvas, s.rows ? s.rows.starts.length : 0, columns, MAP_CELL);
  s.map.forEach((value, n) => {
    const [i, j] = [Math.floor(n / columns), n % columns];
    const rgb = s.signed ? signColour(value, s.top * PALE) : grayColour(value / 9);
    square(pen, MAP_CELL, i, j, rgb);
    number(pen, MAP_CELL, i, j, value, inkOn(rgb), 13);
  });
  if (s.rows) drawFrame(pen, at.column * MAP_CELL, at.row * MAP_CELL, MAP_CELL, MAP_CELL);
}

// The sum of taps times weights at one place, from the picture alone.
function sumAt(s, at) {
  const [top, left] = [s.rows.starts[at.row], s.columns.starts[at.column]];
  let sum = 0;
  s.rows.taps.forEach((i, a) => s.columns.taps.forEach((j, b) => {
    sum += s.kernel[a][b] * (pixel(s, top + i, left + j) ?? 0);
  }));
  return sum;
}

// Eight sliders, rows beside columns, and two menus.
class Controls {
  constructor(model, change) {
    this.model = model;
    this.inputs = {};
    this.menus = {};
    const sliders = Object.entries(SLIDERS).flatMap(([name, labels]) =>
      labels.map((text, axis) => this.slider(name, axis, text, change)));
    const menus = Object.entries(MENUS).map(([name, text]) => {
      const [node, select] = menu(text, model.get("menus")[name], (choice) => change(name, choice));
      this.menus[name] = select;
      return node;
    });
    this.node = make("div", {},
      make("div", { class: "controls" }, ...menus),
      make("div", { class: "sliders" }, ...sliders));
  }

  slider(name, axis, text, change) {
    const value = make("b", { "aria-hidden": "true" }); // a slider says its number itself
    const input = make("input", {
      type: "range", "aria-label": text, min: 1, max: this.model.get("largest")[name], step: 1,
      oninput: () => {
        const pair = [...this.model.get("setting")[name]];
        pair[axis] = Number(input.value);
        change(name, pair);
      },
    });
    this.inputs[`${name}${axis}`] = [input, value];
    return make("label", {}, make("span", {}, text), input, value);
  }

  show(setting) {
    for (const name of Object.keys(SLIDERS)) {
      setting[name].forEach((number, axis) => {
        const [input, value] = this.inputs[`${name}${axis}`];
        input.value = String(number);
        value.textContent = String(number);
      });
    }
    for (const name of Object.keys(MENUS)) this.menus[name].value = setting[name];
  }
}

class View {
  constructor(model, el) {
    this.model = model;
    this.at = { row: 0, column: 0 };
    this.timer = null;
    this.controls = new Controls(model, (name, value) => {
      this.stop();
      model.set("setting", { ...model.get("setting"), [name]: value });
      model.save_changes();
    });
    this.build(el);
  }

  build(el) {
    el.classList.add("cnnlab-stride");
    this.message = make("p", { class: "message", role: "status" });
    this.picture = this.canvas("Framed picture with the window.");
    this.map = this.canvas("Feature map with its cell.");
    this.mapCaption = make("figcaption");
    this.axes = [make("li"), make("li")];
    this.list = make("ul", { class: "axes", "aria-live": "polite" }, ...this.axes);
    this.words = make("p", { class: "place-words", "aria-live": "polite" });
    this.differs = make("strong");
    const toggle = () => (this.timer ? this.stop() : this.start());
    this.play = make("button", { onclick: toggle }, "Play");
    const sign = (kind) => make("i", { class: kind, "aria-hidden": "true" });
    el.append(
      this.controls.node,
      this.message,
      make("div", { class: "pair" },
        make("figure", {}, make("figcaption", {}, "picture"), this.picture,
          make("p", { class: "legend" },
            sign("frame"), "frame of zeros ", sign("missed"), "never met ",
            sign("window"), "window ", sign("tap"), "tap")),
        make("figure", {}, this.mapCaption, this.map)),
      this.list,
      make("div", { class: "controls" }, this.play, this.words),
      this.differs,
    );
  }

  // A canvas on which pointer and arrow keys choose the place.
  canvas(label) {
    const keys = "Arrow keys move it from place to place, Home and End to the ends of the row.";
    const canvas = make("canvas", {
      tabindex: 0, role: "application", "aria-label": `${label} ${keys}`,
      onkeydown: (event) => this.onKey(event),
      onpointerdown: (event) => {
        this.stop();
        canvas.setPointerCapture(event.pointerId);
        canvas.focus({ preventScroll: true });
        this.moveTo(canvas, event);
      },
      onpointermove: (event) => {
        if (canvas.hasPointerCapture(event.pointerId)) this.moveTo(canvas, event);
      },
    });
    return canvas;
  }

  // To the place whose window has its middle nearest to the pointer; on the map, to the cell.
  moveTo(canvas, event) {
    const { s } = this;
    if (!s.rows) return;
    const box = canvas.getBoundingClientRect();
    const scale = canvas.offsetWidth / box.width;
    const [y, x] = [(event.clientY - box.top) * scale, (event.clientX - box.left) * scale];
    if (canvas === this.map) {
      this.go(Math.floor(y / MAP_CELL), Math.floor(x / MAP_CELL));
      return;
    }
    const nearest = (walk, cell) => {
      const away = walk.starts.map((start) =>
        Math.abs(start + (walk.taps[walk.taps.length - 1] + 1) / 2 - cell));
      return away.indexOf(Math.min(...away));
    };
    this.go(nearest(s.rows, y / s.cell), nearest(s.columns, x / s.cell));
  }

  onKey(event) {
    const { row, column } = this.at;
    const moves = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      Home: [row, 0], End: [row, Infinity],
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    this.stop();
    this.go(...moves[event.key]);
  }

  // New state from Python.
  refresh() {
    const { model } = this;
    const s = readState(model);
    if (!s) return;
    this.s = s;
    if (!s.rows) this.stop();
    this.message.textContent = model.get("message");
    this.message.hidden = !this.message.textContent;
    const by = model.get("learners") ? "your function" : "the course";
    const size = s.rows ? `${s.rows.starts.length} × ${s.columns.starts.length}, ` : "no place";
    this.mapCaption.textContent = `feature map: ${size}${s.rows ? `by ${by}` : ""}`;
    this.axes.forEach((line, n) => { line.textContent = model.get("sentences")[n] ?? ""; });
    this.play.disabled = !s.rows;
    this.map.hidden = this.list.hidden = !s.rows;
    this.controls.show(s.setting);
    this.go(this.at.row, this.at.column);
  }

  go(row, column) {
    const { s } = this;
    if (s.rows) {
      this.at = {
        row: clamp(row, s.rows.starts.length - 1),
        column: clamp(column, s.columns.starts.length - 1),
      };
    }
    this.draw();
  }

  draw() {
    const { s, at } = this;
    drawFramed(this.picture, s, at);
    drawMap(this.map, s, at);
    this.words.textContent = "";
    this.differs.textContent = "";
    if (!s.rows) return;
    const sum = sumAt(s, at);
    const [top, left] = [s.rows.starts[at.row], s.columns.starts[at.column]];
    this.words.textContent = `Place (${at.row}, ${at.column}): the window begins at row ${top}, ` +
      `column ${left} of the framed picture, and the sum is ${written(sum)}.`;
    const received = s.map[at.row * s.columns.starts.length + at.column];
    const same = Math.abs(sum - received) <= 1e-3 * Math.max(1, Math.abs(sum));
    this.differs.textContent = same ? "" : `Your function says ${written(received)}.`;
  }

  start() {
    const { s, at } = this;
    const last = s.rows.starts.length - 1 === at.row && s.columns.starts.length - 1 === at.column;
    if (last) this.go(0, 0);
    this.play.textContent = "Pause";
    this.words.setAttribute("aria-live", "off"); // nobody wants a hundred places read out
    this.timer = setInterval(() => this.advance(), 350);
  }

  // Walk on by one place, in reading order.
  advance() {
    const { s, at } = this;
    const columns = s.columns.starts.length;
    const next = at.row * columns + at.column + 1;
    if (next >= s.rows.starts.length * columns) this.stop();
    else this.go(Math.floor(next / columns), next % columns);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = "Play";
    this.words.setAttribute("aria-live", "polite");
  }
}
