// Chapter 9's demo: a line for each layer of VGG16 with its costs, and the photograph with what
// one unit of the chosen layer sees. Counting and measuring are done in Python.

const PANELS = [
  ["parameters", "parameters"], ["macs", "MACs"], ["activations", "activations"],
];
const SCALE = 1.2; // screen pixels for one of the photograph
const MARGIN = 28; // of the photograph's pixels around it, where padding is
const BAR = 42;
const counted = (number) => number.toLocaleString("en-US");

// Three digits and a letter: 1.85 G.
function brief(number) {
  const [size, letter] = [[1e9, " G"], [1e6, " M"], [1e3, " k"]].find(([n]) => number >= n) ?? [1, ""];
  return (number / size).toLocaleString("en-US", { maximumSignificantDigits: 3 }) + letter;
}

class View {
  constructor(model, el) {
    this.model = model;
    el.classList.add("cnnlab-vgg");
    this.message = make("p", { class: "message", role: "status" });
    this.told = make("p", { class: "told", "aria-live": "polite" });
    const names = model.get("pictures");
    const [label, select] = menu("Photograph", names, (name) => this.send({ picture: name }));
    this.select = select;
    this.canvas = make("canvas", {
      tabindex: "0", role: "application",
      "aria-label": "The photograph, and what one unit sees. Arrow keys move the unit, "
        + "page up and page down change the layer.",
      onkeydown: (event) => this.key(event),
      onpointermove: (event) => this.point(event),
      onpointerdown: (event) => this.point(event),
    });
    const hint = make("p", { class: "hint" },
      "Choose a layer in the table. Move over the photograph, or use the arrow keys there. "
        + "k, M, G: thousand, million, billion.");
    const right = make("div", { class: "right" },
      make("div", { class: "controls" }, label), this.canvas, this.told, hint);
    el.append(this.message, make("div", { class: "both" }, this.table(), right));
    this.photo = make("img", { onload: () => this.refresh() });
    this.share = [0.5, 0.5]; // where on the photograph, from 0 to 1
  }

  send(news) {
    for (const [name, value] of Object.entries(news)) this.model.set(name, value);
    this.model.save_changes();
  }

  table() {
    const rows = this.model.get("rows");
    const tops = PANELS.map(([name]) => Math.max(...rows.map((row) => row[name])));
    const head = ["layer", "shape", ...PANELS.map(([, words]) => words)];
    const body = make("tbody");
    rows.forEach((row, i) => {
      const button = make("button", {
        "aria-pressed": "false", onclick: () => this.choose(i),
      }, row.name);
      const cells = PANELS.map(([name], n) => {
        const bar = make("b", { style: `background: ${row.colour}` });
        const width = row[name] ? Math.max(1, (BAR * row[name]) / tops[n]) : 0;
        bar.style.width = `${width}px`;
        return make("td", { class: "count", title: counted(row[name]) },
          bar, make("span", {}, brief(row[name])));
      });
      body.append(make("tr", { onclick: () => this.choose(i) },
        make("th", { scope: "row" }, button),
        make("td", { class: "shape" }, row.shape.join("×")), ...cells));
    });
    const sums = PANELS.map(([name]) => rows.reduce((sum, row) => sum + row[name], 0));
    const total = make("tr", { class: "total" }, make("th", { scope: "row" }, "in all"),
      make("td"), ...sums.map((sum) => make("td", { class: "count", title: counted(sum) },
        brief(sum))));
    this.body = body;
    const columns = head.map((text) => make("th", { scope: "col" }, text));
    return make("div", { class: "scroll" }, make("table", {},
      make("thead", {}, make("tr", {}, ...columns)), body, make("tfoot", {}, total)));
  }

  // Another layer; the unit stays where it is on the photograph.
  choose(index) {
    const rows = this.model.get("rows");
    const next = clamp(index, rows.length - 1);
    if (next === this.model.get("layer")) return;
    const { field, shape } = rows[next];
    const unit = field
      ? this.share.map((share, axis) => clamp(Math.floor(share * shape[axis]), shape[axis] - 1))
      : this.model.get("unit");
    this.send({ layer: next, unit });
  }

  key(event) {
    const steps = {
      ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
    };
    const layers = { PageUp: -1, PageDown: 1 };
    if (event.key in layers) this.choose(Math.max(0, this.model.get("layer") + layers[event.key]));
    else if (event.key in steps) this.move(steps[event.key]);
    else return;
    event.preventDefault();
  }

