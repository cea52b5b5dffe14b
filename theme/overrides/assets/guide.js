// Small things that HTML alone cannot do. The site works without them.
"use strict";

// Changing the language keeps the place on the page: both languages have the same heading and snippet ids.
document.addEventListener("click", (event) => {
  const link = event.target.closest && event.target.closest("a[data-keep-anchor]");
  if (link) {
    link.hash = location.hash;
    try {
      localStorage.setItem("guide.language", link.hreflang);
    } catch (error) {
      // Storage may be forbidden; then the root page asks again.
    }
  }
}, true);

// The theme's search dialog has no name for screen readers.
const search = document.querySelector(".md-search[role=dialog]");
const field = document.querySelector(".md-search__input");
if (search && field) {
  search.setAttribute("aria-label", field.placeholder);
}

// Wide tables and blocks scroll inside themselves, so the keyboard must reach them.
const reach = (part) => {
  const boxes = [...part.querySelectorAll(".md-typeset__scrollwrap, .verified__scroll, .facts, .chart__scroll, pre > code, .replay__screen")];
  // All are measured before one is changed: after a change the browser would lay the page out again for the next measure.
  for (const box of boxes.filter((each) => each.scrollWidth > each.clientWidth)) {
    box.tabIndex = 0;
  }
};
reach(document);
document.addEventListener("toggle", (event) => reach(event.target), true); // in a closed part nothing has a width

// The theme puts each copy button into a navigation landmark without a name.
const unnamed = () => document.querySelectorAll("nav.md-code__nav:not([role])").forEach((nav) => nav.setAttribute("role", "none"));
new MutationObserver(unnamed).observe(document.body, { childList: true, subtree: true });
unnamed();
