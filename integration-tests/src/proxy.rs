//! A proxy on a real socket: forwards what it is asked to, and remembers what it was asked.
//!
//! It has threads of its own, which end with the connections. Nothing it does waits for a test.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The longest head that is read.
const MAX_HEAD: u64 = 64 * 1024;

/// A proxy for `http` requests and for tunnels.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    heads: Mutex<Vec<String>>,
    over: AtomicBool,
}

impl Proxy {
    /// A proxy that lets everybody through.
    ///
    /// # Panics
    ///
    /// When the machine gives no port.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.over.load(Ordering::SeqCst) {
                    break;
                }
                let shared = Arc::clone(&serving);
                // A connection that breaks off ends with its thread.
                thread::spawn(move || stream.and_then(|stream| serve(&stream, &shared)));
            }
        });
        Proxy { address, shared }
    }

    /// Its address with these credentials, for `HTTP_PROXY`.
    #[must_use]
    pub fn url(&self, credentials: &str) -> String {
        format!("http://{credentials}@{}", self.address)
    }

    /// The head of the first request on each connection so far.
    #[must_use]
    pub fn heads(&self) -> Vec<String> {
        self.shared.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // Wakes whoever accepts; a listener that is gone needs no waking.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(client: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(client);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.by_ref().take(MAX_HEAD).read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    shared.heads.lock().unwrap_or_else(PoisonError::into_inner).push(head.clone());
    let target = head.split(' ').nth(1).unwrap_or_default();
    let (host, is_tunnel) = match target.strip_prefix("http://") {
        Some(rest) => (rest.split('/').next().unwrap_or_default(), false),
        None => (target, true),
    };
    let server = TcpStream::connect(host)?;
    if is_tunnel {
        (&mut &*client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    } else {
        // Servers take requests that name them.
        (&mut &server).write_all(head.as_bytes())?;
    }
    (&mut &server).write_all(reader.buffer())?;
    thread::scope(|scope| {
        scope.spawn(|| pass_on(client, &server));
        pass_on(&server, client);
    });
    Ok(())
}

/// Copies until one side has enough; the other is told.
fn pass_on(mut from: &TcpStream, mut to: &TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
