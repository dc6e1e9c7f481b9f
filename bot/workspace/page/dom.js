// Builds elements. Data only ever becomes text nodes or checked attributes; nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, props, children) {
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "on") for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    else if (key === "data") for (const [name, text] of Object.entries(value)) node.dataset[name] = text;
    else if (key === "class") node.setAttribute("class", value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  add(node, children);
  return node;
}

/** Appends nodes and texts, any depth of arrays; empty values are left out. */
export function add(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/** An HTML element: h("p", {class: "x", on: {click}}, "text", other). */
export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);

/** An SVG element, same shape as `h`. */
export const s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

/** A drawing from icons.svg. Decoration: the words beside it carry the meaning. */
export function icon(name, className = "") {
  return s("svg", { class: `icon ${className}`, "aria-hidden": "true", viewBox: "0 0 20 20" }, s("use", { href: `/page/icons.svg#${name}` }));
}

/** Words for screen readers only. */
export const hidden = (text) => h("span", { class: "sr" }, text);

/** Shows exactly these children, moving no node that already stands in its place (so focus and selection stay). */
export function settle(parent, wanted) {
  const keep = new Set(wanted);
  for (const node of [...parent.childNodes]) if (!keep.has(node)) node.remove();
  let at = parent.firstChild;
  for (const node of wanted) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}

/** True for addresses that may become a link: no javascript:, no data:. */
export function safeUrl(url) {
  try {
    return ["http:", "https:", "mailto:"].includes(new URL(url, location.href).protocol);
  } catch {
    return false;
  }
}

/** A link that opens beside the page, or just its words where the address is none. */
export function link(url, label) {
  if (!safeUrl(url)) return h("span", {}, label);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);
}
