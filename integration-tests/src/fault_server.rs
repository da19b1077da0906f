//! An APM Server that goes wrong on demand, on a real socket.
//!
//! Faults are for the requests that carry events. What agents ask beside them, `GET /` and the central configuration, is answered
//! as the test says, and listed apart.
//!
//! It keeps its port while it is down, so that "refused" stays refused and it can come back under the same address. It has
//! a thread of its own: tests may block, and need no runtime. Every wait in here is bounded.

mod connection;
mod fault;
mod questions;
mod received;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::PATIENCE;
use questions::Questions;

pub use fault::{Answer, Fault};
pub use received::Received;

/// How long a server that leaves waits for another request on a connection. An agent under load has one sooner.
const IDLE: Duration = Duration::from_secs(2);
/// How many clients may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A server whose faults are chosen per request.
pub struct FaultServer {
    address: SocketAddr,
    scheme: &'static str,
    acceptor: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    door: Mutex<Door>,
    /// Bound and never listening: keeps the port while nobody listens on it.
    _reservation: TcpSocket,
    runtime: Option<Runtime>,
}

/// What happens to those who connect.
#[derive(Debug)]
enum Door {
    Refusing,
    /// The kernel completes the handshake, nobody takes the connection.
    Deaf {
        _listener: TcpListener,
    },
    Serving {
        stop: oneshot::Sender<Stop>,
        stopped: Receiver<()>,
    },
}

/// How to stop serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// Whatever is under way.
    Now,
    /// Once every connection has had its answer.
    Gracefully,
}

/// What connections and tests share.
#[derive(Debug)]
struct Shared {
    script: Mutex<VecDeque<Fault>>,
    otherwise: Mutex<Fault>,
    received: Mutex<Vec<Received>>,
    more: Condvar,
    questions: Questions,
    released: watch::Sender<bool>,
    leaving: watch::Sender<bool>,
}

impl FaultServer {
    /// A server that takes everything.
    #[must_use]
    pub fn start() -> Self {
        let server = FaultServer::refusing();
        server.serve();
        server
    }

    /// A server that takes everything, over TLS.
    #[must_use]
    pub fn start_tls(config: ServerConfig) -> Self {
        let mut server = FaultServer::refusing();
        server.scheme = "https";
        server.acceptor = Some(TlsAcceptor::from(Arc::new(config)));
        server.serve();
        server
    }

