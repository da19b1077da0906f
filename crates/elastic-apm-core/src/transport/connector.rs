//! Opens connections: straight to a server, or by way of a proxy.
//!
//! To an `http` server a proxy forwards request by request, to an `https` one it is asked for a tunnel, through which it sees
//! nothing but the server's name.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderValue, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

/// The way to a server.
#[derive(Clone, Debug)]
pub(super) enum Road {
    Direct,
    /// The proxy is told with each request where it goes.
    Forwarded {
        proxy: Uri,
    },
    /// The proxy is told once per connection.
    Tunnelled {
        proxy: Uri,
        authorization: Option<HeaderValue>,
    },
}

/// Opens connections on one road.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    http: HttpConnector,
    road: Road,
}

impl Connector {
    pub(super) fn new(road: Road) -> Self {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        // Which schemes are taken is the options' business.
        http.enforce_http(false);
        Connector { http, road }
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.http.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        match &self.road {
            Road::Direct => {
                let connecting = self.http.call(server);
                Box::pin(async { Ok(Stream { io: connecting.await?, is_forwarded: false }) })
            }
            Road::Forwarded { proxy } => {
                let connecting = self.http.call(proxy.clone());
                Box::pin(async { Ok(Stream { io: connecting.await?, is_forwarded: true }) })
            }
            Road::Tunnelled { proxy, authorization } => {
                let tunnel = Tunnel::new(proxy.clone(), self.http.clone());
                let connecting = match authorization {
                    Some(authorization) => tunnel.with_auth(authorization.clone()),
                    None => tunnel,
                }
                .call(server);
                Box::pin(async { Ok(Stream { io: connecting.await?, is_forwarded: false }) })
            }
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(super) struct Stream {
    io: TokioIo<TcpStream>,
    /// Requests on it name the server, as those to a proxy must.
    is_forwarded: bool,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.io.connected().proxy(self.is_forwarded)
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, buffers)
    }
}
