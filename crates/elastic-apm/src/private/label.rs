//! What `labels(…)` takes: read through a reference, so that an argument of the function stays usable.

use std::borrow::Cow;

use elastic_apm_core::{Keyword, LabelValue};

/// A value that can be a label without being given away.
///
/// Implemented for concrete types alone: a call then finds its way through any number of references and smart pointers.
pub trait ToLabelValue {
    fn to_label_value(&self) -> LabelValue;
}

impl ToLabelValue for str {
    fn to_label_value(&self) -> LabelValue {
        LabelValue::copied(self)
    }
}

impl ToLabelValue for Cow<'_, str> {
    fn to_label_value(&self) -> LabelValue {
        LabelValue::copied(self)
    }
}

macro_rules! by_clone {
    ($($value:ty)*) => {$(
        impl ToLabelValue for $value {
            fn to_label_value(&self) -> LabelValue {
                LabelValue::from(self.clone())
            }
        }
    )*};
}

by_clone! { bool i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64 Keyword LabelValue }
