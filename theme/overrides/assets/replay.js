// Pages with a recording of a console only.
"use strict";

// A recording is loaded when a reader asks for it, into a frame that can reach nothing of the page. The frame tells its height.
for (const button of document.querySelectorAll(".replay__play")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const figure = button.closest(".replay");
    const frame = Object.assign(document.createElement("iframe"), { allow: "fullscreen", className: "replay__frame", title: button.dataset.title });
    // Without a server each file is an origin of its own, and a sandbox would keep the frame from the player's files.
    if (location.protocol !== "file:") {
      frame.setAttribute("sandbox", "allow-scripts");
    }
    frame.src = button.dataset.frame;
    frame.addEventListener("load", () => frame.focus());
    figure.classList.add("replay--open");
    figure.querySelector(".replay__screen").before(frame);
  });
}
addEventListener("message", (event) => {
  const frame = [...document.querySelectorAll(".replay__frame")].find((each) => each.contentWindow === event.source);
  if (frame && event.data && event.data.height > 0) {
    frame.style.height = `${Math.min(event.data.height, 1200)}px`;
  }
});
