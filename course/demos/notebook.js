// What every page in a notebook does, demo or question: it keeps its keys, and hides what is shown
// in its place where no Python runs. It stands in front of the page's own script, in one module.

// JupyterLab listens at the document: without this, an arrow key on a slider goes to the next
// heading, and "x" on a menu cuts the cell. Its own attribute against that, lm-suppress-shortcuts,
// does not count for the element that has the focus. Escape leaves for the notebook.
function keepKeys(el) {
  el.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.target.blur();
      el.parentElement.closest(".jp-Cell")?.focus({ preventScroll: true });
    } else if (!((event.ctrlKey || event.metaKey) && event.key === "s")) {
      event.stopPropagation();
    }
  });
}

// The output below is for readers without a kernel, see stand_in.py; returns how to show it again.
function hideStill(model) {
  const still = `[data-cnnlab-still="${model.get("still_id")}"]`;
  const style = document.createElement("style");
  style.textContent =
    `${still} { display: none; } .jp-OutputArea-child:has(${still}) { display: none; }`;
  document.head.append(style);
  return () => style.remove();
}
