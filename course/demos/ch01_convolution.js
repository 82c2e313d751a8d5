// Chapter 1's demo: draws the state that ConvolutionDemo keeps, and sends back picture and kernel.
// The sum at the receptive field is computed here once more, so that a wrong map shows itself.

const SIDE = 288; // CSS pixels of the picture's longer side
const LARGEST = 5;
const OWN = "your own";
const BY_SIGN = "red − / blue +";
const AS_LIGHT = "black … white";

// The synced state in one plain object; null while Python has not answered for it yet.
function readState(model) {
  const kernel = model.get("kernel");
  const asked = JSON.stringify([model.get("picture"), kernel]);
  if (JSON.stringify(model.get("answered")) !== asked) return null;
  const [height, width] = model.get("image_shape");
  const [rows, columns] = model.get("map_shape");
  const [kh, kw] = [kernel.length, kernel[0].length];
  const image = floats(model.get("image"));
  const map = floats(model.get("feature_map"));
  return {
    kernel, height, width, rows, columns, kh, kw, image, map, top: topOf(map),
    cell: Math.floor(SIDE / Math.max(height, width)),
  };
}

function drawPicture(canvas, s, at) {
  const pen = sizeCanvas(canvas, s.height, s.width, s.cell);
  s.image.forEach((value, n) =>
    drawCell(pen, s.cell, Math.floor(n / s.width), n % s.width, grayColour(value), value));
  drawFrame(pen, at.column * s.cell, at.row * s.cell, s.kw * s.cell, s.kh * s.cell);
}

function drawMap(canvas, s, at, filled, colour) {
  const pen = sizeCanvas(canvas, s.rows, s.columns, s.cell);
  s.map.forEach((value, n) => {
    if (filled[n]) {
      const [i, j] = [Math.floor(n / s.columns), n % s.columns];
      drawCell(pen, s.cell, i, j, colour(value), value);
    }
  });
  drawFrame(pen, at.column * s.cell, at.row * s.cell, s.cell, s.cell);
}

// The kernel's numbers, to be typed over. While the size stays, inputs stay, and so does the focus.
class KernelEditor {
  constructor(send) {
    this.send = send;
    this.kernel = [[]];
    this.inputs = [];
    this.body = make("div", { class: "cells" });
    this.node = make("figure", {}, make("figcaption", {}, "kernel (type here)"), this.body);
  }

  show(kernel) {
    const width = kernel[0].length;
    if (this.inputs.length !== kernel.flat().length || this.kernel[0].length !== width) {
      this.inputs = kernel.flatMap((line, i) => line.map((_, j) => this.cell(i, j)));
      this.body.replaceChildren(...this.inputs);
      this.body.style.setProperty("--columns", width);
    }
    this.kernel = kernel;
    const top = topOf(kernel.flat()) * PALE;
    kernel.flat().forEach((value, n) => {
      const input = this.inputs[n];
      const rgb = signColour(value, top);
      input.style.background = css(rgb);
      input.style.color = inkOn(rgb);
      if (input === input.getRootNode().activeElement) return; // leave "1/" while it is typed
      input.value = written(value);
      input.setAttribute("aria-invalid", "false");
    });
  }

  cell(row, column) {
    const input = make("input", {
      type: "text", spellcheck: "false", autocomplete: "off",
      "aria-label": `kernel, row ${row}, column ${column}`,
      oninput: () => {
        const value = parsed(input.value);
        input.setAttribute("aria-invalid", Number.isNaN(value));
        if (Number.isNaN(value)) return;
        // The other weights come from the kernel: what their inputs show is rounded.
        const kernel = this.kernel.map((line) => [...line]);
        kernel[row][column] = value;
        this.send(kernel);
      },
      onblur: () => this.show(this.kernel),
    });
    return input;
  }
}

// A kernel of another size with the same middle: cut, or framed with zeros.
function resized(kernel, kh, kw) {
  const top = Math.floor((kernel.length - kh) / 2);
  const left = Math.floor((kernel[0].length - kw) / 2);
  return Array.from({ length: kh }, (_, i) =>
    Array.from({ length: kw }, (_, j) => kernel[i + top]?.[j + left] ?? 0));
}

