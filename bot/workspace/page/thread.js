// The side pane with one thread: its parent, its replies, and a composer that answers into it.

import { composer } from "./composer.js";
import { h, icon } from "./dom.js";
import { messageList } from "./message_list.js";
import { channel, inThread, markThread, on, openThread, seen, state } from "./state.js";

/** The pane's node. `leave` puts the focus back where the thread was opened. */
export function threadPane(leave) {
  const list = messageList("Messages of the thread");
  const write = composer(() => ({ channel: state.place, thread_ts: state.thread, label: "Reply…" }));
  const where = h("small", {});
  const count = h("div", { class: "reply-count", role: "separator" });
  const close = h("button", { type: "button", class: "icon-button", "aria-label": "Close thread (Escape)", title: "Close (Esc)" }, icon("close"));
  const node = h("section", { class: "thread", id: "thread", "aria-label": "Thread", hidden: true }, h("header", { class: "pane-head" }, h("h2", {}, "Thread"), where, close), list.node, write.node);

  function shut() {
    const ts = state.thread;
    openThread(null);
    leave(ts);
  }
  close.addEventListener("click", shut);
  document.addEventListener("keydown", (event) => {
    const free = !document.querySelector("dialog[open]") && !document.documentElement.classList.contains("menu-open");
    if (event.key === "Escape" && !event.defaultPrevented && !node.hidden && free) shut();
  });

  function draw() {
    const parent = state.thread && seen(state.place).find((said) => said.ts === state.thread);
    const open = Boolean(state.thread && (parent || inThread(state.place, state.thread).length));
    node.hidden = !open;
    document.documentElement.classList.toggle("has-thread", open);
    if (!open) return;
    const replies = inThread(state.place, state.thread);
    if (!document.hidden) markThread(state.place, state.thread, replies);
    where.textContent = `#${channel(state.place)?.name ?? ""}`;
    count.replaceChildren(h("span", {}, `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`));
    list.show(`${state.persona} ${state.place} ${state.thread}`, state.place, [parent, ...replies].filter(Boolean), { threads: false, afterFirst: parent ? count : null });
  }
  on("hello messages persona place", draw);
  on("thread", () => {
    draw();
    if (!node.hidden) close.focus({ preventScroll: true });
  });
  return node;
}
