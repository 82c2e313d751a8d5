// Chapter 4's demo: shows the stack that NetworkDemo keeps, one line for each layer, and sends
// back every change. All counting is done in Python.

const PANELS = [["parameters", "parameters"], ["macs", "multiply-accumulates"]];
const counted = (number) => number.toLocaleString("en-US");

// One number or choice of a layer, to be changed in place.
function entry(name, value, about, largest, change) {
  const aria = { "aria-label": `${about}: ${name}` };
  if (typeof value === "string") {
    const select = make("select", { ...aria, onchange: () => change(select.value) },
      ...["same", "valid"].map((option) => make("option", { value: option }, option)));
    select.value = value;
    return make("label", {}, `${name} `, select);
  }
  const share = name === "rate";
  const limits = share ? { min: 0, max: 1, step: 0.1 } : { min: 1, max: largest, step: 1 };
  const input = make("input", {
    ...aria, ...limits, type: "number", value,
    oninput: () => {
      const sound = input.value !== "" && input.validity.valid;
      input.setAttribute("aria-invalid", !sound);
      if (sound) change(Number(input.value));
    },
  });
  return make("label", {}, `${name} `, input);
}

class View {
  constructor(model, el) {
    this.model = model;
    el.classList.add("cnnlab-network");
    this.message = make("p", { class: "message", role: "status" });
    this.trouble = make("p", { class: "trouble", role: "alert" });
    this.total = make("p", { class: "total", "aria-live": "polite" });
    this.body = make("tbody");
    this.heads = PANELS.map(() => make("th", { scope: "col" }));
    const columns = ["layer", "shape after it"].map((text) => make("th", { scope: "col" }, text));
    const table = make("table", {},
      make("thead", {}, make("tr", {}, columns[0], columns[1], ...this.heads, make("th"))),
      this.body);
    const scroll = make("div", { class: "scroll" }, table);
    el.append(this.message, this.controls(), scroll, this.adders(), this.trouble, this.total);
  }

