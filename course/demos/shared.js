// What the pages of all demos share: colours, numbers, elements, and how a demo begins and ends.
// It stands in front of each demo's own script, in one module.

const rgbOf = (hex) => [-6, -4, -2].map((i) => parseInt(hex.slice(i, i + 2 || undefined), 16));
const NUMBERS_FROM = 24; // cells of so many pixels hold their number
const PATIENCE = 300; // milliseconds until a demo says that it is busy
const PALE = 1.6; // colour scale of small tables: strong colours would hide the numbers
const RED_BLUE = SIGNS.map(rgbOf); // red is negative, blue is positive

function signColour(value, top) {
  const place = ((Math.max(-1, Math.min(1, top ? value / top : 0)) + 1) / 2) * 10;
  const low = Math.min(9, Math.floor(place));
  return RED_BLUE[low].map((c, i) => c + (RED_BLUE[low + 1][i] - c) * (place - low));
}

const grayColour = (value) => Array(3).fill(255 * Math.max(0, Math.min(1, value)));
const css = (rgb) => `rgb(${rgb.map(Math.round).join(",")})`;
const inkOn = ([r, g, b]) => (0.299 * r + 0.587 * g + 0.114 * b < 118 ? "white" : "black");
const topOf = (values) => values.reduce((top, v) => Math.max(top, Math.abs(v)), 0);
const clamp = (n, high) => Math.max(0, Math.min(high, n));

function written(value) {
  const rounded = Math.round(value * 100) / 100;
  const text = Number.isInteger(rounded) ? String(rounded || 0) : rounded.toFixed(2);
  return text.replace("-", "−");
}

const several = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

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
  const select = make("select", {
    "aria-label": label, onchange: () => choose(select.value),
  });
  select.append(...names.map((name) => make("option", { value: name }, name)));
  return [make("label", {}, `${label} `, select), select];
}

function floats(view) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return new Float32Array(bytes.slice().buffer);
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
  for (const [colour, line] of [["white", 5], ["#222", 4], [ROLES.window, 2.5]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = line;
    pen.strokeRect(x, y, width, height);
  }
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

// The sign that Python still works, after a moment's patience. Python says in `done` which of the
// page's messages it has answered.
function busySign(model, el) {
  let asked = model.get("done") ?? 0;
  let timer = null;
  const sign = make("p", { class: "busy", role: "status", hidden: "" }, "Computing …");
  const show = (working) => {
    sign.hidden = !working;
    el.setAttribute("aria-busy", String(working));
  };
  const stop = () => {
    clearTimeout(timer);
    timer = null;
    show(false);
  };
  const save_changes = () => {
    asked += 1;
    model.set("asked", asked); // last, so that Python comes to it when all else is done
    timer ??= setTimeout(show, PATIENCE, true);
    return model.save_changes();
  };
  const check = () => {
    if (timer && model.get("done") === asked) stop();
  };
  return { model: { ...model, save_changes }, sign, check, stop };
}

// A demo's own script defines View: a class, or a function that returns the same. A new one fills
// el. refresh() is called at once and at every change of the state; stop(), if it has one, at the
// end.
function render({ model, el }) {
  el.classList.add("cnnlab-demo");
  keepKeys(el);
  const showStill = hideStill(model);
  const busy = busySign(model, el);
  const view = new View(busy.model, el);
  const refresh = () => {
    busy.check();
    view.refresh();
  };
  model.on("change", refresh);
  refresh();
  el.append(busy.sign);
  return () => {
    busy.stop();
    model.off("change", refresh);
    showStill();
    view.stop?.();
  };
}

export default { render };
