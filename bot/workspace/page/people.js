// Faces and names: initials on a colour of their own for people, a drawn sign for the bot.

import { h, icon } from "./dom.js";
import { person, state } from "./state.js";

const HUES = 8;

function hue(id) {
  let sum = 0;
  for (const character of String(id)) sum = (sum * 31 + character.codePointAt(0)) % 9973;
  return sum % HUES;
}

const initials = (name) => name.split(/[\s._-]+/).filter(Boolean).slice(0, 2).map((word) => [...word][0].toUpperCase()).join("");

export const nameOf = (who, id = "") => who?.real_name || who?.name || id;
export const shortName = (who) => nameOf(who).split(/\s+/)[0];

/** A square face. Decoration: the name stands beside it. */
export function face(id, size = "") {
  if (id === state.bot.id) return h("span", { class: `face bot ${size}`, "aria-hidden": "true" }, icon("rollback"));
  if (!id) return h("span", { class: `face system ${size}`, "aria-hidden": "true" }, icon("info"));
  const who = person(id);
  const index = state.people.indexOf(who);
  const colour = index < 0 ? hue(id) : index % HUES;
  return h("span", { class: `face hue-${colour} ${who?.is_guest ? "guest" : ""} ${size}`, "aria-hidden": "true" }, initials(nameOf(who, id) || "?"));
}
