// Dark, light, or as the system has it. The choice is kept in this browser.

import { h, icon } from "./dom.js";

const NEXT = { auto: "light", light: "dark", dark: "auto" };
const SIGN = { auto: "auto", light: "sun", dark: "moon" };
const WORDS = { auto: "as the system", light: "light", dark: "dark" };

function kept() {
  try {
    const value = localStorage.getItem("rollbot.theme");
    return Object.hasOwn(NEXT, value ?? "") ? value : "auto";
  } catch {
    return "auto";
  }
}

export function themeButton() {
  let theme = kept();
  const node = h("button", { type: "button", class: "icon-button" });
  const show = () => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const label = `Colours: ${WORDS[theme]}`;
    node.setAttribute("aria-label", label);
    node.title = label;
    node.replaceChildren(icon(SIGN[theme]));
  };
  node.addEventListener("click", () => {
    theme = NEXT[theme];
    try {
      localStorage.setItem("rollbot.theme", theme);
    } catch {
      // not kept, still shown
    }
    show();
  });
  show();
  return node;
}
