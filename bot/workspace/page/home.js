// The bot's App Home, as its present view for the present persona.

import { drawBlocks } from "./blocks.js";
import { post } from "./connection.js";
import { h, icon, settle } from "./dom.js";
import { face, nameOf } from "./people.js";
import { on, state } from "./state.js";

export function homeView() {
  const blocks = h("div", { class: "home-blocks", data: { surface: "home" } });
  const empty = h("p", { class: "empty" }, icon("home"), " Nothing here yet: the bot has not published its home for you.");
  const inner = h("div", { class: "home-inner" });
  const node = h("div", { class: "home", tabindex: "0", role: "region", "aria-label": "App Home", hidden: true }, inner);
  const memory = new Map();
  const head = h("header", { class: "home-head" });

  function draw() {
    node.hidden = state.place !== "home";
    if (node.hidden) return;
    const view = state.homes.get(state.persona);
    head.replaceChildren(face(state.bot.id, "large"), h("span", {}, h("strong", {}, nameOf(state.bot)), h("small", {}, "App Home")));
    settle(inner, [head, view ? blocks : empty]);
    if (view) drawBlocks(blocks, view.blocks, { kind: "home", view_id: view.id, memory });
  }
  on("hello place home", draw);
  on("persona", () => {
    if (state.place === "home") post("home", { user: state.persona });
    draw();
  });
  on("hello", () => state.place === "home" && post("home", { user: state.persona }));
  return node;
}
