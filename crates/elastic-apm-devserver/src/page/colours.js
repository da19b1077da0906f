// One colour per service, the same in the list, the legend and the bars.
import { el } from "./dom.js";

const COLOURS = 8;
const known = new Map();

/** The CSS value of a service's colour; services get theirs in the order they are first seen. */
export function colour(service) {
  if (!known.has(service)) known.set(service, known.size % COLOURS);
  return `var(--s${known.get(service)})`;
}

export function dot(service) {
  return el("i", { className: "dot", vars: { "--service": colour(service) } });
}
