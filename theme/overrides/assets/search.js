// The worker of the theme's search, for readers who paste an error message or type what they see. It loads the theme's own worker, whose
// file name is what stands after "?" in the address, and changes what goes in and what comes out:
// - A query is plain words. To the theme, "+", "-", "~", "^", ":", "*" and quotes are operators, with which a message finds nothing.
// - The results are in another order. The theme looks at single words only. Here a section counts as much as it has of the query in one
//   piece, and a section that the query calls by name counts most: by its title, or by a name that the build wrote into the index, as a tag.
// - Words of the same meaning count as one, but less than the very word. The groups are in data/search.yml.
"use strict";

const QUERY = 2, RESULT = 3; // types of messages, see the theme's integrations/search/worker/message
const LONGEST = 1000; // characters of a query that are looked at; the theme's time grows with their square
// What each kind of agreement weighs. Each is a share of the query, from 0 to 1.
const IN_ONE_PIECE = 3, ANYWHERE = 1.5, ON_THE_PAGE = 0.5, BY_NAME = 5, BY_TITLE = 3, THEME = 0.2, NEXT_SECTIONS = 0.25;
const SAME = 0.7; // of what a section has of the query when words of the same meaning count as one
const LONGEST_WORD = 12; // in Chinese characters
const REPEATED = 8; // words of a query after which what follows is taken for a repetition
const SCATTERED = 0.6; // of a name whose words stand in the query, but not one after the other
const MOST_OF_A_NAME = 0.75; // the share of a name that has to stand in the query
const MISSPELT = 6; // letters of a word from which on it may be one that the index has with one letter otherwise
// Words that say nothing of what is looked for.
const FILLING = new Set(("a an and any are as at be been but by can cannot can't do does doesn don for from get has have how i in is it its me my of on or s so t "
  + "that the their them there this to was were what when where which while why will with you your").split(" "));
const FILLING_HAN = /怎么办|怎么样|为什么|怎么|怎样|如何|什么|哪里|哪些|是否|可以|应该|但是|而且|以及|或者|一下|一个|[了的吗呢吧是在把被和与就都也又很会能要该请我你它]/gu;
const hanWords = new Set(); // the Chinese words of the index
const latinWords = new Map(); // how often the index has a word of Latin letters
let separator;
let views = []; // the index twice: in its own words, and with one word for all that mean the same

// What is left of an English word in all its forms: hang, hangs, hanging, hanged.
const stem = (word) => (/^[a-z]{5,}$/.test(word) ? word.replace(/(?:ies|ied)$/, "y").replace(/(?:ing|ed|es|s|e)$/, "") : word);
const split = (text) => text.toLowerCase().split(separator).filter(Boolean);

// A space before and after every word and every Chinese character. The plugin has put U+200B, a separator, between Chinese words.
const spaced = (text) => ` ${split(text).map(stem).join(" ").replace(/\p{sc=Han}/gu, " $& ").split(/\s+/).filter(Boolean).join(" ")} `;

// Whether two words differ by one letter: another one, one more, one fewer, or two that have changed places.
function nearly(one, other) {
  let at = 0, end = 0;
  while (at < Math.min(one.length, other.length) && one[at] === other[at]) {
    at++;
  }
  while (end < Math.min(one.length, other.length) - at && one.at(-1 - end) === other.at(-1 - end)) {
    end++;
  }
  const [left, right] = [one, other].map((word) => word.slice(at, word.length - end));
  return Math.max(left.length, right.length) <= 1 || (left.length === 2 && left === [...right].reverse().join(""));
}

// A word as the index spells it: where the index does not have it, the most frequent word that is nearly the same.
function spelt(word) {
  if (word.length < MISSPELT || !/^[a-z]+$/.test(word) || latinWords.has(word)) {
    return word;
  }
  const near = [...latinWords.keys()].filter((known) => Math.abs(known.length - word.length) <= 1 && nearly(word, known));
  return near.reduce((best, known) => (latinWords.get(known) > (latinWords.get(best) || 0) ? known : best), word);
}

