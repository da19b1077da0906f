//! The three agents. A service of its own needs one, made with `install`; here three services share a process.

use std::time::Duration;

use elastic_apm::{Agent, AgentBuilder, ConfigError, LogLevel, Stats};

/// The names of the services.
pub(crate) const FRONT: &str = "shop-front";
pub(crate) const BACK: &str = "shop-back";
pub(crate) const JOB: &str = "shop-nightly-job";

/// How long sending the last events may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// One agent per service.
#[derive(Debug)]
pub(crate) struct Agents {
    pub(crate) job: Agent,
    pub(crate) front: Agent,
    pub(crate) back: Agent,
}

/// What became of one agent's events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count {
    pub(crate) service: &'static str,
    pub(crate) stats: Stats,
}

impl Count {
    /// Whether every event was sent.
    pub(crate) fn is_settled(&self) -> bool {
        self.stats.recorded() == self.stats.sent() && self.stats.dropped() == 0
    }
}

impl Agents {
    /// Starts them; `finish` adds what the destination needs.
    ///
    /// # Errors
    ///
    /// When `ELASTIC_APM_SERVER_URL` is malformed. A service would go on with the default address; a quickstart that says
    /// where it sends must not.
    pub(crate) fn start(
        quiet: bool,
        finish: impl Fn(AgentBuilder) -> AgentBuilder,
    ) -> Result<Self, ConfigError> {
        let agent = |name: &'static str, log_level| {
            let describe = || {
                let agent = Agent::builder()
                    .env_vars(environment())
                    .service_name(name)
                    .service_version(env!("CARGO_PKG_VERSION"))
                    .environment("quickstart")
                    .api_request_time(Duration::from_secs(1))
                    .log_level(log_level);
                finish(agent)
            };
            match describe().try_build() {
                Err(error @ ConfigError::InvalidValue { option: "server_url", .. }) => Err(error),
                // An agent works around anything else, and warns.
                Err(_) => Ok(describe().build()),
                Ok(agent) => Ok(agent),
            }
        };
        // All three have the same options and the same server: one of them may warn for all.
        let speaker = if quiet { LogLevel::Error } else { LogLevel::Warning };
        Ok(Self {
            job: agent(JOB, LogLevel::Error)?,
            front: agent(FRONT, speaker)?,
            back: agent(BACK, LogLevel::Error)?,
        })
    }

    /// Sends what was recorded so far, callers first: that is the order in which traces list their services.
    ///
    /// Where one agent cannot send, the others are not tried: they have the same server.
    pub(crate) async fn flush(&self) {
        for agent in [&self.job, &self.front, &self.back] {
            if !agent.flush_async(PATIENCE).await {
                return;
            }
        }
    }

    /// What became of the events so far.
    pub(crate) fn counts(&self) -> [Count; 3] {
        [(JOB, &self.job), (FRONT, &self.front), (BACK, &self.back)]
            .map(|(service, agent)| Count { service, stats: agent.stats() })
    }

    /// Sends the rest and stops. Blocks for as long as that takes.
    pub(crate) fn stop(&self) {
        std::thread::scope(|scope| {
            for agent in [&self.job, &self.front, &self.back] {
                scope.spawn(|| agent.shutdown(PATIENCE));
            }
        });
    }
}

/// The environment without the one variable that would give all three services the same name.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .filter(|(name, _)| name != "ELASTIC_APM_SERVICE_NAME")
}
