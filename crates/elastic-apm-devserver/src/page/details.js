// Everything about one row, or about an error without a row.
import { el } from "./dom.js";
import { duration, timestamp } from "./format.js";
import { dot } from "./colours.js";
import { failure } from "./failure.js";

const json = (value) => el("pre", {}, JSON.stringify(value, null, 2));

const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** A list of terms; pairs without a value are left out. */
function terms(pairs) {
  const present = pairs.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return el("dl", {}, ...present.flatMap(([term, value]) => [el("dt", {}, term), el("dd", {}, value)]));
}

const id = (text) => text && el("span", { className: "id" }, text);

function section(title, ...children) {
  return [el("h3", {}, title), ...children];
}

const filled = (value) => value !== undefined && value !== null && Object.keys(value).length > 0;

function title(name, service, close) {
  return el("div", { className: "title" }, dot(service), el("h2", {}, name),
    el("button", { className: "close", type: "button", title: "Close (Esc)", "aria-label": "Close", onclick: close }, "×"));
}

/** Labels as terms, everything else of the context as JSON. */
function context(document) {
  const { tags, ...rest } = document.context ?? {};
  return [
    ...(filled(tags) ? section("Labels", terms(Object.entries(tags).map(([key, value]) => [key, plain(value)]))) : []),
    ...(filled(rest) ? section("Context", json(rest)) : []),
  ];
}

function whole(document) {
  return el("details", {}, el("summary", {}, "Whole document"), json(document));
}

export function rowDetails(row, trace, close) {
  const { document } = row;
  const { composite, span_count: spanCount, links, dropped_spans_stats: dropped } = document;
  const share = (row.duration_us / trace.extent_us) * 100;
  return [
    title(row.name || "(no name)", row.service, close),
    el("div", { className: "tags" },
      el("span", { className: "badge" }, row.kind),
      el("span", { className: `badge${row.outcome === "failure" ? " error" : ""}` }, row.outcome),
      row.orphan && el("span", { className: "badge warn" }, "parent missing"),
      document.sync === false && el("span", { className: "badge" }, "async")),
    ...section("Facts", terms([
      ["Service", row.service],
      ["Type", [row.type, row.subtype, document.action].filter(Boolean).join(" / ")],
      ["Result", row.result],
      ["Duration", `${duration(row.duration_us)} (${share.toFixed(share < 10 ? 1 : 0)} % of the trace)`],
      ["Starts at", `${duration(row.offset_us)} into the trace`],
      ["Timestamp", timestamp(row.timestamp_us)],
      ["Clock", row.skew_us > 0 ? `moved by ${duration(row.skew_us)}: it was behind the caller's` : null],
      ["Compressed", composite && `${composite.count} spans, ${duration(composite.sum * 1000)} in all (${composite.compression_strategy})`],
      ["Spans", spanCount && `${spanCount.started} started${spanCount.dropped ? `, ${spanCount.dropped} dropped` : ""}`],
      ["Sample rate", document.sample_rate?.toString()],
    ])),
    ...(row.errors.length > 0 ? section("Errors", ...row.errors.map(failure)) : []),
    ...context(document),
    ...(links?.length > 0 ? section("Links", json(links)) : []),
    ...(dropped?.length > 0 ? section("Dropped spans", json(dropped)) : []),
    ...section("Ids", terms([
      [row.kind === "span" ? "Span" : "Transaction", id(row.id)],
      ["Parent", id(row.parent_id)],
      ["Transaction", row.kind === "span" ? id(row.transaction_id) : null],
      ["Trace", id(document.trace_id)],
    ])),
    whole(document),
  ];
}

export function errorDetails(error, close) {
  return [
    title(error.event_type || error.type || "Error", error.service, close),
    el("div", { className: "tags" }, el("span", { className: "badge error" }, "error"),
      el("span", { className: "badge warn" }, "parent missing")),
    ...section("Error", failure(error)),
    ...context(error.document),
    whole(error.document),
  ];
}
