// Plan and task_card: a list of tasks with a sign, words for screen readers, and what each found, folded.

import { add, h, hidden, icon, link } from "./dom.js";
import { text, wordsOf } from "./mrkdwn.js";
import { richText } from "./rich_text.js";

const WORDS = { pending: "waiting", in_progress: "in progress", complete: "done", error: "failed" };
const SIGNS = { complete: "check", error: "cross" };

export function plan(block, place) {
  const tasks = block.tasks ?? [];
  const count = (status) => tasks.filter((task) => task.status === status).length;
  const done = count("complete");
  const failed = count("error");
  const summary = `${done} of ${tasks.length} done${failed ? `, ${failed} failed` : ""}`;
  const bar = h("div", { class: "plan-bar", "aria-hidden": "true" }, tasks.map((task) => h("i", { class: statusOf(task) })));
  const head = h("div", { class: "plan-head" }, h("strong", { class: "plan-title" }, text(block.title)), h("span", { class: "plan-count" }, summary));
  const list = h("ol", { class: "plan-tasks" }, tasks.map((task) => h("li", {}, card(task, place))));
  return h("div", { class: "b-plan", role: "group", "aria-label": `${wordsOf(block.title)}: ${summary}` }, head, bar, list);
}

export const taskCard = (block, place) => h("div", { class: "b-plan single" }, card(block, place));

const statusOf = (task) => (Object.hasOwn(WORDS, task.status) ? task.status : "pending");

function card(task, place) {
  const status = statusOf(task);
  const title = [sign(status), h("span", { class: "task-title" }, text(task.title)), hidden(` (${WORDS[status]})`)];
  const body = [task.details, task.output].filter(Boolean).map((part, index) => {
    const shown = typeof part === "string" ? text(part) : richText(part);
    return h("div", { class: part === task.output || index === 1 ? "task-output" : "task-details" }, shown);
  });
  if (task.sources?.length) add(body[0] ?? body[body.push(h("div")) - 1], sources(task.sources));
  if (!body.length) return h("div", { class: `task ${status}` }, h("div", { class: "task-head" }, title));
  return folded(task, status, title, body, place);
}

// Work that runs or broke is open by itself; whatever a person folds stays folded through later edits.
function folded(task, status, title, body, place) {
  const key = `task ${task.task_id ?? wordsOf(task.title)}`;
  const chosen = place.memory?.get(key);
  const open = chosen ?? (status === "in_progress" || status === "error");
  const node = h("details", { class: `task ${status}`, open }, h("summary", { class: "task-head", data: { action: key } }, title, icon("down", "fold")), body);
  node.querySelector("summary").addEventListener("click", () => place.memory?.set(key, !node.open));
  return node;
}

function sign(status) {
  return h("span", { class: `sign ${status}`, "aria-hidden": "true" }, SIGNS[status] && icon(SIGNS[status]));
}

function sources(list) {
  return h("p", { class: "task-sources" }, "Sources: ", list.map((one, index) => [index > 0 && ", ", link(one.url, one.text ?? one.url)]));
}
