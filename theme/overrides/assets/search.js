// The worker of the theme's search, for readers who paste an error message or type what they see. It loads the theme's own worker, whose
// file name is what stands after "?" in the address, and changes what goes in and what comes out:
// - A query is plain words. To the theme, "+", "-", "~", "^", ":", "*" and quotes are operators, with which a message finds nothing.
// - The results are in another order. The theme looks at single words only. Here a section counts as much as it has of the query in one
//   piece, and a section that the query calls by name counts most: by its title, or by a name that the build wrote into the index, as a tag.
"use strict";

const QUERY = 2, RESULT = 3; // types of messages, see the theme's integrations/search/worker/message
const LONGEST = 1000; // characters of a query that are looked at; the theme's time grows with their square
// What each kind of agreement weighs. Each is a share of the query, from 0 to 1.
const IN_ONE_PIECE = 3, ANYWHERE = 1.5, ON_THE_PAGE = 0.5, BY_NAME = 5, BY_TITLE = 3, THEME = 0.2, NEXT_SECTIONS = 0.25;
const LONGEST_WORD = 12; // in Chinese characters
const REPEATED = 8; // words of a query after which what follows is taken for a repetition
const SCATTERED = 0.6; // of a name whose words stand in the query, but not one after the other
// Words that say nothing of what is looked for.
const FILLING = new Set(("a an and any are as at be been but by can cannot can't do does doesn don for from get has have how i in is it its me my of on or s so t "
  + "that the their them there this to was were what when where which while why will with you your").split(" "));
const FILLING_HAN = /怎么办|怎么样|为什么|怎么|怎样|如何|什么|哪里|哪些|是否|可以|应该|但是|而且|以及|或者|一下|一个|[了的吗呢吧是在把被和与就都也又很会能要该请我你它]/gu;
const sections = new Map(); // location -> the words of a section, of its title and of each of its names
const pages = new Map(); // location of a page -> the words of all its sections
const hanWords = new Set(); // the Chinese words of the index
const rarities = new Map(); // word -> how rare the word is among the sections
let separator;
let length = 0; // of a section, on average, in characters
let query = { words: [], parts: [], text: "", weight: 1 };

// What is left of an English word in all its forms: hang, hangs, hanging, hanged.
const stem = (word) => (/^[a-z]{5,}$/.test(word) ? word.replace(/(?:ies|ied)$/, "y").replace(/(?:ing|ed|es|s|e)$/, "") : word);
const split = (text) => text.toLowerCase().split(separator).filter(Boolean);

// A space before and after every word and every Chinese character. The plugin has put U+200B, a separator, between Chinese words.
const spaced = (text) => ` ${split(text).map(stem).join(" ").replace(/\p{sc=Han}/gu, " $& ").split(/\s+/).filter(Boolean).join(" ")} `;

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

// How much it says that a section has these words: the rarer, the more. A word that no section has says nothing.
function rarity(words) {
  if (!rarities.has(words)) {
    const having = [...sections.values()].filter(({ all }) => all.includes(words)).length;
    rarities.set(words, having && !FILLING.has(words.trim()) ? Math.log(1 + sections.size / having) : 0);
  }
  return rarities.get(words);
}

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

const weightOf = (parts) => parts.reduce((sum, part) => sum + rarity(part), 0);

// The weight of the heaviest piece of the query, of two words or more, that a text has.
function heaviest(text) {
  const { words } = query;
  const piece = (from, to) => ` ${words.slice(from, to).join(" ")} `;
  const tried = new Set(); // pieces at which a search began: a query may repeat itself many times
  let most = 0;
  for (let from = 0, to; from < words.length - 1; from = Math.max(from + 1, to - 1)) {
    to = from + 1;
    const start = piece(from, from + REPEATED);
    if (!tried.has(start)) {
      tried.add(start);
      while (to < words.length && text.includes(piece(from, to + 1))) {
        to++;
      }
    }
    if (to > from + 1) {
      most = Math.max(most, weightOf(partsOf(words.slice(from, to))));
    }
  }
  return most;
}

// The weight of the query's parts that a text has. A part that comes more often counts more, but never twice as much.
const scattered = (text) => query.parts.reduce((sum, part) => {
  const times = rarity(part) ? text.split(part).length - 1 : 0;
  return sum + rarity(part) * times / (times + 0.5 + 0.5 * text.length / length);
}, 0);

// The weight of a name that stands in the query; "…" in it stands for any words. Less where its words stand in another order, else 0.
function named(name) {
  let at = 0;
  const parts = name.flatMap((words) => partsOf(words.trim().split(" ")));
  if (name.every((words) => (at = query.text.indexOf(words, at) + words.length - 1) >= words.length - 1)) {
    return weightOf(parts);
  }
  return parts.length > 1 && parts.every((part) => query.text.includes(part) || !rarity(part)) ? SCATTERED * weightOf(parts) : 0;
}

function rank({ location }) {
  const { all, title, names, boost } = sections.get(location);
  return boost / query.weight * (
    IN_ONE_PIECE * heaviest(all)
    + ANYWHERE * scattered(all)
    + ON_THE_PAGE * weightOf(query.parts.filter((part) => pages.get(location.split("#")[0]).includes(part)))
    + Math.max(BY_TITLE * named([title]), ...names.map((name) => BY_NAME * named(name)))
  );
}

// A page's place: its best section counts, and those that come next a little.
const ofPage = ([best, ...others]) => best.score + NEXT_SECTIONS * others.slice(0, 3).reduce((sum, { score }) => sum + score, 0);

addEventListener("message", ({ data: message }) => {
  if (message.data.docs) {
    mendLunr(); // not before: in a site that is read from a folder importScripts does not wait
    separator = new RegExp(message.data.config.separator);
    for (const { location, title, text, tags = [], boost = 1 } of message.data.docs) {
      const page = location.split("#")[0];
      split(`${title} ${text} ${tags.join(" ")}`).flatMap((word) => word.match(/\p{sc=Han}+/gu) || []).forEach((word) => hanWords.add(word));
      const all = spaced([title, text, ...tags].join(" \u2026 ").replace(/<[^>]*>/g, " "));
      const names = tags.map((name) => unfilled(name).split("\u2026").map(spaced).filter((words) => words.trim()));
      sections.set(location, { all, title: spaced(title.replace(/<[^>]*>/g, " ")), names, boost });
      pages.set(page, `${pages.get(page) || ""}${all}`);
      length += all.length / message.data.docs.length;
    }
  } else if (message.type === QUERY) {
    const text = message.data.slice(0, LONGEST);
    const words = spaced(unfilled(text)).trim().split(" ");
    query = { words, parts: [...new Set(partsOf(words))], text: ` ${words.join(" ")} `, weight: weightOf(partsOf(words)) || 1 };
    // The index has no stop words, so the theme takes them for the beginnings of other words.
    const all = [...split(text.replace(/\p{sc=Han}+/gu, " ")).map(stem), ...hanWordsOf(text)];
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
