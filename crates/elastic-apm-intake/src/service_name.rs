//! The one field with an alphabet of its own: the name of a service.

use std::borrow::Cow;

use serde::ser::{Serialize, Serializer};

use crate::text::Keyword;

/// Whether the server takes this character in a service name.
const fn is_allowed(character: char) -> bool {
    matches!(character, 'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '_' | '-')
}

/// The name with every character the server would refuse replaced by `_`.
pub(crate) fn on_wire(name: &Keyword) -> Cow<'_, str> {
    if name.chars().all(is_allowed) && name.len() <= Keyword::LIMIT {
        return Cow::Borrowed(name.as_str());
    }
    // The ellipsis of a cut text is outside the alphabet too, so the limit is a plain stop here.
    let replaced = name.chars().take(Keyword::LIMIT).map(|c| if is_allowed(c) { c } else { '_' });
    Cow::Owned(replaced.collect())
}

/// For `serialize_with` on an optional service name that is not empty.
pub(crate) fn write<S: Serializer>(name: &Option<Keyword>, serializer: S) -> Result<S::Ok, S::Error> {
    name.as_ref().map(on_wire).serialize(serializer)
}

/// For `skip_serializing_if`: the server refuses an empty name.
pub(crate) fn is_unset(name: &Option<Keyword>) -> bool {
    name.as_ref().is_none_or(|name| name.is_empty())
}
