// A report of a step that failed, for the reader to fill in and copy. Nothing is sent. Without this file the link above it is there.
"use strict";

(() => {
  const template = document.getElementById("__report");
  if (!template) {
    return;
  }
  const releases = JSON.parse(template.dataset.releases);
  const form = document.createElement("div");
  form.className = "report";
  form.append(template.content);
  const [text, button, status] = ["textarea", "button", "[role=status]"].map((each) => form.querySelector(each));

  const fill = (snippet) => {
    const [label, ran] = releases[document.documentElement.dataset.release] || ["", ""];
    const all = Object.values(releases).filter(([, each]) => each).map((each) => each.join(" "));
    const values = {
      address: location.href.split("#")[0],
      snippet: `#${snippet}`,
      release: label || "–",
      ran: (label ? ran : all.join("; ")) || "–",
    };
    text.value = template.dataset.text.replace(/\{(\w+)\}/g, (gap, name) => values[name] || gap);
    status.textContent = "";
  };

  const opened = () => document.querySelector("details.failed[open]");
  const snippetOf = (details) => details.closest(".snippet").querySelector("[data-copy]").id;

  // One form for the page, which moves to the snippet that was asked about last.
  document.addEventListener("toggle", (event) => {
    const details = event.target;
    if (details.matches("details.failed") && details.open) {
      for (const other of document.querySelectorAll("details.failed[open]")) {
        other.open = other === details;
      }
      details.append(form);
      fill(snippetOf(details));
    }
  }, true);
  document.addEventListener("guide:release", () => opened() && fill(snippetOf(opened())));

  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.value);
      status.textContent = button.dataset.copied;
    } catch (error) {
      text.select();
      status.textContent = button.dataset.notCopied;
    }
  });
})();
