// Chapter 3's demo: draws the state that PoolingDemo keeps, and sends back the setting.

const SIDE = 372; // CSS pixels of the picture's side
// As in course/figures/pooling_windows.py: windows that touch never share a colour.
const AS_WINDOW = "= window";
const colourOf = (i, j) => WINDOWS[2 * (i % 2) + (j % 2)];

const overlaps = (spans) => spans.some(([start], n) => n > 0 && start < spans[n - 1][1]);

// The synced state in one plain object; null while its parts do not belong together yet.
function readState(model) {
  const [rows, columns] = [model.get("rows"), model.get("columns")];
  const pooled = floats(model.get("pooled"));
  if (pooled.length !== rows.length * columns.length) return null;
  const picture = floats(model.get("picture"));
  const before = floats(model.get("pooled_before"));
  const side = model.get("side");
  return {
    rows, columns, pooled, before, picture, side, cell: Math.floor(SIDE / side),
    changed: model.get("changed"), setting: model.get("setting"),
    signed: picture.some((value) => value < 0), top: 9, overlap: overlaps(rows) || overlaps(columns),
  };
}

const shade = (s, value) =>
  s.signed ? signColour(value, PALE * s.top) : grayColour(value / s.top);

function drawWindow(pen, x, y, width, height, colour, inset, line) {
  pen.strokeStyle = colour;
  pen.lineWidth = line;
  pen.strokeRect(x + inset, y + inset, width - 2 * inset, height - 2 * inset);
}

function drawPicture(canvas, s, at) {
  const pen = sizeCanvas(canvas, s.side, s.side, s.cell);
  s.picture.forEach((value, n) =>
    drawCell(pen, s.cell, Math.floor(n / s.side), n % s.side, shade(s, value), value));
  const place = (i, j) => {
    const [[top, bottom], [left, right]] = [s.rows[i], s.columns[j]];
    return [left, top, right - left, bottom - top].map((n) => n * s.cell);
  };
  if (!s.overlap) {
    s.rows.forEach((_, i) => s.columns.forEach((_, j) =>
      drawWindow(pen, ...place(i, j), colourOf(i, j), 2, 3)));
  }
  drawFrame(pen, ...place(at.row, at.column));
}

function hatch(pen, x, y, side) {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, side, side);
  pen.clip();
  for (const [colour, line] of [["#fffc", 4], ["#222", 2]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = line;
    pen.beginPath();
    // Only two corners: the number in the middle stays readable.
    for (const off of [0.18, 0.36, 1.64, 1.82]) {
      pen.moveTo(x, y + off * side);
      pen.lineTo(x + off * side, y);
    }
    pen.stroke();
  }
  pen.restore();
}

function drawPooled(canvas, s, at) {
  const [rows, columns] = [s.rows.length, s.columns.length];
  const cell = Math.min(52, Math.floor(SIDE / Math.max(rows, columns)));
  s.pooledCell = cell;
  const pen = sizeCanvas(canvas, rows, columns, cell);
  s.pooled.forEach((value, n) => {
    const [i, j] = [Math.floor(n / columns), n % columns];
    drawCell(pen, cell, i, j, shade(s, value), value);
    if (s.changed[n]) hatch(pen, j * cell, i * cell, cell);
    if (!s.overlap) drawWindow(pen, j * cell, i * cell, cell, cell, colourOf(i, j), 2, 3);
  });
  drawFrame(pen, at.column * cell, at.row * cell, cell, cell);
}

function numbersMenu(label, names, choose) {
  const [text, select] = menu(label, names, (name) =>
    choose(name === AS_WINDOW ? 0 : Number(name)));
  return { text, select };
}

