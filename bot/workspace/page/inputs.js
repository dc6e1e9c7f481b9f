// Inputs that a person types or ticks: texts, numbers, dates, checkboxes, radio buttons.

import { h } from "./dom.js";
import { field } from "./form.js";
import { text, wordsOf } from "./mrkdwn.js";
import { press } from "./press.js";

/** The name, hint and error of the input block around, or the element's own words where it stands alone. */
export function naming(one, place) {
  const form = place.form;
  const own = one.accessibility_label ?? wordsOf(one.placeholder) ?? "";
  return form ? { "aria-labelledby": form.labelledby, "aria-describedby": form.describedby, "aria-required": form.required || undefined } : { "aria-label": own || "Choice" };
}

/** True when a change must reach the bot at once: outside of inputs, or where the input asks for it. */
export const speaksUp = (place) => !place.form || place.form.dispatch;

export function textInput(one, place) {
  const types = { number_input: "number", email_text_input: "email", url_text_input: "url" };
  const shared = {
    class: "text-input", placeholder: wordsOf(one.placeholder) || undefined, maxlength: one.max_length, minlength: one.min_length,
    autofocus: one.focus_on_load, data: { action: one.action_id ?? "" }, ...naming(one, place),
  };
  const node = one.multiline
    ? h("textarea", { ...shared, rows: "4" })
    : h("input", { ...shared, type: types[one.type] ?? "text", min: one.min_value, max: one.max_value, step: one.is_decimal_allowed ? "any" : undefined, autocomplete: "off" });
  node.value = one.initial_value ?? "";
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !one.multiline && place.form?.dispatch) press(node, one, place, { value: node.value });
  });
  return field(node, place, one.action_id, () => ({ type: one.type, value: node.value === "" ? null : node.value }));
}

const DATES = {
  datepicker: { type: "date", key: "selected_date", first: (one) => one.initial_date },
  timepicker: { type: "time", key: "selected_time", first: (one) => one.initial_time },
  datetimepicker: { type: "datetime-local", key: "selected_date_time", first: (one) => local(one.initial_date_time) },
};

function local(seconds) {
  if (!seconds) return "";
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function dateInput(one, place) {
  const { type, key, first } = DATES[one.type];
  const node = h("input", { class: "text-input date", type, autofocus: one.focus_on_load, data: { action: one.action_id ?? "" }, ...naming(one, place) });
  node.value = first(one) ?? "";
  const value = () => (type === "datetime-local" && node.value ? Math.floor(new Date(node.value).getTime() / 1000) : node.value || null);
  if (speaksUp(place)) node.addEventListener("change", () => press(node, one, place, { [key]: value() }));
  return field(node, place, one.action_id, () => ({ type: one.type, [key]: value() }));
}

let groups = 0;

function ticks(one, place, type, chosen, read) {
  groups += 1;
  const boxes = (one.options ?? []).map((option, index) => {
    const id = `tick-${groups}-${index}`;
    const box = h("input", { type, id, name: `tick-${groups}`, data: { action: index === 0 ? (one.action_id ?? "") : "" }, "aria-describedby": option.description ? `${id}-more` : undefined });
    box.checked = chosen.includes(option.value);
    const more = option.description && h("span", { class: "tick-more", id: `${id}-more` }, text(option.description));
    return { box, option, row: h("div", { class: "tick" }, box, h("label", { for: id }, text(option.text)), more) };
  });
  const role = type === "radio" ? "radiogroup" : "group";
  const node = h("div", { class: "ticks", role, ...naming(one, place) }, boxes.map(({ row }) => row));
  const value = () => read(boxes.filter(({ box }) => box.checked).map(({ option }) => option));
  if (speaksUp(place)) node.addEventListener("change", () => press(node, one, place, value()));
  return field(node, place, one.action_id, () => ({ type: one.type, ...value() }));
}

export function checks(one, place) {
  const chosen = (one.initial_options ?? []).map((option) => option.value);
  return ticks(one, place, "checkbox", chosen, (options) => ({ selected_options: options }));
}

export function radios(one, place) {
  return ticks(one, place, "radio", [one.initial_option?.value], ([option]) => ({ selected_option: option ?? null }));
}
