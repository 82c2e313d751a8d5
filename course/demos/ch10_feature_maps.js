// Chapter 10's demo: draws the maps that FeatureMapsDemo keeps, and sends back the setting.

const ACROSS = 8; // small maps in one row of the sheet
const GAP = 3;

const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

// A grey or coloured picture, drawn with sharp pixels at the size that is asked for.
function drawPixels(canvas, values, width, height, shown) {
  const depth = values.length / (width * height);
  const image = new ImageData(width, height);
  for (let n = 0; n < width * height; n += 1) {
    for (let c = 0; c < 3; c += 1) image.data[4 * n + c] = values[depth * n + (depth === 3 ? c : 0)];
    image.data[4 * n + 3] = 255;
  }
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").putImageData(image, 0, 0);
  Object.assign(canvas.style, {
    width: `${shown}px`, height: `${shown}px`, imageRendering: "pixelated",
  });
}

function drawSheet(canvas, values, tile, chosen) {
  const count = values.length / (tile * tile);
  const step = tile + GAP;
  const pen = sizeCanvas(canvas, Math.ceil(count / ACROSS) * step, ACROSS * step, 1);
  const small = document.createElement("canvas");
  for (let n = 0; n < count; n += 1) {
    drawPixels(small, values.subarray(n * tile * tile, (n + 1) * tile * tile), tile, tile, tile);
    pen.drawImage(small, (n % ACROSS) * step, Math.floor(n / ACROSS) * step);
  }
  drawFrame(pen, (chosen % ACROSS) * step + 1, Math.floor(chosen / ACROSS) * step + 1, tile - 2, tile - 2);
}

function View(model, el) {
  const counts = model.get("counts");
  const send = (changes) => {
    const setting = { ...model.get("setting"), ...changes };
    setting.channel = clamp(setting.channel, counts[setting.layer] - 1);
    model.set("setting", setting);
    model.save_changes();
  };
  const message = make("p", { class: "message", role: "status" });
  const words = make("p", { class: "words", "aria-live": "polite" });
  const caption = make("figcaption");
  const largeCaption = make("figcaption");
  const photoCaption = make("figcaption");
  const photograph = make("canvas", { role: "img", "aria-label": "The photograph" });
  const large = make("canvas", { role: "img", "aria-label": "The chosen feature map, large" });
  const sheet = make("canvas", {
    class: "sheet", tabindex: 0, role: "application",
    "aria-label": "Feature maps of the layer. Arrow keys choose a channel, Page Up and Page Down another page.",
  });
  const [photoText, photoMenu] = menu("Photograph", model.get("photos"), (photo) => send({ photo }));
  const [layerText, layerMenu] = menu("Layer", model.get("layers"), (layer) => send({ layer }));
  const channel = make("input", {
    type: "number", min: 0, "aria-label": "Channel",
    onchange: () => send({ channel: Math.max(0, Math.round(Number(channel.value)) || 0) }),
  });

  function refresh() {
    const [setting, shown] = [model.get("setting"), model.get("shown")];
    const [height, width] = model.get("large_shape");
    const first = model.get("first");
    const tiles = bytes(model.get("tiles"));
    const tile = model.get("tile");
    message.textContent = model.get("message");
    message.hidden = !message.textContent;
    words.textContent = model.get("sentence");
    photoMenu.value = setting.photo;
    layerMenu.value = setting.layer;
    channel.value = setting.channel;
    channel.max = counts[setting.layer] - 1;
    const last = first + tiles.length / (tile * tile) - 1;
    caption.textContent = `${shown.layer}: channels ${first} to ${last} of ${counts[shown.layer]}`;
    largeCaption.textContent = `channel ${shown.channel}`;
    photoCaption.textContent = `photograph: ${shown.photo}`;
    drawPixels(photograph, bytes(model.get("photograph")), model.get("side"), model.get("side"), 224);
    drawPixels(large, bytes(model.get("large")), width, height, 224);
    drawSheet(sheet, tiles, tile, shown.channel - first);
  }

  const steps = {
    ArrowLeft: -1, ArrowRight: 1, ArrowUp: -ACROSS, ArrowDown: ACROSS, PageUp: -64, PageDown: 64,
  };
  sheet.addEventListener("keydown", (event) => {
    if (!steps[event.key]) return;
    event.preventDefault();
    const to = model.get("setting").channel + steps[event.key];
    if (to >= 0 && to < counts[model.get("setting").layer]) send({ channel: to });
  });
  sheet.addEventListener("click", (event) => {
    const box = sheet.getBoundingClientRect();
    const scale = sheet.offsetWidth / box.width || 1;
    const step = model.get("tile") + GAP;
    const [x, y] = [event.clientX - box.left, event.clientY - box.top].map((n) => Math.floor((n * scale) / step));
    if (x < ACROSS) send({ channel: model.get("first") + y * ACROSS + x });
  });

  el.classList.add("cnnlab-maps");
  el.append(
    message,
    make("div", { class: "controls" }, photoText, layerText, make("label", {}, "Channel ", channel)),
    make("div", { class: "pair" },
      make("div", { class: "stacked" },
        make("figure", {}, photoCaption, photograph),
        make("figure", {}, largeCaption, large)),
      make("figure", {}, caption, sheet)),
    words,
  );
  return { refresh };
}
