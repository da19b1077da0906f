//! What came in, as a test looks at it.

use std::fmt;
use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::Value;

/// One request, or as much of it as was read.
#[derive(Clone)]
#[non_exhaustive]
pub struct Received {
    /// The number of the connection it came on, from 0; it starts again when the server does.
    pub connection: u64,
    /// Method, path and version.
    pub request_line: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it was on the wire.
    pub body: Vec<u8>,
    /// Whether all of it came.
    pub is_complete: bool,
    /// The status it was, or is about to be, answered with, if any.
    pub status: Option<u16>,
}

impl Received {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it asks for this path, whatever the query. Behind a proxy's back the path may come with a host.
    #[must_use]
    pub fn is_for(&self, path: &str) -> bool {
        let target = self.request_line.split(' ').nth(1).unwrap_or_default();
        let target = target.split('?').next().unwrap_or_default();
        let asked = match target.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |start| &rest[start..]),
            None => target,
        };
        asked == path
    }

    /// Whether it was answered as a working server does.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// The lines, decompressed.
    ///
    /// # Panics
    ///
    /// When a whole body cannot be decompressed or is no text.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut bytes = Vec::new();
        if self.header("content-encoding") == Some("gzip") {
            let read = GzDecoder::new(&*self.body).read_to_end(&mut bytes);
            assert!(read.is_ok() || !self.is_complete, "not gzip: {read:?}");
        } else {
            bytes.clone_from(&self.body);
        }
        let text = String::from_utf8_lossy(&bytes);
        text.lines().map(str::to_owned).collect()
    }

    /// The lines as JSON.
    ///
    /// # Panics
    ///
    /// When a line is none.
    #[must_use]
    pub fn documents(&self) -> Vec<Value> {
        self.lines().iter().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    /// How many events it carries: the lines without the metadata.
    #[must_use]
    pub fn event_count(&self) -> usize {
        self.lines().len().saturating_sub(1)
    }

    /// The names of its transactions and spans, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let name = |document: &Value| {
            let event = document.get("transaction").or_else(|| document.get("span"))?;
            event.get("name")?.as_str().map(str::to_owned)
        };
        self.documents().iter().filter_map(name).collect()
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("connection", &self.connection)
            .field("request_line", &self.request_line)
            .field("body_bytes", &self.body.len())
            .field("is_complete", &self.is_complete)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
