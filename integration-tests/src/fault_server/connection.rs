//! One connection: just enough HTTP/1.1 to read requests with a length, and to break off anywhere.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{Answer, Fault, Received, Shared};

/// The longest head and the longest body that are read; an agent that sends more is cut off.
const MAX_HEAD: usize = 64 * 1024;
const MAX_BODY: usize = 64 * 1024 * 1024;
/// How much of a request tells its method.
const METHOD: usize = 4;
/// How much is read at once, so that "before the body" is not after it.
const PIECE: usize = 512;

/// A byte stream that can end with a reset.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {
    /// Makes closing it a reset.
    fn reset_on_close(&self);
}

impl Wire for TcpStream {
    fn reset_on_close(&self) {
        // A connection that is gone already cannot be reset.
        let _ = self.set_zero_linger();
    }
}

impl Wire for TlsStream<TcpStream> {
    fn reset_on_close(&self) {
        self.get_ref().0.reset_on_close();
    }
}

/// Serves a connection until it ends, by whatever fault.
pub(super) async fn serve(
    number: u64,
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    shared: Arc<Shared>,
) {
    let Some(acceptor) = acceptor else { return converse(number, stream, &shared).await };
    // A client that does not believe the certificate is the agent's business.
    if let Ok(stream) = acceptor.accept(stream).await {
        converse(number, stream, &shared).await;
    }
}

async fn converse(number: u64, stream: impl Wire, shared: &Shared) {
    let mut connection = Connection { stream, buffer: Vec::new() };
    // An error is a client that went away.
    while let Ok(true) = connection.exchange(number, shared).await {}
}

struct Connection<S> {
    stream: S,
    /// Read and not yet used.
    buffer: Vec<u8>,
}

impl<S: Wire> Connection<S> {
    /// One request and what is done with it; says whether there can be another one.
    async fn exchange(&mut self, number: u64, shared: &Shared) -> io::Result<bool> {
        tokio::select! {
            begun = self.begin() => if !begun? {
                return Ok(false);
            },
            () = shared.idle_for_too_long() => return Ok(false),
        }
        if self.buffer.starts_with(b"GET ") {
            return self.question(number, shared).await;
        }
        let fault = shared.fault();
        if let Fault::ResetAfter(bytes) = fault {
            return self.reset_after(bytes, number, shared).await;
        }
        let mut request = self.read_head(number).await?;
        match fault {
            Fault::Answer(answer) => {
                self.read_body(&mut request).await?;
                request.status = Some(answer.status);
                shared.record(request);
                self.answer(&answer.closing(shared.is_leaving())).await
            }
            Fault::AnswerEarly(answer) => {
                self.answer(&answer).await?;
                self.read_body(&mut request).await?;
                request.status = Some(answer.status);
                shared.record(request);
                Ok(!answer.closes())
            }
            Fault::HangBeforeBody => {
                shared.record(request.clone());
                shared.hang().await;
                self.read_body(&mut request).await?;
                self.answer(&Answer::new(202)).await
            }
            Fault::Hang => {
                self.read_body(&mut request).await?;
                shared.record(request);
                shared.hang().await;
                self.answer(&Answer::new(202)).await
            }
            Fault::ReadSlowly { bytes, pause } => {
                let length = length_of(&request)?;
                while self.buffer.len() < length {
                    tokio::time::sleep(pause).await;
                    if self.fill(bytes).await? == 0 {
                        break;
                    }
                }
                self.read_body(&mut request).await?;
                request.status = Some(202);
                shared.record(request);
                self.answer(&Answer::new(202)).await
            }
            Fault::ResetMidAnswer(answer) => {
                self.read_body(&mut request).await?;
                shared.record(request);
                let (bytes, head) = answer.bytes();
                let half = head + (bytes.len() - head) / 2;
                self.write(&bytes[..half]).await?;
                self.stream.reset_on_close();
                Ok(false)
            }
            Fault::HangMidAnswer(answer) => {
                self.read_body(&mut request).await?;
                shared.record(request);
                let (bytes, head) = answer.bytes();
                let (half, rest) = bytes.split_at(head + (bytes.len() - head) / 2);
                self.write(half).await?;
                shared.hang().await;
                self.write(rest).await?;
                Ok(!answer.closes())
            }
            Fault::Raw(bytes) => {
                self.read_body(&mut request).await?;
                shared.record(request);
                self.write(&bytes).await?;
                self.stream.shutdown().await?;
                Ok(false)
            }
            Fault::ResetAfter(_) => Ok(false),
        }
    }

    /// Waits for the beginning of a request; says whether one came.
    async fn begin(&mut self) -> io::Result<bool> {
        while self.buffer.len() < METHOD {
            if self.fill(PIECE).await? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Answers what agents ask beside sending events.
    async fn question(&mut self, number: u64, shared: &Shared) -> io::Result<bool> {
        let mut request = self.read_head(number).await?;
        self.read_body(&mut request).await?;
        let answer = shared.questions.answer(&request);
        request.status = Some(answer.status);
        shared.questions.record(request);
        self.answer(&answer.closing(shared.is_leaving())).await
    }

    async fn reset_after(&mut self, bytes: usize, number: u64, shared: &Shared) -> io::Result<bool> {
        while self.buffer.len() < bytes {
            if self.fill(PIECE.min(bytes - self.buffer.len())).await? == 0 {
                break;
            }
        }
        let (request_line, headers, body) = match end_of_head(&self.buffer) {
            Some(end) => {
                let (line, headers) = parse_head(&self.buffer[..end]);
                (line, headers, self.buffer[end..].to_vec())
            }
            None => (String::new(), Vec::new(), Vec::new()),
        };
        let connection = number;
        self.stream.reset_on_close();
        shared.record(Received { connection, request_line, headers, body, is_complete: false, status: None });
        Ok(false)
    }

    async fn read_head(&mut self, connection: u64) -> io::Result<Received> {
        let end = loop {
            if let Some(end) = end_of_head(&self.buffer) {
                break end;
            }
            if self.buffer.len() > MAX_HEAD || self.fill(PIECE).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let (request_line, headers) = parse_head(&self.buffer[..end]);
        self.buffer.drain(..end);
        Ok(Received { connection, request_line, headers, body: Vec::new(), is_complete: false, status: None })
    }

    async fn read_body(&mut self, request: &mut Received) -> io::Result<()> {
        let length = length_of(request)?;
        while self.buffer.len() < length {
            if self.fill(length - self.buffer.len()).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        request.body = self.buffer.drain(..length).collect();
        request.is_complete = true;
        Ok(())
    }

    /// Reads up to `most` bytes into the buffer.
    async fn fill(&mut self, most: usize) -> io::Result<usize> {
        (&mut self.stream).take(most as u64).read_buf(&mut self.buffer).await
    }

    async fn answer(&mut self, answer: &Answer) -> io::Result<bool> {
        self.write(&answer.bytes().0).await?;
        if answer.closes() {
            self.stream.shutdown().await?;
        }
        Ok(!answer.closes())
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|start| start + 4)
}

fn parse_head(head: &[u8]) -> (String, Vec<(String, String)>) {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split("\r\n");
    let request_line = lines.next().unwrap_or_default().to_owned();
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    (request_line, lines.filter_map(header).collect())
}

/// The length that the request announces; none is none.
fn length_of(request: &Received) -> io::Result<usize> {
    let length = request.header("content-length").unwrap_or("0").parse().unwrap_or(usize::MAX);
    if length > MAX_BODY { Err(io::ErrorKind::InvalidData.into()) } else { Ok(length) }
}
