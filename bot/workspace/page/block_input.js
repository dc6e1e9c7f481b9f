// The input block: label, one element, hint, and the place for the server's word on what is wrong with it.

import { h } from "./dom.js";
import { element } from "./elements.js";
import { text, wordsOf } from "./mrkdwn.js";

let made = 0;

export function input(block, place) {
  made += 1;
  const id = `input-${made}`;
  const label = h("span", { class: "input-label", id: `${id}-label` }, text(block.label), block.optional && h("span", { class: "optional" }, " (optional)"));
  const hint = block.hint && h("span", { class: "input-hint", id: `${id}-hint` }, text(block.hint));
  const error = h("span", { class: "input-error", id: `${id}-error`, role: "alert" });
  const describedby = [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(" ");
  const within = Object.create(place, {
    form: { value: { labelledby: `${id}-label`, describedby, label: wordsOf(block.label), required: !block.optional, dispatch: Boolean(block.dispatch_action) } },
  });
  return h("div", { class: "b-input", data: { block: block.block_id ?? "" } }, label, element(block.element ?? {}, within), hint, error);
}
