// A list of Block Kit blocks as DOM. When blocks change, only the changed ones are drawn anew: what a person holds, types or has
// opened in the others stays as it is.

import { h, settle } from "./dom.js";
import { input } from "./block_input.js";
import { plan, taskCard } from "./block_plan.js";
import { table } from "./block_table.js";
import { actions, alert, context, divider, header, image, markdownBlock, rich, section } from "./block_text.js";

const DRAW = {
  header, section, context, divider, actions, image, alert, input, table, plan,
  task_card: taskCard,
  rich_text: rich,
  markdown: markdownBlock,
};

const drawn = new WeakMap(); // holder -> [{key, node, place}]

/**
 * Draws blocks into a holder, again and again.
 * `surface` says where: {kind, channel, ts, thread_ts, ephemeral, view_id, memory: Map}.
 */
export function drawBlocks(holder, blocks, surface) {
  const before = drawn.get(holder) ?? [];
  const focused = holder.contains(document.activeElement) ? document.activeElement : null;
  const now = (blocks ?? []).map((block) => {
    const key = keyOf(block);
    const at = before.findIndex((one) => one.key === key);
    if (at < 0) return one(block, key, surface);
    const [kept] = before.splice(at, 1);
    Object.assign(kept.place, surface, { block_id: block.block_id }); // the same blocks may now stand in another view
    return kept;
  });
  drawn.set(holder, now);
  settle(holder, now.map(({ node }) => node));
  if (focused && !focused.isConnected) refocus(holder, focused);
}

// A new block_id with the same content is the same block to a person; but inputs are told apart by it.
function keyOf(block) {
  const { block_id: id, ...rest } = block;
  return JSON.stringify(rest) + (block.type === "input" ? id : "");
}

function one(block, key, surface) {
  const place = { ...surface, block_id: block.block_id };
  const draw = Object.hasOwn(DRAW, block.type) ? DRAW[block.type] : unknown;
  let node;
  try {
    node = draw(block, place);
  } catch (error) {
    console.warn("a block could not be drawn", error);
    node = unknown(block);
  }
  node.classList.add("block");
  return { key, node, place };
}

function refocus(holder, lost) {
  const action = lost.dataset.action;
  const again = action && holder.querySelector(`[data-action="${CSS.escape(action)}"]`);
  (again || holder.closest("[tabindex]"))?.focus({ preventScroll: true });
}

/** A block this page does not draw is shown, never skipped. */
function unknown(block) {
  return h(
    "details",
    { class: "unknown" },
    h("summary", {}, `Unknown block: ${block.type ?? "without a type"}`),
    h("pre", { class: "code-block", tabindex: "0" }, JSON.stringify(block, null, 2)),
  );
}
