//! One request body in the making: the metadata line, then a line per event, compressed as it grows.

use std::io::Write;
use std::time::Instant;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Lines on their way into one request.
pub(crate) struct Batch {
    body: Body,
    events: u64,
    /// When the first event was put in.
    opened: Option<Instant>,
}

enum Body {
    Gzip(Box<GzEncoder<Vec<u8>>>),
    /// For loopback servers, where compressing costs more than it saves.
    Identity(Vec<u8>),
}

/// A finished request body. Cheap to clone: it may have to be sent again.
#[derive(Clone)]
pub(crate) struct SealedBatch {
    pub(crate) body: Bytes,
    pub(crate) gzip: bool,
    pub(crate) events: u64,
}

impl Batch {
    /// An empty batch that opens with `metadata`, a whole line.
    pub(crate) fn new(compress: bool, metadata: &[u8]) -> Self {
        let buffer = Vec::with_capacity(16 * 1024);
        let body = if compress {
            Body::Gzip(Box::new(GzEncoder::new(buffer, Compression::fast())))
        } else {
            Body::Identity(buffer)
        };
        let mut batch = Batch { body, events: 0, opened: None };
        batch.write(metadata);
        batch
    }

    /// Appends one event's line.
    pub(crate) fn push(&mut self, line: &[u8]) {
        self.write(line);
        self.events += 1;
        self.opened.get_or_insert_with(Instant::now);
    }

    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    pub(crate) fn opened(&self) -> Option<Instant> {
        self.opened
    }

    /// The size of the body so far, as it will be sent.
    pub(crate) fn size(&self) -> usize {
        match &self.body {
            Body::Gzip(encoder) => encoder.get_ref().len(),
            Body::Identity(buffer) => buffer.len(),
        }
    }

    /// The finished body.
    pub(crate) fn seal(self) -> SealedBatch {
        let gzip = matches!(self.body, Body::Gzip(_));
        let body = match self.body {
            // Writing to memory does not fail; an empty body would be answered like any other.
            Body::Gzip(encoder) => encoder.finish().unwrap_or_default(),
            Body::Identity(buffer) => buffer,
        };
        SealedBatch { body: body.into(), gzip, events: self.events }
    }

    fn write(&mut self, line: &[u8]) {
        match &mut self.body {
            // Writing to memory does not fail.
            Body::Gzip(encoder) => drop(encoder.write_all(line)),
            Body::Identity(buffer) => buffer.extend_from_slice(line),
        }
    }
}
