//! One request body in the making: the metadata line, then a line per event, compressed as it grows.

use std::io::Write;
use std::time::Instant;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Lines on their way into one request. Empty until the first event comes.
pub(super) struct Batch {
    body: Body,
    events: u64,
    /// When the first event was put in.
    opened: Option<Instant>,
    /// The position of the first event: how many were taken from the queue before it.
    first: u64,
}

enum Body {
    Gzip(Box<GzEncoder<Vec<u8>>>),
    /// For loopback servers, where compressing costs more than it saves.
    Identity(Vec<u8>),
}

/// A finished request body. Cheap to clone: it may have to be sent again.
#[derive(Clone)]
pub(super) struct SealedBatch {
    pub(super) body: Bytes,
    pub(super) gzip: bool,
    pub(super) events: u64,
    pub(super) first: u64,
}

impl Batch {
    /// A batch without events, with room for as much as one before it took.
    pub(super) fn new(compress: bool, size_before: usize) -> Self {
        let buffer = Vec::with_capacity((size_before + size_before / 8).max(16 * 1024));
        let body = if compress {
            Body::Gzip(Box::new(GzEncoder::new(buffer, Compression::fast())))
        } else {
            Body::Identity(buffer)
        };
        Batch { body, events: 0, opened: None, first: 0 }
    }

    /// Appends the line of the event at `position`; before the first one `metadata`, a line too.
    pub(super) fn push(&mut self, line: &[u8], position: u64, metadata: &[u8]) {
        if self.opened.is_none() {
            self.write(metadata);
            self.opened = Some(Instant::now());
            self.first = position;
        }
        self.write(line);
        self.events += 1;
    }

    pub(super) fn events(&self) -> u64 {
        self.events
    }

    pub(super) fn opened(&self) -> Option<Instant> {
        self.opened
    }

    /// The position of its first event, if it has one.
    pub(super) fn first(&self) -> Option<u64> {
        self.opened.map(|_| self.first)
    }

    /// The size of the body so far, as it will be sent.
    pub(super) fn size(&self) -> usize {
        match &self.body {
            Body::Gzip(encoder) => encoder.get_ref().len(),
            Body::Identity(buffer) => buffer.len(),
        }
    }

    /// The finished body.
    pub(super) fn seal(self) -> SealedBatch {
        let gzip = matches!(self.body, Body::Gzip(_));
        let body = match self.body {
            // Writing to memory does not fail; an empty body would be answered like any other.
            Body::Gzip(encoder) => encoder.finish().unwrap_or_default(),
            Body::Identity(buffer) => buffer,
        };
        SealedBatch { body: body.into(), gzip, events: self.events, first: self.first }
    }

    fn write(&mut self, line: &[u8]) {
        match &mut self.body {
            // Writing to memory does not fail.
            Body::Gzip(encoder) => drop(encoder.write_all(line)),
            Body::Identity(buffer) => buffer.extend_from_slice(line),
        }
    }
}
