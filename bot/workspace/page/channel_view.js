// The open channel: its head, its messages, the composer, and the first steps for somebody who has just come.

import { announce } from "./announce.js";
import { composer } from "./composer.js";
import { h, icon } from "./dom.js";
import { spoken } from "./message.js";
import { messageList } from "./message_list.js";
import { nameOf } from "./people.js";
import { channel, inChannel, isReply, lastRead, markRead, on, state, tell } from "./state.js";

/** {node, focus(ts)}: the view of the open channel. */
export function channelView() {
  const list = messageList("Messages");
  const write = composer(() => ({ channel: state.place, label: `Message ${nameHere()}, / for commands` }));
  const start = h("div", { class: "start" });
  const node = h("div", { class: "channel" }, list.node, write.node);
  let newFrom = null;

  function welcome() {
    const place = channel(state.place);
    const command = state.commands[0]?.command;
    const ill = culprit(state.panel?.services ?? []);
    const tips = command ? [ill && `${command} ${ill.name}`, `${command} help`].filter(Boolean) : [];
    const shown = JSON.stringify([place, tips, state.team.name]);
    if (start.dataset.shown === shown) return;
    start.dataset.shown = shown;
    start.replaceChildren(
      h("h2", {}, icon(place?.is_im ? "reply" : place?.is_private ? "padlock" : "hash"), place?.is_im ? nameOf(state.bot) : (place?.name ?? "")),
      h("p", {}, place?.topic || "This is the very beginning of the channel."),
      ...(tips.length ? [h("p", { class: "tips" }, h("span", {}, "Try:"), tips.map((tip) => h("button", { type: "button", class: "tip", on: { click: () => write.fill(tip) } }, tip)))] : []),
    );
  }

  function draw() {
    node.hidden = state.place === "home" || !state.place;
    if (node.hidden) return;
    welcome();
    list.show(`${state.persona} ${state.place}`, state.place, inChannel(state.place), { before: start, newFrom });
  }

  // The line "New" stands where this person stopped reading, until they come here again.
  function enter() {
    const since = lastRead(state.place);
    newFrom = since && inChannel(state.place).some((said) => Number(said.ts) > Number(since) && said.user !== state.persona) ? since : null;
    draw();
    seenNow();
  }
  function seenNow() {
    if (document.hidden || state.place === "home" || !state.place) return;
    markRead(state.place);
    tell("read");
  }

  on("hello", () => {
    for (const one of state.channels) for (const who of state.people) state.read.set(`${who.id} ${one.id}`, state.read.get(`${who.id} ${one.id}`) ?? state.messages.get(one.id)?.at(-1)?.ts ?? "0");
    enter();
  });
  on("place persona", enter);
  on("thread panel", draw);
  on("messages", (change) => {
    draw();
    seenNow();
    hear(change);
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? undefined : seenNow()));
  return { node, focus: list.focusOn, write };
}

/** The failing service that calls no other failing one: what a person would try first. */
function culprit(services) {
  const ill = services.filter((one) => one.healthy === false);
  const names = new Set(ill.map((one) => one.name));
  return ill.find((one) => !(one.calls ?? []).some((other) => names.has(other)));
}

function nameHere() {
  const place = channel(state.place);
  return place?.is_im ? nameOf(state.bot) : `#${place?.name ?? ""}`;
}

function hear({ event, channel: id, user, message: said, before, ephemeral }) {
  if (id !== state.place || said.user === state.persona || (ephemeral && user !== state.persona)) return;
  if (isReply(said) && said.thread_ts !== state.thread) return;
  if (event === "posted") announce(spoken(ephemeral ? { ...said, ephemeral: true } : said));
  else if (event === "changed" && said.text !== before?.text) announce(`Updated. ${spoken(said)}`);
}