function View(model, el) {
  const at = { row: 0, column: 0 };
  let s = readState(model);
  const send = (changes) => {
    model.set("setting", { ...model.get("setting"), ...changes });
    model.save_changes();
  };
  const put = (name, place, value) => {
    const pair = [...model.get("setting")[name]];
    pair[place] = value;
    send({ [name]: pair });
  };
  const shiftBy = (down, right) => {
    const far = model.get("farthest");
    const [y, x] = model.get("setting").shift;
    const within = (n) => Math.max(-far, Math.min(far, n));
    send({ shift: [within(y + down), within(x + right)] });
  };

  const message = make("p", { class: "message", role: "status" });
  const words = make("p", { class: "words", "aria-live": "polite" });
  const cellWords = make("p", { class: "cell-words", "aria-live": "polite" });
  const pictureCaption = make("figcaption");
  const pooledCaption = make("figcaption");
  const picture = make("canvas", {
    tabindex: 0, role: "application",
    "aria-label": "Picture with its windows. Arrow keys shift it by one pixel, Home shifts it back.",
  });
  const pooled = make("canvas", {
    tabindex: 0, role: "application",
    "aria-label": "Pooled numbers. Arrow keys choose one and its window.",
  });
  const [pictureText, pictureMenu] = menu("Picture", model.get("names"), (name) =>
    send({ picture: name }));
  const [paddingText, paddingMenu] = menu("Padding", model.get("paddings"), (name) =>
    send({ padding: name }));
  const counts = Array.from({ length: model.get("largest") }, (_, n) => String(n + 1));
  const menus = {
    size: ["Window rows", "columns"].map((label, place) =>
      numbersMenu(label, counts, (n) => put("size", place, n))),
    stride: ["Stride down", "across"].map((label, place) =>
      numbersMenu(label, [AS_WINDOW, ...counts], (n) => put("stride", place, n))),
  };
  const arrow = (sign, name, down, right) =>
    make("button", { "aria-label": `Shift ${name}`, onclick: () => shiftBy(down, right) }, sign);

  function draw() {
    if (!s) return;
    at.row = clamp(at.row, s.rows.length - 1);
    at.column = clamp(at.column, s.columns.length - 1);
    drawPicture(picture, s, at);
    drawPooled(pooled, s, at);
    const n = at.row * s.columns.length + at.column;
    const was = s.changed[n] ? `It was ${written(s.before[n])} before the shift.` : "";
    const [[top, bottom], [left, right]] = [s.rows[at.row], s.columns[at.column]];
    const seen = (bottom - top) * (right - left);
    const of = seen === 1 ? "1 pixel" : `${seen} pixels`;
    cellWords.textContent =
      `Row ${at.row}, column ${at.column}: ${written(s.pooled[n])}, from ${of}. ${was}`;
  }

  function refresh() {
    s = readState(model);
    message.textContent = model.get("message");
    message.hidden = !message.textContent;
    words.textContent = model.get("sentence");
    pictureCaption.textContent = s?.overlap
      ? "picture: windows overlap, so only one is framed"
      : "picture, each window in its color";
    pooledCaption.textContent =
      `largest numbers, by ${model.get("learners") ? "your function" : "the course"}`;
    const setting = model.get("setting");
    pictureMenu.value = setting.picture;
    paddingMenu.value = setting.padding;
    for (const name of ["size", "stride"]) {
      menus[name].forEach(({ select }, place) => {
        select.value = String(setting[name][place] || AS_WINDOW);
      });
    }
    draw();
  }

  const steps = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
  };
  picture.addEventListener("keydown", (event) => {
    if (event.key === "Home") send({ shift: [0, 0] });
    else if (steps[event.key]) shiftBy(...steps[event.key]);
    else return;
    event.preventDefault();
  });
  pooled.addEventListener("keydown", (event) => {
    if (!steps[event.key]) return;
    event.preventDefault();
    at.row += steps[event.key][0];
    at.column += steps[event.key][1];
    draw();
  });
  pooled.addEventListener("pointermove", (event) => {
    if (!s) return;
    const box = pooled.getBoundingClientRect();
    const scale = pooled.offsetWidth / box.width || 1;
    at.row = Math.floor(((event.clientY - box.top) * scale) / s.pooledCell);
    at.column = Math.floor(((event.clientX - box.left) * scale) / s.pooledCell);
    draw();
  });

  el.classList.add("cnnlab-pooling");
  const texts = (name) => menus[name].map(({ text }) => text);
  el.append(
    message,
    make("div", { class: "controls" }, pictureText, ...texts("size"), ...texts("stride"), paddingText),
    make("div", { class: "pair" },
      make("figure", {}, pictureCaption, picture,
        make("div", { class: "controls pad", role: "group", "aria-label": "Shift the picture" },
          "Shift:", arrow("←", "left", 0, -1), arrow("↑", "up", -1, 0), arrow("↓", "down", 1, 0),
          arrow("→", "right", 0, 1),
          make("button", { onclick: () => send({ shift: [0, 0] }) }, "Back"))),
      make("figure", {}, pooledCaption, pooled,
        make("p", {}, make("i", { class: "swatch" }), "changed by the shift"))),
    words, cellWords,
  );
  return { refresh };
}
