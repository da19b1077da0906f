//! What axum puts into a request's extensions, and who the peer is.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, MatchedPath, OriginalUri};
use elastic_apm_tower::server::RequestFacts;
use http::{Extensions, Uri};

/// Name and version of the framework: the part of the version that this crate is built for.
const AXUM: (&str, &str) = ("axum", "0.8");

/// How the layer learns route, URI and peer.
pub(crate) fn facts() -> RequestFacts {
    RequestFacts { route, original_uri, remote, framework: Some(AXUM) }
}

fn route(extensions: &Extensions) -> Option<&str> {
    extensions.get::<MatchedPath>().map(MatchedPath::as_str)
}

/// Below `nest` the request's own URI has lost the prefix.
fn original_uri(extensions: &Extensions) -> Option<&Uri> {
    extensions.get::<OriginalUri>().map(|OriginalUri(uri)| uri)
}

/// Known where the service was made with `into_make_service_with_connect_info::<SocketAddr>()`.
fn remote(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}