  move(step) {
    const row = this.model.get("rows")[this.model.get("layer")];
    if (!row.field) return;
    const unit = this.model.get("unit").map((n, axis) =>
      clamp(n + step[axis], row.shape[axis] - 1));
    this.send({ unit });
  }

  // The unit that lies nearest to the pointer.
  point(event) {
    const row = this.model.get("rows")[this.model.get("layer")];
    if (!row.field) return;
    const box = this.canvas.getBoundingClientRect();
    const place = [event.clientY - box.top, event.clientX - box.left];
    const unit = place.map((p, axis) => {
      const pixel = p / SCALE - MARGIN - 0.5;
      return clamp(Math.round((pixel - row.centre) / row.field[1]), row.shape[axis] - 1);
    });
    if (unit.join() !== this.model.get("unit").join()) this.send({ unit });
  }

  refresh() {
    const { model } = this;
    this.message.textContent = model.get("message");
    this.message.hidden = !this.message.textContent;
    this.select.value = model.get("picture");
    const chosen = model.get("layer");
    [...this.body.children].forEach((line, i) => {
      line.classList.toggle("chosen", i === chosen);
      line.querySelector("button").setAttribute("aria-pressed", i === chosen);
    });
    if (this.photo.src !== model.get("source")) this.photo.src = model.get("source");
    this.draw(model.get("rows")[chosen]);
  }

  draw(row) {
    const side = this.model.get("side");
    const whole = side + 2 * MARGIN;
    const pen = sizeCanvas(this.canvas, whole, whole, SCALE);
    pen.scale(SCALE, SCALE);
    pen.fillStyle = getComputedStyle(this.canvas).getPropertyValue("--empty") || "#ddd";
    pen.fillRect(0, 0, whole, whole);
    if (this.photo.complete) pen.drawImage(this.photo, MARGIN, MARGIN, side, side);
    if (row.field) this.share = this.model.get("unit").map((n, axis) => (n + 0.5) / row.shape[axis]);
    const spans = row.field && this.model.get("unit").map((n) => this.span(row, n));
    const [top, left, height, width] = spans
      ? [spans[0][0], spans[1][0], row.field[0], row.field[0]] : [0, 0, side, side];
    pen.fillStyle = "rgba(20, 20, 20, 0.55)";
    pen.beginPath();
    pen.rect(0, 0, whole, whole);
    pen.rect(MARGIN + left, MARGIN + top, width, height);
    pen.fill("evenodd");
    if (row.field) this.dots(pen, row);
    pen.save();
    drawFrame(pen, MARGIN + left, MARGIN + top, width, height);
    pen.restore();
    this.tell(row, spans, side);
  }

  // First and last pixel of a unit's field.
  span(row, n) {
    const middle = row.centre + n * row.field[1];
    return [middle - (row.field[0] - 1) / 2, middle + (row.field[0] - 1) / 2];
  }

  // The middles of all units, where they lie far enough apart to be seen.
  dots(pen, row) {
    const unit = this.model.get("unit");
    const [, jump] = row.field;
    for (let i = 0; i < row.shape[0] && jump >= 8; i += 1) {
      for (let j = 0; j < row.shape[1]; j += 1) this.dot(pen, row, i, j, "#fffc", row.field[1] / 16 + 0.7);
    }
    this.dot(pen, row, ...unit, ROLES.window, 3);
  }

  dot(pen, row, i, j, colour, radius) {
    const [y, x] = [i, j].map((n) => MARGIN + row.centre + n * row.field[1] + 0.5);
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fillStyle = colour;
    pen.strokeStyle = "#222";
    pen.lineWidth = 0.6;
    pen.fill();
    pen.stroke();
  }

  tell(row, spans, side) {
    if (!row.field) {
      this.told.textContent = `Each unit of ${row.name} sees the whole photograph. It has no place.`;
      return;
    }
    const [size, jump] = row.field;
    const [i, j] = this.model.get("unit");
    const beyond = spans.some(([first, last]) => first < 0 || last > side - 1);
    const where = beyond ? " Part of that is padding, outside the photograph." : "";
    this.told.textContent = `${row.name}, unit at row ${i}, column ${j} of `
      + `${row.shape[0]}×${row.shape[1]}: sees ${size}×${size} pixels. `
      + `Its neighbors lie ${jump} ${jump === 1 ? "pixel" : "pixels"} away.${where}`;
  }
}
