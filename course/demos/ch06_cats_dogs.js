// Chapter 6's demo: draws the state that CurvesDemo keeps, and sends back the setting.

const [WIDTH, HEIGHT] = [860, 300];
const PAD = { left: 52, right: 16, top: 26, bottom: 42 };
const LINES = ["training", "validation"];
const PACE = 160; // milliseconds for an epoch, while the run plays

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// From epochs and values to places in the drawing.
function scales(epochs, [low, high]) {
  const across = WIDTH - PAD.left - PAD.right;
  const down = HEIGHT - PAD.top - PAD.bottom;
  return {
    x: (epoch) => PAD.left + (across * epoch) / Math.max(1, epochs - 1),
    y: (value) =>
      PAD.top + down * (1 - Math.max(0, Math.min(1, (value - low) / (high - low)))),
    epochAt: (x) => clamp(Math.round(((x - PAD.left) / across) * (epochs - 1)), epochs - 1),
  };
}

const points = (values, { x, y }) =>
  values.map((value, n) => `${x(n).toFixed(1)},${y(value).toFixed(1)}`).join(" ");

// About so many round steps from low to high.
function ticks(low, high, about) {
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((n) => n * power >= rough);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, n) => (first + n) * step);
}

function axes(s, scale) {
  const [low, high] = s.limits;
  const percent = s.setting.measure === "accuracy";
  const said = (value) =>
    percent ? `${Math.round(100 * value)} %` : String(Math.round(100 * value) / 100);
  const rows = ticks(low, high, 6).flatMap((value) => [
    svg("line", {
      class: "grid", x1: PAD.left, x2: WIDTH - PAD.right, y1: scale.y(value), y2: scale.y(value),
    }),
    svg("text", { x: PAD.left - 8, y: scale.y(value) + 4, "text-anchor": "end" }, said(value)),
  ]);
  const columns = ticks(0, s.epochs - 1, 10).filter(Number.isInteger).map((epoch) =>
    svg("text", { x: scale.x(epoch), y: HEIGHT - 22, "text-anchor": "middle" }, String(epoch)));
  const name = svg(
    "text", { class: "soft", x: WIDTH / 2, y: HEIGHT - 5, "text-anchor": "middle" },
    "epoch, counted from 0");
  return [...rows, ...columns, name];
}

// What lies after the turn, the turn itself, and where the run stands.
function marks(s, scale) {
  const [turn, now] = [scale.x(s.turn), scale.x(s.setting.epoch)];
  const [top, bottom] = [PAD.top, HEIGHT - PAD.bottom];
  const right = turn > WIDTH - 120;
  const label = {
    x: turn + (right ? -6 : 6), y: top - 8, "text-anchor": right ? "end" : "start",
  };
  return [
    svg("rect", {
      class: "heart", x: turn, y: top, width: Math.max(0, now - turn), height: bottom - top,
    }),
    svg("line", { class: "turn", x1: turn, x2: turn, y1: top - 18, y2: bottom }),
    svg("text", label, `turn: epoch ${s.turn}`),
    svg("line", { class: "now", x1: now, x2: now, y1: top, y2: bottom }),
  ];
}

function lines(s, scale) {
  return LINES.flatMap((name) => {
    const last = s.smooth[name].length - 1;
    return [
      svg("polyline", { class: `raw ${name}`, points: points(s.raw[name], scale) }),
      svg("polyline", { class: name, points: points(s.smooth[name], scale) }),
      svg("circle", {
        class: `dot ${name}`, cx: scale.x(last), cy: scale.y(s.smooth[name][last]), r: 4,
      }),
    ];
  });
}

function legend(by) {
  const sample = (name) =>
    svg("svg", { viewBox: "0 0 34 10", width: 34, height: 10, "aria-hidden": "true" },
      svg("polyline", { class: name, points: "1,5 33,5" }));
  const entry = (name, text) => make("span", {}, sample(name), ` ${text}`);
  return [
    entry("training", `training, smoothed ${by}`),
    entry("validation", `validation, smoothed ${by}`),
    entry("raw validation", "as measured"),
  ];
}

function slider(label, attributes, onInput) {
  const output = make("output");
  const input = make("input", {
    type: "range", "aria-label": label, ...attributes, oninput: () => onInput(Number(input.value)),
  });
  return { input, output, text: make("label", {}, `${label} `, input, " ", output) };
}

class View {
  constructor(model, el) {
    this.model = model;
    this.timer = null;
    this.message = make("p", { class: "message", role: "status" });
    this.words = make("p", { class: "words", "aria-live": "polite" });
    this.legend = make("div", { class: "legend" });
    this.chart = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
    this.build(el);
  }

