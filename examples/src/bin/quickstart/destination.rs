//! Where the agents send: a server that is there already, or a dev server of our own.
//!
//! Looks once, before anything is sent. Whether events arrive later is counted by the agents.

use std::time::Duration;

use elastic_apm_devserver::{DevServer, RunningServer, StartError, Store};

/// How long a server may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// The place that all three agents send to.
#[derive(Debug)]
pub(crate) enum Destination {
    /// A server that somebody else runs.
    Theirs { url: String, server: Server },
    /// A dev server in this process.
    Ours(RunningServer),
}

/// What answers at a URL.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// This project's dev server, which has a page of its own.
    Dev,
    /// An APM Server, with its version where it tells that to strangers.
    Apm { version: Option<String> },
    /// Something that does not answer as an APM Server does; it may still be one, behind a proxy.
    Unclear,
    /// Not asked: that would take TLS and its settings, which are the agent's business.
    NotAsked,
    /// Nothing answers.
    Silent { why: String },
}

impl Destination {
    /// Takes `given` if there is one, else a server that already listens on `usual` (`host:port`), else starts a dev server: on
    /// `usual` if that is free, else on a free port.
    pub(crate) async fn find(given: Option<String>, usual: &str) -> Result<Self, StartError> {
        if let Some(url) = given {
            let server = if url.starts_with("https:") { Server::NotAsked } else { ask(&url).await };
            return Ok(Self::Theirs { url, server });
        }
        let url = format!("http://{usual}");
        match ask(&url).await {
            server @ (Server::Dev | Server::Apm { .. }) => Ok(Self::Theirs { url, server }),
            _ => Ok(Self::Ours(start_near(usual).await?)),
        }
    }

    /// The URL for agents.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Theirs { url, .. } => url.clone(),
            Self::Ours(server) => server.url(),
        }
    }

    /// The waterfall page, if the server has one.
    pub(crate) fn page(&self) -> Option<String> {
        match self {
            Self::Theirs { url, server: Server::Dev } => Some(format!("{}/ui", url.trim_end_matches('/'))),
            Self::Theirs { .. } => None,
            Self::Ours(server) => Some(format!("{}/ui", server.url())),
        }
    }

    /// What has arrived, if it arrives in this process.
    pub(crate) fn store(&self) -> Option<&Store> {
        match self {
            Self::Theirs { .. } => None,
            Self::Ours(server) => Some(server.store()),
        }
    }

    /// Why nothing can arrive, if that is known.
    pub(crate) fn trouble(&self) -> Option<&str> {
        match self {
            Self::Theirs { server: Server::Silent { why }, .. } => Some(why),
            _ => None,
        }
    }

    /// In words, with the URL.
    pub(crate) fn describe(&self) -> String {
        let url = self.url();
        match self {
            Self::Ours(_) => format!("a dev server in this process, {url}"),
            Self::Theirs { server: Server::Dev, .. } => format!("the dev server at {url}"),
            Self::Theirs { server: Server::Apm { version: Some(version) }, .. } => {
                format!("the APM Server {version} at {url}")
            }
            Self::Theirs { server: Server::Apm { version: None }, .. } => format!("the APM Server at {url}"),
            Self::Theirs { server: Server::Unclear, .. } => {
                format!("{url}, which does not answer as an APM Server does")
            }
            Self::Theirs { server: Server::NotAsked | Server::Silent { .. }, .. } => url,
        }
    }
}

/// A dev server on `usual`, or on a free port where that is taken.
async fn start_near(usual: &str) -> Result<RunningServer, StartError> {
    match DevServer::builder().address(usual).start().await {
        Err(StartError::AddressInUse { .. }) => DevServer::builder().address("127.0.0.1:0").start().await,
        started => started,
    }
}

/// Asks who answers at `url`, the way agents do: `GET /` tells the version, or nothing to those without credentials.
async fn ask(url: &str) -> Server {
    match answer(url).await {
        Ok((true, body)) => judge(&body),
        Ok((false, _)) => Server::Unclear,
        Err(error) => Server::Silent { why: last_cause(&error) },
    }
}

async fn answer(url: &str) -> reqwest::Result<(bool, String)> {
    let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let url = format!("{}/", url.trim_end_matches('/'));
    let response = http.get(url).header("accept", "application/json").send().await?;
    let ok = response.status() == http::StatusCode::OK;
    Ok((ok, response.text().await?))
}

fn judge(body: &str) -> Server {
    if body.trim().is_empty() {
        return Server::Apm { version: None };
    }
    let Ok(json) = serde_json::from_str::<serde_json::Value>(body) else { return Server::Unclear };
    match (json["version"].as_str(), json["server"].as_str()) {
        (Some(_), Some("elastic-apm-devserver")) => Server::Dev,
        (Some(version), _) => Server::Apm { version: Some(version.to_owned()) },
        (None, _) => Server::Unclear,
    }
}

/// The innermost cause says it shortest: `Connection refused`.
fn last_cause(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.last().map_or_else(String::new, ToString::to_string)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use elastic_apm_devserver::DevServer;
    use tokio::net::TcpListener;

    use super::{Destination, Server, judge};

    async fn free_address() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().to_string()
    }

    #[tokio::test]
    async fn a_given_url_is_taken_even_if_nothing_answers_there() {
        let url = format!("http://{}", free_address().await);

        let destination = Destination::find(Some(url.clone()), "127.0.0.1:0").await.unwrap();

        assert_eq!(destination.url(), url);
        assert!(destination.trouble().is_some() && destination.page().is_none());
    }

    #[tokio::test]
    async fn a_server_on_the_usual_address_is_used() {
        let server = DevServer::builder().address("127.0.0.1:0").start().await.unwrap();

        let destination = Destination::find(None, &server.address().to_string()).await.unwrap();

        assert!(matches!(&destination, Destination::Theirs { server: Server::Dev, .. }));
        assert_eq!(destination.page(), Some(format!("{}/ui", server.url())));
    }

    #[tokio::test]
    async fn something_else_on_the_usual_address_is_left_alone() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let usual = listener.local_addr().unwrap().to_string();
        let router = Router::new().route("/", get(|| async { "<h1>my wiki</h1>" }));
        tokio::spawn(async move { axum::serve(listener, router).await });

        let destination = Destination::find(None, &usual).await.unwrap();

        assert!(matches!(&destination, Destination::Ours(_)));
        assert_ne!(destination.url(), format!("http://{usual}"));
    }

    #[tokio::test]
    async fn a_dev_server_is_started_on_the_usual_address_if_that_is_free() {
        // Another process may take the address in between, but hardly five times.
        for _ in 0..5 {
            let usual = free_address().await;

            let destination = Destination::find(None, &usual).await.unwrap();

            assert!(matches!(&destination, Destination::Ours(_)));
            if destination.url() == format!("http://{usual}") {
                return;
            }
        }
        panic!("always on another port");
    }

    #[test]
    fn an_apm_server_shows_its_version_or_nothing() {
        let apm = |version: Option<&str>| Server::Apm { version: version.map(str::to_owned) };

        assert_eq!(judge(""), apm(None));
        assert_eq!(judge(r#"{"build_sha": "1", "version": "8.15.0"}"#), apm(Some("8.15.0")));
        assert_eq!(judge(r#"{"hello": 1}"#), Server::Unclear);
        assert_eq!(judge("[]"), Server::Unclear);
    }
}
