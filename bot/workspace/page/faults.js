// A small tray of Slack's bad days: each switches one fault on, once, so that one can watch what the bot does about it.

import { post } from "./connection.js";
import { h } from "./dom.js";

const FAULTS = [
  ["rate_limit", "Refuse the next call", "429: the bot must wait and try again"],
  ["drop_answer", "Lose the next answer", "the call is carried out, and the bot is not told"],
  ["duplicate", "Deliver the next click twice", "as after a hasty finger or a lost acknowledgement"],
  ["late", "Deliver the next click late", "you are told that it failed; it arrives all the same"],
  ["disconnect", "Ask the bot to reconnect", "Slack does this every few hours"],
  ["drop_socket", "Break the bot's connection", "without a word, as a network does"],
];

/** The tray's node, folded until it is opened. */
export function faultTray() {
  const told = h("p", { class: "tray-told", role: "status" });
  const button = ([kind, words, about]) => {
    const pull = async () => {
      const answer = await post("fault", { kind, times: 1 });
      told.textContent = answer.ok ? `On: ${words.toLowerCase()}.` : (answer.error ?? "That did not work.");
    };
    return h("li", {}, h("button", { type: "button", class: "tray-fault", data: { fault: kind }, on: { click: pull } }, words), h("small", {}, about));
  };
  return h("details", { class: "tray" }, h("summary", {}, "Bad days of Slack"), h("ul", {}, ...FAULTS.map(button)), told);
}
