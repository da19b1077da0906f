"""A service that uses Elastic's official Python agent: the other side of the interop tests.

GET /answer       answers, in a transaction that continues the caller's trace
GET /call?url=U   the same, and calls U meanwhile
GET /start?url=U  calls U in a trace of its own that is sampled
GET /flush        sends what was recorded

It prints the port it listens on.
"""

import http.server
import socketserver
import sys
import urllib.parse

import elasticapm
import urllib3

APM_SERVER = sys.argv[1]
client = elasticapm.Client(
    service_name="python-service",
    server_url=APM_SERVER,
    transaction_sample_rate=0.5,
    central_config=False,
    metrics_interval="0ms",
    cloud_provider="none",
)
elasticapm.instrument()
pool = urllib3.PoolManager(timeout=30, retries=False)


def begin(headers):
    """A transaction that continues the caller's trace, or a sampled one of its own."""
    parent = elasticapm.trace_parent_from_headers(dict(headers)) if headers is not None else None
    while True:
        transaction = client.begin_transaction("request", trace_parent=parent)
        if parent is not None or transaction.is_sampled:
            return


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        target = url.query.partition("url=")[2]
        if url.path == "/flush":
            client._transport.flush()
        else:
            begin(None if url.path == "/start" else self.headers)
            if target:
                pool.request("GET", target)
            client.end_transaction("GET " + url.path, "HTTP 2xx")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
