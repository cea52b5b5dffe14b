// The reader's release: what is for others only is not shown. In the head of the page, so that nothing is seen and then goes.
// Without this file all of it stands there, each part with the names of its releases.
"use strict";

(() => {
  const root = document.documentElement;
  const rules = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, rules];

  // Of a snippet's outputs all stand open that are the reader's, or the first one where no release is chosen.
  const fold = () => {
    const state = root.dataset.release === "" ? "[open]" : ":not([open])";
    document.querySelectorAll(`details.expected${state}`).forEach((output) => (output.open = !output.open));
  };

  const show = (release) => {
    // A new rule, even an empty one, makes the browser lay out the whole page again.
    if (root.dataset.release !== release) {
      root.dataset.release = release;
      rules.replaceSync(release && `
        [data-target]:not([data-target~="${release}"]) { display: none !important; }
        [data-only~="${release}"] { display: inline !important; }
      `);
    }
    fold();
    document.dispatchEvent(new Event("guide:release"));
  };

  // Storage may be forbidden; then the choice lasts for this page only.
  const remembered = () => {
    try {
      return localStorage.getItem("guide.release") || "";
    } catch (error) {
      return "";
    }
  };
  const remember = (release) => {
    try {
      localStorage.setItem("guide.release", release);
    } catch (error) {
      // See above.
    }
  };

  // Names of targets only: the name becomes a part of a style.
  const valid = (release) => (/^[a-z0-9.-]+$/.test(release) ? release : "");

  // A link to a part that is for other releases shows all, for this page.
  const reveal = () => {
    const part = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const block = part && part.closest("[data-target]");
    if (block && root.dataset.release && !block.dataset.target.split(" ").includes(root.dataset.release)) {
      set("");
      part.scrollIntoView();
    }
  };

  const set = (release) => {
    const select = document.getElementById("__release");
    if (select) {
      select.value = release;
      // A release that this guide has no more.
      release = select.value === release ? release : "";
      select.value = release;
    }
    show(release);
  };

  show(valid(remembered()));
  // The outputs are folded as they arrive, before they are drawn, so that nothing moves below the reader's eyes.
  const arriving = new MutationObserver(fold);
  arriving.observe(root, { childList: true, subtree: true });
  document.addEventListener("change", (event) => {
    if (event.target.id === "__release") {
      remember(event.target.value);
      show(event.target.value);
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    arriving.disconnect();
    set(root.dataset.release);
    reveal();
  });
  addEventListener("hashchange", reveal);
  // Back from another page, on which another release may have been chosen.
  addEventListener("pageshow", (event) => event.persisted && set(valid(remembered())));
})();
