//! A web application: traced callers, secrets, bodies, a route that fails, one that calls another service.

use std::fmt;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{get as on_get, post as on_post};
use elastic_apm::axum::ApmLayer;
use elastic_apm::{CaptureBody, capture_error};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::common::{CALLS, Called, ERRORS, METADATA, WHERE_SPANS_STARTED, agent_with, compare, get, serve};
use crate::comparison::{Difference, NOTHING, SOMETHING, differs};

#[derive(Debug)]
struct ValueError;

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("kaboom")
    }
}

impl std::error::Error for ValueError {}

impl IntoResponse for ValueError {
    fn into_response(self) -> Response {
        capture_error(&self);
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

fn application(down: u16) -> Router {
    Router::new()
        .route("/hello/{name}", on_get(hello))
        .route("/form", on_post(async |_: Bytes| "ok"))
        .route("/json", on_post(json))
        .route("/boom", on_get(boom))
        .route("/teapot", on_get(async || (StatusCode::IM_A_TEAPOT, "t")))
        .route("/unavailable", on_get(async || (StatusCode::SERVICE_UNAVAILABLE, "u")))
        .route("/out", on_get(move || out(down)))
        .fallback(async || (StatusCode::NOT_FOUND, "Not Found"))
}

async fn hello(Path(_): Path<String>) -> impl IntoResponse {
    (AppendHeaders([("set-cookie", "sid=secret"), ("x-resp", "1")]), "ok")
}

async fn json(_: Bytes) -> impl IntoResponse {
    (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], "{\"ok\":1}")
}

async fn boom() -> Result<(), ValueError> {
    Err(ValueError)
}

async fn out(down: u16) -> &'static str {
    get(format!("http://127.0.0.1:{down}/down")).await;
    "done!"
}

const TRACED: &[(&str, &str)] = &[
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("tracestate", "es=s:0.5,other=abc"),
    ("x-custom", "visible"),
    ("accept", "*/*"),
];
const SECRETS: &[(&str, &str)] = &[
    ("authorization", "Bearer secret"),
    ("x-api-key", "secret"),
    ("x-auth-token", "secret"),
    ("cookie", "sessionid=secret; theme=dark; auth_token=secret"),
    ("x-forwarded-for", "203.0.113.9"),
];
const NOT_A_TRACE: &[(&str, &str)] = &[
    ("traceparent", "garbage"),
    ("tracestate", "es=s:0.5,other=abc"),
    ("x-custom", "visible"),
    ("accept", "*/*"),
];

const DIFFERENCES: &[Difference] = &[
    differs(
        "X5.name",
        "\"GET /nope/nothing\"",
        "\"GET unknown route\"",
        "the specification: a path that no route matches is never a name, or names grow without end",
    ),
    differs("metadata.service.framework.name", "\"starlette\"", "\"axum\"", "it is the Rust twin's"),
    differs("metadata.service.framework.version", SOMETHING, SOMETHING, "it is the Rust twin's"),
    differs("transaction.context.request.http_version", NOTHING, "\"1.1\"", PYTHON_OMITS),
    differs("error.context.request.http_version", NOTHING, "\"1.1\"", PYTHON_OMITS),
    differs("transaction.context.request.url.raw", NOTHING, SOMETHING, PYTHON_OMITS),
    differs("error.context.request.url.raw", NOTHING, SOMETHING, PYTHON_OMITS),
    differs(
        "transaction.context.request.headers.cookie",
        "\"sessionid=[REDACTED]; theme=dark; auth_token=[REDACTED]\"",
        "\"[REDACTED]\"",
        "the specification: cookies have a field of their own, and the header is redacted whole",
    ),
    differs(
        "X4.context.request.body",
        SOMETHING,
        NOTHING,
        "only the types in `capture_body_content_types` are captured: nobody reads binary data as text",
    ),
    differs(
        "transaction.context.response.headers.content-length",
        SOMETHING,
        NOTHING,
        "the HTTP server adds it when the answer has left every layer",
    ),
    differs(
        "E1.exception.message",
        "\"ValueError: kaboom\"",
        "\"kaboom\"",
        "the type has a field of its own, and is no part of what `Display` prints",
    ),
    differs(
        "S1.sync",
        "false",
        NOTHING,
        "a field of Node and Python alone: asynchronous calls are the rule here",
    ),
];

const PYTHON_OMITS: &str = "the intake protocol has a field for it, Python leaves it out";

#[tokio::test]
async fn a_web_application_is_what_python_sends() {
    let agent = agent_with(|options| options.capture_body(CaptureBody::All));
    let called = Called::start().await;
    let port = serve(application(called.port).layer(ApmLayer::new().tracer(agent.tracer()))).await;
    let caller = Caller { port };
    let of_type = |content_type| [TRACED, &[("content-type", content_type)]].concat();

    caller.send("GET", "/hello/world?a=1&b=two%20words", &[TRACED, SECRETS].concat(), "").await;
    let form = [TRACED, SECRETS, &[("content-type", "application/x-www-form-urlencoded")]].concat();
    caller.send("POST", "/form", &form, "user=joe&password=hunter2&credit_card=4111&note=hi+there").await;
    let json = r#"{"user":"joe","password":"hunter2","n":[1,2]}"#;
    caller.send("POST", "/json", &of_type("application/json"), json).await;
    let binary = b"\0\x01\xff\xfebinary".as_slice();
    caller.send("POST", "/form", &of_type("application/octet-stream"), binary).await;
    caller.send("GET", "/nope/nothing", &[], "").await;
    caller.send("GET", "/boom?x=1", &[], "").await;
    caller.send("GET", "/teapot", &[], "").await;
    caller.send("GET", "/unavailable", &[], "").await;
    caller.send("GET", "/out", &[], "").await;
    caller.send("GET", "/hello/badtp", NOT_A_TRACE, "").await;

    compare(
        "starlette",
        &agent,
        &[port, called.port],
        &[METADATA, CALLS, WHERE_SPANS_STARTED, ERRORS, DIFFERENCES],
    );
}

struct Caller {
    port: u16,
}

impl Caller {
    /// Sends one request over a connection of its own and reads the whole answer.
    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(async move { drop(connection.await) });
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", format!("127.0.0.1:{}", self.port))
            .header("accept-encoding", "identity")
            .header("user-agent", "golden/1.0");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = sender.send_request(request.body(body.into()).unwrap()).await.unwrap();
        answer.into_body().collect().await.unwrap();
    }
}
