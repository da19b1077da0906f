//! The owner of everything: wires config, queue, reporter and tracer, and flushes when dropped.

use std::sync::Arc;
use std::time::Duration;

use elastic_apm_intake::{Keyword, SpanId};

use crate::config::{ConfigBuilder, ConfigError, Dynamic, Environment, Resolved};
use crate::config::{log_preamble, option_setters, resolve, resolve_strict};
use crate::default_agent::{self, EXIT_TIMEOUT};
use crate::log::AgentLog;
use crate::metadata::{self, Framework, HostLookup};
use crate::panic_hook;
use crate::queue::HandOff;
use crate::reporter::{Filterable, Filters, Launch, Reporter};
use crate::stats::Stats;
use crate::trace::{Tracer, TransactionOptions, TransactionScope};
use crate::transport::{HttpTransport, Transport};

/// The agent: owns the background thread, and flushes when dropped.
///
/// Keep it for as long as the program runs: `let _apm = Agent::builder().service_name("checkout").install();`. Integrations
/// take the cheap [`Tracer`] instead.
///
/// ```
/// use elastic_apm_core::Agent;
///
/// let agent = Agent::builder().service_name("foo").without_env().enabled(false).build();
/// let tx = agent.begin_transaction("script");
/// // the job
/// tx.end_with("nightly-report", "success");
/// ```
///
/// # Forks
///
/// A process that was forked off records under its own process id, with a background thread that starts at its first event; what waits
/// to be sent stays its parent's. Its [`stats`](Self::stats) begin at zero. Fork between transactions: one that is open ends in both.
#[must_use = "the agent stops as soon as it is dropped: bind it, as in `let _apm = …`"]
pub struct Agent {
    tracer: Tracer,
    reporter: Option<Arc<Reporter>>,
    is_default: bool,
    panics: Option<panic_hook::Registration>,
}

impl Agent {
    /// Describes an agent. `ELASTIC_APM_*` wins over what is set here.
    pub fn builder() -> AgentBuilder {
        AgentBuilder::default()
    }

    /// The handle that integrations take.
    pub fn tracer(&self) -> Tracer {
        self.tracer.clone()
    }

    /// Starts a transaction and makes it current on this thread until the returned scope is dropped.
    ///
    /// Takes a type (`"script"`), or [`TransactionOptions`] with a parent. Bind the scope: without a binding the transaction ends
    /// at once.
    pub fn begin_transaction(&self, options: impl Into<TransactionOptions>) -> TransactionScope {
        self.tracer.begin_transaction(options)
    }

    /// Ends this thread's current transaction if it is one of this agent, and returns its id.
    ///
    /// `name` and `result` fill only what is unset. Spans still open stay legal; the later drop of the scope does nothing.
    /// `None` where no transaction of this agent is current.
    pub fn end_transaction(&self, name: impl Into<Keyword>, result: impl Into<Keyword>) -> Option<SpanId> {
        self.tracer.end_transaction(name, result)
    }

    /// Sends what was recorded so far. Blocks until the server has it, `timeout` at most; says whether all arrived.
    ///
    /// While the server cannot be reached it makes one attempt and returns. In async code use [`flush_async`](Self::flush_async).
    pub fn flush(&self, timeout: Duration) -> bool {
        self.reporter.as_ref().is_none_or(|reporter| reporter.flush(timeout))
    }

    /// [`flush`](Self::flush) without blocking, on any runtime, of which not even a timer is asked.
    pub async fn flush_async(&self, timeout: Duration) -> bool {
        match &self.reporter {
            Some(reporter) => reporter.flush_async(timeout).await,
            None => true,
        }
    }

    /// Sends what was recorded so far and stops. Blocks until then, `timeout` at most; says whether all arrived.
    ///
    /// What is recorded afterwards is counted as dropped. Once the agent has stopped, a further shutdown or flush does nothing, and
    /// answers whether all that was left at the end arrived.
    pub fn shutdown(&self, timeout: Duration) -> bool {
        self.reporter.as_ref().is_none_or(|reporter| reporter.shutdown(timeout))
    }

    /// What became of the events recorded so far.
    pub fn stats(&self) -> Stats {
        self.reporter.as_ref().map(|reporter| reporter.stats()).unwrap_or_default()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.panics = None;
        // Uninstalled last: an `exit` on another thread meanwhile waits for the same shutdown.
        self.shutdown(EXIT_TIMEOUT);
        if self.is_default {
            default_agent::uninstall();
        }
    }
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent").field("tracer", &self.tracer).field("stats", &self.stats()).finish()
    }
}

type WrapTransport = Box<dyn FnOnce(Box<dyn Transport>) -> Box<dyn Transport> + Send>;

/// Options of an [`Agent`]: one setter per option of the table, each overruled by its `ELASTIC_APM_*` variable.
///
/// A value that cannot be used is ignored with a warning in the agent's log; [`try_build`](Self::try_build) returns it instead.
#[must_use = "nothing starts until build or install is called"]
#[derive(Default)]
pub struct AgentBuilder {
    config: ConfigBuilder,
    environment: Option<Environment>,
    transport: Option<Box<dyn Transport>>,
    wrap: Option<WrapTransport>,
    filters: Filters,
    log: Option<AgentLog>,
    host_lookup: HostLookup,
}

impl AgentBuilder {
    option_setters! { pub [config] }

    /// Reads no environment variable: for tests, and for several services in one process.
    pub fn without_env(mut self) -> Self {
        self.environment = Some(Environment::empty());
        self
    }

