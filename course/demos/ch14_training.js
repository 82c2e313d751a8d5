// Chapter 14's demo: draws the curves that TrainingDemo keeps, and sends back what is chosen and
// named. All training is done in Python.

const SVG = "http://www.w3.org/2000/svg";
const GUESSING = Math.log(2);
const [LOWEST, HIGHEST] = [-3, 2]; // powers of 10 on the axis of losses
const [SMALLEST, LARGEST] = [-8, 2]; // and on that of gradients

function shape(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
  node.append(...children);
  return node;
}

function power(n) {
  const raised = shape("tspan", { dy: -4, "font-size": 8 }, String(n).replace("-", "−"));
  return ["10", raised];
}

const brief = (value) => (value === null ? "overflow"
  : value !== 0 && (Math.abs(value) < 0.001 || Math.abs(value) >= 1000)
    ? value.toExponential(0).replace("-", "−") : value.toPrecision(2).replace("-", "−"));

// Losses over steps, on a logarithmic axis; what is not finite ends the line with a cross.
class Chart {
  constructor(width, height) {
    [this.width, this.height] = [width, height];
    this.svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  }

  x(step, steps) {
    return 34 + (step * (this.width - 44)) / Math.max(1, steps);
  }

  y(loss) {
    const place = Math.max(LOWEST, Math.min(HIGHEST, Math.log10(Math.max(loss, 1e-30))));
    return 8 + ((HIGHEST - place) * (this.height - 26)) / (HIGHEST - LOWEST);
  }

  axes(steps) {
    for (let n = LOWEST; n <= HIGHEST; n += 1) {
      const y = this.y(10 ** n);
      this.svg.append(
        shape("line", { x1: 34, x2: this.width - 10, y1: y, y2: y, class: "grid" }),
        shape("text", { x: 28, y: y + 4, class: "tick end" }, ...power(n)));
    }
    const y = this.y(GUESSING);
    this.svg.append(
      shape("line", { x1: 34, x2: this.width - 10, y1: y, y2: y, class: "guessing" }),
      shape("text", { x: this.width - 10, y: this.height - 4, class: "tick end" },
        `step ${steps}`));
  }

  line(losses, every, steps, kind) {
    const end = losses.findIndex((loss) => loss === null);
    const drawn = end < 0 ? losses : losses.slice(0, end);
    const points = drawn.map((loss, i) => `${this.x(i * every, steps)},${this.y(loss)}`);
    this.svg.append(shape("polyline", { points: points.join(" "), class: kind }));
    if (end >= 0) {
      const at = { x: this.x(end * every, steps), y: this.y(10 ** HIGHEST) + 6 };
      this.svg.append(shape("text", { ...at, class: `cross ${kind}` }, "×"));
    }
  }

  show({ losses, new: fresh }, every, about) {
    this.svg.replaceChildren();
    const steps = losses.length;
    this.axes(steps);
    this.line(losses, 1, steps, "own");
    if (fresh.length) this.line(fresh, every, steps, "new");
    this.svg.setAttribute("aria-label", about);
  }
}

function told({ losses, new: fresh }) {
  const from = (values) => `from ${brief(values[0])} to ${brief(values.at(-1))}`;
  const own = `Loss on the training batches ${from(losses)}`;
  return fresh.length ? `${own}; on new pictures ${from(fresh)}.` : `${own}.`;
}

class View {
  constructor(model, el) {
    this.model = model;
    el.classList.add("cnnlab-training");
    this.message = make("p", { class: "message", role: "status" });
    el.append(this.message, this.controls(), this.network(), this.trainings());
  }

  send(name, change) {
    this.model.set(name, { ...this.model.get(name), ...change });
    this.model.save_changes();
  }

