// Chapter 5's demo: draws the state that BackpropDemo keeps, and sends back the setting.

const SIDE = 176; // CSS pixels of a map's longer side: four fit beside one another in JupyterLab
const NUMBERED_FROM = 22; // cells of so many pixels hold their number: eight of them fill a map
const LARGEST_CELL = 46;
const NAMES = ["picture", "convolution", "ReLU", "max pool"];
const FUNCTIONS = ["conv2d_backward", "relu_backward", "max_pool2d_backward"];

// The synced state in one plain object; null while its parts do not belong together yet.
function readState(model) {
  const shapes = model.get("shapes");
  const values = floats(model.get("values"));
  const sizes = shapes.map(([rows, columns]) => rows * columns);
  if (values.length !== sizes.reduce((a, b) => a + b, 0)) return null;
  let end = 0;
  const maps = shapes.map(([rows, columns], n) => {
    end += sizes[n];
    const cell = Math.min(LARGEST_CELL, Math.floor(SIDE / Math.max(rows, columns)));
    return { rows, columns, cell, values: values.slice(end - sizes[n], end) };
  });
  return {
    forwards: maps.slice(0, 4), backwards: maps.slice(4), setting: model.get("setting"),
    frame: model.get("frame"), kernel: model.get("kernel_shape"), learners: model.get("learners"),
  };
}

function drawMap(canvas, map, colour) {
  const { rows, columns, cell } = map;
  const pen = sizeCanvas(canvas, rows, columns, cell);
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineWidth = 1;
  map.values.forEach((value, n) => {
    const [x, y] = [(n % columns) * cell, Math.floor(n / columns) * cell];
    const rgb = colour(value);
    pen.fillStyle = css(rgb);
    pen.fillRect(x, y, cell, cell);
    if (cell < NUMBERED_FROM) return;
    pen.strokeStyle = "#8888";
    pen.strokeRect(x + 0.5, y + 0.5, cell - 1, cell - 1);
    const text = written(value);
    pen.fillStyle = inkOn(rgb);
    pen.font = `${Math.min(16, Math.floor((1.5 * cell) / Math.max(2.4, text.length)))}px sans-serif`;
    pen.fillText(text, x + cell / 2, y + cell / 2 + 0.5);
  });
  return pen;
}

// The part of a map that one pooled cell depends on, in cells: [top, left, height, width].
function seenBy(s, place, row, column) {
  const stride = Number(s.setting.stride);
  const windows = [
    [2 * row * stride - s.frame[0], 2 * column * stride - s.frame[1],
      stride + s.kernel[0], stride + s.kernel[1]],
    [2 * row, 2 * column, 2, 2], [2 * row, 2 * column, 2, 2], [row, column, 1, 1],
  ];
  const [top, left, height, width] = windows[place];
  const { rows, columns } = s.forwards[place];
  const [y, x] = [Math.max(0, top), Math.max(0, left)];
  return [y, x, Math.min(rows, top + height) - y, Math.min(columns, left + width) - x];
}

class View {
  constructor(model, el) {
    this.model = model;
    this.at = { row: 0, column: 0 };
    const [first] = model.get("setting").chosen;
    if (first) this.at = { row: first[0], column: first[1] };
    this.build(el);
  }

  build(el) {
    el.classList.add("cnnlab-backprop");
    this.message = make("p", { class: "message", role: "status" });
    this.words = make("p", { class: "words", "aria-live": "polite" });
    this.selects = {};
    const labels = Object.entries(this.model.get("menus")).map(([name, options]) => {
      const title = name[0].toUpperCase() + name.slice(1);
      const [label, select] = menu(title, options, (value) =>
        this.send({ [name]: name === "stride" ? Number(value) : value }));
      this.selects[name] = select;
      return label;
    });
    this.several = make("input", { type: "checkbox" });
    const all = make("button", { onclick: () => this.chooseAll() }, "All cells");
    const one = make("button", { onclick: () => this.choose([[this.at.row, this.at.column]]) },
      "Only one");
    this.forwards = NAMES.map((name, n) => this.figure(name, n === 3));
    this.backwards = NAMES.map((name, n) => this.figure(`gradient: ${name}`, n === 3));
    el.append(
      this.message,
      make("div", { class: "controls" }, ...labels),
      make("div", { class: "controls" },
        make("label", {}, this.several, " choose several"), one, all),
      this.row("forwards", "→", this.forwards),
      this.row("backwards", "←", this.backwards),
      this.words,
    );
  }