    /// A server that is not there yet: connections are refused until [`serve`](Self::serve).
    ///
    /// # Panics
    ///
    /// When the machine gives no thread or no port.
    #[must_use]
    pub fn refusing() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let reservation = socket(SocketAddr::from(([127, 0, 0, 1], 0)));
        let address = reservation.local_addr().expect("an address");
        FaultServer {
            address,
            scheme: "http",
            acceptor: None,
            shared: Arc::new(Shared {
                script: Mutex::default(),
                otherwise: Mutex::new(Fault::accept()),
                received: Mutex::default(),
                more: Condvar::new(),
                questions: Questions::new(),
                released: watch::Sender::new(false),
                leaving: watch::Sender::new(false),
            }),
            door: Mutex::new(Door::Refusing),
            _reservation: reservation,
            runtime: Some(runtime),
        }
    }

    /// The address, for `server_url`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What is done with the next requests, in order. Then [`always`](Self::always) applies again.
    pub fn next(&self, faults: impl IntoIterator<Item = Fault>) {
        locked(&self.shared.script).extend(faults);
    }

    /// What is done with every request that nothing else was said about.
    pub fn always(&self, fault: Fault) {
        *locked(&self.shared.otherwise) = fault;
    }

    /// Tells agents from now on that this is its version.
    pub fn version(&self, version: &str) {
        self.info(Answer::new(200).body(format!(r#"{{"version":"{version}","publish_ready":true}}"#)));
    }

    /// Answers `GET /` like this from now on.
    pub fn info(&self, answer: Answer) {
        self.shared.questions.set_info(answer);
    }

    /// Answers questions for the central configuration like this from now on.
    pub fn central(&self, answer: Answer) {
        self.shared.questions.set_central(answer);
    }

    /// What was asked so far beside events, in the order of the answers.
    #[must_use]
    pub fn questions(&self, path: &str) -> Vec<Received> {
        self.shared.questions.of(path)
    }

    /// Waits until this path was asked for so many times, and returns these requests.
    ///
    /// # Panics
    ///
    /// When it is not.
    #[track_caller]
    pub fn wait_for_questions(&self, path: &str, count: usize) -> Vec<Received> {
        self.shared.questions.wait_for(path, count)
    }

    /// Starts to listen and to serve, under the same address as ever.
    pub fn serve(&self) {
        self.refuse();
        let listener = self.listen();
        let (stop, stopping) = oneshot::channel();
        let (ended, stopped) = channel();
        let (shared, acceptor) = (Arc::clone(&self.shared), self.acceptor.clone());
        self.runtime().spawn(async move {
            accept(listener, stopping, shared, acceptor).await;
            // Nobody asks when the server was dropped meanwhile.
            let _ = ended.send(());
        });
        *locked(&self.door) = Door::Serving { stop, stopped };
    }

    /// Listens, but takes no connection: whoever connects waits.
    pub fn hang_on_accept(&self) {
        self.refuse();
        let _listener = self.listen();
        *locked(&self.door) = Door::Deaf { _listener };
    }

    /// Closes every connection and refuses new ones. When it returns, it is so.
    ///
    /// # Panics
    ///
    /// When the server's thread does not answer.
    pub fn refuse(&self) {
        self.stop(Stop::Now);
    }

    /// Refuses new connections, answers what it is asked on those there are, and closes them with the answer. When it returns, nothing is
    /// left to answer.
    ///
    /// # Panics
    ///
    /// When the server's thread does not answer.
    pub fn leave(&self) {
        self.shared.leaving.send_replace(true);
        self.stop(Stop::Gracefully);
        self.shared.leaving.send_replace(false);
    }

    fn stop(&self, how: Stop) {
        let door = std::mem::replace(&mut *locked(&self.door), Door::Refusing);
        if let Door::Serving { stop, stopped } = door {
            let _ = stop.send(how);
            stopped.recv_timeout(PATIENCE).expect("the server stops");
        }
    }

    /// Ends all hanging: those that hang are answered, and later ones do not hang.
    pub fn release(&self) {
        self.shared.released.send_replace(true);
    }

    /// What was received so far, in the order of completion.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        locked(&self.shared.received).clone()
    }

    /// Waits for this many requests, whole or not, and returns all of them.
    ///
    /// # Panics
    ///
    /// When they do not come.
    #[track_caller]
    pub fn wait_for_requests(&self, count: usize) -> Vec<Received> {
        self.wait_until(|received| received.len() >= count)
    }

    /// Waits until this many events were received and answered with success, and returns all requests.
    ///
    /// # Panics
    ///
    /// When they do not come.
    #[track_caller]
    pub fn wait_for_events(&self, count: usize) -> Vec<Received> {
        self.wait_until(|received| {
            received.iter().filter(|request| request.is_taken()).map(Received::event_count).sum::<usize>()
                >= count
        })
    }

    /// Waits until what was received is `enough`, and returns it.
    ///
    /// # Panics
    ///
    /// When it does not become so.
    #[track_caller]
    pub fn wait_until(&self, enough: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let received = locked(&self.shared.received);
        let (received, timeout) = self
            .shared
            .more
            .wait_timeout_while(received, PATIENCE, |received| !enough(received))
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "not received in time; so far: {received:#?}");
        received.clone()
    }

    /// The names of the events in requests that were answered with success, in order of arrival.
    #[must_use]
    pub fn names_taken(&self) -> Vec<String> {
        self.received().iter().filter(|request| request.is_taken()).flat_map(Received::names).collect()
    }

    fn listen(&self) -> TcpListener {
        let _runtime = self.runtime().enter();
        socket(self.address).listen(BACKLOG).expect("a listener")
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("the runtime lives as long as the server")
    }
}

impl std::fmt::Debug for FaultServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FaultServer").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        // Also legal inside a test's own runtime, where a plain drop is not.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    /// What is done with the request that begins now.
    fn fault(&self) -> Fault {
        locked(&self.script).pop_front().unwrap_or_else(|| locked(&self.otherwise).clone())
    }

    fn record(&self, received: Received) {
        locked(&self.received).push(received);
        self.more.notify_all();
    }

    fn is_leaving(&self) -> bool {
        *self.leaving.borrow()
    }

    /// Returns once the server leaves and has waited long enough for another request on a connection.
    async fn idle_for_too_long(&self) {
        let mut leaving = self.leaving.subscribe();
        // Fails only when the sender is gone, and with it everybody who waits.
        let _ = leaving.wait_for(|leaving| *leaving).await;
        tokio::time::sleep(IDLE).await;
    }

    /// Returns once hanging is over.
    async fn hang(&self) {
        let mut released = self.released.subscribe();
        // Fails only when the sender is gone, and with it everybody who waits.
        let _ = released.wait_for(|released| *released).await;
    }
}

/// A bound socket on a port that several may share, of which one listens at most.
fn socket(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseaddr(true).expect("SO_REUSEADDR");
    socket.set_reuseport(true).expect("SO_REUSEPORT");
    socket.bind(address).expect("a free port");
    socket
}

async fn accept(
    listener: TcpListener,
    mut stopping: oneshot::Receiver<Stop>,
    shared: Arc<Shared>,
    acceptor: Option<TlsAcceptor>,
) {
    let mut connections = JoinSet::new();
    let mut stop = Stop::Now;
    for number in 0.. {
        let stream = tokio::select! {
            biased;
            how = &mut stopping => {
                stop = how.unwrap_or(Stop::Now);
                break;
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
        };
        while connections.try_join_next().is_some() {}
        let (shared, acceptor) = (Arc::clone(&shared), acceptor.clone());
        connections.spawn(connection::serve(number, stream, acceptor, shared));
    }
    drop(listener);
    if stop == Stop::Gracefully {
        while connections.join_next().await.is_some() {}
    }
    connections.shutdown().await;
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
