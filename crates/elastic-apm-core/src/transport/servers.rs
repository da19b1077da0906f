//! The servers that may be sent to: one at a time, and the next one when that fails.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderValue;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use super::client::HttpClient;
use super::connector::Road;
use super::proxy::{Proxies, Proxy};
use super::tls::{TlsError, Trust};
use crate::config::ServerUrl;
use crate::log::AgentLog;
use crate::per_process::PerProcess;

/// A few servers that do the same, of which one is in use.
pub(super) struct Servers {
    /// Never empty.
    all: Vec<Server>,
    /// Its place in the list, modulo the list's length.
    in_use: AtomicUsize,
}

/// One server and the way to it.
pub(super) struct Server {
    pub(super) url: ServerUrl,
    proxy: Option<Proxy>,
    /// Made at the first request: reading the system's certificates takes time that only `https` should cost.
    client: PerProcess<OnceCell<HttpClient>>,
}

/// Where in the list a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(usize);

impl Servers {
    /// Begins with any of them, so that the agents of a fleet spread over all.
    pub(super) fn new(urls: Vec<ServerUrl>, proxies: &Proxies, log: &AgentLog) -> Self {
        let all: Vec<Server> = urls.into_iter().map(|url| Server::new(url, proxies, log)).collect();
        let in_use = AtomicUsize::new(fastrand::usize(..all.len().max(1)));
        Servers { all, in_use }
    }

    /// The server in use.
    pub(super) fn in_use(&self) -> (Place, &Server) {
        let place = self.in_use.load(Ordering::Relaxed);
        (Place(place), &self.all[place % self.all.len()])
    }

    /// The server at this place has failed. The next one is used from now on and returned, unless it is so already or there is no
    /// other.
    pub(super) fn turn_away_from(&self, Place(place): Place) -> Option<&Server> {
        let next = place.wrapping_add(1);
        let turned = self.in_use.compare_exchange(place, next, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        (turned && self.all.len() > 1).then(|| &self.all[next % self.all.len()])
    }
}

impl Server {
    fn new(url: ServerUrl, proxies: &Proxies, log: &AgentLog) -> Self {
        Server { proxy: proxies.on_the_way_to(&url, log), url, client: PerProcess::new() }
    }

    /// What a proxy wants to see in each request, where it is the one that forwards them.
    pub(super) fn proxy_authorization(&self) -> Option<&HeaderValue> {
        self.proxy.as_ref().filter(|_| !self.url.is_https())?.authorization.as_ref()
    }

    /// The client, made now if need be. A failure is not remembered: the file may appear later.
    pub(super) async fn client(&self, trust: &Trust) -> Result<&HttpClient, Box<dyn Error + Send + Sync>> {
        let cell = self.client.get_or_init(OnceCell::new);
        cell.get_or_try_init(|| async {
            let proxy = self.proxy.clone();
            if !self.url.is_https() {
                return Ok(plain(proxy));
            }
            // Files are read and certificates parsed, which must not keep the agent's thread from its deadlines.
            let trust = trust.clone();
            Ok(spawn_blocking(move || encrypted(proxy, &trust)).await??)
        })
        .await
    }
}

fn plain(proxy: Option<Proxy>) -> HttpClient {
    HttpClient::plain(match proxy {
        None => Road::Direct,
        Some(Proxy { uri: proxy, .. }) => Road::Forwarded { proxy },
    })
}

fn encrypted(proxy: Option<Proxy>, trust: &Trust) -> Result<HttpClient, TlsError> {
    let road = match proxy {
        None => Road::Direct,
        Some(Proxy { uri: proxy, authorization }) => Road::Tunnelled { proxy, authorization },
    };
    HttpClient::tls(road, trust)
}