// The words of the index that a text has in its Chinese. The theme would look for all ways to cut it into words, of which there may be millions.
const hanWordsOf = (text) => (text.match(/\p{sc=Han}+/gu) || []).flatMap((run) => {
  const found = [];
  for (let from = 0; from < run.length; from++) {
    for (let to = from + 1; to <= Math.min(run.length, from + LONGEST_WORD); to++) {
      if (hanWords.has(run.slice(from, to))) {
        found.push(run.slice(from, to));
      }
    }
  }
  return found;
});

const unfilled = (text) => text.replace(FILLING_HAN, "\u200b");

// The parts by which a text is weighed: its words, and each two neighbouring Chinese characters, since one says little.
function partsOf(words) {
  const han = words.map((word) => /\p{sc=Han}/u.test(word));
  return words.flatMap((word, at) => {
    if (!han[at]) {
      return [` ${word} `];
    }
    return han[at + 1] ? [` ${word} ${words[at + 1]} `] : han[at - 1] ? [] : [` ${word} `];
  });
}

// The sections, their pages, and the query, all in the same words: "alike" gives a text, as "spaced" does, in these words.
class View {
  constructor(docs, alike) {
    this.alike = alike;
    this.sections = new Map(); // location -> the words of a section, of its title and of each of its names
    this.pages = new Map(); // location of a page -> the words of all its sections
    this.rarities = new Map(); // part -> how rare it is among the sections
    this.length = 0; // of a section, on average, in characters
    for (const { location, title, text, tags = [], boost = 1 } of docs) {
      const page = location.split("#")[0];
      const all = alike(spaced([title, text, ...tags].join(" \u2026 ").replace(/<[^>]*>/g, " ")));
      const names = tags.map((name) => this.name(unfilled(name).split("\u2026")));
      this.sections.set(location, { all, title: this.name([title.replace(/<[^>]*>/g, " ")]), names, boost });
      this.pages.set(page, `${this.pages.get(page) || ""}${all}`);
      this.length += all.length / docs.length;
    }
    this.ask("");
  }

  // A name: its pieces, between which anything may stand, and the parts of all.
  name(texts) {
    const pieces = texts.map((text) => this.alike(spaced(text))).filter((words) => words.trim());
    return { pieces, parts: pieces.flatMap((words) => partsOf(words.trim().split(" "))) };
  }

  ask(text) {
    this.text = this.alike(text);
    this.words = this.text.trim().split(" ");
    this.parts = [...new Set(partsOf(this.words))];
    this.weight = this.weightOf(partsOf(this.words)) || 1;
    this.onPages = new Map([...this.pages].map(([page, words]) => [page, this.weightOf(this.parts.filter((part) => words.includes(part)))]));
  }

  // How much it says that a section has these words: the rarer, the more. A word that no section has says nothing.
  rarity(part) {
    if (!this.rarities.has(part)) {
      const having = [...this.sections.values()].filter(({ all }) => all.includes(part)).length;
      this.rarities.set(part, having && !FILLING.has(part.trim()) ? Math.log(1 + this.sections.size / having) : 0);
    }
    return this.rarities.get(part);
  }

  weightOf(parts) {
    return parts.reduce((sum, part) => sum + this.rarity(part), 0);
  }

  // The weight of the heaviest piece of the query, of two words or more, that a text has.
  heaviest(text) {
    const piece = (from, to) => ` ${this.words.slice(from, to).join(" ")} `;
    const tried = new Set(); // pieces at which a search began: a query may repeat itself many times
    let most = 0;
    for (let from = 0, to; from < this.words.length - 1; from = Math.max(from + 1, to - 1)) {
      to = from + 1;
      const start = piece(from, from + REPEATED);
      if (!tried.has(start)) {
        tried.add(start);
        while (to < this.words.length && text.includes(piece(from, to + 1))) {
          to++;
        }
      }
      if (to > from + 1) {
        most = Math.max(most, this.weightOf(partsOf(this.words.slice(from, to))));
      }
    }
    return most;
  }

  // The weight of the query's parts that a text has. A part that comes more often counts more, but never twice as much.
  scattered(text) {
    return this.parts.reduce((sum, part) => {
      const times = this.rarity(part) ? text.split(part).length - 1 : 0;
      return sum + this.rarity(part) * times / (times + 0.5 + 0.5 * text.length / this.length);
    }, 0);
  }

