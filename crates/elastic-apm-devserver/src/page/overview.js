// What the stage shows while no trace is open: the services, or how to begin.
import { el } from "./dom.js";
import { duration } from "./format.js";
import { dot } from "./colours.js";
import { sendExample } from "./example.js";

function row(transaction) {
  const rate = transaction.error_rate;
  const failures = rate === null ? "–" : `${+(rate * 100).toFixed(1)} %`;
  return el("tr", {},
    el("td", {}, transaction.name || "(no name)"),
    el("td", {}, transaction.count.toLocaleString("en")),
    el("td", {}, duration(transaction.p50_ms * 1000)),
    el("td", {}, duration(transaction.p95_ms * 1000)),
    el("td", { className: rate > 0 ? "bad" : "" }, failures),
    el("td", {}, transaction.spans.toLocaleString("en")));
}

function service(summary, configure) {
  const heads = ["Transaction", "Count", "Median", "95 %", "Failed", "Spans"];
  return el("section", {},
    el("h2", {}, dot(summary.service), summary.service, el("span", { className: "muted" }, summary.agent),
      el("button", { className: "quiet", type: "button", onclick: () => configure(summary.service) }, "Configure agents")),
    el("div", { className: "scroll" }, el("table", {},
      el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", {}, head)))),
      el("tbody", {}, ...summary.transactions.map(row)))));
}

/** `configure(service)` is called when somebody wants to set options for a service's agents. */
export function overview(services, configure) {
  return el("div", { className: "overview" },
    el("h1", {}, "Services"),
    el("p", { className: "muted" }, "Everything in the store, by transaction. Pick a trace on the left for its waterfall."),
    ...services.map((summary) => service(summary, configure)));
}

export function welcome() {
  const problem = el("span", { className: "muted", role: "status" });
  const send = async () => {
    problem.textContent = await sendExample() ? "" : "The server refused it. Does it ask for a token?";
  };
  return el("div", { className: "welcome" },
    el("h1", {}, "Waiting for the first trace"),
    el("p", {}, "This server takes what Elastic APM agents send, and shows each trace here as soon as it arrives."),
    el("h2", {}, "Point your service here"),
    el("pre", {}, `export ELASTIC_APM_SERVER_URL=${location.origin}\nexport ELASTIC_APM_SERVICE_NAME=my-service`),
    el("h2", {}, "In a Rust service"),
    el("pre", {}, [
      "let _apm = elastic_apm::Agent::builder().service_name(\"my-service\").install();",
      "let app = Router::new()",
      "    .route(\"/users/{id}\", get(show))",
      "    .layer(elastic_apm::axum::ApmLayer::new());",
    ].join("\n")),
    el("p", { className: "muted" }, "Agents for other languages need only the two variables. Events arrive when the agent flushes: within ten seconds, or when the process ends."),
    el("h2", {}, "Or look around first"),
    el("div", { className: "actions" },
      el("button", { className: "primary", type: "button", id: "example", onclick: send }, "Send an example trace"), problem));
}
