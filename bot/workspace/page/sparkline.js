// Two small drawings of the demo's traffic: asked and failed requests of the last minute, and the success of one service.

import { s } from "./dom.js";

const SPAN = 60; // seconds
const W = 240;
const H = 56;

/** Bars of one second each: answered below, failed on top and hatched, so that colour is not the only sign. */
export function trafficChart(recent) {
  const points = (recent ?? []).slice(-SPAN);
  const most = Math.max(4, ...points.map((one) => (one.ok ?? 0) + (one.failed ?? 0)));
  const width = W / SPAN;
  const newest = points.at(-1)?.t ?? 0;
  const bars = points.flatMap((one) => {
    const age = Math.round(newest - one.t);
    const x = W - (age + 1) * width;
    if (!(x >= 0)) return [];
    const ok = ((one.ok ?? 0) / most) * (H - 4);
    const failed = ((one.failed ?? 0) / most) * (H - 4);
    const bar = (kind, height, y) => height > 0 && s("rect", { class: kind, fill: kind === "hatch" ? "url(#hatch)" : undefined, x: x + 0.5, y, width: width - 1, height, rx: 0.8 });
    return [bar("ok", ok, H - ok), bar("failed", failed, H - ok - failed), failed > 0 && bar("hatch", failed, H - ok - failed)];
  });
  const hatch = s("pattern", { id: "hatch", width: 3, height: 3, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, s("rect", { class: "stripe", width: 1.2, height: 3 }));
  const floor = s("line", { class: "floor", x1: 0, y1: H - 0.5, x2: W, y2: H - 0.5 });
  const total = points.reduce((sum, one) => [sum[0] + (one.ok ?? 0), sum[1] + (one.failed ?? 0)], [0, 0]);
  const words = `Requests of the last minute: ${total[0]} answered, ${total[1]} failed`;
  return s("svg", { class: "traffic", viewBox: `0 0 ${W} ${H}`, preserveAspectRatio: "none", role: "img", "aria-label": words }, s("defs", {}, hatch), floor, bars);
}

/** The success rate over the last samples, as a line with a soft ground. Values are 0 to 1, or null where nothing was asked. */
export function rateLine(rates) {
  const width = 72;
  const height = 20;
  const step = width / 59;
  const known = rates.slice(-SPAN).map((rate, index, all) => [width - (all.length - 1 - index) * step, rate]).filter(([, rate]) => rate !== null);
  const svg = s("svg", { class: "rate-line", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  if (known.length < 2) return svg;
  const points = known.map(([x, rate]) => `${x.toFixed(1)} ${(height - 2 - rate * (height - 4)).toFixed(1)}`);
  const line = `M${points.join("L")}`;
  svg.append(s("path", { class: "ground", d: `${line}L${width} ${height}L${known[0][0].toFixed(1)} ${height}Z` }), s("path", { class: "line", d: line }));
  const [x, rate] = known.at(-1);
  svg.append(s("circle", { class: rate < 0.98 ? "head low" : "head", cx: Math.min(x, width - 2), cy: height - 2 - rate * (height - 4), r: 2 }));
  return svg;
}
