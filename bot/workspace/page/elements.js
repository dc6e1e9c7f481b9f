// One interactive element of a block: buttons and overflow menus here, choices and inputs in their own modules.

import { h, icon, safeUrl } from "./dom.js";
import { chooser } from "./chooser.js";
import { floatBy } from "./floating.js";
import { dateInput, checks, radios, textInput } from "./inputs.js";
import { text, wordsOf } from "./mrkdwn.js";
import { picture } from "./picture.js";
import { press } from "./press.js";

const DRAW = {
  button, overflow,
  workflow_button: button,
  image: (one) => picture(one, "b-thumb"),
  checkboxes: checks,
  radio_buttons: radios,
  plain_text_input: textInput, number_input: textInput, email_text_input: textInput, url_text_input: textInput,
  datepicker: dateInput, timepicker: dateInput, datetimepicker: dateInput,
};
for (const kind of ["static", "external", "users", "conversations", "channels"]) {
  DRAW[`${kind}_select`] = chooser;
  DRAW[`multi_${kind}_select`] = chooser;
}

/** The node of an element; an unknown one is a labelled box. */
export function element(one, place) {
  if (Object.hasOwn(DRAW, one.type)) return DRAW[one.type](one, place);
  return h("details", { class: "unknown" }, h("summary", {}, `Unknown element: ${one.type ?? "without a type"}`), h("pre", { class: "code-block" }, JSON.stringify(one, null, 2)));
}

function button(one, place) {
  const style = ["primary", "danger"].includes(one.style) ? one.style : "";
  const node = h("button", { type: "button", class: `button ${style}`, "aria-label": one.accessibility_label, data: { action: one.action_id ?? "" } }, text(one.text));
  node.addEventListener("click", () => {
    if (one.url && safeUrl(one.url)) open(one.url, "_blank", "noopener,noreferrer");
    press(node, one, place, { value: one.value });
  });
  return node;
}

function overflow(one, place) {
  const label = one.accessibility_label ?? "More actions";
  const node = h("button", { type: "button", class: "button overflow", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": label, data: { action: one.action_id ?? "" } }, icon("more"));
  node.addEventListener("click", () => menu(node, one, place));
  return node;
}

function menu(anchor, one, place) {
  if (anchor.getAttribute("aria-expanded") === "true") return;
  const items = (one.options ?? []).map((option) => {
    const choose = () => {
      close();
      anchor.focus();
      if (option.url && safeUrl(option.url)) open(option.url, "_blank", "noopener,noreferrer");
      press(anchor, one, place, { selected_option: option });
    };
    return h("button", { type: "button", role: "menuitem", tabindex: "-1", class: "menu-item", on: { click: choose } }, text(option.text));
  });
  const list = h("div", { class: "floating menu", role: "menu", "aria-label": wordsOf(one.accessibility_label ?? "More actions") }, items);
  const close = floatBy(anchor, list, () => anchor.setAttribute("aria-expanded", "false"));
  anchor.setAttribute("aria-expanded", "true");
  items[0]?.focus();
  list.addEventListener("keydown", (event) => {
    const at = items.indexOf(document.activeElement);
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 };
    if (event.key in steps) items[steps[event.key] % items.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") {
      close();
      anchor.focus();
    } else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  });
}
