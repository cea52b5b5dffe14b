// In the site that is read from a folder (file:), where a browser starts no worker: a frame takes the place of the search's worker.
"use strict";

if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      const file = new URL(address, location);
      const frame = document.createElement("iframe");
      const waiting = []; // messages that came before the frame was ready
      let ready = false;
      this.postMessage = (message) => {
        if (ready) {
          frame.contentWindow.postMessage(message, "*");
        } else {
          waiting.push(message);
        }
      };
      addEventListener("message", ({ source, data }) => {
        if (source !== frame.contentWindow) {
          return;
        }
        if (data === "ready") {
          ready = true;
          waiting.splice(0).forEach(this.postMessage);
        } else {
          this.dispatchEvent(new MessageEvent("message", { data }));
        }
      });
      frame.hidden = true;
      frame.src = new URL(`offline-worker.html${file.search}`, file);
      document.body.append(frame);
    }
  };
}
