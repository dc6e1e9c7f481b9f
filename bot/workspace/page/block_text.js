// Blocks of words and pictures: header, section, context, divider, image, alert, rich text, markdown, and the row of actions.

import { add, h, icon } from "./dom.js";
import { element } from "./elements.js";
import { markdown } from "./markdown.js";
import { text } from "./mrkdwn.js";
import { picture } from "./picture.js";
import { richText } from "./rich_text.js";

export const header = (block) => h("p", { class: "b-header", role: "heading", "aria-level": "3" }, text(block.text));

export function section(block, place) {
  const body = h("div", { class: "b-body" });
  if (block.text) add(body, h("div", { class: "b-text" }, text(block.text)));
  if (block.fields?.length) add(body, h("div", { class: "b-fields" }, block.fields.map((field) => h("div", { class: "b-field" }, text(field)))));
  const accessory = block.accessory && h("div", { class: "b-accessory" }, element(block.accessory, place));
  return h("div", { class: "b-section" }, body, accessory);
}

export function context(block) {
  const parts = (block.elements ?? []).map((one) => (one.type === "image" ? picture(one, "b-context-image") : h("span", { class: "b-context-text" }, text(one))));
  return h("div", { class: "b-context" }, parts);
}

export const divider = () => h("hr", { class: "b-divider" });

export function actions(block, place) {
  return h("div", { class: "b-actions", role: "group", "aria-label": "Actions" }, (block.elements ?? []).map((one) => element(one, place)));
}

export function image(block) {
  const title = block.title && h("figcaption", {}, text(block.title));
  return h("figure", { class: "b-image" }, title, picture(block, "b-picture"));
}

const LEVELS = { info: "Note", success: "Good", warning: "Warning", error: "Error" };
export function alert(block) {
  const level = Object.hasOwn(LEVELS, block.level) ? block.level : "default";
  const sign = { success: "check", warning: "alert", error: "cross" }[level] ?? "info";
  return h("div", { class: `b-alert ${level}`, role: "note" }, icon(sign), h("span", {}, LEVELS[level] && h("strong", {}, `${LEVELS[level]}: `), text(block.text)));
}

export const rich = (block) => h("div", { class: "b-rich" }, richText(block));
export const markdownBlock = (block) => h("div", { class: "b-markdown" }, markdown(block.text ?? ""));
