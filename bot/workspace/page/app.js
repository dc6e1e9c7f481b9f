// Puts the page together. The state tells, the views draw; nothing here knows what a frame means.

import { channelView } from "./channel_view.js";
import { connect } from "./connection.js";
import { add, h, icon } from "./dom.js";
import { homeView } from "./home.js";
import { modalLayer } from "./modal.js";
import { shopPanel } from "./panel.js";
import { nameOf } from "./people.js";
import { personaSwitch } from "./persona.js";
import { sidebar } from "./sidebar.js";
import { channel, on, places, setPage, state, take, unread } from "./state.js";
import { themeButton } from "./theme.js";
import { threadPane } from "./thread.js";

const root = document.documentElement;

function localBar() {
  const link = h("span", { class: "link-state", role: "status" });
  const draw = () => {
    const [kind, sign, words] = state.page !== "open" ? ["off", "plug", "Page disconnected, trying again…"] : state.bots > 0 ? ["on", "check", "Bot connected"] : ["wait", "plug", "Bot not connected"];
    link.className = `link-state ${kind}`;
    link.replaceChildren(icon(sign), h("span", {}, words));
    root.classList.toggle("cut", state.page !== "open");
  };
  on("connection hello", draw);
  draw();
  const what = h("p", { class: "local-words" }, h("strong", {}, "LOCAL, not Slack"), h("span", { class: "wide" }, "  ·  everything here happens on this machine"));
  return h("div", { class: "local-bar", role: "note" }, what, link, themeButton());
}

function tabs() {
  const pick = (shop) => {
    root.classList.toggle("shop-open", shop);
    draw();
  };
  const tab = (words, sign, shop) => h("button", { type: "button", class: "tab", on: { click: () => pick(shop) } }, icon(sign), words);
  const chat = tab("Messages", "reply", false);
  const shop = tab("Demo shop", "shop", true);
  const node = h("div", { class: "tabs", role: "group", "aria-label": "What to show" }, chat, shop);
  function draw() {
    const open = root.classList.contains("shop-open");
    chat.setAttribute("aria-pressed", String(!open));
    shop.setAttribute("aria-pressed", String(open));
    const ill = (state.panel?.services ?? []).some((one) => one.healthy === false || one.state === "down");
    shop.lastChild.textContent = `${state.panel?.title ?? "Demo shop"}${ill ? " (failing)" : ""}`;
    shop.classList.toggle("ill", ill);
  }
  on("hello panel", draw);
  on("place thread", () => pick(false));
  return node;
}

function mainHead(toggle) {
  const title = h("h1", {});
  const topic = h("p", { class: "topic" });
  const menu = h("button", { type: "button", class: "icon-button menu-button", "aria-label": "Channels and apps", "aria-controls": "sidebar", "aria-expanded": "false", on: { click: toggle } }, icon("menu"));
  const draw = () => {
    const place = channel(state.place);
    const name = place?.is_im ? nameOf(state.bot) : place?.name;
    title.replaceChildren(...(place ? [icon(place.is_im ? "reply" : place.is_private ? "padlock" : "hash"), name] : [icon("home"), nameOf(state.bot)]));
    topic.textContent = place ? (place.topic ?? "") : "App Home";
    const waiting = places().reduce((sum, one) => sum + (one.id === state.place && !document.hidden ? 0 : unread(one.id)), 0);
    document.title = `${waiting ? `(${waiting}) ` : ""}${place ? `#${name}` : nameOf(state.bot)} · ${state.title}`;
  };
  on("hello place messages read channels", draw);
  return { node: h("header", { class: "pane-head main-head" }, menu, h("div", { class: "main-words" }, title, topic), tabs()), menu };
}

/** The shop stands beside the chat where there is room for both, and behind a tab where there is not. */
function foldPanel() {
  const fold = () => root.classList.toggle("fold-panel", innerWidth < (root.classList.contains("has-thread") ? 1340 : 1080));
  addEventListener("resize", fold);
  on("hello thread place messages persona", fold);
  fold();
}

function start() {
  const open = (value) => {
    root.classList.toggle("menu-open", value);
    head.menu.setAttribute("aria-expanded", String(value));
    if (value) side.querySelector("button")?.focus();
  };
  const head = mainHead(() => open(!root.classList.contains("menu-open")));
  const side = sidebar(() => open(false));
  const chat = channelView();
  const thread = threadPane((ts) => ts && chat.focus(ts));
  const veil = h("div", { class: "veil", on: { click: () => open(false) } });
  add(document.getElementById("top"), [localBar(), personaSwitch()]);
  add(document.getElementById("app"), [side, veil, h("main", { class: "main", id: "main" }, head.node, chat.node, homeView()), thread, shopPanel()]);
  modalLayer();
  foldPanel();
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && root.classList.contains("menu-open")) {
      open(false);
      head.menu.focus();
    }
  });
  connect({ onFrame: take, onState: setPage });
}

start();
