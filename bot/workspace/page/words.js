// The smallest pieces of text: decoded entities, drawn emoji, bare links, mentions. mrkdwn, Markdown and rich text share them.

import { h, link } from "./dom.js";
import { EMOJI_CHARACTER, emoji, nameOf } from "./emoji.js";
import { channel, person, state } from "./state.js";
import { fillDate, full } from "./time.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
/** Slack escapes three characters only. */
export const decode = (text) => text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]);

/** :name: and typed emoji as pictures, the rest as text. */
export function emojiWords(text) {
  const out = [];
  let at = 0;
  for (const found of text.matchAll(/:([a-z0-9_+'-]+):/g)) {
    const picture = emoji(found[1]);
    if (!picture) continue;
    out.push(...characters(text.slice(at, found.index)), picture);
    at = found.index + found[0].length;
  }
  out.push(...characters(text.slice(at)));
  return out;
}

function characters(text) {
  const out = [];
  let at = 0;
  for (const found of text.matchAll(EMOJI_CHARACTER)) {
    out.push(text.slice(at, found.index), emoji(nameOf(found[0])) ?? found[0]);
    at = found.index + found[0].length;
  }
  out.push(text.slice(at));
  return out.filter(Boolean);
}

/** Plain words with line breaks, emoji and bare addresses made into links. */
export function words(text) {
  const out = [];
  let at = 0;
  for (const found of text.matchAll(/https?:\/\/[^\s<>()"'`|]*[^\s<>()"'`|.,;:!?*_~]/g)) {
    out.push(lines(text.slice(at, found.index)), link(found[0], found[0]));
    at = found.index + found[0].length;
  }
  out.push(lines(text.slice(at)));
  return out;
}

export function lines(text) {
  return text.split("\n").map((line, index) => [index > 0 && h("br"), emojiWords(line)]);
}

export function mention(id, label) {
  const who = person(id);
  const name = who?.real_name || who?.name || label || id;
  const mine = id === state.persona;
  return h("span", { class: mine ? "mention mine" : "mention", title: who?.title || undefined }, `@${name.replace(/^@/, "")}`);
}

export function channelMention(id, label) {
  return h("span", { class: "mention" }, `#${channel(id)?.name ?? label ?? id}`);
}

export const groupMention = (label) => h("span", { class: "mention" }, `@${String(label).replace(/^@/, "")}`);
export const broadcast = (range) => h("span", { class: "mention loud" }, `@${range}`);

export function date(ts, pattern, url, fallback) {
  if (!/^-?\d+$/.test(String(ts))) return document.createTextNode(fallback ?? "");
  const shown = h("time", { datetime: new Date(Number(ts) * 1000).toISOString(), title: full(ts) }, fillDate(ts, pattern));
  return url ? link(url, shown) : shown;
}
