// The panel in which an operator sets options for the agents of a service.
import { el } from "./dom.js";
import { dot } from "./colours.js";
import * as api from "./api.js";

const write = (options) => Object.entries(options).map(([name, value]) => `${name} = ${value}`).join("\n");

/** One option per line; null when a line is none. */
function read(text) {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const pairs = lines.map((line) => /^([a-z0-9_]+)\s*=\s*(.*)$/.exec(line));
  return pairs.includes(null) ? null : Object.fromEntries(pairs.map(([, name, value]) => [name, value]));
}

/** The panel's content. `options` are those that are set now. */
export function configurationPanel(service, options, close) {
  const text = el("textarea", {
    id: "options", rows: 8, spellcheck: false, value: write(options),
    placeholder: "transaction_sample_rate = 0.5\nrecording = true", "aria-label": `Options of ${service}`,
  });
  const status = el("span", { className: "muted", role: "status" });
  const save = async () => {
    const wanted = read(text.value);
    if (wanted === null) {
      status.textContent = "Each line has to be: option = value";
    } else {
      status.textContent = await api.configure(service, wanted) ? "Set. Agents take it over when they ask next." : "The server refused it.";
    }
  };
  return [
    el("div", { className: "title" }, dot(service), el("h2", {}, service),
      el("button", { className: "close", type: "button", title: "Close (Esc)", "aria-label": "Close", onclick: close }, "×")),
    el("h3", {}, "Agent configuration"),
    el("p", { className: "muted" }, "Wins over what is set in the service. Deleted lines give way to that again."),
    text,
    el("div", { className: "actions" }, el("button", { className: "primary", type: "button", id: "configure", onclick: save }, "Set"), status),
  ];
}
