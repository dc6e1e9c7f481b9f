// The left column: workspace, channels, the bot's App Home, and who you are now.

import { post } from "./connection.js";
import { h, icon, settle } from "./dom.js";
import { faultTray } from "./faults.js";
import { face, nameOf } from "./people.js";
import { go, me, on, places, state, unread } from "./state.js";

/** The sidebar's node; `close` is called when a place was chosen (phones hide the sidebar then). */
export function sidebar(close) {
  const team = h("p", { class: "team" });
  const channels = h("ul", { class: "places" });
  const apps = h("ul", { class: "places" });
  const who = h("p", { class: "you" });
  const node = h(
    "nav",
    { class: "sidebar", id: "sidebar", "aria-label": "Channels and apps" },
    team,
    h("h2", { id: "h-channels" }, "Channels"),
    channels,
    h("h2", { id: "h-apps" }, "Apps"),
    apps,
    faultTray(),
    who,
  );
  const rows = new Map();

  function row(id, sign, words, pick) {
    if (!rows.has(id)) {
      const count = h("span", { class: "count" });
      const name = h("span", { class: "place-name" });
      const button = h("button", { type: "button", class: "place", data: { place: id }, on: { click: pick } }, sign, name, count);
      rows.set(id, { item: h("li", {}, button), button, name, count });
    }
    const { item, button, name, count } = rows.get(id);
    const waiting = id === "home" || id === state.place ? 0 : unread(id);
    name.textContent = words;
    count.textContent = waiting || "";
    button.setAttribute("aria-label", waiting ? `${words}, ${waiting} unread` : words);
    button.classList.toggle("unread", waiting > 0);
    if (id === state.place) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
    return item;
  }

  const enter = (place) => () => {
    go(place);
    if (place === "home") post("home", { user: state.persona });
    close();
  };

  function draw() {
    team.replaceChildren(h("span", { class: "team-sign", "aria-hidden": "true" }, (state.team.name ?? "L")[0]), h("strong", {}, state.team.name ?? "Local workspace"));
    const mine = places();
    settle(channels, mine.filter((one) => !one.is_im).map((one) => row(one.id, icon(one.is_private ? "padlock" : "hash"), one.name, enter(one.id))));
    const talks = mine.filter((one) => one.is_im).map((one) => row(one.id, icon("reply"), `${nameOf(state.bot)} messages`, enter(one.id)));
    settle(apps, [row("home", icon("home"), `${nameOf(state.bot)} home`, enter("home")), ...talks]);
    const person = me();
    who.replaceChildren(...(person ? [face(person.id, "small"), h("span", {}, h("strong", {}, nameOf(person)), h("small", {}, person.title ?? ""))] : []));
  }
  on("hello place messages channels persona read", draw);
  return node;
}
