// Pictures in blocks. They come from the workspace itself: the page loads nothing from elsewhere and shows the words instead.

import { fileUrl } from "./connection.js";
import { h, icon } from "./dom.js";
import { wordsOf } from "./mrkdwn.js";

/** An image element or block as an img, or its words in a frame where it cannot be shown. */
export function picture(one, className) {
  const url = fileUrl(one.image_url ?? one.slack_file?.url ?? "");
  const words = one.alt_text || wordsOf(one.title) || "picture";
  const instead = () => h("span", { class: "no-picture" }, icon("file"), ` Picture: ${words}`);
  if (!url || !(one.image_url || one.slack_file?.url)) return instead();
  const node = h("img", { class: className, src: url, alt: words, loading: "lazy" });
  node.addEventListener("error", () => node.replaceWith(instead()));
  return node;
}
