// The small "are you sure?" dialog that an element may carry.

import { h } from "./dom.js";
import { text, wordsOf } from "./mrkdwn.js";

/** Asks, and answers true only for a clear yes. Esc and a click beside it are a no. */
export function confirmed(confirm) {
  return new Promise((resolve) => {
    const yes = h("button", { type: "button", class: `button ${confirm.style === "danger" ? "danger" : "primary"}` }, text(confirm.confirm ?? "Yes"));
    const no = h("button", { type: "button", class: "button" }, text(confirm.deny ?? "Cancel"));
    const title = h("h2", { class: "dialog-title" }, text(confirm.title ?? "Are you sure?"));
    const body = h("div", { class: "dialog-text" }, text(confirm.text));
    const node = h("dialog", { class: "dialog small", "aria-label": wordsOf(confirm.title ?? "Are you sure?") }, title, body, h("div", { class: "dialog-foot" }, no, yes));
    let sure = false;
    yes.addEventListener("click", () => {
      sure = true;
      node.close();
    });
    no.addEventListener("click", () => node.close());
    node.addEventListener("click", (event) => event.target === node && node.close());
    node.addEventListener("close", () => {
      node.remove();
      resolve(sure);
    });
    document.body.append(node);
    node.showModal();
    // The careful answer has the focus where the other one destroys something.
    (confirm.style === "danger" ? no : yes).focus();
  });
}
