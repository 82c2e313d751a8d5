// Chapter 1's demo: draws the state that ConvolutionDemo keeps, and sends back picture and kernel.
// The sum at the receptive field is computed here once more, so that a wrong map shows itself.

const SIDE = 336; // CSS pixels of the picture's longer side
const LARGEST = 5;
const NUMBERS_FROM = 24; // cells of so many pixels hold their number
// ColorBrewer's RdBu: told apart by colour-blind people; red is negative, blue is positive.
const RED_BLUE = [
  "67001f", "b2182b", "d6604d", "f4a582", "fddbc7", "f7f7f7",
  "d1e5f0", "92c5de", "4393c3", "2166ac", "053061",
].map((hex) => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)));

function signColour(value, top) {
  const place = ((Math.max(-1, Math.min(1, top ? value / top : 0)) + 1) / 2) * 10;
  const low = Math.min(9, Math.floor(place));
  return RED_BLUE[low].map((c, i) => c + (RED_BLUE[low + 1][i] - c) * (place - low));
}

const grayColour = (value) => Array(3).fill(255 * Math.max(0, Math.min(1, value)));
const css = (rgb) => `rgb(${rgb.map(Math.round).join(",")})`;
const inkOn = ([r, g, b]) => (0.299 * r + 0.587 * g + 0.114 * b < 140 ? "white" : "#222");
const topOf = (values) => values.reduce((top, v) => Math.max(top, Math.abs(v)), 0);
const clamp = (n, high) => Math.max(0, Math.min(high, n));

function written(value) {
  const rounded = Math.round(value * 100) / 100;
  const text = Number.isInteger(rounded) ? String(rounded || 0) : rounded.toFixed(2);
  return text.replace("-", "−");
}

// "0.5", "−1", "1/9"; NaN for anything else.
function parsed(text) {
  const parts = text.replace("−", "-").replace(",", ".").split("/").map((s) => s.trim());
  if (parts.length > 2 || parts.some((s) => s === "")) return NaN;
  const value = parts.map(Number).reduce((a, b) => a / b);
  return Number.isFinite(value) ? value : NaN;
}

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

function menu(label, names, choose) {
  const select = make("select", { onchange: () => choose(select.value) });
  select.append(...names.map((name) => make("option", { value: name }, name)));
  return [make("label", {}, `${label} `, select), select];
}

function floats(view) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return new Float32Array(bytes.slice().buffer);
}

// The synced state in one plain object; null while kernel and map do not belong together yet.
function readState(model) {
  const kernel = model.get("kernel");
  const [height, width] = model.get("image_shape");
  const [rows, columns] = model.get("map_shape");
  const [kh, kw] = [kernel.length, kernel[0].length];
  if (height - kh + 1 !== rows || width - kw + 1 !== columns) return null;
  const image = floats(model.get("image"));
  const map = floats(model.get("feature_map"));
  if (image.length !== height * width || map.length !== rows * columns) return null;
  return {
    kernel, height, width, rows, columns, kh, kw, image, map, top: topOf(map),
    cell: Math.floor(SIDE / Math.max(height, width)),
  };
}

function sizeCanvas(canvas, rows, columns, cell) {
  const sharp = window.devicePixelRatio || 1;
  canvas.width = columns * cell * sharp;
  canvas.height = rows * cell * sharp;
  canvas.style.width = `${columns * cell}px`;
  canvas.style.height = `${rows * cell}px`;
  const pen = canvas.getContext("2d");
  pen.setTransform(sharp, 0, 0, sharp, 0, 0);
  return pen;
}

function drawCell(pen, cell, i, j, rgb, value) {
  pen.fillStyle = css(rgb);
  pen.fillRect(j * cell, i * cell, cell, cell);
  if (cell < NUMBERS_FROM) return;
  pen.strokeStyle = "#8888";
  pen.lineWidth = 1;
  pen.strokeRect(j * cell + 0.5, i * cell + 0.5, cell - 1, cell - 1);
  pen.fillStyle = inkOn(rgb);
  pen.font = "16px sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(written(value), (j + 0.5) * cell, (i + 0.5) * cell);
}

