// Sends a press or a choice on an element to the workspace, after the element's own confirm dialog.

import { announce, toast } from "./announce.js";
import { post } from "./connection.js";
import { confirmed } from "./dialog.js";
import { values } from "./form.js";
import { state } from "./state.js";

/** Where an element stands, in the words of the page protocol. */
export function whereOf(place) {
  const { channel, ts, thread_ts, ephemeral, view_id } = place;
  return view_id ? { view_id } : { channel, ts, thread_ts, ephemeral: ephemeral || undefined };
}

/**
 * `what` is {value} or {selected_option} and the like. Answers true when it was sent and taken.
 * While one press waits for its answer the same node sends no second one.
 */
export async function press(node, element, place, what) {
  if (node.getAttribute("aria-busy") === "true") return false;
  if (element.confirm && !(await confirmed(element.confirm))) return false;
  node.setAttribute("aria-busy", "true");
  const holder = node.closest("[data-surface]");
  const answer = await post("press", {
    user: state.persona,
    ...whereOf(place),
    block_id: place.block_id,
    action_id: element.action_id,
    ...what,
    values: holder ? values(holder) : undefined,
  });
  node.removeAttribute("aria-busy");
  if (answer.ok) announce("Sent.");
  else toast(answer.error ?? "That was not taken.");
  return answer.ok;
}
