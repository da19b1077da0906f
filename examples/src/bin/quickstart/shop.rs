//! Everything that runs: destination, agents, the two web services. Opened once, closed once, in this order and back.

use std::time::Duration;

use elastic_apm::TraceId;
use elastic_apm_devserver::Store;
use reqwest_middleware::ClientWithMiddleware;

use crate::agents::{Agents, Count};
use crate::destination::Destination;
use crate::serve::Service;
use crate::tee::Mirror;
use crate::warehouse::{Warehouse, traced_client};
use crate::{back, front, job};

/// How long the last copies may take to be posted.
const PATIENCE: Duration = Duration::from_secs(5);

/// The shop, open.
#[derive(Debug)]
pub(crate) struct Shop {
    destination: Destination,
    /// A copy of what a server of others took.
    mirror: Option<Mirror>,
    agents: Agents,
    front: Service,
    back: Service,
    http: ClientWithMiddleware,
}

impl Shop {
    /// Starts everything, sends nothing yet.
    pub(crate) async fn open(destination: Destination) -> Result<Self, Box<dyn std::error::Error>> {
        let mirror = match &destination {
            Destination::Theirs { .. } => Some(Mirror::start().await?),
            Destination::Ours(_) => None,
        };
        let url = destination.url();
        let agents = Agents::start(destination.trouble().is_some(), |agent| {
            let agent = agent.server_url(url.as_str());
            match &mirror {
                Some(mirror) => mirror.follow(agent),
                None => agent,
            }
        })?;
        let http = traced_client()?;
        let back = Service::start(back::router(agents.back.tracer())).await?;
        let warehouse = Warehouse::new(http.clone(), back.url());
        let front = Service::start(front::router(agents.front.tracer(), warehouse)).await?;
        Ok(Self { destination, mirror, agents, front, back, http })
    }

    pub(crate) fn destination(&self) -> &Destination {
        &self.destination
    }

    pub(crate) fn front_url(&self) -> &str {
        self.front.url()
    }

    /// Runs the nightly job. A job that fails has a trace too, but it is not the one that is wanted.
    pub(crate) async fn run_job(&self) -> reqwest_middleware::Result<Option<TraceId>> {
        job::run(&self.agents.job.tracer(), &self.http, self.front.url()).await
    }

    /// Has everything sent so far, and gives back where it can be read.
    pub(crate) async fn store(&self) -> Option<&Store> {
        self.agents.flush().await;
        let store = match &self.mirror {
            Some(mirror) => Some(mirror.store()),
            None => self.destination.store(),
        }?;
        let sent = self.agents.counts().iter().map(|count| count.stats.sent()).sum();
        // Copies arrive a little later. What is missing then is missing in the report, and shows there.
        let _ = store.wait_for(|store| store.stats().accepted >= sent, PATIENCE).await;
        Some(store)
    }

    /// Stops everything, callers before the called, and says what became of all events.
    pub(crate) async fn close(self) -> Vec<Count> {
        let Self { destination, mirror, agents, front, back, http } = self;
        drop(http);
        front.stop().await;
        back.stop().await;
        let counts = tokio::task::spawn_blocking(move || {
            agents.stop();
            agents.counts().to_vec()
        });
        let counts = counts.await.unwrap_or_default();
        drop(mirror);
        if let Destination::Ours(server) = destination {
            server.shutdown().await;
        }
        counts
    }
}
