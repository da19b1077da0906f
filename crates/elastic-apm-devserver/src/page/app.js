// Wires the parts together: the address bar says what is open, the live stream says what is new.
import { byId, el } from "./dom.js";
import { bytes, count } from "./format.js";
import * as api from "./api.js";
import { TraceList, SHOWN } from "./list.js";
import { Waterfall } from "./waterfall.js";
import { errorDetails, rowDetails } from "./details.js";
import { traceView } from "./trace.js";
import { configurationPanel } from "./configuration.js";
import { overview, welcome } from "./overview.js";

const stage = byId("stage");
const main = byId("main");
const panel = byId("details");

/** What is open: the trace that was read, and the waterfall that shows it. */
let open = { id: null, trace: null, waterfall: null };
let reading = false;
let stale = false;

/** Whether the rows get the focus once they are drawn. */
let focusNext = false;

const list = new TraceList((id, { focus = false } = {}) => {
  if (id === open.id && focus) open.waterfall.focus();
  focusNext = focus;
  location.hash = `#/trace/${id}`;
});

/** `#/trace/<id>` or `#/trace/<id>/<row id>`. */
function place() {
  const [, kind, id, row] = location.hash.split("/");
  return kind === "trace" && id ? { id: id.toLowerCase(), row: row ?? null } : { id: null, row: null };
}

function remember(id, row) {
  history.replaceState(null, "", row ? `#/trace/${id}/${row}` : `#/trace/${id}`);
}

function show(children) {
  panel.hidden = children === null;
  main.classList.toggle("with-details", children !== null);
  panel.replaceChildren(...(children ?? []).filter(Boolean));
}

function pick(row) {
  if (open.id === null) return;
  remember(open.id, row?.id);
  show(row && rowDetails(row, open.trace, close));
}

/** Whether the panel shows what is set for a service; it stays while new traces are drawn. */
let configuring = false;

async function configure(service) {
  const options = (await api.configurations())[service] ?? {};
  configuring = true;
  show(configurationPanel(service, options, close));
  byId("options").focus();
}

function close() {
  if (configuring) {
    configuring = false;
    show(null);
    return;
  }
  open.waterfall?.select(null);
  pick(null);
  open.waterfall?.focus();
}

/** Reads again what the stage shows. Runs once at a time; what comes meanwhile makes it run once more. */
async function refresh() {
  stale = true;
  if (reading) return;
  reading = true;
  try {
    while (stale) {
      stale = false;
      await (place().id === null ? drawHome() : drawTrace());
    }
  } catch {
    // The server is gone; the live stream says so and reads everything again when it is back.
  } finally {
    reading = false;
  }
}

async function drawHome() {
  const services = await api.services();
  if (place().id !== null) return;
  open = { id: null, trace: null, waterfall: null };
  if (!configuring) show(null);
  const empty = services.length === 0;
  stage.classList.toggle("wanted", empty);
  // The greeting has a button, so it is not drawn anew under the pointer.
  if (!empty) stage.replaceChildren(overview(services, configure));
  else if (!stage.querySelector(".welcome")) stage.replaceChildren(welcome());
  document.title = "Traces · elastic-apm-devserver";
}

async function drawTrace() {
  const { id } = place();
  const trace = await api.trace(id);
  // Meanwhile another trace may have been opened, or another row.
  const { id: wanted, row } = place();
  if (wanted !== id) return;
  if (trace === null) {
    open = { id: null, trace: null, waterfall: null };
    show(null);
    stage.replaceChildren(el("p", { className: "note" }, "This trace is not in the store. It may not have arrived yet, or it had to make room. ",
      el("a", { href: "#/" }, "All traces")));
    return;
  }
  const waterfall = open.id === id ? open.waterfall : new Waterfall(pick);
  const scroll = open.id === id ? stage.scrollTop : 0;
  open = { id, trace, waterfall };
  waterfall.select(row);
  waterfall.draw(trace);
  stage.replaceChildren(traceView(trace, waterfall.root, (error) => show(errorDetails(error, close))));
  stage.scrollTop = scroll;
  document.title = `${trace.summary.name ?? "Trace"} · elastic-apm-devserver`;
  const selected = waterfall.selected;
  if (selected && panelShows !== detailKey(selected)) show(rowDetails(selected, trace, close));
  else if (!row) show(null);
  panelShows = selected && detailKey(selected);
  if (focusNext) waterfall.focus();
  focusNext = false;
}

/** Details that are being read are not drawn anew unless they changed. */
let panelShows = null;
const detailKey = (row) => `${row.id} ${row.errors.length} ${row.orphan}`;

function navigate() {
  const { id } = place();
  main.classList.toggle("with-trace", id !== null);
  list.select(id);
  configuring = false;
  panelShows = null;
  refresh();
}

function showStats(stats) {
  byId("stats").replaceChildren(...[
    el("span", {}, count(stats.events, "event")),
    el("span", { title: `of ${bytes(stats.max_bytes)}` }, bytes(stats.bytes)),
    stats.evicted_traces > 0 && el("span", { className: "warn", title: "The oldest traces went to make room" }, `${stats.evicted_traces.toLocaleString("en")} evicted`),
    stats.rejected > 0 && el("span", { className: "bad", title: "Lines that a real server would refuse too" }, `${stats.rejected.toLocaleString("en")} rejected`),
    stats.failed_requests > 0 && el("span", { className: "bad" }, count(stats.failed_requests, "failed request")),
  ].filter(Boolean));
}

function showLive(on) {
  const live = byId("live");
  live.textContent = on ? "live" : "server not reachable";
  live.classList.toggle("on", on);
  live.classList.toggle("off", !on);
}

async function readAll() {
  const [traces, stats] = await Promise.all([api.traces(SHOWN), api.stats()]);
  list.reset(traces);
  list.select(place().id);
  showStats(stats);
  await refresh();
}

api.live({
  opened: () => { showLive(true); readAll().catch(() => showLive(false)); },
  changed: (change) => {
    list.update(change);
    showStats(change.stats);
    const { id } = place();
    const gone = open.trace !== null && open.trace.summary.seq < change.first_seq;
    if (id === null || gone || change.traces.some((trace) => trace.id === id)) refresh();
  },
  lost: () => showLive(false),
});

byId("clear").addEventListener("click", async () => {
  await api.clear();
  location.hash = "#/";
  readAll().catch(() => showLive(false));
});

window.addEventListener("hashchange", navigate);
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea");
  if (event.key === "/" && !typing) {
    byId("filter").focus();
    event.preventDefault();
  } else if (event.key === "Escape" && !panel.hidden) {
    close();
  } else if (event.key === "Escape" && open.id !== null && !typing) {
    list.focus();
  }
});
navigate();
