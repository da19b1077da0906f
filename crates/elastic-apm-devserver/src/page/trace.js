// One trace on the stage: what it is, its services, its waterfall.
import { el } from "./dom.js";
import { count, duration, timestamp } from "./format.js";
import { dot } from "./colours.js";
import { axis } from "./axis.js";

function facts({ summary, extent_us: extent }) {
  const longer = extent > summary.duration_ms * 1000 * 1.02 + 1;
  return el("div", { className: "facts" },
    el("b", {}, duration(summary.duration_ms * 1000)),
    longer && !summary.missing_root && el("span", {}, `all work ${duration(extent)}`),
    el("span", {}, timestamp(summary.start_us)),
    el("span", {}, count(summary.transactions, "transaction")),
    el("span", {}, count(summary.spans, "span")),
    el("span", { className: "id", title: "Trace id" }, summary.id));
}

function states(summary) {
  return [
    summary.errors > 0 && el("span", { className: "badge error" }, count(summary.errors, "error")),
    summary.outcome === "failure" && el("span", { className: "badge error" }, "failed"),
    summary.missing_root && el("span", { className: "badge warn" }, "root not received"),
    !summary.missing_root && !summary.complete && el("span", { className: "badge warn" }, "spans missing"),
  ];
}

/** Errors that have no row to hang on. */
function loose(errors, pick) {
  if (errors.length === 0) return null;
  return el("div", { className: "loose" }, ...errors.map((error) => el("button", { type: "button", onclick: () => pick(error) },
    `${error.type || "Error"}: ${error.message}`)));
}

/** The elements of the stage; `waterfall` is the element that holds the rows. */
export function traceView(trace, waterfall, pickError) {
  const { summary } = trace;
  const name = summary.missing_root ? "Trace without its root" : summary.name || "(no name)";
  const hidden = trace.rows_total - trace.rows.length;
  return el("article", { className: "trace" },
    el("div", { className: "head" },
      el("a", { className: "back", href: "#/" }, "← all traces"),
      el("h1", {}, name, ...states(summary)),
      facts(trace),
      el("div", { className: "legend" }, ...summary.services.map((service) => el("span", {}, dot(service), service)))),
    loose(trace.errors, pickError),
    axis(trace.extent_us),
    waterfall,
    hidden > 0 && el("p", { className: "note" }, `${count(hidden, "more row")} of this trace are not shown.`));
}
