//! A message of a queue or topic, received or sent.

use serde::{Deserialize, Serialize};

use crate::headers::Headers;
use crate::named::Named;
use crate::read;
use crate::text::{Keyword, LongText};

/// The message a transaction handles or a span sends or receives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The queue or topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<Named>,
    /// How old the message was when it was received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<MessageAge>,
    /// The captured body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<LongText>,
    /// The headers.
    #[serde(default, skip_serializing_if = "Headers::is_empty", deserialize_with = "read::nullable")]
    pub headers: Headers,
    /// The key the broker routed it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routing_key: Option<Keyword>,
}

/// The age of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageAge {
    /// Milliseconds; a negative age is read as absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "read::fitting")]
    pub ms: Option<u64>,
}
