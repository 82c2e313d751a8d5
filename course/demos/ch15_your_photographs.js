// Chapter 15's demo: a reliability diagram, a slider for silence, and a wall of mistakes.

const [WIDE, HIGH] = [460, 340];
const EDGE = { left: 46, right: 24, top: 12, bottom: 44 };

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const xOf = (share) => EDGE.left + share * (WIDE - EDGE.left - EDGE.right);
const yOf = (share) => HIGH - EDGE.bottom - share * (HIGH - EDGE.top - EDGE.bottom);
const percent = (share) => `${Math.round(100 * share)} %`;

function axes() {
  const marks = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    svg("line", { class: "grid", x1: xOf(0), x2: xOf(1), y1: yOf(share), y2: yOf(share) }),
    svg("text", { x: xOf(0) - 6, y: yOf(share) + 4, "text-anchor": "end" }, percent(share)),
    svg("text", { x: xOf(share), y: HIGH - EDGE.bottom + 16, "text-anchor": "middle" }, percent(share)),
  ]);
  const name = svg("text", { class: "soft", x: xOf(0.5), y: HIGH - 8, "text-anchor": "middle" },
    "how sure it was; a bar is as high as the share that was right");
  return [...marks, name];
}

function bar({ sure, right, count }, n, bins) {
  if (!count) return [];
  const title = svg("title", {}, `${count} pictures: sure by ${percent(sure)}, right in ${percent(right)}`);
  const width = (xOf(1) - xOf(0)) / bins;
  return [
    svg("rect", {
      class: "bar", x: xOf(n / bins) + 1, width: Math.max(1, width - 2),
      y: yOf(right), height: yOf(0) - yOf(right),
    }, title),
    svg("line", { class: right < sure ? "gap over" : "gap", x1: xOf(sure), x2: xOf(sure), y1: yOf(right), y2: yOf(sure) }),
    svg("circle", { class: "dot", cx: xOf(sure), cy: yOf(right), r: 3 + Math.min(6, Math.sqrt(count) / 3) }),
  ];
}

function slider(label, attributes, onInput) {
  const output = make("output");
  const input = make("input", {
    type: "range", "aria-label": label, ...attributes, oninput: () => onInput(Number(input.value)),
  });
  return { input, output, text: make("label", {}, `${label} `, input, " ", output) };
}

function mistake({ picture, truth, said, sure }) {
  const caption = make("figcaption");
  caption.append("shows ", make("b", {}, truth), make("br"), "says ", make("b", {}, said), `, ${percent(sure)}`);
  return make("figure", {}, make("img", { src: picture, alt: `A picture of the class ${truth}` }), caption);
}

function View(model, el) {
  const send = (changes) => {
    model.set("setting", { ...model.get("setting"), ...changes });
    model.save_changes();
  };
  const message = make("p", { class: "message", role: "status" });
  const words = make("p", { class: "words", "aria-live": "polite" });
  const gap = make("p", { class: "caption" });
  const chart = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" });
  const wall = make("div", { class: "wall" });
  const bins = slider("Bins", { min: 1, max: model.get("most_bins"), step: 1 }, (n) => send({ bins: n }));
  const least = slider("Answer only if sure by", { min: 0, max: 1, step: 0.01 }, (p) => send({ least: p }));

  function refresh() {
    const setting = model.get("setting");
    const bars = model.get("bars");
    message.textContent = model.get("message");
    message.hidden = !message.textContent;
    words.textContent = model.get("sentence");
    gap.textContent = `On average, certainty and accuracy are ${(100 * model.get("error")).toFixed(1)} points apart.`;
    const shade = svg("rect", {
      class: "silent", x: xOf(0), y: yOf(1), width: xOf(setting.least) - xOf(0), height: yOf(0) - yOf(1),
    });
    const honest = svg("line", { class: "honest", x1: xOf(0), y1: yOf(0), x2: xOf(1), y2: yOf(1) });
    chart.setAttribute("aria-label", `Reliability diagram of ${bars.length} bins. ${gap.textContent}`);
    chart.replaceChildren(...axes(), ...bars.flatMap((b, n) => bar(b, n, bars.length)), honest, shade);
    bins.input.value = setting.bins;
    bins.output.textContent = setting.bins;
    least.input.value = setting.least;
    least.output.textContent = percent(setting.least);
  }

  wall.replaceChildren(...model.get("wall").map(mistake));
  el.classList.add("cnnlab-believe");
  el.append(
    message,
    make("div", { class: "controls" }, bins.text, least.text),
    make("div", { class: "pair" },
      make("div", {}, chart, gap, words),
      make("div", { class: "side" }, make("p", { class: "caption" }, "the worst mistakes, the surest first"), wall)),
  );
  return { refresh };
}
