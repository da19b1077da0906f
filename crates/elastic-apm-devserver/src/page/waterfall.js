// The rows of one trace: a tree on the left, bars on the right.
import { el } from "./dom.js";
import { duration } from "./format.js";
import { colour } from "./colours.js";
import { gridLines } from "./axis.js";

const DEEPEST = 24;
/** Bars that end further right than this, in percent, have their duration on the left. */
const RIGHTMOST = matchMedia("(max-width: 720px)").matches ? 66 : 86;

const failed = (row) => row.outcome === "failure" || row.errors.length > 0;

export class Waterfall {
  #rows = [];
  #nodes = [];
  #folded = new Set();
  #selected = null;
  #pick;

  /** `pick(row)` is called when a row is chosen; `row` is null when the choice is taken back. */
  constructor(pick) {
    this.#pick = pick;
    this.root = el("div", { className: "rows", role: "tree", "aria-label": "Waterfall" });
    this.root.addEventListener("click", (event) => this.#click(event));
    this.root.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Draws a trace; folded rows and the selection survive when it is the same trace with more in it. */
  draw(trace) {
    const focused = this.root.contains(document.activeElement);
    this.#rows = trace.rows;
    this.#nodes = trace.rows.map((row, index) => this.#node(row, index, trace.extent_us));
    this.root.replaceChildren(gridLines(trace.extent_us), ...this.#nodes);
    this.#fold();
    this.#mark();
    if (focused) this.focus();
  }

  select(id) {
    this.#selected = id;
    this.#mark();
  }

  /** The row with the selected id. */
  get selected() { return this.#rows.find((row) => row.id === this.#selected) ?? null; }

  focus() {
    const node = this.#nodes.find((candidate) => candidate.tabIndex === 0);
    node?.focus({ preventScroll: true });
    node?.scrollIntoView({ block: "nearest" });
  }

  #node(row, index, extent) {
    const parent = (this.#rows[index + 1]?.depth ?? 0) > row.depth;
    const kind = [row.type, row.subtype].filter(Boolean).join(" · ");
    const name = row.name || "(no name)";
    const label = el("div", { className: "label", title: `${name}\n${row.service} · ${kind}` },
      el("button", { className: "twist", type: "button", tabIndex: -1, "aria-label": "Fold" }, parent ? "▾" : ""),
      row.orphan && el("span", { className: "orphan", title: "Its parent has not arrived" }, "orphan"),
      el("span", { className: "name" }, name),
      failed(row) && el("span", { className: "flag", title: this.#why(row) }, "!"),
      el("span", { className: "kind" }, row.subtype || row.type));
    const node = el("div", {
      className: `row ${row.kind}${failed(row) ? " failed" : ""}`,
      role: "treeitem", "aria-level": row.depth + 1, "aria-expanded": parent ? "true" : undefined, tabIndex: -1,
      data: { index }, vars: { "--depth": String(Math.min(row.depth, DEEPEST)), "--service": colour(row.service) },
    }, label, this.#lane(row, extent));
    return node;
  }

  #why(row) {
    return row.errors.length > 0 ? row.errors.map((error) => error.message || error.type).join("\n") : "Failed";
  }

  #lane(row, extent) {
    const left = (row.offset_us / extent) * 100;
    const width = (row.duration_us / extent) * 100;
    const right = left + width;
    const took = el("span", { className: "took" }, duration(row.duration_us));
    if (right < RIGHTMOST) took.style.left = `max(${right}%, calc(${left}% + 3px))`;
    else if (left > 100 - RIGHTMOST) took.style.right = `${100 - left}%`;
    else { took.style.right = `${100 - right}%`; took.classList.add("inside"); }
    const marks = row.errors.map((error) => {
      const at = row.offset_us + (error.timestamp_us - row.timestamp_us);
      return el("i", { className: "mark", place: { left: `${Math.min(Math.max((at / extent) * 100, 0), 100)}%` } });
    });
    const bar = el("span", { className: "bar", place: { left: `min(${left}%, calc(100% - 3px))`, width: `${width}%` } });
    return el("div", { className: "lane" }, bar, took, ...marks);
  }

  #click(event) {
    const node = event.target.closest(".row");
    if (!node) return;
    const row = this.#rows[node.dataset.index];
    if (event.target.closest(".twist")) this.#toggle(row);
    else this.#choose(row);
  }

  #choose(row) {
    this.#selected = row?.id ?? null;
    this.#mark();
    this.#pick(row);
  }

  #toggle(row, folded = !this.#folded.has(row.id)) {
    if (folded) this.#folded.add(row.id);
    else this.#folded.delete(row.id);
    this.#fold();
  }

  /** Hides what is below folded rows. */
  #fold() {
    let hiddenBelow = Infinity;
    this.#rows.forEach((row, index) => {
      const node = this.#nodes[index];
      if (row.depth <= hiddenBelow) hiddenBelow = Infinity;
      node.hidden = row.depth > hiddenBelow;
      if (!node.hasAttribute("aria-expanded")) return;
      const folded = this.#folded.has(row.id);
      node.setAttribute("aria-expanded", String(!folded));
      node.querySelector(".twist").textContent = folded ? "▸" : "▾";
      if (folded && !node.hidden) hiddenBelow = row.depth;
    });
  }

  #mark() {
    const chosen = Math.max(this.#rows.findIndex((row) => row.id === this.#selected), 0);
    this.#nodes.forEach((node, index) => {
      node.setAttribute("aria-selected", String(this.#selected !== null && this.#rows[index].id === this.#selected));
      node.tabIndex = index === chosen ? 0 : -1;
    });
  }

  #key(event) {
    const node = event.target.closest(".row");
    if (!node) return;
    const index = Number(node.dataset.index);
    const row = this.#rows[index];
    const visible = (from, step) => {
      for (let at = from + step; at >= 0 && at < this.#nodes.length; at += step) if (!this.#nodes[at].hidden) return at;
      return from;
    };
    const moves = {
      ArrowDown: () => visible(index, 1),
      ArrowUp: () => visible(index, -1),
      Home: () => 0,
      End: () => visible(this.#nodes.length, -1),
    };
    if (moves[event.key]) this.#move(moves[event.key]());
    else if (event.key === "ArrowRight") this.#toggle(row, false);
    else if (event.key === "ArrowLeft") this.#toggle(row, node.hasAttribute("aria-expanded"));
    else if (event.key === "Enter" || event.key === " ") this.#choose(this.#selected === row.id ? null : row);
    else return;
    event.preventDefault();
  }

  /** Moves the focus; open details follow it. */
  #move(index) {
    this.#nodes.forEach((node, at) => { node.tabIndex = at === index ? 0 : -1; });
    if (this.#selected !== null) this.#choose(this.#rows[index]);
    this.#nodes[index].focus({ preventScroll: true });
    this.#nodes[index].scrollIntoView({ block: "nearest" });
  }
}
