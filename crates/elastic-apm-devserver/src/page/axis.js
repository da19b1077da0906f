// The time axis: round numbers of microseconds, and the lines below them.
import { el } from "./dom.js";
import { tick } from "./format.js";

/** About five ticks at 1, 2 or 5 times a power of ten. */
export function ticks(extent) {
  const rough = extent / 5;
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  const all = [];
  for (let us = 0; us <= extent * 1.0001; us += Math.max(step, 1)) all.push(us);
  return all;
}

const percent = (us, extent) => `${(us / extent) * 100}%`;

export function axis(extent) {
  const marks = ticks(extent).map((us) => el("span", {
    className: `tick${us / extent > 0.95 ? " last" : ""}`,
    place: { left: percent(us, extent) },
  }, tick(us)));
  return el("div", { className: "axis", "aria-hidden": "true" }, el("span"), el("div", { className: "ticks" }, ...marks));
}

export function gridLines(extent) {
  const lines = ticks(extent).map((us) => el("i", { place: { left: percent(us, extent) } }));
  return el("div", { className: "grid", "aria-hidden": "true" }, ...lines);
}
