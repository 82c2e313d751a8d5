// A question: a form that sends a guess to Python, which says what there is to say about it.

const PATIENCE = 5000; // milliseconds without an answer after which the fold is offered

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// HTML that Python has made out of the course's own texts.
function html(tag, text, attributes = {}) {
  const node = make(tag, attributes);
  node.innerHTML = text;
  return node;
}

function choices(model, group) {
  return model.get("options").map(({ value, shown }) => make("label", { class: "option" },
    make("input", { type: "radio", name: group, value, required: "" }), html("span", shown)));
}

function line(model, id) {
  const field = make("input", {
    id, type: "text", name: "guess", autocomplete: "off", required: "", placeholder: model.get("example"),
  });
  return [make("label", { for: id }, "Your guess "), field, ` ${model.get("unit")} `];
}

function render({ model, el }) {
  const id = `guess-${Math.random().toString(36).slice(2)}`;
  const form = make("form");
  const fields = model.get("kind") === "choice" ? choices(model, id) : line(model, id);
  const send = make("button", { type: "submit" }, "Check my guess");
  const reveal = make("button", { type: "button" }, "Show the answer");
  const verdict = make("div", { class: "verdict", role: "status" });
  const answer = make("div", { class: "answer", role: "status" });
  const offline = html("div", "", { class: "offline" });
  let count = model.get("guessed").count || 0;
  let waiting = 0;

  const say = (change) => {
    change();
    model.save_changes();
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      offline.innerHTML = `<p>Python does not answer here.</p>${model.get("fold")}`;
    }, PATIENCE);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = new FormData(form).get(model.get("kind") === "choice" ? id : "guess");
    say(() => model.set("guessed", { text, count: ++count }));
  });
  reveal.addEventListener("click", () => say(() => model.set("asked", true)));

  const refresh = () => {
    const { right, title, text, count: judged } = model.get("verdict");
    const heard = judged === count;
    const done = Boolean(model.get("answer"));
    if ((heard && !model.get("asked")) || done) {
      clearTimeout(waiting);
      offline.innerHTML = "";
    }
    verdict.className = `verdict ${right === true ? "right" : ""} ${right === false ? "wrong" : ""}`;
    verdict.innerHTML = title && heard ? `<strong>${title}</strong> ${text}` : "";
    reveal.hidden = done || !title || right === null;
    answer.innerHTML = model.get("answer");
  };

  el.classList.add("cnnlab-guess");
  keepKeys(el);
  const showStill = hideStill(model);
  const legend = html("legend", `<strong>Guess first.</strong> ${model.get("question")}`);
  form.append(make("fieldset", {}, legend, ...fields, make("div", { class: "buttons" }, send, reveal)));
  el.append(form, verdict, answer, offline);
  model.on("change", refresh);
  refresh();
  return () => {
    clearTimeout(waiting);
    model.off("change", refresh);
    showStill();
  };
}

export default { render };
