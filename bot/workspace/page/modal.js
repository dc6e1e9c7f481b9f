// The modal layer: the topmost view of the present persona, in a dialog that keeps focus inside.

import { toast } from "./announce.js";
import { drawBlocks } from "./blocks.js";
import { post } from "./connection.js";
import { h, icon } from "./dom.js";
import { complain, missing, values } from "./form.js";
import { plain, wordsOf } from "./mrkdwn.js";
import { face, nameOf } from "./people.js";
import { on, state } from "./state.js";

export function modalLayer() {
  let shown = null; // the view in the dialog
  let dialog = null;
  let parts = null;
  let closing = false;

  function build() {
    const title = h("h2", { class: "dialog-title", id: "modal-title" });
    const shut = h("button", { type: "button", class: "icon-button", "aria-label": "Close" }, icon("close"));
    const body = h("div", { class: "dialog-body", data: { surface: "modal" } });
    const wrong = h("p", { class: "dialog-wrong", role: "alert" });
    const cancel = h("button", { type: "button", class: "button" });
    const send = h("button", { type: "submit", class: "button primary" });
    const form = h("form", { class: "dialog-form", novalidate: true }, h("header", { class: "dialog-head" }, face(state.bot.id, "small"), title, shut), body, wrong, h("footer", { class: "dialog-foot" }, h("small", { class: "dialog-by" }, nameOf(state.bot)), cancel, send));
    dialog = h("dialog", { class: "dialog", "aria-labelledby": "modal-title" }, form);
    parts = { title, body, wrong, cancel, send, form };
    for (const button of [shut, cancel]) button.addEventListener("click", leave);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      leave();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    document.body.append(dialog);
    dialog.showModal();
  }

  function draw() {
    const stack = state.views.get(state.persona) ?? [];
    const view = stack.at(-1);
    if (!view) {
      dialog?.close(); // gives the focus back to where it was
      dialog?.remove();
      dialog = null;
      shown = null;
      return;
    }
    const other = shown?.id !== view.id;
    if (!dialog) build();
    if (other) {
      const fresh = h("div", { class: "dialog-body", data: { surface: "modal" } });
      parts.body.replaceWith(fresh);
      parts.body = fresh;
      parts.memory = new Map();
    }
    shown = view;
    closing = false;
    parts.title.replaceChildren(...plain(wordsOf(view.title) || "Form"));
    parts.send.textContent = wordsOf(view.submit) || "Submit";
    parts.send.hidden = !view.submit;
    parts.cancel.textContent = wordsOf(view.close) || (stack.length > 1 ? "Back" : view.submit ? "Cancel" : "Close");
    parts.wrong.textContent = "";
    drawBlocks(parts.body, view.blocks, { kind: "modal", view_id: view.id, memory: parts.memory });
    if (other) (parts.body.querySelector("[autofocus]") ?? parts.body.querySelector("input, textarea, button") ?? parts.cancel).focus();
  }

  async function leave() {
    if (closing || !shown) return;
    closing = true;
    const view = shown;
    const answer = await post("close", { user: state.persona, view_id: view.id });
    closing = false;
    if (answer.ok) return;
    toast(answer.error ?? "The form could not be closed.");
    // A form that the workspace no longer knows must not hold the person here.
    const stack = state.views.get(state.persona) ?? [];
    state.views.set(state.persona, stack.filter((one) => one.id !== view.id));
    draw();
  }

  async function submit() {
    const lacking = missing(parts.body);
    if (lacking.length) {
      (lacking[0].matches("input, textarea") ? lacking[0] : lacking[0].querySelector("input, textarea"))?.focus();
      return;
    }
    parts.send.setAttribute("aria-busy", "true");
    const answer = await post("submit", { user: state.persona, view_id: shown.id, values: values(parts.body) });
    parts?.send.removeAttribute("aria-busy");
    if (!dialog || answer.ok) return;
    const told = Object.entries(answer.errors ?? {}).map(([id, words]) => complain(parts.body, id, words)).filter(Boolean);
    if (told.length) told[0].querySelector("input, textarea, button")?.focus();
    else parts.wrong.textContent = answer.error ?? "The form was not taken.";
  }
  on("views persona hello", draw);
}
