// Words that are heard or shown for a moment: the live region for screen readers, and toasts for what went wrong.

import { h, icon } from "./dom.js";

const GATHER = 400; // ms; a burst of edits is one announcement
let waiting = [];
let timer = 0;

/** Says something through the polite live region. */
export function announce(words) {
  if (!words) return;
  if (waiting.at(-1) !== words) waiting.push(words);
  clearTimeout(timer);
  timer = setTimeout(() => {
    document.getElementById("live").textContent = waiting.slice(-3).join(". ");
    waiting = [];
  }, GATHER);
}

/** Shows a complaint until it is put away, or eight seconds. */
export function toast(words) {
  const close = () => node.remove();
  const button = h("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", on: { click: close } }, icon("close"));
  const node = h("div", { class: "toast" }, icon("alert"), h("span", {}, words), button);
  const holder = document.getElementById("toasts");
  holder.replaceChildren(...[...holder.children].slice(-2), node);
  // A toast must show above an open modal too: the top layer is the only place for that.
  if (holder.showPopover) {
    if (holder.matches(":popover-open")) holder.hidePopover();
    holder.showPopover();
  }
  setTimeout(close, 8000);
}
