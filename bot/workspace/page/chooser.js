// Every kind of select: a field with a searchable list (the combobox pattern), one choice or many.

import { h, hidden, icon } from "./dom.js";
import { shape, source } from "./choices.js";
import { floatBy } from "./floating.js";
import { field } from "./form.js";
import { naming, speaksUp } from "./inputs.js";
import { text, wordsOf } from "./mrkdwn.js";
import { press } from "./press.js";

const TYPING = 150; // ms between the last key and the search
let made = 0;

export function chooser(one, place) {
  made += 1;
  const id = `choices-${made}`;
  const { many, first, key, pick } = shape(one);
  const search = source(one, place);
  let chosen = first;
  let list = null; // {close, node, options, at}
  let asked = 0;
  let timer = 0;

  const box = h("input", {
    class: "choice-input", type: "text", role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-haspopup": "listbox",
    autocomplete: "off", spellcheck: "false", autofocus: one.focus_on_load, data: { action: one.action_id ?? "" }, ...naming(one, place),
  });
  const chips = h("span", { class: "chips" });
  const node = h("div", { class: many ? "choice many" : "choice" }, many && chips, box, icon("down", "choice-arrow"));
  const value = () => ({ [key]: many ? chosen.map(pick) : chosen.length ? pick(chosen[0]) : null });

  function rest() {
    box.value = !many && chosen.length ? wordsOf(chosen[0].text) : "";
    box.placeholder = many && chosen.length ? "" : wordsOf(one.placeholder) || "Choose";
    chips.replaceChildren(...chosen.map((each) => {
      const drop = () => toggle(each);
      return h("span", { class: "chip" }, wordsOf(each.text), h("button", { type: "button", class: "chip-off", "aria-label": `Remove ${wordsOf(each.text)}`, on: { click: drop } }, icon("close")));
    }));
  }

  function toggle(each) {
    const has = chosen.some((other) => other.value === each.value);
    if (many) chosen = has ? chosen.filter((other) => other.value !== each.value) : [...chosen, each].slice(0, one.max_selected_items ?? 100);
    else chosen = [each];
    rest();
    if (!many) shut();
    else if (list) look("");
    if (speaksUp(place)) press(box, one, place, value());
  }

  function shut() {
    list?.close();
    list = null;
  }

  async function look(query) {
    asked += 1;
    const mine = asked;
    open();
    const { found, note } = await search(query);
    if (mine !== asked || !list) return;
    show(found, note);
  }

  function open() {
    if (list) return;
    const surface = h("div", { class: "floating listbox", role: "listbox", id, "aria-label": wordsOf(one.placeholder) || place.form?.label || "Options", "aria-multiselectable": many || undefined }, h("p", { class: "listbox-note" }, "Looking…"));
    const close = floatBy(node, surface, () => {
      list = null;
      box.setAttribute("aria-expanded", "false");
      box.removeAttribute("aria-activedescendant");
      rest();
    });
    list = { close, node: surface, options: [], at: -1 };
    box.setAttribute("aria-expanded", "true");
    box.setAttribute("aria-controls", id);
  }

  function show(found, note) {
    let group;
    const rows = found.slice(0, 100).map(({ option: each, group: label }, index) => {
      const head = label && label !== group && h("p", { class: "listbox-group" }, label);
      group = label;
      const on = chosen.some((other) => other.value === each.value);
      const row = h("div", { role: "option", id: `${id}-${index}`, class: "option", "aria-selected": String(on) }, h("span", {}, text(each.text), each.description && h("small", {}, text(each.description))), on && icon("check"));
      row.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the field
      row.addEventListener("click", () => toggle(each));
      return { head, row, each };
    });
    list.options = rows;
    list.at = -1;
    const empty = !rows.length && h("p", { class: "listbox-note" }, note ?? "Nothing fits");
    list.node.replaceChildren(...rows.flatMap(({ head, row }) => [head, row]).filter(Boolean), ...(empty ? [empty] : []), hidden(`${rows.length} options`));
    if (rows.length) mark(Math.max(0, rows.findIndex(({ each }) => chosen.some((other) => other.value === each.value))));
  }

  function mark(at) {
    if (!list?.options.length) return;
    list.at = (at + list.options.length) % list.options.length;
    list.options.forEach(({ row }, index) => row.classList.toggle("active", index === list.at));
    const { row } = list.options[list.at];
    row.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", row.id);
  }

  box.addEventListener("click", () => (list ? undefined : look("")));
  box.addEventListener("focus", () => box.select());
  box.addEventListener("blur", shut);
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => look(box.value), TYPING);
  });
  box.addEventListener("keydown", (event) => {
    const { key: name } = event;
    if (name === "ArrowDown" || name === "ArrowUp") list ? mark(list.at + (name === "ArrowDown" ? 1 : -1)) : look("");
    else if (name === "Enter" && list?.options[list.at]) toggle(list.options[list.at].each);
    else if (name === "Escape" && list) shut();
    else if (name === "Backspace" && many && !box.value && chosen.length) toggle(chosen.at(-1));
    else return;
    if (name !== "Backspace") event.preventDefault();
    event.stopPropagation();
  });
  rest();
  return field(node, place, one.action_id, () => ({ type: one.type, ...value() }));
}