  build(el) {
    const runs = this.model.get("runs");
    const names = this.model.get("words");
    const named = Object.fromEntries(Object.entries(names).map(([key, text]) => [text, key]));
    const [conditionText, conditions] = menu("Training", Object.keys(named), (text) => {
      const condition = named[text];
      const seed = this.model.get("setting").seed;
      const seeds = runs[condition];
      this.send({ condition, seed: seeds.includes(seed) ? seed : seeds[0] });
    });
    const all = [...new Set(Object.values(runs).flat())].map(String);
    const [seedText, seeds] = menu("Run", all, (text) => this.send({ seed: Number(text) }));
    const [measureText, measures] = menu("Show", this.model.get("measures"), (measure) =>
      this.send({ measure }));
    this.menus = { conditions, seeds, measures };
    this.weight = slider(
      "Weight", { min: 0, max: this.model.get("heaviest"), step: 0.01 },
      (weight) => this.send({ weight }));
    this.epoch = slider("Epoch", { min: 0, step: 1 }, (epoch) => this.goTo(epoch));
    this.epoch.text.classList.add("epoch");
    this.play = make("button", { onclick: () => this.toggle() }, "Play");
    const whole = make("button", { onclick: () => this.goTo(Infinity) }, "Whole run");
    this.drag();
    el.classList.add("cnnlab-curves");
    el.append(
      this.message,
      make("div", { class: "controls" }, conditionText, seedText, measureText, this.weight.text),
      this.chart, this.legend,
      make("div", { class: "controls" }, this.epoch.text, this.play, whole),
      this.words,
    );
  }

  drag() {
    const follow = (event) => {
      if (!(event.buttons & 1)) return;
      const box = this.chart.getBoundingClientRect();
      const { epochAt } = scales(this.model.get("epochs"), this.model.get("limits"));
      this.goTo(epochAt(((event.clientX - box.left) * WIDTH) / box.width));
      event.preventDefault();
    };
    this.chart.addEventListener("pointerdown", (event) => {
      this.chart.setPointerCapture(event.pointerId);
      follow(event);
    });
    this.chart.addEventListener("pointermove", follow);
  }

  send(changes) {
    this.model.set("setting", { ...this.model.get("setting"), ...changes });
    this.model.save_changes();
  }

  goTo(epoch) {
    this.stop();
    this.show(epoch);
  }

  show(epoch) {
    const wanted = Math.min(epoch, this.model.get("epochs") - 1);
    if (wanted !== this.model.get("setting").epoch) this.send({ epoch: wanted });
  }

  toggle() {
    if (this.timer) return this.stop();
    const last = this.model.get("epochs") - 1;
    if (this.model.get("setting").epoch >= last) this.show(0);
    this.play.textContent = "Stop";
    this.timer = setInterval(() => {
      const { epoch } = this.model.get("setting");
      if (this.model.get("raw").training.length !== epoch + 1) return; // a slow kernel: wait
      if (epoch >= last) this.stop();
      else this.show(epoch + 1);
    }, PACE);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.play.textContent = "Play";
  }

  refresh() {
    const names = ["setting", "epochs", "limits", "raw", "smooth", "turn", "learners"];
    const s = Object.fromEntries(names.map((name) => [name, this.model.get(name)]));
    const scale = scales(s.epochs, s.limits);
    this.message.textContent = this.model.get("message");
    this.message.hidden = !this.message.textContent;
    this.words.textContent = this.model.get("sentence");
    this.chart.setAttribute(
      "aria-label", `Curves of training and validation ${s.setting.measure}. ${this.words.textContent}`);
    this.chart.replaceChildren(...axes(s, scale), ...marks(s, scale), ...lines(s, scale));
    this.legend.replaceChildren(...legend(s.learners.smooth ? "by your function" : "by the course"));
    this.menus.conditions.value = this.model.get("words")[s.setting.condition];
    this.menus.seeds.value = String(s.setting.seed);
    this.menus.measures.value = s.setting.measure;
    const known = this.model.get("runs")[s.setting.condition].map(String);
    for (const option of this.menus.seeds.options) option.disabled = !known.includes(option.value);
    this.weight.input.value = s.setting.weight;
    this.weight.output.textContent = s.setting.weight.toFixed(2);
    this.epoch.input.max = s.epochs - 1;
    this.epoch.input.value = s.setting.epoch;
    this.epoch.output.textContent = s.setting.epoch;
  }
}
