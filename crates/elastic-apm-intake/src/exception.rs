//! An exception: what an error value says about itself, and its causes.

use serde::Deserialize;
use serde::ser::{Serialize, Serializer};

use crate::JsonObject;
use crate::object::Object;
use crate::read;
use crate::stack_frame::StackFrame;
use crate::text::{Keyword, LongText};

/// An error value with the values that caused it.
///
/// The server wants a message or a type: an exception with neither is written with an empty message. Types are what
/// errors are grouped by, so a type must not hold parts that change.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Exception {
    /// What it says.
    pub message: Option<LongText>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Option<Keyword>,
    /// The module the type lives in.
    pub module: Option<Keyword>,
    /// A code; others may send it as an integer, which is read as its digits.
    #[serde(default, deserialize_with = "read::text_or_integer")]
    pub code: Option<Keyword>,
    /// Whether the program caught it.
    pub handled: Option<bool>,
    /// Further attributes.
    pub attributes: Option<JsonObject>,
    /// Where it happened, innermost frame first.
    #[serde(default, deserialize_with = "read::nullable")]
    pub stacktrace: Vec<StackFrame>,
    /// What caused it. Each may have causes of its own; the depth is the caller's to bound.
    #[serde(default, deserialize_with = "read::nullable")]
    pub cause: Vec<Exception>,
}

impl Serialize for Exception {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        if self.message.is_none() && self.kind.is_none() {
            object.field("message", "")?;
        }
        object.option("message", &self.message)?;
        object.option("type", &self.kind)?;
        object.option("module", &self.module)?;
        object.option("code", &self.code)?;
        object.option("handled", &self.handled)?;
        object.free_form("attributes", &self.attributes)?;
        object.list("stacktrace", &self.stacktrace)?;
        object.list("cause", &self.cause)?;
        object.end()
    }
}
