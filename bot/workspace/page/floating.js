// A small surface that floats by its anchor in the top layer (menus, lists of options), above dialogs too.

/** Shows `node` under (or over) `anchor`. Answers a function that puts it away; `onClose` hears that in every case. */
export function floatBy(anchor, node, onClose) {
  node.setAttribute("popover", "manual");
  (anchor.closest("dialog") ?? document.body).append(node);
  node.showPopover();
  const place = () => {
    const box = anchor.getBoundingClientRect();
    const wide = Math.max(box.width, 180);
    node.style.minWidth = `${Math.min(wide, innerWidth - 16)}px`;
    node.style.maxWidth = `${Math.min(Math.max(wide, 340), innerWidth - 16)}px`;
    const below = innerHeight - box.bottom - 12;
    const over = below < Math.min(node.scrollHeight, 240) && box.top > below;
    node.style.maxHeight = `${Math.min(Math.max(over ? box.top - 12 : below, 80), 320)}px`;
    node.style.left = `${Math.max(8, Math.min(box.left, innerWidth - node.offsetWidth - 8))}px`;
    node.style.top = over ? `${Math.max(8, box.top - node.offsetHeight - 4)}px` : `${box.bottom + 4}px`;
  };
  const outside = (event) => !node.contains(event.target) && !anchor.contains(event.target) && close();
  const moved = (event) => !node.contains(event.target) && place();
  let open = true;
  function close() {
    if (!open) return;
    open = false;
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("scroll", moved, true);
    removeEventListener("resize", place);
    watch.disconnect();
    node.remove();
    onClose?.();
  }
  const watch = new ResizeObserver(place);
  watch.observe(node);
  document.addEventListener("pointerdown", outside, true);
  document.addEventListener("scroll", moved, true);
  addEventListener("resize", place);
  place();
  return close;
}