// The four menus above the picture.
class Menus {
  constructor(model, send) {
    this.presets = model.get("presets");
    const kernel = () => model.get("kernel");
    const sizes = Array.from({ length: LARGEST }, (_, n) => String(n + 1));
    const [pictureLabel, picture] = menu("Picture", model.get("names"), (name) =>
      send("picture", name));
    const [presetLabel, preset] = menu("Kernel", [...Object.keys(this.presets), OWN], (name) => {
      if (this.presets[name]) send("kernel", this.presets[name]);
    });
    const [rowsLabel, rows] = menu("rows", sizes, (n) =>
      send("kernel", resized(kernel(), Number(n), kernel()[0].length)));
    const [columnsLabel, columns] = menu("columns", sizes, (n) =>
      send("kernel", resized(kernel(), kernel().length, Number(n))));
    Object.assign(this, { picture, preset, rows, columns });
    const labels = [pictureLabel, presetLabel, rowsLabel, columnsLabel];
    this.node = make("div", { class: "controls" }, ...labels);
  }

  show(picture, kernel) {
    const text = JSON.stringify(kernel);
    const name = Object.keys(this.presets).find((n) => JSON.stringify(this.presets[n]) === text);
    this.picture.value = picture;
    this.preset.value = name ?? OWN;
    this.rows.value = String(kernel.length);
    this.columns.value = String(kernel[0].length);
  }
}

class View {
  constructor(model, el) {
    this.model = model;
    this.at = { row: 0, column: 0 };
    this.filled = new Uint8Array(0); // which cells of the map have been computed on the page
    this.full = false;
    this.timer = null;
    this.shownPicture = "";
    const send = (name, value) => {
      model.set(name, value);
      model.save_changes();
    };
    this.menus = new Menus(model, send);
    this.editor = new KernelEditor((kernel) => send("kernel", kernel));
    this.build(el);
  }

  build(el) {
    el.classList.add("cnnlab-convolution");
    this.message = make("p", { class: "message", role: "status" });
    this.picture = this.canvas("Picture with the receptive field.", () => [
      (this.s.kh - 1) / 2, (this.s.kw - 1) / 2, // the pointer holds its middle
    ]);
    this.map = this.canvas("Feature map with its cell.", () => [0, 0]);
    this.mapCaption = make("figcaption");
    this.limits = [make("span"), make("span"), make("span")];
    this.shade = BY_SIGN;
    const [shadeLabel] = menu("Colors of the map", [BY_SIGN, AS_LIGHT], (name) => {
      this.shade = name;
      this.draw();
    });
    const toggle = () => (this.timer ? this.stop() : this.start());
    this.play = make("button", { onclick: toggle }, "Play");
    this.patch = make("div");
    this.products = make("div");
    this.total = make("div", { class: "total" });
    this.words = make("p", { class: "step-words", "aria-live": "polite" });
    this.differs = make("strong");
    this.bar = make("i");
    const scale = make("div", { class: "scale", "aria-hidden": "true" }, this.bar, ...this.limits);
    el.append(
      this.message,
      this.menus.node,
      make("div", { class: "pair" },
        make("figure", {}, make("figcaption", {}, "picture: drag the frame"), this.picture),
        make("figure", {}, this.mapCaption, this.map, scale)),
      make("div", { class: "controls" }, this.play,
        make("button", { onclick: () => this.fillAll() }, "Fill all"),
        make("button", { onclick: () => this.clear() }, "Clear"), shadeLabel),
      make("div", { class: "sum" },
        this.patch, make("b", {}, "×"), this.editor.node, make("b", {}, "="), this.products,
        make("b", {}, "→"), make("figure", {}, make("figcaption", {}, "sum"), this.total)),
      this.words,
      this.differs,
    );
  }

  // A canvas on which pointer and arrow keys move the receptive field.
  canvas(label, middle) {
    const keys = "Arrow keys move it, Shift with an arrow five cells, Home and End to the ends.";
    const canvas = make("canvas", {
      tabindex: 0, role: "application", "aria-label": `${label} ${keys}`,
      onkeydown: (event) => this.onKey(event),
      onpointerdown: (event) => {
        this.stop();
        canvas.setPointerCapture(event.pointerId);
        canvas.focus({ preventScroll: true });
        this.moveTo(canvas, event, middle());
      },
      onpointermove: (event) => {
        if (canvas.hasPointerCapture(event.pointerId)) this.moveTo(canvas, event, middle());
      },
    });
    return canvas;
  }