    /// Reads these variables instead of the process's environment.
    pub fn env_vars(
        mut self,
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        self.environment = Some(variables.into_iter().collect());
        self
    }

    /// Shows each event of one kind to `filter` before it is sent: what it changes is sent changed, and where it answers `false` the
    /// event is not sent.
    ///
    /// The kind is that of the closure's argument: [`TransactionEvent`](crate::intake::TransactionEvent),
    /// [`SpanEvent`](crate::intake::SpanEvent) or [`ErrorEvent`](crate::intake::ErrorEvent). Filters of a kind run in the order of
    /// these calls, on the agent's thread, one event at a time. They see what would be sent: secrets are redacted and frames are
    /// named. Long texts are cut afterwards, and nothing that a filter puts in is redacted.
    ///
    /// What is left out is counted as [`DropReason::Filtered`](crate::DropReason::Filtered); other events do not change with it, such
    /// as a transaction's count of spans. An event whose filter panics is left out too, as
    /// [`DropReason::FilterFailed`](crate::DropReason::FilterFailed), and a warning says so once. What a filter itself records is
    /// ignored; one that is slow holds up the sending, never the application.
    ///
    /// ```
    /// use elastic_apm_core::Agent;
    /// use elastic_apm_core::intake::{ErrorEvent, SpanEvent};
    ///
    /// let agent = Agent::builder()
    ///     .filter(|span: &mut SpanEvent| span.name != "SELECT 1")
    ///     .filter(|error: &mut ErrorEvent| {
    ///         if let Some(user) = error.context.as_mut().and_then(|context| context.user.as_mut()) {
    ///             user.email = None;
    ///         }
    ///         true
    ///     })
    ///     .build();
    /// # drop(agent);
    /// ```
    pub fn filter<E: Filterable>(mut self, filter: impl Fn(&mut E) -> bool + Send + Sync + 'static) -> Self {
        self.filters.add(filter);
        self
    }

    /// Sends through what `wrap` makes of the agent's own transport: to tee, to measure, to alter.
    pub fn wrap_transport(
        mut self,
        wrap: impl FnOnce(Box<dyn Transport>) -> Box<dyn Transport> + Send + 'static,
    ) -> Self {
        self.wrap = Some(Box::new(wrap));
        self
    }

    /// Sends through this transport instead of HTTP: to record, to forward.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn log(mut self, log: AgentLog) -> Self {
        self.log = Some(log);
        self
    }

    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn host_lookup(mut self, lookup: HostLookup) -> Self {
        self.host_lookup = lookup;
        self
    }

    /// Starts the agent. Cannot fail: bad options are ignored with a warning that names them.
    pub fn build(mut self) -> Agent {
        let environment = self.environment.take().unwrap_or_else(Environment::process);
        let resolved = resolve(std::mem::take(&mut self.config), &environment);
        self.start(&resolved, &environment)
    }

    /// Starts the agent, or says which option cannot be used.
    ///
    /// # Errors
    ///
    /// The first option whose value, in code or environment, is malformed or out of bounds.
    pub fn try_build(mut self) -> Result<Agent, ConfigError> {
        let environment = self.environment.take().unwrap_or_else(Environment::process);
        let resolved = resolve_strict(std::mem::take(&mut self.config), &environment)?;
        Ok(self.start(&resolved, &environment))
    }

    /// Starts the agent and makes it the process's default.
    ///
    /// A second one works too, but the first stays the default, and a warning says so. Dropping the default leaves none.
    pub fn install(self) -> Agent {
        let mut agent = self.build();
        if let Some(reporter) = &agent.reporter {
            agent.is_default = default_agent::install(&agent.tracer, reporter);
            if !agent.is_default {
                agent.tracer.warn(format_args!(
                    "another agent is the default already and stays it; this one serves only those who are given its tracer"
                ));
            }
        }
        agent
    }

    fn start(self, resolved: &Resolved, environment: &Environment) -> Agent {
        let config = &resolved.config;
        let log = self.log.unwrap_or_else(|| AgentLog::new(config.settings.log_level));
        let metadata = metadata::collect(config, environment);
        log_preamble(&log, resolved, &metadata);
        let noop = || Agent { tracer: Tracer::noop(), reporter: None, is_default: false, panics: None };
        if !config.enabled {
            return noop();
        }
        let mut transport =
            self.transport.unwrap_or_else(|| Box::new(HttpTransport::new(config, environment, &log)));
        if let Some(wrap) = self.wrap {
            transport = wrap(transport);
        }
        let (settings, framework) = (Dynamic::new(Arc::clone(&config.settings)), Framework::default());
        let started = Reporter::start(Launch {
            config: config.clone(),
            settings: settings.clone(),
            transport: Arc::from(transport),
            filters: self.filters,
            log: log.clone(),
            metadata,
            framework: framework.clone(),
            host_lookup: self.host_lookup,
        });
        match started {
            Ok(reporter) => {
                let reporter = Arc::new(reporter);
                let hand_off: Arc<dyn HandOff> = Arc::clone(&reporter) as _;
                let tracer = Tracer::new(settings, hand_off, log, config.instrument, framework);
                let panics = config.panic_hook.then(|| panic_hook::register(&tracer, &reporter)).flatten();
                Agent { tracer, reporter: Some(reporter), is_default: false, panics }
            }
            Err(error) => {
                log.error(format_args!(
                    "nothing will be recorded: the reporter thread did not start: {error}"
                ));
                noop()
            }
        }
    }
}

impl std::fmt::Debug for AgentBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}