  row(title, arrow, figures) {
    const between = figures.flatMap((figure, n) => (n ? [make("b", {}, arrow), figure.node] : [figure.node]));
    return make("div", { class: "way", role: "group", "aria-label": title }, ...between);
  }

  // One map with its caption; on the last map of each way, cells are chosen.
  figure(name, active) {
    const keys = "Arrow keys choose a cell, Space adds it to the chosen ones or takes it away.";
    const canvas = make("canvas", active
      ? { tabindex: 0, role: "application", "aria-label": `${name}. ${keys}` }
      : { role: "img", "aria-label": name });
    if (active) {
      canvas.addEventListener("keydown", (event) => this.onKey(event));
      canvas.addEventListener("click", (event) => this.onClick(canvas, event));
    }
    const caption = make("figcaption", {}, name);
    return { canvas, caption, node: make("figure", {}, caption, canvas) };
  }

  send(changes) {
    this.model.set("setting", { ...this.model.get("setting"), ...changes });
    this.model.save_changes();
  }

  choose(places) {
    this.send({ chosen: places });
  }

  chooseAll() {
    const { rows, columns } = this.s.forwards[3];
    this.choose(Array.from({ length: rows * columns }, (_, n) =>
      [Math.floor(n / columns), n % columns]));
  }

  toggle(row, column) {
    const { chosen } = this.s.setting;
    const others = chosen.filter(([i, j]) => i !== row || j !== column);
    this.choose(others.length < chosen.length ? others : [...chosen, [row, column]]);
  }

  go(row, column) {
    const { rows, columns } = this.s.forwards[3];
    this.at = { row: clamp(row, rows - 1), column: clamp(column, columns - 1) };
    if (this.several.checked) this.draw();
    else this.choose([[this.at.row, this.at.column]]);
  }

  onKey(event) {
    const { row, column } = this.at;
    const moves = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
    };
    if (event.key === " ") this.toggle(row, column);
    else if (moves[event.key]) this.go(...moves[event.key]);
    else return;
    event.preventDefault();
  }

  onClick(canvas, event) {
    const box = canvas.getBoundingClientRect();
    const scale = (canvas.offsetWidth || box.width) / box.width / this.s.forwards[3].cell;
    const { rows, columns } = this.s.forwards[3];
    const row = clamp(Math.floor((event.clientY - box.top) * scale), rows - 1);
    const column = clamp(Math.floor((event.clientX - box.left) * scale), columns - 1);
    this.at = { row, column };
    if (this.several.checked || event.shiftKey) this.toggle(row, column);
    else this.choose([[row, column]]);
  }

  // New state from Python.
  refresh() {
    const s = readState(this.model);
    if (!s) return;
    this.s = s;
    this.message.textContent = this.model.get("message");
    this.message.hidden = !this.message.textContent;
    this.words.textContent = this.model.get("sentence");
    for (const [name, select] of Object.entries(this.selects)) {
      select.value = String(s.setting[name]);
    }
    FUNCTIONS.forEach((name, n) => {
      const by = s.learners[n] ? `your ${name}` : `the course's ${name}`;
      this.backwards[n].caption.textContent = by;
    });
    this.backwards[3].caption.textContent = "dout: click here";
    const { rows, columns } = s.forwards[3];
    this.at = { row: clamp(this.at.row, rows - 1), column: clamp(this.at.column, columns - 1) };
    this.draw();
  }

  draw() {
    const { s, at } = this;
    const top = PALE * Math.max(1, topOf(s.backwards.flatMap((m) => [...m.values])));
    s.forwards.forEach((map, n) => {
      const own = PALE * topOf(map.values);
      const pen = drawMap(this.forwards[n].canvas, map, n
        ? (value) => signColour(value, own) : (value) => grayColour(value / 9));
      this.frameOn(pen, map, n, at);
    });
    s.backwards.forEach((map, n) => {
      const pen = drawMap(this.backwards[n].canvas, map, (value) => signColour(value, top));
      this.frameOn(pen, map, n, at);
    });
  }

  frameOn(pen, map, place, { row, column }) {
    const [y, x, height, width] = seenBy(this.s, place, row, column).map((n) => n * map.cell);
    drawFrame(pen, x, y, width, height);
  }
}