  controls() {
    const row = make("div", { class: "controls" });
    this.selects = Object.entries(this.model.get("menus")).map(([name, choices]) => {
      const [label, select] = menu(name, choices, (value) => this.send("chosen", { [name]: value }));
      row.append(label);
      return [name, select];
    });
    this.boxes = this.model.get("ticks").map((name) => {
      const box = make("input", {
        type: "checkbox", onchange: () => this.send("chosen", { [name]: box.checked }),
      });
      row.append(make("label", {}, box, ` ${name}`));
      return [name, box];
    });
    return row;
  }

  network() {
    this.chart = new Chart(430, 190);
    this.bars = shape("svg", { viewBox: "0 0 430 190", role: "img" });
    this.said = make("small");
    const key = make("small", { class: "key" }, make("i", { class: "own" }), " training batch ",
      make("i", { class: "new" }), " new pictures ", make("i", { class: "chance" }), " guessing");
    return make("div", { class: "both" },
      make("figure", {}, make("figcaption", {}, make("b", {}, "Loss"), " ", key), this.chart.svg,
        this.said),
      make("figure", {}, make("figcaption", {}, make("b", {}, "Gradient in each hidden layer"),
        make("small", {}, " before the first step")), this.bars));
  }

  trainings() {
    this.patients = this.model.get("patients").map((curves) => {
      const chart = new Chart(250, 125);
      const about = `Training ${curves.letter}. ${told(curves)}`;
      chart.show(curves, this.model.get("every"), about);
      const select = make("select", {
        "aria-label": `What is training ${curves.letter}?`,
        onchange: () => select.value && this.send("named", { [curves.letter]: select.value }),
      });
      const names = ["", ...this.model.get("names")];
      select.append(...names.map((name) => make("option", { value: name }, name || "which is it?")));
      const verdict = make("p", { class: "verdict", role: "status" });
      const box = make("figure", {}, make("figcaption", {}, make("b", {}, curves.letter), " ", select),
        chart.svg, verdict);
      return { letter: curves.letter, select, verdict, box };
    });
    return make("div", { class: "patients" }, ...this.patients.map(({ box }) => box));
  }

  gradients(sizes) {
    this.bars.replaceChildren();
    const wide = (size) => {
      if (size === null) return 320;
      const place = Math.log10(Math.max(size, 1e-30));
      return (320 * (clamp(place - SMALLEST, LARGEST - SMALLEST))) / (LARGEST - SMALLEST);
    };
    const step = Math.min(40, 170 / sizes.length);
    sizes.forEach((size, i) => {
      const y = 8 + i * step;
      this.bars.append(
        shape("text", { x: 24, y: y + step / 2 + 4, class: "tick end" }, String(i + 1)),
        shape("rect", { x: 30, y: y + 3, width: wide(size), height: step - 6, class: "bar" }),
        shape("text", { x: 36 + wide(size), y: y + step / 2 + 4, class: "tick" }, brief(size)));
    });
    const ends = sizes.map((size, i) => `layer ${i + 1}: ${brief(size)}`).join(", ");
    this.bars.setAttribute("aria-label", `Size of the gradient. ${ends}.`);
  }

  refresh() {
    const get = (name) => this.model.get(name);
    const [run, chosen, named, verdicts] = ["run", "chosen", "named", "verdicts"].map(get);
    this.message.textContent = get("message");
    this.message.hidden = !this.message.textContent;
    this.selects.forEach(([name, select]) => { select.value = chosen[name]; });
    this.boxes.forEach(([name, box]) => { box.checked = chosen[name]; });
    this.chart.show(run, get("every"), told(run));
    this.gradients(run.gradients);
    const where = run.new.length ? "new pictures" : "the batch";
    this.said.textContent = `${Math.round(100 * run.right)} % right on ${where}, `
      + `${Math.round(100 * run.silent)} % of the hidden units are silent`;
    this.patients.forEach(({ letter, select, verdict }) => {
      select.value = named[letter] ?? "";
      const found = verdicts[letter];
      verdict.textContent = found ? found.text : "";
      verdict.className = `verdict ${found ? (found.right ? "right" : "wrong") : ""}`;
    });
  }
}
