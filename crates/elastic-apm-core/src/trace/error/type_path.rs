//! The type of an error: its path, and what of it is module and what is name.
//!
//! A message must never become a type: the server groups errors by it.

use elastic_apm_intake::Keyword;

/// A type as the wire wants it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct TypePath {
    pub(super) module: Option<Keyword>,
    pub(super) kind: Option<Keyword>,
}

impl TypePath {
    /// That of a concrete type; `None` for a trait object. Pointers that are errors too are looked through.
    pub(super) fn of<E: ?Sized>() -> Option<Self> {
        let name = pointee(std::any::type_name::<E>());
        (!name.starts_with("dyn ")).then(|| TypePath::split(name))
    }

    /// The path that a derived `Debug` opens with, where it is one and no message.
    pub(super) fn of_debug(opening: &str, message: &str) -> Self {
        leading_path(opening, message).map(TypePath::split).unwrap_or_default()
    }

    /// Module and name; generic arguments stay with the name.
    fn split(path: &str) -> Self {
        let head = path.find('<').unwrap_or(path.len());
        match path[..head].rfind("::") {
            Some(at) => TypePath {
                module: Some(Keyword::copied(&path[..at])),
                kind: Some(Keyword::copied(&path[at + 2..])),
            },
            None => TypePath { module: None, kind: Some(Keyword::copied(path)) },
        }
    }
}

/// Whether a path may hold this character.
pub(super) fn is_part(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | ':')
}

/// The type behind the pointers that are errors too: `Box<Timeout>` is a `Timeout`.
fn pointee(mut name: &str) -> &str {
    loop {
        let boxed =
            name.strip_prefix("alloc::boxed::Box<").or_else(|| name.strip_prefix("alloc::sync::Arc<"));
        let inner = name.strip_prefix('&').or_else(|| boxed?.strip_suffix('>'));
        match inner {
            Some(inner) => name = inner.strip_prefix("mut ").unwrap_or(inner),
            None => return name,
        }
    }
}

/// The path that a `Debug` form opens with: `Timeout { .. }` gives `Timeout`.
///
/// Of a message nothing is taken: it is quoted, or it goes on with other characters than a value does, or it does not look like
/// a type's name, or, where `Debug` prints what `Display` does, it opens as the message does.
fn leading_path<'a>(opening: &'a str, message: &str) -> Option<&'a str> {
    let end = opening.find(|c| !is_part(c)).unwrap_or(opening.len());
    let (path, behind) = opening.split_at(end);
    let is_value = behind.is_empty() || behind.starts_with(['(', '{']) || behind.starts_with(" {");
    let looks_like_a_type =
        !path.ends_with(':') && path.rsplit(':').next()?.starts_with(|c: char| c.is_uppercase());
    let is_message = if behind.is_empty() { message == path } else { message.starts_with(opening) };
    (is_value && looks_like_a_type && !is_message).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_never_taken_for_a_type() {
        for (opening, message) in [
            ("\"", "connection to db lost"),
            ("connection t", "connection to db lost"),
            ("failed", "it did not work"),
            ("timeout(", "after 5 s"),
            ("Timeout(", "Timeout(5) of db-7"),
            ("Timeout", "Timeout"),
            ("", ""),
            (":", ":"),
            ("E1:", "E1: broken"),
        ] {
            assert_eq!(TypePath::of_debug(opening, message), TypePath::default(), "{opening:?}");
        }
    }

    #[test]
    fn a_derived_debug_form_opens_with_the_type() {
        for (opening, kind, module) in [
            ("Custom {", "Custom", None),
            ("Timeout", "Timeout", None),
            ("io::Error(", "Error", Some("io")),
            ("Zeitüberschreitung(", "Zeitüberschreitung", None),
        ] {
            let path = TypePath::of_debug(opening, "some message");

            assert_eq!((path.kind.as_deref(), path.module.as_deref()), (Some(kind), module), "{opening:?}");
        }
    }

    #[test]
    fn generic_arguments_stay_with_the_type() {
        let path = TypePath::split("app::Wrapped<std::io::Error>");

        assert_eq!(
            (path.module.as_deref(), path.kind.as_deref()),
            (Some("app"), Some("Wrapped<std::io::Error>"))
        );
    }

    #[test]
    fn pointers_are_looked_through_and_trait_objects_have_no_type_of_their_own() {
        use std::error::Error;

        let kind = |path: Option<TypePath>| path.and_then(|path| path.kind);
        assert_eq!(kind(TypePath::of::<&mut Box<std::fmt::Error>>()).as_deref(), Some("Error"));
        assert_eq!(TypePath::of::<dyn Error + Send + Sync>(), None);
        assert_eq!(TypePath::of::<std::sync::Arc<dyn Error>>(), None);
    }
}