  send(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  controls() {
    const presets = this.model.get("presets");
    const own = "your own";
    const [presetLabel, preset] = menu("Network", [...Object.keys(presets), own], (name) => {
      if (presets[name]) this.send("layers", presets[name]);
    });
    const names = this.model.get("sizes").map((n) => `${n}×${n}×3`);
    const [sizeLabel, size] = menu("Picture", names, (name) =>
      this.send("size", parseInt(name, 10)));
    Object.assign(this, { preset, size, own });
    return make("div", { class: "controls" }, presetLabel, sizeLabel);
  }

  adders() {
    const words = this.model.get("words");
    const buttons = Object.entries(this.model.get("fields")).map(([kind, fields]) =>
      make("button", { onclick: () => this.add(kind, fields) }, `+ ${words[kind]}`));
    this.addButtons = buttons;
    return make("div", { class: "controls", role: "group", "aria-label": "add a layer" },
      ...buttons);
  }

  add(kind, fields) {
    this.send("layers", [...this.model.get("layers"), [kind, ...fields.map(([, first]) => first)]]);
  }

  // The stack with one layer moved by some places, or, without a number, taken out.
  move(index, by) {
    const layers = [...this.model.get("layers")];
    const [layer] = layers.splice(index, 1);
    if (by !== undefined) layers.splice(index + by, 0, layer);
    const does = by === undefined ? "remove" : by < 0 ? "up" : "down";
    this.focused = [Math.min(index + (by ?? 0), layers.length - 1), does];
    this.kinds = null; // build anew, even where two layers of one kind change places
    this.send("layers", layers);
  }

  // Fields stay in the page while only their numbers change, and so does the focus.
  refresh() {
    const { model } = this;
    const layers = model.get("layers");
    const kinds = layers.map(([kind]) => kind).join();
    if (kinds !== this.kinds) this.build(layers);
    this.kinds = kinds;
    this.showEntries(layers);
    this.message.textContent = model.get("message");
    this.message.hidden = !this.message.textContent;
    this.trouble.textContent = model.get("trouble");
    this.trouble.hidden = !this.trouble.textContent;
    const presets = model.get("presets");
    this.preset.value =
      Object.keys(presets).find((name) => JSON.stringify(presets[name]) === JSON.stringify(layers))
      ?? this.own;
    this.size.value = `${model.get("size")}×${model.get("size")}×3`;
    this.addButtons.forEach((button) => { button.disabled = layers.length >= model.get("most"); });
    this.fill(layers);
  }

  build(layers) {
    const picture = make("tr", { class: "picture" },
      make("th", { scope: "row" }, "picture"), make("td"), make("td"), make("td"), make("td"));
    this.body.replaceChildren(picture, ...layers.map((layer, i) => this.row(layer, i)));
    this.focusAgain();
  }

  // The button that moved a layer is a new one now, and stands where the layer stands.
  focusAgain() {
    if (!this.focused || !this.body.children[this.focused[0] + 1]) return;
    const [index, does] = this.focused;
    this.focused = null;
    const row = this.body.children[index + 1];
    const wanted = row.querySelector(`[data-does="${does}"]:not([disabled])`);
    (wanted ?? row.querySelector("button:not([disabled])") ?? this.preset).focus();
  }

  row(layer, index) {
    const { model } = this;
    const [kind, ...values] = layer;
    const about = `layer ${index + 1}, ${model.get("words")[kind]}`;
    const change = (place) => (value) => {
      const stack = model.get("layers").map((each) => [...each]);
      stack[index][place + 1] = value;
      this.send("layers", stack);
    };
    const entries = model.get("fields")[kind].map(([name], place) =>
      entry(name, values[place], about, model.get("largest"), change(place)));
    const last = model.get("layers").length - 1;
    const button = (does, text, by, off) => make("button", {
      "aria-label": `${does} ${about}`, title: does, "data-does": does,
      onclick: () => this.move(index, by), ...(off ? { disabled: "" } : {}),
    }, text);
    return make("tr", {},
      make("th", { scope: "row" }, make("div", { class: "layer" },
        make("i", { "aria-hidden": "true" }),
        make("span", { class: "kind" }, model.get("words")[kind]),
        make("span", { class: "entries" }, ...entries))),
      make("td", { class: "shape" }),
      ...PANELS.map(() => make("td", { class: "count" }, make("b"), make("span"))),
      make("td", { class: "moves" }, button("up", "↑", -1, index === 0),
        button("down", "↓", 1, index === last), button("remove", "×", undefined, false)));
  }

  // What the fields hold; the one with the focus is left as it is typed.
  showEntries(layers) {
    const [, ...lines] = this.body.children;
    lines.forEach((line, i) => {
      line.querySelectorAll(".entries :is(input, select)").forEach((field, place) => {
        if (field === field.getRootNode().activeElement) return;
        field.value = layers[i][place + 1];
        field.setAttribute("aria-invalid", "false");
      });
    });
  }

  // Shapes, numbers and bars.
  fill(layers) {
    const rows = this.model.get("rows");
    const size = this.model.get("size");
    const [picture, ...lines] = this.body.children;
    picture.children[1].textContent = `${size}×${size}×3`;
    const tops = PANELS.map(([name]) => Math.max(1, ...rows.map((row) => row[name])));
    lines.forEach((line, i) => {
      const row = rows[i];
      line.classList.toggle("unfit", !row);
      line.querySelector("i").style.background = row?.colour ?? ROLES.input;
      line.querySelector(".shape").textContent = row?.shape ?? "–";
      line.querySelectorAll(".count").forEach((cell, n) => {
        const number = row?.[PANELS[n][0]];
        const [bar, text] = cell.children;
        bar.style.width = `${number ? Math.max(0.5, (46 * number) / tops[n]) : 0}%`;
        bar.style.background = row?.colour ?? "";
        text.textContent = number === undefined ? "" : counted(number);
      });
    });
    const sums = PANELS.map(([name]) => rows.reduce((sum, row) => sum + row[name], 0));
    const learners = this.model.get("learners");
    PANELS.forEach(([name, words], n) => {
      const by = learners[name] ? "by your function" : "by the course";
      this.heads[n].replaceChildren(words, make("small", {}, by));
    });
    const fit = rows.length < layers.length ? ` (of the ${rows.length} layers that fit)` : "";
    this.total.textContent =
      `In all${fit}: ${counted(sums[0])} parameters, ${counted(sums[1])} multiply-accumulates.`;
  }
}
