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
export const clear = () => fetch("/api/traces", { method: "DELETE" });

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
