//! A client over one connection, which it can cut at any moment.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use elastic_apm::testing::Events;
use elastic_apm_integration_tests::CheckedAgent;
use http::{Request, Response, header};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tower::BoxError;

use crate::stack::{PATH, Protocol};

/// One connection to a server.
pub(crate) struct Client {
    sender: Sender,
    /// The same socket once more, for cutting it.
    socket: std::net::TcpStream,
    address: SocketAddr,
}

enum Sender {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr, protocol: Protocol) -> Self {
        let stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_nonblocking(true).unwrap();
        let socket = stream.try_clone().unwrap();
        let stream = TokioIo::new(TcpStream::from_std(stream).unwrap());
        // The connection's own error is the server's or the test's doing; who waits for an answer hears of it.
        let sender = match protocol {
            Protocol::Http1 => {
                let (sender, connection) = http1::handshake(stream).await.unwrap();
                tokio::spawn(async move { drop(connection.await) });
                Sender::Http1(sender)
            }
            Protocol::Http2 => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
                tokio::spawn(async move { drop(connection.await) });
                Sender::Http2(sender)
            }
        };
        Client { sender, socket, address }
    }

    /// Sends a request whose URI is a path, and returns before there is an answer.
    pub(crate) async fn start(
        &mut self,
        mut request: Request<Body>,
    ) -> impl Future<Output = hyper::Result<Response<Incoming>>> + use<> {
        let address = self.address;
        match &mut self.sender {
            Sender::Http1(sender) => {
                let host = address.to_string().try_into().unwrap();
                request.headers_mut().entry(header::HOST).or_insert(host);
                sender.ready().await.unwrap();
                futures_util::future::Either::Left(sender.send_request(request))
            }
            Sender::Http2(sender) => {
                *request.uri_mut() = format!("http://{address}{}", request.uri()).parse().unwrap();
                sender.ready().await.unwrap();
                futures_util::future::Either::Right(sender.send_request(request))
            }
        }
    }

    pub(crate) async fn send(&mut self, request: Request<Body>) -> hyper::Result<Response<Incoming>> {
        self.start(request).await.await
    }

    /// Asks for [`PATH`] and reads the whole answer.
    pub(crate) async fn get(&mut self) -> (http::response::Parts, Bytes) {
        self.exchange(Request::get(PATH)).await
    }

    /// Sends a request without a body and reads the whole answer.
    pub(crate) async fn exchange(
        &mut self,
        request: http::request::Builder,
    ) -> (http::response::Parts, Bytes) {
        let (head, body) = self.send(request.body(Body::empty()).unwrap()).await.unwrap().into_parts();
        (head, body.collect().await.unwrap().to_bytes())
    }

    /// Cuts the connection.
    pub(crate) fn hang_up(self) {
        self.socket.shutdown(std::net::Shutdown::Both).unwrap();
    }
}

/// What was recorded once `transactions` of them have ended.
///
/// A server may see the end of an exchange a moment after its caller does.
pub(crate) async fn events_of(agent: &CheckedAgent, transactions: usize) -> Events {
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        let events = agent.events();
        if events.transactions.len() >= transactions {
            assert_eq!(events.transactions.len(), transactions, "{}", events.tree());
            return events;
        }
        assert!(Instant::now() < patience, "{transactions} transactions, not {}", events.tree());
        yield_now().await;
    }
}

/// What is sent into it becomes the body's next frame or its error; dropping the sender ends the body.
pub(crate) type Frames = mpsc::UnboundedSender<Result<Frame<Bytes>, BoxError>>;

/// A body that the test controls.
pub(crate) fn controlled_body() -> (Frames, Body) {
    let (frames, mut source) = mpsc::unbounded_channel();
    (frames, Body::new(StreamBody::new(futures_util::stream::poll_fn(move |cx| source.poll_recv(cx)))))
}

pub(crate) fn data(text: &'static str) -> Result<Frame<Bytes>, BoxError> {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}
