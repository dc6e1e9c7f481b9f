// Who one is at this page: a row of radio buttons, so arrows and a press both work. A dot says that somebody else has private news.

import { announce } from "./announce.js";
import { h, hidden } from "./dom.js";
import { face, nameOf, shortName } from "./people.js";
import { become, on, state } from "./state.js";

/** What somebody may do here, in a word or two. */
const duty = (person) => person.title || (person.is_guest ? "guest" : "");

export function personaSwitch() {
  const row = h("div", { class: "persona-row" });
  const node = h("fieldset", { class: "persona" }, h("legend", {}, "You are"), row);

  function draw() {
    row.replaceChildren(...state.people.map((person) => {
      const box = h("input", { type: "radio", name: "persona", class: "sr", id: `persona-${person.id}`, value: person.id });
      box.checked = person.id === state.persona;
      box.addEventListener("change", () => become(person.id));
      const dot = h("span", { class: "dot", hidden: true, data: { dot: person.id } });
      const words = h("span", { class: "persona-words" }, h("strong", {}, shortName(person)), h("small", {}, duty(person)));
      return h("span", { class: "persona-one" }, box, h("label", { for: box.id, title: [nameOf(person), person.title].filter(Boolean).join(", ") }, face(person.id, "small"), words, dot));
    }));
    dots();
  }

  function dots() {
    for (const dot of row.querySelectorAll("[data-dot]")) {
      const waiting = state.calls.get(dot.dataset.dot) ?? 0;
      dot.hidden = !waiting;
      dot.replaceChildren(...(waiting ? [String(waiting), hidden(waiting === 1 ? " private message waits" : " private messages wait")] : []));
    }
  }

  function changed() {
    for (const box of row.querySelectorAll("input")) box.checked = box.value === state.persona;
    dots();
    announce(`You are now ${nameOf(state.people.find((one) => one.id === state.persona))}`);
  }
  on("hello", draw);
  on("persona", changed);
  on("calls", dots);
  return node;
}
