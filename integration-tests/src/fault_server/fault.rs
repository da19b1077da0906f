//! What a server can do with a request.

use std::time::Duration;

/// What is done with one request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// Reads it and answers.
    Answer(Answer),
    /// Answers once the head is there; the body is read afterwards.
    AnswerEarly(Answer),
    /// Reads the head and then nothing, until released.
    HangBeforeBody,
    /// Reads it and does not answer, until released.
    Hang,
    /// Reads the body in pieces with pauses, then takes it.
    ReadSlowly {
        /// The size of a piece.
        bytes: usize,
        /// The pause before each piece.
        pause: Duration,
    },
    /// Resets the connection when this many bytes were read, head included.
    ResetAfter(usize),
    /// Reads it, sends the head and half of the body of an answer, and resets the connection.
    ResetMidAnswer(Answer),
    /// Reads it, sends the head and half of the body of an answer, and then nothing, until released.
    HangMidAnswer(Answer),
    /// Reads it, sends these bytes, and closes the connection.
    Raw(Vec<u8>),
}

impl Fault {
    /// What a working server does: 202 without a body.
    #[must_use]
    pub fn accept() -> Self {
        Fault::Answer(Answer::new(202))
    }

    /// Reads the request and answers with this status and body.
    #[must_use]
    pub fn answer(status: u16, body: impl Into<String>) -> Self {
        Fault::Answer(Answer::new(status).body(body))
    }
}

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    body: String,
    closing: bool,
}

impl Answer {
    /// An answer without a body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Answer { status, headers: Vec::new(), body: String::new(), closing: false }
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Whether the connection is closed afterwards, as the real server does with every error.
    pub(super) fn closes(&self) -> bool {
        self.status >= 400 || self.closing
    }

    /// The same, and the connection is closed afterwards where `closing` says so.
    pub(super) fn closing(mut self, closing: bool) -> Self {
        self.closing |= closing;
        self
    }

    /// The bytes on the wire, and how many of them are the head.
    pub(super) fn bytes(&self) -> (Vec<u8>, usize) {
        let mut head = format!("HTTP/1.1 {} Fault\r\ncontent-length: {}\r\n", self.status, self.body.len());
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.closes() {
            head.push_str("connection: close\r\n");
        }
        head.push_str("\r\n");
        let length = head.len();
        head.push_str(&self.body);
        (head.into_bytes(), length)
    }
}
