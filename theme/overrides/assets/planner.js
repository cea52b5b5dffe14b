// What crashkernel= reserves: the program of the page "Reserve memory" again, and the form that asks it.
// tests/test_planner.py holds both against each other. Bytes are BigInt, since they may exceed what Number counts exactly.
"use strict";

const planner = (() => {
  const UNITS = { "": 1n, K: 2n ** 10n, M: 2n ** 20n, G: 2n ** 30n, T: 2n ** 40n };
  const STEP = 128n * UNITS.M;

  const toBytes = (text) => {
    const found = /^([0-9]+)([KMGT]?)$/.exec(text.toUpperCase());
    if (!found) {
      throw new RangeError("crashkernel: memory value expected");
    }
    return BigInt(found[1]) * UNITS[found[2]];
  };

  // Before the first `mark`, whether there is one, and after it.
  const partition = (text, mark) => {
    const at = text.indexOf(mark);
    return at < 0 ? [text, false, ""] : [text.slice(0, at), true, text.slice(at + 1)];
  };

  const inRanges = (value, bytes) => {
    const memory = ((bytes + STEP - 1n) / STEP) * STEP;
    for (const entry of value.split(",")) {
      const [bounds, colon, amount] = partition(entry, ":");
      const [start, dash, end] = partition(bounds, "-");
      if (!colon || !dash) {
        throw new RangeError("crashkernel: START-END:SIZE expected");
      }
      const [first, last] = [toBytes(start), end ? toBytes(end) : null];
      if (last !== null && last <= first) {
        throw new RangeError("crashkernel: end <= start");
      }
      const size = toBytes(amount);
      if (size >= memory) {
        throw new RangeError("crashkernel: invalid size");
      }
      if (first <= memory && (last === null || memory < last)) {
        return size;
      }
    }
    return 0n;
  };

  // `memory` and the answer in bytes. A RangeError says why the kernel would reserve nothing.
  const reserved = (value, memory) => {
    const [size] = partition(value, "@");
    const found = size.includes(":") ? inRanges(size, memory) : toBytes(size);
    return found < memory ? found : 0n;
  };

  return { UNITS, reserved };
})();

(() => {
  const form = document.getElementById("planner-form");
  if (!form) {
    return;
  }
  const facts = JSON.parse(form.dataset.facts);
  const words = JSON.parse(form.dataset.words);
  const sources = JSON.parse(form.dataset.sources);
  const [memory, unit, release, architecture, value] = ["memory", "unit", "release", "architecture", "value"].map(
    (name) => document.getElementById(`planner-${name}`),
  );
  const [answer, source, documented] = ["answer", "source", "documented"].map((name) => document.getElementById(`planner-${name}`));

  const say = (word, parts) => words[word].replace(/\{(\w+)\}/g, (_, name) => parts[name]);
  const sized = (bytes) => (bytes % planner.UNITS.M ? `${bytes / planner.UNITS.K} KiB` : `${bytes / planner.UNITS.M} MiB`);
  const chosen = () => facts.releases.find((each) => each.id === release.value).architectures[architecture.value];

  // "1.5" GiB, exactly: the digits behind the point move in front of it.
  const typed = () => {
    const found = /^\s*([0-9]+)(?:[.,]([0-9]{1,3}))?\s*$/.exec(memory.value);
    if (!found) {
      return null;
    }
    const digits = found[2] || "";
    return (BigInt(found[1] + digits) * planner.UNITS[unit.value]) / 10n ** BigInt(digits.length);
  };

  const judge = () => {
    const bytes = typed();
    if (bytes === null) {
      return words.memory;
    }
    try {
      const size = planner.reserved(value.value.trim().replace(/^crashkernel=/, ""), bytes);
      return size ? say("reserved", { size: sized(size), rest: sized(bytes - size) }) : words.nothing;
    } catch (error) {
      if (error instanceof RangeError) {
        return say("kernel", { error: error.message });
      }
      throw error;
    }
  };

  const show = () => {
    const known = chosen();
    const file = known.file || "/etc/default/grub.d/kdump-tools.cfg";
    const own = value.value !== (known.value || "");
    source.textContent = own ? words.own : say(known.value ? "default" : "unknown", { file });
    documented.hidden = own || !known.value;
    if (!documented.hidden) {
      ({ url: documented.href, title: documented.title } = sources[known.source]);
    }
    answer.textContent = !own && !known.value ? "" : judge();
  };

  const refill = () => {
    value.value = chosen().value || "";
    show();
  };

  const fill = (select, names) => select.replaceChildren(...names.map(([id, label]) => new Option(label, id)));
  fill(release, facts.releases.map((each) => [each.id, each.label]));
  fill(architecture, Object.keys(facts.releases[0].architectures).map((name) => [name, name]));
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const field of [memory, unit, value]) {
    field.addEventListener("input", show);
  }
  for (const field of [release, architecture]) {
    field.addEventListener("input", refill);
  }
  // The release that the reader has chosen for the whole guide.
  const follow = () => {
    const own = document.documentElement.dataset.release;
    if (own && facts.releases.some((each) => each.id === own)) {
      release.value = own;
    }
    refill();
  };
  document.addEventListener("guide:release", follow);
  follow();
  form.hidden = false;
})();