function drawFrame(pen, x, y, width, height) {
  // Orange between two thin lines is seen on any picture.
  for (const [colour, line] of [["white", 5], ["#222", 4], ["#ff8c1a", 2.5]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = line;
    pen.strokeRect(x, y, width, height);
  }
}

function drawPicture(canvas, s, at) {
  const pen = sizeCanvas(canvas, s.height, s.width, s.cell);
  s.image.forEach((value, n) =>
    drawCell(pen, s.cell, Math.floor(n / s.width), n % s.width, grayColour(value), value));
  drawFrame(pen, at.column * s.cell, at.row * s.cell, s.kw * s.cell, s.kh * s.cell);
}

function drawMap(canvas, s, at, filled) {
  const pen = sizeCanvas(canvas, s.rows, s.columns, s.cell);
  s.map.forEach((value, n) => {
    if (filled[n]) {
      const [i, j] = [Math.floor(n / s.columns), n % s.columns];
      drawCell(pen, s.cell, i, j, signColour(value, s.top), value);
    }
  });
  drawFrame(pen, at.column * s.cell, at.row * s.cell, s.cell, s.cell);
}

function table(caption, values, columns, colour) {
  const body = make("div", { class: "cells", style: `--columns: ${columns}` });
  values.forEach((value) => {
    const rgb = colour(value);
    const style = `background: ${css(rgb)}; color: ${inkOn(rgb)}`;
    body.append(make("span", { style }, written(value)));
  });
  return make("figure", {}, make("figcaption", {}, caption), body);
}

// The kernel's numbers, to be typed over. Inputs are kept while the size stays, and so is the focus.
function kernelEditor(onEdit) {
  const body = make("div", { class: "cells" });
  const node = make("figure", {}, make("figcaption", {}, "kernel (type here)"), body);
  let inputs = [];
  let width = 0;
  const typed = () => {
    const values = inputs.map((input) => parsed(input.value));
    inputs.forEach((input, n) => input.setAttribute("aria-invalid", Number.isNaN(values[n])));
    if (values.some(Number.isNaN)) return;
    onEdit(Array.from({ length: values.length / width }, (_, i) =>
      values.slice(i * width, (i + 1) * width)));
  };
  const update = ({ kernel, kh, kw }) => {
    if (inputs.length !== kh * kw || width !== kw) {
      width = kw;
      inputs = kernel.flat().map((_, n) => make("input", {
        type: "text", spellcheck: "false", autocomplete: "off", oninput: typed,
        "aria-label": `kernel, row ${Math.floor(n / kw)}, column ${n % kw}`,
      }));
      body.replaceChildren(...inputs);
      body.style.setProperty("--columns", kw);
    }
    const top = topOf(kernel.flat()) * 1.6; // strong colours would hide the numbers
    kernel.flat().forEach((value, n) => {
      const input = inputs[n];
      const rgb = signColour(value, top);
      input.style.background = css(rgb);
      input.style.color = inkOn(rgb);
      if (input === input.getRootNode().activeElement) return; // leave "1/" while it is typed
      input.value = written(value);
      input.setAttribute("aria-invalid", "false");
    });
  };
  return { node, update };
}

// A kernel of another size with the same middle: cut, or framed with zeros.
function resized(kernel, kh, kw) {
  const top = Math.floor((kernel.length - kh) / 2);
  const left = Math.floor((kernel[0].length - kw) / 2);
  return Array.from({ length: kh }, (_, i) =>
    Array.from({ length: kw }, (_, j) => kernel[i + top]?.[j + left] ?? 0));
}

function render({ model, el }) {
  const at = { row: 0, column: 0 };
  let filled = new Uint8Array(0);
  let full = false;
  let timer = null;
  let s = readState(model);
  let shownPicture = "";

  const send = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const say = make("p", { class: "step-words", "aria-live": "polite" });
  const message = make("p", { class: "message", role: "status" });
  const arrows = "Arrow keys move it, Shift with an arrow moves five, Home and End go to the ends.";
  const picture = make("canvas", {
    tabindex: 0, role: "application", "aria-label": `Picture with the receptive field. ${arrows}`,
  });
  const mapCanvas = make("canvas", {
    tabindex: 0, role: "application", "aria-label": `Feature map with its cell. ${arrows}`,
  });
  const products = make("div", { class: "slot" });
  const patchSlot = make("div", { class: "slot" });
  const total = make("output", { class: "total" });
  const yours = make("strong", {});
  const mapCaption = make("figcaption");
  const limits = [make("span"), make("span", {}, "0"), make("span")];
  const editor = kernelEditor((kernel) => send("kernel", kernel));
  const play = make("button", { onclick: () => (timer ? stop() : start()) }, "Play");
  const fillAll = () => { full = true; filled.fill(1); draw(); };
  const clear = () => { stop(); full = false; filled.fill(0); go(0, 0); };

  const [pictureLabel, pictureMenu] = menu("Picture", model.get("names"), (name) =>
    send("picture", name));
  const presets = model.get("presets");
  const [presetLabel, presetMenu] = menu("Kernel", [...Object.keys(presets), "your own"], (name) => {
    if (presets[name]) send("kernel", presets[name]);
  });
  const sizes = Array.from({ length: LARGEST }, (_, n) => String(n + 1));
  const [rowsLabel, rowsMenu] = menu("rows", sizes, (n) =>
    send("kernel", resized(s.kernel, Number(n), s.kw)));
  const [columnsLabel, columnsMenu] = menu("columns", sizes, (n) =>
    send("kernel", resized(s.kernel, s.kh, Number(n))));

  function draw() {
    if (!s) return;
    const n = at.row * s.columns + at.column;
    filled[n] = 1;
    drawPicture(picture, s, at);
    drawMap(mapCanvas, s, at, filled);
    const patch = s.kernel.flatMap((line, i) =>
      line.map((_, j) => s.image[(at.row + i) * s.width + at.column + j]));
    const product = s.kernel.flat().map((weight, k) => weight * patch[k]);
    const sum = product.reduce((a, b) => a + b, 0);
    const scale = 1.6 * Math.max(topOf(product), 1e-9);
    patchSlot.replaceChildren(table("receptive field", patch, s.kw, grayColour));
    products.replaceChildren(table("products", product, s.kw, (v) => signColour(v, scale)));
    total.textContent = written(sum);
    const rgb = signColour(sum, s.top);
    total.style.background = css(rgb);
    total.style.color = inkOn(rgb);
    yours.textContent = Math.abs(sum - s.map[n]) > 1e-3 * Math.max(1, Math.abs(sum))
      ? `Your function says ${written(s.map[n])}.` : "";
    say.textContent = `Row ${at.row}, column ${at.column} of the feature map: ${written(sum)}.`;
  }

  function go(row, column) {
    if (!s) return;
    at.row = clamp(row, s.rows - 1);
    at.column = clamp(column, s.columns - 1);
    draw();
  }

  function refresh() {
    s = readState(model);
    message.textContent = model.get("message");
    message.hidden = !message.textContent;
    mapCaption.textContent = `feature map, by ${model.get("learners") ? "your function" : "the course"}`;
    if (!s) return;
    if (filled.length !== s.map.length || shownPicture !== model.get("picture")) {
      filled = new Uint8Array(s.map.length).fill(full ? 1 : 0);
      shownPicture = model.get("picture");
    }
    editor.update(s);
    pictureMenu.value = shownPicture;
    const same = (kernel) => JSON.stringify(kernel) === JSON.stringify(s.kernel);
    presetMenu.value = Object.keys(presets).find((name) => same(presets[name])) ?? "your own";
    rowsMenu.value = String(s.kh);
    columnsMenu.value = String(s.kw);
    limits[0].textContent = written(-s.top);
    limits[2].textContent = written(s.top);
    go(at.row, at.column);
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }

  function start() {
    if (at.row === s.rows - 1 && at.column === s.columns - 1) clear();
    play.textContent = "Pause";
    say.setAttribute("aria-live", "off"); // nobody wants two thousand sums read out
    const few = s.map.length <= 100;
    timer = setInterval(() => {
      for (let n = few ? 1 : 5; n > 0; n--) {
        const next = at.row * s.columns + at.column + 1;
        if (next >= s.map.length) { stop(); break; }
        at.row = Math.floor(next / s.columns);
        at.column = next % s.columns;
        filled[next] = 1;
      }
      draw();
    }, few ? 450 : 50);
  }

  function onKey(event) {
    const far = event.shiftKey ? 5 : 1;
    const [row, column] = [at.row, at.column];
    const moves = {
      ArrowUp: [row - far, column], ArrowDown: [row + far, column],
      ArrowLeft: [row, column - far], ArrowRight: [row, column + far],
      Home: [row, 0], End: [row, Infinity],
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    stop();
    say.setAttribute("aria-live", "polite");
    go(...moves[event.key]);
  }

  // Drag: on the picture the pointer holds the middle of the receptive field.
  function onDrag(canvas, middle) {
    const move = (event) => {
      const box = canvas.getBoundingClientRect();
      const scale = canvas.offsetWidth / box.width || 1;
      const [i, j] = middle();
      go(Math.floor(((event.clientY - box.top) * scale) / s.cell - i),
        Math.floor(((event.clientX - box.left) * scale) / s.cell - j));
    };
    canvas.addEventListener("pointerdown", (event) => {
      stop();
      canvas.setPointerCapture(event.pointerId);
      canvas.focus({ preventScroll: true });
      move(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) move(event);
    });
    canvas.addEventListener("keydown", onKey);
  }
  onDrag(picture, () => [(s.kh - 1) / 2, (s.kw - 1) / 2]);
  onDrag(mapCanvas, () => [0, 0]);

  el.classList.add("cnnlab-convolution");
  el.dataset.lmSuppressShortcuts = "true"; // or JupyterLab takes the arrow keys for itself
  const scaleBar = make("div", { class: "scale", "aria-hidden": "true" }, make("i"), ...limits);
  el.append(
    message,
    make("div", { class: "controls" }, pictureLabel, presetLabel, rowsLabel, columnsLabel),
    make("div", { class: "pair" },
      make("figure", {}, make("figcaption", {}, "picture: drag the frame"), picture),
      make("figure", {}, mapCaption, mapCanvas, scaleBar)),
    make("div", { class: "controls" }, play,
      make("button", { onclick: fillAll }, "Fill all"), make("button", { onclick: clear }, "Clear")),
    make("div", { class: "sum" }, patchSlot, make("b", {}, "×"), editor.node, make("b", {}, "="),
      products, make("b", {}, "→"), make("figure", {}, make("figcaption", {}, "sum"), total)),
    say, yours,
  );
  model.on("change", refresh);
  refresh();
  return () => { stop(); model.off("change", refresh); };
}

export default { render };
