// The list of traces: newest on top, filtered, kept up to date.
import { byId, el } from "./dom.js";
import { clock, count, duration } from "./format.js";
import { dot } from "./colours.js";

export const SHOWN = 300;
/** So many are kept for the filter to look through. */
const KEPT = 1000;

const failed = (trace) => trace.outcome === "failure" || trace.errors > 0;

export class TraceList {
  #traces = new Map();
  #items = new Map();
  #selected = null;
  #total = 0;
  #open;

  /** `open(id)` is called when a trace is picked. */
  constructor(open) {
    this.#open = open;
    this.root = byId("list");
    this.filter = byId("filter");
    this.onlyErrors = byId("only-errors");
    this.filter.addEventListener("input", () => this.#draw());
    this.onlyErrors.addEventListener("change", () => this.#draw());
    byId("filter-form").addEventListener("submit", (event) => { event.preventDefault(); this.focus(); });
    this.filter.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") { event.preventDefault(); this.focus(); }
    });
    this.root.addEventListener("keydown", (event) => this.#key(event));
  }

  get size() { return this.#total; }

  /** Everything anew. */
  reset({ traces, total }) {
    this.#traces = new Map(traces.map((trace) => [trace.id, trace]));
    this.#items.clear();
    this.#total = total;
    this.#draw();
  }

  /** What a change message says. */
  update({ first_seq, traces, stats }) {
    for (const [id, trace] of this.#traces) {
      if (trace.seq < first_seq) { this.#traces.delete(id); this.#items.delete(id); }
    }
    for (const trace of traces) {
      const fresh = !this.#traces.has(trace.id);
      this.#traces.set(trace.id, trace);
      this.#items.set(trace.id, this.#item(trace, fresh));
    }
    this.#total = stats.traces;
    this.#draw();
  }

  select(id) {
    this.#selected = id;
    for (const item of this.root.children) this.#mark(item);
    this.root.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  focus() {
    const target = this.root.querySelector("[aria-selected=true]") ?? this.root.firstElementChild;
    target?.focus();
  }

  #draw() {
    const all = [...this.#traces.values()].sort((a, b) => b.seq - a.seq);
    for (const { id } of all.splice(KEPT)) { this.#traces.delete(id); this.#items.delete(id); }
    const wanted = all.filter((trace) => this.#wanted(trace));
    const focused = this.root.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    this.root.replaceChildren(...wanted.slice(0, SHOWN).map((trace) => {
      if (!this.#items.has(trace.id)) this.#items.set(trace.id, this.#item(trace, false));
      const item = this.#items.get(trace.id);
      this.#mark(item);
      return item;
    }));
    this.#tabStop();
    if (focused) this.#items.get(focused)?.focus({ preventScroll: true });
    byId("list-hint").textContent = this.#hint(wanted.length);
  }

  #hint(wanted) {
    if (this.#total === 0) return "";
    if (wanted === 0) return "No trace matches the filter.";
    if (wanted < this.#traces.size) return `${wanted} of ${count(this.#total, "trace")}`;
    const shown = Math.min(wanted, SHOWN);
    return shown < this.#total ? `the newest ${shown} of ${count(this.#total, "trace")}` : "";
  }

  #wanted(trace) {
    if (this.onlyErrors.checked && !failed(trace)) return false;
    const text = this.filter.value.trim().toLowerCase();
    return [trace.name ?? "", trace.id, ...trace.services].some((part) => part.toLowerCase().includes(text));
  }

  #item(trace, fresh) {
    const name = trace.name === null ? "root not received" : trace.name || "(no name)";
    const services = trace.services.map((service) => el("span", {}, dot(service), service));
    const item = el("div", {
      className: `item${failed(trace) ? " failed" : ""}${fresh ? " fresh" : ""}`,
      role: "option", tabIndex: -1, data: { id: trace.id },
      onclick: () => this.#open(trace.id),
    },
    el("div", {},
      el("span", { className: `name${trace.name === null ? " missing" : ""}`, title: name }, name),
      trace.errors > 0 && el("span", { className: "badge error", title: count(trace.errors, "error") }, `! ${trace.errors}`),
      el("span", { className: "took" }, duration(trace.duration_ms * 1000))),
    el("div", {},
      el("span", { className: "services", title: trace.services.join(", ") }, ...services),
      !trace.complete && !trace.missing_root && el("span", { className: "badge", title: "Spans are still on their way, or were lost" }, "incomplete"),
      el("span", { className: "when" }, clock(trace.start_us))));
    return item;
  }

  #mark(item) {
    item.setAttribute("aria-selected", String(item.dataset.id === this.#selected));
  }

  #tabStop() {
    for (const item of this.root.children) item.tabIndex = -1;
    const stop = this.root.querySelector("[aria-selected=true]") ?? this.root.firstElementChild;
    if (stop) stop.tabIndex = 0;
  }

  #key(event) {
    const item = event.target.closest(".item");
    if (!item) return;
    const next = { ArrowDown: item.nextElementSibling, ArrowUp: item.previousElementSibling,
      Home: this.root.firstElementChild, End: this.root.lastElementChild }[event.key];
    if (next) {
      next.focus();
      event.preventDefault();
    } else if (event.key === "Enter" || event.key === " ") {
      this.#open(item.dataset.id, { focus: true });
      event.preventDefault();
    }
  }
}
