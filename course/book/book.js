// A formula that is too wide for the page is scrolled in its own box: with the keys, too.
// Fonts may come after the page, so a formula's own size is watched as well as its box's.
addEventListener("DOMContentLoaded", () => {
  const boxes = [...document.querySelectorAll(".math-block, .math-inline")];
  const watch = new ResizeObserver(() => {
    for (const box of boxes) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  });
  for (const box of boxes) for (const seen of [box, ...box.children]) watch.observe(seen);
});
