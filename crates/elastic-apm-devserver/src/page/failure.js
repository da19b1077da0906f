// One error: its message, where it happened, and what caused it.
import { el } from "./dom.js";
import { timestamp } from "./format.js";

const SHOWN_FRAMES = 30;

function frame(data) {
  const place = data.filename ?? data.classname ?? "";
  const line = data.lineno ? `:${data.lineno}` : "";
  const text = data.function ? `${data.function}  ${place}${line}` : `${place}${line}`;
  return el("li", { className: data.library_frame ? "library" : "" }, text);
}

function frames(stacktrace) {
  if (!Array.isArray(stacktrace) || stacktrace.length === 0) return null;
  const shown = stacktrace.slice(0, SHOWN_FRAMES);
  return el("details", {}, el("summary", {}, `${stacktrace.length} stack frames`), el("ol", {}, ...shown.map(frame)));
}

/** An exception and, indented below it, its causes. */
function exception(data) {
  return [
    el("div", {}, data.type && el("span", { className: "type" }, data.type), data.type && data.message ? ": " : "", data.message ?? ""),
    frames(data.stacktrace),
    ...(data.cause ?? []).map((cause) => el("div", { className: "cause" },
      el("div", { className: "because" }, "caused by"), ...exception(cause).filter(Boolean))),
  ].filter(Boolean);
}

export function failure(error) {
  const { document } = error;
  const facts = [
    timestamp(error.timestamp_us),
    error.culprit,
    document.exception?.handled === false && "not handled",
    document.log?.level && `level ${document.log.level}`,
  ].filter(Boolean);
  const what = document.exception
    ? exception(document.exception)
    : [el("div", {}, el("span", { className: "type" }, document.log?.logger_name ?? "log"), ": ", document.log?.message ?? ""),
      frames(document.log?.stacktrace)];
  return el("div", { className: "failure" }, ...what, el("div", { className: "because" }, facts.join(" · ")));
}
