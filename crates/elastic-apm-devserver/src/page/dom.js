// Builds elements. Text only ever becomes text: there is no way to put markup through here.

/** `el("div", { className: "x", onclick }, "text", child)`; properties, `aria-*`, `role` and `data` are understood. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key === "role" || key.startsWith("aria-")) node.setAttribute(key, String(value));
    else if (key === "data") Object.assign(node.dataset, value);
    else if (key === "vars") for (const [name, text] of Object.entries(value)) node.style.setProperty(name, text);
    else if (key === "place") Object.assign(node.style, value);
    else node[key] = value;
  }
  node.append(...children.filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

export const byId = (id) => document.getElementById(id);
