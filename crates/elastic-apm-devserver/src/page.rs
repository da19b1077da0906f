//! The waterfall page: static files in the binary, nothing fetched from elsewhere.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

/// Only files of this server run or load, and nothing inline: a span's name can never become code.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// `/ui` and the files it loads.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let files = [
        ("/ui/icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
        ("/ui/base.css", STYLE, include_str!("page/base.css")),
        ("/ui/details.css", STYLE, include_str!("page/details.css")),
        ("/ui/list.css", STYLE, include_str!("page/list.css")),
        ("/ui/trace.css", STYLE, include_str!("page/trace.css")),
        ("/ui/api.js", SCRIPT, include_str!("page/api.js")),
        ("/ui/app.js", SCRIPT, include_str!("page/app.js")),
        ("/ui/axis.js", SCRIPT, include_str!("page/axis.js")),
        ("/ui/colours.js", SCRIPT, include_str!("page/colours.js")),
        ("/ui/configuration.js", SCRIPT, include_str!("page/configuration.js")),
        ("/ui/details.js", SCRIPT, include_str!("page/details.js")),
        ("/ui/dom.js", SCRIPT, include_str!("page/dom.js")),
        ("/ui/example.js", SCRIPT, include_str!("page/example.js")),
        ("/ui/failure.js", SCRIPT, include_str!("page/failure.js")),
        ("/ui/format.js", SCRIPT, include_str!("page/format.js")),
        ("/ui/list.js", SCRIPT, include_str!("page/list.js")),
        ("/ui/overview.js", SCRIPT, include_str!("page/overview.js")),
        ("/ui/trace.js", SCRIPT, include_str!("page/trace.js")),
        ("/ui/waterfall.js", SCRIPT, include_str!("page/waterfall.js")),
    ];
    let router = Router::new().route("/ui", get(index)).route("/ui/", get(index));
    files.into_iter().fold(router, |router, (path, content_type, text)| {
        router.route(path, get(move || async move { file(content_type, text) }))
    })
}

/// The page itself.
pub(crate) async fn index() -> Response {
    file("text/html; charset=utf-8", include_str!("page/index.html"))
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        // The files change with the binary, and it is on the same machine.
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}
