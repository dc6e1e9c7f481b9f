// The demo shop beside the chat: each service with its version, state and success, who calls whom, and the traffic of the last minute.

import { h, hidden, icon, s, settle } from "./dom.js";
import { rateLine, trafficChart } from "./sparkline.js";
import { on, state } from "./state.js";

const STATES = { up: "Up", down: "Down", starting: "Starting" };
const HISTORY = 60;

/** The panel's node; hidden while the workspace has none. */
export function shopPanel() {
  const title = h("h2", { id: "panel-title" });
  const note = h("p", { class: "panel-note", hidden: true });
  const load = h("section", { class: "load", "aria-label": "Traffic" });
  const arcs = s("svg", { class: "arcs", "aria-hidden": "true" });
  const list = h("ul", { class: "services" });
  const graph = h("div", { class: "graph" }, arcs, list);
  const node = h("aside", { class: "panel", id: "panel", "aria-labelledby": "panel-title", hidden: true }, h("header", { class: "panel-head" }, icon("shop"), title), note, load, graph);
  const boxes = new Map();

  function draw() {
    const panel = state.panel;
    node.hidden = !panel;
    document.documentElement.classList.toggle("has-panel", Boolean(panel));
    if (!panel) return;
    title.textContent = panel.title ?? "Demo shop";
    note.textContent = panel.note ?? "";
    note.hidden &&= !panel.note; // once it was there its line stays: what stands below must not jump
    load.replaceChildren(...traffic(panel.load));
    const services = callersFirst(panel.services ?? []);
    for (const service of services) {
      if (!boxes.has(service.name)) boxes.set(service.name, serviceBox());
      boxes.get(service.name).draw(service);
    }
    settle(list, services.map((service) => boxes.get(service.name).node));
    drawArcs(services);
  }

  function drawArcs(services) {
    const middle = (name) => {
      const box = boxes.get(name)?.node;
      return box?.isConnected ? box.offsetTop + 22 : null;
    };
    const lines = services.flatMap((service, row) => (service.calls ?? []).map((other) => {
      const target = services.findIndex((one) => one.name === other);
      const [from, to] = [middle(service.name), middle(other)];
      if (target < 0 || from === null || to === null) return null;
      const reach = Math.min(6 + Math.abs(target - row) * 5, 24);
      const bad = services[target].healthy === false || services[target].state === "down";
      const path = `M28 ${from + 5}C${28 - reach * 1.35} ${from + 5} ${28 - reach * 1.35} ${to - 5} 26 ${to - 5}`;
      return [s("path", { class: bad ? "arc bad" : "arc", d: path }), s("path", { class: bad ? "tip bad" : "tip", d: `M23 ${to - 8}l5 3-5 3z` })];
    }));
    settle(arcs, lines.flat().filter(Boolean));
  }
  on("hello panel", draw);
  new ResizeObserver(() => state.panel && drawArcs(callersFirst(state.panel.services ?? []))).observe(list);
  return node;
}

/** Those who call stand above those who are called; a cycle keeps the given order. */
function callersFirst(services) {
  const left = [...services];
  const out = [];
  while (left.length) {
    const at = left.findIndex((one) => !left.some((other) => other !== one && (other.calls ?? []).includes(one.name)));
    out.push(...left.splice(Math.max(at, 0), 1));
  }
  return out;
}

const percent = (rate) => (rate >= 0.9995 ? "100 %" : `${(Math.floor(rate * 1000) / 10).toFixed(rate < 0.995 ? 0 : 1)} %`);

function traffic(load) {
  if (!load) return [];
  const sum = (points, key) => points.reduce((total, one) => total + (one[key] ?? 0), 0);
  const recent = (load.recent ?? []).slice(-60);
  const [ok, failed] = [sum(recent.slice(-5), "ok"), sum(recent.slice(-5), "failed")];
  const now = ok + failed ? ok / (ok + failed) : null;
  const verdict = now === null ? "No traffic" : failed === 0 ? "All answered" : "Requests fail";
  return [
    h("p", { class: "load-head" },
      h("span", { class: `load-verdict ${now === null ? "" : failed ? "bad" : "good"}` }, icon(now === null ? "pulse" : failed ? "alert" : "check"), verdict),
      h("strong", { class: "load-now" }, now === null ? "–" : percent(now), h("small", {}, " answered"))),
    trafficChart(recent),
    h("p", { class: "legend" }, h("span", { class: "key ok" }), `${sum(recent, "ok")} answered`, h("span", { class: "key failed" }), `${sum(recent, "failed")} failed`, h("span", { class: "span", title: `Since the start: ${load.ok ?? 0} answered, ${load.failed ?? 0} failed` }, "last 60 s")),
  ];
}

function serviceBox() {
  const name = h("strong", { class: "service-name" });
  const version = h("span", { class: "version" });
  const was = h("span", { class: "was" });
  const lamp = h("span", { class: "lamp" });
  const rate = h("span", { class: "rate" });
  const line = h("span", { class: "rate-holder" });
  const calls = h("p", { class: "calls" });
  const note = h("p", { class: "service-note" });
  const node = h("li", { class: "service" }, h("p", { class: "service-top" }, name, lamp), h("p", { class: "service-mid" }, version, was, h("span", { class: "grow" }), line, rate), calls, note);
  const history = [];
  let current = null;
  let first = null;

  function draw(service) {
    const word = STATES[service.state] ?? service.state ?? "Unknown";
    const ill = service.state === "up" && service.healthy === false;
    const kind = service.state !== "up" ? (service.state ?? "unknown") : ill ? "ill" : "well";
    node.dataset.kind = kind;
    name.textContent = service.name;
    lamp.replaceChildren(icon({ well: "check", ill: "alert", down: "cross" }[kind] ?? "pulse"), ill ? "Up, failing" : word);
    if (service.version && service.version !== current) {
      if (current) {
        node.classList.remove("moved");
        void node.offsetWidth; // starts the flash anew
        node.classList.add("moved");
      }
      current = service.version;
      first ??= current;
      version.replaceChildren(hidden("version "), current);
      was.replaceChildren(...(first === current ? [] : ["was ", h("s", {}, first)]));
    } else if (!service.version) {
      version.textContent = "–";
    }
    history.push(typeof service.ok_rate === "number" ? service.ok_rate : null);
    if (history.length > HISTORY) history.shift();
    line.replaceChildren(rateLine(history));
    rate.replaceChildren(...(typeof service.ok_rate === "number" ? [percent(service.ok_rate), hidden(" of requests answered")] : ["–"]));
    const others = service.calls ?? [];
    const speed = typeof service.requests_per_second === "number" ? `${service.requests_per_second.toFixed(1)} req/s` : "";
    calls.replaceChildren(...[others.length > 0 && h("span", {}, "calls ", others.join(", ")), speed && h("span", { class: "speed" }, speed)].filter(Boolean));
    calls.hidden = !calls.childNodes.length;
    note.textContent = service.note ?? "";
    note.hidden = !service.note;
  }
  return { node, draw };
}
