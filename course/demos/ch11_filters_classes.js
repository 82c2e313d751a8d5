// Chapter 11's demo: asks AscentDemo for steps, a few at a time, and draws what came.

const SHOWN = 320; // pixels of the picture's side on the page
const CURVE = { width: 320, height: 120 };

const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function drawPicture(canvas, values, side) {
  const image = new ImageData(side, side);
  for (let n = 0; n < side * side; n += 1) {
    for (let c = 0; c < 3; c += 1) image.data[4 * n + c] = values[3 * n + c];
    image.data[4 * n + 3] = 255;
  }
  canvas.width = side;
  canvas.height = side;
  canvas.getContext("2d").putImageData(image, 0, 0);
  Object.assign(canvas.style, { width: `${SHOWN}px`, height: `${SHOWN}px` });
}

// The score after each step; the highest touches the top.
function drawCurve(canvas, scores, limit, ink) {
  const pen = sizeCanvas(canvas, CURVE.height, CURVE.width, 1);
  const low = Math.min(0, ...scores);
  const high = Math.max(1e-9, ...scores);
  const x = (step) => 6 + (step / limit) * (CURVE.width - 12);
  const y = (score) => CURVE.height - 8 - ((score - low) / (high - low)) * (CURVE.height - 26);
  pen.strokeStyle = "#8888";
  pen.beginPath();
  pen.moveTo(x(0), y(0));
  pen.lineTo(x(limit), y(0));
  pen.stroke();
  pen.strokeStyle = ROLES.kernel;
  pen.lineWidth = 2;
  pen.beginPath();
  scores.forEach((score, step) => pen[step ? "lineTo" : "moveTo"](x(step), y(score)));
  pen.stroke();
  if (!scores.length) return;
  pen.fillStyle = ink;
  pen.font = "12px sans-serif";
  pen.fillText(`highest ${written(Math.max(...scores))}`, 6, 12);
}

function slider(label, [low, high], step, send) {
  const value = make("output", {});
  const input = make("input", {
    type: "range", min: low, max: high, step, "aria-label": label,
    oninput: () => {
      value.textContent = written(Number(input.value));
      send(Number(input.value));
    },
  });
  const show = (number) => {
    input.value = number;
    value.textContent = written(number);
  };
  return [make("label", { class: "slider" }, make("span", {}, label), input, value), show];
}

function View(model, el) {
  let running = false;
  let fresh = false; // whether noise was asked for and has not come yet
  let since = null; // when this run began, and at which step
  const counts = model.get("counts");
  const ranges = model.get("ranges");
  const send = (changes) => {
    const setting = { ...model.get("setting"), ...changes };
    setting.channel = clamp(setting.channel, counts[setting.layer] - 1);
    model.set("setting", setting);
    model.save_changes();
  };
  const message = make("p", { class: "message", role: "status" });
  const words = make("p", { class: "words" });
  const speed = make("p", { class: "speed" });
  const said = make("p", { class: "unseen", "aria-live": "polite" });
  const picture = make("canvas", { role: "img" });
  const curve = make("canvas", { role: "img" });
  const progress = make("progress", { max: model.get("limit"), "aria-label": "Steps" });
  const button = make("button", { onclick: () => (running ? stop() : begin()) }, "Start");
  const anew = make("button", {
    onclick: () => {
      since = null;
      model.set("noise", model.get("noise") + 1);
      model.save_changes();
    },
  }, "Begin anew");
  const [layerText, layerMenu] = menu("Layer", model.get("layers"), (layer) => send({ layer }));
  const channel = make("input", {
    type: "number", min: 0, "aria-label": "Filter",
    onchange: () => send({ channel: Math.max(0, Math.round(Number(channel.value)) || 0) }),
  });
  const sliders = [
    ["tv", "Total variation", 0.02], ["l6", "L6", 0.05], ["jitter", "Jitter", 1], ["rate", "Rate", 0.5],
  ].map(([name, label, step]) => [name, ...slider(label, ranges[name], step, (n) => send({ [name]: n }))]);

  const ended = () => model.get("step") >= model.get("limit");
  const waiting = () => model.get("answered") !== model.get("tick");

  function ask() {
    if (!running || fresh || waiting()) return;
    if (ended()) {
      stop();
      return;
    }
    model.set("tick", model.get("tick") + 1);
    model.save_changes();
  }
  function begin() {
    fresh = ended();
    running = true;
    since = null;
    button.textContent = "Stop";
    if (fresh) anew.click();
    else ask();
  }
  function stop() {
    running = false;
    fresh = false;
    button.textContent = "Start";
    said.textContent = model.get("sentence");
  }
  function timed(step) {
    const now = performance.now();
    if (!running) return;
    if (!since || step < since.step) since = { step, now };
    const seconds = (now - since.now) / 1000;
    if (seconds > 0.5) speed.textContent = `${Math.round((step - since.step) / seconds)} steps per second`;
  }

  let drawn = null; // the tick that is on the page, so that the next is asked for once
  function refresh() {
    const setting = model.get("setting");
    const step = model.get("step");
    message.textContent = model.get("message");
    message.hidden = !message.textContent;
    words.textContent = model.get("sentence");
    layerMenu.value = setting.layer;
    channel.max = counts[setting.layer] - 1;
    if (document.activeElement !== channel) channel.value = setting.channel;
    for (const [name, , show] of sliders) show(setting[name]);
    progress.value = step;
    picture.setAttribute("aria-label",
      `What filter ${setting.channel} of ${setting.layer} likes, after ${step} steps`);
    curve.setAttribute("aria-label", `The mean of the map, step by step. ${model.get("sentence")}`);
    drawPicture(picture, bytes(model.get("picture")), model.get("side"));
    drawCurve(curve, model.get("scores"), model.get("limit"), getComputedStyle(el).color);
    timed(step);
    if (fresh && !ended()) {
      fresh = false;
      drawn = null;
    }
    if (running && !fresh && !waiting() && drawn !== model.get("tick")) {
      drawn = model.get("tick");
      requestAnimationFrame(ask);
    }
  }

  el.classList.add("cnnlab-ascent");
  el.append(
    message,
    make("div", { class: "controls" }, layerText, make("label", {}, "Filter ", channel), button, anew),
    make("div", { class: "pair" },
      picture,
      make("div", { class: "side" }, ...sliders.map(([, label]) => label), progress, words, speed, curve)),
    said,
  );
  return { refresh, stop };
}
