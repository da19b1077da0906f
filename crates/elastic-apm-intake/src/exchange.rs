//! An HTTP exchange that is written from where it lies, without being made one's own first.
//!
//! [`Request`] and [`Response`] can be looked at and changed, and hold all they say; a service that records each of its requests and changes
//! none spares itself that. Both are written alike, and one becomes the other.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::JsonObject;
use crate::context::ContextWriter;
use crate::headers::Headers;
use crate::json::FreeForm;
use crate::object::Object;
use crate::request::{Request, Socket};
use crate::response::Response;
use crate::text::{Keyword, serialize_cut};
use crate::transaction::TransactionEvent;
use crate::url::Url;

/// A transaction, written with an exchange that stands in the place of its context's own.
///
/// ```
/// use elastic_apm_intake::{HeadersRef, ResponseRef, TransactionEvent, WithExchange, write_line};
///
/// let headers = [("via", "a"), ("via", "b")];
/// let response = ResponseRef { status_code: 200, headers: HeadersRef(&headers), finished: None };
/// let event = TransactionEvent::default();
///
/// let mut line = Vec::new();
/// write_line(&WithExchange { event: &event, request: None, response: Some(&response) }, &mut line);
///
/// let context = r#""context":{"response":{"status_code":200,"headers":{"via":["a","b"]}}}"#;
/// assert!(String::from_utf8_lossy(&line).contains(context));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WithExchange<'a> {
    /// The transaction.
    pub event: &'a TransactionEvent,
    /// The request, if there was one.
    pub request: Option<&'a RequestRef<'a>>,
    /// The response, if there was one.
    pub response: Option<&'a ResponseRef<'a>>,
}

impl Serialize for WithExchange<'_> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { event, request, response } = *self;
        let context = ContextWriter::new(&event.labels, event.context.as_deref(), request, response);
        event.write(context.as_ref(), serializer)
    }
}

/// [`Request`], borrowed.
#[derive(Clone, Copy, Debug)]
pub struct RequestRef<'a> {
    /// The method, upper case.
    pub method: &'a str,
    /// The URL in parts.
    pub url: UrlRef<'a>,
    /// The headers, names in lower case.
    pub headers: HeadersRef<'a>,
    /// The cookies by name, if they were parsed.
    pub cookies: Option<&'a JsonObject>,
    /// The protocol version: `1.1`, `2`.
    pub http_version: Option<&'a str>,
    /// The peer's address without the port.
    pub remote_address: Option<&'a str>,
}

/// [`Url`], borrowed. Its path, as it was received, is always known.
#[derive(Clone, Copy, Debug)]
pub struct UrlRef<'a> {
    /// The whole URL, as far as the server can know it.
    pub full: Option<&'a str>,
    /// The request line's target as received.
    pub raw: &'a str,
    /// The scheme with its colon: `http:`.
    pub protocol: &'a str,
    /// The host without the port.
    pub hostname: Option<&'a str>,
    /// The port.
    pub port: Option<u16>,
    /// The path.
    pub pathname: &'a str,
    /// The query with its question mark: `?a=1`.
    pub search: Option<&'a str>,
}

/// [`Response`], borrowed.
#[derive(Clone, Copy, Debug)]
pub struct ResponseRef<'a> {
    /// The status code.
    pub status_code: u16,
    /// The headers, names in lower case.
    pub headers: HeadersRef<'a>,
    /// Whether the response was sent to its end.
    pub finished: Option<bool>,
}

/// [`Headers`], borrowed: names and values, those of one name behind each other.
#[derive(Clone, Copy, Debug)]
pub struct HeadersRef<'a>(pub &'a [(&'a str, &'a str)]);

impl Serialize for RequestRef<'_> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        object.field("method", &Cut(self.method))?;
        object.field("url", &self.url)?;
        if !self.headers.0.is_empty() {
            object.field("headers", &self.headers)?;
        }
        object.option("cookies", &self.cookies.map(FreeForm))?;
        object.option("http_version", &self.http_version.map(Cut))?;
        object.option("socket", &self.remote_address.map(SocketRef))?;
        object.end()
    }
}

impl Serialize for UrlRef<'_> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        object.option("full", &self.full.map(Cut))?;
        object.field("raw", &Cut(self.raw))?;
        object.field("protocol", &Cut(self.protocol))?;
        object.option("hostname", &self.hostname.map(Cut))?;
        object.option("port", &self.port)?;
        object.field("pathname", &Cut(self.pathname))?;
        object.option("search", &self.search.map(Cut))?;
        object.end()
    }
}

impl Serialize for ResponseRef<'_> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        object.field("status_code", &self.status_code)?;
        if !self.headers.0.is_empty() {
            object.field("headers", &self.headers)?;
        }
        object.option("finished", &self.finished)?;
        object.end()
    }
}

impl Serialize for HeadersRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for headers in self.0.chunk_by(|(one, _), (next, _)| one == next) {
            match headers {
                [(name, value)] => map.serialize_entry(&Cut(name), &Cut(value))?,
                [(name, _), ..] => map.serialize_entry(&Cut(name), &Values(headers))?,
                [] => {}
            }
        }
        map.end()
    }
}

struct SocketRef<'a>(&'a str);

impl Serialize for SocketRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        object.field("remote_address", &Cut(self.0))?;
        object.end()
    }
}

/// The values of one header.
struct Values<'a>(&'a [(&'a str, &'a str)]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(_, value)| Cut(value)))
    }
}

/// A text that is written as a [`Keyword`] is.
struct Cut<'a>(&'a str);

impl Serialize for Cut<'_> {
    #[inline(always)]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.len() <= Keyword::LIMIT {
            serializer.serialize_str(self.0)
        } else {
            serialize_cut(self.0, Keyword::LIMIT, serializer)
        }
    }
}

impl From<&RequestRef<'_>> for Request {
    fn from(request: &RequestRef<'_>) -> Self {
        Request {
            method: Keyword::copied(request.method),
            url: (&request.url).into(),
            headers: (&request.headers).into(),
            cookies: request.cookies.cloned(),
            http_version: request.http_version.map(Keyword::copied),
            socket: request.remote_address.map(|address| Socket {
                remote_address: Some(Keyword::copied(address)),
                ..Socket::default()
            }),
            ..Request::default()
        }
    }
}

impl From<&UrlRef<'_>> for Url {
    fn from(url: &UrlRef<'_>) -> Self {
        Url {
            full: url.full.map(Keyword::copied),
            raw: Some(Keyword::copied(url.raw)),
            protocol: Some(Keyword::copied(url.protocol)),
            hostname: url.hostname.map(Keyword::copied),
            port: url.port,
            pathname: Some(Keyword::copied(url.pathname)),
            search: url.search.map(Keyword::copied),
            ..Url::default()
        }
    }
}

impl From<&ResponseRef<'_>> for Response {
    fn from(response: &ResponseRef<'_>) -> Self {
        Response {
            status_code: Some(response.status_code),
            headers: (&response.headers).into(),
            finished: response.finished,
            ..Response::default()
        }
    }
}

impl From<&HeadersRef<'_>> for Headers {
    fn from(headers: &HeadersRef<'_>) -> Self {
        let mut owned = Headers::with_capacity(headers.0.len());
        for (name, value) in headers.0 {
            owned.append_next(Keyword::copied(name), Keyword::copied(value));
        }
        owned
    }
}
