//! Writing a JSON object field by field: absent fields are skipped, never null.
//!
//! For the types whose shape in memory is not their shape on the wire; the others derive.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::json::FreeForm;

/// A JSON object that is being written.
pub(crate) struct Object<S: Serializer>(S::SerializeStruct);

impl<S: Serializer> Object<S> {
    /// Opens the object.
    #[inline]
    pub(crate) fn begin(serializer: S) -> Result<Self, S::Error> {
        // The number of fields is only a hint, but 0 would tell some formats that none follow.
        serializer.serialize_struct("object", 1).map(Self)
    }

    /// Writes a field that is always there.
    #[inline(always)]
    pub(crate) fn field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        self.0.serialize_field(key, value)
    }

    /// Writes a field that may be absent.
    #[inline(always)]
    pub(crate) fn option<T: Serialize>(
        &mut self,
        key: &'static str,
        value: &Option<T>,
    ) -> Result<(), S::Error> {
        match value {
            Some(value) => self.field(key, value),
            None => Ok(()),
        }
    }

    /// Writes a list unless it is empty.
    #[inline]
    pub(crate) fn list<T: Serialize>(&mut self, key: &'static str, values: &[T]) -> Result<(), S::Error> {
        if values.is_empty() { Ok(()) } else { self.field(key, values) }
    }

    /// Writes a free-form value that may be absent.
    pub(crate) fn free_form<T: Serialize>(
        &mut self,
        key: &'static str,
        value: &Option<T>,
    ) -> Result<(), S::Error> {
        self.option(key, &value.as_ref().map(FreeForm))
    }

    /// Closes the object.
    #[inline]
    pub(crate) fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}
