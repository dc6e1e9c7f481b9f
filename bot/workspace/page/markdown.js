// Standard Markdown, as far as Slack's markdown block takes it: headings, lists, tasks, quotes, fences, tables, rules and inline marks.

import { h, link } from "./dom.js";
import { words } from "./words.js";

/** Markdown as an array of block nodes. */
export function markdown(source) {
  const rows = String(source).replace(/\r\n?/g, "\n").split("\n");
  const out = [];
  let at = 0;
  while (at < rows.length) {
    const block = BLOCKS.map((take) => take(rows, at)).find(Boolean) ?? paragraph(rows, at);
    if (block.node) out.push(block.node);
    at = block.next;
  }
  return out;
}

const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const RULE = /^\s{0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ALIGNMENT = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const cells = (row) => row.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));

const BLOCKS = [
  function blank(rows, at) {
    return rows[at].trim() ? null : { next: at + 1 };
  },
  function fence(rows, at) {
    if (!rows[at].startsWith("```")) return null;
    const close = rows.indexOf("```", at + 1);
    const end = close < 0 ? rows.length : close;
    return { node: h("pre", { class: "code-block", tabindex: "0" }, rows.slice(at + 1, end).join("\n")), next: end + 1 };
  },
  function heading(rows, at) {
    const found = rows[at].match(/^(#{1,6})\s+(.*?)\s*#*$/);
    return found && { node: h("p", { class: `md-heading md-${found[1].length}`, role: "heading", "aria-level": found[1].length + 2 }, inline(found[2])), next: at + 1 };
  },
  function rule(rows, at) {
    return RULE.test(rows[at]) ? { node: h("hr"), next: at + 1 } : null;
  },
  function quote(rows, at) {
    if (!/^\s{0,3}>/.test(rows[at])) return null;
    let end = at;
    while (end < rows.length && /^\s{0,3}>/.test(rows[end])) end += 1;
    const inside = rows.slice(at, end).map((row) => row.replace(/^\s{0,3}> ?/, ""));
    return { node: h("blockquote", {}, markdown(inside.join("\n"))), next: end };
  },
  function table(rows, at) {
    if (!rows[at].includes("|") || !ALIGNMENT.test(rows[at + 1] ?? "") || !rows[at + 1].includes("-")) return null;
    let end = at + 2;
    while (end < rows.length && rows[end].includes("|")) end += 1;
    const row = (tag, text) => h("tr", {}, cells(text).map((cell) => h(tag, tag === "th" ? { scope: "col" } : {}, inline(cell))));
    const body = rows.slice(at + 2, end).map((text) => row("td", text));
    const node = h("table", { class: "table" }, h("thead", {}, row("th", rows[at])), h("tbody", {}, body));
    return { node: h("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "Table" }, node), next: end };
  },
  list,
];

function list(rows, at) {
  const first = rows[at].match(ITEM);
  if (!first) return null;
  const depth = first[1].length;
  const ordered = /\d/.test(first[2]);
  const items = [];
  let next = at;
  while (next < rows.length) {
    const found = rows[next].match(ITEM);
    if (found && found[1].length > depth && items.length) {
      const inner = list(rows, next);
      items.at(-1).append(inner.node);
      next = inner.next;
    } else if (found && found[1].length === depth && /\d/.test(found[2]) === ordered) {
      items.push(item(found[3]));
      next += 1;
    } else if (!found && rows[next].trim() && /^\s/.test(rows[next])) {
      items.at(-1).append(" ", ...inline(rows[next].trim()));
      next += 1;
    } else break;
  }
  return { node: h(ordered ? "ol" : "ul", { start: ordered ? parseInt(first[2], 10) : undefined }, items), next };
}

function item(text) {
  const task = text.match(/^\[([ xX])\]\s+(.*)$/);
  if (!task) return h("li", {}, inline(text));
  const done = task[1] !== " ";
  return h("li", { class: "task" }, h("span", { class: "box", role: "img", "aria-label": done ? "done" : "not done" }, done ? "☑" : "☐"), " ", inline(task[2]));
}

function paragraph(rows, at) {
  let end = at + 1;
  while (end < rows.length && rows[end].trim() && !BLOCKS.some((take) => take(rows, end))) end += 1;
  return { node: h("p", {}, inline(rows.slice(at, end).join("\n"))), next: end };
}

// Each: pattern at this place, and the node it makes.
const MARKS = [
  [/\\([\\`*_{}[\]()#+.!~|>-])/y, (found) => document.createTextNode(found[1])],
  [/`([^`\n]+)`/y, (found) => h("code", {}, found[1])],
  [/!?\[([^\]\n]*)\]\(([^()\s]+)(?:\s+"[^"]*")?\)/y, (found) => link(found[2], found[1] ? inline(found[1]) : found[2])],
  [/<(https?:\/\/[^<>\s]+)>/y, (found) => link(found[1], found[1])],
  [/(\*\*|__)(?=\S)([\s\S]+?)(?<=\S)\1/y, (found) => h("strong", {}, inline(found[2]))],
  [/~~(?=\S)([\s\S]+?)(?<=\S)~~/y, (found) => h("s", {}, inline(found[1]))],
  [/([*_])(?=\S)([^*_]+?)(?<=\S)\1(?![\p{L}\p{N}])/uy, (found) => h("em", {}, inline(found[2]))],
];

function inline(source) {
  const out = [];
  let start = 0;
  let at = 0;
  const keep = () => at > start && out.push(words(source.slice(start, at)));
  while (at < source.length) {
    const inWord = source[at] === "_" && at > 0 && /[\p{L}\p{N}]/u.test(source[at - 1]);
    const hit = inWord || !"\\`![<*_~".includes(source[at]) ? null : firstMark(source, at);
    if (!hit) {
      at += 1;
      continue;
    }
    keep();
    out.push(hit.build(hit.found));
    at += hit.found[0].length;
    start = at;
  }
  keep();
  return out;
}

function firstMark(source, at) {
  for (const [pattern, build] of MARKS) {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found) return { found, build };
  }
  return null;
}
