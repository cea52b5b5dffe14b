// What a worker has and a frame does not, for search.js and the theme's own program.
"use strict";

{
  const page = parent;
  // The theme's program asks whether its parent is a page of another library's; a page of another file may not be asked.
  self.parent = {};
  self.postMessage = (message) => page.postMessage(message, "*");
  // A worker waits for what it imports. Here the page waits until the import says "ready".
  self.importScripts = (address) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => page.postMessage("ready", "*");
    document.head.append(script);
  };
}
