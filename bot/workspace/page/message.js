// One message: who, when, what, its files and its thread.

import { drawBlocks } from "./blocks.js";
import { fileUrl } from "./connection.js";
import { h, hidden, icon, settle } from "./dom.js";
import { mrkdwn, wordsOf } from "./mrkdwn.js";
import { face, nameOf } from "./people.js";
import { isBot, newReplies, openThread, person, state } from "./state.js";
import { clock, full, relativeDay, moment, day } from "./time.js";

/**
 * A message that can be drawn again and again: {node, draw(said, options)}.
 * Options: `compact` (same author just before), `replies` (its thread so far, or null where no thread is offered).
 */
export function messageView(channel) {
  const memory = new Map();
  const head = h("div", { class: "m-head" });
  const body = h("div", { class: "m-body" });
  const blocks = h("div", { class: "m-blocks", data: { surface: "message" } });
  const files = h("div", { class: "m-files" });
  const foot = h("div", { class: "m-foot" });
  const side = h("div", { class: "m-side" });
  const node = h("article", { class: "message", tabindex: "-1" }, side, h("div", { class: "m-main" }, head, body, foot));
  const last = {};
  const changed = (key, value) => {
    const now = JSON.stringify(value);
    if (last[key] === now) return false;
    last[key] = now;
    return true;
  };

  function draw(said, { compact = false, replies = null } = {}) {
    const who = said.failed ? "Slack" : nameOf(person(said.user), said.username || said.user || "Unknown");
    node.dataset.ts = said.ts;
    node.setAttribute("aria-label", `${who}, ${clock(said.ts)}${said.ephemeral ? ", only visible to you" : ""}`);
    node.classList.toggle("compact", compact);
    node.classList.toggle("private", Boolean(said.ephemeral));
    node.classList.toggle("failed", Boolean(said.failed));
    if (changed("head", [who, said.ts, compact, said.ephemeral])) {
      side.replaceChildren(compact ? h("time", { class: "m-side-time", "aria-hidden": "true" }, clock(said.ts)) : face(said.failed ? "" : said.user));
      head.replaceChildren(...heading(said, who, compact));
    }
    if (last.said !== said && changed("body", [said.text, said.blocks, said.attachments, said.edited?.ts, said.files])) content(said);
    last.said = said;
    const offered = said.ephemeral ? null : replies;
    const fresh = offered ? newReplies(channel, said.ts, offered) : 0;
    if (changed("foot", [offered?.map((one) => [one.ts, one.user]), fresh, state.thread === said.ts])) refoot(footing(said, offered, fresh));
  }

  function refoot(parts) {
    const held = foot.contains(document.activeElement);
    foot.replaceChildren(...parts);
    if (held) foot.querySelector(".thread-bar, button")?.focus({ preventScroll: true });
  }

  function content(said) {
    const surface = { kind: "message", channel, ts: said.ts, thread_ts: said.thread_ts, ephemeral: said.ephemeral, memory };
    const parts = [];
    if (said.blocks?.length) {
      drawBlocks(blocks, said.blocks, surface);
      parts.push(blocks);
    } else if (said.text) parts.push(h("div", { class: "m-text" }, mrkdwn(said.text)));
    for (const attached of said.attachments ?? []) parts.push(attachment(attached, surface));
    if (said.edited) parts.push(h("small", { class: "edited", title: said.edited.ts ? full(said.edited.ts) : undefined }, "(edited)"));
    if (said.files?.length) {
      files.replaceChildren(...said.files.map(file));
      parts.push(files);
    }
    settle(body, parts);
  }
  return { node, draw };
}

function heading(said, who, compact) {
  const badge = isBot(said) && h("span", { class: "badge" }, "APP");
  const time = h("time", { class: "m-time", datetime: moment(said.ts).toISOString(), title: full(said.ts) }, clock(said.ts));
  const only = said.ephemeral && h("p", { class: "only-you" }, icon("eye"), "Only visible to you");
  const guest = person(said.user)?.is_guest && h("span", { class: "badge soft" }, "Guest");
  const name = compact ? hidden(`${who}, ${clock(said.ts)}`) : h("span", { class: "m-name" }, who);
  return [only, name, !compact && badge, !compact && guest, !compact && time].filter(Boolean);
}

function footing(said, replies, fresh) {
  if (!replies) return [];
  const open = () => openThread(said.ts);
  const reply = h("button", { type: "button", class: "icon-button m-reply", "aria-label": "Reply in thread", title: "Reply in thread", on: { click: open } }, icon("reply"));
  if (!replies.length) return [reply];
  const faces = [...new Set(replies.map((one) => one.user))].slice(0, 4).map((id) => face(id, "tiny"));
  const newest = replies.at(-1).ts;
  const when = relativeDay(moment(newest), day(newest)).toLowerCase();
  const bar = h(
    "button",
    { type: "button", class: "thread-bar", "aria-expanded": String(state.thread === said.ts), data: { action: `thread ${said.ts}` }, on: { click: open } },
    h("span", { class: "faces" }, faces),
    h("strong", {}, `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`),
    fresh > 0 && state.thread !== said.ts && h("span", { class: "fresh" }, `${fresh} new`),
    h("span", { class: "thread-when" }, `Last reply ${when} at ${clock(newest)}`),
  );
  return [reply, bar];
}

function attachment(attached, surface) {
  const holder = h("div", { data: { surface: "message" } });
  if (attached.blocks?.length) drawBlocks(holder, attached.blocks, surface);
  else holder.append(...mrkdwn(attached.text ?? attached.fallback ?? ""));
  const title = attached.title && h("strong", {}, attached.title);
  return h("div", { class: "attachment" }, title, holder);
}

function file(one) {
  const name = one.title || one.name || "File";
  const url = fileUrl(one.url_private || one.permalink || "");
  const isPicture = String(one.mimetype ?? "").startsWith("image/");
  if (!url) return h("span", { class: "file" }, icon("file"), ` ${name}`);
  const inside = isPicture ? h("img", { src: url, alt: one.alt_txt || name, loading: "lazy" }) : [icon("file"), ` ${name}`];
  return h("a", { class: isPicture ? "file picture" : "file", href: url, target: "_blank", rel: "noopener", title: name }, inside);
}

/** What a screen reader hears of a new message. */
export function spoken(said) {
  const who = nameOf(person(said.user), said.username || "Slack");
  const words = wordsOf(said.text || "a message with blocks").slice(0, 240);
  return `${said.ephemeral ? "Only visible to you. " : ""}${who}: ${words}`;
}
