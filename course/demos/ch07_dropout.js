// Chapter 7's demo: draws the network that DropoutDemo keeps, whole and thinned, and sends back
// rate, seed and mode. All drawing of lots is done in Python.

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, RADIUS] = [400, 330, 14];
const NAMES = ["inputs", "hidden", "hidden", "output"];

function shape(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
  node.append(...children);
  return node;
}

// Where the nodes of each layer stand.
function places(layers) {
  return layers.map((count, layer) => Array.from({ length: count }, (_, i) => ({
    x: 40 + (layer * (WIDTH - 80)) / (layers.length - 1),
    y: (HEIGHT - 26) / 2 + (i - (count - 1) / 2) * 37,
  })));
}

class Network {
  constructor(layers, weights) {
    this.places = places(layers);
    this.heaviest = Math.max(...weights.flat(2));
    this.svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
    this.caption = make("figcaption");
    this.figure = make("figure", {}, this.caption, this.svg);
    this.edges = weights.map((matrix, layer) => matrix.map((row, i) => row.map((weight, j) => {
      const [from, to] = [this.places[layer][i], this.places[layer + 1][j]];
      const line = shape("line", {
        x1: from.x, y1: from.y, x2: to.x, y2: to.y, class: "edge",
        "stroke-width": (0.4 + (1.6 * weight) / this.heaviest).toFixed(2),
      });
      this.svg.append(line);
      return line;
    })));
    this.nodes = this.places.map((column) => column.map(({ x, y }) => {
      const circle = shape("circle", { cx: x, cy: y, r: RADIUS });
      const text = shape("text", { x, y: y + 3.5 });
      const node = shape("g", { class: "node" }, circle, text);
      this.svg.append(node);
      return { node, circle, text };
    }));
    this.places.forEach(([{ x }], layer) =>
      this.svg.append(shape("text", { x, y: HEIGHT - 6, class: "layer" }, NAMES[layer])));
  }

  say(title, details) {
    this.caption.replaceChildren(make("b", {}, title), make("small", {}, details));
  }

  // values: what each node hands on; kept: which nodes are there; top: the strongest colour.
  show(values, kept, top, about) {
    this.svg.setAttribute("aria-label", about);
    this.nodes.forEach((column, layer) => column.forEach(({ node, circle, text }, i) => {
      const there = kept[layer][i];
      const rgb = signColour(there ? values[layer][i] : 0, top * 1.3);
      node.classList.toggle("gone", !there);
      circle.style.fill = there ? css(rgb) : "";
      text.style.fill = there ? inkOn(rgb) : "";
      text.textContent = there ? values[layer][i].toFixed(1) : "×";
    }));
    this.edges.forEach((matrix, layer) => matrix.forEach((row, i) => row.forEach((line, j) =>
      line.classList.toggle("gone", !kept[layer][i] || !kept[layer + 1][j]))));
  }
}

class View {
  constructor(model, el) {
    this.model = model;
    el.classList.add("cnnlab-dropout");
    this.message = make("p", { class: "message", role: "status" });
    const [layers, weights] = [model.get("layers"), model.get("weights")];
    this.full = new Network(layers, weights);
    this.thin = new Network(layers, weights);
    const both = make("div", { class: "networks" }, this.full.figure, this.thin.figure);
    el.append(this.message, this.controls(), both, this.averages());
  }

  send(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  controls() {
    this.slider = make("input", {
      type: "range", min: 0, max: this.model.get("highest"), step: 0.05, "aria-label": "rate",
      oninput: () => this.send("rate", Number(this.slider.value)),
    });
    this.rate = make("output");
    const again = make("button", {
      onclick: () => this.send("seed", this.model.get("seed") + 1),
    }, "Resample");
    this.training = make("input", {
      type: "checkbox", onchange: () => this.send("training", this.training.checked),
    });
    return make("div", { class: "controls" },
      make("label", {}, "rate ", this.slider, " ", this.rate), again,
      make("label", {}, this.training, " training"));
  }

  averages() {
    const draws = this.model.get("draws");
    this.bars = [
      ["full", "full network", "one sum"],
      ["scaled", "thinned, as dropout gives it", `average of ${draws} draws`],
      ["unscaled", "thinned, mask alone", `average of ${draws} draws`],
    ].map(([key, name, how]) => {
      const [bar, number] = [make("b"), make("span")];
      const line = make("tr", {},
        make("th", { scope: "row" }, name, make("small", {}, ` ${how}`)),
        make("td", {}, bar, number));
      return { key, bar, number, line };
    });
    const caption = make("caption", {}, "What arrives at the output");
    return make("table", {}, caption, make("tbody", {}, ...this.bars.map(({ line }) => line)));
  }

  refresh() {
    const get = (name) => this.model.get(name);
    const [full, thinned, kept, outputs] = ["full", "thinned", "kept", "outputs"].map(get);
    const [left, all] = get("edges");
    this.message.textContent = get("message");
    this.message.hidden = !this.message.textContent;
    this.slider.value = get("rate");
    this.rate.textContent = get("rate").toFixed(2);
    this.training.checked = get("training");
    const by = get("learners") ? "your dropout" : "the course's dropout";
    const counts = kept.slice(1, -1)
      .map((nodes) => `${nodes.filter(Boolean).length} of ${nodes.length}`).join(" and ");
    const said = `${counts} hidden nodes, ${left} of ${all} edges`;
    const whole = `${full.slice(1, -1).map((n) => n.length).join(" and ")} hidden nodes`;
    this.full.say("The full network", `${whole}, ${all} edges`);
    this.thin.say(`Thinned by ${by}`, said);
    const top = topOf([...full, ...thinned].flat());
    const everybody = full.map((nodes) => nodes.map(() => true));
    this.full.show(full, everybody, top, "The full network with all its nodes and edges.");
    this.thin.show(thinned, kept, top, `The same network with ${said} left.`);
    this.bars.forEach(({ key, bar, number }) => {
      const share = outputs[key] / outputs.full; // the scale stays while the rate moves
      bar.style.width = `${Math.min(45 * share, 72)}%`;
      bar.className = key;
      number.textContent = `${outputs[key].toFixed(2)} (${Math.round(100 * share)} %)`;
    });
  }
}
