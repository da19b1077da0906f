//! Starting and stopping a server; what it answers is decided elsewhere.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::protocol::auth::Credentials;
use crate::protocol::configurations::Configurations;
use crate::protocol::faults::{Fault, FaultSwitch};
use crate::routes;
use crate::state::{App, Inner};
use crate::store::{DeadlinePassed, Record, Store};

/// The address agents send to by default.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:8200";

/// The store's default limit: 64 MiB.
pub const DEFAULT_MAX_BYTES: usize = 64 * 1024 * 1024;

/// The APM Server version that agents are told by default.
pub const DEFAULT_VERSION: &str = "8.15.0";

/// How long a stopping server waits for requests that are under way.
const GRACE: Duration = Duration::from_secs(5);

/// Settings of a server that has not been started.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use elastic_apm_devserver::DevServer;
///
/// let server = DevServer::builder().address("127.0.0.1:0").start().await?;
/// println!("ELASTIC_APM_SERVER_URL={}", server.url());
///
/// server.shutdown().await;
/// # Ok::<_, elastic_apm_devserver::StartError>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[must_use = "a server does nothing until it is started"]
pub struct DevServer {
    address: String,
    secret_token: Option<String>,
    api_key: Option<String>,
    max_bytes: usize,
    version: String,
    read_timeout: Duration,
}

/// A server that answers. Dropping it stops it without waiting; [`RunningServer::shutdown`] waits.
#[derive(Debug)]
pub struct RunningServer {
    address: SocketAddr,
    app: App,
    task: JoinHandle<()>,
}

/// Why a server did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// Another process listens there already.
    AddressInUse {
        /// The address as it was given.
        address: String,
    },
    /// The address cannot be listened on, for any other reason.
    Bind {
        /// The address as it was given.
        address: String,
        /// What the operating system said.
        source: io::Error,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressInUse { address } => write!(f, "{address} is taken by another process"),
            Self::Bind { address, source } => write!(f, "cannot listen on {address}: {source}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::AddressInUse { .. } => None,
            Self::Bind { source, .. } => Some(source),
        }
    }
}

impl DevServer {
    /// A server with the defaults: [`DEFAULT_ADDRESS`], no credentials, [`DEFAULT_MAX_BYTES`], [`DEFAULT_VERSION`].
    pub fn builder() -> Self {
        Self {
            address: DEFAULT_ADDRESS.to_owned(),
            secret_token: None,
            api_key: None,
            max_bytes: DEFAULT_MAX_BYTES,
            version: DEFAULT_VERSION.to_owned(),
            read_timeout: Duration::from_secs(30),
        }
    }

    /// Where to listen, as `host:port`; port 0 picks a free one.
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = address.into();
        self
    }

    /// Asks agents for `Authorization: Bearer <token>`. The page and its API stay open.
    pub fn secret_token(mut self, token: impl Into<String>) -> Self {
        self.secret_token = Some(token.into());
        self
    }

    /// Asks agents for `Authorization: ApiKey <key>`; given as `id:key` or as the base64 of that.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// How many bytes of events to keep; beyond that the oldest traces go first.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// The APM Server version to stand in for. Before 8.0, unsampled transactions are kept.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// The longest an intake request may take to arrive. Default: 30 s, as a real server.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// Binds the address and serves on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// When the address is taken, or is none of this machine.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with I/O and time enabled.
    pub async fn start(self) -> Result<RunningServer, StartError> {
        let refused = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::AddressInUse { address: self.address.clone() },
            _ => StartError::Bind { address: self.address.clone(), source },
        };
        let listener = TcpListener::bind(&self.address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let major = self.version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        let app = App::new(Inner {
            store: Store::new(self.max_bytes),
            credentials: Credentials::new(self.secret_token, self.api_key),
            faults: FaultSwitch::default(),
            configurations: Configurations::default(),
            keep_unsampled: major.is_none_or(|major| major < 8),
            version: self.version,
            read_timeout: self.read_timeout,
            local_only: address.ip().is_loopback(),
            stopping: watch::Sender::new(false),
        });
        let task = tokio::spawn(serve(listener, app.clone()));
        Ok(RunningServer { address, app, task })
    }
}

impl RunningServer {
    /// The address it listens on, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL for agents and browsers on this machine, without a trailing slash.
    pub fn url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            let loopback: std::net::IpAddr =
                if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
            address.set_ip(loopback);
        }
        format!("http://{address}")
    }

    /// What has arrived. The handle stays valid when the server stops.
    pub fn store(&self) -> &Store {
        &self.app.store
    }

    /// Every event in the store, decoded, in order of arrival: [`Store::events`].
    pub fn events(&self) -> Vec<Arc<Record>> {
        self.app.store.events()
    }

    /// Waits until the store looks as expected: [`Store::wait_for`].
    ///
    /// # Errors
    ///
    /// When it still does not after `deadline`.
    pub async fn wait_for(
        &self,
        condition: impl FnMut(&Store) -> bool,
        deadline: Duration,
    ) -> Result<(), DeadlinePassed> {
        self.app.store.wait_for(condition, deadline).await
    }

    /// Answers every intake request with this status from now on, unread and unstored.
    ///
    /// A status outside of 200 to 599 turns the switch off.
    pub fn answer_with(&self, status: u16) {
        self.set_fault(Fault { status, times: None });
    }

    /// Answers the next `times` intake requests with this status, then truly again.
    pub fn answer_next_with(&self, status: u16, times: u64) {
        self.set_fault(Fault { status, times: Some(times) });
    }

    /// Answers intake requests truly again.
    pub fn answer_truly(&self) {
        self.app.faults.set(None);
    }

    /// Sets these options for the agents of a service, as an operator would in Kibana. They replace what was set before; none
    /// delete it. Agents take them over when they ask next, within five seconds.
    pub fn set_config<N: Into<String>, V: Into<String>>(
        &self,
        service: impl Into<String>,
        options: impl IntoIterator<Item = (N, V)>,
    ) {
        let options = options.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.app.configurations.set(service.into(), options.collect());
    }

    /// Stops: takes no new connections, waits up to five seconds for requests that are under way.
    pub async fn shutdown(mut self) {
        self.app.stopping.send_replace(true);
        let ended = tokio::time::timeout(GRACE, &mut self.task).await;
        if ended.is_err() {
            self.task.abort();
        }
    }

    fn set_fault(&self, fault: Fault) {
        self.app.faults.set(Some(fault).filter(Fault::is_on));
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.app.stopping.send_replace(true);
    }
}

async fn serve(listener: TcpListener, app: App) {
    let mut stopping = app.stopping.subscribe();
    let stop = async move {
        // An error means that the last handle is gone, which is a reason to stop as well.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    // `serve` retries on errors of single connections by itself and returns only when told to stop.
    let _ = axum::serve(listener, routes::router(app)).with_graceful_shutdown(stop).await;
}
