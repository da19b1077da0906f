//! One intake stream: metadata first, then events, each line judged on its own.
//!
//! Takes decompressed chunks, stores what is good as it comes, and remembers what is wrong. Knows nothing
//! of HTTP.

use std::collections::HashMap;
use std::sync::Arc;

use elastic_apm_intake::{Event, LineError, MAX_EVENT_SIZE};
use serde_json::value::RawValue;

use super::answer::{IntakeBody, Problem};
use super::lines::{Line, LineSplitter};
use crate::store::{Draft, Source, Store};

/// So many line errors are listed in an answer; more are only counted.
const LISTED_PROBLEMS: usize = 5;

pub(crate) const TOO_LARGE: &str = "event exceeded the permitted size";

/// A stream that is being read.
pub(crate) struct Stream {
    splitter: LineSplitter,
    judge: Judge,
}

struct Judge {
    store: Store,
    keep_unsampled: bool,
    received_us: u64,
    /// Who sends; `None` until the first line was read.
    source: Option<Arc<Source>>,
    /// The metadata was bad: no later line can be understood.
    refused: bool,
    pending: Vec<Draft>,
    accepted: u64,
    problems: Vec<Problem>,
}

impl Stream {
    /// `received_us` is the time given to events that carry none, in microseconds since the Unix epoch.
    pub(crate) fn new(store: Store, keep_unsampled: bool, received_us: u64) -> Self {
        let judge = Judge {
            store,
            keep_unsampled,
            received_us,
            source: None,
            refused: false,
            pending: Vec::new(),
            accepted: 0,
            problems: Vec::new(),
        };
        Self { splitter: LineSplitter::new(MAX_EVENT_SIZE), judge }
    }

    /// Reads a chunk. `false` when nothing that follows could be read.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> bool {
        let judge = &mut self.judge;
        self.splitter.push(chunk, |line| judge.line(line));
        judge.flush();
        !judge.refused
    }

    /// The stream has ended: reads the last line, which may lack its newline.
    pub(crate) fn finish(self) -> IntakeBody {
        let Self { splitter, mut judge } = self;
        let last = splitter.finish();
        if !last.is_empty() && !judge.refused {
            if judge.source.is_none() {
                judge.reject("EOF while reading metadata", &last);
            } else {
                judge.line(Line::Whole(&last));
            }
        }
        judge.flush();
        judge.body()
    }

    /// The stream broke off: what was read stays accepted.
    pub(crate) fn fail(mut self, message: String) -> IntakeBody {
        self.judge.flush();
        let mut body = self.judge.body();
        body.errors.push(Problem { message, document: String::new() });
        body
    }
}

impl Judge {
    fn line(&mut self, line: Line<'_>) {
        if self.refused {
            return;
        }
        let outcome = match (line, &self.source) {
            (Line::TooLong(start), source) => {
                self.refused = source.is_none();
                self.store.count(|stats| stats.too_large += 1);
                self.reject(TOO_LARGE, start);
                return;
            }
            (Line::Whole(bytes), None) => self.metadata(bytes).inspect_err(|_| self.refused = true),
            (Line::Whole([]), Some(_)) => return,
            (Line::Whole(bytes), Some(source)) => {
                let source = Arc::clone(source);
                self.event(bytes, source)
            }
        };
        if let (Err(message), Line::Whole(bytes)) = (outcome, line) {
            self.reject(&message, bytes);
        }
    }

    fn metadata(&mut self, line: &[u8]) -> Result<(), String> {
        match Event::from_line(line) {
            Ok(Event::Metadata(metadata)) => {
                self.source = Some(self.store.source(*metadata, document(line)?));
                Ok(())
            }
            Ok(_) => Err(NO_METADATA.to_owned()),
            Err(error) if first_word(line) == b"metadata" => Err(error.to_string()),
            Err(_) => Err(NO_METADATA.to_owned()),
        }
    }

    fn event(&mut self, line: &[u8], source: Arc<Source>) -> Result<(), String> {
        let event = Event::from_line(line).map_err(|error| match error {
            LineError::UnknownKind { kind } => unrecognised(&kind),
            LineError::NoKind => unrecognised(&String::from_utf8_lossy(first_word(line))),
            other => other.to_string(),
        })?;
        match &event {
            Event::Metadata(_) => return Err(unrecognised("metadata")),
            Event::Transaction(transaction) if !transaction.sampled && !self.keep_unsampled => {
                self.accepted += 1;
                self.store.count(|stats| {
                    stats.accepted += 1;
                    stats.unsampled += 1;
                });
                return Ok(());
            }
            _ => {}
        }
        self.pending.push(Draft { source, event, document: document(line)?, received_us: self.received_us });
        self.accepted += 1;
        Ok(())
    }

    fn reject(&mut self, message: &str, document: &[u8]) {
        self.store.count(|stats| stats.rejected += 1);
        if self.problems.len() < LISTED_PROBLEMS {
            let document = String::from_utf8_lossy(document).into_owned();
            self.problems.push(Problem { message: message.to_owned(), document });
        }
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            self.store.add(std::mem::take(&mut self.pending));
        }
    }

    fn body(self) -> IntakeBody {
        IntakeBody { accepted: self.accepted, errors: self.problems }
    }
}

const NO_METADATA: &str = "\"metadata\" or \"m\" required";

fn unrecognised(kind: &str) -> String {
    format!("did not recognize object type: {kind:?}")
}

/// The first quoted word of the line, which is all the server looks at to tell what it is.
fn first_word(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == b'"').nth(1).unwrap_or_default()
}

/// The object inside of `{"kind": {..}}`, as it was sent.
fn document(line: &[u8]) -> Result<Box<RawValue>, String> {
    let line = String::from_utf8_lossy(line);
    let kind = String::from_utf8_lossy(first_word(line.as_bytes())).into_owned();
    // What follows the line's object is ignored, as the server ignores it.
    let mut values = serde_json::Deserializer::from_str(&line).into_iter::<HashMap<String, Box<RawValue>>>();
    match values.next() {
        Some(Ok(mut object)) => object.remove(&kind).ok_or_else(|| format!("{kind:?} has no value")),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the line is empty".to_owned()),
    }
}
