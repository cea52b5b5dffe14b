// The worker of the theme's search, for readers who paste an error message. It loads the theme's own worker, whose file name is
// what stands after "?" in the address, and changes what goes in and what comes out:
// - A query is plain words. To the theme, "+", "-", "~", "^", ":", "*" and quotes are operators, with which a message finds nothing.
// - The pages that have the longest piece of the query, word by word, come first. The theme looks at single words only.
"use strict";

const QUERY = 2, RESULT = 3; // types of messages, see the theme's integrations/search/worker/message
const LONGEST = 1000; // characters of a query that are looked at; the theme's time grows with their square
const PER_WORD = 1e6; // added to a score for each word of the piece. The theme's own scores are in the thousands.
const texts = new Map(); // location -> the words of that section
let separator;
let query = [];

const split = (text) => text.toLowerCase().split(separator).filter(Boolean);

// A space before and after every word and every Chinese character. The plugin has put U+200B, a separator, between Chinese words.
const spaced = (text) => ` ${split(text).join(" ").replace(/\p{sc=Han}/gu, " $& ").split(/\s+/).filter(Boolean).join(" ")} `;

// How many consecutive words of the query stand in a text. One is nothing special.
function longest(text) {
  let most = 1;
  for (let first = 0; first + most < query.length; first++) {
    while (first + most < query.length && text.includes(` ${query.slice(first, first + most + 1).join(" ")} `)) {
      most++;
    }
  }
  return most > 1 ? most : 0;
}

addEventListener("message", ({ data: message }) => {
  if (message.data.docs) {
    separator = new RegExp(message.data.config.separator);
    for (const { location, title, text } of message.data.docs) {
      texts.set(location, spaced(`${title} ${text.replace(/<[^>]*>/g, " ")}`));
    }
  } else if (message.type === QUERY) {
    const text = message.data.slice(0, LONGEST);
    query = spaced(text).trim().split(" ");
    // The index has no stop words, so the theme takes them for the beginnings of other words.
    const words = split(text.replace(/\p{sc=Han}+/gu, " $& "));
    const kept = words.filter(lunr.stopWordFilter);
    message.data = [...new Set(kept.length ? kept : words)].join(" ");
  }
});

const send = self.postMessage;
self.postMessage = (message) => {
  if (message.type === RESULT) {
    const { items } = message.data;
    for (const item of items.flat()) {
      item.score += PER_WORD * longest(texts.get(item.location));
    }
    for (const page of items) {
      page.sort((one, other) => other.score - one.score);
    }
    items.sort(([one], [other]) => other.score - one.score);
  }
  send.call(self, message);
};

importScripts(`javascripts/workers/${location.search.slice(1)}`);

// lunr stores equal endings of words once, and compares endings by this string. In lunr's own string nothing separates a character from
// the number after it, so two different endings can have the same string; then a query that reaches such a word fails. "dump" did.
lunr.TokenSet.prototype.toString = function () {
  const edges = Object.keys(this.edges).sort().map((character) => `${character}${this.edges[character].id},`);
  return this._str || `${this.final ? 1 : 0}${edges.join("")}`;
};
