// Slack's mrkdwn as DOM. Builds nodes only from text: whatever the data says, no HTML is parsed.

import { h, link } from "./dom.js";
import { emoji } from "./emoji.js";
import { broadcast, channelMention, date, decode, emojiWords, groupMention, lines, mention, words } from "./words.js";

const STYLES = { "*": "strong", _: "em", "~": "s" };
const WORDLIKE = /[\p{L}\p{N}]/u;

/** A text object, or a bare string, as nodes. mrkdwn is marked up; plain_text shows as it is. */
export function text(object) {
  if (object === undefined || object === null) return [];
  if (typeof object === "string") return plain(object);
  if (object.type === "mrkdwn") return mrkdwn(object.text ?? "");
  return object.emoji === false ? [decode(object.text ?? "")] : plain(object.text ?? "");
}

export const plain = (value) => lines(decode(String(value))).flat(3).filter(Boolean);

/** The bare words of a text object, for labels and announcements. */
export function wordsOf(object) {
  const value = typeof object === "string" ? object : (object?.text ?? "");
  return decode(value.replace(/<[^|<>]*\|([^<>]*)>/g, "$1").replace(/<([^<>]*)>/g, "$1")).replace(/[*`~]/g, "");
}

/** mrkdwn as an array of nodes. */
export function mrkdwn(source) {
  const out = [];
  for (const [index, piece] of String(source).split("```").entries()) {
    const fenced = index % 2 === 1;
    if (fenced) out.push(h("pre", { class: "code-block", tabindex: "0" }, decode(strip(piece))));
    else if (piece) out.push(...paragraphs(index > 0 ? piece.replace(/^\n/, "") : piece));
  }
  return out;
}

const strip = (code) => code.replace(/^\n/, "").replace(/\n$/, "").replace(/<([^|<>]*)(?:\|([^<>]*))?>/g, (_, url, label) => label ?? url);

function paragraphs(piece) {
  const out = [];
  let quote = [];
  let run = [];
  const flush = () => {
    if (quote.length) out.push(h("blockquote", {}, inline(quote.join("\n"))));
    if (run.length) out.push(...inline(run.join("\n")));
    quote = [];
    run = [];
  };
  for (const line of piece.split("\n")) {
    const quoted = line.match(/^(?:>|&gt;) ?(.*)$/);
    if (Boolean(quoted) !== quote.length > 0) flush();
    if (quoted) quote.push(quoted[1]);
    else run.push(line);
  }
  flush();
  return out;
}

/** Inline marks of a run of lines, left to right. */
function inline(source) {
  const out = [];
  let start = 0;
  let at = 0;
  const keep = () => {
    if (at > start) out.push(...words(decode(source.slice(start, at))).flat(3));
  };
  while (at < source.length) {
    const found = mark(source, at);
    if (!found) {
      at += 1;
      continue;
    }
    keep();
    out.push(found.node);
    at += found.length;
    start = at;
  }
  keep();
  return out.filter((node) => node !== "" && node !== false);
}

function mark(source, at) {
  const sign = source[at];
  if (sign === "`") return span(source, at, /`([^`\n]+)`/y, (code) => h("code", {}, decode(code)));
  if (sign === "<") return span(source, at, /<([^<>\n]+)>/y, special);
  if (sign === ":") return drawn(source, at);
  return STYLES[sign] ? styled(source, at, sign) : null;
}

function span(source, at, pattern, build) {
  pattern.lastIndex = at;
  const found = pattern.exec(source);
  return found && { node: build(found[1]), length: found[0].length };
}

function drawn(source, at) {
  const pattern = /:([a-z0-9_+'-]+):(?::skin-tone-\d:)?/y;
  pattern.lastIndex = at;
  const found = pattern.exec(source);
  const node = found && emoji(found[1]);
  return node ? { node, length: found[0].length } : null;
}

/** *bold*, _italic_, ~strike~: marks stand at the edges of words, and end on their own line. */
function styled(source, at, sign) {
  if (at > 0 && (WORDLIKE.test(source[at - 1]) || source[at - 1] === sign)) return null;
  if (!source[at + 1] || /\s/.test(source[at + 1]) || source[at + 1] === sign) return null;
  for (let end = at + 2; end < source.length && source[end] !== "\n"; end += 1) {
    if (source[end] === "`") {
      const close = source.indexOf("`", end + 1);
      if (close > 0) end = close;
      continue;
    }
    const closes = source[end] === sign && !/\s/.test(source[end - 1]) && !WORDLIKE.test(source[end + 1] ?? " ") && source[end + 1] !== sign;
    if (closes) return { node: h(STYLES[sign], {}, inline(source.slice(at + 1, end))), length: end + 1 - at };
  }
  return null;
}

/** What stands between < and >. */
function special(inside) {
  const [head, ...rest] = inside.split("|");
  const label = rest.length ? decode(rest.join("|")) : undefined;
  if (head.startsWith("@")) return mention(head.slice(1), label);
  if (head.startsWith("#")) return channelMention(head.slice(1), label);
  if (!head.startsWith("!")) return link(decode(head), label === undefined ? decode(head) : emojiWords(label));
  const [command, ...parts] = head.slice(1).split("^");
  if (command === "date") return date(parts[0], parts[1] ?? "", parts[2], label);
  if (command === "subteam") return groupMention(label ?? parts[0] ?? "group");
  if (["here", "channel", "everyone"].includes(command)) return broadcast(command);
  return h("span", {}, label ?? `<${decode(inside)}>`);
}
