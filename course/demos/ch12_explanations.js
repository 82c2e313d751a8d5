// Chapter 12's demo: a square over a photograph, five classes, three explanations.

const SHOWN = 340; // the photograph's side on the page, in pixels
const SMALL = 220; // that of an explanation

const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

// A coloured picture of side × side pixels, at the size that is asked for.
function drawPicture(canvas, values, side, shown) {
  const image = new ImageData(side, side);
  for (let n = 0; n < side * side; n += 1) {
    for (let c = 0; c < 3; c += 1) image.data[4 * n + c] = values[3 * n + c];
    image.data[4 * n + 3] = 255;
  }
  canvas.width = side;
  canvas.height = side;
  canvas.getContext("2d").putImageData(image, 0, 0);
  Object.assign(canvas.style, {
    width: `${shown}px`, height: `${shown}px`, imageRendering: side < 64 ? "pixelated" : "auto",
  });
}

function barRow(bar, chosen, choose) {
  const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)}%`;
  const moved = bar.drop === 0 ? "" : `${bar.drop > 0 ? "▼" : "▲"} ${written(Math.abs(bar.drop))}`;
  const row = make("button", {
    class: "bar", type: "button", "aria-pressed": String(chosen), onclick: choose,
    title: `Explain ${bar.name}`,
  });
  const track = make("span", { class: "track" },
    make("span", { class: "now", style: `width: ${100 * bar.after}%` }),
    make("span", { class: "was", style: `left: ${100 * bar.before}%` }));
  row.append(
    make("span", { class: "name" }, bar.name), track,
    make("span", { class: "number" }, percent(bar.after)),
    make("span", { class: `moved ${bar.drop > 0 ? "down" : "up"}` }, moved));
  return row;
}

function View(model, el) {
  const side = model.get("side");
  const sizes = model.get("sizes");
  const now = () => model.get("setting");
  const send = (changes, slow = false) => {
    const setting = { ...now(), ...changes };
    const last = side - sizes[setting.size];
    setting.row = clamp(Math.round(setting.row), last);
    setting.column = clamp(Math.round(setting.column), last);
    if (JSON.stringify(setting) === JSON.stringify(now())) return;
    if (slow) words.textContent = "Computing the explanations …";
    model.set("setting", setting);
    model.save_changes();
    place();
  };
  const message = make("p", { class: "message", role: "status" });
  const words = make("p", { class: "words", "aria-live": "polite" });
  const photograph = make("canvas", { role: "img", "aria-label": "The photograph" });
  const occluder = make("div", { class: "occluder" });
  const stage = make("div", {
    class: "stage", tabindex: 0, role: "application",
    "aria-label": "The photograph with a square that hides a part of it. Arrow keys move the square, with Shift by a single pixel.",
  }, photograph, occluder);
  const rows = make("div", { class: "bars", role: "group", "aria-label": "Classes: choose the one to explain" });
  const figures = [0, 1, 2].map(() => {
    const caption = make("figcaption");
    const canvas = make("canvas", { role: "img" });
    return { caption, canvas, figure: make("figure", {}, caption, canvas) };
  });
  const [photoText, photoMenu] = menu("Photograph", model.get("photos"), (photo) => send({ photo, rank: 0 }, true));
  const [sizeText, sizeMenu] = menu("Square", Object.keys(sizes), (size) => send({ size }, true));

  function place() { // at once, without waiting for the network
    const { row, column, size } = now();
    const scale = SHOWN / side;
    Object.assign(occluder.style, {
      left: `${column * scale}px`, top: `${row * scale}px`,
      width: `${sizes[size] * scale}px`, height: `${sizes[size] * scale}px`,
      background: css(model.get("colour")),
    });
  }

  function refresh() {
    const setting = now();
    message.textContent = model.get("message");
    message.hidden = !message.textContent;
    words.textContent = model.get("sentence");
    photoMenu.value = setting.photo;
    sizeMenu.value = setting.size;
    drawPicture(photograph, bytes(model.get("photograph")), side, SHOWN);
    place();
    const focused = [...rows.children].indexOf(document.activeElement);
    rows.replaceChildren(...model.get("bars").map((bar, rank) => barRow(bar, rank === setting.rank, () => send({ rank }, true))));
    if (focused >= 0) rows.children[focused].focus();
    const name = model.get("bars")[setting.rank].name;
    figures.forEach(({ caption, canvas }, n) => {
      caption.textContent = model.get("captions")[n];
      canvas.setAttribute("aria-label", `${model.get("captions")[n]} for ${name}, over the photograph: blue speaks for the class, red against it`);
      drawPicture(canvas, bytes(model.get("overlays")[n]), side, SMALL);
    });
  }

  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  stage.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const by = event.shiftKey ? 1 : Math.max(1, Math.round(side / 28));
    send({ row: now().row + by * step[0], column: now().column + by * step[1] });
  });
  const follow = (event) => { // the square's middle is where the pointer is
    const box = stage.getBoundingClientRect();
    const half = sizes[now().size] / 2;
    send({
      row: ((event.clientY - box.top) / box.height) * side - half,
      column: ((event.clientX - box.left) / box.width) * side - half,
    });
  };
  stage.addEventListener("pointerdown", (event) => {
    stage.setPointerCapture(event.pointerId);
    follow(event);
  });
  stage.addEventListener("pointermove", (event) => {
    if (stage.hasPointerCapture(event.pointerId)) follow(event);
  });

  el.classList.add("cnnlab-explained");
  el.append(
    message,
    make("div", { class: "controls" }, photoText, sizeText),
    make("div", { class: "pair" }, stage,
      make("div", { class: "answers" }, make("p", { class: "caption" }, "probability now (bar) and before (line); the logit's change"), rows, words)),
    make("div", { class: "three" }, ...figures.map(({ figure }) => figure)),
    make("p", { class: "legend" },
      make("span", { class: "for" }, "blue"), " speaks for the class, ",
      make("span", { class: "against" }, "red"), " against it. Choose the class by its bar."),
  );
  return { refresh };
}
