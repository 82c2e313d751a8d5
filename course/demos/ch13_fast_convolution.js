// Chapter 13's demo: draws the state that PatchDemo keeps, and sends back the setting.
// Which pixel belongs at a place of the matrix is worked out here once more, from the picture
// alone, so that a wrong matrix shows itself.

const PIXEL = 40; // CSS pixels of a picture's cell
const ENTRY = [34, 24]; // width and height of a cell of the matrix
const TITLES = { size: "Window", strides: "Strides", padding: "Padding", channels: "Channels" };
const FRAME = rgbOf(ROLES.padding);
const PAPER = [[247, 250, 253], [252, 226, 200]]; // by channel: bluish white, orange
const TAP = ROLES.kernel;
const SECOND = 100; // what is added to the numbers of the second channel

// The synced state in one plain object; null while its parts do not belong together yet.
function readState(model) {
  const plan = model.get("plan");
  const picture = floats(model.get("picture"));
  const matrix = floats(model.get("matrix"));
  const [height, width, channels] = plan.picture;
  const [rows, columns] = plan.matrix;
  if (picture.length !== height * width * channels || matrix.length !== rows * columns) return null;
  const [[top, bottom], [left, right]] = plan.frame;
  return { picture, matrix, height, width, channels, rows, columns, top, left,
    deep: top + height + bottom, wide: left + width + right,
    across: plan.places[1], down: plan.places[0],
    kh: plan.size[0], kw: plan.size[1], strides: plan.strides };
}

// The place of the window that a row of the matrix belongs to.
const placeOf = (s, row) => [Math.floor(row / s.across), row % s.across];

// The tap that a column belongs to: row and column in the window, channel.
function tapOf(s, column) {
  const [tap, channel] = [Math.floor(column / s.channels), column % s.channels];
  return [Math.floor(tap / s.kw), tap % s.kw, channel];
}

// Where on the framed picture a row and a column of the matrix meet.
function cellOf(s, row, column) {
  const [i, j] = placeOf(s, row);
  const [a, b] = tapOf(s, column);
  return [i * s.strides[0] + a, j * s.strides[1] + b];
}

// What stands at a cell of the framed picture; 0 in the frame.
function pixel(s, i, j, channel) {
  const [y, x] = [i - s.top, j - s.left];
  if (y < 0 || x < 0 || y >= s.height || x >= s.width) return 0;
  return s.picture[(y * s.width + x) * s.channels + channel];
}

const paper = (value) => (value === 0 ? FRAME : PAPER[value > SECOND ? 1 : 0]);

