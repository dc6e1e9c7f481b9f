// What has been typed and chosen, in the shape of Slack's state.values.

const fields = new WeakMap(); // node -> {place, action, read}

/** Makes a node a field. `read` answers {type, value | selected_option | …}; the block's id is asked when reading. */
export function field(node, place, action, read) {
  node.dataset.field = "";
  fields.set(node, { place, action, read });
  return node;
}

/** {block_id: {action_id: {type, …}}} of all fields inside. */
export function values(holder) {
  const out = {};
  for (const node of holder.querySelectorAll("[data-field]")) {
    const found = fields.get(node);
    if (!found?.action) continue;
    const id = found.place.block_id ?? "";
    out[id] = { ...out[id], [found.action]: found.read() };
  }
  return out;
}

/** Names of required fields that are empty; each is told so beside it. */
export function missing(holder) {
  const out = [];
  for (const node of holder.querySelectorAll("[data-field]")) {
    const found = fields.get(node);
    const form = found?.place.form;
    if (!form?.required) continue;
    const { type, ...rest } = found.read();
    const empty = Object.values(rest).every((value) => value === null || value === "" || value?.length === 0);
    complain(holder, found.place.block_id, empty ? "Please fill in this field." : "");
    if (empty) out.push(node);
  }
  return out;
}

/** Puts words beside the input with that block_id; empty words clear it. Answers the block, or undefined. */
export function complain(holder, blockId, words) {
  const block = [...holder.querySelectorAll(".b-input")].find((one) => one.dataset.block === String(blockId ?? ""));
  if (!block) return undefined;
  block.querySelector(".input-error").textContent = words;
  block.classList.toggle("wrong", Boolean(words));
  if (words) block.scrollIntoView({ block: "nearest" });
  return block;
}
