// A formula that is too wide for the page is scrolled in its own box: with the keys, too.
function reachable() {
  for (const box of document.querySelectorAll(".math-block, .math-inline")) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

addEventListener("load", reachable);
addEventListener("resize", reachable);
