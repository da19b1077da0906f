// An example trace of three services, sent through the intake as an agent would.

const hex = (bytes) => [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const metadata = (name) => ({ metadata: { service: { name, environment: "example", agent: { name: "example", version: "1" } } } });

function build() {
  const trace = hex(16);
  const start = Date.now() * 1000 - 300000;
  const common = (offset, duration) => ({ trace_id: trace, timestamp: start + offset, duration: duration / 1000, outcome: "success" });
  const transaction = (id, parent, name, offset, duration, started, more) => ({ transaction: {
    ...common(offset, duration), id, ...(parent && { parent_id: parent }), name, type: "request", result: "HTTP 2xx", sampled: true,
    span_count: { started, dropped: 0 }, ...more } });
  const span = (owner, parent, name, type, subtype, offset, duration, more) => {
    const id = hex(8);
    return [id, { span: { ...common(offset, duration), id, parent_id: parent, transaction_id: owner, name, type, subtype, ...more } }];
  };

  const [shop, stock, mail] = [hex(8), hex(8), hex(8)];
  const cart = span(shop, shop, "SELECT FROM cart", "db", "postgresql", 6000, 21000, { context: { db: { type: "sql", statement: "SELECT * FROM cart WHERE user_id = $1" } } });
  const price = span(shop, shop, "calculate_total", "app", "internal", 31000, 12500);
  const reserve = span(shop, shop, "POST stock:8080", "external", "http", 48000, 96000, { context: { http: { method: "POST", url: "http://stock:8080/reserve", status_code: 200 } } });
  const notify = span(shop, shop, "POST mailer:8080", "external", "http", 152000, 82000, { outcome: "failure", context: { http: { method: "POST", url: "http://mailer:8080/send", status_code: 500 } } });
  const lock = span(stock, stock, "SELECT FOR UPDATE stock", "db", "postgresql", 61000, 30000);
  const update = span(stock, stock, "UPDATE stock", "db", "postgresql", 94000, 28000);
  const cache = span(stock, stock, "DEL stock:7", "cache", "redis", 125000, 2100);
  const smtp = span(mail, mail, "SMTP mail.example.org", "external", "smtp", 166000, 51000, { outcome: "failure" });
  const error = { error: {
    id: hex(16), trace_id: trace, parent_id: smtp[0], transaction_id: mail, timestamp: start + 216000, culprit: "mailer::deliver",
    transaction: { sampled: true, type: "request" },
    exception: { type: "mailer::DeliveryError", message: "cannot deliver the confirmation", handled: true,
      cause: [{ type: "std::io::Error", message: "connection reset by peer (os error 104)" }] } } };
  const failed = { outcome: "failure", result: "HTTP 5xx" };
  const context = { context: { tags: { tenant: "acme", items: 3, express: true }, request: { method: "POST", url: { full: "http://localhost:3000/checkout", pathname: "/checkout" } }, response: { status_code: 200 } } };
  return [
    [metadata("stock"), lock[1], update[1], cache[1], transaction(stock, reserve[0], "POST /reserve", 54000, 80000, 3)],
    [metadata("mailer"), error, smtp[1], transaction(mail, notify[0], "POST /send", 158000, 70000, 1, failed)],
    [metadata("shop"), cart[1], price[1], reserve[1], notify[1], transaction(shop, null, "POST /checkout", 0, 246000, 4, context)],
  ];
}

/** Sends it; false when the server does not take it. */
export async function sendExample() {
  for (const lines of build()) {
    const body = lines.map((line) => JSON.stringify(line)).join("\n") + "\n";
    const response = await fetch("/intake/v2/events", { method: "POST", headers: { "content-type": "application/x-ndjson" }, body });
    if (!response.ok) return false;
  }
  return true;
}
