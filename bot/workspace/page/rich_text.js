// rich_text blocks as DOM: sections, lists, quotes, preformatted text and their styled inline elements.

import { h, link } from "./dom.js";
import { emoji } from "./emoji.js";
import { broadcast, channelMention, date, groupMention, lines, mention } from "./words.js";

/** The elements of a rich_text block as nodes. Two lists in a row stay two lists: Slack nests them by `indent`. */
export function richText(block) {
  return (block?.elements ?? []).map(part);
}

function part(element) {
  const inside = element.elements ?? [];
  if (element.type === "rich_text_section") return h("div", { class: "rich-section" }, inside.map(inlineElement));
  if (element.type === "rich_text_list") return list(element);
  if (element.type === "rich_text_quote") return h("blockquote", {}, inside.map(inlineElement));
  if (element.type === "rich_text_preformatted") {
    return h("pre", { class: "code-block", tabindex: "0" }, inside.map((one) => (one.type === "text" ? one.text : inlineElement(one))));
  }
  return h("div", {}, JSON.stringify(element));
}

function list(element) {
  const indent = Math.min(Math.max(Number(element.indent) || 0, 0), 8);
  const tag = element.style === "ordered" ? "ol" : "ul";
  const start = tag === "ol" && element.offset ? Number(element.offset) + 1 : undefined;
  const items = (element.elements ?? []).map((section) => h("li", {}, (section.elements ?? []).map(inlineElement)));
  return h(tag, { class: `rich-list indent-${indent} ${element.border ? "bordered" : ""}`, start }, items);
}

const TAGS = { code: "code", strike: "s", italic: "em", bold: "strong", underline: "u", highlight: "mark" };

function styled(node, style) {
  let out = node;
  for (const [name, tag] of Object.entries(TAGS)) if (style?.[name]) out = h(tag, {}, out);
  return out;
}

function inlineElement(element) {
  return styled(bare(element), element.style);
}

function bare(element) {
  switch (element.type) {
    case "text":
      return h("span", {}, element.style?.code ? element.text : lines(element.text ?? ""));
    case "link":
      return link(element.url, element.text ?? element.url);
    case "emoji":
      return emoji(element.name) ?? `:${element.name}:`;
    case "user":
      return mention(element.user_id);
    case "channel":
      return channelMention(element.channel_id);
    case "usergroup":
      return groupMention(element.usergroup_id);
    case "broadcast":
      return broadcast(element.range);
    case "date":
      return date(element.timestamp, element.format ?? "{date_short} at {time}", element.url, element.fallback);
    case "color":
      return h("code", {}, element.value);
    default:
      return element.text ?? `[${element.type}]`;
  }
}
