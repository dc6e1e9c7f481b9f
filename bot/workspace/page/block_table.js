// The table block: the first row is the head; a wide one scrolls in its own box, never the page.

import { h } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { richText } from "./rich_text.js";

export function table(block) {
  const [head, ...body] = block.rows ?? [];
  const settings = block.column_settings ?? [];
  const row = (cells, tag) =>
    h("tr", {}, cells.map((cell, column) => {
      const { align, is_wrapped: wrapped } = settings[column] ?? {};
      const side = ["center", "right"].includes(align) ? `align-${align}` : "";
      return h(tag, { class: `${side} ${wrapped ? "wrapped" : ""}`.trim() || undefined, scope: tag === "th" ? "col" : undefined }, content(cell));
    }));
  const node = h("table", { class: "table" }, head && h("thead", {}, row(head, "th")), h("tbody", {}, body.map((cells) => row(cells, "td"))));
  return h("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": `Table, ${body.length} rows` }, node);
}

function content(cell) {
  if (cell?.type === "rich_text") return richText(cell);
  return plain(cell?.text ?? cell?.value ?? "");
}
