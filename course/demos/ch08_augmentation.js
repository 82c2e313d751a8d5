// Chapter 8's demo: draws the variants that AugmentationDemo keeps, and sends back the setting.

const SCALE = 2.5; // screen pixels for each pixel of a picture
const SLIDERS = {
  shift: ["Shift up to", " %"], degrees: ["Turn up to", "°"], zoom: ["Zoom ±", " %"],
  contrast: ["Contrast ±", " %"],
};

function drawPhoto(canvas, bytes, first, side) {
  const pixels = new ImageData(side, side);
  for (let n = 0; n < side * side; n += 1) {
    for (let c = 0; c < 3; c += 1) pixels.data[4 * n + c] = bytes[first + 3 * n + c];
    pixels.data[4 * n + 3] = 255;
  }
  canvas.width = side;
  canvas.height = side;
  canvas.style.width = `${side * SCALE}px`;
  canvas.style.height = `${side * SCALE}px`;
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

const bytesOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function View(model, el) {
  const marked = new Set();
  const send = (changes) => {
    marked.clear(); // what was judged is no longer there
    model.set("setting", { ...model.get("setting"), ...changes });
    model.save_changes();
  };

  const message = make("p", { class: "message", role: "status" });
  const verdict = make("p", { class: "verdict", "aria-live": "polite" });
  const [pictureText, pictureMenu] = menu("Picture", model.get("names"), (name) =>
    send({ picture: name }));
  const mirror = make("input", {
    type: "checkbox", onchange: () => send({ mirror: mirror.checked }),
  });
  const sliders = Object.entries(SLIDERS).map(([name, [text, unit]]) => {
    const shown = make("output");
    const input = make("input", {
      type: "range", min: 0, max: model.get("ranges")[name], step: 1, "aria-label": text,
      oninput: () => send({ [name]: Number(input.value) }),
    });
    const show = (value) => {
      if (Number(input.value) !== value) input.value = value;
      shown.textContent = `${value}${unit}`;
      input.setAttribute("aria-valuetext", shown.textContent);
    };
    return { name, show, row: make("label", { class: "slider" }, make("span", {}, text), input, shown) };
  });
  const again = make("button", {
    onclick: () => send({ draw: model.get("setting").draw + 1 }),
  }, "Draw again");
  const original = make("canvas", { role: "img" });
  const caption = make("figcaption");
  const heading = make("figcaption");
  const grid = make("div", { class: "variants", role: "group", "aria-label": "Variants" });
  const tiles = model.get("words").map((_, n) => {
    const canvas = make("canvas");
    const words = make("span", { class: "what" });
    const button = make("button", { class: "variant", onclick: () => judge(n) }, canvas, words);
    grid.append(button);
    return { canvas, words, button };
  });

  function judge(n) {
    if (!marked.delete(n)) marked.add(n);
    showMarks();
  }

  function showMarks() {
    tiles.forEach(({ button }, n) => button.setAttribute("aria-pressed", String(marked.has(n))));
    const label = model.get("setting").picture;
    verdict.textContent = marked.size
      ? `You say: ${marked.size} of ${tiles.length} no longer show “${label}”. `
        + "A network trained with these would learn something false."
      : `Is the label “${label}” still true? Press every variant of which it is not.`;
  }

  function refresh() {
    const setting = model.get("setting");
    const side = model.get("side");
    message.textContent = model.get("message");
    message.hidden = !message.textContent;
    pictureMenu.value = setting.picture;
    mirror.checked = setting.mirror;
    sliders.forEach(({ name, show }) => show(setting[name]));
    drawPhoto(original, bytesOf(model.get("original")), 0, side);
    original.setAttribute("aria-label", `The picture as it is: ${setting.picture}`);
    caption.textContent = `“${setting.picture}”, as it is`;
    const variants = bytesOf(model.get("variants"));
    tiles.forEach(({ canvas, words, button }, n) => {
      drawPhoto(canvas, variants, 3 * side * side * n, side);
      words.textContent = model.get("words")[n];
      button.setAttribute("aria-label",
        `Variant ${n + 1}: ${words.textContent}. Press if it is no longer ${setting.picture}.`);
    });
    heading.textContent =
      `${tiles.length} variants, by ${model.get("learners") ? "your functions" : "the course"}`;
    showMarks();
  }

  el.classList.add("cnnlab-augmentation");
  el.append(
    message,
    make("div", { class: "sides" },
      make("div", { class: "settings" },
        make("figure", {}, caption, original),
        pictureText,
        make("label", { class: "mirror" }, mirror, " Mirror every other one"),
        ...sliders.map(({ row }) => row),
        again),
      make("figure", {}, heading, grid, verdict)),
  );
  return { refresh };
}
