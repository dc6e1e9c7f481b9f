// Where one types: slash commands with their list, plain messages, recall of what was sent.

import { toast } from "./announce.js";
import { post } from "./connection.js";
import { h, icon } from "./dom.js";
import { on, state } from "./state.js";

const sent = []; // shared by channel and thread: what a person typed is theirs
let made = 0;

/** A composer: {node, focus, fill}. `target()` answers {channel, thread_ts?, label}. */
export function composer(target) {
  made += 1;
  const id = `commands-${made}`;
  let at = null; // place in `sent` while recalling
  let shown = [];
  let active = -1;
  const list = h("div", { class: "commands", role: "listbox", id, "aria-label": "Commands", hidden: true });
  const hint = h("p", { class: "usage", id: `${id}-usage` });
  const box = h("textarea", { class: "compose-input", rows: "1", role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id, "aria-describedby": `${id}-usage`, spellcheck: "false" });
  const button = h("button", { type: "submit", class: "send", "aria-label": "Send", title: "Send (Enter)" }, icon("send"));
  const form = h("form", { class: "composer" }, list, hint, h("div", { class: "compose-row" }, box, button));

  function refresh() {
    const { label, thread_ts: inThread } = target();
    box.setAttribute("aria-label", label);
    box.placeholder = label;
    const text = box.value;
    const word = text.match(/^\/\S*$/)?.[0];
    shown = word && !inThread ? state.commands.filter(({ command }) => command.startsWith(word)) : [];
    const known = state.commands.find(({ command }) => text === command || text.startsWith(`${command} `));
    hint.textContent = "";
    if (inThread && text.startsWith("/")) hint.textContent = "Commands cannot be used in threads. Type it in the channel.";
    else if (known && !word) hint.append(h("code", {}, known.command), ` ${known.usage_hint ?? ""}`);
    active = shown.length ? 0 : -1;
    list.hidden = !shown.length;
    list.replaceChildren(...shown.map(row));
    box.setAttribute("aria-expanded", String(shown.length > 0));
    mark();
    button.disabled = !text.trim();
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
  }

  function row({ command, description, usage_hint: usage }, index) {
    const node = h(
      "div",
      { class: "command", role: "option", id: `${id}-${index}`, "aria-selected": "false" },
      h("span", { class: "face bot small", "aria-hidden": "true" }, icon("rollback")),
      h("span", { class: "command-words" }, h("strong", {}, command), usage && h("code", {}, usage), h("small", {}, description)),
    );
    node.addEventListener("pointerdown", (event) => event.preventDefault());
    node.addEventListener("click", () => complete(index));
    return node;
  }

  function mark() {
    [...list.children].forEach((node, index) => node.setAttribute("aria-selected", String(index === active)));
    if (active >= 0) box.setAttribute("aria-activedescendant", `${id}-${active}`);
    else box.removeAttribute("aria-activedescendant");
  }

  function fill(text) {
    box.value = text;
    refresh();
    box.focus();
    box.setSelectionRange(text.length, text.length);
  }
  const complete = (index) => fill(`${shown[index].command} `);

  async function send() {
    const text = box.value.trim();
    const { channel, thread_ts: thread } = target();
    if (!text || !channel) return;
    if (text.startsWith("/") && thread) {
      toast("Commands cannot be used in threads. Type it in the channel.");
      return;
    }
    if (sent.at(-1) !== text) sent.push(text);
    at = null;
    box.value = "";
    refresh();
    const answer = text.startsWith("/")
      ? await post("command", { user: state.persona, channel, text })
      : await post("say", { user: state.persona, channel, text, thread_ts: thread });
    if (answer.ok) return;
    toast(answer.error ?? "That was not sent.");
    if (!box.value) fill(text);
  }

  function recall(step) {
    const place = (at ?? sent.length) + step;
    if (place < 0 || place > sent.length || !sent.length) return false;
    at = place;
    fill(sent[place] ?? "");
    list.hidden = true;
    shown = [];
    return true;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  box.addEventListener("input", () => {
    at = null;
    refresh();
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const arrow = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const exact = shown[active]?.command === box.value;
    if (shown.length && arrow) {
      active = (active + arrow + shown.length) % shown.length;
      mark();
    } else if (shown.length && (event.key === "Tab" || (event.key === "Enter" && !exact))) complete(active);
    else if (shown.length && event.key === "Escape") {
      shown = [];
      refreshList();
    } else if (arrow && (at !== null || !box.value)) {
      if (!recall(arrow)) return;
    } else if (event.key === "Enter" && !event.shiftKey) send();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  function refreshList() {
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  }
  on("hello place thread persona", refresh);
  return { node: form, focus: () => box.focus(), fill };
}
