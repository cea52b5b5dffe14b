// Plays the recording of this document, with controls in the document's language. The page with the frame is told the height.
"use strict";

(() => {
  const { cast, seconds } = JSON.parse(document.getElementById("recording").textContent);
  const [play, position, clock] = ["play", "position", "clock"].map((id) => document.getElementById(id));
  const chapters = [...document.querySelectorAll("[data-at]")];
  // A reader who wants less motion steps from chapter to chapter, and starts the player by hand.
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const framed = window !== parent;
  const terminal = document.getElementById("terminal");
  const player = AsciinemaPlayer.create({ data: cast }, terminal, {
    autoPlay: framed && !still,
    preload: true,
    poster: `npt:${Number(chapters[0].dataset.at) + 0.05}`, // The player shows what comes before this time.
    controls: false,
    cursorMode: "steady",
    fit: "width",
    terminalFontFamily: getComputedStyle(terminal).fontFamily,
    theme: "guide",
  });
  // The player's list of keys is in English, whatever the language of the page. The controls below the terminal do the same.
  addEventListener("keydown", (event) => event.key === "?" && event.stopPropagation(), { capture: true });
  terminal.querySelector(".ap-term-text").setAttribute("role", "group");
  terminal.querySelector(".ap-term-text").setAttribute("aria-label", document.title);

  let playing = false;
  const show = (at) => {
    const whole = Math.floor(at);
    const text = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
    position.value = at;
    position.setAttribute("aria-valuetext", text);
    clock.textContent = text;
    const last = chapters.filter((chapter) => chapter.dataset.at <= at + 0.1).pop();
    chapters.forEach((chapter) => chapter.setAttribute("aria-current", chapter === last));
  };
  const follow = async () => show(Math.min(await player.getCurrentTime(), seconds));
  const state = (now) => () => {
    playing = now;
    play.textContent = now ? play.dataset.pause : play.dataset.play;
    follow();
  };
  player.addEventListener("playing", state(true));
  player.addEventListener("pause", state(false));
  player.addEventListener("ended", state(false));
  player.addEventListener("seeked", follow);
  setInterval(() => playing && follow(), 200);

  play.addEventListener("click", () => (playing ? player.pause() : player.play()));
  position.addEventListener("input", () => player.seek(Number(position.value)));
  for (const chapter of chapters) {
    chapter.addEventListener("click", async () => {
      await player.seek(Number(chapter.dataset.at));
      if (!still && !playing) {
        player.play();
      }
    });
  }

  if (framed) {
    const tell = () => parent.postMessage({ height: Math.ceil(document.body.getBoundingClientRect().height) }, "*");
    new ResizeObserver(tell).observe(document.body);
    // The page moves the focus into the frame when it has loaded; until then nothing in here may take it.
    addEventListener("focus", () => play.focus(), { once: true });
  }
})();
