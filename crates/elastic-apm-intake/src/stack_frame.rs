//! One frame of a stack trace.

use serde::{Deserialize, Serialize, Serializer};

use crate::JsonObject;
use crate::object::Object;
use crate::read;
use crate::text::Keyword;

/// One frame, innermost first in a stack trace.
///
/// The server wants a file name or a class name: a frame with neither is written with an empty file name.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct StackFrame {
    /// The file, relative to the project.
    pub filename: Option<Keyword>,
    /// The class, in languages that have them.
    pub classname: Option<Keyword>,
    /// The function.
    pub function: Option<Keyword>,
    /// The module or crate path.
    pub module: Option<Keyword>,
    /// The file's absolute path.
    pub abs_path: Option<Keyword>,
    /// The line, from 1.
    #[serde(default, deserialize_with = "read::fitting")]
    pub lineno: Option<u32>,
    /// The column.
    #[serde(default, deserialize_with = "read::fitting")]
    pub colno: Option<u32>,
    /// Whether it belongs to a third party's library.
    pub library_frame: Option<bool>,
    /// The line of code itself.
    pub context_line: Option<Keyword>,
    /// Lines before it.
    #[serde(default, deserialize_with = "read::nullable")]
    pub pre_context: Vec<Keyword>,
    /// Lines after it.
    #[serde(default, deserialize_with = "read::nullable")]
    pub post_context: Vec<Keyword>,
    /// Local variables.
    pub vars: Option<JsonObject>,
}

impl Serialize for StackFrame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::begin(serializer)?;
        if self.filename.is_none() && self.classname.is_none() {
            object.field("filename", "")?;
        }
        object.option("filename", &self.filename)?;
        object.option("classname", &self.classname)?;
        object.option("function", &self.function)?;
        object.option("module", &self.module)?;
        object.option("abs_path", &self.abs_path)?;
        object.option("lineno", &self.lineno)?;
        object.option("colno", &self.colno)?;
        object.option("library_frame", &self.library_frame)?;
        object.option("context_line", &self.context_line)?;
        object.list("pre_context", &self.pre_context)?;
        object.list("post_context", &self.post_context)?;
        object.free_form("vars", &self.vars)?;
        object.end()
    }
}