  // The weight of a name that stands in the query. Less where its words stand in another order, or most of them only, else 0.
  named({ pieces, parts }) {
    let at = 0;
    const weight = this.weightOf(parts);
    if (pieces.every((words) => (at = this.text.indexOf(words, at) + words.length - 1) >= words.length - 1)) {
      return weight;
    }
    const share = weight && this.weightOf(parts.filter((part) => this.text.includes(part))) / weight;
    return parts.length > 1 && share >= MOST_OF_A_NAME ? SCATTERED * weight * share ** 3 : 0;
  }

  rank({ location }) {
    const { all, title, names, boost } = this.sections.get(location);
    const piece = this.heaviest(all);
    return boost / this.weight * (
      IN_ONE_PIECE * piece * piece / this.weight // two or three words stand together by chance, most of a message does not
      + ANYWHERE * this.scattered(all)
      + ON_THE_PAGE * this.onPages.get(location.split("#")[0])
      + Math.max(BY_TITLE * this.named(title), ...names.map((name) => BY_NAME * this.named(name)))
    );
  }
}

// The text with the first word of each group in place of the others, which may be several words.
function likened(groups) {
  const first = new Map(groups.flatMap(([one, ...others]) => [one, ...others].map((words) => [spaced(words).trim(), spaced(one).trim()])));
  const longest = [...first.keys()].sort((one, other) => other.length - one.length);
  const any = new RegExp(`(?<= )(?:${longest.map((words) => words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})(?= )`, "g");
  return (text) => text.replace(any, (words) => first.get(words));
}

const rank = (item) => views.reduce((sum, view, at) => sum + (at ? SAME : 1) * view.rank(item), 0);

// A page's place: its best section counts, and those that come next a little.
const ofPage = ([best, ...others]) => best.score + NEXT_SECTIONS * others.slice(0, 3).reduce((sum, { score }) => sum + score, 0);

addEventListener("message", ({ data: message }) => {
  if (message.data.docs) {
    mendLunr(); // not before: in a site that is read from a folder importScripts does not wait
    separator = new RegExp(message.data.config.separator);
    const { docs, config } = message.data;
    for (const { title, text, tags = [] } of docs) {
      split(`${title} ${text} ${tags.join(" ")}`).flatMap((word) => word.match(/\p{sc=Han}+/gu) || []).forEach((word) => hanWords.add(word));
    }
    views = [new View(docs, (words) => words)];
    if (config.same?.length) { // a guide may have no such words
      views.push(new View(docs, likened(config.same)));
    }
    for (const { all } of views[0].sections.values()) {
      (all.match(/(?<= )[a-z]{5,}(?= )/g) || []).forEach((word) => latinWords.set(word, (latinWords.get(word) || 0) + 1));
    }
  } else if (message.type === QUERY) {
    const text = message.data.slice(0, LONGEST);
    const words = ` ${spaced(unfilled(text)).trim().split(" ").map(spelt).join(" ")} `;
    views.forEach((view) => view.ask(words));
    // The index has no stop words, so the theme takes them for the beginnings of other words.
    const all = [...split(text.replace(/\p{sc=Han}+/gu, " ")).map((word) => spelt(stem(word))), ...hanWordsOf(text)];
    const kept = all.filter(lunr.stopWordFilter);
    message.data = [...new Set(kept.length ? kept : all)].join(" ");
  }
});

const send = self.postMessage;
self.postMessage = (message) => {
  if (message.type === RESULT) {
    const { items } = message.data;
    const best = Math.max(...items.flat().map(({ score }) => score), Number.MIN_VALUE);
    for (const item of items.flat()) {
      item.score = rank(item) + THEME * item.score / best;
      delete item.tags; // the theme would show them
    }
    for (const page of items) {
      page.sort((one, other) => other.score - one.score);
    }
    items.sort((one, other) => ofPage(other) - ofPage(one));
  }
  send.call(self, message);
};

// lunr stores equal endings of words once, and compares endings by this string. In lunr's own string nothing separates a character from
// the number after it, so two different endings can have the same string; then a query that reaches such a word fails. "dump" did.
function mendLunr() {
  lunr.TokenSet.prototype.toString = function () {
    const edges = Object.keys(this.edges).sort().map((character) => `${character}${this.edges[character].id},`);
    return this._str || `${this.final ? 1 : 0}${edges.join("")}`;
  };
}

importScripts(`javascripts/workers/${location.search.slice(1)}`);