function entry(pen, [x, y, w, h], value, rgb, font) {
  pen.fillStyle = css(rgb);
  pen.fillRect(x, y, w, h);
  pen.strokeStyle = "#8888";
  pen.lineWidth = 1;
  pen.strokeRect(x + 0.5, y + 0.5, w - 1, h - 1);
  pen.fillStyle = value === 0 ? "#666" : "black";
  pen.font = `${font}px sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(written(value), x + w / 2, y + h / 2);
}

function outline(pen, x, y, w, h) {
  for (const [colour, line] of [["white", 5], [TAP, 3]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = line;
    pen.strokeRect(x + 3, y + 3, w - 6, h - 6);
  }
}

// One channel of the framed picture: the window of the row, all pixels of the column.
function drawPicture(canvas, s, channel, at) {
  const pen = sizeCanvas(canvas, s.deep, s.wide, PIXEL);
  for (let i = 0; i < s.deep; i++) {
    for (let j = 0; j < s.wide; j++) {
      const value = pixel(s, i, j, channel);
      entry(pen, [j * PIXEL, i * PIXEL, PIXEL, PIXEL], value, paper(value), 15);
    }
  }
  const [, , own] = tapOf(s, at.column);
  if (own === channel) {
    for (let row = 0; row < s.down * s.across; row++) {
      const [i, j] = cellOf(s, row, at.column);
      pen.fillStyle = TAP;
      pen.beginPath();
      pen.arc((j + 0.84) * PIXEL, (i + 0.16) * PIXEL, 4, 0, 7);
      pen.fill();
    }
    const [i, j] = cellOf(s, at.row, at.column);
    outline(pen, j * PIXEL, i * PIXEL, PIXEL, PIXEL);
  }
  const [i, j] = placeOf(s, at.row);
  drawFrame(pen, j * s.strides[1] * PIXEL, i * s.strides[0] * PIXEL, s.kw * PIXEL, s.kh * PIXEL);
}

function drawMatrix(canvas, s, at) {
  const [w, h] = ENTRY;
  const pen = sizeCanvas(canvas, s.rows * h, s.columns * w, 1);
  s.matrix.forEach((value, n) => {
    const [row, column] = [Math.floor(n / s.columns), n % s.columns];
    entry(pen, [column * w, row * h, w, h], value, paper(value), 12);
  });
  pen.strokeStyle = TAP;
  pen.lineWidth = 3;
  pen.strokeRect(at.column * w + 1.5, 1.5, w - 3, s.rows * h - 3);
  drawFrame(pen, 0, at.row * h, s.columns * w, h);
  outline(pen, at.column * w, at.row * h, w, h);
}

class View {
  constructor(model, el) {
    this.model = model;
    this.at = { row: 0, column: 0 };
    this.selects = {};
    this.build(el);
  }

  build(el) {
    el.classList.add("cnnlab-patches");
    const menus = Object.entries(TITLES).map(([name, title]) => {
      const [node, select] = menu(title, this.model.get("menus")[name], (choice) => {
        this.model.set("setting", { ...this.model.get("setting"), [name]: choice });
        this.model.save_changes();
      });
      this.selects[name] = select;
      return node;
    });
    this.message = make("p", { class: "message", role: "status" });
    this.captions = [make("figcaption"), make("figcaption")];
    this.pictures = [0, 1].map((channel) => this.canvas(`Picture, channel ${channel}.`));
    this.figures = [0, 1].map((n) =>
      make("figure", {}, this.captions[n], this.pictures[n]));
    this.matrix = this.canvas("Matrix of patches.");
    this.caption = make("figcaption");
    this.words = make("p", { class: "patch-words", "aria-live": "polite" });
    this.differs = make("strong");
    const sign = (kind, text) =>
      make("span", {}, make("i", { class: kind, "aria-hidden": "true" }), text);
    el.append(
      make("div", { class: "controls" }, ...menus),
      this.message,
      make("div", { class: "pair" },
        make("div", { class: "channels" }, ...this.figures,
          make("p", { class: "legend" }, sign("row", "the row: one patch"),
            sign("column", "the column: one tap"), sign("dot", "seen by this tap"),
            sign("frame", "frame of zeros"))),
        make("figure", {}, this.caption, this.matrix)),
      this.words,
      this.differs,
    );
  }

  // A canvas on which pointer and arrow keys choose a number of the matrix.
  canvas(label) {
    const keys = "Up and down choose the row, a patch; left and right the column, a tap.";
    const canvas = make("canvas", {
      tabindex: 0, role: "application", "aria-label": `${label} ${keys}`,
      onkeydown: (event) => this.onKey(event),
      onpointerdown: (event) => {
        canvas.setPointerCapture(event.pointerId);
        canvas.focus({ preventScroll: true });
        this.pointAt(canvas, event);
      },
      onpointermove: (event) => {
        if (canvas.hasPointerCapture(event.pointerId)) this.pointAt(canvas, event);
      },
    });
    return canvas;
  }

  pointAt(canvas, event) {
    const box = canvas.getBoundingClientRect();
    const scale = canvas.offsetWidth / box.width;
    const [y, x] = [(event.clientY - box.top) * scale, (event.clientX - box.left) * scale];
    if (canvas === this.matrix) this.go(Math.floor(y / ENTRY[1]), Math.floor(x / ENTRY[0]));
    else this.pointAtPixel(y / PIXEL, x / PIXEL, this.pictures.indexOf(canvas));
  }

  // To the window whose middle is nearest, and to the tap that lies on this pixel, if one does.
  pointAtPixel(y, x, channel) {
    const { s } = this;
    const nearest = (at, k, stride, count) =>
      clamp(Math.round((at - k / 2) / stride), count - 1);
    const [i, j] = [nearest(y, s.kh, s.strides[0], s.down), nearest(x, s.kw, s.strides[1], s.across)];
    const a = clamp(Math.floor(y) - i * s.strides[0], s.kh - 1);
    const b = clamp(Math.floor(x) - j * s.strides[1], s.kw - 1);
    this.go(i * s.across + j, (a * s.kw + b) * s.channels + channel);
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
    this.go(...moves[event.key]);
  }

  // New state from Python.
  refresh() {
    const { model } = this;
    const s = readState(model);
    if (!s) return;
    this.s = s;
    this.message.textContent = model.get("message");
    this.message.hidden = !this.message.textContent;
    const by = model.get("learners") ? "your function" : "the course";
    this.caption.textContent = `matrix: ${several(s.rows, "row")} × ${several(s.columns, "column")}, by ${by}`;
    this.figures.forEach((figure, n) => { figure.hidden = n >= s.channels; });
    this.captions.forEach((caption, n) => {
      caption.textContent = s.channels === 1 ? "picture" : `picture, channel ${n}`;
    });
    for (const [name, choice] of Object.entries(model.get("setting"))) {
      this.selects[name].value = choice;
    }
    this.go(this.at.row, this.at.column);
  }

  go(row, column) {
    this.at = { row: clamp(row, this.s.rows - 1), column: clamp(column, this.s.columns - 1) };
    this.draw();
  }

  draw() {
    const { s, at } = this;
    for (let n = 0; n < s.channels; n++) drawPicture(this.pictures[n], s, n, at);
    drawMatrix(this.matrix, s, at);
    const [i, j] = placeOf(s, at.row);
    const [a, b, channel] = tapOf(s, at.column);
    const right = pixel(s, ...cellOf(s, at.row, at.column), channel);
    this.words.textContent =
      `Row ${at.row} is the patch at place (${i}, ${j}). Column ${at.column} is tap (${a}, ${b})` +
      `${s.channels > 1 ? ` of channel ${channel}` : ""}. There lies ` +
      `${right === 0 ? "a 0 of the frame" : `pixel ${written(right)}`}.`;
    const received = s.matrix[at.row * s.columns + at.column];
    const same = Math.abs(right - received) <= 1e-3 * Math.max(1, Math.abs(right));
    this.differs.textContent = same ? "" : `Your function says ${written(received)}.`;
  }
}