  moveTo(canvas, event, [i, j]) {
    const box = canvas.getBoundingClientRect();
    const scale = canvas.offsetWidth / box.width / this.s.cell;
    this.go(Math.floor((event.clientY - box.top) * scale - i),
      Math.floor((event.clientX - box.left) * scale - j));
  }

  onKey(event) {
    const far = event.shiftKey ? 5 : 1;
    const { row, column } = this.at;
    const moves = {
      ArrowUp: [row - far, column], ArrowDown: [row + far, column],
      ArrowLeft: [row, column - far], ArrowRight: [row, column + far],
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
    if (this.filled.length !== s.map.length || this.shownPicture !== model.get("picture")) {
      this.stop();
      this.filled = new Uint8Array(s.map.length).fill(this.full ? 1 : 0);
      this.shownPicture = model.get("picture");
    }
    this.message.textContent = model.get("message");
    this.message.hidden = !this.message.textContent;
    const by = model.get("learners") ? "your function" : "the course";
    this.mapCaption.textContent = `feature map, by ${by}`;
    this.menus.show(this.shownPicture, s.kernel);
    this.editor.show(s.kernel);
    this.go(this.at.row, this.at.column);
  }

  go(row, column) {
    this.at = { row: clamp(row, this.s.rows - 1), column: clamp(column, this.s.columns - 1) };
    this.draw();
  }

  draw() {
    const { s, at } = this;
    const n = at.row * s.columns + at.column;
    this.filled[n] = 1;
    drawPicture(this.picture, s, at);
    const colour = this.mapColour();
    drawMap(this.map, s, at, this.filled, colour);
    const patch = s.kernel.flatMap((line, i) =>
      line.map((_, j) => s.image[(at.row + i) * s.width + at.column + j]));
    const products = s.kernel.flat().map((weight, k) => weight * patch[k]);
    const sum = products.reduce((a, b) => a + b, 0);
    const top = topOf(products) * PALE;
    this.patch.replaceChildren(table("receptive field", patch, s.kw, grayColour));
    this.products.replaceChildren(table("products", products, s.kw, (v) => signColour(v, top)));
    const rgb = colour(sum);
    this.total.style.background = css(rgb);
    this.total.style.color = inkOn(rgb);
    this.total.textContent = written(sum);
    this.words.textContent =
      `Row ${at.row}, column ${at.column} of the feature map: ${written(sum)}.`;
    const same = Math.abs(sum - s.map[n]) <= 1e-3 * Math.max(1, Math.abs(sum));
    this.differs.textContent = same ? "" : `Your function says ${written(s.map[n])}.`;
  }

  // How a number of the map looks; writes the ends of the scale below the map, too.
  mapColour() {
    const light = this.shade === AS_LIGHT;
    const top = light ? Math.max(1, this.s.top) : this.s.top;
    const marks = light ? [0, top / 2, top] : [-top, 0, top];
    marks.forEach((value, n) => { this.limits[n].textContent = written(value); });
    this.bar.classList.toggle("light", light);
    return light ? (value) => grayColour(value / top) : (value) => signColour(value, top);
  }

  fillAll() {
    this.stop();
    this.full = true;
    this.filled.fill(1);
    this.draw();
  }

  clear() {
    this.stop();
    this.full = false;
    this.filled.fill(0);
    this.go(0, 0);
  }

  start() {
    const { s } = this;
    if (this.at.row === s.rows - 1 && this.at.column === s.columns - 1) this.clear();
    this.play.textContent = "Pause";
    this.words.setAttribute("aria-live", "off"); // nobody wants two thousand sums read out
    const few = s.map.length <= 100;
    this.timer = setInterval(() => this.advance(few ? 1 : 5), few ? 450 : 50);
  }

  // Walk on by some cells, in reading order.
  advance(cells) {
    for (let n = 0; n < cells; n++) {
      const next = this.at.row * this.s.columns + this.at.column + 1;
      if (next >= this.s.map.length) {
        this.stop();
        break;
      }
      this.at = { row: Math.floor(next / this.s.columns), column: next % this.s.columns };
      this.filled[next] = 1;
    }
    this.draw();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = "Play";
    this.words.setAttribute("aria-live", "polite");
  }
}
