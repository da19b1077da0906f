// Talks to the server: the JSON API, and the stream that says what changed.

async function get(path) {
  const response = await fetch(path, { headers: { accept: "application/json" } });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

export const traces = (limit) => get(`/api/traces?limit=${limit}`);
export const trace = (id) => get(`/api/traces/${encodeURIComponent(id)}`);
export const services = () => get("/api/services");
export const stats = () => get("/api/stats");
export const configurations = async () => (await get("/api/config")).services;
export const clear = () => fetch("/api/traces", { method: "DELETE" });

/** Sets the options of a service's agents; false when the server does not take them. */
export async function configure(service, options) {
  const response = await fetch(`/api/config/${encodeURIComponent(service)}`, {
    method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(options),
  });
  return response.ok;
}

/**
 * Calls `opened` at each (re)connection, when everything has to be read anew, `changed` with what changed since, and
 * `lost` when the server is gone. The browser reconnects by itself.
 */
export function live({ opened, changed, lost }) {
  const source = new EventSource("/api/events");
  source.addEventListener("hello", opened);
  source.addEventListener("change", (event) => changed(JSON.parse(event.data)));
  source.addEventListener("error", lost);
}
