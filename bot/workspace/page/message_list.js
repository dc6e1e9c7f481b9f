// A running list of messages: keeps its nodes, its scroll place, the days and the "New" line.

import { h, settle } from "./dom.js";
import { messageView } from "./message.js";
import { threads as threadsOf } from "./state.js";
import { day } from "./time.js";

const TOGETHER = 300; // seconds; messages of one person inside this time stand as one group
const STANDS_ALONE = ["actions", "plan", "task_card", "header"]; // a message with one of these always shows its author
const NEAR = 80; // px from the end that still count as "at the end"

/** {node, show(key, messages, options)}; options: `before` (a node on top), `afterFirst` (a node below the first), `newFrom` (ts after which messages are new), `threads`. */
export function messageList(label) {
  const inner = h("div", { class: "list-inner" });
  const node = h("div", { class: "list", role: "log", "aria-live": "off", "aria-label": label, tabindex: "0" }, inner);
  let views = new Map();
  let shown = null;
  const days = new Map();
  const newLine = h("div", { class: "new-line", role: "separator" }, h("span", {}, "New"));

  function dayLine(name) {
    if (!days.has(name)) days.set(name, h("div", { class: "day-line", role: "separator" }, h("span", {}, name)));
    return days.get(name);
  }

  function show(key, channel, messages, { before = null, afterFirst = null, newFrom = null, threads = true } = {}) {
    const atEnd = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR;
    const fresh = key !== shown;
    if (fresh) {
      views = new Map();
      days.clear();
    }
    shown = key;
    const keep = new Map();
    const wanted = before ? [before] : [];
    const replies = threads ? threadsOf(channel) : null;
    let previous = null;
    let lineDrawn = newFrom === null;
    for (const said of messages) {
      const today = day(said.ts);
      if (!previous || day(previous.ts) !== today) wanted.push(dayLine(today));
      if (!lineDrawn && Number(said.ts) > Number(newFrom)) {
        wanted.push(newLine);
        lineDrawn = true;
      }
      const id = `${said.ephemeral ? "private " : ""}${said.ts}`;
      const view = views.get(id) ?? messageView(channel);
      const follows = previous && wanted.at(-1) !== newLine && wanted.at(-1) !== afterFirst && day(previous.ts) === today && previous.user === said.user && !said.failed;
      const alone = (said.blocks ?? []).some((block) => STANDS_ALONE.includes(block.type));
      const compact = Boolean(follows && !alone && !said.ephemeral && !previous.ephemeral && Number(said.ts) - Number(previous.ts) < TOGETHER);
      view.draw(said, { compact, replies: replies && (replies.get(said.ts) ?? []) });
      keep.set(id, view);
      wanted.push(view.node);
      if (afterFirst && !previous) wanted.push(afterFirst);
      previous = said;
    }
    views = keep;
    settle(inner, wanted);
    if (fresh || atEnd) toEnd();
  }

  const toEnd = () => {
    node.scrollTop = node.scrollHeight;
  };
  // Pictures, opened details and a growing plan must not push the newest line out of sight.
  let height = 0;
  new ResizeObserver(() => {
    const grew = inner.offsetHeight - height;
    height = inner.offsetHeight;
    if (grew > 0 && node.scrollHeight - node.scrollTop - node.clientHeight < NEAR + grew) toEnd();
  }).observe(inner);
  node.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const from = document.activeElement;
    if (!step || (from !== node && !from.matches(".message"))) return;
    const all = [...inner.querySelectorAll(".message")];
    const next = from === node ? all.at(-1) : all[all.indexOf(from) + step];
    if (!next) return;
    next.focus();
    event.preventDefault();
  });
  return { node, show, toEnd, focusOn: (ts) => inner.querySelector(`[data-ts="${CSS.escape(ts)}"]`)?.focus() };
}
